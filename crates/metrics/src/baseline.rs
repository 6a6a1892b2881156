//! Numbers against the workspace's baseline: the passes that find its rates, and which rate stands against which group.

use std::collections::HashMap;
use std::sync::Arc;

use crate::answer::plans;
use crate::assemble::{Cells, Key, Part, measured};
use crate::error::QueryError;
use crate::measure::{Against, Measured, reduced};
use crate::query::baseline::{Baseline, is_reduction};
use crate::query::plan::Plan;
use crate::query::resolve::Resolved;
use crate::run::groups::Kept;
use crate::time::{Compare, Range};

/// What is asked of the range of the baseline: by the query, and by that of the segment to compare with.
pub(crate) fn asked(resolved: &Resolved) -> Vec<(Resolved, Range)> {
    let other = resolved.compare_filter.is_some();
    let other = other.then(|| resolved.compared(resolved.range).of_baseline());
    let own = resolved.of_baseline();
    own.into_iter().chain(other.flatten()).collect()
}

/// The passes that find the rates of baselines, with the groups that stand by themselves as in the answer.
///
/// # Errors
/// When the query cannot be planned.
pub(crate) fn plans_of(
    asked: &[(Resolved, Range)],
    kept: Option<&Arc<Kept>>,
) -> Result<Vec<Plan>, QueryError> {
    // A baseline is not cut by time: its dimensions are those by which groups are kept.
    let kept = kept.map(|kept| {
        Arc::new(Kept {
            dimensions: (0..kept.dimensions.len()).collect(),
            keys: kept.keys.clone(),
        })
    });
    let mut all = Vec::new();
    for (resolved, range) in asked {
        all.extend(plans(resolved, *range)?.into_iter().map(|plan| Plan {
            kept: kept.clone(),
            ..plan
        }));
    }
    Ok(all)
}

/// The rates of baselines.
#[derive(Default)]
pub(crate) struct Baselines(Vec<Rates>);

/// The rates of one baseline.
struct Rates {
    parts: Vec<Part>,
    /// Of all groups together.
    totals: Vec<Measured>,
    by_group: HashMap<Key, Vec<Measured>>,
}

impl Baselines {
    /// The rates of what was asked, from what its passes found.
    pub(crate) fn new(asked: Vec<(Resolved, Range)>, found: Vec<Part>) -> Self {
        let mut found = found.into_iter();
        let rates = asked.into_iter().map(|(resolved, _)| {
            let passes = resolved.passes().len();
            Rates::new(&resolved, found.by_ref().take(passes).collect())
        });
        Self(rates.collect())
    }

    /// What was read for them.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Part> {
        self.0.iter().flat_map(|rates| &rates.parts)
    }

    /// The rates of all groups together, of the query's own baseline.
    pub(crate) fn totals(&self) -> &[Measured] {
        self.0.first().map_or(&[], |rates| &rates.totals)
    }

    /// Puts the values of a group against the baseline: where reductions were counted as rates. Without a group they
    /// are the totals.
    pub(crate) fn put_against(
        &self,
        resolved: &Resolved,
        key: Option<&Key>,
        values: &mut [Measured],
        compared: bool,
    ) {
        let apart = matches!(resolved.compare, Some(Compare::Segment(_)));
        let rates = match compared && apart {
            true => self.0.get(1),
            false => self.0.first(),
        };
        let found = rates.and_then(|rates| rates.of(resolved, key));
        let reductions = resolved.metrics.iter().zip(values);
        let reductions = reductions.filter(|(metric, _)| is_reduction(metric));
        for (position, (_, value)) in reductions.enumerate() {
            let against = match &resolved.baseline {
                None => Against::Nothing,
                Some(Baseline::Rate(rate)) => Against::Stated(*rate),
                Some(Baseline::Range { .. }) => {
                    Against::Found(found.and_then(|found| found.get(position)))
                }
            };
            *value = reduced(value, against, apart);
        }
    }
}

impl Rates {
    fn new(resolved: &Resolved, parts: Vec<Part>) -> Self {
        let totals: Cells<'_> = parts
            .iter()
            .map(|part| Some(&part.gathered.totals))
            .collect();
        let totals = measured(resolved, &parts, &totals);
        let mut cells: HashMap<&Key, Cells<'_>> = HashMap::new();
        for (index, part) in parts.iter().enumerate() {
            for (key, filled) in &part.gathered.groups {
                let cells = cells.entry(key).or_insert_with(|| vec![None; parts.len()]);
                cells[index] = Some(filled);
            }
        }
        let by_group = cells
            .into_iter()
            .map(|(key, cells)| (key.clone(), measured(resolved, &parts, &cells)));
        let by_group = by_group.collect();
        Self {
            totals,
            by_group,
            parts,
        }
    }

    /// The rates against which the values of a group stand.
    fn of(&self, resolved: &Resolved, key: Option<&Key>) -> Option<&[Measured]> {
        let own: Option<Key> = key.map(|key| {
            let dimensions = resolved.beside_time().into_iter();
            dimensions.map(|index| key[index].clone()).collect()
        });
        match own.filter(|own| !own.is_empty()) {
            None => Some(&self.totals),
            Some(own) => self.by_group.get(&own).map(Vec::as_slice),
        }
    }
}
