//! Who has sent what.

use serde_json::{Value, json};

use crate::common::{Bench, conversation};

#[tokio::test]
async fn each_source_and_bot_stands_there_with_what_it_sent() {
    let bench = Bench::new().await;
    bench.events("main", &conversation("c1", "web")).await;
    let mut earlier = conversation("c2", "web");
    for event in earlier.as_array_mut().unwrap() {
        event["time"] = json!(event["time"].as_str().unwrap().replace("03-10", "03-02"));
    }
    bench.events("main", &earlier).await;
    let mut of_shop = conversation("c3", "web");
    for event in of_shop.as_array_mut().unwrap() {
        event["bot"] = json!("shop");
        event["environment"] = json!("test");
    }
    bench.events("main", &of_shop).await;
    let wrong = json!([{"event_type": "mesage"}]);
    assert_eq!(bench.events("main", &wrong).await.status, 400);
    let found = bench.get("/api/v1/sources").await;
    assert_eq!(found.status, 200, "{}", found.text());
    let found = found.json();
    crate::schema::Description::new().check("get", "/api/v1/sources", 200, &found);
    let sources = found["sources"].as_array().unwrap();
    let [all, shop] = sources.as_slice() else {
        panic!("{found}")
    };
    let parts = [
        "source",
        "bot",
        "sessions",
        "sessions_today",
        "first_day",
        "last_day",
        "last_event",
    ];
    assert_eq!(
        json!(parts.map(|part| &all[part])),
        json!([
            "upshot",
            null,
            2,
            1,
            "2026-03-02",
            "2026-03-10",
            "2026-03-10T10:00:02.000000Z"
        ])
    );
    assert_eq!(
        (&shop["bot"], &shop["sessions"]),
        (&json!("shop"), &json!(1))
    );
    assert_eq!(found["rejected_lately"].as_array().unwrap().len(), 1);
    assert_eq!(
        found["rejected_lately"][0]["time"],
        "2026-03-10T12:00:00.000000Z"
    );
    let other = bench.get("/api/v1/sources?workspace=other").await.json();
    assert_eq!(
        (&other["sources"], &other["rejected_lately"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(other["time_zone"], Value::from("UTC"));
}
