//! The join of messages and steps with their sessions.
//!
//! The rows of a session lie in the same (day, bucket) in all tables of facts, and likewise together in
//! memory. So the sessions of one partition are held, by a hash of their ids, while the partition's
//! messages or steps stream past: memory is bounded by the largest partition.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{concat, take};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use futures::future::BoxFuture;
use futures::{FutureExt, TryStreamExt};
use rustc_hash::FxHashMap;
use upshot_lake::DataFile;
use xxhash_rust::xxh3::xxh3_128;

use crate::columns::{Columns, Owner, column};
use crate::error::QueryError;
use crate::filter::{Predicate, TextSource};
use crate::pass::Resources;
use crate::provide::{Appender, ColumnProvider, Partition};
use crate::registry::Subject;
use crate::run::evaluate::{Evaluator, Texts};
use crate::scan::{FileScan, Form, read_files};

/// Appends the facts of each row's session.
#[derive(Debug)]
pub(crate) struct SessionJoin;

impl ColumnProvider for SessionJoin {
    fn derives(&self, name: &str) -> bool {
        match column(name) {
            Some(column) => column.owner == Owner::Session,
            None => false,
        }
    }

    fn needs(&self, _wanted: &Columns) -> Columns {
        Columns::from(["session_id"])
    }

    fn by_partition(&self) -> bool {
        true
    }

    fn version(&self) -> Option<u64> {
        Some(1)
    }

    fn enter<'a>(
        &'a self,
        wanted: &'a Columns,
        partition: &'a Partition,
        resources: &'a Resources,
    ) -> BoxFuture<'a, Result<Arc<dyn Appender>, QueryError>> {
        async move {
            let mut batches = partition.session_memory.clone();
            let mut columns = wanted.clone();
            columns.insert("session_id");
            if !partition.session_files.is_empty() {
                let files = partition.session_files.iter().collect();
                batches.extend(read(files, columns, resources).await?);
            }
            let sessions = Sessions::new(wanted, &batches, resources)?;
            Ok(Arc::new(sessions) as Arc<dyn Appender>)
        }
        .boxed()
    }
}

async fn read(
    files: Vec<&DataFile>,
    columns: Columns,
    resources: &Resources,
) -> Result<Vec<RecordBatch>, QueryError> {
    let scan = FileScan {
        subject: Subject::Sessions,
        files,
        columns,
        pruning: Predicate::Constant(true),
        form: Form::Coded,
    };
    read_files(scan, resources).await?.try_collect().await
}

/// The sessions of a partition.
struct Sessions {
    /// Each wanted column over all sessions; a column that none has reads as nothing and is left out.
    columns: Vec<(&'static str, ArrayRef)>,
    /// The position of the session whose id has this hash.
    positions: FxHashMap<u128, u32>,
    /// Held until the sessions are dropped.
    _reservation: MemoryReservation,
}

/// The hash by which sessions are known. At 128 bits two of the same workspace never share one.
pub(crate) fn session_hash(id: &str) -> u128 {
    xxh3_128(id.as_bytes())
}

impl Sessions {
    fn new(
        wanted: &Columns,
        batches: &[RecordBatch],
        resources: &Resources,
    ) -> Result<Self, QueryError> {
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let reservation = MemoryConsumer::new("join").register(resources.context.memory_pool());
        let held: usize = batches.iter().map(RecordBatch::get_array_memory_size).sum();
        // The batches and what is made of them exist together for a while.
        resources.reserve(&reservation, 2 * held + rows * size_of::<(u128, u32)>() * 2)?;
        let mut positions = FxHashMap::default();
        positions.reserve(rows);
        let source = TextSource::Column("session_id");
        let mut position = 0;
        for batch in batches {
            let evaluator = Evaluator::new(batch);
            let ids = evaluator.texts(&source);
            for row in 0..batch.num_rows() {
                positions.insert(session_hash(ids.row(row).unwrap_or_default()), position);
                position += 1;
            }
        }
        let mut columns = Vec::new();
        for name in wanted {
            columns.extend(together(name, batches)?.map(|array| (*name, array)));
        }
        Ok(Self {
            columns,
            positions,
            _reservation: reservation,
        })
    }
}

impl Appender for Sessions {
    fn append(&self, batch: &RecordBatch) -> Result<Vec<(&'static str, ArrayRef)>, QueryError> {
        let evaluator = Evaluator::new(batch);
        let source = TextSource::Column("session_id");
        let found = self.find(&evaluator.texts(&source), batch.num_rows());
        self.columns
            .iter()
            .map(|(name, array)| Ok((*name, take(array, &found, None)?)))
            .collect()
    }
}

impl Sessions {
    /// The position of every row's session; nothing for a message outside any session.
    fn find(&self, ids: &Texts<'_>, rows: usize) -> UInt32Array {
        // Rows of a session mostly follow each other.
        let mut last: (Option<&str>, Option<u32>) = (None, None);
        (0..rows)
            .map(|row| {
                let id = ids.row(row);
                if id != last.0 {
                    let position = id.and_then(|id| self.positions.get(&session_hash(id)));
                    last = (id, position.copied());
                }
                last.1
            })
            .collect()
    }
}

/// A column over all batches.
fn together(name: &'static str, batches: &[RecordBatch]) -> Result<Option<ArrayRef>, QueryError> {
    let arrays: Vec<&dyn Array> = batches
        .iter()
        .filter_map(|batch| batch.column_by_name(name).map(AsRef::as_ref))
        .collect();
    if arrays.len() < batches.len() || arrays.is_empty() {
        return Ok(None);
    }
    Ok(Some(concat(&arrays)?))
}
