//! Writing data files.

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Float64Array, MapArray, RecordBatch, RecordBatchOptions, StructArray,
};
use arrow::datatypes::{DataType, FieldRef, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{ParquetMetaData, SortingColumn};
use parquet::file::properties::{BloomFilterPosition, EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use xxhash_rust::xxh3::Xxh3;

use super::bound::Bound;
use super::field_ids::{ColumnId, FieldIds};
use super::{parquet_error, statistics};
use crate::error::LakeError;
use crate::files::{FileWrite, Files};
use crate::schema::{Column, MAP_PARTS, Table};

/// Rows of a row group: small enough that a reader of one conversation skips most of a large file,
/// large enough that dictionaries and pages are worth it.
pub const ROW_GROUP_ROWS: usize = 262_144;
/// Rows of a page, at most. In a file that has no more, the footer says of each column what an index of
/// its pages would say, and there is none.
const PAGE_ROWS: usize = 20_000;
const BLOOM_FALSE_POSITIVES: f64 = 0.01;
const WRITE_BUFFER: usize = 256 * 1024;
const COMPRESSION_LEVEL: i32 = 1;

/// Columns in which hardly a value repeats, so that a dictionary would be thrown away.
const UNIQUE_COLUMNS: &[&str] = &[
    "event_id",
    "message_id",
    "reply_to",
    "text",
    "survey_comment",
    "feedback_comment",
    "start_time",
    "end_time",
    "time",
];

/// What a column of a file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnStatistics {
    /// The column's name; for the entries of a map, the map's.
    pub column: &'static str,
    /// The catalog's id of the column, or of a map's keys or values.
    pub id: i64,
    /// Values that are there.
    pub values: u64,
    /// Values that are missing.
    pub nulls: u64,
    /// Compressed size in bytes.
    pub bytes: u64,
    /// The smallest value; none for private columns, and where it is too long to keep.
    pub minimum: Option<Bound>,
    /// The largest value; none as the smallest.
    pub maximum: Option<Bound>,
    /// Whether a value is not a number, for columns of numbers.
    pub contains_nan: Option<bool>,
}

/// What the catalog must know of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct DataFileInfo {
    /// How many rows it holds.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// The size of the Parquet footer without its length and magic number.
    pub footer_bytes: u64,
    /// The XXH3 hash of the whole file.
    pub checksum: u64,
    /// What its columns hold.
    pub columns: Vec<ColumnStatistics>,
}

/// Counts and hashes what goes through, and hands it on in large pieces.
struct Counted {
    inner: Box<dyn FileWrite>,
    buffer: Vec<u8>,
    hash: Xxh3,
    bytes: u64,
}

impl Counted {
    fn new(inner: Box<dyn FileWrite>) -> Self {
        Self {
            inner,
            buffer: Vec::with_capacity(WRITE_BUFFER),
            hash: Xxh3::new(),
            bytes: 0,
        }
    }
    fn pass_on(&mut self) -> io::Result<()> {
        self.inner.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
    fn sync(&mut self) -> io::Result<()> {
        self.pass_on()?;
        self.inner.flush()?;
        self.inner.sync()
    }
}

impl Write for Counted {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.hash.update(data);
        self.bytes += data.len() as u64;
        if self.buffer.len() + data.len() > WRITE_BUFFER {
            self.pass_on()?;
        }
        if data.len() >= WRITE_BUFFER {
            self.inner.write_all(data)?;
        } else {
            self.buffer.extend_from_slice(data);
        }
        Ok(data.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Clone, Copy, Default)]
struct Counts {
    values: u64,
    nulls: u64,
    nan: bool,
}

/// Writes one data file, batch by batch.
pub struct FileWriter<'a> {
    files: &'a dyn Files,
    path: PathBuf,
    temporary: PathBuf,
    schema: SchemaRef,
    columns: Vec<(Column, ColumnId)>,
    counts: Vec<Counts>,
    table: Table,
    writer: ArrowWriter<Counted>,
    rows: u64,
    finished: bool,
}

impl Drop for FileWriter<'_> {
    fn drop(&mut self) {
        if !self.finished {
            // A full disk shall not stay full of what nobody will read. Where that fails too, the
            // file is removed when the data directory is opened again.
            let _ = self.files.remove(&self.temporary);
        }
    }
}

impl<'a> FileWriter<'a> {
    /// Starts a file that will be at `path`; until it is finished it has another name. About
    /// `expected_rows` will follow.
    ///
    /// # Errors
    /// When the file cannot be made, or a column has no id.
    pub fn new(
        files: &'a dyn Files,
        path: &Path,
        table: Table,
        ids: &FieldIds,
        expected_rows: usize,
    ) -> Result<Self, LakeError> {
        Self::without(&HashSet::new(), files, path, table, ids, expected_rows)
    }

    /// As [`FileWriter::new`], of rows that have no value in these columns.
    fn without(
        empty: &HashSet<&str>,
        files: &'a dyn Files,
        path: &Path,
        table: Table,
        ids: &FieldIds,
        expected_rows: usize,
    ) -> Result<Self, LakeError> {
        let columns = table
            .columns()
            .into_iter()
            .map(|column| {
                let id = ids.get(column.name).ok_or_else(|| LakeError::Damaged {
                    what: format!("the catalog's table `{}`", table.name()),
                    reason: format!("it has no column `{}`", column.name),
                })?;
                Ok((column, id))
            })
            .collect::<Result<Vec<_>, LakeError>>()?;
        let schema = ids.annotate(&table.schema());
        let temporary = temporary_path(path);
        let file = files
            .create(&temporary)
            .map_err(LakeError::io("create", &temporary))?;
        let options = ArrowWriterOptions::new()
            .with_properties(properties(table, &columns, expected_rows, empty))
            // The Parquet schema says it all; without the copy a footer is a third smaller.
            .with_skip_arrow_metadata(true);
        let writer =
            ArrowWriter::try_new_with_options(Counted::new(file), Arc::clone(&schema), options)
                .map_err(parquet_error("write", path))?;
        Ok(Self {
            files,
            path: path.to_path_buf(),
            temporary,
            schema,
            counts: vec![Counts::default(); columns.len()],
            columns,
            table,
            writer,
            rows: 0,
            finished: false,
        })
    }

    /// Adds rows in the schema of the table; all rows of a file must come sorted.
    ///
    /// # Errors
    /// When the batch has other columns, or writing fails.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        for (counts, array) in self.counts.iter_mut().zip(batch.columns()) {
            counts.nulls += array.null_count() as u64;
            counts.values += (array.len() - array.null_count()) as u64;
            if let Some(reals) = array.as_any().downcast_ref::<Float64Array>() {
                counts.nan |= reals.iter().flatten().any(f64::is_nan);
            }
            if let Some(map) = array.as_any().downcast_ref::<MapArray>() {
                let offsets = map.value_offsets();
                let entries = offsets.last().zip(offsets.first());
                counts.values -= (array.len() - array.null_count()) as u64;
                counts.values += entries.map_or(0, |(end, start)| (end - start) as u64);
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let annotated = with_schema(batch.columns(), &self.schema, &options)?;
        self.writer
            .write(&annotated)
            .map_err(parquet_error("write", &self.temporary))?;
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Ends the file: syncs it and gives it its name. That the name is durable is for whoever
    /// commits: [`Files::sync_dir`] once for all the files of a folder.
    ///
    /// # Errors
    /// Of the operating system.
    pub fn finish(mut self) -> Result<DataFileInfo, LakeError> {
        let metadata = self
            .writer
            .finish()
            .map_err(parquet_error("write", &self.temporary))?;
        let output = self.writer.inner_mut();
        output
            .sync()
            .map_err(LakeError::io("sync", &self.temporary))?;
        let (bytes, checksum) = (output.bytes, output.hash.digest());
        let footer_bytes = footer_bytes(self.files, &self.temporary, bytes)?;
        self.files
            .rename(&self.temporary, &self.path)
            .map_err(LakeError::io("rename", &self.temporary))?;
        self.finished = true;
        Ok(DataFileInfo {
            rows: self.rows,
            bytes,
            footer_bytes,
            checksum,
            columns: self.statistics(&metadata),
        })
    }

    fn statistics(&self, metadata: &ParquetMetaData) -> Vec<ColumnStatistics> {
        let private = self.table.private_columns();
        let mut leaf = 0;
        let mut result = Vec::new();
        for ((column, id), counts) in self.columns.iter().zip(&self.counts) {
            let leaves: &[i64] = match id.entries {
                Some((key, value)) => &[key, value],
                None => &[id.id],
            };
            for leaf_id in leaves {
                let bounds = (!private.contains(&column.name) && id.entries.is_none())
                    .then(|| statistics::bounds(metadata, leaf, column.kind))
                    .flatten();
                let (minimum, maximum) = bounds.unzip();
                result.push(ColumnStatistics {
                    column: column.name,
                    id: *leaf_id,
                    values: counts.values,
                    nulls: counts.nulls,
                    bytes: statistics::compressed_bytes(metadata, leaf),
                    minimum,
                    maximum,
                    contains_nan: (column.data_type() == DataType::Float64).then_some(counts.nan),
                });
                leaf += 1;
            }
        }
        result
    }
}

/// Writes one data file of batches that together are sorted.
///
/// # Errors
/// When the file cannot be made or written.
pub fn write<'b>(
    files: &dyn Files,
    path: &Path,
    table: Table,
    ids: &FieldIds,
    batches: impl IntoIterator<Item = &'b RecordBatch, IntoIter: Clone>,
) -> Result<DataFileInfo, LakeError> {
    let batches = batches.into_iter();
    let rows = batches.clone().map(RecordBatch::num_rows).sum();
    let empty = empty_columns(table, batches.clone());
    let mut writer = FileWriter::without(&empty, files, path, table, ids, rows)?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.finish()
}

/// The columns in which no row has a value: most of them, in most files.
fn empty_columns<'b>(
    table: Table,
    batches: impl Iterator<Item = &'b RecordBatch> + Clone,
) -> HashSet<&'static str> {
    let is_empty = |index: usize| {
        batches.clone().all(|batch| {
            let column = batch.columns().get(index);
            column.is_some_and(|column| column.null_count() == column.len())
        })
    };
    let columns = table.columns().into_iter().enumerate();
    columns
        .filter(|(index, _)| is_empty(*index))
        .map(|(_, column)| column.name)
        .collect()
}

/// What stands behind the name of a file that is not finished.
pub(crate) const TEMPORARY: &str = ".new";

/// The name of a file that is not finished.
pub(crate) fn temporary_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(TEMPORARY);
    PathBuf::from(name)
}

fn footer_bytes(files: &dyn Files, path: &Path, bytes: u64) -> Result<u64, LakeError> {
    let mut tail = [0; 4];
    files
        .open(path)
        .and_then(|file| file.read_exact_at(&mut tail, bytes.saturating_sub(8)))
        .map_err(LakeError::io("read", path))?;
    Ok(u64::from(u32::from_le_bytes(tail)))
}

/// Columns under a schema whose fields differ in nothing but their annotations.
pub(crate) fn with_schema(
    columns: &[ArrayRef],
    schema: &SchemaRef,
    options: &RecordBatchOptions,
) -> Result<RecordBatch, LakeError> {
    let columns = columns
        .iter()
        .zip(schema.fields())
        .map(|(array, field)| match field.data_type() {
            DataType::Map(entries, sorted) => map_with_schema(array, entries, *sorted),
            _ => Ok(Arc::clone(array)),
        })
        .collect::<Result<Vec<_>, LakeError>>()?;
    Ok(RecordBatch::try_new_with_options(
        Arc::clone(schema),
        columns,
        options,
    )?)
}

fn map_with_schema(
    array: &ArrayRef,
    entries: &FieldRef,
    sorted: bool,
) -> Result<ArrayRef, LakeError> {
    let (Some(map), DataType::Struct(fields)) = (
        array.as_any().downcast_ref::<MapArray>(),
        entries.data_type(),
    ) else {
        return Ok(Arc::clone(array));
    };
    let (_, offsets, parts, nulls, _) = map.clone().into_parts();
    let (_, arrays, part_nulls) = parts.into_parts();
    let parts = StructArray::try_new(fields.clone(), arrays, part_nulls)?;
    let map = MapArray::try_new(Arc::clone(entries), offsets, parts, nulls, sorted)?;
    Ok(Arc::new(map))
}

fn properties(
    table: Table,
    columns: &[(Column, ColumnId)],
    expected_rows: usize,
    empty: &HashSet<&str>,
) -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_compression(compression(expected_rows))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_bloom_filter_position(BloomFilterPosition::End)
        .set_sorting_columns(Some(sorting_columns(table, columns)))
        .set_created_by(concat!("upshot ", env!("CARGO_PKG_VERSION")).to_owned());
    if expected_rows <= PAGE_ROWS {
        builder = builder
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true);
    }
    for name in empty {
        for path in leaf_paths(name, columns) {
            // A dictionary and a compressor are dear to make, and there is nothing for them to do.
            builder = builder
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_compression(path, Compression::UNCOMPRESSED);
        }
    }
    for name in table.private_columns() {
        for path in leaf_paths(name, columns) {
            builder = builder.set_column_statistics_enabled(path, EnabledStatistics::None);
        }
    }
    for name in UNIQUE_COLUMNS {
        for path in leaf_paths(name, columns) {
            builder = builder.set_column_dictionary_enabled(path, false);
        }
    }
    let distinct = expected_rows.clamp(1, ROW_GROUP_ROWS) as u64;
    for name in table.bloom_columns() {
        if empty.contains(name) {
            continue;
        }
        for path in leaf_paths(name, columns) {
            // A filter is made for the rows and then folded to what the distinct values need.
            builder = builder
                .set_column_bloom_filter_fpp(path.clone(), BLOOM_FALSE_POSITIVES)
                .set_column_bloom_filter_max_ndv(path, distinct);
        }
    }
    builder.build()
}

/// A compressor has state of some hundred kilobytes, made anew for every column. A file of few rows is
/// soon merged with others, so it gets the one whose state is small.
fn compression(expected_rows: usize) -> Compression {
    if expected_rows <= PAGE_ROWS {
        return Compression::SNAPPY;
    }
    Compression::ZSTD(ZstdLevel::try_new(COMPRESSION_LEVEL).unwrap_or_default())
}

fn leaf_paths(name: &str, columns: &[(Column, ColumnId)]) -> Vec<ColumnPath> {
    let Some((_, id)) = columns.iter().find(|(column, _)| column.name == name) else {
        return Vec::new();
    };
    match id.entries {
        None => vec![ColumnPath::from(name)],
        Some(_) => {
            let [entries, key, value] = MAP_PARTS;
            let path = |part: &str| {
                ColumnPath::from(vec![name.to_owned(), entries.to_owned(), part.to_owned()])
            };
            vec![path(key), path(value)]
        }
    }
}

fn sorting_columns(table: Table, columns: &[(Column, ColumnId)]) -> Vec<SortingColumn> {
    let leaf_of = |name: &str| {
        let mut leaf = 0;
        for (column, id) in columns {
            if column.name == name {
                return Some(leaf);
            }
            leaf += if id.entries.is_some() { 2 } else { 1 };
        }
        None
    };
    table
        .sort_columns()
        .iter()
        .filter_map(|name| leaf_of(name))
        .map(|column_idx| SortingColumn {
            column_idx,
            descending: false,
            nulls_first: false,
        })
        .collect()
}
