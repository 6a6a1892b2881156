//! Footers and bloom filters of files that were read lately.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::bloom_filter::Sbbf;
use parquet::errors::ParquetError;
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::reader::{ChunkReader, Length};

use super::parquet_error;
use crate::error::LakeError;
use crate::files::{FileRead, Files};

/// A file as the Parquet reader wants it.
pub(crate) struct Chunks {
    file: Arc<dyn FileRead>,
    bytes: u64,
}

impl Chunks {
    pub(crate) fn open(files: &dyn Files, path: &Path) -> Result<Self, LakeError> {
        let file = files.open(path).map_err(LakeError::io("open", path))?;
        let bytes = file.bytes().map_err(LakeError::io("read", path))?;
        Ok(Self { file, bytes })
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Chunks {
    type T = ChunkRead;

    fn get_read(&self, start: u64) -> Result<ChunkRead, ParquetError> {
        Ok(ChunkRead {
            file: Arc::clone(&self.file),
            position: start,
            end: self.bytes,
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<bytes::Bytes, ParquetError> {
        let mut buffer = vec![0; length];
        self.file.read_exact_at(&mut buffer, start)?;
        Ok(buffer.into())
    }
}

/// Reads a file from a position on.
pub(crate) struct ChunkRead {
    file: Arc<dyn FileRead>,
    position: u64,
    end: u64,
}

impl Read for ChunkRead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(self.end.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let length = buffer.len().min(rest);
        let piece = buffer.get_mut(..length).unwrap_or_default();
        self.file.read_exact_at(piece, self.position)?;
        self.position += length as u64;
        Ok(length)
    }
}

/// Bloom filters by row group and leaf column; none where the column has none.
type Filters = HashMap<(usize, usize), Option<Arc<Sbbf>>>;

/// The footer of a file, and those of its bloom filters that were asked for.
pub struct OpenFile {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    filters: Mutex<Filters>,
    weight: usize,
}

impl OpenFile {
    /// Reads the footer.
    ///
    /// # Errors
    /// When the file cannot be read or is not Parquet.
    pub fn new(files: &dyn Files, path: &Path) -> Result<Self, LakeError> {
        let chunks = Chunks::open(files, path)?;
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let metadata =
            ArrowReaderMetadata::load(&chunks, options).map_err(parquet_error("read", path))?;
        let filters: i64 = metadata
            .metadata()
            .row_groups()
            .iter()
            .flat_map(|group| group.columns())
            .filter_map(|column| column.bloom_filter_length())
            .map(i64::from)
            .sum();
        let weight = metadata.metadata().memory_size() + usize::try_from(filters).unwrap_or(0);
        Ok(Self {
            path: path.to_path_buf(),
            metadata,
            filters: Mutex::default(),
            weight,
        })
    }

    /// The footer.
    pub fn metadata(&self) -> &ArrowReaderMetadata {
        &self.metadata
    }

    pub(crate) fn reader(
        &self,
        files: &dyn Files,
    ) -> Result<ParquetRecordBatchReaderBuilder<Chunks>, LakeError> {
        let chunks = Chunks::open(files, &self.path)?;
        Ok(ParquetRecordBatchReaderBuilder::new_with_metadata(
            chunks,
            self.metadata.clone(),
        ))
    }

    /// The bloom filter of a leaf column in a row group, if it has one.
    pub(crate) fn filter(
        &self,
        files: &dyn Files,
        group: usize,
        leaf: usize,
    ) -> Result<Option<Arc<Sbbf>>, LakeError> {
        if let Some(filter) = unpoisoned(&self.filters).get(&(group, leaf)) {
            return Ok(filter.clone());
        }
        let filter = self
            .reader(files)?
            .get_row_group_column_bloom_filter(group, leaf)
            .map_err(parquet_error("read", &self.path))?
            .map(Arc::new);
        unpoisoned(&self.filters).insert((group, leaf), filter.clone());
        Ok(filter)
    }
}

#[derive(Default)]
struct Entries {
    files: HashMap<PathBuf, (u64, Arc<OpenFile>)>,
    by_use: BTreeMap<u64, PathBuf>,
    clock: u64,
    bytes: usize,
}

/// Keeps the footers and bloom filters of the files that were read last, up to a number of bytes.
pub struct FileCache {
    files: Arc<dyn Files>,
    max_bytes: usize,
    entries: Mutex<Entries>,
}

impl FileCache {
    /// A cache that keeps at most `max_bytes`.
    pub fn new(files: Arc<dyn Files>, max_bytes: usize) -> Self {
        Self {
            files,
            max_bytes,
            entries: Mutex::default(),
        }
    }

    /// The file system.
    pub fn files(&self) -> &dyn Files {
        self.files.as_ref()
    }

    /// The footer of a file.
    ///
    /// # Errors
    /// When the file cannot be read or is not Parquet.
    pub fn open(&self, path: &Path) -> Result<Arc<OpenFile>, LakeError> {
        if let Some(file) = self.find(path) {
            return Ok(file);
        }
        let file = Arc::new(OpenFile::new(self.files.as_ref(), path)?);
        self.keep(&file);
        Ok(file)
    }

    /// Forgets a file that was removed.
    pub fn forget(&self, path: &Path) {
        let mut entries = unpoisoned(&self.entries);
        if let Some((last_use, file)) = entries.files.remove(path) {
            entries.by_use.remove(&last_use);
            entries.bytes -= file.weight;
        }
    }

    /// How many bytes are kept.
    pub fn bytes(&self) -> usize {
        unpoisoned(&self.entries).bytes
    }

    fn find(&self, path: &Path) -> Option<Arc<OpenFile>> {
        let mut entries = unpoisoned(&self.entries);
        entries.clock += 1;
        let now = entries.clock;
        let (last_use, file) = entries.files.get_mut(path)?;
        let before = std::mem::replace(last_use, now);
        let file = Arc::clone(file);
        if let Some(path) = entries.by_use.remove(&before) {
            entries.by_use.insert(now, path);
        }
        Some(file)
    }

    fn keep(&self, file: &Arc<OpenFile>) {
        self.forget(&file.path);
        let mut entries = unpoisoned(&self.entries);
        entries.clock += 1;
        let now = entries.clock;
        entries.bytes += file.weight;
        entries.by_use.insert(now, file.path.clone());
        entries
            .files
            .insert(file.path.clone(), (now, Arc::clone(file)));
        while entries.bytes > self.max_bytes {
            let Some((_, oldest)) = entries.by_use.pop_first() else {
                break;
            };
            if let Some((_, dropped)) = entries.files.remove(&oldest) {
                entries.bytes -= dropped.weight;
            }
        }
    }
}

/// A value whose holder panicked is still whole here: every change is made under one lock.
fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
