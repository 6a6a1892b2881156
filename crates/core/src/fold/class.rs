//! What an event is to the course of sessions: whether it begins one, keeps one alive, or only adds
//! to one.

use crate::event::EventView;
use crate::profile::Rules;
use crate::words::{
    Actor, DestinationKind, EventType, ExposureStage, FeedbackRating, HandoverStage, Interaction,
    OptionStage, QuestionStage, Role, Rule, SurveyKind, SurveyStage, TopicKind, TopicTrigger,
};

/// What an event is to the course of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// The user speaks or chooses: begins a session where none is live.
    Act,
    /// The user follows a link or calls a number: belongs to the session that offered it, and begins
    /// one only where there is none.
    Click,
    /// Thumbs, a survey's answer, an interaction: belongs to the session that is live or just over.
    Answer,
    /// The bot speaks: begins a session unless it only rounds one off.
    Speech,
    /// The conversation or widget was opened.
    Opening,
    /// The user went straight into one of the author's topics, from a source that may tell of topics
    /// only.
    Entry,
    /// Somebody is asked for, or the Escalate topic is entered: a repeat belongs to the session that
    /// just ended, else it begins one.
    Request,
    /// What people do who took over.
    People,
    /// What the bot or platform does beside speaking: keeps a session alive, begins none.
    Activity,
    /// What is seen of page, widget and experiment: says something of the session to come.
    Ambient,
    /// What is said of a session, mostly after it.
    Note,
    /// The conversation is ended on purpose.
    End,
}

impl Class {
    /// Whether such an event keeps a session alive and moves its end.
    pub fn is_activity(self) -> bool {
        !matches!(self, Self::Ambient | Self::Note)
    }

    /// Whether such an event can go on with a session that the cap has cut.
    pub fn continues(self) -> bool {
        !matches!(
            self,
            Self::Answer | Self::People | Self::Ambient | Self::Note | Self::End
        )
    }

    /// By which rule such an event begins a session, if the profile lets it.
    pub fn begins(self, rules: &Rules) -> Option<Rule> {
        let (rule, allowed) = match self {
            Self::Act | Self::Click | Self::Entry => (Rule::StartUserAct, rules.begins_with_act),
            Self::Answer => (Rule::StartUserAct, rules.begins_with_late_answer),
            Self::Speech => (Rule::StartProactive, rules.begins_with_proactive),
            Self::Opening | Self::Request => (Rule::StartOpened, true),
            Self::People | Self::Activity | Self::Ambient | Self::Note | Self::End => return None,
        };
        allowed.then_some(rule)
    }
}

/// What this event is.
#[inline]
pub(super) fn classify<E: EventView>(event: &E, kind: EventType, rules: &Rules) -> Class {
    match kind {
        EventType::Message => match event.role() {
            Some(Role::User) => Class::Act,
            Some(Role::Bot) => Class::Speech,
            Some(Role::Agent) => Class::People,
            _ => Class::Activity,
        },
        EventType::Topic => classify_topic(event),
        EventType::Option => classify_option(event),
        EventType::Handover => match event.handover_stage() {
            Some(HandoverStage::Requested | HandoverStage::Escalated) => Class::Request,
            _ => Class::People,
        },
        EventType::Outcome => match event.actor() {
            Some(Actor::Reviewer | Actor::Judge | Actor::Page | Actor::BackEnd) => Class::Note,
            Some(Actor::Agent) => Class::People,
            _ => Class::Activity,
        },
        EventType::Survey => classify_survey(event),
        EventType::Question => {
            let answered = event.question_stage() == Some(QuestionStage::Answered);
            if answered && event.role() == Some(Role::User) {
                Class::Act
            } else {
                Class::Activity
            }
        }
        EventType::Feedback if is_given(event.feedback()) => Class::Answer,
        EventType::Interaction if is_done(event.interaction()) => Class::Answer,
        EventType::ConversationStart if rules.begins_with_start => Class::Opening,
        EventType::ConversationEnd => Class::End,
        EventType::ConversationStart
        | EventType::TopicEnd
        | EventType::Intent
        | EventType::ModelCall
        | EventType::Knowledge
        | EventType::Error => Class::Activity,
        EventType::Exposure => {
            let opened = event.exposure() == Some(ExposureStage::Opened);
            if opened && rules.begins_with_widget {
                Class::Opening
            } else {
                Class::Ambient
            }
        }
        EventType::Experiment => Class::Ambient,
        EventType::Other | EventType::Unspecified => {
            if event.role() == Some(Role::User) {
                Class::Act
            } else {
                Class::Ambient
            }
        }
        EventType::Feedback
        | EventType::Interaction
        | EventType::Attribute
        | EventType::Conversion
        | EventType::Label
        | EventType::Report => Class::Note,
    }
}

fn classify_topic<E: EventView>(event: &E) -> Class {
    let direct = event.topic_trigger() == Some(TopicTrigger::Direct);
    match topic_kind(event) {
        TopicKind::Custom if direct => Class::Entry,
        TopicKind::Escalate => Class::Request,
        _ => Class::Activity,
    }
}

fn classify_option<E: EventView>(event: &E) -> Class {
    if event.option_stage() != Some(OptionStage::Chosen) {
        return Class::Activity;
    }
    match event.destination_kind() {
        Some(DestinationKind::Url | DestinationKind::Phone) => Class::Click,
        _ => Class::Act,
    }
}

fn classify_survey<E: EventView>(event: &E) -> Class {
    if event.survey_kind() == Some(SurveyKind::Agent) {
        return Class::Note;
    }
    match event.survey_stage() {
        Some(SurveyStage::Answered | SurveyStage::Dismissed) => Class::Answer,
        Some(SurveyStage::TimedOut) => Class::Note,
        _ => Class::Activity,
    }
}

/// The kind of the topic that the event enters; a topic of which nothing is said is the author's own.
pub(super) fn topic_kind<E: EventView>(event: &E) -> TopicKind {
    event.topic_kind().unwrap_or(TopicKind::Custom)
}

/// Whether a rating was given, not only offered.
pub(super) fn is_given(rating: Option<FeedbackRating>) -> bool {
    matches!(
        rating,
        Some(FeedbackRating::Up | FeedbackRating::Down | FeedbackRating::Neutral)
    )
}

/// Whether the user did something with an answer; that a message says the same again is only said of
/// it.
fn is_done(interaction: Option<Interaction>) -> bool {
    matches!(
        interaction,
        Some(Interaction::Copied | Interaction::Stopped | Interaction::Regenerated)
    )
}

/// Whether the user did it: a message, a click, an answer, feedback, a survey's answer, an
/// interaction.
pub(super) fn is_user_act<E: EventView>(event: &E, kind: EventType) -> bool {
    match kind {
        EventType::Message | EventType::Other => event.role() == Some(Role::User),
        EventType::Option => event.option_stage() == Some(OptionStage::Chosen),
        EventType::Question => {
            event.question_stage() == Some(QuestionStage::Answered)
                && matches!(event.role(), None | Some(Role::User))
        }
        EventType::Feedback => is_given(event.feedback()),
        EventType::Interaction => is_done(event.interaction()),
        EventType::Survey => is_survey_answer(event, kind),
        _ => false,
    }
}

/// Whether a user answers a survey.
pub(super) fn is_survey_answer<E: EventView>(event: &E, kind: EventType) -> bool {
    kind == EventType::Survey
        && event.survey_stage() == Some(SurveyStage::Answered)
        && event.survey_kind() != Some(SurveyKind::Agent)
}
