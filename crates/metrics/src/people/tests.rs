//! Layers against the second fold over all sessions at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use upshot_core::people::{Standing, Visit, standings};
use xxhash_rust::xxh3::xxh3_64;

use super::entries::{Gathered, Gathering, Scratch, Share};
use super::layer::{Entry, Layer, Layers, NO_FILE, Work};

/// A session: person, visit and file.
type Session = (u64, Visit, u32);

fn session() -> impl Strategy<Value = Session> {
    let numbers = (
        0_u8..4,
        0_i64..60,
        0_u64..2,
        0_u32..3,
        any::<bool>(),
        0_u32..6,
    );
    numbers.prop_map(|(person, start, user, topic, contact, file)| {
        let visit = Visit {
            start,
            user,
            topic,
            contact,
        };
        // Most sessions are those of one person, who so has many.
        (xxh3_64(&[person / 3]), visit, file)
    })
}

fn entries(sessions: &[Session]) -> Vec<Entry> {
    let entry = |(person, visit, file): &Session| Entry::new(*person, *visit, *file);
    sessions.iter().map(entry).collect()
}

/// Making layers that hold so many entries in memory.
fn work(threads: usize, held: usize) -> Work {
    let scratch = Scratch::holding(held);
    Work { threads, scratch }
}

/// The entries as two threads gather them, in turn.
fn gathered(sessions: &[Session], work: &Work) -> Gathered {
    let gathering = Gathering::new(&work.scratch, sessions.len());
    let mut shares = vec![Share::default(), Share::default()];
    for (index, entry) in entries(sessions).into_iter().enumerate() {
        gathering.add(&mut shares[index % 2], entry).unwrap();
    }
    gathering.done(shares).unwrap()
}

fn layer(sessions: &[Session], work: &Work) -> Layer {
    let gathered = gathered(sessions, work);
    assert_eq!(gathered.entries(), sessions.len());
    Layer::new(&|part| gathered.part(part), work).unwrap()
}

fn changed(layers: &Layers, removed: &[Session], added: &[Session], work: &Work) -> Arc<Layer> {
    let (removed, added) = (gathered(removed, work), gathered(added, work));
    let top = layers.changed(&|part| removed.part(part), &|part| added.part(part), work);
    Arc::new(top.unwrap())
}

/// What the sessions say of each other, by the core's fold.
fn expected(sessions: &[Session]) -> Vec<Option<Standing>> {
    let mut by_person: BTreeMap<u64, Vec<Visit>> = BTreeMap::new();
    for (person, visit, _) in sessions {
        by_person.entry(*person).or_default().push(*visit);
    }
    let of = |(person, visit, _): &Session| {
        let visits = &by_person[person];
        let position = visits.iter().position(|known| known == visit)?;
        Some(standings(visits)[position])
    };
    sessions.iter().map(of).collect()
}

fn found(layers: &Layers, sessions: &[Session]) -> Vec<Option<Standing>> {
    let persons: Vec<u64> = sessions.iter().map(|(person, ..)| *person).collect();
    let mut found = Vec::new();
    layers.standings(
        &persons,
        |row| sessions[row].1,
        |standing| found.push(standing),
    );
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn files_that_come_and_go_leave_what_a_history_of_the_rest_would_be(
        sessions in prop::collection::vec(session(), 1..250),
        memory in prop::collection::vec(session(), 0..20),
        gone in 0_u32..6,
        replaced in 0_usize..20,
        join in any::<bool>(),
        held in prop_oneof![Just(0_usize), 1_usize..200, Just(usize::MAX)],
    ) {
        let (work, alone) = (work(2, held), work(1, held));
        let (first, later): (Vec<Session>, Vec<Session>) =
            sessions.iter().partition(|(.., file)| *file < 4);
        let mut layers = Layers(vec![Arc::new(layer(&first, &work))]);
        layers.0.push(changed(&layers, &[], &later, &work));
        prop_assert_eq!(found(&layers, &sessions), expected(&sessions));

        let removed = |part| layers.of_files(part, &|file| file == gone);
        let top = layers.changed(&removed, &|_| Vec::new(), &alone).unwrap();
        layers.0.push(Arc::new(top));
        let mut left: Vec<Session> =
            sessions.iter().copied().filter(|(.., file)| *file != gone).collect();
        prop_assert_eq!(found(&layers, &left), expected(&left));
        if join {
            layers.join_top(&work).unwrap();
            layers.join_top(&alone).unwrap();
        }
        prop_assert_eq!(found(&layers, &left), expected(&left));

        let rest = left.split_off(left.len().saturating_sub(replaced));
        let memory: Vec<Session> =
            memory.into_iter().map(|(person, visit, _)| (person, visit, NO_FILE)).collect();
        layers.0.push(changed(&layers, &rest, &memory, &work));
        left.extend(memory);
        prop_assert_eq!(found(&layers, &left), expected(&left));
    }
}

#[test]
fn who_is_unknown_or_has_no_session_left_has_no_standing() {
    let visit = Visit {
        start: 1,
        user: 1,
        topic: 0,
        contact: true,
    };
    let only = [(7 << 60, visit, 0)];
    let work = work(1, 0);
    let mut layers = Layers(vec![Arc::new(layer(&only, &work))]);
    assert_eq!(found(&layers, &only), [Some(Standing::alone(1))]);
    assert_eq!(found(&layers, &[(8 << 60, visit, 0)]), [None]);
    layers.0.push(changed(&layers, &only, &[], &work));
    assert_eq!(found(&layers, &only), [None]);
    layers.join_top(&work).unwrap();
    assert_eq!(layers.0[0].entries(), 0);
}
