//! From raw events in one Parquet file, in the order of arrival, to sessions and their summary.

use crate::bench::participant::{ours, peer};
use crate::bench::report::Report;
use crate::bench::{Bench, remove};
use crate::failure::Result;

/// Makes the events, runs everyone.
pub fn run(bench: &Bench) -> Result<Report> {
    let file = events(bench)?;
    let settings = [("events", file.as_str())];
    let mut sessions = Vec::new();
    let mut columns = Vec::new();
    if !bench.peers_only {
        sessions.push(ours(bench, "upshot", &["fold", &file])?);
        columns.push(ours(bench, "upshot", &["columns", &file])?);
    }
    for engine in ["duckdb", "clickhouse"] {
        for (variant, name) in [
            (", windows", "fold-windows"),
            (", two passes", "fold-two-passes"),
        ] {
            let sql = bench.sql(&format!("{name}.{engine}.sql"));
            sessions.push(peer(bench, engine, variant, &sql, &settings)?);
        }
        let sql = bench.sql(&format!("columns.{engine}.sql"));
        columns.push(peer(bench, engine, "", &sql, &settings)?);
    }
    let mut report = Report::default();
    report.group("Sessions and their summary by channel", sessions);
    report.group("Reading the columns and nothing else", columns);
    Ok(report)
}

/// The events, made once for each size.
pub fn events(bench: &Bench) -> Result<String> {
    let file = bench.data("events-{size}.parquet");
    if !file.is_file() {
        let unfinished = bench.data("events-{size}.unfinished");
        remove(&unfinished)?;
        bench
            .project
            .shell(&bench.python)
            .argument("bench/generate_events.py")
            .argument(bench.size.to_string())
            .argument(&unfinished)
            .run()?;
        std::fs::rename(&unfinished, &file).map_err(|error| {
            crate::failure::Failure::new(format!("could not keep the events: {error}"))
        })?;
    }
    Ok(file.to_string_lossy().into_owned())
}
