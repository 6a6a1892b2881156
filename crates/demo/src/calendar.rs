//! When people write: by hour and weekday of their own time zone, by season, with growth, and with
//! what the story adds.

use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;
use upshot_core::time::{DAY, HOUR};

use crate::people::COUNTRIES;
use crate::story::Story;

/// How busy the hours of a working day are.
const WEEKDAY_HOURS: [f64; 24] = [
    0.10, 0.06, 0.04, 0.03, 0.04, 0.08, 0.20, 0.45, 0.80, 1.00, 1.05, 1.00, 0.85, 0.85, 0.95, 0.95,
    0.95, 1.00, 1.05, 1.00, 0.95, 0.80, 0.50, 0.25,
];
/// How busy the hours of a Saturday or Sunday are.
const WEEKEND_HOURS: [f64; 24] = [
    0.16, 0.10, 0.06, 0.04, 0.04, 0.05, 0.10, 0.20, 0.40, 0.65, 0.85, 0.90, 0.85, 0.80, 0.80, 0.80,
    0.85, 0.90, 0.95, 0.95, 0.90, 0.75, 0.50, 0.30,
];
/// How busy the days are, Monday first.
const WEEKDAYS: [f64; 7] = [1.15, 1.05, 1.00, 1.00, 0.95, 0.60, 0.45];
/// How busy the months are.
const MONTHS: [f64; 12] = [
    1.12, 1.00, 1.00, 0.97, 0.98, 0.95, 0.90, 0.85, 1.02, 1.05, 1.10, 1.06,
];
/// Days, as month and day, on which hardly anybody writes.
const HOLIDAYS: [(i8, i8); 4] = [(1, 1), (5, 1), (12, 25), (12, 26)];
const ON_HOLIDAYS: f64 = 0.35;

/// What the campaign and the outage add to the usual traffic.
const CAMPAIGN_EXTRA: f64 = 0.30;
const OUTAGE_EXTRA: f64 = 2.00;

/// Why a conversation starts when it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    Usual,
    Campaign,
    Outage,
}

/// The traffic of one hour from one country, by occasion.
#[derive(Clone, Copy, Default)]
pub(crate) struct Traffic {
    pub(crate) usual: f64,
    pub(crate) campaign: f64,
    pub(crate) outage: f64,
}

impl Traffic {
    pub(crate) fn total(self) -> f64 {
        self.usual + self.campaign + self.outage
    }
}

/// A day in a country.
#[derive(Clone, Copy)]
struct LocalDay {
    /// How far local time is ahead of UTC, in microseconds.
    offset: i64,
    /// How busy the day is, apart from its hours.
    level: f64,
}

/// When people write.
pub(crate) struct Calendar {
    story: Story,
    /// By day of the history and country.
    days: Vec<[LocalDay; COUNTRIES.len()]>,
    /// The traffic until the end of each hour of the history.
    until: Vec<f64>,
}

impl Calendar {
    pub(crate) fn new(story: &Story) -> Self {
        let count = ((story.end - story.begin + DAY - 1) / DAY).max(1);
        let zones = TimeZoneDatabase::bundled();
        let zones = COUNTRIES
            .each_ref()
            .map(|country| zones.get(country.zone).ok());
        let days = (0..count)
            .map(|day| {
                let noon = story.begin + day * DAY + DAY / 2;
                let growth = 0.85 + 0.30 * day as f64 / count as f64;
                zones
                    .each_ref()
                    .map(|zone| local_day(zone.as_ref(), noon, growth))
            })
            .collect();
        let mut calendar = Self {
            story: story.clone(),
            days,
            until: Vec::new(),
        };
        let mut sum = 0.0;
        let hours = (story.end - story.begin + HOUR - 1) / HOUR;
        calendar.until = (0..hours.max(1))
            .map(|hour| {
                let middle = story.begin + hour * HOUR + HOUR / 2;
                sum += (0..COUNTRIES.len())
                    .map(|country| calendar.traffic(middle, country).total())
                    .sum::<f64>();
                sum
            })
            .collect();
        calendar
    }

    fn day(&self, time: i64, country: usize) -> LocalDay {
        let day = ((time - self.story.begin).max(0) / DAY) as usize;
        self.days[day.min(self.days.len() - 1)][country]
    }

    /// The local hour of day, 0 to 23, and weekday, 0 for Monday.
    pub(crate) fn local(&self, time: i64, country: usize) -> (usize, usize) {
        let local = time + self.day(time, country).offset;
        let hour = local.rem_euclid(DAY) / HOUR;
        // The first day of 1970 was a Thursday.
        let weekday = (local.div_euclid(DAY) + 3).rem_euclid(7);
        (hour as usize, weekday as usize)
    }

    /// How much comes from a country in the hour around this time.
    pub(crate) fn traffic(&self, time: i64, country: usize) -> Traffic {
        let (hour, weekday) = self.local(time, country);
        let hours = if weekday < 5 {
            &WEEKDAY_HOURS
        } else {
            &WEEKEND_HOURS
        };
        let usual = COUNTRIES[country].weight
            * self.day(time, country).level
            * WEEKDAYS[weekday]
            * hours[hour];
        let extra = |applies: bool, factor: f64| if applies { usual * factor } else { 0.0 };
        let outage =
            self.story.outage.contains(&time) && COUNTRIES[country].code == Story::OUTAGE_COUNTRY;
        Traffic {
            usual,
            campaign: extra(self.story.campaign.contains(&time), CAMPAIGN_EXTRA),
            outage: extra(outage, OUTAGE_EXTRA),
        }
    }

    /// The time until which this share, from 0 to 1, of the whole traffic came.
    pub(crate) fn quantile(&self, share: f64) -> i64 {
        let total = self.until.last().copied().unwrap_or_default();
        let wanted = share * total;
        let hour = self.until.partition_point(|until| *until <= wanted);
        let hour = hour.min(self.until.len() - 1);
        let before = if hour == 0 { 0.0 } else { self.until[hour - 1] };
        let within = ((wanted - before) / (self.until[hour] - before)).clamp(0.0, 1.0);
        let start = self.story.begin + hour as i64 * HOUR;
        let length = (self.story.end - start).min(HOUR);
        (start + (within * length as f64) as i64).min(self.story.end - 1)
    }
}

fn local_day(zone: Option<&jiff::tz::TimeZone>, noon: i64, growth: f64) -> LocalDay {
    // A time that no calendar knows is taken as an ordinary day in UTC.
    let (Some(zone), Ok(noon)) = (zone, Timestamp::from_microsecond(noon)) else {
        return LocalDay {
            offset: 0,
            level: growth,
        };
    };
    let offset = zone.to_offset(noon);
    let date = offset.to_datetime(noon).date();
    let holiday = HOLIDAYS.contains(&(date.month(), date.day()));
    let month = MONTHS[(date.month() - 1) as usize];
    LocalDay {
        offset: i64::from(offset.seconds()) * 1_000_000,
        level: growth * month * if holiday { ON_HOLIDAYS } else { 1.0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DemoOptions;

    /// 2025-11-01T00:00:00Z: the history before it holds a change of the clocks.
    const END: i64 = 1_761_955_200_000_000;

    fn calendar() -> Calendar {
        Calendar::new(&Story::of(&DemoOptions::until(END)))
    }

    #[test]
    fn local_time_follows_the_clocks() {
        let calendar = calendar();
        // Friday, 31 October 2025, noon UTC is 13 o'clock in Berlin; on 1 October it was 14.
        assert_eq!(calendar.local(END - DAY / 2, 0), (13, 4));
        assert_eq!(calendar.local(END - 31 * DAY + DAY / 2, 0), (14, 2));
    }

    #[test]
    fn quantiles_grow_and_stay_within() {
        let calendar = calendar();
        let times: Vec<_> = (0..=1000)
            .map(|share| calendar.quantile(f64::from(share) / 1000.0))
            .collect();
        assert!(times.is_sorted());
        assert!(times[0] >= END - 90 * DAY && times[1000] < END);
    }

    #[test]
    fn nights_and_sundays_are_quiet() {
        let calendar = calendar();
        let monday_ten = END - 5 * DAY + 9 * HOUR;
        let traffic = |time| calendar.traffic(time, 0).total();
        assert_eq!(calendar.local(monday_ten, 0), (10, 0));
        assert!(traffic(monday_ten) > 2.0 * traffic(monday_ten - DAY));
        assert!(traffic(monday_ten) > 10.0 * traffic(monday_ten - 7 * HOUR));
    }
}
