//! `upshot-bench`: our half of `cargo xtask bench`. Each command does one thing once and prints a line of JSON;
//! `bench/README.md` says what is in it. It is not shipped.
//!
//! Where to start reading: `fold` makes sessions of raw events, `sessions` and `summary` go through the lake
//! and the query engine as the product does, `events` writes what the product imports.

mod copies;
mod dashboard;
mod days;
mod events;
mod failure;
mod flush;
mod fold;
mod sessions;
mod summary;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use serde_json::{Value, json};

use dashboard::Asking;
use failure::{Failure, Result};
use sessions::Kind;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "upshot-bench fold FILE | columns FILE | store-events FILE DIRECTORY | \
                     fold-stored DIRECTORY | columns-stored DIRECTORY | make-sessions DIRECTORY COUNT [--alone \
                     | --long] | \
                     summary DIRECTORY [--users] | dashboard DIRECTORY QUESTIONS [--together] \
                     [--without-rollups] [--ten] | \
                     make-events FILE COUNT | flush DIRECTORY DAYS RUNS";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<Value> {
    match arguments {
        ["fold", file] => measured(|| fold::run(Path::new(file))),
        ["columns", file] => measured(|| {
            std::hint::black_box(fold::columns(Path::new(file))?);
            Ok(Value::Null)
        }),
        ["store-events", file, directory] => {
            fold::stored_events::make(Path::new(file), Path::new(directory))
        }
        ["fold-stored", directory] => fold::stored::run(Path::new(directory)),
        ["columns-stored", directory] => fold::stored::columns(Path::new(directory)),
        ["make-sessions", directory, count] => {
            sessions::make(Path::new(directory), number(count)?, Kind::Usual)
        }
        ["make-sessions", directory, count, "--alone"] => {
            sessions::make(Path::new(directory), number(count)?, Kind::Alone)
        }
        ["make-sessions", directory, count, "--long"] => {
            sessions::make(Path::new(directory), number(count)?, Kind::Long)
        }
        ["summary", directory] => summary::run(Path::new(directory), false),
        ["summary", directory, "--users"] => summary::run(Path::new(directory), true),
        ["dashboard", directory, questions, flags @ ..] => {
            let asking = Asking {
                together: flags.contains(&"--together"),
                rollups: !flags.contains(&"--without-rollups"),
                at_once: if flags.contains(&"--ten") { 10 } else { 0 },
            };
            dashboard::run(Path::new(directory), Path::new(questions), asking)
        }
        ["make-events", file, count] => events::make(Path::new(file), number(count)?),
        ["flush", directory, days, runs] => flush::run(
            Path::new(directory),
            u32::try_from(number(days)?)?,
            u32::try_from(number(runs)?)?,
        ),
        _ => Err(Failure::new(format!("usage: {USAGE}"))),
    }
}

fn number(text: &str) -> Result<u64> {
    text.parse()
        .map_err(|_| Failure::new(format!("`{text}` is no number: say how many to make")))
}

/// Does it and says how long it took.
fn measured(work: impl FnOnce() -> Result<Value>) -> Result<Value> {
    let start = Instant::now();
    let result = work()?;
    answer(start, result)
}

/// What is said of a measurement that began then.
fn answer(start: Instant, result: Value) -> Result<Value> {
    Ok(json!({
        "seconds": start.elapsed().as_secs_f64(),
        "peak_memory_bytes": peak_memory()?,
        "result": result,
    }))
}

/// The most memory that this process has held, in bytes.
fn peak_memory() -> Result<u64> {
    const KIBIBYTE: u64 = 1024;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let mut lines = status.lines();
    lines
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"))
        .and_then(|kibibytes| kibibytes.trim().parse::<u64>().ok())
        .map(|kibibytes| kibibytes * KIBIBYTE)
        .ok_or_else(|| Failure::new("the system does not say how much memory this process took"))
}
