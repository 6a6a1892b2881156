//! The way in.

use std::io::Write;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Request;
use serde_json::{Value, json};
use upshot_text::PrivacyMode;

use crate::common::{Bench, conversation};

const PATH: &str = "/api/v1/events";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn packed(encoding: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(PATH)
        .header("content-type", "application/json")
        .header("content-encoding", encoding)
        .body(body.into())
        .unwrap()
}

fn lines(events: &Value) -> String {
    let events = events.as_array().unwrap();
    events.iter().map(|event| format!("{event}\n")).collect()
}

#[tokio::test]
async fn an_object_an_array_and_lines_are_taken_in_and_known_the_second_time() {
    let bench = Bench::new().await;
    let events = conversation("c1", "web");
    let first = events[0].to_string();
    let answer = bench.post(PATH, "application/json", first).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    let shown = answer.json();
    let sequence = shown["sequence"].as_u64().unwrap();
    assert_eq!(
        shown,
        json!({
            "received": 1, "added": 1, "repeated": 0, "erased": 0, "outdated": 0, "rejected_count": 0, "rejected": [],
            "sequence": sequence
        })
    );
    let answer = bench
        .post(PATH, "application/json; charset=utf-8", events.to_string())
        .await;
    assert_eq!(answer.status, 202);
    let shown = answer.json();
    assert_eq!(
        (&shown["received"], &shown["added"], &shown["repeated"]),
        (&json!(2), &json!(1), &json!(1))
    );
    assert!(shown["sequence"].as_u64().unwrap() > sequence);
    for kind in ["application/x-ndjson", "application/jsonl"] {
        let answer = bench.post(PATH, kind, lines(&events)).await;
        assert_eq!(answer.status, 202);
        assert_eq!(answer.json()["repeated"], 2, "{kind}");
    }
    // What was answered is there.
    let stored = bench.lake.conversation("main", "c1").await.unwrap();
    assert_eq!(stored.len(), 2);
    assert_eq!(stored[0].text.as_deref(), Some("question of c1"));
    assert_eq!(stored[0].received_time, Some(crate::common::NOW));
    assert!(bench.lake.status().log_sequence >= shown["sequence"].as_u64().unwrap());
}

#[tokio::test]
async fn good_records_go_in_and_each_bad_one_is_named() {
    let bench = Bench::new().await;
    let good = conversation("c1", "web");
    let body = format!(
        "{}\n\n{{\"event_type\": \"mesage\", \"time\": 1773144000, \"conversation_id\": \"c1\"}}\n{}\n{{\"cut\": \n{}\n",
        good[0],
        good[1],
        json!({"event_type": "message", "time": "2099-01-01T00:00:00Z", "conversation_id": "c1"}),
    );
    let answer = bench.post(PATH, "application/x-ndjson", body).await;
    let problem = answer.problem(400, "rejected-records");
    assert_eq!(problem["received"], 5);
    assert_eq!(problem["added"], 2);
    assert_eq!(problem["repeated"], 0);
    assert_eq!(problem["rejected_count"], 3);
    let rejected = problem["rejected"].as_array().unwrap();
    let places: Vec<_> = rejected
        .iter()
        .map(|it| (it["record"].as_u64(), it["line"].as_u64()))
        .collect();
    assert_eq!(
        places,
        [(Some(2), Some(3)), (Some(4), Some(5)), (Some(5), None)]
    );
    assert_eq!(rejected[0]["field"], "event_type");
    assert!(
        rejected[0]["reason"]
            .as_str()
            .unwrap()
            .contains("did you mean `message`")
    );
    assert!(
        rejected[2]["reason"]
            .as_str()
            .unwrap()
            .contains("two days ahead")
    );
    for record in rejected {
        assert_ne!(record["cure"], "", "{record}");
    }
    assert_eq!(
        bench.lake.conversation("main", "c1").await.unwrap().len(),
        2
    );
}

#[tokio::test]
async fn a_conflict_is_named_by_its_record_in_a_long_body() {
    let bench = Bench::new().await;
    let event = |number: usize, time: &str| {
        let padding = "x".repeat(700);
        json!({"event_id": format!("e{number}"), "event_type": "message", "time": time,
               "conversation_id": format!("c{}", number / 10), "role": "user", "text": padding})
    };
    let first = event(1500, "2026-03-10T10:00:00Z").to_string();
    assert_eq!(
        bench.post(PATH, "application/json", first).await.status,
        202
    );
    // Longer than one slice, with bad lines before and the conflict far behind.
    let mut body = String::new();
    for number in 0..2000 {
        if number == 3 || number == 1400 {
            body.push_str("not json\n");
        }
        body.push_str(&format!("{}\n", event(number, "2026-03-10T11:00:00Z")));
    }
    let answer = bench.post(PATH, "application/x-ndjson", body).await;
    let problem = answer.problem(400, "rejected-records");
    assert_eq!(problem["received"], 2002);
    assert_eq!(problem["added"], 1999);
    let records: Vec<_> = problem["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["record"].as_u64().unwrap())
        .collect();
    assert_eq!(records, [4, 1402, 1503]);
}

#[tokio::test]
async fn gzip_and_zstd_are_unpacked() {
    let bench = Bench::new().await;
    let text = conversation("c1", "web").to_string();
    for (encoding, body) in [
        ("identity", text.clone().into_bytes()),
        ("gzip", gzip(text.as_bytes())),
        ("x-gzip", gzip(text.as_bytes())),
        ("GZIP", gzip(text.as_bytes())),
        ("zstd", zstd::encode_all(text.as_bytes(), 3).unwrap()),
        ("zstd", zstd::encode_all(text.as_bytes(), 19).unwrap()),
    ] {
        let answer = bench.send(packed(encoding, body)).await;
        assert_eq!(answer.status, 202, "{encoding}: {}", answer.text());
        assert_eq!(answer.json()["received"], 2, "{encoding}");
    }
    for encoding in ["gzip", "zstd"] {
        let answer = bench.send(packed(encoding, text.clone())).await;
        let problem = answer.problem(400, "bad-request");
        assert!(problem["detail"].as_str().unwrap().contains(encoding));
    }
    let cut = gzip(text.as_bytes());
    let answer = bench
        .send(packed("gzip", cut[..cut.len() / 2].to_vec()))
        .await;
    answer.problem(400, "bad-request");
}

#[tokio::test]
async fn other_types_and_encodings_are_not_accepted() {
    let bench = Bench::new().await;
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "text/json",
        "",
    ] {
        let answer = bench.post(PATH, kind, "{}").await;
        let problem = answer.problem(415, "unsupported-media-type");
        assert!(
            problem["detail"]
                .as_str()
                .unwrap()
                .contains("application/x-ndjson")
        );
    }
    let none = Request::post(PATH).body(Body::from("{}")).unwrap();
    bench
        .send(none)
        .await
        .problem(415, "unsupported-media-type");
    for encoding in ["br", "deflate", "gzip, zstd"] {
        let answer = bench.send(packed(encoding, "{}")).await;
        answer.problem(415, "unsupported-media-type");
        assert_eq!(answer.header("accept-encoding"), "gzip, zstd, identity");
    }
}

#[tokio::test]
async fn bodies_beyond_a_limit_are_refused_with_the_limit_and_nothing_of_them_is_kept() {
    let bench = Bench::with_server(|options| {
        options.limits.packed_bytes = 40_000;
        options.limits.unpacked_bytes = 200_000;
    })
    .await;
    let events: Vec<Value> = (0..1000)
        .map(|number| {
            json!({"event_type": "message", "time": "2026-03-10T10:00:00Z", "role": "user",
                   "conversation_id": format!("c{number}"), "text": "x".repeat(300)})
        })
        .collect();
    let text = json!(events).to_string();
    assert!(text.len() > 300_000);
    let answer = bench.post(PATH, "application/json", text.clone()).await;
    let problem = answer.problem(413, "too-large");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("40000 bytes as it is sent")
    );
    for (encoding, body) in [
        ("gzip", gzip(text.as_bytes())),
        ("zstd", zstd::encode_all(text.as_bytes(), 3).unwrap()),
    ] {
        assert!(body.len() < 40_000);
        let problem = bench
            .send(packed(encoding, body))
            .await
            .problem(413, "too-large");
        assert!(
            problem["detail"]
                .as_str()
                .unwrap()
                .contains("200000 bytes unpacked"),
            "{encoding}"
        );
    }
    // Without a length that announces it.
    let parts = (0..8).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 8_000])));
    let body = Body::from_stream(futures::stream::iter(parts));
    bench
        .post(PATH, "application/json", body)
        .await
        .problem(413, "too-large");
    assert_eq!(bench.lake.status().events_received, 0);
    // The room of all bodies is given back.
    let answer = bench.events("main", &conversation("c1", "web")).await;
    assert_eq!(answer.status, 202);
}

#[tokio::test]
async fn a_small_body_that_unpacks_to_a_huge_one_is_given_up_early() {
    let bench = Bench::new().await;
    let huge = vec![b' '; 100 << 20];
    let bomb = gzip(&huge);
    assert!(bomb.len() < 200_000);
    bench
        .send(packed("gzip", bomb))
        .await
        .problem(413, "too-large");
    let bomb = zstd::encode_all(huge.as_slice(), 1).unwrap();
    bench
        .send(packed("zstd", bomb))
        .await
        .problem(413, "too-large");
    // A frame that wants the reader to remember 128 MiB.
    let mut packer = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    packer.window_log(27).unwrap();
    packer.write_all(&huge).unwrap();
    let greedy = packer.finish().unwrap();
    bench
        .send(packed("zstd", greedy))
        .await
        .problem(400, "bad-request");
}

#[tokio::test]
async fn without_room_for_bodies_the_client_is_asked_to_come_back() {
    let bench = Bench::with_server(|options| options.limits.bodies_bytes = 16 << 10).await;
    let answer = bench
        .post(PATH, "application/json", vec![b' '; 100 << 10])
        .await;
    answer.problem(429, "busy");
    assert_eq!(answer.header("retry-after"), "1");
    let answer = bench.events("main", &conversation("c1", "web")).await;
    assert_eq!(answer.status, 202);
}

#[tokio::test]
async fn a_full_lake_asks_the_client_to_come_back() {
    let bench = Bench::with(
        |_| {},
        |options| {
            options.memory_bytes = 1000;
            options.flush_interval = Duration::from_secs(3600);
        },
    )
    .await;
    let mut answers = Vec::new();
    for number in 0..50 {
        let id = format!("c{number}");
        answers.push(bench.events("main", &conversation(&id, "web")).await);
    }
    let busy = answers
        .iter()
        .find(|answer| answer.status == 429)
        .expect("never full");
    busy.problem(429, "busy");
    assert!(busy.header("retry-after").parse::<u32>().unwrap() >= 1);
    assert_eq!(answers[0].status, 202);
}

#[tokio::test]
async fn a_closed_lake_is_unavailable() {
    let bench = Bench::new().await;
    bench.lake.close().await.unwrap();
    let answer = bench.events("main", &conversation("c1", "web")).await;
    answer.problem(503, "unavailable");
}

#[tokio::test]
async fn a_body_that_does_not_arrive_times_out() {
    let bench = Bench::with_server(|options| {
        options.limits.body_time = Duration::from_millis(20);
    })
    .await;
    let body = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
    bench
        .post(PATH, "application/json", body)
        .await
        .problem(408, "request-timeout");
}

#[tokio::test]
async fn an_empty_body_is_a_mistake_and_an_empty_array_is_not() {
    let bench = Bench::new().await;
    bench
        .post(PATH, "application/json", "")
        .await
        .problem(400, "bad-request");
    let answer = bench.post(PATH, "application/json", "[]").await;
    assert_eq!(answer.status, 202);
    assert_eq!(answer.json()["received"], 0);
}

#[tokio::test]
async fn a_workspace_is_named_once_and_well() {
    let bench = Bench::new().await;
    let events = conversation("c1", "web");
    let answer = bench.events("No%20Name", &events).await;
    let problem = answer.problem(400, "bad-request");
    assert_eq!(problem["errors"][0]["field"], "workspace");
    let both = |header: &str| {
        Request::post("/api/v1/events?workspace=one")
            .header("content-type", "application/json")
            .header("x-upshot-workspace", header)
            .body(Body::from(events.to_string()))
            .unwrap()
    };
    bench.send(both("two")).await.problem(400, "bad-request");
    assert_eq!(bench.send(both("one")).await.status, 202);
    assert_eq!(bench.lake.conversation("one", "c1").await.unwrap().len(), 2);
    assert_eq!(
        bench.lake.conversation("main", "c1").await.unwrap().len(),
        0
    );
}

#[tokio::test]
async fn texts_are_kept_as_the_privacy_mode_says() {
    let event = json!({"event_id": "e1", "event_type": "message", "time": "2026-03-10T10:00:00Z",
        "conversation_id": "c1", "role": "user", "text": "write to jane.roe@example.org please"});
    for (mode, expected) in [
        (PrivacyMode::Masked, false),
        (PrivacyMode::Full, true),
        (PrivacyMode::None, false),
    ] {
        let bench = Bench::with_server(|options| options.privacy = mode).await;
        assert_eq!(bench.events("main", &event).await.status, 202);
        let stored = bench.lake.conversation("main", "c1").await.unwrap();
        let text = stored[0].text.as_deref();
        assert_eq!(
            text.is_some_and(|text| text.contains("jane.roe")),
            expected,
            "{mode}"
        );
        assert_eq!(text.is_some(), mode != PrivacyMode::None);
    }
}
