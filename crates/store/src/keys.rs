//! Keys by which programs ask. A key is kept as the hash of its secret.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::error::StoreError;
use crate::store::Store;

/// The most keys of a workspace.
pub const MOST_KEYS: usize = 1_000;

/// A key by which a program asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Its id.
    pub id: String,
    /// The hash of its secret.
    pub hash: Vec<u8>,
    /// The workspace that it opens; no other.
    pub workspace: String,
    /// What it is called.
    pub name: String,
    /// What it may do, in the server's words.
    pub scopes: Vec<String>,
    /// When it was made, in UTC microseconds.
    pub created: i64,
    /// Who made it.
    pub created_by: String,
    /// When it was last used, to the minute.
    pub last_used: Option<i64>,
}

impl Store {
    /// Keeps a key.
    ///
    /// # Errors
    /// When there are too many, or the database cannot be written.
    pub async fn add_key(&self, key: &AccessKey) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let others: i64 =
            sqlx::query_scalar("SELECT count(*) FROM access_keys WHERE workspace = ?1")
                .bind(&key.workspace)
                .fetch_one(&mut *transaction)
                .await?;
        if others >= MOST_KEYS as i64 {
            return Err(StoreError::TooMany("keys", MOST_KEYS));
        }
        sqlx::query(
            "INSERT INTO access_keys (workspace, id, hash, name, scopes, created, created_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )
        .bind(&key.workspace)
        .bind(&key.id)
        .bind(&key.hash)
        .bind(&key.name)
        .bind(key.scopes.join(" "))
        .bind(key.created)
        .bind(&key.created_by)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The key of this id, whatever workspace it opens: the caller is not yet known.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn key(&self, id: &str) -> Result<Option<AccessKey>, StoreError> {
        let row = sqlx::query("SELECT * FROM access_keys WHERE id = ?1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(key).transpose()
    }

    /// The keys of a workspace, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn keys(&self, workspace: &str) -> Result<Vec<AccessKey>, StoreError> {
        let rows =
            sqlx::query("SELECT * FROM access_keys WHERE workspace = ?1 ORDER BY created DESC, id")
                .bind(workspace)
                .fetch_all(&self.pool)
                .await?;
        rows.iter().map(key).collect()
    }

    /// Notes that a key was used.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn key_used(&self, id: &str, now: i64) -> Result<(), StoreError> {
        sqlx::query("UPDATE access_keys SET last_used = ?2 WHERE id = ?1")
            .bind(id)
            .bind(now)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Revokes a key; says whether there was one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_key(&self, workspace: &str, id: &str) -> Result<bool, StoreError> {
        let removed = sqlx::query("DELETE FROM access_keys WHERE workspace = ?1 AND id = ?2")
            .bind(workspace)
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(removed.rows_affected() > 0)
    }
}

fn key(row: &SqliteRow) -> Result<AccessKey, StoreError> {
    let scopes: String = row.try_get("scopes")?;
    Ok(AccessKey {
        id: row.try_get("id")?,
        hash: row.try_get("hash")?,
        workspace: row.try_get("workspace")?,
        name: row.try_get("name")?,
        scopes: scopes.split_whitespace().map(str::to_owned).collect(),
        created: row.try_get("created")?,
        created_by: row.try_get("created_by")?,
        last_used: row.try_get("last_used")?,
    })
}
