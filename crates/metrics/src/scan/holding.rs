//! Which files may hold a value, as their bloom filters say: some kilobytes of each, where a scan would prepare to read all
//! of them.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use upshot_lake::Table;

use super::Footers;
use super::footers::Footer;
use super::narrow::Chosen;
use crate::error::QueryError;

impl Footers {
    /// Whether a file may hold this text in a column. A file without filters may.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn may_hold(
        &self,
        (table, path): (Table, &Path),
        column: &str,
        value: &str,
    ) -> Result<bool, QueryError> {
        let footer = self.get(table, path)?;
        may_hold(&footer, path, column, value).map_err(|error| QueryError::File {
            path: path.to_owned(),
            reason: error.to_string(),
        })
    }
}

fn may_hold(footer: &Footer, path: &Path, column: &str, value: &str) -> Result<bool, ParquetError> {
    if footer.plain_schema.index_of(column).is_err() {
        // What a file lacks it holds nothing of.
        return Ok(false);
    }
    let narrow = Chosen::of(&footer.metadata, |name| name == column).footer(&footer.metadata)?;
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = ArrowReaderMetadata::try_new(Arc::new(narrow), options)?;
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(File::open(path)?, metadata);
    for group in 0..footer.metadata.num_row_groups() {
        match reader.get_row_group_column_bloom_filter(group, 0)? {
            Some(filter) if !filter.check(value.as_bytes()) => {}
            _ => return Ok(true),
        }
    }
    Ok(false)
}
