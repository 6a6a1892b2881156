//! The work of people who serve users: by the time when it was done. Cut it by `step.agent` and
//! `step.skill`, messages by `message.agent` and `message.skill`.

use super::{Kind, Metric, Section, Subject, Unit, column, example, mean, quantile, rate};

const SECTION: Section = Section::Handover;

/// Kim serves two sessions, one of them in two parts; the second part of it is Lee's.
const PARTS: &str = "
steps:
session | kind     | handover_stage | agent | first_response_time | duration | questions_repeated
a       | agent    |                | kim   | 10s                 | 60s      | 1
a       | handover | transferred    | kim   |                     |          |
a       | agent    |                | lee   | 30s                 | 120s     | 0
b       | agent    |                | kim   | 20s                 | 240s     | 0
c       | topic    |                |       |                     |          |
";

const ANSWERS: &str = "
messages:
session | role  | agent | response_time
a       | user  |       |
a       | agent | kim   | 20s
a       | agent | kim   |
a       | user  |       |
a       | agent | kim   | 40s
a       | bot   |       | 1s
        | agent | lee   | 90s
";

const PART: &str = "step.kind = agent";
const NOBODY: &str = "no source tells of people who serve users";

const fn part(
    id: &'static str,
    name: &'static str,
    unit: Unit,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let example = example(PARTS, result);
    Metric::new(SECTION, id, name, unit, kind, definition, example)
        .of(Subject::Steps)
        .told(PART, NOBODY)
}

const fn answer(
    id: &'static str,
    name: &'static str,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let example = example(ANSWERS, result);
    Metric::new(SECTION, id, name, Unit::Seconds, kind, definition, example)
        .of(Subject::Messages)
        .told("message.role = agent", NOBODY)
        .lower()
}

pub(super) const METRICS: &[Metric] = &[
    part(
        "agent_sessions",
        "Sessions that agents served",
        Unit::Sessions,
        Kind::Distinct {
            key: "session_id",
            within: PART,
        },
        "Different sessions that agents took over in the range.",
        "2",
    ),
    part(
        "agent_parts",
        "Parts that agents took",
        Unit::Requests,
        Kind::Count { of: PART },
        "How often agents took over; a session that is passed on has several parts.",
        "3",
    ),
    part(
        "transfers",
        "Passings from agent to agent",
        Unit::Requests,
        Kind::Count {
            of: "step.handover_stage = transferred",
        },
        "How often a session was passed on to another agent or skill.",
        "1",
    )
    .lower(),
    part(
        "agent_first_response",
        "Agents' first response",
        Unit::Seconds,
        mean(column("step.first_response_time"), PART),
        "From an agent's taking over to the first word: the mean.",
        "60 s / 3 = 20.0 s",
    )
    .lower(),
    part(
        "agent_first_response_median",
        "Agents' first response, median",
        Unit::Seconds,
        quantile(column("step.first_response_time"), 0.5, PART),
        "From an agent's taking over to the first word: half take no longer.",
        "20.0 s of 3",
    )
    .lower(),
    part(
        "agent_first_response_p90",
        "Agents' first response, 90th percentile",
        Unit::Seconds,
        quantile(column("step.first_response_time"), 0.9, PART),
        "From an agent's taking over to the first word: nine of ten take no longer.",
        "30.0 s of 3",
    )
    .lower(),
    part(
        "agent_handle_time",
        "Agents' handle time",
        Unit::Seconds,
        mean(column("step.duration"), PART),
        "From an agent's taking over to finishing or passing on, else to the agent's last activity, of \
         sessions that are over: the mean.",
        "420 s / 3 = 140.0 s",
    )
    .judged()
    .lower(),
    part(
        "agent_handle_time_median",
        "Agents' handle time, median",
        Unit::Seconds,
        quantile(column("step.duration"), 0.5, PART),
        "From an agent's taking over to finishing or passing on: half take no longer.",
        "120.0 s of 3",
    )
    .judged()
    .lower(),
    part(
        "agent_handle_time_p90",
        "Agents' handle time, 90th percentile",
        Unit::Seconds,
        quantile(column("step.duration"), 0.9, PART),
        "From an agent's taking over to finishing or passing on: nine of ten take no longer.",
        "240.0 s of 3",
    )
    .judged()
    .lower(),
    part(
        "asked_again_rate",
        "Asked again by the agent",
        Unit::Share,
        rate("step.questions_repeated > 0", PART),
        "Parts in which the agent asked a question that the bot had asked before, among all parts of agents, \
         of sessions that are over.",
        "1 / 3 = 33.3 %",
    )
    .judged()
    .lower(),
];

pub(super) const RESPONSES: &[Metric] = &[
    answer(
        "agent_response_time",
        "Agents' response time",
        mean(column("message.response_time"), "message.role = agent"),
        "From a message of the user to an agent's next: the mean.",
        "150 s / 3 = 50.0 s",
    ),
    answer(
        "agent_response_time_median",
        "Agents' response time, median",
        quantile(column("message.response_time"), 0.5, "message.role = agent"),
        "From a message of the user to an agent's next: half are no longer.",
        "40.0 s of 3",
    ),
    answer(
        "agent_response_time_p90",
        "Agents' response time, 90th percentile",
        quantile(column("message.response_time"), 0.9, "message.role = agent"),
        "From a message of the user to an agent's next: nine of ten are no longer.",
        "90.0 s of 3",
    ),
    answer(
        "agent_response_time_p99",
        "Agents' response time, 99th percentile",
        quantile(
            column("message.response_time"),
            0.99,
            "message.role = agent",
        ),
        "From a message of the user to an agent's next: 99 of 100 are no longer.",
        "90.0 s of 3",
    ),
];
