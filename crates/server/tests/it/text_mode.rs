//! What a workspace keeps of what people write is set over HTTP, holds at once, and is recorded.

use serde_json::{Value, json};
use upshot_text::PrivacyMode;

use crate::common::Bench;
use crate::schema::Description;
use crate::visitor::Visitor;

const PATH: &str = "/api/v1/text-mode";

fn event(id: &str) -> Value {
    json!({"event_id": id, "event_type": "message", "time": "2026-03-10T10:00:00Z",
        "conversation_id": id, "role": "user", "text": "write to jane.roe@example.org please"})
}

/// The text of an event that was sent to a workspace.
async fn stored(bench: &Bench, workspace: &str, id: &str) -> Option<String> {
    assert_eq!(bench.events(workspace, &event(id)).await.status, 202);
    let stored = bench.lake.conversation(workspace, id).await.unwrap();
    stored[0].text.as_deref().map(str::to_owned)
}

#[tokio::test]
async fn a_mode_holds_from_when_it_is_set_and_for_its_workspace_alone() {
    let bench = Bench::with_server(|options| options.privacy = PrivacyMode::None).await;
    let described = Description::new();
    let shown = bench.get(PATH).await.json();
    described.check("get", PATH, 200, &shown);
    assert_eq!(
        shown,
        json!({"mode": "none", "is_set": false, "fallback": "none", "changed": null, "sources": []})
    );
    assert_eq!(stored(&bench, "main", "c1").await, None);
    for (mode, text) in [
        (json!("masked"), Some("write to [email] please")),
        (json!("full"), Some("write to jane.roe@example.org please")),
        (json!("none"), None),
        (json!("full"), Some("write to jane.roe@example.org please")),
        (json!(null), None),
    ] {
        let set = bench
            .send_json("PUT", PATH, json!({"mode": mode}).to_string())
            .await;
        assert_eq!(set.status, 200, "{}", set.text());
        described.check("put", PATH, 200, &set.json());
        assert_eq!(set.json()["is_set"], !mode.is_null());
        assert_eq!(bench.get(PATH).await.json(), set.json());
        let id = format!("{mode} {}", text.is_some());
        assert_eq!(stored(&bench, "main", &id).await.as_deref(), text, "{mode}");
        // Others are left alone.
        assert_eq!(stored(&bench, "other", &id).await, None);
    }
    let entries = bench.get("/api/v1/audit").await.json()["entries"].clone();
    let said: Vec<(&Value, &Value)> = entries
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (&entry["action"], &entry["detail"]))
        .take(2)
        .collect();
    assert_eq!(
        said,
        [
            (&json!("text_mode.set"), &json!("as the server says: none")),
            (&json!("text_mode.set"), &json!("full"))
        ]
    );
    // A server that was started anew knows it too.
    let set = json!({"mode": "full"}).to_string();
    assert_eq!(bench.send_json("PUT", PATH, set).await.status, 200);
    let bench = bench.restarted();
    assert!(
        stored(&bench, "main", "c9")
            .await
            .unwrap()
            .contains("jane.roe")
    );
    for wrong in [
        json!({"mode": "some"}),
        json!({}),
        json!({"mode": "full", "more": 1}),
    ] {
        let answer = bench.send_json("PUT", PATH, wrong.to_string()).await;
        assert!(answer.status.is_client_error(), "{wrong}");
    }
}

/// The path of a source's own mode.
fn of_source(source: &str) -> String {
    format!("{PATH}/sources/{source}")
}

#[tokio::test]
async fn a_source_keeps_to_its_own_mode() {
    let bench = Bench::new().await;
    let described = Description::new();
    let template = of_source("{source}");
    for (source, mode) in [("crm%2Feu", "full"), ("spoken", "none"), ("gone", "none")] {
        let body = json!({"mode": mode}).to_string();
        let set = bench.send_json("PUT", &of_source(source), body).await;
        assert_eq!(set.status, 200, "{}", set.text());
        described.check("put", &template, 200, &set.json());
    }
    let left = json!({"mode": null}).to_string();
    let set = bench.send_json("PUT", &of_source("gone"), left).await;
    let told = set.json()["sources"].clone();
    assert_eq!(told[0]["source"], "crm/eu");
    assert_eq!(told[0]["mode"], "full");
    assert_eq!(told[1]["source"], "spoken");
    assert_eq!(told.as_array().unwrap().len(), 2);
    assert_eq!(bench.get(PATH).await.json(), set.json());
    // One request with events of all of them.
    let sources = [
        Some("crm/eu"),
        Some("spoken"),
        Some("gone"),
        Some("Spoken"),
        None,
    ];
    let whole = "write to jane.roe@example.org please";
    let masked = Some("write to [email] please");
    for (workspace, texts) in [
        ("main", [Some(whole), None, masked, masked, masked]),
        ("other", [masked; 5]),
    ] {
        let events = sources.iter().enumerate().map(|(at, source)| {
            let mut event = event(&format!("c{at}"));
            event["source"] = json!(source);
            event
        });
        let events = Value::Array(events.collect());
        assert_eq!(bench.events(workspace, &events).await.status, 202);
        for (at, text) in texts.iter().enumerate() {
            let stored = bench.lake.conversation(workspace, &format!("c{at}")).await;
            let stored = stored.unwrap();
            assert_eq!(stored[0].text.as_deref(), *text, "{workspace} {at}");
        }
    }
    let entries = bench.get("/api/v1/audit").await.json()["entries"].clone();
    assert_eq!(
        (&entries[0]["subject"], &entries[0]["detail"]),
        (&json!("gone"), &json!("as the workspace says"))
    );
    assert_eq!(entries[3]["subject"], "crm/eu");
    for (source, wrong) in [
        ("spoken", json!({"mode": "some"})),
        ("spoken", json!({})),
        ("%20spoken", json!({"mode": "full"})),
        (&"x".repeat(101), json!({"mode": "full"})),
    ] {
        let answer = bench
            .send_json("PUT", &of_source(source), wrong.to_string())
            .await;
        assert_eq!(answer.status, 400, "{source} {wrong}");
    }
}

#[tokio::test]
async fn a_request_may_ask_for_less_and_never_gets_more() {
    let bench = Bench::new().await;
    let set = json!({"mode": "none"}).to_string();
    let path = of_source("spoken");
    assert_eq!(bench.send_json("PUT", &path, set).await.status, 200);
    let masked = Some("write to [email] please");
    for (number, (source, text, kept)) in [
        ("web", "none", None),
        ("web", "masked", masked),
        ("web", "full", masked),
        ("spoken", "full", None),
    ]
    .into_iter()
    .enumerate()
    {
        for way in ["events", "import"] {
            let id = format!("{way}-{number}");
            let mut event = event(&id);
            event["source"] = json!(source);
            let kind = match way {
                "events" => "application/json",
                _ => "application/octet-stream",
            };
            let path = format!("/api/v1/{way}?text={text}");
            let sent = bench.post(&path, kind, event.to_string()).await;
            assert!(sent.status.is_success(), "{}", sent.text());
            let stored = bench.lake.conversation("main", &id).await.unwrap();
            assert_eq!(stored[0].text.as_deref(), kept, "{way} {source} {text}");
        }
    }
    for way in ["events", "import"] {
        let path = format!("/api/v1/{way}?text=some");
        let kind = match way {
            "events" => "application/json",
            _ => "application/octet-stream",
        };
        let sent = bench.post(&path, kind, event("c9").to_string()).await;
        let problem = sent.problem(400, "bad-request");
        assert_eq!(problem["errors"][0]["field"], "text");
    }
}

#[tokio::test]
async fn only_owners_and_admins_set_it() {
    let bench = Bench::new().await;
    let mut owner = Visitor::owner(&bench).await;
    let mut analyst = owner.invite("main", "ada@example.org", "analyst").await;
    let wish = json!({"mode": "full"});
    analyst.put(PATH, &wish).await.problem(403, "forbidden");
    let path = of_source("crm");
    analyst.put(&path, &wish).await.problem(403, "forbidden");
    assert_eq!(analyst.get(PATH).await.json()["is_set"], false);
    assert_eq!(owner.put(PATH, &wish).await.json()["mode"], "full");
}

#[tokio::test]
async fn nothing_is_taken_in_where_the_mode_cannot_be_told() {
    let bench = Bench::new().await;
    bench
        .store
        .set_text_mode("main", Some("newer"), 1)
        .await
        .unwrap();
    let answer = bench.events("main", &event("c1")).await;
    assert!(answer.status.is_server_error(), "{}", answer.text());
    bench.store.set_text_mode("main", None, 1).await.unwrap();
    bench
        .store
        .set_source_text_mode("main", "crm", Some("newer"), 1)
        .await
        .unwrap();
    let answer = bench.events("main", &event("c1")).await;
    assert!(answer.status.is_server_error(), "{}", answer.text());
    assert_eq!(
        bench.lake.conversation("main", "c1").await.unwrap().len(),
        0
    );
}
