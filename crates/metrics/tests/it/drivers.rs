//! Drivers: the known vectors, the interval, and the names of topics.

use proptest::prelude::*;
use upshot_metrics::drivers::DriverRow;
use upshot_metrics::result::Verdict;
use upshot_metrics::{DrivenOutcome, DriverQuery, EnvironmentChoice, QueryError, SessionQuery};

use crate::command::NOW;
use crate::facts::{FIRST_START, Layout, capture, instant, sessions};
use crate::properties::{ENGINE, HOUR, any_filter, any_sessions, block, cases};
use crate::worked::engine;

async fn drivers(table: &str, query: DriverQuery) -> Vec<DriverRow> {
    let query = DriverQuery {
        now: instant(NOW),
        ..query
    };
    let held = capture(&sessions(table), Layout::Mixed);
    engine().drivers(&query, &held.capture).await.unwrap().rows
}

fn row<'a>(rows: &'a [DriverRow], value: &str) -> &'a DriverRow {
    rows.iter()
        .find(|row| row.value.as_deref() == Some(value))
        .unwrap()
}

fn near(found: Option<f64>, expected: f64) {
    let found = found.unwrap();
    assert!(
        (found - expected).abs() < 1e-4,
        "found {found}, expected {expected}"
    );
}

/// 100 engaged sessions, 60 of them resolved; 20 with the topic t, 4 resolved; 10 with u, all resolved.
const VECTOR: &str = "
sessions | topic | topic_name | outcome
4        | t     | Refunds    | resolved
16       | t     | Refunds    | abandoned
10       | u     | Hours      | resolved
46       | other |            | resolved
24       | other |            | escalated
7        | t     |            | none
";

#[tokio::test]
async fn the_known_vectors() {
    let rows = drivers(VECTOR, DriverQuery::default()).await;
    let refunds = row(&rows, "t");
    near(refunds.impact, -0.10);
    near(refunds.without, 0.70);
    assert_eq!(
        (refunds.metric.numerator, refunds.metric.n),
        (Some(4.0), 20)
    );
    assert_eq!(refunds.name.as_deref(), Some("Refunds"));
    near(row(&rows, "u").impact, 0.0444);
    let strengths: Vec<f64> = rows.iter().map(|row| row.impact.unwrap().abs()).collect();
    assert!(
        strengths.is_sorted_by(|first, second| first >= second),
        "{strengths:?}"
    );
}

#[tokio::test]
async fn the_interval_holds_the_impact_and_few_sessions_are_not_judged() {
    for row in drivers(VECTOR, DriverQuery::default()).await {
        let [lower, upper] = row.interval.unwrap();
        let impact = row.impact.unwrap();
        assert!(lower <= impact && impact <= upper, "{row:?}");
        let few = row.metric.n < 30 || 100 - row.metric.n < 30;
        assert_eq!(row.verdict == Verdict::TooFew, few, "{row:?}");
    }
}

#[tokio::test]
async fn escalation_reads_the_other_way_round() {
    let query = DriverQuery {
        outcome: DrivenOutcome::Escalation,
        ..DriverQuery::default()
    };
    let rows = drivers(VECTOR, query).await;
    let other = row(&rows, "other");
    near(other.impact, 0.24);
    assert_eq!(other.verdict, Verdict::Worse);
}

#[tokio::test]
async fn sessions_count_for_every_topic_that_they_visited() {
    let table = "
sessions | topics | outcome
2        | a, b   | resolved
1        | a      | abandoned
1        |        | abandoned
";
    let rows = drivers(
        table,
        DriverQuery {
            by: "topics".to_owned(),
            ..DriverQuery::default()
        },
    )
    .await;
    let (a, b) = (row(&rows, "a"), row(&rows, "b"));
    assert_eq!((a.metric.n, b.metric.n), (3, 2));
    near(a.impact, 0.5);
    near(b.impact, 0.5);
    near(a.share.into(), 0.75);
}

#[tokio::test]
async fn satisfaction_is_driven_on_its_scale() {
    let table = "
sessions | topic | outcome  | csat_score | csat_scale_minimum | csat_scale_maximum
2        | a     | resolved | 5          | 1                  | 5
2        | b     | resolved | 2          | 1                  | 5
1        | b     | resolved | 3          | 1                  | 5
3        | b     | resolved |            |                    |
";
    let query = DriverQuery {
        outcome: DrivenOutcome::Csat,
        ..DriverQuery::default()
    };
    let rows = drivers(table, query).await;
    // (5+5+2+2+3)/5 − (2+2+3)/3 = 3.4 − 2.3333
    near(row(&rows, "a").impact, 1.0667);
    near(row(&rows, "b").metric.value, 7.0 / 3.0);
}

#[tokio::test]
async fn a_value_of_all_sessions_has_no_impact() {
    let table = "
sessions | topic | outcome
3        | a     | resolved
";
    let rows = drivers(table, DriverQuery::default()).await;
    assert_eq!((rows[0].impact, rows[0].verdict), (None, Verdict::NoData));
}

#[tokio::test]
async fn mistakes_are_named() {
    let check = async |query: DriverQuery, expected: &str| {
        let held = capture(&[], Layout::Memory(1));
        match engine().drivers(&query, &held.capture).await {
            Err(QueryError::Invalid(problems)) => assert_eq!(problems[0].to_string(), expected),
            other => panic!("{other:?}"),
        }
    };
    let by = |by: &str| DriverQuery {
        by: by.to_owned(),
        ..DriverQuery::default()
    };
    check(
        by("topik"),
        "by: there is no dimension `topik`; an attribute is written `attribute.topik`; did you mean `topic`?",
    )
    .await;
    check(
        by("day"),
        "by: time is no driver; compare ranges, or cut a query by a grain",
    )
    .await;
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn as_many_sessions_are_behind_a_driver_as_it_says(
        sessions in any_sessions(),
        outcome in proptest::sample::select(DrivenOutcome::ALL.to_vec()),
        by in proptest::sample::select(vec!["channel", "topics", "topic", "outcome", "attribute.plan", "engagement", "user_kind", "served_by"]),
        filter in proptest::option::of(any_filter()),
        environment in proptest::sample::select(vec![EnvironmentChoice::All, EnvironmentChoice::Production]),
    ) {
        let query = DriverQuery {
            outcome,
            by: by.to_owned(),
            filters: filter.into_iter().collect(),
            environment,
            now: FIRST_START + 190 * HOUR,
            maturity: Some(HOUR),
            ..DriverQuery::default()
        };
        let held = capture(&sessions, Layout::Mixed);
        let result = block(ENGINE.drivers(&query, &held.capture)).unwrap();
        for row in result.rows {
            let mut filters = query.filters.clone();
            filters.push(row.filter.clone());
            let asked = SessionQuery {
                filters,
                environment,
                now: query.now,
                maturity: query.maturity,
                ..SessionQuery::default()
            };
            let found = block(ENGINE.sessions(&asked, &held.capture)).unwrap();
            prop_assert_eq!(found.len() as u64, row.metric.n, "{}", row.filter);
        }
    }
}
