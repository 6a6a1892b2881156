//! What the log holds, and what it must not.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::Request;
use tracing_subscriber::fmt::MakeWriter;

use crate::common::Bench;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Kept {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn neither_bodies_nor_keys_nor_filters_are_logged() {
    const KEY: &str = "a-key-that-nobody-may-read";
    let kept = Kept::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(kept.clone())
        .finish();
    // For all threads: a place in the code that a thread without subscriber reaches first would stay
    // silent for this one too.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let bench = Bench::with_server(|options| options.key = Some(KEY.to_owned())).await;
    let requests = [
        (
            "POST",
            "/api/v1/events",
            r#"{"event_type": "body-secret", "time": 1, "conversation_id": "body-secret"}"#,
        ),
        ("POST", "/api/v1/events", "body-secret is no JSON"),
        ("POST", "/api/v1/query", r#"{"metrics": ["body-secret"]}"#),
        ("POST", "/api/v1/query", r#"{"body-secret": 1}"#),
        ("GET", "/api/v1/sessions?filter=body-secret", ""),
        (
            "POST",
            "/api/v1/sign-in",
            r#"{"email": "body-secret@example.org", "password": "body-secret of a person"}"#,
        ),
        (
            "POST",
            "/api/v1/links/accept",
            r#"{"token": "body-secret", "name": "body-secret", "password": "body-secret"}"#,
        ),
    ];
    for (method, path, body) in requests {
        for key in [KEY, "a-wrong-key-of-a-client"] {
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header("content-type", "application/json")
                .header("authorization", format!("Bearer {key}"))
                .body(Body::from(body))
                .unwrap();
            let answer = bench.send(request).await;
            assert!(answer.status.is_client_error(), "{path}: {}", answer.text());
        }
    }
    let log = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("a request was answered"), "{log}");
    assert!(log.contains("/api/v1/query"), "{log}");
    for secret in ["body-secret", KEY, "a-wrong-key"] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}
