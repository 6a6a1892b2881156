//! Cuts of the cap: where the facts of a conversation that is never silent can be folded from.
//!
//! A stored cut says: the facts of this set before it are in files, and are right as long as no event
//! comes that is older than the event by which the cut was decided. So what lies before the cut need not
//! be in memory, and what comes after is folded with the carry. A late event before it makes the cut
//! stale: the facts are folded anew from an earlier cut, or from the last silence.

use std::sync::Arc;

use upshot_core::Event;
use upshot_core::facts::{Message, Session, Step};
use upshot_core::fold::{Carry, FOLD_VERSION, FactSink, Facts};

use crate::codec::{read_text, read_varint, write_varint};
use crate::engine::sets::{FactSets, SetId};

/// The version of a stored cut's bytes.
const VERSION: u8 = 1;

/// A cut of one fact set in one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cut {
    /// The fact set.
    pub set: SetId,
    /// The time of the first event after it; all events before it are older.
    pub time: i64,
    /// The time of the newest event that had a part in the decision to cut here.
    pub decided: i64,
    /// The source that chose the profile.
    pub source: Option<Box<str>>,
    /// What the events before leave for those after.
    pub carry: Carry,
}

impl Cut {
    /// As the catalog keeps it: version, version of the fold, time of the decision, source, carry.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        write_varint(&mut bytes, u64::from(FOLD_VERSION));
        bytes.extend_from_slice(&self.decided.to_le_bytes());
        bytes.push(u8::from(self.source.is_some()));
        let source = self.source.as_deref().unwrap_or_default();
        write_varint(&mut bytes, source.len() as u64);
        bytes.extend_from_slice(source.as_bytes());
        bytes.extend_from_slice(&self.carry.encode());
        bytes
    }

    /// Reads what [`Cut::encode`] wrote; nothing where another version did, or it is damaged: the
    /// facts are then folded from further back.
    pub fn decode(set: SetId, time: i64, bytes: &[u8]) -> Option<Self> {
        let (version, mut rest) = bytes.split_first()?;
        if *version != VERSION || read_varint(&mut rest).ok()? != u64::from(FOLD_VERSION) {
            return None;
        }
        let (decided, rest) = rest.split_first_chunk()?;
        let (has_source, mut rest) = rest.split_first()?;
        let source = read_text(&mut rest).ok()?;
        Some(Self {
            set,
            time,
            decided: i64::from_le_bytes(*decided),
            source: (*has_source == 1).then(|| source.into()),
            carry: Carry::decode(rest).ok()?,
        })
    }
}

/// From where the facts of a conversation are folded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cuts {
    /// The cut of each set that has one.
    chosen: Vec<Arc<Cut>>,
    /// Sets of which the catalog holds cuts from this time on that are stale, or cannot be read.
    pub stale: Vec<(SetId, i64)>,
    /// Whether the catalog holds cuts of this conversation.
    pub any_stored: bool,
}

impl Cuts {
    /// The cut of this set.
    pub fn of(&self, set: SetId) -> Option<&Arc<Cut>> {
        self.chosen.iter().find(|cut| cut.set == set)
    }

    /// Whether any set has one.
    pub fn is_cut(&self) -> bool {
        !self.chosen.is_empty()
    }

    /// From which time the facts of this set are made of the events in memory.
    pub fn from(&self, set: SetId) -> i64 {
        self.of(set).map_or(i64::MIN, |cut| cut.time)
    }

    /// From which time the events are needed.
    pub fn base(&self, sets: &FactSets) -> i64 {
        let from = sets.folded().iter().map(|set| self.from(set.id));
        from.min().unwrap_or(i64::MIN)
    }

    /// Takes another cut for its set.
    pub fn choose(&mut self, cut: Arc<Cut>) {
        self.forget_set(cut.set);
        self.chosen.push(cut);
        self.any_stored = true;
    }

    /// Forgets what is remembered for a set that is no more.
    pub fn forget_set(&mut self, set: SetId) {
        self.chosen.retain(|cut| cut.set != set);
        self.stale.retain(|(of, _)| *of != set);
    }
}

/// A cut that the fold told of, and how many facts came before it.
pub(crate) struct FoundCut {
    /// The position of the first event after it among those that were folded.
    position: usize,
    sessions: usize,
    messages: usize,
    steps: usize,
    carry: Carry,
}

impl FoundCut {
    /// Leaves the facts before the cut.
    pub fn keep_before(&self, facts: &mut Facts) {
        facts.sessions.truncate(self.sessions);
        facts.messages.truncate(self.messages);
        facts.steps.truncate(self.steps);
    }

    /// The cut among the events that were folded, if the facts can be divided there: the event before
    /// is older, and whatever had a part in the decision happened before `settled`.
    pub fn usable(
        &self,
        set: SetId,
        source: Option<&str>,
        events: &[Event],
        settled: i64,
    ) -> Option<Cut> {
        let before = events.get(self.position.checked_sub(1)?)?;
        let first = events.get(self.position)?;
        // An event may wait for the next one before it is judged, and the cut with it.
        let decided = events.get(self.position + 1)?.time;
        (before.time < first.time && decided < settled).then(|| Cut {
            set,
            time: first.time,
            decided,
            source: source.map(Into::into),
            carry: self.carry.clone(),
        })
    }
}

/// Collects facts, and where the cap has cut them.
#[derive(Default)]
pub(crate) struct CutFacts {
    pub facts: Facts,
    pub cuts: Vec<FoundCut>,
}

impl FactSink for CutFacts {
    fn session(&mut self, session: Session) {
        self.facts.session(session);
    }
    fn message(&mut self, message: Message) {
        self.facts.message(message);
    }
    fn step(&mut self, step: Step) {
        self.facts.step(step);
    }
    fn cut(&mut self, position: usize, carry: &Carry) {
        self.cuts.push(FoundCut {
            position,
            sessions: self.facts.sessions.len(),
            messages: self.facts.messages.len(),
            steps: self.facts.steps.len(),
            carry: carry.clone(),
        });
    }
}
