//! What a workspace has set for itself, and what answers make of it.

use serde_json::{Value, json};

use crate::common::{Bench, conversation};

const PATH: &str = "/api/v1/settings";

async fn set(bench: &Bench, workspace: &str, settings: &Value) -> Value {
    let path = format!("{PATH}?workspace={workspace}");
    let answer = bench.send_json("PUT", &path, settings.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn settings_are_kept_for_each_workspace() {
    let bench = Bench::new().await;
    let unset = json!({
        "time_zone": "UTC", "week_start": "monday", "currency": "USD", "locale": null,
        "costs": {"agent_minute": null, "human_contact": null}, "bots": [],
        "ticket_baseline": {"rate": null, "from": null, "to": null}, "changed": null
    });
    let shown = bench.get(PATH).await;
    assert_eq!(shown.json(), unset);
    let tag = shown.header("etag").to_owned();
    let new = json!({
        "time_zone": "Europe/Berlin", "week_start": "sunday", "currency": "EUR", "locale": "de-DE",
        "costs": {"agent_minute": 0.9}, "bots": [{"id": "shop", "name": "Shop assistant"}],
        "ticket_baseline": {"rate": 0.5}
    });
    let saved = set(&bench, "main", &new).await;
    assert_eq!(saved["changed"], "2026-03-10T12:00:00.000000Z");
    assert_eq!(
        saved["costs"],
        json!({"agent_minute": 0.9, "human_contact": null})
    );
    let baseline = json!({"rate": 0.5, "from": null, "to": null});
    assert_eq!(saved["ticket_baseline"], baseline);
    let shown = bench.get(PATH).await;
    assert_eq!(shown.json(), saved);
    assert_ne!(shown.header("etag"), tag);
    assert_eq!(
        bench.get("/api/v1/settings?workspace=other").await.json(),
        unset
    );
    // What is left out is as where nothing was ever set.
    let saved = set(&bench, "main", &json!({"currency": "CHF"})).await;
    assert_eq!(
        (&saved["currency"], &saved["time_zone"]),
        (&json!("CHF"), &json!("UTC"))
    );
    assert_eq!(saved["bots"], json!([]));
}

#[tokio::test]
async fn lists_are_no_objects() {
    let bench = Bench::new().await;
    for wrong in [
        json!({"costs": [null, null]}),
        json!({"bots": [["shop", "Shop assistant"]]}),
        json!({"ticket_baseline": [0.4]}),
    ] {
        let answer = bench.send_json("PUT", PATH, wrong.to_string()).await;
        answer.problem(400, "invalid-query");
    }
}

#[tokio::test]
async fn what_cannot_be_a_setting_is_refused_with_its_field() {
    let bench = Bench::new().await;
    for (wrong, field, suggestion) in [
        (
            json!({"time_zone": "Europe/Berln"}),
            "time_zone",
            json!("Europe/Berlin"),
        ),
        (
            json!({"week_start": "sundy"}),
            "week_start",
            json!("sunday"),
        ),
        (json!({"currency": "euro"}), "currency", Value::Null),
        (json!({"locale": "de_DE"}), "locale", Value::Null),
        (
            json!({"costs": {"agent_minute": -1}}),
            "costs.agent_minute",
            Value::Null,
        ),
        (
            json!({"ticket_baseline": {"rate": 42}}),
            "ticket_baseline.rate",
            Value::Null,
        ),
        (
            json!({"ticket_baseline": {"rate": 0.4, "from": "2025-10-01"}}),
            "ticket_baseline",
            Value::Null,
        ),
        (
            json!({"ticket_baseline": {"from": "2025-10-01"}}),
            "ticket_baseline",
            Value::Null,
        ),
        (
            json!({"ticket_baseline": {"from": "2025-10-01", "to": "soon"}}),
            "ticket_baseline.to",
            Value::Null,
        ),
        (
            json!({"ticket_baseline": {"from": "2025-10-01", "to": "2025-09-01"}}),
            "ticket_baseline.to",
            Value::Null,
        ),
        (
            json!({"bots": [{"id": "", "name": "x"}]}),
            "bots[0].id",
            Value::Null,
        ),
        (
            json!({"bots": [{"id": "a", "name": "x"}, {"id": "a", "name": "y"}]}),
            "bots[1].id",
            Value::Null,
        ),
    ] {
        let answer = bench.send_json("PUT", PATH, wrong.to_string()).await;
        let problem = answer.problem(400, "bad-request");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        assert_eq!(problem["errors"][0]["suggestion"], suggestion, "{problem}");
    }
    let several = json!({"currency": "euro", "locale": "german"}).to_string();
    let problem = bench
        .send_json("PUT", PATH, several)
        .await
        .problem(400, "bad-request");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2);
    let unknown = json!({"curency": "EUR"}).to_string();
    bench
        .send_json("PUT", PATH, unknown)
        .await
        .problem(400, "invalid-query");
    assert_eq!(bench.get(PATH).await.json()["changed"], Value::Null);
}

#[tokio::test]
async fn questions_that_name_no_zone_are_asked_in_that_of_the_workspace() {
    let bench = Bench::new().await;
    for workspace in ["main", "other"] {
        let sent = bench.events(workspace, &conversation("c1", "web")).await;
        assert_eq!(sent.status, 202);
    }
    let asked = |body: Value, workspace: &'static str| {
        let bench = &bench;
        async move {
            let path = format!("/api/v1/query?workspace={workspace}");
            let answer = bench
                .post(&path, "application/json", body.to_string())
                .await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let tag = answer.header("etag").to_owned();
            let answer = answer.json();
            let rows = answer["rows"].as_array().unwrap();
            let day = rows[rows.len() - 1]["dimensions"].clone();
            (answer["range"]["time_zone"].clone(), day, tag)
        }
    };
    let by = |grain: &str| json!({"metrics": ["sessions"], "grain": grain});
    let (zone, day, tag) = asked(by("day"), "main").await;
    assert_eq!((zone, day), (json!("UTC"), json!({"day": "2026-03-10"})));
    assert_eq!(
        asked(by("week"), "main").await.1,
        json!({"week": "2026-03-09"})
    );
    // 10:00 is past midnight there; the answers that were kept are not given again.
    set(
        &bench,
        "main",
        &json!({"time_zone": "Pacific/Kiritimati", "week_start": "sunday"}),
    )
    .await;
    let (zone, day, other_tag) = asked(by("day"), "main").await;
    assert_eq!(
        (zone, day),
        (json!("Pacific/Kiritimati"), json!({"day": "2026-03-11"}))
    );
    assert_ne!(tag, other_tag);
    assert_eq!(
        asked(by("week"), "main").await.1,
        json!({"week": "2026-03-08"})
    );
    // What a question names goes before, and the other workspace is as it was.
    let mut named = by("day");
    named["time_zone"] = json!("UTC");
    assert_eq!(asked(named, "main").await.1, json!({"day": "2026-03-10"}));
    let mut named = by("week");
    named["week_start"] = json!("saturday");
    assert_eq!(asked(named, "main").await.1, json!({"week": "2026-03-07"}));
    assert_eq!(
        asked(by("day"), "other").await.1,
        json!({"day": "2026-03-10"})
    );
    let body = json!({"metrics": ["sessions"], "week_start": "friday"}).to_string();
    let problem = bench.post("/api/v1/query", "application/json", body).await;
    let problem = problem.problem(400, "invalid-query");
    assert_eq!(problem["errors"][0]["field"], "week_start");
}

#[tokio::test]
async fn lists_exports_and_who_came_back_follow_the_workspace() {
    let bench = Bench::new().await;
    bench.events("main", &conversation("c1", "web")).await;
    let count = |path: &'static str| {
        let bench = &bench;
        async move {
            let answer = bench.get(path).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            answer.text().matches("\"conversation_id\"").count()
        }
    };
    let on_the_11th = "/api/v1/sessions?from=2026-03-11&to=2026-03-11";
    let exported = "/api/v1/export/sessions?from=2026-03-11&to=2026-03-11";
    assert_eq!((count(on_the_11th).await, count(exported).await), (0, 0));
    set(&bench, "main", &json!({"time_zone": "Pacific/Kiritimati"})).await;
    assert_eq!((count(on_the_11th).await, count(exported).await), (1, 1));
    let body = json!({"period": "day", "periods": 1}).to_string();
    let answer = bench
        .post("/api/v1/retention", "application/json", body)
        .await;
    let answer = answer.json();
    assert_eq!(answer["cohorts"][0]["cohort"], "2026-03-11", "{answer}");
    assert_eq!(
        answer["range"]["time_zone"], "Pacific/Kiritimati",
        "{answer}"
    );
}
