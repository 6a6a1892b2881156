//! Reading data files.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, RecordBatchOptions, new_null_array,
};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowFilter,
};

use super::cache::{Chunks, FileCache, OpenFile};
use super::write::with_schema;
use super::{parquet_error, prune};
use crate::error::LakeError;
use crate::schema::{Column, Table};

/// Rows of a batch: with a hundred columns, a smaller one is mostly overhead.
const BATCH_ROWS: usize = 8192;

/// Rows whose text in a column is one of some.
#[derive(Debug, Clone)]
pub struct Keys {
    column: &'static str,
    sorted: Vec<Box<str>>,
    set: Arc<HashSet<Box<str>>>,
}

impl Keys {
    /// Rows of which `column` holds one of `values`. The column must hold text.
    pub fn new(
        column: &'static str,
        values: impl IntoIterator<Item = impl Into<Box<str>>>,
    ) -> Self {
        let set: HashSet<Box<str>> = values.into_iter().map(Into::into).collect();
        let mut sorted: Vec<Box<str>> = set.iter().cloned().collect();
        sorted.sort_unstable();
        Self {
            column,
            sorted,
            set: Arc::new(set),
        }
    }

    /// The column.
    pub fn column(&self) -> &'static str {
        self.column
    }

    /// The values in order.
    pub(super) fn sorted(&self) -> &[Box<str>] {
        &self.sorted
    }

    /// Whether one of the values is within these bounds.
    pub(super) fn any_within(&self, low: &[u8], high: &[u8]) -> bool {
        let first = self.sorted.partition_point(|value| value.as_bytes() < low);
        self.sorted
            .get(first)
            .is_some_and(|value| value.as_bytes() <= high)
    }
}

/// What to read of a file.
#[derive(Debug, Clone, Default)]
pub struct ReadRequest {
    /// The columns, in the order in which they are wanted; nothing for all.
    pub columns: Option<Vec<&'static str>>,
    /// Only these rows.
    pub keys: Option<Keys>,
    /// Rows of a batch, at most; nothing for as many as is quickest.
    pub batch_rows: Option<usize>,
}

impl ReadRequest {
    /// All rows and columns.
    pub fn all() -> Self {
        Self::default()
    }
    /// Only these rows.
    #[must_use]
    pub fn keys(mut self, keys: Keys) -> Self {
        self.keys = Some(keys);
        self
    }
    /// So many rows a batch, at most.
    #[must_use]
    pub fn batch_rows(mut self, rows: usize) -> Self {
        self.batch_rows = Some(rows.max(1));
        self
    }
    /// Only these columns.
    #[must_use]
    pub fn columns(mut self, columns: &[&'static str]) -> Self {
        self.columns = Some(columns.to_vec());
        self
    }
}

/// Reads rows of a file in the order in which it holds them. Columns that the file lacks, because it
/// is older than they are, come as nothing (counts as 0, yes or no as no).
///
/// # Errors
/// When the file cannot be read, or lacks a column that every row must have.
pub fn read(
    cache: &FileCache,
    path: &Path,
    table: Table,
    request: &ReadRequest,
) -> Result<Vec<RecordBatch>, LakeError> {
    let file = cache.open(path)?;
    stream(cache, &file, path, table, request)?.collect()
}

/// As [`read`], batch by batch.
///
/// # Errors
/// When the file cannot be read, or lacks a column that every row must have.
pub(crate) fn stream(
    cache: &FileCache,
    file: &OpenFile,
    path: &Path,
    table: Table,
    request: &ReadRequest,
) -> Result<Batches, LakeError> {
    let wanted = wanted_columns(table, request)?;
    let groups = match &request.keys {
        Some(keys) => prune::matching_groups(cache, file, keys)?,
        None => (0..file.metadata().metadata().num_row_groups()).collect(),
    };
    let pages = request
        .keys
        .as_ref()
        .and_then(|keys| prune::matching_pages(file, &groups, keys));
    let builder = file.reader(cache.files())?;
    let descriptor = builder.parquet_schema();
    let empty = prune::empty_columns(file, &groups);
    let names = wanted
        .iter()
        .map(|column| column.name)
        .filter(|name| !empty.contains(name));
    let projection = ProjectionMask::columns(descriptor, names);
    let filter = request.keys.as_ref().map(|keys| row_filter(&builder, keys));
    let mut builder = builder
        .with_row_groups(groups)
        .with_projection(projection)
        .with_batch_size(request.batch_rows.unwrap_or(BATCH_ROWS));
    if let Some(pages) = pages {
        builder = builder.with_row_selection(pages);
    }
    if let Some(filter) = filter {
        builder = builder.with_row_filter(filter);
    }
    let reader = builder.build().map_err(parquet_error("read", path))?;
    let fields: Vec<_> = wanted.iter().map(Column::arrow_field).collect();
    Ok(Batches {
        reader,
        path: path.to_path_buf(),
        schema: Arc::new(Schema::new(fields)),
        wanted,
    })
}

/// Which of the keys a file holds: asks the bloom filters, then reads that column alone.
///
/// # Errors
/// When the file cannot be read.
pub fn contains_any(
    cache: &FileCache,
    path: &Path,
    table: Table,
    keys: &Keys,
) -> Result<HashSet<Box<str>>, LakeError> {
    let request = ReadRequest::all()
        .columns(&[keys.column])
        .keys(keys.clone());
    let mut found = HashSet::new();
    for batch in read(cache, path, table, &request)? {
        let values = batch.column(0).as_string::<i32>();
        found.extend(values.iter().flatten().map(Box::<str>::from));
    }
    Ok(found)
}

fn wanted_columns(table: Table, request: &ReadRequest) -> Result<Vec<Column>, LakeError> {
    let columns = table.columns();
    let Some(names) = &request.columns else {
        return Ok(columns);
    };
    names
        .iter()
        .map(|name| {
            let found = columns.iter().find(|column| column.name == *name);
            found.copied().ok_or_else(|| LakeError::Damaged {
                what: format!("a request for columns of `{}`", table.name()),
                reason: format!("there is no column `{name}`"),
            })
        })
        .collect()
}

fn row_filter(builder: &ParquetRecordBatchReaderBuilder<Chunks>, keys: &Keys) -> RowFilter {
    let mask = ProjectionMask::columns(builder.parquet_schema(), [keys.column]);
    let set = Arc::clone(&keys.set);
    let predicate = ArrowPredicateFn::new(mask, move |batch: RecordBatch| {
        let values = batch.column(0).as_string::<i32>();
        // Rows of one conversation follow each other: ask once for a run of equal values.
        let mut last: Option<(&str, bool)> = None;
        let matches: BooleanArray = values
            .iter()
            .map(|value| {
                let value = value?;
                if let Some((before, answer)) = last
                    && before == value
                {
                    return Some(answer);
                }
                let answer = set.contains(value);
                last = Some((value, answer));
                Some(answer)
            })
            .collect();
        Ok(matches)
    });
    RowFilter::new(vec![Box::new(predicate)])
}

/// Batches of a file in the schema of its table.
pub(crate) struct Batches {
    reader: ParquetRecordBatchReader,
    path: std::path::PathBuf,
    schema: SchemaRef,
    wanted: Vec<Column>,
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.reader.next()? {
            Ok(batch) => Some(self.conform(&batch)),
            Err(source) => Some(Err(LakeError::Damaged {
                what: format!("parquet file {}", self.path.display()),
                reason: source.to_string(),
            })),
        }
    }
}

impl Batches {
    fn conform(&self, batch: &RecordBatch) -> Result<RecordBatch, LakeError> {
        let columns = self
            .wanted
            .iter()
            .map(|column| match batch.column_by_name(column.name) {
                Some(array) => Ok(Arc::clone(array)),
                None => missing(column, batch.num_rows(), &self.path),
            })
            .collect::<Result<Vec<ArrayRef>, LakeError>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        with_schema(&columns, &self.schema, &options)
    }
}

fn missing(column: &Column, rows: usize, path: &Path) -> Result<ArrayRef, LakeError> {
    let data_type = column.data_type();
    if column.arrow_field().is_nullable() {
        return Ok(new_null_array(&data_type, rows));
    }
    match (data_type, super::field_ids::has_default(column.kind)) {
        (DataType::Int64, true) => Ok(Arc::new(Int64Array::from(vec![0; rows]))),
        (DataType::Boolean, true) => Ok(Arc::new(BooleanArray::from(vec![false; rows]))),
        _ => Err(LakeError::Damaged {
            what: format!("parquet file {}", path.display()),
            reason: format!("it lacks the column `{}`", column.name),
        }),
    }
}
