//! Clearing: all that a workspace holds of one source goes, where it holds nothing else.
//!
//! 1. Everything is flushed, so that the log holds nothing that files do not.
//! 2. While nobody else commits: whoever said all that is in memory and files must be the source.
//! 3. One transaction ends all files, forgets what was dirty and what folds go on from, and moves the marks past
//!    everything of the log that the files held. A crash before it has changed nothing, one after it brings
//!    nothing back.
//! 4. Under the lock: what was in files leaves memory too. A query sees the switch as one. Events that came in
//!    meanwhile are in no file and stay.

use std::sync::Arc;

use upshot_core::event::SourceEvent;
use upshot_core::{EventView, Record, Session};

use crate::catalog::{FileList, Marks, Transaction};
use crate::engine::cuts::Cuts;
use crate::engine::state::{EVENT_OVERHEAD, StoredEvent, Workspace};
use crate::engine::{Inner, Lake, check_workspace_name, flush};
use crate::error::LakeError;
use crate::schema::{BatchReader, Table};

/// So often it is tried to find a moment in which no event waits to be written to a file.
const TRIES: usize = 20;

/// What was cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cleared {
    /// How many events.
    pub events: u64,
    /// How many sessions, in the active fact set.
    pub sessions: u64,
}

impl Lake {
    /// Removes all events and facts of a workspace, if all of them are of this source. It is durable when this
    /// returns; the files themselves go when the snapshots that hold them expire.
    ///
    /// # Errors
    /// [`LakeError::ClearingRefused`] when there are events of other sources, or events keep coming in; when files
    /// or the catalog cannot be read or written.
    pub async fn clear(&self, workspace: &str, source: &str) -> Result<Cleared, LakeError> {
        check_workspace_name(workspace)?;
        let inner = &self.inner;
        for _ in 0..TRIES {
            flush::flush_all(inner, false).await?;
            let _committing = inner.committing.lock().await;
            inner.check_durable()?;
            let Some(files) = inner.catalog.file_list(workspace) else {
                return Ok(Cleared::default());
            };
            let Some(sequence) = at_rest(inner, workspace) else {
                continue;
            };
            let (worker, name, only) = (inner.clone(), workspace.to_owned(), source.to_owned());
            let list = files.clone();
            tokio::task::spawn_blocking(move || check(&worker, &name, &list, &only))
                .await
                .map_err(|error| LakeError::Stopped(error.to_string()))??;
            return clear(inner, workspace, &files, sequence).await;
        }
        Err(LakeError::ClearingRefused(format!(
            "events of workspace `{workspace}` keep coming in; stop what sends them, then try again"
        )))
    }
}

/// The log's position up to which everything of the workspace is in files; nothing where some is not.
fn at_rest(inner: &Inner, workspace: &str) -> Option<u64> {
    let state = inner.lock_state();
    let waiting = state
        .workspace(workspace)
        .is_some_and(|workspace| workspace.unflushed_events > 0);
    (!waiting).then_some(state.applied_sequence)
}

/// Refuses where a file holds what another source said.
fn check(inner: &Inner, workspace: &str, files: &FileList, only: &str) -> Result<(), LakeError> {
    let other = |found: Option<&str>| {
        let found = found.map_or_else(|| "no source".to_owned(), |found| format!("`{found}`"));
        LakeError::ClearingRefused(format!(
            "workspace `{workspace}` holds events of {found}, not only of `{only}`; nothing was cleared"
        ))
    };
    for file in files.files(Table::Events, None, None) {
        for batch in inner.read_columns(file, Table::Events, &["source"])? {
            let reader = BatchReader::new::<upshot_core::Event>(&batch)?;
            for row in 0..reader.len() {
                let event = SourceEvent(reader.row(row));
                if event.source() != Some(only) {
                    return Err(other(event.source()));
                }
            }
        }
    }
    // Facts of events that are no longer kept.
    for file in files.files(Table::Sessions, None, None) {
        for batch in inner.read_columns(file, Table::Sessions, &["source"])? {
            let reader = BatchReader::new::<Session>(&batch)?;
            for row in 0..reader.len() {
                let session = Session::read(&reader.row(row));
                if session.source.as_deref() != Some(only) {
                    return Err(other(session.source.as_deref()));
                }
            }
        }
    }
    Ok(())
}

async fn clear(
    inner: &Arc<Inner>,
    name: &str,
    files: &FileList,
    sequence: u64,
) -> Result<Cleared, LakeError> {
    let sets = inner.sets(name);
    let active = &*sets.active().name;
    let events = files.files(Table::Events, None, None);
    let sessions = files.files(Table::Sessions, None, Some(active));
    let cleared = Cleared {
        events: events.map(|file| file.rows).sum(),
        sessions: sessions.map(|file| file.rows).sum(),
    };
    let live = Table::ALL.iter();
    let live = live.flat_map(|table| files.files(*table, None, None));
    let change = Transaction {
        workspace: name.to_owned(),
        end: live.map(|file| file.id).collect(),
        marks: Some(Marks {
            events: sequence,
            facts: sequence,
        }),
        forget_conversations: true,
        fact_sets_remove: sets.kept.iter().map(ToString::to_string).collect(),
        now: inner.now(),
        message: "clear".to_owned(),
        ..Transaction::default()
    };
    inner.commit(change).await?;
    let mut state = inner.lock_state();
    if let Some(workspace) = state.workspace_mut(name) {
        workspace.forget_filed();
        workspace.files = inner.catalog.file_list(name).unwrap_or_default();
    }
    Ok(cleared)
}

impl Workspace {
    /// Lets go of all that is in files; what is in none stays, as if it had come first.
    fn forget_filed(&mut self) {
        Arc::make_mut(&mut self.sets).kept.clear();
        let mut gone: Vec<StoredEvent> = Vec::new();
        self.version += 1;
        let version = self.version;
        for shard in &mut self.shards {
            shard.changed();
            shard.conversations.retain(|_, conversation| {
                Arc::make_mut(&mut conversation.events).retain(|event| {
                    if event.flushed {
                        gone.push(event.clone());
                    }
                    !event.flushed
                });
                conversation.cuts = Cuts::default();
                conversation.replaced.clear();
                conversation.complete = false;
                conversation.sessions_known = false;
                conversation.version = version;
                !conversation.events.is_empty()
            });
        }
        for event in gone {
            self.ids.remove(&event.id_hash);
            let cost = event.bytes.len() + EVENT_OVERHEAD;
            self.memory_bytes = self.memory_bytes.saturating_sub(cost);
        }
    }
}
