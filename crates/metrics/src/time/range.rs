//! Ranges: what a query says, and the instants that it means.

use std::fmt;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan, Unit};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use upshot_core::time::{HOUR, MINUTE};

use super::beside::Back;
use super::buckets::{first_day, span, start_of};
use super::calendar::Calendar;
use super::grain::Grain;
use crate::error::{Problem, ProblemCode};

/// A range as a query says it: from and to, or the last so many units. Nothing means all there is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default, remote = "Self")]
pub struct RangeSpec {
    /// The first day or instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last day, which still belongs to the range, or the instant at which the range ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// `90min`, `24h` and `28d` end now and hold the unfinished day; `4w`, `3mo`, `2q` and `1y` are whole
    /// weeks, months, quarters and years that are over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

/// An object only: what serde derives would take a list of the members too.
impl<'de> Deserialize<'de> for RangeSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OnlyObjects;
        impl<'de> Visitor<'de> for OnlyObjects {
            type Value = RangeSpec;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a range: an object with `from` and `to`, or `last`")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<RangeSpec, A::Error> {
                RangeSpec::deserialize(MapAccessDeserializer::new(members))
            }
        }
        deserializer.deserialize_map(OnlyObjects)
    }
}

impl Serialize for RangeSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

/// Instants from `from` until before `to`, in UTC microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first instant.
    pub from: i64,
    /// The first instant that is no longer in it.
    pub to: i64,
}

impl Range {
    /// All of time.
    pub const ALL: Self = Self {
        from: i64::MIN,
        to: i64::MAX,
    };

    /// Whether the time lies within.
    pub const fn contains(self, time: i64) -> bool {
        self.from <= time && time < self.to
    }

    /// The range that just holds both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        Self {
            from: self.from.min(other.from),
            to: self.to.max(other.to),
        }
    }

    /// Whether neither end is open.
    pub const fn is_bounded(self) -> bool {
        self.from != i64::MIN && self.to != i64::MAX
    }
}

/// What a range is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compare {
    /// As long a stretch of the calendar, right before.
    Previous,
    /// The same dates a year before.
    Year,
    /// 52 weeks before: the same season, and the same weekdays.
    YearByWeekday,
    /// Another range.
    Range(String, String),
    /// The same range of another segment.
    Segment(String),
}

impl Compare {
    /// Reads `previous`, `year`, `year_by_weekday`, `FROM..TO` or `segment NAME`.
    ///
    /// # Errors
    /// When the text is none of these.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        match text {
            "previous" => Ok(Self::Previous),
            "year" => Ok(Self::Year),
            "year_by_weekday" => Ok(Self::YearByWeekday),
            _ if text.starts_with("segment ") => {
                let name = text["segment ".len()..].trim().trim_matches('"');
                Ok(Self::Segment(name.to_owned()))
            }
            _ => match text.split_once("..") {
                Some((from, to)) => Ok(Self::Range(from.trim().to_owned(), to.trim().to_owned())),
                None => Err(Problem::new(
                    ProblemCode::WrongType,
                    "compare",
                    format!(
                        "`{text}` is no comparison; write `previous`, `year`, `year_by_weekday`, \
                         `FROM..TO` or `segment NAME`"
                    ),
                )),
            },
        }
    }
}

/// The time zone of an IANA name.
///
/// # Errors
/// When there is none of this name.
pub fn parse_zone(name: &str) -> Result<TimeZone, Problem> {
    TimeZone::get(name).map_err(|_| {
        let known: Vec<String> = jiff::tz::db()
            .available()
            .map(|name| name.to_string())
            .collect();
        Problem::new(
            ProblemCode::UnknownName,
            "time_zone",
            format!("there is no time zone `{name}`; use an IANA name such as `Europe/Berlin`"),
        )
        .suggest(crate::error::nearest(
            name,
            known.iter().map(String::as_str),
        ))
    })
}

/// An instant with its offset in a zone, as RFC 3339 has it.
pub(crate) fn format_instant(time: i64, zone: &TimeZone) -> String {
    let Ok(timestamp) = Timestamp::from_microsecond(time) else {
        return time.to_string();
    };
    let offset = zone.to_offset(timestamp);
    timestamp.display_with_offset(offset).to_string()
}

/// A time as people write it: a date, a local date and time, or an instant with an offset.
pub fn parse_instant(text: &str, zone: &TimeZone) -> Option<i64> {
    parse_date(text)
        .map(|date| start_of(date, zone))
        .or_else(|| parse_time(text, zone))
}

fn parse_date(text: &str) -> Option<Date> {
    // A date with a time also reads as a date; only the plain form is one.
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

fn parse_time(text: &str, zone: &TimeZone) -> Option<i64> {
    let instant = text.parse::<Timestamp>().or_else(|_| {
        let local: DateTime = text.parse()?;
        zone.to_timestamp(local)
    });
    instant.ok().map(Timestamp::as_microsecond)
}

fn problem(field: &str, message: String) -> Problem {
    Problem::new(ProblemCode::WrongType, field, message)
}

fn not_a_time(field: &str, text: &str) -> Problem {
    problem(
        field,
        format!("`{text}` is no time; write `2026-03-29` or `2026-03-29T10:00:00Z`"),
    )
}

/// The instants that a range means.
///
/// # Errors
/// When an end cannot be read, the range ends before it begins, or `last` stands beside `from` or
/// `to`.
pub fn resolve_range(spec: &RangeSpec, calendar: &Calendar, now: i64) -> Result<Range, Problem> {
    if let Some(last) = &spec.last {
        if spec.from.is_some() || spec.to.is_some() {
            return Err(Problem::new(
                ProblemCode::Conflict,
                "range.last",
                "`last` and `from` or `to` exclude each other",
            ));
        }
        return last_units(last, calendar, now);
    }
    from_to(
        spec.from.as_deref(),
        spec.to.as_deref(),
        &calendar.zone,
        "range",
    )
}

fn from_to(
    from: Option<&str>,
    to: Option<&str>,
    zone: &TimeZone,
    field: &str,
) -> Result<Range, Problem> {
    let from = match from {
        None => i64::MIN,
        Some(text) => {
            parse_instant(text, zone).ok_or_else(|| not_a_time(&format!("{field}.from"), text))?
        }
    };
    let to = match to {
        None => i64::MAX,
        Some(text) => match parse_date(text) {
            // The named day still belongs to the range.
            Some(date) => date
                .tomorrow()
                .map_or(i64::MAX, |next| start_of(next, zone)),
            None => {
                parse_time(text, zone).ok_or_else(|| not_a_time(&format!("{field}.to"), text))?
            }
        },
    };
    if to <= from {
        return Err(Problem::new(
            ProblemCode::Conflict,
            format!("{field}.to"),
            "the range ends before it begins",
        ));
    }
    Ok(Range { from, to })
}

fn last_units(text: &str, calendar: &Calendar, now: i64) -> Result<Range, Problem> {
    let zone = &calendar.zone;
    let wrong = || {
        problem(
            "range.last",
            format!(
                "`{text}` is no range; write a number and one of min, h, d, w, mo, q, y, as in `28d`"
            ),
        )
    };
    let digits = text
        .find(|character: char| !character.is_ascii_digit())
        .ok_or_else(wrong)?;
    let count: i64 = text[..digits].parse().map_err(|_| wrong())?;
    if count == 0 || count > 5_000_000 {
        return Err(wrong());
    }
    let grain = match &text[digits..] {
        "min" => {
            return Ok(Range {
                from: now - count * MINUTE,
                to: now,
            });
        }
        "h" => {
            return Ok(Range {
                from: now - count * HOUR,
                to: now,
            });
        }
        "d" => Grain::Day,
        "w" => Grain::Week,
        "mo" => Grain::Month,
        "q" => Grain::Quarter,
        "y" => Grain::Year,
        _ => return Err(wrong()),
    };
    let today = local(now, zone).date();
    let back = |date: Date, count: i64| {
        date.checked_sub(span(grain, count))
            .map_or(i64::MIN, |date| start_of(date, zone))
    };
    Ok(match grain {
        Grain::Day => Range {
            from: back(today, count - 1),
            to: now,
        },
        _ => {
            let current = first_day(grain, today, calendar.week_start);
            Range {
                from: back(current, count),
                to: start_of(current, zone),
            }
        }
    })
}

fn local(time: i64, zone: &TimeZone) -> DateTime {
    let timestamp = Timestamp::from_microsecond(time).unwrap_or_default();
    zone.to_datetime(timestamp)
}

/// The range to compare with. A range that is not over is compared with as much of the other one as
/// has passed of it.
///
/// # Errors
/// When the range is open at an end, so that there is no «before», or the other range cannot be read.
pub fn resolve_compare(
    compare: &Compare,
    range: Range,
    zone: &TimeZone,
    now: i64,
) -> Result<Range, Problem> {
    let passed = Range {
        from: range.from,
        to: range.to.min(now).max(range.from),
    };
    let (other_from, other_to) = match compare {
        Compare::Range(from, to) => {
            let other = from_to(Some(from), Some(to), zone, "compare")?;
            return Ok(if passed.to < range.to {
                let elapsed = passed.to - passed.from;
                Range {
                    from: other.from,
                    to: other.to.min(other.from.saturating_add(elapsed)),
                }
            } else {
                other
            });
        }
        Compare::Segment(_) => return Ok(range),
        _ if !range.is_bounded() => {
            return Err(Problem::new(
                ProblemCode::Missing,
                "compare",
                "a comparison needs a range with both ends; give `from` and `to`, or `last`",
            ));
        }
        Compare::Year => (
            shift(range.from, 1.years(), zone),
            shift(passed.to, 1.years(), zone),
        ),
        Compare::YearByWeekday => (
            shift(range.from, 52.weeks(), zone),
            shift(passed.to, 52.weeks(), zone),
        ),
        Compare::Previous => previous(range, passed, zone, now),
    };
    if other_from >= other_to {
        return Err(problem(
            "compare",
            "the range to compare with is empty".to_owned(),
        ));
    }
    Ok(Range {
        from: other_from,
        to: other_to,
    })
}

fn shift(time: i64, back: Span, zone: &TimeZone) -> i64 {
    local(time, zone)
        .checked_sub(back)
        .ok()
        .and_then(|earlier| zone.to_timestamp(earlier).ok())
        .map_or(i64::MIN, Timestamp::as_microsecond)
}

/// A range that ends now within a day stands for the whole of that day.
fn previous(range: Range, passed: Range, zone: &TimeZone, now: i64) -> (i64, i64) {
    let unfinished =
        passed.to < range.to || (range.to == now && !is_midnight(local(range.to, zone)));
    match before(range, zone, now) {
        Back::Time(length) => (range.from - length, passed.to - length),
        Back::Calendar(back) => {
            let to = match unfinished {
                true => shift(passed.to, back, zone),
                false => range.from,
            };
            (shift(range.from, back, zone), to)
        }
    }
}

/// Whole months go back by months, whole days by days of the calendar, anything else by its length.
fn before(range: Range, zone: &TimeZone, now: i64) -> Back {
    let (begin, end) = (local(range.from, zone), local(range.to, zone));
    let by_length = Back::Time(range.to - range.from);
    let end = match is_midnight(end) {
        true => end.date(),
        false if range.to == now => end.date().tomorrow().unwrap_or(Date::MAX),
        false => return by_length,
    };
    if !is_midnight(begin) {
        return by_length;
    }
    let begin = begin.date();
    Back::Calendar(if begin.day() == 1 && end.day() == 1 {
        let years = i64::from(end.year() - begin.year());
        (years * 12 + i64::from(end.month() - begin.month())).months()
    } else {
        i64::from(begin.until(end).map_or(1, |span| span.get_days())).days()
    })
}

/// How far the range to compare with lies before the range, for stretches of this grain.
pub(crate) fn back(
    compare: &Compare,
    grain: Grain,
    (range, other): (Range, Range),
    zone: &TimeZone,
    now: i64,
) -> Back {
    match compare {
        Compare::Previous => before(range, zone, now),
        Compare::Year => Back::Calendar(1.years()),
        Compare::YearByWeekday => Back::Calendar(52.weeks()),
        Compare::Range(..) => Back::Calendar(apart(
            local(other.from, zone),
            local(range.from, zone),
            grain,
        )),
        Compare::Segment(_) => Back::Time(0),
    }
}

/// What lies between two beginnings: days and times, or whole months where stretches are those of the calendar.
fn apart(other: DateTime, begin: DateTime, grain: Grain) -> Span {
    let of_months = matches!(grain, Grain::Month | Grain::Quarter | Grain::Year);
    if of_months && other.day() == begin.day() && other.time() == begin.time() {
        return other.until((Unit::Month, begin)).unwrap_or_default();
    }
    other.until((Unit::Day, begin)).unwrap_or_default()
}

fn is_midnight(local: DateTime) -> bool {
    local.time() == jiff::civil::Time::midnight()
}
