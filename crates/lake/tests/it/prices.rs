//! Price lists of workspaces: kept, found again, part of captures and backups, never half-written.

use std::sync::Arc;

use upshot_core::prices::PriceList;
use upshot_lake::{Lake, LakeError, LakeOptions, Table};

use crate::engine::Bench;

const OWN: &str = "compiled = 2026-01-05\ncurrency = \"USD\"\n\
    [[price]]\nmodel = \"house\"\ninput = 1\noutput = 2\nsource = \"contract\"\n";

#[tokio::test]
async fn a_list_is_kept_for_its_workspace_and_found_again() {
    let bench = Bench::new(1);
    let lake = bench.open().await;
    assert_eq!(lake.prices("main"), PriceList::built_in());
    let set = lake.set_prices("main", OWN).await.unwrap();
    assert_eq!(set.text(), OWN);
    let captured = async |lake: &Lake, workspace: &str| {
        let capture = lake.capture(workspace, &[Table::Sessions]).await.unwrap();
        capture.prices
    };
    assert_eq!(captured(&lake, "main").await, Some(set.clone()));
    assert_eq!(captured(&lake, "other").await, None);

    let wrong = lake.set_prices("main", "compiled = 1").await.unwrap_err();
    assert!(matches!(wrong, LakeError::Prices(_)), "{wrong}");
    let nowhere = lake.set_prices("../x", OWN).await.unwrap_err();
    assert!(matches!(nowhere, LakeError::WorkspaceName(_)), "{nowhere}");
    assert_eq!(lake.prices("main"), set);

    let backup = bench.folder.path().join("backup");
    lake.backup(&backup).await.unwrap();
    lake.close().await.unwrap();
    let lake = bench.open().await;
    assert_eq!(lake.prices("main"), set);
    lake.close().await.unwrap();

    let restored = bench.folder.path().join("restored");
    upshot_lake::engine::restore(&upshot_lake::files::DiskFiles, &backup, &restored).unwrap();
    let options = LakeOptions::new(restored, Arc::new(|| 0));
    let lake = Lake::open(options).await.unwrap();
    assert_eq!(lake.prices("main"), set);
    lake.close().await.unwrap();
}

#[tokio::test]
async fn a_list_that_was_broken_by_hand_is_named() {
    let bench = Bench::new(1);
    let lake = bench.open().await;
    lake.set_prices("main", OWN).await.unwrap();
    lake.close().await.unwrap();
    let path = bench.folder.path().join("data/settings/main/prices.toml");
    std::fs::write(&path, OWN.replace("input = 1", "input = -1")).unwrap();
    let error = Lake::open(bench.options()).await.err().unwrap().to_string();
    assert!(error.contains("settings/main/prices.toml"), "{error}");
    assert!(error.contains("price[1].input"), "{error}");
    std::fs::remove_file(&path).unwrap();
    bench.open().await.close().await.unwrap();
}
