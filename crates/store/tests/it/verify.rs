//! What `verify` says of a store, whole and damaged.

use std::collections::BTreeSet;
use std::path::Path;

use sqlx::{Connection, SqliteConnection};
use upshot_store::{BoardContent, STORE_FILE, Store, ViewContent, WorkspaceSettings, verify};

/// A store in which something is set.
async fn filled(folder: &Path) {
    let store = Store::open(folder).await.unwrap();
    let settings = WorkspaceSettings::default();
    store.set_settings("main", &settings, 1).await.unwrap();
    store
        .set_segment("main", "web", "channel = web", "", 1)
        .await
        .unwrap();
    let view = ViewContent {
        title: "V".to_owned(),
        address: "/explore".to_owned(),
        ..ViewContent::default()
    };
    store.set_view("main", "v", &view, 1).await.unwrap();
    let board = BoardContent {
        title: "B".to_owned(),
        views: vec!["v".to_owned()],
        ..BoardContent::default()
    };
    store.set_board("main", "b", &board, 1).await.unwrap();
    store.close().await;
}

async fn problems(folder: &Path) -> Vec<String> {
    let workspaces = BTreeSet::from(["main".to_owned()]);
    let report = verify(folder, &workspaces).await.unwrap();
    report.unwrap().problems
}

#[tokio::test]
async fn a_whole_store_has_no_problems() {
    let folder = tempfile::tempdir().unwrap();
    let none = verify(folder.path(), &BTreeSet::new()).await.unwrap();
    assert_eq!(none, None);
    assert!(
        !folder.path().join(STORE_FILE).exists(),
        "it changes nothing"
    );
    filled(folder.path()).await;
    let workspaces = BTreeSet::from(["main".to_owned()]);
    let report = verify(folder.path(), &workspaces).await.unwrap().unwrap();
    assert_eq!(report.problems, [""; 0]);
    assert_eq!(report.rows, 5);
}

#[tokio::test]
async fn planted_damage_is_found() {
    for (damage, told) in [
        (
            "INSERT INTO members (workspace, person, role, created) VALUES ('main', 'nobody', 'viewer', 1)",
            "a row of `members` refers to one of `people` that is not there",
        ),
        (
            "INSERT INTO people (id, email, name, password, created) VALUES ('p', 'p@example.org', 'P', '', 1)",
            "the person p (p@example.org) takes part in no workspace",
        ),
        (
            "INSERT INTO people (id, email, name, password, created) VALUES ('p', 'p@example.org', 'P', '', 1);
             INSERT INTO members (workspace, person, role, created) VALUES ('main', 'p', 'king', 1)",
            "in workspace main somebody has the role `king`, which there is not",
        ),
        (
            "DELETE FROM views",
            "in workspace main a board or a view is not there: b → v",
        ),
        (
            "UPDATE settings SET document = '{'",
            "the settings of workspace main cannot be read",
        ),
        (
            "INSERT INTO notes (workspace, session, id, text, created) VALUES ('gone', 's', 'n', 'x', 1)",
            "there are notes of workspace gone, which there is not",
        ),
        (
            "INSERT INTO labels (workspace, session, label, created) VALUES ('gone', 's', 'x', 1)",
            "there are labels of workspace gone, which there is not",
        ),
        (
            "DROP TABLE mail",
            "the table `mail` of version",
        ),
        (
            "ALTER TABLE mail ADD COLUMN colour TEXT",
            "the table `mail` is not that of version",
        ),
        (
            "DROP INDEX audit_by_workspace",
            "the index `audit_by_workspace` of version",
        ),
        (
            "PRAGMA user_version = 4711",
            "it has version 4711, this program reads up to",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path()).await;
        let path = folder.path().join(STORE_FILE);
        let address = format!("sqlite://{}", path.display());
        let mut connection = SqliteConnection::connect(&address).await.unwrap();
        let planted = format!("PRAGMA foreign_keys = OFF; {damage}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(planted))
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        let found = problems(folder.path()).await;
        assert!(
            found.len() == 1 && found[0].contains(told) && found[0].starts_with(STORE_FILE),
            "{damage}: {found:?}"
        );
    }
}

#[tokio::test]
async fn bytes_that_are_no_longer_what_they_were_are_found() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path()).await;
    let path = folder.path().join(STORE_FILE);
    let whole = std::fs::read(&path).unwrap();
    for from in [0, 100, 4096] {
        let mut bytes = whole.clone();
        bytes[from..from + 60].fill(0xa5);
        std::fs::write(&path, bytes).unwrap();
        let found = problems(folder.path()).await;
        assert!(!found.is_empty(), "from byte {from}");
    }
}
