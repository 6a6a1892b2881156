//! Tells a client when to ask again: `GET /api/v1/changes`, as server-sent events.
//!
//! Only that something changed is told, never what: the client asks its questions as ever, and the same answers
//! are kept for all who ask. A look takes no query, only a counter of the workspace.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::RETRY_AFTER;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use futures::stream::unfold;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use crate::input::Workspace;
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;

/// How often is looked whether something changed, and so how seldom a client is told.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A client that listens.
struct Listener {
    state: ServerState,
    workspace: String,
    told: Option<u64>,
    until: Instant,
    _room: OwnedSemaphorePermit,
}

/// Tell when something changes
///
/// A stream of server-sent events: one at once, and one whenever events came into the workspace, at most two a second. Its data is
/// a number that tells moments apart. After half an hour the stream ends: open it again.
#[utoipa::path(
    get,
    path = "/api/v1/changes",
    operation_id = "listen_for_changes",
    tag = "numbers",
    params(WorkspaceParameters),
    responses(
        (status = 200, description = "Server-sent events of the type `change`", body = String, content_type = "text/event-stream"),
        (status = 400, description = "The workspace's name is wrong", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 429, description = "Too many listen: see `retry-after`", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn listen(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
) -> Result<impl IntoResponse, Problem> {
    let room = state.listeners.clone().try_acquire_owned().map_err(|_| {
        let detail = "too many clients listen for changes; ask again from time to time instead";
        Problem::new(ProblemKind::Busy, detail)
            .with_header(RETRY_AFTER, HeaderValue::from_static("60"))
    })?;
    let until = Instant::now() + state.options.limits.listening_time;
    let listener = Listener {
        state,
        workspace,
        told: None,
        until,
        _room: room,
    };
    Ok(Sse::new(changes(listener)).keep_alive(KeepAlive::default()))
}

fn changes(listener: Listener) -> impl Stream<Item = Result<Event, Infallible>> {
    unfold(listener, |mut listener| async {
        loop {
            if listener.state.is_ending() || Instant::now() >= listener.until {
                return None;
            }
            let now = listener.state.lake.changes(&listener.workspace);
            if listener.told != Some(now) {
                listener.told = Some(now);
                let event = Event::default().event("change").data(now.to_string());
                return Some((Ok(event), listener));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    })
}
