//! What was not taken in, and why.

use serde::Serialize;
use upshot_adapters::{Rejected, write_event};
use upshot_core::Event;

/// A record or event that was not taken in. The JSON shape is stable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejection {
    /// The file.
    pub file: String,
    /// Which record of the file, from 1.
    pub record: u64,
    /// In which line, from 1, where lines mean something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// At which byte the record begins.
    pub byte: u64,
    /// Which field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// What would help.
    pub cure: String,
    /// The record's own text, cut short. Only in the file of rejected records.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub raw: String,
}

impl Rejection {
    /// An event that the lake refused, for this reason.
    pub fn refused(event: &Event, reason: &str) -> Self {
        Self {
            file: event.source.as_deref().unwrap_or_default().to_owned(),
            record: event.source_sequence.unwrap_or_default().unsigned_abs(),
            line: None,
            byte: 0,
            field: None,
            reason: format!("event `{}`: {reason}", event.event_id),
            cure: "correct the event and import it again".to_owned(),
            raw: write_event(event),
        }
    }

    /// The same without the record's own text.
    #[must_use]
    pub fn without_text(self) -> Self {
        Self {
            raw: String::new(),
            ..self
        }
    }
}

impl From<Rejected> for Rejection {
    fn from(rejected: Rejected) -> Self {
        Self {
            file: rejected.file,
            record: rejected.position.record,
            line: rejected.position.line,
            byte: rejected.position.byte,
            field: rejected.field,
            reason: rejected.reason,
            cure: rejected.cure,
            raw: rejected.raw,
        }
    }
}
