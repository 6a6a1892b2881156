//! The description of the interface.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

fn kept() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi.json")
}

#[test]
fn openapi_json_is_what_the_code_says() {
    let made = upshot_server::openapi::json().unwrap();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(kept(), &made).unwrap();
    }
    let kept = std::fs::read_to_string(kept()).unwrap_or_default();
    assert!(
        made == kept,
        "openapi.json is out of date; `UPDATE_EXPECT=1 cargo test -p upshot-server` writes it"
    );
}

#[test]
fn every_path_is_described_and_every_reference_leads_somewhere() {
    let description: Value =
        serde_json::from_str(&upshot_server::openapi::json().unwrap()).unwrap();
    let paths: BTreeSet<&str> = description["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    for path in [
        "/api/v1/events",
        "/api/v1/query",
        "/api/v1/metrics",
        "/api/v1/metrics/{id}",
        "/api/v1/dimensions",
        "/api/v1/profiles",
        "/health/live",
        "/health/ready",
        "/metrics",
    ] {
        assert!(paths.contains(path), "{path}");
    }
    for item in description["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            assert!(operation["summary"].is_string(), "{operation}");
            assert!(operation["responses"].is_object(), "{operation}");
        }
    }
    check_references(&description, &description);
}

fn check_references(whole: &Value, part: &Value) {
    match part {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(
                    whole.pointer(pointer).is_some(),
                    "{reference} leads nowhere"
                );
            }
            members
                .values()
                .for_each(|member| check_references(whole, member));
        }
        Value::Array(items) => items.iter().for_each(|item| check_references(whole, item)),
        _ => {}
    }
}
