//! For how long things are kept is set over HTTP, foreseen, and recorded.

use serde_json::{Value, json};

use crate::common::{Bench, conversation};
use crate::schema::Description;
use crate::visitor::Visitor;

const PATH: &str = "/api/v1/keeping";

fn old(id: &str) -> Value {
    let mut events = conversation(id, "web");
    events[0]["time"] = json!("2026-01-10T10:00:00Z");
    events[1]["time"] = json!("2026-01-10T10:00:02Z");
    events
}

#[tokio::test]
async fn what_is_older_is_foreseen_goes_and_is_not_taken_in_again() {
    let bench = Bench::new().await;
    let described = Description::new();
    bench.events("main", &old("c1")).await;
    bench.events("main", &conversation("c2", "web")).await;
    bench.lake.flush_and_seal().await.unwrap();
    let shown = bench.get(PATH).await.json();
    described.check("get", PATH, 200, &shown);
    assert_eq!(
        shown,
        json!({
            "texts_days": null, "events_days": null, "facts_days": null,
            "first_days": {"texts": null, "events": null, "facts": null}
        })
    );
    let wish = json!({"texts_days": 20, "events_days": 30}).to_string();
    let preview = format!("{PATH}/preview");
    let foreseen = bench.send_json("POST", &preview, wish.clone()).await.json();
    described.check("post", &preview, 200, &foreseen);
    assert_eq!(
        (
            &foreseen["texts"],
            &foreseen["events"],
            &foreseen["sessions"]
        ),
        (&json!(2), &json!(2), &json!(0))
    );
    assert_eq!(foreseen["first_days"]["events"], "2026-02-08");
    let set = bench.send_json("PUT", PATH, wish).await;
    assert_eq!(set.status, 200, "{}", set.text());
    described.check("put", PATH, 200, &set.json());
    bench.lake.tidy().await.unwrap();
    let shown = bench.get(PATH).await.json();
    assert_eq!(
        (&shown["texts_days"], &shown["first_days"]["texts"]),
        (&json!(20), &json!("2026-02-18"))
    );
    let again = bench.events("main", &old("c1")).await.json();
    assert_eq!(
        (&again["received"], &again["outdated"], &again["added"]),
        (&json!(2), &json!(2), &json!(0))
    );
    // The facts stay.
    let query = json!({"metrics": ["sessions"]});
    let answer = bench.query(&query).await.json();
    assert_eq!(answer["totals"]["sessions"]["value"], 2.0);
    let entry = bench.get("/api/v1/audit").await.json()["entries"][0].clone();
    assert_eq!(
        (&entry["action"], &entry["detail"]),
        (
            &json!("keeping.set"),
            &json!("texts 20 days, events 30 days, facts for ever")
        )
    );
    for wrong in [
        json!({"events_days": 3}),
        json!({"texts_days": 0}),
        json!({"texts_days": 2, "events_days": 1}),
    ] {
        for (method, path) in [("PUT", PATH), ("POST", &preview)] {
            let answer = bench.send_json(method, path, wrong.to_string()).await;
            answer.problem(400, "bad-request");
        }
    }
}

#[tokio::test]
async fn only_owners_and_admins_say_for_how_long() {
    let bench = Bench::new().await;
    let mut owner = Visitor::owner(&bench).await;
    let mut analyst = owner.invite("main", "ada@example.org", "analyst").await;
    let wish = json!({"texts_days": 20});
    analyst.put(PATH, &wish).await.problem(403, "forbidden");
    assert_eq!(analyst.get(PATH).await.status, 200);
    assert_eq!(owner.put(PATH, &wish).await.json()["texts_days"], 20);
}

#[tokio::test]
async fn notes_and_labels_go_with_their_sessions() {
    let bench = Bench::new().await;
    bench.events("main", &old("c1")).await;
    bench.events("main", &conversation("c2", "web")).await;
    bench.events("other", &old("c1")).await;
    let mut ids = Vec::new();
    for workspace in ["main", "other"] {
        let path = format!("/api/v1/sessions?order=start_time+asc&workspace={workspace}");
        let listed = bench.get(&path).await.json();
        for session in listed["sessions"].as_array().unwrap() {
            let id = session["session_id"].as_str().unwrap().to_owned();
            let path = format!("/api/v1/sessions/{id}/notes?workspace={workspace}");
            let note = json!({"text": "look at this"}).to_string();
            assert_eq!(bench.send_json("POST", &path, note).await.status, 201);
            let path = format!("/api/v1/sessions/{id}/labels/odd?workspace={workspace}");
            assert_eq!(
                bench.send_json("PUT", &path, String::new()).await.status,
                200
            );
            ids.push(id);
        }
    }
    assert_eq!(ids.len(), 3);
    bench.lake.flush_and_seal().await.unwrap();
    let forget = || upshot_server::keeping::forget_all(&bench.state);
    let labels = async |workspace: &str| {
        let path = format!("/api/v1/labels?workspace={workspace}");
        bench.get(&path).await.json()["labels"][0]["sessions"].clone()
    };
    // Texts and events alone leave the session, and what is said of it.
    for (wish, removed, left) in [
        (json!({"texts_days": 20, "events_days": 30}), 0, 2),
        (
            json!({"texts_days": 20, "events_days": 30, "facts_days": 30}),
            2,
            1,
        ),
    ] {
        assert_eq!(
            bench.send_json("PUT", PATH, wish.to_string()).await.status,
            200
        );
        bench.lake.tidy().await.unwrap();
        assert_eq!(forget().await.unwrap(), removed, "{wish}");
        assert_eq!(labels("main").await, left, "{wish}");
    }
    assert_eq!(forget().await.unwrap(), 0);
    assert_eq!(labels("other").await, 1);
    assert!(bench.store.notes("main", &ids[0]).await.unwrap().is_empty());
    assert_eq!(bench.store.notes("main", &ids[1]).await.unwrap().len(), 1);
    assert_eq!(bench.store.notes("other", &ids[2]).await.unwrap().len(), 1);
}
