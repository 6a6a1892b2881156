//! Paths of a mapping that led nowhere: most are slips of the pen, which reject nothing.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use super::path::is_name;
use super::rule::Rule;
use crate::fields::nearest;
use crate::json::Json;

/// The names of members are gathered from so many records.
const RECORDS_LOOKED_AT: u64 = 1_000;
/// So many names are gathered.
const MOST_NAMES: usize = 10_000;
/// So deep records are looked into.
const DEEPEST: usize = 8;

/// A path that led to nothing in any record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfoundPath {
    /// As the mapping has it.
    pub path: String,
    /// Its line in the mapping, from 1.
    pub line: usize,
    /// In how many records it was looked for, at least.
    pub records: u64,
    /// What was perhaps meant.
    pub suggestion: Option<String>,
}

impl fmt::Display for UnfoundPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            records,
            suggestion,
        } = self;
        write!(
            formatter,
            "`{path}` (line {line} of the mapping) was in none of {records} records"
        )?;
        match suggestion {
            Some(meant) => write!(formatter, "; did you mean `{meant}`?"),
            None => Ok(()),
        }
    }
}

/// Whether what a rule looks for was ever there.
#[derive(Debug, Default)]
pub(super) struct Sought {
    tried: AtomicBool,
    found: AtomicBool,
}

impl Sought {
    /// It was looked for.
    pub fn note(&self, found: bool) {
        // Most often nothing changes, and then no other thread is disturbed.
        let seen = match found {
            true => &self.found,
            false => &self.tried,
        };
        if !seen.load(Relaxed) {
            seen.store(true, Relaxed);
        }
    }

    fn is_unfound(&self) -> bool {
        self.tried.load(Relaxed) && !self.found.load(Relaxed)
    }
}

/// What records hold.
#[derive(Debug, Default)]
pub(super) struct Seen {
    records: AtomicU64,
    names: Mutex<BTreeSet<Box<str>>>,
}

impl Seen {
    /// A record is read.
    pub fn note(&self, record: &Json<'_>) {
        if self.records.fetch_add(1, Relaxed) < RECORDS_LOOKED_AT {
            let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            gather(record, &mut names, DEEPEST);
        }
    }

    /// The paths of these rules that led nowhere.
    pub fn unfound(&self, rules: &[Rule]) -> Vec<UnfoundPath> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let unfound = rules.iter().filter(|rule| rule.sought.is_unfound());
        let mut unfound: Vec<UnfoundPath> = unfound
            .filter_map(|rule| {
                // What is there with nothing in it is no slip.
                let name = unknown(&rule.text, &names)?;
                Some(UnfoundPath {
                    path: rule.text.to_string(),
                    line: rule.line,
                    records: self.records.load(Relaxed),
                    suggestion: meant(&rule.text, name, &names),
                })
            })
            .collect();
        unfound.sort_by_key(|path| path.line);
        unfound
    }
}

fn gather(value: &Json<'_>, names: &mut BTreeSet<Box<str>>, depth: usize) {
    if depth == 0 || names.len() >= MOST_NAMES {
        return;
    }
    match value {
        Json::Array(elements) => {
            let elements = elements.iter();
            elements.for_each(|element| gather(element, names, depth - 1));
        }
        Json::Object(members) => {
            for (name, member) in members {
                if !names.contains(&**name) {
                    names.insert(name.as_ref().into());
                }
                gather(member, names, depth - 1);
            }
        }
        _ => {}
    }
}

/// The first name of a path that no record has.
fn unknown<'a>(path: &'a str, names: &BTreeSet<Box<str>>) -> Option<&'a str> {
    let parts = path.split('.').skip(1);
    let mut written = parts.map(|part| {
        let end = part.find(|letter| !is_name(letter));
        &part[..end.unwrap_or(part.len())]
    });
    written.find(|name| !name.is_empty() && !names.contains(*name))
}

/// The path with the name of which this one may be a slip.
fn meant(path: &str, name: &str, names: &BTreeSet<Box<str>>) -> Option<String> {
    let near = nearest(name, names.iter().map(AsRef::as_ref))?;
    Some(path.replacen(&format!(".{name}"), &format!(".{near}"), 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_was_meant_is_among_those_of_the_records() {
        let names = BTreeSet::from(["message".into(), "speaker".into(), "turns".into()]);
        let check = |path: &str, wanted: Option<(&str, Option<&str>)>| {
            let unknown = unknown(path, &names);
            let found = unknown.map(|name| (name, meant(path, name, &names)));
            let found = found.as_ref();
            let found = found.map(|(name, meant)| (*name, meant.as_deref()));
            assert_eq!(found, wanted, "{path}");
        };
        check("@.mesage", Some(("mesage", Some("@.message"))));
        check(
            "$.turns[-1].speker[0]",
            Some(("speker", Some("$.turns[-1].speaker[0]"))),
        );
        check("@.colour", Some(("colour", None)));
        check("@.inner.message", Some(("inner", None)));
        check(
            "@.message` or `@.mesage",
            Some(("mesage", Some("@.message` or `@.message"))),
        );
        // The name is there, with nothing in it.
        check("@.message", None);
        check("@", None);
    }
}
