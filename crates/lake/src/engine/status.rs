//! What the engine counts of itself.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::catalog::NewFile;
use crate::engine::Lake;
use crate::log::Log;

/// Counts since the lake was opened. Reading them takes no lock.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    events_received: AtomicU64,
    log_bytes: AtomicU64,
    file_bytes: AtomicU64,
    files_written: AtomicU64,
    flushes: AtomicU64,
    log_sequence: AtomicU64,
    flushed_sequence: AtomicU64,
    log_stopped: AtomicU64,
    events_folded: AtomicU64,
}

impl Counters {
    pub fn events_received(&self, events: u64) {
        self.events_received.fetch_add(events, Ordering::Relaxed);
    }

    pub fn note_log(&self, log: &Log) {
        self.log_bytes.store(log.bytes_written(), Ordering::Relaxed);
        self.log_sequence
            .store(log.last_sequence(), Ordering::Relaxed);
        self.log_stopped
            .store(u64::from(log.stopped().is_some()), Ordering::Relaxed);
    }

    pub fn flushed(&self, files: &[NewFile]) {
        self.flushes.fetch_add(1, Ordering::Relaxed);
        self.wrote_files(files);
    }

    pub fn wrote_files(&self, files: &[NewFile]) {
        self.files_written
            .fetch_add(files.len() as u64, Ordering::Relaxed);
        self.file_bytes.fetch_add(
            files.iter().map(|file| file.info.bytes).sum(),
            Ordering::Relaxed,
        );
    }

    pub fn folded(&self, events: usize) {
        self.events_folded
            .fetch_add(events as u64, Ordering::Relaxed);
    }

    pub fn note_flushed_sequence(&self, sequence: u64) {
        self.flushed_sequence.fetch_max(sequence, Ordering::Relaxed);
    }
}

/// How the lake is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Events that were added since the lake was opened.
    pub events_received: u64,
    /// The newest sequence of the log that is durable.
    pub log_sequence: u64,
    /// What has this sequence or a lower one is in data files.
    pub flushed_sequence: u64,
    /// Bytes written to the log since the lake was opened.
    pub log_bytes: u64,
    /// Bytes written to data files since the lake was opened.
    pub file_bytes: u64,
    /// Bytes written to files of any kind since the lake was opened, as the file system counts them:
    /// log, data files, also those that were given up. The catalog's database is not among them.
    pub written_bytes: u64,
    /// Data files written since the lake was opened.
    pub files_written: u64,
    /// Flushes since the lake was opened.
    pub flushes: u64,
    /// Conversations in the overlay.
    pub overlay_conversations: usize,
    /// Events in the overlay.
    pub overlay_events: usize,
    /// Events that queries folded since the lake was opened, each as often as it was.
    pub events_folded: u64,
    /// What the overlay takes, in bytes.
    pub overlay_bytes: usize,
    /// Events that are in no data file yet.
    pub unflushed_events: usize,
    /// How long the oldest of them has waited, in microseconds.
    pub unflushed_age: i64,
    /// Whether the log accepts nothing more because a write failed.
    pub stopped: bool,
}

impl Lake {
    /// How the lake is.
    pub fn status(&self) -> Status {
        let counters = &self.inner.counters;
        let now = self.inner.now();
        let state = self.inner.lock_state();
        Status {
            events_received: counters.events_received.load(Ordering::Relaxed),
            log_sequence: counters.log_sequence.load(Ordering::Relaxed),
            flushed_sequence: counters.flushed_sequence.load(Ordering::Relaxed),
            log_bytes: counters.log_bytes.load(Ordering::Relaxed),
            written_bytes: self.inner.watch.bytes_written(),
            file_bytes: counters.file_bytes.load(Ordering::Relaxed),
            files_written: counters.files_written.load(Ordering::Relaxed),
            flushes: counters.flushes.load(Ordering::Relaxed),
            overlay_conversations: state
                .workspaces()
                .map(|workspace| workspace.conversations())
                .sum(),
            overlay_events: state.workspaces().map(|workspace| workspace.events()).sum(),
            events_folded: counters.events_folded.load(Ordering::Relaxed),
            overlay_bytes: state
                .workspaces()
                .map(|workspace| workspace.memory_bytes)
                .sum(),
            unflushed_events: state
                .workspaces()
                .map(|workspace| workspace.unflushed_events)
                .sum(),
            unflushed_age: state
                .workspaces()
                .filter_map(|workspace| workspace.oldest_unflushed)
                .map(|since| now - since)
                .max()
                .unwrap_or_default(),
            stopped: counters.log_stopped.load(Ordering::Relaxed) > 0
                || self.inner.watch.failed_sync().is_some(),
        }
    }
}
