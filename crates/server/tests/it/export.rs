//! Rows for other programs.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::{Value, json};
use tower::ServiceExt;
use upshot_text::PrivacyMode;

use crate::common::{Answer, Bench, conversation, demo};

async fn export(bench: &Bench, rest: &str) -> Answer {
    bench.get(&format!("/api/v1/export/{rest}")).await
}

fn rows(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let lines = answer.text().lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn every_table_comes_in_every_format() {
    let bench = Bench::new().await;
    bench.events("main", &conversation("a", "web")).await;
    for (table, count) in [
        ("sessions", 1),
        ("messages", 2),
        ("steps", 0),
        ("events", 2),
        ("conversations", 1),
    ] {
        let found = export(&bench, table).await;
        assert_eq!(found.header("content-type"), "application/x-ndjson");
        assert_eq!(found.header("cache-control"), "no-store");
        let name = format!("attachment; filename=\"{table}.jsonl\"");
        assert_eq!(found.header("content-disposition"), name);
        assert_eq!(rows(&found).len(), count, "{table}");
        let csv = export(&bench, &format!("{table}?format=csv")).await;
        assert_eq!(csv.header("content-type"), "text/csv");
        assert_eq!(csv.text().lines().count(), count + 1, "{table}");
        let parquet = export(&bench, &format!("{table}?format=parquet")).await;
        assert!(parquet.body.starts_with(b"PAR1") && parquet.body.ends_with(b"PAR1"));
        let request = Request::get(format!("/api/v1/export/{table}"))
            .header("accept", "application/vnd.apache.arrow.stream")
            .body(Body::empty());
        let arrow = bench.send(request.unwrap()).await;
        assert_eq!(
            arrow.header("content-type"),
            "application/vnd.apache.arrow.stream"
        );
        assert!(arrow.body.starts_with(&[0xff, 0xff, 0xff, 0xff]), "{table}");
    }
}

#[tokio::test]
async fn a_packed_export_is_whole() {
    let bench = Bench::new().await;
    let events = demo(40);
    bench
        .post("/api/v1/events", "application/x-ndjson", events)
        .await;
    let plain = export(&bench, "messages").await;
    let request = Request::get("/api/v1/export/messages")
        .header("accept-encoding", "gzip")
        .body(Body::empty());
    let packed = bench.send(request.unwrap()).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    let mut text = String::new();
    std::io::Read::read_to_string(
        &mut flate2::read::MultiGzDecoder::new(packed.body.as_slice()),
        &mut text,
    )
    .unwrap();
    assert!(rows(&plain).len() > 100);
    assert_eq!(text, plain.text());
}

#[tokio::test]
async fn columns_and_filters_are_as_they_are_asked_for() {
    let bench = Bench::new().await;
    bench.events("main", &conversation("a", "web")).await;
    bench.events("main", &conversation("b", "voice")).await;
    let address = "messages?format=csv&columns=text,role&filter=channel+%3D+web\
                   &from=2026-03-10&to=2026-03-10";
    let found = export(&bench, address).await;
    assert_eq!(
        found.text(),
        "text,role\nquestion of a,user\nanswer to a,bot\n"
    );
    let body = json!({
        "columns": ["text", "role"], "filters": ["channel = web", "message.role = bot"],
        "range": {"from": "2026-03-10"}, "format": "csv"
    });
    let path = "/api/v1/export/messages";
    let found = bench.post(path, "application/json", body.to_string()).await;
    assert_eq!(found.text(), "text,role\nanswer to a,bot\n");
}

#[tokio::test]
async fn an_answer_has_as_many_rows_in_every_format_and_is_kept_for_each() {
    let bench = Bench::new().await;
    bench.events("main", &conversation("a", "web")).await;
    bench.events("main", &conversation("b", "voice")).await;
    let query =
        json!({"metrics": ["sessions"], "dimensions": ["channel"], "order": ["channel asc"]});
    let asked = async |accept: &str| {
        let request = Request::post("/api/v1/query")
            .header("content-type", "application/json")
            .header("accept", accept)
            .body(Body::from(query.to_string()));
        bench.send(request.unwrap()).await
    };
    let json = asked("application/json").await;
    assert_eq!(json.json()["rows"].as_array().unwrap().len(), 2);
    let csv = asked("text/csv").await;
    assert_eq!(csv.header("content-type"), "text/csv");
    let lines: Vec<&str> = csv.text().lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[1].starts_with("voice,1,1,"), "{lines:?}");
    assert_ne!(csv.header("etag"), json.header("etag"));
    let again = asked("text/csv").await;
    assert_eq!(again.header("cache-status"), "upshot; hit");
    assert_eq!(again.text(), csv.text());
    let lines = asked("application/x-ndjson").await;
    assert_eq!(rows(&lines)[0]["channel"], "voice");
    let path = "/api/v1/query?format=xml";
    let wrong = bench
        .post(path, "application/json", query.to_string())
        .await;
    wrong.problem(400, "invalid-query");
}

#[tokio::test]
async fn workspaces_and_privacy_hold_for_exports_too() {
    let bench = Bench::new().await;
    let event = json!({
        "event_id": "e", "event_type": "message", "time": "2026-03-10T10:00:00Z",
        "conversation_id": "c", "role": "user", "text": "write to ann@example.org"
    });
    bench.events("one", &event).await;
    for table in ["sessions", "messages", "steps", "events", "conversations"] {
        let other = export(&bench, &format!("{table}?workspace=two")).await;
        assert_eq!(rows(&other), [Value::Null; 0], "{table}");
        let own = export(&bench, &format!("{table}?workspace=one")).await;
        assert!(!own.text().contains("ann@"), "{}", own.text());
        let has_text = ["messages", "events", "conversations"].contains(&table);
        assert_eq!(
            own.text().contains("write to [email]"),
            has_text,
            "{}",
            own.text()
        );
    }
    let silent = Bench::with_server(|options| options.privacy = PrivacyMode::None).await;
    silent.events("main", &event).await;
    for table in ["messages", "events", "conversations"] {
        let found = export(&silent, table).await;
        assert_eq!(rows(&found).len(), 1);
        assert!(!found.text().contains("write"), "{}", found.text());
    }
}

#[tokio::test]
async fn what_cannot_be_exported_is_a_problem() {
    let bench = Bench::new().await;
    let answer = export(&bench, "sesions").await;
    let problem = answer.problem(404, "not-found");
    assert!(
        problem["detail"].as_str().unwrap().contains("`sessions`"),
        "{problem}"
    );
    for (address, field, suggestion) in [
        ("sessions?columns=chanel", "columns[0]", "channel"),
        ("sessions?filter=outcom+is+null", "filters[0]", "outcome"),
        ("sessions?colums=channel", "colums", "columns"),
        ("sessions?format=csw", "format", "csv"),
    ] {
        let problem = export(&bench, address).await.problem(400, "invalid-query");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        assert_eq!(problem["errors"][0]["suggestion"], suggestion, "{problem}");
    }
    export(&bench, "sessions?raw=perhaps")
        .await
        .problem(400, "invalid-query");
}

#[tokio::test]
async fn an_export_that_nobody_takes_holds_up_others_only_for_a_while_and_is_never_taken_for_whole()
{
    let bench = Bench::with_server(|options| {
        options.limits.exports_at_once = 1;
        options.limits.export_patience = Duration::from_millis(200);
    })
    .await;
    let sent = bench
        .post("/api/v1/events", "application/x-ndjson", demo(300))
        .await;
    assert_eq!(sent.status, 202);
    let request = || {
        Request::get("/api/v1/export/messages")
            .body(Body::empty())
            .unwrap()
    };
    let slow = bench.router.clone().oneshot(request()).await.unwrap();
    assert_eq!(slow.status(), 200);
    let refused = bench.send(request()).await;
    refused.problem(429, "busy");
    assert_ne!(refused.header("retry-after"), "");
    let whole = loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let answer = bench.send(request()).await;
        if answer.status == 200 {
            break answer;
        }
    };
    assert!(rows(&whole).len() > 1_000);
    assert!(
        to_bytes(slow.into_body(), usize::MAX).await.is_err(),
        "it was taken for whole"
    );
}
