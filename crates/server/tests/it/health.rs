//! Whether the server lives, and its numbers for Prometheus.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;

use crate::common::{Bench, NOW, conversation};

#[tokio::test]
async fn a_server_lives_and_is_ready() {
    let bench = Bench::new().await;
    assert_eq!(bench.get("/health/live").await.json()["status"], "live");
    assert_eq!(bench.get("/health/ready").await.json()["status"], "ready");
}

#[tokio::test]
async fn a_server_whose_files_lag_behind_is_not_ready() {
    let bench = Bench::with(
        |options| options.limits.ready_lag = Duration::from_secs(60),
        |options| options.flush_interval = Duration::from_secs(86_400),
    )
    .await;
    assert_eq!(
        bench
            .events("main", &conversation("c1", "web"))
            .await
            .status,
        202
    );
    assert_eq!(bench.get("/health/ready").await.status, 200);
    bench.clock.store(NOW + 61_000_000, Ordering::Relaxed);
    let problem = bench.get("/health/ready").await.problem(503, "unavailable");
    assert!(
        problem["detail"].as_str().unwrap().contains("61 s"),
        "{problem}"
    );
    assert_eq!(bench.get("/health/live").await.status, 200);
}

#[tokio::test]
async fn prometheus_gets_numbers_that_are_true() {
    let bench = Bench::new().await;
    assert_eq!(
        bench
            .events("main", &conversation("c1", "web"))
            .await
            .status,
        202
    );
    assert_eq!(
        bench
            .events("main", &conversation("c1", "web"))
            .await
            .status,
        202
    );
    let bad = bench
        .events("main", &json!([{"event_type": "message"}]))
        .await;
    assert_eq!(bad.status, 400);
    assert_eq!(
        bench.query(&json!({"metrics": ["sessions"]})).await.status,
        200
    );
    assert_eq!(
        bench.query(&json!({"metrics": ["sesions"]})).await.status,
        400
    );
    assert_eq!(bench.get("/api/nothing/at/all").await.status, 404);
    let answer = bench.get("/metrics").await;
    assert!(
        answer
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    let samples = samples(answer.text());
    for (name, value) in [
        (r#"upshot_events_total{result="added"}"#, 2.0),
        (r#"upshot_events_total{result="repeated"}"#, 2.0),
        (r#"upshot_events_total{result="rejected"}"#, 1.0),
        ("upshot_lake_events_added_total", 2.0),
        ("upshot_lake_unflushed_events", 2.0),
        ("upshot_lake_overlay_conversations", 1.0),
        ("upshot_lake_log_stopped", 0.0),
        (
            r#"upshot_query_duration_seconds_count{kind="query",outcome="answered"}"#,
            1.0,
        ),
        (
            r#"upshot_query_duration_seconds_count{kind="query",outcome="invalid"}"#,
            1.0,
        ),
        (
            r#"upshot_http_requests_total{method="POST",route="/api/v1/events",status="202"}"#,
            2.0,
        ),
        (
            r#"upshot_http_requests_total{method="GET",route="unknown",status="404"}"#,
            1.0,
        ),
    ] {
        assert_eq!(samples.get(name), Some(&value), "{name}\n{}", answer.text());
    }
    for name in [
        "upshot_lake_lag_seconds",
        "upshot_lake_write_amplification",
        "upshot_lake_overlay_bytes",
    ] {
        assert!(samples.contains_key(name), "{name}\n{}", answer.text());
    }
}

/// Reads OpenMetrics text; fails where a line is not of it.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let mut samples = BTreeMap::new();
    let mut described = std::collections::BTreeSet::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(comment) = line.strip_prefix("# ") {
            if comment == "EOF" {
                assert!(lines.peek().is_none(), "text behind the end");
                return samples;
            }
            let mut words = comment.splitn(3, ' ');
            assert!(
                ["HELP", "TYPE", "UNIT"].contains(&words.next().unwrap()),
                "{line}"
            );
            described.insert(words.next().unwrap().to_owned());
            assert_ne!(words.next().unwrap_or_default(), "", "{line}");
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        let bare = name.split('{').next().unwrap();
        let family = ["_total", "_bucket", "_count", "_sum"]
            .iter()
            .find_map(|ending| bare.strip_suffix(ending))
            .unwrap_or(bare);
        assert!(described.contains(family), "{line} was not described");
        assert!(bare.starts_with("upshot_"), "{line}");
        let before = samples.insert(name.to_owned(), value.parse().unwrap());
        assert_eq!(before, None, "{name} twice");
    }
    panic!("the text has no end");
}
