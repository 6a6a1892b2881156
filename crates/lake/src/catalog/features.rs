//! What a catalog may hold that this program cannot read: it is refused by name rather than read
//! wrongly.

use sqlx::SqliteConnection;

use super::tables::{CATALOG_VERSION, DUCKLAKE_VERSION};
use crate::error::LakeError;

/// Queries that find something only where an unknown feature is in use, and what it is.
const FEATURES: &[(&str, &str)] = &[
    (
        "SELECT EXISTS(SELECT 1 FROM ducklake_delete_file)",
        "delete files",
    ),
    (
        "SELECT EXISTS(SELECT 1 FROM ducklake_inlined_data_tables)",
        "inlined data",
    ),
    (
        "SELECT EXISTS(SELECT 1 FROM sqlite_master WHERE name LIKE 'ducklake\\_inlined\\_delete\\_%' ESCAPE '\\')",
        "inlined deletions",
    ),
    (
        "SELECT EXISTS(SELECT 1 FROM ducklake_column GROUP BY table_id, column_id HAVING count(*) > 1)",
        "renamed or altered columns",
    ),
    (
        "SELECT EXISTS(SELECT 1 FROM ducklake_column WHERE end_snapshot IS NOT NULL)",
        "dropped columns",
    ),
    (
        "SELECT EXISTS(SELECT 1 FROM ducklake_column_mapping)",
        "files whose columns are mapped by name",
    ),
    (
        "SELECT EXISTS(SELECT 1 FROM ducklake_data_file WHERE file_format <> 'parquet')",
        "data files that are not Parquet",
    ),
    (
        "SELECT EXISTS(SELECT 1 FROM ducklake_data_file WHERE encryption_key IS NOT NULL)",
        "encrypted data files",
    ),
    (
        "SELECT EXISTS(SELECT 1 FROM ducklake_data_file WHERE partial_max IS NOT NULL)",
        "data files of several snapshots",
    ),
    (
        "SELECT EXISTS(SELECT 1 FROM ducklake_data_file WHERE NOT path_is_relative)",
        "data files outside the data directory",
    ),
    (
        "SELECT EXISTS(SELECT 1 FROM ducklake_partition_column WHERE transform <> 'identity')",
        "partitions that are not by value",
    ),
    (
        "SELECT EXISTS(SELECT 1 FROM ducklake_partition_info WHERE end_snapshot IS NOT NULL)",
        "changed partitions",
    ),
    (
        "SELECT EXISTS(SELECT 1 FROM ducklake_table WHERE end_snapshot IS NOT NULL)",
        "dropped or renamed tables",
    ),
];

/// Refuses a catalog that this program cannot read.
pub(super) async fn check(connection: &mut SqliteConnection) -> Result<(), LakeError> {
    check_versions(connection).await?;
    for (query, feature) in FEATURES {
        let found: bool = sqlx::query_scalar(*query)
            .fetch_one(&mut *connection)
            .await?;
        if found {
            return Err(LakeError::Unsupported((*feature).to_owned()));
        }
    }
    Ok(())
}

async fn check_versions(connection: &mut SqliteConnection) -> Result<(), LakeError> {
    let ours: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM sqlite_master WHERE name IN ('ducklake_metadata', 'upshot_meta')",
    )
    .fetch_one(&mut *connection)
    .await?;
    if ours != 2 {
        return Err(LakeError::Unsupported(
            "a database that upshot did not make".to_owned(),
        ));
    }
    let ducklake: Option<String> = sqlx::query_scalar(
        "SELECT value FROM ducklake_metadata WHERE key = 'version' AND scope IS NULL",
    )
    .fetch_optional(&mut *connection)
    .await?;
    let ducklake = ducklake.unwrap_or_default();
    if ducklake != DUCKLAKE_VERSION {
        return Err(LakeError::Unsupported(format!(
            "version {ducklake} of DuckLake; it reads {DUCKLAKE_VERSION}"
        )));
    }
    let catalog: Option<String> =
        sqlx::query_scalar("SELECT value FROM upshot_meta WHERE key = 'catalog_version'")
            .fetch_optional(&mut *connection)
            .await?;
    let found = catalog.and_then(|text| text.parse().ok()).unwrap_or(0);
    if found == 0 || found > CATALOG_VERSION {
        return Err(LakeError::Version {
            what: "the catalog",
            found,
            known: CATALOG_VERSION,
        });
    }
    Ok(())
}
