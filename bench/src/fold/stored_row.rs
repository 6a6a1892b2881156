//! An event as the lake's files hold it: the columns that the fold asks for in brief.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex};

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, RecordBatch};
use arrow::datatypes::{
    DataType, Field, Float64Type, Int32Type, Int64Type, Schema, TimestampMicrosecondType,
};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use upshot_core::EventView;
use upshot_core::words::{
    EventType, HandoverStage, MessageKind, OptionStage, Role, SurveyKind, SurveyStage, TopicKind,
    TopicTrigger, Word,
};
use xxhash_rust::xxh3::xxh3_64;

use super::read::places;
use super::row::{Channels, LETTERS, letters};
use crate::failure::{Failure, Result};

/// Rows that are read at once: few enough to stay near the processor.
const BATCH_ROWS: usize = 8192;

/// Columns of few or repeated texts; they are read as dictionaries.
const TEXTS: [&str; 12] = [
    "conversation_id",
    "user_id",
    "channel",
    "event_type",
    "role",
    "message_kind",
    "topic_kind",
    "topic_trigger",
    "option_stage",
    "handover_stage",
    "survey_kind",
    "survey_stage",
];

/// The other columns.
const OTHERS: [&str; 4] = ["time", "proactive", "survey_score", "tokens_output"];

/// An event without texts.
#[derive(Debug, Clone, Copy)]
pub struct StoredRow {
    /// UTC microseconds.
    pub time: i64,
    /// The hash of the user's id as text.
    user: [u8; LETTERS],
    tokens_output: Option<i64>,
    survey_score: Option<f64>,
    event_type: Option<EventType>,
    role: Option<Role>,
    message_kind: Option<MessageKind>,
    topic_kind: Option<TopicKind>,
    topic_trigger: Option<TopicTrigger>,
    option_stage: Option<OptionStage>,
    handover_stage: Option<HandoverStage>,
    survey_kind: Option<SurveyKind>,
    survey_stage: Option<SurveyStage>,
    proactive: Option<bool>,
    channel: u8,
}

/// A stored event as the fold sees it.
pub struct View<'a> {
    /// The event.
    pub row: &'a StoredRow,
    /// The names of channels.
    pub channels: &'a Channels,
}

impl EventView for View<'_> {
    #[inline]
    fn event_type(&self) -> Option<EventType> {
        self.row.event_type
    }
    #[inline]
    fn time(&self) -> i64 {
        self.row.time
    }
    #[inline]
    fn channel(&self) -> Option<&str> {
        self.channels
            .get(usize::from(self.row.channel))
            .map(String::as_str)
    }
    #[inline]
    fn user_id(&self) -> Option<&str> {
        std::str::from_utf8(&self.row.user).ok()
    }
    #[inline]
    fn role(&self) -> Option<Role> {
        self.row.role
    }
    #[inline]
    fn message_kind(&self) -> Option<MessageKind> {
        self.row.message_kind
    }
    #[inline]
    fn proactive(&self) -> Option<bool> {
        self.row.proactive
    }
    #[inline]
    fn topic_kind(&self) -> Option<TopicKind> {
        self.row.topic_kind
    }
    #[inline]
    fn topic_trigger(&self) -> Option<TopicTrigger> {
        self.row.topic_trigger
    }
    #[inline]
    fn option_stage(&self) -> Option<OptionStage> {
        self.row.option_stage
    }
    #[inline]
    fn handover_stage(&self) -> Option<HandoverStage> {
        self.row.handover_stage
    }
    #[inline]
    fn survey_kind(&self) -> Option<SurveyKind> {
        self.row.survey_kind
    }
    #[inline]
    fn survey_stage(&self) -> Option<SurveyStage> {
        self.row.survey_stage
    }
    #[inline]
    fn survey_score(&self) -> Option<f64> {
        self.row.survey_score
    }
    #[inline]
    fn tokens_output(&self) -> Option<i64> {
        self.row.tokens_output
    }
}

/// Reads a file and gives every batch of its rows to whoever asks.
///
/// # Errors
/// When the file cannot be read.
pub fn read(path: &Path, mut take: impl FnMut(&Columns) -> Result<()>) -> Result<()> {
    let failed = |cause: &dyn std::fmt::Display| {
        Failure::new(format!("cannot read {}: {cause}", path.display()))
    };
    let file = File::open(path).map_err(|error| failed(&error))?;
    let stored = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
        .map_err(|error| failed(&error))?;
    let coded = |field: &Arc<Field>| {
        if !TEXTS.contains(&field.name().as_str()) {
            return field.clone();
        }
        let kind = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        Arc::new(Field::new(field.name(), kind, field.is_nullable()))
    };
    let fields: Vec<_> = stored.schema().fields().iter().map(coded).collect();
    let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
    let metadata = ArrowReaderMetadata::try_new(Arc::clone(stored.metadata()), options)
        .map_err(|error| failed(&error))?;
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    let names = TEXTS.into_iter().chain(OTHERS);
    let mask = ProjectionMask::columns(builder.parquet_schema(), names);
    let reader = builder
        .with_projection(mask)
        .with_batch_size(BATCH_ROWS)
        .build()?;
    for batch in reader {
        take(&Columns { batch: batch? })?;
    }
    Ok(())
}

/// Some rows, column by column.
pub struct Columns {
    batch: RecordBatch,
}

impl Columns {
    fn column(&self, name: &str) -> Result<&ArrayRef> {
        let column = self.batch.column_by_name(name);
        column.ok_or_else(|| Failure::new(format!("the events have no column `{name}`")))
    }

    fn texts(&self, name: &str) -> Result<&DictionaryArray<Int32Type>> {
        Ok(self.column(name)?.as_dictionary())
    }

    /// The word of every row.
    fn words<W: Word>(&self, name: &str) -> Result<Vec<Option<W>>> {
        let column = self.texts(name)?;
        let known: Vec<Option<W>> = column
            .values()
            .as_string::<i32>()
            .iter()
            .map(|text| W::parse(text?))
            .collect();
        let keys = column.keys();
        if keys.null_count() == keys.len() {
            return Ok(vec![None; keys.len()]);
        }
        let of_key = |key: &i32| known.get(*key as usize).copied().flatten();
        Ok(match keys.nulls() {
            None => keys.values().iter().map(of_key).collect(),
            Some(nulls) => keys
                .values()
                .iter()
                .zip(nulls)
                .map(|(key, valid)| if valid { of_key(key) } else { None })
                .collect(),
        })
    }

    /// Gives the rows of each conversation, or of what this batch has of it, with the hash of its id. New channels
    /// are added to those that are known.
    ///
    /// # Errors
    /// When the rows are not as the lake writes them.
    pub fn conversations(
        &self,
        channels: &Mutex<Channels>,
        mut take: impl FnMut(u64, &[StoredRow]),
    ) -> Result<()> {
        let rows = self.rows(channels)?;
        let conversations = self.texts("conversation_id")?;
        let ids = conversations.values().as_string::<i32>();
        let keys = conversations.keys().values();
        let mut start = 0;
        for run in keys.chunk_by(|one, other| one == other) {
            let hash = xxh3_64(ids.value(run[0] as usize).as_bytes());
            take(hash, &rows[start..start + run.len()]);
            start += run.len();
        }
        Ok(())
    }

    fn rows(&self, channels: &Mutex<Channels>) -> Result<Vec<StoredRow>> {
        let times = self
            .column("time")?
            .as_primitive::<TimestampMicrosecondType>();
        let proactive = self.column("proactive")?.as_boolean();
        let scores = self.column("survey_score")?.as_primitive::<Float64Type>();
        let tokens = self.column("tokens_output")?.as_primitive::<Int64Type>();
        let event_types = self.words("event_type")?;
        let roles = self.words("role")?;
        let message_kinds = self.words("message_kind")?;
        let topic_kinds = self.words("topic_kind")?;
        let topic_triggers = self.words("topic_trigger")?;
        let option_stages = self.words("option_stage")?;
        let handover_stages = self.words("handover_stage")?;
        let survey_kinds = self.words("survey_kind")?;
        let survey_stages = self.words("survey_stage")?;
        let channel_column = self.texts("channel")?;
        let places = places(channel_column, channels)?;
        let channel_keys = channel_column.keys().values();
        let users = self.texts("user_id")?;
        let (user_ids, user_keys) = (users.values().as_string::<i32>(), users.keys().values());
        // Rows of a conversation follow each other, and mostly name one user.
        let mut user = (i32::MIN, [0; LETTERS]);
        Ok((0..self.batch.num_rows())
            .map(|row| {
                if user_keys[row] != user.0 {
                    let id = user_ids.value(user_keys[row] as usize);
                    user = (user_keys[row], letters(xxh3_64(id.as_bytes())));
                }
                StoredRow {
                    time: times.value(row),
                    user: user.1,
                    tokens_output: tokens.is_valid(row).then(|| tokens.value(row)),
                    survey_score: scores.is_valid(row).then(|| scores.value(row)),
                    event_type: event_types[row],
                    role: roles[row],
                    message_kind: message_kinds[row],
                    topic_kind: topic_kinds[row],
                    topic_trigger: topic_triggers[row],
                    option_stage: option_stages[row],
                    handover_stage: handover_stages[row],
                    survey_kind: survey_kinds[row],
                    survey_stage: survey_stages[row],
                    proactive: proactive.is_valid(row).then(|| proactive.value(row)),
                    channel: places[channel_keys[row] as usize],
                }
            })
            .collect())
    }

    /// Looks at every value and keeps nothing: what reading costs at least.
    pub fn look(&self) -> u64 {
        let mut seen = 0;
        for column in self.batch.columns() {
            seen ^= match column.data_type() {
                DataType::Dictionary(..) => {
                    let keys = column.as_dictionary::<Int32Type>().keys().values();
                    keys.iter().copied().max().unwrap_or_default() as u64
                }
                DataType::Int64 => {
                    let values = column.as_primitive::<Int64Type>().values();
                    values.iter().copied().max().unwrap_or_default() as u64
                }
                DataType::Float64 => {
                    let values = column.as_primitive::<Float64Type>().values();
                    values
                        .iter()
                        .map(|value| value.to_bits())
                        .max()
                        .unwrap_or_default()
                }
                DataType::Timestamp(..) => {
                    let values = column.as_primitive::<TimestampMicrosecondType>().values();
                    values.iter().copied().max().unwrap_or_default() as u64
                }
                _ => column.len() as u64,
            };
        }
        seen
    }
}
