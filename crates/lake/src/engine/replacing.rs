//! A fact set takes the place of another in one step: the old facts go, but for those whose events
//! are no longer kept. These stay, under the name of the set that made them, and are read with the
//! active one.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};
use upshot_core::event::SourceEvent;
use upshot_core::time::{day_of, start_of_day};
use upshot_core::{Event, EventView, Record, Session};

use crate::catalog::{self, FactSetRole, Transaction};
use crate::engine::Inner;
use crate::engine::build::Rows;
use crate::engine::fact_sets::files_of_set;
use crate::engine::flush::write_rows;
use crate::engine::sets::{FactSets, SetId};
use crate::error::LakeError;
use crate::parquet_files::Keys;
use crate::schema::{BatchReader, Table};

/// Puts into the transaction that this set takes the place of the one that it replaces; gives the
/// number of the latter.
pub(crate) fn replace(
    inner: &Inner,
    workspace: &str,
    sets: &mut FactSets,
    id: SetId,
    transaction: &mut Transaction,
) -> Result<Option<SetId>, LakeError> {
    let Some(next) = sets.get(id) else {
        return Ok(None);
    };
    let FactSetRole::Next { replaces } = &next.role else {
        return Ok(None);
    };
    let name = next.name.clone();
    let old = sets.folded().iter().find(|set| *set.name == **replaces);
    let Some(old) = old.cloned() else {
        // What it was to replace was taken away: it stands beside the others.
        if let Some(next) = sets.get_mut(id) {
            next.role = FactSetRole::Additional;
        }
        return Ok(None);
    };
    let end: BTreeSet<i64> = files_of_set(inner, workspace, &old.name)
        .into_iter()
        .collect();
    transaction.end.extend(end);
    transaction.fact_sets_remove.push(old.name.to_string());
    sets.remove(old.id);
    if let Some(next) = sets.get_mut(id) {
        next.role = old.role.clone();
    }
    if old.role == FactSetRole::Active {
        // What such facts a former choice left are this set's own.
        sets.kept.retain(|kept| *kept != name);
        if keep(inner, workspace, &old.name, transaction)? {
            transaction.fact_sets.push(catalog::FactSet {
                role: FactSetRole::Kept,
                ..old.to_stored()
            });
            sets.kept.push(old.name.clone());
        }
    }
    Ok(Some(old.id))
}

/// Keeps the facts of partitions that have no events any more; says whether there are any.
fn keep(
    inner: &Inner,
    workspace: &str,
    fact_set: &str,
    transaction: &mut Transaction,
) -> Result<bool, LakeError> {
    let everything = i32::MIN..=i32::MAX - 1;
    let with_events: FxHashSet<(i32, i32)> = inner
        .files_of(workspace, Table::Events, everything.clone(), None, None)
        .iter()
        .map(|file| (file.day, file.bucket))
        .collect();
    let mut any = false;
    let mut stay = FxHashSet::default();
    for table in Table::FACTS {
        for file in inner.files_of(workspace, table, everything.clone(), None, Some(fact_set)) {
            if !with_events.contains(&(file.day, file.bucket)) {
                any = true;
                stay.insert(file.id);
            }
        }
    }
    transaction.end.retain(|id| !stay.contains(id));
    if any {
        leave_out_remade(inner, workspace, fact_set, &with_events, transaction)?;
    }
    Ok(any)
}

/// A session of which later events are still kept was made anew from these, and does not stay: the
/// files that hold such sessions are written again without them.
fn leave_out_remade(
    inner: &Inner,
    workspace: &str,
    fact_set: &str,
    with_events: &FxHashSet<(i32, i32)>,
    transaction: &mut Transaction,
) -> Result<(), LakeError> {
    let everything = i32::MIN..=i32::MAX - 1;
    let mut rows = Rows::new();
    for file in inner.files_of(workspace, Table::Sessions, everything, None, Some(fact_set)) {
        let partition = (file.day, file.bucket);
        if with_events.contains(&partition) {
            continue;
        }
        let mut later: FxHashMap<Box<str>, Vec<Session>> = FxHashMap::default();
        let columns = ["session_id", "conversation_id", "start_time", "end_time"];
        for batch in inner.read_columns(&file, Table::Sessions, &columns)? {
            let reader = BatchReader::new::<Session>(&batch)?;
            for row in 0..reader.len() {
                let session = Session::read(&reader.row(row));
                let end = session.end_time;
                if (file.day + 1..=day_of(end)).any(|day| with_events.contains(&(day, file.bucket)))
                {
                    let of_conversation = later.entry(session.conversation_id.clone());
                    of_conversation.or_default().push(session);
                }
            }
        }
        let remade = remade(inner, workspace, partition, &later)?;
        if remade.is_empty() {
            continue;
        }
        for table in Table::FACTS {
            let days = file.day..=file.day;
            for file in inner.files_of(workspace, table, days, Some(file.bucket), Some(fact_set)) {
                for batch in inner.read_whole(&file, table)? {
                    let kept = crate::engine::rewrite::without_sessions(&batch, table, &remade)?;
                    if kept.num_rows() > 0 {
                        let partition = (table, file.day, file.bucket);
                        rows.entry(partition).or_default().push(kept);
                    }
                }
                transaction.end.push(file.id);
            }
        }
    }
    transaction.end.sort_unstable();
    transaction.end.dedup();
    transaction
        .add
        .extend(write_rows(inner, workspace, fact_set, rows)?);
    Ok(())
}

/// The sessions of which events of later days are kept.
fn remade(
    inner: &Inner,
    workspace: &str,
    (day, bucket): (i32, i32),
    later: &FxHashMap<Box<str>, Vec<Session>>,
) -> Result<FxHashSet<Box<str>>, LakeError> {
    let mut remade = FxHashSet::default();
    let last = later
        .values()
        .flatten()
        .map(|session| session.end_time)
        .max();
    let Some(last) = last else {
        return Ok(remade);
    };
    debug_assert!(last >= start_of_day(day + 1));
    let keys = Keys::new("conversation_id", later.keys().cloned());
    let days = day + 1..=day_of(last);
    for file in inner.files_of(workspace, Table::Events, days, Some(bucket), None) {
        let columns = ["conversation_id", "time"];
        for batch in inner.read_rows(&file, Table::Events, Some(&columns), &keys)? {
            let reader = BatchReader::new::<Event>(&batch)?;
            for row in 0..reader.len() {
                let event = SourceEvent(reader.row(row));
                for session in later.get(event.conversation_id()).into_iter().flatten() {
                    if event.time() <= session.end_time {
                        remade.insert(session.session_id.clone());
                    }
                }
            }
        }
    }
    Ok(remade)
}
