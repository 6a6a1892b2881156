//! Entries of a history in memory, and beyond a limit in files without a name.
//!
//! A history of many sessions is larger than what queries may hold. What is over the limit is written once,
//! to a file that no folder shows and that goes with the process, and mapped: the operating system keeps
//! of it in memory what there is room for.

use std::fs::File;
use std::io::{self, Write};
use std::ops::{Deref, Range};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use memmap2::Mmap;

use super::layer::{Entry, PARTS, part_of};
use crate::error::QueryError;

/// How many entries of one making stay in memory: 32 MiB of them.
const HELD_ENTRIES: usize = 1 << 20;

/// How many entries of a part are written together while files are read.
const CHUNK: usize = 512;

/// Where entries go that are too many for memory.
#[derive(Debug, Clone)]
pub(super) struct Scratch {
    folder: Option<PathBuf>,
    held: usize,
}

impl Scratch {
    /// In the folder of this file; of the system where that cannot be written to.
    pub(super) fn beside(file: Option<&Path>) -> Self {
        Self {
            folder: file.and_then(Path::parent).map(Path::to_owned),
            held: HELD_ENTRIES,
        }
    }

    /// One that holds so many entries in memory.
    #[cfg(test)]
    pub(super) fn holding(held: usize) -> Self {
        Self { folder: None, held }
    }

    /// Whether so many entries stay in memory.
    pub(super) const fn holds(&self, entries: usize) -> bool {
        entries <= self.held
    }

    fn file(&self) -> Result<File, QueryError> {
        let beside = self.folder.as_deref().map(tempfile::tempfile_in);
        let file = match beside {
            Some(Ok(file)) => Ok(file),
            _ => tempfile::tempfile(),
        };
        file.map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> QueryError {
        let folder = self.folder.clone().unwrap_or_else(std::env::temp_dir);
        let cure = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "; it takes up to 64 bytes for each session while it is made, so make room there"
            }
            _ => "",
        };
        QueryError::File {
            path: folder,
            reason: format!("cannot keep the history of users there: {error}{cure}"),
        }
    }
}

/// Entries that can be read as one list.
#[derive(Debug)]
pub(super) enum Entries {
    Held(Box<[Entry]>),
    Mapped(Arc<Mmap>, Range<usize>),
}

impl Entries {
    /// The bytes of memory that it holds; what the operating system may drop is none.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Held(entries) => size_of_val(&**entries),
            Self::Mapped(..) => 0,
        }
    }
}

impl Deref for Entries {
    type Target = [Entry];

    fn deref(&self) -> &[Entry] {
        match self {
            Self::Held(entries) => entries,
            Self::Mapped(map, bytes) => bytemuck::cast_slice(&map[bytes.clone()]),
        }
    }
}

/// Lists that are made by several threads: the first stay in memory, the others go to a file.
#[derive(Debug)]
pub(super) struct Making {
    held: AtomicUsize,
    file: Appended,
}

/// A list that was made, its file not yet mapped.
#[derive(Debug)]
pub(super) enum Made {
    Held(Box<[Entry]>),
    Written(Range<usize>),
}

impl Making {
    pub(super) fn new(scratch: &Scratch) -> Self {
        Self {
            held: AtomicUsize::new(0),
            file: Appended::new(scratch),
        }
    }

    /// Keeps a list.
    ///
    /// # Errors
    /// When it belongs into a file that cannot be written.
    pub(super) fn keep(&self, entries: Vec<Entry>) -> Result<Made, QueryError> {
        let before = self.held.fetch_add(entries.len(), Ordering::Relaxed);
        if self.file.scratch.holds(before + entries.len()) {
            return Ok(Made::Held(entries.into_boxed_slice()));
        }
        self.held.fetch_sub(entries.len(), Ordering::Relaxed);
        Ok(Made::Written(self.file.append(&entries)?))
    }

    /// Maps what was written.
    ///
    /// # Errors
    /// When the file cannot be mapped.
    pub(super) fn map(&self) -> Result<Option<Arc<Mmap>>, QueryError> {
        self.file.map()
    }
}

impl Made {
    /// As it can be read.
    ///
    /// # Errors
    /// When nothing was mapped of what was written: a fault that must not pass for an empty history.
    pub(super) fn mapped(self, map: Option<&Arc<Mmap>>) -> Result<Entries, QueryError> {
        match (self, map) {
            (Self::Held(entries), _) => Ok(Entries::Held(entries)),
            (Self::Written(bytes), Some(map)) => Ok(Entries::Mapped(Arc::clone(map), bytes)),
            (Self::Written(_), None) => Err(QueryError::Stopped(
                "the history of users was written and is not there".to_owned(),
            )),
        }
    }
}

/// A file without a name, made when the first entries are appended.
#[derive(Debug)]
struct Appended {
    scratch: Scratch,
    file: Mutex<Option<(File, usize)>>,
}

impl Appended {
    fn new(scratch: &Scratch) -> Self {
        Self {
            scratch: scratch.clone(),
            file: Mutex::default(),
        }
    }

    /// Appends entries; which bytes of the file they are.
    fn append(&self, entries: &[Entry]) -> Result<Range<usize>, QueryError> {
        let mut place = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, end) = match &mut *place {
            Some(place) => place,
            empty => empty.insert((self.scratch.file()?, 0)),
        };
        let bytes = bytemuck::cast_slice::<Entry, u8>(entries);
        file.write_all(bytes)
            .map_err(|error| self.scratch.failed(&error))?;
        let begin = *end;
        *end += bytes.len();
        Ok(begin..*end)
    }

    /// Ends the writing; the entries as the file holds them.
    fn map(&self) -> Result<Option<Arc<Mmap>>, QueryError> {
        let mut place = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((file, _)) = place.take() else {
            return Ok(None);
        };
        // SAFETY: nobody else can write to the file or cut it: it has no name, and its only handle ends here.
        #[allow(unsafe_code)]
        let map = unsafe { Mmap::map(&file) };
        let map = map.map_err(|error| self.scratch.failed(&error))?;
        Ok(Some(Arc::new(map)))
    }
}

/// Entries by part as they are read, not yet sorted.
#[derive(Debug, Default)]
pub(super) struct Share {
    parts: Vec<Vec<Entry>>,
    written: Vec<Vec<Range<usize>>>,
}

/// Takes in the entries of files, on several threads.
#[derive(Debug)]
pub(super) struct Gathering {
    file: Option<Appended>,
}

/// What was gathered of files, by part and in no order.
#[derive(Debug)]
pub(super) struct Gathered {
    shares: Vec<Share>,
    map: Option<Arc<Mmap>>,
}

impl Gathering {
    /// Of at most so many entries.
    pub(super) fn new(scratch: &Scratch, entries: usize) -> Self {
        let file = (!scratch.holds(entries)).then(|| Appended::new(scratch));
        Self { file }
    }

    /// The bytes of memory that it takes on so many threads.
    pub(super) fn bytes(scratch: &Scratch, entries: usize, threads: usize) -> usize {
        let buffers = threads * PARTS * CHUNK;
        // A list that grows has room for up to twice what it holds.
        let held = if scratch.holds(entries) {
            2 * entries
        } else {
            buffers
        };
        held * size_of::<Entry>()
    }

    /// Adds an entry to a thread's share.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn add(&self, share: &mut Share, entry: Entry) -> Result<(), QueryError> {
        if share.parts.is_empty() {
            share.parts = vec![Vec::new(); PARTS];
            share.written = vec![Vec::new(); PARTS];
        }
        let part = part_of(entry.person);
        let entries = &mut share.parts[part];
        entries.push(entry);
        if let Some(file) = &self.file
            && entries.len() == CHUNK
        {
            share.written[part].push(file.append(entries)?);
            entries.clear();
        }
        Ok(())
    }

    /// Everything that was added.
    ///
    /// # Errors
    /// When the file cannot be mapped.
    pub(super) fn done(&self, shares: Vec<Share>) -> Result<Gathered, QueryError> {
        let map = match &self.file {
            Some(file) => file.map()?,
            None => None,
        };
        let shares = shares.into_iter();
        let shares = shares.filter(|share| !share.parts.is_empty()).collect();
        Ok(Gathered { shares, map })
    }
}

impl Gathered {
    /// Of entries that memory holds.
    pub(super) fn of(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut share = Share {
            parts: vec![Vec::new(); PARTS],
            written: vec![Vec::new(); PARTS],
        };
        for entry in entries {
            share.parts[part_of(entry.person)].push(entry);
        }
        Self {
            shares: vec![share],
            map: None,
        }
    }

    /// How many entries a part has.
    pub(super) fn len(&self, part: usize) -> usize {
        let of = |share: &Share| share.parts[part].len() + share.written[part].len() * CHUNK;
        self.shares.iter().map(of).sum()
    }

    /// The entries of a part.
    pub(super) fn part(&self, part: usize) -> Vec<Entry> {
        let mut all = Vec::with_capacity(self.len(part));
        for share in &self.shares {
            all.extend_from_slice(&share.parts[part]);
            if let Some(map) = &self.map {
                let written = share.written[part].iter();
                written.for_each(|bytes| {
                    all.extend_from_slice(bytemuck::cast_slice(&map[bytes.clone()]));
                });
            }
        }
        all
    }

    /// How many entries the largest part has.
    pub(super) fn largest(&self) -> usize {
        (0..PARTS).map(|part| self.len(part)).max().unwrap_or(0)
    }

    /// How many entries.
    pub(super) fn entries(&self) -> usize {
        (0..PARTS).map(|part| self.len(part)).sum()
    }
}
