//! Different keys, counted exactly.

use std::hash::Hash;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::accumulate::mix;

/// Keys are cut in so many parts, each small enough for the processor's cache.
const PARTS: usize = 256;

/// Where a part is full and has at least so many entries, entries of one key and group become one before it grows: a set
/// takes room for its keys, not for the rows that have them.
const JOINED_FROM: usize = 4096;

/// A key in a group, with how many rows have it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(super) key: u64,
    pub(super) group: u32,
    pub(super) times: u32,
}

impl Entry {
    /// Takes in another of the same key and group, where it can.
    #[inline]
    fn takes(&mut self, other: &Self) -> bool {
        let same = (self.key, self.group) == (other.key, other.group);
        match self.times.checked_add(other.times).filter(|_| same) {
            Some(times) => {
                self.times = times;
                true
            }
            None => false,
        }
    }
}

/// Keys, each with its group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum KeySet {
    /// As they come, by part.
    Gathering(Vec<Vec<Entry>>),
    /// For good. Plans that ask for the same keys of a file share them.
    Kept(#[serde(with = "by_hash")] Arc<Keys>, Times),
    /// Only how many there are, of keys that no other set holds.
    Counted(Counts),
}

/// Keys in order, by part.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Keys {
    /// Stands for all of them.
    hash: u128,
    /// Where each part ends.
    ends: Vec<u32>,
    #[serde(with = "crate::rollup::plain")]
    keys: Vec<u64>,
    /// The group of each; none where all are of the first.
    groups: Vec<u32>,
}

/// How many rows each of some keys has, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Times {
    /// It is not asked, or each has one.
    Once,
    Few(Vec<u8>),
    Many(Vec<u32>),
}

/// How many different keys each group has, and all together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) by_group: Vec<u64>,
    pub(crate) all: u64,
}

impl Default for KeySet {
    fn default() -> Self {
        Self::Gathering(Vec::new())
    }
}

impl KeySet {
    #[inline]
    pub(super) fn add(&mut self, key: u64, group: u32) {
        // What is kept does not grow.
        let Self::Gathering(parts) = self else { return };
        if parts.is_empty() {
            parts.resize(PARTS, Vec::new());
        }
        let part = &mut parts[(mix(key) >> 56) as usize];
        let entry = Entry {
            key,
            group,
            times: 1,
        };
        if part.last_mut().is_some_and(|last| last.takes(&entry)) {
            return;
        }
        if part.len() == part.capacity() && part.len() >= JOINED_FROM {
            join_entries(part);
            if part.len() > part.capacity() / 2 {
                part.reserve_exact(part.capacity() * 2 - part.len());
            }
        }
        part.push(entry);
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Gathering(parts) => {
                let parts = parts.iter();
                parts.map(|part| part.capacity() * size_of::<Entry>()).sum()
            }
            Self::Kept(keys, times) => keys.bytes() + times.bytes(),
            Self::Counted(counts) => 8 * counts.by_group.len(),
        }
    }

    /// The same, each key once a group, in little room; with how many rows it has, where rows are counted.
    pub(super) fn kept(self, counts_rows: bool) -> Self {
        let Self::Gathering(mut parts) = self else {
            return self;
        };
        parts.iter_mut().for_each(join_entries);
        let entries = || parts.iter().flatten();
        let times = match counts_rows {
            true => Times::of(entries().map(|entry| entry.times)),
            false => Times::Once,
        };
        let mut kept = Keys {
            ends: Vec::with_capacity(parts.len()),
            ..Keys::default()
        };
        let grouped = entries().any(|entry| entry.group != 0);
        kept.keys.reserve_exact(parts.iter().map(Vec::len).sum());
        for part in parts {
            kept.keys.extend(part.iter().map(|entry| entry.key));
            if grouped {
                kept.groups.extend(part.iter().map(|entry| entry.group));
            }
            kept.ends.push(kept.keys.len() as u32);
        }
        kept.groups.shrink_to_fit();
        kept.hash = kept.hashed();
        Self::Kept(Arc::new(kept), times)
    }

    /// The keys, where they are kept for good.
    pub(super) fn shared(&self) -> Option<&Arc<Keys>> {
        match self {
            Self::Kept(keys, _) => Some(keys),
            _ => None,
        }
    }

    /// The same, to put others that are equal in their place.
    pub(super) fn shared_mut(&mut self) -> Option<&mut Arc<Keys>> {
        match self {
            Self::Kept(keys, _) => Some(keys),
            _ => None,
        }
    }

    /// Only how many there are, where no other set has one of these keys.
    pub(super) fn counted(self, groups: usize) -> Self {
        if matches!(self, Self::Counted(_)) {
            return self;
        }
        let numbers: Vec<u32> = (0..groups as u32).collect();
        let mut union = Union::default();
        union.add(&self, &numbers);
        Self::Counted(union.counts(groups, 1))
    }

    /// How many entries a part has.
    fn len(&self, part: usize) -> usize {
        match self {
            Self::Gathering(parts) => parts.get(part).map_or(0, Vec::len),
            Self::Kept(keys, _) => keys.part(part).len(),
            Self::Counted(_) => 0,
        }
    }

    #[inline]
    fn for_each(&self, part: usize, mut call: impl FnMut(u64, u32)) {
        match self {
            Self::Gathering(parts) => {
                let entries = parts.get(part).into_iter().flatten();
                entries.for_each(|entry| call(entry.key, entry.group));
            }
            Self::Kept(keys, _) => {
                let place = keys.part(part);
                match keys.groups.get(place.clone()) {
                    Some(groups) if !keys.groups.is_empty() => {
                        let entries = keys.keys[place].iter().zip(groups);
                        entries.for_each(|(key, group)| call(*key, *group));
                    }
                    _ => keys.keys[place].iter().for_each(|key| call(*key, 0)),
                }
            }
            Self::Counted(_) => {}
        }
    }

    /// How many rows each entry of a part has, in their order.
    fn times(&self, part: usize) -> impl Iterator<Item = u32> {
        let (gathered, kept) = match self {
            Self::Gathering(parts) => (parts.get(part), None),
            Self::Kept(keys, times) => (None, Some((keys.part(part), times))),
            Self::Counted(_) => (None, None),
        };
        let gathered = gathered.into_iter().flatten().map(|entry| entry.times);
        let kept = kept.into_iter();
        gathered.chain(kept.flat_map(|(place, times)| place.map(|place| times.get(place))))
    }
}

/// Makes entries of one key and group one.
fn join_entries(part: &mut Vec<Entry>) {
    part.sort_unstable();
    part.dedup_by(|next, last| last.takes(next));
}

impl Times {
    fn of(times: impl Iterator<Item = u32> + Clone) -> Self {
        match times.clone().max() {
            None | Some(1) => Self::Once,
            Some(most) if most <= u32::from(u8::MAX) => {
                Self::Few(times.map(|times| times as u8).collect())
            }
            Some(_) => Self::Many(times.collect()),
        }
    }

    fn get(&self, place: usize) -> u32 {
        match self {
            Self::Once => 1,
            Self::Few(times) => times.get(place).map_or(1, |times| u32::from(*times)),
            Self::Many(times) => times.get(place).copied().unwrap_or(1),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Once => 0,
            Self::Few(times) => times.len(),
            Self::Many(times) => 4 * times.len(),
        }
    }
}

/// Kept keys are written down once for all that share them: here stands only which.
mod by_hash {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Keys;

    pub(super) fn serialize<S: Serializer>(
        keys: &Arc<Keys>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        keys.hash.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<Keys>, D::Error> {
        let hash = u128::deserialize(deserializer)?;
        Ok(Arc::new(Keys {
            hash,
            ..Keys::default()
        }))
    }
}

impl Keys {
    /// Stands for all of them.
    pub(crate) fn hash(&self) -> u128 {
        self.hash
    }

    fn hashed(&self) -> u128 {
        let mut hasher = Xxh3::new();
        (&self.ends, &self.keys, &self.groups).hash(&mut hasher);
        hasher.digest128()
    }

    /// How many bytes they take.
    pub(crate) fn bytes(&self) -> usize {
        4 * self.ends.len() + 8 * self.keys.len() + 4 * self.groups.len()
    }

    /// As they are written down.
    pub(crate) fn to_bytes(&self) -> Option<Vec<u8>> {
        postcard::to_extend(self, Vec::new()).ok()
    }

    /// Back from there; nothing of what is no such thing.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let keys: Self = postcard::from_bytes(bytes).ok()?;
        (keys.hash == keys.hashed()).then_some(keys)
    }

    fn part(&self, part: usize) -> Range<usize> {
        let end = |part: usize| self.ends.get(part).map_or(0, |end| *end as usize);
        match part {
            0 => 0..end(0),
            part => end(part - 1)..end(part),
        }
    }
}

/// Sets together, none of them copied.
#[derive(Debug, Default)]
pub(crate) struct Union<'a> {
    /// Each with the numbers that its groups have here.
    sets: Vec<(&'a KeySet, &'a [u32])>,
}

impl<'a> Union<'a> {
    /// Adds a set, whose groups have these numbers here.
    pub(crate) fn add(&mut self, set: &'a KeySet, numbers: &'a [u32]) {
        self.sets.push((set, numbers));
    }

    fn len(&self, part: usize) -> usize {
        self.sets.iter().map(|(set, _)| set.len(part)).sum()
    }

    #[inline]
    fn for_each(&self, part: usize, mut call: impl FnMut(u64, u32)) {
        for (set, numbers) in &self.sets {
            set.for_each(part, |key, group| call(key, numbers[group as usize]));
        }
    }

    /// The entries of a part, with how many rows each has.
    pub(super) fn rows(&self, part: usize, rows: &mut Vec<Entry>) {
        rows.clear();
        rows.reserve(self.len(part));
        for (set, numbers) in &self.sets {
            let mut times = set.times(part);
            set.for_each(part, |key, group| {
                rows.push(Entry {
                    key,
                    group: numbers[group as usize],
                    times: times.next().unwrap_or(1),
                });
            });
        }
    }

    /// The entries of a part.
    pub(super) fn entries(&self, part: usize, entries: &mut Vec<(u64, u32)>) {
        entries.clear();
        entries.reserve(self.len(part));
        self.for_each(part, |key, group| entries.push((key, group)));
    }

    /// How many different keys each group has, and all together; on so many threads.
    pub(crate) fn counts(&self, groups: usize, threads: usize) -> Counts {
        let mut counts = Counts {
            by_group: vec![0; groups],
            all: 0,
        };
        for share in self.on_threads(threads, |parts| self.count(parts, groups)) {
            counts.add(&share, |group| group);
        }
        for (set, numbers) in &self.sets {
            if let KeySet::Counted(counted) = set {
                counts.add(counted, |group| numbers[group] as usize);
            }
        }
        counts
    }

    fn count(&self, parts: Range<usize>, groups: usize) -> Counts {
        let mut counts = Counts {
            by_group: vec![0; groups],
            all: 0,
        };
        let mut table = Table::default();
        for part in parts {
            let keys = self.len(part);
            table.clear(keys);
            self.for_each(part, |key, _| {
                counts.all += u64::from(table.insert(key, 0));
            });
            if groups == 1 {
                continue;
            }
            table.clear(keys);
            self.for_each(part, |key, group| {
                counts.by_group[group as usize] += u64::from(table.insert(key, group));
            });
        }
        if groups == 1 {
            counts.by_group[0] = counts.all;
        }
        counts
    }

    /// What is made of the parts, each thread having some.
    pub(super) fn on_threads<T: Send>(
        &self,
        threads: usize,
        of_parts: impl Fn(Range<usize>) -> T + Sync,
    ) -> Vec<T> {
        let share = PARTS.div_ceil(threads.max(1));
        let shares = (0..PARTS)
            .step_by(share)
            .map(|from| from..(from + share).min(PARTS));
        if threads <= 1 {
            return shares.map(of_parts).collect();
        }
        std::thread::scope(|scope| {
            let of_parts = &of_parts;
            let tasks: Vec<_> = shares
                .map(|parts| scope.spawn(move || of_parts(parts)))
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

impl Counts {
    fn add(&mut self, other: &Self, place: impl Fn(usize) -> usize) {
        for (group, count) in other.by_group.iter().enumerate() {
            self.by_group[place(group)] += count;
        }
        self.all += other.all;
    }
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
        let by_group = |group| plain.iter().filter(|(_, of)| *of == group).count() as u64;
        let expected = Counts {
            by_group: (0..5).map(by_group).collect(),
            all: plain_all.len() as u64,
        };
        let numbers = [0, 1, 2, 3, 4];
        let forms = [set.clone(), set.clone().kept(false), set.clone().kept(true)];
        for (form, threads) in forms.iter().chain([&set.counted(5)]).zip([1, 3, 2, 3]) {
            let mut union = Union::default();
            union.add(form, &numbers);
            assert_eq!(union.counts(5, threads), expected, "{threads} threads");
        }
        let nothing = Counts {
            by_group: vec![0, 0],
            all: 0,
        };
        assert_eq!(Union::default().counts(2, 2), nothing);
    }

    #[test]
    fn a_set_takes_room_for_its_keys_and_knows_how_often_each_came() {
        const KEYS: u64 = 300_000;
        let mut set = KeySet::default();
        for round in 0..12 {
            for key in 0..KEYS {
                // Some in runs, one more often than a byte can say.
                let times = if key == 7 { 300 } else { 1 + key % 3 };
                (0..times).for_each(|_| set.add(key, (round % 2) as u32));
            }
        }
        let most = 8 * KEYS as usize * size_of::<Entry>();
        assert!(set.bytes() <= most, "{} of {most} bytes", set.bytes());
        let expected = |key: u64| 6 * if key == 7 { 300 } else { 1 + key as u32 % 3 };
        for form in [set.clone(), set.kept(true)] {
            let mut union = Union::default();
            union.add(&form, &[0, 1]);
            let (mut found, mut rows) = (std::collections::HashMap::new(), Vec::new());
            for part in 0..PARTS {
                union.rows(part, &mut rows);
                for row in &rows {
                    *found.entry((row.key, row.group)).or_insert(0) += row.times;
                }
            }
            assert_eq!(found.len(), 2 * KEYS as usize);
            assert!(
                found
                    .iter()
                    .all(|((key, _), times)| *times == expected(*key))
            );
        }
    }

    #[test]
    fn a_key_of_several_sets_is_one() {
        let of = |entries: &[(u64, u32)]| {
            let mut set = KeySet::default();
            entries
                .iter()
                .for_each(|(key, group)| set.add(*key, *group));
            set
        };
        let (first, second) = (
            of(&[(7, 0), (8, 1), (8, 1)]),
            of(&[(7, 0), (9, 0)]).kept(false),
        );
        let mut union = Union::default();
        union.add(&first, &[0, 1]);
        union.add(&second, &[1]);
        let counts = union.counts(2, 2);
        assert_eq!((counts.by_group, counts.all), (vec![1, 3], 3));
    }
}
