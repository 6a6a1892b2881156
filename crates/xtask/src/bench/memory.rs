//! The memory of `upshot serve` at rest: with an empty data directory, and with the demo's conversations.

use std::path::Path;
use std::time::Duration;

use crate::bench::process::{memory_now, watch};
use crate::bench::report::Report;
use crate::bench::{Bench, remove};
use crate::failure::{Failure, Result};
use crate::shell::Shell;

/// Where the measured server listens.
const ADDRESS: &str = "127.0.0.1:7791";

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a server is left alone before it is measured.
const REST: Duration = Duration::from_secs(10);

const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// Starts the server on each directory and looks at its memory.
pub fn run(bench: &Bench) -> Result<Report> {
    let empty = bench.data("memory-empty");
    remove(&empty)?;
    let filled = bench.data("memory-{size}");
    if !filled.is_dir() {
        let demo = Shell::new(bench.program("upshot"))
            .arguments(["demo", "--conversations", &bench.size.to_string(), "--data"])
            .argument(&filled);
        if !watch(demo)?.success {
            return Err(Failure::new(
                "upshot demo failed: run it by hand to see why",
            ));
        }
    }
    let mut report = Report::default();
    report.figure("at rest, no data", at_rest(bench, &empty)?, "MiB");
    let name = format!("at rest, {} conversations", bench.size);
    report.figure(name, at_rest(bench, &filled)?, "MiB");
    Ok(report)
}

/// Mebibytes that a server holds when nobody asks anything.
fn at_rest(bench: &Bench, data: &Path) -> Result<f64> {
    let mut server = Shell::new(bench.program("upshot"))
        .arguments(["serve", "--listen", ADDRESS, "--data"])
        .argument(data)
        .background()?;
    server.wait_for(ADDRESS, PATIENCE)?;
    std::thread::sleep(REST);
    Ok(memory_now(&server)? as f64 / MEBIBYTE)
}
