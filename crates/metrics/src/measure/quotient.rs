//! Quotients: one total over another, each perhaps found by a pass of its own.

use std::collections::BTreeMap;

use upshot_stats::ratio::{self, ClusterSums};

use super::users::mean_over_keys;
use super::{
    Basis, CONFIDENCE, FEW_CLUSTERS, Measured, Uncertainty, clustered_uncertainty, ends, factor,
    ratio_of, scaled, silence, unknown_value,
};
use crate::query::plan::MetricPlan;
use crate::query::quotient::{Found, Side, Sides};
use crate::query::terms::Terms;
use crate::registry::{Amount, Kind, Metric, Total, Unit};
use crate::result::{IntervalMethod, MetricValue};

/// The quotients of one group, while the passes that hold their sides are gone through.
#[derive(Default)]
pub(crate) struct Quotients<'a>(BTreeMap<usize, Quotient<'a>>);

/// What is known of one quotient.
struct Quotient<'a> {
    metric: &'static Metric,
    terms: &'a Terms,
    above: Amounted,
    below: Amounted,
    pending: u64,
    /// Why nothing can be said, where no source tells of it.
    silence: Option<&'static str>,
    /// The pair of terms that says how users hang together, where one pass holds both sides.
    cluster: Option<(usize, Basis<'a>)>,
}

/// One side: the total, of how many rows, and how uneven users are in it.
#[derive(Clone, Copy, Default)]
struct Amounted {
    total: f64,
    rows: u64,
    spread: Option<Spread>,
}

/// How uneven users are: how many there are, and the squares of what each has, added up.
#[derive(Clone, Copy)]
struct Spread {
    users: u64,
    squared: f64,
    /// Whether only some users were looked at.
    sampled: bool,
}

impl<'a> Quotients<'a> {
    /// Adds the sides that one pass holds.
    pub(crate) fn add(&mut self, plan: &MetricPlan, sides: Sides, basis: Basis<'a>) {
        let quotient = self.0.entry(plan.position).or_insert_with(|| Quotient {
            metric: plan.metric,
            terms: basis.terms,
            above: Amounted::default(),
            below: Amounted::default(),
            pending: 0,
            silence: None,
            cluster: None,
        });
        if let Some(above) = sides.above {
            quotient.above = amounted(above, basis);
        }
        if let Some(below) = sides.below {
            quotient.below = amounted(below, basis);
            quotient.pending = basis.filled.counters[plan.pending];
            quotient.silence = silence(plan, basis.totals);
        }
        quotient.cluster = sides.cluster.map(|cluster| (cluster, basis));
    }

    /// The values, each with the position of its metric in the query.
    pub(crate) fn measured(self) -> impl Iterator<Item = (usize, Measured)> {
        let quotients = self.0.into_iter();
        quotients.map(|(position, quotient)| (position, quotient.measured()))
    }
}

impl Quotient<'_> {
    fn measured(self) -> Measured {
        let Kind::Quotient { above, below } = self.metric.kind else {
            return unknown_value(None);
        };
        let unknown = match above.of {
            Amount::Sum { unknown, .. } if self.above.rows == 0 => unknown,
            _ => None,
        };
        let mut measured = match (self.silence.or(unknown), self.cluster) {
            (Some(reason), _) => unknown_value(Some(reason.to_owned())),
            (None, Some((cluster, basis))) => {
                let parts = (self.above.total, self.below.total);
                ratio_of(self.metric, parts, cluster, basis)
            }
            (None, None) if below.is_users_of(&above) => self.of_users(),
            (None, None) => self.apart(),
        };
        measured.value.pending = self.pending;
        if measured.value.value.is_none() && measured.value.reason.is_none() {
            measured.value.reason = Some(nothing_below(below, self.terms, self.pending));
        }
        measured
    }

    /// The mean over users of what each has. Users who have nothing count as such.
    fn of_users(&self) -> Measured {
        let (above, factor) = (self.above, factor(self.metric));
        let Some(spread) = above.spread else {
            return self.apart();
        };
        let sums = (above.total * factor, spread.squared * factor * factor);
        let method = match spread.sampled {
            true => IntervalMethod::ClusteredSample,
            false => IntervalMethod::T,
        };
        let mut measured = mean_over_keys(self.below.total as u64, sums, method);
        // Nobody has less than nothing.
        let interval = measured.value.interval;
        measured.value.interval = interval.map(|ends| ends.map(|end| end.max(0.0)));
        measured
    }

    /// The value where each side was found by a pass of its own. How the sides of one user go together is
    /// not known then. No user has less than nothing of either, so at worst they do not go together at
    /// all: the interval is that of this case, and the true one is no wider.
    fn apart(&self) -> Measured {
        let (above, below) = (self.above, self.below);
        let factor = factor(self.metric);
        let mut value = MetricValue {
            value: (below.total > 0.0).then(|| above.total / below.total * factor),
            n: below.total.max(0.0) as u64,
            numerator: Some(above.total * factor),
            denominator: Some(below.total),
            ..MetricValue::default()
        };
        let mut uncertainty = Uncertainty::Unknown;
        if let Some((of_above, of_below)) = above.spread.zip(below.spread) {
            let sums = ClusterSums {
                clusters: of_above.users.min(of_below.users),
                numerator: above.total,
                denominator: below.total,
                numerator_squared: of_above.squared,
                product: 0.0,
                denominator_squared: of_below.squared,
            };
            let interval = ratio::interval(&sums, CONFIDENCE);
            // A share can be more than 1 only where it was found to be.
            let most = match self.metric.unit {
                Unit::Share => value.value.unwrap_or_default().max(1.0),
                _ => f64::INFINITY,
            };
            value.interval =
                interval.map(|interval| ends(interval).map(|end| (end * factor).clamp(0.0, most)));
            value.interval_method = interval.map(|_| IntervalMethod::ClusteredApart);
            let ratio = sums.ratio().unwrap_or_default();
            uncertainty = match clustered_uncertainty(&sums, ratio) {
                Uncertainty::Variance(moments) => scaled(&moments, factor),
                other => other,
            };
        }
        Measured { value, uncertainty }
    }
}

fn nothing_below(below: Total, terms: &Terms, pending: u64) -> String {
    let rows = below.subject.name();
    let what = match (below.of, below.within) {
        (Amount::Sum { .. }, _) => "there is nothing to divide by".to_owned(),
        (_, "") => format!("there are no {rows}"),
        (_, within) => format!("there are no {rows} with `{}`", terms.fill(within)),
    };
    match pending {
        0 => what,
        pending => format!("{what}; {pending} {rows} are too young to be judged"),
    }
}

fn amounted(side: Side, basis: Basis<'_>) -> Amounted {
    let (total, rows) = match side.found {
        Found::Counter(counter) => {
            let rows = basis.filled.counters[counter];
            (rows as f64, rows)
        }
        Found::Sum(sum) => {
            let sum = basis.filled.sums[sum];
            (sum.sum(), sum.count)
        }
        Found::Set(set) => {
            let keys = basis.filled.sets[set];
            (keys as f64, keys)
        }
    };
    let spread = side
        .spread
        .and_then(|cluster| spread(cluster, total, basis));
    Amounted {
        total,
        rows,
        spread,
    }
}

/// How uneven users are in a total, scaled from the sample of users to all.
fn spread(cluster: usize, total: f64, basis: Basis<'_>) -> Option<Spread> {
    let own = *basis.filled.clusters.get(cluster)?;
    let sampled = basis.sampling.zeros > 0;
    let sums = match sampled && own.clusters < FEW_CLUSTERS {
        true => *basis.totals.clusters.get(cluster)?,
        false => own,
    };
    if sums.numerator <= 0.0 {
        return None;
    }
    let scale = total / sums.numerator;
    Some(match sampled {
        true => Spread {
            users: (sums.clusters as f64 * scale).round() as u64,
            squared: sums.numerator_squared * scale,
            sampled,
        },
        // What users have is kept less finely than the total: put on its scale, users who are all equal show no spread.
        false => Spread {
            users: sums.clusters,
            squared: sums.numerator_squared * scale * scale,
            sampled,
        },
    })
}
