//! The columns of tables in the catalog: their ids are kept for ever.

use std::collections::BTreeMap;

use arrow::datatypes::DataType;
use serde_json::{Value, json};
use sqlx::{Row, SqliteConnection};

use super::load::damaged;
use crate::error::LakeError;
use crate::parquet_files::field_ids::has_default;
use crate::parquet_files::{ColumnId, FieldIds};
use crate::schema::{Column, Table};

/// The column's type in the words of DuckLake.
pub(super) fn type_name(column: &Column) -> &'static str {
    match column.data_type() {
        DataType::Date32 => "date",
        DataType::Int32 => "int32",
        DataType::Int64 => "int64",
        DataType::Float64 => "float64",
        DataType::Boolean => "boolean",
        DataType::Timestamp(..) => "timestamptz",
        DataType::Map(..) => "map",
        _ => "varchar",
    }
}

/// The columns of a table as rows of `ducklake_column`, without the snapshot.
pub(super) fn rows(table_id: i64, column: &Column, id: ColumnId, is_new_table: bool) -> Vec<Value> {
    // Files that are older than a column lack it: it may be missing, or has a value for them.
    let may_lack = column.arrow_field().is_nullable() || !is_new_table;
    let initial = (!is_new_table && has_default(column.kind)).then(|| match column.data_type() {
        DataType::Boolean => "false",
        _ => "0",
    });
    let row = |id: i64, name: &str, kind: &str, nulls: bool, parent: Option<i64>| {
        json!({
            "id": id, "table": table_id, "name": name, "type": kind, "initial": initial,
            "nulls": i64::from(nulls), "parent": parent,
            "default_type": if kind == "map" { "" } else { "literal" },
        })
    };
    let mut rows = vec![row(id.id, column.name, type_name(column), may_lack, None)];
    if let Some((key, value)) = id.entries {
        rows.push(row(key, "key", "varchar", true, Some(id.id)));
        rows.push(row(value, "value", "varchar", true, Some(id.id)));
    }
    rows
}

/// Writes rows that [`rows`] made; they are there from this snapshot on.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    rows: Vec<Value>,
    snapshot: i64,
) -> Result<(), LakeError> {
    sqlx::query(
        "INSERT INTO ducklake_column \
         SELECT value->>'id', ?2, NULL, value->>'table', value->>'id', value->>'name', value->>'type', \
                value->>'initial', coalesce(value->>'initial', 'NULL'), value->>'nulls', \
                value->>'parent', value->>'default_type', 'duckdb' \
         FROM json_each(?1)",
    )
    .bind(Value::Array(rows).to_string())
    .bind(snapshot)
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// Says of columns that are added to a table, and that have a value in files which lack them, that
/// nothing is known of their values: the bounds of later files would not hold for all rows.
pub(super) async fn insert_statistics_of_added(
    connection: &mut SqliteConnection,
    rows: &[Value],
) -> Result<(), LakeError> {
    sqlx::query(
        "INSERT OR REPLACE INTO ducklake_table_column_stats \
         SELECT value->>'table', value->>'id', 1, NULL, NULL, NULL, NULL FROM json_each(?1) \
         WHERE value->>'initial' IS NOT NULL",
    )
    .bind(Value::from(rows).to_string())
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// The ids that a table's columns have. Columns that this program lacks are refused.
pub(super) async fn load(
    connection: &mut SqliteConnection,
    table: Table,
    table_id: i64,
) -> Result<FieldIds, LakeError> {
    let found = sqlx::query(
        "SELECT column_id, column_name, column_type, parent_column FROM ducklake_column \
         WHERE table_id = ?1 AND end_snapshot IS NULL ORDER BY column_id",
    )
    .bind(table_id)
    .fetch_all(&mut *connection)
    .await?;
    let expected: BTreeMap<&str, Column> = table
        .columns()
        .into_iter()
        .map(|column| (column.name, column))
        .collect();
    let mut columns: BTreeMap<String, ColumnId> = BTreeMap::new();
    let mut entries: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for row in found {
        let id: i64 = row.try_get(0)?;
        let name: String = row.try_get(1)?;
        let kind: String = row.try_get(2)?;
        if let Some(parent) = row.try_get::<Option<i64>, _>(3)? {
            entries.entry(parent).or_default().push(id);
            continue;
        }
        let Some(column) = expected.get(name.as_str()) else {
            return Err(LakeError::Unsupported(format!(
                "the column `{name}` of the table `{}`",
                table.name()
            )));
        };
        if kind != type_name(column) {
            return Err(LakeError::Unsupported(format!(
                "the type {kind} of the column `{name}` of the table `{}`",
                table.name()
            )));
        }
        columns.insert(name, ColumnId { id, entries: None });
    }
    for (name, column) in &mut columns {
        column.entries = match entries.remove(&column.id).as_deref() {
            None => None,
            Some([key, value]) => Some((*key, *value)),
            Some(_) => return Err(damaged(format!("column `{name}`"), "it is not a map")),
        };
    }
    Ok(FieldIds::stored(columns))
}
