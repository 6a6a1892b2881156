//! The tables, and how a database that an older version of the program made becomes that of this one.
//!
//! The version is SQLite's `user_version`. Each migration is one transaction that also moves the version, so a
//! database is never between two. Migrations that were released are never changed: a new one is added.

use std::path::Path;

use sqlx::{Connection, SqliteConnection};

use crate::error::StoreError;

/// The migrations, the oldest first; the database's version says how many of them were made.
pub(crate) const MIGRATIONS: &[&str] = &[
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
    // 2: who may ask, and what they did. A secret is kept as its SHA-256.
    "CREATE TABLE people (
        id TEXT NOT NULL PRIMARY KEY,
        email TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        password TEXT NOT NULL,
        created INTEGER NOT NULL,
        last_seen INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE members (
        workspace TEXT NOT NULL,
        person TEXT NOT NULL REFERENCES people (id),
        role TEXT NOT NULL,
        created INTEGER NOT NULL,
        digest INTEGER NOT NULL DEFAULT 0,
        digest_sent INTEGER,
        PRIMARY KEY (workspace, person)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX members_by_person ON members (person);
    CREATE TABLE sign_ins (
        id TEXT NOT NULL PRIMARY KEY,
        hash BLOB NOT NULL,
        person TEXT NOT NULL REFERENCES people (id),
        created INTEGER NOT NULL,
        seen INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX sign_ins_by_person ON sign_ins (person);
    CREATE TABLE links (
        id TEXT NOT NULL PRIMARY KEY,
        hash BLOB NOT NULL,
        workspace TEXT NOT NULL,
        kind TEXT NOT NULL,
        email TEXT,
        role TEXT,
        person TEXT REFERENCES people (id),
        name TEXT,
        view TEXT,
        created INTEGER NOT NULL,
        created_by TEXT NOT NULL,
        expires INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX links_by_workspace ON links (workspace, kind);
    CREATE TABLE access_keys (
        workspace TEXT NOT NULL,
        id TEXT NOT NULL UNIQUE,
        hash BLOB NOT NULL,
        name TEXT NOT NULL,
        scopes TEXT NOT NULL,
        created INTEGER NOT NULL,
        created_by TEXT NOT NULL,
        last_used INTEGER,
        PRIMARY KEY (workspace, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE audit (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        workspace TEXT NOT NULL,
        time INTEGER NOT NULL,
        who TEXT NOT NULL,
        action TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail TEXT NOT NULL
    ) STRICT;
    CREATE INDEX audit_by_workspace ON audit (workspace, number);
    CREATE TABLE mail (
        workspace TEXT NOT NULL PRIMARY KEY,
        host TEXT NOT NULL,
        port INTEGER NOT NULL,
        security TEXT NOT NULL,
        username TEXT NOT NULL,
        password TEXT NOT NULL,
        sender TEXT NOT NULL
    ) STRICT, WITHOUT ROWID",
    // 3: settings of workspaces; views, boards and annotations; notes and labels of sessions; what the demo filled.
    "CREATE TABLE settings (
        workspace TEXT NOT NULL PRIMARY KEY,
        document TEXT NOT NULL,
        changed INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE views (
        workspace TEXT NOT NULL,
        name TEXT NOT NULL,
        title TEXT NOT NULL,
        address TEXT NOT NULL,
        query TEXT,
        chart TEXT,
        description TEXT NOT NULL,
        created INTEGER NOT NULL,
        changed INTEGER NOT NULL,
        PRIMARY KEY (workspace, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE boards (
        workspace TEXT NOT NULL,
        name TEXT NOT NULL,
        title TEXT NOT NULL,
        layout TEXT,
        description TEXT NOT NULL,
        created INTEGER NOT NULL,
        changed INTEGER NOT NULL,
        PRIMARY KEY (workspace, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE board_views (
        workspace TEXT NOT NULL,
        board TEXT NOT NULL,
        position INTEGER NOT NULL,
        view TEXT NOT NULL,
        PRIMARY KEY (workspace, board, position)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE annotations (
        workspace TEXT NOT NULL,
        id TEXT NOT NULL,
        time INTEGER NOT NULL,
        until INTEGER,
        text TEXT NOT NULL,
        kind TEXT NOT NULL,
        bot TEXT,
        author TEXT,
        created INTEGER NOT NULL,
        changed INTEGER NOT NULL,
        PRIMARY KEY (workspace, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE notes (
        workspace TEXT NOT NULL,
        session TEXT NOT NULL,
        id TEXT NOT NULL,
        text TEXT NOT NULL,
        author TEXT,
        created INTEGER NOT NULL,
        PRIMARY KEY (workspace, session, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE labels (
        workspace TEXT NOT NULL,
        session TEXT NOT NULL,
        label TEXT NOT NULL,
        author TEXT,
        created INTEGER NOT NULL,
        PRIMARY KEY (workspace, session, label)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE demos (
        workspace TEXT NOT NULL PRIMARY KEY,
        filled INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID",
    // 4: what was tried in vain, each as a hash.
    "CREATE TABLE tries (
        tried BLOB NOT NULL PRIMARY KEY,
        failed INTEGER NOT NULL,
        last INTEGER NOT NULL,
        next INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX tries_by_time ON tries (last)",
    // 5: what becomes of texts, where a workspace says so.
    "CREATE TABLE text_modes (
        workspace TEXT NOT NULL PRIMARY KEY,
        mode TEXT NOT NULL,
        changed INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID",
    // 6: where new versions of bots are not shown among the annotations.
    "CREATE TABLE hidden_releases (
        workspace TEXT NOT NULL PRIMARY KEY
    ) STRICT, WITHOUT ROWID",
    // 7: when the sessions began of which people say something, so that it goes with them.
    "ALTER TABLE notes ADD COLUMN started INTEGER;
    ALTER TABLE labels ADD COLUMN started INTEGER",
    // 8: what becomes of the texts of single sources.
    "CREATE TABLE source_text_modes (
        workspace TEXT NOT NULL,
        source TEXT NOT NULL,
        mode TEXT NOT NULL,
        changed INTEGER NOT NULL,
        PRIMARY KEY (workspace, source)
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
