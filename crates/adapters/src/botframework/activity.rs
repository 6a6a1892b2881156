//! An activity, read leniently: what has the wrong type counts as missing.

use std::borrow::Cow;

use serde_json::Value;
use upshot_core::words::Role;

use crate::instant;

/// One activity.
#[derive(Debug, Clone, Copy)]
pub(super) struct Activity<'a>(pub &'a Value);

/// The nested value at the end of these keys.
pub(super) fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter()
        .try_fold(value, |value, key| value.get(key))
        .filter(|value| !value.is_null())
}

/// A text that is not empty.
pub(super) fn text_at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    let text = at(value, path)?.as_str()?;
    (!text.trim().is_empty()).then_some(text)
}

/// The elements of an array; none if there is none.
pub(super) fn array_at<'a>(value: &'a Value, path: &[&str]) -> &'a [Value] {
    at(value, path)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// An object, or the object that a text holds: some writers encode twice.
pub(super) fn decoded(value: &Value) -> Cow<'_, Value> {
    let text = value.as_str().unwrap_or_default().trim_start();
    if text.starts_with(['{', '['])
        && let Ok(inner) = serde_json::from_str(text)
    {
        return Cow::Owned(inner);
    }
    Cow::Borrowed(value)
}

impl<'a> Activity<'a> {
    pub fn text(self, key: &str) -> Option<&'a str> {
        text_at(self.0, &[key])
    }

    pub fn get(self, key: &str) -> Option<&'a Value> {
        at(self.0, &[key])
    }

    pub fn kind(self) -> &'a str {
        self.text("type").unwrap_or_default()
    }

    pub fn id(self) -> Option<&'a str> {
        self.text("id")
    }

    pub fn reply_to(self) -> Option<&'a str> {
        self.text("replyToId")
    }

    pub fn from(self) -> Account<'a> {
        Account(self.get("from"))
    }

    pub fn recipient(self) -> Account<'a> {
        Account(self.get("recipient"))
    }

    /// The conversation's id; the Emulator's ending is left out.
    pub fn conversation(self) -> Option<&'a str> {
        let id = text_at(self.0, &["conversation", "id"])?;
        let id = id.strip_suffix("|livechat").unwrap_or(id);
        let id = id.strip_suffix("|transcript").unwrap_or(id);
        Some(id).filter(|id| !id.is_empty())
    }

    pub fn value(self) -> Option<Cow<'a, Value>> {
        self.get("value").map(decoded)
    }

    pub fn channel_data(self, key: &str) -> Option<&'a Value> {
        self.get("channelData")
            .or_else(|| self.get("channeldata"))
            .and_then(Value::as_object)?
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(key))
            .map(|(_, value)| value)
            .filter(|value| !value.is_null())
    }

    /// The id that the client gave; an echo of the activity has it too.
    pub fn client_id(self) -> Option<&'a str> {
        let id = self.channel_data("clientActivityID")?.as_str()?;
        (!id.is_empty()).then_some(id)
    }

    pub fn time(self) -> Option<i64> {
        ["timestamp", "localTimestamp"]
            .into_iter()
            .filter_map(|key| self.get(key))
            .find_map(|value| match value {
                Value::String(text) => instant::parse_text(text),
                Value::Number(number) => match number.as_i64() {
                    Some(number) => instant::from_integer(number),
                    None => instant::from_real(number.as_f64()?),
                },
                _ => None,
            })
    }

    /// Whether the object is an activity at all, not a part of one.
    pub fn is_plausible(self) -> bool {
        const SIGNS: [&str; 9] = [
            "from",
            "recipient",
            "conversation",
            "channelId",
            "timestamp",
            "localTimestamp",
            "id",
            "replyToId",
            "valueType",
        ];
        !self.kind().is_empty() && SIGNS.iter().any(|key| self.get(key).is_some())
            || self.kind() == "message"
    }

    /// Its attachments; those that say the same twice only once.
    pub fn attachments(self) -> Vec<&'a Value> {
        let mut kept: Vec<&Value> = Vec::new();
        for attachment in array_at(self.0, &["attachments"]) {
            // Teams and live chat repeat the text as HTML.
            let repeats_text = text_at(attachment, &["contentType"]) == Some("text/html")
                && self.text("text").is_some();
            if !repeats_text && attachment.is_object() && !kept.contains(&attachment) {
                kept.push(attachment);
            }
        }
        kept
    }
}

/// Who sends or receives.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account<'a>(pub Option<&'a Value>);

impl<'a> Account<'a> {
    pub fn id(self) -> Option<&'a str> {
        text_at(self.0?, &["id"])
    }

    pub fn name(self) -> Option<&'a str> {
        text_at(self.0?, &["name"])
    }

    /// The role that the account itself states.
    pub fn role(self) -> Option<Role> {
        match at(self.0?, &["role"])? {
            Value::String(role) => match role.to_ascii_lowercase().as_str() {
                "user" => Some(Role::User),
                "bot" | "skill" => Some(Role::Bot),
                "agent" => Some(Role::Agent),
                _ => None,
            },
            Value::Number(number) => match number.as_i64() {
                Some(0) => Some(Role::Bot),
                Some(1) => Some(Role::User),
                _ => None,
            },
            _ => None,
        }
    }

    pub fn has_directory_id(self) -> bool {
        self.0
            .and_then(|account| text_at(account, &["aadObjectId"]))
            .is_some()
    }
}
