//! Compiles a resolved query to cells: predicates, sums, collections and sets that one pass over the
//! rows of a subject fills for every group, and what each metric makes of them.

use std::sync::Arc;

use super::resolve::{GroupBy, Resolved};
use super::{EnvironmentChoice, Identity};
use crate::error::Problem;
use crate::filter::{Measure, Predicate, TextSource};
use crate::query::pass_key::PassKey;
use crate::query::quotient::Sides;
use crate::query::reach::Reading;
use crate::query::remarks::{PlannedRemark, planned_remarks};
use crate::query::resolve::GroupSource;
use crate::query::scope::{in_environment, in_range, mature};
use crate::query::terms::Terms;
use crate::registry::{Kind, Metric, Subject};
use crate::run::groups::Kept;
use crate::time::{Buckets, Clock, Range};

/// How the code of a group comes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Grouping {
    Text(TextSource),
    /// A column of few numbers.
    Number(&'static str),
    Flag(&'static str),
    Condition(Predicate, &'static str, &'static str),
    /// The name of the first condition that holds; nothing where none does.
    Kinds(Vec<(Predicate, &'static str)>),
    /// The values of a column's list.
    List(&'static str),
    /// Stretches of the time in a column.
    Buckets(&'static str, Buckets),
    /// Positions on the clock or in the week of the time in a column.
    Clock(&'static str, Clock),
}

impl Grouping {
    /// Its conditions.
    pub(crate) fn predicates(&self) -> Vec<&Predicate> {
        match self {
            Self::Condition(predicate, ..) => vec![predicate],
            Self::Kinds(kinds) => kinds.iter().map(|(predicate, _)| predicate).collect(),
            _ => Vec::new(),
        }
    }

    /// The same with its conditions changed.
    pub(crate) fn map(&self, change: impl Fn(&Predicate) -> Predicate) -> Self {
        match self {
            Self::Condition(predicate, yes, no) => Self::Condition(change(predicate), yes, no),
            Self::Kinds(kinds) => {
                let kinds = kinds.iter();
                Self::Kinds(
                    kinds
                        .map(|(predicate, name)| (change(predicate), *name))
                        .collect(),
                )
            }
            other => other.clone(),
        }
    }
}

/// Numerator and denominator of a ratio that clusters make uncertain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Term {
    /// 1 where the predicate holds.
    Holds(usize),
    /// The value of the measure where the predicate holds.
    Value(usize, usize),
}

/// The values of a measure where a predicate holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Collection {
    pub(crate) measure: usize,
    pub(crate) predicate: usize,
    /// Which quantiles are asked for.
    pub(crate) shares: Vec<f64>,
}

/// What is filled in one pass. Predicates and measures are named by their position.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cells {
    pub(crate) predicates: Vec<Predicate>,
    pub(crate) measures: Vec<Measure>,
    /// How many rows fulfil the predicate.
    pub(crate) counters: Vec<usize>,
    /// Number, sum and sum of squares of a measure where a predicate holds.
    pub(crate) sums: Vec<(usize, usize)>,
    /// All values of a measure where a predicate holds, and the quantiles that are asked of them.
    pub(crate) collections: Vec<Collection>,
    /// The different values of a key column where a predicate holds.
    pub(crate) sets: Vec<(&'static str, usize)>,
    /// The sets of which is told who was there within windows of so many positions of time; without a
    /// number since ever.
    pub(crate) spans: Vec<(usize, Option<u32>)>,
    /// The sets of which is told how many rows each key has.
    pub(crate) tallies: Vec<usize>,
    /// The survey's scales where a predicate holds.
    pub(crate) scales: Vec<usize>,
    /// Pairs of numerator and denominator whose clusters are summed.
    pub(crate) clusters: Vec<(Term, Term)>,
    /// Whose rows make a cluster.
    pub(crate) identity: Identity,
}

impl Cells {
    /// The same of other predicates, each in the place of the one that it was made of.
    pub(crate) fn mapped(&self, made: impl Fn(&Predicate) -> Predicate) -> Self {
        Self {
            predicates: self.predicates.iter().map(made).collect(),
            measures: self.measures.clone(),
            counters: self.counters.clone(),
            sums: self.sums.clone(),
            collections: self.collections.clone(),
            sets: self.sets.clone(),
            spans: self.spans.clone(),
            tallies: self.tallies.clone(),
            scales: self.scales.clone(),
            clusters: self.clusters.clone(),
            identity: self.identity,
        }
    }
}

/// Where a metric's parts are among the cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parts {
    /// `spread` is the pair of terms that says how uneven users are, where counts are compared.
    Count {
        counter: usize,
        spread: Option<usize>,
    },
    Sum {
        sum: usize,
        spread: Option<usize>,
    },
    Rate {
        numerator: usize,
        denominator: usize,
        cluster: usize,
    },
    /// Two counters.
    Per {
        numerator: usize,
        denominator: usize,
        cluster: usize,
    },
    /// The sides of a quotient that this pass fills.
    Quotient(Sides),
    /// Two sums.
    Ratio {
        numerator: usize,
        denominator: usize,
        cluster: usize,
    },
    Mean {
        sum: usize,
        cluster: usize,
        scale: Option<usize>,
    },
    Quantile {
        collection: usize,
        share: usize,
    },
    Distinct {
        set: usize,
    },
    DistinctRate {
        numerator: usize,
        denominator: usize,
    },
    Span {
        span: usize,
    },
    Stickiness {
        span: usize,
        days: u32,
    },
    PerKey {
        tally: usize,
    },
    TopShare {
        tally: usize,
        percent: u32,
    },
}

/// A metric with its cells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MetricPlan {
    /// Its position among the metrics of the query.
    pub(crate) position: usize,
    pub(crate) metric: &'static Metric,
    /// The counter of rows that are too young to be judged.
    pub(crate) pending: usize,
    pub(crate) parts: Parts,
    /// The counter of rows that show that sources tell of it at all.
    pub(crate) told: Option<usize>,
}

/// One pass over the rows of a subject and one range.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) subject: Subject,
    /// Range and filters.
    pub(crate) selection: Predicate,
    /// The environment; what it leaves out is counted.
    pub(crate) environment: Predicate,
    /// The same by its name.
    pub(crate) traffic: EnvironmentChoice,
    pub(crate) groupings: Vec<Grouping>,
    /// How it reads rows before the range, where it does.
    pub(crate) reading: Option<Reading>,
    /// The groups that stand by themselves, where not all do.
    pub(crate) kept: Option<Arc<Kept>>,
    pub(crate) cells: Cells,
    pub(crate) metrics: Vec<MetricPlan>,
    /// What the registry's definitions leave to the query.
    pub(crate) terms: Terms,
    /// The counter of rows whose users cannot be followed, where metrics follow people.
    pub(crate) unlinkable: Option<usize>,
    /// The counter of rows that lie in the segment to compare with, too.
    pub(crate) overlap: Option<usize>,
    /// Remarks on the metrics, each with its counter.
    pub(crate) remarks: Vec<PlannedRemark>,
}

impl Plan {
    /// Every condition.
    pub(crate) fn predicates(&self) -> impl Iterator<Item = &Predicate> {
        let of_groups = self.groupings.iter().flat_map(Grouping::predicates);
        [&self.selection, &self.environment]
            .into_iter()
            .chain(&self.cells.predicates)
            .chain(of_groups)
    }

    /// The same with every condition changed.
    pub(crate) fn map(mut self, change: impl Fn(&Predicate) -> Predicate) -> Self {
        self.selection = change(&self.selection);
        self.environment = change(&self.environment);
        for predicate in &mut self.cells.predicates {
            *predicate = change(predicate);
        }
        let groupings = self.groupings.iter();
        self.groupings = groupings.map(|grouping| grouping.map(&change)).collect();
        if let Some(reading) = &mut self.reading {
            let groupings = reading.groupings.iter();
            reading.groupings = groupings.map(|grouping| grouping.map(&change)).collect();
        }
        self
    }
}

/// Compiles one pass of a query for one range.
///
/// # Errors
/// When the range makes too many buckets.
pub(crate) fn plan(resolved: &Resolved, key: PassKey, range: Range) -> Result<Plan, Problem> {
    let terms = resolved.terms(range);
    let mut cells = Cells {
        identity: resolved.identity,
        ..Cells::default()
    };
    let metrics = resolved.metrics.iter().enumerate();
    let own = metrics.filter(|(_, metric)| key.answers(metric));
    let compared = resolved.compare.is_some();
    let metrics: Vec<MetricPlan> = own
        .map(|(position, metric)| {
            // Where nothing waits, nothing is read to tell what does.
            let age = terms.age(metric.maturity);
            let judged = age.map_or(Predicate::Constant(true), |age| mature(resolved.now, &age));
            let immature = cells.predicate(judged.clone().negated());
            MetricPlan {
                position,
                metric,
                pending: cells.counter(immature),
                parts: cells.metric((metric, key), &terms, &judged, compared),
                told: match key.is_about(metric) {
                    true => cells.told(metric, &terms),
                    false => None,
                },
            }
        })
        .collect();
    let follows = metrics.iter().any(|plan| plan.metric.follows_people());
    let unlinkable = follows.then(|| {
        let unlinkable = cells.predicate(Predicate::Flag("unlinkable"));
        cells.counter(unlinkable)
    });
    let overlap = resolved.compare_filter.as_ref().map(|other| {
        let other = cells.predicate(other.clone());
        cells.counter(other)
    });
    let remarks = planned_remarks(resolved, key, &terms, &mut cells);
    let groupings: Vec<Grouping> = resolved
        .groups
        .iter()
        .map(|group| grouping(group, key, range, resolved, &terms))
        .collect::<Result<_, _>>()?;
    cells.set_clock(resolved.now);
    let reading = Reading::of(resolved, key, range, &groupings)?;
    let read = reading.as_ref().map_or(range, |reading| reading.range);
    Ok(Plan {
        subject: key.subject,
        selection: in_range(key.time_column(), read).and(resolved.filter.clone()),
        environment: in_environment(resolved.environment),
        traffic: resolved.environment,
        groupings,
        reading,
        kept: None,
        cells,
        metrics,
        terms,
        unlinkable,
        overlap,
        remarks,
    })
}

fn grouping(
    group: &GroupBy,
    key: PassKey,
    range: Range,
    resolved: &Resolved,
    terms: &Terms,
) -> Result<Grouping, Problem> {
    let time = key.time_column();
    Ok(match &group.source {
        GroupSource::Text(source) => Grouping::Text(source.clone()),
        GroupSource::Number(column) => Grouping::Number(column),
        GroupSource::Flag(column) => Grouping::Flag(column),
        GroupSource::Condition(predicate, yes, no) => {
            Grouping::Condition(predicate.clone(), yes, no)
        }
        GroupSource::Kinds(kinds) => {
            let kinds = kinds.iter();
            Grouping::Kinds(
                kinds
                    .map(|(text, name)| (terms.condition(text), *name))
                    .collect(),
            )
        }
        GroupSource::List(column) => Grouping::List(column),
        GroupSource::Sources => Grouping::List(key.source_list()),
        GroupSource::Time(grain) if grain.is_cyclic() => {
            Grouping::Clock(time, Clock::new(*grain, range, &resolved.calendar.zone))
        }
        GroupSource::Time(grain) => Grouping::Buckets(time, resolved.buckets(*grain, range)?),
    })
}

fn position<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    list.iter()
        .position(|known| *known == item)
        .unwrap_or_else(|| {
            list.push(item);
            list.len() - 1
        })
}

impl Cells {
    pub(crate) fn predicate(&mut self, predicate: Predicate) -> usize {
        position(&mut self.predicates, predicate.simplified())
    }
    pub(crate) fn counter(&mut self, predicate: usize) -> usize {
        position(&mut self.counters, predicate)
    }
    /// Puts the query's clock into what is measured until now.
    fn set_clock(&mut self, now: i64) {
        for measure in &mut self.measures {
            *measure = measure.at(now);
        }
    }
    pub(crate) fn measure(&mut self, measure: Measure) -> usize {
        position(&mut self.measures, measure)
    }
    pub(crate) fn sum(&mut self, measure: Measure, predicate: usize) -> usize {
        let measure = self.measure(measure);
        position(&mut self.sums, (measure, predicate))
    }
    pub(crate) fn set(&mut self, key: &'static str, predicate: usize) -> usize {
        position(&mut self.sets, (key, predicate))
    }
    pub(crate) fn cluster(&mut self, numerator: Term, denominator: Term) -> usize {
        position(&mut self.clusters, (numerator, denominator))
    }

    pub(crate) fn rate(&mut self, numerator: Predicate, denominator: Predicate) -> Parts {
        let numerator = self.predicate(numerator.and(denominator.clone()));
        let denominator = self.predicate(denominator);
        Parts::Rate {
            numerator: self.counter(numerator),
            denominator: self.counter(denominator),
            cluster: self.cluster(Term::Holds(numerator), Term::Holds(denominator)),
        }
    }

    pub(crate) fn mean(&mut self, measure: Measure, within: Predicate, on_scale: bool) -> Parts {
        // Rows without a value are no part of the mean.
        let present = measure
            .columns()
            .into_iter()
            .map(Predicate::Present)
            .collect();
        let within = self.predicate(within.and(Predicate::All(present)));
        let measure = self.measure(measure);
        Parts::Mean {
            sum: position(&mut self.sums, (measure, within)),
            cluster: self.cluster(Term::Value(measure, within), Term::Holds(within)),
            scale: on_scale.then(|| position(&mut self.scales, within)),
        }
    }

    fn span(&mut self, key: &'static str, within: Predicate, days: Option<u32>) -> usize {
        let within = self.predicate(within);
        let set = position(&mut self.sets, (key, within));
        position(&mut self.spans, (set, days))
    }

    fn tally(&mut self, key: &'static str, within: Predicate) -> usize {
        let within = self.predicate(within);
        let set = position(&mut self.sets, (key, within));
        position(&mut self.tallies, set)
    }

    fn told(&mut self, metric: &Metric, terms: &Terms) -> Option<usize> {
        let predicate = self.predicate(terms.condition(metric.told?.by));
        Some(self.counter(predicate))
    }

    fn quantile(&mut self, measure: usize, predicate: usize, share: f64) -> Parts {
        let mut collections = self.collections.iter();
        let known =
            collections.position(|known| known.measure == measure && known.predicate == predicate);
        let collection = known.unwrap_or_else(|| {
            let shares = Vec::new();
            self.collections.push(Collection {
                measure,
                predicate,
                shares,
            });
            self.collections.len() - 1
        });
        let share = position(&mut self.collections[collection].shares, share);
        Parts::Quantile { collection, share }
    }

    /// The cells of a metric that rows of the pass fill.
    fn metric(
        &mut self,
        (metric, key): (&Metric, PassKey),
        terms: &Terms,
        judged: &Predicate,
        compared: bool,
    ) -> Parts {
        let condition = |text: &str| terms.condition(text);
        let cohort = |text: &str| condition(text).and(judged.clone());
        match metric.kind {
            Kind::Count { of } => {
                let predicate = self.predicate(cohort(of));
                let term = Term::Holds(predicate);
                Parts::Count {
                    counter: self.counter(predicate),
                    spread: compared.then(|| self.cluster(term, term)),
                }
            }
            Kind::Sum {
                measure, within, ..
            } => {
                let predicate = self.predicate(cohort(within));
                let sum = self.sum(measure, predicate);
                let term = Term::Value(self.measure(measure), predicate);
                Parts::Sum {
                    sum,
                    spread: compared.then(|| self.cluster(term, term)),
                }
            }
            Kind::Rate {
                numerator,
                denominator,
            }
            | Kind::Reduction {
                numerator,
                denominator,
            } => self.rate(condition(numerator), cohort(denominator)),
            Kind::Per {
                numerator,
                denominator,
            } => {
                let (above, below) = (
                    self.predicate(cohort(numerator)),
                    self.predicate(cohort(denominator)),
                );
                Parts::Per {
                    numerator: self.counter(above),
                    denominator: self.counter(below),
                    cluster: self.cluster(Term::Holds(above), Term::Holds(below)),
                }
            }
            Kind::Quotient { above, below } => {
                Parts::Quotient(self.quotient(key, (above, below), terms, judged))
            }
            Kind::Ratio {
                numerator,
                denominator,
                within,
            } => {
                let within = self.predicate(cohort(within));
                let (above, below) = (self.measure(numerator), self.measure(denominator));
                Parts::Ratio {
                    numerator: position(&mut self.sums, (above, within)),
                    denominator: position(&mut self.sums, (below, within)),
                    cluster: self.cluster(Term::Value(above, within), Term::Value(below, within)),
                }
            }
            Kind::Mean {
                measure,
                within,
                on_scale,
            } => self.mean(measure, cohort(within), on_scale),
            Kind::Quantile {
                measure,
                quantile,
                within,
            } => {
                let within = self.predicate(cohort(within));
                let measure = self.measure(measure);
                self.quantile(measure, within, quantile)
            }
            Kind::Ever { key, within } => Parts::Span {
                span: self.span(terms.key(key), cohort(within), None),
            },
            Kind::Trailing { key, days, within } => Parts::Span {
                span: self.span(terms.key(key), cohort(within), Some(days)),
            },
            Kind::Stickiness { key, days, within } => Parts::Stickiness {
                span: self.span(terms.key(key), cohort(within), Some(days)),
                days,
            },
            Kind::PerKey { key, within } => Parts::PerKey {
                tally: self.tally(terms.key(key), cohort(within)),
            },
            Kind::TopShare {
                key,
                percent,
                within,
            } => Parts::TopShare {
                tally: self.tally(terms.key(key), cohort(within)),
                percent,
            },
            Kind::Distinct { key, within } => {
                let within = self.predicate(cohort(within));
                Parts::Distinct {
                    set: position(&mut self.sets, (terms.key(key), within)),
                }
            }
            Kind::DistinctRate {
                key,
                numerator,
                denominator,
            } => {
                let above = self.predicate(condition(numerator).and(cohort(denominator)));
                let below = self.predicate(cohort(denominator));
                let key = terms.key(key);
                Parts::DistinctRate {
                    numerator: position(&mut self.sets, (key, above)),
                    denominator: position(&mut self.sets, (key, below)),
                }
            }
        }
    }
}
