//! Facts as JSON: sessions, messages and steps.
//!
//! The keys are the names of the fields. Fields that hold nothing are left out; times are RFC 3339 in
//! UTC with microseconds; lengths of time are whole microseconds, as in events. The hashes by which
//! users are counted are 64-bit numbers, which not every reader of JSON can hold, and so are text.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use upshot_core::facts::{HASH_FIELDS, LIST_FIELDS, TOPIC_SEPARATOR};
use upshot_core::{
    Attributes, Event, Field, FieldKind, FieldSink, FieldSource, Message, Record, Session, Step,
};
use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The facts of a record as a JSON object.
pub fn facts_of<R: Record>(record: &R) -> Map<String, Value> {
    let mut sink = JsonSink {
        fields: R::FIELDS,
        object: Map::new(),
    };
    record.write(&mut sink);
    sink.object
}

struct JsonSink {
    fields: &'static [Field],
    object: Map<String, Value>,
}

impl JsonSink {
    fn set(&mut self, index: usize, value: Value) {
        self.object
            .insert(self.fields[index].name.to_owned(), value);
    }
}

impl FieldSink for JsonSink {
    fn text(&mut self, index: usize, value: Option<&str>) {
        let Some(text) = value else { return };
        let value = if LIST_FIELDS.contains(&self.fields[index].name) {
            text.split(TOPIC_SEPARATOR)
                .filter(|part| !part.is_empty())
                .map(Value::from)
                .collect()
        } else {
            Value::from(text)
        };
        self.set(index, value);
    }

    fn integer(&mut self, index: usize, value: Option<i64>) {
        let Some(number) = value else { return };
        let field = &self.fields[index];
        let value = match field.kind {
            FieldKind::Instant | FieldKind::Time => Value::from(instant(number)),
            _ if HASH_FIELDS.contains(&field.name) => Value::from(number.to_string()),
            _ => Value::from(number),
        };
        self.set(index, value);
    }

    fn real(&mut self, index: usize, value: Option<f64>) {
        if let Some(number) = value.filter(|number| number.is_finite()) {
            self.set(index, Value::from(number));
        }
    }

    fn flag(&mut self, index: usize, value: Option<bool>) {
        if let Some(flag) = value {
            self.set(index, Value::from(flag));
        }
    }

    fn map(&mut self, index: usize, value: &Attributes) {
        if !value.is_empty() {
            let object: Map<String, Value> = value
                .iter()
                .map(|(name, text)| (name.to_string(), Value::from(text.as_ref())))
                .collect();
            self.set(index, Value::Object(object));
        }
    }
}

/// A time as answers have it.
pub(crate) fn instant(time: i64) -> String {
    Timestamp::from_microsecond(time)
        .map_or_else(|_| time.to_string(), |timestamp| format!("{timestamp:.6}"))
}

/// A record as the interface shows it.
#[derive(Debug, Clone)]
pub(crate) struct Facts<R>(pub R);

impl<R: Record> Serialize for Facts<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        facts_of(&self.0).serialize(serializer)
    }
}

impl<'de, R: Record> Deserialize<'de> for Facts<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = Map::<String, Value>::deserialize(deserializer)?;
        Ok(Self(R::read(&JsonSource::of(R::FIELDS, object))))
    }
}

/// The facts that an answer shows, by the positions of their fields. What is of another shape is as if it were not
/// there: an answer of a newer server may hold more.
struct JsonSource {
    values: Vec<Option<Value>>,
}

impl JsonSource {
    fn of(fields: &[Field], mut object: Map<String, Value>) -> Self {
        let value = |field: &Field| match object.remove(field.name)? {
            Value::Array(list) => {
                let parts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
                Some(Value::from(parts.join(&TOPIC_SEPARATOR.to_string())))
            }
            value => Some(value),
        };
        Self {
            values: fields.iter().map(value).collect(),
        }
    }

    fn value(&self, index: usize) -> Option<&Value> {
        self.values.get(index)?.as_ref()
    }
}

impl FieldSource for JsonSource {
    fn text(&self, index: usize) -> Option<&str> {
        self.value(index)?.as_str()
    }

    fn integer(&self, index: usize) -> Option<i64> {
        let value = self.value(index)?;
        let time = |text: &str| text.parse().ok().map(Timestamp::as_microsecond);
        // A hash is written as text.
        let written = |text: &str| text.parse().ok().or_else(|| time(text));
        value.as_i64().or_else(|| written(value.as_str()?))
    }

    fn real(&self, index: usize) -> Option<f64> {
        self.value(index)?.as_f64()
    }

    fn flag(&self, index: usize) -> Option<bool> {
        self.value(index)?.as_bool()
    }

    fn map(&self, index: usize) -> Attributes {
        let members = self.value(index).and_then(Value::as_object);
        let members = members.into_iter().flatten();
        members
            .filter_map(|(name, value)| Some((name.as_str().into(), value.as_str()?.into())))
            .collect()
    }
}

// Names without parameters: the description would take a parameter for a schema of its own.
pub(crate) type EventFacts = Facts<Event>;
pub(crate) type SessionFacts = Facts<Session>;
pub(crate) type MessageFacts = Facts<Message>;
pub(crate) type StepFacts = Facts<Step>;

/// Records that the interface shows: how their schemas are named.
pub(crate) trait Shown: Record {
    const NAME: &'static str;
    const DOCUMENTATION: &'static str;
}

impl Shown for Event {
    const NAME: &'static str = "Event";
    const DOCUMENTATION: &'static str =
        "Something that happened in a conversation. Fields that hold nothing are left out.";
}

impl Shown for Session {
    const NAME: &'static str = "Session";
    const DOCUMENTATION: &'static str = "The facts of a session. Fields that hold nothing are left \
        out; lengths of time are microseconds.";
}

impl Shown for Message {
    const NAME: &'static str = "Message";
    const DOCUMENTATION: &'static str = "One utterance, as the fold understood it.";
}

impl Shown for Step {
    const NAME: &'static str = "Step";
    const DOCUMENTATION: &'static str =
        "A topic visit, an option, a question, a stage of a handover or a call.";
}

impl<R: Shown> PartialSchema for Facts<R> {
    fn schema() -> RefOr<Schema> {
        let mut object = ObjectBuilder::new().description(Some(R::DOCUMENTATION));
        for field in R::FIELDS {
            object = object.property(field.name, field_schema(field));
            if !field.kind.nullable() {
                object = object.required(field.name);
            }
        }
        object.into()
    }
}

impl<R: Shown> ToSchema for Facts<R> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed(R::NAME)
    }
}

fn field_schema(field: &Field) -> RefOr<Schema> {
    let of = |kind: Type| {
        ObjectBuilder::new()
            .schema_type(kind)
            .description(Some(field.documentation))
    };
    if LIST_FIELDS.contains(&field.name) {
        return ArrayBuilder::new()
            .items(ObjectBuilder::new().schema_type(Type::String))
            .description(Some(field.documentation))
            .into();
    }
    if HASH_FIELDS.contains(&field.name) {
        return of(Type::String).into();
    }
    match field.kind {
        FieldKind::Key | FieldKind::Text | FieldKind::Label => of(Type::String).into(),
        FieldKind::Word => of(Type::String)
            .enum_values(field.words.map(|words| words()))
            .into(),
        FieldKind::Instant | FieldKind::Time => of(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .into(),
        FieldKind::Count | FieldKind::Integer => of(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .into(),
        FieldKind::Real => of(Type::Number)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)))
            .into(),
        FieldKind::Flag | FieldKind::Bool => of(Type::Boolean).into(),
        FieldKind::Map => of(Type::Object)
            .additional_properties(Some(ObjectBuilder::new().schema_type(Type::String)))
            .into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_session_shows_what_it_holds() {
        let mut session = Session {
            session_id: "s1".into(),
            start_time: 1_767_225_600_000_001,
            duration: 2_500_000,
            topics: Some("orders\u{1f}billing".into()),
            user_key: Some(i64::MIN),
            engaged_time: Some(1_767_225_600_000_000),
            csat_score: Some(4.0),
            model_cost: Some(f64::NAN),
            ..Session::default()
        };
        session.attributes.insert("plan".into(), "gold".into());
        let shown = facts_of(&session);
        assert_eq!(shown["start_time"], json!("2026-01-01T00:00:00.000001Z"));
        assert_eq!(shown["engaged_time"], json!("2026-01-01T00:00:00.000000Z"));
        assert_eq!(shown["duration"], json!(2_500_000));
        assert_eq!(shown["topics"], json!(["orders", "billing"]));
        assert_eq!(shown["user_key"], json!("-9223372036854775808"));
        assert_eq!(shown["csat_score"], json!(4.0));
        assert_eq!(shown["attributes"], json!({ "plan": "gold" }));
        assert_eq!(shown["open"], json!(false));
        for absent in ["outcome", "model_cost", "channel", "resolved_time"] {
            assert_eq!(shown.get(absent), None, "{absent}");
        }
        // What is shown can be read again.
        let read: Facts<Session> = serde_json::from_value(Value::Object(shown)).unwrap();
        let finite = Session {
            model_cost: None,
            ..session
        };
        assert_eq!(read.0, finite);
    }
}
