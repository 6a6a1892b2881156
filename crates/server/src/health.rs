//! Whether the server lives and may be sent requests, and its numbers for Prometheus.

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `live` or `ready`.
    #[schema(examples("ready"))]
    status: &'static str,
    /// The version of the program.
    #[schema(examples("0.1.0"))]
    version: &'static str,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Say that the process lives
///
/// Restart the process when this does not answer. Needs no key.
#[utoipa::path(
    get,
    path = "/health/live",
    tag = "health",
    security(()),
    responses((status = 200, description = "The process lives", body = Health))
)]
pub(crate) async fn live() -> Json<Health> {
    Json(Health {
        status: "live",
        version: VERSION,
    })
}

/// Say whether requests may be sent
///
/// Needs no key.
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "health",
    security(()),
    responses(
        (status = 200, description = "Requests may be sent", body = Health),
        (status = 503, description = "The log has stopped, or files lag behind; `detail` says which", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn ready(State(state): State<ServerState>) -> Result<Json<Health>, Problem> {
    let status = state.lake.status();
    if status.stopped {
        let detail = "the log has stopped after a failed write; restart the server";
        return Err(Problem::new(ProblemKind::Unavailable, detail));
    }
    let lag = u64::try_from(status.unflushed_age / 1_000_000).unwrap_or_default();
    let limit = state.options.limits.ready_lag.as_secs();
    if lag > limit {
        let detail = format!(
            "the oldest event that is in no data file has waited {lag} s, longer than {limit} s; \
             see the log for why files cannot be written"
        );
        return Err(Problem::new(ProblemKind::Unavailable, detail));
    }
    Ok(Json(Health {
        status: "ready",
        version: VERSION,
    }))
}

/// The server's own numbers, for Prometheus
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "prometheus",
    tag = "health",
    responses(
        (status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text"),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn metrics(State(state): State<ServerState>) -> Result<Response, Problem> {
    const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let text = state.telemetry.encode().map_err(|error| {
        tracing::error!(%error, "the numbers for Prometheus could not be written");
        Problem::new(ProblemKind::Internal, crate::problem::INTERNAL)
    })?;
    Ok(([(CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}
