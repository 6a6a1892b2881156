//! The fold: the events of a conversation, in order, and a profile give its sessions, messages and
//! steps, each with the evidence for what it says.
//!
//! Pure: no clock, no I/O. [`fold`] takes all events from a cut on and hands the facts to a
//! [`FactSink`]; [`Machine`] is the same one event at a time. docs/profiles.md tells the rules in
//! prose. Where to start reading: `class` says what an event is to the course of sessions, `machine`
//! which session it belongs to, `record` (and beside it `understanding`, `visits`, `handover`, `steps`)
//! what it adds, `decide` what it decides, and `sequel` what is only known from what came after.

mod billing;
mod carry;
mod class;
mod context;
mod decide;
mod draft;
mod finish;
mod handover;
mod machine;
mod record;
mod reported;
mod sequel;
mod steps;
mod trail;
mod understanding;
mod visits;

pub use carry::{Carry, CarryError};
pub use machine::Machine;

use crate::event::{EventView, order_key};
use crate::facts::{Message, Session, Step};
use crate::profile::Profile;
use crate::words::{EndReason, Environment, Outcome, Rule};

/// Counts up with every change of the fold that changes facts.
pub const FOLD_VERSION: u32 = 3;

/// Takes the facts of a conversation. A session comes after its messages and steps.
pub trait FactSink {
    /// Whether sessions are wanted in [`FactSink::brief`] alone: no messages, no steps, no texts; the
    /// fold is many times faster.
    fn wants_brief(&self) -> bool {
        false
    }
    /// A session in brief, where that is wanted.
    fn brief(&mut self, session: Brief<'_>) {
        let _ = session;
    }
    /// A session.
    fn session(&mut self, session: Session);
    /// A message.
    fn message(&mut self, message: Message);
    /// A step.
    fn step(&mut self, step: Step);
    /// The cap has cut a conversation that is not silent: folding the events from this position on
    /// with this carry gives the same facts as folding all.
    fn cut(&mut self, position: usize, carry: &Carry) {
        let _ = (position, carry);
    }
}

/// The course of a session and the counts for which most people ask, as [`Session`] has them, with
/// nothing copied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Brief<'e> {
    /// The conversation.
    pub conversation_id: &'e str,
    /// The channel.
    pub channel: Option<&'e str>,
    /// Real users' traffic or the author's trials.
    pub environment: Environment,
    /// A hash of user, device and browser.
    pub user_key: i64,
    /// When the first activity happened.
    pub start_time: i64,
    /// When the last activity happened.
    pub end_time: i64,
    /// Whether the session may still go on.
    pub open: bool,
    /// When and by which rule it became engaged, if ever.
    pub engaged: Option<(i64, Rule)>,
    /// When and by which rule it was escalated, if ever.
    pub escalated: Option<(i64, Rule)>,
    /// The outcome; nothing while the session is open and undecided.
    pub outcome: Option<Outcome>,
    /// When it was known to have ended, and why.
    pub ended: Option<(i64, EndReason)>,
    /// Events of any kind.
    pub events: i64,
    /// User's, bot's and agents' messages together.
    pub messages: i64,
    /// User's messages.
    pub user_messages: i64,
    /// Bot's messages.
    pub bot_messages: i64,
    /// Agents' messages.
    pub agent_messages: i64,
    /// Tokens that models read.
    pub tokens_input: i64,
    /// Tokens that models wrote.
    pub tokens_output: i64,
    /// The last answer to a satisfaction survey, on its own scale.
    pub csat_score: Option<f64>,
}

/// The facts of one or many conversations, in memory.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// The sessions.
    pub sessions: Vec<Session>,
    /// Their messages, and what agents wrote outside any session.
    pub messages: Vec<Message>,
    /// Their steps.
    pub steps: Vec<Step>,
}

impl FactSink for Facts {
    fn session(&mut self, session: Session) {
        self.sessions.push(session);
    }
    fn message(&mut self, message: Message) {
        self.messages.push(message);
    }
    fn step(&mut self, step: Step) {
        self.steps.push(step);
    }
}

/// What the fold has to know beside the events.
#[derive(Debug, Clone, Copy)]
pub struct FoldContext<'a> {
    /// The workspace, part of the sessions' ids.
    pub workspace: &'a str,
    /// The rules.
    pub profile: &'a Profile,
    /// The clock, UTC microseconds: a session whose silence exceeds the time-out then is over, every
    /// other is open.
    pub as_of: i64,
}

/// Makes the facts of one conversation.
///
/// `events` are all events of the conversation from a cut on, sorted by [`order_key`] and without
/// repeats (see [`sort_and_deduplicate`]). A cut lies before the first event, before every event that
/// follows a silence longer than [`Profile::cut_gap`] (there the carry is [`Carry::default`]), and
/// where [`FactSink::cut`] tells of one. The carry that is returned is the one for a cut after the
/// last event.
pub fn fold<E: EventView>(
    context: &FoldContext<'_>,
    carry: &Carry,
    events: &[E],
    sink: &mut impl FactSink,
) -> Carry {
    let mut machine = Machine::new(context, carry, sink);
    for event in events {
        machine.push(event, sink);
    }
    machine.finish(context.as_of, sink)
}

/// Sorts the events of a conversation and keeps the first of each event id.
pub fn sort_and_deduplicate<E: EventView>(events: &mut Vec<E>) {
    events.sort_by(|left, right| order_key(left).cmp(&order_key(right)));
    let mut seen = std::collections::HashSet::with_capacity(events.len());
    let repeated: Vec<bool> = events
        .iter()
        .map(|event| !seen.insert(xxhash_rust::xxh3::xxh3_128(event.event_id().as_bytes())))
        .collect();
    let mut repeated = repeated.into_iter();
    events.retain(|_| !repeated.next().unwrap_or(false));
}
