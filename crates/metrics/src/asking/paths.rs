//! Answers about what sessions do in which order, as rows.

use arrow::array::RecordBatch;

use super::{Answer, Rows, forget};
use crate::drivers::DrivenOutcome;
use crate::error::QueryError;
use crate::paths::{
    Basis, FlowLink, FlowNode, FlowResult, FunnelLevel, FunnelResult, LiftResult, OutcomeRates,
    PathResult, StepName, TopicResult, TopicRow,
};
use crate::registry;

const VALUE: &str =
    "the value by which the answer is broken down; nothing where nothing was said, or it is not";
const FILTER: &str = "the filter that lists the sessions";

impl Basis {
    fn forget_effort(&mut self) {
        let (took, read) = (&mut self.took_milliseconds, &mut self.rows_read);
        forget(took, read, self.explanation.as_mut());
    }
}

/// What came of the sessions of a row, each number under its name and what stands before it.
fn outcomes<'a, R>(
    mut rows: Rows<'a, R>,
    before: &str,
    of: impl Fn(&'a R) -> Option<&'a OutcomeRates>,
) -> Rows<'a, R> {
    type Rate = (
        &'static str,
        &'static str,
        fn(&OutcomeRates) -> &crate::result::MetricValue,
    );
    const RATES: [Rate; 3] = [
        (
            "resolution_rate",
            "the share of them that were resolved, of those that were engaged and are old enough to be judged",
            |rates| &rates.resolution_rate,
        ),
        (
            "escalation_rate",
            "the share of the same that were escalated",
            |rates| &rates.escalation_rate,
        ),
        (
            "abandon_rate",
            "the share of the same that were abandoned",
            |rates| &rates.abandon_rate,
        ),
    ];
    for (name, meaning, rate) in RATES {
        rows = rows.value(&format!("{before}{name}"), meaning, |row| of(row).map(rate));
    }
    rows
}

fn key(step: Option<&StepName>) -> Option<&str> {
    step.map(|step| step.key.as_str())
}

fn name(step: Option<&StepName>) -> Option<&str> {
    step.map(|step| step.name.as_str())
}

impl Answer for PathResult {
    fn forget_effort(&mut self) {
        self.basis.forget_effort();
    }

    fn rows(&self) -> Result<RecordBatch, QueryError> {
        let rows = Rows::of(&self.paths)
            .text("value", VALUE, |row| row.value.as_deref())
            .texts("steps", "the names of the steps in order", |row| {
                row.steps.iter().map(|step| step.name.as_str()).collect()
            })
            .texts(
                "step_keys",
                "what makes each step the same as another",
                |row| row.steps.iter().map(|step| step.key.as_str()).collect(),
            )
            .flag(
                "whole",
                "whether the sessions ended with the last of them",
                |row| Some(row.whole),
            )
            .count("sessions", "how many sessions took the path", |row| {
                Some(row.sessions)
            })
            .value("share", "their share of all sessions with steps", |row| {
                Some(&row.share)
            });
        outcomes(rows, "", |row| Some(&row.outcomes))
            .text("filter", FILTER, |row| Some(&row.filter))
            .finish()
    }
}

/// A row of a flow.
enum FlowRow<'a> {
    Node(&'a FlowNode),
    Link(&'a FlowLink),
}

impl<'a> FlowRow<'a> {
    fn node(&self) -> Option<&'a FlowNode> {
        match self {
            Self::Node(node) => Some(node),
            Self::Link(_) => None,
        }
    }

    fn link(&self) -> Option<&'a FlowLink> {
        match self {
            Self::Node(_) => None,
            Self::Link(link) => Some(link),
        }
    }

    /// The step of a node; of a link the one nearer to where the flow begins.
    fn step(&self) -> Option<&'a StepName> {
        match self {
            Self::Node(node) => node.step.as_ref(),
            Self::Link(link) => link.from.as_ref(),
        }
    }

    fn next(&self) -> Option<&'a StepName> {
        self.link()?.to.as_ref()
    }
}

impl Answer for FlowResult {
    fn forget_effort(&mut self) {
        self.basis.forget_effort();
    }

    fn rows(&self) -> Result<RecordBatch, QueryError> {
        let nodes = self.nodes.iter().map(FlowRow::Node);
        let rows: Vec<FlowRow<'_>> = nodes.chain(self.links.iter().map(FlowRow::Link)).collect();
        let rows = Rows::of(&rows)
            .text(
                "row",
                "what the row is: `node`, a step at some distance, or `link`, one step leading to another",
                |row| Some(if row.node().is_some() { "node" } else { "link" }),
            )
            .text("value", VALUE, |row| match row {
                FlowRow::Node(node) => node.value.as_deref(),
                FlowRow::Link(link) => link.value.as_deref(),
            })
            .count("depth", "how many steps away the step is", |row| {
                Some(match row {
                    FlowRow::Node(node) => node.depth as u64,
                    FlowRow::Link(link) => link.depth as u64,
                })
            })
            .text(
                "step",
                "the step; of a link the nearer one; nothing for all others of the distance together",
                |row| name(row.step()),
            )
            .text("step_key", "what makes it the same as another", |row| {
                key(row.step())
            })
            .text(
                "next",
                "the farther step of a link; nothing for all others together",
                |row| name(row.next()),
            )
            .text("next_key", "what makes it the same as another", |row| {
                key(row.next())
            })
            .count("sessions", "how many sessions are there, or go that way", |row| {
                Some(match row {
                    FlowRow::Node(node) => node.sessions,
                    FlowRow::Link(link) => link.sessions,
                })
            })
            .value(
                "share",
                "their share: of a node of all sessions from which the flow goes, of a link of those at its nearer step",
                |row| {
                    Some(match row {
                        FlowRow::Node(node) => &node.share,
                        FlowRow::Link(link) => &link.share,
                    })
                },
            );
        let rows = outcomes(rows, "", |row| Some(&row.node()?.outcomes)).value(
            "ended",
            "the share of a node's sessions that ended there (going backward: began there)",
            |row| Some(&row.node()?.ended),
        );
        outcomes(rows, "ended_", |row| Some(&row.node()?.ended_outcomes))
            .text("filter", FILTER, |row| match row {
                FlowRow::Node(node) => node.filter.as_deref(),
                FlowRow::Link(link) => link.filter.as_deref(),
            })
            .text(
                "ended_filter",
                "the filter that lists those that ended there",
                |row| row.node()?.ended_filter.as_deref(),
            )
            .finish()
    }
}

/// A step of a funnel, of the whole or of a part.
struct FunnelRow<'a> {
    /// The value of the part; nothing of the whole.
    part: Option<Option<&'a str>>,
    step: u64,
    level: &'a FunnelLevel,
}

impl Answer for FunnelResult {
    fn forget_effort(&mut self) {
        self.basis.forget_effort();
    }

    fn rows(&self) -> Result<RecordBatch, QueryError> {
        let parts = self.groups.iter();
        let parts = parts.map(|group| (Some(group.value.as_deref()), &group.levels));
        let rows: Vec<FunnelRow<'_>> = std::iter::once((None, &self.levels))
            .chain(parts)
            .flat_map(|(part, levels)| {
                let levels = (1..).zip(levels);
                levels.map(move |(step, level)| FunnelRow { part, step, level })
            })
            .collect();
        Rows::of(&rows)
            .text(
                "row",
                "what the row is: `all`, a step of the whole funnel, or `group`, one of a part",
                |row| Some(if row.part.is_some() { "group" } else { "all" }),
            )
            .text("value", VALUE, |row| row.part?)
            .count("step", "which step, from 1", |row| Some(row.step))
            .text("condition", "its condition", |row| {
                Some(&row.level.condition)
            })
            .count("reached", "how many sessions or users came so far", |row| {
                Some(row.level.reached)
            })
            .value(
                "from_previous",
                "their share of those that came to the step before",
                |row| Some(&row.level.from_previous),
            )
            .value(
                "from_start",
                "their share of those that came to the first",
                |row| Some(&row.level.from_start),
            )
            .count("dropped", "how many of them came no farther", |row| {
                Some(row.level.dropped)
            })
            .count(
                "timed",
                "of how many the time from the step before is known",
                |row| Some(row.level.time.as_ref()?.n),
            )
            .real(
                "seconds_p50",
                "half took so many seconds or less from the step before",
                |row| Some(row.level.time.as_ref()?.p50),
            )
            .real(
                "seconds_p90",
                "nine of ten took so many seconds or less",
                |row| Some(row.level.time.as_ref()?.p90),
            )
            .text("filter", FILTER, |row| row.level.filter.as_deref())
            .text(
                "dropped_filter",
                "the filter that lists those that came no farther",
                |row| row.level.dropped_filter.as_deref(),
            )
            .finish()
    }
}

impl Answer for LiftResult {
    fn forget_effort(&mut self) {
        self.basis.forget_effort();
    }

    fn rows(&self) -> Result<RecordBatch, QueryError> {
        Rows::of(&self.pairs)
            .text("first", "the step that comes first", |row| {
                Some(&row.first.name)
            })
            .text("first_key", "what makes it the same as another", |row| {
                Some(&row.first.key)
            })
            .text("next", "the step that follows it", |row| {
                Some(&row.next.name)
            })
            .text("next_key", "what makes it the same as another", |row| {
                Some(&row.next.key)
            })
            .count("sessions", "in how many sessions it follows directly", |row| {
                Some(row.sessions)
            })
            .value(
                "share",
                "that number among all transitions from the first",
                |row| Some(&row.share),
            )
            .real("expected", "how many would be expected by chance", |row| {
                Some(row.expected)
            })
            .real("lift", "how many times as often as by chance", |row| {
                row.lift
            })
            .interval("lift", |row| row.interval)
            .real(
                "p_value",
                "how likely so large a difference is if the first step made none",
                |row| row.p_value,
            )
            .real(
                "p_value_corrected",
                "the same, corrected for the number of pairs",
                |row| row.p_value_corrected,
            )
            .text(
                "verdict",
                "`changed` where that is below 0.05, else `noise`; `too_few` where no test can be made",
                |row| Some(row.verdict.name()),
            )
            .text("filter", FILTER, |row| Some(&row.filter))
            .finish()
    }
}

impl Answer for TopicResult {
    fn forget_effort(&mut self) {
        self.basis.forget_effort();
    }

    fn rows(&self) -> Result<RecordBatch, QueryError> {
        let mut rows = Rows::of(&self.topics)
            .text("topic", "the id of the topic", |row| Some(&row.topic))
            .text("name", "its name, where it has one", |row| {
                row.name.as_deref()
            })
            .count("visits", "how often it was visited", |row| Some(row.visits))
            .value(
                "triggered",
                "the share of the visits that the user's own words or click brought about",
                |row| Some(&row.triggered),
            )
            .value(
                "completed",
                "the share of the visits that came to their end",
                |row| Some(&row.completed),
            )
            .value(
                "left",
                "the share of the visits that the user left with the session",
                |row| Some(&row.left),
            )
            .value(
                "feedback",
                "the share of thumbs up, of all thumbs given to the topic's answers",
                |row| Some(&row.feedback),
            );
        let compared = self.totals.values().any(|value| value.compare.is_some());
        for id in crate::paths::TOPIC_METRICS {
            let meaning = registry::metric(id).map_or("", |metric| metric.definition);
            rows = rows.value(id, meaning, |row| row.metrics.get(id));
            if compared {
                rows = rows.compared(id, |row| row.metrics.get(id));
            }
        }
        for outcome in DrivenOutcome::ALL {
            rows = impact(rows, outcome);
        }
        rows.texts("next", "the topics to which it leads most often", |row| {
            row.next.iter().map(|next| next.topic.as_str()).collect()
        })
        .counts(
            "next_sessions",
            "in how many sessions each of them directly follows",
            |row| row.next.iter().map(|next| next.sessions).collect(),
        )
        .text("filter", FILTER, |row| Some(&row.filter))
        .finish()
    }
}

/// What topics do to an outcome.
fn impact<'a>(rows: Rows<'a, TopicRow>, outcome: DrivenOutcome) -> Rows<'a, TopicRow> {
    let name = format!("{}_impact", outcome.name());
    let of = |row: &'a TopicRow| row.impacts.get(outcome.name());
    let meaning = format!(
        "`{}` over all engaged sessions minus that without those of the topic",
        outcome.metric()
    );
    rows.real(&name, &meaning, |row| of(row)?.impact)
        .interval(&name, |row| of(row)?.interval)
        .real(
            &format!("{name}_p_value"),
            "how likely so large an impact is if the topic were like the rest",
            |row| of(row)?.p_value,
        )
        .text(
            &format!("{name}_verdict"),
            "`better`, `worse`, `noise`, `too_few` or `no_data`",
            |row| Some(of(row)?.verdict.name()),
        )
}
