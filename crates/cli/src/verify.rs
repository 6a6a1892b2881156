//! `upshot verify`.

use upshot_lake::engine::VerifyReport;
use upshot_lake::{Lake, LakeError};

use crate::arguments::{Common, OutputFormat, VerifyArguments};
use crate::failure::{DAMAGED, Failure};
use crate::output::{self, number};
use crate::session::{lake_options, refuse_nothing, spinner};

/// Runs the command.
pub async fn run(common: &Common, arguments: &VerifyArguments) -> Result<u8, Failure> {
    refuse_nothing(common)?;
    // The log is read, and every checksum in it looked at, when the lake is opened.
    let lake = match Lake::open(lake_options(common)).await {
        Ok(lake) => lake,
        Err(error @ LakeError::Damaged { .. }) => {
            return print(common, &VerifyReport::default(), vec![error.to_string()]);
        }
        Err(error) => return Err(error.into()),
    };
    let progress = spinner(common, 0);
    progress.set_message("reading files");
    let report = lake.verify(!arguments.skip_facts).await;
    progress.finish_and_clear();
    lake.close().await?;
    print(common, &report?, Vec::new())
}

/// Says what was checked and what was found, some of which may be found already.
fn print(common: &Common, report: &VerifyReport, mut problems: Vec<String>) -> Result<u8, Failure> {
    problems.extend(report.catalog.problems.iter().map(ToString::to_string));
    problems.extend(report.facts.iter().map(|fact| {
        format!(
            "session {} of workspace {} by {}: {}",
            fact.session_id, fact.workspace, fact.fact_set, fact.what
        )
    }));
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
