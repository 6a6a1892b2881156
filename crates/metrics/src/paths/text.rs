//! The filters that list the sessions behind a number of a path.

use std::fmt::Write;

use crate::filter::{Loops, MatchBy, StepSort};
use crate::query::EnvironmentChoice;
use crate::registry::{self, DimensionOrigin};
use crate::time::{Range, format_instant};

/// A value in quotes.
pub(crate) fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\"\""))
}

/// `path` with which steps it is about, what goes without saying left out.
pub(crate) fn choice(
    steps: &[StepSort],
    match_by: MatchBy,
    loops: Loops,
    only: &[String],
) -> String {
    let mut text = "path".to_owned();
    match steps {
        [] | [StepSort::Topics] => {}
        [one] => {
            let _ = write!(text, " of {}", one.name());
        }
        several => {
            let names: Vec<&str> = several.iter().map(|sort| sort.name()).collect();
            let _ = write!(text, " of ({})", names.join(", "));
        }
    }
    if match_by != MatchBy::default() {
        let _ = write!(text, " by {}", match_by.name());
    }
    if loops != Loops::default() {
        let _ = write!(text, " loops {}", loops.name());
    }
    if !only.is_empty() {
        let parts: Vec<String> = only.iter().map(|part| format!("({part})")).collect();
        let _ = write!(text, " where ({})", parts.join(" and "));
    }
    text
}

/// Both conditions; nothing where the second is empty.
pub(crate) fn both(first: String, second: &str) -> String {
    match second {
        "" => first,
        second => format!("{first} and {second}"),
    }
}

/// The sessions of one value of a break-down; empty where nothing is broken down.
pub(crate) fn of_group(by: Option<&str>, value: Option<&str>) -> String {
    let Some(by) = by else {
        return String::new();
    };
    let field = match registry::dimension(by).map(|dimension| dimension.origin) {
        Some(DimensionOrigin::Condition { condition, yes, .. }) => {
            return match value == Some(yes) {
                true => format!("({condition})"),
                false => format!("not ({condition})"),
            };
        }
        Some(DimensionOrigin::Text(column) | DimensionOrigin::Flag(column)) => column,
        _ => by,
    };
    match value {
        None => format!("{field} is null"),
        Some(value) => format!("{field} = {}", quoted(value)),
    }
}

/// The scope of a question as a condition: what holds for every session that it is about.
pub(crate) fn of_scope(
    range: Range,
    filters: &[String],
    environment: EnvironmentChoice,
) -> Vec<String> {
    let mut parts: Vec<String> = filters.iter().map(|filter| format!("({filter})")).collect();
    let utc = jiff::tz::TimeZone::UTC;
    if range.from != i64::MIN {
        parts.push(format!(
            "start_time >= {}",
            format_instant(range.from, &utc)
        ));
    }
    if range.to != i64::MAX {
        parts.push(format!("start_time < {}", format_instant(range.to, &utc)));
    }
    match environment {
        EnvironmentChoice::All => {}
        EnvironmentChoice::Production => parts.push("environment != test".to_owned()),
        EnvironmentChoice::Test => parts.push("environment = test".to_owned()),
    }
    parts
}
