//! What a query reads: one consistent value of files and memory, so that a row is seen exactly once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use serde::Serialize;
use upshot_core::prices::PriceList;
use upshot_core::profile::MaturityTimes;
use upshot_core::time::WeekStart;

use crate::schema::Table;

/// A data file that is live in a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFile {
    /// The catalog's id of the file.
    pub id: i64,
    /// Where it is.
    pub path: PathBuf,
    /// The UTC day that all its rows share.
    pub day: i32,
    /// The bucket that all its rows share.
    pub bucket: i32,
    /// How many rows it holds.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// The size of the Parquet footer, so that one read gets it.
    pub footer_bytes: u64,
    /// The fact set of all its rows; empty for events and texts.
    pub fact_set: String,
}

impl DataFile {
    /// Where the roll-ups of the file may lie: what queries found in it. They can be made anew at any time, no snapshot
    /// knows them, and they go with the file.
    pub fn rollups(&self) -> PathBuf {
        rollups_of(&self.path)
    }
}

/// How the names of files with roll-ups end.
pub(crate) const ROLLUPS: &str = "rollups";

/// Where the roll-ups of a data file may lie.
pub(crate) fn rollups_of(path: &Path) -> PathBuf {
    path.with_extension(ROLLUPS)
}
/// What a message that belongs to no session is known by in [`TableCapture::replaced`]: never the id of
/// a session.
pub fn lone_message_key(event_id: &str) -> String {
    format!("{LONE_MESSAGE}{event_id}")
}

/// With what the key of a message that belongs to no session begins.
pub const LONE_MESSAGE: &str = "message ";

/// What one table gives to one query.
#[derive(Debug, Clone)]
pub struct TableCapture {
    /// The table.
    pub table: Table,
    /// The files, by day and bucket.
    pub files: Vec<DataFile>,
    /// Rows that are not yet in files, in the schema of the table.
    pub memory: Vec<RecordBatch>,
    /// What `memory` replaces in `files`: leave out rows whose `session_id` is in here, and rows
    /// without one whose [`lone_message_key`] is. Empty for events and texts.
    pub replaced: Arc<HashSet<Box<str>>>,
    /// The days and buckets in whose files these lie, no other file holds one of them, with a fingerprint of what is replaced there.
    pub replaced_in: Arc<HashMap<(i32, i32), u64>>,
}

impl TableCapture {
    /// What memory replaces in a file, if that file may hold some of it.
    pub fn replaced_of(&self, file: &DataFile) -> Option<&Arc<HashSet<Box<str>>>> {
        let holds = self.replaced_in.contains_key(&(file.day, file.bucket));
        holds.then_some(&self.replaced)
    }

    /// What tells apart what memory replaces in a file at one time and another; 0 where it replaces nothing.
    pub fn replacement(&self, file: &DataFile) -> u64 {
        let known = self.replaced_in.get(&(file.day, file.bucket));
        known.copied().unwrap_or(0)
    }
}

/// Facts that an older fact set left: of events that are no longer kept, so that they cannot be made
/// anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFacts {
    /// The fact set that made them; their rows carry it.
    pub fact_set: String,
    /// How many sessions.
    pub sessions: u64,
    /// The UTC day on which the first of them started.
    pub first_day: i32,
    /// The UTC day on which the last of them started.
    pub last_day: i32,
}

/// With what a workspace compares how many inquiries need people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum TicketBaseline {
    /// With this share of inquiries.
    Rate(f64),
    /// With what is found in a range of time: its first and last days or instants, as people write them, in the
    /// zone of the workspace.
    Range {
        /// The first day or instant.
        from: String,
        /// The last day, which still belongs to it, or the instant at which it ends.
        to: String,
    },
}

/// What people set in a workspace, as far as answers depend on it.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Preferences {
    /// Filters that are saved under a name.
    pub segments: BTreeMap<String, String>,
    /// The IANA name of the zone of days where a question names none; nothing means UTC.
    pub time_zone: Option<String>,
    /// With which day weeks begin where a question names none.
    pub week_start: WeekStart,
    /// With what `ticket_reduction` compares; nothing where the workspace states none.
    pub ticket_baseline: Option<TicketBaseline>,
    /// What people called sessions.
    pub labels: Labels,
}

/// Labels that people gave to sessions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Labels {
    /// The ids of the sessions by label.
    #[serde(skip)]
    pub sessions: Arc<BTreeMap<String, Vec<String>>>,
    /// Stands for all of it: other labels, or other sessions, have another.
    pub version: u64,
}

/// One consistent value of the whole lake for one workspace and fact set.
#[derive(Debug, Clone, Default)]
pub struct Capture {
    /// The workspace.
    pub workspace: String,
    /// The profile by whose name people ask for the fact set.
    pub profile: String,
    /// The fact set that is read.
    pub fact_set: String,
    /// How old a session must be to be judged by the rules of the set, where that is known.
    pub maturity: Option<MaturityTimes>,
    /// Whether another window or page begins another session by any of the rules of the set, where that is known.
    pub knows_windows: Option<bool>,
    /// What models cost; nothing means by the list that comes with the program.
    pub prices: Option<Arc<PriceList>>,
    /// What people set in this workspace, as far as answers depend on it. The lake knows none of it: whoever
    /// captures to ask puts it here, so that all that is read to answer stands in one value.
    pub preferences: Arc<Preferences>,
    /// What else is read with it, because it cannot be made anew.
    pub kept: Vec<KeptFacts>,
    /// The catalog's snapshot.
    pub snapshot: i64,
    /// Changes with whatever changes an answer: snapshot, tail and overlay.
    pub version: u64,
    /// The tables that were asked for.
    pub tables: Vec<TableCapture>,
}

impl Capture {
    /// The part of this table, if it was asked for.
    pub fn table(&self, table: Table) -> Option<&TableCapture> {
        self.tables.iter().find(|capture| capture.table == table)
    }
}
