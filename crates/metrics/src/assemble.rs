//! The last stage: from the cells of one or two passes to the rows of the answer.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use upshot_core::time::DAY;
use upshot_lake::Capture;

use crate::measure::{Basis, Measured, compare, measure};
use crate::query::EnvironmentChoice;
use crate::query::plan::{Grouping, Plan};
use crate::query::resolve::{OrderKey, Resolved};
use crate::registry::{Maturity, Metric};
use crate::result::{Definition, MetricValue, Note, NoteCode, QueryResult, RangeInfo, Row};
use crate::run::gather::{Filled, Gathered};
use crate::run::groups::{GroupValue, MOST_GROUPS};
use crate::time::{Compare, Range, format_instant};

/// What was planned and found, in the range and in the one to compare with.
pub(crate) struct Passes {
    pub(crate) range: Range,
    pub(crate) plan: Plan,
    pub(crate) gathered: Gathered,
    pub(crate) previous: Option<(Range, Plan, Gathered)>,
}

type Key = Vec<GroupValue>;

/// A group's cells in both ranges.
struct Group<'a> {
    key: Key,
    current: &'a Filled,
    previous: Option<&'a Filled>,
}

/// Makes the answer.
pub(crate) fn assemble(resolved: &Resolved, passes: Passes, capture: &Capture) -> QueryResult {
    let empty = Filled::empty(&passes.plan.cells);
    let mut notes = notes(resolved, &passes);
    let groups = groups(resolved, &passes, &empty, &mut notes);
    let values = |current: &Filled, previous: Option<&Filled>| {
        group_values(resolved, &passes, current, previous)
    };
    let previous_totals = passes
        .previous
        .as_ref()
        .map(|(_, _, gathered)| &gathered.totals);
    let totals = values(&passes.gathered.totals, previous_totals);
    let mut rows: Vec<(Key, Vec<MetricValue>)> = groups
        .into_iter()
        .map(|group| (group.key, values(group.current, group.previous)))
        .collect();
    rows.sort_by(|first, second| by_order(resolved, first, second));
    let row_count = rows.len();
    rows.truncate(resolved.limit.unwrap_or(usize::MAX));
    let dimensions: Vec<String> = resolved
        .groups
        .iter()
        .map(|group| group.id.clone())
        .collect();
    let rows = rows
        .into_iter()
        .map(|(key, values)| Row {
            dimensions: dimensions
                .iter()
                .cloned()
                .zip(
                    passes
                        .plan
                        .groupings
                        .iter()
                        .zip(&key)
                        .map(|(by, value)| label(by, value)),
                )
                .collect(),
            metrics: by_id(resolved, values),
        })
        .collect();
    QueryResult {
        metrics: resolved
            .metrics
            .iter()
            .map(|metric| metric.id.to_owned())
            .collect(),
        dimensions,
        range: range_info(resolved, passes.range),
        compare_range: passes
            .previous
            .as_ref()
            .map(|(range, ..)| range_info(resolved, *range)),
        environment: resolved.environment,
        rows,
        row_count,
        totals: by_id(resolved, totals),
        definitions: resolved
            .metrics
            .iter()
            .map(|metric| definition(metric))
            .collect(),
        notes,
        fact_set: capture.fact_set.clone(),
        snapshot: capture.snapshot,
        rows_read: passes.gathered.rows_read
            + passes
                .previous
                .as_ref()
                .map_or(0, |(_, _, gathered)| gathered.rows_read),
        took_milliseconds: 0.0,
    }
}

/// The groups of both ranges; stretches of time without data are filled in.
fn groups<'a>(
    resolved: &Resolved,
    passes: &'a Passes,
    empty: &'a Filled,
    notes: &mut Vec<Note>,
) -> Vec<Group<'a>> {
    if resolved.groups.is_empty() {
        return Vec::new();
    }
    let current: HashMap<&Key, &Filled> = passes
        .gathered
        .groups
        .iter()
        .map(|(key, filled)| (key, filled))
        .collect();
    let previous: Option<HashMap<&Key, &Filled>> =
        passes.previous.as_ref().map(|(_, _, gathered)| {
            gathered
                .groups
                .iter()
                .map(|(key, filled)| (key, filled))
                .collect()
        });
    let mut keys: BTreeSet<Key> = current.keys().map(|key| (*key).clone()).collect();
    if let Some(previous) = &previous {
        // Positions past the end of a shorter range have nothing to stand beside.
        let exists = |key: &Key| {
            passes
                .plan
                .groupings
                .iter()
                .zip(key)
                .all(|(by, value)| match (by, value) {
                    (Grouping::Buckets(buckets), GroupValue::Position(position)) => {
                        (*position as usize) < buckets.len()
                    }
                    _ => true,
                })
        };
        keys.extend(
            previous
                .keys()
                .filter(|key| exists(key))
                .map(|key| (*key).clone()),
        );
    }
    fill_gaps(&passes.plan.groupings, &mut keys, notes);
    keys.into_iter()
        .map(|key| Group {
            current: current.get(&key).copied().unwrap_or(empty),
            previous: previous
                .as_ref()
                .map(|found| found.get(&key).copied().unwrap_or(empty)),
            key,
        })
        .collect()
}

/// Adds every stretch and position of time for all that the other dimensions hold.
fn fill_gaps(groupings: &[Grouping], keys: &mut BTreeSet<Key>, notes: &mut Vec<Note>) {
    for (index, grouping) in groupings.iter().enumerate() {
        let positions = match grouping {
            Grouping::Buckets(buckets) => buckets.len(),
            Grouping::Clock(clock) => clock.len(),
            _ => continue,
        };
        let others: BTreeSet<Key> = keys
            .iter()
            .map(|key| {
                let mut other = key.clone();
                other[index] = GroupValue::Missing;
                other
            })
            .collect();
        if others.is_empty() && groupings.len() > 1 {
            continue;
        }
        if others.len().saturating_mul(positions) > MOST_GROUPS {
            notes.push(Note {
                code: NoteCode::GapsNotFilled,
                text: "stretches without data are left out, because there are too many".to_owned(),
                count: 0,
            });
            continue;
        }
        let others = if others.is_empty() {
            BTreeSet::from([vec![GroupValue::Missing]])
        } else {
            others
        };
        for other in others {
            keys.extend((0..positions as u32).map(|position| {
                let mut key = other.clone();
                key[index] = GroupValue::Position(position);
                key
            }));
        }
    }
}

/// The values of every metric in one group.
fn group_values(
    resolved: &Resolved,
    passes: &Passes,
    current: &Filled,
    previous: Option<&Filled>,
) -> Vec<MetricValue> {
    let basis = |filled, gathered: &'_ Gathered, plan: &Plan| -> Vec<Measured> {
        let basis = Basis {
            filled,
            totals: &gathered.totals,
            sampling: gathered.sampling,
            pending: plan.pending,
        };
        plan.metrics
            .iter()
            .map(|metric| measure(metric, basis))
            .collect()
    };
    let now = basis(current, &passes.gathered, &passes.plan);
    let before = passes
        .previous
        .as_ref()
        .zip(previous)
        .map(|((range, plan, gathered), filled)| (*range, basis(filled, gathered, plan)));
    now.iter()
        .enumerate()
        .map(|(index, measured)| {
            let mut value = measured.value.clone();
            value.compare = before.as_ref().map(|(range, before)| {
                let elapsed = elapsed(resolved, passes.range, *range);
                compare(resolved.metrics[index], measured, &before[index], elapsed)
            });
            value
        })
        .collect()
}

/// How long both ranges lasted, in days as far as they have passed. What the calendar holds to be
/// equally long is so: the days of two weeks, two months.
fn elapsed(resolved: &Resolved, range: Range, other: Range) -> (f64, f64) {
    if !matches!(resolved.compare, Some(Compare::Range(..))) {
        return (1.0, 1.0);
    }
    let lasted = |range: Range| {
        let to = range.to.min(resolved.now.max(range.from.saturating_add(1)));
        to.saturating_sub(range.from) as f64 / DAY as f64
    };
    let (lasted, other_lasted) = (lasted(range), lasted(other));
    // A change of the clock makes no range longer.
    if (lasted - other_lasted).abs() < 0.05 {
        (1.0, 1.0)
    } else {
        (lasted, other_lasted)
    }
}

fn by_id(resolved: &Resolved, values: Vec<MetricValue>) -> BTreeMap<String, MetricValue> {
    resolved
        .metrics
        .iter()
        .map(|metric| metric.id.to_owned())
        .zip(values)
        .collect()
}

/// Rows without a value come last whatever the direction.
fn by_order(
    resolved: &Resolved,
    (first_key, first): &(Key, Vec<MetricValue>),
    (second_key, second): &(Key, Vec<MetricValue>),
) -> Ordering {
    for (key, descending) in &resolved.order {
        let ordering = match key {
            OrderKey::Dimension(index) => {
                let ordering = first_key[*index].cmp(&second_key[*index]);
                if *descending {
                    ordering.reverse()
                } else {
                    ordering
                }
            }
            OrderKey::Metric(index) => match (first[*index].value, second[*index].value) {
                (Some(first), Some(second)) if *descending => second.total_cmp(&first),
                (Some(first), Some(second)) => first.total_cmp(&second),
                (first, second) => second.is_some().cmp(&first.is_some()),
            },
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    Ordering::Equal
}

/// The name of a group's value.
pub(crate) fn label(grouping: &Grouping, value: &GroupValue) -> Option<String> {
    match (grouping, value) {
        (Grouping::Buckets(buckets), GroupValue::Position(position)) => {
            Some(buckets.label(*position as usize))
        }
        (Grouping::Clock(clock), GroupValue::Position(position)) => {
            Some(clock.label(*position as usize))
        }
        (_, GroupValue::Text(text)) => Some(text.to_string()),
        _ => None,
    }
}

/// A range with its ends as instants.
pub(crate) fn range_info(resolved: &Resolved, range: Range) -> RangeInfo {
    let end = |time: i64, open: i64| (time != open).then(|| format_instant(time, &resolved.zone));
    RangeInfo {
        from: end(range.from, i64::MIN),
        to: end(range.to, i64::MAX),
        time_zone: resolved.zone_name.clone(),
        unfinished: range.to > resolved.now,
    }
}

/// What a metric says, as answers carry it.
pub(crate) fn definition(metric: &Metric) -> Definition {
    Definition {
        id: metric.id.to_owned(),
        name: metric.name.to_owned(),
        version: metric.version,
        text: metric.definition.to_owned(),
        unit: metric.unit,
        direction: metric.direction,
        clock: metric.clock,
        maturity: metric.maturity,
        evidence: metric.evidence(),
    }
}

fn notes(resolved: &Resolved, passes: &Passes) -> Vec<Note> {
    let mut notes = vec![environment_note(
        resolved.environment,
        passes.gathered.left_out,
    )];
    let judged = resolved
        .metrics
        .iter()
        .any(|metric| metric.maturity == Maturity::Timeout);
    let pending = passes
        .gathered
        .totals
        .counters
        .get(passes.plan.pending)
        .copied()
        .unwrap_or(0);
    if judged && pending > 0 {
        notes.push(Note {
            code: NoteCode::Pending,
            text: format!(
                "{} too young to be judged: counted, but part of no rate or mean",
                sessions(pending)
            ),
            count: pending,
        });
    }
    if let Some((range, ..)) = &passes.previous
        && elapsed(resolved, passes.range, *range).0 != elapsed(resolved, passes.range, *range).1
    {
        notes.push(Note {
            code: NoteCode::UnequalRanges,
            text: "the ranges are not equally long; changes of counts are changes per day"
                .to_owned(),
            count: 0,
        });
    }
    if passes.plan.groupings.contains(&Grouping::Topics) {
        notes.push(Note {
            code: NoteCode::ManyValued,
            text:
                "a session counts in the row of every topic that it visited, so the rows add up to \
                   more than the totals"
                    .to_owned(),
            count: 0,
        });
    }
    notes
}

fn sessions(count: u64) -> String {
    if count == 1 {
        "1 session".to_owned()
    } else {
        format!("{count} sessions")
    }
}

/// The badge that says which traffic is counted.
pub(crate) fn environment_note(choice: EnvironmentChoice, left_out: u64) -> Note {
    let text = match (choice, left_out) {
        (EnvironmentChoice::All, _) => "production and test traffic".to_owned(),
        (EnvironmentChoice::Production, 0) => {
            "production traffic only; it is all there is".to_owned()
        }
        (EnvironmentChoice::Production, count) => {
            format!(
                "production traffic only; {} of test traffic left out",
                sessions(count)
            )
        }
        (EnvironmentChoice::Test, count) => {
            format!(
                "test traffic only; {} of production traffic left out",
                sessions(count)
            )
        }
    };
    Note {
        code: NoteCode::Environment,
        text,
        count: left_out,
    }
}
