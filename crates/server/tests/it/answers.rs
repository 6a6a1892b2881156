//! Answers that are given again.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::common::{Answer, Bench, conversation, demo};

const SECOND: i64 = 1_000_000;

fn by_channel() -> Value {
    json!({"metrics": ["sessions"], "dimensions": ["channel"], "range": {"last": "28d"}})
}

#[track_caller]
fn check(answer: &Answer, kept: bool, sessions: u64) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let expected = if kept {
        "upshot; hit"
    } else {
        "upshot; fwd=miss"
    };
    assert_eq!(answer.header("cache-status"), expected);
    assert_eq!(answer.json()["totals"]["sessions"]["value"], sessions);
}

async fn if_none_match(bench: &Bench, path: &str, question: &Value, tag: &str) -> Answer {
    let request = Request::post(path)
        .header("content-type", "application/json")
        .header("if-none-match", tag)
        .body(Body::from(question.to_string()));
    bench.send(request.unwrap()).await
}

#[tokio::test]
async fn a_repeated_question_is_not_computed_and_a_new_event_changes_the_answer_at_once() {
    let bench = Bench::new().await;
    bench.events("main", &conversation("c1", "web")).await;
    check(&bench.query(&by_channel()).await, false, 1);
    let first = bench.query(&by_channel()).await;
    check(&first, true, 1);
    bench.events("main", &conversation("c2", "web")).await;
    let second = bench.query(&by_channel()).await;
    check(&second, false, 2);
    assert_ne!(first.header("etag"), second.header("etag"));
    check(&bench.query(&by_channel()).await, true, 2);
    // A question with another word in it is another question.
    let mut other = by_channel();
    other["environment"] = json!("all");
    check(&bench.query(&other).await, false, 2);
}

#[tokio::test]
async fn the_same_question_of_another_workspace_is_another() {
    let bench = Bench::new().await;
    bench.events("main", &conversation("c1", "web")).await;
    bench.events("other", &conversation("c1", "web")).await;
    bench.events("other", &conversation("c2", "web")).await;
    check(&bench.query(&by_channel()).await, false, 1);
    let path = "/api/v1/query?workspace=other";
    let ask = || bench.post(path, "application/json", by_channel().to_string());
    check(&ask().await, false, 2);
    check(&ask().await, true, 2);
    check(&bench.query(&by_channel()).await, true, 1);
}

#[tokio::test]
async fn what_the_clock_changes_shows_after_ten_seconds() {
    let bench = Bench::new().await;
    bench.events("main", &conversation("c1", "web")).await;
    check(&bench.query(&by_channel()).await, false, 1);
    bench.clock.fetch_add(9 * SECOND, Ordering::Relaxed);
    check(&bench.query(&by_channel()).await, true, 1);
    bench.clock.fetch_add(SECOND, Ordering::Relaxed);
    check(&bench.query(&by_channel()).await, false, 1);
    // Of the last 28 days no longer.
    bench
        .clock
        .fetch_add(40 * 86_400 * SECOND, Ordering::Relaxed);
    check(&bench.query(&by_channel()).await, false, 0);
}

#[tokio::test]
async fn a_client_that_has_the_answer_is_told_so_by_every_question() {
    let bench = Bench::new().await;
    bench.events("main", &conversation("c1", "web")).await;
    // A range that ends now says another end with every second; this one is over.
    let mut fixed = by_channel();
    fixed["range"] = json!({"from": "2026-03-01", "to": "2026-03-09"});
    let questions = [
        ("/api/v1/query", fixed),
        ("/api/v1/drivers", json!({"outcome": "escalation"})),
        ("/api/v1/retention", json!({"period": "week"})),
    ];
    for (path, question) in questions {
        let text = question.to_string();
        let answer = bench.post(path, "application/json", text).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let tag = answer.header("etag");
        let again = if_none_match(&bench, path, &question, tag).await;
        assert_eq!(again.status, 304, "{path}");
        assert_eq!(again.header("etag"), tag);
        assert!(again.body.is_empty());
        // Computed anew, it says the same, however long that took.
        bench.clock.fetch_add(20 * SECOND, Ordering::Relaxed);
        let anew = if_none_match(&bench, path, &question, "\"other\"").await;
        assert_eq!(anew.status, 200, "{path}");
        assert_eq!(anew.header("cache-status"), "upshot; fwd=miss");
        let untimed = |answer: &Answer| {
            let mut answer = answer.json();
            answer["took_milliseconds"] = Value::Null;
            answer
        };
        assert_eq!(untimed(&answer), untimed(&anew), "{path}");
        assert_eq!(anew.header("etag"), tag, "{path}");
    }
}

#[tokio::test]
async fn an_error_is_not_kept() {
    let bench = Bench::new().await;
    let wrong = json!({"metrics": ["sesions"]});
    bench.query(&wrong).await.problem(400, "invalid-query");
    bench.query(&wrong).await.problem(400, "invalid-query");
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_questions_at_the_same_time_are_computed_once_and_then_cost_nothing() {
    let bench = Bench::new().await;
    let sent = bench.post("/api/v1/events", "application/x-ndjson", demo(300));
    assert_eq!(sent.await.status, 202);
    let question =
        json!({"metrics": ["sessions", "resolution_rate"], "dimensions": ["topic", "day"]});
    let asked = (0..16).map(|_| bench.query(&question));
    let answers = futures::future::join_all(asked).await;
    let computed = answers
        .iter()
        .filter(|answer| answer.header("cache-status") == "upshot; fwd=miss");
    assert_eq!(computed.count(), 1);
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    let mut times = Vec::new();
    for _ in 0..21 {
        let began = Instant::now();
        let answer = bench.query(&question).await;
        times.push(began.elapsed());
        assert_eq!(answer.header("cache-status"), "upshot; hit");
    }
    times.sort_unstable();
    println!("from what is kept: {:?} in the middle", times[10]);
    // It takes a small part of this; a loaded machine is no failure.
    assert!(times[10] < Duration::from_millis(50), "{times:?}");
}
