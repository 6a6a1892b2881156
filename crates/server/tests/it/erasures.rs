//! Users are erased over HTTP: what went is proven, does not come back, and only owners and admins may.

use serde_json::{Value, json};

use crate::common::{Bench, conversation};
use crate::schema::Description;
use crate::visitor::Visitor;

const PATH: &str = "/api/v1/erasures";

/// Three conversations, the second of two of the same user.
async fn filled(bench: &Bench) {
    for id in ["c1", "c2", "c3"] {
        bench.events("main", &conversation(id, "web")).await;
    }
    let mut again = conversation("c4", "web");
    again[0]["user_id"] = json!("user-of-c1");
    bench.events("main", &again).await;
    bench.events("other", &conversation("c1", "web")).await;
}

async fn sessions(bench: &Bench, workspace: &str) -> Vec<Value> {
    let path = format!("/api/v1/sessions?workspace={workspace}");
    let listed = bench.get(&path).await.json();
    listed["sessions"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_user_is_erased_with_everything_and_stays_away() {
    let bench = Bench::new().await;
    let described = Description::new();
    filled(&bench).await;
    let all = sessions(&bench, "main").await;
    let of = |id: &str| {
        let found = all.iter().find(|session| session["conversation_id"] == id);
        found.unwrap()["session_id"].as_str().unwrap().to_owned()
    };
    for session in [of("c1"), of("c2")] {
        let path = format!("/api/v1/sessions/{session}/notes");
        let said = json!({"text": "look at this"}).to_string();
        assert_eq!(bench.send_json("POST", &path, said).await.status, 201);
        let path = format!("/api/v1/sessions/{session}/labels/discuss");
        bench.send_json("PUT", &path, "{}".to_owned()).await;
    }
    let wish = json!({"user_ids": ["user-of-c1"], "reason": "a wish"}).to_string();
    let preview = format!("{PATH}/preview");
    let foreseen = bench.send_json("POST", &preview, wish.clone()).await;
    assert_eq!(foreseen.status, 200, "{}", foreseen.text());
    let foreseen = foreseen.json();
    described.check("post", &preview, 200, &foreseen);
    let parts = |answer: &Value| {
        ["users", "conversations", "events", "sessions"].map(|part| answer[part].clone())
    };
    assert_eq!(parts(&foreseen), [json!(1), json!(2), json!(4), json!(2)]);
    assert_eq!(sessions(&bench, "main").await.len(), 4);
    assert_eq!(bench.get(PATH).await.json(), json!({"erasures": []}));

    let erased = bench.send_json("POST", PATH, wish).await;
    assert_eq!(erased.status, 200, "{}", erased.text());
    let proof = erased.json();
    described.check("post", PATH, 200, &proof);
    assert_eq!(parts(&proof), parts(&foreseen));
    assert_eq!(
        (&proof["verified"], &proof["remarks"], &proof["reason"]),
        (&json!(true), &json!(2), &json!("a wish"))
    );
    assert_eq!(proof["finished"], "2026-03-10T12:00:00.000000Z");
    assert!(!erased.text().contains("user-of-c1"));
    let listed = bench.get(PATH).await.json();
    described.check("get", PATH, 200, &listed);
    assert_eq!(listed, json!({"erasures": [proof]}));

    let left = sessions(&bench, "main").await;
    let ids: Vec<&Value> = left.iter().map(|one| &one["conversation_id"]).collect();
    assert!(ids.len() == 2 && !ids.contains(&&json!("c1")), "{ids:?}");
    assert_eq!(sessions(&bench, "other").await.len(), 1);
    let gone = bench.get(&format!("/api/v1/sessions/{}", of("c1"))).await;
    gone.problem(404, "not-found");
    let labels = bench.get("/api/v1/labels").await.json();
    assert_eq!(labels["labels"][0]["sessions"], 1, "{labels}");
    // What is sent again is counted and not stored, also what does not name the user.
    let again = bench.events("main", &conversation("c1", "web")).await;
    assert_eq!(again.status, 202);
    let again = again.json();
    assert_eq!(
        (&again["received"], &again["erased"], &again["added"]),
        (&json!(2), &json!(2), &json!(0))
    );
    let file = conversation("c4", "web").to_string();
    let looked = bench
        .post(
            "/api/v1/import?dry_run=true",
            "application/octet-stream",
            file,
        )
        .await
        .json();
    assert_eq!((&looked["erased"], &looked["new"]), (&json!(2), &json!(0)));
    assert_eq!(sessions(&bench, "main").await.len(), 2);

    let record = bench.get("/api/v1/audit").await;
    let entry = &record.json()["entries"][1];
    assert_eq!(
        (&entry["action"], &entry["subject"]),
        (&json!("user.erase"), &proof["id"])
    );
    assert!(!record.text().contains("user-of-c1"));
}

#[tokio::test]
async fn masked_ids_are_found_by_what_was_sent() {
    let bench = Bench::new().await;
    let mut events = conversation("c1", "web");
    events[0]["user_id"] = json!("anna@example.org");
    bench.events("main", &events).await;
    let wish = json!({"user_ids": ["anna@example.org", "anna@example.org"]}).to_string();
    let proof = bench.send_json("POST", PATH, wish).await.json();
    assert_eq!((&proof["users"], &proof["events"]), (&json!(1), &json!(2)));
    let again = bench.events("main", &events).await.json();
    assert_eq!(again["erased"], 2);
}

#[tokio::test]
async fn only_owners_and_admins_erase() {
    let bench = Bench::new().await;
    filled(&bench).await;
    let mut owner = Visitor::owner(&bench).await;
    let mut admin = owner.invite("main", "ada@example.org", "admin").await;
    let wish = json!({"user_ids": ["user-of-c1"]});
    for role in ["analyst", "viewer", "agent"] {
        let email = format!("{role}@example.org");
        let mut other = owner.invite("main", &email, role).await;
        for path in [PATH.to_owned(), format!("{PATH}/preview")] {
            other.post(&path, &wish).await.problem(403, "forbidden");
        }
        other.get(PATH).await.problem(403, "forbidden");
    }
    let proof = admin.post(PATH, &wish).await;
    assert_eq!(proof.status, 200, "{}", proof.text());
    assert_eq!(proof.json()["by"], "ada@example.org");
    let proof = owner.post(PATH, &json!({"user_ids": ["user-of-c3"]})).await;
    assert_eq!(proof.json()["conversations"], 1);
}

#[tokio::test]
async fn what_cannot_be_erased_is_refused_with_its_field() {
    let bench = Bench::new().await;
    for (wrong, field) in [
        (json!({"user_ids": []}), "user_ids"),
        (json!({"user_ids": ["a", ""]}), "user_ids[1]"),
        (json!({"user_ids": vec!["a"; 1001]}), "user_ids"),
        (
            json!({"user_ids": ["a"], "reason": "r".repeat(301)}),
            "reason",
        ),
    ] {
        for path in [PATH.to_owned(), format!("{PATH}/preview")] {
            let answer = bench.send_json("POST", &path, wrong.to_string()).await;
            let problem = answer.problem(400, "bad-request");
            assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        }
    }
    let unknown = json!({"users": ["a"]}).to_string();
    let answer = bench.send_json("POST", PATH, unknown).await;
    answer.problem(400, "invalid-query");
    assert_eq!(bench.get(PATH).await.json(), json!({"erasures": []}));
}
