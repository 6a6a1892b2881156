//! The price list from the command line: shown, checked, set, alone and through a server.

use serde_json::Value;

use crate::server::serve;
use crate::{Scene, code, errors};

const OWN: &str = "compiled = 2026-03-01\ncurrency = \"USD\"\n\
    [[price]]\nmodel = \"house-*\"\ninput = 2\noutput = 4\nsource = \"our contract\"\n";

const EVENTS: &str = r#"
{"event_id":"e1","event_type":"message","time":"2026-03-01T09:30:00Z","conversation_id":"c1","role":"user","message_kind":"text","text":"Hello"}
{"event_id":"e2","event_type":"model_call","time":"2026-03-01T09:30:01Z","conversation_id":"c1","model":"house-1","tokens_input":1000000,"tokens_output":500000}
"#;

fn cost(scene: &Scene, more: &[&str]) -> (Value, String) {
    let line = ["query", "--metrics", "model_cost", "--output", "json"];
    let answer = scene.json(&[&line[..], more].concat());
    let list = answer["definitions"][0]["price_list"].as_str().unwrap();
    (
        answer["totals"]["model_cost"]["value"].clone(),
        list.to_owned(),
    )
}

fn set_and_priced(scene: &Scene, more: &[&str]) {
    let (before, built_in) = cost(scene, more);
    assert_eq!(before, Value::Null);
    let file = scene.file("prices.toml", OWN.as_bytes());
    let file = file.to_str().unwrap();
    scene.ok(&[&["prices", "set", file, "--quiet"][..], more].concat());
    let (after, own) = cost(scene, more);
    assert_eq!(after, 4);
    assert!(own.starts_with("2026-03-01#") && own != built_in, "{own}");
    let toml = scene.ok(&[&["prices", "--toml"][..], more].concat());
    assert_eq!(toml, OWN);
    let shown = scene.json(&[&["prices", "--output", "json"][..], more].concat());
    assert_eq!(shown["version"], own.as_str());
}

fn loaded() -> Scene {
    let scene = Scene::new();
    let events = scene.file("events.jsonl", EVENTS.trim_start().as_bytes());
    scene.ok(&["import", events.to_str().unwrap(), "--quiet"]);
    scene
}

#[test]
fn the_list_is_set_in_the_data_directory() {
    set_and_priced(&loaded(), &[]);
}

#[test]
fn the_list_is_set_through_a_server() {
    let scene = loaded();
    let (_served, url) = serve(&scene);
    set_and_priced(&scene, &["--server", &url]);
}

#[test]
fn a_wrong_list_is_refused_with_all_its_mistakes() {
    let scene = Scene::new();
    let table = scene.ok(&["prices"]);
    assert!(table.contains("gpt-4o-mini"), "{table}");
    let wrong = OWN.replace("input = 2", "inptu = 2").replace("USD", "EUR");
    let file = scene.file("wrong.toml", wrong.as_bytes());
    let checked = scene.run(&["prices", "check", file.to_str().unwrap()]);
    assert_eq!(code(&checked), 2);
    let said = errors(&checked);
    for part in ["`currency`", "did you mean `input`?", "`price[1].input`"] {
        assert!(said.contains(part), "{said}");
    }
    let good = scene.file("good.toml", OWN.as_bytes());
    let said = scene.ok(&["prices", "check", good.to_str().unwrap()]);
    assert!(said.contains("1 entry, version 2026-03-01#"), "{said}");
}
