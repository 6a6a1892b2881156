//! The newest messages of which conditions hold, with what was written: last words before a handover, what was not understood.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, StringArray};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use upshot_core::Message;
use upshot_lake::{Capture, DataFile, Table};

use crate::columns::{Columns, event_time};
use crate::engine::{Engine, captured, maturity};
use crate::error::QueryError;
use crate::exists::Sets;
use crate::fact_rows::FactRows;
use crate::filter::{Measure, NumberTest, Order, Predicate, ResolveContext, TextSource};
use crate::listed::Reading;
use crate::pass::Resources;
use crate::query::EnvironmentChoice;
use crate::query::resolve::filters;
use crate::query::scope::{in_environment, in_range, mature};
use crate::query::tables_of_filters;
use crate::registry::Subject;
use crate::run::worker::Shape;
use crate::scan::Form;
use crate::sessions::{Position, position_of};
use crate::texts::{Keys, Texts};
use crate::time::{Calendar, RangeSpec, resolve_range};

/// How many messages a list holds unless it says else.
const DEFAULT_LIMIT: usize = 50;
/// How many messages a list may hold at most.
const MOST_MESSAGES: usize = 1_001;
/// When a message was written.
const TIME: &str = event_time(Subject::Messages);
/// What tells it from all others.
const ID: &str = "message.event_id";

/// Which messages to list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MessageQuery {
    /// Filters; a message must pass all of them. They mean what they mean in queries of messages.
    pub filters: Vec<String>,
    /// From when until when it was written.
    pub range: RangeSpec,
    /// Which traffic is listed.
    pub environment: EnvironmentChoice,
    /// The IANA name of the zone of dates; that of the workspace where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// How many at most; 50 if nothing is said, never more than 1001.
    pub limit: Option<usize>,
    /// Where the list goes on: what [`SaidMessage::cursor`] made of its last message.
    pub cursor: Option<String>,
    /// Which fact set is read: the name of its profile, or of its facts. Nothing means the active one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The clock, in UTC microseconds; whoever runs the query sets it.
    #[serde(skip)]
    pub now: i64,
}

impl MessageQuery {
    /// The tables that must be captured for it.
    pub fn tables_needed(&self) -> Vec<Table> {
        let mut needed = tables_of_filters(&self.filters);
        needed.extend([Table::Sessions, Table::Messages, Table::Texts]);
        needed.sort_unstable();
        needed.dedup();
        needed
    }

    fn limit(&self) -> usize {
        self.limit.unwrap_or(DEFAULT_LIMIT).min(MOST_MESSAGES)
    }
}

/// A message with what was written.
#[derive(Debug, Clone, PartialEq)]
pub struct SaidMessage {
    /// Its facts.
    pub message: Message,
    /// Its text, as the privacy mode left it; nothing where it is not kept.
    pub text: Option<String>,
}

impl SaidMessage {
    /// The cursor with which the list goes on after it.
    pub fn cursor(&self) -> String {
        format!("{}:{}", self.message.time, self.message.event_id)
    }
}

/// What a list selects.
struct Selection {
    predicate: Predicate,
    after: Option<Position>,
    /// What the filters look up; held as long as rows are read.
    _sets: Sets,
}

impl Engine {
    /// The newest messages of which all conditions hold, the latest first, with their texts.
    ///
    /// Files are read from the latest on, no further than until no earlier one can hold a message of the list.
    ///
    /// # Errors
    /// As for [`Engine::run`].
    pub async fn messages(
        &self,
        query: &MessageQuery,
        capture: Arc<Capture>,
    ) -> Result<Vec<SaidMessage>, QueryError> {
        let selection = self.selection(query, &capture).await?;
        let resources = self.resources().clone();
        let (environment, limit, of_list) =
            (query.environment, query.limit(), Arc::clone(&capture));
        let newest = self.on_own_threads(async move {
            let newest = newest((environment, limit), &selection, &of_list, &resources);
            newest.await
        });
        let newest = newest.await?;
        let messages = self.records_of(&newest, &capture).await?;
        let resources = self.resources().clone();
        self.on_own_threads(
            async move { with_texts(messages, &newest, &capture, &resources).await },
        )
        .await
    }

    async fn selection(
        &self,
        query: &MessageQuery,
        capture: &Capture,
    ) -> Result<Selection, QueryError> {
        let preferences = &*capture.preferences;
        let calendar = Calendar::of(query.time_zone.as_deref(), None, preferences)?;
        let context = ResolveContext::new(calendar.zone.clone())
            .judging(mature(query.now, &maturity(None, capture)))
            .at(query.now)
            .of(vec![Subject::Messages])
            .with(preferences);
        let mut problems = Vec::new();
        let filter = filters(&query.filters, &context, &mut problems);
        if !problems.is_empty() {
            return Err(QueryError::Invalid(problems));
        }
        let range = resolve_range(&query.range, &calendar, query.now)?;
        let after = query.cursor.as_deref().map(position_of).transpose()?;
        // Rows are looked at one by one; what others say of them is gathered before.
        let mut predicate = in_range(TIME, range)
            .and(filter.people_as_sets())
            .and(in_environment(query.environment));
        if let Some((time, _)) = &after {
            let test = NumberTest::Integer(Order::LessOrEqual, *time);
            predicate = predicate.and(Predicate::Number(Measure::Column(TIME), test));
        }
        let shape = Shape::selecting(Subject::Messages, predicate.clone(), Columns::new());
        let sets = self
            .sets_of(&shape, &[&predicate], query.environment, capture)
            .await?;
        Ok(Selection {
            predicate: sets.put_into(&predicate),
            after,
            _sets: sets,
        })
    }

    /// The facts of these messages, in their order.
    async fn records_of(
        &self,
        newest: &[Place],
        capture: &Capture,
    ) -> Result<Vec<Message>, QueryError> {
        let found = newest.iter();
        let mut conversations: Vec<Box<str>> = found.map(|one| one.conversation.clone()).collect();
        conversations.sort_unstable();
        conversations.dedup();
        let of_these = TextSource::Column("conversation_id");
        let of_these = Predicate::TextIn(of_these, conversations);
        let found = newest.iter();
        let mut files: Vec<DataFile> = found.filter_map(|one| one.file.clone()).collect();
        files.sort_unstable_by_key(|file| file.id);
        files.dedup_by_key(|file| file.id);
        let table = captured(capture, Table::Messages)?;
        let reading = &mut Reading::default();
        let files = files.iter().collect();
        let records = self.fetch(
            (Subject::Messages, Form::Plain),
            table,
            files,
            &of_these,
            reading,
        );
        let records: Vec<Message> = records.await?;
        // An id may come again on another day. What memory holds comes last: it is the newer of two.
        let records = records.into_iter();
        let mut records: FxHashMap<Position, Message> = records
            .map(|message| (position_of_message(&message), message))
            .collect();
        let found = newest.iter();
        Ok(found
            .filter_map(|one| records.remove(&one.position))
            .collect())
    }
}

/// Where the first messages of the list are found.
async fn newest(
    (environment, limit): (EnvironmentChoice, usize),
    selection: &Selection,
    capture: &Capture,
    resources: &Resources,
) -> Result<Vec<Place>, QueryError> {
    let mut newest = Newest {
        limit,
        after: selection.after.clone(),
        found: Vec::new(),
    };
    let rows = FactRows::new(
        Subject::Messages,
        capture,
        environment,
        selection.predicate.clone(),
        Columns::from([TIME, ID, "conversation_id"]),
        resources,
    );
    let rows = rows.await?.of_kept();
    for batch in rows.of_memory().await? {
        newest.add(&batch, None)?;
    }
    for (file, last) in rows.newest_first().await? {
        if last.is_some_and(|last| newest.is_closed_to(last)) {
            break;
        }
        if let Some(mut found) = rows.of_file(file, &[]).await? {
            while let Some(batch) = found.next().await? {
                newest.add(&batch, Some(file))?;
            }
        }
    }
    newest.shrink();
    Ok(newest.found)
}

/// The messages with what was written. Those of one file are looked up together: their conversations lie together.
async fn with_texts(
    messages: Vec<Message>,
    places: &[Place],
    capture: &Capture,
    resources: &Resources,
) -> Result<Vec<SaidMessage>, QueryError> {
    let ids: FxHashSet<&str> = messages.iter().map(|message| &*message.event_id).collect();
    let texts = Texts::among(capture, vec!["text"], |id| ids.contains(id), resources)?;
    let buckets: FxHashMap<&Position, i32> = places
        .iter()
        .filter_map(|place| Some((&place.position, place.file.as_ref()?.bucket)))
        .collect();
    let mut by_bucket: BTreeMap<Option<i32>, Vec<usize>> = BTreeMap::new();
    for (row, message) in messages.iter().enumerate() {
        let bucket = buckets.get(&position_of_message(message)).copied();
        by_bucket.entry(bucket).or_default().push(row);
    }
    let mut found: Vec<Option<String>> = vec![None; messages.len()];
    for (bucket, rows) in by_bucket {
        let of_each = |text: fn(&Message) -> &str| -> StringArray {
            rows.iter().map(|row| Some(text(&messages[*row]))).collect()
        };
        let (events, conversations) = (
            of_each(|message| &message.event_id),
            of_each(|message| &message.conversation_id),
        );
        let times: Vec<i64> = rows.iter().map(|row| messages[*row].time).collect();
        let keys = Keys {
            event_id: &events,
            conversation_id: &conversations,
            time: &times,
        };
        let columns = texts.of(&keys, bucket).await?;
        let column = columns
            .first()
            .and_then(|column| column.as_string_opt::<i32>());
        for (row, text) in rows.iter().zip(column.into_iter().flatten()) {
            found[*row] = text.map(str::to_owned);
        }
    }
    let messages = messages.into_iter().zip(found);
    Ok(messages
        .map(|(message, text)| SaidMessage { message, text })
        .collect())
}

fn position_of_message(message: &Message) -> Position {
    (message.time, message.event_id.clone())
}

/// A message of the list.
struct Place {
    position: Position,
    conversation: Box<str>,
    /// The file that holds it; nothing where memory does.
    file: Option<DataFile>,
}

/// Keeps the newest messages.
struct Newest {
    limit: usize,
    after: Option<Position>,
    found: Vec<Place>,
}

impl Newest {
    /// Adds selected rows.
    fn add(&mut self, rows: &RecordBatch, file: Option<&DataFile>) -> Result<(), QueryError> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let keys = Keys::of(rows, [ID, "conversation_id", TIME]);
        let Some(keys) = keys else {
            return Err(QueryError::Stopped("messages lack their ids".to_owned()));
        };
        for (row, time) in keys.time.iter().enumerate() {
            let position: Position = (*time, keys.event_id.value(row).into());
            if self.after.as_ref().is_none_or(|after| position < *after) {
                self.found.push(Place {
                    position,
                    conversation: keys.conversation_id.value(row).into(),
                    file: file.cloned(),
                });
            }
        }
        if self.found.len() > 2 * self.limit.max(1_000) {
            self.shrink();
        }
        Ok(())
    }

    fn shrink(&mut self) {
        self.found
            .sort_unstable_by(|one, other| other.position.cmp(&one.position));
        self.found.truncate(self.limit);
    }

    /// Whether the list is full of messages that are newer than all that were written up to this time.
    fn is_closed_to(&mut self, last: i64) -> bool {
        if self.found.len() < self.limit {
            return false;
        }
        self.shrink();
        let oldest = self.found.last().map(|one| one.position.0);
        oldest.is_none_or(|oldest| oldest > last)
    }
}
