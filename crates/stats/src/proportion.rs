//! Rates: a share of things that have a property.

use crate::{Confidence, Difference, Interval, difference_from_intervals, distribution};

/// The score interval of a proportion (Wilson, 1927). It lies within 0 and 1, contains
/// `successes / total` and needs no minimum number of observations.
///
/// `None` if there are no observations or more successes than observations.
pub fn interval(successes: u64, total: u64, confidence: Confidence) -> Option<Interval> {
    if total == 0 || successes > total {
        return None;
    }
    Some(score_interval(
        successes as f64 / total as f64,
        total as f64,
        confidence.normal_quantile(),
    ))
}

/// The score interval of a proportion known from an effective number of observations.
pub(crate) fn score_interval(proportion: f64, observations: f64, quantile: f64) -> Interval {
    let square = quantile * quantile;
    let denominator = observations + square;
    let middle = (observations * proportion + square / 2.0) / denominator;
    let spread = (observations * proportion * (1.0 - proportion) + square / 4.0)
        .max(0.0)
        .sqrt();
    let half_width = quantile * spread / denominator;
    // At 0 and 1 the formula gives exactly 0 and 1, which rounding must not spoil.
    Interval {
        lower: (middle - half_width).clamp(0.0, proportion),
        upper: (middle + half_width).clamp(proportion, 1.0),
    }
}

/// The difference of two independent proportions, the first minus the second: hybrid score interval
/// (Newcombe, 1998, method 10) and the p value of the pooled z test.
///
/// Interval and test are two approximations and can disagree by a hair at the edge of significance.
/// `None` if either has no observations or more successes than observations.
pub fn difference(
    (first_successes, first_total): (u64, u64),
    (second_successes, second_total): (u64, u64),
    confidence: Confidence,
) -> Option<Difference> {
    let first_interval = interval(first_successes, first_total, confidence)?;
    let second_interval = interval(second_successes, second_total, confidence)?;
    let (first_count, second_count) = (first_total as f64, second_total as f64);
    let first = first_successes as f64 / first_count;
    let second = second_successes as f64 / second_count;
    let value = first - second;
    let interval = difference_from_intervals((first, first_interval), (second, second_interval))?;
    let pooled = (first_successes as f64 + second_successes as f64) / (first_count + second_count);
    let variance = pooled * (1.0 - pooled) * (first_count.recip() + second_count.recip());
    // All or none in both: they are equal, and the test has nothing to divide by.
    let p_value = if variance > 0.0 {
        distribution::normal_two_sided(value / variance.sqrt())
    } else {
        1.0
    };
    Some(Difference {
        value,
        interval: Interval {
            lower: interval.lower.max(-1.0),
            upper: interval.upper.min(1.0),
        },
        p_value,
    })
}
