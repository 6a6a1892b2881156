//! Who may ask, and who sees what.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::Value;

use crate::common::Bench;

const KEY: &str = "a-key-of-twenty-letters";

/// Every path and method of the description, with its parameters filled in.
pub fn routes() -> Vec<(Method, String)> {
    let description: Value =
        serde_json::from_str(&upshot_server::openapi::json().unwrap()).unwrap();
    let mut routes = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let tables: &[&str] = match path.contains("{table}") {
                true => &["sessions", "messages", "steps", "events", "conversations"],
                false => &[""],
            };
            for table in tables {
                let path = path.replace("{id}", "resolution_rate");
                routes.push((
                    method.clone(),
                    path.replace("{table}", table)
                        .replace("{name}", "newcomers")
                        .replace("{profile}", "default"),
                ));
            }
        }
    }
    assert!(routes.len() >= 10, "{routes:?}");
    routes
}

fn request(method: &Method, path: &str, authorization: Option<&str>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn with_a_key_every_path_but_health_the_description_and_the_ways_to_sign_in_needs_it() {
    let bench = Bench::with_server(|options| options.key = Some(KEY.to_owned())).await;
    let unknown = [
        "/api",
        "/api/v1/nothing",
        "/api/v1/events/",
        "//api/v1/metrics",
    ];
    let unknown = unknown.map(|path| (Method::GET, path.to_owned()));
    let wrong_method = (Method::DELETE, "/api/v1/query".to_owned());
    let all = routes().into_iter().chain(unknown).chain([wrong_method]);
    for (method, path) in all {
        let free = path.starts_with("/health/")
            || [
                // What the program is, which its repository tells, too.
                "/openapi.json",
                "/api/v1/sign-in",
                "/api/v1/sign-in/forgotten",
                "/api/v1/sign-out",
                "/api/v1/links/look",
                "/api/v1/links/accept",
            ]
            .contains(&path.as_str());
        for authorization in [
            None,
            Some("Bearer wrong"),
            Some("Bearer a-key-of-twenty-letter"),
        ] {
            let answer = bench.send(request(&method, &path, authorization)).await;
            assert_eq!(
                answer.status != 401,
                free,
                "{method} {path} {authorization:?}"
            );
            if !free {
                answer.problem(401, "unauthorized");
                assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"upshot\"");
            }
        }
        let right = format!("Bearer {KEY}");
        let answer = bench.send(request(&method, &path, Some(&right))).await;
        assert_ne!(answer.status, 401, "{method} {path}");
    }
}

#[tokio::test]
async fn without_a_key_strange_hosts_are_turned_away() {
    let bench = Bench::new().await;
    for (host, good) in [
        ("localhost:7700", true),
        ("127.0.0.1", true),
        ("evil.example", false),
    ] {
        let request = Request::get("/api/v1/metrics")
            .header("host", host)
            .body(Body::empty());
        let answer = bench.send(request.unwrap()).await;
        assert_eq!(answer.status == 200, good, "{host}");
        if !good {
            answer.problem(421, "wrong-host");
        }
    }
}

#[tokio::test]
async fn every_answer_carries_the_headers_of_safety() {
    let bench = Bench::new().await;
    for path in ["/health/live", "/api/v1/metrics", "/nothing", "/metrics"] {
        let answer = bench.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert!(
            answer
                .header("content-security-policy")
                .contains("default-src 'none'"),
            "{path}"
        );
        assert_ne!(answer.header("cache-control"), "", "{path}");
        assert_ne!(answer.header("x-request-id"), "", "{path}");
    }
}

#[tokio::test]
async fn a_request_keeps_its_id_if_it_looks_like_one() {
    let bench = Bench::new().await;
    for (given, kept) in [
        ("abc-123_x.y", true),
        ("two words", false),
        ("<script>", false),
    ] {
        let request = Request::get("/api/nothing")
            .header("x-request-id", given)
            .body(Body::empty());
        let answer = bench.send(request.unwrap()).await;
        answer.problem(404, "not-found");
        assert_eq!(answer.header("x-request-id") == given, kept, "{given}");
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let bench = Bench::new().await;
    for path in ["/api/v1/nothing", "/api/v2/query", "/assets/none.js"] {
        let problem = bench.get(path).await.problem(404, "not-found");
        assert!(problem["detail"].as_str().unwrap().contains(path));
    }
    let answer = bench.get("/api/v1/query").await;
    answer.problem(405, "method-not-allowed");
    assert_eq!(answer.header("allow"), "POST");
}
