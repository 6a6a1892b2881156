//! One thread's share of a pass: batches in, cells out.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::buffer::{BooleanBuffer, ScalarBuffer};
use serde::{Deserialize, Serialize};
use upshot_core::time::start_of_day;

use super::accumulate::{Accumulators, Input, Sampling, ScaleOf};
use super::evaluate::{Evaluator, Numbers, Values, not_replaced};
use super::groups::{GroupValue, Grouped, Groups, Kept};
use super::sets::Keys;
use crate::columns::{Columns as ColumnNames, event_time};
use crate::error::QueryError;
use crate::filter::{Known, Measure, Nulls, Predicate, TextSource};
use crate::pass::Consumer;
use crate::query::plan::{Cells, Grouping, Plan};
use crate::registry::Subject;
use crate::rollup::Found;
use crate::time::Range;

/// The plan as it applies to some of the rows: what is known of their start is folded in, so that
/// fewer columns are read.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) subject: Subject,
    pub(crate) selection: Predicate,
    pub(crate) environment: Predicate,
    pub(crate) groupings: Vec<Grouping>,
    pub(crate) cells: Cells,
    /// The groups that stand by themselves, where not all do.
    pub(crate) kept: Option<Arc<Kept>>,
    /// Sessions that are left out because memory holds newer rows of them.
    pub(crate) replaced: Option<Arc<HashSet<Box<str>>>>,
    /// Columns that whoever takes the batches wants besides.
    pub(crate) wanted: ColumnNames,
    /// Columns that hold nothing and are not read.
    absent: ColumnNames,
    /// The scale on which all answers stand, where that is known.
    scale: Option<(f64, f64)>,
}

impl Shape {
    /// The rows of a batch that it selects, without those that memory replaces.
    pub(crate) fn selected<'a>(&'a self, evaluator: &mut Evaluator<'a>) -> BooleanBuffer {
        let selected = evaluator.predicate(&self.selection);
        match &self.replaced {
            None => selected,
            Some(replaced) => &selected & &not_replaced(evaluator, replaced),
        }
    }

    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            subject: plan.subject,
            selection: plan.selection.clone(),
            environment: plan.environment.clone(),
            groupings: match &plan.reading {
                Some(reading) => reading.groupings.clone(),
                None => plan.groupings.clone(),
            },
            cells: plan.cells.clone(),
            kept: plan.kept.clone(),
            replaced: None,
            wanted: ColumnNames::new(),
            absent: ColumnNames::new(),
            scale: None,
        }
    }

    /// Nothing but the rows of a subject that fulfil a condition, for whoever wants these columns.
    pub(crate) fn selecting(subject: Subject, selection: Predicate, wanted: ColumnNames) -> Self {
        Self {
            subject,
            selection,
            environment: Predicate::Constant(true),
            groupings: Vec::new(),
            cells: Cells::default(),
            kept: None,
            replaced: None,
            wanted,
            absent: ColumnNames::new(),
            scale: None,
        }
    }

    /// For the rows of a UTC day: that on which their session started.
    pub(crate) fn of_day(&self, day: i32) -> Self {
        self.map(|predicate| on_day(self.subject, predicate, day))
    }

    /// Whether rows of a UTC day may be selected.
    pub(crate) fn may_hold(&self, day: i32) -> bool {
        on_day(self.subject, &self.selection, day) != Predicate::Constant(false)
    }

    /// Whether rows that happened within this range may be selected.
    pub(crate) fn may_hold_then(&self, happened: Range) -> bool {
        let column = event_time(self.subject);
        let within = self
            .selection
            .within(column, happened.from, happened.to - 1);
        within != Predicate::Constant(false)
    }

    /// For the rows of a file of whose columns this is known.
    pub(crate) fn folded<'k>(&self, known: &dyn Fn(&str) -> Option<&'k Known>) -> Self {
        let mut shape = self.map(|predicate| predicate.folded(known));
        let nothing = |column: &&str| known(column).is_some_and(|known| known.nulls == Nulls::All);
        shape.absent = shape.columns().into_iter().filter(nothing).collect();
        shape.scale = scale(known);
        shape
    }

    fn map(&self, fold: impl Fn(&Predicate) -> Predicate) -> Self {
        let groupings = self.groupings.iter();
        Self {
            subject: self.subject,
            selection: fold(&self.selection),
            environment: fold(&self.environment),
            groupings: groupings.map(|grouping| grouping.map(&fold)).collect(),
            cells: self.cells.mapped(&fold),
            kept: self.kept.clone(),
            replaced: self.replaced.clone(),
            wanted: self.wanted.clone(),
            absent: self.absent.clone(),
            scale: self.scale,
        }
    }

    /// Whether both are read in the same way.
    pub(crate) fn reads_as(&self, other: &Self) -> bool {
        self.selection == other.selection
            && self.wanted == other.wanted
            && self.replaced.is_some() == other.replaced.is_some()
            && self.environment == other.environment
            && self.cells.predicates == other.cells.predicates
            && self.groupings == other.groupings
            && self.absent == other.absent
            && self.scale == other.scale
    }

    /// The columns that are read.
    pub(crate) fn columns(&self) -> ColumnNames {
        let mut columns = self.wanted.clone();
        self.selection.add_columns(&mut columns);
        self.environment.add_columns(&mut columns);
        for predicate in &self.cells.predicates {
            predicate.add_columns(&mut columns);
        }
        for measure in &self.cells.measures {
            columns.extend(measure.columns());
        }
        columns.extend(self.cells.sets.iter().map(|(key, _)| *key));
        if !self.cells.scales.is_empty() && self.scale.is_none() {
            columns.extend(["csat_scale_minimum", "csat_scale_maximum"]);
        }
        if !self.cells.clusters.is_empty() {
            columns.insert(self.cells.identity.key());
        }
        if self.replaced.is_some() {
            columns.insert("session_id");
        }
        for grouping in &self.groupings {
            match grouping {
                Grouping::Text(TextSource::Column(column)) | Grouping::Flag(column) => {
                    columns.insert(column);
                }
                Grouping::Text(TextSource::Attribute(_)) => {
                    columns.insert("attributes");
                }
                Grouping::Condition(..) | Grouping::Kinds(_) => {
                    let predicates = grouping.predicates().into_iter();
                    predicates.for_each(|predicate| predicate.add_columns(&mut columns));
                }
                Grouping::List(column)
                | Grouping::Number(column)
                | Grouping::Buckets(column, _)
                | Grouping::Clock(column, _) => {
                    columns.insert(column);
                }
            }
        }
        &columns - &self.absent
    }

    /// Adds what is known of the files to a hash.
    pub(crate) fn add_known_to(&self, hasher: &mut impl std::hash::Hasher) {
        let ends = self
            .scale
            .map(|(least, most)| (least.to_bits(), most.to_bits()));
        std::hash::Hash::hash(&(&self.absent, ends), hasher);
    }

    /// The column by whose times groups are cut, where they are.
    pub(crate) fn cut_by(&self) -> Option<&'static str> {
        self.groupings.iter().find_map(|grouping| match grouping {
            Grouping::Buckets(column, _) | Grouping::Clock(column, _) => Some(*column),
            _ => None,
        })
    }

    /// Whether a row may stand in several groups, so that totals are not the sum of the groups.
    pub(crate) fn is_many_valued(&self) -> bool {
        self.groupings
            .iter()
            .any(|grouping| matches!(grouping, Grouping::List(_)))
    }
}

/// The condition for rows whose session started on a UTC day. What is said or done in a session happens
/// no earlier than it started.
pub(crate) fn on_day(subject: Subject, predicate: &Predicate, day: i32) -> Predicate {
    let (least, most) = (start_of_day(day), start_of_day(day.saturating_add(1)) - 1);
    let of_start = Known::between(least, most);
    let of_event = Known::between(least, i64::MAX);
    let happened = event_time(subject);
    predicate.folded(&|column| match column {
        "start_time" => Some(&of_start),
        column if column == happened => Some(&of_event),
        _ => None,
    })
}

/// The scale on which all answers of a file stand: its ends are the same wherever they are said, and
/// they are said as often as there are answers.
fn scale<'k>(known: &dyn Fn(&str) -> Option<&'k Known>) -> Option<(f64, f64)> {
    let answers = known("csat_score")?.null_count;
    let end = |column| {
        let known = known(column)?;
        let (least, most) = known.reals?;
        // Statistics say −0 for the least of zeros.
        (least == most && known.null_count == answers).then_some(least + 0.0)
    };
    Some((end("csat_scale_minimum")?, end("csat_scale_maximum")?))
}

/// What one worker found.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Share {
    pub(crate) groups: Vec<Vec<GroupValue>>,
    pub(crate) grouped: Accumulators,
    /// Totals, where they are not the sum of the groups.
    pub(crate) totals: Option<Accumulators>,
    /// Whose clusters are summed.
    pub(crate) sampling: Sampling,
    /// Sessions of the other environment.
    pub(crate) left_out: u64,
    pub(crate) rows_read: u64,
}

/// Takes batches and fills cells.
pub(crate) struct Worker {
    groupings: Vec<Grouping>,
    cells: Cells,
    groups: Groups,
    grouped: Accumulators,
    totals: Option<Accumulators>,
    sampling: Sampling,
    left_out: u64,
    rows_read: u64,
    /// Gives users that the source does not name at all a number of their own.
    nameless: u64,
}

impl Worker {
    /// `number` lies far from that of every other worker of the pass.
    pub(crate) fn new(shape: &Shape, sampling: Sampling, number: u64) -> Self {
        Self {
            groupings: shape.groupings.clone(),
            cells: shape.cells.clone(),
            groups: Groups::new(&shape.groupings),
            grouped: Accumulators::new(&shape.cells),
            totals: shape
                .is_many_valued()
                .then(|| Accumulators::new(&shape.cells)),
            sampling,
            left_out: 0,
            rows_read: 0,
            nameless: number,
        }
    }

    /// Adds the rows of a batch.
    fn add<'a>(
        &mut self,
        shape: &'a Shape,
        evaluator: &mut Evaluator<'a>,
    ) -> Result<(), QueryError> {
        self.rows_read += evaluator.rows() as u64;
        let mut selected = shape.selected(evaluator);
        let in_range = selected.count_set_bits();
        selected = &selected & &evaluator.predicate(&shape.environment);
        let counted = selected.count_set_bits();
        self.left_out += (in_range - counted) as u64;
        if counted == 0 {
            return Ok(());
        }
        let grouped = match shape.groupings.is_empty() {
            true => Grouped {
                rows: None,
                groups: Vec::new(),
            },
            false => self.groups.assign(
                &shape.groupings,
                evaluator,
                &selected,
                shape.kept.as_deref(),
            )?,
        };
        let columns = self.columns(shape, evaluator, &selected);
        self.grouped.grow(self.groups.len());
        match &grouped.rows {
            None => {
                let input = columns.input(&grouped.groups);
                self.grouped.update(&shape.cells, &input, self.sampling);
            }
            Some(rows) => {
                let taken = columns.take(rows);
                let input = taken.input(&grouped.groups);
                self.grouped.update(&shape.cells, &input, self.sampling);
            }
        }
        if let Some(totals) = &mut self.totals {
            totals.grow(1);
            totals.update(&shape.cells, &columns.input(&[]), self.sampling);
        }
        Ok(())
    }

    fn columns<'a>(
        &mut self,
        shape: &'a Shape,
        evaluator: &mut Evaluator<'a>,
        selected: &BooleanBuffer,
    ) -> Columns {
        let cells = &shape.cells;
        let predicates = cells
            .predicates
            .iter()
            .map(|predicate| match predicate {
                Predicate::Constant(true) => selected.clone(),
                other => &evaluator.predicate(other) & selected,
            })
            .collect();
        let scale = (!cells.scales.is_empty()).then(|| match shape.scale {
            Some(ends) => ScaleOf::All(ends),
            None => {
                let mut end = |column| evaluator.measured(Measure::Column(column));
                ScaleOf::Each(end("csat_scale_minimum"), end("csat_scale_maximum"))
            }
        });
        let users = if cells.clusters.is_empty() {
            ScalarBuffer::default()
        } else {
            self.users(evaluator)
        };
        Columns {
            predicates,
            measures: cells
                .measures
                .iter()
                .map(|measure| evaluator.measured(*measure))
                .collect(),
            keys: cells
                .sets
                .iter()
                .map(|(column, _)| evaluator.keys(column))
                .collect(),
            users,
            scale,
            selected: selected.clone(),
        }
    }

    fn users(&mut self, evaluator: &mut Evaluator<'_>) -> ScalarBuffer<i64> {
        let values = evaluator.measured(Measure::Column(self.cells.identity.key()));
        let Numbers::Integer(numbers) = values.numbers else {
            return vec![0; evaluator.rows()].into();
        };
        let Some(valid) = &values.valid else {
            return numbers;
        };
        (0..evaluator.rows())
            .map(|row| {
                if valid.value(row) {
                    return numbers[row];
                }
                self.nameless += 1;
                self.nameless as i64
            })
            .collect()
    }

    /// What was found; `kept` says whether it will be asked again, and is worth being made small.
    fn found(mut self, kept: bool) -> Share {
        let seen = self.grouped.groups();
        self.grouped.close(&self.cells, kept);
        if let Some(totals) = &mut self.totals {
            totals.close(&self.cells, kept);
        }
        let mut groups = self.groups.values(&self.groupings);
        groups.truncate(seen);
        if self.groupings.is_empty() {
            groups = vec![Vec::new(); seen];
        }
        Share {
            groups,
            grouped: self.grouped,
            totals: self.totals,
            sampling: self.sampling,
            left_out: self.left_out,
            rows_read: self.rows_read,
        }
    }
}

impl Consumer for Worker {
    type Found = Share;

    fn consume<'a>(
        &mut self,
        shape: &'a Shape,
        evaluator: &mut Evaluator<'a>,
    ) -> Result<(), QueryError> {
        self.add(shape, evaluator)
    }

    fn bytes(&self) -> usize {
        self.grouped.bytes() + self.totals.as_ref().map_or(0, Accumulators::bytes)
    }

    fn finish(self, small: bool) -> Result<Share, QueryError> {
        Ok(self.found(small))
    }
}

impl Found for Share {
    fn bytes(&self) -> usize {
        let values = self.groups.iter().flatten();
        let texts: usize = values
            .map(|value| match value {
                GroupValue::Text(text) => size_of::<GroupValue>() + text.len(),
                _ => size_of::<GroupValue>(),
            })
            .sum();
        let totals = self.totals.as_ref().map_or(0, Accumulators::bytes);
        size_of::<Self>() + texts + self.grouped.bytes() + totals
    }

    fn sampling(&self) -> Sampling {
        self.sampling
    }

    fn shared(&self) -> Vec<&Arc<Keys>> {
        let totals = self.totals.iter().flat_map(Accumulators::shared);
        self.grouped.shared().chain(totals).collect()
    }

    fn shared_mut(&mut self) -> Vec<&mut Arc<Keys>> {
        let totals = self.totals.iter_mut().flat_map(Accumulators::shared_mut);
        self.grouped.shared_mut().chain(totals).collect()
    }

    fn to_bytes(&self) -> Option<Vec<u8>> {
        postcard::to_extend(self, Vec::new()).ok()
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}

/// The evaluated columns of a batch.
struct Columns {
    predicates: Vec<BooleanBuffer>,
    measures: Vec<Values>,
    keys: Vec<Arc<[u64]>>,
    users: ScalarBuffer<i64>,
    scale: Option<ScaleOf>,
    selected: BooleanBuffer,
}

impl Columns {
    fn input<'a>(&'a self, groups: &'a [u32]) -> Input<'a> {
        Input {
            groups,
            predicates: &self.predicates,
            measures: &self.measures,
            keys: &self.keys,
            users: &self.users,
            scale: self.scale.as_ref(),
            selected: &self.selected,
        }
    }

    /// The same columns for these rows.
    fn take(&self, rows: &[u32]) -> Self {
        let bits = |bits: &BooleanBuffer| {
            BooleanBuffer::collect_bool(rows.len(), |index| bits.value(rows[index] as usize))
        };
        let values = |values: &Values| Values {
            numbers: match &values.numbers {
                Numbers::Integer(numbers) => {
                    Numbers::Integer(rows.iter().map(|row| numbers[*row as usize]).collect())
                }
                Numbers::Real(numbers) => {
                    Numbers::Real(rows.iter().map(|row| numbers[*row as usize]).collect())
                }
            },
            valid: values.valid.as_ref().map(bits),
        };
        let keys = |keys: &Arc<[u64]>| rows.iter().map(|row| keys[*row as usize]).collect();
        Self {
            predicates: self.predicates.iter().map(bits).collect(),
            measures: self.measures.iter().map(values).collect(),
            keys: self.keys.iter().map(keys).collect(),
            users: match self.users.is_empty() {
                true => ScalarBuffer::default(),
                false => rows.iter().map(|row| self.users[*row as usize]).collect(),
            },
            scale: self.scale.as_ref().map(|scale| match scale {
                ScaleOf::All(ends) => ScaleOf::All(*ends),
                ScaleOf::Each(least, most) => ScaleOf::Each(values(least), values(most)),
            }),
            selected: bits(&self.selected),
        }
    }
}
