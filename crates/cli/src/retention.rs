//! `upshot retention`.

use upshot_metrics::registry::Unit;
use upshot_metrics::result::MetricValue;
use upshot_metrics::retention::Retained;
use upshot_metrics::{Problem, RetentionQuery, RetentionResult, present};

use crate::answers::{ask, explain, give};
use crate::arguments::{Common, RetentionArguments};
use crate::failure::Failure;
use crate::output::{self, Column};
use crate::query;
use crate::session::instant_or_now;

/// Runs the command.
pub async fn run(common: &Common, arguments: RetentionArguments) -> Result<u8, Failure> {
    let asked = build(&arguments)?;
    let result = ask(common, &arguments.ask.server, &asked).await?;
    let to = arguments.ask.to_file.as_deref();
    give(common, &result, to, || {
        print(common, &result, arguments.rolling)
    })?;
    Ok(0)
}

fn build(arguments: &RetentionArguments) -> Result<RetentionQuery, Failure> {
    let usage = |problem: Problem| Failure::usage(problem.to_string());
    let scope = &arguments.scope;
    Ok(RetentionQuery {
        period: arguments.period.parse().map_err(usage)?,
        periods: arguments.periods,
        filters: scope.filters.clone(),
        back: arguments.back.clone(),
        range: query::range(scope),
        environment: query::environment(scope)?,
        identity: arguments.identity.parse().map_err(usage)?,
        profile: scope.fact_set.clone(),
        time_zone: scope.timezone.clone(),
        // As the workspace's settings say.
        week_start: None,
        explain: arguments.explain,
        now: instant_or_now(scope.now.as_deref())?,
    })
}

fn print(common: &Common, result: &RetentionResult, rolling: bool) -> Result<(), Failure> {
    let period = result.period.name();
    let mut columns = vec![Column::text(period), Column::number("users")];
    let most = result.overall.len();
    columns.extend((1..=most).map(|number| Column::number(format!("{period} {number}"))));
    let cells = |periods: &[Retained]| -> Vec<String> {
        let chosen = periods.iter();
        chosen
            .map(|of| share(if rolling { &of.rolling } else { &of.exact }))
            .collect()
    };
    let mut rows: Vec<Vec<String>> = result
        .cohorts
        .iter()
        .map(|cohort| {
            let head = [cohort.cohort.clone(), output::number(cohort.users)];
            head.into_iter().chain(cells(&cohort.periods)).collect()
        })
        .collect();
    let users = result.cohorts.iter().map(|cohort| cohort.users).sum();
    let head = ["all".to_owned(), output::number(users)];
    rows.push(head.into_iter().chain(cells(&result.overall)).collect());
    output::rows(common, &columns, &rows)?;
    let what = match rolling {
        true => format!("the share who were back in the {period} or later"),
        false => format!("the share who were back in the {period}"),
    };
    let text = format!("\n{what}; nothing where a {period} is not yet over");
    output::note(common, &text);
    for note in &result.notes {
        output::note(common, &note.text);
    }
    explain(
        result.explanation.as_ref(),
        (&result.fact_set, result.snapshot),
    )
}

fn share(value: &MetricValue) -> String {
    value
        .value
        .map_or_else(String::new, |share| present::value(Unit::Share, share))
}
