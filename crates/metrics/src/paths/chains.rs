//! Chains of rows that fulfil the conditions of a funnel in order. The chain of each length that began last
//! is kept while rows pass, so every row is looked at once.

use rustc_hash::{FxHashMap, FxHashSet};
use upshot_lake::Capture;

use super::nodes::{Nodes, Reading};
use super::sequencer::{Sink, StepRow, read};
use super::wanted::{GroupNames, SessionFacts, Wanted};
use crate::error::QueryError;
use crate::explain::PassRecord;
use crate::filter::{Loops, Predicate};
use crate::pass::Resources;
use crate::query::EnvironmentChoice;
use crate::query::resolve::GroupSource;
use crate::registry::Subject;

/// What a chain must fulfil.
#[derive(Debug, Clone)]
pub(crate) struct Chains {
    pub(crate) by_user: bool,
    pub(crate) within: Option<i64>,
    pub(crate) steps: Vec<(Subject, Predicate)>,
}

/// A row that fulfils some of the conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    /// The session, or the user.
    key: u128,
    time: i64,
    position: i64,
    session: u128,
    mask: u32,
    group: u32,
}

/// Finds the chain that gets farthest.
#[derive(Debug, Clone, Default)]
struct Chain {
    /// By length, the chain of that length that began last.
    open: Vec<Vec<(i64, u128)>>,
    best: Vec<(i64, u128)>,
}

impl Chain {
    fn find(&mut self, events: impl Iterator<Item = Event>, steps: usize, within: Option<i64>) {
        self.open.iter_mut().for_each(Vec::clear);
        self.open.resize(steps, Vec::new());
        self.best.clear();
        for event in events {
            // From the longest, so that a row serves a chain once.
            for step in (0..steps).rev() {
                if event.mask >> step & 1 == 0 {
                    continue;
                }
                let (shorter, rest) = self.open.split_at_mut(step);
                let chain = &mut rest[0];
                if let Some(shorter) = shorter.last() {
                    let Some((start, _)) = shorter.first() else {
                        continue;
                    };
                    if within.is_some_and(|within| event.time - start > within) {
                        continue;
                    }
                    chain.clone_from(shorter);
                } else {
                    chain.clear();
                }
                chain.push((event.time, event.session));
                if chain.len() > self.best.len() {
                    self.best.clone_from(chain);
                }
            }
        }
    }
}

/// How many of a group came how far.
#[derive(Debug, Clone, Default)]
pub(super) struct Level {
    pub(super) reached: Vec<u64>,
    /// By step, from the step before; none at the first.
    pub(super) times: Vec<Vec<i64>>,
}

impl Level {
    pub(super) fn new(steps: usize) -> Self {
        Self {
            reached: vec![0; steps],
            times: vec![Vec::new(); steps],
        }
    }

    fn add(&mut self, chain: &[(i64, u128)]) {
        for (step, (time, _)) in chain.iter().enumerate() {
            self.reached[step] += 1;
            if step > 0 {
                self.times[step].push(time - chain[step - 1].0);
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (step, reached) in other.reached.iter().enumerate() {
            self.reached[step] += reached;
            self.times[step].extend(&other.times[step]);
        }
    }
}

/// What came of all chains.
pub(super) struct Found {
    pub(super) levels: FxHashMap<u32, Level>,
    pub(super) groups: GroupNames,
    /// Sessions with a row that fulfils a condition.
    pub(super) sessions: u64,
    pub(super) rows_read: u64,
    /// What was read.
    pub(super) records: Vec<PassRecord>,
    /// The sessions in which chains came through all steps.
    through: FxHashSet<u128>,
}

fn wanted(
    chains: &Chains,
    subject: Subject,
    (selection, traffic): (&Predicate, EnvironmentChoice),
    group: Option<GroupSource>,
) -> Wanted {
    // A condition on rows of the other table holds of none of these.
    let conditions = chains
        .steps
        .iter()
        .map(|(of, condition)| match *of == subject {
            true => condition.clone(),
            false => Predicate::Constant(false),
        });
    let reading = Reading::Conditions(conditions.collect());
    Wanted {
        subject,
        selection: selection.clone().and(reading.condition()),
        reading,
        loops: Loops::Keep,
        endings: None,
        group,
        by_user: chains.by_user,
        traffic,
    }
}

/// Runs a funnel: session by session as rows pass, or where its rows lie in two tables or several
/// sessions, over all rows that fulfil a condition, which are then held.
pub(super) async fn run(
    resources: &Resources,
    capture: &Capture,
    chains: &Chains,
    (selection, traffic): (&Predicate, EnvironmentChoice),
    group: Option<GroupSource>,
) -> Result<Found, QueryError> {
    let mut subjects: Vec<Subject> = chains.steps.iter().map(|step| step.0).collect();
    subjects.sort_unstable();
    subjects.dedup();
    let (steps, within) = (chains.steps.len(), chains.within);
    if let ([subject], false) = (subjects.as_slice(), chains.by_user) {
        let wanted = wanted(chains, *subject, (selection, traffic), group);
        let sink = || Streaming {
            steps,
            within,
            ..Streaming::default()
        };
        let all = read(resources, capture, wanted, Default::default(), sink).await?;
        return Ok(Found {
            levels: all.sink.levels,
            groups: all.groups,
            sessions: all.sink.sessions,
            rows_read: all.rows_read,
            records: all.record.into_iter().collect(),
            through: all.sink.through,
        });
    }
    let (mut events, mut groups, mut rows_read) = (Vec::new(), GroupNames::default(), 0);
    let mut records = Vec::new();
    for subject in subjects {
        let wanted = wanted(chains, subject, (selection, traffic), group.clone());
        let known = (Nodes::default(), groups);
        let sink = || Holding {
            by_user: chains.by_user,
            events: Vec::new(),
        };
        let all = read(resources, capture, wanted, known, sink).await?;
        groups = all.groups;
        rows_read += all.rows_read;
        records.extend(all.record);
        events.extend(all.sink.events);
    }
    let handle = resources.handle.clone();
    let counting = handle.spawn_blocking(move || count(events, steps, within));
    let counted = counting.await;
    let (levels, sessions, through) =
        counted.map_err(|error| QueryError::Stopped(error.to_string()))?;
    Ok(Found {
        levels,
        groups,
        sessions,
        rows_read,
        records,
        through,
    })
}

type Counted = (FxHashMap<u32, Level>, u64, FxHashSet<u128>);

fn count(mut events: Vec<Event>, steps: usize, within: Option<i64>) -> Counted {
    events.sort_unstable();
    let sessions: FxHashSet<u128> = events.iter().map(|event| event.session).collect();
    let mut levels: FxHashMap<u32, Level> = FxHashMap::default();
    let mut through = FxHashSet::default();
    let mut chain = Chain::default();
    for of_one in events.chunk_by(|one, two| one.key == two.key) {
        chain.find(of_one.iter().copied(), steps, within);
        let Some((_, first)) = chain.best.first() else {
            continue;
        };
        let mut places = of_one.iter();
        let group = places.find(|event| event.session == *first);
        let group = group.map_or(0, |event| event.group);
        let level = levels.entry(group).or_insert_with(|| Level::new(steps));
        level.add(&chain.best);
        if let Some((_, session)) = chain.best.get(steps - 1) {
            through.insert(*session);
        }
    }
    (levels, sessions.len() as u64, through)
}

/// The sessions of those who came through all steps; of a user, the session of the last.
pub(crate) async fn sessions_through(
    resources: &Resources,
    capture: &Capture,
    chains: &Chains,
    selection: (&Predicate, EnvironmentChoice),
) -> Result<FxHashSet<u128>, QueryError> {
    Ok(run(resources, capture, chains, selection, None)
        .await?
        .through)
}

/// Counts session by session.
#[derive(Clone, Default)]
struct Streaming {
    steps: usize,
    within: Option<i64>,
    chain: Chain,
    levels: FxHashMap<u32, Level>,
    sessions: u64,
    through: FxHashSet<u128>,
    times: usize,
}

impl Sink for Streaming {
    fn session(
        &mut self,
        session: &SessionFacts,
        steps: &[StepRow],
        _nodes: &Nodes,
    ) -> Result<(), QueryError> {
        self.sessions += 1;
        let events = steps.iter().map(|step| event(session, step, false));
        self.chain.find(events, self.steps, self.within);
        if self.chain.best.is_empty() {
            return Ok(());
        }
        let level = self.levels.entry(session.group);
        let level = level.or_insert_with(|| Level::new(self.steps));
        level.add(&self.chain.best);
        self.times += self.chain.best.len() - 1;
        if self.chain.best.len() == self.steps {
            self.through.insert(session.hash);
        }
        Ok(())
    }

    fn absorb(&mut self, other: Self, _: &[u32], groups: &[u32]) -> Result<(), QueryError> {
        self.sessions += other.sessions;
        self.through.extend(other.through);
        for (group, level) in other.levels {
            let known = self.levels.entry(groups[group as usize]);
            known
                .or_insert_with(|| Level::new(self.steps))
                .merge(&level);
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.times * size_of::<i64>() + self.through.capacity() * (size_of::<u128>() + 1)
    }
}

/// Holds every row that fulfils a condition.
#[derive(Clone)]
struct Holding {
    by_user: bool,
    events: Vec<Event>,
}

fn event(session: &SessionFacts, step: &StepRow, by_user: bool) -> Event {
    Event {
        key: match by_user {
            true => u128::from(session.user),
            false => session.hash,
        },
        time: step.time,
        position: step.position,
        session: session.hash,
        mask: step.node,
        group: session.group,
    }
}

impl Sink for Holding {
    fn session(
        &mut self,
        session: &SessionFacts,
        steps: &[StepRow],
        _nodes: &Nodes,
    ) -> Result<(), QueryError> {
        let by_user = self.by_user;
        let events = steps.iter().map(|step| event(session, step, by_user));
        self.events.extend(events);
        Ok(())
    }

    fn absorb(&mut self, other: Self, _: &[u32], groups: &[u32]) -> Result<(), QueryError> {
        self.events
            .extend(other.events.into_iter().map(|event| Event {
                group: groups[event.group as usize],
                ..event
            }));
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.events.capacity() * size_of::<Event>()
    }
}
