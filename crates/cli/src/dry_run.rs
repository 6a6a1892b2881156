//! `upshot import --dry-run`: what would go in, and nothing written.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};
use upshot_core::{Event, Record};
use upshot_import::{Account, Part, ReadAs, Rejection};
use upshot_lake::LakeError;
use upshot_text::{Masker, PrivacyMode, PrivacyModes};

use crate::arguments::{Common, OutputFormat};
use crate::client::Client;
use crate::failure::{Failure, REJECTED};
use crate::import::{EXAMPLES, print_examples, start_reading};
use crate::output::{self, Column, number};
use crate::session::{close, spinner, try_open};
use crate::sources::Source;
use crate::text_mode;

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
#[derive(Debug, Serialize)]
struct DryRun<'a> {
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
    formats: &'a [String],
    /// How many events there are of each type.
    event_types: &'a BTreeMap<String, u64>,
    /// The first events, as they would be stored.
    first_events: &'a [Map<String, Value>],
    /// The first rejections.
    examples: &'a [Rejection],
    /// Paths of the mapping that led nowhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

impl<'a> From<&'a Account> for DryRun<'a> {
    fn from(account: &'a Account) -> Self {
        Self {
            files: account.files,
            records: account.records,
            events: account.events,
            conversations: account.conversations(),
            rejected: account.rejected,
            formats: &account.formats,
            event_types: &account.event_types,
            first_events: &account.first_events,
            examples: &account.examples,
            warnings: Vec::new(),
        }
    }
}

/// The modes under which events are shown. Whoever looks need not hold the data directory: where another does, it is told
/// that its setting is not known.
pub async fn modes(
    common: &Common,
    client: Option<&Client>,
    asked: Option<PrivacyMode>,
) -> Result<PrivacyModes, Failure> {
    let fallback = asked.unwrap_or_default();
    if let Some(client) = client {
        let of_server = text_mode::of_server(client, common).await;
        return text_mode::of_import(of_server.unwrap_or(fallback.into()), asked);
    }
    if !common.data.join("upshot.json").exists() {
        return Ok(fallback.into());
    }
    let lake = match try_open(common).await {
        Ok(lake) => lake,
        Err(LakeError::InUse(_)) => {
            output::note(
                common,
                "another process holds the data directory; ask it with --server for what the workspace keeps of texts\n",
            );
            return Ok(fallback.into());
        }
        Err(error) => return Err(error.into()),
    };
    let set = text_mode::of_directory(common, fallback).await;
    close(common, &lake).await?;
    text_mode::of_import(set?, asked)
}

/// Reads the sources and says what would go in.
pub async fn run(
    common: &Common,
    sources: Vec<Source>,
    read_as: ReadAs,
    modes: PrivacyModes,
) -> Result<u8, Failure> {
    let progress = spinner(common, sources.iter().map(Source::bytes).sum());
    let mapping = read_as.mapping.clone();
    let (mut receiver, reading) = start_reading(sources, read_as, progress.clone());
    let masker = Masker::new(&[]);
    let mut found = Account::new(EXAMPLES);
    while let Some(message) = receiver.recv().await {
        match message {
            Part::Batch(batch) => {
                found.events(&batch.events, &modes, &masker);
                batch
                    .rejected
                    .into_iter()
                    .for_each(|rejected| found.reject(rejected.into()));
            }
            Part::File { records, name } => found.file(records, name),
            Part::Failed(reason) => return Err(Failure::failed(reason)),
        }
    }
    reading
        .await
        .map_err(|error| Failure::failed(error.to_string()))?;
    progress.finish_and_clear();
    let unfound = mapping.map(|mapping| mapping.unfound()).unwrap_or_default();
    let told = DryRun {
        warnings: unfound.iter().map(ToString::to_string).collect(),
        ..DryRun::from(&found)
    };
    print(common, &told)?;
    Ok(if found.rejected > 0 { REJECTED } else { 0 })
}

fn print(common: &Common, found: &DryRun<'_>) -> Result<(), Failure> {
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
    print_examples(found.examples);
    for warning in &found.warnings {
        output::line(&format!("warning: {warning}"))?;
    }
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
