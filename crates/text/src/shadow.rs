//! The text as the rules see it: digits of other scripts as ASCII digits, the many spaces and dashes of
//! Unicode as the plain ones, invisible characters left out. Every place leads back to the text as it
//! was.

use std::borrow::Cow;
use std::ops::Range;

/// A text made plain, with the way back.
pub(crate) struct Shadow<'text> {
    pub(crate) text: Cow<'text, str>,
    /// For each byte of the plain text, and its end, the place in the original; nothing where both
    /// are the same.
    origins: Option<Vec<usize>>,
}

enum Plain {
    Same,
    As(char),
    Nothing,
}

impl<'text> Shadow<'text> {
    pub(crate) fn of(text: &'text str) -> Self {
        let changes = !text.is_ascii()
            && text
                .chars()
                .any(|character| !matches!(plain(character), Plain::Same));
        if !changes {
            return Self {
                text: Cow::Borrowed(text),
                origins: None,
            };
        }
        let mut made = String::with_capacity(text.len());
        let mut origins = Vec::with_capacity(text.len() + 1);
        for (place, character) in text.char_indices() {
            let character = match plain(character) {
                Plain::Same => character,
                Plain::As(other) => other,
                Plain::Nothing => continue,
            };
            made.push(character);
            origins.resize(made.len(), place);
        }
        origins.push(text.len());
        Self {
            text: Cow::Owned(made),
            origins: Some(origins),
        }
    }

    /// The range of the original text that became this range of the plain one.
    pub(crate) fn origin(&self, span: Range<usize>) -> Range<usize> {
        match &self.origins {
            None => span,
            Some(origins) => {
                let place = |index: usize| origins.get(index).copied().unwrap_or_default();
                place(span.start)..place(span.end)
            }
        }
    }
}

fn plain(character: char) -> Plain {
    if character.is_ascii() {
        return Plain::Same;
    }
    let code = u32::from(character);
    let digit_from = |zero: u32| char::from_digit(code - zero, 10);
    let digit = match code {
        0x0660..=0x0669 => digit_from(0x0660),
        0x06F0..=0x06F9 => digit_from(0x06F0),
        0x0966..=0x096F => digit_from(0x0966),
        0x09E6..=0x09EF => digit_from(0x09E6),
        0x0E50..=0x0E59 => digit_from(0x0E50),
        0xFF10..=0xFF19 => digit_from(0xFF10),
        _ => None,
    };
    if let Some(digit) = digit {
        return Plain::As(digit);
    }
    match code {
        0x00A0 | 0x2000..=0x200A | 0x202F | 0x205F | 0x3000 => Plain::As(' '),
        0x2010..=0x2015 | 0x2212 | 0xFE58 | 0xFE63 | 0xFF0D => Plain::As('-'),
        0x00AD | 0x061C | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x2064 | 0xFEFF => {
            Plain::Nothing
        }
        // Full-width ( ) + . / : = @.
        0xFF08 | 0xFF09 | 0xFF0B | 0xFF0E | 0xFF0F | 0xFF1A | 0xFF1D | 0xFF20 => {
            char::from_u32(code - 0xFEE0).map_or(Plain::Same, Plain::As)
        }
        _ => Plain::Same,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leads_back() {
        let text = "a\u{200b}٠١\u{a0}é＠b";
        let shadow = Shadow::of(text);
        assert_eq!(shadow.text, "a01 é@b");
        for (plain, original) in [("01", "٠١"), ("é", "é"), ("@b", "＠b")] {
            let start = shadow.text.find(plain).unwrap_or_default();
            let origin = shadow.origin(start..start + plain.len());
            assert_eq!(&text[origin], original);
        }
        assert_eq!(shadow.origin(0..shadow.text.len()), 0..text.len());
    }
}
