//! JSON Lines.

use arrow::array::RecordBatch;

use super::Options;
use super::value::{columns, put_object};
use crate::error::QueryError;

pub(super) struct Writer {
    nulls: bool,
}

impl Writer {
    pub(super) fn new(options: Options) -> Self {
        Self {
            nulls: options.nulls,
        }
    }

    pub(super) fn push(&self, rows: &RecordBatch) -> Result<Vec<u8>, QueryError> {
        let schema = rows.schema();
        let columns = columns(schema.fields(), rows.columns())?;
        let mut out = Vec::new();
        for row in 0..rows.num_rows() {
            put_object(&columns, row, self.nulls, &mut out)?;
            out.push(b'\n');
        }
        Ok(out)
    }
}
