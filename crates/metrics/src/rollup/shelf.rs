//! Roll-ups beside their files, for the next start of the program.
//!
//! A file of roll-ups begins with [`Shelf::MAGIC`] and then holds records, each behind those that were there: a head of 36 bytes
//! (how many bytes follow, a hash of them, the question) and what was found. Nothing of it is durable: a record that is
//! torn or damaged is as if it were not there, and what stands behind it is overwritten.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashSet;
use upshot_lake::DataFile;
use xxhash_rust::xxh3::xxh3_128;

use super::Key;

/// What lies beside files.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    indexes: Mutex<HashMap<u64, Shared>>,
}

/// What lies beside one file, once somebody looked. Who reads or writes there keeps nobody else waiting.
type Shared = Arc<Mutex<Option<Index>>>;

/// What goes beside a file.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) question: u128,
    /// Whether several others refer to it; then it is written once.
    pub(super) shared: bool,
    pub(super) bytes: Vec<u8>,
}

impl Record {
    /// How many bytes it takes.
    fn size(&self) -> usize {
        HEAD + self.bytes.len()
    }
}

/// What lies beside one file.
#[derive(Debug, Default)]
struct Index {
    /// Where each question's record begins, and how many bytes were found.
    records: HashMap<u128, (u64, u32)>,
    /// Where the next record goes; 0 where there is no file yet.
    end: u64,
}

const HEAD: usize = 36;

/// Beside a file lie at most as many bytes as it has; beside a small one up to so many, where that is not many times as
/// much.
const FEW_BYTES: u64 = 4 << 20;

/// How many bytes may lie beside a file of so many.
fn most_bytes(of_file: u64) -> u64 {
    of_file.max(FEW_BYTES.min(of_file.saturating_mul(16)))
}

impl Shelf {
    /// Says whose they are, and how they are written. Another version of the program does not read them.
    const MAGIC: &str = concat!("upshot rollups 2 ", env!("CARGO_PKG_VERSION"), "\n");

    fn indexes(&self) -> MutexGuard<'_, HashMap<u64, Shared>> {
        self.indexes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with what lies beside a file.
    fn with<T>(&self, file: u64, path: &Path, act: impl FnOnce(&mut Index) -> T) -> T {
        let shared = Arc::clone(self.indexes().entry(file).or_default());
        let mut index = shared.lock().unwrap_or_else(PoisonError::into_inner);
        act(index.get_or_insert_with(|| Index::of(path)))
    }

    /// What was found, if it lies beside this file and is whole.
    pub(super) fn read(&self, key: Key, path: &Path) -> Option<Vec<u8>> {
        self.with(key.file, path, |index| {
            let (from, bytes) = index.records.get(&key.question).copied()?;
            let found = read(path, from, bytes, key.question).ok().flatten();
            if found.is_none() {
                // So that it is written anew.
                index.records.remove(&key.question);
            }
            found
        })
    }

    /// Puts records beside a file. What cannot be written is made anew when it is asked for.
    pub(super) fn write(&self, file: &DataFile, records: &[Record]) {
        let path = file.rollups();
        let key = super::path_hash(&file.path);
        self.with(key, &path, |index| {
            if let Err(error) = index.append(&path, file.bytes, records) {
                *index = Index::default();
                tracing::debug!(path = %path.display(), %error, "roll-ups cannot be written");
            }
            // It may have gone meanwhile, and nothing of it must be left.
            if !file.path.exists() {
                *index = Index::default();
                let _ = std::fs::remove_file(&path);
            }
        });
    }

    /// Forgets what lies beside files that are gone.
    pub(super) fn forget(&self, gone: &FxHashSet<u64>) {
        self.indexes().retain(|file, _| !gone.contains(file));
    }
}

impl Index {
    /// Whether it need not be written again.
    fn knows(&self, record: &Record) -> bool {
        record.shared && self.records.contains_key(&record.question)
    }

    /// What a file of roll-ups says; nothing where there is none, or it is not ours.
    fn of(path: &Path) -> Self {
        Self::read(path).unwrap_or_default()
    }

    fn read(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let mut magic = vec![0; Shelf::MAGIC.len()];
        file.read_exact_at(&mut magic, 0)?;
        let mut index = Self::default();
        if magic != Shelf::MAGIC.as_bytes() {
            return Ok(index);
        }
        index.end = magic.len() as u64;
        let mut head = [0; HEAD];
        while index.end + HEAD as u64 <= size {
            file.read_exact_at(&mut head, index.end)?;
            let (bytes, _, question) = parse(&head);
            let end = index.end + HEAD as u64 + u64::from(bytes);
            if end > size {
                break;
            }
            index.records.insert(question, (index.end, bytes));
            index.end = end;
        }
        Ok(index)
    }

    fn append(&mut self, path: &PathBuf, of_file: u64, records: &[Record]) -> io::Result<()> {
        let room = most_bytes(of_file);
        let added: usize = records
            .iter()
            .filter(|record| !self.knows(record))
            .map(Record::size)
            .sum();
        let mut text = Vec::new();
        if self.end == 0 || self.end + added as u64 > room {
            // Questions that nobody asks any more go; the others come again.
            *self = Self::default();
            text.extend_from_slice(Shelf::MAGIC.as_bytes());
        }
        let begin = self.end;
        // What others refer to comes first.
        let (shared, others) = records
            .iter()
            .partition::<Vec<&Record>, _>(|record| record.shared);
        for record in shared.into_iter().chain(others) {
            let at = begin + text.len() as u64;
            let Ok(bytes) = u32::try_from(record.bytes.len()) else {
                continue;
            };
            if self.knows(record) || at + record.size() as u64 > room {
                continue;
            }
            self.records.insert(record.question, (at, bytes));
            text.extend_from_slice(&bytes.to_le_bytes());
            text.extend_from_slice(&xxh3_128(&record.bytes).to_le_bytes());
            text.extend_from_slice(&record.question.to_le_bytes());
            text.extend_from_slice(&record.bytes);
        }
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        file.set_len(begin)?;
        io::Seek::seek(&mut file, io::SeekFrom::Start(begin))?;
        file.write_all(&text)?;
        self.end = begin + text.len() as u64;
        Ok(())
    }
}

/// How many bytes follow a head, their hash, and the question.
fn parse(head: &[u8; HEAD]) -> (u32, u128, u128) {
    let (mut bytes, mut hash, mut question) = ([0; 4], [0; 16], [0; 16]);
    bytes.copy_from_slice(&head[..4]);
    hash.copy_from_slice(&head[4..20]);
    question.copy_from_slice(&head[20..]);
    (
        u32::from_le_bytes(bytes),
        u128::from_le_bytes(hash),
        u128::from_le_bytes(question),
    )
}

fn read(path: &Path, from: u64, bytes: u32, question: u128) -> io::Result<Option<Vec<u8>>> {
    let file = File::open(path)?;
    let mut record = vec![0; HEAD + bytes as usize];
    file.read_exact_at(&mut record, from)?;
    let found = record.split_off(HEAD);
    let head: [u8; HEAD] = record.try_into().unwrap_or([0; HEAD]);
    let (_, hash, of) = parse(&head);
    Ok((of == question && hash == xxh3_128(&found)).then_some(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &tempfile::TempDir, name: &str) -> DataFile {
        DataFile {
            id: 1,
            path: folder.path().join(name),
            day: 0,
            bucket: 0,
            rows: 1,
            bytes: 50_000,
            footer_bytes: 1,
            fact_set: String::new(),
        }
    }

    #[test]
    fn records_follow_each_other_until_there_is_no_room() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder, "a.parquet");
        std::fs::write(&file.path, "").unwrap();
        let key = |question| Key::new(&file, question, 0);
        let record = |question, bytes| Record {
            question,
            shared: false,
            bytes,
        };
        let (first, second) = (Shelf::default(), Shelf::default());
        first.write(&file, &[record(1, vec![1; 300_000])]);
        first.write(&file, &[record(2, vec![2; 300_000]), record(3, Vec::new())]);
        for shelf in [&first, &second] {
            assert_eq!(shelf.read(key(1), &file.rollups()), Some(vec![1; 300_000]));
            assert_eq!(shelf.read(key(2), &file.rollups()), Some(vec![2; 300_000]));
            assert_eq!(shelf.read(key(3), &file.rollups()), Some(Vec::new()));
            assert_eq!(shelf.read(key(4), &file.rollups()), None);
        }
        first.write(&file, &[record(4, vec![4; 600_000])]);
        assert_eq!(first.read(key(1), &file.rollups()), None);
        assert_eq!(first.read(key(4), &file.rollups()), Some(vec![4; 600_000]));
        // Who has an older index finds another question there, and believes nothing of it.
        assert_eq!(second.read(key(1), &file.rollups()), None);
        assert!(file.rollups().metadata().unwrap().len() < 700_000);
    }

    #[test]
    fn nothing_is_left_beside_a_file_that_went() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder, "a.parquet");
        let record = Record {
            question: 1,
            shared: true,
            bytes: vec![1],
        };
        Shelf::default().write(&file, &[record]);
        assert!(!file.rollups().exists());
    }
}
