//! What keeps the lake small and quick: merging small files, letting old snapshots go, removing
//! files that nothing needs.

use std::sync::Arc;

use crate::capture::{ROLLUPS, rollups_of};
use crate::catalog::MergeGroup;
use crate::engine::{Inner, Lake, erasing, keeping};
use crate::error::LakeError;

impl Lake {
    /// Merges small files, lets old snapshots go and removes what only they needed, as the background
    /// task does after a flush.
    ///
    /// # Errors
    /// When files or the catalog cannot be read or written; nothing is lost by it.
    pub async fn tidy(&self) -> Result<(), LakeError> {
        run(&self.inner).await
    }
}

/// Goes on with erasures, lets go what is too old, merges, expires, removes.
pub(crate) async fn run(inner: &Arc<Inner>) -> Result<(), LakeError> {
    erasing::go_on(inner).await?;
    keeping::run(inner).await?;
    for workspace in inner.catalog.workspaces() {
        for group in inner.catalog.merge_plan(&workspace, &inner.options.merge)? {
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

async fn merge(inner: &Arc<Inner>, workspace: &str, group: MergeGroup) -> Result<(), LakeError> {
    let _committing = inner.committing.lock().await;
    inner.check_durable()?;
    // A flush or another merge may have come since the plan was made; the next plan knows.
    let days = group.day..=group.day;
    let live = inner.files_of(workspace, group.table, days, Some(group.bucket), None);
    let is_live = |id: i64| live.iter().any(|file| file.id == id);
    if !group.files.iter().all(|file| is_live(file.id)) {
        return Ok(());
    }
    let (worker, name) = (Arc::clone(inner), workspace.to_owned());
    let (group, merged) = tokio::task::spawn_blocking(move || {
        let merged = worker.catalog.merge_files(&worker.cache, &name, &group);
        merged.map(|merged| (group, merged))
    })
    .await
    .map_err(|error| LakeError::Stopped(error.to_string()))??;
    inner.counters.wrote_files(std::slice::from_ref(&merged));
    let now = inner.now();
    let commit = inner
        .catalog
        .commit_merge(workspace, &group, merged, now)
        .await;
    inner.noted(commit)?;
    let mut state = inner.lock_state();
    if let Some(memory) = state.workspace_mut(workspace) {
        memory.files = inner.catalog.file_list(workspace).unwrap_or_default();
        memory.version += 1;
    }
    Ok(())
}

/// Removes files that a crash left behind before any snapshot knew them.
pub(crate) async fn remove_orphans(inner: &Arc<Inner>) -> Result<(), LakeError> {
    for path in inner.catalog.left_behind().await? {
        tracing::info!(path = %path.display(), "removing a file that was never committed");
        inner
            .options
            .files
            .remove(&path)
            .map_err(LakeError::io("remove", &path))?;
    }
    Ok(())
}

/// Removes files that no snapshot needs: a crash may have come between a commit and this.
pub(crate) async fn remove_leftovers(inner: &Arc<Inner>) -> Result<(), LakeError> {
    let expired = inner.catalog.expired_files().await?;
    let mut removed = Vec::new();
    for file in expired {
        inner.cache.forget(&file.path);
        // The file first: whoever writes roll-ups looks afterwards whether their file is still there.
        for path in [file.path.clone(), rollups_of(&file.path)] {
            if inner.options.files.exists(&path)
                && let Err(error) = inner.options.files.remove(&path)
                // Somebody else lets old snapshots go too.
                && error.kind() != std::io::ErrorKind::NotFound
            {
                return Err(LakeError::io("remove", &path)(error));
            }
        }
        removed.push(file.id);
    }
    if !removed.is_empty() {
        inner.catalog.forget_files(&removed).await?;
    }
    Ok(())
}

/// Removes roll-ups whose files are gone: somebody else may have let these go.
pub(crate) async fn remove_rollups(inner: &Arc<Inner>) -> Result<(), LakeError> {
    for path in inner.catalog.orphans().await? {
        if path
            .extension()
            .is_some_and(|extension| extension == ROLLUPS)
        {
            let removed = inner.options.files.remove(&path);
            removed.map_err(LakeError::io("remove", &path))?;
        }
    }
    Ok(())
}
