//! What is erased is gone wherever one looks, does not come back, and nothing else goes with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use proptest::prelude::*;
use upshot_core::Event;
use upshot_core::time::{DAY, MINUTE};
use upshot_core::words::{EventType, Role};
use upshot_lake::{Erasure, ErasureRequest, Lake, Settings, Table};

use crate::crashes::{NOW, events, filed_ids, options, runtime, stride};
use crate::engine::{Bench, check, demo, demo_days, expected_by, sessions};
use crate::simulated_disk::{Disk, Loss};

fn request(ids: &[&str]) -> ErasureRequest {
    ErasureRequest {
        ids: ids.iter().map(ToString::to_string).collect(),
        users: ids.len() as u64,
        by: "test".to_owned(),
        reason: "wish".to_owned(),
    }
}

/// The conversations in which the user took part.
fn conversations_of(events: &[Event], user: &str) -> BTreeSet<Box<str>> {
    let of_user = events
        .iter()
        .filter(|event| event.user_id.as_deref() == Some(user));
    of_user.map(|event| event.conversation_id.clone()).collect()
}

/// Events of these conversations, and all others.
fn divided(events: &[Event], conversations: &BTreeSet<Box<str>>) -> (Vec<Event>, Vec<Event>) {
    let mine = |event: &Event| conversations.contains(&event.conversation_id);
    events.iter().cloned().partition(mine)
}

/// The user with the most conversations.
fn busiest(events: &[Event]) -> Box<str> {
    let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for event in events {
        if let Some(user) = event.user_id.as_deref() {
            let own = all.entry(user).or_default();
            own.insert(&event.conversation_id);
        }
    }
    let found = all.iter().max_by_key(|(_, own)| own.len()).unwrap();
    (*found.0).into()
}

async fn assert_sound(lake: &Lake) {
    let report = lake.verify(true).await.unwrap();
    assert_eq!(report.catalog.problems, []);
    assert_eq!(report.facts, []);
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(files_below(&path)),
            false => all.push(path),
        }
    }
    all
}

/// The files in which one of the words stands, packed or not.
fn files_with(folder: &Path, words: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for path in files_below(folder) {
        let mut content = std::fs::read(&path).unwrap();
        if path.extension().is_some_and(|kind| kind == "parquet") {
            let opened = std::fs::File::open(&path).unwrap();
            let reader =
                parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(opened)
                    .unwrap();
            for batch in reader.build().unwrap() {
                content.extend(format!("{:?}", batch.unwrap()).into_bytes());
            }
        }
        for word in words {
            let stands = content
                .windows(word.len())
                .any(|window| window == word.as_bytes());
            if stands {
                found.push((path.clone(), (*word).to_owned()));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_erased_is_gone_and_does_not_come_back() {
    let bench = Bench::new(2);
    let events = demo(120);
    let user = busiest(&events);
    let conversations = conversations_of(&events, &user);
    let (mine, others) = divided(&events, &conversations);
    let lake = bench.open().await;
    let (first, second) = events.split_at(events.len() / 2);
    lake.append("main", first).await.unwrap();
    lake.append("other", first).await.unwrap();
    lake.flush_and_seal().await.unwrap();
    lake.append("main", second).await.unwrap();
    let foreseen = lake
        .foresee_erasure("main", &[user.to_string()])
        .await
        .unwrap();
    assert_eq!(foreseen.conversations, conversations.len() as u64);
    assert_eq!(foreseen.events, mine.len() as u64);
    check(&lake, &events, bench.now()).await;
    let erased = lake.erase("main", request(&[&user])).await.unwrap();
    assert!(erased.verified);
    assert_eq!(
        (erased.conversations, erased.events, erased.sessions),
        (foreseen.conversations, foreseen.events, foreseen.sessions)
    );
    let expected = crate::engine::expected("main", &mine, bench.now());
    assert_eq!(erased.sessions, expected.len() as u64);
    check(&lake, &others, bench.now()).await;
    assert_sound(&lake).await;
    let [(unsettled, gone)] = &lake.unsettled_erasures("main").await.unwrap()[..] else {
        panic!("one erasure");
    };
    let ids: BTreeSet<&str> = gone.iter().map(String::as_str).collect();
    assert!(expected.keys().all(|id| ids.contains(&**id)));
    let settled = lake
        .settle_erasure("main", unsettled.clone(), 3)
        .await
        .unwrap();
    assert_eq!(lake.erasures("main").await.unwrap(), [settled]);
    assert_eq!(lake.unsettled_erasures("main").await.unwrap(), []);
    // What comes again stays away: also what does not name the user.
    let mut again = events.clone();
    for event in &mut again {
        if event.role != Some(Role::User) {
            event.user_id = None;
        }
    }
    let foreseen = lake.foresee("main", &again).await.unwrap();
    assert_eq!((foreseen.erased, foreseen.added), (mine.len(), 0));
    let receipt = lake.append("main", &again).await.unwrap();
    assert_eq!(
        (receipt.erased, receipt.repeated, receipt.added),
        (mine.len(), others.len(), 0)
    );
    check(&lake, &others, bench.now()).await;
    lake.close().await.unwrap();
    let lake = bench.open().await;
    let receipt = lake.append("main", &again).await.unwrap();
    assert_eq!((receipt.erased, receipt.added), (mine.len(), 0));
    check(&lake, &others, bench.now()).await;
    // The other workspace is as it was, and takes in what comes.
    let receipt = lake.append("other", &mine).await.unwrap();
    assert_eq!(receipt.erased, 0);
    let capture = lake.capture("other", &[Table::Sessions]).await.unwrap();
    assert!(sessions(&capture).len() > 50);
    assert_sound(&lake).await;
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_conversation_of_an_erased_user_is_kept_out_as_a_whole() {
    let bench = Bench::new(1);
    let lake = bench.open().await;
    let erased = lake.erase("main", request(&["anna"])).await.unwrap();
    assert_eq!((erased.conversations, erased.files), (0, 0));
    let said = |number: i64, conversation: &str, user: Option<&str>| Event {
        event_id: format!("{conversation} {number}").into(),
        event_type: Some(EventType::Message),
        role: Some(if user.is_some() {
            Role::User
        } else {
            Role::Bot
        }),
        time: bench.now() - DAY + number * MINUTE,
        conversation_id: conversation.into(),
        user_id: user.map(Into::into),
        text: Some("hello".into()),
        ..Event::default()
    };
    let sent = [
        said(1, "a", None),
        said(2, "a", Some("anna")),
        said(3, "b", Some("ben")),
    ];
    let receipt = lake.append("main", &sent).await.unwrap();
    assert_eq!((receipt.received, receipt.erased, receipt.added), (3, 2, 1));
    lake.close().await.unwrap();
    let lake = bench.open().await;
    // The conversation is known by then.
    let receipt = lake.append("main", &[said(4, "a", None)]).await.unwrap();
    assert_eq!((receipt.erased, receipt.added), (1, 0));
    check(&lake, &sent[2..], bench.now()).await;
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_file_of_the_data_directory_holds_a_trace() {
    const WORDS: [&str; 4] = [
        "uid-7f3a9c-erase-me",
        "zz-conversation-of-7f3a9c",
        "a very private sentence 91823",
        "zz-label-of-7f3a9c",
    ];
    let bench = Bench::new(1);
    let folder = bench.folder.path().to_owned();
    let mut events = demo(60);
    let mine = |number: i64, kind: EventType| Event {
        event_id: format!("zz-event-{number}").into(),
        event_type: Some(kind),
        role: Some(Role::User),
        time: bench.now() - 3 * DAY + number * 20 * MINUTE,
        conversation_id: WORDS[1].into(),
        user_id: Some(WORDS[0].into()),
        text: Some(format!("{} {number}", WORDS[2]).into()),
        agent_id: Some(WORDS[3].into()),
        ..Event::default()
    };
    // Long enough for a fold that goes on from a carry, with silences between some.
    events.extend((0..200).map(|number| mine(number, EventType::Message)));
    let lake = bench.open().await;
    let (first, second) = events.split_at(events.len() - 90);
    lake.append("main", first).await.unwrap();
    lake.flush().await.unwrap();
    let indigo = upshot_core::profile::built_in_text("indigo").unwrap();
    let indigo = Settings::of_profile(indigo).unwrap();
    lake.add_fact_set("main", indigo).await.unwrap();
    lake.wait_until_built("main").await.unwrap();
    lake.append("main", second).await.unwrap();
    lake.flush().await.unwrap();
    lake.append("main", &[mine(210, EventType::Message)])
        .await
        .unwrap();
    for path in ["rejected/1.jsonl", "rejected/main/2.jsonl"] {
        let path = folder.join("data").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, WORDS[0]).unwrap();
    }
    assert!(files_with(&folder, &WORDS).len() > 8);
    let erased = lake.erase("main", request(&[WORDS[0]])).await.unwrap();
    assert_eq!((erased.events, erased.rejected_files), (201, 2));
    assert_eq!(files_with(&folder, &WORDS), []);
    assert_sound(&lake).await;
    lake.close().await.unwrap();
    assert_eq!(files_with(&folder, &WORDS), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_hold_nothing_of_it_stay_as_they_are() {
    let bench = Bench::new(4);
    let events = demo(400);
    let lake = bench.open().await;
    lake.append("main", &events).await.unwrap();
    lake.flush_and_seal().await.unwrap();
    let paths = |lake: &Lake| {
        let lake = lake.clone();
        async move {
            let capture = lake.capture("main", &Table::ALL).await.unwrap();
            let files = capture.tables.into_iter().flat_map(|part| part.files);
            files.map(|file| file.path).collect::<BTreeSet<_>>()
        }
    };
    let before = paths(&lake).await;
    let user = busiest(&events);
    let erased = lake.erase("main", request(&[&user])).await.unwrap();
    let after = paths(&lake).await;
    let ended = before.difference(&after).count();
    assert_eq!(ended as u64, erased.files);
    assert!(ended * 3 < before.len(), "{ended} of {}", before.len());
    // Nobody else is erased with an id that nobody has.
    let before = after;
    let erased = lake.erase("main", request(&["nobody"])).await.unwrap();
    assert_eq!((erased.conversations, erased.files), (0, 0));
    assert!(erased.verified);
    assert_eq!(paths(&lake).await, before);
    lake.close().await.unwrap();
}

/// What is on the disk at every step of an erasure is brought to its end by the next opening.
#[test]
fn power_loss_while_erasing_brings_nothing_back() {
    let events = events();
    let user = busiest(&events);
    let conversations = conversations_of(&events, &user);
    let (mine, others) = divided(&events, &conversations);
    let others: BTreeSet<Box<str>> = others.iter().map(|event| event.event_id.clone()).collect();
    let disk = Disk::new();
    runtime().block_on(async {
        let clock = Arc::new(AtomicI64::new(NOW));
        let lake = Lake::open(options(&disk, &clock)).await.unwrap();
        let (first, second) = events.split_at(events.len() / 2);
        lake.append("main", first).await.unwrap();
        lake.flush_and_seal().await.unwrap();
        lake.append("main", second).await.unwrap();
        disk.record();
        lake.erase("main", request(&[&user])).await.unwrap();
    });
    let mut moments = disk.moments();
    moments.push(disk.moment());
    let (mut tried, mut seen) = (0, BTreeSet::new());
    let last = moments.len() - 1;
    let looked_at = |number: &usize| number.is_multiple_of(stride(4)) || *number == last;
    for number in (0..moments.len()).filter(looked_at) {
        let moment = &moments[number];
        for loss in [Loss::Everything, Loss::Nothing, Loss::Torn(number as u64)] {
            if !seen.insert((number == last, moment.print_of(loss))) {
                continue;
            }
            let case = format!("{loss:?} before operation {number}, «{}»", moment.operation);
            let left = moment.without_power(loss);
            runtime().block_on(async {
                let clock = Arc::new(AtomicI64::new(NOW + DAY));
                let lake = Lake::open(options(&left, &clock)).await;
                let lake = lake.unwrap_or_else(|error| panic!("{case}: {error}"));
                // The wish is durable before anything else happens, so the opening fulfils it.
                let [proof] = &lake.erasures("main").await.unwrap()[..] else {
                    panic!("{case}: no wish");
                };
                assert!(proof.verified, "{case}");
                lake.flush_and_seal().await.unwrap();
                assert_sound(&lake).await;
                assert_eq!(filed_ids(&lake).await, others, "{case}");
                assert_eq!(
                    files_with(&left.root().join("data"), &[&user]),
                    [],
                    "{case}"
                );
                let receipt = lake.append("main", &events).await.unwrap();
                let counts = (receipt.erased, receipt.added);
                assert_eq!(counts, (mine.len(), 0), "{case}");
                lake.close().await.unwrap();
            });
            tried += 1;
        }
    }
    assert!(tried > 10, "{tried} crashes");
}

/// An operation that fails is said; when the disk works again, the next opening brings the erasure to its end.
#[test]
fn an_erasure_that_fails_goes_on() {
    let events = events();
    let user = busiest(&events);
    let (_, others) = divided(&events, &conversations_of(&events, &user));
    let others: BTreeSet<Box<str>> = others.iter().map(|event| event.event_id.clone()).collect();
    let prepared = async |disk: &Disk, clock: &Arc<AtomicI64>| {
        let lake = Lake::open(options(disk, clock)).await.unwrap();
        let (first, second) = events.split_at(events.len() / 2);
        lake.append("main", first).await.unwrap();
        lake.flush_and_seal().await.unwrap();
        lake.append("main", second).await.unwrap();
        lake
    };
    let clock = Arc::new(AtomicI64::new(NOW));
    let disk = Disk::new();
    let (from, to) = runtime().block_on(async {
        let lake = prepared(&disk, &clock).await;
        let from = disk.operations();
        lake.erase("main", request(&[&user])).await.unwrap();
        (from, disk.operations())
    });
    let mut failed = 0;
    for number in (from..to).step_by(stride(11)) {
        let disk = Disk::new();
        runtime().block_on(async {
            let lake = prepared(&disk, &clock).await;
            disk.fail_at(number);
            let result = lake.erase("main", request(&[&user])).await;
            failed += usize::from(result.is_err());
            let _ = lake.close().await;
            drop(lake);
            let lake = Lake::open(options(&disk, &clock)).await.unwrap();
            lake.flush_and_seal().await.unwrap();
            lake.tidy().await.unwrap();
            let case = format!("operation {number}, «{:?}»: {result:?}", disk.faulted());
            let [proof] = &lake.erasures("main").await.unwrap()[..] else {
                panic!("{case}");
            };
            assert!(proof.verified, "{case}");
            assert_eq!(filed_ids(&lake).await, others, "{case}");
            assert_sound(&lake).await;
            lake.close().await.unwrap();
        });
    }
    assert!(failed > 2, "{failed} failed");
}

/// What a run of the random test does next.
#[derive(Debug, Clone)]
enum Act {
    Append(usize, usize),
    Flush,
    Seal,
    Restart,
    AddIndigo,
    Erase(usize),
    Check,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        8 => (0usize..1000, 1usize..120).prop_map(|(from, count)| Act::Append(from, count)),
        2 => Just(Act::Flush),
        1 => Just(Act::Seal),
        1 => Just(Act::Restart),
        1 => Just(Act::AddIndigo),
        3 => (0usize..100).prop_map(Act::Erase),
        2 => Just(Act::Check),
    ];
    proptest::collection::vec(act, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_it_is_as_if_the_erased_had_never_come(
        acts in acts(),
        shuffle in any::<u64>(),
        buckets in 1u32..4,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::new(buckets);
            let mut events = demo_days(40, 3);
            let people: BTreeMap<Box<str>, Box<str>> = events
                .iter()
                .filter_map(|event| Some((event.conversation_id.clone(), event.user_id.clone()?)))
                .collect();
            let users: Vec<Box<str>> = people.values().cloned().collect::<BTreeSet<_>>().into_iter().collect();
            events.sort_by_key(|event| event.content_hash() as u64 ^ shuffle.wrapping_mul(event.time as u64 | 1));
            let indigo = Settings::of_profile(upshot_core::profile::built_in_text("indigo").unwrap()).unwrap();
            let mut sent: BTreeMap<Box<str>, Event> = BTreeMap::new();
            let mut erased: BTreeSet<Box<str>> = BTreeSet::new();
            let mut has_indigo = false;
            let mut lake = bench.open().await;
            for act in acts.into_iter().chain([Act::Check, Act::Seal, Act::Check]) {
                match act {
                    Act::Append(from, count) => {
                        let from = from % events.len();
                        let part = &events[from..(from + count).min(events.len())];
                        let receipt = lake.append("main", part).await.unwrap();
                        let is_erased = |event: &&Event| people
                            .get(&event.conversation_id)
                            .is_some_and(|user| erased.contains(user));
                        prop_assert_eq!(receipt.erased, part.iter().filter(is_erased).count());
                        sent.extend(part.iter().map(|event| (event.event_id.clone(), event.clone())));
                    }
                    Act::Flush => lake.flush().await.unwrap(),
                    Act::Seal => lake.flush_and_seal().await.unwrap(),
                    Act::Restart => {
                        lake.close().await.unwrap();
                        drop(lake);
                        lake = bench.open().await;
                    }
                    Act::AddIndigo => {
                        lake.add_fact_set("main", indigo.clone()).await.unwrap();
                        has_indigo = true;
                    }
                    Act::Erase(number) => {
                        let user = &users[number % users.len()];
                        let proof: Erasure = lake.erase("main", request(&[user])).await.unwrap();
                        prop_assert!(proof.verified);
                        erased.insert(user.clone());
                    }
                    Act::Check => {
                        let stays = |event: &&Event| people
                            .get(&event.conversation_id)
                            .is_none_or(|user| !erased.contains(user));
                        let all: Vec<Event> = sent.values().filter(stays).cloned().collect();
                        check(&lake, &all, bench.now()).await;
                        if has_indigo {
                            lake.wait_until_built("main").await.unwrap();
                            let capture = lake.capture_of("main", Some("indigo"), &[Table::Sessions]).await.unwrap();
                            let wanted = expected_by(&indigo, "main", &all, bench.now());
                            crate::engine::assert_same(&sessions(&capture), &wanted);
                        }
                        assert_sound(&lake).await;
                    }
                }
            }
            lake.close().await.unwrap();
            Ok(())
        })?;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facts_whose_events_are_gone_are_erased_too() {
    let bench = Bench::new(1);
    let events = demo(80);
    let lake = bench.open().await;
    lake.append("main", &events).await.unwrap();
    lake.flush_and_seal().await.unwrap();
    lake.close().await.unwrap();
    crate::fact_sets::forget_events_before(&bench, i32::MAX).await;
    let lake = bench.open().await;
    let shop = Settings::built_in()
        .unwrap()
        .with_profile(
            None,
            "name = \"shop\"\nversion = 1\nextends = \"default\"\n",
        )
        .unwrap();
    lake.set_settings("main", shop).await.unwrap();
    let capture = lake.capture("main", &[Table::Sessions]).await.unwrap();
    let before = sessions(&capture);
    assert_eq!(capture.kept.len(), 1);
    let user = busiest(&events);
    let erased = lake.erase("main", request(&[&user])).await.unwrap();
    assert!(erased.sessions > 1 && erased.events == 0, "{erased:?}");
    let capture = lake.capture("main", &[Table::Sessions]).await.unwrap();
    let left = sessions(&capture);
    assert_eq!(left.len() + erased.sessions as usize, before.len());
    assert!(
        left.values()
            .all(|session| session.user_id.as_deref() != Some(&*user))
    );
    // With the last of them the name goes too.
    let all: BTreeSet<Box<str>> = left
        .values()
        .filter_map(|session| session.user_id.clone())
        .collect();
    let all: Vec<&str> = all.iter().map(|user| &**user).collect();
    lake.erase("main", request(&all)).await.unwrap();
    let capture = lake.capture("main", &[Table::Sessions]).await.unwrap();
    let nameless = sessions(&capture);
    assert!(nameless.values().all(|session| session.user_id.is_none()));
    assert_eq!(capture.kept.is_empty(), nameless.is_empty());
    lake.close().await.unwrap();
}
