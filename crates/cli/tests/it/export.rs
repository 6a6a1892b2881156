//! Exports of the binary: as many rows as the numbers say, alone and through a server.

use serde_json::Value;

use crate::server::serve;
use crate::{Scene, code, errors};

fn number(scene: &Scene, metric: &str, filter: &str) -> usize {
    let line = [
        "query",
        "--metrics",
        metric,
        "--filter",
        filter,
        "--output",
        "json",
    ];
    let answer = scene.json(&line);
    answer["totals"][metric]["value"].as_f64().unwrap() as usize
}

#[test]
fn an_export_has_as_many_rows_as_a_query_counts() {
    let scene = Scene::demo();
    let web = "channel = web";
    let sessions = scene.ok(&["export", "sessions", "--filter", web, "--format", "csv"]);
    assert_eq!(
        sessions.lines().count() - 1,
        number(&scene, "sessions", web)
    );
    let said = "message.role in (user, bot, agent)";
    let messages = scene.ok(&["export", "messages", "--filter", web, "--filter", said]);
    assert_eq!(messages.lines().count(), number(&scene, "messages", web));
    let conversations = scene.ok(&["export", "conversations", "--filter", web]);
    let sessions = conversations.lines().map(|line| {
        let row: Value = serde_json::from_str(line).unwrap();
        row["session_count"].as_u64().unwrap() as usize
    });
    assert_eq!(sessions.sum::<usize>(), number(&scene, "sessions", web));
}

#[test]
fn a_file_is_named_after_its_format_and_is_there_only_as_a_whole() {
    let scene = Scene::demo();
    for (name, begins) in [
        ("s.csv", &b"channel\n"[..]),
        ("s.jsonl", b"{\"channel\":"),
        ("s.parquet", b"PAR1"),
        ("s.arrow", &[0xff, 0xff, 0xff, 0xff]),
    ] {
        scene.ok(&[
            "export",
            "sessions",
            "--columns",
            "channel",
            "--to-file",
            name,
        ]);
        let found = std::fs::read(scene.folder.path().join(name)).unwrap();
        assert!(found.starts_with(begins), "{name}");
    }
    let wrong = scene.run(&[
        "export",
        "sessions",
        "--columns",
        "chanel",
        "--to-file",
        "wrong.csv",
    ]);
    assert_eq!(code(&wrong), 2);
    assert!(
        errors(&wrong).contains("did you mean `channel`"),
        "{}",
        errors(&wrong)
    );
    let names = std::fs::read_dir(scene.folder.path()).unwrap();
    for name in names {
        let name = name.unwrap().file_name();
        assert!(!name.to_string_lossy().starts_with("wrong"), "{name:?}");
    }
}

#[test]
fn a_server_gives_the_same_rows() {
    let scene = Scene::demo();
    let line = [
        "export",
        "messages",
        "--columns",
        "event_id,text,session.outcome",
    ];
    let alone = scene.ok(&line);
    let (served, url) = serve(&scene);
    let through: Vec<&str> = line.into_iter().chain(["--server", &url]).collect();
    let through = scene.ok(&through);
    drop(served);
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert!(alone.lines().count() > 1_000);
    assert_eq!(sorted(&alone), sorted(&through));
}

#[test]
fn answers_are_written_in_every_format() {
    let scene = Scene::demo();
    let query = ["query", "--metrics", "sessions", "--by", "channel"];
    for (output, begins) in [
        ("csv", &b"channel,sessions,"[..]),
        ("json", b"{"),
        ("jsonl", b"{\"channel\":"),
        ("parquet", b"PAR1"),
        ("arrow", &[0xff, 0xff, 0xff, 0xff]),
    ] {
        let more = ["--output", output, "--to-file", "answer"];
        let line: Vec<&str> = query.into_iter().chain(more).collect();
        scene.ok(&line);
        let found = std::fs::read(scene.folder.path().join("answer")).unwrap();
        assert!(found.starts_with(begins), "{output}");
    }
    let table: Vec<&str> = query.into_iter().chain(["--to-file", "answer"]).collect();
    assert_eq!(code(&scene.run(&table)), 2);
    assert_eq!(code(&scene.run(&["metrics", "--output", "parquet"])), 2);
}
