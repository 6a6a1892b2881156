//! How far back the rows lie that a number of a stretch looks at.

use upshot_core::time::DAY;

use super::pass_key::PassKey;
use super::plan::Grouping;
use super::resolve::{GroupSource, Resolved};
use crate::error::{Problem, ProblemCode};
use crate::registry::Kind;
use crate::time::{Buckets, Grain, Range};

/// How far back the rows of a metric lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// They lie in the range.
    Range,
    /// In a window of so many days that ends with the range, or with each stretch that it is cut into.
    Trailing(u32),
    /// Anywhere before the end of the range, or of each stretch.
    Ever,
}

impl Reach {
    pub(crate) const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Ever { .. } => Self::Ever,
            Kind::Trailing { days, .. } | Kind::Stickiness { days, .. } => Self::Trailing(days),
            _ => Self::Range,
        }
    }
}

/// How a pass with a reach of its own groups what it reads, and what becomes of that.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    /// The groupings of the pass: those of the answer with finer positions of time.
    pub(crate) groupings: Vec<Grouping>,
    /// Which of them is that of time.
    pub(crate) dimension: usize,
    /// How many positions there are.
    pub(crate) positions: usize,
    /// The last position of each stretch of the answer.
    pub(crate) ends: Vec<usize>,
    /// Whether the first position is all that was before.
    pub(crate) since_ever: bool,
    /// Which rows are read.
    pub(crate) range: Range,
}

impl Reading {
    /// How a pass reads; nothing where it reads its range.
    ///
    /// # Errors
    /// When the query is cut by what has no end.
    pub(crate) fn of(
        resolved: &Resolved,
        key: PassKey,
        range: Range,
        groupings: &[Grouping],
    ) -> Result<Option<Self>, Problem> {
        if key.reach == Reach::Range {
            return Ok(None);
        }
        let cyclic =
            |source: &GroupSource| matches!(source, GroupSource::Time(grain) if grain.is_cyclic());
        if resolved.groups.iter().any(|group| cyclic(&group.source)) {
            return Err(Problem::new(
                ProblemCode::Conflict,
                "dimensions",
                "a number of a trailing window is cut by days, weeks or months, not by hours of the day or \
                 weekdays",
            ));
        }
        let by_time = groupings
            .iter()
            .position(|grouping| matches!(grouping, Grouping::Buckets(..)));
        let dimension = by_time.unwrap_or(groupings.len());
        match key.reach {
            Reach::Trailing(days) => {
                Self::trailing(resolved, key, range, groupings, dimension, days).map(Some)
            }
            _ => Ok(Some(Self::ever(range, groupings, dimension))),
        }
    }

    fn ever(range: Range, groupings: &[Grouping], dimension: usize) -> Self {
        let mut groupings = groupings.to_vec();
        let stretches = match groupings.get(dimension) {
            Some(Grouping::Buckets(_, buckets)) => buckets.len(),
            _ => {
                // Everything lies at the first position.
                groupings.push(Grouping::Condition(
                    crate::filter::Predicate::Constant(true),
                    "",
                    "",
                ));
                0
            }
        };
        Self {
            groupings,
            dimension,
            positions: stretches + 1,
            ends: if stretches == 0 {
                vec![0]
            } else {
                (1..=stretches).collect()
            },
            since_ever: true,
            range: Range {
                from: i64::MIN,
                to: range.to,
            },
        }
    }

    fn trailing(
        resolved: &Resolved,
        key: PassKey,
        range: Range,
        groupings: &[Grouping],
        dimension: usize,
        days: u32,
    ) -> Result<Self, Problem> {
        let calendar = &resolved.calendar;
        let to = if range.to == i64::MAX {
            resolved.now.saturating_add(1)
        } else {
            range.to
        };
        // The ends of the stretches: the last instants that count.
        let last = |end: i64| end.min(to) - 1;
        let ends: Vec<i64> = match groupings.get(dimension) {
            Some(Grouping::Buckets(_, buckets)) => buckets.ends().into_iter().map(last).collect(),
            _ => vec![last(to)],
        };
        let first = ends.first().copied().unwrap_or(to - 1);
        // A day more than the window covers the longest of days; the first may then be incomplete but lies
        // outside of every window.
        let from = first.saturating_sub((i64::from(days) + 1) * DAY);
        let by_day = Buckets::new(Grain::Day, Range { from, to }, calendar)?;
        let ends = ends
            .into_iter()
            .map(|end| by_day.find(end, 0).unwrap_or(0))
            .collect();
        let mut groupings = groupings.to_vec();
        let (positions, start) = (by_day.len(), by_day.start(0));
        let of_day = Grouping::Buckets(key.time_column(), by_day);
        match groupings.get_mut(dimension) {
            Some(grouping) => *grouping = of_day,
            None => groupings.push(of_day),
        }
        Ok(Self {
            groupings,
            dimension,
            positions,
            ends,
            since_ever: false,
            range: Range { from: start, to },
        })
    }
}
