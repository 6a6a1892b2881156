//! The demo's conversations: whether a workspace holds nothing else, and clearing them: `/api/v1/demo`.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use upshot_lake::Cleared;
use upshot_metrics::{EnvironmentChoice, Query, QueryResult, tables_needed};
use utoipa::ToSchema;

use crate::facts::instant;
use crate::input::Workspace;
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;
use crate::turns::bounded;

/// What the demo's events say of where they come from.
pub const DEMO_SOURCE: &str = "demo";

/// Whether a workspace holds the demo.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Demo {
    /// Whether the demo filled the workspace and nothing else came in: then it may be cleared.
    is_demo: bool,
    /// How many conversations of the demo there are.
    #[schema(examples(50000))]
    conversations: u64,
    /// When the demo filled it; null where it did not.
    #[schema(format = DateTime)]
    since: Option<String>,
}

/// What was cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClearedDemo {
    /// How many events.
    #[schema(examples(1250000))]
    pub events: u64,
    /// How many sessions.
    #[schema(examples(62000))]
    pub sessions: u64,
}

impl From<Cleared> for ClearedDemo {
    fn from(cleared: Cleared) -> Self {
        Self {
            events: cleared.events,
            sessions: cleared.sessions,
        }
    }
}

/// Say whether the data are the demo's
#[utoipa::path(
    get,
    path = "/api/v1/demo",
    operation_id = "show_demo",
    tag = "workspace",
    params(WorkspaceParameters),
    responses(
        (status = 200, description = "Whether the workspace holds the demo", body = Demo),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 504, description = "The answer took too long", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
) -> Result<Json<Demo>, Problem> {
    let Some(since) = state.store.demo(&workspace).await? else {
        return Ok(Json(Demo {
            is_demo: false,
            conversations: 0,
            since: None,
        }));
    };
    let query = by_source(state.now());
    let work = || async {
        let tables = tables_needed(&query);
        let capture = state.capture(&workspace, None, &tables).await?;
        Ok(state.engine.run(&query, &capture).await?)
    };
    let (of_demo, of_others) = counts(&bounded(&state, "demo", work).await?);
    Ok(Json(Demo {
        is_demo: of_demo > 0 && of_others == 0,
        conversations: of_demo,
        since: Some(instant(since)),
    }))
}

/// The conversations of every source.
fn by_source(now: i64) -> Query {
    Query {
        metrics: vec!["conversations".to_owned()],
        dimensions: vec!["source".to_owned()],
        environment: EnvironmentChoice::All,
        now,
        ..Query::default()
    }
}

/// How many conversations are of the demo, and of others.
fn counts(answer: &QueryResult) -> (u64, u64) {
    let (mut of_demo, mut of_others) = (0, 0);
    for row in &answer.rows {
        let count = row
            .metrics
            .get("conversations")
            .and_then(|value| value.value);
        let count = count.unwrap_or_default() as u64;
        let source = row.dimensions.get("source").and_then(Option::as_deref);
        match source == Some(DEMO_SOURCE) {
            true => of_demo += count,
            false => of_others += count,
        }
    }
    (of_demo, of_others)
}

/// Clear the demo
///
/// All events and facts of the workspace go at once, if all of them are the demo's. What people set stays.
#[utoipa::path(
    delete,
    path = "/api/v1/demo",
    operation_id = "clear_demo",
    tag = "workspace",
    params(WorkspaceParameters),
    responses(
        (status = 200, description = "What was cleared", body = ClearedDemo),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 409, description = "The demo did not fill the workspace, or other data came in; nothing was cleared", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "The log has stopped", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn clear(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
) -> Result<Json<ClearedDemo>, Problem> {
    if state.store.demo(&workspace).await?.is_none() {
        let detail = format!("the demo did not fill workspace `{workspace}`; nothing was cleared");
        return Err(Problem::new(ProblemKind::Conflict, detail));
    }
    // Goes on to its end when the client goes.
    let clearing = tokio::spawn(async move {
        let cleared = state.lake.clear(&workspace, DEMO_SOURCE).await?;
        state.engine.forget_rollups();
        state.ahead.forget(&workspace);
        // What people said of its sessions goes with them.
        state.store.forget_all_sessions(&workspace).await?;
        state.store.forget_demo(&workspace).await?;
        Ok::<_, Problem>(cleared)
    });
    let cleared = clearing.await.map_err(|error| {
        tracing::error!(%error, "clearing the demo failed");
        Problem::new(ProblemKind::Internal, crate::problem::INTERNAL)
    })?;
    Ok(Json(cleared?.into()))
}
