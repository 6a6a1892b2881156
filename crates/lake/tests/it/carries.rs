//! Conversations that are never silent: what lies before the cuts of the cap leaves memory, and what comes
//! out is what folding everything at once gives.

use proptest::prelude::*;
use upshot_core::Event;
use upshot_core::fold::Facts;
use upshot_core::time::{DAY, HOUR, MINUTE, SECOND};
use upshot_core::words::{EventType, Role};
use upshot_lake::{Lake, Settings, Table};

use crate::engine::{Bench, assert_facts, facts_by};

/// 2026-01-01.
const START: i64 = 1_767_225_600_000_000;

fn message(conversation: &str, number: i64, time: i64, role: Role) -> Event {
    let mut event = Event::new(EventType::Message, time, conversation);
    event.event_id = format!("{conversation}-{number}").into();
    event.role = Some(role);
    event.channel = Some("web".into());
    event
}

/// User and bot in turn, with a pause between, for so long.
fn talk(conversation: &str, length: i64, pause: i64) -> Vec<Event> {
    (0..length / pause)
        .map(|number| {
            let role = if number % 2 == 0 {
                Role::User
            } else {
                Role::Bot
            };
            message(conversation, number, START + number * pause, role)
        })
        .collect()
}

fn wanted(events: &[Event], now: i64) -> Facts {
    facts_by(&Settings::built_in().unwrap(), "main", events, now)
}

async fn check(lake: &Lake, events: &[Event], now: i64) {
    let capture = lake.capture("main", &Table::FACTS).await.unwrap();
    assert_facts(&capture, &wanted(events, now));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_talks_every_minute_for_sixty_days_takes_the_memory_of_its_last_stretch() {
    let bench = Bench::new(1);
    let mut options = bench.options();
    options.flush_interval = std::time::Duration::from_secs(1 << 30);
    bench.set(START);
    let lake = Lake::open(options.clone()).await.unwrap();
    let mut events = talk("c", 60 * DAY, MINUTE);
    let a_day = (DAY / MINUTE) as usize;
    let mut most = 0;
    for part in events.chunks(a_day / 2) {
        lake.append("main", part).await.unwrap();
        bench.set(part[part.len() - 1].time + SECOND);
        lake.flush().await.unwrap();
        most = most.max(lake.status().overlay_events);
    }
    assert!(
        most <= 2 * a_day,
        "{most} of {} events in memory",
        events.len()
    );
    check(&lake, &events, bench.now()).await;
    let before = lake.status().events_folded;
    let now = bench.now() + MINUTE;
    bench.set(now);
    events.push(message("c", 1_000_000, now - SECOND, Role::User));
    lake.append("main", &events[events.len() - 1..])
        .await
        .unwrap();
    check(&lake, &events, now).await;
    let folded = lake.status().events_folded - before;
    assert!(
        folded as usize <= 2 * a_day,
        "a new message folded {folded} events"
    );
    lake.close().await.unwrap();
    drop(lake);
    let lake = Lake::open(options).await.unwrap();
    let after = lake.status().overlay_events;
    assert!(after <= 2 * a_day, "{after} events came back into memory");
    check(&lake, &events, now).await;
    // Long after its end a message folds no more than its day.
    bench.set(now + HOUR);
    lake.flush().await.unwrap();
    assert_eq!(lake.status().overlay_events, 0);
    events.push(message("c", 1_000_001, now + HOUR, Role::User));
    lake.append("main", &events[events.len() - 1..])
        .await
        .unwrap();
    check(&lake, &events, now + HOUR).await;
    let after = lake.status().overlay_events;
    assert!(after <= 2 * a_day, "{after} events were looked up");
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cuts_that_cannot_be_read_are_made_anew() {
    let bench = Bench::new(1);
    bench.set(START + 6 * DAY);
    let mut events = talk("c", 6 * DAY, 20 * MINUTE);
    let lake = bench.open().await;
    lake.append("main", &events).await.unwrap();
    lake.flush().await.unwrap();
    assert!(lake.status().overlay_events < events.len() / 2);
    lake.close().await.unwrap();
    drop(lake);
    let catalog = bench.folder.path().join("data/lake.sqlite");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&catalog);
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let change = sqlx::query("UPDATE upshot_carry SET carry = x'ff00'");
    let changed = change.execute(&mut connection).await.unwrap();
    assert!(changed.rows_affected() > 2);
    sqlx::Connection::close(connection).await.unwrap();
    let lake = bench.open().await;
    let now = START + 6 * DAY + MINUTE;
    bench.set(now);
    events.push(message("c", 1_000_000, now, Role::User));
    lake.append("main", &events[events.len() - 1..])
        .await
        .unwrap();
    check(&lake, &events, now).await;
    lake.flush().await.unwrap();
    check(&lake, &events, now).await;
    assert!(lake.status().overlay_events < events.len() / 2);
    lake.close().await.unwrap();
}

/// What happens to the lake next.
#[derive(Debug, Clone)]
enum Act {
    /// So many events that come in time, then so many late ones.
    Append(usize, usize),
    Flush,
    Seal,
    Restart,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        6 => (20_usize..120, 0_usize..3).prop_map(|(next, late)| Act::Append(next, late)),
        3 => Just(Act::Flush),
        1 => Just(Act::Restart),
    ];
    proptest::collection::vec(act, 4..14)
}

/// Two conversations that are never silent for long: users, bots, and people beside them.
fn never_silent(pauses: &[i64]) -> Vec<Event> {
    let mut events = Vec::new();
    for conversation in ["a", "b"] {
        let mut time = START;
        for (number, pause) in pauses.iter().enumerate() {
            let role = match (number + conversation.len()) % 11 {
                0 => Role::Agent,
                odd if odd % 2 == 1 => Role::User,
                _ => Role::Bot,
            };
            events.push(message(conversation, number as i64, time, role));
            time += pause * MINUTE;
        }
    }
    events.sort_by_key(|event| event.time);
    events
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]
    #[test]
    fn everything_equals_one_fold_of_all_events(
        acts in acts(),
        pauses in prop::collection::vec(prop_oneof![8 => 5_i64..60, 1 => 60_i64..600], 300),
        late in prop::collection::hash_set(0_usize..600, 0..12),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::new(2);
            let (mut waiting, mut next) = (Vec::new(), Vec::new());
            for (index, event) in never_silent(&pauses).into_iter().enumerate() {
                if late.contains(&index) { waiting.push(event) } else { next.push(event) }
            }
            let mut next = next.into_iter();
            let mut sent: Vec<Event> = Vec::new();
            bench.set(START + MINUTE);
            let mut lake = bench.open().await;
            for act in acts.into_iter().chain([Act::Append(40, 12), Act::Flush, Act::Seal]) {
                match act {
                    Act::Append(count, late) => {
                        let mut part: Vec<Event> = next.by_ref().take(count).collect();
                        let now = part.last().map_or(bench.now(), |event| event.time + MINUTE);
                        bench.set(now.max(bench.now()));
                        for _ in 0..late {
                            if waiting.first().is_some_and(|event| event.time < bench.now()) {
                                part.push(waiting.remove(0));
                            }
                        }
                        lake.append("main", &part).await.unwrap();
                        sent.extend(part);
                    }
                    Act::Flush => lake.flush().await.unwrap(),
                    Act::Seal => lake.flush_and_seal().await.unwrap(),
                    Act::Restart => {
                        lake.close().await.unwrap();
                        drop(lake);
                        lake = bench.open().await;
                    }
                }
                check(&lake, &sent, bench.now()).await;
            }
            let report = lake.verify(true).await.unwrap();
            assert_eq!(report.catalog.problems, []);
            assert_eq!(report.facts, []);
            lake.close().await.unwrap();
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_in_small_portions_ends_while_conversations_are_open() {
    let bench = Bench::new(1);
    let mut options = bench.options();
    options.portion_bytes = 1;
    options.flush_interval = std::time::Duration::from_secs(1 << 30);
    let lake = Lake::open(options).await.unwrap();
    let time = START;
    bench.set(time + 10 * MINUTE);
    let events: Vec<Event> = (0..30)
        .map(|number| message(&format!("c{number}"), 0, time, Role::User))
        .collect();
    lake.append("main", &events).await.unwrap();
    for round in 0..2 {
        let flush = tokio::time::timeout(std::time::Duration::from_secs(60), lake.flush());
        flush.await.expect("the flush ends").unwrap();
        let status = lake.status();
        assert_eq!(status.unflushed_events, 0, "round {round}");
        assert_eq!(status.overlay_conversations, 30, "round {round}");
    }
    check(&lake, &events, bench.now()).await;
    lake.close().await.unwrap();
}
