//! What a workspace keeps of what people write holds for every way in: what is on disk is searched.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::commands::walk;
use crate::server::serve_with;
use crate::{Scene, code, errors};

/// The words that stand in the texts of an event with this id.
fn words(id: &str) -> String {
    format!("words-of-{id}")
}

fn event(id: &str) -> String {
    let event = json!({
        "event_id": id, "event_type": "message", "role": "user", "conversation_id": format!("talk-{id}"),
        "time": "2026-03-01T10:00:00Z", "text": format!("{} at {id}@example.org", words(id))
    });
    format!("{event}\n")
}

/// What files of the data directory hold of an event's text as it is: its words, its address.
fn on_disk(scene: &Scene, id: &str) -> (bool, bool) {
    let files: Vec<Vec<u8>> = walk(&scene.folder.path().join("data"))
        .iter()
        // A file may go while others are read.
        .filter_map(|path| std::fs::read(path).ok())
        .collect();
    let holds = |text: &str| {
        let text = text.as_bytes();
        files
            .iter()
            .any(|file| file.windows(text.len()).any(|part| part == text))
    };
    (holds(&words(id)), holds(&format!("{id}@example")))
}

/// The same where data files are unpacked: of each conversation.
fn in_data_files(scene: &Scene) -> BTreeMap<String, (bool, bool)> {
    let export = ["export", "messages", "--format", "jsonl", "--quiet"];
    let rows = scene.ok(&export);
    let rows = rows.lines().map(|line| {
        let row: Value = serde_json::from_str(line).unwrap();
        let id = row["conversation_id"].as_str().unwrap();
        let id = id.strip_prefix("talk-").unwrap().to_owned();
        let text = row["text"].as_str().unwrap_or_default();
        let found = (
            text.contains(&words(&id)),
            text.contains(&format!("{id}@example")),
        );
        (id, found)
    });
    rows.collect()
}

fn post(url: &str, path: &str, kind: &str, body: String) -> Value {
    let answer = ureq::post(format!("{url}{path}"))
        .header("content-type", kind)
        .send(body);
    answer.unwrap().body_mut().read_json().unwrap()
}

/// Brings an event in by the interface, another as a file in the app, and a third by the command; gives their ids.
fn bring(scene: &Scene, url: &str, name: &str) -> [String; 3] {
    let ids = ["sent", "dropped", "imported"].map(|way| format!("{name}-{way}"));
    let sent = post(
        url,
        "/api/v1/events",
        "application/x-ndjson",
        event(&ids[0]),
    );
    assert_eq!(sent["added"], 1, "{sent}");
    let dropped = post(
        url,
        "/api/v1/import",
        "application/octet-stream",
        event(&ids[1]),
    );
    assert_eq!(dropped["new"], 1, "{dropped}");
    let file = scene.file("one.jsonl", event(&ids[2]).as_bytes());
    let import = ["import", file.to_str().unwrap(), "--server", url, "--quiet"];
    scene.ok(&import);
    ids
}

#[test]
fn every_way_in_keeps_what_the_workspace_says_at_once() {
    let scene = Scene::new();
    let (mut served, url) = serve_with(&scene, &["--text", "full"], None);
    let set = |mode: &str| {
        let set = [
            "settings", "text", mode, "--server", &url, "--output", "json",
        ];
        scene.json(&[&set[..], &["--yes"]].concat())
    };
    // What the server was started with holds where nothing is set.
    let mut expected = vec![(bring(&scene, &url, "unset"), (true, true))];
    for (mode, found) in [
        ("none", (false, false)),
        ("masked", (true, false)),
        ("full", (true, true)),
    ] {
        let answer = set(mode);
        assert_eq!(
            (&answer["mode"], &answer["is_set"], &answer["fallback"]),
            (&json!(mode), &json!(true), &json!("full"))
        );
        expected.push((bring(&scene, &url, mode), found));
    }
    let answer = set("default");
    assert_eq!(
        (&answer["mode"], &answer["is_set"]),
        (&json!("full"), &json!(false))
    );
    for (ids, found) in &expected {
        for id in ids {
            assert_eq!(on_disk(&scene, id), *found, "{id} in the log");
        }
    }
    served.kill();
    // Verifying moves what is in the log into files, and reads them.
    scene.ok(&["verify", "--quiet"]);
    let filed = in_data_files(&scene);
    for (ids, found) in &expected {
        for id in ids {
            assert_eq!(filed[id], *found, "{id} in files");
            let plain = on_disk(&scene, id);
            let more = (plain.0 && !found.0) || (plain.1 && !found.1);
            assert!(!more, "{id} on disk");
        }
    }
    let sessions = scene.json(&["query", "--metrics", "sessions", "--output", "json"]);
    assert_eq!(sessions["totals"]["sessions"]["value"], 12.0);
}

#[test]
fn an_import_keeps_no_more_than_the_workspace_says() {
    let scene = Scene::new();
    let asked = scene.run(&["settings", "text", "full"]);
    assert_eq!(code(&asked), 1, "there is nothing yet: {}", errors(&asked));
    scene.ok(&["settings", "text", "none"]);
    let import = |id: &str, more: &[&str]| {
        let file = scene.file(
            "one.jsonl",
            (event(id) + "no record of " + &words(id)).as_bytes(),
        );
        let line = ["import", file.to_str().unwrap(), "--quiet"];
        scene.run(&[&line[..], more].concat())
    };
    // The bad record is what makes it 3.
    assert_eq!(code(&import("kept-less", &[])), 3);
    let refused = import("refused", &["--text", "masked"]);
    assert_eq!(code(&refused), 2);
    assert!(
        errors(&refused).contains("upshot settings text masked"),
        "{}",
        errors(&refused)
    );
    scene.ok(&["settings", "text", "masked"]);
    assert_eq!(code(&import("less-again", &["--text", "none"])), 3);
    assert_eq!(code(&import("masked-now", &[])), 3);
    let unsure = scene.run(&["settings", "text", "full"]);
    assert_eq!(code(&unsure), 2, "nobody sits at a terminal here");
    assert!(errors(&unsure).contains("--yes"), "{}", errors(&unsure));
    scene.ok(&["settings", "text", "full", "--yes"]);
    assert_eq!(code(&import("looked-at", &["--dry-run"])), 3);
    assert_eq!(code(&import("whole-now", &[])), 3);
    let filed = in_data_files(&scene);
    let expected = [
        ("kept-less", (false, false)),
        ("less-again", (false, false)),
        ("masked-now", (true, false)),
        ("whole-now", (true, true)),
    ];
    assert_eq!(
        filed,
        expected.map(|(id, found)| (id.to_owned(), found)).into()
    );
    // Nor is anything in the files of what could not be imported.
    for id in ["kept-less", "refused", "less-again", "looked-at"] {
        assert_eq!(on_disk(&scene, id), (false, false), "{id}");
    }
    let shown = scene.ok(&["settings", "text"]);
    assert!(
        shown.contains("full") && shown.contains("by the workspace"),
        "{shown}"
    );
    let wrong = scene.run(&["settings", "text", "some"]);
    assert_eq!(code(&wrong), 2);
    assert!(errors(&wrong).contains("default"), "{}", errors(&wrong));
}

#[test]
fn the_demo_keeps_no_texts_where_none_are_kept() {
    let scene = Scene::new();
    scene.ok(&["settings", "text", "none"]);
    scene.ok(&["demo", "--conversations", "20", "--quiet"]);
    let rows = scene.ok(&["export", "messages", "--format", "jsonl", "--quiet"]);
    let texts = rows
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let (some, all): (Vec<Value>, Vec<Value>) = texts.partition(|row| row["text"].is_string());
    assert!(
        some.is_empty() && all.len() > 40,
        "{} {}",
        some.len(),
        all.len()
    );
}
