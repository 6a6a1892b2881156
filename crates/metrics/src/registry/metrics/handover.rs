//! Handover to people, and what goes without.

use super::{Kind, Metric, Section, Unit, example, rate, sum};

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
        Kind::DistinctRate { key: "user_key", numerator: "handover_requested", denominator: "" },
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
        Kind::Count { of: "handover_requested" },
        "Sessions in which a person was asked for.",
        example(HANDOVERS, "2"),
    )
    .lower(),
    Metric::new(
        SECTION,
        "sessions_without_handover",
        "Sessions without handover request",
        Unit::Sessions,
        Kind::Count { of: "not handover_requested" },
        "Sessions in which no person was asked for; with those in which one was, all sessions.",
        example(HANDOVERS, "3"),
    )
    .higher(),
    Metric::new(
        SECTION,
        "handover_requests",
        "Handover requests",
        Unit::Requests,
        sum("handover_requests"),
        "How often a person was asked for.",
        example(HANDOVERS, "3"),
    )
    .lower(),
    Metric::new(
        SECTION,
        "transfer_rate",
        "Transfer rate",
        Unit::Share,
        rate("accepted_time is not null", "handover_requested"),
        "Sessions that an agent really took over, among sessions in which a person was asked for.",
        example(HANDOVERS, "1 / 2 = 50.0 %"),
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
    Metric::new(
        SECTION,
        "self_service_resolution_rate",
        "Self-service resolution rate",
        Unit::Share,
        rate("resolved and not with_person", "engaged"),
        "Sessions resolved without a person among engaged sessions.",
        example(HANDOVERS, "2 / 4 = 50.0 %"),
    )
    .higher(),
];
