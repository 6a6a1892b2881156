//! How the value of one field is made.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;
use upshot_core::FieldKind;

use super::clock::{TimeForm, time_of};
use super::condition::{Condition, number_of, order};
use super::path::{Found, Path, Scope, borrowed};
use super::unfound::Sought;
use crate::fields::{FieldRule, Fields, nearest};
use crate::json::Json;
use crate::row::{Problem, Slot, convert, shorten};

/// What a rule makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// The field at this position of the record.
    Field(usize),
    /// The attribute of this name.
    Attribute(Box<str>),
}

impl Target {
    /// What the field may hold; nothing of an attribute.
    pub fn field(&self) -> Option<&'static FieldRule> {
        match self {
            Self::Field(index) => Fields::of_event().rules.get(*index),
            Self::Attribute(_) => None,
        }
    }

    /// Its name, for reports.
    pub fn name(&self) -> String {
        match (self, self.field()) {
            (Self::Attribute(name), _) => format!("attributes.{name}"),
            (_, Some(field)) => field.name.to_owned(),
            _ => String::new(),
        }
    }

    /// Whether it holds a time.
    pub fn is_time(&self) -> bool {
        let kind = self.field().map(|field| field.kind);
        matches!(kind, Some(FieldKind::Instant | FieldKind::Time))
    }
}

/// Where a value comes from.
#[derive(Debug)]
pub(super) enum Origin {
    Constant(Json<'static>),
    /// The first of these paths that leads to something.
    Paths(Vec<Path>),
    Template(Vec<Part>),
    /// Whether this holds.
    Condition(Condition),
}

/// A part of a template.
#[derive(Debug)]
pub(super) enum Part {
    Text(Box<str>),
    Path(Path),
}

/// What is taken of several values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pick {
    First,
    Last,
    Least,
    Greatest,
    Sum,
    Count,
    /// All as a JSON array.
    List,
    /// All as text, with this between them.
    Join(String),
}

/// What becomes of a value that a lookup table does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unlisted {
    Reject,
    LeaveOut,
    Keep,
}

/// What stands for a value that is not there.
#[derive(Debug)]
pub(super) enum Otherwise {
    Nothing,
    Constant(Json<'static>),
    /// The time of the record's previous event.
    Previous,
}

/// A lookup table.
pub(super) type Words = Arc<BTreeMap<Box<str>, Json<'static>>>;

/// How a value is made.
#[derive(Debug)]
pub(super) struct Rule {
    pub target: Target,
    pub origin: Origin,
    pub pick: Pick,
    pub extract: Option<Regex>,
    pub words: Option<Words>,
    pub unlisted: Unlisted,
    pub otherwise: Otherwise,
    pub time: TimeForm,
    pub scale: Option<f64>,
    /// What is added to a time: so many microseconds for each of what the path leads to.
    pub steps: Vec<(Path, i64)>,
    /// Its line in the mapping, from 1.
    pub line: usize,
    /// Its paths as the mapping has them.
    pub text: Box<str>,
    /// Whether they ever led to something.
    pub sought: Sought,
}

impl Rule {
    /// A rule that takes what the origin gives.
    pub fn new(target: Target, origin: Origin) -> Self {
        Self {
            target,
            origin,
            pick: Pick::First,
            extract: None,
            words: None,
            unlisted: Unlisted::Reject,
            otherwise: Otherwise::Nothing,
            time: TimeForm::Any,
            scale: None,
            steps: Vec::new(),
            line: 0,
            text: Box::default(),
            sought: Sought::default(),
        }
    }

    /// Whether the value is the same for every element of a record.
    pub fn is_of_record(&self) -> bool {
        let path = |path: &Path| path.is_of_record();
        let origin = match &self.origin {
            Origin::Constant(_) => true,
            Origin::Paths(paths) => paths.iter().all(path),
            Origin::Template(parts) => parts.iter().all(|part| match part {
                Part::Text(_) => true,
                Part::Path(it) => path(it),
            }),
            Origin::Condition(condition) => condition.is_of_record(),
        };
        let steps = self.steps.iter().all(|(it, _)| path(it));
        origin && steps && !matches!(self.otherwise, Otherwise::Previous)
    }

    /// The value for what is in scope; `previous` is the time of the record's previous event.
    pub fn value<'a>(
        &'a self,
        scope: &Scope<'_, 'a>,
        previous: Option<i64>,
    ) -> Result<Slot<'a>, Problem> {
        let mut value = self.gather(scope);
        if matches!(self.origin, Origin::Paths(_)) {
            self.sought.note(value.is_some());
        }
        if let Some(pattern) = &self.extract {
            value = value.and_then(|value| extracted(value, pattern));
        }
        if let (Some(found), Some(words)) = (&value, &self.words) {
            value = self.look_up(found, words)?.map_or(value, Some);
            if self.unlisted == Unlisted::LeaveOut && value_is_unlisted(&value) {
                value = None;
            }
        }
        let Some(value) = value.filter(|it| !matches!(it, Json::Null)) else {
            return match &self.otherwise {
                Otherwise::Nothing => Ok(Slot::Empty),
                Otherwise::Constant(constant) => self.fit(borrowed(Cow::Borrowed(constant)), scope),
                Otherwise::Previous => Ok(previous.map_or(Slot::Empty, Slot::Integer)),
            };
        };
        self.fit(value, scope)
    }

    fn gather<'a>(&'a self, scope: &Scope<'_, 'a>) -> Option<Json<'a>> {
        match &self.origin {
            Origin::Constant(constant) => Some(borrowed(Cow::Borrowed(constant))),
            Origin::Condition(condition) => Some(Json::Flag(condition.holds(scope))),
            Origin::Template(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        Part::Text(part) => text.push_str(part),
                        Part::Path(path) => text.push_str(&plain(&*path.first(scope)?)?),
                    }
                }
                Some(Json::Text(text.into()))
            }
            Origin::Paths(paths) if self.pick == Pick::First => {
                let mut found = paths.iter().filter_map(|path| path.first(scope));
                found.next().map(borrowed)
            }
            Origin::Paths(paths) => {
                let mut values: Vec<Found<'a>> = Vec::new();
                for path in paths.iter() {
                    path.each(scope, &mut |value| {
                        values.push(value);
                        true
                    });
                    if !values.is_empty() {
                        break;
                    }
                }
                picked(&self.pick, values)
            }
        }
    }

    /// What the lookup table says of a value; nothing if the value stays as it is.
    fn look_up<'a>(
        &'a self,
        found: &Json<'_>,
        words: &'a Words,
    ) -> Result<Option<Json<'a>>, Problem> {
        let text = plain(found).unwrap_or_default();
        if let Some(word) = words.get(&*text) {
            return Ok(Some(borrowed(Cow::Borrowed(word))));
        }
        if let Otherwise::Constant(constant) = &self.otherwise {
            return Ok(Some(borrowed(Cow::Borrowed(constant))));
        }
        match self.unlisted {
            Unlisted::Keep => Ok(None),
            Unlisted::LeaveOut => Ok(Some(Json::Null)),
            Unlisted::Reject => {
                let name = self.target.name();
                let short = shorten(&text);
                let near = nearest(&text, words.keys().map(AsRef::as_ref));
                let near = near.map(|near| format!("; did you mean `{near}`?"));
                let near = near.unwrap_or_default();
                let reason = format!("`{short}` is not among the words of `{name}`{near}");
                let cure = "add it to `words`, give `otherwise`, or set `unlisted` to `leave_out` or `keep`";
                Err(Problem::new(&name, reason, cure))
            }
        }
    }

    /// The value as the field holds it.
    fn fit<'a>(&'a self, value: Json<'a>, scope: &Scope<'_, 'a>) -> Result<Slot<'a>, Problem> {
        let Some(field) = self.target.field() else {
            return self.attribute(value);
        };
        if self.target.is_time() {
            let time = time_of(field.name, &self.time, &value)?;
            return self.stepped(field.name, time, scope).map(Slot::Integer);
        }
        let value = match (field.kind, value) {
            (_, value @ (Json::Array(_) | Json::Object(_))) if field.list => {
                Json::Text(json_text(&value).into())
            }
            (FieldKind::Integer | FieldKind::Count | FieldKind::Real, value) => self.number(value),
            (FieldKind::Flag | FieldKind::Bool, value) => flag(value),
            (_, value @ (Json::Text(_) | Json::Array(_) | Json::Object(_))) => value,
            (_, value) => Json::Text(plain(&value).unwrap_or_default().into_owned().into()),
        };
        if matches!(value, Json::Real(number) if !number.is_finite()) {
            let reason = format!("`{}` is beyond all numbers", field.name);
            return Err(Problem::new(
                field.name,
                reason,
                "correct `scale`, or the value",
            ));
        }
        convert(field, value)
    }

    fn attribute<'a>(&self, value: Json<'a>) -> Result<Slot<'a>, Problem> {
        match value {
            Json::Text(text) => Ok(Slot::Text(text)),
            Json::Array(_) | Json::Object(_) if self.pick == Pick::List => {
                Ok(Slot::Text(json_text(&value).into()))
            }
            other => match plain(&self.number(other)) {
                Some(text) => Ok(Slot::Text(text.into_owned().into())),
                None => {
                    let name = self.target.name();
                    let reason = format!("`{name}` finds a list or an object, not one value");
                    let cure =
                        "go on with the path, for example `[*].name`, or say `pick = \"list\"`";
                    Err(Problem::new(&name, reason, cure))
                }
            },
        }
    }

    /// A number, or a number that is written as text, to scale.
    fn number<'a>(&self, value: Json<'a>) -> Json<'a> {
        let value = match value {
            Json::Text(text) => match (text.trim().parse::<i64>(), text.trim().parse::<f64>()) {
                (Ok(number), _) => Json::Integer(number),
                (_, Ok(number)) if number.is_finite() => Json::Real(number),
                _ => Json::Text(text),
            },
            other => other,
        };
        match (self.scale, number_of(&value)) {
            (Some(scale), Some(number)) if !matches!(value, Json::Text(_)) => {
                let scaled = number * scale;
                let whole = matches!(
                    self.target.field().map(|field| field.kind),
                    Some(FieldKind::Integer | FieldKind::Count)
                );
                Json::Real(if whole { scaled.round() } else { scaled })
            }
            _ => value,
        }
    }

    fn stepped(&self, name: &str, time: i64, scope: &Scope<'_, '_>) -> Result<i64, Problem> {
        let mut time = time;
        for (path, length) in &self.steps {
            let count = path.first(scope).and_then(|it| counted(&it)).unwrap_or(0.0);
            let added = count * *length as f64;
            let sum = (added.abs() < 9e15)
                .then_some(added.round() as i64)
                .and_then(|added| time.checked_add(added))
                .filter(|sum| jiff::Timestamp::from_microsecond(*sum).is_ok());
            time = sum.ok_or_else(|| {
                let reason =
                    format!("`{name}` goes beyond the times that there are: {count} steps");
                Problem::new(name, reason, "correct `steps`, or what they count")
            })?;
        }
        Ok(time)
    }
}

/// A number as it is; of a list how many elements it has.
fn counted(value: &Json<'_>) -> Option<f64> {
    match value {
        Json::Array(elements) => Some(elements.len() as f64),
        other => number_of(other),
    }
}

fn value_is_unlisted(value: &Option<Json<'_>>) -> bool {
    matches!(value, Some(Json::Null))
}

/// The first group of the pattern, or all that it matches, or nothing.
fn extracted<'a>(value: Json<'a>, pattern: &Regex) -> Option<Json<'a>> {
    let text = plain(&value)?;
    let groups = pattern.captures(&text)?;
    let part = groups.get(1).or_else(|| groups.get(0))?;
    Some(Json::Text(part.as_str().to_owned().into()))
}

fn picked<'a>(pick: &Pick, values: Vec<Found<'a>>) -> Option<Json<'a>> {
    match pick {
        Pick::Count => return Some(Json::Integer(values.len() as i64)),
        _ if values.is_empty() => return None,
        _ => {}
    }
    match pick {
        Pick::First | Pick::Count => values.into_iter().next().map(borrowed),
        Pick::Last => values.into_iter().next_back().map(borrowed),
        Pick::Least => values
            .into_iter()
            .reduce(|left, right| {
                if order(&right, &left).is_some_and(|it| it.is_lt()) {
                    right
                } else {
                    left
                }
            })
            .map(borrowed),
        Pick::Greatest => values
            .into_iter()
            .reduce(|left, right| {
                if order(&right, &left).is_some_and(|it| it.is_gt()) {
                    right
                } else {
                    left
                }
            })
            .map(borrowed),
        Pick::Sum => Some(sum(&values)),
        Pick::List => Some(Json::Array(values.into_iter().map(borrowed).collect())),
        Pick::Join(separator) => {
            let texts = values
                .iter()
                .filter_map(|value| plain(value))
                .collect::<Vec<_>>();
            Some(Json::Text(texts.join(separator).into()))
        }
    }
}

/// Whole as long as all are.
fn sum(values: &[Found<'_>]) -> Json<'static> {
    let whole = values.iter().try_fold(0_i64, |sum, value| match &**value {
        Json::Integer(number) => sum.checked_add(*number),
        _ => None,
    });
    let real = || values.iter().filter_map(|value| number_of(value)).sum();
    whole.map_or_else(|| Json::Real(real()), Json::Integer)
}

/// Yes or no, also as text or number.
fn flag(value: Json<'_>) -> Json<'_> {
    let known = plain(&value).and_then(|text| match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "t" | "1" => Some(true),
        "false" | "no" | "n" | "f" | "0" => Some(false),
        _ => None,
    });
    known.map_or(value, Json::Flag)
}

/// A text, number or flag as text.
pub(super) fn plain<'v>(value: &'v Json<'_>) -> Option<Cow<'v, str>> {
    match value {
        Json::Text(text) => Some(Cow::Borrowed(text)),
        Json::Flag(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
        Json::Integer(number) => Some(number.to_string().into()),
        Json::Large(number) => Some(number.to_string().into()),
        Json::Real(number) => Some(number.to_string().into()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

fn json_text(value: &Json<'_>) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
