//! The few things that the lake asks of a file system.
//!
//! Every durable step of the lake goes through [`Files`], so that a test can put a file system in
//! its place that forgets what was not synced. Two rules hold for callers: what a file holds counts
//! only after [`FileWrite::sync`], and that it exists under its name counts only after
//! [`Files::sync_dir`] of its folder.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::LakeError;

/// What a folder holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it is a folder.
    pub is_dir: bool,
    /// Its size; zero for a folder.
    pub bytes: u64,
}

/// A file that is being written, at its end.
pub trait FileWrite: Write + Send {
    /// Makes everything written so far durable (`fdatasync`).
    ///
    /// # Errors
    /// Of the operating system. After an error nothing is known of what is durable.
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts the file at this length; later writes go there.
    ///
    /// # Errors
    /// Of the operating system.
    fn truncate(&mut self, bytes: u64) -> io::Result<()>;
}

/// A file that is being read.
pub trait FileRead: Send + Sync {
    /// Its size.
    ///
    /// # Errors
    /// Of the operating system.
    fn bytes(&self) -> io::Result<u64>;
    /// Fills the whole buffer from this offset.
    ///
    /// # Errors
    /// Of the operating system; `UnexpectedEof` where the file ends before.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
}

/// A file system.
pub trait Files: Send + Sync + Debug {
    /// Makes a new file; refuses one that exists.
    ///
    /// # Errors
    /// Of the operating system.
    fn create(&self, path: &Path) -> io::Result<Box<dyn FileWrite>>;
    /// Opens an existing file to write at its end.
    ///
    /// # Errors
    /// Of the operating system.
    fn append(&self, path: &Path) -> io::Result<Box<dyn FileWrite>>;
    /// Opens an existing file to read.
    ///
    /// # Errors
    /// Of the operating system.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn FileRead>>;
    /// Gives a file another name in the same file system, replacing what had it.
    ///
    /// # Errors
    /// Of the operating system.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    ///
    /// # Errors
    /// Of the operating system.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// Of the operating system.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Makes a folder in a folder that exists; nothing where it is there.
    ///
    /// # Errors
    /// Of the operating system.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// What a folder holds, sorted by path.
    ///
    /// # Errors
    /// Of the operating system.
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>>;
    /// Whether there is a file or folder.
    fn exists(&self, path: &Path) -> bool;
}

/// The file system of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct DiskFiles;

struct DiskWrite(File);

impl Write for DiskWrite {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.write(buffer)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl FileWrite for DiskWrite {
    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        // The file is open for appending, so the next write goes to the new end.
        self.0.set_len(bytes)
    }
}

impl FileRead for File {
    fn bytes(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        FileExt::read_exact_at(self, buffer, offset)
    }
}

impl Files for DiskFiles {
    fn create(&self, path: &Path) -> io::Result<Box<dyn FileWrite>> {
        let mut options = OpenOptions::new();
        options.append(true).create_new(true);
        Ok(Box::new(DiskWrite(options.open(path)?)))
    }
    fn append(&self, path: &Path) -> io::Result<Box<dyn FileWrite>> {
        Ok(Box::new(DiskWrite(
            OpenOptions::new().append(true).open(path)?,
        )))
    }
    fn open(&self, path: &Path) -> io::Result<Arc<dyn FileRead>> {
        Ok(Arc::new(File::open(path)?))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        match fs::create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            result => result,
        }
    }
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            entries.push(Entry {
                path: entry.path(),
                is_dir: metadata.is_dir(),
                bytes: if metadata.is_dir() { 0 } else { metadata.len() },
            });
        }
        entries.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(entries)
    }
    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }
}

/// Makes a folder with all that it is in, and makes their names durable.
///
/// # Errors
/// Of the operating system.
pub fn create_dir_durably(files: &dyn Files, path: &Path) -> Result<(), LakeError> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if files.exists(path) {
        // Whoever made it may have been killed before its name was durable. Those above it are: they
        // were synced before it was made. A folder that may not be read is not of our making.
        return match files.sync_dir(parent) {
            Err(error) if error.kind() != io::ErrorKind::PermissionDenied => {
                Err(LakeError::io("sync folder", parent)(error))
            }
            _ => Ok(()),
        };
    }
    create_dir_durably(files, parent)?;
    files
        .create_dir(path)
        .map_err(LakeError::io("make folder", path))?;
    files
        .sync_dir(parent)
        .map_err(LakeError::io("sync folder", parent))
}

/// Writes a whole small file so that after a crash it has either the old or the new content.
///
/// # Errors
/// Of the operating system.
pub fn write_durably(files: &dyn Files, path: &Path, content: &[u8]) -> Result<(), LakeError> {
    let temporary = path.with_extension("new");
    if files.exists(&temporary) {
        files
            .remove(&temporary)
            .map_err(LakeError::io("remove", &temporary))?;
    }
    let mut file = files
        .create(&temporary)
        .map_err(LakeError::io("create", &temporary))?;
    file.write_all(content)
        .and_then(|()| file.sync())
        .map_err(LakeError::io("write", &temporary))?;
    drop(file);
    publish(files, &temporary, path)
}

/// Gives a synced file its final name and makes that durable.
///
/// # Errors
/// Of the operating system.
pub fn publish(files: &dyn Files, temporary: &Path, path: &Path) -> Result<(), LakeError> {
    files
        .rename(temporary, path)
        .map_err(LakeError::io("rename", temporary))?;
    let parent = path.parent().unwrap_or(Path::new("."));
    files
        .sync_dir(parent)
        .map_err(LakeError::io("sync folder", parent))
}

/// Reads a whole file.
///
/// # Errors
/// Of the operating system.
pub fn read_all(files: &dyn Files, path: &Path) -> Result<Vec<u8>, LakeError> {
    let file = files.open(path).map_err(LakeError::io("open", path))?;
    let bytes = file.bytes().map_err(LakeError::io("read", path))?;
    let mut content = vec![0; usize::try_from(bytes).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut content, 0)
        .map_err(LakeError::io("read", path))?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_file_is_written_cut_appended_and_read() {
        let folder = tempfile::tempdir().unwrap();
        let files = DiskFiles;
        let path = folder.path().join("a");
        let mut file = files.create(&path).unwrap();
        file.write_all(b"hello world").unwrap();
        file.sync().unwrap();
        file.truncate(5).unwrap();
        file.write_all(b"!").unwrap();
        drop(file);
        files.append(&path).unwrap().write_all(b"?").unwrap();
        assert_eq!(read_all(&files, &path).unwrap(), b"hello!?");
        assert_eq!(
            files.create(&path).err().map(|error| error.kind()),
            Some(io::ErrorKind::AlreadyExists)
        );
        let mut buffer = [0; 3];
        let error = files
            .open(&path)
            .unwrap()
            .read_exact_at(&mut buffer, 5)
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn folders_are_made_on_the_way_and_small_files_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b/c");
        create_dir_durably(&DiskFiles, &deep).unwrap();
        create_dir_durably(&DiskFiles, &deep).unwrap();
        let path = deep.join("value");
        for content in [&b"one"[..], b"two"] {
            write_durably(&DiskFiles, &path, content).unwrap();
            assert_eq!(read_all(&DiskFiles, &path).unwrap(), content);
        }
        let entries = DiskFiles.list(&deep).unwrap();
        assert_eq!(
            entries,
            [Entry {
                path,
                is_dir: false,
                bytes: 3
            }]
        );
    }
}
