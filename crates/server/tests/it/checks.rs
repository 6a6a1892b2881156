//! What platforms report beside what the rules find.

use serde_json::{Value, json};

use crate::common::Bench;

/// The published transcripts' own example: `SessionInfo` of Copilot Studio.
const TRANSCRIPTS: &str = include_str!("../../../../examples/copilot-studio.json");

async fn check(bench: &Bench, parameters: &str) -> Value {
    let path = format!("/api/v1/checks/reported?{parameters}");
    let answer = bench.get(&path).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn listed(bench: &Bench, filter: &str) -> u64 {
    let query = json!({"metrics": ["sessions"], "filters": [filter], "environment": "all"});
    let answer = bench.query(&query).await;
    assert_eq!(answer.status, 200, "{filter}: {}", answer.text());
    answer.json()["totals"]["sessions"]["value"]
        .as_u64()
        .unwrap()
}

#[tokio::test]
async fn what_is_reported_stands_beside_what_is_found_and_leads_to_the_sessions() {
    let bench = Bench::new().await;
    let sent = bench
        .post("/api/v1/import", "application/octet-stream", TRANSCRIPTS)
        .await;
    assert_eq!(sent.status, 200, "{}", sent.text());
    let found = check(&bench, "environment=all").await;
    crate::schema::Description::new().check("get", "/api/v1/checks/reported", 200, &found);
    let reported = found["reported"].as_u64().unwrap();
    assert!(
        reported > 0 && reported <= found["sessions"].as_u64().unwrap(),
        "{found}"
    );
    assert_eq!(listed(&bench, "reported").await, reported);
    let rows = found["rows"].as_array().unwrap();
    let names: Vec<&str> = rows
        .iter()
        .map(|row| row["what"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["engaged", "none", "resolved", "escalated", "abandoned"]
    );
    for row in rows {
        let filter = row["filter"].as_str().unwrap();
        assert_eq!(row["differing"], listed(&bench, filter).await, "{row}");
    }
    for pair in found["pairs"].as_array().unwrap() {
        let filter = pair["filter"].as_str().unwrap();
        assert_eq!(pair["sessions"], listed(&bench, filter).await, "{pair}");
    }
    let differing = found["differing_filter"].as_str().unwrap();
    assert_eq!(found["differing"], listed(&bench, differing).await);
    assert_eq!(
        found["agreement"]["denominator"].as_f64().unwrap() as u64,
        reported
    );
}

#[tokio::test]
async fn every_kind_of_difference_is_counted() {
    let bench = Bench::new().await;
    let event = |id: usize, more: Value| {
        let mut event = json!({
            "event_id": format!("e{id}-{more}"), "time": "2026-03-09T10:00:00Z", "conversation_id": format!("c{id}"),
            "channel": "web"
        });
        event
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        event
    };
    let mut events = Vec::new();
    // The rules find: engaged and abandoned, for nobody says that it was resolved.
    for (id, reported) in [
        Some((true, "resolved")),
        Some((true, "abandoned")),
        Some((false, "none")),
        None,
    ]
    .into_iter()
    .enumerate()
    {
        events.push(event(
            id,
            json!({"event_type": "message", "role": "user", "text": "where is it?"}),
        ));
        events.push(event(id, json!({"event_type": "message", "role": "bot", "text": "it is on its way", "time": "2026-03-09T10:00:02Z"})));
        if let Some((engaged, outcome)) = reported {
            events.push(event(
                id,
                json!({
                    "event_type": "report", "time": "2026-03-09T10:10:00Z",
                    "reported_engaged": engaged, "reported_outcome": outcome
                }),
            ));
        }
    }
    let sent = bench.events("main", &json!(events)).await;
    assert_eq!(sent.status, 202, "{}", sent.text());
    let found = check(&bench, "").await;
    assert_eq!(
        (&found["sessions"], &found["reported"], &found["differing"]),
        (&json!(4), &json!(3), &json!(2)),
        "{found}"
    );
    let row = |what: &str| {
        let rows = found["rows"].as_array().unwrap().iter();
        let row = rows.clone().find(|row| row["what"] == what).unwrap();
        ["sessions", "computed", "reported", "differing"].map(|part| row[part].as_u64().unwrap())
    };
    assert_eq!(row("engaged"), [3, 3, 2, 1]);
    assert_eq!(row("resolved"), [3, 0, 1, 1]);
    assert_eq!(row("abandoned"), [3, 3, 1, 2]);
    assert_eq!(row("none"), [3, 0, 1, 1]);
    assert_eq!(found["pairs"].as_array().unwrap().len(), 2);
    let nothing = check(&bench, "workspace=other").await;
    assert_eq!(
        (&nothing["reported"], &nothing["agreement"]["value"]),
        (&json!(0), &Value::Null)
    );
}
