//! Driver impact: the overall rate or mean with a topic minus the overall one without it.
//!
//! With `w` the topic's share of the sessions, the overall value is `w·topic + (1−w)·rest`, so that
//! `overall − rest = w·(topic − rest)`, which equals `w/(1−w)·(topic − overall)`. For the sessions at
//! hand `w` is known, and topic and rest are different sessions; so the interval of the impact is `w`
//! times the interval of the difference between topic and rest, and the impact is more than noise
//! exactly when that difference is. How much traffic the topic will have next time is not part of it.

use crate::mean::{self, Moments};
use crate::{Confidence, Difference, Interval, proportion};

/// What a topic does to an overall value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Impact {
    /// The overall value minus the overall value without the topic, in the value's unit.
    pub value: f64,
    /// Its interval; `None` where there are too few observations to say.
    pub interval: Option<Interval>,
    /// How likely an impact at least this large is if the topic were like the rest; `None` where there
    /// are too few observations to say.
    pub p_value: Option<f64>,
}

impl Impact {
    fn of(value: f64, share: f64, difference: Option<Difference>) -> Self {
        Self {
            value,
            interval: difference.map(|difference| difference.interval.scaled(share)),
            p_value: difference.map(|difference| difference.p_value),
        }
    }
}

/// The impact on a rate, `R/E − (R−Rt)/(E−Et)`: `successes` of `total` sessions overall, of which the
/// topic has `topic_successes` of `topic_total`. The interval is Newcombe's (1998) for topic and rest,
/// times the topic's share; the p value that of the two-proportion z test. A topic without sessions
/// has impact 0.
///
/// `None` if nothing remains without the topic, or if the counts contradict each other.
pub fn on_rate(
    (successes, total): (u64, u64),
    (topic_successes, topic_total): (u64, u64),
    confidence: Confidence,
) -> Option<Impact> {
    let rest_total = total.checked_sub(topic_total)?;
    let rest_successes = successes.checked_sub(topic_successes)?;
    if rest_total == 0 || rest_successes > rest_total || topic_successes > topic_total {
        return None;
    }
    let value = successes as f64 / total as f64 - rest_successes as f64 / rest_total as f64;
    let difference = proportion::difference(
        (topic_successes, topic_total),
        (rest_successes, rest_total),
        confidence,
    );
    let share = topic_total as f64 / total as f64;
    Some(Impact::of(value, share, difference))
}

/// The impact on a mean, such as satisfaction: the mean of all observations minus the mean of those
/// outside the topic. `overall` includes `topic`. Interval and p value are Welch's (1947) for topic and
/// rest, the interval times the topic's share.
///
/// `None` if nothing remains without the topic, or if the topic is no part of the whole.
pub fn on_mean(overall: &Moments, topic: &Moments, confidence: Confidence) -> Option<Impact> {
    let rest = overall.without(topic)?;
    let value = overall.mean()? - rest.mean()?;
    let share = topic.count() as f64 / overall.count() as f64;
    Some(Impact::of(
        value,
        share,
        mean::difference(topic, &rest, confidence),
    ))
}
