//! What was written, for a batch of rows at a time: texts have a table of their own, in the order of events.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::TimestampMicrosecondType;
use futures::StreamExt;
use rustc_hash::FxHashMap;
use upshot_core::time::day_of;
use upshot_lake::{Capture, DataFile, Table, TableCapture};

use crate::columns::Columns;
use crate::engine::captured;
use crate::error::QueryError;
use crate::pass::Resources;
use crate::scan::{Bound, plan_within};

/// Which event a row's text belongs to.
pub(crate) struct Keys<'a> {
    pub(crate) event_id: &'a StringArray,
    pub(crate) conversation_id: &'a StringArray,
    /// When the event happened, in UTC microseconds.
    pub(crate) time: &'a [i64],
}

impl<'a> Keys<'a> {
    /// Those of rows in columns of these names; nothing where the rows lack one.
    pub(crate) fn of(
        rows: &'a RecordBatch,
        [event, conversation, time]: [&str; 3],
    ) -> Option<Self> {
        let text = |name| rows.column_by_name(name)?.as_string_opt::<i32>();
        let times = rows.column_by_name(time)?;
        Some(Self {
            event_id: text(event)?,
            conversation_id: text(conversation)?,
            time: times
                .as_primitive_opt::<TimestampMicrosecondType>()?
                .values(),
        })
    }
}

/// Within what the events of one day lie.
struct Extent<'a> {
    conversations: (&'a str, &'a str),
    times: (i64, i64),
}

/// Finds texts by their events.
pub(crate) struct Texts<'a> {
    rows: &'a TableCapture,
    resources: &'a Resources,
    columns: Vec<&'static str>,
    /// Where memory holds the texts of an event: which batch, which row.
    in_memory: FxHashMap<&'a str, (usize, usize)>,
}

impl<'a> Texts<'a> {
    /// The columns are those of the table of texts that are wanted.
    pub(crate) fn new(
        capture: &'a Capture,
        columns: Vec<&'static str>,
        resources: &'a Resources,
    ) -> Result<Self, QueryError> {
        Self::among(capture, columns, |_| true, resources)
    }

    /// Those of some events, by their ids: for whoever wants a few and no others.
    pub(crate) fn among(
        capture: &'a Capture,
        columns: Vec<&'static str>,
        wanted: impl Fn(&str) -> bool,
        resources: &'a Resources,
    ) -> Result<Self, QueryError> {
        let rows = captured(capture, Table::Texts)?;
        let mut in_memory = FxHashMap::default();
        for (number, batch) in rows.memory.iter().enumerate() {
            let ids = batch.column_by_name("event_id");
            let ids = ids.and_then(|ids| ids.as_string_opt::<i32>());
            for (row, id) in ids.into_iter().flatten().enumerate() {
                let id = id.filter(|id| wanted(id));
                in_memory.extend(id.map(|id| (id, (number, row))));
            }
        }
        Ok(Self {
            rows,
            resources,
            columns,
            in_memory,
        })
    }

    /// The wanted columns for these rows; nothing where an event has no text. A bucket says that all rows
    /// are of it.
    pub(crate) async fn of(
        &self,
        keys: &Keys<'_>,
        bucket: Option<i32>,
    ) -> Result<Vec<ArrayRef>, QueryError> {
        if self.columns.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = Found {
            columns: &self.columns,
            rows: keys
                .event_id
                .iter()
                .enumerate()
                .filter_map(|(row, id)| Some((id?, row)))
                .collect(),
            texts: vec![vec![None; keys.event_id.len()]; self.columns.len()],
        };
        for (day, extent) in by_day(keys) {
            self.read(day, &extent, bucket, &mut found).await?;
        }
        for (id, row) in found.rows.clone() {
            if let Some((batch, memory_row)) = self.in_memory.get(id) {
                found.put(&self.rows.memory[*batch], *memory_row, row);
            }
        }
        let texts = found.texts.into_iter();
        Ok(texts
            .map(|column| Arc::new(StringArray::from(column)) as ArrayRef)
            .collect())
    }

    async fn read(
        &self,
        day: i32,
        extent: &Extent<'_>,
        bucket: Option<i32>,
        found: &mut Found<'_>,
    ) -> Result<(), QueryError> {
        let files = self.rows.files.iter();
        let files: Vec<&DataFile> = files
            .filter(|file| file.day == day && bucket.is_none_or(|bucket| file.bucket == bucket))
            .collect();
        if files.is_empty() {
            return Ok(());
        }
        let (resources, table) = (self.resources, Table::Texts);
        resources.load_footers(table, files.iter().copied()).await?;
        let mut columns: Columns = self.columns.iter().copied().collect();
        columns.insert("event_id");
        let (first, last) = extent.conversations;
        let bounds = [
            Bound::Text("conversation_id", Some(first.into()), Some(last.into())),
            Bound::Time("time", extent.times.0, extent.times.1),
        ];
        let plan = plan_within(table, &files, &columns, &bounds, &resources.footers)?;
        let mut stream = plan.execute(0, Arc::clone(&resources.context))?;
        while let Some(batch) = stream.next().await {
            let batch = batch?;
            let ids = batch.column_by_name("event_id");
            let Some(ids) = ids.and_then(|ids| ids.as_string_opt::<i32>()) else {
                continue;
            };
            for (text_row, id) in ids.iter().enumerate() {
                if let Some(row) = id.and_then(|id| found.rows.get(id).copied()) {
                    found.put(&batch, text_row, row);
                }
            }
        }
        Ok(())
    }
}

/// The texts that were found, by column and row.
struct Found<'a> {
    columns: &'a [&'static str],
    /// The row of each event.
    rows: HashMap<&'a str, usize, rustc_hash::FxBuildHasher>,
    texts: Vec<Vec<Option<String>>>,
}

impl Found<'_> {
    fn put(&mut self, batch: &RecordBatch, text_row: usize, row: usize) {
        for (column, texts) in self.columns.iter().zip(&mut self.texts) {
            let array = batch.column_by_name(column);
            let array = array.and_then(|array| array.as_string_opt::<i32>());
            let text = array.filter(|array| array.is_valid(text_row));
            texts[row] = text.map(|array| array.value(text_row).to_owned());
        }
    }
}

/// The days of events, each with the conversations and times between which its events lie.
fn by_day<'a>(keys: &Keys<'a>) -> BTreeMap<i32, Extent<'a>> {
    let mut days: BTreeMap<i32, Extent<'a>> = BTreeMap::new();
    for (time, conversation) in keys.time.iter().zip(keys.conversation_id) {
        let Some(conversation) = conversation else {
            continue;
        };
        let extent = days.entry(day_of(*time)).or_insert(Extent {
            conversations: (conversation, conversation),
            times: (*time, *time),
        });
        let (first, last) = &mut extent.conversations;
        *first = conversation.min(*first);
        *last = conversation.max(*last);
        extent.times = (extent.times.0.min(*time), extent.times.1.max(*time));
    }
    days
}
