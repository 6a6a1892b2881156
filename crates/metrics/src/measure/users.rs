//! How present users are, and how unevenly sessions are spread over them.

use upshot_stats::mean::{self, Moments};

use super::{CONFIDENCE, Measured, Uncertainty, ends};
use crate::result::{IntervalMethod, MetricValue};
use crate::run::spans::Span;
use crate::run::tallies::Tally;

/// Keys a day over keys of all days: the mean over keys of their share of the days.
pub(super) fn stickiness(span: Span, days: u32) -> Measured {
    let days = f64::from(days);
    let sums = (
        span.by_position as f64 / days,
        span.squares as f64 / (days * days),
    );
    let mut measured = mean_over_keys(span.keys, sums, IntervalMethod::T);
    let share = |ends: [f64; 2]| ends.map(|end| end.clamp(0.0, 1.0));
    measured.value.interval = measured.value.interval.map(share);
    measured
}

/// Rows for each key, with the interval of a mean over keys.
pub(super) fn per_key(tally: &Tally) -> Measured {
    let sums = (tally.rows() as f64, tally.squares());
    mean_over_keys(tally.keys(), sums, IntervalMethod::T)
}

/// A mean over so many keys, of the sum and the sum of squares of what each of them has.
pub(super) fn mean_over_keys(
    keys: u64,
    (sum, squares): (f64, f64),
    method: IntervalMethod,
) -> Measured {
    let mut value = MetricValue {
        n: keys,
        numerator: Some(sum),
        denominator: Some(keys as f64),
        ..MetricValue::default()
    };
    let moments = Moments::from_sums(keys, sum, squares);
    value.value = (keys > 0).then(|| sum / keys as f64);
    let interval = moments.and_then(|moments| mean::interval(&moments, CONFIDENCE));
    value.interval = interval.map(ends);
    value.interval_method = interval.map(|_| method);
    Measured {
        value,
        uncertainty: moments.map_or(Uncertainty::Unknown, Uncertainty::Variance),
    }
}

/// The share of the rows that those keys have that have most. How far it would vary among other users
/// is not known.
pub(super) fn top_share(tally: &Tally, percent: u32) -> Measured {
    let (top, rows) = (tally.rows_of_top(percent), tally.rows());
    let value = MetricValue {
        value: (rows > 0).then(|| top as f64 / rows as f64),
        n: rows,
        numerator: Some(top as f64),
        denominator: Some(rows as f64),
        ..MetricValue::default()
    };
    Measured {
        value,
        uncertainty: Uncertainty::Unknown,
    }
}
