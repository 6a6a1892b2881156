//! The engine: whatever the order, the repeats, the restarts and the flushes, what comes out is what
//! folding everything at once gives.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tempfile::TempDir;
use upshot_core::event::order_key;
use upshot_core::fold::{Carry, Facts, FoldContext, fold};
use upshot_core::time::{DAY, HOUR, MINUTE};
use upshot_core::{Event, EventView, Message, Record, Session, Step};
use upshot_demo::{DemoOptions, generate};
use upshot_lake::capture::lone_message_key;
use upshot_lake::schema::BatchReader;
use upshot_lake::{Capture, DataFile, Lake, LakeError, LakeOptions, Settings, Table, TableCapture};

/// 2026-03-01.
const END: i64 = 1_772_323_200_000_000;

/// A lake in a temporary folder with a clock that the test sets.
pub struct Bench {
    pub folder: TempDir,
    pub clock: Arc<AtomicI64>,
    pub buckets: u32,
}

impl Bench {
    pub fn new(buckets: u32) -> Self {
        let clock = Arc::new(AtomicI64::new(END + DAY));
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock,
            buckets,
        }
    }

    pub fn options(&self) -> LakeOptions {
        let clock = self.clock.clone();
        let mut options = LakeOptions::new(
            self.folder.path().join("data"),
            Arc::new(move || clock.load(Ordering::SeqCst)),
        );
        options.buckets = self.buckets;
        options
    }

    pub async fn open(&self) -> Lake {
        Lake::open(self.options()).await.unwrap()
    }

    pub fn set(&self, time: i64) {
        self.clock.store(time, Ordering::SeqCst);
    }

    pub fn now(&self) -> i64 {
        self.clock.load(Ordering::SeqCst)
    }
}

pub fn demo(conversations: u64) -> Vec<Event> {
    demo_days(conversations, 20)
}

pub fn demo_days(conversations: u64, days: u32) -> Vec<Event> {
    let options = DemoOptions {
        conversations,
        days,
        ..DemoOptions::until(END)
    };
    generate(&options).flatten().collect()
}

/// A row of a file that memory replaces lies where the capture says that such rows lie.
fn replaced_here(part: &TableCapture, file: Option<&DataFile>) {
    let told = file.and_then(|file| part.replaced_of(file));
    assert!(told.is_some(), "a row that is replaced lies in {file:?}");
}

/// All sessions of a capture, by id; a session that stands in it twice fails the test.
pub fn sessions(capture: &Capture) -> BTreeMap<Box<str>, Session> {
    let part = capture.table(Table::Sessions).unwrap();
    let mut found = BTreeMap::new();
    let mut take = |batch: &arrow::array::RecordBatch, of_file: Option<&DataFile>| {
        let reader = BatchReader::new::<Session>(batch).unwrap();
        for row in 0..reader.len() {
            let session = Session::read(&reader.row(row));
            if of_file.is_some() && part.replaced.contains(&session.session_id) {
                replaced_here(part, of_file);
                continue;
            }
            let id = session.session_id.clone();
            assert!(
                found.insert(id.clone(), session).is_none(),
                "session {id} stands there twice"
            );
        }
    };
    for file in &part.files {
        let opened = std::fs::File::open(&file.path).unwrap();
        let reader =
            parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(opened).unwrap();
        for batch in reader.build().unwrap() {
            take(&batch.unwrap(), Some(file));
        }
    }
    for batch in &part.memory {
        take(batch, None);
    }
    found
}

/// The rows of a fact table of a capture, each as text, in order: every row as often as it stands there.
fn rows<T: Record + std::fmt::Debug>(
    capture: &Capture,
    table: Table,
    key: impl Fn(&T) -> Box<str>,
) -> Vec<String> {
    let part = capture.table(table).unwrap();
    let mut found = Vec::new();
    let mut take = |batch: &arrow::array::RecordBatch, of_file: Option<&DataFile>| {
        let reader = BatchReader::new::<T>(batch).unwrap();
        for row in 0..reader.len() {
            let record = T::read(&reader.row(row));
            if of_file.is_some() && part.replaced.contains(&key(&record)) {
                replaced_here(part, of_file);
            } else {
                found.push(format!("{record:?}"));
            }
        }
    };
    for file in &part.files {
        let opened = std::fs::File::open(&file.path).unwrap();
        let reader =
            parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(opened).unwrap();
        for batch in reader.build().unwrap() {
            take(&batch.unwrap(), Some(file));
        }
    }
    for batch in &part.memory {
        take(batch, None);
    }
    found.sort();
    found
}

fn as_text<T: std::fmt::Debug>(records: &[T]) -> Vec<String> {
    let mut texts: Vec<String> = records.iter().map(|record| format!("{record:?}")).collect();
    texts.sort();
    texts
}

/// All three fact tables of the capture are, as multisets, what one fold of all events gives.
pub fn assert_facts(capture: &Capture, wanted: &Facts) {
    let message = |message: &Message| match &message.session_id {
        Some(id) => id.clone(),
        None => lone_message_key(&message.event_id).into(),
    };
    let found = [
        rows(capture, Table::Sessions, |session: &Session| {
            session.session_id.clone()
        }),
        rows(capture, Table::Messages, message),
        rows(capture, Table::Steps, |step: &Step| step.session_id.clone()),
    ];
    let wanted = [
        as_text(&wanted.sessions),
        as_text(&wanted.messages),
        as_text(&wanted.steps),
    ];
    for (found, wanted) in found.iter().zip(&wanted) {
        let differs = found
            .iter()
            .zip(wanted)
            .find(|(found, wanted)| found != wanted);
        assert_eq!(
            differs,
            None,
            "{} rows, {} wanted",
            found.len(),
            wanted.len()
        );
        assert_eq!(found.len(), wanted.len());
    }
}

/// What folding all events of all conversations at once gives.
pub fn expected(workspace: &str, events: &[Event], now: i64) -> BTreeMap<Box<str>, Session> {
    expected_by(&Settings::built_in().unwrap(), workspace, events, now)
}

pub fn expected_by(
    settings: &Settings,
    workspace: &str,
    events: &[Event],
    now: i64,
) -> BTreeMap<Box<str>, Session> {
    facts_by(settings, workspace, events, now)
        .sessions
        .into_iter()
        .map(|session| (session.session_id.clone(), session))
        .collect()
}

/// All facts that folding everything at once gives.
pub fn facts_by(settings: &Settings, workspace: &str, events: &[Event], now: i64) -> Facts {
    let mut conversations: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    for event in events {
        conversations
            .entry(&event.conversation_id)
            .or_default()
            .push(event);
    }
    let mut facts = Facts::default();
    for mut events in conversations.into_values() {
        events.sort_by(|left, right| order_key(left).cmp(&order_key(right)));
        events.dedup_by(|next, kept| next.event_id == kept.event_id);
        let profile = settings.profile(events[0].source());
        let context = FoldContext {
            workspace,
            profile,
            as_of: now,
        };
        fold(&context, &Carry::default(), &events, &mut facts);
    }
    facts
}

pub fn assert_same(found: &BTreeMap<Box<str>, Session>, wanted: &BTreeMap<Box<str>, Session>) {
    for (id, session) in wanted {
        assert_eq!(found.get(id), Some(session), "session {id}");
    }
    assert_eq!(found.len(), wanted.len());
}

pub async fn check(lake: &Lake, events: &[Event], now: i64) {
    let capture = lake.capture("main", &Table::ALL).await.unwrap();
    let settings = Settings::built_in().unwrap();
    assert_same(&sessions(&capture), &expected("main", events, now));
    assert_facts(&capture, &facts_by(&settings, "main", events, now));
    assert_events(&capture, events);
}

/// The capture holds every event once, and every text once, wherever they are.
fn assert_events(capture: &Capture, events: &[Event]) {
    let never_replaced = |_: &Event| Box::default();
    let mut without_texts: Vec<Event> = events.to_vec();
    let mut texts = Vec::new();
    for event in &mut without_texts {
        let text = Event {
            event_id: event.event_id.clone(),
            conversation_id: event.conversation_id.clone(),
            time: event.time,
            source_sequence: event.source_sequence,
            text: event.text.take(),
            survey_comment: event.survey_comment.take(),
            feedback_comment: event.feedback_comment.take(),
            ..Event::default()
        };
        let parts = [&text.text, &text.survey_comment, &text.feedback_comment];
        if parts.into_iter().any(Option::is_some) {
            texts.push(text);
        }
    }
    assert_eq!(
        rows(capture, Table::Events, never_replaced),
        as_text(&without_texts)
    );
    assert_eq!(rows(capture, Table::Texts, never_replaced), as_text(&texts));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_in_comes_out_from_memory_from_files_and_after_a_restart() {
    let bench = Bench::new(1);
    let events = demo(300);
    let lake = bench.open().await;
    for part in events.chunks(500) {
        let receipt = lake.append("main", part).await.unwrap();
        assert_eq!((receipt.added, receipt.repeated), (part.len(), 0));
        assert_eq!(receipt.refused, []);
    }
    check(&lake, &events, bench.now()).await;
    lake.flush().await.unwrap();
    check(&lake, &events, bench.now()).await;
    assert_eq!(lake.status().unflushed_events, 0);
    lake.close().await.unwrap();
    drop(lake);
    let lake = bench.open().await;
    check(&lake, &events, bench.now()).await;
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeats_add_nothing_wherever_the_first_is() {
    let bench = Bench::new(2);
    let events = demo(100);
    let lake = bench.open().await;
    let (first, rest) = events.split_at(events.len() / 2);
    lake.append("main", first).await.unwrap();
    assert_eq!(
        lake.append("main", first).await.unwrap().repeated,
        first.len()
    );
    lake.flush_and_seal().await.unwrap();
    let receipt = lake.append("main", &events).await.unwrap();
    assert_eq!((receipt.added, receipt.repeated), (rest.len(), first.len()));
    let doubled: Vec<Event> = rest.iter().chain(rest).cloned().collect();
    assert_eq!(
        lake.append("main", &doubled).await.unwrap().repeated,
        doubled.len()
    );
    check(&lake, &events, bench.now()).await;
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_id_with_another_time_or_conversation_is_refused() {
    let bench = Bench::new(1);
    let lake = bench.open().await;
    let event = demo(1).remove(0);
    lake.append("main", std::slice::from_ref(&event))
        .await
        .unwrap();
    let later = Event {
        time: event.time + 1,
        ..event.clone()
    };
    let elsewhere = Event {
        conversation_id: "elsewhere".into(),
        ..event.clone()
    };
    for round in 0..2 {
        let receipt = lake
            .append("main", &[later.clone(), elsewhere.clone()])
            .await
            .unwrap();
        assert_eq!(receipt.added, 0, "round {round}");
        let reasons: Vec<&str> = receipt
            .refused
            .iter()
            .map(|refused| refused.reason.as_str())
            .collect();
        assert!(reasons[0].contains("another time"), "{reasons:?}");
        assert!(reasons[1].contains("another conversation"), "{reasons:?}");
        lake.flush_and_seal().await.unwrap();
    }
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_nobody_could_fold_is_refused_with_the_reason() {
    let bench = Bench::new(1);
    let lake = bench.open().await;
    let good = demo(1).remove(0);
    let cases = [
        (
            Event {
                event_id: "".into(),
                ..good.clone()
            },
            "no id",
        ),
        (
            Event {
                conversation_id: "".into(),
                ..good.clone()
            },
            "no conversation",
        ),
        (
            Event {
                event_type: None,
                ..good.clone()
            },
            "no type",
        ),
        (
            Event {
                time: -1,
                ..good.clone()
            },
            "before 1970",
        ),
        (
            Event {
                time: bench.now() + 3 * DAY,
                ..good.clone()
            },
            "ahead",
        ),
        (
            Event {
                event_id: "x".repeat(600).into(),
                ..good.clone()
            },
            "longer",
        ),
    ];
    let events: Vec<Event> = cases
        .iter()
        .map(|(event, _)| event.clone())
        .chain([good])
        .collect();
    let receipt = lake.append("main", &events).await.unwrap();
    assert_eq!(receipt.added, 1);
    for (refused, (_, reason)) in receipt.refused.iter().zip(&cases) {
        assert!(refused.reason.contains(reason), "{refused:?}");
    }
    assert_eq!(receipt.refused.len(), cases.len());
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_one_process_holds_a_data_directory() {
    let bench = Bench::new(1);
    let lake = bench.open().await;
    assert!(matches!(
        Lake::open(bench.options()).await,
        Err(LakeError::InUse(_))
    ));
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_lake_leaves_its_files_at_rest() {
    let bench = Bench::new(1);
    let lake = bench.open().await;
    lake.append("main", &demo(3)).await.unwrap();
    let kept = lake.clone();
    lake.close().await.unwrap();
    // Somebody may still hold the lake: the database is closed all the same, and so has no log of its own.
    let names = std::fs::read_dir(bench.folder.path().join("data")).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    let of_log = |name: &std::ffi::OsString| name.to_string_lossy().contains("-wal");
    assert!(!names.iter().any(of_log), "{names:?}");
    let refused = kept.append("main", &demo(1)).await;
    assert!(matches!(refused, Err(LakeError::Stopped(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_events_make_only_what_they_touch_anew() {
    let bench = Bench::new(1);
    let events = demo(400);
    let lake = bench.open().await;
    // Every seventh event comes when everything else is sealed in files.
    let (late, early): (Vec<_>, Vec<_>) = events
        .iter()
        .cloned()
        .enumerate()
        .partition(|(index, _)| index % 7 == 3);
    let strip = |events: Vec<(usize, Event)>| {
        events
            .into_iter()
            .map(|(_, event)| event)
            .collect::<Vec<_>>()
    };
    let (late, early) = (strip(late), strip(early));
    lake.append("main", &early).await.unwrap();
    lake.flush_and_seal().await.unwrap();
    check(&lake, &early, bench.now()).await;
    let one = &late[..1];
    lake.append("main", one).await.unwrap();
    let before = lake.status();
    lake.flush_and_seal().await.unwrap();
    let files = lake.status().files_written - before.files_written;
    assert!(files <= 5 * 3, "one late event wrote {files} files");
    lake.append("main", &late).await.unwrap();
    check(&lake, &events, bench.now()).await;
    lake.flush_and_seal().await.unwrap();
    check(&lake, &events, bench.now()).await;
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_session_goes_on_after_a_restart_and_is_sealed_when_it_is_over() {
    let bench = Bench::new(1);
    let mut events = demo(30);
    let last = events.iter().map(|event| event.time).max().unwrap();
    let conversation = events
        .iter()
        .find(|event| event.time == last)
        .unwrap()
        .conversation_id
        .clone();
    bench.set(last + MINUTE);
    let lake = bench.open().await;
    lake.append("main", &events).await.unwrap();
    lake.flush().await.unwrap();
    assert!(lake.status().overlay_conversations >= 1);
    check(&lake, &events, bench.now()).await;
    lake.close().await.unwrap();
    drop(lake);
    let lake = bench.open().await;
    assert!(
        lake.status().overlay_conversations >= 1,
        "the open conversation is back in memory"
    );
    let mut more = Event::new(
        upshot_core::words::EventType::Message,
        last + 2 * MINUTE,
        &conversation,
    );
    more.event_id = "more".into();
    more.role = Some(upshot_core::words::Role::User);
    more.text = Some("still here".into());
    bench.set(last + 3 * MINUTE);
    lake.append("main", std::slice::from_ref(&more))
        .await
        .unwrap();
    events.push(more);
    check(&lake, &events, bench.now()).await;
    bench.set(last + 40 * HOUR);
    lake.flush().await.unwrap();
    assert_eq!(
        lake.status().overlay_conversations,
        0,
        "everything is over and sealed"
    );
    check(&lake, &events, bench.now()).await;
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_is_read_back_with_its_texts() {
    let bench = Bench::new(1);
    let events = demo(40);
    let lake = bench.open().await;
    let conversation = &*events[0].conversation_id;
    let mut wanted: Vec<Event> = events
        .iter()
        .filter(|event| &*event.conversation_id == conversation)
        .cloned()
        .collect();
    wanted.sort_by(|left, right| order_key(left).cmp(&order_key(right)));
    lake.append("main", &events[..events.len() / 2])
        .await
        .unwrap();
    lake.flush_and_seal().await.unwrap();
    lake.append("main", &events).await.unwrap();
    assert_eq!(
        lake.conversation("main", conversation).await.unwrap(),
        wanted
    );
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workspaces_do_not_see_each_other() {
    let bench = Bench::new(1);
    let lake = bench.open().await;
    let events = demo(20);
    lake.append("one", &events).await.unwrap();
    lake.append("two", &events[..10]).await.unwrap();
    lake.flush().await.unwrap();
    let one = lake.capture("one", &Table::FACTS).await.unwrap();
    let two = lake.capture("two", &Table::FACTS).await.unwrap();
    assert_same(&sessions(&one), &expected("one", &events, bench.now()));
    assert_same(
        &sessions(&two),
        &expected("two", &events[..10], bench.now()),
    );
    assert!(matches!(
        lake.append("../up", &events).await,
        Err(LakeError::WorkspaceName(_))
    ));
    assert_eq!(lake.workspaces().await.unwrap(), ["one", "two"]);
    lake.close().await.unwrap();
}
