//! From the JSON of one event to the event, in one pass.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use upshot_core::{Attributes, Event, FieldKind, FieldSource, Record};

use super::fields::{FieldRule, Fields, nearest};
use crate::instant;

/// Why an event could not be read.
#[derive(Debug)]
pub(super) struct Problem {
    pub field: Option<String>,
    pub reason: String,
    pub cure: String,
}

impl Problem {
    fn new(field: &str, reason: impl Into<String>, cure: impl Into<String>) -> Self {
        Self {
            field: Some(field.to_owned()),
            reason: reason.into(),
            cure: cure.into(),
        }
    }
}

/// Reads one event.
pub(super) fn event(json: &[u8]) -> Result<Event, Problem> {
    let fields = Fields::of_event();
    let mut row = Row {
        fields,
        slots: vec![Slot::Empty; fields.rules.len()],
        attributes: Attributes::new(),
        problem: None,
    };
    let mut reader = serde_json::Deserializer::from_slice(json);
    let read = row.deserialize(&mut reader).and_then(|()| reader.end());
    if let Err(error) = read {
        return Err(Problem {
            field: None,
            reason: format!("the record is no JSON object: {error}"),
            cure: "write one JSON object for each event".to_owned(),
        });
    }
    if let Some(problem) = row.problem {
        return Err(problem);
    }
    row.require("event_type", "say what happened, for example `message`")?;
    row.require("time", "say when it happened, as RFC 3339 with a zone")?;
    row.require(
        "conversation_id",
        "give all events of a conversation the same id",
    )?;
    Ok(Event::read(&row))
}

/// What was read of a field.
#[derive(Debug, Clone)]
enum Slot<'a> {
    Empty,
    Text(Cow<'a, str>),
    Integer(i64),
    Real(f64),
    Flag(bool),
}

struct Row<'a> {
    fields: &'static Fields,
    slots: Vec<Slot<'a>>,
    attributes: Attributes,
    problem: Option<Problem>,
}

impl<'a> Row<'a> {
    fn require(&self, name: &str, cure: &str) -> Result<(), Problem> {
        let slot = self.fields.find(name).and_then(|it| self.slots.get(it));
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

    /// Reads the value of the field of this name. The first problem is kept.
    fn field<A: MapAccess<'a>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let found = match self.fields.find(name) {
            None => {
                map.next_value::<IgnoredAny>()?;
                if self.problem.is_some() {
                    return Ok(());
                }
                Err(self.unknown(name))
            }
            Some(index) => {
                let rule = &self.fields.rules[index];
                if rule.kind == FieldKind::Map {
                    let values = map.next_value::<Given<'a>>()?;
                    self.attributes(rule.name, values)
                } else {
                    let value = if rule.list {
                        list(map.next_value::<&'a RawValue>()?)
                    } else {
                        map.next_value::<Given<'a>>()?
                    };
                    self.set(index, rule, value)
                }
            }
        };
        if let Err(problem) = found {
            self.problem.get_or_insert(problem);
        }
        Ok(())
    }

    fn unknown(&self, name: &str) -> Problem {
        let short = shorten(name);
        let reason = match self.fields.nearest(name) {
            Some(near) => format!("unknown field `{short}`; did you mean `{near}`?"),
            None => format!("unknown field `{short}`"),
        };
        let cure = "use the name of a field, or put what is your own under `attributes`";
        Problem::new(&short, reason, cure)
    }

    fn set(&mut self, index: usize, rule: &FieldRule, value: Given<'a>) -> Result<(), Problem> {
        let slot = convert(rule, value)?;
        if matches!(slot, Slot::Empty) {
            return Ok(());
        }
        if !matches!(self.slots[index], Slot::Empty) {
            let name = rule.name;
            let reason = format!("`{name}` is given twice");
            return Err(Problem::new(name, reason, "give each field once"));
        }
        self.slots[index] = slot;
        Ok(())
    }

    fn attributes(&mut self, field: &str, values: Given<'a>) -> Result<(), Problem> {
        let entries = match values {
            Given::Null => return Ok(()),
            Given::Object(entries) => entries,
            other => return Err(wrong(field, &other, "an object of names and values")),
        };
        for (name, value) in entries {
            let name: Box<str> = name.into();
            match value {
                Given::Null => continue,
                Given::Array | Given::Object(_) => {
                    let field = format!("{field}.{}", shorten(&name));
                    let reason = format!("`{field}` holds {}", value.kind());
                    let cure = "give each name one text, number or truth value";
                    return Err(Problem::new(&field, reason, cure));
                }
                Given::Text(text) => self.attributes.insert(name, text.into()),
                Given::Flag(flag) => self.attributes.insert(name, flag.to_string().into()),
                Given::Integer(it) => self.attributes.insert(name, it.to_string().into()),
                Given::Large(it) => self.attributes.insert(name, it.to_string().into()),
                Given::Real(it) => self.attributes.insert(name, it.to_string().into()),
            };
        }
        Ok(())
    }
}

/// What the field may hold, made of what was given.
fn convert<'a>(rule: &FieldRule, value: Given<'a>) -> Result<Slot<'a>, Problem> {
    let name = rule.name;
    Ok(match (rule.kind, value) {
        (_, Given::Null) => Slot::Empty,
        (FieldKind::Text, Given::Array) if rule.list => {
            let reason = format!("`{name}` holds an array that cannot be read");
            return Err(Problem::new(name, reason, "write a JSON array"));
        }
        (FieldKind::Key | FieldKind::Text | FieldKind::Label, Given::Text(text)) => {
            Slot::Text(text)
        }
        (FieldKind::Key | FieldKind::Text | FieldKind::Label, other) => {
            return Err(wrong(name, &other, "a text"));
        }
        (FieldKind::Word, Given::Text(text)) => word(rule, text)?,
        (FieldKind::Word, other) => return Err(wrong(name, &other, "a text")),
        (FieldKind::Instant | FieldKind::Time, value) => Slot::Integer(time(name, &value)?),
        (FieldKind::Count | FieldKind::Integer, Given::Integer(number)) => Slot::Integer(number),
        // Some writers know no whole numbers.
        (FieldKind::Count | FieldKind::Integer, Given::Real(number))
            if number.fract() == 0.0 && number.abs() < 9e15 =>
        {
            Slot::Integer(number as i64)
        }
        (FieldKind::Count | FieldKind::Integer, other) => {
            return Err(wrong(name, &other, "a whole number"));
        }
        (FieldKind::Real, Given::Integer(number)) => Slot::Real(number as f64),
        (FieldKind::Real, Given::Large(number)) => Slot::Real(number as f64),
        (FieldKind::Real, Given::Real(number)) => Slot::Real(number),
        (FieldKind::Real, other) => return Err(wrong(name, &other, "a number")),
        (FieldKind::Flag | FieldKind::Bool, Given::Flag(flag)) => Slot::Flag(flag),
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

fn time(name: &str, value: &Given<'_>) -> Result<i64, Problem> {
    let reason = match value {
        Given::Text(text) => match text.parse::<jiff::Timestamp>() {
            Ok(timestamp) => return Ok(timestamp.as_microsecond()),
            Err(_) if instant::parse_text(text).is_some() => {
                format!("`{name}` has no time zone: `{}`", shorten(text))
            }
            Err(_) => format!("`{name}` is no time: `{}`", shorten(text)),
        },
        Given::Integer(number) => match instant::from_integer(*number) {
            Some(time) => return Ok(time),
            None => format!("`{name}` lies before 1970: {number}"),
        },
        Given::Real(number) => match instant::from_real(*number) {
            Some(time) => return Ok(time),
            None => format!("`{name}` is no time: {number}"),
        },
        other => format!("`{name}` holds {}, not a time", other.kind()),
    };
    Err(Problem::new(name, reason, TIME_CURE))
}

fn wrong(name: &str, value: &Given<'_>, expected: &str) -> Problem {
    let reason = format!("`{name}` holds {}, not {expected}", value.kind());
    Problem::new(name, reason, format!("write {expected}"))
}

/// The text of a list: an array is written down without white space.
fn list(raw: &RawValue) -> Given<'_> {
    let text = raw.get();
    if text.starts_with('[') {
        return match serde_json::from_str::<serde_json::Value>(text) {
            Ok(array) => Given::Text(array.to_string().into()),
            Err(_) => Given::Array,
        };
    }
    serde_json::from_str(text).unwrap_or(Given::Array)
}

/// At most 80 characters, for reports.
fn shorten(text: &str) -> String {
    text.chars().take(80).collect()
}

/// A JSON value as far as events need it.
#[derive(Debug)]
enum Given<'a> {
    Null,
    Flag(bool),
    Integer(i64),
    Large(u64),
    Real(f64),
    Text(Cow<'a, str>),
    Array,
    Object(Vec<(Cow<'a, str>, Given<'a>)>),
}

impl Given<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Flag(_) => "a truth value",
            Self::Integer(_) | Self::Large(_) | Self::Real(_) => "a number",
            Self::Text(_) => "a text",
            Self::Array => "an array",
            Self::Object(_) => "an object",
        }
    }
}

impl<'de> Deserialize<'de> for Given<'de> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GivenVisitor)
    }
}

struct GivenVisitor;

impl<'de> Visitor<'de> for GivenVisitor {
    type Value = Given<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Given<'de>, E> {
        Ok(Given::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Given<'de>, E> {
        Ok(Given::Flag(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Given<'de>, E> {
        Ok(Given::Integer(value))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Given<'de>, E> {
        Ok(i64::try_from(value).map_or(Given::Large(value), Given::Integer))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Given<'de>, E> {
        Ok(Given::Real(value))
    }
    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Given<'de>, E> {
        Ok(Given::Text(Cow::Borrowed(value)))
    }
    fn visit_str<E>(self, value: &str) -> Result<Given<'de>, E> {
        Ok(Given::Text(Cow::Owned(value.to_owned())))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Given<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Given::Array)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            entries.push((name, map.next_value()?));
        }
        Ok(Given::Object(entries))
    }
}

/// A key, borrowed where it holds no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Name<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(value)))
            }
            fn visit_str<E>(self, value: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(value.to_owned())))
            }
        }
        deserializer.deserialize_str(NameVisitor)
    }
}

impl<'de> DeserializeSeed<'de> for &mut Row<'de> {
    type Value = ();
    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(RowVisitor(self))
    }
}

struct RowVisitor<'row, 'de>(&'row mut Row<'de>);

impl<'de> Visitor<'de> for RowVisitor<'_, 'de> {
    type Value = ();
    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            self.0.field(&name, &mut map)?;
        }
        Ok(())
    }
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
