//! Conversations: a row each, with the sessions that are selected and what was said in them.
//!
//! The files of every day are in the order of conversations. So the ids are divided into slices that hold about as
//! many messages each ([`super::slices`]), and slice after slice is read from all files and put together: what is
//! held at once is one slice, whatever the number of conversations.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int64Array, ListArray, ListBuilder, RecordBatch, StringArray, StringBuilder,
    StructArray, TimestampMicrosecondArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field as ArrowField, Fields, TimeUnit};
use futures::StreamExt;
use upshot_core::time::day_of;
use upshot_core::words::Word;
use upshot_core::{Message, Record, Session};
use upshot_lake::schema::BatchReader;
use upshot_lake::{DataFile, Table, TableCapture};

use super::columns::list_of;
use super::slices::{Slice, Slices};
use super::{Job, Sink};
use crate::columns::Columns;
use crate::engine::captured;
use crate::error::QueryError;
use crate::fact_rows::FactRows;
use crate::pass::Resources;
use crate::registry::Subject;
use crate::scan::{Bound, plan_within};
use crate::texts::{Keys, Texts};

/// About so many messages are held at once; more where one conversation has more.
const SLICE_MESSAGES: u64 = 64 * 1024;

/// What a slice needs of sessions.
const SESSION_COLUMNS: [&str; 14] = [
    "session_id",
    "conversation_id",
    "start_time",
    "end_time",
    "bot",
    "bot_version",
    "environment",
    "channel",
    "locale",
    "user_id",
    "outcome",
    "topics",
    "csat_score",
    "messages",
];

/// What it needs of messages.
const MESSAGE_COLUMNS: [&str; 11] = [
    "event_id",
    "session_id",
    "conversation_id",
    "time",
    "position",
    "role",
    "message_kind",
    "topic_id",
    "intent",
    "agent_id",
    "feedback",
];

/// The columns, all of them.
pub(super) fn outputs() -> Vec<ArrowField> {
    let text = |name| ArrowField::new(name, DataType::Utf8, true);
    let number = |name| ArrowField::new(name, DataType::Int64, true);
    let list = |name| ArrowField::new(name, list_of(DataType::Utf8), true);
    vec![
        text("conversation_id"),
        text("bot"),
        text("bot_version"),
        text("environment"),
        text("channel"),
        text("locale"),
        text("user_id"),
        ArrowField::new("start_time", time_type(), true),
        ArrowField::new("end_time", time_type(), true),
        number("session_count"),
        number("message_count"),
        list("session_ids"),
        list("outcomes"),
        list("topics"),
        ArrowField::new("csat_score", DataType::Float64, true),
        ArrowField::new(
            "messages",
            list_of(DataType::Struct(message_fields())),
            true,
        ),
    ]
}

fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn message_fields() -> Fields {
    let text = |name| ArrowField::new(name, DataType::Utf8, true);
    Fields::from(vec![
        ArrowField::new("time", time_type(), true),
        text("session_id"),
        text("event_id"),
        text("role"),
        text("message_kind"),
        text("topic_id"),
        text("intent"),
        text("agent_id"),
        text("feedback"),
        text("text"),
    ])
}

/// Gives on conversations, in the order of their ids.
pub(super) async fn export(
    job: &Job,
    resources: &Resources,
    sink: &mut Sink,
) -> Result<(), QueryError> {
    let weighing = sessions_with(job, ["conversation_id", "messages"], resources).await?;
    let mut slices = Slices::default();
    let mut sessions = 0;
    for file in weighing.files() {
        let Some(mut rows) = weighing.of_file(file, &[]).await? else {
            continue;
        };
        while let Some(batch) = rows.next().await? {
            sessions += weigh(&batch, &mut slices)?;
        }
    }
    for batch in weighing.of_memory().await? {
        sessions += weigh(&batch, &mut slices)?;
    }
    sink.expect(sessions);
    let rows = sessions_with(job, SESSION_COLUMNS, resources).await?;
    let reading = Reading {
        job,
        resources,
        memory: rows.of_memory().await?,
        sessions: rows,
        messages: captured(&job.capture, Table::Messages)?,
        texts: Texts::new(&job.capture, job.texts(), resources)?,
    };
    for slice in slices.divide(SLICE_MESSAGES) {
        let conversations = reading.slice(&slice).await?;
        if conversations.is_empty() {
            continue;
        }
        let count: usize = conversations.iter().map(|one| one.sessions.len()).sum();
        sink.read(count as u64);
        let batch = reading.rows(&conversations).await?;
        sink.give(&batch).await?;
    }
    Ok(())
}

impl Job {
    fn has(&self, column: &str) -> bool {
        self.outputs.schema.index_of(column).is_ok()
    }

    /// What is read of texts.
    fn texts(&self) -> Vec<&'static str> {
        match self.has("messages") {
            true => vec!["text"],
            false => Vec::new(),
        }
    }
}

/// The selected sessions with these columns.
async fn sessions_with<'a, const N: usize>(
    job: &'a Job,
    columns: [&'static str; N],
    resources: &'a Resources,
) -> Result<FactRows<'a>, QueryError> {
    let (capture, selection) = (&job.capture, job.selection.clone());
    let wanted = Columns::from(columns);
    let subject = Subject::Sessions;
    FactRows::new(
        subject,
        capture,
        job.environment,
        selection,
        wanted,
        resources,
    )
    .await
}

/// Adds sessions to the weights of their conversations; says how many they are.
fn weigh(batch: &RecordBatch, slices: &mut Slices) -> Result<u64, QueryError> {
    let sessions: Vec<Session> = records(batch)?;
    for session in &sessions {
        let messages = u64::try_from(session.messages).unwrap_or(0);
        slices.add(&session.conversation_id, messages.max(1));
    }
    Ok(sessions.len() as u64)
}

fn records<R: Record>(batch: &RecordBatch) -> Result<Vec<R>, QueryError> {
    let reader = BatchReader::new::<R>(batch)?;
    Ok((0..reader.len())
        .map(|row| R::read(&reader.row(row)))
        .collect())
}

/// A conversation as far as it is selected.
#[derive(Default)]
struct Conversation {
    /// In the order of their start.
    sessions: Vec<Session>,
    /// In their order.
    messages: Vec<Message>,
}

/// What slices are read from.
struct Reading<'a> {
    job: &'a Job,
    resources: &'a Resources,
    sessions: FactRows<'a>,
    /// The selected sessions of memory.
    memory: Vec<RecordBatch>,
    messages: &'a TableCapture,
    texts: Texts<'a>,
}

impl Reading<'_> {
    /// The conversations of a slice, by id.
    async fn slice(&self, slice: &Slice) -> Result<Vec<Conversation>, QueryError> {
        let mut found: BTreeMap<Box<str>, Conversation> = BTreeMap::new();
        let mut take = |batch: &RecordBatch| {
            for session in records::<Session>(batch)? {
                if slice.holds(&session.conversation_id) {
                    let conversation = found.entry(session.conversation_id.clone()).or_default();
                    conversation.sessions.push(session);
                }
            }
            Ok::<_, QueryError>(())
        };
        let bounds = bounds(slice);
        for file in self.sessions.files() {
            let Some(mut rows) = self.sessions.of_file(file, &bounds).await? else {
                continue;
            };
            while let Some(batch) = rows.next().await? {
                take(&batch)?;
            }
        }
        self.memory.iter().try_for_each(&mut take)?;
        for conversation in found.values_mut() {
            let key = |session: &Session| (session.start_time, session.session_id.clone());
            conversation.sessions.sort_by_key(key);
        }
        if self.job.has("messages") || self.job.has("message_count") {
            self.add_messages(&bounds, &mut found).await?;
        }
        Ok(found.into_values().collect())
    }

    /// Adds the messages of the sessions that were found. They lie in the files of the days on which these started.
    async fn add_messages(
        &self,
        bounds: &[Bound],
        found: &mut BTreeMap<Box<str>, Conversation>,
    ) -> Result<(), QueryError> {
        let mut by_session: HashMap<Box<str>, Vec<Message>> = HashMap::new();
        let mut days = BTreeSet::new();
        for session in found
            .values()
            .flat_map(|conversation| &conversation.sessions)
        {
            by_session.insert(session.session_id.clone(), Vec::new());
            days.insert(day_of(session.start_time));
        }
        let mut take = |batch: &RecordBatch, in_file: bool| {
            for message in records::<Message>(batch)? {
                let id = message.session_id.as_deref().unwrap_or_default();
                if in_file && self.messages.replaced.contains(id) {
                    continue;
                }
                if let Some(messages) = by_session.get_mut(id) {
                    messages.push(message);
                }
            }
            Ok::<_, QueryError>(())
        };
        let files = self.messages.files.iter();
        for file in files.filter(|file| days.contains(&file.day)) {
            self.read_messages(file, bounds, &mut take).await?;
        }
        self.messages
            .memory
            .iter()
            .try_for_each(|batch| take(batch, false))?;
        for conversation in found.values_mut() {
            for session in &conversation.sessions {
                let own = by_session.remove(&session.session_id);
                conversation.messages.extend(own.unwrap_or_default());
            }
            let key = |message: &Message| (message.time, message.position);
            conversation.messages.sort_by_key(key);
        }
        Ok(())
    }

    async fn read_messages(
        &self,
        file: &DataFile,
        bounds: &[Bound],
        take: &mut impl FnMut(&RecordBatch, bool) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        let (resources, table) = (self.resources, Table::Messages);
        resources.load_footers(table, std::iter::once(file)).await?;
        let columns = Columns::from(MESSAGE_COLUMNS);
        let plan = plan_within(table, &[file], &columns, bounds, &resources.footers)?;
        let mut stream = plan.execute(0, Arc::clone(&resources.context))?;
        while let Some(batch) = stream.next().await {
            take(&batch?, true)?;
        }
        Ok(())
    }

    /// The conversations as rows.
    async fn rows(&self, conversations: &[Conversation]) -> Result<RecordBatch, QueryError> {
        let schema = &self.job.outputs.schema;
        let mut columns = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            columns.push(match field.name().as_str() {
                "messages" => self.messages_of(conversations).await?,
                name => column(name, conversations),
            });
        }
        Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
    }

    /// The messages of each conversation as a list, with their texts.
    async fn messages_of(&self, conversations: &[Conversation]) -> Result<ArrayRef, QueryError> {
        let all: Vec<&Message> = conversations.iter().flat_map(|one| &one.messages).collect();
        let times: Vec<i64> = all.iter().map(|message| message.time).collect();
        let text = |of: &dyn Fn(&Message) -> Option<&str>| {
            let texts: StringArray = all.iter().map(|message| of(message)).collect();
            texts
        };
        let event_id = text(&|message| Some(&message.event_id));
        let conversation_id = text(&|message| Some(&message.conversation_id));
        let keys = Keys {
            event_id: &event_id,
            conversation_id: &conversation_id,
            time: &times,
        };
        let texts = self.texts.of(&keys, None).await?;
        let column = |of: &dyn Fn(&Message) -> Option<&str>| Arc::new(text(of)) as ArrayRef;
        let times = TimestampMicrosecondArray::from(times).with_timezone("UTC");
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(times),
            column(&|message| message.session_id.as_deref()),
            Arc::new(event_id.clone()),
            column(&|message| message.role.map(Word::as_str)),
            column(&|message| message.message_kind.map(Word::as_str)),
            column(&|message| message.topic_id.as_deref()),
            column(&|message| message.intent.as_deref()),
            column(&|message| message.agent_id.as_deref()),
            column(&|message| message.feedback.map(Word::as_str)),
        ];
        columns.extend(texts);
        let rows = StructArray::try_new(message_fields(), columns, None)?;
        let lengths = conversations.iter().map(|one| one.messages.len());
        let item = Arc::new(ArrowField::new_list_field(rows_type(), true));
        let offsets = OffsetBuffer::from_lengths(lengths);
        Ok(Arc::new(ListArray::try_new(
            item,
            offsets,
            Arc::new(rows),
            None,
        )?))
    }
}

fn rows_type() -> DataType {
    DataType::Struct(message_fields())
}

/// Within what the rows of a slice lie.
fn bounds(slice: &Slice) -> Vec<Bound> {
    let Slice { after, last } = slice.clone();
    vec![Bound::Text("conversation_id", after, last)]
}

/// A column of conversations that is made of their sessions.
fn column(name: &str, conversations: &[Conversation]) -> ArrayRef {
    let text = |of: &dyn Fn(&Session) -> Option<&str>| -> ArrayRef {
        // The first session that says it speaks for the conversation.
        let texts = conversations
            .iter()
            .map(|one| one.sessions.iter().find_map(of));
        Arc::new(texts.collect::<StringArray>())
    };
    let number = |of: &dyn Fn(&Conversation) -> i64| -> ArrayRef {
        Arc::new(
            conversations
                .iter()
                .map(|one| Some(of(one)))
                .collect::<Int64Array>(),
        )
    };
    let time = |of: &dyn Fn(&Conversation) -> Option<i64>| -> ArrayRef {
        let times = conversations.iter().map(of);
        Arc::new(
            times
                .collect::<TimestampMicrosecondArray>()
                .with_timezone("UTC"),
        )
    };
    match name {
        "conversation_id" => text(&|session| Some(&session.conversation_id)),
        "bot" => text(&|session| session.bot.as_deref()),
        "bot_version" => text(&|session| session.bot_version.as_deref()),
        "environment" => text(&|session| session.environment.map(Word::as_str)),
        "channel" => text(&|session| session.channel.as_deref()),
        "locale" => text(&|session| session.locale.as_deref()),
        "user_id" => text(&|session| session.user_id.as_deref()),
        "start_time" => time(&|one| one.sessions.iter().map(|session| session.start_time).min()),
        "end_time" => time(&|one| one.sessions.iter().map(|session| session.end_time).max()),
        "session_count" => number(&|one| one.sessions.len() as i64),
        "message_count" => number(&|one| one.messages.len() as i64),
        "csat_score" => {
            let scores = conversations.iter();
            // Of several answers the last counts.
            let scores =
                scores.map(|one| one.sessions.iter().rev().find_map(|last| last.csat_score));
            Arc::new(scores.collect::<arrow::array::Float64Array>())
        }
        "session_ids" => lists(conversations, &|session| vec![&session.session_id]),
        "outcomes" => lists(conversations, &|session| {
            session.outcome.map(Word::as_str).into_iter().collect()
        }),
        _ => lists(conversations, &|session| {
            let topics = session.topics.as_deref().unwrap_or_default();
            topics
                .split(upshot_core::facts::TOPIC_SEPARATOR)
                .filter(|topic| !topic.is_empty())
                .collect()
        }),
    }
}

/// What the sessions of each conversation have, one after the other.
fn lists(conversations: &[Conversation], of: &dyn Fn(&Session) -> Vec<&str>) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new());
    for conversation in conversations {
        for name in conversation.sessions.iter().flat_map(of) {
            builder.values().append_value(name);
        }
        builder.append(true);
    }
    Arc::new(builder.finish())
}
