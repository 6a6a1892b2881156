//! Footers of Parquet files, read once and kept: files never change.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

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
use upshot_core::FieldKind;
use upshot_lake::Table;
use upshot_lake::schema::ColumnKind;

use crate::error::QueryError;
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
}

impl Footer {
    /// From the smallest to the largest value of a column of times, if the file says them.
    pub(crate) fn extent(&self, column: &str) -> Option<Range> {
        let groups = self.metadata.row_groups();
        let ends = groups.iter().map(|group| {
            let chunk = group
                .columns()
                .iter()
                .find(|chunk| chunk.column_descr().name() == column)?;
            match chunk.statistics()? {
                Statistics::Int64(ends) => Some((*ends.min_opt()?, *ends.max_opt()?)),
                _ => None,
            }
        });
        let ends: Vec<(i64, i64)> = ends.collect::<Option<_>>()?;
        let from = ends.iter().map(|(least, _)| *least).min()?;
        let to = ends.iter().map(|(_, most)| *most).max()?;
        Some(Range {
            from,
            to: to.saturating_add(1),
        })
    }
}

/// The footers of files that were read.
#[derive(Debug, Default)]
pub(crate) struct Footers {
    known: Mutex<HashMap<PathBuf, Arc<Footer>>>,
}

impl Footers {
    /// The footer of a file.
    ///
    /// # Errors
    /// When the file cannot be read or is no Parquet file.
    pub(crate) fn get(&self, table: Table, path: &Path) -> Result<Arc<Footer>, QueryError> {
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(path) {
            return Ok(Arc::clone(known));
        }
        let refused = |reason: String| QueryError::File {
            path: path.to_owned(),
            reason,
        };
        let file = File::open(path).map_err(|error| refused(error.to_string()))?;
        let metadata = ParquetMetaDataReader::new()
            .with_page_index_policy(PageIndexPolicy::Optional)
            .parse_and_finish(&file)
            .map_err(|error| refused(error.to_string()))?;
        let description = metadata.file_metadata();
        let schema =
            parquet_to_arrow_schema(description.schema_descr(), description.key_value_metadata())
                .map_err(|error| refused(error.to_string()))?;
        let footer = Arc::new(Footer {
            metadata: Arc::new(metadata),
            coded_schema: Arc::new(dictionary_schema(table, &schema)),
            plain_schema: Arc::new(schema),
        });
        let mut known = lock();
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
    pub(super) footer: Arc<Footer>,
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
        let Some(FooterOf { path, footer }) = file.extension::<FooterOf>() else {
            let message = format!("{} came without its footer", file.path());
            return Err(DataFusionError::Internal(message));
        };
        let file = File::open(path)?;
        Ok(Box::new(LocalReader {
            file,
            metadata: Arc::clone(&footer.metadata),
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
