//! One session under other rules, and being told of changes.

use std::time::Duration;

use serde_json::json;

use crate::common::{Bench, conversation};

async fn first_session(bench: &Bench, workspace: &str) -> String {
    let page = bench
        .get(&format!("/api/v1/sessions?workspace={workspace}"))
        .await;
    page.json()["sessions"][0]["session_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn the_profile_in_use_gives_what_is_stored_and_others_what_they_make_of_it() {
    let bench = Bench::new().await;
    bench.events("main", &conversation("c1", "web")).await;
    let id = first_session(&bench, "main").await;
    let stored = bench.get(&format!("/api/v1/sessions/{id}")).await.json();
    let path = format!("/api/v1/sessions/{id}/under/default");
    let same = bench.get(&path).await.json();
    assert_eq!(same["fact_set"], stored["session"]["fact_set"]);
    assert_eq!(same["sessions"][0]["session"], stored["session"]);
    assert_eq!(same["sessions"][0]["evidence"], stored["evidence"]);
    // Without a custom topic these rules see nobody engaged.
    let path = format!("/api/v1/sessions/{id}/under/copilot-studio");
    let other = bench.get(&path).await.json();
    assert_eq!(other["profile"], "copilot-studio");
    assert_eq!(other["sessions"][0]["session"]["outcome"], "none");
    let again = bench.get(&format!("/api/v1/sessions/{id}")).await.json();
    assert_eq!(again, stored, "nothing is kept of it");
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let bench = Bench::new().await;
    bench.events("main", &conversation("c1", "web")).await;
    let id = first_session(&bench, "main").await;
    let path = format!("/api/v1/sessions/{id}/under/copilot-studo");
    let problem = bench.get(&path).await.problem(404, "not-found");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("did you mean `copilot-studio`"), "{detail}");
    let path = format!("/api/v1/sessions/{id}/under/default?workspace=other");
    bench.get(&path).await.problem(404, "not-found");
}

#[tokio::test]
async fn comments_are_shown_beside_what_they_are_about() {
    let bench = Bench::new().await;
    let mut events = conversation("c1", "web");
    events.as_array_mut().unwrap().push(json!({
        "event_id": "c1-3", "event_type": "feedback", "time": "2026-03-10T10:00:09Z", "conversation_id": "c1",
        "channel": "web", "message_id": "c1-2", "feedback": "down", "feedback_comment": "that is wrong"
    }));
    assert_eq!(bench.events("main", &events).await.status, 202);
    let id = first_session(&bench, "main").await;
    let shown = bench.get(&format!("/api/v1/sessions/{id}")).await.json();
    let comment = &shown["comments"][0];
    assert_eq!(comment["message_id"], "c1-2");
    assert_eq!(comment["text"], "that is wrong");
}

#[tokio::test]
async fn whoever_listens_is_told_of_the_workspaces_changes_alone() {
    let bench = Bench::with_server(|options| {
        options.limits.listening_time = Duration::from_millis(2500);
    })
    .await;
    bench.events("main", &conversation("c1", "web")).await;
    let write = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        bench.events("other", &conversation("c2", "web")).await;
        tokio::time::sleep(Duration::from_millis(700)).await;
        bench.events("main", &conversation("c3", "web")).await;
    };
    let (heard, ()) = tokio::join!(bench.get("/api/v1/changes"), write);
    assert_eq!(heard.status, 200);
    assert_eq!(heard.header("content-type"), "text/event-stream");
    let told = heard.text().matches("event: change").count();
    assert_eq!(told, 2, "once at first, once for c3: {}", heard.text());
}

#[tokio::test]
async fn more_listeners_than_there_is_room_for_are_told_when_to_come_back() {
    let bench = Bench::with_server(|options| options.limits.listeners_at_once = 0).await;
    let answer = bench.get("/api/v1/changes").await;
    answer.problem(429, "busy");
    assert_eq!(answer.header("retry-after"), "60");
}
