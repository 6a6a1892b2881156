//! What could not be read, before it is known where the row stands in its file.

use serde_json::Value;

/// A part of a row that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// The part's place within the row, for example `content.activities[3].value.response`.
    pub(super) field: Option<String>,
    pub(super) reason: String,
    pub(super) cure: String,
    /// The part's own text; the whole record where there is none.
    pub(super) raw: Option<String>,
}

impl Problem {
    /// A problem of a whole row or of one of its columns.
    pub(super) fn of_row(
        field: Option<&str>,
        reason: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        Self {
            field: field.map(str::to_owned),
            reason: reason.into(),
            cure: cure.into(),
            raw: None,
        }
    }

    /// A problem of one activity; `within` is the path inside it, empty for the whole.
    pub(super) fn of_activity(
        number: usize,
        within: &str,
        reason: impl Into<String>,
        cure: impl Into<String>,
        activity: &Value,
    ) -> Self {
        let dot = if within.is_empty() { "" } else { "." };
        Self {
            field: Some(format!("content.activities[{number}]{dot}{within}")),
            reason: reason.into(),
            cure: cure.into(),
            raw: Some(activity.to_string()),
        }
    }
}
