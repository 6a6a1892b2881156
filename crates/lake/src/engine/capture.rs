//! One consistent value for a query: files of one snapshot, and the facts of what memory holds.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::RecordBatch;
use upshot_core::Event;
use upshot_core::event::{conversation_hash, order_key};

use crate::capture::{Capture, TableCapture};
use crate::catalog::FileList;
use crate::codec::Decoder;
use crate::engine::lookup::{self, Found, Place, Question, join_texts};
use crate::engine::overlay::{ConversationCopy, ShardCopy, copy_shard, decode_all, shard_facts};
use crate::engine::settings::Settings;
use crate::engine::state::{ShardFacts, StoredEvent};
use crate::engine::{Inner, Lake, check_workspace_name};
use crate::error::LakeError;
use crate::parquet_files::Keys;
use crate::schema::{BatchReader, Table};
use upshot_core::Record;

impl Lake {
    /// What a query of this workspace reads, of these fact tables: every session that was
    /// acknowledged, each once.
    ///
    /// # Errors
    /// When files around new events cannot be read.
    pub async fn capture(&self, workspace: &str, tables: &[Table]) -> Result<Capture, LakeError> {
        check_workspace_name(workspace)?;
        let inner = self.inner.clone();
        let name = workspace.to_owned();
        let tables = tables.to_vec();
        tokio::task::spawn_blocking(move || capture(&inner, &name, &tables))
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
        let inner = self.inner.clone();
        let (workspace, conversation_id) = (workspace.to_owned(), conversation_id.to_owned());
        tokio::task::spawn_blocking(move || conversation(&inner, &workspace, &conversation_id))
            .await
            .map_err(|error| LakeError::Stopped(error.to_string()))?
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

/// What a query found of a workspace, at one moment: memory, and the files with which it is settled.
struct Moment {
    version: u64,
    settings: Arc<Settings>,
    files: Arc<FileList>,
    /// The parts of the overlay that hold something: position, number of changes, content.
    shards: Vec<(usize, u64, ShardCopy)>,
}

/// Copies under the lock what is needed; everything that takes its time comes later, without it.
fn moment(inner: &Inner, name: &str, now: i64) -> Moment {
    let state = inner.lock_state();
    let Some(workspace) = state.workspace(name) else {
        return Moment {
            version: 0,
            settings: inner.default_settings(),
            files: Arc::default(),
            shards: Vec::new(),
        };
    };
    let filled = workspace.shards.iter().enumerate();
    let filled = filled.filter(|(_, shard)| !shard.conversations.is_empty());
    Moment {
        version: workspace.version,
        settings: workspace.settings.clone(),
        files: workspace.files.clone(),
        shards: filled
            .map(|(index, shard)| (index, shard.changes(), copy_shard(shard, now)))
            .collect(),
    }
}

/// Brings in what files hold around events that came since, and gives it to memory too.
fn complete(inner: &Inner, name: &str, moment: &mut Moment) -> Result<(), LakeError> {
    let fact_set = moment.settings.fact_set();
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
        .map(|copy| Question::new(&copy.conversation_id, copy.bucket, &copy.events))
        .collect();
    if questions.is_empty() {
        return Ok(());
    }
    let place = Place {
        inner,
        files: &moment.files,
        fact_set: &fact_set,
        gap: moment.settings.cut_gap(),
    };
    lookup::complete(&place, &mut questions)?;
    let mut found = questions.into_iter().map(|question| question.found);
    for (_, _, shard) in &mut moment.shards {
        let ShardCopy::Conversations(conversations) = shard else {
            continue;
        };
        for copy in conversations.iter_mut().filter(|copy| !copy.complete) {
            let found = found.next().unwrap_or_default();
            copy.events.extend(found.events.iter().cloned());
            for replaced in &found.replaced {
                if !copy.replaced.contains(replaced) {
                    copy.replaced.push(replaced.clone());
                }
            }
            give_to_memory(inner, name, &moment.files, copy, found);
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

fn capture(inner: &Inner, name: &str, tables: &[Table]) -> Result<Capture, LakeError> {
    let now = inner.now();
    let folding = inner
        .lock_state()
        .workspace(name)
        .map(|workspace| workspace.folding.clone());
    let folding = folding.as_ref().map(|folding| {
        folding
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    });
    let mut moment = moment(inner, name, now);
    complete(inner, name, &mut moment)?;
    let mut shards: Vec<Arc<ShardFacts>> = Vec::with_capacity(moment.shards.len());
    for (index, changes, shard) in &moment.shards {
        shards.push(match shard {
            ShardCopy::Facts(facts) => facts.clone(),
            ShardCopy::Conversations(conversations) => {
                let facts = shard_facts(name, &moment.settings, conversations, now)?;
                let mut state = inner.lock_state();
                if let Some(workspace) = state.workspace_mut(name) {
                    workspace.shards[*index].keep(&facts, *changes);
                }
                facts
            }
        });
    }
    drop(folding);
    let Moment {
        version,
        settings,
        files,
        ..
    } = moment;
    let fact_set = settings.fact_set();
    let replaced: Arc<HashSet<Box<str>>> = Arc::new(
        shards
            .iter()
            .flat_map(|shard| shard.replaced.iter().cloned())
            .collect(),
    );
    let tables = tables
        .iter()
        .map(|&table| {
            let of_facts = Table::FACTS.iter().position(|fact| *fact == table);
            TableCapture {
                table,
                files: files
                    .files(table, None, of_facts.map(|_| fact_set.as_str()))
                    .map(|file| file.as_ref().clone())
                    .collect(),
                memory: of_facts
                    .map(|index| memory_of(&shards, index))
                    .unwrap_or_default(),
                replaced: if of_facts.is_some() {
                    replaced.clone()
                } else {
                    Arc::default()
                },
            }
        })
        .collect();
    Ok(Capture {
        workspace: name.to_owned(),
        fact_set,
        snapshot: files.snapshot(),
        version,
        tables,
    })
}

fn memory_of(shards: &[Arc<ShardFacts>], index: usize) -> Vec<RecordBatch> {
    shards
        .iter()
        .map(|shard| shard.batches[index].clone())
        .filter(|batch| batch.num_rows() > 0)
        .collect()
}

fn conversation(inner: &Inner, name: &str, conversation_id: &str) -> Result<Vec<Event>, LakeError> {
    let keys = Keys::new("conversation_id", [conversation_id]);
    let bucket = inner.bucket(conversation_hash(name, conversation_id));
    let read = |table| -> Result<Vec<Event>, LakeError> {
        let mut events = Vec::new();
        for file in inner.files_of(name, table, i32::MIN..=i32::MAX, Some(bucket), None) {
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
            .map(|conversation| conversation.events.clone())
            .unwrap_or_default()
    };
    let mut events = read(Table::Events)?;
    join_texts(&mut events, read(Table::Texts)?);
    events.extend(decode_all(&Decoder::current(), &in_memory)?);
    events.sort_by(|left, right| order_key(left).cmp(&order_key(right)));
    events.dedup_by(|next, kept| next.event_id == kept.event_id);
    Ok(events)
}
