//! Filters that are saved under a name, and what is asked of them.

use serde_json::{Value, json};

use crate::common::{Answer, Bench, conversation};

async fn bench() -> Bench {
    let bench = Bench::new().await;
    for (id, channel) in [("c1", "web"), ("c2", "web"), ("c3", "voice"), ("c4", "app")] {
        let sent = bench.events("main", &conversation(id, channel)).await;
        assert_eq!(sent.status, 202);
    }
    bench
}

async fn save(bench: &Bench, path: &str, filter: &str) -> Answer {
    let body = json!({"filter": filter, "description": "for the test"}).to_string();
    bench
        .send_json("PUT", &format!("/api/v1/segments/{path}"), body)
        .await
}

async fn sessions(bench: &Bench, query: Value) -> Value {
    let answer = bench.query(&query).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["totals"]["sessions"]["value"].clone()
}

#[tokio::test]
async fn a_segment_is_saved_used_changed_and_gone() {
    let bench = bench().await;
    let saved = save(&bench, "on%20screens", "channel in (web, app)").await;
    assert_eq!(saved.status, 200, "{}", saved.text());
    let saved = saved.json();
    assert_eq!(saved["name"], "on screens");
    let listed = bench.get("/api/v1/segments").await.json();
    assert_eq!(listed["segments"], json!([saved]));
    assert_eq!(
        bench.get("/api/v1/segments/on%20screens").await.json(),
        saved
    );
    let asked = json!({"metrics": ["sessions"], "segment": "on screens"});
    assert_eq!(sessions(&bench, asked.clone()).await, 3);
    let inside = json!({"metrics": ["sessions"], "filters": ["not segment \"on screens\""]});
    assert_eq!(sessions(&bench, inside.clone()).await, 1);
    let listed = bench
        .get("/api/v1/sessions?filter=segment+%22on+screens%22")
        .await;
    assert_eq!(listed.json()["sessions"].as_array().unwrap().len(), 3);
    // The answer that was kept is not given again.
    save(&bench, "on%20screens", "channel = web").await;
    assert_eq!(sessions(&bench, asked.clone()).await, 2);
    assert_eq!(sessions(&bench, inside.clone()).await, 2);
    let path = "/api/v1/segments/on%20screens";
    assert_eq!(
        bench.send_json("DELETE", path, String::new()).await.status,
        204
    );
    bench
        .send_json("DELETE", path, String::new())
        .await
        .problem(404, "not-found");
    bench.get(path).await.problem(404, "not-found");
    for (query, field) in [(asked, "segment"), (inside, "filters[0]")] {
        let problem = bench.query(&query).await.problem(400, "invalid-query");
        assert_eq!(problem["errors"][0]["field"], field);
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            detail.contains("there is no segment `on screens`"),
            "{detail}"
        );
    }
}

#[tokio::test]
async fn segments_stand_side_by_side_and_lead_to_their_sessions() {
    let bench = bench().await;
    save(&bench, "web", "channel = web").await;
    save(&bench, "screens", "segment \"web\" or channel = app").await;
    let query = json!({
        "metrics": ["sessions", "engagement_rate"], "segments": ["web", "screens"], "dimensions": ["channel"],
        "subtotals": true
    });
    let answer = bench.query(&query).await.json();
    assert_eq!(answer["dimensions"], json!(["segment", "channel"]));
    assert_eq!(answer["totals"]["sessions"]["value"], 4);
    let subtotals = answer["subtotals"].as_array().unwrap();
    assert_eq!(subtotals[1]["dimensions"], json!({"segment": "screens"}));
    let value = &subtotals[1]["metrics"]["sessions"];
    assert_eq!(
        (&value["value"], &value["compare"]["value"]),
        (&json!(3), &json!(2))
    );
    for row in answer["rows"].as_array().unwrap().iter().chain(subtotals) {
        for compared in [false, true] {
            let value = &row["metrics"]["sessions"];
            let value = match compared {
                true if value["compare"].is_null() => continue,
                true => &value["compare"]["value"],
                false => &value["value"],
            };
            let body = json!({"query": query, "cell": {
                "metric": "sessions", "dimensions": row["dimensions"], "compared": compared
            }});
            let sent = bench.post("/api/v1/drilldown", "application/json", body.to_string());
            let found = sent.await;
            assert_eq!(found.status, 200, "{}", found.text());
            assert_eq!(&found.json()["session_count"], value, "{body}");
        }
    }
}

#[tokio::test]
async fn a_workspace_never_sees_the_segments_of_another() {
    let bench = bench().await;
    save(&bench, "web?workspace=other", "channel = web").await;
    bench
        .get("/api/v1/segments/web")
        .await
        .problem(404, "not-found");
    assert_eq!(
        bench.get("/api/v1/segments").await.json(),
        json!({"segments": []})
    );
    bench
        .query(&json!({"metrics": ["sessions"], "segment": "web"}))
        .await
        .problem(400, "invalid-query");
    let gone = bench
        .send_json("DELETE", "/api/v1/segments/web", String::new())
        .await;
    gone.problem(404, "not-found");
    let theirs = bench.get("/api/v1/segments/web?workspace=other").await;
    assert_eq!(theirs.status, 200);
}

#[tokio::test]
async fn what_cannot_be_a_segment_is_refused() {
    let bench = bench().await;
    for (path, filter, kind, field) in [
        ("a", "chanel = web", "invalid-query", "filter"),
        ("a", "channel =", "invalid-query", "filter"),
        ("a", "message.role = user", "invalid-query", "filter"),
        ("a", "segment b", "invalid-query", "filter"),
        ("a", "engaged or segment a", "invalid-query", "filter"),
        ("%20a", "engaged", "bad-request", "name"),
        ("a%0Ab", "engaged", "bad-request", "name"),
        ("a?workspace=No", "engaged", "bad-request", "workspace"),
    ] {
        let problem = save(&bench, path, filter).await.problem(400, kind);
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    save(&bench, "a", "engaged").await;
    save(&bench, "b", "segment a").await;
    // Each by itself is right; together they would never end.
    let problem = save(&bench, "a", "segment b").await;
    let problem = problem.problem(400, "invalid-query");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("leads back to itself"), "{detail}");
    assert_eq!(
        bench.get("/api/v1/segments").await.json()["segments"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn an_answer_says_how_it_came_about() {
    let bench = bench().await;
    let query = json!({
        "metrics": ["sessions", "messages"], "dimensions": ["channel"], "limit": 1, "other": true, "explain": true,
        "range": {"last": "28d"}, "compare": "previous", "filters": ["any message (message.role = user)"]
    });
    let answer = bench.query(&query).await.json();
    let passes = answer["explanation"]["passes"].as_array().unwrap();
    let told = |purpose: &str, table: &str| {
        let mut found = passes
            .iter()
            .filter(|pass| pass["purpose"] == purpose && pass["table"] == table);
        found.next().cloned().unwrap_or_default()
    };
    for (purpose, table) in [
        ("ranking", "sessions"),
        ("rows", "sessions"),
        ("rows", "messages"),
        ("compared", "messages"),
    ] {
        let pass = told(purpose, table);
        assert!(
            pass["selection"].as_str().unwrap().contains("time >= "),
            "{pass}"
        );
        assert_eq!(pass["files"], 0, "nothing is in files yet");
    }
    let rows = told("rows", "sessions");
    assert_eq!(
        (&rows["rows_read"], &rows["rows_in_memory"]),
        (&json!(4), &json!(4))
    );
    let stages = answer["explanation"]["stages"].as_array().unwrap();
    assert!(
        stages.iter().any(|stage| stage["name"] == "rows"),
        "{answer}"
    );
    let mut plain = query.clone();
    plain["explain"] = json!(false);
    assert_eq!(bench.query(&plain).await.json().get("explanation"), None);
}
