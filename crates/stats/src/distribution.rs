//! Quantiles and probabilities of the distributions that intervals and tests need, accurate for any
//! number of observations. `statrs` computes them; where its series do not converge any more, for
//! very many degrees of freedom or events, an expansion that is exact in the limit takes over.

use statrs::distribution::{ContinuousCDF, Gamma, Normal, StudentsT};

/// Above this many degrees of freedom Student's quantile is expanded around the normal one.
const STUDENT_EXPANSION: f64 = 200.0;
/// Above this shape the gamma quantile is taken from the cube-root transformation.
const GAMMA_EXPANSION: f64 = 1e5;

/// The standard normal quantile.
pub(crate) fn normal_quantile(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(probability)
}

/// The probability that a standard normal value lies at least this far from zero on either side.
pub(crate) fn normal_two_sided(value: f64) -> f64 {
    (2.0 * Normal::standard().cdf(-value.abs())).min(1.0)
}

/// The quantile of Student's distribution.
pub(crate) fn student_quantile(probability: f64, degrees_of_freedom: f64) -> f64 {
    if degrees_of_freedom <= STUDENT_EXPANSION
        && let Ok(student) = StudentsT::new(0.0, 1.0, degrees_of_freedom)
    {
        return student.inverse_cdf(probability);
    }
    // Abramowitz and Stegun (1964), 26.7.5.
    let z = normal_quantile(probability);
    let square = z * z;
    let first = z * (square + 1.0) / 4.0;
    let second = z * ((5.0 * square + 16.0) * square + 3.0) / 96.0;
    let third = z * (((3.0 * square + 19.0) * square + 17.0) * square - 15.0) / 384.0;
    let fourth = z
        * ((((79.0 * square + 776.0) * square + 1482.0) * square - 1920.0) * square - 945.0)
        / 92_160.0;
    let step = degrees_of_freedom.recip();
    z + step * (first + step * (second + step * (third + step * fourth)))
}

/// The probability that a value of Student's distribution lies at least this far from zero on either
/// side.
pub(crate) fn student_two_sided(value: f64, degrees_of_freedom: f64) -> f64 {
    if degrees_of_freedom <= 1e4
        && let Ok(student) = StudentsT::new(0.0, 1.0, degrees_of_freedom)
    {
        return (2.0 * student.cdf(-value.abs())).min(1.0);
    }
    // Wallace (1959): the signed root of a logarithm is nearly normal, far into the tail too.
    let degrees = degrees_of_freedom;
    let root = (degrees * (value * value / degrees).ln_1p()).sqrt();
    normal_two_sided((8.0 * degrees + 1.0) / (8.0 * degrees + 3.0) * root)
}

/// The quantile of the gamma distribution with scale one.
pub(crate) fn gamma_quantile(probability: f64, shape: f64) -> f64 {
    if shape <= GAMMA_EXPANSION
        && let Ok(gamma) = Gamma::new(shape, 1.0)
    {
        return gamma.inverse_cdf(probability);
    }
    // Wilson and Hilferty (1931), which at this shape is good to nine digits.
    let ninth = (9.0 * shape).recip();
    shape * (1.0 - ninth + normal_quantile(probability) * ninth.sqrt()).powi(3)
}

/// The binomial distribution of `trials` trials, as weights around its mode. Weights come from the
/// recurrence between neighbours and are divided by their sum, so nothing is lost to logarithms of
/// factorials however many trials there are.
pub(crate) struct BinomialWindow {
    /// The number of successes to which the first weight belongs.
    pub(crate) first: u64,
    /// The probabilities of `first`, `first + 1` and so on; what lies outside is below 1e-30.
    pub(crate) weights: Vec<f64>,
}

impl BinomialWindow {
    /// Trials beyond which a window is not built: the normal distribution is then as exact.
    pub(crate) const MOST_TRIALS: u64 = 100_000_000;
    const NEGLIGIBLE: f64 = 1e-30;

    /// `probability` must lie strictly between 0 and 1.
    pub(crate) fn new(trials: u64, probability: f64) -> Self {
        let odds = probability / (1.0 - probability);
        let mode = (((trials + 1) as f64 * probability).floor() as u64).min(trials);
        let mut below = Vec::new();
        let mut weight = 1.0;
        for successes in (1..=mode).rev() {
            weight *= successes as f64 / ((trials - successes + 1) as f64 * odds);
            if weight < Self::NEGLIGIBLE {
                break;
            }
            below.push(weight);
        }
        let first = mode - below.len() as u64;
        let mut weights = below;
        weights.reverse();
        weights.push(1.0);
        weight = 1.0;
        for successes in mode..trials {
            weight *= (trials - successes) as f64 / (successes + 1) as f64 * odds;
            if weight < Self::NEGLIGIBLE {
                break;
            }
            weights.push(weight);
        }
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= total);
        Self { first, weights }
    }

    /// The exact two-sided p value of a number of successes: the probability of all outcomes that are
    /// no likelier than it.
    pub(crate) fn two_sided(&self, successes: u64) -> f64 {
        let Some(observed) = successes
            .checked_sub(self.first)
            .and_then(|index| self.weights.get(usize::try_from(index).ok()?))
        else {
            return 0.0;
        };
        // The factor keeps an outcome of equal probability from being lost to rounding.
        let limit = observed * (1.0 + 1e-7);
        let sum: f64 = self.weights.iter().filter(|weight| **weight <= limit).sum();
        sum.min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, relative: f64) {
        assert!(
            (found - expected).abs() <= relative * expected.abs(),
            "found {found}, expected {expected}"
        );
    }

    // scipy 1.17: norm.ppf(p), 2·norm.sf(5)
    #[test]
    fn normal_agrees() {
        close(normal_quantile(0.975), 1.959963984540054, 1e-13);
        close(normal_quantile(0.9995), 3.2905267314918945, 1e-12);
        close(normal_two_sided(5.0), 5.733031437583877e-07, 1e-10);
    }

    // scipy 1.17: t.ppf(p, df)
    #[test]
    fn student_quantiles_agree() {
        for (probability, degrees, expected) in [
            (0.975, 1.0, 12.706204736174694),
            (0.975, 2.0, 4.302652729749462),
            (0.975, 4.7, 2.62072607535317),
            (0.975, 30.0, 2.0422724563012378),
            (0.975, 200.0, 1.9718962236339088),
            (0.975, 201.0, 1.971836506779859),
            (0.9995, 250.0, 3.329867205673151),
            (0.975, 1e3, 1.9623390808264083),
            (0.975, 1e6, 1.959966356814107),
            (0.6, 3.0, 0.2766706623326898),
        ] {
            close(student_quantile(probability, degrees), expected, 1e-9);
        }
    }

    // scipy 1.17: 2·t.sf(t, df)
    #[test]
    fn student_probabilities_agree() {
        for (value, degrees, expected) in [
            (1.0, 1.0, 0.5),
            (2.5, 7.3, 0.03965023466560043),
            (-3.0, 30.0, 0.005389964065651945),
            (2.0, 9_999.0, 0.0455272633615101),
            (2.0, 10_001.0, 0.045527257961900776),
            (6.0, 20_000.0, 2.00714564112263e-09),
            (2.2, 1e7, 0.027806917815878063),
        ] {
            close(student_two_sided(value, degrees), expected, 1e-7);
        }
    }

    // scipy 1.17: gamma.ppf(p, a)
    #[test]
    fn gamma_quantiles_agree() {
        for (probability, shape, expected) in [
            (0.975, 1.0, 3.6888794541139354),
            (0.025, 100.0, 81.36399125092315),
            (0.025, 99_999.0, 99_380.15576273036),
            (0.025, 100_001.0, 99_382.1495647746),
            (0.995, 10_000_001.0, 10_008_148.36616088),
        ] {
            close(gamma_quantile(probability, shape), expected, 1e-9);
        }
    }

    #[test]
    fn binomial_window_is_the_distribution() {
        let window = BinomialWindow::new(4, 0.25);
        assert_eq!(window.first, 0);
        for (found, expected) in window.weights.iter().zip([81.0, 108.0, 54.0, 12.0, 1.0]) {
            close(*found, expected / 256.0, 1e-14);
        }
        assert_eq!(window.weights.len(), 5);
        close(window.two_sided(3), 13.0 / 256.0, 1e-14);
    }
}
