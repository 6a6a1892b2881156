//! What the engine costs: bytes written for bytes taken in, files written for late events, and
//! whether a query holds up those who send.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use upshot_core::Event;
use upshot_core::time::{DAY, HOUR, MINUTE};
use upshot_lake::Table;

use crate::engine::{Bench, demo_days};

/// What is written for a byte that is taken in, at most.
const MOST_WRITTEN: f64 = 4.0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_of_traffic_with_flushes_seals_and_merges_writes_less_than_four_times_its_bytes() {
    let bench = Bench::new(1);
    let mut events = demo_days(3_000, 2);
    events.sort_by_key(|event| event.time);
    let mut options = bench.options();
    // Only the test flushes, so that every run does the same.
    options.flush_interval = Duration::from_secs(1 << 30);
    let lake = upshot_lake::Lake::open(options).await.unwrap();
    let (first, last) = (events[0].time, events[events.len() - 1].time);
    let step = 60 * MINUTE;
    let mut rest = events.as_slice();
    let mut now = first;
    while now < last + 2 * HOUR {
        now += step;
        bench.set(now);
        let (part, later) = rest.split_at(rest.partition_point(|event| event.time < now));
        rest = later;
        for part in part.chunks(200) {
            lake.append("main", part).await.unwrap();
        }
        lake.flush().await.unwrap();
        lake.tidy().await.unwrap();
    }
    let status = lake.status();
    assert_eq!(status.events_received as usize, events.len());
    assert_eq!(status.unflushed_events, 0);
    let times = status.written_bytes as f64 / status.log_bytes as f64;
    eprintln!(
        "{} events, {} bytes of log, {} bytes of {} data files in {} flushes, {} bytes written: {times:.2} times",
        events.len(),
        status.log_bytes,
        status.file_bytes,
        status.files_written,
        status.flushes,
        status.written_bytes,
    );
    assert!(status.written_bytes >= status.log_bytes + status.file_bytes);
    assert!(times < MOST_WRITTEN, "{times:.2} bytes are written for one");
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_late_event_rewrites_the_facts_of_its_day_and_bucket_only() {
    let bench = Bench::new(4);
    let events = demo_days(400, 10);
    let late = events.iter().max_by_key(|event| event.time % 1009).unwrap();
    let early: Vec<Event> = events
        .iter()
        .filter(|event| *event != late)
        .cloned()
        .collect();
    let lake = bench.open().await;
    lake.append("main", &early).await.unwrap();
    lake.flush_and_seal().await.unwrap();
    let paths = async |lake: &upshot_lake::Lake| {
        let capture = lake.capture("main", &Table::ALL).await.unwrap();
        let files = capture.tables.into_iter().flat_map(|table| table.files);
        files
            .map(|file| (file.path, file.rows))
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    let before = paths(&lake).await;
    lake.append("main", std::slice::from_ref(late))
        .await
        .unwrap();
    lake.flush_and_seal().await.unwrap();
    let after = paths(&lake).await;
    let ended: u64 = before
        .iter()
        .filter(|(path, _)| !after.contains_key(*path))
        .map(|(_, rows)| rows)
        .sum();
    let files = after
        .keys()
        .filter(|path| !before.contains_key(*path))
        .count();
    let all: u64 = before.values().sum();
    eprintln!("{files} files written, {ended} of {all} rows written again");
    assert!(files <= 8, "{files} files");
    assert!(ended * 10 < all, "{ended} of {all} rows were written again");
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_that_folds_much_does_not_hold_up_those_who_send() {
    let bench = Bench::new(1);
    let events = demo_days(6_000, 1);
    // Nothing is sealed or flushed: the query folds all of it.
    let now = events.iter().map(|event| event.time).max().unwrap() - DAY;
    bench.set(now);
    let lake = bench.open().await;
    let (some, many) = events.split_at(500);
    lake.append("main", many).await.unwrap();
    let (done, answered) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let sender = tokio::spawn({
        let (lake, done, answered) = (lake.clone(), done.clone(), answered.clone());
        let some = some.to_vec();
        async move {
            for event in &some {
                if done.load(Ordering::SeqCst) {
                    break;
                }
                lake.append("main", std::slice::from_ref(event))
                    .await
                    .unwrap();
                answered.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_micros(200)).await;
            }
        }
    });
    while answered.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_micros(100)).await;
    }
    let before = answered.load(Ordering::SeqCst);
    let started = std::time::Instant::now();
    lake.capture("main", &Table::FACTS).await.unwrap();
    let (taken, meanwhile) = (started.elapsed(), answered.load(Ordering::SeqCst) - before);
    done.store(true, Ordering::SeqCst);
    sender.await.unwrap();
    eprintln!("{meanwhile} requests were answered while a query folded for {taken:?}");
    assert!(
        meanwhile >= 5,
        "{meanwhile} requests were answered within {taken:?}"
    );
    lake.close().await.unwrap();
}
