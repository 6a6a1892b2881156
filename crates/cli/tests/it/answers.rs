//! Every question goes one way: to the data directory or to a server, and its answer out as rows with the same columns.

use serde_json::{Value, json};

use crate::server::serve;
use crate::{Scene, code, errors};

/// A command, and the question that it asks.
type Asked = (&'static [&'static str], &'static str, Value);

/// A question of every kind about a range that is over.
fn asked() -> Vec<Asked> {
    vec![
        (
            &[
                "query",
                "--metrics",
                "sessions,resolution_rate",
                "--by",
                "channel",
            ],
            "query",
            json!({"metrics": ["sessions", "resolution_rate"], "dimensions": ["channel"]}),
        ),
        (
            &["drivers", "--outcome", "escalation"],
            "drivers",
            json!({"outcome": "escalation"}),
        ),
        (
            &["retention", "--period", "month", "--periods", "2"],
            "retention",
            json!({"period": "month", "periods": 2}),
        ),
        (&["paths", "--first", "2"], "paths", json!({"first": 2})),
        (&["flows", "--depth", "2"], "flows", json!({"depth": 2})),
        (
            &[
                "funnel",
                "--through",
                "step.kind = topic",
                "--through",
                "step.kind = handover",
            ],
            "funnel",
            json!({"through": ["step.kind = topic", "step.kind = handover"]}),
        ),
        (&["lift", "--at-least", "3"], "lift", json!({"at_least": 3})),
        (&["topics"], "topics", json!({})),
    ]
}

const RANGE: [&str; 4] = ["--from", "2026-01-01", "--to", "2026-02-15"];

#[test]
fn rows_are_the_same_from_the_directory_the_server_and_over_http() {
    let scene = Scene::demo();
    let csv = ["--output", "csv", "--quiet"];
    let own: Vec<String> = asked()
        .iter()
        .map(|(line, ..)| scene.ok(&[line, &RANGE[..], &csv].concat()))
        .collect();
    let (_served, url) = serve(&scene);
    for ((line, kind, mut question), own) in asked().into_iter().zip(own) {
        assert!(own.lines().count() > 1, "{kind}: {own}");
        assert!(!own.contains('%') && !own.contains('–'), "{kind}: {own}");
        let server = ["--server", &url];
        let through = scene.ok(&[line, &RANGE[..], &csv, &server].concat());
        assert_eq!(own, through, "{kind}");
        question["range"] = json!({"from": RANGE[1], "to": RANGE[3]});
        let answer = ureq::post(format!("{url}/api/v1/{kind}"))
            .header("accept", "text/csv")
            .send_json(question);
        let text = answer.unwrap().body_mut().read_to_string().unwrap();
        assert_eq!(own, text, "{kind}");
        let lines = scene.ok(&[line, &RANGE[..], &["--output", "jsonl"], &server].concat());
        assert_eq!(lines.lines().count() + 1, own.lines().count(), "{kind}");
        let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        let names = own.lines().next().unwrap().split(',').count();
        assert_eq!(first.as_object().unwrap().len(), names, "{kind}");
        let file = format!("{kind}.parquet");
        let to_file = ["--output", "parquet", "--to-file", &file];
        scene.ok(&[line, &RANGE[..], &to_file, &server].concat());
        let bytes = std::fs::read(scene.folder.path().join(&file)).unwrap();
        assert!(
            bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"),
            "{kind}"
        );
        let told = scene.ok(&[line, &RANGE[..], &["--explain", "--quiet"], &server].concat());
        for word in ["definitions", "rows read", "\ntime: "] {
            assert!(told.contains(word), "{kind}: {told}");
        }
    }
}

#[test]
fn live_and_what_is_behind_a_number_say_how_they_came_about() {
    let scene = Scene::demo();
    let behind = ["sessions", "--of", "top_10_percent_share"];
    let check = |server: &[&str]| {
        for line in [&["live"][..], &behind] {
            let told = scene.ok(&[line, &["--explain", "--quiet"], server].concat());
            for word in ["definitions", "rows read", "\ntime: "] {
                assert!(told.contains(word), "{line:?}: {told}");
            }
        }
    };
    check(&[]);
    let (_served, url) = serve(&scene);
    check(&["--server", &url]);
    let alone = scene.run(&["sessions", "--explain", "--server", &url]);
    assert!(errors(&alone).contains("--of"), "{}", errors(&alone));
}

#[test]
fn evidence_is_shown_through_a_server_too() {
    let scene = Scene::new();
    scene.ok(&[
        "demo",
        "--conversations",
        "40",
        "--end",
        "2026-03-01",
        "--quiet",
    ]);
    let all = [
        "sessions",
        "--limit",
        "5",
        "--output",
        "json",
        "--now",
        "2026-03-01T00:00:00Z",
    ];
    let sessions = scene.json(&all);
    let ids: Vec<&str> = sessions["sessions"]
        .as_array()
        .unwrap_or_else(|| sessions.as_array().unwrap())
        .iter()
        .map(|session| session["session_id"].as_str().unwrap())
        .collect();
    let shown = |server: &[&str]| -> Vec<(Value, String)> {
        let explain = |id: &&str| {
            let line = [&["explain", id][..], server].concat();
            let json = scene.json(&[&line[..], &["--output", "json"]].concat());
            (json, scene.ok(&line))
        };
        ids.iter().map(explain).collect()
    };
    let own = shown(&[]);
    assert!(
        own.iter()
            .all(|(json, _)| json["events"].as_array().unwrap().len() > 1)
    );
    let (_served, url) = serve(&scene);
    let alone = scene.run(&["explain", ids[0]]);
    assert_eq!(code(&alone), 4, "{}", errors(&alone));
    assert_eq!(shown(&["--server", &url]), own);
    let none = scene.run(&["explain", "none", "--server", &url]);
    assert_eq!(code(&none), 1);
    assert!(
        errors(&none).contains("there is no session `none`"),
        "{}",
        errors(&none)
    );
}

#[test]
fn what_is_no_answer_has_no_such_rows() {
    let scene = Scene::new();
    let refused = scene.run(&["sessions", "--output", "parquet"]);
    assert_eq!(code(&refused), 2);
    let said = errors(&refused);
    assert!(
        said.contains("only answers to questions") && !said.contains("  "),
        "{said}"
    );
    let refused = scene.run(&["import", "--output", "jsonl", "x"]);
    assert_eq!(code(&refused), 2);
}

#[test]
fn a_path_of_a_mapping_that_no_record_has_is_told_in_the_dry_run() {
    let scene = Scene::new();
    let mapping = "name = \"chat\"\n[input]\nformat = \"csv\"\n[defaults]\ntime = \"@.time\"\n\
        conversation_id = \"@.id\"\n[[event]]\nevent_type = \"message\"\nrole = \"user\"\ntext = \"@.mesage\"\n";
    let toml = scene.file("chat.toml", mapping.as_bytes());
    let data = "time,id,message,note\n2026-01-01T00:00:00Z,c,hello,\n2026-01-01T00:00:01Z,c,bye,\n";
    let data = scene.file("chat.csv", data.as_bytes());
    let (toml, data) = (toml.to_str().unwrap(), data.to_str().unwrap());
    let line = ["import", "--mapping", toml, "--dry-run", data];
    let told = scene.json(&[&line[..], &["--output", "json"]].concat());
    let wanted =
        "`@.mesage` (line 10 of the mapping) was in none of 2 records; did you mean `@.message`?";
    assert_eq!(told["warnings"], json!([wanted]));
    assert!(scene.ok(&line).contains(&format!("warning: {wanted}")));
    // A column that is there and empty is no slip.
    let right = mapping.replace("@.mesage", "@.note");
    let toml = scene.file("note.toml", right.as_bytes());
    let line = [
        "import",
        "--mapping",
        toml.to_str().unwrap(),
        "--dry-run",
        data,
    ];
    let told = scene.json(&[&line[..], &["--output", "json"]].concat());
    assert_eq!(told.get("warnings"), None);
}
