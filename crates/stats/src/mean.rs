//! Means of independent observations.

use crate::{Confidence, Difference, Interval, distribution};

/// What is needed of a set of observations to say its mean and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Moments {
    count: u64,
    mean: f64,
    /// Sum of the squared distances from the mean.
    scatter: f64,
}

impl Moments {
    /// From count, mean and sample variance (divided by `count − 1`). A variance of one observation
    /// is taken as zero.
    ///
    /// `None` if a number is not finite or the variance is negative.
    pub fn from_variance(count: u64, mean: f64, variance: f64) -> Option<Self> {
        let scatter = match count {
            0 | 1 => 0.0,
            _ => variance * (count - 1) as f64,
        };
        (mean.is_finite() && scatter.is_finite() && scatter >= 0.0).then_some(Self {
            count,
            mean,
            scatter,
        })
    }

    /// From count, sum and sum of squares.
    ///
    /// Subtracting two large numbers leaves noise where the observations hardly differ; what cannot be
    /// told from that noise counts as no variance. `None` if a sum is not finite, there is a sum of
    /// nothing, or the sum of squares is smaller than the sum allows.
    pub fn from_sums(count: u64, sum: f64, sum_of_squares: f64) -> Option<Self> {
        if !sum.is_finite() || !sum_of_squares.is_finite() || sum_of_squares < 0.0 {
            return None;
        }
        if count == 0 {
            return (sum == 0.0 && sum_of_squares == 0.0).then_some(Self::default());
        }
        let mean = sum / count as f64;
        let scatter = sum_of_squares - sum * mean;
        let noise = 64.0 * f64::EPSILON * sum_of_squares;
        if scatter < -noise.max(1e-9 * sum_of_squares) {
            return None;
        }
        Some(Self {
            count,
            mean,
            scatter: if scatter <= noise { 0.0 } else { scatter },
        })
    }

    /// From the observations themselves. `None` if one is not finite.
    pub fn from_values(values: &[f64]) -> Option<Self> {
        // Welford (1962).
        let mut moments = Self::default();
        for &value in values {
            moments.count += 1;
            let distance = value - moments.mean;
            moments.mean += distance / moments.count as f64;
            moments.scatter += distance * (value - moments.mean);
        }
        (moments.mean.is_finite() && moments.scatter.is_finite()).then_some(moments)
    }

    /// The moments of both sets together (Chan, Golub and LeVeque, 1983).
    pub fn with(&self, other: &Self) -> Self {
        let count = self.count + other.count;
        if count == 0 {
            return Self::default();
        }
        let distance = other.mean - self.mean;
        let share = other.count as f64 / count as f64;
        Self {
            count,
            mean: self.mean + distance * share,
            scatter: self.scatter + other.scatter + distance * distance * self.count as f64 * share,
        }
    }

    /// The moments of what remains when a part of the set is taken out. `None` if the part is larger
    /// than the set or varies more than the set does.
    pub fn without(&self, part: &Self) -> Option<Self> {
        let count = self.count.checked_sub(part.count)?;
        if count == 0 {
            return Some(Self::default());
        }
        let share = part.count as f64 / count as f64;
        let mean = self.mean + (self.mean - part.mean) * share;
        let distance = part.mean - mean;
        let between = distance * distance * part.count as f64 * (count as f64 / self.count as f64);
        let scatter = self.scatter - part.scatter - between;
        let noise = 1e-9 * self.scatter;
        (scatter >= -noise).then_some(Self {
            count,
            mean,
            scatter: if scatter <= 1e-4 * noise {
                0.0
            } else {
                scatter
            },
        })
    }

    /// How many observations.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean; `None` of no observations.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean)
    }

    /// The sample variance, divided by `count − 1`; `None` of fewer than two observations.
    pub fn variance(&self) -> Option<f64> {
        (self.count > 1).then(|| self.scatter / (self.count - 1) as f64)
    }

    /// The variance of the mean; `None` where the observations show no variance.
    fn variance_of_mean(&self) -> Option<f64> {
        let variance = self.variance()? / self.count as f64;
        (variance > 0.0).then_some(variance)
    }
}

/// The interval of a mean by Student's t distribution (Student, 1908).
///
/// `None` of fewer than two observations, and where all are equal: they then say nothing about how far
/// others would lie apart.
pub fn interval(moments: &Moments, confidence: Confidence) -> Option<Interval> {
    let variance = moments.variance_of_mean()?;
    let quantile = confidence.student_quantile((moments.count - 1) as f64);
    Interval::around(moments.mean, quantile * variance.sqrt())
}

/// The difference of two independent means, the first minus the second, without assuming equal
/// variances (Welch, 1947; degrees of freedom by Satterthwaite, 1946).
///
/// `None` if either has fewer than two observations or neither shows any variance.
pub fn difference(first: &Moments, second: &Moments, confidence: Confidence) -> Option<Difference> {
    let first_part = first.variance()? / first.count as f64;
    let second_part = second.variance()? / second.count as f64;
    let variance = first_part + second_part;
    if variance <= 0.0 {
        return None;
    }
    let (first_share, second_share) = (first_part / variance, second_part / variance);
    let degrees_of_freedom = (first_share * first_share / (first.count - 1) as f64
        + second_share * second_share / (second.count - 1) as f64)
        .recip();
    let value = first.mean - second.mean;
    let error = variance.sqrt();
    Some(Difference {
        value,
        interval: Interval::around(
            value,
            confidence.student_quantile(degrees_of_freedom) * error,
        )?,
        p_value: distribution::student_two_sided(value / error, degrees_of_freedom),
    })
}
