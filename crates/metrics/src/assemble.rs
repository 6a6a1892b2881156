//! The last stage: from the cells of all passes to the rows of the answer.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use upshot_core::time::DAY;
use upshot_lake::Capture;

use crate::baseline::Baselines;
use crate::beside::Lasted;
use crate::explain::{PassPurpose, Trace};
use crate::measure::{Basis, Measured, Quotients, compare, measure, unknown_value};
use crate::notes;
use crate::query::plan::{Grouping, Parts, Plan};
use crate::query::resolve::{OrderKey, Resolved};
use crate::query::terms::Terms;
use crate::registry::Metric;
use crate::result::{Definition, MetricValue, Note, NoteCode, QueryResult, RangeInfo, Row};
use crate::run::gather::{Filled, Gathered};
use crate::run::groups::{GroupValue, MOST_GROUPS};
use crate::time::{Compare, Range, format_instant};

/// One pass: what was planned, and what was found.
pub(crate) struct Part {
    pub(crate) plan: Plan,
    pub(crate) gathered: Gathered,
}

/// All passes, of the range and of the one to compare with. Both have the same parts in the same order,
/// and all parts have the same groups.
pub(crate) struct Passes {
    pub(crate) range: Range,
    pub(crate) parts: Vec<Part>,
    pub(crate) previous: Option<(Range, Vec<Part>)>,
    /// What reductions are measured with.
    pub(crate) baselines: Baselines,
}

impl Passes {
    /// How values become groups; the parts differ only in the column of their time.
    pub(crate) fn groupings(&self) -> &[Grouping] {
        self.parts.first().map_or(&[], |part| &part.plan.groupings)
    }

    /// Writes down what was read.
    pub(crate) fn trace(&self, purpose: PassPurpose, trace: &mut Trace) {
        self.parts.iter().for_each(|part| trace.pass(purpose, part));
        let compared = match purpose {
            PassPurpose::Rows => PassPurpose::Compared,
            other => other,
        };
        let previous = self.previous.iter().flat_map(|(_, parts)| parts);
        previous.for_each(|part| trace.pass(compared, part));
        let baselines = self.baselines.parts();
        baselines.for_each(|part| trace.pass(PassPurpose::Baseline, part));
    }

    /// The same of the range to compare with.
    pub(crate) fn compared_groupings(&self) -> &[Grouping] {
        let parts = self.previous.as_ref().and_then(|(_, parts)| parts.first());
        parts.map_or(&[], |part| &part.plan.groupings)
    }

    fn all(&self) -> impl Iterator<Item = &Part> {
        let previous = self.previous.iter().flat_map(|(_, parts)| parts);
        let parts = self.parts.iter().chain(previous);
        parts.chain(self.baselines.parts())
    }
}

pub(crate) type Key = Vec<GroupValue>;

/// The cells of one group in one range, by part; nothing where the part has no rows of the group.
pub(crate) type Cells<'a> = Vec<Option<&'a Filled>>;

/// A group's cells in both ranges.
struct Group<'a> {
    key: Key,
    current: Cells<'a>,
    previous: Cells<'a>,
}

/// The groups with their values, in the order of the query.
pub(crate) fn ordered(
    resolved: &Resolved,
    passes: &Passes,
    notes: &mut Vec<Note>,
) -> Vec<(Key, Vec<MetricValue>)> {
    let groups = groups(resolved, passes, notes).into_iter();
    let lasted = Lasted::new(resolved, passes);
    let mut rows: Vec<(Key, Vec<MetricValue>)> = groups
        .map(|group| {
            let cells = (&group.current, &group.previous);
            let lasted = lasted.of(&group.key);
            let values = group_values(resolved, passes, Some(&group.key), cells, lasted);
            (group.key, values)
        })
        .collect();
    rows.retain(|(_, values)| {
        let mut conditions = resolved.having.iter();
        conditions.all(|condition| condition.holds(&values[condition.metric]))
    });
    rows.sort_by(|first, second| by_order(resolved, first, second));
    rows
}

/// All groups together.
fn totals(resolved: &Resolved, passes: &Passes) -> Vec<MetricValue> {
    let parts = passes.parts.iter();
    let current: Cells<'_> = parts.map(|part| Some(&part.gathered.totals)).collect();
    let previous = passes.previous.iter().flat_map(|(_, parts)| parts);
    let previous: Cells<'_> = previous.map(|part| Some(&part.gathered.totals)).collect();
    let elapsed = passes
        .previous
        .as_ref()
        .map(|(range, _)| elapsed(resolved, passes.range, *range));
    group_values(resolved, passes, None, (&current, &previous), elapsed)
}

/// A row of the answer.
pub(crate) fn row(
    resolved: &Resolved,
    groupings: &[Grouping],
    (key, values): (Key, Vec<MetricValue>),
) -> Row {
    let labels = groupings
        .iter()
        .zip(&key)
        .map(|(by, value)| label(by, value));
    let ids = resolved.groups.iter().map(|group| group.id.clone());
    Row {
        dimensions: ids.zip(labels).collect(),
        other: key.contains(&GroupValue::Other),
        metrics: by_id(resolved, values),
    }
}

/// Makes the answer, without its rows.
pub(crate) fn assemble(
    resolved: &Resolved,
    passes: &Passes,
    mut notes: Vec<Note>,
    capture: &Capture,
) -> QueryResult {
    let prices = notes::price_list(capture);
    let told = notes::notes(resolved, passes, &prices, capture);
    notes.splice(0..0, told);
    QueryResult {
        metrics: resolved
            .metrics
            .iter()
            .map(|metric| metric.id.to_owned())
            .collect(),
        dimensions: resolved
            .groups
            .iter()
            .map(|group| group.id.clone())
            .collect(),
        range: range_info(resolved, passes.range),
        compare_range: passes
            .previous
            .as_ref()
            .map(|(range, ..)| range_info(resolved, *range)),
        environment: resolved.environment,
        rows: Vec::new(),
        row_count: 0,
        next_cursor: None,
        subtotals: Vec::new(),
        totals: by_id(resolved, totals(resolved, passes)),
        definitions: resolved
            .metrics
            .iter()
            .map(|metric| Definition {
                price_list: metric.is_priced().then(|| prices.clone()),
                ..definition(metric, &resolved.terms(passes.range))
            })
            .collect(),
        notes,
        fact_set: capture.fact_set.clone(),
        snapshot: capture.snapshot,
        rows_read: passes.all().map(|part| part.gathered.rows_read).sum(),
        explanation: None,
        took_milliseconds: 0.0,
    }
}

/// The groups of all parts of both ranges; stretches of time without data are filled in.
fn groups<'a>(resolved: &Resolved, passes: &'a Passes, notes: &mut Vec<Note>) -> Vec<Group<'a>> {
    if resolved.groups.is_empty() {
        return Vec::new();
    }
    let found = |parts: &'a [Part]| -> Vec<HashMap<&'a Key, &'a Filled>> {
        let parts = parts.iter().map(|part| part.gathered.groups.iter());
        parts
            .map(|groups| groups.map(|(key, filled)| (key, filled)).collect())
            .collect()
    };
    let current = found(&passes.parts);
    let previous = passes
        .previous
        .as_ref()
        .map(|(_, parts)| found(parts))
        .unwrap_or_default();
    let keys_of = |found: &[HashMap<&Key, &Filled>]| -> Vec<Key> {
        let keys = found.iter().flat_map(HashMap::keys);
        keys.map(|key| (*key).clone()).collect()
    };
    let mut keys: BTreeSet<Key> = keys_of(&current).into_iter().collect();
    // What lies past the end of a shorter range has nothing to stand beside.
    let exists = |key: &Key| {
        passes
            .groupings()
            .iter()
            .zip(key)
            .all(|(by, value)| match (by, value) {
                (Grouping::Buckets(_, buckets), GroupValue::Position(position)) => {
                    (*position as usize) < buckets.len()
                }
                _ => true,
            })
    };
    keys.extend(keys_of(&previous).into_iter().filter(exists));
    fill_gaps(passes.groupings(), &mut keys, notes);
    let cells = |found: &[HashMap<&'a Key, &'a Filled>], key: &Key| -> Cells<'a> {
        found
            .iter()
            .map(|groups| groups.get(key).copied())
            .collect()
    };
    keys.into_iter()
        .map(|key| Group {
            current: cells(&current, &key),
            previous: cells(&previous, &key),
            key,
        })
        .collect()
}

/// Adds every stretch and position of time for all that the other dimensions hold.
fn fill_gaps(groupings: &[Grouping], keys: &mut BTreeSet<Key>, notes: &mut Vec<Note>) {
    for (index, grouping) in groupings.iter().enumerate() {
        let positions = match grouping {
            Grouping::Buckets(_, buckets) => buckets.len(),
            Grouping::Clock(_, clock) => clock.len(),
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

/// The values of every metric in one group, or in all groups together. Beside them stand those of the other range, where
/// there is one, with how long both lasted; or nothing where it leaves the group's stretch of time out.
fn group_values(
    resolved: &Resolved,
    passes: &Passes,
    key: Option<&Key>,
    (current, previous): (&Cells<'_>, &Cells<'_>),
    elapsed: Option<(f64, f64)>,
) -> Vec<MetricValue> {
    let against_baseline = |mut values: Vec<Measured>, compared| {
        let baselines = &passes.baselines;
        baselines.put_against(resolved, key, &mut values, compared);
        values
    };
    let now = against_baseline(measured(resolved, &passes.parts, current), false);
    let before = passes.previous.as_ref().map(|(_, parts)| match elapsed {
        Some(elapsed) => {
            let before = measured(resolved, parts, previous);
            (elapsed, against_baseline(before, true))
        }
        None => (
            (1.0, 1.0),
            now.iter().map(|_| unknown_value(None)).collect(),
        ),
    });
    now.iter()
        .enumerate()
        .map(|(index, measured)| {
            let mut value = measured.value.clone();
            value.compare = before.as_ref().map(|(elapsed, before)| {
                compare(resolved.metrics[index], measured, &before[index], *elapsed)
            });
            value
        })
        .collect()
}

/// The values of every metric in one group of one range, in the order of the query; reductions as the rates that
/// they are of.
pub(crate) fn measured(resolved: &Resolved, parts: &[Part], cells: &Cells<'_>) -> Vec<Measured> {
    let mut values: Vec<(usize, Measured)> = Vec::with_capacity(resolved.metrics.len());
    let empty: Vec<Filled> = parts
        .iter()
        .map(|part| Filled::empty(&part.plan.cells))
        .collect();
    let mut quotients = Quotients::default();
    for ((Part { plan, gathered }, filled), empty) in parts.iter().zip(cells).zip(&empty) {
        let basis = Basis {
            terms: &plan.terms,
            filled: filled.unwrap_or(empty),
            totals: &gathered.totals,
            sampling: gathered.sampling,
            subject: plan.subject,
        };
        for metric in &plan.metrics {
            match metric.parts {
                Parts::Quotient(sides) => quotients.add(metric, sides, basis),
                _ => values.push((metric.position, measure(metric, basis))),
            }
        }
    }
    values.extend(quotients.measured());
    values.sort_unstable_by_key(|(position, _)| *position);
    values.into_iter().map(|(_, measured)| measured).collect()
}

/// How long both ranges lasted, in days as far as they have passed. What the calendar holds to be
/// equally long is so: the days of two weeks, two months.
pub(crate) fn elapsed(resolved: &Resolved, range: Range, other: Range) -> (f64, f64) {
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
    let is_other = |key: &Key| key.contains(&GroupValue::Other);
    for (key, descending) in &resolved.order {
        let ordering = match key {
            // All others together come last, however many they are.
            OrderKey::Metric(_) if is_other(first_key) != is_other(second_key) => {
                is_other(first_key).cmp(&is_other(second_key))
            }
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
        (Grouping::Buckets(_, buckets), GroupValue::Position(position)) => {
            Some(buckets.label(*position as usize))
        }
        (Grouping::Clock(_, clock), GroupValue::Position(position)) => {
            Some(clock.label(*position as usize))
        }
        (_, GroupValue::Text(text)) => Some(text.to_string()),
        (_, GroupValue::Thousandths(number)) => Some((*number as f64 / 1e3).to_string()),
        _ => None,
    }
}

/// A range with its ends as instants.
pub(crate) fn range_info(resolved: &Resolved, range: Range) -> RangeInfo {
    let end = |time: i64, open: i64| {
        (time != open).then(|| format_instant(time, &resolved.calendar.zone))
    };
    RangeInfo {
        from: end(range.from, i64::MIN),
        to: end(range.to, i64::MAX),
        time_zone: resolved.zone_name.clone(),
        unfinished: range.to > resolved.now,
    }
}

/// What a metric says, as answers carry it.
pub(crate) fn definition(metric: &Metric, terms: &Terms) -> Definition {
    Definition {
        id: metric.id.to_owned(),
        name: metric.name.to_owned(),
        version: metric.version,
        text: metric.definition.to_owned(),
        subject: metric.subject,
        unit: metric.unit,
        direction: metric.direction,
        clock: metric.clock,
        maturity: metric.maturity,
        evidence: metric.evidence_under(terms),
        price_list: None,
    }
}
