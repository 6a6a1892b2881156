//! Draws that are the same on every machine.
//!
//! Only additions, multiplications and square roots are used on numbers with a point: they are
//! exact everywhere, which logarithms and sines of a platform's library are not.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A bijective scrambling of 64 bits.
pub(crate) const fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A number from 0 up to, not including, 1, made of the upper bits.
pub(crate) fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

/// Two to the power of `exponent`, to about eight digits.
pub(crate) fn power_of_two(exponent: f64) -> f64 {
    let whole = exponent.floor().clamp(-60.0, 60.0);
    let rest = (exponent - whole).clamp(0.0, 1.0) * std::f64::consts::LN_2;
    let mut term = 1.0;
    let mut sum = 1.0;
    for divisor in 1..=9 {
        term = term * rest / f64::from(divisor);
        sum += term;
    }
    let scale = (1u64 << whole.abs() as u32) as f64;
    if whole < 0.0 {
        sum / scale
    } else {
        sum * scale
    }
}

/// What a stream of draws is for; streams of different purposes never overlap.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Plan = 1,
    Dialogue = 2,
    Person = 3,
}

/// A stream of draws.
pub(crate) struct Draw {
    generator: ChaCha8Rng,
}

impl Draw {
    /// The stream of this purpose and number.
    pub(crate) fn new(seed: u64, purpose: Purpose, number: u64) -> Self {
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(number);
        Self { generator }
    }

    /// From 0 up to, not including, 1.
    pub(crate) fn unit(&mut self) -> f64 {
        unit(self.generator.next_u64())
    }

    /// Yes with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// From 0 up to, not including, `count`; 0 where `count` is 0.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        ((u64::from(self.generator.next_u32()) * count as u64) >> 32) as usize
    }

    /// From `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.unit() * (high - low + 1) as f64) as i64
    }

    /// One of these.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// The position of one of these weights, each as likely as it weighs.
    pub(crate) fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let mut rest = self.unit() * weights.clone().sum::<f64>();
        let mut last = 0;
        for (position, weight) in weights.enumerate() {
            if weight <= 0.0 {
                continue;
            }
            last = position;
            rest -= weight;
            if rest < 0.0 {
                break;
            }
        }
        last
    }

    /// About normal, mean 0, deviation 1, never beyond 3.5.
    pub(crate) fn normal(&mut self) -> f64 {
        let sum = self.unit() + self.unit() + self.unit() + self.unit();
        (sum - 2.0) * 1.732_050_807_568_877_2
    }

    /// Around a median, skewed as durations and amounts are: two thirds lie between the median
    /// divided by two to the power of `octaves` and the median times as much.
    pub(crate) fn around(&mut self, median: i64, octaves: f64) -> i64 {
        (median as f64 * power_of_two(self.normal() * octaves)) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_are_right() {
        for (exponent, power) in [
            (0.0, 1.0),
            (3.0, 8.0),
            (-2.0, 0.25),
            (0.5, std::f64::consts::SQRT_2),
        ] {
            assert!((power_of_two(exponent) - power).abs() < 1e-8, "{exponent}");
        }
    }

    #[test]
    fn weights_are_kept() {
        let mut draw = Draw::new(1, Purpose::Plan, 0);
        let mut counts = [0; 3];
        for _ in 0..10_000 {
            counts[draw.weighted([1.0, 0.0, 3.0].into_iter())] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((2300..2700).contains(&counts[0]), "{counts:?}");
    }

    #[test]
    fn streams_differ_by_purpose_and_number() {
        let first = Draw::new(1, Purpose::Plan, 7).unit();
        assert_eq!(first, Draw::new(1, Purpose::Plan, 7).unit());
        assert_ne!(first, Draw::new(1, Purpose::Plan, 8).unit());
        assert_ne!(first, Draw::new(1, Purpose::Person, 7).unit());
        assert_ne!(first, Draw::new(2, Purpose::Plan, 7).unit());
    }

    #[test]
    fn half_lies_below_the_median() {
        let mut draw = Draw::new(1, Purpose::Plan, 0);
        let below = (0..10_000)
            .filter(|_| draw.around(1_000_000, 1.0) < 1_000_000)
            .count();
        assert!((4800..5200).contains(&below), "{below}");
    }
}
