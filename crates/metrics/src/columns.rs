//! The columns that conditions, measures and groups name, and where a row of each subject finds them.
//!
//! A column has one name whatever rows are read: a fact of the session is named plainly
//! (`topic_id`), one of a message or step by its prefix (`message.topic_id`, `step.topic_id`), one of
//! the person behind the session by `user.`. So one condition means the same in every pass.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use upshot_core::{Field, Message, Record, Session, Step};

use crate::people::USER_COLUMNS;
use crate::price::PRICE_COLUMNS;
use crate::registry::Subject;

/// Names of columns.
pub(crate) type Columns = BTreeSet<&'static str>;

/// Whose fact a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// The session's: every message and step has those of its session.
    Session,
    /// The message's.
    Message,
    /// The step's.
    Step,
    /// Of the person behind the session: every row has those of its session.
    User,
}

impl Owner {
    /// Whose facts the rows of this subject hold themselves.
    pub const fn of(subject: Subject) -> Self {
        match subject {
            Subject::Sessions => Self::Session,
            Subject::Messages => Self::Message,
            Subject::Steps => Self::Step,
        }
    }

    /// What stands before its names.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Session => "",
            Self::Message => "message.",
            Self::Step => "step.",
            Self::User => "user.",
        }
    }

    /// Whether rows of this subject have such facts.
    pub fn belongs_to(self, subject: Subject) -> bool {
        matches!(self, Self::Session | Self::User) || self == Self::of(subject)
    }
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// The name by which conditions know it.
    pub(crate) name: &'static str,
    pub(crate) owner: Owner,
    /// What it holds; its name is that within the table.
    pub(crate) field: &'static Field,
    /// Whether the table holds it; else a provider appends it.
    pub(crate) stored: bool,
}

/// What messages and steps carry of their session, and under which name: the fold writes it into each
/// of them from the session itself, so that no join is needed. A message outside any session carries
/// what was known of its conversation.
const CARRIED: [(&str, &str); 9] = [
    ("session_id", "session_id"),
    ("fact_set", "fact_set"),
    ("conversation_id", "conversation_id"),
    ("start_time", "session_start"),
    ("bot", "bot"),
    ("bot_version", "bot_version"),
    ("environment", "environment"),
    ("channel", "channel"),
    ("user_key", "user_key"),
];

/// Every column.
pub(crate) fn columns() -> &'static [Column] {
    static COLUMNS: LazyLock<Vec<Column>> = LazyLock::new(all_columns);
    &COLUMNS
}

/// The column of this name.
pub(crate) fn column(name: &str) -> Option<&'static Column> {
    static BY_NAME: LazyLock<FxHashMap<&'static str, &'static Column>> = LazyLock::new(|| {
        columns()
            .iter()
            .map(|column| (column.name, column))
            .collect()
    });
    BY_NAME.get(name).copied()
}

fn all_columns() -> Vec<Column> {
    let of = |owner: Owner, fields: &'static [Field]| {
        fields.iter().map(move |field| Column {
            name: match owner {
                Owner::Session | Owner::User => field.name,
                // The list is made once; its names live as long as the program.
                _ => format!("{}{}", owner.prefix(), field.name).leak(),
            },
            owner,
            field,
            stored: owner != Owner::User,
        })
    };
    let priced = of(Owner::Step, PRICE_COLUMNS).map(|column| Column {
        stored: false,
        ..column
    });
    of(Owner::Session, Session::FIELDS)
        .chain(of(Owner::Message, Message::FIELDS))
        .chain(of(Owner::Step, Step::FIELDS))
        .chain(priced)
        .chain(of(Owner::User, USER_COLUMNS))
        .collect()
}

/// The column of a message or step that always equals this one of its session.
fn carried(name: &str) -> Option<&'static str> {
    let mut known = CARRIED.iter();
    known
        .find(|(of_session, _)| *of_session == name)
        .map(|(_, carried)| *carried)
}

/// Whether messages and steps carry it from their session, so that it is no fact of their own.
pub(crate) fn is_carried(field: &str) -> bool {
    CARRIED.iter().any(|(_, carried)| *carried == field)
}

/// Under which name the table of the subject holds a column, if it does.
pub(crate) fn native(subject: Subject, name: &str) -> Option<&'static str> {
    match name {
        "day" => return Some("day"),
        "bucket" => return Some("bucket"),
        _ => {}
    }
    let column = column(name)?;
    if column.owner == Owner::of(subject) {
        return column.stored.then_some(column.field.name);
    }
    (column.owner == Owner::Session)
        .then(|| carried(name))
        .flatten()
}

/// The column by which a range selects rows of the subject on their own clock.
pub(crate) const fn event_time(subject: Subject) -> &'static str {
    match subject {
        Subject::Sessions => "start_time",
        Subject::Messages => "message.time",
        Subject::Steps => "step.time",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for (index, one) in columns().iter().enumerate() {
            let first = columns().iter().position(|other| other.name == one.name);
            assert_eq!(first, Some(index), "{} twice", one.name);
            assert!(one.name.starts_with(one.owner.prefix()), "{}", one.name);
        }
        assert_eq!(column("message.topic_id").unwrap().field.name, "topic_id");
    }

    #[test]
    fn every_subject_finds_its_own_and_what_it_carries() {
        assert_eq!(native(Subject::Sessions, "topic_id"), Some("topic_id"));
        assert_eq!(native(Subject::Messages, "topic_id"), None);
        assert_eq!(
            native(Subject::Messages, "message.topic_id"),
            Some("topic_id")
        );
        assert_eq!(native(Subject::Steps, "start_time"), Some("session_start"));
        assert_eq!(native(Subject::Steps, "message.role"), None);
        for (of_session, carried) in CARRIED {
            let session = &Session::FIELDS[Session::field(of_session).unwrap()];
            for fields in [Message::FIELDS, Step::FIELDS] {
                let field = fields.iter().find(|field| field.name == carried).unwrap();
                // A message outside any session has no session id.
                let same = field.kind == session.kind || carried == "session_id";
                assert!(same, "{of_session} is held otherwise as {carried}");
            }
        }
    }
}
