//! Exports hold little of what they export.

use std::sync::Arc;
use std::time::Duration;

use upshot_core::Event;
use upshot_demo::{DemoOptions, generate};
use upshot_lake::{Lake, LakeOptions, Table};
use upshot_metrics::export::Part;
use upshot_metrics::{EnvironmentChoice, ExportQuery, ExportTable, RowFormat};

use crate::facts::instant;
use crate::worked::engine;

const END: &str = "2026-03-29T00:00:00Z";

/// What is exported is read as it is taken: a part holds rows of one file at most, and files that come much later are
/// not looked at before. So memory does not grow with the number of files.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_reads_no_further_than_what_is_taken() {
    let options = DemoOptions {
        conversations: 300,
        days: 40,
        ..DemoOptions::until(instant(END))
    };
    let events: Vec<Event> = generate(&options).flatten().collect();
    let folder = tempfile::tempdir().unwrap();
    let mut options = LakeOptions::new(folder.path(), Arc::new(|| instant(END)));
    options.buckets = 1;
    let lake = Lake::open(options).await.unwrap();
    lake.append("main", &events).await.unwrap();
    lake.flush_and_seal().await.unwrap();
    let capture = Arc::new(lake.capture("main", &Table::ALL).await.unwrap());
    for (table, rows) in [
        (ExportTable::Sessions, Table::Sessions),
        (ExportTable::Messages, Table::Messages),
        (ExportTable::Steps, Table::Steps),
        (ExportTable::Events, Table::Events),
    ] {
        let files = &capture.table(rows).unwrap().files;
        let largest = files.iter().map(|file| file.rows).max().unwrap();
        let last = files.iter().max_by_key(|file| (file.day, file.id)).unwrap();
        assert!(files.len() > 20, "{table}: {}", files.len());
        let asked = ExportQuery {
            format: Some(RowFormat::Arrow),
            environment: EnvironmentChoice::All,
            ..ExportQuery::default()
        };
        let engine = engine();
        let export = engine.export(table, &asked, Arc::clone(&capture));
        let mut export = export.await.unwrap();
        let mut written = 0;
        let mut check = |part: &Part| {
            assert!(part.progress.written - written <= largest, "{table}");
            written = part.progress.written;
        };
        check(&export.next().await.unwrap().unwrap());
        // Time enough to read all of it for whoever does not wait.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let away = last.path.with_extension("away");
        std::fs::rename(&last.path, &away).unwrap();
        let ended = loop {
            match export.next().await {
                Ok(Some(part)) => check(&part),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        assert!(ended.is_err(), "{table}: the last file was read ahead");
        std::fs::rename(&away, &last.path).unwrap();
    }
    lake.close().await.unwrap();
}
