//! The closed vocabularies: every word that an event or a fact may use where it is not free text.
//!
//! A word has one spelling, the one that is stored and shown (`as_str`), and is parsed from it.

use std::fmt;
use std::str::FromStr;

/// A text that is none of a vocabulary's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a {vocabulary}; expected one of {expected}")]
pub struct UnknownWord {
    /// The vocabulary's name, in lower case.
    pub vocabulary: &'static str,
    /// What was found.
    pub found: String,
    /// The words that would do, separated by commas.
    pub expected: String,
}

/// A closed vocabulary.
pub trait Word: Copy + Eq + fmt::Debug + Default + 'static {
    /// The vocabulary's name as people read it.
    const VOCABULARY: &'static str;
    /// All words, in the order of their declaration.
    const ALL: &'static [Self];
    /// The spelling that is stored and shown.
    fn as_str(self) -> &'static str;
    /// What the word means.
    fn meaning(self) -> &'static str;
    /// The word of this spelling.
    fn parse(text: &str) -> Option<Self>;
}

macro_rules! words {
    ($($(#[doc = $doc:literal])+ pub enum $name:ident = $vocabulary:literal { $($(#[doc = $meaning:literal])+ $variant:ident = $text:literal,)+ })+) => {$(
        $(#[doc = $doc])+
        // The hidden variant is a word that is not said, no room for more words.
        #[allow(clippy::manual_non_exhaustive)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub enum $name {
            $($(#[doc = $meaning])+ $variant,)+
            /// Not said; stored as nothing at all.
            #[default]
            #[doc(hidden)]
            Unspecified,
        }
        impl Word for $name {
            const VOCABULARY: &'static str = $vocabulary;
            const ALL: &'static [Self] = &[$(Self::$variant,)+];
            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ Self::Unspecified => "" }
            }
            fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($meaning),+).trim_ascii(),)+ Self::Unspecified => "" }
            }
            fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result { formatter.write_str(self.as_str()) }
        }
        impl FromStr for $name {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                Self::parse(text).ok_or_else(|| UnknownWord {
                    vocabulary: $vocabulary,
                    found: text.to_owned(),
                    expected: Self::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>().join(", "),
                })
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> { serializer.serialize_str(self.as_str()) }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

words! {
    /// What an event says happened.
    pub enum EventType = "event type" {
        /// An utterance: text, a chosen option, voice or an attachment.
        Message = "message",
        /// The conversation was opened; nobody has acted yet.
        ConversationStart = "conversation_start",
        /// The conversation was ended on purpose, by whom `closed_by` says.
        ConversationEnd = "conversation_end",
        /// A topic, dialog, flow, skill, AI agent or workflow was entered.
        Topic = "topic",
        /// A topic was left.
        TopicEnd = "topic_end",
        /// A recogniser labelled a user's message, or could not (`unmatched`).
        Intent = "intent",
        /// A form field or slot: asked, answered, asked again, left.
        Question = "question",
        /// An option was shown or chosen.
        Option = "option",
        /// A stage of the passing of a session to people.
        Handover = "handover",
        /// The bot's author, or a judge, declares the outcome.
        Outcome = "outcome",
        /// A survey was offered or answered.
        Survey = "survey",
        /// Thumbs on an answer: offered or given.
        Feedback = "feedback",
        /// What an agent, a page, a back end or the user reports of the conversation.
        Attribute = "attribute",
        /// A call of a language model or of a tool.
        ModelCall = "model_call",
        /// Knowledge was searched: sources retrieved and cited.
        Knowledge = "knowledge",
        /// The widget was shown, opened or closed, or a page was seen.
        Exposure = "exposure",
        /// The user was put into a variant of an experiment.
        Experiment = "experiment",
        /// A goal was reached.
        Conversion = "conversion",
        /// A reviewer's or judge's word on a message or session.
        Label = "label",
        /// What the user did with a message beside answering it: copied, stopped, regenerated.
        Interaction = "interaction",
        /// Something failed.
        Error = "error",
        /// What the platform itself reported of a session.
        Report = "report",
        /// Anything else that the source wrote down; it keeps a session alive only if a user did it.
        Other = "other",
    }
    /// Who speaks.
    pub enum Role = "role" {
        /// The person who talks to the bot.
        User = "user",
        /// The assistant.
        Bot = "bot",
        /// A person who serves users.
        Agent = "agent",
        /// The platform.
        System = "system",
    }
    /// How a message was given.
    pub enum MessageKind = "message kind" {
        /// Typed text.
        Text = "text",
        /// A click on an option that was offered.
        Option = "option",
        /// Speech.
        Voice = "voice",
        /// A file, a picture, a form.
        Attachment = "attachment",
    }
    /// Where traffic belongs.
    pub enum Environment = "environment" {
        /// Real users.
        Production = "production",
        /// The author's own trials: test panes, evaluation runs.
        Test = "test",
    }
    /// What a topic is: the author's own or one of the system's.
    pub enum TopicKind = "topic kind" {
        /// Authored for the bot's purpose.
        Custom = "custom",
        /// Says hello.
        Greeting = "greeting",
        /// Says goodbye.
        Goodbye = "goodbye",
        /// Answers a thank-you.
        Thanks = "thanks",
        /// Begins anew.
        StartOver = "start_over",
        /// Nothing matched.
        Fallback = "fallback",
        /// Hands over to people.
        Escalate = "escalate",
        /// Asks whether the question is answered and ends the conversation.
        EndOfConversation = "end_of_conversation",
        /// The user confirmed success.
        ConfirmedSuccess = "confirmed_success",
        /// The user denied success.
        ConfirmedFailure = "confirmed_failure",
        /// «Did you mean»: several topics matched.
        MultipleTopicsMatched = "multiple_topics_matched",
        /// An answer generated from knowledge.
        GenerativeAnswers = "generative_answers",
        /// Any other part of the platform.
        OtherSystem = "other_system",
    }
    /// What brought the user into a topic.
    pub enum TopicTrigger = "topic trigger" {
        /// The user's own words or click.
        Direct = "direct",
        /// Another topic.
        Redirect = "redirect",
        /// A plan that a model made.
        Plan = "plan",
        /// The platform: an event, a schedule, the start of the conversation.
        System = "system",
    }
    /// What became of a question.
    pub enum QuestionStage = "question stage" {
        /// Put to the user for the first time.
        Asked = "asked",
        /// Answered in a way that the bot accepted.
        Answered = "answered",
        /// Put again because the answer did not do.
        AskedAgain = "asked_again",
        /// Left without an accepted answer.
        Left = "left",
    }
    /// What became of an option.
    pub enum OptionStage = "option stage" {
        /// Offered to the user.
        Shown = "shown",
        /// Chosen by the user.
        Chosen = "chosen",
    }
    /// What an option looks like.
    pub enum OptionKind = "option kind" {
        /// A suggested answer that disappears after use.
        QuickReply = "quick_reply",
        /// A link within an answer.
        Link = "link",
        /// A button of a card or message.
        Button = "button",
        /// A card that is itself an option.
        Card = "card",
    }
    /// Where an option leads.
    pub enum DestinationKind = "destination kind" {
        /// Another answer of the bot.
        Answer = "answer",
        /// A web address.
        Url = "url",
        /// A phone number.
        Phone = "phone",
    }
    /// A stage of a handover. Asked for, escalated and really transferred are three facts.
    pub enum HandoverStage = "handover stage" {
        /// A person was asked for.
        Requested = "requested",
        /// The platform counts the session as escalated, whether or not anybody takes it.
        Escalated = "escalated",
        /// The user waits for an agent.
        Queued = "queued",
        /// An agent took over.
        Accepted = "accepted",
        /// The agent finished.
        Finished = "finished",
        /// The request was refused.
        Refused = "refused",
        /// The user left the queue.
        AbandonedInQueue = "abandoned_in_queue",
        /// Nobody was there.
        Unavailable = "unavailable",
        /// Passed on to another agent or skill.
        Transferred = "transferred",
    }
    /// Why a person was asked for.
    pub enum HandoverTrigger = "handover trigger" {
        /// The user's own words.
        Direct = "direct",
        /// The bot did not understand.
        AfterFallback = "after_fallback",
        /// The user clicked «operator».
        OperatorButton = "operator_button",
        /// The author wanted it so.
        Configured = "configured",
        /// A question was asked too often.
        MaxAttempts = "max_attempts",
        /// A rule forbids the bot to go on.
        Policy = "policy",
        /// A tool or back end failed.
        ToolFailure = "tool_failure",
        /// The bot does not know.
        MissingKnowledge = "missing_knowledge",
    }
    /// What a handover makes.
    pub enum HandoverKind = "handover kind" {
        /// A person takes over the conversation.
        Human = "human",
        /// A ticket is written.
        Ticket = "ticket",
    }
    /// The outcome of a session.
    pub enum Outcome = "outcome" {
        /// The session was never engaged.
        None = "none",
        /// The matter is settled: confirmed or implied.
        Resolved = "resolved",
        /// Passed to people.
        Escalated = "escalated",
        /// Engaged, then silence.
        Abandoned = "abandoned",
    }
    /// How a resolution is known.
    pub enum ResolutionKind = "resolution kind" {
        /// Somebody said so.
        Confirmed = "confirmed",
        /// Nobody denied it.
        Implied = "implied",
    }
    /// Who closed a session or declared something.
    pub enum Actor = "actor" {
        /// The user.
        User = "user",
        /// The bot.
        Bot = "bot",
        /// A person who serves users.
        Agent = "agent",
        /// Silence.
        Timeout = "timeout",
        /// The platform.
        System = "system",
        /// The page around the widget.
        Page = "page",
        /// A back end.
        BackEnd = "back_end",
        /// A human reviewer.
        Reviewer = "reviewer",
        /// A model that judges.
        Judge = "judge",
    }
    /// Why a session ended.
    pub enum EndReason = "end reason" {
        /// Nothing happened for longer than the profile's time-out.
        Timeout = "timeout",
        /// The matter was settled.
        Resolved = "resolved",
        /// The session was passed to people.
        Escalated = "escalated",
        /// The user, the bot or the agent closed the conversation.
        Closed = "closed",
        /// A survey's answer ends a session in this profile.
        SurveyAnswered = "survey_answered",
        /// Another window, page or call began: a chat of its own in this profile.
        NewWindow = "new_window",
        /// The user asked to start over and the profile ends the session there.
        StartOver = "start_over",
        /// The profile's cap on length or events.
        Cap = "cap",
    }
    /// Why a session was escalated, in the platform's three groups.
    pub enum EscalationKind = "escalation kind" {
        /// The user asked for a person.
        UserRequested = "user_requested",
        /// The author planned it.
        SystemIntended = "system_intended",
        /// The bot could not go on.
        SystemUnintended = "system_unintended",
        /// The source does not say.
        Unknown = "unknown",
    }
    /// What a survey asks for.
    pub enum SurveyKind = "survey kind" {
        /// Satisfaction on a scale.
        Csat = "csat",
        /// «Would you recommend us», 0 to 10.
        Nps = "nps",
        /// «Did that answer your question».
        Resolution = "resolution",
        /// Asked of the agent.
        Agent = "agent",
    }
    /// What became of a survey.
    pub enum SurveyStage = "survey stage" {
        /// Shown.
        Offered = "offered",
        /// Answered.
        Answered = "answered",
        /// Closed without an answer.
        Dismissed = "dismissed",
        /// Nobody answered in time.
        TimedOut = "timed_out",
    }
    /// Thumbs.
    pub enum FeedbackRating = "feedback rating" {
        /// The answer could be rated.
        Offered = "offered",
        /// Thumb up.
        Up = "up",
        /// Thumb down.
        Down = "down",
        /// Neither.
        Neutral = "neutral",
    }
    /// What was seen of the widget.
    pub enum ExposureStage = "exposure stage" {
        /// The widget was visible.
        Shown = "shown",
        /// The user opened it.
        Opened = "opened",
        /// The user closed it.
        Closed = "closed",
    }
    /// What a step of a conversation is.
    pub enum StepKind = "step kind" {
        /// A visit of a topic.
        Topic = "topic",
        /// A question with what became of it.
        Question = "question",
        /// An option shown or chosen.
        Option = "option",
        /// A stage of a handover.
        Handover = "handover",
        /// A search of knowledge.
        Knowledge = "knowledge",
        /// A call of a model or tool.
        ModelCall = "model_call",
        /// An error.
        Error = "error",
        /// The part that an agent took, from taking over to finishing or passing on.
        Agent = "agent",
        /// A survey that was shown or answered.
        Survey = "survey",
        /// What the user did with a message beside answering it.
        Interaction = "interaction",
    }
    /// What the user did with a message beside answering it: feedback that nobody asked for.
    pub enum Interaction = "interaction" {
        /// The user copied the bot's answer.
        Copied = "copied",
        /// The user stopped the answer before it was complete.
        Stopped = "stopped",
        /// The user had the answer made again.
        Regenerated = "regenerated",
        /// The user said the same again in other words.
        Rephrased = "rephrased",
        /// The user said the same again in the same words.
        Repeated = "repeated",
    }
    /// What came after a message that was not understood.
    pub enum FallbackThen = "sequel of a fallback" {
        /// The user went on and was understood, or answered a question.
        Answered = "answered",
        /// The user's next message was not understood either.
        NotUnderstood = "not_understood",
        /// The user chose an option.
        Chosen = "chosen",
        /// A person was asked for before the user's second act afterwards.
        Handover = "handover",
        /// The user did nothing more until the session was over.
        Left = "left",
    }
    /// How the visit of a topic ended.
    pub enum VisitEnd = "end of a visit" {
        /// The topic came to its end, or the session was resolved in it.
        Completed = "completed",
        /// The bot went on to another topic and did not come back.
        Redirected = "redirected",
        /// The user's own words or click led to another topic.
        Switched = "switched",
        /// A person was asked for, or the session was passed to people.
        Escalated = "escalated",
        /// The session was over and nothing of that had happened.
        Abandoned = "abandoned",
    }
    /// The rule of a profile that made something of a session.
    pub enum Rule = "rule" {
        /// The user entered a custom topic.
        CustomTopic = "custom_topic",
        /// The user entered the Escalate topic.
        EscalateTopic = "escalate_topic",
        /// The user's words matched nothing and the profile counts that.
        Fallback = "fallback",
        /// An answer was generated and the profile counts that.
        GenerativeAnswer = "generative_answer",
        /// A model's plan ran a topic, tool or knowledge source and the profile counts that.
        PlanStep = "plan_step",
        /// The bot answered a user's act with more than a greeting or fallback.
        AnsweredUserAct = "answered_user_act",
        /// The user acted at all.
        UserAct = "user_act",
        /// An intent other than a greeting was recognised.
        IntentRecognised = "intent_recognised",
        /// A handover was asked for or made.
        Handover = "handover",
        /// The author's node or API call declared it.
        DeclaredByAuthor = "declared_by_author",
        /// The Confirmed Success topic was entered.
        ConfirmedSuccessTopic = "confirmed_success_topic",
        /// The user said that the question was answered.
        UserConfirmed = "user_confirmed",
        /// End of Conversation, then silence.
        EndOfConversationTimeout = "end_of_conversation_timeout",
        /// The author's flow reached a node that implies success, then silence.
        ImpliedSuccessTimeout = "implied_success_timeout",
        /// No plan was active when the session timed out.
        NoActivePlan = "no_active_plan",
        /// A goal of the workspace was reached.
        GoalReached = "goal_reached",
        /// Silence longer than the time-out.
        Timeout = "timeout",
        /// An explicit end of the conversation.
        ConversationEnded = "conversation_ended",
        /// A survey's answer.
        SurveyAnswered = "survey_answered",
        /// A new window, page or call.
        NewWindow = "new_window",
        /// The cap on length or events.
        Cap = "cap",
        /// «Start over».
        StartOver = "start_over",
        /// A session begins: a user's act.
        StartUserAct = "start_user_act",
        /// A session begins: a proactive message.
        StartProactive = "start_proactive",
        /// A session begins: the conversation was opened.
        StartOpened = "start_opened",
    }
}
