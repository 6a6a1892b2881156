//! Cuts a stream of text into records, without reading them.

mod csv;
mod json;
mod resume;
mod scan;

pub(crate) use csv::{CsvSplitter, fields_of};
pub(crate) use json::{JsonLayout, JsonSplitter};
pub(crate) use scan::{Keys, MAXIMUM_DEPTH, Scan, Scanned, array_under, skip_space, string_at};

/// A record's place in the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// What is wrong with it, as far as cutting shows.
    pub problem: Option<Problem>,
}

impl Piece {
    fn problem(start: usize, end: usize, problem: Problem) -> Self {
        Self {
            start,
            end,
            problem: Some(problem),
        }
    }
}

/// What is wrong with a record, as far as cutting shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// It is larger than is allowed.
    TooLarge,
    /// It is nested deeper than is allowed.
    TooDeep,
    /// It is no JSON.
    Malformed(&'static str),
    /// The file ends within it, or its end cannot be found.
    Cut,
    /// It is damaged or cut off, but whoever reads it may find whole parts.
    Damaged,
    /// Only its first part is given, up to the limit.
    CutByLimit,
    /// A quotation mark is not closed.
    OpenQuote,
}

/// What a splitter answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A record.
    Piece(Piece),
    /// More bytes are needed.
    More,
}

/// One element of an array that is held as a whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    /// Where it begins in the text.
    pub offset: usize,
    /// Its text.
    pub text: &'a [u8],
    /// What is wrong with it.
    pub problem: Option<Problem>,
}

/// The elements of a JSON array, which may be damaged or cut off: what can be read is found, what
/// cannot is given with its problem. `array` begins with the bracket and ends with the text; where
/// the array stands `within_object`, the rest of the object may follow it.
pub(crate) fn elements(array: &[u8], within_object: bool) -> Vec<Element<'_>> {
    let layout = JsonLayout {
        lines: false,
        split_arrays: true,
        whole: false,
        wrapped: within_object.then(|| "".into()),
    };
    let mut splitter = JsonSplitter::new(layout, usize::MAX >> 1);
    let mut elements = Vec::new();
    while let Step::Piece(piece) = splitter.next(array, true) {
        elements.push(Element {
            offset: piece.start,
            text: &array[piece.start..piece.end],
            problem: piece.problem,
        });
    }
    elements
}
