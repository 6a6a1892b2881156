//! All that a full dashboard asks: ours together and one by one, DuckDB on the same Parquet files.
//!
//! `bench/dashboard.json` has the questions, `bench/sql/dashboard.duckdb.sql` says the same in SQL.
//! `upshot-bench dashboard DIRECTORY QUESTIONS [--together]` prints the rows of every question by its name.

use serde_json::Value;

use crate::bench::Bench;
use crate::bench::participant::{ours, peer};
use crate::bench::report::Report;
use crate::bench::summary::{quoted, sessions};
use crate::failure::{Context, Result};

/// Makes the sessions, asks everyone.
pub fn run(bench: &Bench) -> Result<Report> {
    let folder = bench.data("sessions-{size}").to_string_lossy().into_owned();
    let said = sessions(bench, &folder)?;
    let questions = bench.project.root.join("bench/dashboard.json");
    let questions = questions.to_string_lossy().into_owned();
    let arguments = ["dashboard", folder.as_str(), questions.as_str()];
    let together = [arguments.as_slice(), &["--together"]].concat();
    let mut together = ours(bench, "upshot, together", &together)?;
    let mut alone = ours(bench, "upshot, one by one", &arguments)?;
    let (sessions, messages, steps) = (
        quoted(&said["files"]),
        quoted(&said["message_files"]),
        quoted(&said["step_files"]),
    );
    let settings = [
        ("sessions", sessions.as_str()),
        ("messages", messages.as_str()),
        ("steps", steps.as_str()),
    ];
    let sql = bench.sql("dashboard.duckdb.sql");
    let mut duckdb = peer(bench, "duckdb", "", &sql, &settings)?;
    let mut report = Report::default();
    for (name, ours) in &alone.each {
        let theirs = duckdb.each.get(name).unwrap_or(&Value::Null);
        // Of processors: a machine that does something else as well changes that least.
        let of = |spent: &Value| spent["processor"].as_f64().unwrap_or(f64::NAN);
        let name = format!("{name}: DuckDB takes, times ours alone");
        report.figure(name, of(theirs) / of(ours), "");
    }
    for measured in [&mut together, &mut alone, &mut duckdb] {
        measured.sort_rows();
    }
    report.figure(
        "together, nothing read before",
        together
            .cold
            .context(|| "find the cold seconds".to_owned())?,
        "s",
    );
    report.group(
        "All questions of a dashboard",
        vec![together, alone, duckdb],
    );
    Ok(report)
}
