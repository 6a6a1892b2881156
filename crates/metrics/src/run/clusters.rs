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
        for (row, user) in input.users.iter().enumerate() {
            if !sampling.holds(*user) || !input.selected.value(row) {
                continue;
            }
            self.users.push(*user);
            self.groups
                .push(input.groups.get(row).copied().unwrap_or(0));
            self.terms.extend(terms.iter().map(|term| match *term {
                Term::Holds(predicate) => {
                    f64::from(u8::from(input.predicates[predicate].value(row)))
                }
                Term::Value(measure, predicate) => {
                    let values = &input.measures[measure];
                    let valid = values.valid.as_ref().is_none_or(|valid| valid.value(row));
                    let there = valid && input.predicates[predicate].value(row);
                    if there { exact(values, row) } else { 0.0 }
                }
            }));
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.terms.capacity() * 8 + self.users.capacity() * 12
    }

    /// Adds those of another that are in the sample.
    pub(super) fn merge(&mut self, other: &Self, numbers: &[u32], sampling: Sampling) {
        let each = other.terms.len() / other.users.len().max(1);
        for (row, (user, group)) in other.users.iter().zip(&other.groups).enumerate() {
            if !sampling.holds(*user) {
                continue;
            }
            self.users.push(*user);
            self.groups
                .push(numbers.get(*group as usize).copied().unwrap_or(0));
            self.terms
                .extend_from_slice(&other.terms[row * each..(row + 1) * each]);
        }
    }

    /// The sums over users, by pair of terms: those of each group, and those of all together.
    pub(crate) fn sums(
        &self,
        cells: &Cells,
        groups: usize,
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
        let mut rows: Vec<(u64, u32, u32)> = self
            .users
            .iter()
            .zip(&self.groups)
            .enumerate()
            .map(|(row, (user, group))| (*user, *group, row as u32))
            .collect();
        rows.sort_unstable();
        let mut of_user = vec![0.0; terms.len()];
        let mut of_group = vec![0.0; terms.len()];
        for user in rows.chunk_by(|first, second| first.0 == second.0) {
            of_user.fill(0.0);
            for group in user.chunk_by(|first, second| first.1 == second.1) {
                of_group.fill(0.0);
                for (_, _, row) in group {
                    let from = *row as usize * terms.len();
                    let values = of_group.iter_mut().zip(&self.terms[from..]);
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
