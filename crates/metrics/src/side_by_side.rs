//! Several segments side by side: the same query for each of them, in one answer.
//!
//! `segment` is then the first dimension. Each segment is compared with the first one, or with what the query
//! says. Segments may overlap, so each is counted by itself and the totals are those of all sessions in scope.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Instant;

use upshot_lake::Capture;

use crate::drilldown::Cell;
use crate::engine::Engine;
use crate::error::{Problem, ProblemCode, QueryError};
use crate::explain::Explanation;
use crate::query::Query;
use crate::result::{MetricValue, Note, NoteCode, QueryResult, Row};
use crate::together::Rounds;

/// The name of the dimension.
const DIMENSION: &str = "segment";

/// The most segments of one query.
const MOST_SEGMENTS: usize = 10;

impl Engine {
    /// Answers a query for each of its segments.
    pub(crate) async fn side_by_side(
        &self,
        query: &Query,
        capture: &Capture,
        rounds: Option<&Rounds>,
    ) -> Result<QueryResult, QueryError> {
        let began = Instant::now();
        let problems = wrong(query);
        if !problems.is_empty() {
            return Err(QueryError::Invalid(problems));
        }
        let whole = Query {
            segments: Vec::new(),
            dimensions: Vec::new(),
            grain: None,
            order: Vec::new(),
            other: false,
            subtotals: false,
            ..query.clone()
        };
        let mut result = self.run_one(&whole, capture, rounds).await?;
        result.dimensions = vec![DIMENSION.to_owned()];
        for (index, name) in query.segments.iter().enumerate() {
            let asked = of(query, name);
            let found = self.run_one(&asked, capture, rounds).await;
            add(
                &mut result,
                query,
                name,
                found.map_err(|error| about(error, index))?,
            );
        }
        result.took_milliseconds = began.elapsed().as_secs_f64() * 1e3;
        Ok(result)
    }
}

/// The question about one segment.
fn of(query: &Query, name: &str) -> Query {
    let first = query.segments.first().filter(|first| *first != name);
    let with_first = first.map(|first| format!("segment {first}"));
    Query {
        segments: Vec::new(),
        segment: Some(name.to_owned()),
        compare: query.compare.clone().or(with_first),
        ..query.clone()
    }
}

/// Puts the answer about a segment into the answer about all.
fn add(result: &mut QueryResult, query: &Query, name: &str, found: QueryResult) {
    let row = |mut row: Row| {
        row.dimensions
            .insert(DIMENSION.to_owned(), Some(name.to_owned()));
        row
    };
    let own = |totals: BTreeMap<String, MetricValue>| {
        row(Row {
            dimensions: BTreeMap::new(),
            other: false,
            metrics: totals,
        })
    };
    if found.dimensions.is_empty() {
        result.row_count += 1;
        result.rows.push(own(found.totals));
    } else {
        result.row_count += found.row_count;
        result.rows.extend(found.rows.into_iter().map(row));
        if query.subtotals {
            result.subtotals.push(own(found.totals));
            result
                .subtotals
                .extend(found.subtotals.into_iter().map(row));
        }
        if result.dimensions.len() == 1 {
            result.dimensions.extend(found.dimensions);
        }
    }
    result.range = found.range;
    result.compare_range = result.compare_range.take().or(found.compare_range);
    result.rows_read += found.rows_read;
    for note in found.notes {
        if note.code != NoteCode::Environment && !result.notes.contains(&note) {
            result.notes.push(Note {
                text: format!("in the segment `{name}`: {}", note.text),
                ..note
            });
        }
    }
    if let (Some(told), Some(more)) = (&mut result.explanation, found.explanation) {
        let Explanation { stages, passes, .. } = more;
        told.stages.extend(stages);
        told.passes.extend(passes);
    }
}

/// What a query of several segments may not ask for.
fn wrong(query: &Query) -> Vec<Problem> {
    let problem = |code, field: &str, message: String| Problem::new(code, field, message);
    let mut problems = Vec::new();
    let count = query.segments.len();
    if !(2..=MOST_SEGMENTS).contains(&count) {
        let message = format!(
            "2 to {MOST_SEGMENTS} segments stand side by side, not {count}; one alone is `segment`"
        );
        problems.push(problem(ProblemCode::OutOfRange, "segments", message));
    }
    for (index, name) in query.segments.iter().enumerate() {
        if query.segments[..index].contains(name) {
            let message = format!("the segment `{name}` is named twice");
            problems.push(problem(
                ProblemCode::Conflict,
                &format!("segments[{index}]"),
                message,
            ));
        }
    }
    let refused = [
        (
            "segment",
            query.segment.is_some(),
            "is one of `segments`, or a filter",
        ),
        (
            "cursor",
            query.cursor.is_some(),
            "goes on in one segment only",
        ),
    ];
    for (field, is_there, reason) in refused {
        if is_there {
            let message = format!("where several segments stand side by side `{field}` {reason}");
            problems.push(problem(ProblemCode::Conflict, field, message));
        }
    }
    problems
}

/// The same error about the segment at this position.
fn about(error: QueryError, index: usize) -> QueryError {
    let QueryError::Invalid(problems) = error else {
        return error;
    };
    let problems = problems
        .into_iter()
        .map(|problem| match problem.field.as_str() {
            "segment" => problem.in_field(format!("segments[{index}]")),
            // The comparison with the first one, which was asked for before.
            _ => problem,
        });
    QueryError::Invalid(problems.collect())
}

/// The question and the cell of one segment, where the cell lies in a row of several segments; both as they are
/// otherwise.
///
/// # Errors
/// When the cell is in the row of a segment that is none of the query's.
pub(crate) fn of_segment<'a>(
    query: &'a Query,
    cell: &'a Cell,
) -> Result<(Cow<'a, Query>, Cow<'a, Cell>), Problem> {
    if query.segments.is_empty() {
        return Ok((Cow::Borrowed(query), Cow::Borrowed(cell)));
    }
    let mut cell = cell.clone();
    let query = match cell.dimensions.remove(DIMENSION) {
        // All sessions in scope: the totals.
        None => Query {
            segments: Vec::new(),
            ..query.clone()
        },
        Some(Some(name)) if query.segments.contains(&name) => of(query, &name),
        Some(name) => {
            let name = name.unwrap_or_default();
            return Err(Problem::new(
                ProblemCode::Conflict,
                "cell.dimensions",
                format!("`{name}` is none of the segments of the query"),
            ));
        }
    };
    Ok((Cow::Owned(query), Cow::Owned(cell)))
}
