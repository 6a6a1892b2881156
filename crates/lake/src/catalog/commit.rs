//! Making a change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};
use sqlx::{Connection, Row, SqliteConnection};

use super::load::{damaged, time};
use super::{
    Catalog, Counters, NewFile, TableState, Transaction, Writer, erasures, log_state, statistics,
    view,
};
use crate::capture::DataFile;
use crate::error::LakeError;
use crate::parquet_files::bound::{day_text, parse_day};
use crate::schema::Table;

/// What a snapshot says of itself.
pub(super) struct Snapshot<'a> {
    /// In the words of DuckLake.
    pub(super) changes: String,
    pub(super) message: &'a str,
    pub(super) now: i64,
}

/// Writes the snapshot that these numbers name.
pub(super) async fn insert_snapshot(
    connection: &mut SqliteConnection,
    counters: &Counters,
    snapshot: &Snapshot<'_>,
) -> Result<(), LakeError> {
    sqlx::query("INSERT INTO ducklake_snapshot VALUES (?1, ?2, ?3, ?4, ?5)")
        .bind(counters.snapshot)
        .bind(time(snapshot.now))
        .bind(counters.schema_version)
        .bind(counters.next_catalog_id)
        .bind(counters.next_file_id)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO ducklake_snapshot_changes(snapshot_id, changes_made, author, commit_message) \
         VALUES (?1, ?2, 'upshot', ?3)",
    )
    .bind(counters.snapshot)
    .bind(&snapshot.changes)
    .bind(snapshot.message)
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// A file that the change ends.
struct Ended {
    table: Table,
    id: i64,
    day: i32,
    rows: i64,
    bytes: i64,
}

impl Catalog {
    /// Makes the change as a whole, durably; gives the snapshot after it. Without files to add or
    /// end, the snapshot stays as it was.
    ///
    /// # Errors
    /// [`LakeError::Conflict`] when a file that must be live is not, or a mark would go back: then
    /// nothing has changed. Otherwise when a folder cannot be synced or the database refuses. The files
    /// of a change that was certainly not made are removed.
    pub async fn commit(&self, change: Transaction) -> Result<i64, LakeError> {
        let mut undecided = false;
        let result = self.try_commit(&change, &mut undecided).await;
        if result.is_err() && !undecided {
            self.discard(&change.workspace, &change.add);
        }
        result
    }

    /// Removes files that were written for a change that is not made. What cannot be removed now is
    /// removed when the data directory is opened again.
    pub fn discard(&self, workspace: &str, files: &[NewFile]) {
        for file in files {
            let path = self.table_dir(workspace, file.table).join(&file.name);
            if let Err(error) = self.files.remove(&path) {
                tracing::warn!(%error, path = %path.display(), "a file that is not needed stays for now");
            }
        }
    }

    /// Sets `undecided` before the one step after whose failure the change may have been made all the
    /// same.
    async fn try_commit(
        &self,
        change: &Transaction,
        undecided: &mut bool,
    ) -> Result<i64, LakeError> {
        self.sync_folders(change)?;
        let mut guard = self.writer().await?;
        let writer = &mut *guard;
        writer.stale = true;
        let made = match make(writer, change, undecided).await {
            Ok(made) => made,
            Err(error) => {
                // A conflict has changed nothing; after anything else, who knows.
                writer.stale = !matches!(error, LakeError::Conflict(_));
                return Err(error);
            }
        };
        let snapshot = made.counters.snapshot;
        if snapshot != writer.state.counters.snapshot {
            let workspace = change.workspace.as_str();
            self.publish(workspace, &made.tables, snapshot, made.added, &made.ended);
        }
        writer.state.counters = made.counters;
        let workspaces = &mut writer.state.workspaces;
        workspaces.insert(change.workspace.clone(), made.tables);
        // These narrow what is known of the tables: that is read anew.
        writer.stale = change.erase.is_some() || change.keep.is_some();
        Ok(snapshot)
    }

    /// The names of new files become durable before the catalog says that they are there.
    fn sync_folders(&self, change: &Transaction) -> Result<(), LakeError> {
        let tables: BTreeSet<Table> = change.add.iter().map(|file| file.table).collect();
        for table in tables {
            let folder = self.table_dir(&change.workspace, table);
            self.files
                .sync_dir(&folder)
                .map_err(LakeError::io("sync folder", &folder))?;
        }
        Ok(())
    }

    fn publish(
        &self,
        workspace: &str,
        tables: &BTreeMap<Table, TableState>,
        snapshot: i64,
        added: Vec<(Table, i64, NewFile)>,
        ended: &[Ended],
    ) {
        let added = added
            .into_iter()
            .map(|(table, id, file)| {
                let path = self.table_dir(workspace, table).join(file.name);
                let file = DataFile {
                    id,
                    path,
                    day: file.day,
                    bucket: file.bucket,
                    rows: file.info.rows,
                    bytes: file.info.bytes,
                    footer_bytes: file.info.footer_bytes,
                    fact_set: file.fact_set,
                };
                (table, file)
            })
            .collect();
        let ended: Vec<_> = ended
            .iter()
            .map(|file| (file.table, file.day, file.id))
            .collect();
        let before = self.file_list(workspace).unwrap_or_default();
        let list = before.changed(snapshot, added, &ended);
        self.set_view(workspace, view(Arc::new(list), tables));
    }
}

/// A change that is in the database and not yet in memory.
struct Made {
    counters: Counters,
    tables: BTreeMap<Table, TableState>,
    added: Vec<(Table, i64, NewFile)>,
    ended: Vec<Ended>,
}

async fn make(
    writer: &mut Writer,
    change: &Transaction,
    undecided: &mut bool,
) -> Result<Made, LakeError> {
    let mut counters = writer.state.counters;
    let unknown = || LakeError::UnknownWorkspace(change.workspace.clone());
    let known = writer.state.workspaces.get(&change.workspace);
    let mut tables = known.ok_or_else(unknown)?.clone();
    let files_change = !change.add.is_empty() || !change.end.is_empty();
    if files_change {
        counters.snapshot += 1;
    }
    let mut transaction = writer.connection.begin_with("BEGIN IMMEDIATE").await?;
    check_unchanged(&mut transaction, writer.state.counters.snapshot).await?;
    check_live(&mut transaction, change, &tables).await?;
    let mut changed = Changed::default();
    let ended = end_files(&mut transaction, change, &mut tables, counters.snapshot).await?;
    for file in &ended {
        changed.ended.insert(file.table);
    }
    let added = add_files(
        &mut transaction,
        change,
        &mut tables,
        &mut counters,
        &mut changed,
    )
    .await?;
    changed.save(&mut transaction, &tables).await?;
    log_state::apply(&mut transaction, change).await?;
    if let Some(erase) = &change.erase {
        erasures::apply(&mut transaction, &change.workspace, erase, &tables).await?;
    }
    if let Some(keep) = &change.keep {
        erasures::keep(&mut transaction, &change.workspace, keep, &tables).await?;
    }
    if files_change {
        let snapshot = Snapshot {
            changes: changed.describe(&tables, change.is_merge),
            message: &change.message,
            now: change.now,
        };
        insert_snapshot(&mut transaction, &counters, &snapshot).await?;
    }
    *undecided = true;
    transaction.commit().await?;
    Ok(Made {
        counters,
        tables,
        added,
        ended,
    })
}

/// What a change touches.
#[derive(Default)]
struct Changed {
    inserted: BTreeSet<Table>,
    ended: BTreeSet<Table>,
    columns: BTreeMap<Table, BTreeSet<i64>>,
}

impl Changed {
    async fn save(
        &self,
        connection: &mut SqliteConnection,
        tables: &BTreeMap<Table, TableState>,
    ) -> Result<(), LakeError> {
        for (table, known) in tables {
            if !self.inserted.contains(table) && !self.ended.contains(table) {
                continue;
            }
            let columns: Vec<i64> = match self.columns.get(table) {
                Some(columns) => columns.iter().copied().collect(),
                None => Vec::new(),
            };
            let statistics = &known.statistics;
            statistics
                .save(connection, known.table_id, &columns)
                .await?;
        }
        Ok(())
    }

    fn describe(&self, tables: &BTreeMap<Table, TableState>, is_merge: bool) -> String {
        let mut changes = Vec::new();
        for (table, known) in tables {
            let id = known.table_id;
            if is_merge && self.inserted.contains(table) {
                changes.push(format!("merge_adjacent:{id}"));
                continue;
            }
            if self.inserted.contains(table) {
                changes.push(format!("inserted_into_table:{id}"));
            }
            if self.ended.contains(table) {
                changes.push(format!("deleted_from_table:{id}"));
            }
        }
        changes.join(",")
    }
}

async fn check_unchanged(
    connection: &mut SqliteConnection,
    expected: i64,
) -> Result<(), LakeError> {
    let found: Option<i64> = sqlx::query_scalar("SELECT max(snapshot_id) FROM ducklake_snapshot")
        .fetch_one(&mut *connection)
        .await?;
    if found == Some(expected) {
        return Ok(());
    }
    Err(LakeError::Unsupported(format!(
        "snapshot {} where {expected} was the last: a change by another program",
        found.unwrap_or_default()
    )))
}

fn json_ids(ids: &[i64]) -> String {
    Value::from(ids.to_vec()).to_string()
}

async fn check_live(
    connection: &mut SqliteConnection,
    change: &Transaction,
    tables: &BTreeMap<Table, TableState>,
) -> Result<(), LakeError> {
    let mut ids: Vec<i64> = [&change.expected_live[..], &change.end].concat();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(());
    }
    let table_ids: Vec<i64> = tables.values().map(|known| known.table_id).collect();
    let missing: Option<i64> = sqlx::query_scalar(
        "SELECT wanted.value FROM json_each(?1) wanted WHERE NOT EXISTS ( \
           SELECT 1 FROM ducklake_data_file f WHERE f.data_file_id = wanted.value \
             AND f.end_snapshot IS NULL AND f.table_id IN (SELECT value FROM json_each(?2))) LIMIT 1",
    )
    .bind(json_ids(&ids))
    .bind(json_ids(&table_ids))
    .fetch_optional(&mut *connection)
    .await?;
    match missing {
        None => Ok(()),
        Some(id) => Err(LakeError::Conflict(format!(
            "data file {id} is no longer live"
        ))),
    }
}

async fn end_files(
    connection: &mut SqliteConnection,
    change: &Transaction,
    tables: &mut BTreeMap<Table, TableState>,
    snapshot: i64,
) -> Result<Vec<Ended>, LakeError> {
    if change.end.is_empty() {
        return Ok(Vec::new());
    }
    let ids = json_ids(&change.end);
    let rows = sqlx::query(
        "SELECT f.data_file_id, f.table_id, f.record_count, f.file_size_bytes, p.partition_value \
         FROM ducklake_data_file f \
         JOIN ducklake_file_partition_value p \
           ON p.data_file_id = f.data_file_id AND p.partition_key_index = 0 \
         WHERE f.data_file_id IN (SELECT value FROM json_each(?1)) AND f.end_snapshot IS NULL",
    )
    .bind(&ids)
    .fetch_all(&mut *connection)
    .await?;
    let mut ended = Vec::new();
    for row in rows {
        let id: i64 = row.try_get(0)?;
        let table_id: i64 = row.try_get(1)?;
        let day: String = row.try_get(4)?;
        let found = tables
            .iter_mut()
            .find(|(_, known)| known.table_id == table_id);
        let (Some((table, known)), Some(day)) = (found, parse_day(&day)) else {
            return Err(damaged(format!("data file {id}"), "its day is not a day"));
        };
        let file = Ended {
            table: *table,
            id,
            day,
            rows: row.try_get(2)?,
            bytes: row.try_get(3)?,
        };
        known.statistics.end(file.rows, file.bytes);
        ended.push(file);
    }
    sqlx::query(
        "UPDATE ducklake_data_file SET end_snapshot = ?2 \
         WHERE data_file_id IN (SELECT value FROM json_each(?1)) AND end_snapshot IS NULL",
    )
    .bind(&ids)
    .bind(snapshot)
    .execute(&mut *connection)
    .await?;
    Ok(ended)
}

/// The rows of the new files in each table of the catalog.
#[derive(Default)]
struct Rows {
    files: Vec<Value>,
    partitions: Vec<Value>,
    columns: Vec<Value>,
}

async fn add_files(
    connection: &mut SqliteConnection,
    change: &Transaction,
    tables: &mut BTreeMap<Table, TableState>,
    counters: &mut Counters,
    changed: &mut Changed,
) -> Result<Vec<(Table, i64, NewFile)>, LakeError> {
    let mut rows = Rows::default();
    let mut added = Vec::with_capacity(change.add.len());
    for file in &change.add {
        let id = counters.next_file_id;
        counters.next_file_id += 1;
        let known = tables
            .get_mut(&file.table)
            .ok_or_else(|| damaged("tables", format!("`{}` is missing", file.table.name())))?;
        rows.add(id, file, known)?;
        changed.inserted.insert(file.table);
        let columns = known.statistics.add(&file.info);
        changed
            .columns
            .entry(file.table)
            .or_default()
            .extend(columns);
        added.push((file.table, id, file.clone()));
    }
    if !added.is_empty() {
        rows.insert(connection, counters.snapshot).await?;
    }
    Ok(added)
}

impl Rows {
    fn add(&mut self, id: i64, file: &NewFile, known: &TableState) -> Result<(), LakeError> {
        let day = day_text(file.day)
            .ok_or_else(|| damaged("days", format!("{} is not a day", file.day)))?;
        self.files.push(json!({
            "id": id, "table": known.table_id, "path": file.name, "rows": file.info.rows,
            "bytes": file.info.bytes, "footer": file.info.footer_bytes,
            "row_id": known.statistics.next_row_id, "partition": known.partition_id,
            // JSON has no unsigned numbers of 64 bits in SQLite.
            "checksum": file.info.checksum.cast_signed(),
        }));
        let mut values = vec![day, file.bucket.to_string()];
        if Table::FACTS.contains(&file.table) {
            values.push(file.fact_set.clone());
        }
        for (index, value) in values.into_iter().enumerate() {
            let row = json!({"id": id, "table": known.table_id, "index": index, "value": value});
            self.partitions.push(row);
        }
        let columns = statistics::file_rows(id, known.table_id, &file.info);
        self.columns.extend(columns);
        Ok(())
    }

    async fn insert(
        self,
        connection: &mut SqliteConnection,
        snapshot: i64,
    ) -> Result<(), LakeError> {
        let files = Value::Array(self.files).to_string();
        sqlx::query(
            "INSERT INTO ducklake_data_file \
             SELECT value->>'id', value->>'table', ?2, NULL, NULL, value->>'path', 1, 'parquet', \
                    value->>'rows', value->>'bytes', value->>'footer', value->>'row_id', \
                    value->>'partition', NULL, NULL, NULL \
             FROM json_each(?1)",
        )
        .bind(&files)
        .bind(snapshot)
        .execute(&mut *connection)
        .await?;
        sqlx::query(
            "INSERT INTO upshot_file SELECT value->>'id', value->>'checksum' FROM json_each(?1)",
        )
        .bind(&files)
        .execute(&mut *connection)
        .await?;
        sqlx::query(
            "INSERT INTO ducklake_file_partition_value \
             SELECT value->>'id', value->>'table', value->>'index', value->>'value' FROM json_each(?1)",
        )
        .bind(Value::Array(self.partitions).to_string())
        .execute(&mut *connection)
        .await?;
        statistics::insert_file_rows(connection, self.columns).await
    }
}
