//! Puts the shares of all workers together and gives every group its final cells.

use std::collections::HashMap;

use upshot_stats::ratio::ClusterSums;

use super::accumulate::{Accumulators, Sampling, Scale, Sum, sorted_collections};
use super::groups::GroupValue;
use super::worker::Share;
use crate::query::plan::Cells;

/// The cells of one group, or of all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filled {
    pub(crate) counters: Vec<u64>,
    pub(crate) sums: Vec<Sum>,
    pub(crate) collections: Vec<Vec<i64>>,
    pub(crate) sets: Vec<u64>,
    pub(crate) scales: Vec<Scale>,
    pub(crate) clusters: Vec<ClusterSums>,
}

/// What one pass found.
#[derive(Debug)]
pub(crate) struct Gathered {
    /// Every group with its cells, in no particular order.
    pub(crate) groups: Vec<(Vec<GroupValue>, Filled)>,
    pub(crate) totals: Filled,
    pub(crate) left_out: u64,
    pub(crate) rows_read: u64,
    pub(crate) sampling: Sampling,
}

/// Puts shares together.
pub(crate) fn gather(cells: &Cells, shares: Vec<Share>, sampling: Sampling) -> Gathered {
    let mut numbers: HashMap<Vec<GroupValue>, u32> = HashMap::new();
    let mut groups: Vec<Vec<GroupValue>> = Vec::new();
    let mut all = Accumulators::new(cells);
    let mut totals: Option<Accumulators> = None;
    let (mut left_out, mut rows_read) = (0, 0);
    for share in shares {
        left_out += share.left_out;
        rows_read += share.rows_read;
        let renumbered: Vec<u32> = share
            .groups
            .into_iter()
            .map(|group| {
                *numbers.entry(group).or_insert_with_key(|group| {
                    groups.push(group.clone());
                    (groups.len() - 1) as u32
                })
            })
            .collect();
        all.grow(groups.len());
        all.merge(share.grouped, &renumbered);
        if let Some(share_totals) = share.totals {
            let totals = totals.get_or_insert_with(|| Accumulators::new(cells));
            totals.grow(1);
            if share_totals.groups() > 0 {
                totals.merge(share_totals, &[0]);
            }
        }
    }
    let total = match &totals {
        Some(totals) => fill(cells, totals, None),
        None => fill(cells, &all, None),
    };
    let filled = fill(cells, &all, Some(groups.len()));
    Gathered {
        groups: groups.into_iter().zip(filled).collect(),
        totals: total.into_iter().next().unwrap_or_default(),
        left_out,
        rows_read,
        sampling,
    }
}

/// The cells of every group; without groups, of all together.
fn fill(cells: &Cells, from: &Accumulators, groups: Option<usize>) -> Vec<Filled> {
    let mut filled: Vec<Filled> = vec![Filled::default(); groups.unwrap_or(1)];
    for counts in &from.counters {
        match groups {
            Some(_) => filled
                .iter_mut()
                .zip(counts)
                .for_each(|(cells, count)| cells.counters.push(*count)),
            None => filled[0].counters.push(counts.iter().sum()),
        }
    }
    for sums in &from.sums {
        match groups {
            Some(_) => filled
                .iter_mut()
                .zip(sums)
                .for_each(|(cells, sum)| cells.sums.push(*sum)),
            None => filled[0]
                .sums
                .push(sums.iter().fold(Sum::default(), |all, sum| all.with(sum))),
        }
    }
    for scales in &from.scales {
        match groups {
            Some(_) => filled
                .iter_mut()
                .zip(scales)
                .for_each(|(cells, scale)| cells.scales.push(*scale)),
            None => {
                let all = scales
                    .iter()
                    .fold(Scale::default(), |all, scale| all.with(scale));
                filled[0].scales.push(all);
            }
        }
    }
    for values in &from.collections {
        let sorted = sorted_collections(values, groups);
        filled
            .iter_mut()
            .zip(sorted)
            .for_each(|(cells, values)| cells.collections.push(values));
    }
    for set in &from.sets {
        let counts = set.counts(groups);
        filled
            .iter_mut()
            .zip(counts)
            .for_each(|(cells, count)| cells.sets.push(count));
    }
    if !cells.clusters.is_empty() {
        for sums in from.clusters.sums(cells, groups) {
            filled
                .iter_mut()
                .zip(sums)
                .for_each(|(cells, sums)| cells.clusters.push(sums));
        }
    }
    filled
}
