//! How an answer came about, for people.

use upshot_metrics::QueryResult;
use upshot_metrics::explain::{Explanation, PassExplanation, PassPurpose};

use crate::failure::Failure;
use crate::output::{self, number};

/// Prints the definitions, what was read, and how long each stage took.
pub fn print(result: &QueryResult, explanation: &Explanation) -> Result<(), Failure> {
    output::line("\ndefinitions")?;
    for definition in &result.definitions {
        output::line(&format!(
            "  {} (version {}): {}",
            definition.id, definition.version, definition.text
        ))?;
    }
    output::line(&format!(
        "\nread from the facts {}, snapshot {}",
        result.fact_set, result.snapshot
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
    };
    output::line(&format!(
        "  {} {purpose}: {} of {} files, {} rows read ({} of them in memory), {} skipped, {:.1} ms",
        pass.table,
        pass.files_read,
        pass.files,
        number(pass.rows_read),
        number(pass.rows_in_memory),
        number(pass.rows_skipped),
        pass.milliseconds
    ))?;
    output::line(&format!("    metrics  {}", pass.metrics.join(", ")))?;
    output::line(&format!("    where    {}", pass.selection))?;
    output::line(&format!("    columns  {}", pass.columns.join(", ")))?;
    if !pass.derived.is_empty() {
        output::line(&format!("    derived  {}", pass.derived.join(", ")))?;
    }
    Ok(())
}
