//! Users are erased on the command line, and what is too old goes.

use std::future::Future;
use std::sync::Arc;

use serde_json::json;
use upshot_lake::{Keeping, Lake, LakeOptions};
use upshot_store::Store;

use crate::{Scene, code, errors};

fn wait<T>(task: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(task)
}

fn events() -> String {
    let said = |id: &str, minute: u32, user: &str| {
        let event = json!({
            "event_id": format!("{id}-{minute}"), "event_type": "message", "role": "user", "conversation_id": id,
            "time": format!("2026-03-01T10:{minute:02}:00Z"), "user_id": user, "text": format!("words of {user}")
        });
        format!("{event}\n")
    };
    said("c1", 1, "anna") + &said("c1", 2, "anna") + &said("c2", 3, "ben")
}

#[test]
fn a_user_is_erased_proven_and_stays_away() {
    let scene = Scene::new();
    let file = scene.file("events.jsonl", (events() + "no record\n").as_bytes());
    let file = file.to_str().unwrap();
    let import = ["import", file, "--output", "json", "--quiet"];
    let imported = scene.run(&import);
    assert_eq!(code(&imported), 3);
    let rejected = scene.folder.path().join("data/rejected/main");
    assert_eq!(std::fs::read_dir(&rejected).unwrap().count(), 1);
    let look = ["erase", "--user", "anna", "--dry-run", "--output", "json"];
    let foreseen = scene.json(&look);
    assert_eq!(
        (&foreseen["conversations"], &foreseen["events"]),
        (&json!(1), &json!(2))
    );
    // Nobody sits at a terminal here.
    let asked = scene.run(&["erase", "--user", "anna"]);
    assert_eq!(code(&asked), 2);
    assert!(errors(&asked).contains("--yes"), "{}", errors(&asked));
    let erase = ["erase", "--user", "anna", "--yes", "--output", "json"];
    let proof = scene.json(&erase);
    assert_eq!(
        (&proof["events"], &proof["verified"], &proof["by"]),
        (&json!(2), &json!(true), &json!("the command line"))
    );
    assert_eq!(proof["rejected_files"], 1);
    assert!(proof["finished"].is_string());
    assert_eq!(std::fs::read_dir(&rejected).unwrap().count(), 0);
    let listed = scene.json(&["erase", "--list", "--output", "json"]);
    assert_eq!(listed, json!({"erasures": [proof]}));
    assert!(scene.ok(&["erase", "--list"]).contains("the command line"));
    let imported = scene.run(&import);
    let report: serde_json::Value = serde_json::from_slice(&imported.stdout).unwrap();
    assert_eq!(
        (&report["erased"], &report["added"], &report["repeated"]),
        (&json!(2), &json!(0), &json!(1))
    );
    scene.ok(&["verify", "--quiet"]);
    let usage = scene.run(&["erase"]);
    assert_eq!(code(&usage), 2);
}

#[test]
fn what_is_older_goes_when_somebody_says_so() {
    let scene = Scene::new();
    let file = scene.file("events.jsonl", events().as_bytes());
    let file = file.to_str().unwrap();
    scene.ok(&["import", file, "--quiet"]);
    let keep = ["settings", "keep", "--texts", "20", "--events", "30"];
    let look = [&keep[..], &["--dry-run", "--output", "json"]].concat();
    let foreseen = scene.json(&look);
    assert_eq!(
        (
            &foreseen["texts"],
            &foreseen["events"],
            &foreseen["sessions"]
        ),
        (&json!(3), &json!(3), &json!(0))
    );
    let asked = scene.run(&keep);
    assert_eq!(code(&asked), 2);
    assert!(errors(&asked).contains("--yes"), "{}", errors(&asked));
    scene.ok(&[&keep[..], &["--yes"]].concat());
    let shown = scene.json(&["settings", "keep", "--output", "json"]);
    assert_eq!(
        (&shown["texts_days"], &shown["facts_days"]),
        (&json!(20), &json!(null))
    );
    assert!(shown["first_days"]["events"].is_string(), "{shown}");
    let again = scene.ok(&["import", file, "--quiet"]);
    assert!(again.contains("too old to be kept  3"), "{again}");
    scene.ok(&[
        "settings", "keep", "--texts", "forever", "--events", "forever",
    ]);
    scene.ok(&["verify", "--quiet"]);
    let wrong = scene.run(&["settings", "keep", "--events", "many"]);
    assert_eq!(code(&wrong), 2);
}

/// 1 March 2026, 12:00, and a day later.
const THEN: i64 = 1_772_366_400_000_000;
const DAY_AFTER: i64 = THEN + 86_400_000_000;

/// Notes on a session of 1 March and one of today.
async fn write_notes(scene: &Scene) {
    let store = Store::open(&scene.folder.path().join("data"))
        .await
        .unwrap();
    for (session, started) in [("old", THEN), ("new", i64::MAX)] {
        let note = ("what somebody said of it", None);
        let noted = store.set_note("main", (session, started), None, note, DAY_AFTER);
        noted.await.unwrap();
    }
    store.close().await;
}

/// How many notes there are on each.
async fn notes(scene: &Scene) -> [usize; 2] {
    let store = Store::open(&scene.folder.path().join("data"))
        .await
        .unwrap();
    let mut counts = [0; 2];
    for (count, session) in counts.iter_mut().zip(["old", "new"]) {
        *count = store.notes("main", session).await.unwrap().len();
    }
    store.close().await;
    counts
}

/// Whatever the command is: sessions that are too old go when it ends, and what people said of them with these.
#[test]
fn notes_go_with_their_sessions_where_no_server_runs() {
    for command in [
        &["query", "--metrics", "sessions", "--quiet"][..],
        &["import", "events.jsonl", "--quiet"],
        &["verify", "--quiet"],
        &["settings"],
    ] {
        let scene = Scene::new();
        scene.file("events.jsonl", events().as_bytes());
        scene.ok(&["import", "events.jsonl", "--quiet"]);
        wait(async {
            write_notes(&scene).await;
            // Said on the day after, when nothing is too old yet.
            let data = scene.folder.path().join("data");
            let options = LakeOptions::new(&data, Arc::new(|| DAY_AFTER));
            let lake = Lake::open(options).await.unwrap();
            let days = Some(30);
            let keeping = Keeping {
                texts: days,
                events: days,
                facts: days,
            };
            lake.set_keeping("main", keeping).await.unwrap();
            lake.close().await.unwrap();
            assert_eq!(notes(&scene).await, [1, 1]);
        });
        scene.ok(command);
        assert_eq!(wait(notes(&scene)), [0, 1], "{command:?}");
    }
}

#[test]
fn clearing_the_demo_takes_what_was_said_of_its_sessions() {
    let scene = Scene::new();
    scene.ok(&["demo", "--conversations", "5", "--quiet"]);
    wait(write_notes(&scene));
    scene.ok(&["demo", "--clear"]);
    assert_eq!(wait(notes(&scene)), [0, 0]);
}
