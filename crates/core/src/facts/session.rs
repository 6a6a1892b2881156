//! Facts of sessions.

use crate::record::record;

record! {
    /// A stretch of a conversation, begun by a user's act or a proactive message, ended by an outcome
    /// or by silence: the unit of every rate.
    pub struct Session in "sessions" {
        /// A hash of workspace, conversation and the session's first event.
        session_id: Key,
        /// The rules that made these facts: profile and fold with their versions.
        fact_set: Label,
        /// The conversation.
        conversation_id: Key,
        /// When the first activity happened.
        start_time: Instant,
        /// When the last activity happened.
        end_time: Instant,
        /// Last activity minus first.
        duration: Count,
        /// Whether the session may still go on.
        open: Bool,

        /// The bot that served the session.
        bot: Label,
        /// The bot's version.
        bot_version: Label,
        /// Real users' traffic or the author's trials.
        environment: Word(Environment),
        /// The channel.
        channel: Label,
        /// The user's locale.
        locale: Label,
        /// The language of the user's messages.
        language: Label,
        /// The source that sent the session's first event.
        source: Label,
        /// The user's id.
        user_id: Text,
        /// A hash of user, device and browser: who counts as one user by default. The conversation
        /// stands in for a user that the source does not name.
        user_key: Integer,
        /// A hash of the user's id alone, or of the conversation where there is none.
        person_key: Integer,
        /// Whether the user cannot be followed from one conversation to the next.
        unlinkable: Bool,
        /// The device.
        device: Label,
        /// The browser.
        browser: Label,
        /// The operating system.
        operating_system: Label,
        /// The country.
        country: Label,
        /// Whether the user had signed in.
        authenticated: Flag,
        /// The page.
        page: Text,
        /// The referrer.
        referrer: Text,
        /// The campaign's source.
        utm_source: Label,
        /// The campaign's medium.
        utm_medium: Label,
        /// The campaign's name.
        utm_campaign: Label,
        /// The campaign's term.
        utm_term: Label,
        /// The campaign's content.
        utm_content: Label,
        /// The experiment into which the user was put first.
        experiment: Label,
        /// The user's variant in it.
        variant: Label,

        /// By which rule the session began.
        start_rule: Word(Rule),
        /// The event with which it began.
        start_event: Text,
        /// Whether the bot spoke first without being asked.
        proactive: Bool,
        /// When the user first acted, if ever.
        first_user_time: Time,
        /// When the session became engaged, if ever.
        engaged_time: Time,
        /// By which rule.
        engaged_rule: Word(Rule),
        /// The event that did it.
        engaged_event: Text,
        /// When the session was escalated, if ever.
        escalated_time: Time,
        /// By which rule.
        escalated_rule: Word(Rule),
        /// The event that did it.
        escalated_event: Text,
        /// Why, in the platform's three groups.
        escalation_kind: Word(EscalationKind),
        /// When the session was resolved, if ever.
        resolved_time: Time,
        /// By which rule.
        resolved_rule: Word(Rule),
        /// The event that did it.
        resolved_event: Text,
        /// Whether the resolution was confirmed or implied.
        resolution_kind: Word(ResolutionKind),
        /// The outcome; nothing while the session is open and undecided.
        outcome: Word(Outcome),
        /// The reason of the outcome in the source's words.
        outcome_reason: Label,
        /// When the session was known to have ended: the instant of the outcome, or the last activity
        /// plus the time-out.
        ended_time: Time,
        /// Why it ended.
        end_reason: Word(EndReason),
        /// The event that ended it; none for silence.
        end_event: Text,
        /// Who closed it.
        closed_by: Word(Actor),

        /// The topic that owns the session.
        topic_id: Label,
        /// Its name.
        topic_name: Label,
        /// Its kind.
        topic_kind: Word(TopicKind),
        /// All topics that were visited, each once, as `\u{1f}`-separated ids in the order of the
        /// first visit.
        topics: Text,
        /// How many topic visits.
        topic_visits: Count,
        /// The first intent that was recognised.
        first_intent: Label,
        /// The last intent that was recognised.
        last_intent: Label,

        /// User's, bot's and agents' messages together.
        messages: Count,
        /// User's messages.
        user_messages: Count,
        /// Bot's messages.
        bot_messages: Count,
        /// Agents' messages.
        agent_messages: Count,
        /// User's messages of kind text.
        text_messages: Count,
        /// User's messages of kind option.
        option_messages: Count,
        /// User's messages of kind voice.
        voice_messages: Count,
        /// User's messages of kind attachment.
        attachment_messages: Count,
        /// User's messages that something answered, with all that answers them.
        exchanges: Count,
        /// Acts of the user: messages, clicks, answers, feedback, survey answers.
        user_acts: Count,
        /// Events of any kind.
        events: Count,
        /// Options that were shown.
        options_shown: Count,
        /// Options that were chosen.
        options_chosen: Count,
        /// Questions that were asked for the first time.
        questions_asked: Count,
        /// Questions that were asked again.
        questions_asked_again: Count,
        /// Errors.
        errors: Count,

        /// Messages that the bot had to understand.
        understandable_messages: Count,
        /// Those of them that it did not.
        fallbacks: Count,
        /// The longest run of such messages.
        consecutive_fallbacks: Count,
        /// Whether the last answer of the bot was a fallback.
        last_answer_fallback: Bool,
        /// Whether the bot asked «did you mean».
        multiple_topics_matched: Bool,
        /// Answers that were sent to generation.
        generated_questions: Count,
        /// Answers that were generated.
        generated_answers: Count,

        /// From the user's first message to the bot's next.
        first_response_time: Integer,
        /// The sum of all such times.
        response_time_sum: Count,
        /// How many such times.
        responses: Count,

        /// When a person was first asked for.
        handover_requested_time: Time,
        /// How often.
        handover_requests: Count,
        /// Why, the first time.
        handover_trigger: Word(HandoverTrigger),
        /// What was asked for, the first time.
        handover_kind: Word(HandoverKind),
        /// When the user began to wait.
        queued_time: Time,
        /// When an agent took over: a transfer that really happened.
        accepted_time: Time,
        /// When the agent finished.
        finished_time: Time,
        /// What became of the request last.
        handover_stage: Word(HandoverStage),
        /// The first agent.
        agent_id: Label,
        /// The skill.
        skill: Label,
        /// The queue.
        queue: Label,
        /// Passings from agent to agent.
        transfers: Count,
        /// Whether the agent received what was said before.
        context_passed: Flag,

        /// Whether a satisfaction survey was offered.
        csat_offered: Bool,
        /// The last answer to it, on its own scale.
        csat_score: Real,
        /// The scale's lowest answer.
        csat_scale_minimum: Real,
        /// The scale's highest answer.
        csat_scale_maximum: Real,
        /// Answers outside the scale, which count as invalid.
        csat_invalid: Count,
        /// Whether «did that answer your question» was asked.
        resolution_survey_offered: Bool,
        /// The last answer to it.
        resolution_survey_answer: Flag,
        /// The last answer to «would you recommend us», 0 to 10.
        nps_score: Real,
        /// Whether that was asked.
        nps_offered: Bool,
        /// Answers that were offered for rating; nothing where the source does not say.
        feedback_offered: Integer,
        /// Thumbs up.
        feedback_up: Count,
        /// Thumbs down.
        feedback_down: Count,
        /// Neither.
        feedback_neutral: Count,

        /// Calls of models.
        model_calls: Count,
        /// Tokens read.
        tokens_input: Count,
        /// Tokens written.
        tokens_output: Count,
        /// Tokens read from a cache.
        tokens_cached: Count,
        /// Tokens written in reasoning.
        tokens_reasoning: Count,
        /// What the source says that models cost, US dollars.
        model_cost: Real,
        /// The model that was called last.
        model: Label,

        /// How many billed sessions began in this session. They are cut by rules of their own.
        billed_sessions: Count,

        /// Whether the platform says that the session was engaged.
        reported_engaged: Flag,
        /// The outcome that the platform reports.
        reported_outcome: Word(Outcome),
        /// The platform's reason for it.
        reported_outcome_reason: Label,
        /// Whether the platform calls the success implied.
        reported_implied: Flag,
        /// The turns that the platform counts.
        reported_turns: Integer,

        /// What is the customer's own: the last value of each name.
        attributes: Map,

        /// All intents that were recognised, each once, in the order of their first appearance,
        /// separated as in `topics`; at most 256, as in every list below.
        intents: Text,
        /// All agents who took part, such a list.
        agents: Text,
        /// All skills that were asked for or served, such a list.
        skills: Text,
        /// All models that were called, such a list.
        models: Text,
        /// All tools that were called, such a list.
        tools: Text,
        /// All experiments into which the user was put, such a list of `experiment=variant`.
        experiments: Text,
        /// All sources of knowledge that were retrieved, such a list.
        sources_retrieved: Text,
        /// All sources that answers cite, such a list.
        sources_cited: Text,
        /// All sources that failed, such a list.
        sources_failed: Text,
        /// The topic that was entered last.
        last_topic_id: Label,
        /// When the user acted last, if ever.
        last_user_time: Time,
        /// When the bot or an agent spoke last, if ever.
        last_answer_time: Time,
        /// When the user was seen to leave: closed the widget, the window or the call, and did nothing
        /// afterwards.
        left_time: Time,

        /// Questions that were answered.
        questions_answered: Count,
        /// Questions that were left without an answer, said so by the source or still waiting when the
        /// session was over.
        questions_left: Count,
        /// User's messages for which the bot asked «did you mean», or for which several intents were
        /// considered and none was taken.
        ambiguous_messages: Count,
        /// The smallest distance in confidence between what a message was taken for and the runner-up,
        /// 0 to 1.
        smallest_margin: Real,
        /// Messages that were not understood and led to a person: asked for before the user's second
        /// act after them.
        fallbacks_then_handover: Count,
        /// Whether the user did nothing after a message that was not understood.
        fallback_then_left: Bool,
        /// User's messages that say the same again in other words (see `rephrased` of messages).
        rephrased_messages: Count,
        /// User's messages that repeat the one before.
        repeated_messages: Count,
        /// Answers that the user copied.
        answers_copied: Count,
        /// Answers that the user stopped.
        answers_stopped: Count,
        /// Answers that the user had made again.
        answers_regenerated: Count,

        /// Who asked for a person, the first time.
        handover_requested_by: Word(Actor),
        /// When the platform first counted the session as escalated, whether or not anybody took it.
        handover_escalated_time: Time,
        /// When the user left the queue, the last time.
        queue_left_time: Time,
        /// When nobody was there, the last time.
        unavailable_time: Time,
        /// When a request was refused, the last time.
        refused_time: Time,
        /// Since when the user waits in a queue; nothing once somebody came or the user left.
        waiting_since: Time,
        /// How long the user waited, the first time: from queued (or asked for, where no queue is told
        /// of) to accepted, left, refused or nobody there.
        waiting_time: Integer,
        /// The agent who has taken over and not yet finished, as far as the events say.
        serving_agent: Label,
        /// The parts that agents took: one each time that an agent takes over.
        agent_spans: Count,
        /// From the first agent's taking over to the first word of an agent; where nobody says when
        /// that was, from when the user began to wait, or from the user's message.
        agent_first_response_time: Integer,
        /// The sum of the times from a user's message to an agent's next.
        agent_response_time_sum: Count,
        /// How many such times.
        agent_responses: Count,
        /// The sum of the agents' parts: from taking over to finishing or passing on, else to the
        /// agent's last activity.
        agent_handle_time_sum: Count,
        /// Questions that an agent asked although the bot had asked them before.
        questions_repeated_by_agent: Count,

        /// Whether the user wrote something beside the satisfaction answer.
        csat_commented: Bool,
        /// Thumbs with something written beside them.
        feedback_comments: Count,
        /// Surveys of the user that were shown, of every kind.
        surveys_offered: Count,
        /// Answers to them.
        surveys_answered: Count,
        /// Tokens written into a cache.
        tokens_cache_write: Count,
        /// Calls of models that failed.
        model_errors: Count,
        /// Calls of tools, which `model_calls` counts too.
        tool_calls: Count,
        /// Those of them that failed.
        tool_errors: Count,
    }
}
