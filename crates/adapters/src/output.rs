//! Between the reader and the formats: what a format is given and where it writes.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use upshot_core::Event;

use crate::encoding::Encoding;
use crate::report::{Batch, ImportOptions, Position, Rejected, Summary, raw_text};

/// What each format implements. Records arrive in the order of the file; a format may hold records
/// back until `finish`.
pub(crate) trait Adapter {
    /// Takes one record.
    fn record(&mut self, record: &Record<'_>, out: &mut Output<'_>);
    /// Says that no record follows.
    fn finish(&mut self, out: &mut Output<'_>);
}

/// One record of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    /// Where it stands.
    pub position: Position,
    /// How the file is written down.
    pub encoding: Encoding,
    /// Its text as UTF-8 (or nearly so: a format reports bytes that are not).
    pub text: &'a [u8],
    /// What the reader made of it.
    pub data: Data<'a>,
    /// Whether the record ends as it should; `false` for what a cut-off file ends with. A format
    /// that can read the whole parts of such a record does so.
    pub complete: bool,
}

impl Record<'_> {
    /// The place of a part of the record: the part's number from 0 and its offset in the text.
    pub fn part(&self, number: u64, offset: usize) -> Position {
        let before = &self.text[..offset.min(self.text.len())];
        let lines = memchr::memchr_iter(b'\n', before).count() as u64;
        Position {
            record: self.position.record + number,
            line: self.position.line.map(|line| line + lines),
            byte: self.position.byte + self.encoding.source_length(before),
        }
    }
}

/// What a record is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Data<'a> {
    /// A JSON value: `Record::text` holds it.
    Json,
    /// A row with the file's header. There may be fewer or more fields than names.
    Csv {
        header: &'a [String],
        fields: &'a [String],
    },
}

/// Where a format writes.
pub(crate) struct Output<'a> {
    pub(crate) options: &'a ImportOptions,
    pub(crate) batch: &'a mut Batch,
    pub(crate) occurrences: &'a mut Occurrences,
    pub(crate) summary: &'a mut Summary,
}

impl Output<'_> {
    /// Passes an event on. An event without an id gets one from its content and from how many equal
    /// events of its conversation stood before it.
    pub fn event(&mut self, mut event: Event) {
        if event.event_id.is_empty() {
            let content = event.content_hash();
            let occurrence = self.occurrences.count(content);
            event.event_id = Event::id_from_content(content, occurrence);
        }
        event.received_time = event.received_time.or(Some(self.options.received_time));
        self.summary.events += 1;
        self.batch.events.push(event);
    }

    /// Notes that a record, or a part of it, could not be read.
    pub fn reject(
        &mut self,
        position: Position,
        text: &[u8],
        field: Option<&str>,
        reason: impl Into<String>,
        cure: impl Into<String>,
    ) {
        self.summary.rejected += 1;
        self.batch.rejected.push(Rejected {
            file: self.options.file_name.clone(),
            position,
            field: field.map(str::to_owned),
            reason: reason.into(),
            cure: cure.into(),
            raw: raw_text(text),
        });
    }
}

/// How often each content was seen. Content includes the conversation, so one table serves all.
///
/// Memory is bounded: contents are remembered for at least [`Occurrences::GENERATION`] further
/// contents. Two equal events, of the same microsecond and conversation, that stand further apart
/// than that in one file are taken for one sent twice.
#[derive(Debug, Default)]
pub(crate) struct Occurrences {
    young: Counts,
    old: Counts,
}

type Counts = HashMap<u128, u32, BuildHasherDefault<FirstBits>>;

impl Occurrences {
    const GENERATION: usize = 1 << 20;

    /// How many equal contents came before this one.
    fn count(&mut self, content: u128) -> u32 {
        if self.young.len() >= Self::GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        let before = self.old.get(&content).copied().unwrap_or_default();
        let next = self.young.entry(content).or_insert(before);
        let occurrence = *next;
        *next = next.saturating_add(1);
        occurrence
    }
}

/// The keys are hashes already: their first bits will do.
#[derive(Debug, Default)]
pub(crate) struct FirstBits(u64);

impl Hasher for FirstBits {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_le_bytes(word);
        }
    }
}
