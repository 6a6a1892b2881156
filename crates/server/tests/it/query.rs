//! Questions.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::common::{Bench, conversation, demo};

#[tokio::test]
async fn numbers_are_there_as_soon_as_events_are_answered() {
    let bench = Bench::new().await;
    let query = json!({"metrics": ["sessions"], "dimensions": ["channel"]});
    assert_eq!(
        bench.query(&query).await.json()["totals"]["sessions"]["value"],
        0
    );
    for (id, channel) in [("c1", "web"), ("c2", "web"), ("c3", "voice")] {
        assert_eq!(
            bench
                .events("main", &conversation(id, channel))
                .await
                .status,
            202
        );
    }
    let answer = bench.query(&query).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let shown = answer.json();
    assert_eq!(shown["totals"]["sessions"]["value"], 3);
    let rows: Vec<(&Value, &Value)> = shown["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                &row["dimensions"]["channel"],
                &row["metrics"]["sessions"]["value"],
            )
        })
        .collect();
    assert_eq!(
        rows,
        [(&json!("web"), &json!(2)), (&json!("voice"), &json!(1))]
    );
}

#[tokio::test]
async fn a_wrong_query_names_every_field_and_what_was_perhaps_meant() {
    let bench = Bench::new().await;
    let query = json!({"metrics": ["sesions"], "dimensions": ["chanel"]});
    let problem = bench.query(&query).await.problem(400, "invalid-query");
    let errors = problem["errors"].as_array().unwrap();
    let found: Vec<_> = errors
        .iter()
        .map(|it| {
            (
                it["field"].as_str().unwrap(),
                it["suggestion"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [("metrics[0]", "sessions"), ("dimensions[0]", "channel")]
    );
    let problem = bench
        .query(&json!({"metrcs": ["sessions"]}))
        .await
        .problem(400, "invalid-query");
    assert!(problem["detail"].as_str().unwrap().contains("metrcs"));
    let answer = bench
        .post("/api/v1/query", "application/json", "{\"metrics\": ")
        .await;
    answer.problem(400, "invalid-json");
    bench
        .post("/api/v1/query", "text/plain", "{}")
        .await
        .problem(415, "unsupported-media-type");
    let long = json!({"metrics": ["sessions"], "filters": ["x".repeat(300_000)]});
    bench.query(&long).await.problem(413, "too-large");
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_given_up() {
    let bench = Bench::with_server(|options| {
        // No query ever gets its turn.
        options.limits.queries_at_once = 0;
        options.limits.query_time = Duration::from_millis(20);
    })
    .await;
    let question = json!({"metrics": ["sessions"]});
    bench.query(&question).await.problem(504, "query-timeout");
    bench
        .get("/api/v1/sessions")
        .await
        .problem(504, "query-timeout");
    bench
        .get("/api/v1/sessions/any")
        .await
        .problem(504, "query-timeout");
    let numbers = bench.get("/metrics").await;
    for kind in ["query", "sessions", "session"] {
        let sample =
            format!(r#"upshot_query_duration_seconds_count{{kind="{kind}",outcome="timeout"}} 1"#);
        assert!(numbers.text().contains(&sample), "{}", numbers.text());
    }
}

#[tokio::test]
async fn the_registry_can_be_asked() {
    let bench = Bench::new().await;
    let shown = bench.get("/api/v1/metrics").await.json();
    let metrics = shown["metrics"].as_array().unwrap();
    assert!(
        metrics
            .iter()
            .any(|metric| metric["id"] == "resolution_rate")
    );
    assert!(!shown["families"].as_array().unwrap().is_empty());
    for metric in metrics {
        let id = metric["id"].as_str().unwrap();
        let one = bench.get(&format!("/api/v1/metrics/{id}")).await.json();
        assert_eq!(&one, metric);
        for member in ["unit", "direction", "clock", "maturity"] {
            assert!(one[member].is_string(), "{id} {member}");
        }
    }
    bench
        .get("/api/v1/metrics/sesions")
        .await
        .problem(404, "not-found");
    bench
        .get("/api/v1/metrics/%ff")
        .await
        .problem(400, "bad-request");
    let shown = bench.get("/api/v1/dimensions").await.json();
    let named = |list: &str, key: &str, name: &str| {
        shown[list]
            .as_array()
            .unwrap()
            .iter()
            .any(|entry| entry[key] == name)
    };
    assert!(named("dimensions", "id", "channel"));
    assert!(named("fields", "name", "engaged"));
    let shown = bench.get("/api/v1/profiles").await.json();
    assert_eq!(shown["in_use"][0]["name"], "default");
    assert_eq!(shown["built_in"][0]["name"], "default");
    assert!(
        shown["built_in"][0]["toml"]
            .as_str()
            .unwrap()
            .contains("name")
    );
}

#[tokio::test]
async fn an_answer_that_the_client_has_is_not_sent_again() {
    let bench = Bench::new().await;
    let first = bench.get("/api/v1/metrics").await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    let again = |tag: &str| {
        Request::get("/api/v1/metrics")
            .header("if-none-match", tag)
            .body(Body::empty())
            .unwrap()
    };
    let answer = bench.send(again(&tag)).await;
    assert_eq!(answer.status, 304);
    assert!(answer.body.is_empty());
    assert_eq!(answer.header("etag"), tag);
    let answer = bench.send(again("W/\"other\"")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, first.body);
}

#[tokio::test]
async fn a_query_that_needs_too_much_memory_is_refused() {
    let bench = Bench::with_engine(1).await;
    let answer = bench
        .post("/api/v1/events", "application/x-ndjson", demo(50))
        .await;
    assert_eq!(answer.status, 202);
    let query = json!({"metrics": ["users"], "dimensions": ["topic", "channel"]});
    let problem = bench.query(&query).await.problem(422, "query-too-large");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("narrow the range"),
        "{problem}"
    );
}

#[tokio::test]
async fn long_answers_are_packed_for_those_who_can_unpack_them() {
    let bench = Bench::new().await;
    let request = Request::get("/api/v1/metrics")
        .header("accept-encoding", "gzip")
        .body(Body::empty());
    let answer = bench.send(request.unwrap()).await;
    assert_eq!(answer.header("content-encoding"), "gzip");
    assert!(answer.header("vary").contains("accept-encoding"));
    let mut text = String::new();
    std::io::Read::read_to_string(
        &mut flate2::read::GzDecoder::new(answer.body.as_slice()),
        &mut text,
    )
    .unwrap();
    assert_eq!(text, bench.get("/api/v1/metrics").await.text());
}
