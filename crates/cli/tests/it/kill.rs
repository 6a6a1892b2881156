//! The server is killed at random moments while clients send: what was acknowledged is there,
//! nothing is there twice, and what is stored agrees with itself.
//!
//! `UPSHOT_KILLS` says how many times (8 without it), `UPSHOT_KILL_SEED` makes a run again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::Scene;
use crate::server::{Served, serve_with};

/// Events in one request: whole conversations of four messages.
const BATCH: usize = 20;
const CLIENTS: usize = 2;
/// 2026-01-05: everything that is sent was over long ago, so it is sealed at once.
const FIRST_TIME: i64 = 1_767_571_200;

/// Flushes, new segments, merges and expiries as often as possible, so that kills meet them.
const HURRY: [&str; 6] = [
    "--flush-seconds",
    "0.15",
    "--segment-kib",
    "16",
    "--keep-snapshots-seconds",
    "2",
];

fn number_of(name: &str, without: u64) -> u64 {
    let wanted = std::env::var(name).ok();
    wanted.and_then(|text| text.parse().ok()).unwrap_or(without)
}

/// What one client sent, batch by batch, and up to where it was answered.
#[derive(Debug, Default)]
struct Sent {
    batches: usize,
    acknowledged: usize,
    repeated: u64,
}

/// The events of a batch, the same whenever it is sent. Some are late: they belong to a conversation
/// of an earlier batch, whose session is in files by then.
fn batch(client: usize, number: usize) -> String {
    let mut lines = String::new();
    for index in 0..BATCH {
        let conversation = number * BATCH / 4 + index / 4;
        let late = index == BATCH - 1 && number > 20;
        let conversation = if late {
            conversation - 60
        } else {
            conversation
        };
        let position = if late { 4 } else { index % 4 };
        let second = FIRST_TIME + (conversation * 40 + position * 5) as i64;
        let role = if position % 2 == 0 { "user" } else { "bot" };
        let event = serde_json::json!({
            "event_id": format!("{client}-{number}-{index}"),
            "event_type": "message",
            "time": second,
            "conversation_id": format!("{client}-{conversation}"),
            "role": role,
            "text": format!("message {index} of batch {number}"),
            "channel": "web",
            "bot": "test",
        });
        lines.push_str(&event.to_string());
        lines.push('\n');
    }
    lines
}

/// The answer, if there was one.
fn send(url: &str, body: &str) -> Option<(u16, Value)> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)))
        .build()
        .into();
    let mut answer = agent
        .post(&format!("{url}/api/v1/events"))
        .header("content-type", "application/x-ndjson")
        .send(body)
        .ok()?;
    let status = answer.status().as_u16();
    let body: Value = serde_json::from_str(&answer.body_mut().read_to_string().ok()?).ok()?;
    Some((status, body))
}

/// Sends until told to end; a batch without an answer is sent again, by the next server if need be.
fn client(url: &str, client: usize, sent: &Mutex<Sent>, stop: &AtomicBool) {
    while !stop.load(Ordering::SeqCst) {
        let number = sent.lock().unwrap().acknowledged;
        sent.lock().unwrap().batches = number + 1;
        match send(url, &batch(client, number)) {
            Some((202, answer)) => {
                let mut sent = sent.lock().unwrap();
                sent.acknowledged = number + 1;
                sent.repeated += answer["repeated"].as_u64().unwrap();
                assert_eq!(answer["rejected_count"], 0, "{answer}");
            }
            Some((429, _)) => thread::sleep(Duration::from_millis(50)),
            Some((status, answer)) => panic!("{status}: {answer}"),
            None => {}
        }
        thread::sleep(Duration::from_millis(8));
    }
}

/// Lets clients send for a while, then kills the server in the middle.
fn run_and_kill(scene: &Scene, sent: &[Arc<Mutex<Sent>>], milliseconds: u64) {
    let (mut served, url): (Served, String) = serve_with(scene, &HURRY, None);
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = sent
        .iter()
        .enumerate()
        .map(|(number, sent)| {
            let (url, sent, stop) = (url.clone(), sent.clone(), stop.clone());
            thread::spawn(move || client(&url, number, &sent, &stop))
        })
        .collect();
    thread::sleep(Duration::from_millis(milliseconds));
    served.kill();
    stop.store(true, Ordering::SeqCst);
    for client in clients {
        client.join().unwrap();
    }
}

fn totals(scene: &Scene) -> (u64, u64) {
    let answer = scene.json(&[
        "query",
        "--metrics",
        "sessions,messages",
        "--environment",
        "all",
        "--from",
        "2026-01-01",
        "--to",
        "2027-01-01",
        "--output",
        "json",
    ]);
    let total = |id: &str| answer["totals"][id]["value"].as_f64().unwrap() as u64;
    (total("sessions"), total("messages"))
}

fn verify(scene: &Scene) {
    let report = scene.json(&["verify", "--output", "json"]);
    assert_eq!(report["problems"], serde_json::json!([]), "{report}");
}

#[test]
fn a_server_that_is_killed_again_and_again_loses_and_doubles_nothing() {
    let kills = number_of("UPSHOT_KILLS", 8);
    let mut chance = number_of("UPSHOT_KILL_SEED", u64::from(std::process::id())) | 1;
    eprintln!("UPSHOT_KILL_SEED={chance}");
    let scene = Scene::new();
    let sent: Vec<_> = (0..CLIENTS)
        .map(|_| Arc::new(Mutex::new(Sent::default())))
        .collect();
    for kill in 0..kills {
        // A linear congruential generator; its upper bits are the good ones.
        chance = chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        run_and_kill(&scene, &sent, 100 + (chance >> 33) % 900);
        if kill % 8 == 3 {
            verify(&scene);
        }
    }
    let (_, messages) = totals(&scene);
    let counts = |of: fn(&Sent) -> usize| -> u64 {
        sent.iter()
            .map(|sent| of(&sent.lock().unwrap()) as u64)
            .sum::<u64>()
            * BATCH as u64
    };
    let (acknowledged, tried) = (
        counts(|sent| sent.acknowledged),
        counts(|sent| sent.batches),
    );
    assert!(
        acknowledged <= messages && messages <= tried,
        "{acknowledged} {messages} {tried}"
    );
    check_whole(&scene, &sent);
    verify(&scene);
    let repeated: u64 = sent.iter().map(|sent| sent.lock().unwrap().repeated).sum();
    eprintln!(
        "{kills} kills, {acknowledged} events acknowledged, {repeated} of them had been stored by a \
         server that was killed before it could say so"
    );
}

/// Sends everything again: what was acknowledged is known, and with the rest the whole is there once.
fn check_whole(scene: &Scene, sent: &[Arc<Mutex<Sent>>]) {
    let (served, url) = serve_with(scene, &HURRY, None);
    let mut conversations = 0;
    let mut events = 0;
    for (client, sent) in sent.iter().enumerate() {
        let sent = sent.lock().unwrap();
        for number in 0..sent.batches {
            let (status, answer) = send(&url, &batch(client, number)).unwrap();
            assert_eq!(status, 202, "{answer}");
            let known = number < sent.acknowledged;
            assert!(
                !known || answer["added"] == 0,
                "client {client}, batch {number}: {answer}"
            );
        }
        conversations += sent.batches * BATCH / 4;
        events += sent.batches * BATCH;
    }
    drop(served);
    assert_eq!(totals(scene), (conversations as u64, events as u64));
}
