//! Letting go of old snapshots, and of the files that only they need.

use std::path::PathBuf;

use sqlx::{Connection, Row, SqliteConnection};

use super::load::time;
use super::{Catalog, Writer};
use crate::error::LakeError;

/// A file that no snapshot needs: remove it, then [`Catalog::forget_files`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiredFile {
    /// The catalog's id of the file.
    pub id: i64,
    /// Where it is.
    pub path: PathBuf,
}

impl Catalog {
    /// Forgets the snapshots that newer ones followed before the time (microseconds); gives all files
    /// that no snapshot needs any more. What was the newest at that time stays, however old it is: a query
    /// may have begun with it just before the next one came. The files stay noted as such until
    /// [`Catalog::forget_files`], so that a crash in between leaves nothing behind.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn expire_snapshots(
        &self,
        older_than: i64,
        now: i64,
    ) -> Result<Vec<ExpiredFile>, LakeError> {
        let mut writer = self.writer().await?;
        expire(&mut writer.connection, older_than, now).await?;
        self.scheduled(&mut writer).await
    }

    /// Files that no snapshot needs and that are still noted, for example after a crash.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn expired_files(&self) -> Result<Vec<ExpiredFile>, LakeError> {
        let mut writer = self.writer().await?;
        self.scheduled(&mut writer).await
    }

    async fn scheduled(&self, writer: &mut Writer) -> Result<Vec<ExpiredFile>, LakeError> {
        let rows = sqlx::query(
            "SELECT data_file_id, path FROM ducklake_files_scheduled_for_deletion ORDER BY data_file_id",
        )
        .fetch_all(&mut writer.connection)
        .await?;
        rows.iter()
            .map(|row| {
                let path: String = row.try_get(1)?;
                Ok(ExpiredFile {
                    id: row.try_get(0)?,
                    path: self.data_dir.join(path),
                })
            })
            .collect()
    }

    /// Drops the note of files that were removed.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn forget_files(&self, ids: &[i64]) -> Result<(), LakeError> {
        let mut writer = self.writer().await?;
        sqlx::query(
            "DELETE FROM ducklake_files_scheduled_for_deletion \
             WHERE data_file_id IN (SELECT value FROM json_each(?1))",
        )
        .bind(serde_json::Value::from(ids.to_vec()).to_string())
        .execute(&mut writer.connection)
        .await?;
        Ok(())
    }
}

/// Forgets snapshots, and notes the files that no other needs as such that are to be removed.
pub(super) async fn expire(
    connection: &mut SqliteConnection,
    older_than: i64,
    now: i64,
) -> Result<(), LakeError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    // What is kept must be a stretch up to the last snapshot, whatever the clock did.
    let oldest_kept: i64 = sqlx::query_scalar(
        "SELECT coalesce( \
           (SELECT max(snapshot_id) FROM ducklake_snapshot WHERE snapshot_time < ?1), \
           (SELECT min(snapshot_id) FROM ducklake_snapshot))",
    )
    .bind(time(older_than))
    .fetch_one(&mut *transaction)
    .await?;
    for statement in [
        "DELETE FROM ducklake_snapshot WHERE snapshot_id < ?1",
        "DELETE FROM ducklake_snapshot_changes WHERE snapshot_id < ?1",
    ] {
        sqlx::query(statement)
            .bind(oldest_kept)
            .execute(&mut *transaction)
            .await?;
    }
    sqlx::query(
        "INSERT INTO ducklake_files_scheduled_for_deletion \
         SELECT f.data_file_id, s.path || t.path || f.path, 1, ?2 FROM ducklake_data_file f \
         JOIN ducklake_table t ON t.table_id = f.table_id \
         JOIN ducklake_schema s ON s.schema_id = t.schema_id \
         WHERE f.end_snapshot <= ?1",
    )
    .bind(oldest_kept)
    .bind(time(now))
    .execute(&mut *transaction)
    .await?;
    for statement in [
        "DELETE FROM ducklake_file_column_stats WHERE data_file_id IN \
           (SELECT data_file_id FROM ducklake_data_file WHERE end_snapshot <= ?1)",
        "DELETE FROM ducklake_file_partition_value WHERE data_file_id IN \
           (SELECT data_file_id FROM ducklake_data_file WHERE end_snapshot <= ?1)",
        "DELETE FROM upshot_file WHERE data_file_id IN \
           (SELECT data_file_id FROM ducklake_data_file WHERE end_snapshot <= ?1)",
        "DELETE FROM ducklake_data_file WHERE end_snapshot <= ?1",
    ] {
        sqlx::query(statement)
            .bind(oldest_kept)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}
