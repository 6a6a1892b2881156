//! What holds for any facts of sessions, messages and steps: where they lie changes nothing, and behind
//! every number stand exactly the sessions that it counts.

use std::sync::Arc;

use proptest::prelude::*;
use upshot_core::words::{Environment, MessageKind, OptionStage, Role, StepKind, Word};
use upshot_core::{Message, Step};
use upshot_lake::{Preferences, TicketBaseline};
use upshot_metrics::drilldown::{Cell, CellPart, DrillDown, Page};
use upshot_metrics::registry::{Kind, Metric, Subject, metric, metrics};
use upshot_metrics::result::{MetricValue, QueryResult};
use upshot_metrics::{EnvironmentChoice, Grain, Identity, Query, RangeSpec};

use crate::facts::{FIRST_START, Facts, Held, Layout, capture_all};
use crate::properties::{ENGINE, HOUR, any_filter, any_sessions, block, cases, some};

/// How a row stands to the sessions: to which of them it belongs, and how long after its start.
type Of = (Option<usize>, i64);

prop_compose! {
    fn any_message()(
        of in (proptest::option::weighted(0.9, 0_usize..40), 0_i64..40),
        role in proptest::sample::select(vec![Role::User, Role::Bot, Role::Agent]),
        kind in some(MessageKind::ALL.to_vec()),
        must_understand in any::<bool>(),
        unmatched in any::<bool>(),
        intent in some(vec!["pay", "go \"home\"", "hours"]),
        topic in some(vec!["order", "refund"]),
        response_time in proptest::option::of(0_i64..90_000_000),
    ) -> (Of, Message) {
        let message = Message {
            role: Some(role),
            message_kind: kind,
            must_understand,
            unmatched: must_understand && unmatched,
            intent: intent.map(Into::into),
            topic_id: topic.map(Into::into),
            response_time,
            channel: Some("web".into()),
            environment: Some(Environment::Production),
            ..Message::default()
        };
        (of, message)
    }
}

prop_compose! {
    fn any_step()(
        of in (0_usize..40, 0_i64..40),
        stage in some(vec![OptionStage::Shown, OptionStage::Chosen]),
        title in some(vec!["Pay", "Help"]),
        latency in proptest::option::of(0_i64..9_000_000),
        cost in proptest::option::of(0_u8..9),
        retrieved in some(vec!["faq", "faq\u{1f}terms"]),
        cited in some(vec!["faq", "wiki"]),
    ) -> (Of, Step) {
        let step = Step {
            step_kind: Some(if stage.is_some() { StepKind::Option } else { StepKind::ModelCall }),
            option_stage: stage,
            option_title: title.map(Into::into),
            latency,
            sources_retrieved: retrieved.map(Into::into),
            sources_cited: cited.map(Into::into),
            cost: cost.map(|cents| f64::from(cents) / 100.0),
            ..Step::default()
        };
        ((Some(of.0), of.1), step)
    }
}

pub fn any_facts() -> impl Strategy<Value = Facts> {
    let messages = proptest::collection::vec(any_message(), 0..50);
    let steps = proptest::collection::vec(any_step(), 0..30);
    (any_sessions(), messages, steps).prop_map(|(sessions, messages, steps)| {
        let session = |of: Option<usize>| {
            let index = of.filter(|_| !sessions.is_empty())? % sessions.len();
            Some(sessions[index].clone())
        };
        let messages = messages
            .into_iter()
            .enumerate()
            .map(|(number, ((of, after), message))| {
                let Some(session) = session(of) else {
                    let time = FIRST_START + after * HOUR;
                    return Message {
                        event_id: format!("m{number}").into(),
                        conversation_id: format!("other-{number}").into(),
                        user_key: Some(number as i64 + 1_000),
                        session_start: time,
                        time,
                        ..message
                    };
                };
                Message {
                    event_id: format!("m{number}").into(),
                    session_id: Some(session.session_id),
                    conversation_id: session.conversation_id,
                    session_start: session.start_time,
                    time: session.start_time + after * HOUR,
                    bot: session.bot,
                    bot_version: session.bot_version,
                    environment: session.environment,
                    channel: session.channel,
                    user_key: session.user_key,
                    ..message
                }
            });
        let steps = steps
            .into_iter()
            .enumerate()
            .filter_map(|(number, ((of, after), step))| {
                let session = session(of)?;
                Some(Step {
                    event_id: format!("s{number}").into(),
                    session_id: session.session_id,
                    conversation_id: session.conversation_id,
                    session_start: session.start_time,
                    time: session.start_time + after * HOUR,
                    bot: session.bot,
                    bot_version: session.bot_version,
                    environment: session.environment,
                    channel: session.channel,
                    user_key: session.user_key,
                    ..step
                })
            });
        let (messages, steps) = (messages.collect(), steps.collect());
        Facts {
            sessions,
            messages,
            steps,
        }
    })
}

/// Filters on sessions, also by their messages and steps.
fn any_condition() -> impl Strategy<Value = String> {
    let exists = proptest::sample::select(vec![
        "any message (unmatched and message.topic = order)",
        "no message (message.role = agent)",
        "any step (step.option_title = Pay)",
        "not any step",
        "any message (message.weekday = tuesday and any step (step.option_stage = chosen))",
        "hour_of_day in ('09', '10', '23')",
    ])
    .prop_map(str::to_owned);
    prop_oneof![
        any_filter(),
        exists.clone(),
        (exists, any_filter()).prop_map(|(one, other)| format!("{one} or ({other})")),
    ]
}

/// A query about the rows of one subject, cut by whatever cuts them.
fn any_query() -> impl Strategy<Value = Query> {
    let dimensions = |subject: Subject| {
        let mut ids = vec![
            "channel",
            "topics",
            "engagement",
            "attribute.plan",
            "outcome",
            "weekday",
            "knowledge_source",
        ];
        match subject {
            Subject::Sessions => ids.push("first_intent"),
            Subject::Messages => {
                ids.extend(["message.intent", "message.role", "message.unmatched"])
            }
            Subject::Steps => ids.extend(["step.option_title", "step.option_stage"]),
        }
        proptest::sample::subsequence(ids, 0..=2)
    };
    let subject = proptest::sample::select(Subject::ALL.to_vec());
    subject.prop_flat_map(move |subject| {
        (
            dimensions(subject),
            proptest::option::of(any_condition()),
            some(vec![Grain::Day, Grain::Hour, Grain::HourOfDay, Grain::Week]),
            proptest::sample::select(vec![
                EnvironmentChoice::All,
                EnvironmentChoice::Production,
                EnvironmentChoice::Test,
            ]),
            some(vec!["2026-01-06", "2026-01-08T05:30:00Z"]),
            some(vec!["previous", "segment gold", "segments"]),
            proptest::option::of(1_usize..4),
        )
            .prop_map(
                move |(dimensions, filter, grain, environment, from, compare, limit)| Query {
                    limit,
                    other: limit.is_some(),
                    metrics: metrics()
                        .iter()
                        .filter(|metric| {
                            metric.subject == subject
                                && !(cyclic(&dimensions, grain) && reaches_back(metric))
                        })
                        .map(|metric| metric.id.to_owned())
                        .collect(),
                    dimensions: dimensions.into_iter().map(str::to_owned).collect(),
                    filters: filter.into_iter().collect(),
                    grain,
                    environment,
                    segments: match compare {
                        Some("segments") => vec!["web".to_owned(), "gold".to_owned()],
                        _ => Vec::new(),
                    },
                    compare: compare
                        .filter(|compare| match *compare {
                            "segments" => false,
                            "previous" => from.is_some(),
                            _ => true,
                        })
                        .map(str::to_owned),
                    range: RangeSpec {
                        to: from.map(|_| "2026-01-10".to_owned()),
                        from: from.map(str::to_owned),
                        last: None,
                    },
                    time_zone: Some("America/New_York".to_owned()),
                    now: FIRST_START + 190 * HOUR,
                    maturity: Some(HOUR),
                    ..Query::default()
                },
            )
    })
}

/// Whether a query is cut by what has no end.
fn cyclic(dimensions: &[&str], grain: Option<Grain>) -> bool {
    dimensions.contains(&"weekday") || grain.is_some_and(Grain::is_cyclic)
}

/// Whether a number looks at rows before its stretch, so that the stretch must have an end.
fn reaches_back(metric: &Metric) -> bool {
    let kind = metric.kind;
    matches!(
        kind,
        Kind::Ever { .. } | Kind::Trailing { .. } | Kind::Stickiness { .. }
    )
}

/// What was captured, with filters that have names.
fn held(facts: &Facts, layout: Layout) -> Held {
    let mut held = capture_all(facts, layout);
    let named = [
        ("web", "channel = web or any message (unmatched)"),
        (
            "gold",
            "attribute.plan = gold or segment \"web\" and engaged",
        ),
    ];
    let named = named.map(|(name, filter)| (name.to_owned(), filter.to_owned()));
    held.capture.preferences = Arc::new(Preferences {
        segments: named.into_iter().collect(),
        ticket_baseline: Some(TicketBaseline::Range {
            from: "2026-01-05".to_owned(),
            to: "2026-01-06".to_owned(),
        }),
        ..Preferences::default()
    });
    held
}

fn answer(query: &Query, facts: &Facts, layout: Layout) -> QueryResult {
    let held = held(facts, layout);
    let mut result = block(ENGINE.run(query, &held.capture)).unwrap();
    result.took_milliseconds = 0.0;
    result.rows_read = 0;
    result
}

/// The number that a cell shows, and of what it must be the count or sum.
fn shown(metric: &Metric, value: &MetricValue, part: CellPart) -> Option<f64> {
    match (metric.kind, part) {
        (Kind::Quantile { .. }, CellPart::Numerator) => Some(value.n as f64),
        (
            Kind::Count { .. }
            | Kind::Sum { .. }
            | Kind::Distinct { .. }
            | Kind::Ever { .. }
            | Kind::Trailing { .. },
            CellPart::Numerator,
        ) => value.value,
        // The users of each day, of which the number is the mean.
        (Kind::Stickiness { days, .. }, CellPart::Numerator) => {
            Some((value.numerator? * f64::from(days)).round())
        }
        (_, CellPart::Numerator) => value.numerator,
        (_, CellPart::Denominator) => value.denominator,
    }
}

fn near(first: f64, second: f64) -> bool {
    (first - second).abs() <= 1e-9 * first.abs().max(1.0)
}

fn check(
    metric: &Metric,
    part: CellPart,
    expected: f64,
    found: &DrillDown,
) -> Result<(), TestCaseError> {
    let about = format!("{} {part:?}: {:?}", metric.id, found.query);
    let listed = found.sessions.len() as u64;
    prop_assert_eq!(listed, found.session_count, "sessions of {}", about);
    let rows: u64 = found.sessions.iter().map(|behind| behind.rows).sum();
    prop_assert_eq!(
        rows + found.rows_without_session,
        found.row_count,
        "rows of {}",
        about
    );
    prop_assert_eq!(
        found.days.is_some(),
        matches!(metric.kind, Kind::Stickiness { .. }) && part == CellPart::Numerator
    );
    if found.subject == Subject::Sessions {
        prop_assert_eq!(found.row_count, found.session_count, "{}", about);
    }
    let number = match (found.amount, found.distinct) {
        (Some(amount), _) => {
            if found.rows_without_session == 0 {
                let amounts = found.sessions.iter().filter_map(|behind| behind.amount);
                prop_assert!(near(amounts.sum(), amount), "amounts of {}", about);
            }
            amount
        }
        (None, Some(distinct)) => distinct as f64,
        (None, None) => found.row_count as f64,
    };
    prop_assert!(
        near(number, expected),
        "{} shows {}, behind it are {}",
        about,
        expected,
        number
    );
    Ok(())
}

fn check_cell(
    query: &Query,
    held: &Held,
    value: &MetricValue,
    cell: Cell,
) -> Result<(), TestCaseError> {
    let metric = metric(&cell.metric).unwrap();
    let compared = value.compare.as_ref().map(|other| MetricValue {
        value: other.value,
        n: other.n,
        numerator: other.numerator,
        denominator: other.denominator,
        ..MetricValue::default()
    });
    let value = match cell.compared {
        true => compared.unwrap_or_default(),
        false => value.clone(),
    };
    let Some(expected) = shown(metric, &value, cell.part) else {
        return Ok(());
    };
    let page = Page {
        limit: Some(1_000),
        ..Page::default()
    };
    let found = block(ENGINE.drilldown(query, &cell, &page, &held.capture)).unwrap();
    check(metric, cell.part, expected, &found)?;
    let listed = block(ENGINE.sessions(&found.query, &held.capture)).unwrap();
    let behind = found.sessions.iter().map(|behind| &behind.session);
    prop_assert!(listed.iter().eq(behind));
    Ok(())
}

proptest! {
    #![proptest_config(cases(16))]

    #[test]
    fn where_facts_lie_never_changes_an_answer(
        facts in any_facts(),
        query in any_query(),
    ) {
        let memory = answer(&query, &facts, Layout::Memory(5));
        prop_assert_eq!(&memory, &answer(&query, &facts, Layout::Files));
        prop_assert_eq!(&memory, &answer(&query, &facts, Layout::Mixed));
    }

    #[test]
    fn subjects_together_answer_as_alone(facts in any_facts(), condition in any_condition()) {
        let ids = [
            "clicks",
            "sessions",
            "messages",
            "resolution_rate",
            "fallback_rate",
            "users",
            "model_cost_per_session",
            "source_citation_rate",
        ];
        let query = |ids: &[&str]| Query {
            metrics: ids.iter().map(|id| (*id).to_owned()).collect(),
            dimensions: vec!["channel".to_owned()],
            filters: vec![condition.clone()],
            grain: Some(Grain::Day),
            range: RangeSpec { from: Some("2026-01-05".to_owned()), to: Some("2026-01-12".to_owned()), last: None },
            now: FIRST_START + 190 * HOUR,
            maturity: Some(HOUR),
            ..Query::default()
        };
        let together = answer(&query(&ids), &facts, Layout::Mixed);
        for id in ids {
            let alone = answer(&query(&[id]), &facts, Layout::Mixed);
            prop_assert_eq!(&alone.totals[id], &together.totals[id], "{}", id);
            for row in alone.rows {
                let same = together.rows.iter().find(|other| other.dimensions == row.dimensions);
                prop_assert_eq!(Some(&row.metrics[id]), same.map(|row| &row.metrics[id]), "{}", id);
            }
        }
    }

    #[test]
    fn behind_every_number_stand_its_sessions(
        facts in any_facts(),
        query in any_query(),
        picks in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<bool>(), any::<bool>()), 4),
    ) {
        let held = held(&facts, Layout::Mixed);
        let result = block(ENGINE.run(&query, &held.capture)).unwrap();
        for (metric, row, denominator, compared) in picks {
            let id = &result.metrics[metric.index(result.metrics.len())];
            let cell = |dimensions, other, value: &MetricValue| Cell {
                metric: id.clone(),
                part: if denominator { CellPart::Denominator } else { CellPart::Numerator },
                dimensions,
                other,
                compared: compared && value.compare.is_some(),
            };
            let total = &result.totals[id];
            check_cell(&query, &held, total, cell(Default::default(), false, total))?;
            if !result.rows.is_empty() {
                let row = &result.rows[row.index(result.rows.len())];
                let value = &row.metrics[id];
                check_cell(&query, &held, value, cell(row.dimensions.clone(), row.other, value))?;
            }
        }
    }

    #[test]
    fn behind_numbers_of_unevenness_stand_their_sessions(
        facts in any_facts(),
        by in some(vec!["channel", "topics", "engagement", "attribute.plan"]),
        identity in proptest::sample::select(vec![Identity::Device, Identity::Id]),
        compared in any::<bool>(),
    ) {
        let held = held(&facts, Layout::Mixed);
        let query = Query {
            metrics: ["top_1_percent_share", "top_10_percent_share", "stickiness"].map(str::to_owned).to_vec(),
            dimensions: by.map(str::to_owned).into_iter().collect(),
            range: RangeSpec { from: Some("2026-01-08".to_owned()), to: Some("2026-01-10".to_owned()), last: None },
            compare: Some("previous".to_owned()),
            identity,
            now: FIRST_START + 190 * HOUR,
            maturity: Some(HOUR),
            ..Query::default()
        };
        let result = block(ENGINE.run(&query, &held.capture)).unwrap();
        for id in &result.metrics {
            for row in result.rows.iter().map(Some).chain([None]) {
                let value = row.map_or(&result.totals[id], |row| &row.metrics[id]);
                let dimensions = row.map(|row| row.dimensions.clone()).unwrap_or_default();
                let cell = Cell { metric: id.clone(), dimensions, compared, ..Cell::default() };
                check_cell(&query, &held, value, cell)?;
            }
        }
    }

    #[test]
    fn behind_windows_of_days_stand_their_sessions_by_the_hour_too(
        facts in any_facts(),
        first in 3_u8..9,
        picks in proptest::collection::vec(any::<prop::sample::Index>(), 6),
    ) {
        let held = held(&facts, Layout::Mixed);
        let windows = metrics().iter().filter(|metric| matches!(metric.kind, Kind::Trailing { .. }));
        let query = Query {
            metrics: windows.map(|metric| metric.id.to_owned()).collect(),
            grain: Some(Grain::Hour),
            range: RangeSpec { from: Some(format!("2026-01-0{first}T05:00")), to: Some("2026-01-10T11:00".to_owned()), last: None },
            time_zone: Some("America/New_York".to_owned()),
            now: FIRST_START + 190 * HOUR,
            maturity: Some(HOUR),
            ..Query::default()
        };
        let result = block(ENGINE.run(&query, &held.capture)).unwrap();
        for id in &result.metrics {
            for pick in &picks {
                let row = &result.rows[pick.index(result.rows.len())];
                let cell = Cell { metric: id.clone(), dimensions: row.dimensions.clone(), ..Cell::default() };
                check_cell(&query, &held, &row.metrics[id], cell)?;
            }
        }
    }

    #[test]
    fn subtotals_are_the_answers_of_prefixes_and_pages_are_the_whole(
        facts in any_facts(),
        query in any_query(),
        by in proptest::sample::subsequence(vec!["channel", "topics", "outcome", "attribute.plan"], 2..=3),
        limit in 1_usize..5,
    ) {
        let held = held(&facts, Layout::Mixed);
        let dimensions: Vec<String> = by.into_iter().map(str::to_owned).collect();
        let query = Query { dimensions, grain: None, compare: None, segments: Vec::new(), limit: None, other: false, subtotals: true, ..query };
        let whole = block(ENGINE.run(&query, &held.capture)).unwrap();
        let mut prefixes = Vec::new();
        for length in 1..query.dimensions.len() {
            let prefix = Query { dimensions: query.dimensions[..length].to_vec(), subtotals: false, ..query.clone() };
            prefixes.extend(block(ENGINE.run(&prefix, &held.capture)).unwrap().rows);
        }
        prop_assert_eq!(&whole.subtotals, &prefixes);
        let mut page = Query { limit: Some(limit), subtotals: false, ..query };
        let mut rows = Vec::new();
        loop {
            let found = block(ENGINE.run(&page, &held.capture)).unwrap();
            prop_assert!(found.rows.len() <= limit);
            rows.extend(found.rows);
            // Later pages are asked for later.
            page.now += HOUR;
            match found.next_cursor {
                Some(cursor) => page.cursor = Some(cursor),
                None => break,
            }
        }
        prop_assert_eq!(rows, whole.rows);
    }
}
