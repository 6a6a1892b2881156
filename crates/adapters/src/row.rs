//! An event in the making: the values of its fields, each checked against what the field may hold.

use std::borrow::Cow;

use upshot_core::{Attributes, Event, FieldKind, FieldSource, Record};

use crate::fields::{FieldRule, Fields, nearest};
use crate::instant;
use crate::json::Json;

/// Why an event could not be read.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub field: Option<String>,
    pub reason: String,
    pub cure: String,
}

impl Problem {
    pub fn new(field: &str, reason: impl Into<String>, cure: impl Into<String>) -> Self {
        Self {
            field: Some(field.to_owned()),
            reason: reason.into(),
            cure: cure.into(),
        }
    }
}

/// What a field holds.
#[derive(Debug, Clone)]
pub(crate) enum Slot<'a> {
    Empty,
    Text(Cow<'a, str>),
    Integer(i64),
    Real(f64),
    Flag(bool),
}

/// The fields of an event, in the order of the record.
pub(crate) struct Row<'a> {
    pub slots: Vec<Slot<'a>>,
    pub attributes: Attributes,
}

impl Row<'_> {
    /// An event of which nothing is said yet.
    pub fn new() -> Self {
        Self {
            slots: vec![Slot::Empty; Fields::of_event().rules.len()],
            attributes: Attributes::new(),
        }
    }

    /// The event, if it has what every event must have.
    pub fn event(&self) -> Result<Event, Problem> {
        self.require("event_type", "say what happened, for example `message`")?;
        self.require("time", "say when it happened, as RFC 3339 with a zone")?;
        self.require(
            "conversation_id",
            "give all events of a conversation the same id",
        )?;
        Ok(Event::read(self))
    }

    fn require(&self, name: &str, cure: &str) -> Result<(), Problem> {
        let slot = Fields::of_event()
            .find(name)
            .and_then(|it| self.slots.get(it));
        match slot {
            Some(Slot::Text(text)) if text.is_empty() => {
                Err(Problem::new(name, format!("`{name}` is empty"), cure))
            }
            None | Some(Slot::Empty) => {
                Err(Problem::new(name, format!("`{name}` is missing"), cure))
            }
            Some(_) => Ok(()),
        }
    }
}

/// What the field may hold, made of what was given.
pub(crate) fn convert<'a>(rule: &FieldRule, value: Json<'a>) -> Result<Slot<'a>, Problem> {
    let name = rule.name;
    Ok(match (rule.kind, value) {
        (_, Json::Null) => Slot::Empty,
        (FieldKind::Text, Json::Array(_)) if rule.list => {
            let reason = format!("`{name}` holds an array that cannot be read");
            return Err(Problem::new(name, reason, "write a JSON array"));
        }
        (FieldKind::Key | FieldKind::Text | FieldKind::Label, Json::Text(text)) => Slot::Text(text),
        (FieldKind::Key | FieldKind::Text | FieldKind::Label, other) => {
            return Err(wrong(name, &other, "a text"));
        }
        (FieldKind::Word, Json::Text(text)) => word(rule, text)?,
        (FieldKind::Word, other) => return Err(wrong(name, &other, "a text")),
        (FieldKind::Instant | FieldKind::Time, value) => Slot::Integer(time(name, &value)?),
        (FieldKind::Count | FieldKind::Integer, Json::Integer(number)) => Slot::Integer(number),
        // Some writers know no whole numbers.
        (FieldKind::Count | FieldKind::Integer, Json::Real(number))
            if number.fract() == 0.0 && number.abs() < 9e15 =>
        {
            Slot::Integer(number as i64)
        }
        (FieldKind::Count | FieldKind::Integer, other) => {
            return Err(wrong(name, &other, "a whole number"));
        }
        (FieldKind::Real, Json::Integer(number)) => Slot::Real(number as f64),
        (FieldKind::Real, Json::Large(number)) => Slot::Real(number as f64),
        (FieldKind::Real, Json::Real(number)) => Slot::Real(number),
        (FieldKind::Real, other) => return Err(wrong(name, &other, "a number")),
        (FieldKind::Flag | FieldKind::Bool, Json::Flag(flag)) => Slot::Flag(flag),
        (FieldKind::Flag | FieldKind::Bool, other) => {
            return Err(wrong(name, &other, "`true` or `false`"));
        }
        (FieldKind::Map, _) => Slot::Empty,
    })
}

fn word<'a>(rule: &FieldRule, text: Cow<'a, str>) -> Result<Slot<'a>, Problem> {
    if rule.words.iter().any(|word| *word == text) {
        return Ok(Slot::Text(text));
    }
    let name = rule.name;
    let short = shorten(&text);
    let reason = match nearest(&text, rule.words.iter().copied()) {
        Some(near) => format!("`{name}` may not be `{short}`; did you mean `{near}`?"),
        None => format!("`{name}` may not be `{short}`"),
    };
    let cure = format!("use one of {}", rule.words.join(", "));
    Err(Problem::new(name, reason, cure))
}

const TIME_CURE: &str = "write RFC 3339 with a zone, such as 2026-01-31T09:30:00Z, or whole seconds, \
     milliseconds or microseconds since 1970";

/// A time, as UTC microseconds.
pub(crate) fn time(name: &str, value: &Json<'_>) -> Result<i64, Problem> {
    let reason = match value {
        Json::Text(text) => match text.parse::<jiff::Timestamp>() {
            Ok(timestamp) => return Ok(timestamp.as_microsecond()),
            Err(_) if instant::parse_text(text).is_some() => {
                format!("`{name}` has no time zone: `{}`", shorten(text))
            }
            Err(_) => format!("`{name}` is no time: `{}`", shorten(text)),
        },
        Json::Integer(number) => match instant::from_integer(*number) {
            Some(time) => return Ok(time),
            None => format!("`{name}` lies before 1970: {number}"),
        },
        Json::Real(number) => match instant::from_real(*number) {
            Some(time) => return Ok(time),
            None => format!("`{name}` is no time: {number}"),
        },
        other => format!("`{name}` holds {}, not a time", other.kind()),
    };
    Err(Problem::new(name, reason, TIME_CURE))
}

pub(crate) fn wrong(name: &str, value: &Json<'_>, expected: &str) -> Problem {
    let reason = format!("`{name}` holds {}, not {expected}", value.kind());
    Problem::new(name, reason, format!("write {expected}"))
}

/// At most 80 characters, for reports.
pub(crate) fn shorten(text: &str) -> String {
    text.chars().take(80).collect()
}

impl FieldSource for Row<'_> {
    fn text(&self, index: usize) -> Option<&str> {
        match &self.slots[index] {
            Slot::Text(text) => Some(text),
            _ => None,
        }
    }
    fn integer(&self, index: usize) -> Option<i64> {
        match self.slots[index] {
            Slot::Integer(number) => Some(number),
            _ => None,
        }
    }
    fn real(&self, index: usize) -> Option<f64> {
        match self.slots[index] {
            Slot::Real(number) => Some(number),
            _ => None,
        }
    }
    fn flag(&self, index: usize) -> Option<bool> {
        match self.slots[index] {
            Slot::Flag(flag) => Some(flag),
            _ => None,
        }
    }
    fn map(&self, _index: usize) -> Attributes {
        self.attributes.clone()
    }
}
