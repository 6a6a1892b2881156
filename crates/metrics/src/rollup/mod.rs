//! Roll-ups: what a plan found in a file, kept for the next question that asks the same of that file.
//!
//! Files never change, and most of a range are days long past. What is counted there for one question is counted there
//! for every other that cuts and filters alike, wherever its range begins and ends: a dashboard that is opened
//! anew reads the files that came since, those that its range cuts through, and memory. [`fixed`] decides what may be kept and
//! under which key; [`Rollups`] keeps it in memory, up to a number of bytes, what was asked longest ago going first;
//! [`shelf`] keeps it beside the files, for the next start. Everything can be made anew from the files.

mod fixed;
pub(crate) mod plain;
mod shelf;

use std::any::Any;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashlink::LruCache;
use rustc_hash::{FxHashMap, FxHashSet};
use tokio::runtime::Handle;
use upshot_lake::{Capture, DataFile, Table};
use xxhash_rust::xxh3::xxh3_64;

use crate::error::QueryError;
use crate::machine::memory_of_machine;
use crate::run::accumulate::Sampling;
use crate::run::sets::Keys;
use crate::scan::SMALL_ROWS;

pub(crate) use fixed::{Fixed, Slice};
use shelf::{Record, Shelf};

/// What one plan asks of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    file: u64,
    question: u128,
    /// What memory stands in for in the file; 0 where it is nothing.
    replaced: u64,
}

/// Where what was found is kept. Of a file of which memory replaces something at one time and something else at another, only the last
/// is kept.
type Place = (u64, u128);

impl Key {
    pub(crate) fn new(file: &DataFile, question: u128, replaced: u64) -> Self {
        Self {
            file: path_hash(&file.path),
            question,
            replaced,
        }
    }

    const fn place(self) -> Place {
        (self.file, self.question)
    }

    /// Whether it is of the whole file. Anything else is only kept in memory: it is soon another.
    const fn is_whole(self) -> bool {
        self.replaced == 0
    }

    /// A number that hardly any other key has.
    pub(crate) const fn number(self) -> u64 {
        self.file | 1 << 63
    }
}

pub(crate) fn path_hash(path: &Path) -> u64 {
    xxh3_64(path.as_os_str().as_encoded_bytes())
}

/// What a consumer has found in a file.
pub(crate) trait Found: Any + Send + Sync + Sized {
    /// About how many bytes it takes.
    fn bytes(&self) -> usize {
        0
    }
    /// The sample of users that it holds.
    fn sampling(&self) -> Sampling {
        Sampling::ALL_USERS
    }
    /// Keys that it may have in common with what others found in the same file; they count as bytes of it.
    fn shared(&self) -> Vec<&Arc<Keys>> {
        Vec::new()
    }
    /// The same, to put others that are equal in their place.
    fn shared_mut(&mut self) -> Vec<&mut Arc<Keys>> {
        Vec::new()
    }
    /// The same as it lies beside the file, without the keys; nothing where it is never kept.
    fn to_bytes(&self) -> Option<Vec<u8>> {
        None
    }
    /// Back from there; nothing of what is no such thing. Of its keys it then knows which they are.
    fn of_bytes(_bytes: &[u8]) -> Option<Self> {
        None
    }
}

/// Whose files they are: a workspace's, of one table and fact set.
type Owner = (String, String, Table);

struct Kept {
    found: Arc<dyn Any + Send + Sync>,
    /// Without what of the file.
    replaced: u64,
    /// What it takes besides keys.
    bytes: usize,
    /// Which keys it shares with others.
    keys: Vec<u128>,
}

/// For whom is kept what is found, and where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keeping<'a> {
    pub(crate) rollups: &'a Arc<Rollups>,
    pub(crate) handle: &'a Handle,
    pub(crate) threads: usize,
    /// What stands for what is made of rows beyond what their shape says; another one for each type that is kept.
    pub(crate) purpose: u64,
}

impl Keeping<'_> {
    /// What is kept under these keys of files, where the sample of users is at least as large as is wanted.
    pub(crate) async fn find<'f, F: Found>(
        &self,
        keys: &[Option<Key>],
        files: impl Iterator<Item = &'f DataFile>,
        sampling: Sampling,
    ) -> Result<Vec<Option<Arc<F>>>, QueryError> {
        let mut found = self.rollups.find(keys, sampling);
        let missing = keys.iter().zip(files).zip(&found).enumerate();
        let missing: Vec<(usize, Key, PathBuf)> = missing
            .filter(|(_, ((_, file), found))| {
                found.is_none() && file.bytes >= self.rollups.options.least_file_bytes
            })
            .filter_map(|(place, ((key, file), _))| Some((place, (*key)?, file.rollups())))
            .filter(|(_, key, _)| key.is_whole())
            .collect();
        let mut loading = Vec::with_capacity(self.threads);
        for some in missing.chunks(missing.len().div_ceil(self.threads.max(1)).max(1)) {
            let (rollups, some) = (Arc::clone(self.rollups), some.to_vec());
            let most = self.rollups.options.memory_bytes / self.threads.max(1);
            let load = move || rollups.load::<F>(&some, sampling, most);
            loading.push(self.handle.spawn_blocking(load));
        }
        for loaded in loading {
            let loaded = loaded.await;
            let loaded = loaded.map_err(|error| QueryError::Stopped(error.to_string()))?;
            for (place, loaded) in loaded {
                found[place] = Some(loaded);
            }
        }
        Ok(found)
    }
}

/// What is kept.
pub(crate) struct Rollups {
    options: RollupOptions,
    state: Mutex<State>,
    shelf: Shelf,
    /// What is being put beside files.
    writing: Mutex<Vec<tokio::task::JoinHandle<()>>>,
}

/// How much of what was found in files is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RollupOptions {
    /// How many bytes of memory it may take, with columns of small files that are kept; 0 keeps nothing at all.
    pub memory_bytes: usize,
    /// Beside files that are at least as large, what was found is written down, so that it is still there when the
    /// program starts anew. Smaller ones are soon merged into larger ones, and quick to read.
    pub least_file_bytes: u64,
    /// Of files with fewer rows nothing is kept: to look at the rows anew, of columns that are kept, takes no longer than
    /// to put together what was found in each of them.
    pub least_file_rows: u64,
}

/// Roll-ups take at most so much memory, unless somebody says else.
const MOST_MEMORY: usize = 640 << 20;

/// And no more than this part of what the machine has.
const PART_OF_MACHINE: usize = 8;

impl Default for RollupOptions {
    fn default() -> Self {
        Self {
            memory_bytes: MOST_MEMORY.min(memory_of_machine() / PART_OF_MACHINE),
            least_file_bytes: 256 << 10,
            least_file_rows: SMALL_ROWS,
        }
    }
}

impl RollupOptions {
    /// For roll-ups, and for columns of small files: these take an eighth, and never lie beside their files.
    pub(crate) fn shared(self) -> [Self; 2] {
        let of_columns = self.memory_bytes / 8;
        let rollups = Self {
            memory_bytes: self.memory_bytes - of_columns,
            ..self
        };
        let columns = Self {
            memory_bytes: of_columns,
            least_file_bytes: u64::MAX,
            least_file_rows: 0,
        };
        [rollups, columns]
    }
}

struct State {
    kept: LruCache<Place, Kept>,
    bytes: usize,
    /// Keys by their hash, with how many share them.
    keys: FxHashMap<u128, (Arc<Keys>, usize)>,
    /// With which snapshot the files of each owner were looked at, and which these were.
    files: HashMap<Owner, (i64, FxHashMap<u64, PathBuf>)>,
}

impl State {
    fn insert(&mut self, place: Place, kept: Kept, shared: &[&Arc<Keys>]) {
        self.bytes += kept.bytes;
        for keys in shared {
            let bytes = &mut self.bytes;
            let (_, users) = self.keys.entry(keys.hash()).or_insert_with(|| {
                *bytes += keys.bytes();
                (Arc::clone(keys), 0)
            });
            *users += 1;
        }
        if let Some(before) = self.kept.insert(place, kept) {
            self.left(&before);
        }
    }

    /// What was kept is no longer.
    fn left(&mut self, kept: &Kept) {
        self.bytes -= kept.bytes;
        for hash in &kept.keys {
            let Some((keys, users)) = self.keys.get_mut(hash) else {
                continue;
            };
            *users -= 1;
            if *users == 0 {
                self.bytes -= keys.bytes();
                self.keys.remove(hash);
            }
        }
    }
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
            state.bytes, self.options.memory_bytes
        )
    }
}

impl Rollups {
    /// Keeps as much.
    pub(crate) fn new(options: RollupOptions) -> Self {
        Self {
            options,
            shelf: Shelf::default(),
            writing: Mutex::default(),
            state: Mutex::new(State {
                kept: LruCache::new_unbounded(),
                bytes: 0,
                keys: FxHashMap::default(),
                files: HashMap::new(),
            }),
        }
    }

    /// Remembers what is being written.
    pub(crate) fn writes(&self, task: tokio::task::JoinHandle<()>) {
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        writing.retain(|task| !task.is_finished());
        writing.push(task);
    }

    /// Waits until all is written.
    pub(crate) async fn settled(&self) {
        let writing = {
            let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *writing)
        };
        for task in writing {
            // What could not be written is made anew when it is asked for.
            let _ = task.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is whole before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anything is ever kept.
    pub(crate) fn keeps(&self) -> bool {
        self.options.memory_bytes > 0
    }

    /// What is kept in memory under these keys, where the sample of users is at least as large as is wanted.
    pub(crate) fn find<F: Found>(
        &self,
        keys: &[Option<Key>],
        sampling: Sampling,
    ) -> Vec<Option<Arc<F>>> {
        let mut state = self.state();
        let mut found = |key: &Option<Key>| {
            let key = (*key)?;
            let kept = state.kept.get(&key.place())?;
            if kept.replaced != key.replaced {
                return None;
            }
            let found = Arc::clone(&kept.found).downcast::<F>().ok()?;
            found.sampling().covers(sampling).then_some(found)
        };
        keys.iter().map(&mut found).collect()
    }

    /// What lies beside files under these keys; brings it into memory. Blocks.
    fn load<F: Found>(
        &self,
        wanted: &[(usize, Key, PathBuf)],
        sampling: Sampling,
        most_bytes: usize,
    ) -> Vec<(usize, Arc<F>)> {
        let (mut all, mut held) = (Vec::new(), 0);
        for (place, key, path) in wanted {
            // What would not fit into memory is counted anew, which takes no more than its result.
            if held > most_bytes {
                break;
            }
            let found = self.shelf.read(*key, path);
            let found = found.and_then(|bytes| F::of_bytes(&bytes));
            let Some(mut found) = found.filter(|found| found.sampling().covers(sampling)) else {
                continue;
            };
            if !self.fill(&mut found, *key, path) {
                continue;
            }
            held += found.bytes();
            let found = Arc::new(found);
            self.add(*key, &found);
            all.push((*place, found));
        }
        all
    }

    /// Brings back the keys of what lay beside a file; whether all were there.
    fn fill<F: Found>(&self, found: &mut F, key: Key, path: &Path) -> bool {
        found.shared_mut().into_iter().all(|keys| {
            let question = keys.hash();
            let read = || {
                let bytes = self.shelf.read(Key { question, ..key }, path)?;
                Keys::of_bytes(&bytes).map(Arc::new)
            };
            let whole = self.known_keys(question).or_else(read);
            let there = whole.is_some();
            if let Some(whole) = whole {
                *keys = whole;
            }
            there
        })
    }

    fn known_keys(&self, hash: u128) -> Option<Arc<Keys>> {
        let state = self.state();
        state.keys.get(&hash).map(|(keys, _)| Arc::clone(keys))
    }

    /// What was found, with the keys that are known already in the place of its own.
    pub(crate) fn own<F: Found>(&self, mut found: F) -> Arc<F> {
        for keys in found.shared_mut() {
            if let Some(known) = self.known_keys(keys.hash()) {
                *keys = known;
            }
        }
        Arc::new(found)
    }

    /// Puts what was found beside the files. Blocks.
    pub(crate) fn store<F: Found>(&self, found: &[(Key, DataFile, Arc<F>)]) {
        let mut by_file: HashMap<u64, (&DataFile, Vec<Record>)> = HashMap::new();
        for (key, file, found) in found {
            if file.bytes < self.options.least_file_bytes || !key.is_whole() {
                continue;
            }
            let Some(bytes) = found.to_bytes() else {
                continue;
            };
            let of_file = by_file.entry(key.file).or_insert((file, Vec::new()));
            of_file.1.push(Record {
                question: key.question,
                shared: false,
                bytes,
            });
            for keys in found.shared() {
                let question = keys.hash();
                if of_file.1.iter().any(|record| record.question == question) {
                    continue;
                }
                of_file.1.extend(keys.to_bytes().map(|bytes| Record {
                    question,
                    shared: true,
                    bytes,
                }));
            }
        }
        for (file, records) in by_file.into_values() {
            self.shelf.write(file, &records);
        }
    }

    /// Whether what is found in a file is kept.
    pub(crate) const fn is_worth(&self, file: &DataFile) -> bool {
        file.rows >= self.options.least_file_rows
    }

    /// Keeps what was found in memory.
    pub(crate) fn add<F: Found>(&self, key: Key, found: &Arc<F>) {
        let shared = found.shared();
        let of_keys: usize = shared.iter().map(|keys| keys.bytes()).sum();
        let bytes = found.bytes() + ENTRY_BYTES;
        if bytes > self.options.memory_bytes / LARGEST_PART {
            return;
        }
        let kept = Kept {
            found: Arc::clone(found) as Arc<dyn Any + Send + Sync>,
            replaced: key.replaced,
            bytes: bytes.saturating_sub(of_keys),
            keys: shared.iter().map(|keys| keys.hash()).collect(),
        };
        let mut state = self.state();
        // A query that began before the file went must not bring it back.
        let known = state
            .files
            .values()
            .any(|(_, files)| files.contains_key(&key.file));
        if !known {
            return;
        }
        state.insert(key.place(), kept, &shared);
        while state.bytes > self.options.memory_bytes
            && let Some((_, oldest)) = state.kept.remove_lru()
        {
            state.left(&oldest);
        }
    }

    /// Forgets what was found in files that are gone: at once, so that nothing of what was erased is kept.
    pub(crate) fn follow(&self, capture: &Capture, table: Table, files: &[DataFile]) {
        if self.options.memory_bytes == 0 {
            return;
        }
        let owner = (capture.workspace.clone(), capture.fact_set.clone(), table);
        let path = |file: &DataFile| (path_hash(&file.path), file.path.to_path_buf());
        let live: FxHashMap<u64, PathBuf> = files.iter().map(path).collect();
        let mut state = self.state();
        let before = state.files.get(&owner);
        if before.is_some_and(|(snapshot, _)| *snapshot > capture.snapshot) {
            return;
        }
        let gone: FxHashSet<u64> = before
            .into_iter()
            .flat_map(|(_, before)| before.keys().copied())
            .filter(|file| !live.contains_key(file))
            .collect();
        state.files.insert(owner, (capture.snapshot, live));
        self.left(state, &gone);
    }

    /// Forgets what was found in files that are there no more, also where nobody asks of their workspace: what was erased
    /// is not held until somebody does. Blocks.
    pub(crate) fn forget_missing(&self) {
        let files: Vec<(u64, PathBuf)> = {
            let state = self.state();
            let kept: FxHashSet<u64> = state.kept.iter().map(|((file, _), _)| *file).collect();
            let files = state.files.values().flat_map(|(_, files)| files);
            let files = files.filter(|(file, _)| kept.contains(file));
            files.map(|(file, path)| (*file, path.clone())).collect()
        };
        let is_missing = |path: &Path| matches!(path.try_exists(), Ok(false));
        let gone = files.iter().filter(|(_, path)| is_missing(path));
        let gone = gone.map(|(file, _)| *file).collect();
        self.left(self.state(), &gone);
    }

    /// Forgets what was found in these files.
    fn left(&self, mut state: MutexGuard<'_, State>, gone: &FxHashSet<u64>) {
        if gone.is_empty() {
            return;
        }
        let of_gone = state.kept.iter().map(|(place, _)| *place);
        let of_gone: Vec<Place> = of_gone.filter(|(file, _)| gone.contains(file)).collect();
        for place in of_gone {
            if let Some(entry) = state.kept.remove(&place) {
                state.left(&entry);
            }
        }
        drop(state);
        self.shelf.forget(gone);
    }

    /// Forgets everything that memory holds.
    pub(crate) fn forget(&self) {
        let mut state = self.state();
        let files = std::mem::take(&mut state.files);
        state.kept.clear();
        state.keys.clear();
        state.bytes = 0;
        drop(state);
        let files = files.into_values().flat_map(|(_, files)| files);
        self.shelf.forget(&files.map(|(file, _)| file).collect());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    struct Count;

    impl Found for Count {}

    #[test]
    fn what_was_found_in_files_that_are_gone_is_forgotten_though_nobody_asks() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Rollups::new(RollupOptions {
            memory_bytes: 1 << 20,
            least_file_bytes: u64::MAX,
            least_file_rows: 0,
        });
        let file = |name: &str| DataFile {
            id: 1,
            path: folder.path().join(name),
            day: 0,
            bucket: 0,
            rows: 1,
            bytes: 1,
            footer_bytes: 1,
            fact_set: String::new(),
        };
        let files = [file("stays"), file("goes")];
        let mut live = FxHashMap::default();
        for file in &files {
            std::fs::write(&file.path, "").unwrap();
            live.insert(path_hash(&file.path), file.path.clone());
        }
        let owner = ("main".to_owned(), String::new(), Table::Sessions);
        kept.state().files.insert(owner, (1, live));
        let keys = files.each_ref().map(|file| Key::new(file, 7, 0));
        keys.iter().for_each(|key| kept.add(*key, &Arc::new(Count)));
        let there = || {
            let found = kept.find::<Count>(&keys.map(Some), Sampling::ALL_USERS);
            found.iter().map(Option::is_some).collect::<Vec<bool>>()
        };
        kept.forget_missing();
        assert_eq!(there(), [true, true]);
        std::fs::remove_file(&files[1].path).unwrap();
        kept.forget_missing();
        assert_eq!(there(), [true, false]);
    }
}
