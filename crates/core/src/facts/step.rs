//! Facts of steps.

use crate::record::record;

record! {
    /// A topic visit, an option, a question, a stage of a handover, an agent's part, a call, a survey
    /// or an interaction. The event of an agent's part may be that of a stage of the handover too.
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
        /// Of a visit: until the next topic, or the session's end. Of an agent's part: until it was
        /// finished or passed on, else until the agent's last activity.
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

        /// Who did it, as far as the source says.
        role: Word(Role),
        /// The position of the user's message that the step serves or follows.
        message_position: Integer,
        /// The position of the bot's message: the one with which the option was shown, the one that
        /// came of the call, the one on which the user acted.
        answer_position: Integer,
        /// What the user's message was last taken for when the step happened.
        intent: Label,

        /// The topic after this one.
        next_topic_id: Label,
        /// How the visit of a topic ended; nothing while it may go on.
        visit_end: Word(VisitEnd),
        /// Of a visit: questions that were asked for the first time during it.
        questions_asked: Count,
        /// Of a visit: thumbs up given to the answers of the topic during it.
        feedback_up: Count,
        /// Of a visit: thumbs down.
        feedback_down: Count,
        /// Of a visit: neither.
        feedback_neutral: Count,

        /// The question's name.
        question_name: Label,
        /// How often the question was asked: on the step that asked it first in all, on an answer so
        /// far.
        question_attempts: Integer,
        /// On the step that asked first: what became of the question in the end, `answered` or `left`.
        question_result: Word(QuestionStage),
        /// From the first asking to the answer: on the step that asked first, and on the answer.
        question_time: Integer,

        /// The option's place among those shown with one message, from 1.
        option_position: Integer,
        /// Of an option that was shown: whether this one was chosen.
        option_chosen: Flag,
        /// Of an option that was chosen: since it was shown. Nothing where it was not, or more than 64
        /// others were shown since.
        option_time: Integer,

        /// The sources that were retrieved, separated as in `topics` of sessions, at most 256.
        sources_retrieved: Text,
        /// The sources that the answer cites, such a list.
        sources_cited: Text,
        /// The sources that failed, such a list.
        sources_failed: Text,
        /// Tokens written into a cache.
        tokens_cache_write: Integer,
        /// Why the model stopped.
        finish_reason: Label,
        /// Whether the user's input caused the error.
        user_error: Flag,

        /// The queue.
        queue: Label,
        /// The reason of the handover in the source's words.
        handover_reason: Label,
        /// Who asked for a person.
        requested_by: Word(Actor),
        /// Whether the agent received what was said before.
        context_passed: Flag,
        /// How long the user had waited when an agent took over or the waiting ended without one.
        waiting_time: Integer,
        /// Of an agent's part: from taking over to the first word (see `agent_first_response_time` of
        /// sessions).
        first_response_time: Integer,
        /// Of an agent's part: the sum of the times from a user's message to the agent's next.
        response_time_sum: Count,
        /// Of an agent's part: how many such times.
        responses: Count,
        /// Of an agent's part: the agent's messages.
        agent_messages: Count,
        /// Of an agent's part: questions that the bot had asked before.
        questions_repeated: Count,

        /// What the survey asks for.
        survey_kind: Word(SurveyKind),
        /// What became of it.
        survey_stage: Word(SurveyStage),
        /// The survey's question.
        survey_question: Label,
        /// The answer on the survey's own scale.
        survey_score: Real,
        /// The scale's lowest answer.
        survey_scale_minimum: Real,
        /// The scale's highest answer.
        survey_scale_maximum: Real,
        /// Whether something was written beside the answer.
        survey_commented: Flag,
        /// What the user did with a message beside answering it.
        interaction: Word(Interaction),
    }
}
