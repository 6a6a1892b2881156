//! The project's own commands: `cargo xtask demo|test|bench|…`.
//!
//! One entry point for newcomers, developers and continuous integration. Every command installs what
//! it needs and is missing, says so, and prints the commands that it runs, so that each of them can
//! also be run by hand. It never touches anything outside the repository, the build folder and
//! `~/.cache/upshot`, but for what `apt-get`, `cargo install` and `pip` install.
//!
//! Start reading at [`commands`] below; `test/mod.rs` is the list of what is tested.
#![allow(
    clippy::disallowed_methods,
    reason = "an outermost crate: it measures time and sets the environment of what it starts"
)]

mod arguments;
mod bench;
mod changelog;
mod checks;
mod counts;
mod demo;
mod failure;
mod fuzz;
mod install;
mod markdown;
mod project;
mod readme;
mod regenerate;
mod shell;
mod test;
mod web;

use std::process::ExitCode;

use crate::arguments::Arguments;
use crate::failure::{Failure, Result};
use crate::project::Project;

/// A command: its name, its arguments for the help text, what it does, and the function.
struct Command {
    name: &'static str,
    arguments: &'static str,
    help: &'static str,
    run: fn(&Project, Arguments) -> Result<()>,
}

/// All commands, in the order of the help text.
const COMMANDS: &[Command] = &[
    Command {
        name: "demo",
        arguments: "[--conversations N] [--port P] [--data DIR] [--no-serve]",
        help: "builds the product, makes a demo's conversations, says what to try, serves them",
        run: demo::run,
    },
    Command {
        name: "test",
        arguments: "[--only STEP[,STEP…]] [--skip STEP[,STEP…]] [--filter TEXT] [-p CRATE]",
        help: "runs every check and test; the last line says how many passed",
        run: test::run,
    },
    Command {
        name: "bench",
        arguments: "[fold|summary|import|memory] [--conversations N] [--sessions N] [--runs N]",
        help: "measures the product and its peers in one run; writes bench/results/",
        run: bench::run,
    },
    Command {
        name: "fuzz",
        arguments: "[TARGET] [--seconds N]",
        help: "feeds the readers of outside data with bytes, a minute each unless it is said",
        run: fuzz::run,
    },
    Command {
        name: "regenerate",
        arguments: "[NAME]",
        help: "writes again what is generated and checked in: openapi, docs, golden files, README",
        run: regenerate::run,
    },
    Command {
        name: "changelog",
        arguments: "[--release VERSION --date YYYY-MM-DD]",
        help: "shows what changelog.d/ says, or moves it into CHANGELOG.md",
        run: changelog::run,
    },
    Command {
        name: "install",
        arguments: "",
        help: "installs what the other commands need, and nothing else",
        run: install::run,
    },
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(name) = arguments.next() else {
        print!("{}", help());
        return ExitCode::from(2);
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        print!("{}", help());
        return ExitCode::SUCCESS;
    }
    match run(&name, arguments.collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.is_reported() {
                eprintln!("error: {failure}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(name: &str, rest: Vec<String>) -> Result<()> {
    let Some(command) = command(name) else {
        let names: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
        return Err(Failure::new(format!(
            "there is no command {name:?}: the commands are {}",
            names.join(", ")
        )));
    };
    if rest
        .iter()
        .any(|argument| argument == "--help" || argument == "-h")
    {
        print!("{}", command_help(command));
        return Ok(());
    }
    (command.run)(&Project::find()?, Arguments::new(rest))
}

/// The command of this name.
fn command(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

/// Whether `cargo xtask NAME` exists: for the check of what the documentation shows.
fn is_command(name: &str) -> bool {
    command(name).is_some()
}

fn command_help(command: &Command) -> String {
    format!(
        "cargo xtask {} {}\n    {}\n",
        command.name, command.arguments, command.help
    )
}

fn help() -> String {
    let commands: String = COMMANDS.iter().map(command_help).collect();
    format!("The project's commands. Each installs what it needs.\n\n{commands}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_the_help() {
        let help = help();
        for command in COMMANDS {
            assert!(help.contains(&format!("cargo xtask {}", command.name)));
        }
    }

    #[test]
    fn an_unknown_command_names_the_known_ones() {
        let failure = run("tset", Vec::new())
            .err()
            .map(|failure| failure.to_string());
        assert!(failure.is_some_and(|text| text.contains("\"tset\"") && text.contains("test")));
    }
}
