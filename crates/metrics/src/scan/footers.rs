//! Footers of Parquet files, read once and kept: files never change.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use bytes::Bytes;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::error::DataFusionError;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::arrow::parquet_to_arrow_schema;
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::statistics::Statistics;
use rustc_hash::FxHashMap;
use upshot_core::FieldKind;
use upshot_lake::Table;
use upshot_lake::schema::ColumnKind;
use xxhash_rust::xxh3::xxh3_64;

use crate::error::QueryError;
use crate::filter::{Known, Nulls};
use crate::time::Range;

/// How many footers are kept.
const MOST_FOOTERS: usize = 4_096;

/// What is known of a file from its end.
#[derive(Debug)]
pub(crate) struct Footer {
    pub(crate) metadata: Arc<ParquetMetaData>,
    /// The file's columns as they are stored.
    pub(crate) plain_schema: SchemaRef,
    /// The file's columns with few-valued text as dictionaries.
    pub(crate) coded_schema: SchemaRef,
    known: FxHashMap<String, Known>,
}

impl Footer {
    /// From the smallest to the largest value of a column of times, if the file says them.
    pub(crate) fn extent(&self, column: &str) -> Option<Range> {
        let (from, most) = self.known.get(column)?.integers?;
        Some(Range {
            from,
            to: most.saturating_add(1),
        })
    }

    /// What the file says of a column; a column that it lacks holds nothing.
    pub(crate) fn known(&self, column: &str) -> Option<&Known> {
        static NOTHING: Known = Known {
            nulls: Nulls::All,
            null_count: u64::MAX,
            integers: None,
            reals: None,
            text: None,
            flag: None,
        };
        match self.known.get(column) {
            None if self.plain_schema.index_of(column).is_err() => Some(&NOTHING),
            known => known,
        }
    }
}

/// What the statistics of all row groups say of every column that is not nested.
fn known_columns(metadata: &ParquetMetaData) -> FxHashMap<String, Known> {
    let description = metadata.file_metadata().schema_descr();
    let columns = description.columns().iter().enumerate();
    columns
        .filter(|(_, column)| column.path().parts().len() == 1)
        .filter_map(|(leaf, column)| {
            Some((column.name().to_owned(), known_column(metadata, leaf)?))
        })
        .collect()
}

fn known_column(metadata: &ParquetMetaData, leaf: usize) -> Option<Known> {
    let rows = u64::try_from(metadata.file_metadata().num_rows()).ok()?;
    let groups = metadata
        .row_groups()
        .iter()
        .map(|group| group.column(leaf).statistics());
    let groups: Vec<&Statistics> = groups.collect::<Option<_>>()?;
    let null_count = groups
        .iter()
        .map(|group| group.null_count_opt())
        .sum::<Option<u64>>()?;
    let nulls = match null_count {
        0 => Nulls::None,
        count if count == rows => Nulls::All,
        _ => Nulls::Some,
    };
    let mut known = Known {
        nulls,
        null_count,
        ..Known::default()
    };
    let holding: Vec<&Statistics> = groups
        .into_iter()
        .filter(|group| group.min_bytes_opt().is_some())
        .collect();
    // A row group of nothing but nulls has no bounds; one with values must have them.
    if holding.len() < metadata.num_row_groups() && nulls != Nulls::All {
        let all_null = |group: &parquet::file::metadata::RowGroupMetaData| {
            let statistics = group.column(leaf).statistics();
            let nulls = statistics.and_then(Statistics::null_count_opt);
            nulls == u64::try_from(group.num_rows()).ok()
        };
        let without = metadata
            .row_groups()
            .iter()
            .filter(|group| all_null(group))
            .count();
        if holding.len() + without < metadata.num_row_groups() {
            return Some(known);
        }
    }
    known.integers = bounds(&holding, |group| match group {
        Statistics::Int64(ends) => Some((*ends.min_opt()?, *ends.max_opt()?)),
        _ => None,
    });
    known.reals = bounds(&holding, |group| match group {
        Statistics::Double(ends) => Some((*ends.min_opt()?, *ends.max_opt()?)),
        _ => None,
    });
    let flags = bounds(&holding, |group| match group {
        Statistics::Boolean(ends) => Some((*ends.min_opt()?, *ends.max_opt()?)),
        _ => None,
    });
    known.flag = flags
        .filter(|(least, most)| least == most)
        .map(|(least, _)| least);
    let texts = bounds(&holding, |group| match group {
        Statistics::ByteArray(ends) if group.min_is_exact() && group.max_is_exact() => Some((
            ends.min_opt()?.as_utf8().ok()?,
            ends.max_opt()?.as_utf8().ok()?,
        )),
        _ => None,
    });
    known.text = texts
        .filter(|(least, most)| least == most)
        .map(|(least, _)| least.into());
    Some(known)
}

/// The smallest and largest value over row groups, if each says them.
fn bounds<'a, T: PartialOrd + Copy>(
    groups: &[&'a Statistics],
    of: impl Fn(&'a Statistics) -> Option<(T, T)>,
) -> Option<(T, T)> {
    let ends: Vec<(T, T)> = groups
        .iter()
        .map(|group| of(group))
        .collect::<Option<_>>()?;
    let smaller = |first: T, second: T| if second < first { second } else { first };
    let larger = |first: T, second: T| if second > first { second } else { first };
    ends.into_iter()
        .reduce(|all, one| (smaller(all.0, one.0), larger(all.1, one.1)))
}

/// The footers of files that were read.
#[derive(Debug, Default)]
pub(crate) struct Footers {
    known: Mutex<HashMap<PathBuf, Arc<Footer>>>,
    /// From when until when it happened what files of messages and steps hold, by a hash of their path.
    /// Kept of every file that was ever read: what is asked by the clock of events may lie in the files of
    /// any earlier day, and few of them.
    extents: Mutex<FxHashMap<u64, Range>>,
}

fn path_hash(path: &Path) -> u64 {
    xxh3_64(path.as_os_str().as_encoded_bytes())
}

impl Footers {
    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Arc<Footer>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From when until when it happened what a file of messages or steps holds, if it was ever read.
    pub(crate) fn happened(&self, path: &Path) -> Option<Range> {
        let extents = self.extents.lock().unwrap_or_else(PoisonError::into_inner);
        extents.get(&path_hash(path)).copied()
    }

    /// Which of these files were never read.
    pub(crate) fn missing<'a>(&self, paths: impl Iterator<Item = &'a Path>) -> Vec<PathBuf> {
        let known = self.lock();
        paths
            .filter(|path| !known.contains_key(*path))
            .map(Path::to_owned)
            .collect()
    }

    /// Reads the footers of files, on so many threads. What cannot be read is reported when it is
    /// asked for.
    pub(crate) fn load(&self, table: Table, paths: &[PathBuf], threads: usize) {
        let share = paths.len().div_ceil(threads.max(1)).max(1);
        std::thread::scope(|scope| {
            for paths in paths.chunks(share) {
                scope.spawn(move || {
                    for path in paths {
                        // The error is met again, and reported, by whoever reads the file.
                        let _ = self.get(table, path);
                    }
                });
            }
        });
    }

    /// The footer of a file.
    ///
    /// # Errors
    /// When the file cannot be read or is no Parquet file.
    pub(crate) fn get(&self, table: Table, path: &Path) -> Result<Arc<Footer>, QueryError> {
        if let Some(known) = self.lock().get(path) {
            return Ok(Arc::clone(known));
        }
        let refused = |reason: String| QueryError::File {
            path: path.to_owned(),
            reason,
        };
        let file = File::open(path).map_err(|error| refused(error.to_string()))?;
        let metadata = ParquetMetaDataReader::new()
            .with_page_index_policy(PageIndexPolicy::Skip)
            .parse_and_finish(&file)
            .map_err(|error| refused(error.to_string()))?;
        let description = metadata.file_metadata();
        let schema =
            parquet_to_arrow_schema(description.schema_descr(), description.key_value_metadata())
                .map_err(|error| refused(error.to_string()))?;
        let footer = Arc::new(Footer {
            known: known_columns(&metadata),
            metadata: Arc::new(metadata),
            coded_schema: Arc::new(dictionary_schema(table, &schema)),
            plain_schema: Arc::new(schema),
        });
        if let Some(extent) = footer.extent("time") {
            let mut extents = self.extents.lock().unwrap_or_else(PoisonError::into_inner);
            extents.insert(path_hash(path), extent);
        }
        let mut known = self.lock();
        if known.len() >= MOST_FOOTERS {
            known.clear();
        }
        known.insert(path.to_owned(), Arc::clone(&footer));
        Ok(footer)
    }
}

/// The schema with few-valued text as dictionaries.
pub(super) fn dictionary_schema(table: Table, schema: &Schema) -> Schema {
    let columns = table.columns();
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| {
            let column = columns.iter().find(|column| column.name == field.name());
            let kind = column.map(|column| column.kind);
            let few = matches!(
                kind,
                Some(ColumnKind::Field(FieldKind::Label | FieldKind::Word))
            );
            if few && *field.data_type() == DataType::Utf8 {
                let dictionary =
                    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
                return field.as_ref().clone().with_data_type(dictionary);
            }
            field.as_ref().clone()
        })
        .collect();
    Schema::new_with_metadata(fields, schema.metadata().clone())
}

/// Travels with a file through the scan.
#[derive(Debug)]
pub(super) struct FooterOf {
    pub(super) path: PathBuf,
    /// Its footer, of the columns that are needed.
    pub(super) metadata: Arc<ParquetMetaData>,
}

/// Opens files with the footers that travel with them.
#[derive(Debug)]
pub(super) struct CachedReaders;

impl ParquetFileReaderFactory for CachedReaders {
    fn create_reader(
        &self,
        _partition: usize,
        file: PartitionedFile,
        _footer_bytes: Option<usize>,
        _metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>, DataFusionError> {
        let Some(FooterOf { path, metadata }) = file.extension::<FooterOf>() else {
            let message = format!("{} came without its footer", file.path());
            return Err(DataFusionError::Internal(message));
        };
        let file = File::open(path)?;
        Ok(Box::new(LocalReader {
            file,
            metadata: Arc::clone(metadata),
        }))
    }
}

/// Reads ranges of a local file.
struct LocalReader {
    file: File,
    metadata: Arc<ParquetMetaData>,
}

impl LocalReader {
    fn read(&mut self, range: std::ops::Range<u64>) -> Result<Bytes, ParquetError> {
        let length = usize::try_from(range.end - range.start)?;
        let mut bytes = Vec::with_capacity(length);
        self.file.seek(SeekFrom::Start(range.start))?;
        let read = (&self.file)
            .take(range.end - range.start)
            .read_to_end(&mut bytes)?;
        if read < length {
            return Err(ParquetError::EOF(format!(
                "expected {length} bytes, found {read}"
            )));
        }
        Ok(bytes.into())
    }
}

impl AsyncFileReader for LocalReader {
    fn get_bytes(
        &mut self,
        range: std::ops::Range<u64>,
    ) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        let bytes = self.read(range);
        async move { bytes }.boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>, ParquetError>> {
        let metadata = Arc::clone(&self.metadata);
        async move { Ok(metadata) }.boxed()
    }
}
