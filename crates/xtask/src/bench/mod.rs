//! `cargo xtask bench`: ours and the peers on the same data, in the same run, with two threads each.
//!
//! `bench/README.md` says what each benchmark measures and how fair it is. The peers are in
//! `bench/peers.py`; ours is the program `upshot-bench`, or the product itself. Only a benchmark at
//! full size writes into `bench/results/`; a smaller one writes beside its data in the build folder.

mod dashboard;
mod flush;
mod fold;
mod import;
mod memory;
mod participant;
mod process;
mod report;
mod sorted;
mod summary;

use std::path::{Path, PathBuf};

use crate::arguments::Arguments;
use crate::failure::{Context, Failure, Result};
use crate::install;
use crate::project::Project;

/// What the benchmarks share.
struct Bench<'a> {
    project: &'a Project,
    /// Where data is prepared; data that is there is used again.
    data: PathBuf,
    /// The Python of the peers.
    python: PathBuf,
    /// How often each participant runs.
    runs: usize,
    /// How much data there is, in the benchmark's own unit.
    size: u64,
    /// Whether only the peers run.
    peers_only: bool,
}

/// A benchmark.
struct Kind {
    name: &'static str,
    /// The option that sets its size, and the full size.
    unit: &'static str,
    full_size: u64,
    /// Whether peers take part who need none of our programs.
    peers: bool,
    run: fn(&Bench) -> Result<report::Report>,
}

const KINDS: &[Kind] = &[
    Kind {
        name: "fold",
        unit: "conversations",
        full_size: 2_000_000,
        peers: true,
        run: fold::run,
    },
    Kind {
        name: "sorted",
        unit: "conversations",
        full_size: 2_000_000,
        peers: false,
        run: sorted::run,
    },
    Kind {
        name: "summary",
        unit: "sessions",
        full_size: 10_000_000,
        peers: false,
        run: summary::run,
    },
    Kind {
        name: "dashboard",
        unit: "sessions",
        full_size: 10_000_000,
        peers: false,
        run: dashboard::run,
    },
    Kind {
        name: "flush",
        unit: "days",
        full_size: 1_000,
        peers: false,
        run: flush::run,
    },
    Kind {
        name: "import",
        unit: "events",
        full_size: 2_000_000,
        peers: false,
        run: import::run,
    },
    Kind {
        name: "memory",
        unit: "conversations",
        full_size: 20_000,
        peers: false,
        run: memory::run,
    },
];

/// Runs all benchmarks, or the one that is named.
pub fn run(project: &Project, mut arguments: Arguments) -> Result<()> {
    let peers_only = arguments.switch("--peers-only");
    let runs = arguments.number("--runs", 3)?;
    if runs == 0 {
        return Err(Failure::new("--runs needs at least 1"));
    }
    let name = arguments.positional();
    let mut chosen = chosen(name.as_deref())?;
    if peers_only {
        chosen.retain(|kind| kind.peers);
    }
    let sizes = sizes(&chosen, &mut arguments)?;
    arguments.finish()?;
    let data = project.target.join("bench");
    std::fs::create_dir_all(&data).context(|| format!("make {}", data.display()))?;
    let python = install::bench_python(project)?;
    if !peers_only {
        build(project)?;
    }
    for (kind, size) in chosen.into_iter().zip(sizes) {
        println!("\n=== {} with {size} {}", kind.name, kind.unit);
        let bench = Bench {
            project,
            data: data.clone(),
            python: python.clone(),
            runs,
            size,
            peers_only,
        };
        let report = (kind.run)(&bench)?;
        let complete = size == kind.full_size && !peers_only;
        let folder = if complete {
            project.root.join("bench/results")
        } else {
            data.join("results")
        };
        let title = format!("{}, {size} {}", kind.name, kind.unit);
        println!("\n{}", report.page(project, &title)?);
        report.write(project, &folder, kind.name, &title)?;
        report.agreed()?;
    }
    Ok(())
}

fn chosen(name: Option<&str>) -> Result<Vec<&'static Kind>> {
    let found: Vec<_> = KINDS
        .iter()
        .filter(|kind| name.is_none_or(|name| name == kind.name))
        .collect();
    if found.is_empty() {
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        return Err(Failure::new(format!(
            "there is no such benchmark: try {}",
            names.join(", ")
        )));
    }
    Ok(found)
}

/// The sizes that are asked for. `--conversations` means two things, so it needs a named benchmark.
fn sizes(chosen: &[&Kind], arguments: &mut Arguments) -> Result<Vec<u64>> {
    if chosen.len() > 1 {
        return Ok(chosen.iter().map(|kind| kind.full_size).collect());
    }
    chosen
        .iter()
        .map(|kind| arguments.number(&format!("--{}", kind.unit), kind.full_size))
        .collect()
}

/// Builds the product and the benchmark's own program as they are shipped.
fn build(project: &Project) -> Result<()> {
    install::for_build()?;
    project
        .cargo([
            "build",
            "--release",
            "--package",
            "upshot",
            "--package",
            "upshot-bench",
        ])
        .run()
}

impl Bench<'_> {
    /// A program of the release build.
    fn program(&self, name: &str) -> PathBuf {
        self.project.target.join("release").join(name)
    }

    /// A file or folder of data for this size.
    fn data(&self, name: &str) -> PathBuf {
        self.data
            .join(name.replace("{size}", &self.size.to_string()))
    }

    /// A file of SQL for the peers.
    fn sql(&self, name: &str) -> PathBuf {
        self.project.root.join("bench/sql").join(name)
    }
}

/// Removes a file or folder, if it is there.
fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() {
        std::fs::remove_dir_all(path)
    } else if path.exists() {
        std::fs::remove_file(path)
    } else {
        Ok(())
    };
    removed.context(|| format!("remove {}", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_size_belongs_to_one_benchmark() {
        let given = || Arguments::new(vec!["--conversations=50".to_owned()]);
        let one = chosen(Some("memory")).unwrap();
        assert_eq!(sizes(&one, &mut given()).unwrap(), [50]);
        let mut left = given();
        assert_eq!(
            sizes(&chosen(None).unwrap(), &mut left).unwrap().len(),
            KINDS.len()
        );
        assert!(left.finish().is_err());
        assert!(chosen(Some("speed")).is_err());
    }
}
