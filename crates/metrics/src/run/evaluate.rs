//! Evaluates predicates and measures on a batch of rows, each distinct part once.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, MapArray, RecordBatch, StringArray, StringViewArray,
};
use arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow::datatypes::{
    DataType, Float64Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use rustc_hash::FxHashMap;
use upshot_core::FieldKind;
use upshot_core::facts::TOPIC_SEPARATOR;
use upshot_lake::capture::lone_message_key;
use xxhash_rust::xxh3::xxh3_64;

use crate::columns::column as known_column;
use crate::filter::{Measure, NumberTest, Predicate, SessionSet, TextSource};
use crate::join::session_hash;

/// The numbers of a column. Where a row has none, the number is arbitrary.
#[derive(Debug, Clone)]
pub(crate) enum Numbers {
    Integer(ScalarBuffer<i64>),
    Real(ScalarBuffer<f64>),
}

/// The numbers of a measure and which rows have one; no mask means all rows.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    pub(crate) numbers: Numbers,
    pub(crate) valid: Option<BooleanBuffer>,
}

impl Values {
    /// The number of a row.
    #[inline]
    pub(crate) fn real(&self, row: usize) -> f64 {
        match &self.numbers {
            Numbers::Integer(numbers) => numbers[row] as f64,
            Numbers::Real(numbers) => numbers[row],
        }
    }

    fn none(rows: usize) -> Self {
        Self {
            numbers: Numbers::Integer(vec![0; rows].into()),
            valid: Some(BooleanBuffer::new_unset(rows)),
        }
    }
}

/// A text column in any of the forms in which files and memory hold it.
pub(crate) enum Texts<'a> {
    Plain(&'a StringArray),
    View(&'a StringViewArray),
    /// The number of each row's text within the texts, and the texts.
    Dictionary(
        &'a ScalarBuffer<i32>,
        Option<&'a NullBuffer>,
        Vec<Option<&'a str>>,
    ),
    Attribute(&'a MapArray, &'a str),
    Missing,
}

impl<'a> Texts<'a> {
    pub(crate) fn row(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::Plain(array) => array.is_valid(row).then(|| array.value(row)),
            Self::View(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Dictionary(keys, nulls, texts) => {
                if nulls.is_some_and(|nulls| nulls.is_null(row)) {
                    return None;
                }
                texts
                    .get(usize::try_from(keys[row]).ok()?)
                    .copied()
                    .flatten()
            }
            Self::Attribute(array, name) => attribute(array, name, row),
            Self::Missing => None,
        }
    }
}

fn attribute<'a>(array: &'a MapArray, name: &str, row: usize) -> Option<&'a str> {
    if array.is_null(row) {
        return None;
    }
    let offsets = array.value_offsets();
    let entries = usize::try_from(offsets[row]).ok()?..usize::try_from(offsets[row + 1]).ok()?;
    let names = array.keys().as_string_opt::<i32>()?;
    let texts = array.values().as_string_opt::<i32>()?;
    entries
        .into_iter()
        .find(|entry| names.value(*entry) == name)
        .and_then(|entry| texts.is_valid(entry).then(|| texts.value(entry)))
}

/// Evaluates on one batch and remembers what was evaluated.
pub(crate) struct Evaluator<'a> {
    batch: &'a RecordBatch,
    rows: usize,
    known: FxHashMap<&'a Predicate, BooleanBuffer>,
    keys: FxHashMap<&'static str, Arc<[u64]>>,
    measures: FxHashMap<Measure, Values>,
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(batch: &'a RecordBatch) -> Self {
        Self {
            batch,
            rows: batch.num_rows(),
            known: FxHashMap::default(),
            keys: FxHashMap::default(),
            measures: FxHashMap::default(),
        }
    }

    pub(crate) fn batch(&self) -> &'a RecordBatch {
        self.batch
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn column(&self, name: &str) -> Option<&'a ArrayRef> {
        self.batch.column_by_name(name)
    }

    fn constant(&self, value: bool) -> BooleanBuffer {
        if value {
            BooleanBuffer::new_set(self.rows)
        } else {
            BooleanBuffer::new_unset(self.rows)
        }
    }

    /// The rows that fulfil a predicate.
    pub(crate) fn predicate(&mut self, predicate: &'a Predicate) -> BooleanBuffer {
        if let Some(known) = self.known.get(predicate) {
            return known.clone();
        }
        let bits = match predicate {
            Predicate::Constant(value) => return self.constant(*value),
            Predicate::All(parts) => {
                let mut bits = self.constant(true);
                for part in parts {
                    bits = &bits & &self.predicate(part);
                }
                bits
            }
            Predicate::Any(parts) => {
                let mut bits = self.constant(false);
                for part in parts {
                    bits = &bits | &self.predicate(part);
                }
                bits
            }
            Predicate::Not(inner) => !&self.predicate(inner),
            leaf => self.leaf(leaf),
        };
        self.known.insert(predicate, bits.clone());
        bits
    }

    /// The numbers of a measure, which several passes may want.
    pub(crate) fn measured(&mut self, measure: Measure) -> Values {
        if let Some(known) = self.measures.get(&measure) {
            return known.clone();
        }
        let values = self.measure(measure);
        self.measures.insert(measure, values.clone());
        values
    }

    /// The key of every row: the number itself, or a hash of the text. Nothing is a key of its own, 0.
    pub(crate) fn keys(&mut self, column: &'static str) -> Arc<[u64]> {
        if let Some(known) = self.keys.get(column) {
            return Arc::clone(known);
        }
        let keys = self.keys_of(column);
        self.keys.insert(column, Arc::clone(&keys));
        keys
    }

    fn keys_of(&self, column: &'static str) -> Arc<[u64]> {
        let kind = known_column(column).map(|column| column.field.kind);
        if matches!(
            kind,
            Some(FieldKind::Key | FieldKind::Text | FieldKind::Label | FieldKind::Word)
        ) {
            let source = TextSource::Column(column);
            let texts = self.texts(&source);
            // Rows of a session follow each other.
            let mut last: (Option<&str>, u64) = (None, 0);
            let key = |row| {
                let text = texts.row(row);
                if text != last.0 {
                    last = (text, text.map_or(0, |text| xxh3_64(text.as_bytes())));
                }
                last.1
            };
            return (0..self.rows).map(key).collect();
        }
        match &self.measure(Measure::Column(column)).numbers {
            Numbers::Integer(numbers) => numbers.iter().map(|number| *number as u64).collect(),
            Numbers::Real(numbers) => numbers.iter().map(|number| number.to_bits()).collect(),
        }
    }

    fn leaf(&self, predicate: &Predicate) -> BooleanBuffer {
        match predicate {
            Predicate::Present(column) => match self.column(column) {
                None => self.constant(false),
                Some(array) => self.present(array),
            },
            Predicate::Flag(column) => {
                match self.column(column).and_then(|array| array.as_boolean_opt()) {
                    None => self.constant(false),
                    Some(array) => yes(array),
                }
            }
            Predicate::TextPresent(source) => self.texts_where(source, |_| true),
            Predicate::TextIn(source, wanted) => match wanted.as_slice() {
                [only] => self.texts_where(source, |text| text == &**only),
                several => self.texts_where(source, |text| {
                    several
                        .binary_search_by(|known| (**known).cmp(text))
                        .is_ok()
                }),
            },
            Predicate::TextContains(source, part) => {
                self.texts_where(source, |text| contains(text, part))
            }
            Predicate::ListHas(column, value) => {
                let source = TextSource::Column(column);
                self.texts_where(&source, |text| {
                    text.split(TOPIC_SEPARATOR).any(|item| item == &**value)
                })
            }
            Predicate::ListHasOther(column, known) => {
                let source = TextSource::Column(column);
                let is_other =
                    |item: &str| known.binary_search_by(|one| (**one).cmp(item)).is_err();
                self.texts_where(&source, |text| text.split(TOPIC_SEPARATOR).any(is_other))
            }
            Predicate::OnClock(column, clock, position) => {
                let values = self.numbers(column);
                let Numbers::Integer(times) = &values.numbers else {
                    return self.constant(false);
                };
                let bits = BooleanBuffer::collect_bool(self.rows, |row| {
                    clock.find(times[row]) == *position
                });
                values
                    .valid
                    .map_or_else(|| bits.clone(), |valid| &bits & &valid)
            }
            Predicate::InSessions(set) => self.in_sessions(set),
            Predicate::Number(measure, test) => self.number(*measure, test),
            Predicate::AttributeNumber(name, NumberTest::Real(order, limit)) => {
                let source = TextSource::Attribute(name.clone());
                self.texts_where(&source, |text| {
                    text.trim()
                        .parse::<f64>()
                        .is_ok_and(|number| order.holds(number, limit.0))
                })
            }
            // All other forms are no leaves.
            _ => self.constant(false),
        }
    }

    /// Rows in which the column holds something. A dictionary may also hold nothing as a text.
    fn present(&self, array: &'a ArrayRef) -> BooleanBuffer {
        match array.logical_nulls() {
            None => self.constant(true),
            Some(nulls) => nulls.inner().clone(),
        }
    }

    pub(crate) fn texts<'s>(&self, source: &'s TextSource) -> Texts<'s>
    where
        'a: 's,
    {
        match source {
            TextSource::Column(name) => self.column(name).map_or(Texts::Missing, texts_of),
            TextSource::Attribute(name) => self
                .column("attributes")
                .and_then(|array| array.as_map_opt())
                .map_or(Texts::Missing, |array| Texts::Attribute(array, name)),
        }
    }

    fn texts_where(&self, source: &TextSource, wanted: impl Fn(&str) -> bool) -> BooleanBuffer {
        match self.texts(source) {
            Texts::Missing => self.constant(false),
            Texts::Dictionary(keys, nulls, texts) => {
                let matches: Vec<bool> =
                    texts.iter().map(|text| text.is_some_and(&wanted)).collect();
                if !matches.contains(&true) {
                    return self.constant(false);
                }
                // Keys of rows without text are arbitrary.
                let found = BooleanBuffer::collect_bool(self.rows, |row| {
                    matches.get(keys[row] as usize).copied().unwrap_or(false)
                });
                nulls.map_or_else(|| found.clone(), |nulls| &found & nulls.inner())
            }
            texts => {
                BooleanBuffer::collect_bool(self.rows, |row| texts.row(row).is_some_and(&wanted))
            }
        }
    }

    /// Rows whose session is one of the set.
    fn in_sessions(&self, set: &SessionSet) -> BooleanBuffer {
        let source = TextSource::Column("session_id");
        let ids = self.texts(&source);
        // Rows of a session mostly follow each other.
        let mut last: (Option<&str>, bool) = (None, false);
        BooleanBuffer::collect_bool(self.rows, |row| {
            let id = ids.row(row);
            if id != last.0 {
                last = (id, id.is_some_and(|id| set.0.contains(&session_hash(id))));
            }
            last.1
        })
    }

    fn number(&self, measure: Measure, test: &NumberTest) -> BooleanBuffer {
        let values = self.measure(measure);
        let bits = match (&values.numbers, test) {
            (Numbers::Integer(numbers), NumberTest::Integer(order, limit)) => {
                BooleanBuffer::collect_bool(self.rows, |row| order.holds(numbers[row], *limit))
            }
            (Numbers::Integer(numbers), NumberTest::Real(order, limit)) => {
                BooleanBuffer::collect_bool(self.rows, |row| {
                    order.holds(numbers[row] as f64, limit.0)
                })
            }
            (Numbers::Real(numbers), NumberTest::Integer(order, limit)) => {
                let limit = *limit as f64;
                BooleanBuffer::collect_bool(self.rows, |row| order.holds(numbers[row], limit))
            }
            (Numbers::Real(numbers), NumberTest::Real(order, limit)) => {
                BooleanBuffer::collect_bool(self.rows, |row| order.holds(numbers[row], limit.0))
            }
        };
        match &values.valid {
            None => bits,
            Some(valid) => &bits & valid,
        }
    }

    /// The numbers of a measure.
    pub(crate) fn measure(&self, measure: Measure) -> Values {
        match measure {
            Measure::Column(name) => self.numbers(name),
            Measure::Difference(later, earlier) => {
                let (later, earlier) = (self.numbers(later), self.numbers(earlier));
                self.combine(&[later, earlier], |numbers| {
                    numbers[0].wrapping_sub(numbers[1])
                })
            }
            Measure::Before(column, at) => {
                let times = self.numbers(column);
                self.combine(&[times], |numbers| at.saturating_sub(numbers[0]))
            }
            // Plans put the time of the query in its place.
            Measure::Since(_) => Values::none(self.rows),
            Measure::Sum(columns) => {
                let columns: Vec<Values> = columns.iter().map(|name| self.numbers(name)).collect();
                self.combine(&columns, |numbers| numbers.iter().sum())
            }
            Measure::CsatNormalised => self.csat_normalised(),
            Measure::NetPromoter => {
                let answers = self.numbers("nps_score");
                let points = |answer: f64| match answer {
                    answer if answer >= 9.0 => 100.0,
                    answer if answer <= 6.0 => -100.0,
                    _ => 0.0,
                };
                let numbers: Vec<f64> = (0..self.rows)
                    .map(|row| points(answers.real(row)))
                    .collect();
                Values {
                    numbers: Numbers::Real(numbers.into()),
                    valid: answers.valid,
                }
            }
        }
    }

    fn csat_normalised(&self) -> Values {
        let answer = self.numbers("csat_score");
        let least = self.numbers("csat_scale_minimum");
        let most = self.numbers("csat_scale_maximum");
        let numbers: Vec<f64> = (0..self.rows)
            .map(|row| (answer.real(row) - least.real(row)) / (most.real(row) - least.real(row)))
            .collect();
        let valid = self.all_valid(&[answer, least, most]);
        // A scale without length says nothing.
        let finite = BooleanBuffer::collect_bool(self.rows, |row| numbers[row].is_finite());
        let valid = valid.map_or_else(|| finite.clone(), |valid| &valid & &finite);
        Values {
            numbers: Numbers::Real(numbers.into()),
            valid: Some(valid),
        }
    }

    fn all_valid(&self, columns: &[Values]) -> Option<BooleanBuffer> {
        let masks = columns.iter().filter_map(|values| values.valid.as_ref());
        masks.fold(None, |all, mask| match all {
            None => Some(mask.clone()),
            Some(all) => Some(&all & mask),
        })
    }

    fn combine(&self, columns: &[Values], combine: impl Fn(&[i64]) -> i64) -> Values {
        let mut row_numbers = vec![0; columns.len()];
        let numbers: Vec<i64> = (0..self.rows)
            .map(|row| {
                for (number, values) in row_numbers.iter_mut().zip(columns) {
                    *number = match &values.numbers {
                        Numbers::Integer(numbers) => numbers[row],
                        Numbers::Real(numbers) => numbers[row] as i64,
                    };
                }
                combine(&row_numbers)
            })
            .collect();
        Values {
            numbers: Numbers::Integer(numbers.into()),
            valid: self.all_valid(columns),
        }
    }

    fn numbers(&self, name: &str) -> Values {
        let Some(array) = self.column(name) else {
            return Values::none(self.rows);
        };
        let numbers = match array.data_type() {
            DataType::Int64 => Numbers::Integer(array.as_primitive::<Int64Type>().values().clone()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => Numbers::Integer(
                array
                    .as_primitive::<TimestampMicrosecondType>()
                    .values()
                    .clone(),
            ),
            DataType::Float64 => {
                Numbers::Real(array.as_primitive::<Float64Type>().values().clone())
            }
            _ => return Values::none(self.rows),
        };
        Values {
            numbers,
            valid: array.nulls().map(|nulls| nulls.inner().clone()),
        }
    }
}

fn yes(array: &BooleanArray) -> BooleanBuffer {
    match array.nulls() {
        None => array.values().clone(),
        Some(nulls) => array.values() & nulls.inner(),
    }
}

fn contains(text: &str, lower_part: &str) -> bool {
    text.to_lowercase().contains(lower_part)
}

fn texts_of(array: &ArrayRef) -> Texts<'_> {
    match array.data_type() {
        DataType::Utf8 => Texts::Plain(array.as_string::<i32>()),
        DataType::Utf8View => Texts::View(array.as_string_view()),
        DataType::Dictionary(..) => match array.as_dictionary_opt::<Int32Type>() {
            None => Texts::Missing,
            Some(dictionary) => {
                let texts = match texts_of(dictionary.values()) {
                    Texts::Plain(array) => array.iter().collect(),
                    Texts::View(array) => array.iter().collect(),
                    _ => Vec::new(),
                };
                Texts::Dictionary(dictionary.keys().values(), dictionary.nulls(), texts)
            }
        },
        _ => Texts::Missing,
    }
}

/// The rows of a file whose session is not replaced, nor, where they belong to none, their message.
pub(crate) fn not_replaced(
    evaluator: &Evaluator<'_>,
    replaced: &std::collections::HashSet<Box<str>>,
) -> BooleanBuffer {
    let source = TextSource::Column("session_id");
    let sessions = evaluator.texts(&source);
    // In passes columns have the names that they have everywhere, in whole records those of the table.
    let (everywhere, in_table) = (
        TextSource::Column("message.event_id"),
        TextSource::Column("event_id"),
    );
    let messages = match evaluator.texts(&everywhere) {
        Texts::Missing => evaluator.texts(&in_table),
        found => found,
    };
    BooleanBuffer::collect_bool(evaluator.rows(), |row| match sessions.row(row) {
        Some(id) => !replaced.contains(id),
        None => messages
            .row(row)
            .is_none_or(|id| !replaced.contains(lone_message_key(id).as_str())),
    })
}
