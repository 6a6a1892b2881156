//! Power loss and failing operations at every step of everything that the lake does. The law:
//! acknowledged ⊆ found ⊆ sent, each event once, catalog, files and facts in agreement, and nothing
//! left behind that nobody needs.
//!
//! `UPSHOT_CRASH_STRIDE=1` tries every operation; without it, a fixed part of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use upshot_core::time::{DAY, HOUR};
use upshot_core::{Event, Record};
use upshot_lake::catalog::MergePolicy;
use upshot_lake::schema::BatchReader;
use upshot_lake::{Lake, LakeError, LakeOptions, Settings, Table};

use crate::engine::demo_days;
use crate::simulated_disk::{Disk, Loss, Moment};

/// 2026-03-03.
pub const NOW: i64 = 1_772_496_000_000_000;

/// How many operations lie between two that are tried.
pub fn stride(without: usize) -> usize {
    let wanted = std::env::var("UPSHOT_CRASH_STRIDE").ok();
    wanted.and_then(|text| text.parse().ok()).unwrap_or(without)
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// Few conversations on two days, in an order in which late events come after their session was
/// written.
pub fn events() -> Vec<Event> {
    let mut events = demo_days(6, 2);
    events.sort_by_key(|event| (event.content_hash() as u64 % 7, event.time));
    events
}

pub fn options(disk: &Disk, clock: &Arc<AtomicI64>) -> LakeOptions {
    let clock = clock.clone();
    let clock = Arc::new(move || clock.load(Ordering::SeqCst));
    LakeOptions {
        // Only the test says when: the order of operations is always the same.
        flush_interval: Duration::from_secs(1 << 30),
        segment_bytes: 6000,
        threads: 1,
        build_events: 30,
        keep_snapshots: Duration::from_secs(3600),
        files: Arc::new(disk.clone()),
        merge: MergePolicy {
            files: 2,
            ..MergePolicy::default()
        },
        ..LakeOptions::new(disk.root().join("data"), clock)
    }
}

/// Sends events; what was answered is acknowledged.
async fn send(lake: &Lake, disk: &Disk, events: &[Event]) -> Result<(), LakeError> {
    disk.sent(events.len());
    let receipt = lake.append("main", events).await?;
    assert_eq!(receipt.refused, []);
    disk.acknowledged();
    Ok(())
}

/// Everything that the lake does, once or more: flush, seal, rewrite of late events, merge, expiry,
/// trim, a fact set beside the active one, other profiles, backup, restore.
async fn work(disk: &Disk, events: &[Event]) -> Result<(), LakeError> {
    let clock = Arc::new(AtomicI64::new(NOW));
    let mut parts = events.chunks(events.len().div_ceil(8));
    let mut next = || parts.next().unwrap_or_default();
    let lake = Lake::open(options(disk, &clock)).await?;
    let result = async {
        send(&lake, disk, next()).await?;
        send(&lake, disk, next()).await?;
        lake.flush().await?;
        send(&lake, disk, next()).await?;
        lake.flush_and_seal().await?;
        let beside = "name = \"beside\"\nversion = 1\n[timeout]\ndefault = \"3m\"\n";
        lake.add_fact_set("main", Settings::of_profile(beside)?)
            .await?;
        lake.wait_until_built("main").await?;
        send(&lake, disk, next()).await?;
        lake.flush_and_seal().await
    }
    .await;
    clock.fetch_add(2 * HOUR, Ordering::SeqCst);
    // Closing merges and lets old snapshots go.
    let closed = lake.close().await;
    drop(lake);
    result.and(closed)?;
    clock.fetch_add(2 * HOUR, Ordering::SeqCst);
    let lake = Lake::open(options(disk, &clock)).await?;
    let result = async {
        send(&lake, disk, next()).await?;
        lake.flush().await?;
        send(&lake, disk, next()).await?;
        let indigo = upshot_core::profile::built_in_text("indigo").unwrap();
        let settings = Settings::built_in()?.with_profile(None, indigo)?;
        lake.set_settings("main", settings).await?;
        send(&lake, disk, next()).await?;
        let backup = disk.root().join("backup");
        lake.backup(&backup).await?;
        upshot_lake::engine::restore(disk, &backup, &disk.root().join("restored"))?;
        send(&lake, disk, next()).await?;
        lake.flush_and_seal().await
    }
    .await;
    clock.fetch_add(2 * HOUR, Ordering::SeqCst);
    result.and(lake.close().await)
}

/// The ids of all events in files; one that stands there twice fails the test.
pub async fn filed_ids(lake: &Lake) -> BTreeSet<Box<str>> {
    let capture = lake.capture("main", &[Table::Events]).await.unwrap();
    let mut ids = BTreeSet::new();
    for file in &capture.table(Table::Events).unwrap().files {
        let opened = std::fs::File::open(&file.path).unwrap();
        let reader =
            parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(opened).unwrap();
        for batch in reader.build().unwrap() {
            let batch = batch.unwrap();
            let reader = BatchReader::new::<Event>(&batch).unwrap();
            for row in 0..reader.len() {
                let id = Event::read(&reader.row(row)).event_id;
                assert!(ids.insert(id.clone()), "event {id} is in files twice");
            }
        }
    }
    ids
}

/// Opens what a crash left and checks the law; then sends everything again, which must give the whole.
async fn check(disk: &Disk, moment: &Moment, events: &[Event], case: &str) {
    let clock = Arc::new(AtomicI64::new(NOW + DAY));
    let lake = Lake::open(options(disk, &clock))
        .await
        .unwrap_or_else(|error| panic!("{case}: {error}"));
    let acknowledged = &events[..moment.acknowledged];
    let receipt = lake.append("main", acknowledged).await.unwrap();
    assert_eq!(receipt.added, 0, "{case}: acknowledged events were lost");
    lake.flush_and_seal().await.unwrap();
    lake.wait_until_built("main").await.unwrap();
    let report = lake.verify(true).await.unwrap();
    assert_eq!(report.catalog.problems, [], "{case}");
    assert_eq!(report.facts, [], "{case}");
    let found = filed_ids(&lake).await;
    let sent: BTreeSet<Box<str>> = events[..moment.sent]
        .iter()
        .map(|event| event.event_id.clone())
        .collect();
    assert!(found.is_subset(&sent), "{case}: events that nobody sent");
    assert!(found.len() >= moment.acknowledged, "{case}");
    let receipt = lake.append("main", events).await.unwrap();
    let counts = (receipt.repeated, receipt.repeated + receipt.added);
    assert_eq!(counts, (found.len(), events.len()), "{case}");
    lake.close().await.unwrap();
}

#[test]
fn power_loss_before_any_operation_loses_and_doubles_nothing() {
    let events = events();
    let disk = Disk::new();
    disk.record();
    runtime().block_on(work(&disk, &events)).unwrap();
    let mut moments = disk.moments();
    moments.push(disk.moment());
    assert!(moments.len() > 200, "{} operations", moments.len());
    let stride = stride(61);
    let mut seen = BTreeSet::new();
    let mut tried = 0;
    for (number, moment) in moments.iter().enumerate().step_by(stride) {
        let seed = number as u64;
        let losses = [
            Loss::Everything,
            Loss::Nothing,
            Loss::Torn(seed),
            Loss::TornZeros(seed + 1),
        ];
        for loss in losses {
            // Much of what happens leaves nothing more on the disk than there was.
            if !seen.insert(moment.print_of(loss)) {
                continue;
            }
            tried += 1;
            let case = format!("{loss:?} before operation {number}, «{}»", moment.operation);
            runtime().block_on(check(&moment.without_power(loss), moment, &events, &case));
        }
    }
    eprintln!("{tried} crashes of {} operations", moments.len());
    assert!(tried > 10, "{tried} crashes");
}

#[test]
fn power_loss_after_a_kill_loses_nothing_that_was_acknowledged_since() {
    let events = events();
    let disk = Disk::new();
    disk.record();
    runtime().block_on(work(&disk, &events)).unwrap();
    let moments = disk.moments();
    for (number, moment) in moments.iter().enumerate().step_by(stride(149)) {
        let case = format!("killed before operation {number}, «{}»", moment.operation);
        let killed = moment.killed();
        runtime().block_on(async {
            let clock = Arc::new(AtomicI64::new(NOW + DAY));
            let lake = Lake::open(options(&killed, &clock)).await.unwrap();
            // Whoever repeats what was not answered is told that it is there.
            lake.append("main", &events[..moment.sent]).await.unwrap();
            let mut later = killed.moment();
            (later.sent, later.acknowledged) = (moment.sent, moment.sent);
            check(
                &later.without_power(Loss::Everything),
                &later,
                &events,
                &case,
            )
            .await;
            let _ = lake.close().await;
        });
    }
}

#[test]
fn an_error_of_any_operation_is_said_and_loses_and_doubles_nothing() {
    let events = events();
    let disk = Disk::new();
    runtime().block_on(work(&disk, &events)).unwrap();
    let operations = disk.operations();
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for number in (1..operations).step_by(stride(97)) {
        let disk = Disk::new();
        disk.fail_at(number);
        runtime().block_on(async {
            let result = work(&disk, &events).await;
            let what = disk.faulted().unwrap_or_default();
            let case = format!("operation {number}, «{what}», failed: {result:?}");
            // A folder in which only removals had to be durable may fail after the last of the work.
            let counts =
                !what.contains("log") && !what.contains("backup") && !what.contains("restored");
            if what.starts_with("sync") && counts {
                assert!(result.is_err(), "{case}");
            }
            let kind = what.split(' ').next().unwrap_or_default().to_owned();
            *outcomes
                .entry(format!("{kind} {}", result.is_ok()))
                .or_default() += 1;
            let moment = disk.moment();
            check(
                &moment.without_power(Loss::Nothing),
                &moment,
                &events,
                &case,
            )
            .await;
        });
    }
    eprintln!("{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failed_sync_nothing_more_is_accepted_until_the_restart() {
    let events = events();
    let disk = Disk::new();
    let clock = Arc::new(AtomicI64::new(NOW));
    let lake = Lake::open(options(&disk, &clock)).await.unwrap();
    send(&lake, &disk, &events[..10]).await.unwrap();
    // A data file: its write, then its sync.
    let before = disk.operations();
    for number in before.. {
        disk.fail_at(number);
        lake.flush_and_seal().await.err();
        if disk.faulted().is_some_and(|what| what.starts_with("sync")) {
            break;
        }
        assert!(number < before + 200);
    }
    assert!(lake.status().stopped);
    let refused = lake.append("main", &events[10..20]).await;
    assert!(matches!(refused, Err(LakeError::Stopped(_))), "{refused:?}");
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.contains("sync") && refused.contains("restart"),
        "{refused}"
    );
    assert!(lake.close().await.is_err());
    drop(lake);
    let lake = Lake::open(options(&disk, &clock)).await.unwrap();
    assert_eq!(lake.append("main", &events[..10]).await.unwrap().added, 0);
    assert_eq!(
        lake.append("main", &events[10..20]).await.unwrap().added,
        10
    );
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_said_and_what_was_acknowledged_stays() {
    let events = events();
    let disk = Disk::new();
    let clock = Arc::new(AtomicI64::new(NOW));
    let lake = Lake::open(options(&disk, &clock)).await.unwrap();
    send(&lake, &disk, &events[..20]).await.unwrap();
    disk.set_full(true);
    let error = lake.append("main", &events[20..40]).await.unwrap_err();
    let LakeError::Io { source, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
    assert!(error.to_string().contains("log"), "{error}");
    assert!(lake.flush_and_seal().await.is_err());
    assert!(!lake.status().stopped, "a full disk stops nothing for good");
    let capture = lake.capture("main", &Table::FACTS).await.unwrap();
    assert!(!crate::engine::sessions(&capture).is_empty());
    let left: Vec<_> = lake.verify(false).await.unwrap().catalog.problems;
    assert_eq!(left, [], "what could not be written whole is removed");
    disk.set_full(false);
    send(&lake, &disk, &events[20..40]).await.unwrap();
    lake.flush_and_seal().await.unwrap();
    lake.close().await.unwrap();
    drop(lake);
    let mut moment = disk.moment();
    (moment.sent, moment.acknowledged) = (40, 40);
    let case = "after a full disk";
    check(
        &moment.without_power(Loss::Everything),
        &moment,
        &events,
        case,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_was_cut_short_is_not_taken_for_a_data_directory() {
    let events = events();
    let disk = Disk::new();
    let clock = Arc::new(AtomicI64::new(NOW));
    let lake = Lake::open(options(&disk, &clock)).await.unwrap();
    send(&lake, &disk, &events[..40]).await.unwrap();
    let backup = disk.root().join("backup");
    lake.backup(&backup).await.unwrap();
    lake.close().await.unwrap();
    let before = disk.operations();
    upshot_lake::engine::restore(&disk, &backup, &disk.root().join("whole")).unwrap();
    let after = disk.operations();
    let open = async |name: &str| {
        let options = LakeOptions {
            directory: disk.root().join(name),
            ..options(&disk, &clock)
        };
        Lake::open(options).await
    };
    let lake = open("whole").await.unwrap();
    assert_eq!(lake.append("main", &events[..40]).await.unwrap().added, 0);
    lake.close().await.unwrap();
    // The first operations make the folder and find it empty.
    for step in (3..after - before).step_by(stride(23)) {
        let name = format!("cut{step}");
        disk.fail_at(disk.operations() + step);
        let target = disk.root().join(&name);
        assert!(upshot_lake::engine::restore(&disk, &backup, &target).is_err());
        let what = disk.faulted().unwrap();
        let entries = std::fs::read_dir(&target).unwrap().count();
        if entries == 0 || target.join("upshot.json").exists() {
            continue;
        }
        let refused = open(&name).await.err().map(|error| error.to_string());
        let refused = refused.unwrap_or_else(|| panic!("opened after «{what}» failed"));
        assert!(refused.contains("restore"), "{refused}");
    }
}
