//! Clusters of digits: where one begins and ends, and what of it is a word, a date or a time.

use std::ops::Range;

use crate::context::{self, Context};
use crate::scan::{Scan, is_word};

/// Digits of one group.
pub(crate) type Group = Range<usize>;

/// The groups of the cluster that begins here, as far as no other rule has decided about them.
pub(crate) fn groups_from(scan: &Scan<'_>, start: usize) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut place = start;
    loop {
        let end = scan.run_end(place, usize::MAX, |byte| byte.is_ascii_digit());
        groups.push(place..end);
        let next = scan.run_end(end, 4, |byte| b" -./()".contains(&byte));
        let signs = scan.bytes[end..next]
            .iter()
            .filter(|byte| b"-./".contains(byte))
            .count();
        let follows = scan.byte(next).is_some_and(|byte| byte.is_ascii_digit());
        if next == end || next > end + 3 || signs > 1 || !follows || !scan.is_free(&(end..next + 1))
        {
            return groups;
        }
        place = next;
    }
}

/// The groups without those that are part of a word: `A-123 456`, `550e8400-e29b-41d4`, `12-b`, `5pm`.
/// What is joined to a word goes up to the next space.
pub(crate) fn without_words<'groups>(
    scan: &Scan<'_>,
    groups: &'groups [Group],
) -> &'groups [Group] {
    let spaced = |index: usize| {
        let between = groups[index].end..groups[index + 1].start;
        scan.bytes[between].contains(&b' ')
    };
    let (mut first, mut last) = (0, groups.len());
    let start = groups[0].start;
    if matches!(scan.byte_before(start), Some(b'-' | b'/' | b'_' | b'#'))
        && start >= 2
        && is_word(scan.bytes[start - 2])
        && context::before(scan.text, start) != Context::Phone
    {
        first = (0..groups.len() - 1)
            .find(|index| spaced(*index))
            .map_or(groups.len(), |index| index + 1);
    }
    let end = groups[groups.len() - 1].end;
    let joined =
        matches!(scan.byte(end), Some(b'-' | b'_')) && scan.byte(end + 1).is_some_and(is_word);
    if joined || !scan.ends_word(end) {
        last = (first..groups.len() - 1)
            .rev()
            .find(|index| spaced(*index))
            .map_or(first, |index| index + 1);
        if !joined && last == first {
            // `0170 1234567a`: only the last group is a word.
            last = groups.len() - 1;
        }
    }
    &groups[first.min(last)..last]
}

/// The parts of a cluster between dates and times.
pub(crate) fn numbers<'groups>(scan: &Scan<'_>, groups: &'groups [Group]) -> Vec<&'groups [Group]> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut index = 0;
    while index < groups.len() {
        let length = if is_date(scan, &groups[index..]) {
            3
        } else {
            usize::from(is_time(scan, groups, index))
        };
        if length == 0 {
            index += 1;
            continue;
        }
        parts.push(&groups[start..index]);
        index += length;
        start = index;
    }
    parts.push(&groups[start..]);
    parts.retain(|part| !part.is_empty());
    parts
}

pub(crate) fn value(scan: &Scan<'_>, group: &Group) -> Option<u32> {
    (group.len() <= 9).then(|| {
        scan.bytes[group.clone()]
            .iter()
            .fold(0, |value, byte| value * 10 + u32::from(byte - b'0'))
    })
}

/// Whether the first three groups are a date: the same sign between them, none of it around them.
fn is_date(scan: &Scan<'_>, groups: &[Group]) -> bool {
    let [first, second, third, ..] = groups else {
        return false;
    };
    let sign = |from: usize, to: usize| match scan.bytes.get(from..to) {
        Some([sign @ (b'-' | b'.' | b'/')]) | Some([sign @ b'.', b' ']) => Some(*sign),
        _ => None,
    };
    let between = sign(first.end, second.start);
    if between.is_none() || between != sign(second.end, third.start) {
        return false;
    }
    let follows = scan.byte(third.end) == between
        && scan
            .byte(third.end + 1)
            .is_some_and(|byte| byte.is_ascii_digit());
    if follows
        || (scan.byte_before(first.start) == between
            && first.start > 1
            && is_word(scan.bytes[first.start - 2]))
    {
        return false;
    }
    let (Some(one), Some(two), Some(three)) =
        (value(scan, first), value(scan, second), value(scan, third))
    else {
        return false;
    };
    let day = |value: u32| (1..=31).contains(&value);
    let month = |value: u32| (1..=12).contains(&value);
    let year =
        |value: u32, length: usize| length == 2 || (length == 4 && (1900..2100).contains(&value));
    match (first.len(), second.len(), third.len()) {
        (4, 1..=2, 1..=2) => year(one, 4) && month(two) && day(three),
        (1..=2, 1..=2, length @ (2 | 4)) => {
            year(three, length) && (month(one) && day(two) || day(one) && month(two))
        }
        _ => false,
    }
}

/// Whether a group is the hours, minutes or seconds of a time with colons.
fn is_time(scan: &Scan<'_>, groups: &[Group], index: usize) -> bool {
    let group = &groups[index];
    let colon_digit = |colon: usize, digit: usize| {
        scan.byte(colon) == Some(b':') && scan.byte(digit).is_some_and(|byte| byte.is_ascii_digit())
    };
    group.len() <= 2
        && (colon_digit(group.end, group.end + 1)
            || (group.start >= 2 && colon_digit(group.start - 1, group.start - 2)))
}

/// Whether digits are a date and time in one piece, `20240131123000`.
pub(crate) fn is_compact_time(digits: &[u8]) -> bool {
    let part = |range: Range<usize>| {
        digits[range]
            .iter()
            .fold(0_u32, |value, byte| value * 10 + u32::from(byte - b'0'))
    };
    matches!(digits.len(), 12 | 14)
        && (1900..2100).contains(&part(0..4))
        && (1..=12).contains(&part(4..6))
        && (1..=31).contains(&part(6..8))
        && part(8..10) < 24
        && part(10..12) < 60
}
