//! Verifying facts: folding everything anew from the events in files, and comparing with the files.

use std::collections::BTreeMap;

use upshot_core::time::{day_of, start_of_day};
use upshot_core::{Record, Session};

use crate::codec::Decoder;
use crate::engine::Inner;
use crate::engine::build::fold_in;
use crate::engine::overlay::decode_all;
use crate::engine::portion::Walk;
use crate::engine::preview::differences;
use crate::engine::sets::FactSet;
use crate::error::LakeError;
use crate::schema::{BatchReader, Table};

/// Sessions of which the facts in files are not what the events in files give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// The workspace.
    pub workspace: String,
    /// The fact set.
    pub fact_set: String,
    /// The session.
    pub session_id: String,
    /// What is wrong.
    pub what: String,
}

/// Folds every conversation that is only in files anew, in every fact set, and compares its sessions
/// with those in files; gives how many were compared and what is wrong, at most so many. What an
/// older fold made, and what is still being built, is left out.
pub(crate) fn compare(
    inner: &Inner,
    workspace: &str,
    most: usize,
) -> Result<(u64, Vec<Disagreement>), LakeError> {
    let sets = inner.sets(workspace);
    let mut compared = 0;
    let mut found = Vec::new();
    for set in sets.folded() {
        if !set.is_whole() || set.is_outdated() {
            continue;
        }
        let mut comparing = Comparing {
            inner,
            workspace,
            set,
            most,
            compared: 0,
            found: Vec::new(),
            stored: BTreeMap::new(),
            made: BTreeMap::new(),
        };
        comparing.run(sets.cut_gap())?;
        compared += comparing.compared;
        found.extend(comparing.found);
    }
    Ok((compared, found))
}

/// The comparison of one set. What is in files and what was made anew meet by the session's id; only
/// where a session begins near the edge of a portion does one wait for the other.
struct Comparing<'a> {
    inner: &'a Inner,
    workspace: &'a str,
    set: &'a FactSet,
    most: usize,
    compared: u64,
    found: Vec<Disagreement>,
    stored: BTreeMap<Box<str>, Session>,
    made: BTreeMap<Box<str>, Session>,
}

impl Comparing<'_> {
    fn run(&mut self, gap: i64) -> Result<(), LakeError> {
        let catalog = &self.inner.catalog;
        let files = catalog.file_list(self.workspace).unwrap_or_default();
        let walk = Walk {
            inner: self.inner,
            workspace: self.workspace,
            files: &files,
            gap,
            one_in: 1,
        };
        let decoder = Decoder::current();
        let now = self.inner.now();
        let (mut from, mut loaded) = (i64::MIN, i32::MIN);
        while let Some(portion) = walk.portion(from)? {
            from = start_of_day(portion.days.end);
            self.load(loaded..portion.days.end)?;
            loaded = portion.days.end;
            for stretch in portion.stretches {
                if self.is_in_memory(&stretch.conversation_id) {
                    continue;
                }
                let mut events = decode_all(&decoder, &stretch.events)?;
                let (facts, _) = fold_in(self.workspace, self.set, now, &mut events);
                for session in facts.sessions {
                    self.compared += 1;
                    match self.stored.remove(&session.session_id) {
                        Some(kept) => self.judge(&kept, &session),
                        None => {
                            self.made.insert(session.session_id.clone(), session);
                        }
                    }
                }
            }
            if portion.is_last {
                break;
            }
        }
        self.load(loaded..i32::MAX)?;
        self.report_the_rest();
        Ok(())
    }

    /// Brings in what files hold of sessions of these days.
    fn load(&mut self, days: std::ops::Range<i32>) -> Result<(), LakeError> {
        let files = self.inner.files_of(
            self.workspace,
            Table::Sessions,
            days.start..=days.end.saturating_sub(1),
            None,
            Some(&self.set.name),
        );
        for file in files {
            for batch in self.inner.read_whole(&file, Table::Sessions)? {
                let reader = BatchReader::new::<Session>(&batch)?;
                for row in 0..reader.len() {
                    let session = Session::read(&reader.row(row));
                    if let Some(made) = self.made.remove(&session.session_id) {
                        self.judge(&session, &made);
                        continue;
                    }
                    if let Some(twice) = self.stored.insert(session.session_id.clone(), session) {
                        self.note(&twice.session_id, "stands in files twice".to_owned());
                    }
                }
            }
        }
        Ok(())
    }

    fn judge(&mut self, kept: &Session, made: &Session) {
        if let Some(first) = differences(kept, made).first() {
            let what = format!(
                "{}: {} in files, {} from events",
                first.field, first.before, first.after
            );
            self.note(&kept.session_id, what);
        }
    }

    fn report_the_rest(&mut self) {
        for session in std::mem::take(&mut self.made).into_values() {
            let day = day_of(session.start_time);
            self.note(&session.session_id, format!("is missing on day {day}"));
        }
        for session in std::mem::take(&mut self.stored).into_values() {
            if !self.is_in_memory(&session.conversation_id) {
                self.note(&session.session_id, "has no events".to_owned());
            }
        }
    }

    fn is_in_memory(&self, conversation_id: &str) -> bool {
        let state = self.inner.lock_state();
        state
            .workspace(self.workspace)
            .is_some_and(|memory| memory.conversation(conversation_id).is_some())
    }

    fn note(&mut self, session_id: &str, what: String) {
        if self.found.len() < self.most {
            self.found.push(Disagreement {
                workspace: self.workspace.to_owned(),
                fact_set: self.set.name.to_string(),
                session_id: session_id.to_owned(),
                what,
            });
        }
    }
}
