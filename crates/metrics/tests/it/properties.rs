//! What holds for any sessions and any filter.

use std::sync::LazyLock;

use proptest::prelude::*;
use upshot_core::words::{Environment, Outcome, ResolutionKind, Rule, Word};
use upshot_core::{Attributes, Session};
use upshot_metrics::registry::{Kind, metrics};
use upshot_metrics::result::{MetricValue, QueryResult};
use upshot_metrics::{Engine, EnvironmentChoice, Query, SessionQuery};

use crate::facts::{FIRST_START, Layout, capture};
use crate::worked::engine;

pub static ENGINE: LazyLock<Engine> = LazyLock::new(engine);

pub const HOUR: i64 = 3_600_000_000;

pub fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

fn run(query: &Query, sessions: &[Session], layout: Layout) -> QueryResult {
    let held = capture(sessions, layout);
    let mut result = block(ENGINE.run(query, &held.capture)).unwrap();
    result.took_milliseconds = 0.0;
    result.rows_read = 0;
    result
}

pub fn some<T: Clone + std::fmt::Debug + 'static>(
    values: Vec<T>,
) -> impl Strategy<Value = Option<T>> {
    proptest::option::of(proptest::sample::select(values))
}

prop_compose! {
    fn any_session()(
        channel in some(vec!["web", "whatsapp", "voice"]),
        outcome in proptest::sample::select(Outcome::ALL),
        environment in some(Environment::ALL.to_vec()),
        user in 0_i64..6,
        hours in 0_i64..200,
        duration in 0_i64..600,
        messages in 0_i64..9,
        score in proptest::option::of(1_i64..=5),
        fallbacks in 0_i64..3,
        topics in proptest::sample::subsequence(vec!["order", "refund", "hours"], 0..=3),
        plan in some(vec!["gold", "free"]),
        open in proptest::bool::weighted(0.1),
        cost in proptest::option::of(0.0_f64..3.0),
        device in some(vec!["laptop", "phone"]),
        acted in proptest::bool::weighted(0.8),
        unlinkable in proptest::bool::weighted(0.1),
    ) -> Session {
        let mut session = Session {
            channel: channel.map(Into::into),
            environment,
            user_key: Some(key(&format!("user {user} {device:?}"))),
            person_key: Some(key(&format!("user {user}"))),
            unlinkable,
            device: device.map(Into::into),
            first_user_time: acted.then_some(FIRST_START + hours * HOUR + messages * 1_000_000),
            user_id: Some(format!("user {user}").into()),
            start_time: FIRST_START + hours * HOUR + messages * 1_000_000,
            duration: duration * 1_000_000,
            messages,
            user_messages: messages / 2,
            exchanges: messages / 2,
            user_acts: messages / 2,
            fallbacks: fallbacks.min(messages),
            understandable_messages: messages,
            open,
            model_cost: cost,
            ..Session::default()
        };
        session.outcome = (!open).then_some(outcome);
        if outcome != Outcome::None {
            session.engaged_time = Some(session.start_time);
            session.engaged_rule = Some(Rule::CustomTopic);
        }
        if outcome == Outcome::Resolved {
            session.resolved_time = Some(session.start_time + 5_000_000);
            session.resolution_kind = Some(ResolutionKind::ALL[(user % 2) as usize]);
        }
        if let Some(score) = score {
            session.csat_offered = true;
            session.csat_score = Some(score as f64);
            session.csat_scale_minimum = Some(1.0);
            session.csat_scale_maximum = Some(5.0);
        }
        if !topics.is_empty() {
            session.topics = Some(topics.join("\u{1f}").into());
            session.topic_id = Some(topics[0].into());
        }
        if let Some(plan) = plan {
            session.attributes = Attributes::from([("plan".into(), plan.into())]);
        }
        session
    }
}

pub fn key(text: &str) -> i64 {
    xxhash_rust::xxh3::xxh3_64(text.as_bytes()) as i64
}

pub fn any_sessions() -> impl Strategy<Value = Vec<Session>> {
    proptest::collection::vec(any_session(), 0..40).prop_map(|mut sessions| {
        for (number, session) in sessions.iter_mut().enumerate() {
            session.session_id = format!("session-{number}").into();
            session.conversation_id = format!("conversation-{}", number / 2).into();
        }
        sessions
    })
}

pub fn any_filter() -> impl Strategy<Value = String> {
    let leaf = proptest::sample::select(vec![
        "channel = web",
        "channel != web",
        "channel in (web, voice)",
        "channel is null",
        "channel contains 'A'",
        "engaged",
        "resolved",
        "outcome is not null",
        "topics has refund",
        "attribute.plan = gold",
        "attribute.plan is null",
        "duration > 2m",
        "messages <= 3",
        "csat_score >= 4",
        "csat_normalised < 0.5",
        "start_time < 2026-01-08",
        "satisfied",
        "open",
        "model_cost > 1.5",
        "user_id = 'user 3'",
        "user.visit > 2",
        "user.first_session",
        "user.since_previous <= 12h",
        "user.until_next_same_topic is null",
        "age > 3d",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|filter| format!("not ({filter})")),
            proptest::collection::vec(inner.clone(), 2..4)
                .prop_map(|parts| format!("({})", parts.join(" and "))),
            proptest::collection::vec(inner, 2..4)
                .prop_map(|parts| format!("({})", parts.join(" or "))),
        ]
    })
}

fn all_metrics() -> Query {
    Query {
        metrics: metrics()
            .iter()
            .map(|metric| metric.id.to_owned())
            .collect(),
        environment: EnvironmentChoice::All,
        now: FIRST_START + 190 * HOUR,
        maturity: Some(HOUR),
        ..Query::default()
    }
}

pub fn cases(count: u32) -> ProptestConfig {
    ProptestConfig {
        cases: count,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(16))]

    #[test]
    fn where_rows_lie_never_changes_an_answer(
        sessions in any_sessions(),
        filter in any_filter(),
        by in proptest::sample::select(vec!["channel", "topics", "day", "attribute.plan", "engagement"]),
    ) {
        let query = Query {
            filters: vec![filter],
            dimensions: vec![by.to_owned()],
            time_zone: Some("America/New_York".to_owned()),
            ..all_metrics()
        };
        let memory = run(&query, &sessions, Layout::Memory(5));
        prop_assert_eq!(&memory, &run(&query, &sessions, Layout::Files));
        prop_assert_eq!(&memory, &run(&query, &sessions, Layout::Mixed));
    }

    #[test]
    fn groups_sum_to_totals_and_numerators_stay_below(
        sessions in any_sessions(),
        by in proptest::sample::select(vec!["channel", "day", "hour_of_day", "weekday", "topic", "outcome"]),
    ) {
        let mut query = Query { dimensions: vec![by.to_owned()], ..all_metrics() };
        // Weekdays have no end at which a window could end, and windows overlap.
        let looks_back = |kind| {
            matches!(kind, Kind::Ever { .. } | Kind::Trailing { .. } | Kind::Stickiness { .. })
        };
        query.metrics.retain(|id| !looks_back(upshot_metrics::registry::metric(id).unwrap().kind));
        let result = run(&query, &sessions, Layout::Memory(7));
        for metric in metrics().iter().filter(|metric| !looks_back(metric.kind)) {
            let total = &result.totals[metric.id];
            let parts: Vec<&MetricValue> =
                result.rows.iter().map(|row| &row.metrics[metric.id]).collect();
            if let Kind::Rate { .. } | Kind::Reduction { .. } | Kind::DistinctRate { .. } = metric.kind {
                for value in parts.iter().copied().chain([total]) {
                    prop_assert!(value.numerator <= value.denominator, "{}", metric.id);
                }
            }
            if matches!(metric.kind, Kind::Distinct { .. } | Kind::DistinctRate { .. } | Kind::Quantile { .. }
                | Kind::PerKey { .. } | Kind::TopShare { .. }) {
                continue;
            }
            let sum = |of: fn(&MetricValue) -> Option<f64>| -> f64 { parts.iter().filter_map(|value| of(value)).sum() };
            let near = |first: f64, second: f64| (first - second).abs() <= 1e-9 * first.abs().max(1.0);
            match metric.kind {
                Kind::Count { .. } | Kind::Sum { .. } => {
                    let total = total.value.unwrap_or_default();
                    prop_assert!(near(sum(|value| value.value), total), "{}", metric.id);
                }
                _ => {
                    prop_assert!(near(sum(|value| value.numerator), total.numerator.unwrap_or_default()), "{}", metric.id);
                    prop_assert!(near(sum(|value| value.denominator), total.denominator.unwrap_or_default()), "{}", metric.id);
                }
            }
            prop_assert_eq!(parts.iter().map(|value| value.pending).sum::<u64>(), total.pending, "{}", metric.id);
        }
    }

    #[test]
    fn a_filter_and_its_opposite_give_all(sessions in any_sessions(), filter in any_filter()) {
        let count = |filters: Vec<String>| {
            let query = Query { metrics: vec!["sessions".to_owned()], filters, ..all_metrics() };
            run(&query, &sessions, Layout::Memory(9)).totals["sessions"].value.unwrap()
        };
        let (with, without) = (count(vec![filter.clone()]), count(vec![format!("not ({filter})")]));
        prop_assert_eq!(with + without, sessions.len() as f64);
        prop_assert_eq!(count(vec![filter.clone(), format!("not ({filter})")]), 0.0);
    }

    #[test]
    fn a_drill_down_lists_what_was_counted(sessions in any_sessions(), filter in any_filter()) {
        let query = Query { filters: vec![filter.clone()], environment: EnvironmentChoice::Production, ..all_metrics() };
        let held = capture(&sessions, Layout::Mixed);
        let result = block(ENGINE.run(&query, &held.capture)).unwrap();
        for definition in &result.definitions {
            let metric = upshot_metrics::registry::metric(&definition.id).unwrap();
            let expected = match metric.kind {
                Kind::Count { .. } => result.totals[metric.id].value,
                Kind::Rate { .. } => result.totals[metric.id].numerator,
                Kind::Mean { .. } => result.totals[metric.id].denominator,
                _ => continue,
            };
            let Some(expected) = expected else {
                // Nothing was counted where no source tells of it.
                prop_assert!(metric.told.is_some());
                continue;
            };
            let mut filters = vec![filter.clone()];
            filters.extend(Some(definition.evidence.clone()).filter(|evidence| !evidence.is_empty()));
            let list = SessionQuery {
                filters,
                limit: Some(1_000),
                now: query.now,
                maturity: query.maturity,
                ..SessionQuery::default()
            };
            let listed = block(ENGINE.sessions(&list, &held.capture)).unwrap();
            prop_assert_eq!(listed.len() as f64, expected, "{}: {}", metric.id, definition.evidence);
        }
    }

    #[test]
    fn counts_are_those_of_plain_loops(sessions in any_sessions()) {
        let query = Query { environment: EnvironmentChoice::Production, ..all_metrics() };
        let result = run(&query, &sessions, Layout::Mixed);
        let real: Vec<&Session> = sessions.iter().filter(|session| session.environment != Some(Environment::Test)).collect();
        let judged = |session: &&&Session| !session.open && session.start_time <= query.now - HOUR;
        let count = |wanted: fn(&Session) -> bool| real.iter().filter(|session| wanted(session)).count() as f64;
        let judged_count = |wanted: fn(&Session) -> bool| {
            real.iter().filter(judged).filter(|session| wanted(session)).count() as f64
        };
        let value = |id: &str| result.totals[id].clone();
        prop_assert_eq!(value("sessions").value.unwrap(), real.len() as f64);
        prop_assert_eq!(value("engaged_sessions").value.unwrap(), count(|session| session.engaged_time.is_some()));
        prop_assert_eq!(value("exchanges").value.unwrap(), real.iter().map(|session| session.exchanges).sum::<i64>() as f64);
        let users: std::collections::HashSet<_> = real.iter().map(|session| session.user_key).collect();
        prop_assert_eq!(value("users").value.unwrap(), users.len() as f64);
        let resolution = value("resolution_rate");
        prop_assert_eq!(resolution.numerator.unwrap(), judged_count(|session| session.outcome == Some(Outcome::Resolved)));
        prop_assert_eq!(resolution.denominator.unwrap(), judged_count(|session| session.engaged_time.is_some()));
        prop_assert_eq!(resolution.pending, (real.len() as f64 - judged_count(|_| true)) as u64);
        let mut lengths: Vec<i64> = real.iter().filter(judged).map(|session| session.duration).collect();
        lengths.sort_unstable();
        let median = (!lengths.is_empty()).then(|| lengths[(lengths.len() - 1) / 2] as f64 / 1e6);
        prop_assert_eq!(value("session_duration_median").value, median);
        prop_assert_eq!(result.notes[0].count as usize, sessions.len() - real.len());
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn no_filter_text_panics(text in "[a-z_ ()<>=!'\",.0-9é∂-]{0,60}|(and|or|not|in|is|null|has|engaged|channel|=|\\(|\\)|,| |web|\"|'|5m){0,25}") {
        use upshot_metrics::filter::{ResolveContext, parse, resolve};
        match parse(&text) {
            Ok(expression) => {
                let _ = resolve(&expression, &ResolveContext::new(jiff::tz::TimeZone::UTC));
            }
            Err(problem) => prop_assert!(problem.position.is_some_and(|position| position <= text.chars().count())),
        }
    }
}
