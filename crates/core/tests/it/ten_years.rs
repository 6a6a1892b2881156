//! A conversation of ten years: what a new message costs, counted in events that are visited and bytes
//! that are kept.

use upshot_core::fold::{Carry, FactSink, Facts, FoldContext, fold};
use upshot_core::time::{DAY, HOUR, MINUTE, SECOND};
use upshot_core::words::{EventType, Role};
use upshot_core::{Event, Message, Session, Step};

use crate::scene::{ORIGIN, changed, profile};

const TEN_YEARS: i64 = 3_652 * DAY;

/// A message of the user and an answer, again and again for so long.
fn talk(length: i64, pause: i64) -> Vec<Event> {
    let mut events = Vec::new();
    for time in (ORIGIN..ORIGIN + length).step_by(pause as usize) {
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

/// Keeps the last cut of the cap, with its carry, and how many sessions came before.
#[derive(Default)]
struct LastCut {
    facts: Facts,
    cut: Option<(usize, Vec<u8>, usize)>,
    cuts: usize,
    largest_carry: usize,
}

impl FactSink for LastCut {
    fn session(&mut self, session: Session) {
        self.facts.session(session);
    }
    fn message(&mut self, message: Message) {
        self.facts.message(message);
    }
    fn step(&mut self, step: Step) {
        self.facts.step(step);
    }
    fn cut(&mut self, position: usize, carry: &Carry) {
        let bytes = carry.encode();
        self.cuts += 1;
        self.largest_carry = self.largest_carry.max(bytes.len());
        self.cut = Some((position, bytes, self.facts.sessions.len()));
    }
}

fn fold_all(context: &FoldContext<'_>, carry: &Carry, events: &[Event]) -> LastCut {
    let mut sink = LastCut::default();
    fold(context, carry, events, &mut sink);
    sink
}

/// Folds all, then the same again from the last cut; gives how many events that visits.
fn visited(profile: &upshot_core::profile::Profile, length: i64, pause: i64) -> usize {
    let events = talk(length, pause);
    let as_of = events[events.len() - 1].time + HOUR;
    let context = FoldContext {
        workspace: "w",
        profile,
        as_of,
    };
    let all = fold_all(&context, &Carry::default(), &events);
    let silence = events
        .windows(2)
        .rposition(|pair| pair[1].time - pair[0].time > profile.cut_gap());
    let Some((position, carry, sessions)) = all.cut else {
        return events.len() - silence.map_or(0, |before| before + 1);
    };
    let again = fold_all(
        &context,
        &Carry::decode(&carry).unwrap(),
        &events[position..],
    );
    assert_eq!(again.facts.sessions, all.facts.sessions[sessions..]);
    assert!(!again.facts.sessions.is_empty());
    assert!(
        all.largest_carry < 256,
        "a carry of {} bytes",
        all.largest_carry
    );
    // A stretch is at most a day, the session that goes on, and the pause after it.
    assert!(all.cuts as i64 >= length / (2 * DAY), "{} cuts", all.cuts);
    events.len() - position
}

#[test]
fn ten_years_are_folded_from_the_last_cut() {
    let default = profile("default");
    // Silent for two days each time: from the last silence.
    assert_eq!(visited(&default, TEN_YEARS, 2 * DAY), 2);
    // Every six hours, so that no silence cuts: at most a day and the session that follows.
    assert!(visited(&default, TEN_YEARS, 6 * HOUR) <= 2 * 6);
    // Every ten minutes, a session without an end: from where the cap divided it.
    assert!(visited(&default, 60 * DAY, 10 * MINUTE) <= 2 * 146);
    // As short as the cap, so short the work.
    let short = changed("default", "session.cap_events = 20");
    assert!(visited(&short, 60 * DAY, HOUR) <= 22);
}
