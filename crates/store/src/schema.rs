//! The tables, and how a database that an older version of the program made becomes that of this one.
//!
//! The version is SQLite's `user_version`. Each migration is one transaction that also moves the version, so a
//! database is never between two. Migrations that were released are never changed: a new one is added.

use std::path::Path;

use sqlx::{Connection, SqliteConnection};

use crate::error::StoreError;

/// The migrations, the oldest first; the database's version says how many of them were made.
const MIGRATIONS: &[&str] = &[
    // 1: segments, filters that are saved under a name.
    "CREATE TABLE segments (
        workspace TEXT NOT NULL,
        name TEXT NOT NULL,
        filter TEXT NOT NULL,
        description TEXT NOT NULL,
        created INTEGER NOT NULL,
        changed INTEGER NOT NULL,
        PRIMARY KEY (workspace, name)
    ) STRICT, WITHOUT ROWID",
];

/// The version that this program knows.
pub const VERSION: i64 = MIGRATIONS.len() as i64;

/// Brings the database to this version.
///
/// # Errors
/// When it is of a newer version, or refuses.
pub(crate) async fn migrate(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<(), StoreError> {
    let found: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *connection)
        .await?;
    let made = usize::try_from(found).ok();
    let Some(open) = made.and_then(|made| MIGRATIONS.get(made..)) else {
        return Err(StoreError::Version {
            path: path.to_owned(),
            found,
            known: VERSION,
        });
    };
    for (version, migration) in (found + 1..).zip(open) {
        let mut transaction = connection.begin().await?;
        sqlx::raw_sql(*migration).execute(&mut *transaction).await?;
        // A pragma takes no parameters; the version is a number of this program.
        let told = format!("PRAGMA user_version = {version}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(told))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
    }
    Ok(())
}
