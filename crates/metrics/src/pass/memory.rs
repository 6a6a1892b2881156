//! The rows in memory, as passes read them.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;

use super::read::{Asked, Memory};
use super::{Resources, Source};
use crate::columns::Columns;
use crate::error::QueryError;
use crate::provide::Partition;
use crate::run::worker::Shape;

/// Batches with fewer rows are put together until they have so many: what a batch costs beside its rows is paid by each
/// pass for each of them, and memory keeps the rows of each of its parts by themselves.
const ENOUGH_ROWS: usize = 1024;

impl Source<'_> {
    /// What is read of the rows in memory, in which each pass takes its own.
    pub(super) async fn memory(
        &self,
        bases: &[Shape],
        resources: &Resources,
    ) -> Result<Memory, QueryError> {
        let reading = self.reading(bases);
        let partition = Partition {
            session_files: Vec::new(),
            session_memory: self.sessions.memory.clone(),
        };
        let appenders = match self.rows.memory.is_empty() {
            true => Vec::new(),
            false => {
                reading
                    .enter(&self.providers, &partition, resources)
                    .await?
            }
        };
        let asked = bases.iter().enumerate().map(|(pass, base)| Asked {
            pass,
            variant: 0,
            shape: Arc::new(base.clone()),
            keep: None,
        });
        let batches = put_together(&self.rows.memory, &reading.stored())?;
        Ok(Memory {
            asked: asked.collect(),
            batches,
            reading,
            appenders,
        })
    }
}

/// The batches with these of their columns, the small ones put together.
fn put_together(
    batches: &[RecordBatch],
    columns: &Columns,
) -> Result<Vec<RecordBatch>, QueryError> {
    let mut together = Vec::new();
    let mut small = Vec::new();
    let mut rows = 0;
    for batch in batches {
        let schema = batch.schema();
        let places: Vec<usize> = columns
            .iter()
            .filter_map(|column| schema.index_of(column).ok())
            .collect();
        let batch = batch.project(&places)?;
        // What is large is not copied.
        if batch.num_rows() >= ENOUGH_ROWS {
            together.push(batch);
            continue;
        }
        rows += batch.num_rows();
        small.push(batch);
        if rows >= ENOUGH_ROWS {
            together.push(as_one(&small)?);
            small.clear();
            rows = 0;
        }
    }
    if !small.is_empty() {
        together.push(as_one(&small)?);
    }
    Ok(together)
}

fn as_one(batches: &[RecordBatch]) -> Result<RecordBatch, QueryError> {
    Ok(concat_batches(&batches[0].schema(), batches)?)
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array, StringArray};

    use super::*;

    fn batch(numbers: std::ops::Range<i64>) -> RecordBatch {
        let names: StringArray = numbers.clone().map(|n| Some(n.to_string())).collect();
        let numbers: Int64Array = numbers.map(Some).collect();
        let columns: [(_, ArrayRef); 2] =
            [("name", Arc::new(names)), ("number", Arc::new(numbers))];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    #[test]
    fn small_batches_become_one_and_keep_their_order() {
        let enough = ENOUGH_ROWS as i64;
        let batches = [
            batch(0..3),
            batch(3..5),
            batch(5..enough),
            batch(enough..enough + 1),
        ];
        let found = put_together(&batches, &Columns::from(["number"])).unwrap();
        let rows: Vec<usize> = found.iter().map(RecordBatch::num_rows).collect();
        assert_eq!(rows, [ENOUGH_ROWS, 1]);
        assert_eq!(found[0].num_columns(), 1);
        let numbers = found[0].column(0).as_any().downcast_ref::<Int64Array>();
        assert!(numbers.unwrap().values().iter().copied().eq(0..enough));
        let none = put_together(&[], &Columns::from(["number"])).unwrap();
        assert!(none.is_empty());
    }

    #[test]
    fn a_large_batch_is_not_copied() {
        let batches = [batch(0..3), batch(3..3 + ENOUGH_ROWS as i64)];
        let found = put_together(&batches, &Columns::from(["number"])).unwrap();
        let rows: Vec<usize> = found.iter().map(RecordBatch::num_rows).collect();
        assert_eq!(rows, [ENOUGH_ROWS, 3]);
        let is_same = Arc::ptr_eq(found[0].column(0), batches[1].column(1));
        assert!(is_same);
    }
}
