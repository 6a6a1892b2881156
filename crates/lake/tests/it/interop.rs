//! DuckDB's own client reads what the lake wrote.
//!
//! The environment variable `UPSHOT_INTEROP_PYTHON` names a Python that has the packages of
//! `tests/interop/requirements.txt`; `cargo xtask test` sets it. Without it these tests say that they
//! are skipped.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use upshot_lake::Table;
use upshot_lake::catalog::{MergePolicy, NewFile, Transaction};

use crate::common::{DAY, Lake, NOW, add, events, sessions};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The rows of each statement, or none where there is no Python to ask.
fn ask(lake: &Lake, statements: &[String]) -> Option<Vec<Value>> {
    let Ok(python) = std::env::var("UPSHOT_INTEROP_PYTHON") else {
        eprintln!("skipped: UPSHOT_INTEROP_PYTHON is not set");
        return None;
    };
    let output = Command::new(python)
        .arg(repository().join("tests/interop/ducklake.py"))
        .arg(lake.folder.path())
        .args(statements)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    Some(
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

#[track_caller]
fn check(lake: &Lake, expected: &[(&str, Value)]) {
    let statements: Vec<String> = expected.iter().map(|(sql, _)| (*sql).to_owned()).collect();
    let Some(answers) = ask(lake, &statements) else {
        return;
    };
    assert_eq!(answers.len(), expected.len());
    for ((sql, value), answer) in expected.iter().zip(answers) {
        assert_eq!(&answer, value, "{sql}");
    }
}

fn two_days(lake: &Lake) -> Vec<NewFile> {
    vec![
        lake.file(Table::Events, &events(Table::Events, 0..100), DAY, 0),
        lake.file(Table::Events, &events(Table::Events, 100..300), DAY, 0),
        lake.file(Table::Texts, &events(Table::Texts, 0..300), DAY, 0),
        lake.file(Table::Sessions, &sessions(0..30, DAY, 0), DAY, 0),
        lake.file(Table::Sessions, &sessions(30..50, DAY + 1, 1), DAY + 1, 1),
    ]
}

#[tokio::test]
async fn counts_sums_maps_and_texts_are_the_same() {
    let lake = Lake::new().await;
    lake.catalog.create_workspace("acme", NOW).await.unwrap();
    lake.add(two_days(&lake)).await;
    let file = lake.file_of("acme", Table::Events, &events(Table::Events, 0..7), DAY, 0);
    let change = Transaction {
        workspace: "acme".to_owned(),
        ..add(vec![file])
    };
    lake.catalog.commit(change).await.unwrap();
    let seconds: i64 = (0..300).sum();
    check(
        &lake,
        &[
            (
                "SELECT count(*) AS n, count(DISTINCT event_id) AS ids, sum(confidence) AS c, \
                 sum(epoch(time) - 1728000000)::BIGINT AS t, count_if(unmatched) AS u FROM lake.events",
                json!([{"n": 300, "ids": 300, "c": seconds as f64 / 8.0, "t": seconds, "u": 100}]),
            ),
            (
                "SELECT attributes['plan'] AS plan, count(*) AS n FROM lake.events \
                 WHERE attributes['plan'] = 'secret-attribute-3' GROUP BY ALL",
                json!([{"plan": "secret-attribute-3", "n": 21}]),
            ),
            (
                "SELECT text FROM lake.texts WHERE event_id = 'e000123'",
                json!([{"text": "secret-text-123"}]),
            ),
            (
                "SELECT day, bucket, fact_set, count(*) AS n FROM lake.sessions GROUP BY ALL ORDER BY day",
                json!([
                    {"day": "2024-10-04", "bucket": 0, "fact_set": "default@1", "n": 30},
                    {"day": "2024-10-05", "bucket": 1, "fact_set": "default@1", "n": 20},
                ]),
            ),
            (
                "SELECT count(*) AS n FROM lake.acme.events",
                json!([{"n": 7}]),
            ),
            ("SELECT count(*) AS n FROM lake.messages", json!([{"n": 0}])),
            (
                "SELECT max(confidence) AS c, min(event_id) AS e, count(bot) AS b FROM lake.events \
                 WHERE user_id = 'secret-user-20'",
                json!([{"c": 209.0 / 8.0, "e": "e000200", "b": 0}]),
            ),
        ],
    );
}

#[tokio::test]
async fn filters_leave_files_unread() {
    let lake = Lake::new().await;
    lake.add(two_days(&lake)).await;
    let read = |sql: &str| {
        let plan = ask(&lake, &[format!("EXPLAIN ANALYZE {sql}")])?;
        let plan = plan[0][0]["explain_value"].as_str().unwrap().to_owned();
        let (_, rest) = plan.split_once("Total Files Read: ")?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        Some(digits.parse::<usize>().unwrap())
    };
    let sessions = "SELECT count(channel), count(*) FROM lake.sessions WHERE";
    let Some(all) = read(&format!("{sessions} day >= DATE '2024-01-01'")) else {
        return;
    };
    assert_eq!(all, 2);
    let of_day = read(&format!("{sessions} day = DATE '2024-10-05'"));
    assert_eq!(of_day, Some(1));
    let of_bucket = read(&format!("{sessions} bucket = 0"));
    assert_eq!(of_bucket, Some(1));
    let events = "SELECT sum(confidence) FROM lake.events WHERE conversation_id =";
    assert_eq!(read(&format!("{events} 'c00003'")), Some(1));
    assert_eq!(read(&format!("{events} 'c00025'")), Some(1));
}

#[tokio::test]
async fn older_snapshots_and_changes_can_be_read() {
    let lake = Lake::new().await;
    let file = lake.file(Table::Sessions, &sessions(0..10, DAY, 0), DAY, 0);
    let one = lake.add(vec![file]).await;
    let file = lake.file(Table::Sessions, &sessions(10..30, DAY, 0), DAY, 0);
    let two = lake.add(vec![file]).await;
    let replaced = live(&lake, Table::Sessions)[1];
    let file = lake.file(Table::Sessions, &sessions(10..25, DAY, 0), DAY, 0);
    let change = Transaction {
        end: vec![replaced],
        ..add(vec![file])
    };
    let three = lake.catalog.commit(change).await.unwrap();
    let at =
        |snapshot| format!("SELECT count(*) AS n FROM lake.sessions AT (VERSION => {snapshot})");
    let changes = |from, to| {
        format!(
            "SELECT change_type AS c, count(*) AS n \
             FROM lake.table_changes('sessions', {from}, {to}) GROUP BY ALL ORDER BY c"
        )
    };
    check(
        &lake,
        &[
            (&at(one), json!([{"n": 10}])),
            (&at(two), json!([{"n": 30}])),
            (&at(three), json!([{"n": 25}])),
            (&changes(one, two), json!([{"c": "insert", "n": 30}])),
            (
                &changes(three, three),
                json!([{"c": "delete", "n": 20}, {"c": "insert", "n": 15}]),
            ),
            (
                "SELECT count(*) AS n FROM lake.sessions",
                json!([{"n": 25}]),
            ),
            (
                "SELECT commit_message AS m FROM lake.snapshots() ORDER BY snapshot_id DESC LIMIT 1",
                json!([{"m": "test"}]),
            ),
        ],
    );
}

fn live(lake: &Lake, table: Table) -> Vec<i64> {
    let list = lake.catalog.file_list("main").unwrap();
    list.files(table, None, None).map(|file| file.id).collect()
}

#[tokio::test]
async fn merging_and_expiry_change_no_answer() {
    let lake = Lake::new().await;
    for part in 0..10 {
        let numbers = (0..1000).filter(|number| number % 10 == part);
        let file = lake.file(Table::Events, &events(Table::Events, numbers), DAY, 0);
        lake.add(vec![file]).await;
    }
    let sum: f64 = (0..1000).map(|number| f64::from(number) / 8.0).sum();
    let question = "SELECT count(*) AS n, sum(confidence) AS c, count(DISTINCT event_id) AS ids, \
                    count(attributes['plan']) AS plans FROM lake.events";
    let answer = json!([{"n": 1000, "c": sum, "ids": 1000, "plans": 500}]);
    let before = lake.catalog.current_snapshot().await.unwrap();
    check(&lake, &[(question, answer.clone())]);
    let plan = lake
        .catalog
        .merge_plan("main", &MergePolicy::default())
        .unwrap();
    assert_eq!(plan.len(), 1);
    assert_eq!(plan[0].files.len(), 10);
    let merged = lake
        .catalog
        .merge_files(&lake.cache, "main", &plan[0])
        .unwrap();
    lake.catalog
        .commit_merge("main", &plan[0], merged, NOW)
        .await
        .unwrap();
    assert_eq!(live(&lake, Table::Events).len(), 1);
    let old = format!("{question} AT (VERSION => {before})");
    check(&lake, &[(question, answer.clone()), (&old, answer.clone())]);

    let expired = lake.catalog.expire_snapshots(NOW + 1, NOW).await.unwrap();
    assert_eq!(expired.len(), 10);
    for file in &expired {
        std::fs::remove_file(&file.path).unwrap();
    }
    let ids: Vec<i64> = expired.iter().map(|file| file.id).collect();
    lake.catalog.forget_files(&ids).await.unwrap();
    check(
        &lake,
        &[
            (question, answer),
            (
                "SELECT count(*) AS n FROM lake.snapshots()",
                json!([{"n": 1}]),
            ),
        ],
    );
}

#[tokio::test]
async fn files_that_are_older_than_a_column_read() {
    let lake = crate::catalog_open::old_lake().await.reopen().await;
    let file = lake.file(Table::Events, &events(Table::Events, 100..200), DAY, 0);
    let more = lake.file(Table::Sessions, &sessions(10..30, DAY, 0), DAY, 0);
    lake.add(vec![file, more]).await;
    let sum: f64 = (100..200).map(|number| f64::from(number) / 8.0).sum();
    check(
        &lake,
        &[
            (
                "SELECT count(*) AS n, count(confidence) AS c, sum(confidence) AS s, \
                 count(attributes['plan']) AS plans FROM lake.events",
                json!([{"n": 200, "c": 100, "s": sum, "plans": 50}]),
            ),
            (
                "SELECT count(*) AS n, count(duration) AS d, count_if(NOT open) AS closed FROM lake.sessions",
                json!([{"n": 30, "d": 30, "closed": 30}]),
            ),
        ],
    );
}

#[tokio::test]
async fn a_merge_takes_rows_away_and_brings_them_again() {
    let lake = Lake::new().await;
    for part in 0..2 {
        let numbers = (0..10).filter(|number| number % 2 == part);
        let file = lake.file(Table::Events, &events(Table::Events, numbers), DAY, 0);
        lake.add(vec![file]).await;
    }
    let policy = MergePolicy {
        files: 2,
        ..MergePolicy::default()
    };
    let group = &lake.catalog.merge_plan("main", &policy).unwrap()[0];
    let merged = lake
        .catalog
        .merge_files(&lake.cache, "main", group)
        .unwrap();
    let commit = lake.catalog.commit_merge("main", group, merged, NOW);
    let snapshot = commit.await.unwrap();
    let changes = format!(
        "SELECT change_type AS c, count(*) AS n, count(DISTINCT event_id) AS ids \
         FROM lake.table_changes('events', {snapshot}, {snapshot}) GROUP BY ALL ORDER BY c"
    );
    let kinds = format!(
        "SELECT changes::VARCHAR AS c FROM lake.snapshots() WHERE snapshot_id = {snapshot}"
    );
    check(
        &lake,
        &[
            (
                &changes,
                json!([{"c": "delete", "n": 10, "ids": 10}, {"c": "insert", "n": 10, "ids": 10}]),
            ),
            (&kinds, json!([{"c": "{merge_adjacent=[1]}"}])),
        ],
    );
}
