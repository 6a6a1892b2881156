//! What lies beside data files goes with them.

use std::path::PathBuf;

use upshot_lake::{Capture, DataFile, ErasureRequest, Lake, Table};

use crate::engine::{Bench, demo};

async fn captured(lake: &Lake) -> Capture {
    lake.capture("main", &Table::ALL).await.unwrap()
}

/// Puts something beside every live file, as queries do; gives where.
async fn put_beside(lake: &Lake) -> Vec<PathBuf> {
    let capture = captured(lake).await;
    let files = capture.tables.iter().flat_map(|part| &part.files);
    let paths: Vec<PathBuf> = files.map(DataFile::rollups).collect();
    for path in &paths {
        std::fs::write(path, "what a query found").unwrap();
    }
    paths
}

/// What of these stays that belongs to a live file, and what that belongs to none.
async fn left(lake: &Lake, paths: &[PathBuf]) -> (usize, usize) {
    let capture = captured(lake).await;
    let files = capture.tables.iter().flat_map(|part| &part.files);
    let live: Vec<PathBuf> = files.map(DataFile::rollups).collect();
    let there = paths.iter().filter(|path| path.exists());
    let (of_live, of_none): (Vec<_>, Vec<_>) = there.partition(|path| live.contains(path));
    (of_live.len(), of_none.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roll_ups_of_files_that_go_go_with_them() {
    let bench = Bench::new(2);
    let events = demo(120);
    let lake = bench.open().await;
    lake.append("main", &events).await.unwrap();
    lake.flush_and_seal().await.unwrap();
    let paths = put_beside(&lake).await;
    assert_eq!(left(&lake, &paths).await, (paths.len(), 0));
    // They belong there: nobody takes them for files that were left behind.
    let report = lake.verify(true).await.unwrap();
    assert_eq!(report.catalog.problems, []);

    let user = events.iter().find_map(|event| event.user_id.clone());
    let request = ErasureRequest {
        ids: vec![user.unwrap().into()],
        users: 1,
        by: "test".to_owned(),
        reason: "wish".to_owned(),
    };
    // One of a file that somebody else let go.
    let stray = paths[0].with_file_name("2026-01-01-000-ffff-1.rollups");
    std::fs::write(&stray, "of a file that is gone").unwrap();
    lake.erase("main", request).await.unwrap();
    let (of_live, of_none) = left(&lake, &paths).await;
    assert!(of_live < paths.len(), "no file was rewritten");
    assert_eq!((of_none, stray.exists()), (0, false));

    // What a crash leaves is removed at the next start; the others stay.
    std::fs::write(&stray, "of a file that is gone").unwrap();
    lake.close().await.unwrap();
    let lake = bench.open().await;
    assert_eq!(left(&lake, &paths).await, (of_live, 0));
    assert!(!stray.exists());
    lake.close().await.unwrap();
}
