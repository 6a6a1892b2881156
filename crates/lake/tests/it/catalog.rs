//! The catalog: changes are whole, durable and checked.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use upshot_lake::catalog::{Carry, Catalog, Dirty, FactSet, FactSetRole, Marks, Transaction};
use upshot_lake::files::{DiskFiles, Entry, FileRead, FileWrite, Files};
use upshot_lake::parquet_files::write;
use upshot_lake::{LakeError, Table};

use crate::common::{DAY, Lake, NOW, add, events, sessions};

async fn ids(lake: &Lake, table: Table, snapshot: Option<i64>) -> Vec<i64> {
    lake.catalog
        .live_files("main", table, snapshot, None, None)
        .await
        .unwrap()
        .iter()
        .map(|file| file.id)
        .collect()
}

#[tokio::test]
async fn files_are_live_from_their_commit_to_their_end() {
    let lake = Lake::new().await;
    let first = lake.file(Table::Events, &events(Table::Events, 0..100), DAY, 0);
    let second = lake.file(Table::Events, &events(Table::Events, 100..200), DAY + 1, 1);
    let before = lake.catalog.current_snapshot().await.unwrap();
    let one = lake.add(vec![first.clone(), second]).await;
    assert_eq!(one, before + 1);
    let files = ids(&lake, Table::Events, None).await;
    assert_eq!(files.len(), 2);
    let third = lake.file(Table::Events, &events(Table::Events, 0..50), DAY, 0);
    let replace = Transaction {
        end: vec![files[0]],
        ..add(vec![third])
    };
    let two = lake.catalog.commit(replace).await.unwrap();
    let now = ids(&lake, Table::Events, None).await;
    assert_eq!(now.len(), 2);
    assert!(!now.contains(&files[0]));
    assert_eq!(ids(&lake, Table::Events, Some(one)).await, files);
    assert_eq!(ids(&lake, Table::Events, Some(two)).await, now);
    assert!(ids(&lake, Table::Sessions, None).await.is_empty());

    let lake = lake.reopen().await;
    assert_eq!(ids(&lake, Table::Events, None).await, now);
    let files = lake
        .catalog
        .live_files("main", Table::Events, None, Some(DAY + 1..DAY + 2), None)
        .await
        .unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!(
        (files[0].day, files[0].bucket, files[0].rows),
        (DAY + 1, 1, 100)
    );
    assert_eq!(
        files[0].bytes,
        std::fs::metadata(&files[0].path).unwrap().len()
    );
    let error = lake
        .catalog
        .live_files("main", Table::Events, Some(999), None, None)
        .await
        .unwrap_err();
    assert!(matches!(error, LakeError::NoSnapshot(999)));
}

#[tokio::test]
async fn the_list_in_memory_equals_the_database() {
    let mut lake = Lake::new().await;
    for round in 0..20_usize {
        let day = DAY + i32::try_from(round % 3).unwrap();
        let bucket = i32::try_from(round % 2).unwrap();
        let batch = sessions(round * 10..round * 10 + 10, day, bucket);
        let file = lake.file(Table::Sessions, &batch, day, bucket);
        let live = ids(&lake, Table::Sessions, None).await;
        let end = live.into_iter().filter(|id| round % 4 == 3 && id % 3 == 0);
        let change = Transaction {
            end: end.collect(),
            ..add(vec![file])
        };
        let snapshot = lake.catalog.commit(change).await.unwrap();
        let in_memory = lake.catalog.file_list("main").unwrap();
        assert_eq!(in_memory.snapshot(), snapshot);
        let in_memory: Vec<_> = in_memory
            .files(Table::Sessions, None, Some("default@1"))
            .map(|file| file.as_ref().clone())
            .collect();
        let stored = lake
            .catalog
            .live_files("main", Table::Sessions, Some(snapshot), None, None)
            .await
            .unwrap();
        assert_eq!(in_memory, stored);
        if round == 10 {
            lake = lake.reopen().await;
        }
    }
    let list = lake.catalog.file_list("main").unwrap();
    assert_eq!(list.files(Table::Sessions, None, Some("other")).count(), 0);
    assert_eq!(list.files(Table::Sessions, Some(5..5), None).count(), 0);
}

#[tokio::test]
async fn a_change_that_meets_another_changes_nothing() {
    let lake = Lake::new().await;
    let file = lake.file(Table::Events, &events(Table::Events, 0..10), DAY, 0);
    lake.add(vec![file]).await;
    let old = ids(&lake, Table::Events, None).await[0];
    let new = lake.file(Table::Events, &events(Table::Events, 0..10), DAY, 0);
    let replace = Transaction {
        end: vec![old],
        ..add(vec![new])
    };
    lake.catalog.commit(replace).await.unwrap();
    let live = ids(&lake, Table::Events, None).await;
    let snapshot = lake.catalog.current_snapshot().await.unwrap();

    let late = lake.file(Table::Events, &events(Table::Events, 0..10), DAY, 0);
    for change in [
        Transaction {
            end: vec![live[0], old],
            marks: Some(Marks {
                events: 7,
                facts: 7,
            }),
            ..add(vec![late.clone()])
        },
        Transaction {
            expected_live: vec![old],
            marks: Some(Marks {
                events: 7,
                facts: 7,
            }),
            ..add(vec![late])
        },
    ] {
        let error = lake.catalog.commit(change).await.unwrap_err();
        assert!(matches!(error, LakeError::Conflict(_)), "{error}");
        assert_eq!(ids(&lake, Table::Events, None).await, live);
        assert_eq!(lake.catalog.current_snapshot().await.unwrap(), snapshot);
        assert_eq!(lake.catalog.marks("main").await.unwrap(), Marks::default());
    }
}

#[tokio::test]
async fn marks_move_with_the_files_and_never_back() {
    let lake = Lake::new().await;
    let file = lake.file(Table::Events, &events(Table::Events, 0..10), DAY, 0);
    let marks = Marks {
        events: 9,
        facts: 4,
    };
    let change = Transaction {
        marks: Some(marks),
        ..add(vec![file])
    };
    let snapshot = lake.catalog.commit(change).await.unwrap();
    assert_eq!(lake.catalog.marks("main").await.unwrap(), marks);
    let later = Marks {
        events: 9,
        facts: 9,
    };
    let change = Transaction {
        marks: Some(later),
        ..add(vec![])
    };
    assert_eq!(lake.catalog.commit(change).await.unwrap(), snapshot);
    for back in [
        Marks {
            events: 8,
            facts: 9,
        },
        Marks {
            events: 20,
            facts: 8,
        },
    ] {
        let change = Transaction {
            marks: Some(back),
            ..add(vec![])
        };
        let error = lake.catalog.commit(change).await.unwrap_err();
        assert!(matches!(error, LakeError::Conflict(_)), "{error}");
    }
    let lake = lake.reopen().await;
    assert_eq!(lake.catalog.marks("main").await.unwrap(), later);
    assert_eq!(lake.catalog.marks("other").await.unwrap(), Marks::default());
}

fn dirty(conversation: &str, due_time: i64) -> Dirty {
    Dirty {
        conversation_id: conversation.to_owned(),
        segment_from: 1,
        segment_to: 2,
        due_time,
        reason: "late event".to_owned(),
    }
}

fn carry(conversation: &str, at_time: i64, carry: &[u8]) -> Carry {
    Carry {
        fact_set: "default@1".to_owned(),
        conversation_id: conversation.to_owned(),
        at_time,
        carry: carry.to_vec(),
    }
}

#[tokio::test]
async fn dirty_conversations_carries_and_fact_sets_are_kept() {
    let lake = Lake::new().await;
    let fact_set = |name: &str, role| FactSet {
        name: name.to_owned(),
        profile_toml: "x = 1".to_owned(),
        fold_version: 3,
        role,
        built_to: 17,
    };
    let next = FactSetRole::Next {
        replaces: "one".to_owned(),
    };
    let change = Transaction {
        dirty_add: vec![dirty("b", 20), dirty("a", 30)],
        carries_add: vec![
            carry("a", 10, b"one"),
            carry("a", 20, b"two"),
            carry("a", 30, b"three"),
        ],
        fact_sets: vec![
            fact_set("gone", FactSetRole::Additional),
            fact_set("one", FactSetRole::Active),
            fact_set("two", next.clone()),
            fact_set("zero", FactSetRole::Kept),
        ],
        ..add(vec![])
    };
    lake.catalog.commit(change).await.unwrap();
    let change = Transaction {
        fact_sets_remove: vec!["gone".to_owned()],
        ..add(vec![])
    };
    lake.catalog.commit(change).await.unwrap();
    let lake = lake.reopen().await;
    let catalog = &lake.catalog;
    assert_eq!(
        catalog.dirty("main").await.unwrap(),
        [dirty("b", 20), dirty("a", 30)]
    );
    assert_eq!(
        catalog.fact_sets("main").await.unwrap(),
        [
            fact_set("one", FactSetRole::Active),
            fact_set("two", next),
            fact_set("zero", FactSetRole::Kept),
        ]
    );
    let carries = async |time| {
        let wanted = [("a", time), ("absent", time)];
        catalog.carries("main", "default@1", &wanted).await.unwrap()
    };
    // The last two before a time, and all after.
    let [one, two, three] = [
        carry("a", 10, b"one"),
        carry("a", 20, b"two"),
        carry("a", 30, b"three"),
    ];
    let all = [one.clone(), two.clone(), three.clone()];
    for (time, wanted) in [(9, &all[..]), (30, &all), (31, &all[1..])] {
        assert_eq!(carries(time).await, wanted, "around {time}");
    }

    let change = Transaction {
        dirty_remove: vec!["b".to_owned(), "a".to_owned()],
        dirty_add: vec![dirty("a", 40)],
        carries_remove: vec![("default@1".to_owned(), "a".to_owned(), 20)],
        ..add(vec![])
    };
    catalog.commit(change).await.unwrap();
    assert_eq!(catalog.dirty("main").await.unwrap(), [dirty("a", 40)]);
    assert_eq!(carries(99).await, [one]);

    // A set that is taken away takes its carries with it.
    let change = Transaction {
        fact_sets_remove: vec!["default@1".to_owned()],
        ..add(vec![])
    };
    catalog.commit(change).await.unwrap();
    assert_eq!(carries(99).await, []);
}

#[tokio::test]
async fn workspaces_have_names_and_nothing_in_common() {
    let lake = Lake::new().await;
    let catalog = &lake.catalog;
    catalog.create_workspace("acme_2", NOW).await.unwrap();
    catalog.create_workspace("acme_2", NOW).await.unwrap();
    assert_eq!(catalog.workspaces(), ["acme_2", "main"]);
    let too_long = "a".repeat(64);
    for name in [
        "",
        "Acme",
        "2b",
        "a-b",
        "a b",
        "é",
        "pg_catalog",
        "../x",
        &too_long,
    ] {
        let error = catalog.create_workspace(name, NOW).await.unwrap_err();
        assert!(
            matches!(error, LakeError::WorkspaceName(_)),
            "{name}: {error}"
        );
    }
    let file = lake.file_of(
        "acme_2",
        Table::Events,
        &events(Table::Events, 0..10),
        DAY,
        0,
    );
    let change = Transaction {
        workspace: "acme_2".to_owned(),
        ..add(vec![file])
    };
    catalog.commit(change).await.unwrap();
    assert!(ids(&lake, Table::Events, None).await.is_empty());
    let of_acme = catalog
        .live_files("acme_2", Table::Events, None, None, None)
        .await
        .unwrap();
    assert_eq!(of_acme.len(), 1);
    // A change of one workspace cannot end a file of another.
    let change = Transaction {
        end: vec![of_acme[0].id],
        ..add(vec![])
    };
    let error = catalog.commit(change).await.unwrap_err();
    assert!(matches!(error, LakeError::Conflict(_)), "{error}");
    let change = Transaction {
        workspace: "nobody".to_owned(),
        ..add(vec![])
    };
    let error = catalog.commit(change).await.unwrap_err();
    assert!(matches!(error, LakeError::UnknownWorkspace(_)), "{error}");
    let lake = lake.reopen().await;
    assert_eq!(lake.catalog.workspaces(), ["acme_2", "main"]);
}

/// What the catalog says of a column of the workspace's events as a whole.
async fn table_statistics(lake: &Lake, column: &str) -> Option<(bool, String, String)> {
    use sqlx::ConnectOptions;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(lake.database());
    let mut connection = options.connect().await.unwrap();
    sqlx::query_as(
        "SELECT contains_null, coalesce(min_value, '-'), coalesce(max_value, '-') \
         FROM ducklake_table_column_stats JOIN ducklake_column USING (table_id, column_id) \
         JOIN ducklake_table USING (table_id) WHERE table_name = 'events' AND column_name = ?1",
    )
    .bind(column)
    .fetch_optional(&mut connection)
    .await
    .unwrap()
}

#[tokio::test]
async fn statistics_of_a_table_cover_all_files_across_restarts() {
    let range = |low: f64, high: f64, nulls| Some((nulls, format!("{low:?}"), format!("{high:?}")));
    let lake = Lake::new().await;
    assert_eq!(table_statistics(&lake, "confidence").await, None);
    let file = lake.file(Table::Events, &events(Table::Events, 80..160), DAY, 0);
    lake.add(vec![file]).await;
    let statistics = table_statistics(&lake, "confidence").await;
    assert_eq!(statistics, range(10.0, 159.0 / 8.0, false));
    let lake = lake.reopen().await;
    let file = lake.file(Table::Events, &events(Table::Events, 8..16), DAY, 0);
    lake.add(vec![file]).await;
    let statistics = table_statistics(&lake, "confidence").await;
    assert_eq!(statistics, range(1.0, 159.0 / 8.0, false));
    // A column without values has no row, so that bounds begin with its first values; the rows
    // before them lack it.
    assert_eq!(table_statistics(&lake, "bot").await, None);
    let lake = lake.reopen().await;
    let mut builder = upshot_lake::schema::BatchBuilder::new(Table::Events);
    let event = upshot_core::Event {
        bot: Some("b".into()),
        ..crate::common::event(500)
    };
    builder.push(&event, DAY, 0);
    let file = lake.file(Table::Events, &builder.finish().unwrap(), DAY, 0);
    lake.add(vec![file]).await;
    let statistics = table_statistics(&lake, "bot").await;
    assert_eq!(statistics, Some((true, "b".to_owned(), "b".to_owned())));
    let statistics = table_statistics(&lake, "user_id").await;
    assert_eq!(statistics, Some((false, "-".to_owned(), "-".to_owned())));
}

/// The file system, with a list of what made something durable.
#[derive(Debug, Clone, Default)]
struct Recorded(Arc<Mutex<Vec<(&'static str, PathBuf)>>>);

impl Recorded {
    fn note(&self, what: &'static str, path: &Path) {
        self.0.lock().unwrap().push((what, path.to_path_buf()));
    }
    fn position(&self, what: &str, path: &Path) -> usize {
        let steps = self.0.lock().unwrap();
        let found = steps
            .iter()
            .rposition(|(step, at)| *step == what && at == path);
        found.unwrap_or_else(|| panic!("no {what} of {path:?} among {steps:#?}"))
    }
}

struct RecordedWrite(Box<dyn FileWrite>, Recorded, PathBuf);

impl io::Write for RecordedWrite {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.1.note("write", &self.2);
        self.0.write(data)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl FileWrite for RecordedWrite {
    fn sync(&mut self) -> io::Result<()> {
        self.1.note("sync", &self.2);
        self.0.sync()
    }
    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        self.0.truncate(bytes)
    }
}

impl Files for Recorded {
    fn create(&self, path: &Path) -> io::Result<Box<dyn FileWrite>> {
        let file = DiskFiles.create(path)?;
        let file = RecordedWrite(file, self.clone(), path.to_path_buf());
        Ok(Box::new(file))
    }
    fn append(&self, path: &Path) -> io::Result<Box<dyn FileWrite>> {
        DiskFiles.append(path)
    }
    fn open(&self, path: &Path) -> io::Result<Arc<dyn FileRead>> {
        DiskFiles.open(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.note("rename", to);
        DiskFiles.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        DiskFiles.remove(path)
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.note("sync_dir", path);
        DiskFiles.sync_dir(path)
    }
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.note("create_dir", path);
        DiskFiles.create_dir(path)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        DiskFiles.list(path)
    }
    fn exists(&self, path: &Path) -> bool {
        DiskFiles.exists(path)
    }
}

#[tokio::test]
async fn files_and_their_names_are_durable_before_the_commit() {
    let folder = tempfile::tempdir().unwrap();
    let files = Recorded::default();
    let catalog = Catalog::open(
        Arc::new(files.clone()),
        &folder.path().join("lake.sqlite"),
        &folder.path().join("files"),
        NOW,
    )
    .await
    .unwrap();
    catalog.create_workspace("main", NOW).await.unwrap();
    let table_dir = catalog.table_dir("main", Table::Events);
    let parent = table_dir.parent().unwrap();
    let made = files.position("create_dir", &table_dir);
    assert!(files.position("sync_dir", parent) > made);

    let (name, path) = catalog.new_file("main", Table::Events, DAY, 0);
    let ids = catalog.field_ids("main", Table::Events).unwrap();
    let batch = events(Table::Events, 0..10);
    let info = write(&files, &path, Table::Events, &ids, [&batch]).unwrap();
    let temporary = path.with_extension("parquet.new");
    let synced = files.position("sync", &temporary);
    assert!(files.position("write", &temporary) < synced);
    let renamed = files.position("rename", &path);
    assert!(synced < renamed);
    let file = upshot_lake::catalog::NewFile {
        table: Table::Events,
        name,
        info,
        day: DAY,
        bucket: 0,
        fact_set: String::new(),
    };
    catalog.commit(add(vec![file])).await.unwrap();
    assert!(renamed < files.position("sync_dir", &table_dir));
}
