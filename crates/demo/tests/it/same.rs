//! The same options give the same events, and a conversation does not depend on how many there are.

use std::collections::HashMap;

use expect_test::expect;
use upshot_demo::{DemoOptions, generate};

use crate::{END, events, sample};

#[test]
fn the_same_options_give_the_same_events() {
    // When the generator changes on purpose, `UPDATE_EXPECT=1 cargo test -p upshot-demo` writes the
    // new hash. When it did not, the change is a fault: other machines would give other events.
    let hash = events(500).fold(0u128, |hash, event| {
        hash.wrapping_mul(0x0100_0000_0000_0000_0000_013b) ^ event.content_hash()
    });
    expect!["4142f456f79dc245a23b0dedcf9a8c9b"].assert_eq(&format!("{hash:032x}"));
    assert!(events(200).eq(events(200)));
}

#[test]
fn a_conversation_does_not_depend_on_how_many_there_are() {
    let many: HashMap<_, _> = sample(900)
        .map(|events| (events[0].conversation_id.clone(), events))
        .collect();
    let mut few = 0;
    for events in sample(300) {
        assert_eq!(many[&events[0].conversation_id], events);
        few += 1;
    }
    assert_eq!(few, 300);
}

#[test]
fn another_seed_end_or_length_gives_other_ids() {
    let ids = |seed, end, days| -> Vec<_> {
        let options = DemoOptions {
            conversations: 50,
            seed,
            end,
            days,
        };
        generate(&options)
            .map(|events| events[0].event_id.clone())
            .collect()
    };
    let base = ids(1, END, 90);
    for other in [ids(2, END, 90), ids(1, END + 1, 90), ids(1, END, 91)] {
        assert!(base.iter().all(|id| !other.contains(id)));
    }
}

#[test]
fn odd_options_are_taken_as_well_as_can_be() {
    for (conversations, end, days) in [
        (0, END, 90),
        (40, END, 0),
        (40, i64::MIN, 1),
        (40, i64::MAX, 30),
        (40, 0, 2),
    ] {
        let options = DemoOptions {
            conversations,
            seed: u64::MAX,
            end,
            days,
        };
        let made: Vec<_> = generate(&options).collect();
        assert_eq!(made.len() as u64, conversations);
        assert!(made.iter().all(|events| !events.is_empty()));
    }
}
