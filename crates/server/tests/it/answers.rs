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

/// A question of every kind.
fn questions() -> Vec<(&'static str, Value)> {
    let through = json!(["step.kind = topic", "step.kind = handover"]);
    let cell = json!({"metric": "sessions", "dimensions": {"channel": "web"}});
    vec![
        ("/api/v1/query", by_channel()),
        ("/api/v1/drivers", json!({"outcome": "escalation"})),
        ("/api/v1/retention", json!({"period": "week"})),
        ("/api/v1/paths", json!({"first": 2, "by": "channel"})),
        ("/api/v1/flows", json!({"depth": 2})),
        ("/api/v1/funnel", json!({"through": through})),
        ("/api/v1/lift", json!({"at_least": 1})),
        (
            "/api/v1/topics",
            json!({"range": {"from": "2026-03-01", "to": "2026-03-09"}}),
        ),
        (
            "/api/v1/drilldown",
            json!({"query": by_channel(), "cell": cell}),
        ),
    ]
}

#[tokio::test]
async fn every_question_is_computed_once_until_an_event_comes() {
    let bench = Bench::new().await;
    let sent = bench.post("/api/v1/events", "application/x-ndjson", demo(40));
    assert_eq!(sent.await.status, 202);
    for (path, question) in questions() {
        let ask = async || {
            let answer = bench.post(path, "application/json", question.to_string());
            let answer = answer.await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            let found = answer.header("cache-status").to_owned();
            (found, answer.body)
        };
        let asked = (0..4).map(|_| ask());
        let answers = futures::future::join_all(asked).await;
        let computed = answers
            .iter()
            .filter(|(found, _)| found == "upshot; fwd=miss");
        assert_eq!(computed.count(), 1, "{path}");
        assert!(answers.iter().all(|(_, body)| *body == answers[0].1));
        // Another conversation on the web is in every one of these answers.
        let id = path.trim_start_matches("/api/v1/");
        bench.events("main", &with_topic(id)).await;
        let (found, body) = ask().await;
        assert_eq!(found, "upshot; fwd=miss", "{path}");
        assert_ne!(body, answers[0].1, "{path}");
        assert_eq!(ask().await.0, "upshot; hit", "{path}");
    }
}

/// A conversation with two topics, the second of them about a person.
fn with_topic(id: &str) -> Value {
    let mut events = conversation(id, "web");
    let more = json!([
        {
            "event_id": format!("{id}-3"), "event_type": "topic", "time": "2026-03-10T10:00:03Z",
            "conversation_id": id, "topic_id": "order", "topic_name": "Order", "topic_kind": "custom",
            "topic_trigger": "direct"
        },
        {
            "event_id": format!("{id}-4"), "event_type": "topic", "time": "2026-03-10T10:00:04Z",
            "conversation_id": id, "topic_id": "pay", "topic_name": "Pay", "topic_kind": "custom"
        }
    ]);
    let all = events.as_array_mut().unwrap();
    all.extend(more.as_array().unwrap().iter().cloned());
    events
}

#[tokio::test]
async fn every_answer_is_given_as_rows() {
    let bench = Bench::new().await;
    let sent = bench.post("/api/v1/events", "application/x-ndjson", demo(60));
    assert_eq!(sent.await.status, 202);
    let mut all = questions();
    all.push(("/api/v1/live", Value::Null));
    for (path, question) in all {
        let ask = async |format: &str, accept: &str| {
            let address = match format {
                "" => path.to_owned(),
                format => format!("{path}?format={format}"),
            };
            let request = match question.is_null() {
                true => Request::get(address),
                false => Request::post(address).header("content-type", "application/json"),
            };
            let request = request.header("accept", accept);
            let body = match question.is_null() {
                true => Body::empty(),
                false => Body::from(question.to_string()),
            };
            bench.send(request.body(body).unwrap()).await
        };
        let csv = ask("csv", "*/*").await;
        assert_eq!(csv.status, 200, "{path}: {}", csv.text());
        assert_eq!(csv.header("content-type"), "text/csv", "{path}");
        let lines = ask("", "application/x-ndjson").await;
        assert_eq!(lines.header("content-type"), "application/x-ndjson");
        let rows: Vec<Value> = lines
            .text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert!(!rows.is_empty(), "{path}");
        let names: Vec<&str> = csv.text().lines().next().unwrap().split(',').collect();
        let members = rows[0].as_object().unwrap();
        assert_eq!(members.len(), names.len(), "{path}");
        assert!(
            names.iter().all(|name| members.contains_key(*name)),
            "{path}"
        );
        let parquet = ask("", "application/vnd.apache.parquet").await;
        assert!(parquet.body.starts_with(b"PAR1") && parquet.body.ends_with(b"PAR1"));
        let arrow = ask("arrow", "*/*").await;
        assert!(arrow.body.starts_with(&[0xff, 0xff, 0xff, 0xff]), "{path}");
        let whole = ask("json", "text/csv").await;
        assert_eq!(whole.header("content-type"), "application/json", "{path}");
        ask("", "image/png").await.problem(406, "not-acceptable");
        ask("xls", "*/*").await.problem(400, "invalid-query");
        // Each form is an answer of its own.
        assert_ne!(csv.header("etag"), whole.header("etag"), "{path}");
    }
}

#[tokio::test]
async fn what_is_going_on_now_is_computed_each_time() {
    let bench = Bench::new().await;
    bench.events("main", &conversation("c1", "web")).await;
    let first = bench.get("/api/v1/live").await;
    assert_eq!(first.header("cache-status"), "upshot; fwd=bypass");
    let tag = first.header("etag").to_owned();
    let request = Request::get("/api/v1/live").header("if-none-match", &tag);
    let again = bench.send(request.body(Body::empty()).unwrap()).await;
    // Nobody waits, so the clock alone has changed nothing.
    assert_eq!(again.status, 304);
    assert_eq!(again.header("cache-status"), "upshot; fwd=bypass");
}

#[tokio::test]
async fn a_page_of_data_that_have_changed_is_gone() {
    let bench = Bench::new().await;
    for channel in ["web", "app", "sms"] {
        bench.events("main", &conversation(channel, channel)).await;
    }
    let mut page = by_channel();
    page["limit"] = json!(1);
    let first = bench.query(&page).await.json();
    page["cursor"] = first["next_cursor"].clone();
    assert_eq!(bench.query(&page).await.status, 200);
    bench.events("main", &conversation("c4", "web")).await;
    let problem = bench.query(&page).await.problem(410, "outdated-cursor");
    assert_eq!(problem["errors"][0]["field"], "cursor");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("without a cursor")
    );
    page["cursor"] = json!("0123");
    bench.query(&page).await.problem(400, "invalid-query");
}

#[tokio::test]
async fn a_client_that_has_the_answer_is_told_so_by_every_question() {
    let bench = Bench::new().await;
    bench.events("main", &conversation("c1", "web")).await;
    let sent = bench.post("/api/v1/events", "application/x-ndjson", demo(40));
    assert_eq!(sent.await.status, 202);
    // A range that ends now says another end with every second; this one is over.
    let mut fixed = by_channel();
    fixed["range"] = json!({"from": "2026-03-01", "to": "2026-03-09"});
    for (path, mut question) in questions() {
        match path {
            "/api/v1/query" => question = fixed.clone(),
            "/api/v1/drilldown" => question["query"] = fixed.clone(),
            _ => {}
        }
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
            answer["rows_read"] = Value::Null;
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
