//! The flush: moves what is in memory into files, in one transaction of the catalog.
//!
//! 1. Under the lock: copy what is to be moved (the events themselves are shared, not copied).
//! 2. Without it: look up what files hold around the events, fold, write files, sync them.
//! 3. Commit: the new files, the ended ones, the marks and the dirty conversations together.
//! 4. Under the lock: what is in files leaves memory. A query sees the switch as one.

use std::collections::HashSet;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use upshot_core::time::{DAY, MINUTE};

use crate::catalog::{self, Dirty, Marks, NewFile, Transaction};
use crate::engine::build::{BuildContext, Job, Rows, build};
use crate::engine::cuts::Cuts;
use crate::engine::ingest::Command;
use crate::engine::lookup::{self, Place, Question};
use crate::engine::rewrite;
use crate::engine::sets::{FactSet, FactSets};
use crate::engine::state::{EVENT_OVERHEAD, StoredEvent, Workspace};
use crate::engine::{Inner, Lake, keeping};
use crate::error::LakeError;
use crate::schema::Table;

impl Lake {
    /// Writes everything to files, and seals the conversations that are over. Returns when it is
    /// durable.
    ///
    /// # Errors
    /// When files or the catalog cannot be read or written; memory and log then still hold it all.
    pub async fn flush(&self) -> Result<(), LakeError> {
        flush_all(&self.inner, false).await
    }

    /// As [`Lake::flush`], but seals every conversation, over or not. Later events make the facts of
    /// such a conversation anew.
    ///
    /// # Errors
    /// As [`Lake::flush`].
    pub async fn flush_and_seal(&self) -> Result<(), LakeError> {
        flush_all(&self.inner, true).await
    }
}

/// Seals the conversations of a workspace that have events before this time, over or not.
pub(crate) async fn seal_before(
    inner: &Arc<Inner>,
    name: &Arc<str>,
    time: i64,
) -> Result<(), LakeError> {
    let mut asked = FxHashSet::default();
    while flush_portion(inner, name, time, &mut asked).await? {}
    Ok(())
}

pub(crate) async fn flush_all(inner: &Arc<Inner>, seal_all: bool) -> Result<(), LakeError> {
    let seal_before = if seal_all { i64::MAX } else { i64::MIN };
    let (names, sequence): (Vec<Arc<str>>, u64) = {
        let state = inner.lock_state();
        (
            state
                .workspaces()
                .map(|workspace| workspace.name.clone())
                .collect(),
            state.applied_sequence,
        )
    };
    for name in names {
        let mut asked = FxHashSet::default();
        while flush_portion(inner, &name, seal_before, &mut asked).await? {}
    }
    // What was in memory when this began is in files now, of every workspace.
    inner.counters.note_flushed_sequence(sequence);
    inner.send(Command::Trim(sequence))
}

/// Moves one portion; says whether there is more.
async fn flush_portion(
    inner: &Arc<Inner>,
    name: &Arc<str>,
    seal_before: i64,
    asked: &mut FxHashSet<Box<str>>,
) -> Result<bool, LakeError> {
    let _committing = inner.committing.lock().await;
    inner.check_durable()?;
    let now = inner.now();
    let Some(collected) = collect(inner, name, now, seal_before, asked) else {
        return Ok(false);
    };
    inner.catalog.create_workspace(name, now).await?;
    let worker = inner.clone();
    let workspace = name.clone();
    let written = tokio::task::spawn_blocking(move || {
        write(&worker, &workspace, collected, now, seal_before)
    })
    .await
    .map_err(|error| LakeError::Stopped(error.to_string()))??;
    let Written {
        transaction,
        collected,
    } = written;
    inner.counters.flushed(&transaction.add);
    inner.commit(transaction).await?;
    let more = !collected.all;
    settle(inner, name, collected);
    Ok(more)
}

/// A conversation with an event younger than this is not asked whether it is over.
const SHORTEST_SESSION: i64 = 2 * MINUTE;

/// What a flush took from memory.
struct Collected {
    jobs: Vec<Job>,
    /// The fact sets for which it folds.
    sets: Arc<FactSets>,
    /// All events up to this sequence are among the jobs, or in files.
    sequence: u64,
    /// Whether nothing of the workspace was left out.
    all: bool,
}

struct Written {
    transaction: Transaction,
    collected: Collected,
}

/// Takes what is not in files, and what may be over and was not `asked` by this flush before: else those
/// that go on would fill one portion after the other.
fn collect(
    inner: &Inner,
    name: &Arc<str>,
    now: i64,
    seal_before: i64,
    asked: &mut FxHashSet<Box<str>>,
) -> Option<Collected> {
    let state = inner.lock_state();
    let sequence = state.applied_sequence;
    let workspace = state.workspace(name)?;
    let mut jobs = Vec::new();
    let mut bytes = 0;
    let mut all = true;
    for shard in &workspace.shards {
        for (id, conversation) in &shard.conversations {
            let unflushed = conversation.events.iter().any(|event| !event.flushed);
            let last = conversation
                .events
                .iter()
                .map(|event| event.time)
                .max()
                .unwrap_or(i64::MIN);
            let may_be_over = last < now - SHORTEST_SESSION;
            let first = conversation.events.iter().map(|event| event.time).min();
            let seal = first.is_none_or(|first| first < seal_before);
            let asks = (may_be_over || seal) && !asked.contains(id);
            if !unflushed && !asks {
                continue;
            }
            if bytes > inner.options.portion_bytes {
                all = false;
                break;
            }
            bytes += conversation
                .events
                .iter()
                .map(|event| event.bytes.len())
                .sum::<usize>();
            asked.insert(id.clone());
            jobs.push(Job {
                conversation_id: id.clone(),
                bucket: conversation.bucket,
                version: conversation.version,
                complete: conversation.complete,
                sessions_known: conversation.sessions_known,
                events: conversation.events.clone(),
                in_memory: conversation.events.len(),
                cuts: conversation.cuts.clone(),
                replaced: conversation.replaced.clone(),
                sealed: false,
                written: Vec::new(),
                new_cuts: Vec::new(),
                sessions: Vec::new(),
            });
        }
    }
    jobs.sort_by(|left, right| left.conversation_id.cmp(&right.conversation_id));
    let sets = workspace.sets.clone();
    (!jobs.is_empty()).then_some(Collected {
        jobs,
        sets,
        sequence,
        all,
    })
}

fn write(
    inner: &Inner,
    workspace: &str,
    mut collected: Collected,
    now: i64,
    seal_before: i64,
) -> Result<Written, LakeError> {
    look_up(inner, workspace, &mut collected)?;
    let sets = collected.sets.clone();
    let context = BuildContext {
        workspace,
        sets: &sets,
        now,
        seal_before,
    };
    let built = build(&context, &mut collected.jobs, inner.options.threads)?;
    let gap = sets.cut_gap();
    let mut add = write_rows(inner, workspace, "", built.events)?;
    let mut end = Vec::new();
    for (id, mut rows) in built.facts {
        let Some(set) = sets.get(id) else { continue };
        let written =
            rewrite::keep_other_rows(inner, workspace, set, &collected.jobs, gap, &mut rows)
                .and_then(|ended| Ok((ended, write_rows(inner, workspace, &set.name, rows)?)));
        match written {
            Ok((ended, more)) => {
                end.extend(ended);
                add.extend(more);
            }
            Err(error) => {
                inner.catalog.discard(workspace, &add);
                return Err(error);
            }
        }
    }
    let mut transaction = Transaction {
        workspace: workspace.to_owned(),
        add,
        end,
        now,
        message: "flush".to_owned(),
        fact_sets: unstored(&sets),
        ..Transaction::default()
    };
    if collected.all {
        transaction.marks = Some(Marks {
            events: collected.sequence,
            facts: collected.sequence,
        });
    }
    for job in &collected.jobs {
        if job.sealed {
            transaction
                .dirty_remove
                .push(job.conversation_id.to_string());
        } else if !job.written.is_empty()
            || job
                .events
                .iter()
                .take(job.in_memory)
                .any(|event| !event.flushed)
        {
            transaction.dirty_add.push(dirty(job, &sets, gap));
        }
        change_carries(&mut transaction, job, &sets);
    }
    Ok(Written {
        transaction,
        collected,
    })
}

/// The catalog remembers by which rules facts were made, also where the workspace has chosen none: a
/// later program may come with others.
fn unstored(sets: &FactSets) -> Vec<catalog::FactSet> {
    let unstored = sets.folded().iter().filter(|set| !set.stored);
    unstored.map(FactSet::to_stored).collect()
}

/// Drops cuts that late events made stale, and keeps those before which all facts are in files now.
fn change_carries(transaction: &mut Transaction, job: &Job, sets: &FactSets) {
    let conversation = || job.conversation_id.to_string();
    for (set, from) in &job.cuts.stale {
        if let Some(set) = sets.get(*set) {
            let name = set.name.to_string();
            transaction
                .carries_remove
                .push((name, conversation(), *from));
        }
    }
    for cut in &job.new_cuts {
        if let Some(set) = sets.get(cut.set) {
            transaction.carries_add.push(catalog::Carry {
                fact_set: set.name.to_string(),
                conversation_id: conversation(),
                at_time: cut.time,
                carry: cut.encode(),
            });
        }
    }
}

/// From where each set's facts of this conversation are folded after the flush.
fn cuts_after(job: &Job) -> Cuts {
    let mut cuts = job.cuts.clone();
    cuts.stale.clear();
    for cut in &job.new_cuts {
        cuts.choose(cut.clone());
    }
    cuts
}

fn dirty(job: &Job, sets: &FactSets, gap: i64) -> Dirty {
    let base = cuts_after(job).base(sets);
    let times = || {
        let times = job.events.iter().map(|event| event.time);
        times.filter(move |time| *time >= base)
    };
    let last = times().max().unwrap_or_default();
    Dirty {
        conversation_id: job.conversation_id.to_string(),
        segment_from: times().min().unwrap_or_default(),
        segment_to: last,
        due_time: last + gap,
        reason: "open".to_owned(),
    }
}

fn look_up(inner: &Inner, workspace: &str, collected: &mut Collected) -> Result<(), LakeError> {
    let mut questions: Vec<Question> = Vec::new();
    let mut asked: Vec<usize> = Vec::new();
    for (index, job) in collected.jobs.iter().enumerate() {
        if !job.complete {
            questions.push(Question::new(
                &job.conversation_id,
                job.bucket,
                &job.events,
                job.sessions_known,
            ));
            asked.push(index);
        }
    }
    // Whoever flushes is the only one who commits, so the newest files are those of the jobs.
    let place = Place {
        inner,
        workspace,
        files: &inner.catalog.file_list(workspace).unwrap_or_default(),
        gap: collected.sets.cut_gap(),
    };
    lookup::complete(&place, &collected.sets, &mut questions)?;
    for (index, question) in asked.into_iter().zip(questions) {
        let job = &mut collected.jobs[index];
        if !question.found.events.is_empty() {
            Arc::make_mut(&mut job.events).extend(question.found.events);
        }
        job.cuts = question.found.cuts;
        for replaced in question.found.replaced {
            if !job.replaced.contains(&replaced) {
                job.replaced.push(replaced);
            }
        }
    }
    Ok(())
}

/// Writes each partition's rows as one file, several at a time. The commit makes their names durable.
pub(crate) fn write_rows(
    inner: &Inner,
    workspace: &str,
    fact_set: &str,
    rows: Rows,
) -> Result<Vec<NewFile>, LakeError> {
    let partitions: Vec<_> = rows.into_iter().collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let added = std::sync::Mutex::new(Vec::new());
    let work = || -> Result<(), LakeError> {
        loop {
            let index = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let Some((partition, batches)) = partitions.get(index) else {
                return Ok(());
            };
            let of_table = if Table::FACTS.contains(&partition.0) {
                fact_set
            } else {
                ""
            };
            let file = inner.write_file(workspace, *partition, of_table, batches)?;
            added
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .push(file);
        }
    };
    let result = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..inner.options.threads.max(1))
            .map(|_| scope.spawn(work))
            .collect();
        workers.into_iter().try_for_each(|worker| {
            worker.join().unwrap_or_else(|_| {
                Err(LakeError::Stopped(
                    "a thread that writes files failed".to_owned(),
                ))
            })
        })
    });
    let added = added
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    match result {
        Ok(()) => Ok(added),
        Err(error) => {
            inner.catalog.discard(workspace, &added);
            Err(error)
        }
    }
}

/// Takes out of memory what is in files now.
fn settle(inner: &Inner, name: &Arc<str>, collected: Collected) {
    let mut state = inner.lock_state();
    let Some(workspace) = state.workspace_mut(name) else {
        return;
    };
    for set in collected.sets.folded().iter().filter(|set| !set.stored) {
        if let Some(set) = Arc::make_mut(&mut workspace.sets).get_mut(set.id) {
            set.stored = true;
        }
    }
    for job in collected.jobs {
        settle_job(workspace, job, &collected.sets);
    }
    if workspace.unflushed_events == 0 {
        workspace.oldest_unflushed = None;
    }
    workspace.files = inner.catalog.file_list(name).unwrap_or_default();
    workspace.version += 1;
}

fn settle_job(workspace: &mut Workspace, mut job: Job, sets: &FactSets) {
    let (mut events, mut bytes) = (0, 0);
    let shard = workspace.shard_mut(&job.conversation_id);
    let Some(conversation) = shard.conversations.get_mut(&job.conversation_id) else {
        return;
    };
    let unchanged = conversation.version == job.version;
    let found: Vec<StoredEvent> = job.events[job.in_memory..].to_vec();
    // The list is the conversation's own again, and need not be copied.
    job.events = Arc::default();
    // Memory only ever appends to a conversation, so its first events are those of the job.
    let list = Arc::make_mut(&mut conversation.events);
    for event in list
        .iter_mut()
        .take(job.in_memory)
        .filter(|event| !event.flushed)
    {
        event.flushed = true;
        events += 1;
        bytes += event.bytes.len() + EVENT_OVERHEAD;
    }
    let (mut left, mut cost) = (Vec::new(), 0);
    if !(job.sealed && unchanged) {
        let present: HashSet<u128> = list.iter().map(|event| event.id_hash).collect();
        for event in found {
            if !present.contains(&event.id_hash) {
                cost += event.bytes.len() + EVENT_OVERHEAD;
                list.push(event);
            }
        }
        conversation.cuts = cuts_after(&job);
        let base = conversation.cuts.base(sets);
        // What lies before the cuts of all sets is in files with its facts.
        list.retain(|event| {
            let stays = event.time >= base || !event.flushed;
            if !stays {
                left.push((event.id_hash, event.bytes.len() + EVENT_OVERHEAD));
            }
            stays
        });
        conversation.complete = unchanged;
        conversation.sessions_known = true;
        // Whatever was sealed meanwhile is what the overlay now stands in for.
        conversation.replaced = if job.sealed {
            job.sessions
        } else {
            job.replaced
        };
        let cuts = &conversation.cuts;
        conversation
            .replaced
            .retain(|known| known.start >= cuts.from(known.set));
        shard.changed();
    }
    workspace.memory_bytes += cost;
    for (id_hash, cost) in left {
        workspace.ids.remove(&id_hash);
        workspace.memory_bytes = workspace.memory_bytes.saturating_sub(cost);
    }
    workspace.unflushed_events = workspace.unflushed_events.saturating_sub(events);
    workspace.unflushed_bytes = workspace.unflushed_bytes.saturating_sub(bytes);
    if job.sealed && unchanged {
        workspace.release(&job.conversation_id);
    }
}

/// How long the background task waits when there is nothing to do.
const IDLE: std::time::Duration = std::time::Duration::from_millis(500);

/// The background task: flushes when much waits or it waits long, merges small files, lets old
/// snapshots go. Ends when the lake is closed.
pub(crate) async fn run(inner: Arc<Inner>, mut closed: tokio::sync::watch::Receiver<bool>) {
    let mut last_seal = inner.now();
    loop {
        tokio::select! {
            () = inner.flush_wanted.notified() => {}
            () = tokio::time::sleep(IDLE) => {}
            _ = closed.changed() => return,
        }
        let now = inner.now();
        let outdated = keeping::is_due(&inner, now);
        if !wanted(&inner, now, last_seal) && !outdated {
            continue;
        }
        last_seal = now;
        if let Err(error) = flush_all(&inner, false).await {
            tracing::error!(%error, "flush failed; events stay in the log and in memory");
            tokio::time::sleep(IDLE * 4).await;
        } else if let Err(error) = crate::engine::upkeep::run(&inner).await {
            tracing::warn!(%error, "merging files failed; it is tried again after the next flush");
            tokio::time::sleep(IDLE * 4).await;
        }
    }
}

fn wanted(inner: &Inner, now: i64, last_seal: i64) -> bool {
    let interval = i64::try_from(inner.options.flush_interval.as_micros()).unwrap_or(DAY);
    let state = inner.lock_state();
    let old = state.workspaces().any(|workspace| {
        workspace
            .oldest_unflushed
            .is_some_and(|since| now - since >= interval)
    });
    let seal = now - last_seal >= interval
        && state
            .workspaces()
            .any(|workspace| workspace.conversations() > 0);
    old || seal || state.unflushed_bytes() > inner.options.flush_bytes
}
