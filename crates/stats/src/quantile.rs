//! Quantiles: medians, 90th percentiles and the like, without any assumption on the distribution.

use crate::Confidence;
use crate::distribution::{self, BinomialWindow};

/// Which of the sorted observations bound a quantile. Ranks begin at 1, the smallest observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranks {
    /// The observation that is the lower end; `None` where there are too few observations to bound
    /// the quantile from below.
    pub lower: Option<u64>,
    /// The observation that is the upper end; `None` where there are too few to bound it from above.
    pub upper: Option<u64>,
}

impl Ranks {
    /// Both ends, where both are there.
    pub fn both(self) -> Option<(u64, u64)> {
        self.lower.zip(self.upper)
    }
}

/// The rank of the observation that is the quantile: the smallest at or below which at least a share
/// `quantile` of the observations lies (the inverse of the empirical distribution; Hyndman and Fan,
/// 1996, definition 1).
///
/// `None` without observations or unless the quantile lies within 0 and 1.
pub fn rank(count: u64, quantile: f64) -> Option<u64> {
    if count == 0 || !(0.0..=1.0).contains(&quantile) {
        return None;
    }
    // A hair less, so that 0.7 × 10 = 7.000000000000001 stays 7.
    let position = (quantile * count as f64) * (1.0 - 4.0 * f64::EPSILON);
    Some((position.ceil() as u64).clamp(1, count))
}

/// The ranks between which a quantile lies with at least the given confidence, whatever the
/// distribution: the order-statistic interval from the binomial distribution (Thompson, 1936), with at
/// most half of the error on each side. With ties the confidence can only be higher.
///
/// `None` without observations or unless the quantile lies strictly between 0 and 1.
pub fn interval_ranks(count: u64, quantile: f64, confidence: Confidence) -> Option<Ranks> {
    if count == 0 || quantile <= 0.0 || quantile >= 1.0 || quantile.is_nan() {
        return None;
    }
    if count > BinomialWindow::MOST_TRIALS {
        return Some(normal_ranks(count, quantile, confidence));
    }
    // B, the number of observations at or below the true quantile, is binomial. The quantile lies
    // below the observation of rank l with probability P(B < l) and not below that of rank u with
    // P(B ≥ u).
    let window = BinomialWindow::new(count, quantile);
    let tail = confidence.tail();
    let mut lower = window.first;
    let mut sum = 0.0;
    for weight in &window.weights {
        sum += weight;
        if sum > tail {
            break;
        }
        lower += 1;
    }
    let mut upper = window.first + window.weights.len() as u64;
    sum = 0.0;
    for weight in window.weights.iter().rev() {
        sum += weight;
        if sum > tail {
            break;
        }
        upper -= 1;
    }
    Some(Ranks {
        lower: (lower >= 1).then_some(lower),
        upper: (upper <= count).then_some(upper),
    })
}

/// The same from the normal distribution, for so many observations that it makes no difference.
fn normal_ranks(count: u64, quantile: f64, confidence: Confidence) -> Ranks {
    let middle = count as f64 * quantile;
    let deviation = (middle * (1.0 - quantile)).sqrt();
    let reach = distribution::normal_quantile(1.0 - confidence.tail()) * deviation;
    let lower = (middle - reach).floor();
    let upper = (middle + reach).ceil() + 1.0;
    Ranks {
        lower: (lower >= 1.0).then_some(lower as u64),
        upper: (upper <= count as f64).then_some(upper as u64),
    }
}
