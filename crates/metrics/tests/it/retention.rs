//! Who came back, against a count by hand and on days when the clock is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use upshot_core::Session;
use upshot_core::time::{DAY, day_of};
use upshot_metrics::result::MetricValue;
use upshot_metrics::retention::Period;
use upshot_metrics::{
    EnvironmentChoice, Identity, Query, QueryError, RangeSpec, RetentionQuery, RetentionResult,
};

use crate::facts::{FIRST_START, Layout, capture, instant, sessions};
use crate::properties::{ENGINE, HOUR, any_filter, any_sessions, block, cases};
use crate::worked::engine;

fn ask(query: &RetentionQuery, sessions: &[Session]) -> RetentionResult {
    let engine = engine();
    let answers = [Layout::Memory(2), Layout::Files, Layout::Mixed].map(|layout| {
        let held = capture(sessions, layout);
        let mut result = block(engine.retention(query, &held.capture)).unwrap();
        (result.took_milliseconds, result.rows_read) = (0.0, 0);
        result
    });
    assert_eq!(answers[0], answers[1], "files answer otherwise than memory");
    assert_eq!(
        answers[0], answers[2],
        "a mix answers otherwise than memory"
    );
    let [first, ..] = answers;
    first
}

fn cell(value: &MetricValue) -> String {
    match (value.value, value.numerator, &value.reason) {
        (Some(share), Some(back), _) => format!("{back} = {:.0} %", share * 100.0),
        (_, _, reason) => format!("({})", reason.clone().unwrap_or_default()),
    }
}

fn table(result: &RetentionResult) -> String {
    let mut text = String::new();
    for cohort in &result.cohorts {
        let _ = write!(text, "{} n={}", cohort.cohort, cohort.users);
        for period in &cohort.periods {
            let _ = write!(
                text,
                " | {} / {}",
                cell(&period.exact),
                cell(&period.rolling)
            );
        }
        text.push('\n');
    }
    let _ = write!(text, "overall");
    for period in &result.overall {
        let _ = write!(
            text,
            " | {} / {}",
            cell(&period.exact),
            cell(&period.rolling)
        );
    }
    for note in &result.notes {
        let _ = write!(text, "\n{}", note.text);
    }
    text.push('\n');
    text
}

fn check(query: RetentionQuery, facts: &str, expected: Expect) {
    expected.assert_eq(&table(&ask(&query, &sessions(facts))));
}

/// Anna comes in the week after, Ben two weeks after, Cleo only gets a message that she does not answer.
const WEEKS: &str = "
user | start            | acted | channel | unlinkable
anna | 2026-01-05T10:00 | yes   | web     | no
anna | 2026-01-06T10:00 | yes   | web     | no
anna | 2026-01-13T10:00 | yes   | voice   | no
ben  | 2026-01-07T10:00 | yes   | voice   | no
ben  | 2026-01-20T10:00 | yes   | web     | no
cleo | 2026-01-08T10:00 | yes   | web     | no
cleo | 2026-01-14T10:00 | no    | web     | no
dora | 2026-01-14T10:00 | yes   | web     | no
dora | 2026-01-21T10:00 | yes   | web     | no
who  | 2026-01-14T10:00 | yes   | web     | yes
";

#[test]
fn weeks_are_counted_exactly_and_rolling() {
    let query = RetentionQuery {
        periods: 3,
        now: instant("2026-01-28T00:00"),
        range: RangeSpec {
            from: Some("2026-01-05".to_owned()),
            to: Some("2026-01-18".to_owned()),
            ..RangeSpec::default()
        },
        ..RetentionQuery::default()
    };
    check(
        query.clone(),
        WEEKS,
        expect![[r#"
            2026-01-05 n=3 | 1 = 33 % / 2 = 67 % | 1 = 33 % / 1 = 33 % | (the period 2026-01-26 is not yet over) / (the period 2026-01-26 is not yet over)
            2026-01-12 n=1 | 1 = 100 % / 1 = 100 % | (the period 2026-01-26 is not yet over) / (the period 2026-01-26 is not yet over) | (the period has not yet begun) / (the period has not yet begun)
            overall | 2 = 50 % / 3 = 75 % | 1 = 33 % / 1 = 33 % | (it is not yet over for any of them) / (it is not yet over for any of them)
            production traffic only; it is all there is
            1 session of users that cannot be followed from one conversation to the next left out of what follows a person
        "#]],
    );
    let by_channel = RetentionQuery {
        filters: vec!["channel = web".to_owned()],
        back: vec!["channel = voice".to_owned()],
        ..query
    };
    check(
        by_channel,
        WEEKS,
        expect![[r#"
            2026-01-05 n=2 | 1 = 50 % / 1 = 50 % | 0 = 0 % / 0 = 0 % | (the period 2026-01-26 is not yet over) / (the period 2026-01-26 is not yet over)
            2026-01-12 n=1 | 0 = 0 % / 0 = 0 % | (the period 2026-01-26 is not yet over) / (the period 2026-01-26 is not yet over) | (the period has not yet begun) / (the period has not yet begun)
            overall | 1 = 33 % / 1 = 33 % | 0 = 0 % / 0 = 0 % | (it is not yet over for any of them) / (it is not yet over for any of them)
            production traffic only; it is all there is
            1 session of users that cannot be followed from one conversation to the next left out of what follows a person
        "#]],
    );
}

#[test]
fn days_are_those_of_the_clock_when_it_is_changed() {
    // In Berlin the clock goes forward on 29 March at 02:00: 23:30 on the 28th and 00:30 on the 30th are 24
    // hours and 0 minutes apart, and two days.
    let query = RetentionQuery {
        period: Period::Day,
        periods: 2,
        time_zone: Some("Europe/Berlin".to_owned()),
        now: instant("2026-04-10T00:00"),
        range: RangeSpec {
            from: Some("2026-03-28".to_owned()),
            to: Some("2026-03-28".to_owned()),
            ..RangeSpec::default()
        },
        ..RetentionQuery::default()
    };
    let facts = "
user | start                     | acted
anna | 2026-03-28T23:30:00+01:00 | yes
anna | 2026-03-30T00:30:00+02:00 | yes
ben  | 2026-03-28T00:30:00+01:00 | yes
ben  | 2026-03-29T23:30:00+02:00 | yes
";
    check(
        query,
        facts,
        expect![[r#"
        2026-03-28 n=2 | 1 = 50 % / 2 = 100 % | 1 = 50 % / 1 = 50 %
        overall | 1 = 50 % / 2 = 100 % | 1 = 50 % / 1 = 50 %
        production traffic only; it is all there is
    "#]],
    );
}

#[test]
fn by_id_a_user_comes_back_on_another_device() {
    let facts = "
user | device | start            | acted
anna | laptop | 2026-01-05T10:00 | yes
anna | phone  | 2026-01-06T10:00 | yes
";
    let query = RetentionQuery {
        period: Period::Day,
        periods: 1,
        now: instant("2026-01-08T00:00"),
        ..RetentionQuery::default()
    };
    check(
        query.clone(),
        facts,
        expect![[r#"
        2026-01-05 n=1 | 0 = 0 % / 0 = 0 %
        2026-01-06 n=1 | 0 = 0 % / 0 = 0 %
        overall | 0 = 0 % / 0 = 0 %
        production traffic only; it is all there is
    "#]],
    );
    let by_id = RetentionQuery {
        identity: Identity::Id,
        ..query
    };
    check(
        by_id,
        facts,
        expect![[r#"
        2026-01-05 n=1 | 1 = 100 % / 1 = 100 %
        2026-01-06 n=0 | (nobody came first in it) / (nobody came first in it)
        overall | 1 = 100 % / 1 = 100 %
        production traffic only; it is all there is
    "#]],
    );
}

#[test]
fn mistakes_name_their_field() {
    let held = capture(&sessions(WEEKS), Layout::Files);
    let wrong = |query: RetentionQuery| {
        let error = block(engine().retention(&query, &held.capture)).unwrap_err();
        match error {
            QueryError::Invalid(problems) => problems[0].field.clone(),
            other => panic!("{other}"),
        }
    };
    let ask = RetentionQuery::default;
    assert_eq!(
        wrong(RetentionQuery {
            periods: 0,
            ..ask()
        }),
        "periods"
    );
    let back = vec!["chanel = web".to_owned()];
    assert_eq!(wrong(RetentionQuery { back, ..ask() }), "back[0]");
    let filters = vec!["chanel = web".to_owned()];
    assert_eq!(wrong(RetentionQuery { filters, ..ask() }), "filters[0]");
}

/// The users of each day's cohort, and by how many days after it who was back.
type ByHand = BTreeMap<i32, (u64, BTreeMap<i32, u64>)>;

/// Day cohorts by hand.
fn by_hand(sessions: &[Session]) -> ByHand {
    let mut days: BTreeMap<i64, (i64, BTreeSet<i32>)> = BTreeMap::new();
    for session in sessions.iter().filter(|session| !session.unlinkable) {
        let user = days
            .entry(session.user_key.unwrap())
            .or_insert((session.start_time, BTreeSet::new()));
        user.0 = user.0.min(session.start_time);
        if session.first_user_time.is_some() {
            user.1.insert(day_of(session.start_time));
        }
    }
    let mut cohorts = ByHand::new();
    for (first, back) in days.into_values() {
        let cohort = cohorts.entry(day_of(first)).or_default();
        cohort.0 += 1;
        for day in back.into_iter().filter(|day| *day > day_of(first)) {
            *cohort.1.entry(day - day_of(first)).or_default() += 1;
        }
    }
    cohorts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_sessions_are_counted_as_by_hand(sessions in any_sessions()) {
        prop_assume!(!sessions.is_empty());
        let query = RetentionQuery {
            period: Period::Day,
            periods: 9,
            environment: EnvironmentChoice::All,
            now: FIRST_START + 30 * DAY,
            ..RetentionQuery::default()
        };
        let result = ask(&query, &sessions);
        let by_hand = by_hand(&sessions);
        let users: u64 = result.cohorts.iter().map(|cohort| cohort.users).sum();
        prop_assert_eq!(users, by_hand.values().map(|cohort| cohort.0).sum::<u64>());
        for cohort in &result.cohorts {
            let day = day_of(instant(&cohort.cohort));
            let (users, back) = by_hand.get(&day).cloned().unwrap_or_default();
            prop_assert_eq!(cohort.users, users);
            let mut longest: Option<f64> = None;
            for period in &cohort.periods {
                let exact = back.get(&(period.period as i32)).copied().unwrap_or(0) as f64;
                prop_assert_eq!(period.exact.numerator, Some(exact));
                let rolling = period.rolling.numerator.unwrap();
                // Rolling never grows, and holds whoever is back exactly then.
                prop_assert!(rolling >= exact && longest.is_none_or(|before| rolling <= before));
                longest = Some(rolling);
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn as_many_users_are_behind_a_cell_as_it_says(
        sessions in any_sessions(),
        filter in proptest::option::weighted(0.3, any_filter()),
        back in proptest::option::weighted(0.5, any_filter()),
        by_id in any::<bool>(),
        environment in proptest::sample::select(vec![EnvironmentChoice::All, EnvironmentChoice::Production]),
    ) {
        let query = RetentionQuery {
            period: Period::Day,
            periods: 3,
            filters: filter.into_iter().collect(),
            back: back.into_iter().collect(),
            range: RangeSpec { from: Some("2026-01-05T13:00:00Z".to_owned()), to: Some("2026-01-08".to_owned()), last: None },
            identity: if by_id { Identity::Id } else { Identity::Device },
            environment,
            now: FIRST_START + 190 * HOUR,
            ..RetentionQuery::default()
        };
        let held = capture(&sessions, Layout::Mixed);
        let result = block(ENGINE.retention(&query, &held.capture)).unwrap();
        let users = |filter: &str| {
            let id = if by_id { "persons" } else { "users" };
            let asked = Query {
                metrics: vec![id.to_owned()],
                filters: vec![filter.to_owned()],
                identity: query.identity,
                environment,
                now: query.now,
                ..Query::default()
            };
            let found = block(ENGINE.run(&asked, &held.capture)).unwrap();
            found.totals[id].value
        };
        for cohort in &result.cohorts {
            prop_assert_eq!(users(&cohort.filter), Some(cohort.users as f64), "{}", cohort.filter);
            for cell in &cohort.periods {
                let over = cell.exact.numerator.is_some();
                prop_assert_eq!(cell.filter.is_some(), over && query.filters.is_empty());
                for (filter, value) in [(&cell.filter, &cell.exact), (&cell.rolling_filter, &cell.rolling)] {
                    if let Some(filter) = filter {
                        prop_assert_eq!(users(filter), value.numerator, "{}", filter);
                    }
                }
            }
        }
    }
}
