//! Columns of small files, kept as they were read: to open such a file and to find its columns takes much longer than to
//! look at its rows, and a question that was never asked, with another filter, mostly looks at columns that others
//! looked at.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::concat_batches;
use arrow::datatypes::{FieldRef, Schema};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use upshot_lake::DataFile;
use xxhash_rust::xxh3::xxh3_128;

use super::{FileScan, Form, plan_scan};
use crate::columns::Columns;
use crate::error::QueryError;
use crate::filter::Predicate;
use crate::pass::Resources;
use crate::registry::Subject;
use crate::rollup::{Found, Key};
use crate::run::accumulate::Sampling;

/// A file is small if it has at most so many rows.
pub(crate) const SMALL_ROWS: u64 = 4096;

/// Whole records, which have more than a hundred columns, are kept of files with at most so many.
const SMALL_RECORDS_ROWS: u64 = 1024;

/// A column takes about so many bytes besides its values: what names it, and the heads of its buffers.
const COLUMN_BYTES: usize = 512;

/// A column of a file, over all its rows.
#[derive(Debug)]
struct Column {
    field: FieldRef,
    values: ArrayRef,
}

impl Found for Column {
    fn bytes(&self) -> usize {
        self.values.get_array_memory_size() + COLUMN_BYTES
    }
}

/// Whether columns of these files are kept.
pub(crate) fn are_kept(files: &[&DataFile], resources: &Resources) -> bool {
    files.iter().all(|file| file.rows <= SMALL_ROWS) && resources.columns.keeps()
}

/// Whether all columns of this file are kept.
pub(crate) fn records_are_kept(file: &DataFile, resources: &Resources) -> bool {
    file.rows <= SMALL_RECORDS_ROWS && resources.columns.keeps()
}

/// The rows of files, coded, one file after the other. Of small files all rows come, also those that the scan would leave out.
///
/// # Errors
/// When a file cannot be read.
pub(crate) async fn read_files(
    scan: FileScan<'_>,
    resources: &Resources,
) -> Result<BoxStream<'static, Result<RecordBatch, QueryError>>, QueryError> {
    if are_kept(&scan.files, resources) {
        let mut batches = Vec::with_capacity(scan.files.len());
        for file in &scan.files {
            let batch = columns_of(scan.subject, file, &scan.columns, resources);
            batches.push(Ok(batch.await?));
        }
        return Ok(futures::stream::iter(batches).boxed());
    }
    let coded = FileScan {
        form: Form::Coded,
        ..scan
    };
    let plan = plan_scan(&coded, &resources.footers, 1)?;
    let batches = plan.execute(0, Arc::clone(&resources.context))?;
    Ok(batches.err_into().boxed())
}

/// Columns of a small file: what is kept of them, and the others read.
async fn columns_of(
    subject: Subject,
    file: &DataFile,
    columns: &Columns,
    resources: &Resources,
) -> Result<RecordBatch, QueryError> {
    let key = |name: &&'static str| Some(Key::new(file, xxh3_128(name.as_bytes()), 0));
    let keys: Vec<Option<Key>> = columns.iter().map(key).collect();
    let kept = &resources.columns;
    let mut found = kept.find::<Column>(&keys, Sampling::ALL_USERS);
    let is_missing =
        |(name, found): (&&'static str, &Option<Arc<Column>>)| found.is_none().then_some(*name);
    let missing: Columns = columns.iter().zip(&found).filter_map(is_missing).collect();
    if !missing.is_empty() {
        let batch = read(subject, file, &missing, resources).await?;
        for ((name, key), place) in columns.iter().zip(&keys).zip(&mut found) {
            let read = batch.schema_ref().index_of(name).ok();
            let Some((position, key)) = read.zip(*key) else {
                continue;
            };
            let column = Arc::new(Column {
                field: Arc::clone(&batch.schema_ref().fields()[position]),
                values: Arc::clone(batch.column(position)),
            });
            kept.add(key, &column);
            *place = Some(column);
        }
    }
    let (fields, values): (Vec<FieldRef>, Vec<ArrayRef>) = found
        .into_iter()
        .flatten()
        .map(|column| (Arc::clone(&column.field), Arc::clone(&column.values)))
        .unzip();
    let rows = usize::try_from(file.rows).ok();
    let options = RecordBatchOptions::new().with_row_count(rows);
    let schema = Arc::new(Schema::new(fields));
    Ok(RecordBatch::try_new_with_options(schema, values, &options)?)
}

/// All rows of a file, in one batch.
async fn read(
    subject: Subject,
    file: &DataFile,
    columns: &Columns,
    resources: &Resources,
) -> Result<RecordBatch, QueryError> {
    let scan = FileScan {
        subject,
        files: vec![file],
        columns: columns.clone(),
        pruning: Predicate::Constant(true),
        form: Form::Coded,
    };
    let plan = plan_scan(&scan, &resources.footers, 1)?;
    let batches = plan.execute(0, Arc::clone(&resources.context))?;
    let schema = batches.schema();
    let batches: Vec<RecordBatch> = batches.try_collect().await?;
    match <[RecordBatch; 1]>::try_from(batches) {
        Ok([batch]) => Ok(batch),
        Err(batches) => Ok(concat_batches(&schema, &batches)?),
    }
}
