//! What answers about paths share.

use serde::{Deserialize, Serialize};
use upshot_lake::Capture;
use upshot_stats::{Confidence, proportion};

use super::nodes::Nodes;
use super::question::Scope;
use super::wanted::Ending;
use crate::explain::Explanation;
use crate::filter::StepSort;
use crate::query::EnvironmentChoice;
use crate::result::{IntervalMethod, MetricValue, Note, RangeInfo};

/// What an answer rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Basis {
    /// The range that was read.
    pub range: RangeInfo,
    /// Which traffic is counted.
    pub environment: EnvironmentChoice,
    /// How many sessions there are in all.
    pub sessions: u64,
    /// How many of them have a step that the question is about.
    pub sessions_with_steps: u64,
    /// What whoever reads the numbers should know.
    pub notes: Vec<Note>,
    /// The rules that made the facts.
    pub fact_set: String,
    /// The catalog's snapshot that was read.
    pub snapshot: i64,
    /// How many rows were read.
    pub rows_read: u64,
    /// How the answer came about, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub explanation: Option<Explanation>,
    /// How long the answer took.
    pub took_milliseconds: f64,
}

impl Basis {
    pub(crate) fn new(
        scope: &Scope,
        capture: &Capture,
        (with_steps, rows_read): (u64, u64),
        began: std::time::Instant,
    ) -> Self {
        Self {
            range: scope.counted.range.clone(),
            environment: scope.resolved.environment,
            sessions: scope.sessions(),
            sessions_with_steps: with_steps,
            notes: scope.counted.notes.clone(),
            fact_set: capture.fact_set.clone(),
            snapshot: capture.snapshot,
            rows_read: rows_read + scope.counted.rows_read,
            explanation: None,
            took_milliseconds: began.elapsed().as_secs_f64() * 1e3,
        }
    }
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepName {
    /// What it is: a topic, an option, a question or an intent.
    pub kind: StepSort,
    /// What makes it the same as another: its name in lower case, or its id. Where several kinds are asked
    /// for, the kind stands before it, as in `topics:order`.
    pub key: String,
    /// How it is spelled.
    pub name: String,
}

impl StepName {
    pub(crate) fn of(node: u32, nodes: &Nodes, several: bool) -> Self {
        Self {
            kind: nodes.key(node).0,
            key: key_text(node, nodes, several),
            name: nodes.label(node).to_owned(),
        }
    }
}

/// The key of a step as patterns have it.
pub(crate) fn key_text(node: u32, nodes: &Nodes, several: bool) -> String {
    let (sort, key) = nodes.key(node);
    match several {
        true => format!("{}:{key}", sort.name()),
        false => key.to_string(),
    }
}

/// Whether a step has this key.
pub(crate) fn is_step(node: u32, nodes: &Nodes, several: bool, wanted: &str) -> bool {
    let (sort, key) = nodes.key(node);
    match several {
        true => wanted
            .strip_prefix(sort.name())
            .and_then(|rest| rest.strip_prefix(':'))
            .is_some_and(|rest| rest == &**key),
        false => wanted == &**key,
    }
}

/// What came of the sessions of a path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OutcomeRates {
    /// Resolved, of those that were engaged and are old enough to be judged.
    pub resolution_rate: MetricValue,
    /// Escalated, of the same.
    pub escalation_rate: MetricValue,
    /// Abandoned, of the same.
    pub abandon_rate: MetricValue,
}

/// Sessions and what came of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Cells {
    pub(crate) sessions: u64,
    pending: u64,
    engaged: u64,
    resolved: u64,
    escalated: u64,
    abandoned: u64,
}

impl Cells {
    pub(crate) fn add(&mut self, ending: Ending) {
        self.sessions += 1;
        self.pending += u64::from(ending == Ending::Pending);
        self.engaged += u64::from(!matches!(ending, Ending::Pending | Ending::Unengaged));
        self.resolved += u64::from(ending == Ending::Resolved);
        self.escalated += u64::from(ending == Ending::Escalated);
        self.abandoned += u64::from(ending == Ending::Abandoned);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.sessions += other.sessions;
        self.pending += other.pending;
        self.engaged += other.engaged;
        self.resolved += other.resolved;
        self.escalated += other.escalated;
        self.abandoned += other.abandoned;
    }

    pub(crate) fn rates(&self) -> OutcomeRates {
        let of = |count: u64| MetricValue {
            pending: self.pending,
            ..share(
                count,
                self.engaged,
                "no engaged session is old enough to be judged",
            )
        };
        OutcomeRates {
            resolution_rate: of(self.resolved),
            escalation_rate: of(self.escalated),
            abandon_rate: of(self.abandoned),
        }
    }
}

/// A share with its interval (Wilson); nothing, and why, where there is nothing to divide by.
pub(crate) fn share(count: u64, of: u64, reason: &str) -> MetricValue {
    let interval = proportion::interval(count, of, Confidence::NINETY_FIVE);
    MetricValue {
        value: (of > 0).then(|| count as f64 / of as f64),
        n: of,
        numerator: Some(count as f64),
        denominator: Some(of as f64),
        interval: interval.map(|interval| [interval.lower, interval.upper]),
        interval_method: interval.map(|_| IntervalMethod::Wilson),
        reason: (of == 0).then(|| reason.to_owned()),
        ..MetricValue::default()
    }
}
