//! `upshot backup` and `upshot restore`.

use std::path::Path;

use upshot_lake::engine::{BackupReport, restore_with};
use upshot_lake::files::DiskFiles;

use crate::arguments::{BackupArguments, Common, OutputFormat, RestoreArguments};
use crate::failure::Failure;
use crate::output::{self, number};
use crate::session::{close, existing_store, open_existing, spinner};

/// Runs `upshot backup`.
pub async fn run(common: &Common, arguments: &BackupArguments) -> Result<u8, Failure> {
    let lake = open_existing(common).await?;
    let progress = spinner(common, 0);
    progress.set_message("copying files");
    let report = lake
        .backup_with(&arguments.directory, async |directory| {
            copy_store(common, directory).await
        })
        .await;
    progress.finish_and_clear();
    close(common, &lake).await?;
    print(common, report?)?;
    Ok(0)
}

/// Runs `upshot restore`.
pub fn restore(common: &Common, arguments: &RestoreArguments) -> Result<u8, Failure> {
    let folders = (arguments.directory.as_path(), common.data.as_path());
    let report = restore_with(&DiskFiles, folders, |backup, directory| {
        Ok::<_, Failure>(copied(upshot_store::restore(backup, directory)?))
    })?;
    print(common, report)?;
    Ok(0)
}

/// Copies what people set, if they ever set anything.
async fn copy_store(common: &Common, directory: &Path) -> Result<BackupReport, Failure> {
    let Some(store) = existing_store(common).await? else {
        return Ok(BackupReport::default());
    };
    let bytes = store.copy_into(directory).await;
    store.close().await;
    Ok(copied(Some(bytes?)))
}

/// One file of so many bytes, or none.
fn copied(bytes: Option<u64>) -> BackupReport {
    bytes.map_or_else(BackupReport::default, |bytes| BackupReport {
        files: 1,
        bytes,
    })
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
