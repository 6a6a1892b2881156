//! The facts that the fold makes of events: sessions, their messages and their steps.
//!
//! Facts, not classes: a class («mobile traffic», «bounced») is a predicate over facts wherever it
//! can be, so that its definition can change without a rebuild. Durations are microseconds.

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
    }
}

record! {
    /// One utterance, as the fold understood it.
    pub struct Message in "messages" {
        /// The event of the message.
        event_id: Key,
        /// The rules that made these facts.
        fact_set: Label,
        /// The session; nothing for what an agent wrote outside any session.
        session_id: Text,
        /// The conversation.
        conversation_id: Key,
        /// When the session started: the day under which the message is filed.
        session_start: Instant,
        /// When it was said.
        time: Instant,
        /// The position within the session, from 1.
        position: Count,
        /// Who speaks.
        role: Word(Role),
        /// How.
        message_kind: Word(MessageKind),
        /// The bot.
        bot: Label,
        /// The bot's version.
        bot_version: Label,
        /// The environment.
        environment: Word(Environment),
        /// The channel.
        channel: Label,
        /// A hash of user, device and browser.
        user_key: Integer,
        /// The topic that was active.
        topic_id: Label,
        /// Its kind.
        topic_kind: Word(TopicKind),
        /// The intent that was recognised.
        intent: Label,
        /// With which confidence.
        confidence: Real,
        /// Whether the bot had to understand the message.
        must_understand: Bool,
        /// Whether it did not.
        unmatched: Bool,
        /// From the user's message to this answer, on the first answer to it.
        response_time: Integer,
        /// Thumbs that the answer got.
        feedback: Word(FeedbackRating),
        /// The agent who speaks.
        agent_id: Label,
    }
}

record! {
    /// A topic visit, an option, a question, a stage of a handover or a call.
    pub struct Step in "steps" {
        /// The event of the step.
        event_id: Key,
        /// The rules that made these facts.
        fact_set: Label,
        /// The session.
        session_id: Key,
        /// The conversation.
        conversation_id: Key,
        /// When the session started: the day under which the step is filed.
        session_start: Instant,
        /// When the step happened.
        time: Instant,
        /// The position within the session, from 1.
        position: Count,
        /// What the step is.
        step_kind: Word(StepKind),
        /// The bot.
        bot: Label,
        /// The bot's version.
        bot_version: Label,
        /// The environment.
        environment: Word(Environment),
        /// The channel.
        channel: Label,
        /// A hash of user, device and browser.
        user_key: Integer,
        /// The topic, or the topic in which the step happened.
        topic_id: Label,
        /// Its name.
        topic_name: Label,
        /// Its kind.
        topic_kind: Word(TopicKind),
        /// What brought the user into it.
        topic_trigger: Word(TopicTrigger),
        /// The topic before.
        previous_topic_id: Label,
        /// Until the next topic, or the session's end.
        duration: Integer,
        /// The question.
        question_id: Label,
        /// What became of it.
        question_stage: Word(QuestionStage),
        /// The option.
        option_id: Label,
        /// What became of it.
        option_stage: Word(OptionStage),
        /// What it looks like.
        option_kind: Word(OptionKind),
        /// Its label.
        option_title: Label,
        /// Where it leads.
        option_destination: Text,
        /// What kind of place that is.
        destination_kind: Word(DestinationKind),
        /// The stage of the handover.
        handover_stage: Word(HandoverStage),
        /// Why a person was asked for.
        handover_trigger: Word(HandoverTrigger),
        /// What it makes.
        handover_kind: Word(HandoverKind),
        /// The agent.
        agent_id: Label,
        /// The skill.
        skill: Label,
        /// What became of a search of knowledge.
        knowledge_state: Label,
        /// Who serves the model.
        model_provider: Label,
        /// The model.
        model: Label,
        /// What was done.
        model_operation: Label,
        /// The tool.
        tool: Label,
        /// Tokens read.
        tokens_input: Integer,
        /// Tokens written.
        tokens_output: Integer,
        /// Tokens read from a cache.
        tokens_cached: Integer,
        /// Tokens written in reasoning.
        tokens_reasoning: Integer,
        /// What the source says that the call cost, US dollars.
        cost: Real,
        /// How long the call took.
        latency: Integer,
        /// How long until the first token.
        time_to_first_token: Integer,
        /// The code of an error.
        error: Label,
    }
}

/// Separates the ids in [`Session::topics`].
pub const TOPIC_SEPARATOR: char = '\u{1f}';
