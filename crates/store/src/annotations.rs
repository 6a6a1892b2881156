//! Annotations: what happened when, for charts over time.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::error::StoreError;
use crate::name::check_name;
use crate::store::Store;
use crate::views::check_count;

/// The most annotations of a workspace.
pub const MOST_ANNOTATIONS: usize = 10_000;

/// What people say of a moment or a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnotationContent {
    /// When it happened, or began, in UTC microseconds.
    pub time: i64,
    /// When it was over, where it lasted.
    pub end: Option<i64>,
    /// What happened.
    pub text: String,
    /// Of which kind it is.
    pub kind: String,
    /// The bot that it is about; nothing means all.
    pub bot: Option<String>,
}

/// An annotation that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// By what it is found.
    pub id: String,
    /// What people say.
    pub content: AnnotationContent,
    /// Who said it, where that is known.
    pub author: Option<String>,
    /// When it was first said, in UTC microseconds.
    pub created: i64,
    /// When it was last changed.
    pub changed: i64,
}

impl Store {
    /// The annotations of a workspace that touch a stretch of time, by time.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn annotations(
        &self,
        workspace: &str,
        from: i64,
        to: i64,
    ) -> Result<Vec<Annotation>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, time, until, text, kind, bot, author, created, changed FROM annotations
             WHERE workspace = ?1 AND time < ?3 AND coalesce(until, time) >= ?2 ORDER BY time, id",
        )
        .bind(workspace)
        .bind(from)
        .bind(to)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(annotation).collect()
    }

    /// Keeps an annotation under an id, in the place of one that has it already, or under a new id. It is durable
    /// when this returns. `now` is the time in UTC microseconds.
    ///
    /// # Errors
    /// When the id cannot be one, there are too many, or the database cannot be written.
    pub async fn set_annotation(
        &self,
        workspace: &str,
        id: Option<&str>,
        content: &AnnotationContent,
        author: Option<&str>,
        now: i64,
    ) -> Result<Annotation, StoreError> {
        id.map_or(Ok(()), |id| check_name("annotation", id))?;
        // Takes the right to write at once, so that nobody adds another between counting and writing.
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let others: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM annotations WHERE workspace = ?1 AND (?2 IS NULL OR id <> ?2)",
        )
        .bind(workspace)
        .bind(id)
        .fetch_one(&mut *transaction)
        .await?;
        check_count("annotations", others, MOST_ANNOTATIONS)?;
        let row = sqlx::query(
            "INSERT INTO annotations (workspace, id, time, until, text, kind, bot, author, created, changed)
             VALUES (?1, coalesce(?9, lower(hex(randomblob(12)))), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)
             ON CONFLICT (workspace, id) DO UPDATE SET
                time = excluded.time, until = excluded.until, text = excluded.text, kind = excluded.kind,
                bot = excluded.bot, changed = excluded.changed
             RETURNING id, time, until, text, kind, bot, author, created, changed",
        )
        .bind(workspace)
        .bind(content.time)
        .bind(content.end)
        .bind(&content.text)
        .bind(&content.kind)
        .bind(&content.bot)
        .bind(author)
        .bind(now)
        .bind(id)
        .fetch_one(&mut *transaction)
        .await?;
        let kept = annotation(&row)?;
        transaction.commit().await?;
        Ok(kept)
    }

    /// Removes an annotation; says whether there was one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_annotation(&self, workspace: &str, id: &str) -> Result<bool, StoreError> {
        let removed = sqlx::query("DELETE FROM annotations WHERE workspace = ?1 AND id = ?2")
            .bind(workspace)
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(removed.rows_affected() > 0)
    }

    /// Whether new versions of bots are shown among the annotations; they are unless somebody hid them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn releases_shown(&self, workspace: &str) -> Result<bool, StoreError> {
        let hidden: i64 =
            sqlx::query_scalar("SELECT count(*) FROM hidden_releases WHERE workspace = ?1")
                .bind(workspace)
                .fetch_one(&self.pool)
                .await?;
        Ok(hidden == 0)
    }

    /// Shows or hides new versions of bots among the annotations. It is durable when this returns.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn show_releases(&self, workspace: &str, shown: bool) -> Result<(), StoreError> {
        let change = match shown {
            true => "DELETE FROM hidden_releases WHERE workspace = ?1",
            false => "INSERT OR IGNORE INTO hidden_releases (workspace) VALUES (?1)",
        };
        sqlx::query(change)
            .bind(workspace)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

fn annotation(row: &SqliteRow) -> Result<Annotation, StoreError> {
    Ok(Annotation {
        id: row.try_get("id")?,
        content: AnnotationContent {
            time: row.try_get("time")?,
            end: row.try_get("until")?,
            text: row.try_get("text")?,
            kind: row.try_get("kind")?,
            bot: row.try_get("bot")?,
        },
        author: row.try_get("author")?,
        created: row.try_get("created")?,
        changed: row.try_get("changed")?,
    })
}
