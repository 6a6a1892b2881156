//! Values as people read them.

use crate::registry::{Metric, Unit};
use crate::result::MetricValue;

/// A value in its unit, such as `66.7 %`, `48.0 s` or `12,345`.
pub fn value(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Share => format!("{:.1} %", value * 100.0),
        Unit::Seconds => format!("{value:.1} s"),
        Unit::Dollars => dollars(value),
        Unit::Points => format!("{value:.1}"),
        Unit::Score => format!("{value:.2}"),
        _ if value.fract() == 0.0 => thousands(value),
        _ => format!("{value:.2}"),
    }
}

/// Calls cost fractions of a cent: as many digits as tell what it is.
fn dollars(value: f64) -> String {
    match value.abs() {
        less if less > 0.0 && less < 0.001 => format!("${value:.6}"),
        less if less > 0.0 && less < 0.1 => format!("${value:.4}"),
        _ => format!("${value:.2}"),
    }
}

/// The value of a metric, or a dash where there is none.
pub fn metric_value(metric: &Metric, found: &MetricValue) -> String {
    found
        .value
        .map_or_else(|| "–".to_owned(), |number| value(metric.unit, number))
}

/// A whole number with commas between thousands.
fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 {
        format!("-{text}")
    } else {
        text
    }
}

/// The value with what it is made of, as worked examples have it: `2 / 3 = 66.7 %`.
pub fn worked(metric: &Metric, found: &MetricValue) -> String {
    use crate::registry::Kind;
    let Some(number) = found.value else {
        return format!("no data: {}", found.reason.as_deref().unwrap_or("unknown"));
    };
    let decimals = match metric.kind {
        Kind::Mean { .. }
        | Kind::Ratio { .. }
        | Kind::Per { .. }
        | Kind::Quotient { .. }
        | Kind::PerKey { .. } => {
            format!("{number:.2}")
        }
        _ => String::new(),
    };
    let shown = match metric.unit {
        Unit::Share | Unit::Seconds | Unit::Dollars | Unit::Points | Unit::Score => {
            value(metric.unit, number)
        }
        _ if decimals.is_empty() => value(metric.unit, number),
        _ => decimals,
    };
    let above = |number: f64| match metric.unit {
        Unit::Seconds => format!("{number} s"),
        Unit::Dollars => dollars(number),
        _ => format!("{number}"),
    };
    match (metric.kind, found.numerator, found.denominator) {
        (Kind::Quantile { .. }, ..) => format!("{shown} of {}", found.n),
        (Kind::Reduction { .. }, Some(numerator), Some(denominator)) => {
            let baseline = found.baseline.as_ref();
            let counted = baseline.and_then(|rate| rate.numerator.zip(rate.denominator));
            let baseline = match (counted, baseline.and_then(|rate| rate.value)) {
                (Some((above, below)), _) => format!("({above} / {below})"),
                (None, rate) => rate.unwrap_or_default().to_string(),
            };
            format!("1 − ({numerator} / {denominator}) / {baseline} = {shown}")
        }
        (_, Some(numerator), Some(denominator)) => {
            format!("{} / {denominator} = {shown}", above(numerator))
        }
        _ => shown,
    }
}
