//! Funnels: how many come through steps in order, within a window, and how long it takes them.
//!
//! Of a session (or a user) the chain counts that gets farthest; of several, the one that gets there first,
//! and of those the one that began last. The chain of each length that began last is kept while rows pass,
//! so every row is looked at once.

use std::time::Instant;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use upshot_lake::{Capture, Table};
use upshot_stats::quantile;

use super::answer::{Basis, share};
use super::nodes::{Nodes, Reading};
use super::question::{Scope, breakdown, question, tables};
use super::sequencer::{GroupNames, SessionFacts, Sink, StepRow, Wanted, read};
use super::text;
use crate::engine::Engine;
use crate::error::{Problem, ProblemCode, QueryError};
use crate::filter::sequence::{MOST_FUNNEL_STEPS, funnel_step, words};
use crate::filter::{Loops, Predicate, parse, parse_duration};
use crate::pass::Resources;
use crate::query::EnvironmentChoice;
use crate::query::resolve::GroupSource;
use crate::registry::Subject;
use crate::result::MetricValue;

words! {
    /// Who goes through a funnel.
    #[derive(Default)]
    FunnelUnit of "unit" {
        /// A session.
        #[default]
        Session = "session",
        /// A user, in one session or several.
        User = "user",
    }
}

question! {
    /// A question about a funnel.
    FunnelQuery {
        /// The conditions in order, each on a step or a message, such as `step.topic_name = "Order"`; two at
        /// least, 20 at most.
        through: Vec<String> = Vec::new(),
        /// How long after the first the last may come, such as `1h` or `7d`; null means any time.
        within: Option<String> = None,
        /// Who goes through it.
        unit: FunnelUnit = FunnelUnit::default(),
        /// By what it is broken down: a dimension of sessions, such as `channel`. A user belongs to where
        /// the first step was.
        by: Option<String> = None,
    }
}

/// A funnel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FunnelResult {
    /// Who goes through it.
    pub unit: FunnelUnit,
    /// The steps in order.
    pub levels: Vec<FunnelLevel>,
    /// The same for each value by which it is broken down, most first; empty where it is not.
    pub groups: Vec<FunnelGroup>,
    /// What the answer rests on.
    #[serde(flatten)]
    pub basis: Basis,
}

/// One part of a funnel that is broken down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FunnelGroup {
    /// The value; null where nothing was said.
    pub value: Option<String>,
    /// The steps in order.
    pub levels: Vec<FunnelLevel>,
}

/// A step of a funnel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FunnelLevel {
    /// The condition.
    pub condition: String,
    /// How many sessions or users came as far as this.
    pub reached: u64,
    /// Their share of those that came to the step before.
    pub from_previous: MetricValue,
    /// Their share of those that came to the first.
    pub from_start: MetricValue,
    /// How many of them came no farther.
    pub dropped: u64,
    /// How long it took them from the step before; null at the first.
    pub time: Option<FunnelTime>,
    /// The filter that lists the sessions; for users one session each, that of this step. Null where users
    /// are broken down, whose sessions one filter cannot tell apart.
    pub filter: Option<String>,
    /// The filter that lists those that came no farther; null for users, and at the last step.
    pub dropped_filter: Option<String>,
}

/// How long a step took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FunnelTime {
    /// How many took it.
    pub n: u64,
    /// Half took so many seconds or less.
    pub p50: f64,
    /// Nine of ten took so many seconds or less.
    pub p90: f64,
}

impl FunnelQuery {
    /// The tables that the question reads.
    pub fn tables(&self) -> Vec<Table> {
        let context = crate::filter::ResolveContext::new(jiff::tz::TimeZone::UTC);
        let subjects: Vec<Subject> = self
            .through
            .iter()
            .filter_map(|text| parse(text).ok())
            .filter_map(|expression| funnel_step(&expression, &context).ok())
            .map(|(subject, _)| subject)
            .collect();
        tables(&self.filters, &[&self.through], &subjects)
    }

    fn chains(&self, scope: &Scope) -> Result<Chains, QueryError> {
        let mut problems = Vec::new();
        if !(2..=MOST_FUNNEL_STEPS).contains(&self.through.len()) {
            let message = format!("a funnel has from 2 to {MOST_FUNNEL_STEPS} conditions");
            problems.push(Problem::new(ProblemCode::OutOfRange, "through", message));
        }
        let context = scope.context();
        let mut steps = Vec::new();
        for (index, text) in self.through.iter().enumerate() {
            let read = parse(text).and_then(|expression| funnel_step(&expression, &context));
            match read {
                Ok(step) => steps.push(step),
                Err(problem) => problems.push(problem.in_field(format!("through[{index}]"))),
            }
        }
        let within = self.within.as_deref().map(|text| {
            let found = parse_duration(text).filter(|length| *length > 0);
            found.ok_or_else(|| {
                let message = format!(
                    "`{text}` is no length of time; write one such as `30m`, `1h30m` or `7d`"
                );
                Problem::new(ProblemCode::WrongType, "within", message)
            })
        });
        let within = match within.transpose() {
            Ok(within) => within,
            Err(problem) => {
                problems.push(problem);
                None
            }
        };
        match problems.is_empty() {
            true => Ok(Chains {
                by_user: self.unit == FunnelUnit::User,
                within,
                steps,
            }),
            false => Err(QueryError::Invalid(problems)),
        }
    }
}

impl Engine {
    /// How many come through steps in order.
    ///
    /// # Errors
    /// As for [`Engine::run`].
    pub async fn funnel(
        &self,
        query: &FunnelQuery,
        capture: &Capture,
    ) -> Result<FunnelResult, QueryError> {
        let began = Instant::now();
        let group = breakdown(query.by.as_deref())?;
        let scope = Scope::new(self, &query.sessions(), capture).await?;
        let mut chains = query.chains(&scope)?;
        let conditions: Vec<Predicate> = chains.steps.iter().map(|step| step.1.clone()).collect();
        let conditions: Vec<&Predicate> = conditions.iter().collect();
        let sets = scope.sets(self, capture, &conditions).await?;
        for (_, condition) in &mut chains.steps {
            *condition = sets.put_into(condition);
        }
        let selection = sets.put_into(&scope.selection);
        let found = run(
            self.resources(),
            capture,
            &chains,
            (&selection, scope.resolved.environment),
            group,
        )
        .await?;
        let mut all = Level::new(chains.steps.len());
        for level in found.levels.values() {
            all.merge(level);
        }
        let mut parts: Vec<(Option<&str>, &Level)> = found
            .levels
            .iter()
            .map(|(group, level)| (found.groups.value(*group).as_deref(), level))
            .collect();
        parts.sort_by(|(one, first), (two, second)| {
            second.reached[0].cmp(&first.reached[0]).then(one.cmp(two))
        });
        let text = Text {
            query,
            scope: &scope,
        };
        let parts = parts.into_iter().filter(|_| query.by.is_some());
        let groups = parts.map(|(value, level)| FunnelGroup {
            value: value.map(str::to_owned),
            levels: text.levels(level, Some(value)),
        });
        Ok(FunnelResult {
            unit: query.unit,
            groups: groups.take(query.limit.unwrap_or(usize::MAX)).collect(),
            levels: text.levels(&all, None),
            basis: Basis::new(&scope, capture, (found.sessions, found.rows_read), began),
        })
    }
}

/// Writes a funnel's answer.
struct Text<'a> {
    query: &'a FunnelQuery,
    scope: &'a Scope,
}

impl Text<'_> {
    fn levels(&self, level: &Level, group: Option<Option<&str>>) -> Vec<FunnelLevel> {
        let steps = self.query.through.len();
        let by_user = self.query.unit == FunnelUnit::User;
        let listed = !(by_user && group.is_some());
        (0..steps)
            .map(|index| {
                let reached = level.reached[index];
                let before = index
                    .checked_sub(1)
                    .map_or(reached, |step| level.reached[step]);
                let next = level.reached.get(index + 1).copied();
                let dropped_filter = (next.is_some() && !by_user).then(|| {
                    let filter = format!("not {}", self.funnel(index + 1));
                    format!("{} and {filter}", self.filter(index, group))
                });
                FunnelLevel {
                    condition: self.query.through[index].clone(),
                    reached,
                    from_previous: share(reached, before, "nobody came to the step before"),
                    from_start: share(reached, level.reached[0], "nobody came to the first step"),
                    dropped: reached - next.unwrap_or(0),
                    time: (index > 0).then(|| time(&level.times[index])).flatten(),
                    filter: listed.then(|| self.filter(index, group)),
                    dropped_filter,
                }
            })
            .collect()
    }

    fn filter(&self, index: usize, group: Option<Option<&str>>) -> String {
        let of_group = match group {
            Some(value) => text::of_group(self.query.by.as_deref(), value),
            None => String::new(),
        };
        text::both(self.funnel(index), &of_group)
    }

    /// The funnel as far as a step, as a filter. Steps of a user lie in sessions that must themselves be
    /// among those that the question is about.
    fn funnel(&self, index: usize) -> String {
        let by_user = self.query.unit == FunnelUnit::User;
        let mut text = "funnel".to_owned();
        let mut scope = Vec::new();
        if by_user {
            text.push_str(" by user");
            let resolved = &self.scope.resolved;
            scope = text::of_scope(resolved.range, &self.query.filters, resolved.environment);
        }
        if let Some(within) = &self.query.within {
            text.push_str(&format!(" within {}", text::quoted(within)));
        }
        let steps: Vec<String> = self.query.through[..=index]
            .iter()
            .map(|step| {
                let mut parts = vec![format!("({step})")];
                parts.extend(scope.iter().cloned());
                parts.join(" and ")
            })
            .collect();
        format!("{text} ({})", steps.join(" then "))
    }
}

fn time(microseconds: &[i64]) -> Option<FunnelTime> {
    let mut times = microseconds.to_vec();
    let count = times.len() as u64;
    let mut at = |share: f64| {
        let rank = quantile::rank(count, share)?;
        let (_, time, _) = times.select_nth_unstable(rank as usize - 1);
        Some(*time as f64 / 1e6)
    };
    Some(FunnelTime {
        n: count,
        p50: at(0.5)?,
        p90: at(0.9)?,
    })
}

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
#[derive(Debug, Default)]
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
struct Level {
    reached: Vec<u64>,
    /// By step, from the step before; none at the first.
    times: Vec<Vec<i64>>,
}

impl Level {
    fn new(steps: usize) -> Self {
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

    fn merge(&mut self, other: &Self) {
        for (step, reached) in other.reached.iter().enumerate() {
            self.reached[step] += reached;
            self.times[step].extend(&other.times[step]);
        }
    }
}

/// What came of all chains.
struct Found {
    levels: FxHashMap<u32, Level>,
    groups: GroupNames,
    /// Sessions with a row that fulfils a condition.
    sessions: u64,
    rows_read: u64,
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
async fn run(
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
            through: all.sink.through,
        });
    }
    let (mut events, mut groups, mut rows_read) = (Vec::new(), GroupNames::default(), 0);
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
#[derive(Default)]
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
