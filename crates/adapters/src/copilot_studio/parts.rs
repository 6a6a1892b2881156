//! Contents that were too long for one row: their parts are held back and joined.
//!
//! Dataverse keeps a megabyte of content in a row. What is longer stands in several rows of one
//! name and start, in the order of `metadata.BatchId`; a part may end in the middle of the JSON text.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::problem::Problem;
use super::row::{Content, Name, Row, activities_of};
use super::salvage::salvage;
use crate::report::Position;

/// A row that waits for others.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) position: Position,
    pub(super) row: Row,
    /// The beginning of the record's text, for a report.
    pub(super) raw: Vec<u8>,
}

/// Parts that belong together.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) parts: Vec<Part>,
}

/// The rows that wait.
#[derive(Debug, Default)]
pub(super) struct Parts {
    groups: HashMap<Key, Group>,
    /// The groups in the order of their first row.
    order: Vec<Key>,
    bytes: usize,
    /// Rows without a number that were whole and went in: they may be the first of some parts.
    whole: HashSet<Key>,
}

/// The conversation's name without the part's number, and its start.
pub(super) type Key = (String, String);

impl Parts {
    pub(super) fn key_of(row: &Row) -> Key {
        let Name { conversation, .. } = row.parsed_name().unwrap_or_default();
        let id = row.conversation_id.clone().unwrap_or(conversation);
        (id, row.start.clone().unwrap_or_default())
    }

    pub(super) fn note_whole(&mut self, row: &Row) {
        self.whole.insert(Self::key_of(row));
    }

    /// Holds a row back. While more is held than `limit` bytes, the longest waiting group is given
    /// out.
    pub(super) fn hold(&mut self, part: Part, limit: usize) -> Vec<Group> {
        let key = Self::key_of(&part.row);
        self.bytes += size_of_content(&part.row.content);
        if !self.groups.contains_key(&key) {
            self.order.push(key.clone());
        }
        self.groups.entry(key).or_default().parts.push(part);
        let mut due = Vec::new();
        while self.bytes > limit && self.order.len() > 1 {
            let oldest = self.order.remove(0);
            due.extend(self.release(&oldest));
        }
        due
    }

    fn release(&mut self, key: &Key) -> Option<Group> {
        let group = self.groups.remove(key)?;
        let sizes = group
            .parts
            .iter()
            .map(|part| size_of_content(&part.row.content));
        self.bytes -= sizes.sum::<usize>();
        Some(group)
    }

    /// All groups, in the order of their first row.
    pub(super) fn drain(&mut self) -> Vec<Group> {
        let order = std::mem::take(&mut self.order);
        order.iter().filter_map(|key| self.release(key)).collect()
    }

    /// Whether the part without a number went in on its own.
    pub(super) fn has_whole(&self, group: &Group) -> bool {
        group
            .parts
            .first()
            .is_some_and(|part| self.whole.contains(&Self::key_of(&part.row)))
    }
}

fn size_of_content(content: &Content) -> usize {
    match content {
        Content::Missing => 0,
        Content::Text(text) => text.len(),
        // The tree is several times as large as its text; a rough figure bounds it well enough.
        Content::Json(value) => value.as_array().map_or(1, Vec::len).max(1) * 4096,
    }
}

/// What came of joining a group.
pub(super) struct Joined {
    pub(super) activities: Vec<Value>,
    /// A part that is not there, though the others could be read.
    pub(super) problem: Option<Problem>,
}

impl Group {
    /// Joins the contents in the order of their numbers.
    pub(super) fn join(&mut self, first_is_in: bool) -> Result<Joined, Problem> {
        self.parts.sort_by_key(|part| part.row.batch());
        self.parts.dedup_by(|later, earlier| {
            later.row.batch() == earlier.row.batch() && later.row.content == earlier.row.content
        });
        let missing = self.missing(first_is_in);
        let mut activities = Vec::new();
        let mut texts = String::new();
        let mut whole = true;
        for part in &mut self.parts {
            match std::mem::take(&mut part.row.content) {
                Content::Missing => {}
                Content::Json(value) => activities.extend(activities_of(value)?),
                Content::Text(text) => {
                    match serde_json::from_str(&text) {
                        Ok(value) if whole => activities.extend(activities_of(value)?),
                        _ => whole = false,
                    }
                    texts.push_str(&text);
                }
            }
        }
        if !whole {
            activities = self.parse_joined(&texts, &missing)?;
        }
        let problem = (!missing.is_empty()).then(|| self.missing_problem(&missing, "went in"));
        Ok(Joined {
            activities,
            problem,
        })
    }

    fn parse_joined(&self, text: &str, missing: &[i64]) -> Result<Vec<Value>, Problem> {
        if !missing.is_empty() {
            return Err(self.missing_problem(missing, "cannot be read without it"));
        }
        if !text.trim_start().starts_with(['{', '[', '"']) {
            return Err(Problem::of_row(
                Some("content"),
                "the beginning of the content is missing",
                "export the row that holds the part before this one, in one file with this row",
            ));
        }
        match serde_json::from_str(text) {
            Ok(value) => activities_of(value),
            Err(error) if error.is_eof() => Err(self.cut_problem(text)),
            // How a conversation ended decides what came of it: one that is cut does not go in.
            Err(error) => salvage(text.as_bytes())
                .filter(|salvaged| !salvaged.cut)
                .map(|salvaged| salvaged.activities)
                .ok_or_else(|| {
                    Problem::of_row(
                        Some("content"),
                        format!("the content is not JSON: {error}"),
                        "export the row again without changing the content",
                    )
                }),
        }
    }

    fn cut_problem(&self, text: &str) -> Problem {
        let characters = text.chars().count();
        match self.parts.last().and_then(|part| part.row.batch()) {
            Some(last) => Problem::of_row(
                Some("content"),
                format!(
                    "the content ends within the JSON text after part {last}: part {} is missing",
                    last.saturating_add(1)
                ),
                "export all rows of this name and start into one file",
            ),
            None => Problem::of_row(
                Some("content"),
                format!("the content ends within the JSON text, after {characters} characters"),
                "export the row again: spreadsheets and Power BI cut cells at 32,766 characters; \
                 if the conversation has further rows of this name, put them into one file",
            ),
        }
    }

    /// The numbers that are not there. Whether numbers begin with 0 or 1 is not documented, so that
    /// either is taken for the first.
    fn missing(&self, first_is_in: bool) -> Vec<i64> {
        let numbers: Vec<i64> = self.parts.iter().filter_map(|it| it.row.batch()).collect();
        let (Some(&lowest), Some(&highest)) = (numbers.first(), numbers.last()) else {
            return Vec::new();
        };
        let unnumbered = first_is_in || numbers.len() < self.parts.len();
        let first = match lowest {
            // A row without a number stands for the first, whatever its number would be.
            2 if unnumbered => 2,
            ..=1 => lowest,
            _ => 1,
        };
        let between = first..=highest.min(first.saturating_add(MAXIMUM_PARTS));
        between.filter(|number| !numbers.contains(number)).collect()
    }

    fn missing_problem(&self, missing: &[i64], others: &str) -> Problem {
        let list = |numbers: &mut dyn Iterator<Item = i64>| {
            let texts: Vec<String> = numbers.map(|it| it.to_string()).collect();
            texts.join(", ")
        };
        let found = list(&mut self.parts.iter().filter_map(|it| it.row.batch()));
        let missing = list(&mut missing.iter().copied());
        Problem::of_row(
            Some("metadata.BatchId"),
            format!("part {missing} of the content is missing; found part {found}, which {others}"),
            "export all rows of this name and start into one file",
        )
    }
}

/// Parts that a content may have: more than any conversation needs.
const MAXIMUM_PARTS: i64 = 1_000;
