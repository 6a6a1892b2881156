//! Signing in, links, roles.

use serde_json::{Value, json};
use upshot_core::time::{DAY, SECOND};
use upshot_server::access::links::owner_link;

use crate::common::{Bench, NOW, conversation};
use crate::visitor::{PASSWORD, Visitor, token_of};

fn pass(bench: &Bench, time: i64) {
    bench
        .clock
        .fetch_add(time, std::sync::atomic::Ordering::Relaxed);
}

#[tokio::test]
async fn the_first_owner_comes_by_a_link_once_and_closes_the_server() {
    let bench = Bench::new().await;
    bench.events("main", &conversation("c1", "web")).await;
    let open = bench.get("/api/v1/me").await.json();
    assert_eq!(open["mode"], "open");
    assert_eq!(open["owner_exists"], false);
    assert_eq!(open["person"], Value::Null);
    let before = owner_link(&bench.store, "main", NOW)
        .await
        .unwrap()
        .unwrap();
    let link = owner_link(&bench.store, "main", NOW)
        .await
        .unwrap()
        .unwrap();
    let mut owner = Visitor::new(&bench);
    let look = json!({"token": token_of(&before)});
    owner
        .post("/api/v1/links/look", &look)
        .await
        .problem(404, "not-found");
    let look = json!({"token": token_of(&link)});
    let seen = owner.post("/api/v1/links/look", &look).await.json();
    assert_eq!(
        seen,
        json!({"kind": "owner", "workspace": "main", "role": "owner", "expires": "2026-03-11T12:00:00.000000Z"})
    );
    let mut body = json!({"token": token_of(&link), "name": "Olga", "email": "Olga@Example.org"});
    let refused = owner.post("/api/v1/links/accept", &body).await;
    assert_eq!(
        refused.problem(400, "bad-request")["errors"][0]["field"],
        "password"
    );
    body["password"] = json!("too short");
    owner
        .post("/api/v1/links/accept", &body)
        .await
        .problem(400, "bad-request");
    body["password"] = json!(PASSWORD);
    let me = owner.post("/api/v1/links/accept", &body).await;
    assert_eq!(me.status, 200, "{}", me.text());
    let me = me.json();
    assert_eq!(me["mode"], "person");
    assert_eq!(me["person"]["email"], "olga@example.org");
    assert_eq!(me["role"], "owner");
    assert_eq!(
        me["workspaces"],
        json!([{"workspace": "main", "role": "owner"}])
    );
    assert_eq!(me["owner_exists"], true);
    assert_eq!(owner.get("/api/v1/me").await.json(), me);
    // The link is used up, there is no other, and nobody else is let in.
    owner
        .post("/api/v1/links/accept", &body)
        .await
        .problem(404, "not-found");
    assert_eq!(owner_link(&bench.store, "main", NOW).await.unwrap(), None);
    for path in [
        "/api/v1/me",
        "/api/v1/sessions",
        "/metrics",
        "/api/v1/nothing",
    ] {
        bench.get(path).await.problem(401, "unauthorized");
    }
    assert_ne!(bench.get("/").await.status, 401);
    assert_eq!(bench.get("/health/ready").await.status, 200);
    let sessions = owner.get("/api/v1/sessions").await.json();
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1);
    owner.get("/metrics").await.problem(403, "forbidden");
    owner.get("/api/v1/nothing").await.problem(404, "not-found");
}

#[tokio::test]
async fn links_are_good_for_their_time_only() {
    let bench = Bench::new().await;
    let link = owner_link(&bench.store, "main", NOW)
        .await
        .unwrap()
        .unwrap();
    pass(&bench, DAY);
    let look = json!({"token": token_of(&link)});
    let mut visitor = Visitor::new(&bench);
    visitor
        .post("/api/v1/links/look", &look)
        .await
        .problem(404, "not-found");
    for token in ["", "x", &"0".repeat(80)] {
        let body =
            json!({"token": token, "name": "n", "email": "n@example.org", "password": PASSWORD});
        visitor
            .post("/api/v1/links/accept", &body)
            .await
            .problem(404, "not-found");
    }
    let mut owner = Visitor::owner(&bench).await;
    let body = json!({"email": "ben@example.org", "role": "viewer"});
    let made = owner.post("/api/v1/people/invitations", &body).await.json();
    let listed = owner.get("/api/v1/people").await.json();
    assert_eq!(listed["invitations"][0]["id"], made["id"]);
    assert_eq!(listed["invitations"][0]["created_by"], "olga@example.org");
    pass(&bench, 7 * DAY);
    let look = json!({"token": token_of(made["link"].as_str().unwrap())});
    visitor
        .post("/api/v1/links/look", &look)
        .await
        .problem(404, "not-found");
}

#[tokio::test]
async fn whether_there_is_an_account_is_never_told() {
    let bench = Bench::new().await;
    Visitor::owner(&bench).await;
    let mut visitor = Visitor::new(&bench);
    let mut told = Vec::new();
    for email in ["olga@example.org", "nobody@example.org", "no address"] {
        let mut answers = Vec::new();
        for _ in 0..6 {
            let answer = visitor.sign_in(email, "a wrong password").await;
            let mut problem = answer.json();
            problem["instance"] = Value::Null;
            answers.push((
                answer.status,
                answer.header("retry-after").to_owned(),
                problem,
            ));
        }
        assert_eq!(answers[0].0, 401, "{answers:?}");
        assert_eq!(answers[5].0, 429, "{answers:?}");
        assert_eq!(answers[5].1, "1");
        told.push(answers);
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
    // Even the right password has to wait.
    let held = visitor.sign_in("olga@example.org", PASSWORD).await;
    held.problem(429, "too-many-tries");
    // So it has after a restart.
    let again = bench.restarted();
    let held = Visitor::new(&again)
        .sign_in("olga@example.org", PASSWORD)
        .await;
    held.problem(429, "too-many-tries");
    pass(&bench, SECOND);
    let mut visitor = Visitor::new(&again);
    let welcome = visitor.sign_in("olga@example.org", PASSWORD).await;
    assert_eq!(welcome.status, 200, "{}", welcome.text());
    pass(&bench, SECOND);
    let answer = visitor.sign_in(" OLGA@example.org", PASSWORD).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(visitor.cookies.len() == 1);
}

#[tokio::test]
async fn a_sign_in_is_new_each_time_and_ends() {
    let bench = Bench::new().await;
    let mut visitor = Visitor::owner(&bench).await;
    let first = visitor.cookie();
    assert_eq!(
        visitor.sign_in("olga@example.org", PASSWORD).await.status,
        200
    );
    let second = visitor.cookie();
    assert_ne!(first, second);
    let mut thief = Visitor::new(&bench);
    thief.cookies = vec![("upshot".to_owned(), first["upshot=".len()..].to_owned())];
    thief.get("/api/v1/me").await.problem(401, "unauthorized");
    // Used every two days it lasts a month, and no longer.
    for _ in 0..14 {
        pass(&bench, 2 * DAY);
        assert_eq!(visitor.get("/api/v1/me").await.status, 200);
    }
    pass(&bench, 2 * DAY);
    visitor.get("/api/v1/me").await.problem(401, "unauthorized");
    // Left alone for three days it is over.
    assert_eq!(
        visitor.sign_in("olga@example.org", PASSWORD).await.status,
        200
    );
    pass(&bench, 3 * DAY);
    visitor.get("/api/v1/me").await.problem(401, "unauthorized");
    assert_eq!(
        visitor.sign_in("olga@example.org", PASSWORD).await.status,
        200
    );
    let signed_in = visitor.cookies.clone();
    assert_eq!(
        visitor.send("POST", "/api/v1/sign-out", None).await.status,
        204
    );
    assert!(visitor.cookies.is_empty());
    visitor.cookies = signed_in;
    visitor.get("/api/v1/me").await.problem(401, "unauthorized");
}

#[tokio::test]
async fn pages_of_other_sites_change_nothing() {
    let bench = Bench::new().await;
    let owner = Visitor::owner(&bench).await;
    let cookie = owner.cookie();
    let send = async |method: &str, path: &str, headers: &[(&str, &str)]| {
        let mut request = axum::http::Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost:7700")
            .header("content-type", "application/json")
            .header("cookie", &cookie);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = json!({"filter": "engaged"}).to_string();
        bench.send(request.body(body.into()).unwrap()).await
    };
    let path = "/api/v1/segments/a";
    for headers in [
        &[][..],
        &[("origin", "https://evil.example")],
        &[("origin", "http://localhost:7701")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[
            ("origin", "http://localhost:7700"),
            ("sec-fetch-site", "same-site"),
        ],
    ] {
        for method in ["PUT", "DELETE"] {
            let answer = send(method, path, headers).await;
            answer.problem(403, "forbidden");
        }
        if !headers.is_empty() {
            for path in [
                "/api/v1/sign-in",
                "/api/v1/sign-out",
                "/api/v1/links/accept",
            ] {
                send("POST", path, headers).await.problem(403, "forbidden");
            }
        }
        assert_eq!(send("GET", "/api/v1/segments", headers).await.status, 200);
    }
    for headers in [
        &[("sec-fetch-site", "same-origin")][..],
        &[("origin", "http://localhost:7700")],
    ] {
        assert_eq!(send("PUT", path, headers).await.status, 200);
    }
}

#[tokio::test]
async fn over_https_the_cookie_is_for_https_alone() {
    let bench = Bench::with_server(|options| options.behind_proxy = true).await;
    let mut visitor = Visitor::owner(&bench).await;
    visitor.cookies.clear();
    visitor.headers = vec![("x-forwarded-proto", "https".to_owned())];
    let answer = visitor.sign_in("olga@example.org", PASSWORD).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-upshot="), "{cookie}");
    assert!(cookie.ends_with("; Secure"), "{cookie}");
    assert_eq!(visitor.get("/api/v1/me").await.status, 200);
    visitor.headers.clear();
    visitor.get("/api/v1/me").await.problem(401, "unauthorized");
    // Without the option nobody can say that it was https.
    let bench = Bench::new().await;
    let mut visitor = Visitor::owner(&bench).await;
    visitor.headers = vec![("x-forwarded-proto", "https".to_owned())];
    let answer = visitor.sign_in("olga@example.org", PASSWORD).await;
    assert!(answer.header("set-cookie").starts_with("upshot="));
}

#[tokio::test]
async fn people_are_invited_changed_and_taken_out() {
    let bench = Bench::new().await;
    let mut owner = Visitor::owner(&bench).await;
    let mut admin = owner.invite("main", "adam@example.org", "admin").await;
    let mut viewer = owner.invite("main", "vera@example.org", "viewer").await;
    let listed = admin.get("/api/v1/people").await.json();
    let id = |email: &str| {
        let people = listed["people"].as_array().unwrap();
        let found = people.iter().find(|person| person["email"] == email);
        found.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (olga, adam, vera) = (
        id("olga@example.org"),
        id("adam@example.org"),
        id("vera@example.org"),
    );
    viewer.get("/api/v1/people").await.problem(403, "forbidden");
    // An admin does not deal with owners.
    let change = async |visitor: &mut Visitor<'_>, id: &str, role: &str| {
        visitor
            .put(&format!("/api/v1/people/{id}"), &json!({"role": role}))
            .await
    };
    change(&mut admin, &adam, "owner")
        .await
        .problem(403, "forbidden");
    change(&mut admin, &olga, "viewer")
        .await
        .problem(403, "forbidden");
    admin
        .delete(&format!("/api/v1/people/{olga}"))
        .await
        .problem(403, "forbidden");
    let reset = format!("/api/v1/people/{olga}/reset");
    admin
        .send("POST", &reset, None)
        .await
        .problem(403, "forbidden");
    let invitation = json!({"email": "x@example.org", "role": "owner"});
    admin
        .post("/api/v1/people/invitations", &invitation)
        .await
        .problem(403, "forbidden");
    let again = json!({"email": "Vera@example.org", "role": "admin"});
    admin
        .post("/api/v1/people/invitations", &again)
        .await
        .problem(409, "conflict");
    // The last owner stays.
    change(&mut owner, &olga, "admin")
        .await
        .problem(409, "conflict");
    owner
        .delete(&format!("/api/v1/people/{olga}"))
        .await
        .problem(409, "conflict");
    // A change holds for the next request.
    viewer.get("/api/v1/audit").await.problem(403, "forbidden");
    let changed = change(&mut admin, &vera, "admin").await.json();
    assert_eq!(changed["role"], "admin");
    assert_eq!(viewer.get("/api/v1/audit").await.status, 200);
    change(&mut admin, "nobody", "admin")
        .await
        .problem(404, "not-found");
    change(&mut owner, &adam, "owner").await.json();
    change(&mut admin, &olga, "admin").await.json();
    // Who is taken out is signed out.
    assert_eq!(
        admin.delete(&format!("/api/v1/people/{vera}")).await.status,
        204
    );
    viewer.get("/api/v1/me").await.problem(401, "unauthorized");
    viewer
        .sign_in("vera@example.org", PASSWORD)
        .await
        .problem(401, "sign-in-refused");
    // An invitation that was taken back opens nothing.
    let body = json!({"email": "vera@example.org", "role": "agent"});
    let made = admin.post("/api/v1/people/invitations", &body).await.json();
    let path = format!(
        "/api/v1/people/invitations/{}",
        made["id"].as_str().unwrap()
    );
    assert_eq!(admin.delete(&path).await.status, 204);
    admin.delete(&path).await.problem(404, "not-found");
    let look = json!({"token": token_of(made["link"].as_str().unwrap())});
    viewer
        .post("/api/v1/links/look", &look)
        .await
        .problem(404, "not-found");
}

#[tokio::test]
async fn one_person_takes_part_in_several_workspaces() {
    let bench =
        Bench::with_server(|options| options.key = Some("a-key-of-twenty-letters".into())).await;
    let mut operator = Visitor::new(&bench);
    operator.headers = vec![("authorization", "Bearer a-key-of-twenty-letters".to_owned())];
    let mut first = operator.invite("first", "olga@example.org", "owner").await;
    first
        .get("/api/v1/sessions?workspace=second")
        .await
        .problem(404, "not-found");
    let body = json!({"email": "olga@example.org", "role": "viewer"});
    let made = operator
        .post("/api/v1/people/invitations?workspace=second", &body)
        .await
        .json();
    let token = token_of(made["link"].as_str().unwrap());
    // The link alone is not enough where there is an account.
    let mut stranger = Visitor::new(&bench);
    let body = json!({"token": token, "name": "Mallory", "password": "another password"});
    stranger
        .post("/api/v1/links/accept", &body)
        .await
        .problem(401, "sign-in-refused");
    let body = json!({"token": token, "password": PASSWORD});
    let me = stranger.post("/api/v1/links/accept", &body).await.json();
    assert_eq!(
        me["workspaces"],
        json!([{"workspace": "first", "role": "owner"}, {"workspace": "second", "role": "viewer"}])
    );
    let me = first.get("/api/v1/me?workspace=second").await.json();
    assert_eq!(
        (&me["workspace"], &me["role"]),
        (&json!("second"), &json!("viewer"))
    );
    first
        .get("/api/v1/people?workspace=second")
        .await
        .problem(403, "forbidden");
    first
        .get("/api/v1/people?workspace=main")
        .await
        .problem(404, "not-found");
    // Who is elsewhere too gets no new password from the owner of one workspace.
    let id = me["person"]["id"].as_str().unwrap().to_owned();
    let mut other = operator.invite("second", "sven@example.org", "owner").await;
    let reset = format!("/api/v1/people/{id}/reset");
    other
        .send("POST", &reset, None)
        .await
        .problem(409, "conflict");
    let reset = format!("/api/v1/people/{id}/reset?workspace=second");
    assert_eq!(operator.send("POST", &reset, None).await.status, 201);
    // Taken out of one, they stay in the other.
    let path = format!("/api/v1/people/{id}?workspace=second");
    assert_eq!(other.delete(&path).await.status, 204);
    let me = first.get("/api/v1/me").await.json();
    assert_eq!(
        me["workspaces"],
        json!([{"workspace": "first", "role": "owner"}])
    );
}

#[tokio::test]
async fn a_password_is_changed_by_its_owner_or_by_a_link() {
    let bench = Bench::new().await;
    let mut owner = Visitor::owner(&bench).await;
    let mut viewer = owner.invite("main", "vera@example.org", "viewer").await;
    let mut elsewhere = Visitor::new(&bench);
    assert_eq!(
        elsewhere.sign_in("vera@example.org", PASSWORD).await.status,
        200
    );
    let change =
        |old: &str, new: &str| json!({"password": {"old": old, "new": new}, "name": " Vera V. "});
    let wrong = viewer
        .put(
            "/api/v1/me",
            &change("wrong password", "battery horse correct"),
        )
        .await;
    wrong.problem(401, "sign-in-refused");
    let short = viewer.put("/api/v1/me", &change(PASSWORD, "short")).await;
    short.problem(400, "bad-request");
    let me = viewer
        .put("/api/v1/me", &change(PASSWORD, "battery horse correct"))
        .await;
    assert_eq!(me.json()["person"]["name"], "Vera V.");
    assert_eq!(viewer.get("/api/v1/me").await.json(), me.json());
    elsewhere
        .get("/api/v1/me")
        .await
        .problem(401, "unauthorized");
    elsewhere
        .sign_in("vera@example.org", PASSWORD)
        .await
        .problem(401, "sign-in-refused");
    // By a link, all are signed out.
    let id = me.json()["person"]["id"].as_str().unwrap().to_owned();
    let reset = format!("/api/v1/people/{id}/reset");
    let before = owner.send("POST", &reset, None).await.json();
    let made = owner.send("POST", &reset, None).await.json();
    let mut late = Visitor::new(&bench);
    let body = |made: &Value, password: &str| json!({"token": token_of(made["link"].as_str().unwrap()), "password": password});
    let used = late
        .post("/api/v1/links/accept", &body(&before, PASSWORD))
        .await;
    used.problem(404, "not-found");
    let used = late
        .post("/api/v1/links/accept", &body(&made, PASSWORD))
        .await;
    assert_eq!(used.json()["person"]["email"], "vera@example.org");
    let used = late
        .post("/api/v1/links/accept", &body(&made, PASSWORD))
        .await;
    used.problem(404, "not-found");
    viewer.get("/api/v1/me").await.problem(401, "unauthorized");
    assert_eq!(
        viewer.sign_in("vera@example.org", PASSWORD).await.status,
        200
    );
}

#[tokio::test]
async fn no_secret_is_in_the_database() {
    let bench = Bench::new().await;
    let mut owner = Visitor::owner(&bench).await;
    let key = json!({"name": "shop", "scopes": ["read"]});
    let key = owner.post("/api/v1/keys", &key).await.json();
    let share = json!({"name": "board", "view": "/"});
    let share = owner.post("/api/v1/shares", &share).await.json();
    let mut secrets = vec![
        PASSWORD.to_owned(),
        owner.cookie()["upshot=".len()..].to_owned(),
    ];
    secrets.push(key["key"].as_str().unwrap()["upshot_".len()..].to_owned());
    secrets.push(token_of(share["link"].as_str().unwrap()).to_owned());
    let mut held = Vec::new();
    for entry in std::fs::read_dir(bench.store.path().parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        if path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .starts_with("store.sqlite")
        {
            held.extend(std::fs::read(path).unwrap());
        }
    }
    let held = String::from_utf8_lossy(&held);
    assert!(held.contains("olga@example.org") && held.contains("$argon2id$"));
    for secret in secrets {
        // What stands before the secret itself is the id.
        let secret = if secret.len() == 80 {
            &secret[16..]
        } else {
            &secret
        };
        assert!(!held.contains(secret), "{secret}");
    }
}
