//! The program `upshot`: a command line over the same crates that the server uses.
//!
//! It renders and computes nothing. Start reading at [`arguments`], which is the manual; each command
//! has a module of its name.

mod answers;
mod arguments;
mod backup;
mod behind;
mod client;
mod demo;
mod drivers;
mod dry_run;
mod erase;
mod explain;
mod explained;
mod export;
mod failure;
mod import;
mod keeping;
mod keys;
mod live;
mod metrics;
mod output;
mod paths;
mod people;
mod prices;
mod profiles;
mod query;
mod retention;
mod segments;
mod serve;
mod session;
mod sessions;
mod settings;
mod sources;
mod text_mode;
mod verify;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Command, CommandLine};
use crate::failure::Failure;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let line = CommandLine::parse();
    start_log();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("upshot: cannot start threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(line)) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprintln!("upshot: {}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}

async fn run(line: CommandLine) -> Result<u8, Failure> {
    let common = &line.common;
    if common.output.is_of_answers() && !line.command.asks() {
        return Err(Failure::usage(
            "only answers to questions are printed as jsonl, parquet or arrow; use table, json or csv here \
             (`upshot export` takes --format)",
        ));
    }
    match line.command {
        Command::Import(arguments) => import::run(common, arguments).await,
        Command::Query(arguments) => query::run(common, arguments).await,
        Command::Live(arguments) => live::run(common, arguments).await,
        Command::Sessions(arguments) => sessions::run(common, arguments).await,
        Command::Settings(arguments) => settings::run(common, arguments).await,
        Command::Segments(arguments) => segments::run(common, arguments).await,
        Command::Explain(arguments) => explain::run(common, arguments).await,
        Command::Export(arguments) => export::run(common, arguments).await,
        Command::Drivers(arguments) => drivers::run(common, arguments).await,
        Command::Paths(arguments) => paths::paths(common, arguments).await,
        Command::Flows(arguments) => paths::flows(common, arguments).await,
        Command::Funnel(arguments) => paths::funnel(common, arguments).await,
        Command::Lift(arguments) => paths::lift(common, arguments).await,
        Command::Topics(arguments) => paths::topics(common, arguments).await,
        Command::Retention(arguments) => retention::run(common, arguments).await,
        Command::Metrics(arguments) => metrics::run(common, &arguments),
        Command::Profiles(arguments) => profiles::run(common, arguments).await,
        Command::Prices(arguments) => prices::run(common, arguments).await,
        Command::People(arguments) => people::run(common, arguments).await,
        Command::Keys(arguments) => keys::run(common, arguments).await,
        Command::Erase(arguments) => erase::run(common, arguments).await,
        Command::Serve(arguments) => serve::run(common, arguments).await,
        Command::Demo(arguments) => demo::run(common, arguments).await,
        Command::Verify(arguments) => verify::run(common, &arguments).await,
        Command::Backup(arguments) => backup::run(common, &arguments).await,
        Command::Restore(arguments) => backup::restore(common, &arguments),
    }
}

/// Warnings and errors go to standard error; `UPSHOT_LOG` asks for more.
fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("UPSHOT_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
