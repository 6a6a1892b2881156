//! `upshot verify`.

use crate::arguments::{Common, OutputFormat, VerifyArguments};
use crate::failure::{DAMAGED, Failure};
use crate::output::{self, number};
use crate::session::{open_existing, spinner};

/// Runs the command.
pub async fn run(common: &Common, arguments: &VerifyArguments) -> Result<u8, Failure> {
    // The log is read, and every checksum in it looked at, when the lake is opened.
    let lake = open_existing(common).await?;
    let progress = spinner(common, 0);
    progress.set_message("reading files");
    let report = lake.verify(!arguments.skip_facts).await;
    progress.finish_and_clear();
    lake.close().await?;
    let report = report?;
    let problems: Vec<String> = report
        .catalog
        .problems
        .iter()
        .map(ToString::to_string)
        .chain(report.facts.iter().map(|fact| {
            format!(
                "session {} of workspace {}: {}",
                fact.session_id, fact.workspace, fact.what
            )
        }))
        .collect();
    if common.output == OutputFormat::Json {
        output::json(&serde_json::json!({
            "files": report.catalog.files,
            "rows": report.catalog.rows,
            "bytes": report.catalog.bytes,
            "sessions_folded_again": report.sessions,
            "problems": problems,
        }))?;
    } else {
        output::pairs(
            common,
            &[
                ("files", number(report.catalog.files)),
                ("rows", number(report.catalog.rows)),
                ("bytes", number(report.catalog.bytes)),
                ("sessions folded again", number(report.sessions)),
                ("problems", number(problems.len() as u64)),
            ],
        )?;
        for problem in &problems {
            output::line(problem)?;
        }
    }
    Ok(if problems.is_empty() { 0 } else { DAMAGED })
}
