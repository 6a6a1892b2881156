//! From the lake's own files of events, sorted by conversation and time, to sessions and their summary, against
//! reading the columns that this needs and nothing else.
//!
//! `upshot-bench store-events FILE DIRECTORY` stores the events of `fold` as the lake stores them.

use crate::bench::fold::events;
use crate::bench::participant::{ours, prepare};
use crate::bench::report::Report;
use crate::bench::{Bench, remove};
use crate::failure::{Context, Result};

/// Stores the events, folds them and reads their columns.
pub fn run(bench: &Bench) -> Result<Report> {
    let file = events(bench)?;
    let folder = bench.data("stored-events-{size}");
    let directory = folder.to_string_lossy().into_owned();
    let complete = folder.join("complete");
    if !complete.is_file() {
        remove(&folder)?;
        prepare(bench, &["store-events", &file, &directory])?;
        std::fs::write(&complete, "").context(|| format!("write {}", complete.display()))?;
    }
    let sorted = ours(
        bench,
        "upshot, from sorted files",
        &["fold-stored", &directory],
    )?;
    let columns = ours(
        bench,
        "reading their columns",
        &["columns-stored", &directory],
    )?;
    let arrival = ours(bench, "upshot, in the order of arrival", &["fold", &file])?;
    let mut report = Report::default();
    report.figure(
        "from sorted files, times reading the columns",
        sorted.median() / columns.median(),
        "",
    );
    report.group(
        "Sessions and their summary by channel",
        vec![sorted, columns, arrival],
    );
    Ok(report)
}
