//! Rows that are cut by time beside those of another range, where the clocks are changed.

use jiff::ToSpan;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use upshot_core::Session;
use upshot_metrics::drilldown::{Cell, Page};
use upshot_metrics::result::{NoteCode, QueryResult, Row, Verdict};
use upshot_metrics::time::parse_instant;
use upshot_metrics::{Grain, Query, RangeSpec};

use crate::facts::{Held, Layout, capture, instant};
use crate::properties::{ENGINE, block, cases, key};

const ZONE: &str = "Europe/Berlin";

/// Sessions that start at these times.
fn sessions(starts: impl IntoIterator<Item = i64>) -> Vec<Session> {
    let session = |(number, start_time): (usize, i64)| Session {
        session_id: format!("session-{number}").into(),
        conversation_id: format!("conversation-{number}").into(),
        user_key: Some(key(&format!("user {}", number % 7))),
        start_time,
        messages: number as i64 % 4,
        ..Session::default()
    };
    starts.into_iter().enumerate().map(session).collect()
}

/// A session every so many minutes from one day until before another.
fn every(minutes: i64, from: &str, to: &str) -> Vec<Session> {
    let zone = TimeZone::get(ZONE).unwrap();
    let end = |text| parse_instant(text, &zone).unwrap();
    let step = minutes * 60_000_000;
    sessions((end(from)..end(to)).step_by(step as usize))
}

fn query(grain: Grain, from: &str, to: &str, compare: &str) -> Query {
    Query {
        metrics: vec!["sessions".to_owned(), "messages_per_session".to_owned()],
        grain: Some(grain),
        range: RangeSpec {
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            last: None,
        },
        compare: Some(compare.to_owned()),
        time_zone: Some(ZONE.to_owned()),
        now: instant("2027-06-01"),
        maturity: Some(0),
        ..Query::default()
    }
}

fn answer(query: &Query, held: &Held) -> QueryResult {
    block(ENGINE.run(query, &held.capture)).unwrap()
}

/// The row of a time of the day, with its sessions and those beside them.
fn beside(result: &QueryResult, grain: &str, time: &str) -> (Option<f64>, Option<f64>, Verdict) {
    let named = |row: &&Row| row.dimensions[grain].as_ref().unwrap().contains(time);
    let value = &result.rows.iter().find(named).unwrap().metrics["sessions"];
    let compare = value.compare.as_ref().unwrap();
    (value.value, compare.value, compare.verdict)
}

fn has(result: &QueryResult, code: NoteCode) -> bool {
    result.notes.iter().any(|note| note.code == code)
}

/// What stands beside the rows, and beside the totals.
fn sums(result: &QueryResult) -> (f64, f64) {
    let compared = |value: &upshot_metrics::MetricValue| value.compare.as_ref()?.value;
    let rows = result.rows.iter();
    let rows = rows.filter_map(|row| compared(&row.metrics["sessions"]));
    let total = compared(&result.totals["sessions"]);
    (rows.sum(), total.unwrap())
}

#[test]
fn an_hour_that_there_is_twice_stands_beside_the_one_row_of_this_hour() {
    let held = capture(&every(1, "2026-10-25", "2026-10-27"), Layout::Mixed);
    let query = query(Grain::Hour, "2026-10-26", "2026-10-26", "previous");
    let result = answer(&query, &held);
    assert_eq!(result.rows.len(), 24);
    assert_eq!(sums(&result), (1_500.0, 1_500.0));
    let (now, before, verdict) = beside(&result, "hour", "T02:00");
    // As many an hour: two hours are judged as two.
    assert_eq!(
        (now, before, verdict),
        (Some(60.0), Some(120.0), Verdict::Noise)
    );
    assert_eq!(beside(&result, "hour", "T03:00").1, Some(60.0));
    assert!(has(&result, NoteCode::UnevenTimes));
    assert!(!has(&result, NoteCode::UnequalRanges));
}

#[test]
fn minutes_that_there_are_twice_stand_beside_their_own() {
    let held = capture(&every(1, "2026-10-25", "2026-10-27"), Layout::Mixed);
    let query = query(Grain::Minute, "2026-10-26", "2026-10-26", "previous");
    let result = answer(&query, &held);
    assert_eq!(sums(&result), (1_500.0, 1_500.0));
    for minute in ["T02:00", "T02:31", "T02:59"] {
        assert_eq!(beside(&result, "minute", minute).1, Some(2.0), "{minute}");
    }
    for minute in ["T01:59", "T03:00"] {
        assert_eq!(beside(&result, "minute", minute).1, Some(1.0), "{minute}");
    }
    let row = result.rows.iter().find(|row| {
        let minute = row.dimensions["minute"].as_ref().unwrap();
        minute.contains("T02:31")
    });
    let cell = Cell {
        metric: "sessions".to_owned(),
        dimensions: row.unwrap().dimensions.clone(),
        compared: true,
        ..Cell::default()
    };
    let found = block(ENGINE.drilldown(&query, &cell, &Page::default(), &held.capture)).unwrap();
    assert_eq!(found.session_count, 2);
    let listed = block(ENGINE.sessions(&found.query, &held.capture)).unwrap();
    assert_eq!(listed.len(), 2);
}

#[test]
fn beside_an_hour_that_the_other_day_leaves_out_stands_nothing() {
    let held = capture(&every(1, "2026-03-29", "2026-03-31"), Layout::Mixed);
    let query = query(Grain::Hour, "2026-03-30", "2026-03-30", "previous");
    let result = answer(&query, &held);
    assert_eq!(sums(&result), (1_380.0, 1_380.0));
    let left_out = beside(&result, "hour", "T02:00");
    assert_eq!(left_out, (Some(60.0), None, Verdict::NoData));
    assert_eq!(beside(&result, "hour", "T03:00").1, Some(60.0));
    assert!(has(&result, NoteCode::UnevenTimes));
}

#[test]
fn days_of_25_and_23_hours_stand_beside_those_before_them() {
    let held = capture(&every(1, "2026-10-24", "2026-10-26"), Layout::Mixed);
    let result = answer(
        &query(Grain::Hour, "2026-10-25", "2026-10-25", "previous"),
        &held,
    );
    assert_eq!(sums(&result), (1_440.0, 1_440.0));
    assert_eq!(beside(&result, "hour", "T02:00:00+02").1, Some(60.0));
    assert_eq!(beside(&result, "hour", "T02:00:00+01").1, None);
    let held = capture(&every(1, "2026-03-28", "2026-03-30"), Layout::Mixed);
    let result = answer(
        &query(Grain::Hour, "2026-03-29", "2026-03-29", "previous"),
        &held,
    );
    assert_eq!(result.rows.len(), 23);
    assert_eq!(sums(&result), (1_440.0, 1_440.0));
    // The clock goes on at three.
    let (_, before, verdict) = beside(&result, "hour", "T03:00");
    assert_eq!((before, verdict), (Some(120.0), Verdict::Noise));
}

#[test]
fn the_same_dates_stand_beside_each_other_in_leap_years_too() {
    let held = capture(&every(60, "2027-02-27", "2028-03-03"), Layout::Mixed);
    let leap = |grain| Query {
        now: instant("2028-06-01"),
        ..query(grain, "2028-02-28", "2028-03-01", "year")
    };
    let result = answer(&leap(Grain::Day), &held);
    assert_eq!(sums(&result), (48.0, 48.0));
    assert_eq!(beside(&result, "day", "02-29").1, None);
    assert_eq!(beside(&result, "day", "03-01").1, Some(24.0));
    assert!(has(&result, NoteCode::UnevenTimes));
}

#[test]
fn what_goes_on_after_the_last_row_is_told() {
    let held = capture(&every(60, "2026-01-01", "2026-03-01"), Layout::Mixed);
    let result = answer(
        &query(Grain::Day, "2026-02-01", "2026-02-28", "previous"),
        &held,
    );
    assert_eq!(sums(&result), (28.0 * 24.0, 31.0 * 24.0));
    assert!(has(&result, NoteCode::UnequalRanges));
    assert!(!has(&result, NoteCode::UnevenTimes));
}

#[test]
fn a_stretch_that_the_calendar_cuts_once_stands_beside_all_before_it() {
    let held = capture(&every(60, "2026-01-31", "2026-04-01"), Layout::Mixed);
    // March without its first day; the thirty days before lie in three months.
    let result = answer(
        &query(Grain::Month, "2026-03-02", "2026-03-31", "previous"),
        &held,
    );
    assert_eq!(result.rows.len(), 1);
    assert_eq!(sums(&result), (720.0, 720.0));
}

/// Comparisons of a range that begins on a day and has so many days with one that is no longer.
fn any_comparison() -> impl Strategy<Value = (Date, i64, String)> {
    let near = proptest::sample::select(vec![date(2026, 3, 29), date(2026, 10, 25)]);
    let compare = proptest::sample::select(vec!["previous", "year", "year_by_weekday", "days"]);
    (near, -6_i64..8, 1_i64..8, -9_i64..9, compare).prop_map(
        |(near, after, days, earlier, compare)| {
            let from = near.checked_add(after.days()).unwrap();
            let compare = match compare {
                "days" => {
                    let other = from.checked_sub(earlier.days()).unwrap();
                    format!("{other}..{}", other.checked_add((days - 1).days()).unwrap())
                }
                other => other.to_owned(),
            };
            (from, days, compare)
        },
    )
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn what_stands_beside_rows_adds_up_to_what_stands_beside_the_totals(
        (from, days, compare) in any_comparison(),
        grain in proptest::sample::select(vec![Grain::Minute, Grain::QuarterHour, Grain::Hour, Grain::Day, Grain::Week]),
        starts in proptest::collection::vec((0_usize..4, 0_i64..40 * 24 * 60), 1..60),
        passed in proptest::option::of(0_i64..8 * 24 * 60),
    ) {
        let minute = 60_000_000;
        let begins = ["2025-03-10", "2025-10-08", "2026-03-10", "2026-10-08"].map(instant);
        let starts = starts.into_iter().map(|(begin, after)| begins[begin] + after * minute);
        let held = capture(&sessions(starts), Layout::Memory(7));
        let last = from.checked_add((days - 1).days()).unwrap();
        let mut query = query(grain, &from.to_string(), &last.to_string(), &compare);
        if let Some(passed) = passed {
            query.now = instant(&from.to_string()) + passed * minute;
        }
        let result = answer(&query, &held);
        let (rows, total) = sums(&result);
        prop_assert_eq!(rows, total);
        // What lies after now has not lasted yet.
        prop_assert!(passed.is_some() || !has(&result, NoteCode::UnequalRanges));
    }

    #[test]
    fn by_length_what_stands_beside_rows_adds_up_too(
        hours in 1_i64..60,
        after in -60_i64..60,
        from in proptest::sample::select(vec!["2026-03-29T00:30:00Z", "2026-10-25T00:30:00Z"]),
        starts in proptest::collection::vec(-150_i64 * 60..120 * 60, 1..60),
        other in proptest::bool::ANY,
    ) {
        let hour = 3_600_000_000;
        let from = instant(from);
        let held = capture(&sessions(starts.into_iter().map(|minutes| from + minutes * 60_000_000)), Layout::Memory(7));
        let text = |time: i64| jiff::Timestamp::from_microsecond(time).unwrap().to_string();
        let (from, to) = (from + after * hour, from + (after + hours) * hour);
        let back = |time: i64| text(time - 31 * hour);
        let compare = match other {
            true => format!("{}..{}", back(from), back(to)),
            false => "previous".to_owned(),
        };
        let result = answer(&query(Grain::Hour, &text(from), &text(to), &compare), &held);
        let (rows, total) = sums(&result);
        prop_assert_eq!(rows, total);
    }
}
