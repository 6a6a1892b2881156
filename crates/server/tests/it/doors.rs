//! Every route with everybody who may not use it: other workspaces' keys and people, other roles, keys of other
//! scopes, shares.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use upshot_core::time::{DAY, HOUR};
use upshot_server::access::Permission;
use upshot_server::access::permission::{Permissions, Scope};
use upshot_server::access::routes::{self, Need, declared};
use upshot_store::Role;

use crate::access::routes as described_routes;
use crate::common::{Answer, Bench, conversation};
use crate::visitor::{Visitor, token_of};

const OPERATOR: &str = "a-key-of-twenty-letters";

async fn bench() -> Bench {
    Bench::with_server(|options| options.key = Some(OPERATOR.to_owned())).await
}

fn operator(bench: &Bench) -> Visitor<'_> {
    by_key(bench, OPERATOR)
}

fn by_key<'a>(bench: &'a Bench, key: &str) -> Visitor<'a> {
    let mut visitor = Visitor::new(bench);
    visitor.headers = vec![("authorization", format!("Bearer {key}"))];
    visitor
}

async fn key(by: &mut Visitor<'_>, workspace: &str, scopes: &[&str]) -> String {
    let path = format!("/api/v1/keys?workspace={workspace}");
    let made = by
        .post(&path, &json!({"name": "test", "scopes": scopes}))
        .await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["key"].as_str().unwrap().to_owned()
}

/// Operations as they are declared: `GET /path`.
fn templates() -> BTreeSet<String> {
    let description: Value =
        serde_json::from_str(&upshot_server::openapi::json().unwrap()).unwrap();
    let mut all = BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            all.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    all
}

#[test]
fn every_route_declares_what_it_needs_and_changes_are_recorded() {
    let declared_routes: BTreeSet<String> = routes::all().map(str::to_owned).collect();
    assert_eq!(declared_routes, templates());
    for route in templates() {
        let (method, path) = route.split_once(' ').unwrap();
        let found = declared(method, path).unwrap();
        let changes = matches!(
            found.need,
            Need::May(
                Permission::Define
                    | Permission::Settings
                    | Permission::Keys
                    | Permission::Shares
                    | Permission::People
                    | Permission::Notes
            )
        ) && method != "GET";
        let reads_text = matches!(found.need, Need::May(Permission::Export))
            || route == "GET /api/v1/sessions/{id}"
            || route == "GET /api/v1/messages";
        // A test mail and a preview change nothing.
        if (changes || reads_text) && !["/test", "/preview"].iter().any(|end| path.ends_with(end)) {
            assert!(found.record.is_some(), "{route} is not recorded");
        }
    }
}

/// The routes with what each needs.
fn needs() -> Vec<(String, String, Need)> {
    let mut all = Vec::new();
    for (method, path) in described_routes() {
        let template = templates()
            .into_iter()
            .find(|template| fits(template, method.as_str(), &path))
            .unwrap_or_else(|| panic!("{method} {path}"));
        let (_, template) = template.split_once(' ').unwrap();
        let need = declared(method.as_str(), template).unwrap().need;
        all.push((method.to_string(), path, need));
    }
    all
}

fn fits(template: &str, method: &str, path: &str) -> bool {
    let (template_method, template) = template.split_once(' ').unwrap();
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    template_method == method
        && template.len() == path.len()
        && template
            .iter()
            .zip(&path)
            .all(|(part, given)| part == given || part.starts_with('{'))
}

/// Asks without a body: who may not is refused before it is looked at.
async fn knock(
    visitor: &mut Visitor<'_>,
    method: &str,
    path: &str,
    workspace: Option<&str>,
) -> Answer {
    let path = match workspace {
        Some(workspace) => format!("{path}?workspace={workspace}"),
        None => path.to_owned(),
    };
    visitor.send(method, &path, Some(&json!({}))).await
}

#[tokio::test]
async fn a_key_and_a_person_of_another_workspace_are_turned_away_everywhere() {
    let bench = bench().await;
    let mut operator = operator(&bench);
    bench_events(&mut operator, "main").await;
    bench_events(&mut operator, "other").await;
    let key = key(
        &mut operator,
        "other",
        &["ingest", "read", "export", "admin"],
    )
    .await;
    let mut foreigners = vec![
        by_key(&bench, &key),
        operator.invite("other", "olga@example.org", "owner").await,
    ];
    for foreigner in &mut foreigners {
        for (method, path, need) in needs() {
            if matches!(need, Need::Nothing | Need::SignIn) {
                continue;
            }
            for workspace in ["main", "nowhere"] {
                let answer = knock(foreigner, &method, &path, Some(workspace)).await;
                let problem = answer.problem(404, "not-found");
                let detail = problem["detail"].as_str().unwrap();
                assert!(
                    detail.contains("that you may ask"),
                    "{method} {path}: {detail}"
                );
            }
            // By the header too, and however it is written.
            foreigner
                .headers
                .push(("x-upshot-workspace", "main".to_owned()));
            let answer = knock(foreigner, &method, &path, None).await;
            foreigner.headers.pop();
            answer.problem(404, "not-found");
        }
        // At home they are let in, and see their own alone.
        let sessions = foreigner.get("/api/v1/sessions").await.json();
        let sessions = sessions["sessions"].as_array().unwrap().clone();
        assert_eq!(sessions.len(), 1);
        assert_eq!(sessions[0]["conversation_id"], "of-other");
    }
    // Nothing of what they tried was done.
    let audit = operator.get("/api/v1/audit").await.json();
    let who: BTreeSet<&str> = audit["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["who"].as_str().unwrap())
        .collect();
    assert!(who.iter().all(|who| *who == "the server's key"), "{who:?}");
}

async fn bench_events(operator: &mut Visitor<'_>, workspace: &str) {
    let path = format!("/api/v1/events?workspace={workspace}");
    let events = conversation(&format!("of-{workspace}"), "web");
    assert_eq!(operator.post(&path, &events).await.status, 202);
}

#[tokio::test]
async fn every_role_may_do_what_the_table_says_and_nothing_else() {
    let bench = bench().await;
    let mut operator = operator(&bench);
    for role in Role::ALL {
        let email = format!("{role}@example.org");
        let mut person = operator.invite("main", &email, role.as_str()).await;
        let allowed = Permissions::of_role(role);
        let me = person.get("/api/v1/me").await.json();
        assert_eq!(me["permissions"], json!(allowed.list()));
        for (method, path, need) in needs() {
            let Need::May(permission) = need else {
                continue;
            };
            // Who may is taken out by it, or waits for it.
            if allowed.allow(permission) && path.ends_with("/changes") {
                continue;
            }
            let answer = knock(&mut person, &method, &path, None).await;
            let refused = answer.status == 403;
            assert_eq!(
                refused,
                !allowed.allow(permission),
                "{role}: {method} {path}: {}",
                answer.text()
            );
        }
    }
}

#[tokio::test]
async fn a_key_may_do_what_its_scopes_say_until_it_is_revoked() {
    let bench = bench().await;
    let mut operator = operator(&bench);
    for scope in Scope::ALL {
        let key = key(&mut operator, "main", &[scope.as_str()]).await;
        let mut program = by_key(&bench, &key);
        let allowed = Permissions::of_scopes(&[scope]);
        assert_eq!(program.get("/api/v1/me").await.json()["mode"], "key");
        for (method, path, need) in needs() {
            let Need::May(permission) = need else {
                continue;
            };
            if allowed.allow(permission) && path.ends_with("/changes") {
                continue;
            }
            let answer = knock(&mut program, &method, &path, None).await;
            assert_eq!(
                answer.status == 403,
                !allowed.allow(permission),
                "{scope:?}: {method} {path}"
            );
        }
        let own = json!({"name": "me"});
        program
            .put("/api/v1/me", &own)
            .await
            .problem(403, "forbidden");
        let keys = operator.get("/api/v1/keys").await.json();
        let known = &keys["keys"][0];
        assert_eq!(known["scopes"], json!([scope.as_str()]));
        assert!(known["last_used"].is_string(), "{known}");
        assert!(!keys.to_string().contains(&key["upshot_".len() + 16..]));
        let path = format!("/api/v1/keys/{}", known["id"].as_str().unwrap());
        assert_eq!(operator.delete(&path).await.status, 204);
        operator.delete(&path).await.problem(404, "not-found");
        program.get("/api/v1/me").await.problem(401, "unauthorized");
    }
    for bad in [
        json!({"name": "a", "scopes": []}),
        json!({"name": " ", "scopes": ["read"]}),
    ] {
        operator
            .post("/api/v1/keys", &bad)
            .await
            .problem(400, "bad-request");
    }
    let bad = json!({"name": "a", "scopes": ["everything"]});
    operator
        .post("/api/v1/keys", &bad)
        .await
        .problem(400, "invalid-query");
}

#[tokio::test]
async fn a_share_shows_numbers_of_its_workspace_until_it_is_revoked_or_over() {
    let bench = bench().await;
    let mut operator = operator(&bench);
    bench_events(&mut operator, "main").await;
    let view =
        json!({"name": "board", "view": "/outcomes?last=28d", "expires": "2026-03-11T12:00:00Z"});
    let made = operator.post("/api/v1/shares", &view).await.json();
    let token = json!({"token": token_of(made["link"].as_str().unwrap())});
    let mut guest = Visitor::new(&bench);
    let seen = guest.post("/api/v1/links/look", &token).await.json();
    assert_eq!(seen["kind"], "share");
    assert_eq!(seen["view"], "/outcomes?last=28d");
    let me = guest.post("/api/v1/links/accept", &token).await.json();
    assert_eq!(me["mode"], "share");
    assert_eq!(me["permissions"], json!(["numbers"]));
    assert_eq!(me["share"]["name"], "board");
    assert_eq!(guest.get("/api/v1/me").await.json(), me);
    for (method, path, need) in needs() {
        if let Need::May(permission) = need
            && permission != Permission::Numbers
        {
            let answer = knock(&mut guest, &method, &path, None).await;
            answer.problem(403, "forbidden");
        }
    }
    guest
        .put("/api/v1/me", &json!({"name": "x"}))
        .await
        .problem(403, "forbidden");
    let query = json!({"metrics": ["sessions"], "dimensions": ["channel"]});
    let numbers = guest.post("/api/v1/query", &query).await.json();
    assert_eq!(numbers["totals"]["sessions"]["value"], 1);
    assert!(!numbers.to_string().contains("user-of"), "{numbers}");
    guest
        .get("/api/v1/me?workspace=other")
        .await
        .problem(404, "not-found");
    // Whoever is signed in elsewhere still sees it, and their own.
    let mut person = operator.invite("other", "olga@example.org", "owner").await;
    person.post("/api/v1/links/accept", &token).await.json();
    assert_eq!(person.get("/api/v1/me").await.json()["mode"], "person");
    assert_eq!(
        person.get("/api/v1/me?workspace=main").await.json()["mode"],
        "share"
    );
    person
        .get("/api/v1/sessions?workspace=main")
        .await
        .problem(403, "forbidden");
    bench
        .clock
        .fetch_add(DAY, std::sync::atomic::Ordering::Relaxed);
    guest.get("/api/v1/me").await.problem(401, "unauthorized");
    guest
        .post("/api/v1/links/accept", &token)
        .await
        .problem(404, "not-found");
    // Revoked, it opens nothing at once.
    let made = operator
        .post("/api/v1/shares", &json!({"name": "board", "view": "/"}))
        .await
        .json();
    let token = json!({"token": token_of(made["link"].as_str().unwrap())});
    guest.post("/api/v1/links/accept", &token).await.json();
    assert_eq!(guest.get("/api/v1/me").await.status, 200);
    let path = format!("/api/v1/shares/{}", made["id"].as_str().unwrap());
    assert_eq!(operator.delete(&path).await.status, 204);
    guest.get("/api/v1/me").await.problem(401, "unauthorized");
    for (field, bad) in [
        ("view", json!({"name": "a", "view": "https://evil.example"})),
        (
            "expires",
            json!({"name": "a", "view": "/", "expires": "yesterday"}),
        ),
        (
            "expires",
            json!({"name": "a", "view": "/", "expires": "2020-01-01T00:00:00Z"}),
        ),
    ] {
        let problem = operator
            .post("/api/v1/shares", &bad)
            .await
            .problem(400, "bad-request");
        assert_eq!(problem["errors"][0]["field"], field);
    }
}

/// Else who knows a user's id would learn through a shared view what they did.
#[tokio::test]
async fn nobody_is_looked_up_through_a_shared_view() {
    let bench = bench().await;
    let mut operator = operator(&bench);
    bench_events(&mut operator, "main").await;
    let segment = json!({"filter": "user_id is null or channel = web"});
    let saved = operator.put("/api/v1/segments/known", &segment).await;
    assert_eq!(saved.status, 200, "{}", saved.text());
    let view = json!({"name": "board", "view": "/outcomes"});
    let made = operator.post("/api/v1/shares", &view).await.json();
    let token = json!({"token": token_of(made["link"].as_str().unwrap())});
    let mut guest = Visitor::new(&bench);
    guest.post("/api/v1/links/accept", &token).await;
    let query = |filter: &str| json!({"metrics": ["sessions"], "filters": [filter]});
    for filter in [
        "user_id = somebody",
        "channel = web and not conversation = c1",
    ] {
        let asked = query(filter);
        let body = json!({"queries": [asked]});
        for answer in [
            guest.post("/api/v1/query", &asked).await,
            guest.post("/api/v1/queries", &body).await,
        ] {
            answer.problem(403, "forbidden");
        }
        assert_eq!(operator.post("/api/v1/query", &asked).await.status, 200);
    }
    let reported = "/api/v1/checks/reported?last=28d&filter=user_id%20%3D%20somebody";
    guest.get(reported).await.problem(403, "forbidden");
    // A view that it could not see is not shared, nor a board on which such a view is.
    let saved =
        json!({"title": "Anna", "address": "/explore?metric=sessions&filter=user%20%3D%20anna"});
    let saved = operator.put("/api/v1/views/anna", &saved).await;
    assert_eq!(saved.status, 200, "{}", saved.text());
    let board = json!({"title": "Monday", "views": ["anna"]});
    let saved = operator.put("/api/v1/boards/on%20monday", &board).await;
    assert_eq!(saved.status, 200, "{}", saved.text());
    for view in [
        "/outcomes?range=28d&filter=channel+%3D+web&filter=user_id%20%3D%20%22anna%22",
        "/explore?metric=sessions&by=session_id",
        "/boards/on%20monday?range=28d",
    ] {
        let share = json!({"name": "board", "view": view});
        let problem = operator.post("/api/v1/shares", &share).await;
        let problem = problem.problem(400, "bad-request");
        assert_eq!(problem["errors"][0]["field"], "view", "{view}");
    }
    for view in [
        "/boards/other?filter=segment%20known",
        "/topics?part=funnel&unit=user",
    ] {
        let share = json!({"name": "board", "view": view});
        let made = operator.post("/api/v1/shares", &share).await;
        assert_eq!(made.status, 201, "{view}: {}", made.text());
    }
    // What a funnel counts is called as an id is, and asks for none.
    let funnel =
        |unit: &str, step: &str| json!({"through": [step, "step.kind = handover"], "unit": unit});
    for unit in ["session", "user"] {
        let asked = funnel(unit, "step.kind = topic");
        let answer = guest.post("/api/v1/funnel", &asked).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let asked = funnel(unit, "step.kind = topic and user = somebody");
        let answer = guest.post("/api/v1/funnel", &asked).await;
        answer.problem(403, "forbidden");
    }
    // What the workspace itself has given a name is not looked into.
    for filter in ["channel = web", r#"segment "known""#] {
        let answer = guest.post("/api/v1/query", &query(filter)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

#[tokio::test]
async fn what_was_changed_and_read_is_recorded_with_who_did_it() {
    let bench = bench().await;
    let mut operator = operator(&bench);
    bench_events(&mut operator, "main").await;
    let mut owner = operator.invite("main", "olga@example.org", "owner").await;
    let mut analyst = owner.invite("main", "anna@example.org", "analyst").await;
    analyst.get("/api/v1/audit").await.problem(403, "forbidden");
    let segment = json!({"filter": "engaged"});
    assert_eq!(
        analyst
            .put("/api/v1/segments/on%20screens", &segment)
            .await
            .status,
        200
    );
    let bad = json!({"filter": "no such thing"});
    analyst
        .put("/api/v1/segments/bad", &bad)
        .await
        .problem(400, "invalid-query");
    let sessions = analyst.get("/api/v1/sessions").await.json();
    let id = sessions["sessions"][0]["session_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        analyst.get(&format!("/api/v1/sessions/{id}")).await.status,
        200
    );
    let said = analyst.get("/api/v1/messages?limit=2").await;
    assert_eq!(said.json()["messages"].as_array().unwrap().len(), 2);
    assert_eq!(analyst.get("/api/v1/export/messages").await.status, 200);
    let scopes = json!({"name": "shop", "scopes": ["ingest", "read"]});
    let key = owner.post("/api/v1/keys", &scopes).await.json();
    let deeds = owner.get("/api/v1/audit?limit=7").await.json();
    let entries: Vec<[&str; 3]> = deeds["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| ["who", "action", "subject"].map(|name| entry[name].as_str().unwrap()))
        .collect();
    let named = format!("shop ({})", key["id"].as_str().unwrap());
    assert_eq!(
        entries,
        [
            ["olga@example.org", "key.make", &named],
            ["anna@example.org", "rows.export", "messages"],
            ["anna@example.org", "messages.read", "messages"],
            ["anna@example.org", "session.read", &id],
            ["anna@example.org", "segment.set", "on screens"],
            ["anna@example.org", "link.invitation", "anna@example.org"],
            ["olga@example.org", "person.invite", "anna@example.org"],
        ]
    );
    assert_eq!(deeds["entries"][6]["detail"], "analyst");
    let detail = deeds["entries"][2]["detail"].as_str().unwrap();
    assert!(detail.starts_with("2 of 1 sessions: "), "{detail}");
    let cursor = deeds["cursor"].as_str().unwrap();
    let rest = owner
        .get(&format!("/api/v1/audit?cursor={cursor}"))
        .await
        .json();
    assert_eq!(rest["entries"].as_array().unwrap().len(), 2);
    assert_eq!(rest["cursor"], Value::Null);
    assert_eq!(rest["entries"][1]["who"], "the server's key");
    // It is forgotten after 400 days.
    bench
        .clock
        .fetch_add(400 * DAY + HOUR, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(
        operator.put("/api/v1/segments/new", &segment).await.status,
        200
    );
    let left = operator.get("/api/v1/audit").await.json();
    assert_eq!(left["entries"].as_array().unwrap().len(), 1, "{left}");
}

#[tokio::test]
async fn an_open_server_asks_nobody_and_records_all_the_same() {
    let bench = Bench::new().await;
    let body = json!({"filter": "engaged"}).to_string();
    let set = bench.send_json("PUT", "/api/v1/segments/a", body).await;
    assert_eq!(set.status, 200);
    // A key for a server without keys does no harm.
    let request = Request::get("/api/v1/audit").header("authorization", "Bearer of-another-server");
    let answer = bench.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(
        answer.json()["entries"][0]["who"],
        "anybody on this machine"
    );
    // Pages of other sites change nothing here either.
    let request = Request::delete("/api/v1/segments/a").header("origin", "https://evil.example");
    let answer = bench.send(request.body(Body::empty()).unwrap()).await;
    answer.problem(403, "forbidden");
}

#[tokio::test]
async fn the_record_says_of_what_something_was_read_or_set() {
    let bench = Bench::new().await;
    let mut owner = Visitor::owner(&bench).await;
    let events = conversation("c1", "web");
    let sent = owner.post("/api/v1/events", &events).await;
    assert_eq!(sent.status, 202);
    let sessions = owner.get("/api/v1/sessions").await.json();
    let id = sessions["sessions"][0]["session_id"].as_str().unwrap();
    let session = format!("/api/v1/sessions/{id}");
    // The evidence holds what was said.
    let under = owner.get(&format!("{session}/under/indigo")).await;
    assert!(under.text().contains("question of c1"), "{}", under.text());
    let filtered = "/api/v1/export/messages?format=csv&last=28d&filter=user_id%20%3D%20somebody&columns=time,text";
    assert_eq!(owner.get(filtered).await.status, 200);
    let note = json!({"text": "look at this"});
    let noted = owner.post(&format!("{session}/notes"), &note).await;
    assert_eq!(noted.status, 201);
    let label = format!("{session}/labels/a%2Fb");
    assert_eq!(owner.put(&label, &json!({})).await.status, 200);
    let settings = json!({"time_zone": "Europe/Berlin", "week_start": "sunday"});
    assert_eq!(owner.put("/api/v1/settings", &settings).await.status, 200);
    let profile = json!({"profile": "indigo", "additional": true});
    assert_eq!(owner.post("/api/v1/fact-sets", &profile).await.status, 202);
    let deeds = owner.get("/api/v1/audit?limit=6").await.json();
    let entries: Vec<[&str; 3]> = deeds["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| ["action", "subject", "detail"].map(|name| entry[name].as_str().unwrap()))
        .collect();
    assert!(entries[0][1].starts_with("indigo@"), "{entries:?}");
    assert_eq!(entries[0][0], "profile.apply");
    let zone = r#"time_zone: "UTC" → "Europe/Berlin"; week_start: "monday" → "sunday""#;
    assert_eq!(
        entries[1..],
        [
            ["settings.set", "", zone],
            ["label.set", id, "a/b"],
            ["note.add", id, ""],
            [
                "rows.export",
                "messages",
                "csv; last 28d; 1 filter; columns time, text"
            ],
            ["session.read", id, "indigo"],
        ]
    );
    assert!(!deeds.to_string().contains("somebody"), "{deeds}");
}
