//! Parts of values and values of dimensions as filters.

use std::collections::{BTreeMap, HashSet};

use jiff::tz::TimeZone;

use super::CellPart;
use crate::assemble::Key;
use crate::columns::Owner;
use crate::error::{Problem, ProblemCode};
use crate::filter::{MOST_CHARACTERS, Measure};
use crate::query::pass_key::PassKey;
use crate::query::resolve::{GroupBy, GroupSource};
use crate::query::terms::Terms;
use crate::registry::{Amount, Clock, DimensionOrigin, Kind, Metric, dimension};
use crate::run::groups::GroupValue;
use crate::time::{Range, format_instant};

/// What is wrong with the cell that is asked for.
pub(super) fn wrong(field: &str, message: String) -> Problem {
    Problem::new(ProblemCode::Conflict, format!("cell.{field}"), message)
}

/// Conditions, what is added up, and what is counted once.
type Part = (Vec<String>, Option<Measure>, Option<&'static str>);

/// The pass that holds the rows of a part of a value.
pub(super) fn pass(metric: &Metric, part: CellPart) -> PassKey {
    let side = match (metric.kind, part) {
        (Kind::Quotient { above, .. }, CellPart::Numerator) => (above.subject, above.sources),
        _ => (metric.subject, metric.sources),
    };
    PassKey::over(side, metric)
}

/// The conditions on the rows of a part of a value, and what is added up or counted once of them.
pub(crate) fn part(metric: &Metric, part: CellPart) -> Result<Part, Problem> {
    let numerator = part == CellPart::Numerator;
    let present = |measure: Measure| {
        let columns = measure.columns().into_iter();
        columns.map(|column| format!("{column} is not null"))
    };
    let (mut conditions, measure, key): Part = match metric.kind {
        Kind::PerKey { key, within } if !numerator => (vec![within.to_owned()], None, Some(key)),
        // Above stand those rows of the users who have most.
        Kind::TopShare { within, .. } => (vec![within.to_owned()], None, None),
        // Above stand the users of each day of the window, below those of all.
        Kind::Stickiness { key, within, .. } => (vec![within.to_owned()], None, Some(key)),
        Kind::Rate { denominator, .. }
        | Kind::Reduction { denominator, .. }
        | Kind::Per { denominator, .. }
            if !numerator =>
        {
            (vec![denominator.to_owned()], None, None)
        }
        Kind::DistinctRate {
            key, denominator, ..
        } if !numerator => (vec![denominator.to_owned()], None, Some(key)),
        Kind::Quotient { above, below } => {
            let total = if numerator { above } else { below };
            let mut conditions = vec![total.within.to_owned()];
            match total.of {
                Amount::Rows => (conditions, None, None),
                Amount::Keys(column) => (conditions, None, Some(column)),
                Amount::Sum { measure, .. } => {
                    conditions.extend(present(measure));
                    (conditions, Some(measure), None)
                }
            }
        }
        Kind::Ratio {
            denominator,
            within,
            ..
        } if !numerator => {
            let mut conditions = vec![within.to_owned()];
            conditions.extend(present(denominator));
            (conditions, Some(denominator), None)
        }
        Kind::Mean {
            measure, within, ..
        } => {
            let mut conditions = vec![within.to_owned()];
            conditions.extend(present(measure));
            (conditions, Some(measure).filter(|_| numerator), None)
        }
        _ if !numerator => {
            let message = format!("`{}` is divided by nothing", metric.id);
            return Err(wrong("part", message));
        }
        Kind::Count { of } => (vec![of.to_owned()], None, None),
        Kind::Per { numerator, .. } => (vec![numerator.to_owned()], None, None),
        Kind::Rate {
            numerator,
            denominator,
        }
        | Kind::Reduction {
            numerator,
            denominator,
        } => (
            vec![numerator.to_owned(), denominator.to_owned()],
            None,
            None,
        ),
        Kind::DistinctRate {
            key,
            numerator,
            denominator,
        } => {
            let conditions = vec![numerator.to_owned(), denominator.to_owned()];
            (conditions, None, Some(key))
        }
        Kind::Distinct { key, within }
        | Kind::Ever { key, within }
        | Kind::Trailing { key, within, .. } => (vec![within.to_owned()], None, Some(key)),
        Kind::PerKey { within, .. } => (vec![within.to_owned()], None, None),
        Kind::Sum {
            measure, within, ..
        }
        | Kind::Ratio {
            numerator: measure,
            within,
            ..
        } => {
            let mut conditions = vec![within.to_owned()];
            conditions.extend(present(measure));
            (conditions, Some(measure), None)
        }
        Kind::Quantile {
            measure, within, ..
        } => {
            let mut conditions = vec![within.to_owned()];
            conditions.extend(present(measure));
            (conditions, None, None)
        }
    };
    let judged = metric.maturity.conditions().iter();
    conditions.extend(judged.map(|condition| (*condition).to_owned()));
    conditions.retain(|condition| !condition.is_empty());
    conditions.dedup();
    Ok((conditions, measure, key))
}

/// Text in quotes.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// The condition of the rows in which a dimension has this value.
pub(crate) fn condition(
    group: &GroupBy,
    value: Option<&str>,
    key: PassKey,
    terms: &Terms,
) -> String {
    let field = field(group);
    match (&group.source, value) {
        (GroupSource::Condition(_, yes, _), Some(value)) => {
            let text = match dimension(&group.id).map(|known| known.origin) {
                Some(DimensionOrigin::Condition { condition, .. }) => condition,
                _ => "",
            };
            let text = terms.fill(text);
            match value == *yes {
                true => format!("({text})"),
                false => format!("not ({text})"),
            }
        }
        (GroupSource::Kinds(kinds), value) => {
            // The first condition that holds says the name.
            let before = kinds.iter().take_while(|(_, name)| Some(*name) != value);
            let mut parts: Vec<String> = before
                .map(|(text, _)| format!("not ({})", terms.fill(text)))
                .collect();
            let own = kinds.iter().find(|(_, name)| Some(*name) == value);
            parts.extend(own.map(|(text, _)| format!("({})", terms.fill(text))));
            parts.join(" and ")
        }
        (GroupSource::Time(grain), Some(value)) => {
            let prefix = match key.clock {
                Clock::SessionStart => "",
                Clock::EventTime => Owner::of(key.subject).prefix(),
            };
            format!("{prefix}{grain} = {}", quoted(value))
        }
        (GroupSource::Number(_), Some(value)) => {
            // Groups hold numbers to the thousandth.
            let number: f64 = value.parse().unwrap_or(f64::NAN);
            format!(
                "{field} >= {} and {field} < {}",
                number - 5e-4,
                number + 5e-4
            )
        }
        (GroupSource::List(_), Some(value)) => format!("{field} has {}", quoted(value)),
        (GroupSource::Sources, Some(value)) => {
            format!("{} has {}", key.source_list(), quoted(value))
        }
        (GroupSource::Sources, None) => format!("{} is null", key.source_list()),
        (_, Some(value)) => format!("{field} = {}", quoted(value)),
        (_, None) => format!("{field} is null"),
    }
}

/// The condition of lying in one of several stretches of time; nothing where there is one, which is a range.
pub(super) fn in_one_of(stretches: &[Range], key: PassKey, zone: &TimeZone) -> Option<String> {
    let column = key.time_column();
    let instant = |time| quoted(&format_instant(time, zone));
    let parts = stretches.iter().map(|Range { from, to }| {
        let (from, to) = (instant(*from), instant(*to));
        format!("({column} >= {from} and {column} < {to})")
    });
    (stretches.len() > 1).then(|| parts.collect::<Vec<_>>().join(" or "))
}

/// The condition of the rows that stand in a group that is none of these. A row may stand in several: it has each
/// value of a list together with each of another.
///
/// # Errors
/// When it is longer than a filter may be.
pub(super) fn none_of(
    groups: &[GroupBy],
    keys: &HashSet<Key>,
    key: PassKey,
    terms: &Terms,
) -> Result<String, Problem> {
    let rows: Vec<&[GroupValue]> = keys.iter().map(Vec::as_slice).collect();
    let condition = beside(groups, &rows, key, terms).unwrap_or_default();
    if condition.chars().count() > MOST_CHARACTERS / 2 {
        let message = format!(
            "{} groups stand by themselves; a filter that leaves out so many would be too long, so ask with a \
             smaller limit",
            keys.len()
        );
        return Err(wrong("other", message));
    }
    Ok(condition)
}

/// The condition of standing beside these groups: with a value of the first dimension that none of them has, or with
/// one that some have and, in the other dimensions, beside those. Nothing where there is no dimension to differ in.
fn beside(
    groups: &[GroupBy],
    rows: &[&[GroupValue]],
    key: PassKey,
    terms: &Terms,
) -> Option<String> {
    let (group, rest) = groups.split_first()?;
    let mut by_value: BTreeMap<&GroupValue, Vec<&[GroupValue]>> = BTreeMap::new();
    for row in rows {
        if let Some((value, others)) = row.split_first() {
            by_value.entry(value).or_default().push(others);
        }
    }
    let values: Vec<Option<String>> = by_value.keys().map(|value| text(value)).collect();
    let mut parts = vec![other_than(group, &values, key, terms)];
    for (value, others) in values.iter().zip(by_value.values()) {
        let within = beside(rest, others, key, terms);
        parts.extend(within.map(|within| {
            let own = condition(group, value.as_deref(), key, terms);
            format!("(({own}) and {within})")
        }));
    }
    Some(format!("({})", parts.join(" or ")))
}

/// The condition of having a value of a dimension that is none of these; to have none is one, too.
fn other_than(group: &GroupBy, values: &[Option<String>], key: PassKey, terms: &Terms) -> String {
    let named: Vec<String> = values.iter().flatten().map(|value| quoted(value)).collect();
    let (named, missing) = (named.join(", "), values.contains(&None));
    let field = match group.source {
        GroupSource::Sources => key.source_list().to_owned(),
        _ => field(group),
    };
    match (&group.source, named.is_empty(), missing) {
        // Nothing stands by itself where the limit is 0.
        (GroupSource::List(_) | GroupSource::Sources | GroupSource::Text(_), true, false) => {
            format!("({field} is null or {field} is not null)")
        }
        (GroupSource::List(_) | GroupSource::Sources | GroupSource::Text(_), true, true) => {
            format!("{field} is not null")
        }
        (GroupSource::List(_) | GroupSource::Sources, false, true) => {
            format!("{field} has other than ({named})")
        }
        (GroupSource::List(_) | GroupSource::Sources, false, false) => {
            format!("({field} is null or {field} has other than ({named}))")
        }
        (GroupSource::Text(_), false, true) => {
            format!("({field} is not null and {field} not in ({named}))")
        }
        (GroupSource::Text(_), false, false) => format!("{field} not in ({named})"),
        _ => {
            let each = values.iter();
            let each =
                each.map(|value| format!("({})", condition(group, value.as_deref(), key, terms)));
            format!("not ({})", each.collect::<Vec<_>>().join(" or "))
        }
    }
}

/// The value as a row of an answer has it.
fn text(value: &GroupValue) -> Option<String> {
    match value {
        GroupValue::Text(text) => Some(text.to_string()),
        GroupValue::Thousandths(number) => Some((*number as f64 / 1e3).to_string()),
        _ => None,
    }
}

/// The name by which filters know a dimension.
fn field(group: &GroupBy) -> String {
    match group.id.starts_with("attribute.") {
        true => quoted(&group.id),
        false => group.id.clone(),
    }
}
