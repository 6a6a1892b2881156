//! How much the bot takes off people's hands, and how well.
//!
//! What is called deflection differs from vendor to vendor; each formula has a metric of its own, whose
//! name says which it is.

use super::{Example, Kind, Metric, Section, Subject, Unit, example, mean, quantile, rate};
use crate::filter::Measure;
use crate::registry::Maturity;
use crate::registry::remarks::{Made, NONE_RESOLVED, Remark};
use crate::result::NoteCode;

const SECTION: Section = Section::Efficiency;

/// Without contacts of human channels there are no inquiries beside the bot's.
const NO_HUMAN_CONTACTS: &[Remark] = &[Remark {
    code: NoteCode::NoHumanContacts,
    subject: Subject::Sessions,
    of: "human_contact",
    made: Made::WhereNone,
    text: "no contacts of human channels were imported: inquiries are the bot's sessions alone, and deflection by \
           inquiries is that by the bot's sessions",
}];

/// Six inquiries: five engaged sessions and a call that people took without a bot.
const INQUIRIES: &str = "
outcome   | bot_messages | agent_messages
resolved  | 3            | 0
resolved  | 2            | 0
resolved  | 2            | 4
escalated | 2            | 0
abandoned | 2            | 0
none      | 1            | 0
          | 0            | 5
";

/// Anna is deflected, content and does not come back; Ben comes back; Cleo is not content; Dora says nothing;
/// Emil says nothing and gives a thumb down; Fay is served by people.
const QUALITY: &str = "
user | topic  | start            | acted | outcome   | csat_score | csat_scale_minimum | csat_scale_maximum | feedback_down
anna | refund | 2026-01-05T10:00 | yes   | resolved  | 5          | 1                  | 5                  | 0
ben  | refund | 2026-01-05T10:00 | yes   | resolved  | 4          | 1                  | 5                  | 0
ben  | refund | 2026-01-06T10:00 | yes   | escalated |            |                    |                    | 0
cleo | refund | 2026-01-05T10:00 | yes   | resolved  | 2          | 1                  | 5                  | 0
dora | refund | 2026-01-05T10:00 | yes   | resolved  |            |                    |                    | 0
emil | refund | 2026-01-05T10:00 | yes   | resolved  |            |                    |                    | 1
fay  | refund | 2026-01-05T10:00 | yes   | escalated | 5          | 1                  | 5                  | 0
";

const RESOLUTIONS: &str = "
outcome   | resolved_after
resolved  | 30s
resolved  | 60s
resolved  | 240s
abandoned |
";

const fn time(
    id: &'static str,
    name: &'static str,
    kind: Kind,
    definition: &'static str,
    example: Example,
) -> Metric {
    Metric::new(SECTION, id, name, Unit::Seconds, kind, definition, example).lower()
}

const RESOLUTION_TIME: Measure = Measure::Difference("resolved_time", "start_time");

const fn deflection(
    id: &'static str,
    name: &'static str,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let example = example(INQUIRIES, result);
    Metric::new(SECTION, id, name, Unit::Share, kind, definition, example)
        .higher()
        .remarks(NO_HUMAN_CONTACTS)
}

const fn quality(
    id: &'static str,
    name: &'static str,
    kind: Kind,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    let example = example(QUALITY, result);
    Metric::new(SECTION, id, name, Unit::Share, kind, definition, example)
        .after(Maturity::Window)
        .remarks(NO_HUMAN_CONTACTS)
}

pub(super) const METRICS: &[Metric] = &[
    Metric::new(
        SECTION,
        "self_service_resolution_rate",
        "Self-service resolution rate",
        Unit::Share,
        rate("resolved and not with_person", "engaged"),
        "Sessions resolved without a person among engaged sessions.",
        example(INQUIRIES, "2 / 5 = 40.0 %"),
    )
    .remarks(NONE_RESOLVED)
    .higher(),
    time(
        "resolution_time",
        "Resolution time",
        mean(RESOLUTION_TIME, "resolved"),
        "From the start of a session to its resolution: the mean over resolved sessions.",
        example(RESOLUTIONS, "330 s / 3 = 110.0 s"),
    ),
    time(
        "resolution_time_median",
        "Resolution time, median",
        quantile(RESOLUTION_TIME, 0.5, "resolved"),
        "From the start of a session to its resolution: half of the resolved sessions take no longer.",
        example(RESOLUTIONS, "60.0 s of 3"),
    ),
    time(
        "resolution_time_p90",
        "Resolution time, 90th percentile",
        quantile(RESOLUTION_TIME, 0.9, "resolved"),
        "From the start of a session to its resolution: nine of ten resolved sessions take no longer.",
        example(RESOLUTIONS, "240.0 s of 3"),
    ),
    deflection(
        "deflection_rate",
        "Deflection rate (self-service resolutions / inquiries)",
        rate("resolved and not with_person", "engaged or human_contact"),
        "Sessions resolved without a person among all inquiries: engaged sessions, and contacts that people served \
         without a bot as far as they were imported.",
        "2 / 6 = 33.3 %",
    ),
    deflection(
        "deflection_rate_contained",
        "Deflection rate (contained sessions / inquiries)",
        rate("engaged and not with_person", "engaged or human_contact"),
        "Engaged sessions that ended without a person, whatever became of them, among all inquiries. Counts who \
         gave up as deflected.",
        "3 / 6 = 50.0 %",
    ),
    deflection(
        "deflection_rate_sessions",
        "Deflection rate (self-service resolutions / all sessions)",
        rate("resolved and not with_person", ""),
        "Sessions resolved without a person among all sessions, also those that never became engaged.",
        "2 / 7 = 28.6 %",
    ),
    quality(
        "quality_deflection_rate",
        "Quality deflection rate",
        rate(
            "resolved and not with_person and satisfied and (user.until_next_same_topic is null \
             or user.until_next_same_topic > {window})",
            "(engaged or human_contact) and surveyed and not unlinkable",
        ),
        "Inquiries resolved without a person, with an answer to the survey in the top quarter of its scale and \
         not followed by another contact on the topic within the window, among inquiries whose survey was \
         answered.",
        "1 / 4 = 25.0 %",
    )
    .higher(),
    quality(
        "quality_deflection_rate_upper",
        "Quality deflection rate, upper bound",
        rate(
            "resolved and not with_person and (satisfied or (not surveyed and feedback_down = 0)) \
             and (user.until_next_same_topic is null or user.until_next_same_topic > {window})",
            "(engaged or human_contact) and not unlinkable",
        ),
        "The same among all inquiries, where who answered no survey and gave no thumb down is taken for content: \
         over all inquiries the rate is no more than this. The rate of those who answered can lie above: it is \
         theirs alone.",
        "2 / 7 = 28.6 %",
    )
    .higher(),
    quality(
        "partial_solve_rate",
        "Partial solve rate",
        rate(
            "resolved and not with_person and (not satisfied or user.until_next_same_topic <= {window})",
            "(engaged or human_contact) and surveyed and not unlinkable",
        ),
        "Inquiries resolved without a person whose answer to the survey lies lower, or whose user comes back \
         on the topic within the window, among inquiries whose survey was answered: deflected, but not well.",
        "2 / 4 = 50.0 %",
    )
    .lower(),
];
