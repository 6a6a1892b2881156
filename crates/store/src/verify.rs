//! Whether the database is whole: what SQLite says of it, whether its tables are those of its version, and whether what
//! its rows refer to is there.

use std::collections::BTreeSet;
use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row, SqliteConnection};

use crate::error::StoreError;
use crate::people::Role;
use crate::schema::{MIGRATIONS, VERSION};
use crate::settings::WorkspaceSettings;
use crate::store::STORE_FILE;

/// The most problems of one kind that are told.
const MOST: i64 = 100;

/// What was checked, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreReport {
    /// How many rows all tables have.
    pub rows: u64,
    /// What is wrong, each with where.
    pub problems: Vec<String>,
}

/// Checks the database of a data directory, whose lake has these workspaces. It changes nothing. Nothing where the
/// directory has no such database.
///
/// # Errors
/// When it cannot be opened. What SQLite finds wrong while it reads is a problem that is told.
pub async fn verify(
    directory: &Path,
    workspaces: &BTreeSet<String>,
) -> Result<Option<StoreReport>, StoreError> {
    let path = directory.join(STORE_FILE);
    if !path.exists() {
        return Ok(None);
    }
    let options = SqliteConnectOptions::new().filename(&path);
    let mut report = StoreReport::default();
    let checked = match options.connect().await {
        Ok(mut connection) => {
            let checked = check(&mut connection, workspaces, &mut report).await;
            // What was found counts, however the connection ends.
            let _ = connection.close().await;
            checked
        }
        Err(error) => Err(error),
    };
    match checked {
        Ok(()) => {}
        Err(sqlx::Error::Database(error)) => report.problems.push(error.to_string()),
        Err(error) => return Err(error.into()),
    }
    for problem in &mut report.problems {
        *problem = format!("{STORE_FILE}: {problem}");
    }
    Ok(Some(report))
}

async fn check(
    connection: &mut SqliteConnection,
    workspaces: &BTreeSet<String>,
    report: &mut StoreReport,
) -> Result<(), sqlx::Error> {
    let told: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_all(&mut *connection)
        .await?;
    let damage = told.into_iter().filter(|line| line != "ok");
    report.problems.extend(damage);
    let version: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *connection)
        .await?;
    let made = usize::try_from(version).ok();
    let Some(made) = made.and_then(|made| MIGRATIONS.get(..made)) else {
        report.problems.push(format!(
            "it has version {version}, this program reads up to {VERSION}; upgrade upshot, or restore a backup"
        ));
        return Ok(());
    };
    let (found, expected) = (schema(connection).await?, schema_of(made).await?);
    for ((kind, name), text) in &expected {
        match found
            .iter()
            .find(|(key, _)| key.0 == *kind && key.1 == *name)
        {
            None => report.problems.push(format!(
                "the {kind} `{name}` of version {version} is not there; restore a backup"
            )),
            Some((_, other)) if other != text => report.problems.push(format!(
                "the {kind} `{name}` is not that of version {version}; restore a backup"
            )),
            Some(_) => {}
        }
    }
    if !report.problems.is_empty() {
        return Ok(());
    }
    for ((kind, name), _) in &found {
        if kind == "table" {
            // The name is one of the schema's.
            let count = AssertSqlSafe(format!("SELECT count(*) FROM \"{name}\""));
            let count: i64 = sqlx::query_scalar(count)
                .fetch_one(&mut *connection)
                .await?;
            report.rows += u64::try_from(count).unwrap_or_default();
        }
    }
    if version == VERSION {
        references(connection, workspaces, report).await?;
    }
    Ok(())
}

/// Tables and indexes, by kind and name, with how they were made.
type Schema = Vec<((String, String), String)>;

async fn schema(connection: &mut SqliteConnection) -> Result<Schema, sqlx::Error> {
    let rows: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
         ORDER BY type, name",
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter();
    Ok(rows.map(|(kind, name, sql)| ((kind, name), sql)).collect())
}

/// What these migrations make.
async fn schema_of(migrations: &[&'static str]) -> Result<Schema, sqlx::Error> {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await?;
    for migration in migrations {
        sqlx::raw_sql(*migration).execute(&mut connection).await?;
    }
    schema(&mut connection).await
}

/// What is wrong with a row of two columns, given the workspaces that there are.
type Says = fn(&BTreeSet<String>, &str, &str) -> Option<String>;

/// Queries with two columns and a limit, and what is to be said of each of their rows.
const REFERENCES: [(&str, Says); 5] = [
    (
        "SELECT id, email FROM people WHERE id NOT IN (SELECT person FROM members) LIMIT ?1",
        |_, id, email| Some(format!("the person {id} ({email}) takes part in no workspace")),
    ),
    (
        "SELECT workspace, board || ' → ' || view FROM board_views WHERE
            NOT EXISTS (SELECT 1 FROM boards WHERE boards.workspace = board_views.workspace AND name = board)
            OR NOT EXISTS (SELECT 1 FROM views WHERE views.workspace = board_views.workspace AND name = view)
         LIMIT ?1",
        |_, workspace, which| {
            Some(format!(
                "in workspace {workspace} a board or a view is not there: {which}"
            ))
        },
    ),
    (
        "SELECT DISTINCT workspace, role FROM members LIMIT ?1",
        |_, workspace, role| {
            Role::parse(role).is_none().then(|| {
                format!("in workspace {workspace} somebody has the role `{role}`, which there is not")
            })
        },
    ),
    (
        "SELECT workspace, document FROM settings LIMIT ?1",
        |_, workspace, document| {
            let error = serde_json::from_str::<WorkspaceSettings>(document).err()?;
            Some(format!(
                "the settings of workspace {workspace} cannot be read: {error}"
            ))
        },
    ),
    // What people say of sessions was said where there were sessions.
    (
        "SELECT workspace, what FROM (
            SELECT DISTINCT workspace, 'notes' AS what FROM notes UNION ALL
            SELECT DISTINCT workspace, 'labels' FROM labels) LIMIT ?1",
        |workspaces, workspace, what| {
            (!workspaces.contains(workspace)).then(|| {
                format!("there are {what} of workspace {workspace}, which there is not")
            })
        },
    ),
];

/// What rows refer to.
async fn references(
    connection: &mut SqliteConnection,
    workspaces: &BTreeSet<String>,
    report: &mut StoreReport,
) -> Result<(), sqlx::Error> {
    let broken = sqlx::query("PRAGMA foreign_key_check")
        .fetch_all(&mut *connection)
        .await?;
    for row in broken {
        let (table, parent): (String, String) = (row.try_get(0)?, row.try_get(2)?);
        report.problems.push(format!(
            "a row of `{table}` refers to one of `{parent}` that is not there"
        ));
    }
    for (query, says) in REFERENCES {
        let rows: Vec<(String, String)> = sqlx::query_as(query)
            .bind(MOST)
            .fetch_all(&mut *connection)
            .await?;
        let wrong = rows
            .iter()
            .filter_map(|(one, other)| says(workspaces, one, other));
        report.problems.extend(wrong);
    }
    Ok(())
}
