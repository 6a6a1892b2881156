//! The shapes of phone numbers: how many digits, in which groups.

/// The groups of a number: where each begins and ends in the text is the caller's, here are only its
/// digits' counts and the digits themselves.
pub(crate) struct Shape<'digits> {
    /// How many digits each group has.
    pub(crate) groups: &'digits [usize],
    /// All digits, as values from 0 to 9.
    pub(crate) digits: &'digits [u8],
}

/// The most digits of a number after its plus (E.164), and one for a trunk zero in brackets.
pub(crate) const MOST_DIGITS: usize = 16;

/// How many digits a number with this beginning has at most, its country code included. Countries that
/// are not listed may use all fifteen of E.164.
pub(crate) fn international_length(digits: &[u8]) -> usize {
    const LENGTHS: &[(&[u8], usize)] = &[
        (&[1], 11),
        (&[7], 11),
        (&[2, 0], 12),
        (&[2, 7], 11),
        (&[3, 0], 12),
        (&[3, 1], 11),
        (&[3, 2], 11),
        (&[3, 3], 11),
        (&[3, 4], 11),
        (&[3, 6], 11),
        (&[3, 9], 13),
        (&[4, 0], 11),
        (&[4, 1], 11),
        (&[4, 3], 13),
        (&[4, 4], 12),
        (&[4, 5], 10),
        (&[4, 6], 12),
        (&[4, 7], 10),
        (&[4, 8], 11),
        (&[4, 9], 13),
        (&[5, 2], 13),
        (&[5, 4], 13),
        (&[5, 5], 13),
        (&[6, 1], 11),
        (&[6, 4], 12),
        (&[6, 5], 10),
        (&[8, 1], 12),
        (&[8, 2], 12),
        (&[8, 6], 13),
        (&[9, 0], 12),
        (&[9, 1], 12),
        (&[3, 5, 1], 12),
        (&[3, 5, 3], 12),
        (&[3, 5, 8], 13),
        (&[3, 8, 0], 12),
        (&[4, 2, 0], 12),
        (&[4, 2, 1], 12),
        (&[9, 7, 1], 12),
        (&[9, 7, 2], 12),
        (&[9, 6, 6], 12),
        (&[8, 5, 2], 11),
    ];
    LENGTHS
        .iter()
        .find(|(code, _)| digits.starts_with(code))
        .map_or(15, |(_, length)| *length)
}

/// Whether a number in groups, without plus and without a leading zero, has a shape in which people
/// write phone numbers and hardly anything else.
pub(crate) fn is_national(shape: &Shape<'_>) -> bool {
    let digits = shape.digits;
    let Some(first) = digits.first().copied() else {
        return false;
    };
    match shape.groups {
        // North America; Italian mobiles.
        [3, 3, 4] => north_american(digits) || first == 3,
        [1, 3, 3, 4] => first == 1 && north_american(&digits[1..]),
        // Russia with its trunk digit.
        [1, 3, 3, 2, 2] => first == 8 || first == 7,
        // Spain, Portugal, Poland.
        [3, 3, 3] => matches!(first, 5..=9),
        [2, 3, 2, 2] => matches!(first, 2 | 8 | 9),
        [3, 2, 2, 2] => matches!(first, 6..=9),
        // Brazil: mobiles, then landlines, also of Mexico and Argentina.
        [2, 5, 4] => digits[2] == 9,
        [2, 4, 4] => first != 0,
        // India.
        [5, 5] => matches!(first, 6..=9),
        // China.
        [3, 4, 4] => first == 1 && digits[1] >= 3,
        // Italian mobiles.
        [3, 7] => first == 3,
        _ => false,
    }
}

/// Whether ten digits are a number of the North American plan.
pub(crate) fn north_american(digits: &[u8]) -> bool {
    digits.len() == 10 && digits[0] >= 2 && digits[3] >= 2
}

/// Whether a number that begins with a trunk zero has a believable shape. `bound` says whether a slash
/// or bracket after the area code makes it surer.
pub(crate) fn is_trunk(shape: &Shape<'_>, bound: bool, even_signs: bool) -> bool {
    let total = shape.digits.len();
    let lead =
        shape.digits.first() == Some(&0) && shape.digits.get(1).is_some_and(|digit| *digit != 0);
    let short_groups = shape.groups.iter().filter(|group| **group == 1).count();
    if shape.groups.len() > 1 && shape.groups.iter().all(|group| *group == 2) {
        // Pairs of digits are also hours and minutes: only the five pairs of France are sure.
        return lead && shape.groups.len() == 5 && even_signs;
    }
    // One group of a single digit may be the zero itself, in brackets, or the rate of a service number.
    let service = shape.groups[0] >= 4 && shape.groups.len() == 3 && shape.groups[1] == 1;
    let fits = short_groups == 0 || (short_groups == 1 && (shape.groups[0] == 1 || service));
    let least = if bound { 7 } else { 9 };
    lead && fits && (least..=12).contains(&total)
}

/// Whether digits without any separator are written as a phone number: with a trunk zero, or a mobile
/// number whose first digits are unmistakable.
pub(crate) fn is_plain(digits: &[u8]) -> bool {
    match (digits.len(), digits) {
        (9..=12, [0, second, ..]) => *second != 0,
        (10, _) => north_american(digits),
        (11, [1, second, ..]) => *second >= 3,
        (11, [7 | 8, 9, ..]) => true,
        _ => false,
    }
}
