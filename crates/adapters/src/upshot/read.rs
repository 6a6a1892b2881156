//! From the JSON of one event to the event, in one pass.

use std::fmt;

use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use upshot_core::{Event, FieldKind};

use crate::fields::{FieldRule, Fields};
use crate::json::{Json, Name};
use crate::row::{Problem, Row, Slot, convert, shorten, wrong};

/// Reads one event.
pub(super) fn event(json: &[u8]) -> Result<Event, Problem> {
    let mut reading = Reading {
        row: Row::new(),
        problem: None,
    };
    let mut reader = serde_json::Deserializer::from_slice(json);
    let read = reading.deserialize(&mut reader).and_then(|()| reader.end());
    if let Err(error) = read {
        return Err(Problem {
            field: None,
            reason: format!("the record is no JSON object: {error}"),
            cure: "write one JSON object for each event".to_owned(),
        });
    }
    match reading.problem {
        Some(problem) => Err(problem),
        None => reading.row.event(),
    }
}

struct Reading<'a> {
    row: Row<'a>,
    problem: Option<Problem>,
}

impl<'a> Reading<'a> {
    /// Reads the value of the field of this name. The first problem is kept.
    fn field<A: MapAccess<'a>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let found = match Fields::of_event().find(name) {
            None => {
                map.next_value::<IgnoredAny>()?;
                if self.problem.is_some() {
                    return Ok(());
                }
                Err(self.unknown(name))
            }
            Some(index) => {
                let rule = &Fields::of_event().rules[index];
                if rule.kind == FieldKind::Map {
                    let values = map.next_value::<Json<'a>>()?;
                    self.attributes(rule.name, values)
                } else {
                    let value = if rule.list {
                        list(map.next_value::<&'a RawValue>()?)
                    } else {
                        map.next_value::<Json<'a>>()?
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
        let reason = match Fields::of_event().nearest(name) {
            Some(near) => format!("unknown field `{short}`; did you mean `{near}`?"),
            None => format!("unknown field `{short}`"),
        };
        let cure = "use the name of a field, or put what is your own under `attributes`";
        Problem::new(&short, reason, cure)
    }

    fn set(&mut self, index: usize, rule: &FieldRule, value: Json<'a>) -> Result<(), Problem> {
        let slot = convert(rule, value)?;
        if matches!(slot, Slot::Empty) {
            return Ok(());
        }
        if !matches!(self.row.slots[index], Slot::Empty) {
            let name = rule.name;
            let reason = format!("`{name}` is given twice");
            return Err(Problem::new(name, reason, "give each field once"));
        }
        self.row.slots[index] = slot;
        Ok(())
    }

    fn attributes(&mut self, field: &str, values: Json<'a>) -> Result<(), Problem> {
        let entries = match values {
            Json::Null => return Ok(()),
            Json::Object(entries) => entries,
            other => return Err(wrong(field, &other, "an object of names and values")),
        };
        for (name, value) in entries {
            let name: Box<str> = name.into();
            match value {
                Json::Null => continue,
                Json::Array(_) | Json::Object(_) => {
                    let field = format!("{field}.{}", shorten(&name));
                    let reason = format!("`{field}` holds {}", value.kind());
                    let cure = "give each name one text, number or truth value";
                    return Err(Problem::new(&field, reason, cure));
                }
                Json::Text(text) => self.row.attributes.insert(name, text.into()),
                Json::Flag(flag) => self.row.attributes.insert(name, flag.to_string().into()),
                Json::Integer(it) => self.row.attributes.insert(name, it.to_string().into()),
                Json::Large(it) => self.row.attributes.insert(name, it.to_string().into()),
                Json::Real(it) => self.row.attributes.insert(name, it.to_string().into()),
            };
        }
        Ok(())
    }
}

/// The text of a list: an array is written down without white space.
fn list(raw: &RawValue) -> Json<'_> {
    let text = raw.get();
    if text.starts_with('[') {
        return match serde_json::from_str::<serde_json::Value>(text) {
            Ok(array) => Json::Text(array.to_string().into()),
            Err(_) => Json::Array(Vec::new()),
        };
    }
    serde_json::from_str(text).unwrap_or(Json::Array(Vec::new()))
}

impl<'de> DeserializeSeed<'de> for &mut Reading<'de> {
    type Value = ();
    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(RowVisitor(self))
    }
}

struct RowVisitor<'row, 'de>(&'row mut Reading<'de>);

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
