//! What needs more than one conversation, against the second fold over all sessions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use upshot_core::Session;
use upshot_core::people::{Standing, Visit, standings};
use upshot_core::time::{DAY, day_of};
use upshot_core::words::Outcome;
use upshot_lake::Capture;
use upshot_metrics::{Engine, EnvironmentChoice, Identity, Query, RangeSpec};

use crate::facts::{FIRST_START, Layout, capture};
use crate::properties::{any_sessions, block};
use crate::worked::engine;

const HOUR: i64 = 3_600_000_000;
const NOW: i64 = FIRST_START + 400 * HOUR;

/// The sessions that can be followed, each with what the others of its person say of it.
fn followed(sessions: &[Session]) -> Vec<(&Session, Standing)> {
    let mut by_person: BTreeMap<i64, Vec<&Session>> = BTreeMap::new();
    for session in sessions.iter().filter(|session| !session.unlinkable) {
        by_person
            .entry(session.person_key.unwrap())
            .or_default()
            .push(session);
    }
    let mut topics: Vec<&str> = vec![""];
    let mut followed = Vec::new();
    for sessions in by_person.into_values() {
        let visits: Vec<Visit> = sessions
            .iter()
            .map(|session| {
                let topic = session.topic_id.as_deref().unwrap_or_default();
                let known = topics.iter().position(|known| *known == topic);
                Visit {
                    start: session.start_time,
                    user: session.user_key.unwrap() as u64,
                    topic: known.unwrap_or_else(|| {
                        topics.push(topic);
                        topics.len() - 1
                    }) as u32,
                    contact: session.first_user_time.is_some(),
                }
            })
            .collect();
        followed.extend(sessions.into_iter().zip(standings(&visits)));
    }
    followed
}

/// The numbers by their definitions, of sessions from `from` on, with their denominators where they
/// are rates.
fn expected(sessions: &[Session], from: i64, window: i64) -> BTreeMap<&'static str, (u64, u64)> {
    let all = followed(sessions);
    let ranged: Vec<_> = all
        .iter()
        .filter(|(session, _)| session.start_time >= from)
        .collect();
    let users = |wanted: &dyn Fn(&Standing) -> bool| {
        let chosen = ranged.iter().filter(|(_, standing)| wanted(standing));
        let keys: BTreeSet<i64> = chosen
            .map(|(session, _)| session.user_key.unwrap())
            .collect();
        keys.len() as u64
    };
    let count = |wanted: &dyn Fn(&Session, &Standing) -> bool| {
        let chosen = ranged
            .iter()
            .filter(|(session, standing)| wanted(session, standing));
        chosen.count() as u64
    };
    let within = |gap: Option<std::num::NonZeroI64>| gap.is_some_and(|gap| gap.get() <= window);
    let old = |session: &Session| !session.open && session.start_time <= NOW - window.max(HOUR);
    let engaged = |session: &Session| session.engaged_time.is_some();
    let resolved =
        |session: &Session| engaged(session) && session.outcome == Some(Outcome::Resolved);
    let first_contact = |session: &Session, standing: &Standing| {
        old(session) && engaged(session) && !within(standing.since_previous_same_topic)
    };
    let returning = users(&|standing| standing.user.first_time < from);
    BTreeMap::from([
        (
            "new_users",
            (users(&|standing| standing.user.first_time >= from), 0),
        ),
        ("returning_users", (returning, 0)),
        ("returning_rate", (returning, users(&|_| true))),
        (
            "first_sessions",
            (
                count(&|session, standing| standing.user.first_time == session.start_time),
                0,
            ),
        ),
        (
            "later_sessions",
            (
                count(&|session, standing| standing.user.first_time < session.start_time),
                0,
            ),
        ),
        (
            "first_contact_resolution",
            (
                count(&|session, standing| {
                    first_contact(session, standing)
                        && resolved(session)
                        && !within(standing.until_next_same_topic)
                }),
                count(&first_contact),
            ),
        ),
        (
            "durable_resolution_rate",
            (
                count(&|session, standing| {
                    old(session) && resolved(session) && !within(standing.until_next_same_topic)
                }),
                count(&|session, _| old(session) && resolved(session)),
            ),
        ),
        (
            "repeat_contact_rate",
            (
                count(&|session, standing| {
                    old(session) && engaged(session) && within(standing.until_next_same_topic)
                }),
                count(&|session, _| old(session) && engaged(session)),
            ),
        ),
    ])
}

fn query(from: i64, window: i64, names: impl Iterator<Item = &'static str>) -> Query {
    let from = jiff::Timestamp::from_microsecond(from).unwrap();
    Query {
        metrics: names.map(str::to_owned).collect(),
        range: RangeSpec {
            from: Some(from.to_string()),
            ..RangeSpec::default()
        },
        environment: EnvironmentChoice::All,
        window: Some(format!("{}s", window / 1_000_000)),
        now: NOW,
        maturity: Some(HOUR),
        ..Query::default()
    }
}

fn check(engine: &Engine, captured: &Capture, sessions: &[Session], from: i64, window: i64) {
    let expected = expected(sessions, from, window);
    let query = query(from, window, expected.keys().copied());
    let result = block(engine.run(&query, captured)).unwrap();
    for (id, (numerator, denominator)) in expected {
        let found = &result.totals[id];
        match found.denominator {
            None => assert_eq!(found.value, Some(numerator as f64), "{id}"),
            Some(below) => {
                let whole = (found.numerator.unwrap(), below);
                assert_eq!(whole, (numerator as f64, denominator as f64), "{id}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn numbers_of_people_are_those_of_the_second_fold(
        (sessions, shuffled) in any_sessions().prop_flat_map(|sessions| {
            let shuffled = Just(sessions.clone()).prop_shuffle();
            (Just(sessions), shuffled)
        }),
        from in -10_i64..100,
        window in 1_i64..72,
    ) {
        let engine = engine();
        let (from, window) = (FIRST_START + from * HOUR, window * HOUR);
        for layout in [Layout::Memory(3), Layout::Files, Layout::Mixed] {
            let held = capture(&shuffled, layout);
            check(&engine, &held.capture, &sessions, from, window);
        }
    }

    /// Files come, are replaced by memory and go, and the engine keeps what it made of the others.
    #[test]
    fn a_history_follows_the_files(
        sessions in any_sessions(),
        steps in proptest::collection::vec((any::<u16>(), 0_usize..4), 1..6),
    ) {
        let engine = engine();
        let held = capture(&sessions, Layout::Files);
        for (mask, replaced) in steps {
            let live = |day: i32, bucket: i32| mask >> ((2 * day + bucket) % 16) & 1 == 1;
            let mut seen = held.capture.clone();
            let table = &mut seen.tables[0];
            table.files.retain(|file| live(file.day, file.bucket));
            let numbered = sessions.iter().enumerate();
            let left: Vec<Session> = numbered
                .filter(|(number, session)| live(day_of(session.start_time), (number % 2) as i32))
                .map(|(_, session)| session.clone())
                .collect();
            // The first few are replaced by nothing: as if their events had been erased.
            let gone = left.iter().take(replaced).map(|session| session.session_id.clone());
            table.replaced = Arc::new(gone.collect());
            let anywhere = table.files.iter().map(|file| (file.day, file.bucket));
            table.replaced_in = crate::facts::replaced_in(anywhere, &table.replaced);
            let left: Vec<Session> = left.into_iter().skip(replaced).collect();
            check(&engine, &seen, &left, FIRST_START + 3 * DAY, DAY);
        }
    }
}

#[test]
fn by_id_a_user_is_one_on_all_devices() {
    let sessions = crate::facts::sessions(
        "
user | device | start
anna | laptop | 2026-01-02T10:00
anna | phone  | 2026-01-05T10:00
",
    );
    let held = capture(&sessions, Layout::Files);
    let mut asked = Query {
        metrics: vec!["users".to_owned(), "returning_users".to_owned()],
        range: RangeSpec {
            from: Some("2026-01-05".to_owned()),
            ..RangeSpec::default()
        },
        now: NOW,
        ..Query::default()
    };
    let engine = engine();
    let mut answer = |identity| {
        asked.identity = identity;
        let result = block(engine.run(&asked, &held.capture)).unwrap();
        ["users", "returning_users"].map(|id| result.totals[id].value)
    };
    assert_eq!(answer(Identity::Device), [Some(1.0), Some(0.0)]);
    assert_eq!(answer(Identity::Id), [Some(1.0), Some(1.0)]);
}

#[test]
fn memory_that_does_not_suffice_is_said() {
    let options = upshot_metrics::EngineOptions {
        memory_limit_bytes: 64,
        threads: 1,
        ..upshot_metrics::EngineOptions::default()
    };
    let engine = Engine::new(options).unwrap();
    let sessions = crate::facts::sessions("user\nanna\nben\n");
    // Also where all of it comes from memory.
    for layout in [Layout::Files, Layout::Memory(1)] {
        let held = capture(&sessions, layout);
        let asked = query(FIRST_START, DAY, ["new_users"].into_iter());
        let error = block(engine.run(&asked, &held.capture)).unwrap_err();
        assert!(
            matches!(error, upshot_metrics::QueryError::Memory { .. }),
            "{error}"
        );
    }
}
