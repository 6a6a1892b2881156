//! What holds for any sessions: the oracle's answer, wherever rows lie, and lists as long as counts.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;
use upshot_core::words::{Environment, OptionStage, Outcome, Role, Rule, StepKind, Word};
use upshot_core::{Message, Session, Step};
use upshot_metrics::filter::{Loops, MatchBy, StepSort};
use upshot_metrics::paths::{FlowDirection, FunnelUnit};
use upshot_metrics::{Engine, FlowQuery, FunnelQuery, LiftQuery, PathQuery, SessionQuery};

use super::oracle;
use crate::facts::{FIRST_START, Facts, Held, Layout, capture_all};
use crate::worked::engine;

static ENGINE: LazyLock<Engine> = LazyLock::new(engine);

const SECOND: i64 = 1_000_000;
const NOW: i64 = FIRST_START + 30 * 86_400 * SECOND;
const TOPICS: [&str; 4] = ["a", "b", "c", "d"];

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

/// A session's channel, environment, user, start in hours, outcome, and its steps: which topic, how it is
/// spelled, seconds since the step before, and whether it is a topic, an option or something else.
type Course = (usize, bool, u8, i64, usize, Vec<(usize, usize, i64, u8)>);

fn any_course() -> impl Strategy<Value = Course> {
    let step = (0..TOPICS.len(), 0_usize..4, 0_i64..40, 0_u8..8);
    let steps = proptest::collection::vec(step, 0..9);
    (
        0_usize..2,
        proptest::bool::weighted(0.1),
        0_u8..5,
        0_i64..60,
        0..Outcome::ALL.len(),
        steps,
    )
}

fn any_facts() -> impl Strategy<Value = Facts> {
    proptest::collection::vec(any_course(), 0..24).prop_map(|courses| {
        let mut facts = Facts::default();
        for (number, (channel, test, user, hour, outcome, steps)) in courses.into_iter().enumerate()
        {
            let start = FIRST_START + hour * 3_600 * SECOND;
            let outcome = Outcome::ALL[outcome];
            let session = Session {
                session_id: format!("session-{number}").into(),
                conversation_id: format!("conversation-{number}").into(),
                fact_set: Some("default@1/fold1".into()),
                channel: Some(["web", "voice"][channel].into()),
                environment: test.then_some(Environment::Test),
                user_key: (user > 0).then_some(i64::from(user)),
                start_time: start,
                engaged_time: (outcome != Outcome::None).then_some(start),
                engaged_rule: (outcome != Outcome::None).then_some(Rule::CustomTopic),
                outcome: Some(outcome),
                ..Session::default()
            };
            let mut time = start;
            for (index, (topic, spelling, after, kind)) in steps.into_iter().enumerate() {
                time += after * SECOND;
                add(
                    &mut facts,
                    &session,
                    (topic, spelling, kind),
                    time,
                    index as i64 + 1,
                );
            }
            facts.sessions.push(session);
        }
        facts
    })
}

/// A step of a session, and the same as a message with an intent.
fn add(
    facts: &mut Facts,
    session: &Session,
    (topic, spelling, kind): (usize, usize, u8),
    time: i64,
    position: i64,
) {
    let id = TOPICS[topic];
    let names = [
        Some(format!("Topic {id}")),
        Some(format!(" TOPIC  {id}")),
        None,
        Some(id.to_owned()),
    ];
    let name = names[spelling].as_deref().map(Box::from);
    let event = format!("{}-{position}", session.session_id);
    facts.messages.push(Message {
        event_id: format!("m-{event}").into(),
        session_id: Some(session.session_id.clone()),
        conversation_id: session.conversation_id.clone(),
        fact_set: session.fact_set.clone(),
        session_start: session.start_time,
        environment: session.environment,
        channel: session.channel.clone(),
        user_key: session.user_key,
        role: Some(if kind == 7 { Role::Bot } else { Role::User }),
        intent: name.clone(),
        time,
        position,
        ..Message::default()
    });
    let mut step = Step {
        event_id: format!("s-{event}").into(),
        session_id: session.session_id.clone(),
        conversation_id: session.conversation_id.clone(),
        fact_set: session.fact_set.clone(),
        session_start: session.start_time,
        environment: session.environment,
        channel: session.channel.clone(),
        user_key: session.user_key,
        time,
        position,
        ..Step::default()
    };
    match kind {
        0..5 => {
            step.step_kind = Some(StepKind::Topic);
            step.topic_id = Some(id.into());
            step.topic_name = name;
        }
        5 => {
            step.step_kind = Some(StepKind::Option);
            step.option_stage = Some(OptionStage::Chosen);
            step.option_id = Some(id.into());
        }
        _ => step.step_kind = Some(StepKind::Error),
    }
    facts.steps.push(step);
}

fn layouts(facts: &Facts) -> [Held; 3] {
    [Layout::Memory(3), Layout::Files, Layout::Mixed].map(|layout| capture_all(facts, layout))
}

fn any_kinds() -> impl Strategy<Value = Vec<StepSort>> {
    proptest::sample::select(vec![
        vec![StepSort::Topics],
        vec![StepSort::Topics, StepSort::Options],
        vec![StepSort::Intents],
    ])
}

fn any_loops() -> impl Strategy<Value = Loops> {
    proptest::sample::select(Loops::ALL.to_vec())
}

fn any_match() -> impl Strategy<Value = MatchBy> {
    proptest::sample::select(MatchBy::ALL.to_vec())
}

/// How many sessions a filter lists beside those of the question.
fn listed(held: &Held, filter: &str, scope: &[String]) -> u64 {
    let mut filters = scope.to_vec();
    filters.push(filter.to_owned());
    let list = SessionQuery {
        filters,
        limit: Some(1_000),
        now: NOW,
        ..SessionQuery::default()
    };
    let found = block(ENGINE.sessions(&list, &held.capture));
    found
        .unwrap_or_else(|error| panic!("{filter}: {error}"))
        .len() as u64
}

fn scope(channel: Option<&str>) -> Vec<String> {
    channel
        .iter()
        .map(|channel| format!("channel = {channel}"))
        .collect()
}

fn cases(count: u32) -> ProptestConfig {
    ProptestConfig {
        cases: count,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn paths_are_those_of_plain_loops(
        facts in any_facts(),
        kinds in any_kinds(),
        match_by in any_match(),
        loops in any_loops(),
        first in proptest::option::of(1_usize..5),
        channel in proptest::sample::select(vec![None, Some("web")]),
    ) {
        let sequences: Vec<Vec<String>> = oracle::sessions(&facts, channel)
            .into_iter()
            .map(|session| oracle::steps(&facts, session, &kinds, match_by, loops))
            .collect();
        let expected = oracle::paths(&sequences, first.unwrap_or(usize::MAX));
        let query = PathQuery {
            steps: kinds, match_by, loops, first, filters: scope(channel), limit: Some(1_000), now: NOW,
            ..PathQuery::default()
        };
        for held in layouts(&facts) {
            let result = block(ENGINE.paths(&query, &held.capture)).unwrap();
            let found: BTreeMap<Vec<String>, u64> = result
                .paths
                .iter()
                .map(|row| (row.steps.iter().map(|step| step.key.clone()).collect(), row.sessions))
                .collect();
            prop_assert_eq!(&found, &expected);
            prop_assert!(result.paths.is_sorted_by(|one, two| one.sessions >= two.sessions));
            for row in &result.paths {
                prop_assert_eq!(listed(&held, &row.filter, &query.filters), row.sessions, "{}", &row.filter);
            }
        }
    }

    #[test]
    fn of_too_many_paths_the_frequent_ones_are_exact(facts in any_facts(), most in 1_usize..4) {
        let all = PathQuery { limit: Some(1_000), now: NOW, first: Some(2), ..PathQuery::default() };
        let few = PathQuery { most_paths: Some(most), ..all.clone() };
        for held in layouts(&facts) {
            let all = block(ENGINE.paths(&all, &held.capture)).unwrap();
            let few = block(ENGINE.paths(&few, &held.capture)).unwrap();
            let many = all.paths.len() > 2 * most;
            let cut = if many { all.basis.sessions_with_steps / (most as u64 + 1) } else { 0 };
            let mut expected = all.paths.clone();
            expected.retain(|row| row.sessions > cut);
            prop_assert_eq!(&few.paths, &expected);
            let left_out = few.basis.notes.iter().any(|note| note.text.contains("told"));
            prop_assert_eq!(left_out, expected.len() < all.paths.len());
        }
    }

    #[test]
    fn flows_are_those_of_plain_loops(
        facts in any_facts(),
        kinds in any_kinds(),
        loops in any_loops(),
        from in proptest::sample::select(vec![None, Some("a"), Some("Topic B"), Some("topics:topic a")]),
        backward in any::<bool>(),
        depth in 1_usize..4,
    ) {
        let match_by = MatchBy::Name;
        let sequences: Vec<Vec<String>> = oracle::sessions(&facts, None)
            .into_iter()
            .map(|session| oracle::steps(&facts, session, &kinds, match_by, loops))
            .collect();
        let key = from.map(str::to_lowercase);
        let expected = oracle::flows(&sequences, key.as_deref(), backward, depth);
        let query = FlowQuery {
            steps: kinds, loops, depth, step: from.map(str::to_owned), limit: Some(100), now: NOW,
            direction: if backward { FlowDirection::Backward } else { FlowDirection::Forward },
            ..FlowQuery::default()
        };
        for held in layouts(&facts) {
            let result = block(ENGINE.flows(&query, &held.capture)).unwrap();
            let mut found = oracle::Flows::default();
            for node in &result.nodes {
                let key = node.step.as_ref().unwrap().key.clone();
                let ended = node.ended.numerator.unwrap() as u64;
                found.nodes.insert((node.depth, key), (node.sessions, ended));
                let filter = node.filter.as_ref().unwrap();
                prop_assert_eq!(listed(&held, filter, &[]), node.sessions, "{}", filter);
                let filter = node.ended_filter.as_ref().unwrap();
                prop_assert_eq!(listed(&held, filter, &[]), ended, "{}", filter);
            }
            for link in &result.links {
                let (from, to) = (link.from.as_ref().unwrap(), link.to.as_ref().unwrap());
                found.links.insert((link.depth, from.key.clone(), to.key.clone()), link.sessions);
                let filter = link.filter.as_ref().unwrap();
                prop_assert_eq!(listed(&held, filter, &[]), link.sessions, "{}", filter);
            }
            prop_assert_eq!(&found, &expected);
        }
    }

    #[test]
    fn pairs_are_those_of_plain_loops(facts in any_facts(), kinds in any_kinds()) {
        let sequences: Vec<Vec<String>> = oracle::sessions(&facts, None)
            .into_iter()
            .map(|session| oracle::steps(&facts, session, &kinds, MatchBy::Name, Loops::Repeats))
            .collect();
        let expected = oracle::pairs(&sequences);
        let query = LiftQuery { steps: kinds, at_least: 1, limit: Some(1_000), now: NOW, ..LiftQuery::default() };
        let mut answers = Vec::new();
        for held in layouts(&facts) {
            let result = block(ENGINE.lift(&query, &held.capture)).unwrap();
            let found: BTreeMap<(String, String), u64> = result
                .pairs
                .iter()
                .map(|row| ((row.first.key.clone(), row.next.key.clone()), row.sessions))
                .collect();
            prop_assert_eq!(&found, &expected);
            for row in &result.pairs {
                prop_assert_eq!(listed(&held, &row.filter, &[]), row.sessions, "{}", &row.filter);
                prop_assert!(row.p_value_corrected >= row.p_value);
            }
            answers.push(result.pairs);
        }
        prop_assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    }

    #[test]
    fn funnels_are_those_of_all_chains(
        facts in any_facts(),
        through in proptest::collection::vec(proptest::sample::select(TOPICS.to_vec()), 2..4),
        within in proptest::option::of(1_i64..100),
        by_user in any::<bool>(),
        channel in proptest::sample::select(vec![None, Some("web")]),
    ) {
        let mut of_each: BTreeMap<String, Vec<&Step>> = BTreeMap::new();
        for session in oracle::sessions(&facts, channel) {
            let key = match session.user_key {
                Some(user) if by_user => format!("user {user}"),
                _ => session.session_id.to_string(),
            };
            let steps = facts.steps.iter().filter(|step| step.session_id == session.session_id);
            of_each.entry(key).or_default().extend(steps);
        }
        // Across sessions a window of seconds leaves nothing.
        let window = within.map(|within| within * SECOND * if by_user { 3_600 } else { 1 });
        let mut reached = vec![0_u64; through.len()];
        let mut times: Vec<Vec<i64>> = vec![Vec::new(); through.len()];
        for steps in of_each.values() {
            let chain = oracle::best_chain(&oracle::events(steps, &through), through.len(), window);
            for (step, time) in chain.iter().enumerate() {
                reached[step] += 1;
                if step > 0 {
                    times[step].push(time - chain[step - 1]);
                }
            }
        }
        let query = FunnelQuery {
            through: through.iter().map(|topic| format!("step.kind = topic and step.topic = {topic}")).collect(),
            within: within.map(|within| format!("{within}{}", if by_user { "h" } else { "s" })),
            unit: if by_user { FunnelUnit::User } else { FunnelUnit::Session },
            filters: scope(channel), now: NOW,
            ..FunnelQuery::default()
        };
        for held in layouts(&facts) {
            let result = block(ENGINE.funnel(&query, &held.capture)).unwrap();
            let found: Vec<u64> = result.levels.iter().map(|level| level.reached).collect();
            prop_assert_eq!(&found, &reached);
            for (step, level) in result.levels.iter().enumerate() {
                let mut times = times[step].clone();
                times.sort_unstable();
                let median = (!times.is_empty()).then(|| times[(times.len() - 1) / 2] as f64 / 1e6);
                prop_assert_eq!(level.time.as_ref().map(|time| time.p50), median);
                let filter = level.filter.as_ref().unwrap();
                prop_assert_eq!(listed(&held, filter, &query.filters), level.reached, "{}", filter);
                if let Some(filter) = &level.dropped_filter {
                    prop_assert_eq!(listed(&held, filter, &query.filters), level.dropped, "{}", filter);
                }
            }
        }
    }

    #[test]
    fn funnels_of_messages_and_steps_agree_with_those_of_steps(facts in any_facts(), by_user in any::<bool>()) {
        // Every step has a message of the same time and position that says the same.
        let query = |first: &str| FunnelQuery {
            through: vec![first.to_owned(), "step.topic = b".to_owned()],
            unit: if by_user { FunnelUnit::User } else { FunnelUnit::Session },
            now: NOW,
            ..FunnelQuery::default()
        };
        let held = capture_all(&facts, Layout::Mixed);
        let reached = |query: &FunnelQuery| {
            let result = block(ENGINE.funnel(query, &held.capture)).unwrap();
            result.levels.iter().map(|level| level.reached).collect::<Vec<_>>()
        };
        let intent = reached(&query("message.intent = 'Topic a' and message.role = user"));
        let topic = reached(&query("step.topic_name = 'Topic a'"));
        prop_assert!(intent[0] >= topic[0], "{intent:?} {topic:?}");
        prop_assert!(intent[1] <= intent[0]);
    }
}
