//! What holds of every conversation under every profile.

use std::collections::BTreeMap;

use proptest::prelude::*;
use upshot_core::fold::{Carry, FactSink, Facts, FoldContext, fold, sort_and_deduplicate};
use upshot_core::profile::Profile;
use upshot_core::words::Outcome;
use upshot_core::{Event, Message, Session, Step};

use crate::changed_profiles::profile_text;
use crate::conversations::{Piece, cases, events, later, pieces};

/// The facts, and where the cap has cut: the position with the facts that were handed over before.
#[derive(Default)]
struct Cutting {
    facts: Facts,
    cuts: Vec<(usize, [usize; 3], Vec<u8>)>,
}

impl FactSink for Cutting {
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
        let facts = &self.facts;
        let so_far = [
            facts.sessions.len(),
            facts.messages.len(),
            facts.steps.len(),
        ];
        self.cuts.push((position, so_far, carry.encode()));
    }
}

pub fn folded(profile: &Profile, carry: &Carry, events: &[Event], as_of: i64) -> (Facts, Carry) {
    let context = FoldContext {
        workspace: "w",
        profile,
        as_of,
    };
    let mut facts = Facts::default();
    let carry = fold(&context, carry, events, &mut facts);
    (facts, carry)
}

fn facts_of(profile: &Profile, events: &[Event], as_of: i64) -> Facts {
    folded(profile, &Carry::default(), events, as_of).0
}

fn end_of(events: &[Event]) -> i64 {
    events.last().map_or(0, |event| event.time)
}

/// The facts after this many of each.
fn rest(facts: &Facts, so_far: [usize; 3]) -> Facts {
    Facts {
        sessions: facts.sessions[so_far[0]..].to_vec(),
        messages: facts.messages[so_far[1]..].to_vec(),
        steps: facts.steps[so_far[2]..].to_vec(),
    }
}

/// What folding from each cut gives, and what it should.
fn from_cuts(profile: &Profile, told: &[Event], later: i64) -> Vec<(Facts, Facts)> {
    let as_of = end_of(told) + later;
    let context = FoldContext {
        workspace: "w",
        profile,
        as_of,
    };
    let mut all = Cutting::default();
    fold(&context, &Carry::default(), told, &mut all);
    let cuts = all.cuts.iter().map(|(position, so_far, carry)| {
        let carry = Carry::decode(carry).unwrap();
        let (facts, _) = folded(profile, &carry, &told[*position..], as_of);
        (facts, rest(&all.facts, *so_far))
    });
    cuts.collect()
}

/// What the bot did after the cap, on a channel with a longer time-out, grows too long itself: the cut before
/// what follows must not change whether that goes on with the session that the cap ended.
#[test]
fn a_cut_after_the_cap_knows_the_channel_that_was_heard_last() {
    let text =
        "name = \"by-chance\"\nversion = 1\nextends = \"indigo\"\nsession.cap_length = \"5m\"\n";
    let profile = Profile::from_toml(text).unwrap();
    let pieces = [
        Piece::event(0, 6_022_592_116_705_856_810),
        Piece::episode(7, 1, 0),
        Piece::event(8, 12_630_711_305_950_274_856),
        Piece::event(2, 18_010_800_839_871_999_665),
        Piece::event(2, 124_385_347_830_795_038),
        Piece::episode(7, 4, 0),
    ];
    let cuts = from_cuts(&profile, &events(&pieces), 1_000_000);
    assert!(!cuts.is_empty());
    for (folded, expected) in cuts {
        assert_eq!(folded, expected);
    }
}

fn conversation() -> impl Strategy<Value = (Vec<Piece>, String, i64)> {
    (pieces(24), profile_text(), later())
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn arrival_repeats_and_batches_change_nothing(
        (pieces, text, later) in conversation(),
        order in prop::collection::vec((any::<u16>(), any::<bool>()), 120),
        batch in 1..40_usize,
    ) {
        let profile = Profile::from_toml(&text).unwrap();
        let told = events(&pieces);
        let as_of = end_of(&told) + later;
        let expected = facts_of(&profile, &told, as_of);
        let mut arriving: Vec<(u16, Event)> = Vec::new();
        for (event, (place, repeated)) in told.iter().zip(order.iter().cycle()) {
            arriving.push((*place, event.clone()));
            if *repeated {
                arriving.push((place.rotate_left(5), event.clone()));
            }
        }
        arriving.sort_by_key(|(place, _)| *place);
        let mut here: Vec<Event> = Vec::new();
        for arrived in arriving.chunks(batch) {
            here.extend(arrived.iter().map(|(_, event)| event.clone()));
            sort_and_deduplicate(&mut here);
            facts_of(&profile, &here, as_of);
        }
        prop_assert_eq!(facts_of(&profile, &here, as_of), expected);
    }

    #[test]
    fn folding_from_a_silence_gives_the_same((pieces, text, later) in conversation()) {
        let profile = Profile::from_toml(&text).unwrap();
        let told = events(&pieces);
        let as_of = end_of(&told) + later;
        let expected = facts_of(&profile, &told, as_of);
        let mut parts = Facts::default();
        let silent = |before: &Event, after: &Event| after.time - before.time > profile.cut_gap();
        let mut carry = Carry::default();
        for stretch in told.chunk_by(|before, after| !silent(before, after)) {
            let (facts, left) = folded(&profile, &Carry::default(), stretch, as_of);
            // What would pass over the silence makes no difference either.
            prop_assert_eq!(&folded(&profile, &carry, stretch, as_of).0, &facts);
            carry = left;
            parts.sessions.extend(facts.sessions);
            parts.messages.extend(facts.messages);
            parts.steps.extend(facts.steps);
        }
        prop_assert_eq!(parts, expected);
    }

    #[test]
    fn folding_from_a_cut_of_the_cap_gives_the_same((pieces, text, later) in conversation()) {
        let capped = format!("{text}{}", if text.contains("cap_") { "" } else {
            "session.cap_length = \"1h\"\nsession.cap_events = 15\n"
        });
        let profile = Profile::from_toml(&capped).unwrap();
        for (folded, expected) in from_cuts(&profile, &events(&pieces), later) {
            prop_assert_eq!(folded, expected);
        }
    }

    #[test]
    fn sessions_follow_each_other((pieces, text, later) in conversation()) {
        let profile = Profile::from_toml(&text).unwrap();
        let told = events(&pieces);
        let facts = facts_of(&profile, &told, end_of(&told) + later);
        for session in &facts.sessions {
            prop_assert!(session.start_time <= session.end_time);
            prop_assert!(session.ended_time.is_none_or(|ended| session.end_time <= ended));
        }
        for pair in facts.sessions.windows(2) {
            prop_assert!(pair[0].end_time <= pair[1].start_time);
            prop_assert!(!pair[0].open, "only the last may be open");
        }
        let mut ids: Vec<_> = facts.sessions.iter().map(|session| &session.session_id).collect();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), facts.sessions.len());
    }

    #[test]
    fn only_the_unengaged_have_no_outcome((pieces, text, later) in conversation()) {
        let profile = Profile::from_toml(&text).unwrap();
        let told = events(&pieces);
        let facts = facts_of(&profile, &told, end_of(&told) + later);
        for session in facts.sessions {
            let unengaged = session.engaged_time.is_none();
            prop_assert_eq!(session.outcome.is_none(), session.open);
            prop_assert!(session.open || (session.outcome == Some(Outcome::None)) == unengaged);
            prop_assert!(session.escalated_time.is_none() || !unengaged);
            // What people settle without a bot is resolved and says nothing of the bot.
            let by_people = session.agent_messages > 0;
            prop_assert!(session.resolved_time.is_none() || !unengaged || by_people);
        }
    }

    #[test]
    fn engagement_is_never_taken_back((pieces, text, later) in conversation()) {
        let profile = Profile::from_toml(&text).unwrap();
        let told = events(&pieces);
        let mut engaged: BTreeMap<Box<str>, i64> = BTreeMap::new();
        for count in 1..=told.len() {
            let here = &told[..count];
            for session in facts_of(&profile, here, end_of(here) + later).sessions {
                let before = engaged.get(&session.session_id).copied();
                prop_assert!(before.is_none() || before == session.engaged_time);
                if let Some(time) = session.engaged_time {
                    engaged.insert(session.session_id, time);
                }
            }
        }
    }

    #[test]
    fn what_is_over_does_not_change_with_the_clock((pieces, text, later) in conversation(), more in later()) {
        let profile = Profile::from_toml(&text).unwrap();
        let told = events(&pieces);
        let early = end_of(&told) + later;
        let sooner = facts_of(&profile, &told, early);
        let after = facts_of(&profile, &told, early + more);
        prop_assert_eq!(sooner.sessions.len(), after.sessions.len());
        for (sooner, after) in sooner.sessions.iter().zip(&after.sessions) {
            if sooner.open {
                prop_assert_eq!(sooner.engaged_time, after.engaged_time);
                prop_assert_eq!(sooner.end_time, after.end_time);
            } else {
                prop_assert_eq!(sooner, after);
            }
        }
    }

    #[test]
    fn a_carry_survives_storage_and_damage(
        (pieces, text, _) in conversation(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        length in any::<prop::sample::Index>(),
    ) {
        let profile = Profile::from_toml(&text).unwrap();
        let told = events(&pieces);
        let (_, carry) = folded(&profile, &Carry::default(), &told, end_of(&told));
        let mut bytes = carry.encode();
        prop_assert_eq!(&Carry::decode(&bytes).unwrap(), &carry);
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let decoded = [Carry::decode(&bytes), Carry::decode(&bytes[..length.index(bytes.len())])];
        // Whatever can be read can be folded with.
        for carry in decoded.into_iter().flatten() {
            folded(&profile, &carry, &told, i64::MAX);
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Carry::decode(&bytes);
        let mut versioned = bytes;
        if let Some(version) = versioned.first_mut() {
            *version = 1;
            let _ = Carry::decode(&versioned);
        }
    }
}
