//! All that a workspace holds of one source goes, at once and for good, and nothing else does.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use upshot_core::Event;
use upshot_core::time::{DAY, HOUR};
use upshot_lake::{Cleared, Lake, LakeError, Settings, Table};

use crate::crashes::{NOW, events, filed_ids, options, runtime, stride};
use crate::engine::{Bench, demo, sessions};
use crate::simulated_disk::{Disk, Loss};

async fn found(lake: &Lake, workspace: &str) -> usize {
    sessions(&lake.capture(workspace, &[Table::Sessions]).await.unwrap()).len()
}

async fn check_clean(lake: &Lake) {
    let report = lake.verify(true).await.unwrap();
    assert_eq!(report.catalog.problems, []);
    assert_eq!(report.facts, []);
}

#[tokio::test]
async fn what_was_cleared_is_gone_also_after_a_restart_and_may_come_again() {
    let bench = Bench::new(2);
    let lake = bench.open().await;
    let events = demo(60);
    let (first, second) = events.split_at(events.len() / 2);
    lake.append("main", first).await.unwrap();
    lake.append("other", first).await.unwrap();
    lake.flush().await.unwrap();
    lake.append("main", second).await.unwrap();
    let before = found(&lake, "main").await;
    let others = found(&lake, "other").await;
    assert!(before > 40 && others > 20);
    let cleared = lake.clear("main", "demo").await.unwrap();
    assert_eq!(cleared.events, events.len() as u64);
    assert_eq!(found(&lake, "main").await, 0);
    assert_eq!(found(&lake, "other").await, others);
    check_clean(&lake).await;
    // Once more there is nothing to clear.
    assert_eq!(
        lake.clear("main", "demo").await.unwrap(),
        Cleared::default()
    );
    assert_eq!(
        lake.clear("none", "demo").await.unwrap(),
        Cleared::default()
    );
    lake.close().await.unwrap();
    let lake = bench.open().await;
    assert_eq!(found(&lake, "main").await, 0);
    assert_eq!(found(&lake, "other").await, others);
    let receipt = lake.append("main", &events).await.unwrap();
    assert_eq!((receipt.added, receipt.repeated), (events.len(), 0));
    assert_eq!(found(&lake, "main").await, before);
    lake.flush_and_seal().await.unwrap();
    check_clean(&lake).await;
    // The files go with the snapshots that hold them.
    lake.clear("main", "demo").await.unwrap();
    bench.set(bench.now() + 2 * HOUR);
    lake.append("other", second).await.unwrap();
    lake.flush_and_seal().await.unwrap();
    lake.tidy().await.unwrap();
    let left = |workspace: &str| {
        let folder = bench.folder.path().join("data/data").join(workspace);
        let tables = std::fs::read_dir(folder).unwrap();
        let files = tables.flat_map(|table| std::fs::read_dir(table.unwrap().path()).unwrap());
        files.count()
    };
    assert_eq!(left("main"), 0);
    assert!(left("other") > 0);
    check_clean(&lake).await;
    lake.close().await.unwrap();
}

#[tokio::test]
async fn nothing_is_cleared_where_another_source_said_anything() {
    let bench = Bench::new(1);
    let lake = bench.open().await;
    let mut events = demo(20);
    lake.append("main", &events).await.unwrap();
    let before = found(&lake, "main").await;
    for source in [Some("upshot"), None] {
        let mut own = Event {
            source: source.map(Into::into),
            event_id: format!("own {source:?}").into(),
            ..events[0].clone()
        };
        own.conversation_id = "own".into();
        lake.append("main", &[own]).await.unwrap();
        let refused = lake.clear("main", "demo").await.unwrap_err();
        assert!(
            matches!(refused, LakeError::ClearingRefused(_)),
            "{refused}"
        );
    }
    assert!(found(&lake, "main").await > before);
    events.truncate(3);
    let receipt = lake.append("main", &events).await.unwrap();
    assert_eq!(receipt.repeated, 3);
    lake.close().await.unwrap();
}

#[tokio::test]
async fn every_fact_set_is_cleared_and_goes_on() {
    let bench = Bench::new(1);
    let lake = bench.open().await;
    let events = demo(30);
    lake.append("main", &events).await.unwrap();
    lake.flush_and_seal().await.unwrap();
    let beside = "name = \"beside\"\nversion = 1\n[timeout]\ndefault = \"3m\"\n";
    let beside = Settings::of_profile(beside).unwrap();
    lake.add_fact_set("main", beside).await.unwrap();
    lake.wait_until_built("main").await.unwrap();
    lake.clear("main", "demo").await.unwrap();
    let capture = lake
        .capture_of("main", Some("beside"), &[Table::Sessions])
        .await;
    assert_eq!(sessions(&capture.unwrap()).len(), 0);
    lake.append("main", &events).await.unwrap();
    let capture = lake
        .capture_of("main", Some("beside"), &[Table::Sessions])
        .await;
    assert!(sessions(&capture.unwrap()).len() > 20);
    lake.flush_and_seal().await.unwrap();
    check_clean(&lake).await;
    lake.close().await.unwrap();
}

/// What is on the disk at every step of clearing is all or nothing.
#[test]
fn power_loss_while_clearing_leaves_all_or_nothing() {
    let events = events();
    let disk = Disk::new();
    let (mut began, mut ended) = (0, 0);
    runtime().block_on(async {
        let clock = Arc::new(AtomicI64::new(NOW));
        let lake = Lake::open(options(&disk, &clock)).await.unwrap();
        let (first, second) = events.split_at(events.len() / 2);
        lake.append("main", first).await.unwrap();
        lake.flush_and_seal().await.unwrap();
        lake.append("main", second).await.unwrap();
        disk.record();
        began += disk.operations();
        lake.clear("main", "demo").await.unwrap();
        ended += disk.operations();
        lake.close().await.unwrap();
    });
    let mut moments = disk.moments();
    moments.push(disk.moment());
    let all: BTreeSet<Box<str>> = events.iter().map(|event| event.event_id.clone()).collect();
    let (mut whole, mut empty, mut seen) = (0, 0, BTreeSet::new());
    // The last is always looked at: the transaction's own steps are the catalog's, and little follows it.
    let last = moments.len() - 1;
    let looked_at = |number: &usize| number.is_multiple_of(stride(3)) || *number == last;
    for number in (0..moments.len()).filter(looked_at) {
        let moment = &moments[number];
        for loss in [Loss::Everything, Loss::Nothing, Loss::Torn(number as u64)] {
            if !seen.insert((number as u64 + began >= ended, moment.print_of(loss))) {
                continue;
            }
            let case = format!("{loss:?} before operation {number}, «{}»", moment.operation);
            let left = moment.without_power(loss);
            let count = runtime().block_on(async {
                let clock = Arc::new(AtomicI64::new(NOW + DAY));
                let lake = Lake::open(options(&left, &clock)).await;
                let lake = lake.unwrap_or_else(|error| panic!("{case}: {error}"));
                lake.flush_and_seal().await.unwrap();
                check_clean(&lake).await;
                let ids = filed_ids(&lake).await;
                assert!(ids.is_empty() || ids == all, "{case}: {} events", ids.len());
                let receipt = lake.append("main", &events).await.unwrap();
                assert_eq!(receipt.repeated, ids.len(), "{case}");
                lake.close().await.unwrap();
                ids.len()
            });
            assert!(
                number as u64 + began < ended || count == 0,
                "{case}: it came back"
            );
            match count {
                0 => empty += 1,
                _ => whole += 1,
            }
        }
    }
    assert!(whole > 0 && empty > 0, "{whole} whole, {empty} empty");
}
