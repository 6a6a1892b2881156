//! Passwords, keys and tokens: by a known beginning, by what is written before them, or by looking
//! like chance.

use crate::masker::DataKind;
use crate::scan::{Marks, Scan, is_token, is_word};

/// Beginnings of keys, and how many characters of a token follow at least.
const PREFIXES: &[(&str, usize)] = &[
    ("sk-", 16),
    ("sk_live_", 10),
    ("sk_test_", 10),
    ("pk_live_", 10),
    ("pk_test_", 10),
    ("rk_live_", 10),
    ("rk_test_", 10),
    ("whsec_", 16),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("gsk_", 20),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("xoxa-", 10),
    ("xoxr-", 10),
    ("xoxs-", 10),
    ("xapp-", 10),
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 30),
    ("ya29.", 20),
    ("SG.", 20),
    ("npm_", 30),
    ("pypi-", 30),
    ("hf_", 20),
    ("dop_v1_", 30),
    ("shpat_", 20),
    ("shpss_", 20),
    ("sq0atp-", 16),
    ("sq0csp-", 16),
    ("EAAC", 40),
    ("key-", 32),
    ("r8_", 30),
    ("pat-", 30),
];

/// The shortest key, its beginning included.
const SHORTEST: usize = 15;

/// What follows the name of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    /// A word; something must say that it is the secret.
    Word,
    /// Some digits; nothing need stand between name and digits.
    Digits,
    /// The value of a header.
    Header,
}

/// Names of secrets as people write them before the secret itself, in the order of their bytes.
const NAMES: &[(&str, Name)] = &[
    ("access key", Name::Word),
    ("access token", Name::Word),
    ("access_key", Name::Word),
    ("access_token", Name::Word),
    ("accountkey", Name::Word),
    ("adgangskode", Name::Word),
    ("api key", Name::Word),
    ("api-key", Name::Word),
    ("api_key", Name::Word),
    ("apikey", Name::Word),
    ("auth token", Name::Word),
    ("auth_token", Name::Word),
    ("basic", Name::Header),
    ("bearer", Name::Header),
    ("clave", Name::Word),
    ("client secret", Name::Word),
    ("client_secret", Name::Word),
    ("code pin", Name::Digits),
    ("contraseña", Name::Word),
    ("cvc", Name::Digits),
    ("cvc2", Name::Digits),
    ("cvv", Name::Digits),
    ("cvv2", Name::Digits),
    ("código pin", Name::Digits),
    ("hasło", Name::Word),
    ("kennwort", Name::Word),
    ("lösenord", Name::Word),
    ("mot de passe", Name::Word),
    ("palavra-passe", Name::Word),
    ("parola", Name::Word),
    ("pass", Name::Word),
    ("passcode", Name::Word),
    ("passphrase", Name::Word),
    ("passwd", Name::Word),
    ("password", Name::Word),
    ("passwort", Name::Word),
    ("pin", Name::Digits),
    ("pin code", Name::Digits),
    ("pin-code", Name::Digits),
    ("pincode", Name::Digits),
    ("private key", Name::Word),
    ("prüfnummer", Name::Digits),
    ("pw", Name::Word),
    ("pwd", Name::Word),
    ("refresh_token", Name::Word),
    ("salasana", Name::Word),
    ("secret", Name::Word),
    ("secret key", Name::Word),
    ("secret_key", Name::Word),
    ("security code", Name::Digits),
    ("senha", Name::Word),
    ("token", Name::Word),
    ("wachtwoord", Name::Word),
    ("şifre", Name::Word),
    ("пароль", Name::Word),
    ("пин", Name::Digits),
    ("пин-код", Name::Digits),
    ("パスワード", Name::Word),
    ("密码", Name::Word),
    ("密碼", Name::Word),
    ("비밀번호", Name::Word),
];

/// Where the names with each first byte begin and end in [`NAMES`]: most words are dismissed by one
/// look at it.
const NAMES_BY_BYTE: [(usize, usize); 256] = {
    let mut ranges = [(0, 0); 256];
    let mut index = 0;
    while index < NAMES.len() {
        let first = NAMES[index].0.as_bytes()[0] as usize;
        if ranges[first].1 == 0 {
            ranges[first].0 = index;
        }
        index += 1;
        ranges[first].1 = index;
    }
    ranges
};

/// Words that stand between a name and its value.
const VERBS: &[&str] = &[
    "is", "ist", "lautet", "es", "est", "é", "è", "e", "jest", "to", "was", "war", "code",
    "número", "number", "of", "für", "von",
];

/// The longest value that is followed.
const LONGEST: usize = 256;

pub(crate) fn find(scan: &mut Scan<'_>, marks: Marks) {
    if marks.digit {
        find_key_blocks(scan);
        find_embedded(scan);
        find_tokens(scan);
    }
    if marks.digit || marks.assignment {
        find_named(scan);
    }
}

/// Private keys in PEM, from their first line to their last, or to the end of the text.
fn find_key_blocks(scan: &mut Scan<'_>) {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "-----END ";
    let is_label = |byte: u8| byte.is_ascii_uppercase() || byte == b' ';
    let text = scan.text;
    let mut from = 0;
    while let Some(start) = text[from..].find(BEGIN).map(|place| from + place) {
        let line_end = scan.run_end(start + BEGIN.len(), 64, is_label);
        from = line_end;
        if !text[start..line_end].ends_with("PRIVATE KEY") {
            continue;
        }
        let end = text[line_end..].find(END).map_or(text.len(), |place| {
            let name = scan.run_end(line_end + place + END.len(), 64, is_label);
            scan.run_end(name, 5, |byte| byte == b'-')
        });
        scan.claim(start..end, DataKind::Secret);
        from = end;
    }
}

/// Files embedded in base64: what they show is not known.
fn find_embedded(scan: &mut Scan<'_>) {
    const SIGN: &str = ";base64,";
    for (place, _) in scan.text.match_indices(SIGN) {
        let start = place + SIGN.len();
        let end = scan.run_end(start, usize::MAX, |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
        });
        if end > start + 16 {
            scan.claim(start..end, DataKind::Secret);
        }
    }
}

/// Tokens that stand for themselves: signed tokens, known beginnings, chance.
fn find_tokens(scan: &mut Scan<'_>) {
    let mut start = 0;
    while start < scan.bytes.len() {
        if !is_word(scan.bytes[start]) {
            start += 1;
            continue;
        }
        let run = scan.run_end(start, usize::MAX, is_token);
        if let Some((end, kind)) = token_at(scan, start, run) {
            scan.claim(start..end, kind);
            start = end.max(run);
        } else {
            start = run;
        }
    }
}

fn token_at(scan: &Scan<'_>, start: usize, run: usize) -> Option<(usize, DataKind)> {
    let text = scan.text.get(start..)?;
    // Words are short: all but the beginnings that end with a dot or colon are followed by more.
    if run - start < SHORTEST && !matches!(scan.byte(run), Some(b'.' | b':')) {
        return None;
    }
    if text.starts_with("eyJ")
        && let Some(end) = signed_token_end(scan, run)
    {
        return Some((end, DataKind::Token));
    }
    for (prefix, least) in PREFIXES {
        if text.starts_with(prefix) {
            // A beginning may itself hold a dot, and what follows may hold more of them.
            let body = start + prefix.len();
            let end = scan.run_end(body, LONGEST * 4, |byte| {
                is_token(byte) || (byte == b'.' && prefix.ends_with('.'))
            });
            let token = scan.text.get(body..end)?;
            let end = body + token.trim_end_matches('.').len();
            let digits = token.bytes().any(|byte| byte.is_ascii_digit());
            return (end - body >= *least && digits).then_some((end, DataKind::Secret));
        }
    }
    // A bot's token: its number, a colon, and a key.
    let token = scan.text.get(start..run)?;
    let number = (8..=10).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_digit());
    if number && scan.byte(run) == Some(b':') {
        let end = scan.run_end(run + 1, 64, is_token);
        if (34..=36).contains(&(end - run - 1)) {
            return Some((end, DataKind::Secret));
        }
    }
    let end = scan.run_end(run, 2, |byte| byte == b'=');
    looks_like_chance(token).then_some((end, DataKind::Secret))
}

/// The end of `header.payload.signature`, given the end of the header.
fn signed_token_end(scan: &Scan<'_>, header_end: usize) -> Option<usize> {
    let part = |from: usize| {
        let end = scan.run_end(from + 1, usize::MAX, is_token);
        (scan.byte(from) == Some(b'.') && end > from + 4).then_some(end)
    };
    let payload_end = part(header_end)?;
    Some(part(payload_end).unwrap_or(payload_end))
}

/// Whether a token of at least 32 characters is made of small letters, capitals and digits in the
/// disorder that chance makes and names do not.
fn looks_like_chance(token: &str) -> bool {
    if token.len() < 32 {
        return false;
    }
    let bytes = token.as_bytes();
    let small = bytes
        .iter()
        .filter(|byte| byte.is_ascii_lowercase())
        .count();
    let capitals = bytes
        .iter()
        .filter(|byte| byte.is_ascii_uppercase())
        .count();
    let changes = bytes
        .windows(2)
        .filter(|pair| {
            pair[0].is_ascii_alphanumeric()
                && pair[1].is_ascii_alphanumeric()
                && pair[0].is_ascii_digit() != pair[1].is_ascii_digit()
        })
        .count();
    small >= 4 && capitals >= 4 && changes >= 4 && entropy(bytes) >= 3.8
}

/// Bits of information a character.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let total = bytes.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / total;
            -share * share.log2()
        })
        .sum()
}

/// Values with the name of a secret before them.
fn find_named(scan: &mut Scan<'_>) {
    let text = scan.text;
    let mut after_letter = false;
    for (place, character) in text.char_indices() {
        let begins = character.is_alphabetic() && (!after_letter || !character.is_ascii());
        after_letter = character.is_alphanumeric() || character == '_';
        if !begins {
            continue;
        }
        for (name, end) in names_at(text, place, character) {
            let value = match name {
                Name::Word => named_value(scan, end),
                Name::Digits => named_digits(scan, end),
                Name::Header => bearer_value(scan, end),
            };
            if let Some(value) = value {
                scan.claim(value, DataKind::Secret);
                break;
            }
        }
    }
}

/// The names that stand here as whole words, in any case, and where they end; the longest first.
fn names_at(text: &str, place: usize, first: char) -> impl Iterator<Item = (Name, usize)> {
    let byte = text.as_bytes()[place];
    // A capital of another script can begin with another byte than its small letter.
    let (start, end) = if first.is_ascii() {
        NAMES_BY_BYTE[usize::from(byte.to_ascii_lowercase())]
    } else {
        let ascii = NAMES.partition_point(|(name, _)| name.as_bytes()[0].is_ascii());
        (ascii, NAMES.len())
    };
    NAMES[start..end]
        .iter()
        .rev()
        .filter_map(move |(name, kind)| Some((*kind, name_end(text, place, name)?)))
}

fn name_end(text: &str, place: usize, name: &str) -> Option<usize> {
    let mut rest = text.get(place..)?.chars();
    let mut end = place;
    for expected in name.chars() {
        let found = rest.next()?;
        if found != expected && !found.to_lowercase().eq([expected]) {
            return None;
        }
        end += found.len_utf8();
    }
    let next = rest.next();
    let goes_on = next.is_some_and(|next| {
        (next.is_alphanumeric() || next == '_') && (next.is_ascii() || name.is_ascii())
    });
    (!goes_on).then_some(end)
}

/// What stands between a name and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Equals,
    Colon,
    Verb,
    Space,
}

/// Reads the link after a name; gives it and where the value begins.
fn link(text: &str, name_end: usize) -> Option<(Link, usize)> {
    let skip = |from: usize, signs: &[char]| {
        let rest = &text[from..];
        let spaces = rest.len() - rest.trim_start_matches(signs).len();
        from + spaces.min(4)
    };
    const SPACE: &[char] = &[' ', '\t'];
    const QUOTES: &[char] = &['"', '\'', '`', ' ', '*', '\\'];
    let mut place = skip(name_end, QUOTES);
    let mut link = if place > name_end {
        Link::Space
    } else {
        Link::Equals
    };
    for _ in 0..2 {
        let word: String = text[place..]
            .chars()
            .take(8)
            .take_while(|character| character.is_alphabetic())
            .collect();
        let follows = text[place + word.len()..].starts_with([' ', ':', '=']);
        if place == name_end || !follows || !VERBS.contains(&word.to_lowercase().as_str()) {
            break;
        }
        link = Link::Verb;
        place = skip(place + word.len(), SPACE);
    }
    match text[place..].bytes().next()? {
        b':' => Some((Link::Colon, skip(place + 1, QUOTES))),
        b'=' => Some((Link::Equals, skip(place + 1, QUOTES))),
        _ if place > name_end => Some((link, skip(place, QUOTES))),
        _ => None,
    }
}

/// The run without spaces and quotes that begins here, without the punctuation of the sentence.
fn value_span(text: &str, start: usize) -> Option<std::ops::Range<usize>> {
    let rest = text.get(start..)?;
    let length = rest
        .char_indices()
        .find(|(index, character)| {
            character.is_whitespace() || "\"'`<>\\".contains(*character) || *index > LONGEST
        })
        .map_or(rest.len(), |(index, _)| index);
    let value = rest[..length].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '}', '*']);
    (!value.is_empty()).then_some(start..start + value.len())
}

fn named_value(scan: &Scan<'_>, name_end: usize) -> Option<std::ops::Range<usize>> {
    let (link, start) = link(scan.text, name_end)?;
    let span = value_span(scan.text, start)?;
    let value = &scan.text[span.clone()];
    if !value.contains(char::is_alphanumeric) || value.contains("://") {
        return None;
    }
    let length = value.chars().count();
    let digit = value.contains(|character: char| character.is_ascii_digit());
    let letter = value.contains(char::is_alphabetic);
    let sign = value.contains(['!', '@', '#', '$', '%', '^', '&', '*', '+', '=', '~']);
    let alone = scan.text[span.end..]
        .trim_start_matches([' ', '.', '"', '\'', '}', ']', ')'])
        .is_empty()
        || scan.text[span.end..].starts_with(['\n', '\r', ',', ';', '"', '\'']);
    let secret = match link {
        Link::Equals => true,
        Link::Colon => digit || sign || (alone && length >= 4),
        Link::Verb => length >= 4 && (digit || sign),
        Link::Space => length >= 6 && (digit && letter || sign),
    };
    secret.then_some(span)
}

fn named_digits(scan: &Scan<'_>, name_end: usize) -> Option<std::ops::Range<usize>> {
    let (_, start) = link(scan.text, name_end)?;
    let end = scan.run_end(start, 9, |byte| byte.is_ascii_digit());
    ((3..=8).contains(&(end - start)) && scan.ends_word(end)).then_some(start..end)
}

/// The value after `Bearer` or `Basic` in a header.
fn bearer_value(scan: &Scan<'_>, name_end: usize) -> Option<std::ops::Range<usize>> {
    let start = scan.run_end(name_end, 2, |byte| byte == b' ' || byte == b':');
    let end = scan.run_end(start, LONGEST * 8, |byte| {
        is_token(byte) || matches!(byte, b'.' | b'+' | b'/' | b'=' | b'~')
    });
    let value = scan.text.get(start..end)?;
    let disorder = value.bytes().any(|byte| byte.is_ascii_digit())
        || (value.bytes().any(|byte| byte.is_ascii_uppercase()) && value.ends_with('='));
    (start > name_end && end - start >= 12 && disorder).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order() {
        assert!(NAMES.is_sorted_by(|one, other| one.0.as_bytes() < other.0.as_bytes()));
        assert_eq!(NAMES_BY_BYTE[usize::from(b'b')], (12, 14));
    }

    #[test]
    fn no_key_is_shorter_than_the_shortest() {
        let shortest = PREFIXES
            .iter()
            .filter(|(prefix, _)| !prefix.ends_with('.'))
            .map(|(prefix, least)| prefix.len() + least)
            .min();
        assert_eq!(shortest, Some(SHORTEST));
    }
}
