//! Counts of events that happen independently of each other, and counts per exposure (per day, per
//! session). Where events come in bursts (messages of one user) these intervals are too narrow: use
//! [`crate::ratio`] with the user as the cluster.

use crate::distribution::{self, BinomialWindow};
use crate::{Confidence, Difference, Interval, difference_from_intervals, proportion};

/// The exact interval of a Poisson count (Garwood, 1936).
pub fn interval(count: u64, confidence: Confidence) -> Interval {
    let (count_below, tail) = (count as f64, confidence.tail());
    Interval {
        lower: if count == 0 {
            0.0
        } else {
            distribution::gamma_quantile(tail, count_below)
        },
        upper: distribution::gamma_quantile(1.0 - tail, count_below + 1.0),
    }
}

/// The interval of a count per exposure, in events per unit of exposure.
///
/// `None` unless the exposure is a finite number above zero.
pub fn rate_interval(count: u64, exposure: f64, confidence: Confidence) -> Option<Interval> {
    if !exposure.is_finite() || exposure <= 0.0 {
        return None;
    }
    interval(count, confidence)
        .scaled(exposure.recip())
        .finite()
}

/// Two counts, each with its exposure, compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateComparison {
    /// The first rate minus the second, in events per unit of exposure.
    pub difference: Difference,
    /// The first rate over the second; `None` if the second is zero.
    pub ratio: Option<f64>,
    /// The lower end of the ratio.
    pub ratio_lower: f64,
    /// The upper end of the ratio; `None` where the data set no limit.
    pub ratio_upper: Option<f64>,
}

/// Compares two independent counts with their exposures: the exact conditional test (Przyborowski and
/// Wilenski, 1940), the difference from the intervals of both, and the ratio from the score interval
/// of the first one's share of all events.
///
/// `None` unless both exposures are finite numbers above zero, and where neither counted anything.
pub fn compare(
    (first_count, first_exposure): (u64, f64),
    (second_count, second_exposure): (u64, f64),
    confidence: Confidence,
) -> Option<RateComparison> {
    let first_interval = rate_interval(first_count, first_exposure, confidence)?;
    let second_interval = rate_interval(second_count, second_exposure, confidence)?;
    let total = first_count.checked_add(second_count)?;
    let share = proportion::interval(first_count, total, confidence)?;
    let first = first_count as f64 / first_exposure;
    let second = second_count as f64 / second_exposure;
    // Given their total, the first count is binomial with this probability if the rates are equal.
    let expected = first_exposure / (first_exposure + second_exposure);
    let ratio_of = |share: f64| share / (1.0 - share) * (second_exposure / first_exposure);
    Some(RateComparison {
        difference: Difference {
            value: first - second,
            interval: difference_from_intervals(
                (first, first_interval),
                (second, second_interval),
            )?,
            p_value: share_p_value(first_count, total, expected)?,
        },
        ratio: (second_count > 0).then(|| first / second),
        ratio_lower: ratio_of(share.lower),
        ratio_upper: Some(ratio_of(share.upper)).filter(|ratio| ratio.is_finite()),
    })
}

fn share_p_value(count: u64, total: u64, expected: f64) -> Option<f64> {
    if expected <= 0.0 || expected >= 1.0 {
        return None;
    }
    if total <= BinomialWindow::MOST_TRIALS {
        return Some(BinomialWindow::new(total, expected).two_sided(count));
    }
    let total = total as f64;
    let deviation = (total * expected * (1.0 - expected)).sqrt();
    Some(distribution::normal_two_sided(
        (count as f64 - total * expected) / deviation,
    ))
}
