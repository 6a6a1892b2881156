//! One consistent value for a query: files of one snapshot, and the facts of what memory holds.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow::array::RecordBatch;
use upshot_core::Event;
use upshot_core::event::{conversation_hash, order_key};
use upshot_core::profile::MaturityTimes;
use upshot_core::time::day_of;
use xxhash_rust::xxh3::xxh3_64;

use crate::capture::{Capture, DataFile, KeptFacts, TableCapture};
use crate::catalog::{FactSetRole, FileList};
use crate::codec::Decoder;
use crate::engine::build::has_text;
use crate::engine::lookup::{self, Found, Place, Question, join_texts};
use crate::engine::overlay::{ConversationCopy, ShardCopy, copy_shard, decode_all, shard_facts};
use crate::engine::sets::{FactSet, FactSets, SetId};
use crate::engine::state::{ShardFacts, StoredEvent, Workspace};
use crate::engine::{Inner, Lake, check_workspace_name};
use crate::error::LakeError;
use crate::parquet_files::Keys;
use crate::schema::{BatchBuilder, BatchReader, Table};
use upshot_core::Record;

impl Lake {
    /// What a query of this workspace reads, of these tables, in the active fact set: everything that was
    /// acknowledged, each row once.
    ///
    /// # Errors
    /// When files around new events cannot be read.
    pub async fn capture(&self, workspace: &str, tables: &[Table]) -> Result<Capture, LakeError> {
        self.capture_of(workspace, None, tables).await
    }

    /// As [`Lake::capture`], in the fact set of this name: that of its profile, as `indigo`, or that
    /// of its facts, as `indigo@1/fold2`. Nothing means the active one.
    ///
    /// # Errors
    /// When there is no such fact set, or it is still being built; when files around new events
    /// cannot be read.
    pub async fn capture_of(
        &self,
        workspace: &str,
        profile: Option<&str>,
        tables: &[Table],
    ) -> Result<Capture, LakeError> {
        check_workspace_name(workspace)?;
        let inner = self.inner.clone();
        let name = workspace.to_owned();
        let profile = profile.map(str::to_owned);
        let tables = tables.to_vec();
        tokio::task::spawn_blocking(move || capture(&inner, &name, profile.as_deref(), &tables))
            .await
            .map_err(|error| LakeError::Stopped(error.to_string()))?
    }

    /// The events of one conversation, in order, with their texts, from files and memory.
    ///
    /// # Errors
    /// When files cannot be read.
    pub async fn conversation(
        &self,
        workspace: &str,
        conversation_id: &str,
    ) -> Result<Vec<Event>, LakeError> {
        self.conversation_between(workspace, conversation_id, i64::MIN..=i64::MAX)
            .await
    }

    /// Those of them that happened between two times, both within, in UTC microseconds: no file of another day is
    /// looked into.
    ///
    /// # Errors
    /// When files cannot be read.
    pub async fn conversation_between(
        &self,
        workspace: &str,
        conversation_id: &str,
        times: RangeInclusive<i64>,
    ) -> Result<Vec<Event>, LakeError> {
        let inner = self.inner.clone();
        let (workspace, id) = (workspace.to_owned(), conversation_id.to_owned());
        tokio::task::spawn_blocking(move || conversation(&inner, &workspace, &id, &times))
            .await
            .map_err(|error| LakeError::Stopped(error.to_string()))?
    }

    /// A number that grows with every change of a workspace that an answer could show; 0 where there is none yet.
    /// It begins anew when the lake is opened.
    pub fn changes(&self, workspace: &str) -> u64 {
        let state = self.inner.lock_state();
        state
            .workspace(workspace)
            .map_or(0, |workspace| workspace.version)
    }

    /// Which facts of a workspace lie in files; nothing where none do.
    pub fn facts_in_files(&self, workspace: &str) -> Option<FactsInFiles> {
        let state = self.inner.lock_state();
        facts_in_files(state.workspace(workspace)?)
    }

    /// The same of all workspaces, by their names.
    pub fn all_facts_in_files(&self) -> BTreeMap<String, FactsInFiles> {
        let state = self.inner.lock_state();
        let all = state.workspaces().filter_map(|workspace| {
            let found = facts_in_files(workspace)?;
            Some((workspace.name.to_string(), found))
        });
        all.collect()
    }

    /// The names of the workspaces.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub async fn workspaces(&self) -> Result<Vec<String>, LakeError> {
        let mut names = self.inner.catalog.workspaces();
        names.extend(
            self.inner
                .lock_state()
                .workspaces()
                .map(|workspace| workspace.name.to_string()),
        );
        names.sort();
        names.dedup();
        Ok(names)
    }
}

/// Which facts lie in files, as [`Lake::facts_in_files`] tells it: other files, or another fact set, are another value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactsInFiles {
    /// The catalog's snapshot, in which the workspace's files were last changed.
    pub snapshot: i64,
    /// The active fact set.
    pub fact_set: String,
    /// How many sessions, of all fact sets together.
    pub sessions: u64,
}

fn facts_in_files(workspace: &Workspace) -> Option<FactsInFiles> {
    let set = workspace.sets.active();
    // Days whose events are gone are as another fact set has them.
    let files = workspace.files.files(Table::Sessions, None, None);
    let sessions = files.map(|file| file.rows).reduce(|all, rows| all + rows);
    sessions.map(|sessions| FactsInFiles {
        snapshot: workspace.files.snapshot(),
        fact_set: set.name.to_string(),
        sessions,
    })
}

/// What a query found of a workspace, at one moment: memory, and the files with which it is settled.
struct Moment {
    version: u64,
    sets: Arc<FactSets>,
    /// Which of the fact sets is read.
    set: SetId,
    files: Arc<FileList>,
    /// The parts of the overlay that hold something: position, number of changes, content.
    shards: Vec<(usize, u64, ShardCopy)>,
    /// The events that are in no file, where they are asked for, each with its bucket.
    unflushed: Vec<(i32, StoredEvent)>,
}

/// Copies under the lock what is needed; everything that takes its time comes later, without it.
fn moment(
    inner: &Inner,
    name: &str,
    profile: Option<&str>,
    with_events: bool,
    now: i64,
) -> Result<Moment, LakeError> {
    let state = inner.lock_state();
    let workspace = state.workspace(name);
    let sets = workspace.map_or_else(
        || Arc::new(FactSets::built_in(inner.built_in.clone())),
        |workspace| workspace.sets.clone(),
    );
    let set = match profile {
        None => sets.active(),
        Some(profile) => sets.find(profile).ok_or_else(|| unknown(&sets, profile))?,
    };
    let set = set.id;
    let Some(workspace) = workspace else {
        return Ok(Moment {
            version: 0,
            sets,
            set,
            files: Arc::default(),
            shards: Vec::new(),
            unflushed: Vec::new(),
        });
    };
    let filled = workspace.shards.iter().enumerate();
    let filled = filled.filter(|(_, shard)| !shard.conversations.is_empty());
    Ok(Moment {
        version: workspace.version,
        sets,
        set,
        files: workspace.files.clone(),
        shards: filled
            .map(|(index, shard)| (index, shard.changes(), copy_shard(shard, set, now)))
            .collect(),
        unflushed: if with_events {
            unflushed(workspace)
        } else {
            Vec::new()
        },
    })
}

/// Copies the events that are in no file; their bytes are shared.
fn unflushed(workspace: &Workspace) -> Vec<(i32, StoredEvent)> {
    let conversations = workspace
        .shards
        .iter()
        .flat_map(|shard| shard.conversations.values());
    conversations
        .flat_map(|conversation| {
            let waiting = conversation.events.iter().filter(|event| !event.flushed);
            waiting.map(|event| (conversation.bucket, event.clone()))
        })
        .collect()
}

/// The same as rows of a table, by day and bucket.
fn rows_of(unflushed: &[(i32, StoredEvent)], table: Table) -> Result<Vec<RecordBatch>, LakeError> {
    const ROWS: usize = 8192;
    let decoder = Decoder::current();
    let mut sorted: Vec<&(i32, StoredEvent)> = unflushed.iter().collect();
    sorted.sort_by_key(|(bucket, event)| (day_of(event.time), *bucket));
    let mut builder = BatchBuilder::new(table);
    let mut batches = Vec::new();
    for (bucket, stored) in sorted {
        let event = decoder.decode(&stored.bytes)?;
        if table == Table::Texts && !has_text(&event) {
            continue;
        }
        builder.push(&event, day_of(event.time), *bucket);
        if builder.len() == ROWS {
            batches.push(builder.finish()?);
        }
    }
    if !builder.is_empty() {
        batches.push(builder.finish()?);
    }
    Ok(batches)
}

/// Brings in what files hold around events that came since, and gives it to memory too.
fn complete(inner: &Inner, name: &str, moment: &mut Moment) -> Result<(), LakeError> {
    let incomplete = || {
        moment.shards.iter().flat_map(|(_, _, shard)| {
            let conversations: &[ConversationCopy] = match shard {
                ShardCopy::Facts(_) => &[],
                ShardCopy::Conversations(conversations) => conversations,
            };
            conversations.iter().filter(|copy| !copy.complete)
        })
    };
    let mut questions: Vec<Question> = incomplete()
        .map(|copy| {
            Question::new(
                &copy.conversation_id,
                copy.bucket,
                &copy.events,
                copy.sessions_known,
            )
        })
        .collect();
    if questions.is_empty() {
        return Ok(());
    }
    let place = Place {
        inner,
        workspace: name,
        files: &moment.files,
        gap: moment.sets.cut_gap(),
    };
    let settled = lookup::complete(&place, &moment.sets, &mut questions)?;
    let mut found = questions.into_iter().map(|question| question.found);
    for (_, _, shard) in &mut moment.shards {
        let ShardCopy::Conversations(conversations) = shard else {
            continue;
        };
        for copy in conversations.iter_mut().filter(|copy| !copy.complete) {
            let found = found.next().unwrap_or_default();
            if !found.events.is_empty() {
                Arc::make_mut(&mut copy.events).extend(found.events.iter().cloned());
            }
            copy.cuts = found.cuts.clone();
            for replaced in &found.replaced {
                if !copy.replaced.contains(replaced) {
                    copy.replaced.push(replaced.clone());
                }
            }
            if settled {
                give_to_memory(inner, name, &moment.files, copy, found);
            }
        }
    }
    Ok(())
}

/// Spares the next query the lookup, unless something changed since.
fn give_to_memory(
    inner: &Inner,
    name: &str,
    files: &Arc<FileList>,
    copy: &ConversationCopy,
    found: Found,
) {
    let mut state = inner.lock_state();
    let Some(workspace) = state.workspace_mut(name) else {
        return;
    };
    if Arc::ptr_eq(&workspace.files, files) {
        workspace.bring_in(&copy.conversation_id, copy.version, found);
    }
}

pub(crate) fn capture(
    inner: &Inner,
    name: &str,
    profile: Option<&str>,
    tables: &[Table],
) -> Result<Capture, LakeError> {
    let now = inner.now();
    let (folding, prices) = {
        let state = inner.lock_state();
        let folding = state
            .workspace(name)
            .map(|workspace| workspace.folding.clone());
        (folding, state.prices.get(name).cloned())
    };
    let folding = folding.as_ref().map(|folding| {
        folding
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    });
    let is_raw = |table: &Table| !Table::FACTS.contains(table);
    let with_events = tables.iter().any(is_raw);
    let mut moment = moment(inner, name, profile, with_events, now)?;
    complete(inner, name, &mut moment)?;
    let sets = moment.sets.clone();
    let set = sets.get(moment.set).unwrap_or_else(|| sets.active());
    let mut shards: Vec<Arc<ShardFacts>> = Vec::with_capacity(moment.shards.len());
    for (index, changes, shard) in &moment.shards {
        shards.push(match shard {
            ShardCopy::Facts(facts) => facts.clone(),
            ShardCopy::Conversations(conversations) => {
                let facts = shard_facts(name, set, conversations, now)?;
                inner.counters.folded(facts.folded);
                let mut state = inner.lock_state();
                if let Some(workspace) = state.workspace_mut(name) {
                    workspace.shards[*index].keep(set.id, &facts, *changes);
                }
                facts
            }
        });
    }
    drop(folding);
    let files = moment.files;
    let kept: &[Arc<str>] = match set.role {
        FactSetRole::Active => &sets.kept,
        _ => &[],
    };
    Ok(Capture {
        workspace: name.to_owned(),
        profile: set.profile_name().to_owned(),
        fact_set: set.name.to_string(),
        maturity: (set.settings.profiles())
            .map(|(_, profile)| profile.maturity_times())
            .reduce(MaturityTimes::longer),
        knows_windows: Some(
            set.settings
                .profiles()
                .any(|(_, profile)| profile.knows_windows()),
        ),
        prices,
        preferences: Arc::default(),
        kept: kept.iter().map(|name| kept_facts(&files, name)).collect(),
        snapshot: files.snapshot(),
        version: moment.version,
        tables: captures(&files, set, kept, &shards, &moment.unflushed, tables)?,
    })
}

/// What each table gives: files of the set, and of what older sets left; memory.
fn captures(
    files: &FileList,
    set: &FactSet,
    kept: &[Arc<str>],
    shards: &[Arc<ShardFacts>],
    unflushed: &[(i32, StoredEvent)],
    tables: &[Table],
) -> Result<Vec<TableCapture>, LakeError> {
    let replaced = shards.iter().flat_map(|shard| &shard.replaced).cloned();
    let replaced: Arc<HashSet<Box<str>>> = Arc::new(replaced.collect());
    let replaced_in = Arc::new(replacements(shards));
    let copies = |table, name: Option<&str>| -> Vec<DataFile> {
        let found = files.files(table, None, name);
        found.map(|file| file.as_ref().clone()).collect()
    };
    let of_facts = |table| Table::FACTS.iter().position(|fact| *fact == table);
    tables
        .iter()
        .map(|&table| {
            let Some(index) = of_facts(table) else {
                return Ok(TableCapture {
                    table,
                    files: copies(table, None),
                    memory: rows_of(unflushed, table)?,
                    replaced: Arc::default(),
                    replaced_in: Arc::default(),
                });
            };
            let names = std::iter::once(&set.name).chain(kept);
            let mut files: Vec<DataFile> =
                names.flat_map(|name| copies(table, Some(name))).collect();
            files.sort_by_key(|file| (file.day, file.bucket, file.id));
            Ok(TableCapture {
                table,
                files,
                memory: memory_of(shards, index),
                replaced: replaced.clone(),
                replaced_in: replaced_in.clone(),
            })
        })
        .collect()
}

/// What the facts of memory replace by day and bucket. In which order they are told says nothing.
fn replacements(shards: &[Arc<ShardFacts>]) -> HashMap<(i32, i32), u64> {
    let mut fingerprints: HashMap<(i32, i32), u64> = HashMap::new();
    for shard in shards {
        for (key, place) in shard.replaced.iter().zip(&shard.replaced_in) {
            let fingerprint = fingerprints.entry(*place).or_default();
            *fingerprint = fingerprint.wrapping_add(xxh3_64(key.as_bytes()));
        }
    }
    // What is replaced is never told as nothing.
    fingerprints.values_mut().for_each(|value| *value |= 1);
    fingerprints
}

/// Why there is no set of this name to read.
pub(crate) fn unknown(sets: &FactSets, profile: &str) -> LakeError {
    let being_built = sets
        .folded()
        .iter()
        .any(|set| set.profile_name() == profile || &*set.name == profile);
    if being_built {
        return LakeError::FactSetUnfinished(profile.to_owned());
    }
    let known = sets.folded().iter().filter(|set| set.is_whole());
    LakeError::UnknownFactSet {
        name: profile.to_owned(),
        known: known
            .map(FactSet::profile_name)
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// What is left of the facts of this set.
pub(crate) fn kept_facts(files: &FileList, name: &str) -> KeptFacts {
    let mut kept = KeptFacts {
        fact_set: name.to_owned(),
        sessions: 0,
        first_day: i32::MAX,
        last_day: i32::MIN,
    };
    for file in files.files(Table::Sessions, None, Some(name)) {
        kept.sessions += file.rows;
        kept.first_day = kept.first_day.min(file.day);
        kept.last_day = kept.last_day.max(file.day);
    }
    kept
}

fn memory_of(shards: &[Arc<ShardFacts>], index: usize) -> Vec<RecordBatch> {
    shards
        .iter()
        .map(|shard| shard.batches[index].clone())
        .filter(|batch| batch.num_rows() > 0)
        .collect()
}

fn conversation(
    inner: &Inner,
    name: &str,
    conversation_id: &str,
    times: &RangeInclusive<i64>,
) -> Result<Vec<Event>, LakeError> {
    let days = day_of(*times.start())..=day_of(*times.end());
    let keys = Keys::new("conversation_id", [conversation_id]);
    let bucket = inner.bucket(conversation_hash(name, conversation_id));
    let read = |table| -> Result<Vec<Event>, LakeError> {
        let mut events = Vec::new();
        for file in inner.files_of(name, table, days.clone(), Some(bucket), None) {
            for batch in inner.read_rows(&file, table, None, &keys)? {
                let reader = BatchReader::new::<Event>(&batch)?;
                events.extend((0..reader.len()).map(|row| Event::read(&reader.row(row))));
            }
        }
        Ok(events)
    };
    // Memory first: an event that moves into a file in between is then found twice, not never.
    let in_memory: Vec<StoredEvent> = {
        let mut state = inner.lock_state();
        state
            .workspace_mut(name)
            .and_then(|workspace| {
                workspace
                    .shard_mut(conversation_id)
                    .conversations
                    .get(conversation_id)
            })
            .map(|conversation| conversation.events.to_vec())
            .unwrap_or_default()
    };
    let mut events = read(Table::Events)?;
    join_texts(&mut events, read(Table::Texts)?);
    events.extend(decode_all(&Decoder::current(), &in_memory)?);
    events.retain(|event| times.contains(&event.time));
    events.sort_by(|left, right| order_key(left).cmp(&order_key(right)));
    events.dedup_by(|next, kept| next.event_id == kept.event_id);
    Ok(events)
}
