//! Cuts a stream of comma-separated values into rows (RFC 4180; also with `;` or tabs).

use super::{Piece, Problem, Step};

/// How often, in one file, a row is tried that a quotation mark spoiled.
const RETRIES: u32 = 1000;

/// Where in a row the splitter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    FieldStart,
    Plain,
    Quoted,
    /// Behind a quotation mark within quotation marks: it ends the field or is doubled.
    Mark,
}

/// Cuts rows. Places are counted in the buffer that it is shown.
#[derive(Debug)]
pub(crate) struct CsvSplitter {
    delimiter: u8,
    limit: usize,
    start: usize,
    at: usize,
    place: Place,
    skipping: bool,
    discarding: bool,
    retries: u32,
}

impl CsvSplitter {
    pub fn new(delimiter: u8, limit: usize) -> Self {
        Self {
            delimiter,
            limit,
            start: 0,
            at: 0,
            place: Place::FieldStart,
            skipping: false,
            discarding: false,
            retries: RETRIES,
        }
    }

    /// The first byte that is still needed.
    pub fn needed_from(&self) -> usize {
        self.start
    }

    /// Says that so many bytes were taken from the buffer's front.
    pub fn forget(&mut self, length: usize) {
        self.start -= length;
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
            let Some(byte) = buffer[..most].get(self.at) else {
                if most - self.start > self.limit {
                    return Step::Piece(self.spoiled(Problem::TooLarge));
                }
                if !finished || self.start == buffer.len() {
                    return Step::More;
                }
                if self.place == Place::Quoted {
                    return Step::Piece(self.spoiled(Problem::OpenQuote));
                }
                match self.row(buffer, buffer.len(), buffer.len()) {
                    Some(piece) => return Step::Piece(piece),
                    None => return Step::More,
                }
            };
            match self.follow(*byte, &buffer[self.at..most]) {
                Follow::Further(length) => self.at += length,
                Follow::Row => {
                    if let Some(piece) = self.row(buffer, self.at, self.at + 1) {
                        return Step::Piece(piece);
                    }
                }
                Follow::Spoiled => return Step::Piece(self.spoiled(Problem::OpenQuote)),
            }
        }
    }

    /// Takes the byte at which the splitter stands, and those that surely follow it.
    fn follow(&mut self, byte: u8, rest: &[u8]) -> Follow {
        match (self.place, byte) {
            (Place::Quoted, b'"') => self.place = Place::Mark,
            (Place::Quoted, _) => {
                let length = memchr::memchr(b'"', rest).unwrap_or(rest.len());
                return Follow::Further(length);
            }
            (_, b'\n') => return Follow::Row,
            (Place::FieldStart, b'"') | (Place::Mark, b'"') => self.place = Place::Quoted,
            (_, byte) if byte == self.delimiter => self.place = Place::FieldStart,
            (Place::Mark, b'\r' | b' ') => {}
            (Place::Mark, _) => return Follow::Spoiled,
            (Place::FieldStart | Place::Plain, _) => self.place = Place::Plain,
        }
        Follow::Further(1)
    }

    /// The row up to `end`, unless it is empty; the next begins at `next`.
    fn row(&mut self, buffer: &[u8], end: usize, next: usize) -> Option<Piece> {
        let start = self.start;
        let end = end - usize::from(buffer[start..end].ends_with(b"\r"));
        self.start = next;
        self.at = next;
        self.place = Place::FieldStart;
        let problem = None;
        (end > start).then_some(Piece {
            start,
            end,
            problem,
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
    fn spoiled(&mut self, problem: Problem) -> Piece {
        let start = self.start;
        let end = self.at.min(start + self.limit);
        self.place = Place::FieldStart;
        self.skipping = true;
        self.at = start;
        self.retries = self.retries.saturating_sub(1);
        self.discarding = self.retries == 0;
        Piece::problem(start, end, problem)
    }
}

/// What a byte means for the row.
enum Follow {
    /// The row goes on behind so many bytes.
    Further(usize),
    /// The row ends here.
    Row,
    /// A quotation mark ends a field that goes on.
    Spoiled,
}

/// The fields of a row. As in [`CsvSplitter`], only a mark at a field's start quotes.
pub(crate) fn fields_of(row: &str, delimiter: u8) -> Vec<String> {
    let mut fields = Vec::new();
    let mut field = Vec::new();
    let mut place = Place::FieldStart;
    for byte in row.bytes() {
        match (place, byte) {
            (Place::Quoted, b'"') => place = Place::Mark,
            (Place::Quoted, _) => field.push(byte),
            (Place::FieldStart, b'"') => place = Place::Quoted,
            (Place::Mark, b'"') => {
                field.push(byte);
                place = Place::Quoted;
            }
            (_, byte) if byte == delimiter => {
                fields.push(text_of(std::mem::take(&mut field)));
                place = Place::FieldStart;
            }
            (Place::Mark, _) => {}
            (Place::FieldStart | Place::Plain, _) => {
                field.push(byte);
                place = Place::Plain;
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of a text, each with its fields; a spoiled one as `!`.
    fn rows(text: &str, limit: usize) -> String {
        let mut splitter = CsvSplitter::new(b',', limit);
        let mut found = Vec::new();
        while let Step::Piece(piece) = splitter.next(text.as_bytes(), true) {
            found.push(match piece.problem {
                None => fields_of(&text[piece.start..piece.end], b',').join("|"),
                Some(_) => "!".to_owned(),
            });
        }
        found.join(" / ")
    }

    #[test]
    fn rows_are_cut() {
        assert_eq!(rows("a,b\nc,d\n", 99), "a|b / c|d");
        assert_eq!(rows("a,b\r\n\r\nc,d", 99), "a|b / c|d");
        assert_eq!(rows("\"a,\"\"b\nc\"\"\",d\n", 99), "a,\"b\nc\"|d");
        assert_eq!(rows("5\" pipe,2\nx,\"\"\n", 99), "5\" pipe|2 / x|");
        assert_eq!(rows("ü,\"é\"", 99), "ü|é");
    }

    #[test]
    fn a_spoiled_row_costs_its_line() {
        assert_eq!(rows("a,\"b\nc,d\ne,f", 99), "! / c|d / e|f");
        assert_eq!(rows("a,\"b\"c\nd,e", 99), "! / d|e");
        assert_eq!(rows("a,123456789\nb,c", 5), "! / b|c");
    }
}
