//! Durations as people write them: `30m`, `24h`, `90s`, `7d`.

use serde::de::{Deserialize, Deserializer, Error};

use crate::time::{DAY, HOUR, MINUTE, SECOND};

/// A length of time in microseconds, written as a whole number and a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Duration(pub i64);

impl Duration {
    fn parse(text: &str) -> Option<Self> {
        let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let unit = match &text[digits.len()..] {
            "s" => SECOND,
            "m" => MINUTE,
            "h" => HOUR,
            "d" => DAY,
            _ => return None,
        };
        let number: u32 = digits.parse().ok()?;
        // Ten years: longer than any rule means, and far from the end of the numbers.
        let length = i64::from(number).checked_mul(unit)?;
        (length <= 3_660 * DAY).then_some(Self(length))
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is not a duration; write a whole number and a unit of s, m, h or d, \
                 for example \"30m\", at most ten years"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_with_a_unit_and_nothing_else() {
        assert_eq!(Duration::parse("30m"), Some(Duration(30 * MINUTE)));
        assert_eq!(Duration::parse("0s"), Some(Duration(0)));
        assert_eq!(Duration::parse("7d"), Some(Duration(7 * DAY)));
        for wrong in [
            "", "m", "30", "-1m", "30 m", "1.5h", "30min", "99999d", "3ö",
        ] {
            assert_eq!(Duration::parse(wrong), None, "{wrong}");
        }
    }
}
