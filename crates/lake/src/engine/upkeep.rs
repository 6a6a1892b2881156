//! What keeps the lake small and quick: merging small files, letting old snapshots go, removing
//! files that nothing needs.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::capture::DataFile;
use crate::catalog::{NewFile, Transaction};
use crate::engine::Inner;
use crate::error::LakeError;
use crate::parquet_files;
use crate::schema::Table;

/// So many files of one partition are merged into one.
const MERGE_FILES: usize = 6;
/// A file of this size is left as it is.
const LARGE_BYTES: u64 = 256 << 20;

/// Merges, expires, removes.
pub(crate) async fn run(inner: &Arc<Inner>) -> Result<(), LakeError> {
    for workspace in inner.catalog.workspaces() {
        for group in groups(inner, &workspace) {
            merge(inner, &workspace, group).await?;
        }
    }
    let keep = i64::try_from(inner.options.keep_snapshots.as_micros()).unwrap_or(i64::MAX);
    let now = inner.now();
    inner
        .catalog
        .expire_snapshots(now.saturating_sub(keep), now)
        .await?;
    remove_leftovers(inner).await
}

struct Group {
    table: Table,
    files: Vec<Arc<DataFile>>,
}

/// Partitions with many small files. Sizes grow by steps, so that a row is rewritten a few times in
/// its life, not with each merge.
fn groups(inner: &Inner, workspace: &str) -> Vec<Group> {
    let Some(list) = inner.catalog.file_list(workspace) else {
        return Vec::new();
    };
    let mut groups = Vec::new();
    for table in Table::ALL {
        let mut partitions: BTreeMap<(i32, i32, &str, u32), Vec<Arc<DataFile>>> = BTreeMap::new();
        for file in list
            .files(table, None, None)
            .filter(|file| file.bytes < LARGE_BYTES)
        {
            // Files of about one size: each step is eight times the one before.
            let step = (file.rows.max(1).ilog2()) / 3;
            partitions
                .entry((file.day, file.bucket, &file.fact_set, step))
                .or_default()
                .push(file.clone());
        }
        groups.extend(
            partitions
                .into_values()
                .filter(|files| files.len() >= MERGE_FILES)
                .map(|files| Group { table, files }),
        );
    }
    groups
}

async fn merge(inner: &Arc<Inner>, workspace: &str, group: Group) -> Result<(), LakeError> {
    let _committing = inner.committing.lock().await;
    let Some(first) = group.files.first().cloned() else {
        return Ok(());
    };
    let (name, path) = inner
        .catalog
        .new_file(workspace, group.table, first.day, first.bucket);
    let ids = inner.catalog.field_ids(workspace, group.table)?;
    let inputs = group
        .files
        .iter()
        .map(|file| file.path.clone())
        .collect::<Vec<_>>();
    let worker = inner.clone();
    let info = tokio::task::spawn_blocking(move || {
        parquet_files::merge(&worker.cache, &inputs, &path, group.table, &ids)
    })
    .await
    .map_err(|error| LakeError::Stopped(error.to_string()))??;
    let merged = NewFile {
        table: group.table,
        name,
        info,
        day: first.day,
        bucket: first.bucket,
        fact_set: first.fact_set.clone(),
    };
    inner.counters.wrote_files(std::slice::from_ref(&merged));
    let transaction = Transaction {
        workspace: workspace.to_owned(),
        add: vec![merged],
        end: group.files.iter().map(|file| file.id).collect(),
        is_merge: true,
        now: inner.now(),
        message: "merge".to_owned(),
        ..Transaction::default()
    };
    inner.catalog.commit(transaction).await?;
    let mut state = inner.lock_state();
    if let Some(memory) = state.workspace_mut(workspace) {
        memory.files = inner.catalog.file_list(workspace).unwrap_or_default();
        memory.version += 1;
    }
    Ok(())
}

/// Removes files that no snapshot needs: a crash may have come between a commit and this.
pub(crate) async fn remove_leftovers(inner: &Arc<Inner>) -> Result<(), LakeError> {
    let expired = inner.catalog.expired_files().await?;
    let mut removed = Vec::new();
    for file in expired {
        inner.cache.forget(&file.path);
        if inner.options.files.exists(&file.path) {
            inner
                .options
                .files
                .remove(&file.path)
                .map_err(LakeError::io("remove", &file.path))?;
        }
        removed.push(file.id);
    }
    if !removed.is_empty() {
        inner.catalog.forget_files(&removed).await?;
    }
    Ok(())
}
