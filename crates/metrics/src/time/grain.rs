//! The steps in which a range is cut.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Problem, ProblemCode, nearest};

/// A step of time. The last two are not stretches but positions on the clock and in the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(rename_all = "snake_case"))]
pub enum Grain {
    /// A minute.
    Minute,
    /// A quarter of an hour of the local clock.
    QuarterHour,
    /// An hour of the local clock.
    Hour,
    /// A local day.
    Day,
    /// A week, from the day with which weeks begin.
    Week,
    /// A month.
    Month,
    /// A quarter.
    Quarter,
    /// A year.
    Year,
    /// The hour of the local clock, 0 to 23.
    HourOfDay,
    /// The day of the local week, from Monday.
    Weekday,
}

impl Grain {
    /// All grains.
    pub const ALL: [Self; 10] = [
        Self::Minute,
        Self::QuarterHour,
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
        Self::Year,
        Self::HourOfDay,
        Self::Weekday,
    ];

    /// The name, which is also that of the dimension.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::QuarterHour => "quarter_hour",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::HourOfDay => "hour_of_day",
            Self::Weekday => "weekday",
        }
    }

    /// The grain of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grain| grain.name() == name)
    }

    /// Whether the buckets repeat instead of following each other.
    pub const fn is_cyclic(self) -> bool {
        matches!(self, Self::HourOfDay | Self::Weekday)
    }
}

impl fmt::Display for Grain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Grain {
    type Err = Problem;
    fn from_str(text: &str) -> Result<Self, Problem> {
        Self::parse(text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            Problem::new(
                ProblemCode::UnknownName,
                "grain",
                format!(
                    "there is no grain `{text}`; expected one of {}",
                    names.join(", ")
                ),
            )
            .suggest(nearest(text, names))
        })
    }
}

impl Serialize for Grain {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Grain {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|problem: Problem| serde::de::Error::custom(problem))
    }
}
