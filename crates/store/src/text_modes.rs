//! What a workspace has set for what people write: its text mode, and those of single sources.
//!
//! Every request that brings events asks for them, and they hardly ever change: what was read is kept until somebody
//! sets one. One process writes the database, so that it knows when.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::sqlite::SqliteQueryResult;
use sqlx::{Sqlite, Transaction};

use crate::error::StoreError;
use crate::name::check_name;
use crate::store::Store;
use crate::views::check_count;

/// How many sources of a workspace may have a mode of their own.
pub const MOST_SOURCES: usize = 200;

/// A text mode that was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetTextMode {
    /// The mode's name. What it may be is checked by whoever sets it.
    pub mode: String,
    /// When it was set, in UTC microseconds.
    pub changed: i64,
}

/// What a workspace has set for texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SetTextModes {
    /// Of all sources that have no mode of their own; nothing where none was set.
    pub default: Option<SetTextMode>,
    /// Of single sources, by their names.
    pub sources: BTreeMap<String, SetTextMode>,
}

/// What was read, by workspace.
#[derive(Debug, Default)]
pub(crate) struct KnownTextModes {
    known: HashMap<String, Arc<SetTextModes>>,
    /// Counts the changes: what was read before one is not kept after it.
    changes: u64,
}

/// What clones of a store share.
pub(crate) type SharedTextModes = Arc<Mutex<KnownTextModes>>;

/// So many workspaces are remembered at once.
const MOST_KNOWN: usize = 10_000;

impl Store {
    /// What a workspace has set for texts.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn text_modes(&self, workspace: &str) -> Result<Arc<SetTextModes>, StoreError> {
        let changes = {
            let known = self.known_text_modes();
            if let Some(found) = known.known.get(workspace) {
                return Ok(found.clone());
            }
            known.changes
        };
        let rows: Vec<(Option<String>, String, i64)> = sqlx::query_as(
            "SELECT NULL, mode, changed FROM text_modes WHERE workspace = ?1 UNION ALL
             SELECT source, mode, changed FROM source_text_modes WHERE workspace = ?1",
        )
        .bind(workspace)
        .fetch_all(&self.pool)
        .await?;
        let mut found = SetTextModes::default();
        for (source, mode, changed) in rows {
            let set = SetTextMode { mode, changed };
            match source {
                Some(source) => drop(found.sources.insert(source, set)),
                None => found.default = Some(set),
            }
        }
        let found = Arc::new(found);
        let mut known = self.known_text_modes();
        if known.changes == changes && known.known.len() < MOST_KNOWN {
            known.known.insert(workspace.to_owned(), found.clone());
        }
        Ok(found)
    }

    /// Sets what becomes of texts in a workspace, or with nothing leaves it to the server. It is durable, and known to
    /// whoever asks, when this returns. `now` is the time in UTC microseconds.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn set_text_mode(
        &self,
        workspace: &str,
        mode: Option<&str>,
        now: i64,
    ) -> Result<(), StoreError> {
        let written = match mode {
            Some(mode) => {
                sqlx::query(
                    "INSERT INTO text_modes (workspace, mode, changed) VALUES (?1, ?2, ?3)
                     ON CONFLICT (workspace) DO UPDATE SET mode = excluded.mode, changed = excluded.changed",
                )
                .bind(workspace)
                .bind(mode)
                .bind(now)
                .execute(&self.pool)
                .await
            }
            None => {
                sqlx::query("DELETE FROM text_modes WHERE workspace = ?1")
                    .bind(workspace)
                    .execute(&self.pool)
                    .await
            }
        };
        self.forget_text_modes(workspace);
        written?;
        Ok(())
    }

    /// Sets what becomes of the texts that one source sends to a workspace, or with nothing leaves it to the workspace. It is
    /// durable, and known to whoever asks, when this returns.
    ///
    /// # Errors
    /// When the name cannot be a source's, too many sources have a mode, or the database cannot be written.
    pub async fn set_source_text_mode(
        &self,
        workspace: &str,
        source: &str,
        mode: Option<&str>,
        now: i64,
    ) -> Result<(), StoreError> {
        check_name("source", source)?;
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        write_source(&mut transaction, (workspace, source), mode, now).await?;
        let written = transaction.commit().await;
        self.forget_text_modes(workspace);
        written?;
        Ok(())
    }

    /// To be called also where writing failed: nobody knows then what became of it.
    fn forget_text_modes(&self, workspace: &str) {
        let mut known = self.known_text_modes();
        known.changes += 1;
        known.known.remove(workspace);
    }

    fn known_text_modes(&self) -> MutexGuard<'_, KnownTextModes> {
        self.text_modes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

async fn write_source(
    transaction: &mut Transaction<'_, Sqlite>,
    (workspace, source): (&str, &str),
    mode: Option<&str>,
    now: i64,
) -> Result<SqliteQueryResult, StoreError> {
    let Some(mode) = mode else {
        let delete = "DELETE FROM source_text_modes WHERE workspace = ?1 AND source = ?2";
        let delete = sqlx::query(delete).bind(workspace).bind(source);
        return Ok(delete.execute(&mut **transaction).await?);
    };
    let others: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM source_text_modes WHERE workspace = ?1 AND source <> ?2",
    )
    .bind(workspace)
    .bind(source)
    .fetch_one(&mut **transaction)
    .await?;
    check_count("sources with a text mode", others, MOST_SOURCES)?;
    let insert = sqlx::query(
        "INSERT INTO source_text_modes (workspace, source, mode, changed) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (workspace, source) DO UPDATE SET mode = excluded.mode, changed = excluded.changed",
    );
    let insert = insert.bind(workspace).bind(source).bind(mode).bind(now);
    Ok(insert.execute(&mut **transaction).await?)
}
