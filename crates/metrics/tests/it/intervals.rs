//! Intervals of means over users are those of plain lists of what each user has.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use upshot_core::Session;
use upshot_core::time::day_of;
use upshot_core::words::{Role, StepKind};
use upshot_metrics::result::{IntervalMethod, MetricValue, QueryResult};
use upshot_metrics::{EnvironmentChoice, Identity, Query, RangeSpec};
use upshot_stats::Confidence;
use upshot_stats::mean::{Moments, interval};

use crate::behind::any_facts;
use crate::facts::{Facts, Layout, capture_all, facts};
use crate::properties::{ENGINE, block, cases};

const PER_USER: [&str; 3] = [
    "tokens_in_per_user",
    "tokens_out_per_user",
    "model_cost_per_user",
];

fn answer(facts: &Facts, metrics: &[&str], identity: Identity, by: Option<&str>) -> QueryResult {
    let query = Query {
        metrics: metrics.iter().map(|id| (*id).to_owned()).collect(),
        dimensions: by.map(str::to_owned).into_iter().collect(),
        range: RangeSpec {
            from: Some("2026-01-01".to_owned()),
            to: Some("2026-01-20".to_owned()),
            last: None,
        },
        environment: EnvironmentChoice::All,
        identity,
        now: upshot_metrics::time::parse_instant("2026-03-01", &jiff::tz::TimeZone::UTC).unwrap(),
        maturity: Some(0),
        ..Query::default()
    };
    let held = capture_all(facts, Layout::Mixed);
    block(ENGINE.run(&query, &held.capture)).unwrap()
}

/// Checks a mean of these values, which cannot be more than `most`.
fn check(value: &MetricValue, values: &[f64], most: f64) -> Result<(), TestCaseError> {
    let near = |first: f64, second: f64| (first - second).abs() <= 1e-9 * first.abs().max(1.0);
    prop_assert_eq!(value.n as usize, values.len());
    prop_assert!(near(value.numerator.unwrap(), values.iter().sum()));
    let moments = Moments::from_values(values).unwrap();
    let expected = interval(&moments, Confidence::NINETY_FIVE);
    if value.interval.is_some() {
        prop_assert_eq!(value.interval_method, Some(IntervalMethod::T));
    }
    // Of equal users there is no interval. Where they are equal but for rounding, one side may not see it: then the other
    // is no wider than that.
    let mean = moments.mean().unwrap();
    let [lower, upper] = value.interval.unwrap_or([mean, mean]);
    let expected = expected.map_or([mean, mean], |expected| {
        [expected.lower.max(0.0), expected.upper.min(most)]
    });
    // Sums of clusters are kept to a millionth, and of two users an interval is thirteen times as wide.
    let close = |first: f64, second: f64| (first - second).abs() <= 1e-4 * first.abs().max(1.0);
    prop_assert!(close(lower, expected[0]), "{lower} {expected:?}");
    prop_assert!(close(upper, expected[1]), "{upper} {expected:?}");
    Ok(())
}

/// What each user has of a number.
fn of_users(
    sessions: &[&Session],
    identity: Identity,
    number: impl Fn(&Session) -> f64,
) -> Vec<f64> {
    let mut users: BTreeMap<Option<i64>, f64> = BTreeMap::new();
    for session in sessions {
        let user = match identity {
            Identity::Device => session.user_key,
            Identity::Id => session.person_key,
        };
        *users.entry(user).or_default() += number(session);
    }
    users.into_values().collect()
}

/// A cost that no binary fraction is: what users have of it is rounded otherwise than their total.
#[test]
fn users_who_cost_the_same_have_no_interval() {
    let equal = facts(
        "
sessions:
session | start                | user
a       | 2026-01-05T10:00:00Z | 1
b       | 2026-01-06T10:00:00Z | 2

steps:
session | kind       | cost
a       | model_call | 0.05
b       | model_call | 0.05
",
    );
    let result = answer(&equal, &["model_cost_per_user"], Identity::Device, None);
    let value = &result.totals["model_cost_per_user"];
    assert!(value.value.is_some_and(|cost| (cost - 0.05).abs() < 1e-9));
    assert_eq!(value.interval, None);
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn what_users_take_is_a_mean_over_them(
        facts in any_facts(),
        identity in proptest::sample::select(vec![Identity::Device, Identity::Id]),
        by in proptest::option::of(Just("channel")),
    ) {
        let sessions: Vec<Session> = facts
            .sessions
            .into_iter()
            .map(|session| Session {
                tokens_input: session.messages * 7,
                tokens_output: session.duration / 1_000_000 % 5,
                model_calls: 1,
                open: false,
                ..session
            })
            .collect();
        let facts = Facts { sessions: sessions.clone(), messages: Vec::new(), steps: facts.steps };
        let result = answer(&facts, &PER_USER, identity, by);
        let groups = result.rows.iter().map(|row| (Some(row), &row.metrics));
        for (row, values) in groups.chain([(None, &result.totals)]) {
            let of_row = |session: &&Session| {
                row.is_none_or(|row| row.dimensions["channel"].as_deref() == session.channel.as_deref())
            };
            let own: Vec<&Session> = sessions.iter().filter(of_row).collect();
            if own.is_empty() {
                continue;
            }
            let tokens = of_users(&own, identity, |session| session.tokens_input as f64);
            let written = of_users(&own, identity, |session| session.tokens_output as f64);
            let cost = of_users(&own, identity, |session| {
                let steps = facts.steps.iter();
                let calls = steps.filter(|step| step.step_kind == Some(StepKind::ModelCall));
                let own = calls.filter(|step| step.session_id == session.session_id);
                own.filter_map(|step| step.cost).sum()
            });
            for (id, numbers) in PER_USER.iter().zip([tokens, written, cost]) {
                if values[*id].value.is_some() {
                    check(&values[*id], &numbers, f64::INFINITY)?;
                }
            }
        }
        let told = sessions.iter().any(|session| session.tokens_input > 0);
        prop_assert!(!told || result.totals[PER_USER[0]].value.is_some());
    }

    #[test]
    fn stickiness_is_a_mean_of_shares_of_days(facts in any_facts()) {
        let result = answer(&facts, &["stickiness"], Identity::Device, None);
        let end = day_of(upshot_metrics::time::parse_instant("2026-01-20", &jiff::tz::TimeZone::UTC).unwrap());
        let mut days: BTreeMap<Option<i64>, BTreeSet<i32>> = BTreeMap::new();
        for message in facts.messages.iter().filter(|message| message.role == Some(Role::User)) {
            let day = day_of(message.time);
            if (end - 29..=end).contains(&day) {
                days.entry(message.user_key).or_default().insert(day);
            }
        }
        let shares: Vec<f64> = days.values().map(|days| days.len() as f64 / 30.0).collect();
        let value = &result.totals["stickiness"];
        if shares.is_empty() {
            prop_assert_eq!(value.value, None);
            return Ok(());
        }
        check(value, &shares, 1.0)?;
    }
}
