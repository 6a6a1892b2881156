//! The sessions behind the numbers, and what one workspace sees of another.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::common::{Bench, conversation, demo};

fn ids(page: &Value) -> Vec<String> {
    let sessions = page["sessions"].as_array().unwrap();
    sessions
        .iter()
        .map(|session| session["session_id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn pages_of_a_list_hold_every_session_once() {
    let bench = Bench::new().await;
    for number in 0..7 {
        let events = conversation(&format!("c{number}"), "web");
        assert_eq!(bench.events("main", &events).await.status, 202);
    }
    let all = ids(&bench.get("/api/v1/sessions").await.json());
    assert_eq!(all.len(), 7);
    let mut paged = Vec::new();
    let mut path = "/api/v1/sessions?limit=3".to_owned();
    loop {
        let answer = bench.get(&path).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let page = answer.json();
        paged.extend(ids(&page));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!(
            "/api/v1/sessions?limit=3&cursor={}",
            cursor.replace(':', "%3A")
        );
        assert!(paged.len() < 7, "the list does not end");
    }
    assert_eq!(paged, all);
    bench
        .get("/api/v1/sessions?cursor=broken")
        .await
        .problem(400, "invalid-query");
}

#[tokio::test]
async fn a_list_keeps_to_filters_ranges_and_environments() {
    let bench = Bench::new().await;
    let mut events = conversation("c1", "web");
    assert_eq!(
        bench
            .events("main", &conversation("c2", "voice"))
            .await
            .status,
        202
    );
    for event in events.as_array_mut().unwrap() {
        event["environment"] = json!("test");
    }
    assert_eq!(bench.events("main", &events).await.status, 202);
    for (parameters, count) in [
        ("", 1),
        ("?environment=all", 2),
        ("?environment=test", 1),
        ("?filter=channel+%3D+voice", 1),
        ("?filter=channel+%3D+voice&filter=user_messages+%3E+5", 0),
        ("?filter=channel+%3D+web", 0),
        ("?from=2026-03-10&to=2026-03-10", 1),
        ("?to=2026-03-09", 0),
        ("?last=28d", 1),
        ("?last=28d&time_zone=Europe%2FBerlin", 1),
    ] {
        let answer = bench.get(&format!("/api/v1/sessions{parameters}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(ids(&answer.json()).len(), count, "{parameters}");
    }
    for parameters in [
        "?last=28x",
        "?time_zone=Nowhere",
        "?filter=%28",
        "?from=2026-03-10&last=1d",
        "?order=colour",
    ] {
        let answer = bench.get(&format!("/api/v1/sessions{parameters}")).await;
        let problem = answer.problem(400, "invalid-query");
        assert!(
            !problem["errors"].as_array().unwrap().is_empty(),
            "{parameters}"
        );
    }
}

#[tokio::test]
async fn one_session_shows_texts_and_the_evidence_for_its_facts() {
    let bench = Bench::new().await;
    assert_eq!(
        bench
            .events("main", &conversation("c1", "web"))
            .await
            .status,
        202
    );
    let id = ids(&bench.get("/api/v1/sessions").await.json()).remove(0);
    for flushed in [false, true] {
        if flushed {
            bench.lake.flush().await.unwrap();
        }
        let shown = bench.get(&format!("/api/v1/sessions/{id}")).await.json();
        assert_eq!(shown["session"]["session_id"], id.as_str());
        let said: Vec<_> = shown["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| {
                (
                    message["role"].as_str().unwrap(),
                    message["text"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(said, [("user", "question of c1"), ("bot", "answer to c1")]);
        let evidence = shown["evidence"].as_array().unwrap();
        assert_eq!(evidence[0]["what"], "started");
        assert_eq!(evidence[0]["event"]["event_id"], "c1-1");
        let engaged = evidence
            .iter()
            .find(|entry| entry["what"] == "engaged")
            .unwrap();
        assert_eq!(engaged["rule"], shown["session"]["engaged_rule"]);
        assert_eq!(engaged["event_id"], shown["session"]["engaged_event"]);
        assert_eq!(engaged["event"]["text"], "answer to c1");
        assert_ne!(engaged["meaning"], "");
    }
}

#[tokio::test]
async fn what_was_said_is_listed_newest_first_and_who_read_it_is_recorded() {
    let bench = Bench::new().await;
    for number in 0..4 {
        let events = conversation(&format!("c{number}"), ["web", "voice"][number % 2]);
        assert_eq!(bench.events("main", &events).await.status, 202);
    }
    bench.lake.flush().await.unwrap();
    let said = |page: &Value| -> Vec<String> {
        let messages = page["messages"].as_array().unwrap().iter();
        messages
            .map(|message| message["text"].as_str().unwrap().to_owned())
            .collect()
    };
    let path = "/api/v1/messages?filter=message.role+%3D+user&limit=3";
    let first = bench.get(path).await.json();
    let cursor = first["next_cursor"].as_str().unwrap().replace(':', "%3A");
    let rest = bench.get(&format!("{path}&cursor={cursor}")).await.json();
    assert_eq!(rest["next_cursor"], Value::Null);
    let mut all = said(&first);
    assert_eq!(all.len(), 3);
    all.extend(said(&rest));
    all.sort();
    let each = (0..4).map(|number| format!("question of c{number}"));
    assert_eq!(all, each.collect::<Vec<_>>());
    let voice = "/api/v1/messages?filter=channel+%3D+voice+and+message.role+%3D+bot";
    let mut voice = said(&bench.get(voice).await.json());
    voice.sort();
    assert_eq!(voice, ["answer to c1", "answer to c3"]);
    let problem = bench.get("/api/v1/messages?filter=message.rolle+%3D+bot");
    let problem = problem.await.problem(400, "invalid-query");
    assert!(problem.to_string().contains("message.role"), "{problem}");
    bench
        .get("/api/v1/messages?order=time")
        .await
        .problem(400, "invalid-query");
}

#[tokio::test]
async fn what_a_query_counts_is_what_its_drill_down_lists() {
    let bench = Bench::new().await;
    let answer = bench
        .post("/api/v1/events", "application/x-ndjson", demo(60))
        .await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    let metrics = bench.get("/api/v1/metrics").await.json();
    for id in ["sessions", "engaged_sessions", "escalated_sessions"] {
        let Some(metric) = metrics["metrics"]
            .as_array()
            .unwrap()
            .iter()
            .find(|metric| metric["id"] == id)
        else {
            continue;
        };
        let counted = bench.query(&json!({"metrics": [id]})).await.json();
        let filter = metric["evidence"]
            .as_str()
            .unwrap()
            .replace(' ', "+")
            .replace('=', "%3D");
        let path = if filter.is_empty() {
            "/api/v1/sessions?limit=1000".to_owned()
        } else {
            format!("/api/v1/sessions?limit=1000&filter={filter}")
        };
        let listed = bench.get(&path).await.json();
        assert_eq!(
            json!(ids(&listed).len()),
            counted["totals"][id]["value"],
            "{id}"
        );
    }
}

/// A price list that bears the mark.
fn prices_of(mark: &str) -> Value {
    let list = format!(
        "compiled = 2026-03-01\ncurrency = \"USD\"\n[[price]]\nmodel = \"{mark}-model\"\n\
         input = 2\noutput = 4\nsource = \"{mark}\"\n"
    );
    json!({ "toml": list })
}

/// Events in which everything that a workspace may choose bears its mark.
fn marked(mark: &str) -> Value {
    let mut events = conversation(&format!("{mark}-c"), &format!("{mark}-channel"));
    let parts = events.as_array_mut().unwrap();
    parts.push(json!({
        "event_id": format!("{mark}-3"), "event_type": "topic", "time": "2026-03-10T10:00:03Z",
        "conversation_id": format!("{mark}-c"), "channel": format!("{mark}-channel"),
        "topic_id": format!("{mark}-topic"), "topic_name": format!("{mark} topic"), "topic_kind": "custom",
        "attributes": { "plan": format!("{mark}-plan") }
    }));
    for event in parts {
        event["bot"] = json!(format!("{mark}-bot"));
    }
    events
}

#[tokio::test]
async fn nothing_of_one_workspace_is_in_any_answer_of_another() {
    let bench = Bench::new().await;
    for mark in ["alpha", "beta"] {
        assert_eq!(bench.events(mark, &marked(mark)).await.status, 202);
        let path = format!("/api/v1/segments/newcomers?workspace={mark}");
        let segment = json!({"filter": format!("channel = {mark}")});
        let saved = bench.send_json("PUT", &path, segment.to_string()).await;
        assert_eq!(saved.status, 200, "{}", saved.text());
        for (kind, body) in [
            ("views", json!({"title": mark, "address": "/explore"})),
            ("boards", json!({"title": mark, "views": []})),
        ] {
            let path = format!("/api/v1/{kind}/newcomers?workspace={mark}");
            let saved = bench.send_json("PUT", &path, body.to_string()).await;
            assert_eq!(saved.status, 200, "{}", saved.text());
        }
    }
    for flushed in [false, true] {
        if flushed {
            bench.lake.flush().await.unwrap();
        }
        for (own, other) in [("alpha", "beta"), ("beta", "alpha")] {
            let foreign = ids(&bench
                .get(&format!("/api/v1/sessions?workspace={other}"))
                .await
                .json())
            .remove(0);
            let mine = ids(&bench
                .get(&format!("/api/v1/sessions?workspace={own}"))
                .await
                .json())
            .remove(0);
            let answer = bench
                .get(&format!("/api/v1/sessions/{foreign}?workspace={own}"))
                .await;
            answer.problem(404, "not-found");
            let mut walked = BTreeSet::new();
            for (method, path) in crate::access::routes() {
                // What takes something away answers nothing.
                if method == "DELETE" {
                    continue;
                }
                // What is asked of people needs some: `people.rs` and `doors.rs` walk it.
                let of_people = ["sign-", "links/", "people/resolution_rate", "mail/test"];
                let tail = path.trim_start_matches("/api/v1/");
                if method != "GET" && of_people.iter().any(|start| tail.starts_with(start)) {
                    continue;
                }
                // It names the workspaces that the caller may ask: on an open server all.
                if tail == "me" {
                    continue;
                }
                // It describes the program, whose examples name other things by words that these workspaces have.
                if tail == "/openapi.json" {
                    continue;
                }
                let body = match path.as_str() {
                    "/api/v1/events" => marked(own),
                    "/api/v1/query" => json!({
                        "metrics": ["sessions"],
                        "dimensions": ["channel", "bot", "topic", "topic_name", "attribute.plan"]
                    }),
                    "/api/v1/queries" => json!({"queries": [
                        {"metrics": ["sessions"], "dimensions": ["channel", "attribute.plan"]},
                        {"metrics": ["messages"], "dimensions": ["topic"]},
                    ]}),
                    "/api/v1/drivers" => json!({"outcome": "resolution", "by": "topic"}),
                    "/api/v1/fact-sets" => json!({"profile": "default"}),
                    "/api/v1/fact-sets/preview" => json!({"profile": "indigo"}),
                    "/api/v1/erasures" => {
                        json!({"user_ids": [format!("nobody of {own}")], "reason": own})
                    }
                    "/api/v1/erasures/preview" => json!({"user_ids": ["nobody"]}),
                    "/api/v1/keeping" | "/api/v1/keeping/preview" => json!({"texts_days": 900}),
                    "/api/v1/paths" => json!({"by": "channel"}),
                    "/api/v1/flows" => json!({"depth": 2}),
                    "/api/v1/funnel" => {
                        json!({"through": ["step.kind = topic", "step.kind = topic"]})
                    }
                    "/api/v1/lift" => json!({"at_least": 1}),
                    "/api/v1/topics" => json!({"limit": 10}),
                    "/api/v1/prices" => prices_of(own),
                    "/api/v1/keys" => json!({"name": own, "scopes": ["read"]}),
                    "/api/v1/mail" => json!({
                        "host": format!("{own}.example"), "from": format!("upshot@{own}.example")
                    }),
                    "/api/v1/shares" => json!({"name": own, "view": "/"}),
                    "/api/v1/people/invitations" => {
                        json!({"email": format!("{own}@example.org"), "role": "viewer"})
                    }
                    "/api/v1/drilldown" => json!({
                        "query": {"metrics": ["sessions"]}, "cell": {"metric": "sessions"}
                    }),
                    "/api/v1/segments/newcomers" => {
                        json!({"filter": format!("channel = {own}"), "description": own})
                    }
                    "/api/v1/settings" => json!({"bots": [{"id": own, "name": own}]}),
                    "/api/v1/views/newcomers" => json!({"title": own, "address": "/explore"}),
                    "/api/v1/boards/newcomers" => json!({"title": own, "views": []}),
                    "/api/v1/annotations" | "/api/v1/annotations/resolution_rate" => {
                        json!({"time": "2026-03-05", "text": own})
                    }
                    "/api/v1/releases" => json!({"shown": true}),
                    path if path.starts_with("/api/v1/text-mode") => json!({"mode": "masked"}),
                    path if path.contains("/notes") => json!({"text": own}),
                    path if path.contains("/labels") => json!({}),
                    "/api/v1/import" => marked(own),
                    "/api/v1/retention" => json!({"period": "day", "back": ["engaged"]}),
                    path if path.starts_with("/api/v1/export/") => json!({"environment": "all"}),
                    _ => Value::Null,
                };
                let path = path
                    .replace("/sessions/resolution_rate", &format!("/sessions/{mine}"))
                    .replace("{note}", "first")
                    .replace("{label}", own)
                    .replace("{profile}", "default");
                let address = format!("{path}?workspace={own}");
                let answer = match method.as_str() {
                    "GET" => bench.get(&address).await,
                    _ if path == "/api/v1/import" => {
                        let kind = "application/octet-stream";
                        bench.post(&address, kind, body.to_string()).await
                    }
                    _ => {
                        assert_ne!(body, Value::Null, "say what to send to {path}");
                        bench
                            .send_json(method.as_str(), &address, body.to_string())
                            .await
                    }
                };
                assert!(answer.status.is_success(), "{path}: {}", answer.text());
                assert!(
                    !answer.text().contains(other),
                    "{path} of {own}: {}",
                    answer.text()
                );
                if answer.text().contains(own) {
                    walked.insert(path);
                }
            }
            assert!(walked.contains("/api/v1/sessions"), "{walked:?}");
            assert!(walked.contains("/api/v1/query"), "{walked:?}");
            assert!(walked.contains("/api/v1/drilldown"), "{walked:?}");
            for kept in [
                "segments",
                "settings",
                "views",
                "boards",
                "annotations",
                "import",
            ] {
                assert!(
                    walked.contains(&format!("/api/v1/{kept}")),
                    "{kept}: {walked:?}"
                );
            }
            let exports = walked
                .iter()
                .filter(|path| path.starts_with("/api/v1/export/"));
            assert_eq!(exports.count(), 5, "{walked:?}");
            assert!(
                walked.contains(&format!("/api/v1/sessions/{mine}")),
                "{walked:?}"
            );
        }
    }
}
