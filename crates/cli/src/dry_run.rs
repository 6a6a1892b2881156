//! `upshot import --dry-run`: what would go in, and nothing written.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;
use serde_json::{Map, Value};
use upshot_adapters::{Batch, write_event};
use upshot_core::{Event, Record};
use upshot_text::{Masker, PrivacyMode};

use crate::arguments::{Common, OutputFormat};
use crate::failure::{Failure, REJECTED};
use crate::import::{EXAMPLES, Message, ReadAs, Rejection, print_examples, start_reading};
use crate::output::{self, Column, number};
use crate::session::spinner;
use crate::sources::Source;

/// So many events are shown.
const SHOWN: usize = 10;
/// Fields that the table shows in columns of their own, or not at all.
const IN_COLUMNS: [&str; 7] = [
    "event_id",
    "event_type",
    "time",
    "received_time",
    "source",
    "source_sequence",
    "conversation_id",
];
/// So many letters of a value are shown in the table.
const VALUE_LETTERS: usize = 48;

/// What would go in. The JSON shape is stable.
#[derive(Debug, Default, Serialize)]
struct DryRun {
    /// Files that were read.
    files: usize,
    /// Records that were found.
    records: u64,
    /// Events that they give.
    events: u64,
    /// Conversations to which these belong.
    conversations: usize,
    /// Records and events that would be rejected.
    rejected: u64,
    /// What was read.
    formats: Vec<String>,
    /// How many events there are of each type.
    event_types: BTreeMap<String, u64>,
    /// The first events, as they would be stored.
    first_events: Vec<Map<String, Value>>,
    /// The first rejections.
    examples: Vec<Rejection>,
    /// Hashes of the conversations' ids.
    #[serde(skip)]
    seen: HashSet<u64>,
}

impl DryRun {
    fn take(&mut self, mut batch: Batch, mode: PrivacyMode, masker: &Masker) {
        for event in &mut batch.events {
            self.events += 1;
            let kind = event.event_type.map(|it| it.to_string());
            *self
                .event_types
                .entry(kind.unwrap_or_default())
                .or_default() += 1;
            let mut hasher = DefaultHasher::new();
            event.conversation_id.hash(&mut hasher);
            self.seen.insert(hasher.finish());
            if self.first_events.len() < SHOWN {
                upshot_text::apply(mode, masker, event);
                let shown = serde_json::from_str(&write_event(event));
                self.first_events.extend(shown);
            }
        }
        for rejected in batch.rejected {
            self.rejected += 1;
            if self.examples.len() < EXAMPLES {
                let mut example = Rejection::from(rejected);
                example.raw.clear();
                self.examples.push(example);
            }
        }
    }
}

/// Reads the sources and says what would go in.
pub async fn run(
    common: &Common,
    sources: Vec<Source>,
    read_as: ReadAs,
    mode: PrivacyMode,
) -> Result<u8, Failure> {
    let progress = spinner(common, sources.iter().map(Source::bytes).sum());
    let (mut receiver, reading) = start_reading(sources, read_as, progress.clone());
    let masker = Masker::new(&[]);
    let mut found = DryRun::default();
    while let Some(message) = receiver.recv().await {
        match message {
            Message::Batch(batch) => found.take(batch, mode, &masker),
            Message::File { records, name } => {
                found.files += 1;
                found.records += records;
                if !found.formats.contains(&name) {
                    found.formats.push(name);
                }
            }
            Message::Failed(reason) => return Err(Failure::failed(reason)),
        }
    }
    reading
        .await
        .map_err(|error| Failure::failed(error.to_string()))?;
    progress.finish_and_clear();
    found.conversations = found.seen.len();
    print(common, &found)?;
    Ok(if found.rejected > 0 { REJECTED } else { 0 })
}

fn print(common: &Common, found: &DryRun) -> Result<(), Failure> {
    if common.output == OutputFormat::Json {
        return output::json(found);
    }
    let columns = ["time", "conversation", "event", "fields"].map(Column::text);
    let rows: Vec<Vec<String>> = found.first_events.iter().map(row).collect();
    output::rows(common, &columns, &rows)?;
    output::line("")?;
    let columns = [Column::text("event type"), Column::number("events")];
    let counts = found.event_types.iter();
    let rows: Vec<Vec<String>> = counts
        .map(|(kind, count)| vec![kind.clone(), number(*count)])
        .collect();
    output::rows(common, &columns, &rows)?;
    output::line("")?;
    let pairs = [
        ("files", number(found.files as u64)),
        ("format", found.formats.join(", ")),
        ("records", number(found.records)),
        ("events", number(found.events)),
        ("conversations", number(found.conversations as u64)),
        ("rejected", number(found.rejected)),
    ];
    output::pairs(common, &pairs)?;
    print_examples(&found.examples);
    output::note(common, "a dry run: nothing was written");
    Ok(())
}

/// An event as the table shows it.
fn row(event: &Map<String, Value>) -> Vec<String> {
    let fields = Event::FIELDS
        .iter()
        .filter(|field| !IN_COLUMNS.contains(&field.name))
        .filter_map(|field| Some(format!("{}={}", field.name, short(event.get(field.name)?))));
    let fields = fields.collect::<Vec<_>>().join(" ");
    let column = |name: &str| event.get(name).map(short).unwrap_or_default();
    let time = column("time").replace(".000000Z", "Z");
    vec![
        time,
        column("conversation_id"),
        column("event_type"),
        fields,
    ]
}

fn short(value: &Value) -> String {
    let text = match value {
        Value::String(text) if text.contains(char::is_whitespace) => value.to_string(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(VALUE_LETTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
