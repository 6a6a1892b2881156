//! One who takes part: a peer, or ours.

use std::path::Path;

use serde_json::{Map, Value};

use crate::bench::Bench;
use crate::bench::process;
use crate::failure::{Context, Failure, Result};
use crate::shell::Shell;

/// What a participant's runs gave.
#[derive(Default)]
pub struct Measured {
    /// Who it was, with the version.
    pub name: String,
    /// Whether it is ours: the others are compared with it.
    pub ours: bool,
    /// Seconds of each run.
    pub seconds: Vec<f64>,
    /// The most memory that a run took, in bytes.
    pub peak_memory: u64,
    /// The rows of the result, for the comparison; nothing where there is none.
    pub result: Option<Value>,
    /// Seconds of each question, where there are several.
    pub each: Map<String, Value>,
    /// Seconds of the first time in each run, where that is measured too.
    pub cold: Vec<f64>,
    /// Seconds of each of several that were asked at once, in order; of the last run.
    pub at_once: Vec<f64>,
}

impl Measured {
    /// The median of the runs, in seconds.
    pub fn median(&self) -> f64 {
        let mut seconds = self.seconds.clone();
        seconds.sort_by(f64::total_cmp);
        let middle = seconds.len() / 2;
        match seconds.len() {
            0 => f64::NAN,
            length if length % 2 == 1 => seconds[middle],
            _ => (seconds[middle - 1] + seconds[middle]) / 2.0,
        }
    }

    /// Puts the rows of every question in the order of what they begin with, which is no number.
    pub fn sort_rows(&mut self) {
        let questions = self.result.as_mut().and_then(Value::as_object_mut);
        for rows in questions.into_iter().flat_map(Map::values_mut) {
            if let Some(rows) = rows.as_array_mut() {
                rows.sort_by_cached_key(words);
            }
        }
    }
}

/// What a row begins with.
fn words(row: &Value) -> Vec<String> {
    let cells = row.as_array().into_iter().flatten();
    let words = cells.take_while(|cell| !cell.is_number());
    words
        .map(|cell| cell.as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Runs a peer: one process, one run that is not measured, then the measured ones.
pub fn peer(
    bench: &Bench,
    engine: &str,
    variant: &str,
    sql: &Path,
    settings: &[(&str, &str)],
) -> Result<Measured> {
    let mut shell = two_threads(&bench.python)
        .argument(bench.project.root.join("bench/peers.py"))
        .argument(engine)
        .argument(sql)
        .arguments(["--runs", &bench.runs.to_string()]);
    for (name, value) in settings {
        shell = shell.arguments(["--set", &format!("{name}={value}")]);
    }
    let answer = answer(shell)?;
    let seconds = answer["seconds"]
        .as_array()
        .context(|| format!("read the seconds of {engine}"))?;
    Ok(Measured {
        name: format!(
            "{engine} {}{variant}",
            answer["version"].as_str().unwrap_or_default()
        ),
        ours: false,
        seconds: seconds.iter().filter_map(Value::as_f64).collect(),
        peak_memory: answer["peak_memory_bytes"].as_u64().unwrap_or_default(),
        result: Some(answer["result"].clone()),
        each: answer["each"].as_object().cloned().unwrap_or_default(),
        ..Measured::default()
    })
}

/// Runs ours: a process of its own for each run, nothing warmed up but the file system's cache.
pub fn ours(bench: &Bench, name: &str, arguments: &[&str]) -> Result<Measured> {
    let mut measured = Measured {
        name: name.to_owned(),
        ours: true,
        ..Measured::default()
    };
    for _ in 0..bench.runs {
        let answer = answer(two_threads(bench.program("upshot-bench")).arguments(arguments))?;
        let seconds = answer["seconds"]
            .as_f64()
            .context(|| format!("read the seconds of {name}"))?;
        let peak = answer["peak_memory_bytes"].as_u64().unwrap_or_default();
        measured.seconds.push(seconds);
        measured.peak_memory = measured.peak_memory.max(peak);
        measured.result = Some(answer["result"].clone()).filter(|result| !result.is_null());
        measured.each = answer["each"].as_object().cloned().unwrap_or_default();
        measured.cold.extend(answer["cold_seconds"].as_f64());
        let at_once = answer["at_once_seconds"].as_array().into_iter().flatten();
        measured.at_once = at_once.filter_map(Value::as_f64).collect();
    }
    Ok(measured)
}

/// What `upshot-bench` says as it prepares data.
pub fn prepare(bench: &Bench, arguments: &[&str]) -> Result<Value> {
    answer(Shell::new(bench.program("upshot-bench")).arguments(arguments))
}

/// A program that sees two processors, however many there are.
pub fn two_threads(program: impl AsRef<Path>) -> Shell {
    process::on_two_processors(program.as_ref())
}

/// The last line that a program prints, which is JSON.
fn answer(shell: Shell) -> Result<Value> {
    println!("$ {}", shell.shown());
    let ended = shell.heard()?;
    if !ended.status.success() {
        return Err(Failure::new(format!(
            "it ended with {}:\n{}",
            ended.status, ended.output
        )));
    }
    let answer: Value = ended
        .output
        .lines()
        .rev()
        .find_map(|line| serde_json::from_str(line).ok().filter(Value::is_object))
        .context(|| format!("find a line of JSON in what it printed:\n{}", ended.output))?;
    if !answer["seconds"].is_null() {
        println!("  {} s", answer["seconds"]);
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_median_does_not_care_for_order_or_one_slow_run() {
        let median = |seconds: &[f64]| {
            let measured = Measured {
                seconds: seconds.to_vec(),
                ..Measured::default()
            };
            measured.median()
        };
        assert_eq!(median(&[3.0, 1.0, 99.0]), 3.0);
        assert_eq!(median(&[4.0, 1.0]), 2.5);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn the_answer_is_the_last_line_of_json() {
        let script = "echo progress; echo '{\"seconds\": 1}'; echo '{\"seconds\": 2}'; echo done";
        let found = answer(Shell::new("sh").arguments(["-c", script])).unwrap();
        assert_eq!(found["seconds"].as_f64(), Some(2.0));
        assert!(answer(Shell::new("sh").arguments(["-c", "echo {}; exit 1"])).is_err());
        assert!(answer(Shell::new("true")).is_err());
    }
}
