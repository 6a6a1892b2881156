//! Fact sets from the command line: previewed, added, asked, applied and removed, alone and through
//! a server.

use serde_json::Value;

use crate::server::serve;
use crate::{Scene, code, errors};

const QUICK: &str = "name = \"quick\"\nversion = 1\n[timeout]\ndefault = \"90s\"\n";

fn loaded() -> Scene {
    let scene = Scene::new();
    scene.ok(&[
        "demo",
        "--conversations",
        "200",
        "--end",
        "2026-03-01",
        "--quiet",
    ]);
    scene
}

fn with<'a>(line: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [line, more].concat()
}

/// Sessions, and the fact set that was read.
fn sessions(scene: &Scene, more: &[&str]) -> (u64, String) {
    let line = [
        "query",
        "--metrics",
        "sessions",
        "--environment",
        "all",
        "--output",
        "json",
    ];
    let answer = scene.json(&with(&line, more));
    let count = answer["totals"]["sessions"]["value"].as_u64().unwrap();
    (count, answer["fact_set"].as_str().unwrap().to_owned())
}

fn state(scene: &Scene, more: &[&str], name: &str) -> String {
    let list = scene.json(&with(&["profiles", "--output", "json"], more));
    let profiles = list.as_array().unwrap();
    let found = profiles.iter().find(|profile| profile["name"] == name);
    found.map_or_else(String::new, |profile| {
        profile["state"].as_str().unwrap().to_owned()
    })
}

/// Everything that can be done with fact sets, with these options.
fn all_of_it(scene: &Scene, more: &[&str]) {
    let file = scene.file("quick.toml", QUICK.as_bytes());
    let file = file.to_str().unwrap();
    let before = sessions(scene, more);
    assert_eq!(state(scene, more, "default"), "active");
    assert_eq!(state(scene, more, "indigo"), "");
    scene.ok(&with(&["profiles", "add", "indigo", "--quiet"], more));
    assert_eq!(state(scene, more, "indigo"), "additional");
    let chats = sessions(scene, &with(&["--fact-set", "indigo"], more));
    assert_ne!(chats.0, before.0);
    assert!(chats.1.starts_with("indigo@"), "{}", chats.1);
    assert_eq!(sessions(scene, more), before);
    let preview: Value = scene.json(&with(
        &[
            "profiles", "preview", file, "--limit", "2", "--output", "json",
        ],
        more,
    ));
    let whole = |part: &str| {
        let counts = &preview[part];
        counts["sessions"].as_u64().unwrap() + counts["open"].as_u64().unwrap()
    };
    assert_eq!(whole("before"), before.0);
    assert_eq!(preview["sessions"].as_array().unwrap().len(), 2);
    let text = scene.ok(&with(&["profiles", "preview", file], more));
    assert!(text.contains("sessions change"), "{text}");
    assert_eq!(sessions(scene, more), before, "a preview changes nothing");
    scene.ok(&with(&["profiles", "apply", file, "--quiet"], more));
    let after = sessions(scene, more);
    assert_eq!(after.0, whole("after"));
    assert!(after.1.starts_with("quick@1"), "{}", after.1);
    assert_eq!(state(scene, more, "quick"), "active");
    assert_eq!(
        sessions(scene, &with(&["--fact-set", "indigo"], more)),
        chats
    );
    scene.ok(&with(&["profiles", "remove", "indigo", "--quiet"], more));
    let gone = scene.run(&with(
        &["query", "--metrics", "sessions", "--fact-set", "indigo"],
        more,
    ));
    assert_ne!(code(&gone), 0);
    assert!(
        errors(&gone).contains("no fact set `indigo`"),
        "{}",
        errors(&gone)
    );
    let active = scene.run(&with(&["profiles", "remove", "quick"], more));
    assert!(
        errors(&active).contains("is the active fact set"),
        "{}",
        errors(&active)
    );
}

#[test]
fn fact_sets_are_changed_in_the_data_directory() {
    let scene = loaded();
    all_of_it(&scene, &[]);
    let report = scene.json(&["verify", "--output", "json", "--quiet"]);
    assert_eq!(report["problems"], serde_json::json!([]));
}

#[test]
fn fact_sets_are_changed_through_a_server() {
    let scene = loaded();
    let (_served, url) = serve(&scene);
    all_of_it(&scene, &["--server", &url]);
    // Without the server, what comes with the program is shown all the same.
    assert!(scene.ok(&["profiles"]).contains("indigo"));
}
