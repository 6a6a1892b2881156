//! How present users are, and how unevenly sessions are spread over them.

use upshot_stats::mean::{self, Moments};

use super::{CONFIDENCE, Measured, Uncertainty, ends};
use crate::result::{IntervalMethod, MetricValue};
use crate::run::spans::Span;
use crate::run::tallies::Tally;

/// Keys a day over keys of all days. How far it would vary among other users is not known.
pub(super) fn stickiness(span: Span, days: u32) -> Measured {
    let a_day = span.by_position as f64 / f64::from(days);
    let value = MetricValue {
        value: (span.keys > 0).then(|| a_day / span.keys as f64),
        n: span.keys,
        numerator: Some(a_day),
        denominator: Some(span.keys as f64),
        ..MetricValue::default()
    };
    Measured {
        value,
        uncertainty: Uncertainty::Unknown,
    }
}

/// Rows for each key, with the interval of a mean over keys.
pub(super) fn per_key(tally: &Tally) -> Measured {
    let (keys, rows) = (tally.keys(), tally.rows());
    let mut value = MetricValue {
        n: keys,
        numerator: Some(rows as f64),
        denominator: Some(keys as f64),
        ..MetricValue::default()
    };
    let moments = Moments::from_sums(keys, rows as f64, tally.squares());
    value.value = moments.and_then(|moments| moments.mean());
    let interval = moments.and_then(|moments| mean::interval(&moments, CONFIDENCE));
    value.interval = interval.map(ends);
    value.interval_method = interval.map(|_| IntervalMethod::T);
    Measured {
        value,
        uncertainty: moments.map_or(Uncertainty::Unknown, Uncertainty::Variance),
    }
}

/// The share of the rows that those keys have that have most. How far it would vary among other users
/// is not known.
pub(super) fn top_share(tally: &Tally, percent: u32) -> Measured {
    let (top, rows) = (tally.rows_of_top(f64::from(percent) / 100.0), tally.rows());
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
