//! What can go wrong in the lake.

use std::path::PathBuf;

/// What can go wrong in the lake.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The operating system refused.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// What was tried, as «open» or «write».
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Arrow refused.
    #[error("arrow: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// A Parquet file could not be read or written.
    #[error("parquet file {}: {source}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        source: parquet::errors::ParquetError,
    },
    /// A column has another type than the schema says.
    #[error("column `{column}` has the type {found}, which its field cannot read")]
    ColumnType {
        /// The column.
        column: String,
        /// The type that was found.
        found: String,
    },
    /// The catalog's database refused.
    #[error("catalog: {0}")]
    Catalog(#[from] sqlx::Error),
    /// The data directory was written by another version.
    #[error(
        "{what} has version {found}, this program reads up to {known}; upgrade upshot, or restore a backup"
    )]
    Version {
        /// What has the version.
        what: &'static str,
        /// The version that was found.
        found: u32,
        /// The newest that this program knows.
        known: u32,
    },
    /// Another process holds the data directory.
    #[error("the data directory {} is in use by another process; stop it, or work through it with --server", .0.display())]
    InUse(PathBuf),
    /// Something stored is not what it must be.
    #[error("{what} is damaged: {reason}")]
    Damaged {
        /// The file or row.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A price list that cannot be used.
    #[error(transparent)]
    Prices(#[from] upshot_core::prices::PriceError),
    /// The node has stopped accepting because a write could not be made durable.
    #[error("the log stopped after a failed write: {0}; nothing more is accepted until restart")]
    Stopped(String),
    /// More is waiting than the memory budget allows.
    #[error("too much is waiting to be written; try again in {retry_after_seconds} s")]
    Full {
        /// When to try again.
        retry_after_seconds: u32,
    },
    /// A transaction met a change that it did not expect, and must be made again.
    #[error("the catalog changed underneath: {0}")]
    Conflict(String),
    /// A name that the lake cannot hold.
    #[error(
        "workspace name `{0}` is not valid; use 1 to 63 of a-z, 0-9 and _, beginning with a letter"
    )]
    WorkspaceName(String),
    /// A workspace that is not there.
    #[error("there is no workspace `{0}`")]
    UnknownWorkspace(String),
    /// A profile that cannot be used.
    #[error(transparent)]
    Profile(#[from] upshot_core::profile::ProfileError),
    /// A fact set that the workspace does not have.
    #[error(
        "the workspace has no fact set `{name}`; it has {known}. `upshot profiles add {name}` adds one"
    )]
    UnknownFactSet {
        /// The name that was asked for.
        name: String,
        /// The names that it has.
        known: String,
    },
    /// A fact set that is still being built.
    #[error("the fact set `{0}` is still being built; `upshot profiles` says how far it is")]
    FactSetUnfinished(String),
    /// A fact set could not be built further.
    #[error("building the fact set `{name}` failed: {reason}; it is tried again")]
    FactSetFailed {
        /// The fact set.
        name: String,
        /// Why.
        reason: String,
    },
    /// A change of the fact sets that cannot be made.
    #[error("{0}")]
    FactSetRefused(String),
    /// A workspace that is not cleared.
    #[error("{0}")]
    ClearingRefused(String),
    /// A time for which things cannot be kept.
    #[error("{0}")]
    KeepingRefused(String),
    /// An erasure that is not at its end yet.
    #[error("{0}")]
    ErasureUnfinished(String),
    /// A snapshot that never was, or has expired.
    #[error("there is no snapshot {0}; it has expired or never was")]
    NoSnapshot(i64),
    /// The catalog holds something that this program cannot read.
    #[error(
        "the catalog holds {0}, which this program does not know; only upshot may write to it: upgrade upshot, or restore a backup"
    )]
    Unsupported(String),
}

impl LakeError {
    /// Whether the disk failed under the catalog's database: then nothing is known of what is durable.
    /// A full disk is none: SQLite says that apart.
    pub fn is_disk_failure(&self) -> bool {
        const SQLITE_IOERR: u32 = 10;
        let Self::Catalog(error) = self else {
            return false;
        };
        let code = error.as_database_error().and_then(|error| error.code());
        let code = code.and_then(|code| code.parse::<u32>().ok());
        code.is_some_and(|code| code & 0xff == SQLITE_IOERR)
    }

    /// Adds what was tried, and on what, to an error of the operating system.
    pub fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}
