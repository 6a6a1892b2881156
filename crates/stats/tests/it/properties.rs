//! What must hold for any input.

use proptest::prelude::*;
use upshot_stats::mean::Moments;
use upshot_stats::ratio::ClusterSums;
use upshot_stats::{Confidence, change, count, impact, mean, proportion, quantile, ratio};

const LEVEL: Confidence = Confidence::NINETY_FIVE;

fn share() -> impl Strategy<Value = (u64, u64)> {
    (1_u64..5_000_000).prop_flat_map(|total| (0..=total, Just(total)))
}

fn level() -> impl Strategy<Value = Confidence> {
    (0.01_f64..0.999).prop_map(|level| Confidence::new(level).unwrap())
}

fn scores() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-1e6_f64..1e6, 2..60)
}

fn nearly(first: f64, second: f64, scale: f64) -> bool {
    (first - second).abs() <= 1e-9 * scale.max(1e-12)
}

proptest! {
    #[test]
    fn wilson_contains_the_rate((successes, total) in share(), confidence in level()) {
        let found = proportion::interval(successes, total, confidence).unwrap();
        prop_assert!(found.lower >= 0.0 && found.upper <= 1.0);
        prop_assert!(found.contains(successes as f64 / total as f64));
        let mirrored = proportion::interval(total - successes, total, confidence).unwrap();
        prop_assert!(nearly(found.lower, 1.0 - mirrored.upper, 1.0));
        let more = proportion::interval(successes * 4, total * 4, confidence).unwrap();
        prop_assert!(more.width() < found.width());
    }

    #[test]
    fn wilson_widens_with_confidence((successes, total) in share(), first in level(), second in level()) {
        let (low, high) = if first < second { (first, second) } else { (second, first) };
        let narrow = proportion::interval(successes, total, low).unwrap();
        let wide = proportion::interval(successes, total, high).unwrap();
        prop_assert!(narrow.width() <= wide.width() + 1e-12);
    }

    #[test]
    fn difference_turns_with_its_order(first in share(), second in share()) {
        let forth = proportion::difference(first, second, LEVEL).unwrap();
        let back = proportion::difference(second, first, LEVEL).unwrap();
        prop_assert!(forth.interval.contains(forth.value));
        prop_assert!(forth.interval.lower >= -1.0 && forth.interval.upper <= 1.0);
        prop_assert!((0.0..=1.0).contains(&forth.p_value));
        prop_assert!(nearly(forth.value, -back.value, 1.0));
        prop_assert!(nearly(forth.interval.lower, -back.interval.upper, 1.0));
        prop_assert!(nearly(forth.p_value, back.p_value, 1.0));
    }

    #[test]
    fn moments_agree_however_they_are_made(first in scores(), second in scores()) {
        let all: Vec<f64> = first.iter().chain(&second).copied().collect();
        let whole = Moments::from_values(&all).unwrap();
        let part = Moments::from_values(&first).unwrap();
        let rest = Moments::from_values(&second).unwrap();
        let joined = part.with(&rest);
        let remaining = joined.without(&part).unwrap();
        let sum: f64 = all.iter().sum();
        let squares: f64 = all.iter().map(|value| value * value).sum();
        let summed = Moments::from_sums(all.len() as u64, sum, squares).unwrap();
        for other in [joined, summed] {
            prop_assert_eq!(other.count(), whole.count());
            prop_assert!(nearly(other.mean().unwrap(), whole.mean().unwrap(), 1e6));
            prop_assert!(nearly(other.variance().unwrap(), whole.variance().unwrap(), 1e12));
        }
        prop_assert!(nearly(remaining.mean().unwrap(), rest.mean().unwrap(), 1e6));
        prop_assert!(nearly(remaining.variance().unwrap(), rest.variance().unwrap(), 1e12));
    }

    #[test]
    fn mean_lies_in_its_interval(values in scores(), confidence in level()) {
        let moments = Moments::from_values(&values).unwrap();
        if let Some(found) = mean::interval(&moments, confidence) {
            prop_assert!(found.contains(moments.mean().unwrap()));
            let doubled = moments.with(&moments);
            prop_assert!(mean::interval(&doubled, confidence).unwrap().width() < found.width());
        }
    }

    #[test]
    fn welch_turns_with_its_order(first in scores(), second in scores()) {
        let (first, second) = (Moments::from_values(&first).unwrap(), Moments::from_values(&second).unwrap());
        let forth = mean::difference(&first, &second, LEVEL).unwrap();
        let back = mean::difference(&second, &first, LEVEL).unwrap();
        prop_assert!(forth.interval.contains(forth.value));
        prop_assert!(nearly(forth.interval.lower, -back.interval.upper, 1e6));
        prop_assert!(nearly(forth.p_value, back.p_value, 1.0));
        // Interval and test are the same statement.
        let excludes_zero = !forth.interval.contains(0.0);
        prop_assert!(excludes_zero == forth.is_significant(LEVEL) || (forth.p_value - 0.05).abs() < 1e-6);
    }

    #[test]
    fn ranks_bracket_the_quantile(total in 1_u64..200_000, part in 0.001_f64..0.999, confidence in level()) {
        let found = quantile::interval_ranks(total, part, confidence).unwrap();
        let middle = quantile::rank(total, part).unwrap();
        if let Some(lower) = found.lower {
            prop_assert!(lower >= 1 && lower <= middle);
        }
        if let Some(upper) = found.upper {
            prop_assert!(upper <= total && upper >= middle);
        }
        let mirrored = quantile::interval_ranks(total, 1.0 - part, confidence).unwrap();
        // 1 − part is rounded, which can move a rank by one at the edge.
        let lower = found.lower.unwrap_or(0);
        let mirrored_lower = mirrored.upper.map_or(0, |upper| total + 1 - upper);
        prop_assert!(lower.abs_diff(mirrored_lower) <= 1);
    }

    #[test]
    fn clusters_of_one_row_are_rows(rows in prop::collection::vec(any::<bool>(), 2..300)) {
        let mut sums = ClusterSums::default();
        rows.iter().for_each(|&hit| sums.add(f64::from(u8::from(hit)), 1.0));
        let rate = sums.ratio().unwrap();
        let expected = rate * (1.0 - rate) / (rows.len() - 1) as f64;
        prop_assert!(nearly(sums.variance().unwrap(), expected, 1.0));
        let found = ratio::proportion_interval(&sums, LEVEL).unwrap();
        prop_assert!(found.lower >= 0.0 && found.upper <= 1.0 && found.contains(rate));
        let successes = rows.iter().filter(|&&hit| hit).count() as u64;
        let independent = proportion::interval(successes, rows.len() as u64, LEVEL).unwrap();
        prop_assert!(found.width() >= independent.width());
    }

    #[test]
    fn clustered_variance_is_its_definition(pairs in prop::collection::vec((0_u32..50, 1_u32..50), 2..60)) {
        let mut sums = ClusterSums::default();
        let mut halves = [ClusterSums::default(); 2];
        for (index, &(numerator, denominator)) in pairs.iter().enumerate() {
            sums.add(f64::from(numerator), f64::from(denominator));
            halves[index % 2].add(f64::from(numerator), f64::from(denominator));
        }
        let ratio_value = sums.ratio().unwrap();
        let scatter: f64 = pairs
            .iter()
            .map(|&(numerator, denominator)| (f64::from(numerator) - ratio_value * f64::from(denominator)).powi(2))
            .sum();
        let clusters = pairs.len() as f64;
        let expected = clusters / (clusters - 1.0) * scatter / sums.denominator.powi(2);
        prop_assert!(nearly(sums.variance().unwrap(), expected, 1.0));
        prop_assert_eq!(halves[0].with(&halves[1]), sums);
        if let Some(found) = ratio::interval(&sums, LEVEL) {
            prop_assert!(found.contains(ratio_value));
        }
    }

    #[test]
    fn differences_of_single_rows_are_those_of_means(first in scores(), second in scores()) {
        let sums = |values: &[f64]| {
            let mut sums = ClusterSums::default();
            values.iter().for_each(|&value| sums.add(value, 1.0));
            sums
        };
        let moments = |values: &[f64]| Moments::from_values(values).unwrap();
        let clustered = ratio::difference(&sums(&first), &sums(&second), LEVEL).unwrap();
        let single = mean::difference(&moments(&first), &moments(&second), LEVEL).unwrap();
        prop_assert!(nearly(clustered.value, single.value, 1e6));
        prop_assert!(nearly(clustered.interval.lower, single.interval.lower, 1e7));
        prop_assert!(nearly(clustered.p_value, single.p_value, 100.0));
    }

    #[test]
    fn clustered_rates_differ_within_bounds(
        first in prop::collection::vec((0_u32..9, 1_u32..9), 2..40),
        second in prop::collection::vec((0_u32..9, 1_u32..9), 2..40),
    ) {
        let sums = |pairs: &[(u32, u32)]| {
            let mut sums = ClusterSums::default();
            pairs.iter().for_each(|&(hits, rows)| sums.add(f64::from(hits.min(rows)), f64::from(rows)));
            sums
        };
        let (first, second) = (sums(&first), sums(&second));
        if let Some(forth) = ratio::proportion_difference(&first, &second, LEVEL) {
            let back = ratio::proportion_difference(&second, &first, LEVEL).unwrap();
            prop_assert!(forth.interval.contains(forth.value));
            prop_assert!(forth.interval.lower >= -1.0 && forth.interval.upper <= 1.0);
            prop_assert!((0.0..=1.0).contains(&forth.p_value));
            prop_assert!(nearly(forth.interval.lower, -back.interval.upper, 1.0));
        }
    }

    #[test]
    fn poisson_contains_the_count(events in 0_u64..3_000_000, confidence in level()) {
        let found = count::interval(events, confidence);
        prop_assert!(found.lower >= 0.0);
        // At a confidence near nothing the exact interval still reaches past the count.
        prop_assert!(found.contains(events as f64), "{:?}", found);
        let rate = count::rate_interval(events, 4.0, confidence).unwrap();
        prop_assert!(nearly(rate.upper, found.upper / 4.0, found.upper));
    }

    #[test]
    fn counts_compare_both_ways(first in 0_u64..20_000, second in 1_u64..20_000, exposure in 0.1_f64..50.0) {
        let forth = count::compare((first, exposure), (second, 1.0), LEVEL).unwrap();
        let back = count::compare((second, 1.0), (first, exposure), LEVEL).unwrap();
        prop_assert!(nearly(forth.difference.p_value, back.difference.p_value, 10.0));
        prop_assert!((0.0..=1.0).contains(&forth.difference.p_value));
        prop_assert!(forth.difference.interval.contains(forth.difference.value));
        let ratio_value = forth.ratio.unwrap();
        prop_assert!(forth.ratio_lower <= ratio_value * (1.0 + 1e-12));
        prop_assert!(forth.ratio_upper.is_none_or(|upper| upper >= ratio_value * (1.0 - 1e-12)));
    }

    #[test]
    fn bounded_change_is_bounded(current in 0.0_f64..1e12, previous in 0.0_f64..1e12) {
        let found = change::bounded(current, previous).unwrap();
        prop_assert!((-1.0..=1.0).contains(&found));
        prop_assert_eq!(found, -change::bounded(previous, current).unwrap());
    }

    #[test]
    fn impact_is_the_weighted_difference((topic, topic_total) in share(), (rest, rest_total) in share()) {
        let whole = (topic + rest, topic_total + rest_total);
        let found = impact::on_rate(whole, (topic, topic_total), LEVEL).unwrap();
        let weight = topic_total as f64 / whole.1 as f64;
        let topic_rate = topic as f64 / topic_total as f64;
        let rest_rate = rest as f64 / rest_total as f64;
        prop_assert!(nearly(found.value, weight * (topic_rate - rest_rate), 1e-3));
        let interval = found.interval.unwrap();
        prop_assert!(interval.lower <= found.value + 1e-12 && found.value <= interval.upper + 1e-12);
        let overall = whole.0 as f64 / whole.1 as f64;
        prop_assert!(nearly(found.value, weight / (1.0 - weight) * (topic_rate - overall), 1.0));
    }
}
