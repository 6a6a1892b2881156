//! Answers queries: the passes of a query, which groups stand by themselves, subtotals and pages.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use upshot_lake::{Capture, Preferences};
use xxhash_rust::xxh3::xxh3_64;

use crate::assemble::{Key, Part, Passes, assemble, ordered, row};
use crate::baseline::{self, Baselines};
use crate::engine::{Engine, bounded, maturity};
use crate::error::{Problem, ProblemCode, QueryError};
use crate::explain::{PassPurpose, Trace};
use crate::pass;
use crate::query::Query;
use crate::query::optimise::optimise;
use crate::query::plan::{Plan, plan};
use crate::query::resolve::{Resolved, resolve};
use crate::result::{QueryResult, Row};
use crate::run::groups::Kept;
use crate::time::Range;
use crate::together::Rounds;

/// For which ranges a query is answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ranges {
    pub(crate) current: Range,
    pub(crate) compared: Option<Range>,
}

/// What is read, and with whom.
#[derive(Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub(crate) capture: &'a Capture,
    /// Where the passes of several queries share readings.
    pub(crate) rounds: Option<&'a Rounds>,
}

impl Engine {
    /// Answers a query.
    ///
    /// # Errors
    /// [`QueryError::Invalid`] with everything that is wrong with the query; other errors where data
    /// could not be read or memory does not suffice.
    pub async fn run(&self, query: &Query, capture: &Capture) -> Result<QueryResult, QueryError> {
        self.run_among(query, capture, None).await
    }

    /// Answers a query, alone or in rounds with others.
    pub(crate) async fn run_among(
        &self,
        query: &Query,
        capture: &Capture,
        rounds: Option<&Rounds>,
    ) -> Result<QueryResult, QueryError> {
        match query.segments.is_empty() {
            true => self.run_one(query, capture, rounds).await,
            false => self.side_by_side(query, capture, rounds).await,
        }
    }

    /// Answers a query about one stretch of sessions.
    pub(crate) async fn run_one(
        &self,
        query: &Query,
        capture: &Capture,
        rounds: Option<&Rounds>,
    ) -> Result<QueryResult, QueryError> {
        let began = Instant::now();
        let mut trace = Trace::new(query.explain, began);
        let page = Page::of(query, capture)?;
        let query = &Query {
            now: page.now,
            ..query.clone()
        };
        let maturity = maturity(query.maturity, capture);
        let resolved = optimise(resolve(query, maturity, &capture.preferences)?);
        trace.stage("resolve");
        let range = bounded(&resolved, capture, self.resources()).await?;
        let ranges = Ranges {
            current: range,
            compared: resolved.compare_range(range)?,
        };
        trace.stage("range");
        let from = Origin { capture, rounds };
        let kept = self.kept(&resolved, ranges, from, &mut trace).await?;
        let kept = kept.map(Arc::new);
        trace.stage("rank");
        let passes = self.passes(&resolved, ranges, kept.as_ref(), from).await?;
        passes.trace(PassPurpose::Rows, &mut trace);
        trace.stage("rows");
        let mut notes = Vec::new();
        let mut rows = ordered(&resolved, &passes, &mut notes);
        let row_count = rows.len();
        rows.drain(..page.offset.min(row_count));
        // Where others stand together the limit is one of groups, also where there are no more of them.
        let of_groups = resolved.other && !resolved.beside_time().is_empty();
        if !of_groups {
            rows.truncate(resolved.limit.unwrap_or(usize::MAX));
        }
        let shown = page.offset + rows.len();
        let mut result = assemble(&resolved, &passes, notes, capture);
        result.row_count = row_count;
        result.next_cursor = (shown < row_count && !rows.is_empty()).then(|| page.next(shown));
        trace.stage("assemble");
        if resolved.subtotals {
            let keys: Vec<&Key> = rows.iter().map(|(key, _)| key).collect();
            result.subtotals = self
                .subtotals(&resolved, ranges, &keys, from, &mut trace)
                .await?;
            trace.stage("subtotals");
        }
        let rows = rows.into_iter();
        result.rows = rows
            .map(|found| row(&resolved, passes.groupings(), found))
            .collect();
        result.explanation = trace.told();
        result.took_milliseconds = began.elapsed().as_secs_f64() * 1e3;
        Ok(result)
    }

    /// Runs the passes of the range and of the one to compare with, together. What both ask of messages and
    /// steps is gathered once.
    async fn passes(
        &self,
        resolved: &Resolved,
        ranges: Ranges,
        kept: Option<&Arc<Kept>>,
        from: Origin<'_>,
    ) -> Result<Passes, QueryError> {
        let current = plans(resolved, ranges.current)?;
        let own = current.len();
        let previous = match ranges.compared {
            None => Vec::new(),
            Some(range) => plans(&resolved.compared(ranges.current), range)?,
        };
        let baselines = baseline::asked(resolved);
        let of_baselines = baseline::plans_of(&baselines, kept)?;
        let both = own + previous.len();
        let plans: Vec<Plan> = current.into_iter().chain(previous).collect();
        let plans = plans.into_iter().map(|plan| Plan {
            kept: kept.cloned(),
            ..plan
        });
        let plans: Vec<Plan> = plans.chain(of_baselines).collect();
        let sets = self.sets(&plans, from.capture).await?;
        let complete = plans.into_iter();
        let complete = complete.map(|plan| plan.map(|predicate| sets.put_into(predicate)));
        let mut parts = match from.rounds {
            Some(rounds) => rounds.run(complete.collect()).await?,
            None => self.parts(complete.collect(), from.capture).await?,
        };
        let found = parts.split_off(both);
        let compared = parts.split_off(own);
        Ok(Passes {
            range: ranges.current,
            parts,
            previous: ranges.compared.map(|range| (range, compared)),
            baselines: Baselines::new(baselines, found),
        })
    }

    /// Runs plans.
    pub(crate) async fn parts(
        &self,
        plans: Vec<Plan>,
        capture: &Capture,
    ) -> Result<Vec<Part>, QueryError> {
        let gathered = pass::run_all(&plans, capture, self.resources()).await?;
        let parts = plans.into_iter().zip(gathered);
        Ok(parts
            .map(|(plan, gathered)| Part { plan, gathered })
            .collect())
    }

    /// Runs one plan, with the sets of sessions that its conditions ask for, and tells of it.
    pub(crate) async fn told_pass(
        &self,
        plan: Plan,
        capture: &Capture,
        purpose: PassPurpose,
        trace: &mut Trace,
    ) -> Result<Part, QueryError> {
        let mut parts = self
            .told_passes(vec![plan], capture, purpose, trace)
            .await?;
        let nothing = || QueryError::Stopped("a pass gave nothing".to_owned());
        parts.pop().ok_or_else(nothing)
    }

    /// The same of several, together; one after the other where that takes too much memory.
    pub(crate) async fn told_passes(
        &self,
        plans: Vec<Plan>,
        capture: &Capture,
        purpose: PassPurpose,
        trace: &mut Trace,
    ) -> Result<Vec<Part>, QueryError> {
        let sets = self.sets(&plans, capture).await?;
        let complete = plans.into_iter();
        let complete = complete.map(|plan| plan.map(|predicate| sets.put_into(predicate)));
        let complete: Vec<Plan> = complete.collect();
        let parts = match self.parts(complete.clone(), capture).await {
            Err(QueryError::Memory { .. }) if complete.len() > 1 => {
                let mut parts = Vec::with_capacity(complete.len());
                for plan in complete {
                    parts.extend(self.parts(vec![plan], capture).await?);
                }
                parts
            }
            together => together?,
        };
        parts.iter().for_each(|part| trace.pass(purpose, part));
        Ok(parts)
    }

    /// The groups that stand by themselves where all others are to stand together: as many as the limit
    /// says, of what the dimensions beside time hold, by the order of the query. Nothing where all do.
    pub(crate) async fn kept(
        &self,
        resolved: &Resolved,
        ranges: Ranges,
        from: Origin<'_>,
        trace: &mut Trace,
    ) -> Result<Option<Kept>, QueryError> {
        let dimensions = resolved.beside_time();
        let Some(limit) = resolved
            .limit
            .filter(|_| resolved.other && !dimensions.is_empty())
        else {
            return Ok(None);
        };
        let mut ranked = resolved.cut_by(&dimensions);
        ranked.compare = None;
        let alone = Ranges {
            compared: None,
            ..ranges
        };
        let passes = self.passes(&ranked, alone, None, from).await?;
        passes.trace(PassPurpose::Ranking, trace);
        let rows = ordered(&ranked, &passes, &mut Vec::new());
        if rows.len() <= limit {
            return Ok(None);
        }
        let keys: HashSet<Key> = rows.into_iter().take(limit).map(|(key, _)| key).collect();
        Ok(Some(Kept { dimensions, keys }))
    }

    /// The totals of each prefix that the rows have. Counting again is exact where groups cannot be added
    /// up: users, quantiles, sessions that stand in several rows.
    async fn subtotals(
        &self,
        resolved: &Resolved,
        ranges: Ranges,
        shown: &[&Key],
        from: Origin<'_>,
        trace: &mut Trace,
    ) -> Result<Vec<Row>, QueryError> {
        let mut subtotals = Vec::new();
        for length in 1..resolved.groups.len() {
            let prefix: Vec<usize> = (0..length).collect();
            let mut cut = resolved.cut_by(&prefix);
            // What chooses among rows chooses none of their totals.
            cut.having.clear();
            let passes = self.passes(&cut, ranges, None, from).await?;
            passes.trace(PassPurpose::Subtotals, trace);
            let wanted: HashSet<&[_]> = shown.iter().map(|key| &key[..length]).collect();
            let rows = ordered(&cut, &passes, &mut Vec::new()).into_iter();
            let rows = rows.filter(|(key, _)| wanted.contains(key.as_slice()));
            subtotals.extend(rows.map(|found| row(&cut, passes.groupings(), found)));
        }
        Ok(subtotals)
    }
}

/// The passes that answer a query for one range.
pub(crate) fn plans(resolved: &Resolved, range: Range) -> Result<Vec<Plan>, QueryError> {
    let passes = resolved.passes().into_iter();
    let plans = passes.map(|key| plan(resolved, key, range));
    Ok(plans.collect::<Result<_, _>>()?)
}

/// Where the rows of an answer begin. Pages belong to one state of the data and one query with one
/// clock, so that together they are the whole answer, each row once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Page {
    /// The state of the data.
    state: u64,
    query: u64,
    offset: usize,
    now: i64,
}

impl Page {
    /// The page that a query asks for.
    fn of(query: &Query, capture: &Capture) -> Result<Self, Problem> {
        let first = Self {
            state: state(capture),
            query: identity(query, capture),
            offset: 0,
            now: query.now,
        };
        let Some(cursor) = &query.cursor else {
            return Ok(first);
        };
        let wrong = |message| Problem::new(ProblemCode::Conflict, "cursor", message);
        let asked = Self::read(cursor)
            .ok_or_else(|| wrong("the cursor is none that an answer gave; begin without one"))?;
        if asked.query != first.query {
            return Err(wrong(
                "the cursor belongs to another query; begin without one",
            ));
        }
        if asked.state != first.state {
            let message = "the data has changed since the first page, and with it what stands on the others; \
                begin without a cursor, or without a `limit`, which gives all rows at once";
            return Err(Problem::new(ProblemCode::Outdated, "cursor", message));
        }
        Ok(asked)
    }

    /// The cursor of the page that begins after so many rows.
    fn next(self, offset: usize) -> String {
        let Self {
            state, query, now, ..
        } = self;
        format!("{state:016x}{query:016x}{:016x}{offset:08x}", now as u64)
    }

    fn read(cursor: &str) -> Option<Self> {
        let part = |from: usize, to: usize| u64::from_str_radix(cursor.get(from..to)?, 16).ok();
        Some(Self {
            state: part(0, 16)?,
            query: part(16, 32)?,
            now: part(32, 48)? as i64,
            offset: usize::try_from(part(48, cursor.len())?).ok()?,
        })
    }
}

/// A hash of what was captured. The version of a capture counts from the start of the process, so that what
/// is in files tells too.
fn state(capture: &Capture) -> u64 {
    let seen = (capture.snapshot, capture.version, &capture.fact_set);
    xxh3_64(format!("{seen:?}").as_bytes())
}

/// A hash of what is asked, but for the page, and of what people set in the workspace.
fn identity(query: &Query, capture: &Capture) -> u64 {
    #[derive(Serialize)]
    struct Asked<'a>(&'a Query, Option<i64>, &'a Preferences);
    let asked = Query {
        cursor: None,
        limit: None,
        explain: false,
        ..query.clone()
    };
    // A query is plain data, which always has a JSON form.
    let text = serde_json::to_vec(&Asked(&asked, query.maturity, &capture.preferences))
        .unwrap_or_default();
    xxh3_64(&text)
}
