//! The law of the engine: any order of events, with repeats, flushes and restarts between them, gives
//! the facts of folding everything at once.

use std::collections::BTreeMap;

use proptest::prelude::*;
use upshot_core::Event;

use crate::engine::{Bench, check, demo_days};

/// What a run of the random test does next.
#[derive(Debug, Clone)]
enum Act {
    Append(usize, usize),
    Flush,
    Seal,
    Restart,
    Check,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        6 => (0usize..1000, 1usize..80).prop_map(|(from, count)| Act::Append(from, count)),
        2 => Just(Act::Flush),
        1 => Just(Act::Seal),
        1 => Just(Act::Restart),
        2 => Just(Act::Check),
    ];
    proptest::collection::vec(act, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn any_order_with_repeats_flushes_and_restarts_gives_the_same_facts(
        acts in acts(),
        shuffle in any::<u64>(),
        buckets in 1u32..4,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::new(buckets);
            let mut events = demo_days(40, 3);
            // A fixed shuffle: sort by a hash of the id.
            events.sort_by_key(|event| event.content_hash() as u64 ^ shuffle.wrapping_mul(event.time as u64 | 1));
            let mut sent: BTreeMap<Box<str>, Event> = BTreeMap::new();
            let mut lake = bench.open().await;
            for act in acts.into_iter().chain([Act::Check, Act::Seal, Act::Check]) {
                match act {
                    Act::Append(from, count) => {
                        let from = from % events.len();
                        let part = &events[from..(from + count).min(events.len())];
                        lake.append("main", part).await.unwrap();
                        sent.extend(part.iter().map(|event| (event.event_id.clone(), event.clone())));
                    }
                    Act::Flush => lake.flush().await.unwrap(),
                    Act::Seal => lake.flush_and_seal().await.unwrap(),
                    Act::Restart => {
                        lake.close().await.unwrap();
                        drop(lake);
                        lake = bench.open().await;
                    }
                    Act::Check => {
                        let all: Vec<Event> = sent.values().cloned().collect();
                        check(&lake, &all, bench.now()).await;
                    }
                }
            }
            lake.close().await.unwrap();
        });
    }
}
