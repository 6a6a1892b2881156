//! The layer that lets requests through or not.
//!
//! As long as nobody owns the server and it has no key, it is open, and listens on loopback only. Then a page in a
//! browser on the same machine is the stranger: it could reach the server under a name of its own that resolves to this
//! machine, so only loopback's own names are answered. With a key or an owner, everything but the health paths, the
//! description of the interface, the web app's files and the ways to sign in needs somebody who may.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{HOST, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use upshot_metrics::asks_for_ids;
use upshot_store::{Store, StoreError};

use super::caller::{Caller, Found, Who, find, named_workspace};
use super::origin::{Page, is_https, only_reads, page};
use super::password::Passwords;
use super::record;
use super::routes::{Declared, Need, declared};
use super::secret::hash;
use crate::app;
use crate::input::{no_ids, parameters};
use crate::problem::{Problem, ProblemKind};
use crate::state::ServerState;

/// What the guard keeps. Holds the hash of the server's key, never the key.
#[derive(Default)]
pub(crate) struct Guard {
    pub(super) key_hash: Option<[u8; 32]>,
    pub(super) passwords: Passwords,
    /// Whether an owner was seen. The last owner of a workspace stays, so it never turns back.
    owned: AtomicBool,
}

impl Guard {
    pub fn new(key: Option<&str>) -> Self {
        Self {
            key_hash: key.map(hash),
            ..Self::default()
        }
    }

    /// Whether anybody owns a workspace.
    pub async fn owner_exists(&self, store: &Store) -> Result<bool, StoreError> {
        if !self.owned.load(Ordering::Relaxed) && store.owner_exists().await? {
            self.owned.store(true, Ordering::Relaxed);
        }
        Ok(self.owned.load(Ordering::Relaxed))
    }

    /// Whether anybody who reaches the server may ask.
    async fn is_open(&self, store: &Store) -> Result<bool, StoreError> {
        Ok(self.key_hash.is_none() && !self.owner_exists(store).await?)
    }
}

/// The layer.
pub(crate) async fn check(
    State(state): State<ServerState>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let matched = parts.extensions.get::<MatchedPath>().cloned();
    let declared = matched
        .as_ref()
        .and_then(|path| declared(parts.method.as_str(), path.as_str()));
    let caller = match admit(&state, &parts, declared).await {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    let Some(caller) = caller else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    parts.extensions.insert(caller.clone());
    let request = Request::from_parts(parts, body);
    let action = declared.and_then(|declared| declared.record);
    let (Some(action), Some(matched)) = (action, matched) else {
        return next.run(request).await;
    };
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    record::afterwards(&state, &caller, action, (matched.as_str(), &path), response).await
}

/// Lets a request through or not. Gives who asks, where the route is for them.
async fn admit(
    state: &ServerState,
    request: &Parts,
    declared: Option<Declared>,
) -> Result<Option<Caller>, Problem> {
    let need = declared.map(|declared| declared.need);
    if need == Some(Need::Nothing) {
        return Ok(None);
    }
    let (headers, uri) = (&request.headers, &request.uri);
    let is_open = state.guard.is_open(&state.store).await?;
    if is_open && let Some(problem) = wrong_host(headers) {
        return Err(problem);
    }
    // The app holds nothing of a workspace.
    if app::owns(uri.path()) {
        return Ok(None);
    }
    let behind_proxy = state.options.behind_proxy;
    let page = page(headers, behind_proxy);
    if need == Some(Need::SignIn) {
        return match page {
            Page::Foreign => Err(foreign_page()),
            Page::Own | Page::Unknown => Ok(None),
        };
    }
    let named = named_workspace(headers, uri.query());
    let wanted = named.as_ref().ok().and_then(Option::as_deref);
    let secure = is_https(headers, behind_proxy);
    let who = match find(state, headers, secure, wanted).await? {
        Found::ByHeader(who) => who,
        // Nobody sends a cookie to an open server, but a page of another site may ask it blindly all the same.
        Found::Nobody | Found::Wrong if is_open => {
            if !only_reads(&request.method) && page == Page::Foreign {
                return Err(foreign_page());
            }
            Who::Open
        }
        Found::Nobody | Found::Wrong => return Err(unknown_caller()),
        Found::ByCookie(who) => {
            if !only_reads(&request.method) && page != Page::Own {
                return Err(foreign_page());
            }
            who
        }
    };
    let Some(need) = need else { return Ok(None) };
    let caller = Caller::bind(Arc::new(who), named?.as_deref())?;
    let filters = parameters(uri.query(), "filter");
    if caller.is_share() && filters.iter().any(|filter| asks_for_ids(filter)) {
        return Err(no_ids());
    }
    match need {
        Need::May(permission) if !caller.permissions.allow(permission) => {
            let detail = format!(
                "this needs the permission `{}`, which {} does not have here; docs/people.md says who has it",
                permission.as_str(),
                caller.name()
            );
            Err(Problem::new(ProblemKind::Forbidden, detail))
        }
        _ => Ok(Some(caller)),
    }
}

fn unknown_caller() -> Problem {
    let detail = "sign in, or send a key as `Authorization: Bearer KEY`";
    Problem::new(ProblemKind::Unauthorized, detail).with_header(
        WWW_AUTHENTICATE,
        HeaderValue::from_static("Bearer realm=\"upshot\""),
    )
}

fn foreign_page() -> Problem {
    Problem::new(
        ProblemKind::Forbidden,
        "the request does not come from a page of this server; programs send a key instead of a cookie",
    )
}

fn wrong_host(headers: &HeaderMap) -> Option<Problem> {
    let host = headers.get(HOST)?;
    let named = host.to_str().ok().map(host_name);
    let loopback = named.is_some_and(|name| {
        name.eq_ignore_ascii_case("localhost")
            || name
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    });
    (!loopback).then(|| {
        Problem::new(
            ProblemKind::WrongHost,
            "without a key and an owner only `localhost`, `127.0.0.1` and `[::1]` are answered; set a key, \
             or open the owner's link that `upshot serve` prints, to use another name",
        )
    })
}

/// The host without its port.
fn host_name(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or(rest);
    }
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_names_of_loopback_are_loopbacks() {
        let opens = |host: &str| {
            let mut headers = HeaderMap::new();
            headers.append(HOST, host.parse().unwrap());
            wrong_host(&headers).is_none()
        };
        for host in [
            "localhost",
            "localhost:7700",
            "127.0.0.1:7700",
            "127.8.9.1",
            "[::1]:7700",
        ] {
            assert!(opens(host), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:7700",
            "192.168.0.1",
            "localhost.evil.example",
        ] {
            assert!(!opens(host), "{host}");
        }
        assert!(wrong_host(&HeaderMap::new()).is_none());
    }
}
