//! The catalog: which files the lake consists of, in every snapshot, as a DuckLake 1.0 catalog in
//! SQLite; and beside it, in tables of our own, what must change together with the files: marks,
//! dirty conversations, carries and fact sets.
//!
//! There is one writer. Every change is one SQLite transaction, which is durable when it returns.
//! Where to start reading: [`Transaction`] is a change, [`Catalog::commit`] makes it, [`FileList`] is
//! what queries read.

mod columns;
mod commit;
mod copy;
mod erasures;
mod expire;
mod features;
mod file_list;
mod load;
mod log_state;
mod merge;
mod statistics;
mod tables;
mod transaction;
pub mod verify;
mod workspace;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

pub(crate) use copy::LAST_TIME;
pub use expire::ExpiredFile;
pub use file_list::FileList;
pub use merge::{MergeGroup, MergePolicy};
pub use transaction::{
    Carry, Dirty, Erase, FactSet, FactSetRole, Keep, Marks, NewFile, StoredErasure, Transaction,
};
pub use verify::{Problem, ProblemKind, Report};

use crate::capture::DataFile;
use crate::error::LakeError;
use crate::files::{Files, create_dir_durably};
use crate::parquet_files::FieldIds;
use crate::parquet_files::TEMPORARY;
use crate::parquet_files::bound::{day_text, parse_day};
use crate::schema::Table;
use statistics::TableStatistics;

/// The workspace of whoever names none: DuckLake's default schema, so that `lake.events` is its
/// events.
pub const DEFAULT_WORKSPACE: &str = "main";
/// The node whose marks these are, as long as there is one.
const NODE: &str = "local";
const BUSY_SECONDS: u64 = 30;

/// A table of a workspace as the catalog has it.
#[derive(Debug, Clone)]
struct TableState {
    table_id: i64,
    partition_id: i64,
    ids: Arc<FieldIds>,
    statistics: TableStatistics,
}

/// The numbers of the last snapshot, and the next ones to give.
#[derive(Debug, Clone, Copy, Default)]
struct Counters {
    snapshot: i64,
    schema_version: i64,
    next_catalog_id: i64,
    next_file_id: i64,
}

/// What must be known to make the next change.
#[derive(Debug, Default)]
struct State {
    counters: Counters,
    workspaces: BTreeMap<String, BTreeMap<Table, TableState>>,
}

struct Writer {
    connection: SqliteConnection,
    state: State,
    /// Set while a change is under way: if it was given up in the middle, what is in memory may be
    /// older than the database.
    stale: bool,
}

/// What readers see of a workspace.
#[derive(Debug, Clone)]
struct View {
    files: Arc<FileList>,
    ids: BTreeMap<Table, Arc<FieldIds>>,
}

/// The catalog of a data directory.
pub struct Catalog {
    files: Arc<dyn Files>,
    data_dir: PathBuf,
    opened: u64,
    file_names: AtomicU64,
    /// Nothing once the catalog is closed.
    writer: Mutex<Option<Writer>>,
    views: RwLock<BTreeMap<String, View>>,
}

impl Catalog {
    /// Opens the catalog at `path`, and makes it if there is none. Data files are under `data_dir`.
    /// `now` is the time in microseconds. Only one process may have it open: the caller holds the
    /// lock of the data directory.
    ///
    /// # Errors
    /// When the database refuses, or holds what this program does not know.
    pub async fn open(
        files: Arc<dyn Files>,
        path: &Path,
        data_dir: &Path,
        now: i64,
    ) -> Result<Self, LakeError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        create_dir_durably(files.as_ref(), folder)?;
        create_dir_durably(files.as_ref(), data_dir)?;
        let data_dir = std::path::absolute(data_dir).map_err(LakeError::io("find", data_dir))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(std::time::Duration::from_secs(BUSY_SECONDS));
        let mut connection = options.connect().await?;
        load::create_if_new(&mut connection, &data_dir, now).await?;
        if !folder.as_os_str().is_empty() {
            files
                .sync_dir(folder)
                .map_err(LakeError::io("sync folder", folder))?;
        }
        features::check(&mut connection).await?;
        load::migrate(&mut connection).await?;
        let opened = load::count_opening(&mut connection, &data_dir).await?;
        let catalog = Self {
            files,
            data_dir,
            opened,
            file_names: AtomicU64::new(0),
            writer: Mutex::new(Some(Writer {
                connection,
                state: State::default(),
                stale: true,
            })),
            views: RwLock::default(),
        };
        let mut writer = catalog.writer().await?;
        catalog.migrate_columns(&mut writer, now).await?;
        drop(writer);
        Ok(catalog)
    }

    /// Closes the database, so that its files are whole and no longer change when this returns. Closing
    /// again does nothing; what needs the database afterwards is refused.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn close(&self) -> Result<(), LakeError> {
        use sqlx::Connection;
        let writer = self.writer.lock().await.take();
        match writer {
            Some(writer) => Ok(writer.connection.close().await?),
            None => Ok(()),
        }
    }

    /// The file system.
    pub fn files(&self) -> &Arc<dyn Files> {
        &self.files
    }

    /// The folder under which the data files are.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The workspaces, by name.
    pub fn workspaces(&self) -> Vec<String> {
        self.read_views().keys().cloned().collect()
    }

    /// The live files of a workspace, as of the last commit; none where there is no such workspace.
    pub fn file_list(&self, workspace: &str) -> Option<Arc<FileList>> {
        let views = self.read_views();
        Some(Arc::clone(&views.get(workspace)?.files))
    }

    /// The ids of a table's columns, for [`crate::parquet_files::write`].
    ///
    /// # Errors
    /// When there is no such workspace.
    pub fn field_ids(&self, workspace: &str, table: Table) -> Result<Arc<FieldIds>, LakeError> {
        let views = self.read_views();
        let ids = views
            .get(workspace)
            .and_then(|view| view.ids.get(&table))
            .map(Arc::clone);
        ids.ok_or_else(|| LakeError::UnknownWorkspace(workspace.to_owned()))
    }

    /// The snapshot of the last commit.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn current_snapshot(&self) -> Result<i64, LakeError> {
        Ok(self.writer().await?.state.counters.snapshot)
    }

    /// The live files of a table by day, bucket and id: of all days or of some, of all fact sets or
    /// of one, now or in an older snapshot that has not expired.
    ///
    /// # Errors
    /// When there is no such workspace or snapshot, or the database refuses.
    pub async fn live_files(
        &self,
        workspace: &str,
        table: Table,
        snapshot: Option<i64>,
        days: Option<Range<i32>>,
        fact_set: Option<&str>,
    ) -> Result<Vec<DataFile>, LakeError> {
        let unknown = || LakeError::UnknownWorkspace(workspace.to_owned());
        let Some(snapshot) = snapshot else {
            let list = self.file_list(workspace).ok_or_else(unknown)?;
            let files = list.files(table, days, fact_set);
            return Ok(files.map(|file| file.as_ref().clone()).collect());
        };
        let mut writer = self.writer().await?;
        let tables = writer.state.workspaces.get(workspace).ok_or_else(unknown)?;
        let table_id = tables.get(&table).ok_or_else(unknown)?.table_id;
        load::check_snapshot(&mut writer.connection, snapshot).await?;
        let folder = self.table_dir(workspace, table);
        let files =
            load::files_of_table(&mut writer.connection, table_id, snapshot, &folder).await?;
        let wanted = |file: &DataFile| {
            days.as_ref().is_none_or(|days| days.contains(&file.day))
                && fact_set.is_none_or(|name| file.fact_set == name)
        };
        Ok(files.into_iter().filter(wanted).collect())
    }

    /// The folder of a table's files.
    pub fn table_dir(&self, workspace: &str, table: Table) -> PathBuf {
        self.data_dir.join(workspace).join(table.name())
    }

    /// A name that no file has had, and where the file is to be written.
    pub fn new_file(
        &self,
        workspace: &str,
        table: Table,
        day: i32,
        bucket: i32,
    ) -> (String, PathBuf) {
        let number = self.file_names.fetch_add(1, Ordering::Relaxed);
        let opened = self.opened;
        let day = day_text(day).unwrap_or_else(|| day.to_string());
        let name = format!("{day}-{bucket:03}-{opened:x}-{number:x}.parquet");
        let path = self.table_dir(workspace, table).join(&name);
        (name, path)
    }

    /// The writer, with what is in memory brought up to date if a change was given up.
    async fn writer(&self) -> Result<MappedMutexGuard<'_, Writer>, LakeError> {
        let guard = self.writer.lock().await;
        let mut writer = MutexGuard::try_map(guard, Option::as_mut)
            .map_err(|_| LakeError::Stopped("the catalog is closed".to_owned()))?;
        if writer.stale {
            self.reload(&mut writer).await?;
        }
        Ok(writer)
    }

    async fn reload(&self, writer: &mut Writer) -> Result<(), LakeError> {
        let state = load::state(&mut writer.connection).await?;
        let mut views = BTreeMap::new();
        for (workspace, tables) in &state.workspaces {
            let mut files = Vec::new();
            for (table, known) in tables {
                let folder = self.table_dir(workspace, *table);
                let of_table = load::files_of_table(
                    &mut writer.connection,
                    known.table_id,
                    state.counters.snapshot,
                    &folder,
                )
                .await?;
                files.extend(of_table.into_iter().map(|file| (*table, file)));
            }
            let list = FileList::default().changed(state.counters.snapshot, files, &[]);
            views.insert(workspace.clone(), view(Arc::new(list), tables));
        }
        writer.state = state;
        *self.views.write().unwrap_or_else(PoisonError::into_inner) = views;
        writer.stale = false;
        Ok(())
    }

    fn read_views(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<String, View>> {
        self.views.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_view(&self, workspace: &str, view: View) {
        let mut views = self.views.write().unwrap_or_else(PoisonError::into_inner);
        views.insert(workspace.to_owned(), view);
    }
}

/// Whether [`Catalog::new_file`] may have given this name, or the file was on the way to it.
fn is_name_of_ours(name: &str) -> bool {
    let name = name.strip_suffix(TEMPORARY).unwrap_or(name);
    let Some(name) = name.strip_suffix(".parquet") else {
        return false;
    };
    let mut parts = name.rsplitn(4, '-');
    let mut hexadecimal = || {
        let part = parts.next();
        part.is_some_and(|part| u64::from_str_radix(part, 16).is_ok())
    };
    let numbered = hexadecimal() && hexadecimal();
    let bucket = parts.next().is_some_and(|part| part.parse::<u32>().is_ok());
    numbered && bucket && parts.next().is_some_and(|day| parse_day(day).is_some())
}

fn view(files: Arc<FileList>, tables: &BTreeMap<Table, TableState>) -> View {
    let ids = tables
        .iter()
        .map(|(table, state)| (*table, Arc::clone(&state.ids)))
        .collect();
    View { files, ids }
}
