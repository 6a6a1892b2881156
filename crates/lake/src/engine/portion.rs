//! All events of files in portions of days, so that memory holds those of one portion and each file
//! is read once: for building a fact set, previewing one, and verifying one.
//!
//! What is folded is a *stretch*: the events of a conversation that no silence longer than the gap
//! divides. It belongs to the portion in which its first event lies. Only where a stretch reaches to
//! the edge of a portion do files of other days matter too.

use std::collections::BTreeMap;
use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};
use upshot_core::event::{SourceEvent, conversation_hash};
use upshot_core::time::{day_of, start_of_day};
use upshot_core::{Event, EventView, Record};

use crate::catalog::FileList;
use crate::engine::lookup::{self, Place, Question, Texts, stored};
use crate::engine::overlay::days_of;
use crate::engine::sets::stretches;
use crate::engine::state::StoredEvent;
use crate::engine::{Inner, files_in};
use crate::error::LakeError;
use crate::parquet_files::Keys;
use crate::schema::{BatchReader, Table};

/// Events of a conversation that hang together, in order.
#[derive(Default)]
pub(crate) struct Stretch {
    pub conversation_id: Box<str>,
    pub bucket: i32,
    pub events: Vec<StoredEvent>,
}

impl Stretch {
    /// When its first event happened, and its last.
    pub fn span(&self) -> (i64, i64) {
        let time = |event: Option<&StoredEvent>| event.map_or(0, |event| event.time);
        (time(self.events.first()), time(self.events.last()))
    }
}

/// Conversations by id: the bucket, and events.
type Conversations = BTreeMap<Box<str>, (i32, Vec<StoredEvent>)>;

/// The stretches that begin in some days.
pub(crate) struct Portion {
    /// The UTC days; the end is not among them.
    pub days: Range<i32>,
    /// Whether no later day has events.
    pub is_last: bool,
    pub stretches: Vec<Stretch>,
}

/// What is the same for all portions.
pub(crate) struct Walk<'a> {
    pub inner: &'a Inner,
    pub workspace: &'a str,
    /// The files that are read.
    pub files: &'a FileList,
    /// A silence longer than this divides stretches.
    pub gap: i64,
    /// Only conversations whose hash this divides; 1 for all.
    pub one_in: u64,
}

impl Walk<'_> {
    /// The next portion: of the days from this time on. None where no day has events.
    pub fn portion(&self, from: i64) -> Result<Option<Portion>, LakeError> {
        let Some((days, is_last)) = self.days(from) else {
            return Ok(None);
        };
        let mut conversations = self.load(&days)?;
        let mut stretches = Vec::new();
        for (conversation_id, (bucket, mut events)) in std::mem::take(&mut conversations) {
            events.sort_by_key(|event| event.time);
            for events in divide(events, self.gap) {
                stretches.push(Stretch {
                    conversation_id: conversation_id.clone(),
                    bucket,
                    events,
                });
            }
        }
        self.leave_out_begun_before(&days, &mut stretches)?;
        self.follow_beyond(&days, &mut stretches)?;
        Ok(Some(Portion {
            days,
            is_last,
            stretches,
        }))
    }

    /// The days of the next portion, and whether none comes after.
    fn days(&self, from: i64) -> Option<(Range<i32>, bool)> {
        let from = if from == i64::MIN {
            i32::MIN
        } else {
            day_of(from)
        };
        let mut rows: BTreeMap<i32, u64> = BTreeMap::new();
        for file in self.files(Table::Events, from..i32::MAX) {
            *rows.entry(file.day).or_default() += file.rows;
        }
        let first = *rows.keys().next()?;
        let mut events = 0;
        let mut last = first;
        for (day, rows) in &rows {
            let most = self.inner.options.build_events.saturating_mul(self.one_in);
            if events > 0 && events + rows > most {
                return Some((first..last + 1, false));
            }
            events += rows;
            last = *day;
        }
        Some((first..last + 1, true))
    }

    fn files(
        &self,
        table: Table,
        days: Range<i32>,
    ) -> Vec<std::sync::Arc<crate::capture::DataFile>> {
        let days = days.start..=days.end.saturating_sub(1);
        files_in(self.files, table, days, None, None)
    }

    /// The events of these days by conversation, with their texts, as memory holds them.
    fn load(&self, days: &Range<i32>) -> Result<Conversations, LakeError> {
        let mut conversations = Conversations::new();
        for day in days.clone() {
            let mut texts = Texts::default();
            for file in self.files(Table::Texts, day..day + 1) {
                for batch in self.inner.read_whole(&file, Table::Texts)? {
                    texts.add(&batch)?;
                }
            }
            for file in self.files(Table::Events, day..day + 1) {
                for batch in self.inner.read_whole(&file, Table::Events)? {
                    let reader = BatchReader::new::<Event>(&batch)?;
                    for row in 0..reader.len() {
                        let source = SourceEvent(reader.row(row));
                        if !self.wants(source.conversation_id()) {
                            continue;
                        }
                        let mut event = Event::read(&reader.row(row));
                        texts.give_to(&mut event);
                        let conversation = conversations
                            .entry(event.conversation_id.clone())
                            .or_insert_with(|| (file.bucket, Vec::new()));
                        conversation.1.push(stored(&event));
                    }
                }
            }
        }
        Ok(conversations)
    }

    /// Where events are looked up.
    pub fn place(&self) -> Place<'_> {
        Place {
            inner: self.inner,
            workspace: self.workspace,
            files: self.files,
            gap: self.gap,
        }
    }

    /// Whether the conversation is among those that are looked at.
    pub fn wants(&self, conversation_id: &str) -> bool {
        // The middle of the hash: its ends choose the shard and the bucket.
        self.one_in <= 1
            || (conversation_hash(self.workspace, conversation_id) >> 16)
                .is_multiple_of(self.one_in)
    }

    /// A stretch that began on an earlier day belongs to that day's portion.
    fn leave_out_begun_before(
        &self,
        days: &Range<i32>,
        stretches: &mut Vec<Stretch>,
    ) -> Result<(), LakeError> {
        let start = start_of_day(days.start);
        let near: FxHashMap<Box<str>, i64> = stretches
            .iter()
            .filter(|stretch| stretch.span().0 <= start.saturating_add(self.gap))
            .map(|stretch| (stretch.conversation_id.clone(), stretch.span().0))
            .collect();
        if near.is_empty() {
            return Ok(());
        }
        let before = days_of((start.saturating_sub(self.gap), start - 1));
        let keys = Keys::new("conversation_id", near.keys().cloned());
        let mut begun = FxHashSet::default();
        for file in self.files(Table::Events, *before.start()..days.start) {
            let columns = ["conversation_id", "time"];
            for batch in self
                .inner
                .read_rows(&file, Table::Events, Some(&columns), &keys)?
            {
                let reader = BatchReader::new::<Event>(&batch)?;
                for row in 0..reader.len() {
                    let event = SourceEvent(reader.row(row));
                    let id = event.conversation_id();
                    if near
                        .get(id)
                        .is_some_and(|first| first - event.time() <= self.gap)
                    {
                        begun.insert(Box::<str>::from(id));
                    }
                }
            }
        }
        stretches.retain(|stretch| {
            !begun.contains(&stretch.conversation_id)
                || near[&stretch.conversation_id] != stretch.span().0
        });
        Ok(())
    }

    /// A stretch that goes on after the portion is brought in as a whole.
    fn follow_beyond(&self, days: &Range<i32>, stretches: &mut [Stretch]) -> Result<(), LakeError> {
        let end = start_of_day(days.end);
        let mut questions = Vec::new();
        let mut asked = Vec::new();
        for (index, stretch) in stretches.iter().enumerate() {
            if stretch.span().1 >= end.saturating_sub(self.gap) {
                let id = &stretch.conversation_id;
                questions.push(Question::new(id, stretch.bucket, &stretch.events, true));
                asked.push(index);
            }
        }
        lookup::complete_events(&self.place(), &mut questions)?;
        for (index, question) in asked.into_iter().zip(questions) {
            stretches[index].events = question.known.events.to_vec();
            stretches[index].events.sort_by_key(|event| event.time);
        }
        Ok(())
    }
}

/// Events in order of time, divided by silences longer than `gap`.
pub(crate) fn divide(events: Vec<StoredEvent>, gap: i64) -> Vec<Vec<StoredEvent>> {
    let spans = stretches(events.iter().map(|event| event.time), gap);
    if spans.len() == 1 {
        return vec![events];
    }
    let mut parts: Vec<Vec<StoredEvent>> = spans.iter().map(|_| Vec::new()).collect();
    for event in events {
        let index = spans.partition_point(|(from, _)| *from <= event.time);
        parts[index.saturating_sub(1)].push(event);
    }
    parts
}
