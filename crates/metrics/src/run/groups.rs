//! Gives every row the number of its group.

use std::collections::HashSet;

use arrow::buffer::BooleanBuffer;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use upshot_core::facts::TOPIC_SEPARATOR;

use super::evaluate::{Evaluator, Numbers, Texts, Values};
use crate::error::QueryError;
use crate::filter::{Measure, TextSource};
use crate::query::plan::Grouping;

/// The most groups of one query.
pub(crate) const MOST_GROUPS: usize = 500_000;

/// The value of one dimension of a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum GroupValue {
    /// A bucket or position of time.
    Position(u32),
    /// A number in thousandths.
    Thousandths(i64),
    /// Text.
    Text(Box<str>),
    /// Nothing was said.
    Missing,
    /// All values that are not among the first. Sorts last.
    Other,
}

/// The code of [`GroupValue::Other`].
const OTHER: u32 = u32::MAX;

/// The groups that stand by themselves; all others stand together as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The positions of the dimensions by whose values groups are kept; those of time are none of them.
    pub(crate) dimensions: Vec<usize>,
    /// The values of these dimensions.
    pub(crate) keys: HashSet<Vec<GroupValue>>,
}

impl Kept {
    fn of(&self, key: &[GroupValue]) -> Vec<GroupValue> {
        let dimensions = self.dimensions.iter();
        dimensions
            .map(|dimension| key[*dimension].clone())
            .collect()
    }

    fn holds(&self, key: &[GroupValue]) -> bool {
        self.keys.contains(&self.of(key))
    }

    /// Whether an answer may have the group.
    pub(crate) fn admits(&self, key: &[GroupValue]) -> bool {
        self.holds(key) || self.of(key).iter().all(|value| *value == GroupValue::Other)
    }
}

/// Numbers the texts of one dimension; 0 stands for nothing.
#[derive(Debug, Default)]
struct TextCodes {
    codes: FxHashMap<Box<str>, u32>,
    texts: Vec<Box<str>>,
}

impl TextCodes {
    fn code(&mut self, text: Option<&str>) -> u32 {
        let Some(text) = text else { return 0 };
        if let Some(code) = self.codes.get(text) {
            return *code;
        }
        self.texts.push(text.into());
        let code = self.texts.len() as u32;
        self.codes.insert(text.into(), code);
        code
    }

    fn codes(&mut self, texts: &Texts<'_>, rows: usize) -> Vec<u32> {
        if let Texts::Dictionary(keys, nulls, texts) = texts {
            let codes: Vec<u32> = texts.iter().map(|text| self.code(*text)).collect();
            let code = |row: usize| codes.get(keys[row] as usize).copied().unwrap_or(0);
            return match nulls {
                None => (0..rows).map(code).collect(),
                Some(nulls) => (0..rows)
                    .map(|row| if nulls.is_valid(row) { code(row) } else { 0 })
                    .collect(),
            };
        }
        (0..rows).map(|row| self.code(texts.row(row))).collect()
    }
}

/// Numbers the numbers of one dimension; 0 stands for nothing.
#[derive(Debug, Default)]
struct NumberCodes {
    codes: FxHashMap<i64, u32>,
    thousandths: Vec<i64>,
}

impl NumberCodes {
    fn code(&mut self, thousandths: i64) -> u32 {
        *self.codes.entry(thousandths).or_insert_with(|| {
            self.thousandths.push(thousandths);
            self.thousandths.len() as u32
        })
    }

    fn codes(&mut self, values: &Values, rows: usize) -> Vec<u32> {
        let valid = |row: usize| values.valid.as_ref().is_none_or(|valid| valid.value(row));
        (0..rows)
            .map(|row| match &values.numbers {
                _ if !valid(row) => 0,
                Numbers::Integer(numbers) => self.code(numbers[row].saturating_mul(1000)),
                Numbers::Real(numbers) => self.code((numbers[row] * 1e3).round() as i64),
            })
            .collect()
    }
}

/// Joins the group so far with the code of one more dimension.
#[derive(Debug, Default)]
struct Level {
    texts: TextCodes,
    numbers_seen: NumberCodes,
    /// The number of (group so far, code).
    numbers: FxHashMap<(u32, u32), u32>,
    /// The other way round.
    pairs: Vec<(u32, u32)>,
}

impl Level {
    #[inline]
    fn join(&mut self, group: u32, code: u32) -> u32 {
        *self.numbers.entry((group, code)).or_insert_with(|| {
            self.pairs.push((group, code));
            (self.pairs.len() - 1) as u32
        })
    }
}

/// Rows of a batch and their groups. A row may stand in several groups or in none.
#[derive(Debug)]
pub(crate) struct Grouped {
    /// Which rows, if it is not every row once.
    pub(crate) rows: Option<Vec<u32>>,
    /// The group of each.
    pub(crate) groups: Vec<u32>,
}

/// All groups that one worker has seen.
#[derive(Debug)]
pub(crate) struct Groups {
    levels: Vec<Level>,
    /// Where a group's rows stand if not all groups stand by themselves, as far as it was asked.
    places: FxHashMap<u32, u32>,
}

impl Groups {
    pub(crate) fn new(groupings: &[Grouping]) -> Self {
        Self {
            levels: groupings.iter().map(|_| Level::default()).collect(),
            places: FxHashMap::default(),
        }
    }

    /// How many groups there are.
    pub(crate) fn len(&self) -> usize {
        self.levels.last().map_or(1, |level| level.pairs.len())
    }

    /// The groups of the selected rows.
    pub(crate) fn assign<'a>(
        &mut self,
        groupings: &'a [Grouping],
        evaluator: &mut Evaluator<'a>,
        selected: &BooleanBuffer,
        kept: Option<&Kept>,
    ) -> Result<Grouped, QueryError> {
        let rows = evaluator.rows();
        let mut grouped = Grouped {
            rows: None,
            groups: vec![0; rows],
        };
        for (grouping, level) in groupings.iter().zip(&mut self.levels) {
            if let Grouping::List(column) = grouping {
                grouped = expand(column, level, &grouped, evaluator, selected);
                continue;
            }
            let codes = codes(grouping, level, evaluator);
            let mut last = ((u32::MAX, u32::MAX), 0);
            let mut join = |group: &mut u32, code: u32| {
                if last.0 != (*group, code) {
                    last = ((*group, code), level.join(*group, code));
                }
                *group = last.1;
            };
            match &grouped.rows {
                None => {
                    for (row, group) in grouped.groups.iter_mut().enumerate() {
                        // Rows that are left out must not make groups.
                        if selected.value(row) {
                            join(group, codes[row]);
                        }
                    }
                }
                Some(rows) => {
                    for (row, group) in rows.iter().zip(&mut grouped.groups) {
                        join(group, codes[*row as usize]);
                    }
                }
            }
        }
        if let Some(kept) = kept {
            self.put_together(kept, groupings, selected, &mut grouped);
        }
        if self.len() > MOST_GROUPS {
            return Err(QueryError::TooManyGroups { limit: MOST_GROUPS });
        }
        Ok(grouped)
    }

    /// Moves the rows of groups that do not stand by themselves; a row then stands there once.
    fn put_together(
        &mut self,
        kept: &Kept,
        groupings: &[Grouping],
        selected: &BooleanBuffer,
        grouped: &mut Grouped,
    ) {
        match &mut grouped.rows {
            None => {
                for (row, group) in grouped.groups.iter_mut().enumerate() {
                    if selected.value(row) {
                        *group = self.place(kept, groupings, *group);
                    }
                }
            }
            Some(rows) => {
                let mut places: Vec<(u32, u32)> = Vec::with_capacity(rows.len());
                for (row, group) in rows.iter().zip(&grouped.groups) {
                    let place = (*row, self.place(kept, groupings, *group));
                    // The entries of a row follow each other.
                    let mut of_row = places.iter().rev().take_while(|(before, _)| before == row);
                    if !of_row.any(|before| *before == place) {
                        places.push(place);
                    }
                }
                (*rows, grouped.groups) = places.into_iter().unzip();
            }
        }
    }

    fn place(&mut self, kept: &Kept, groupings: &[Grouping], group: u32) -> u32 {
        if let Some(place) = self.places.get(&group) {
            return *place;
        }
        let place = match kept.holds(&self.value(groupings, group)) {
            true => group,
            false => {
                let mut codes = Vec::with_capacity(self.levels.len());
                let mut number = group;
                for level in self.levels.iter().rev() {
                    let (before, code) = level.pairs[number as usize];
                    codes.push(code);
                    number = before;
                }
                let levels = self.levels.iter_mut().enumerate();
                levels
                    .zip(codes.into_iter().rev())
                    .fold(0, |before, ((dimension, level), code)| {
                        let code = if kept.dimensions.contains(&dimension) {
                            OTHER
                        } else {
                            code
                        };
                        level.join(before, code)
                    })
            }
        };
        self.places.insert(group, place);
        place
    }

    /// The values of every group.
    pub(crate) fn values(&self, groupings: &[Grouping]) -> Vec<Vec<GroupValue>> {
        (0..self.len() as u32)
            .map(|group| self.value(groupings, group))
            .collect()
    }

    fn value(&self, groupings: &[Grouping], group: u32) -> Vec<GroupValue> {
        let mut values = Vec::with_capacity(self.levels.len());
        let mut number = group;
        for (level, grouping) in self.levels.iter().zip(groupings).rev() {
            let (before, code) = level.pairs[number as usize];
            values.push(value(grouping, level, code));
            number = before;
        }
        values.reverse();
        values
    }
}

fn value(grouping: &Grouping, level: &Level, code: u32) -> GroupValue {
    match (grouping, code) {
        (_, OTHER) => GroupValue::Other,
        (Grouping::Condition(_, yes, no), _) => {
            GroupValue::Text(if code == 2 { *yes } else { *no }.into())
        }
        (_, 0) => GroupValue::Missing,
        (Grouping::Kinds(kinds), _) => GroupValue::Text(kinds[code as usize - 1].1.into()),
        (Grouping::Flag(_), _) => GroupValue::Text(if code == 2 { "yes" } else { "no" }.into()),
        (Grouping::Buckets(..) | Grouping::Clock(..), _) => GroupValue::Position(code - 1),
        (Grouping::Number(_), _) => {
            GroupValue::Thousandths(level.numbers_seen.thousandths[code as usize - 1])
        }
        _ => GroupValue::Text(level.texts.texts[code as usize - 1].clone()),
    }
}

/// The code of every row; 0 stands for nothing.
fn codes<'a>(grouping: &'a Grouping, level: &mut Level, evaluator: &mut Evaluator<'a>) -> Vec<u32> {
    let rows = evaluator.rows();
    match grouping {
        Grouping::Text(source) => level.texts.codes(&evaluator.texts(source), rows),
        Grouping::Number(column) => {
            let values = evaluator.measure(Measure::Column(column));
            level.numbers_seen.codes(&values, rows)
        }
        Grouping::Flag(column) => match evaluator.column(column) {
            None => vec![0; rows],
            Some(array) => {
                use arrow::array::{Array, AsArray};
                array.as_boolean_opt().map_or_else(
                    || vec![0; rows],
                    |flags| {
                        let code = |row| {
                            if flags.is_valid(row) {
                                1 + u32::from(flags.value(row))
                            } else {
                                0
                            }
                        };
                        (0..rows).map(code).collect()
                    },
                )
            }
        },
        Grouping::Condition(predicate, ..) => {
            let bits = evaluator.predicate(predicate);
            (0..rows)
                .map(|row| 1 + u32::from(bits.value(row)))
                .collect()
        }
        Grouping::Kinds(kinds) => {
            let mut codes = vec![0; rows];
            for (number, (predicate, _)) in kinds.iter().enumerate().rev() {
                for row in evaluator.predicate(predicate).set_indices() {
                    codes[row] = number as u32 + 1;
                }
            }
            codes
        }
        Grouping::List(_) => vec![0; rows],
        Grouping::Buckets(column, buckets) => {
            let mut hint = 0;
            times(column, evaluator, |time| {
                buckets.find(time, hint).map_or(0, |bucket| {
                    hint = bucket;
                    bucket as u32 + 1
                })
            })
        }
        Grouping::Clock(column, clock) => {
            times(column, evaluator, |time| clock.find(time) as u32 + 1)
        }
    }
}

fn times(
    column: &'static str,
    evaluator: &Evaluator<'_>,
    mut code: impl FnMut(i64) -> u32,
) -> Vec<u32> {
    let values = evaluator.measure(Measure::Column(column));
    match &values.numbers {
        Numbers::Integer(times) => times.iter().map(|time| code(*time)).collect(),
        Numbers::Real(times) => times.iter().map(|time| code(*time as i64)).collect(),
    }
}

/// One entry for every value of a row's list; a row whose list is empty stands under «nothing».
fn expand(
    column: &'static str,
    level: &mut Level,
    grouped: &Grouped,
    evaluator: &Evaluator<'_>,
    selected: &BooleanBuffer,
) -> Grouped {
    let source = TextSource::Column(column);
    let texts = evaluator.texts(&source);
    let (mut rows, mut groups) = (Vec::new(), Vec::new());
    let mut add = |row: u32, group: u32| {
        let list = texts.row(row as usize).filter(|list| !list.is_empty());
        let Some(list) = list else {
            rows.push(row);
            groups.push(level.join(group, 0));
            return;
        };
        for item in list.split(TOPIC_SEPARATOR) {
            let code = level.texts.code(Some(item));
            rows.push(row);
            groups.push(level.join(group, code));
        }
    };
    match &grouped.rows {
        None => {
            for row in selected.set_indices() {
                add(row as u32, grouped.groups[row]);
            }
        }
        Some(before) => {
            for (row, group) in before.iter().zip(&grouped.groups) {
                add(*row, *group);
            }
        }
    }
    Grouped {
        rows: Some(rows),
        groups,
    }
}
