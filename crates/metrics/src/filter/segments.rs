//! Filters that have names, and what a name means.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use upshot_lake::Preferences;

use super::parser::{Operand, parse};
use super::predicate::Predicate;
use super::resolve::{ResolveContext, resolve};
use crate::error::{Problem, ProblemCode, nearest};

/// Filters that have names: what `segment "name"` stands for.
pub trait Segments: std::fmt::Debug + Send + Sync {
    /// The filter of this name.
    fn filter(&self, name: &str) -> Option<String>;
    /// All names, for suggestions.
    fn names(&self) -> Vec<String>;
    /// The ids of sessions by the labels that people gave them, where there may be any.
    fn labels(&self) -> Option<&BTreeMap<String, Vec<String>>> {
        None
    }
}

/// Where no filter has a name.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSegments;

impl Segments for NoSegments {
    fn filter(&self, _name: &str) -> Option<String> {
        None
    }
    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

impl Segments for Preferences {
    fn filter(&self, name: &str) -> Option<String> {
        self.segments.get(name).cloned()
    }
    fn names(&self) -> Vec<String> {
        self.segments.keys().cloned().collect()
    }
    fn labels(&self) -> Option<&BTreeMap<String, Vec<String>>> {
        Some(&*self.labels.sessions)
    }
}

impl Segments for BTreeMap<String, String> {
    fn filter(&self, name: &str) -> Option<String> {
        self.get(name).cloned()
    }
    fn names(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }
}

/// How deep segments may name each other.
const MOST_SEGMENTS: usize = 8;

/// What a name stands for.
pub(super) fn segment(name: &Operand, context: &ResolveContext<'_>) -> Result<Predicate, Problem> {
    let wrong = |code, message| Problem::new(code, "filter", message).at(name.position);
    let Some(text) = context.segments.filter(&name.text) else {
        let names = context.segments.names();
        let message = format!(
            "there is no segment `{}` in this workspace; `upshot segments` lists them",
            name.text
        );
        let near = nearest(&name.text, names.iter().map(String::as_str));
        return Err(wrong(ProblemCode::UnknownName, message).suggest(near));
    };
    if context.depth >= MOST_SEGMENTS {
        return Err(wrong(
            ProblemCode::Conflict,
            format!(
                "the segment `{}` leads back to itself, or through too many others",
                name.text
            ),
        ));
    }
    let inner = context.one_deeper();
    let resolved = parse(&text).and_then(|expression| resolve(&expression, &inner));
    resolved.map_err(|problem| {
        if problem.message.starts_with("the segment") {
            return problem.at(name.position);
        }
        wrong(
            problem.code,
            format!("in the segment `{}`: {}", name.text, problem.message),
        )
    })
}

/// Checks a filter that is to be saved under a name, beside those that are saved already. It must make sense
/// for sessions, so that every question can be asked of it.
///
/// # Errors
/// When it cannot be read, names what is not there, or leads back to itself.
pub fn check_segment(
    name: &str,
    filter: &str,
    others: &BTreeMap<String, String>,
) -> Result<(), Problem> {
    let mut all = others.clone();
    all.insert(name.to_owned(), filter.to_owned());
    let context = ResolveContext::new(TimeZone::UTC).with(&all);
    let context = context.one_deeper();
    parse(filter)
        .and_then(|expression| resolve(&expression, &context))
        .map(|_| ())
        .map_err(|problem| problem.in_field("filter"))
}
