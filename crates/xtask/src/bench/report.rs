//! What is printed and kept of a benchmark.

use std::path::Path;

use serde_json::{Value, json};

use crate::bench::participant::Measured;
use crate::failure::{Context, Failure, Result};
use crate::project::Project;
use crate::shell::Shell;

/// How far two numbers of a result may lie apart, as a share: sums of the same numbers in another
/// order differ in their last digits.
const TOLERANCE: f64 = 1e-9;

/// All groups of participants that were compared with each other.
#[derive(Default)]
pub struct Report {
    groups: Vec<Group>,
    /// Figures without a comparison: their names, values and units.
    figures: Vec<(String, f64, &'static str)>,
}

struct Group {
    title: String,
    measured: Vec<Measured>,
}

impl Report {
    /// Adds participants that did the same.
    pub fn group(&mut self, title: impl Into<String>, measured: Vec<Measured>) {
        self.groups.push(Group {
            title: title.into(),
            measured,
        });
    }

    /// Adds a single figure.
    pub fn figure(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        self.figures.push((name.into(), value, unit));
    }

    /// The page for people.
    pub fn page(&self, project: &Project, title: &str) -> Result<String> {
        let mut page = format!("# {title}\n\n{}\n", surroundings(project)?);
        for Group { title, measured } in &self.groups {
            page.push_str(&format!("\n## {title}\n\n{}", table(measured)));
        }
        if !self.figures.is_empty() {
            page.push_str("\n| figure | value |\n|---|---:|\n");
        }
        for (name, value, unit) in &self.figures {
            page.push_str(&format!("| {name} | {value:.1} {unit} |\n"));
        }
        Ok(page)
    }

    /// Writes the page and the numbers.
    pub fn write(&self, project: &Project, folder: &Path, name: &str, title: &str) -> Result<()> {
        std::fs::create_dir_all(folder).context(|| format!("make {}", folder.display()))?;
        let numbers = format!("{:#}\n", self.numbers(title));
        for (extension, text) in [("md", self.page(project, title)?), ("json", numbers)] {
            let path = folder.join(format!("{name}.{extension}"));
            std::fs::write(&path, text).context(|| format!("write {}", path.display()))?;
            println!("written: {}", project.relative(&path));
        }
        Ok(())
    }

    /// Fails where participants that did the same gave different results.
    pub fn agreed(&self) -> Result<()> {
        for Group { title, measured } in &self.groups {
            let mut results = measured
                .iter()
                .filter_map(|one| Some((&one.name, one.result.as_ref()?)));
            let Some((first_name, first)) = results.next() else {
                continue;
            };
            if let Some((name, _)) = results.find(|(_, result)| !same(first, result)) {
                return Err(Failure::new(format!(
                    "{title}: {first_name} and {name} give different results: see the JSON"
                )));
            }
        }
        Ok(())
    }

    fn numbers(&self, title: &str) -> Value {
        let groups = self.groups.iter().map(|Group { title, measured }| {
            let participants = measured.iter().map(|one| {
                json!({
                    "name": one.name,
                    "ours": one.ours,
                    "seconds": one.seconds,
                    "median_seconds": one.median(),
                    "peak_memory_bytes": one.peak_memory,
                    "each": one.each,
                    "cold_seconds": one.cold,
                    "result": one.result,
                })
            });
            json!({ "title": title, "participants": participants.collect::<Vec<_>>() })
        });
        let figures = self
            .figures
            .iter()
            .map(|(name, value, unit)| json!({ "name": name, "value": value, "unit": unit }));
        json!({
            "title": title,
            "groups": groups.collect::<Vec<_>>(),
            "figures": figures.collect::<Vec<_>>(),
        })
    }
}

/// Participants, the fastest first, each with how much longer it took than ours.
fn table(measured: &[Measured]) -> String {
    let ours = measured.iter().find(|one| one.ours).map(Measured::median);
    let mut sorted: Vec<&Measured> = measured.iter().collect();
    sorted.sort_by(|left, right| left.median().total_cmp(&right.median()));
    let mut table = String::from(
        "| who | median | all runs | times ours | peak memory |\n|---|---:|---|---:|---:|\n",
    );
    for one in sorted {
        let runs: Vec<String> = one
            .seconds
            .iter()
            .map(|seconds| format!("{seconds:.3}"))
            .collect();
        let ratio = ours.map_or("–".to_owned(), |ours| {
            format!("{:.2}", one.median() / ours)
        });
        table.push_str(&format!(
            "| {} | {:.3} s | {} | {ratio} | {:.0} MiB |\n",
            one.name,
            one.median(),
            runs.join(", "),
            one.peak_memory as f64 / 1024.0 / 1024.0,
        ));
    }
    table
}

/// The machine, the day and the state of the code.
fn surroundings(project: &Project) -> Result<String> {
    let processor = std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text
                .lines()
                .find(|line| line.starts_with("model name"))?
                .to_owned();
            Some(line.split_once(':')?.1.trim().to_owned())
        });
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let date = Shell::new("date").arguments(["-u", "+%F"]).quiet_output()?;
    let commit = project
        .shell("git")
        .arguments(["rev-parse", "--short", "HEAD"])
        .quiet_output()?;
    Ok(format!(
        "{} with {processors} processors, two threads each; {}, commit {}.",
        processor.unwrap_or_else(|| "a processor without a name".to_owned()),
        date.trim(),
        commit.trim()
    ))
}

/// Whether two results say the same.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, left)| right.get(name).is_some_and(|right| same(left, right)))
        }
        (Value::Number(left), Value::Number(right)) => match (left.as_f64(), right.as_f64()) {
            (Some(left), Some(right)) => {
                (left - right).abs() <= TOLERANCE * left.abs().max(right.abs())
            }
            _ => left == right,
        },
        _ => left == right,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn measured(name: &str, ours: bool, seconds: f64, result: Value) -> Measured {
        Measured {
            name: name.to_owned(),
            ours,
            seconds: vec![seconds],
            peak_memory: 3 * 1024 * 1024,
            result: Some(result),
            ..Measured::default()
        }
    }

    #[test]
    fn shows_how_much_longer_the_others_took() {
        let table = table(&[
            measured("duckdb 2.0.0", false, 6.0, json!([])),
            measured("upshot", true, 1.5, json!([])),
        ]);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[2], "| upshot | 1.500 s | 1.500 | 1.00 | 3 MiB |");
        assert_eq!(
            lines[3],
            "| duckdb 2.0.0 | 6.000 s | 6.000 | 4.00 | 3 MiB |"
        );
    }

    #[test]
    fn results_must_agree() {
        let agreed = |left: Value, right: Value| {
            let mut report = Report::default();
            report.group(
                "fold",
                vec![
                    measured("a", true, 1.0, left),
                    measured("b", false, 1.0, right),
                ],
            );
            report.agreed().is_ok()
        };
        assert!(agreed(
            json!([["web", 3, 0.1 + 0.2]]),
            json!([["web", 3, 0.3]])
        ));
        assert!(agreed(
            json!([["web", 3, null]]),
            json!([["web", 3.0, null]])
        ));
        assert!(!agreed(json!([["web", 3]]), json!([["web", 4]])));
        assert!(!agreed(
            json!([["web", 3]]),
            json!([["web", 3], ["voice", 1]])
        ));
        assert!(!agreed(json!([["web", 0.3]]), json!([["web", null]])));
    }
}
