//! Checks answers against the description of the interface: as much of JSON Schema as it uses, and
//! stricter in one thing: an object may hold nothing that is not described.

use std::collections::BTreeSet;

use serde_json::Value;

pub struct Description(Value);

/// An operation of the description.
pub struct Operation<'a> {
    pub method: String,
    pub path: &'a str,
    description: &'a Value,
}

impl Operation<'_> {
    /// Its name.
    pub fn id(&self) -> &str {
        self.description["operationId"].as_str().unwrap()
    }

    /// The media type and the schema of what it answers; nothing where that has no body.
    pub fn answer(&self) -> Option<(&str, &Value)> {
        let (kind, content) = self.good()?.iter().next()?;
        Some((kind.as_str(), &content["schema"]))
    }

    fn good(&self) -> Option<&serde_json::Map<String, Value>> {
        let responses = self.description["responses"].as_object()?;
        let good = responses
            .iter()
            .find(|(status, _)| status.starts_with('2'))?;
        good.1["content"].as_object()
    }

    /// The media type of the body that has the example; that of JSON where there is no body.
    pub fn media_type(&self) -> &str {
        let content = self.description["requestBody"]["content"].as_object();
        let kind = content.and_then(|content| content.keys().next());
        kind.map_or("application/json", String::as_str)
    }

    /// The example of the body with its schema; nothing where there is no body.
    #[track_caller]
    pub fn body(&self) -> Option<(Value, Value)> {
        let content = self.description["requestBody"]["content"].as_object()?;
        let first = content.values().next().unwrap();
        let example = first.get("example");
        let example = example.unwrap_or_else(|| panic!("{} has no example", self.path));
        Some((first["schema"].clone(), example.clone()))
    }

    /// The address that the examples of the parameters make; every part of the path must have one.
    #[track_caller]
    pub fn address(&self, described: &Description) -> String {
        let (mut path, mut query) = (self.path.to_owned(), Vec::new());
        for parameter in self.description["parameters"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let name = parameter["name"].as_str().unwrap();
            let Some(example) = parameter.get("example") else {
                assert_ne!(parameter["in"], "path", "{path}: {name} has no example");
                continue;
            };
            assert_eq!(
                described.faults(&parameter["schema"], example),
                [""; 0],
                "{path} {name}"
            );
            let values = example
                .as_array()
                .cloned()
                .unwrap_or_else(|| vec![example.clone()]);
            for value in values {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                match parameter["in"].as_str().unwrap() {
                    "path" => path = path.replace(&format!("{{{name}}}"), &text),
                    "query" => query.push(format!("{name}={}", text.replace(' ', "+"))),
                    other => panic!("{path}: {name} is in {other}"),
                }
            }
        }
        match query.is_empty() {
            true => path,
            false => format!("{path}?{}", query.join("&")),
        }
    }
}

impl Description {
    pub fn new() -> Self {
        Self(serde_json::from_str(&upshot_server::openapi::json().unwrap()).unwrap())
    }

    /// Checks an answer of this method and path.
    #[track_caller]
    pub fn check(&self, method: &str, path: &str, status: u16, answer: &Value) {
        let response = &self.0["paths"][path][method]["responses"][status.to_string()];
        let response = self.followed(response);
        let content = response["content"]
            .as_object()
            .unwrap_or_else(|| panic!("{method} {path} {status} is not described"));
        let schema = &content.values().next().unwrap()["schema"];
        let mut faults = Vec::new();
        self.validate(schema, answer, path, &mut faults);
        self.all_described(schema, answer, path, &mut faults);
        assert!(faults.is_empty(), "{faults:#?}\n{answer:#}");
    }

    /// Checks a value against a named schema.
    #[track_caller]
    pub fn check_named(&self, name: &str, value: &Value) {
        let schema = &self.0["components"]["schemas"][name];
        assert!(schema.is_object(), "{name}");
        let mut faults = Vec::new();
        self.validate(schema, value, name, &mut faults);
        assert!(faults.is_empty(), "{faults:#?}\n{value:#}");
    }

    /// Every operation: those that make something before those that show and take away.
    pub fn operations(&self) -> Vec<Operation<'_>> {
        let mut operations = Vec::new();
        for (path, item) in self.0["paths"].as_object().unwrap() {
            for (method, description) in item.as_object().unwrap() {
                operations.push(Operation {
                    method: method.to_uppercase(),
                    path,
                    description,
                });
            }
        }
        operations.sort_by_key(|operation| {
            let turns = ["POST", "PUT", "GET", "DELETE"];
            let turn = turns.iter().position(|method| *method == operation.method);
            (operation.path != "/api/v1/events", turn, operation.path)
        });
        operations
    }

    /// What is wrong with a value, also where it has more than is described.
    pub fn strict_faults(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut faults = self.faults(schema, value);
        self.all_described(schema, value, "value", &mut faults);
        faults
    }

    pub fn faults(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.validate(schema, value, "value", &mut faults);
        faults
    }

    fn followed<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema.get("$ref").and_then(Value::as_str) {
            Some(reference) => self.0.pointer(reference.trim_start_matches('#')).unwrap(),
            None => schema,
        }
    }

    fn validate(&self, schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
        let schema = self.followed(schema);
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.validate(part, value, place, faults);
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(parts) = schema[choice].as_array()
                && !parts.iter().any(|part| self.faults(part, value).is_empty())
            {
                faults.push(format!("{place}: fits none of {choice}: {value}"));
            }
        }
        if let Some(words) = schema["enum"].as_array()
            && !words.contains(value)
        {
            faults.push(format!("{place}: {value} is none of {words:?}"));
        }
        if !of_type(&schema["type"], value) {
            faults.push(format!(
                "{place}: {value} is not of type {}",
                schema["type"]
            ));
        }
        if schema["format"] == "date-time" && value.is_string() {
            let text = value.as_str().unwrap();
            if text.parse::<jiff::Timestamp>().is_err() {
                faults.push(format!("{place}: `{text}` is no time"));
            }
        }
        if let Some(minimum) = schema["minimum"].as_f64()
            && value.as_f64().is_some_and(|number| number < minimum)
        {
            faults.push(format!("{place}: {value} is below {minimum}"));
        }
        if let Value::Array(items) = value {
            for (index, item) in items.iter().enumerate() {
                if schema["items"].is_object() {
                    self.validate(&schema["items"], item, &format!("{place}[{index}]"), faults);
                }
            }
        }
        if let Value::Object(members) = value {
            self.validate_members(schema, members, place, faults);
        }
    }

    fn validate_members(
        &self,
        schema: &Value,
        members: &serde_json::Map<String, Value>,
        place: &str,
        faults: &mut Vec<String>,
    ) {
        for name in schema["required"].as_array().into_iter().flatten() {
            if !members.contains_key(name.as_str().unwrap()) {
                faults.push(format!("{place}: {name} is missing"));
            }
        }
        for (name, member) in members {
            let place = format!("{place}.{name}");
            match schema["properties"].get(name) {
                Some(property) => self.validate(property, member, &place, faults),
                None if schema["additionalProperties"] == false => {
                    faults.push(format!("{place} is not allowed"));
                }
                None if schema["additionalProperties"].is_object() => {
                    self.validate(&schema["additionalProperties"], member, &place, faults);
                }
                None => {}
            }
        }
    }

    fn all_described(&self, schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
        match value {
            Value::Array(items) => {
                let schema = self.followed(schema);
                for item in items {
                    self.all_described(&schema["items"], item, place, faults);
                }
            }
            Value::Object(members) => {
                let mut known = BTreeSet::new();
                let mut parts = Vec::new();
                let open = self.collect(schema, &mut known, &mut parts);
                for (name, member) in members {
                    let place = format!("{place}.{name}");
                    if !known.contains(name) && !open {
                        faults.push(format!("{place} is not described"));
                    }
                    for part in &parts {
                        if let Some(property) = part["properties"].get(name) {
                            self.all_described(property, member, &place, faults);
                        }
                        if part["additionalProperties"].is_object() {
                            self.all_described(
                                &part["additionalProperties"],
                                member,
                                &place,
                                faults,
                            );
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// The members that a schema names, in all its parts; whether it takes others too.
    fn collect<'a>(
        &'a self,
        schema: &'a Value,
        known: &mut BTreeSet<String>,
        parts: &mut Vec<&'a Value>,
    ) -> bool {
        let schema = self.followed(schema);
        parts.push(schema);
        known.extend(
            schema["properties"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, _)| name.clone()),
        );
        // The schema without any condition describes a document of somebody else's, whatever is in it.
        let anything = schema.as_object().is_some_and(serde_json::Map::is_empty);
        let mut open = anything || schema["additionalProperties"].is_object();
        for choice in ["allOf", "oneOf", "anyOf"] {
            for part in schema[choice].as_array().into_iter().flatten() {
                open |= self.collect(part, known, parts);
            }
        }
        open
    }
}

fn of_type(kind: &Value, value: &Value) -> bool {
    match kind {
        Value::Array(kinds) => kinds.iter().any(|kind| of_type(kind, value)),
        Value::String(kind) => match kind.as_str() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            other => panic!("unknown type {other}"),
        },
        _ => true,
    }
}
