//! Statistics that Upshot shows beside its numbers: intervals, tests, changes and driver impacts.
//!
//! The crate is pure: numbers in, numbers out. It reads no data, does no I/O, never panics and never
//! returns a value that is not a number: where nothing can be said, for want of observations or
//! because the input contradicts itself, the answer is `None`.
//!
//! Where to start reading: [`Confidence`], [`Interval`] and [`Difference`] are the common types.
//! [`proportion`] serves rates, [`mean`] averages, [`quantile`] medians and the like, [`ratio`]
//! ratios whose rows hang together in clusters (sessions of one user), [`count`] counts and counts per
//! exposure, [`change`] the three ways to say how far a number moved, and [`impact`] what a topic
//! does to an overall rate or mean. Each formula names its author and year.

pub mod change;
pub mod count;
pub mod impact;
pub mod mean;
pub mod proportion;
pub mod quantile;
pub mod ratio;

mod distribution;

/// A confidence level strictly between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Confidence(f64);

impl Confidence {
    /// 95 %, the level of everything that Upshot shows.
    pub const NINETY_FIVE: Self = Self(0.95);

    /// A level such as `0.9`; `None` unless it lies strictly between 0 and 1.
    pub fn new(level: f64) -> Option<Self> {
        (level > 0.0 && level < 1.0).then_some(Self(level))
    }

    /// The level as a share of one.
    pub fn level(self) -> f64 {
        self.0
    }

    /// The probability left out on each side.
    fn tail(self) -> f64 {
        (1.0 - self.0) / 2.0
    }

    /// The standard normal quantile that leaves [`Self::tail`] above it.
    fn normal_quantile(self) -> f64 {
        distribution::normal_quantile(1.0 - self.tail())
    }

    /// The quantile of Student's distribution that leaves [`Self::tail`] above it.
    fn student_quantile(self, degrees_of_freedom: f64) -> f64 {
        distribution::student_quantile(1.0 - self.tail(), degrees_of_freedom)
    }
}

impl Default for Confidence {
    fn default() -> Self {
        Self::NINETY_FIVE
    }
}

/// A range of values that the data do not contradict, both ends included, in the unit of the value
/// that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

impl Interval {
    /// Whether the value lies within, ends included.
    pub fn contains(self, value: f64) -> bool {
        self.lower <= value && value <= self.upper
    }

    /// Upper end minus lower end.
    pub fn width(self) -> f64 {
        self.upper - self.lower
    }

    /// Both ends multiplied by a number that is not negative.
    fn scaled(self, factor: f64) -> Self {
        Self {
            lower: self.lower * factor,
            upper: self.upper * factor,
        }
    }

    fn around(value: f64, half_width: f64) -> Option<Self> {
        let interval = Self {
            lower: value - half_width,
            upper: value + half_width,
        };
        interval.finite()
    }

    fn finite(self) -> Option<Self> {
        (self.lower.is_finite() && self.upper.is_finite()).then_some(self)
    }
}

/// How far one value lies from another, and whether that is more than noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The first value minus the second.
    pub value: f64,
    /// The interval of the difference.
    pub interval: Interval,
    /// How likely a difference at least this large is where in truth there is none, both directions
    /// counted.
    pub p_value: f64,
}

impl Difference {
    /// Whether the difference is more than noise at this level: the p value is below one minus it.
    pub fn is_significant(&self, confidence: Confidence) -> bool {
        self.p_value < 1.0 - confidence.level()
    }
}

/// The interval of `first − second` for two independent values, from the interval of each: the method
/// of variance estimates recovery (Zou and Donner, 2008). Serves values whose own interval is known
/// and that no other function here compares, such as clustered rates or quantiles.
///
/// `None` where a value lies outside its own interval.
pub fn difference_from_intervals(
    first: (f64, Interval),
    second: (f64, Interval),
) -> Option<Interval> {
    let ((first, first_interval), (second, second_interval)) = (first, second);
    if !first_interval.contains(first) || !second_interval.contains(second) {
        return None;
    }
    let difference = first - second;
    let below = (first - first_interval.lower).hypot(second_interval.upper - second);
    let above = (first_interval.upper - first).hypot(second - second_interval.lower);
    Interval {
        lower: difference - below,
        upper: difference + above,
    }
    .finite()
}

/// The interval of `first / second` for two independent values that are never negative, from the interval of
/// each: the method of variance estimates recovery for ratios (Li, Tang and Wong, 2014; Newcombe, 2016). Also
/// where the first is 0.
///
/// `None` where a value lies outside its own interval, or the second may be 0, so that the ratio has no bound.
pub fn ratio_from_intervals(first: (f64, Interval), second: (f64, Interval)) -> Option<Interval> {
    let ((first, above), (second, below)) = (first, second);
    if !above.contains(first) || !below.contains(second) || above.lower < 0.0 || below.lower <= 0.0
    {
        return None;
    }
    // The ratios r at which `first − r·second` is no longer more than 0, or no longer less, by its own interval.
    let product = first * second;
    let root = |limit_above: f64, limit_below: f64| {
        let constant = limit_above * (2.0 * first - limit_above);
        let square = limit_below * (2.0 * second - limit_below);
        let root = (product * product - constant * square).max(0.0).sqrt();
        (constant, square, root)
    };
    let (constant, _, lower_root) = root(above.lower, below.upper);
    let (_, square, upper_root) = root(above.upper, below.lower);
    let lower = match product + lower_root {
        sum if sum > 0.0 => constant / sum,
        _ => 0.0,
    };
    Interval {
        lower: lower.max(0.0),
        upper: (product + upper_root) / square,
    }
    .finite()
}
