//! People and keys from the command line, alone and through a server.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::json;

use crate::server::{Served, free_address, serve_with};
use crate::{Scene, code, errors};

/// Uses a link as the app does.
fn accept(url: &str, link: &str, name: &str) -> serde_json::Value {
    let (_, token) = link.trim().split_once('#').unwrap();
    let body = json!({
        "token": token, "name": name, "email": format!("{name}@example.org"), "password": "correct horse battery"
    });
    let answer = ureq::post(format!("{url}/api/v1/links/accept")).send_json(body);
    answer.unwrap().body_mut().read_json().unwrap()
}

#[test]
fn people_and_keys_are_made_on_a_data_directory_and_used_through_a_server() {
    let scene = Scene::new();
    let link = scene.ok(&["people", "invite", "--role", "owner", "olga@example.org"]);
    assert!(link.starts_with("/welcome#"), "{link}");
    let again = scene.ok(&["people", "invite", "--role", "viewer", "vera@example.org"]);
    let listed = scene.json(&["people", "--output", "json"]);
    assert_eq!(
        listed["invitations"].as_array().unwrap().len(),
        2,
        "{listed}"
    );
    assert_eq!(listed["invitations"][0]["created_by"], "the command line");
    let table = scene.ok(&["people", "list"]);
    assert!(
        table.contains("(invited)") && table.contains("vera@example.org"),
        "{table}"
    );
    let key = scene.ok(&["keys", "create", "shop", "--scope", "ingest"]);
    assert!(key.starts_with("upshot_"), "{key}");
    let admin = scene.ok(&["keys", "create", "desk", "--scope", "admin"]);
    let wrong = scene.run(&["people", "invite", "--role", "viewer", "no address"]);
    assert_eq!(code(&wrong), 2, "{}", errors(&wrong));
    let (served, url) = serve_with(&scene, &[], None);
    assert_eq!(accept(&url, &link, "olga")["role"], "owner");
    assert_eq!(accept(&url, &again, "vera")["role"], "viewer");
    // Now nobody is let in without a key.
    let closed = scene.run(&["people", "--server", &url]);
    assert_eq!(code(&closed), 1);
    assert!(errors(&closed).contains("401"), "{}", errors(&closed));
    let through = |line: &[&str], key: &str| {
        let ends = ["--server", url.as_str(), "--key", key.trim()];
        let line: Vec<&str> = line.iter().copied().chain(ends).collect();
        scene.run(&line)
    };
    let refused = through(&["people"], &key);
    assert!(errors(&refused).contains("403"), "{}", errors(&refused));
    let event = scene.file(
        "event.json",
        br#"{"event_type": "message", "time": 1773140000, "conversation_id": "c1"}"#,
    );
    let sent = through(&["import", event.to_str().unwrap()], &key);
    assert_eq!(code(&sent), 0, "{}", errors(&sent));
    let reset = through(&["people", "reset", "Vera@example.org"], &admin);
    let reset = String::from_utf8(reset.stdout).unwrap();
    assert!(reset.starts_with(&format!("{url}/welcome#")), "{reset}");
    assert_eq!(
        code(&through(&["people", "remove", "vera@example.org"], &admin)),
        0
    );
    let owner = through(&["people", "remove", "olga@example.org"], &admin);
    assert!(errors(&owner).contains("403"), "{}", errors(&owner));
    let keys = through(&["keys", "--output", "json"], &admin);
    let keys: serde_json::Value = serde_json::from_slice(&keys.stdout).unwrap();
    let shop = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["name"] == "shop")
        .unwrap();
    assert!(shop["last_used"].is_string(), "{shop}");
    drop(served);
    // The directory is free again: the last owner stays, and what was done is there.
    let last = scene.run(&["people", "remove", "olga@example.org"]);
    assert!(errors(&last).contains("last owner"), "{}", errors(&last));
    let people = scene.json(&["people", "--output", "json"]);
    assert_eq!(people["people"].as_array().unwrap().len(), 1, "{people}");
    let id = shop["id"].as_str().unwrap();
    scene.ok(&["keys", "remove", id]);
    assert_eq!(code(&scene.run(&["keys", "remove", id])), 1);
    assert!(!scene.ok(&["keys"]).contains("shop"));
}

#[test]
fn a_server_that_nobody_owns_prints_a_link_and_one_that_is_owned_needs_no_key() {
    let scene = Scene::new();
    let address = free_address();
    let mut child = scene
        .command(&["serve", "--listen", &address])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let served = Served(child);
    let line = lines
        .map(|line| line.unwrap())
        .find(|line| line.contains("/welcome#"))
        .unwrap();
    let (_, link) = line.split_once("does: ").unwrap();
    let url = format!("http://{address}");
    assert!(link.starts_with(&url), "{line}");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while std::net::TcpStream::connect(&address).is_err() {
        assert!(
            std::time::Instant::now() < deadline,
            "the server does not answer"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(accept(&url, link, "olga")["owner_exists"], true);
    drop(served);
    // With an owner it may listen beyond loopback; nothing is printed any more.
    let mut child = scene
        .command(&[
            "serve",
            "--listen",
            &address.replace("127.0.0.1", "0.0.0.0"),
        ])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let served = Served(child);
    let first = lines.next().unwrap().unwrap();
    assert!(first.contains("upshot answers at"), "{first}");
    while std::net::TcpStream::connect(&address).is_err() {
        assert!(std::time::Instant::now() < deadline + std::time::Duration::from_secs(30));
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let status = ureq::get(format!("{url}/api/v1/me")).call();
    assert!(
        matches!(status, Err(ureq::Error::StatusCode(401))),
        "{status:?}"
    );
    drop(served);
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    assert!(!rest.join("\n").contains("welcome"), "{rest:?}");
}
