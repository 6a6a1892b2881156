//! What is going on now. Whatever may still go on lies in memory, where an event is seen as soon as it was
//! acknowledged.
//!
//! An escalation ends the bot's part of a session, so that the session is over while people are still at work
//! on it. They are until they finish or the user leaves; where nobody says so, until nothing was heard for
//! as long as the profile's longest time-out.

use super::{Kind, Metric, Section, Unit, example, quantile};
use crate::filter::Measure;
use crate::registry::Maturity;

const SECTION: Section = Section::Live;

/// At 2026-02-01T00:00, with a time-out of a day. Of Emil and Fay nothing was heard for days.
const NOW: &str = "
user | open | waiting_since        | serving_agent | last_answer_time     | start
anna | yes  | 2026-01-31T23:58:00Z |               |                      | 2026-01-31T23:50:00Z
anna | no   | 2026-01-31T23:59:00Z |               |                      | 2026-01-31T23:51:00Z
ben  | no   |                      | kim           | 2026-01-31T23:57:00Z | 2026-01-31T23:52:00Z
cleo | yes  |                      | kim           | 2026-01-31T23:56:00Z | 2026-01-31T23:53:00Z
dora | yes  |                      |               |                      | 2026-01-31T23:54:00Z
emil | no   | 2026-01-29T20:00:00Z |               |                      | 2026-01-29T19:00:00Z
fay  | no   |                      | lee           | 2026-01-29T20:00:00Z | 2026-01-29T19:00:00Z
";

/// The user waits for a person.
const WAITING: &str = "waiting_since >= \"{recent}\"";
/// Why nobody's waiting can be measured.
const NOBODY_WAITS: &str = "nobody waits for a person now";
/// An agent serves the user.
const SERVED: &str = "serving_agent is not null and (accepted_time >= \"{recent}\" or last_answer_time >= \"{recent}\" \
                      or last_user_time >= \"{recent}\")";
/// The session goes on, or people are at work on it.
const GOES_ON: &str = "open or waiting_since >= \"{recent}\" or (serving_agent is not null \
                       and (accepted_time >= \"{recent}\" or last_answer_time >= \"{recent}\" \
                       or last_user_time >= \"{recent}\"))";

const fn live(
    id: &'static str,
    name: &'static str,
    unit: Unit,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let example = example(NOW, result);
    Metric::new(SECTION, id, name, unit, kind, definition, example).after(Maturity::None)
}

const SINCE: Measure = Measure::Since("waiting_since");

pub(super) const METRICS: &[Metric] = &[
    live(
        "open_sessions",
        "Open sessions",
        Unit::Sessions,
        Kind::Count { of: GOES_ON },
        "Sessions that may still go on, with the bot or with people.",
        "5",
    ),
    live(
        "waiting_users",
        "Waiting users",
        Unit::Users,
        Kind::Distinct {
            key: "user_key",
            within: WAITING,
        },
        "Different users who wait for a person now.",
        "1",
    )
    .lower(),
    live(
        "longest_wait",
        "Longest wait",
        Unit::Seconds,
        quantile(SINCE, 1.0, WAITING),
        "How long whoever has waited longest for a person has waited until now.",
        "120.0 s of 2",
    )
    .told(WAITING, NOBODY_WAITS)
    .lower(),
    live(
        "wait_so_far",
        "Wait so far, median",
        Unit::Seconds,
        quantile(SINCE, 0.5, WAITING),
        "How long users have waited for a person until now: half no longer.",
        "60.0 s of 2",
    )
    .told(WAITING, NOBODY_WAITS)
    .lower(),
    live(
        "agents_serving",
        "Agents serving",
        Unit::Agents,
        Kind::Distinct {
            key: "serving_agent",
            within: SERVED,
        },
        "Different agents who serve a user now.",
        "1",
    ),
    live(
        "served_sessions",
        "Sessions that agents serve",
        Unit::Sessions,
        Kind::Count { of: SERVED },
        "Sessions that an agent serves now.",
        "2",
    ),
];
