//! `upshot backup` and `upshot restore`.

use upshot_lake::engine::{BackupReport, restore as restore_lake};
use upshot_lake::files::DiskFiles;

use crate::arguments::{BackupArguments, Common, OutputFormat, RestoreArguments};
use crate::failure::Failure;
use crate::output::{self, number};
use crate::session::{open_existing, spinner};

/// Runs `upshot backup`.
pub async fn run(common: &Common, arguments: &BackupArguments) -> Result<u8, Failure> {
    let lake = open_existing(common).await?;
    let progress = spinner(common, 0);
    progress.set_message("copying files");
    let report = lake.backup(&arguments.directory).await;
    progress.finish_and_clear();
    lake.close().await?;
    print(common, report?)?;
    Ok(0)
}

/// Runs `upshot restore`.
pub fn restore(common: &Common, arguments: &RestoreArguments) -> Result<u8, Failure> {
    let report = restore_lake(&DiskFiles, &arguments.directory, &common.data)?;
    print(common, report)?;
    Ok(0)
}

fn print(common: &Common, report: BackupReport) -> Result<(), Failure> {
    if common.output == OutputFormat::Json {
        return output::json(&serde_json::json!({"files": report.files, "bytes": report.bytes}));
    }
    output::pairs(
        common,
        &[
            ("files", number(report.files as u64)),
            ("bytes", number(report.bytes)),
        ],
    )
}
