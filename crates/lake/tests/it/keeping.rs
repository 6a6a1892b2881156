//! What is older than what a workspace keeps goes by whole days, and nothing else goes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use upshot_core::time::{DAY, HOUR, MINUTE, day_of};
use upshot_core::{Event, Session};
use upshot_lake::{Keeping, Lake, LakeError, Settings, Table};

use crate::crashes::{NOW, events, filed_ids, options, runtime, stride};
use crate::engine::{Bench, demo, sessions};
use crate::simulated_disk::{Disk, Loss};

async fn assert_sound(lake: &Lake) {
    let report = lake.verify(true).await.unwrap();
    assert_eq!(report.catalog.problems, []);
    assert_eq!(report.facts, []);
}

async fn found(lake: &Lake) -> BTreeMap<Box<str>, Session> {
    sessions(&lake.capture("main", &[Table::Sessions]).await.unwrap())
}

/// The days of which there are files of a table.
async fn days(lake: &Lake, table: Table) -> BTreeSet<i32> {
    let capture = lake.capture("main", &[table]).await.unwrap();
    let files = capture.table(table).unwrap().files.iter();
    files.map(|file| file.day).collect()
}

const fn keeping(texts: Option<u32>, events: Option<u32>, facts: Option<u32>) -> Keeping {
    Keeping {
        texts,
        events,
        facts,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_go_when_they_are_old_and_nothing_comes_back() {
    let bench = Bench::new(2);
    let events = demo(300);
    let lake = bench.open().await;
    lake.append("main", &events).await.unwrap();
    lake.append("other", &events[..50]).await.unwrap();
    lake.flush_and_seal().await.unwrap();
    let before = found(&lake).await;
    let today = day_of(bench.now());
    let wish = keeping(Some(5), Some(10), None);
    let foreseen = lake.foresee_keeping("main", wish).unwrap();
    assert!(foreseen.texts > 0 && foreseen.events > 0 && foreseen.sessions == 0);
    assert_eq!(found(&lake).await.len(), before.len());
    lake.set_keeping("main", wish).await.unwrap();
    lake.tidy().await.unwrap();
    let (said, from) = lake.keeping("main");
    assert_eq!((said, from), (wish, foreseen.from));
    assert_eq!(from.events, today - 10);
    assert_eq!(
        days(&lake, Table::Events).await.first(),
        Some(&(today - 10))
    );
    assert_eq!(days(&lake, Table::Texts).await.first(), Some(&(today - 5)));
    assert_eq!(found(&lake).await, before);
    assert_sound(&lake).await;
    let other = lake.capture("other", &[Table::Sessions]).await.unwrap();
    assert!(!sessions(&other).is_empty());
    // What is sent again: too old, or known.
    let old = events
        .iter()
        .filter(|event| day_of(event.time) < today - 10);
    let old = old.count();
    let receipt = lake.append("main", &events).await.unwrap();
    assert_eq!(
        (receipt.outdated, receipt.repeated, receipt.added),
        (old, events.len() - old, 0)
    );
    assert_eq!(lake.foresee("main", &events).await.unwrap().outdated, old);
    // What is new and between the two is stored without its texts.
    let new = Event {
        event_id: "new".into(),
        time: bench.now() - 7 * DAY,
        conversation_id: "new".into(),
        text: Some("words that are too old".into()),
        ..events
            .iter()
            .find(|event| event.text.is_some())
            .unwrap()
            .clone()
    };
    assert_eq!(lake.append("main", &[new]).await.unwrap().added, 1);
    let told = lake.conversation("main", "new").await.unwrap();
    assert_eq!((told.len(), told[0].text.as_deref()), (1, None));
    lake.close().await.unwrap();
    let lake = bench.open().await;
    assert_eq!(lake.keeping("main").0, wish);
    assert_eq!(lake.append("main", &events).await.unwrap().outdated, old);
    // Longer again: what went is gone for good, and its days stay closed.
    lake.set_keeping("main", Keeping::default()).await.unwrap();
    assert_eq!(lake.append("main", &events).await.unwrap().outdated, old);
    assert_eq!(lake.keeping("main").1, from);
    // Facts that cannot be made anew stay and are named.
    let shop = "name = \"shop\"\nversion = 1\nextends = \"default\"\n";
    let shop = Settings::built_in()
        .unwrap()
        .with_profile(None, shop)
        .unwrap();
    lake.set_settings("main", shop).await.unwrap();
    let capture = lake.capture("main", &[Table::Sessions]).await.unwrap();
    assert_eq!(capture.kept.len(), 1);
    assert!(capture.kept[0].last_day < today - 10);
    assert_sound(&lake).await;
    // Until they are too old as well.
    let wish = keeping(Some(5), Some(10), Some(10));
    let foreseen = lake.foresee_keeping("main", wish).unwrap();
    assert_eq!(foreseen.sessions, capture.kept[0].sessions);
    lake.set_keeping("main", wish).await.unwrap();
    lake.flush_and_seal().await.unwrap();
    lake.tidy().await.unwrap();
    let capture = lake.capture("main", &[Table::Sessions]).await.unwrap();
    assert_eq!(capture.kept, []);
    let left = sessions(&capture);
    assert!(!left.is_empty());
    assert!(
        left.values()
            .all(|session| day_of(session.start_time) >= today - 10)
    );
    assert_sound(&lake).await;
    // A day later another day goes.
    bench.set(bench.now() + DAY);
    lake.tidy().await.unwrap();
    assert!(
        days(&lake, Table::Events)
            .await
            .iter()
            .all(|day| *day >= today - 9)
    );
    assert!(
        days(&lake, Table::Sessions)
            .await
            .iter()
            .all(|day| *day >= today - 9)
    );
    assert_sound(&lake).await;
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_of_which_a_session_goes_on_waits_and_goes_in_the_background() {
    let bench = Bench::new(1);
    let lake = bench.open().await;
    let events = demo(60);
    lake.append("main", &events).await.unwrap();
    lake.flush().await.unwrap();
    assert_eq!(lake.status().overlay_conversations, 0);
    let first = day_of(events.iter().map(|event| event.time).min().unwrap());
    let late = Event {
        event_id: "late".into(),
        time: events.iter().map(|event| event.time).min().unwrap(),
        conversation_id: "late".into(),
        ..events[0].clone()
    };
    lake.append("main", &[late]).await.unwrap();
    let one_day = keeping(Some(1), Some(1), Some(1));
    let refused = lake
        .set_keeping("main", keeping(Some(2), Some(1), None))
        .await
        .unwrap_err();
    assert!(matches!(refused, LakeError::KeepingRefused(_)), "{refused}");
    lake.set_keeping("main", one_day).await.unwrap();
    // The background task flushes what is over, and lets go what is old.
    for _ in 0..100 {
        if days(&lake, Table::Events).await.first() > Some(&first) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let today = day_of(bench.now());
    assert!(
        days(&lake, Table::Events)
            .await
            .iter()
            .all(|day| *day >= today - 1)
    );
    assert!(
        days(&lake, Table::Sessions)
            .await
            .iter()
            .all(|day| *day >= today - 1)
    );
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_ends_holds_nothing_back() {
    let bench = Bench::new(1);
    let events = demo(300);
    let lake = bench.open().await;
    lake.append("main", &events).await.unwrap();
    lake.flush().await.unwrap();
    // It goes on since long ago, and is not over.
    let said = events.iter().find(|event| event.text.is_some()).unwrap();
    let going_on = (0..30).map(|number| Event {
        event_id: format!("going on {number}").into(),
        conversation_id: "going on".into(),
        time: bench.now() - MINUTE - number * 12 * HOUR,
        ..said.clone()
    });
    let going_on: Vec<Event> = going_on.collect();
    lake.append("main", &going_on).await.unwrap();
    lake.flush().await.unwrap();
    assert!(lake.status().overlay_conversations > 0);
    let before = found(&lake).await.len();
    lake.set_keeping("main", keeping(Some(3), Some(4), None))
        .await
        .unwrap();
    lake.tidy().await.unwrap();
    let today = day_of(bench.now());
    assert_eq!(lake.keeping("main").1.events, today - 4);
    assert_eq!(found(&lake).await.len(), before);
    assert_sound(&lake).await;
    lake.close().await.unwrap();
    let lake = bench.open().await;
    assert_eq!(found(&lake).await.len(), before);
    assert_sound(&lake).await;
    lake.close().await.unwrap();
}

#[test]
fn power_loss_while_days_go_leaves_whole_days() {
    let events = events();
    let last = events.iter().map(|event| day_of(event.time)).max().unwrap();
    let later: BTreeSet<Box<str>> = events
        .iter()
        .filter(|event| day_of(event.time) >= last)
        .map(|event| event.event_id.clone())
        .collect();
    assert!(!later.is_empty() && later.len() < events.len());
    let days = u32::try_from(day_of(NOW) - last).unwrap().max(1);
    let disk = Disk::new();
    runtime().block_on(async {
        let clock = Arc::new(AtomicI64::new(NOW));
        let lake = Lake::open(options(&disk, &clock)).await.unwrap();
        lake.append("main", &events).await.unwrap();
        lake.flush_and_seal().await.unwrap();
        disk.record();
        let wish = keeping(Some(days), Some(days), None);
        lake.set_keeping("main", wish).await.unwrap();
        lake.tidy().await.unwrap();
        lake.close().await.unwrap();
    });
    let mut moments = disk.moments();
    moments.push(disk.moment());
    for (number, moment) in moments.iter().enumerate().step_by(stride(3)) {
        for loss in [Loss::Everything, Loss::Nothing] {
            let case = format!("{loss:?} before operation {number}, «{}»", moment.operation);
            let left = moment.without_power(loss);
            runtime().block_on(async {
                let clock = Arc::new(AtomicI64::new(NOW));
                let lake = Lake::open(options(&left, &clock)).await.unwrap();
                let kept = lake.keeping("main").0 != Keeping::default();
                lake.tidy().await.unwrap();
                assert_sound(&lake).await;
                let found = filed_ids(&lake).await;
                let expected = if kept { later.len() } else { events.len() };
                assert_eq!(found.len(), expected, "{case}");
                lake.close().await.unwrap();
            });
        }
    }
}
