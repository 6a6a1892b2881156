//! `cargo xtask test`: every check and test of the project, one step after another, each timed.
//!
//! The cheap steps come first, so that a slip in the formatting is told before the long builds. A
//! failed step does not stop the others. [`STEPS`] is the list.

mod report;
mod steps;

use std::path::PathBuf;
use std::time::Instant;

use crate::arguments::Arguments;
use crate::counts::Counts;
use crate::failure::{Failure, Result};
use crate::project::Project;
use crate::test::report::{Line, Report};

/// What the steps share.
pub struct Plan<'a> {
    /// Where things are.
    pub project: &'a Project,
    /// Only tests whose names hold this.
    pub filter: Option<String>,
    /// Only this crate, for the steps that compile.
    pub package: Option<String>,
    /// The Python that has DuckDB, where a step of this run needs it.
    pub python: Option<PathBuf>,
}

/// How a step ended.
pub enum Outcome {
    /// All was well; so many tests ran.
    Passed(Counts),
    /// Something was wrong, said above or in the list.
    Failed(Counts, Vec<String>),
    /// It could not run here, and need not.
    Skipped(String),
}

impl Outcome {
    /// The outcome of a check that gives its findings.
    pub fn of(findings: Vec<String>) -> Self {
        if findings.is_empty() {
            return Self::Passed(Counts::default());
        }
        Self::Failed(Counts::default(), findings)
    }
}

/// A part of the tests.
struct Step {
    name: &'static str,
    help: &'static str,
    /// Whether it needs the Python environment with DuckDB.
    python: bool,
    run: fn(&Plan) -> Result<Outcome>,
}

const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        help: "the formatting",
        python: false,
        run: steps::fmt,
    },
    Step {
        name: "size",
        help: "no source file is too long",
        python: false,
        run: steps::size,
    },
    Step {
        name: "direction",
        help: "dependencies point down",
        python: false,
        run: steps::direction,
    },
    Step {
        name: "tidy",
        help: "no forbidden words, no loose ends",
        python: false,
        run: steps::tidy,
    },
    Step {
        name: "links",
        help: "links between pages",
        python: false,
        run: steps::links,
    },
    Step {
        name: "deny",
        help: "licences, bans and sources of libraries",
        python: false,
        run: steps::deny,
    },
    Step {
        name: "advisories",
        help: "known holes in libraries",
        python: false,
        run: steps::advisories,
    },
    Step {
        name: "app",
        help: "the web app: types, lints, its client, its build and budget",
        python: false,
        run: steps::app,
    },
    Step {
        name: "clippy",
        help: "lints, warnings denied",
        python: false,
        run: steps::clippy,
    },
    Step {
        name: "build",
        help: "compiles the tests",
        python: false,
        run: steps::build,
    },
    Step {
        name: "unit",
        help: "unit, golden, property, end-to-end",
        python: true,
        run: steps::unit,
    },
    Step {
        name: "doc",
        help: "examples in the documentation",
        python: false,
        run: steps::doc,
    },
    Step {
        name: "interop",
        help: "DuckDB reads what we write",
        python: true,
        run: steps::interop,
    },
    Step {
        name: "http",
        help: "the server answers as its description says",
        python: false,
        run: steps::http,
    },
    Step {
        name: "readme",
        help: "the pages' commands print what they show",
        python: false,
        run: steps::readme,
    },
    Step {
        name: "browser",
        help: "the web app in a browser",
        python: false,
        run: steps::browser,
    },
];

/// `cargo xtask test`.
pub fn run(project: &Project, mut arguments: Arguments) -> Result<()> {
    let filter = arguments.option("--filter")?;
    let package = arguments.option("-p")?.or(arguments.option("--package")?);
    let mut only = arguments.list("--only")?;
    let skip = arguments.list("--skip")?;
    arguments.finish()?;
    known(&only)?;
    known(&skip)?;
    if only.is_empty() && (filter.is_some() || package.is_some()) {
        only = vec!["build".to_owned(), "unit".to_owned()];
    }
    let chosen: Vec<&Step> = STEPS
        .iter()
        .filter(|step| only.is_empty() || only.iter().any(|name| name == step.name))
        .filter(|step| !skip.iter().any(|name| name == step.name))
        .collect();
    let python = match chosen.iter().any(|step| step.python) {
        true => Some(crate::install::test_python(project)?),
        false => None,
    };
    let plan = Plan {
        project,
        filter,
        package,
        python,
    };
    let mut report = Report::default();
    for step in chosen {
        report.add(time(step, &plan));
    }
    report.print();
    match report.failed_steps() {
        0 => Ok(()),
        failed => Err(Failure::reported(format!("{failed} steps failed"))),
    }
}

/// Refuses names that are no steps.
fn known(names: &[String]) -> Result<()> {
    for name in names {
        if !STEPS.iter().any(|step| step.name == name) {
            let steps: String = STEPS
                .iter()
                .map(|step| format!("\n    {:<10} {}", step.name, step.help))
                .collect();
            return Err(Failure::new(format!(
                "there is no step {name:?}: the steps are{steps}"
            )));
        }
    }
    Ok(())
}

/// Runs a step; what stops it is its failure.
fn time(step: &Step, plan: &Plan) -> Line {
    println!("\n=== {}: {}", step.name, step.help);
    let start = Instant::now();
    let outcome = (step.run)(plan)
        .unwrap_or_else(|failure| Outcome::Failed(Counts::default(), vec![failure.to_string()]));
    if let Outcome::Failed(_, findings) = &outcome {
        for finding in findings {
            println!("{finding}");
        }
    }
    Line {
        name: step.name,
        time: start.elapsed(),
        outcome,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_unknown_step_names_the_known_ones() {
        assert!(known(&["fmt".to_owned(), "readme".to_owned()]).is_ok());
        let failure = known(&["lint".to_owned()]).unwrap_err().to_string();
        assert!(
            failure.contains("\"lint\"") && failure.contains("clippy"),
            "{failure}"
        );
    }

    #[test]
    fn a_step_that_stops_has_failed() {
        let step = Step {
            name: "broken",
            help: "stops",
            python: false,
            run: |_| Err(Failure::new("the disk is full")),
        };
        let project = Project::find().unwrap();
        let plan = Plan {
            project: &project,
            filter: None,
            package: None,
            python: None,
        };
        let line = time(&step, &plan);
        assert!(
            matches!(line.outcome, Outcome::Failed(_, findings) if findings == ["the disk is full"])
        );
    }
}
