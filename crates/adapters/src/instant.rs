//! Times as sources write them, to UTC microseconds.

use jiff::Timestamp;

/// RFC 3339 text with a zone, or ISO 8601 without one, which is taken as UTC.
pub(crate) fn parse_text(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp.as_microsecond());
    }
    let civil = text.parse::<jiff::civil::DateTime>().ok()?;
    let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_microsecond())
}

/// Seconds, milliseconds or microseconds since 1970, told apart by their size: below 10¹¹ seconds
/// (the year 5138), below 10¹⁴ milliseconds, else microseconds. Negative numbers are none.
pub(crate) fn from_integer(number: i64) -> Option<i64> {
    match number {
        ..0 => None,
        0..100_000_000_000 => number.checked_mul(1_000_000),
        100_000_000_000..100_000_000_000_000 => number.checked_mul(1_000),
        _ => Some(number),
    }
}

/// As [`from_integer`], with a fraction.
pub(crate) fn from_real(number: f64) -> Option<i64> {
    let unit = match number {
        _ if !number.is_finite() || number < 0.0 => return None,
        _ if number < 1e11 => 1e6,
        _ if number < 1e14 => 1e3,
        _ => 1.0,
    };
    let microseconds = (number * unit).round();
    (microseconds < 9.2e18).then_some(microseconds as i64)
}
