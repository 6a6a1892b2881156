use crate::{Scene, code, errors, example};

const QUERY: &[&str] = &[
    "query",
    "--metrics",
    "sessions,messages",
    "--environment",
    "all",
    "--output",
    "json",
];

fn value(answer: &serde_json::Value, metric: &str) -> f64 {
    answer["totals"][metric]["value"].as_f64().unwrap()
}

#[test]
fn importing_again_and_a_grown_file_add_only_what_is_new() {
    let scene = Scene::new();
    let lines = "\
        {\"event_type\":\"message\",\"time\":\"2026-01-31T09:00:00Z\",\"conversation_id\":\"a\",\"role\":\"user\",\"text\":\"hi\"}\n\
        {\"event_type\":\"message\",\"time\":\"2026-01-31T09:00:02Z\",\"conversation_id\":\"a\",\"role\":\"bot\",\"text\":\"hello\"}\n";
    let path = scene.file("events.jsonl", lines.as_bytes());
    let path = path.to_str().unwrap();
    let first = scene.json(&["import", path, "--output", "json"]);
    assert_eq!(first["added"], 2);
    let again = scene.json(&["import", path, "--output", "json"]);
    assert_eq!(
        (&again["added"], &again["repeated"]),
        (&0.into(), &2.into())
    );
    let more = format!(
        "{lines}{{\"event_type\":\"message\",\"time\":\"2026-01-31T09:00:05Z\",\"conversation_id\":\"a\",\"role\":\"user\",\"text\":\"hi\"}}\n"
    );
    scene.file("events.jsonl", more.as_bytes());
    let grown = scene.json(&["import", path, "--output", "json"]);
    assert_eq!(
        (&grown["added"], &grown["repeated"]),
        (&1.into(), &2.into())
    );
    let answer = scene.json(QUERY);
    assert_eq!(
        (value(&answer, "sessions"), value(&answer, "messages")),
        (1.0, 3.0)
    );
}

#[test]
fn packed_files_folders_and_standard_input_are_read() {
    use std::io::Write;
    let scene = Scene::new();
    let plain = std::fs::read(example("bot-framework.transcript")).unwrap();
    std::fs::create_dir(scene.folder.path().join("in")).unwrap();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(&plain).unwrap();
    scene.file("in/one.transcript.gz", &packer.finish().unwrap());
    let folder = scene.json(&["import", "in", "--output", "json"]);
    assert!(folder["added"].as_u64().unwrap() > 5);
    assert_eq!(folder["formats"][0], "botframework");
    scene.file(
        "in/two.zst",
        &zstd::encode_all(plain.as_slice(), 1).unwrap(),
    );
    let glob = scene.json(&["import", "in/*.zst", "--output", "json"]);
    assert_eq!(glob["added"], 0, "the same conversation, packed otherwise");
    let mut child = scene
        .command(&["import", "-", "--output", "json"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&plain).unwrap();
    let output = child.wait_with_output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["added"], 0);
}

#[test]
fn a_bad_record_is_named_and_kept_and_the_rest_goes_in() {
    let scene = Scene::new();
    let output = scene.run(&["import", &example("events.jsonl"), "--output", "json"]);
    assert_eq!(code(&output), 3);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["rejected"], 1);
    assert!(report["added"].as_u64().unwrap() >= 7);
    let example = &report["examples"][0];
    assert_eq!(
        (&example["record"], &example["line"]),
        (&8.into(), &8.into())
    );
    assert!(example["reason"].as_str().unwrap().contains("mesage"));
    let kept = std::fs::read_to_string(report["rejected_file"].as_str().unwrap()).unwrap();
    assert_eq!(kept.lines().count(), 1);
}

#[test]
fn what_people_wrote_is_masked_before_it_is_stored() {
    let scene = Scene::new();
    let event = "{\"event_type\":\"message\",\"time\":\"2026-01-31T09:00:00Z\",\"conversation_id\":\"a\",\"role\":\"user\",\"text\":\"write to jo.doe@example.org\"}";
    let path = scene.file("one.jsonl", event.as_bytes());
    scene.ok(&["import", path.to_str().unwrap()]);
    for entry in walk(&scene.folder.path().join("data")) {
        let bytes = std::fs::read(&entry).unwrap();
        let found = bytes.windows(7).any(|window| window == b"jo.doe@");
        assert!(!found, "{} holds the address", entry.display());
    }
    let sessions = scene.json(&["sessions", "--output", "json"]);
    let id = sessions[0]["session_id"].as_str().unwrap();
    assert!(scene.ok(&["explain", id]).contains("write to [email]"));
}

pub fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(walk(&path))
        } else {
            files.push(path)
        }
    }
    files
}

#[test]
fn mistakes_on_the_command_line_are_explained() {
    let scene = Scene::new();
    let cases: &[(&[&str], i32, &str)] = &[
        (&["query", "--metrics", "sessions"], 1, "holds no data"),
        (&["import", "nowhere.json"], 2, "names no file"),
        (&["import", "--format", "csvv", "."], 2, "not a format"),
        (
            &["metrics", "resolution_rat"],
            2,
            "did you mean `resolution_rate`",
        ),
        (&["profiles", "nobody"], 2, "no profile"),
        (
            &["--workspace", "Up/..", "demo", "--conversations", "1"],
            2,
            "workspace name",
        ),
    ];
    for (line, expected, words) in cases {
        let output = scene.run(line);
        assert_eq!(code(&output), *expected, "{line:?}: {}", errors(&output));
        assert!(
            errors(&output).contains(words),
            "{line:?}: {}",
            errors(&output)
        );
    }
    scene.ok(&["demo", "--conversations", "50", "--end", "2026-03-01"]);
    let output = scene.run(&["query", "--metrics", "sesions"]);
    assert_eq!(code(&output), 2);
    assert!(errors(&output).contains("sessions"), "{}", errors(&output));
    let output = scene.run(&["query", "--metrics", "sessions", "--filter", "chanel = web"]);
    assert_eq!(code(&output), 2);
    assert!(errors(&output).contains("channel"), "{}", errors(&output));
}

#[test]
fn the_demo_is_the_same_twice_and_verify_finds_planted_damage() {
    let scene = Scene::new();
    let demo = [
        "demo",
        "--conversations",
        "200",
        "--end",
        "2026-03-01",
        "--output",
        "json",
    ];
    let first = scene.json(&demo);
    let again = scene.json(&demo);
    assert_eq!(again["loaded"]["added"], 0);
    assert_eq!(first["summary"]["totals"], again["summary"]["totals"]);
    assert_eq!(code(&scene.run(&["verify"])), 0);
    let damaged = walk(&scene.folder.path().join("data/data"))
        .into_iter()
        .find(|path| path.to_string_lossy().contains("/sessions/"))
        .unwrap();
    let mut bytes = std::fs::read(&damaged).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    std::fs::write(&damaged, bytes).unwrap();
    let output = scene.run(&["verify"]);
    assert_eq!(code(&output), 5, "{}", errors(&output));
}

#[test]
fn a_profile_of_the_users_own_makes_the_facts_anew() {
    let scene = Scene::new();
    scene.ok(&["demo", "--conversations", "100", "--end", "2026-03-01"]);
    let before = value(&scene.json(QUERY), "sessions");
    let own = scene.file(
        "own.toml",
        b"name = \"own\"\nversion = 1\nextends = \"default\"\n\n[timeout]\ndefault = \"20s\"\n",
    );
    scene.ok(&[
        "import",
        "--profile",
        own.to_str().unwrap(),
        &example("bot-framework.transcript"),
    ]);
    let after = value(&scene.json(QUERY), "sessions");
    assert!(
        after > before * 1.2,
        "twenty seconds of silence end a session: {before}, then {after}"
    );
    assert_eq!(code(&scene.run(&["verify"])), 0);
}

#[test]
fn drivers_metrics_profiles_and_backup_answer() {
    let scene = Scene::new();
    scene.ok(&["demo", "--conversations", "400", "--end", "2026-03-01"]);
    for outcome in ["resolution", "escalation", "abandon", "csat"] {
        let drivers = scene.json(&[
            "drivers",
            "--outcome",
            outcome,
            "--output",
            "json",
            "--limit",
            "3",
        ]);
        assert_eq!(drivers["rows"].as_array().unwrap().len(), 3, "{outcome}");
    }
    let retention = scene.json(&["retention", "--periods", "2", "--output", "json"]);
    let cohorts = retention["cohorts"].as_array().unwrap();
    assert!(
        cohorts.len() > 10 && cohorts[0]["users"].as_u64() > Some(0),
        "{retention}"
    );
    assert!(
        scene
            .ok(&["retention", "--period", "month", "--rolling"])
            .contains("month 1")
    );
    assert!(scene.ok(&["metrics", "resolution_rate"]).contains("→"));
    assert!(scene.ok(&["metrics"]).contains("engagement_rate"));
    assert!(scene.ok(&["profiles", "indigo"]).contains("10m"));
    assert!(scene.ok(&["profiles"]).contains("copilot-studio"));
    let copy = scene.folder.path().join("copy");
    scene.ok(&["backup", copy.to_str().unwrap()]);
    let expected = scene.json(QUERY)["totals"].clone();
    std::fs::remove_dir_all(scene.folder.path().join("data")).unwrap();
    scene.ok(&["restore", copy.to_str().unwrap()]);
    assert_eq!(scene.json(QUERY)["totals"], expected);
}
