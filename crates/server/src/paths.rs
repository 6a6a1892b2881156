//! Questions about what sessions do in which order: paths, flows, funnels, lift, and the report on topics.

use axum::extract::{Request, State};
use axum::response::Response;
use upshot_metrics::paths::{FlowResult, FunnelResult, LiftResult, PathResult, TopicResult};
use upshot_metrics::{FlowQuery, FunnelQuery, LiftQuery, PathQuery, TopicQuery};

use crate::asking::asked;
use crate::input::Workspace;
use crate::openapi::{FormatParameter, QuestionResponses, WorkspaceParameters};
use crate::problem::Problem;
use crate::state::ServerState;

/// Ask for the commonest paths
///
/// What sessions do in which order, from their first step: each path with its sessions, their share and
/// what came of them, and the filter that lists them. `docs/paths.md` explains every field.
#[utoipa::path(
    post,
    path = "/api/v1/paths",
    operation_id = "paths",
    tag = "numbers",
    params(WorkspaceParameters, FormatParameter),
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
        QuestionResponses,
    )
)]
pub(crate) async fn paths(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Response, Problem> {
    asked::<PathQuery>(&state, &workspace, request).await
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
    params(WorkspaceParameters, FormatParameter),
    request_body(content = FlowQuery, example = json!({
        "step": "Order status",
        "direction": "forward",
        "depth": 3,
        "range": { "last": "28d" },
        "limit": 5
    })),
    responses(
        (status = 200, description = "Nodes and links", body = FlowResult),
        QuestionResponses,
    )
)]
pub(crate) async fn flows(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Response, Problem> {
    asked::<FlowQuery>(&state, &workspace, request).await
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
    params(WorkspaceParameters, FormatParameter),
    request_body(content = FunnelQuery, example = json!({
        "through": ["step.topic_kind = custom", "step.handover_stage = requested"],
        "within": "1h",
        "unit": "session",
        "by": "channel",
        "range": { "last": "28d" }
    })),
    responses(
        (status = 200, description = "The steps in order", body = FunnelResult),
        QuestionResponses,
    )
)]
pub(crate) async fn funnel(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Response, Problem> {
    asked::<FunnelQuery>(&state, &workspace, request).await
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
    params(WorkspaceParameters, FormatParameter),
    request_body(content = LiftQuery, example = json!({
        "steps": ["intents"],
        "at_least": 10,
        "range": { "last": "28d" },
        "limit": 20
    })),
    responses(
        (status = 200, description = "The pairs, the most surprising first", body = LiftResult),
        QuestionResponses,
    )
)]
pub(crate) async fn lift(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Response, Problem> {
    asked::<LiftQuery>(&state, &workspace, request).await
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
    params(WorkspaceParameters, FormatParameter),
    request_body(content = TopicQuery, example = json!({
        "range": { "last": "28d" },
        "compare": "previous",
        "limit": 20
    })),
    responses(
        (status = 200, description = "The topics, those of most sessions first", body = TopicResult),
        QuestionResponses,
    )
)]
pub(crate) async fn topics(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Response, Problem> {
    asked::<TopicQuery>(&state, &workspace, request).await
}
