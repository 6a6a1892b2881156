//! A server over a lake in a temporary folder, and requests to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;
use upshot_demo::{DemoOptions, generate};
use upshot_lake::{Lake, LakeOptions};
use upshot_metrics::{Engine, EngineOptions, RollupOptions};
use upshot_server::{ServerOptions, ServerState, router};
use upshot_store::Store;

/// 2026-03-10T12:00:00Z.
pub const NOW: i64 = 1_773_144_000_000_000;

pub struct Bench {
    pub lake: Lake,
    pub store: Store,
    pub router: Router,
    pub clock: Arc<AtomicI64>,
    pub state: ServerState,
    _folder: Option<TempDir>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The problem details; checks that they are complete.
    #[track_caller]
    pub fn problem(&self, status: u16, kind: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:upshot:problem:{kind}"));
        assert_eq!(problem["status"], status);
        assert_ne!(problem["title"], "");
        assert_ne!(problem["detail"], "");
        let id = self.header("x-request-id");
        assert_eq!(problem["instance"], format!("urn:upshot:request:{id}"));
        problem
    }
}

impl Bench {
    pub async fn new() -> Self {
        Self::with(|_| {}, |_| {}).await
    }

    pub async fn with_server(server: impl FnOnce(&mut ServerOptions)) -> Self {
        Self::with(server, |_| {}).await
    }

    /// With so many bytes for all queries.
    pub async fn with_engine(memory_limit_bytes: usize) -> Self {
        let mut bench = Self::new().await;
        let clock = bench.clock.clone();
        let options = ServerOptions::new(Arc::new(move || clock.load(Ordering::Relaxed)));
        let engine = Engine::new(EngineOptions {
            memory_limit_bytes,
            threads: 2,
            ..EngineOptions::default()
        });
        let store = bench.store.clone();
        let state = ServerState::new(bench.lake.clone(), engine.unwrap(), store, options);
        bench.router = router(state.clone());
        bench.state = state;
        bench
    }

    pub async fn with(
        change_server: impl FnOnce(&mut ServerOptions),
        change_lake: impl FnOnce(&mut LakeOptions),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(NOW));
        let shown = clock.clone();
        let now: upshot_lake::engine::Clock = Arc::new(move || shown.load(Ordering::Relaxed));
        let mut options = LakeOptions::new(folder.path(), now.clone());
        change_lake(&mut options);
        let lake = Lake::open(options).await.unwrap();
        let mut options = ServerOptions::new(now);
        // Whoever walks all routes listens for a moment only.
        options.limits.listening_time = std::time::Duration::from_millis(20);
        change_server(&mut options);
        let store = Store::open(folder.path()).await.unwrap();
        let state = ServerState::new(lake.clone(), engine(), store.clone(), options);
        Self {
            lake,
            store,
            router: router(state.clone()),
            state,
            clock,
            _folder: Some(folder),
        }
    }

    /// The same data, with a server that was started anew.
    pub fn restarted(&self) -> Self {
        let clock = self.clock.clone();
        let options = ServerOptions::new(Arc::new(move || clock.load(Ordering::Relaxed)));
        let (lake, store) = (self.lake.clone(), self.store.clone());
        let state = ServerState::new(lake.clone(), engine(), store.clone(), options);
        Self {
            lake,
            store,
            router: router(state.clone()),
            state,
            clock: self.clock.clone(),
            _folder: None,
        }
    }

    /// Sends the digests that are due; gives how many were sent.
    pub async fn send_digests(&self) -> usize {
        upshot_server::access::digest::send_due(&self.state)
            .await
            .unwrap()
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    pub async fn post(&self, path: &str, kind: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post(path)
            .header("content-type", kind)
            .body(body.into())
            .unwrap();
        self.send(request).await
    }

    /// Sends JSON with a method that is not POST, or with any.
    pub async fn send_json(&self, method: &str, path: &str, body: String) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .body(Body::from(body))
            .unwrap();
        self.send(request).await
    }

    /// Sends events to a workspace.
    pub async fn events(&self, workspace: &str, events: &Value) -> Answer {
        let path = format!("/api/v1/events?workspace={workspace}");
        self.post(&path, "application/json", events.to_string())
            .await
    }

    pub async fn query(&self, query: &Value) -> Answer {
        self.post("/api/v1/query", "application/json", query.to_string())
            .await
    }
}

pub fn engine() -> Engine {
    Engine::new(EngineOptions {
        memory_limit_bytes: 64 << 20,
        threads: 2,
        // Files of tests are small; what is found in them is kept all the same.
        rollups: RollupOptions {
            least_file_rows: 0,
            ..RollupOptions::default()
        },
    })
    .unwrap()
}

/// A user's question and the bot's answer, some minutes before the test's present.
pub fn conversation(id: &str, channel: &str) -> Value {
    serde_json::json!([
        {
            "event_id": format!("{id}-1"), "event_type": "message", "time": "2026-03-10T10:00:00Z",
            "conversation_id": id, "channel": channel, "role": "user", "message_kind": "text",
            "user_id": format!("user-of-{id}"), "text": format!("question of {id}")
        },
        {
            "event_id": format!("{id}-2"), "event_type": "message", "time": "2026-03-10T10:00:02Z",
            "conversation_id": id, "channel": channel, "role": "bot", "message_kind": "text",
            "text": format!("answer to {id}")
        }
    ])
}

/// Believable events as JSON Lines.
pub fn demo(conversations: u64) -> String {
    let options = DemoOptions {
        conversations,
        ..DemoOptions::until(NOW)
    };
    generate(&options)
        .flatten()
        .map(|event| upshot_adapters::write_event(&event) + "\n")
        .collect()
}
