//! What files hold of conversations that memory holds: repeats by id, events around new events, and
//! the sessions that these make doubtful.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use rustc_hash::{FxHashMap, FxHashSet};
use upshot_core::event::conversation_hash;
use upshot_core::{Event, EventView, Record, Session, event::SourceEvent};
use xxhash_rust::xxh3::xxh3_128;

use crate::capture::DataFile;
use crate::catalog::{Dirty, FileList};
use crate::codec::encode;
use crate::engine::open::{bucket_in, days_of_dirty};
use crate::engine::overlay::{days_of, neighbourhoods};
use crate::engine::sets::{FactSets, SetId};
use crate::engine::state::{Conversation, Known, Replaced, StoredEvent};
use crate::engine::{Inner, files_in};
use crate::error::LakeError;
use crate::parquet_files::Keys;
use crate::schema::{BatchReader, Table};

/// Finds which of these ids stand in files of this day, with their time and conversation.
pub(crate) fn filed_events(
    inner: &Inner,
    workspace: &str,
    day: i32,
    ids: &HashSet<&str>,
    found: &mut FxHashMap<u128, Known>,
) -> Result<(), LakeError> {
    for file in inner.files_of(workspace, Table::Events, day..=day, None, None) {
        let columns = ["event_id", "time", "conversation_id"];
        let keys = Keys::new("event_id", ids.iter().copied());
        for batch in inner.read_rows(&file, Table::Events, Some(&columns), &keys)? {
            let reader = BatchReader::new::<Event>(&batch)?;
            for row in 0..reader.len() {
                let event = SourceEvent(reader.row(row));
                found.insert(
                    xxh3_128(event.event_id().as_bytes()),
                    Known {
                        time: event.time(),
                        conversation: conversation_hash(workspace, event.conversation_id()),
                    },
                );
            }
        }
    }
    Ok(())
}

/// What files hold around the events of one conversation.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Events that hang together with those in memory.
    pub events: Vec<StoredEvent>,
    /// Sessions that were made of them.
    pub replaced: Vec<Replaced>,
}

/// A conversation whose neighbourhood is to be looked up: what memory holds of it.
pub(crate) struct Question {
    /// The conversation.
    pub conversation_id: Box<str>,
    /// Its bucket.
    pub bucket: i32,
    /// Its events so far; grows as the lookup goes on.
    pub known: Conversation,
    /// The answer so far.
    pub found: Found,
    /// The ids of all events in `known`.
    pub ids: FxHashSet<u128>,
}

impl Question {
    /// About a conversation of which memory holds these events.
    pub fn new(
        conversation_id: &str,
        bucket: i32,
        events: &[StoredEvent],
        sessions_known: bool,
    ) -> Self {
        let known = Conversation {
            bucket,
            events: events.to_vec(),
            sessions_known,
            ..Conversation::default()
        };
        let ids = events.iter().map(|event| event.id_hash).collect();
        Self {
            conversation_id: conversation_id.into(),
            bucket,
            known,
            found: Found::default(),
            ids,
        }
    }
}

/// Brings in what files hold around these conversations' events. Each round reads every file that
/// may matter once, for all conversations together; a round that finds events further out is
/// followed by another.
pub(crate) fn complete(
    place: &Place<'_>,
    sets: &FactSets,
    questions: &mut [Question],
) -> Result<(), LakeError> {
    complete_events(place, questions)?;
    load_sessions(place, sets, questions)
}

/// Brings in the events alone.
pub(crate) fn complete_events(
    place: &Place<'_>,
    questions: &mut [Question],
) -> Result<(), LakeError> {
    let mut waiting: Vec<usize> = (0..questions.len()).collect();
    while !waiting.is_empty() {
        let found = load_events(place, questions, &waiting)?;
        waiting = found.into_iter().collect();
    }
    Ok(())
}

/// Where [`complete`] looks.
pub(crate) struct Place<'a> {
    pub inner: &'a Inner,
    /// The files with which the memory that asks is settled: what it holds is not in them, but for
    /// what it knows to be in files.
    pub files: &'a FileList,
    /// The silence that cuts.
    pub gap: i64,
}

type ByPartition = BTreeMap<(i32, i32), Vec<usize>>;

fn by_partition(questions: &[Question], waiting: &[usize], gap: i64) -> ByPartition {
    let mut partitions = ByPartition::new();
    for &index in waiting {
        let question = &questions[index];
        let days: FxHashSet<i32> = neighbourhoods(&question.known, gap)
            .into_iter()
            .flat_map(days_of)
            .collect();
        for day in days {
            partitions
                .entry((day, question.bucket))
                .or_default()
                .push(index);
        }
    }
    partitions
}

/// Gives the questions whose events reach further than before.
fn load_events(
    place: &Place<'_>,
    questions: &mut [Question],
    waiting: &[usize],
) -> Result<FxHashSet<usize>, LakeError> {
    let (inner, gap) = (place.inner, place.gap);
    let mut grown = FxHashSet::default();
    for ((day, bucket), indices) in by_partition(questions, waiting, gap) {
        let files = files_in(place.files, Table::Events, day..=day, Some(bucket), None);
        if files.is_empty() {
            continue;
        }
        let texts = files_in(place.files, Table::Texts, day..=day, Some(bucket), None);
        let wanted: FxHashMap<Box<str>, usize> = indices
            .iter()
            .map(|index| (questions[*index].conversation_id.clone(), *index))
            .collect();
        let mut events = Vec::new();
        for file in &files {
            read_events(inner, file, Table::Events, &wanted, &mut events)?;
        }
        if events.is_empty() {
            continue;
        }
        let mut with_text = Vec::new();
        for file in &texts {
            read_events(inner, file, Table::Texts, &wanted, &mut with_text)?;
        }
        join_texts(&mut events, with_text);
        let near: FxHashMap<usize, Vec<(i64, i64)>> = indices
            .iter()
            .map(|index| (*index, neighbourhoods(&questions[*index].known, gap)))
            .collect();
        for event in events {
            let index = wanted[&*event.conversation_id];
            if within(&near[&index], event.time) && add(&mut questions[index], &event) {
                grown.insert(index);
            }
        }
    }
    Ok(grown)
}

/// What people wrote, by event.
#[derive(Debug, Default)]
pub(crate) struct Texts(FxHashMap<Box<str>, [Option<Box<str>>; 3]>);

impl Texts {
    /// Adds the rows of a file of texts.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        let reader = BatchReader::new::<Event>(batch)?;
        for row in 0..reader.len() {
            self.push(Event::read(&reader.row(row)));
        }
        Ok(())
    }

    fn push(&mut self, event: Event) {
        let texts = [event.text, event.survey_comment, event.feedback_comment];
        self.0.insert(event.event_id, texts);
    }

    /// Gives the event its texts.
    pub fn give_to(&mut self, event: &mut Event) {
        if let Some(texts) = self.0.remove(&event.event_id) {
            [event.text, event.survey_comment, event.feedback_comment] = texts;
        }
    }
}

/// Gives the events what the table of texts holds of them.
pub(crate) fn join_texts(events: &mut [Event], with_text: Vec<Event>) {
    let mut texts = Texts::default();
    for event in with_text {
        texts.push(event);
    }
    for event in events {
        texts.give_to(event);
    }
}

fn read_events(
    inner: &Inner,
    file: &DataFile,
    table: Table,
    wanted: &FxHashMap<Box<str>, usize>,
    events: &mut Vec<Event>,
) -> Result<(), LakeError> {
    let keys = Keys::new("conversation_id", wanted.keys().cloned());
    for batch in inner.read_rows(file, table, None, &keys)? {
        let reader = BatchReader::new::<Event>(&batch)?;
        events.extend((0..reader.len()).map(|row| Event::read(&reader.row(row))));
    }
    Ok(())
}

/// Adds an event from a file; says whether it was new.
fn add(question: &mut Question, event: &Event) -> bool {
    let id_hash = xxh3_128(event.event_id.as_bytes());
    if !question.ids.insert(id_hash) {
        return false;
    }
    let stored = stored(event);
    question.known.events.push(stored.clone());
    question.found.events.push(stored);
    true
}

/// Whether the time lies in one of these stretches, which are in order and apart.
fn within(stretches: &[(i64, i64)], time: i64) -> bool {
    let after = stretches.partition_point(|(from, _)| *from <= time);
    after > 0 && time <= stretches[after - 1].1
}

/// The sessions in files that start within the neighbourhood of what is known: they were made of
/// these events and are made anew.
fn load_sessions(
    place: &Place<'_>,
    sets: &FactSets,
    questions: &mut [Question],
) -> Result<(), LakeError> {
    let (inner, gap) = (place.inner, place.gap);
    let asked = |question: &Question| {
        !question.found.events.is_empty()
            || !question.known.sessions_known
                && question.known.events.iter().any(|event| event.flushed)
    };
    let all: Vec<usize> = (0..questions.len())
        .filter(|index| asked(&questions[*index]))
        .collect();
    for ((day, bucket), indices) in by_partition(questions, &all, gap) {
        let wanted: FxHashMap<Box<str>, usize> = indices
            .iter()
            .map(|index| (questions[*index].conversation_id.clone(), *index))
            .collect();
        let near: FxHashMap<usize, Vec<(i64, i64)>> = indices
            .iter()
            .map(|index| (*index, neighbourhoods(&questions[*index].known, gap)))
            .collect();
        let keys = Keys::new("conversation_id", wanted.keys().cloned());
        for set in sets.folded() {
            let files = files_in(
                place.files,
                Table::Sessions,
                day..=day,
                Some(bucket),
                Some(&set.name),
            );
            for file in files {
                let columns = ["session_id", "conversation_id", "start_time"];
                for batch in inner.read_rows(&file, Table::Sessions, Some(&columns), &keys)? {
                    let reader = BatchReader::new::<Session>(&batch)?;
                    for row in 0..reader.len() {
                        let session = Session::read(&reader.row(row));
                        let index = wanted[&*session.conversation_id];
                        note_replaced(&mut questions[index], set.id, &session, &near[&index], day);
                    }
                }
            }
        }
    }
    Ok(())
}

fn note_replaced(
    question: &mut Question,
    set: SetId,
    session: &Session,
    near: &[(i64, i64)],
    day: i32,
) {
    let replaced = Replaced {
        set,
        session_id: session.session_id.clone(),
        day,
    };
    if within(near, session.start_time) && !question.found.replaced.contains(&replaced) {
        question.found.replaced.push(replaced);
    }
}

/// Brings conversations back into memory that files hold but whose facts they do not.
pub(crate) fn bring_back_dirty(
    inner: &Inner,
    workspace: &str,
    dirty: &[Dirty],
) -> Result<(), LakeError> {
    let wanted: FxHashMap<Box<str>, usize> = dirty
        .iter()
        .enumerate()
        .map(|(index, dirty)| (dirty.conversation_id.as_str().into(), index))
        .collect();
    for day in days_of_dirty(dirty) {
        let mut events = Vec::new();
        for file in inner.files_of(workspace, Table::Events, day..=day, None, None) {
            read_events(inner, &file, Table::Events, &wanted, &mut events)?;
        }
        let mut texts = Vec::new();
        for file in inner.files_of(workspace, Table::Texts, day..=day, None, None) {
            read_events(inner, &file, Table::Texts, &wanted, &mut texts)?;
        }
        join_texts(&mut events, texts);
        let mut state = inner.lock_state();
        let memory = state.workspace_or_insert(&workspace.into(), &inner.built_in);
        for event in events {
            let segment = &dirty[wanted[&*event.conversation_id]];
            if (segment.segment_from..=segment.segment_to).contains(&event.time) {
                let bucket = bucket_in(inner, workspace, &event.conversation_id);
                memory.take_filed(&event.conversation_id, bucket, stored(&event));
            }
        }
    }
    Ok(())
}

/// An event that a file holds.
pub(crate) fn stored(event: &Event) -> StoredEvent {
    let mut bytes = Vec::new();
    encode(event, &mut bytes);
    StoredEvent {
        time: event.time,
        id_hash: xxh3_128(event.event_id.as_bytes()),
        bytes: Arc::from(bytes),
        flushed: true,
    }
}
