//! One activity of a transcript, with what is read from it in any spelling.

use std::borrow::Cow;

use serde_json::Value;
use upshot_core::words::Role;

use super::json;
use super::marker::Marker;
use crate::instant;

/// What the activity is, by its `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Message,
    Trace,
    Event,
    Invoke,
    Handoff,
    EndOfConversation,
    ConversationUpdate,
    Reaction,
    Other,
}

/// An activity with its place in the array and its time.
#[derive(Debug)]
pub(super) struct Activity<'a> {
    /// The position in the array, from 1.
    pub(super) number: usize,
    pub(super) object: &'a Value,
    pub(super) kind: Kind,
    pub(super) marker: Option<Marker>,
    /// UTC microseconds.
    pub(super) time: i64,
    /// `value`, decoded where it is JSON text; null where there is none.
    pub(super) value: Cow<'a, Value>,
    /// `channelData`, decoded where it is JSON text; null where there is none.
    pub(super) channel_data: Cow<'a, Value>,
    /// Who speaks, where the activity says so by itself.
    pub(super) said_role: Option<Role>,
}

/// What an activity says of its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    At(i64),
    Missing,
    Unreadable,
}

impl<'a> Activity<'a> {
    pub(super) fn new(number: usize, object: &'a Value, time: i64) -> Self {
        let kind = kind_of(object);
        Self {
            number,
            object,
            kind,
            marker: marker_of(object, kind),
            time,
            value: decoded(object, "value"),
            channel_data: decoded(object, "channelData"),
            said_role: said_role(object),
        }
    }

    /// An id that tells the activity from others: session traces carry `"0"`, some traces none.
    pub(super) fn id(&self) -> Option<&'a str> {
        json::text(self.object, "id").filter(|id| id.len() >= 8)
    }

    pub(super) fn text(&self) -> Option<&'a str> {
        json::text(self.object, "text")
    }

    pub(super) fn reply_to(&self) -> Option<&'a str> {
        json::text(self.object, "replyToId")
    }

    pub(super) fn channel_id(&self) -> Option<&'a str> {
        json::text(self.object, "channelId")
    }

    pub(super) fn name(&self) -> Option<&'a str> {
        json::text(self.object, "name")
    }

    /// The id of who sent it: the directory's where it is given, for it is the same everywhere.
    pub(super) fn sender(&self) -> Option<&'a str> {
        let from = json::field(self.object, "from")?;
        json::text(from, "aadObjectId").or_else(|| json::text(from, "id"))
    }

    /// The channel's and the directory's id of who sent it, where both are given.
    pub(super) fn both_ids(&self) -> Option<(&'a str, &'a str)> {
        let from = json::field(self.object, "from")?;
        json::text(from, "id").zip(json::text(from, "aadObjectId"))
    }

    /// Whether an event of another system, not a person, is behind an incoming activity.
    pub(super) fn is_trigger(&self) -> bool {
        let autonomous = self
            .channel_id()
            .is_some_and(|id| super::channel::label(id) == super::channel::AUTONOMOUS);
        autonomous || json::field(&self.channel_data, "triggerTest").is_some()
    }

    /// Files and cards, without the copies of the text that some channels attach.
    pub(super) fn attachments(&self) -> impl Iterator<Item = &'a Value> + use<'a> {
        json::elements(self.object, "attachments")
            .iter()
            .filter(|it| json::text(it, "contentType") != Some("text/html"))
    }
}

fn decoded<'a>(object: &'a Value, name: &str) -> Cow<'a, Value> {
    json::field(object, name).map_or(Cow::Owned(Value::Null), json::decoded)
}

fn kind_of(object: &Value) -> Kind {
    let Some(name) = json::text(object, "type") else {
        return if json::text(object, "valueType").is_some() {
            Kind::Trace
        } else if json::text(object, "text").is_some() {
            Kind::Message
        } else {
            Kind::Other
        };
    };
    match json::plain(name).as_str() {
        "message" => Kind::Message,
        "trace" => Kind::Trace,
        "event" => Kind::Event,
        "invoke" => Kind::Invoke,
        "handoff" => Kind::Handoff,
        "endofconversation" => Kind::EndOfConversation,
        "conversationupdate" => Kind::ConversationUpdate,
        "messagereaction" => Kind::Reaction,
        _ => Kind::Other,
    }
}

fn marker_of(object: &Value, kind: Kind) -> Option<Marker> {
    if !matches!(kind, Kind::Trace | Kind::Event | Kind::Invoke | Kind::Other) {
        return None;
    }
    Marker::find(
        ["valueType", "name", "label"]
            .into_iter()
            .filter_map(|key| json::text(object, key)),
    )
}

fn said_role(object: &Value) -> Option<Role> {
    let from = json::field(object, "from")?;
    if let Some(role) = json::field(from, "role").and_then(role_of) {
        return Some(role);
    }
    let recipient = json::field(object, "recipient")?;
    match role_of(json::field(recipient, "role")?)? {
        Role::Bot => Some(Role::User),
        Role::User => Some(Role::Bot),
        _ => None,
    }
}

fn role_of(role: &Value) -> Option<Role> {
    match json::plain(&json::scalar(role)?).as_str() {
        "0" | "bot" | "skill" => Some(Role::Bot),
        "1" | "user" => Some(Role::User),
        "agent" | "human" => Some(Role::Agent),
        "system" | "channel" => Some(Role::System),
        _ => None,
    }
}

/// The time of an activity: seconds or milliseconds since 1970, or ISO 8601, told apart by type and
/// size, under `timestamp`, `timestampMs` or `localTimestamp`.
pub(super) fn time_of(object: &Value) -> Time {
    let mut answer = Time::Missing;
    for name in ["timestampMs", "timestamp", "localTimestamp"] {
        let Some(found) = json::field(object, name) else {
            continue;
        };
        match instant_of(found) {
            Some(time) => return Time::At(time),
            None if found.as_str().is_some_and(str::is_empty) => {}
            None => answer = Time::Unreadable,
        }
    }
    answer
}

/// A time as the platform writes it, in UTC microseconds.
pub(super) fn instant_of(value: &Value) -> Option<i64> {
    let time = match value {
        Value::Number(number) => number
            .as_i64()
            .and_then(instant::from_integer)
            .or_else(|| instant::from_real(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim();
            match text.parse::<i64>() {
                Ok(number) => instant::from_integer(number),
                Err(_) => instant::parse_text(text),
            }
        }
        _ => None,
    };
    // Zero and below is what unset times are written as.
    time.filter(|time| *time > 0)
}
