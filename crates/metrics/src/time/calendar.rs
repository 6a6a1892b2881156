//! How a question reads the calendar.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use upshot_core::time::WeekStart;
use upshot_lake::Preferences;

use super::range::parse_zone;
use crate::error::Problem;

/// The zone of days and hours, and with which day weeks begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// The zone.
    pub zone: TimeZone,
    /// With which day weeks begin.
    pub week_start: WeekStart,
}

/// The name of the zone where neither a question nor its workspace names one.
const UTC: &str = "UTC";

impl Calendar {
    /// What a question says, or else its workspace.
    ///
    /// # Errors
    /// When the question names a zone that there is not, or another day than weeks begin with.
    pub fn of(
        time_zone: Option<&str>,
        week_start: Option<&str>,
        preferences: &Preferences,
    ) -> Result<Self, Problem> {
        let week_start = match week_start {
            None => preferences.week_start,
            Some(text) => text
                .parse::<WeekStart>()
                .map_err(|error| not_a_week(text, &error))?,
        };
        let zone = parse_zone(zone_name(time_zone, preferences))?;
        Ok(Self { zone, week_start })
    }

    /// The day on which a time lies.
    pub fn day(&self, time: i64) -> Date {
        let timestamp = Timestamp::from_microsecond(time).unwrap_or_default();
        self.zone.to_datetime(timestamp).date()
    }
}

impl From<TimeZone> for Calendar {
    fn from(zone: TimeZone) -> Self {
        Self {
            zone,
            week_start: WeekStart::default(),
        }
    }
}

/// The zone that a question names, or else its workspace.
pub(crate) fn zone_name<'a>(time_zone: Option<&'a str>, preferences: &'a Preferences) -> &'a str {
    let named = time_zone.or(preferences.time_zone.as_deref());
    named.unwrap_or(UTC)
}

fn not_a_week(text: &str, error: &upshot_core::time::UnknownWeekStart) -> Problem {
    let names = WeekStart::ALL.map(WeekStart::as_str);
    Problem::new(
        crate::error::ProblemCode::UnknownName,
        "week_start",
        error.to_string(),
    )
    .suggest(crate::error::nearest(text, names))
}
