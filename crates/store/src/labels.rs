//! Labels of sessions: what people call them.
//!
//! Every question reads all labels of its workspace, and few questions come between two changes of them: what was
//! read is kept until something changes. One process writes the database, so that it knows when.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::error::StoreError;
use crate::name::check_name;
use crate::store::Store;
use crate::views::check_count;

/// The most labels that sessions of a workspace have together.
pub const MOST_LABELS: usize = 100_000;
/// The most labels of a session.
pub const MOST_OF_A_SESSION: usize = 50;

/// A label of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// What the session is called.
    pub label: String,
    /// Who called it so, where that is known.
    pub author: Option<String>,
    /// When, in UTC microseconds.
    pub created: i64,
}

/// The labels of all sessions of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AllLabels {
    /// The ids of the sessions by label, both in order.
    pub sessions: Arc<BTreeMap<String, Vec<String>>>,
    /// Stands for all of it: other labels, or other sessions, have another.
    pub version: u64,
}

/// What was read of labels, by workspace.
#[derive(Debug, Default)]
pub(crate) struct KnownLabels {
    known: HashMap<String, AllLabels>,
    /// Counts the changes: what was read before one is not kept after it.
    changes: u64,
}

impl Store {
    /// The labels of all sessions of a workspace.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn labels(&self, workspace: &str) -> Result<AllLabels, StoreError> {
        let changes = {
            let known = self.known_labels();
            if let Some(found) = known.known.get(workspace) {
                return Ok(found.clone());
            }
            known.changes
        };
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT label, session FROM labels WHERE workspace = ?1 ORDER BY label, session",
        )
        .bind(workspace)
        .fetch_all(&self.pool)
        .await?;
        let mut hasher = DefaultHasher::new();
        rows.hash(&mut hasher);
        let mut sessions: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (label, session) in rows {
            sessions.entry(label).or_default().push(session);
        }
        let found = AllLabels {
            sessions: Arc::new(sessions),
            version: hasher.finish(),
        };
        let mut known = self.known_labels();
        if known.changes == changes {
            known.known.insert(workspace.to_owned(), found.clone());
        }
        Ok(found)
    }

    /// The labels of a session, by label.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn labels_of(
        &self,
        workspace: &str,
        session: &str,
    ) -> Result<Vec<Label>, StoreError> {
        let rows = sqlx::query(
            "SELECT label, author, created FROM labels
             WHERE workspace = ?1 AND session = ?2 ORDER BY label",
        )
        .bind(workspace)
        .bind(session)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(label).collect()
    }

    /// Gives a session a label; one that it has stays as it is. It is durable when this returns. `now` is the time
    /// in UTC microseconds, as is when the session `started`.
    ///
    /// # Errors
    /// When the label cannot be one, there are too many, or the database cannot be written.
    pub async fn set_label(
        &self,
        workspace: &str,
        (session, started): (&str, i64),
        name: &str,
        author: Option<&str>,
        now: i64,
    ) -> Result<Label, StoreError> {
        check_name("label", name)?;
        // Takes the right to write at once, so that nobody adds another between counting and writing.
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let (all, own): (i64, i64) = sqlx::query_as(
            "SELECT count(*), count(*) FILTER (WHERE session = ?2) FROM labels
             WHERE workspace = ?1 AND NOT (session = ?2 AND label = ?3)",
        )
        .bind(workspace)
        .bind(session)
        .bind(name)
        .fetch_one(&mut *transaction)
        .await?;
        check_count("labels of sessions", all, MOST_LABELS)?;
        check_count("labels of one session", own, MOST_OF_A_SESSION)?;
        let row = sqlx::query(
            "INSERT INTO labels (workspace, session, label, author, created, started) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (workspace, session, label) DO UPDATE SET started = excluded.started
             RETURNING label, author, created",
        )
        .bind(workspace)
        .bind(session)
        .bind(name)
        .bind(author)
        .bind(now)
        .bind(started)
        .fetch_one(&mut *transaction)
        .await?;
        let given = label(&row)?;
        transaction.commit().await?;
        self.labels_changed(workspace);
        Ok(given)
    }

    /// Takes a label from a session; says whether it had it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove_label(
        &self,
        workspace: &str,
        session: &str,
        name: &str,
    ) -> Result<bool, StoreError> {
        let removed =
            sqlx::query("DELETE FROM labels WHERE workspace = ?1 AND session = ?2 AND label = ?3")
                .bind(workspace)
                .bind(session)
                .bind(name)
                .execute(&self.pool)
                .await?;
        self.labels_changed(workspace);
        Ok(removed.rows_affected() > 0)
    }

    fn known_labels(&self) -> MutexGuard<'_, KnownLabels> {
        self.labels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn labels_changed(&self, workspace: &str) {
        let mut known = self.known_labels();
        known.changes += 1;
        known.known.remove(workspace);
    }
}

/// What clones of a store share.
pub(crate) type SharedLabels = Arc<Mutex<KnownLabels>>;

fn label(row: &SqliteRow) -> Result<Label, StoreError> {
    Ok(Label {
        label: row.try_get("label")?,
        author: row.try_get("author")?,
        created: row.try_get("created")?,
    })
}
