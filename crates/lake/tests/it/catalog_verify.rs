//! `verify` finds each kind of planted damage, and nothing in a lake that is well.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use upshot_lake::Table;
use upshot_lake::catalog::{MergePolicy, NewFile, Problem, ProblemKind, Report, Transaction};
use upshot_lake::files::DiskFiles;
use upshot_lake::parquet_files::{FileCache, write};

use crate::common::{DAY, Lake, NOW, add, events, execute, paths, sessions, without_column};

async fn filled() -> Lake {
    let lake = Lake::new().await;
    lake.catalog.create_workspace("acme", NOW).await.unwrap();
    lake.add(vec![
        lake.file(Table::Events, &events(Table::Events, 0..100), DAY, 0),
        lake.file(Table::Events, &events(Table::Events, 100..200), DAY, 0),
        lake.file(Table::Texts, &events(Table::Texts, 0..100), DAY, 0),
        lake.file(Table::Sessions, &sessions(0..10, DAY, 0), DAY, 0),
        lake.file(Table::Sessions, &sessions(10..20, DAY + 1, 0), DAY + 1, 0),
    ])
    .await;
    // The same ids in another workspace are other ids.
    let file = lake.file_of("acme", Table::Events, &events(Table::Events, 0..10), DAY, 0);
    let change = Transaction {
        workspace: "acme".to_owned(),
        ..add(vec![file])
    };
    lake.catalog.commit(change).await.unwrap();
    lake
}

async fn verify(lake: &Lake) -> Report {
    lake.catalog.verify(&lake.cache, None).await.unwrap()
}

fn kinds(report: &Report) -> Vec<ProblemKind> {
    let mut kinds: Vec<_> = report.problems.iter().map(|problem| problem.kind).collect();
    kinds.dedup();
    kinds
}

#[track_caller]
fn assert_found(report: &Report, kind: ProblemKind, detail: &str) {
    let found = |problem: &Problem| problem.kind == kind && problem.to_string().contains(detail);
    assert!(
        report.problems.iter().any(found),
        "{kind:?} «{detail}» is not among {:#?}",
        report.problems
    );
}

#[tokio::test]
async fn a_lake_that_is_well_has_no_problems() {
    let lake = filled().await;
    let report = verify(&lake).await;
    assert_eq!(report.problems, []);
    assert_eq!((report.files, report.rows), (6, 330));

    let policy = MergePolicy {
        files: 2,
        ..MergePolicy::default()
    };
    for group in lake.catalog.merge_plan("main", &policy).unwrap() {
        let merged = lake
            .catalog
            .merge_files(&lake.cache, "main", &group)
            .unwrap();
        let result = lake.catalog.commit_merge("main", &group, merged, NOW);
        result.await.unwrap();
    }
    assert_eq!(paths(&lake, Table::Events).len(), 1);
    let report = verify(&lake).await;
    assert_eq!(report.problems, []);
    assert_eq!((report.files, report.rows), (7, 330));
    let expired = lake.catalog.expire_snapshots(NOW + 1, NOW).await.unwrap();
    assert_eq!(expired.len(), 2);
    // Until they are removed, the files are known.
    assert_eq!(verify(&lake).await.problems, []);
    let lake = lake.reopen().await;
    assert_eq!(lake.catalog.expired_files().await.unwrap(), expired);
    for file in &expired {
        fs::remove_file(&file.path).unwrap();
    }
    let ids: Vec<i64> = expired.iter().map(|file| file.id).collect();
    lake.catalog.forget_files(&ids).await.unwrap();
    assert_eq!(verify(&lake).await.problems, []);
    assert_eq!(lake.catalog.expired_files().await.unwrap(), []);
}

#[tokio::test]
async fn a_snapshot_stays_for_a_while_after_the_next_one_however_old_it_is() {
    let lake = filled().await;
    let ended: Vec<i64> = {
        let list = lake.catalog.file_list("main").unwrap();
        list.files(Table::Events, None, None)
            .map(|file| file.id)
            .collect()
    };
    let hour = 3_600_000_000;
    let later = NOW + 24 * hour;
    let change = Transaction {
        end: ended.clone(),
        now: later,
        ..add(Vec::new())
    };
    lake.catalog.commit(change).await.unwrap();
    // Who asked a moment before the change still reads them.
    for older_than in [NOW + 1, later - hour, later] {
        let expired = lake.catalog.expire_snapshots(older_than, later).await;
        assert_eq!(expired.unwrap(), [], "{older_than}");
    }
    let expired = lake.catalog.expire_snapshots(later + 1, later + hour).await;
    let expired: Vec<i64> = expired.unwrap().iter().map(|file| file.id).collect();
    assert_eq!(expired, ended);
}

#[tokio::test]
async fn every_flipped_byte_is_found() {
    let lake = filled().await;
    let path = &paths(&lake, Table::Texts)[0];
    let content = fs::read(path).unwrap();
    for position in (0..content.len()).step_by(97) {
        let mut damaged = content.clone();
        damaged[position] ^= 0x10;
        fs::write(path, damaged).unwrap();
        assert_found(&verify(&lake).await, ProblemKind::Checksum, "texts");
    }
    fs::write(path, content).unwrap();
    assert_eq!(verify(&lake).await.problems, []);
}

#[tokio::test]
async fn files_that_are_cut_gone_or_strange_are_found() {
    let lake = filled().await;
    let events = paths(&lake, Table::Events);
    let content = fs::read(&events[0]).unwrap();
    fs::write(&events[0], &content[..content.len() / 2]).unwrap();
    fs::remove_file(&events[1]).unwrap();
    let orphan = events[0].with_file_name("left-behind.parquet.new");
    fs::write(&orphan, "x").unwrap();
    let report = verify(&lake).await;
    assert_found(&report, ProblemKind::Size, "where the catalog says");
    assert_found(&report, ProblemKind::Checksum, "");
    assert_found(&report, ProblemKind::Unreadable, "");
    assert_found(&report, ProblemKind::MissingFile, "it is not there");
    assert_found(&report, ProblemKind::Orphan, "left-behind");
    assert_eq!(lake.catalog.orphans().await.unwrap(), [orphan]);
}

#[tokio::test]
async fn wrong_rows_of_the_catalog_are_found() {
    use ProblemKind::{Catalog, Footer, Partition, RowCount, Snapshot, Statistics};
    let file = "(SELECT min(data_file_id) FROM ducklake_data_file)";
    let column = |name: &str| {
        format!(
            "data_file_id = {file} AND column_id = \
             (SELECT column_id FROM ducklake_column WHERE column_name = '{name}' AND table_id = \
               (SELECT table_id FROM ducklake_data_file WHERE data_file_id = {file}))"
        )
    };
    let statistics = |change: &str, name: &str| {
        format!(
            "UPDATE ducklake_file_column_stats SET {change} WHERE {}",
            column(name)
        )
    };
    let data_file = |change: &str| {
        format!("UPDATE ducklake_data_file SET {change} WHERE data_file_id = {file}")
    };
    let partition = |change: &str, index: i64| {
        format!(
            "UPDATE ducklake_file_partition_value SET {change} \
             WHERE data_file_id = {file} AND partition_key_index = {index}"
        )
    };
    let Lake {
        folder, catalog, ..
    } = filled().await;
    catalog.close().await.unwrap();
    let original = folder.path().to_path_buf();
    let table_statistics = "UPDATE ducklake_table_column_stats SET";
    for (statement, kind, detail) in [
        (data_file("record_count = 99"), RowCount, "footer says 100"),
        (data_file("record_count = 99"), RowCount, "has 100 rows"),
        (
            data_file("file_size_bytes = 1"),
            ProblemKind::Size,
            "says 1",
        ),
        (data_file("footer_size = 1"), Footer, "says 1"),
        (data_file("begin_snapshot = 99"), Snapshot, "not there yet"),
        (
            data_file("end_snapshot = 1"),
            Snapshot,
            "it ends with snapshot 1",
        ),
        (
            data_file("path = 'x.parquet'"),
            ProblemKind::MissingFile,
            "x.parquet",
        ),
        (data_file("path = 'x.parquet'"), ProblemKind::Orphan, ""),
        (
            statistics("min_value = 'e0'", "event_id"),
            Statistics,
            "`event_id`: its smallest",
        ),
        (
            statistics("max_value = '3.0'", "confidence"),
            Statistics,
            "`confidence`: its smallest",
        ),
        (
            statistics("min_value = NULL", "confidence"),
            Statistics,
            "`confidence`: its smallest",
        ),
        (
            statistics("null_count = 1", "time"),
            Statistics,
            "`time`: it has 100 values",
        ),
        (
            statistics("value_count = 1", "unmatched"),
            Statistics,
            "`unmatched`: it has 100",
        ),
        (
            statistics("contains_nan = 1", "confidence"),
            Statistics,
            "not a number",
        ),
        (
            statistics("min_value = 'secret-user-0', max_value = 'z'", "user_id"),
            ProblemKind::Private,
            "`user_id`",
        ),
        (
            format!(
                "DELETE FROM ducklake_file_column_stats WHERE {}",
                column("channel")
            ),
            Statistics,
            "`channel`: its statistics are missing",
        ),
        (
            partition("partition_value = '2020-01-01'", 0),
            Partition,
            "100 rows belong",
        ),
        (
            partition("partition_value = '7'", 1),
            Partition,
            "100 rows belong",
        ),
        (partition("partition_value = 'seven'", 1), Catalog, "bucket"),
        (
            "DELETE FROM upshot_file".to_owned(),
            Catalog,
            "checksum is missing",
        ),
        (
            "INSERT INTO ducklake_file_partition_value VALUES (99, 1, 0, 'x')".to_owned(),
            Catalog,
            "partition of data file 99",
        ),
        (
            "DELETE FROM ducklake_snapshot WHERE snapshot_id = 1".to_owned(),
            Snapshot,
            "the one before it is missing",
        ),
        (
            "UPDATE ducklake_snapshot SET next_file_id = 1".to_owned(),
            Snapshot,
            "the next file",
        ),
        (
            "UPDATE ducklake_snapshot SET next_catalog_id = 1".to_owned(),
            Snapshot,
            "the next table",
        ),
        (
            "UPDATE ducklake_table_stats SET record_count = 1".to_owned(),
            ProblemKind::TableStatistics,
            "it has 1 rows",
        ),
        (
            format!("{table_statistics} contains_null = 0"),
            ProblemKind::TableStatistics,
            "missing values",
        ),
        (
            format!("{table_statistics} max_value = min_value"),
            ProblemKind::TableStatistics,
            "outside its bounds",
        ),
    ] {
        let lake = copy(&original).await;
        execute(&lake, &statement).await;
        let report = verify(&lake).await;
        assert_found(&report, kind, detail);
    }
}

/// A closed lake opened again in another folder.
async fn copy(original: &Path) -> Lake {
    let folder = tempfile::tempdir().unwrap();
    let mut open = vec![original.to_path_buf()];
    while let Some(path) = open.pop() {
        let target = folder.path().join(path.strip_prefix(original).unwrap());
        if path.is_dir() {
            fs::create_dir_all(&target).unwrap();
            open.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
    Lake {
        catalog: crate::common::open(&folder).await,
        folder,
        cache: FileCache::new(Arc::new(DiskFiles), 1 << 20),
    }
}

/// Writes a file of the workspace `main` without sorting.
fn unsorted(lake: &Lake, table: Table, batch: &arrow::array::RecordBatch) -> NewFile {
    let sorted = lake.file(table, batch, DAY, 0);
    let path = lake.catalog.table_dir("main", table).join(&sorted.name);
    fs::remove_file(&path).unwrap();
    let ids = lake.catalog.field_ids("main", table).unwrap();
    NewFile {
        info: write(&DiskFiles, &path, table, &ids, [batch]).unwrap(),
        ..sorted
    }
}

#[tokio::test]
async fn rows_that_are_twice_or_not_sorted_or_elsewhere_are_found() {
    let lake = filled().await;
    let again = lake.file(Table::Events, &events(Table::Events, 150..160), DAY, 0);
    let session = lake.file(Table::Sessions, &sessions(5..6, DAY + 1, 0), DAY + 1, 0);
    let shuffled = unsorted(&lake, Table::Events, &events(Table::Events, [301, 300]));
    let mut elsewhere = lake.file(Table::Sessions, &sessions(40..43, DAY, 1), DAY, 1);
    elsewhere.fact_set = "other@1".to_owned();
    lake.add(vec![again, session, shuffled, elsewhere]).await;
    let report = verify(&lake).await;
    assert_found(
        &report,
        ProblemKind::Duplicate,
        "10 ids are there twice, as `e000150`",
    );
    assert_found(
        &report,
        ProblemKind::Duplicate,
        "1 ids are there twice, as `s00005`",
    );
    assert_found(&report, ProblemKind::Unsorted, "");
    assert_found(&report, ProblemKind::Partition, "3 rows belong");
    use ProblemKind::{Duplicate, Partition, Unsorted};
    assert_eq!(kinds(&report), [Unsorted, Partition, Duplicate]);
}

#[tokio::test]
async fn a_missing_column_is_found_unless_it_is_newer_than_the_file() {
    let lake = filled().await;
    without_column(&paths(&lake, Table::Events)[0], "confidence");
    assert_found(
        &verify(&lake).await,
        ProblemKind::MissingColumn,
        "lacks the column `confidence`",
    );
    execute(
        &lake,
        "UPDATE ducklake_column SET begin_snapshot = 99 WHERE column_name = 'confidence'",
    )
    .await;
    let report = verify(&lake).await;
    assert!(!kinds(&report).contains(&ProblemKind::MissingColumn));
}
