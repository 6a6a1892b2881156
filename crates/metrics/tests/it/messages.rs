//! Lists of messages: the newest first, as an export has them, and no more is read than they need.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::TimestampMicrosecondType;
use proptest::prelude::*;
use upshot_core::time::day_of;
use upshot_lake::{Capture, Table};
use upshot_metrics::{
    EnvironmentChoice, ExportQuery, ExportTable, MessageQuery, QueryError, RangeSpec, SaidMessage,
};

use crate::export::{rows, texts};
use crate::facts::{Layout, capture, instant, sessions};
use crate::lived::{END, lived};
use crate::one_session::{damage, files, filled};
use crate::worked::engine;

/// When a message was written, its id, its session and its text.
type Told = (i64, String, Option<String>, Option<String>);

fn told(said: &SaidMessage) -> Told {
    let message = &said.message;
    (
        message.time,
        message.event_id.to_string(),
        message.session_id.as_deref().map(str::to_owned),
        said.text.clone(),
    )
}

/// What an export has of these messages, the latest first.
async fn exported(query: &MessageQuery) -> Vec<Told> {
    let asked = ExportQuery {
        filters: query.filters.clone(),
        range: query.range.clone(),
        environment: query.environment,
        now: query.now,
        ..ExportQuery::default()
    };
    let batches = rows(ExportTable::Messages, &asked, &lived().capture).await;
    let times = batches.iter().flat_map(|batch| {
        let times = batch.column_by_name("time").unwrap();
        let times = times.as_primitive::<TimestampMicrosecondType>();
        times.values().to_vec()
    });
    let ids = texts(&batches, "event_id").into_iter();
    let sessions = texts(&batches, "session_id").into_iter();
    let written = texts(&batches, "text").into_iter();
    let mut all: Vec<Told> = times
        .zip(ids.zip(sessions).zip(written))
        .map(|(time, ((id, session), text))| (time, id.unwrap(), session, text))
        .collect();
    all.sort_unstable();
    all.reverse();
    all
}

/// All pages of a list, one after the other.
async fn paged(query: &MessageQuery, capture: &Arc<Capture>) -> Vec<Told> {
    let mut query = query.clone();
    let mut all = Vec::new();
    let engine = engine();
    loop {
        let page = engine.messages(&query, Arc::clone(capture)).await.unwrap();
        assert!(page.len() <= query.limit.unwrap());
        let Some(last) = page.last() else { break };
        query.cursor = Some(last.cursor());
        all.extend(page.iter().map(told));
    }
    all
}

fn questions() -> impl Strategy<Value = MessageQuery> {
    let filters = proptest::sample::subsequence(
        vec![
            "message.unmatched",
            "message.role = user",
            "channel = web",
            "engaged",
            "any step (topic_kind = custom)",
            "user.visit > 1",
            "message.last_before_handover",
        ],
        0..=2,
    );
    let ranges = prop_oneof![
        Just(RangeSpec::default()),
        Just(RangeSpec {
            from: Some("2026-03-20".to_owned()),
            to: Some("2026-03-25".to_owned()),
            last: None,
        }),
        Just(RangeSpec {
            last: Some("5d".to_owned()),
            ..RangeSpec::default()
        }),
    ];
    let traffic = prop_oneof![
        Just(EnvironmentChoice::All),
        Just(EnvironmentChoice::Production)
    ];
    (filters, ranges, traffic, 60..400_usize).prop_map(|(filters, range, environment, limit)| {
        MessageQuery {
            filters: filters.into_iter().map(str::to_owned).collect(),
            range,
            environment,
            limit: Some(limit),
            now: instant(END),
            ..MessageQuery::default()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Wherever they lie, in files, in memory or, replaced, in both.
    #[test]
    fn pages_of_a_list_are_what_an_export_has(query in questions()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (listed, expected) = runtime.block_on(async {
            (paged(&query, &lived().capture).await, exported(&query).await)
        });
        prop_assert_eq!(listed, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_earlier_days_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let (lake, capture) = filled(folder.path()).await;
    let capture = Arc::new(capture);
    let query = MessageQuery {
        filters: vec![
            "message.role = user".to_owned(),
            "channel is not null".to_owned(),
        ],
        environment: EnvironmentChoice::All,
        limit: Some(5),
        now: instant(END),
        ..MessageQuery::default()
    };
    let engine = engine();
    let expected = engine.messages(&query, Arc::clone(&capture)).await.unwrap();
    assert_eq!(expected.len(), 5);
    assert!(expected.iter().all(|said| said.text.is_some()));
    let oldest = day_of(expected[4].message.time);
    for table in [Table::Messages, Table::Texts] {
        // A session may begin the day before.
        for file in files(&capture, table) {
            if file.day < oldest - 1 {
                damage(&file.path, |_| true);
            }
        }
    }
    let found = crate::worked::engine()
        .messages(&query, Arc::clone(&capture))
        .await;
    assert_eq!(found.unwrap(), expected);
    // That nothing else is read is not because nothing could fail.
    let all = MessageQuery {
        limit: Some(1_000),
        ..query
    };
    assert!(engine.messages(&all, capture).await.is_err());
    lake.close().await.unwrap();
}

#[tokio::test]
async fn what_is_wrong_with_a_question_is_said() {
    let held = capture(
        &sessions("start | channel\n2026-01-05T10:00:00Z | web\n"),
        Layout::Files,
    );
    for (filter, cursor) in [
        (Some("message.unmached"), None),
        (Some("step.topic_kind = custom"), None),
        (None, Some("nowhere")),
    ] {
        let query = MessageQuery {
            filters: filter.into_iter().map(str::to_owned).collect(),
            cursor: cursor.map(str::to_owned),
            ..MessageQuery::default()
        };
        let capture = Arc::new(held.capture.clone());
        let found = engine().messages(&query, capture).await;
        assert!(
            matches!(found, Err(QueryError::Invalid(_))),
            "{filter:?} {cursor:?}"
        );
    }
}
