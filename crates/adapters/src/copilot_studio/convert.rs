//! From the activities of one transcript to events.
//!
//! The activities are read in the order of their times, with their order in the array as the
//! tiebreak. Traces say of which message they speak only now and then, so that the conversion
//! carries a little state: the user's last message, the topics that are open, what was offered.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use upshot_core::Event;
use upshot_core::time::SECOND;
use upshot_core::words::{EventType, Role, TopicTrigger};

use super::activity::{self, Activity, Kind, Time};
use super::background::Background;
use super::channel;
use super::json;
use super::marker::Marker;
use super::options::Offered;
use super::problem::Problem;
use super::row::is_guid;
use super::topic::Topic;

/// A conversation, or a stretch of it, as one row or one content holds it.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    pub(super) conversation_id: String,
    /// The bot's schema name or id.
    pub(super) bot: Option<String>,
    /// When the stretch began, UTC microseconds.
    pub(super) start: Option<i64>,
    pub(super) activities: Vec<Value>,
}

/// What came of a transcript.
#[derive(Debug, Default)]
pub(super) struct Converted {
    pub(super) events: Vec<Event>,
    pub(super) problems: Vec<Problem>,
}

pub(super) const SOURCE: &str = "copilot-studio";

/// Turns a transcript into events.
pub(super) fn convert(transcript: &Transcript) -> Converted {
    let mut problems = Vec::new();
    let activities = timed_activities(transcript, &mut problems);
    let background = Background::gather(transcript.bot.as_deref(), &activities);
    let mut converter = Converter::new(transcript, background, &activities, problems);
    for at in 0..activities.len() {
        converter.activity(at);
    }
    converter.session_reports();
    Converted {
        events: converter.events,
        problems: converter.problems,
    }
}

/// The message of the user to which the bot reacts.
#[derive(Debug)]
pub(super) struct UserMessage {
    /// The message among the events.
    pub(super) event: usize,
    pub(super) id: Option<Box<str>>,
    pub(super) is_option: bool,
    pub(super) unmatched: bool,
}

/// A question that waits for an answer.
#[derive(Debug)]
pub(super) struct OpenQuestion {
    pub(super) id: Box<str>,
    pub(super) topic: Topic,
    /// Whether the user has said something since it was asked.
    pub(super) replied: bool,
    /// Whether the bot has spoken since then.
    pub(super) spoken_after_reply: bool,
}

/// What changes from activity to activity.
#[derive(Debug)]
pub(super) struct State<'a> {
    pub(super) user_message: Option<UserMessage>,
    /// The options of the bot's messages since the user last spoke.
    pub(super) offered: Vec<Offered>,
    /// The buttons of all cards before those: cards stay where they are and can be clicked later.
    pub(super) older_cards: Vec<Offered>,
    /// Topics that are open, the running one last.
    pub(super) topics: Vec<Topic>,
    /// The topic that ended last in this turn, until another is entered.
    pub(super) left: Option<Box<str>>,
    /// What brings the user into the next topic.
    pub(super) next_trigger: TopicTrigger,
    pub(super) question: Option<OpenQuestion>,
    /// Whether the satisfaction survey was shown and the user has not spoken since.
    pub(super) survey_shown: bool,
    /// The knowledge event of this turn and the markers that fed it.
    pub(super) knowledge: Option<(usize, Vec<Marker>)>,
    /// Nodes of this turn that called something and have not come back.
    pub(super) running_calls: HashSet<&'a str>,
    /// Steps of plans that began and have not ended: index of the activity by step.
    pub(super) plan_steps: HashMap<&'a str, usize>,
    pub(super) started: bool,
    pub(super) user_seen: bool,
    pub(super) ended: bool,
    /// Whether the conversation was given to people outside.
    pub(super) transferred: bool,
    pub(super) transfer_actions: bool,
}

/// Turns the activities of one transcript into events.
pub(super) struct Converter<'a> {
    pub(super) transcript: &'a Transcript,
    pub(super) background: Background<'a>,
    pub(super) activities: &'a [Activity<'a>],
    pub(super) state: State<'a>,
    pub(super) events: Vec<Event>,
    pub(super) problems: Vec<Problem>,
    first_sequence: i64,
    /// How many events each id was given to.
    event_ids: HashMap<String, u32>,
    /// Ids that several activities of different content carry.
    ambiguous: HashSet<&'a str>,
}

impl<'a> Converter<'a> {
    fn new(
        transcript: &'a Transcript,
        background: Background<'a>,
        activities: &'a [Activity<'a>],
        problems: Vec<Problem>,
    ) -> Self {
        let start = transcript.start.or(activities.first().map(|it| it.time));
        Self {
            transcript,
            background,
            activities,
            state: State::new(),
            events: Vec::with_capacity(activities.len()),
            problems,
            // A conversation that is resumed within the second in which its last stretch ended
            // keeps its order: stretches are ordered by their start.
            first_sequence: start.unwrap_or_default().div_euclid(SECOND).max(0) * 1_000_000,
            event_ids: HashMap::new(),
            ambiguous: ambiguous_ids(activities),
        }
    }

    fn activity(&mut self, at: usize) {
        let activities = self.activities;
        let activity = &activities[at];
        match activity.kind {
            Kind::Message => self.message(at, activity),
            Kind::Trace | Kind::Event | Kind::Invoke => self.marked(at, activity),
            Kind::Handoff => self.handoff_activity(activity),
            Kind::EndOfConversation => self.end_of_conversation(activity),
            Kind::ConversationUpdate => self.conversation_update(activity),
            Kind::Reaction => self.reaction(activity),
            Kind::Other if activity.marker.is_some() => self.marked(at, activity),
            Kind::Other => {}
        }
    }

    fn marked(&mut self, at: usize, activity: &'a Activity<'a>) {
        use Marker as M;
        let Some(marker) = activity.marker else {
            return self.unmarked(activity);
        };
        match marker {
            M::IntentRecognition => self.intent_recognition(at, activity),
            M::IntentCandidates => self.intent_candidates(activity),
            M::UnknownIntent => self.unknown_intent(at, activity),
            M::DialogRedirect => self.dialog_redirect(at, activity),
            M::DialogTracing => self.dialog_tracing(at, activity),
            M::NodeTraceData => self.node_trace(at, activity),
            M::VariableAssignment => self.variable_assignment(activity),
            M::GptAnswer
            | M::GenerativeAnswers
            | M::ResponseGenerator
            | M::KnowledgeTrace
            | M::UniversalSearch => self.knowledge(marker, activity),
            M::AiBuilder => self.prompt_call(activity),
            M::CsatRequest | M::PrrRequest => self.survey_offered(marker, activity),
            M::CsatResponse | M::PrrResponse => self.survey_answered(marker, activity),
            M::ImpliedSuccess => self.implied_success(activity),
            M::EscalationRequested => self.escalation_requested(activity),
            M::HandOff => self.escalated(activity),
            M::HandoffInitiate => self.transferred(activity, None),
            M::HandoffStatus => self.handoff_status(activity),
            M::ErrorTrace | M::DynamicServerError | M::SigninFailure => self.failure(activity),
            M::PlanStepTriggered => self.plan_step_triggered(at, activity),
            M::PlanStepFinished => self.plan_step_finished(at, activity),
            M::PlanStepBlocked => self.plan_step_blocked(activity),
            M::ConnectedAgentInitialize => self.connected_agent_begins(activity),
            M::ConnectedAgentCompleted => self.connected_agent_ends(activity),
            M::ToolCallStarted | M::ToolCallCompleted | M::ToolCallFailed => {
                self.tool_call(marker, at, activity);
            }
            M::StartConversation => self.start_conversation(activity),
            M::SubmitAction => self.submit_action(activity),
            // Read for the whole transcript, or at its end.
            M::ConversationInfo | M::SessionInfo => {}
            // Their values may hold what people wrote, and their steps say the rest.
            M::SetContext
            | M::PlanReceived
            | M::PlanStepBindUpdate
            | M::PlanFinished
            | M::DynamicServer
            | M::Bookkeeping => {}
        }
    }

    /// An event or trace that is not known by name.
    fn unmarked(&mut self, activity: &'a Activity<'a>) {
        let hub = activity
            .name()
            .filter(|_| activity.kind == Kind::Event)
            .and_then(handoff_hub);
        if let Some(hub) = hub {
            self.transferred(activity, Some(hub));
        } else if self.background.is_trigger(activity) && activity.said_role == Some(Role::User) {
            self.start_conversation(activity);
        }
    }

    /// An event of this activity with all that is true of the conversation.
    pub(super) fn event(&self, event_type: EventType, activity: &Activity<'a>) -> Event {
        let conversation = &self.transcript.conversation_id;
        let mut event = Event::new(event_type, activity.time, conversation);
        let background = &self.background;
        let channel = activity.channel_id().map(channel::label);
        event.source = Some(SOURCE.into());
        event.bot = background.bot.clone();
        event.environment = background.environment;
        event.channel = channel.map(Into::into).or(background.channel.clone());
        event.locale = json::text(activity.object, "locale")
            .or(background.locale)
            .map(Into::into);
        let by_user = activity.said_role == Some(Role::User) && !background.is_trigger(activity);
        let sender = activity.sender().filter(|_| by_user);
        let user = sender.map(|it| background.person(it)).or(background.user);
        event.user_id = user.map(Into::into);
        let signed_in = user.is_some_and(|user| background.is_in_directory(user));
        event.authenticated = signed_in.then_some(true);
        // Where the page names nobody, the platform makes up an id for the conversation.
        let made_up = user.is_none_or(|user| user == conversation);
        event.unlinkable = made_up.then_some(true);
        event
    }

    /// Keeps an event; `part` tells apart what comes of one activity, and is empty for its first.
    pub(super) fn push(&mut self, activity: &Activity<'_>, part: &str, mut event: Event) -> usize {
        let position = self.events.len();
        event.source_sequence = Some(self.first_sequence + position as i64);
        event.event_id = self.event_id(activity, part);
        self.events.push(event);
        position
    }

    fn event_id(&mut self, activity: &Activity<'_>, part: &str) -> Box<str> {
        let Some(id) = activity.id().filter(|id| !self.ambiguous.contains(id)) else {
            return "".into();
        };
        // Only GUIDs are the activity's own everywhere; others count within the conversation.
        let mut event_id = match is_guid(id) {
            true => id.to_owned(),
            false => format!("{}|{id}", self.transcript.conversation_id),
        };
        if !part.is_empty() {
            event_id = format!("{event_id}#{part}");
        }
        let uses = self.event_ids.entry(event_id.clone()).or_insert(0_u32);
        *uses += 1;
        match *uses {
            1 => event_id.into(),
            number => format!("{event_id}-{number}").into(),
        }
    }

    /// Notes that an activity, or a part of it, could not be read.
    pub(super) fn reject(
        &mut self,
        activity: &Activity<'_>,
        within: &str,
        reason: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.problems.push(Problem::of_activity(
            activity.number,
            within,
            reason,
            cure,
            activity.object,
        ));
    }
}

impl State<'_> {
    fn new() -> Self {
        Self {
            user_message: None,
            offered: Vec::new(),
            older_cards: Vec::new(),
            topics: Vec::new(),
            left: None,
            next_trigger: TopicTrigger::System,
            question: None,
            survey_shown: false,
            knowledge: None,
            running_calls: HashSet::new(),
            plan_steps: HashMap::new(),
            started: false,
            user_seen: false,
            ended: false,
            transferred: false,
            transfer_actions: false,
        }
    }
}

/// `GenesysHandoff` → `Genesys`.
fn handoff_hub(name: &str) -> Option<&str> {
    let at = name.len().checked_sub("handoff".len())?;
    let (hub, suffix) = (name.get(..at)?, name.get(at..)?);
    let hub = hub.trim_end_matches(['.', '_', '-', ' ']);
    (suffix.eq_ignore_ascii_case("handoff") && !hub.is_empty()).then_some(hub)
}

const NOT_AN_OBJECT: &str = "the activity is not a whole JSON object";
const TIME_CURE: &str = "expected seconds or milliseconds since 1970, or ISO 8601, in `timestamp`";

/// The activities in the order of their times. What cannot be placed is rejected alone; an exact
/// copy of an activity with an id is the same activity and left out.
fn timed_activities<'a>(
    transcript: &'a Transcript,
    problems: &mut Vec<Problem>,
) -> Vec<Activity<'a>> {
    let times = times_of(transcript);
    let mut activities = Vec::with_capacity(transcript.activities.len());
    for (index, (object, time)) in transcript.activities.iter().zip(times).enumerate() {
        let number = index + 1;
        let (within, reason, cure) = match time {
            _ if !object.is_object() => ("", NOT_AN_OBJECT, "correct or remove it"),
            Time::At(time) => {
                activities.push(Activity::new(number, object, time));
                continue;
            }
            Time::Unreadable => ("timestamp", "the time cannot be read", TIME_CURE),
            Time::Missing => (
                "timestamp",
                "no activity of the content has a time",
                TIME_CURE,
            ),
        };
        problems.push(Problem::of_activity(number, within, reason, cure, object));
    }
    let mut seen = HashMap::new();
    activities.retain(|activity| {
        activity.id().is_none_or(|id| {
            *seen.entry(id).or_insert(activity.number) == activity.number
                || transcript.activities[seen[id] - 1] != *activity.object
        })
    });
    activities.sort_by_key(|activity| activity.time);
    activities
}

/// The time of each activity. One that has none stands where its neighbour stands.
fn times_of(transcript: &Transcript) -> Vec<Time> {
    let mut times: Vec<Time> = transcript
        .activities
        .iter()
        .map(activity::time_of)
        .collect();
    let first = times.iter().find(|time| matches!(time, Time::At(_)));
    let mut before = match (transcript.start, first) {
        (_, Some(time)) => *time,
        (Some(start), None) => Time::At(start),
        (None, None) => Time::Missing,
    };
    for time in &mut times {
        match time {
            Time::At(_) => before = *time,
            Time::Missing => *time = before,
            Time::Unreadable => {}
        }
    }
    times
}

fn ambiguous_ids<'a>(activities: &[Activity<'a>]) -> HashSet<&'a str> {
    let mut seen = HashSet::new();
    let ids = activities.iter().filter_map(Activity::id);
    ids.filter(|id| !seen.insert(*id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hubs_are_named_before_handoff() {
        assert_eq!(handoff_hub("GenesysHandoff"), Some("Genesys"));
        assert_eq!(handoff_hub("salesforce.HandOff"), Some("salesforce"));
        assert_eq!(handoff_hub("handoff"), None);
        assert_eq!(handoff_hub("Übergabe"), None);
    }
}
