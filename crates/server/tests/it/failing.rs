//! A disk that stops writing, and what the server then says.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use upshot_lake::files::{DiskFiles, Entry, FileRead, FileWrite, Files};

use crate::common::{Bench, conversation};

/// The disk, until it is told to fail.
#[derive(Debug, Clone, Default)]
struct FailingFiles {
    broken: Arc<AtomicBool>,
}

struct FailingWrite {
    inner: Box<dyn FileWrite>,
    broken: Arc<AtomicBool>,
}

impl Write for FailingWrite {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl FileWrite for FailingWrite {
    fn sync(&mut self) -> io::Result<()> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(io::Error::other("the disk of /secret/folder is gone"));
        }
        self.inner.sync()
    }
    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.inner.truncate(bytes)
    }
}

impl FailingFiles {
    fn wrapped(&self, inner: Box<dyn FileWrite>) -> Box<dyn FileWrite> {
        Box::new(FailingWrite {
            inner,
            broken: self.broken.clone(),
        })
    }
}

impl Files for FailingFiles {
    fn create(&self, path: &Path) -> io::Result<Box<dyn FileWrite>> {
        DiskFiles.create(path).map(|file| self.wrapped(file))
    }
    fn append(&self, path: &Path) -> io::Result<Box<dyn FileWrite>> {
        DiskFiles.append(path).map(|file| self.wrapped(file))
    }
    fn open(&self, path: &Path) -> io::Result<Arc<dyn FileRead>> {
        DiskFiles.open(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        DiskFiles.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        DiskFiles.remove(path)
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        DiskFiles.sync_dir(path)
    }
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        DiskFiles.create_dir(path)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        DiskFiles.list(path)
    }
    fn exists(&self, path: &Path) -> bool {
        DiskFiles.exists(path)
    }
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_accepted_and_the_server_says_so() {
    let files = FailingFiles::default();
    let disk = files.clone();
    let bench = Bench::with(|_| {}, move |options| options.files = Arc::new(disk)).await;
    assert_eq!(
        bench
            .events("main", &conversation("c1", "web"))
            .await
            .status,
        202
    );
    assert_eq!(bench.get("/health/ready").await.status, 200);
    files.broken.store(true, Ordering::Relaxed);
    let first = bench.events("main", &conversation("c2", "web")).await;
    first.problem(503, "unavailable");
    assert!(!first.text().contains("secret"), "{}", first.text());
    // The disk works again, but nobody knows what it kept.
    files.broken.store(false, Ordering::Relaxed);
    let answer = bench.events("main", &conversation("c3", "web")).await;
    answer.problem(503, "unavailable");
    let problem = bench.get("/health/ready").await.problem(503, "unavailable");
    assert!(
        problem["detail"].as_str().unwrap().contains("restart"),
        "{problem}"
    );
    assert_eq!(bench.get("/health/live").await.status, 200);
    assert!(
        bench
            .get("/metrics")
            .await
            .text()
            .contains("upshot_lake_log_stopped 1")
    );
    // What was answered before can still be asked for.
    let sessions = bench.get("/api/v1/sessions").await.json();
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1);
}
