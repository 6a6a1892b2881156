//! The stretches of the range to compare with: each stands beside the one of the range that it is compared with.
//!
//! Both ranges may be cut differently by the calendar and by changes of the clocks. So the stretches of the range are
//! carried back on the local clock, and every instant of the other range lies beside exactly one of them: an hour that
//! there is twice beside the one row of this hour, one that the range leaves out beside the one in which its clock
//! goes on. Beside a stretch that the other range leaves out stands nothing.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::buckets::{Buckets, local, offset, timestamp};
use super::range::Range;

/// How far the range to compare with lies before a range.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Back {
    /// By so much of the local calendar and clock.
    Calendar(Span),
    /// By so many microseconds.
    Time(i64),
}

impl Back {
    /// Where the end of a stretch lies after it was carried back: on the local clock, or as an instant.
    fn end(&self, end: i64, zone: &TimeZone) -> i64 {
        match self {
            Self::Time(length) => end.saturating_sub(*length),
            // The last instant is carried, so that the end of a month that is longer remains its end.
            Self::Calendar(span) => {
                let last = local(end.saturating_sub(1), zone);
                let earlier = last.checked_sub(*span).unwrap_or(DateTime::MIN);
                on_clock(earlier).saturating_add(1)
            }
        }
    }

    /// The parts of a range within which nothing changes the clock, each with what leads from an instant to what
    /// [`Back::end`] says.
    fn parts(&self, range: Range, zone: &TimeZone) -> Vec<(Range, i64)> {
        if let Self::Time(_) = self {
            return vec![(range, 0)];
        }
        let mut parts = Vec::new();
        let mut from = range.from;
        for transition in zone.following(timestamp(range.from)) {
            let to = transition.timestamp().as_microsecond();
            if to >= range.to {
                break;
            }
            parts.push((Range { from, to }, offset(from, zone)));
            from = to;
        }
        let to = range.to;
        parts.push((Range { from, to }, offset(from, zone)));
        parts
    }
}

/// A local time as a number, with which local times can be compared.
fn on_clock(local: DateTime) -> i64 {
    TimeZone::UTC
        .to_timestamp(local)
        .map_or(i64::MIN, Timestamp::as_microsecond)
}

impl Buckets {
    /// The other range, cut so that each stretch stands beside one of these, which are those of `range`. What goes on
    /// after the last stands at a position of its own.
    pub(crate) fn beside(&self, range: Range, other: Range, back: &Back) -> Self {
        let mut ends: Vec<i64> = Vec::with_capacity(self.len());
        for end in &self.boundaries[1..] {
            let carried = back.end(*end, &self.zone);
            // Where the clock is put back it tells again what it told before.
            ends.push(carried.max(ends.last().copied().unwrap_or(i64::MIN)));
        }
        let lasted = |range: Range| range.to.saturating_sub(range.from);
        // A change of the clocks makes no range longer.
        let last = match lasted(other) <= lasted(range) {
            true => ends.len().saturating_sub(1),
            false => ends.len(),
        };
        let mut boundaries = Vec::with_capacity(ends.len() + 1);
        let mut positions: Vec<u32> = Vec::with_capacity(ends.len());
        for (part, ahead) in back.parts(other, &self.zone) {
            let mut from = part.from;
            while from < part.to {
                let position = ends.partition_point(|end| *end <= from.saturating_add(ahead));
                let to = ends.get(position).map_or(part.to, |end| {
                    end.saturating_sub(ahead).min(part.to).max(from + 1)
                });
                let position = position.min(last) as u32;
                if positions.last() != Some(&position) {
                    boundaries.push(from);
                    positions.push(position);
                }
                from = to;
            }
        }
        boundaries.push(other.to);
        Self {
            boundaries,
            positions: other_than_plain(positions),
            ..self.clone()
        }
    }

    /// The stretches with their positions, of which several may be the same.
    pub(crate) fn stretches(&self) -> impl Iterator<Item = (usize, Range)> {
        let stretches = self.boundaries.windows(2).enumerate();
        stretches.map(|(index, ends)| {
            let stretch = Range {
                from: ends[0],
                to: ends[1],
            };
            (self.position(index), stretch)
        })
    }

    /// The end of each position: where the last of its stretches ends, or else of those before it.
    pub(crate) fn ends(&self) -> Vec<i64> {
        let mut ends = vec![self.boundaries[0]; self.len()];
        for (position, stretch) in self.stretches() {
            ends[position] = ends[position].max(stretch.to);
        }
        let mut latest = self.boundaries[0];
        for end in &mut ends {
            latest = latest.max(*end);
            *end = latest;
        }
        ends
    }
}

/// Positions, if they are not those of stretches that follow each other from the first on.
pub(super) fn other_than_plain(positions: Vec<u32>) -> Option<Vec<u32>> {
    let mut counted = positions.iter().enumerate();
    let plain = counted.all(|(index, position)| index == *position as usize);
    (!plain).then_some(positions)
}
