//! Numbers: payment cards, national numbers, phone numbers and long runs of digits.
//!
//! A *cluster* is what a reader would take for one number or a list of them: groups of digits with
//! spaces, dashes, dots, slashes or brackets between. Dates, times and what is joined to letters are
//! cut out of it; the rules then try every group as a beginning, the surest rule first.

use std::ops::Range;

use crate::cluster::{self, Group};
use crate::context::{self, Context};
use crate::identity;
use crate::masker::DataKind;
use crate::phone::{self, Shape};
use crate::scan::{Scan, Scope, is_word};

/// Some groups of a cluster and what is known of them together.
struct Cluster<'scan, 'text> {
    scan: &'scan Scan<'text>,
    groups: &'scan [Group],
    /// Where the number begins if a plus stands before the first group, with the bracket before or
    /// after it.
    plus: Option<usize>,
    context: Context,
    /// Whether it is an amount of something.
    amount: bool,
}

/// What a rule recognised: how many groups, and where it begins and ends in the text.
struct Match {
    groups: usize,
    span: Range<usize>,
    kind: DataKind,
}

pub(crate) fn find(scan: &mut Scan<'_>) {
    let mut found = Vec::new();
    let mut place = 0;
    while place < scan.bytes.len() {
        if !scan.bytes[place].is_ascii_digit() {
            place += 1;
            continue;
        }
        if !scan.begins_word(place) {
            place = scan.run_end(place, usize::MAX, is_word);
            continue;
        }
        let groups = cluster::groups_from(scan, place);
        place = groups.last().map_or(place, |group| group.end);
        for part in cluster::numbers(scan, &groups) {
            let part = cluster::without_words(scan, part);
            if !part.is_empty() {
                judge(scan, part, &mut found);
            }
        }
    }
    for (span, kind) in found {
        scan.claim(span, kind);
    }
}

/// Applies the rules to every group as a beginning.
fn judge(scan: &Scan<'_>, groups: &[Group], found: &mut Vec<(Range<usize>, DataKind)>) {
    let (start, end) = (groups[0].start, groups[groups.len() - 1].end);
    let digits: usize = groups.iter().map(Range::len).sum();
    if digits < 5 {
        return;
    }
    let cluster = Cluster {
        scan,
        groups,
        plus: plus_before(scan, start),
        context: context_of(scan, start),
        amount: context::currency_precedes(scan.text, start)
            || context::unit_follows(scan.text, end),
    };
    let mut index = 0;
    while index < groups.len() {
        if let Some(found_here) = cluster.at(index) {
            found.push((found_here.span, found_here.kind));
            index += found_here.groups;
        } else {
            index += 1;
        }
    }
}

fn context_of(scan: &Scan<'_>, start: usize) -> Context {
    if scan.byte_before(start) == Some(b'#') {
        return Context::Order;
    }
    context::before(scan.text, start)
}

/// Where a plus before a number begins, with the bracket around it.
fn plus_before(scan: &Scan<'_>, start: usize) -> Option<usize> {
    let plus = match (
        scan.byte_before(start)?,
        start.checked_sub(2).and_then(|place| scan.byte(place)),
    ) {
        (b'+', _) => start - 1,
        (b'(', Some(b'+')) => start - 2,
        _ => return None,
    };
    let begin = if scan.byte_before(plus) == Some(b'(') {
        plus - 1
    } else {
        plus
    };
    (scan.begins_word(begin) && scan.byte_before(begin) != Some(b'+')).then_some(begin)
}

impl Cluster<'_, '_> {
    /// What begins at this group.
    fn at(&self, index: usize) -> Option<Match> {
        if index == 0
            && let Some(found) = self.international(0, self.plus, 0)
        {
            return Some(found);
        }
        self.card(index)
            .or_else(|| self.national_number(index))
            .or_else(|| self.double_zero(index))
            .or_else(|| self.announced(index))
            .or_else(|| self.trunk(index))
            .or_else(|| self.national_phone(index))
            .or_else(|| self.blocks_of_four(index))
            .or_else(|| self.long_run(index))
    }

    /// The digits of some groups, if they are no more than this many.
    fn digits(&self, groups: Range<usize>, most: usize) -> Option<Vec<u8>> {
        let mut digits = Vec::with_capacity(most);
        for group in &self.groups[groups] {
            if digits.len() + group.len() > most {
                return None;
            }
            digits.extend(
                self.scan.bytes[group.clone()]
                    .iter()
                    .map(|byte| byte - b'0'),
            );
        }
        Some(digits)
    }

    fn lengths(&self, groups: Range<usize>) -> Vec<usize> {
        self.groups[groups].iter().map(Range::len).collect()
    }

    /// What stands between a group and the next one.
    fn between(&self, index: usize) -> &[u8] {
        match (self.groups.get(index), self.groups.get(index + 1)) {
            (Some(group), Some(next)) => &self.scan.bytes[group.end..next.start],
            _ => &[],
        }
    }

    /// Whether the same single sign stands between all these groups.
    fn even(&self, groups: &Range<usize>) -> bool {
        let mut signs = (groups.start..groups.end - 1).map(|index| self.between(index));
        let Some(first) = signs.next() else {
            return true;
        };
        first.len() == 1 && signs.all(|sign| sign == first)
    }

    /// Whether these groups stand for themselves: the cluster ends beside them, or a space stands
    /// there and none within them.
    fn apart(&self, groups: &Range<usize>) -> bool {
        let inner_space =
            (groups.start..groups.end - 1).any(|index| self.between(index).contains(&b' '));
        let left =
            groups.start == 0 || (!inner_space && self.between(groups.start - 1).contains(&b' '));
        let right = groups.end == self.groups.len()
            || (!inner_space && self.between(groups.end - 1).contains(&b' '));
        left && right
    }

    /// Where groups begin and end in the text, an opening bracket before them included.
    fn span(&self, groups: &Range<usize>) -> Range<usize> {
        let start = self.groups[groups.start].start;
        let end = self.groups[groups.end - 1].end;
        let closes = self.scan.bytes[start..end].contains(&b')');
        let opened = self.scan.byte_before(start) == Some(b'(');
        start - usize::from(closes && opened)..end
    }

    fn found(&self, groups: Range<usize>, kind: DataKind) -> Option<Match> {
        Some(Match {
            groups: groups.len(),
            span: self.span(&groups),
            kind,
        })
    }

    /// A card: 13 to 19 digits with the beginning of an issuer and the check digit of Luhn, in one
    /// piece or in even groups.
    fn card(&self, index: usize) -> Option<Match> {
        let lead = self.groups[index].len();
        let single = lead >= 13;
        // What is announced as an order keeps its digits: one in ten passes the check by chance.
        if (single && (self.context == Context::Order || self.amount)) || (!single && lead != 4) {
            return None;
        }
        for end in index + 1..=self.groups.len().min(index + 5) {
            let digits = self.digits(index..end, 19)?;
            if digits.len() >= 13
                && self.even(&(index..end))
                && is_card(&digits)
                && (!single || self.apart(&(index..end)))
            {
                return self.found(index..end, DataKind::Card);
            }
        }
        None
    }

    fn national_number(&self, index: usize) -> Option<Match> {
        let prose = self.scan.scope == Scope::Prose;
        for end in index + 1..=self.groups.len().min(index + 7) {
            let digits = self.digits(index..end, identity::MOST_DIGITS)?;
            let lengths = self.lengths(index..end);
            let plain = lengths.len() == 1;
            if plain && (self.context == Context::Order || self.amount) {
                continue;
            }
            if self.apart(&(index..end)) && identity::of_digits(&digits, &lengths, prose) {
                return self.found(index..end, DataKind::NationalId);
            }
        }
        None
    }

    /// A number with its country code, after a plus or a double zero, whose digits before the code
    /// count as `prefix`.
    fn international(&self, index: usize, begin: Option<usize>, prefix: usize) -> Option<Match> {
        let begin = begin?;
        let lead = self.digits(index..index + 1, phone::MOST_DIGITS)?;
        let code = lead.get(prefix..)?;
        if code.first().is_none_or(|digit| *digit == 0) {
            return None;
        }
        let mut most = phone::international_length(code);
        let mut total = 0;
        let mut end = index;
        while let Some(group) = self.groups.get(end) {
            // The trunk zero in brackets is no part of the number.
            let zero = end > index && group.len() == 1 && self.between(end).contains(&b')');
            most += usize::from(zero);
            let length = group.len() - if end == index { prefix } else { 0 };
            let stray = total >= 9 && length == 1;
            if total + length > most || stray {
                break;
            }
            total += length;
            end += 1;
        }
        if total < 8 || end == index {
            return None;
        }
        // More digits without a space: not this number, but something longer.
        let cut = end < self.groups.len() && !self.between(end - 1).contains(&b' ');
        (!cut).then(|| Match {
            groups: end - index,
            span: begin..self.groups[end - 1].end,
            kind: DataKind::Phone,
        })
    }

    fn double_zero(&self, index: usize) -> Option<Match> {
        let lead = self.digits(index..index + 1, 17)?;
        if !lead.starts_with(&[0, 0]) || self.unlikely_phone(index) {
            return None;
        }
        let total: usize = self.groups[index..].iter().map(Range::len).take(8).sum();
        if total < 11 {
            return None;
        }
        self.international(index, Some(self.groups[index].start), 2)
    }

    /// Whether something before or after says that this is no phone number.
    fn unlikely_phone(&self, index: usize) -> bool {
        let alone = self.groups.len() == index + 1;
        self.context == Context::Order
            || self.context == Context::Amount
            || (self.amount && alone)
            || (alone && self.scan.scope == Scope::Field)
    }

    /// What was announced by a word: a phone number of any shape, or an account.
    fn announced(&self, index: usize) -> Option<Match> {
        if index != 0 || self.amount || self.scan.scope == Scope::Field {
            return None;
        }
        let (kind, least) = match self.context {
            Context::Phone => (DataKind::Phone, 6),
            Context::Account => (DataKind::Number, 6),
            _ => return None,
        };
        let mut end = 0;
        let mut total = 0;
        while let Some(group) = self.groups.get(end) {
            let stray = total >= 8 && group.len() == 1;
            if total + group.len() > 15 || stray {
                break;
            }
            total += group.len();
            end += 1;
        }
        let years = self.groups[..end].iter().all(|group| self.is_year(group));
        (total >= least && end > 0 && !years).then(|| self.found(0..end, kind))?
    }

    fn is_year(&self, group: &Group) -> bool {
        group.len() == 4
            && cluster::value(self.scan, group).is_some_and(|year| (1900..2100).contains(&year))
    }

    /// A number with a trunk zero, `0170 1234567`, `(030) 123456`, or an area code in brackets.
    fn trunk(&self, index: usize) -> Option<Match> {
        if self.unlikely_phone(index) {
            return None;
        }
        let joined = index > 0 && !self.between(index - 1).contains(&b' ');
        if joined {
            return None;
        }
        let bracket = self.between(index).contains(&b')');
        let bound = bracket || self.between(index).contains(&b'/');
        let mut best = None;
        for end in index + 1..=self.groups.len().min(index + 6) {
            let Some(digits) = self.digits(index..end, 13) else {
                break;
            };
            let lengths = self.lengths(index..end);
            let shape = Shape {
                groups: &lengths,
                digits: &digits,
            };
            let zero_alone = lengths[0] == 1 && !bracket;
            let area = bracket
                && (2..=4).contains(&lengths[0])
                && (8..=12).contains(&digits.len())
                && digits[0] != 0
                && !self.is_year(&self.groups[index]);
            let ends = end == self.groups.len() || self.between(end - 1).contains(&b' ');
            if ends
                && !zero_alone
                && (area || phone::is_trunk(&shape, bound, self.even(&(index..end))))
            {
                best = Some(end);
            }
        }
        self.found(index..best?, DataKind::Phone)
    }

    fn national_phone(&self, index: usize) -> Option<Match> {
        if self.unlikely_phone(index) || self.amount {
            return None;
        }
        for end in index + 2..=self.groups.len().min(index + 5) {
            let digits = self.digits(index..end, 13)?;
            let lengths = self.lengths(index..end);
            let shape = Shape {
                groups: &lengths,
                digits: &digits,
            };
            // Groups of three with dots are thousands.
            let thousands = lengths == [3, 3, 3] && self.between(index) == b".";
            if phone::is_national(&shape) && !thousands && self.apart(&(index..end)) {
                return self.found(index..end, DataKind::Phone);
            }
        }
        None
    }

    /// Twelve digits and more in groups of four, as on cards and in accounts.
    fn blocks_of_four(&self, index: usize) -> Option<Match> {
        if self.unlikely_phone(index) || self.amount || self.scan.scope == Scope::Field {
            return None;
        }
        let mut end = index;
        // No more groups than any such number has.
        while end < index + 10 && self.groups.get(end).is_some_and(|group| group.len() == 4) {
            end += 1;
        }
        if self.groups.get(end).is_some_and(|group| group.len() < 4) && end > index {
            end += 1;
        }
        let groups = index..end;
        let digits: usize = self.groups[groups.clone()].iter().map(Range::len).sum();
        let years = self.groups[groups.clone()]
            .iter()
            .all(|group| self.is_year(group));
        if !(12..=40).contains(&digits) || years || !self.even(&groups) {
            return None;
        }
        self.found(groups, DataKind::Number)
    }

    /// Nine digits and more in one piece that nothing explains.
    fn long_run(&self, index: usize) -> Option<Match> {
        let group = &self.groups[index];
        if group.len() < 9 || self.unlikely_phone(index) || self.amount {
            return None;
        }
        let fraction = |sign: usize, digit: usize| {
            matches!(self.scan.byte(sign), Some(b'.' | b','))
                && self
                    .scan
                    .byte(digit)
                    .is_some_and(|byte| byte.is_ascii_digit())
        };
        let decimal = fraction(group.end, group.end + 1)
            || (group.start >= 2 && fraction(group.start - 1, group.start - 2));
        if decimal
            || !self.apart(&(index..index + 1))
            || cluster::is_compact_time(&self.scan.bytes[group.clone()])
        {
            return None;
        }
        let plain = self
            .digits(index..index + 1, 12)
            .is_some_and(|digits| phone::is_plain(&digits));
        let kind = if plain {
            DataKind::Phone
        } else {
            DataKind::Number
        };
        self.found(index..index + 1, kind)
    }
}

/// Whether digits begin as an issuer's cards do, have the length of these, and pass the check of Luhn.
fn is_card(digits: &[u8]) -> bool {
    let lead = |count: usize| {
        digits[..count]
            .iter()
            .fold(0_u32, |value, digit| value * 10 + u32::from(*digit))
    };
    let issuer = match digits.len() {
        16 => {
            matches!(lead(1), 4)
                || matches!(lead(2), 35 | 50..=65 | 67)
                || matches!(lead(4), 2200..=2204 | 2221..=2720)
        }
        15 => matches!(lead(2), 34 | 37),
        14 => matches!(lead(2), 36 | 38 | 39) || matches!(lead(3), 300..=305),
        17..=18 => matches!(lead(2), 50 | 56..=58 | 62..=65 | 67),
        19 => lead(1) == 4 || matches!(lead(2), 50 | 56..=58 | 62..=65 | 67),
        13 => matches!(lead(2), 50 | 67),
        _ => false,
    };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| match (index % 2, u32::from(*digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    issuer && sum.is_multiple_of(10)
}
