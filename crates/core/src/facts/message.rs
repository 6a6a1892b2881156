//! Facts of messages.

use crate::record::record;

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

        /// The topic's name.
        topic_name: Label,
        /// The language of the text.
        language: Label,
        /// The page on which the user was, as far as it is known.
        page: Text,
        /// The skill of the agent who speaks.
        skill: Label,
        /// Whether the answer was generated: by a knowledge search that answered, out of a topic of
        /// generated answers, or by a model that the message names.
        generated: Bool,
        /// Of a message that was taken for nothing: the intent that came first; `confidence` is its.
        considered_intent: Label,
        /// The intent that came second.
        runner_up_intent: Label,
        /// With which confidence.
        runner_up_confidence: Real,
        /// Whether the bot asked «did you mean», or considered several intents and took none.
        ambiguous: Bool,
        /// Of a message that was not understood: how many such messages stand in a row up to this one.
        fallback_run: Count,
        /// Of a message that was not understood: what came after it; nothing while the session is open
        /// and nothing came.
        fallback_then: Word(FallbackThen),
        /// Whether this is the user's last message before a person was asked for.
        last_before_handover: Bool,
        /// Whether the user says the same again in other words: the bot answered the message before,
        /// and this one was taken for the same intent, greetings aside; or the source says so.
        rephrased: Bool,
        /// Whether the message repeats the user's message before it, letter case, spaces and
        /// punctuation aside; or the source says so.
        repeated: Bool,
        /// Whether the user copied the answer.
        copied: Bool,
        /// Whether the user stopped the answer.
        stopped: Bool,
        /// Whether the user had the answer made again.
        regenerated: Bool,
        /// Whether the user, having acted before, did nothing after this answer until the session was
        /// over, unresolved and not passed to people.
        left_after: Bool,
        /// Whether the user wrote something beside the thumbs.
        feedback_commented: Bool,
        /// Of an answer of the bot that was judged: whether its sources support it. The last word counts.
        grounded: Flag,
        /// Who judged that: a reviewer, a model, a rule of the back end.
        grounded_by: Word(Actor),
    }
}
