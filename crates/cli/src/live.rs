//! `upshot live`.

use upshot_metrics::{LiveQuery, Problem, Query, QueryResult};

use crate::answers::{ask, give};
use crate::arguments::{Common, LiveArguments};
use crate::client::{Client, read};
use crate::failure::Failure;
use crate::query;
use crate::session::instant_or_now;

/// Runs the command.
pub async fn run(common: &Common, arguments: LiveArguments) -> Result<u8, Failure> {
    let asked = LiveQuery(build(&arguments)?);
    let result = match arguments.ask.server.client() {
        Some(client) => ask_server(common, &client, &arguments).await?,
        None => ask(common, &arguments.ask.server, &asked).await?,
    };
    let to = arguments.ask.to_file.as_deref();
    give(common, &result, to, || query::print_table(common, &result))?;
    Ok(0)
}

fn build(arguments: &LiveArguments) -> Result<Query, Failure> {
    let environment = arguments.environment.parse();
    let now = instant_or_now(arguments.now.as_deref())?;
    Ok(Query {
        environment: environment.map_err(|problem: Problem| Failure::usage(problem.to_string()))?,
        profile: arguments.fact_set.clone(),
        explain: arguments.explain,
        ..Query::live(arguments.dimensions.clone(), arguments.filters.clone(), now)
    })
}

async fn ask_server(
    common: &Common,
    client: &Client,
    arguments: &LiveArguments,
) -> Result<QueryResult, Failure> {
    let mut parameters = vec![("environment", arguments.environment.as_str())];
    let dimensions = arguments.dimensions.iter();
    parameters.extend(dimensions.map(|id| ("by", id.as_str())));
    let filters = arguments.filters.iter();
    parameters.extend(filters.map(|text| ("filter", text.as_str())));
    let profile = arguments.fact_set.as_deref();
    parameters.extend(profile.map(|name| ("profile", name)));
    parameters.extend(arguments.explain.then_some(("explain", "true")));
    let answer = client
        .get("/api/v1/live", &common.workspace, &parameters)
        .await?;
    read(answer)
}
