//! Ratios of sums whose rows hang together in clusters, such as sessions of one user: rows of one
//! cluster resemble each other, so they say less than as many independent rows would.

use crate::{Confidence, Interval, proportion};

/// The sums over clusters that a clustered ratio needs. For each cluster let `x` be the sum of its
/// numerators and `y` that of its denominators; then one aggregation over the clusters gives all of
/// these, and sums of parts are added with [`ClusterSums::with`] if no cluster lies in two parts.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ClusterSums {
    /// How many clusters there are.
    pub clusters: u64,
    /// `Σ x`
    pub numerator: f64,
    /// `Σ y`
    pub denominator: f64,
    /// `Σ x²`
    pub numerator_squared: f64,
    /// `Σ x·y`
    pub product: f64,
    /// `Σ y²`
    pub denominator_squared: f64,
}

impl ClusterSums {
    /// Adds a cluster with these sums of numerators and denominators.
    pub fn add(&mut self, numerator: f64, denominator: f64) {
        self.clusters += 1;
        self.numerator += numerator;
        self.denominator += denominator;
        self.numerator_squared += numerator * numerator;
        self.product += numerator * denominator;
        self.denominator_squared += denominator * denominator;
    }

    /// Both together; no cluster may lie in both.
    pub fn with(&self, other: &Self) -> Self {
        Self {
            clusters: self.clusters + other.clusters,
            numerator: self.numerator + other.numerator,
            denominator: self.denominator + other.denominator,
            numerator_squared: self.numerator_squared + other.numerator_squared,
            product: self.product + other.product,
            denominator_squared: self.denominator_squared + other.denominator_squared,
        }
    }

    /// `Σ x / Σ y`; `None` if there is nothing to divide by.
    pub fn ratio(&self) -> Option<f64> {
        let ratio = self.numerator / self.denominator;
        (self.denominator > 0.0 && ratio.is_finite()).then_some(ratio)
    }

    /// The variance of the ratio, linearised: `k/(k−1) · Σ(x − r·y)² / (Σy)²` over `k` clusters
    /// (Cochran, 1977, chapter 6; Liang and Zeger, 1986; `k/(k−1)` corrects for few clusters). The
    /// squares are multiplied out, `Σx² − 2r·Σxy + r²·Σy²`, so that one pass over the clusters is
    /// enough.
    ///
    /// `None` of fewer than two clusters or without a ratio.
    pub fn variance(&self) -> Option<f64> {
        if self.clusters < 2 {
            return None;
        }
        let ratio = self.ratio()?;
        let squares = self.numerator_squared + ratio * ratio * self.denominator_squared;
        let scatter = squares - 2.0 * ratio * self.product;
        // What cannot be told from the noise of the subtraction is no variance.
        let scatter = if scatter <= 64.0 * f64::EPSILON * squares {
            0.0
        } else {
            scatter
        };
        let clusters = self.clusters as f64;
        let variance = clusters / (clusters - 1.0) * scatter / self.denominator.powi(2);
        variance.is_finite().then_some(variance)
    }
}

/// The interval of a ratio such as messages per session or cost per resolution, robust to clusters,
/// by Student's t distribution with one degree of freedom less than there are clusters.
///
/// `None` of fewer than two clusters, without a denominator, and where all clusters show the same
/// ratio.
pub fn interval(sums: &ClusterSums, confidence: Confidence) -> Option<Interval> {
    let ratio = sums.ratio()?;
    let variance = sums.variance()?;
    if variance <= 0.0 {
        return None;
    }
    let quantile = confidence.student_quantile((sums.clusters - 1) as f64);
    Interval::around(ratio, quantile * variance.sqrt())
}

/// The interval of a rate, robust to clusters and within 0 and 1: the score interval with the number
/// of rows that, were they independent, would say as much (Kott and Carr, 1997; Korn and Graubard,
/// 1998, for the cap at the true number of rows), and the t instead of the normal quantile.
///
/// Where every row agrees (0 % or 100 %) the clusters cannot show how alike their rows are; each is
/// then taken to say its thing once, `(Σy)²/Σy²` (Kish, 1965), which errs on the side of width.
///
/// `None` of fewer than two clusters, without a denominator, or if the ratio is no proportion.
pub fn proportion_interval(sums: &ClusterSums, confidence: Confidence) -> Option<Interval> {
    let rate = sums.ratio()?;
    let variance = sums.variance()?;
    if !(0.0..=1.0).contains(&rate) {
        return None;
    }
    let independent = rate * (1.0 - rate);
    let effective = if independent > 0.0 && variance > 0.0 {
        (independent / variance).min(sums.denominator)
    } else if independent > 0.0 {
        sums.denominator
    } else {
        sums.denominator.powi(2) / sums.denominator_squared
    };
    let quantile = confidence.student_quantile((sums.clusters - 1) as f64);
    Some(proportion::score_interval(rate, effective, quantile))
}
