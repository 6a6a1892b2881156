//! From filled cells to values: what each kind of metric makes of its parts, with interval and test.

mod quotient;
mod reduction;
mod users;

pub(crate) use quotient::Quotients;
pub(crate) use reduction::{Against, reduced};

use upshot_stats::mean::{self, Moments};
use upshot_stats::ratio::{self, ClusterSums};
use upshot_stats::{Confidence, Interval, change, count, proportion};

use crate::query::plan::{MetricPlan, Parts};
use crate::query::terms::Terms;
use crate::registry::{Direction, Kind, Maturity, Metric, Subject, Unit};
use crate::result::{Comparison, IntervalMethod, MetricValue, Verdict};
use crate::run::accumulate::{Sampling, Scale, Sum};
use crate::run::gather::Filled;
use crate::run::quantiles::Quantile;

const CONFIDENCE: Confidence = Confidence::NINETY_FIVE;
/// Below so many observations on either side no change is judged.
const FEW: u64 = 30;
/// In a sample of users, groups with fewer clusters take the totals' likeness of sessions.
const FEW_CLUSTERS: u64 = 30;

/// What one group's values are made from.
#[derive(Clone, Copy)]
pub(crate) struct Basis<'a> {
    pub(crate) terms: &'a Terms,
    pub(crate) filled: &'a Filled,
    pub(crate) totals: &'a Filled,
    pub(crate) sampling: Sampling,
    /// What is counted.
    pub(crate) subject: Subject,
}

/// A value, and the moments by which it can be compared.
pub(crate) struct Measured {
    pub(crate) value: MetricValue,
    uncertainty: Uncertainty,
}

/// How sure a value is, for comparisons.
enum Uncertainty {
    /// A share of independent things.
    Proportion(u64, u64),
    /// Estimate, its variance and the number of clusters or observations.
    Variance(Moments),
    /// A count with the number of independent things that would vary as much.
    Count(f64),
    /// Only the interval is known.
    IntervalOnly,
    /// Nothing can be said.
    Unknown,
}

/// The value of a metric in one group.
pub(crate) fn measure(plan: &MetricPlan, basis: Basis<'_>) -> Measured {
    let filled = basis.filled;
    let mut measured = match plan.parts {
        Parts::Count { counter, spread } => counted(filled.counters[counter] as f64, spread, basis),
        Parts::Sum { sum, spread } => summed(plan.metric, filled.sums[sum], spread, basis),
        Parts::Distinct { set } => counted(filled.sets[set] as f64, None, basis),
        Parts::Rate {
            numerator,
            denominator,
            cluster,
        } => {
            let counts = (filled.counters[numerator], filled.counters[denominator]);
            rate(counts, Some(cluster), basis)
        }
        Parts::Span { span } => counted(filled.spans[span].keys as f64, None, basis),
        Parts::Stickiness { span, days } => users::stickiness(filled.spans[span], days),
        Parts::PerKey { tally } => users::per_key(&filled.tallies[tally]),
        Parts::TopShare { tally, percent } => users::top_share(&filled.tallies[tally], percent),
        Parts::DistinctRate {
            numerator,
            denominator,
        } => rate(
            (filled.sets[numerator], filled.sets[denominator]),
            None,
            basis,
        ),
        Parts::Ratio {
            numerator,
            denominator,
            cluster,
        } => {
            let sums = (filled.sums[numerator].sum(), filled.sums[denominator].sum());
            ratio_of(plan.metric, sums, cluster, basis)
        }
        Parts::Per {
            numerator,
            denominator,
            cluster,
        } => {
            let of = |counter: usize| filled.counters[counter] as f64;
            ratio_of(
                plan.metric,
                (of(numerator), of(denominator)),
                cluster,
                basis,
            )
        }
        Parts::Mean {
            sum,
            cluster,
            scale,
        } => mean_of(plan.metric, sum, cluster, scale, basis),
        // The passes of its sides are put together where the answer is.
        Parts::Quotient(sides) => {
            let mut quotients = Quotients::default();
            quotients.add(plan, sides, basis);
            let alone = quotients.measured().map(|(_, measured)| measured).next();
            return alone.unwrap_or_else(|| unknown_value(None));
        }
        Parts::Quantile { collection, share } => {
            quantile_of(plan.metric, filled.quantiles[collection][share])
        }
    };
    if let Some(reason) = silence(plan, basis.totals) {
        measured = unknown_value(Some(reason.to_owned()));
    }
    measured.value.pending = filled.counters[plan.pending];
    if measured.value.value.is_none() && measured.value.reason.is_none() {
        measured.value.reason = Some(no_data(plan.metric, basis, measured.value.pending));
    }
    measured
}

/// Why there is no value where no source tells of what is measured. One group may well have none of what
/// others have; so it is the whole query that must show something.
fn silence(plan: &MetricPlan, totals: &Filled) -> Option<&'static str> {
    let told = plan.metric.told?;
    (totals.counters[plan.told?] == 0).then_some(told.unless)
}

fn no_data(metric: &Metric, basis: Basis<'_>, pending: u64) -> String {
    let subject = basis.subject;
    let cohort = match metric.kind {
        Kind::Rate { denominator, .. }
        | Kind::Reduction { denominator, .. }
        | Kind::Per { denominator, .. }
        | Kind::DistinctRate { denominator, .. } => denominator,
        Kind::Mean { within, .. } | Kind::Quantile { within, .. } | Kind::Ratio { within, .. } => {
            within
        }
        _ => "",
    };
    let what = match (metric.kind, cohort) {
        (Kind::Mean { .. } | Kind::Quantile { .. }, "") => {
            format!("no {} has such a value", subject.one())
        }
        (Kind::Mean { .. } | Kind::Quantile { .. }, cohort) => format!(
            "no {} with `{}` has such a value",
            subject.one(),
            basis.terms.fill(cohort)
        ),
        (Kind::Ratio { .. }, "") => "there is nothing to divide by".to_owned(),
        (_, "") => format!("there are no {}", subject.name()),
        (_, cohort) => format!(
            "there are no {} with `{}`",
            subject.name(),
            basis.terms.fill(cohort)
        ),
    };
    match pending {
        0 => what,
        pending => format!(
            "{what}; {pending} {} are too young to be judged",
            subject.name()
        ),
    }
}

/// The unit's factor: durations are kept in microseconds and shown in seconds.
pub(crate) fn factor(metric: &Metric) -> f64 {
    if metric.unit == Unit::Seconds {
        1e-6
    } else {
        1.0
    }
}

fn counted(count: f64, spread: Option<usize>, basis: Basis<'_>) -> Measured {
    let independent = match spread.map(|cluster| basis.filled.clusters[cluster]) {
        Some(sums) if sums.numerator_squared > 0.0 => {
            let per_thing = sums.numerator_squared / sums.numerator;
            count / per_thing.max(f64::MIN_POSITIVE)
        }
        _ => count,
    };
    Measured {
        value: MetricValue {
            value: Some(count),
            n: count.max(0.0) as u64,
            ..MetricValue::default()
        },
        uncertainty: Uncertainty::Count(independent),
    }
}

fn summed(metric: &Metric, sum: Sum, spread: Option<usize>, basis: Basis<'_>) -> Measured {
    let Kind::Sum { unknown, .. } = metric.kind else {
        return unknown_value(None);
    };
    if let (0, Some(reason)) = (sum.count, unknown) {
        return unknown_value(Some(reason.to_owned()));
    }
    let mut measured = counted(sum.sum() * factor(metric), spread, basis);
    measured.value.n = sum.count;
    measured
}

/// Where there is nothing that could be measured.
pub(crate) fn unknown_value(reason: Option<String>) -> Measured {
    Measured {
        value: MetricValue {
            reason,
            ..MetricValue::default()
        },
        uncertainty: Uncertainty::Unknown,
    }
}

/// The sums over users behind a ratio, if users have several of its things: scaled from the sample to
/// all, with the exact numerator and denominator.
fn hang_together(
    cluster: usize,
    (numerator, denominator): (f64, f64),
    things: u64,
    basis: Basis<'_>,
) -> Option<(ClusterSums, IntervalMethod)> {
    let sampled = basis.sampling.zeros > 0;
    let own = *basis.filled.clusters.get(cluster)?;
    let few = sampled && own.clusters < FEW_CLUSTERS;
    let sums = if few {
        *basis.totals.clusters.get(cluster)?
    } else {
        own
    };
    if sums.clusters == 0 || sums.denominator <= 0.0 {
        return None;
    }
    if !sampled && sums.clusters >= things {
        return None;
    }
    let scale = denominator / sums.denominator;
    // In a group with few sampled users all is taken as in the totals, but for the ratio itself.
    let (squares, product) = if few && sums.numerator > 0.0 {
        let by_numerator = numerator / sums.numerator;
        (
            sums.numerator_squared * by_numerator,
            sums.product * by_numerator,
        )
    } else {
        (sums.numerator_squared * scale, sums.product * scale)
    };
    let scaled = ClusterSums {
        clusters: if sampled {
            ((sums.clusters as f64 * scale).round() as u64).max(2)
        } else {
            sums.clusters
        },
        numerator,
        denominator,
        numerator_squared: squares,
        product,
        denominator_squared: sums.denominator_squared * scale,
    };
    let method = if sampled {
        IntervalMethod::ClusteredSample
    } else {
        IntervalMethod::Clustered
    };
    Some((scaled, method))
}

fn ends(interval: Interval) -> [f64; 2] {
    [interval.lower, interval.upper]
}

fn rate(
    (numerator, denominator): (u64, u64),
    cluster: Option<usize>,
    basis: Basis<'_>,
) -> Measured {
    let mut value = MetricValue {
        n: denominator,
        numerator: Some(numerator as f64),
        denominator: Some(denominator as f64),
        ..MetricValue::default()
    };
    if denominator == 0 {
        return Measured {
            value,
            uncertainty: Uncertainty::Unknown,
        };
    }
    let share = numerator as f64 / denominator as f64;
    value.value = Some(share);
    let parts = (numerator as f64, denominator as f64);
    let clustered = cluster.and_then(|cluster| hang_together(cluster, parts, denominator, basis));
    if let Some((sums, method)) = clustered {
        // All sessions of one user say nothing of others: no interval.
        let interval = ratio::proportion_interval(&sums, CONFIDENCE);
        value.interval = interval.map(ends);
        value.interval_method = interval.map(|_| method);
        return Measured {
            value,
            uncertainty: clustered_uncertainty(&sums, share),
        };
    }
    let interval = proportion::interval(numerator, denominator, CONFIDENCE);
    value.interval = interval.map(ends);
    value.interval_method = interval.map(|_| IntervalMethod::Wilson);
    Measured {
        value,
        uncertainty: Uncertainty::Proportion(numerator, denominator),
    }
}

/// The moments of so many independent clusters as make the ratio's variance.
fn clustered_uncertainty(sums: &ClusterSums, ratio: f64) -> Uncertainty {
    let clusters = sums.clusters;
    sums.variance()
        .and_then(|variance| Moments::from_variance(clusters, ratio, variance * clusters as f64))
        .map_or(Uncertainty::Unknown, Uncertainty::Variance)
}

fn ratio_of(
    metric: &Metric,
    (above, below): (f64, f64),
    cluster: usize,
    basis: Basis<'_>,
) -> Measured {
    let factor = factor(metric);
    let mut value = MetricValue {
        n: below.max(0.0) as u64,
        numerator: Some(above * factor),
        denominator: Some(below),
        ..MetricValue::default()
    };
    if below <= 0.0 {
        return Measured {
            value,
            uncertainty: Uncertainty::Unknown,
        };
    }
    let ratio = above / below;
    value.value = Some(ratio * factor);
    // A ratio of sums always hangs together: a session adds several things at once.
    let Some((sums, method)) = hang_together(cluster, (above, below), u64::MAX, basis) else {
        return Measured {
            value,
            uncertainty: Uncertainty::Unknown,
        };
    };
    let interval = match metric.unit {
        Unit::Share => ratio::proportion_interval(&sums, CONFIDENCE),
        _ => ratio::interval(&sums, CONFIDENCE),
    };
    value.interval = interval.map(|interval| ends(interval).map(|end| (end * factor).max(0.0)));
    value.interval_method = interval.map(|_| method);
    let uncertainty = match clustered_uncertainty(&sums, ratio) {
        Uncertainty::Variance(moments) => scaled(&moments, factor),
        other => other,
    };
    Measured { value, uncertainty }
}

/// Moments in the metric's unit.
fn scaled(moments: &Moments, factor: f64) -> Uncertainty {
    let mean = moments.mean().unwrap_or_default() * factor;
    let variance = moments.variance().unwrap_or_default() * factor * factor;
    Moments::from_variance(moments.count(), mean, variance)
        .map_or(Uncertainty::Unknown, Uncertainty::Variance)
}

fn mean_of(
    metric: &Metric,
    sum: usize,
    cluster: usize,
    scale: Option<usize>,
    basis: Basis<'_>,
) -> Measured {
    let cells = basis.filled.sums[sum];
    let factor = factor(metric);
    let mut value = MetricValue {
        n: cells.count,
        numerator: Some(cells.sum() * factor),
        denominator: Some(cells.count as f64),
        ..MetricValue::default()
    };
    if cells.count == 0 {
        return Measured {
            value,
            uncertainty: Uncertainty::Unknown,
        };
    }
    if let Some(scale) = scale.map(|scale| basis.filled.scales[scale])
        && !scale.is_one()
    {
        value.reason = Some(
            "the answers stand on different scales, which have no common mean; cut or filter by what \
             tells the surveys apart, or ask for `csat_satisfied_rate`"
                .to_owned(),
        );
        return Measured {
            value,
            uncertainty: Uncertainty::Unknown,
        };
    }
    let mean = cells.sum() / cells.count as f64;
    value.value = Some(mean * factor);
    let parts = (cells.sum(), cells.count as f64);
    let mut possible = possible(metric, scale.map(|scale| basis.filled.scales[scale]));
    // Where a profile takes answers for valid that lie outside the scale, the mean can lie there too.
    possible.lower = possible.lower.min(mean * factor);
    possible.upper = possible.upper.max(mean * factor);
    let shown = |interval: Interval| {
        ends(interval).map(|end| (end * factor).clamp(possible.lower, possible.upper))
    };
    if let Some((sums, method)) = hang_together(cluster, parts, cells.count, basis) {
        let interval = ratio::interval(&sums, CONFIDENCE);
        value.interval = interval.map(shown);
        value.interval_method = interval.map(|_| method);
        let uncertainty = match clustered_uncertainty(&sums, mean) {
            Uncertainty::Variance(moments) => scaled(&moments, factor),
            other => other,
        };
        return Measured { value, uncertainty };
    }
    let Some(moments) = Moments::from_sums(cells.count, cells.sum(), cells.squares()) else {
        return Measured {
            value,
            uncertainty: Uncertainty::Unknown,
        };
    };
    let interval = mean::interval(&moments, CONFIDENCE);
    value.interval = interval.map(shown);
    value.interval_method = interval.map(|_| IntervalMethod::T);
    Measured {
        value,
        uncertainty: scaled(&moments, factor),
    }
}

/// Between which values the true mean can lie at all.
fn possible(metric: &Metric, scale: Option<Scale>) -> Interval {
    match (metric.unit, scale) {
        (Unit::Points, _) => Interval {
            lower: -100.0,
            upper: 100.0,
        },
        (_, Some(scale)) if scale.known > 0 => Interval {
            lower: scale.least.0,
            upper: scale.most.1.max(scale.least.0),
        },
        // Everything else is counted, measured in time or paid: never less than nothing.
        _ => Interval {
            lower: 0.0,
            upper: f64::INFINITY,
        },
    }
}

fn quantile_of(metric: &Metric, found: Quantile) -> Measured {
    let factor = factor(metric);
    let shown = |value: i64| value as f64 * factor;
    let interval = found
        .interval
        .map(|(lower, upper)| [shown(lower), shown(upper)]);
    let value = MetricValue {
        value: found.value.map(shown),
        n: found.count,
        interval,
        interval_method: interval.map(|_| IntervalMethod::OrderStatistic),
        ..MetricValue::default()
    };
    Measured {
        value,
        uncertainty: Uncertainty::IntervalOnly,
    }
}

/// The value against that of another range. `elapsed` is how long each range lasted; counts are
/// compared as if both had lasted equally long.
pub(crate) fn compare(
    metric: &Metric,
    current: &Measured,
    previous: &Measured,
    elapsed: (f64, f64),
) -> Comparison {
    let (now, before) = (&current.value, &previous.value);
    let counts = matches!(current.uncertainty, Uncertainty::Count(_));
    let longer = if counts { elapsed.0 / elapsed.1 } else { 1.0 };
    let both = now.value.zip(before.value.map(|before| before * longer));
    let (difference, p_value) = difference(current, previous, elapsed);
    let share = metric.unit == Unit::Share;
    Comparison {
        value: before.value,
        n: before.n,
        numerator: before.numerator,
        denominator: before.denominator,
        relative: both.and_then(|(now, before)| change::relative(now, before)),
        points: both
            .filter(|_| share)
            .and_then(|(now, before)| change::percentage_points(now, before)),
        bounded: both.and_then(|(now, before)| change::bounded(now, before)),
        difference: difference.map(ends),
        p_value,
        verdict: verdict(metric, (now, before), both, difference, p_value),
    }
}

fn difference(
    current: &Measured,
    previous: &Measured,
    (now_lasted, before_lasted): (f64, f64),
) -> (Option<Interval>, Option<f64>) {
    let found = match (&current.uncertainty, &previous.uncertainty) {
        (
            Uncertainty::Proportion(above, below),
            Uncertainty::Proportion(other_above, other_below),
        ) => proportion::difference((*above, *below), (*other_above, *other_below), CONFIDENCE),
        (Uncertainty::Count(now), Uncertainty::Count(before)) => {
            let rounded = |count: f64| count.max(0.0).round() as u64;
            let compared = count::compare(
                (rounded(*now), now_lasted),
                (rounded(*before), before_lasted),
                CONFIDENCE,
            );
            return (None, compared.map(|compared| compared.difference.p_value));
        }
        (Uncertainty::IntervalOnly, Uncertainty::IntervalOnly) => {
            return (intervals_apart(&current.value, &previous.value), None);
        }
        (now, before) => as_moments(now)
            .zip(as_moments(before))
            .and_then(|(now, before)| mean::difference(&now, &before, CONFIDENCE)),
    };
    (
        found.map(|found| found.interval),
        found.map(|found| found.p_value),
    )
}

fn as_moments(uncertainty: &Uncertainty) -> Option<Moments> {
    match uncertainty {
        Uncertainty::Variance(moments) => Some(*moments),
        Uncertainty::Proportion(above, below) => {
            let above = *above as f64;
            Moments::from_sums(*below, above, above)
        }
        _ => None,
    }
}

fn intervals_apart(now: &MetricValue, before: &MetricValue) -> Option<Interval> {
    let of = |value: &MetricValue| {
        let [lower, upper] = value.interval?;
        Some((value.value?, Interval { lower, upper }))
    };
    upshot_stats::difference_from_intervals(of(now)?, of(before)?)
}

fn verdict(
    metric: &Metric,
    (now, before): (&MetricValue, &MetricValue),
    values: Option<(f64, f64)>,
    difference: Option<Interval>,
    p_value: Option<f64>,
) -> Verdict {
    let Some((now_value, before_value)) = values else {
        return Verdict::NoData;
    };
    if now.n.max(before.n) < FEW || (metric.maturity != Maturity::None && now.n.min(before.n) < FEW)
    {
        return Verdict::TooFew;
    }
    let significant = match (p_value, difference) {
        (Some(p_value), _) => p_value < 1.0 - CONFIDENCE.level(),
        (None, Some(interval)) => !interval.contains(0.0),
        (None, None) => return Verdict::TooFew,
    };
    match (significant, metric.direction) {
        (false, _) => Verdict::Noise,
        (true, Direction::Neutral) => Verdict::Changed,
        (true, Direction::Higher) if now_value > before_value => Verdict::Better,
        (true, Direction::Lower) if now_value < before_value => Verdict::Better,
        (true, _) => Verdict::Worse,
    }
}
