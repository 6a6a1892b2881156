//! Questions: `POST /api/v1/query`.

use axum::extract::{Request, State};
use axum::response::Response;
use upshot_metrics::{
    DriverQuery, DriverResult, ProblemCode, Query, QueryError, QueryResult, RetentionQuery,
    RetentionResult,
};

use crate::asking::asked;
use crate::input::Workspace;
use crate::openapi::{FormatParameter, QuestionResponses, WorkspaceParameters};
use crate::problem::{FieldProblem, INTERNAL, Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;

/// Ask for numbers
///
/// The body says which metrics, cut by which dimensions, of which sessions; `docs/query.md` explains
/// every field and the language of filters. The answer carries with every value on how many things
/// it rests, its 95 % interval, how many sessions are still pending, and the definitions.
#[utoipa::path(
    post,
    path = "/api/v1/query",
    operation_id = "query",
    tag = "numbers",
    params(WorkspaceParameters, FormatParameter),
    request_body(content = Query, example = json!({
        "metrics": ["sessions", "engagement_rate", "resolution_rate"],
        "dimensions": ["channel"],
        "filters": ["user_messages > 0"],
        "range": { "last": "28d" },
        "compare": "previous",
        "time_zone": "Europe/Berlin",
        "order": ["sessions desc"],
        "limit": 10
    })),
    responses(
        (status = 200, description = "The numbers", body = QueryResult),
        (status = 410, description = "The data has changed since the page that gave the cursor; begin without one", body = ProblemDetails, content_type = "application/problem+json"),
        QuestionResponses,
    )
)]
pub(crate) async fn post(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Response, Problem> {
    asked::<Query>(&state, &workspace, request).await
}

/// Ask what drives an outcome
///
/// The impact of each topic, or of each value of another dimension, on the rate of resolution,
/// escalation or abandonment or on satisfaction: the number over all sessions minus that without
/// these. `docs/query.md` explains every field.
#[utoipa::path(
    post,
    path = "/api/v1/drivers",
    operation_id = "drivers",
    tag = "numbers",
    params(WorkspaceParameters, FormatParameter),
    request_body(content = DriverQuery, example = json!({
        "outcome": "escalation",
        "by": "topic",
        "range": { "last": "28d" },
        "limit": 10
    })),
    responses(
        (status = 200, description = "The drivers, strongest first", body = DriverResult),
        QuestionResponses,
    )
)]
pub(crate) async fn drivers(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Response, Problem> {
    asked::<DriverQuery>(&state, &workspace, request).await
}

/// Ask who came back
///
/// Cohorts of users by the day, week or month of their first session, and which share was back in each
/// period after it, exactly then and then or later. A period that is not yet over has no value and says
/// so. `docs/query.md` explains every field.
#[utoipa::path(
    post,
    path = "/api/v1/retention",
    operation_id = "retention",
    tag = "numbers",
    params(WorkspaceParameters, FormatParameter),
    request_body(content = RetentionQuery, example = json!({
        "period": "week",
        "periods": 8,
        "filters": ["channel = web"],
        "back": ["engaged"],
        "range": { "last": "12w" },
        "identity": "id"
    })),
    responses(
        (status = 200, description = "The cohorts, the oldest first", body = RetentionResult),
        QuestionResponses,
    )
)]
pub(crate) async fn retention(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Response, Problem> {
    asked::<RetentionQuery>(&state, &workspace, request).await
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Invalid(problems) => {
                let detail = problems
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join("\n");
                let is_outdated =
                    |problem: &upshot_metrics::Problem| problem.code == ProblemCode::Outdated;
                let kind = match problems.iter().any(is_outdated) {
                    true => ProblemKind::OutdatedCursor,
                    false => ProblemKind::InvalidQuery,
                };
                let errors = problems
                    .into_iter()
                    .map(|problem| FieldProblem {
                        field: problem.field,
                        position: problem.position,
                        detail: problem.message,
                        suggestion: problem.suggestion,
                    })
                    .collect();
                Self::new(kind, detail).with_errors(errors)
            }
            QueryError::Memory { .. } | QueryError::TooManyGroups { .. } => {
                Self::new(ProblemKind::QueryTooLarge, error.to_string())
            }
            QueryError::Lake(error) => error.into(),
            QueryError::Stopped(_) => {
                tracing::error!(%error, "a query was stopped");
                Self::new(
                    ProblemKind::Unavailable,
                    "the query was stopped before its end; ask again",
                )
            }
            _ => {
                tracing::error!(%error, "a query failed");
                Self::new(ProblemKind::Internal, INTERNAL)
            }
        }
    }
}
