//! Different keys, counted exactly.

use super::accumulate::mix;

/// Keys are cut in so many parts, each small enough for the processor's cache.
const PARTS: usize = 256;

/// Keys by part, each with its group.
#[derive(Debug, Clone)]
pub(crate) struct KeySet {
    parts: Vec<Vec<(u64, u32)>>,
}

impl Default for KeySet {
    fn default() -> Self {
        Self {
            parts: vec![Vec::new(); PARTS],
        }
    }
}

impl KeySet {
    #[inline]
    pub(super) fn add(&mut self, key: u64, group: u32) {
        self.parts[(mix(key) >> 56) as usize].push((key, group));
    }

    pub(super) fn bytes(&self) -> usize {
        let parts = self.parts.iter();
        parts
            .map(|part| part.capacity() * size_of::<(u64, u32)>())
            .sum()
    }

    pub(super) fn merge(&mut self, other: Self, renumber: impl Fn(u32) -> u32) {
        for (part, other_part) in self.parts.iter_mut().zip(other.parts) {
            let keys = other_part.into_iter();
            part.extend(keys.map(|(key, group)| (key, renumber(group))));
        }
    }

    /// How many different keys each group has, and all together; on so many threads.
    pub(crate) fn counts(&self, groups: usize, threads: usize) -> (Vec<u64>, u64) {
        let shares = self.on_threads(threads, |parts| count(parts, groups));
        let mut counts = vec![0; groups];
        let mut all = 0;
        for (share, share_all) in shares {
            counts
                .iter_mut()
                .zip(share)
                .for_each(|(count, more)| *count += more);
            all += share_all;
        }
        (counts, all)
    }

    /// What is made of the parts, each thread having some.
    pub(super) fn on_threads<T: Send>(
        &self,
        threads: usize,
        of_parts: impl Fn(&[Vec<(u64, u32)>]) -> T + Sync,
    ) -> Vec<T> {
        let share = PARTS.div_ceil(threads.max(1));
        std::thread::scope(|scope| {
            let tasks: Vec<_> = self
                .parts
                .chunks(share)
                .map(|parts| scope.spawn(|| of_parts(parts)))
                .collect();
            let shares = tasks.into_iter();
            shares
                .map(|task| match task.join() {
                    Ok(share) => share,
                    Err(panic) => std::panic::resume_unwind(panic),
                })
                .collect()
        })
    }
}

fn count(parts: &[Vec<(u64, u32)>], groups: usize) -> (Vec<u64>, u64) {
    let mut counts = vec![0; groups];
    let mut all = 0;
    let mut table = Table::default();
    for part in parts {
        table.clear(part.len());
        for (key, _) in part {
            all += u64::from(table.insert(*key, 0));
        }
        if groups == 1 {
            continue;
        }
        table.clear(part.len());
        for (key, group) in part {
            counts[*group as usize] += u64::from(table.insert(*key, *group));
        }
    }
    if groups == 1 {
        counts[0] = all;
    }
    (counts, all)
}

/// A set of keys with their groups, in places found by the key's bits and searched onwards.
#[derive(Debug, Default)]
struct Table {
    /// The key and the group plus one; 0 is an empty place.
    places: Vec<(u64, u32)>,
    shift: u32,
}

impl Table {
    fn clear(&mut self, keys: usize) {
        let places = (keys * 2).next_power_of_two().max(2);
        self.places.clear();
        self.places.resize(places, (0, 0));
        self.shift = 64 - places.trailing_zeros();
    }

    /// Whether the key with this group is new.
    #[inline]
    fn insert(&mut self, key: u64, group: u32) -> bool {
        let spread = (key ^ u64::from(group)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut place = (spread >> self.shift) as usize;
        loop {
            match self.places[place] {
                (_, 0) => {
                    self.places[place] = (key, group + 1);
                    return true;
                }
                (known, known_group) if known == key && known_group == group + 1 => return false,
                _ => place = (place + 1) & (self.places.len() - 1),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn counts_are_those_of_a_plain_set() {
        let mut set = KeySet::default();
        let mut state = 7_u64;
        let (mut plain, mut plain_all) = (HashSet::new(), HashSet::new());
        for _ in 0..20_000 {
            state = mix(state.wrapping_add(0x1234_5678_9ABC_DEF1));
            // Keys that differ only in their low or only in their high bits, and 0.
            let key = match state % 3 {
                0 => (state >> 20) % 700,
                1 => ((state >> 20) % 700) << 50,
                _ => u64::MAX - (state >> 20) % 700,
            };
            let group = (state >> 40) as u32 % 5;
            set.add(key, group);
            plain.insert((key, group));
            plain_all.insert(key);
        }
        for threads in [1, 3] {
            let (counts, all) = set.counts(5, threads);
            assert_eq!(all, plain_all.len() as u64);
            for group in 0..5 {
                let expected = plain.iter().filter(|(_, of)| *of == group).count();
                assert_eq!(counts[group as usize], expected as u64);
            }
        }
        assert_eq!(KeySet::default().counts(2, 2), (vec![0, 0], 0));
    }
}
