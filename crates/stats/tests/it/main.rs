//! Numbers against other implementations, worked examples, and properties that must always hold.
#![allow(clippy::unwrap_used)]

mod golden;
mod properties;
mod worked;

use upshot_stats::Interval;

/// Fails unless the numbers agree to nine digits.
#[track_caller]
fn close(found: f64, expected: f64) {
    let allowed = 1e-9 * expected.abs().max(1e-3);
    assert!(
        (found - expected).abs() <= allowed,
        "found {found}, expected {expected}"
    );
}

#[track_caller]
fn close_interval(found: Interval, lower: f64, upper: f64) {
    close(found.lower, lower);
    close(found.upper, upper);
}
