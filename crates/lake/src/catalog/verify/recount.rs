//! Statistics of the rows of a file, counted again from the rows.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Float64Type, Int32Type, Int64Type, Schema, TimestampMicrosecondType,
};
use upshot_core::FieldKind;

use super::{ProblemKind, StoredColumn};
use crate::parquet_files::Bound;
use crate::schema::{Column, ColumnKind, Table};

#[derive(Default)]
struct Counted {
    values: u64,
    nulls: u64,
    contains_nan: bool,
    minimum: Option<Bound>,
    maximum: Option<Bound>,
}

/// Counts of all columns of a file.
pub(super) struct Recount {
    schema: Schema,
    columns: Vec<(Column, Counted)>,
    private: &'static [&'static str],
}

impl Recount {
    /// For a file with this schema: what it lacks reads as nothing and is not counted.
    pub(super) fn new(table: Table, schema: &Schema) -> Self {
        let columns = table.columns().into_iter();
        Self {
            schema: schema.clone(),
            columns: columns.map(|column| (column, Counted::default())).collect(),
            private: table.private_columns(),
        }
    }

    pub(super) fn add(&mut self, batch: &RecordBatch) {
        for ((column, counted), array) in self.columns.iter_mut().zip(batch.columns()) {
            let nulls = array.null_count() as u64;
            counted.nulls += nulls;
            counted.values += array.len() as u64 - nulls;
            if let DataType::Map(..) = array.data_type() {
                let map = array.as_map();
                let entries = (0..map.len()).map(|row| map.value_length(row) as u64);
                counted.values = counted.values + nulls - array.len() as u64;
                counted.values += entries.sum::<u64>();
            } else {
                counted.bounds(column.kind, array.as_ref());
            }
        }
    }

    /// What the catalog says differently.
    pub(super) fn compare(
        &self,
        ids: &BTreeMap<&str, i64>,
        stored: &BTreeMap<i64, StoredColumn>,
    ) -> Vec<(ProblemKind, String)> {
        let mut problems = Vec::new();
        let mut add = |kind, name: &str, detail: &str| {
            problems.push((kind, format!("column `{name}`: {detail}")));
        };
        for (column, counted) in &self.columns {
            let name = column.name;
            let Some(id) = ids.get(name) else { continue };
            if self.schema.field_with_name(name).is_err() {
                continue;
            }
            // The statistics of a map are those of its keys, whose id is the next.
            let is_map = matches!(column.data_type(), DataType::Map(..));
            let Some(stored) = stored.get(&if is_map { *id + 1 } else { *id }) else {
                if counted.values > 0 {
                    add(ProblemKind::Statistics, name, "its statistics are missing");
                }
                continue;
            };
            if (stored.values, stored.nulls) != (counted.values, counted.nulls) {
                let detail = format!(
                    "it has {} values and {} missing where the catalog says {} and {}",
                    counted.values, counted.nulls, stored.values, stored.nulls
                );
                add(ProblemKind::Statistics, name, &detail);
            }
            if stored
                .contains_nan
                .is_some_and(|nan| nan != counted.contains_nan)
            {
                add(
                    ProblemKind::Statistics,
                    name,
                    "whether it contains what is not a number is wrong",
                );
            }
            if self.private.contains(&name) {
                if stored.minimum.is_some() || stored.maximum.is_some() {
                    add(ProblemKind::Private, name, "its values are in the catalog");
                }
            } else if !is_map && !counted.agrees(column.kind, stored) {
                add(
                    ProblemKind::Statistics,
                    name,
                    "its smallest or largest value is another than the catalog says",
                );
            }
        }
        problems
    }
}

impl Counted {
    fn bounds(&mut self, kind: ColumnKind, array: &dyn Array) {
        match array.data_type() {
            DataType::Date32 => {
                let values = array.as_primitive::<Date32Type>().iter().flatten();
                self.extend(values.map(Bound::Day));
            }
            DataType::Int32 => {
                let values = array.as_primitive::<Int32Type>().iter().flatten();
                self.extend(values.map(|value| Bound::Integer(i64::from(value))));
            }
            DataType::Int64 => {
                let values = array.as_primitive::<Int64Type>().iter().flatten();
                self.extend(values.map(Bound::Integer));
            }
            DataType::Timestamp(..) => {
                let values = array.as_primitive::<TimestampMicrosecondType>();
                self.extend(values.iter().flatten().map(Bound::Time));
            }
            DataType::Boolean => {
                self.extend(array.as_boolean().iter().flatten().map(Bound::Flag));
            }
            DataType::Float64 => {
                let values = array.as_primitive::<Float64Type>();
                self.contains_nan |= values.iter().flatten().any(f64::is_nan);
                let numbers = values.iter().flatten().filter(|value| !value.is_nan());
                self.extend(numbers.map(Bound::Real));
            }
            DataType::Utf8 if kind != ColumnKind::Field(FieldKind::Map) => {
                let values = array.as_string::<i32>().iter().flatten();
                let (low, high) = (values.clone().min(), values.max());
                self.extend(
                    low.into_iter()
                        .chain(high)
                        .map(|text| Bound::Text(text.to_owned())),
                );
            }
            _ => {}
        }
    }

    fn extend(&mut self, values: impl Iterator<Item = Bound>) {
        for value in values {
            let is_less = |than: &Bound| value.compare(than).is_some_and(std::cmp::Ordering::is_lt);
            let is_more = |than: &Bound| value.compare(than).is_some_and(std::cmp::Ordering::is_gt);
            if self.minimum.as_ref().is_none_or(is_less) {
                self.minimum = Some(value.clone());
            }
            if self.maximum.as_ref().is_none_or(is_more) {
                self.maximum = Some(value);
            }
        }
    }

    /// Whether the catalog's bounds are these; it may leave out those of text, which can be long, and
    /// those that its format cannot say.
    fn agrees(&self, kind: ColumnKind, stored: &StoredColumn) -> bool {
        let (Some(minimum), Some(maximum)) = (&stored.minimum, &stored.maximum) else {
            let may_lack = match (&self.minimum, &self.maximum) {
                (Some(Bound::Text(_)), _) | (None, _) | (_, None) => true,
                (Some(low), Some(high)) => low.to_text().is_none() || high.to_text().is_none(),
            };
            return may_lack && stored.minimum.is_none() && stored.maximum.is_none();
        };
        let equal = |text: &str, counted: &Option<Bound>| {
            let parsed = Bound::parse(kind, text);
            parsed
                .zip(counted.as_ref())
                .is_some_and(|(parsed, counted)| {
                    parsed.compare(counted) == Some(std::cmp::Ordering::Equal)
                })
        };
        equal(minimum, &self.minimum) && equal(maximum, &self.maximum)
    }
}
