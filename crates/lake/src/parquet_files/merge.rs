//! Making one sorted file of several.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, RecordBatch, new_null_array};
use arrow::compute::interleave;
use arrow::row::{OwnedRow, Rows};

use super::cache::FileCache;
use super::field_ids::FieldIds;
use super::read::{Batches, ReadRequest, stream};
use super::sort::SortKeys;
use super::write::{DataFileInfo, FileWriter};
use crate::error::LakeError;
use crate::schema::Table;

/// Rows that are gathered before they are written.
const OUTPUT_ROWS: usize = 8192;
/// Rows of all inputs that are in memory at once, about: a row of a hundred columns takes half a
/// kilobyte even where they are empty.
const INPUT_ROWS: usize = 131_072;
/// Rows of one input that are in memory, at least.
const LEAST_INPUT_ROWS: usize = 512;

/// One of the files that are merged: the batch that is being taken from, and the next row of it.
struct Input {
    batches: Batches,
    batch: RecordBatch,
    rows: Rows,
    next: usize,
}

impl Input {
    /// The next batch that has rows; false at the end of the file.
    fn advance(&mut self, keys: &SortKeys) -> Result<bool, LakeError> {
        for batch in self.batches.by_ref() {
            let batch = batch?;
            if batch.num_rows() > 0 {
                self.rows = keys.of(&batch)?;
                self.batch = batch;
                self.next = 0;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Writes the rows of `inputs`, which are sorted, into one sorted file. Memory is bounded by a batch
/// of each input and a row group of the output. Rows with equal sort columns come in the order of the
/// inputs.
///
/// # Errors
/// When a file cannot be read or written, an input is not sorted, or rows would be lost.
pub fn merge(
    cache: &FileCache,
    inputs: &[PathBuf],
    output: &Path,
    table: Table,
    ids: &FieldIds,
) -> Result<DataFileInfo, LakeError> {
    let keys = SortKeys::new(table)?;
    let mut expected = 0;
    let mut open = Vec::new();
    let batch_rows = (INPUT_ROWS / inputs.len().max(1)).clamp(LEAST_INPUT_ROWS, OUTPUT_ROWS);
    let request = ReadRequest::all().batch_rows(batch_rows);
    for path in inputs {
        let file = cache.open(path)?;
        let metadata = file.metadata().metadata();
        expected += u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(0);
        let batches = stream(cache, &file, path, table, &request)?;
        let batch = RecordBatch::new_empty(table.schema());
        let rows = keys.of(&batch)?;
        let mut input = Input {
            batches,
            batch,
            rows,
            next: 0,
        };
        if input.advance(&keys)? {
            open.push(input);
        }
    }
    let size = usize::try_from(expected).unwrap_or(usize::MAX);
    let writer = FileWriter::new(cache.files(), output, table, ids, size)?;
    let info = Merge {
        table,
        keys,
        inputs: open,
        writer,
    }
    .run()?;
    if info.rows != expected {
        return Err(LakeError::Damaged {
            what: format!("a merge into {}", output.display()),
            reason: format!("it has {} rows where its inputs have {expected}", info.rows),
        });
    }
    Ok(info)
}

struct Merge<'a> {
    table: Table,
    keys: SortKeys,
    inputs: Vec<Input>,
    writer: FileWriter<'a>,
}

impl Merge<'_> {
    fn run(mut self) -> Result<DataFileInfo, LakeError> {
        let mut heap: BinaryHeap<Reverse<(OwnedRow, usize)>> = BinaryHeap::new();
        for (index, input) in self.inputs.iter().enumerate() {
            heap.push(Reverse((input.rows.row(0).owned(), index)));
        }
        let mut last: Option<OwnedRow> = None;
        let mut picked: Vec<(usize, usize)> = Vec::with_capacity(OUTPUT_ROWS);
        while let Some(Reverse((key, index))) = heap.pop() {
            if last.as_ref().is_some_and(|before| *before > key) {
                return Err(LakeError::Damaged {
                    what: "an input of a merge".to_owned(),
                    reason: "it is not sorted".to_owned(),
                });
            }
            let next_best = heap.peek().map(|Reverse((key, index))| (key.row(), *index));
            let input = &mut self.inputs[index];
            // Take the whole run that comes before every other input's next row.
            loop {
                picked.push((index, input.next));
                input.next += 1;
                if picked.len() >= OUTPUT_ROWS || input.next >= input.rows.num_rows() {
                    break;
                }
                let row = input.rows.row(input.next);
                if next_best.is_some_and(|best| (row, index) > best)
                    || row < input.rows.row(input.next - 1)
                {
                    break;
                }
            }
            last = Some(input.rows.row(input.next - 1).owned());
            let used_up = input.next >= input.rows.num_rows();
            if used_up || picked.len() >= OUTPUT_ROWS {
                self.pass_on(&mut picked)?;
            }
            let input = &mut self.inputs[index];
            if !used_up || input.advance(&self.keys)? {
                let key = input.rows.row(input.next).owned();
                heap.push(Reverse((key, index)));
            }
        }
        self.pass_on(&mut picked)?;
        self.writer.finish()
    }

    fn pass_on(&mut self, picked: &mut Vec<(usize, usize)>) -> Result<(), LakeError> {
        if picked.is_empty() {
            return Ok(());
        }
        let schema = self.table.schema();
        let columns = (0..schema.fields().len())
            .map(|index| self.gather(index, picked))
            .collect::<Result<Vec<_>, LakeError>>()?;
        picked.clear();
        self.writer.write(&RecordBatch::try_new(schema, columns)?)
    }

    fn gather(&self, column: usize, picked: &[(usize, usize)]) -> Result<ArrayRef, LakeError> {
        let arrays: Vec<&dyn Array> = self
            .inputs
            .iter()
            .map(|input| input.batch.column(column).as_ref())
            .collect();
        if arrays.iter().all(|array| array.null_count() == array.len()) {
            let data_type = self.table.schema().field(column).data_type().clone();
            return Ok(new_null_array(&data_type, picked.len()));
        }
        Ok(interleave(&arrays, picked)?)
    }
}
