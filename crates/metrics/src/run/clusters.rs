//! How alike the sessions of one user are: the sums over users that clustered intervals need.

use arrow::buffer::BooleanBuffer;
use serde::{Deserialize, Serialize};
use upshot_stats::ratio::ClusterSums;

use super::accumulate::{Input, Sampling, valid};
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
        let terms: Vec<TermRows<'_>> = distinct_terms(cells)
            .into_iter()
            .map(|term| TermRows::of(term, input))
            .collect();
        // Whoever adds nothing to any term is no cluster.
        let adding = terms.iter().map(|term| &term.rows);
        let Some(adding) = adding.fold(None, either) else {
            return;
        };
        let mut of_row = vec![0.0; terms.len()];
        for row in (&adding & input.selected).set_indices() {
            let user = input.users[row] as u64;
            if !sampling.holds(user) {
                continue;
            }
            for (value, term) in of_row.iter_mut().zip(&terms) {
                *value = term.of_row(row);
            }
            if of_row.iter().any(|value| *value != 0.0) {
                self.push(user, input.group(row) as u32, &of_row);
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

/// A term as the rows of a batch have it.
struct TermRows<'a> {
    /// The rows that have it.
    rows: BooleanBuffer,
    /// What they add; nothing where each adds one.
    values: Option<&'a Values>,
}

impl<'a> TermRows<'a> {
    fn of(term: Term, input: &Input<'a>) -> Self {
        match term {
            Term::Holds(predicate) => Self {
                rows: input.predicates[predicate].clone(),
                values: None,
            },
            Term::Value(measure, predicate) => {
                let values = &input.measures[measure];
                Self {
                    rows: valid(values, &input.predicates[predicate]),
                    values: Some(values),
                }
            }
        }
    }

    #[inline]
    fn of_row(&self, row: usize) -> f64 {
        match (self.rows.value(row), self.values) {
            (false, _) => 0.0,
            (true, None) => 1.0,
            (true, Some(values)) => exact(values, row),
        }
    }
}

/// The rows of both.
fn either(all: Option<BooleanBuffer>, rows: &BooleanBuffer) -> Option<BooleanBuffer> {
    Some(match all {
        None => rows.clone(),
        Some(all) => &all | rows,
    })
}

/// A row of a share: its user and its group in all of them together, which share, which row.
type Place = (u64, u32, u32, u32);

/// About how many rows are put in order at once, and by how many bits of a user's key at most.
const IN_PIECE: usize = 8;
const MOST_BITS: u32 = 16;

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

    /// The rows of users in the sample.
    fn places(&self, sampling: Sampling) -> impl Iterator<Item = Place> {
        let shares = self.shares.iter().enumerate();
        shares.flat_map(move |(share, (rows, numbers))| {
            let of_share = rows.users.iter().zip(&rows.groups).enumerate();
            let in_sample = of_share.filter(move |(_, (user, _))| sampling.holds(**user));
            in_sample.map(move |(row, (user, group))| {
                let group = numbers.get(*group as usize).copied().unwrap_or(0);
                (*user, group, share as u32, row as u32)
            })
        })
    }

    /// The same, by user and group.
    fn ordered(&self, sampling: Sampling) -> Vec<Place> {
        let rows: usize = self.shares.iter().map(|(rows, _)| rows.users.len()).sum();
        // Keys of users are spread evenly: cut by their first bits, a few rows stand in each piece.
        let bits = (rows / IN_PIECE)
            .checked_ilog2()
            .unwrap_or(0)
            .min(MOST_BITS);
        let piece = |user: u64| user.checked_shr(u64::BITS - bits).unwrap_or(0) as usize;
        let mut ends = vec![0_usize; 1 << bits];
        for (user, ..) in self.places(sampling) {
            ends[piece(user)] += 1;
        }
        let mut all = 0;
        for end in &mut ends {
            all += std::mem::replace(end, all);
        }
        let mut places = vec![Place::default(); all];
        for place in self.places(sampling) {
            let end = &mut ends[piece(place.0)];
            places[*end] = place;
            *end += 1;
        }
        let mut from = 0;
        for end in ends {
            places[from..end].sort_unstable();
            from = end;
        }
        places
    }

    /// The sums over users in the sample: of each group, one after the other, those by pair of terms; and those of all together.
    pub(super) fn sums(
        &self,
        cells: &Cells,
        groups: usize,
        sampling: Sampling,
    ) -> (Vec<ClusterSums>, Vec<ClusterSums>) {
        let pairs = Pairs::of(cells);
        let mut all = vec![ClusterSums::default(); pairs.places.len()];
        let places = self.ordered(sampling);
        let of_users = places.chunk_by(|first, second| first.0 == second.0);
        // Of one group the sums are those of all.
        if groups == 1 {
            let mut of_user = vec![0.0; pairs.terms];
            for user in of_users {
                pairs.add(&mut all, self.together(user, &mut of_user));
            }
            return (all.clone(), all);
        }
        let mut by_group = vec![ClusterSums::default(); groups * pairs.places.len()];
        let (mut of_user, mut of_group) = (vec![0.0; pairs.terms], vec![0.0; pairs.terms]);
        for user in of_users {
            for group in user.chunk_by(|first, second| first.1 == second.1) {
                let from = group[0].1 as usize * pairs.places.len();
                let sums = &mut by_group[from..from + pairs.places.len()];
                pairs.add(sums, self.together(group, &mut of_group));
            }
            pairs.add(&mut all, self.together(user, &mut of_user));
        }
        (by_group, all)
    }

    /// What the rows add to the terms together; that of a single row, of which most are, is not copied.
    fn together<'b>(&'b self, places: &[Place], sums: &'b mut [f64]) -> &'b [f64] {
        let width = sums.len();
        let of_row = |(_, _, share, row): &Place| {
            let from = *row as usize * width;
            &self.shares[*share as usize].0.terms[from..from + width]
        };
        if let [only] = places {
            return of_row(only);
        }
        sums.fill(0.0);
        for place in places {
            let values = sums.iter_mut().zip(of_row(place));
            values.for_each(|(sum, term)| *sum += term);
        }
        sums
    }
}

/// Which terms the pairs are made of.
struct Pairs {
    places: Vec<(usize, usize)>,
    terms: usize,
}

impl Pairs {
    fn of(cells: &Cells) -> Self {
        let terms = distinct_terms(cells);
        let place = |term: &Term| terms.iter().position(|known| known == term).unwrap_or(0);
        let pairs = cells.clusters.iter();
        Self {
            places: pairs
                .map(|(above, below)| (place(above), place(below)))
                .collect(),
            terms: terms.len(),
        }
    }

    /// Adds a user; one who adds nothing to either term is no cluster of the ratio.
    #[inline]
    fn add(&self, sums: &mut [ClusterSums], terms: &[f64]) {
        for (sums, (above, below)) in sums.iter_mut().zip(&self.places) {
            let (above, below) = (terms[*above], terms[*below]);
            if above != 0.0 || below != 0.0 {
                sums.add(above, below);
            }
        }
    }
}
