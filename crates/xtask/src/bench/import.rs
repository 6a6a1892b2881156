//! Importing JSON Lines: durable, folded and queryable when the command returns.
//!
//! `upshot-bench make-events FILE COUNT` writes events in our own format.

use crate::bench::participant::{Measured, prepare, two_threads};
use crate::bench::process::watch;
use crate::bench::report::Report;
use crate::bench::{Bench, remove};
use crate::failure::{Context, Failure, Result};

/// Makes the events, imports them into an empty data directory, as often as there are runs.
pub fn run(bench: &Bench) -> Result<Report> {
    let file = bench.data("events-{size}.jsonl");
    if !file.is_file() {
        let unfinished = bench.data("events-{size}.jsonl.unfinished");
        prepare(
            bench,
            &[
                "make-events",
                &unfinished.to_string_lossy(),
                &bench.size.to_string(),
            ],
        )?;
        std::fs::rename(&unfinished, &file).context(|| format!("keep {}", file.display()))?;
    }
    let mut measured = Measured {
        name: "upshot import".to_owned(),
        ours: true,
        ..Measured::default()
    };
    for _ in 0..bench.runs {
        let data = bench.data("import");
        remove(&data)?;
        let command = two_threads(bench.program("upshot"))
            .arguments(["import", "--data"])
            .argument(&data)
            .argument(&file);
        let watched = watch(command)?;
        if !watched.success {
            return Err(Failure::new(format!(
                "the import failed: run `upshot import --data DIRECTORY {}` to see why",
                file.display()
            )));
        }
        measured.seconds.push(watched.seconds);
        measured.peak_memory = measured.peak_memory.max(watched.peak_memory);
    }
    let mut report = Report::default();
    report.figure("events a second", bench.size as f64 / measured.median(), "");
    report.group("Import of JSON Lines", vec![measured]);
    Ok(report)
}
