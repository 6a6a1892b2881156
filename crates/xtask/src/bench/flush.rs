//! What a flush of new conversations costs with 1, 100 and 1,000 days of history behind it.
//!
//! `upshot-bench flush DIRECTORY DAYS RUNS` makes the history, then flushes 100 new conversations as often as is said.

use serde_json::Value;

use crate::bench::participant::{Measured, prepare};
use crate::bench::report::Report;
use crate::bench::{Bench, remove};
use crate::failure::{Context, Result};

/// Flushes of each history, beside those that `--runs` says.
const LEAST_RUNS: usize = 9;

/// Flushes behind a longer and longer history.
pub fn run(bench: &Bench) -> Result<Report> {
    let runs = bench.runs.max(LEAST_RUNS).to_string();
    let mut measured = Vec::new();
    let mut report = Report::default();
    for days in [1, bench.size.div_ceil(10), bench.size] {
        let folder = bench.data("flush");
        remove(&folder)?;
        let directory = folder.to_string_lossy().into_owned();
        let said = prepare(bench, &["flush", &directory, &days.to_string(), &runs])?;
        let numbers = |name: &str| -> Result<Vec<f64>> {
            let values = said[name].as_array();
            let values = values.context(|| format!("find {name} in {said}"))?;
            Ok(values.iter().filter_map(Value::as_f64).collect())
        };
        let of = |name: &str, seconds| Measured {
            name: format!("{name}, {days} days, {} files", said["files"]),
            ours: days == 1,
            seconds,
            peak_memory: said["peak_memory_bytes"].as_u64().unwrap_or_default(),
            ..Measured::default()
        };
        measured.push(of("flush", numbers("flush_seconds")?));
        let upkeep = of("upkeep", numbers("upkeep_seconds")?);
        report.figure(
            format!("upkeep after a flush, {days} days"),
            upkeep.median() * 1e3,
            "ms",
        );
        let bytes = of("bytes", numbers("bytes")?).median();
        report.figure(
            format!("written by a flush, {days} days"),
            bytes / 1024.0,
            "KiB",
        );
    }
    report.group("A flush of 100 new conversations", measured);
    Ok(report)
}
