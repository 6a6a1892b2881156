//! What files and memory hold of conversations, and the files without it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::capture::DataFile;
use crate::catalog::{FileList, NewFile};
use crate::engine::Inner;
use crate::engine::capture::capture;
use crate::engine::erased::List;
use crate::engine::open::bucket_in;
use crate::engine::sets::FactSet;
use crate::error::LakeError;
use crate::parquet_files::Keys;
use crate::schema::Table;

/// Conversations with their buckets.
pub(crate) type Conversations = FxHashMap<Box<str>, i32>;

/// Who is looked for.
#[derive(Clone)]
pub(crate) enum Wanted {
    /// Users by their ids.
    Users(Keys),
    /// Everything on the list.
    Listed(Arc<List>),
}

/// A column of text of a batch.
fn texts<'a>(
    batch: &'a RecordBatch,
    column: &str,
) -> Result<&'a arrow::array::StringArray, LakeError> {
    let found = batch
        .column_by_name(column)
        .and_then(|column| column.as_string_opt::<i32>());
    found.ok_or_else(|| LakeError::Damaged {
        what: "a data file".to_owned(),
        reason: format!("it lacks the column {column}"),
    })
}

/// The conversations in which the users took part: by events, and by sessions whose events are no longer kept.
pub(crate) fn find(
    inner: &Inner,
    workspace: &str,
    files: &FileList,
    wanted: &Wanted,
) -> Result<Conversations, LakeError> {
    const COLUMNS: [&str; 2] = ["conversation_id", "user_id"];
    let mut found = Conversations::default();
    for table in [Table::Events, Table::Sessions] {
        for file in files.files(table, None, None) {
            let batches = match wanted {
                Wanted::Users(ids) => inner.read_rows(file, table, Some(&COLUMNS), ids)?,
                Wanted::Listed(_) => inner.read_columns(file, table, &COLUMNS)?,
            };
            for batch in batches {
                let conversations = texts(&batch, "conversation_id")?;
                let users = texts(&batch, "user_id")?;
                // Rows of one conversation follow each other, and mostly have one user.
                let mut last = None;
                for row in 0..batch.num_rows() {
                    let id = conversations.value(row);
                    let user = users.is_valid(row).then(|| users.value(row));
                    if last == Some((id, user)) {
                        continue;
                    }
                    last = Some((id, user));
                    let matches = match wanted {
                        Wanted::Users(_) => true,
                        Wanted::Listed(list) => {
                            let hash = |user| inner.keyed.user(workspace, user);
                            user.is_some_and(|user| list.contains(&hash(user)))
                                || list.contains(&inner.keyed.conversation(workspace, id))
                        }
                    };
                    if matches && !found.contains_key(id) {
                        found.insert(id.into(), bucket_in(inner, workspace, id));
                    }
                }
            }
        }
    }
    Ok(found)
}

/// A file that holds rows of the conversations.
pub(crate) struct Held {
    pub table: Table,
    pub file: Arc<DataFile>,
    /// How many rows.
    pub rows: u64,
    /// The sessions, where it is a file of sessions.
    pub sessions: BTreeSet<Box<str>>,
}

/// The files that hold rows of the conversations.
pub(crate) fn hold(
    inner: &Inner,
    files: &FileList,
    found: &Conversations,
) -> Result<Vec<Held>, LakeError> {
    let mut by_bucket: BTreeMap<i32, Vec<&str>> = BTreeMap::new();
    for (id, bucket) in found {
        by_bucket.entry(*bucket).or_default().push(id);
    }
    let keys: BTreeMap<i32, Keys> = by_bucket
        .into_iter()
        .map(|(bucket, ids)| (bucket, Keys::new("conversation_id", ids)))
        .collect();
    let mut all = Vec::new();
    for table in Table::ALL {
        let columns: &[&'static str] = match table {
            Table::Sessions => &["conversation_id", "session_id"],
            _ => &["conversation_id"],
        };
        for file in files.files(table, None, None) {
            let Some(keys) = keys.get(&file.bucket) else {
                continue;
            };
            let mut held = Held {
                table,
                file: file.clone(),
                rows: 0,
                sessions: BTreeSet::new(),
            };
            for batch in inner.read_rows(file, table, Some(columns), keys)? {
                held.rows += batch.num_rows() as u64;
                if table == Table::Sessions {
                    let ids = texts(&batch, "session_id")?.iter().flatten();
                    held.sessions.extend(ids.map(Box::<str>::from));
                }
            }
            if held.rows > 0 {
                all.push(held);
            }
        }
    }
    Ok(all)
}

pub(crate) fn rows_of(held: &[Held], table: Table) -> u64 {
    let of_table = held.iter().filter(|held| held.table == table);
    of_table.map(|held| held.rows).sum()
}

/// Sessions of conversations.
pub(crate) struct SessionsOf {
    /// How many a question of the active fact set counts.
    pub active: u64,
    /// The ids of all, in all fact sets.
    pub all: Vec<String>,
}

/// The sessions that were made of the conversations, in files and in memory.
pub(crate) fn sessions_of(
    inner: &Inner,
    workspace: &str,
    held: &[Held],
    found: &Conversations,
) -> Result<SessionsOf, LakeError> {
    let sets = inner.sets(workspace);
    let active = sets.active().name.clone();
    let is_active = |name: &str| *active == *name || sets.kept.iter().any(|kept| **kept == *name);
    let mut all: BTreeSet<Box<str>> = BTreeSet::new();
    let mut counted: BTreeSet<Box<str>> = BTreeSet::new();
    for held in held {
        all.extend(held.sessions.iter().cloned());
        if is_active(&held.file.fact_set) {
            counted.extend(held.sessions.iter().cloned());
        }
    }
    let in_memory = {
        let state = inner.lock_state();
        let memory = state.workspace(workspace);
        memory.is_some_and(|memory| found.keys().any(|id| memory.conversation(id).is_some()))
    };
    let whole = sets.folded().iter().filter(|set| set.is_whole());
    for set in whole.filter(|_| in_memory) {
        let of_set = in_memory_sessions(inner, workspace, set, found)?;
        if set.name == active {
            counted.retain(|id| !of_set.replaced.contains(id));
            counted.extend(of_set.sessions.iter().cloned());
        }
        all.extend(of_set.sessions);
    }
    Ok(SessionsOf {
        active: counted.len() as u64,
        all: all.into_iter().map(String::from).collect(),
    })
}

/// What memory makes of conversations.
struct InMemory {
    sessions: Vec<Box<str>>,
    replaced: FxHashSet<Box<str>>,
}

fn in_memory_sessions(
    inner: &Inner,
    workspace: &str,
    set: &FactSet,
    found: &Conversations,
) -> Result<InMemory, LakeError> {
    let captured = capture(inner, workspace, Some(&set.name), &[Table::Sessions])?;
    let mut of_set = InMemory {
        sessions: Vec::new(),
        replaced: FxHashSet::default(),
    };
    for part in captured.tables {
        of_set.replaced.extend(part.replaced.iter().cloned());
        for batch in &part.memory {
            let ids = texts(batch, "session_id")?;
            let conversations = texts(batch, "conversation_id")?;
            for row in 0..batch.num_rows() {
                if found.contains_key(conversations.value(row)) {
                    of_set.sessions.push(ids.value(row).into());
                }
            }
        }
    }
    Ok(of_set)
}

/// What the transaction will consist of.
pub(crate) struct Plan {
    pub held: Vec<Held>,
    pub add: Vec<NewFile>,
    pub sessions: SessionsOf,
    /// Names of kept facts of which nothing is left.
    pub kept_gone: Vec<Arc<str>>,
}

pub(crate) fn plan(
    inner: &Inner,
    workspace: &str,
    files: &FileList,
    found: &Conversations,
) -> Result<Plan, LakeError> {
    let held = hold(inner, files, found)?;
    let sessions = sessions_of(inner, workspace, &held, found)?;
    let add = write_others(inner, workspace, &held, found)?;
    let ended: FxHashSet<i64> = held.iter().map(|held| held.file.id).collect();
    let is_gone = |name: &Arc<str>| {
        let live = |table| files.files(table, None, Some(name));
        let mut live = Table::FACTS.into_iter().flat_map(live);
        !live.any(|file| !ended.contains(&file.id))
            && !add.iter().any(|new| *new.fact_set == **name)
    };
    let kept_gone = inner.sets(workspace).kept.clone();
    let kept_gone = kept_gone.into_iter().filter(is_gone).collect();
    Ok(Plan {
        held,
        add,
        sessions,
        kept_gone,
    })
}

/// Writes the other rows of these files, as one file for each partition. One partition at a time is in memory.
fn write_others(
    inner: &Inner,
    workspace: &str,
    held: &[Held],
    found: &Conversations,
) -> Result<Vec<NewFile>, LakeError> {
    let mut partitions: BTreeMap<(Table, &str, i32, i32), Vec<&DataFile>> = BTreeMap::new();
    for held in held {
        let file = &*held.file;
        let partition = (held.table, file.fact_set.as_str(), file.day, file.bucket);
        partitions.entry(partition).or_default().push(file);
    }
    let mut added = Vec::new();
    let mut write = || -> Result<(), LakeError> {
        for ((table, fact_set, day, bucket), files) in &partitions {
            let mut rows = Vec::new();
            for file in files {
                for batch in inner.read_whole(file, *table)? {
                    let others = without(&batch, found)?;
                    if others.num_rows() > 0 {
                        rows.push(others);
                    }
                }
            }
            if !rows.is_empty() {
                let partition = (*table, *day, *bucket);
                added.push(inner.write_file(workspace, partition, fact_set, &rows)?);
            }
        }
        Ok(())
    };
    match write() {
        Ok(()) => Ok(added),
        Err(error) => {
            inner.catalog.discard(workspace, &added);
            Err(error)
        }
    }
}

/// The rows that are of none of these conversations.
fn without(batch: &RecordBatch, found: &Conversations) -> Result<RecordBatch, LakeError> {
    let ids = texts(batch, "conversation_id")?;
    let keep: BooleanArray = ids
        .iter()
        .map(|id| Some(id.is_none_or(|id| !found.contains_key(id))))
        .collect();
    Ok(filter_record_batch(batch, &keep)?)
}
