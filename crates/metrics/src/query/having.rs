//! Conditions on the numbers of a row: `click_through_rate.upper < 5%`. They choose among the rows of an
//! answer, after everything is counted; totals and what is counted do not change.

use crate::error::{Problem, ProblemCode, nearest};
use crate::filter::{Order, parse_duration};
use crate::registry::{Metric, Unit};
use crate::result::MetricValue;

/// What of a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Value,
    /// The lower end of the interval.
    Lower,
    /// The upper end.
    Upper,
    /// How many things the value rests on.
    N,
}

impl Part {
    const ALL: [(&'static str, Self); 4] = [
        ("value", Self::Value),
        ("lower", Self::Lower),
        ("upper", Self::Upper),
        ("n", Self::N),
    ];
}

/// A condition on the value of the metric at a position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Having {
    pub(crate) metric: usize,
    part: Part,
    order: Order,
    limit: f64,
}

/// The operators, the longer ones first.
const OPERATORS: [(&str, Order); 5] = [
    ("<=", Order::LessOrEqual),
    (">=", Order::GreaterOrEqual),
    ("<", Order::Less),
    (">", Order::Greater),
    ("=", Order::Equal),
];

impl Having {
    /// Reads a condition.
    ///
    /// # Errors
    /// What cannot be read, or a metric for which the query does not ask; the field is left to the caller.
    pub(crate) fn parse(text: &str, metrics: &[&'static Metric]) -> Result<Self, Problem> {
        let operator = OPERATORS
            .iter()
            .filter_map(|(sign, order)| Some((text.find(sign)?, *sign, *order)))
            .min_by_key(|(position, sign, _)| (*position, std::cmp::Reverse(sign.len())));
        let Some((position, sign, order)) = operator else {
            return Err(Problem::new(
                ProblemCode::Syntax,
                "having",
                format!(
                    "`{text}` compares nothing; write a metric of the query, perhaps with `.lower`, `.upper` or \
                     `.n`, then <, <=, >, >= or = and a number, as in `sessions >= 30`"
                ),
            ));
        };
        let (metric, part) = subject(text[..position].trim(), metrics)?;
        let unit = metrics[metric].unit;
        let limit = number(text[position + sign.len()..].trim(), unit, part)?;
        Ok(Self {
            metric,
            part,
            order,
            limit,
        })
    }

    /// Whether the value fulfils it; what is not there fulfils nothing.
    pub(crate) fn holds(&self, value: &MetricValue) -> bool {
        let found = match self.part {
            Part::Value => value.value,
            Part::Lower => value.interval.map(|[lower, _]| lower),
            Part::Upper => value.interval.map(|[_, upper]| upper),
            Part::N => Some(value.n as f64),
        };
        found.is_some_and(|found| self.order.holds(found, self.limit))
    }
}

/// The metric that is named, and the part of its value.
fn subject(name: &str, metrics: &[&'static Metric]) -> Result<(usize, Part), Problem> {
    let (id, part) = match name.rsplit_once('.') {
        None => (name, Some(Part::Value)),
        Some((id, part)) => {
            let known = Part::ALL.iter().find(|(known, _)| *known == part);
            (id, known.map(|(_, part)| *part))
        }
    };
    let position = metrics.iter().position(|metric| metric.id == id);
    let ids = metrics.iter().map(|metric| metric.id);
    match (position, part) {
        (Some(position), Some(part)) => Ok((position, part)),
        (None, _) => Err(Problem::new(
            ProblemCode::UnknownName,
            "having",
            format!("`{id}` is none of the metrics of the query"),
        )
        .suggest(nearest(id, ids))),
        (_, None) => Err(Problem::new(
            ProblemCode::UnknownName,
            "having",
            format!(
                "`{name}` is no part of a value; there are `.value`, `.lower`, `.upper` and `.n`"
            ),
        )),
    }
}

/// A number in the metric's unit: `5%` of shares is 0.05, durations may be written `1m30s`.
fn number(text: &str, unit: Unit, part: Part) -> Result<f64, Problem> {
    let plain = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    let own = part != Part::N;
    let found = match unit {
        Unit::Share if own && text.ends_with('%') => {
            plain(text.trim_end_matches('%').trim_end()).map(|percent| percent / 100.0)
        }
        Unit::Seconds if own => plain(text).or_else(|| {
            let microseconds = parse_duration(text)?;
            Some(microseconds as f64 / 1e6)
        }),
        _ => plain(text),
    };
    found.ok_or_else(|| {
        let cure = match unit {
            Unit::Share => "; shares are written `0.05` or `5%`",
            Unit::Seconds => "; durations are written in seconds or `1m30s`",
            _ => "",
        };
        Problem::new(
            ProblemCode::WrongType,
            "having",
            format!("`{text}` is no number{cure}"),
        )
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::registry::metric;

    fn check(text: &str, value: MetricValue, expected: bool) {
        let metrics = [
            metric("click_through_rate").unwrap(),
            metric("response_time").unwrap(),
        ];
        assert_eq!(
            Having::parse(text, &metrics).unwrap().holds(&value),
            expected,
            "{text}"
        );
    }

    fn value(value: f64, lower: f64, upper: f64) -> MetricValue {
        MetricValue {
            value: Some(value),
            n: 40,
            interval: Some([lower, upper]),
            ..MetricValue::default()
        }
    }

    #[test]
    fn parts_of_values_are_compared() {
        let share = value(0.04, 0.01, 0.06);
        check("click_through_rate < 5%", share.clone(), true);
        check("click_through_rate.upper<0.05", share.clone(), false);
        check("click_through_rate.lower >= 1 %", share.clone(), true);
        check("click_through_rate.n >= 40", share.clone(), true);
        check("click_through_rate.n > 40", share, false);
        check("response_time <= 1m30s", value(90.0, 80.0, 100.0), true);
        check("response_time.value < 90", value(90.0, 80.0, 100.0), false);
    }

    #[test]
    fn nothing_fulfils_nothing() {
        check("click_through_rate < 2", MetricValue::default(), false);
        check(
            "click_through_rate.upper < 2",
            MetricValue::default(),
            false,
        );
    }

    #[test]
    fn mistakes_are_named() {
        let metrics = [metric("click_through_rate").unwrap()];
        for (text, code) in [
            ("click_through_rate", ProblemCode::Syntax),
            ("click_trough_rate < 1", ProblemCode::UnknownName),
            ("click_through_rate.top < 1", ProblemCode::UnknownName),
            ("click_through_rate < few", ProblemCode::WrongType),
            ("click_through_rate.n < 5%", ProblemCode::WrongType),
            ("< 5", ProblemCode::UnknownName),
        ] {
            let problem = Having::parse(text, &metrics).unwrap_err();
            assert_eq!(problem.code, code, "{text}: {}", problem.message);
        }
    }
}
