//! Comma-separated values (RFC 4180, lines end in a line feed).
//!
//! Spreadsheets take a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return for a formula, also one
//! in quotes, and what people wrote to a bot may begin so. Such text is preceded by an apostrophe unless
//! whoever asks wants it raw.

use std::borrow::Cow;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::Options;
use super::value::columns;
use crate::error::QueryError;

pub(super) struct Writer {
    /// The line of names, until it has been given.
    head: Option<Vec<u8>>,
    raw: bool,
}

impl Writer {
    pub(super) fn new(schema: &SchemaRef, options: Options) -> Self {
        let names = schema.fields().iter();
        let names: Vec<Cow<'_, str>> = names.map(|field| cell(field.name(), true)).collect();
        let mut head = names.join(",").into_bytes();
        head.push(b'\n');
        Self {
            head: Some(head),
            raw: options.raw,
        }
    }

    pub(super) fn push(&mut self, rows: &RecordBatch) -> Result<Vec<u8>, QueryError> {
        let mut out = self.head.take().unwrap_or_default();
        let schema = rows.schema();
        let columns = columns(schema.fields(), rows.columns())?;
        let mut nested = Vec::new();
        for row in 0..rows.num_rows() {
            for (position, (_, column)) in columns.iter().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                if column.is_nothing(row) {
                    // A line of nothing at all would be no line.
                    if columns.len() == 1 {
                        out.extend_from_slice(b"\"\"");
                    }
                } else if let Some(text) = column.text(row) {
                    out.extend_from_slice(cell(text, self.raw).as_bytes());
                } else if column.is_nested() {
                    nested.clear();
                    column.write_bare(row, &mut nested)?;
                    let text = String::from_utf8_lossy(&nested);
                    out.extend_from_slice(cell(&text, true).as_bytes());
                } else {
                    column.write_bare(row, &mut out)?;
                }
            }
            out.push(b'\n');
        }
        Ok(out)
    }

    /// The line of names where there was no row.
    pub(super) fn finish(self) -> Vec<u8> {
        self.head.unwrap_or_default()
    }
}

/// Text as a cell: in quotes where it must be, and, unless it is wanted raw, so that no spreadsheet takes it
/// for a formula.
pub fn cell(text: &str, raw: bool) -> Cow<'_, str> {
    let safe = match raw {
        false if is_formula(text) => Cow::Owned(format!("'{text}")),
        _ => Cow::Borrowed(text),
    };
    let quoted = safe.contains(['"', ',', '\n', '\r'])
        || safe.starts_with(char::is_whitespace)
        || safe.ends_with(char::is_whitespace);
    match quoted {
        true => Cow::Owned(format!("\"{}\"", safe.replace('"', "\"\""))),
        false => safe,
    }
}

/// Whether a spreadsheet may take it for a formula. White space at the beginning is looked through, because some do.
fn is_formula(text: &str) -> bool {
    // The full-width forms are what East Asian keyboards write; some programs read them as the plain ones.
    const BEGINNINGS: [char; 8] = [
        '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ];
    text.starts_with(['\t', '\r', '\n']) || text.trim_start().starts_with(BEGINNINGS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_a_spreadsheet_would_run_is_made_harmless() {
        for text in [
            "=1+1",
            "+49 30 1234",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            " =HYPERLINK(\"http://x\")",
            "\u{ff1d}1",
        ] {
            let plain = cell(text, false);
            let inner = plain.trim_start_matches('"');
            assert!(inner.starts_with('\''), "{plain}");
            assert!(!cell(text, true).contains('\''), "{text}");
        }
        for text in ["order 12", "a=b", "'quoted'", "", "12"] {
            assert_eq!(cell(text, false), text);
        }
    }

    #[test]
    fn what_would_break_a_line_stands_in_quotes() {
        assert_eq!(cell("a,b", false), "\"a,b\"");
        assert_eq!(cell("say \"yes\"", false), "\"say \"\"yes\"\"\"");
        assert_eq!(cell("two\nlines", true), "\"two\nlines\"");
        assert_eq!(cell(" x", true), "\" x\"");
    }
}
