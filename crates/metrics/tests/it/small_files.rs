//! Columns of small files are read once, whatever else is asked in between.

use upshot_lake::Table;
use upshot_metrics::{EnvironmentChoice, Query};

use crate::facts::instant;
use crate::one_session::{damage, files, filled};
use crate::worked::engine;

const END: &str = "2026-03-29T00:00:00Z";

fn query(metric: &str, filter: &str) -> Query {
    Query {
        metrics: vec![metric.to_owned()],
        filters: vec![filter.to_owned()],
        environment: EnvironmentChoice::All,
        now: instant(END),
        ..Query::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_about_sessions_alone_forgets_no_column_of_messages() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, capture) = filled(folder.path()).await;
    let of_sessions = lake.capture("main", &[Table::Sessions]).await.unwrap();
    let engine = engine();
    let asked = query("user_messages", "channel != nowhere");
    let expected = engine.run(&asked, &capture).await.unwrap();
    assert!(expected.totals["user_messages"].value > Some(100.0));
    for file in files(&capture, Table::Messages) {
        damage(&file.path, |_| true);
    }
    let sessions = query("sessions", "channel != nowhere");
    engine.run(&sessions, &of_sessions).await.unwrap();
    let asked = query("user_messages", "channel != elsewhere");
    let again = engine.run(&asked, &capture).await.unwrap();
    assert_eq!(again.totals, expected.totals);
    // That no file was read is not because nothing could fail.
    let newcomer = crate::worked::engine();
    assert!(newcomer.run(&asked, &capture).await.is_err());
    lake.close().await.unwrap();
}
