//! From the bytes of a file to UTF-8.

use encoding_rs::{Decoder as Converter, UTF_16BE, UTF_16LE};

/// How a text is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// UTF-8; its mark is left out.
    Utf8,
    /// UTF-16, of either order.
    Utf16,
}

/// Bytes that must be seen before the encoding is known.
const HEAD: usize = 4;

/// Turns bytes into UTF-8 as they come. UTF-8 passes unchanged, mistakes included: they are the
/// record's, not the file's.
pub(crate) struct Decoder {
    head: Vec<u8>,
    encoding: Option<Encoding>,
    converter: Option<Converter>,
    mark: u64,
}

impl Decoder {
    pub fn new() -> Self {
        Self {
            head: Vec::with_capacity(HEAD),
            encoding: None,
            converter: None,
            mark: 0,
        }
    }

    /// Adds the text of these bytes; `last` says that none follow.
    pub fn decode(&mut self, bytes: &[u8], last: bool, text: &mut Vec<u8>) {
        let mut rest = bytes;
        if self.encoding.is_none() {
            let taken = rest.len().min(HEAD - self.head.len());
            self.head.extend_from_slice(&rest[..taken]);
            rest = &rest[taken..];
            if self.head.len() < HEAD && !last {
                return;
            }
            self.settle();
            let head = std::mem::take(&mut self.head);
            let finished = last && rest.is_empty();
            self.convert(&head[self.mark as usize..], finished, text);
            if finished {
                return;
            }
        }
        self.convert(rest, last, text);
    }

    /// Learns the encoding from a mark, or from the zeros of UTF-16 without one.
    fn settle(&mut self) {
        let (encoding, converter, mark) = match self.head.as_slice() {
            [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, None, 3),
            [0xff, 0xfe, ..] => (Encoding::Utf16, Some(UTF_16LE), 2),
            [0xfe, 0xff, ..] => (Encoding::Utf16, Some(UTF_16BE), 2),
            [first, 0, second, 0] if *first > 0 && *second > 0 => {
                (Encoding::Utf16, Some(UTF_16LE), 0)
            }
            [0, first, 0, second] if *first > 0 && *second > 0 => {
                (Encoding::Utf16, Some(UTF_16BE), 0)
            }
            _ => (Encoding::Utf8, None, 0),
        };
        self.encoding = Some(encoding);
        self.converter = converter.map(encoding_rs::Encoding::new_decoder_without_bom_handling);
        self.mark = mark;
    }

    fn convert(&mut self, bytes: &[u8], last: bool, text: &mut Vec<u8>) {
        let Some(converter) = &mut self.converter else {
            text.extend_from_slice(bytes);
            return;
        };
        let before = text.len();
        let Some(most) = converter.max_utf8_buffer_length(bytes.len()) else {
            return;
        };
        text.resize(before + most, 0);
        let (_, _, written, _) = converter.decode_to_utf8(bytes, &mut text[before..], last);
        text.truncate(before + written);
    }

    /// How many bytes of the file the mark takes.
    pub fn mark_length(&self) -> u64 {
        self.mark
    }

    /// How the file is written down.
    pub fn encoding(&self) -> Encoding {
        self.encoding.unwrap_or(Encoding::Utf8)
    }
}

impl Encoding {
    /// How many bytes of the file this text took.
    pub fn source_length(self, text: &[u8]) -> u64 {
        if self == Self::Utf8 {
            return text.len() as u64;
        }
        // A character outside the basic plane has four bytes in both encodings.
        let units = text.iter().map(|byte| match byte {
            0xf0.. => 2,
            0x80..0xc0 => 0,
            _ => 1u64,
        });
        2 * units.sum::<u64>()
    }
}
