//! Visits of topics. Cut them by `step.topic`, which is whatever the platform calls it: topic, dialog, flow,
//! workflow, AI agent.

use super::{Kind, Metric, Section, Subject, Unit, column, example, mean, quantile, rate};

const SECTION: Section = Section::Understanding;

/// The last visit goes on.
const VISITS: &str = "
sessions:
session | open
c       | yes
steps:
session | kind   | topic    | visit_end  | duration
a       | topic  | payment  | redirected | 20s
a       | topic  | delivery | completed  | 40s
a       | option | delivery |            |
a       | topic  | payment  | abandoned  | 60s
b       | topic  | payment  | escalated  | 80s
b       | topic  | refund   | switched   | 5s
c       | topic  | payment  |            |
";

const VISIT: &str = "step.kind = topic";
const TOLD: &str = "step.kind = topic";
const UNTOLD: &str = "no source says which topics were visited";

const fn visits(
    id: &'static str,
    name: &'static str,
    unit: Unit,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let example = example(VISITS, result);
    Metric::new(SECTION, id, name, unit, kind, definition, example)
        .of(Subject::Steps)
        .by_session_start()
        .told(TOLD, UNTOLD)
}

/// How visits end.
const fn end(
    id: &'static str,
    name: &'static str,
    numerator: &'static str,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    visits(
        id,
        name,
        Unit::Share,
        rate(numerator, VISIT),
        definition,
        result,
    )
    .judged()
}

pub(super) const METRICS: &[Metric] = &[
    visits(
        "topic_views",
        "Visits of topics",
        Unit::Visits,
        Kind::Count { of: VISIT },
        "How often topics were entered.",
        "6",
    ),
    visits(
        "topic_sessions",
        "Sessions with a topic",
        Unit::Sessions,
        Kind::Distinct {
            key: "session_id",
            within: VISIT,
        },
        "Different sessions in which a topic was entered.",
        "3",
    ),
    end(
        "topic_completed_rate",
        "Visits that came to their end",
        "step.visit_end = completed",
        "Visits in which the topic came to its end or the session was resolved, among visits of sessions that \
         are over.",
        "1 / 5 = 20.0 %",
    )
    .higher(),
    end(
        "topic_redirected_rate",
        "Visits that went on to another topic",
        "step.visit_end = redirected",
        "Visits after which the bot went on to another topic and did not come back, among visits of sessions \
         that are over.",
        "1 / 5 = 20.0 %",
    ),
    end(
        "topic_switched_rate",
        "Visits that the user turned from",
        "step.visit_end = switched",
        "Visits after which the user's own words or click led to another topic, among visits of sessions that \
         are over.",
        "1 / 5 = 20.0 %",
    ),
    end(
        "topic_escalated_rate",
        "Visits that led to a person",
        "step.visit_end = escalated",
        "Visits in which a person was asked for or the session was passed to people, among visits of \
         sessions that are over.",
        "1 / 5 = 20.0 %",
    )
    .lower(),
    end(
        "topic_abandoned_rate",
        "Visits that were left",
        "step.visit_end = abandoned",
        "Visits in which the session was over without any of that, among visits of sessions that are over.",
        "1 / 5 = 20.0 %",
    )
    .lower(),
    visits(
        "topic_time",
        "Time in a topic",
        Unit::Seconds,
        mean(column("step.duration"), VISIT),
        "From the entering of a topic to the next topic or the session's end, of sessions that are over: the \
         mean.",
        "205 s / 5 = 41.0 s",
    )
    .judged(),
    visits(
        "topic_time_median",
        "Time in a topic, median",
        Unit::Seconds,
        quantile(column("step.duration"), 0.5, VISIT),
        "From the entering of a topic to the next topic or the session's end: half are no longer.",
        "40.0 s of 5",
    )
    .judged(),
];
