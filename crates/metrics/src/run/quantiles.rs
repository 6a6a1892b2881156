//! Exact quantiles with the observations that bound them, found without sorting everything.

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

/// The quantiles of each group's values, and of all values together.
pub(crate) fn quantiles(
    values: &[(u32, i64)],
    shares: &[f64],
    groups: usize,
) -> (Vec<Vec<Quantile>>, Vec<Quantile>) {
    let mut all: Vec<i64> = values.iter().map(|(_, value)| *value).collect();
    let together = of(&mut all, shares);
    if groups == 1 {
        return (vec![together.clone()], together);
    }
    let mut sizes = vec![0_usize; groups];
    values
        .iter()
        .for_each(|(group, _)| sizes[*group as usize] += 1);
    let mut by_group: Vec<Vec<i64>> = sizes.into_iter().map(Vec::with_capacity).collect();
    values
        .iter()
        .for_each(|(group, value)| by_group[*group as usize].push(*value));
    let found = by_group
        .iter_mut()
        .map(|values| of(values, shares))
        .collect();
    (found, together)
}

fn of(values: &mut [i64], shares: &[f64]) -> Vec<Quantile> {
    let count = values.len() as u64;
    type Wanted = (Option<u64>, Option<(u64, u64)>);
    let wanted: Vec<Wanted> = shares
        .iter()
        .map(|share| {
            let ranks = quantile::interval_ranks(count, *share, Confidence::NINETY_FIVE);
            (
                quantile::rank(count, *share),
                ranks.and_then(quantile::Ranks::both),
            )
        })
        .collect();
    let mut ranks: Vec<usize> = wanted
        .iter()
        .flat_map(|(rank, ends)| {
            let ends = ends.iter().flat_map(|(lower, upper)| [*lower, *upper]);
            rank.iter().copied().chain(ends).collect::<Vec<_>>()
        })
        .map(|rank| rank as usize - 1)
        .collect();
    ranks.sort_unstable();
    ranks.dedup();
    place(values, 0, &ranks);
    wanted
        .into_iter()
        .map(|(rank, ends)| Quantile {
            count,
            value: rank.map(|rank| values[rank as usize - 1]),
            interval: ends
                .map(|(lower, upper)| (values[lower as usize - 1], values[upper as usize - 1])),
        })
        .collect()
}

/// Puts the values of these ascending ranks where they would stand if all were sorted. The slice begins
/// at rank `first`.
fn place(values: &mut [i64], first: usize, ranks: &[usize]) {
    let Some(middle) = ranks.get(ranks.len() / 2) else {
        return;
    };
    let (below, _, above) = values.select_nth_unstable(middle - first);
    place(below, first, &ranks[..ranks.len() / 2]);
    place(above, middle + 1, &ranks[ranks.len() / 2 + 1..]);
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
        let (groups, all) = quantiles(&values, &shares, 3);
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
        assert_eq!(quantiles(&[], &[0.5], 0).1, [Quantile::default()]);
    }
}
