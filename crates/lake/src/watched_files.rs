//! A file system that is watched: how much goes through it, and whether a sync ever failed.
//!
//! After a failed sync nothing is known of what is on disk, and asking again may be answered with a
//! false yes. So the first failure, of whatever file or folder, is remembered until the program
//! starts anew and reads what is really there.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::files::{Entry, FileRead, FileWrite, Files};

/// What was seen of a file system.
#[derive(Debug, Default)]
pub struct Watch {
    bytes_written: AtomicU64,
    failed_sync: OnceLock<String>,
}

impl Watch {
    /// How many bytes were written to files.
    pub fn bytes_written(&self) -> u64 {
        self.bytes_written.load(Ordering::Relaxed)
    }

    /// What first could not be made durable, and why; nothing where everything could.
    pub fn failed_sync(&self) -> Option<&str> {
        self.failed_sync.get().map(String::as_str)
    }

    /// Says that something could not be made durable.
    pub fn note_failed_sync(&self, reason: String) {
        // Only the first matters: what comes after may follow from it.
        let _ = self.failed_sync.set(reason);
    }
}

/// Watches another file system.
#[derive(Debug)]
pub struct WatchedFiles {
    inner: Arc<dyn Files>,
    watch: Arc<Watch>,
}

impl WatchedFiles {
    /// Watches this one.
    pub fn new(inner: Arc<dyn Files>) -> Self {
        Self {
            inner,
            watch: Arc::default(),
        }
    }

    /// What was seen so far, and will be.
    pub fn watch(&self) -> &Arc<Watch> {
        &self.watch
    }

    fn watched(&self, path: &Path, file: Box<dyn FileWrite>) -> Box<dyn FileWrite> {
        Box::new(WatchedWrite {
            inner: file,
            path: path.to_owned(),
            watch: self.watch.clone(),
        })
    }
}

fn noted(watch: &Watch, path: &Path, result: io::Result<()>) -> io::Result<()> {
    if let Err(error) = &result {
        watch.note_failed_sync(format!("sync {}: {error}", path.display()));
    }
    result
}

struct WatchedWrite {
    inner: Box<dyn FileWrite>,
    path: PathBuf,
    watch: Arc<Watch>,
}

impl Write for WatchedWrite {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buffer)?;
        self.watch
            .bytes_written
            .fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl FileWrite for WatchedWrite {
    fn sync(&mut self) -> io::Result<()> {
        noted(&self.watch, &self.path, self.inner.sync())
    }
    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.inner.truncate(bytes)
    }
}

impl Files for WatchedFiles {
    fn create(&self, path: &Path) -> io::Result<Box<dyn FileWrite>> {
        Ok(self.watched(path, self.inner.create(path)?))
    }
    fn append(&self, path: &Path) -> io::Result<Box<dyn FileWrite>> {
        Ok(self.watched(path, self.inner.append(path)?))
    }
    fn open(&self, path: &Path) -> io::Result<Arc<dyn FileRead>> {
        self.inner.open(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.inner.remove(path)
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        noted(&self.watch, path, self.inner.sync_dir(path))
    }
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.inner.create_dir(path)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        self.inner.list(path)
    }
    fn exists(&self, path: &Path) -> bool {
        self.inner.exists(path)
    }
}
