//! What is said of erasures: asked for, foreseen, and proven.

use serde::{Deserialize, Serialize};

use crate::catalog::StoredErasure;
use crate::error::LakeError;

/// A wish that users be erased.
#[derive(Debug, Clone, Default)]
pub struct ErasureRequest {
    /// The users' ids as events carry them. Where a user has several, all of them.
    pub ids: Vec<String>,
    /// How many users that are.
    pub users: u64,
    /// Who asks.
    pub by: String,
    /// Why; must name nobody.
    pub reason: String,
}

/// What an erasure would take away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Foreseen {
    /// Conversations in which the users took part.
    pub conversations: u64,
    /// Their events.
    pub events: u64,
    /// Their sessions, in the active fact set.
    pub sessions: u64,
    /// Data files that would be written anew.
    pub files: u64,
}

/// The proof of an erasure. It names no user.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Erasure {
    /// Its id.
    pub id: String,
    /// How many users were to be erased.
    pub users: u64,
    /// Who asked.
    pub by: String,
    /// Why; empty where nothing was said.
    pub reason: String,
    /// When it was asked for, in UTC microseconds. What came in from then on was kept out.
    pub asked: i64,
    /// How many conversations are gone.
    pub conversations: u64,
    /// How many events.
    pub events: u64,
    /// How many sessions, in the active fact set.
    pub sessions: u64,
    /// How many data files held some of it: they were written anew without it, and removed.
    pub files: u64,
    /// How many files of rejected records were removed.
    pub rejected_files: u64,
    /// How many notes and labels of the sessions were removed.
    pub remarks: u64,
    /// Since when no question shows any of it.
    pub removed: Option<i64>,
    /// Whether it was looked for afterwards and nothing was found.
    pub verified: bool,
    /// When all was done.
    pub finished: Option<i64>,
}

impl Erasure {
    /// As the catalog keeps it, with the sessions of which others are still to be told.
    pub(crate) fn to_stored(&self, sessions: Vec<String>) -> Result<StoredErasure, LakeError> {
        let proof = serde_json::to_string(self).map_err(|error| unreadable(&error))?;
        Ok(StoredErasure {
            id: self.id.clone(),
            proof,
            sessions,
        })
    }

    /// What [`Erasure::to_stored`] wrote.
    pub(crate) fn from_stored(stored: &StoredErasure) -> Result<Self, LakeError> {
        serde_json::from_str(&stored.proof).map_err(|error| unreadable(&error))
    }
}

fn unreadable(error: &serde_json::Error) -> LakeError {
    LakeError::Damaged {
        what: "the catalog's table upshot_erasure".to_owned(),
        reason: error.to_string(),
    }
}
