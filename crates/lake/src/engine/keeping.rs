//! For how long a workspace keeps texts, events and facts. What is older goes by whole days.
//!
//! A day's files end in one transaction, which also notes from which day on there is something: what comes later of
//! earlier days is not stored. A conversation that goes on since such a day is sealed first, with the facts that it has. Facts
//! stay when their events go; `verify` and other rules know from the note that these cannot be made anew.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use upshot_core::Event;
use upshot_core::time::{day_of, start_of_day};

use crate::catalog::{FileList, Keep, Transaction};
use crate::engine::{Inner, Lake, check_workspace_name, flush};
use crate::error::LakeError;
use crate::schema::Table;

/// The most days that can be said.
const MOST_DAYS: u32 = 36_500;

/// For how many days something is kept; nothing means for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Keeping {
    /// What people wrote.
    pub texts: Option<u32>,
    /// Events.
    pub events: Option<u32>,
    /// Facts: sessions, messages, steps.
    pub facts: Option<u32>,
}

impl Keeping {
    /// Says what is wrong: texts are kept no longer than events, events no longer than facts.
    ///
    /// # Errors
    /// [`LakeError::KeepingRefused`].
    pub fn check(&self) -> Result<(), LakeError> {
        let refused = |reason: String| Err(LakeError::KeepingRefused(reason));
        let all = [
            ("texts", self.texts),
            ("events", self.events),
            ("facts", self.facts),
        ];
        for (what, days) in all {
            if days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
                return refused(format!(
                    "{what} cannot be kept for so many days; expected 1 to {MOST_DAYS}, or for ever"
                ));
            }
        }
        let long = |days: Option<u32>| days.unwrap_or(u32::MAX);
        for pair in all.windows(2) {
            let [(shorter, first), (longer, second)] = pair else {
                continue;
            };
            if long(*first) > long(*second) {
                return refused(format!(
                    "{shorter} cannot be kept longer than {longer}; keep {longer} at least as long"
                ));
            }
        }
        Ok(())
    }
}

/// From which UTC days on there is something; `i32::MIN` where nothing went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFrom {
    /// What people wrote.
    pub texts: i32,
    /// Events.
    pub events: i32,
    /// Facts.
    pub facts: i32,
}

impl Default for KeptFrom {
    fn default() -> Self {
        Self {
            texts: i32::MIN,
            events: i32::MIN,
            facts: i32::MIN,
        }
    }
}

impl KeptFrom {
    fn joined(self, other: Self, choose: fn(i32, i32) -> i32) -> Self {
        Self {
            texts: choose(self.texts, other.texts),
            events: choose(self.events, other.events),
            facts: choose(self.facts, other.facts),
        }
    }
}

/// What is remembered of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub keeping: Keeping,
    /// What went already.
    pub from: KeptFrom,
}

impl Kept {
    /// From which days on things are kept at this time.
    pub fn due(&self, now: i64) -> KeptFrom {
        let from = |days: Option<u32>| {
            let days = days.and_then(|days| i32::try_from(days).ok());
            days.map_or(i32::MIN, |days| day_of(now).saturating_sub(days))
        };
        let due = KeptFrom {
            texts: from(self.keeping.texts),
            events: from(self.keeping.events),
            facts: from(self.keeping.facts),
        };
        due.joined(self.from, i32::max)
    }

    fn to_stored(self) -> Result<String, LakeError> {
        serde_json::to_string(&self).map_err(|error| unreadable(&error))
    }
}

fn unreadable(error: &serde_json::Error) -> LakeError {
    LakeError::Damaged {
        what: "the catalog's table upshot_keeping".to_owned(),
        reason: error.to_string(),
    }
}

/// What workspaces keep.
pub(crate) type AllKept = BTreeMap<Arc<str>, Kept>;

/// What would go, or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outdated {
    /// Events whose texts go.
    pub texts: u64,
    /// Events.
    pub events: u64,
    /// Sessions, in all fact sets.
    pub sessions: u64,
    /// Data files.
    pub files: u64,
    /// From which days on there is something afterwards.
    pub from: KeptFrom,
}

/// What is to become of an event that comes in.
pub(crate) enum Fate {
    /// It is stored as it is.
    Whole,
    /// It is stored without its texts.
    WithoutTexts,
    /// It is older than what is kept.
    Gone,
}

impl KeptFrom {
    /// What is to become of an event.
    pub(crate) fn fate(&self, event: &Event) -> Fate {
        let day = day_of(event.time);
        if day < self.events {
            return Fate::Gone;
        }
        match day < self.texts {
            true => Fate::WithoutTexts,
            false => Fate::Whole,
        }
    }
}

impl Inner {
    /// From which days on a workspace keeps things at this time.
    pub fn kept_from(&self, workspace: &str, now: i64) -> KeptFrom {
        let state = self.lock_state();
        state
            .kept
            .get(workspace)
            .map_or_else(KeptFrom::default, |kept| kept.due(now))
    }
}

impl Lake {
    /// For how long a workspace keeps things, and from which days on there is something.
    pub fn keeping(&self, workspace: &str) -> (Keeping, KeptFrom) {
        let state = self.inner.lock_state();
        let kept = state.kept.get(workspace).copied().unwrap_or_default();
        (kept.keeping, kept.from)
    }

    /// Says for how long a workspace keeps things. It is durable when this returns; what is older goes soon afterwards,
    /// for good.
    ///
    /// # Errors
    /// [`LakeError::KeepingRefused`] where that cannot be; when the catalog cannot be written.
    pub async fn set_keeping(&self, workspace: &str, keeping: Keeping) -> Result<(), LakeError> {
        check_workspace_name(workspace)?;
        keeping.check()?;
        let inner = &self.inner;
        let _committing = inner.committing.lock().await;
        let now = inner.now();
        inner.catalog.create_workspace(workspace, now).await?;
        let (_, from) = self.keeping(workspace);
        let kept = Kept { keeping, from };
        let change = Transaction {
            workspace: workspace.to_owned(),
            keep: Some(Keep {
                kept: kept.to_stored()?,
                carries_from: i64::MIN,
            }),
            now,
            message: "keeping".to_owned(),
            ..Transaction::default()
        };
        inner.commit(change).await?;
        inner.lock_state().kept.insert(workspace.into(), kept);
        inner.kept_day.store(i32::MIN, Ordering::SeqCst);
        inner.wake_flush();
        Ok(())
    }

    /// What would go now if things were kept for so long.
    ///
    /// # Errors
    /// [`LakeError::KeepingRefused`] where that cannot be.
    pub fn foresee_keeping(
        &self,
        workspace: &str,
        keeping: Keeping,
    ) -> Result<Outdated, LakeError> {
        check_workspace_name(workspace)?;
        keeping.check()?;
        let (_, from) = self.keeping(workspace);
        let due = Kept { keeping, from }.due(self.inner.now());
        let files = self.inner.catalog.file_list(workspace).unwrap_or_default();
        Ok(outdated(&files, due).1)
    }
}

/// The files of days before these, and what they hold.
fn outdated(files: &FileList, from: KeptFrom) -> (Vec<i64>, Outdated) {
    let mut ids = Vec::new();
    let mut found = Outdated {
        from,
        ..Outdated::default()
    };
    for table in Table::ALL {
        let first = match table {
            Table::Texts => from.texts.max(from.events),
            Table::Events => from.events,
            _ => from.facts,
        };
        for file in files.files(table, Some(i32::MIN..first), None) {
            ids.push(file.id);
            found.files += 1;
            match table {
                Table::Texts => found.texts += file.rows,
                Table::Events => found.events += file.rows,
                Table::Sessions => found.sessions += file.rows,
                _ => {}
            }
        }
    }
    (ids, found)
}

/// Reads what workspaces keep.
pub(crate) async fn load(inner: &Inner) -> Result<(), LakeError> {
    for name in inner.catalog.workspaces() {
        if let Some(stored) = inner.catalog.keeping(&name).await? {
            let kept: Kept = serde_json::from_str(&stored).map_err(|error| unreadable(&error))?;
            inner.lock_state().kept.insert(name.as_str().into(), kept);
        }
    }
    Ok(())
}

/// Whether a day has begun since what is older was looked for.
pub(crate) fn is_due(inner: &Inner, now: i64) -> bool {
    inner.kept_day.load(Ordering::SeqCst) < day_of(now) && !inner.lock_state().kept.is_empty()
}

/// Lets go what is older than what workspaces keep.
pub(crate) async fn run(inner: &Arc<Inner>) -> Result<(), LakeError> {
    let now = inner.now();
    let all: Vec<Arc<str>> = inner.lock_state().kept.keys().cloned().collect();
    for name in all {
        let Some(kept) = inner.lock_state().kept.get(&name).copied() else {
            continue;
        };
        let files = inner.catalog.file_list(&name).unwrap_or_default();
        let due = kept.due(now);
        if outdated(&files, due).0.is_empty() {
            continue;
        }
        // What goes on since then leaves memory with the facts that it has.
        flush::seal_before(inner, &name, start_of_day(due.texts.max(due.events))).await?;
        let _committing = inner.committing.lock().await;
        inner.check_durable()?;
        let Some(kept) = inner.lock_state().kept.get(&name).copied() else {
            continue;
        };
        let files = inner.catalog.file_list(&name).unwrap_or_default();
        let from = not_in_memory(inner, &name, kept.due(now));
        let from = from.joined(kept.from, i32::max);
        let (end, found) = outdated(&files, from);
        if end.is_empty() {
            continue;
        }
        let kept = Kept { from, ..kept };
        let gone = kept_facts_gone(inner, &name, &files, &end);
        let change = Transaction {
            workspace: name.to_string(),
            end,
            fact_sets_remove: gone.iter().map(ToString::to_string).collect(),
            keep: Some(Keep {
                kept: kept.to_stored()?,
                carries_from: match from.events {
                    i32::MIN => i64::MIN,
                    day => start_of_day(day),
                },
            }),
            now,
            message: "older than what is kept".to_owned(),
            ..Transaction::default()
        };
        inner.commit(change).await?;
        tracing::info!(workspace = %name, events = found.events, sessions = found.sessions, "let go what is older than what is kept");
        let mut state = inner.lock_state();
        state.kept.insert(name.clone(), kept);
        if let Some(memory) = state.workspace_mut(&name) {
            if !gone.is_empty() {
                let sets = Arc::make_mut(&mut memory.sets);
                sets.kept.retain(|kept| !gone.contains(kept));
            }
            memory.files = inner.catalog.file_list(&name).unwrap_or_default();
            memory.version += 1;
        }
    }
    inner.kept_day.store(day_of(now), Ordering::SeqCst);
    Ok(())
}

/// The days that may go: none of which memory holds an event.
fn not_in_memory(inner: &Inner, workspace: &str, due: KeptFrom) -> KeptFrom {
    let state = inner.lock_state();
    let shards = state.workspace(workspace).into_iter();
    let shards = shards.flat_map(|memory| &memory.shards);
    let events = shards
        .flat_map(|shard| shard.conversations.values())
        .flat_map(|conversation| conversation.events.iter());
    let first = events.map(|event| day_of(event.time)).min();
    let first = first.unwrap_or(i32::MAX);
    let first = KeptFrom {
        texts: first,
        events: first,
        facts: first,
    };
    due.joined(first, i32::min)
}

/// Kept facts of which nothing is left without these files.
fn kept_facts_gone(inner: &Inner, workspace: &str, files: &FileList, end: &[i64]) -> Vec<Arc<str>> {
    let end: FxHashSet<i64> = end.iter().copied().collect();
    let is_gone = |name: &Arc<str>| {
        let live = |table| files.files(table, None, Some(name));
        let mut live = Table::FACTS.into_iter().flat_map(live);
        live.all(|file| end.contains(&file.id))
    };
    let kept = inner.sets(workspace).kept.clone();
    kept.into_iter().filter(is_gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_go_before_events_and_events_before_facts() {
        let says = |texts, events, facts| {
            let keeping = Keeping {
                texts,
                events,
                facts,
            };
            keeping.check().is_ok()
        };
        for good in [
            (None, None, None),
            (Some(1), Some(1), Some(1)),
            (Some(30), Some(90), None),
            (Some(30), None, None),
        ] {
            assert!(says(good.0, good.1, good.2), "{good:?}");
        }
        for wrong in [
            (None, Some(90), None),
            (Some(91), Some(90), None),
            (Some(1), None, Some(90)),
            (Some(0), None, None),
            (None, None, Some(36_501)),
        ] {
            assert!(!says(wrong.0, wrong.1, wrong.2), "{wrong:?}");
        }
    }
}
