//! Exact quantiles with the observations that bound them, found without sorting everything.

use serde::{Deserialize, Serialize};
use upshot_stats::{Confidence, quantile};

/// A quantile with its order-statistic interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Quantile {
    /// Of how many values.
    pub(crate) count: u64,
    /// The value; nothing of no values.
    pub(crate) value: Option<i64>,
    /// The values between which the true quantile lies.
    pub(crate) interval: Option<(i64, i64)>,
}

/// Numbers, each with its group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Numbers {
    /// As they come.
    Gathering(Vec<(u32, i64)>),
    /// In order, by group.
    Ordered(Ordered),
}

/// Numbers in order, by group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ordered {
    /// Where each group ends.
    ends: Vec<u32>,
    numbers: Vec<i64>,
}

impl Default for Numbers {
    fn default() -> Self {
        Self::Gathering(Vec::new())
    }
}

impl Numbers {
    #[inline]
    pub(super) fn add(&mut self, group: u32, number: i64) {
        // What is ordered does not grow.
        if let Self::Gathering(numbers) = self {
            numbers.push((group, number));
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Gathering(numbers) => numbers.capacity() * size_of::<(u32, i64)>(),
            Self::Ordered(ordered) => 4 * ordered.ends.len() + 8 * ordered.numbers.len(),
        }
    }

    /// The same in order.
    pub(super) fn ordered(self) -> Self {
        let Self::Gathering(mut gathered) = self else {
            return self;
        };
        gathered.sort_unstable();
        let groups = gathered.last().map_or(0, |(group, _)| *group as usize + 1);
        let mut ends = vec![0; groups];
        for (group, _) in &gathered {
            ends[*group as usize] += 1;
        }
        let mut end = 0;
        for group in &mut ends {
            end += *group;
            *group = end;
        }
        let numbers = gathered.iter().map(|(_, number)| *number).collect();
        Self::Ordered(Ordered { ends, numbers })
    }

    /// The numbers of each group, in order.
    fn runs(&self) -> impl Iterator<Item = (usize, &[i64])> {
        let ordered = match self {
            Self::Ordered(ordered) => Some(ordered),
            Self::Gathering(_) => None,
        };
        ordered.into_iter().flat_map(|ordered| {
            let mut from = 0;
            ordered.ends.iter().enumerate().map(move |(group, end)| {
                let run = from..*end as usize;
                from = run.end;
                (group, &ordered.numbers[run])
            })
        })
    }
}

/// Numbers of several shares together, none of them copied.
#[derive(Debug, Default)]
pub(crate) struct Collected<'a> {
    /// The number of a group, and some of its numbers in order.
    runs: Vec<(u32, &'a [i64])>,
}

impl<'a> Collected<'a> {
    /// Adds ordered numbers, whose groups have these numbers here.
    pub(crate) fn add(&mut self, numbers: &'a Numbers, groups: &[u32]) {
        let runs = numbers.runs().filter(|(_, run)| !run.is_empty());
        self.runs
            .extend(runs.map(|(group, run)| (groups[group], run)));
    }

    /// The quantiles of each group's numbers, and of all together.
    pub(crate) fn quantiles(
        mut self,
        shares: &[f64],
        groups: usize,
    ) -> (Vec<Vec<Quantile>>, Vec<Quantile>) {
        self.runs.sort_by_key(|(group, _)| *group);
        let all: Vec<&[i64]> = self.runs.iter().map(|(_, run)| *run).collect();
        let together = of(&all, shares);
        if groups == 1 {
            return (vec![together.clone()], together);
        }
        let nothing = || vec![Quantile::default(); shares.len()];
        let mut found: Vec<Vec<Quantile>> = (0..groups).map(|_| nothing()).collect();
        for runs in self.runs.chunk_by(|one, other| one.0 == other.0) {
            let own: Vec<&[i64]> = runs.iter().map(|(_, run)| *run).collect();
            found[runs[0].0 as usize] = of(&own, shares);
        }
        (found, together)
    }
}

/// More runs than these are put into one before they are searched.
const MOST_RUNS: usize = 1 << 10;

fn of(runs: &[&[i64]], shares: &[f64]) -> Vec<Quantile> {
    if runs.len() > MOST_RUNS {
        let mut one = runs.concat();
        one.sort_unstable();
        return of(&[&one], shares);
    }
    let count = runs.iter().map(|run| run.len() as u64).sum();
    let at = |rank: u64| number_at(runs, rank);
    let quantile = |share: &f64| {
        let ranks = quantile::interval_ranks(count, *share, Confidence::NINETY_FIVE);
        let ends = ranks.and_then(quantile::Ranks::both);
        Quantile {
            count,
            value: quantile::rank(count, *share).map(at),
            interval: ends.map(|(lower, upper)| (at(lower), at(upper))),
        }
    };
    shares.iter().map(quantile).collect()
}

/// The number of a rank, counted from 1, if all were in one order.
fn number_at(runs: &[&[i64]], rank: u64) -> i64 {
    if let [run] = runs {
        return run[rank as usize - 1];
    }
    let (mut least, mut most) = (i64::MAX, i64::MIN);
    for run in runs {
        least = least.min(run[0]);
        most = most.max(run[run.len() - 1]);
    }
    // Runs are cut down to what may still be it, so that each step looks at less.
    let mut left: Vec<&[i64]> = runs.to_vec();
    let mut below = 0;
    while least < most {
        let middle = least.wrapping_add((most.abs_diff(least) / 2) as i64);
        let up_to = |run: &&[i64]| run.partition_point(|number| *number <= middle);
        let places: Vec<usize> = left.iter().map(up_to).collect();
        let here = below + places.iter().sum::<usize>() as u64;
        let enough = here >= rank;
        for (run, place) in left.iter_mut().zip(places) {
            *run = if enough { &run[..place] } else { &run[place..] };
        }
        if enough {
            most = middle;
        } else {
            (least, below) = (middle + 1, here);
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_are_those_of_a_sorted_list() {
        let values: Vec<(u32, i64)> = (0..5_000_u32)
            .map(|index| (index % 3, i64::from(index * 7_919 % 1_013)))
            .collect();
        let shares = [0.5, 0.9, 0.99];
        // Some groups are numbered otherwise in the second half.
        let (mut first, mut second) = (Numbers::default(), Numbers::default());
        let (one, other) = values.split_at(values.len() / 3);
        one.iter()
            .for_each(|(group, number)| first.add(*group, *number));
        other
            .iter()
            .for_each(|(group, number)| second.add((group + 1) % 3, *number));
        let (first, second) = (first.ordered(), second.ordered());
        let mut collected = Collected::default();
        collected.add(&first, &[0, 1, 2]);
        collected.add(&second, &[2, 0, 1]);
        let (groups, all) = collected.quantiles(&shares, 3);
        let check = |found: &[Quantile], mut sorted: Vec<i64>| {
            sorted.sort_unstable();
            for (quantile, share) in found.iter().zip(shares) {
                let count = sorted.len() as u64;
                let rank = quantile::rank(count, share).unwrap_or(0) as usize;
                assert_eq!(quantile.count, count);
                assert_eq!(quantile.value, Some(sorted[rank - 1]));
                let (lower, upper) = quantile.interval.unwrap_or((i64::MAX, i64::MIN));
                assert!(lower <= sorted[rank - 1] && sorted[rank - 1] <= upper);
            }
        };
        check(&all, values.iter().map(|(_, value)| *value).collect());
        for group in 0..3 {
            let own = values
                .iter()
                .filter(|(of, _)| *of == group)
                .map(|(_, value)| *value);
            check(&groups[group as usize], own.collect());
        }
        let nothing = Collected::default().quantiles(&[0.5], 0);
        assert_eq!(nothing.1, [Quantile::default()]);
    }

    #[test]
    fn many_runs_are_searched_like_few() {
        let sorted: Vec<i64> = (0..4_000).map(|index| index * index % 977 - 300).collect();
        let mut ordered = sorted.clone();
        ordered.sort_unstable();
        for runs in [1, 2, 700, 2_000] {
            let mut parts: Vec<Vec<i64>> = sorted
                .chunks(sorted.len() / runs)
                .map(<[i64]>::to_vec)
                .collect();
            parts.iter_mut().for_each(|part| part.sort_unstable());
            let runs_of: Vec<&[i64]> = parts.iter().map(Vec::as_slice).collect();
            let found = of(&runs_of, &[0.25]);
            assert_eq!(found[0].value, Some(ordered[1_000 - 1]), "{runs} runs");
        }
    }
}
