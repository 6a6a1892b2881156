//! The summary over stored sessions: ours on its lake, DuckDB on the same Parquet files.
//!
//! `upshot-bench make-sessions DIRECTORY COUNT` writes the lake and prints `{"rows": …, "files": [PATTERN…]}`, the
//! patterns naming the Parquet files of the sessions. `upshot-bench summary DIRECTORY [--users]` prints the
//! rows of `bench/sql/summary*.sql` as `result`.

use serde_json::Value;

use crate::bench::participant::{ours, peer, prepare};
use crate::bench::report::Report;
use crate::bench::{Bench, remove};
use crate::failure::{Context, Result};

/// Makes the sessions, runs everyone, without and with the count of users.
pub fn run(bench: &Bench) -> Result<Report> {
    let folder = bench.data("sessions-{size}").to_string_lossy().into_owned();
    let files = quoted(&sessions(bench, &folder)?["files"]);
    let settings = [("sessions", files.as_str())];
    let mut report = Report::default();
    for (title, sql, more) in [
        ("Summary by channel", "summary.duckdb.sql", None),
        (
            "Summary by channel with different users",
            "summary-users.duckdb.sql",
            Some("--users"),
        ),
    ] {
        let arguments: Vec<&str> = ["summary", &folder].into_iter().chain(more).collect();
        let us = ours(bench, "upshot", &arguments)?;
        let duckdb = peer(bench, "duckdb", "", &bench.sql(sql), &settings)?;
        report.group(title, vec![us, duckdb]);
    }
    Ok(report)
}

/// The sessions, made once for each size; what was said of their files.
pub fn sessions(bench: &Bench, folder: &str) -> Result<Value> {
    let manifest = bench.data("sessions-{size}.json");
    if !manifest.is_file() {
        remove(&bench.data("sessions-{size}"))?;
        let said = prepare(bench, &["make-sessions", folder, &bench.size.to_string()])?;
        std::fs::write(&manifest, said.to_string())
            .context(|| format!("write {}", manifest.display()))?;
    }
    let text =
        std::fs::read_to_string(&manifest).context(|| format!("read {}", manifest.display()))?;
    serde_json::from_str(&text).context(|| format!("read {}", manifest.display()))
}

/// Patterns of files as a list in SQL.
pub fn quoted(patterns: &Value) -> String {
    let patterns = patterns.as_array().into_iter().flatten();
    let quoted: Vec<String> = patterns
        .filter_map(Value::as_str)
        .map(|pattern| format!("'{}'", pattern.replace('\'', "''")))
        .collect();
    format!("[{}]", quoted.join(", "))
}
