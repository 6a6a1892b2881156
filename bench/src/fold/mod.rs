//! From raw events in one Parquet file, in any order, to sessions and their summary by channel, on two threads.
//!
//! Each thread takes a row group, turns each event into 32 bytes without texts, shares them out by the hash of
//! their conversation, puts the events of each conversation together, and folds them with the product's own
//! rules. The file's footer says from when to when the events of each row group are: a stretch of a conversation
//! with a cut between it and all other row groups is folded at once, so that memory holds a row group a thread.
//! The others wait until all is read. In a file in the order of arrival these are the few at the seams; in a
//! shuffled one it is everything.

mod parts;
mod read;
mod row;
pub mod stored;
pub mod stored_events;
mod stored_row;
mod summary;
mod worker;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::ScopedJoinHandle;

use serde_json::Value;
use upshot_core::profile::Profile;

use crate::failure::{Failure, Result};
use parts::Parts;
use read::Events;
use summary::{SHARES, Summary, count_users};
use worker::{WAITING_BITS, Worker};

const THREADS: usize = 2;

/// The rules, which the peers' SQL can say too.
const PROFILE: &str = include_str!("../../profile.toml");

/// The summary of the sessions of these events, as rows.
///
/// # Errors
/// When the file cannot be read.
pub fn run(file: &Path) -> Result<Value> {
    let profile = Profile::from_toml(PROFILE).map_err(|error| Failure::new(error.to_string()))?;
    let events = Events::open(file)?;
    let channels = Mutex::new(Vec::new());
    let mut workers = on_threads(|| {
        let mut worker = Worker::new(&profile);
        worker.read(&events, &channels)?;
        Ok(worker)
    })?;
    let channels = channels
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    let waiting: Vec<Parts> = workers.iter_mut().map(Worker::take_waiting).collect();
    let workers = Mutex::new(workers);
    let next = AtomicUsize::new(0);
    let folded = on_threads(|| {
        let mut workers = workers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut worker = workers.pop().unwrap_or_else(|| Worker::new(&profile));
        drop(workers);
        while let Some(part) = below(&next, 1 << WAITING_BITS) {
            worker.fold_waiting(&waiting, part, &channels);
        }
        Ok(worker.into_summary())
    })?;
    let counted = users(channels.len(), &folded)?;
    let mut sum = Summary::new();
    sum.know(&channels);
    folded.iter().for_each(|summary| sum.add(summary));
    counted.iter().for_each(|users| sum.add_users(users));
    Ok(sum.rows())
}

/// Reads the columns and does nothing with them; gives a number so that nothing is left out.
///
/// # Errors
/// When the file cannot be read.
pub fn columns(file: &Path) -> Result<u64> {
    let events = Events::open(file)?;
    let seen = on_threads(|| {
        let mut seen = 0;
        while let Some(group) = events.next_group() {
            events.read(group, |batch| {
                seen ^= batch.look();
                Ok(())
            })?;
        }
        Ok(seen)
    })?;
    Ok(seen.into_iter().fold(0, |all, seen| all ^ seen))
}

/// Does the same on all threads.
fn on_threads<T: Send>(work: impl Fn() -> Result<T> + Sync) -> Result<Vec<T>> {
    let joined = |thread: ScopedJoinHandle<'_, Result<T>>| {
        thread
            .join()
            .unwrap_or_else(|_| Err(Failure::new("a thread failed")))
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(&work)).collect();
        threads.into_iter().map(joined).collect()
    })
}

/// The next number that nobody has taken, below a limit.
fn below(next: &AtomicUsize, limit: usize) -> Option<usize> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    (number < limit).then_some(number)
}

/// How many different users each channel had, some users on each thread.
fn users(channels: usize, folded: &[Summary]) -> Result<Vec<Vec<u64>>> {
    let next = AtomicUsize::new(0);
    on_threads(|| {
        let mut counts = vec![0; channels];
        while let Some(share) = below(&next, SHARES) {
            let shares = folded.iter().map(|summary| summary.share(share));
            for (count, users) in counts.iter_mut().zip(count_users(channels, shares)) {
                *count += users;
            }
        }
        Ok(counts)
    })
}
