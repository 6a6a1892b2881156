//! Which workspaces the demo filled.

use crate::error::StoreError;
use crate::store::Store;

impl Store {
    /// When the demo filled the workspace, in UTC microseconds; nothing where it did not.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn demo(&self, workspace: &str) -> Result<Option<i64>, StoreError> {
        let filled = sqlx::query_scalar("SELECT filled FROM demos WHERE workspace = ?1")
            .bind(workspace)
            .fetch_optional(&self.pool)
            .await?;
        Ok(filled)
    }

    /// Remembers that the demo fills the workspace. It is durable when this returns.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn set_demo(&self, workspace: &str, now: i64) -> Result<(), StoreError> {
        sqlx::query("INSERT OR REPLACE INTO demos (workspace, filled) VALUES (?1, ?2)")
            .bind(workspace)
            .bind(now)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Forgets that the demo filled the workspace.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn forget_demo(&self, workspace: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM demos WHERE workspace = ?1")
            .bind(workspace)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
