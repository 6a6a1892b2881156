//! The sessions behind one number of an answer.
//!
//! Every number of an answer (a metric in a row, its numerator or denominator, in the range or in the
//! one to compare with) is written as a filter, with which [`Engine::sessions`] lists exactly the sessions
//! behind it. For metrics of messages and steps each of them says how many of the counted rows it holds.

mod conditions;
mod counting;

use std::collections::{BTreeMap, HashSet};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use upshot_core::Session;
use upshot_core::profile::MaturityTimes;
use upshot_core::time::DAY;
use upshot_lake::Capture;

pub(crate) use self::conditions::{condition, part};
use self::conditions::{in_one_of, none_of, pass, quoted, wrong};
use self::counting::Counting;
use crate::answer::{Origin, Ranges};
use crate::assemble::Key;
use crate::engine::{Engine, bounded, maturity};
use crate::error::{Problem, QueryError};
use crate::explain::{Explanation, PassPurpose, Trace};
use crate::filter::{Measure, ResolveContext, Segments};
use crate::measure::factor;
use crate::query::Query;
use crate::query::optimise::optimise;
use crate::query::pass_key::PassKey;
use crate::query::plan::{Cells, Plan};
use crate::query::reach::Reach;
use crate::query::resolve::{GroupBy, GroupSource, Resolved, filters, resolve};
use crate::query::scope::{in_environment, in_range, mature};
use crate::registry::{Clock, Kind, Metric, Subject};
use crate::sessions::SessionQuery;
use crate::side_by_side::of_segment;
use crate::time::{Buckets, Compare, Grain, Range, RangeSpec, format_instant};

/// Which part of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CellPart {
    /// What was counted or summed; of counts, sums and quantiles the value itself.
    #[default]
    Numerator,
    /// What it was divided by.
    Denominator,
}

/// One number of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Cell {
    /// The metric.
    pub metric: String,
    /// Which part of its value.
    pub part: CellPart,
    /// The values of dimensions, as the row has them. A dimension that is left out is not cut by:
    /// without any, the totals are meant.
    pub dimensions: BTreeMap<String, Option<String>>,
    /// Whether the row of all others together is meant.
    pub other: bool,
    /// Whether the number of the range or segment to compare with is meant.
    pub compared: bool,
}

/// Which page of the sessions behind a number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Page {
    /// As for lists of sessions.
    pub order: Option<String>,
    /// How many sessions at most.
    pub limit: Option<usize>,
    /// Where the list goes on.
    pub cursor: Option<String>,
}

/// A session behind a number, with what it adds to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Contribution {
    /// The session.
    pub session: Session,
    /// How many of the counted rows it holds; 1 where sessions are counted.
    pub rows: u64,
    /// What it adds to a sum, in the unit of the metric.
    pub amount: Option<f64>,
}

/// What is behind a number.
#[derive(Debug, Clone, PartialEq)]
pub struct DrillDown {
    /// The list of exactly these sessions, as anybody may ask for it.
    pub query: SessionQuery,
    /// What is counted.
    pub subject: Subject,
    /// A page of the sessions.
    pub sessions: Vec<Contribution>,
    /// How many sessions there are in all.
    pub session_count: u64,
    /// How many rows were counted in all: those of the sessions and those outside any. Where sessions are
    /// counted, the number of sessions.
    pub row_count: u64,
    /// How many of the rows belong to no session: what agents wrote outside of any.
    pub rows_without_session: u64,
    /// What all rows add up to, where the number is a sum, in the unit of the metric.
    pub amount: Option<f64>,
    /// How many different keys the rows have, where those are counted.
    pub distinct: Option<u64>,
    /// Where these are counted anew each day and added up: the number is that over so many days.
    pub days: Option<u32>,
    /// The rules that made the facts.
    pub fact_set: String,
    /// The catalog's snapshot that was read.
    pub snapshot: i64,
    /// How the answer came about, where it was asked for.
    pub explanation: Option<Explanation>,
}

/// The rows behind a number: conditions on them, and what is counted of them.
struct Behind {
    /// The pass that holds the rows.
    pass: PassKey,
    /// On rows of the pass.
    conditions: Vec<String>,
    /// By the clock of the pass.
    range: Range,
    measure: Option<Measure>,
    key: Option<&'static str>,
    /// What makes the unit of the metric of sums.
    factor: f64,
    /// Of which users, where they are those who have most: so many percent.
    top_users: Option<u32>,
    /// Over how many days keys are counted by day.
    days: Option<u32>,
}

/// The groups that stand together as one: all but some.
struct Others {
    /// The dimensions by which groups are kept or not.
    groups: Vec<GroupBy>,
    /// The groups that stand by themselves.
    kept: HashSet<Key>,
}

impl Engine {
    /// The sessions behind one number of the answer to a query.
    ///
    /// # Errors
    /// As for [`Engine::run`]; and when the query has no such number.
    pub async fn drilldown(
        &self,
        query: &Query,
        cell: &Cell,
        page: &Page,
        capture: &Capture,
    ) -> Result<DrillDown, QueryError> {
        let mut trace = Trace::new(query.explain, Instant::now());
        let (query, cell) = &of_segment(query, cell)?;
        let maturity = maturity(query.maturity, capture);
        let resolved = optimise(resolve(query, maturity.clone(), &capture.preferences)?);
        trace.stage("resolve");
        let range = bounded(&resolved, capture, self.resources()).await?;
        trace.stage("range");
        let others = match cell.other {
            false => None,
            true => Some(self.others(&resolved, range, capture, &mut trace).await?),
        };
        trace.stage("rank");
        let behind = behind(query, &resolved, cell, range, others)?;
        let list = session_query(query, &resolved, &behind, page);
        let listed = self.listed(&list, capture).await?;
        let of_top = listed.top.as_ref();
        trace.reading(PassPurpose::Ranking, of_top.map(|top| &top.record));
        trace.reading(PassPurpose::Sessions, Some(&listed.record));
        trace.stage("sessions");
        let mut base = selection(query, &resolved, &behind, &maturity, &*capture.preferences)?;
        if let Some(top) = of_top {
            base.selection = base.selection.and(top.condition.clone());
        }
        let counting = Counting {
            base: &base,
            behind: &behind,
            resolved: &resolved,
        };
        let all = self.counted(&counting, None, capture, &mut trace).await?;
        trace.stage("rows");
        let sessions = self.contributions(&counting, listed.sessions, capture, &mut trace);
        let sessions = sessions.await?;
        trace.stage("contributions");
        let total = all.gathered.totals.clone();
        let metric = resolved.metrics.iter();
        let metric = metric.copied().find(|asked| asked.id == cell.metric);
        Ok(DrillDown {
            query: list,
            subject: behind.pass.subject,
            sessions,
            session_count: total.sets[0],
            row_count: total.counters[0],
            rows_without_session: total.counters[0] - total.counters[1],
            amount: behind.amount(&total),
            distinct: behind.distinct(&all.gathered),
            days: behind.days,
            fact_set: capture.fact_set.clone(),
            snapshot: capture.snapshot,
            explanation: trace.told_of_metrics(metric),
        })
    }

    /// Which groups stand together.
    async fn others(
        &self,
        resolved: &Resolved,
        range: Range,
        capture: &Capture,
        trace: &mut Trace,
    ) -> Result<Others, QueryError> {
        let ranges = Ranges {
            current: range,
            compared: None,
        };
        let from = Origin {
            capture,
            rounds: None,
        };
        let kept = self.kept(resolved, ranges, from, trace).await?;
        let Some(kept) = kept else {
            return Err(wrong("other", "the answer has no row of all others".to_owned()).into());
        };
        let dimensions = kept.dimensions.iter();
        let groups = dimensions.map(|index| resolved.groups[*index].clone());
        Ok(Others {
            groups: groups.collect(),
            kept: kept.keys,
        })
    }
}

/// The range of the answer in which the cell lies: its own, or the one to compare with.
fn cell_range(resolved: &Resolved, cell: &Cell, range: Range) -> Result<Range, Problem> {
    let found = match cell.compared {
        false => Some(range),
        true => resolved.compare_range(range)?,
    };
    found.ok_or_else(|| wrong("compared", "the query compares with nothing".to_owned()))
}

/// There is nothing behind a number that stands beside nothing.
fn left_out(grain: Grain, label: &str) -> Problem {
    wrong(
        "dimensions",
        format!("the range to compare with has no {grain} beside `{label}`"),
    )
}

/// What is behind a number.
fn behind(
    query: &Query,
    resolved: &Resolved,
    cell: &Cell,
    range: Range,
    others: Option<Others>,
) -> Result<Behind, QueryError> {
    let asked = resolved
        .metrics
        .iter()
        .find(|asked| asked.id == cell.metric);
    let Some(metric) = asked.copied() else {
        return Err(wrong(
            "metric",
            format!("the query does not ask for `{}`", cell.metric),
        )
        .into());
    };
    let whole = cell_range(resolved, cell, range)?;
    let mut cell_range = whole;
    let mut conditions: Vec<String> = query.filters.clone();
    let segment = match (&resolved.compare, cell.compared) {
        (Some(Compare::Segment(name)), true) => Some(name.as_str()),
        _ => query.segment.as_deref(),
    };
    conditions.extend(segment.map(|name| format!("segment {}", quoted(name))));
    let terms = resolved.terms(cell_range);
    let (rows, measure, key) = part(metric, cell.part)?;
    let pass = pass(metric, cell.part);
    conditions.extend(rows.iter().map(|text| terms.fill(text).into_owned()));
    let mut together: &[GroupBy] = &[];
    if let Some(others) = &others {
        together = &others.groups;
        conditions.push(none_of(together, &others.kept, pass, &terms)?);
    }
    for (id, value) in &cell.dimensions {
        if together.iter().any(|group| group.id == *id) {
            continue;
        }
        let found = match resolved.groups.iter().find(|group| group.id == *id) {
            Some(found) => found.clone(),
            None => {
                return Err(wrong("dimensions", format!("the query is not cut by `{id}`")).into());
            }
        };
        match (&found.source, value) {
            (GroupSource::Time(grain), Some(label)) if !grain.is_cyclic() => {
                let unknown =
                    || wrong("dimensions", format!("the answer has no {grain} `{label}`"));
                let buckets = Buckets::new(*grain, range, &resolved.calendar)?;
                let position = (0..buckets.len()).find(|bucket| buckets.label(*bucket) == *label);
                let position = position.ok_or_else(unknown)?;
                let own = match cell.compared {
                    false => buckets,
                    true => resolved.compared(range).buckets(*grain, whole)?,
                };
                let stretches = own.stretches().filter(|(at, _)| *at == position);
                let stretches: Vec<Range> = stretches.map(|(_, stretch)| stretch).collect();
                let all = stretches.iter().copied().reduce(Range::hull);
                let all = all.ok_or_else(|| left_out(*grain, label))?;
                if pass.reach == Reach::Range {
                    conditions.extend(in_one_of(&stretches, pass, &resolved.calendar.zone));
                }
                cell_range = Range {
                    from: cell_range.from.max(all.from),
                    to: cell_range.to.min(all.to),
                };
            }
            _ => {
                conditions.push(condition(&found, value.as_deref(), pass, &terms));
            }
        }
    }
    Ok(Behind {
        // What sums are divided by is told as it was counted.
        factor: match cell.part {
            CellPart::Numerator => factor(metric),
            CellPart::Denominator => 1.0,
        },
        top_users: match (metric.kind, cell.part) {
            (Kind::TopShare { percent, .. }, CellPart::Numerator) => Some(percent),
            _ => None,
        },
        days: match (metric.kind, cell.part) {
            (Kind::Stickiness { days, .. }, CellPart::Numerator) => Some(days),
            _ => None,
        },
        pass,
        conditions,
        range: reached(resolved, metric, cell_range, whole)?,
        measure: measure.map(|measure| measure.at(resolved.now)),
        key: key.map(|key| terms.key(key)),
    })
}

/// The range in which the rows of a number of this range lie; the range of all numbers is `whole`. A
/// window is one of days, to the end of the day, also where an answer is cut finer.
fn reached(
    resolved: &Resolved,
    metric: &Metric,
    range: Range,
    whole: Range,
) -> Result<Range, Problem> {
    match Reach::of(metric.kind) {
        Reach::Range => Ok(range),
        Reach::Ever => Ok(Range {
            from: i64::MIN,
            ..range
        }),
        Reach::Trailing(days) => {
            let closed = |to| match to {
                i64::MAX => resolved.now.saturating_add(1),
                to => to,
            };
            let (last, to) = (closed(range.to) - 1, closed(whole.to));
            let from = last.saturating_sub((i64::from(days) + 1) * DAY);
            let by_day = Buckets::new(Grain::Day, Range { from, to }, &resolved.calendar)?;
            let next = by_day.find(last, 0).unwrap_or(0) + 1;
            Ok(Range {
                from: by_day.start(next.saturating_sub(days as usize)),
                to: to.min(by_day.start(next)),
            })
        }
    }
}

/// The list of exactly the sessions behind a number.
fn session_query(query: &Query, resolved: &Resolved, behind: &Behind, page: &Page) -> SessionQuery {
    let end = |time: i64, open: i64| {
        (time != open).then(|| format_instant(time, &resolved.calendar.zone))
    };
    let (from, to) = (
        end(behind.range.from, i64::MIN),
        end(behind.range.to, i64::MAX),
    );
    let key = behind.pass;
    let mut conditions = behind.conditions.clone();
    let mut range = RangeSpec::default();
    match key.clock {
        Clock::SessionStart => {
            range = RangeSpec {
                from,
                to,
                last: None,
            }
        }
        Clock::EventTime => {
            let column = key.time_column();
            conditions.extend(from.map(|from| format!("{column} >= {}", quoted(&from))));
            conditions.extend(to.map(|to| format!("{column} < {}", quoted(&to))));
        }
    }
    let filters = match behind.pass.subject {
        Subject::Sessions => conditions,
        subject if conditions.is_empty() => vec![format!("any {}", subject.one())],
        subject => {
            let parts: Vec<String> = conditions.iter().map(|part| format!("({part})")).collect();
            vec![format!("any {} ({})", subject.one(), parts.join(" and "))]
        }
    };
    SessionQuery {
        filters,
        range,
        environment: query.environment,
        time_zone: query.time_zone.clone(),
        top_users: behind.top_users,
        identity: query.identity,
        order: page.order.clone(),
        limit: page.limit,
        cursor: page.cursor.clone(),
        profile: query.profile.clone(),
        now: query.now,
        maturity: query.maturity,
    }
}

/// A pass over the rows behind a number, of which nothing is counted yet.
fn selection(
    query: &Query,
    resolved: &Resolved,
    behind: &Behind,
    maturity: &MaturityTimes,
    segments: &dyn Segments,
) -> Result<Plan, QueryError> {
    let key = behind.pass;
    let context = ResolveContext::new(resolved.calendar.zone.clone())
        .judging(mature(query.now, maturity))
        .at(query.now)
        .of(vec![key.subject])
        .with(segments);
    let mut problems = Vec::new();
    let filter = filters(&behind.conditions, &context, &mut problems);
    if !problems.is_empty() {
        return Err(QueryError::Invalid(problems));
    }
    Ok(Plan {
        subject: key.subject,
        selection: in_range(key.time_column(), behind.range).and(filter),
        environment: in_environment(query.environment),
        traffic: query.environment,
        groupings: Vec::new(),
        kept: None,
        reading: None,
        cells: Cells::default(),
        metrics: Vec::new(),
        terms: resolved.terms(behind.range),
        unlinkable: None,
        overlap: None,
        remarks: Vec::new(),
    })
}
