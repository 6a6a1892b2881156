//! How many rows each key has: how evenly sessions are spread over users.

use std::collections::BTreeMap;

use super::sets::{Entry, Union};
use crate::top_users::top_of;

/// How rows are spread over keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// How many keys have so many rows.
    keys: BTreeMap<u64, u64>,
}

impl Tally {
    /// A key with so many rows.
    pub(super) fn add(&mut self, rows: u64) {
        *self.keys.entry(rows).or_default() += 1;
    }

    pub(super) fn join(&mut self, other: &Self) {
        for (rows, keys) in &other.keys {
            *self.keys.entry(*rows).or_default() += keys;
        }
    }

    /// How many keys.
    pub(crate) fn keys(&self) -> u64 {
        self.keys.values().sum()
    }

    /// How many rows.
    pub(crate) fn rows(&self) -> u64 {
        self.keys.iter().map(|(rows, keys)| rows * keys).sum()
    }

    /// The sum of the squares of the rows of each key.
    pub(crate) fn squares(&self) -> f64 {
        let each = self.keys.iter();
        each.map(|(rows, keys)| (*rows as f64).powi(2) * *keys as f64)
            .sum()
    }

    /// The rows of those keys that have most: so many percent of all keys, and at least one.
    pub(crate) fn rows_of_top(&self, percent: u32) -> u64 {
        let mut left = top_of(self.keys(), percent);
        let mut found = 0;
        for (rows, keys) in self.keys.iter().rev() {
            let taken = left.min(*keys);
            found += rows * taken;
            left -= taken;
        }
        found
    }
}

/// The tallies of each group, and of all rows together; on so many threads.
pub(crate) fn tallies(set: &Union<'_>, groups: usize, threads: usize) -> (Vec<Tally>, Tally) {
    let shares = set.on_threads(threads, |parts| {
        let mut tallies = vec![Tally::default(); groups];
        let mut all = Tally::default();
        let mut rows: Vec<Entry> = Vec::new();
        for part in parts {
            set.rows(part, &mut rows);
            rows.sort_unstable();
            for of_key in rows.chunk_by(|one, other| one.key == other.key) {
                all.add(times(of_key));
                for of_group in of_key.chunk_by(|one, other| one.group == other.group) {
                    tallies[of_group[0].group as usize].add(times(of_group));
                }
            }
        }
        (tallies, all)
    });
    let mut tallies = vec![Tally::default(); groups];
    let mut all = Tally::default();
    for (share, share_all) in shares {
        for (tally, more) in tallies.iter_mut().zip(&share) {
            tally.join(more);
        }
        all.join(&share_all);
    }
    (tallies, all)
}

/// The rows of these entries.
fn times(entries: &[Entry]) -> u64 {
    entries.iter().map(|entry| u64::from(entry.times)).sum()
}

#[cfg(test)]
mod tests {
    use super::super::sets::KeySet;
    use super::*;

    fn check(rows: &[u64], percent: u32, expected: u64) {
        let mut tally = Tally::default();
        rows.iter().for_each(|rows| tally.add(*rows));
        assert_eq!(tally.rows_of_top(percent), expected, "{rows:?}");
    }

    #[test]
    fn the_top_has_at_least_one() {
        check(&[5, 1, 1, 1], 1, 5);
        check(&[5, 4, 1, 1], 50, 9);
        check(&[2, 2, 2], 34, 4);
        check(&[], 10, 0);
    }

    #[test]
    fn groups_are_counted_by_themselves() {
        let mut set = KeySet::default();
        for (key, group) in [(7, 0), (7, 1), (7, 1), (8, 0)] {
            set.add(key, group);
        }
        for (set, threads) in [(set.clone(), 1), (set.kept(true), 3)] {
            let mut union = Union::default();
            union.add(&set, &[0, 1]);
            let (groups, all) = tallies(&union, 2, threads);
            assert_eq!((groups[0].keys(), groups[0].rows()), (2, 2));
            assert_eq!((groups[1].keys(), groups[1].rows()), (1, 2));
            assert_eq!((all.keys(), all.rows(), all.rows_of_top(1)), (2, 4, 3));
        }
    }
}
