//! From what a mapping says of one field to the rule that makes its value.

use jiff::tz::TimeZone;
use regex::Regex;
use toml::de::{DeTable, DeValue};

use super::clock::{FORMS, TimeForm, length, names_zone};
use super::condition::last_line;
use super::load::Loader;
use super::path::{Path, looks_like_path};
use super::problem::{Value, kind};
use super::rule::{Origin, Otherwise, Part, Pick, Rule, Target, Unlisted};
use crate::json::Json;
use crate::row::convert;

const KEYS: &[&str] = &[
    "from",
    "constant",
    "start",
    "condition",
    "pick",
    "separator",
    "extract",
    "words",
    "unlisted",
    "otherwise",
    "time",
    "zone",
    "scale",
    "steps",
];
const PICKS: &[&str] = &[
    "first", "last", "least", "greatest", "sum", "count", "list", "join",
];
const UNLISTED: &[&str] = &["reject", "leave_out", "keep"];
const TIME_KEYS: &[&str] = &["time", "zone", "steps", "start"];
const PATH_CURE: &str = "write for example `@.text`, `$.id`, `^.speaker`, or `{ constant = \"…\" }` for a text with such signs";

impl Loader<'_> {
    /// The rule that a value stands for.
    pub(super) fn rule(&mut self, target: Target, value: &Value<'_>) -> Option<Rule> {
        if let DeValue::Table(table) = value.get_ref() {
            return self.full_rule(target, table, value);
        }
        let origin = self.origin(value)?;
        let mut rule = Rule::new(target, origin);
        self.check_constant(&rule, value);
        pick_lists(&mut rule);
        Some(rule)
    }

    fn full_rule(
        &mut self,
        target: Target,
        table: &DeTable<'_>,
        value: &Value<'_>,
    ) -> Option<Rule> {
        self.known_keys(table, KEYS, "a field");
        let origins = ["from", "constant", "start", "condition"];
        let given = origins
            .iter()
            .filter_map(|key| table.get(*key).map(|it| (*key, it)));
        let given = given.collect::<Vec<_>>();
        let [(key, place)] = given.as_slice() else {
            let reason = match given.is_empty() {
                true => "the field does not say where its value comes from",
                false => "the field says more than once where its value comes from",
            };
            let cure = "give one of `from`, `constant`, `condition`, or `start` for a time";
            self.problems.add(value.span().start, reason, cure);
            return None;
        };
        let origin = match *key {
            "from" => self.origin(place)?,
            "condition" => Origin::Condition(self.condition("condition", place)?),
            key => Origin::Constant(self.constant(key, place)?),
        };
        let mut rule = Rule::new(target, origin);
        if table.get("words").is_none() {
            self.check_constant(&rule, place);
        }
        if !rule.target.is_time() {
            for key in TIME_KEYS.iter().filter(|key| table.contains_key(**key)) {
                let reason = format!("`{key}` is of times only; `{}` is none", rule.target.name());
                self.problems
                    .add(value.span().start, reason, "leave it out");
            }
        }
        self.picks(&mut rule, table);
        self.lookups(&mut rule, table);
        self.times(&mut rule, table);
        self.numbers(&mut rule, table);
        pick_lists(&mut rule);
        Some(rule)
    }

    fn picks(&mut self, rule: &mut Rule, table: &DeTable<'_>) {
        let separator = table
            .get("separator")
            .and_then(|it| self.text("separator", it));
        if let Some((place, word)) = self.word(table, "pick", PICKS) {
            let several = matches!(&rule.origin, Origin::Paths(_));
            if !several {
                let cure = "give `from` a path";
                self.problems
                    .add(place, "`pick` chooses among the values of a path", cure);
            }
            rule.pick = match word.as_str() {
                "last" => Pick::Last,
                "least" => Pick::Least,
                "greatest" => Pick::Greatest,
                "sum" => Pick::Sum,
                "count" => Pick::Count,
                "list" => Pick::List,
                "join" => Pick::Join(separator.clone().unwrap_or_else(|| ", ".to_owned())),
                _ => Pick::First,
            };
        }
        if let (Some(value), false) = (table.get("separator"), matches!(rule.pick, Pick::Join(_))) {
            let cure = "say `pick = \"join\"` too";
            self.problems
                .add(value.span().start, "`separator` joins several values", cure);
        }
        let Some(value) = table.get("extract") else {
            return;
        };
        let pattern = self.text("extract", value).unwrap_or_default();
        match Regex::new(&pattern) {
            Ok(pattern) => rule.extract = Some(pattern),
            Err(error) => {
                let reason = format!("`extract` is no pattern: {}", last_line(&error));
                let cure = "write for example `extract = \"order-([0-9]+)\"`";
                self.problems.add(value.span().start, reason, cure);
            }
        }
    }

    fn lookups(&mut self, rule: &mut Rule, table: &DeTable<'_>) {
        if let Some(value) = table.get("words") {
            rule.words = match value.get_ref() {
                DeValue::String(name) => {
                    let words = self.words.get(name.as_ref()).cloned();
                    if words.is_none() {
                        let reason = format!("there are no words called `{name}`");
                        let cure = format!("write `[words.{name}]` and the words below it");
                        self.problems.add(value.span().start, reason, cure);
                    }
                    words
                }
                _ => self.words_of(value),
            };
            self.check_words(rule, value);
        }
        if let Some((_, word)) = self.word(table, "unlisted", UNLISTED) {
            rule.unlisted = match word.as_str() {
                "leave_out" => Unlisted::LeaveOut,
                "keep" => Unlisted::Keep,
                _ => Unlisted::Reject,
            };
        }
        let Some(value) = table.get("otherwise") else {
            return;
        };
        let previous = matches!(value.get_ref(), DeValue::String(text) if text == "previous");
        if previous && rule.target.is_time() {
            rule.otherwise = Otherwise::Previous;
        } else if let Some(constant) = self.constant("otherwise", value) {
            self.check_value(rule, &constant, value);
            rule.otherwise = Otherwise::Constant(constant);
        }
    }

    fn times(&mut self, rule: &mut Rule, table: &DeTable<'_>) {
        let zone = table.get("zone").and_then(|value| {
            let name = self.text("zone", value)?;
            let zone = TimeZone::get(&name).ok();
            if zone.is_none() {
                let reason = format!("`{name}` is no time zone");
                let cure = "write an IANA name, for example `Europe/Berlin` or `UTC`";
                self.problems.add(value.span().start, reason, cure);
            }
            zone
        });
        if let Some(value) = table.get("time") {
            let text = self.text("time", value).unwrap_or_default();
            let zoned = zone.is_some() || table.contains_key("zone");
            if text.contains('%') && !zoned && !names_zone(&text) {
                let reason = "the pattern reads no time zone";
                let cure = "add `%z` to it, or say `zone = \"UTC\"`";
                self.problems.add(value.span().start, reason, cure);
            }
            match TimeForm::parse(&text, zone) {
                Some(form) => rule.time = form,
                None => {
                    self.one_of("time", value, &text, FORMS);
                }
            }
        } else if let Some(value) = table.get("zone") {
            let cure = "say `time = \"iso\"` or a pattern too";
            self.problems.add(
                value.span().start,
                "`zone` says where a time without one is",
                cure,
            );
        }
        if let Some(value) = table.get("steps") {
            self.steps(rule, value);
        }
    }

    fn steps(&mut self, rule: &mut Rule, value: &Value<'_>) {
        let cure = "write `steps = [{ of = \"@index\", length = \"30s\" }]`";
        let DeValue::Array(list) = value.get_ref() else {
            let reason = format!("`steps` is {}, not a list", kind(value.get_ref()));
            self.problems.add(value.span().start, reason, cure);
            return;
        };
        for step in list {
            let Some(table) = self.table("steps", step) else {
                continue;
            };
            self.known_keys(table, &["of", "length"], "a step");
            let (Some(of), Some(long)) = (table.get("of"), table.get("length")) else {
                self.problems
                    .add(step.span().start, "a step needs `of` and `length`", cure);
                continue;
            };
            let path = self.text("of", of).and_then(|text| self.path(of, &text, 0));
            let text = self.text("length", long).unwrap_or_default();
            let Some(length) = length(&text) else {
                let reason = format!("`{text}` is no length of time");
                let cure = "write a whole number and us, ms, s, m, h or d, for example `\"30s\"`";
                self.problems.add(long.span().start, reason, cure);
                continue;
            };
            rule.steps.extend(path.map(|path| (path, length)));
        }
    }

    fn numbers(&mut self, rule: &mut Rule, table: &DeTable<'_>) {
        let Some(value) = table.get("scale") else {
            return;
        };
        match self.constant("scale", value) {
            Some(Json::Integer(number)) => rule.scale = Some(number as f64),
            Some(Json::Real(number)) if number.is_finite() => rule.scale = Some(number),
            Some(_) => {
                let cure = "write for example `scale = 1000` to make microseconds of milliseconds";
                self.problems
                    .add(value.span().start, "`scale` must be a number", cure);
            }
            None => {}
        }
    }

    /// A text that must be one of these words, with its place.
    fn word(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
        known: &[&'static str],
    ) -> Option<(usize, String)> {
        let value = table.get(key)?;
        let word = self.text(key, value)?;
        self.one_of(key, value, &word, known);
        Some((value.span().start, word))
    }

    /// A text may be a path, a template or a constant; a list holds paths.
    fn origin(&mut self, value: &Value<'_>) -> Option<Origin> {
        match value.get_ref() {
            DeValue::String(text) if looks_like_path(text) => {
                let path = self.path(value, text, 0)?;
                Some(Origin::Paths(vec![path]))
            }
            DeValue::String(text) if text.contains(['{', '}']) => {
                self.template(value, text).map(Origin::Template)
            }
            DeValue::Array(list) => {
                let mut paths = Vec::new();
                for element in list {
                    let text = self.text("from", element)?;
                    paths.push(self.path(element, &text, 0)?);
                }
                Some(Origin::Paths(paths))
            }
            _ => self.constant("the field", value).map(Origin::Constant),
        }
    }

    /// The path that a text is from this byte on.
    fn path(&mut self, value: &Value<'_>, text: &str, from: usize) -> Option<Path> {
        match Path::parse(&text[from..]) {
            Ok(path) => Some(path),
            Err(problem) => {
                let at = from + problem.at;
                let place = self.problems.within(value.span(), text, at);
                self.problems.add(place, problem.reason, PATH_CURE);
                None
            }
        }
    }

    fn template(&mut self, value: &Value<'_>, text: &str) -> Option<Vec<Part>> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut at = 0;
        while let Some(found) = text[at..].find(['{', '}']) {
            plain.push_str(&text[at..at + found]);
            at += found;
            let sign = &text[at..=at];
            if text[at + 1..].starts_with(sign) {
                plain.push_str(sign);
                at += 2;
                continue;
            }
            let end = text[at..]
                .find('}')
                .filter(|_| sign == "{")
                .map(|it| at + it);
            let Some(end) = end else {
                let place = self.problems.within(value.span(), text, at);
                let reason = format!("`{sign}` stands alone");
                self.problems.add(
                    place,
                    reason,
                    "write `{$.path}`, or the sign twice for itself",
                );
                return None;
            };
            match Path::parse(&text[at + 1..end]) {
                Ok(path) => parts.extend([
                    Part::Text(std::mem::take(&mut plain).into()),
                    Part::Path(path),
                ]),
                Err(problem) => {
                    let place = self
                        .problems
                        .within(value.span(), text, at + 1 + problem.at);
                    self.problems.add(place, problem.reason, PATH_CURE);
                    return None;
                }
            }
            at = end + 1;
        }
        plain.push_str(&text[at..]);
        parts.push(Part::Text(plain.into()));
        Some(parts)
    }

    /// A value that stands for itself.
    pub(super) fn constant(&mut self, key: &str, value: &Value<'_>) -> Option<Json<'static>> {
        let number = match value.get_ref() {
            DeValue::String(text) => return Some(Json::Text(text.to_string().into())),
            DeValue::Boolean(flag) => return Some(Json::Flag(*flag)),
            DeValue::Datetime(time) => return Some(Json::Text(time.to_string().into())),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .ok()
                .map(Json::Integer),
            DeValue::Float(number) => {
                let number = number.as_str().parse::<f64>().ok();
                number.filter(|it| it.is_finite()).map(Json::Real)
            }
            other => {
                let reason = format!("`{key}` holds {}", kind(other));
                let cure = "write one text, number, time or truth value";
                self.problems.add(value.span().start, reason, cure);
                return None;
            }
        };
        if number.is_none() {
            let reason = format!("`{key}` is a number that cannot be held");
            self.problems
                .add(value.span().start, reason, "write a smaller one");
        }
        number
    }

    /// Whether the field can hold every word of its lookup table.
    fn check_words(&mut self, rule: &Rule, value: &Value<'_>) {
        for (key, word) in rule.words.clone().iter().flat_map(|it| it.iter()) {
            let own = value.get_ref().as_table().and_then(|it| it.get(&**key));
            self.check_value(rule, word, own.unwrap_or(value));
        }
    }

    fn check_constant(&mut self, rule: &Rule, value: &Value<'_>) {
        if let Origin::Constant(constant) = &rule.origin {
            self.check_value(rule, constant, value);
        }
    }

    /// Whether the field can hold a value that stands in the mapping.
    fn check_value(&mut self, rule: &Rule, constant: &Json<'static>, value: &Value<'_>) {
        let Some(field) = rule.target.field() else {
            return;
        };
        let loose = match constant {
            // A looked up word may be a number that is written as text, and the reverse.
            Json::Flag(_) | Json::Integer(_) | Json::Real(_) if rule.words.is_some() => return,
            other => other.clone(),
        };
        if let Err(problem) = convert(field, loose) {
            self.problems
                .add(value.span().start, problem.reason, problem.cure);
        }
    }
}

/// A field that holds a list takes all that a path finds.
fn pick_lists(rule: &mut Rule) {
    let list = rule.target.field().is_some_and(|field| field.list);
    let many = matches!(&rule.origin, Origin::Paths(paths) if paths.iter().any(Path::is_many));
    if list && many && rule.pick == Pick::First {
        rule.pick = Pick::List;
    }
}
