//! `ETag` and `If-None-Match`: an answer that the client has already is not sent again.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// The layer. The tag is made of the answer itself, so that it can never be stale.
pub(crate) async fn conditional(request: Request, next: Next) -> Response {
    let is_get = request.method() == Method::GET;
    let known = request.headers().get(IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    if !is_get || response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let tag = tag_of(&bytes);
    let unchanged = known
        .as_ref()
        .and_then(|known| known.to_str().ok())
        .is_some_and(|known| names(known, &tag));
    if let Ok(value) = HeaderValue::from_str(&tag) {
        parts.headers.insert(ETAG, value);
    }
    // A browser may keep the answer, and asks each time whether it is still right.
    parts
        .headers
        .insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if unchanged {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(axum::http::header::CONTENT_TYPE);
        parts.headers.remove(axum::http::header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// Weak, because the bytes that are sent may be packed.
pub(crate) fn tag_of(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let letters: String = hash
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("W/\"{letters}\"")
}

/// Whether the client's list of tags holds this one; weakness does not matter for that.
pub(crate) fn names(list: &str, tag: &str) -> bool {
    let strong = tag.trim_start_matches("W/");
    list.split(',')
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == strong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_in_lists() {
        let tag = tag_of(b"answer");
        assert!(names(&tag, &tag));
        assert!(names("*", &tag));
        assert!(names(&format!("\"other\", {tag}"), &tag));
        assert!(names(tag.trim_start_matches("W/"), &tag));
        assert!(!names("W/\"other\"", &tag));
        assert!(!names("", &tag));
        assert_ne!(tag, tag_of(b"another answer"));
    }
}
