//! What an import is told and what it tells.

use std::sync::Arc;

use upshot_core::Event;

use crate::{Format, Mapping};

/// The largest record that is read where nothing else is said: 64 MiB.
pub const MAXIMUM_RECORD_BYTES: usize = 64 << 20;
/// How much of a rejected record is kept: 4 KiB.
pub const RAW_BYTES: usize = 4 << 10;

/// How bytes are to be read.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// The format; `None` recognises it by content.
    pub format: Option<Format>,
    /// How records become events, where no format is to be recognised. `format` plays no part then.
    pub mapping: Option<Arc<Mapping>>,
    /// The name of the file as reports show it. Its last part also helps to name conversations whose
    /// source does not name them.
    pub file_name: String,
    /// When Upshot received the bytes, in UTC microseconds.
    pub received_time: i64,
    /// A record that is longer is rejected.
    pub maximum_record_bytes: usize,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            format: None,
            mapping: None,
            file_name: String::new(),
            received_time: 0,
            maximum_record_bytes: MAXIMUM_RECORD_BYTES,
        }
    }
}

/// Where a record stands in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// The record's number, from 1. In a transcript that is read as a whole: the activity's number.
    pub record: u64,
    /// The line on which the record begins, from 1, where known.
    pub line: Option<u64>,
    /// The first byte of the record in the file, from 0.
    pub byte: u64,
}

/// A record that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The name of the file.
    pub file: String,
    /// Where the record stands.
    pub position: Position,
    /// The field that is wrong, where it is one.
    pub field: Option<String>,
    /// Why the record could not be read.
    pub reason: String,
    /// What to do about it.
    pub cure: String,
    /// The record's own text, cut at 4 KiB.
    pub raw: String,
}

/// What came of some bytes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// The events, each with an id.
    pub events: Vec<Event>,
    /// The records that could not be read.
    pub rejected: Vec<Rejected>,
}

/// What came of a whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// The format that was read; `None` if it was not recognised.
    pub format: Option<Format>,
    /// How many records there were.
    pub records: u64,
    /// How many events they gave.
    pub events: u64,
    /// How many records, or parts of them, were rejected.
    pub rejected: u64,
}

/// The text of a record for a report: cut at [`RAW_BYTES`] at the boundary of a character.
pub(crate) fn raw_text(bytes: &[u8]) -> String {
    // One character may stand for each byte that is not UTF-8 and takes three bytes itself, so that
    // the cut is made again after the conversion.
    let mut text = String::from_utf8_lossy(&bytes[..bytes.len().min(RAW_BYTES)]).into_owned();
    let mut end = text.len().min(RAW_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    if bytes.len() > RAW_BYTES && text.ends_with('\u{fffd}') {
        text.pop();
    }
    text
}
