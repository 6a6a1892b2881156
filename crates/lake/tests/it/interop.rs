//! DuckDB's own client reads what the lake wrote.
//!
//! The environment variable `UPSHOT_INTEROP_PYTHON` names a Python that has the packages of
//! `tests/interop/requirements.txt`; `cargo xtask test` sets it. Without it these tests say that they
//! are skipped.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use upshot_lake::Table;
use upshot_lake::catalog::{NewFile, Transaction};

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
