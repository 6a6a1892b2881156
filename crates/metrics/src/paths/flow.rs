//! Flows: what comes after or before a step, as nodes and links, with what ends where.

use std::hash::Hash;
use std::time::Instant;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use upshot_lake::{Capture, Table};
use xxhash_rust::xxh3::Xxh3;

use super::answer::{Basis, Cells, OutcomeRates, StepName, is_step, key_text, share};
use super::nodes::Nodes;
use super::question::{Scope, StepsText, breakdown, question, subject_of, tables};
use super::sequencer::{Sink, StepRow, read};
use super::text;
use super::wanted::{GroupNames, SessionFacts};
use crate::engine::Engine;
use crate::error::{Problem, ProblemCode, QueryError};
use crate::explain::{PassPurpose, Trace};
use crate::filter::sequence::words;
use crate::filter::{Loops, MatchBy, StepSort};
use crate::result::MetricValue;

/// How many steps of each depth stand by themselves unless the question says else.
const DEFAULT_LIMIT: usize = 10;
/// How many steps away a flow goes.
const DEEPEST: usize = 20;
/// The most different links of one answer.
const MOST_LINKS: usize = 500_000;

words! {
    /// Which way a flow is followed.
    #[derive(Default)]
    FlowDirection of "direction" {
        /// What comes after.
        #[default]
        Forward = "forward",
        /// What came before.
        Backward = "backward",
    }
}

question! {
    /// A question about flows.
    FlowQuery {
        /// What counts as a step; nothing means topics.
        steps: Vec<StepSort> = vec![StepSort::Topics],
        /// By what steps are the same.
        match_by: MatchBy = MatchBy::default(),
        /// What becomes of loops.
        loops: Loops = Loops::default(),
        /// Conditions on steps; others are as if they were not there.
        only: Vec<String> = Vec::new(),
        /// The step at whose first visit in a session the flow begins; null means the first step of each
        /// session, or the last where the flow goes backward.
        step: Option<String> = None,
        /// Which way.
        direction: FlowDirection = FlowDirection::default(),
        /// How many steps away from it, 1 to 20.
        depth: usize = 3,
        /// By what flows are broken down: a dimension of sessions, such as `bot_version`.
        by: Option<String> = None,
    }
}

/// Flows from a step: nodes and links of a Sankey diagram.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FlowResult {
    /// How many sessions have the step from which the flow goes.
    pub flowing: u64,
    /// Which way.
    pub direction: FlowDirection,
    /// The steps at each distance, those of most sessions first.
    pub nodes: Vec<FlowNode>,
    /// Which leads to which.
    pub links: Vec<FlowLink>,
    /// What the answer rests on.
    #[serde(flatten)]
    pub basis: Basis,
}

/// A step at some distance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FlowNode {
    /// The value by which flows are broken down; null where nothing was said, or nothing is broken down.
    pub value: Option<String>,
    /// How many steps away.
    pub depth: usize,
    /// The step; null for all others of this depth together.
    pub step: Option<StepName>,
    /// How many sessions are there.
    pub sessions: u64,
    /// Their share of all sessions from which the flow goes.
    pub share: MetricValue,
    /// What came of them.
    #[serde(flatten)]
    pub outcomes: OutcomeRates,
    /// How many have no further step: the session ended there (going backward: began there).
    pub ended: MetricValue,
    /// What came of those.
    pub ended_outcomes: OutcomeRates,
    /// The filter that lists the sessions; null for others together.
    pub filter: Option<String>,
    /// The filter that lists those that ended there; null for others together.
    pub ended_filter: Option<String>,
}

/// One step leading to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FlowLink {
    /// The value by which flows are broken down; null where nothing was said, or nothing is broken down.
    pub value: Option<String>,
    /// The distance of the first of the two.
    pub depth: usize,
    /// The step nearer to where the flow begins; null for others together.
    pub from: Option<StepName>,
    /// The step farther away; null for others together.
    pub to: Option<StepName>,
    /// How many sessions.
    pub sessions: u64,
    /// Their share of the sessions at the nearer step.
    pub share: MetricValue,
    /// The filter that lists the sessions; null where others together are at an end of it.
    pub filter: Option<String>,
}

impl FlowQuery {
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
}

impl Engine {
    /// What comes after or before a step.
    ///
    /// # Errors
    /// As for [`Engine::run`].
    pub async fn flows(
        &self,
        query: &FlowQuery,
        capture: &Capture,
    ) -> Result<FlowResult, QueryError> {
        let began = Instant::now();
        let mut trace = Trace::new(query.explain, began);
        if !(1..=DEEPEST).contains(&query.depth) {
            let message = format!(
                "a flow goes from 1 to {DEEPEST} steps far; {} is none of these",
                query.depth
            );
            return Err(Problem::new(ProblemCode::OutOfRange, "depth", message).into());
        }
        let group = breakdown(query.by.as_deref())?;
        let scope = Scope::new(self, &query.sessions(), capture).await?;
        trace.nested(PassPurpose::Sessions, scope.counted.explanation.as_ref());
        trace.stage("sessions");
        let choice = query.steps_text().resolve(&scope.context())?;
        let (wanted, _sets) = scope.wanted(self, capture, &choice, group).await?;
        let anchor = query
            .step
            .as_deref()
            .map(|step| query.steps_text().key(step));
        let several = choice.kinds.len() > 1;
        let empty = || Flow {
            anchor: anchor.clone(),
            several,
            backward: query.direction == FlowDirection::Backward,
            depth: query.depth,
            ..Flow::default()
        };
        let all = read(self.resources(), capture, wanted, Default::default(), empty).await?;
        trace.reading(PassPurpose::Steps, all.record.as_ref());
        trace.stage("steps");
        let flow = &all.sink;
        let answer = Answer {
            query,
            nodes: &all.nodes,
            groups: &all.groups,
            several,
            shown: shown(flow, query.limit.unwrap_or(DEFAULT_LIMIT), &all.nodes),
        };
        let mut result = FlowResult {
            flowing: flow.flowing,
            direction: query.direction,
            nodes: answer.nodes(flow),
            links: answer.links(flow),
            basis: Basis::new(&scope, capture, (flow.sessions, all.rows_read), began),
        };
        result.basis.explanation = trace.told_of(&result)?;
        Ok(result)
    }
}

/// A group, a distance and a step.
type Spot = (u32, usize, u32);

/// Which steps stand by themselves: of each group and depth those of most sessions.
fn shown(flow: &Flow, limit: usize, nodes: &Nodes) -> FxHashSet<Spot> {
    let mut by_depth: FxHashMap<(u32, usize), Vec<(u64, u32)>> = FxHashMap::default();
    for ((group, depth, node), (cells, _)) in &flow.spots {
        let spots = by_depth.entry((*group, *depth)).or_default();
        spots.push((cells.sessions, *node));
    }
    let mut shown = FxHashSet::default();
    for ((group, depth), mut spots) in by_depth {
        spots.sort_unstable_by(|(one, first), (two, second)| {
            two.cmp(one)
                .then_with(|| nodes.key(*first).cmp(nodes.key(*second)))
        });
        let first = spots.iter().take(limit.max(1));
        shown.extend(first.map(|(_, node)| (group, depth, *node)));
    }
    shown
}

/// Makes the answer.
struct Answer<'a> {
    query: &'a FlowQuery,
    nodes: &'a Nodes,
    groups: &'a GroupNames,
    several: bool,
    shown: FxHashSet<Spot>,
}

impl Answer<'_> {
    /// The step, or nothing where it is one of the others.
    fn step(&self, spot: Spot) -> Option<u32> {
        self.shown.contains(&spot).then_some(spot.2)
    }

    fn name(&self, node: Option<u32>) -> Option<StepName> {
        node.map(|node| StepName::of(node, self.nodes, self.several))
    }

    fn value(&self, group: u32) -> Option<String> {
        self.groups.value(group).as_deref().map(str::to_owned)
    }

    /// The filter for these steps from some depth on; the last perhaps the end.
    fn filter(&self, group: u32, depth: usize, steps: &[u32], ends: bool) -> String {
        let mut text = self.query.steps_text().filter(self.query.loops);
        let anchored = self.query.step.as_deref();
        let backward = self.query.direction == FlowDirection::Backward;
        match (anchored, backward) {
            (Some(step), _) => {
                text.push_str(if backward { " before " } else { " from " });
                text.push_str(&text::quoted(step));
            }
            (None, false) => text.push_str(" start"),
            (None, true) => text.push_str(" last"),
        }
        // The step from which the flow goes is no part of the pattern where it is named.
        let skipped = usize::from(anchored.is_some());
        let mut items: Vec<String> = (skipped..depth).map(|_| "*".to_owned()).collect();
        let told = steps.iter().enumerate();
        let told = told.filter(|(index, _)| depth + index >= skipped);
        items
            .extend(told.map(|(_, node)| text::quoted(&key_text(*node, self.nodes, self.several))));
        items.extend(ends.then(|| "end".to_owned()));
        if !items.is_empty() {
            text.push_str(&format!(" ({})", items.join(", ")));
        }
        let value = self.groups.value(group).as_deref();
        text::both(text, &text::of_group(self.query.by.as_deref(), value))
    }

    fn nodes(&self, flow: &Flow) -> Vec<FlowNode> {
        let mut cells: FxHashMap<(u32, usize, Option<u32>), (Cells, Cells)> = FxHashMap::default();
        for (spot, (there, ended)) in &flow.spots {
            let known = cells.entry((spot.0, spot.1, self.step(*spot))).or_default();
            known.0.merge(there);
            known.1.merge(ended);
        }
        let mut nodes: Vec<FlowNode> = cells
            .into_iter()
            .map(|((group, depth, node), (there, ended))| FlowNode {
                value: self.value(group),
                depth,
                step: self.name(node),
                sessions: there.sessions,
                share: share(there.sessions, flow.flowing, "no session has the step"),
                outcomes: there.rates(),
                ended: share(ended.sessions, there.sessions, "no session is there"),
                ended_outcomes: ended.rates(),
                filter: node.map(|node| self.filter(group, depth, &[node], false)),
                ended_filter: node.map(|node| self.filter(group, depth, &[node], true)),
            })
            .collect();
        nodes.sort_by(|one, two| {
            (one.depth, one.step.is_none(), two.sessions)
                .cmp(&(two.depth, two.step.is_none(), one.sessions))
                .then_with(|| one.step.cmp(&two.step))
                .then_with(|| one.value.cmp(&two.value))
        });
        nodes
    }

    fn links(&self, flow: &Flow) -> Vec<FlowLink> {
        type Ends = (u32, usize, Option<u32>, Option<u32>);
        let mut counts: FxHashMap<Ends, u64> = FxHashMap::default();
        let mut origins: FxHashMap<(u32, usize, Option<u32>), u64> = FxHashMap::default();
        for (spot, (cells, _)) in &flow.spots {
            *origins
                .entry((spot.0, spot.1, self.step(*spot)))
                .or_default() += cells.sessions;
        }
        for ((group, depth, from, to), sessions) in &flow.links {
            let near = self.step((*group, *depth, *from));
            let far = self.step((*group, depth + 1, *to));
            *counts.entry((*group, *depth, near, far)).or_default() += sessions;
        }
        let mut links: Vec<FlowLink> = counts
            .into_iter()
            .map(|((group, depth, from, to), sessions)| FlowLink {
                value: self.value(group),
                depth,
                from: self.name(from),
                to: self.name(to),
                sessions,
                share: share(
                    sessions,
                    origins.get(&(group, depth, from)).copied().unwrap_or(0),
                    "no session is there",
                ),
                filter: from
                    .zip(to)
                    .map(|(from, to)| self.filter(group, depth, &[from, to], false)),
            })
            .collect();
        links.sort_by(|one, two| {
            let others = |link: &FlowLink| link.from.is_none() || link.to.is_none();
            (one.depth, others(one), two.sessions)
                .cmp(&(two.depth, others(two), one.sessions))
                .then_with(|| {
                    (&one.from, &one.to, &one.value).cmp(&(&two.from, &two.to, &two.value))
                })
        });
        links
    }
}

/// Counts what comes how far after or before a step.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Flow {
    anchor: Option<Box<str>>,
    several: bool,
    backward: bool,
    depth: usize,
    sessions: u64,
    /// Sessions with the step from which the flow goes.
    flowing: u64,
    /// The sessions at a step, and those that ended there.
    spots: FxHashMap<Spot, (Cells, Cells)>,
    links: FxHashMap<(u32, usize, u32, u32), u64>,
}

impl Flow {
    fn start(&self, steps: &[StepRow], nodes: &Nodes) -> Option<usize> {
        match &self.anchor {
            Some(key) => {
                let mut steps = steps.iter();
                steps.position(|step| is_step(step.node, nodes, self.several, key))
            }
            None if self.backward => steps.len().checked_sub(1),
            None => Some(0),
        }
    }
}

impl Sink for Flow {
    fn session(
        &mut self,
        session: &SessionFacts,
        steps: &[StepRow],
        nodes: &Nodes,
    ) -> Result<(), QueryError> {
        self.sessions += 1;
        let Some(start) = self.start(steps, nodes) else {
            return Ok(());
        };
        self.flowing += 1;
        let at = |distance: usize| -> Option<u32> {
            let place = match self.backward {
                true => start.checked_sub(distance)?,
                false => start + distance,
            };
            steps.get(place).map(|step| step.node)
        };
        let mut depth = 0;
        let mut here = at(0);
        while let Some(node) = here.filter(|_| depth <= self.depth) {
            let next = at(depth + 1);
            let (there, ended) = self.spots.entry((session.group, depth, node)).or_default();
            there.add(session.ending);
            if next.is_none() {
                ended.add(session.ending);
            }
            if let Some(next) = next.filter(|_| depth < self.depth) {
                let link = (session.group, depth, node, next);
                *self.links.entry(link).or_default() += 1;
            }
            (here, depth) = (next, depth + 1);
        }
        match self.links.len() > MOST_LINKS {
            true => Err(QueryError::TooManyGroups { limit: MOST_LINKS }),
            false => Ok(()),
        }
    }

    fn absorb(&mut self, other: Self, nodes: &[u32], groups: &[u32]) -> Result<(), QueryError> {
        let (node, group) = (
            |node: u32| nodes[node as usize],
            |group: u32| groups[group as usize],
        );
        for ((of, depth, step), (there, ended)) in other.spots {
            let known = self
                .spots
                .entry((group(of), depth, node(step)))
                .or_default();
            known.0.merge(&there);
            known.1.merge(&ended);
        }
        for ((of, depth, from, to), count) in other.links {
            let link = (group(of), depth, node(from), node(to));
            *self.links.entry(link).or_default() += count;
        }
        self.sessions += other.sessions;
        self.flowing += other.flowing;
        match self.links.len() > MOST_LINKS {
            true => Err(QueryError::TooManyGroups { limit: MOST_LINKS }),
            false => Ok(()),
        }
    }

    fn purpose(&self) -> Option<u64> {
        let mut hasher = Xxh3::with_seed(4);
        (&self.anchor, self.several, self.backward, self.depth).hash(&mut hasher);
        Some(hasher.digest())
    }

    fn to_bytes(&self) -> Option<Vec<u8>> {
        postcard::to_extend(self, Vec::new()).ok()
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }

    fn bytes(&self) -> usize {
        self.spots.capacity() * size_of::<(Spot, (Cells, Cells))>() + self.links.capacity() * 40
    }
}
