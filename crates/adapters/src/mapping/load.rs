//! From the text of a mapping to the mapping. All mistakes are found in one go.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};
use upshot_core::Event;
use upshot_core::Record as _;

use super::condition::Condition;
use super::path::{MAXIMUM_LEVELS, Step, steps};
use super::problem::{Problems, Value, kind};
use super::rule::{Rule, Target, Words};
use super::unfound::Seen;
use super::{Block, Input, Mapping, MappingError};
use crate::fields::nearest;

/// The keys of a block that are no fields. A test sees to it that no field has such a name.
pub(super) const BLOCK_KEYS: &[&str] = &["name", "each", "when"];
const TOP_KEYS: &[&str] = &["name", "description", "input", "words", "defaults", "event"];
const INPUT_KEYS: &[&str] = &[
    "format",
    "records",
    "delimiter",
    "columns",
    "json_columns",
    "when",
];
const FORMATS: &[&str] = &["json_lines", "json", "csv"];
/// What every event must have.
const REQUIRED: &[&str] = &["event_type", "time", "conversation_id"];
/// The field that holds attributes.
const ATTRIBUTES: &str = "attributes";

/// Reads a mapping.
pub(super) fn load(text: &str) -> Result<Mapping, MappingError> {
    let mut problems = Problems::new(text);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        problems.add(
            at,
            format!("this is not TOML: {}", error.message()),
            "correct the line",
        );
    }
    // Where the file cannot be read, what is missing in it says nothing.
    if problems.any() {
        return Err(problems.into_error());
    }
    let mut loader = Loader {
        problems,
        words: BTreeMap::new(),
        rules: Vec::new(),
    };
    let mapping = loader.mapping(document.get_ref());
    match loader.problems.any() {
        true => Err(loader.problems.into_error()),
        false => Ok(mapping),
    }
}

pub(super) struct Loader<'t> {
    pub problems: Problems<'t>,
    /// The lookup tables that have a name.
    pub words: BTreeMap<String, Words>,
    rules: Vec<Rule>,
}

/// The rules of a block: for each field, or attribute, which one.
type Chosen = BTreeMap<String, usize>;

impl Loader<'_> {
    fn mapping(&mut self, document: &DeTable<'_>) -> Mapping {
        self.known_keys(document, TOP_KEYS, "a mapping");
        let name = match document.get("name") {
            Some(value) => self.name(value),
            None => {
                self.problems.add(
                    0,
                    "the mapping has no `name`",
                    "begin with `name = \"…\"`: it becomes the source of the events",
                );
                String::new()
            }
        };
        if let Some(value) = document.get("description") {
            self.text("description", value);
        }
        let input = self.input(document.get("input"));
        if let Some(tables) = document.get("words").and_then(|it| self.table("words", it)) {
            for (name, value) in tables {
                if let Some(words) = self.words_of(value) {
                    self.words.insert(name.get_ref().to_string(), words);
                }
            }
        }
        let mut defaults = Chosen::new();
        if let Some(table) = document
            .get("defaults")
            .and_then(|it| self.table("defaults", it))
        {
            self.fields(table, &[], &mut defaults);
        }
        let blocks = self.blocks(document.get("event"), &defaults);
        Mapping {
            name: name.into(),
            input,
            blocks,
            rules: std::mem::take(&mut self.rules),
            seen: Seen::default(),
        }
    }

    fn name(&mut self, value: &Value<'_>) -> String {
        let name = self.text("name", value).unwrap_or_default();
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
            let reason = "the `name` must be 1 to 64 letters, digits, `-`, `_` or `.`";
            let cure = "it becomes the source of the events, for example `helpdesk-export`";
            self.problems.add(value.span().start, reason, cure);
        }
        name
    }

    fn input(&mut self, value: Option<&Value<'_>>) -> Input {
        let mut input = Input::default();
        let Some(value) = value else {
            let cure = "write `[input]` and `format = \"json_lines\"`, `\"json\"` or `\"csv\"`";
            self.problems
                .add(0, "the mapping does not say what it reads", cure);
            return input;
        };
        let Some(table) = self.table("input", value) else {
            return input;
        };
        self.known_keys(table, INPUT_KEYS, "`[input]`");
        let format = table.get("format").map(|it| (it, self.text("format", it)));
        match format {
            Some((place, Some(format))) => {
                self.one_of("format", place, &format, FORMATS);
                input.format = format;
            }
            Some(_) => {}
            None => {
                let cure = "write `format = \"json_lines\"`, `\"json\"` or `\"csv\"`";
                self.problems
                    .add(value.span().start, "`[input]` has no `format`", cure);
            }
        }
        for (key, value) in table {
            self.input_key(key.get_ref(), value, &mut input);
        }
        input
    }

    fn input_key(&mut self, key: &str, value: &Value<'_>, input: &mut Input) {
        let at = value.span().start;
        let csv_only = matches!(key, "delimiter" | "columns" | "json_columns");
        if csv_only && input.format != "csv" {
            let reason = format!("`{key}` is of `format = \"csv\"` only");
            self.problems.add(at, reason, "leave it out");
        }
        match key {
            "records" => {
                input.records = self.text(key, value).map(Into::into);
                if input.format != "json" {
                    let reason = "`records` is of `format = \"json\"` only";
                    self.problems
                        .add(at, reason, "leave it out: each line or row is a record");
                }
            }
            "delimiter" => {
                let text = self.text(key, value).unwrap_or_default();
                match text.as_bytes() {
                    [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => {
                        input.delimiter = *byte;
                    }
                    _ => {
                        let cure = "write one sign, for example `\";\"` or `\"\\t\"`";
                        self.problems
                            .add(at, "the `delimiter` must be one ASCII sign", cure);
                    }
                }
            }
            "columns" => input.columns = self.texts(key, value),
            "json_columns" => input.json_columns = self.texts(key, value).unwrap_or_default(),
            "when" => input.when = self.condition(key, value),
            _ => {}
        }
    }

    fn blocks(&mut self, value: Option<&Value<'_>>, defaults: &Chosen) -> Vec<Block> {
        let cure = "write `[[event]]` and the event's fields below it";
        let Some(value) = value else {
            self.problems.add(0, "the mapping makes no event", cure);
            return Vec::new();
        };
        let DeValue::Array(tables) = value.get_ref() else {
            let reason = format!("`event` is {}, not a list of blocks", kind(value.get_ref()));
            self.problems.add(value.span().start, reason, cure);
            return Vec::new();
        };
        let mut blocks = Vec::new();
        for table in tables {
            if let Some(entries) = self.table("event", table) {
                let block = self.block(entries, table.span().start, defaults, blocks.last());
                blocks.push(block);
            }
        }
        blocks
    }

    fn block(
        &mut self,
        table: &DeTable<'_>,
        at: usize,
        defaults: &Chosen,
        before: Option<&Block>,
    ) -> Block {
        let name = table.get("name").and_then(|it| self.text("name", it));
        let each = table
            .get("each")
            .map(|it| self.each(it))
            .unwrap_or_default();
        let when = table.get("when").and_then(|it| self.condition("when", it));
        let mut chosen = defaults.clone();
        self.fields(table, BLOCK_KEYS, &mut chosen);
        let missing = REQUIRED.iter().filter(|it| !chosen.contains_key(**it));
        for field in missing.copied().collect::<Vec<_>>() {
            let reason = format!("the block gives its events no `{field}`");
            let cure = format!("set `{field}` here, or under `[defaults]` for all blocks");
            self.problems.add(at, reason, cure);
        }
        let group = match before {
            Some(block) if !each.is_empty() && block.each.first() == each.first() => block.group,
            Some(block) => block.group + 1,
            None => 0,
        };
        Block {
            name,
            line: self.problems.place(at).0,
            each,
            when,
            group,
            rules: chosen.into_values().collect(),
        }
    }

    /// The lists of a block: the steps up to each `[*]`, and those behind the last.
    fn each(&mut self, value: &Value<'_>) -> Vec<Vec<Step>> {
        let Some(text) = self.text("each", value) else {
            return Vec::new();
        };
        let (path, added) = match text.as_str() {
            text if text.starts_with('$') => (text[1..].to_owned(), -1_isize),
            text if text.starts_with('[') => (text.to_owned(), 0),
            text => (format!(".{text}"), 1),
        };
        let mut end = 0;
        let found = match steps(&path, &mut end) {
            Ok(_) if end < path.len() => Err((end, "this does not go on a path".to_owned())),
            Ok(found) => Ok(found),
            Err(problem) => Err((problem.at, problem.reason)),
        };
        let found = found.unwrap_or_else(|(at, reason)| {
            let at = at.saturating_add_signed(-added);
            let place = self.problems.within(value.span(), &text, at);
            let cure = "write for example `each = \"turns[*]\"` or `\"turns[*].actions[*]\"`";
            self.problems.add(
                place,
                format!("`each` is no path to a list: {reason}"),
                cure,
            );
            vec![Step::Every]
        });
        let lists = found.split(|it| *it == Step::Every).map(<[_]>::to_vec);
        let lists = lists.collect::<Vec<_>>();
        match lists.len() - 1 {
            0 => {
                let reason = "`each` names no list";
                let cure = format!("write `{text}[*]` for each element of `{text}`");
                self.problems.add(value.span().start, reason, cure);
            }
            levels if levels > MAXIMUM_LEVELS => {
                let reason = format!("`each` has {levels} nested lists");
                let cure = format!("{MAXIMUM_LEVELS} at most can be read");
                self.problems.add(value.span().start, reason, cure);
            }
            _ => {}
        }
        lists
    }

    /// Reads the fields of a block; they replace those that are there.
    fn fields(&mut self, table: &DeTable<'_>, others: &[&'static str], chosen: &mut Chosen) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if others.contains(&name) {
                continue;
            }
            if name == ATTRIBUTES {
                self.attributes(value, chosen);
                continue;
            }
            let Some(index) = Event::field(name) else {
                let known = Event::FIELDS.iter().map(|field| field.name);
                let near = nearest(name, known.chain(BLOCK_KEYS.iter().copied()));
                let near = near.map(|near| format!("; did you mean `{near}`?"));
                let reason = format!("no event has a field `{name}`{}", near.unwrap_or_default());
                let cure = "docs/formats/upshot.md lists the fields; what is your own goes under `attributes`";
                self.problems.add(key.span().start, reason, cure);
                continue;
            };
            self.choose(name.to_owned(), Target::Field(index), value, chosen);
        }
    }

    fn attributes(&mut self, value: &Value<'_>, chosen: &mut Chosen) {
        let Some(table) = self.table(ATTRIBUTES, value) else {
            return;
        };
        for (key, value) in table {
            let name: &str = key.get_ref();
            let target = Target::Attribute(name.into());
            self.choose(format!("{ATTRIBUTES}.{name}"), target, value, chosen);
        }
    }

    fn choose(&mut self, key: String, target: Target, value: &Value<'_>, chosen: &mut Chosen) {
        if let Some(rule) = self.rule(target, value) {
            chosen.insert(key, self.rules.len());
            self.rules.push(Rule {
                line: self.problems.place(value.span().start).0,
                text: written(value).into(),
                ..rule
            });
        } else {
            // The mistake is noted; that the field is missing is not another.
            chosen.insert(key, usize::MAX);
        }
    }

    /// A lookup table.
    pub fn words_of(&mut self, value: &Value<'_>) -> Option<Words> {
        let table = self.table("words", value)?;
        let mut words = BTreeMap::new();
        for (key, value) in table {
            if let Some(constant) = self.constant("words", value) {
                words.insert(key.get_ref().as_ref().into(), constant);
            }
        }
        Some(Arc::new(words))
    }

    pub fn condition(&mut self, key: &str, value: &Value<'_>) -> Option<Condition> {
        let text = self.text(key, value)?;
        match Condition::parse(&text) {
            Ok(condition) => Some(condition),
            Err(problem) => {
                let place = self.problems.within(value.span(), &text, problem.at);
                let reason = format!("`{key}` is no condition: {}", problem.reason);
                let cure = "write for example `@.action in (say, ask) and @.text is not null`";
                self.problems.add(place, reason, cure);
                None
            }
        }
    }

    pub fn known_keys(&mut self, table: &DeTable<'_>, known: &[&'static str], whose: &str) {
        for (key, _) in table {
            let name: &str = key.get_ref();
            if known.contains(&name) {
                continue;
            }
            let near = nearest(name, known.iter().copied());
            let near = near.map(|near| format!("; did you mean `{near}`?"));
            let reason = format!("{whose} has no key `{name}`{}", near.unwrap_or_default());
            let cure = format!("use one of {}", known.join(", "));
            self.problems.add(key.span().start, reason, cure);
        }
    }

    pub fn one_of(&mut self, key: &str, place: &Value<'_>, word: &str, known: &[&'static str]) {
        if known.contains(&word) {
            return;
        }
        let near = nearest(word, known.iter().copied());
        let near = near.map(|near| format!("; did you mean `{near}`?"));
        let reason = format!("`{key}` may not be `{word}`{}", near.unwrap_or_default());
        let cure = format!("use one of {}", known.join(", "));
        self.problems.add(place.span().start, reason, cure);
    }

    pub fn text(&mut self, key: &str, value: &Value<'_>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            other => {
                let reason = format!("`{key}` is {}, not a text", kind(other));
                self.problems
                    .add(value.span().start, reason, "write it in quotation marks");
                None
            }
        }
    }

    fn texts(&mut self, key: &str, value: &Value<'_>) -> Option<Vec<String>> {
        let DeValue::Array(list) = value.get_ref() else {
            let reason = format!("`{key}` is {}, not a list", kind(value.get_ref()));
            self.problems
                .add(value.span().start, reason, "write `[\"one\", \"two\"]`");
            return None;
        };
        list.iter().map(|value| self.text(key, value)).collect()
    }

    pub fn table<'v, 'i>(&mut self, key: &str, value: &'v Value<'i>) -> Option<&'v DeTable<'i>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(table),
            other => {
                let reason = format!("`{key}` is {}, not a table", kind(other));
                let cure = format!("write `[{key}]` and its keys below it, or `{key} = {{ … }}`");
                self.problems.add(value.span().start, reason, cure);
                None
            }
        }
    }
}

/// The paths of a field as the file has them.
fn written(value: &Value<'_>) -> String {
    match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Array(list) => {
            let each = list.iter().map(written);
            each.collect::<Vec<_>>().join("` or `")
        }
        DeValue::Table(table) => table.get("from").map(written).unwrap_or_default(),
        _ => String::new(),
    }
}
