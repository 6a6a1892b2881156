//! Values computed with scipy 1.17.1 and statsmodels 0.15.0; each test names the call.

use upshot_stats::mean::Moments;
use upshot_stats::ratio::ClusterSums;
use upshot_stats::{Confidence, count, impact, mean, proportion, quantile, ratio};

use crate::{close, close_interval};

const LEVEL: Confidence = Confidence::NINETY_FIVE;
const FIRST: [f64; 10] = [1.0, 5.0, 4.0, 4.0, 3.0, 5.0, 5.0, 2.0, 4.0, 5.0];
const SECOND: [f64; 7] = [3.0, 3.0, 2.0, 4.0, 1.0, 5.0, 2.0];

// proportion_confint(successes, total, 1 - level, 'wilson')
#[test]
fn wilson() {
    for (successes, total, level, lower, upper) in [
        (0, 1, 0.95, 0.0, 0.7934506856227626),
        (1, 1, 0.95, 0.20654931437723745, 1.0),
        (0, 10, 0.95, 0.0, 0.2775327998628892),
        (7, 11, 0.95, 0.35380117450784887, 0.8483352890463243),
        (81, 263, 0.95, 0.2552885198782742, 0.36620957698280004),
        (81, 263, 0.9, 0.2633136171884814, 0.35656634960848815),
        (81, 263, 0.99, 0.24013690268760773, 0.38528250231822986),
        (
            9_999_999,
            10_000_000,
            0.95,
            0.9999994335067982,
            0.9999999823475444,
        ),
        (
            612_345,
            1_000_000,
            0.95,
            0.6113896460257141,
            0.6132994908402193,
        ),
    ] {
        let confidence = Confidence::new(level).unwrap();
        let found = proportion::interval(successes, total, confidence).unwrap();
        close_interval(found, lower, upper);
    }
}

// confint_proportions_2indep(…, method='newcomb', compare='diff'); proportions_ztest(…)[1]
#[test]
fn newcombe() {
    for (first, second, lower, upper, p_value) in [
        (
            (56, 70),
            (48, 80),
            0.05243147240236498,
            0.33387265403690614,
            0.00804508136819656,
        ),
        (
            (9, 10),
            (3, 10),
            0.1705227239345029,
            0.809017973535488,
            0.006169899320544151,
        ),
        (
            (10, 10),
            (0, 10),
            0.6075093504305241,
            1.0,
            7.74421643104407e-06,
        ),
        // statsmodels has no p value here; two equal proportions differ by nothing.
        (
            (0, 10),
            (0, 20),
            -0.1611251580528194,
            0.27753279986288926,
            1.0,
        ),
        (
            (612, 1000),
            (589, 1000),
            -0.019904227777295606,
            0.06578498876949218,
            0.2937085071418517,
        ),
        (
            (4, 20),
            (56, 80),
            -0.6490864922705399,
            -0.258631309147048,
            4.455709060405623e-05,
        ),
    ] {
        let found = proportion::difference(first, second, LEVEL).unwrap();
        close_interval(found.interval, lower, upper);
        close(found.p_value, p_value);
    }
}

// t.interval(.95, n - 1, mean, sem)
#[test]
fn mean_of_scores() {
    let found = mean::interval(&Moments::from_values(&FIRST).unwrap(), LEVEL).unwrap();
    close_interval(found, 2.7996364632244584, 4.800363536775541);
}

// ttest_ind(first, second, equal_var=False), its confidence_interval(.95)
#[test]
fn welch() {
    let first = Moments::from_values(&FIRST).unwrap();
    let second = Moments::from_values(&SECOND).unwrap();
    let found = mean::difference(&first, &second, LEVEL).unwrap();
    close_interval(found.interval, -0.5084845262270092, 2.3941988119412945);
    close(found.p_value, 0.18446475979987514);
}

// The largest l with binom(n, q).cdf(l - 1) ≤ α/2 and the smallest u with sf(u - 1) ≤ α/2; 0 and
// n + 1 where there is none.
#[test]
fn quantile_ranks() {
    for (total, share, level, lower, upper) in [
        (5, 0.5, 0.95, None, None),
        (6, 0.5, 0.95, Some(1), Some(6)),
        (10, 0.5, 0.95, Some(2), Some(9)),
        (100, 0.5, 0.95, Some(40), Some(61)),
        (100, 0.9, 0.95, Some(84), Some(96)),
        (100, 0.99, 0.95, Some(97), None),
        (1000, 0.99, 0.95, Some(983), Some(997)),
        (1000, 0.5, 0.99, Some(459), Some(542)),
        (300, 0.01, 0.9, Some(1), Some(7)),
        (50_000_000, 0.9, 0.95, Some(44_995_842), Some(45_004_158)),
    ] {
        let confidence = Confidence::new(level).unwrap();
        let found = quantile::interval_ranks(total, share, confidence).unwrap();
        assert_eq!(
            (found.lower, found.upper),
            (lower, upper),
            "n = {total}, q = {share}"
        );
    }
}

// OLS of rows on a constant with cov_type='cluster' without its correction, times k/(k − 1);
// t.ppf(.975, k − 1). The score interval by hand from these.
#[test]
fn clustered_ratio() {
    let mut sums = ClusterSums::default();
    for (numerator, denominator) in [(2, 3), (0, 2), (3, 4), (1, 4), (5, 6), (0, 1), (4, 4)] {
        sums.add(f64::from(numerator), f64::from(denominator));
    }
    close(sums.ratio().unwrap(), 0.625);
    close(sums.variance().unwrap(), 0.016773365162037056);
    let linear = ratio::interval(&sums, LEVEL).unwrap();
    close_interval(linear, 0.30809548603750336, 0.9419045139624966);
    let score = ratio::proportion_interval(&sums, LEVEL).unwrap();
    close_interval(score, 0.3197182141675197, 0.8552911721756828);
}

// gamma.ppf((1 - level)/2, k), gamma.ppf((1 + level)/2, k + 1)
#[test]
fn garwood() {
    for (events, level, lower, upper) in [
        (0, 0.95, 0.0, 3.6888794541139354),
        (1, 0.95, 0.025317807984289897, 5.571643390938898),
        (5, 0.95, 1.623486390118421, 11.66833207932267),
        (5, 0.9, 1.97014956805953, 10.513034908741535),
        (100, 0.95, 81.36399125092315, 121.62679379242638),
        (99_999, 0.95, 99_380.15576273036, 100_620.74164077373),
        (100_001, 0.95, 99_382.1495647746, 100_622.74783869852),
        (10_000_000, 0.99, 9_991_856.390844088, 10_008_148.36616088),
    ] {
        close_interval(
            count::interval(events, Confidence::new(level).unwrap()),
            lower,
            upper,
        );
    }
}

// binomtest(x, x + y, e/(e + f)).pvalue; the ends of proportion_confint(x, x + y, .05, 'wilson')
// turned into odds times f/e.
#[test]
fn two_counts() {
    for (first, second, p_value, lower, upper) in [
        (
            (60, 51477.5),
            (30, 54308.7),
            0.0006751826586863219,
            1.3659624301927742,
            Some(3.2593061524995295),
        ),
        ((0, 10.0), (5, 10.0), 0.0625, 0.0, Some(0.7682917641388254)),
        (
            (5, 10.0),
            (0, 10.0),
            0.0625,
            0.7682917641388254_f64.recip(),
            None,
        ),
        (
            (120, 7.0),
            (100, 7.0),
            0.2000922290282712,
            0.9210083445039806,
            Some(1.56350374955129),
        ),
        (
            (100_000, 7.0),
            (101_000, 7.0),
            0.02586239243973295,
            0.9814798400777859,
            Some(0.9987938716390029),
        ),
        (
            (3, 1.0),
            (3, 1.0),
            1.0,
            0.23094543622648891,
            Some(4.330027110902925),
        ),
    ] {
        let found = count::compare(first, second, LEVEL).unwrap();
        close(found.difference.p_value, p_value);
        close(found.ratio_lower, lower);
        assert_eq!(found.ratio_upper.is_some(), upper.is_some());
        if let (Some(found), Some(expected)) = (found.ratio_upper, upper) {
            close(found, expected);
        }
    }
}

// 0.2 times confint_proportions_2indep(4, 20, 56, 80, method='newcomb', compare='diff'); and
// 10/17 times the confidence interval of ttest_ind(topic, rest, equal_var=False)
#[test]
fn impacts() {
    let on_rate = impact::on_rate((60, 100), (4, 20), LEVEL).unwrap();
    close(on_rate.value, -0.1);
    close_interval(
        on_rate.interval.unwrap(),
        -0.129817298454108,
        -0.051726261829409606,
    );
    close(on_rate.p_value.unwrap(), 4.455709060405623e-05);

    let topic = Moments::from_values(&FIRST).unwrap();
    let overall = topic.with(&Moments::from_values(&SECOND).unwrap());
    let on_mean = impact::on_mean(&overall, &topic, LEVEL).unwrap();
    close(on_mean.value, 0.5546218487394956);
    close_interval(
        on_mean.interval.unwrap(),
        -0.29910854483941723,
        1.4083522423184085,
    );
    close(on_mean.p_value.unwrap(), 0.18446475979987514);
}
