//! Puts the shares of all workers together and gives every group its final cells.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use upshot_stats::ratio::ClusterSums;

use super::accumulate::{Accumulators, Sampling, Scale, Sum};
use super::groups::GroupValue;
use super::quantiles::{Quantile, quantiles};
use super::spans::Span;
use super::tallies::{Tally, tallies};
use super::worker::Share;
use crate::query::plan::Cells;

/// The cells of one group, or of all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filled {
    pub(crate) counters: Vec<u64>,
    pub(crate) sums: Vec<Sum>,
    /// By collection, then by the shares that are asked of it.
    pub(crate) quantiles: Vec<Vec<Quantile>>,
    pub(crate) sets: Vec<u64>,
    pub(crate) tallies: Vec<Tally>,
    pub(crate) spans: Vec<Span>,
    pub(crate) scales: Vec<Scale>,
    pub(crate) clusters: Vec<ClusterSums>,
}

impl Filled {
    /// Cells of a group without any session.
    pub(crate) fn empty(cells: &Cells) -> Self {
        let nothing = |asked: usize| vec![Quantile::default(); asked];
        let collections = cells.collections.iter();
        Self {
            counters: vec![0; cells.counters.len()],
            sums: vec![Sum::default(); cells.sums.len()],
            quantiles: collections
                .map(|collection| nothing(collection.shares.len()))
                .collect(),
            sets: vec![0; cells.sets.len()],
            tallies: vec![Tally::default(); cells.tallies.len()],
            spans: vec![Span::default(); cells.spans.len()],
            scales: vec![Scale::default(); cells.scales.len()],
            clusters: vec![ClusterSums::default(); cells.clusters.len()],
        }
    }
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
    /// What was read for it.
    pub(crate) effort: Effort,
}

/// What a pass reads: known before it is read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Effort {
    /// How many files the table has, and how many rows are in them.
    pub(crate) files: usize,
    pub(crate) file_rows: u64,
    /// How many files are read; the others hold no row of the selection.
    pub(crate) files_read: usize,
    /// How many rows memory holds.
    pub(crate) memory_rows: u64,
    /// The columns that are read.
    pub(crate) columns: BTreeSet<&'static str>,
    /// The columns that are derived while reading: of the row's session, of its user, prices.
    pub(crate) derived: BTreeSet<&'static str>,
    /// How long it took.
    pub(crate) took: Duration,
}

/// What all workers found, before the cells are filled.
pub(crate) struct Merged {
    pub(crate) groups: Vec<Vec<GroupValue>>,
    pub(crate) all: Accumulators,
    totals: Option<Accumulators>,
    pub(crate) left_out: u64,
    pub(crate) rows_read: u64,
    pub(crate) sampling: Sampling,
}

/// Puts shares together and fills the cells of every group.
pub(crate) fn gather(
    cells: &Cells,
    shares: Vec<Share>,
    sampling: Sampling,
    threads: usize,
) -> Gathered {
    let merged = merge(cells, shares, sampling);
    let (filled, sum_of_groups) = fill(cells, &merged.all, merged.groups.len(), threads);
    let total = match &merged.totals {
        Some(totals) => fill(cells, totals, 1, threads).1,
        None => sum_of_groups,
    };
    Gathered {
        groups: merged.groups.into_iter().zip(filled).collect(),
        totals: total,
        left_out: merged.left_out,
        rows_read: merged.rows_read,
        effort: Effort::default(),
        sampling,
    }
}

/// Puts shares together.
pub(crate) fn merge(cells: &Cells, shares: Vec<Share>, sampling: Sampling) -> Merged {
    let mut numbers: HashMap<Vec<GroupValue>, u32> = HashMap::new();
    let mut groups: Vec<Vec<GroupValue>> = Vec::new();
    let mut all: Option<Accumulators> = None;
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
        match &mut all {
            // The groups of the first keep their numbers.
            None => all = Some(share.grouped),
            Some(all) => {
                all.grow(groups.len());
                all.merge(share.grouped, &renumbered);
            }
        }
        if let Some(share_totals) = share.totals {
            let totals = totals.get_or_insert_with(|| Accumulators::new(cells));
            totals.grow(1);
            if share_totals.groups() > 0 {
                totals.merge(share_totals, &[0]);
            }
        }
    }
    Merged {
        groups,
        all: all.unwrap_or_else(|| Accumulators::new(cells)),
        totals,
        left_out,
        rows_read,
        sampling,
    }
}

/// The cells of every group, and of all together.
fn fill(
    cells: &Cells,
    from: &Accumulators,
    groups: usize,
    threads: usize,
) -> (Vec<Filled>, Filled) {
    let mut filled: Vec<Filled> = vec![Filled::default(); groups];
    let mut all = Filled::default();
    for counts in &from.counters {
        let groups = filled.iter_mut().zip(counts);
        groups.for_each(|(cells, count)| cells.counters.push(*count));
        all.counters.push(counts.iter().sum());
    }
    for sums in &from.sums {
        filled
            .iter_mut()
            .zip(sums)
            .for_each(|(cells, sum)| cells.sums.push(*sum));
        let together = sums.iter().fold(Sum::default(), |all, sum| all.with(sum));
        all.sums.push(together);
    }
    for scales in &from.scales {
        filled
            .iter_mut()
            .zip(scales)
            .for_each(|(cells, scale)| cells.scales.push(*scale));
        let together = scales
            .iter()
            .fold(Scale::default(), |all, scale| all.with(scale));
        all.scales.push(together);
    }
    for (values, collection) in from.collections.iter().zip(&cells.collections) {
        let (found, together) = quantiles(values, &collection.shares, groups);
        filled
            .iter_mut()
            .zip(found)
            .for_each(|(cells, found)| cells.quantiles.push(found));
        all.quantiles.push(together);
    }
    for set in &from.sets {
        let (counts, together) = set.counts(groups, threads);
        filled
            .iter_mut()
            .zip(counts)
            .for_each(|(cells, count)| cells.sets.push(count));
        all.sets.push(together);
    }
    for set in &cells.tallies {
        let (found, together) = tallies(&from.sets[*set], groups, threads);
        filled
            .iter_mut()
            .zip(found)
            .for_each(|(cells, tally)| cells.tallies.push(tally));
        all.tallies.push(together);
    }
    if !cells.clusters.is_empty() {
        let (by_group, together) = from.clusters.sums(cells, groups);
        for sums in by_group {
            filled
                .iter_mut()
                .zip(sums)
                .for_each(|(cells, sums)| cells.clusters.push(sums));
        }
        all.clusters = together;
    }
    (filled, all)
}
