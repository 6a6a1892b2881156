//! `cargo xtask regenerate`: writes again what is generated and checked in. The tests compare it with
//! what the code says; the difference is then reviewed like any other.

use crate::arguments::Arguments;
use crate::failure::{Failure, Result};
use crate::project::Project;

/// Something that is generated and checked in.
struct Generated {
    name: &'static str,
    help: &'static str,
    how: How,
}

enum How {
    /// The tests of these crates write it when they are told to.
    Tests(&'static [&'static str]),
    /// A function here writes it.
    Function(fn(&Project) -> Result<()>),
}

const GENERATED: &[Generated] = &[
    Generated {
        name: "core",
        help: "what the profiles and the fold give: expectations in the tests",
        how: How::Tests(&["upshot-core", "upshot-adapters", "upshot-demo"]),
    },
    Generated {
        name: "metrics",
        help: "the page of metrics and the golden query files",
        how: How::Tests(&["upshot-metrics"]),
    },
    Generated {
        name: "openapi",
        help: "the description of the HTTP interface",
        how: How::Tests(&["upshot-server"]),
    },
    Generated {
        name: "cli",
        help: "what the commands print",
        how: How::Tests(&["upshot"]),
    },
    Generated {
        name: "readme",
        help: "the outputs of the commands in the README and in docs/",
        how: How::Function(readme),
    },
];

/// Writes everything, or what is named.
pub fn run(project: &Project, mut arguments: Arguments) -> Result<()> {
    let name = arguments.positional();
    arguments.finish()?;
    for generated in chosen(name.as_deref())? {
        println!("=== {}: {}", generated.name, generated.help);
        match &generated.how {
            How::Function(write) => write(project)?,
            How::Tests(packages) => tests(project, packages)?,
        }
    }
    Ok(())
}

fn chosen(name: Option<&str>) -> Result<Vec<&'static Generated>> {
    let found: Vec<_> = GENERATED
        .iter()
        .filter(|generated| name.is_none_or(|name| name == generated.name))
        .collect();
    if found.is_empty() {
        let names: Vec<&str> = GENERATED.iter().map(|generated| generated.name).collect();
        return Err(Failure::new(format!(
            "nothing of this name is generated: try {}",
            names.join(", ")
        )));
    }
    Ok(found)
}

/// Runs the tests of the crates with the switch that makes them write what they expect.
fn tests(project: &Project, packages: &[&str]) -> Result<()> {
    let selected = packages.iter().flat_map(|package| ["--package", package]);
    project
        .cargo(["test", "--lib", "--bins", "--tests", "--no-fail-fast"])
        .arguments(selected)
        .variable("UPDATE_EXPECT", "1")
        .run()
}

fn readme(project: &Project) -> Result<()> {
    crate::install::for_build()?;
    project.cargo(["build", "--package", "upshot"]).run()?;
    crate::readme::complete(project)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn everything_or_one() {
        assert_eq!(chosen(None).unwrap().len(), GENERATED.len());
        assert_eq!(chosen(Some("readme")).unwrap().len(), 1);
        assert!(
            chosen(Some("nothing"))
                .err()
                .unwrap()
                .to_string()
                .contains("openapi")
        );
    }
}
