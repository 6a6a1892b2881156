//! The ids that tie a column of a file to a column of the catalog, whatever their names and order.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;

use crate::schema::{ColumnKind, Table};
use upshot_core::FieldKind;

/// The ids of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnId {
    /// Of the column itself.
    pub id: i64,
    /// Of the keys and values of a map.
    pub entries: Option<(i64, i64)>,
}

/// The ids of a table's columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldIds {
    columns: BTreeMap<String, ColumnId>,
}

impl FieldIds {
    /// The ids of a table that has just been made: 1, 2, 3 …, a map's entries after the map.
    pub fn first(table: Table) -> Self {
        let mut next = 1;
        let mut columns = BTreeMap::new();
        for column in table.columns() {
            let is_map = matches!(column.data_type(), DataType::Map(..));
            columns.insert(column.name.to_owned(), column_id(&mut next, is_map));
        }
        Self { columns }
    }

    /// The ids that were stored.
    pub fn stored(columns: BTreeMap<String, ColumnId>) -> Self {
        Self { columns }
    }

    /// The ids of a column.
    pub fn get(&self, column: &str) -> Option<ColumnId> {
        self.columns.get(column).copied()
    }

    /// All columns by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, ColumnId)> {
        self.columns.iter().map(|(name, id)| (name.as_str(), *id))
    }

    /// The smallest id that no column has.
    pub fn next(&self) -> i64 {
        let largest = |id: &ColumnId| id.entries.map_or(id.id, |(_, value)| value);
        1 + self.columns.values().map(largest).max().unwrap_or(0)
    }

    /// Gives a new column its ids.
    pub fn add(&mut self, column: &str, is_map: bool) -> ColumnId {
        let mut next = self.next();
        let id = column_id(&mut next, is_map);
        self.columns.insert(column.to_owned(), id);
        id
    }

    /// The schema with the ids written beside its fields, as Parquet files carry them.
    pub fn annotate(&self, schema: &Schema) -> SchemaRef {
        let fields: Vec<Field> = schema
            .fields()
            .iter()
            .map(|field| match self.get(field.name()) {
                Some(id) => annotated(field, id),
                None => field.as_ref().clone(),
            })
            .collect();
        Arc::new(Schema::new(fields))
    }
}

/// Whether a column that a file lacks, because it is older than the column, has a value all the same:
/// a count is 0, a yes or no is no.
pub(crate) fn has_default(kind: ColumnKind) -> bool {
    matches!(kind, ColumnKind::Field(FieldKind::Count | FieldKind::Bool))
}

fn column_id(next: &mut i64, is_map: bool) -> ColumnId {
    let id = *next;
    *next += 1;
    let entries = is_map.then(|| {
        *next += 2;
        (id + 1, id + 2)
    });
    ColumnId { id, entries }
}

fn annotated(field: &Field, id: ColumnId) -> Field {
    let mut field = field.clone();
    if let (DataType::Map(entries, sorted), Some((key, value))) = (field.data_type(), id.entries)
        && let DataType::Struct(parts) = entries.data_type()
        && let [keys, values] = parts.as_ref()
    {
        let parts = Fields::from(vec![
            with_id(keys.as_ref().clone(), key),
            with_id(values.as_ref().clone(), value),
        ]);
        let entries = entries
            .as_ref()
            .clone()
            .with_data_type(DataType::Struct(parts));
        let data_type = DataType::Map(Arc::new(entries), *sorted);
        field = field.with_data_type(data_type);
    }
    with_id(field, id.id)
}

fn with_id(field: Field, id: i64) -> Field {
    let metadata = HashMap::from([(PARQUET_FIELD_ID_META_KEY.to_owned(), id.to_string())]);
    field.with_metadata(metadata)
}
