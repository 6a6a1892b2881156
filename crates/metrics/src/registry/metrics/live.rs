//! What is going on now. A session that may still go on lies in memory, where an event is seen as soon as
//! it was acknowledged.

use super::{Kind, Metric, Section, Unit, example, quantile};
use crate::filter::Measure;
use crate::registry::Maturity;

const SECTION: Section = Section::Live;

/// At 2026-02-01T00:00.
const NOW: &str = "
user | open | waiting_since        | serving_agent | start
anna | yes  | 2026-01-31T23:58:00Z |               | 2026-01-31T23:50:00Z
anna | yes  | 2026-01-31T23:59:00Z |               | 2026-01-31T23:51:00Z
ben  | yes  |                      | kim           | 2026-01-31T23:52:00Z
cleo | yes  |                      | kim           | 2026-01-31T23:53:00Z
dora | yes  |                      |               | 2026-01-31T23:54:00Z
emil | no   | 2026-01-31T20:00:00Z |               | 2026-01-31T19:00:00Z
";

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

const WAITING: &str = "open and waiting_since is not null";
const SINCE: Measure = Measure::Since("waiting_since");

pub(super) const METRICS: &[Metric] = &[
    live(
        "open_sessions",
        "Open sessions",
        Unit::Sessions,
        Kind::Count { of: "open" },
        "Sessions that may still go on.",
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
    .lower(),
    live(
        "wait_so_far",
        "Wait so far, median",
        Unit::Seconds,
        quantile(SINCE, 0.5, WAITING),
        "How long users have waited for a person until now: half no longer.",
        "60.0 s of 2",
    )
    .lower(),
    live(
        "agents_serving",
        "Agents serving",
        Unit::Agents,
        Kind::Distinct {
            key: "serving_agent",
            within: "open and serving_agent is not null",
        },
        "Different agents who serve an open session now.",
        "1",
    ),
    live(
        "served_sessions",
        "Sessions that agents serve",
        Unit::Sessions,
        Kind::Count {
            of: "open and serving_agent is not null",
        },
        "Open sessions that an agent serves now.",
        "2",
    ),
];
