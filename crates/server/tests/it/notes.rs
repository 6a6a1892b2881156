//! What people say of sessions, and filters by what they call them.

use serde_json::{Value, json};

use crate::common::{Answer, Bench, conversation};

/// Three conversations in `main`, one in `other`; the ids of the sessions of the first.
async fn bench() -> (Bench, Vec<String>) {
    let bench = Bench::new().await;
    for (workspace, id) in [
        ("main", "c1"),
        ("main", "c2"),
        ("main", "c3"),
        ("other", "c1"),
    ] {
        bench.events(workspace, &conversation(id, "web")).await;
    }
    let listed = bench
        .get("/api/v1/sessions?order=start_time+asc")
        .await
        .json();
    let sessions = listed["sessions"].as_array().unwrap().iter();
    let mut ids: Vec<(String, String)> = sessions
        .map(|session| {
            let text = |name: &str| session[name].as_str().unwrap().to_owned();
            (text("conversation_id"), text("session_id"))
        })
        .collect();
    ids.sort();
    (bench, ids.into_iter().map(|(_, id)| id).collect())
}

async fn send(bench: &Bench, method: &str, path: &str, body: Value) -> Answer {
    let path = format!("/api/v1/{path}");
    bench.send_json(method, &path, body.to_string()).await
}

async fn count(bench: &Bench, filter: &str) -> Value {
    let query = json!({"metrics": ["sessions", "messages"], "filters": [filter]});
    let answer = bench.query(&query).await;
    assert_eq!(answer.status, 200, "{filter}: {}", answer.text());
    let answer = answer.json();
    let sessions = answer["totals"]["sessions"]["value"].clone();
    let messages = answer["totals"]["messages"]["value"].as_f64();
    assert_eq!(
        messages,
        sessions.as_f64().map(|sessions| 2.0 * sessions),
        "{filter}"
    );
    sessions
}

#[tokio::test]
async fn notes_are_kept_changed_and_gone() {
    let (bench, ids) = bench().await;
    let path = format!("sessions/{}/notes", ids[0]);
    let said = send(&bench, "POST", &path, json!({"text": "look at this"})).await;
    assert_eq!(said.status, 201, "{}", said.text());
    let said = said.json();
    assert_eq!(
        (&said["text"], &said["author"]),
        (&json!("look at this"), &Value::Null)
    );
    let own = send(
        &bench,
        "PUT",
        &format!("{path}/second"),
        json!({"text": "and this"}),
    )
    .await;
    assert_eq!(own.json()["id"], "second");
    send(
        &bench,
        "PUT",
        &format!("{path}/second"),
        json!({"text": "or not"}),
    )
    .await;
    let listed = bench.get(&format!("/api/v1/{path}")).await.json();
    let texts: Vec<&Value> = listed["notes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| &note["text"])
        .collect();
    assert_eq!(texts.len(), 2);
    assert!(texts.contains(&&json!("or not")) && texts.contains(&&json!("look at this")));
    assert_eq!(listed["labels"], json!([]));
    for elsewhere in [
        format!("sessions/{}/notes", ids[1]),
        format!("{path}?workspace=other"),
    ] {
        let listed = bench.get(&format!("/api/v1/{elsewhere}")).await.json();
        assert_eq!(listed["notes"], json!([]), "{elsewhere}");
    }
    send(&bench, "POST", &path, json!({"text": ""}))
        .await
        .problem(400, "bad-request");
    let none = send(&bench, "POST", "sessions/none/notes", json!({"text": "x"})).await;
    none.problem(404, "not-found");
    let second = format!("{path}/second");
    assert_eq!(send(&bench, "DELETE", &second, json!({})).await.status, 204);
    send(&bench, "DELETE", &second, json!({}))
        .await
        .problem(404, "not-found");
}

#[tokio::test]
async fn labels_are_given_taken_and_asked_for_in_every_filter() {
    let (bench, ids) = bench().await;
    assert_eq!(count(&bench, "label is null").await, 3);
    for (session, label) in [(0, "to%20discuss"), (1, "to%20discuss"), (1, "good")] {
        let path = format!("sessions/{}/labels/{label}", ids[session]);
        let given = send(&bench, "PUT", &path, json!({})).await;
        assert_eq!(given.status, 200, "{}", given.text());
        // Once more is the same.
        assert_eq!(
            send(&bench, "PUT", &path, json!({})).await.json(),
            given.json()
        );
    }
    for (filter, expected) in [
        ("label = \"to discuss\"", 2),
        ("label != \"to discuss\"", 1),
        ("not label = good", 2),
        ("label in (good, bad)", 1),
        ("label contains DISC", 2),
        ("label = none", 0),
        ("label is not null", 2),
        ("label is null or label = good", 2),
        ("channel = web and label has good", 1),
    ] {
        assert_eq!(count(&bench, filter).await, expected, "{filter}");
    }
    let filter = json!({"filter": "label = good"}).to_string();
    bench
        .send_json("PUT", "/api/v1/segments/good%20ones", filter)
        .await;
    assert_eq!(count(&bench, "segment \"good ones\"").await, 1);
    let listed = bench
        .get("/api/v1/sessions?filter=label+%3D+good")
        .await
        .json();
    assert_eq!(listed["sessions"][0]["session_id"], json!(ids[1]));
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 1);
    let exported = bench
        .get("/api/v1/export/messages?filter=label+%3D+good")
        .await;
    assert_eq!(exported.text().lines().count(), 2);
    let all = bench.get("/api/v1/labels").await.json();
    assert_eq!(
        all["labels"],
        json!([{"label": "good", "sessions": 1}, {"label": "to discuss", "sessions": 2}])
    );
    // Nothing of it is seen elsewhere, and the answer that was kept is not given again.
    assert_eq!(
        bench.get("/api/v1/labels?workspace=other").await.json(),
        json!({"labels": []})
    );
    let path = format!("sessions/{}/labels/good", ids[1]);
    let elsewhere = format!("{path}?workspace=other");
    send(&bench, "DELETE", &elsewhere, json!({}))
        .await
        .problem(404, "not-found");
    assert_eq!(send(&bench, "DELETE", &path, json!({})).await.status, 204);
    assert_eq!(count(&bench, "label = good").await, 0);
    let wrong = json!({"metrics": ["sessions"], "filters": ["label > 3"]});
    let problem = bench.query(&wrong).await.problem(400, "invalid-query");
    assert_eq!(problem["errors"][0]["field"], "filters[0]");
    let wrong = json!({"metrics": ["sessions"], "filters": ["label"]});
    bench.query(&wrong).await.problem(400, "invalid-query");
    let wrong = format!("sessions/{}/labels/%20x", ids[0]);
    send(&bench, "PUT", &wrong, json!({}))
        .await
        .problem(400, "bad-request");
}
