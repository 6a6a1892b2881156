//! What the catalog keeps of erasures: the keyed hashes of what is to stay away, and the proofs; and for how long things
//! are kept. What went leaves no trace in the database either.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::{Connection, Row, SqliteConnection};
use upshot_core::FieldKind;

use super::load::damaged;
use super::statistics::kinds;
use super::{Catalog, Erase, Keep, StoredErasure, TableState};
use crate::error::LakeError;
use crate::schema::{ColumnKind, Table};

/// A keyed hash.
type Hash = [u8; 16];

/// Writes the part of a change that is an erasure.
pub(super) async fn apply(
    connection: &mut SqliteConnection,
    workspace: &str,
    erase: &Erase,
    tables: &BTreeMap<Table, TableState>,
) -> Result<(), LakeError> {
    for statement in [
        "DELETE FROM upshot_dirty WHERE workspace = ?1 \
         AND conversation_id IN (SELECT value FROM json_each(?2))",
        "DELETE FROM upshot_carry WHERE workspace = ?1 \
         AND conversation_id IN (SELECT value FROM json_each(?2))",
    ] {
        sqlx::query(statement)
            .bind(workspace)
            .bind(Value::from(erase.conversations.clone()).to_string())
            .execute(&mut *connection)
            .await?;
    }
    list(connection, workspace, &erase.hashes).await?;
    save(connection, workspace, &erase.erasure).await?;
    for (table, known) in tables {
        narrow(connection, *table, known).await?;
    }
    Ok(())
}

/// Writes down what a workspace keeps, and forgets what was only of use for what it does not.
pub(super) async fn keep(
    connection: &mut SqliteConnection,
    workspace: &str,
    keep: &Keep,
    tables: &BTreeMap<Table, TableState>,
) -> Result<(), LakeError> {
    sqlx::query("INSERT OR REPLACE INTO upshot_keeping VALUES (?1, ?2)")
        .bind(workspace)
        .bind(&keep.kept)
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM upshot_carry WHERE workspace = ?1 AND at_time < ?2")
        .bind(workspace)
        .bind(keep.carries_from)
        .execute(&mut *connection)
        .await?;
    for (table, known) in tables {
        narrow(connection, *table, known).await?;
    }
    Ok(())
}

/// Adds keyed hashes to the list.
async fn list(
    connection: &mut SqliteConnection,
    workspace: &str,
    hashes: &[Hash],
) -> Result<(), LakeError> {
    for hash in hashes {
        sqlx::query("INSERT OR IGNORE INTO upshot_erased VALUES (?1, ?2)")
            .bind(workspace)
            .bind(&hash[..])
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Keeps what is noted of an erasure, in the place of what was noted before.
async fn save(
    connection: &mut SqliteConnection,
    workspace: &str,
    erasure: &StoredErasure,
) -> Result<(), LakeError> {
    sqlx::query(
        "INSERT INTO upshot_erasure (workspace, id, number, proof, sessions) \
         VALUES (?1, ?2, (SELECT coalesce(max(number), 0) + 1 FROM upshot_erasure), ?3, ?4) \
         ON CONFLICT(workspace, id) DO UPDATE SET proof = excluded.proof, sessions = excluded.sessions",
    )
    .bind(workspace)
    .bind(&erasure.id)
    .bind(&erasure.proof)
    .bind(Value::from(erasure.sessions.clone()).to_string())
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// Makes what is said of a table's columns of text that of its live files: a smallest or largest value that nothing
/// holds any more may name somebody.
async fn narrow(
    connection: &mut SqliteConnection,
    table: Table,
    known: &TableState,
) -> Result<(), LakeError> {
    let is_text = |kind: &ColumnKind| {
        use FieldKind::{Key, Label, Text, Word};
        matches!(kind, ColumnKind::Field(Key | Label | Text | Word))
    };
    let columns: Vec<i64> = kinds(table, &known.ids)
        .into_iter()
        .filter(|(_, kind)| is_text(kind))
        .map(|(id, _)| id)
        .collect();
    let columns = Value::from(columns).to_string();
    for statement in [
        "WITH live AS ( \
           SELECT c.column_id, min(c.min_value) low, max(c.max_value) high \
           FROM ducklake_data_file f JOIN ducklake_file_column_stats c USING (data_file_id) \
           WHERE f.table_id = ?1 AND f.end_snapshot IS NULL \
             AND c.column_id IN (SELECT value FROM json_each(?2)) GROUP BY c.column_id) \
         UPDATE ducklake_table_column_stats SET min_value = live.low, max_value = live.high \
         FROM live WHERE ducklake_table_column_stats.table_id = ?1 \
           AND ducklake_table_column_stats.column_id = live.column_id \
           AND ducklake_table_column_stats.min_value IS NOT NULL",
        "DELETE FROM ducklake_table_column_stats WHERE table_id = ?1 \
           AND column_id IN (SELECT value FROM json_each(?2)) \
           AND column_id NOT IN (SELECT c.column_id \
             FROM ducklake_data_file f JOIN ducklake_file_column_stats c USING (data_file_id) \
             WHERE f.table_id = ?1 AND f.end_snapshot IS NULL)",
    ] {
        sqlx::query(statement)
            .bind(known.table_id)
            .bind(&columns)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

impl Catalog {
    /// Notes what is to be erased, and keeps its keyed hashes. It is durable when this returns.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn begin_erasure(
        &self,
        workspace: &str,
        hashes: &[Hash],
        erasure: &StoredErasure,
    ) -> Result<(), LakeError> {
        let mut writer = self.writer().await?;
        let mut transaction = writer.connection.begin_with("BEGIN IMMEDIATE").await?;
        list(&mut transaction, workspace, hashes).await?;
        save(&mut transaction, workspace, erasure).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Keeps what is noted of an erasure, in the place of what was noted before. It is durable when this returns.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn save_erasure(
        &self,
        workspace: &str,
        erasure: &StoredErasure,
    ) -> Result<(), LakeError> {
        let mut writer = self.writer().await?;
        save(&mut writer.connection, workspace, erasure).await
    }

    /// Keeps more keyed hashes. They are durable when this returns.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn list_erased(&self, workspace: &str, hashes: &[Hash]) -> Result<(), LakeError> {
        let mut writer = self.writer().await?;
        let mut transaction = writer.connection.begin_with("BEGIN IMMEDIATE").await?;
        list(&mut transaction, workspace, hashes).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The keyed hashes of all that is to stay away from a workspace.
    ///
    /// # Errors
    /// When the database refuses, or holds something else.
    pub async fn erased(&self, workspace: &str) -> Result<Vec<Hash>, LakeError> {
        let mut writer = self.writer().await?;
        let rows: Vec<Vec<u8>> =
            sqlx::query_scalar("SELECT hash FROM upshot_erased WHERE workspace = ?1")
                .bind(workspace)
                .fetch_all(&mut writer.connection)
                .await?;
        rows.into_iter()
            .map(|row| {
                Hash::try_from(row)
                    .map_err(|_| damaged("table upshot_erased", "a hash has not 16 bytes"))
            })
            .collect()
    }

    /// What is noted of the erasures in a workspace, the oldest first.
    ///
    /// # Errors
    /// When the database refuses, or holds what cannot be read.
    pub async fn erasures(&self, workspace: &str) -> Result<Vec<StoredErasure>, LakeError> {
        let mut writer = self.writer().await?;
        let rows = sqlx::query(
            "SELECT id, proof, sessions FROM upshot_erasure WHERE workspace = ?1 ORDER BY number",
        )
        .bind(workspace)
        .fetch_all(&mut writer.connection)
        .await?;
        rows.iter()
            .map(|row| {
                let sessions: String = row.try_get(2)?;
                Ok(StoredErasure {
                    id: row.try_get(0)?,
                    proof: row.try_get(1)?,
                    sessions: serde_json::from_str(&sessions)
                        .map_err(|error| damaged("table upshot_erasure", error.to_string()))?,
                })
            })
            .collect()
    }

    /// What a workspace keeps, as the engine wrote it; nothing where nobody said anything.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn keeping(&self, workspace: &str) -> Result<Option<String>, LakeError> {
        let mut writer = self.writer().await?;
        let kept = sqlx::query_scalar("SELECT kept FROM upshot_keeping WHERE workspace = ?1")
            .bind(workspace)
            .fetch_optional(&mut writer.connection)
            .await?;
        Ok(kept)
    }

    /// Writes the database anew, so that nothing is left in it of rows that were deleted, and empties its log. Says
    /// whether that was possible: it is not while another program reads.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn purge(&self) -> Result<bool, LakeError> {
        let mut writer = self.writer().await?;
        sqlx::query("VACUUM")
            .execute(&mut writer.connection)
            .await?;
        let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&mut writer.connection)
            .await?;
        let busy: i64 = row.try_get(0)?;
        Ok(busy == 0)
    }
}
