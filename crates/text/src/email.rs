//! E-mail addresses: written plainly, percent-encoded by the caller's decoding, or with `(at)` and
//! `[dot]` instead of the signs.

use std::ops::Range;

use crate::masker::DataKind;
use crate::scan::{Marks, Scan};

/// How far an address is followed to either side of its sign, in bytes.
const REACH: usize = 256;

/// Providers whose name alone, without a top-level domain, makes an address.
const PROVIDERS: &[&str] = &[
    "gmail",
    "googlemail",
    "hotmail",
    "outlook",
    "yahoo",
    "icloud",
    "gmx",
    "web",
    "protonmail",
    "proton",
    "aol",
    "yandex",
    "live",
];

/// What looks like the domain of an address and is the name of a chat.
const NOT_MAIL: &[&str] = &["thread.skype", "unq.gbl.spaces"];

pub(crate) fn find(scan: &mut Scan<'_>, marks: Marks) {
    if marks.at {
        for (place, _) in scan.text.match_indices('@') {
            if let Some(span) = around(scan.text, place) {
                scan.claim(span, DataKind::Email);
            }
        }
    }
    if marks.bracket {
        for (place, _) in scan.text.match_indices(['(', '[', '{']) {
            if let Some(span) = spelled_out(scan.text, place) {
                scan.claim(span, DataKind::Email);
            }
        }
    }
}

/// Letters of scripts that are written without spaces: the words around an address touch it.
fn is_spaceless(character: char) -> bool {
    matches!(u32::from(character), 0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF
        | 0x3040..=0x30FF | 0x3400..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

fn is_label(character: char) -> bool {
    character.is_alphanumeric() && !is_spaceless(character)
}

fn is_local(character: char) -> bool {
    is_label(character) || "._%+-'&*~!#$^|".contains(character)
}

fn is_domain(character: char) -> bool {
    is_label(character) || character == '.' || character == '-'
}

/// The address around an `@`.
fn around(text: &str, place: usize) -> Option<Range<usize>> {
    let start = local_start(text, place)?;
    let end = domain_end(text, place + 1)?;
    Some(start..end)
}

fn local_start(text: &str, place: usize) -> Option<usize> {
    let head = text.get(..place)?;
    let mut start = place;
    for (index, character) in head.char_indices().rev() {
        if !is_local(character) || place - index > REACH {
            break;
        }
        start = index;
    }
    let local = &text[start..place];
    let kept = local.trim_start_matches(|character: char| !character.is_alphanumeric());
    (!kept.is_empty()).then(|| place - kept.len())
}

/// The end of the domain that begins here: labels with a dot between them, the last one of letters.
fn domain_end(text: &str, start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    let length = rest
        .char_indices()
        .find(|(index, character)| !is_domain(*character) || *index > REACH)
        .map_or(rest.len(), |(index, _)| index);
    let domain = rest[..length].trim_end_matches(['.', '-']);
    if NOT_MAIL
        .iter()
        .any(|name| domain.eq_ignore_ascii_case(name))
    {
        return None;
    }
    let provider = PROVIDERS
        .iter()
        .any(|name| domain.eq_ignore_ascii_case(name));
    if provider {
        return Some(start + domain.len());
    }
    // A sentence can go on after a dot without a space: the last label that can end a domain does.
    let mut end = domain.len();
    loop {
        let candidate = &domain[..end];
        let (labels, last) = candidate.rsplit_once('.')?;
        let letters = last.chars().count() >= 2 && last.chars().all(char::is_alphabetic);
        let punycode = last.starts_with("xn--") && last.len() > 4;
        let sound = !labels.is_empty() && !labels.split('.').any(str::is_empty);
        if (letters || punycode) && sound {
            return Some(start + end);
        }
        end = labels.len();
    }
}

/// The address around a bracketed `at`, such as `anna (at) example (dot) org`.
fn spelled_out(text: &str, place: usize) -> Option<Range<usize>> {
    let after = bracketed(text, place, &["at", "@", "arroba", "ät"])?;
    let head = text.get(..place)?;
    let gap = head.len() - head.trim_end_matches(' ').len();
    if gap > 1 {
        return None;
    }
    let start = local_start(text, place - gap)?;
    let mut end = label_end(text, skip_space(text, after))?;
    let mut dots = 0;
    loop {
        let next = skip_space(text, end);
        let label = match bracketed(
            text,
            next,
            &["dot", "punkt", "point", "punto", "ponto", "."],
        ) {
            Some(after_dot) => skip_space(text, after_dot),
            None if text[end..].starts_with('.') => end + 1,
            None => break,
        };
        let Some(label_end) = label_end(text, label) else {
            break;
        };
        end = label_end;
        dots += 1;
    }
    (dots > 0).then_some(start..end)
}

fn skip_space(text: &str, place: usize) -> usize {
    place + usize::from(text[place..].starts_with(' '))
}

/// The end of a run of letters, digits and dashes, if there is one here.
fn label_end(text: &str, start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    let length = rest
        .char_indices()
        .find(|(index, character)| !(is_label(*character) || *character == '-') || *index > 63)
        .map_or(rest.len(), |(index, _)| index);
    (length > 0).then_some(start + length)
}

/// The end of a bracket that opens here and holds one of these words.
fn bracketed(text: &str, place: usize, words: &[&str]) -> Option<usize> {
    let rest = text.get(place..)?;
    let close = match rest.bytes().next()? {
        b'(' => ')',
        b'[' => ']',
        b'{' => '}',
        _ => return None,
    };
    let inner_end = rest
        .char_indices()
        .take(12)
        .find(|(_, character)| *character == close)?
        .0;
    let inner = rest[1..inner_end].trim().to_lowercase();
    words
        .contains(&inner.as_str())
        .then_some(place + inner_end + 1)
}
