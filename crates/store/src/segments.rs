//! Segments: filters that are saved under a name.

use std::collections::BTreeMap;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::error::StoreError;
use crate::name::check_name;
use crate::store::Store;

/// The most segments of a workspace.
pub const MOST_SEGMENTS: usize = 1_000;

/// A filter that is saved under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its name, unique in the workspace.
    pub name: String,
    /// The filter, in the language of queries.
    pub filter: String,
    /// What it is for, in words; empty where nothing was said.
    pub description: String,
    /// When it was first saved, in UTC microseconds.
    pub created: i64,
    /// When it was last saved.
    pub changed: i64,
}

impl Store {
    /// The segments of a workspace, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn segments(&self, workspace: &str) -> Result<Vec<Segment>, StoreError> {
        let rows = sqlx::query(
            "SELECT name, filter, description, created, changed FROM segments
             WHERE workspace = ?1 ORDER BY name",
        )
        .bind(workspace)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(segment).collect()
    }

    /// The filters of the segments of a workspace by their names: what questions need.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn filters(&self, workspace: &str) -> Result<BTreeMap<String, String>, StoreError> {
        let rows: Vec<(String, String)> =
            sqlx::query_as("SELECT name, filter FROM segments WHERE workspace = ?1")
                .bind(workspace)
                .fetch_all(&self.pool)
                .await?;
        Ok(rows.into_iter().collect())
    }

    /// The segment of this name, if there is one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn segment(
        &self,
        workspace: &str,
        name: &str,
    ) -> Result<Option<Segment>, StoreError> {
        let row = sqlx::query(
            "SELECT name, filter, description, created, changed FROM segments
             WHERE workspace = ?1 AND name = ?2",
        )
        .bind(workspace)
        .bind(name)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(segment).transpose()
    }

    /// Saves a filter under a name, in the place of one that has the name already. It is durable when this
    /// returns. `now` is the time in UTC microseconds.
    ///
    /// # Errors
    /// When the name cannot be one, there are too many, or the database cannot be written.
    pub async fn set_segment(
        &self,
        workspace: &str,
        name: &str,
        filter: &str,
        description: &str,
        now: i64,
    ) -> Result<Segment, StoreError> {
        check_name("segment", name)?;
        // Takes the right to write at once, so that nobody adds another between counting and writing.
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let others: i64 =
            sqlx::query_scalar("SELECT count(*) FROM segments WHERE workspace = ?1 AND name <> ?2")
                .bind(workspace)
                .bind(name)
                .fetch_one(&mut *transaction)
                .await?;
        if others >= MOST_SEGMENTS as i64 {
            return Err(StoreError::TooMany("segments", MOST_SEGMENTS));
        }
        let row = sqlx::query(
            "INSERT INTO segments (workspace, name, filter, description, created, changed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5)
             ON CONFLICT (workspace, name) DO UPDATE SET
                filter = excluded.filter, description = excluded.description, changed = excluded.changed
             RETURNING name, filter, description, created, changed",
        )
        .bind(workspace)
        .bind(name)
        .bind(filter)
        .bind(description)
        .bind(now)
        .fetch_one(&mut *transaction)
        .await?;
        let saved = segment(&row)?;
        transaction.commit().await?;
        Ok(saved)
    }

    /// Removes a segment; says whether there was one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_segment(&self, workspace: &str, name: &str) -> Result<bool, StoreError> {
        let removed = sqlx::query("DELETE FROM segments WHERE workspace = ?1 AND name = ?2")
            .bind(workspace)
            .bind(name)
            .execute(&self.pool)
            .await?;
        Ok(removed.rows_affected() > 0)
    }
}

fn segment(row: &SqliteRow) -> Result<Segment, StoreError> {
    Ok(Segment {
        name: row.try_get("name")?,
        filter: row.try_get("filter")?,
        description: row.try_get("description")?,
        created: row.try_get("created")?,
        changed: row.try_get("changed")?,
    })
}
