//! What a workspace has set for itself: its calendar, its money, the names of its bots.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::store::Store;

/// The settings of a workspace. What they may be is checked by whoever sets them; new ones are added with a
/// value for where nothing was set.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkspaceSettings {
    /// The IANA name of the zone of days.
    pub time_zone: Option<String>,
    /// With which day weeks begin.
    pub week_start: Option<String>,
    /// The ISO 4217 code of the currency of what people set.
    pub currency: Option<String>,
    /// The language and region in which numbers and dates are written, as BCP 47 has it.
    pub locale: Option<String>,
    /// What things cost, by what they are, in the currency.
    pub costs: BTreeMap<String, f64>,
    /// The names of bots, by their ids.
    pub bots: BTreeMap<String, String>,
    /// With what it is compared how many inquiries need people.
    pub ticket_baseline: Option<TicketBaseline>,
}

/// With what it is compared how many inquiries need people: a share, or a range of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketBaseline {
    /// A share of inquiries.
    Rate(f64),
    /// The first and last days or instants of a range.
    Range(String, String),
}

impl Store {
    /// The settings of a workspace and when they were last set; nothing where they never were.
    ///
    /// # Errors
    /// When the database cannot be read, or holds what this program cannot read.
    pub async fn settings(
        &self,
        workspace: &str,
    ) -> Result<Option<(WorkspaceSettings, i64)>, StoreError> {
        let row: Option<(String, i64)> =
            sqlx::query_as("SELECT document, changed FROM settings WHERE workspace = ?1")
                .bind(workspace)
                .fetch_optional(&self.pool)
                .await?;
        let Some((document, changed)) = row else {
            return Ok(None);
        };
        let settings =
            serde_json::from_str(&document).map_err(|error| unreadable(workspace, &error))?;
        Ok(Some((settings, changed)))
    }

    /// Sets all settings of a workspace. They are durable when this returns. `now` is the time in UTC
    /// microseconds.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn set_settings(
        &self,
        workspace: &str,
        settings: &WorkspaceSettings,
        now: i64,
    ) -> Result<(), StoreError> {
        let document =
            serde_json::to_string(settings).map_err(|error| unreadable(workspace, &error))?;
        sqlx::query(
            "INSERT INTO settings (workspace, document, changed) VALUES (?1, ?2, ?3)
             ON CONFLICT (workspace) DO UPDATE SET document = excluded.document, changed = excluded.changed",
        )
        .bind(workspace)
        .bind(document)
        .bind(now)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

fn unreadable(workspace: &str, error: &serde_json::Error) -> StoreError {
    StoreError::Unreadable(format!("settings of workspace `{workspace}` ({error})"))
}
