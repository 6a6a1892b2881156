//! Our own tables: marks, dirty conversations, carries and fact sets.

use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::load::damaged;
use super::{Carry, Catalog, Dirty, FactSet, FactSetRole, Marks, NODE, Transaction};
use crate::error::LakeError;

/// Writes the part of a change that is not of files.
pub(super) async fn apply(
    connection: &mut SqliteConnection,
    change: &Transaction,
) -> Result<(), LakeError> {
    let workspace = change.workspace.as_str();
    if let Some(marks) = change.marks {
        set_marks(connection, workspace, marks).await?;
    }
    if change.forget_conversations {
        forget_conversations(connection, workspace).await?;
    }
    apply_dirty(connection, change).await?;
    apply_carries(connection, change).await?;
    apply_fact_sets(connection, change).await
}

async fn forget_conversations(
    connection: &mut SqliteConnection,
    workspace: &str,
) -> Result<(), LakeError> {
    for statement in [
        "DELETE FROM upshot_dirty WHERE workspace = ?1",
        "DELETE FROM upshot_carry WHERE workspace = ?1",
    ] {
        sqlx::query(statement)
            .bind(workspace)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn apply_fact_sets(
    connection: &mut SqliteConnection,
    change: &Transaction,
) -> Result<(), LakeError> {
    let workspace = change.workspace.as_str();
    for name in &change.fact_sets_remove {
        for statement in [
            "DELETE FROM upshot_fact_set WHERE workspace = ?1 AND name = ?2",
            "DELETE FROM upshot_carry WHERE workspace = ?1 AND fact_set = ?2",
        ] {
            sqlx::query(statement)
                .bind(workspace)
                .bind(name)
                .execute(&mut *connection)
                .await?;
        }
    }
    for fact_set in &change.fact_sets {
        let (role, replaces) = match &fact_set.role {
            FactSetRole::Active => (ACTIVE, ""),
            FactSetRole::Additional => (ADDITIONAL, ""),
            FactSetRole::Next { replaces } => (NEXT, replaces.as_str()),
            FactSetRole::Kept => (KEPT, ""),
        };
        sqlx::query(
            "INSERT OR REPLACE INTO upshot_fact_set VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )
        .bind(workspace)
        .bind(&fact_set.name)
        .bind(&fact_set.profile_toml)
        .bind(fact_set.fold_version)
        .bind(role == ACTIVE)
        .bind(role)
        .bind(replaces)
        .bind(fact_set.built_to)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

const ACTIVE: &str = "active";
const ADDITIONAL: &str = "additional";
const NEXT: &str = "next";
const KEPT: &str = "kept";

async fn set_marks(
    connection: &mut SqliteConnection,
    workspace: &str,
    marks: Marks,
) -> Result<(), LakeError> {
    let (events, facts) = (signed(marks.events), signed(marks.facts));
    let written = sqlx::query(
        "INSERT INTO upshot_mark VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT(node, workspace) DO UPDATE SET \
           events_mark = excluded.events_mark, facts_mark = excluded.facts_mark \
         WHERE events_mark <= excluded.events_mark AND facts_mark <= excluded.facts_mark",
    )
    .bind(NODE)
    .bind(workspace)
    .bind(events)
    .bind(facts)
    .execute(&mut *connection)
    .await?;
    if written.rows_affected() == 1 {
        return Ok(());
    }
    Err(LakeError::Conflict(format!(
        "the marks {} and {} of workspace `{workspace}` are behind those that it has",
        marks.events, marks.facts
    )))
}

async fn apply_dirty(
    connection: &mut SqliteConnection,
    change: &Transaction,
) -> Result<(), LakeError> {
    if !change.dirty_remove.is_empty() {
        sqlx::query(
            "DELETE FROM upshot_dirty WHERE workspace = ?1 \
             AND conversation_id IN (SELECT value FROM json_each(?2))",
        )
        .bind(&change.workspace)
        .bind(Value::from(change.dirty_remove.clone()).to_string())
        .execute(&mut *connection)
        .await?;
    }
    if change.dirty_add.is_empty() {
        return Ok(());
    }
    let rows: Vec<Value> = change
        .dirty_add
        .iter()
        .map(|dirty| {
            json!([
                dirty.conversation_id,
                dirty.segment_from,
                dirty.segment_to,
                dirty.due_time,
                dirty.reason
            ])
        })
        .collect();
    sqlx::query(
        "INSERT OR REPLACE INTO upshot_dirty \
         SELECT ?1, value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each(?2)",
    )
    .bind(&change.workspace)
    .bind(Value::Array(rows).to_string())
    .execute(&mut *connection)
    .await?;
    Ok(())
}

async fn apply_carries(
    connection: &mut SqliteConnection,
    change: &Transaction,
) -> Result<(), LakeError> {
    for (fact_set, conversation_id, from) in &change.carries_remove {
        sqlx::query(
            "DELETE FROM upshot_carry WHERE workspace = ?1 AND fact_set = ?2 \
             AND conversation_id = ?3 AND at_time >= ?4",
        )
        .bind(&change.workspace)
        .bind(fact_set)
        .bind(conversation_id)
        .bind(from)
        .execute(&mut *connection)
        .await?;
    }
    for carry in &change.carries_add {
        sqlx::query("INSERT OR REPLACE INTO upshot_carry VALUES (?1, ?2, ?3, ?4, ?5)")
            .bind(&change.workspace)
            .bind(&carry.fact_set)
            .bind(&carry.conversation_id)
            .bind(carry.at_time)
            .bind(&carry.carry)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

impl Catalog {
    /// Up to where the log is in the files of a workspace; zero where nothing is yet.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn marks(&self, workspace: &str) -> Result<Marks, LakeError> {
        let mut writer = self.writer().await?;
        let row = sqlx::query(
            "SELECT events_mark, facts_mark FROM upshot_mark WHERE node = ?1 AND workspace = ?2",
        )
        .bind(NODE)
        .bind(workspace)
        .fetch_optional(&mut writer.connection)
        .await?;
        let Some(row) = row else {
            return Ok(Marks::default());
        };
        Ok(Marks {
            events: unsigned(row.try_get(0)?),
            facts: unsigned(row.try_get(1)?),
        })
    }

    /// The dirty conversations of a workspace, those that are due first first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn dirty(&self, workspace: &str) -> Result<Vec<Dirty>, LakeError> {
        let mut writer = self.writer().await?;
        let rows = sqlx::query(
            "SELECT conversation_id, segment_from, segment_to, due_time, reason FROM upshot_dirty \
             WHERE workspace = ?1 ORDER BY due_time, conversation_id",
        )
        .bind(workspace)
        .fetch_all(&mut writer.connection)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Dirty {
                    conversation_id: row.try_get(0)?,
                    segment_from: row.try_get(1)?,
                    segment_to: row.try_get(2)?,
                    due_time: row.try_get(3)?,
                    reason: row.try_get(4)?,
                })
            })
            .collect()
    }

    /// The carries around a time of each of the conversations, by conversation and time: the last two
    /// of cuts before it, and all of later cuts.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn carries(
        &self,
        workspace: &str,
        fact_set: &str,
        conversations: &[(&str, i64)],
    ) -> Result<Vec<Carry>, LakeError> {
        let wanted: Vec<Value> = conversations
            .iter()
            .map(|(conversation_id, time)| json!([conversation_id, time]))
            .collect();
        let mut writer = self.writer().await?;
        let rows = sqlx::query(
            "SELECT c.conversation_id, c.at_time, c.carry \
             FROM json_each(?3) wanted CROSS JOIN upshot_carry c \
             ON c.workspace = ?1 AND c.fact_set = ?2 AND c.conversation_id = wanted.value->>0 \
               AND c.at_time >= coalesce((SELECT l.at_time FROM upshot_carry l \
                 WHERE l.workspace = ?1 AND l.fact_set = ?2 \
                   AND l.conversation_id = wanted.value->>0 AND l.at_time < wanted.value->>1 \
                 ORDER BY l.at_time DESC LIMIT 1 OFFSET 1), 0) \
             ORDER BY c.conversation_id, c.at_time",
        )
        .bind(workspace)
        .bind(fact_set)
        .bind(Value::Array(wanted).to_string())
        .fetch_all(&mut writer.connection)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Carry {
                    fact_set: fact_set.to_owned(),
                    conversation_id: row.try_get(0)?,
                    at_time: row.try_get(1)?,
                    carry: row.try_get(2)?,
                })
            })
            .collect()
    }

    /// The fact sets of a workspace by name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn fact_sets(&self, workspace: &str) -> Result<Vec<FactSet>, LakeError> {
        let mut writer = self.writer().await?;
        let rows = sqlx::query(
            "SELECT name, profile_toml, fold_version, active, role, replaces, built_to \
             FROM upshot_fact_set WHERE workspace = ?1 ORDER BY name",
        )
        .bind(workspace)
        .fetch_all(&mut writer.connection)
        .await?;
        rows.iter().map(fact_set).collect()
    }
}

fn fact_set(row: &SqliteRow) -> Result<FactSet, LakeError> {
    let (active, role): (bool, String) = (row.try_get(3)?, row.try_get(4)?);
    let role = match role.as_str() {
        ACTIVE => FactSetRole::Active,
        // Written before there were roles.
        "" if active => FactSetRole::Active,
        ADDITIONAL => FactSetRole::Additional,
        NEXT => FactSetRole::Next {
            replaces: row.try_get(5)?,
        },
        KEPT => FactSetRole::Kept,
        other => {
            return Err(damaged(
                "table upshot_fact_set",
                format!("`{other}` is no role of a fact set"),
            ));
        }
    };
    Ok(FactSet {
        name: row.try_get(0)?,
        profile_toml: row.try_get(1)?,
        fold_version: row.try_get(2)?,
        role,
        built_to: row.try_get(6)?,
    })
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
