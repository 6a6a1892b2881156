//! Notes on sessions: what people say of them to each other.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::error::StoreError;
use crate::name::check_name;
use crate::store::Store;
use crate::views::check_count;

/// The most notes on a session.
pub const MOST_NOTES: usize = 500;

/// A note on a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// By what it is found.
    pub id: String,
    /// What is said.
    pub text: String,
    /// Who said it, where that is known.
    pub author: Option<String>,
    /// When, in UTC microseconds.
    pub created: i64,
}

impl Store {
    /// The notes on a session, the oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn notes(&self, workspace: &str, session: &str) -> Result<Vec<Note>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, text, author, created FROM notes
             WHERE workspace = ?1 AND session = ?2 ORDER BY created, id",
        )
        .bind(workspace)
        .bind(session)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(note).collect()
    }

    /// Keeps a note under an id, in the place of one that has it already, or under a new id. It is durable when this
    /// returns. `now` is the time in UTC microseconds, as is when the session `started`.
    ///
    /// # Errors
    /// When the id cannot be one, there are too many, or the database cannot be written.
    pub async fn set_note(
        &self,
        workspace: &str,
        (session, started): (&str, i64),
        id: Option<&str>,
        (text, author): (&str, Option<&str>),
        now: i64,
    ) -> Result<Note, StoreError> {
        id.map_or(Ok(()), |id| check_name("note", id))?;
        // Takes the right to write at once, so that nobody adds another between counting and writing.
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let others: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM notes
             WHERE workspace = ?1 AND session = ?2 AND (?3 IS NULL OR id <> ?3)",
        )
        .bind(workspace)
        .bind(session)
        .bind(id)
        .fetch_one(&mut *transaction)
        .await?;
        check_count("notes on one session", others, MOST_NOTES)?;
        let row = sqlx::query(
            "INSERT INTO notes (workspace, session, id, text, author, created, started)
             VALUES (?1, ?2, coalesce(?3, lower(hex(randomblob(12)))), ?4, ?5, ?6, ?7)
             ON CONFLICT (workspace, session, id) DO UPDATE SET text = excluded.text, started = excluded.started
             RETURNING id, text, author, created",
        )
        .bind(workspace)
        .bind(session)
        .bind(id)
        .bind(text)
        .bind(author)
        .bind(now)
        .bind(started)
        .fetch_one(&mut *transaction)
        .await?;
        let kept = note(&row)?;
        transaction.commit().await?;
        Ok(kept)
    }

    /// Removes a note; says whether there was one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_note(
        &self,
        workspace: &str,
        session: &str,
        id: &str,
    ) -> Result<bool, StoreError> {
        let removed =
            sqlx::query("DELETE FROM notes WHERE workspace = ?1 AND session = ?2 AND id = ?3")
                .bind(workspace)
                .bind(session)
                .bind(id)
                .execute(&self.pool)
                .await?;
        Ok(removed.rows_affected() > 0)
    }
}

fn note(row: &SqliteRow) -> Result<Note, StoreError> {
    Ok(Note {
        id: row.try_get("id")?,
        text: row.try_get("text")?,
        author: row.try_get("author")?,
        created: row.try_get("created")?,
    })
}
