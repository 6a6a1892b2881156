//! The web app, for every path that is not the interface's.
//!
//! Files with hashed names may be kept for ever; the page that names them is asked for anew each time.
//! The app loads nothing from elsewhere, and its policy lets it load nothing from elsewhere: no script
//! and no style within the page, no other host.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use upshot_web::Asset;

/// What the app's pages may load.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
     font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

/// What is never the app's: a client that misspells a path of the interface is told so.
const RESERVED: [&str; 3] = ["api", "health", "metrics"];

/// Whether a path is the app's, which holds nothing of a workspace.
pub(crate) fn owns(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next();
    !RESERVED
        .iter()
        .any(|reserved| first.is_some_and(|first| first.eq_ignore_ascii_case(reserved)))
}

/// Answers whatever no other route answers.
pub(crate) async fn serve(request: Request) -> Response {
    let path = request.uri().path();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads || !owns(path) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let name = path.trim_start_matches('/');
    match upshot_web::asset(name) {
        Some(asset) => send(asset, request.headers()),
        // A file that is not there; a page's name has no dot.
        None if name
            .rsplit('/')
            .next()
            .is_some_and(|last| last.contains('.')) =>
        {
            StatusCode::NOT_FOUND.into_response()
        }
        None => send(upshot_web::index(), request.headers()),
    }
}

fn send(asset: &'static Asset, headers: &HeaderMap) -> Response {
    let tag = format!("\"{}\"", asset.tag);
    let known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|value| value.trim().trim_start_matches("W/") == tag);
    let (content, encoding) = chosen(asset, headers);
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(content).into_response()
    };
    let mut set = |name: HeaderName, value: &'static str| {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    };
    set(CONTENT_TYPE, asset.content_type);
    set(CONTENT_SECURITY_POLICY, POLICY);
    set(VARY, "accept-encoding");
    set(
        CACHE_CONTROL,
        if asset.is_immutable() {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        },
    );
    if let Some(encoding) = encoding.filter(|_| !known) {
        set(CONTENT_ENCODING, encoding);
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// The shortest content that the client takes, and how it is packed.
fn chosen(asset: &'static Asset, headers: &HeaderMap) -> (&'static [u8], Option<&'static str>) {
    let packed = [("br", asset.brotli), ("gzip", asset.gzip)];
    packed
        .into_iter()
        .find_map(|(name, content)| {
            let content = content.filter(|_| accepts(headers, name))?;
            Some((content, Some(name)))
        })
        .unwrap_or((asset.plain, None))
}

/// Whether the client names the encoding, and does not give it the weight 0.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter();
    let mut named = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    named.any(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let same = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let refused = parts.any(|part| {
            part.strip_prefix("q=")
                .and_then(|weight| weight.trim().parse::<f32>().ok())
                .is_some_and(|weight| weight <= 0.0)
        });
        same && !refused
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_interfaces_paths_are_not_the_apps() {
        for path in [
            "/api",
            "/api/v1/query",
            "/API/v1/query",
            "/health/live",
            "/metrics",
            "//api/v1/x",
        ] {
            assert!(!owns(path), "{path}");
        }
        for path in [
            "/",
            "/outcomes",
            "/conversations/abc",
            "/assets/a.js",
            "/apis",
        ] {
            assert!(owns(path), "{path}");
        }
    }

    #[test]
    fn an_encoding_is_used_where_the_client_takes_it() {
        let check = |value: &str, encoding: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, value.parse().unwrap());
            accepts(&headers, encoding)
        };
        assert!(check("gzip, deflate, br", "br"));
        assert!(check("GZIP;q=0.5", "gzip"));
        assert!(!check("gzip, br;q=0", "br"));
        assert!(!check("identity", "gzip"));
        assert!(!check("brotli", "br"));
    }
}
