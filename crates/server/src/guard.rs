//! Who may ask.
//!
//! With a key, everything but the health paths and the web app's files needs it. Without one the server listens on loopback
//! only, and then a page in a browser on the same machine is the stranger: it could reach the server
//! under a name of its own that resolves to this machine, so only loopback's own names are answered.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::app;
use crate::problem::{Problem, ProblemKind};
use crate::state::ServerState;

/// Paths that everybody may ask.
const FREE: [&str; 2] = ["/health/live", "/health/ready"];

/// Says who may ask. Holds the hash of the key, never the key.
pub(crate) struct Guard {
    key_hash: Option<[u8; 32]>,
}

impl Guard {
    pub fn new(key: Option<&str>) -> Self {
        Self {
            key_hash: key.map(hash),
        }
    }

    /// Why these headers do not open this path.
    fn objection(&self, path: &str, headers: &HeaderMap) -> Option<Problem> {
        if FREE.contains(&path) {
            return None;
        }
        let Some(key_hash) = &self.key_hash else {
            return wrong_host(headers);
        };
        // The app holds nothing of a workspace: it asks for the key and sends it with its questions.
        if app::owns(path) {
            return None;
        }
        // The hashes are compared, so that the time tells nothing of the key or its length.
        let right = bearer(headers).is_some_and(|key| bool::from(hash(key).ct_eq(key_hash)));
        (!right).then(|| {
            let detail = "send the server's key as `Authorization: Bearer KEY`";
            Problem::new(ProblemKind::Unauthorized, detail).with_header(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"upshot\""),
            )
        })
    }
}

fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let value = all.next()?.to_str().ok()?;
    if all.next().is_some() {
        return None;
    }
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
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
            "without a key only `localhost`, `127.0.0.1` and `[::1]` are answered; set a key to use \
             another name",
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

/// The layer that lets requests through or not.
pub(crate) async fn check(
    State(state): State<ServerState>,
    request: Request,
    next: Next,
) -> Response {
    match state
        .guard
        .objection(request.uri().path(), request.headers())
    {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn opens(key: Option<&str>, path: &str, pairs: &[(&'static str, &str)]) -> bool {
        Guard::new(key).objection(path, &headers(pairs)).is_none()
    }

    #[test]
    fn a_key_is_needed_everywhere_but_for_health_and_the_app() {
        let key = Some("open sesame");
        for path in ["/api/v1/query", "/metrics", "/API/v1/query", "/health"] {
            assert!(!opens(key, path, &[]), "{path}");
            assert!(
                opens(key, path, &[("authorization", "Bearer open sesame")]),
                "{path}"
            );
        }
        for path in FREE
            .into_iter()
            .chain(["/", "/outcomes", "/assets/index.js"])
        {
            assert!(opens(key, path, &[]), "{path}");
        }
    }

    #[test]
    fn only_the_whole_key_opens() {
        for value in [
            "Bearer open sesam",
            "Bearer open sesame!",
            "Bearer",
            "Bearer ",
            "Basic open sesame",
            "open sesame",
        ] {
            let pairs = [("authorization", value)];
            assert!(
                !opens(Some("open sesame"), "/api/v1/query", &pairs),
                "{value}"
            );
        }
        let twice = [
            ("authorization", "Bearer open sesame"),
            ("authorization", "Bearer open sesame"),
        ];
        assert!(!opens(Some("open sesame"), "/api/v1/query", &twice));
        assert!(opens(
            Some("k"),
            "/api/v1/query",
            &[("authorization", "bearer k")]
        ));
    }

    #[test]
    fn without_a_key_only_names_of_loopback_are_answered() {
        for host in [
            "localhost",
            "localhost:7700",
            "127.0.0.1:7700",
            "127.8.9.1",
            "[::1]:7700",
        ] {
            assert!(opens(None, "/api/v1/query", &[("host", host)]), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:7700",
            "192.168.0.1",
            "localhost.evil.example",
        ] {
            assert!(!opens(None, "/api/v1/query", &[("host", host)]), "{host}");
        }
        assert!(opens(None, "/api/v1/query", &[]));
    }
}
