//! The order of rows in a file.

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::row::{RowConverter, Rows, SortField};

use crate::error::LakeError;
use crate::schema::Table;

/// Turns the sort columns of batches of a table into rows that compare as bytes.
pub(crate) struct SortKeys {
    converter: RowConverter,
    table: Table,
}

impl SortKeys {
    pub(crate) fn new(table: Table) -> Result<Self, LakeError> {
        let schema = table.schema();
        let fields = table
            .sort_columns()
            .iter()
            .map(|name| {
                let field = schema.field_with_name(name)?;
                // Nulls come last, as the catalog's sort information says.
                let options = arrow::compute::SortOptions::new(false, false);
                Ok(SortField::new_with_options(
                    field.data_type().clone(),
                    options,
                ))
            })
            .collect::<Result<Vec<_>, LakeError>>()?;
        Ok(Self {
            converter: RowConverter::new(fields)?,
            table,
        })
    }

    pub(crate) fn of(&self, batch: &RecordBatch) -> Result<Rows, LakeError> {
        let columns = self
            .table
            .sort_columns()
            .iter()
            .map(|name| column(batch, name))
            .collect::<Result<Vec<_>, LakeError>>()?;
        Ok(self.converter.convert_columns(&columns)?)
    }
}

pub(crate) fn column(batch: &RecordBatch, name: &str) -> Result<ArrayRef, LakeError> {
    batch
        .column_by_name(name)
        .cloned()
        .ok_or_else(|| LakeError::Damaged {
            what: "a batch of rows".to_owned(),
            reason: format!("it lacks the column `{name}`"),
        })
}

/// Sorts the rows as files of the table hold them; rows with equal sort columns keep their order.
///
/// # Errors
/// When the batch lacks a sort column.
pub fn sort(batch: &RecordBatch, table: Table) -> Result<RecordBatch, LakeError> {
    let rows = SortKeys::new(table)?.of(batch)?;
    let count = u32::try_from(rows.num_rows()).map_err(|_| LakeError::Damaged {
        what: "a batch of rows".to_owned(),
        reason: "it has more rows than can be sorted at once".to_owned(),
    })?;
    let mut order: Vec<u32> = (0..count).collect();
    order.sort_by(|left, right| rows.row(*left as usize).cmp(&rows.row(*right as usize)));
    if order.is_sorted() {
        return Ok(batch.clone());
    }
    Ok(take_record_batch(batch, &UInt32Array::from(order))?)
}

/// Whether the rows are sorted as files of the table hold them.
///
/// # Errors
/// When the batch lacks a sort column.
pub fn is_sorted(batch: &RecordBatch, table: Table) -> Result<bool, LakeError> {
    let rows = SortKeys::new(table)?.of(batch)?;
    Ok((1..rows.num_rows()).all(|index| rows.row(index - 1) <= rows.row(index)))
}
