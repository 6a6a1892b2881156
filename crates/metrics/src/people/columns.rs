//! The columns that the history of its person gives a session.

use std::num::NonZeroI64;
use std::sync::{Arc, OnceLock};

use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, TimestampMicrosecondArray};
use futures::FutureExt;
use futures::future::BoxFuture;
use upshot_core::people::Standing;
use upshot_core::{Field, FieldKind};
use upshot_lake::Capture;

use super::history::People;
use super::read::{COLUMNS as NEEDED, Rows};
use crate::columns::Columns;
use crate::error::QueryError;
use crate::pass::Resources;
use crate::provide::{Appender, ColumnProvider, Partition};
use crate::query::EnvironmentChoice;
use crate::run::evaluate::Evaluator;

const fn field(name: &'static str, kind: FieldKind, documentation: &'static str) -> Field {
    Field {
        name,
        kind,
        documentation,
        words: None,
    }
}

/// The columns, in the order of [`value`].
pub(crate) const USER_COLUMNS: &[Field] = &[
    field(
        "user.first_time",
        FieldKind::Time,
        "When the user's first session ever started, by user, device and browser.",
    ),
    field(
        "user.visit",
        FieldKind::Integer,
        "Which visit of the user this is, by user, device and browser: 1 plus the sessions that started \
         before.",
    ),
    field(
        "user.first_session",
        FieldKind::Flag,
        "Whether it is the user's first session ever, by user, device and browser.",
    ),
    field(
        "user.person_first_time",
        FieldKind::Time,
        "When the first session ever of the user's id started, whatever the device and browser.",
    ),
    field(
        "user.person_visit",
        FieldKind::Integer,
        "Which visit of the user's id this is, whatever the device and browser.",
    ),
    field(
        "user.person_first_session",
        FieldKind::Flag,
        "Whether it is the first session ever of the user's id, whatever the device and browser.",
    ),
    field(
        "user.since_previous",
        FieldKind::Integer,
        "From the start of the user's last contact before to the start of this session; a contact is a \
         session in which the user acted, on any channel and device.",
    ),
    field(
        "user.until_next",
        FieldKind::Integer,
        "From the start of this session to that of the user's next contact.",
    ),
    field(
        "user.since_previous_same_topic",
        FieldKind::Integer,
        "As `user.since_previous`, on the topic that owns the session.",
    ),
    field(
        "user.until_next_same_topic",
        FieldKind::Integer,
        "As `user.until_next`, on the topic that owns the session.",
    ),
];

/// The columns that hold durations.
pub(crate) const USER_DURATIONS: [&str; 4] = [
    "user.since_previous",
    "user.until_next",
    "user.since_previous_same_topic",
    "user.until_next_same_topic",
];

/// What a column says of a session that started at a time. Times and gaps are microseconds; of a flag
/// 1 means yes.
type Value = fn(&Standing, i64) -> Option<i64>;

/// The values of the columns, in their order.
const VALUES: [Value; USER_COLUMNS.len()] = [
    |standing, _| Some(standing.user.first_time),
    |standing, _| Some(i64::from(standing.user.visit)),
    |standing, start| Some(i64::from(standing.user.first_time == start)),
    |standing, _| Some(standing.person.first_time),
    |standing, _| Some(i64::from(standing.person.visit)),
    |standing, start| Some(i64::from(standing.person.first_time == start)),
    |standing, _| standing.since_previous.map(NonZeroI64::get),
    |standing, _| standing.until_next.map(NonZeroI64::get),
    |standing, _| standing.since_previous_same_topic.map(NonZeroI64::get),
    |standing, _| standing.until_next_same_topic.map(NonZeroI64::get),
];

impl People {
    /// These columns for the sessions of a batch; nothing for sessions that the history does not hold.
    /// The batch has the columns of [`NEEDED`].
    fn derive(
        &self,
        wanted: &[&'static str],
        batch: &RecordBatch,
    ) -> Vec<(&'static str, ArrayRef)> {
        let evaluator = Evaluator::new(batch);
        let rows = Rows::of(&evaluator, &self.topics);
        let mut filled: Vec<(usize, Vec<Option<i64>>)> = USER_COLUMNS
            .iter()
            .enumerate()
            .filter(|(_, field)| wanted.contains(&field.name))
            .map(|(index, _)| (index, Vec::with_capacity(batch.num_rows())))
            .collect();
        let mut row = 0;
        self.layers.standings(
            &rows.persons,
            |row| rows.visit(row),
            |standing| {
                let standing = standing.filter(|_| rows.linkable.value(row));
                let start = rows.visit(row).start;
                for (index, values) in &mut filled {
                    values.push(standing.and_then(|standing| VALUES[*index](&standing, start)));
                }
                row += 1;
            },
        );
        filled
            .into_iter()
            .map(|(index, values)| {
                let field = &USER_COLUMNS[index];
                (field.name, array(field.kind, values))
            })
            .collect()
    }
}

fn array(kind: FieldKind, values: Vec<Option<i64>>) -> ArrayRef {
    match kind {
        FieldKind::Flag => {
            let flags = values
                .into_iter()
                .map(|value| value.map(|value| value != 0));
            Arc::new(flags.collect::<BooleanArray>())
        }
        FieldKind::Time => {
            let times: TimestampMicrosecondArray = values.into_iter().collect();
            Arc::new(times.with_timezone("UTC"))
        }
        _ => Arc::new(Int64Array::from(values)),
    }
}

/// Appends the columns of people to the rows of a pass.
#[derive(Debug, Default)]
pub(crate) struct PeopleColumns {
    /// Made before the first row is read.
    people: OnceLock<People>,
}

impl ColumnProvider for PeopleColumns {
    fn derives(&self, column: &str) -> bool {
        USER_COLUMNS.iter().any(|field| field.name == column)
    }

    fn needs(&self, _wanted: &Columns) -> Columns {
        NEEDED.into()
    }

    fn prepare<'a>(
        &'a self,
        capture: &'a Capture,
        environment: EnvironmentChoice,
        resources: &'a Resources,
    ) -> BoxFuture<'a, Result<(), QueryError>> {
        async move {
            let histories = &resources.histories;
            let people = histories.of(capture, environment, resources).await?;
            self.people.get_or_init(|| people);
            Ok(())
        }
        .boxed()
    }

    fn enter<'a>(
        &'a self,
        wanted: &'a Columns,
        _partition: &'a Partition,
        _resources: &'a Resources,
    ) -> BoxFuture<'a, Result<Arc<dyn Appender>, QueryError>> {
        async move {
            let people = self.people.get().cloned().ok_or_else(|| {
                QueryError::Stopped("the history of people was not made".to_owned())
            })?;
            let wanted = wanted.iter().copied().collect();
            Ok(Arc::new(Deriving { people, wanted }) as Arc<dyn Appender>)
        }
        .boxed()
    }
}

/// The columns that are wanted of a history.
struct Deriving {
    people: People,
    wanted: Vec<&'static str>,
}

impl Appender for Deriving {
    fn append(&self, batch: &RecordBatch) -> Result<Vec<(&'static str, ArrayRef)>, QueryError> {
        Ok(self.people.derive(&self.wanted, batch))
    }
}
