//! Sessions, engagement and outcomes.

use super::{Example, Kind, Metric, Section, Unit, column, example, mean, quantile, rate, sum};
use crate::registry::remarks::NONE_RESOLVED;

const SECTION: Section = Section::Sessions;

const OUTCOMES: &str = "
sessions | outcome   | resolution_kind | escalation_kind
4        | none      |                 |
5        | resolved  | confirmed       |
1        | resolved  | implied         |
1        | escalated |                 | user_requested
1        | escalated |                 | system_intended
1        | escalated |                 | system_unintended
1        | escalated |                 |
2        | abandoned |                 |
";

const fn new(
    id: &'static str,
    name: &'static str,
    unit: Unit,
    kind: Kind,
    definition: &'static str,
    example: Example,
) -> Metric {
    Metric::new(SECTION, id, name, unit, kind, definition, example)
}

const fn share(
    id: &'static str,
    name: &'static str,
    kind: Kind,
    definition: &'static str,
    example: Example,
) -> Metric {
    new(id, name, Unit::Share, kind, definition, example)
}

pub(super) const METRICS: &[Metric] = &[
    new(
        "sessions",
        "Sessions",
        Unit::Sessions,
        Kind::Count { of: "" },
        "Sessions that started in the range.",
        example(OUTCOMES, "16"),
    ),
    new(
        "conversations",
        "Conversations",
        Unit::Conversations,
        Kind::Distinct { key: "conversation_id", within: "" },
        "Conversations with a session that started in the range.",
        example(
            "
conversation
a
a
b
",
            "2",
        ),
    ),
    new(
        "engaged_sessions",
        "Engaged sessions",
        Unit::Sessions,
        Kind::Count { of: "engaged" },
        "Sessions that the profile's rule counts as engaged.",
        example(OUTCOMES, "12"),
    )
    .higher(),
    new(
        "unengaged_sessions",
        "Unengaged sessions",
        Unit::Sessions,
        Kind::Count { of: "unengaged" },
        "Sessions that were never engaged.",
        example(OUTCOMES, "4"),
    ),
    share(
        "engagement_rate",
        "Engagement rate",
        rate("engaged", ""),
        "Engaged sessions among all sessions.",
        example(OUTCOMES, "12 / 16 = 75.0 %"),
    )
    .higher(),
    new(
        "resolved_sessions",
        "Resolved sessions",
        Unit::Sessions,
        Kind::Count { of: "resolved" },
        "Engaged sessions with the outcome resolved.",
        example(OUTCOMES, "6"),
    )
    .higher(),
    share(
        "resolution_rate",
        "Resolution rate",
        rate("resolved", "engaged"),
        "Resolved sessions, confirmed or implied, among engaged sessions.",
        example(OUTCOMES, "6 / 12 = 50.0 %"),
    )
    .remarks(NONE_RESOLVED)
    .higher(),
    share(
        "resolution_rate_confirmed",
        "Confirmed resolution rate",
        rate("confirmed", "engaged"),
        "Sessions whose resolution somebody confirmed, among engaged sessions.",
        example(OUTCOMES, "5 / 12 = 41.7 %"),
    )
    .higher(),
    share(
        "resolution_rate_implied",
        "Implied resolution rate",
        rate("implied", "engaged"),
        "Sessions whose resolution is implied, among engaged sessions.",
        example(OUTCOMES, "1 / 12 = 8.3 %"),
    ),
    share(
        "confirmed_share",
        "Confirmed share of resolutions",
        rate("confirmed", "resolved"),
        "Confirmed among all resolved sessions.",
        example(OUTCOMES, "5 / 6 = 83.3 %"),
    )
    .higher(),
    share(
        "implied_share",
        "Implied share of resolutions",
        rate("implied", "resolved"),
        "Implied among all resolved sessions.",
        example(OUTCOMES, "1 / 6 = 16.7 %"),
    ),
    new(
        "escalated_sessions",
        "Escalated sessions",
        Unit::Sessions,
        Kind::Count { of: "escalated" },
        "Engaged sessions with the outcome escalated.",
        example(OUTCOMES, "4"),
    )
    .lower(),
    share(
        "escalation_rate",
        "Escalation rate",
        rate("escalated", "engaged"),
        "Escalated sessions among engaged sessions.",
        example(OUTCOMES, "4 / 12 = 33.3 %"),
    )
    .lower(),
    share(
        "escalation_rate_user_requested",
        "Escalation rate, asked for by the user",
        rate("escalated and escalation_kind = user_requested", "engaged"),
        "Sessions escalated because the user asked for a person, among engaged sessions.",
        example(OUTCOMES, "1 / 12 = 8.3 %"),
    )
    .lower(),
    share(
        "escalation_rate_system_intended",
        "Escalation rate, planned",
        rate("escalated and escalation_kind = system_intended", "engaged"),
        "Sessions escalated because the author planned it, among engaged sessions.",
        example(OUTCOMES, "1 / 12 = 8.3 %"),
    ),
    share(
        "escalation_rate_system_unintended",
        "Escalation rate, the bot could not go on",
        rate("escalated and escalation_kind = system_unintended", "engaged"),
        "Sessions escalated because the bot could not go on, among engaged sessions.",
        example(OUTCOMES, "1 / 12 = 8.3 %"),
    )
    .lower(),
    share(
        "escalation_rate_unknown",
        "Escalation rate, reason unknown",
        rate("escalated and (escalation_kind is null or escalation_kind = unknown)", "engaged"),
        "Sessions escalated for a reason that the source does not say, among engaged sessions.",
        example(OUTCOMES, "1 / 12 = 8.3 %"),
    ),
    new(
        "abandoned_sessions",
        "Abandoned sessions",
        Unit::Sessions,
        Kind::Count { of: "abandoned" },
        "Engaged sessions with the outcome abandoned.",
        example(OUTCOMES, "2"),
    )
    .lower(),
    share(
        "abandon_rate",
        "Abandon rate",
        rate("abandoned", "engaged"),
        "Abandoned sessions among engaged sessions.",
        example(OUTCOMES, "2 / 12 = 16.7 %"),
    )
    .remarks(NONE_RESOLVED)
    .lower(),
    share(
        "outcome_share_none",
        "Share without outcome",
        rate("unengaged", ""),
        "Sessions without outcome, which are the unengaged ones, among all sessions.",
        example(OUTCOMES, "4 / 16 = 25.0 %"),
    ),
    share(
        "outcome_share_resolved",
        "Share resolved",
        rate("resolved", ""),
        "Resolved sessions among all sessions.",
        example(OUTCOMES, "6 / 16 = 37.5 %"),
    )
    .higher(),
    share(
        "outcome_share_escalated",
        "Share escalated",
        rate("escalated", ""),
        "Escalated sessions among all sessions.",
        example(OUTCOMES, "4 / 16 = 25.0 %"),
    ),
    share(
        "outcome_share_abandoned",
        "Share abandoned",
        rate("abandoned", ""),
        "Abandoned sessions among all sessions.",
        example(OUTCOMES, "2 / 16 = 12.5 %"),
    )
    .lower(),
    share(
        "no_response_rate",
        "No-response rate",
        rate("not user_acted", ""),
        "Sessions that were opened without any act of the user, among all sessions.",
        example(OPENED, "4 / 8 = 50.0 %"),
    )
    .lower(),
    share(
        "no_response_rate_proactive",
        "No-response rate, proactive",
        rate("not user_acted", "proactive"),
        "Sessions without any act of the user among those that the bot began unasked.",
        example(OPENED, "3 / 4 = 75.0 %"),
    )
    .lower(),
    share(
        "no_response_rate_opened",
        "No-response rate, opened by users",
        rate("not user_acted", "not proactive"),
        "Sessions without any act of the user among those that the bot did not begin unasked.",
        example(OPENED, "1 / 4 = 25.0 %"),
    )
    .lower(),
    share(
        "bounce_rate",
        "Bounce rate",
        rate(
            "user_messages = 1 and not clicked and not resolved and not with_person \
             and feedback_up = 0 and not satisfied and (last_answer_fallback or duration <= 10s)",
            "user_acted",
        ),
        "Sessions with one message of the user, no click, no person and no positive signal (resolution, \
         thumb up, good survey), whose last answer was a fallback or that were over within 10 seconds, \
         among sessions with an act of the user.",
        example(
            "
user_messages | user_acts | duration | last_answer_fallback | feedback_up | outcome
1             | 1         | 4s       | no                   | 0           | abandoned
1             | 1         | 60s      | yes                  | 0           | none
1             | 1         | 60s      | no                   | 0           | abandoned
1             | 2         | 4s       | no                   | 1           | abandoned
1             | 1         | 4s       | no                   | 0           | resolved
2             | 2         | 4s       | no                   | 0           | abandoned
0             | 0         | 0s       | no                   | 0           | none
",
            "2 / 6 = 33.3 %",
        ),
    )
    .lower(),
    new(
        "billed_sessions",
        "Billed sessions",
        Unit::Sessions,
        sum("billed_sessions"),
        "Billed sessions that began in the range's sessions; they are cut by rules of their own: silence of \
         more than 30 minutes, more than 60 minutes or the 101st turn begins the next, and greetings and \
         escalations alone are none.",
        example(
            "
outcome   | billed_sessions
resolved  | 1
abandoned | 2
none      | 0
",
            "3",
        ),
    )
    .lower(),
    share(
        "reported_agreement",
        "Agreement with the platform",
        rate("reported_agrees", "reported"),
        "Sessions whose engagement and outcome the platform reports as the rules find them, among sessions \
         on which it reports; list the others with the filter `reported and not reported_agrees`.",
        example(
            "
outcome   | reported_engaged | reported_outcome
resolved  | yes              | resolved
abandoned | yes              | resolved
none      | no               | none
none      | yes              |
resolved  |                  |
",
            "2 / 4 = 50.0 %",
        ),
    )
    .higher(),
];

const OPENED: &str = "
sessions | proactive | user_acts
3        | yes       | 0
1        | yes       | 2
1        | no        | 0
3        | no        | 1
";

const LENGTHS: &str = "
duration | messages | user_messages | exchanges
10s      | 2        | 1             | 1
20s      | 4        | 2             | 2
30s      | 6        | 2             | 2
60s      | 8        | 3             | 3
120s     | 20       | 7             | 7
";

pub(super) const DISTRIBUTIONS: &[Metric] = &[
    new(
        "session_duration",
        "Session duration",
        Unit::Seconds,
        mean(column("duration"), ""),
        "From the first to the last activity of a session: the mean.",
        example(LENGTHS, "240 s / 5 = 48.0 s"),
    ),
    new(
        "session_duration_median",
        "Session duration, median",
        Unit::Seconds,
        quantile(column("duration"), 0.5, ""),
        "From the first to the last activity of a session: half are no longer.",
        example(LENGTHS, "30.0 s of 5"),
    ),
    new(
        "session_duration_p90",
        "Session duration, 90th percentile",
        Unit::Seconds,
        quantile(column("duration"), 0.9, ""),
        "From the first to the last activity of a session: nine of ten are no longer.",
        example(LENGTHS, "120.0 s of 5"),
    ),
    new(
        "session_duration_p99",
        "Session duration, 99th percentile",
        Unit::Seconds,
        quantile(column("duration"), 0.99, ""),
        "From the first to the last activity of a session: 99 of 100 are no longer.",
        example(LENGTHS, "120.0 s of 5"),
    ),
    new(
        "messages_per_session",
        "Messages per session",
        Unit::Messages,
        mean(column("messages"), ""),
        "Messages of user, bot and agents together, of a session: the mean.",
        example(LENGTHS, "40 / 5 = 8.00"),
    ),
    new(
        "messages_per_session_median",
        "Messages per session, median",
        Unit::Messages,
        quantile(column("messages"), 0.5, ""),
        "Messages of user, bot and agents together: half of the sessions have no more.",
        example(LENGTHS, "6 of 5"),
    ),
    new(
        "messages_per_session_p90",
        "Messages per session, 90th percentile",
        Unit::Messages,
        quantile(column("messages"), 0.9, ""),
        "Messages of user, bot and agents together: nine of ten sessions have no more.",
        example(LENGTHS, "20 of 5"),
    ),
    new(
        "messages_per_session_p99",
        "Messages per session, 99th percentile",
        Unit::Messages,
        quantile(column("messages"), 0.99, ""),
        "Messages of user, bot and agents together: 99 of 100 sessions have no more.",
        example(LENGTHS, "20 of 5"),
    ),
    new(
        "user_messages_per_session",
        "User messages per session",
        Unit::Messages,
        mean(column("user_messages"), ""),
        "Messages of the user alone, of a session: the mean.",
        example(LENGTHS, "15 / 5 = 3.00"),
    ),
    new(
        "user_messages_per_session_median",
        "User messages per session, median",
        Unit::Messages,
        quantile(column("user_messages"), 0.5, ""),
        "Messages of the user alone: half of the sessions have no more.",
        example(LENGTHS, "2 of 5"),
    ),
    new(
        "user_messages_per_session_p90",
        "User messages per session, 90th percentile",
        Unit::Messages,
        quantile(column("user_messages"), 0.9, ""),
        "Messages of the user alone: nine of ten sessions have no more.",
        example(LENGTHS, "7 of 5"),
    ),
    new(
        "user_messages_per_session_p99",
        "User messages per session, 99th percentile",
        Unit::Messages,
        quantile(column("user_messages"), 0.99, ""),
        "Messages of the user alone: 99 of 100 sessions have no more.",
        example(LENGTHS, "7 of 5"),
    ),
    new(
        "exchanges_per_session",
        "Exchanges per session",
        Unit::Exchanges,
        mean(column("exchanges"), ""),
        "Messages of the user that something answered, of a session: the mean.",
        example(LENGTHS, "15 / 5 = 3.00"),
    ),
    new(
        "exchanges_per_session_median",
        "Exchanges per session, median",
        Unit::Exchanges,
        quantile(column("exchanges"), 0.5, ""),
        "Messages of the user that something answered: half of the sessions have no more.",
        example(LENGTHS, "2 of 5"),
    ),
    new(
        "exchanges_per_session_p90",
        "Exchanges per session, 90th percentile",
        Unit::Exchanges,
        quantile(column("exchanges"), 0.9, ""),
        "Messages of the user that something answered: nine of ten sessions have no more.",
        example(LENGTHS, "7 of 5"),
    ),
    new(
        "exchanges_per_session_p99",
        "Exchanges per session, 99th percentile",
        Unit::Exchanges,
        quantile(column("exchanges"), 0.99, ""),
        "Messages of the user that something answered: 99 of 100 sessions have no more.",
        example(LENGTHS, "7 of 5"),
    ),
];

const LADDER_SESSIONS: &str = "
sessions | outcome   | exchanges | last_answer_fallback | resolution_kind
2        | none      | 1         | no                   |
1        | abandoned | 0         | no                   |
1        | escalated | 2         | no                   |
1        | abandoned | 2         | yes                  |
1        | abandoned | 2         | no                   |
1        | resolved  | 2         | no                   | implied
3        | resolved  | 2         | no                   | confirmed
";

pub(super) const LADDER: &[Metric] = &[
    share(
        "ladder_engaged",
        "Engaged",
        rate("engaged", "engaged"),
        "The foot of the ladder: all engaged sessions.",
        example(LADDER_SESSIONS, "8 / 8 = 100.0 %"),
    ),
    share(
        "ladder_answered",
        "… and answered",
        rate("answered", "engaged"),
        "Engaged sessions in which something answered at least one message of the user.",
        example(LADDER_SESSIONS, "7 / 8 = 87.5 %"),
    )
    .higher(),
    share(
        "ladder_without_person",
        "… and without a person",
        rate("answered and not with_person", "engaged"),
        "Of these, sessions in which no person took part and that were not passed to people.",
        example(LADDER_SESSIONS, "6 / 8 = 75.0 %"),
    )
    .higher(),
    share(
        "ladder_not_ended_by_fallback",
        "… and not ended by a fallback",
        rate(
            "answered and not with_person and not last_answer_fallback",
            "engaged",
        ),
        "Of these, sessions whose last answer was no fallback.",
        example(LADDER_SESSIONS, "5 / 8 = 62.5 %"),
    )
    .higher(),
    share(
        "ladder_resolved",
        "… and resolved",
        rate(
            "answered and not with_person and not last_answer_fallback and resolved",
            "engaged",
        ),
        "Of these, sessions with the outcome resolved.",
        example(LADDER_SESSIONS, "4 / 8 = 50.0 %"),
    )
    .higher(),
    share(
        "ladder_confirmed",
        "… and confirmed",
        rate(
            "answered and not with_person and not last_answer_fallback and confirmed",
            "engaged",
        ),
        "Of these, sessions whose resolution somebody confirmed.",
        example(LADDER_SESSIONS, "3 / 8 = 37.5 %"),
    )
    .higher(),
];
