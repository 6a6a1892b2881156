//! The demo's promises, checked on what it generates.
#![allow(clippy::unwrap_used)]

mod believable;
mod facts;
mod promises;
mod rates;
mod same;
mod story;

use upshot_core::Event;
use upshot_demo::{DemoOptions, generate};

/// 2025-11-01T00:00:00Z.
pub const END: i64 = 1_761_955_200_000_000;

/// Conversations of the 90 days before [`END`], one by one: all of them at once are large.
pub fn sample(conversations: u64) -> impl Iterator<Item = Vec<Event>> {
    let options = DemoOptions {
        conversations,
        ..DemoOptions::until(END)
    };
    generate(&options)
}

/// Their events, without the conversations' bounds.
pub fn events(conversations: u64) -> impl Iterator<Item = Event> {
    sample(conversations).flatten()
}

/// Checks that a share lies within a band.
#[track_caller]
pub fn check_share(what: &str, part: usize, whole: usize, band: std::ops::RangeInclusive<f64>) {
    let share = part as f64 / whole as f64;
    assert!(
        band.contains(&share),
        "{what}: {part} of {whole} is {share:.3}"
    );
}
