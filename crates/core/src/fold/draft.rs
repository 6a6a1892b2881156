//! A session in the making. Counts, times and words go straight into the facts; texts stay borrowed
//! from the events until the session is handed over.

use xxhash_rust::xxh3::xxh3_64;

use super::context::Context;
use super::trail::Trail;
use crate::event::EventView;
use crate::facts::{Message, Session, Step};
use crate::words::{
    Actor, EndReason, Environment, EventType, FeedbackRating, HandoverStage, Outcome,
    ResolutionKind, Rule, TopicKind,
};

/// That something holds of a session: since when, by which rule, and the event that shows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Evidence<'e> {
    pub time: i64,
    pub rule: Rule,
    pub event: Option<&'e str>,
}

impl<'e> Evidence<'e> {
    pub fn of<E: EventView>(event: &'e E, rule: Rule) -> Self {
        Self {
            time: event.time(),
            rule,
            event: Some(event.event_id()),
        }
    }
}

/// How a session ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct End<'e> {
    pub time: i64,
    pub reason: EndReason,
    pub event: Option<&'e str>,
    pub by: Actor,
}

/// A topic that was entered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Topic<'e> {
    pub id: Option<&'e str>,
    pub name: Option<&'e str>,
    pub kind: TopicKind,
}

/// Topics by the part that they can play in owning the session.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Owners<'e> {
    pub last_custom: Option<Topic<'e>>,
    pub first_system: Option<Topic<'e>>,
    pub last_system: Option<Topic<'e>>,
    pub last_direct_custom: Option<Topic<'e>>,
    pub last_direct_system: Option<Topic<'e>>,
    pub last: Option<Topic<'e>>,
}

/// The user's last message, as far as understanding goes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LastMessage<'e> {
    /// Whether the bot had to understand it.
    pub must: bool,
    /// Whether it did not.
    pub unmatched: bool,
    /// Whether several intents were considered and none was taken.
    pub ambiguous: bool,
    /// What it was taken for.
    pub intent: Option<&'e str>,
    /// Its place among the message facts.
    pub place: Option<usize>,
}

/// A session in the making.
pub(super) struct Draft<'e> {
    /// Whether only what a [`Brief`](super::Brief) says is wanted: most messages and steps, and what is
    /// read off them, are left out.
    pub brief: bool,
    /// What needs no texts.
    pub facts: Session,
    pub messages: Vec<Message>,
    pub steps: Vec<Step>,
    pub trail: Trail<'e>,

    pub first_event: &'e str,
    pub source: Option<&'e str>,
    pub start: Option<(Rule, &'e str)>,
    pub end: Option<End<'e>>,
    /// The last event that belongs to the session's course; moves on after the end as long as the
    /// session is rounded off.
    pub tail_until: i64,
    pub context: Context<'e>,
    /// What was known before the session.
    pub inherited: Context<'e>,
    pub window: Option<Window>,
    pub language: Option<&'e str>,

    pub engaged: Option<Evidence<'e>>,
    pub escalated: Option<Evidence<'e>>,
    pub confirmed: Option<Evidence<'e>>,
    pub implied: Option<Evidence<'e>>,
    pub outcome: Option<(Outcome, Option<ResolutionKind>)>,
    pub outcome_reason: Option<&'e str>,
    pub handover_reason: Option<&'e str>,

    /// Whether the user acted and no answer that counts came yet.
    pub act_pending: bool,
    /// The kind of the topic that was entered since the user's last act.
    pub kind_since_act: Option<TopicKind>,
    pub active: Option<Topic<'e>>,
    pub owners: Owners<'e>,
    pub topics: Vec<&'e str>,
    pub last_topic_step: Option<usize>,
    pub previous_topic: Option<&'e str>,
    pub plans: u32,
    pub open_plans: u32,
    pub question_pending: bool,

    pub last_message: LastMessage<'e>,
    /// Messages in a row that were not understood, up to the last that had to be.
    pub run: i64,
    /// The same up to the one before.
    pub run_before: i64,
    /// The longest such run up to the one before.
    pub longest_before: i64,
    pub first_intent: Option<&'e str>,
    pub last_intent: Option<&'e str>,
    pub first_message_time: Option<i64>,
    /// The user's message that nothing has answered yet.
    pub awaiting: Option<i64>,
    pub last_bot_message: Option<usize>,

    pub handover: HandoverState<'e>,
    pub ratings: Vec<(u64, FeedbackRating)>,
    /// Whether a survey was shown and is not answered.
    pub survey_pending: bool,
    pub model: Option<&'e str>,
    pub reported_reason: Option<&'e str>,
}

/// What people do with the session.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HandoverState<'e> {
    /// Whether anything of a handover was seen.
    pub seen: bool,
    /// Whether the user waits for, or talks to, a person.
    pub people: bool,
    /// The last that was heard of people.
    pub people_until: i64,
    pub agent: Option<&'e str>,
    pub skill: Option<&'e str>,
    pub queue: Option<&'e str>,
    pub last: Option<(HandoverStage, Option<&'e str>)>,
    /// Whether the user acted since the last stage.
    pub acted_since: bool,
    /// The step that first hands over, and who would ask by it.
    pub unasked: Option<(usize, Option<Actor>)>,
}

impl<'e> Draft<'e> {
    /// A session whose first event this is.
    #[inline]
    pub fn new<E: EventView>(event: &'e E, inherited: Context<'e>, brief: bool) -> Self {
        let time = event.time();
        let facts = Session {
            start_time: time,
            end_time: time,
            ..Session::default()
        };
        Self {
            brief,
            facts,
            messages: Vec::new(),
            steps: Vec::new(),
            trail: Trail::default(),
            first_event: event.event_id(),
            source: event.source(),
            start: None,
            end: None,
            tail_until: time,
            context: Context::default(),
            inherited,
            window: None,
            language: None,
            engaged: None,
            escalated: None,
            confirmed: None,
            implied: None,
            outcome: None,
            outcome_reason: None,
            handover_reason: None,
            act_pending: false,
            kind_since_act: None,
            active: None,
            owners: Owners::default(),
            topics: Vec::new(),
            last_topic_step: None,
            previous_topic: None,
            plans: 0,
            open_plans: 0,
            question_pending: false,
            last_message: LastMessage::default(),
            run: 0,
            run_before: 0,
            longest_before: 0,
            first_intent: None,
            last_intent: None,
            first_message_time: None,
            awaiting: None,
            last_bot_message: None,
            handover: HandoverState::default(),
            ratings: Vec::new(),
            survey_pending: false,
            model: None,
            reported_reason: None,
        }
    }

    /// The channel, as far as it is known.
    #[inline]
    pub fn channel(&self) -> Option<&'e str> {
        self.context.channel.or(self.inherited.channel)
    }

    /// The environment, as far as it is known.
    #[inline]
    pub fn environment(&self) -> Option<Environment> {
        self.context.environment.or(self.inherited.environment)
    }

    /// Who and where: the session's own, and what was known before it.
    pub fn full_context(&self) -> Context<'e> {
        self.context.or(&self.inherited)
    }

    /// Makes the session begin by this rule at this event, if it has not begun.
    pub fn begin<E: EventView>(&mut self, event: &'e E, rule: Rule) {
        if self.start.is_none() {
            self.start = Some((rule, event.event_id()));
            self.facts.proactive |= rule == Rule::StartProactive;
        }
    }

    /// The first window in which the session was seen; before one is told the first page.
    pub fn note_window<E: EventView>(&mut self, event: &'e E) {
        if self.window.is_none_or(|window| !window.told) {
            let seen = window_of(event);
            let told = seen.filter(|window| window.told);
            self.window = told.or(self.window).or(seen);
        }
    }
}

/// Where something happened: a window that the source tells, or the page. A window and a page say nothing of each
/// other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub told: bool,
    pub hash: u64,
}

/// The window in which something happened; where the source does not tell windows apart the page.
pub(super) fn window_of<E: EventView>(event: &E) -> Option<Window> {
    let hash = |text: &str| xxh3_64(text.as_bytes());
    let told = event.window_id().map(|id| (true, hash(id)));
    let place = told.or_else(|| event.page().map(|page| (false, hash(page))));
    place.map(|(told, hash)| Window { told, hash })
}

/// The hash by which feedback finds a message.
pub(super) fn message_reference<E: EventView>(event: &E) -> u64 {
    let id = event.message_id().unwrap_or(event.event_id());
    xxh3_64(id.as_bytes())
}

/// Whether the event is of this type; one that says nothing is of type `other`.
pub(super) fn type_of<E: EventView>(event: &E) -> EventType {
    match event.event_type() {
        None | Some(EventType::Unspecified) => EventType::Other,
        Some(kind) => kind,
    }
}

/// From the earlier time to the later, however far apart.
#[inline]
pub(super) fn since(earlier: i64, later: i64) -> i64 {
    later.saturating_sub(earlier)
}
