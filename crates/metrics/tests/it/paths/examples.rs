//! Worked examples.

use upshot_metrics::filter::{Loops, MatchBy, StepSort};
use upshot_metrics::paths::{FlowDirection, FunnelUnit, PathResult};
use upshot_metrics::{
    EnvironmentChoice, FlowQuery, FunnelQuery, LiftQuery, PathQuery, Query, QueryError,
    SessionQuery, TopicQuery,
};

use crate::command::NOW;
use crate::facts::{Held, Layout, capture_all, facts, instant};
use crate::worked::engine;

/// Five sessions of a bot whose second version gives the topic Order another id.
const FACTS: &str = "
sessions:
session | outcome   | bot_version | user | start                | topics  | engaged
a       | resolved  | 1           | ann  | 2026-01-05T10:00:00Z | hi, o1  | yes
b       | abandoned | 1           | ben  | 2026-01-05T11:00:00Z | hi, o1  | yes
c       | escalated | 2           | ann  | 2026-01-06T10:00:00Z | hi, o2, help | yes
d       | resolved  | 2           | cem  | 2026-01-06T11:00:00Z | o2, pay | yes
e       |           | 2           | dee  | 2026-01-07T10:00:00Z |         |

steps:
session | after | kind   | topic | topic_name | topic_trigger | option | option_title | option_stage | visit_end
a       | 1s    | topic  | hi    | Hello      | system        |        |              |              | redirected
a       | 5s    | topic  | o1    | Order      | direct        |        |              |              | switched
a       | 9s    | option | o1    | Order      |               | x      | Pay          | chosen       |
a       | 10s   | topic  | hi    | Hello      | redirect      |        |              |              | redirected
a       | 20s   | topic  | o1    | order      | direct        |        |              |              | completed
b       | 1s    | topic  | hi    | Hello      | system        |        |              |              | redirected
b       | 7s    | topic  | o1    | Order      | direct        |        |              |              | abandoned
c       | 1s    | topic  | hi    | Hello      | system        |        |              |              | redirected
c       | 3s    | topic  | o2    | ORDER      | direct        |        |              |              | redirected
c       | 63s   | topic  | help  |            | redirect      |        |              |              | escalated
d       | 2s    | topic  | o2    | Order      | direct        |        |              |              | switched
d       | 32s   | topic  | pay   | Pay        | direct        |        |              |              | completed
";

pub fn held() -> Held {
    capture_all(&facts(FACTS), Layout::Mixed)
}

async fn paths(query: PathQuery) -> PathResult {
    let query = PathQuery {
        now: instant(NOW),
        ..query
    };
    engine().paths(&query, &held().capture).await.unwrap()
}

/// The paths as text, each with its number of sessions.
async fn shown(query: PathQuery) -> Vec<String> {
    let result = paths(query).await;
    let rows = result.paths.iter();
    rows.map(|row| {
        let steps: Vec<&str> = row.steps.iter().map(|step| step.name.as_str()).collect();
        let more = if row.whole { "" } else { " …" };
        let value = row.value.as_ref().map(|value| format!("{value}: "));
        format!(
            "{}{}{more} = {}",
            value.unwrap_or_default(),
            steps.join(" > "),
            row.sessions
        )
    })
    .collect()
}

#[tokio::test]
async fn the_commonest_paths() {
    // ORDER is how the first in the alphabet spells it.
    assert_eq!(
        shown(PathQuery::default()).await,
        [
            "Hello > ORDER = 1",
            "Hello > ORDER > Hello > ORDER = 1",
            "Hello > ORDER > help = 1",
            "ORDER > Pay = 1"
        ]
    );
    let first_two = PathQuery {
        first: Some(2),
        ..PathQuery::default()
    };
    assert_eq!(
        shown(first_two.clone()).await,
        ["Hello > ORDER … = 3", "ORDER > Pay … = 1"]
    );
    let by_id = PathQuery {
        match_by: MatchBy::Id,
        ..first_two.clone()
    };
    assert_eq!(
        shown(by_id).await,
        ["hi > o1 … = 2", "hi > o2 … = 1", "o2 > pay … = 1"]
    );
    let by_version = PathQuery {
        by: Some("bot_version".to_owned()),
        ..first_two
    };
    assert_eq!(
        shown(by_version).await,
        [
            "1: Hello > ORDER … = 2",
            "2: Hello > ORDER … = 1",
            "2: ORDER > Pay … = 1"
        ]
    );
    let without_loops = PathQuery {
        loops: Loops::Cycles,
        ..PathQuery::default()
    };
    assert_eq!(
        shown(without_loops).await,
        [
            "Hello > ORDER = 2",
            "Hello > ORDER > help = 1",
            "ORDER > Pay = 1"
        ]
    );
    let options = PathQuery {
        steps: vec![StepSort::Topics, StepSort::Options],
        only: vec!["step.topic_id = o1".to_owned()],
        ..PathQuery::default()
    };
    assert_eq!(
        shown(options).await,
        ["Order = 1", "Order > Pay > Order = 1"]
    );
}

#[tokio::test]
async fn outcomes_are_of_engaged_sessions_that_are_old_enough() {
    let query = PathQuery {
        first: Some(2),
        ..PathQuery::default()
    };
    let result = paths(query).await;
    let rates = &result.paths[0].outcomes;
    assert_eq!(
        [
            rates.resolution_rate.numerator,
            rates.escalation_rate.numerator,
            rates.abandon_rate.numerator,
            rates.abandon_rate.denominator,
        ],
        [Some(1.0), Some(1.0), Some(1.0), Some(3.0)]
    );
    assert_eq!(
        (result.basis.sessions, result.basis.sessions_with_steps),
        (5, 4)
    );
    assert_eq!(result.paths[0].share.value, Some(0.75));
    assert!(rates.abandon_rate.interval.is_some());
}

#[tokio::test]
async fn flows_say_what_comes_next_and_what_ends_where() {
    let query = FlowQuery {
        step: Some("order".to_owned()),
        depth: 1,
        now: instant(NOW),
        ..FlowQuery::default()
    };
    let result = engine().flows(&query, &held().capture).await.unwrap();
    let nodes: Vec<(usize, &str, u64, Option<f64>)> = result
        .nodes
        .iter()
        .map(|node| {
            let name = node.step.as_ref().unwrap().name.as_str();
            (node.depth, name, node.sessions, node.ended.numerator)
        })
        .collect();
    assert_eq!(
        nodes,
        [
            (0, "ORDER", 4, Some(1.0)),
            (1, "Hello", 1, Some(0.0)),
            (1, "help", 1, Some(1.0)),
            (1, "Pay", 1, Some(1.0))
        ]
    );
    let abandoned = &result.nodes[0].ended_outcomes.abandon_rate;
    assert_eq!(abandoned.value, Some(1.0));
    assert_eq!(result.links.len(), 3);
    assert_eq!(result.links[0].share.value, Some(0.25));
    let back = FlowQuery {
        direction: FlowDirection::Backward,
        limit: Some(1),
        ..query
    };
    let result = engine().flows(&back, &held().capture).await.unwrap();
    let before = &result.nodes[1];
    assert_eq!(
        (before.step.as_ref().unwrap().name.as_str(), before.sessions),
        ("Hello", 3)
    );
    assert_eq!(
        before.filter.as_deref(),
        Some("path before \"order\" (\"hello\")")
    );
}

#[tokio::test]
async fn a_funnel_goes_by_session_or_by_user() {
    let through = [
        "step.topic_name = Order or step.topic_name = ORDER",
        "step.topic = pay",
    ];
    let query = FunnelQuery {
        through: through.map(str::to_owned).to_vec(),
        now: instant(NOW),
        ..FunnelQuery::default()
    };
    let engine = engine();
    let held = held();
    let result = engine.funnel(&query, &held.capture).await.unwrap();
    let reached: Vec<u64> = result.levels.iter().map(|level| level.reached).collect();
    assert_eq!(reached, [4, 1]);
    let time = result.levels[1].time.as_ref().unwrap();
    assert_eq!((time.n, time.p50, time.p90), (1, 30.0, 30.0));
    assert_eq!(result.levels[1].from_previous.value, Some(0.25));
    let short = FunnelQuery {
        within: Some("20s".to_owned()),
        ..query.clone()
    };
    let result = engine.funnel(&short, &held.capture).await.unwrap();
    assert_eq!((result.levels[0].dropped, result.levels[1].reached), (4, 0));
    let users = FunnelQuery {
        through: vec!["step.topic = o1".to_owned(), "step.topic = help".to_owned()],
        unit: FunnelUnit::User,
        by: Some("bot_version".to_owned()),
        ..query
    };
    let result = engine.funnel(&users, &held.capture).await.unwrap();
    let reached: Vec<u64> = result.levels.iter().map(|level| level.reached).collect();
    assert_eq!(reached, [2, 1]);
    assert_eq!(result.groups.len(), 1);
    let list = SessionQuery {
        filters: vec![result.levels[1].filter.clone().unwrap()],
        now: instant(NOW),
        ..SessionQuery::default()
    };
    let listed = engine.sessions(&list, &held.capture).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].bot_version.as_deref(), Some("2"));
}

/// Of 100 sessions 40 ask for the balance; 20 of them go on to loans. Of the 60 that ask for hours, 3 do.
const LIFT: &str = "
sessions:
session | user
";

#[tokio::test]
async fn lift_is_more_than_chance() {
    let mut text = format!("{LIFT}\nsteps:\nsession | kind | topic\n");
    for number in 0..100 {
        let (first, next) = match number {
            0..20 => ("balance", "loan"),
            20..40 => ("balance", "bye"),
            40..43 => ("hours", "loan"),
            _ => ("hours", "bye"),
        };
        for topic in [first, next] {
            text.push_str(&format!("s{number} | topic | {topic}\n"));
        }
    }
    let held = capture_all(&facts(&text), Layout::Files);
    let query = LiftQuery {
        at_least: 1,
        now: instant(NOW),
        ..LiftQuery::default()
    };
    let result = engine().lift(&query, &held.capture).await.unwrap();
    assert_eq!((result.pair_count, result.transitions), (4, 100));
    let row = result
        .pairs
        .iter()
        .find(|row| row.first.key == "balance" && row.next.key == "loan")
        .unwrap();
    // 40 transitions from balance; 23 of all 100 lead to loan: 9.2 expected, 20 found.
    assert_eq!(row.sessions, 20);
    assert!((row.expected - 9.2).abs() < 1e-9, "{}", row.expected);
    assert!((row.lift.unwrap() - 20.0 / 9.2).abs() < 1e-9);
    let [low, high] = row.interval.unwrap();
    assert!(low > 1.0 && high < 4.0, "{low} {high}");
    // 20 of 40 against 3 of 60: z = 5.24, p = 1.6e-7; four pairs are tested.
    let p_value = row.p_value.unwrap();
    assert!(p_value < 1e-6, "{p_value}");
    let corrected = row.p_value_corrected.unwrap();
    assert!(corrected >= p_value && corrected <= 4.0 * p_value);
    assert_eq!(
        row.filter,
        "path loops repeats anywhere (\"balance\", \"loan\")"
    );
}

#[tokio::test]
async fn the_report_on_topics_agrees_with_the_query() {
    let engine = engine();
    let held = held();
    let query = TopicQuery {
        now: instant(NOW),
        ..TopicQuery::default()
    };
    let result = engine.topics(&query, &held.capture).await.unwrap();
    let order = result.topics.iter().find(|row| row.topic == "o1").unwrap();
    assert_eq!((order.visits, order.name.as_deref()), (3, Some("Order")));
    assert_eq!(order.triggered.value, Some(1.0));
    assert_eq!(
        (order.completed.numerator, order.left.numerator),
        (Some(1.0), Some(1.0))
    );
    assert_eq!(order.impacts.len(), 3);
    assert_eq!(
        (order.next[0].topic.as_str(), order.next[0].sessions),
        ("hi", 1)
    );
    let asked = Query {
        metrics: vec!["sessions".to_owned(), "resolution_rate".to_owned()],
        dimensions: vec!["topics".to_owned()],
        now: instant(NOW),
        ..Query::default()
    };
    let numbers = engine.run(&asked, &held.capture).await.unwrap();
    for row in numbers.rows {
        let Some(topic) = &row.dimensions["topics"] else {
            continue;
        };
        let reported = result
            .topics
            .iter()
            .find(|row| row.topic == *topic)
            .unwrap();
        for metric in ["sessions", "resolution_rate"] {
            assert_eq!(reported.metrics[metric], row.metrics[metric], "{topic}");
        }
    }
}

#[tokio::test]
async fn mistakes_are_named() {
    let problems = |error: QueryError| match error {
        QueryError::Invalid(problems) => problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; "),
        other => panic!("{other}"),
    };
    let (engine, held) = (engine(), held());
    let check = async |query: PathQuery, expected: &str| {
        let found = engine.paths(&query, &held.capture).await.unwrap_err();
        assert_eq!(problems(found), expected);
    };
    let base = PathQuery::default;
    check(
        PathQuery {
            first: Some(0),
            ..base()
        },
        "first: a path has from 1 to 100 steps; 0 is none of these",
    )
    .await;
    check(
        PathQuery {
            by: Some("topics".to_owned()),
            ..base()
        },
        "by: `topics` is a list; break paths down by what has one value a session",
    )
    .await;
    check(
        PathQuery {
            only: vec!["topik = a".to_owned()],
            ..base()
        },
        "only[0] at character 1: there is no field `topik`; did you mean `topic`?",
    )
    .await;
    check(
        PathQuery {
            steps: vec![StepSort::Topics, StepSort::Intents],
            ..base()
        },
        "steps: intents are facts of messages, the others of steps; ask for `intents` alone",
    )
    .await;
    let funnel = FunnelQuery {
        through: vec!["step.topic = a".to_owned(), "step.topik = b".to_owned()],
        within: Some("soon".to_owned()),
        environment: EnvironmentChoice::All,
        ..FunnelQuery::default()
    };
    let found = engine.funnel(&funnel, &held.capture).await.unwrap_err();
    assert_eq!(
        problems(found),
        "through[1] at character 1: there is no field `step.topik`; did you mean `step.topic`?; \
         within: `soon` is no length of time; write one such as `30m`, `1h30m` or `7d`"
    );
    for (filter, expected) in [
        (
            "path start",
            "filters[0] at character 11: expected `(` and a list of steps, but the filter ends here",
        ),
        (
            "path of topic start (a)",
            "filters[0] at character 9: there is no `topic` here; expected one of topics, options, questions, intents; did you mean `topics`?",
        ),
        (
            "funnel within soon (step.topic = a)",
            "filters[0] at character 15: `soon` is no length of time; write one such as `30m`, `1h30m` or `7d`",
        ),
        (
            "funnel (step.topic = a then)",
            "filters[0] at character 28: expected a field, found `)`",
        ),
    ] {
        let list = SessionQuery {
            filters: vec![filter.to_owned()],
            ..SessionQuery::default()
        };
        let found = engine.sessions(&list, &held.capture).await.unwrap_err();
        assert_eq!(problems(found), expected);
    }
}
