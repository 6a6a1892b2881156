//! `upshot paths`, `flows`, `funnel`, `lift` and `topics`: what sessions do in which order.

mod arguments;
mod print;

use serde::Serialize;
use serde::de::DeserializeOwned;
use upshot_lake::{Capture, Table};
use upshot_metrics::{
    FlowQuery, FunnelQuery, LiftQuery, PathQuery, Problem, QueryError, TopicQuery,
};

use self::arguments::{Ask, StepArguments};
pub use self::arguments::{
    FlowArguments, FunnelArguments, LiftArguments, PathArguments, TopicArguments,
};
use crate::arguments::{Common, Scope};
use crate::client::Client;
use crate::failure::Failure;
use crate::query;
use crate::session::{capture, close, engine, instant_or_now, open_existing};

/// Answers a question: the server where one is named, else the data directory.
async fn answer<Q: Serialize, R: DeserializeOwned>(
    common: &Common,
    (ask, path): (&Ask, &str),
    (asked, profile, tables): (&Q, Option<&str>, Vec<Table>),
    run: impl AsyncFnOnce(&upshot_metrics::Engine, &Q, &Capture) -> Result<R, QueryError>,
) -> Result<R, Failure> {
    if let Some(url) = &ask.server {
        let body = serde_json::to_vec(asked).map_err(|error| Failure::failed(error.to_string()))?;
        let client = Client::new(url, ask.key.clone());
        let answer = client
            .post(path, &common.workspace, "application/json", body)
            .await?;
        return serde_json::from_value(answer).map_err(|error| {
            Failure::failed(format!("the server's answer cannot be read: {error}"))
        });
    }
    let lake = open_existing(common).await?;
    let capture = capture(common, &lake, profile, &tables).await?;
    let found = run(&engine()?, asked, &capture).await;
    close(common, &lake).await?;
    found.map_err(query::failure)
}

fn usage(problem: Problem) -> Failure {
    Failure::usage(problem.to_string())
}

/// A question with what the command line says of its scope.
macro_rules! asked {
    ($kind:ident, $scope:expr, $limit:expr, { $($field:ident: $value:expr),* $(,)? }) => {{
        let scope: &Scope = $scope;
        $kind {
            $($field: $value,)*
            filters: scope.filters.clone(),
            range: query::range(scope),
            environment: query::environment(scope)?,
            time_zone: scope.timezone.clone(),
            limit: $limit,
            profile: scope.fact_set.clone(),
            now: instant_or_now(scope.now.as_deref())?,
            ..$kind::default()
        }
    }};
}

fn kinds(steps: &StepArguments) -> Result<Vec<upshot_metrics::filter::StepSort>, Failure> {
    let kinds = steps.steps.iter();
    kinds.map(|kind| kind.parse().map_err(usage)).collect()
}

/// Runs `upshot paths`.
pub async fn paths(common: &Common, arguments: PathArguments) -> Result<u8, Failure> {
    let steps = &arguments.steps;
    let asked = asked!(PathQuery, &arguments.scope, arguments.limit, {
        steps: kinds(steps)?,
        match_by: steps.match_by.parse().map_err(usage)?,
        loops: arguments.loops.parse().map_err(usage)?,
        only: steps.only.clone(),
        first: (!arguments.all).then_some(arguments.first),
        by: arguments.by.clone(),
    });
    let question = (&asked, asked.profile.as_deref(), asked.tables());
    let result = answer(
        common,
        (&arguments.ask, "/api/v1/paths"),
        question,
        async |engine, asked, capture| engine.paths(asked, capture).await,
    )
    .await?;
    print::paths(common, &result, asked.by.as_deref())?;
    Ok(0)
}

/// Runs `upshot flows`.
pub async fn flows(common: &Common, arguments: FlowArguments) -> Result<u8, Failure> {
    let steps = &arguments.steps;
    let asked = asked!(FlowQuery, &arguments.scope, arguments.limit, {
        steps: kinds(steps)?,
        match_by: steps.match_by.parse().map_err(usage)?,
        loops: arguments.loops.parse().map_err(usage)?,
        only: steps.only.clone(),
        step: arguments.step.clone(),
        direction: arguments.direction.parse().map_err(usage)?,
        depth: arguments.depth,
        by: arguments.by.clone(),
    });
    let question = (&asked, asked.profile.as_deref(), asked.tables());
    let result = answer(
        common,
        (&arguments.ask, "/api/v1/flows"),
        question,
        async |engine, asked, capture| engine.flows(asked, capture).await,
    )
    .await?;
    print::flows(common, &result, asked.by.as_deref())?;
    Ok(0)
}

/// Runs `upshot funnel`.
pub async fn funnel(common: &Common, arguments: FunnelArguments) -> Result<u8, Failure> {
    let asked = asked!(FunnelQuery, &arguments.scope, arguments.limit, {
        through: arguments.through.clone(),
        within: arguments.within.clone(),
        unit: arguments.unit.parse().map_err(usage)?,
        by: arguments.by.clone(),
    });
    let question = (&asked, asked.profile.as_deref(), asked.tables());
    let result = answer(
        common,
        (&arguments.ask, "/api/v1/funnel"),
        question,
        async |engine, asked, capture| engine.funnel(asked, capture).await,
    )
    .await?;
    print::funnel(common, &result, asked.by.as_deref())?;
    Ok(0)
}

/// Runs `upshot lift`.
pub async fn lift(common: &Common, arguments: LiftArguments) -> Result<u8, Failure> {
    let steps = &arguments.steps;
    let asked = asked!(LiftQuery, &arguments.scope, arguments.limit, {
        steps: kinds(steps)?,
        match_by: steps.match_by.parse().map_err(usage)?,
        only: steps.only.clone(),
        at_least: arguments.at_least,
    });
    let question = (&asked, asked.profile.as_deref(), asked.tables());
    let result = answer(
        common,
        (&arguments.ask, "/api/v1/lift"),
        question,
        async |engine, asked, capture| engine.lift(asked, capture).await,
    )
    .await?;
    print::lift(common, &result)?;
    Ok(0)
}

/// Runs `upshot topics`.
pub async fn topics(common: &Common, arguments: TopicArguments) -> Result<u8, Failure> {
    let asked = asked!(TopicQuery, &arguments.scope, arguments.limit, {
        compare: arguments.compare.clone(),
    });
    let question = (&asked, asked.profile.as_deref(), asked.tables());
    let result = answer(
        common,
        (&arguments.ask, "/api/v1/topics"),
        question,
        async |engine, asked, capture| engine.topics(asked, capture).await,
    )
    .await?;
    print::topics(common, &result)?;
    Ok(0)
}
