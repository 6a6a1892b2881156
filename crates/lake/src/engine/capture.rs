//! One consistent value for a query: files of one snapshot, and the facts of what memory holds.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::RecordBatch;
use upshot_core::Event;
use upshot_core::event::{conversation_hash, order_key};

use crate::capture::{Capture, TableCapture};
use crate::codec::Decoder;
use crate::engine::lookup::{self, Question, join_texts};
use crate::engine::overlay::{decode_all, shard_facts};
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
        self.complete_overlay(workspace).await?;
        let inner = self.inner.clone();
        let name = workspace.to_owned();
        let tables = tables.to_vec();
        tokio::task::spawn_blocking(move || capture(&inner, &name, &tables))
            .await
            .map_err(|error| LakeError::Stopped(error.to_string()))?
    }

    /// Brings in what files hold around events that came since.
    async fn complete_overlay(&self, workspace: &str) -> Result<(), LakeError> {
        let incomplete = {
            let state = self.inner.lock_state();
            state.workspace(workspace).is_some_and(|workspace| {
                workspace
                    .shards
                    .iter()
                    .flat_map(|shard| shard.conversations.values())
                    .any(|conversation| !conversation.complete)
            })
        };
        if !incomplete {
            return Ok(());
        }
        // While a flush commits, files hold events that memory still counts as its own.
        let _committing = self.inner.committing.lock().await;
        let inner = self.inner.clone();
        let name = workspace.to_owned();
        tokio::task::spawn_blocking(move || complete(&inner, &name))
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

fn complete(inner: &Inner, name: &str) -> Result<(), LakeError> {
    let mut versions = Vec::new();
    let mut questions = Vec::new();
    let gap = {
        let state = inner.lock_state();
        let Some(workspace) = state.workspace(name) else {
            return Ok(());
        };
        for (id, conversation) in workspace
            .shards
            .iter()
            .flat_map(|shard| &shard.conversations)
        {
            if !conversation.complete {
                questions.push(Question::new(id, conversation.bucket, &conversation.events));
                versions.push(conversation.version);
            }
        }
        workspace.settings.cut_gap()
    };
    lookup::complete(inner, name, &mut questions, gap)?;
    let mut state = inner.lock_state();
    let Some(workspace) = state.workspace_mut(name) else {
        return Ok(());
    };
    for (question, version) in questions.into_iter().zip(versions) {
        let shard = workspace.shard_mut(&question.conversation_id);
        let Some(conversation) = shard.conversations.get_mut(&question.conversation_id) else {
            continue;
        };
        let present: HashSet<u128> = conversation
            .events
            .iter()
            .map(|event| event.id_hash)
            .collect();
        let new: Vec<StoredEvent> = question
            .found
            .events
            .into_iter()
            .filter(|event| !present.contains(&event.id_hash))
            .collect();
        conversation.events.extend(new);
        for replaced in question.found.replaced {
            if !conversation.replaced.contains(&replaced) {
                conversation.replaced.push(replaced);
            }
        }
        conversation.complete = conversation.version == version;
        shard.facts = None;
    }
    Ok(())
}

fn capture(inner: &Inner, name: &str, tables: &[Table]) -> Result<Capture, LakeError> {
    let now = inner.now();
    let mut shards: Vec<Arc<ShardFacts>> = Vec::new();
    let mut state = inner.lock_state();
    let (mut version, mut fact_set) = (0, inner.default_settings().fact_set());
    let mut files = Arc::default();
    if let Some(workspace) = state.workspace_mut(name) {
        version = workspace.version;
        files = workspace.files.clone();
        fact_set = workspace.settings.fact_set();
        let settings = workspace.settings.clone();
        for shard in workspace
            .shards
            .iter_mut()
            .filter(|shard| !shard.conversations.is_empty())
        {
            shards.push(shard_facts(name, &settings, shard, now)?);
        }
    }
    drop(state);
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
