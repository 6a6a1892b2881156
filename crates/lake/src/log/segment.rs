//! A segment: one file of the log.
//!
//! ```text
//! segment = magic "UPSHOTLG" | version u32 | first sequence u64 | length u32 | field list | crc32 u32
//! frame   = magic "UPFR" | length u32 | crc32 u32 | sequence u64 | durable u64 | payload
//! ```
//! All numbers are little-endian. The checksum of a frame covers sequence, durable and payload.
//! `durable` is the newest sequence that was known to be on disk when the frame was written: it
//! tells a torn end, which was never acknowledged, from damage to something that was.

use std::path::{Path, PathBuf};

use crate::error::LakeError;
use crate::files::{Files, read_all};
use crate::log::GO_ON;

/// The version of the log's format.
pub const LOG_VERSION: u32 = 1;
const SEGMENT_MAGIC: &[u8; 8] = b"UPSHOTLG";
const FRAME_MAGIC: &[u8; 4] = b"UPFR";
/// Magic, length, checksum, sequence, durable.
pub const FRAME_HEAD: usize = 4 + 4 + 4 + 8 + 8;

/// The name of the segment that begins with this sequence.
pub fn name(first_sequence: u64) -> String {
    format!("{first_sequence:020}.log")
}

/// The sequence in a segment's name.
pub fn sequence_of_name(path: &Path) -> Option<u64> {
    path.file_name()?
        .to_str()?
        .strip_suffix(".log")?
        .parse()
        .ok()
}

/// The head of a segment.
pub fn head(first_sequence: u64, dictionary: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(dictionary.len() + 28);
    bytes.extend_from_slice(SEGMENT_MAGIC);
    bytes.extend_from_slice(&LOG_VERSION.to_le_bytes());
    bytes.extend_from_slice(&first_sequence.to_le_bytes());
    bytes.extend_from_slice(&(dictionary.len() as u32).to_le_bytes());
    bytes.extend_from_slice(dictionary.as_bytes());
    let checksum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes
}

/// A frame with this payload.
pub fn frame(sequence: u64, durable: u64, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(FRAME_HEAD + payload.len());
    bytes.extend_from_slice(FRAME_MAGIC);
    bytes.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&sequence.to_le_bytes());
    bytes.extend_from_slice(&durable.to_le_bytes());
    bytes.extend_from_slice(payload);
    let checksum = crc32fast::hash(&bytes[12..]);
    bytes[8..12].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// A segment as it was read.
#[derive(Debug)]
pub struct Segment {
    /// Where it is.
    pub path: PathBuf,
    /// The sequence of its first frame.
    pub first_sequence: u64,
    /// The list of fields under which its events are written.
    pub dictionary: String,
    /// The frames: sequence and payload.
    pub frames: Vec<(u64, Vec<u8>)>,
    /// How many bytes are good, from the start.
    pub good_bytes: u64,
    /// How many bytes stand behind them: the torn end of a write that was never acknowledged.
    pub torn_bytes: u64,
}

/// Reads a segment. A torn end is allowed in the newest segment only.
///
/// `Ok(None)` means that not even the head is whole, which a crash while making the segment leaves.
///
/// # Errors
/// When the file cannot be read, is of a newer version, or something that was acknowledged is damaged.
pub fn read(files: &dyn Files, path: &Path, newest: bool) -> Result<Option<Segment>, LakeError> {
    let bytes = read_all(files, path)?;
    let Some((first_sequence, dictionary, mut offset)) = read_head(path, &bytes)? else {
        // Frames are written only after the head is durable: where one is, the head was.
        return if newest && whole_frames(&bytes).next().is_none() {
            Ok(None)
        } else {
            Err(damaged(path, 0, "its head is not whole"))
        };
    };
    let mut frames = Vec::new();
    let mut expected = first_sequence;
    while offset < bytes.len() {
        match read_frame(&bytes[offset..]) {
            Some(frame) if frame.sequence == expected => {
                frames.push((frame.sequence, frame.payload.to_vec()));
                offset += FRAME_HEAD + frame.payload.len();
                expected += 1;
            }
            _ if !newest => return Err(damaged(path, offset, "a frame is not whole")),
            _ => {
                refuse_lost_frames(path, &bytes, offset, expected)?;
                break;
            }
        }
    }
    Ok(Some(Segment {
        path: path.to_owned(),
        first_sequence,
        dictionary,
        frames,
        good_bytes: offset as u64,
        torn_bytes: (bytes.len() - offset) as u64,
    }))
}

struct Frame<'a> {
    sequence: u64,
    durable: u64,
    payload: &'a [u8],
}

fn read_head(path: &Path, bytes: &[u8]) -> Result<Option<(u64, String, usize)>, LakeError> {
    let Some(number) = bytes.get(8..12).map(|number| u32_of(number, 0)) else {
        return Ok(None);
    };
    if &bytes[..8] != SEGMENT_MAGIC {
        // Blocks that were never written read as zeros, also behind the first bytes of the mark.
        let good = bytes
            .iter()
            .zip(SEGMENT_MAGIC)
            .take_while(|(found, wanted)| found == wanted);
        let blank = bytes[good.count()..8].iter().all(|byte| *byte == 0);
        return if blank {
            Ok(None)
        } else {
            Err(damaged(path, 0, "it is not a log segment"))
        };
    }
    if number > LOG_VERSION {
        return Err(LakeError::Version {
            what: "the log",
            found: number,
            known: LOG_VERSION,
        });
    }
    if bytes.len() < 24 {
        return Ok(None);
    }
    let length = u32_of(bytes, 20) as usize;
    let end = 24usize.saturating_add(length);
    if bytes.len() < end.saturating_add(4) || crc32fast::hash(&bytes[..end]) != u32_of(bytes, end) {
        return Ok(None);
    }
    let Ok(dictionary) = std::str::from_utf8(&bytes[24..end]) else {
        return Ok(None);
    };
    Ok(Some((u64_of(bytes, 12), dictionary.to_owned(), end + 4)))
}

fn read_frame(bytes: &[u8]) -> Option<Frame<'_>> {
    if bytes.len() < FRAME_HEAD || &bytes[..4] != FRAME_MAGIC {
        return None;
    }
    let length = u32_of(bytes, 4) as usize;
    let end = FRAME_HEAD.checked_add(length)?;
    if bytes.len() < end || crc32fast::hash(&bytes[12..end]) != u32_of(bytes, 8) {
        return None;
    }
    Some(Frame {
        sequence: u64_of(bytes, 12),
        durable: u64_of(bytes, 20),
        payload: &bytes[FRAME_HEAD..end],
    })
}

/// A whole frame behind a broken one which says that the broken one was durable proves that
/// something acknowledged is damaged. Then nothing may be cut off.
fn refuse_lost_frames(
    path: &Path,
    bytes: &[u8],
    broken_at: usize,
    expected: u64,
) -> Result<(), LakeError> {
    let lost = whole_frames(&bytes[broken_at..]).any(|frame| frame.durable >= expected);
    if lost {
        let reason = "an acknowledged frame is not whole";
        return Err(damaged(path, broken_at, reason));
    }
    Ok(())
}

/// The whole frames, wherever they stand.
fn whole_frames(bytes: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        while let Some(found) = find(&bytes[from..], FRAME_MAGIC) {
            let at = from + found;
            from = at + 1;
            if let Some(frame) = read_frame(&bytes[at..]) {
                return Some(frame);
            }
        }
        None
    })
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

fn u32_of(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(number)
}

fn u64_of(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(number)
}

fn damaged(path: &Path, offset: usize, reason: &str) -> LakeError {
    LakeError::Damaged {
        what: format!("log segment {} at byte {offset}", path.display()),
        reason: format!("{reason}; {GO_ON}"),
    }
}
