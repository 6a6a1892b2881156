//! How an answer came about, for people.

use upshot_metrics::explain::{Explanation, PassExplanation, PassPurpose};

use crate::failure::Failure;
use crate::output::{self, number};

/// Prints what the numbers say, what was read, and how long each stage took.
pub fn print(
    meanings: impl Iterator<Item = String>,
    (fact_set, snapshot): (&str, i64),
    explanation: &Explanation,
) -> Result<(), Failure> {
    output::line("\ndefinitions")?;
    for meaning in meanings {
        output::line(&format!("  {meaning}"))?;
    }
    output::line(&format!(
        "\nread from the facts {fact_set}, snapshot {snapshot}"
    ))?;
    for pass in &explanation.passes {
        print_pass(pass)?;
    }
    let stages: Vec<String> = explanation
        .stages
        .iter()
        .map(|stage| format!("{} {:.1} ms", stage.name, stage.milliseconds))
        .collect();
    output::line(&format!("\ntime: {}", stages.join(", ")))
}

fn print_pass(pass: &PassExplanation) -> Result<(), Failure> {
    let purpose = match pass.purpose {
        PassPurpose::Rows => "for the rows",
        PassPurpose::Compared => "to compare with",
        PassPurpose::Ranking => "to rank groups",
        PassPurpose::Subtotals => "for subtotals",
        PassPurpose::Baseline => "for the baseline",
        PassPurpose::Sessions => "for the sessions",
        PassPurpose::Contributions => "for what each session adds",
        PassPurpose::Steps => "for the steps in order",
        PassPurpose::Visits => "for the visits of topics",
        PassPurpose::Impacts => "for impacts",
        PassPurpose::Names => "for names of topics",
        PassPurpose::Users => "for users and when they were back",
    };
    output::line(&format!(
        "  {} {purpose}: {} of {} files{}, {} rows read ({} of them in memory), {} skipped, {:.1} ms",
        pass.table,
        pass.files_read,
        pass.files,
        match pass.files_kept {
            0 => String::new(),
            kept => format!(" ({kept} more known from before)"),
        },
        number(pass.rows_read),
        number(pass.rows_in_memory),
        number(pass.rows_skipped),
        pass.milliseconds
    ))?;
    if !pass.metrics.is_empty() {
        output::line(&format!("    metrics  {}", pass.metrics.join(", ")))?;
    }
    output::line(&format!("    where    {}", pass.selection))?;
    output::line(&format!("    columns  {}", pass.columns.join(", ")))?;
    if !pass.derived.is_empty() {
        output::line(&format!("    derived  {}", pass.derived.join(", ")))?;
    }
    Ok(())
}
