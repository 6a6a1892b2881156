//! A disk that forgets. It is a folder of the real one, and beside it a model of what would be there
//! after the power failed: content counts from its sync on, names from the sync of their folder on.
//!
//! SQLite does not go through it. It syncs its own log at every commit, so what it has committed is
//! durable; its files are taken as they are between two operations, when no transaction is under way.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use tempfile::TempDir;
use upshot_lake::files::{DiskFiles, Entry, FileRead, FileWrite, Files};

const CATALOG: [&str; 2] = ["data/lake.sqlite", "data/lake.sqlite-wal"];

/// What is on the disk and what would stay, by path below the root.
#[derive(Debug, Clone, Default)]
struct Model {
    current: BTreeMap<PathBuf, Node>,
    durable: BTreeMap<PathBuf, Node>,
    contents: BTreeMap<u64, Content>,
    next: u64,
    /// The catalog's files as they are, and whether the name of the first is durable.
    catalog: Vec<Option<Arc<Vec<u8>>>>,
    catalog_named: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Folder,
    File(u64),
}

#[derive(Debug, Clone, Default)]
struct Content {
    now: Arc<Vec<u8>>,
    durable: Arc<Vec<u8>>,
}

/// What a disk keeps of what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Nothing.
    Everything,
    /// All of it: the process was killed, the machine goes on.
    Nothing,
    /// By chance: names, and the beginnings of contents.
    Torn(u64),
    /// As torn, but files have got their new length, with zeros in place of what is missing.
    TornZeros(u64),
}

/// The disk at one moment, before an operation.
#[derive(Debug, Clone)]
pub struct Moment {
    model: Model,
    /// Which operation comes next.
    pub operation: String,
    /// How many events had been sent, and acknowledged.
    pub sent: usize,
    pub acknowledged: usize,
}

#[derive(Debug, Default)]
struct State {
    model: Model,
    operations: u64,
    fault_at: Option<u64>,
    /// What the fault met.
    faulted: Option<String>,
    /// The rest of a short write fails.
    short: bool,
    full: bool,
    sent: usize,
    acknowledged: usize,
    moments: Option<Vec<Moment>>,
}

/// A disk that forgets.
#[derive(Debug, Clone)]
pub struct Disk {
    root: Arc<TempDir>,
    state: Arc<Mutex<State>>,
}

impl Disk {
    pub fn new() -> Self {
        Self::of(Model::default())
    }

    /// A disk with this on it; what is durable stays as it was.
    fn of(model: Model) -> Self {
        let root = tempfile::tempdir().unwrap();
        for (path, node) in &model.current {
            let path = root.path().join(path);
            match node {
                Node::Folder => fs::create_dir(path).unwrap(),
                Node::File(number) => fs::write(path, &*model.contents[number].now).unwrap(),
            }
        }
        for (name, content) in CATALOG.iter().zip(&model.catalog) {
            if let Some(content) = content {
                fs::write(root.path().join(name), &**content).unwrap();
            }
        }
        let state = State {
            model,
            ..State::default()
        };
        Self {
            root: Arc::new(root),
            state: Arc::new(Mutex::new(state)),
        }
    }

    pub fn root(&self) -> &Path {
        self.root.path()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// From now on keeps the moment before every operation.
    pub fn record(&self) {
        self.lock().moments = Some(Vec::new());
    }

    pub fn moments(&self) -> Vec<Moment> {
        self.lock().moments.take().unwrap_or_default()
    }

    /// The operation of this number, counted from 0, will fail.
    pub fn fail_at(&self, number: u64) {
        self.lock().fault_at = Some(number);
    }

    /// Which operation failed.
    pub fn faulted(&self) -> Option<String> {
        self.lock().faulted.clone()
    }

    /// Whether there is room for nothing more.
    pub fn set_full(&self, full: bool) {
        self.lock().full = full;
    }

    pub fn operations(&self) -> u64 {
        self.lock().operations
    }

    pub fn sent(&self, events: usize) {
        self.lock().sent += events;
    }

    pub fn acknowledged(&self) {
        let mut state = self.lock();
        state.acknowledged = state.sent;
    }

    /// As it is now.
    pub fn moment(&self) -> Moment {
        let mut state = self.lock();
        state.model.catalog = self.catalog();
        Moment {
            model: state.model.clone(),
            operation: "end".to_owned(),
            sent: state.sent,
            acknowledged: state.acknowledged,
        }
    }

    fn catalog(&self) -> Vec<Option<Arc<Vec<u8>>>> {
        CATALOG
            .iter()
            .map(|name| fs::read(self.root().join(name)).ok().map(Arc::new))
            .collect()
    }

    fn key(&self, path: &Path) -> PathBuf {
        path.strip_prefix(self.root()).unwrap_or(path).to_owned()
    }

    /// Counts an operation; fails it if that was planned.
    fn step(&self, what: &str, path: &Path) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.lock();
        let operation = format!("{what} {}", self.key(path).display());
        if state.moments.is_some() {
            state.model.catalog = self.catalog();
            let moment = Moment {
                model: state.model.clone(),
                operation: operation.clone(),
                sent: state.sent,
                acknowledged: state.acknowledged,
            };
            state.moments.as_mut().unwrap().push(moment);
        }
        let number = state.operations;
        state.operations += 1;
        let grows = matches!(what, "create" | "write" | "make folder");
        if state.full && grows {
            return Err(ErrorKind::StorageFull.into());
        }
        if state.fault_at == Some(number) {
            state.faulted = Some(operation);
            if what == "write" {
                state.short = true;
                return Ok(state);
            }
            let kind = if grows {
                ErrorKind::StorageFull
            } else {
                ErrorKind::Other
            };
            return Err(io::Error::new(kind, "the disk fails as planned"));
        }
        Ok(state)
    }
}

impl Moment {
    /// The same disk in another folder after the process was killed: nothing is lost, and nothing
    /// more is durable.
    pub fn killed(&self) -> Disk {
        Disk::of(self.model.clone())
    }

    /// What the machine finds when it starts again after the power failed.
    pub fn without_power(&self, loss: Loss) -> Disk {
        let mut chance = Chance::new(loss);
        let mut model = Model {
            next: self.model.next,
            ..Model::default()
        };
        let all: std::collections::BTreeSet<&PathBuf> = self
            .model
            .current
            .keys()
            .chain(self.model.durable.keys())
            .collect();
        for path in all {
            let (current, durable) = (self.model.current.get(path), self.model.durable.get(path));
            let stays = chance.takes_new(loss);
            let node = if current == durable || stays {
                current
            } else {
                durable
            };
            let Some(&node) = node else { continue };
            let parent = path.parent().unwrap();
            if !parent.as_os_str().is_empty() && model.current.get(parent) != Some(&Node::Folder) {
                continue;
            }
            model.current.insert(path.clone(), node);
            if let Node::File(number) = node {
                let content = &self.model.contents[&number];
                let now = chance.content(loss, content);
                let durable = now.clone();
                model.contents.insert(number, Content { now, durable });
            }
        }
        model.durable = model.current.clone();
        let named = self.model.catalog_named || loss == Loss::Nothing;
        if named && model.current.contains_key(Path::new("data")) {
            model.catalog = self.model.catalog.clone();
            model.catalog_named = true;
        }
        let disk = Disk::of(model);
        let mut state = disk.lock();
        (state.sent, state.acknowledged) = (self.sent, self.acknowledged);
        drop(state);
        disk
    }

    /// A number that tells what a loss leaves from what another one leaves.
    pub fn print_of(&self, loss: Loss) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        let state = self.without_power(loss);
        let state = state.lock();
        for (path, node) in &state.model.current {
            path.hash(&mut hasher);
            if let Node::File(number) = node {
                state.model.contents[number].now.hash(&mut hasher);
            }
        }
        (&state.model.catalog, self.sent, self.acknowledged).hash(&mut hasher);
        hasher.finish()
    }
}

/// A small generator, so that a failing case can be run again.
struct Chance(u64);

impl Chance {
    fn new(loss: Loss) -> Self {
        Self(match loss {
            Loss::Torn(seed) | Loss::TornZeros(seed) => {
                seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1
            }
            _ => 1,
        })
    }
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn takes_new(&mut self, loss: Loss) -> bool {
        match loss {
            Loss::Everything => false,
            Loss::Nothing => true,
            _ => self.next().is_multiple_of(2),
        }
    }
    fn content(&mut self, loss: Loss, content: &Content) -> Arc<Vec<u8>> {
        match loss {
            Loss::Everything => content.durable.clone(),
            Loss::Nothing => content.now.clone(),
            _ if !content.now.starts_with(&content.durable) => content.durable.clone(),
            _ => {
                let (from, to) = (content.durable.len() as u64, content.now.len() as u64);
                let end = (from + self.next() % (to - from + 1)) as usize;
                let mut torn = content.now[..end].to_vec();
                if matches!(loss, Loss::TornZeros(_)) {
                    torn.resize(content.now.len(), 0);
                }
                Arc::new(torn)
            }
        }
    }
}

struct Written {
    disk: Disk,
    number: u64,
    path: PathBuf,
    real: Box<dyn FileWrite>,
}

impl Write for Written {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if std::mem::take(&mut self.disk.lock().short) {
            return Err(io::Error::new(
                ErrorKind::StorageFull,
                "the disk is full as planned",
            ));
        }
        let mut state = self.disk.step("write", &self.path)?;
        let length = if state.short {
            buffer.len().div_ceil(2)
        } else {
            buffer.len()
        };
        if length == buffer.len() {
            state.short = false;
        }
        self.real.write_all(&buffer[..length])?;
        let content = state.model.contents.get_mut(&self.number).unwrap();
        Arc::make_mut(&mut content.now).extend_from_slice(&buffer[..length]);
        Ok(length)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl FileWrite for Written {
    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.step("sync", &self.path)?;
        let content = state.model.contents.get_mut(&self.number).unwrap();
        content.durable = content.now.clone();
        Ok(())
    }
    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        let mut state = self.disk.step("truncate", &self.path)?;
        self.real.truncate(bytes)?;
        let content = state.model.contents.get_mut(&self.number).unwrap();
        Arc::make_mut(&mut content.now).truncate(bytes as usize);
        Ok(())
    }
}

impl Files for Disk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn FileWrite>> {
        let mut state = self.step("create", path)?;
        let real = DiskFiles.create(path)?;
        let number = state.model.next;
        state.model.next += 1;
        state.model.contents.insert(number, Content::default());
        let key = self.key(path);
        state.model.current.insert(key, Node::File(number));
        Ok(Box::new(Written {
            disk: self.clone(),
            number,
            path: path.to_owned(),
            real,
        }))
    }
    fn append(&self, path: &Path) -> io::Result<Box<dyn FileWrite>> {
        let state = self.step("append", path)?;
        let Some(Node::File(number)) = state.model.current.get(&self.key(path)).copied() else {
            // A copy of the catalog, which SQLite wrote.
            return DiskFiles.append(path);
        };
        drop(state);
        Ok(Box::new(Written {
            disk: self.clone(),
            number,
            path: path.to_owned(),
            real: DiskFiles.append(path)?,
        }))
    }
    fn open(&self, path: &Path) -> io::Result<Arc<dyn FileRead>> {
        DiskFiles.open(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.step("rename", from)?;
        DiskFiles.rename(from, to)?;
        let node = state.model.current.remove(&self.key(from)).unwrap();
        state.model.current.insert(self.key(to), node);
        Ok(())
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.step("remove", path)?;
        DiskFiles.remove(path)?;
        state.model.current.remove(&self.key(path));
        Ok(())
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        if !path.starts_with(self.root()) {
            return Ok(());
        }
        let mut state = self.step("sync folder", path)?;
        let key = self.key(path);
        let inside = |other: &PathBuf| other.parent() == Some(&key);
        let model = &mut state.model;
        model.durable.retain(|other, _| !inside(other));
        let names = model.current.iter().filter(|(other, _)| inside(other));
        model
            .durable
            .extend(names.map(|(other, node)| (other.clone(), *node)));
        if key == Path::new("data") && self.root().join(CATALOG[0]).exists() {
            model.catalog_named = true;
        }
        Ok(())
    }
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.step("make folder", path)?;
        DiskFiles.create_dir(path)?;
        state.model.current.insert(self.key(path), Node::Folder);
        Ok(())
    }
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        drop(self.step("list", path)?);
        DiskFiles.list(path)
    }
    fn exists(&self, path: &Path) -> bool {
        DiskFiles.exists(path)
    }
}
