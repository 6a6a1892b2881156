//! Scenarios in files: `tests/api/*.yaml`, each against a server of its own, over HTTP.
//!
//! A scenario is a list of steps. Each sends a `request` (method and path) with `headers` and a body (`json`, `lines`
//! of events, or `body` as it is), and says the `status` and what the answer must hold:
//!
//! * `answer`: of an object the members that are named, of an array every item, of a text that begins with `…` its
//!   end; `rows`: the same of every line of JSON Lines; `text`: the whole text;
//! * `answer_headers`: headers as they are;
//! * `remember`: names for later steps, which write them as `$name`: `header NAME`, or the place of a value within the
//!   answer, such as `/sessions/0/session_id`.
//!
//! `say` is for the reader. A scenario with a `key` has a server with that key.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::Scene;
use crate::server::serve_with;

#[test]
fn every_scenario_goes_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/api");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 9, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let scenario: Value = serde_norway::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let scene = Scene::new();
        let key = scenario["key"].as_str().map(|key| ("UPSHOT_KEY", key));
        let (_served, url) = serve_with(&scene, &[], key);
        let mut talk = Talk {
            url,
            remembered: BTreeMap::new(),
        };
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        for (number, step) in scenario["steps"].as_array().unwrap().iter().enumerate() {
            talk.step(step, &format!("{name}, step {}", number + 1));
        }
    }
}

/// A server, and what earlier steps remembered of its answers.
struct Talk {
    url: String,
    remembered: BTreeMap<String, String>,
}

struct Answer {
    status: u16,
    headers: ureq::http::HeaderMap,
    text: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }
}

impl Talk {
    fn step(&mut self, step: &Value, place: &str) {
        known_members(step, place);
        let step = self.filled(step);
        let answer = self.send(&step);
        let text = &answer.text;
        assert_eq!(answer.status, step["status"], "{place}: {text}");
        for (name, value) in step["answer_headers"].as_object().into_iter().flatten() {
            assert_eq!(
                answer.header(name),
                value.as_str().unwrap(),
                "{place}: {name}"
            );
        }
        if let Some(expected) = step["text"].as_str() {
            assert_eq!(text, expected, "{place}");
        }
        if let Some(expected) = step.get("rows") {
            let rows = text.lines().map(|line| serde_json::from_str(line).unwrap());
            holds(expected, &Value::Array(rows.collect()), place);
        }
        let json = serde_json::from_str(text).unwrap_or(Value::Null);
        if let Some(expected) = step.get("answer") {
            holds(expected, &json, place);
        }
        for (name, of) in step["remember"].as_object().into_iter().flatten() {
            let of = of.as_str().unwrap();
            let value = match of.strip_prefix("header ") {
                Some(header) => answer.header(header).to_owned(),
                None => json.pointer(of).unwrap().as_str().unwrap().to_owned(),
            };
            assert_ne!(value, "", "{place}: there is no {of}");
            self.remembered.insert(name.clone(), value);
        }
    }

    /// A step with what was remembered in the place of its names.
    fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                let names = self.remembered.iter();
                Value::String(names.fold(text.clone(), |text, (name, value)| {
                    text.replace(&format!("${name}"), value)
                }))
            }
            Value::Array(items) => items.iter().map(|item| self.filled(item)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, member)| (name.clone(), self.filled(member)))
                .collect(),
            other => other.clone(),
        }
    }

    fn send(&self, step: &Value) -> Answer {
        let (method, path) = step["request"].as_str().unwrap().split_once(' ').unwrap();
        let url = format!("{}{path}", self.url);
        let mut request = ureq::http::Request::builder().method(method).uri(&url);
        for (name, value) in step["headers"].as_object().into_iter().flatten() {
            request = request.header(name, value.as_str().unwrap());
        }
        let (kind, body) = body(step);
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .build()
            .into();
        let response = match body {
            Some(body) => agent.run(request.body(body).unwrap()),
            None => agent.run(request.body(()).unwrap()),
        };
        let mut response = response.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.body_mut().read_to_string().unwrap(),
        }
    }
}

/// The body of a step, and its type.
fn body(step: &Value) -> (Option<&'static str>, Option<String>) {
    if let Some(lines) = step["lines"].as_array() {
        let line = |line: &Value| match line {
            Value::String(text) => format!("{text}\n"),
            other => format!("{other}\n"),
        };
        return (
            Some("application/x-ndjson"),
            Some(lines.iter().map(line).collect()),
        );
    }
    if let Some(json) = step.get("json") {
        return (Some("application/json"), Some(json.to_string()));
    }
    (None, step["body"].as_str().map(str::to_owned))
}

fn known_members(step: &Value, place: &str) {
    const KNOWN: [&str; 12] = [
        "say",
        "request",
        "headers",
        "json",
        "lines",
        "body",
        "status",
        "answer",
        "rows",
        "text",
        "answer_headers",
        "remember",
    ];
    for member in step.as_object().unwrap().keys() {
        assert!(
            KNOWN.contains(&member.as_str()),
            "{place}: unknown member `{member}`"
        );
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
