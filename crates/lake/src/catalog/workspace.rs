//! Making workspaces, and giving their tables the columns that this program added.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use sqlx::{Connection, SqliteConnection};

use super::commit::{Snapshot, insert_snapshot};
use super::load::uuid;
use super::statistics::TableStatistics;
use super::{Catalog, DEFAULT_WORKSPACE, FileList, TableState, Writer, columns, view};
use crate::error::LakeError;
use crate::files::create_dir_durably;
use crate::parquet_files::FieldIds;
use crate::schema::Table;

const LONGEST_NAME: usize = 63;
/// Names that SQL clients keep for themselves.
const RESERVED: &[&str] = &["information_schema", "pg_catalog"];

/// Refuses a name that a workspace cannot have.
///
/// # Errors
/// [`LakeError::WorkspaceName`].
pub(super) fn check_name(name: &str) -> Result<(), LakeError> {
    let begins_well = name.starts_with(|first: char| first.is_ascii_lowercase());
    let is_plain = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if begins_well && is_plain && name.len() <= LONGEST_NAME && !RESERVED.contains(&name) {
        Ok(())
    } else {
        Err(LakeError::WorkspaceName(name.to_owned()))
    }
}

impl Catalog {
    /// Makes a workspace with its tables; nothing where it is there. `now` is the time in
    /// microseconds.
    ///
    /// # Errors
    /// When the name is not valid or the database refuses.
    pub async fn create_workspace(&self, name: &str, now: i64) -> Result<(), LakeError> {
        check_name(name)?;
        let mut guard = self.writer().await?;
        let writer = &mut *guard;
        if writer.state.workspaces.contains_key(name) {
            return Ok(());
        }
        for table in Table::ALL {
            create_dir_durably(self.files.as_ref(), &self.table_dir(name, table))?;
        }
        let mut counters = writer.state.counters;
        counters.snapshot += 1;
        counters.schema_version += 1;
        let mut changes = Vec::new();
        let mut tables = BTreeMap::new();
        writer.stale = true;
        let mut transaction = writer.connection.begin_with("BEGIN IMMEDIATE").await?;
        let mut schema_id = 0;
        if name != DEFAULT_WORKSPACE {
            schema_id = counters.next_catalog_id;
            counters.next_catalog_id += 1;
            changes.push(format!("created_schema:\"{name}\""));
            sqlx::query("INSERT INTO ducklake_schema VALUES (?1, ?2, ?3, NULL, ?4, ?5, 1)")
                .bind(schema_id)
                .bind(uuid(&["schema", name], now))
                .bind(counters.snapshot)
                .bind(name)
                .bind(format!("{name}/"))
                .execute(&mut *transaction)
                .await?;
        }
        for table in Table::ALL {
            let new = NewTable {
                workspace: name,
                schema_id,
                table,
                table_id: counters.next_catalog_id,
                snapshot: counters.snapshot,
                schema_version: counters.schema_version,
            };
            counters.next_catalog_id += 3;
            changes.push(format!("created_table:\"{name}\".\"{}\"", table.name()));
            tables.insert(table, new.insert(&mut transaction, now).await?);
        }
        let snapshot = Snapshot {
            changes: changes.join(","),
            message: "create workspace",
            now,
        };
        insert_snapshot(&mut transaction, &counters, &snapshot).await?;
        transaction.commit().await?;
        let list = FileList::default().changed(counters.snapshot, Vec::new(), &[]);
        self.set_view(name, view(Arc::new(list), &tables));
        writer.state.counters = counters;
        writer.state.workspaces.insert(name.to_owned(), tables);
        writer.stale = false;
        Ok(())
    }

    /// Adds to every table the columns that this program knows and the catalog does not.
    pub(super) async fn migrate_columns(
        &self,
        writer: &mut Writer,
        now: i64,
    ) -> Result<(), LakeError> {
        let mut counters = writer.state.counters;
        let mut changes = Vec::new();
        let mut rows = Vec::new();
        let mut table_ids = Vec::new();
        for tables in writer.state.workspaces.values() {
            for (table, known) in tables {
                let added = added_columns(*table, known);
                if !added.is_empty() {
                    changes.push(format!("altered_table:{}", known.table_id));
                    table_ids.push(known.table_id);
                    rows.extend(added);
                }
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        counters.snapshot += 1;
        counters.schema_version += 1;
        writer.stale = true;
        let mut transaction = writer.connection.begin_with("BEGIN IMMEDIATE").await?;
        columns::insert_statistics_of_added(&mut transaction, &rows).await?;
        columns::insert(&mut transaction, rows, counters.snapshot).await?;
        for table_id in table_ids {
            insert_schema_version(
                &mut transaction,
                table_id,
                counters.snapshot,
                counters.schema_version,
            )
            .await?;
        }
        let snapshot = Snapshot {
            changes: changes.join(","),
            message: "add columns",
            now,
        };
        insert_snapshot(&mut transaction, &counters, &snapshot).await?;
        transaction.commit().await?;
        self.reload(writer).await
    }
}

fn added_columns(table: Table, known: &TableState) -> Vec<Value> {
    let mut ids = FieldIds::clone(&known.ids);
    let mut rows = Vec::new();
    for column in table.columns() {
        if ids.get(column.name).is_none() {
            let id = ids.add(column.name, columns::type_name(&column) == "map");
            rows.extend(columns::rows(known.table_id, &column, id, false));
        }
    }
    rows
}

struct NewTable<'a> {
    workspace: &'a str,
    schema_id: i64,
    table: Table,
    /// The partition's id is the next, the sort order's the one after.
    table_id: i64,
    snapshot: i64,
    schema_version: i64,
}

impl NewTable<'_> {
    async fn insert(
        &self,
        connection: &mut SqliteConnection,
        now: i64,
    ) -> Result<TableState, LakeError> {
        let name = self.table.name();
        sqlx::query("INSERT INTO ducklake_table VALUES (?1, ?2, ?3, NULL, ?4, ?5, ?6, 1)")
            .bind(self.table_id)
            .bind(uuid(&["table", self.workspace, name], now))
            .bind(self.snapshot)
            .bind(self.schema_id)
            .bind(name)
            .bind(format!("{name}/"))
            .execute(&mut *connection)
            .await?;
        let ids = FieldIds::first(self.table);
        let mut rows = Vec::new();
        for column in self.table.columns() {
            if let Some(id) = ids.get(column.name) {
                rows.extend(columns::rows(self.table_id, &column, id, true));
            }
        }
        columns::insert(connection, rows, self.snapshot).await?;
        self.insert_partition(connection, &ids).await?;
        self.insert_sort(connection).await?;
        sqlx::query("INSERT INTO ducklake_table_stats VALUES (?1, 0, 0, 0)")
            .bind(self.table_id)
            .execute(&mut *connection)
            .await?;
        insert_schema_version(
            connection,
            self.table_id,
            self.snapshot,
            self.schema_version,
        )
        .await?;
        Ok(TableState {
            table_id: self.table_id,
            partition_id: self.table_id + 1,
            ids: ids.into(),
            statistics: TableStatistics::default(),
        })
    }

    async fn insert_partition(
        &self,
        connection: &mut SqliteConnection,
        ids: &FieldIds,
    ) -> Result<(), LakeError> {
        let partition_id = self.table_id + 1;
        sqlx::query("INSERT INTO ducklake_partition_info VALUES (?1, ?2, ?3, NULL)")
            .bind(partition_id)
            .bind(self.table_id)
            .bind(self.snapshot)
            .execute(&mut *connection)
            .await?;
        for (index, column) in (0_i64..).zip(partition_columns(self.table)) {
            sqlx::query(
                "INSERT INTO ducklake_partition_column VALUES (?1, ?2, ?3, ?4, 'identity')",
            )
            .bind(partition_id)
            .bind(self.table_id)
            .bind(index)
            .bind(ids.get(column).map(|id| id.id))
            .execute(&mut *connection)
            .await?;
        }
        Ok(())
    }

    async fn insert_sort(&self, connection: &mut SqliteConnection) -> Result<(), LakeError> {
        let sort_id = self.table_id + 2;
        sqlx::query("INSERT INTO ducklake_sort_info VALUES (?1, ?2, ?3, NULL)")
            .bind(sort_id)
            .bind(self.table_id)
            .bind(self.snapshot)
            .execute(&mut *connection)
            .await?;
        for (index, column) in (0_i64..).zip(self.table.sort_columns()) {
            sqlx::query(
                "INSERT INTO ducklake_sort_expression \
                 VALUES (?1, ?2, ?3, ?4, 'duckdb', 'ASC', 'NULLS_LAST')",
            )
            .bind(sort_id)
            .bind(self.table_id)
            .bind(index)
            .bind(format!("\"{column}\""))
            .execute(&mut *connection)
            .await?;
        }
        Ok(())
    }
}

/// The columns of which all rows of a file share the value.
pub(super) fn partition_columns(table: Table) -> &'static [&'static str] {
    if Table::FACTS.contains(&table) {
        &["day", "bucket", "fact_set"]
    } else {
        &["day", "bucket"]
    }
}

async fn insert_schema_version(
    connection: &mut SqliteConnection,
    table_id: i64,
    snapshot: i64,
    schema_version: i64,
) -> Result<(), LakeError> {
    sqlx::query("INSERT INTO ducklake_schema_versions VALUES (?1, ?2, ?3)")
        .bind(snapshot)
        .bind(schema_version)
        .bind(table_id)
        .execute(&mut *connection)
        .await?;
    Ok(())
}
