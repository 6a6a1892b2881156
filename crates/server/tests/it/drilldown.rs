//! The sessions behind a number.

use serde_json::{Value, json};

use crate::common::{Bench, demo};

async fn behind(bench: &Bench, question: &Value, cell: &Value, page: &Value) -> Value {
    let body = json!({"query": question, "cell": cell, "page": page});
    let sent = bench.post("/api/v1/drilldown", "application/json", body.to_string());
    let answer = sent.await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn every_number_of_an_answer_is_as_many_sessions_and_pages_give_each_once() {
    let bench = Bench::new().await;
    let sent = bench.post("/api/v1/events", "application/x-ndjson", demo(200));
    assert_eq!(sent.await.status, 202);
    let question = json!({
        "metrics": ["sessions", "resolution_rate"], "dimensions": ["channel"], "range": {"last": "28d"}
    });
    let answer = bench.query(&question).await.json();
    let rows = answer["rows"].as_array().unwrap();
    assert!(rows.len() > 1, "{answer}");
    for row in rows {
        for (metric, part) in [
            ("sessions", "numerator"),
            ("resolution_rate", "numerator"),
            ("resolution_rate", "denominator"),
        ] {
            let cell = json!({"metric": metric, "part": part, "dimensions": row["dimensions"]});
            let value = &row["metrics"][metric];
            let number = match metric {
                "sessions" => &value["value"],
                _ => &value[part],
            };
            let found = behind(&bench, &question, &cell, &json!({"limit": 1000})).await;
            assert_eq!(&found["session_count"], number, "{cell}");
            assert_eq!(
                found["sessions"].as_array().unwrap().len() as u64,
                number.as_u64().unwrap()
            );
        }
    }
    let cell = json!({"metric": "sessions"});
    let mut seen = std::collections::BTreeSet::new();
    let mut page = json!({"limit": 7});
    loop {
        let found = behind(&bench, &question, &cell, &page).await;
        for entry in found["sessions"].as_array().unwrap() {
            assert_eq!(entry["rows"], 1);
            let id = entry["session"]["session_id"].as_str().unwrap();
            assert!(seen.insert(id.to_owned()), "{id} twice");
        }
        page["cursor"] = found["next_cursor"].clone();
        if page["cursor"].is_null() {
            break;
        }
    }
    assert_eq!(
        seen.len() as u64,
        answer["totals"]["sessions"]["value"].as_u64().unwrap()
    );
}

#[tokio::test]
async fn a_number_that_the_answer_does_not_have_is_refused() {
    let bench = Bench::new().await;
    for (body, field) in [
        (
            json!({"query": {"metrics": ["sessions"]}, "cell": {"metric": "resolution_rate"}}),
            "metric",
        ),
        (
            json!({"query": {"metrics": ["sessions"]}, "cell": {"metric": "sessions", "dimensions": {"channel": "web"}}}),
            "dimensions",
        ),
        (
            json!({"query": {"metrics": ["sessions"]}, "cell": {"metric": "sessions"}, "page": {"limit": 0}}),
            "page.limit",
        ),
    ] {
        let sent = bench.post("/api/v1/drilldown", "application/json", body.to_string());
        let problem = sent.await.problem(400, "invalid-query");
        let named = problem["errors"][0]["field"].as_str().unwrap();
        assert!(named.ends_with(field), "{problem}");
    }
}
