//! One file against what the catalog says of it.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Int32Type, TimestampMicrosecondType};
use arrow::row::{OwnedRow, Rows};
use upshot_core::event::conversation_hash;
use upshot_core::time::day_of;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::database::Columns;
use super::recount::Recount;
use super::{ProblemKind, Report, Seen, StoredFile};
use crate::engine::bucket_of;
use crate::error::LakeError;
use crate::parquet_files::read::{ReadRequest, stream};
use crate::parquet_files::sort::SortKeys;
use crate::parquet_files::{FileCache, OpenFile};
use crate::schema::Table;

const READ_BYTES: usize = 1 << 20;

/// A file that is checked.
pub(super) struct Check<'a> {
    pub(super) cache: &'a FileCache,
    pub(super) file: &'a StoredFile,
    pub(super) columns: &'a Columns,
    /// Into how many buckets conversations are spread, if their buckets are to be checked.
    pub(super) buckets: Option<u32>,
}

impl Check<'_> {
    pub(super) fn run(&self, seen: &mut Seen, report: &mut Report) -> Result<(), LakeError> {
        report.files += 1;
        report.bytes += self.file.bytes;
        if !self.content(report)? {
            return Ok(());
        }
        if !self.file.is_live {
            return Ok(());
        }
        let opened = match OpenFile::new(self.cache.files(), &self.file.path) {
            Ok(opened) => opened,
            Err(error) => {
                self.problem(report, ProblemKind::Unreadable, error.to_string());
                return Ok(());
            }
        };
        self.footer(&opened, report);
        if !self.has_columns(&opened, report) {
            return Ok(());
        }
        if let Err(error) = self.rows(&opened, seen, report) {
            self.problem(report, ProblemKind::Unreadable, error.to_string());
        }
        Ok(())
    }

    fn problem(&self, report: &mut Report, kind: ProblemKind, detail: impl Into<String>) {
        let file = self.file;
        let place = format!("data file {} at {}", file.id, file.path.display());
        report.add(kind, place, detail);
    }

    /// Whether the file is there with all its bytes.
    fn content(&self, report: &mut Report) -> Result<bool, LakeError> {
        let path = &self.file.path;
        let files = self.cache.files();
        if !files.exists(path) {
            self.problem(report, ProblemKind::MissingFile, "it is not there");
            return Ok(false);
        }
        let input = files.open(path).map_err(LakeError::io("open", path))?;
        let bytes = input.bytes().map_err(LakeError::io("read", path))?;
        if bytes != self.file.bytes {
            let detail = format!(
                "it has {bytes} bytes where the catalog says {}",
                self.file.bytes
            );
            self.problem(report, ProblemKind::Size, detail);
        }
        let mut hash = Xxh3::new();
        let mut buffer = vec![0; READ_BYTES];
        let mut position = 0;
        while position < bytes {
            let length = READ_BYTES.min(usize::try_from(bytes - position).unwrap_or(READ_BYTES));
            input
                .read_exact_at(&mut buffer[..length], position)
                .map_err(LakeError::io("read", path))?;
            hash.update(&buffer[..length]);
            position += length as u64;
        }
        if self.file.checksum.is_some_and(|sum| sum != hash.digest()) {
            self.problem(
                report,
                ProblemKind::Checksum,
                "its content is not what was written",
            );
        }
        Ok(true)
    }

    fn footer(&self, opened: &OpenFile, report: &mut Report) {
        let path = &self.file.path;
        let mut tail = [0; 4];
        let read = self.cache.files().open(path).and_then(|input| {
            let bytes = input.bytes()?;
            input.read_exact_at(&mut tail, bytes.saturating_sub(8))
        });
        let footer_bytes = u64::from(u32::from_le_bytes(tail));
        if read.is_err() || footer_bytes != self.file.footer_bytes {
            let detail = format!(
                "its footer has {footer_bytes} bytes where the catalog says {}",
                self.file.footer_bytes
            );
            self.problem(report, ProblemKind::Footer, detail);
        }
        let metadata = opened.metadata().metadata();
        let rows = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(0);
        if rows != self.file.rows {
            let detail = format!(
                "its footer says {rows} rows where the catalog says {}",
                self.file.rows
            );
            self.problem(report, ProblemKind::RowCount, detail);
        }
    }

    /// Whether the file has the columns that were there when it was written.
    fn has_columns(&self, opened: &OpenFile, report: &mut Report) -> bool {
        let key = (self.file.workspace.clone(), self.file.table);
        let schema = opened.metadata().schema();
        let mut complete = true;
        for (name, _, begin_snapshot) in self.columns.get(&key).into_iter().flatten() {
            let is_older = *begin_snapshot > self.file.begin_snapshot;
            if schema.field_with_name(name).is_err() && !is_older {
                let detail = format!("it lacks the column `{name}`");
                self.problem(report, ProblemKind::MissingColumn, detail);
                complete = false;
            }
        }
        complete
    }

    fn rows(
        &self,
        opened: &OpenFile,
        seen: &mut Seen,
        report: &mut Report,
    ) -> Result<(), LakeError> {
        let file = self.file;
        let keys = SortKeys::new(file.table)?;
        let mut recount = Recount::new(file.table, opened.metadata().schema());
        let mut last = None;
        let mut found = Found::default();
        let mut rows = 0_u64;
        let request = ReadRequest::all();
        for batch in stream(self.cache, opened, &file.path, file.table, &request)? {
            let batch = batch?;
            rows += batch.num_rows() as u64;
            recount.add(&batch);
            let order = keys.of(&batch)?;
            found.order(&order, &mut last);
            found.misplaced += self.misplaced(&batch);
            found.duplicates(file.table, &batch, seen);
        }
        report.rows += rows;
        if rows != file.rows {
            let detail = format!("it has {rows} rows where the catalog says {}", file.rows);
            self.problem(report, ProblemKind::RowCount, detail);
        }
        if found.unsorted {
            self.problem(report, ProblemKind::Unsorted, "its rows are not sorted");
        }
        if found.misplaced > 0 {
            let detail = format!(
                "{} rows belong to another day, bucket or fact set",
                found.misplaced
            );
            self.problem(report, ProblemKind::Partition, detail);
        }
        if let Some(id) = found.duplicate {
            let detail = format!("{} ids are there twice, as `{id}`", found.duplicate_count);
            self.problem(report, ProblemKind::Duplicate, detail);
        }
        let ids: BTreeMap<&str, i64> = self
            .columns
            .get(&(file.workspace.clone(), file.table))
            .into_iter()
            .flatten()
            .map(|(name, id, _)| (name.as_str(), *id))
            .collect();
        for (kind, detail) in recount.compare(&ids, &file.columns) {
            self.problem(report, kind, detail);
        }
        Ok(())
    }

    /// How many rows are not where they belong.
    fn misplaced(&self, batch: &RecordBatch) -> usize {
        let file = self.file;
        let time_column = match file.table {
            Table::Events | Table::Texts => "time",
            Table::Sessions => "start_time",
            Table::Messages | Table::Steps => "session_start",
        };
        let column = |name: &str| batch.column_by_name(name);
        let (Some(days), Some(buckets), Some(times)) =
            (column("day"), column("bucket"), column(time_column))
        else {
            return batch.num_rows();
        };
        let days = days.as_primitive::<Date32Type>();
        let buckets = buckets.as_primitive::<Int32Type>();
        let times = times.as_primitive::<TimestampMicrosecondType>();
        let conversations = column("conversation_id").map(|array| array.as_string::<i32>());
        let in_bucket = |row: usize| match (self.buckets, conversations) {
            (Some(buckets), Some(ids)) => {
                bucket_of(conversation_hash(&file.workspace, ids.value(row)), buckets)
                    == file.bucket
            }
            _ => true,
        };
        let fact_sets = column("fact_set").map(|array| array.as_string::<i32>());
        (0..batch.num_rows())
            .filter(|row| {
                let fact_set = fact_sets.is_none_or(|array| {
                    array.is_valid(*row) && is_part_of(array.value(*row), &file.fact_set)
                });
                days.value(*row) != file.day
                    || buckets.value(*row) != file.bucket
                    || day_of(times.value(*row)) != file.day
                    || !fact_set
                    || !in_bucket(*row)
            })
            .count()
    }
}

/// What was found in the rows of a file.
#[derive(Default)]
struct Found {
    unsorted: bool,
    misplaced: usize,
    duplicate: Option<String>,
    duplicate_count: u64,
}

impl Found {
    fn order(&mut self, rows: &Rows, last: &mut Option<OwnedRow>) {
        let Some(end) = rows.num_rows().checked_sub(1) else {
            return;
        };
        self.unsorted |= last.as_ref().is_some_and(|row| row.row() > rows.row(0));
        self.unsorted |= (0..end).any(|index| rows.row(index) > rows.row(index + 1));
        *last = Some(rows.row(end).owned());
    }

    fn duplicates(&mut self, table: Table, batch: &RecordBatch, seen: &mut Seen) {
        let name = match table {
            Table::Events | Table::Texts => "event_id",
            Table::Sessions => "session_id",
            // An event can make several steps; messages and steps follow their session.
            Table::Messages | Table::Steps => return,
        };
        let Some(ids) = batch.column_by_name(name) else {
            return;
        };
        for id in ids.as_string::<i32>().iter().flatten() {
            if !seen.ids.insert(xxh3_128(id.as_bytes())) {
                self.duplicate_count += 1;
                self.duplicate.get_or_insert_with(|| id.to_owned());
            }
        }
    }
}

/// Whether a row's facts, made by one profile, belong to a fact set: the facts of a workspace, made by
/// one profile or by several, written as `PROFILE` or `SOURCE=PROFILE`, with `;` between them.
fn is_part_of(profile: &str, fact_set: &str) -> bool {
    fact_set
        .split(';')
        .any(|part| part.rsplit('=').next() == Some(profile))
}
