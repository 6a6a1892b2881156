//! Times are UTC microseconds since 1970 and days are whole UTC days since 1970.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Microseconds of a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds of a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds of an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds of a day.
pub const DAY: i64 = 24 * HOUR;

/// The UTC day of a time.
pub const fn day_of(time: i64) -> i32 {
    time.div_euclid(DAY) as i32
}

/// The first microsecond of a UTC day.
pub const fn start_of_day(day: i32) -> i64 {
    day as i64 * DAY
}

/// The day with which weeks begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeekStart {
    /// As ISO 8601 has it.
    #[default]
    Monday,
    /// As in North America.
    Sunday,
    /// As in much of the Middle East.
    Saturday,
}

impl WeekStart {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Monday, Self::Sunday, Self::Saturday];

    /// The name that people write.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Monday => "monday",
            Self::Sunday => "sunday",
            Self::Saturday => "saturday",
        }
    }

    /// How many days after a Monday weeks begin.
    pub const fn days_after_monday(self) -> i8 {
        match self {
            Self::Monday => 0,
            Self::Saturday => 5,
            Self::Sunday => 6,
        }
    }
}

impl fmt::Display for WeekStart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// No day with which weeks may begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("weeks cannot begin with `{0}`; expected monday, sunday or saturday")]
pub struct UnknownWeekStart(String);

impl FromStr for WeekStart {
    type Err = UnknownWeekStart;

    fn from_str(text: &str) -> Result<Self, UnknownWeekStart> {
        let found = Self::ALL.into_iter().find(|start| start.as_str() == text);
        found.ok_or_else(|| UnknownWeekStart(text.chars().take(40).collect()))
    }
}
