//! What is kept of files changes no answer.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use upshot_core::time::DAY;
use upshot_metrics::filter::Loops;
use upshot_metrics::{
    Engine, EngineOptions, FlowQuery, PathQuery, Query, QueryResult, RangeSpec, RetentionQuery,
    RollupOptions, SessionQuery, TopicQuery,
};

use crate::behind::any_facts;
use crate::facts::{FIRST_START, Held, Layout, capture, capture_all, replaced_in};
use crate::properties::{HOUR, any_filter, any_sessions, block, cases, some};
use crate::together::{any_query, told};

/// An engine that keeps nothing.
static FORGETFUL: LazyLock<Engine> = LazyLock::new(|| engine(0));

fn engine(memory_bytes: usize) -> Engine {
    engine_with(memory_bytes, 0, 0)
}

fn engine_with(memory_bytes: usize, least_file_bytes: u64, least_file_rows: u64) -> Engine {
    Engine::new(EngineOptions {
        threads: 2,
        rollups: RollupOptions {
            memory_bytes,
            least_file_bytes,
            least_file_rows,
        },
        ..EngineOptions::default()
    })
    .unwrap()
}

fn query(metric: &str, from: &str, to: &str) -> Query {
    Query {
        metrics: vec![metric.to_owned()],
        range: RangeSpec {
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            last: None,
        },
        explain: true,
        now: FIRST_START + 60 * DAY,
        ..Query::default()
    }
}

/// How many files were read for the rows of an answer, and of how many it was known what is found there.
fn effort(result: &QueryResult) -> (usize, usize) {
    let explanation = result.explanation.as_ref().unwrap();
    let passes = explanation.passes.iter();
    passes.fold((0, 0), |(read, kept), pass| {
        (read + pass.files_read, kept + pass.files_kept)
    })
}

/// A question about paths.
#[derive(Debug, Clone)]
enum PathQuestion {
    Paths(PathQuery),
    Flow(FlowQuery),
    Topics(TopicQuery),
}

impl PathQuestion {
    /// The answer without what depends on what was read for it.
    fn answer(&self, engine: &Engine, held: &Held) -> Result<serde_json::Value, String> {
        let value = |result: Result<serde_json::Value, serde_json::Error>| result.unwrap();
        let mut answer = match self {
            Self::Paths(query) => block(engine.paths(query, &held.capture))
                .map(|result| value(serde_json::to_value(result))),
            Self::Flow(query) => block(engine.flows(query, &held.capture))
                .map(|result| value(serde_json::to_value(result))),
            Self::Topics(query) => block(engine.topics(query, &held.capture))
                .map(|result| value(serde_json::to_value(result))),
        }
        .map_err(|error| error.to_string())?;
        for told in ["rows_read", "took_milliseconds"] {
            assert!(answer.as_object_mut().unwrap().remove(told).is_some());
        }
        Ok(answer)
    }
}

prop_compose! {
    fn any_path_question()(
        kind in 0_u8..3,
        (from, to) in proptest::sample::select(vec![
            ("2026-01-05", "2026-01-14"), ("2026-01-06", "2026-01-07"), ("2026-01-06T05:00", "2026-01-09T01:00"),
        ]),
        by in some(vec!["channel"]),
        filter in proptest::option::of(any_filter()),
        loops in proptest::sample::select(Loops::ALL.to_vec()),
        first in some(vec![1_usize, 3]),
        late in any::<bool>(),
    ) -> PathQuestion {
        let range = RangeSpec {
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            last: None,
        };
        let filters: Vec<String> = filter.into_iter().collect();
        // Some sessions are too young to be judged, or none is.
        let now = FIRST_START + if late { 60 * DAY } else { 100 * HOUR };
        match kind {
            0 => PathQuestion::Paths(PathQuery {
                range, filters, loops, first, now, by: by.map(str::to_owned), ..PathQuery::default()
            }),
            1 => PathQuestion::Flow(FlowQuery {
                range, filters, loops, now, by: by.map(str::to_owned), ..FlowQuery::default()
            }),
            _ => PathQuestion::Topics(TopicQuery { range, filters, now, ..TopicQuery::default() }),
        }
    }
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn answers_are_those_of_reading_everything(
        facts in any_facts(),
        queries in proptest::collection::vec(any_query(), 1..6),
        layout in proptest::sample::select(vec![Layout::Files, Layout::Mixed]),
        // So little that something always has to go, or enough.
        bytes in proptest::sample::select(vec![1_usize << 15, 1 << 28]),
        // Of all files, or not of those with hardly any row.
        rows in proptest::sample::select(vec![0_u64, 3]),
    ) {
        let held = capture_all(&facts, layout);
        let keeping = engine_with(bytes, 0, rows);
        for query in queries.iter().chain(&queries) {
            let kept = block(keeping.run(query, &held.capture));
            let read = block(FORGETFUL.run(query, &held.capture));
            prop_assert_eq!(told(kept), told(read), "{:?}", query);
        }
        // Another start finds what lies beside the files.
        block(keeping.settled());
        let keeping = engine_with(bytes, 0, rows);
        let kept = block(keeping.run_all(&queries, &held.capture));
        for (query, kept) in queries.iter().zip(kept) {
            let read = block(FORGETFUL.run(query, &held.capture));
            prop_assert_eq!(told(kept), told(read), "{:?}", query);
        }
    }

    #[test]
    fn paths_are_those_of_reading_everything(
        facts in any_facts(),
        questions in proptest::collection::vec(any_path_question(), 1..5),
        layout in proptest::sample::select(vec![Layout::Files, Layout::Mixed]),
        rows in proptest::sample::select(vec![0_u64, 3]),
    ) {
        let held = capture_all(&facts, layout);
        let keeping = engine_with(1 << 28, 0, rows);
        for question in questions.iter().chain(&questions) {
            let kept = question.answer(&keeping, &held);
            prop_assert_eq!(kept, question.answer(&FORGETFUL, &held), "{:?}", question);
        }
        block(keeping.settled());
        let keeping = engine(1 << 28);
        for question in &questions {
            let kept = question.answer(&keeping, &held);
            prop_assert_eq!(kept, question.answer(&FORGETFUL, &held), "{:?}", question);
        }
    }

    #[test]
    fn lists_are_those_of_reading_everything(
        facts in any_facts(),
        filters in proptest::collection::vec(proptest::option::of(any_filter()), 1..4),
        layout in proptest::sample::select(vec![Layout::Files, Layout::Mixed]),
        limit in proptest::option::of(1_usize..6),
    ) {
        let held = capture_all(&facts, layout);
        let keeping = engine(1 << 28);
        let now = FIRST_START + 60 * DAY;
        for filter in filters.iter().chain(&filters) {
            let filters = filter.iter().cloned().collect();
            let query = SessionQuery { filters, limit, now, ..SessionQuery::default() };
            let list = |engine: &Engine| block(engine.sessions(&query, &held.capture)).unwrap();
            prop_assert_eq!(list(&keeping), list(&FORGETFUL), "{:?}", filter);
        }
    }

    /// Memory stands in for other rows of the same files from one question to the next.
    #[test]
    fn answers_follow_what_memory_replaces(
        facts in any_facts(),
        queries in proptest::collection::vec(any_query(), 1..4),
        steps in proptest::collection::vec((0_usize..4, any::<bool>()), 2..6),
    ) {
        let held = capture_all(&facts, Layout::Mixed);
        let keeping = engine(1 << 28);
        for (part, has_memory) in steps {
            let mut seen = held.capture.clone();
            for table in &mut seen.tables {
                // A half, the other half, all or none of them.
                let is_replaced = |key: &str| match part {
                    0 => true,
                    1 | 2 => key.len().wrapping_add(usize::from(key.as_bytes()[key.len() - 1])) % 2 == part - 1,
                    _ => false,
                };
                let replaced = table.replaced.iter().filter(|key| is_replaced(key)).cloned().collect();
                let places: Vec<(i32, i32)> = match part {
                    3 => Vec::new(),
                    _ => table.replaced_in.keys().copied().collect(),
                };
                table.replaced_in = replaced_in(places, &replaced);
                table.replaced = Arc::new(replaced);
                if !has_memory {
                    table.memory.clear();
                }
            }
            for query in &queries {
                let kept = block(keeping.run(query, &seen));
                let read = block(FORGETFUL.run(query, &seen));
                prop_assert_eq!(told(kept), told(read), "{:?}", query);
            }
        }
    }

    /// Files come and go, and nothing of one that went is told.
    #[test]
    fn answers_follow_the_files(
        sessions in any_sessions(),
        queries in proptest::collection::vec(any_query(), 1..4),
        masks in proptest::collection::vec(any::<u16>(), 2..6),
    ) {
        let held = capture(&sessions, Layout::Files);
        let keeping = engine(1 << 28);
        for (snapshot, mask) in masks.into_iter().enumerate() {
            let mut seen = held.capture.clone();
            seen.snapshot = snapshot as i64;
            for table in &mut seen.tables {
                table.files.retain(|file| mask >> ((2 * file.day + file.bucket) % 16) & 1 == 1);
            }
            for query in &queries {
                let kept = block(keeping.run(query, &seen));
                let read = block(FORGETFUL.run(query, &seen));
                prop_assert_eq!(told(kept), told(read), "{:?}", query);
            }
        }
    }
}

/// Twelve sessions a day over ten days, in files.
fn ten_days() -> Held {
    let lines = (0..120).map(|number| {
        let (day, hour) = (number / 12 + 5, number % 12 * 2);
        format!("user {} | 2026-01-{day:02}T{hour:02}:10", number % 7)
    });
    let table: Vec<String> = lines.collect();
    let sessions = crate::facts::sessions(&format!("\nuser | start\n{}\n", table.join("\n")));
    capture(&sessions, Layout::Files)
}

#[test]
fn days_that_were_asked_for_are_not_read_again() {
    let held = ten_days();
    let engine = engine(1 << 28);
    let ask = |query: &Query| block(engine.run(query, &held.capture)).unwrap();
    let all = ask(&query("users", "2026-01-05", "2026-01-14"));
    let files = effort(&all).0;
    assert!(files >= 10 && effort(&all).1 == 0, "{:?}", effort(&all));
    // Another range of the same question: all of its days are known.
    let some = ask(&query("users", "2026-01-06", "2026-01-09"));
    assert_eq!(some.rows_read, 0);
    assert!(effort(&some).1 > 0);
    assert_eq!(some.totals["users"].value, Some(7.0));
    // One that begins within a day reads that day.
    let cut = ask(&query("users", "2026-01-06T03:00", "2026-01-09T00:00"));
    assert!(
        0 < cut.rows_read && cut.rows_read <= 12,
        "{}",
        cut.rows_read
    );
    // Days of other zones lie in two files each, and both of them are known as soon as they were read.
    let mut abroad = query("sessions", "2026-01-06", "2026-01-09");
    abroad.time_zone = Some("America/New_York".to_owned());
    let first = ask(&abroad);
    assert_eq!(first.totals["sessions"].value, Some(48.0));
    assert!(ask(&abroad).rows_read < first.rows_read);
    // What depends on the clock of the question is counted anew.
    let mut young = query("engagement_rate", "2026-01-05", "2026-01-14");
    young.now = FIRST_START + 5 * DAY + HOUR;
    let before = ask(&young);
    young.now += 12 * HOUR;
    let after = ask(&young);
    let pending = |result: &QueryResult| result.totals["engagement_rate"].pending;
    assert!(pending(&after) < pending(&before), "{:?}", pending(&after));
}

#[test]
fn a_file_that_went_is_forgotten_at_once() {
    let held = ten_days();
    let engine = engine_with(1 << 28, u64::MAX, 0);
    let question = query("sessions", "2026-01-05", "2026-01-14");
    let ask = |capture| block(engine.run(&question, capture)).unwrap();
    ask(&held.capture);
    let mut without = held.capture.clone();
    without.snapshot += 1;
    for table in &mut without.tables {
        table.files.retain(|file| file.day % 2 == 0);
    }
    let left = ask(&without);
    assert_eq!(left.totals["sessions"].value, Some(60.0));
    assert_eq!(left.rows_read, 0);
    // A query that still sees it reads it, and keeps nothing of it.
    for _ in 0..2 {
        let before = ask(&held.capture);
        assert_eq!(before.totals["sessions"].value, Some(120.0));
        assert_eq!(before.rows_read, 60);
    }
}

/// The files of roll-ups beside the files of sessions.
fn beside(held: &Held) -> Vec<std::path::PathBuf> {
    let files = held.capture.tables[0].files.iter();
    files
        .map(upshot_lake::DataFile::rollups)
        .filter(|path| path.exists())
        .collect()
}

#[test]
fn another_start_reads_what_lies_beside_the_files() {
    let held = ten_days();
    let question = query("users", "2026-01-05", "2026-01-14");
    let ask = |engine: &Engine| block(engine.run(&question, &held.capture)).unwrap();
    let first = engine(1 << 28);
    let rows = ask(&first).rows_read;
    block(first.settled());
    assert_eq!(rows, 120);
    assert_eq!(ask(&engine(1 << 28)).rows_read, 0);
    let paths = beside(&held);
    assert_eq!(paths.len(), held.capture.tables[0].files.len());
    // What is damaged, torn or another version's is as if it were not there, and is made anew.
    let whole: Vec<Vec<u8>> = paths
        .iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect();
    type Damage = fn(&[u8]) -> Vec<u8>;
    let damage: [Damage; 5] = [
        |whole| whole[..whole.len() - 1].to_vec(),
        |whole| whole[..30].to_vec(),
        |_| Vec::new(),
        |whole| whole.iter().rev().copied().collect(),
        |whole| {
            let mut changed = whole.to_vec();
            *changed.last_mut().unwrap() ^= 1;
            changed
        },
    ];
    for damage in damage {
        for (path, whole) in paths.iter().zip(&whole) {
            std::fs::write(path, damage(whole)).unwrap();
        }
        let anew = engine(1 << 28);
        let answer = ask(&anew);
        assert_eq!(
            (answer.rows_read, answer.totals["users"].value),
            (120, Some(7.0))
        );
        block(anew.settled());
        assert_eq!(ask(&engine(1 << 28)).rows_read, 0);
    }
}

/// As many groups as there are sessions, few of them in each file.
#[test]
fn groups_of_many_files_are_all_there() {
    let mut facts = Vec::new();
    for number in 0..1_000 {
        let mut session = crate::facts::sessions("user\nanna\n").remove(0);
        session.session_id = format!("session-{number}").into();
        session.start_time = FIRST_START + i64::from(number % 10) * DAY;
        session.attributes = [("order".into(), format!("{number}").into())].into();
        facts.push(session);
    }
    let held = capture(&facts, Layout::Files);
    let mut question = query("sessions", "2026-01-01", "2026-01-31");
    question.dimensions = vec!["attribute.order".to_owned()];
    for engine in [&engine(1 << 28), &*FORGETFUL] {
        let rows = block(engine.run(&question, &held.capture)).unwrap().rows;
        assert_eq!(rows.len(), 1_000);
    }
}

#[test]
fn erasing_leaves_nothing_in_memory() {
    let held = ten_days();
    let engine = engine_with(1 << 28, u64::MAX, 0);
    let question = query("sessions", "2026-01-05", "2026-01-14");
    let rows_read = || {
        block(engine.run(&question, &held.capture))
            .unwrap()
            .rows_read
    };
    assert_eq!((rows_read(), rows_read()), (120, 0));
    engine.forget_rollups();
    assert_eq!((rows_read(), rows_read()), (120, 0));
}

/// Days that lie before the range are known for whoever asks for another range that begins later.
#[test]
fn what_was_before_a_range_is_known_whenever_it_begins() {
    let held = ten_days();
    let engine = engine(1 << 28);
    let ask = |from: &str| {
        let mut question = query("new_users", from, "2026-01-14");
        question.grain = Some(upshot_metrics::Grain::Day);
        block(engine.run(&question, &held.capture)).unwrap()
    };
    ask("2026-01-10");
    let retention = |from: &str| {
        let question = RetentionQuery {
            period: upshot_metrics::retention::Period::Day,
            range: query("users", from, "2026-01-14").range,
            now: FIRST_START + 60 * DAY,
            ..RetentionQuery::default()
        };
        block(engine.retention(&question, &held.capture)).unwrap()
    };
    assert_eq!(retention("2026-01-10").rows_read, 120);
    // The days before are known, and those that only lie at another place of the range; one day lay in the range and now
    // lies before it.
    assert_eq!(retention("2026-01-11").rows_read, 12);
    assert_eq!(retention("2026-01-10").rows_read, 0);
}

/// A file of which memory stands in for a session is known too, as long as it is the same session.
#[test]
fn a_file_of_which_memory_replaces_some_is_not_read_again() {
    let held = ten_days();
    let engine = engine(1 << 28);
    let ask = |replaced: &[&str]| {
        let mut seen = held.capture.clone();
        for table in &mut seen.tables {
            let Some(day) = table.files.iter().map(|file| file.day).max() else {
                continue;
            };
            let places: Vec<(i32, i32)> = table
                .files
                .iter()
                .filter(|file| file.day == day)
                .map(|file| (file.day, file.bucket))
                .collect();
            let ids = replaced.iter().map(|id| (*id).into()).collect();
            let places = if replaced.is_empty() {
                Vec::new()
            } else {
                places
            };
            table.replaced_in = replaced_in(places, &ids);
            table.replaced = Arc::new(ids);
        }
        let question = query("sessions", "2026-01-05", "2026-01-14");
        let answer = block(engine.run(&question, &seen)).unwrap();
        (answer.totals["sessions"].value, answer.rows_read)
    };
    assert_eq!(ask(&[]), (Some(120.0), 120));
    // The last of the sessions, and the one before it.
    let (last, before) = ("session-119", "session-118");
    assert_eq!(ask(&[last]), (Some(119.0), 12));
    assert_eq!(ask(&[last]), (Some(119.0), 0));
    assert_eq!(ask(&[last, before]), (Some(118.0), 12));
    assert_eq!(ask(&[last, before]), (Some(118.0), 0));
    // What was found in the whole file still lies beside it.
    block(engine.settled());
    assert_eq!(ask(&[]), (Some(120.0), 0));
}

/// A question that fails, or is given up, leaves what it found: asked again it gets further.
#[test]
fn a_question_that_fails_leaves_what_it_found() {
    let held = ten_days();
    let engine = Engine::new(EngineOptions {
        threads: 1,
        rollups: RollupOptions {
            least_file_rows: 0,
            ..RollupOptions::default()
        },
        ..EngineOptions::default()
    })
    .unwrap();
    let ask = |metric| block(engine.run(&query(metric, "2026-01-05", "2026-01-14"), &held.capture));
    // The ends of all files are known from now on.
    assert_eq!(ask("sessions").unwrap().rows_read, 120);
    let last = held.capture.tables[0]
        .files
        .iter()
        .max_by_key(|file| file.day);
    let path = &last.unwrap().path;
    let whole = std::fs::read(path).unwrap();
    std::fs::write(path, vec![0; whole.len()]).unwrap();
    assert!(ask("users").is_err());
    std::fs::write(path, whole).unwrap();
    let answer = ask("users").unwrap();
    assert_eq!(answer.totals["users"].value, Some(7.0));
    assert!(answer.rows_read <= 12, "{}", answer.rows_read);
}
