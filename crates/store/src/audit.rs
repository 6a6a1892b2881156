//! What was done by whom: changes, and readings of full text.

use sqlx::Row;

use crate::error::StoreError;
use crate::store::Store;

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// When, in UTC microseconds.
    pub time: i64,
    /// By whom.
    pub who: String,
    /// What, such as `segment.set`.
    pub action: String,
    /// To what.
    pub subject: String,
    /// What else is to be told of it.
    pub detail: String,
}

impl Store {
    /// Notes what was done in a workspace, and forgets there what is older than `oldest`. It is durable when this
    /// returns.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn record(
        &self,
        workspace: &str,
        deed: &Deed,
        oldest: i64,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        // Times grow with the numbers: the old ones are the first, and hardly ever many.
        sqlx::query(
            "DELETE FROM audit WHERE number IN (
                SELECT number FROM audit WHERE workspace = ?1 ORDER BY number LIMIT 100
             ) AND time < ?2",
        )
        .bind(workspace)
        .bind(oldest)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "INSERT INTO audit (workspace, time, who, action, subject, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .bind(workspace)
        .bind(deed.time)
        .bind(&deed.who)
        .bind(&deed.action)
        .bind(&deed.subject)
        .bind(&deed.detail)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// What was done in a workspace, the newest first: so many of those with a smaller number than `before`, each
    /// with its number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn deeds(
        &self,
        workspace: &str,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<(i64, Deed)>, StoreError> {
        let rows = sqlx::query(
            "SELECT number, time, who, action, subject, detail FROM audit
             WHERE workspace = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3",
        )
        .bind(workspace)
        .bind(before.unwrap_or(i64::MAX))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        let deed = |row: &sqlx::sqlite::SqliteRow| {
            let deed = Deed {
                time: row.try_get("time")?,
                who: row.try_get("who")?,
                action: row.try_get("action")?,
                subject: row.try_get("subject")?,
                detail: row.try_get("detail")?,
            };
            Ok((row.try_get("number")?, deed))
        };
        rows.iter().map(deed).collect()
    }
}
