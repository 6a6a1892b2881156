//! How the tests of Copilot Studio write contents and show events.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};
use upshot_adapters::{Batch, Format};
use upshot_core::{Event, Field, FieldSink, Record};

use crate::support::*;

/// The fields of an event that say something, by name.
pub fn said(event: &Event) -> BTreeMap<&'static str, String> {
    let mut pairs = Pairs::default();
    event.write(&mut pairs);
    pairs.0
}

#[derive(Default)]
struct Pairs(BTreeMap<&'static str, String>);

impl Pairs {
    fn add(&mut self, index: usize, value: Option<String>) {
        let field: &Field = &Event::FIELDS[index];
        if let Some(value) = value {
            self.0.insert(field.name, value);
        }
    }
}

impl FieldSink for Pairs {
    fn text(&mut self, index: usize, value: Option<&str>) {
        self.add(index, value.map(str::to_owned));
    }
    fn integer(&mut self, index: usize, value: Option<i64>) {
        self.add(index, value.map(|it| it.to_string()));
    }
    fn real(&mut self, index: usize, value: Option<f64>) {
        self.add(index, value.map(|it| it.to_string()));
    }
    fn flag(&mut self, index: usize, value: Option<bool>) {
        self.add(index, value.map(|it| it.to_string()));
    }
    fn map(&mut self, index: usize, value: &upshot_core::Attributes) {
        self.add(index, (!value.is_empty()).then(|| format!("{value:?}")));
    }
}

/// Fields that are the same throughout most conversations: shown once.
const CONTEXT: [&str; 8] = [
    "conversation_id",
    "bot",
    "environment",
    "channel",
    "locale",
    "user_id",
    "unlinkable",
    "authenticated",
];
const HIDDEN: [&str; 6] = [
    "event_id",
    "event_type",
    "time",
    "received_time",
    "source",
    "source_sequence",
];

/// A batch as people read it: conversations with what holds throughout, then their events with the
/// seconds since the first and what else is said. Ids are shortened to their last four letters.
pub fn compact(batch: &Batch) -> String {
    let mut text = String::new();
    let mut header = BTreeMap::new();
    let mut start = 0;
    for event in &batch.events {
        let fields = said(event);
        let context: BTreeMap<_, _> = CONTEXT
            .iter()
            .filter_map(|name| Some((*name, fields.get(name)?.clone())))
            .collect();
        if header.get("conversation_id") != context.get("conversation_id") {
            header = context;
            start = event.time;
            writeln!(text, "{}", line(header.iter())).unwrap();
        }
        let rest = fields
            .iter()
            .filter(|(name, value)| !HIDDEN.contains(name) && header.get(*name) != Some(value));
        let seconds = (event.time - start) as f64 / 1e6;
        let kind = &fields["event_type"];
        writeln!(text, "  {seconds:>6} {kind:<18} {}", line(rest)).unwrap();
    }
    for rejected in &batch.rejected {
        let record = rejected.position.record;
        let field = rejected.field.as_deref().unwrap_or("-");
        let (reason, cure) = (&rejected.reason, &rejected.cure);
        writeln!(text, "rejected {record} {field}: {reason} -> {cure}").unwrap();
    }
    text
}

fn line<'a>(fields: impl Iterator<Item = (&'a &'static str, &'a String)>) -> String {
    let shown = fields.map(|(name, value)| format!("{name}={}", shortened(value)));
    shown.collect::<Vec<_>>().join(" ")
}

fn shortened(value: &str) -> String {
    let id = value.len() >= 36 && value.bytes().all(|it| it.is_ascii_hexdigit() || it == b'-');
    match id {
        true => format!("…{}", &value[value.len() - 4..]),
        false if value.contains([' ', '"']) => format!("{value:?}"),
        false => value.to_owned(),
    }
}

/// A content of these activities, in a row of a conversation `c1`.
pub fn row_of(activities: &[Value]) -> Value {
    json!({
        "name": format!("c1_{BOT_ID}"),
        "conversationstarttime": "2026-01-01T10:00:00Z",
        "metadata": json!({ "BotId": BOT_ID, "BotName": "bot" }).to_string(),
        "content": json!({ "activities": activities }).to_string(),
    })
}

pub const BOT_ID: &str = "0f9e8d7c-6b5a-4321-8fed-cba987654321";

/// Reads activities as the content of one row.
pub fn read_activities(activities: &[Value]) -> Batch {
    read_rows(&[row_of(activities)])
}

/// Reads rows as an answer of OData holds them.
pub fn read_rows(rows: &[Value]) -> Batch {
    let text = json!({ "value": rows }).to_string();
    read_as(Format::CopilotStudio, text.as_bytes()).0
}

pub fn user(seconds: i64, text: &str) -> Value {
    json!({ "type": "message", "timestamp": 1_767_261_600 + seconds,
        "from": { "id": "u1", "role": 1 }, "text": text })
}

pub fn bot(seconds: i64, text: &str) -> Value {
    json!({ "type": "message", "timestamp": 1_767_261_600 + seconds,
        "from": { "id": "b1", "role": 0 }, "text": text })
}

pub fn trace(seconds: i64, value_type: &str, value: Value) -> Value {
    json!({ "type": "trace", "timestamp": 1_767_261_600 + seconds, "valueType": value_type,
        "from": { "id": "", "role": 0 }, "value": value })
}

pub fn node(seconds: i64, topic: &str, kind: &str, id: &str) -> Value {
    let action =
        json!({ "topicId": format!("bot.topic.{topic}"), "actionType": kind, "actionId": id });
    json!({ "type": "event", "timestamp": 1_767_261_600 + seconds, "name": "DialogTracing",
        "from": { "id": "b1", "role": 0 }, "value": { "actions": [action] } })
}

/// The given fields of all events of a kind, `-` where nothing is said.
pub fn values(batch: &Batch, event_type: &str, names: &[&str]) -> Vec<String> {
    let of_kind = batch
        .events
        .iter()
        .map(said)
        .filter(|it| it["event_type"] == event_type);
    let shown = |fields: BTreeMap<&str, String>| {
        let value = |name: &&str| fields.get(name).cloned().unwrap_or("-".to_owned());
        names.iter().map(value).collect::<Vec<_>>().join(" ")
    };
    of_kind.map(shown).collect()
}
