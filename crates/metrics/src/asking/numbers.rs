//! The answer to a query as rows: its groups, or the totals where it is not cut.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;

use super::{Answer, Rows, forget};
use crate::error::QueryError;
use crate::registry;
use crate::result::{QueryResult, Row};

impl Answer for QueryResult {
    fn forget_effort(&mut self) {
        let (took, read) = (&mut self.took_milliseconds, &mut self.rows_read);
        forget(took, read, self.explanation.as_mut());
    }

    /// A row a group, then the subtotals; the totals where the query has no dimensions. A column a dimension, and the
    /// columns of a value for each metric; `ID_compare` where it is compared. Where there are subtotals or others, a
    /// first column `row` says what a row is.
    fn rows(&self) -> Result<RecordBatch, QueryError> {
        let totals = Row {
            dimensions: BTreeMap::new(),
            other: false,
            metrics: self.totals.clone(),
        };
        let mut rows = match self.dimensions.is_empty() {
            true => Rows::of([&totals]),
            false => Rows::of(self.rows.iter().chain(&self.subtotals)),
        };
        if !self.subtotals.is_empty() || self.rows.iter().any(|row| row.other) {
            let meaning = "what the row is: `group`, `other` or `subtotal`";
            rows = rows.text("row", meaning, |row| Some(kind(self, row)));
        }
        for id in &self.dimensions {
            let meaning = registry::dimension(id).map_or("", |dimension| dimension.documentation);
            rows = rows.text(id, meaning, |row| row.dimensions.get(id)?.as_deref());
        }
        for id in &self.metrics {
            let meaning = registry::metric(id).map_or("", |metric| metric.definition);
            rows = rows.value(id, meaning, |row| row.metrics.get(id));
            if self.compare_range.is_some() {
                rows = rows.compared(id, |row| row.metrics.get(id));
            }
        }
        rows.finish()
    }
}

fn kind(result: &QueryResult, row: &Row) -> &'static str {
    match row.dimensions.len() < result.dimensions.len() {
        true => "subtotal",
        false if row.other => "other",
        false => "group",
    }
}
