//! The log: the only place that says «accepted».
//!
//! Frames are appended to segments and made durable with one `fdatasync` a group. Whoever appends is
//! answered only then. Segments are removed when everything in them is in data files.
//!
//! **Invariant:** after a failed sync nothing is known of what is on disk, so the log accepts
//! nothing more until the program starts anew and reads what is really there.

pub mod segment;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::codec;
use crate::error::LakeError;
use crate::files::{FileWrite, Files, create_dir_durably};

/// Writes the log. It has one owner, which gives the order of everything.
pub struct Log {
    files: Arc<dyn Files>,
    directory: PathBuf,
    segment_bytes: u64,
    dictionary: String,
    /// The segments, oldest first; the last is being written.
    segments: Vec<SegmentInfo>,
    current: Box<dyn FileWrite>,
    next_sequence: u64,
    stopped: Option<String>,
    bytes_written: u64,
}

/// What can be done about a damaged log.
pub(crate) const GO_ON: &str =
    "restore a backup, or move the folder of the log away to go on with what data files hold";

#[derive(Debug)]
struct SegmentInfo {
    path: PathBuf,
    first_sequence: u64,
    bytes: u64,
}

/// What was found when a log was opened.
#[derive(Debug, Default)]
pub struct Recovery {
    /// The frames, oldest first.
    pub frames: Vec<RecoveredFrame>,
    /// Bytes of a torn end that were cut off.
    pub torn_bytes: u64,
}

/// A frame of the log as it was found.
#[derive(Debug)]
pub struct RecoveredFrame {
    /// Its sequence.
    pub sequence: u64,
    /// What it holds.
    pub payload: Vec<u8>,
    /// The list of fields under which its events are written.
    pub dictionary: Arc<str>,
}

impl Log {
    /// Opens the log of this folder, or makes one, and gives all frames that it holds. What is
    /// missing before the first must be in data files: some mark says so of frames up to `mark`.
    ///
    /// # Errors
    /// When the folder cannot be read or written, or something acknowledged is damaged.
    pub fn open(
        files: Arc<dyn Files>,
        directory: &Path,
        mark: u64,
        segment_bytes: u64,
    ) -> Result<(Self, Recovery), LakeError> {
        create_dir_durably(&*files, directory)?;
        let mut paths: Vec<PathBuf> = files
            .list(directory)
            .map_err(LakeError::io("list", directory))?
            .into_iter()
            .map(|entry| entry.path)
            .filter(|path| segment::sequence_of_name(path).is_some())
            .collect();
        paths.sort();
        let mut recovery = Recovery::default();
        let mut segments = Vec::new();
        let mut next_sequence = 0;
        for (index, path) in paths.iter().enumerate() {
            let newest = index + 1 == paths.len();
            let Some(found) = segment::read(&*files, path, newest)? else {
                files.remove(path).map_err(LakeError::io("remove", path))?;
                continue;
            };
            check_sequence(&segments, next_sequence, mark, &found)?;
            recovery.torn_bytes += found.torn_bytes;
            if newest {
                settle_end(&*files, &found)?;
            }
            let end = found.first_sequence + found.frames.len() as u64;
            next_sequence = next_sequence.max(end);
            let dictionary: Arc<str> = found.dictionary.into();
            let frame = |(sequence, payload)| RecoveredFrame {
                sequence,
                payload,
                dictionary: Arc::clone(&dictionary),
            };
            recovery.frames.extend(found.frames.into_iter().map(frame));
            segments.push(SegmentInfo {
                path: path.clone(),
                first_sequence: found.first_sequence,
                bytes: found.good_bytes,
            });
        }
        if !segments.is_empty() && next_sequence <= mark {
            return Err(LakeError::Damaged {
                what: format!("the log in {}", directory.display()),
                reason: format!(
                    "the catalog's mark says that frames up to {mark} are in data files, but the log ends \
                     with frame {}; {GO_ON}",
                    next_sequence.saturating_sub(1)
                ),
            });
        }
        let dictionary = codec::dictionary();
        let next_sequence = next_sequence.max(mark + 1);
        // A program's own field list stands at the head of what it writes: always a new segment.
        let (info, current) = begin_segment(&*files, directory, next_sequence, &dictionary)?;
        segments.retain(|old: &SegmentInfo| old.path != info.path);
        segments.push(info);
        let log = Self {
            files,
            directory: directory.to_owned(),
            segment_bytes,
            dictionary,
            segments,
            current,
            next_sequence,
            stopped: None,
            bytes_written: 0,
        };
        Ok((log, recovery))
    }

    /// Appends a frame and makes it durable; gives its sequence.
    ///
    /// # Errors
    /// A full disk leaves the log as it was. A failed sync, or a failed clean-up after a failed
    /// write, stops it.
    pub fn append(&mut self, payload: &[u8]) -> Result<u64, LakeError> {
        if let Some(reason) = &self.stopped {
            return Err(LakeError::Stopped(reason.clone()));
        }
        self.rotate_if_full()?;
        let sequence = self.next_sequence;
        let frame = segment::frame(sequence, sequence - 1, payload);
        let Some(info) = self.segments.last_mut() else {
            return Err(LakeError::Stopped("the log has no segment".to_owned()));
        };
        if let Err(error) = std::io::Write::write_all(&mut self.current, &frame) {
            // The cut must be durable before another segment follows: a torn end is allowed in the
            // newest one only.
            let cut = self.current.truncate(info.bytes);
            if let Err(second) = cut.and_then(|()| self.current.sync()) {
                self.stopped = Some(format!("{error}, then {second}"));
            }
            return Err(LakeError::io("append to", &info.path)(error));
        }
        if let Err(error) = self.current.sync() {
            self.stopped = Some(error.to_string());
            return Err(LakeError::Stopped(error.to_string()));
        }
        info.bytes += frame.len() as u64;
        self.bytes_written += frame.len() as u64;
        self.next_sequence += 1;
        Ok(sequence)
    }

    fn rotate_if_full(&mut self) -> Result<(), LakeError> {
        let full = self
            .segments
            .last()
            .is_some_and(|info| info.bytes >= self.segment_bytes);
        if full { self.rotate() } else { Ok(()) }
    }

    /// Begins another segment, so that what was written before can go as soon as it is in data files. Nothing where
    /// the newest is empty.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn rotate(&mut self) -> Result<(), LakeError> {
        let is_empty = self
            .segments
            .last()
            .is_some_and(|info| info.first_sequence == self.next_sequence);
        if is_empty {
            return Ok(());
        }
        let (info, current) = begin_segment(
            &*self.files,
            &self.directory,
            self.next_sequence,
            &self.dictionary,
        )?;
        self.segments.push(info);
        self.current = current;
        Ok(())
    }

    /// Removes the segments in which nothing is past `mark`, except the one being written.
    ///
    /// # Errors
    /// When a segment cannot be removed.
    pub fn trim(&mut self, mark: u64) -> Result<(), LakeError> {
        let mut removed = false;
        while self.segments.len() > 1 && self.segments[1].first_sequence <= mark + 1 {
            let path = &self.segments[0].path;
            match self.files.remove(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(LakeError::io("remove", path)(error));
                }
                _ => self.segments.remove(0),
            };
            removed = true;
        }
        if removed {
            self.files
                .sync_dir(&self.directory)
                .map_err(LakeError::io("sync", &self.directory))?;
        }
        Ok(())
    }

    /// The newest sequence that is durable.
    pub fn last_sequence(&self) -> u64 {
        self.next_sequence - 1
    }

    /// Why the log accepts nothing more, if so.
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    /// Bytes written since the log was opened.
    pub fn bytes_written(&self) -> u64 {
        self.bytes_written
    }
}

fn check_sequence(
    before: &[SegmentInfo],
    next_sequence: u64,
    mark: u64,
    found: &segment::Segment,
) -> Result<(), LakeError> {
    let next_sequence = next_sequence.max(mark + 1);
    let gap = match before.last() {
        // What stands before the first segment must be in data files already.
        None => found.first_sequence > mark + 1,
        Some(_) => found.first_sequence != next_sequence && found.first_sequence > mark + 1,
    };
    if gap {
        return Err(LakeError::Damaged {
            what: format!("the log before segment {}", found.path.display()),
            reason: format!(
                "frames up to {} are missing; {GO_ON}",
                found.first_sequence - 1
            ),
        });
    }
    Ok(())
}

/// Cuts off a torn end and makes what was read durable: a process that was killed between write and
/// sync leaves frames that can be read and are not on disk yet, and more is about to build on them.
fn settle_end(files: &dyn Files, found: &segment::Segment) -> Result<(), LakeError> {
    let mut file = files
        .append(&found.path)
        .map_err(LakeError::io("open", &found.path))?;
    if found.torn_bytes > 0 {
        file.truncate(found.good_bytes)
            .map_err(LakeError::io("cut", &found.path))?;
    }
    file.sync().map_err(LakeError::io("sync", &found.path))
}

fn begin_segment(
    files: &dyn Files,
    directory: &Path,
    first_sequence: u64,
    dictionary: &str,
) -> Result<(SegmentInfo, Box<dyn FileWrite>), LakeError> {
    let path = directory.join(segment::name(first_sequence));
    // A segment of this name can only be empty: made before a crash, never written to.
    if files.exists(&path) {
        files
            .remove(&path)
            .map_err(LakeError::io("remove", &path))?;
    }
    let head = segment::head(first_sequence, dictionary);
    let mut file = files.create(&path).map_err(LakeError::io("make", &path))?;
    std::io::Write::write_all(&mut file, &head).map_err(LakeError::io("write", &path))?;
    file.sync().map_err(LakeError::io("sync", &path))?;
    files
        .sync_dir(directory)
        .map_err(LakeError::io("sync", directory))?;
    Ok((
        SegmentInfo {
            path,
            first_sequence,
            bytes: head.len() as u64,
        },
        file,
    ))
}
