//! What the catalog says of a table as a whole. It is never narrower than the truth: ended files
//! make it no smaller.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sqlx::{Row, SqliteConnection};

use crate::error::LakeError;
use crate::parquet_files::{Bound, ColumnStatistics, DataFileInfo, FieldIds};
use crate::schema::{ColumnKind, Table};

/// What is known of a column over all files.
#[derive(Debug, Clone, PartialEq, Default)]
struct ColumnSummary {
    contains_null: bool,
    contains_nan: Option<bool>,
    /// None where a file did not say.
    bounds: Option<(Bound, Bound)>,
    /// Whether any file had a value. Before that the catalog has no row of the column, and no bounds
    /// say nothing; after it they say that they are not known.
    has_values: bool,
}

/// Statistics of a table.
#[derive(Debug, Clone, Default)]
pub(super) struct TableStatistics {
    pub(super) rows: i64,
    pub(super) next_row_id: i64,
    pub(super) bytes: i64,
    columns: BTreeMap<i64, ColumnSummary>,
}

impl TableStatistics {
    /// What the database has.
    pub(super) async fn load(
        connection: &mut SqliteConnection,
        table: Table,
        table_id: i64,
        ids: &FieldIds,
    ) -> Result<Self, LakeError> {
        let row = sqlx::query(
            "SELECT record_count, next_row_id, file_size_bytes FROM ducklake_table_stats WHERE table_id = ?1",
        )
        .bind(table_id)
        .fetch_optional(&mut *connection)
        .await?;
        let mut statistics = Self::default();
        if let Some(row) = row {
            statistics.rows = row.try_get(0)?;
            statistics.next_row_id = row.try_get(1)?;
            statistics.bytes = row.try_get(2)?;
        }
        let kinds = kinds(table, ids);
        let rows = sqlx::query(
            "SELECT column_id, contains_null, contains_nan, min_value, max_value \
             FROM ducklake_table_column_stats WHERE table_id = ?1",
        )
        .bind(table_id)
        .fetch_all(&mut *connection)
        .await?;
        for row in rows {
            let id: i64 = row.try_get(0)?;
            let minimum: Option<String> = row.try_get(3)?;
            let maximum: Option<String> = row.try_get(4)?;
            let bounds = kinds.get(&id).and_then(|kind| {
                let minimum = Bound::parse(*kind, minimum.as_deref()?)?;
                Some((minimum, Bound::parse(*kind, maximum.as_deref()?)?))
            });
            let summary = ColumnSummary {
                contains_null: row.try_get::<Option<bool>, _>(1)?.unwrap_or(true),
                contains_nan: row.try_get(2)?,
                bounds,
                has_values: true,
            };
            statistics.columns.insert(id, summary);
        }
        Ok(statistics)
    }

    /// Takes a new file into account; gives the columns of which something changed.
    pub(super) fn add(&mut self, info: &DataFileInfo) -> Vec<i64> {
        // A column of which nothing is noted has had no value yet, so rows that are there lack it.
        let had_rows = self.next_row_id > 0;
        self.rows += signed(info.rows);
        self.next_row_id += signed(info.rows);
        self.bytes += signed(info.bytes);
        let mut changed = Vec::new();
        for column in &info.columns {
            let summary = self
                .columns
                .entry(column.id)
                .or_insert_with(|| ColumnSummary {
                    contains_null: had_rows,
                    ..ColumnSummary::default()
                });
            let before = summary.clone();
            summary.add(column);
            if *summary != before && summary.has_values {
                changed.push(column.id);
            }
        }
        changed
    }

    /// Takes the end of a file into account.
    pub(super) fn end(&mut self, rows: i64, bytes: i64) {
        self.rows -= rows;
        self.bytes -= bytes;
    }

    /// Whether values of a column within these bounds are within those of the table, as far as it has
    /// any.
    pub(super) fn covers(&self, column_id: i64, minimum: &Bound, maximum: &Bound) -> bool {
        let bounds = self.columns.get(&column_id).map(|summary| &summary.bounds);
        match bounds {
            None => false,
            Some(None) => true,
            Some(Some((low, high))) => {
                low.compare(minimum).is_some_and(std::cmp::Ordering::is_le)
                    && high.compare(maximum).is_some_and(std::cmp::Ordering::is_ge)
            }
        }
    }

    /// Writes the table's row, and those of the columns.
    pub(super) async fn save(
        &self,
        connection: &mut SqliteConnection,
        table_id: i64,
        changed: &[i64],
    ) -> Result<(), LakeError> {
        sqlx::query(
            "UPDATE ducklake_table_stats SET record_count = ?2, next_row_id = ?3, file_size_bytes = ?4 \
             WHERE table_id = ?1",
        )
        .bind(table_id)
        .bind(self.rows)
        .bind(self.next_row_id)
        .bind(self.bytes)
        .execute(&mut *connection)
        .await?;
        let rows: Vec<Value> = changed
            .iter()
            .filter_map(|id| self.columns.get(id).map(|summary| summary.row(*id)))
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        sqlx::query(
            "INSERT OR REPLACE INTO ducklake_table_column_stats \
             SELECT ?2, value->>'id', value->>'null', value->>'nan', value->>'min', value->>'max', NULL \
             FROM json_each(?1)",
        )
        .bind(Value::Array(rows).to_string())
        .bind(table_id)
        .execute(&mut *connection)
        .await?;
        Ok(())
    }
}

impl ColumnSummary {
    fn add(&mut self, column: &ColumnStatistics) {
        self.contains_null |= column.nulls > 0;
        if let Some(nan) = column.contains_nan {
            self.contains_nan = Some(self.contains_nan.unwrap_or(false) | nan);
        }
        if column.values == 0 {
            return;
        }
        let new = column.minimum.clone().zip(column.maximum.clone());
        self.bounds = match (self.bounds.take(), new) {
            (None, new) if !self.has_values => new,
            (Some((minimum, maximum)), Some((low, high))) => {
                match (low.compare(&minimum), high.compare(&maximum)) {
                    (Some(below), Some(above)) => Some((
                        if below.is_lt() { low } else { minimum },
                        if above.is_gt() { high } else { maximum },
                    )),
                    _ => None,
                }
            }
            _ => None,
        };
        self.has_values = true;
    }

    fn row(&self, id: i64) -> Value {
        let text = |bound: Option<&Bound>| bound.and_then(Bound::to_text);
        let minimum = text(self.bounds.as_ref().map(|(minimum, _)| minimum));
        let maximum = text(self.bounds.as_ref().map(|(_, maximum)| maximum));
        // One bound alone would be read as if the other did not matter.
        let (minimum, maximum) = minimum.zip(maximum).unzip();
        json!({
            "id": id, "null": i64::from(self.contains_null),
            "nan": self.contains_nan.map(i64::from), "min": minimum, "max": maximum,
        })
    }
}

/// The rows of `ducklake_file_column_stats` of a file. A column without any value has none: a
/// missing row says nothing, which is all that can be used of it.
pub(super) fn file_rows(file_id: i64, table_id: i64, info: &DataFileInfo) -> Vec<Value> {
    info.columns
        .iter()
        .filter(|column| column.values > 0)
        .map(|column| {
            let text = |bound: &Option<Bound>| bound.as_ref().and_then(Bound::to_text);
            let bounds = text(&column.minimum).zip(text(&column.maximum));
            let (minimum, maximum) = bounds.unzip();
            json!({
                "file": file_id, "table": table_id, "id": column.id, "bytes": column.bytes,
                "values": column.values, "nulls": column.nulls, "min": minimum, "max": maximum,
                "nan": column.contains_nan.map(i64::from),
            })
        })
        .collect()
}

/// Writes rows that [`file_rows`] made.
pub(super) async fn insert_file_rows(
    connection: &mut SqliteConnection,
    rows: Vec<Value>,
) -> Result<(), LakeError> {
    sqlx::query(
        "INSERT INTO ducklake_file_column_stats \
         SELECT value->>'file', value->>'table', value->>'id', value->>'bytes', value->>'values', \
                value->>'nulls', value->>'min', value->>'max', value->>'nan', NULL \
         FROM json_each(?1)",
    )
    .bind(Value::Array(rows).to_string())
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// What each column id of a table holds; a map's entries hold nothing that is compared.
pub(super) fn kinds(table: Table, ids: &FieldIds) -> BTreeMap<i64, ColumnKind> {
    table
        .columns()
        .iter()
        .filter_map(|column| Some((ids.get(column.name)?.id, column.kind)))
        .collect()
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
