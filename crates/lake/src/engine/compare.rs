//! Verifying facts: folding everything anew from the events in files, and comparing with the files.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use upshot_core::facts::{Message, Step};
use upshot_core::fold::Facts;
use upshot_core::record::{Attributes, FieldSink};
use upshot_core::time::{day_of, start_of_day};
use upshot_core::{Record, Session};
use xxhash_rust::xxh3::xxh3_128;

use crate::capture::{DataFile, LONE_MESSAGE, lone_message_key};
use crate::codec::Decoder;
use crate::engine::Inner;
use crate::engine::build::fold_in;
use crate::engine::overlay::decode_all;
use crate::engine::portion::Walk;
use crate::engine::preview::differences;
use crate::engine::sets::FactSet;
use crate::error::LakeError;
use crate::schema::{BatchReader, Table};

/// A session, or a message that belongs to none, of which the facts in files are not what the events in
/// files give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// The workspace.
    pub workspace: String,
    /// The fact set.
    pub fact_set: String,
    /// The session, or [`lone_message_key`] of the message.
    pub session_id: String,
    /// What is wrong.
    pub what: String,
}

/// Folds every conversation that is only in files anew, in every fact set, and compares its sessions,
/// messages and steps with those in files; gives how many sessions were compared and what is wrong, at
/// most so many. What an older fold made, and what is still being built, is left out.
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
            stored: Side::default(),
            made: Side::default(),
            begun: start_of_kept_events(inner, workspace),
            cut_off: FxHashMap::default(),
        };
        comparing.run(sets.cut_gap())?;
        compared += comparing.compared;
        found.extend(comparing.found);
    }
    Ok((compared, found))
}

/// Rows of one table that belong to one session: how many, and the sum of their hashes. That bounds the
/// memory, whatever is said in a session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    rows: u64,
    sum: u128,
}

impl Tally {
    fn add(&mut self, record: &impl Record) {
        let mut content = Content::default();
        record.write(&mut content);
        self.rows += 1;
        self.sum = self.sum.wrapping_add(xxh3_128(&content.0));
    }
}

/// The values of a record as bytes.
#[derive(Default)]
struct Content(Vec<u8>);

impl Content {
    fn push(&mut self, value: Option<&[u8]>) {
        let length = value.map_or(u64::MAX, |value| value.len() as u64);
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend_from_slice(value.unwrap_or_default());
    }
}

impl FieldSink for Content {
    fn text(&mut self, _: usize, value: Option<&str>) {
        self.push(value.map(str::as_bytes));
    }
    fn integer(&mut self, _: usize, value: Option<i64>) {
        self.push(
            value
                .map(i64::to_le_bytes)
                .as_ref()
                .map(<[u8; 8]>::as_slice),
        );
    }
    fn real(&mut self, _: usize, value: Option<f64>) {
        self.integer(0, value.map(|value| value.to_bits().cast_signed()));
    }
    fn flag(&mut self, _: usize, value: Option<bool>) {
        self.integer(0, value.map(i64::from));
    }
    fn map(&mut self, _: usize, value: &Attributes) {
        for (name, value) in value {
            self.push(Some(name.as_bytes()));
            self.push(Some(value.as_bytes()));
        }
        self.push(None);
    }
}

/// What is known of a session from one side: from files, or made of events.
#[derive(Debug, Default)]
struct Known {
    conversation_id: Box<str>,
    start: i64,
    session: Option<Session>,
    messages: Tally,
    steps: Tally,
}

/// Sessions by id, and messages that belong to none by their key.
#[derive(Debug, Default)]
struct Side(BTreeMap<Box<str>, Known>);

impl Side {
    fn of(&mut self, key: Box<str>, conversation_id: &str, start: i64) -> &mut Known {
        self.0.entry(key).or_insert_with(|| Known {
            conversation_id: conversation_id.into(),
            start,
            ..Known::default()
        })
    }

    /// Says whether the session was not there before.
    fn session(&mut self, session: Session) -> bool {
        let id = session.session_id.clone();
        let known = self.of(id, &session.conversation_id, session.start_time);
        known.session.replace(session).is_none()
    }

    fn message(&mut self, message: &Message) {
        let key = match &message.session_id {
            Some(id) => id.clone(),
            None => lone_message_key(&message.event_id).into(),
        };
        self.of(key, &message.conversation_id, message.session_start)
            .messages
            .add(message);
    }

    fn step(&mut self, step: &Step) {
        self.of(
            step.session_id.clone(),
            &step.conversation_id,
            step.session_start,
        )
        .steps
        .add(step);
    }

    fn facts(&mut self, facts: Facts) {
        facts
            .messages
            .iter()
            .for_each(|message| self.message(message));
        facts.steps.iter().for_each(|step| self.step(step));
        for session in facts.sessions {
            self.session(session);
        }
    }
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
    stored: Side,
    made: Side,
    /// Events before this time are no longer kept.
    begun: i64,
    /// Up to when what is made of a conversation's events may lack some that are no longer kept.
    cut_off: FxHashMap<Box<str>, i64>,
}

fn start_of_kept_events(inner: &Inner, workspace: &str) -> i64 {
    let state = inner.lock_state();
    let kept = state.kept.get(workspace);
    match kept.map(|kept| kept.from.events) {
        None | Some(i32::MIN) => i64::MIN,
        Some(day) => start_of_day(day),
    }
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
                let (first, last) = stretch.span();
                if self.begun != i64::MIN && first < self.begun.saturating_add(gap) {
                    self.cut_off.insert(stretch.conversation_id, last);
                    continue;
                }
                let mut events = decode_all(&decoder, &stretch.events)?;
                let (facts, _) = fold_in(self.workspace, self.set, now, &mut events);
                self.compared += facts.sessions.len() as u64;
                self.made.facts(facts);
            }
            self.judge_those_in_both();
            if portion.is_last {
                break;
            }
        }
        self.load(loaded..i32::MAX)?;
        self.judge_those_in_both();
        self.report_the_rest();
        Ok(())
    }

    /// Brings in what files hold of sessions of these days.
    fn load(&mut self, days: Range<i32>) -> Result<(), LakeError> {
        for file in self.files(Table::Sessions, &days) {
            for batch in self.inner.read_whole(&file, Table::Sessions)? {
                let reader = BatchReader::new::<Session>(&batch)?;
                for row in 0..reader.len() {
                    let session = Session::read(&reader.row(row));
                    let id = session.session_id.clone();
                    if !self.stored.session(session) {
                        self.note(&id, "stands in files twice".to_owned());
                    }
                }
            }
        }
        for file in self.files(Table::Messages, &days) {
            for batch in self.inner.read_whole(&file, Table::Messages)? {
                let reader = BatchReader::new::<Message>(&batch)?;
                for row in 0..reader.len() {
                    self.stored.message(&Message::read(&reader.row(row)));
                }
            }
        }
        for file in self.files(Table::Steps, &days) {
            for batch in self.inner.read_whole(&file, Table::Steps)? {
                let reader = BatchReader::new::<Step>(&batch)?;
                for row in 0..reader.len() {
                    self.stored.step(&Step::read(&reader.row(row)));
                }
            }
        }
        Ok(())
    }

    fn files(&self, table: Table, days: &Range<i32>) -> Vec<Arc<DataFile>> {
        let days = days.start..=days.end.saturating_sub(1);
        let name = Some(&*self.set.name);
        self.inner.files_of(self.workspace, table, days, None, name)
    }

    /// All facts of a session are filed under one day, so what is found of it is all there is.
    fn judge_those_in_both(&mut self) {
        let made = std::mem::take(&mut self.made.0);
        for (key, made) in made {
            match self.stored.0.remove(&key) {
                Some(stored) => self.judge(&key, &stored, &made),
                None => {
                    self.made.0.insert(key, made);
                }
            }
        }
    }

    fn judge(&mut self, key: &str, stored: &Known, made: &Known) {
        if let (Some(stored), Some(made)) = (&stored.session, &made.session)
            && let Some(first) = differences(stored, made).first()
        {
            let what = format!(
                "{}: {} in files, {} from events",
                first.field, first.before, first.after
            );
            self.note(key, what);
        }
        if stored.session.is_none() && made.session.is_some() {
            let day = day_of(made.start);
            self.note(key, format!("is missing on day {day}"));
        }
        let tables = [
            ("messages", stored.messages, made.messages),
            ("steps", stored.steps, made.steps),
        ];
        for (table, stored, made) in tables {
            if stored.rows != made.rows {
                let what = format!(
                    "{table}: {} in files, {} from events",
                    stored.rows, made.rows
                );
                self.note(key, what);
            } else if stored.sum != made.sum {
                let what = format!("{table}: those in files are not those from events");
                self.note(key, what);
            }
        }
    }

    fn report_the_rest(&mut self) {
        for (key, made) in std::mem::take(&mut self.made.0) {
            let day = day_of(made.start);
            self.note(&key, format!("is missing on day {day}"));
        }
        for (key, stored) in std::mem::take(&mut self.stored.0) {
            let cut_off = self.cut_off.get(&stored.conversation_id);
            let lacks_events =
                stored.start < self.begun || cut_off.is_some_and(|last| stored.start <= *last);
            if lacks_events || self.is_in_memory(&stored.conversation_id) {
                continue;
            }
            let what = match stored.session {
                None if !key.starts_with(LONE_MESSAGE) => {
                    "has messages or steps in files, and is no session"
                }
                _ => "has no events",
            };
            self.note(&key, what.to_owned());
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
