//! Puts the steps of each session in order while rows stream past, and hands each session on once it is
//! complete. Nothing is joined with itself: a row is looked at once.
//!
//! Rows of a session follow each other in files, so a session is complete when the next begins. Rows in
//! memory are held until all were read; the lake bounds how many there are.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::nodes::{BatchReading, MOST_NODES, NodeKey, Nodes, Reading};
use super::wanted::{
    BatchEndings, FactsOfBatch, GroupNames, SessionFacts, Wanted, position_column,
};
use crate::columns::event_time;
use crate::error::QueryError;
use crate::explain::PassRecord;
use crate::filter::{Loops, Measure, TextSource};
use crate::join::session_hash;
use crate::pass::{Consumer, Known, Resources, Source};
use crate::rollup::Found;
use crate::run::evaluate::{Evaluator, Numbers};
use crate::run::gather::Effort;
use crate::run::worker::Shape;

/// A step of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StepRow {
    pub(crate) time: i64,
    pub(crate) position: i64,
    /// The step, or which conditions of a funnel hold.
    pub(crate) node: u32,
}

/// Takes complete sessions.
pub(crate) trait Sink: Clone + Send + Sync + 'static {
    /// Takes a session with its steps in order, of which there is at least one.
    fn session(
        &mut self,
        session: &SessionFacts,
        steps: &[StepRow],
        nodes: &Nodes,
    ) -> Result<(), QueryError>;
    /// Takes what another thread's has become; its steps and groups have these numbers here.
    fn absorb(&mut self, other: Self, nodes: &[u32], groups: &[u32]) -> Result<(), QueryError>;
    /// About how many bytes it holds.
    fn bytes(&self) -> usize;
    /// What stands for what it makes of sessions, where that is worth keeping for each file; another one for each sink
    /// and each of its settings.
    fn purpose(&self) -> Option<u64> {
        None
    }
    /// What it has become, as it is written down; nothing where it is never kept.
    fn to_bytes(&self) -> Option<Vec<u8>> {
        None
    }
    /// Back from there; nothing of what is no such thing.
    fn of_bytes(_bytes: &[u8]) -> Option<Self> {
        None
    }
}

/// What was found in sessions.
#[derive(Clone)]
pub(crate) struct Sequences<S> {
    pub(crate) nodes: Nodes,
    pub(crate) groups: GroupNames,
    pub(crate) sink: S,
    /// Sessions of which rows may still come, with their steps so far.
    held: FxHashMap<u128, (SessionFacts, Vec<StepRow>)>,
    pub(crate) rows_read: u64,
    /// What was read, where all is put together.
    pub(crate) record: Option<PassRecord>,
}

/// One thread's share.
struct Sequencer<S> {
    wanted: Arc<Wanted>,
    all: Sequences<S>,
    current: Option<SessionFacts>,
    steps: Vec<StepRow>,
    held_steps: usize,
}

impl<S: Sink> Found for Sequences<S> {
    fn bytes(&self) -> usize {
        let held = self.held.capacity() * size_of::<(u128, (SessionFacts, Vec<StepRow>))>();
        size_of::<Self>() + held + self.nodes.bytes() + self.sink.bytes()
    }

    fn to_bytes(&self) -> Option<Vec<u8>> {
        let sink = self.sink.to_bytes()?;
        let names = (self.nodes.names(), self.groups.values());
        postcard::to_extend(&(names, sink, self.rows_read), Vec::new()).ok()
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        type Names = (Vec<(NodeKey, Box<str>)>, Vec<Option<Box<str>>>);
        let ((nodes, groups), sink, rows_read): (Names, Vec<u8>, u64) =
            postcard::from_bytes(bytes).ok()?;
        Some(Self {
            nodes: Nodes::of_names(nodes),
            groups: groups.into_iter().collect(),
            sink: S::of_bytes(&sink)?,
            held: FxHashMap::default(),
            rows_read,
            record: None,
        })
    }
}

impl<S: Sink> Sequencer<S> {
    /// Begins with steps and groups that are known already, whose numbers then stay.
    fn new(wanted: Arc<Wanted>, sink: S, nodes: Nodes, groups: GroupNames) -> Self {
        Self {
            wanted,
            all: Sequences {
                nodes,
                groups,
                sink,
                held: FxHashMap::default(),
                rows_read: 0,
                record: None,
            },
            current: None,
            steps: Vec::new(),
            held_steps: 0,
        }
    }

    fn add<'a>(
        &mut self,
        shape: &'a Shape,
        evaluator: &mut Evaluator<'a>,
        hold: bool,
    ) -> Result<(), QueryError> {
        let wanted = Arc::clone(&self.wanted);
        self.all.rows_read += evaluator.rows() as u64;
        let selected = shape.selected(evaluator);
        if selected.count_set_bits() == 0 {
            return Ok(());
        }
        let endings = wanted.endings.as_ref();
        let endings = endings.and_then(|_| BatchEndings::of(shape, evaluator));
        // What is asked only here does not live as long as what is shared.
        let mut evaluator = Evaluator::new(evaluator.batch());
        let reading = wanted.reading.on(&mut evaluator);
        let facts = FactsOfBatch::new(&wanted, endings, &mut evaluator);
        let source = TextSource::Column("session_id");
        let ids = evaluator.texts(&source);
        let times = evaluator.measure(Measure::Column(event_time(wanted.subject)));
        let positions = evaluator.measure(Measure::Column(position_column(wanted.subject)));
        let (Numbers::Integer(times), Numbers::Integer(positions)) =
            (&times.numbers, &positions.numbers)
        else {
            return Ok(());
        };
        let mut last: Option<(&str, u128)> = None;
        for row in selected.set_indices() {
            // A message outside any session is no part of a path.
            let Some(id) = ids.row(row) else { continue };
            let hash = match last {
                Some((known, hash)) if known == id => hash,
                _ => session_hash(id),
            };
            last = Some((id, hash));
            let step = self.step(&reading, row, times[row], positions[row])?;
            let Some(step) = step else { continue };
            if hold {
                let groups = &mut self.all.groups;
                let held = self.all.held.entry(hash);
                let held = held.or_insert_with(|| (facts.of(row, hash, groups), Vec::new()));
                held.1.push(step);
                self.held_steps += 1;
            } else {
                if self.current.is_none_or(|current| current.hash != hash) {
                    self.close()?;
                    self.current = Some(facts.of(row, hash, &mut self.all.groups));
                }
                self.steps.push(step);
            }
        }
        match self.all.groups.len() > MOST_NODES {
            true => Err(QueryError::TooManyGroups { limit: MOST_NODES }),
            false => Ok(()),
        }
    }

    fn step(
        &mut self,
        reading: &BatchReading<'_>,
        row: usize,
        time: i64,
        position: i64,
    ) -> Result<Option<StepRow>, QueryError> {
        let node = reading.number(row, &mut self.all.nodes)?;
        Ok(node.map(|node| StepRow {
            time,
            position,
            node,
        }))
    }

    /// Hands the session on whose rows were read last.
    fn close(&mut self) -> Result<(), QueryError> {
        let Some(session) = self.current.take() else {
            return Ok(());
        };
        let mut steps = std::mem::take(&mut self.steps);
        self.hand_on(&session, &mut steps)?;
        steps.clear();
        self.steps = steps;
        Ok(())
    }

    fn hand_on(
        &mut self,
        session: &SessionFacts,
        steps: &mut Vec<StepRow>,
    ) -> Result<(), QueryError> {
        let nodes = &self.all.nodes;
        let in_order = |one: &StepRow, two: &StepRow| {
            (one.time, one.position)
                .cmp(&(two.time, two.position))
                .then_with(|| match self.wanted.reading {
                    Reading::Nodes { .. } => nodes.key(one.node).cmp(nodes.key(two.node)),
                    Reading::Conditions(_) => one.node.cmp(&two.node),
                })
        };
        if !steps.is_sorted_by(|one, two| in_order(one, two).is_le()) {
            steps.sort_by(in_order);
        }
        without_loops(steps, self.wanted.loops);
        self.all.sink.session(session, steps, &self.all.nodes)
    }

    /// Takes over what another found.
    fn absorb(&mut self, other: Sequences<S>) -> Result<(), QueryError> {
        let all = &mut self.all;
        let nodes = match self.wanted.reading {
            Reading::Nodes { .. } => all.nodes.absorb(&other.nodes),
            Reading::Conditions(_) => Vec::new(),
        };
        let groups = all.groups.absorb(&other.groups);
        if all.nodes.len() > MOST_NODES || all.groups.len() > MOST_NODES {
            return Err(QueryError::TooManyGroups { limit: MOST_NODES });
        }
        all.sink.absorb(other.sink, &nodes, &groups)?;
        all.rows_read += other.rows_read;
        for (hash, (mut session, mut steps)) in other.held {
            session.group = groups[session.group as usize];
            if !nodes.is_empty() {
                for step in &mut steps {
                    step.node = nodes[step.node as usize];
                }
            }
            let held = all.held.entry(hash);
            held.or_insert((session, Vec::new())).1.extend(steps);
        }
        Ok(())
    }

    /// Hands on what was held.
    fn release(&mut self) -> Result<(), QueryError> {
        let held = std::mem::take(&mut self.all.held);
        for (session, mut steps) in held.into_values() {
            self.hand_on(&session, &mut steps)?;
        }
        Ok(())
    }
}

impl<S: Sink> Consumer for Sequencer<S> {
    type Found = Sequences<S>;

    fn finish(mut self, small: bool) -> Result<Sequences<S>, QueryError> {
        self.close()?;
        if small {
            self.all.nodes.forget_rows();
        }
        Ok(self.all)
    }

    fn consume<'a>(
        &mut self,
        shape: &'a Shape,
        evaluator: &mut Evaluator<'a>,
    ) -> Result<(), QueryError> {
        self.add(shape, evaluator, false)
    }

    fn consume_memory<'a>(
        &mut self,
        shape: &'a Shape,
        evaluator: &mut Evaluator<'a>,
    ) -> Result<(), QueryError> {
        self.add(shape, evaluator, true)
    }

    fn bytes(&self) -> usize {
        let steps = (self.held_steps + self.steps.capacity()) * size_of::<StepRow>();
        steps + self.all.bytes()
    }
}

/// Takes loops out of a session's steps.
pub(crate) fn without_loops(steps: &mut Vec<StepRow>, loops: Loops) {
    match loops {
        Loops::Keep => {}
        Loops::Repeats => steps.dedup_by_key(|step| step.node),
        Loops::Cycles => {
            let mut kept: Vec<StepRow> = Vec::with_capacity(steps.len());
            // Where each kept step stands, and what is no longer kept stands nowhere.
            let mut places: FxHashMap<u32, usize> = FxHashMap::default();
            for step in steps.iter() {
                if let Some(place) = places.get(&step.node).copied() {
                    for cut in kept.drain(place + 1..) {
                        places.remove(&cut.node);
                    }
                } else {
                    places.insert(step.node, kept.len());
                    kept.push(*step);
                }
            }
            *steps = kept;
        }
    }
}

/// What was found in parts of the rows, each with whether it was known before.
type Shares<S> = Vec<(Known<Sequences<S>>, bool)>;

/// Reads what is wanted on all threads and puts the shares together.
pub(crate) async fn read<S: Sink>(
    resources: &Resources,
    capture: &upshot_lake::Capture,
    wanted: Wanted,
    known: (Nodes, GroupNames),
    sink: impl Fn() -> S,
) -> Result<Sequences<S>, QueryError> {
    let wanted = Arc::new(wanted);
    let (subject, selection) = (wanted.subject, wanted.selection.to_string());
    let shape = wanted.shape();
    let source = Source::of(wanted.subject, capture, wanted.traffic)?;
    let empty = sink();
    let purpose = wanted.purpose(&empty);
    let begin = move || {
        let (nodes, groups) = known.clone();
        Sequencer::new(Arc::clone(&wanted), empty.clone(), nodes, groups)
    };
    let mut all = begin();
    let (shares, effort): (Shares<S>, Effort) = match purpose {
        None => {
            let (shares, effort) = source.read(&shape, resources, &begin).await?;
            let shares = shares.into_iter();
            let shares = shares.map(|share| (Known::anywhere(share), false));
            (shares.collect(), effort)
        }
        Some(purpose) => {
            let begin = Arc::new(move |_, _| begin());
            source.read_kept(&shape, purpose, resources, begin).await?
        }
    };
    let gathering = resources.handle.spawn_blocking(move || {
        let mut rows_kept = 0;
        for (share, known) in shares {
            let mut share = Arc::unwrap_or_clone(share.found);
            if known {
                rows_kept += std::mem::take(&mut share.rows_read);
            }
            all.absorb(share)?;
        }
        all.release()?;
        let record = PassRecord {
            subject,
            selection,
            effort,
            rows_read: all.all.rows_read,
            rows_kept,
        };
        Ok(Sequences {
            record: Some(record),
            ..all.all
        })
    });
    gathering
        .await
        .map_err(|error| QueryError::Stopped(error.to_string()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_are_cut_as_said() {
        let check = |loops: Loops, given: &str, expected: &str| {
            let mut steps: Vec<StepRow> = given
                .bytes()
                .map(|byte| StepRow {
                    time: 0,
                    position: 0,
                    node: u32::from(byte),
                })
                .collect();
            without_loops(&mut steps, loops);
            let found: String = steps
                .iter()
                .map(|step| char::from(step.node as u8))
                .collect();
            assert_eq!(found, expected, "{loops:?} of {given}");
        };
        check(Loops::Keep, "AABCB", "AABCB");
        check(Loops::Repeats, "AABBBAB", "ABAB");
        check(Loops::Cycles, "ABCBD", "ABD");
        check(Loops::Cycles, "AABCAD", "AD");
        check(Loops::Cycles, "ABCBCA", "A");
        check(Loops::Cycles, "", "");
    }
}
