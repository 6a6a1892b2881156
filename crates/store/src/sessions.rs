//! What people keep by session, where the session is gone.

use serde_json::Value;
use sqlx::Row;

use crate::error::StoreError;
use crate::store::Store;

impl Store {
    /// Removes the notes on these sessions and their labels, and leaves no trace of them in the database's files; gives
    /// how many there were. It is durable when this returns.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn forget_sessions(
        &self,
        workspace: &str,
        sessions: &[String],
    ) -> Result<u64, StoreError> {
        let ids = Value::from(sessions.to_vec()).to_string();
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let mut removed = 0;
        for statement in [
            "DELETE FROM notes WHERE workspace = ?1 AND session IN (SELECT value FROM json_each(?2))",
            "DELETE FROM labels WHERE workspace = ?1 AND session IN (SELECT value FROM json_each(?2))",
        ] {
            let result = sqlx::query(statement)
                .bind(workspace)
                .bind(&ids)
                .execute(&mut *transaction)
                .await?;
            removed += result.rows_affected();
        }
        transaction.commit().await?;
        self.labels_changed(workspace);
        self.purge().await?;
        Ok(removed)
    }

    /// Removes the notes on sessions that began before a time (UTC microseconds), and their labels, and leaves no trace of
    /// them in the database's files; gives how many there were. It is durable when this returns.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn forget_sessions_before(
        &self,
        workspace: &str,
        time: i64,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let mut removed = 0;
        for statement in [
            "DELETE FROM notes WHERE workspace = ?1 AND started < ?2",
            "DELETE FROM labels WHERE workspace = ?1 AND started < ?2",
        ] {
            let result = sqlx::query(statement)
                .bind(workspace)
                .bind(time)
                .execute(&mut *transaction)
                .await?;
            removed += result.rows_affected();
        }
        transaction.commit().await?;
        if removed > 0 {
            self.labels_changed(workspace);
            self.purge().await?;
        }
        Ok(removed)
    }

    /// Removes the notes on all sessions of a workspace and their labels, as [`Self::forget_sessions_before`] does.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn forget_all_sessions(&self, workspace: &str) -> Result<u64, StoreError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let mut removed = 0;
        for statement in [
            "DELETE FROM notes WHERE workspace = ?1",
            "DELETE FROM labels WHERE workspace = ?1",
        ] {
            let delete = sqlx::query(statement).bind(workspace);
            removed += delete.execute(&mut *transaction).await?.rows_affected();
        }
        transaction.commit().await?;
        if removed > 0 {
            self.labels_changed(workspace);
            self.purge().await?;
        }
        Ok(removed)
    }

    /// Writes the database anew, so that nothing is left in it of rows that were deleted, and empties its log.
    async fn purge(&self) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await?;
        sqlx::query("VACUUM").execute(&mut *connection).await?;
        let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&mut *connection)
            .await?;
        let busy: i64 = row.try_get(0)?;
        match busy {
            0 => Ok(()),
            _ => Err(StoreError::Busy),
        }
    }
}
