//! Views, boards and annotations.

use serde_json::{Value, json};

use crate::common::{Answer, Bench};

async fn put(bench: &Bench, path: &str, body: &Value) -> Answer {
    let path = format!("/api/v1/{path}");
    bench.send_json("PUT", &path, body.to_string()).await
}

async fn delete(bench: &Bench, path: &str) -> Answer {
    let path = format!("/api/v1/{path}");
    bench.send_json("DELETE", &path, String::new()).await
}

async fn get(bench: &Bench, path: &str) -> Value {
    bench.get(&format!("/api/v1/{path}")).await.json()
}

fn view(title: &str) -> Value {
    json!({
        "title": title, "address": "/explore?grain=week", "chart": {"kind": "line"},
        "query": {"metrics": ["resolution_rate"], "grain": "week"}
    })
}

#[tokio::test]
async fn views_and_boards_are_saved_changed_and_gone() {
    let bench = Bench::new().await;
    let saved = put(&bench, "views/by%20week", &view("By week")).await;
    assert_eq!(saved.status, 200, "{}", saved.text());
    let saved = saved.json();
    assert_eq!(saved["name"], "by week");
    assert_eq!(
        saved["query"],
        json!({"metrics": ["resolution_rate"], "grain": "week"})
    );
    assert_eq!(get(&bench, "views/by%20week").await, saved);
    put(&bench, "views/other", &view("Other")).await;
    let board = json!({"title": "Monday", "views": ["other", "by week"], "layout": {"columns": 2}});
    let board = put(&bench, "boards/monday", &board).await;
    assert_eq!(board.status, 200, "{}", board.text());
    assert_eq!(board.json()["views"], json!(["other", "by week"]));
    assert_eq!(get(&bench, "boards/monday").await, board.json());
    assert_eq!(get(&bench, "boards").await["boards"], json!([board.json()]));
    // A view that is removed leaves the board.
    assert_eq!(delete(&bench, "views/other").await.status, 204);
    assert_eq!(
        get(&bench, "boards/monday").await["views"],
        json!(["by week"])
    );
    delete(&bench, "views/other")
        .await
        .problem(404, "not-found");
    assert_eq!(delete(&bench, "boards/monday").await.status, 204);
    delete(&bench, "boards/monday")
        .await
        .problem(404, "not-found");
    bench
        .get("/api/v1/boards/monday")
        .await
        .problem(404, "not-found");
    assert_eq!(get(&bench, "views").await["views"], json!([saved]));
}

#[tokio::test]
async fn what_cannot_be_a_view_or_a_board_is_refused() {
    let bench = Bench::new().await;
    let with = |field: &str, value: Value| {
        let mut view = view("A view");
        view[field] = value;
        view
    };
    for (field, value) in [
        ("title", json!("")),
        ("address", json!("//evil.example")),
        ("address", json!("https://evil.example")),
        ("address", json!("/\\evil.example")),
        ("query", json!({"metrcs": []})),
        ("description", json!("x".repeat(5_000))),
        ("chart", json!({"a": "x".repeat(70_000)})),
    ] {
        let problem = put(&bench, "views/a", &with(field, value)).await;
        let problem = problem.problem(400, "bad-request");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    let problem = put(&bench, "views/%20a", &view("A view")).await;
    assert_eq!(
        problem.problem(400, "bad-request")["errors"][0]["field"],
        "name"
    );
    put(&bench, "views/a", &view("A view")).await;
    let board = json!({"title": "Board", "views": ["a", "b"]});
    let problem = put(&bench, "boards/x", &board)
        .await
        .problem(400, "bad-request");
    assert_eq!(problem["errors"][0]["field"], "views[1]");
    assert_eq!(get(&bench, "boards").await, json!({"boards": []}));
    let many = json!({"title": "Board", "views": vec!["a"; 101]});
    put(&bench, "boards/x", &many)
        .await
        .problem(409, "conflict");
}

#[tokio::test]
async fn annotations_are_found_by_time_and_bot() {
    let bench = Bench::new().await;
    let add = |body: Value| {
        let bench = &bench;
        async move {
            let path = "/api/v1/annotations";
            bench.post(path, "application/json", body.to_string()).await
        }
    };
    let down = add(json!({
        "time": "2026-03-05T09:00:00Z", "end": "2026-03-05T11:30:00+01:00", "text": "search was down",
        "kind": "incident", "bot": "shop"
    }));
    let down = down.await;
    assert_eq!(down.status, 201, "{}", down.text());
    let down = down.json();
    assert_eq!(down["end"], "2026-03-05T10:30:00.000000Z");
    put(&bench, "settings", &json!({"time_zone": "Europe/Berlin"})).await;
    let release = json!({"time": "2026-03-08", "text": "2.1 is out", "kind": "release"});
    let release = put(&bench, "annotations/r-2-1", &release).await.json();
    assert_eq!(release["time"], "2026-03-07T23:00:00.000000Z");
    let ids = |parameters: &'static str| {
        let bench = &bench;
        async move {
            let found = get(bench, &format!("annotations?{parameters}")).await;
            let found = found["annotations"].as_array().unwrap().iter();
            found
                .map(|annotation| annotation["text"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(ids("").await, ["search was down", "2.1 is out"]);
    assert_eq!(
        ids("from=2026-03-05T10:00:00Z&to=2026-03-06").await,
        ["search was down"]
    );
    assert_eq!(ids("from=2026-03-08&to=2026-03-08").await, ["2.1 is out"]);
    assert_eq!(
        ids("from=2026-03-08&to=2026-03-08&time_zone=UTC").await,
        [""; 0]
    );
    assert_eq!(ids("bot=shop").await, ["search was down", "2.1 is out"]);
    assert_eq!(ids("bot=bank").await, ["2.1 is out"]);
    assert_eq!(ids("workspace=other").await, [""; 0]);
    let path = format!("annotations/{}", down["id"].as_str().unwrap());
    delete(&bench, &format!("{path}?workspace=other"))
        .await
        .problem(404, "not-found");
    let mut changed = json!({"time": "2026-03-05T08:00:00Z", "text": "search was slow"});
    let answer = put(&bench, &path, &changed).await.json();
    assert_eq!(
        (&answer["kind"], &answer["end"]),
        (&json!("other"), &Value::Null)
    );
    for (field, wrong) in [
        ("time", json!("yesterday")),
        ("end", json!("2026-03-01")),
        ("text", json!("")),
    ] {
        let before = changed[field].clone();
        changed[field] = wrong;
        let problem = put(&bench, &path, &changed)
            .await
            .problem(400, "bad-request");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        changed[field] = before;
        if field == "end" {
            changed.as_object_mut().unwrap().remove("end");
        }
    }
    assert_eq!(delete(&bench, &path).await.status, 204);
    assert_eq!(ids("").await, ["2.1 is out"]);
}
