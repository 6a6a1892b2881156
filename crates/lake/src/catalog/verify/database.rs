//! The catalog in itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use sqlx::{Row, SqliteConnection};

use super::{ProblemKind, Report, StoredColumn, StoredFile};
use crate::catalog::statistics::kinds;
use crate::catalog::{Catalog, State};
use crate::error::LakeError;
use crate::parquet_files::Bound;
use crate::parquet_files::bound::parse_day;
use crate::schema::Table;

/// Queries that give a row (place, detail) for everything that is wrong.
const CHECKS: &[(ProblemKind, &str)] = &[
    (
        ProblemKind::Snapshot,
        "SELECT 'data file ' || data_file_id, 'it begins with snapshot ' || begin_snapshot || \
           ', which is not there yet' FROM ducklake_data_file \
         WHERE begin_snapshot > (SELECT max(snapshot_id) FROM ducklake_snapshot)",
    ),
    (
        ProblemKind::Snapshot,
        "SELECT 'data file ' || data_file_id, 'it ends with snapshot ' || end_snapshot || \
           ' and begins with ' || begin_snapshot FROM ducklake_data_file \
         WHERE end_snapshot <= begin_snapshot \
            OR end_snapshot > (SELECT max(snapshot_id) FROM ducklake_snapshot)",
    ),
    (
        ProblemKind::Snapshot,
        "SELECT 'snapshot ' || s.snapshot_id, 'nothing says what it changed' FROM ducklake_snapshot s \
         LEFT JOIN ducklake_snapshot_changes c USING (snapshot_id) WHERE c.snapshot_id IS NULL",
    ),
    (
        ProblemKind::Snapshot,
        "SELECT 'snapshot ' || snapshot_id, 'the one before it is missing' FROM ducklake_snapshot \
         WHERE snapshot_id > (SELECT min(snapshot_id) FROM ducklake_snapshot) \
           AND snapshot_id - 1 NOT IN (SELECT snapshot_id FROM ducklake_snapshot)",
    ),
    (
        ProblemKind::Snapshot,
        "SELECT 'snapshot ' || snapshot_id, 'the next file would get the id ' || next_file_id || \
           ', which one has' FROM ducklake_snapshot \
         WHERE snapshot_id = (SELECT max(snapshot_id) FROM ducklake_snapshot) \
           AND next_file_id <= (SELECT max(data_file_id) FROM ducklake_data_file)",
    ),
    (
        ProblemKind::Snapshot,
        "SELECT 'snapshot ' || snapshot_id, 'the next table would get the id ' || next_catalog_id || \
           ', which one has' FROM ducklake_snapshot \
         WHERE snapshot_id = (SELECT max(snapshot_id) FROM ducklake_snapshot) \
           AND next_catalog_id <= max( \
             (SELECT coalesce(max(table_id), 0) FROM ducklake_table), \
             (SELECT coalesce(max(partition_id), 0) FROM ducklake_partition_info), \
             (SELECT coalesce(max(sort_id), 0) FROM ducklake_sort_info))",
    ),
    (
        ProblemKind::TableStatistics,
        "SELECT 'table ' || t.table_id, 'it has ' || s.record_count || ' rows in ' || s.file_size_bytes || \
           ' bytes where its files have ' || coalesce(sum(f.record_count), 0) || ' in ' || \
           coalesce(sum(f.file_size_bytes), 0) \
         FROM ducklake_table t JOIN ducklake_table_stats s USING (table_id) \
         LEFT JOIN ducklake_data_file f ON f.table_id = t.table_id AND f.end_snapshot IS NULL \
         GROUP BY t.table_id HAVING s.record_count <> coalesce(sum(f.record_count), 0) \
           OR s.file_size_bytes <> coalesce(sum(f.file_size_bytes), 0)",
    ),
    (
        ProblemKind::TableStatistics,
        "SELECT DISTINCT 'column ' || c.column_id || ' of table ' || c.table_id, \
           'its files have missing values, not a number, or values of which it does not know' \
         FROM ducklake_file_column_stats c \
         JOIN ducklake_data_file f ON f.data_file_id = c.data_file_id AND f.end_snapshot IS NULL \
         LEFT JOIN ducklake_table_column_stats s \
           ON s.table_id = c.table_id AND s.column_id = c.column_id \
         WHERE s.column_id IS NULL OR (c.null_count > 0 AND s.contains_null = 0) \
           OR (c.contains_nan = 1 AND coalesce(s.contains_nan, 0) = 0) \
           OR (c.min_value IS NULL AND s.min_value IS NOT NULL)",
    ),
    (
        ProblemKind::Catalog,
        "SELECT 'statistics of data file ' || data_file_id, 'there is no such file' \
         FROM ducklake_file_column_stats \
         WHERE data_file_id NOT IN (SELECT data_file_id FROM ducklake_data_file) GROUP BY data_file_id",
    ),
    (
        ProblemKind::Catalog,
        "SELECT 'partition of data file ' || data_file_id, 'there is no such file' \
         FROM ducklake_file_partition_value \
         WHERE data_file_id NOT IN (SELECT data_file_id FROM ducklake_data_file) GROUP BY data_file_id",
    ),
    (
        ProblemKind::Catalog,
        "SELECT 'data file ' || max(data_file_id), 'another one has the path ' || path \
         FROM ducklake_data_file GROUP BY table_id, path HAVING count(*) > 1",
    ),
    (
        ProblemKind::Catalog,
        "SELECT 'data file ' || data_file_id, 'its checksum is missing' FROM ducklake_data_file \
         WHERE data_file_id NOT IN (SELECT data_file_id FROM upshot_file)",
    ),
    (
        ProblemKind::Catalog,
        "SELECT 'the database', integrity_check FROM pragma_integrity_check \
         WHERE integrity_check <> 'ok'",
    ),
];

/// Runs the checks that need no files.
pub(super) async fn check(
    connection: &mut SqliteConnection,
    report: &mut Report,
) -> Result<(), LakeError> {
    for (kind, query) in CHECKS {
        for row in sqlx::query(*query).fetch_all(&mut *connection).await? {
            report.add(
                *kind,
                row.try_get::<String, _>(0)?,
                row.try_get::<String, _>(1)?,
            );
        }
    }
    Ok(())
}

/// Checks that what the catalog says of a table covers what it says of its live files.
pub(super) fn check_table_bounds(files: &[StoredFile], state: &State, report: &mut Report) {
    for file in files.iter().filter(|file| file.is_live) {
        let tables = state.workspaces.get(&file.workspace);
        let Some(known) = tables.and_then(|tables| tables.get(&file.table)) else {
            continue;
        };
        let kinds = kinds(file.table, &known.ids);
        for (id, column) in &file.columns {
            let bound = |text: &Option<String>| Bound::parse(*kinds.get(id)?, text.as_deref()?);
            let bounds = bound(&column.minimum).zip(bound(&column.maximum));
            if let Some((minimum, maximum)) = bounds
                && !known.statistics.covers(*id, &minimum, &maximum)
            {
                report.add(
                    ProblemKind::TableStatistics,
                    format!("column {id} of table {}", known.table_id),
                    format!("data file {} holds values outside its bounds", file.id),
                );
            }
        }
    }
}

/// All files that a snapshot needs. One that cannot be described is a problem.
pub(super) async fn files(
    catalog: &Catalog,
    connection: &mut SqliteConnection,
    report: &mut Report,
) -> Result<Vec<StoredFile>, LakeError> {
    let rows = sqlx::query(
        "SELECT f.data_file_id AS id, sc.schema_name, t.table_name, f.path, f.begin_snapshot, \
                f.end_snapshot IS NULL AS is_live, f.record_count, f.file_size_bytes, f.footer_size, \
                u.checksum, d.partition_value AS day, b.partition_value AS bucket, \
                s.partition_value AS fact_set \
         FROM ducklake_data_file f \
         LEFT JOIN ducklake_table t ON t.table_id = f.table_id \
         LEFT JOIN ducklake_schema sc ON sc.schema_id = t.schema_id \
         LEFT JOIN upshot_file u ON u.data_file_id = f.data_file_id \
         LEFT JOIN ducklake_file_partition_value d \
           ON d.data_file_id = f.data_file_id AND d.partition_key_index = 0 \
         LEFT JOIN ducklake_file_partition_value b \
           ON b.data_file_id = f.data_file_id AND b.partition_key_index = 1 \
         LEFT JOIN ducklake_file_partition_value s \
           ON s.data_file_id = f.data_file_id AND s.partition_key_index = 2",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut statistics = column_statistics(connection).await?;
    let mut files = Vec::with_capacity(rows.len());
    for row in rows {
        let id: i64 = row.try_get("id")?;
        match stored_file(catalog, &row, statistics.remove(&id).unwrap_or_default())? {
            Some(file) => files.push(file),
            None => report.add(
                ProblemKind::Catalog,
                format!("data file {id}"),
                "its table, day, bucket or fact set is missing, or one of its numbers is negative",
            ),
        }
    }
    Ok(files)
}

fn stored_file(
    catalog: &Catalog,
    row: &sqlx::sqlite::SqliteRow,
    columns: BTreeMap<i64, StoredColumn>,
) -> Result<Option<StoredFile>, LakeError> {
    let text = |name: &str| row.try_get::<Option<String>, _>(name);
    let count = |name: &str| row.try_get::<i64, _>(name).map(u64::try_from);
    let (Some(workspace), Some(table)) = (text("schema_name")?, text("table_name")?) else {
        return Ok(None);
    };
    let Some(table) = Table::parse(&table) else {
        return Ok(None);
    };
    let day = text("day")?.as_deref().and_then(parse_day);
    let bucket = text("bucket")?.and_then(|bucket| bucket.parse().ok());
    let fact_set = match text("fact_set")? {
        None if Table::FACTS.contains(&table) => return Ok(None),
        fact_set => fact_set.unwrap_or_default(),
    };
    let sizes = (
        count("record_count")?,
        count("file_size_bytes")?,
        count("footer_size")?,
    );
    let (Some(day), Some(bucket), (Ok(rows), Ok(bytes), Ok(footer_bytes))) = (day, bucket, sizes)
    else {
        return Ok(None);
    };
    let name: String = row.try_get("path")?;
    let checksum: Option<i64> = row.try_get("checksum")?;
    Ok(Some(StoredFile {
        id: row.try_get("id")?,
        path: catalog.table_dir(&workspace, table).join(name),
        workspace,
        table,
        begin_snapshot: row.try_get("begin_snapshot")?,
        is_live: row.try_get("is_live")?,
        rows,
        bytes,
        footer_bytes,
        checksum: checksum.map(i64::cast_unsigned),
        day,
        bucket,
        fact_set,
        columns,
    }))
}

async fn column_statistics(
    connection: &mut SqliteConnection,
) -> Result<BTreeMap<i64, BTreeMap<i64, StoredColumn>>, LakeError> {
    let rows = sqlx::query(
        "SELECT data_file_id, column_id, value_count, null_count, min_value, max_value, contains_nan \
         FROM ducklake_file_column_stats",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut statistics: BTreeMap<i64, BTreeMap<i64, StoredColumn>> = BTreeMap::new();
    for row in rows {
        let count = |index: usize| -> Result<u64, LakeError> {
            let value: i64 = row.try_get(index)?;
            // A negative count equals no recount, which is what it should come to.
            Ok(u64::try_from(value).unwrap_or(u64::MAX))
        };
        let column = StoredColumn {
            values: count(2)?,
            nulls: count(3)?,
            minimum: row.try_get(4)?,
            maximum: row.try_get(5)?,
            contains_nan: row.try_get(6)?,
        };
        statistics
            .entry(row.try_get(0)?)
            .or_default()
            .insert(row.try_get(1)?, column);
    }
    Ok(statistics)
}

/// The columns of each table of each workspace: name, id, and the snapshot from which it is there.
pub(super) type Columns = BTreeMap<(String, Table), Vec<(String, i64, i64)>>;

/// The columns of all tables, without the entries of maps.
pub(super) async fn columns(connection: &mut SqliteConnection) -> Result<Columns, LakeError> {
    let rows = sqlx::query(
        "SELECT s.schema_name, t.table_name, c.column_name, c.column_id, c.begin_snapshot \
         FROM ducklake_column c JOIN ducklake_table t ON t.table_id = c.table_id \
         JOIN ducklake_schema s ON s.schema_id = t.schema_id WHERE c.parent_column IS NULL",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut columns = Columns::new();
    for row in rows {
        let name: String = row.try_get(1)?;
        if let Some(table) = Table::parse(&name) {
            let column = (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
            columns
                .entry((row.try_get(0)?, table))
                .or_default()
                .push(column);
        }
    }
    Ok(columns)
}

/// The paths of all files of which the catalog knows, also of those that wait to be removed.
pub(super) async fn known_paths(
    catalog: &Catalog,
    connection: &mut SqliteConnection,
) -> Result<BTreeSet<PathBuf>, LakeError> {
    let paths: Vec<String> = sqlx::query_scalar(
        "SELECT s.path || t.path || f.path FROM ducklake_data_file f \
         JOIN ducklake_table t ON t.table_id = f.table_id \
         JOIN ducklake_schema s ON s.schema_id = t.schema_id \
         UNION ALL SELECT path FROM ducklake_files_scheduled_for_deletion",
    )
    .fetch_all(&mut *connection)
    .await?;
    let data_dir = catalog.data_dir();
    Ok(paths.into_iter().map(|path| data_dir.join(path)).collect())
}
