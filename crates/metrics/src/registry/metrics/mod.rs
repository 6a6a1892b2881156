//! The metrics by subject, and families: names that stand for several metrics at once.

mod agents;
mod clicks;
mod consumption;
mod contacts;
mod efficiency;
mod families;
mod feedback;
mod grounded;
mod handover;
mod implicit;
mod knowledge;
mod live;
mod messages;
mod models;
mod questions;
mod responses;
mod satisfaction;
mod sessions;
mod topics;
mod understanding;
mod users;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Unit;
use super::kinds::{Example, Kind, Metric, Subject};
use super::section::Section;
use crate::filter::Measure;

/// A name that stands for several metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// The id, by which queries name it.
    pub id: &'static str,
    /// The metrics, in order.
    pub members: &'static [&'static str],
    /// What they say together.
    pub documentation: &'static str,
}

/// All metrics, by section and in the order of the documentation.
pub fn metrics() -> &'static [Metric] {
    static METRICS: LazyLock<Vec<Metric>> = LazyLock::new(|| {
        [
            sessions::METRICS,
            sessions::DISTRIBUTIONS,
            sessions::LADDER,
            users::METRICS,
            contacts::METRICS,
            contacts::REPEATS,
            messages::METRICS,
            responses::METRICS,
            responses::CHATS_OF_USERS,
            clicks::METRICS,
            questions::METRICS,
            handover::METRICS,
            handover::REDUCED,
            handover::REQUESTED,
            handover::STAGES,
            handover::WAITING,
            agents::METRICS,
            agents::RESPONSES,
            satisfaction::METRICS,
            feedback::METRICS,
            feedback::BALANCE,
            topics::METRICS,
            feedback::TOPICS,
            understanding::METRICS,
            understanding::OF_SESSIONS,
            understanding::INTENT_RANKS,
            implicit::METRICS,
            grounded::METRICS,
            knowledge::METRICS,
            knowledge::OF_SOURCES,
            models::METRICS,
            consumption::METRICS,
            efficiency::METRICS,
            live::METRICS,
        ]
        .concat()
    });
    &METRICS
}

/// The metric of this id.
pub fn metric(id: &str) -> Option<&'static Metric> {
    static BY_ID: LazyLock<HashMap<&'static str, &'static Metric>> =
        LazyLock::new(|| metrics().iter().map(|metric| (metric.id, metric)).collect());
    BY_ID.get(id).copied()
}

/// All families.
pub fn families() -> &'static [Family] {
    static ALL: LazyLock<Vec<Family>> = LazyLock::new(|| [FAMILIES, families::FAMILIES].concat());
    &ALL
}

/// The family of this id.
pub fn family(id: &str) -> Option<&'static Family> {
    families().iter().find(|family| family.id == id)
}

const FAMILIES: &[Family] = &[
    Family {
        id: "outcome_share",
        members: &[
            "outcome_share_none",
            "outcome_share_resolved",
            "outcome_share_escalated",
            "outcome_share_abandoned",
        ],
        documentation: "Every outcome among all sessions; together 100 %.",
    },
    Family {
        id: "escalation_split",
        members: &[
            "escalation_rate_user_requested",
            "escalation_rate_system_intended",
            "escalation_rate_system_unintended",
            "escalation_rate_unknown",
        ],
        documentation: "Why sessions were escalated; together the escalation rate.",
    },
    Family {
        id: "outcome_ladder",
        members: &[
            "ladder_engaged",
            "ladder_answered",
            "ladder_without_person",
            "ladder_not_ended_by_fallback",
            "ladder_resolved",
            "ladder_confirmed",
            "ladder_durable",
        ],
        documentation: "How far engaged sessions got: every step is a part of the one before. \
                        That a resolution lasts is a branch of its own, of sessions that are old enough.",
    },
    Family {
        id: "repeat_contacts",
        members: &[
            "repeat_contact_rate_1h",
            "repeat_contact_rate_24h",
            "repeat_contact_rate_3d",
            "repeat_contact_rate_7d",
            "repeat_contact_rate_14d",
            "repeat_contact_rate_30d",
        ],
        documentation: "How soon users come back on the topic; together the share who do within 30 days.",
    },
    Family {
        id: "new_and_returning",
        members: &[
            "users",
            "new_users",
            "returning_users",
            "returning_rate",
            "unlinkable_users",
        ],
        documentation: "Who came for the first time, who came again, and whom nobody can follow.",
    },
    Family {
        id: "session_duration_distribution",
        members: &[
            "session_duration",
            "session_duration_median",
            "session_duration_p90",
            "session_duration_p99",
        ],
        documentation: "Mean, median, 90th and 99th percentile of the duration.",
    },
    Family {
        id: "messages_per_session_distribution",
        members: &[
            "messages_per_session",
            "messages_per_session_median",
            "messages_per_session_p90",
            "messages_per_session_p99",
        ],
        documentation: "Mean, median, 90th and 99th percentile of the messages of both directions.",
    },
    Family {
        id: "user_messages_per_session_distribution",
        members: &[
            "user_messages_per_session",
            "user_messages_per_session_median",
            "user_messages_per_session_p90",
            "user_messages_per_session_p99",
        ],
        documentation: "Mean, median, 90th and 99th percentile of the user's messages.",
    },
    Family {
        id: "exchanges_per_session_distribution",
        members: &[
            "exchanges_per_session",
            "exchanges_per_session_median",
            "exchanges_per_session_p90",
            "exchanges_per_session_p99",
        ],
        documentation: "Mean, median, 90th and 99th percentile of the exchanges.",
    },
    Family {
        id: "first_response_time_distribution",
        members: &[
            "first_response_time",
            "first_response_time_median",
            "first_response_time_p90",
            "first_response_time_p99",
        ],
        documentation: "Mean, median, 90th and 99th percentile of the first response time.",
    },
    Family {
        id: "resolution_time_distribution",
        members: &[
            "resolution_time",
            "resolution_time_median",
            "resolution_time_p90",
        ],
        documentation: "Mean, median and 90th percentile of the resolution time.",
    },
    Family {
        id: "deflection",
        members: &[
            "deflection_rate",
            "deflection_rate_contained",
            "deflection_rate_sessions",
            "quality_deflection_rate",
            "quality_deflection_rate_upper",
            "partial_solve_rate",
        ],
        documentation: "What the bot took off people's hands by every formula, and how well.",
    },
    Family {
        id: "service",
        members: &[
            "sessions",
            "csat_score",
            "csat_satisfied_rate",
            "first_contact_resolution",
            "single_contact_rate",
            "session_duration_median",
            "resolution_time_median",
            "model_cost_per_session",
        ],
        documentation: "How well, how fast and at what cost sessions were served; cut it by `served_by` to see the \
                        bot alone, the bot with people, and people alone side by side.",
    },
    Family {
        id: "live",
        members: &[
            "open_sessions",
            "waiting_users",
            "longest_wait",
            "wait_so_far",
            "agents_serving",
            "served_sessions",
        ],
        documentation: "What is going on now.",
    },
    Family {
        id: "model_cost_split",
        members: &[
            "model_cost",
            "model_cost_reported",
            "model_cost_priced",
            "model_calls_unpriced",
        ],
        documentation: "What models cost, and how much of it sources say and the price list says.",
    },
    Family {
        id: "model_latency_distribution",
        members: &[
            "model_latency",
            "model_latency_median",
            "model_latency_p90",
            "model_latency_p99",
        ],
        documentation: "Mean, median, 90th and 99th percentile of the latency of models.",
    },
    Family {
        id: "time_to_first_token_distribution",
        members: &[
            "time_to_first_token",
            "time_to_first_token_median",
            "time_to_first_token_p90",
            "time_to_first_token_p99",
        ],
        documentation: "Mean, median, 90th and 99th percentile of the time to the first token.",
    },
    Family {
        id: "tool_latency_distribution",
        members: &[
            "tool_latency",
            "tool_latency_median",
            "tool_latency_p90",
            "tool_latency_p99",
        ],
        documentation: "Mean, median, 90th and 99th percentile of the latency of tools.",
    },
    Family {
        id: "summary",
        members: &[
            "sessions",
            "users",
            "messages",
            "engagement_rate",
            "resolution_rate",
            "escalation_rate",
            "abandon_rate",
            "csat_score",
        ],
        documentation: "What to look at first.",
    },
];

const fn example(sessions: &'static str, result: &'static str) -> Example {
    Example { sessions, result }
}

const fn column(name: &'static str) -> Measure {
    Measure::Column(name)
}

const fn rate(numerator: &'static str, denominator: &'static str) -> Kind {
    Kind::Rate {
        numerator,
        denominator,
    }
}

const fn sum(name: &'static str) -> Kind {
    Kind::Sum {
        measure: Measure::Column(name),
        within: "",
        unknown: None,
    }
}

const fn mean(measure: Measure, within: &'static str) -> Kind {
    Kind::Mean {
        measure,
        within,
        on_scale: false,
    }
}

const fn quantile(measure: Measure, quantile: f64, within: &'static str) -> Kind {
    Kind::Quantile {
        measure,
        quantile,
        within,
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::filter::{ResolveContext, definition, parse, resolve};
    use crate::query::terms::Terms;
    use crate::registry::Clock;

    #[test]
    fn ids_are_unique_and_conditions_read() {
        let mut ids: Vec<&str> = metrics().iter().map(|metric| metric.id).collect();
        ids.extend(families().iter().map(|family| family.id));
        ids.sort_unstable();
        for pair in ids.windows(2) {
            assert_ne!(pair[0], pair[1]);
        }
        for metric in metrics() {
            let evidence = metric.evidence();
            if !evidence.is_empty() {
                definition(&evidence);
            }
            let context = ResolveContext::new(TimeZone::UTC).of(metric.subjects().collect());
            let told = metric.told.map(|told| told.by);
            for condition in metric.kind.conditions().into_iter().chain(told) {
                let condition = Terms::default().fill(condition);
                if !condition.is_empty() {
                    let resolved = parse(&condition).and_then(|read| resolve(&read, &context));
                    assert!(resolved.is_ok(), "{}: {resolved:?}", metric.id);
                }
            }
            let by_event = metric.clock == Clock::EventTime;
            assert!(
                !by_event || metric.subject != Subject::Sessions,
                "{}",
                metric.id
            );
            if let Kind::Quotient { below, .. } = metric.kind {
                let about = (metric.subject, metric.sources);
                assert_eq!((below.subject, below.sources), about, "{}", metric.id);
            }
            assert!(metric.definition.ends_with('.'), "{}", metric.id);
        }
    }

    #[test]
    fn families_name_metrics() {
        for family in families() {
            for member in family.members {
                assert!(metric(member).is_some(), "{} names {member}", family.id);
            }
        }
    }
}
