//! The second fold against its definition, written out, and the laws that it must keep.

use std::num::NonZeroI64;

use proptest::prelude::*;
use upshot_core::people::{Gap, Standing, Turn, Visit, standings};

/// The definition, word by word, and quadratic.
fn oracle(visits: &[Visit]) -> Vec<Standing> {
    visits.iter().map(|of| one(visits, *of)).collect()
}

fn one(visits: &[Visit], of: Visit) -> Standing {
    let turn = |same: &dyn Fn(&Visit) -> bool| {
        let starts: Vec<i64> = visits
            .iter()
            .filter(|visit| same(visit))
            .map(|visit| visit.start)
            .collect();
        Turn {
            first_time: *starts.iter().min().unwrap(),
            visit: 1 + starts.iter().filter(|start| **start < of.start).count() as u32,
        }
    };
    let contacts = |same_topic: bool| {
        visits
            .iter()
            .filter(move |visit| visit.contact && (!same_topic || visit.topic == of.topic))
            .map(|visit| visit.start)
    };
    let since = |same_topic| -> Gap {
        let before = contacts(same_topic)
            .filter(|start| *start < of.start)
            .max()?;
        NonZeroI64::new(of.start - before)
    };
    let until = |same_topic| -> Gap {
        let after = contacts(same_topic)
            .filter(|start| *start > of.start)
            .min()?;
        NonZeroI64::new(after - of.start)
    };
    Standing {
        user: turn(&|visit| visit.user == of.user),
        person: turn(&|_| true),
        since_previous: since(false),
        until_next: until(false),
        since_previous_same_topic: since(true),
        until_next_same_topic: until(true),
    }
}

fn visits() -> impl Strategy<Value = Vec<Visit>> {
    let visit = (0_i64..40, 0_u64..3, 0_u32..3, prop::bool::weighted(0.8));
    let visit = visit.prop_map(|(start, user, topic, contact)| Visit {
        start,
        user,
        topic,
        contact,
    });
    prop::collection::vec(visit, 1..30)
}

proptest! {
    #[test]
    fn both_ways_give_what_the_definition_says(visits in visits()) {
        let expected = oracle(&visits);
        prop_assert_eq!(&standings(&visits), &expected);
        for (visit, expected) in visits.iter().zip(&expected) {
            prop_assert_eq!(&Standing::among(visits.iter().copied(), *visit), expected);
        }
    }

    #[test]
    fn order_plays_no_part(
        (visits, shuffled) in visits().prop_flat_map(|visits| {
            let shuffled = Just(visits.clone()).prop_shuffle();
            (Just(visits), shuffled)
        }),
    ) {
        let mut found: Vec<_> = visits.iter().copied().zip(standings(&visits)).collect();
        let mut again: Vec<_> = shuffled.iter().copied().zip(standings(&shuffled)).collect();
        found.sort_by_key(|(visit, standing)| (*visit, format!("{standing:?}")));
        again.sort_by_key(|(visit, standing)| (*visit, format!("{standing:?}")));
        prop_assert_eq!(found, again);
    }

    #[test]
    fn what_comes_later_leaves_the_past_as_it_was(visits in visits(), start in 0_i64..40) {
        let cut: Vec<Visit> = visits.iter().copied().filter(|visit| visit.start < start).collect();
        let all = standings(&visits);
        let before = visits.iter().zip(&all).filter(|(visit, _)| visit.start < start);
        for ((_, with), without) in before.zip(standings(&cut)) {
            prop_assert_eq!(with.user, without.user);
            prop_assert_eq!(with.person, without.person);
            prop_assert_eq!(with.since_previous, without.since_previous);
            prop_assert_eq!(with.since_previous_same_topic, without.since_previous_same_topic);
        }
    }

    #[test]
    fn gaps_join_up(visits in visits()) {
        // Where every visit is a contact, each gap forward is the gap back of the one that it leads to.
        let contacts: Vec<Visit> =
            visits.iter().map(|visit| Visit { contact: true, ..*visit }).collect();
        let all = standings(&contacts);
        for (visit, standing) in contacts.iter().zip(&all) {
            let Some(gap) = standing.until_next else { continue };
            let next = contacts.iter().position(|other| other.start == visit.start + gap.get());
            prop_assert_eq!(all[next.unwrap()].since_previous, Some(gap));
        }
    }
}

#[test]
fn a_late_session_and_a_removed_one_are_as_if_they_had_been_so_from_the_start() {
    let visit = |start, topic| Visit {
        start,
        user: 1,
        topic,
        contact: true,
    };
    let mut visits = vec![visit(10, 1), visit(30, 1)];
    assert_eq!(standings(&visits)[1].person.visit, 2);
    visits.push(visit(20, 1));
    let late = standings(&visits);
    assert_eq!((late[1].person.visit, late[2].person.visit), (3, 2));
    assert_eq!(late[0].until_next, NonZeroI64::new(10));
    visits.remove(0);
    let removed = standings(&visits);
    assert_eq!(removed[1].person.first_time, 20);
    assert_eq!(removed[1].since_previous, None);
}

#[test]
fn an_unanswered_proactive_message_is_a_visit_but_no_contact() {
    let visits = [(10, true), (20, false), (30, true)].map(|(start, contact)| Visit {
        start,
        user: 1,
        topic: 0,
        contact,
    });
    let all = standings(&visits);
    assert_eq!(all[0].until_next, NonZeroI64::new(20));
    assert_eq!(all[1].since_previous, NonZeroI64::new(10));
    assert_eq!(all[2].person.visit, 3);
}
