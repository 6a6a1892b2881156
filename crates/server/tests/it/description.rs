//! The description of the interface.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use upshot_store::links::{Invited, NewPerson};
use upshot_store::{AccessKey, Link, Purpose, Role, ViewContent};

use crate::common::{Answer, Bench, NOW, demo};
use crate::mail::Postbox;
use crate::schema::Description;
use crate::visitor::{PASSWORD, Visitor};

const KEY: &str = "a-key-of-twenty-letters";

fn kept() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi.json")
}

#[test]
fn openapi_json_is_what_the_code_says() {
    let made = upshot_server::openapi::json().unwrap();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(kept(), &made).unwrap();
    }
    let kept = std::fs::read_to_string(kept()).unwrap_or_default();
    assert!(
        made == kept,
        "openapi.json is out of date; `UPDATE_EXPECT=1 cargo test -p upshot-server` writes it"
    );
}

#[test]
fn every_path_is_described_and_every_reference_leads_somewhere() {
    let description: Value =
        serde_json::from_str(&upshot_server::openapi::json().unwrap()).unwrap();
    let paths: BTreeSet<&str> = description["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    for path in [
        "/api/v1/events",
        "/api/v1/query",
        "/api/v1/metrics",
        "/api/v1/metrics/{id}",
        "/api/v1/dimensions",
        "/api/v1/profiles",
        "/api/v1/prices",
        "/api/v1/drilldown",
        "/api/v1/segments",
        "/api/v1/segments/{name}",
        "/api/v1/fact-sets",
        "/api/v1/fact-sets/preview",
        "/api/v1/fact-sets/{name}",
        "/health/live",
        "/health/ready",
        "/metrics",
    ] {
        assert!(paths.contains(path), "{path}");
    }
    for item in description["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            assert!(operation["summary"].is_string(), "{operation}");
            assert!(operation["responses"].is_object(), "{operation}");
        }
    }
    check_references(&description, &description);
}

fn check_references(whole: &Value, part: &Value) {
    match part {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(
                    whole.pointer(pointer).is_some(),
                    "{reference} leads nowhere"
                );
            }
            members
                .values()
                .for_each(|member| check_references(whole, member));
        }
        Value::Array(items) => items.iter().for_each(|item| check_references(whole, item)),
        _ => {}
    }
}

#[test]
fn operations_have_names_of_their_own() {
    let description: Value =
        serde_json::from_str(&upshot_server::openapi::json().unwrap()).unwrap();
    let mut names = BTreeSet::new();
    for item in description["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} twice");
        }
    }
}

#[tokio::test]
async fn answers_are_as_they_are_described() {
    let bench = Bench::new().await;
    let described = Description::new();
    let events = demo(80);
    let answer = bench
        .post("/api/v1/events", "application/x-ndjson", events)
        .await;
    described.check("post", "/api/v1/events", 202, &answer.json());
    let answer = bench
        .post("/api/v1/events", "application/x-ndjson", "{}\n{")
        .await;
    assert_eq!(answer.status, 400);
    described.check("post", "/api/v1/events", 400, &answer.json());
    let answer = bench.post("/api/v1/events", "text/plain", "{}").await;
    described.check("post", "/api/v1/events", 415, &answer.json());
    for query in [
        json!({"metrics": ["sessions"]}),
        json!({"metrics": ["no_such_metric"], "dimensions": ["nor_this"]}),
        json!({
            "metrics": ["sessions", "engagement_rate", "resolution_rate", "csat_score", "users"],
            "dimensions": ["channel", "topic"],
            "range": {"last": "28d"}, "grain": "week", "compare": "previous",
            "time_zone": "Europe/Berlin", "environment": "all", "limit": 7,
            "order": ["sessions desc"]
        }),
        json!({
            "metrics": ["sessions", "users"], "dimensions": ["channel", "topic"], "grain": "day",
            "range": {"last": "7d"}, "limit": 2, "other": true, "subtotals": true, "explain": true
        }),
    ] {
        let answer = bench.query(&query).await;
        described.check(
            "post",
            "/api/v1/query",
            answer.status.as_u16(),
            &answer.json(),
        );
    }
    for by in ["topic", "channel", "topics", "none_such"] {
        let body = json!({"outcome": "escalation", "by": by}).to_string();
        let answer = bench
            .post("/api/v1/drivers", "application/json", body)
            .await;
        described.check(
            "post",
            "/api/v1/drivers",
            answer.status.as_u16(),
            &answer.json(),
        );
    }
    for (period, periods) in [("day", 3), ("week", 8), ("month", 0), ("hour", 1)] {
        let body = json!({"period": period, "periods": periods}).to_string();
        let answer = bench
            .post("/api/v1/retention", "application/json", body)
            .await;
        let status = answer.status.as_u16();
        assert_eq!(status == 200, matches!(period, "day" | "week"), "{period}");
        described.check("post", "/api/v1/retention", status, &answer.json());
    }
    for (path, body) in [
        ("paths", json!({"by": "channel", "loops": "repeats"})),
        ("paths", json!({"steps": ["topics", "intents"]})),
        ("flows", json!({"depth": 2, "limit": 2})),
        (
            "funnel",
            json!({"through": ["step.kind = topic", "step.kind = handover"], "by": "channel"}),
        ),
        ("lift", json!({"steps": ["intents"], "at_least": 1})),
        ("topics", json!({"limit": 3})),
    ] {
        let path = format!("/api/v1/{path}");
        let answer = bench
            .post(&path, "application/json", body.to_string())
            .await;
        described.check("post", &path, answer.status.as_u16(), &answer.json());
    }
    let saved = json!({"filter": "channel = web"}).to_string();
    let path = "/api/v1/segments/web";
    let saved = bench.send_json("PUT", path, saved).await.json();
    described.check("put", "/api/v1/segments/{name}", 200, &saved);
    let shown = bench.get(path).await.json();
    described.check("get", "/api/v1/segments/{name}", 200, &shown);
    for cell in [
        json!({"metric": "model_cost"}),
        json!({"metric": "users", "dimensions": {"channel": "web"}}),
    ] {
        let query = json!({"metrics": ["model_cost", "users"], "dimensions": ["channel"], "segment": "web"});
        let body = json!({"query": query, "cell": cell, "page": {"limit": 3}});
        let path = "/api/v1/drilldown";
        let found = bench.post(path, "application/json", body.to_string()).await;
        described.check("post", path, 200, &found.json());
    }
    for path in ["metrics", "dimensions", "profiles", "segments"] {
        let path = format!("/api/v1/{path}");
        described.check("get", &path, 200, &bench.get(&path).await.json());
    }
    let one = bench.get("/api/v1/metrics/resolution_rate").await.json();
    described.check("get", "/api/v1/metrics/{id}", 200, &one);
    for path in ["/health/live", "/health/ready"] {
        described.check("get", path, 200, &bench.get(path).await.json());
    }
    let page = bench.get("/api/v1/sessions?limit=1000").await.json();
    described.check("get", "/api/v1/sessions", 200, &page);
    let sessions = page["sessions"].as_array().unwrap();
    assert!(sessions.len() > 50, "{}", sessions.len());
    for session in sessions.iter().step_by(5) {
        let id = session["session_id"].as_str().unwrap();
        let shown = bench.get(&format!("/api/v1/sessions/{id}")).await.json();
        described.check("get", "/api/v1/sessions/{id}", 200, &shown);
    }
    let said = bench.get("/api/v1/messages?limit=1000").await.json();
    assert!(said["messages"].as_array().unwrap().len() > 100);
    described.check("get", "/api/v1/messages", 200, &said);
    let missing = bench.get("/api/v1/sessions/none").await.json();
    described.check("get", "/api/v1/sessions/{id}", 404, &missing);
}

#[tokio::test]
async fn every_operation_has_examples_that_are_as_described_and_work() {
    let bench = Bench::with_server(|options| options.key = Some(KEY.to_owned())).await;
    people_of_examples(&bench).await;
    let mut operator = Visitor::new(&bench);
    operator.headers = vec![("authorization", format!("Bearer {KEY}"))];
    let mut anna = Visitor::new(&bench);
    anna.sign_in("anna@example.org", PASSWORD).await;
    let postbox = Postbox::open().await;
    let described = Description::new();
    let mut answers = ExampleAnswers::default();
    // Beside the example's a few conversations, so that there is something to tell.
    let some = Request::post("/api/v1/events")
        .header("authorization", format!("Bearer {KEY}"))
        .header("content-type", "application/x-ndjson")
        .body(Body::from(demo(60)));
    assert_eq!(bench.send(some.unwrap()).await.status, 202);
    for operation in described.operations() {
        // A test needs a mail server that is there.
        if operation.path == "/api/v1/mail/test" {
            let settings = crate::mail::settings(postbox.port);
            operator.put("/api/v1/mail", &settings).await;
        }
        let address = operation.address(&described);
        let example = operation.body().map(|(schema, example)| {
            assert_eq!(described.faults(&schema, &example), [""; 0], "{example}");
            example
        });
        // Only a person changes themselves.
        let is_own = operation.method == "PUT" && address == "/api/v1/me";
        let visitor = if is_own { &mut anna } else { &mut operator };
        let answer = match (operation.media_type(), &example) {
            ("application/json", example) => {
                visitor
                    .send(&operation.method, &address, example.as_ref())
                    .await
            }
            // The example of a file is its text.
            (kind, example) => {
                let text = example.as_ref().and_then(Value::as_str).unwrap();
                let request = Request::builder()
                    .method(operation.method.as_str())
                    .uri(&address)
                    .header("authorization", format!("Bearer {KEY}"))
                    .header("content-type", kind)
                    .body(Body::from(text.to_owned()));
                bench.send(request.unwrap()).await
            }
        };
        // What the example sent is not the demo's, and so is not cleared.
        if operation.method == "DELETE" && address == "/api/v1/demo" {
            answer.problem(409, "conflict");
            continue;
        }
        let status = answer.status;
        assert!(
            status.is_success(),
            "{} {address}: {}",
            operation.method,
            answer.text()
        );
        answers.add(operation.id(), &answer);
        if address.contains("format=json") {
            for format in ["format=csv", "format=jsonl"] {
                let address = address.replace("format=json", format);
                let rows = operator.send(&operation.method, &address, example.as_ref());
                answers.add(operation.id(), &rows.await);
            }
        }
    }
    answers.check(&described);
}

/// What was answered to the examples, cut short.
#[derive(Default)]
struct ExampleAnswers(BTreeMap<String, BTreeMap<String, Value>>);

impl ExampleAnswers {
    fn add(&mut self, operation: &str, answer: &Answer) {
        let kind = answer.header("content-type").split(';').next().unwrap();
        let example = match kind {
            // The description describes itself, but not within itself.
            "application/json" if operation == "show_description" => {
                let mut example = answer.json();
                example["paths"] = json!({});
                example["components"] = json!({});
                example["tags"] = json!([]);
                example
            }
            "application/json" => shortened("", answer.json()),
            "text/csv" | "application/x-ndjson" => {
                let lines: Vec<&str> = answer.text().lines().take(2).collect();
                json!(lines.join("\n") + "\n")
            }
            _ => return,
        };
        let known = self.0.entry(operation.to_owned()).or_default();
        known.entry(kind.to_owned()).or_insert(example);
    }

    /// What is kept of them is as it is described, and has the members that answers have.
    fn check(&self, described: &Description) {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/example_answers.json");
        let kept = std::fs::read_to_string(path).unwrap();
        let mut kept: BTreeMap<String, BTreeMap<String, Value>> =
            serde_json::from_str(&kept).unwrap();
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            // What was refused here keeps the example that it has.
            kept.extend(self.0.clone());
            let text = serde_json::to_string_pretty(&kept).unwrap();
            std::fs::write(path, text + "\n").unwrap();
        }
        for operation in described.operations() {
            let Some((kind, schema)) = operation.answer() else {
                continue;
            };
            let id = operation.id();
            let example = kept.get(id).and_then(|kept| kept.get(kind));
            let Some(example) = example else {
                // What a browser or a monitor reads is no document.
                assert_ne!(kind, "application/json", "{id}: run with UPDATE_EXPECT=1");
                continue;
            };
            if kind == "application/json" {
                let faults = match id {
                    "show_description" => described.faults(schema, example),
                    _ => described.strict_faults(schema, example),
                };
                assert_eq!(faults, [""; 0], "{id}");
                let found = self.0.get(id).map(|found| members(&found[kind]));
                assert!(
                    found.is_none_or(|found| found == members(example)),
                    "{id}: run with UPDATE_EXPECT=1"
                );
            }
        }
    }
}

fn members(value: &Value) -> BTreeSet<&str> {
    let members = value.as_object().into_iter().flatten();
    members.map(|(name, _)| name.as_str()).collect()
}

/// The same with few elements of each list, without secrets and without what differs from one time to the next.
fn shortened(name: &str, value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let most = if items.iter().any(Value::is_object) {
                1
            } else {
                3
            };
            let items = items.into_iter().take(most);
            items.map(|item| shortened("", item)).collect()
        }
        Value::Object(members) => {
            let members = members.into_iter();
            let short = members.map(|(name, value)| {
                let short = shortened(&name, value);
                (name, short)
            });
            Value::Object(short.collect())
        }
        Value::String(text) => json!(match name {
            "key" | "link" | "secret" => "…".to_owned(),
            _ if text.chars().count() > 160 => {
                let short: String = text.chars().take(159).collect();
                short + "…"
            }
            _ => text,
        }),
        Value::Number(_) if name.ends_with("milliseconds") => json!(3.2),
        other => other,
    }
}

/// The people, links, keys and views of which the examples tell.
async fn people_of_examples(bench: &Bench) {
    let view = ViewContent {
        title: "Resolution by week".to_owned(),
        address: "/explore".to_owned(),
        ..ViewContent::default()
    };
    let saved = bench
        .store
        .set_view("main", "weekly-resolution", &view, NOW);
    saved.await.unwrap();
    let link = |id: &str, purpose: Purpose| Link {
        id: id.to_owned(),
        hash: Sha256::digest(&"c0ffee".repeat(11).as_bytes()[..64]).to_vec(),
        workspace: "main".to_owned(),
        purpose,
        created: NOW,
        created_by: "test".to_owned(),
        expires: None,
    };
    let invitation = |email: &str, role: Role| Purpose::Invitation {
        email: email.to_owned(),
        role,
    };
    let share = || Purpose::Share {
        name: "for the board".to_owned(),
        view: "/".to_owned(),
    };
    let hash = Argon2::default()
        .hash_password(PASSWORD.as_bytes())
        .unwrap();
    let hash = hash.to_string();
    for (id, email, role) in [
        ("a0a0a0a0a0a0a0a0", "anna@example.org", Role::Owner),
        ("b0b0b0b0b0b0b0b0", "bob@example.org", Role::Viewer),
    ] {
        let link = link(id, invitation(email, role));
        bench.store.add_link(&link).await.unwrap();
        let person = NewPerson {
            id,
            email,
            name: email,
            password: &hash,
        };
        let new = Invited::New(&person);
        assert!(
            bench
                .store
                .accept_invitation(&link, role, new, NOW)
                .await
                .unwrap()
        );
    }
    for link in [
        link("5f3a9c015f3a9c01", share()),
        link("54a4e54a4e54a4e5", share()),
        link(
            "acce97acce97acce",
            invitation("ben@example.org", Role::Analyst),
        ),
        link(
            "1417171417171417",
            invitation("ines@example.org", Role::Viewer),
        ),
    ] {
        bench.store.add_link(&link).await.unwrap();
    }
    let key = AccessKey {
        id: "6e76e76e76e76e76".to_owned(),
        hash: Vec::new(),
        workspace: "main".to_owned(),
        name: "shop".to_owned(),
        scopes: vec!["ingest".to_owned()],
        created: NOW,
        created_by: "test".to_owned(),
        last_used: None,
    };
    bench.store.add_key(&key).await.unwrap();
}

#[tokio::test]
async fn other_types_and_other_methods_are_refused_everywhere() {
    let bench = Bench::new().await;
    let described = Description::new();
    let mut by_path: std::collections::BTreeMap<&str, BTreeSet<String>> = Default::default();
    for operation in described.operations() {
        let methods = by_path.entry(operation.path).or_default();
        methods.insert(operation.method.clone());
        let Some((_, example)) = operation.body() else {
            continue;
        };
        for kind in ["text/plain", "application/xml", "multipart/form-data", ""] {
            let request = Request::builder()
                .method(operation.method.as_str())
                .uri(operation.address(&described))
                .header("content-type", kind)
                .body(Body::from(example.to_string()));
            let answer = bench.send(request.unwrap()).await;
            answer.problem(415, "unsupported-media-type");
        }
    }
    for (path, known) in by_path {
        let mut allowed = known.clone();
        if known.contains("GET") {
            allowed.insert("HEAD".to_owned());
        }
        let path = path.replace("{table}", "sessions");
        for method in [
            "GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "BREW",
        ] {
            if allowed.contains(method) {
                continue;
            }
            let answer = bench.send_json(method, &path, "{}".to_owned()).await;
            answer.problem(405, "method-not-allowed");
            let told: BTreeSet<String> = answer
                .header("allow")
                .split(',')
                .map(|name| name.trim().to_owned())
                .collect();
            assert_eq!(told, allowed, "{method} {path}");
        }
    }
}

#[test]
fn the_check_of_answers_finds_faults() {
    let described = Description::new();
    let good = json!({"field": "a", "detail": "b"});
    described.check_named("FieldProblem", &good);
    let schema = json!({"$ref": "#/components/schemas/FieldProblem"});
    for bad in [
        json!({"field": "a"}),
        json!({"field": 1, "detail": "b"}),
        json!([]),
    ] {
        assert_ne!(described.faults(&schema, &bad), [""; 0], "{bad}");
    }
    let schema = json!({"$ref": "#/components/schemas/Query"});
    assert_ne!(described.faults(&schema, &json!({"metrcs": []})), [""; 0]);
    assert_ne!(
        described.faults(&schema, &json!({"grain": "fortnight"})),
        [""; 0]
    );
}
