//! What the catalog costs as the lake grows. Measures, and so is not run with the other tests:
//! `cargo test -p upshot-lake --test it catalog_cost -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use upshot_lake::Table;
use upshot_lake::catalog::{NewFile, Transaction};

use crate::common::{Lake, NOW, add, events};

const FILES_A_COMMIT: i32 = 10;
const COMMITS: i32 = 1000;

fn files(template: &NewFile, commit: i32) -> Vec<NewFile> {
    (0..FILES_A_COMMIT)
        .map(|bucket| NewFile {
            name: format!("{commit}-{bucket}.parquet"),
            day: commit % 365,
            bucket,
            ..template.clone()
        })
        .collect()
}

#[tokio::test]
#[ignore = "measures for a minute"]
async fn a_commit_costs_the_same_among_ten_thousand_files() {
    let lake = Lake::new().await;
    let template = lake.file(Table::Events, &events(Table::Events, 0..1000), 0, 0);
    let mut times: Vec<Duration> = Vec::new();
    for commit in 0..COMMITS {
        let begin = Instant::now();
        lake.add(files(&template, commit)).await;
        times.push(begin.elapsed());
    }
    let median = |times: &[Duration]| {
        let mut times = times.to_vec();
        times.sort_unstable();
        times[times.len() / 2]
    };
    let (first, last) = (median(&times[..100]), median(&times[900..]));
    println!("commit of 10 files: {first:?} among 1,000, {last:?} among 10,000");
    assert!(last < first * 3);

    let list = lake.catalog.file_list("main").unwrap();
    let all: Vec<i64> = list
        .files(Table::Events, None, None)
        .map(|file| file.id)
        .collect();
    assert_eq!(all.len(), 10_000);
    let begin = Instant::now();
    for (number, ended) in (COMMITS..).zip(all.chunks(10).take(100)) {
        let change = Transaction {
            end: ended.to_vec(),
            ..add(files(&template, number).split_off(9))
        };
        lake.catalog.commit(change).await.unwrap();
    }
    println!("replacing 10 files by 1: {:?}", begin.elapsed() / 100);
    let begin = Instant::now();
    let days = Some(100..128);
    let some = lake
        .catalog
        .live_files("main", Table::Events, None, days, None);
    println!(
        "{} files of 28 days: {:?}",
        some.await.unwrap().len(),
        begin.elapsed()
    );
    let begin = Instant::now();
    let lake = lake.reopen().await;
    println!("opening with 9,100 live files: {:?}", begin.elapsed());
    let begin = Instant::now();
    let expired = lake.catalog.expire_snapshots(NOW + 1, NOW).await.unwrap();
    println!("expiring {} files: {:?}", expired.len(), begin.elapsed());
    let bytes = std::fs::metadata(lake.database()).unwrap().len();
    println!("database: {} bytes a file", bytes / 10_000);
}
