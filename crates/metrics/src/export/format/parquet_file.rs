//! Parquet, a row group at a time.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::error::QueryError;

/// A row group is written out when it has come to hold so many bytes of memory.
const ROW_GROUP_BYTES: usize = 16 << 20;

/// A row group is written out when it has so many rows.
const ROW_GROUP_ROWS: usize = 128 * 1024;

pub(super) struct Writer(ArrowWriter<Vec<u8>>);

impl Writer {
    pub(super) fn new(schema: &SchemaRef) -> Result<Self, QueryError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        Ok(Self(ArrowWriter::try_new(
            Vec::new(),
            schema.clone(),
            Some(properties),
        )?))
    }

    pub(super) fn push(&mut self, rows: &RecordBatch) -> Result<Vec<u8>, QueryError> {
        self.0.write(rows)?;
        if self.0.memory_size() >= ROW_GROUP_BYTES || self.0.in_progress_rows() >= ROW_GROUP_ROWS {
            self.0.flush()?;
        }
        // What was written is not looked at again: the writer counts the bytes itself.
        Ok(std::mem::take(self.0.inner_mut()))
    }

    pub(super) fn finish(self) -> Result<Vec<u8>, QueryError> {
        Ok(self.0.into_inner()?)
    }
}
