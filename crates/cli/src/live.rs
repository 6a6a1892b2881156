//! `upshot live`.

use upshot_metrics::{Problem, Query, QueryResult, tables_needed};

use crate::arguments::{Common, LiveArguments};
use crate::client::Client;
use crate::failure::Failure;
use crate::query;
use crate::session::{capture, close, engine, instant_or_now, open_existing};

/// Runs the command.
pub async fn run(common: &Common, arguments: LiveArguments) -> Result<u8, Failure> {
    let result = match &arguments.server {
        Some(url) => {
            let client = Client::new(url, arguments.key.clone());
            ask_server(common, &client, &arguments).await?
        }
        None => {
            let asked = build(&arguments)?;
            let lake = open_existing(common).await?;
            let tables = tables_needed(&asked);
            let profile = asked.profile.as_deref();
            let capture = capture(common, &lake, profile, &tables).await?;
            let found = engine()?.run(&asked, &capture).await;
            close(common, &lake).await?;
            found.map_err(query::failure)?
        }
    };
    query::print(common, &result, None)?;
    Ok(0)
}

fn build(arguments: &LiveArguments) -> Result<Query, Failure> {
    let environment = arguments.environment.parse();
    let now = instant_or_now(arguments.now.as_deref())?;
    Ok(Query {
        environment: environment.map_err(|problem: Problem| Failure::usage(problem.to_string()))?,
        profile: arguments.fact_set.clone(),
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
    let answer = client
        .get("/api/v1/live", &common.workspace, &parameters)
        .await?;
    serde_json::from_value(answer)
        .map_err(|error| Failure::failed(format!("the server's answer cannot be read: {error}")))
}
