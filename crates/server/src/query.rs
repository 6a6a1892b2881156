//! Questions: `POST /api/v1/query`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use upshot_lake::{Capture, Table};
use upshot_metrics::{
    DriverQuery, DriverResult, Query, QueryError, QueryResult, RetentionQuery, RetentionResult,
    RowFormat, tables_needed, tables_of_filters,
};

use crate::answers::{Answer, Kept, Key};
use crate::input::{Workspace, json, row_format};
use crate::openapi::WorkspaceParameters;
use crate::problem::{FieldProblem, INTERNAL, Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;
use crate::turns::{in_turn, timed};

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
    params(
        WorkspaceParameters,
        ("format" = Option<String>, Query, description = "json, csv, jsonl, parquet or arrow; where nothing is said as `accept` asks", example = "json"),
    ),
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
        (status = 200, description = "The numbers: the whole answer as JSON, or its rows in another format", content(
            (QueryResult = "application/json"),
            (String = "text/csv"),
            (String = "application/x-ndjson"),
            (Vec<u8> = "application/vnd.apache.parquet"),
            (Vec<u8> = "application/vnd.apache.arrow.stream"),
        )),
        (status = 304, description = "The client has the answer already: its `if-none-match` names it"),
        (status = 400, description = "The query is wrong; `errors` names every field with what was perhaps meant", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "The answer needs more memory or groups than are allowed", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 504, description = "The answer took too long", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let format = row_format(request.uri(), &headers)?;
    let mut query: Query = json(&state, request).await?;
    query.now = state.now();
    let asked = Asked {
        kind: "query",
        format,
        workspace: &workspace,
        profile: query.profile.as_deref(),
        tables: tables_needed(&query),
        now: query.now,
        question: &query,
    };
    let (engine, question) = (&state.engine, &query);
    let work = |capture: Arc<Capture>| async move { Ok(engine.run(question, &capture).await?) };
    answered(&state, &headers, asked, work).await
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
    params(WorkspaceParameters),
    request_body(content = DriverQuery, example = json!({
        "outcome": "escalation",
        "by": "topic",
        "range": { "last": "28d" },
        "limit": 10
    })),
    responses(
        (status = 200, description = "The drivers, strongest first", body = DriverResult),
        (status = 304, description = "The client has the answer already: its `if-none-match` names it"),
        (status = 400, description = "The query is wrong; `errors` names every field with what was perhaps meant", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "The answer needs more memory or groups than are allowed", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 504, description = "The answer took too long", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn drivers(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let mut query: DriverQuery = json(&state, request).await?;
    query.now = state.now();
    let asked = Asked {
        kind: "drivers",
        format: None,
        workspace: &workspace,
        profile: query.profile.as_deref(),
        tables: tables_of_filters(&query.filters),
        now: query.now,
        question: &query,
    };
    let (engine, question) = (&state.engine, &query);
    let work = |capture: Arc<Capture>| async move { Ok(engine.drivers(question, &capture).await?) };
    answered(&state, &headers, asked, work).await
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
    params(WorkspaceParameters),
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
        (status = 304, description = "The client has the answer already: its `if-none-match` names it"),
        (status = 400, description = "The query is wrong; `errors` names every field with what was perhaps meant", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "The answer needs more memory or groups than are allowed", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 504, description = "The answer took too long", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn retention(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let mut query: RetentionQuery = json(&state, request).await?;
    query.now = state.now();
    let asked = Asked {
        kind: "retention",
        format: None,
        workspace: &workspace,
        profile: query.profile.as_deref(),
        tables: query.tables_needed(),
        now: query.now,
        question: &query,
    };
    let (engine, question) = (&state.engine, &query);
    let work =
        |capture: Arc<Capture>| async move { Ok(engine.retention(question, &capture).await?) };
    answered(&state, &headers, asked, work).await
}

/// A question, and what is read to answer it.
pub(crate) struct Asked<'a, Q> {
    pub kind: &'static str,
    /// How rows are written, where not the whole answer is wanted as JSON.
    pub format: Option<RowFormat>,
    pub workspace: &'a str,
    pub profile: Option<&'a str>,
    pub tables: Vec<Table>,
    pub now: i64,
    pub question: &'a Q,
}

/// The answer to a question: the one that is kept, or that others are working on, or a new one.
pub(crate) async fn answered<Q: Serialize, A: Answer, W: Future<Output = Result<A, Problem>>>(
    state: &ServerState,
    headers: &HeaderMap,
    asked: Asked<'_, Q>,
    work: impl Fn(Arc<Capture>) -> W,
) -> Result<Response, Problem> {
    let answer = timed(state, asked.kind, async {
        let capture = state
            .capture(asked.workspace, asked.profile, &asked.tables)
            .await?;
        let kind = (asked.kind, asked.format);
        let key = Key::new(kind, asked.workspace, &capture, asked.question)?;
        let capture = Arc::new(capture);
        if let Some(kept) = state.answers.get(key, asked.now) {
            return Ok((kept, true));
        }
        let turn = state.answers.turn(key);
        let _others_wait = turn.wait().await;
        if let Some(kept) = state.answers.get(key, asked.now) {
            return Ok((kept, true));
        }
        let found = in_turn(state, || work(capture.clone())).await?;
        let kept = Kept::new(found, asked.format, asked.now)?;
        state.answers.keep(key, &kept);
        Ok((kept, false))
    });
    let (kept, was_kept) = answer.await?;
    Ok(kept.response(headers, was_kept))
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
                let errors = problems
                    .into_iter()
                    .map(|problem| FieldProblem {
                        field: problem.field,
                        position: problem.position,
                        detail: problem.message,
                        suggestion: problem.suggestion,
                    })
                    .collect();
                Self::new(ProblemKind::InvalidQuery, detail).with_errors(errors)
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
