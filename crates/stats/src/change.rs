//! How far a number moved from an earlier one.

/// The relative change `(current − previous) / previous`, as a share (0.1 is ten per cent up).
///
/// `None` unless the previous value is above zero: a share of nothing, or of a loss, says nothing.
pub fn relative(current: f64, previous: f64) -> Option<f64> {
    let change = (current - previous) / previous;
    (previous > 0.0 && change.is_finite()).then_some(change)
}

/// The change of a rate in percentage points, from two shares of one. `None` unless both are finite.
pub fn percentage_points(current: f64, previous: f64) -> Option<f64> {
    let change = (current - previous) * 100.0;
    change.is_finite().then_some(change)
}

/// The bounded change `(current − previous) / max(current, previous)` of numbers that are never
/// negative: between −1 (all gone) and 1 (out of nothing), and 0 where both are zero.
///
/// `None` if a number is negative or not finite.
pub fn bounded(current: f64, previous: f64) -> Option<f64> {
    if !current.is_finite() || !previous.is_finite() || current < 0.0 || previous < 0.0 {
        return None;
    }
    let larger = current.max(previous);
    Some(if larger == 0.0 {
        0.0
    } else {
        (current - previous) / larger
    })
}
