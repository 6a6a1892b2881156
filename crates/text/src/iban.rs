//! International bank account numbers (ISO 13616): country, length and check digits must agree.

use crate::masker::DataKind;
use crate::scan::Scan;

/// Length by country.
const LENGTHS: &[(&[u8; 2], usize)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BI", 27),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DJ", 27),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FK", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MN", 20),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NI", 28),
    (b"NL", 18),
    (b"NO", 15),
    (b"OM", 23),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"SO", 23),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
    (b"YE", 30),
];

pub(crate) fn find(scan: &mut Scan<'_>) {
    for start in 0..scan.bytes.len() {
        if scan.bytes[start].is_ascii_alphabetic()
            && let Some(end) = at(scan, start)
        {
            scan.claim(start..end, DataKind::Iban);
        }
    }
}

/// The end of an account number that begins here.
fn at(scan: &Scan<'_>, start: usize) -> Option<usize> {
    let country = [
        scan.byte(start)?.to_ascii_uppercase(),
        scan.byte(start + 1)?.to_ascii_uppercase(),
    ];
    let separated = usize::from(scan.byte(start + 2) == Some(b' '));
    let check = start + 2 + separated;
    if !scan.byte(check)?.is_ascii_digit()
        || !scan.byte(check + 1)?.is_ascii_digit()
        || !scan.begins_word(start)
    {
        return None;
    }
    let length = LENGTHS.iter().find(|(name, _)| **name == country)?.1;
    let mut characters = Vec::with_capacity(length);
    let mut place = start;
    while characters.len() < length {
        let byte = scan.byte(place)?;
        if byte.is_ascii_alphanumeric() {
            characters.push(byte);
        } else {
            // On paper a separator stands after every fourth character; elsewhere are words.
            let fourth = characters.len().is_multiple_of(4) || characters.len() == 2;
            let after_character = scan
                .byte_before(place)
                .is_some_and(|byte| byte.is_ascii_alphanumeric());
            if !matches!(byte, b' ' | b'-' | b'.') || !fourth || !after_character {
                return None;
            }
        }
        place += 1;
    }
    (scan.ends_word(place) && checks(&characters)).then_some(place)
}

/// ISO 7064, MOD 97-10, of the number with its first four characters moved to the end.
fn checks(characters: &[u8]) -> bool {
    let (head, tail) = characters.split_at(4);
    let remainder = tail.iter().chain(head).try_fold(0_u32, |remainder, byte| {
        let value = char::from(*byte).to_digit(36)?;
        let shift = if value < 10 { 10 } else { 100 };
        Some((remainder * shift + value) % 97)
    });
    remainder == Some(1)
}
