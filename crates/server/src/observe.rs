//! The outermost layer: gives every request an id, counts it, logs it, and writes problems down.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use crate::problem::{PROBLEM_JSON, Problem};
use crate::state::ServerState;

/// The header that carries the request's id.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives ids that this process gives once, and other processes hardly ever.
pub(crate) struct RequestIds {
    process: u32,
    next: AtomicU64,
}

impl Default for RequestIds {
    fn default() -> Self {
        Self {
            // Random in every process.
            process: (RandomState::new().hash_one(0_u8) >> 32) as u32,
            next: AtomicU64::new(1),
        }
    }
}

impl RequestIds {
    fn id_of(&self, headers: &HeaderMap) -> String {
        let given = headers
            .get(REQUEST_ID)
            .and_then(|value| value.to_str().ok());
        // What comes from outside goes into the log: no more than an id.
        let plain = |id: &&str| {
            (1..=64).contains(&id.len())
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        match given.filter(plain) {
            Some(id) => id.to_owned(),
            None => {
                let number = self.next.fetch_add(1, Ordering::Relaxed);
                format!("{:08x}-{number:08x}", self.process)
            }
        }
    }
}

/// The request's id, for handlers that tell of it.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub String);

/// The layer.
pub(crate) async fn observe(
    State(state): State<ServerState>,
    mut request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let id = state.request_ids.id_of(request.headers());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unknown", |path| path.as_str())
        .to_owned();
    request.extensions_mut().insert(RequestId(id.clone()));
    let span = tracing::info_span!("request", id, %method, path);
    let response = next.run(request).instrument(span.clone()).await;
    let _entered = span.enter();
    let mut response = written_down(response, &id, method.as_str(), &path);
    let status = response.status();
    let elapsed = began.elapsed();
    state.telemetry.request(&method, &route, status, elapsed);
    let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(status = status.as_u16(), milliseconds, "a request failed");
    } else if status.is_server_error() {
        tracing::warn!(
            status = status.as_u16(),
            milliseconds,
            "a request had to be refused"
        );
    } else {
        tracing::debug!(
            status = status.as_u16(),
            milliseconds,
            "a request was answered"
        );
    }
    add_headers(response.headers_mut(), &id);
    response
}

/// The same answer, with its problem as the body if it is one.
fn written_down(mut response: Response, id: &str, method: &str, path: &str) -> Response {
    let status = response.status();
    let problem = response.extensions_mut().remove::<Problem>();
    if problem.is_none() && !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let has_body = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind == PROBLEM_JSON || kind == "application/json");
    if problem.is_none() && has_body {
        return response;
    }
    let problem = problem.unwrap_or_else(|| Problem::of_status(status, method, path));
    let mut rendered = problem.render(id);
    if status == StatusCode::METHOD_NOT_ALLOWED
        && let Some(allow) = response.headers_mut().remove(ALLOW)
    {
        rendered.headers_mut().insert(ALLOW, allow);
    }
    rendered
}

fn add_headers(headers: &mut HeaderMap, id: &str) {
    const FIXED: [(&str, &str); 3] = [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
    ];
    for (name, value) in FIXED {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    // The app's pages say themselves what they may load; all else loads nothing.
    headers
        .entry(CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ));
    // Answers hold what people said and did: nobody on the way may keep them.
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, value);
    }
}
