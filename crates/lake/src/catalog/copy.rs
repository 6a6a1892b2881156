//! A copy of the catalog as it is after the last commit.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use super::Catalog;
use super::expire::expire;
use crate::error::LakeError;

/// A time after all snapshots, in microseconds, that the catalog can still write.
pub(crate) const LAST_TIME: i64 = 250_000_000_000_000_000;

impl Catalog {
    /// Writes a copy of the catalog to a file that does not exist, and makes it durable. It knows the
    /// last snapshot only, so that it needs no files but those that are live.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub async fn copy_to(&self, path: &Path, now: i64) -> Result<(), LakeError> {
        let mut writer = self.writer().await?;
        sqlx::query("VACUUM INTO ?1")
            .bind(path.to_string_lossy().into_owned())
            .execute(&mut writer.connection)
            .await?;
        drop(writer);
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Delete)
            .synchronous(SqliteSynchronous::Full);
        let mut copy = options.connect().await?;
        expire(&mut copy, LAST_TIME, now).await?;
        sqlx::query("DELETE FROM ducklake_files_scheduled_for_deletion")
            .execute(&mut copy)
            .await?;
        copy.close().await?;
        let mut file = self
            .files
            .append(path)
            .map_err(LakeError::io("open", path))?;
        file.sync().map_err(LakeError::io("sync", path))
    }
}
