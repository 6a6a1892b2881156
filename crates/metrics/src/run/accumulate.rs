//! The cells of every group, and how rows fill them. Sums are kept in whole numbers, so that the order
//! and the split of rows never change an answer.

use std::sync::Arc;

use arrow::buffer::BooleanBuffer;
use serde::{Deserialize, Serialize};

use super::clusters::ClusterRows;
use super::evaluate::{Numbers, Values};
use super::quantiles::Numbers as Collected;
use super::sets::{KeySet, Keys};
use crate::query::plan::Cells;

/// Real numbers are summed as whole multiples of this.
const REAL_UNIT: f64 = 1.0 / (1_u64 << 40) as f64;
/// Up to so many groups rows are counted by group as bits instead of one by one.
const FEW_GROUPS: usize = 24;

/// Number, sum and sum of squares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sum {
    pub(crate) count: u64,
    whole: i128,
    whole_squares: i128,
    real: i128,
    real_squares: i128,
}

/// A real number as a multiple of the unit.
#[inline]
fn multiple(value: f64) -> i128 {
    // Cutting off would make every sum too small by half a unit an addend.
    let units = (value / REAL_UNIT).round();
    // The narrow conversion is much faster and mostly does.
    if units.abs() < 9e18 {
        i128::from(units as i64)
    } else {
        units as i128
    }
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
        self.real += multiple(value);
        self.real_squares += multiple(value * value);
    }

    pub(super) fn add(&mut self, other: &Self) {
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

/// The same of whole numbers within one batch, where their sum fits into 64 bits.
#[derive(Debug, Clone, Copy, Default)]
struct SmallSum {
    count: u64,
    sum: i64,
    squares: u128,
}

impl SmallSum {
    #[inline]
    fn add(&mut self, value: i64) {
        self.count += 1;
        self.sum += value;
        let size = u128::from(value.unsigned_abs());
        self.squares += size * size;
    }

    fn into_sum(self) -> Sum {
        Sum {
            count: self.count,
            whole: i128::from(self.sum),
            whole_squares: self.squares as i128,
            ..Sum::default()
        }
    }
}

/// The lowest and highest ends of the scales on which answers stand, and whether some say none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
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
    fn one((least, most): (f64, f64), known: u64) -> Self {
        Self {
            least: (least, least),
            most: (most, most),
            unknown: 0,
            known,
        }
    }

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

/// The scale of the answers of a batch.
#[derive(Debug, Clone)]
pub(crate) enum ScaleOf {
    /// All stand on this one.
    All((f64, f64)),
    /// The least and the most of each.
    Each(Values, Values),
}

impl ScaleOf {
    fn row(&self, row: usize) -> Scale {
        let end = |values: &Values| {
            let known = values.valid.as_ref().is_none_or(|valid| valid.value(row));
            known.then(|| values.real(row))
        };
        let ends = match self {
            Self::All(ends) => Some(*ends),
            Self::Each(least, most) => end(least).zip(end(most)),
        };
        match ends {
            Some(ends) => Scale::one(ends, 1),
            None => Scale {
                unknown: 1,
                ..Scale::default()
            },
        }
    }
}

/// Which users are in the sample of clusters: those whose hash has so many zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sampling {
    pub(crate) zeros: u32,
}

impl Sampling {
    /// Up to so many rows all users are looked at.
    const ALL: u64 = 1 << 17;
    /// Else as many users as have about so many rows.
    const SOME: u64 = 1 << 15;

    pub(crate) fn for_rows(rows: u64) -> Self {
        let mut zeros = 0;
        while rows > Self::ALL && rows >> zeros > Self::SOME {
            zeros += 1;
        }
        Self { zeros }
    }

    /// Nobody is left out.
    pub(crate) const ALL_USERS: Self = Self { zeros: 0 };

    /// Whether all users of the other sample are in this one.
    pub(crate) const fn covers(self, other: Self) -> bool {
        self.zeros <= other.zeros
    }

    #[inline]
    pub(super) fn holds(self, user: u64) -> bool {
        mix(user) >> 44 & ((1 << self.zeros) - 1) == 0
    }
}

/// Spreads the bits of a key.
#[inline]
pub(super) fn mix(key: u64) -> u64 {
    let mixed = (key ^ (key >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}

/// What a batch gives to the cells: predicates and measures by their position in the plan.
pub(crate) struct Input<'a> {
    /// For every row its group; empty where there is only one.
    pub(crate) groups: &'a [u32],
    pub(crate) predicates: &'a [BooleanBuffer],
    pub(crate) measures: &'a [Values],
    /// The keys of every set, in its order.
    pub(crate) keys: &'a [Arc<[u64]>],
    /// The users of the sessions, where clusters are wanted.
    pub(crate) users: &'a [i64],
    /// The scale of the answers, where scales are wanted.
    pub(crate) scale: Option<&'a ScaleOf>,
    /// The rows that count at all.
    pub(crate) selected: &'a BooleanBuffer,
}

impl Input<'_> {
    #[inline]
    pub(super) fn group(&self, row: usize) -> usize {
        self.groups.get(row).map_or(0, |group| *group as usize)
    }
}

/// The cells of all groups.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Accumulators {
    groups: usize,
    /// By counter, then group.
    pub(crate) counters: Vec<Vec<u64>>,
    pub(crate) sums: Vec<Vec<Sum>>,
    pub(crate) collections: Vec<Collected>,
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
            collections: vec![Collected::default(); cells.collections.len()],
            sets: vec![KeySet::default(); cells.sets.len()],
            scales: vec![Vec::new(); cells.scales.len()],
            clusters: ClusterRows::default(),
        }
    }

    /// Makes room for so many groups.
    pub(crate) fn grow(&mut self, groups: usize) {
        if groups > self.groups {
            self.groups = groups;
            let counters = self.counters.iter_mut();
            counters.for_each(|counter| counter.resize(groups, 0));
            let sums = self.sums.iter_mut();
            sums.for_each(|sum| sum.resize(groups, Sum::default()));
            let scales = self.scales.iter_mut();
            scales.for_each(|scale| scale.resize(groups, Scale::default()));
        }
    }

    pub(crate) fn groups(&self) -> usize {
        self.groups
    }

    /// Keys that it may have in common with others.
    pub(super) fn shared(&self) -> impl Iterator<Item = &Arc<Keys>> {
        self.sets.iter().filter_map(KeySet::shared)
    }

    /// The same, to put others that are equal in their place.
    pub(super) fn shared_mut(&mut self) -> impl Iterator<Item = &mut Arc<Keys>> {
        self.sets.iter_mut().filter_map(KeySet::shared_mut)
    }

    /// About how many bytes the cells take.
    pub(crate) fn bytes(&self) -> usize {
        let per_group = self.counters.len() * 8 + self.sums.len() * size_of::<Sum>();
        let collected: usize = self.collections.iter().map(Collected::bytes).sum();
        let keys: usize = self.sets.iter().map(KeySet::bytes).sum();
        self.groups * per_group + collected + keys + self.clusters.bytes()
    }

    /// Adds a batch.
    pub(crate) fn update(&mut self, cells: &Cells, input: &Input<'_>, sampling: Sampling) {
        self.count(cells, input);
        for (sums, (measure, predicate)) in self.sums.iter_mut().zip(&cells.sums) {
            let bits = &input.predicates[*predicate];
            add_sums(sums, &input.measures[*measure], bits, input);
        }
        for (values, collection) in self.collections.iter_mut().zip(&cells.collections) {
            let numbers = &input.measures[collection.measure];
            for row in valid(numbers, &input.predicates[collection.predicate]).set_indices() {
                let value = match &numbers.numbers {
                    Numbers::Integer(numbers) => numbers[row],
                    Numbers::Real(numbers) => numbers[row].round() as i64,
                };
                values.add(input.group(row) as u32, value);
            }
        }
        for (number, (_, predicate)) in cells.sets.iter().enumerate() {
            let (set, keys) = (&mut self.sets[number], &input.keys[number]);
            let counts_rows = cells.tallies.contains(&number);
            // Rows of a session follow each other: mostly they have the key of the row before.
            let mut last = None;
            for row in input.predicates[*predicate].set_indices() {
                let entry = (keys[row], input.group(row) as u32);
                if counts_rows || last != Some(entry) {
                    set.add(entry.0, entry.1);
                    last = Some(entry);
                }
            }
        }
        for (scales, predicate) in self.scales.iter_mut().zip(&cells.scales) {
            let Some(scale) = input.scale else { continue };
            for row in input.predicates[*predicate].set_indices() {
                scales[input.group(row)].add(&scale.row(row));
            }
        }
        if !cells.clusters.is_empty() {
            self.clusters.add(cells, input, sampling);
        }
    }

    fn count(&mut self, cells: &Cells, input: &Input<'_>) {
        let bits_of = |predicate: &usize| &input.predicates[*predicate];
        if input.groups.is_empty() {
            for (counts, predicate) in self.counters.iter_mut().zip(&cells.counters) {
                counts[0] += bits_of(predicate).count_set_bits() as u64;
            }
        } else if self.groups <= FEW_GROUPS {
            for group in 0..self.groups {
                let rows = input.groups.len();
                let here =
                    BooleanBuffer::collect_bool(rows, |row| input.groups[row] == group as u32);
                for (counts, predicate) in self.counters.iter_mut().zip(&cells.counters) {
                    counts[group] += common(&here, bits_of(predicate));
                }
            }
        } else {
            for (counts, predicate) in self.counters.iter_mut().zip(&cells.counters) {
                let rows = bits_of(predicate).set_indices();
                rows.for_each(|row| counts[input.groups[row] as usize] += 1);
            }
        }
    }

    /// When nothing more comes. What is `kept` is made small.
    pub(super) fn close(&mut self, cells: &Cells, kept: bool) {
        for numbers in &mut self.collections {
            *numbers = std::mem::take(numbers).ordered();
        }
        if !kept {
            return;
        }
        for (position, (set, (key, _))) in self.sets.iter_mut().zip(&cells.sets).enumerate() {
            let tallied = cells.tallies.contains(&position);
            let spanned = cells.spans.iter().any(|(set, _)| *set == position);
            let closed = std::mem::take(set).kept(tallied);
            *set = match *key {
                // All rows of a session lie in one file.
                "session_id" if !tallied && !spanned => closed.counted(self.groups),
                _ => closed,
            };
        }
    }

    /// Adds what another worker found, but for sets, collections and clusters, which are looked at where they are; `numbers`
    /// are this one's numbers of its groups.
    pub(crate) fn merge(&mut self, other: &Self, numbers: &[u32]) {
        let places = || numbers.iter().map(|group| *group as usize);
        for (mine, theirs) in self.counters.iter_mut().zip(&other.counters) {
            let counts = places().zip(theirs);
            counts.for_each(|(group, count)| mine[group] += count);
        }
        for (mine, theirs) in self.sums.iter_mut().zip(&other.sums) {
            let sums = places().zip(theirs);
            sums.for_each(|(group, sum)| mine[group].add(sum));
        }
        for (mine, theirs) in self.scales.iter_mut().zip(&other.scales) {
            let scales = places().zip(theirs);
            scales.for_each(|(group, scale)| mine[group].add(scale));
        }
    }
}

/// How many bits both have.
fn common(first: &BooleanBuffer, second: &BooleanBuffer) -> u64 {
    let (first, second) = (first.bit_chunks(), second.bit_chunks());
    let chunks = first.iter_padded().zip(second.iter_padded());
    chunks
        .map(|(first, second)| u64::from((first & second).count_ones()))
        .sum()
}

/// The rows among these that have a number.
pub(super) fn valid(values: &Values, bits: &BooleanBuffer) -> BooleanBuffer {
    let valid = values.valid.as_ref();
    valid.map_or_else(|| bits.clone(), |valid| bits & valid)
}

/// Calls for every row of the bits; where all are set without looking at each.
#[inline]
fn for_each_row(bits: &BooleanBuffer, rows: usize, mut call: impl FnMut(usize)) {
    if bits.count_set_bits() == rows {
        (0..rows).for_each(call);
    } else {
        bits.set_indices().for_each(&mut call);
    }
}

fn add_sums(sums: &mut [Sum], values: &Values, bits: &BooleanBuffer, input: &Input<'_>) {
    let bits = valid(values, bits);
    let rows = bits.len();
    match &values.numbers {
        Numbers::Integer(numbers) => {
            let numbers = &numbers[..rows];
            let (mut least, mut most) = (0, 0);
            for value in numbers {
                least = least.min(*value);
                most = most.max(*value);
            }
            let largest = i64::MAX / (rows as i64 + 1);
            if least > -largest && most < largest {
                let mut small = vec![SmallSum::default(); sums.len()];
                match input.groups.get(..rows) {
                    Some(groups) => {
                        for_each_row(&bits, rows, |row| {
                            small[groups[row] as usize].add(numbers[row])
                        });
                    }
                    None => for_each_row(&bits, rows, |row| small[0].add(numbers[row])),
                }
                let small = small.into_iter().zip(sums);
                small.for_each(|(small, sum)| sum.add(&small.into_sum()));
            } else {
                for_each_row(&bits, rows, |row| {
                    sums[input.group(row)].add_integer(numbers[row])
                });
            }
        }
        Numbers::Real(numbers) => {
            for_each_row(&bits, rows, |row| {
                sums[input.group(row)].add_real(numbers[row])
            });
        }
    }
}
