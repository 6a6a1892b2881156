//! Events as they are kept, with what was written.

use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::TimestampMicrosecondType;
use futures::StreamExt;
use rustc_hash::FxHashSet;
use upshot_core::time::day_of;
use upshot_lake::{DataFile, Table};

use super::{Job, Sink};
use crate::engine::captured;
use crate::error::QueryError;
use crate::exists::with_row;
use crate::filter::Predicate;
use crate::join::session_hash;
use crate::pass::Resources;
use crate::query::EnvironmentChoice;
use crate::query::scope::in_environment;
use crate::registry::Subject;
use crate::scan::{Bound, plan_within};
use crate::texts::{Keys, Texts};
use crate::time::Range;

/// By which columns the texts of events are found.
const KEYS: [&str; 3] = ["event_id", "conversation_id", "time"];

/// Of which conversations events are given on, by a hash of their ids.
#[derive(Default)]
struct Conversations {
    /// Of these only, where there is such a set.
    only: Option<FxHashSet<u128>>,
    /// Not of these.
    without: FxHashSet<u128>,
}

impl Conversations {
    /// Those with a session that the filters select. Traffic is a matter of sessions: a conversation is a
    /// test if one of its sessions is.
    async fn of(job: &Job, resources: &Resources) -> Result<Self, QueryError> {
        let tests = in_environment(EnvironmentChoice::Test);
        let mut found = Self::default();
        let mut only = job.filter.clone();
        match job.environment {
            EnvironmentChoice::All => {}
            EnvironmentChoice::Test => only = only.and(tests),
            EnvironmentChoice::Production => {
                found.without = Self::with(tests, job, resources).await?;
            }
        }
        if only != Predicate::Constant(true) {
            found.only = Some(Self::with(only, job, resources).await?);
        }
        Ok(found)
    }

    async fn with(
        selection: Predicate,
        job: &Job,
        resources: &Resources,
    ) -> Result<FxHashSet<u128>, QueryError> {
        let (subject, traffic) = (Subject::Sessions, job.environment);
        let of = "conversation_id";
        with_row(subject, of, selection, traffic, &job.capture, resources).await
    }

    fn admit(&self, ids: &StringArray, row: usize) -> bool {
        let all = self.only.is_none() && self.without.is_empty();
        all || {
            let hash = session_hash(ids.value(row));
            !self.without.contains(&hash)
                && self.only.as_ref().is_none_or(|only| only.contains(&hash))
        }
    }
}

/// Gives on events that happened in the range.
pub(super) async fn export(
    job: &Job,
    resources: &Resources,
    sink: &mut Sink,
) -> Result<(), QueryError> {
    let events = captured(&job.capture, Table::Events)?;
    let texts = Texts::new(&job.capture, job.outputs.texts(), resources)?;
    let conversations = Conversations::of(job, resources).await?;
    let range = job.range;
    let mut files: Vec<&DataFile> = events
        .files
        .iter()
        .filter(|file| may_hold(file, range))
        .collect();
    files.sort_by_key(|file| (file.day, file.bucket, file.id));
    let memory = events.memory.iter().map(|batch| batch.num_rows() as u64);
    sink.expect(memory.sum::<u64>() + files.iter().map(|file| file.rows).sum::<u64>());
    let mut columns = job.outputs.rows();
    columns.extend(KEYS);
    let within = [Bound::Time("time", range.from, range.to.saturating_sub(1))];
    let selected = |batch: &RecordBatch| selected(batch, range, &conversations);
    for file in files {
        let (table, one) = (Table::Events, std::iter::once(file));
        resources.load_footers(table, one).await?;
        let plan = plan_within(table, &[file], &columns, &within, &resources.footers)?;
        let mut stream = plan.execute(0, Arc::clone(&resources.context))?;
        while let Some(batch) = stream.next().await {
            give(job, &selected(&batch?)?, &texts, Some(file.bucket), sink).await?;
        }
        sink.read(file.rows);
    }
    for batch in &events.memory {
        give(job, &selected(batch)?, &texts, None, sink).await?;
    }
    Ok(())
}

/// Whether events of the range may lie in a file: it holds those of one day.
fn may_hold(file: &DataFile, range: Range) -> bool {
    let from = (range.from != i64::MIN).then(|| day_of(range.from));
    let last = (range.to != i64::MAX).then(|| day_of(range.to.saturating_sub(1)));
    from.is_none_or(|from| file.day >= from) && last.is_none_or(|last| file.day <= last)
}

/// The events of a batch that are given on.
fn selected(
    batch: &RecordBatch,
    range: Range,
    conversations: &Conversations,
) -> Result<RecordBatch, QueryError> {
    let times = batch.column_by_name("time");
    let times = times.and_then(|times| times.as_primitive_opt::<TimestampMicrosecondType>());
    let ids = batch.column_by_name("conversation_id");
    let ids = ids.and_then(|ids| ids.as_string_opt::<i32>());
    let Some((times, ids)) = times.zip(ids) else {
        return Ok(batch.slice(0, 0));
    };
    let selected: BooleanArray = (0..batch.num_rows())
        .map(|row| {
            let time = times.value(row);
            Some(range.from <= time && time < range.to && conversations.admit(ids, row))
        })
        .collect();
    Ok(filter_record_batch(batch, &selected)?)
}

async fn give(
    job: &Job,
    rows: &RecordBatch,
    texts: &Texts<'_>,
    bucket: Option<i32>,
    sink: &mut Sink,
) -> Result<(), QueryError> {
    if rows.num_rows() == 0 {
        return Ok(());
    }
    let found = match Keys::of(rows, KEYS) {
        Some(keys) => texts.of(&keys, bucket).await?,
        None => Vec::new(),
    };
    sink.give(&job.outputs.project(rows, &found)?).await
}
