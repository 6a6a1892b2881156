//! What a workspace has set for what people write: its text mode.
//!
//! Every request that brings events asks for it, and it hardly ever changes: what was read is kept until somebody
//! sets it. One process writes the database, so that it knows when.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::StoreError;
use crate::store::Store;

/// What a workspace has set for texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetTextMode {
    /// The mode's name. What it may be is checked by whoever sets it.
    pub mode: String,
    /// When it was set, in UTC microseconds.
    pub changed: i64,
}

/// What was read, by workspace: nothing for one that has set nothing.
#[derive(Debug, Default)]
pub(crate) struct KnownTextModes {
    known: HashMap<String, Option<SetTextMode>>,
    /// Counts the changes: what was read before one is not kept after it.
    changes: u64,
}

/// What clones of a store share.
pub(crate) type SharedTextModes = Arc<Mutex<KnownTextModes>>;

/// So many workspaces are remembered at once.
const MOST_KNOWN: usize = 10_000;

impl Store {
    /// What a workspace has set for texts; nothing where it has set nothing.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn text_mode(&self, workspace: &str) -> Result<Option<SetTextMode>, StoreError> {
        let changes = {
            let known = self.known_text_modes();
            if let Some(found) = known.known.get(workspace) {
                return Ok(found.clone());
            }
            known.changes
        };
        let row: Option<(String, i64)> =
            sqlx::query_as("SELECT mode, changed FROM text_modes WHERE workspace = ?1")
                .bind(workspace)
                .fetch_optional(&self.pool)
                .await?;
        let found = row.map(|(mode, changed)| SetTextMode { mode, changed });
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
        // Also where writing failed: nobody knows then what became of it.
        let mut known = self.known_text_modes();
        known.changes += 1;
        known.known.remove(workspace);
        drop(known);
        written?;
        Ok(())
    }

    fn known_text_modes(&self) -> MutexGuard<'_, KnownTextModes> {
        self.text_modes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
