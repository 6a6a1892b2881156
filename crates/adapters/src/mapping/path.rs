//! Paths into a record: `@.text`, `$.id`, `^.speaker`, `$.turns[-1].time`, `@index`.
//!
//! A path begins where it is looked at: `@` is the element of the block's list (the record, where
//! the block has none), `^` what encloses that element, `^^` what encloses this, `$` the record.

use std::borrow::Cow;
use std::cell::Cell;

use crate::json::Json;

/// How deep the lists of a block may be nested.
pub(super) const MAXIMUM_LEVELS: usize = 6;
/// How many values of lists may be looked at for one record.
const WORK: u64 = 50_000_000;

/// Where a path begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// The record.
    Record,
    /// So many levels outside of the element.
    Outside(u8),
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The member of this name.
    Name(Box<str>),
    /// The element at this position, from 0; from the end if negative.
    At(i64),
    /// Every element of a list, every member of an object.
    Every,
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Goal {
    /// What stands at the end of the steps.
    Value(Vec<Step>),
    /// The position within its list, of a record within its file; from 0.
    Index,
    /// The name under which an object holds the element.
    Key,
    /// The name of the file, without folders and from its first dot on.
    File,
}

/// A path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    pub start: Start,
    pub goal: Goal,
}

/// Why a text is no path, and at which byte of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PathProblem {
    pub at: usize,
    pub reason: String,
}

fn problem<T>(at: usize, reason: impl Into<String>) -> Result<T, PathProblem> {
    Err(PathProblem {
        at,
        reason: reason.into(),
    })
}

/// Whether a text begins like a path.
pub(super) fn looks_like_path(text: &str) -> bool {
    text.starts_with(['@', '$', '^'])
}

pub(super) fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || "_-:/@$#%&*+".contains(letter)
}

impl Path {
    /// The path that the whole text is.
    pub fn parse(text: &str) -> Result<Self, PathProblem> {
        let (path, end) = Self::parse_prefix(text, 0)?;
        if end < text.len() {
            let rest: String = text[end..].chars().take(20).collect();
            return problem(end, format!("`{rest}` does not go on a path"));
        }
        Ok(path)
    }

    /// The path that begins at this byte, and the byte behind it.
    pub fn parse_prefix(text: &str, from: usize) -> Result<(Self, usize), PathProblem> {
        let rest = &text[from..];
        let outside = rest.bytes().take_while(|byte| *byte == b'^').count();
        let (start, mut at) = match rest.as_bytes().first() {
            Some(b'$') => (Start::Record, from + 1),
            Some(b'@') => (Start::Outside(0), from + 1),
            Some(b'^') if outside <= MAXIMUM_LEVELS => {
                (Start::Outside(outside as u8), from + outside)
            }
            _ => {
                let reason = "a path begins with `@` (the element), `^` (what encloses it) or `$` (the record)";
                return problem(from, reason);
            }
        };
        let word: &str = {
            let rest = &text[at..];
            let end = rest.find(|letter: char| !letter.is_ascii_alphabetic());
            &rest[..end.unwrap_or(rest.len())]
        };
        if !word.is_empty() {
            let goal = match (word, start) {
                ("index", _) => Goal::Index,
                ("key", Start::Outside(_)) => Goal::Key,
                ("file", Start::Record) => Goal::File,
                _ => {
                    let sign = &text[from..at];
                    let reason = format!(
                        "`{sign}{word}` is no path; a member is `{sign}.{word}`, and there are \
                         `@index`, `@key`, `$index` and `$file`"
                    );
                    return problem(from, reason);
                }
            };
            return Ok((Self { start, goal }, at + word.len()));
        }
        let steps = steps(text, &mut at)?;
        let goal = Goal::Value(steps);
        Ok((Self { start, goal }, at))
    }

    /// Whether the path can lead to several values.
    pub fn is_many(&self) -> bool {
        matches!(&self.goal, Goal::Value(steps) if steps.contains(&Step::Every))
    }

    /// Whether the path leads to the same for every element of a record.
    pub fn is_of_record(&self) -> bool {
        self.start == Start::Record
    }

    /// The first value to which the path leads; a value that is null is none.
    pub fn first<'a>(&self, scope: &Scope<'_, 'a>) -> Option<Found<'a>> {
        let mut found = None;
        self.each(scope, &mut |value| {
            found = Some(value);
            false
        });
        found
    }

    /// Calls `visit` with every value to which the path leads, in their order, until it says no.
    pub fn each<'a>(&self, scope: &Scope<'_, 'a>, visit: &mut dyn FnMut(Found<'a>) -> bool) {
        match &self.goal {
            Goal::Value(steps) => {
                let node = scope.node(self.start);
                walk(node, steps, scope.work, &mut |value| {
                    visit(Cow::Borrowed(value))
                });
            }
            Goal::Index => {
                let index = i64::try_from(scope.index(self.start)).unwrap_or(i64::MAX);
                visit(Cow::Owned(Json::Integer(index)));
            }
            Goal::Key => {
                if let Some(key) = scope.key(self.start) {
                    visit(Cow::Owned(Json::Text(Cow::Borrowed(key))));
                }
            }
            Goal::File => {
                visit(Cow::Owned(Json::Text(Cow::Borrowed(scope.file))));
            }
        }
    }
}

/// The steps that stand at this place; `at` moves behind them.
pub(super) fn steps(text: &str, at: &mut usize) -> Result<Vec<Step>, PathProblem> {
    let mut steps = Vec::new();
    loop {
        let rest = &text[*at..];
        if let Some(name) = rest.strip_prefix('.') {
            let end = name.find(|letter| !is_name(letter)).unwrap_or(name.len());
            if end == 0 {
                let reason = "a name is expected behind `.`; write one with other signs as `[\"two words\"]`";
                return problem(*at, reason);
            }
            steps.push(Step::Name(name[..end].into()));
            *at += 1 + end;
        } else if rest.starts_with('[') {
            let (step, length) = bracket(rest).or_else(|reason| problem(*at, reason))?;
            steps.push(step);
            *at += length;
        } else {
            return Ok(steps);
        }
    }
}

/// What stands in brackets at the start of a text, and how long it is with them.
fn bracket(text: &str) -> Result<(Step, usize), String> {
    let expected =
        "in `[…]` a position, `*` for every element, or a name in quotation marks is expected";
    let inner = &text[1..];
    let quote = inner
        .chars()
        .next()
        .filter(|sign| matches!(sign, '"' | '\''));
    if let Some(quote) = quote {
        let name = &inner[1..];
        let end = name.find(quote).ok_or("a quotation mark is not closed")?;
        if !name[end + 1..].starts_with(']') {
            return Err(expected.to_owned());
        }
        return Ok((Step::Name(name[..end].into()), end + 4));
    }
    let end = inner.find(']').ok_or("`[` is not closed")?;
    let step = match &inner[..end] {
        "*" => Step::Every,
        number => Step::At(number.trim().parse().map_err(|_| expected)?),
    };
    Ok((step, end + 2))
}

/// A value of the record, or one that only the path knows.
pub(super) type Found<'a> = Cow<'a, Json<'a>>;

/// A value that borrows its texts from where they were found.
pub(super) fn borrowed(found: Found<'_>) -> Json<'_> {
    match found {
        Cow::Borrowed(Json::Text(text)) => Json::Text(Cow::Borrowed(text)),
        other => other.into_owned(),
    }
}

/// The element or member to which one step leads.
pub(super) fn follow<'a>(node: &'a Json<'a>, step: &Step) -> Option<&'a Json<'a>> {
    match (node, step) {
        (Json::Object(members), Step::Name(name)) => members
            .iter()
            .find(|(key, _)| **key == **name)
            .map(|(_, value)| value),
        (Json::Array(elements), Step::At(at)) => {
            let at = match *at {
                at if at < 0 => elements.len().checked_sub(at.unsigned_abs() as usize)?,
                at => at as usize,
            };
            elements.get(at)
        }
        _ => None,
    }
}

/// Visits what the steps lead to; says whether to go on.
fn walk<'a>(
    node: &'a Json<'a>,
    steps: &[Step],
    work: &Work,
    visit: &mut dyn FnMut(&'a Json<'a>) -> bool,
) -> bool {
    match steps.split_first() {
        None => matches!(node, Json::Null) || visit(node),
        Some((Step::Every, rest)) => match node {
            Json::Array(elements) => elements
                .iter()
                .all(|it| work.spend() && walk(it, rest, work, visit)),
            Json::Object(members) => members
                .iter()
                .all(|(_, it)| work.spend() && walk(it, rest, work, visit)),
            _ => true,
        },
        Some((step, rest)) => match follow(node, step) {
            Some(next) => walk(next, rest, work, visit),
            None => true,
        },
    }
}

/// How much may still be looked at for a record, so that no mapping takes for ever.
#[derive(Debug)]
pub(super) struct Work(Cell<u64>);

impl Work {
    pub fn new() -> Self {
        Self(Cell::new(WORK))
    }

    fn spend(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left > 0
    }

    /// Whether all was spent.
    pub fn is_spent(&self) -> bool {
        self.0.get() == 0
    }
}

/// An element of a list, with its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level<'a> {
    pub node: &'a Json<'a>,
    pub index: u32,
    pub key: Option<&'a str>,
}

/// Where paths are looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'s, 'a> {
    pub record: &'a Json<'a>,
    /// The record's number in its file, from 0.
    pub record_index: u64,
    /// The name of the file, without folders and from its first dot on.
    pub file: &'a str,
    /// The elements that enclose each other, the outermost first; the last is `@`.
    pub levels: &'s [Level<'a>],
    pub work: &'s Work,
}

impl<'a> Scope<'_, 'a> {
    fn level(&self, start: Start) -> Option<&Level<'a>> {
        match start {
            Start::Record => None,
            Start::Outside(outside) => {
                let at = self.levels.len().checked_sub(usize::from(outside) + 1)?;
                self.levels.get(at)
            }
        }
    }

    fn node(&self, start: Start) -> &'a Json<'a> {
        self.level(start).map_or(self.record, |level| level.node)
    }

    fn index(&self, start: Start) -> u64 {
        self.level(start)
            .map_or(self.record_index, |level| level.index.into())
    }

    fn key(&self, start: Start) -> Option<&'a str> {
        self.level(start)?.key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = r#"{"id": 7, "two words": "x", "turns": [{"say": "a", "tags": ["p", "q"]},
        {"say": null}, {"say": "c", "tags": []}], "map": {"k": {"v": 1}, "l": {"v": 2}}}"#;

    /// What a path leads to, from the first turn, or why it is no path.
    fn values(path: &str) -> String {
        let record: Json<'_> = serde_json::from_str(RECORD).unwrap();
        let turns = follow(&record, &Step::Name("turns".into())).unwrap();
        let turn = follow(turns, &Step::At(0)).unwrap();
        let levels = [Level {
            node: turn,
            index: 0,
            key: None,
        }];
        let work = Work::new();
        let scope = Scope {
            record: &record,
            record_index: 3,
            file: "file",
            levels: &levels,
            work: &work,
        };
        let path = match Path::parse(path) {
            Ok(path) => path,
            Err(problem) => return format!("{}: {}", problem.at, problem.reason),
        };
        let mut found = Vec::new();
        path.each(&scope, &mut |value| {
            found.push(match value.into_owned() {
                Json::Text(text) => text.into_owned(),
                Json::Integer(number) => number.to_string(),
                other => other.kind().to_owned(),
            });
            true
        });
        found.join(" ")
    }

    #[test]
    fn paths_lead_from_the_element_what_encloses_it_and_the_record() {
        assert_eq!(values("@.say"), "a");
        assert_eq!(values("^.id"), "7");
        assert_eq!(values("^^^.id"), "7");
        assert_eq!(values("$.id"), "7");
        assert_eq!(values("$[\"two words\"]"), "x");
        assert_eq!(values("$['two words']"), "x");
        assert_eq!(values("@.tags[*]"), "p q");
        assert_eq!(values("@.tags[-1]"), "q");
        assert_eq!(values("@.tags[-3]"), "");
        assert_eq!(values("@.tags"), "an array");
        assert_eq!(values("$.turns[*].say"), "a c");
        assert_eq!(values("$.map[*].v"), "1 2");
        assert_eq!(values("$.nothing.at[0].all"), "");
        assert_eq!(values("@index"), "0");
        assert_eq!(values("$index"), "3");
        assert_eq!(values("$file"), "file");
        assert_eq!(values("@key"), "");
    }

    #[test]
    fn what_is_no_path_says_where_and_why() {
        assert!(values("say").starts_with("0: a path begins with"));
        assert!(values("@say").starts_with("0: `@say` is no path; a member is `@.say`"));
        assert!(values("@.a b").starts_with("3: ` b` does not go on"));
        assert!(values("@.").starts_with("1: a name is expected"));
        assert!(values("@.a[x]").starts_with("3: in `[…]`"));
        assert!(values("@.a[").starts_with("3: `[` is not closed"));
        assert!(values("@.a['b]").starts_with("3: a quotation mark"));
        assert!(values("$key").starts_with("0: `$key` is no path"));
    }
}
