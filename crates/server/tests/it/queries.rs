//! Many questions at once.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::common::{Answer, Bench, conversation, demo};

const PATH: &str = "/api/v1/queries";

async fn ask(bench: &Bench, queries: &[Value]) -> Answer {
    let body = json!({ "queries": queries }).to_string();
    bench.post(PATH, "application/json", body).await
}

fn questions() -> Vec<Value> {
    let range = json!({"from": "2026-02-01", "to": "2026-03-09"});
    vec![
        json!({"metrics": ["sessions", "resolution_rate"], "range": range, "compare": "previous"}),
        json!({"metrics": ["sessions", "users"], "dimensions": ["channel"], "range": range}),
        json!({"metrics": ["messages"], "dimensions": ["weekday", "hour_of_day"], "range": range}),
        json!({"metrics": ["clicks"], "dimensions": ["step.option_title"], "limit": 3, "range": range}),
        json!({"metrics": ["sessions"], "grain": "day", "filters": ["any message (unmatched)"], "range": range}),
    ]
}

/// The answer without what depends on what else was read.
fn told(answer: &Value) -> Value {
    let mut answer = answer.clone();
    answer["took_milliseconds"] = Value::Null;
    answer["rows_read"] = Value::Null;
    answer
}

#[tokio::test]
async fn each_is_answered_as_it_is_alone() {
    let bench = Bench::new().await;
    let events = bench
        .post("/api/v1/events", "application/x-ndjson", demo(200))
        .await;
    assert_eq!(events.status, 202);
    let answer = ask(&bench, &questions()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("cache-status"), "upshot; fwd=miss");
    let answers = answer.json()["answers"].as_array().unwrap().clone();
    assert_eq!(answers.len(), questions().len());
    // Another profile's name is no answer's, so what is kept is asked anew with another order.
    for (query, found) in questions().iter().zip(&answers) {
        let alone = bench.query(query).await;
        assert_eq!(alone.header("cache-status"), "upshot; hit", "{query}");
        assert_eq!(found["etag"], alone.header("etag"));
        assert_eq!(found["kept"], false);
        assert_eq!(found["answer"], alone.json());
    }
    // What was kept is given again, and one event changes all.
    let again = ask(&bench, &questions()).await;
    assert_eq!(again.header("cache-status"), "upshot; hit");
    assert_eq!(again.header("etag"), answer.header("etag"));
    assert_eq!(again.json()["answers"][1]["kept"], true);
    bench.events("main", &conversation("new", "voice")).await;
    for query in questions() {
        bench.query(&query).await;
    }
    // Where a list goes on is told with the clock, which moves here.
    let mut reversed = questions();
    reversed.retain(|query| query.get("limit").is_none());
    reversed.reverse();
    bench.events("main", &conversation("newer", "voice")).await;
    let anew = ask(&bench, &reversed).await.json();
    bench
        .clock
        .fetch_add(20_000_000, std::sync::atomic::Ordering::Relaxed);
    for (query, found) in reversed.iter().zip(anew["answers"].as_array().unwrap()) {
        let alone = bench.query(query).await;
        assert_eq!(alone.header("cache-status"), "upshot; fwd=miss", "{query}");
        assert_eq!(told(&found["answer"]), told(&alone.json()), "{query}");
        assert_eq!(found["etag"], alone.header("etag"), "{query}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_one_is_no_others_problem() {
    let bench = Bench::new().await;
    bench.events("main", &conversation("c1", "web")).await;
    let good = json!({"metrics": ["sessions"]});
    let wrong = json!({"metrics": ["sesions"]});
    let other = json!({"metrics": ["sessions"], "profile": "no such profile"});
    let answer = ask(&bench, &[good.clone(), wrong, other, good]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answers = answer.json()["answers"].clone();
    assert_eq!(answers[0]["answer"]["totals"]["sessions"]["value"], 1);
    assert_eq!(answers[1]["problem"]["status"], 400);
    assert_eq!(answers[1]["problem"]["errors"][0]["suggestion"], "sessions");
    let instance = answers[1]["problem"]["instance"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        instance.ends_with(answer.header("x-request-id")),
        "{instance}"
    );
    assert_eq!(answers[2]["problem"]["status"], 400);
    assert_eq!(answers[2]["problem"]["errors"][0]["field"], "profile");
    assert_eq!(answers[3]["answer"], answers[0]["answer"]);
}

#[tokio::test]
async fn a_body_that_is_no_list_of_queries_is_refused() {
    let bench = Bench::new().await;
    let refused = async |body: Value, field: &str| {
        let answer = bench.post(PATH, "application/json", body.to_string()).await;
        let problem = answer.problem(400, "invalid-query");
        assert_eq!(problem["errors"][0]["field"], field, "{body}: {problem}");
    };
    refused(json!({"queries": []}), "queries").await;
    let many = vec![json!({"metrics": ["sessions"]}); 101];
    refused(json!({ "queries": many }), "queries").await;
    refused(
        json!({"queries": [{"metrics": ["sessions"]}, []]}),
        "queries[1]",
    )
    .await;
    refused(
        json!({"queries": [{"metrcs": ["sessions"]}]}),
        "queries[0].metrcs",
    )
    .await;
    let problem = bench.post(PATH, "application/json", "[]").await;
    problem.problem(400, "invalid-query");
}

#[tokio::test]
async fn a_client_that_has_the_answers_is_told_so_and_no_workspace_sees_another() {
    let bench = Bench::new().await;
    bench.events("one", &conversation("c1", "web")).await;
    let query =
        json!({"metrics": ["sessions"], "range": {"from": "2026-03-01", "to": "2026-03-31"}});
    let body = json!({ "queries": [query] }).to_string();
    let of = async |workspace: &str| {
        let path = format!("{PATH}?workspace={workspace}");
        bench.post(&path, "application/json", body.clone()).await
    };
    let (one, two) = (of("one").await, of("two").await);
    let sessions = |answer: &Answer| {
        answer.json()["answers"][0]["answer"]["totals"]["sessions"]["value"].clone()
    };
    assert_eq!((sessions(&one), sessions(&two)), (json!(1), json!(0)));
    let request = Request::post(format!("{PATH}?workspace=one"))
        .header("content-type", "application/json")
        .header("if-none-match", one.header("etag"))
        .body(Body::from(body.clone()));
    let again = bench.send(request.unwrap()).await;
    assert_eq!(again.status, 304);
    assert!(again.body.is_empty());
}
