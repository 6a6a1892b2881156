//! The demo's data: known as such, and cleared.

use serde_json::{Value, json};
use upshot_demo::{DemoOptions, generate};

use crate::common::{Bench, NOW, conversation};

async fn filled() -> Bench {
    let bench = Bench::new().await;
    let options = DemoOptions {
        conversations: 40,
        ..DemoOptions::until(NOW)
    };
    let events: Vec<_> = generate(&options).flatten().collect();
    bench.lake.append("main", &events).await.unwrap();
    bench.store.set_demo("main", NOW).await.unwrap();
    bench
}

async fn clear(bench: &Bench) -> crate::common::Answer {
    bench
        .send_json("DELETE", "/api/v1/demo", String::new())
        .await
}

async fn asked(bench: &Bench) -> Value {
    let query = json!({"metrics": ["sessions", "users", "messages"], "environment": "all"});
    let answer = bench.query(&query).await.json();
    ["sessions", "users", "messages"]
        .map(|metric| answer["totals"][metric]["n"].clone())
        .to_vec()
        .into()
}

#[tokio::test]
async fn the_demo_is_known_and_cleared_and_what_people_set_stays() {
    let bench = filled().await;
    let shown = bench.get("/api/v1/demo").await.json();
    assert_eq!(
        shown,
        json!({"is_demo": true, "conversations": 40, "since": "2026-03-10T12:00:00.000000Z"})
    );
    assert_eq!(
        bench.get("/api/v1/demo?workspace=other").await.json()["is_demo"],
        false
    );
    let settings = json!({"currency": "CHF"}).to_string();
    bench.send_json("PUT", "/api/v1/settings", settings).await;
    assert_ne!(asked(&bench).await, json!([0, 0, 0]));
    let sessions = bench.get("/api/v1/sessions?environment=all").await.json();
    let session = sessions["sessions"][0]["session_id"].as_str().unwrap();
    let label = format!("/api/v1/sessions/{session}/labels/discuss");
    let given = bench.send_json("PUT", &label, "{}".to_owned()).await;
    assert_eq!(given.status, 200, "{}", given.text());
    let cleared = clear(&bench).await;
    assert_eq!(cleared.status, 200, "{}", cleared.text());
    assert!(cleared.json()["events"].as_u64().unwrap() > 100);
    assert_eq!(asked(&bench).await, json!([0, 0, 0]));
    assert_eq!(
        bench.get("/api/v1/labels").await.json()["labels"],
        json!([])
    );
    assert_eq!(
        bench.get("/api/v1/demo").await.json(),
        json!({"is_demo": false, "conversations": 0, "since": null})
    );
    assert_eq!(
        bench.get("/api/v1/settings").await.json()["currency"],
        "CHF"
    );
    clear(&bench).await.problem(409, "conflict");
    // What comes in afterwards is its own.
    bench.events("main", &conversation("c1", "web")).await;
    clear(&bench).await.problem(409, "conflict");
    assert_eq!(asked(&bench).await[0], 1);
}

#[tokio::test]
async fn where_anything_else_came_in_nothing_is_cleared() {
    let bench = filled().await;
    let before = asked(&bench).await;
    bench.events("main", &conversation("c1", "web")).await;
    let shown = bench.get("/api/v1/demo").await.json();
    assert_eq!(
        (&shown["is_demo"], &shown["conversations"]),
        (&json!(false), &json!(40))
    );
    let problem = clear(&bench).await.problem(409, "conflict");
    assert!(
        problem["detail"].as_str().unwrap().contains("`upshot`"),
        "{problem}"
    );
    assert!(asked(&bench).await[0].as_u64() > before[0].as_u64());
}
