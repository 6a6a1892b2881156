//! A stretch of text while it is looked through: its bytes, what was found in it, and helpers that all
//! rules share.

use std::ops::Range;

use crate::masker::DataKind;

/// What kind of text is looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// What people write. A long number may well be somebody's.
    Prose,
    /// A value that a system set. A long number without any sign of its nature is most likely a key
    /// of that system, so only what is recognised by form or check digit is taken out.
    Field,
}

/// Personal data at a place of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) span: Range<usize>,
    pub(crate) kind: DataKind,
}

/// The text and what was found in it so far.
pub(crate) struct Scan<'text> {
    pub(crate) text: &'text str,
    pub(crate) bytes: &'text [u8],
    pub(crate) scope: Scope,
    pub(crate) found: Vec<Found>,
    /// For each byte whether a rule has already decided about it.
    decided: Vec<bool>,
}

/// Which characters a text has at all, so that rules that need one of them can be left out.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Marks {
    pub(crate) digit: bool,
    pub(crate) at: bool,
    pub(crate) assignment: bool,
    pub(crate) bracket: bool,
}

impl Marks {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut marks = Self::default();
        for &byte in bytes {
            marks.digit |= byte.is_ascii_digit();
            marks.at |= byte == b'@';
            marks.assignment |= byte == b'=' || byte == b':';
            marks.bracket |= byte == b'(' || byte == b'[' || byte == b'{';
        }
        marks
    }

    pub(crate) fn any(self) -> bool {
        self.digit || self.at || self.assignment || self.bracket
    }
}

impl<'text> Scan<'text> {
    pub(crate) fn new(text: &'text str, scope: Scope) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            scope,
            found: Vec::new(),
            decided: vec![false; text.len()],
        }
    }

    /// Whether no rule has decided about any byte of the range.
    pub(crate) fn is_free(&self, span: &Range<usize>) -> bool {
        self.decided
            .get(span.clone())
            .is_some_and(|decided| !decided.contains(&true))
    }

    /// Takes the range out as personal data, unless an earlier rule decided about part of it or it
    /// does not lie between whole characters.
    pub(crate) fn claim(&mut self, span: Range<usize>, kind: DataKind) -> bool {
        if span.is_empty() || self.text.get(span.clone()).is_none() || !self.is_free(&span) {
            return false;
        }
        self.keep(span.clone());
        self.found.push(Found { span, kind });
        true
    }

    /// Keeps later rules from the range.
    pub(crate) fn keep(&mut self, span: Range<usize>) {
        if let Some(decided) = self.decided.get_mut(span) {
            decided.fill(true);
        }
    }

    /// The byte at this place, if any.
    pub(crate) fn byte(&self, index: usize) -> Option<u8> {
        self.bytes.get(index).copied()
    }

    /// The byte before this place, if any.
    pub(crate) fn byte_before(&self, index: usize) -> Option<u8> {
        self.byte(index.checked_sub(1)?)
    }

    /// Whether a word of ASCII letters, digits or underscores could begin at this place: the byte
    /// before is none of these. Letters of other scripts do not count, since many are written without
    /// spaces.
    pub(crate) fn begins_word(&self, index: usize) -> bool {
        !self.byte_before(index).is_some_and(is_word)
    }

    /// Whether a word could end before this place.
    pub(crate) fn ends_word(&self, index: usize) -> bool {
        !self.byte(index).is_some_and(is_word)
    }

    /// The end of the longest run of bytes of this class that starts here and is no longer than
    /// `most` bytes.
    pub(crate) fn run_end(&self, start: usize, most: usize, class: impl Fn(u8) -> bool) -> usize {
        let limit = self.bytes.len().min(start.saturating_add(most));
        let run = self.bytes.get(start..limit).unwrap_or_default();
        start + run.iter().take_while(|byte| class(**byte)).count()
    }
}

/// ASCII letters, digits and the underscore.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The bytes of which tokens in base64, base64url or hexadecimal are made, without the slash, which
/// would make tokens of paths.
pub(crate) fn is_token(byte: u8) -> bool {
    is_word(byte) || byte == b'-'
}
