//! The buckets of a range: boundaries computed once with the rules of the time zone, applied to rows
//! by search, so that no row asks for a time zone.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};
use upshot_core::time::{DAY, HOUR, MINUTE, WeekStart};

use super::beside::other_than_plain;
use super::calendar::Calendar;
use super::grain::Grain;
use super::range::{Range, format_instant};
use crate::error::{Problem, ProblemCode};

/// The most buckets that one query may make.
pub const MOST_BUCKETS: usize = 50_000;

/// The names of the positions of a week.
pub(crate) const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// The names of the positions of a day.
pub(crate) const HOURS: [&str; 24] = [
    "00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15",
    "16", "17", "18", "19", "20", "21", "22", "23",
];

/// Stretches that follow each other, each at the position that it has among them; or that of another range's stretch
/// beside which it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buckets {
    pub(super) grain: Grain,
    /// The first microsecond of each bucket, ascending, and the end of the last.
    pub(super) boundaries: Vec<i64>,
    /// The position of each, where they do not follow each other from the first on.
    pub(super) positions: Option<Vec<u32>>,
    pub(super) zone: TimeZone,
}

impl Buckets {
    /// Cuts a range. The first and last bucket keep their full names though the range may hold only a
    /// part of them.
    ///
    /// # Errors
    /// When the range makes more than [`MOST_BUCKETS`].
    pub fn new(grain: Grain, range: Range, calendar: &Calendar) -> Result<Self, Problem> {
        let mut boundaries = Vec::new();
        let mut start = floor(grain, range.from, calendar);
        while start < range.to {
            boundaries.push(start);
            if boundaries.len() > MOST_BUCKETS {
                return Err(Problem::new(
                    ProblemCode::OutOfRange,
                    "grain",
                    format!(
                        "the range makes more than {MOST_BUCKETS} buckets of one {grain}; \
                         narrow the range or choose a coarser grain"
                    ),
                ));
            }
            let next = next(grain, start, calendar);
            // The rules of a zone never bring a boundary back; at the end of time there is no next.
            if next <= start {
                break;
            }
            start = next;
        }
        boundaries.push(start.max(range.to));
        Ok(Self {
            grain,
            boundaries,
            positions: None,
            zone: calendar.zone.clone(),
        })
    }

    /// How many buckets; of those that stand beside others, how many positions.
    pub fn len(&self) -> usize {
        let most = self.positions.iter().flatten().max();
        most.map_or(self.boundaries.len() - 1, |most| *most as usize + 1)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bucket of a time, trying first the one of the time before: rows come near each other.
    #[inline]
    pub fn find(&self, time: i64, hint: usize) -> Option<usize> {
        if hint + 1 < self.boundaries.len()
            && self.boundaries[hint] <= time
            && time < self.boundaries[hint + 1]
        {
            return Some(self.position(hint));
        }
        let after = self
            .boundaries
            .partition_point(|boundary| *boundary <= time);
        (after > 0 && after < self.boundaries.len()).then(|| self.position(after - 1))
    }

    #[inline]
    pub(super) fn position(&self, stretch: usize) -> usize {
        let positions = self.positions.as_ref();
        positions.map_or(stretch, |positions| positions[stretch] as usize)
    }

    /// The step.
    pub(crate) fn grain(&self) -> Grain {
        self.grain
    }

    /// Those in which times of this stretch lie, and the position of the first of them.
    pub(crate) fn within(&self, times: Range) -> (Self, usize) {
        let begun = self
            .boundaries
            .partition_point(|boundary| *boundary <= times.from);
        let first = begun.saturating_sub(1);
        let end = self
            .boundaries
            .partition_point(|boundary| *boundary < times.to);
        let end = end.clamp(first, self.boundaries.len() - 1);
        let positions = self.positions.as_ref().map(|all| &all[first..end]);
        let least = match positions {
            None => first,
            Some(positions) => positions.iter().min().map_or(0, |least| *least as usize),
        };
        // What follows each other from the first on is found the same in every range.
        let positions = positions.and_then(|positions| {
            let counted = positions.iter().map(|position| position - least as u32);
            other_than_plain(counted.collect())
        });
        let within = Self {
            grain: self.grain,
            boundaries: self.boundaries[first..=end].to_vec(),
            positions,
            zone: self.zone.clone(),
        };
        (within, least)
    }

    /// Whether there is one, and all times of this stretch lie in it.
    pub(crate) fn is_one_around(&self, times: Range) -> bool {
        matches!(self.boundaries[..], [from, to] if from <= times.from && times.to <= to)
    }

    /// The first microsecond of each stretch and the end of the last, and their positions where they do not follow
    /// each other.
    pub(crate) fn cuts(&self) -> (&[i64], Option<&[u32]>) {
        (&self.boundaries, self.positions.as_deref())
    }

    /// The first microsecond of a bucket.
    pub fn start(&self, bucket: usize) -> i64 {
        self.boundaries[bucket.min(self.boundaries.len() - 1)]
    }

    /// A bucket's name: its local date, month, quarter or year, or the instant with its offset.
    pub fn label(&self, bucket: usize) -> String {
        let start = self.start(bucket);
        let date = local(start, &self.zone).date();
        match self.grain {
            Grain::Day | Grain::Week => date.to_string(),
            Grain::Month => format!("{:04}-{:02}", date.year(), date.month()),
            Grain::Quarter => format!("{:04}-Q{}", date.year(), (date.month() - 1) / 3 + 1),
            Grain::Year => format!("{:04}", date.year()),
            _ => format_instant(start, &self.zone),
        }
    }
}

pub(super) fn timestamp(time: i64) -> Timestamp {
    Timestamp::from_microsecond(time).unwrap_or(if time < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

pub(super) fn local(time: i64, zone: &TimeZone) -> DateTime {
    zone.to_datetime(timestamp(time))
}

/// The first instant of a local day: midnight, or the instant to which the clock is put forward
/// there.
pub(super) fn start_of(date: Date, zone: &TimeZone) -> i64 {
    zone.to_zoned(date.at(0, 0, 0, 0))
        .map_or(i64::MAX, |zoned| zoned.timestamp().as_microsecond())
}

/// The first day of the calendar's stretch that holds this day.
pub(super) fn first_day(grain: Grain, date: Date, week_start: WeekStart) -> Date {
    let first = match grain {
        Grain::Week => {
            let since_monday = date.weekday().to_monday_zero_offset();
            let back = i64::from((since_monday - week_start.days_after_monday()).rem_euclid(7));
            date.checked_sub(back.days())
        }
        Grain::Month => Date::new(date.year(), date.month(), 1),
        Grain::Quarter => Date::new(date.year(), (date.month() - 1) / 3 * 3 + 1, 1),
        Grain::Year => Date::new(date.year(), 1, 1),
        _ => Ok(date),
    };
    first.unwrap_or(Date::MIN)
}

/// As many calendar stretches of this grain.
pub(super) fn span(grain: Grain, count: i64) -> Span {
    let count = count.clamp(-10_000, 10_000);
    match grain {
        Grain::Minute => count.minutes(),
        Grain::QuarterHour => (15 * count).minutes(),
        Grain::Hour | Grain::HourOfDay => count.hours(),
        Grain::Day | Grain::Weekday => count.days(),
        Grain::Week => count.weeks(),
        Grain::Month => count.months(),
        Grain::Quarter => (3 * count).months(),
        Grain::Year => count.years(),
    }
}

fn clock_step(grain: Grain) -> Option<i64> {
    match grain {
        Grain::Minute => Some(MINUTE),
        Grain::QuarterHour => Some(15 * MINUTE),
        Grain::Hour => Some(HOUR),
        _ => None,
    }
}

/// Microseconds by which the local clock is ahead of UTC.
pub(super) fn offset(time: i64, zone: &TimeZone) -> i64 {
    i64::from(zone.to_offset(timestamp(time)).seconds()) * 1_000_000
}

fn floor(grain: Grain, time: i64, calendar: &Calendar) -> i64 {
    let zone = &calendar.zone;
    let Some(step) = clock_step(grain) else {
        let date = local(time, zone).date();
        return start_of(first_day(grain, date, calendar.week_start), zone);
    };
    let ahead = offset(time, zone);
    let full = (time + ahead).div_euclid(step) * step - ahead;
    // The clock may have been changed since the last full step.
    let changed = zone
        .preceding(timestamp(time.saturating_add(1)))
        .next()
        .map_or(i64::MIN, |transition| {
            transition.timestamp().as_microsecond()
        });
    full.max(changed)
}

/// The next boundary: a full step of the local clock, or wherever the clock is changed, so that no
/// bucket mixes two offsets.
fn next(grain: Grain, start: i64, calendar: &Calendar) -> i64 {
    let zone = &calendar.zone;
    let Some(step) = clock_step(grain) else {
        let date = first_day(grain, local(start, zone).date(), calendar.week_start);
        return date
            .checked_add(span(grain, 1))
            .map_or(i64::MAX, |date| start_of(date, zone));
    };
    let ahead = offset(start, zone);
    let full = ((start + ahead).div_euclid(step) + 1) * step - ahead;
    if offset(full, zone) == ahead && offset(full - 1, zone) == ahead {
        return full;
    }
    let changed = zone
        .following(timestamp(start))
        .next()
        .map_or(i64::MAX, |transition| {
            transition.timestamp().as_microsecond()
        });
    full.min(changed)
}

/// Positions on the local clock or in the local week.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Clock {
    grain: Grain,
    /// From when on the clock is ahead of UTC by how much, ascending.
    offsets: Vec<(i64, i64)>,
}

impl Clock {
    /// For times within a range.
    pub fn new(grain: Grain, range: Range, zone: &TimeZone) -> Self {
        let mut offsets = vec![(i64::MIN, offset(range.from, zone))];
        for transition in zone.following(timestamp(range.from)) {
            let time = transition.timestamp().as_microsecond();
            if time >= range.to {
                break;
            }
            offsets.push((time, i64::from(transition.offset().seconds()) * 1_000_000));
        }
        Self { grain, offsets }
    }

    /// For times of which nothing is known: as the zone's rules have it for the years 1900 to 2200.
    pub fn always(grain: Grain, zone: &TimeZone) -> Self {
        let year = |year| Date::new(year, 1, 1).map_or(0, |date| start_of(date, zone));
        let range = Range {
            from: year(1900),
            to: year(2200),
        };
        Self::new(grain, range, zone)
    }

    /// The same for times within this stretch.
    pub(crate) fn within(&self, times: Range) -> Self {
        let begun = self
            .offsets
            .partition_point(|(from, _)| *from <= times.from);
        let mut offsets = vec![(i64::MIN, self.offsets[begun.saturating_sub(1)].1)];
        let later = self.offsets[begun..].iter();
        offsets.extend(later.take_while(|(from, _)| *from < times.to));
        Self {
            grain: self.grain,
            offsets,
        }
    }

    /// The position of this name.
    pub fn position(&self, label: &str) -> Option<usize> {
        (0..self.len()).find(|position| self.label(*position) == label)
    }

    /// How many positions there are.
    pub fn len(&self) -> usize {
        if self.grain == Grain::Weekday { 7 } else { 24 }
    }

    /// Never: there are always positions.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The position of a time.
    #[inline]
    pub fn find(&self, time: i64) -> usize {
        let after = self.offsets.partition_point(|(from, _)| *from <= time);
        let local = time + self.offsets[after.saturating_sub(1)].1;
        match self.grain {
            // 1970 began on a Thursday.
            Grain::Weekday => (local.div_euclid(DAY) + 3).rem_euclid(7) as usize,
            _ => local.div_euclid(HOUR).rem_euclid(24) as usize,
        }
    }

    /// A position's name: `00` to `23`, or the weekday.
    pub fn label(&self, position: usize) -> String {
        match self.grain {
            Grain::Weekday => WEEKDAYS[position % 7].to_owned(),
            _ => HOURS[position % 24].to_owned(),
        }
    }
}
