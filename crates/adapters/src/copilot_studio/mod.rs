//! Conversation transcripts of Power Virtual Agents and Copilot Studio.
//!
//! A record is a row of the Dataverse table `conversationtranscripts` (JSON or CSV), or a bare
//! content: the activities of one conversation. [`row`] reads the columns, [`parts`] joins contents
//! that did not fit one row, and [`convert`] turns activities into events; [`marker`] lists the trace
//! and event kinds that are read. The page `docs/formats/copilot-studio.md` says what becomes of each.

mod activity;
mod background;
mod channel;
mod convert;
mod json;
mod knowledge;
mod marker;
mod message;
mod nodes;
mod options;
mod outcome;
mod parts;
mod plan;
mod problem;
mod row;
mod salvage;
mod topic;
mod understanding;

use serde_json::Value;

use self::activity::instant_of;
use self::convert::{Transcript, convert};
use self::parts::{Group, Part, Parts};
use self::problem::Problem;
use self::row::{Content, Row, activities_of};
use self::salvage::salvage;
use crate::output::{Adapter, Data, Output, Record};
use crate::report::{ImportOptions, Position, RAW_BYTES};

/// Reads Dataverse rows and bare contents. A bare array of activities arrives as one record.
#[derive(Debug)]
pub(crate) struct CopilotStudio {
    file_name: String,
    maximum_held_bytes: usize,
    parts: Parts,
    /// Activities that arrived one by one.
    loose: Vec<Value>,
    loose_position: Option<Position>,
}

impl CopilotStudio {
    pub(crate) fn new(options: &ImportOptions) -> Self {
        Self {
            file_name: options.file_name.clone(),
            maximum_held_bytes: options.maximum_record_bytes,
            parts: Parts::default(),
            loose: Vec::new(),
            loose_position: None,
        }
    }
}

impl Adapter for CopilotStudio {
    fn record(&mut self, record: &Record<'_>, out: &mut Output<'_>) {
        match record.data {
            Data::Csv { header, fields } => {
                self.row(record, Row::from_csv(header, fields), out);
            }
            Data::Json => match serde_json::from_slice(record.text) {
                Ok(value) => self.document(record, value, out),
                Err(error) => self.damaged(record, &error, out),
            },
        }
    }

    fn finish(&mut self, out: &mut Output<'_>) {
        for group in self.parts.drain() {
            self.group(group, out);
        }
        let activities = std::mem::take(&mut self.loose);
        if let Some(position) = self.loose_position.take() {
            self.bare(position, b"", activities, out);
        }
    }
}

impl CopilotStudio {
    /// A row, a content, an activity, or a list of any of these.
    fn document(&mut self, record: &Record<'_>, value: Value, out: &mut Output<'_>) {
        match value {
            Value::Array(elements) => {
                if elements.iter().any(is_activity) || elements.iter().all(|it| !it.is_object()) {
                    return self.bare(record.position, record.text, elements, out);
                }
                for element in elements {
                    self.document(record, element, out);
                }
            }
            object if json::field(&object, "content").is_some() => {
                self.row(record, Row::from_json(object), out);
            }
            object if json::field(&object, "activities").is_some() => match activities_of(object) {
                Ok(activities) => self.bare(record.position, record.text, activities, out),
                Err(problem) => report(record.position, record.text, problem, out),
            },
            activity if is_activity(&activity) => {
                self.loose.push(activity);
                self.loose_position.get_or_insert(record.position);
            }
            mut object => match object.get_mut("value").map(Value::take) {
                Some(Value::Array(rows)) => {
                    for row in rows {
                        self.document(record, row, out);
                    }
                }
                _ => self.row(record, Row::from_json(object), out),
            },
        }
    }

    /// What is whole of a damaged content goes in; a damaged row does not.
    fn damaged(&mut self, record: &Record<'_>, error: &serde_json::Error, out: &mut Output<'_>) {
        match salvage(record.text) {
            Some(salvaged) => {
                self.bare(record.position, record.text, salvaged.activities, out);
            }
            None => {
                let cure = match record.complete {
                    true => "correct the JSON, or leave the record out",
                    false => "the file ends too early: export or copy it again",
                };
                let reason = format!("the record is no JSON: {error}");
                out.reject(record.position, record.text, None, reason, cure);
            }
        }
    }

    /// Activities without a row around them.
    fn bare(
        &mut self,
        position: Position,
        text: &[u8],
        activities: Vec<Value>,
        out: &mut Output<'_>,
    ) {
        if activities.is_empty() {
            return;
        }
        let conversation_id = conversation_of(&activities)
            .or_else(|| file_stem(&self.file_name).map(str::to_owned))
            .unwrap_or_else(|| "copilot-studio".to_owned());
        let transcript = Transcript {
            conversation_id,
            activities,
            ..Transcript::default()
        };
        write(position, text, &transcript, out);
    }

    fn row(&mut self, record: &Record<'_>, mut row: Row, out: &mut Output<'_>) {
        let whole = match &row.content {
            Content::Missing => {
                let problem = Problem::of_row(
                    Some("content"),
                    "the row has no content",
                    "export the column `content` too",
                );
                return report(record.position, record.text, problem, out);
            }
            Content::Json(_) => None,
            Content::Text(text) => Some(serde_json::from_str::<Value>(text)),
        };
        let complete = !matches!(whole, Some(Err(_)));
        if row.batch().is_some() || !complete {
            let part = Part {
                position: record.position,
                row,
                raw: record.text[..record.text.len().min(RAW_BYTES)].to_vec(),
            };
            for group in self.parts.hold(part, self.maximum_held_bytes) {
                self.group(group, out);
            }
            return;
        }
        if let Some(Ok(value)) = whole {
            row.content = Content::Json(value);
        }
        self.parts.note_whole(&row);
        match activities_of(content_value(&mut row)) {
            Ok(activities) => {
                let transcript = self.transcript(&row, activities);
                write(record.position, record.text, &transcript, out);
            }
            Err(problem) => report(record.position, record.text, problem, out),
        }
    }

    fn group(&mut self, mut group: Group, out: &mut Output<'_>) {
        let first_is_in = self.parts.has_whole(&group);
        let joined = group.join(first_is_in);
        let Some(first) = group.parts.first() else {
            return;
        };
        match joined {
            Ok(joined) => {
                let transcript = self.transcript(&first.row, joined.activities);
                write(first.position, &first.raw, &transcript, out);
                if let Some(problem) = joined.problem {
                    report(first.position, &first.raw, problem, out);
                }
            }
            // Each row is listed, so that the rejected file holds all that did not go in.
            Err(problem) => {
                for part in &group.parts {
                    report(part.position, &part.raw, problem.clone(), out);
                }
            }
        }
    }

    fn transcript(&self, row: &Row, activities: Vec<Value>) -> Transcript {
        let name = row.parsed_name().unwrap_or_default();
        let named = (!name.conversation.is_empty()).then_some(name.conversation);
        let inside = || conversation_of(&activities);
        // A name that was cut may have lost a part of the conversation's id.
        let by_name = match name.cut {
            true => said_conversation(&activities).map(str::to_owned).or(named),
            false => named,
        };
        let conversation_id = row
            .conversation_id
            .clone()
            .or(by_name)
            .or_else(inside)
            .or_else(|| file_stem(&self.file_name).map(str::to_owned))
            .unwrap_or_else(|| "copilot-studio".to_owned());
        let metadata = &row.metadata;
        let start = row.start.clone().map(Value::String);
        Transcript {
            conversation_id,
            bot: metadata.bot_name.clone().or(name.bot_id),
            start: start.as_ref().and_then(instant_of),
            activities,
        }
    }
}

fn content_value(row: &mut Row) -> Value {
    match std::mem::take(&mut row.content) {
        Content::Json(value) => value,
        Content::Text(text) => Value::String(text),
        Content::Missing => Value::Null,
    }
}

fn is_activity(value: &Value) -> bool {
    value.is_object()
        && json::field(value, "content").is_none()
        && json::field(value, "activities").is_none()
        && ["type", "valueType", "replyToId", "channelId"]
            .iter()
            .any(|name| json::text(value, name).is_some())
}

/// The conversation's id, where an activity tells it.
fn said_conversation(activities: &[Value]) -> Option<&str> {
    activities.iter().find_map(|activity| {
        let said = json::path(activity, &["conversation", "id"])
            .or_else(|| json::path(activity, &["value", "conversationId"]))
            .or_else(|| json::path(activity, &["value", "va_ConversationId"]))
            .or_else(|| json::path(activity, &["value", "context", "va_ConversationId"]));
        said.and_then(json::as_text)
    })
}

/// A name for a conversation that no row names: what an activity says, else its first activity's
/// own id, which is the same in every export.
fn conversation_of(activities: &[Value]) -> Option<String> {
    let said = said_conversation(activities).map(str::to_owned);
    said.or_else(|| {
        let mut ids = activities.iter().filter_map(|it| json::text(it, "id"));
        ids.find(|id| id.len() >= 8).map(str::to_owned)
    })
}

fn file_stem(file_name: &str) -> Option<&str> {
    let name = file_name.rsplit(['/', '\\']).next()?;
    let stem = name.split('.').next()?;
    (!stem.is_empty() && stem != "-").then_some(stem)
}

fn write(position: Position, text: &[u8], transcript: &Transcript, out: &mut Output<'_>) {
    let converted = convert(transcript);
    for event in converted.events {
        out.event(event);
    }
    for problem in converted.problems {
        report(position, text, problem, out);
    }
}

fn report(position: Position, text: &[u8], problem: Problem, out: &mut Output<'_>) {
    let raw = problem.raw.as_ref().map_or(text, |raw| raw.as_bytes());
    let field = problem.field.as_deref();
    out.reject(position, raw, field, problem.reason, problem.cure);
}
