//! A page of a list of sessions, with what was read for it.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::time::Instant;

use upshot_core::Session;
use upshot_lake::TableCapture;

use crate::explain::PassRecord;
use crate::filter::Predicate;
use crate::registry::Subject;
use crate::run::gather::Effort;
use crate::scan::FileScan;
use crate::top_users::SessionsOfTop;

/// A page of a list.
pub(crate) struct Listed {
    pub(crate) sessions: Vec<Session>,
    /// What was read for it.
    pub(crate) record: PassRecord,
    /// The sessions of the users who have most, where only these are listed.
    pub(crate) top: Option<SessionsOfTop>,
}

/// What was read for a list.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    files: HashSet<PathBuf>,
    columns: BTreeSet<&'static str>,
    pub(crate) rows: u64,
}

impl Reading {
    /// Files are read.
    pub(crate) fn begins(&mut self, scan: &FileScan<'_>) {
        self.files
            .extend(scan.files.iter().map(|file| file.path.clone()));
        self.columns.extend(&scan.columns);
    }

    /// All of it, of the rows of which this holds, since then.
    pub(crate) fn record(
        self,
        predicate: &Predicate,
        sessions: &TableCapture,
        began: Instant,
    ) -> PassRecord {
        let memory = sessions.memory.iter();
        let effort = Effort {
            files: sessions.files.len(),
            file_rows: sessions.files.iter().map(|file| file.rows).sum(),
            files_read: self.files.len(),
            memory_rows: memory.map(|batch| batch.num_rows() as u64).sum(),
            columns: self.columns,
            ..Effort::default()
        };
        PassRecord {
            subject: Subject::Sessions,
            selection: predicate.to_string(),
            effort: effort.took(began),
            rows_read: self.rows,
            rows_kept: 0,
        }
    }
}
