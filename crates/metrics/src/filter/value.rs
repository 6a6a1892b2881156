//! Values as people write them: numbers, durations, yes and no.

use upshot_core::time::{DAY, HOUR, MINUTE, SECOND};

/// A duration such as `90`, `30s`, `5m`, `1h30m`, `250ms` or `2d`, in microseconds. A bare number
/// means seconds. Nothing if it cannot be read.
pub fn parse_duration(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return microseconds(seconds, SECOND);
    }
    let mut rest = text;
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let digits =
            rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit_text = &rest[digits..];
        let letters = unit_text
            .find(|character: char| !character.is_alphabetic())
            .unwrap_or(unit_text.len());
        let unit = match &unit_text[..letters] {
            "us" => 1,
            "ms" => 1_000,
            "s" | "sec" | "second" | "seconds" => SECOND,
            "m" | "min" | "minute" | "minutes" => MINUTE,
            "h" | "hour" | "hours" => HOUR,
            "d" | "day" | "days" => DAY,
            "w" | "week" | "weeks" => 7 * DAY,
            _ => return None,
        };
        total = total.checked_add(microseconds(number, unit)?)?;
        rest = &unit_text[letters..];
    }
    (!text.is_empty()).then_some(total)
}

fn microseconds(number: f64, unit: i64) -> Option<i64> {
    let product = number * unit as f64;
    (product.is_finite() && product.abs() < 9e18).then_some(product.round() as i64)
}

/// Yes or no.
pub(super) fn parse_flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" => Some(true),
        "false" | "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(parse_duration("90"), Some(90 * SECOND));
        assert_eq!(parse_duration("1.5s"), Some(1_500_000));
        assert_eq!(parse_duration("1h30m"), Some(90 * MINUTE));
        assert_eq!(parse_duration("2d"), Some(2 * DAY));
        assert_eq!(parse_duration("250ms"), Some(250_000));
        for wrong in ["", "x", "5x", "m", "1h30", "1h-3m", "1e400s", "5 m"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }
}
