//! Smallest and largest values of a column, as the catalog writes them.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::schema::ColumnKind;
use upshot_core::FieldKind;

/// The smallest or largest value of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    /// A whole number.
    Integer(i64),
    /// UTC microseconds since 1970.
    Time(i64),
    /// UTC days since 1970.
    Day(i32),
    /// A number.
    Real(f64),
    /// Yes or no.
    Flag(bool),
    /// Text.
    Text(String),
}

impl Bound {
    /// The order of two values of one column; none where they are of different kinds.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(left), Self::Integer(right)) | (Self::Time(left), Self::Time(right)) => {
                Some(left.cmp(right))
            }
            (Self::Day(left), Self::Day(right)) => Some(left.cmp(right)),
            (Self::Real(left), Self::Real(right)) => left.partial_cmp(right),
            (Self::Flag(left), Self::Flag(right)) => Some(left.cmp(right)),
            (Self::Text(left), Self::Text(right)) => Some(left.cmp(right)),
            _ => None,
        }
    }

    /// The value as the catalog writes it; none for a time that its format cannot say.
    pub fn to_text(&self) -> Option<String> {
        Some(match self {
            Self::Integer(value) => value.to_string(),
            Self::Time(value) => time_text(*value)?,
            Self::Day(value) => day_text(*value)?,
            Self::Real(value) => format!("{value:?}"),
            Self::Flag(value) => if *value { "1" } else { "0" }.to_owned(),
            // The catalog's readers put the value into SQL, which ends at a zero.
            Self::Text(value) if value.contains('\0') => return None,
            Self::Text(value) => value.clone(),
        })
    }

    /// Reads what the catalog has for a column of this kind.
    pub fn parse(kind: ColumnKind, text: &str) -> Option<Self> {
        Some(match kind {
            ColumnKind::Day => Self::Day(parse_day(text)?),
            ColumnKind::Bucket => Self::Integer(text.parse().ok()?),
            ColumnKind::Field(kind) => match kind {
                FieldKind::Key | FieldKind::Text | FieldKind::Label | FieldKind::Word => {
                    Self::Text(text.to_owned())
                }
                FieldKind::Instant | FieldKind::Time => {
                    let time: Timestamp = text.replacen(' ', "T", 1).parse().ok()?;
                    Self::Time(time.as_microsecond())
                }
                FieldKind::Count | FieldKind::Integer => Self::Integer(text.parse().ok()?),
                FieldKind::Real => Self::Real(text.parse().ok()?),
                FieldKind::Flag | FieldKind::Bool => Self::Flag(match text {
                    "1" | "true" => true,
                    "0" | "false" => false,
                    _ => return None,
                }),
                FieldKind::Map => return None,
            },
        })
    }
}

/// A time as the catalog writes it, for example `2026-01-31 09:05:00.25+00`.
pub fn time_text(time: i64) -> Option<String> {
    let time = Timestamp::from_microsecond(time).ok()?;
    let text = time.strftime("%Y-%m-%d %H:%M:%S%.f+00").to_string();
    (!text.starts_with('-')).then_some(text)
}

/// A day as the catalog writes it, for example `2026-01-31`.
pub fn day_text(day: i32) -> Option<String> {
    let time = Timestamp::from_second(i64::from(day) * 86_400).ok()?;
    let text = time.strftime("%Y-%m-%d").to_string();
    (!text.starts_with('-')).then_some(text)
}

/// Reads a day as the catalog writes it.
pub fn parse_day(text: &str) -> Option<i32> {
    let date: Date = text.parse().ok()?;
    let time = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    i32::try_from(time.as_second().div_euclid(86_400)).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn values_survive_being_written() {
        let values = [
            (ColumnKind::Day, Bound::Day(20_000), "2024-10-04"),
            (ColumnKind::Bucket, Bound::Integer(7), "7"),
            (
                ColumnKind::Field(FieldKind::Instant),
                Bound::Time(1_704_067_200_250_000),
                "2024-01-01 00:00:00.25+00",
            ),
            (
                ColumnKind::Field(FieldKind::Instant),
                Bound::Time(-1),
                "1969-12-31 23:59:59.999999+00",
            ),
            (
                ColumnKind::Field(FieldKind::Real),
                Bound::Real(-1.5e300),
                "-1.5e300",
            ),
            (ColumnKind::Field(FieldKind::Flag), Bound::Flag(true), "1"),
            (
                ColumnKind::Field(FieldKind::Label),
                Bound::Text("ä'b".into()),
                "ä'b",
            ),
        ];
        for (kind, value, text) in values {
            assert_eq!(value.to_text().as_deref(), Some(text));
            assert_eq!(Bound::parse(kind, text), Some(value));
        }
    }

    #[test]
    fn what_the_catalog_cannot_say_is_left_out() {
        assert_eq!(Bound::Time(i64::MAX).to_text(), None);
        assert_eq!(Bound::Day(-5_000_000).to_text(), None);
        assert_eq!(Bound::Text("a\0b".into()).to_text(), None);
    }
}
