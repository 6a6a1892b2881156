//! Roll-ups: what a plan found in a file, kept for the next question that asks the same of that file.
//!
//! Files never change, and most of a range are days long past. What is counted there for one question is counted there
//! for every other that cuts and filters alike, wherever its range begins and ends: a dashboard that is opened
//! anew reads the files that came since, those that its range cuts through, and memory. [`fixed`] decides what may be kept and
//! under which key; [`Rollups`] keeps it, up to a number of bytes, what was asked longest ago going first. Nothing is made
//! ahead, and everything can be made anew from the files.

mod fixed;

use std::any::Any;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashlink::LruCache;
use rustc_hash::FxHashSet;
use upshot_lake::{Capture, DataFile, Table};
use xxhash_rust::xxh3::xxh3_64;

use crate::run::accumulate::Sampling;

pub(crate) use fixed::{Fixed, Slice};

/// What one plan asks of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    file: u64,
    question: u128,
}

impl Key {
    pub(crate) fn new(file: &DataFile, question: u128) -> Self {
        Self {
            file: path_hash(&file.path),
            question,
        }
    }
}

impl Key {
    /// A number that hardly any other key has.
    pub(crate) const fn number(self) -> u64 {
        self.file | 1 << 63
    }
}

pub(crate) fn path_hash(path: &Path) -> u64 {
    xxh3_64(path.as_os_str().as_encoded_bytes())
}

/// Whose files they are: a workspace's, of one table and fact set.
type Owner = (String, String, Table);

struct Kept {
    found: Arc<dyn Any + Send + Sync>,
    sampling: Sampling,
    bytes: usize,
}

/// What stands for whoever asks: that it is kept for, and as what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keeping<'a> {
    pub(crate) rollups: &'a Rollups,
    /// What it makes of rows beyond what their shape says; another one for each type that is kept.
    pub(crate) purpose: u64,
}

/// What is kept.
pub(crate) struct Rollups {
    limit_bytes: usize,
    state: Mutex<State>,
}

struct State {
    kept: LruCache<Key, Kept>,
    bytes: usize,
    /// With which snapshot the files of each owner were looked at, and which these were.
    files: HashMap<Owner, (i64, FxHashSet<u64>)>,
}

/// An entry takes about so many bytes besides what it holds.
const ENTRY_BYTES: usize = 96;

/// What takes more than this part of all is not kept: it would push out everything else.
const LARGEST_PART: usize = 16;

impl std::fmt::Debug for Rollups {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.state();
        write!(
            formatter,
            "Rollups({} of {} bytes)",
            state.bytes, self.limit_bytes
        )
    }
}

impl Rollups {
    /// Keeps up to so many bytes; nothing where that is 0.
    pub(crate) fn new(limit_bytes: usize) -> Self {
        Self {
            limit_bytes,
            state: Mutex::new(State {
                kept: LruCache::new_unbounded(),
                bytes: 0,
                files: HashMap::new(),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is whole before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// That what is found for this purpose is kept; nothing where nothing ever is.
    pub(crate) fn keeping(&self, purpose: u64) -> Option<Keeping<'_>> {
        let rollups = self;
        (self.limit_bytes > 0).then_some(Keeping { rollups, purpose })
    }

    /// What is kept under these keys, where the sample of users is at least as large as is wanted.
    pub(crate) fn find<T: Any + Send + Sync>(
        &self,
        keys: &[Option<Key>],
        sampling: Sampling,
    ) -> Vec<Option<Arc<T>>> {
        let mut state = self.state();
        let mut found = |key: &Option<Key>| {
            let kept = state.kept.get(&(*key)?)?;
            let found = Arc::clone(&kept.found).downcast().ok()?;
            kept.sampling.covers(sampling).then_some(found)
        };
        keys.iter().map(&mut found).collect()
    }

    /// Keeps what was found, which takes so many bytes.
    pub(crate) fn add<T: Any + Send + Sync>(
        &self,
        key: Key,
        found: &Arc<T>,
        sampling: Sampling,
        bytes: usize,
    ) {
        let bytes = bytes + ENTRY_BYTES;
        if bytes > self.limit_bytes / LARGEST_PART {
            return;
        }
        let kept = Kept {
            found: Arc::clone(found) as Arc<dyn Any + Send + Sync>,
            sampling,
            bytes,
        };
        let mut state = self.state();
        // A query that began before the file went must not bring it back.
        let known = state
            .files
            .values()
            .any(|(_, files)| files.contains(&key.file));
        if !known {
            return;
        }
        state.bytes += bytes;
        if let Some(before) = state.kept.insert(key, kept) {
            state.bytes -= before.bytes;
        }
        while state.bytes > self.limit_bytes
            && let Some((_, oldest)) = state.kept.remove_lru()
        {
            state.bytes -= oldest.bytes;
        }
    }

    /// Forgets what was found in files that are gone: at once, so that nothing of what was erased is kept.
    pub(crate) fn follow(&self, capture: &Capture, table: Table, files: &[DataFile]) {
        if self.limit_bytes == 0 {
            return;
        }
        let owner = (capture.workspace.clone(), capture.fact_set.clone(), table);
        let mut state = self.state();
        let before = state.files.get(&owner);
        if before.is_some_and(|(snapshot, _)| *snapshot > capture.snapshot) {
            return;
        }
        let live: FxHashSet<u64> = files.iter().map(|file| path_hash(&file.path)).collect();
        let gone: FxHashSet<u64> = before
            .map(|(_, before)| before.difference(&live).copied().collect())
            .unwrap_or_default();
        state.files.insert(owner, (capture.snapshot, live));
        if gone.is_empty() {
            return;
        }
        let State { kept, bytes, .. } = &mut *state;
        kept.retain(|key, entry| {
            let stays = !gone.contains(&key.file);
            if !stays {
                *bytes -= entry.bytes;
            }
            stays
        });
    }
}
