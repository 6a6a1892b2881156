//! Checks the catalog and the data files against each other.
//!
//! What is recounted here is recounted from the rows, not from what the writer of the files noted.

mod database;
mod file;
mod recount;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};

use super::{Catalog, is_name_of_ours, load};
use crate::capture::ROLLUPS;
use crate::error::LakeError;
use crate::parquet_files::FileCache;
use crate::schema::Table;

/// What kind of damage was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// A file that the catalog names is not there.
    MissingFile,
    /// A file has another size than the catalog says.
    Size,
    /// A file's content is not what was written.
    Checksum,
    /// A file is not readable as Parquet.
    Unreadable,
    /// A file's footer has another size than the catalog says.
    Footer,
    /// A file has another number of rows than the catalog says.
    RowCount,
    /// A file lacks a column that it must have.
    MissingColumn,
    /// The catalog's statistics of a file are not those of its rows.
    Statistics,
    /// A private column has a smallest or largest value in the catalog.
    Private,
    /// The rows of a file are not sorted.
    Unsorted,
    /// A row's day, bucket or fact set is not that of its file, or its day not that of its time.
    Partition,
    /// Two rows have the same id.
    Duplicate,
    /// A file is there that the catalog does not know.
    Orphan,
    /// The snapshots contradict each other or the files.
    Snapshot,
    /// What the catalog says of a table is narrower than what it says of its files.
    TableStatistics,
    /// Rows of the catalog that belong to nothing, or are missing.
    Catalog,
}

impl ProblemKind {
    /// Whether the rows of the files may not be readable as they are.
    pub fn hinders(self) -> bool {
        use ProblemKind::{Checksum, MissingColumn, MissingFile, Size, Unreadable};
        matches!(
            self,
            MissingFile | Size | Checksum | Unreadable | MissingColumn
        )
    }
}

/// Damage that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// What kind.
    pub kind: ProblemKind,
    /// Which file, table or row.
    pub place: String,
    /// What is wrong there.
    pub detail: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.detail)
    }
}

/// What was checked, and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Files that were checked.
    pub files: u64,
    /// Rows that were read.
    pub rows: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// What is wrong; empty where all is well.
    pub problems: Vec<Problem>,
}

impl Report {
    fn add(&mut self, kind: ProblemKind, place: impl Into<String>, detail: impl Into<String>) {
        self.problems.push(Problem {
            kind,
            place: place.into(),
            detail: detail.into(),
        });
    }
}

/// A file as the catalog describes it.
struct StoredFile {
    id: i64,
    workspace: String,
    table: Table,
    path: PathBuf,
    begin_snapshot: i64,
    is_live: bool,
    rows: u64,
    bytes: u64,
    footer_bytes: u64,
    checksum: Option<u64>,
    day: i32,
    bucket: i32,
    fact_set: String,
    columns: BTreeMap<i64, StoredColumn>,
}

/// A column of a file as the catalog describes it.
struct StoredColumn {
    values: u64,
    nulls: u64,
    minimum: Option<String>,
    maximum: Option<String>,
    contains_nan: Option<bool>,
}

/// Ids that were seen in the files among which they must be unique.
#[derive(Default)]
struct Seen {
    scope: Option<(String, Table, String, i32, i32)>,
    ids: HashSet<u128>,
}

impl Seen {
    /// Forgets what was seen when other files begin.
    fn enter(&mut self, file: &StoredFile) {
        let scope = scope(file);
        if self.scope.as_ref() != Some(&scope) {
            self.scope = Some(scope);
            self.ids.clear();
        }
    }
}

/// The files among which an id must be unique: an event's day is that of its time, so its id is
/// looked for there; a session must be once in its fact set, on whatever day.
fn scope(file: &StoredFile) -> (String, Table, String, i32, i32) {
    let day = match file.table {
        Table::Sessions => 0,
        _ => file.day,
    };
    (
        file.workspace.clone(),
        file.table,
        file.fact_set.clone(),
        file.bucket,
        day,
    )
}

/// The data file to which a path belongs: itself, or that whose roll-ups it holds.
fn file_of(path: &Path) -> Cow<'_, Path> {
    match path
        .extension()
        .is_some_and(|extension| extension == ROLLUPS)
    {
        true => Cow::Owned(path.with_extension("parquet")),
        false => Cow::Borrowed(path),
    }
}

impl Catalog {
    /// Files that were left behind by a crash before their commit: the catalog does not know them, and
    /// their names are such as it gives. While nothing is being written they may be removed.
    ///
    /// # Errors
    /// When the database or the file system refuses.
    pub async fn left_behind(&self) -> Result<Vec<PathBuf>, LakeError> {
        let mut paths = self.orphans().await?;
        paths.retain(|path| {
            let file = file_of(path);
            let name = file.file_name().and_then(|name| name.to_str());
            name.is_some_and(is_name_of_ours)
        });
        Ok(paths)
    }

    /// Checks everything: the catalog in itself, every file that a snapshot needs, every row of the
    /// live ones, and that no other files are there. Reads all files, so it takes its time; nothing
    /// may be written meanwhile. With the number of buckets, each row's is worked out anew.
    ///
    /// # Errors
    /// When the database or the file system refuses. Damage is no error: it is in the report.
    pub async fn verify(
        &self,
        cache: &FileCache,
        buckets: Option<u32>,
    ) -> Result<Report, LakeError> {
        let mut report = Report::default();
        let mut writer = self.writer().await?;
        // What is in memory is what was committed; what is checked is what is in the database.
        let state = load::state(&mut writer.connection).await?;
        let connection = &mut writer.connection;
        database::check(connection, &mut report).await?;
        let mut files = database::files(self, connection, &mut report).await?;
        let columns = database::columns(connection).await?;
        drop(writer);
        database::check_table_bounds(&files, &state, &mut report);
        files.sort_by_key(|file| (scope(file), file.id));
        let mut seen = Seen::default();
        for file in &files {
            seen.enter(file);
            cache.forget(&file.path);
            let check = file::Check {
                cache,
                file,
                columns: &columns,
                buckets,
            };
            check.run(&mut seen, &mut report)?;
        }
        for path in self.orphans().await? {
            report.add(
                ProblemKind::Orphan,
                path.display().to_string(),
                "the catalog does not know this file; it may be removed",
            );
        }
        report.problems.sort();
        Ok(report)
    }

    /// Files in the folders of tables that the catalog does not know: left behind by a crash before
    /// their commit, or not ours.
    ///
    /// # Errors
    /// When the database or the file system refuses.
    pub async fn orphans(&self) -> Result<Vec<PathBuf>, LakeError> {
        let mut writer = self.writer().await?;
        let known: BTreeSet<PathBuf> = database::known_paths(self, &mut writer.connection).await?;
        drop(writer);
        let mut orphans = Vec::new();
        for workspace in self.workspaces() {
            for table in Table::ALL {
                let folder = self.table_dir(&workspace, table);
                if !self.files.exists(&folder) {
                    continue;
                }
                let entries = self
                    .files
                    .list(&folder)
                    .map_err(LakeError::io("list", &folder))?;
                let paths = entries.into_iter().map(|entry| entry.path);
                orphans.extend(paths.filter(|path| !known.contains(&*file_of(path))));
            }
        }
        Ok(orphans)
    }
}
