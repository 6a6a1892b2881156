//! Times as a mapping says that they are written, and lengths of time.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use upshot_core::time::{DAY, HOUR, MINUTE, SECOND};

use super::rule::plain;
use crate::json::Json;
use crate::row::{Problem, shorten, time};

/// How a time is written.
#[derive(Debug, Clone)]
pub(super) enum TimeForm {
    /// RFC 3339 with a zone, or a number whose size tells its unit.
    Any,
    /// A number of so many nanoseconds.
    Unix(i64),
    /// ISO 8601, in this zone where it names none.
    Iso(Option<TimeZone>),
    /// A pattern with the signs of `strptime`, in this zone where it names none.
    Pattern(Box<str>, Option<TimeZone>),
}

/// The names of the forms that have one.
pub(super) const FORMS: &[&str] = &[
    "unix_seconds",
    "unix_milliseconds",
    "unix_microseconds",
    "unix_nanoseconds",
    "iso",
];

impl TimeForm {
    /// The form of this name or pattern; whether it lacks a zone is for the caller to judge.
    pub fn parse(text: &str, zone: Option<TimeZone>) -> Option<Self> {
        Some(match text {
            "unix_seconds" => Self::Unix(1_000_000_000),
            "unix_milliseconds" => Self::Unix(1_000_000),
            "unix_microseconds" => Self::Unix(1_000),
            "unix_nanoseconds" => Self::Unix(1),
            "iso" => Self::Iso(zone),
            pattern if pattern.contains('%') => Self::Pattern(pattern.into(), zone),
            _ => return None,
        })
    }
}

/// Whether a pattern reads a zone or an offset.
pub(super) fn names_zone(pattern: &str) -> bool {
    ["%z", "%:z", "%Q", "%:Q", "%s"]
        .iter()
        .any(|it| pattern.contains(it))
}

/// A value as UTC microseconds.
pub(super) fn time_of(name: &str, form: &TimeForm, value: &Json<'_>) -> Result<i64, Problem> {
    let wrong = |cure: &str| {
        let shown = plain(value).map_or_else(
            || value.kind().to_owned(),
            |it| format!("`{}`", shorten(&it)),
        );
        Problem::new(name, format!("`{name}` is no such time: {shown}"), cure)
    };
    let found = match form {
        TimeForm::Any => return time(name, value),
        TimeForm::Unix(unit) => unix(value, *unit).ok_or_else(|| wrong("the mapping expects a number since 1970; correct `time` of the mapping, or the value"))?,
        TimeForm::Iso(zone) => {
            let text = plain(value).unwrap_or_default();
            iso(text.trim(), zone.as_ref()).ok_or_else(|| wrong("write 2026-01-31T09:30:00Z, or give the mapping's `time` a `zone` for times without one"))?
        }
        TimeForm::Pattern(pattern, zone) => {
            let text = plain(value).unwrap_or_default();
            patterned(pattern, text.trim(), zone.as_ref())
                .ok_or_else(|| wrong(&format!("the mapping expects the pattern `{pattern}`; correct it, or the value")))?
        }
    };
    match Timestamp::from_microsecond(found) {
        Ok(_) => Ok(found),
        Err(_) => Err(wrong(
            "the year must be at most 9999; perhaps the unit in `time` is wrong",
        )),
    }
}

/// A number since 1970 in units of so many nanoseconds, as a number or text.
fn unix(value: &Json<'_>, unit: i64) -> Option<i64> {
    let whole = |number: i64| {
        let nanoseconds = i128::from(number) * i128::from(unit);
        i64::try_from(nanoseconds.div_euclid(1_000)).ok()
    };
    let real = |number: f64| {
        let microseconds = (number * (unit as f64) / 1e3).round();
        (microseconds.abs() < 9e18).then_some(microseconds as i64)
    };
    match value {
        Json::Integer(number) => whole(*number),
        Json::Real(number) => real(*number),
        Json::Text(text) => match text.trim().parse::<i64>() {
            Ok(number) => whole(number),
            Err(_) => real(text.trim().parse().ok().filter(|it: &f64| it.is_finite())?),
        },
        _ => None,
    }
}

fn iso(text: &str, zone: Option<&TimeZone>) -> Option<i64> {
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp.as_microsecond());
    }
    in_zone(text.parse().ok()?, zone)
}

fn patterned(pattern: &str, text: &str, zone: Option<&TimeZone>) -> Option<i64> {
    let parts = BrokenDownTime::parse(pattern, text).ok()?;
    if let Ok(timestamp) = parts.to_timestamp() {
        return Some(timestamp.as_microsecond());
    }
    let civil = parts
        .to_datetime()
        .or_else(|_| parts.to_date().map(|date| date.at(0, 0, 0, 0)))
        .ok()?;
    in_zone(civil, zone)
}

/// A local time in its zone; one that the clock passes twice is the first, one that it leaves out
/// lies as much later.
fn in_zone(civil: DateTime, zone: Option<&TimeZone>) -> Option<i64> {
    let zoned = zone?.to_zoned(civil).ok()?;
    Some(zoned.timestamp().as_microsecond())
}

/// A length of time: a number and `us`, `ms`, `s`, `m`, `h` or `d`.
pub(super) fn length(text: &str) -> Option<i64> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "us" => 1,
        "ms" => SECOND / 1_000,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        _ => return None,
    };
    let number: i64 = digits.parse().ok()?;
    number
        .checked_mul(unit)
        .filter(|it| it.abs() <= 3_660 * DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A time in RFC 3339, or why it is none.
    fn read(form: &str, zone: Option<&str>, value: Json<'_>) -> String {
        let zone = zone.map(|name| TimeZone::get(name).unwrap());
        let form = TimeForm::parse(form, zone).unwrap();
        match time_of("time", &form, &value) {
            Ok(time) => Timestamp::from_microsecond(time).unwrap().to_string(),
            Err(problem) => problem.reason,
        }
    }

    #[test]
    fn times_are_read_as_the_mapping_says() {
        let number = |it| Json::Integer(it);
        let text = |it| Json::Text(std::borrow::Cow::Borrowed(it));
        assert_eq!(
            read("unix_seconds", None, number(1_589_375_664)),
            "2020-05-13T13:14:24Z"
        );
        assert_eq!(
            read("unix_seconds", None, text("1589375664.5")),
            "2020-05-13T13:14:24.5Z"
        );
        assert_eq!(
            read("unix_milliseconds", None, number(1_589_375_664_250)),
            "2020-05-13T13:14:24.25Z"
        );
        assert_eq!(
            read("unix_nanoseconds", None, text("1589375664000001000")),
            "2020-05-13T13:14:24.000001Z"
        );
        assert_eq!(
            read("iso", None, text("2020-05-13T15:14:24+02:00")),
            "2020-05-13T13:14:24Z"
        );
        assert_eq!(
            read("iso", Some("Europe/Berlin"), text("2020-05-13 15:14:24")),
            "2020-05-13T13:14:24Z"
        );
        assert_eq!(
            read("iso", None, text("2020-05-13 15:14:24")),
            "`time` is no such time: `2020-05-13 15:14:24`"
        );
        assert_eq!(
            read(
                "%d.%m.%Y %H:%M",
                Some("Europe/Berlin"),
                text("13.05.2020 15:14")
            ),
            "2020-05-13T13:14:00Z"
        );
        assert_eq!(
            read("%d/%m/%Y", Some("UTC"), text("13/05/2020")),
            "2020-05-13T00:00:00Z"
        );
        assert_eq!(
            read(
                "%Y-%m-%d %H:%M:%S %z",
                None,
                text("2020-05-13 15:14:24 +0200")
            ),
            "2020-05-13T13:14:24Z"
        );
        assert_eq!(
            read("unix_seconds", None, text("soon")),
            "`time` is no such time: `soon`"
        );
        assert_eq!(
            read("unix_seconds", None, number(1_589_375_664_250)),
            "`time` is no such time: `1589375664250`"
        );
        assert_eq!(
            read("unix_seconds", None, Json::Array(Vec::new())),
            "`time` is no such time: an array"
        );
    }

    #[test]
    fn lengths_have_a_unit() {
        assert_eq!(length("30s"), Some(30 * SECOND));
        assert_eq!(length("-5m"), Some(-5 * MINUTE));
        assert_eq!(length("250ms"), Some(SECOND / 4));
        assert_eq!(length("30"), None);
        assert_eq!(length("3 s"), None);
        assert_eq!(length("99999999d"), None);
    }
}
