//! Late events change facts that are in files: the files that hold them end, and their other rows
//! move on into the new ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::TimestampMicrosecondType;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::engine::Inner;
use crate::engine::build::{Job, Rows};
use crate::engine::overlay::{days_of, stretches_around};
use crate::engine::sets::FactSet;
use crate::error::LakeError;
use crate::parquet_files::{Keys, contains_any};
use crate::schema::Table;

/// What is made anew in one partition: the conversations, each with the stretches of time in which
/// its sessions start.
type Anew<'a> = FxHashMap<&'a str, Arc<Vec<(i64, i64)>>>;

/// Adds to `rows` what stays of the files of this set in which some facts are replaced by those of sealed jobs;
/// gives the files that end.
pub(crate) fn keep_other_rows(
    inner: &Inner,
    workspace: &str,
    set: &FactSet,
    jobs: &[Job],
    gap: i64,
    rows: &mut Rows,
) -> Result<Vec<i64>, LakeError> {
    let mut by_partition: BTreeMap<(i32, i32), Anew<'_>> = BTreeMap::new();
    for job in jobs {
        let Some((first, end)) = job.rewrites(set.id) else {
            continue;
        };
        // Only what was folded anew is written anew: nothing before the cut from which it was, nor after
        // the one up to which it is written.
        let times = job.events.iter().map(|event| event.time);
        let stretches: Vec<(i64, i64)> = stretches_around(times.filter(|time| *time >= first), gap)
            .into_iter()
            .map(|(from, to)| (from.max(first), to.min(end - 1)))
            .filter(|(from, to)| from <= to)
            .collect();
        let stretches = Arc::new(stretches);
        for day in stretches.iter().copied().flat_map(days_of) {
            by_partition
                .entry((day, job.bucket))
                .or_default()
                .insert(&job.conversation_id, stretches.clone());
        }
    }
    let mut ended = Vec::new();
    for ((day, bucket), anew) in by_partition {
        for table in Table::FACTS {
            let keys = Keys::new("conversation_id", anew.keys().copied());
            for file in inner.files_of(workspace, table, day..=day, Some(bucket), Some(&set.name)) {
                if contains_any(&inner.cache, &file.path, table, &keys)?.is_empty() {
                    continue;
                }
                for batch in inner.read_whole(&file, table)? {
                    let kept = without(&batch, table, &anew)?;
                    if kept.num_rows() > 0 {
                        rows.entry((table, day, bucket)).or_default().push(kept);
                    }
                }
                ended.push(file.id);
            }
        }
    }
    Ok(ended)
}

/// The rows that are of none of these sessions.
pub(crate) fn without_sessions(
    batch: &RecordBatch,
    table: Table,
    sessions: &FxHashSet<Box<str>>,
) -> Result<RecordBatch, LakeError> {
    let ids = batch
        .column_by_name("session_id")
        .ok_or_else(|| LakeError::Damaged {
            what: format!("a file of {}", table.name()),
            reason: "it lacks the column session_id".to_owned(),
        })?;
    let ids = ids.as_string::<i32>();
    let keep: BooleanArray = ids
        .iter()
        .map(|id| Some(id.is_none_or(|id| !sessions.contains(id))))
        .collect();
    Ok(filter_record_batch(batch, &keep)?)
}

/// The rows that are not made anew.
fn without(batch: &RecordBatch, table: Table, anew: &Anew<'_>) -> Result<RecordBatch, LakeError> {
    let start = if table == Table::Sessions {
        "start_time"
    } else {
        "session_start"
    };
    let missing = |column: &str| LakeError::Damaged {
        what: format!("a file of {}", table.name()),
        reason: format!("it lacks the column {column}"),
    };
    let conversations = batch
        .column_by_name("conversation_id")
        .ok_or_else(|| missing("conversation_id"))?;
    let conversations = conversations.as_string::<i32>();
    let starts = batch.column_by_name(start).ok_or_else(|| missing(start))?;
    let starts = starts.as_primitive::<TimestampMicrosecondType>();
    let keep: BooleanArray = (0..batch.num_rows())
        .map(|row| {
            let replaced = anew.get(conversations.value(row)).is_some_and(|stretches| {
                stretches
                    .iter()
                    .any(|(from, to)| (*from..=*to).contains(&starts.value(row)))
            });
            Some(!replaced)
        })
        .collect();
    Ok(filter_record_batch(batch, &keep)?)
}
