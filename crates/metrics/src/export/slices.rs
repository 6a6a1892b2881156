//! How the ids of conversations are divided so that each part holds about as much as the others.

use std::collections::BTreeMap;

/// How many ids are kept: beyond it neighbours are joined.
const MOST_IDS: usize = 1 << 16;

/// Weighs ids in bounded memory, and divides them.
pub(super) struct Slices {
    /// What lies up to each id, from the one before it on.
    weights: BTreeMap<Box<str>, u64>,
    most_ids: usize,
}

/// Ids after the first bound and up to the second, with it; without a bound there is none on that side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Slice {
    pub(super) after: Option<Box<str>>,
    pub(super) last: Option<Box<str>>,
}

impl Slice {
    /// Whether an id belongs to it.
    pub(super) fn holds(&self, id: &str) -> bool {
        self.after.as_deref().is_none_or(|after| id > after)
            && self.last.as_deref().is_none_or(|last| id <= last)
    }
}

impl Default for Slices {
    fn default() -> Self {
        Self {
            weights: BTreeMap::new(),
            most_ids: MOST_IDS,
        }
    }
}

impl Slices {
    /// Adds to the weight of an id.
    pub(super) fn add(&mut self, id: &str, weight: u64) {
        match self.weights.get_mut(id) {
            Some(known) => *known += weight,
            None => {
                self.weights.insert(id.into(), weight);
            }
        }
        if self.weights.len() > self.most_ids {
            self.join();
        }
    }

    /// Joins neighbours until half as many are left. What is added later between two ids counts to the next.
    fn join(&mut self) {
        let total: u64 = self.weights.values().sum();
        let fair = (total / (self.most_ids as u64 / 2)).max(1);
        let mut joined = BTreeMap::new();
        let mut weight = 0;
        for (count, (id, more)) in std::mem::take(&mut self.weights).into_iter().enumerate() {
            weight += more;
            // Of ids that weigh nothing half must go too.
            if weight >= fair && (weight > fair || count % 2 == 1) {
                joined.insert(id, weight);
                weight = 0;
            }
        }
        if weight > 0
            && let Some(mut last) = joined.last_entry()
        {
            *last.get_mut() += weight;
        }
        self.weights = joined;
    }

    /// Stretches of ids, in order, that together hold every id, each about as heavy as said: heavier only by its
    /// last id.
    pub(super) fn divide(self, heaviest: u64) -> Vec<Slice> {
        let mut slices = Vec::new();
        let mut slice = Slice::default();
        let mut weight = 0;
        for (id, more) in self.weights {
            weight += more;
            if weight >= heaviest {
                weight = 0;
                let next = Slice {
                    after: Some(id.clone()),
                    last: None,
                };
                slice.last = Some(id);
                slices.push(std::mem::replace(&mut slice, next));
            }
        }
        slices.push(slice);
        slices
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_id_lies_in_one_slice_and_none_is_much_heavier(
            ids in proptest::collection::vec(("[a-e]{1,4}", 1u64..50), 0..400),
            most_ids in 8usize..64,
            heaviest in 1u64..500,
        ) {
            let mut slices = Slices { most_ids, ..Slices::default() };
            let mut weights: BTreeMap<&str, u64> = BTreeMap::new();
            for (id, weight) in &ids {
                slices.add(id, *weight);
                *weights.entry(id).or_default() += weight;
                prop_assert!(slices.weights.len() <= most_ids);
            }
            let total: u64 = weights.values().sum();
            prop_assert_eq!(slices.weights.values().sum::<u64>(), total);
            let divided = slices.divide(heaviest);
            for id in weights.keys() {
                let holding = divided.iter().filter(|slice| slice.holds(id)).count();
                prop_assert_eq!(holding, 1, "{}", id);
            }
            // Without joining, a slice is heavier only by its last id.
            if weights.len() < most_ids {
                for slice in &divided {
                    let own = weights.iter().filter(|(id, _)| slice.holds(id));
                    let own: Vec<u64> = own.map(|(_, weight)| *weight).collect();
                    let last = own.last().copied().unwrap_or_default();
                    prop_assert!(own.iter().sum::<u64>() < heaviest + last.max(1));
                }
            }
        }
    }
}
