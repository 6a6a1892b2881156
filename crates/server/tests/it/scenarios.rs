//! Scenarios in files: tests/api/*.json.
//!
//! A scenario is a list of steps. Each sends a request and says the status and what the answer must
//! hold: of an object the members that are named, of an array every item, of a text that begins with
//! `…` its end.

use std::path::Path;

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;

use crate::common::Bench;

#[tokio::test]
async fn every_scenario_goes_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/api");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    files.sort();
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let scenario: Value = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let key = scenario["key"].as_str().map(str::to_owned);
        let bench = Bench::with_server(|options| options.key = key).await;
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        for (number, step) in scenario["steps"].as_array().unwrap().iter().enumerate() {
            run(&bench, step, &format!("{name}, step {}", number + 1)).await;
        }
    }
}

async fn run(bench: &Bench, step: &Value, place: &str) {
    for member in step.as_object().unwrap().keys() {
        let known = [
            "say",
            "request",
            "headers",
            "json",
            "lines",
            "status",
            "answer",
            "answer_headers",
        ];
        assert!(
            known.contains(&member.as_str()),
            "{place}: unknown member `{member}`"
        );
    }
    let (method, path) = step["request"].as_str().unwrap().split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in step["headers"].as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap());
    }
    let body = if let Some(lines) = step["lines"].as_array() {
        request = request.header("content-type", "application/x-ndjson");
        let line = |line: &Value| match line {
            Value::String(text) => format!("{text}\n"),
            other => format!("{other}\n"),
        };
        lines.iter().map(line).collect()
    } else if step["json"].is_null() {
        String::new()
    } else {
        request = request.header("content-type", "application/json");
        step["json"].to_string()
    };
    let answer = bench.send(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(
        answer.status.as_u16(),
        step["status"],
        "{place}: {}",
        answer.text()
    );
    for (name, value) in step["answer_headers"].as_object().into_iter().flatten() {
        assert_eq!(
            answer.header(name),
            value.as_str().unwrap(),
            "{place}: {name}"
        );
    }
    if let Some(expected) = step.get("answer") {
        holds(expected, &answer.json(), place);
    }
}

fn holds(expected: &Value, found: &Value, place: &str) {
    match (expected, found) {
        (Value::Object(members), Value::Object(_)) => {
            for (name, member) in members {
                holds(member, &found[name], &format!("{place}.{name}"));
            }
        }
        (Value::Array(items), Value::Array(others)) => {
            assert_eq!(items.len(), others.len(), "{place}: {found}");
            for (index, (item, other)) in items.iter().zip(others).enumerate() {
                holds(item, other, &format!("{place}[{index}]"));
            }
        }
        (Value::String(text), Value::String(other)) if text.starts_with('…') => {
            let ending = text.trim_start_matches('…');
            assert!(
                other.ends_with(ending),
                "{place}: `{other}` does not end with `{ending}`"
            );
        }
        // Real numbers are added up in multiples of 2⁻⁴⁰: a cent is one only to the twelfth digit.
        (Value::Number(number), Value::Number(other)) if number.is_f64() || other.is_f64() => {
            let apart = number.as_f64().zip(other.as_f64());
            let apart = apart.map_or(f64::INFINITY, |(number, other)| (number - other).abs());
            assert!(apart < 1e-12, "{place}: {other} is not {number}");
        }
        _ => assert_eq!(expected, found, "{place}"),
    }
}
