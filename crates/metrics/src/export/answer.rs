//! The answer to a query as rows: its groups, or the totals where it is not cut.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Field, Schema};

use crate::error::QueryError;
use crate::result::{MetricValue, QueryResult, Row};

/// A number of a value, with what its column adds to the metric's name.
type NumberOf = (&'static str, Number);

enum Number {
    Real(fn(&MetricValue) -> Option<f64>),
    Count(fn(&MetricValue) -> u64),
}

const NUMBERS: [NumberOf; 7] = [
    ("", Number::Real(|value| value.value)),
    ("_n", Number::Count(|value| value.n)),
    ("_numerator", Number::Real(|value| value.numerator)),
    ("_denominator", Number::Real(|value| value.denominator)),
    (
        "_low",
        Number::Real(|value| value.interval.map(|[low, _]| low)),
    ),
    (
        "_high",
        Number::Real(|value| value.interval.map(|[_, high]| high)),
    ),
    ("_pending", Number::Count(|value| value.pending)),
];

/// A row a group, then the subtotals; the totals where the query has no dimensions. A column a dimension, and
/// for each metric `ID`, `ID_n`, `ID_numerator`, `ID_denominator`, `ID_low` and `ID_high` (the 95 % interval) and
/// `ID_pending`; `ID_compare` is the value of what it is compared with. Where there are subtotals or others, a
/// first column `row` says what a row is: `group`, `other` or `subtotal`.
///
/// # Errors
/// When Arrow refuses the columns, which would be a defect here.
pub fn rows(result: &QueryResult) -> Result<RecordBatch, QueryError> {
    let totals = Row {
        dimensions: BTreeMap::new(),
        other: false,
        metrics: result.totals.clone(),
    };
    let rows: Vec<&Row> = match result.dimensions.is_empty() {
        true => vec![&totals],
        false => result.rows.iter().chain(&result.subtotals).collect(),
    };
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    if !result.subtotals.is_empty() || result.rows.iter().any(|row| row.other) {
        let kinds = rows.iter().map(|row| Some(kind(result, row)));
        columns.push(("row".to_owned(), Arc::new(kinds.collect::<StringArray>())));
    }
    for id in &result.dimensions {
        let values = rows.iter().map(|row| row.dimensions.get(id)?.as_deref());
        columns.push((id.clone(), Arc::new(values.collect::<StringArray>())));
    }
    for id in &result.metrics {
        let values = || rows.iter().map(|row| row.metrics.get(id));
        for (name, number) in NUMBERS {
            let column: ArrayRef = match number {
                Number::Real(of) => {
                    Arc::new(values().map(|value| of(value?)).collect::<Float64Array>())
                }
                Number::Count(of) => {
                    let counts = values().map(|value| Some(of(value?) as i64));
                    Arc::new(counts.collect::<Int64Array>())
                }
            };
            columns.push((format!("{id}{name}"), column));
        }
        if result.compare_range.is_some() {
            let compared = values().map(|value| value?.compare.as_ref()?.value);
            let column = Arc::new(compared.collect::<Float64Array>());
            columns.push((format!("{id}_compare"), column));
        }
    }
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, column)| Field::new(name, column.data_type().clone(), true))
        .collect();
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(rows.len()));
    let schema = Arc::new(Schema::new(fields));
    Ok(RecordBatch::try_new_with_options(
        schema, columns, &options,
    )?)
}

fn kind(result: &QueryResult, row: &Row) -> &'static str {
    match row.dimensions.len() < result.dimensions.len() {
        true => "subtotal",
        false if row.other => "other",
        false => "group",
    }
}
