//! The engine: takes events in, keeps what is not sealed in memory, writes files, and gives queries
//! one consistent value of all of it.
//!
//! ```text
//! append ─► ingest thread ─► log (fdatasync) ─► memory ─► answer
//!                                                 │
//!                     flush: events to files, sealed sessions to files, one transaction
//!                                                 │
//! capture ◄─ files of the newest snapshot  +  facts of what is still in memory
//! ```
//! **Invariants.** An event is in memory or in files, and the switch is made under the lock that a
//! capture takes too. One flush runs at a time, and only a flush or a merge, which share a lock,
//! commits to the catalog.

mod backup;
mod build;
mod building;
mod capture;
mod clearing;
mod compare;
mod cuts;
mod erased;
mod erasing;
mod erasure;
mod fact_sets;
mod flush;
mod holding;
mod ingest;
mod keeping;
mod lookup;
mod open;
mod overlay;
mod portion;
mod preview;
mod prices;
mod replacing;
mod rewrite;
mod sets;
mod settings;
mod state;
mod status;
mod upkeep;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use arrow::array::RecordBatch;
use tokio::sync::{Notify, Semaphore, oneshot};
use upshot_core::Event;

pub use backup::{BackupReport, VerifyReport, restore, restore_with};
pub use capture::FactsInFiles;
pub use clearing::Cleared;
pub use compare::Disagreement;
pub use erasure::{Erasure, ErasureRequest, Foreseen};
pub use fact_sets::{Begun, Building, FactSetInfo, FactSetList};
pub use ingest::{Receipt, Refused};
pub use keeping::{Keeping, KeptFrom, Outdated};
pub use open::FORMAT_VERSION;
pub use preview::{Change, Counts, FieldChange, Preview, PreviewOptions, SessionChange};
pub use settings::Settings;
pub(crate) use state::bucket_of;
pub use status::Status;

use crate::capture::DataFile;
use crate::catalog::{Catalog, FileList, MergePolicy, NewFile, Transaction};
use crate::error::LakeError;
use crate::files::Files;
use crate::parquet_files::{self, FileCache, Keys, ReadRequest};
use crate::schema::{self, Table};
use crate::watched_files::Watch;
use ingest::{Command, Commands, Request};
use sets::FactSets;
use state::Workspace;
use status::Counters;

/// The clock: UTC microseconds since 1970.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// How a lake is opened.
#[derive(Clone)]
pub struct LakeOptions {
    /// The data directory.
    pub directory: PathBuf,
    /// Into how many buckets the conversations of a new data directory are spread. An existing one
    /// keeps its number.
    pub buckets: u32,
    /// What the events in memory may take together, in bytes. Beyond it new events wait or are
    /// turned away.
    pub memory_bytes: usize,
    /// When this much is not in files, a flush begins.
    pub flush_bytes: usize,
    /// When the oldest event that is not in files is this old, a flush begins.
    pub flush_interval: Duration,
    /// A log segment is followed by another at this size, in bytes.
    pub segment_bytes: u64,
    /// A flush moves so much at once at most, in bytes of events: bounds the memory of its copies.
    pub portion_bytes: usize,
    /// How many threads a flush may use.
    pub threads: usize,
    /// A step of building a fact set takes whole days until they have so many events. Memory holds
    /// these events meanwhile.
    pub build_events: u64,
    /// How long snapshots are kept after newer ones.
    pub keep_snapshots: Duration,
    /// Which small files are made one.
    pub merge: MergePolicy,
    /// The clock.
    pub clock: Clock,
    /// The file system.
    pub files: Arc<dyn Files>,
}

impl LakeOptions {
    /// Sensible values for this data directory.
    pub fn new(directory: impl Into<PathBuf>, clock: Clock) -> Self {
        Self {
            directory: directory.into(),
            buckets: 1,
            memory_bytes: 512 << 20,
            flush_bytes: 96 << 20,
            flush_interval: Duration::from_secs(60),
            segment_bytes: 64 << 20,
            portion_bytes: 192 << 20,
            threads: 2,
            build_events: 250_000,
            keep_snapshots: Duration::from_secs(3600),
            merge: MergePolicy::default(),
            clock,
            files: Arc::new(crate::files::DiskFiles),
        }
    }
}

/// All that is kept. Cheap to clone; [`Lake::close`] ends it in order.
#[derive(Clone)]
pub struct Lake {
    inner: Arc<Inner>,
}

/// What the parts of the engine share.
pub(crate) struct Inner {
    pub options: LakeOptions,
    pub catalog: Catalog,
    pub counters: Counters,
    /// What goes through the file system, and whether a sync ever failed.
    pub watch: Arc<Watch>,
    state: Mutex<State>,
    commands: Mutex<Commands>,
    /// Bytes that may still come in.
    room: Arc<Semaphore>,
    flush_wanted: Notify,
    /// There is a fact set to be built.
    build_wanted: Notify,
    /// Counts the steps of building.
    build_steps: tokio::sync::watch::Sender<u64>,
    /// Held by whoever commits.
    committing: tokio::sync::Mutex<()>,
    /// Footers and bloom filters of files.
    pub cache: FileCache,
    /// The profiles of a workspace that has chosen none.
    pub built_in: Arc<Settings>,
    /// The key with which this data directory hides what names people.
    secret: [u8; 32],
    /// Makes keyed hashes of who was erased.
    pub keyed: erased::Keyed,
    /// Held by whoever erases.
    erasing: tokio::sync::Mutex<()>,
    /// Whether an erasure was begun and is not at its end.
    erasures_open: std::sync::atomic::AtomicBool,
    /// The UTC day on which it was last looked for what is older than what is kept.
    kept_day: std::sync::atomic::AtomicI32,
    /// Where the catalog is asked from threads of our own.
    runtime: tokio::runtime::Handle,
    /// Tells the background tasks to end.
    closing: tokio::sync::watch::Sender<bool>,
    closed: std::sync::atomic::AtomicBool,
    /// The background tasks, until the lake is closed.
    background: Mutex<Vec<tokio::task::JoinHandle<()>>>,
    /// The data directory's lock, for as long as the lake is open.
    lock: Mutex<Option<std::fs::File>>,
}

/// What changes under the lock.
#[derive(Default)]
pub(crate) struct State {
    workspaces: BTreeMap<Arc<str>, Workspace>,
    /// The price lists that workspaces have of their own.
    prices: prices::PriceLists,
    /// What was erased and is to stay away.
    pub erased: erased::Erased,
    /// For how long workspaces keep things.
    pub kept: keeping::AllKept,
    /// Everything up to this sequence of the log is in memory or in files.
    pub applied_sequence: u64,
}

impl State {
    pub fn workspace(&self, name: &str) -> Option<&Workspace> {
        self.workspaces.get(name)
    }
    pub fn workspace_mut(&mut self, name: &str) -> Option<&mut Workspace> {
        self.workspaces.get_mut(name)
    }
    pub fn workspace_or_insert(
        &mut self,
        name: &Arc<str>,
        built_in: &Arc<Settings>,
    ) -> &mut Workspace {
        self.workspaces
            .entry(name.clone())
            .or_insert_with(|| Workspace::new(name, FactSets::built_in(built_in.clone())))
    }
    pub fn workspaces(&self) -> impl Iterator<Item = &Workspace> {
        self.workspaces.values()
    }
    pub fn unflushed_bytes(&self) -> usize {
        self.workspaces
            .values()
            .map(|workspace| workspace.unflushed_bytes)
            .sum()
    }
}

impl Inner {
    pub fn now(&self) -> i64 {
        (self.options.clock)()
    }

    pub fn lock_state(&self) -> MutexGuard<'_, State> {
        // A panic while the lock was held cannot leave the maps half-changed in a way that a later
        // fold would not repair; losing the whole lake over it would be worse.
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Refuses when something could not be made durable since the lake was opened.
    pub fn check_durable(&self) -> Result<(), LakeError> {
        match self.watch.failed_sync() {
            None => Ok(()),
            Some(reason) => Err(LakeError::Stopped(reason.to_owned())),
        }
    }

    /// Makes a change of the catalog; where the disk failed it, nothing more is accepted.
    pub async fn commit(&self, mut change: Transaction) -> Result<i64, LakeError> {
        self.check_durable()?;
        // Writing the files took a while; how long the old ones stay counts from here.
        change.now = change.now.max(self.now());
        let result = self.catalog.commit(change).await;
        self.noted(result)
    }

    /// Remembers where the disk failed a change of the catalog.
    pub fn noted<T>(&self, result: Result<T, LakeError>) -> Result<T, LakeError> {
        if let Err(error) = &result
            && error.is_disk_failure()
        {
            self.watch.note_failed_sync(error.to_string());
        }
        result
    }

    pub fn wake_flush(&self) {
        self.flush_wanted.notify_one();
    }

    /// The fact sets of this workspace.
    pub fn sets(&self, workspace: &str) -> Arc<FactSets> {
        self.lock_state().workspace(workspace).map_or_else(
            || Arc::new(FactSets::built_in(self.built_in.clone())),
            |workspace| workspace.sets.clone(),
        )
    }

    /// The live files of a table on these days, in one bucket or all, of one fact set or all.
    pub fn files_of(
        &self,
        workspace: &str,
        table: Table,
        days: RangeInclusive<i32>,
        bucket: Option<i32>,
        fact_set: Option<&str>,
    ) -> Vec<Arc<DataFile>> {
        let list = self.catalog.file_list(workspace).unwrap_or_default();
        files_in(&list, table, days, bucket, fact_set)
    }

    /// The rows of a file whose key is one of these.
    pub fn read_rows(
        &self,
        file: &DataFile,
        table: Table,
        columns: Option<&[&'static str]>,
        keys: &Keys,
    ) -> Result<Vec<RecordBatch>, LakeError> {
        let mut request = ReadRequest::all().keys(keys.clone());
        if let Some(columns) = columns {
            request = request.columns(columns);
        }
        parquet_files::read(&self.cache, &file.path, table, &request)
    }

    /// Some columns of all rows of a file.
    pub fn read_columns(
        &self,
        file: &DataFile,
        table: Table,
        columns: &[&'static str],
    ) -> Result<Vec<RecordBatch>, LakeError> {
        let request = ReadRequest::all().columns(columns);
        parquet_files::read(&self.cache, &file.path, table, &request)
    }

    /// All rows of a file.
    pub fn read_whole(&self, file: &DataFile, table: Table) -> Result<Vec<RecordBatch>, LakeError> {
        parquet_files::read(&self.cache, &file.path, table, &ReadRequest::all())
    }

    /// Writes rows of one partition as a file that no commit knows yet.
    pub fn write_file(
        &self,
        workspace: &str,
        (table, day, bucket): (Table, i32, i32),
        fact_set: &str,
        batches: &[RecordBatch],
    ) -> Result<NewFile, LakeError> {
        let mut sorted = batches.to_vec();
        if !parquet_files::is_sorted(batches, table)? {
            let whole = schema::concat(table, batches)?;
            sorted = vec![parquet_files::sort(&whole, table)?];
        }
        let ids = self.catalog.field_ids(workspace, table)?;
        let (name, path) = self.catalog.new_file(workspace, table, day, bucket);
        let files = self.options.files.as_ref();
        let info = parquet_files::write(files, &path, table, &ids, &sorted)?;
        Ok(NewFile {
            table,
            name,
            info,
            day,
            bucket,
            fact_set: fact_set.to_owned(),
        })
    }

    /// The bucket of a conversation with this hash.
    pub fn bucket(&self, conversation: u64) -> i32 {
        state::bucket_of(conversation, self.options.buckets)
    }

    pub fn send(&self, command: Command) -> Result<(), LakeError> {
        let commands = self
            .commands
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        commands
            .send(command)
            .map_err(|_| LakeError::Stopped("the lake is closed".to_owned()))
    }
}

/// The files of a table on these days, in one bucket or all, of one fact set or all.
pub(crate) fn files_in(
    list: &FileList,
    table: Table,
    days: RangeInclusive<i32>,
    bucket: Option<i32>,
    fact_set: Option<&str>,
) -> Vec<Arc<DataFile>> {
    let days = *days.start()..days.end().saturating_add(1);
    list.files(table, Some(days), fact_set)
        .filter(|file| bucket.is_none_or(|bucket| file.bucket == bucket))
        .cloned()
        .collect()
}

impl Lake {
    /// Takes events in. When this returns, those that it says were added are durable. It answers at
    /// once with [`LakeError::Full`] when memory is full.
    ///
    /// # Errors
    /// When the log cannot be written, or memory is full.
    pub async fn append(&self, workspace: &str, events: &[Event]) -> Result<Receipt, LakeError> {
        self.take(workspace, events, false).await
    }

    /// As [`Lake::append`], but waits while memory is full.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub async fn append_waiting(
        &self,
        workspace: &str,
        events: &[Event],
    ) -> Result<Receipt, LakeError> {
        self.take(workspace, events, true).await
    }

    async fn take(
        &self,
        workspace: &str,
        events: &[Event],
        wait: bool,
    ) -> Result<Receipt, LakeError> {
        check_workspace_name(workspace)?;
        let now = self.inner.now();
        let kept = self.inner.kept_from(workspace, now);
        let (incoming, receipt) = ingest::prepare(workspace, events, now, kept);
        if incoming.is_empty() {
            return Ok(receipt);
        }
        let bytes: usize = incoming
            .iter()
            .map(|(_, event)| event.bytes.len() + state::EVENT_OVERHEAD)
            .sum();
        let permit = self.make_room(bytes, wait).await?;
        let (reply, answer) = oneshot::channel();
        self.inner.send(Command::Append(Request {
            workspace: workspace.into(),
            events: incoming,
            receipt,
            reply,
            permit: Some(permit),
        }))?;
        answer
            .await
            .map_err(|_| LakeError::Stopped("the lake is closed".to_owned()))?
    }

    /// Room for what waits in the queue; memory beyond the budget is room that is not there.
    async fn make_room(
        &self,
        bytes: usize,
        wait: bool,
    ) -> Result<tokio::sync::OwnedSemaphorePermit, LakeError> {
        const RETRY_AFTER_SECONDS: u32 = 2;
        let inner = &self.inner;
        let full = LakeError::Full {
            retry_after_seconds: RETRY_AFTER_SECONDS,
        };
        while inner.lock_state().unflushed_bytes() > inner.options.memory_bytes / 2 {
            inner.wake_flush();
            if !wait {
                return Err(full);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // One request may be larger than the whole queue; it then waits for all of it.
        let wanted = u32::try_from(bytes).unwrap_or(u32::MAX).min(QUEUE_BYTES);
        let room = inner.room.clone();
        if wait {
            return room
                .acquire_many_owned(wanted)
                .await
                .map_err(|_| LakeError::Stopped("the lake is closed".to_owned()));
        }
        room.try_acquire_many_owned(wanted).map_err(|_| full)
    }

    /// The time that the lake's clock shows.
    pub fn now(&self) -> i64 {
        self.inner.now()
    }

    /// The profiles of this workspace's active fact set.
    pub fn settings(&self, workspace: &str) -> Arc<Settings> {
        self.inner.sets(workspace).active().settings.clone()
    }

    /// The key with which this data directory hides what names people.
    pub fn secret(&self) -> &[u8] {
        &self.inner.secret
    }
}

/// What may wait in the queue of the ingest thread, in bytes.
pub(crate) const QUEUE_BYTES: u32 = 32 << 20;

impl Lake {
    /// Checks that a workspace may have this name; whether there is one does not matter.
    ///
    /// # Errors
    /// When it may not.
    pub fn check_workspace(&self, name: &str) -> Result<(), LakeError> {
        check_workspace_name(name)
    }
}

/// A workspace's name is a schema of the catalog and a folder.
///
/// # Errors
/// When it is not 1 to 63 of `a` to `z`, `0` to `9` and `_`, beginning with a letter.
pub fn check_workspace_name(name: &str) -> Result<(), LakeError> {
    let mut letters = name.bytes();
    let good = letters
        .next()
        .is_some_and(|first| first.is_ascii_lowercase())
        && letters
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_')
        && name.len() <= 63;
    if good {
        Ok(())
    } else {
        Err(LakeError::WorkspaceName(name.to_owned()))
    }
}
