//! Ratios of sums whose rows hang together in clusters, such as sessions of one user: rows of one
//! cluster resemble each other, so they say less than as many independent rows would.

use crate::{
    Confidence, Difference, Interval, difference_from_intervals, distribution, proportion,
};

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

    /// How many independent rows say as much if the rows of a cluster all say the same (Kish, 1965).
    fn alike_rows(&self) -> f64 {
        self.denominator.powi(2) / self.denominator_squared
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
        sums.alike_rows()
    };
    let quantile = confidence.student_quantile((sums.clusters - 1) as f64);
    Some(proportion::score_interval(rate, effective, quantile))
}

/// The difference of two ratios, the first minus the second, robust to clusters: linearised variances,
/// Student's t distribution with the degrees of freedom of Welch (1947) and Satterthwaite (1946). With
/// clusters of one row each it is [`crate::mean::difference`].
///
/// Both are taken as independent. Where clusters lie in both, as users who came in both of two ranges
/// do, they resemble themselves, and the true interval is rather narrower.
///
/// `None` if either has fewer than two clusters or no ratio, or neither shows any variance.
pub fn difference(
    first: &ClusterSums,
    second: &ClusterSums,
    confidence: Confidence,
) -> Option<Difference> {
    let value = first.ratio()? - second.ratio()?;
    let (error, degrees_of_freedom) = common_error(first, second)?;
    Some(Difference {
        value,
        interval: Interval::around(
            value,
            confidence.student_quantile(degrees_of_freedom) * error,
        )?,
        p_value: distribution::student_two_sided(value / error, degrees_of_freedom),
    })
}

/// The difference of two rates, robust to clusters and within −1 and 1: the interval recovered from
/// those of both ([`proportion_interval`], [`difference_from_intervals`]), the p value as in
/// [`difference`]; where no cluster differs from its own rate, that of the pooled z test with each
/// cluster saying its thing once.
///
/// `None` if either has no interval.
pub fn proportion_difference(
    first: &ClusterSums,
    second: &ClusterSums,
    confidence: Confidence,
) -> Option<Difference> {
    let (first_rate, second_rate) = (first.ratio()?, second.ratio()?);
    let value = first_rate - second_rate;
    let interval = difference_from_intervals(
        (first_rate, proportion_interval(first, confidence)?),
        (second_rate, proportion_interval(second, confidence)?),
    )?;
    let p_value = match common_error(first, second) {
        Some((error, degrees)) => distribution::student_two_sided(value / error, degrees),
        None => {
            let (first_rows, second_rows) = (first.alike_rows(), second.alike_rows());
            let pooled =
                (first_rate * first_rows + second_rate * second_rows) / (first_rows + second_rows);
            let variance = pooled * (1.0 - pooled) * (first_rows.recip() + second_rows.recip());
            if variance > 0.0 {
                distribution::normal_two_sided(value / variance.sqrt())
            } else {
                1.0
            }
        }
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

/// The standard error of a difference and its degrees of freedom.
fn common_error(first: &ClusterSums, second: &ClusterSums) -> Option<(f64, f64)> {
    let (first_variance, second_variance) = (first.variance()?, second.variance()?);
    let variance = first_variance + second_variance;
    if variance <= 0.0 {
        return None;
    }
    let part = |own: f64, clusters: u64| (own / variance).powi(2) / (clusters - 1) as f64;
    let parts = part(first_variance, first.clusters) + part(second_variance, second.clusters);
    Some((variance.sqrt(), parts.recip()))
}
