//! Backup and restore: a data directory copied while nothing in it moves.

use std::path::Path;
use std::sync::Arc;

use crate::engine::compare::{self, Disagreement};
use crate::engine::open::Layout;
use crate::engine::{Inner, Lake, flush};
use crate::error::LakeError;
use crate::files::{Files, create_dir_durably, read_all, write_durably};
use crate::schema::Table;

/// What a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BackupReport {
    /// Data files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

impl BackupReport {
    fn add(&mut self, more: Self) {
        self.files += more.files;
        self.bytes += more.bytes;
    }
}

/// What `verify` found.
#[derive(Debug, Clone, Default)]
pub struct VerifyReport {
    /// The catalog against the files.
    pub catalog: crate::catalog::Report,
    /// How many sessions were folded anew.
    pub sessions: u64,
    /// Facts that are not what the events give.
    pub facts: Vec<Disagreement>,
}

/// At most so many disagreements of facts are listed for each workspace.
const LISTED: usize = 20;

impl Lake {
    /// Copies everything that was acknowledged into a folder that is empty or does not exist. New
    /// events wait in the log meanwhile and are not part of it.
    ///
    /// # Errors
    /// When the folder is not empty, or something cannot be read or written.
    pub async fn backup(&self, directory: &Path) -> Result<BackupReport, LakeError> {
        let nothing = async |_: &Path| Ok(BackupReport::default());
        self.backup_with(directory, nothing).await
    }

    /// The same; `beside` copies what else lies in the data directory, of which the lake knows nothing. Only
    /// after it the folder counts as a backup.
    ///
    /// # Errors
    /// As for [`Lake::backup`], and those of `beside`.
    pub async fn backup_with<E: From<LakeError>>(
        &self,
        directory: &Path,
        beside: impl AsyncFnOnce(&Path) -> Result<BackupReport, E>,
    ) -> Result<BackupReport, E> {
        let inner = &self.inner;
        let files = inner.options.files.clone();
        empty_folder(files.as_ref(), directory)?;
        flush::flush_all(inner, false).await?;
        let _committing = inner.committing.lock().await;
        let (from, to) = (
            Layout(inner.options.directory.clone()),
            Layout(directory.to_owned()),
        );
        inner.catalog.copy_to(&to.catalog(), inner.now()).await?;
        let worker = inner.clone();
        let mut report = tokio::task::spawn_blocking(move || copy(&worker, &from, &to))
            .await
            .map_err(|error| LakeError::Stopped(error.to_string()))??;
        report.add(beside(directory).await?);
        let (from, to) = (
            Layout(inner.options.directory.clone()),
            Layout(directory.to_owned()),
        );
        copy_format(files.as_ref(), &from, &to)?;
        Ok(report)
    }

    /// Checks log, catalog, files and, if wanted, facts against each other. Nothing is changed.
    ///
    /// # Errors
    /// When something cannot be read at all; damage is not an error but a finding.
    pub async fn verify(&self, with_facts: bool) -> Result<VerifyReport, LakeError> {
        let inner = &self.inner;
        let _committing = inner.committing.lock().await;
        let catalog = inner
            .catalog
            .verify(&inner.cache, Some(inner.options.buckets))
            .await?;
        let mut report = VerifyReport {
            catalog,
            sessions: 0,
            facts: Vec::new(),
        };
        // Facts of files that cannot be read cannot be folded.
        let readable = !report
            .catalog
            .problems
            .iter()
            .any(|problem| problem.kind.hinders());
        if with_facts && readable {
            for workspace in inner.catalog.workspaces() {
                let worker = inner.clone();
                let compared = tokio::task::spawn_blocking(move || {
                    compare::compare(&worker, &workspace, LISTED)
                })
                .await;
                let (sessions, facts) =
                    compared.map_err(|error| LakeError::Stopped(error.to_string()))??;
                report.sessions += sessions;
                report.facts.extend(facts);
            }
        }
        Ok(report)
    }
}

fn empty_folder(files: &dyn Files, directory: &Path) -> Result<(), LakeError> {
    create_dir_durably(files, directory)?;
    let entries = files
        .list(directory)
        .map_err(LakeError::io("list", directory))?;
    if entries.is_empty() {
        return Ok(());
    }
    let full = std::io::Error::new(
        std::io::ErrorKind::DirectoryNotEmpty,
        "it is not empty; name another folder",
    );
    Err(LakeError::io("write into", directory)(full))
}

fn copy(inner: &Arc<Inner>, from: &Layout, to: &Layout) -> Result<BackupReport, LakeError> {
    let files = inner.options.files.as_ref();
    let mut report = BackupReport::default();
    create_dir_durably(files, &to.log())?;
    for workspace in inner.catalog.workspaces() {
        for table in Table::ALL {
            let folder = to.data().join(&workspace).join(table.name());
            create_dir_durably(files, &folder)?;
            for file in inner.files_of(&workspace, table, i32::MIN..=i32::MAX - 1, None, None) {
                let Some(name) = file.path.file_name() else {
                    continue;
                };
                let content = read_all(files, &file.path)?;
                write_durably(files, &folder.join(name), &content)?;
                report.files += 1;
                report.bytes += content.len() as u64;
            }
        }
    }
    copy_settings(files, from, to, &mut report)?;
    Ok(report)
}

/// The file that makes it a data directory comes last: what was cut short is none.
fn copy_format(files: &dyn Files, from: &Layout, to: &Layout) -> Result<(), LakeError> {
    write_durably(files, &to.format(), &read_all(files, &from.format())?)
}

/// Makes a data directory from a backup. The directory must be empty or not exist.
///
/// # Errors
/// When the backup is not whole, or something cannot be read or written.
pub fn restore(
    files: &dyn Files,
    backup: &Path,
    directory: &Path,
) -> Result<BackupReport, LakeError> {
    let nothing = |_: &Path, _: &Path| Ok(BackupReport::default());
    restore_with(files, (backup, directory), nothing)
}

/// The same; `beside` copies what else the backup holds, of which the lake knows nothing.
///
/// # Errors
/// As for [`restore`], and those of `beside`.
pub fn restore_with<E: From<LakeError>>(
    files: &dyn Files,
    (backup, directory): (&Path, &Path),
    beside: impl FnOnce(&Path, &Path) -> Result<BackupReport, E>,
) -> Result<BackupReport, E> {
    let (from, to) = (Layout(backup.to_owned()), Layout(directory.to_owned()));
    if !files.exists(&from.format()) {
        return Err(LakeError::Damaged {
            what: format!("the backup {}", backup.display()),
            reason: "it has no upshot.json; it is not a backup, or was cut short".to_owned(),
        }
        .into());
    }
    empty_folder(files, directory)?;
    let mut report = BackupReport::default();
    create_dir_durably(files, &to.log())?;
    copy_folder(files, &from.data(), &to.data(), &mut report)?;
    copy_settings(files, &from, &to, &mut report)?;
    write_durably(files, &to.catalog(), &read_all(files, &from.catalog())?)?;
    report.add(beside(backup, directory)?);
    copy_format(files, &from, &to)?;
    Ok(report)
}

/// Copies what people set, if they set anything.
fn copy_settings(
    files: &dyn Files,
    from: &Layout,
    to: &Layout,
    report: &mut BackupReport,
) -> Result<(), LakeError> {
    match files.exists(&from.settings()) {
        true => copy_folder(files, &from.settings(), &to.settings(), report),
        false => Ok(()),
    }
}

fn copy_folder(
    files: &dyn Files,
    from: &Path,
    to: &Path,
    report: &mut BackupReport,
) -> Result<(), LakeError> {
    create_dir_durably(files, to)?;
    let entries = match files.list(from) {
        // A lake without any event has no folder of data yet.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        listed => listed.map_err(LakeError::io("list", from))?,
    };
    for entry in entries {
        let Some(name) = entry.path.file_name() else {
            continue;
        };
        let target = to.join(name);
        if entry.is_dir {
            copy_folder(files, &entry.path, &target, report)?;
        } else {
            let content = read_all(files, &entry.path)?;
            write_durably(files, &target, &content)?;
            report.files += 1;
            report.bytes += content.len() as u64;
        }
    }
    Ok(())
}
