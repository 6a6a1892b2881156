//! The commonest paths.

use std::hash::Hash;
use std::time::Instant;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use upshot_lake::{Capture, Table};
use xxhash_rust::xxh3::Xxh3;

use super::answer::{Basis, Cells, OutcomeRates, StepName, share};
use super::nodes::Nodes;
use super::question::{Scope, StepsText, breakdown, question, subject_of, tables};
use super::sequencer::{Sink, StepRow, read};
use super::text;
use super::wanted::{GroupNames, SessionFacts};
use crate::engine::Engine;
use crate::error::{Problem, ProblemCode, QueryError};
use crate::explain::{PassPurpose, Trace};
use crate::filter::{Loops, MatchBy, StepSort};
use crate::result::{MetricValue, Note, NoteCode};

/// How many paths a list holds unless it says else.
const DEFAULT_LIMIT: usize = 20;
/// The longest path that is told apart from others that begin alike.
const LONGEST: usize = 100;
/// How many different paths are counted exactly whatever comes; beyond twice as many, those of which there
/// are more than the sessions divided by this.
const MOST_PATHS: usize = 100_000;

question! {
    /// A question about the commonest paths.
    PathQuery {
        /// What counts as a step; nothing means topics.
        steps: Vec<StepSort> = vec![StepSort::Topics],
        /// By what steps are the same.
        match_by: MatchBy = MatchBy::default(),
        /// What becomes of loops.
        loops: Loops = Loops::default(),
        /// Conditions on steps; others are as if they were not there.
        only: Vec<String> = Vec::new(),
        /// How many steps of a session make its path, from the first; null means all, up to 100.
        first: Option<usize> = Some(5),
        /// By what paths are broken down: a dimension of sessions, such as `bot_version`.
        by: Option<String> = None,
        /// How many paths are counted exactly whatever comes; nothing means 100,000.
        #[serde(skip)]
        most_paths: Option<usize> = None,
    }
}

/// The commonest paths.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PathResult {
    /// The paths, those of most sessions first.
    pub paths: Vec<PathRow>,
    /// How many different paths there are, as far as they were told apart; more than the rows where the
    /// query had a limit.
    pub path_count: usize,
    /// What the answer rests on.
    #[serde(flatten)]
    pub basis: Basis,
}

/// A path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PathRow {
    /// The value by which paths are broken down; null where nothing was said, or nothing is broken down.
    pub value: Option<String>,
    /// The steps in order.
    pub steps: Vec<StepName>,
    /// Whether the sessions ended with the last of them; else they may have gone on.
    pub whole: bool,
    /// How many sessions took it.
    pub sessions: u64,
    /// Their share of all sessions with steps.
    pub share: MetricValue,
    /// What came of them.
    #[serde(flatten)]
    pub outcomes: OutcomeRates,
    /// The filter that lists them.
    pub filter: String,
}

impl PathQuery {
    fn steps_text(&self) -> StepsText<'_> {
        StepsText {
            steps: &self.steps,
            match_by: self.match_by,
            loops: self.loops,
            only: &self.only,
        }
    }

    /// The tables that the question reads.
    pub fn tables_needed(&self) -> Vec<Table> {
        tables(&self.filters, &[&self.only], &[subject_of(&self.steps)])
    }

    fn longest(&self) -> Result<usize, QueryError> {
        let first = self.first.unwrap_or(LONGEST);
        if (1..=LONGEST).contains(&first) {
            return Ok(first);
        }
        let message = format!("a path has from 1 to {LONGEST} steps; {first} is none of these");
        Err(Problem::new(ProblemCode::OutOfRange, "first", message).into())
    }
}

impl Engine {
    /// The commonest paths of sessions.
    ///
    /// # Errors
    /// As for [`Engine::run`].
    pub async fn paths(
        &self,
        query: &PathQuery,
        capture: &Capture,
    ) -> Result<PathResult, QueryError> {
        let began = Instant::now();
        let mut trace = Trace::new(query.explain, began);
        let longest = query.longest()?;
        let group = breakdown(query.by.as_deref())?;
        let scope = Scope::new(self, &query.sessions(), capture).await?;
        trace.nested(PassPurpose::Sessions, scope.counted.explanation.as_ref());
        trace.stage("sessions");
        let choice = query.steps_text().resolve(&scope.context())?;
        let (wanted, _sets) = scope.wanted(self, capture, &choice, group).await?;
        let most = query.most_paths.unwrap_or(MOST_PATHS);
        let empty = || Top::new(longest, most);
        let mut all = read(
            self.resources(),
            capture,
            wanted.clone(),
            Default::default(),
            empty,
        )
        .await?;
        let sessions = all.sink.sessions;
        trace.reading(PassPurpose::Steps, all.record.as_ref());
        let mut rows_read = all.rows_read;
        // Rarer ones were lost on the way, and perhaps some of the count of those that were not.
        if all.sink.lost > 0 {
            let candidates = all.sink.candidates();
            let known = (all.nodes.clone(), all.groups.clone());
            let again = || candidates.clone();
            all = read(self.resources(), capture, wanted, known, again).await?;
            rows_read += all.rows_read;
            trace.reading(PassPurpose::Steps, all.record.as_ref());
        }
        trace.stage("steps");
        let cut = all.sink.cut(sessions);
        let mut found: Vec<(Box<[u32]>, Cells)> = all
            .sink
            .counts
            .into_iter()
            .map(|(path, counted)| (path, counted.cells))
            .filter(|(_, cells)| cells.sessions > cut)
            .collect();
        let told: u64 = found.iter().map(|(_, cells)| cells.sessions).sum();
        let several = choice.kinds.len() > 1;
        let names = Names {
            nodes: &all.nodes,
            groups: &all.groups,
            several,
        };
        let path_count = found.len();
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
        order(&mut found, limit, &names);
        let rows = found.iter();
        let paths = rows.map(|(path, cells)| row(query, &names, path, cells, (longest, sessions)));
        let mut result = PathResult {
            paths: paths.collect(),
            path_count,
            basis: Basis::new(&scope, capture, (sessions, rows_read), began),
        };
        if told < sessions {
            result.basis.notes.push(Note {
                code: NoteCode::RareLeftOut,
                text: format!(
                    "there are more than {} different paths: only those of more than {cut} sessions are told \
                     apart; ask for fewer steps, or cut loops",
                    2 * most
                ),
                count: sessions - told,
            });
        }
        result.basis.explanation = trace.told_of(&result)?;
        Ok(result)
    }
}

struct Names<'a> {
    nodes: &'a Nodes,
    groups: &'a GroupNames,
    several: bool,
}

/// The first so many: of most sessions, then by their names.
fn order(found: &mut Vec<(Box<[u32]>, Cells)>, limit: usize, names: &Names<'_>) {
    let in_order = |one: &[u32], two: &[u32]| {
        let key = |node: &u32| names.nodes.key(*node);
        one[1..].iter().map(key).cmp(two[1..].iter().map(key))
    };
    let compare = |(one, first): &(Box<[u32]>, Cells), (two, second): &(Box<[u32]>, Cells)| {
        let group = |path: &[u32]| names.groups.value(path[0]);
        second
            .sessions
            .cmp(&first.sessions)
            .then_with(|| in_order(one, two))
            .then_with(|| group(one).cmp(group(two)))
    };
    if limit < found.len() {
        found.select_nth_unstable_by(limit, compare);
        found.truncate(limit);
    }
    found.sort_unstable_by(compare);
}

fn row(
    query: &PathQuery,
    names: &Names<'_>,
    path: &[u32],
    cells: &Cells,
    (longest, sessions): (usize, u64),
) -> PathRow {
    let steps: Vec<StepName> = path[1..]
        .iter()
        .map(|node| StepName::of(*node, names.nodes, names.several))
        .collect();
    let value = names.groups.value(path[0]).as_deref();
    let whole = steps.len() < longest;
    let mut items: Vec<String> = steps.iter().map(|step| text::quoted(&step.key)).collect();
    items.extend(whole.then(|| "end".to_owned()));
    let filter = format!(
        "{} start ({})",
        query.steps_text().filter(query.loops),
        items.join(", ")
    );
    PathRow {
        value: value.map(str::to_owned),
        steps,
        whole,
        sessions: cells.sessions,
        share: share(cells.sessions, sessions, "no session has a step"),
        outcomes: cells.rates(),
        filter: text::both(filter, &text::of_group(query.by.as_deref(), value)),
    }
}

/// How often a path was taken.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Counted {
    /// Less than the sessions by what was lost.
    weight: u64,
    cells: Cells,
}

/// Counts paths: all exactly while there are few, else the frequent ones by Misra and Gries (1982): when
/// there are more than twice as many as are to be kept, as much is taken from every count as leaves that
/// many. What had more sessions than all divided by the number to be kept is always among the rest, and
/// is then counted again, alone and exactly.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Top {
    longest: usize,
    most: usize,
    /// A path is its group's number, then those of its steps.
    counts: FxHashMap<Box<[u32]>, Counted>,
    /// Whether only these are counted.
    closed: bool,
    sessions: u64,
    /// What was taken from every count.
    lost: u64,
    path: Vec<u32>,
}

impl Top {
    fn new(longest: usize, most: usize) -> Self {
        Self {
            longest,
            most: most.max(1),
            counts: FxHashMap::default(),
            closed: false,
            sessions: 0,
            lost: 0,
            path: Vec::new(),
        }
    }

    /// The same paths, not yet counted.
    fn candidates(&self) -> Self {
        let paths = self.counts.keys();
        Self {
            counts: paths
                .map(|path| (path.clone(), Counted::default()))
                .collect(),
            closed: true,
            lost: 0,
            sessions: 0,
            ..self.clone()
        }
    }

    /// At or below how many sessions a path is not told; the same wherever the rows lie.
    fn cut(&self, sessions: u64) -> u64 {
        match self.closed || self.counts.len() > 2 * self.most {
            true => sessions / (self.most as u64 + 1),
            false => 0,
        }
    }

    fn prune(&mut self) {
        let mut weights: Vec<u64> = self.counts.values().map(|counted| counted.weight).collect();
        let place = weights.len() - 1 - self.most;
        let (_, taken, _) = weights.select_nth_unstable(place);
        let taken = *taken;
        self.counts.retain(|_, counted| {
            counted.weight = counted.weight.saturating_sub(taken);
            counted.weight > 0
        });
        self.lost += taken;
    }
}

impl Sink for Top {
    fn session(
        &mut self,
        session: &SessionFacts,
        steps: &[StepRow],
        _nodes: &Nodes,
    ) -> Result<(), QueryError> {
        self.sessions += 1;
        self.path.clear();
        self.path.push(session.group);
        self.path
            .extend(steps.iter().take(self.longest).map(|step| step.node));
        let counted = match self.counts.get_mut(self.path.as_slice()) {
            Some(counted) => counted,
            None if self.closed => return Ok(()),
            None => self.counts.entry(self.path.as_slice().into()).or_default(),
        };
        counted.weight += 1;
        counted.cells.add(session.ending);
        if self.counts.len() > 2 * self.most && !self.closed {
            self.prune();
        }
        Ok(())
    }

    fn absorb(&mut self, other: Self, nodes: &[u32], groups: &[u32]) -> Result<(), QueryError> {
        for (mut path, counted) in other.counts {
            for (place, number) in path.iter_mut().enumerate() {
                let numbers = if place == 0 { groups } else { nodes };
                *number = numbers[*number as usize];
            }
            let known = self.counts.entry(path).or_default();
            known.weight += counted.weight;
            known.cells.merge(&counted.cells);
        }
        self.sessions += other.sessions;
        self.lost += other.lost;
        if self.counts.len() > 2 * self.most && !self.closed {
            self.prune();
        }
        Ok(())
    }

    fn purpose(&self) -> Option<u64> {
        let mut hasher = Xxh3::with_seed(2);
        (self.longest, self.most).hash(&mut hasher);
        (!self.closed).then(|| hasher.digest())
    }

    fn to_bytes(&self) -> Option<Vec<u8>> {
        postcard::to_extend(self, Vec::new()).ok()
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }

    fn bytes(&self) -> usize {
        let each = size_of::<(Box<[u32]>, Counted)>() + 16 + 4 * self.longest.min(16);
        self.counts.capacity() * each
    }
}
