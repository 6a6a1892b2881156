//! Folding everything anew from the events in files: for other profiles, and to verify the facts.
//!
//! Conversations are taken in portions by their hash, so that memory holds the events of one portion
//! and not of all.

use std::collections::BTreeMap;
use std::sync::Arc;

use upshot_core::event::conversation_hash;
use upshot_core::fold::Facts;
use upshot_core::time::day_of;
use upshot_core::{Event, Record, Session};

use crate::catalog::{FactSet, Transaction};
use crate::engine::build::{Builders, Rows};
use crate::engine::lookup::join_texts;
use crate::engine::overlay::fold_conversation;
use crate::engine::settings::Settings;
use crate::engine::{Inner, Lake, flush, write_rows};
use crate::error::LakeError;
use crate::schema::{BatchReader, Table};

/// About so many events are in memory at once.
const PORTION_EVENTS: u64 = 1_000_000;

/// What a change of profiles did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refolded {
    /// The name of the new facts.
    pub fact_set: String,
    /// Sessions before.
    pub sessions_before: u64,
    /// Sessions after.
    pub sessions_after: u64,
}

impl Lake {
    /// Gives a workspace other profiles: makes all its facts anew from the events, and switches in
    /// one step. Nothing happens when the profiles are what they were.
    ///
    /// # Errors
    /// When files or the catalog cannot be read or written; then the old facts stay.
    pub async fn set_settings(
        &self,
        workspace: &str,
        settings: Settings,
    ) -> Result<Refolded, LakeError> {
        crate::engine::check_workspace_name(workspace)?;
        let inner = &self.inner;
        let now = inner.now();
        inner.catalog.create_workspace(workspace, now).await?;
        let settings = Arc::new(settings);
        // What is in memory goes to files first, so that all events are in one place.
        flush::flush_all(inner, true).await?;
        let _committing = inner.committing.lock().await;
        let worker = inner.clone();
        let (name, chosen) = (workspace.to_owned(), settings.clone());
        let (transaction, done) =
            tokio::task::spawn_blocking(move || refold(&worker, &name, &chosen, now))
                .await
                .map_err(|error| LakeError::Stopped(error.to_string()))??;
        inner.catalog.commit(transaction).await?;
        let mut state = inner.lock_state();
        let memory = state.workspace_or_insert(&workspace.into(), settings.clone());
        memory.settings = settings;
        memory.files = inner.catalog.file_list(workspace).unwrap_or_default();
        memory.version += 1;
        for shard in &mut memory.shards {
            shard.changed();
            for conversation in shard.conversations.values_mut() {
                conversation.complete = false;
                conversation.version += 1;
                conversation.replaced.clear();
            }
        }
        Ok(done)
    }
}

fn refold(
    inner: &Inner,
    workspace: &str,
    settings: &Settings,
    now: i64,
) -> Result<(Transaction, Refolded), LakeError> {
    let fact_set = settings.fact_set();
    let mut transaction = Transaction {
        workspace: workspace.to_owned(),
        now,
        message: format!("facts by {fact_set}"),
        fact_sets: vec![FactSet {
            name: fact_set.clone(),
            profile_toml: settings.to_stored(),
            fold_version: upshot_core::fold::FOLD_VERSION,
            active: true,
        }],
        ..Transaction::default()
    };
    let mut done = Refolded {
        fact_set: fact_set.clone(),
        sessions_before: 0,
        sessions_after: 0,
    };
    let everything = i32::MIN..=i32::MAX - 1;
    for table in Table::FACTS {
        for file in inner.files_of(workspace, table, everything.clone(), None, None) {
            transaction.end.push(file.id);
            if table == Table::Sessions {
                done.sessions_before += file.rows;
            }
        }
    }
    each_portion(inner, workspace, |conversations| {
        let mut builders = Builders::default();
        for mut events in conversations {
            let mut facts = Facts::default();
            fold_conversation(workspace, settings, now, &mut events, &mut facts);
            done.sessions_after += facts.sessions.len() as u64;
            let bucket = inner.bucket(conversation_hash(workspace, &events[0].conversation_id));
            builders.push_facts(bucket, &facts)?;
        }
        let rows: Rows = builders.finish()?;
        transaction
            .add
            .extend(write_rows(inner, workspace, &fact_set, rows)?);
        Ok(())
    })?;
    Ok((transaction, done))
}

/// Hands over the events of all conversations in files, portion by portion; the events of a
/// conversation come together.
fn each_portion(
    inner: &Inner,
    workspace: &str,
    mut take: impl FnMut(Vec<Vec<Event>>) -> Result<(), LakeError>,
) -> Result<(), LakeError> {
    let everything = i32::MIN..=i32::MAX - 1;
    let files = inner.files_of(workspace, Table::Events, everything.clone(), None, None);
    let texts = inner.files_of(workspace, Table::Texts, everything, None, None);
    let rows: u64 = files.iter().map(|file| file.rows).sum();
    let portions = rows.div_ceil(PORTION_EVENTS).max(1);
    for portion in 0..portions {
        // The middle of the hash: its ends choose the shard and the bucket.
        let wanted = |id: &str| (conversation_hash(workspace, id) >> 16) % portions == portion;
        let read =
            |files: &[Arc<crate::capture::DataFile>], table| -> Result<Vec<Event>, LakeError> {
                let mut events = Vec::new();
                for file in files {
                    for batch in inner.read_whole(file, table)? {
                        let reader = BatchReader::new::<Event>(&batch)?;
                        events.extend(
                            (0..reader.len())
                                .map(|row| Event::read(&reader.row(row)))
                                .filter(|event| wanted(&event.conversation_id)),
                        );
                    }
                }
                Ok(events)
            };
        let mut events = read(&files, Table::Events)?;
        join_texts(&mut events, read(&texts, Table::Texts)?);
        let mut conversations: BTreeMap<Box<str>, Vec<Event>> = BTreeMap::new();
        for event in events {
            conversations
                .entry(event.conversation_id.clone())
                .or_default()
                .push(event);
        }
        take(conversations.into_values().collect())?;
    }
    Ok(())
}

/// Sessions of which the facts in files are not what the events in files give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// The workspace.
    pub workspace: String,
    /// The session.
    pub session_id: String,
    /// What differs.
    pub what: String,
}

/// Folds everything in files anew and compares; gives how many sessions were compared, and at most
/// `most` disagreements. The lake must be flushed; conversations that are in memory are left out.
pub(crate) fn compare(
    inner: &Inner,
    workspace: &str,
    most: usize,
) -> Result<(u64, Vec<Disagreement>), LakeError> {
    let settings = inner.settings(workspace);
    let fact_set = settings.fact_set();
    let now = inner.now();
    let everything = i32::MIN..=i32::MAX - 1;
    let files = inner.files_of(
        workspace,
        Table::Sessions,
        everything,
        None,
        Some(&fact_set),
    );
    let mut stored: BTreeMap<Box<str>, Session> = BTreeMap::new();
    let mut found = Vec::new();
    let mut note = |session_id: &str, what: String| {
        if found.len() < most {
            found.push(Disagreement {
                workspace: workspace.to_owned(),
                session_id: session_id.to_owned(),
                what,
            });
        }
    };
    let in_memory = |conversation_id: &str| {
        let mut state = inner.lock_state();
        state.workspace_mut(workspace).is_some_and(|memory| {
            memory
                .shard_mut(conversation_id)
                .conversations
                .contains_key(conversation_id)
        })
    };
    for file in &files {
        for batch in inner.read_whole(file, Table::Sessions)? {
            let reader = BatchReader::new::<Session>(&batch)?;
            for row in 0..reader.len() {
                let session = Session::read(&reader.row(row));
                if let Some(twice) = stored.insert(session.session_id.clone(), session) {
                    note(&twice.session_id, "stands in files twice".to_owned());
                }
            }
        }
    }
    let mut compared = 0;
    each_portion(inner, workspace, |conversations| {
        for mut events in conversations {
            if in_memory(&events[0].conversation_id) {
                continue;
            }
            let mut facts = Facts::default();
            fold_conversation(workspace, &settings, now, &mut events, &mut facts);
            for session in facts.sessions {
                compared += 1;
                match stored.remove(&session.session_id) {
                    None => note(
                        &session.session_id,
                        format!("is missing on day {}", day_of(session.start_time)),
                    ),
                    Some(kept) if kept != session => {
                        note(&session.session_id, difference(&kept, &session))
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(())
    })?;
    for session in stored
        .values()
        .filter(|session| !in_memory(&session.conversation_id))
    {
        note(&session.session_id, "has no events".to_owned());
    }
    Ok((compared, found))
}

/// The first field in which two sessions differ.
fn difference(kept: &Session, made: &Session) -> String {
    #[derive(Default)]
    struct Texts(Vec<String>);
    impl upshot_core::FieldSink for Texts {
        fn text(&mut self, _: usize, value: Option<&str>) {
            self.0.push(format!("{value:?}"));
        }
        fn integer(&mut self, _: usize, value: Option<i64>) {
            self.0.push(format!("{value:?}"));
        }
        fn real(&mut self, _: usize, value: Option<f64>) {
            self.0.push(format!("{value:?}"));
        }
        fn flag(&mut self, _: usize, value: Option<bool>) {
            self.0.push(format!("{value:?}"));
        }
        fn map(&mut self, _: usize, value: &upshot_core::Attributes) {
            self.0.push(format!("{value:?}"));
        }
    }
    let (mut before, mut after) = (Texts::default(), Texts::default());
    kept.write(&mut before);
    made.write(&mut after);
    let different = (0..Session::FIELDS.len()).find(|index| before.0[*index] != after.0[*index]);
    different.map_or_else(
        || "differs".to_owned(),
        |index| {
            format!(
                "{}: {} in files, {} from events",
                Session::FIELDS[index].name,
                before.0[index],
                after.0[index]
            )
        },
    )
}
