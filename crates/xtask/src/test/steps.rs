//! The steps of `cargo xtask test`.

use crate::checks;
use crate::counts::{self, Counts};
use crate::failure::{Context, Result};
use crate::install;
use crate::readme;
use crate::shell::{Ended, Shell};
use crate::test::{Outcome, Plan};
use crate::web;

/// The formatting is rustfmt's.
pub fn fmt(plan: &Plan) -> Result<Outcome> {
    plain(plan.project.cargo(["fmt", "--all", "--check"]))
}

/// No source file is too long.
pub fn size(plan: &Plan) -> Result<Outcome> {
    checks::size::check(plan.project).map(Outcome::of)
}

/// Dependencies point downwards.
pub fn direction(plan: &Plan) -> Result<Outcome> {
    checks::direction::check(plan.project).map(Outcome::of)
}

/// No forbidden words, no loose ends.
pub fn tidy(plan: &Plan) -> Result<Outcome> {
    checks::tidy::check(plan.project).map(Outcome::of)
}

/// Links between pages lead somewhere.
pub fn links(plan: &Plan) -> Result<Outcome> {
    checks::links::check(plan.project).map(Outcome::of)
}

/// Licences, bans and sources of the libraries.
pub fn deny(plan: &Plan) -> Result<Outcome> {
    install::cargo_deny()?;
    plain(cargo_deny(plan).arguments(["check", "bans", "licenses", "sources"]))
}

/// Known holes in the libraries, where the database of them can be fetched.
pub fn advisories(plan: &Plan) -> Result<Outcome> {
    install::cargo_deny()?;
    if !cargo_deny(plan).arguments(["fetch", "db"]).succeeds() {
        return Ok(Outcome::Skipped(
            "the database cannot be fetched from here".to_owned(),
        ));
    }
    plain(cargo_deny(plan).arguments(["check", "advisories"]))
}

/// Warnings stay silent: libraries that come in two versions are listed by `cargo deny check`.
fn cargo_deny(plan: &Plan) -> Shell {
    plan.project.cargo(["deny", "--log-level", "error"])
}

/// The web app. Its build comes before those of the product, which take it in.
pub fn app(plan: &Plan) -> Result<Outcome> {
    web::check(plan.project)?;
    web::build(plan.project)?;
    Ok(Outcome::Passed(Counts::default()))
}

/// The web app in a browser.
pub fn browser(plan: &Plan) -> Result<Outcome> {
    web::build(plan.project)?;
    build_product(plan)?;
    let mut tests = web::browser(plan.project)?;
    if let Some(filter) = &plan.filter {
        tests = tests.variable("UPSHOT_E2E_ONLY", filter);
    }
    Ok(counted(&tests.pass_on()?))
}

/// Lints, with warnings denied.
pub fn clippy(plan: &Plan) -> Result<Outcome> {
    install::for_build()?;
    let clippy = of_packages(plan, plan.project.cargo(["clippy", "--all-targets"]));
    plain(clippy.arguments(["--", "-D", "warnings"]))
}

/// Compiles the tests, so that the next step's time is theirs alone.
pub fn build(plan: &Plan) -> Result<Outcome> {
    install::for_build()?;
    plain(of_packages(plan, runner(plan)).argument("--no-run"))
}

/// All tests that are written in Rust.
pub fn unit(plan: &Plan) -> Result<Outcome> {
    install::for_build()?;
    let mut tests = of_packages(plan, runner(plan)).argument("--no-fail-fast");
    if has_nextest() {
        let profile = if std::env::var_os("CI").is_some() {
            "ci"
        } else {
            "default"
        };
        tests = tests.arguments(["--no-tests", "pass", "--profile", profile]);
    }
    if let Some(filter) = &plan.filter {
        tests = tests.argument(filter);
    }
    if let Some(python) = &plan.python {
        tests = tests.variable("UPSHOT_INTEROP_PYTHON", python);
    }
    Ok(counted(&tests.pass_on()?))
}

/// The examples in the documentation.
pub fn doc(plan: &Plan) -> Result<Outcome> {
    let tests = of_packages(
        plan,
        plan.project.cargo(["test", "--doc", "--no-fail-fast"]),
    );
    Ok(counted(&tests.pass_on()?))
}

/// Tests in Python, against the product's binary.
pub fn interop(plan: &Plan) -> Result<Outcome> {
    let python = plan
        .python
        .as_ref()
        .context(|| "find the tests' Python".to_owned())?;
    build_product(plan)?;
    let mut tests = plan
        .project
        .shell(python)
        .arguments([
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "tests/interop",
        ])
        .variable("PYTHONDONTWRITEBYTECODE", "1")
        .variable("UPSHOT_BINARY", plan.project.product())
        .variable("UPSHOT_EXAMPLES", plan.project.root.join("examples"));
    if let Some(filter) = &plan.filter {
        tests = tests.arguments(["-k", filter]);
    }
    Ok(counted(&tests.pass_on()?))
}

/// Everything that the description of the HTTP interface allows, and what it does not, asked of a live
/// server.
pub fn http(plan: &Plan) -> Result<Outcome> {
    let python = install::http_python(plan.project)?;
    build_product(plan)?;
    plain(
        plan.project
            .shell(python)
            .argument("tests/http/check.py")
            .variable("PYTHONDONTWRITEBYTECODE", "1")
            .variable("UPSHOT_BINARY", plan.project.product()),
    )
}

/// The commands that the pages show print what the pages show.
pub fn readme(plan: &Plan) -> Result<Outcome> {
    build_product(plan)?;
    let checked = readme::check(plan.project)?;
    if checked.findings.is_empty() {
        return Ok(Outcome::Passed(checked.counts));
    }
    Ok(Outcome::Failed(checked.counts, checked.findings))
}

/// A command that passes or fails as a whole.
fn plain(shell: Shell) -> Result<Outcome> {
    match shell.run() {
        Ok(()) => Ok(Outcome::Passed(Counts::default())),
        Err(failure) => Ok(Outcome::Failed(
            Counts::default(),
            vec![failure.to_string()],
        )),
    }
}

/// A test runner that counts. One that ended badly without a failed test did not get so far.
fn counted(ended: &Ended) -> Outcome {
    let counts = counts::read(&ended.output);
    if ended.status.success() {
        return Outcome::Passed(counts);
    }
    Outcome::Failed(
        counts,
        vec![format!("the test runner ended with {}", ended.status)],
    )
}

/// The runner of the tests in Rust: cargo-nextest where it is installed.
fn runner(plan: &Plan) -> Shell {
    if has_nextest() {
        return plan.project.cargo(["nextest", "run"]);
    }
    plan.project.cargo(["test", "--lib", "--bins", "--tests"])
}

fn has_nextest() -> bool {
    Shell::new("cargo")
        .arguments(["nextest", "--version"])
        .succeeds()
}

/// Adds the crates that are meant.
fn of_packages(plan: &Plan, shell: Shell) -> Shell {
    match &plan.package {
        Some(package) => shell.arguments(["--package", package]),
        None => shell.argument("--workspace"),
    }
}

fn build_product(plan: &Plan) -> Result<()> {
    install::for_build()?;
    plan.project.cargo(["build", "--package", "upshot"]).run()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ended(script: &str) -> Ended {
        Shell::new("sh").arguments(["-c", script]).heard().unwrap()
    }

    #[test]
    fn a_runner_that_ends_badly_has_failed_whatever_it_counted() {
        let line = "echo 'test result: ok. 3 passed; 0 failed; 0 ignored'";
        assert!(matches!(
            counted(&ended(line)),
            Outcome::Passed(Counts {
                passed: 3,
                failed: 0
            })
        ));
        assert!(matches!(
            counted(&ended(&format!("{line}; exit 101"))),
            Outcome::Failed(
                Counts {
                    passed: 3,
                    failed: 0
                },
                _
            )
        ));
    }
}
