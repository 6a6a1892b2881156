//! Tables of answers, the sessions behind them, and saved filters, from the command line.

use serde_json::Value;

use crate::server::serve;
use crate::{Scene, code, errors};

const NOW: [&str; 2] = ["--now", "2026-03-01T00:00:00Z"];

fn loaded() -> Scene {
    let scene = Scene::new();
    scene.ok(&[
        "demo",
        "--conversations",
        "400",
        "--end",
        "2026-03-01",
        "--quiet",
    ]);
    scene
}

fn query(scene: &Scene, more: &[&str]) -> Value {
    let line = ["query", "--output", "json"];
    scene.json(&[&line[..], &NOW, more].concat())
}

fn behind(scene: &Scene, more: &[&str]) -> Value {
    let line = ["sessions", "--output", "json", "--limit", "1000"];
    scene.json(&[&line[..], &NOW, more].concat())
}

#[test]
fn others_subtotals_and_pages_are_printed() {
    let scene = loaded();
    let line = ["query", "--metrics", "sessions", "--by", "channel,topic"];
    let all = query(&scene, &line[1..]);
    let groups = all["rows"].as_array().unwrap();
    let table = [&line[..], &["--limit", "2", "--other", "--subtotals"], &NOW].concat();
    let printed = scene.ok(&table);
    assert!(printed.contains("(all others)"), "{printed}");
    let csv = scene.ok(&[&table[..], &["--output", "csv"]].concat());
    let count = |kind: &str| csv.lines().filter(|line| line.starts_with(kind)).count();
    assert_eq!((count("group,"), count("other,")), (2, 1), "{csv}");
    assert!(count("subtotal,") > 0, "{csv}");
    let mut rows = Vec::new();
    let mut cursor = String::new();
    loop {
        let mut page = vec![
            "--metrics",
            "sessions",
            "--by",
            "channel,topic",
            "--limit",
            "3",
        ];
        if !cursor.is_empty() {
            page.extend(["--cursor", &cursor]);
        }
        let answer = query(&scene, &page);
        rows.extend(answer["rows"].as_array().unwrap().clone());
        match answer["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(&rows, groups);
    let refused = scene.run(&["query", "--metrics", "sessions", "--cursor", "0123"]);
    assert_eq!(code(&refused), 2, "{}", errors(&refused));
}

#[test]
fn the_sessions_behind_a_number_are_as_many_as_it_says() {
    let scene = loaded();
    let by = ["--by", "channel", "--limit", "1", "--other"];
    let metrics = [
        "--metrics",
        "resolution_rate,sessions,clicks",
        "--order",
        "-sessions",
    ];
    let answer = query(&scene, &[&metrics[..], &by].concat());
    let row = &answer["rows"][0];
    let channel = format!("channel={}", row["dimensions"]["channel"].as_str().unwrap());
    for part in ["numerator", "denominator"] {
        let found = behind(
            &scene,
            &[
                "--of",
                "resolution_rate",
                "--part",
                part,
                "--cell",
                &channel,
            ],
        );
        assert_eq!(
            found["session_count"],
            row["metrics"]["resolution_rate"][part]
        );
        let listed = found["sessions"].as_array().unwrap().len() as u64;
        assert_eq!(listed, found["session_count"].as_u64().unwrap());
    }
    let clicks = behind(&scene, &["--of", "clicks", "--cell", &channel]);
    assert_eq!(clicks["row_count"], row["metrics"]["clicks"]["value"]);
    let rows = clicks["sessions"].as_array().unwrap().iter();
    let rows: u64 = rows.map(|session| session["rows"].as_u64().unwrap()).sum();
    assert_eq!(clicks["row_count"], rows);
    let others = ["--of", "sessions", "--other", "1", "--by", "channel"];
    let others = behind(&scene, &others);
    assert_eq!(
        others["session_count"],
        answer["rows"][1]["metrics"]["sessions"]["value"]
    );
    let table = [&["sessions", "--of", "clicks", "--limit", "3"][..], &NOW].concat();
    let table = scene.run(&table);
    let said = errors(&table);
    assert!(
        said.contains("steps") && said.contains("--cursor"),
        "{said}"
    );
    let wrong = scene.run(&["sessions", "--of", "sessions", "--cell", "chanel=web"]);
    assert_eq!(code(&wrong), 2, "{}", errors(&wrong));
}

fn segments(scene: &Scene, more: &[&str]) {
    let with = |line: &[&str]| -> Vec<String> {
        line.iter()
            .chain(more)
            .map(|word| (*word).to_owned())
            .collect()
    };
    let ok = |line: &[&str]| {
        let line = with(line);
        scene.ok(&line.iter().map(String::as_str).collect::<Vec<_>>())
    };
    ok(&["segments", "set", "web / new", "channel = web", "--quiet"]);
    ok(&[
        "segments",
        "set",
        "talkative",
        "user_messages > 3",
        "--quiet",
    ]);
    let table = ok(&["segments"]);
    assert!(
        table.contains("web / new") && table.contains("user_messages > 3"),
        "{table}"
    );
    let shown = ok(&["segments", "show", "web / new", "--output", "json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["filter"], "channel = web");
    let query = [
        &["query", "--metrics", "sessions", "--output", "json"][..],
        &NOW,
    ]
    .concat();
    let asked = |names: &[&str]| -> Value {
        let named = names.iter().flat_map(|name| ["--segment", name]);
        let line: Vec<&str> = query.iter().copied().chain(named).collect();
        serde_json::from_str(&ok(&line)).unwrap()
    };
    let web = asked(&["web / new"])["totals"]["sessions"]["value"].clone();
    assert!(web.as_u64().unwrap() > 50, "{web}");
    let both = asked(&["web / new", "talkative"]);
    assert_eq!(both["rows"][0]["metrics"]["sessions"]["value"], web);
    assert_eq!(
        both["rows"][1]["metrics"]["sessions"]["compare"]["value"],
        web
    );
    ok(&["segments", "remove", "talkative", "--quiet"]);
    let line = with(&["segments", "remove", "talkative"]);
    let again = scene.run(&line.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(code(&again), 1, "{}", errors(&again));
    let line = with(&["segments", "set", "wrong", "chanel = web"]);
    let wrong = scene.run(&line.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(
        errors(&wrong).contains("did you mean `channel`?"),
        "{}",
        errors(&wrong)
    );
}

#[test]
fn segments_are_saved_in_the_data_directory_and_go_into_backups() {
    let scene = loaded();
    segments(&scene, &[]);
    let listed = scene.ok(&["sessions", "--filter", "segment \"web / new\"", "--quiet"]);
    assert!(listed.contains("web"), "{listed}");
    let other = ["--workspace", "other"];
    let none = scene.run(&[&["segments", "show", "web / new"][..], &other].concat());
    assert_eq!(code(&none), 1, "{}", errors(&none));
    scene.ok(&["backup", "copy", "--quiet"]);
    scene.ok(&["restore", "copy", "--data", "again", "--quiet"]);
    let restored = scene.ok(&["segments", "--data", "again", "--output", "csv"]);
    assert!(restored.contains("web / new,channel = web"), "{restored}");
}

#[test]
fn chats_say_where_windows_are_not_told_apart() {
    let scene = loaded();
    let asked = |more: &[&str]| {
        let line = ["query", "--metrics", "chats"];
        errors(&scene.run(&[&line[..], &NOW, more].concat()))
    };
    let said = asked(&[]);
    assert!(
        said.contains("do not tell windows and pages apart"),
        "{said}"
    );
    scene.ok(&["profiles", "add", "indigo", "--quiet"]);
    let said = asked(&["--fact-set", "indigo"]);
    assert!(!said.contains("windows"), "{said}");
}

#[test]
fn segments_are_saved_through_a_server() {
    let scene = loaded();
    let (_served, url) = serve(&scene);
    segments(&scene, &["--server", &url]);
}

#[test]
fn an_answer_tells_how_it_came_about() {
    let scene = loaded();
    let line = [
        "query",
        "--metrics",
        "sessions,clicks",
        "--explain",
        "--last",
        "7d",
    ];
    let printed = scene.ok(&[&line[..], &NOW].concat());
    for part in [
        "definitions",
        "sessions for the rows",
        "steps for the rows",
        "columns  ",
        "time: resolve",
    ] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
}
