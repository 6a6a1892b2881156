//! `cargo xtask fuzz`: feeds the readers of outside data with bytes until the time is up.
//!
//! The targets are built with the coverage counters that libFuzzer reads. These are options of the
//! compiler that need no other toolchain, only its leave (`RUSTC_BOOTSTRAP`), so that everybody who
//! can build the product can fuzz it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::arguments::Arguments;
use crate::failure::{Context, Failure, Result};
use crate::install;
use crate::project::Project;

/// A target of `fuzz/` and the folders of fixtures that it begins with.
struct Target {
    name: &'static str,
    seeds: &'static [&'static str],
}

const TARGETS: &[Target] = &[
    Target {
        name: "auto",
        seeds: &["upshot", "copilot_studio", "botframework"],
    },
    Target {
        name: "upshot",
        seeds: &["upshot"],
    },
    Target {
        name: "copilot_studio",
        seeds: &["copilot_studio"],
    },
    Target {
        name: "botframework",
        seeds: &["botframework"],
    },
    Target {
        name: "mapping",
        seeds: &[],
    },
];

/// How long each target runs unless it is said.
const SECONDS: u64 = 60;

/// What a record may hold at most while fuzzing, in bytes: long enough for every fixture.
const LONGEST: u64 = 20_000;

/// The compiler's options for counters that libFuzzer reads, and for checks of arithmetic.
const COVERAGE: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Cdebug-assertions -Ccodegen-units=1";

/// Runs all targets or the named one, one after the other.
pub fn run(project: &Project, mut arguments: Arguments) -> Result<()> {
    let seconds = arguments.number("--seconds", SECONDS)?;
    let name = arguments.positional();
    arguments.finish()?;
    let targets = chosen(name.as_deref())?;

    install::for_build()?;
    let build = project.target.join("fuzz");
    // The triple is named so that the options do not reach what is built to build with.
    let triple = host(project)?;
    project
        .cargo(["build", "--release", "--target", &triple])
        .arguments(["--manifest-path", "fuzz/Cargo.toml", "--target-dir"])
        .argument(&build)
        .variable("RUSTC_BOOTSTRAP", "1")
        .variable("RUSTFLAGS", COVERAGE)
        .run()?;
    let programs = build.join(triple).join("release");
    for target in targets {
        feed(project, &programs.join(target.name), target, seconds)?;
    }
    println!("nothing was found");
    Ok(())
}

fn chosen(name: Option<&str>) -> Result<Vec<&'static Target>> {
    let targets: Vec<&Target> = TARGETS
        .iter()
        .filter(|target| name.is_none_or(|name| name == target.name))
        .collect();
    if targets.is_empty() {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        return Err(Failure::new(format!(
            "there is no target {:?}: the targets are {}",
            name.unwrap_or_default(),
            names.join(", ")
        )));
    }
    Ok(targets)
}

/// Runs one target. What it learns and what it finds stay in `fuzz/corpus` and `fuzz/artifacts`.
fn feed(project: &Project, program: &Path, target: &Target, seconds: u64) -> Result<()> {
    let folder = |kind: &str| -> Result<PathBuf> {
        let folder = project.root.join("fuzz").join(kind).join(target.name);
        fs::create_dir_all(&folder).context(|| format!("make {}", folder.display()))?;
        Ok(folder)
    };
    let (corpus, artifacts) = (folder("corpus")?, folder("artifacts")?);
    let mut artifacts = artifacts.into_os_string();
    artifacts.push("/");
    let mut prefix = std::ffi::OsString::from("-artifact_prefix=");
    prefix.push(artifacts);
    let fixtures = project.root.join("crates/adapters/tests/fixtures");
    project
        .shell(program)
        .argument(corpus)
        .arguments(target.seeds.iter().map(|seed| fixtures.join(seed)))
        .argument(format!("-max_total_time={seconds}"))
        .argument(format!("-max_len={LONGEST}"))
        .argument(prefix)
        .arguments(["-timeout=10", "-rss_limit_mb=2048", "-verbosity=0"])
        .argument("-print_final_stats=1")
        .run()
}

/// The triple of this machine's compiler.
fn host(project: &Project) -> Result<String> {
    let version = project
        .shell("rustc")
        .arguments(["--version", "--verbose"])
        .quiet_output()?;
    version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .context(|| "find the host in what rustc says of itself".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_targets_are_those_of_the_folder_and_their_seeds_exist() -> Result<()> {
        let project = Project::find()?;
        let folder = project.root.join("fuzz/fuzz_targets");
        let mut files: Vec<String> = fs::read_dir(&folder)
            .context(|| format!("list {}", folder.display()))?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        files.sort();
        let mut names: Vec<String> = TARGETS
            .iter()
            .map(|target| format!("{}.rs", target.name))
            .collect();
        names.sort();
        assert_eq!(files, names);
        for seed in TARGETS.iter().flat_map(|target| target.seeds) {
            let folder = project.root.join("crates/adapters/tests/fixtures");
            assert!(folder.join(seed).is_dir(), "{seed}");
        }
        Ok(())
    }

    #[test]
    fn an_unknown_target_names_the_known_ones() {
        let failure = chosen(Some("xml")).err().map(|failure| failure.to_string());
        assert!(failure.is_some_and(|text| text.contains("botframework")));
    }
}
