//! All that a full dashboard asks: ours together and one by one, DuckDB on the same Parquet files.
//!
//! `bench/dashboard.json` has the questions, `bench/sql/dashboard.duckdb.sql` says the same in SQL.
//! `upshot-bench dashboard DIRECTORY QUESTIONS [--together]` prints the rows of every question by its name.

use std::path::Path;

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
    forget_rollups(Path::new(&folder))?;
    let questions = bench.project.root.join("bench/dashboard.json");
    let questions = questions.to_string_lossy().into_owned();
    let arguments = ["dashboard", folder.as_str(), questions.as_str()];
    let with = |flags: &[&'static str]| [arguments.as_slice(), flags].concat();
    // The first run finds no roll-ups; what it leaves beside the files, the others find.
    let mut together = ours(bench, "upshot, together", &with(&["--together", "--ten"]))?;
    let mut alone = ours(bench, "upshot, one by one", &arguments)?;
    let without = with(&["--without-rollups"]);
    let mut read = ours(bench, "upshot, one by one, everything read", &without)?;
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
    for (how, ours) in [("with roll-ups", &alone), ("everything read", &read)] {
        for (name, ours) in &ours.each {
            let theirs = duckdb.each.get(name).unwrap_or(&Value::Null);
            // Of processors: a machine that does something else as well changes that least.
            let of = |spent: &Value| spent["processor"].as_f64().unwrap_or(f64::NAN);
            let name = format!("{name}: DuckDB takes, times ours alone, {how}");
            report.figure(name, of(theirs) / of(ours), "");
        }
    }
    for measured in [&mut together, &mut alone, &mut read, &mut duckdb] {
        measured.sort_rows();
    }
    let told = || "find the seconds of a new process".to_owned();
    let first = together.cold.first().context(told)?;
    report.figure("together, nothing ever asked before", *first, "s");
    let again = together.cold.last().context(told)?;
    report.figure("together, in a new process", *again, "s");
    let last = together.at_once.last().copied().unwrap_or(f64::NAN);
    report.figure(
        "the slowest of ten at once, times one",
        last / together.median(),
        "",
    );
    report.group(
        "All questions of a dashboard",
        vec![together, alone, read, duckdb],
    );
    Ok(report)
}

/// Removes what earlier measurements left beside the files.
fn forget_rollups(folder: &Path) -> Result<()> {
    let listed = std::fs::read_dir(folder).context(|| format!("list {}", folder.display()))?;
    for entry in listed {
        let path = entry
            .context(|| format!("list {}", folder.display()))?
            .path();
        if path.is_dir() {
            forget_rollups(&path)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "rollups")
        {
            std::fs::remove_file(&path).context(|| format!("remove {}", path.display()))?;
        }
    }
    Ok(())
}
