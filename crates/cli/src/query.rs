//! `upshot query`.

use upshot_metrics::registry;
use upshot_metrics::result::{Definition, MetricValue, Row, Verdict};
use upshot_metrics::{
    EnvironmentChoice, Grain, Identity, Query, QueryError, QueryResult, RangeSpec, present,
};

use crate::answers::{ask, give};
use crate::arguments::{Common, QueryArguments, Scope};
use crate::explained;
use crate::failure::Failure;
use crate::output::{self, Column};
use crate::session::instant_or_now;

/// An error of a question, as the command line says it.
pub fn failure(error: QueryError) -> Failure {
    match error {
        QueryError::Invalid(_) => Failure::usage(error.to_string()),
        other => Failure::failed(other.to_string()),
    }
}

/// The range that the command line says.
pub fn range(scope: &Scope) -> RangeSpec {
    RangeSpec {
        from: scope.from.clone(),
        to: scope.to.clone(),
        last: scope.last.clone(),
    }
}

/// The traffic that the command line says.
pub fn environment(scope: &Scope) -> Result<EnvironmentChoice, Failure> {
    scope
        .environment
        .parse()
        .map_err(|problem: upshot_metrics::Problem| Failure::usage(problem.to_string()))
}

/// Who counts as one user, as the command line says it.
pub fn identity(text: &str) -> Result<Identity, Failure> {
    text.parse()
        .map_err(|problem: upshot_metrics::Problem| Failure::usage(problem.to_string()))
}

/// Runs the command.
pub async fn run(common: &Common, arguments: QueryArguments) -> Result<u8, Failure> {
    let query = build(&arguments)?;
    let result = ask(common, &arguments.ask.server, &query).await?;
    let to = arguments.ask.to_file.as_deref();
    give(common, &result, to, || print_table(common, &result))?;
    Ok(0)
}

fn build(arguments: &QueryArguments) -> Result<Query, Failure> {
    let grain = arguments
        .grain
        .as_deref()
        .map(|text| {
            text.parse::<Grain>()
                .map_err(|problem| Failure::usage(problem.to_string()))
        })
        .transpose()?;
    let query = Query {
        metrics: arguments.metrics.clone(),
        dimensions: arguments.dimensions.clone(),
        filters: arguments.scope.filters.clone(),
        range: range(&arguments.scope),
        grain,
        time_zone: arguments.scope.timezone.clone(),
        compare: arguments.compare.clone(),
        environment: environment(&arguments.scope)?,
        identity: identity(&arguments.identity)?,
        window: arguments.window.clone(),
        having: arguments.having.clone(),
        order: arguments
            .order
            .iter()
            .map(|order| order_of(order))
            .collect(),
        limit: arguments.limit,
        other: arguments.other,
        subtotals: arguments.subtotals,
        cursor: arguments.cursor.clone(),
        explain: arguments.explain,
        profile: arguments.scope.fact_set.clone(),
        now: instant_or_now(arguments.scope.now.as_deref())?,
        ..Query::default()
    };
    Ok(with_segments(query, &arguments.segments))
}

/// The query of one segment, or with several of them side by side.
pub fn with_segments(mut query: Query, names: &[String]) -> Query {
    match names {
        [] => {}
        [only] => query.segment = Some(only.clone()),
        several => query.segments = several.to_vec(),
    }
    query
}

/// `-id` is the largest first.
pub fn order_of(text: &str) -> String {
    text.strip_prefix('-')
        .map_or_else(|| format!("{text} asc"), |id| format!("{id} desc"))
}

/// Prints an answer for people.
pub fn print_table(common: &Common, result: &QueryResult) -> Result<(), Failure> {
    let compared = result.compare_range.is_some();
    let mut columns: Vec<Column> = result
        .dimensions
        .iter()
        .map(|id| Column::text(dimension_name(id)))
        .collect();
    for id in &result.metrics {
        columns.push(Column::number(metric_name(id)));
        if compared {
            columns.push(Column::number("change"));
        }
        if has_interval(result, id) {
            columns.push(Column::number("95 %"));
        }
        columns.push(Column::number("n"));
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    for row in groups(result) {
        let names = result.dimensions.iter().map(|id| group_name(row, id));
        let mut cells: Vec<String> = names.collect();
        push_values(result, &row.metrics, compared, &mut cells);
        rows.push(cells);
    }
    let mut total: Vec<String> = result.dimensions.iter().map(|_| String::new()).collect();
    if let Some(first) = total.first_mut() {
        *first = "all".to_owned();
    }
    push_values(result, &result.totals, compared, &mut total);
    rows.push(total);
    output::rows(common, &columns, &rows)?;
    print_notes(common, result);
    match &result.explanation {
        None => Ok(()),
        Some(told) => {
            let definitions = result.definitions.iter().map(|definition| {
                let Definition {
                    id, version, text, ..
                } = definition;
                format!("{id} (version {version}): {text}")
            });
            explained::print(definitions, (&result.fact_set, result.snapshot), told)
        }
    }
}

/// The groups and then the subtotals; nothing where there are only totals.
fn groups(result: &QueryResult) -> impl Iterator<Item = &Row> {
    let cut = !result.dimensions.is_empty();
    let rows = result.rows.iter().chain(&result.subtotals);
    rows.filter(move |_| cut)
}

/// What a group's dimension is called in a table.
fn group_name(row: &Row, id: &str) -> String {
    match row.dimensions.get(id) {
        // Subtotals are not cut by it.
        None => "all".to_owned(),
        Some(Some(value)) => value.clone(),
        Some(None) if row.other => "(all others)".to_owned(),
        Some(None) => "(not said)".to_owned(),
    }
}

type Values = std::collections::BTreeMap<String, MetricValue>;

fn has_interval(result: &QueryResult, id: &str) -> bool {
    let in_rows = result.rows.iter().any(|row| {
        row.metrics
            .get(id)
            .is_some_and(|value| value.interval.is_some())
    });
    in_rows
        || result
            .totals
            .get(id)
            .is_some_and(|value| value.interval.is_some())
}

fn push_values(result: &QueryResult, values: &Values, compared: bool, cells: &mut Vec<String>) {
    for id in &result.metrics {
        let metric = registry::metric(id);
        let value = values.get(id);
        cells.push(match (metric, value) {
            (Some(metric), Some(value)) => present::metric_value(metric, value),
            _ => "–".to_owned(),
        });
        if compared {
            cells.push(
                metric
                    .zip(value)
                    .map(|(_, value)| change(value))
                    .unwrap_or_default(),
            );
        }
        if has_interval(result, id) {
            let interval = metric.zip(value.and_then(|value| value.interval));
            cells.push(interval.map_or_else(String::new, |(metric, [low, high])| {
                format!(
                    "{} … {}",
                    present::value(metric.unit, low),
                    present::value(metric.unit, high)
                )
            }));
        }
        cells.push(
            value
                .map(|value| output::number(value.n))
                .unwrap_or_default(),
        );
    }
}

/// The change with a mark where it is more than noise.
fn change(value: &MetricValue) -> String {
    let Some(comparison) = &value.compare else {
        return String::new();
    };
    let size = match (comparison.points, comparison.relative) {
        (Some(points), _) => format!("{points:+.1} pp"),
        (None, Some(relative)) => format!("{:+.1} %", relative * 100.0),
        (None, None) => return "–".to_owned(),
    };
    let rising = value
        .value
        .zip(comparison.value)
        .is_some_and(|(now, before)| now > before);
    let arrow = if rising { "▲" } else { "▼" };
    match comparison.verdict {
        Verdict::Better => format!("{size} {arrow} better"),
        Verdict::Worse => format!("{size} {arrow} worse"),
        Verdict::Changed => format!("{size} {arrow}"),
        Verdict::Noise => format!("{size} (noise)"),
        Verdict::TooFew => format!("{size} (too few)"),
        Verdict::NoData => "–".to_owned(),
    }
}

fn print_notes(common: &Common, result: &QueryResult) {
    let range = |info: &upshot_metrics::result::RangeInfo| {
        let end =
            |text: &Option<String>| text.clone().unwrap_or_else(|| "the beginning".to_owned());
        match &info.to {
            Some(to) => format!("{} to {to} ({})", end(&info.from), info.time_zone),
            None => format!("all time ({})", info.time_zone),
        }
    };
    output::note(
        common,
        &format!(
            "\n{}; {} rows read in {:.0} ms",
            range(&result.range),
            output::number(result.rows_read),
            result.took_milliseconds
        ),
    );
    if let Some(other) = &result.compare_range {
        output::note(common, &format!("compared with {}", range(other)));
    }
    for note in &result.notes {
        output::note(common, &note.text);
    }
    if let Some(cursor) = &result.next_cursor {
        let text = format!(
            "{} of {} groups; the same with --cursor {cursor} shows the next",
            output::number(result.rows.len() as u64),
            output::number(result.row_count as u64)
        );
        output::note(common, &text);
    }
    for (id, value) in &result.totals {
        if let (None, Some(reason)) = (value.value, &value.reason) {
            output::note(common, &format!("{id}: no data, {reason}"));
        }
    }
}

fn metric_name(id: &str) -> String {
    registry::metric(id).map_or_else(|| id.to_owned(), |metric| metric.name.to_owned())
}

fn dimension_name(id: &str) -> String {
    id.replace('_', " ")
}
