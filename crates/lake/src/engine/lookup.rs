//! What files hold of conversations that memory holds: repeats by id, events around new events, and
//! the sessions that these make doubtful.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use rustc_hash::{FxHashMap, FxHashSet};
use upshot_core::event::conversation_hash;
use upshot_core::time::day_of;
use upshot_core::{Event, EventView, Message, Record, Session, event::SourceEvent};
use xxhash_rust::xxh3::xxh3_128;

use crate::capture::{DataFile, lone_message_key};
use crate::catalog::{Dirty, FileList};
use crate::codec::encode;
use crate::engine::cuts::{Cut, Cuts};
use crate::engine::open::{bucket_in, days_of_dirty};
use crate::engine::overlay::{days_of, neighbourhoods};
use crate::engine::sets::{FactSet, FactSets};
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
    /// From where each set's facts are folded.
    pub cuts: Cuts,
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
    /// Events before this time are not needed.
    pub from: i64,
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
            events: Arc::new(events.to_vec()),
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
            from: i64::MIN,
        }
    }
}

/// Brings in what files hold around these conversations' events. Each round reads every file that
/// may matter once, for all conversations together; a round that finds events further out is
/// followed by another. Where every set has a cut, nothing before the first of them is looked up.
///
/// Says whether the catalog's cuts are those of the files. Where somebody commits at this moment they
/// are not; then everything since the last silence is found, which is right, only more, and is not to be
/// remembered.
pub(crate) fn complete(
    place: &Place<'_>,
    sets: &FactSets,
    questions: &mut [Question],
) -> Result<bool, LakeError> {
    let settled = choose_cuts(place, sets, questions)?;
    complete_events(place, questions)?;
    load_sessions(place, sets, questions)?;
    Ok(settled)
}

/// Chooses for each set the last cut that no event in memory makes stale.
fn choose_cuts(
    place: &Place<'_>,
    sets: &FactSets,
    questions: &mut [Question],
) -> Result<bool, LakeError> {
    let catalog = &place.inner.catalog;
    if questions.is_empty() {
        return Ok(true);
    }
    let runtime = tokio::runtime::Handle::try_current()
        .map_err(|error| LakeError::Stopped(error.to_string()))?;
    let by_id: FxHashMap<Box<str>, usize> = questions
        .iter()
        .enumerate()
        .map(|(index, question)| (question.conversation_id.clone(), index))
        .collect();
    let first_new: Vec<i64> = questions
        .iter()
        .map(|question| {
            let events = question.known.events.iter();
            let new = events.filter(|event| !event.flushed);
            new.map(|event| event.time).min().unwrap_or(i64::MAX)
        })
        .collect();
    let mut chosen: Vec<Cuts> = questions.iter().map(|_| Cuts::default()).collect();
    // A set that is being built needs whole stretches.
    let all_whole = sets.folded().iter().all(FactSet::is_whole);
    for set in sets.folded() {
        let wanted: Vec<(&str, i64)> = questions
            .iter()
            .zip(&first_new)
            .map(|(question, time)| (&*question.conversation_id, *time))
            .collect();
        let rows = runtime.block_on(catalog.carries(place.workspace, &set.name, &wanted))?;
        for row in rows {
            let index = by_id[row.conversation_id.as_str()];
            let cuts = &mut chosen[index];
            cuts.any_stored = true;
            match Cut::decode(set.id, row.at_time, &row.carry) {
                Some(cut) if cut.decided < first_new[index] => {
                    cuts.stale.retain(|(of, _)| *of != set.id);
                    if all_whole {
                        cuts.choose(Arc::new(cut));
                    }
                }
                _ if cuts.stale.iter().any(|(of, _)| *of == set.id) => {}
                _ => cuts.stale.push((set.id, row.at_time)),
            }
        }
    }
    let newest = catalog.file_list(place.workspace).unwrap_or_default();
    if newest.snapshot() != place.files.snapshot() {
        return Ok(chosen.iter().all(|cuts| !cuts.any_stored));
    }
    for (question, cuts) in questions.iter_mut().zip(chosen) {
        question.from = cuts.base(sets);
        question.found.cuts = cuts;
    }
    Ok(true)
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
    pub workspace: &'a str,
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
            .filter(|day| *day >= day_of(question.from.max(0)))
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
            if event.time >= questions[index].from
                && within(&near[&index], event.time)
                && add(&mut questions[index], &event)
            {
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
    Arc::make_mut(&mut question.known.events).push(stored.clone());
    question.found.events.push(stored);
    true
}

/// Whether the time lies in one of these stretches, which are in order and apart.
fn within(stretches: &[(i64, i64)], time: i64) -> bool {
    let after = stretches.partition_point(|(from, _)| *from <= time);
    after > 0 && time <= stretches[after - 1].1
}

/// The sessions in files that start within the neighbourhood of what is known, and after the cut: they
/// were made of these events and are made anew. So are the messages of agents that belong to none.
fn load_sessions(
    place: &Place<'_>,
    sets: &FactSets,
    questions: &mut [Question],
) -> Result<(), LakeError> {
    let (inner, gap) = (place.inner, place.gap);
    let asked = |question: &Question| {
        !question.found.events.is_empty()
            || question.found.cuts.any_stored
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
            let mut note = |id: &str, key: Box<str>, start: i64| {
                let question = &mut questions[wanted[id]];
                let is_new =
                    start >= question.found.cuts.from(set.id) && within(&near[&wanted[id]], start);
                let replaced = Replaced {
                    set: set.id,
                    key,
                    start,
                };
                if is_new && !question.found.replaced.contains(&replaced) {
                    question.found.replaced.push(replaced);
                }
            };
            let name = Some(&*set.name);
            for file in files_in(place.files, Table::Sessions, day..=day, Some(bucket), name) {
                let columns = ["session_id", "conversation_id", "start_time"];
                for batch in inner.read_rows(&file, Table::Sessions, Some(&columns), &keys)? {
                    let reader = BatchReader::new::<Session>(&batch)?;
                    for row in 0..reader.len() {
                        let session = Session::read(&reader.row(row));
                        note(
                            &session.conversation_id,
                            session.session_id,
                            session.start_time,
                        );
                    }
                }
            }
            for file in files_in(place.files, Table::Messages, day..=day, Some(bucket), name) {
                let columns = ["event_id", "session_id", "conversation_id", "session_start"];
                for batch in inner.read_rows(&file, Table::Messages, Some(&columns), &keys)? {
                    let reader = BatchReader::new::<Message>(&batch)?;
                    for row in 0..reader.len() {
                        let message = Message::read(&reader.row(row));
                        if message.session_id.is_none() {
                            let key = lone_message_key(&message.event_id).into();
                            note(&message.conversation_id, key, message.session_start);
                        }
                    }
                }
            }
        }
    }
    Ok(())
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
