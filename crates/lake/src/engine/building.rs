//! Building a fact set in the background, from the events in files: day by day, oldest first, each
//! portion in one transaction, so that a crash or a pause loses no more than a portion.
//!
//! A set knows up to which time it is built. What a flush makes of events that belong before, it
//! writes into the set; what belongs after, it leaves to the builder, who reads it from files when
//! he comes there. So late events end in every set, and none counts twice.

use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashSet;
use tokio::sync::watch;
use upshot_core::time::start_of_day;

use crate::catalog::{Dirty, FactSetRole, Transaction};
use crate::codec::Decoder;
use crate::engine::build::{Builders, Rows, append, fold_in};
use crate::engine::fact_sets;
use crate::engine::flush::write_rows;
use crate::engine::overlay::decode_all;
use crate::engine::portion::{Portion, Stretch, Walk};
use crate::engine::sets::{FactSet, FactSets, SetId};
use crate::engine::{Inner, replacing};
use crate::error::LakeError;

/// How long the builder waits after a failure before it tries again.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The builder: builds what is not whole, one portion after the other. Ends when the lake is closed;
/// the next opening goes on.
pub(crate) async fn run(inner: Arc<Inner>, mut closed: watch::Receiver<bool>) {
    loop {
        if *closed.borrow() {
            return;
        }
        let Some((workspace, set)) = next(&inner) else {
            tokio::select! {
                () = inner.build_wanted.notified() => continue,
                _ = closed.changed() => return,
            }
        };
        let failure = build_portion(&inner, &workspace, set).await.err();
        if let Some(error) = &failure {
            tracing::error!(%error, %workspace, "building a fact set failed; it is tried again");
        }
        note_failure(&inner, &workspace, set, failure.as_ref());
        inner.build_steps.send_modify(|steps| *steps += 1);
        if failure.is_some() {
            tokio::select! {
                () = tokio::time::sleep(AFTER_FAILURE) => {}
                _ = closed.changed() => return,
            }
        }
    }
}

/// A fact set that is not whole.
fn next(inner: &Inner) -> Option<(Arc<str>, SetId)> {
    let state = inner.lock_state();
    state.workspaces().find_map(|workspace| {
        let set = workspace.sets.folded().iter().find(|set| !set.is_whole())?;
        Some((workspace.name.clone(), set.id))
    })
}

fn note_failure(inner: &Inner, workspace: &str, set: SetId, failure: Option<&LakeError>) {
    let mut state = inner.lock_state();
    let Some(memory) = state.workspace_mut(workspace) else {
        return;
    };
    let before = memory.sets.get(set).map(|set| set.failure.is_some());
    if before.is_some_and(|before| before || failure.is_some())
        && let Some(set) = Arc::make_mut(&mut memory.sets).get_mut(set)
    {
        set.failure = failure.map(|error| error.to_string().into());
    }
}

/// What memory takes over from a portion.
struct Built {
    sets: FactSets,
    /// The set that is no more.
    replaced: Option<SetId>,
    /// Conversations of the portion: what memory knows of their sessions in files is out of date.
    touched: FxHashSet<Box<str>>,
    /// What is not over by the rules of the set.
    unfinished: Vec<Stretch>,
}

async fn build_portion(inner: &Arc<Inner>, workspace: &str, id: SetId) -> Result<(), LakeError> {
    let _committing = inner.committing.lock().await;
    inner.check_durable()?;
    let sets = FactSets::clone(&inner.sets(workspace));
    if sets.get(id).is_none_or(FactSet::is_whole) {
        // It was taken away meanwhile.
        return Ok(());
    }
    let worker = inner.clone();
    let name = workspace.to_owned();
    let now = inner.now();
    inner.catalog.create_workspace(workspace, now).await?;
    let (transaction, built) =
        tokio::task::spawn_blocking(move || portion(&worker, &name, sets, id, now))
            .await
            .map_err(|error| LakeError::Stopped(error.to_string()))??;
    inner.counters.wrote_files(&transaction.add);
    inner.commit(transaction).await?;
    settle(inner, workspace, built);
    Ok(())
}

fn portion(
    inner: &Inner,
    workspace: &str,
    mut sets: FactSets,
    id: SetId,
    now: i64,
) -> Result<(Transaction, Built), LakeError> {
    let missing = || LakeError::Stopped("the fact set is gone".to_owned());
    let set = sets.get(id).ok_or_else(missing)?.clone();
    let files = inner.catalog.file_list(workspace).unwrap_or_default();
    let walk = Walk {
        inner,
        workspace,
        files: &files,
        // The set's own: it stays the same while other sets come and go, so a stretch never changes the
        // side of `built_to` on which it begins.
        gap: set.settings.cut_gap(),
        one_in: 1,
    };
    let found = walk.portion(set.built_to)?;
    let mut transaction = Transaction {
        workspace: workspace.to_owned(),
        now,
        message: format!("facts of {}", set.name),
        ..Transaction::default()
    };
    let mut touched = FxHashSet::default();
    let mut unfinished = Vec::new();
    let mut built_to = i64::MAX;
    if let Some(Portion {
        days,
        is_last,
        mut stretches,
    }) = found
    {
        if !is_last {
            built_to = start_of_day(days.end);
        }
        let (rows, open) = fold_all(inner, workspace, &set, &stretches, now)?;
        transaction.add = write_rows(inner, workspace, &set.name, rows)?;
        transaction.dirty_add = open
            .iter()
            .map(|index| dirty(inner, workspace, &stretches[*index], sets.cut_gap()))
            .collect();
        touched = stretches
            .iter()
            .map(|stretch| stretch.conversation_id.clone())
            .collect();
        unfinished = open
            .into_iter()
            .map(|index| std::mem::take(&mut stretches[index]))
            .collect();
    }
    let set = sets.get_mut(id).ok_or_else(missing)?;
    set.built_to = built_to;
    let mut replaced = None;
    if set.is_whole() && matches!(set.role, FactSetRole::Next { .. }) {
        replaced = replacing::replace(inner, workspace, &mut sets, id, &mut transaction)?;
    }
    if let Some(set) = sets.get(id) {
        transaction.fact_sets.push(set.to_stored());
    }
    let built = Built {
        sets,
        replaced,
        touched,
        unfinished,
    };
    Ok((transaction, built))
}

/// The rows of the stretches that are over, and which are not.
fn fold_all(
    inner: &Inner,
    workspace: &str,
    set: &FactSet,
    stretches: &[Stretch],
    now: i64,
) -> Result<(Rows, Vec<usize>), LakeError> {
    let fold_part = |first: usize, part: &[Stretch]| -> Result<(Rows, Vec<usize>), LakeError> {
        let decoder = Decoder::current();
        let mut builders = Builders::default();
        let mut open = Vec::new();
        for (index, stretch) in part.iter().enumerate() {
            let mut events = decode_all(&decoder, &stretch.events)?;
            let (facts, over) = fold_in(workspace, set, now, &mut events);
            if over {
                builders.push_facts(stretch.bucket, &facts)?;
            } else {
                open.push(first + index);
            }
        }
        Ok((builders.finish()?, open))
    };
    let chunk = stretches
        .len()
        .div_ceil(inner.options.threads.max(1))
        .max(1);
    let parts: Vec<Result<(Rows, Vec<usize>), LakeError>> = std::thread::scope(|scope| {
        let workers: Vec<_> = stretches
            .chunks(chunk)
            .enumerate()
            .map(|(index, part)| scope.spawn(move || fold_part(index * chunk, part)))
            .collect();
        workers
            .into_iter()
            .map(|worker| {
                worker.join().unwrap_or_else(|_| {
                    Err(LakeError::Stopped(
                        "a thread that folds events failed".to_owned(),
                    ))
                })
            })
            .collect()
    });
    let (mut rows, mut open) = (Rows::new(), Vec::new());
    for part in parts {
        let (more, more_open) = part?;
        append(&mut rows, more);
        open.extend(more_open);
    }
    Ok((rows, open))
}

/// A conversation that comes back into memory does so after a crash too, with all that memory holds
/// of it.
fn dirty(inner: &Inner, workspace: &str, stretch: &Stretch, gap: i64) -> Dirty {
    let state = inner.lock_state();
    let in_memory = state
        .workspace(workspace)
        .and_then(|memory| memory.conversation(&stretch.conversation_id));
    let times = || {
        let more = in_memory.into_iter().flat_map(|known| known.events.iter());
        stretch.events.iter().chain(more).map(|event| event.time)
    };
    let last = times().max().unwrap_or_default();
    Dirty {
        conversation_id: stretch.conversation_id.to_string(),
        segment_from: times().min().unwrap_or_default(),
        segment_to: last,
        due_time: last.saturating_add(gap),
        reason: "open".to_owned(),
    }
}

/// Memory takes in what is not over, and the sets and files of the commit, in one step. What files hold
/// around that, and which sessions in files it stands in for, is looked up when somebody asks: this commit
/// wrote some of them.
fn settle(inner: &Inner, workspace: &str, built: Built) {
    let mut state = inner.lock_state();
    let memory = state.workspace_or_insert(&workspace.into(), &inner.built_in);
    for stretch in built.unfinished {
        for event in stretch.events {
            memory.take_filed(&stretch.conversation_id, stretch.bucket, event);
        }
    }
    for id in built.touched {
        memory.look_up_again(&id);
    }
    fact_sets::settle_memory(inner, memory, built.sets, built.replaced);
}
