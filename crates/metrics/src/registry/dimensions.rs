//! The dimensions: by what numbers can be cut.

use std::sync::LazyLock;

use upshot_core::facts::LIST_FIELDS;
use upshot_core::{FieldKind, Record, Session};

use super::fields::{SERVED_BY, short_name};
use crate::columns::{Column, Owner, columns, is_carried};
use crate::time::Grain;

/// Where a dimension's values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DimensionOrigin {
    /// A column of text.
    Text(&'static str),
    /// A column of numbers of which there are few.
    Number(&'static str),
    /// A column of yes and no.
    Flag(&'static str),
    /// A condition, written as a filter: its name where it holds, the other where not.
    Condition {
        /// The condition.
        condition: &'static str,
        /// The value where it holds.
        yes: &'static str,
        /// The value where it does not.
        no: &'static str,
    },
    /// Conditions, written as filters, each with its name: a session belongs to the first that holds, and
    /// says nothing where none does.
    Kinds(&'static [(&'static str, &'static str)]),
    /// A column with a list: a session belongs to every value in it.
    List(&'static str),
    /// The sources of knowledge under which each metric has its rows.
    Sources,
    /// The session's start, or for metrics on the clock of events when it happened.
    Time(Grain),
}

/// A dimension.
#[derive(Debug, Clone, Copy)]
pub struct Dimension {
    /// The id, by which queries name it.
    pub id: &'static str,
    /// The name for people.
    pub name: &'static str,
    /// Whose fact it is.
    pub owner: Owner,
    /// Where its values come from.
    pub origin: DimensionOrigin,
    /// What it says.
    pub documentation: &'static str,
}

impl Dimension {
    /// Whether a row may stand under several of its values.
    pub const fn is_many_valued(&self) -> bool {
        matches!(
            self.origin,
            DimensionOrigin::List(_) | DimensionOrigin::Sources
        )
    }
}

/// Id, name and column of the dimensions that are a column of text.
const TEXT: &[(&str, &str, &str)] = &[
    ("channel", "Channel", "channel"),
    ("bot", "Bot", "bot"),
    ("bot_version", "Bot version", "bot_version"),
    ("environment", "Environment", "environment"),
    ("source", "Source", "source"),
    ("profile", "Profile", "fact_set"),
    ("locale", "Locale", "locale"),
    ("language", "Language", "language"),
    ("country", "Country", "country"),
    ("device", "Device", "device"),
    ("browser", "Browser", "browser"),
    ("operating_system", "Operating system", "operating_system"),
    ("page", "Page", "page"),
    ("referrer", "Referrer", "referrer"),
    ("utm_source", "Campaign source", "utm_source"),
    ("utm_medium", "Campaign medium", "utm_medium"),
    ("utm_campaign", "Campaign", "utm_campaign"),
    ("utm_term", "Campaign term", "utm_term"),
    ("utm_content", "Campaign content", "utm_content"),
    ("experiment", "Experiment", "experiment"),
    ("variant", "Variant", "variant"),
    ("topic", "Topic that owns the session", "topic_id"),
    ("topic_name", "Name of the topic", "topic_name"),
    ("topic_kind", "Kind of the topic", "topic_kind"),
    ("first_intent", "First intent", "first_intent"),
    ("last_topic", "Topic that was entered last", "last_topic_id"),
    ("last_intent", "Last intent", "last_intent"),
    ("outcome", "Outcome", "outcome"),
    ("outcome_reason", "Reason of the outcome", "outcome_reason"),
    ("resolution_kind", "Kind of resolution", "resolution_kind"),
    ("escalation_kind", "Kind of escalation", "escalation_kind"),
    ("start_rule", "Rule that began the session", "start_rule"),
    (
        "engaged_rule",
        "Rule that engaged the session",
        "engaged_rule",
    ),
    (
        "resolved_rule",
        "Rule that resolved the session",
        "resolved_rule",
    ),
    (
        "escalated_rule",
        "Rule that escalated the session",
        "escalated_rule",
    ),
    ("end_reason", "Why the session ended", "end_reason"),
    ("closed_by", "Who closed the session", "closed_by"),
    (
        "handover_trigger",
        "Why a person was asked for",
        "handover_trigger",
    ),
    ("handover_kind", "Kind of handover", "handover_kind"),
    (
        "handover_stage",
        "Last stage of the handover",
        "handover_stage",
    ),
    ("agent", "Agent", "agent_id"),
    ("skill", "Skill", "skill"),
    (
        "handover_requested_by",
        "Who asked for a person",
        "handover_requested_by",
    ),
    ("queue", "Queue", "queue"),
    ("model", "Model", "model"),
    (
        "reported_outcome",
        "Outcome that the platform reports",
        "reported_outcome",
    ),
];

const FLAGS: &[(&str, &str, &str)] = &[
    ("authenticated", "Signed in", "authenticated"),
    ("proactive", "Begun by the bot", "proactive"),
    ("unlinkable", "User cannot be followed", "unlinkable"),
    (
        "last_answer_fallback",
        "Last answer was a fallback",
        "last_answer_fallback",
    ),
    ("context_passed", "Context was passed on", "context_passed"),
    (
        "resolution_survey_answer",
        "Answer to «did that answer your question»",
        "resolution_survey_answer",
    ),
    (
        "reported_engaged",
        "Engaged, as the platform reports",
        "reported_engaged",
    ),
];

/// Id, name and column of the dimensions that are a column of few numbers.
const NUMBERS: &[(&str, &str, &str)] = &[
    ("csat_score", "Satisfaction answer", "csat_score"),
    (
        "csat_scale_minimum",
        "Lowest answer of the satisfaction survey",
        "csat_scale_minimum",
    ),
    (
        "csat_scale_maximum",
        "Highest answer of the satisfaction survey",
        "csat_scale_maximum",
    ),
    ("nps_score", "Recommendation answer", "nps_score"),
    (
        "consecutive_fallbacks",
        "Fallbacks in a row",
        "consecutive_fallbacks",
    ),
    (
        "handover_requests",
        "Requests for a person",
        "handover_requests",
    ),
    ("transfers", "Passings from agent to agent", "transfers"),
    ("exchanges", "Exchanges", "exchanges"),
];

/// Columns of messages and steps with few numbers.
const OWN_NUMBERS: &[&str] = &[
    "message.fallback_run",
    "step.question_attempts",
    "step.option_position",
    "step.survey_score",
];

/// Texts of messages and steps that are told apart although they are long.
const OWN_TEXTS: &[&str] = &["step.option_destination", "message.page"];

/// All dimensions: time first, then the others by subject.
pub fn dimensions() -> &'static [Dimension] {
    static DIMENSIONS: LazyLock<Vec<Dimension>> = LazyLock::new(all_dimensions);
    &DIMENSIONS
}

/// The dimension of this id.
pub fn dimension(id: &str) -> Option<&'static Dimension> {
    dimensions().iter().find(|dimension| dimension.id == id)
}

fn documentation(column: &str) -> &'static str {
    Session::field(column).map_or("", |index| Session::FIELDS[index].documentation)
}

fn all_dimensions() -> Vec<Dimension> {
    let time = Grain::ALL.into_iter().map(|grain| Dimension {
        id: grain.name(),
        name: match grain {
            Grain::Minute => "Minute",
            Grain::QuarterHour => "Quarter of an hour",
            Grain::Hour => "Hour",
            Grain::Day => "Day",
            Grain::Week => "Week",
            Grain::Month => "Month",
            Grain::Quarter => "Quarter",
            Grain::Year => "Year",
            Grain::HourOfDay => "Hour of the day",
            Grain::Weekday => "Weekday",
        },
        owner: Owner::Session,
        origin: DimensionOrigin::Time(grain),
        documentation: "When the session started, or for metrics on the clock of events when it happened; on \
                        the clock of the query's time zone.",
    });
    let text = TEXT.iter().map(|(id, name, column)| Dimension {
        id,
        name,
        owner: Owner::Session,
        origin: DimensionOrigin::Text(column),
        documentation: documentation(column),
    });
    let flags = FLAGS.iter().map(|(id, name, column)| Dimension {
        id,
        name,
        owner: Owner::Session,
        origin: DimensionOrigin::Flag(column),
        documentation: documentation(column),
    });
    let numbers = NUMBERS.iter().map(|(id, name, column)| Dimension {
        id,
        name,
        owner: Owner::Session,
        origin: DimensionOrigin::Number(column),
        documentation: documentation(column),
    });
    let engagement = Dimension {
        id: "engagement",
        name: "Engagement",
        owner: Owner::Session,
        origin: DimensionOrigin::Condition {
            condition: "engaged",
            yes: "engaged",
            no: "unengaged",
        },
        documentation: "Whether the session was ever engaged.",
    };
    let served_by = Dimension {
        id: "served_by",
        name: "Served by",
        owner: Owner::Session,
        origin: DimensionOrigin::Kinds(SERVED_BY),
        documentation: "Who served the session: the bot alone, the bot and people (`assisted`), or people alone. \
                        Nothing where nobody answered.",
    };
    let lists = LIST_NAMES
        .iter()
        .map(|(id, name, documentation)| Dimension {
            id,
            name,
            owner: Owner::Session,
            origin: DimensionOrigin::List(id),
            documentation,
        });
    let own = columns()
        .iter()
        .filter(|column| column.owner != Owner::Session);
    time.chain(text)
        .chain(flags)
        .chain(numbers)
        .chain([engagement, served_by, KNOWLEDGE_SOURCE])
        .chain(KINDS)
        .chain(lists)
        .chain(own.filter_map(of_column))
        .collect()
}

/// One list for each metric, so that what is retrieved, cited and failing stands side by side.
const KNOWLEDGE_SOURCE: Dimension = Dimension {
    id: "knowledge_source",
    name: "Source of knowledge",
    owner: Owner::Session,
    origin: DimensionOrigin::Sources,
    documentation: "Every source of knowledge: retrievals stand under those that were retrieved, citations under those \
                    that were cited, failures under those that failed, and all other numbers under those that were \
                    retrieved, by the step or else in the session. A row counts under each of its sources.",
};

/// What is known of the person behind a session.
const KINDS: [Dimension; 2] = [
    Dimension {
        id: "user_kind",
        name: "New or returning user",
        owner: Owner::User,
        origin: DimensionOrigin::Kinds(&[
            ("{first_time} < {from}", "returning"),
            ("{first_time} >= {from}", "new"),
        ]),
        documentation: "Whether the user's first session ever lies in the range (`new`) or before it \
                        (`returning`); nothing where the user cannot be followed.",
    },
    Dimension {
        id: "session_kind",
        name: "First or later session",
        owner: Owner::User,
        origin: DimensionOrigin::Kinds(&[
            ("{first_session}", "first"),
            ("{first_session} = no", "later"),
        ]),
        documentation: "Whether it is the user's first session ever; nothing where the user cannot be \
                        followed.",
    },
];

/// Id (which is the column), name and documentation of the dimensions that are a list.
const LIST_NAMES: &[(&str, &str, &str)] = &[
    (
        "topics",
        "Topics that were visited",
        "Every topic that was visited: a session counts for each of them, so the rows add up to more than \
         the totals.",
    ),
    (
        "intents",
        "Intents that were recognised",
        "Every intent that was recognised: a session counts for each of them.",
    ),
    (
        "agents",
        "Agents who took part",
        "Every agent who took part: a session counts for each of them.",
    ),
    (
        "skills",
        "Skills that took part",
        "Every skill that took part: a session counts for each of them.",
    ),
    (
        "models",
        "Models that were called",
        "Every model that was called: a session counts for each of them.",
    ),
    (
        "tools",
        "Tools that were called",
        "Every tool that was called: a session counts for each of them.",
    ),
    (
        "experiments",
        "Experiments with their variants",
        "Every experiment into which the user was put, with the variant: a session counts for each of them.",
    ),
    (
        "sources_retrieved",
        "Sources that were retrieved",
        "Every source of knowledge that was retrieved: a session counts for each of them.",
    ),
    (
        "sources_cited",
        "Sources that were cited",
        "Every source that an answer cites: a session counts for each of them.",
    ),
    (
        "sources_failed",
        "Sources that failed",
        "Every source that failed: a session counts for each of them.",
    ),
];

/// The dimension of a fact of messages, steps or people, where it has few values.
fn of_column(column: &Column) -> Option<Dimension> {
    let field = column.field;
    if is_carried(field.name) && column.owner != Owner::User {
        return None;
    }
    let origin = match field.kind {
        FieldKind::Label | FieldKind::Word => DimensionOrigin::Text(column.name),
        FieldKind::Flag | FieldKind::Bool => DimensionOrigin::Flag(column.name),
        FieldKind::Text if LIST_FIELDS.contains(&field.name) => DimensionOrigin::List(column.name),
        FieldKind::Text if OWN_TEXTS.contains(&column.name) => DimensionOrigin::Text(column.name),
        _ if OWN_NUMBERS.contains(&column.name) => DimensionOrigin::Number(column.name),
        _ => return None,
    };
    let prefix = column.owner.prefix();
    let short = field.name.strip_prefix(prefix).unwrap_or(field.name);
    let short = short_name(short).unwrap_or(short);
    let of = prefix.trim_end_matches('.');
    let words = short.replace('_', " ");
    Some(Dimension {
        // The list is made once; its names live as long as the program.
        id: format!("{prefix}{short}").leak(),
        name: match column.owner {
            Owner::User => format!("User: {words}").leak(),
            _ => format!("{}{}: {words}", of[..1].to_uppercase(), &of[1..]).leak(),
        },
        owner: column.owner,
        origin,
        documentation: field.documentation,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_known_and_ids_are_unique() {
        for (index, dimension) in dimensions().iter().enumerate() {
            let column = match dimension.origin {
                DimensionOrigin::Text(column)
                | DimensionOrigin::Number(column)
                | DimensionOrigin::Flag(column)
                | DimensionOrigin::List(column) => column,
                DimensionOrigin::Kinds(_) if dimension.owner == Owner::User => "user.visit",
                DimensionOrigin::Condition { .. }
                | DimensionOrigin::Kinds(_)
                | DimensionOrigin::Sources
                | DimensionOrigin::Time(_) => "start_time",
            };
            let known = crate::columns::column(column);
            assert!(
                known.is_some_and(|known| known.owner == dimension.owner),
                "{} reads {column}",
                dimension.id
            );
            assert!(!dimension.documentation.is_empty(), "{}", dimension.id);
            let first = dimensions()
                .iter()
                .position(|other| other.id == dimension.id);
            assert_eq!(first, Some(index), "{} twice", dimension.id);
        }
    }
}
