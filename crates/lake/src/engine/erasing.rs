//! Erasing: of all conversations in which some users took part nothing is left, and they do not come back.
//!
//! 1. The users' keyed hashes and the wish are written down. From here on nothing of them comes in.
//! 2. What is in memory is flushed. While nobody else commits, their conversations are found in the files; nothing of
//!    these comes in any more either.
//! 3. One transaction ends the files that hold some of it, adds what is left of them, and takes it out of what is dirty
//!    and of the carries. A crash before it has taken nothing away, one after it brings nothing back.
//! 4. Under the lock: it leaves memory. A query sees the switch as one.
//! 5. What is left of it where no query looks goes: the log, old snapshots and their files, files of rejected records,
//!    deleted rows of the catalog. Then it is looked for again.
//!
//! Where this breaks off after the first step, it goes on after the next opening or flush. The ids are not known then:
//! the hashes of all users are compared.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::oneshot;

use crate::catalog::{Erase, LAST_TIME, Transaction};
use crate::engine::erased::Hash;
use crate::engine::erasure::{Erasure, ErasureRequest, Foreseen};
use crate::engine::holding::{Conversations, Plan, Wanted, find, hold, plan, rows_of, sessions_of};
use crate::engine::ingest::Command;
use crate::engine::open::Layout;
use crate::engine::{Inner, Lake, check_workspace_name, flush, upkeep};
use crate::error::LakeError;
use crate::parquet_files::Keys;
use crate::schema::Table;

/// So often it is tried to find a moment in which no event of the conversations waits to be written to a file.
const TRIES: usize = 20;

impl Lake {
    /// Erases users: all conversations in which they took part go, with everything that was made of them, and do not
    /// come back. When this returns nothing of it is left in the data directory. What others keep by session is theirs
    /// to remove: [`Lake::unsettled_erasures`], then [`Lake::settle_erasure`].
    ///
    /// # Errors
    /// When files, log or catalog cannot be read or written. What was begun goes on later.
    pub async fn erase(
        &self,
        workspace: &str,
        request: ErasureRequest,
    ) -> Result<Erasure, LakeError> {
        check_workspace_name(workspace)?;
        let inner = &self.inner;
        let _erasing = inner.erasing.lock().await;
        inner.check_durable()?;
        let now = inner.now();
        {
            let _committing = inner.committing.lock().await;
            inner.catalog.create_workspace(workspace, now).await?;
        }
        let erasure = Erasure {
            id: random_id()?,
            users: request.users,
            by: request.by,
            reason: request.reason,
            asked: now,
            ..Erasure::default()
        };
        let users = request.ids.iter();
        let hashes: Vec<Hash> = users.map(|id| inner.keyed.user(workspace, id)).collect();
        let stored = erasure.to_stored(Vec::new())?;
        inner.erasures_open.store(true, Ordering::SeqCst);
        let begun = inner.catalog.begin_erasure(workspace, &hashes, &stored);
        inner.noted(begun.await)?;
        inner.lock_state().erased.add(workspace, hashes);
        let wanted = Wanted::Users(Keys::new("user_id", request.ids));
        carry_out(inner, workspace, erasure, Vec::new(), wanted).await
    }

    /// What erasing users would take away.
    ///
    /// # Errors
    /// When files cannot be read or written.
    pub async fn foresee_erasure(
        &self,
        workspace: &str,
        ids: &[String],
    ) -> Result<Foreseen, LakeError> {
        check_workspace_name(workspace)?;
        flush::flush_all(&self.inner, false).await?;
        let (inner, name) = (self.inner.clone(), workspace.to_owned());
        let wanted = Wanted::Users(Keys::new("user_id", ids.iter().cloned()));
        blocking(move || {
            let files = inner.catalog.file_list(&name).unwrap_or_default();
            let found = find(&inner, &name, &files, &wanted)?;
            let held = hold(&inner, &files, &found)?;
            let sessions = sessions_of(&inner, &name, &held, &found)?;
            Ok(Foreseen {
                conversations: found.len() as u64,
                events: rows_of(&held, Table::Events),
                sessions: sessions.active,
                files: held.len() as u64,
            })
        })
        .await
    }

    /// The proofs of all erasures in a workspace, the newest first.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn erasures(&self, workspace: &str) -> Result<Vec<Erasure>, LakeError> {
        let stored = self.inner.catalog.erasures(workspace).await?;
        stored.iter().rev().map(Erasure::from_stored).collect()
    }

    /// Erasures of which others are still to be told, each with the ids of the sessions that are gone.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn unsettled_erasures(
        &self,
        workspace: &str,
    ) -> Result<Vec<(Erasure, Vec<String>)>, LakeError> {
        let mut unsettled = Vec::new();
        for stored in self.inner.catalog.erasures(workspace).await? {
            let erasure = Erasure::from_stored(&stored)?;
            if erasure.verified && erasure.finished.is_none() {
                unsettled.push((erasure, stored.sessions));
            }
        }
        Ok(unsettled)
    }

    /// Says that others have removed what they kept of the sessions of an erasure: so many notes and labels. Then all is
    /// done.
    ///
    /// # Errors
    /// When the catalog cannot be written.
    pub async fn settle_erasure(
        &self,
        workspace: &str,
        mut erasure: Erasure,
        remarks: u64,
    ) -> Result<Erasure, LakeError> {
        erasure.remarks = remarks;
        erasure.finished = Some(self.inner.now());
        let stored = erasure.to_stored(Vec::new())?;
        let saved = self.inner.catalog.save_erasure(workspace, &stored).await;
        self.inner.noted(saved)?;
        Ok(erasure)
    }
}

fn random_id() -> Result<String, LakeError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| {
        let none = std::io::Error::other(error.to_string());
        LakeError::io("draw an id for", "an erasure")(none)
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LakeError> + Send + 'static,
) -> Result<T, LakeError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| LakeError::Stopped(error.to_string()))?
}

/// Reads who was erased, and whether an erasure is to go on.
pub(crate) async fn load(inner: &Inner) -> Result<(), LakeError> {
    for name in inner.catalog.workspaces() {
        let hashes = inner.catalog.erased(&name).await?;
        let erasures = inner.catalog.erasures(&name).await?;
        let mut state = inner.lock_state();
        if !hashes.is_empty() {
            state.erased.add(&name, hashes);
        }
        for stored in erasures {
            let erasure = Erasure::from_stored(&stored)?;
            if !erasure.verified {
                inner.erasures_open.store(true, Ordering::SeqCst);
            }
            if erasure.removed.is_none() {
                state.erased.asked.insert(name.as_str().into());
            }
        }
    }
    Ok(())
}

/// Brings erasures to their end that were begun.
pub(crate) async fn go_on(inner: &Arc<Inner>) -> Result<(), LakeError> {
    if !inner.erasures_open.load(Ordering::SeqCst) {
        return Ok(());
    }
    // Whoever erases brings it to its end.
    let Ok(_erasing) = inner.erasing.try_lock() else {
        return Ok(());
    };
    for name in inner.catalog.workspaces() {
        for stored in inner.catalog.erasures(&name).await? {
            let erasure = Erasure::from_stored(&stored)?;
            if !erasure.verified {
                let list = inner.lock_state().erased.list(&name).unwrap_or_default();
                let wanted = Wanted::Listed(list);
                carry_out(inner, &name, erasure, stored.sessions, wanted).await?;
            }
        }
    }
    inner.erasures_open.store(false, Ordering::SeqCst);
    Ok(())
}

async fn carry_out(
    inner: &Arc<Inner>,
    workspace: &str,
    mut erasure: Erasure,
    mut sessions: Vec<String>,
    wanted: Wanted,
) -> Result<Erasure, LakeError> {
    let mut gone = Conversations::default();
    if erasure.removed.is_none() {
        (gone, sessions) = remove(inner, workspace, &mut erasure, &wanted).await?;
    }
    empty_log(inner).await?;
    forget_snapshots(inner, workspace).await?;
    erasure.rejected_files += remove_rejected(inner, workspace)?;
    if !inner.noted(inner.catalog.purge().await)? {
        return Err(unfinished(
            workspace,
            "another program reads the catalog; it goes on when that has ended",
        ));
    }
    let (worker, name) = (inner.clone(), workspace.to_owned());
    let left = blocking(move || is_left(&worker, &name, &wanted, &gone)).await?;
    if left {
        return Err(unfinished(
            workspace,
            "some of it was found again; it is tried again after the next flush",
        ));
    }
    erasure.verified = true;
    let stored = erasure.to_stored(sessions)?;
    inner.noted(inner.catalog.save_erasure(workspace, &stored).await)?;
    Ok(erasure)
}

fn unfinished(workspace: &str, why: &str) -> LakeError {
    LakeError::ErasureUnfinished(format!(
        "the erasure in workspace `{workspace}` is not at its end: {why}"
    ))
}

/// Waits until all that came in before is in memory, and begins another segment of the log; removes those in which
/// nothing is past `mark`.
async fn turn(inner: &Inner, mark: u64) -> Result<(), LakeError> {
    let (reply, answer) = oneshot::channel();
    inner.send(Command::Turn(mark, reply))?;
    answer
        .await
        .map_err(|_| LakeError::Stopped("the lake is closed".to_owned()))?
}

/// Takes it out of files and memory; gives the conversations, and the ids of the sessions that were made of them.
async fn remove(
    inner: &Arc<Inner>,
    workspace: &str,
    erasure: &mut Erasure,
    wanted: &Wanted,
) -> Result<(Conversations, Vec<String>), LakeError> {
    for _ in 0..TRIES {
        turn(inner, 0).await?;
        flush::flush_all(inner, false).await?;
        let _committing = inner.committing.lock().await;
        inner.check_durable()?;
        let files = inner.catalog.file_list(workspace).unwrap_or_default();
        let (worker, name, who) = (inner.clone(), workspace.to_owned(), wanted.clone());
        let list = files.clone();
        let found = blocking(move || find(&worker, &name, &list, &who)).await?;
        let hashes: Vec<Hash> = found
            .keys()
            .map(|id| inner.keyed.conversation(workspace, id))
            .collect();
        let listed = hashes.iter().copied();
        inner.lock_state().erased.add(workspace, listed);
        // What passed before that is in memory now.
        turn(inner, 0).await?;
        if waits(inner, workspace, &found) {
            continue;
        }
        let (worker, name) = (inner.clone(), workspace.to_owned());
        let (plan, found) = blocking(move || {
            let plan = plan(&worker, &name, &files, &found);
            plan.map(|plan| (plan, found))
        })
        .await?;
        let sessions = take_away(inner, workspace, erasure, plan, (&found, hashes)).await?;
        return Ok((found, sessions));
    }
    Err(unfinished(
        workspace,
        "events of the conversations keep coming in; it is tried again after the next flush",
    ))
}

/// Whether an event of the conversations is in no file yet.
fn waits(inner: &Inner, workspace: &str, found: &Conversations) -> bool {
    let state = inner.lock_state();
    let Some(memory) = state.workspace(workspace) else {
        return false;
    };
    found.keys().any(|id| {
        let known = memory.conversation(id);
        known.is_some_and(|known| known.events.iter().any(|event| !event.flushed))
    })
}

/// The transaction, and memory after it; gives the ids of the sessions that are gone.
async fn take_away(
    inner: &Arc<Inner>,
    name: &str,
    erasure: &mut Erasure,
    plan: Plan,
    (found, hashes): (&Conversations, Vec<Hash>),
) -> Result<Vec<String>, LakeError> {
    let now = inner.now();
    erasure.conversations = found.len() as u64;
    erasure.events = rows_of(&plan.held, Table::Events);
    erasure.sessions = plan.sessions.active;
    erasure.files = plan.held.len() as u64;
    erasure.removed = Some(now);
    let sessions = plan.sessions.all;
    let kept_gone = plan.kept_gone.iter().map(ToString::to_string);
    let change = Transaction {
        workspace: name.to_owned(),
        end: plan.held.iter().map(|held| held.file.id).collect(),
        fact_sets_remove: kept_gone.collect(),
        erase: Some(Erase {
            conversations: found.keys().map(ToString::to_string).collect(),
            hashes,
            erasure: erasure.to_stored(sessions.clone())?,
        }),
        now,
        message: "erase".to_owned(),
        add: plan.add,
        ..Transaction::default()
    };
    inner.counters.wrote_files(&change.add);
    inner.commit(change).await?;
    let mut state = inner.lock_state();
    if let Some(memory) = state.workspace_mut(name) {
        for id in found.keys() {
            memory.release(id);
        }
        if !plan.kept_gone.is_empty() {
            let sets = Arc::make_mut(&mut memory.sets);
            sets.kept.retain(|kept| !plan.kept_gone.contains(kept));
        }
        memory.files = inner.catalog.file_list(name).unwrap_or_default();
        memory.version += 1;
    }
    state.erased.asked.remove(name);
    Ok(sessions)
}

/// Moves what the log holds into files and removes it there.
async fn empty_log(inner: &Arc<Inner>) -> Result<(), LakeError> {
    turn(inner, 0).await?;
    let sequence = inner.lock_state().applied_sequence;
    flush::flush_all(inner, false).await?;
    turn(inner, sequence).await
}

/// Lets all snapshots but the last go at once, and the files that only they need.
pub(crate) async fn forget_snapshots(inner: &Arc<Inner>, workspace: &str) -> Result<(), LakeError> {
    let now = inner.now();
    let expired = inner.catalog.expire_snapshots(LAST_TIME, now).await;
    inner.noted(expired)?;
    upkeep::remove_leftovers(inner).await?;
    upkeep::remove_rollups(inner).await?;
    for table in Table::ALL {
        let folder = inner.catalog.table_dir(workspace, table);
        if inner.options.files.exists(&folder) {
            let synced = inner.options.files.sync_dir(&folder);
            synced.map_err(LakeError::io("sync folder", &folder))?;
        }
    }
    Ok(())
}

/// Removes what imports left of records that they could not read: nobody knows of whom these are.
fn remove_rejected(inner: &Inner, workspace: &str) -> Result<u64, LakeError> {
    let files = inner.options.files.as_ref();
    let folder = Layout(inner.options.directory.clone()).rejected();
    let mut removed = 0;
    for folder in [folder.join(workspace), folder] {
        if !files.exists(&folder) {
            continue;
        }
        let entries = files.list(&folder);
        let entries = entries.map_err(LakeError::io("list", &folder))?;
        let paths: Vec<PathBuf> = entries
            .into_iter()
            .filter(|entry| !entry.is_dir)
            .map(|entry| entry.path)
            .collect();
        for path in &paths {
            files.remove(path).map_err(LakeError::io("remove", path))?;
        }
        if !paths.is_empty() {
            let synced = files.sync_dir(&folder);
            synced.map_err(LakeError::io("sync folder", &folder))?;
        }
        removed += paths.len() as u64;
    }
    Ok(removed)
}

/// Whether anything of it is found in files or memory.
fn is_left(
    inner: &Inner,
    workspace: &str,
    wanted: &Wanted,
    gone: &Conversations,
) -> Result<bool, LakeError> {
    let files = inner.catalog.file_list(workspace).unwrap_or_default();
    if !find(inner, workspace, &files, wanted)?.is_empty() || !hold(inner, &files, gone)?.is_empty()
    {
        return Ok(true);
    }
    let state = inner.lock_state();
    let Some(memory) = state.workspace(workspace) else {
        return Ok(false);
    };
    let list = state.erased.list(workspace).unwrap_or_default();
    let shards = memory.shards.iter();
    let mut ids = shards.flat_map(|shard| shard.conversations.keys());
    Ok(ids.any(|id| list.contains(&inner.keyed.conversation(workspace, id))))
}
