//! What is going on now.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::common::{Bench, NOW};

const MINUTE: i64 = 60_000_000;

/// An event of a conversation, a clock time before noon, which is the test's present.
fn event(id: &str, time: &str, of: &Value) -> Value {
    let mut event = json!({
        "event_id": id, "time": format!("2026-03-10T{time}Z"), "conversation_id": "c1", "channel": "web",
        "user_id": "anna"
    });
    let (all, own) = (event.as_object_mut().unwrap(), of.as_object().unwrap());
    all.extend(own.clone());
    event
}

fn handover(id: &str, time: &str, stage: &str, agent: Option<&str>) -> Value {
    let mut of = json!({ "event_type": "handover", "handover_stage": stage, "skill": "sales" });
    if let Some(agent) = agent {
        of["agent_id"] = json!(agent);
    }
    event(id, time, &of)
}

async fn live(bench: &Bench, parameters: &str) -> Value {
    let answer = bench.get(&format!("/api/v1/live{parameters}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Open sessions, users who wait, the longest wait in seconds, and agents who serve.
fn numbers(answer: &Value) -> [Value; 4] {
    let of = |id: &str| answer["totals"][id]["value"].clone();
    [
        "open_sessions",
        "waiting_users",
        "longest_wait",
        "agents_serving",
    ]
    .map(of)
}

#[tokio::test]
async fn it_says_how_it_came_about_where_it_is_asked() {
    let bench = Bench::new().await;
    let one = json!({ "event_type": "message", "role": "user", "text": "hello" });
    bench.events("main", &event("e1", "11:59:00", &one)).await;
    let found = live(&bench, "?explain=true").await;
    let told = &found["explanation"];
    assert_eq!(told["passes"][0]["rows_read"], 1, "{told}");
    assert!(told["stages"].as_array().unwrap().len() > 1, "{told}");
    let plain = live(&bench, "?explain=false").await;
    assert_eq!(plain["explanation"], Value::Null);
    let refused = bench.get("/api/v1/live?explain=perhaps").await;
    refused.problem(400, "invalid-query");
}

#[tokio::test]
async fn an_event_shows_at_once_and_waiting_grows_with_the_clock() {
    let bench = Bench::new().await;
    assert_eq!(
        numbers(&live(&bench, "").await),
        [json!(0), json!(0), json!(null), json!(0)]
    );
    let begin = json!([
        event(
            "e1",
            "11:50:00",
            &json!({ "event_type": "message", "role": "user", "text": "a person, please" })
        ),
        handover("e2", "11:55:00", "requested", None),
        handover("e3", "11:56:00", "queued", None),
    ]);
    assert_eq!(bench.events("main", &begin).await.status, 202);
    assert_eq!(
        numbers(&live(&bench, "").await),
        [json!(1), json!(1), json!(240), json!(0)]
    );
    bench.clock.store(NOW + MINUTE, Ordering::Relaxed);
    assert_eq!(
        numbers(&live(&bench, "").await),
        [json!(1), json!(1), json!(300), json!(0)]
    );
    let accepted = json!([handover("e4", "12:01:00", "accepted", Some("kim"))]);
    assert_eq!(bench.events("main", &accepted).await.status, 202);
    assert_eq!(
        numbers(&live(&bench, "").await),
        [json!(1), json!(0), json!(null), json!(1)]
    );
    // Silence ends the part of the people too, without another event.
    bench.clock.store(NOW + 72 * 60 * MINUTE, Ordering::Relaxed);
    assert_eq!(
        numbers(&live(&bench, "").await),
        [json!(0), json!(0), json!(null), json!(0)]
    );
}

#[tokio::test]
async fn it_is_cut_and_filtered_and_belongs_to_a_workspace() {
    let bench = Bench::new().await;
    let begin = json!([
        event(
            "e1",
            "11:50:00",
            &json!({ "event_type": "message", "role": "user", "text": "hello" })
        ),
        handover("e2", "11:56:00", "queued", None),
    ]);
    bench.events("main", &begin).await;
    let answer = live(&bench, "?by=skill&by=channel").await;
    let dimensions = json!({ "skill": "sales", "channel": "web" });
    assert_eq!(answer["rows"][0]["dimensions"], dimensions);
    assert_eq!(answer["rows"][0]["metrics"]["waiting_users"]["value"], 1);
    let filtered = live(&bench, "?filter=channel+%3D+sms").await;
    assert_eq!(filtered["totals"]["open_sessions"]["value"], 0);
    let other = live(&bench, "?workspace=other").await;
    assert_eq!(other["totals"]["open_sessions"]["value"], 0);
    let wrong = bench.get("/api/v1/live?bye=skill").await;
    assert_eq!(wrong.status, 400);
    assert_eq!(wrong.json()["errors"][0]["suggestion"], "by");
}
