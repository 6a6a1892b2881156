//! Dependencies point downwards only, and the low crates stay light.

use serde_json::Value;

use crate::failure::{Context, Result};
use crate::project::Project;

/// Our crates, lowest first; those of one row do not know each other.
const LAYERS: &[&[&str]] = &[
    &["upshot-core"],
    &[
        "upshot-adapters",
        "upshot-text",
        "upshot-stats",
        "upshot-demo",
        "upshot-web",
    ],
    &["upshot-lake", "upshot-store"],
    &["upshot-metrics", "upshot-import"],
    &["upshot-server"],
    &["upshot"],
    &["upshot-bench"],
];

/// Crates outside of the layers: nobody depends on them, and they on none of ours.
const APART: &[&str] = &["xtask"];

/// What a crate must not depend on, and why.
struct KeptAway {
    crates: &'static [&'static str],
    from: &'static [&'static str],
    reason: &'static str,
}

const KEPT_AWAY: &[KeptAway] = &[
    KeptAway {
        crates: &[
            "upshot-core",
            "upshot-adapters",
            "upshot-text",
            "upshot-stats",
            "upshot-demo",
            "upshot-web",
        ],
        from: &[
            "tokio",
            "arrow",
            "parquet",
            "datafusion",
            "object_store",
            "sqlx",
            "axum",
            "ureq",
            "tracing",
        ],
        reason: "it is pure: no input or output, no clock, no heavy build",
    },
    KeptAway {
        crates: &["upshot-lake", "upshot-server", "upshot"],
        from: &["datafusion"],
        reason: "upshot-metrics is the only crate that plans queries",
    },
    KeptAway {
        crates: &["upshot-metrics", "upshot-server", "upshot"],
        from: &["sqlx"],
        reason: "only upshot-lake and upshot-store keep databases",
    },
    KeptAway {
        crates: &["upshot-lake", "upshot-metrics"],
        from: &["axum", "clap"],
        reason: "only the faces know HTTP and the command line",
    },
];

/// Names every dependency that points the wrong way.
pub fn check(project: &Project) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for package in project.packages()? {
        let name = name_of(package)?;
        let dependencies = package["dependencies"]
            .as_array()
            .context(|| format!("read the dependencies of {name}"))?;
        for dependency in dependencies {
            // Tests may use a heavy library; they may not turn our own layers round.
            let for_tests = dependency["kind"].as_str() == Some("dev");
            findings.extend(finding(name, name_of(dependency)?, for_tests));
        }
        if layer(name).is_none() && !APART.contains(&name) {
            findings.push(format!(
                "the crate {name} has no layer: add it to crates/xtask/src/checks/direction.rs"
            ));
        }
    }
    Ok(findings)
}

fn name_of(package: &Value) -> Result<&str> {
    package["name"]
        .as_str()
        .context(|| "read a package's name".to_owned())
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&name))
}

/// What is wrong with a crate's dependency on another.
fn finding(name: &str, dependency: &str, for_tests: bool) -> Option<String> {
    if let Some(below) = layer(dependency) {
        return match layer(name) {
            Some(above) if below < above => None,
            _ => Some(format!(
                "{name} depends on {dependency}, which is not below it"
            )),
        };
    }
    if APART.contains(&dependency) {
        return Some(format!("{name} depends on {dependency}, which is a tool"));
    }
    let rule = KEPT_AWAY
        .iter()
        .find(|rule| rule.crates.contains(&name) && rule.from.contains(&dependency))?;
    (!for_tests).then(|| format!("{name} depends on {dependency}, but {}", rule.reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn downwards_is_allowed() {
        assert_eq!(finding("upshot-lake", "upshot-core", false), None);
        assert_eq!(finding("upshot-lake", "upshot-demo", true), None);
        assert_eq!(finding("upshot-core", "serde", false), None);
        assert_eq!(finding("upshot-core", "tokio", true), None);
    }

    #[test]
    fn upwards_sideways_and_heavy_are_named() {
        for (name, dependency) in [
            ("upshot-core", "upshot-lake"),
            ("upshot-text", "upshot-stats"),
            ("upshot-lake", "upshot-metrics"),
            ("upshot-core", "tokio"),
            ("upshot-lake", "datafusion"),
            ("upshot-server", "xtask"),
            ("xtask", "upshot-core"),
        ] {
            let found = finding(name, dependency, false);
            assert!(
                found.is_some_and(|text| text.contains(dependency)),
                "{name} → {dependency}"
            );
        }
    }

    #[test]
    fn tests_cannot_turn_the_layers_round() {
        assert!(finding("upshot-core", "upshot-demo", true).is_some());
    }
}
