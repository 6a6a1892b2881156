//! What a change of the lake consists of.

use crate::parquet_files::DataFileInfo;
use crate::schema::Table;

/// A data file that was written, and becomes part of the lake with the commit.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// The table.
    pub table: Table,
    /// The file's name in the folder of the table, as [`super::Catalog::new_file`] gave it.
    pub name: String,
    /// What the writer found out.
    pub info: DataFileInfo,
    /// The UTC day of all its rows.
    pub day: i32,
    /// The bucket of all its rows.
    pub bucket: i32,
    /// The fact set of all its rows; empty for events and texts.
    pub fact_set: String,
}

/// Up to where the log is in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks {
    /// Events up to this position of the log are in files.
    pub events: u64,
    /// Facts of events up to this position are in files, or their conversation is dirty.
    pub facts: u64,
}

/// A conversation whose facts in files are not what its events say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dirty {
    /// The conversation.
    pub conversation_id: String,
    /// From which time its facts must be made again, microseconds.
    pub segment_from: i64,
    /// Up to which time, microseconds.
    pub segment_to: i64,
    /// When that is due, microseconds.
    pub due_time: i64,
    /// Why.
    pub reason: String,
}

/// What the fold needs to go on from a cut of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carry {
    /// The fact set.
    pub fact_set: String,
    /// The conversation.
    pub conversation_id: String,
    /// The time of the cut, microseconds.
    pub at_time: i64,
    /// As the fold wrote it.
    pub carry: Vec<u8>,
}

/// What a fact set is to its workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactSetRole {
    /// Queries that name none read it.
    Active,
    /// It is kept up to date beside the active one.
    Additional,
    /// It is being built, to take the place of the set of this name.
    Next {
        /// The name of the set that it replaces.
        replaces: String,
    },
    /// What is left of it belongs to the active one: its facts are of events that are no longer kept.
    Kept,
}

/// The rules by which facts were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactSet {
    /// The name that the facts carry.
    pub name: String,
    /// The profiles; empty where the workspace has chosen none.
    pub profile_toml: String,
    /// The version of the fold.
    pub fold_version: u32,
    /// What it is to the workspace. At most one is active.
    pub role: FactSetRole,
    /// The facts of what begins before this time are there, microseconds; [`i64::MAX`] for all.
    pub built_to: i64,
}

/// Conversations of which nothing is left after a change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erase {
    /// The conversations: none is dirty, no fold goes on in one.
    pub conversations: Vec<String>,
    /// Their keyed hashes, which the catalog keeps.
    pub hashes: Vec<[u8; 16]>,
    /// What is noted of the erasure.
    pub erasure: StoredErasure,
}

/// What a workspace keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keep {
    /// For how long, and from when on, as the engine writes it.
    pub kept: String,
    /// Carries of cuts before this time, in microseconds, go.
    pub carries_from: i64,
}

/// What the catalog keeps of an erasure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredErasure {
    /// Its id.
    pub id: String,
    /// The proof, as the engine writes it.
    pub proof: String,
    /// Ids of sessions that are gone and of which others are still to be told.
    pub sessions: Vec<String>,
}

/// A change of one workspace that happens as a whole or not at all.
#[derive(Debug, Clone, Default)]
pub struct Transaction {
    /// The workspace.
    pub workspace: String,
    /// Files that must still be live although the change does not end them.
    pub expected_live: Vec<i64>,
    /// Files that become part of the lake.
    pub add: Vec<NewFile>,
    /// Files that are no longer part of it from this snapshot on; they must be live.
    pub end: Vec<i64>,
    /// Whether `add` holds the very rows of `end`.
    pub is_merge: bool,
    /// New marks; they never go back.
    pub marks: Option<Marks>,
    /// Whether nothing is left of any conversation: none is dirty, and no fold goes on from a carry. Happens before
    /// what follows.
    pub forget_conversations: bool,
    /// Conversations that become dirty; replaces what was said of them.
    pub dirty_add: Vec<Dirty>,
    /// Conversations that are no longer dirty; happens before `dirty_add`.
    pub dirty_remove: Vec<String>,
    /// Carries that are kept; replaces one of the same cut.
    pub carries_add: Vec<Carry>,
    /// Carries that are dropped, as (fact set, conversation, first time): those at or after the
    /// time. Happens before `carries_add`.
    pub carries_remove: Vec<(String, String, i64)>,
    /// Fact sets that are new or changed.
    pub fact_sets: Vec<FactSet>,
    /// Fact sets that are no more, by name. Happens before `fact_sets`.
    pub fact_sets_remove: Vec<String>,
    /// What of the change is an erasure.
    pub erase: Option<Erase>,
    /// What the workspace keeps from now on.
    pub keep: Option<Keep>,
    /// The time of the change, microseconds.
    pub now: i64,
    /// What the change is, for people who read the catalog.
    pub message: String,
}
