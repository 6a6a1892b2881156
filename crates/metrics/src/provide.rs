//! Column providers: columns that no file holds, made of columns that a batch has.
//!
//! A pass reads batches of one table. What a condition, measure or group needs beyond that table is
//! appended to each batch before anything is evaluated: the facts of the session that a message or
//! step belongs to ([`crate::join`]), and what is known of the person behind a session (`user.…`).
//!
//! To plug another one in: declare its columns ([`USER_COLUMNS`](crate::people::USER_COLUMNS) are those of
//! people; filters and dimensions follow from the list), implement [`ColumnProvider`], and add it to [`providers`]. A provider
//! may need any column of the session; on messages and steps these are joined first. The order of
//! [`providers`] is the order in which columns are appended.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Field as ArrowField, Schema};
use futures::FutureExt;
use futures::future::BoxFuture;
use upshot_lake::{Capture, DataFile};

use crate::columns::{Columns, native};
use crate::error::QueryError;
use crate::join::SessionJoin;
use crate::pass::Resources;
use crate::people::PeopleColumns;
use crate::price::PricedCost;
use crate::query::EnvironmentChoice;
use crate::registry::Subject;

/// The rows that a thread is about to read: all of one UTC day and bucket, or those in memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Partition {
    /// The files of the sessions of this day and bucket.
    pub(crate) session_files: Vec<DataFile>,
    /// The sessions in memory, where the rows are those in memory.
    pub(crate) session_memory: Vec<RecordBatch>,
}

/// Appends derived columns to batches.
pub(crate) trait ColumnProvider: Debug + Send + Sync {
    /// Whether it derives this column.
    fn derives(&self, column: &str) -> bool;

    /// The columns that a batch must hold so that these, all its own, can be derived.
    fn needs(&self, wanted: &Columns) -> Columns;

    /// Whether it must enter every (day, bucket) by itself. Without it one appender serves all rows and
    /// is made with an empty [`Partition`].
    fn by_partition(&self) -> bool {
        false
    }

    /// What stands for how it derives columns from the files of a partition; nothing where it looks at more than
    /// these, so that what is derived may change though they do not.
    fn version(&self) -> Option<u64> {
        None
    }

    /// Makes ready what all rows of a pass share; called once before any partition is entered.
    fn prepare<'a>(
        &'a self,
        _capture: &'a Capture,
        _environment: EnvironmentChoice,
        _resources: &'a Resources,
    ) -> BoxFuture<'a, Result<(), QueryError>> {
        async { Ok(()) }.boxed()
    }

    /// Makes ready for the rows of a partition. What is held in memory is reserved from the pool of
    /// [`Resources::context`].
    fn enter<'a>(
        &'a self,
        wanted: &'a Columns,
        partition: &'a Partition,
        resources: &'a Resources,
    ) -> BoxFuture<'a, Result<Arc<dyn Appender>, QueryError>>;
}

/// Appends its columns to every batch of the rows that were entered.
pub(crate) trait Appender: Send + Sync {
    /// The columns, as long as the batch. Whoever made it said which are wanted.
    fn append(&self, batch: &RecordBatch) -> Result<Vec<(&'static str, ArrayRef)>, QueryError>;
}

/// The providers that serve a pass over the rows of a subject.
pub(crate) fn providers(subject: Subject, capture: &Capture) -> Vec<Arc<dyn ColumnProvider>> {
    let mut providers: Vec<Arc<dyn ColumnProvider>> = Vec::new();
    if subject != Subject::Sessions {
        providers.push(Arc::new(SessionJoin));
    }
    providers.push(Arc::new(PeopleColumns::default()));
    if subject == Subject::Steps {
        providers.push(Arc::new(PricedCost::new(capture.prices.as_ref())));
    }
    providers
}

/// How the columns of a pass come about: what is read from the subject's own table, and what each
/// provider appends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The name by which conditions know it, and that within the table.
    pub(crate) native: Vec<(&'static str, &'static str)>,
    /// By position of the provider, in the order of appending.
    pub(crate) derived: Vec<(usize, Columns)>,
}

impl Reading {
    /// What must be read and appended for these columns.
    pub(crate) fn of(
        subject: Subject,
        wanted: &Columns,
        providers: &[Arc<dyn ColumnProvider>],
    ) -> Self {
        let mut wanted = wanted.clone();
        let mut derived = Vec::new();
        // What a later provider needs an earlier one may derive.
        for (position, provider) in providers.iter().enumerate().rev() {
            let own: Columns = wanted
                .iter()
                .copied()
                .filter(|column| native(subject, column).is_none() && provider.derives(column))
                .collect();
            if !own.is_empty() {
                wanted = &wanted - &own;
                wanted.extend(provider.needs(&own));
                derived.push((position, own));
            }
        }
        derived.reverse();
        let mut native: Vec<(&'static str, &'static str)> = wanted
            .iter()
            .filter_map(|column| Some((*column, native(subject, column)?)))
            .collect();
        if native.is_empty() {
            // Rows are counted; the cheapest column counts them.
            native.push(("day", "day"));
        }
        Self { native, derived }
    }

    /// The columns that are read from files of the subject's table.
    pub(crate) fn stored(&self) -> Columns {
        self.native.iter().map(|(_, column)| *column).collect()
    }

    /// Whether a provider must enter every partition by itself.
    pub(crate) fn by_partition(&self, providers: &[Arc<dyn ColumnProvider>]) -> bool {
        let mut derived = self.derived.iter();
        derived.any(|(position, _)| providers[*position].by_partition())
    }

    /// Enters a partition with every provider that is needed.
    pub(crate) async fn enter(
        &self,
        providers: &[Arc<dyn ColumnProvider>],
        partition: &Partition,
        resources: &Resources,
    ) -> Result<Vec<Arc<dyn Appender>>, QueryError> {
        let mut appenders = Vec::with_capacity(self.derived.len());
        for (position, wanted) in &self.derived {
            let provider = &providers[*position];
            appenders.push(provider.enter(wanted, partition, resources).await?);
        }
        Ok(appenders)
    }

    /// A batch as conditions see it: under their names, with everything appended. A column that the
    /// batch lacks is left out and reads as nothing.
    pub(crate) fn complete(
        &self,
        subject: Subject,
        batch: RecordBatch,
        appenders: &[Arc<dyn Appender>],
    ) -> Result<RecordBatch, QueryError> {
        if subject == Subject::Sessions && appenders.is_empty() {
            return Ok(batch);
        }
        let mut columns: Vec<(&'static str, ArrayRef)> = self
            .native
            .iter()
            .filter_map(|(name, column)| Some((*name, batch.column_by_name(column)?.clone())))
            .collect();
        let mut complete = named(&columns, batch.num_rows())?;
        for appender in appenders {
            columns.extend(appender.append(&complete)?);
            complete = named(&columns, batch.num_rows())?;
        }
        Ok(complete)
    }
}

fn named(columns: &[(&'static str, ArrayRef)], rows: usize) -> Result<RecordBatch, QueryError> {
    let fields: Vec<ArrowField> = columns
        .iter()
        .map(|(name, array)| ArrowField::new(*name, array.data_type().clone(), true))
        .collect();
    let arrays = columns.iter().map(|(_, array)| Arc::clone(array)).collect();
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(rows));
    let schema = Arc::new(Schema::new(fields));
    Ok(RecordBatch::try_new_with_options(schema, arrays, &options)?)
}
