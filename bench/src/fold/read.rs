//! Reads the columns that the fold needs, row group by row group.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{
    Array, AsArray, DictionaryArray, Int8Array, Int32Array, RecordBatch, StringViewArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{
    DataType, Field, Int8Type, Int32Type, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType,
};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;
use xxhash_rust::xxh3::xxh3_64;

use super::parts::Parts;
use super::row::{Kind, Row};
use crate::failure::{Failure, Result};

/// Rows that are read at once: few enough to stay near the processor.
const BATCH_ROWS: usize = 8192;

/// The columns that are read, in this order, and the form in which they are read: ids as views of what
/// the file holds, few-valued texts as dictionaries.
fn wanted() -> [(&'static str, DataType); 8] {
    let dictionary = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    [
        ("conversation_id", DataType::Utf8View),
        ("ts", DataType::Timestamp(TimeUnit::Microsecond, None)),
        ("event_type", dictionary()),
        ("topic_kind", DataType::Int8),
        ("user_id", DataType::Utf8View),
        ("channel", dictionary()),
        ("tokens", DataType::Int32),
        ("score", DataType::Int8),
    ]
}

/// A file of raw events. Its row groups are taken one by one, by whoever is free.
pub struct Events {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    /// Places of the wanted columns in what a reader gives.
    places: Vec<usize>,
    next: AtomicUsize,
}

impl Events {
    /// Opens the file.
    ///
    /// # Errors
    /// When it cannot be read or lacks a column.
    pub fn open(path: &Path) -> Result<Self> {
        let failed = |cause: &dyn std::fmt::Display| {
            Failure::new(format!("cannot read {}: {cause}", path.display()))
        };
        let file = File::open(path).map_err(|error| failed(&error))?;
        let stored = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
            .map_err(|error| failed(&error))?;
        let schema = as_wanted(stored.schema());
        let options = ArrowReaderOptions::new().with_schema(Arc::clone(&schema));
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(stored.metadata()), options)
            .map_err(|error| failed(&error))?;
        let mut columns = Vec::new();
        for (name, _) in wanted() {
            columns.push(schema.index_of(name).map_err(|error| failed(&error))?);
        }
        let rank = |column: &usize| columns.iter().filter(|other| *other < column).count();
        let places = columns.iter().map(rank).collect();
        Ok(Self {
            path: path.to_owned(),
            metadata,
            places,
            next: AtomicUsize::new(0),
        })
    }

    /// A row group that nobody has taken yet; nothing when there are no more.
    pub fn next_group(&self) -> Option<usize> {
        let group = self.next.fetch_add(1, Ordering::Relaxed);
        (group < self.metadata.metadata().num_row_groups()).then_some(group)
    }

    /// Reads a row group and gives every batch of its rows to whoever asks.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(&self, group: usize, mut take: impl FnMut(&Batch) -> Result<()>) -> Result<()> {
        // A file of one's own: copies share the place at which they read.
        let file = File::open(&self.path)?;
        let builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        let names = wanted().map(|(name, _)| name);
        let mask = ProjectionMask::columns(builder.parquet_schema(), names);
        let reader = builder
            .with_row_groups(vec![group])
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()?;
        for batch in reader {
            take(&Batch::new(&batch?, &self.places))?;
        }
        Ok(())
    }

    /// When other row groups may have events of the conversations of this one, as far as it matters within
    /// this gap around its own times.
    pub fn elsewhere(&self, group: usize, gap: i64) -> Elsewhere {
        let groups = self.metadata.metadata().row_groups();
        let own = Extent::of(&groups[group]);
        let near = groups
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != group)
            .map(|(_, other)| Extent::of(other))
            .filter(|other| other.shares_ids(&own))
            .map(|other| other.times)
            .filter(|(from, to)| {
                from.saturating_sub(gap) <= own.times.1 && to.saturating_add(gap) >= own.times.0
            })
            .collect();
        Elsewhere { near, gap }
    }
}

/// Times at which other row groups may know more of a conversation.
pub struct Elsewhere {
    near: Vec<(i64, i64)>,
    gap: i64,
}

impl Elsewhere {
    /// Whether a silence lies on both sides of what happened between these times, whatever the others hold.
    pub fn is_apart(&self, first: i64, last: i64) -> bool {
        self.near.iter().all(|(from, to)| {
            from.saturating_sub(last) > self.gap || first.saturating_sub(*to) > self.gap
        })
    }
}

/// What the footer says of a row group's times and conversations; everything where it says nothing.
struct Extent<'f> {
    times: (i64, i64),
    ids: Option<(&'f [u8], &'f [u8])>,
}

impl<'f> Extent<'f> {
    fn of(group: &'f RowGroupMetaData) -> Self {
        let statistics = |name: &str| {
            let mut columns = group.columns().iter();
            let column = columns.find(|column| column.column_path().string() == name)?;
            column.statistics()
        };
        let times = match statistics("ts") {
            Some(Statistics::Int64(times)) => {
                times.min_opt().copied().zip(times.max_opt().copied())
            }
            _ => None,
        };
        let ids = statistics("conversation_id")
            .and_then(|ids| ids.min_bytes_opt().zip(ids.max_bytes_opt()));
        Self {
            times: times.unwrap_or((i64::MIN, i64::MAX)),
            ids,
        }
    }

    fn shares_ids(&self, other: &Self) -> bool {
        match (self.ids, other.ids) {
            (Some((from, to)), Some((other_from, other_to))) => {
                from <= other_to && other_from <= to
            }
            _ => true,
        }
    }
}

/// The schema of the file with the wanted columns as they are wanted.
fn as_wanted(stored: &SchemaRef) -> SchemaRef {
    let wanted = wanted();
    let fields: Vec<Field> = stored
        .fields()
        .iter()
        .map(
            |field| match wanted.iter().find(|(name, _)| name == field.name()) {
                Some((name, kind)) => Field::new(*name, kind.clone(), field.is_nullable()),
                None => field.as_ref().clone(),
            },
        )
        .collect();
    Arc::new(Schema::new(fields))
}

/// Some rows, column by column.
pub struct Batch {
    conversations: StringViewArray,
    times: TimestampMicrosecondArray,
    kinds: DictionaryArray<Int32Type>,
    topic_kinds: Int8Array,
    users: StringViewArray,
    channels: DictionaryArray<Int32Type>,
    tokens: Int32Array,
    scores: Int8Array,
}

impl Batch {
    fn new(batch: &RecordBatch, places: &[usize]) -> Self {
        let column = |index: usize| batch.column(places[index]);
        Self {
            conversations: column(0).as_string_view().clone(),
            times: column(1).as_primitive::<TimestampMicrosecondType>().clone(),
            kinds: column(2).as_dictionary().clone(),
            topic_kinds: column(3).as_primitive::<Int8Type>().clone(),
            users: column(4).as_string_view().clone(),
            channels: column(5).as_dictionary().clone(),
            tokens: column(6).as_primitive::<Int32Type>().clone(),
            scores: column(7).as_primitive::<Int8Type>().clone(),
        }
    }

    /// Gives the rows to their parts. `channels` are the names that are known; new ones are added.
    ///
    /// # Errors
    /// When an event is of a kind that nobody knows.
    pub fn share_out(&self, channels: &Mutex<Vec<String>>, parts: &mut Parts) -> Result<()> {
        let kinds = kinds(&self.kinds)?;
        let channels = places(&self.channels, channels)?;
        let (kind_keys, channel_keys) = (self.kinds.keys().values(), self.channels.keys().values());
        let conversations = hashes(&self.conversations);
        let users = hashes(&self.users);
        for index in 0..self.times.len() {
            parts.push(Row {
                conversation: conversations[index],
                time: self.times.value(index),
                user: users[index],
                tokens: self.tokens.value(index),
                kind: kinds[kind_keys[index] as usize],
                topic_kind: self.topic_kinds.value(index),
                channel: channels[channel_keys[index] as usize],
                score: self.scores.value(index),
            });
        }
        Ok(())
    }

    /// Gives every event with its texts.
    ///
    /// # Errors
    /// When an event is of a kind that nobody knows.
    pub fn each(&self, mut take: impl FnMut(RawEvent<'_>)) -> Result<()> {
        let kinds = kinds(&self.kinds)?;
        let channels = self.channels.values().as_string::<i32>();
        for index in 0..self.times.len() {
            let kind = self.kinds.keys().value(index) as usize;
            let channel = self.channels.keys().value(index) as usize;
            take(RawEvent {
                conversation_id: self.conversations.value(index),
                time: self.times.value(index),
                kind: kinds[kind],
                topic_kind: self.topic_kinds.value(index),
                user_id: self.users.value(index),
                channel: channels.value(channel),
                tokens: self.tokens.value(index),
                score: self.scores.value(index),
            });
        }
        Ok(())
    }

    /// Looks at every value and keeps nothing: what reading costs at least.
    pub fn look(&self) -> u64 {
        let lengths = |ids: &StringViewArray| ids.views().iter().map(|view| *view as u32).max();
        let mut seen = u64::from(lengths(&self.conversations).unwrap_or_default());
        seen ^= u64::from(lengths(&self.users).unwrap_or_default());
        for times in self.times.values().chunks(1024) {
            seen ^= times.iter().copied().max().unwrap_or_default() as u64;
        }
        seen ^= self
            .tokens
            .values()
            .iter()
            .map(|tokens| *tokens as u64)
            .sum::<u64>();
        for keys in [self.kinds.keys(), self.channels.keys()] {
            seen ^= keys.values().iter().copied().max().unwrap_or_default() as u64;
        }
        for values in [&self.topic_kinds, &self.scores] {
            seen ^= values.values().iter().copied().max().unwrap_or_default() as u64;
        }
        seen
    }
}

/// A raw event with its texts.
pub struct RawEvent<'b> {
    pub conversation_id: &'b str,
    pub time: i64,
    pub kind: Kind,
    /// 0 for an author's own topic, 1 to 5 for the system's, less for none.
    pub topic_kind: i8,
    pub user_id: &'b str,
    pub channel: &'b str,
    /// The tokens of a bot's message.
    pub tokens: i32,
    /// A rating from 1 to 5.
    pub score: i8,
}

/// A hash of each text.
fn hashes(texts: &StringViewArray) -> Vec<u64> {
    (0..texts.len())
        .map(|index| xxh3_64(texts.value(index).as_bytes()))
        .collect()
}

fn kinds(column: &DictionaryArray<Int32Type>) -> Result<Vec<Kind>> {
    let names = column.values().as_string::<i32>().iter();
    names
        .map(|name| {
            let name = name.unwrap_or_default();
            Kind::parse(name).ok_or_else(|| {
                Failure::new(format!("`{name}` is no kind of event of this benchmark"))
            })
        })
        .collect()
}

/// The place of each of the dictionary's texts among the known ones.
pub fn places(column: &DictionaryArray<Int32Type>, known: &Mutex<Vec<String>>) -> Result<Vec<u8>> {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    let names = column.values().as_string::<i32>().iter();
    names
        .map(|name| {
            let name = name.unwrap_or_default();
            let place = known.iter().position(|known| known == name);
            let place = place.unwrap_or_else(|| {
                known.push(name.to_owned());
                known.len() - 1
            });
            u8::try_from(place).map_err(|_| Failure::new("there are more than 256 channels"))
        })
        .collect()
}
