//! Where records go on behind a damaged one.

use super::skip_space;

/// How much white space may stand before a record if the layout is to be learned from it.
pub(super) const SEPARATOR_BYTES: usize = 4 << 10;

/// A place where records may go on.
pub(super) enum Candidate {
    At(usize),
    /// There is none before this place.
    Perhaps(usize),
}

/// How records begin.
#[derive(Debug, Clone, Copy)]
pub(super) enum Style<'a> {
    /// On a line of their own, with this indent.
    OwnLine(&'a [u8]),
    /// Behind a comma.
    Shared,
}

impl<'a> Style<'a> {
    /// The style that [`indent_before`] found.
    pub fn of_indent(indent: &'a [u8]) -> Self {
        match indent {
            [b'\n', indent @ ..] => Self::OwnLine(indent),
            _ => Self::Shared,
        }
    }

    /// The next place at or behind `from` where a record could begin.
    pub fn next_candidate(self, buffer: &[u8], mut from: usize, finished: bool) -> Candidate {
        let separator = match self {
            Self::OwnLine(_) => b'\n',
            Self::Shared => b',',
        };
        while let Some(length) = memchr::memchr(separator, &buffer[from..]) {
            let place = from + length;
            from = place + 1;
            let rest = &buffer[from..];
            let brace = match self {
                Self::OwnLine(indent) if rest.starts_with(indent) || indent.starts_with(rest) => {
                    from + indent.len()
                }
                Self::OwnLine(_) => continue,
                Self::Shared => skip_space(buffer, from),
            };
            if brace - place > SEPARATOR_BYTES {
                continue;
            }
            match buffer.get(brace) {
                Some(b'{') => return Candidate::At(brace),
                None if !finished => return Candidate::Perhaps(place),
                _ => {}
            }
        }
        Candidate::Perhaps(buffer.len())
    }
}

/// Whether what follows an element is what must: a comma, the array's end, or nothing. `None`: not
/// known yet.
pub(super) fn follows_well(buffer: &[u8], at: usize, finished: bool) -> Option<bool> {
    match buffer.get(skip_space(buffer, at)) {
        None if !finished => None,
        None | Some(b',' | b']' | b'{') => Some(true),
        Some(_) => Some(false),
    }
}

/// The line break and indent before an element, or nothing if it shares its line.
pub(super) fn indent_before(before: &[u8]) -> Vec<u8> {
    let blank = before
        .iter()
        .rev()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count();
    let line_start = before.len() - blank;
    if line_start == 0 || before[line_start - 1] != b'\n' {
        return Vec::new();
    }
    before[line_start - 1..].to_vec()
}
