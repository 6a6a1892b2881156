//! Handover to people, and what goes without.

use super::{Kind, Metric, Section, Subject, Unit, column, example, mean, quantile, rate};

const SECTION: Section = Section::Handover;

const HANDOVERS: &str = "
user | outcome   | handover_requests | accepted
anna | escalated | 2                 | yes
anna | resolved  | 0                 | no
ben  | resolved  | 1                 | no
cleo | abandoned | 0                 | no
dora | none      | 0                 | no
";

pub(super) const METRICS: &[Metric] = &[
    Metric::new(
        SECTION,
        "handover_rate",
        "Handover rate",
        Unit::Share,
        Kind::DistinctRate {
            key: "user_key",
            numerator: "handover_requested",
            denominator: "",
        },
        "Users who asked for a person, or for whom the bot asked, among all users.",
        example(HANDOVERS, "2 / 4 = 50.0 %"),
    )
    .lower(),
    Metric::new(
        SECTION,
        "handover_session_rate",
        "Handover rate by session",
        Unit::Share,
        rate("handover_requested", ""),
        "Sessions in which a person was asked for, among all sessions.",
        example(HANDOVERS, "2 / 5 = 40.0 %"),
    )
    .lower(),
    Metric::new(
        SECTION,
        "handover_sessions",
        "Sessions with handover request",
        Unit::Sessions,
        Kind::Count {
            of: "handover_requested",
        },
        "Sessions in which a person was asked for. Cut them by `handover_trigger` to see why the first time.",
        example(HANDOVERS, "2"),
    )
    .lower(),
    Metric::new(
        SECTION,
        "sessions_without_handover",
        "Sessions without handover request",
        Unit::Sessions,
        Kind::Count {
            of: "not handover_requested",
        },
        "Sessions in which no person was asked for; with those in which one was, all sessions.",
        example(HANDOVERS, "3"),
    )
    .higher(),
    Metric::new(
        SECTION,
        "containment_rate",
        "Containment rate",
        Unit::Share,
        rate("not with_person", "engaged"),
        "Engaged sessions that ended without a person, whatever their outcome, among engaged sessions.",
        example(HANDOVERS, "3 / 4 = 75.0 %"),
    )
    .higher(),
];

/// Before the bot three of four inquiries needed people, now two of five do.
const BASELINE: &str = "
baseline: 2025-10-01..2025-12-31
range: 2026-01-05..
start            | outcome   | handover_requests | bot_messages | agent_messages
2025-10-06T10:00 | escalated | 1                 | 3            | 4
2025-11-03T10:00 |           | 0                 | 0            | 5
2025-12-01T10:00 | abandoned | 1                 | 4            | 0
2025-12-08T10:00 | resolved  | 0                 | 2            | 0
2026-01-05T10:00 | resolved  | 0                 | 2            | 0
2026-01-05T11:00 | resolved  | 0                 | 3            | 0
2026-01-06T10:00 | escalated | 1                 | 2            | 3
2026-01-06T11:00 | abandoned | 0                 | 5            | 0
2026-01-07T10:00 |           | 0                 | 0            | 2
";

pub(super) const REDUCED: &[Metric] = &[Metric::new(
    SECTION,
    "ticket_reduction",
    "Ticket reduction",
    Unit::Share,
    Kind::Reduction {
        numerator: "handover_requested or with_person",
        denominator: "engaged or human_contact",
    },
    "By how much fewer inquiries need people than in the baseline that the settings of the workspace state: one minus \
     the rate of now over that of the baseline. The rate is the share of inquiries in which a person was asked for, a \
     ticket was written or a person took part; inquiries are engaged sessions, and contacts that people served without a \
     bot as far as they were imported. The baseline is a rate, or a range of time, of which the same filters and \
     dimensions hold; stretches of time are measured with the whole of it.",
    example(BASELINE, "1 − (2 / 5) / (3 / 4) = 46.7 %"),
)
.higher()];

const REQUESTS: &str = "
steps:
session | kind     | handover_stage | handover_trigger | handover_kind
a       | handover | requested      | after_fallback   | human
a       | handover | queued         |                  |
a       | handover | requested      | direct           | human
b       | handover | requested      | direct           | ticket
c       | handover | accepted       |                  |
c       | topic    |                |                  |
";

const fn requests(
    id: &'static str,
    name: &'static str,
    of: &'static str,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    Metric::new(
        SECTION,
        id,
        name,
        Unit::Requests,
        Kind::Count { of },
        definition,
        example(REQUESTS, result),
    )
    .of(Subject::Steps)
    .lower()
}

pub(super) const REQUESTED: &[Metric] = &[
    requests(
        "handover_requests",
        "Handover requests",
        "step.handover_stage = requested",
        "How often a person was asked for in the range. Cut them by `step.handover_trigger` and \
         `step.handover_kind`.",
        "3",
    )
    .version(2),
    requests(
        "handover_requests_direct",
        "Handover requests in the user's words",
        "step.handover_stage = requested and step.handover_trigger = direct",
        "How often users asked for a person in their own words.",
        "2",
    ),
    requests(
        "handover_requests_after_fallback",
        "Handover requests after a fallback",
        "step.handover_stage = requested and step.handover_trigger = after_fallback",
        "How often a person was asked for because the bot had not understood.",
        "1",
    ),
    requests(
        "handover_requests_operator_button",
        "Handover requests by button",
        "step.handover_stage = requested and step.handover_trigger = operator_button",
        "How often users asked for a person by the option that an answer offered.",
        "0",
    ),
    requests(
        "handover_requests_other",
        "Handover requests for other reasons",
        "step.handover_stage = requested and not step.handover_trigger in (direct, after_fallback, operator_button)",
        "How often a person was asked for because the author wanted it, of rules, failures, missing knowledge \
         or for a reason that the source does not say.",
        "0",
    ),
    requests(
        "ticket_requests",
        "Tickets",
        "step.handover_stage = requested and step.handover_kind = ticket",
        "How often a ticket was written in the place of a person who takes over.",
        "1",
    ),
];

/// Asked and served to the end; asked, queued and gone; asked and refused; asked, nobody there; served
/// without a queue and not finished; not asked.
const FUNNEL: &str = "
handover_requests | queued_time      | accepted_time    | finished_time    | queue_left_time  | refused_time     | unavailable_time | context_passed
1                 | 2026-01-05T10:00 | 2026-01-05T10:01 | 2026-01-05T10:09 |                  |                  |                  | yes
1                 | 2026-01-05T10:00 |                  |                  | 2026-01-05T10:05 |                  |                  |
1                 |                  |                  |                  |                  | 2026-01-05T10:00 |                  |
1                 |                  |                  |                  |                  |                  | 2026-01-05T10:00 |
1                 |                  | 2026-01-05T10:00 |                  |                  |                  |                  | no
0                 |                  |                  |                  |                  |                  |                  |
";

/// One says that they leave, one waits and says nothing more, one is served, one is not put into a queue.
const QUEUE: &str = "
handover_requests | queued_time      | waiting_since    | queue_left_time  | accepted_time
1                 | 2026-01-05T10:00 |                  | 2026-01-05T10:05 |
1                 | 2026-01-05T10:00 | 2026-01-05T10:00 |                  |
1                 | 2026-01-05T10:00 |                  |                  | 2026-01-05T10:02
1                 |                  |                  |                  |
";

const fn stage(
    id: &'static str,
    name: &'static str,
    numerator: &'static str,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    Metric::new(
        SECTION,
        id,
        name,
        Unit::Share,
        rate(numerator, "handover_requested"),
        definition,
        example(FUNNEL, result),
    )
    .told("handover_requested", "no person was asked for")
}

/// What became of the sessions in which a person was asked for.
pub(super) const STAGES: &[Metric] = &[
    stage(
        "handover_requested_rate",
        "Asked for",
        "handover_requested",
        "The head of the funnel: all sessions in which a person was asked for.",
        "5 / 5 = 100.0 %",
    ),
    stage(
        "handover_queue_rate",
        "… and put into a queue",
        "queued_time is not null or accepted_time is not null or finished_time is not null",
        "Sessions in which the user waited in a queue or was served at once, among sessions in which a person \
         was asked for.",
        "3 / 5 = 60.0 %",
    ),
    stage(
        "transfer_rate",
        "… and taken over",
        "accepted_time is not null or finished_time is not null",
        "Sessions that an agent really took over, among sessions in which a person was asked for.",
        "2 / 5 = 40.0 %",
    )
    .version(2)
    .higher(),
    stage(
        "handover_finished_rate",
        "… and finished",
        "finished_time is not null",
        "Sessions that an agent took over and finished, among sessions in which a person was asked for.",
        "1 / 5 = 20.0 %",
    )
    .higher(),
    stage(
        "handover_refused_rate",
        "Handover refused",
        "refused_time is not null",
        "Sessions in which a request was refused, among sessions in which a person was asked for.",
        "1 / 5 = 20.0 %",
    )
    .lower(),
    Metric {
        example: example(QUEUE, "2 / 4 = 50.0 %"),
        ..stage(
            "queue_abandon_rate",
            "Left the queue",
            "queue_left_time is not null or waiting_since < \"{recent}\"",
            "Sessions whose user left the queue, or waited in it until the time-out without another sign of anybody, \
             among sessions in which a person was asked for.",
            "",
        )
        .version(2)
        .lower()
    },
    stage(
        "handover_unavailable_rate",
        "Nobody there",
        "unavailable_time is not null",
        "Sessions in which nobody was there to take over, among sessions in which a person was asked for.",
        "1 / 5 = 20.0 %",
    )
    .lower(),
    Metric::new(
        SECTION,
        "context_passed_rate",
        "Context passed on",
        Unit::Share,
        rate(
            "context_passed",
            "context_passed is not null and accepted_time is not null",
        ),
        "Sessions whose agent received what was said before, among sessions that an agent took over and of \
         which the source says it.",
        example(FUNNEL, "1 / 2 = 50.0 %"),
    )
    .told(
        "context_passed is not null",
        "no source says whether agents receive what was said before",
    )
    .higher(),
];

const WAITS: &str = "
steps:
session | kind     | handover_stage     | waiting_time
a       | handover | queued             |
a       | handover | accepted           | 20s
a       | agent    |                    | 20s
b       | agent    |                    | 40s
c       | handover | abandoned_in_queue | 300s
d       | handover | unavailable        | 10s
";

/// A taking over is a step of its own with the same waiting as the stage.
const WAITED: &str =
    "step.kind = agent or step.handover_stage in (abandoned_in_queue, refused, unavailable)";

const fn waiting(
    id: &'static str,
    name: &'static str,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let example = example(WAITS, result);
    Metric::new(SECTION, id, name, Unit::Seconds, kind, definition, example)
        .of(Subject::Steps)
        .told(
            "step.waiting_time is not null",
            "no source says how long users wait for people",
        )
        .lower()
}

pub(super) const WAITING: &[Metric] = &[
    waiting(
        "waiting_time",
        "Waiting time",
        mean(column("step.waiting_time"), WAITED),
        "From queued, or asked for where no queue is told of, to an agent's taking over or the end of the \
         waiting without one: the mean.",
        "370 s / 4 = 92.5 s",
    ),
    waiting(
        "waiting_time_median",
        "Waiting time, median",
        quantile(column("step.waiting_time"), 0.5, WAITED),
        "From queued to an agent's taking over or the end of the waiting without one: half are no longer.",
        "20.0 s of 4",
    ),
    waiting(
        "waiting_time_p90",
        "Waiting time, 90th percentile",
        quantile(column("step.waiting_time"), 0.9, WAITED),
        "From queued to an agent's taking over or the end of the waiting without one: nine of ten are no \
         longer.",
        "300.0 s of 4",
    ),
    waiting(
        "waiting_time_served",
        "Waiting time of those who were served",
        mean(column("step.waiting_time"), "step.kind = agent"),
        "From queued, or asked for where no queue is told of, to an agent's taking over: the mean.",
        "60 s / 2 = 30.0 s",
    ),
];
