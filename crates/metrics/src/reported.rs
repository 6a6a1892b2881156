//! «Does it match the platform's own numbers?»: what sources report of sessions beside what the rules find.

use std::time::Instant;

use serde::{Deserialize, Serialize};
use upshot_core::words::{Outcome, Word};
use upshot_lake::{Capture, Table};

use crate::engine::Engine;
use crate::error::QueryError;
use crate::query::{EnvironmentChoice, Query, tables_of_filters};
use crate::result::{MetricValue, QueryResult, RangeInfo, Row};
use crate::time::RangeSpec;

/// The sessions on which the platform reports.
const REPORTED: &str = "reported";
/// Those of them of which it reports something else than the rules find.
const DIFFERING: &str = "reported and not reported_agrees";

/// Of which sessions to compare what the platform reports.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReportedQuery {
    /// Filters; a session must pass all of them.
    pub filters: Vec<String>,
    /// From when until when.
    pub range: RangeSpec,
    /// Which traffic is counted.
    pub environment: EnvironmentChoice,
    /// The IANA name of the zone of dates; that of the workspace where nothing is said.
    pub time_zone: Option<String>,
    /// Which fact set is read; nothing means the active one.
    pub profile: Option<String>,
    /// The clock, in UTC microseconds; whoever asks sets it.
    pub now: i64,
}

/// What the platform reports beside what the rules find.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportedCheck {
    /// The range.
    pub range: RangeInfo,
    /// Which traffic is counted.
    pub environment: EnvironmentChoice,
    /// The rules that made the facts.
    pub fact_set: String,
    /// Sessions in the range.
    pub sessions: u64,
    /// Those of them on which the platform reports.
    pub reported: u64,
    /// The share of these that it reports as the rules find them: the metric `reported_agreement`.
    pub agreement: MetricValue,
    /// How many of them it reports otherwise.
    pub differing: u64,
    /// The filter that lists these.
    pub differing_filter: String,
    /// Each thing that is reported: engagement, then each outcome.
    pub rows: Vec<ReportedRow>,
    /// What was found where something else was reported, the most frequent first.
    pub pairs: Vec<ReportedPair>,
    /// How long the answer took.
    pub took_milliseconds: f64,
}

/// How often something was reported, and found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportedRow {
    /// `engaged`, or an outcome.
    #[cfg_attr(feature = "openapi", schema(examples("resolved")))]
    pub what: String,
    /// Sessions on which the platform says whether it is so.
    pub sessions: u64,
    /// Of how many of these the rules find it.
    pub computed: u64,
    /// Of how many of these the platform reports it.
    pub reported: u64,
    /// Of how many only one of the two says it.
    pub differing: u64,
    /// The filter that lists these.
    pub filter: String,
}

/// An outcome that was found where another was reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportedPair {
    /// The outcome that the rules find.
    pub computed: String,
    /// The outcome that the platform reports.
    pub reported: String,
    /// How many sessions.
    pub sessions: u64,
    /// The filter that lists these.
    pub filter: String,
}

impl ReportedQuery {
    /// The tables that it reads.
    pub fn tables_needed(&self) -> Vec<Table> {
        tables_of_filters(&self.filters)
    }

    fn query(&self, metrics: &[&str], dimensions: &[&str]) -> Query {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        Query {
            metrics: names(metrics),
            dimensions: names(dimensions),
            filters: self.filters.clone(),
            range: self.range.clone(),
            environment: self.environment,
            time_zone: self.time_zone.clone(),
            profile: self.profile.clone(),
            now: self.now,
            ..Query::default()
        }
    }
}

impl Engine {
    /// Compares what sources report with what the rules find.
    ///
    /// # Errors
    /// When a filter or the range is wrong, or files cannot be read.
    pub async fn reported(
        &self,
        query: &ReportedQuery,
        capture: &Capture,
    ) -> Result<ReportedCheck, QueryError> {
        let began = Instant::now();
        let all = query.query(&["sessions", "reported_agreement"], &[]);
        let all = self.run(&all, capture).await?;
        let mut cut = query.query(
            &["sessions"],
            &["outcome", "reported_outcome", "reported_engaged"],
        );
        cut.filters.push(REPORTED.to_owned());
        let cells = cells(&self.run(&cut, capture).await?);
        let agreement = all.totals.get("reported_agreement").cloned();
        let outcomes = Outcome::ALL
            .iter()
            .map(|outcome| outcome_row(&cells, outcome.as_str()));
        Ok(ReportedCheck {
            sessions: count(&all.totals),
            range: all.range,
            environment: query.environment,
            fact_set: capture.fact_set.clone(),
            reported: cells.iter().map(|cell| cell.sessions).sum(),
            agreement: agreement.unwrap_or_default(),
            differing: total(&cells, |cell| !cell.agrees()),
            differing_filter: DIFFERING.to_owned(),
            rows: std::iter::once(engaged_row(&cells))
                .chain(outcomes)
                .collect(),
            pairs: pairs(&cells),
            took_milliseconds: began.elapsed().as_secs_f64() * 1e3,
        })
    }
}

/// Sessions of which the same is found and reported.
struct Cell {
    computed: String,
    reported: Option<String>,
    reported_engaged: Option<bool>,
    sessions: u64,
}

impl Cell {
    fn engaged(&self) -> bool {
        self.computed != Outcome::None.as_str()
    }

    fn agrees(&self) -> bool {
        self.reported_engaged
            .is_none_or(|said| said == self.engaged())
            && self
                .reported
                .as_ref()
                .is_none_or(|said| *said == self.computed)
    }
}

fn count(values: &std::collections::BTreeMap<String, MetricValue>) -> u64 {
    values.get("sessions").map_or(0, |value| value.n)
}

fn cells(answer: &QueryResult) -> Vec<Cell> {
    let cell = |row: &Row| {
        let said = |dimension: &str| row.dimensions.get(dimension).cloned().flatten();
        Cell {
            computed: said("outcome").unwrap_or_default(),
            reported: said("reported_outcome"),
            reported_engaged: said("reported_engaged").map(|said| said == "yes"),
            sessions: count(&row.metrics),
        }
    };
    answer.rows.iter().map(cell).collect()
}

fn total(cells: &[Cell], of: impl Fn(&Cell) -> bool) -> u64 {
    let cells = cells.iter().filter(|cell| of(cell));
    cells.map(|cell| cell.sessions).sum()
}

fn engaged_row(cells: &[Cell]) -> ReportedRow {
    let said = |cell: &Cell| cell.reported_engaged;
    ReportedRow {
        what: "engaged".to_owned(),
        sessions: total(cells, |cell| said(cell).is_some()),
        computed: total(cells, |cell| said(cell).is_some() && cell.engaged()),
        reported: total(cells, |cell| said(cell) == Some(true)),
        differing: total(cells, |cell| {
            said(cell).is_some_and(|said| said != cell.engaged())
        }),
        filter: "(reported_engaged and unengaged) or (reported_engaged = no and engaged)"
            .to_owned(),
    }
}

fn outcome_row(cells: &[Cell], outcome: &str) -> ReportedRow {
    let computed = |cell: &Cell| cell.reported.is_some() && cell.computed == outcome;
    let reported = |cell: &Cell| cell.reported.as_deref() == Some(outcome);
    ReportedRow {
        what: outcome.to_owned(),
        sessions: total(cells, |cell| cell.reported.is_some()),
        computed: total(cells, computed),
        reported: total(cells, reported),
        differing: total(cells, |cell| computed(cell) != reported(cell)),
        filter: format!(
            "(outcome = {outcome} and reported_outcome is not null and reported_outcome != {outcome}) \
             or (reported_outcome = {outcome} and outcome != {outcome})"
        ),
    }
}

fn pairs(cells: &[Cell]) -> Vec<ReportedPair> {
    let mut found = Vec::new();
    let names = || Outcome::ALL.iter().map(|outcome| outcome.as_str());
    for computed in names() {
        for reported in names().filter(|other| *other != computed) {
            let sessions = total(cells, |cell| {
                cell.computed == computed && cell.reported.as_deref() == Some(reported)
            });
            if sessions > 0 {
                found.push(ReportedPair {
                    computed: computed.to_owned(),
                    reported: reported.to_owned(),
                    sessions,
                    filter: format!("outcome = {computed} and reported_outcome = {reported}"),
                });
            }
        }
    }
    found.sort_by_key(|pair| std::cmp::Reverse(pair.sessions));
    found
}
