//! Puts the shares of all workers together and gives every group its final cells.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use upshot_stats::ratio::ClusterSums;

use super::accumulate::{Accumulators, Sampling, Scale, Sum};
use super::clusters::Clusters;
use super::groups::{GroupValue, MOST_GROUPS};
use super::quantiles::{Collected, Quantile};
use super::sets::Union;
use super::spans::Span;
use super::tallies::{Tally, tallies};
use super::worker::Share;
use crate::error::QueryError;
use crate::pass::Known;
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
    /// How many rows were not read because it was known what is found there.
    pub(crate) rows_kept: u64,
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
    /// Of how many files was known what the pass finds there, so that they were not read.
    pub(crate) files_kept: usize,
    /// How many rows memory holds.
    pub(crate) memory_rows: u64,
    /// The columns that are read.
    pub(crate) columns: BTreeSet<&'static str>,
    /// The columns that are derived while reading: of the row's session, of its user, prices.
    pub(crate) derived: BTreeSet<&'static str>,
    /// How long it took.
    pub(crate) took: Duration,
}

impl Effort {
    /// The same, of a reading that began then and has ended.
    pub(crate) fn took(self, began: Instant) -> Self {
        let took = began.elapsed();
        Self { took, ..self }
    }
}

/// A share, and by how many stretches of time its first lies after the first of the answer, by dimension.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) share: Arc<Share>,
    pub(crate) offsets: Vec<(usize, u32)>,
    /// Whether it was known before the question: nothing was read for it.
    pub(crate) known: bool,
}

impl Piece {
    /// What was known of a file from before.
    pub(crate) fn known(Known { found, offsets }: Known<Share>) -> Self {
        Self {
            share: found,
            offsets,
            known: true,
        }
    }

    /// A group of the share as the answer has it.
    fn group(&self, group: &[GroupValue]) -> Vec<GroupValue> {
        let mut group = group.to_vec();
        for (dimension, offset) in &self.offsets {
            if let GroupValue::Position(position) = &mut group[*dimension] {
                *position += offset;
            }
        }
        group
    }
}

/// What all shares say together, before the cells are filled.
pub(crate) struct Merged<'a> {
    pub(crate) groups: Vec<Vec<GroupValue>>,
    pub(crate) all: Together<'a>,
    totals: Option<Together<'a>>,
    pub(crate) left_out: u64,
    pub(crate) rows_read: u64,
    /// How many rows were not read because it was known what is found there.
    pub(crate) rows_kept: u64,
    pub(crate) sampling: Sampling,
}

/// The cells of several shares. What is large is not copied.
#[derive(Default)]
pub(crate) struct Together<'a> {
    cells: Accumulators,
    pub(crate) sets: Vec<Union<'a>>,
    collections: Vec<Collected<'a>>,
    clusters: Clusters<'a>,
}

impl<'a> Together<'a> {
    fn new(cells: &Cells, groups: usize) -> Self {
        let mut all = Accumulators::new(cells);
        all.grow(groups);
        Self {
            cells: all,
            sets: cells.sets.iter().map(|_| Union::default()).collect(),
            collections: cells
                .collections
                .iter()
                .map(|_| Collected::default())
                .collect(),
            clusters: Clusters::default(),
        }
    }

    fn add(&mut self, from: &'a Accumulators, numbers: &'a [u32]) {
        self.cells.merge(from, numbers);
        self.clusters.add(&from.clusters, numbers);
        for (union, set) in self.sets.iter_mut().zip(&from.sets) {
            union.add(set, numbers);
        }
        for (collected, numbers_of) in self.collections.iter_mut().zip(&from.collections) {
            collected.add(numbers_of, numbers);
        }
    }
}

/// The numbers that the groups of pieces have in all of them together.
#[derive(Debug, Default)]
pub(crate) struct Numbering {
    groups: Vec<Vec<GroupValue>>,
    /// By piece, then by its groups.
    numbers: Vec<Vec<u32>>,
}

impl Numbering {
    ///
    /// # Errors
    /// When there are too many in all.
    pub(crate) fn of(pieces: &[Piece]) -> Result<Self, QueryError> {
        let mut known: HashMap<Vec<GroupValue>, u32> = HashMap::new();
        let mut numbering = Self::default();
        for piece in pieces {
            let groups = &mut numbering.groups;
            let numbers = piece.share.groups.iter().map(|group| {
                let group = piece.group(group);
                *known.entry(group).or_insert_with_key(|group| {
                    groups.push(group.clone());
                    (groups.len() - 1) as u32
                })
            });
            let numbers = numbers.collect();
            numbering.numbers.push(numbers);
            if numbering.groups.len() > MOST_GROUPS {
                return Err(QueryError::TooManyGroups { limit: MOST_GROUPS });
            }
        }
        Ok(numbering)
    }
}

/// Puts shares together and fills the cells of every group.
pub(crate) fn gather(
    cells: &Cells,
    pieces: &[Piece],
    sampling: Sampling,
    threads: usize,
) -> Result<Gathered, QueryError> {
    let numbering = Numbering::of(pieces)?;
    let merged = merge(cells, pieces, &numbering, sampling);
    let (filled, sum_of_groups) = fill(cells, merged.all, merged.groups.len(), sampling, threads);
    let total = match merged.totals {
        Some(totals) => fill(cells, totals, 1, sampling, threads).1,
        None => sum_of_groups,
    };
    Ok(Gathered {
        groups: merged.groups.into_iter().zip(filled).collect(),
        totals: total,
        left_out: merged.left_out,
        rows_read: merged.rows_read,
        rows_kept: merged.rows_kept,
        effort: Effort::default(),
        sampling,
    })
}

/// Puts shares together.
pub(crate) fn merge<'a>(
    cells: &Cells,
    pieces: &'a [Piece],
    numbering: &'a Numbering,
    sampling: Sampling,
) -> Merged<'a> {
    let mut merged = Merged {
        groups: numbering.groups.clone(),
        all: Together::new(cells, numbering.groups.len()),
        totals: None,
        left_out: 0,
        rows_read: 0,
        rows_kept: 0,
        sampling,
    };
    for (piece, numbers) in pieces.iter().zip(&numbering.numbers) {
        let share = &piece.share;
        merged.left_out += share.left_out;
        match piece.known {
            true => merged.rows_kept += share.rows_read,
            false => merged.rows_read += share.rows_read,
        }
        merged.all.add(&share.grouped, numbers);
        if let Some(of_share) = &share.totals {
            let totals = merged.totals.get_or_insert_with(|| Together::new(cells, 1));
            if of_share.groups() > 0 {
                totals.add(of_share, &[0]);
            }
        }
    }
    merged
}

/// The cells of every group, and of all together.
fn fill(
    cells: &Cells,
    together: Together<'_>,
    groups: usize,
    sampling: Sampling,
    threads: usize,
) -> (Vec<Filled>, Filled) {
    let from = together.cells;
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
    for (collected, collection) in together.collections.into_iter().zip(&cells.collections) {
        let (found, together) = collected.quantiles(&collection.shares, groups);
        filled
            .iter_mut()
            .zip(found)
            .for_each(|(cells, found)| cells.quantiles.push(found));
        all.quantiles.push(together);
    }
    for set in &together.sets {
        let counts = set.counts(groups, threads);
        filled
            .iter_mut()
            .zip(counts.by_group)
            .for_each(|(cells, count)| cells.sets.push(count));
        all.sets.push(counts.all);
    }
    for set in &cells.tallies {
        let (found, together) = tallies(&together.sets[*set], groups, threads);
        filled
            .iter_mut()
            .zip(found)
            .for_each(|(cells, tally)| cells.tallies.push(tally));
        all.tallies.push(together);
    }
    if !cells.clusters.is_empty() {
        let (by_group, together) = together.clusters.sums(cells, groups, sampling);
        let by_group = by_group.chunks(cells.clusters.len());
        filled
            .iter_mut()
            .zip(by_group)
            .for_each(|(cells, sums)| cells.clusters = sums.to_vec());
        all.clusters = together;
    }
    (filled, all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A piece with so many groups, numbered from the first.
    fn piece(first: u32, groups: usize) -> Piece {
        let positions = (first..).take(groups);
        let groups = positions.map(|position| vec![GroupValue::Position(position)]);
        Piece {
            share: Arc::new(Share {
                groups: groups.collect(),
                grouped: Accumulators::default(),
                totals: None,
                sampling: Sampling::ALL_USERS,
                left_out: 0,
                rows_read: 0,
            }),
            offsets: Vec::new(),
            known: true,
        }
    }

    #[test]
    fn groups_of_all_pieces_together_may_be_too_many() {
        let most = MOST_GROUPS - 1;
        let same = Numbering::of(&[piece(0, most), piece(0, most)]).unwrap();
        assert_eq!(same.groups.len(), most);
        let more = Numbering::of(&[piece(0, most), piece(most as u32, 2)]);
        assert!(matches!(more, Err(QueryError::TooManyGroups { .. })));
    }

    #[test]
    fn stretches_of_a_file_get_their_place_in_the_answer() {
        let mut later = piece(0, 2);
        later.offsets = vec![(0, 3)];
        let numbering = Numbering::of(&[piece(2, 2), later]).unwrap();
        assert_eq!(numbering.numbers, [vec![0, 1], vec![1, 2]]);
    }
}
