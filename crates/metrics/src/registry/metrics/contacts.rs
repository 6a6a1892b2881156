//! First contact and repeat contact: what became of a person's problem over conversations, channels and
//! devices. A contact is a session in which the user acted; another topic is another problem.

use super::{Metric, Section, Unit, example, rate};
use crate::registry::Maturity;

const SECTION: Section = Section::Contacts;

/// Anna comes back on the topic after a day, Ben on another topic only, Cleo after more than a week; Dora
/// came to be resolved but cannot be followed.
const CONTACTS: &str = "
user | topic   | start            | acted | outcome   | unlinkable
anna | refund  | 2026-01-05T10:00 | yes   | resolved  | no
anna | refund  | 2026-01-06T10:00 | yes   | resolved  | no
ben  | refund  | 2026-01-05T10:00 | yes   | resolved  | no
ben  | address | 2026-01-06T10:00 | yes   | escalated | no
cleo | refund  | 2026-01-05T10:00 | yes   | resolved  | no
cleo | refund  | 2026-01-19T10:00 | yes   | resolved  | no
dora | refund  | 2026-01-05T10:00 | yes   | resolved  | yes
";

pub(super) const METRICS: &[Metric] = &[
    Metric::new(
        SECTION,
        "first_contact_resolution",
        "First contact resolution",
        Unit::Share,
        rate(
            "resolved and (user.until_next_same_topic is null \
             or user.until_next_same_topic > {window})",
            "engaged and not unlinkable and (user.since_previous_same_topic is null \
             or user.since_previous_same_topic > {window})",
        ),
        "Engaged first contacts (no contact of the person on the topic within the window before, on any \
         channel or device) that were resolved and not followed by another on the topic within the window, \
         among all engaged first contacts whose window is over. The window is 7 days unless the query says \
         another.",
        example(CONTACTS, "3 / 5 = 60.0 %"),
    )
    .after(Maturity::Window)
    .higher(),
    Metric::new(
        SECTION,
        "single_contact_rate",
        "One contact sufficed",
        Unit::Share,
        rate(
            "user.until_next_same_topic is null or user.until_next_same_topic > {window}",
            "(engaged or with_person or human_contact) and not unlinkable \
             and (user.since_previous_same_topic is null or user.since_previous_same_topic > {window})",
        ),
        "First contacts that were engaged or served by people and not followed by another on the topic within \
         the window, among all such whose window is over. It asks nobody whether the matter was resolved, so it is the \
         same for bots and for people: first contact resolution knows only what bots resolve.",
        example(CONTACTS, "4 / 5 = 80.0 %"),
    )
    .after(Maturity::Window)
    .higher(),
    Metric::new(
        SECTION,
        "durable_resolution_rate",
        "Durable resolution rate",
        Unit::Share,
        rate(
            "user.until_next_same_topic is null or user.until_next_same_topic > {window}",
            "resolved and not unlinkable",
        ),
        "Resolved sessions whose user does not come back on the topic within the window, among resolved \
         sessions whose window is over.",
        example(CONTACTS, "4 / 5 = 80.0 %"),
    )
    .after(Maturity::Window)
    .higher(),
    Metric::new(
        SECTION,
        "ladder_durable",
        "… and for good",
        Unit::Share,
        rate(
            "answered and not with_person and not last_answer_fallback and resolved \
             and (user.until_next_same_topic is null or user.until_next_same_topic > {window})",
            "engaged and not unlinkable",
        ),
        "A branch of the resolved: those whose user does not come back on the topic within the window, among \
         engaged sessions whose window is over.",
        example(
            "
user | topic  | start            | acted | outcome  | exchanges
anna | refund | 2026-01-05T10:00 | yes   | resolved | 1
anna | refund | 2026-01-06T10:00 | yes   | resolved | 1
ben  | refund | 2026-01-05T10:00 | yes   | abandoned | 1
",
            "1 / 3 = 33.3 %",
        ),
    )
    .after(Maturity::Window)
    .higher(),
    Metric::new(
        SECTION,
        "repeat_contact_rate",
        "Repeat contact rate",
        Unit::Share,
        rate(
            "user.until_next_same_topic <= {window}",
            "engaged and not unlinkable",
        ),
        "Engaged sessions whose user comes back on the topic within the window, among those whose window is \
         over.",
        example(CONTACTS, "1 / 6 = 16.7 %"),
    )
    .after(Maturity::Window)
    .lower(),
];

/// A bucket of the time until the user comes back.
const fn repeat(
    id: &'static str,
    name: &'static str,
    within: &'static str,
    definition: &'static str,
    result: &'static str,
) -> Metric {
    Metric::new(
        SECTION,
        id,
        name,
        Unit::Share,
        rate(within, "engaged and not unlinkable"),
        definition,
        example(REPEATED, result),
    )
    .after(Maturity::ThirtyDays)
    .lower()
}

/// Contacts that follow the first after half an hour, half a day, two days, five days, ten days and three
/// weeks.
const REPEATED: &str = "
user | topic  | start            | acted | engaged
anna | refund | 2026-01-01T10:00 | yes   | yes
anna | refund | 2026-01-01T10:30 | yes   | no
ben  | refund | 2026-01-01T10:00 | yes   | yes
ben  | refund | 2026-01-01T22:00 | yes   | no
cleo | refund | 2026-01-01T10:00 | yes   | yes
cleo | refund | 2026-01-03T10:00 | yes   | no
dora | refund | 2026-01-01T10:00 | yes   | yes
dora | refund | 2026-01-06T10:00 | yes   | no
emil | refund | 2026-01-01T10:00 | yes   | yes
emil | refund | 2026-01-11T10:00 | yes   | no
fred | refund | 2026-01-01T10:00 | yes   | yes
fred | refund | 2026-01-22T10:00 | yes   | no
gina | refund | 2026-01-01T10:00 | yes   | yes
hugo | refund | 2026-01-01T10:00 | yes   | yes
";

pub(super) const REPEATS: &[Metric] = &[
    repeat(
        "repeat_contact_rate_1h",
        "Back within an hour",
        "user.until_next_same_topic <= 1h",
        "Engaged sessions whose user comes back on the topic within an hour, among those that started more \
         than 30 days ago; so for each of these rates.",
        "1 / 8 = 12.5 %",
    ),
    repeat(
        "repeat_contact_rate_24h",
        "Back after 1 to 24 hours",
        "user.until_next_same_topic > 1h and user.until_next_same_topic <= 24h",
        "Engaged sessions whose user comes back on the topic after more than an hour and within a day.",
        "1 / 8 = 12.5 %",
    ),
    repeat(
        "repeat_contact_rate_3d",
        "Back after 1 to 3 days",
        "user.until_next_same_topic > 24h and user.until_next_same_topic <= 3d",
        "Engaged sessions whose user comes back on the topic after more than a day and within three.",
        "1 / 8 = 12.5 %",
    ),
    repeat(
        "repeat_contact_rate_7d",
        "Back after 3 to 7 days",
        "user.until_next_same_topic > 3d and user.until_next_same_topic <= 7d",
        "Engaged sessions whose user comes back on the topic after more than three days and within a week.",
        "1 / 8 = 12.5 %",
    ),
    repeat(
        "repeat_contact_rate_14d",
        "Back after 7 to 14 days",
        "user.until_next_same_topic > 7d and user.until_next_same_topic <= 14d",
        "Engaged sessions whose user comes back on the topic after more than a week and within two.",
        "1 / 8 = 12.5 %",
    ),
    repeat(
        "repeat_contact_rate_30d",
        "Back after 14 to 30 days",
        "user.until_next_same_topic > 14d and user.until_next_same_topic <= 30d",
        "Engaged sessions whose user comes back on the topic after more than two weeks and within 30 days.",
        "1 / 8 = 12.5 %",
    ),
];
