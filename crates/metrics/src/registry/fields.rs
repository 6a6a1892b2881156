//! The fields that filters may name: every column of sessions, messages and steps, shorter names for
//! some, and what is derived from columns.
//!
//! A plain name is the session's; `message.NAME` and `step.NAME` are facts of a message or step, and
//! `user.NAME` of the person behind a session.

use std::sync::LazyLock;

use upshot_core::facts::{DURATION_FIELDS, LIST_FIELDS};
use upshot_core::{Field, FieldKind};

use crate::columns::{Column, Owner, columns, event_time};
use crate::filter::Measure;
use crate::people::USER_DURATIONS;
use crate::registry::Subject;
use crate::time::{Grain, HOURS, WEEKDAYS};

/// What a field holds, and so how it is compared.
#[derive(Debug, Clone, Copy)]
pub enum ValueKind {
    /// Any text.
    Text,
    /// One of these words.
    Word(fn() -> Vec<&'static str>),
    /// A whole number.
    Integer,
    /// A duration, such as `30s` or `1h30m`.
    Duration,
    /// A time, such as `2026-03-29` or `2026-03-29T10:00:00Z`.
    Time,
    /// Any number.
    Real,
    /// Yes or no.
    Flag,
    /// A list of ids.
    List,
}

impl ValueKind {
    /// The kind's name for people.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Word(_) => "word",
            Self::Integer => "whole number",
            Self::Duration => "duration",
            Self::Time => "time",
            Self::Real => "number",
            Self::Flag => "yes or no",
            Self::List => "list",
        }
    }
}

/// Where a field's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldOrigin {
    /// A column, by the name that it has in every pass.
    Column(&'static str),
    /// A number made of columns.
    Measure(Measure),
    /// Where a column's time stands on the clock or in the week of the query's zone.
    Clock(&'static str, Grain),
    /// A condition, itself written as a filter.
    Definition(&'static str),
    /// The word of the first condition that holds, each itself written as a filter.
    Kinds(&'static [(&'static str, &'static str)]),
    /// Whether the session is old enough to be part of rates, which depends on the query's clock.
    Judged,
    /// How long ago the session started, which depends on the query's clock.
    Age,
}

/// A field that filters may name.
#[derive(Debug, Clone, Copy)]
pub struct FilterField {
    /// Its name.
    pub name: &'static str,
    /// Whose fact it is.
    pub owner: Owner,
    /// What it holds.
    pub kind: ValueKind,
    /// Where its value comes from.
    pub origin: FieldOrigin,
    /// What it says.
    pub documentation: &'static str,
}

/// Shorter names of columns, whoever owns them; their owner's prefix comes before them.
const SHORT_NAMES: [(&str, &str); 13] = [
    ("topic", "topic_id"),
    ("previous_topic", "previous_topic_id"),
    ("next_topic", "next_topic_id"),
    ("last_topic", "last_topic_id"),
    ("agent", "agent_id"),
    ("user", "user_id"),
    ("profile", "fact_set"),
    ("conversation", "conversation_id"),
    ("option", "option_id"),
    ("question", "question_id"),
    ("event", "event_id"),
    ("kind", "message_kind"),
    ("kind", "step_kind"),
];

/// The shorter name of a column, if it has one: `topic` for `topic_id`, `kind` for `step_kind`.
pub(crate) fn short_name(column: &str) -> Option<&'static str> {
    let mut names = SHORT_NAMES.iter();
    names
        .find(|(_, long)| *long == column)
        .map(|(short, _)| *short)
}

/// What is derived: a name, its condition and what it says.
const DEFINITIONS: &[(&str, &str, &str)] = &[
    (
        "engaged",
        "engaged_time is not null",
        "The session was engaged by the profile's rule.",
    ),
    ("unengaged", "not engaged", "The session was never engaged."),
    (
        "resolved",
        "engaged and outcome = resolved",
        "The outcome is resolved.",
    ),
    (
        "escalated",
        "engaged and outcome = escalated",
        "The outcome is escalated.",
    ),
    (
        "abandoned",
        "engaged and outcome = abandoned",
        "The outcome is abandoned.",
    ),
    (
        "confirmed",
        "resolved and resolution_kind = confirmed",
        "Resolved, and somebody said so.",
    ),
    (
        "implied",
        "resolved and resolution_kind = implied",
        "Resolved, and nobody denied it.",
    ),
    (
        "user_acted",
        "user_acts > 0",
        "The user did anything at all.",
    ),
    (
        "answered",
        "exchanges > 0",
        "Something answered at least one message of the user.",
    ),
    (
        "clicked",
        "options_chosen > 0 or option_messages > 0",
        "The user chose an option.",
    ),
    (
        "with_person",
        "escalated or accepted_time is not null or agent_messages > 0",
        "A person took part, or the session was passed to people.",
    ),
    (
        "human_contact",
        "(agent_messages > 0 or accepted_time is not null) and bot_messages = 0",
        "People served the session and no bot spoke: a contact of a human channel.",
    ),
    (
        "handover_requested",
        "handover_requests > 0",
        "A person was asked for.",
    ),
    (
        "confused",
        "multiple_topics_matched or ambiguous_messages > 0 or smallest_margin < 0.1",
        "The bot asked «did you mean», considered several intents and took none, or took one that was less \
         than 0.1 more likely than the next.",
    ),
    (
        "more_positive",
        "feedback_balance > 0",
        "There are more thumbs up than down.",
    ),
    (
        "more_negative",
        "feedback_balance < 0",
        "There are more thumbs down than up.",
    ),
    (
        "only_positive",
        "feedback_up > 0 and feedback_down = 0 and feedback_neutral = 0",
        "There are thumbs up and no other rating.",
    ),
    (
        "surveyed",
        "csat_score is not null",
        "The satisfaction survey was answered.",
    ),
    (
        "satisfied",
        "csat_normalised >= 0.75",
        "The answer to the satisfaction survey lies in the top quarter of its scale: 4 or 5 of 1 to 5.",
    ),
    (
        "reported",
        "reported_engaged is not null or reported_outcome is not null",
        "The platform itself reported on the session.",
    ),
    (
        "reported_agrees",
        "(reported_engaged is null or (reported_engaged and engaged) or (reported_engaged = no and unengaged)) \
         and (reported_outcome is null or (reported_outcome = none and outcome = none) \
         or (reported_outcome = resolved and outcome = resolved) \
         or (reported_outcome = escalated and outcome = escalated) \
         or (reported_outcome = abandoned and outcome = abandoned))",
        "What the platform reported of engagement and outcome is what the rules found.",
    ),
];

const MEASURES: &[(&str, ValueKind, Measure, &str)] = &[
    (
        "csat_normalised",
        ValueKind::Real,
        Measure::CsatNormalised,
        "The satisfaction answer on its own scale, from 0 (lowest) to 1 (highest).",
    ),
    (
        "feedback_balance",
        ValueKind::Integer,
        Measure::Difference("feedback_up", "feedback_down"),
        "Thumbs up less thumbs down.",
    ),
    (
        "resolution_time",
        ValueKind::Duration,
        Measure::Difference("resolved_time", "start_time"),
        "From the session's start to its resolution.",
    ),
];

/// Who served a session: the first condition that holds, and its word.
pub(crate) const SERVED_BY: &[(&str, &str)] = &[
    ("human_contact", "people only"),
    ("with_person", "assisted"),
    ("bot_messages > 0", "bot only"),
];

/// Whether a session was ever engaged, as words.
const ENGAGEMENT: &[(&str, &str)] = &[("engaged", "engaged"), ("not engaged", "unengaged")];

/// Dimensions that are no fields, and what filters ask instead.
const INSTEAD: [(&str, &str); 3] = [
    (
        "user_kind",
        "compare `user.first_time` with when the range begins",
    ),
    ("session_kind", "ask `user.first_session`"),
    (
        "knowledge_source",
        "ask `sources_retrieved has …`, `sources_cited has …` or `sources_failed has …`",
    ),
];

/// What a filter asks instead of this dimension, which is no field.
pub(crate) fn instead_of(dimension: &str) -> Option<&'static str> {
    let mut known = INSTEAD.iter();
    known
        .find(|(name, _)| *name == dimension)
        .map(|(_, instead)| *instead)
}

/// All fields, by name.
pub fn filter_fields() -> &'static [FilterField] {
    static FIELDS: LazyLock<Vec<FilterField>> = LazyLock::new(all_fields);
    &FIELDS
}

/// The field of this name.
pub fn filter_field(name: &str) -> Option<&'static FilterField> {
    let fields = filter_fields();
    let index = fields.binary_search_by(|field| field.name.cmp(name)).ok()?;
    Some(&fields[index])
}

fn all_fields() -> Vec<FilterField> {
    let columns = columns()
        .iter()
        .filter(|column| column.field.kind != FieldKind::Map);
    let mut fields: Vec<FilterField> = columns.flat_map(of_column).collect();
    fields.extend(
        DEFINITIONS
            .iter()
            .map(|(name, condition, documentation)| FilterField {
                name,
                owner: Owner::Session,
                kind: ValueKind::Flag,
                origin: FieldOrigin::Definition(condition),
                documentation,
            }),
    );
    fields.extend(
        MEASURES
            .iter()
            .map(|(name, kind, measure, documentation)| FilterField {
                name,
                owner: Owner::Session,
                kind: *kind,
                origin: FieldOrigin::Measure(*measure),
                documentation,
            }),
    );
    fields.extend(of_clock());
    fields.extend([
        FilterField {
            name: "engagement",
            owner: Owner::Session,
            kind: ValueKind::Word(|| words_of(ENGAGEMENT)),
            origin: FieldOrigin::Kinds(ENGAGEMENT),
            documentation: "Whether the session was ever engaged, as the dimension says it.",
        },
        FilterField {
            name: "served_by",
            owner: Owner::Session,
            kind: ValueKind::Word(|| words_of(SERVED_BY)),
            origin: FieldOrigin::Kinds(SERVED_BY),
            documentation: "Who served the session: the bot alone, the bot and people (`assisted`), or people alone. \
                            Nothing where nobody answered.",
        },
    ]);
    fields.push(FilterField {
        name: "age",
        owner: Owner::Session,
        kind: ValueKind::Duration,
        origin: FieldOrigin::Age,
        documentation: "How long ago the session started.",
    });
    fields.push(FilterField {
        name: "judged",
        owner: Owner::Session,
        kind: ValueKind::Flag,
        origin: FieldOrigin::Judged,
        documentation: "The session is over and old enough to be part of rates, means and quantiles.",
    });
    fields.sort_unstable_by_key(|field| field.name);
    fields
}

/// The hour of the day and the weekday of every time by which ranges select, named as the dimensions.
fn of_clock() -> impl Iterator<Item = FilterField> {
    let cyclic = Grain::ALL.into_iter().filter(|grain| grain.is_cyclic());
    cyclic.flat_map(|grain| {
        Subject::ALL.map(|subject| {
            let owner = Owner::of(subject);
            FilterField {
                // The list is made once; its names live as long as the program.
                name: format!("{}{grain}", owner.prefix()).leak(),
                owner,
                kind: ValueKind::Word(match grain {
                    Grain::Weekday => weekdays,
                    _ => hours,
                }),
                origin: FieldOrigin::Clock(event_time(subject), grain),
                documentation: match grain {
                    Grain::Weekday => "The weekday on which it happened, or the session started.",
                    _ => "The hour of the day, 00 to 23, in which it happened, or the session started.",
                },
            }
        })
    })
}

fn words_of(kinds: &[(&'static str, &'static str)]) -> Vec<&'static str> {
    kinds.iter().map(|(_, word)| *word).collect()
}

fn weekdays() -> Vec<&'static str> {
    WEEKDAYS.to_vec()
}

fn hours() -> Vec<&'static str> {
    HOURS.to_vec()
}

/// The field of a column, and the same under its shorter name.
fn of_column(column: &Column) -> impl Iterator<Item = FilterField> + use<> {
    let field = FilterField {
        name: column.name,
        owner: column.owner,
        kind: column_kind(column.field),
        origin: FieldOrigin::Column(column.name),
        documentation: column.field.documentation,
    };
    let short = short_name(column.field.name).map(|short| FilterField {
        name: match column.owner {
            Owner::Session => short,
            // The list is made once; its names live as long as the program.
            owner => format!("{}{short}", owner.prefix()).leak(),
        },
        ..field
    });
    [field].into_iter().chain(short)
}

fn column_kind(field: &Field) -> ValueKind {
    if LIST_FIELDS.contains(&field.name) {
        return ValueKind::List;
    }
    if DURATION_FIELDS.contains(&field.name) || USER_DURATIONS.contains(&field.name) {
        return ValueKind::Duration;
    }
    match (field.kind, field.words) {
        (FieldKind::Word, Some(words)) => ValueKind::Word(words),
        (FieldKind::Instant | FieldKind::Time, _) => ValueKind::Time,
        (FieldKind::Count | FieldKind::Integer, _) => ValueKind::Integer,
        (FieldKind::Real, _) => ValueKind::Real,
        (FieldKind::Flag | FieldKind::Bool, _) => ValueKind::Flag,
        _ => ValueKind::Text,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::filter::definition;

    #[test]
    fn every_definition_reads_and_names_are_unique() {
        let fields = filter_fields();
        for pair in fields.windows(2) {
            assert!(pair[0].name < pair[1].name, "{} twice", pair[0].name);
        }
        for (name, condition, _) in DEFINITIONS {
            definition(condition);
            assert!(filter_field(name).is_some());
        }
        for (name, column) in [
            ("topic", "topic_id"),
            ("message.kind", "message.message_kind"),
            ("step.option", "step.option_id"),
        ] {
            let origin = filter_field(name).unwrap().origin;
            assert_eq!(origin, FieldOrigin::Column(column));
        }
    }
}
