//! How alike the sessions of one user are: the sums over users that clustered intervals need.

use serde::{Deserialize, Serialize};
use upshot_stats::ratio::ClusterSums;

use super::accumulate::{Input, Sampling};
use super::evaluate::{Numbers, Values};
use crate::query::plan::{Cells, Term};

/// Users with what their sessions add to the terms of ratios.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct ClusterRows {
    users: Vec<u64>,
    groups: Vec<u32>,
    /// Row by row, the value of each term.
    terms: Vec<f64>,
}

/// The terms of all clusters, each once.
fn distinct_terms(cells: &Cells) -> Vec<Term> {
    let mut terms = Vec::new();
    for term in cells
        .clusters
        .iter()
        .flat_map(|(above, below)| [*above, *below])
    {
        if !terms.contains(&term) {
            terms.push(term);
        }
    }
    terms
}

/// The value, cut so finely that sums of many are exact and do not depend on their order.
fn exact(values: &Values, row: usize) -> f64 {
    const FINE: f64 = (1_u64 << 20) as f64;
    match &values.numbers {
        Numbers::Integer(numbers) => numbers[row] as f64,
        Numbers::Real(numbers) => (numbers[row] * FINE).round() / FINE,
    }
}

impl ClusterRows {
    pub(super) fn add(&mut self, cells: &Cells, input: &Input<'_>, sampling: Sampling) {
        let terms = distinct_terms(cells);
        let mut of_row = vec![0.0; terms.len()];
        for (row, user) in input.users.iter().enumerate() {
            if !sampling.holds(*user) || !input.selected.value(row) {
                continue;
            }
            for (value, term) in of_row.iter_mut().zip(&terms) {
                *value = term_of(*term, input, row);
            }
            // Whoever adds nothing to any term is no cluster.
            if of_row.iter().any(|value| *value != 0.0) {
                self.push(*user, input.groups.get(row).copied().unwrap_or(0), &of_row);
            }
        }
    }

    /// Adds a row. Rows of a session mostly follow each other: what they add stands in one.
    fn push(&mut self, user: u64, group: u32, terms: &[f64]) {
        if self.users.last() == Some(&user) && self.groups.last() == Some(&group) {
            let from = self.terms.len() - terms.len();
            let last = self.terms[from..].iter_mut().zip(terms);
            last.for_each(|(sum, term)| *sum += term);
            return;
        }
        self.users.push(user);
        self.groups.push(group);
        self.terms.extend_from_slice(terms);
    }

    pub(super) fn bytes(&self) -> usize {
        self.terms.capacity() * 8 + self.users.capacity() * 12
    }
}

/// What a row adds to a term.
fn term_of(term: Term, input: &Input<'_>, row: usize) -> f64 {
    match term {
        Term::Holds(predicate) => f64::from(u8::from(input.predicates[predicate].value(row))),
        Term::Value(measure, predicate) => {
            let values = &input.measures[measure];
            let valid = values.valid.as_ref().is_none_or(|valid| valid.value(row));
            let there = valid && input.predicates[predicate].value(row);
            if there { exact(values, row) } else { 0.0 }
        }
    }
}

/// A row of a share: its user and its group in all of them together, which share, which row.
type Place = (u64, u32, u32, u32);

/// The rows of several shares, none of them copied.
#[derive(Debug, Default)]
pub(crate) struct Clusters<'a> {
    /// Each with the numbers that its groups have in all of them together.
    shares: Vec<(&'a ClusterRows, &'a [u32])>,
}

impl<'a> Clusters<'a> {
    pub(super) fn add(&mut self, rows: &'a ClusterRows, numbers: &'a [u32]) {
        self.shares.push((rows, numbers));
    }

    /// All rows of users in the sample, by user and group.
    fn places(&self, sampling: Sampling) -> Vec<Place> {
        let rows = self.shares.iter().map(|(rows, _)| rows.users.len()).sum();
        let mut places = Vec::with_capacity(rows);
        for (share, (rows, numbers)) in self.shares.iter().enumerate() {
            let of_share = rows.users.iter().zip(&rows.groups).enumerate();
            let in_sample = of_share.filter(|(_, (user, _))| sampling.holds(**user));
            places.extend(in_sample.map(|(row, (user, group))| {
                let group = numbers.get(*group as usize).copied().unwrap_or(0);
                (*user, group, share as u32, row as u32)
            }));
        }
        places.sort_unstable();
        places
    }

    /// The sums over users in the sample, by pair of terms: those of each group, and those of all together.
    pub(super) fn sums(
        &self,
        cells: &Cells,
        groups: usize,
        sampling: Sampling,
    ) -> (Vec<Vec<ClusterSums>>, Vec<ClusterSums>) {
        let terms = distinct_terms(cells);
        let place = |term: &Term| terms.iter().position(|known| known == term).unwrap_or(0);
        let pairs: Vec<(usize, usize)> = cells
            .clusters
            .iter()
            .map(|(above, below)| (place(above), place(below)))
            .collect();
        let mut by_group = vec![vec![ClusterSums::default(); groups]; pairs.len()];
        let mut all = vec![ClusterSums::default(); pairs.len()];
        let mut of_user = vec![0.0; terms.len()];
        let mut of_group = vec![0.0; terms.len()];
        let places = self.places(sampling);
        for user in places.chunk_by(|first, second| first.0 == second.0) {
            of_user.fill(0.0);
            for group in user.chunk_by(|first, second| first.1 == second.1) {
                of_group.fill(0.0);
                for (_, _, share, row) in group {
                    let from = *row as usize * terms.len();
                    let (rows, _) = self.shares[*share as usize];
                    let values = of_group.iter_mut().zip(&rows.terms[from..]);
                    values.for_each(|(sum, term)| *sum += term);
                }
                let number = group[0].1 as usize;
                for ((above, below), sums) in pairs.iter().zip(&mut by_group) {
                    add(&mut sums[number], of_group[*above], of_group[*below]);
                }
                of_user
                    .iter_mut()
                    .zip(&of_group)
                    .for_each(|(sum, part)| *sum += part);
            }
            for ((above, below), sums) in pairs.iter().zip(&mut all) {
                add(sums, of_user[*above], of_user[*below]);
            }
        }
        (by_group, all)
    }
}

/// Adds a user; one who adds nothing to either term is no cluster of the ratio.
fn add(sums: &mut ClusterSums, above: f64, below: f64) {
    if above != 0.0 || below != 0.0 {
        sums.add(above, below);
    }
}
