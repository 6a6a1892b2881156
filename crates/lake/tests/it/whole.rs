//! What concerns a data directory as a whole: other profiles, verification, backup.

use upshot_lake::{Settings, Table};

use crate::engine::{Bench, assert_same, check, demo, expected, expected_by, sessions};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_profiles_make_all_facts_anew() {
    let bench = Bench::new(2);
    let events = demo(150);
    let lake = bench.open().await;
    lake.append("main", &events).await.unwrap();
    lake.flush().await.unwrap();
    let indigo = upshot_core::profile::built_in_text("indigo").unwrap();
    let settings = Settings::built_in()
        .unwrap()
        .with_profile(None, indigo)
        .unwrap();
    let wanted = expected_by(&settings, "main", &events, bench.now());
    assert!(lake.set_settings("main", settings).await.unwrap().builds);
    let capture = lake.capture("main", &Table::FACTS).await.unwrap();
    assert_same(&sessions(&capture), &wanted);
    assert!(capture.fact_set.starts_with("indigo@"));
    lake.close().await.unwrap();
    drop(lake);
    let lake = bench.open().await;
    assert_eq!(
        sessions(&lake.capture("main", &Table::FACTS).await.unwrap()).len(),
        wanted.len()
    );
    lake.set_settings("main", Settings::built_in().unwrap())
        .await
        .unwrap();
    check(&lake, &events, bench.now()).await;
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verify_finds_facts_that_the_events_do_not_give() {
    let bench = Bench::new(1);
    let events = demo(60);
    let lake = bench.open().await;
    lake.append("main", &events).await.unwrap();
    lake.flush_and_seal().await.unwrap();
    let report = lake.verify(true).await.unwrap();
    assert_eq!(report.catalog.problems, []);
    assert_eq!(report.facts, []);
    assert_eq!(
        report.sessions as usize,
        expected("main", &events, bench.now()).len()
    );
    lake.close().await.unwrap();
    drop(lake);
    // The facts are said to be made by other profiles than they were.
    let stored = Settings::built_in().unwrap().to_stored();
    let changed = stored.replace("default = \\\"30m\\\"", "default = \\\"31s\\\"");
    assert_ne!(stored, changed, "the time-out stands in the stored text");
    let catalog = bench.folder.path().join("data/lake.sqlite");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&catalog);
    let mut connection = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let name = Settings::built_in().unwrap().fact_set();
    sqlx::query("INSERT OR REPLACE INTO upshot_fact_set (workspace, name, profile_toml, fold_version, active) VALUES ('main', ?1, ?2, 1, 1)")
        .bind(&name)
        .bind(&changed)
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    let lake = bench.open().await;
    let report = lake.verify(true).await.unwrap();
    assert!(!report.facts.is_empty());
    lake.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_a_data_directory_of_its_own() {
    let bench = Bench::new(1);
    let events = demo(80);
    let lake = bench.open().await;
    lake.append("main", &events).await.unwrap();
    let target = bench.folder.path().join("backup");
    let report = lake.backup(&target).await.unwrap();
    assert!(report.files > 0);
    assert!(
        lake.backup(&target).await.is_err(),
        "the folder is not empty any more"
    );
    lake.close().await.unwrap();
    drop(lake);
    std::fs::remove_dir_all(bench.folder.path().join("data")).unwrap();
    let files = upshot_lake::files::DiskFiles;
    upshot_lake::engine::restore(&files, &target, &bench.folder.path().join("data")).unwrap();
    let lake = bench.open().await;
    check(&lake, &events, bench.now()).await;
    let report = lake.verify(true).await.unwrap();
    assert_eq!(report.catalog.problems, []);
    lake.close().await.unwrap();
}
