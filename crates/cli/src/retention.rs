//! `upshot retention`.

use upshot_metrics::registry::Unit;
use upshot_metrics::result::MetricValue;
use upshot_metrics::retention::Retained;
use upshot_metrics::{Problem, RetentionQuery, RetentionResult, present};

use crate::arguments::{Common, OutputFormat, RetentionArguments};
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{self, Column};
use crate::query;
use crate::session::{capture, close, engine, instant_or_now, open_existing};

/// Runs the command.
pub async fn run(common: &Common, arguments: RetentionArguments) -> Result<u8, Failure> {
    let asked = build(&arguments)?;
    let result = match &arguments.server {
        Some(url) => ask_server(common, &Client::new(url, arguments.key.clone()), &asked).await?,
        None => {
            let lake = open_existing(common).await?;
            let tables = asked.tables_needed();
            let profile = asked.profile.as_deref();
            let capture = capture(common, &lake, profile, &tables).await?;
            let found = engine()?.retention(&asked, &capture).await;
            close(common, &lake).await?;
            found.map_err(query::failure)?
        }
    };
    print(common, &result, arguments.rolling)?;
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
        now: instant_or_now(scope.now.as_deref())?,
    })
}

async fn ask_server(
    common: &Common,
    client: &Client,
    asked: &RetentionQuery,
) -> Result<RetentionResult, Failure> {
    let body = serde_json::to_vec(asked).map_err(|error| Failure::failed(error.to_string()))?;
    let path = "/api/v1/retention";
    let answer = client
        .post(path, &common.workspace, "application/json", body)
        .await?;
    serde_json::from_value(answer)
        .map_err(|error| Failure::failed(format!("the server's answer cannot be read: {error}")))
}

fn print(common: &Common, result: &RetentionResult, rolling: bool) -> Result<(), Failure> {
    if common.output == OutputFormat::Json {
        return output::json(result);
    }
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
    Ok(())
}

fn share(value: &MetricValue) -> String {
    value
        .value
        .map_or_else(String::new, |share| present::value(Unit::Share, share))
}
