//! Queries that are asked together are answered as each is alone.

use proptest::prelude::*;
use upshot_metrics::registry::metrics;
use upshot_metrics::{EnvironmentChoice, Grain, Query, QueryError, QueryResult, RangeSpec};

use crate::behind::any_facts;
use crate::facts::{FIRST_START, Layout, capture_all};
use crate::properties::{ENGINE, HOUR, any_filter, block, cases, some};

prop_compose! {
    pub fn any_query()(
        ids in proptest::sample::subsequence(
            metrics().iter().map(|metric| metric.id).collect::<Vec<_>>(), 1..=4),
        filter in proptest::option::of(any_filter()),
        row_filter in some(vec![
            "message.role = user", "any message (unmatched)", "step.kind = option", "channel = web",
            // Wrong: that of one query must not be that of another.
            "chanel = web",
        ]),
        by in proptest::sample::subsequence(
            vec!["channel", "topics", "topic", "device", "hour_of_day", "attribute.plan"], 0..=2),
        grain in some(vec![Grain::Day, Grain::Week]),
        range in some(vec![("2026-01-05", "2026-01-10"), ("2026-01-06", "2026-01-07"), ("2026-01-09", "2026-01-13")]),
        compare in some(vec!["previous"]),
        environment in proptest::sample::select(
            vec![EnvironmentChoice::All, EnvironmentChoice::Production]),
        limit in proptest::option::of(1_usize..3),
        (other, subtotals) in any::<(bool, bool)>(),
    ) -> Query {
        Query {
            metrics: ids.into_iter().map(str::to_owned).collect(),
            dimensions: by.into_iter().map(str::to_owned).collect(),
            filters: filter.into_iter().chain(row_filter.map(str::to_owned)).collect(),
            grain,
            range: RangeSpec {
                from: range.map(|(from, _)| from.to_owned()),
                to: range.map(|(_, to)| to.to_owned()),
                last: None,
            },
            compare: compare.filter(|_| range.is_some()).map(str::to_owned),
            environment,
            limit,
            other: other && limit.is_some(),
            subtotals,
            now: FIRST_START + 190 * HOUR,
            maturity: Some(HOUR),
            ..Query::default()
        }
    }
}

/// The answer without what depends on what else was read.
pub fn told(answer: Result<QueryResult, QueryError>) -> Result<QueryResult, String> {
    let mut result = answer.map_err(|error| error.to_string())?;
    result.took_milliseconds = 0.0;
    result.rows_read = 0;
    Ok(result)
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn answers_are_those_of_asking_each_alone(
        facts in any_facts(),
        queries in proptest::collection::vec(any_query(), 1..8),
        layout in proptest::sample::select(vec![Layout::Memory(5), Layout::Files, Layout::Mixed]),
    ) {
        let held = capture_all(&facts, layout);
        let together = block(ENGINE.run_all(&queries, &held.capture));
        prop_assert_eq!(together.len(), queries.len());
        for (query, answer) in queries.iter().zip(together) {
            let alone = block(ENGINE.run(query, &held.capture));
            prop_assert_eq!(told(answer), told(alone), "{:?}", query);
        }
    }
}

#[test]
fn what_one_asks_too_much_is_no_others_failure() {
    let held = capture_all(&crate::facts::Facts::default(), Layout::Files);
    let query = |metric: &str| Query {
        metrics: vec![metric.to_owned()],
        now: FIRST_START,
        ..Query::default()
    };
    let queries = [query("sessions"), query("no_such_metric"), query("users")];
    let answers = block(ENGINE.run_all(&queries, &held.capture));
    assert!(answers[0].is_ok() && answers[2].is_ok());
    assert!(answers[1].is_err());
    assert!(block(ENGINE.run_all(&[], &held.capture)).is_empty());
}
