//! Rows of `conversationtranscripts`: their columns, whoever exported them, and their names.

use serde_json::Value;

use super::json;
use super::problem::Problem;

/// What a row holds, as far as it is used.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Row {
    /// `{conversation}_{bot}` with `_{batch}` for parts.
    pub(super) name: Option<String>,
    /// The conversation itself, where an export names it apart.
    pub(super) conversation_id: Option<String>,
    pub(super) start: Option<String>,
    pub(super) metadata: Metadata,
    pub(super) content: Content,
}

/// What the `metadata` column says.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Metadata {
    pub(super) bot_id: Option<String>,
    pub(super) bot_name: Option<String>,
    pub(super) batch: Option<i64>,
}

/// The activities as they are written.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) enum Content {
    #[default]
    Missing,
    /// JSON text, perhaps only a piece of it.
    Text(String),
    /// JSON itself.
    Json(Value),
}

/// What a row's name says.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) conversation: String,
    pub(super) bot_id: Option<String>,
    pub(super) batch: Option<i64>,
    /// Whether the name was cut, so that the conversation's id may be cut too.
    pub(super) cut: bool,
}

/// Dataverse keeps this many characters of a row's name.
const NAME_LENGTH: usize = 100;

impl Row {
    /// Reads a row of OData JSON.
    pub(super) fn from_json(row: Value) -> Self {
        let mut this = Self::default();
        if let Value::Object(columns) = row {
            for (column, value) in columns {
                this.set(&column, value);
            }
        }
        this
    }

    /// Reads a row of a CSV export.
    pub(super) fn from_csv(header: &[String], fields: &[String]) -> Self {
        let mut this = Self::default();
        for (column, field) in header.iter().zip(fields) {
            if !field.trim().is_empty() {
                this.set(column, Value::String(field.clone()));
            }
        }
        this
    }

    fn set(&mut self, column: &str, value: Value) {
        match json::plain(column).as_str() {
            "content" => {
                self.content = match value {
                    Value::Null => Content::Missing,
                    Value::String(text) if text.trim().is_empty() => Content::Missing,
                    Value::String(text) => Content::Text(text),
                    other => Content::Json(other),
                }
            }
            "name" => self.name = owned(&value),
            "conversationid" => self.conversation_id = owned(&value),
            "conversationstarttime" => self.start = owned(&value),
            "metadata" => self.metadata = Metadata::read(&value),
            _ => {}
        }
    }

    /// What the row's name says; nothing where there is no name.
    pub(super) fn parsed_name(&self) -> Option<Name> {
        let name = self.name.as_deref()?.trim();
        let by_metadata = self.metadata.bot_id.as_deref();
        let bot_id = by_metadata.or_else(|| trailing_guid(name));
        Some(bot_id.map_or_else(|| Name::without_bot(name), |bot| Name::split(name, bot)))
    }

    /// The number of the part, by metadata or by name.
    pub(super) fn batch(&self) -> Option<i64> {
        let by_name = || self.parsed_name().and_then(|name| name.batch);
        self.metadata.batch.or_else(by_name)
    }
}

fn owned(value: &Value) -> Option<String> {
    json::scalar(value).map(|text| text.trim().to_owned())
}

impl Metadata {
    fn read(value: &Value) -> Self {
        let value = json::decoded(value);
        Self {
            bot_id: json::text(&value, "BotId").map(str::to_owned),
            bot_name: json::text(&value, "BotName").map(str::to_owned),
            batch: json::integer(&value, "BatchId"),
        }
    }
}

impl Name {
    /// Splits from the right, for a conversation's id may hold any separator.
    fn split(name: &str, bot_id: &str) -> Self {
        let Some(at) = rfind_ignoring_case(name, &format!("_{bot_id}")) else {
            return Self::split_cut(name, bot_id);
        };
        let rest = &name[at + 1 + bot_id.len()..];
        let batch = rest.strip_prefix('_').map(str::parse);
        match (rest.is_empty(), batch) {
            (true, _) => Self::of(&name[..at], bot_id, None),
            (false, Some(Ok(batch))) => Self::of(&name[..at], bot_id, Some(batch)),
            (false, _) => Self::without_bot(name),
        }
    }

    /// A long conversation id leaves no room for the bot's: the name ends within it.
    fn split_cut(name: &str, bot_id: &str) -> Self {
        if name.chars().count() < NAME_LENGTH {
            return Self {
                bot_id: Some(bot_id.to_owned()),
                ..Self::without_bot(name)
            };
        }
        let suffix = format!("_{bot_id}");
        let kept = (1..suffix.len()).rev().find(|kept| {
            suffix.get(..*kept).is_some_and(|start| {
                let at = name.len().checked_sub(start.len());
                at.and_then(|at| name.get(at..))
                    .is_some_and(|end| end.eq_ignore_ascii_case(start))
            })
        });
        let end = name.len() - kept.unwrap_or_default();
        Self {
            cut: true,
            ..Self::of(&name[..end], bot_id, None)
        }
    }

    fn of(conversation: &str, bot_id: &str, batch: Option<i64>) -> Self {
        Self {
            conversation: conversation.to_owned(),
            bot_id: Some(bot_id.to_owned()),
            batch,
            cut: false,
        }
    }

    fn without_bot(name: &str) -> Self {
        Self {
            conversation: name.to_owned(),
            ..Self::default()
        }
    }
}

fn rfind_ignoring_case(text: &str, pattern: &str) -> Option<usize> {
    // Byte positions stay the same in ASCII lower case.
    text.to_ascii_lowercase()
        .rfind(&pattern.to_ascii_lowercase())
}

/// The bot's id at the end of a name without metadata: a GUID after `_`, perhaps before `_{batch}`.
fn trailing_guid(name: &str) -> Option<&str> {
    let without_batch = match name.rsplit_once('_') {
        Some((rest, batch)) if batch.len() < 10 && batch.bytes().all(|it| it.is_ascii_digit()) => {
            rest
        }
        _ => name,
    };
    let (_, last) = without_batch.rsplit_once('_')?;
    is_guid(last).then_some(last)
}

/// Whether the text is a GUID, with or without its dashes.
pub(super) fn is_guid(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_hexdigit).count();
    let dashes = text.bytes().filter(|it| *it == b'-').count();
    digits == 32 && digits + dashes == text.len() && matches!(dashes, 0 | 4)
}

/// Reads the JSON text of a content, or of several pieces of it.
pub(super) fn activities_of(content: Value) -> Result<Vec<Value>, Problem> {
    match content {
        Value::Array(activities) => Ok(activities),
        Value::Object(mut object) => {
            let key = object
                .keys()
                .find(|key| key.eq_ignore_ascii_case("activities"))
                .cloned();
            match key.and_then(|key| object.remove(&key)) {
                Some(Value::Array(activities)) => Ok(activities),
                Some(Value::String(text)) => match serde_json::from_str(&text) {
                    Ok(Value::Array(activities)) => Ok(activities),
                    _ => Err(no_activities()),
                },
                _ => Err(no_activities()),
            }
        }
        // Text within text: some tools encode twice.
        Value::String(text) => match serde_json::from_str::<Value>(&text) {
            Ok(inner @ (Value::Array(_) | Value::Object(_))) => activities_of(inner),
            _ => Err(no_activities()),
        },
        _ => Err(no_activities()),
    }
}

fn no_activities() -> Problem {
    Problem::of_row(
        Some("content"),
        "the content holds no list of activities",
        "expected {\"activities\": [...]} or [...], as JSON or as JSON text",
    )
}
