//! What is printed when all steps have run.

use std::time::Duration;

use crate::counts::Counts;
use crate::test::Outcome;

/// A step that has run.
pub struct Line {
    /// Its name.
    pub name: &'static str,
    /// How long it took.
    pub time: Duration,
    /// How it ended.
    pub outcome: Outcome,
}

/// All steps that have run.
#[derive(Default)]
pub struct Report {
    lines: Vec<Line>,
}

impl Report {
    /// Adds a step.
    pub fn add(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// How many steps failed.
    pub fn failed_steps(&self) -> usize {
        self.lines
            .iter()
            .filter(|line| matches!(line.outcome, Outcome::Failed(..)))
            .count()
    }

    /// Prints the table and, last of all, how many tests passed and failed.
    pub fn print(&self) {
        println!("\n{}\n{}", self.table(), self.closing_line());
    }

    fn table(&self) -> String {
        let mut table = String::from("step        time  result\n");
        for Line {
            name,
            time,
            outcome,
        } in &self.lines
        {
            let result = match outcome {
                Outcome::Passed(counts) if *counts == Counts::default() => "ok".to_owned(),
                Outcome::Passed(counts) => format!("ok, {} passed", counts.passed),
                Outcome::Failed(counts, findings) => failed(*counts, findings),
                Outcome::Skipped(reason) => format!("skipped: {reason}"),
            };
            table.push_str(&format!("{name:<10} {:>5}  {result}\n", clock(*time)));
        }
        table
    }

    /// The sum over all steps that ran tests. A check without tests of its own counts when it fails,
    /// so that the line never says less than the exit code.
    fn closing_line(&self) -> String {
        let mut sum = Counts::default();
        for line in &self.lines {
            match &line.outcome {
                Outcome::Passed(counts) => sum.add(*counts),
                Outcome::Failed(counts, _) if counts.failed == 0 => {
                    sum.add(*counts);
                    sum.add(Counts::one(false));
                }
                Outcome::Failed(counts, _) => sum.add(*counts),
                Outcome::Skipped(_) => {}
            }
        }
        format!("{} passed, {} failed", sum.passed, sum.failed)
    }
}

fn failed(counts: Counts, findings: &[String]) -> String {
    if counts != Counts::default() {
        return format!("FAILED, {} passed, {} failed", counts.passed, counts.failed);
    }
    match findings {
        [] => "FAILED".to_owned(),
        [finding] => format!("FAILED: {}", finding.lines().next().unwrap_or_default()),
        findings => format!("FAILED, {} findings", findings.len()),
    }
}

/// Minutes and seconds.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcomes: Vec<Outcome>) -> Report {
        let lines = outcomes.into_iter().map(|outcome| Line {
            name: "unit",
            time: Duration::from_millis(61_600),
            outcome,
        });
        Report {
            lines: lines.collect(),
        }
    }

    #[test]
    fn sums_the_runners() {
        let report = report(vec![
            Outcome::Passed(Counts {
                passed: 40,
                failed: 0,
            }),
            Outcome::Passed(Counts::default()),
            Outcome::Skipped("no network".to_owned()),
            Outcome::Failed(
                Counts {
                    passed: 2,
                    failed: 1,
                },
                Vec::new(),
            ),
        ]);
        assert_eq!(report.closing_line(), "42 passed, 1 failed");
        assert_eq!(report.failed_steps(), 1);
        assert!(
            report.table().contains("unit        1:02  ok, 40 passed\n"),
            "{}",
            report.table()
        );
        assert!(report.table().contains("skipped: no network"));
    }

    #[test]
    fn a_failed_check_is_never_counted_as_nothing() {
        let report = report(vec![Outcome::of(vec!["a.rs is too long".to_owned()])]);
        assert_eq!(report.closing_line(), "0 passed, 1 failed");
        assert!(report.table().contains("FAILED: a.rs is too long"));
    }
}
