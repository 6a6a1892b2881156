//! From the lake's own files of events to sessions and their summary by channel, on two threads.
//!
//! The rows of a file are one day's, sorted by conversation and time, so that nothing is shared out and nothing is
//! put in order: a thread takes a file, and folds every conversation as it comes. Only what happened near
//! midnight waits until all is read, because the file of the day before or after may know more.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use upshot_core::fold::{Carry, FoldContext, Machine};
use upshot_core::profile::Profile;
use upshot_core::time::start_of_day;
use upshot_lake::Table;
use upshot_lake::catalog::DEFAULT_WORKSPACE;

use super::row::Channels;
use super::stored_row::{StoredRow, View};
use super::summary::Summary;
use super::{PROFILE, below, on_threads, users};
use crate::days::open;
use crate::failure::{Failure, Result};

/// What waits is shared out over so many parts, as bits of the conversation's hash.
const WAITING_BITS: u32 = 6;

/// A file of events, and the day of them.
#[derive(Debug, Clone)]
struct DayFile {
    path: PathBuf,
    day: i32,
}

/// The files of events of a data directory, in the order of their days.
fn files(directory: &Path) -> Result<Vec<DayFile>> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let lake = open(directory).await?;
        let capture = lake.capture(DEFAULT_WORKSPACE, &[Table::Events]).await?;
        let events = capture
            .table(Table::Events)
            .ok_or_else(|| Failure::new("there are no events in this data directory"))?;
        let mut files: Vec<DayFile> = events
            .files
            .iter()
            .map(|file| DayFile {
                path: file.path.to_path_buf(),
                day: file.day,
            })
            .collect();
        files.sort_by_key(|file| file.day);
        lake.close().await?;
        if files.windows(2).any(|two| two[0].day == two[1].day) {
            return Err(Failure::new("a day has more than one file of events"));
        }
        Ok(files)
    })
}

/// Folds the events of a data directory and gives their summary as `fold` does, and how long that took.
///
/// # Errors
/// When files cannot be read.
pub fn run(directory: &Path) -> Result<Value> {
    let profile = Profile::from_toml(PROFILE).map_err(|error| Failure::new(error.to_string()))?;
    let files = files(directory)?;
    crate::measured(|| fold(&files, &profile))
}

/// Reads the columns that [`run`] needs and does nothing with them.
///
/// # Errors
/// When files cannot be read.
pub fn columns(directory: &Path) -> Result<Value> {
    let files = files(directory)?;
    crate::measured(|| {
        let next = AtomicUsize::new(0);
        let rows = on_threads(|| {
            let mut seen = 0;
            while let Some(file) = below(&next, files.len()) {
                super::stored_row::read(&files[file].path, |batch| {
                    seen ^= batch.look();
                    Ok(())
                })?;
            }
            Ok(seen)
        })?;
        std::hint::black_box(rows);
        Ok(json!(null))
    })
}

fn fold(files: &[DayFile], profile: &Profile) -> Result<Value> {
    let channels = Mutex::new(Channels::new());
    let next = AtomicUsize::new(0);
    let workers = on_threads(|| {
        let mut worker = Worker::new(profile);
        while let Some(file) = below(&next, files.len()) {
            worker.read(&files[file], &channels)?;
        }
        Ok(worker)
    })?;
    let channels = channels
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    let (waiting, summaries): (Vec<_>, Vec<_>) = workers
        .into_iter()
        .map(|worker| (worker.waiting, worker.summary))
        .unzip();
    let summaries = Mutex::new(summaries);
    let next = AtomicUsize::new(0);
    let folded = on_threads(|| {
        let mut summaries = summaries.lock().unwrap_or_else(PoisonError::into_inner);
        let mut summary = summaries.pop().unwrap_or_else(Summary::new);
        drop(summaries);
        summary.know(&channels);
        while let Some(part) = below(&next, 1 << WAITING_BITS) {
            let of_threads = waiting.iter().map(|parts| parts[part].as_slice());
            let mut rows: Vec<(u64, StoredRow)> = of_threads.collect::<Vec<_>>().concat();
            rows.sort_by_key(|(conversation, row)| (*conversation, row.time));
            let mut gathered = Gathered::default();
            for conversation in rows.chunk_by(|(one, _), (other, _)| one == other) {
                gathered
                    .rows
                    .extend(conversation.iter().map(|(_, row)| *row));
                gathered.ends.push(gathered.rows.len());
            }
            gathered.fold(profile, &channels, &mut summary);
        }
        Ok(summary)
    })?;
    let counted = users(channels.len(), &folded)?;
    let mut sum = Summary::new();
    sum.know(&channels);
    folded.iter().for_each(|summary| sum.add(summary));
    counted.iter().for_each(|users| sum.add_users(users));
    Ok(sum.rows())
}

/// What one thread has read.
struct Worker<'p> {
    profile: &'p Profile,
    summary: Summary,
    /// Rows near midnight with the hash of their conversation, by the first bits of the hash.
    waiting: Vec<Vec<(u64, StoredRow)>>,
    gathered: Gathered,
}

/// The rows of some conversations, one after the other.
#[derive(Default)]
struct Gathered {
    rows: Vec<StoredRow>,
    ends: Vec<usize>,
}

impl Gathered {
    /// Folds what is complete and forgets it.
    fn fold(&mut self, profile: &Profile, channels: &Channels, summary: &mut Summary) {
        let Some(end) = self.ends.last().copied() else {
            return;
        };
        let views: Vec<View<'_>> = self.rows[..end]
            .iter()
            .map(|row| View { row, channels })
            .collect();
        let context = FoldContext {
            workspace: "bench",
            profile,
            as_of: i64::MAX,
        };
        let carry = Carry::default();
        let mut machine = Machine::new(&context, &carry, summary);
        let mut start = 0;
        for end in self.ends.drain(..) {
            for view in &views[start..end] {
                machine.push(view, summary);
            }
            machine.next_conversation(context.as_of, summary);
            start = end;
        }
        drop(machine);
        drop(views);
        self.rows.drain(..end);
    }
}

impl<'p> Worker<'p> {
    fn new(profile: &'p Profile) -> Self {
        Self {
            profile,
            summary: Summary::new(),
            waiting: vec![Vec::new(); 1 << WAITING_BITS],
            gathered: Gathered::default(),
        }
    }

    fn read(&mut self, file: &DayFile, channels: &Mutex<Channels>) -> Result<()> {
        let inner = Inside {
            from: start_of_day(file.day) + self.profile.cut_gap(),
            to: start_of_day(file.day + 1) - self.profile.cut_gap(),
        };
        // The rows of the conversation that may go on in the next batch, and its hash.
        let mut open: Vec<StoredRow> = Vec::new();
        let mut hash = 0;
        let mut known = Channels::new();
        super::stored_row::read(&file.path, |batch| {
            batch.conversations(channels, |conversation, rows| {
                if conversation != hash {
                    self.take(hash, &open, inner);
                    open.clear();
                    hash = conversation;
                }
                open.extend(rows);
            })?;
            known.clone_from(&channels.lock().unwrap_or_else(PoisonError::into_inner));
            self.summary.know(&known);
            self.gathered.fold(self.profile, &known, &mut self.summary);
            Ok(())
        })?;
        self.take(hash, &open, inner);
        self.gathered.fold(self.profile, &known, &mut self.summary);
        Ok(())
    }

    /// Takes the rows of a conversation of one day: what stands apart is folded, the rest waits.
    fn take(&mut self, hash: u64, rows: &[StoredRow], inside: Inside) {
        let gap = self.profile.cut_gap();
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            return;
        };
        if inside.holds(first, last) {
            self.gathered.rows.extend_from_slice(rows);
            self.gathered.ends.push(self.gathered.rows.len());
            return;
        }
        for stretch in rows.chunk_by(|earlier, later| later.time - earlier.time <= gap) {
            if inside.holds(&stretch[0], &stretch[stretch.len() - 1]) {
                self.gathered.rows.extend_from_slice(stretch);
                self.gathered.ends.push(self.gathered.rows.len());
            } else {
                let part = (hash >> (u64::BITS - WAITING_BITS)) as usize;
                self.waiting[part].extend(stretch.iter().map(|row| (hash, *row)));
            }
        }
    }
}

/// The times around which no other day knows more.
#[derive(Debug, Clone, Copy)]
struct Inside {
    from: i64,
    to: i64,
}

impl Inside {
    fn holds(&self, first: &StoredRow, last: &StoredRow) -> bool {
        first.time >= self.from && last.time < self.to
    }
}
