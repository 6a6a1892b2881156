//! The cells of every group, and how rows fill them. Sums are kept in whole numbers, so that the order
//! and the split of rows never change an answer.

use arrow::buffer::BooleanBuffer;
use rustc_hash::FxHashSet;
use upshot_stats::ratio::ClusterSums;

use super::evaluate::{Numbers, Values};
use crate::query::plan::{Cells, Term};

/// Real numbers are summed as whole multiples of this.
const REAL_UNIT: f64 = 1.0 / (1_u64 << 40) as f64;
/// Sets of keys are cut in so many parts, each small enough for the processor's cache.
const SET_PARTS: usize = 64;

/// Number, sum and sum of squares.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sum {
    pub(crate) count: u64,
    whole: i128,
    whole_squares: i128,
    real: i128,
    real_squares: i128,
}

impl Sum {
    #[inline]
    fn add_integer(&mut self, value: i64) {
        self.count += 1;
        self.whole += i128::from(value);
        self.whole_squares += i128::from(value) * i128::from(value);
    }

    #[inline]
    fn add_real(&mut self, value: f64) {
        self.count += 1;
        self.real += (value / REAL_UNIT) as i128;
        self.real_squares += (value * value / REAL_UNIT) as i128;
    }

    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.whole += other.whole;
        self.whole_squares += other.whole_squares;
        self.real += other.real;
        self.real_squares += other.real_squares;
    }

    /// Both together.
    pub(crate) fn with(mut self, other: &Self) -> Self {
        self.add(other);
        self
    }

    pub(crate) fn sum(&self) -> f64 {
        self.whole as f64 + self.real as f64 * REAL_UNIT
    }

    pub(crate) fn squares(&self) -> f64 {
        self.whole_squares as f64 + self.real_squares as f64 * REAL_UNIT
    }
}

/// The lowest and highest ends of the scales on which answers stand, and whether some say none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    pub(crate) least: (f64, f64),
    pub(crate) most: (f64, f64),
    pub(crate) unknown: u64,
    pub(crate) known: u64,
}

impl Default for Scale {
    fn default() -> Self {
        let nothing = (f64::INFINITY, f64::NEG_INFINITY);
        Self {
            least: nothing,
            most: nothing,
            unknown: 0,
            known: 0,
        }
    }
}

impl Scale {
    fn add(&mut self, other: &Self) {
        let wider =
            |mine: (f64, f64), theirs: (f64, f64)| (mine.0.min(theirs.0), mine.1.max(theirs.1));
        self.least = wider(self.least, other.least);
        self.most = wider(self.most, other.most);
        self.unknown += other.unknown;
        self.known += other.known;
    }

    /// Both together.
    pub(crate) fn with(mut self, other: &Self) -> Self {
        self.add(other);
        self
    }

    /// Whether all answers stand on the same scale.
    pub(crate) fn is_one(&self) -> bool {
        let same = |ends: (f64, f64)| ends.0 >= ends.1;
        self.known == 0 || (self.unknown == 0 && same(self.least) && same(self.most))
    }
}

/// A sample of users with what their sessions add to the terms of ratios.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClusterRows {
    users: Vec<u64>,
    groups: Vec<u32>,
    /// Row by row, the value of each term.
    terms: Vec<f64>,
}

/// Which users are in the sample: those whose hash ends in so many zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sampling {
    pub(crate) zeros: u32,
}

impl Sampling {
    /// All users up to about so many rows, else as large a share of them as makes so few.
    pub(crate) fn for_rows(rows: u64) -> Self {
        const ENOUGH: u64 = 1 << 17;
        let mut zeros = 0;
        while rows >> zeros > ENOUGH {
            zeros += 1;
        }
        Self { zeros }
    }

    #[inline]
    fn holds(self, user: u64) -> bool {
        mix(user) >> (64 - 20) & ((1 << self.zeros) - 1) == 0
    }
}

#[inline]
fn mix(key: u64) -> u64 {
    let mixed = (key ^ (key >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}

/// Keys by part, each with its group.
#[derive(Debug, Clone)]
pub(crate) struct KeySet {
    parts: Vec<Vec<(u64, u32)>>,
}

impl Default for KeySet {
    fn default() -> Self {
        Self {
            parts: vec![Vec::new(); SET_PARTS],
        }
    }
}

/// What a batch gives to the cells: predicates and measures by their position in the plan.
pub(crate) struct Input<'a> {
    /// For every row its group; empty where there is only one.
    pub(crate) groups: &'a [u32],
    pub(crate) predicates: &'a [BooleanBuffer],
    pub(crate) measures: &'a [Values],
    /// The keys of every set, in its order.
    pub(crate) keys: &'a [Vec<u64>],
    /// The users of the sessions, where clusters are wanted.
    pub(crate) users: &'a [u64],
    /// The scale's ends, where scales are wanted.
    pub(crate) scale: Option<&'a (Values, Values)>,
    /// The rows that count at all.
    pub(crate) selected: &'a BooleanBuffer,
}

/// The cells of all groups.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accumulators {
    groups: usize,
    /// By counter, then group.
    pub(crate) counters: Vec<Vec<u64>>,
    pub(crate) sums: Vec<Vec<Sum>>,
    pub(crate) collections: Vec<Vec<(u32, i64)>>,
    pub(crate) sets: Vec<KeySet>,
    pub(crate) scales: Vec<Vec<Scale>>,
    pub(crate) clusters: ClusterRows,
}

impl Accumulators {
    pub(crate) fn new(cells: &Cells) -> Self {
        Self {
            groups: 0,
            counters: vec![Vec::new(); cells.counters.len()],
            sums: vec![Vec::new(); cells.sums.len()],
            collections: vec![Vec::new(); cells.collections.len()],
            sets: vec![KeySet::default(); cells.sets.len()],
            scales: vec![Vec::new(); cells.scales.len()],
            clusters: ClusterRows::default(),
        }
    }

    /// Makes room for so many groups.
    pub(crate) fn grow(&mut self, groups: usize) {
        if groups > self.groups {
            self.groups = groups;
            self.counters
                .iter_mut()
                .for_each(|counter| counter.resize(groups, 0));
            self.sums
                .iter_mut()
                .for_each(|sum| sum.resize(groups, Sum::default()));
            self.scales
                .iter_mut()
                .for_each(|scale| scale.resize(groups, Scale::default()));
        }
    }

    pub(crate) fn groups(&self) -> usize {
        self.groups
    }

    /// About how many bytes the cells take.
    pub(crate) fn bytes(&self) -> usize {
        let per_group = self.counters.len() * 8 + self.sums.len() * size_of::<Sum>();
        let collected: usize = self
            .collections
            .iter()
            .map(|values| values.capacity() * 16)
            .sum();
        let keys = self
            .sets
            .iter()
            .flat_map(|set| &set.parts)
            .map(|part| part.capacity() * 16);
        let clusters = self.clusters.terms.capacity() * 8 + self.clusters.users.capacity() * 12;
        self.groups * per_group + collected + keys.sum::<usize>() + clusters
    }

    /// Adds a batch.
    pub(crate) fn update(&mut self, cells: &Cells, input: &Input<'_>, sampling: Sampling) {
        let group = |row: usize| input.groups.get(row).map_or(0, |group| *group as usize);
        for (counts, predicate) in self.counters.iter_mut().zip(&cells.counters) {
            let bits = &input.predicates[*predicate];
            if input.groups.is_empty() {
                counts[0] += bits.count_set_bits() as u64;
            } else {
                bits.set_indices()
                    .for_each(|row| counts[input.groups[row] as usize] += 1);
            }
        }
        for (sums, (measure, predicate)) in self.sums.iter_mut().zip(&cells.sums) {
            add_sums(
                sums,
                &input.measures[*measure],
                &input.predicates[*predicate],
                input.groups,
            );
        }
        for (values, (measure, predicate)) in self.collections.iter_mut().zip(&cells.collections) {
            let numbers = &input.measures[*measure];
            for row in valid(numbers, &input.predicates[*predicate]).set_indices() {
                let value = match &numbers.numbers {
                    Numbers::Integer(numbers) => numbers[row],
                    Numbers::Real(numbers) => numbers[row].round() as i64,
                };
                values.push((group(row) as u32, value));
            }
        }
        for ((set, (_, predicate)), keys) in self.sets.iter_mut().zip(&cells.sets).zip(input.keys) {
            for row in input.predicates[*predicate].set_indices() {
                let key = keys[row];
                set.parts[(mix(key) >> 58) as usize].push((key, group(row) as u32));
            }
        }
        for (scales, predicate) in self.scales.iter_mut().zip(&cells.scales) {
            for row in input.predicates[*predicate].set_indices() {
                scales[group(row)].add(&scale_of(input.scale, row));
            }
        }
        if !cells.clusters.is_empty() {
            self.clusters.add(&terms(cells), input, sampling);
        }
    }

    /// Adds what another worker found; `numbers` are this one's numbers of its groups.
    pub(crate) fn merge(&mut self, other: Self, numbers: &[u32]) {
        for (mine, theirs) in self.counters.iter_mut().zip(other.counters) {
            numbers
                .iter()
                .zip(theirs)
                .for_each(|(group, count)| mine[*group as usize] += count);
        }
        for (mine, theirs) in self.sums.iter_mut().zip(other.sums) {
            numbers
                .iter()
                .zip(theirs)
                .for_each(|(group, sum)| mine[*group as usize].add(&sum));
        }
        for (mine, theirs) in self.scales.iter_mut().zip(other.scales) {
            numbers
                .iter()
                .zip(theirs)
                .for_each(|(group, scale)| mine[*group as usize].add(&scale));
        }
        let renumber = |group: u32| numbers.get(group as usize).copied().unwrap_or(0);
        for (mine, theirs) in self.collections.iter_mut().zip(other.collections) {
            mine.extend(
                theirs
                    .into_iter()
                    .map(|(group, value)| (renumber(group), value)),
            );
        }
        for (mine, theirs) in self.sets.iter_mut().zip(other.sets) {
            for (part, other_part) in mine.parts.iter_mut().zip(theirs.parts) {
                part.extend(
                    other_part
                        .into_iter()
                        .map(|(key, group)| (key, renumber(group))),
                );
            }
        }
        let ClusterRows {
            users,
            groups,
            terms,
        } = other.clusters;
        self.clusters.users.extend(users);
        self.clusters
            .groups
            .extend(groups.into_iter().map(renumber));
        self.clusters.terms.extend(terms);
    }
}

fn valid(values: &Values, bits: &BooleanBuffer) -> BooleanBuffer {
    values
        .valid
        .as_ref()
        .map_or_else(|| bits.clone(), |valid| bits & valid)
}

fn add_sums(sums: &mut [Sum], values: &Values, bits: &BooleanBuffer, groups: &[u32]) {
    let bits = valid(values, bits);
    match (&values.numbers, groups.is_empty()) {
        (Numbers::Integer(numbers), true) => {
            let mut sum = Sum::default();
            bits.set_indices()
                .for_each(|row| sum.add_integer(numbers[row]));
            sums[0].add(&sum);
        }
        (Numbers::Integer(numbers), false) => {
            bits.set_indices()
                .for_each(|row| sums[groups[row] as usize].add_integer(numbers[row]));
        }
        (Numbers::Real(numbers), one) => bits.set_indices().for_each(|row| {
            let group = if one { 0 } else { groups[row] as usize };
            sums[group].add_real(numbers[row]);
        }),
    }
}

fn scale_of(scale: Option<&(Values, Values)>, row: usize) -> Scale {
    let end = |values: &Values| {
        let known = values.valid.as_ref().is_none_or(|valid| valid.value(row));
        known.then(|| values.real(row))
    };
    match scale.and_then(|(least, most)| end(least).zip(end(most))) {
        None => Scale {
            unknown: 1,
            ..Scale::default()
        },
        Some((least, most)) => Scale {
            least: (least, least),
            most: (most, most),
            unknown: 0,
            known: 1,
        },
    }
}

/// The terms of all clusters, each once.
fn terms(cells: &Cells) -> Vec<Term> {
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
    fn add(&mut self, terms: &[Term], input: &Input<'_>, sampling: Sampling) {
        for row in input.selected.set_indices() {
            let user = input.users[row];
            if !sampling.holds(user) {
                continue;
            }
            self.users.push(user);
            self.groups
                .push(input.groups.get(row).copied().unwrap_or(0));
            self.terms.extend(terms.iter().map(|term| match *term {
                Term::Holds(predicate) => {
                    f64::from(u8::from(input.predicates[predicate].value(row)))
                }
                Term::Value(measure, predicate) => {
                    let values = &input.measures[measure];
                    let there = input.predicates[predicate].value(row)
                        && values.valid.as_ref().is_none_or(|valid| valid.value(row));
                    if there { exact(values, row) } else { 0.0 }
                }
            }));
        }
    }

    /// The sums over users, by pair of terms and group; without groups, over all.
    pub(crate) fn sums(&self, cells: &Cells, groups: Option<usize>) -> Vec<Vec<ClusterSums>> {
        let terms = terms(cells);
        let place = |term: Term| terms.iter().position(|known| *known == term).unwrap_or(0);
        let pairs: Vec<(usize, usize)> = cells
            .clusters
            .iter()
            .map(|(above, below)| (place(*above), place(*below)))
            .collect();
        let mut sums = vec![vec![ClusterSums::default(); groups.unwrap_or(1)]; pairs.len()];
        let group_of = |row: u32| groups.map_or(0, |_| self.groups[row as usize]);
        let mut rows: Vec<u32> = (0..self.users.len() as u32).collect();
        rows.sort_unstable_by_key(|row| (group_of(*row), self.users[*row as usize]));
        let key = |row: u32| (group_of(row), self.users[row as usize]);
        let mut totals = vec![0.0; terms.len()];
        for run in rows.chunk_by(|first, second| key(*first) == key(*second)) {
            totals.fill(0.0);
            for row in run {
                let from = *row as usize * terms.len();
                totals
                    .iter_mut()
                    .zip(&self.terms[from..])
                    .for_each(|(total, term)| *total += term);
            }
            let group = group_of(run[0]) as usize;
            for ((above, below), sums) in pairs.iter().zip(&mut sums) {
                // Who is not in the denominator is no cluster of it.
                if totals[*below] != 0.0 || totals[*above] != 0.0 {
                    sums[group].add(totals[*above], totals[*below]);
                }
            }
        }
        sums
    }
}

impl KeySet {
    /// How many different keys each group has; without groups, all together.
    pub(crate) fn counts(&self, groups: Option<usize>) -> Vec<u64> {
        let mut counts = vec![0; groups.unwrap_or(1)];
        let mut seen: FxHashSet<(u64, u32)> = FxHashSet::default();
        for part in &self.parts {
            seen.clear();
            for (key, group) in part {
                let group = groups.map_or(0, |_| *group);
                if seen.insert((*key, group)) {
                    counts[group as usize] += 1;
                }
            }
        }
        counts
    }
}

/// Values by group, each group's sorted; without groups all together.
pub(crate) fn sorted_collections(values: &[(u32, i64)], groups: Option<usize>) -> Vec<Vec<i64>> {
    let mut sorted = vec![Vec::new(); groups.unwrap_or(1)];
    for (group, value) in values {
        sorted[groups.map_or(0, |_| *group as usize)].push(*value);
    }
    sorted.iter_mut().for_each(|values| values.sort_unstable());
    sorted
}
