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
async fn a_drill_down_says_how_it_came_about_and_lists_those_of_the_top() {
    let bench = Bench::new().await;
    let sent = bench.post("/api/v1/events", "application/x-ndjson", demo(200));
    assert_eq!(sent.await.status, 202);
    let question = json!({
        "metrics": ["top_10_percent_share", "stickiness"], "range": {"last": "28d"}, "explain": true
    });
    let answer = bench.query(&question).await.json();
    let cell = json!({"metric": "top_10_percent_share"});
    let found = behind(&bench, &question, &cell, &json!({"limit": 1000})).await;
    let top = &answer["totals"]["top_10_percent_share"];
    assert_eq!(found["session_count"], top["numerator"]);
    assert!(top["numerator"].as_u64() < top["denominator"].as_u64());
    let told = &found["explanation"];
    assert_eq!(told["definitions"][0]["name"], "top_10_percent_share");
    assert!(told["stages"].as_array().unwrap().len() > 3, "{told}");
    assert!(told["passes"][0]["rows_read"].as_u64().unwrap() > 0);
    assert_eq!(found["fact_set"], answer["fact_set"]);
    // The same by the list of sessions.
    let parameters: Vec<String> = [("from", "from"), ("to", "to")]
        .iter()
        .filter_map(|(name, end)| {
            let end = found["range"][end].as_str()?.replace('+', "%2B");
            Some(format!("{name}={end}"))
        })
        .collect();
    let filters = found["filters"].as_array().unwrap();
    assert_eq!((filters.len(), &found["top_users"]), (0, &json!(10)));
    let path = format!(
        "/api/v1/sessions?limit=1000&top_users=10&{}",
        parameters.join("&")
    );
    let listed = bench.get(&path).await.json();
    let ids = |list: &Value, at: &str| -> Vec<Value> {
        let list = list.as_array().unwrap().iter();
        list.map(|entry| entry.pointer(at).unwrap().clone())
            .collect()
    };
    assert_eq!(
        ids(&listed["sessions"], "/session_id"),
        ids(&found["sessions"], "/session/session_id")
    );
    for wrong in [
        "top_users=0",
        "top_users=101",
        "top_users=few",
        "identity=name",
    ] {
        let refused = bench.get(&format!("/api/v1/sessions?{wrong}")).await;
        refused.problem(400, "invalid-query");
    }
    let cell = json!({"metric": "stickiness"});
    let found = behind(&bench, &question, &cell, &json!({})).await;
    let numerator = answer["totals"]["stickiness"]["numerator"]
        .as_f64()
        .unwrap();
    let days = found["days"].as_f64().unwrap();
    let a_day = found["distinct"].as_f64().unwrap() / days;
    assert!((a_day - numerator).abs() < 1e-9, "{a_day} {numerator}");
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
