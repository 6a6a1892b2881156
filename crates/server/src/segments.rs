//! Filters that are saved under a name: `/api/v1/segments`.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use upshot_metrics::check_segment;
use upshot_store::Segment;
use utoipa::ToSchema;

use crate::facts::instant;
use crate::input::{InPath, Workspace, json};
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails};
use crate::state::ServerState;
use crate::views::unknown;

/// The segments of a workspace.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Segments {
    /// They, by name.
    pub segments: Vec<SavedSegment>,
}

/// A filter that is saved under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SavedSegment {
    /// The name.
    #[schema(examples("newcomers"))]
    pub name: String,
    /// The filter, in the language of queries.
    #[schema(examples("channel = web and user.first_session"))]
    pub filter: String,
    /// What it is for; empty where nothing was said.
    pub description: String,
    /// When it was first saved.
    #[schema(format = DateTime)]
    pub created: String,
    /// When it was last saved.
    #[schema(format = DateTime)]
    pub changed: String,
}

impl From<Segment> for SavedSegment {
    fn from(segment: Segment) -> Self {
        Self {
            name: segment.name,
            filter: segment.filter,
            description: segment.description,
            created: instant(segment.created),
            changed: instant(segment.changed),
        }
    }
}

/// A filter to save.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSegment {
    /// The filter, in the language of queries: a condition on sessions.
    pub filter: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
}

/// List the segments
///
/// Filters that are saved under a name. A query names one in `segment`, several in `segments`, and any filter in
/// `segment "name"`.
#[utoipa::path(
    get,
    path = "/api/v1/segments",
    operation_id = "list_segments",
    tag = "segments",
    params(WorkspaceParameters),
    responses(
        (status = 200, description = "The segments of the workspace, by name", body = Segments),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
) -> Result<Json<Segments>, Problem> {
    let found = state.store.segments(&workspace).await?;
    Ok(Json(Segments {
        segments: found.into_iter().map(Into::into).collect(),
    }))
}

/// Show a segment
#[utoipa::path(
    get,
    path = "/api/v1/segments/{name}",
    operation_id = "show_segment",
    tag = "segments",
    params(
        ("name" = String, Path, description = "The segment's name", example = "newcomers"),
        WorkspaceParameters,
    ),
    responses(
        (status = 200, description = "The segment", body = SavedSegment),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no segment of this name in the workspace", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    InPath(name): InPath<String>,
) -> Result<Json<SavedSegment>, Problem> {
    match state.store.segment(&workspace, &name).await? {
        Some(segment) => Ok(Json(segment.into())),
        None => Err(unknown("segment", &name)),
    }
}

/// Save a segment
///
/// In the place of one that has the name already: whatever names it asks by the new filter from then on.
#[utoipa::path(
    put,
    path = "/api/v1/segments/{name}",
    operation_id = "set_segment",
    tag = "segments",
    params(
        ("name" = String, Path, description = "The segment's name: 1 to 100 characters", example = "newcomers"),
        WorkspaceParameters,
    ),
    request_body(content = NewSegment, example = json!({
        "filter": "channel = web and user.first_session",
        "description": "who met the bot for the first time"
    })),
    responses(
        (status = 200, description = "The segment as it is saved", body = SavedSegment),
        (status = 400, description = "The name or the filter is wrong; `errors` says what", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 409, description = "The workspace has as many segments as one may have", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    InPath(name): InPath<String>,
    request: Request,
) -> Result<Json<SavedSegment>, Problem> {
    let NewSegment {
        filter,
        description,
    } = json(&state, request).await?;
    state.lake.check_workspace(&workspace)?;
    let others = state.store.filters(&workspace).await?;
    check_segment(&name, &filter, &others).map_err(upshot_metrics::QueryError::from)?;
    let saved = state
        .store
        .set_segment(&workspace, &name, &filter, &description, state.now())
        .await?;
    Ok(Json(saved.into()))
}

/// Remove a segment
///
/// A question that still names it is answered with an error.
#[utoipa::path(
    delete,
    path = "/api/v1/segments/{name}",
    operation_id = "remove_segment",
    tag = "segments",
    params(
        ("name" = String, Path, description = "The segment's name", example = "newcomers"),
        WorkspaceParameters,
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no segment of this name in the workspace", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    InPath(name): InPath<String>,
) -> Result<StatusCode, Problem> {
    match state.store.remove_segment(&workspace, &name).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(unknown("segment", &name)),
    }
}
