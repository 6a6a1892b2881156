//! The database: opened, copied and closed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::error::StoreError;
use crate::labels::SharedLabels;
use crate::schema;
use crate::text_modes::SharedTextModes;

/// The database's name in the data directory.
pub const STORE_FILE: &str = "store.sqlite";

/// How many may read at once; SQLite lets one write.
const CONNECTIONS: u32 = 4;
const BUSY: Duration = Duration::from_secs(30);

/// The operational data of a data directory. Cheap to clone.
///
/// One process has it open: whoever opens it holds the lock of the data directory.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pool: SqlitePool,
    path: PathBuf,
    pub(crate) labels: SharedLabels,
    pub(crate) text_modes: SharedTextModes,
}

impl Store {
    /// Opens the database of a data directory, makes it where there is none, and brings it to this version.
    ///
    /// # Errors
    /// When it is of a newer version of the program, or cannot be opened.
    pub async fn open(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join(STORE_FILE);
        let is_new = !path.exists();
        if is_new {
            create(&path)?;
        }
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY);
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .connect_with(options)
            .await?;
        let mut connection = pool.acquire().await?;
        schema::migrate(&mut connection, &path).await?;
        drop(connection);
        if is_new {
            sync("sync folder", directory)?;
        }
        Ok(Self {
            pool,
            path,
            labels: SharedLabels::default(),
            text_modes: SharedTextModes::default(),
        })
    }

    /// Writes a copy of the database, as it is now, into a folder that has none, and makes it durable.
    ///
    /// # Errors
    /// When there is one already, or it cannot be written.
    pub async fn copy_into(&self, directory: &Path) -> Result<u64, StoreError> {
        let path = directory.join(STORE_FILE);
        create(&path)?;
        sqlx::query("VACUUM INTO ?1")
            .bind(path.to_string_lossy().into_owned())
            .execute(&self.pool)
            .await?;
        sync("sync", &path)?;
        sync("sync folder", directory)?;
        let metadata = std::fs::metadata(&path).map_err(io("look at", &path))?;
        Ok(metadata.len())
    }

    /// Where the database is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Closes the database, so that its file is complete by itself.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Copies the database of a backup into a folder that has none, and makes it durable; gives its bytes, or nothing
/// where the backup holds none.
///
/// # Errors
/// When it cannot be read or written.
pub fn restore(backup: &Path, directory: &Path) -> Result<Option<u64>, StoreError> {
    let (from, to) = (backup.join(STORE_FILE), directory.join(STORE_FILE));
    if !from.exists() {
        return Ok(None);
    }
    let bytes = std::fs::copy(&from, &to).map_err(io("copy", &from))?;
    sync("sync", &to)?;
    sync("sync folder", directory)?;
    Ok(Some(bytes))
}

/// Makes an empty file for a database, which only its owner may read: it holds hashes of passwords.
fn create(path: &Path) -> Result<(), StoreError> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(io("create", path))
}

fn io<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(std::io::Error) -> StoreError + 'a {
    move |source| StoreError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

/// Makes a file or the entries of a folder durable.
fn sync(action: &'static str, path: &Path) -> Result<(), StoreError> {
    let file = File::open(path).map_err(io(action, path))?;
    file.sync_all().map_err(io(action, path))
}
