//! Fact sets: previewed, added, applied and taken away over HTTP.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::common::{Answer, Bench, demo};
use crate::schema::Description;

const PATH: &str = "/api/v1/fact-sets";

async fn change(bench: &Bench, body: &Value) -> Answer {
    bench.post(PATH, "application/json", body.to_string()).await
}

async fn remove(bench: &Bench, name: &str) -> Answer {
    let request = Request::delete(format!("{PATH}/{name}"));
    bench.send(request.body(Body::empty()).unwrap()).await
}

async fn sessions(bench: &Bench, profile: Option<&str>) -> (u64, String) {
    let mut query = json!({"metrics": ["sessions"]});
    if let Some(profile) = profile {
        query["profile"] = json!(profile);
    }
    let answer = bench.query(&query).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let count = answer["totals"]["sessions"]["value"].as_u64().unwrap();
    (count, answer["fact_set"].as_str().unwrap().to_owned())
}

async fn loaded() -> Bench {
    let bench = Bench::new().await;
    let answer = bench
        .post("/api/v1/events", "application/x-ndjson", demo(120))
        .await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    bench
}

#[tokio::test]
async fn a_set_stands_beside_the_active_one_and_is_asked_by_its_name() {
    let bench = loaded().await;
    let described = Description::new();
    let before = sessions(&bench, None).await;
    bench
        .query(&json!({"metrics": ["sessions"], "profile": "indigo"}))
        .await
        .problem(400, "bad-request");
    let answer = change(&bench, &json!({"profile": "indigo", "additional": true})).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    described.check("post", PATH, 202, &answer.json());
    assert_eq!(answer.json()["builds"], true);
    bench.lake.wait_until_built("main").await.unwrap();
    let list = bench.get(PATH).await.json();
    described.check("get", PATH, 200, &list);
    let roles = list["fact_sets"].as_array().unwrap().iter();
    let roles: Vec<&str> = roles.map(|set| set["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["active", "additional"]);
    let (chats, fact_set) = sessions(&bench, Some("indigo")).await;
    let indigo = upshot_core::profile::Profile::built_in("indigo").unwrap();
    assert_eq!(fact_set, indigo.fact_set());
    assert_ne!(chats, before.0);
    assert_eq!(sessions(&bench, None).await, before);
    assert_eq!(sessions(&bench, Some("default")).await, before);
    let path = "/api/v1/sessions?limit=1000&environment=all";
    let listed = async |path: &str| {
        let page = bench.get(path).await.json();
        page["sessions"].as_array().unwrap().clone()
    };
    let of_indigo = listed(&format!("{path}&profile=indigo")).await;
    assert!(
        of_indigo
            .iter()
            .all(|session| session["fact_set"] == fact_set)
    );
    assert!(
        listed(path)
            .await
            .iter()
            .all(|session| session["fact_set"] != fact_set)
    );
    assert_eq!(remove(&bench, "indigo").await.status, 204);
    remove(&bench, "indigo").await.problem(404, "not-found");
    remove(&bench, "default").await.problem(409, "conflict");
    assert_eq!(sessions(&bench, None).await, before);
}

#[tokio::test]
async fn a_preview_says_what_applying_then_does() {
    let bench = loaded().await;
    let described = Description::new();
    let toml = "name = \"quick\"\nversion = 1\n[timeout]\ndefault = \"90s\"\n";
    let body = json!({"toml": toml, "limit": 3});
    let path = "/api/v1/fact-sets/preview";
    let answer = bench.post(path, "application/json", body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let preview = answer.json();
    described.check("post", path, 200, &preview);
    assert_eq!(preview["sessions"].as_array().unwrap().len(), 3);
    let all = async || {
        let query = json!({"metrics": ["sessions"], "environment": "all"});
        bench.query(&query).await.json()["totals"]["sessions"]["value"].clone()
    };
    let whole = |counts: &Value| {
        json!(counts["sessions"].as_u64().unwrap() + counts["open"].as_u64().unwrap())
    };
    assert_eq!(all().await, whole(&preview["before"]));
    assert_eq!(change(&bench, &json!({"toml": toml})).await.status, 202);
    bench.lake.wait_until_built("main").await.unwrap();
    assert_eq!(all().await, whole(&preview["after"]));
    let again = change(&bench, &json!({"toml": toml})).await;
    assert_eq!(again.json()["builds"], false);
    let other = toml.replace("90s", "80s");
    change(&bench, &json!({"toml": other}))
        .await
        .problem(409, "conflict");
}

#[tokio::test]
async fn a_profile_that_cannot_be_used_is_refused_with_the_reason() {
    let bench = Bench::new().await;
    for (body, field) in [
        (json!({}), "profile"),
        (json!({"profile": "indgo"}), "profile"),
        (json!({"profile": "indigo", "toml": "x"}), "profile"),
        (
            json!({"toml": "name = \"a\"\n[timeout]\ndefalt = \"1m\""}),
            "toml",
        ),
        (
            json!({"profile": "indigo", "source": "upshot", "additional": true}),
            "source",
        ),
    ] {
        let problem = change(&bench, &body).await.problem(400, "bad-request");
        assert_eq!(problem["errors"][0]["field"], field, "{body}");
    }
    let unknown = json!({"profle": "indigo"});
    change(&bench, &unknown).await.problem(400, "invalid-query");
}
