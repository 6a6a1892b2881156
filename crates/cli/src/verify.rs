//! `upshot verify`.

use upshot_lake::engine::VerifyReport;
use upshot_lake::{Lake, LakeError};
use upshot_store::StoreReport;

use crate::arguments::{Common, OutputFormat, VerifyArguments};
use crate::failure::{DAMAGED, Failure};
use crate::output::{self, number};
use crate::session::{close, lake_options, refuse_nothing, spinner};

/// Runs the command.
pub async fn run(common: &Common, arguments: &VerifyArguments) -> Result<u8, Failure> {
    refuse_nothing(common)?;
    // The log is read, and every checksum in it looked at, when the lake is opened.
    let lake = match Lake::open(lake_options(common)).await {
        Ok(lake) => lake,
        Err(error @ LakeError::Damaged { .. }) => {
            let (report, store) = (VerifyReport::default(), StoreReport::default());
            return print(common, &report, store, vec![error.to_string()]);
        }
        Err(error) => return Err(error.into()),
    };
    let progress = spinner(common, 0);
    progress.set_message("reading files");
    let report = lake.verify(!arguments.skip_facts).await;
    let store = of_store(common, &lake).await;
    progress.finish_and_clear();
    close(common, &lake).await?;
    print(common, &report?, store?, Vec::new())
}

/// What is wrong with what people set.
async fn of_store(common: &Common, lake: &Lake) -> Result<StoreReport, Failure> {
    let workspaces = lake.workspaces().await?.into_iter().collect();
    let report = upshot_store::verify(&common.data, &workspaces).await?;
    Ok(report.unwrap_or_default())
}

/// Says what was checked and what was found, some of which may be found already.
fn print(
    common: &Common,
    report: &VerifyReport,
    store: StoreReport,
    mut problems: Vec<String>,
) -> Result<u8, Failure> {
    problems.extend(report.catalog.problems.iter().map(ToString::to_string));
    problems.extend(report.facts.iter().map(|fact| {
        format!(
            "session {} of workspace {} by {}: {}",
            fact.session_id, fact.workspace, fact.fact_set, fact.what
        )
    }));
    problems.extend(store.problems);
    if common.output == OutputFormat::Json {
        output::json(&serde_json::json!({
            "files": report.catalog.files,
            "rows": report.catalog.rows,
            "bytes": report.catalog.bytes,
            "sessions_folded_again": report.sessions,
            "store_rows": store.rows,
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
