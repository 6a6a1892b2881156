//! Making the database, and reading from it what is kept in memory.

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::{Connection, Row, SqliteConnection};

use super::statistics::TableStatistics;
use super::tables::{CATALOG_VERSION, DUCKLAKE, DUCKLAKE_VERSION, INDICES, MIGRATIONS, OURS};
use super::{Counters, State, TableState, columns};
use crate::capture::DataFile;
use crate::error::LakeError;
use crate::parquet_files::bound::{parse_day, time_text};
use crate::schema::Table;

/// A damaged row of the catalog.
pub(super) fn damaged(what: impl Into<String>, reason: impl Into<String>) -> LakeError {
    LakeError::Damaged {
        what: format!("the catalog's {}", what.into()),
        reason: reason.into(),
    }
}

/// The time as the catalog writes it.
pub(super) fn time(now: i64) -> String {
    // A clock outside the years 0 to 9999 is not worth an error of its own.
    time_text(now).unwrap_or_else(|| "1970-01-01 00:00:00+00".to_owned())
}

/// An id in the form of a UUID, from what makes the thing unique.
pub(super) fn uuid(parts: &[&str], now: i64) -> String {
    let text = format!("{}\u{1f}{now}", parts.join("\u{1f}"));
    let hash = xxhash_rust::xxh3::xxh3_128(text.as_bytes());
    // Version 8: the bits are ours to choose.
    let hash = (hash & !(0xf << 76) & !(0x3 << 62)) | (0x8 << 76) | (0x2 << 62);
    let hex = format!("{hash:032x}");
    let (a, rest) = hex.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(4);
    let (d, e) = rest.split_at(4);
    format!("{a}-{b}-{c}-{d}-{e}")
}

/// The data folder as the catalog writes it.
fn data_path(data_dir: &Path) -> String {
    format!("{}/", data_dir.display())
}

/// Makes the tables in one transaction, if there are none.
pub(super) async fn create_if_new(
    connection: &mut SqliteConnection,
    data_dir: &Path,
    now: i64,
) -> Result<(), LakeError> {
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_master WHERE type = 'table'")
        .fetch_one(&mut *connection)
        .await?;
    if tables > 0 {
        return Ok(());
    }
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for statement in DUCKLAKE.iter().chain(INDICES).chain(OURS) {
        sqlx::query(*statement).execute(&mut *transaction).await?;
    }
    let metadata = [
        ("version", DUCKLAKE_VERSION.to_owned()),
        (
            "created_by",
            concat!("upshot ", env!("CARGO_PKG_VERSION")).to_owned(),
        ),
        ("data_path", data_path(data_dir)),
        ("encrypted", "false".to_owned()),
        ("data_inlining_row_limit", "0".to_owned()),
    ];
    for (key, value) in metadata {
        sqlx::query("INSERT INTO ducklake_metadata(key, value) VALUES (?1, ?2)")
            .bind(key)
            .bind(value)
            .execute(&mut *transaction)
            .await?;
    }
    for (key, value) in [("catalog_version", CATALOG_VERSION), ("opened", 0)] {
        sqlx::query("INSERT INTO upshot_meta(key, value) VALUES (?1, ?2)")
            .bind(key)
            .bind(value.to_string())
            .execute(&mut *transaction)
            .await?;
    }
    sqlx::query("INSERT INTO ducklake_snapshot VALUES (0, ?1, 0, 1, 0)")
        .bind(time(now))
        .execute(&mut *transaction)
        .await?;
    sqlx::query("INSERT INTO ducklake_snapshot_changes(snapshot_id, changes_made) VALUES (0, 'created_schema:\"main\"')")
        .execute(&mut *transaction)
        .await?;
    sqlx::query("INSERT INTO ducklake_schema VALUES (0, ?1, 0, NULL, 'main', 'main/', 1)")
        .bind(uuid(&["schema", "main"], now))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

/// Brings our own tables to the newest version, in one transaction.
pub(super) async fn migrate(connection: &mut SqliteConnection) -> Result<(), LakeError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let found: i64 = sqlx::query_scalar(
        "SELECT CAST(value AS INTEGER) FROM upshot_meta WHERE key = 'catalog_version'",
    )
    .fetch_one(&mut *transaction)
    .await?;
    if found == i64::from(CATALOG_VERSION) {
        return Ok(());
    }
    for (_, statements) in MIGRATIONS
        .iter()
        .filter(|(version, _)| i64::from(*version) >= found)
    {
        for statement in *statements {
            sqlx::query(*statement).execute(&mut *transaction).await?;
        }
    }
    sqlx::query("UPDATE upshot_meta SET value = ?1 WHERE key = 'catalog_version'")
        .bind(CATALOG_VERSION.to_string())
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

/// Counts how often the catalog was opened, and notes where the data directory is now.
pub(super) async fn count_opening(
    connection: &mut SqliteConnection,
    data_dir: &Path,
) -> Result<u64, LakeError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let opened: i64 = sqlx::query_scalar(
        "UPDATE upshot_meta SET value = value + 1 WHERE key = 'opened' RETURNING CAST(value AS INTEGER)",
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or_else(|| damaged("table upshot_meta", "it has no row `opened`"))?;
    sqlx::query(
        "UPDATE ducklake_metadata SET value = ?1 WHERE key = 'data_path' AND scope IS NULL AND value <> ?1",
    )
    .bind(data_path(data_dir))
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(u64::try_from(opened).unwrap_or(0))
}

/// Everything but the files.
pub(super) async fn state(connection: &mut SqliteConnection) -> Result<State, LakeError> {
    let row = sqlx::query(
        "SELECT snapshot_id, schema_version, next_catalog_id, next_file_id FROM ducklake_snapshot \
         ORDER BY snapshot_id DESC LIMIT 1",
    )
    .fetch_optional(&mut *connection)
    .await?
    .ok_or_else(|| damaged("table ducklake_snapshot", "it is empty"))?;
    let mut state = State {
        counters: Counters {
            snapshot: row.try_get(0)?,
            schema_version: row.try_get(1)?,
            next_catalog_id: row.try_get(2)?,
            next_file_id: row.try_get(3)?,
        },
        workspaces: BTreeMap::new(),
    };
    let tables = sqlx::query(
        "SELECT s.schema_name, t.table_name, t.table_id, p.partition_id \
         FROM ducklake_table t \
         JOIN ducklake_schema s ON s.schema_id = t.schema_id AND s.end_snapshot IS NULL \
         LEFT JOIN ducklake_partition_info p ON p.table_id = t.table_id AND p.end_snapshot IS NULL \
         WHERE t.end_snapshot IS NULL",
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in tables {
        let workspace: String = row.try_get(0)?;
        let name: String = row.try_get(1)?;
        let table_id: i64 = row.try_get(2)?;
        let Some(table) = Table::parse(&name) else {
            return Err(LakeError::Unsupported(format!(
                "the table `{workspace}.{name}`"
            )));
        };
        let partition_id: Option<i64> = row.try_get(3)?;
        let partition_id = partition_id.ok_or_else(|| {
            damaged(
                format!("table `{workspace}.{name}`"),
                "it is not partitioned",
            )
        })?;
        let ids = columns::load(connection, table, table_id).await?;
        let statistics = TableStatistics::load(connection, table, table_id, &ids).await?;
        let known = TableState {
            table_id,
            partition_id,
            ids: ids.into(),
            statistics,
        };
        let tables = state.workspaces.entry(workspace).or_default();
        tables.insert(table, known);
    }
    Ok(state)
}

/// Refuses a snapshot that never was or has expired.
pub(super) async fn check_snapshot(
    connection: &mut SqliteConnection,
    snapshot: i64,
) -> Result<(), LakeError> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT snapshot_id FROM ducklake_snapshot WHERE snapshot_id = ?1")
            .bind(snapshot)
            .fetch_optional(&mut *connection)
            .await?;
    match found {
        Some(_) => Ok(()),
        None => Err(LakeError::NoSnapshot(snapshot)),
    }
}

/// The files of a table that are live in a snapshot, by day, bucket and id.
pub(super) async fn files_of_table(
    connection: &mut SqliteConnection,
    table_id: i64,
    snapshot: i64,
    folder: &Path,
) -> Result<Vec<DataFile>, LakeError> {
    let rows = sqlx::query(
        "SELECT f.data_file_id, f.path, f.record_count, f.file_size_bytes, f.footer_size, \
                d.partition_value, b.partition_value, s.partition_value \
         FROM ducklake_data_file f \
         LEFT JOIN ducklake_file_partition_value d \
           ON d.data_file_id = f.data_file_id AND d.partition_key_index = 0 \
         LEFT JOIN ducklake_file_partition_value b \
           ON b.data_file_id = f.data_file_id AND b.partition_key_index = 1 \
         LEFT JOIN ducklake_file_partition_value s \
           ON s.data_file_id = f.data_file_id AND s.partition_key_index = 2 \
         WHERE f.table_id = ?1 AND f.begin_snapshot <= ?2 \
           AND (f.end_snapshot IS NULL OR f.end_snapshot > ?2)",
    )
    .bind(table_id)
    .bind(snapshot)
    .fetch_all(&mut *connection)
    .await?;
    let mut files = Vec::with_capacity(rows.len());
    for row in rows {
        let id: i64 = row.try_get(0)?;
        let path: String = row.try_get(1)?;
        let day: Option<String> = row.try_get(5)?;
        let bucket: Option<String> = row.try_get(6)?;
        let fact_set: Option<String> = row.try_get(7)?;
        let day = day.as_deref().and_then(parse_day);
        let bucket = bucket.as_deref().and_then(|text| text.parse().ok());
        let (Some(day), Some(bucket)) = (day, bucket) else {
            return Err(damaged(
                format!("data file {id}"),
                "it has no day or no bucket",
            ));
        };
        let count = |column: usize| -> Result<u64, LakeError> {
            let value: i64 = row.try_get(column)?;
            u64::try_from(value)
                .map_err(|_| damaged(format!("data file {id}"), "a size of it is negative"))
        };
        files.push(DataFile {
            id,
            path: folder.join(path),
            day,
            bucket,
            rows: count(2)?,
            bytes: count(3)?,
            footer_bytes: count(4)?,
            fact_set: fact_set.unwrap_or_default(),
        });
    }
    files.sort_by_key(|file| (file.day, file.bucket, file.id));
    Ok(files)
}
