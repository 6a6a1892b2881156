//! `upshot drivers`.

use upshot_metrics::registry::{self, Unit};
use upshot_metrics::result::Verdict;
use upshot_metrics::{DrivenOutcome, DriverQuery, DriverResult, present};

use crate::answers::{ask, explain, give};
use crate::arguments::{Common, DriversArguments};
use crate::failure::Failure;
use crate::output::{self, Column};
use crate::query;
use crate::session::instant_or_now;

/// Runs the command.
pub async fn run(common: &Common, arguments: DriversArguments) -> Result<u8, Failure> {
    let scope = &arguments.scope;
    let asked = DriverQuery {
        outcome: outcome(&arguments.outcome)?,
        by: arguments.dimension.clone(),
        filters: scope.filters.clone(),
        range: query::range(scope),
        time_zone: scope.timezone.clone(),
        environment: query::environment(scope)?,
        limit: arguments.limit,
        profile: scope.fact_set.clone(),
        explain: arguments.explain,
        now: instant_or_now(scope.now.as_deref())?,
        ..DriverQuery::default()
    };
    let result = ask(common, &arguments.ask.server, &asked).await?;
    let to = arguments.ask.to_file.as_deref();
    give(common, &result, to, || print(common, &result))?;
    Ok(0)
}

fn outcome(text: &str) -> Result<DrivenOutcome, Failure> {
    text.parse()
        .map_err(|problem: upshot_metrics::Problem| Failure::usage(problem.to_string()))
}

fn print(common: &Common, result: &DriverResult) -> Result<(), Failure> {
    let unit = registry::metric(&result.metric).map_or(Unit::Share, |metric| metric.unit);
    // An impact on a rate is a difference of percentages.
    let points = |value: f64| match unit {
        Unit::Share => format!("{:+.1} pp", value * 100.0),
        _ => format!("{value:+.2}"),
    };
    let shown = |value: Option<f64>| {
        value.map_or_else(|| "–".to_owned(), |value| present::value(unit, value))
    };
    let columns = [
        Column::text(result.by.replace('_', " ")),
        Column::number("sessions"),
        Column::number("share"),
        Column::number(result.metric.replace('_', " ")),
        Column::number("without it"),
        Column::number("impact"),
        Column::number("95 %"),
        Column::text("more than noise"),
    ];
    let rows: Vec<Vec<String>> = result
        .rows
        .iter()
        .map(|row| {
            vec![
                row.name
                    .clone()
                    .or_else(|| row.value.clone())
                    .unwrap_or_else(|| "(not said)".to_owned()),
                output::number(row.metric.n),
                present::value(Unit::Share, row.share),
                shown(row.metric.value),
                shown(row.without),
                row.impact.map_or_else(|| "–".to_owned(), points),
                row.interval.map_or_else(String::new, |[low, high]| {
                    format!("{} … {}", points(low), points(high))
                }),
                verdict(row.verdict).to_owned(),
            ]
        })
        .collect();
    output::rows(common, &columns, &rows)?;
    output::note(
        common,
        &format!(
            "\n{} overall: {}, n = {}; {} of {} shown; impact = the rate with it minus the rate without it",
            result.metric.replace('_', " "),
            shown(result.overall.value),
            output::number(result.overall.n),
            result.rows.len(),
            result.row_count
        ),
    );
    for note in &result.notes {
        output::note(common, &note.text);
    }
    explain(
        result.explanation.as_ref(),
        (&result.fact_set, result.snapshot),
    )
}

/// What to make of an impact, in a word.
fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "helps",
        Verdict::Worse => "hurts",
        Verdict::Changed => "yes",
        Verdict::Noise => "no",
        Verdict::TooFew => "too few",
        Verdict::NoData => "no data",
    }
}
