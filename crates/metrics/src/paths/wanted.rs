//! What is read of which rows, and what the rows of a batch say of their sessions.

use std::hash::Hash;
use upshot_core::profile::MaturityTimes;

use arrow::array::{AsArray, BooleanArray};
use arrow::buffer::BooleanBuffer;
use xxhash_rust::xxh3::Xxh3;

use super::nodes::{Numbered, Reading};
use super::sequencer::Sink;
use crate::columns::{Columns, event_time};
use crate::filter::{Loops, Measure, Predicate, TextSource, definition};
use crate::query::EnvironmentChoice;
use crate::query::resolve::GroupSource;
use crate::query::scope::mature;
use crate::registry::Subject;
use crate::run::evaluate::{Evaluator, Numbers, Texts, Values};
use crate::run::worker::Shape;

/// What came of a session, as far as it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Too young to be judged, or still open.
    Pending,
    /// Never engaged.
    Unengaged,
    Resolved,
    Escalated,
    Abandoned,
    /// Engaged, and none of these.
    Other,
}

/// A session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SessionFacts {
    pub(crate) hash: u128,
    pub(crate) group: u32,
    pub(crate) user: u64,
    pub(crate) ending: Ending,
}

/// What the groups of an answer are called; nothing where nothing was said.
pub(crate) type GroupNames = Numbered<Option<Box<str>>>;

/// The conditions that say what came of a session.
#[derive(Debug, Clone)]
pub(crate) struct Endings {
    judged: Predicate,
    engaged: Predicate,
    outcomes: [(Ending, Predicate); 3],
}

impl Endings {
    pub(crate) fn new(now: i64, maturity: &MaturityTimes) -> Self {
        Self {
            judged: mature(now, maturity),
            engaged: definition("engaged"),
            outcomes: [
                (Ending::Resolved, definition("resolved")),
                (Ending::Escalated, definition("escalated")),
                (Ending::Abandoned, definition("abandoned")),
            ],
        }
    }
}

/// What is read, and as what.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) subject: Subject,
    pub(crate) selection: Predicate,
    pub(crate) reading: Reading,
    pub(crate) loops: Loops,
    pub(crate) endings: Option<Endings>,
    pub(crate) group: Option<GroupSource>,
    pub(crate) by_user: bool,
    pub(crate) traffic: EnvironmentChoice,
}

impl Wanted {
    fn columns(&self) -> Columns {
        let mut columns = Columns::from(["session_id", event_time(self.subject)]);
        columns.insert(position_column(self.subject));
        self.reading.add_columns(&mut columns);
        match &self.group {
            Some(GroupSource::Text(TextSource::Column(column)) | GroupSource::Flag(column)) => {
                columns.insert(column);
            }
            Some(GroupSource::Text(TextSource::Attribute(_))) => {
                columns.insert("attributes");
            }
            Some(GroupSource::Condition(condition, ..)) => condition.add_columns(&mut columns),
            _ => {}
        }
        if self.by_user {
            columns.insert("user_key");
        }
        columns
    }

    /// The rows that are read. Its conditions are those of the endings, then whatever else is looked at.
    pub(super) fn shape(&self) -> Shape {
        let mut shape = Shape::selecting(self.subject, self.selection.clone(), self.columns());
        let conditions = &mut shape.cells.predicates;
        if let Some(endings) = &self.endings {
            conditions.extend([endings.judged.clone(), endings.engaged.clone()]);
            conditions.extend(
                endings
                    .outcomes
                    .iter()
                    .map(|(_, condition)| condition.clone()),
            );
        }
        conditions.push(self.reading.condition());
        if let Some(GroupSource::Condition(condition, ..)) = &self.group {
            conditions.push(condition.clone());
        }
        shape
    }

    /// What stands for what is made of the rows, where the sink keeps it.
    pub(super) fn purpose<S: Sink>(&self, sink: &S) -> Option<u64> {
        let mut hasher = Xxh3::new();
        (sink.purpose()?, &self.reading, self.loops, self.by_user).hash(&mut hasher);
        self.endings.is_some().hash(&mut hasher);
        self.group.hash(&mut hasher);
        Some(hasher.digest())
    }
}

pub(super) const fn position_column(subject: Subject) -> &'static str {
    match subject {
        Subject::Messages => "message.position",
        _ => "step.position",
    }
}

/// The session's facts that rows of a batch carry.
pub(super) struct FactsOfBatch<'a> {
    endings: Option<BatchEndings>,
    group: Option<GroupOfBatch<'a>>,
    users: Option<Values>,
}

pub(super) struct BatchEndings {
    judged: BooleanBuffer,
    engaged: BooleanBuffer,
    outcomes: [(Ending, BooleanBuffer); 3],
}

impl BatchEndings {
    /// By the first conditions of a shape.
    pub(super) fn of<'a>(shape: &'a Shape, evaluator: &mut Evaluator<'a>) -> Option<Self> {
        let [judged, engaged, resolved, escalated, abandoned, ..] = &shape.cells.predicates[..]
        else {
            return None;
        };
        Some(Self {
            judged: evaluator.predicate(judged),
            engaged: evaluator.predicate(engaged),
            outcomes: [
                (Ending::Resolved, evaluator.predicate(resolved)),
                (Ending::Escalated, evaluator.predicate(escalated)),
                (Ending::Abandoned, evaluator.predicate(abandoned)),
            ],
        })
    }
}

enum GroupOfBatch<'a> {
    Text(Texts<'a>),
    Flag(Option<&'a BooleanArray>),
    Condition(BooleanBuffer, &'static str, &'static str),
}

impl<'a> FactsOfBatch<'a> {
    pub(super) fn new(
        wanted: &'a Wanted,
        endings: Option<BatchEndings>,
        evaluator: &mut Evaluator<'a>,
    ) -> Self {
        let group = wanted.group.as_ref().and_then(|group| match group {
            GroupSource::Text(source) => Some(GroupOfBatch::Text(evaluator.texts(source))),
            GroupSource::Flag(column) => Some(GroupOfBatch::Flag(
                evaluator
                    .column(column)
                    .and_then(|array| array.as_boolean_opt()),
            )),
            GroupSource::Condition(condition, yes, no) => Some(GroupOfBatch::Condition(
                evaluator.predicate(condition),
                yes,
                no,
            )),
            GroupSource::Kinds(_)
            | GroupSource::List(_)
            | GroupSource::Sources
            | GroupSource::Number(_)
            | GroupSource::Time(_) => None,
        });
        let users = wanted
            .by_user
            .then(|| evaluator.measure(Measure::Column("user_key")));
        Self {
            endings,
            group,
            users,
        }
    }

    pub(super) fn of(&self, row: usize, hash: u128, groups: &mut GroupNames) -> SessionFacts {
        use arrow::array::Array;
        let ending = self.endings.as_ref().map_or(Ending::Pending, |endings| {
            if !endings.judged.value(row) {
                return Ending::Pending;
            }
            if !endings.engaged.value(row) {
                return Ending::Unengaged;
            }
            let mut outcomes = endings.outcomes.iter();
            let found = outcomes.find(|(_, rows)| rows.value(row));
            found.map_or(Ending::Other, |(ending, _)| *ending)
        });
        let name = self.group.as_ref().and_then(|group| match group {
            GroupOfBatch::Text(texts) => texts.row(row).map(Box::from),
            GroupOfBatch::Flag(array) => {
                let array = (*array)?;
                let said = array.is_valid(row).then(|| array.value(row))?;
                Some(if said { "yes" } else { "no" }.into())
            }
            GroupOfBatch::Condition(rows, yes, no) => {
                Some(if rows.value(row) { *yes } else { *no }.into())
            }
        });
        let user = self.users.as_ref().and_then(|users| match &users.numbers {
            Numbers::Integer(numbers) => users
                .valid
                .as_ref()
                .is_none_or(|valid| valid.value(row))
                .then(|| numbers[row] as u64),
            Numbers::Real(_) => None,
        });
        SessionFacts {
            hash,
            group: groups.number(name),
            // Whoever the source does not name is somebody else in every session.
            user: user.unwrap_or(hash as u64),
            ending,
        }
    }
}
