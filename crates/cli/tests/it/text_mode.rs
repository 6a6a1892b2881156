//! What a workspace keeps of what people write holds for every way in: what is on disk is searched.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::commands::walk;
use crate::server::serve_with;
use crate::{Scene, code, errors};

/// A mapping for rows of a call.
const CALLS: &str = r#"
name = "calls"

[input]
format = "json_lines"

[[event]]
name = "message"
event_type = "message"
time = "@.at"
conversation_id = "@.call"
role = "user"
text = "@.said"
"#;

/// The words that stand in the texts of an event with this id.
fn words(id: &str) -> String {
    format!("words-of-{id}")
}

fn event(id: &str) -> String {
    event_of(id, "upshot")
}

/// The same, sent by a source.
fn event_of(id: &str, source: &str) -> String {
    let event = json!({
        "event_id": id, "event_type": "message", "role": "user", "conversation_id": format!("talk-{id}"),
        "time": "2026-03-01T10:00:00Z", "text": format!("{} at {id}@example.org", words(id)), "source": source
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

/// In the log every text and address is there, or not, as is expected of its conversation.
fn in_log_as(scene: &Scene, expected: &[([String; 3], (bool, bool))]) {
    for (ids, found) in expected {
        for id in ids {
            assert_eq!(on_disk(scene, id), *found, "{id} in the log");
        }
    }
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
    bring_of(scene, url, name, "upshot")
}

/// The same, of a source.
fn bring_of(scene: &Scene, url: &str, name: &str, source: &str) -> [String; 3] {
    let ids = ["sent", "dropped", "imported"].map(|way| format!("{name}-{way}"));
    let sent = post(
        url,
        "/api/v1/events",
        "application/x-ndjson",
        event_of(&ids[0], source),
    );
    assert_eq!(sent["added"], 1, "{sent}");
    let dropped = post(
        url,
        "/api/v1/import",
        "application/octet-stream",
        event_of(&ids[1], source),
    );
    assert_eq!(dropped["new"], 1, "{dropped}");
    let file = scene.file("one.jsonl", event_of(&ids[2], source).as_bytes());
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
    in_log_as(&scene, &expected);
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

/// A source has a mode of its own, that keeps more or less than the workspace's: however its events come in.
#[test]
fn every_way_in_keeps_what_is_said_of_its_source() {
    let scene = Scene::new();
    // It can be said before anything comes in, and is of no other workspace.
    let set = ["settings", "text", "none", "--source", "spoken"];
    scene.ok(&set);
    let (mut served, url) = serve_with(&scene, &[], None);
    let set = |mode: &str, source: &str| {
        let set = ["settings", "text", mode, "--source", source];
        scene.json(&[&set[..], &["--server", &url, "--output", "json", "--yes"]].concat())
    };
    set("full", "crm/eu 1");
    let mut expected = vec![
        (bring_of(&scene, &url, "first", "spoken"), (false, false)),
        (bring_of(&scene, &url, "second", "crm/eu 1"), (true, true)),
        (bring_of(&scene, &url, "third", "CRM/eu 1"), (true, false)),
        (bring_of(&scene, &url, "fourth", "upshot"), (true, false)),
    ];
    scene.ok(&["settings", "text", "none", "--server", &url]);
    let answer = set("masked", "spoken");
    let told: Vec<(&str, &str)> = answer["sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| {
            (
                own["source"].as_str().unwrap(),
                own["mode"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [("crm/eu 1", "full"), ("spoken", "masked")]);
    assert_eq!(answer["mode"], "none");
    expected.push((bring_of(&scene, &url, "fifth", "spoken"), (true, false)));
    expected.push((bring_of(&scene, &url, "sixth", "crm/eu 1"), (true, true)));
    expected.push((bring_of(&scene, &url, "seventh", "other"), (false, false)));
    assert_eq!(
        set("default", "spoken")["sources"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    expected.push((bring_of(&scene, &url, "eighth", "spoken"), (false, false)));
    in_log_as(&scene, &expected);
    served.kill();
    scene.ok(&["verify", "--quiet"]);
    let filed = in_data_files(&scene);
    for (ids, found) in &expected {
        for id in ids {
            assert_eq!(filed[id], *found, "{id} in files");
        }
    }
}

#[test]
fn an_import_by_a_mapping_keeps_what_is_said_of_its_name() {
    let scene = Scene::new();
    scene.ok(&["settings", "text", "none", "--source", "calls"]);
    let mapping = scene.file("calls.toml", CALLS.as_bytes());
    let import = |id: &str, more: &[&str]| {
        let row = json!({"call": format!("talk-{id}"), "at": "2026-03-01T10:00:00Z",
            "said": format!("{} at {id}@example.org", words(id))});
        let file = scene.file("calls.jsonl", format!("{row}\n").as_bytes());
        let line = ["import", file.to_str().unwrap(), "--quiet", "--mapping"];
        scene.run(&[&line[..], &[mapping.to_str().unwrap()], more].concat())
    };
    let looked = import("looked-at", &["--dry-run"]);
    assert_eq!(code(&looked), 0, "{}", errors(&looked));
    let shown = String::from_utf8_lossy(&looked.stdout).into_owned();
    assert!(!shown.contains(&words("looked-at")), "{shown}");
    assert_eq!(code(&import("nothing", &[])), 0);
    let unsure = scene.run(&["settings", "text", "full", "--source", "calls"]);
    assert_eq!(code(&unsure), 2, "nobody sits at a terminal here");
    scene.ok(&["settings", "text", "full", "--source", "calls", "--yes"]);
    assert_eq!(code(&import("whole", &[])), 0);
    assert_eq!(code(&import("less", &["--text", "masked"])), 0);
    scene.ok(&["settings", "text", "none"]);
    scene.ok(&["settings", "text", "masked", "--source", "calls"]);
    let refused = import("refused", &["--text", "full"]);
    assert_eq!(code(&refused), 2, "{}", errors(&refused));
    assert_eq!(code(&import("masked", &[])), 0);
    let expected = [
        ("nothing", (false, false)),
        ("whole", (true, true)),
        ("less", (true, false)),
        ("masked", (true, false)),
    ];
    assert_eq!(
        in_data_files(&scene),
        expected.map(|(id, found)| (id.to_owned(), found)).into()
    );
    let shown = scene.ok(&["settings", "text"]);
    assert!(shown.contains("calls"), "{shown}");
    let (_served, url) = serve_with(&scene, &[], None);
    let record = ureq::get(format!("{url}/api/v1/audit")).call();
    let record: Value = record.unwrap().body_mut().read_json().unwrap();
    let last = &record["entries"][0];
    assert_eq!(
        (&last["action"], &last["subject"], &last["detail"]),
        (
            &json!("text_mode.set_source"),
            &json!("calls"),
            &json!("masked")
        )
    );
}

/// What is asked for on the command line holds on a server too.
#[test]
fn an_import_to_a_server_keeps_no_more_than_was_asked_for() {
    let scene = Scene::new();
    let (mut served, url) = serve_with(&scene, &["--text", "full"], None);
    for (id, more) in [
        ("whole", &[][..]),
        ("masked", &["--text", "masked"]),
        ("nothing", &["--text", "none"]),
    ] {
        let file = scene.file("one.jsonl", event(id).as_bytes());
        let import = [
            "import",
            file.to_str().unwrap(),
            "--quiet",
            "--server",
            &url,
        ];
        scene.ok(&[&import[..], more].concat());
    }
    for (id, path) in [
        ("sent", "/api/v1/events?text=none"),
        ("dropped", "/api/v1/import?text=none"),
    ] {
        let kind = match path.contains("import") {
            true => "application/octet-stream",
            false => "application/x-ndjson",
        };
        post(&url, path, kind, event(id));
    }
    served.kill();
    let expected = [
        ("whole", (true, true)),
        ("masked", (true, false)),
        ("nothing", (false, false)),
        ("sent", (false, false)),
        ("dropped", (false, false)),
    ];
    assert_eq!(
        in_data_files(&scene),
        expected.map(|(id, found)| (id.to_owned(), found)).into()
    );
}
