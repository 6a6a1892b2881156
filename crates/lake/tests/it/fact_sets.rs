//! Fact sets side by side: whatever happens, each is what folding all events at once by its own
//! profiles gives, and none sees another.

use std::collections::BTreeMap;

use proptest::prelude::*;
use upshot_core::Event;
use upshot_core::profile::built_in_text;
use upshot_core::time::{DAY, HOUR, MINUTE, day_of};
use upshot_lake::catalog::{Catalog, FactSetRole, Transaction};
use upshot_lake::engine::{Change, PreviewOptions};
use upshot_lake::files::DiskFiles;
use upshot_lake::{Lake, LakeError, LakeOptions, Settings, Table};

use crate::engine::{Bench, assert_same, demo, demo_days, expected_by, sessions};

fn indigo() -> Settings {
    Settings::of_profile(built_in_text("indigo").unwrap()).unwrap()
}

/// The profiles of a new workspace, with this one for everything that has none of its own.
fn with(text: &str) -> Settings {
    Settings::built_in()
        .unwrap()
        .with_profile(None, text)
        .unwrap()
}

fn shop(version: u32, timeout: &str) -> String {
    format!(
        "name = \"shop\"\nversion = {version}\nextends = \"default\"\n[timeout]\ndefault = \"{timeout}\"\n"
    )
}

/// Compares a fact set with what its profiles give.
async fn check(lake: &Lake, name: Option<&str>, settings: &Settings, events: &[Event], now: i64) {
    let capture = lake.capture_of("main", name, &Table::FACTS).await.unwrap();
    assert_eq!(capture.fact_set, settings.fact_set());
    assert_same(
        &sessions(&capture),
        &expected_by(settings, "main", events, now),
    );
}

async fn assert_sound(lake: &Lake) {
    let report = lake.verify(true).await.unwrap();
    assert_eq!(report.catalog.problems, []);
    assert_eq!(report.facts, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_additional_set_stands_beside_the_active_one_and_goes_again() {
    let bench = Bench::new(2);
    let events = demo(200);
    let (early, late) = events.split_at(events.len() / 2);
    let lake = bench.open().await;
    lake.append("main", early).await.unwrap();
    lake.flush().await.unwrap();
    let default = Settings::built_in().unwrap();
    assert!(matches!(
        lake.capture_of("main", Some("indigo"), &[Table::Sessions])
            .await,
        Err(LakeError::UnknownFactSet { .. })
    ));
    assert!(lake.add_fact_set("main", indigo()).await.unwrap().builds);
    lake.wait_until_built("main").await.unwrap();
    check(&lake, Some("indigo"), &indigo(), early, bench.now()).await;
    check(&lake, Some("default"), &default, early, bench.now()).await;
    lake.append("main", late).await.unwrap();
    for _ in 0..2 {
        check(
            &lake,
            Some(&indigo().fact_set()),
            &indigo(),
            &events,
            bench.now(),
        )
        .await;
        check(&lake, None, &default, &events, bench.now()).await;
        lake.flush().await.unwrap();
    }
    let [one, two] = [None, Some("indigo")].map(|name| {
        let lake = lake.clone();
        async move { sessions(&lake.capture_of("main", name, &Table::FACTS).await.unwrap()).len() }
    });
    assert_ne!(
        one.await,
        two.await,
        "the rules cut the conversations differently"
    );
    assert_sound(&lake).await;
    assert!(!lake.add_fact_set("main", indigo()).await.unwrap().builds);
    lake.remove_fact_set("main", "indigo").await.unwrap();
    assert!(lake.remove_fact_set("main", "indigo").await.is_err());
    assert!(matches!(
        lake.remove_fact_set("main", "default").await,
        Err(LakeError::FactSetRefused(_))
    ));
    check(&lake, None, &default, &events, bench.now()).await;
    assert_eq!(lake.fact_sets("main").sets.len(), 1);
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn choosing_what_one_has_is_kept_as_a_choice() {
    let bench = Bench::new(1);
    let events = demo(60);
    let default = Settings::built_in().unwrap();
    let lake = bench.open().await;
    let begun = lake.apply_settings("main", default.clone()).await.unwrap();
    assert!(!begun.builds);
    lake.append("main", &events).await.unwrap();
    lake.add_fact_set("main", indigo()).await.unwrap();
    lake.wait_until_built("main").await.unwrap();
    lake.flush_and_seal().await.unwrap();
    lake.close().await.unwrap();
    drop(lake);
    let lake = bench.open().await;
    lake.wait_until_built("main").await.unwrap();
    check(&lake, None, &default, &events, bench.now()).await;
    check(&lake, Some("indigo"), &indigo(), &events, bench.now()).await;
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_rules_need_another_version_and_one_set_has_one_name() {
    let bench = Bench::new(1);
    let lake = bench.open().await;
    lake.append("main", &demo(20)).await.unwrap();
    lake.set_settings("main", with(&shop(1, "20m")))
        .await
        .unwrap();
    let refused = lake.set_settings("main", with(&shop(1, "40m"))).await;
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("count the profile's `version` up"), "{text}");
    let same = format!("# A comment.\n{}", shop(1, "20m"));
    assert!(!lake.set_settings("main", with(&same)).await.unwrap().builds);
    let taken = Settings::of_profile(&shop(2, "40m")).unwrap();
    assert!(lake.add_fact_set("main", taken).await.is_err());
    assert!(
        lake.set_settings("main", with(&shop(2, "40m")))
            .await
            .unwrap()
            .builds
    );
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_in_while_a_set_is_built_ends_in_both() {
    let bench = Bench::new(1);
    let events = demo_days(1500, 60);
    // Dozens of portions, so that what comes in meets the building at all stages.
    let options = LakeOptions {
        build_events: 500,
        ..bench.options()
    };
    let lake = Lake::open(options).await.unwrap();
    let (late, early): (Vec<_>, Vec<_>) = events
        .iter()
        .cloned()
        .enumerate()
        .partition(|(index, _)| index % 9 == 4);
    let strip = |events: Vec<(usize, Event)>| -> Vec<Event> {
        events.into_iter().map(|(_, event)| event).collect()
    };
    let (late, early) = (strip(late), strip(early));
    lake.append("main", &early).await.unwrap();
    lake.flush_and_seal().await.unwrap();
    lake.add_fact_set("main", indigo()).await.unwrap();
    lake.apply_settings("main", with(&shop(1, "2h")))
        .await
        .unwrap();
    for part in late.chunks(late.len() / 5 + 1) {
        lake.append("main", part).await.unwrap();
        lake.flush().await.unwrap();
    }
    lake.wait_until_built("main").await.unwrap();
    let now = bench.now();
    check(&lake, None, &with(&shop(1, "2h")), &events, now).await;
    check(&lake, Some("indigo"), &indigo(), &events, now).await;
    lake.flush().await.unwrap();
    check(&lake, None, &with(&shop(1, "2h")), &events, now).await;
    check(&lake, Some("indigo"), &indigo(), &events, now).await;
    assert_sound(&lake).await;
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_open_by_the_new_rules_alone_is_closed_later() {
    let bench = Bench::new(1);
    let events = demo(60);
    let last = events.iter().map(|event| event.time).max().unwrap();
    bench.set(last + 3 * HOUR);
    let lake = bench.open().await;
    lake.append("main", &events).await.unwrap();
    lake.flush().await.unwrap();
    let slow = with(&shop(1, "12h"));
    lake.set_settings("main", slow.clone()).await.unwrap();
    check(&lake, None, &slow, &events, bench.now()).await;
    lake.close().await.unwrap();
    drop(lake);
    let lake = bench.open().await;
    check(&lake, None, &slow, &events, bench.now()).await;
    bench.set(last + 2 * DAY);
    lake.flush().await.unwrap();
    check(&lake, None, &slow, &events, bench.now()).await;
    assert_eq!(lake.status().overlay_conversations, 0);
    assert_sound(&lake).await;
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facts_of_events_that_are_gone_stay_and_are_named() {
    let bench = Bench::new(1);
    let events = demo(300);
    let lake = bench.open().await;
    lake.append("main", &events).await.unwrap();
    lake.flush_and_seal().await.unwrap();
    let before = sessions(&lake.capture("main", &Table::FACTS).await.unwrap());
    lake.close().await.unwrap();
    drop(lake);
    let middle = events.iter().map(|event| day_of(event.time)).min().unwrap() + 8;
    forget_events_before(&bench, middle).await;
    let lake = bench.open().await;
    let settings = with(&shop(1, "45m"));
    lake.set_settings("main", settings.clone()).await.unwrap();
    let capture = lake.capture("main", &Table::FACTS).await.unwrap();
    let kept_events: Vec<Event> = events
        .iter()
        .filter(|event| day_of(event.time) >= middle)
        .cloned()
        .collect();
    let made = expected_by(&settings, "main", &kept_events, bench.now());
    let has_kept_event = |session: &upshot_core::Session| {
        kept_events.iter().any(|event| {
            event.conversation_id == session.conversation_id
                && (session.start_time..=session.end_time).contains(&event.time)
        })
    };
    let old: BTreeMap<_, _> = before
        .into_iter()
        .filter(|(_, session)| day_of(session.start_time) < middle && !has_kept_event(session))
        .collect();
    assert!(!old.is_empty());
    assert_eq!(capture.kept.len(), 1);
    assert_eq!(capture.kept[0].sessions as usize, old.len());
    assert_eq!(
        capture.kept[0].fact_set,
        Settings::built_in().unwrap().fact_set()
    );
    assert!(capture.kept[0].last_day < middle);
    let wanted: BTreeMap<_, _> = made.into_iter().chain(old.clone()).collect();
    assert_same(&sessions(&capture), &wanted);
    // An additional set has no facts where there are no events; going back loses nothing.
    lake.set_settings("main", Settings::built_in().unwrap())
        .await
        .unwrap();
    let capture = lake.capture("main", &Table::FACTS).await.unwrap();
    assert_eq!(capture.kept, []);
    let made = expected_by(
        &Settings::built_in().unwrap(),
        "main",
        &kept_events,
        bench.now(),
    );
    assert_same(&sessions(&capture), &made.into_iter().chain(old).collect());
    lake.close().await.unwrap();
}

/// Takes the events of these days away, as keeping them for a limited time will.
pub async fn forget_events_before(bench: &Bench, day: i32) {
    let folder = bench.folder.path().join("data");
    let files = std::sync::Arc::new(DiskFiles);
    let catalog = Catalog::open(
        files,
        &folder.join("lake.sqlite"),
        &folder.join("data"),
        bench.now(),
    )
    .await
    .unwrap();
    let list = catalog.file_list("main").unwrap();
    let end = [Table::Events, Table::Texts]
        .into_iter()
        .flat_map(|table| {
            list.files(table, Some(i32::MIN..day), None)
                .map(|file| file.id)
                .collect::<Vec<_>>()
        })
        .collect();
    let change = Transaction {
        workspace: "main".to_owned(),
        end,
        now: bench.now(),
        message: "events are no longer kept".to_owned(),
        ..Transaction::default()
    };
    catalog.commit(change).await.unwrap();
    catalog.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_older_fold_made_is_made_anew_after_opening() {
    let bench = Bench::new(1);
    let events = demo(80);
    let lake = bench.open().await;
    lake.append("main", &events).await.unwrap();
    lake.flush_and_seal().await.unwrap();
    lake.close().await.unwrap();
    drop(lake);
    let settings = Settings::built_in().unwrap();
    // The catalog and the files say that a fold made them that this program does not know.
    let old = settings.fact_set().replace("/fold", "/fold0.");
    let path = bench.folder.path().join("data/lake.sqlite");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    for statement in [
        "UPDATE upshot_fact_set SET name = ?1 WHERE name = ?2",
        "UPDATE ducklake_file_partition_value SET partition_value = ?1 WHERE partition_value = ?2",
    ] {
        let changed = sqlx::query(statement)
            .bind(&old)
            .bind(settings.fact_set())
            .execute(&mut connection)
            .await
            .unwrap();
        assert!(changed.rows_affected() > 0, "{statement}");
    }
    sqlx::Connection::close(connection).await.unwrap();
    let lake = bench.open().await;
    lake.wait_until_built("main").await.unwrap();
    check(&lake, None, &settings, &events, bench.now()).await;
    let sets = lake.fact_sets("main").sets;
    assert_eq!(sets.len(), 1);
    assert!(!sets[0].outdated);
    assert_eq!(sets[0].role, FactSetRole::Active);
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_says_what_changes_and_writes_nothing() {
    let bench = Bench::new(2);
    let events = demo(250);
    let lake = bench.open().await;
    lake.append("main", &events[..events.len() / 2])
        .await
        .unwrap();
    lake.flush().await.unwrap();
    lake.append("main", &events[events.len() / 2..])
        .await
        .unwrap();
    let now = bench.now();
    let before = expected_by(&Settings::built_in().unwrap(), "main", &events, now);
    let settings = with(&shop(1, "3m"));
    let after = expected_by(&settings, "main", &events, now);
    let written = lake.status().files_written;
    let all = PreviewOptions {
        listed: 1_000_000,
        ..PreviewOptions::default()
    };
    let preview = lake.preview("main", settings, all).await.unwrap();
    assert_eq!(lake.status().files_written, written);
    assert_eq!(preview.events as usize, events.len());
    assert_eq!(
        preview.before.sessions + preview.before.open,
        before.len() as u64
    );
    assert_eq!(
        preview.after.sessions + preview.after.open,
        after.len() as u64
    );
    let engaged = before
        .values()
        .filter(|session| session.engaged_time.is_some());
    assert_eq!(preview.before.engaged, engaged.count() as u64);
    let fate = |id: &str| match (before.get(id), after.get(id)) {
        (None, _) => Change::New,
        (_, None) => Change::Gone,
        _ => Change::Changed,
    };
    for change in &preview.sessions {
        assert_eq!(change.change, fate(&change.session_id));
        assert_eq!(change.fields.is_empty(), change.change != Change::Changed);
    }
    let gone = before.keys().filter(|id| !after.contains_key(*id)).count();
    let new = after.keys().filter(|id| !before.contains_key(*id)).count();
    assert_eq!((preview.gone, preview.new), (gone as u64, new as u64));
    let total = preview.changed + preview.gone + preview.new;
    assert!(total > 0);
    assert_eq!(preview.sessions.len() as u64, total);
    let few = PreviewOptions {
        one_in: 4,
        listed: 3,
    };
    let sample = lake
        .preview("main", with(&shop(1, "3m")), few)
        .await
        .unwrap();
    assert!(sample.sessions.len() <= 3);
    assert!(sample.events > 0 && sample.events < preview.events);
    let same = lake
        .preview("main", Settings::built_in().unwrap(), all)
        .await
        .unwrap();
    assert_eq!((same.changed, same.gone, same.new), (0, 0, 0));
    assert_eq!(same.before, same.after);
    lake.close().await.unwrap();
}

/// What a run of the random test does next.
#[derive(Debug, Clone)]
enum Act {
    Append(usize, usize),
    Flush,
    Restart,
    Wait,
    Pass(i64),
    AddIndigo,
    RemoveIndigo,
    Apply(u8),
    Built,
    Check,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        8 => (0usize..2000, 1usize..150).prop_map(|(from, count)| Act::Append(from, count)),
        4 => Just(Act::Flush),
        2 => Just(Act::Restart),
        1 => Just(Act::Wait),
        2 => (1i64..20).prop_map(Act::Pass),
        2 => Just(Act::AddIndigo),
        1 => Just(Act::RemoveIndigo),
        2 => (0u8..4).prop_map(Act::Apply),
        1 => Just(Act::Built),
        3 => Just(Act::Check),
    ];
    proptest::collection::vec(act, 1..30)
}

fn choice(number: u8) -> Settings {
    match number {
        0 => Settings::built_in().unwrap(),
        1 => with(&shop(1, "4m")),
        2 => with(&shop(2, "9h")),
        // Longer than any channel's own: more hangs together while this one is there.
        _ => with(&shop(3, "50h")),
    }
}

/// A lake whose fact sets are built in many small portions.
struct Run {
    bench: Bench,
    lake: Option<Lake>,
    sent: BTreeMap<Box<str>, Event>,
}

impl Run {
    fn lake(&self) -> &Lake {
        self.lake.as_ref().unwrap()
    }

    async fn open(&mut self) {
        let options = LakeOptions {
            build_events: 60,
            ..self.bench.options()
        };
        self.lake = Some(Lake::open(options).await.unwrap());
    }

    async fn act(&mut self, act: &Act, events: &[Event]) {
        match act {
            Act::Append(from, count) => {
                let from = from % events.len();
                let part = &events[from..(from + count).min(events.len())];
                self.lake().append("main", part).await.unwrap();
                let sent = part
                    .iter()
                    .map(|event| (event.event_id.clone(), event.clone()));
                self.sent.extend(sent);
            }
            Act::Flush => self.lake().flush().await.unwrap(),
            Act::Restart => {
                self.lake.take().unwrap().close().await.unwrap();
                self.open().await;
            }
            Act::Wait => tokio::time::sleep(std::time::Duration::from_millis(3)).await,
            Act::Pass(hours) => self.bench.set(self.bench.now() + hours * HOUR),
            // What cannot be done now is refused, and changes nothing.
            Act::AddIndigo => drop(self.lake().add_fact_set("main", indigo()).await),
            Act::RemoveIndigo => drop(self.lake().remove_fact_set("main", "indigo").await),
            Act::Apply(number) => drop(self.lake().apply_settings("main", choice(*number)).await),
            Act::Built => self.lake().wait_until_built("main").await.unwrap(),
            Act::Check => self.check().await,
        }
    }

    async fn check(&self) {
        let lake = self.lake();
        let all: Vec<Event> = self.sent.values().cloned().collect();
        for set in lake.fact_sets("main").sets {
            let name = set.fact_set.as_str();
            let capture = match lake.capture_of("main", Some(name), &Table::FACTS).await {
                Ok(capture) => capture,
                // It is being built, or was replaced in between.
                Err(LakeError::FactSetUnfinished(_) | LakeError::UnknownFactSet { .. }) => continue,
                Err(error) => panic!("{error}"),
            };
            let settings = [choice(0), choice(1), choice(2), choice(3), indigo()]
                .into_iter()
                .find(|settings| settings.fact_set() == capture.fact_set)
                .unwrap();
            let wanted = expected_by(&settings, "main", &all, self.bench.now());
            assert_same(&sessions(&capture), &wanted);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn every_fact_set_is_what_folding_all_events_at_once_gives(
        acts in acts(),
        shuffle in any::<u64>(),
        buckets in 1u32..3,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut events = demo_days(50, 6);
            let last = events.iter().map(|event| event.time).max().unwrap();
            events.sort_by_key(|event| event.content_hash() as u64 ^ shuffle.wrapping_mul(event.time as u64 | 1));
            let bench = Bench::new(buckets);
            bench.set(last - HOUR);
            let mut run = Run { bench, lake: None, sent: BTreeMap::new() };
            run.open().await;
            for act in &acts {
                run.act(act, &events).await;
            }
            run.act(&Act::Built, &events).await;
            run.check().await;
            run.bench.set(last + 4 * DAY + MINUTE);
            run.act(&Act::Flush, &events).await;
            run.check().await;
            assert_eq!(run.lake().status().overlay_conversations, 0);
            assert_sound(run.lake()).await;
            run.lake().close().await.unwrap();
        });
    }
}
