//! Users over trailing windows and since ever: numbers of a stretch that look at rows before it.
//!
//! A pass over such rows groups them by finer positions of time than the answer has: by day, for windows
//! that end with each stretch; by stretch with all that was before as the first, for what was ever seen.
//! Who was there at which positions is then folded into how many were within each window.

use std::collections::HashMap;

use super::gather::{Effort, Filled, Gathered, Merged};
use super::groups::{GroupValue, MOST_GROUPS};
use super::sets::Union;
use crate::error::QueryError;
use crate::query::plan::{Cells, Grouping};
use crate::query::reach::Reading;

/// How many were there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Span {
    /// Different keys in the window that ends with the stretch.
    pub(crate) keys: u64,
    /// Different keys of each position of the window, added up.
    pub(crate) by_position: u64,
    /// At how many positions of the window each key is, squared and added up.
    pub(crate) squares: u64,
}

/// The numbers of one group by position.
#[derive(Debug, Clone)]
struct Course {
    /// By how many the keys in the window change at each position.
    changes: Vec<i64>,
    /// How many keys are there at each position.
    at: Vec<u64>,
    /// By how much the squares of how often each key is in the window change at each position.
    squares: Vec<i64>,
}

impl Course {
    fn new(positions: usize) -> Self {
        Self {
            changes: vec![0; positions + 1],
            at: vec![0; positions],
            squares: vec![0; positions],
        }
    }

    /// A key at these positions, ascending.
    fn add(&mut self, positions: &[usize], window: usize) {
        let most = self.at.len();
        let mut covered = 0;
        for &position in positions {
            self.at[position] += 1;
            let end = position.saturating_add(window).min(most);
            // Where windows overlap the key counts once.
            let start = position.max(covered);
            if start < end {
                self.changes[start] += 1;
                self.changes[end] -= 1;
            }
            covered = end;
        }
        self.add_squares(positions, window);
    }

    /// Each position that comes into a window adds to how often the key is there, and each that goes out takes off:
    /// the square changes by the odd number between both.
    fn add_squares(&mut self, positions: &[usize], window: usize) {
        let mut gone = 0;
        for (come, &position) in positions.iter().enumerate() {
            gone = self.without(positions, (gone, come), position, window);
            self.squares[position] += 2 * (come - gone) as i64 + 1;
        }
        let last = self.at.len().saturating_sub(1);
        self.without(positions, (gone, positions.len()), last, window);
    }

    /// Takes those off that are no longer in the window that ends at a position; how many are gone then.
    fn without(
        &mut self,
        positions: &[usize],
        (mut gone, come): (usize, usize),
        until: usize,
        window: usize,
    ) -> usize {
        while gone < come && positions[gone].saturating_add(window) <= until {
            self.squares[positions[gone] + window] -= 2 * (come - gone) as i64 - 1;
            gone += 1;
        }
        gone
    }

    fn join(&mut self, other: &Self) {
        let changes = self.changes.iter_mut().zip(&other.changes);
        changes.for_each(|(mine, theirs)| *mine += theirs);
        let at = self.at.iter_mut().zip(&other.at);
        at.for_each(|(mine, theirs)| *mine += theirs);
        let squares = self.squares.iter_mut().zip(&other.squares);
        squares.for_each(|(mine, theirs)| *mine += theirs);
    }

    /// The number at the end of each stretch, given its last position.
    fn spans(&self, ends: &[usize], window: usize) -> Vec<Span> {
        let sums = |values: &mut dyn Iterator<Item = i64>| -> Vec<i64> {
            let summed = values.scan(0, |sum, value| {
                *sum += value;
                Some(*sum)
            });
            summed.collect()
        };
        let keys = sums(&mut self.changes.iter().copied());
        let at = sums(&mut self.at.iter().map(|count| *count as i64));
        let squares = sums(&mut self.squares.iter().copied());
        let span = |end: &usize| {
            let before = (end + 1)
                .checked_sub(window)
                .and_then(|from| from.checked_sub(1));
            let before = before.map_or(0, |position| at[position]);
            Span {
                keys: u64::try_from(keys[*end]).unwrap_or(0),
                by_position: u64::try_from(at[*end] - before).unwrap_or(0),
                squares: u64::try_from(squares[*end]).unwrap_or(0),
            }
        };
        ends.iter().map(span).collect()
    }
}

/// Which positions of which of the answer's groups the groups of a pass are.
struct Places {
    /// The group without its time, and the position.
    of_group: Vec<(u32, u32)>,
    groups: Vec<Vec<GroupValue>>,
}

impl Places {
    fn new(groups: &[Vec<GroupValue>], reading: &Reading) -> Self {
        let mut numbers: HashMap<Vec<GroupValue>, u32> = HashMap::new();
        let mut places = Self {
            of_group: Vec::with_capacity(groups.len()),
            groups: Vec::new(),
        };
        for group in groups {
            let mut rest = group.clone();
            let position = match rest.remove(reading.dimension) {
                GroupValue::Position(position) => position + u32::from(reading.since_ever),
                _ => 0,
            };
            let number = *numbers.entry(rest).or_insert_with_key(|rest| {
                places.groups.push(rest.clone());
                (places.groups.len() - 1) as u32
            });
            places.of_group.push((number, position));
        }
        places
    }
}

/// What a pass with a reach of its own found, as any other has it.
pub(crate) fn gather_spans(
    cells: &Cells,
    groupings: &[Grouping],
    reading: &Reading,
    merged: &Merged<'_>,
    threads: usize,
) -> Result<Gathered, QueryError> {
    let places = Places::new(&merged.groups, reading);
    if places.groups.len().saturating_mul(reading.positions) > MOST_GROUPS {
        return Err(QueryError::TooManyGroups { limit: MOST_GROUPS });
    }
    let by_time = groupings
        .get(reading.dimension)
        .is_some_and(|grouping| matches!(grouping, Grouping::Buckets(..)));
    let mut groups: Vec<(Vec<GroupValue>, Filled)> = Vec::new();
    for group in &places.groups {
        for stretch in 0..reading.ends.len() {
            let mut key = group.clone();
            if by_time {
                key.insert(reading.dimension, GroupValue::Position(stretch as u32));
            }
            groups.push((key, Filled::empty(cells)));
        }
    }
    let mut totals = Filled::empty(cells);
    for (index, (set, window)) in cells.spans.iter().enumerate() {
        let window = window.map_or(usize::MAX, |days| days as usize);
        let (courses, all) = courses(&merged.all.sets[*set], &places, reading, window, threads);
        let spans = courses
            .iter()
            .flat_map(|course| course.spans(&reading.ends, window));
        for ((_, filled), span) in groups.iter_mut().zip(spans) {
            filled.spans[index] = span;
        }
        let last = all.spans(&reading.ends, window);
        totals.spans[index] = last.last().copied().unwrap_or_default();
    }
    Ok(Gathered {
        groups,
        totals,
        left_out: merged.left_out,
        rows_read: merged.rows_read,
        rows_kept: merged.rows_kept,
        effort: Effort::default(),
        sampling: merged.sampling,
    })
}

/// The course of every group, and of all together; on so many threads.
fn courses(
    set: &Union<'_>,
    places: &Places,
    reading: &Reading,
    window: usize,
    threads: usize,
) -> (Vec<Course>, Course) {
    let nothing = || {
        let courses = vec![Course::new(reading.positions); places.groups.len()];
        (courses, Course::new(reading.positions))
    };
    let shares = set.on_threads(threads, |parts| {
        let (mut courses, mut all) = nothing();
        let mut rows: Vec<(u64, u32, u32)> = Vec::new();
        let mut positions: Vec<usize> = Vec::new();
        let mut entries = Vec::new();
        for part in parts {
            set.entries(part, &mut entries);
            rows.clear();
            rows.extend(entries.iter().map(|(key, group)| {
                let (of, position) = places.of_group[*group as usize];
                (*key, of, position)
            }));
            rows.sort_unstable();
            rows.dedup();
            for of_key in rows.chunk_by(|one, other| one.0 == other.0) {
                for of_group in of_key.chunk_by(|one, other| one.1 == other.1) {
                    positions.clear();
                    positions.extend(of_group.iter().map(|row| row.2 as usize));
                    courses[of_group[0].1 as usize].add(&positions, window);
                }
                positions.clear();
                positions.extend(of_key.iter().map(|row| row.2 as usize));
                positions.sort_unstable();
                positions.dedup();
                all.add(&positions, window);
            }
        }
        (courses, all)
    });
    let (mut courses, mut all) = nothing();
    for (share, share_all) in shares {
        let each = courses.iter_mut().zip(&share);
        each.for_each(|(course, more)| course.join(more));
        all.join(&share_all);
    }
    (courses, all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_that_overlap_count_a_key_once() {
        let mut course = Course::new(8);
        course.add(&[0, 2, 7], 3);
        course.add(&[1], 3);
        let spans = course.spans(&[0, 1, 2, 3, 4, 5, 6, 7], 3);
        let keys: Vec<u64> = spans.iter().map(|span| span.keys).collect();
        assert_eq!(keys, [1, 2, 2, 2, 1, 0, 0, 1]);
        let by_position: Vec<u64> = spans.iter().map(|span| span.by_position).collect();
        assert_eq!(by_position, [1, 2, 3, 2, 1, 0, 0, 1]);
        let squares: Vec<u64> = spans.iter().map(|span| span.squares).collect();
        assert_eq!(squares, [1, 2, 5, 2, 1, 0, 0, 1]);
    }

    #[test]
    fn squares_are_those_of_plain_windows() {
        // Every set of positions, by the bits of a number.
        const POSITIONS: usize = 7;
        for window in [1, 2, 3, 5, 7, 9, usize::MAX] {
            for bits in 1_usize..1 << POSITIONS {
                let positions: Vec<usize> = (0..POSITIONS)
                    .filter(|position| bits >> position & 1 == 1)
                    .collect();
                let mut course = Course::new(POSITIONS);
                course.add(&positions, window);
                let ends: Vec<usize> = (0..POSITIONS).collect();
                for (end, span) in course.spans(&ends, window).into_iter().enumerate() {
                    let from = (end + 1).saturating_sub(window);
                    let inside = positions.iter().filter(|at| (from..=end).contains(*at));
                    let inside = inside.count() as u64;
                    assert_eq!(
                        span.squares,
                        inside * inside,
                        "{positions:?} {window} {end}"
                    );
                }
            }
        }
    }

    #[test]
    fn since_ever_nobody_goes() {
        let mut course = Course::new(4);
        course.add(&[1, 3], usize::MAX);
        course.add(&[2], usize::MAX);
        let spans = course.spans(&[0, 1, 2, 3], usize::MAX);
        let keys: Vec<u64> = spans.iter().map(|span| span.keys).collect();
        assert_eq!(keys, [0, 1, 2, 2]);
    }
}
