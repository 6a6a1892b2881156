//! Files that people drop into the app.

use std::io::Write;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::common::{Answer, Bench, demo};
use crate::schema::Description;

async fn import(bench: &Bench, parameters: &str, body: impl Into<Body>) -> Answer {
    let path = format!("/api/v1/import?{parameters}");
    bench.post(&path, "application/octet-stream", body).await
}

async fn sessions(bench: &Bench) -> Value {
    let answer = bench.query(&json!({"metrics": ["sessions"]})).await.json();
    answer["totals"]["sessions"]["value"].clone()
}

#[tokio::test]
async fn a_dry_run_tells_what_a_real_run_does_and_stores_nothing() {
    let bench = Bench::new().await;
    let described = Description::new();
    let file = demo(60);
    let events = file.lines().count() as u64;
    let foreseen = import(&bench, "dry_run=true&name=demo.jsonl", file.clone()).await;
    assert_eq!(foreseen.status, 200, "{}", foreseen.text());
    let foreseen = foreseen.json();
    described.check("post", "/api/v1/import", 200, &foreseen);
    assert_eq!(foreseen["format"], "upshot");
    assert_eq!(
        (&foreseen["events"], &foreseen["new"], &foreseen["known"]),
        (&json!(events), &json!(events), &json!(0))
    );
    assert_eq!(foreseen["sequence"], Value::Null);
    assert_eq!(foreseen["first_events"].as_array().unwrap().len(), 10);
    assert!(
        foreseen["bots"].as_object().unwrap().len() > 1,
        "{foreseen}"
    );
    assert_eq!(sessions(&bench).await, 0);
    let done = import(&bench, "name=demo.jsonl", file.clone()).await.json();
    described.check("post", "/api/v1/import", 200, &done);
    for field in [
        "records",
        "events",
        "conversations",
        "new",
        "known",
        "event_types",
        "bots",
        "first_time",
        "last_time",
    ] {
        assert_eq!(done[field], foreseen[field], "{field}");
    }
    assert!(done["sequence"].as_u64().unwrap() > 0);
    let counted = sessions(&bench).await;
    assert!(counted.as_u64().unwrap() >= 60, "{counted}");
    // The same once more, in memory and in files.
    for flush in [false, true] {
        if flush {
            bench.lake.flush().await.unwrap();
        }
        for dry_run in [true, false] {
            let again = import(&bench, &format!("dry_run={dry_run}"), file.clone())
                .await
                .json();
            assert_eq!(
                (&again["new"], &again["known"]),
                (&json!(0), &json!(events)),
                "{again}"
            );
        }
    }
    assert_eq!(sessions(&bench).await, counted);
}

#[tokio::test]
async fn packed_files_are_known_by_their_first_bytes_and_bodies_may_come_in_crumbs() {
    let plain = demo(20);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(plain.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(plain.as_bytes(), 3).unwrap();
    let mut counts = Vec::new();
    for bytes in [plain.clone().into_bytes(), gzip.clone(), zstd] {
        let bench = Bench::new().await;
        let crumbs: Vec<Result<Vec<u8>, std::io::Error>> =
            bytes.chunks(997).map(|crumb| Ok(crumb.to_vec())).collect();
        let body = Body::from_stream(futures::stream::iter(crumbs));
        let answer = import(&bench, "", body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        counts.push((answer.json()["new"].clone(), sessions(&bench).await));
    }
    assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    // A file that breaks off says so, and what came before is in.
    let bench = Bench::new().await;
    let problem = import(&bench, "", gzip[..gzip.len() / 2].to_vec()).await;
    let problem = problem.problem(400, "bad-request");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("what came before is in"),
        "{problem}"
    );
    let broken: [Result<Vec<u8>, std::io::Error>; 2] =
        [Ok(plain.into_bytes()), Err(std::io::Error::other("gone"))];
    let problem = import(&bench, "", Body::from_stream(futures::stream::iter(broken))).await;
    let problem = problem.problem(400, "bad-request");
    assert!(
        problem["detail"].as_str().unwrap().contains("broke off"),
        "{problem}"
    );
    assert_eq!(sessions(&bench).await, counts[0].1);
}

#[tokio::test]
async fn what_cannot_be_taken_in_is_named_with_its_place_and_the_rest_goes_in() {
    let bench = Bench::new().await;
    let good = json!({
        "event_type": "message", "time": "2026-03-10T10:00:00Z", "conversation_id": "c-1", "role": "user",
        "text": "Call me at +49 30 123456789", "event_id": "e-1"
    });
    let mut wrong = good.clone();
    wrong["event_type"] = json!("mesage");
    let mut late = good.clone();
    late["time"] = json!("2026-03-10T10:05:00Z");
    let file = format!("{good}\n{wrong}\n{late}\n");
    let answer = import(&bench, "", file).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    assert_eq!(
        (&answer["new"], &answer["rejected"]),
        (&json!(1), &json!(2)),
        "{answer}"
    );
    let rejections = answer["rejections"].as_array().unwrap();
    assert_eq!(
        (&rejections[0]["record"], &rejections[0]["line"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(rejections[0]["field"], "event_type");
    assert_ne!(rejections[0]["cure"], "");
    let reason = rejections[1]["reason"].as_str().unwrap();
    assert!(reason.contains("another time"), "{reason}");
    let shown = answer["first_events"][0]["text"].as_str().unwrap();
    assert!(!shown.contains("123456789"), "{shown}");
}

#[tokio::test]
async fn a_mapping_may_come_along() {
    let bench = Bench::new().await;
    let mapping = include_str!("../../../../examples/helpdesk.toml");
    let escaped: String = mapping.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let file = include_str!("../../../../examples/helpdesk.csv");
    let answer = import(
        &bench,
        &format!("mapping={escaped}&name=helpdesk.csv"),
        file,
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    assert!(
        answer["format"].as_str().unwrap().starts_with("mapping "),
        "{answer}"
    );
    assert!(answer["new"].as_u64().unwrap() > 0, "{answer}");
    // As docs/formats/mapping.md has it.
    assert_eq!(answer["rejected"], 2, "{answer}");
    assert_eq!(answer["rejections"][0]["field"], "role", "{answer}");
    assert_eq!(answer["rejections"][1]["line"], 8, "{answer}");
}

#[tokio::test]
async fn wrong_parameters_and_other_types_are_refused() {
    let bench = Bench::new().await;
    for (parameters, field) in [
        ("format=exel", "format"),
        ("dry_run=perhaps", "dry_run"),
        ("mapping=%5Bwrong", "mapping"),
        ("formt=auto", "formt"),
    ] {
        let answer = import(&bench, parameters, "{}").await;
        assert_eq!(answer.status, 400, "{parameters}");
        assert_eq!(answer.json()["errors"][0]["field"], field);
    }
    let request = Request::post("/api/v1/import")
        .header("content-type", "text/csv")
        .body(Body::from("a,b"));
    let answer = bench.send(request.unwrap()).await;
    answer.problem(415, "unsupported-media-type");
    let nothing = import(&bench, "", "these are not conversations")
        .await
        .json();
    assert_eq!(
        (&nothing["format"], &nothing["new"]),
        (&json!("unknown"), &json!(0)),
        "{nothing}"
    );
}
