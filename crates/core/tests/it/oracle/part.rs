//! What an event is to the course of sessions: the table «What begins one» of docs/profiles.md.

use upshot_core::Event;
use upshot_core::words::{
    Actor, DestinationKind, EventType, ExposureStage, FeedbackRating, HandoverStage, MessageKind,
    OptionStage, QuestionStage, Role, Rule, SurveyKind, SurveyStage, TopicKind, TopicTrigger, Word,
};

use super::Book;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The user speaks, or chooses an option.
    UserSpeaks,
    /// A link is followed.
    LinkFollowed,
    /// Thumbs, the answer to a survey.
    Answer,
    /// The bot speaks.
    BotSpeaks,
    /// The conversation or the widget is opened.
    Opened,
    /// The user goes straight into one of the author's topics.
    TopicByUser,
    /// A person is asked for; the Escalate topic.
    PersonAskedFor,
    /// An agent does something.
    Agent,
    /// The bot enters a topic, calls a model, fails.
    BotActs,
    /// A page is seen, a user is put into an experiment.
    Seen,
    /// What is said of a session.
    Said,
    /// An explicit end.
    End,
}

use Part::*;

impl Part {
    /// Whether it is something that happens in a session, not something said of it or around it.
    pub fn happens(self) -> bool {
        self != Seen && self != Said
    }

    /// By which rule it begins a session where none is live, if the profile lets it.
    pub fn begins(self, book: &Book) -> Option<Rule> {
        let may = |begin: &str| book.has("session.begins", begin);
        match self {
            UserSpeaks | LinkFollowed | TopicByUser if may("user_act") => Some(Rule::StartUserAct),
            Answer if may("late_answer") => Some(Rule::StartUserAct),
            BotSpeaks if may("proactive_message") => Some(Rule::StartProactive),
            Opened | PersonAskedFor => Some(Rule::StartOpened),
            _ => None,
        }
    }
}

pub fn kind(event: &Event) -> EventType {
    event.event_type.unwrap_or(EventType::Other)
}

/// A topic of which nothing is said is the author's own.
pub fn topic_kind(event: &Event) -> TopicKind {
    event.topic_kind.unwrap_or(TopicKind::Custom)
}

/// An entry of which nothing is said counts as the user's.
pub fn trigger(event: &Event) -> TopicTrigger {
    event.topic_trigger.unwrap_or(TopicTrigger::Direct)
}

pub fn is_given(rating: Option<FeedbackRating>) -> bool {
    rating.is_some_and(|rating| rating != FeedbackRating::Offered)
}

/// Whether the user did something with an answer; that words repeat is only said of them.
fn is_done(event: &Event) -> bool {
    let interaction = event
        .interaction
        .map_or("", |interaction| interaction.as_str());
    ["copied", "stopped", "regenerated"].contains(&interaction)
}

/// Whether somebody answers a survey that was put to the user.
pub fn answers_survey(event: &Event) -> bool {
    kind(event) == EventType::Survey
        && event.survey_kind != Some(SurveyKind::Agent)
        && event.survey_stage == Some(SurveyStage::Answered)
}

/// Whether the user did it.
pub fn is_users(event: &Event) -> bool {
    let user = event.role == Some(Role::User);
    match kind(event) {
        EventType::Message | EventType::Other => user,
        EventType::Option => event.option_stage == Some(OptionStage::Chosen),
        EventType::Question => {
            event.question_stage == Some(QuestionStage::Answered) && (user || event.role.is_none())
        }
        EventType::Feedback => is_given(event.feedback),
        EventType::Interaction => is_done(event),
        EventType::Survey => answers_survey(event),
        _ => false,
    }
}

pub fn is_message_of(event: &Event, role: Role) -> bool {
    kind(event) == EventType::Message && event.role == Some(role)
}

pub fn part(event: &Event, book: &Book) -> Part {
    let user = event.role == Some(Role::User);
    let direct = event.topic_trigger == Some(TopicTrigger::Direct);
    let opens = |begin: &str| book.has("session.begins", begin);
    match kind(event) {
        EventType::Message if user => UserSpeaks,
        EventType::Message if event.role == Some(Role::Bot) => BotSpeaks,
        EventType::Message if event.role == Some(Role::Agent) => Agent,
        EventType::Topic if topic_kind(event) == TopicKind::Escalate => PersonAskedFor,
        EventType::Topic if topic_kind(event) == TopicKind::Custom && direct => TopicByUser,
        EventType::Option if event.option_stage == Some(OptionStage::Chosen) => {
            let away = [Some(DestinationKind::Url), Some(DestinationKind::Phone)];
            if away.contains(&event.destination_kind) {
                LinkFollowed
            } else {
                UserSpeaks
            }
        }
        EventType::Question if user && event.question_stage == Some(QuestionStage::Answered) => {
            UserSpeaks
        }
        EventType::Other if user => UserSpeaks,
        EventType::Handover => match event.handover_stage {
            Some(HandoverStage::Requested | HandoverStage::Escalated) => PersonAskedFor,
            _ => Agent,
        },
        EventType::Outcome => match event.actor {
            Some(Actor::Reviewer | Actor::Judge | Actor::Page | Actor::BackEnd) => Said,
            Some(Actor::Agent) => Agent,
            _ => BotActs,
        },
        EventType::Survey => match event.survey_stage {
            _ if event.survey_kind == Some(SurveyKind::Agent) => Said,
            Some(SurveyStage::Answered | SurveyStage::Dismissed) => Answer,
            Some(SurveyStage::TimedOut) => Said,
            _ => BotActs,
        },
        EventType::Feedback if is_given(event.feedback) => Answer,
        EventType::Interaction if is_done(event) => Answer,
        EventType::ConversationStart if opens("conversation_start") => Opened,
        EventType::Exposure
            if event.exposure == Some(ExposureStage::Opened) && opens("widget_opened") =>
        {
            Opened
        }
        EventType::ConversationEnd => End,
        EventType::Exposure | EventType::Experiment | EventType::Other => Seen,
        EventType::Feedback
        | EventType::Interaction
        | EventType::Attribute
        | EventType::Conversion
        | EventType::Label
        | EventType::Report => Said,
        _ => BotActs,
    }
}

/// The kind of a user's message: a text, unless it says otherwise.
pub fn kind_of_users(event: &Event) -> MessageKind {
    event.message_kind.unwrap_or(MessageKind::Text)
}

/// The window of an event, and whether the source told it; else the page.
pub fn window_or_page(event: &Event) -> Option<(bool, &str)> {
    match event.window_id.as_deref() {
        Some(window) => Some((true, window)),
        None => Some((false, event.page.as_deref()?)),
    }
}
