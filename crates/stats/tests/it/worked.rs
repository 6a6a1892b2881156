//! Small cases worked by hand, and what is answered with `None`.

use upshot_stats::mean::Moments;
use upshot_stats::ratio::ClusterSums;
use upshot_stats::{
    Confidence, Interval, change, count, difference_from_intervals, impact, mean, proportion,
    quantile, ratio, ratio_from_intervals,
};

use crate::close;

const LEVEL: Confidence = Confidence::NINETY_FIVE;

#[test]
fn confidence_is_a_share() {
    assert_eq!(Confidence::new(0.95), Some(LEVEL));
    for level in [0.0, 1.0, -0.1, 95.0, f64::NAN] {
        assert_eq!(Confidence::new(level), None);
    }
}

#[test]
fn changes() {
    close(change::relative(110.0, 100.0).unwrap(), 0.1);
    close(change::relative(0.0, 4.0).unwrap(), -1.0);
    assert_eq!(change::relative(5.0, 0.0), None);
    assert_eq!(change::relative(5.0, -10.0), None);
    close(change::percentage_points(0.589, 0.612).unwrap(), -2.3);
    assert_eq!(change::percentage_points(f64::NAN, 0.1), None);
    assert_eq!(change::bounded(0.0, 0.0), Some(0.0));
    assert_eq!(change::bounded(7.0, 0.0), Some(1.0));
    assert_eq!(change::bounded(0.0, 7.0), Some(-1.0));
    close(change::bounded(50.0, 40.0).unwrap(), 0.2);
    close(change::bounded(40.0, 50.0).unwrap(), -0.2);
    assert_eq!(change::bounded(-1.0, 2.0), None);
    assert_eq!(change::bounded(f64::INFINITY, 2.0), None);
}

#[test]
fn nothing_to_say() {
    assert_eq!(proportion::interval(0, 0, LEVEL), None);
    assert_eq!(proportion::interval(3, 2, LEVEL), None);
    assert_eq!(proportion::difference((1, 2), (0, 0), LEVEL), None);
    let one = Moments::from_values(&[4.0]).unwrap();
    let equal = Moments::from_values(&[5.0, 5.0, 5.0]).unwrap();
    assert_eq!(one.variance(), None);
    assert_eq!(mean::interval(&Moments::default(), LEVEL), None);
    assert_eq!(mean::interval(&one, LEVEL), None);
    assert_eq!(mean::interval(&equal, LEVEL), None);
    assert_eq!(mean::difference(&equal, &equal, LEVEL), None);
    assert_eq!(mean::difference(&one, &equal, LEVEL), None);
    assert_eq!(quantile::rank(0, 0.5), None);
    assert_eq!(quantile::interval_ranks(0, 0.5, LEVEL), None);
    assert_eq!(quantile::interval_ranks(9, f64::NAN, LEVEL), None);
    assert_eq!(quantile::interval_ranks(9, 1.0, LEVEL), None);
    assert_eq!(count::rate_interval(3, 0.0, LEVEL), None);
    assert_eq!(count::compare((0, 1.0), (0, 1.0), LEVEL), None);
    let mut sums = ClusterSums::default();
    assert_eq!(ratio::interval(&sums, LEVEL), None);
    sums.add(2.0, 3.0);
    assert_eq!(sums.variance(), None);
    assert_eq!(ratio::proportion_interval(&sums, LEVEL), None);
    sums.add(4.0, 6.0);
    assert_eq!(
        ratio::interval(&sums, LEVEL),
        None,
        "all clusters show the same ratio"
    );
}

#[test]
fn sums_that_cannot_be() {
    assert_eq!(Moments::from_sums(0, 1.0, 1.0), None);
    assert_eq!(Moments::from_sums(4, 8.0, 15.0), None, "at least 16");
    assert_eq!(Moments::from_sums(4, f64::NAN, 1.0), None);
    assert_eq!(Moments::from_variance(4, 1.0, -1.0), None);
    assert_eq!(Moments::from_values(&[1.0, f64::INFINITY]), None);
}

#[test]
fn noise_is_no_variance() {
    // Three equal durations in microseconds: the sums leave only rounding between them.
    let value = 1.234_567_891_23e12;
    let moments = Moments::from_sums(3, 3.0 * value, 3.0 * value * value).unwrap();
    assert_eq!(moments.variance(), Some(0.0));
}

#[test]
fn ranks_of_quantiles() {
    assert_eq!(quantile::rank(10, 0.5), Some(5));
    assert_eq!(quantile::rank(10, 0.7), Some(7));
    assert_eq!(quantile::rank(11, 0.5), Some(6));
    assert_eq!(quantile::rank(10, 0.0), Some(1));
    assert_eq!(quantile::rank(10, 1.0), Some(10));
    assert_eq!(quantile::rank(100, 0.99), Some(99));
    // Beyond the exact window: mean 1e9, deviation 22,360.7.
    let (lower, upper) = quantile::interval_ranks(2_000_000_000, 0.5, LEVEL)
        .unwrap()
        .both()
        .unwrap();
    assert_eq!((lower, upper), (999_956_173, 1_000_043_828));
}

#[test]
fn clusters_that_repeat_themselves_count_once() {
    // Ten users whose five sessions are all alike say as much as ten sessions.
    let mut sums = ClusterSums::default();
    for user in 0..10 {
        sums.add(if user < 4 { 5.0 } else { 0.0 }, 5.0);
    }
    close(sums.variance().unwrap(), 0.4 * 0.6 / 9.0);
    let mut certain = ClusterSums::default();
    for _ in 0..10 {
        certain.add(5.0, 5.0);
    }
    let found = ratio::proportion_interval(&certain, LEVEL).unwrap();
    // 10 of 10 with t(9) = 2.262157: 10 / (10 + 5.117355).
    assert!((found.lower - 0.661_491).abs() < 1e-6, "{found:?}");
    assert_eq!(found.upper, 1.0);
    // Two rates of 100 % do not differ; ten times 100 % and ten times 0 % do, as 10/10 and 0/10 do.
    let same = ratio::proportion_difference(&certain, &certain, LEVEL).unwrap();
    assert_eq!((same.value, same.p_value), (0.0, 1.0));
    let mut never = ClusterSums::default();
    (0..10).for_each(|_| never.add(0.0, 5.0));
    let opposite = ratio::proportion_difference(&certain, &never, LEVEL).unwrap();
    close(opposite.p_value, 7.74421643104407e-06);
}

#[test]
fn impact_of_the_seed_example() {
    let found = impact::on_rate((60, 100), (4, 20), LEVEL).unwrap();
    close(found.value, -0.10);
    let absent = impact::on_rate((60, 100), (0, 0), LEVEL).unwrap();
    assert_eq!(
        (absent.value, absent.interval, absent.p_value),
        (0.0, None, None)
    );
    assert_eq!(impact::on_rate((60, 100), (60, 100), LEVEL), None);
    assert_eq!(impact::on_rate((60, 100), (61, 90), LEVEL), None);
    assert_eq!(impact::on_rate((60, 100), (5, 4), LEVEL), None);
    assert_eq!(
        impact::on_rate((60, 100), (4, 90), LEVEL),
        None,
        "56 of 10 remain"
    );
}

#[test]
fn impact_on_a_mean() {
    let overall = Moments::from_values(&[1.0, 2.0, 4.0, 5.0]).unwrap();
    let topic = Moments::from_values(&[1.0, 2.0]).unwrap();
    let found = impact::on_mean(&overall, &topic, LEVEL).unwrap();
    close(found.value, 3.0 - 4.5);
    assert_eq!(impact::on_mean(&overall, &overall, LEVEL), None);
    assert_eq!(impact::on_mean(&topic, &overall, LEVEL), None);
    let single = Moments::from_values(&[1.0]).unwrap();
    let found = impact::on_mean(&overall, &single, LEVEL).unwrap();
    close(found.value, 3.0 - 11.0 / 3.0);
    assert_eq!(found.interval, None);
}

#[test]
fn difference_by_recovery() {
    let around = |value: f64, reach: f64| {
        (
            value,
            Interval {
                lower: value - reach,
                upper: value + reach,
            },
        )
    };
    let found = difference_from_intervals(around(10.0, 3.0), around(4.0, 4.0)).unwrap();
    assert_eq!((found.lower, found.upper), (1.0, 11.0));
    let outside = (
        9.0,
        Interval {
            lower: 0.0,
            upper: 1.0,
        },
    );
    assert_eq!(difference_from_intervals(around(1.0, 1.0), outside), None);
}

#[test]
fn ratio_by_recovery() {
    let of = |successes: u64, total: u64| {
        let interval = proportion::interval(successes, total, LEVEL).unwrap();
        (successes as f64 / total as f64, interval)
    };
    // Solved on paper: (r·0.4 − 0.2)² = 0.1² + (r·0.2)², so that r is (0.08 ± √0.0028) / 0.12 less what the other end is.
    let around = |value: f64, reach: f64| {
        let (lower, upper) = (value - reach, value + reach);
        (value, Interval { lower, upper })
    };
    let found = ratio_from_intervals(around(0.2, 0.1), around(0.4, 0.2)).unwrap();
    let root = 0.0028_f64.sqrt();
    close(found.lower, (0.08 - root) / 0.12);
    close(found.upper, (0.08 + root) / 0.12);
    // The ratio lies within, also of nothing, and the more is known the narrower it is.
    for (above, below) in [
        (of(0, 20), of(5, 20)),
        (of(3, 10), of(9, 10)),
        (of(4, 4), of(4, 4)),
    ] {
        let found = ratio_from_intervals(above, below).unwrap();
        assert!(found.contains(above.0 / below.0), "{found:?}");
        assert!(found.lower >= 0.0);
    }
    let (few, many) = (
        ratio_from_intervals(of(3, 10), of(6, 10)).unwrap(),
        ratio_from_intervals(of(300, 1_000), of(600, 1_000)).unwrap(),
    );
    assert!(many.width() < few.width() / 4.0);
    // What may be divided by nothing has no bound.
    assert_eq!(ratio_from_intervals(of(3, 10), of(0, 10)), None);
}
