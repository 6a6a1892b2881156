//! One session is found by its id, and next to nothing is read for it.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::ParquetMetaData;
use upshot_core::time::day_of;
use upshot_core::{Event, Session};
use upshot_demo::{DemoOptions, generate};
use upshot_lake::{Capture, DataFile, Lake, LakeOptions, Table};
use upshot_metrics::sessions::times_of;
use upshot_metrics::{EnvironmentChoice, SessionDetail, SessionQuery};

use crate::facts::instant;
use crate::worked::engine;

const END: &str = "2026-03-29T00:00:00Z";

pub async fn filled(folder: &Path) -> (Lake, Capture) {
    let options = DemoOptions {
        conversations: 300,
        days: 30,
        ..DemoOptions::until(instant(END))
    };
    let events: Vec<Event> = generate(&options).flatten().collect();
    let mut options = LakeOptions::new(folder, Arc::new(|| instant(END)));
    options.buckets = 1;
    let lake = Lake::open(options).await.unwrap();
    lake.append("main", &events).await.unwrap();
    lake.flush_and_seal().await.unwrap();
    let capture = lake.capture("main", &Table::ALL).await.unwrap();
    (lake, capture)
}

pub fn files(capture: &Capture, table: Table) -> &[DataFile] {
    &capture.table(table).unwrap().files
}

/// A day in the middle, whose sessions and all that belongs to them lie in one file of each table, and these sessions.
async fn of_one_day(lake: &Lake, capture: &Capture) -> (i32, Vec<(SessionDetail, Vec<Event>)>) {
    let days: BTreeSet<i32> = files(capture, Table::Sessions)
        .iter()
        .map(|file| file.day)
        .collect();
    assert!(days.len() > 20, "{days:?}");
    let day = *days.iter().nth(days.len() / 2).unwrap();
    let query = SessionQuery {
        environment: EnvironmentChoice::All,
        limit: Some(1_000),
        now: instant(END),
        ..SessionQuery::default()
    };
    let engine = engine();
    let listed: Vec<Session> = engine.sessions(&query, capture).await.unwrap();
    let mut all = Vec::new();
    for session in listed
        .iter()
        .filter(|session| day_of(session.start_time) == day)
    {
        let found = engine
            .session(&session.session_id, capture)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.0, *session);
        let times = times_of(&found);
        if day_of(*times.end()) == day {
            let id = &session.conversation_id;
            let mut events = lake.conversation("main", id).await.unwrap();
            events.retain(|event| times.contains(&event.time));
            assert!(!events.is_empty());
            all.push((found, events));
        }
    }
    assert!(all.len() > 3, "{}", all.len());
    (day, all)
}

fn metadata(path: &Path) -> Arc<ParquetMetaData> {
    let file = File::open(path).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    Arc::clone(builder.metadata())
}

/// Overwrites the values of columns of a file: whoever reads them fails.
pub fn damage(path: &Path, is_damaged: impl Fn(&str) -> bool) {
    let metadata = metadata(path);
    let file = File::options().write(true).open(path).unwrap();
    for group in metadata.row_groups() {
        for column in group.columns() {
            if is_damaged(&column.column_path().string()) {
                let (start, length) = column.byte_range();
                let nothing = vec![0xff; usize::try_from(length).unwrap()];
                file.write_all_at(&nothing, start).unwrap();
            }
        }
    }
}

async fn check(capture: &Capture, expected: &[(SessionDetail, Vec<Event>)]) {
    let engine = engine();
    for (detail, _) in expected {
        let found = engine.session(&detail.0.session_id, capture).await.unwrap();
        assert_eq!(found.as_ref(), Some(detail));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_its_own_files_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, capture) = filled(folder.path()).await;
    let (day, expected) = of_one_day(&lake, &capture).await;
    for file in files(&capture, Table::Sessions) {
        if file.day != day {
            // What the filter for ids is asked is left, and the end of the file.
            damage(&file.path, |_| true);
        }
    }
    for table in [Table::Messages, Table::Steps, Table::Events, Table::Texts] {
        for file in files(&capture, table).iter().filter(|file| file.day != day) {
            std::fs::remove_file(&file.path).unwrap();
        }
    }
    check(&capture, &expected).await;
    for (detail, events) in &expected {
        let id = &detail.0.conversation_id;
        let found = lake.conversation_between("main", id, times_of(detail));
        assert_eq!(found.await.unwrap(), *events);
    }
    // That nothing else is read is not because nothing could fail.
    let query = SessionQuery {
        environment: EnvironmentChoice::All,
        now: instant(END),
        ..SessionQuery::default()
    };
    assert!(engine().sessions(&query, &capture).await.is_err());
    lake.close().await.unwrap();
}

/// As it was before, without a filter for ids.
fn without_filters(file: &mut DataFile) {
    let reader = File::open(&file.path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(reader).unwrap();
    let path = file.path.with_extension("plain");
    let output = File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(output, Arc::clone(reader.schema()), None).unwrap();
    for batch in reader.build().unwrap() {
        writer.write(&batch.unwrap()).unwrap();
    }
    writer.close().unwrap();
    file.bytes = std::fs::metadata(&path).unwrap().len();
    file.path = path;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_filters_the_ids_alone_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, mut capture) = filled(folder.path()).await;
    let (day, expected) = of_one_day(&lake, &capture).await;
    for table in &mut capture.tables {
        if Table::FACTS.contains(&table.table) {
            table.files.iter_mut().for_each(without_filters);
        }
    }
    for file in files(&capture, Table::Sessions) {
        let filters = metadata(&file.path);
        let mut columns = filters
            .row_groups()
            .iter()
            .flat_map(|group| group.columns());
        assert!(columns.all(|column| column.bloom_filter_offset().is_none()));
        if file.day != day {
            damage(&file.path, |column| column != "session_id");
        }
    }
    check(&capture, &expected).await;
    lake.close().await.unwrap();
}
