//! `upshot import` with mappings and dry runs.

use crate::{Scene, code, errors, example};

fn project_file(path: &str) -> String {
    format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))
}

fn wizard(scene: &Scene) -> String {
    let data = std::fs::read(project_file(
        "crates/adapters/tests/fixtures/mapping/wizard.jsonl",
    ))
    .unwrap();
    let path = scene.file("wizard.jsonl", &data);
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_mapping_brings_what_no_format_knows() {
    let scene = Scene::new();
    let data = wizard(&scene);
    let toml = project_file("docs/examples/mappings/star.toml");
    let line = ["import", "--mapping", &toml, &data, "--output", "json"];
    let report = scene.json(&line);
    assert_eq!(report["formats"][0], "mapping star");
    assert_eq!(
        (&report["records"], &report["rejected"]),
        (&4.into(), &0.into())
    );
    let again = scene.json(&line);
    assert_eq!(again["added"], 0, "importing again adds nothing");
    let answer = scene.json(&[
        "query",
        "--metrics",
        "sessions",
        "--by",
        "attribute.completion_level,outcome,source",
        "--output",
        "json",
    ]);
    let rows = answer["rows"].as_array().unwrap();
    let found = rows.iter().map(|row| {
        let of = &row["dimensions"];
        assert_eq!(of["source"], "star");
        let text = |name: &str| of[name].as_str().unwrap_or("-").to_owned();
        let sessions = &row["metrics"]["sessions"]["value"];
        format!(
            "{} {} {sessions}",
            text("attribute.completion_level"),
            text("outcome")
        )
    });
    let mut found = found.collect::<Vec<_>>();
    found.sort();
    assert_eq!(
        found,
        [
            "Complete resolved 1",
            "DisconnectDuringDialogue abandoned 1",
            "EarlyDisconnectDuringDialogue abandoned 1",
            "EarlyDisconnectDuringDialogue none 1",
        ]
    );
}

#[test]
fn a_profile_is_chosen_for_the_name_of_the_mapping() {
    let scene = Scene::new();
    let data = wizard(&scene);
    let toml = project_file("docs/examples/mappings/star.toml");
    scene.ok(&["import", "--mapping", &toml, "--profile", "indigo", &data]);
    let answer = scene.json(&[
        "query",
        "--metrics",
        "sessions",
        "--by",
        "profile",
        "--output",
        "json",
    ]);
    let profile = answer["rows"][0]["dimensions"]["profile"].as_str().unwrap();
    assert!(profile.starts_with("indigo"), "{profile}");
}

#[test]
fn a_dry_run_shows_what_would_go_in_and_writes_nothing() {
    let scene = Scene::new();
    let toml = project_file("docs/examples/mappings/star.toml");
    let report = scene.json(&[
        "import",
        "--mapping",
        &toml,
        "--dry-run",
        &wizard(&scene),
        "--output",
        "json",
    ]);
    assert_eq!(report["conversations"], 4);
    assert_eq!(report["event_types"]["conversation_start"], 4);
    assert_eq!(report["first_events"].as_array().unwrap().len(), 10);
    assert_eq!(report["first_events"][0]["source"], "star");
    let output = scene.run(&["import", "--dry-run", &example("events.jsonl")]);
    assert_eq!(code(&output), 3, "a record would be rejected");
    assert!(errors(&output).contains("line 8"));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("conversations"), "{printed}");
    assert!(
        !scene.folder.path().join("data").exists(),
        "nothing is written"
    );
}

#[test]
fn mistakes_in_a_mapping_are_named_with_their_place() {
    let scene = Scene::new();
    let toml = scene.file(
        "bad.toml",
        b"name = \"bad\"\n[input]\nformat = \"cvs\"\n[[event]]\ntxt = \"@.a\"\n",
    );
    let toml = toml.to_str().unwrap();
    let output = scene.run(&["import", "--mapping", toml, &example("events.jsonl")]);
    assert_eq!(code(&output), 2);
    let text = errors(&output);
    assert!(
        text.contains("line 3, column 10: `format` may not be `cvs`; did you mean `csv`?"),
        "{text}"
    );
    assert!(
        text.contains("line 5, column 1: no event has a field `txt`"),
        "{text}"
    );
    assert!(
        text.contains("the block gives its events no `time`"),
        "{text}"
    );
    let both = scene.run(&["import", "--mapping", toml, "--format", "upshot", "x"]);
    assert_eq!(code(&both), 2, "a mapping goes without a format");
    let missing = scene.run(&[
        "import",
        "--mapping",
        "nowhere.toml",
        &example("events.jsonl"),
    ]);
    assert_eq!(code(&missing), 2);
    assert!(errors(&missing).contains("cannot read nowhere.toml"));
}
