//! Arrow's interprocess format, as a stream.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::writer::StreamWriter;

use crate::error::QueryError;

pub(super) struct Writer(StreamWriter<Vec<u8>>);

impl Writer {
    pub(super) fn new(schema: &SchemaRef) -> Result<Self, QueryError> {
        Ok(Self(StreamWriter::try_new(Vec::new(), schema)?))
    }

    pub(super) fn push(&mut self, rows: &RecordBatch) -> Result<Vec<u8>, QueryError> {
        self.0.write(rows)?;
        Ok(std::mem::take(self.0.get_mut()))
    }

    pub(super) fn finish(mut self) -> Result<Vec<u8>, QueryError> {
        self.0.finish()?;
        Ok(std::mem::take(self.0.get_mut()))
    }
}
