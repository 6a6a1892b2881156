//! All that a full dashboard asks: ours together and one by one, the peers on the same Parquet files.
//!
//! `bench/dashboard.json` has the questions, `bench/sql/dashboard.*.sql` say the same in the SQL of each peer.
//! `upshot-bench dashboard DIRECTORY QUESTIONS [--together]` prints the rows of every question by its name.

use std::path::Path;

use serde_json::Value;

use crate::bench::Bench;
use crate::bench::participant::{Measured, ours, peer};
use crate::bench::report::Report;
use crate::bench::summary::{quoted, sessions};
use crate::failure::{Context, Result};

/// The peers, as `bench/peers.py` names them.
const PEERS: [&str; 2] = ["duckdb", "clickhouse"];

/// Makes the sessions, asks everyone.
pub fn run(bench: &Bench) -> Result<Report> {
    let folder = bench.data("sessions-{size}").to_string_lossy().into_owned();
    let said = sessions(bench, &folder)?;
    forget_rollups(Path::new(&folder))?;
    let questions = bench.project.root.join("bench/dashboard.json");
    let questions = questions.to_string_lossy().into_owned();
    let arguments = ["dashboard", folder.as_str(), questions.as_str()];
    let with = |flags: &[&'static str]| [arguments.as_slice(), flags].concat();
    // The first run finds no roll-ups; what it leaves beside the files, the others find.
    let together = ours(bench, "upshot, together", &with(&["--together", "--ten"]))?;
    let alone = ours(bench, "upshot, one by one", &arguments)?;
    let without = with(&["--without-rollups"]);
    let read = ours(bench, "upshot, one by one, everything read", &without)?;
    let mut report = Report::default();
    let mut peers = Vec::new();
    for engine in PEERS {
        let peer = on_the_same_files(bench, engine, &said)?;
        question_by_question(&mut report, &peer, "with roll-ups", &alone);
        question_by_question(&mut report, &peer, "everything read", &read);
        peers.push(peer);
    }
    let told = || "find the seconds of a new process".to_owned();
    let first = together.cold.first().context(told)?;
    report.figure("together, nothing ever asked before", *first, "s");
    let again = together.cold.last().context(told)?;
    report.figure("together, in a new process", *again, "s");
    let last = together.at_once.last().copied().unwrap_or(f64::NAN);
    report.figure(
        "the slowest of ten at once, times one",
        last / together.median(),
        "",
    );
    let mut measured = vec![together, alone, read];
    measured.append(&mut peers);
    measured.iter_mut().for_each(Measured::sort_rows);
    report.group("All questions of a dashboard", measured);
    Ok(report)
}

/// Asks a peer, whose SQL takes the files as lists of patterns.
fn on_the_same_files(bench: &Bench, engine: &str, said: &Value) -> Result<Measured> {
    let (sessions, messages, steps) = (
        quoted(&said["files"]),
        quoted(&said["message_files"]),
        quoted(&said["step_files"]),
    );
    let settings = [
        ("sessions", sessions.as_str()),
        ("messages", messages.as_str()),
        ("steps", steps.as_str()),
    ];
    let sql = bench.sql(&format!("dashboard.{engine}.sql"));
    peer(bench, engine, "", &sql, &settings)
}

/// How much more than ours a peer takes for each question. Of processors: a machine that does something else as well
/// changes that least.
fn question_by_question(report: &mut Report, peer: &Measured, how: &str, ours: &Measured) {
    let processor = |spent: &Value| spent["processor"].as_f64().unwrap_or(f64::NAN);
    for (name, ours) in &ours.each {
        let theirs = peer.each.get(name).unwrap_or(&Value::Null);
        let name = format!("{name}: {} takes, times ours alone, {how}", peer.name);
        report.figure(name, processor(theirs) / processor(ours), "");
    }
}

/// Removes what earlier measurements left beside the files.
fn forget_rollups(folder: &Path) -> Result<()> {
    let listed = std::fs::read_dir(folder).context(|| format!("list {}", folder.display()))?;
    for entry in listed {
        let path = entry
            .context(|| format!("list {}", folder.display()))?
            .path();
        if path.is_dir() {
            forget_rollups(&path)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "rollups")
        {
            std::fs::remove_file(&path).context(|| format!("remove {}", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_peer_is_asked_every_question() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench");
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        let questions: Value = serde_json::from_str(&read("dashboard.json")).unwrap();
        let questions = questions.as_array().unwrap().iter();
        let names: Vec<&str> = questions
            .map(|question| question["name"].as_str().unwrap())
            .collect();
        for engine in PEERS {
            let sql = read(&format!("sql/dashboard.{engine}.sql"));
            let asked = sql
                .lines()
                .filter_map(|line| line.strip_prefix("-- question: "));
            assert_eq!(asked.collect::<Vec<_>>(), names, "{engine}");
        }
    }
}
