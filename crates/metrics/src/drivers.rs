//! Drivers: what each topic, or any other value, does to an overall rate or mean.
//!
//! The impact of a value is the overall rate minus the overall rate without the sessions that have it,
//! `R/E − (R−Rt)/(E−Et)`, on engaged sessions that are old enough to be judged.

mod size;

use std::collections::HashMap;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use upshot_core::profile::MaturityTimes;
use upshot_lake::Capture;

use crate::assemble::{Part, label, range_info};
use crate::drilldown::{CellPart, condition, part};
use crate::engine::{Engine, maturity};
use crate::error::{Problem, ProblemCode, QueryError, nearest};
use crate::explain::{Explanation, PassPurpose, Trace};
use crate::measure::{Basis, measure};
use crate::notes::environment_note;
use crate::query::optimise::optimise;
use crate::query::pass_key::PassKey;
use crate::query::plan::{Plan, plan};
use crate::query::reach::Reach;
use crate::query::resolve::{GroupSource, Resolved, resolve};
use crate::query::{EnvironmentChoice, Query};
use crate::registry::{Clock, Sources, Subject};
use crate::result::{MetricValue, Note, NoteCode, RangeInfo, Verdict};
use crate::run::gather::{Filled, Gathered};
use crate::run::groups::GroupValue;
use crate::time::RangeSpec;
use size::found_impact;

/// Which number is driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DrivenOutcome {
    /// The resolution rate.
    #[default]
    Resolution,
    /// The escalation rate.
    Escalation,
    /// The abandon rate.
    Abandon,
    /// The mean answer to the satisfaction survey.
    Csat,
}

impl DrivenOutcome {
    /// All outcomes.
    pub const ALL: [Self; 4] = [
        Self::Resolution,
        Self::Escalation,
        Self::Abandon,
        Self::Csat,
    ];

    /// The name, as queries have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Resolution => "resolution",
            Self::Escalation => "escalation",
            Self::Abandon => "abandon",
            Self::Csat => "csat",
        }
    }

    /// The metric that is driven.
    pub const fn metric(self) -> &'static str {
        match self {
            Self::Resolution => "resolution_rate",
            Self::Escalation => "escalation_rate",
            Self::Abandon => "abandon_rate",
            Self::Csat => "csat_score",
        }
    }

    /// Whether a positive impact is good.
    const fn up_is_good(self) -> bool {
        matches!(self, Self::Resolution | Self::Csat)
    }
}

impl std::str::FromStr for DrivenOutcome {
    type Err = Problem;
    fn from_str(text: &str) -> Result<Self, Problem> {
        let names = Self::ALL.map(Self::name);
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.name() == text)
            .ok_or_else(|| {
                Problem::new(
                    ProblemCode::UnknownName,
                    "outcome",
                    format!(
                        "there are no drivers of `{text}`; expected one of {}",
                        names.join(", ")
                    ),
                )
                .suggest(nearest(text, names))
            })
    }
}

/// A question about drivers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct DriverQuery {
    /// Which number is driven.
    pub outcome: DrivenOutcome,
    /// By which dimension: `topic` for the topic that owns a session, `topics` for all that it visited,
    /// or any other.
    pub by: String,
    /// Filters; a session must pass all of them.
    pub filters: Vec<String>,
    /// From when until when.
    pub range: RangeSpec,
    /// Which traffic is counted.
    pub environment: EnvironmentChoice,
    /// The IANA name of the zone of dates; that of the workspace where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// How many rows at most.
    pub limit: Option<usize>,
    /// Which fact set is read: the name of its profile, or of its facts. Nothing means the active one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Whether the answer says how it came about: what its numbers say, what was read, and how long each stage took.
    #[serde(skip_serializing_if = "crate::query::is_false")]
    pub explain: bool,
    /// The clock, in UTC microseconds; whoever runs the query sets it.
    #[serde(skip)]
    pub now: i64,
    /// How old a session must be to be judged, in microseconds; nothing means what the profile says.
    #[serde(skip)]
    pub maturity: Option<i64>,
}

impl Default for DriverQuery {
    fn default() -> Self {
        Self {
            outcome: DrivenOutcome::default(),
            by: "topic".to_owned(),
            filters: Vec::new(),
            range: RangeSpec::default(),
            environment: EnvironmentChoice::default(),
            time_zone: None,
            limit: None,
            profile: None,
            explain: false,
            now: 0,
            maturity: None,
        }
    }
}

/// The drivers of a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DriverResult {
    /// Which number is driven.
    pub outcome: DrivenOutcome,
    /// The metric of that number.
    pub metric: String,
    /// By which dimension.
    pub by: String,
    /// The range that was read.
    pub range: RangeInfo,
    /// Which traffic is counted.
    pub environment: EnvironmentChoice,
    /// The number over all sessions.
    pub overall: MetricValue,
    /// The drivers, strongest first.
    pub rows: Vec<DriverRow>,
    /// How many there are; more than the rows where the query had a limit.
    pub row_count: usize,
    /// What whoever reads the numbers should know.
    pub notes: Vec<Note>,
    /// The rules that made the facts.
    pub fact_set: String,
    /// The catalog's snapshot that was read.
    pub snapshot: i64,
    /// How many rows were read.
    #[serde(default)]
    pub rows_read: u64,
    /// How the answer came about, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub explanation: Option<Explanation>,
    /// How long the answer took.
    pub took_milliseconds: f64,
}

/// What one value does to the overall number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DriverRow {
    /// The value; null where nothing was said.
    pub value: Option<String>,
    /// The name of the topic, where it is one and its name is known.
    pub name: Option<String>,
    /// The number over the sessions with the value.
    pub metric: MetricValue,
    /// Their share of all sessions that the overall number rests on.
    pub share: f64,
    /// The overall number without them; null where nothing remains.
    pub without: Option<f64>,
    /// The overall number minus that without them, in the metric's unit; null where nothing remains.
    pub impact: Option<f64>,
    /// The 95 % interval of the impact.
    pub interval: Option<[f64; 2]>,
    /// How likely so large an impact is if the value were like the rest.
    pub p_value: Option<f64>,
    /// What to make of it.
    pub verdict: Verdict,
    /// The filter that lists the sessions with the value on which the number rests.
    #[serde(default)]
    pub filter: String,
}

/// What is read: sessions, by their start.
const PASS: PassKey = PassKey {
    subject: Subject::Sessions,
    clock: Clock::SessionStart,
    reach: Reach::Range,
    sources: Sources::Retrieved,
};

/// Below so many sessions no impact is judged.
const FEW: u64 = 30;

impl Engine {
    /// What drives a number.
    ///
    /// # Errors
    /// As for [`Engine::run`].
    pub async fn drivers(
        &self,
        query: &DriverQuery,
        capture: &Capture,
    ) -> Result<DriverResult, QueryError> {
        let began = Instant::now();
        let mut trace = Trace::new(query.explain, began);
        let resolved = resolved(query, maturity(query.maturity, capture), capture)?;
        trace.stage("resolve");
        let Part { plan, gathered } = self
            .driver_pass(&resolved, capture, PassPurpose::Rows, &mut trace)
            .await?;
        trace.stage("rows");
        let (names, more_rows) = match query.by.as_str() {
            "topic" | "topics" => self.topic_names(&resolved, capture, &mut trace).await?,
            _ => (HashMap::new(), 0),
        };
        trace.stage("names");
        let mut result = result(query, &resolved, &plan, &gathered, &names);
        result.rows_read = gathered.rows_read + more_rows;
        result.explanation = trace.told_of(&result)?;
        result.fact_set.clone_from(&capture.fact_set);
        result.snapshot = capture.snapshot;
        result.took_milliseconds = began.elapsed().as_secs_f64() * 1e3;
        Ok(result)
    }

    /// What drives several numbers, read together. Values have no names.
    pub(crate) async fn nameless_drivers(
        &self,
        queries: &[DriverQuery],
        capture: &Capture,
        trace: &mut Trace,
    ) -> Result<Vec<DriverResult>, QueryError> {
        let mut asked = Vec::with_capacity(queries.len());
        let mut plans = Vec::with_capacity(queries.len());
        for query in queries {
            let resolved = resolved(query, maturity(query.maturity, capture), capture)?;
            plans.push(plan(&resolved, PASS, resolved.range)?);
            asked.push((query, resolved));
        }
        let parts = self
            .told_passes(plans, capture, PassPurpose::Impacts, trace)
            .await?;
        let nameless = HashMap::new();
        let found = asked.iter().zip(&parts);
        Ok(found
            .map(|((query, resolved), part)| {
                result(query, resolved, &part.plan, &part.gathered, &nameless)
            })
            .collect())
    }

    /// One pass over the sessions.
    async fn driver_pass(
        &self,
        resolved: &Resolved,
        capture: &Capture,
        purpose: PassPurpose,
        trace: &mut Trace,
    ) -> Result<Part, QueryError> {
        let plan = plan(resolved, PASS, resolved.range)?;
        self.told_pass(plan, capture, purpose, trace).await
    }

    /// The names of topics, from the sessions that they own, and how many rows were read for them.
    async fn topic_names(
        &self,
        resolved: &Resolved,
        capture: &Capture,
        trace: &mut Trace,
    ) -> Result<(HashMap<String, String>, u64), QueryError> {
        let mut resolved = resolved.clone();
        resolved.metrics = crate::registry::metric("sessions").into_iter().collect();
        resolved.groups = ["topic", "topic_name"]
            .iter()
            .map(|id| crate::query::resolve::group(id, "by"))
            .collect::<Result<_, _>>()?;
        let Part { gathered, .. } = self
            .driver_pass(&resolved, capture, PassPurpose::Names, trace)
            .await?;
        let mut groups = gathered.groups;
        // The commonest name of a topic wins, then the first in the alphabet.
        groups.sort_by(|(first_key, first), (second_key, second)| {
            let most = |cells: &Filled| cells.counters.iter().max().copied();
            most(first)
                .cmp(&most(second))
                .then_with(|| second_key.cmp(first_key))
        });
        let names = groups
            .into_iter()
            .filter_map(|(key, _)| match key.as_slice() {
                [GroupValue::Text(id), GroupValue::Text(name)] => {
                    Some((id.to_string(), name.to_string()))
                }
                _ => None,
            });
        Ok((names.collect(), gathered.rows_read))
    }
}

fn resolved(
    query: &DriverQuery,
    maturity: MaturityTimes,
    capture: &Capture,
) -> Result<Resolved, QueryError> {
    let base = Query {
        metrics: vec![query.outcome.metric().to_owned()],
        dimensions: vec![query.by.clone()],
        // Drivers look at engaged sessions, also where they look at satisfaction.
        filters: query.filters.clone(),
        range: query.range.clone(),
        time_zone: query.time_zone.clone(),
        environment: query.environment,
        limit: query.limit,
        now: query.now,
        ..Query::default()
    };
    let mut resolved =
        resolve(&base, maturity, &capture.preferences).map_err(|error| match error {
            QueryError::Invalid(problems) => QueryError::Invalid(
                problems
                    .into_iter()
                    .map(|problem| match problem.field.as_str() {
                        "dimensions[0]" => problem.in_field("by"),
                        _ => problem,
                    })
                    .collect(),
            ),
            other => other,
        })?;
    if matches!(resolved.groups[0].source, GroupSource::Time(_)) {
        return Err(Problem::new(
            ProblemCode::Conflict,
            "by",
            "time is no driver; compare ranges, or cut a query by a grain",
        )
        .into());
    }
    let engaged = crate::filter::definition("engaged");
    resolved.filter = resolved.filter.and(engaged);
    Ok(optimise(resolved))
}

fn result(
    query: &DriverQuery,
    resolved: &Resolved,
    plan: &Plan,
    gathered: &Gathered,
    names: &HashMap<String, String>,
) -> DriverResult {
    let of = |filled| {
        let totals = &gathered.totals;
        let basis = Basis {
            terms: &plan.terms,
            filled,
            totals,
            sampling: gathered.sampling,
            subject: plan.subject,
        };
        measure(&plan.metrics[0], basis).value
    };
    let overall = of(&gathered.totals);
    let mut rows: Vec<DriverRow> = gathered
        .groups
        .iter()
        .map(|(key, filled)| {
            let value = label(&plan.groupings[0], &key[0]);
            let name = value.as_ref().and_then(|id| names.get(id)).cloned();
            let metric = of(filled);
            row(
                query.outcome,
                plan,
                gathered,
                filled,
                (value, name, metric),
                &overall,
            )
        })
        .filter(|row| row.metric.n > 0)
        .map(|row| DriverRow {
            filter: filter_of(resolved, plan, row.value.as_deref()),
            ..row
        })
        .collect();
    let strength = |row: &DriverRow| row.impact.map_or(-1.0, f64::abs);
    rows.sort_by(|first, second| {
        strength(second)
            .total_cmp(&strength(first))
            .then_with(|| first.value.cmp(&second.value))
    });
    let row_count = rows.len();
    rows.truncate(query.limit.unwrap_or(usize::MAX));
    DriverResult {
        outcome: query.outcome,
        metric: query.outcome.metric().to_owned(),
        by: query.by.clone(),
        range: range_info(resolved, resolved.range),
        environment: query.environment,
        notes: notes(query, &overall, gathered),
        overall,
        rows,
        row_count,
        fact_set: String::new(),
        snapshot: 0,
        rows_read: 0,
        explanation: None,
        took_milliseconds: 0.0,
    }
}

fn notes(query: &DriverQuery, overall: &MetricValue, gathered: &Gathered) -> Vec<Note> {
    let mut notes = vec![environment_note(
        query.environment,
        &[(Subject::Sessions, gathered.left_out)],
    )];
    if overall.pending > 0 {
        notes.push(Note {
            code: NoteCode::Pending,
            text: format!(
                "{} engaged sessions are too young to be judged",
                overall.pending
            ),
            count: overall.pending,
        });
    }
    if query.by == "topics" {
        notes.push(Note {
            code: NoteCode::ManyValued,
            text: "a session counts in the row of every topic that it visited".to_owned(),
            count: 0,
        });
    }
    notes
}

fn row(
    outcome: DrivenOutcome,
    plan: &Plan,
    gathered: &Gathered,
    filled: &Filled,
    (value, name, metric): (Option<String>, Option<String>, MetricValue),
    overall: &MetricValue,
) -> DriverRow {
    let found = found_impact(plan, gathered, filled, overall);
    let share = if overall.n == 0 {
        0.0
    } else {
        metric.n as f64 / overall.n as f64
    };
    let impact = found.map(|found| found.value);
    let p_value = found.and_then(|found| found.p_value);
    let verdict = match (impact, p_value) {
        (None, _) => Verdict::NoData,
        (_, Some(p_value)) if metric.n >= FEW && overall.n - metric.n >= FEW => {
            match (
                p_value < 0.05,
                impact.is_some_and(|impact| impact > 0.0) == outcome.up_is_good(),
            ) {
                (false, _) => Verdict::Noise,
                (true, true) => Verdict::Better,
                (true, false) => Verdict::Worse,
            }
        }
        _ => Verdict::TooFew,
    };
    DriverRow {
        value,
        name,
        share,
        without: overall
            .value
            .zip(impact)
            .map(|(overall, impact)| overall - impact),
        impact,
        interval: found
            .and_then(|found| found.interval)
            .map(|interval| [interval.lower, interval.upper]),
        p_value,
        verdict,
        metric,
        filter: String::new(),
    }
}

/// The filter that lists the sessions with a value on which its number rests.
fn filter_of(resolved: &Resolved, plan: &Plan, value: Option<&str>) -> String {
    // Drivers look at engaged sessions, whatever the metric is about.
    let mut conditions = vec!["engaged".to_owned()];
    // What the number rests on is what it is divided by, which rates and means have.
    let judged = part(plan.metrics[0].metric, CellPart::Denominator);
    conditions.extend(judged.map(|(judged, ..)| judged).unwrap_or_default());
    let group = resolved.groups.first();
    conditions.extend(group.map(|group| condition(group, value, PASS, &plan.terms)));
    conditions.dedup();
    let conditions = conditions.iter().map(|condition| format!("({condition})"));
    conditions.collect::<Vec<_>>().join(" and ")
}
