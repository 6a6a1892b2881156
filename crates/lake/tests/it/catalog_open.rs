//! Opening catalogs that are older, newer, elsewhere or not ours.

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use upshot_lake::catalog::{Catalog, FactSet, FactSetRole, Transaction};
use upshot_lake::files::DiskFiles;
use upshot_lake::parquet_files::{ReadRequest, read};
use upshot_lake::{LakeError, Table};

use crate::common::{DAY, Lake, NOW, add, events, execute, open, paths, sessions, without_column};

/// A lake as a version without some columns would have written it.
pub async fn old_lake() -> Lake {
    let lake = Lake::new().await;
    lake.add(vec![
        lake.file(Table::Events, &events(Table::Events, 0..100), DAY, 0),
        lake.file(Table::Sessions, &sessions(0..10, DAY, 0), DAY, 0),
    ])
    .await;
    for (table, column) in [
        (Table::Events, "confidence"),
        (Table::Events, "attributes"),
        (Table::Sessions, "duration"),
        (Table::Sessions, "open"),
    ] {
        without_column(&paths(&lake, table)[0], column);
        let ids = lake.catalog.field_ids("main", table).unwrap();
        let id = ids.get(column).unwrap();
        let (first, last) = (id.id, id.entries.map_or(id.id, |(_, value)| value));
        for table_name in [
            "ducklake_column",
            "ducklake_file_column_stats",
            "ducklake_table_column_stats",
        ] {
            let statement = format!(
                "DELETE FROM {table_name} WHERE column_id BETWEEN {first} AND {last} AND table_id = \
                 (SELECT table_id FROM ducklake_table WHERE table_name = '{}')",
                table.name()
            );
            execute(&lake, &statement).await;
        }
    }
    for table in [Table::Events, Table::Sessions] {
        let path = &paths(&lake, table)[0];
        let content = std::fs::read(path).unwrap();
        let footer = &content[content.len() - 8..content.len() - 4];
        let footer = u32::from_le_bytes(footer.try_into().unwrap());
        let name = path.file_name().unwrap().to_str().unwrap();
        let statement = format!(
            "UPDATE ducklake_data_file SET file_size_bytes = {}, footer_size = {footer} \
             WHERE path = '{name}'",
            content.len()
        );
        execute(&lake, &statement).await;
    }
    lake
}

#[tokio::test]
async fn columns_that_are_new_are_added_with_ids_of_their_own() {
    let lake = old_lake().await;
    let before = lake.catalog.current_snapshot().await.unwrap();
    let all = lake.catalog.field_ids("main", Table::Events).unwrap();
    let lake = lake.reopen().await;
    let snapshot = lake.catalog.current_snapshot().await.unwrap();
    assert_eq!(snapshot, before + 1);
    let ids = lake.catalog.field_ids("main", Table::Events).unwrap();
    for (name, id) in all.iter() {
        if name != "confidence" && name != "attributes" {
            assert_eq!(ids.get(name), Some(id), "{name} keeps its id");
        }
    }
    assert_eq!(ids.get("confidence").unwrap().entries, None);
    let attributes = ids.get("attributes").unwrap();
    assert_eq!(
        attributes.entries,
        Some((attributes.id + 1, attributes.id + 2))
    );
    let old = read(
        &lake.cache,
        &paths(&lake, Table::Sessions)[0],
        Table::Sessions,
        &ReadRequest::all(),
    )
    .unwrap();
    let column = |name: &str| old[0].column_by_name(name).unwrap();
    assert_eq!(column("duration").as_primitive::<Int64Type>().value(3), 0);
    assert!(!column("open").as_boolean().value(3));
    assert_eq!(column("duration").null_count(), 0);
    let file = lake.file(Table::Events, &events(Table::Events, 100..200), DAY, 0);
    lake.add(vec![file]).await;
    let report = lake.catalog.verify(&lake.cache, None).await.unwrap();
    let others: Vec<_> = report
        .problems
        .iter()
        .filter(|problem| !problem.detail.contains("not what was written"))
        .filter(|problem| problem.kind != upshot_lake::catalog::ProblemKind::TableStatistics)
        .collect();
    assert!(others.is_empty(), "{others:#?}");
    let lake = lake.reopen().await;
    let again = lake.catalog.current_snapshot().await.unwrap();
    assert_eq!(again, snapshot + 1, "nothing is added twice");
}

async fn open_error(lake: Lake) -> LakeError {
    let database = lake.database();
    lake.catalog.close().await.unwrap();
    let data = lake.folder.path().join("files");
    let opened = Catalog::open(Arc::new(DiskFiles), &database, &data, NOW).await;
    opened.err().expect("the catalog is refused")
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_by_name() {
    for (statement, named) in [
        (
            "INSERT INTO ducklake_delete_file(delete_file_id) VALUES (1)",
            "delete files",
        ),
        (
            "INSERT INTO ducklake_inlined_data_tables VALUES (1, 'x', 1)",
            "inlined data",
        ),
        (
            "INSERT INTO ducklake_column SELECT column_id, 9, NULL, table_id, column_order, 'new', \
               column_type, NULL, NULL, 1, NULL, NULL, NULL FROM ducklake_column LIMIT 1",
            "renamed or altered columns",
        ),
        (
            "UPDATE ducklake_column SET column_name = 'strange' WHERE column_name = 'channel'",
            "the column `strange` of the table",
        ),
        (
            "UPDATE ducklake_column SET column_type = 'blob' WHERE column_name = 'channel'",
            "the type blob",
        ),
        (
            "UPDATE ducklake_table SET table_name = 'strange' WHERE table_name = 'steps'",
            "the table `main.strange`",
        ),
        (
            "UPDATE ducklake_partition_column SET transform = 'month' WHERE partition_key_index = 0",
            "partitions that are not by value",
        ),
        (
            "UPDATE ducklake_metadata SET value = '2.0' WHERE key = 'version'",
            "version 2.0 of DuckLake",
        ),
        (
            "UPDATE upshot_meta SET value = '99' WHERE key = 'catalog_version'",
            "version 99",
        ),
    ] {
        let lake = Lake::new().await;
        execute(&lake, statement).await;
        let error = open_error(lake).await;
        assert!(error.to_string().contains(named), "{named}: {error}");
    }
}

#[tokio::test]
async fn a_database_of_something_else_is_refused() {
    let lake = Lake::new().await;
    execute(&lake, "INSERT INTO upshot_meta VALUES ('x', 'y')").await;
    let Lake {
        folder, catalog, ..
    } = lake;
    catalog.close().await.unwrap();
    let other = folder.path().join("other.sqlite");
    let data = folder.path().join("files");
    std::fs::write(
        &other,
        "this is not a database, but it is long enough to be read",
    )
    .unwrap();
    let opened = Catalog::open(Arc::new(DiskFiles), &other, &data, NOW).await;
    assert!(matches!(opened, Err(LakeError::Catalog(_))));
}

#[tokio::test]
async fn a_moved_directory_opens_where_it_is() {
    let lake = Lake::new().await;
    lake.add(vec![lake.file(
        Table::Events,
        &events(Table::Events, 0..100),
        DAY,
        0,
    )])
    .await;
    let Lake {
        folder,
        catalog,
        cache,
    } = lake;
    catalog.close().await.unwrap();
    let moved = tempfile::tempdir().unwrap();
    let target = moved.path().join("inside");
    std::fs::rename(folder.path(), &target).unwrap();
    let data = target.join("files");
    let catalog = Catalog::open(Arc::new(DiskFiles), &target.join("lake.sqlite"), &data, NOW)
        .await
        .unwrap();
    let report = catalog.verify(&cache, None).await.unwrap();
    assert_eq!((report.rows, report.problems), (100, vec![]));
    let (name, _) = catalog.new_file("main", Table::Events, DAY, 0);
    let list = catalog.file_list("main").unwrap();
    let taken = list.files(Table::Events, None, None).next().unwrap();
    assert!(!taken.path.ends_with(name), "names are never given again");
}

#[tokio::test]
async fn a_change_by_another_program_is_noticed() {
    let lake = Lake::new().await;
    execute(
        &lake,
        "INSERT INTO ducklake_snapshot SELECT snapshot_id + 1, snapshot_time, schema_version, \
           next_catalog_id, next_file_id + 1 FROM ducklake_snapshot \
         WHERE snapshot_id = (SELECT max(snapshot_id) FROM ducklake_snapshot)",
    )
    .await;
    let file = lake.file(Table::Events, &events(Table::Events, 0..100), DAY, 0);
    let error = lake
        .catalog
        .commit(crate::common::add(vec![file]))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("another program"), "{error}");
}

#[tokio::test]
async fn a_catalog_of_version_1_is_brought_to_the_newest() {
    let lake = Lake::new().await;
    let set = |name: &str, role| FactSet {
        name: name.to_owned(),
        profile_toml: "x = 1".to_owned(),
        fold_version: 1,
        role,
        built_to: i64::MAX,
    };
    let change = Transaction {
        fact_sets: vec![
            set("old@1/fold1", FactSetRole::Additional),
            set("mine@1/fold1", FactSetRole::Active),
        ],
        ..add(vec![])
    };
    lake.catalog.commit(change).await.unwrap();
    let database = lake.database();
    lake.catalog.close().await.unwrap();
    // As version 1 had it: a set was the active one, or given up.
    let options = SqliteConnectOptions::new().filename(database);
    let mut connection = options.connect().await.unwrap();
    for statement in [
        "ALTER TABLE upshot_fact_set DROP COLUMN role",
        "ALTER TABLE upshot_fact_set DROP COLUMN replaces",
        "ALTER TABLE upshot_fact_set DROP COLUMN built_to",
        "UPDATE upshot_meta SET value = '1' WHERE key = 'catalog_version'",
    ] {
        sqlx::query(statement)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    connection.close().await.unwrap();
    // The second opening finds nothing to be done.
    for _ in 0..2 {
        let catalog = open(&lake.folder).await;
        let sets = catalog.fact_sets("main").await.unwrap();
        assert_eq!(sets, [set("mine@1/fold1", FactSetRole::Active)]);
        catalog.close().await.unwrap();
    }
}
