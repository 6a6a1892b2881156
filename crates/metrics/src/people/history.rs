//! The history of persons over all sessions of a workspace: made once, then brought up to each capture.
//!
//! Files never change, so what was read of a file stays good until the file is gone. A history is a stack
//! of layers: what a new file or a removed one changes is a small layer on top, and layers are joined as
//! they grow, so that a file more costs what the file holds. What memory holds, and what it replaces, is
//! the topmost layer.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use rustc_hash::{FxHashMap, FxHashSet};
use upshot_core::people::{Standing, Visit};
use upshot_lake::{Capture, DataFile, Table, TableCapture};

use super::entries::{Gathered, Gathering, Scratch};
use super::layer::{Entry, Layer, Layers, Work};
use super::read::{Numbered, Reader, Topics, rows_of};
use crate::engine::captured;
use crate::error::QueryError;
use crate::pass::Resources;
use crate::query::EnvironmentChoice;
use crate::query::scope::in_environment;

/// How many histories are kept: workspaces, fact sets and environments that were asked for lately.
const MOST_KEPT: usize = 8;

/// The bytes of a session while its part is sorted: its entry, and what is worked out for persons with many.
const BYTES_OF_SORTED: usize = size_of::<Entry>() + size_of::<(Visit, Standing)>();

/// The bytes of a session more while what comes and what goes is put into the lists of persons that layers hold.
const BYTES_OF_CHANGED: usize = 2 * size_of::<Entry>();

/// The bytes of a session that memory replaces, as long as it does: its id and what a file holds of it.
const BYTES_OF_REPLACED: usize = size_of::<(Box<str>, Option<Entry>)>() + 64;

/// The bytes of a session of memory while the topmost layer is made: it is read into a list that grows, put into its
/// part, which grows too, and sorted there.
const BYTES_OF_MEMORY: usize = 4 * size_of::<Entry>() + BYTES_OF_SORTED + BYTES_OF_DIRECTORY;

/// The share of a session in the directory of its part.
const BYTES_OF_DIRECTORY: usize = 2;

/// Whose history.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    workspace: String,
    fact_set: String,
    environment: EnvironmentChoice,
}

/// A place for a history; whoever holds it brings it up to date, others wait.
type Place = Arc<tokio::sync::Mutex<Option<History>>>;

/// The histories that were asked for lately, the last at the end.
#[derive(Debug, Default)]
pub(crate) struct Histories {
    places: Mutex<Vec<(Key, Place)>>,
    topics: Arc<Topics>,
}

/// The history of persons as of one capture.
#[derive(Debug, Clone)]
pub(crate) struct People {
    pub(super) layers: Layers,
    pub(super) topics: Arc<Topics>,
}

impl Histories {
    /// The history as of a capture. Whoever does not wait for it any more leaves it to the next who asks.
    ///
    /// # Errors
    /// When a file cannot be read, or the memory of queries does not suffice.
    pub(crate) async fn of(
        self: &Arc<Self>,
        capture: &Capture,
        environment: EnvironmentChoice,
        resources: &Resources,
    ) -> Result<People, QueryError> {
        let sessions = captured(capture, Table::Sessions)?.clone();
        let reader = Reader {
            environment: Arc::new(in_environment(environment)),
            topics: Arc::clone(&self.topics),
            resources: resources.clone(),
        };
        let key = Key {
            workspace: capture.workspace.clone(),
            fact_set: capture.fact_set.clone(),
            environment,
        };
        let histories = Arc::clone(self);
        // Lives as long as somebody waits.
        let waiting = Arc::new(());
        let waited_for = Arc::downgrade(&waiting);
        let bringing = (resources.handle).spawn(async move {
            let wanted = || waited_for.strong_count() > 0;
            histories.brought(&key, &sessions, &reader, &wanted).await
        });
        let layers = bringing
            .await
            .map_err(|error| QueryError::Stopped(error.to_string()))??;
        Ok(People {
            layers,
            topics: Arc::clone(&self.topics),
        })
    }

    /// Brings the history of this key up to what was captured.
    async fn brought(
        &self,
        key: &Key,
        sessions: &TableCapture,
        reader: &Reader,
        wanted: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<Layers, QueryError> {
        let place = self.place(key);
        let mut place = place.lock().await;
        // Only who begins from nothing goes on for those who come later: a history that is there is theirs already.
        if place.is_some() && !wanted() {
            return Err(QueryError::Stopped(
                "nobody waits for the answer".to_owned(),
            ));
        }
        // Taken out, so that a failure leaves no half-made history behind.
        let history = place.take();
        let made = match History::as_of(history, sessions, reader).await {
            Err(QueryError::Memory { .. }) => {
                self.forget_all_but(key);
                History::as_of(None, sessions, reader).await?
            }
            made => made?,
        };
        let layers = made.with_memory().clone();
        *place = Some(made);
        Ok(layers)
    }

    /// Forgets all of them: for when something was erased.
    pub(crate) fn forget(&self) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.clear();
    }

    fn place(&self, key: &Key) -> Place {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let place = match places.iter().position(|(known, _)| known == key) {
            Some(position) => places.remove(position).1,
            None => Place::default(),
        };
        if places.len() >= MOST_KEPT {
            places.remove(0);
        }
        places.push((key.clone(), Arc::clone(&place)));
        place
    }

    fn forget_all_but(&self, key: &Key) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|(known, _)| known == key);
    }
}

/// What memory adds to the files.
#[derive(Debug)]
struct Memory {
    /// Held, so that no other rows can come to lie where these did.
    batches: Vec<RecordBatch>,
    replaced: Arc<HashSet<Box<str>>>,
    layers: Layers,
    _reservation: MemoryReservation,
}

impl Memory {
    fn is_of(&self, capture: &TableCapture) -> bool {
        let same = |one: &RecordBatch, other: &RecordBatch| {
            let columns = one.columns().iter().zip(other.columns());
            let mut columns = columns.map(|(one, other)| Arc::ptr_eq(one, other));
            one.num_columns() == other.num_columns() && columns.all(|same| same)
        };
        let mut batches = self.batches.iter().zip(&capture.memory);
        self.batches.len() == capture.memory.len()
            && batches.all(|(one, other)| same(one, other))
            && (Arc::ptr_eq(&self.replaced, &capture.replaced) || self.replaced == capture.replaced)
    }
}

impl Reader {
    /// How layers of this capture are made.
    fn work(&self, capture: &TableCapture) -> Work {
        Work {
            threads: self.resources.threads,
            scratch: Scratch::beside(capture.files.first().map(|file| file.path.as_path())),
        }
    }
}

/// The history over the files of one capture, and over its memory.
#[derive(Debug)]
struct History {
    /// The number of every file that it holds.
    numbers: FxHashMap<PathBuf, u32>,
    next_number: u32,
    layers: Layers,
    memory: Option<Memory>,
    /// What files hold of sessions that memory replaces; nothing where no file does.
    replaced: FxHashMap<Box<str>, Option<Entry>>,
    reservation: MemoryReservation,
}

impl History {
    /// Brings a history, or a new one, up to a capture.
    async fn as_of(
        history: Option<Self>,
        capture: &TableCapture,
        reader: &Reader,
    ) -> Result<Self, QueryError> {
        let live: FxHashSet<&PathBuf> = capture.files.iter().map(|file| &file.path).collect();
        let change = |history: &Self| {
            let added = capture
                .files
                .iter()
                .filter(|file| !history.numbers.contains_key(&file.path))
                .count();
            let gone = history.numbers.keys().filter(|path| !live.contains(path));
            added + gone.count()
        };
        // Where most is new, all is sorted anew, and the old is dropped first.
        let history = history.filter(|history| change(history) <= capture.files.len() / 2);
        let mut history = history.unwrap_or_else(|| Self::new(reader));
        history.bring_files(capture, &live, reader).await?;
        history.bring_memory(capture, reader).await?;
        Ok(history)
    }

    fn new(reader: &Reader) -> Self {
        let pool = reader.resources.context.memory_pool();
        Self {
            numbers: FxHashMap::default(),
            next_number: 0,
            layers: Layers::default(),
            memory: None,
            replaced: FxHashMap::default(),
            reservation: MemoryConsumer::new("people").register(pool),
        }
    }

    fn with_memory(&self) -> &Layers {
        self.memory
            .as_ref()
            .map_or(&self.layers, |memory| &memory.layers)
    }

    async fn bring_files(
        &mut self,
        capture: &TableCapture,
        live: &FxHashSet<&PathBuf>,
        reader: &Reader,
    ) -> Result<(), QueryError> {
        let mut gone: FxHashSet<u32> = FxHashSet::default();
        self.numbers.retain(|path, number| {
            let stays = live.contains(path);
            if !stays {
                gone.insert(*number);
            }
            stays
        });
        let new: Vec<Numbered> = capture
            .files
            .iter()
            .filter(|file| !self.numbers.contains_key(&file.path))
            .zip(self.next_number..)
            .map(|(file, number)| (file.clone(), number))
            .collect();
        if new.is_empty() && gone.is_empty() {
            return Ok(());
        }
        self.next_number += new.len() as u32;
        for (file, number) in &new {
            self.numbers.insert(file.path.clone(), *number);
        }
        self.memory = None;
        self.replaced
            .retain(|_, found| found.is_some_and(|entry| !gone.contains(&entry.file)));
        let work = reader.work(capture);
        let threads = work.threads;
        let reading = Gathering::bytes(&work.scratch, rows_of(&new), threads);
        let held = self.layers.bytes() + reading;
        reader.resources.reserve(&self.reservation, held)?;
        let added = reader.of_files(new, &work.scratch).await?;
        // Each thread sorts one part at a time, and works out whoever has many sessions in it. Joined layers make
        // larger parts.
        let largest = added.largest() + self.layers.largest();
        // Over other layers the lists of persons are put together before they are sorted.
        let lists = match self.layers.0.is_empty() {
            true => 0,
            false => BYTES_OF_CHANGED,
        };
        let sorting = threads * largest * (BYTES_OF_SORTED + lists);
        let directories = BYTES_OF_DIRECTORY * added.entries();
        reader
            .resources
            .reserve(&self.reservation, held + sorting + directories)?;
        let layers = std::mem::take(&mut self.layers);
        let making = reader
            .resources
            .handle
            .spawn_blocking(move || layers.brought(&added, &gone, &work));
        self.layers = making
            .await
            .map_err(|error| QueryError::Stopped(error.to_string()))??;
        reader
            .resources
            .reserve(&self.reservation, self.layers.bytes())
    }

    async fn bring_memory(
        &mut self,
        capture: &TableCapture,
        reader: &Reader,
    ) -> Result<(), QueryError> {
        let same = self.memory.as_ref().map(|memory| memory.is_of(capture));
        if same == Some(true) {
            return Ok(());
        }
        self.memory = None;
        if capture.memory.is_empty() && capture.replaced.is_empty() {
            return Ok(());
        }
        let pool = reader.resources.context.memory_pool();
        let reservation = MemoryConsumer::new("people").register(pool);
        let rows = capture.memory.iter().map(RecordBatch::num_rows);
        let rows = rows.sum::<usize>() + capture.replaced.len();
        reader
            .resources
            .reserve(&reservation, rows * BYTES_OF_MEMORY)?;
        self.find_replaced(capture, reader).await?;
        let removed: Vec<Entry> = capture
            .replaced
            .iter()
            .filter_map(|id| *self.replaced.get(id)?)
            .collect();
        let (reader, batches) = (reader.clone(), capture.memory.clone());
        let (mut layers, work) = (self.layers.clone(), reader.work(capture));
        let resources = reader.resources.clone();
        let making = resources.handle.spawn_blocking(move || {
            let removed = Gathered::of(removed);
            let added = Gathered::of(reader.of_memory(&batches)?);
            let top =
                layers.changed(&|part| removed.part(part), &|part| added.part(part), &work)?;
            let bytes = top.bytes();
            layers.0.push(Arc::new(top));
            Ok::<_, QueryError>((layers, bytes))
        });
        let (layers, bytes) = making
            .await
            .map_err(|error| QueryError::Stopped(error.to_string()))??;
        let replaced = self.replaced.len() * BYTES_OF_REPLACED;
        resources.reserve(&reservation, bytes + replaced)?;
        self.memory = Some(Memory {
            batches: capture.memory.clone(),
            replaced: Arc::clone(&capture.replaced),
            layers,
            _reservation: reservation,
        });
        Ok(())
    }

    /// Finds what files hold of sessions that are replaced and were not before.
    async fn find_replaced(
        &mut self,
        capture: &TableCapture,
        reader: &Reader,
    ) -> Result<(), QueryError> {
        self.replaced.retain(|id, _| capture.replaced.contains(id));
        let unknown = capture.replaced.iter();
        let unknown: HashSet<Box<str>> = unknown
            .filter(|id| !self.replaced.contains_key(*id))
            .cloned()
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let number = |file: &DataFile| self.numbers.get(&file.path).copied();
        let files = capture
            .files
            .iter()
            .filter_map(|file| Some((file.clone(), number(file)?)))
            .collect();
        let found = reader.of_sessions(files, unknown.clone()).await?;
        self.replaced
            .extend(unknown.into_iter().map(|id| (id, None)));
        self.replaced
            .extend(found.into_iter().map(|(id, entry)| (id, Some(entry))));
        Ok(())
    }
}

impl Layers {
    /// What all layers take in memory.
    fn bytes(&self) -> usize {
        self.0.iter().map(|layer| layer.bytes()).sum()
    }

    /// How many sessions the largest parts of all layers have.
    fn largest(&self) -> usize {
        self.0.iter().map(|layer| layer.largest()).sum()
    }

    /// With the sessions of files that came, and without those of files that are gone.
    fn brought(
        mut self,
        added: &Gathered,
        gone: &FxHashSet<u32>,
        work: &Work,
    ) -> Result<Self, QueryError> {
        let added = |part: usize| added.part(part);
        if self.0.is_empty() {
            self.0.push(Arc::new(Layer::new(&added, work)?));
            return Ok(self);
        }
        let removed = |part: usize| match gone.is_empty() {
            true => Vec::new(),
            false => self.of_files(part, &|file| gone.contains(&file)),
        };
        let top = self.changed(&removed, &added, work)?;
        self.0.push(Arc::new(top));
        self.settle(work)?;
        Ok(self)
    }

    /// Joins layers until each is much smaller than the one below, so that there are few.
    fn settle(&mut self, work: &Work) -> Result<(), QueryError> {
        while let [.., below, top] = self.0.as_slice()
            && top.entries() * 4 > below.entries()
        {
            self.join_top(work)?;
        }
        Ok(())
    }
}
