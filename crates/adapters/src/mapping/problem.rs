//! What is wrong with a mapping, and where.

use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

/// One mistake in a mapping.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MappingProblem {
    /// The line of the mapping file, from 1.
    pub line: usize,
    /// The letter of the line, from 1.
    pub column: usize,
    /// What is wrong.
    pub reason: String,
    /// What would help.
    pub cure: String,
}

impl fmt::Display for MappingProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            column,
            reason,
            cure,
        } = self;
        write!(formatter, "line {line}, column {column}: {reason}; {cure}")
    }
}

/// All that is wrong with a mapping, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.problems))]
pub struct MappingError {
    /// The mistakes: at least one.
    pub problems: Vec<MappingProblem>,
}

fn lines(problems: &[MappingProblem]) -> String {
    let lines = problems.iter().map(MappingProblem::to_string);
    lines.collect::<Vec<_>>().join("\n")
}

/// A value of the file with its place.
pub(super) type Value<'i> = Spanned<DeValue<'i>>;

/// Gathers the mistakes of a file.
pub(super) struct Problems<'t> {
    text: &'t str,
    found: Vec<MappingProblem>,
}

impl<'t> Problems<'t> {
    pub fn new(text: &'t str) -> Self {
        Self {
            text,
            found: Vec::new(),
        }
    }

    /// Notes a mistake at this byte of the file.
    pub fn add(&mut self, at: usize, reason: impl Into<String>, cure: impl Into<String>) {
        let (line, column) = self.place(at);
        self.found.push(MappingProblem {
            line,
            column,
            reason: reason.into(),
            cure: cure.into(),
        });
    }

    /// The line and column, from 1, of a byte of the file.
    pub fn place(&self, at: usize) -> (usize, usize) {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &self.text[..at];
        let line_start = before.rfind('\n').map_or(0, |it| it + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }

    /// The byte of the file at which this byte of a text value stands; the value's first byte where
    /// the file writes the text otherwise.
    pub fn within(&self, span: Range<usize>, text: &str, at: usize) -> usize {
        let written = self.text.get(span.clone()).unwrap_or_default();
        let quotes = written
            .bytes()
            .take_while(|it| matches!(it, b'"' | b'\''))
            .count();
        let inner = written.get(quotes..).unwrap_or_default();
        match inner.starts_with(text) {
            true => span.start + quotes + at,
            false => span.start,
        }
    }

    /// Whether there are any.
    pub fn any(&self) -> bool {
        !self.found.is_empty()
    }

    /// The mistakes in the order of the file.
    pub fn into_error(mut self) -> MappingError {
        self.found.sort();
        self.found.dedup();
        MappingError {
            problems: self.found,
        }
    }
}

/// What a value is, for reports.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a truth value",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
