//! New versions of bots are told beside what people note, and can be hidden.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::common::Bench;
use crate::schema::Description;
use crate::visitor::Visitor;

const PATH: &str = "/api/v1/releases";

fn event(day: &str, version: &str, environment: &str) -> Value {
    json!({"event_id": format!("{day}-{version}"), "event_type": "message", "time": format!("{day}T10:00:00Z"),
        "conversation_id": format!("{day}-{version}"), "role": "user", "text": "hello", "bot": "shop",
        "bot_version": version, "environment": environment})
}

async fn filled() -> Bench {
    let bench = Bench::new().await;
    let events = json!([
        event("2026-03-01", "2.2", "production"),
        event("2026-03-03", "2.4", "test"),
        event("2026-03-05", "2.3", "production"),
        event("2026-03-06", "2.3", "production"),
    ]);
    assert_eq!(bench.events("main", &events).await.status, 202);
    bench
}

#[tokio::test]
async fn the_first_day_of_a_version_is_told_until_it_is_hidden() {
    let bench = filled().await;
    let described = Description::new();
    let settings = json!({"bots": [{"id": "shop", "name": "Shop assistant"}]});
    bench
        .send_json("PUT", "/api/v1/settings", settings.to_string())
        .await;
    let path = format!("{PATH}?last=28d");
    let found = bench.get(&path).await.json();
    described.check("get", PATH, 200, &found);
    assert_eq!(
        found,
        json!({"shown": true, "left_out": 0, "releases": [{
            "bot": "shop", "bot_name": "Shop assistant", "version": "2.3", "day": "2026-03-05",
            "time": "2026-03-05T00:00:00Z", "sessions": 2, "text": "version 2.3 of Shop assistant"
        }]})
    );
    // A version that comes now is there now, and known answers are given again.
    let again = bench.get(&path).await;
    assert!(
        again.header("cache-status").contains("hit"),
        "{}",
        again.header("cache-status")
    );
    bench
        .events("main", &event("2026-03-08", "2.4", "production"))
        .await;
    let found = bench.get(&path).await.json();
    assert_eq!(found["releases"].as_array().unwrap().len(), 2, "{found}");
    let none = bench.get(&format!("{PATH}?bot=other")).await.json();
    assert_eq!(none["releases"], json!([]));
    // People's notes are apart from it.
    let notes = bench.get("/api/v1/annotations").await.json();
    assert_eq!(notes["annotations"], json!([]));
    let hidden = bench
        .send_json("PUT", PATH, json!({"shown": false}).to_string())
        .await;
    described.check("put", PATH, 200, &hidden.json());
    let found = bench.get(&path).await.json();
    assert_eq!(
        found,
        json!({"shown": false, "left_out": 0, "releases": []})
    );
    let shown = bench
        .send_json("PUT", PATH, json!({"shown": true}).to_string())
        .await;
    assert_eq!(shown.json(), json!({"shown": true}));
    let found = bench.get(&path).await.json();
    assert_eq!(found["releases"].as_array().unwrap().len(), 2);
    bench
        .get(&format!("{PATH}?month=3"))
        .await
        .problem(400, "invalid-query");
    bench
        .get(&format!("{PATH}?last=many"))
        .await
        .problem(400, "invalid-query");
}

#[tokio::test]
async fn they_are_given_as_rows_in_each_format() {
    let bench = filled().await;
    let ask = async |address: String, accept: &str| {
        let request = Request::get(address).header("accept", accept);
        bench.send(request.body(Body::empty()).unwrap()).await
    };
    for format in ["csv", "jsonl", "parquet", "arrow"] {
        let named = ask(format!("{PATH}?last=28d&format={format}"), "*/*").await;
        assert_eq!(named.status, 200, "{format}: {}", named.text());
        let media_type = named.header("content-type");
        let accepted = ask(format!("{PATH}?last=28d"), media_type).await;
        assert_eq!(named.body, accepted.body, "{format}");
    }
    let rows = ask(format!("{PATH}?last=28d&format=csv"), "*/*").await;
    assert_eq!(
        rows.text(),
        "day,bot,bot_name,version,sessions\n2026-03-05,shop,shop,2.3,2\n"
    );
    let whole = ask(format!("{PATH}?last=28d&format=json"), "text/csv").await;
    assert_eq!(whole.json()["shown"], true);
    ask(format!("{PATH}?format=xls"), "*/*")
        .await
        .problem(400, "invalid-query");
    // What has no rows knows no format.
    let notes = bench.get("/api/v1/annotations?format=csv").await;
    notes.problem(400, "invalid-query");
}

#[tokio::test]
async fn whoever_defines_what_others_look_at_hides_them_for_all() {
    let bench = filled().await;
    let mut owner = Visitor::owner(&bench).await;
    let mut viewer = owner.invite("main", "vera@example.org", "viewer").await;
    let mut analyst = owner.invite("main", "ada@example.org", "analyst").await;
    let hide = json!({"shown": false});
    viewer.put(PATH, &hide).await.problem(403, "forbidden");
    assert_eq!(
        viewer.get(PATH).await.json()["releases"][0]["version"],
        "2.3"
    );
    assert_eq!(analyst.put(PATH, &hide).await.status, 200);
    assert_eq!(viewer.get(PATH).await.json()["shown"], false);
    let entries = owner.get("/api/v1/audit").await.json()["entries"].clone();
    assert_eq!(
        (&entries[0]["action"], &entries[0]["detail"]),
        (&json!("releases.set"), &json!("hidden"))
    );
}
