//! Reductions: by how much a rate is less than that of the workspace's baseline.

use upshot_stats::mean::Moments;
use upshot_stats::{Interval, ratio_from_intervals};

use super::{Measured, Uncertainty, as_moments, ends};
use crate::result::{BaselineRate, IntervalMethod, MetricValue};

/// Why there is no value where the workspace states no baseline.
const NO_BASELINE: &str = "the workspace states no baseline";
/// Why there is no value where the baseline's range has no rate.
const EMPTY_BASELINE: &str = "the baseline has nothing to compare with";
/// Why there is no value where the baseline's rate is zero.
const ZERO_BASELINE: &str = "the baseline is zero, and nothing can be less";

/// With what a rate is compared.
#[derive(Clone, Copy)]
pub(crate) enum Against<'a> {
    /// With nothing: the workspace states no baseline.
    Nothing,
    /// With a rate that the workspace states.
    Stated(f64),
    /// With what was found in the range that it states; nothing where the range has no such group.
    Found(Option<&'a Measured>),
}

/// One minus the rate over that of the baseline.
///
/// Two reductions that are compared have the same baseline unless they are `apart`: then how sure the baseline is
/// plays no part in how sure their difference is.
pub(crate) fn reduced(rate: &Measured, against: Against<'_>, apart: bool) -> Measured {
    let baseline = match against {
        Against::Nothing => return without(rate, None, NO_BASELINE),
        Against::Stated(value) => BaselineRate {
            value: Some(value),
            numerator: None,
            denominator: None,
        },
        Against::Found(None) => return without(rate, None, EMPTY_BASELINE),
        Against::Found(Some(found)) => BaselineRate {
            value: found.value.value,
            numerator: found.value.numerator,
            denominator: found.value.denominator,
        },
    };
    let below = match baseline.value {
        None => return without(rate, Some(baseline), EMPTY_BASELINE),
        Some(below) if below <= 0.0 => return without(rate, Some(baseline), ZERO_BASELINE),
        Some(below) => below,
    };
    let Some(above) = rate.value.value else {
        return Measured {
            value: MetricValue {
                baseline: Some(baseline),
                ..rate.value.clone()
            },
            uncertainty: Uncertainty::Unknown,
        };
    };
    let (interval, method) = match against {
        Against::Found(Some(found)) => (
            recovered((above, rate.value.interval), (below, found.value.interval)),
            Some(IntervalMethod::Recovered),
        ),
        _ => (
            rate.value.interval.map(|ends| ends.map(|end| end / below)),
            rate.value.interval_method,
        ),
    };
    let moments = as_moments(&rate.uncertainty);
    let known = match against {
        Against::Found(Some(found)) if apart => as_moments(&found.uncertainty),
        _ => None,
    };
    let ratio = above / below;
    Measured {
        uncertainty: moments
            .and_then(|moments| spread(&moments, ratio, below, known.as_ref()))
            .map_or(Uncertainty::Unknown, Uncertainty::Variance),
        value: MetricValue {
            value: Some(1.0 - ratio),
            interval_method: method.filter(|_| interval.is_some()),
            interval: interval.map(|[lower, upper]| [1.0 - upper, 1.0 - lower]),
            baseline: Some(baseline),
            ..rate.value.clone()
        },
    }
}

/// What was counted, without a value.
fn without(rate: &Measured, baseline: Option<BaselineRate>, reason: &str) -> Measured {
    Measured {
        value: MetricValue {
            value: None,
            interval: None,
            interval_method: None,
            reason: Some(reason.to_owned()),
            baseline,
            ..rate.value.clone()
        },
        uncertainty: Uncertainty::Unknown,
    }
}

/// The interval of one rate over another.
fn recovered(above: (f64, Option<[f64; 2]>), below: (f64, Option<[f64; 2]>)) -> Option<[f64; 2]> {
    let known = |(value, interval): (f64, Option<[f64; 2]>)| {
        let [lower, upper] = interval?;
        // A rate lies at the end of its interval only up to rounding.
        let (lower, upper) = (lower.min(value), upper.max(value));
        Some((value, Interval { lower, upper }))
    };
    ratio_from_intervals(known(above)?, known(below)?).map(ends)
}

/// How sure the reduction is: as the rate is, in units of the baseline; and as the baseline is, where that counts.
fn spread(rate: &Moments, ratio: f64, below: f64, baseline: Option<&Moments>) -> Option<Moments> {
    let count = rate.count() as f64;
    let of_baseline = baseline.map_or(Some(0.0), |baseline| {
        Some(baseline.variance()? / baseline.count() as f64)
    })?;
    let variance = (rate.variance()? + ratio * ratio * of_baseline * count) / (below * below);
    Moments::from_variance(rate.count(), 1.0 - ratio, variance)
}
