//! `upshot query`.

use std::path::Path;

use upshot_metrics::export::format::encode;
use upshot_metrics::export::{Options, answer};
use upshot_metrics::registry;
use upshot_metrics::result::{MetricValue, Row, Verdict};
use upshot_metrics::{
    EnvironmentChoice, Grain, Identity, Query, QueryError, QueryResult, RangeSpec, RowFormat,
    present, tables_needed,
};

use crate::arguments::{Common, OutputFormat, QueryArguments, Scope};
use crate::client::Client;
use crate::explained;
use crate::failure::Failure;
use crate::output::{self, Column, Target};
use crate::session::{capture, close, engine, instant_or_now, open_existing};

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
    let result = match &arguments.server {
        Some(url) => ask_server(common, &Client::new(url, arguments.key.clone()), &query).await?,
        None => {
            let lake = open_existing(common).await?;
            let tables = tables_needed(&query);
            let capture = capture(common, &lake, query.profile.as_deref(), &tables).await?;
            let result = engine()?.run(&query, &capture).await.map_err(failure);
            close(common, &lake).await?;
            result?
        }
    };
    print(common, &result, arguments.to_file.as_deref())?;
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

async fn ask_server(
    common: &Common,
    client: &Client,
    query: &Query,
) -> Result<QueryResult, Failure> {
    let body = serde_json::to_vec(query).map_err(|error| Failure::failed(error.to_string()))?;
    let answer = client
        .post("/api/v1/query", &common.workspace, "application/json", body)
        .await?;
    serde_json::from_value(answer)
        .map_err(|error| Failure::failed(format!("the server's answer cannot be read: {error}")))
}

/// Prints an answer, or writes it to a file.
pub fn print(common: &Common, result: &QueryResult, to: Option<&Path>) -> Result<(), Failure> {
    let format = match common.output {
        OutputFormat::Csv => Some(RowFormat::Csv),
        other => other.row_format(),
    };
    if let Some(format) = format {
        let mut target = Target::open(to)?;
        target.check(format)?;
        let options = Options {
            raw: false,
            nulls: true,
        };
        let rows = answer::rows(result).map_err(failure)?;
        target.write(&encode(format, &rows, options).map_err(failure)?)?;
        return target.finish();
    }
    match (common.output, to) {
        (OutputFormat::Json, None) => output::json(result),
        (OutputFormat::Json, Some(_)) => {
            let text = serde_json::to_string_pretty(result);
            let text = text.map_err(|error| Failure::failed(error.to_string()))?;
            let mut target = Target::open(to)?;
            target.write(text.as_bytes())?;
            target.write(b"\n")?;
            target.finish()
        }
        (_, Some(_)) => Err(Failure::usage(
            "a table is for people; say --output csv, json, jsonl, parquet or arrow with --to-file",
        )),
        (_, None) => print_table(common, result),
    }
}

fn print_table(common: &Common, result: &QueryResult) -> Result<(), Failure> {
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
        Some(explanation) => explained::print(result, explanation),
        None => Ok(()),
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
