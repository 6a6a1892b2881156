//! Questions about what sessions do in which order: paths, flows, funnels, lift, and the report on topics.

use axum::Json;
use axum::extract::{Request, State};
use upshot_metrics::paths::{FlowResult, FunnelResult, LiftResult, PathResult, TopicResult};
use upshot_metrics::{FlowQuery, FunnelQuery, LiftQuery, PathQuery, TopicQuery};

use crate::input::{Workspace, json};
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails};
use crate::state::ServerState;
use crate::turns::bounded;

/// Ask for the commonest paths
///
/// What sessions do in which order, from their first step: each path with its sessions, their share and
/// what came of them, and the filter that lists them. `docs/paths.md` explains every field.
#[utoipa::path(
    post,
    path = "/api/v1/paths",
    operation_id = "paths",
    tag = "numbers",
    params(WorkspaceParameters),
    request_body(content = PathQuery, example = json!({
        "steps": ["topics"],
        "first": 4,
        "loops": "repeats",
        "by": "bot_version",
        "filters": ["channel = web"],
        "range": { "last": "28d" },
        "limit": 10
    })),
    responses(
        (status = 200, description = "The paths, those of most sessions first", body = PathResult),
        (status = 400, description = "The query is wrong; `errors` names every field with what was perhaps meant", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "The answer needs more memory or groups than are allowed", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 504, description = "The answer took too long", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn paths(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Json<PathResult>, Problem> {
    let mut query: PathQuery = json(&state, request).await?;
    query.now = state.now();
    let work = || async {
        let profile = query.profile.as_deref();
        let capture = state.capture(&workspace, profile, &query.tables()).await?;
        Ok(state.engine.paths(&query, &capture).await?)
    };
    Ok(Json(bounded(&state, "paths", work).await?))
}

/// Ask what comes after or before a step
///
/// The steps at each distance and which leads to which: nodes and links of a Sankey diagram, with the
/// sessions that ended at each and what came of them. `docs/paths.md` explains every field.
#[utoipa::path(
    post,
    path = "/api/v1/flows",
    operation_id = "flows",
    tag = "numbers",
    params(WorkspaceParameters),
    request_body(content = FlowQuery, example = json!({
        "step": "Order status",
        "direction": "forward",
        "depth": 3,
        "range": { "last": "28d" },
        "limit": 5
    })),
    responses(
        (status = 200, description = "Nodes and links", body = FlowResult),
        (status = 400, description = "The query is wrong; `errors` names every field with what was perhaps meant", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "The answer needs more memory or groups than are allowed", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 504, description = "The answer took too long", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn flows(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Json<FlowResult>, Problem> {
    let mut query: FlowQuery = json(&state, request).await?;
    query.now = state.now();
    let work = || async {
        let profile = query.profile.as_deref();
        let capture = state.capture(&workspace, profile, &query.tables()).await?;
        Ok(state.engine.flows(&query, &capture).await?)
    };
    Ok(Json(bounded(&state, "flows", work).await?))
}

/// Ask how many come through steps in order
///
/// Conditions on steps and messages in order, within a window, by session or by user: how many came how
/// far, how long it took them, and the filters that list them. `docs/paths.md` explains every field.
#[utoipa::path(
    post,
    path = "/api/v1/funnel",
    operation_id = "funnel",
    tag = "numbers",
    params(WorkspaceParameters),
    request_body(content = FunnelQuery, example = json!({
        "through": ["step.topic_kind = custom", "step.handover_stage = requested"],
        "within": "1h",
        "unit": "session",
        "by": "channel",
        "range": { "last": "28d" }
    })),
    responses(
        (status = 200, description = "The steps in order", body = FunnelResult),
        (status = 400, description = "The query is wrong; `errors` names every field with what was perhaps meant", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "The answer needs more memory or groups than are allowed", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 504, description = "The answer took too long", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn funnel(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Json<FunnelResult>, Problem> {
    let mut query: FunnelQuery = json(&state, request).await?;
    query.now = state.now();
    let work = || async {
        let profile = query.profile.as_deref();
        let capture = state.capture(&workspace, profile, &query.tables()).await?;
        Ok(state.engine.funnel(&query, &capture).await?)
    };
    Ok(Json(bounded(&state, "funnel", work).await?))
}

/// Ask which step follows which more often than chance
///
/// Pairs of topics, options, questions or intents: how often one directly follows the other, how often it
/// would by chance, with an interval and a p value corrected for the number of pairs. `docs/paths.md` explains
/// every field.
#[utoipa::path(
    post,
    path = "/api/v1/lift",
    operation_id = "lift",
    tag = "numbers",
    params(WorkspaceParameters),
    request_body(content = LiftQuery, example = json!({
        "steps": ["intents"],
        "at_least": 10,
        "range": { "last": "28d" },
        "limit": 20
    })),
    responses(
        (status = 200, description = "The pairs, the most surprising first", body = LiftResult),
        (status = 400, description = "The query is wrong; `errors` names every field with what was perhaps meant", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "The answer needs more memory or groups than are allowed", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 504, description = "The answer took too long", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn lift(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Json<LiftResult>, Problem> {
    let mut query: LiftQuery = json(&state, request).await?;
    query.now = state.now();
    let work = || async {
        let profile = query.profile.as_deref();
        let capture = state.capture(&workspace, profile, &query.tables()).await?;
        Ok(state.engine.lift(&query, &capture).await?)
    };
    Ok(Json(bounded(&state, "lift", work).await?))
}

/// Ask for the report on topics
///
/// Every topic with its visits, its sessions and what came of them against the range before, feedback,
/// what it does to each outcome, and where it leads. `docs/paths.md` explains every field.
#[utoipa::path(
    post,
    path = "/api/v1/topics",
    operation_id = "topics",
    tag = "numbers",
    params(WorkspaceParameters),
    request_body(content = TopicQuery, example = json!({
        "range": { "last": "28d" },
        "compare": "previous",
        "limit": 20
    })),
    responses(
        (status = 200, description = "The topics, those of most sessions first", body = TopicResult),
        (status = 400, description = "The query is wrong; `errors` names every field with what was perhaps meant", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "The answer needs more memory or groups than are allowed", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 504, description = "The answer took too long", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn topics(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Json<TopicResult>, Problem> {
    let mut query: TopicQuery = json(&state, request).await?;
    query.now = state.now();
    let work = || async {
        let profile = query.profile.as_deref();
        let capture = state.capture(&workspace, profile, &query.tables()).await?;
        Ok(state.engine.topics(&query, &capture).await?)
    };
    Ok(Json(bounded(&state, "topics", work).await?))
}
