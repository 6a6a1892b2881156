//! Cuts a stream of comma-separated values into rows (RFC 4180; also with `;` or tabs).

use super::{Piece, Problem, Step};

/// How often, in one file, a row is tried that a quotation mark spoiled.
const RETRIES: u32 = 1000;

/// Cuts rows. Places are counted in the buffer that it is shown.
#[derive(Debug)]
pub(crate) struct CsvSplitter {
    limit: usize,
    start: usize,
    at: usize,
    quoted: bool,
    skipping: bool,
    discarding: bool,
    retries: u32,
}

impl CsvSplitter {
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            start: 0,
            at: 0,
            quoted: false,
            skipping: false,
            discarding: false,
            retries: RETRIES,
        }
    }

    /// The first byte that is still needed.
    pub fn needed_from(&self) -> usize {
        if self.discarding { self.at } else { self.start }
    }

    /// Says that so many bytes were taken from the buffer's front.
    pub fn forget(&mut self, length: usize) {
        self.start = self.start.saturating_sub(length);
        self.at -= length;
    }

    /// The next row of the buffer; `finished` says that nothing will follow.
    pub fn next(&mut self, buffer: &[u8], finished: bool) -> Step {
        loop {
            if self.discarding || (self.skipping && !self.skip_line(buffer)) {
                self.at = buffer.len();
                self.start = self.at;
                return Step::More;
            }
            let most = buffer.len().min(self.start + self.limit + 1);
            let Some(length) = buffer[self.at..most]
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\n'))
            else {
                self.at = most;
                if most - self.start > self.limit {
                    return Step::Piece(self.spoiled(buffer, Problem::TooLarge));
                }
                if !finished || self.start == buffer.len() {
                    return Step::More;
                }
                if self.quoted {
                    return Step::Piece(self.spoiled(buffer, Problem::OpenQuote));
                }
                if let Some(piece) = self.row(buffer, buffer.len(), buffer.len()) {
                    return Step::Piece(piece);
                }
                return Step::More;
            };
            self.at += length;
            if buffer[self.at] == b'"' {
                self.quoted = !self.quoted;
                self.at += 1;
            } else if self.quoted {
                self.at += 1;
            } else if let Some(piece) = self.row(buffer, self.at, self.at + 1) {
                return Step::Piece(piece);
            }
        }
    }

    /// The row up to `end`, unless it is empty; the next begins at `next`.
    fn row(&mut self, buffer: &[u8], end: usize, next: usize) -> Option<Piece> {
        let start = self.start;
        let end = if buffer[start..end].ends_with(b"\r") {
            end - 1
        } else {
            end
        };
        self.start = next;
        self.at = next;
        (end > start).then_some(Piece {
            start,
            end,
            problem: None,
        })
    }

    /// Whether the end of a line was found, behind which rows begin again.
    fn skip_line(&mut self, buffer: &[u8]) -> bool {
        let Some(length) = memchr::memchr(b'\n', &buffer[self.at..]) else {
            return false;
        };
        self.at += length + 1;
        self.start = self.at;
        self.skipping = false;
        true
    }

    /// A row without end: it is given up, and what follows its first line is tried.
    fn spoiled(&mut self, buffer: &[u8], problem: Problem) -> Piece {
        let start = self.start;
        let end = buffer.len().min(start + self.limit);
        self.quoted = false;
        self.skipping = true;
        self.at = start;
        self.retries = self.retries.saturating_sub(1);
        self.discarding = self.retries == 0;
        Piece::problem(start, end, problem)
    }
}

/// The fields of a row.
pub(crate) fn fields_of(row: &str, delimiter: u8) -> Vec<String> {
    let mut fields = Vec::new();
    let mut field = Vec::new();
    let mut quoted = false;
    let mut bytes = row.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if quoted && bytes.peek() == Some(&b'"') => {
                field.push(b'"');
                bytes.next();
            }
            b'"' => quoted = !quoted,
            _ if byte == delimiter && !quoted => fields.push(text_of(std::mem::take(&mut field))),
            _ => field.push(byte),
        }
    }
    fields.push(text_of(field));
    fields
}

/// Quotation marks and delimiters are ASCII, so that what is left is UTF-8 as the row was.
fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
