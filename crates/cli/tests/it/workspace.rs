//! What a workspace sets and keeps, on the command line.

use serde_json::{Value, json};

use crate::{Scene, code, errors};

const NOW: [&str; 2] = ["--now", "2026-03-01T12:00:00Z"];

fn demo(scene: &Scene) {
    scene.ok(&[
        "demo",
        "--conversations",
        "60",
        "--end",
        "2026-03-01T12:00:00Z",
        "--quiet",
    ]);
}

#[test]
fn settings_are_changed_one_by_one_and_questions_follow_them() {
    let scene = Scene::new();
    demo(&scene);
    let shown = scene.json(&["settings", "--output", "json"]);
    assert_eq!(
        (&shown["time_zone"], &shown["changed"]),
        (&json!("UTC"), &Value::Null)
    );
    scene.ok(&[
        "settings",
        "set",
        "--timezone",
        "Asia/Tokyo",
        "--week-start",
        "sunday",
    ]);
    scene.ok(&[
        "settings",
        "set",
        "--currency",
        "EUR",
        "--cost",
        "agent_minute=0.9",
        "--bot",
        "shop=Shop assistant",
    ]);
    let shown = scene.json(&["settings", "--output", "json"]);
    assert_eq!(
        (&shown["time_zone"], &shown["week_start"]),
        (&json!("Asia/Tokyo"), &json!("sunday"))
    );
    assert_eq!(
        shown["bots"],
        json!([{"id": "shop", "name": "Shop assistant"}])
    );
    assert_eq!(shown["costs"]["agent_minute"], 0.9);
    let query = [
        "query",
        "--metrics",
        "sessions",
        "--grain",
        "week",
        "--output",
        "json",
    ];
    let weeks = scene.json(&[&query[..], &NOW].concat());
    assert_eq!(weeks["range"]["time_zone"], "Asia/Tokyo");
    // 2026-02-22 and 2026-03-01 are Sundays.
    let last = weeks["rows"].as_array().unwrap().last().unwrap()["dimensions"]["week"].clone();
    assert_eq!(last, "2026-03-01");
    let named = scene.json(&[&query[..], &NOW, &["--timezone", "UTC"]].concat());
    assert_eq!(named["range"]["time_zone"], "UTC");
    for (line, words) in [
        (
            &["settings", "set", "--timezone", "Europe/Berln"][..],
            "time_zone",
        ),
        (
            &["settings", "set", "--cost", "agent_minute=much"],
            "no number",
        ),
        (&["settings", "set", "--cost", "coffee=3"], "human_contact"),
        (&["settings", "set", "--bot", "shop"], "--bot shop"),
    ] {
        let output = scene.run(line);
        assert_eq!(code(&output), 2, "{}", errors(&output));
        assert!(errors(&output).contains(words), "{}", errors(&output));
    }
    let table = scene.ok(&["settings"]);
    assert!(
        table.contains("0.9 EUR") && table.contains("shop: Shop assistant"),
        "{table}"
    );
    let other = scene.json(&["settings", "--workspace", "other", "--output", "json"]);
    assert_eq!(other["currency"], "USD");
}

#[test]
fn the_demo_is_cleared_unless_something_else_came_in() {
    let scene = Scene::new();
    let none = scene.run(&["demo", "--clear"]);
    assert_ne!(code(&none), 0);
    demo(&scene);
    let cleared = scene.json(&["demo", "--clear", "--output", "json"]);
    assert!(cleared["sessions"].as_u64().unwrap() >= 60, "{cleared}");
    let query = ["query", "--metrics", "sessions", "--output", "json"];
    let asked = |scene: &Scene| scene.json(&query)["totals"]["sessions"]["value"].clone();
    assert_eq!(asked(&scene), 0);
    assert_eq!(code(&scene.run(&["verify"])), 0);
    let again = scene.run(&["demo", "--clear"]);
    assert_eq!(code(&again), 1, "{}", errors(&again));
    assert!(
        errors(&again).contains("did not fill"),
        "{}",
        errors(&again)
    );
    demo(&scene);
    assert!(asked(&scene).as_u64().unwrap() >= 60);
    let own = scene.file(
        "own.jsonl",
        br#"{"event_type": "message", "time": "2026-02-27T10:00:00Z", "conversation_id": "c", "role": "user", "text": "hello"}"#,
    );
    scene.ok(&["import", own.to_str().unwrap(), "--quiet"]);
    let refused = scene.run(&["demo", "--clear"]);
    assert_eq!(code(&refused), 1, "{}", errors(&refused));
    assert!(
        errors(&refused).contains("`upshot`"),
        "{}",
        errors(&refused)
    );
    assert!(asked(&scene).as_u64().unwrap() > 60);
}

#[test]
fn verify_finds_damage_in_what_people_set() {
    let scene = Scene::new();
    demo(&scene);
    scene.ok(&["settings", "set", "--ticket-baseline", "0.5"]);
    let whole = scene.json(&["verify", "--skip-facts", "--output", "json"]);
    assert_eq!(whole["problems"], json!([]));
    assert!(whole["store_rows"].as_u64().unwrap() > 0, "{whole}");
    let path = scene.folder.path().join("data/store.sqlite");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100..160].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    let found = scene.run(&["verify", "--skip-facts"]);
    assert_eq!(code(&found), 5, "{}", errors(&found));
    let told = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(told.contains("store.sqlite: "), "{told}");
}

#[test]
fn tickets_are_compared_with_the_baseline_that_is_stated() {
    let scene = Scene::new();
    demo(&scene);
    let asked = |scene: &Scene| {
        let query = ["query", "--metrics", "ticket_reduction", "--output", "json"];
        let answer = scene.json(&[&query[..], &NOW].concat());
        answer["totals"]["ticket_reduction"].clone()
    };
    let unset = asked(&scene);
    assert_eq!(unset["value"], Value::Null, "{unset}");
    assert_eq!(unset["reason"], "the workspace states no baseline");
    let set = |baseline: &str| scene.ok(&["settings", "set", "--ticket-baseline", baseline]);
    assert!(set("0.5").contains("0.5 of inquiries"));
    let stated = asked(&scene);
    let part = |name: &str| stated[name].as_f64().unwrap();
    let expected = 1.0 - part("numerator") / part("denominator") / 0.5;
    assert!((part("value") - expected).abs() < 1e-9, "{stated}");
    assert_eq!(stated["baseline"]["value"], 0.5);
    // Against all that there is, now is as before.
    set("2020-01-01..2026-12-31");
    let same = asked(&scene);
    assert_eq!(same["value"].as_f64(), Some(0.0), "{same}");
    assert_eq!(same["baseline"]["numerator"], same["numerator"]);
    set("none");
    assert_eq!(asked(&scene), unset);
    let wrong = scene.run(&["settings", "set", "--ticket-baseline", "much"]);
    assert_eq!(code(&wrong), 2, "{}", errors(&wrong));
}
