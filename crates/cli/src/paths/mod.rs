//! `upshot paths`, `flows`, `funnel`, `lift` and `topics`: what sessions do in which order.

mod arguments;
mod print;

use upshot_metrics::{FlowQuery, FunnelQuery, LiftQuery, PathQuery, Problem, TopicQuery};

use self::arguments::StepArguments;
pub use self::arguments::{
    FlowArguments, FunnelArguments, LiftArguments, PathArguments, TopicArguments,
};
use crate::answers::{ask, give};
use crate::arguments::{Common, Scope};
use crate::failure::Failure;
use crate::query;
use crate::session::instant_or_now;

fn usage(problem: Problem) -> Failure {
    Failure::usage(problem.to_string())
}

/// A question with what the command line says of its scope.
macro_rules! asked {
    ($kind:ident, $arguments:expr, { $($field:ident: $value:expr),* $(,)? }) => {{
        let scope: &Scope = &$arguments.scope;
        $kind {
            $($field: $value,)*
            filters: scope.filters.clone(),
            range: query::range(scope),
            environment: query::environment(scope)?,
            time_zone: scope.timezone.clone(),
            limit: $arguments.limit,
            profile: scope.fact_set.clone(),
            explain: $arguments.explain,
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
    let asked = asked!(PathQuery, arguments, {
        steps: kinds(steps)?,
        match_by: steps.match_by.parse().map_err(usage)?,
        loops: arguments.loops.parse().map_err(usage)?,
        only: steps.only.clone(),
        first: (!arguments.all).then_some(arguments.first),
        by: arguments.by.clone(),
    });
    let result = ask(common, &arguments.ask.server, &asked).await?;
    let to = arguments.ask.to_file.as_deref();
    give(common, &result, to, || {
        print::paths(common, &result, asked.by.as_deref())
    })?;
    Ok(0)
}

/// Runs `upshot flows`.
pub async fn flows(common: &Common, arguments: FlowArguments) -> Result<u8, Failure> {
    let steps = &arguments.steps;
    let asked = asked!(FlowQuery, arguments, {
        steps: kinds(steps)?,
        match_by: steps.match_by.parse().map_err(usage)?,
        loops: arguments.loops.parse().map_err(usage)?,
        only: steps.only.clone(),
        step: arguments.step.clone(),
        direction: arguments.direction.parse().map_err(usage)?,
        depth: arguments.depth,
        by: arguments.by.clone(),
    });
    let result = ask(common, &arguments.ask.server, &asked).await?;
    let to = arguments.ask.to_file.as_deref();
    give(common, &result, to, || {
        print::flows(common, &result, asked.by.as_deref())
    })?;
    Ok(0)
}

/// Runs `upshot funnel`.
pub async fn funnel(common: &Common, arguments: FunnelArguments) -> Result<u8, Failure> {
    let asked = asked!(FunnelQuery, arguments, {
        through: arguments.through.clone(),
        within: arguments.within.clone(),
        unit: arguments.unit.parse().map_err(usage)?,
        by: arguments.by.clone(),
    });
    let result = ask(common, &arguments.ask.server, &asked).await?;
    let to = arguments.ask.to_file.as_deref();
    give(common, &result, to, || {
        print::funnel(common, &result, asked.by.as_deref())
    })?;
    Ok(0)
}

/// Runs `upshot lift`.
pub async fn lift(common: &Common, arguments: LiftArguments) -> Result<u8, Failure> {
    let steps = &arguments.steps;
    let asked = asked!(LiftQuery, arguments, {
        steps: kinds(steps)?,
        match_by: steps.match_by.parse().map_err(usage)?,
        only: steps.only.clone(),
        at_least: arguments.at_least,
    });
    let result = ask(common, &arguments.ask.server, &asked).await?;
    let to = arguments.ask.to_file.as_deref();
    give(common, &result, to, || print::lift(common, &result))?;
    Ok(0)
}

/// Runs `upshot topics`.
pub async fn topics(common: &Common, arguments: TopicArguments) -> Result<u8, Failure> {
    let asked = asked!(TopicQuery, arguments, {
        compare: arguments.compare.clone(),
    });
    let result = ask(common, &arguments.ask.server, &asked).await?;
    let to = arguments.ask.to_file.as_deref();
    give(common, &result, to, || print::topics(common, &result))?;
    Ok(0)
}
