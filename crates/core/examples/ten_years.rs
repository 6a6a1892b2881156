//! Measures what a new message costs in a conversation of ten years: folding from the last cut, beside
//! folding from the beginning.
//!
//! `cargo run --release -p upshot-core --example ten_years`
#![allow(clippy::disallowed_methods)]

use std::hint::black_box;
use std::time::Instant;

use upshot_core::Event;
use upshot_core::fold::{Carry, FactSink, FoldContext, fold};
use upshot_core::profile::Profile;
use upshot_core::time::{DAY, HOUR, MINUTE, SECOND};
use upshot_core::words::{EventType, Role};

/// Counts sessions and keeps the last cut.
#[derive(Default)]
struct Counter {
    sessions: usize,
    cut: Option<(usize, Carry)>,
}

impl FactSink for Counter {
    fn session(&mut self, session: upshot_core::Session) {
        black_box(session);
        self.sessions += 1;
    }
    fn message(&mut self, message: upshot_core::Message) {
        black_box(message);
    }
    fn step(&mut self, step: upshot_core::Step) {
        black_box(step);
    }
    fn cut(&mut self, position: usize, carry: &Carry) {
        self.cut = Some((position, carry.clone()));
    }
}

fn talk(pause: i64) -> Vec<Event> {
    let mut events = Vec::new();
    for time in (0..3_652 * DAY).step_by(pause as usize) {
        for (seconds, role) in [(0, Role::User), (2, Role::Bot)] {
            let mut event = Event::new(EventType::Message, time + seconds * SECOND, "c");
            event.event_id = format!("e{}", events.len()).into();
            event.role = Some(role);
            event.user_id = Some("u1".into());
            event.channel = Some("web".into());
            events.push(event);
        }
    }
    events
}

fn main() {
    let Some(profile) = Profile::built_in("default") else {
        return;
    };
    println!("a conversation of ten years, one message more; microseconds");
    for (name, pause) in [
        ("every two days", 2 * DAY),
        ("every six hours", 6 * HOUR),
        ("every hour", HOUR),
    ] {
        let events = talk(pause);
        let as_of = events.last().map_or(0, |event| event.time + MINUTE);
        let context = FoldContext {
            workspace: "w",
            profile: &profile,
            as_of,
        };
        let mut all = Counter::default();
        let begun = Instant::now();
        fold(&context, &Carry::default(), &events, &mut all);
        let whole = begun.elapsed();
        let silence = events
            .windows(2)
            .rposition(|pair| pair[1].time - pair[0].time > profile.cut_gap());
        let (position, carry) = all.cut.unwrap_or_default();
        let position = silence.map_or(position, |before| position.max(before + 1));
        let bytes = carry.encode();
        let mut times: Vec<f64> = (0..1_001)
            .map(|_| {
                let begun = Instant::now();
                let carry = Carry::decode(black_box(&bytes)).unwrap_or_default();
                fold(
                    &context,
                    &carry,
                    black_box(&events[position..]),
                    &mut Counter::default(),
                );
                begun.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!(
            "{name}: {:.1} (median of 1,001; 99th of 100: {:.1}), {} of {} events visited, a carry of {} bytes; \
             from the beginning: {:.0}",
            times[500],
            times[990],
            events.len() - position,
            events.len(),
            bytes.len(),
            whole.as_secs_f64() * 1e6,
        );
    }
}
