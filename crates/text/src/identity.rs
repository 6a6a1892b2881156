//! Numbers that a state gives a person, where form and check digit make it sure.
//!
//! Those with letters are looked for here; those of digits alone are judged by the functions below
//! when `number` has read them.

use std::ops::Range;

use crate::masker::DataKind;
use crate::scan::Scan;

pub(crate) fn find(scan: &mut Scan<'_>) {
    for start in 0..scan.bytes.len() {
        if !scan.bytes[start].is_ascii_alphanumeric() || !scan.begins_word(start) {
            continue;
        }
        // The first four bytes say which of them it can be.
        let digit = |ahead: usize| {
            scan.byte(start + ahead)
                .is_some_and(|byte| byte.is_ascii_digit())
        };
        let end = if digit(0) {
            spanish(scan, start).or_else(|| corsican(scan, start))
        } else if digit(2) || digit(3) {
            british(scan, start).or_else(|| spanish(scan, start))
        } else {
            spanish(scan, start).or_else(|| italian(scan, start))
        };
        if let Some(end) = end {
            scan.claim(start..end, DataKind::NationalId);
        }
    }
}

/// Reads bytes from a place on, leaving out single separators, until it has `COUNT` of them that are
/// letters or digits; gives them in upper case and where they end. The word must end there.
fn read<const COUNT: usize>(
    scan: &Scan<'_>,
    start: usize,
    separators: &[u8],
) -> Option<([u8; COUNT], usize)> {
    let mut characters = [0; COUNT];
    let mut place = start;
    for character in &mut characters {
        let byte = scan.byte(place)?;
        let separated = place > start && separators.contains(&byte);
        place += usize::from(separated);
        *character = scan.byte(place)?.to_ascii_uppercase();
        if !character.is_ascii_alphanumeric() {
            return None;
        }
        place += 1;
    }
    scan.ends_word(place).then_some((characters, place))
}

/// The Italian codice fiscale: sixteen characters, the last one a check letter. Digits can be replaced
/// by letters where two people would share a code.
fn italian(scan: &Scan<'_>, start: usize) -> Option<usize> {
    let (code, end) = read::<16>(scan, start, &[])?;
    let fits = code.iter().enumerate().all(|(index, byte)| match index {
        6 | 7 | 9 | 10 | 12..=14 => byte.is_ascii_digit() || b"LMNPQRSTUV".contains(byte),
        8 => b"ABCDEHLMPRST".contains(byte),
        _ => byte.is_ascii_uppercase(),
    });
    if !fits {
        return None;
    }
    // Values of characters in odd places (counted from one), for 0 to 9 and for A to Z.
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let sum: u32 = code[..15]
        .iter()
        .enumerate()
        .map(|(index, byte)| {
            let value = if byte.is_ascii_digit() {
                byte - b'0'
            } else {
                byte - b'A'
            };
            if index % 2 == 0 {
                ODD.get(usize::from(value)).copied().unwrap_or_default()
            } else {
                u32::from(value)
            }
        })
        .sum();
    (sum % 26 == u32::from(code[15] - b'A')).then_some(end)
}

/// The Spanish DNI (eight digits) and NIE (X, Y or Z and seven digits) with their check letter.
fn spanish(scan: &Scan<'_>, start: usize) -> Option<usize> {
    if !(scan.bytes[start].is_ascii_digit() || b"XYZxyz".contains(&scan.bytes[start])) {
        return None;
    }
    let (code, end) = read::<9>(scan, start, b"-. ")?;
    let lead = match code[0] {
        b'X' => b'0',
        b'Y' => b'1',
        b'Z' => b'2',
        digit if digit.is_ascii_digit() => digit,
        _ => return None,
    };
    if !code[1..8].iter().all(u8::is_ascii_digit) || !code[8].is_ascii_uppercase() {
        return None;
    }
    // A letter after a space could begin a sentence: only a capital is taken for the check letter.
    if scan.byte_before(end - 1) == Some(b' ') && !scan.bytes[end - 1].is_ascii_uppercase() {
        return None;
    }
    let number = code[1..8]
        .iter()
        .fold(usize::from(lead - b'0'), |number, digit| {
            number * 10 + usize::from(digit - b'0')
        });
    let letter = b"TRWAGMYFPDXBNJZSQVHLCKE".get(number % 23)?;
    (*letter == code[8]).then_some(end)
}

/// The British national insurance number. It has no check digit; the allowed letters make it sure.
fn british(scan: &Scan<'_>, start: usize) -> Option<usize> {
    let (code, end) = read::<9>(scan, start, b" -")?;
    let (first, second) = (code[0], code[1]);
    let letters = first.is_ascii_uppercase()
        && second.is_ascii_uppercase()
        && !b"DFIQUV".contains(&first)
        && !b"DFIQUVO".contains(&second)
        && ![b"BG", b"GB", b"NK", b"KN", b"TN", b"NT", b"ZZ"].contains(&&[first, second]);
    let fits = letters && code[2..8].iter().all(u8::is_ascii_digit) && b"ABCD".contains(&code[8]);
    // The prefix must not be the end of a sentence in small letters, such as `at 123456 a`.
    let prefix = &scan.bytes[start..start + 2];
    let spaced = scan.bytes[start..end].contains(&b' ');
    (fits && (!spaced || prefix.iter().all(u8::is_ascii_uppercase))).then_some(end)
}

/// The French NIR of somebody born in Corsica, with a letter in its department.
fn corsican(scan: &Scan<'_>, start: usize) -> Option<usize> {
    let (code, end) = read::<15>(scan, start, b" ")?;
    let replaced = match &code[5..7] {
        b"2A" => b"19",
        b"2B" => b"18",
        _ => return None,
    };
    let mut digits = code;
    digits[5..7].copy_from_slice(replaced);
    digits
        .iter_mut()
        .for_each(|byte| *byte = byte.wrapping_sub(b'0'));
    french(&digits).then_some(end)
}

/// What digits alone are, if they are a national number: which digits, and the lengths of their groups.
pub(crate) fn of_digits(digits: &[u8], groups: &[usize], in_prose: bool) -> bool {
    match (digits.len(), groups) {
        (9, [3, 2, 4]) => american(digits),
        (9, [2, 3, 3, 1]) => chilean(digits),
        (10, [6, 4]) => swedish(digits),
        (11, [2, 8, 1]) => argentine(digits),
        (11, [2, 3, 3, 3]) => german(digits),
        (11, [3, 3, 3, 2]) => brazilian(digits),
        (11, [11]) => in_prose && (german(digits) || brazilian(digits)),
        (13, [3, 4, 4, 2]) => swiss(digits),
        (13, [13]) => digits.starts_with(&[7, 5, 6]) && swiss(digits),
        (15, [15] | [1, 2, 2, 2, 3, 3, 2] | [13, 2]) => french(digits),
        _ => false,
    }
}

/// The most digits that [`of_digits`] knows.
pub(crate) const MOST_DIGITS: usize = 15;

/// The social security number of the United States, by its form: it has no check digit.
fn american(digits: &[u8]) -> bool {
    let area = &digits[..3];
    area != [0, 0, 0]
        && area != [6, 6, 6]
        && area[0] != 9
        && digits[3..5] != [0, 0]
        && digits[5..] != [0, 0, 0, 0]
}

/// The German tax number: ISO 7064, MOD 11,10; of the first ten digits exactly one stands twice or
/// three times.
fn german(digits: &[u8]) -> bool {
    let mut counts = [0_u8; 10];
    for digit in &digits[..10] {
        counts[usize::from(*digit)] += 1;
    }
    let repeated = counts.iter().filter(|count| **count > 1).count();
    if digits[0] == 0 || repeated != 1 || counts.iter().any(|count| *count > 3) {
        return false;
    }
    let product = digits[..10].iter().fold(10_u32, |product, digit| {
        let sum = (u32::from(*digit) + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10 == u32::from(digits[10])
}

/// The Brazilian CPF with its two check digits.
fn brazilian(digits: &[u8]) -> bool {
    let check = |count: usize| {
        let sum: u32 = digits[..count]
            .iter()
            .zip((2..).take(count).collect::<Vec<u32>>().iter().rev())
            .map(|(digit, weight)| u32::from(*digit) * weight)
            .sum();
        let remainder = sum * 10 % 11 % 10;
        remainder == u32::from(digits[count])
    };
    digits.iter().any(|digit| *digit != digits[0]) && check(9) && check(10)
}

/// The Swiss AHV number: begins with 756 and ends with the check digit of EAN-13.
fn swiss(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .enumerate()
        .map(|(index, digit)| u32::from(*digit) * if index % 2 == 0 { 1 } else { 3 })
        .sum();
    digits.starts_with(&[7, 5, 6]) && sum.is_multiple_of(10)
}

/// The Chilean RUT with its check digit, weights 2 to 7 from the right; those that end with K are not
/// read as digits alone.
fn chilean(digits: &[u8]) -> bool {
    let sum: u32 = digits[..8]
        .iter()
        .rev()
        .zip([2, 3, 4, 5, 6, 7, 2, 3])
        .map(|(digit, weight)| u32::from(*digit) * weight)
        .sum();
    (11 - sum % 11) % 11 == u32::from(digits[8])
}

/// The Argentine CUIT or CUIL: a prefix for persons, and a check digit.
fn argentine(digits: &[u8]) -> bool {
    let sum: u32 = digits[..10]
        .iter()
        .zip([5, 4, 3, 2, 7, 6, 5, 4, 3, 2])
        .map(|(digit, weight)| u32::from(*digit) * weight)
        .sum();
    digits[0] == 2
        && matches!(digits[1], 0 | 3 | 4 | 7)
        && (11 - sum % 11) % 11 == u32::from(digits[10])
}

/// The Swedish personnummer: a date of birth (a coordination number adds 60 to the day) and the check
/// of Luhn.
fn swedish(digits: &[u8]) -> bool {
    let month = digits[2] * 10 + digits[3];
    let day = digits[4] * 10 + digits[5];
    let sum: u32 = digits
        .iter()
        .zip([2, 1].into_iter().cycle())
        .map(|(digit, weight)| u32::from(*digit) * weight)
        .map(|product| product / 10 + product % 10)
        .sum();
    (1..=12).contains(&month)
        && ((1..=31).contains(&day) || (61..=91).contains(&day))
        && sum.is_multiple_of(10)
}

/// The French NIR: sex, year and month of birth, and a key of 97.
fn french(digits: &[u8]) -> bool {
    let value = |range: Range<usize>| {
        digits[range]
            .iter()
            .fold(0_u64, |number, digit| number * 10 + u64::from(*digit))
    };
    let month = value(3..5);
    digits.iter().all(|digit| *digit < 10)
        && matches!(digits[0], 1..=4 | 7 | 8)
        && ((1..=12).contains(&month) || (20..=42).contains(&month) || month >= 50)
        && 97 - value(0..13) % 97 == value(13..15)
}
