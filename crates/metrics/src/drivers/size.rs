//! How large an impact is: that of a value on a rate or a mean, with its interval.

use upshot_stats::mean::Moments;
use upshot_stats::ratio::ClusterSums;
use upshot_stats::{Confidence, impact};

use crate::query::plan::{Parts, Plan};
use crate::result::{IntervalMethod, MetricValue};
use crate::run::gather::{Filled, Gathered};

/// The impact with the interval that as many independent sessions would give as say as much as these
/// do: sessions of one user resemble each other.
pub(super) fn found_impact(
    plan: &Plan,
    gathered: &Gathered,
    filled: &Filled,
    overall: &MetricValue,
) -> Option<impact::Impact> {
    const CONFIDENCE: Confidence = Confidence::NINETY_FIVE;
    overall.value?;
    let totals = &gathered.totals;
    match plan.metrics[0].parts {
        Parts::Rate {
            numerator,
            denominator,
            cluster,
        } => {
            let of = |cells: &Filled| (cells.counters[numerator], cells.counters[denominator]);
            let (all, with) = (of(totals), of(filled));
            let exact = impact::on_rate(all, with, CONFIDENCE)?;
            let share = overall.value.unwrap_or_default();
            let of_one = share * (1.0 - share);
            let likeness = likeness(overall, totals.clusters[cluster], of_one);
            if likeness <= 1.0 {
                return Some(exact);
            }
            let fewer = |(above, below): (u64, u64)| {
                let fewer = |count: u64| (count as f64 / likeness).round() as u64;
                (fewer(above), fewer(below))
            };
            let effective = impact::on_rate(fewer(all), fewer(with), CONFIDENCE);
            Some(moved(exact, effective))
        }
        Parts::Mean { sum, cluster, .. } => {
            let of = |cells: &Filled| {
                let sum = cells.sums[sum];
                Moments::from_sums(sum.count, sum.sum(), sum.squares())
            };
            let (all, with) = (of(totals)?, of(filled)?);
            let exact = impact::on_mean(&all, &with, CONFIDENCE)?;
            let of_one = all.variance().unwrap_or_default();
            let likeness = likeness(overall, totals.clusters[cluster], of_one);
            if likeness <= 1.0 {
                return Some(exact);
            }
            let fewer = |moments: &Moments| {
                let count = (moments.count() as f64 / likeness).round() as u64;
                Moments::from_variance(count, moments.mean()?, moments.variance()?)
            };
            let effective = fewer(&all)
                .zip(fewer(&with))
                .and_then(|(all, with)| impact::on_mean(&all, &with, CONFIDENCE));
            Some(moved(exact, effective))
        }
        _ => None,
    }
}

/// How many times larger the variance is than that of independent sessions, of which each would vary
/// by `of_one`.
fn likeness(overall: &MetricValue, sums: ClusterSums, of_one: f64) -> f64 {
    let clustered = matches!(
        overall.interval_method,
        Some(
            IntervalMethod::Clustered
                | IntervalMethod::ClusteredSample
                | IntervalMethod::ClusteredApart
        )
    );
    let independent = of_one / sums.denominator;
    match sums.variance() {
        Some(variance) if clustered && independent > 0.0 => (variance / independent).max(1.0),
        _ => 1.0,
    }
}

/// The exact impact with the width of another.
fn moved(exact: impact::Impact, effective: Option<impact::Impact>) -> impact::Impact {
    let Some(effective) = effective else {
        return impact::Impact {
            interval: None,
            p_value: None,
            ..exact
        };
    };
    let shift = exact.value - effective.value;
    impact::Impact {
        value: exact.value,
        interval: effective.interval.map(|interval| upshot_stats::Interval {
            lower: interval.lower + shift,
            upper: interval.upper + shift,
        }),
        p_value: effective.p_value,
    }
}
