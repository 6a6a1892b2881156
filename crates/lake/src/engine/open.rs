//! Opening and closing the lake.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, Semaphore, oneshot, watch};
use upshot_core::event::conversation_hash;

use crate::catalog::{self, Catalog, Dirty, FactSetRole};
use crate::engine::ingest::{self, Command};
use crate::engine::lookup;
use crate::engine::sets::FactSets;
use crate::engine::settings::Settings;
use crate::engine::state::{Workspace, bucket_of};
use crate::engine::status::Counters;
use crate::engine::{
    Inner, Lake, LakeOptions, QUEUE_BYTES, State, building, erased, erasing, flush, keeping,
    prices, upkeep,
};
use crate::error::LakeError;
use crate::files::{Files, create_dir_durably, read_all, write_durably};
use crate::log::{Log, RecoveredFrame};
use crate::parquet_files::FileCache;
use crate::schema::Table;
use crate::watched_files::WatchedFiles;

/// The file that makes a folder a data directory.
const FORMAT_FILE: &str = "upshot.json";
/// The version of the data directory's layout.
pub const FORMAT_VERSION: u32 = 1;
/// What footers and bloom filters of files may take in memory, in bytes.
const CACHE_BYTES: usize = 32 << 20;

/// What the file `upshot.json` of a data directory says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Format {
    /// The version of the layout.
    pub format: u32,
    /// Into how many buckets conversations are spread.
    pub buckets: u32,
    /// The key with which this data directory hides what names people, in hexadecimal digits.
    pub secret: String,
}

/// Where things are in a data directory.
pub(crate) struct Layout(pub PathBuf);

impl Layout {
    pub fn format(&self) -> PathBuf {
        self.0.join(FORMAT_FILE)
    }
    pub fn lock(&self) -> PathBuf {
        self.0.join("LOCK")
    }
    pub fn catalog(&self) -> PathBuf {
        self.0.join("lake.sqlite")
    }
    pub fn log(&self) -> PathBuf {
        self.0.join("log")
    }
    pub fn data(&self) -> PathBuf {
        self.0.join("data")
    }
    /// What could not be taken in, by workspace; older ones lie in the folder itself.
    pub fn rejected(&self) -> PathBuf {
        self.0.join(crate::REJECTED)
    }
    /// What people set, by workspace.
    pub fn settings(&self) -> PathBuf {
        self.0.join("settings")
    }
}

impl Lake {
    /// Opens a data directory, or makes one; brings back into memory what was acknowledged and is
    /// in no file.
    ///
    /// # Errors
    /// When another process holds it, it is of a newer version, or something in it is damaged.
    pub async fn open(mut options: LakeOptions) -> Result<Self, LakeError> {
        let layout = Layout(options.directory.clone());
        let watched = WatchedFiles::new(options.files.clone());
        let watch = watched.watch().clone();
        let files: Arc<dyn Files> = Arc::new(watched);
        options.files = files.clone();
        create_dir_durably(files.as_ref(), &options.directory)?;
        let lock = lock(&layout)?;
        let format = read_or_make_format(&options, &layout)?;
        options.buckets = format.buckets;
        let now = (options.clock)();
        let catalog = Catalog::open(files.clone(), &layout.catalog(), &layout.data(), now).await?;
        let built_in = Arc::new(Settings::built_in()?);
        let mut state = State {
            prices: prices::read(files.as_ref(), &layout.settings())?,
            ..State::default()
        };
        let (mut newest_mark, mut marks) = (0, std::collections::BTreeMap::new());
        let mut dirty = Vec::new();
        for name in catalog.workspaces() {
            let sets = stored_sets(&catalog, &name, &built_in).await?;
            let workspace = state.workspace_or_insert(&name.as_str().into(), &built_in);
            workspace.sets = Arc::new(sets);
            workspace.files = catalog.file_list(&name).unwrap_or_default();
            let mark = catalog.marks(&name).await?.events;
            newest_mark = newest_mark.max(mark);
            marks.insert(name.clone(), mark);
            dirty.push((name.clone(), catalog.dirty(&name).await?));
        }
        let (log, recovery) = Log::open(
            files.clone(),
            &layout.log(),
            newest_mark,
            options.segment_bytes,
        )?;
        if recovery.torn_bytes > 0 {
            tracing::warn!(
                bytes = recovery.torn_bytes,
                "cut off the torn end of the log; none of it was acknowledged"
            );
        }
        state.applied_sequence = log.last_sequence();
        let secret = parse_secret(&format.secret, &layout)?;
        let (sender, receiver) = mpsc::channel();
        let inner = Arc::new(Inner {
            cache: FileCache::new(files, CACHE_BYTES),
            built_in,
            secret,
            keyed: erased::Keyed::new(&secret),
            erasing: tokio::sync::Mutex::new(()),
            erasures_open: AtomicBool::new(false),
            kept_day: std::sync::atomic::AtomicI32::new(i32::MIN),
            runtime: tokio::runtime::Handle::current(),
            catalog,
            watch,
            counters: Counters::default(),
            state: Mutex::new(state),
            commands: Mutex::new(sender),
            room: Arc::new(Semaphore::new(QUEUE_BYTES as usize)),
            flush_wanted: Notify::new(),
            build_wanted: Notify::new(),
            build_steps: watch::Sender::new(0),
            committing: tokio::sync::Mutex::new(()),
            closing: watch::Sender::new(false),
            closed: AtomicBool::new(false),
            options,
            background: Mutex::new(Vec::new()),
            lock: Mutex::new(Some(lock)),
        });
        inner.counters.note_log(&log);
        inner.counters.note_flushed_sequence(newest_mark);
        upkeep::remove_leftovers(&inner).await?;
        upkeep::remove_orphans(&inner).await?;
        erasing::load(&inner).await?;
        keeping::load(&inner).await?;
        let worker = inner.clone();
        tokio::task::spawn_blocking(move || bring_back(&worker, &recovery.frames, &marks, &dirty))
            .await
            .map_err(|error| LakeError::Stopped(error.to_string()))??;
        let worker = inner.clone();
        std::thread::Builder::new()
            .name("ingest".to_owned())
            .spawn(move || ingest::run(&worker, log, &receiver))
            .map_err(LakeError::io("start a thread for", &layout.0))?;
        *unpoisoned(&inner.background) = vec![
            tokio::spawn(flush::run(inner.clone(), inner.closing.subscribe())),
            tokio::spawn(building::run(inner.clone(), inner.closing.subscribe())),
        ];
        if let Err(error) = erasing::go_on(&inner).await {
            tracing::error!(%error, "an erasure that was begun could not be brought to its end; it is tried again");
        }
        Ok(Self { inner })
    }

    /// Writes everything to files and ends. Later calls find the lake closed.
    ///
    /// # Errors
    /// When the last flush fails; what was acknowledged is in the log all the same.
    pub async fn close(&self) -> Result<(), LakeError> {
        if self.inner.closed.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        // The background tasks may be gone already.
        let _ = self.inner.closing.send(true);
        let background = std::mem::take(&mut *unpoisoned(&self.inner.background));
        for task in background {
            let _ = task.await;
        }
        let flushed = flush::flush_all(&self.inner, false).await;
        let merged = upkeep::run(&self.inner).await;
        let (reply, answer) = oneshot::channel();
        self.inner.send(Command::Stop(reply))?;
        let _ = answer.await;
        // Before the lock is let go: whoever copies or opens the directory then finds files that are at rest.
        let closed = self.inner.catalog.close().await;
        drop(unpoisoned(&self.inner.lock).take());
        flushed.and(merged).and(closed)
    }
}

fn unpoisoned<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn lock(layout: &Layout) -> Result<std::fs::File, LakeError> {
    let path = layout.lock();
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(LakeError::io("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(LakeError::InUse(layout.0.clone())),
        Err(std::fs::TryLockError::Error(error)) => Err(LakeError::io("lock", &path)(error)),
    }
}

fn read_or_make_format(options: &LakeOptions, layout: &Layout) -> Result<Format, LakeError> {
    let path = layout.format();
    let files = options.files.as_ref();
    if !files.exists(&path) {
        refuse_remains(files, layout)?;
        let format = Format {
            format: FORMAT_VERSION,
            buckets: options.buckets.max(1),
            secret: random_secret()?,
        };
        let text = serde_json::to_string_pretty(&format).unwrap_or_default();
        write_durably(files, &path, text.as_bytes())?;
        return Ok(format);
    }
    let bytes = read_all(files, &path)?;
    let format: Format = serde_json::from_slice(&bytes).map_err(|error| LakeError::Damaged {
        what: path.display().to_string(),
        reason: error.to_string(),
    })?;
    if format.format > FORMAT_VERSION {
        return Err(LakeError::Version {
            what: "the data directory",
            found: format.format,
            known: FORMAT_VERSION,
        });
    }
    Ok(format)
}

/// The file that makes a folder a data directory is made first when one is made, and last when one is
/// restored: where it alone is missing, a restore was cut short.
fn refuse_remains(files: &dyn Files, layout: &Layout) -> Result<(), LakeError> {
    let parts = [layout.log(), layout.data()];
    if layout.catalog().exists() || parts.iter().any(|part| files.exists(part)) {
        return Err(LakeError::Damaged {
            what: format!("the data directory {}", layout.0.display()),
            reason: format!(
                "it has no {FORMAT_FILE}, so a restore into it was cut short; empty it and restore again"
            ),
        });
    }
    Ok(())
}

fn random_secret() -> Result<String, LakeError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        let none = std::io::Error::other(error.to_string());
        LakeError::io("draw a secret for", FORMAT_FILE)(none)
    })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn parse_secret(text: &str, layout: &Layout) -> Result<[u8; 32], LakeError> {
    let mut secret = [0; 32];
    let digits = text.as_bytes();
    let damaged = || LakeError::Damaged {
        what: layout.format().display().to_string(),
        reason: "its secret is not 64 hexadecimal digits".to_owned(),
    };
    if digits.len() != 64 {
        return Err(damaged());
    }
    for (byte, pair) in secret.iter_mut().zip(digits.chunks(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| damaged())?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| damaged())?;
    }
    Ok(secret)
}

async fn stored_sets(
    catalog: &Catalog,
    workspace: &str,
    built_in: &Arc<Settings>,
) -> Result<FactSets, LakeError> {
    let stored = catalog.fact_sets(workspace).await?;
    let settings = |set: &catalog::FactSet| -> Result<Arc<Settings>, LakeError> {
        if set.profile_toml.is_empty() {
            return Ok(built_in.clone());
        }
        Settings::from_stored(&set.profile_toml).map(Arc::new)
    };
    let active = stored.iter().find(|set| set.role == FactSetRole::Active);
    let mut sets = match active {
        Some(set) => FactSets::new(
            &set.name,
            settings(set)?,
            !set.profile_toml.is_empty(),
            true,
        ),
        None => {
            // Before the catalog kept the sets of workspaces that had chosen none, the files alone
            // said what they were.
            let files = catalog.file_list(workspace).unwrap_or_default();
            let name = files
                .files(Table::Sessions, None, None)
                .last()
                .map_or_else(|| built_in.fact_set(), |file| file.fact_set.clone());
            FactSets::new(&name, built_in.clone(), false, false)
        }
    };
    for set in stored {
        match set.role {
            FactSetRole::Active => {}
            FactSetRole::Kept => sets.kept.push(set.name.into()),
            FactSetRole::Additional | FactSetRole::Next { .. } => {
                sets.push_stored(&set, settings(&set)?);
            }
        }
    }
    sets.renew_outdated();
    Ok(sets)
}

type DirtyByWorkspace = [(String, Vec<Dirty>)];

/// Brings into memory what the log holds past the marks, and the conversations that files hold but
/// whose facts they do not.
fn bring_back(
    inner: &Arc<Inner>,
    frames: &[RecoveredFrame],
    marks: &std::collections::BTreeMap<String, u64>,
    dirty: &DirtyByWorkspace,
) -> Result<(), LakeError> {
    let now = inner.now();
    for frame in frames {
        for (name, events) in ingest::decode_frame(frame)? {
            if marks
                .get(&*name)
                .is_some_and(|mark| frame.sequence <= *mark)
            {
                continue;
            }
            let (incoming, mut receipt) =
                ingest::prepare(&name, &events, i64::MAX / 2, inner.kept_from(&name, now));
            let mut incoming = incoming;
            erased::leave_out_recovered(inner, &name, &mut incoming);
            // A flush in portions puts events into files before it moves the mark.
            ingest::leave_out_filed(inner, &name, &mut incoming, &mut receipt)?;
            let mut state = inner.lock_state();
            let workspace = state.workspace_or_insert(&name, &inner.built_in);
            for (_, event) in incoming {
                if !workspace.ids.contains_key(&event.id_hash) {
                    workspace.take(event, inner.options.buckets, now);
                }
            }
        }
    }
    for (name, conversations) in dirty {
        lookup::bring_back_dirty(inner, name, conversations)?;
    }
    Ok(())
}

/// Where the rows of dirty conversations are.
pub(crate) fn days_of_dirty(dirty: &[Dirty]) -> FxHashSet<i32> {
    dirty
        .iter()
        .flat_map(|dirty| {
            upshot_core::time::day_of(dirty.segment_from)
                ..=upshot_core::time::day_of(dirty.segment_to)
        })
        .collect()
}

/// The bucket of a conversation of this workspace.
pub(crate) fn bucket_in(inner: &Inner, workspace: &str, conversation_id: &str) -> i32 {
    bucket_of(
        conversation_hash(workspace, conversation_id),
        inner.options.buckets,
    )
}

impl Workspace {
    /// Takes in an event that a file holds, of a conversation whose facts are to be made anew.
    pub(crate) fn take_filed(
        &mut self,
        conversation_id: &str,
        bucket: i32,
        event: crate::engine::state::StoredEvent,
    ) {
        let hash = conversation_hash(&self.name, conversation_id);
        let known = crate::engine::state::Known {
            time: event.time,
            conversation: hash,
        };
        if self.ids.insert(event.id_hash, known).is_some() {
            return;
        }
        self.memory_bytes += event.bytes.len() + crate::engine::state::EVENT_OVERHEAD;
        self.version += 1;
        let version = self.version;
        let shard = self.shard_mut(conversation_id);
        shard.changed();
        let conversation = shard
            .conversations
            .entry(conversation_id.into())
            .or_default();
        conversation.bucket = bucket;
        conversation.complete = false;
        conversation.sessions_known = false;
        conversation.version = version;
        Arc::make_mut(&mut conversation.events).push(event);
    }
}
