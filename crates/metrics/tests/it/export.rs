//! Exports: as many rows as the numbers say, in every format, with what was written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use arrow::ipc::reader::StreamReader;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use serde_json::Value;
use upshot_core::Event;
use upshot_lake::Capture;
use upshot_metrics::export::{Options, format};
use upshot_metrics::{
    Answer, EnvironmentChoice, ExportQuery, ExportTable, Query, QueryError, RangeSpec, RowFormat,
};

use crate::facts::{Layout, capture, instant, sessions};
use crate::lived::{END, lived};
use crate::worked::engine;

async fn bytes(
    table: ExportTable,
    query: &ExportQuery,
    format: RowFormat,
    capture: &Arc<Capture>,
) -> Result<Vec<u8>, QueryError> {
    let (engine, capture) = (engine(), Arc::clone(capture));
    let asked = ExportQuery {
        format: Some(format),
        ..query.clone()
    };
    let export = engine.export(table, &asked, capture);
    let mut export = export.await?;
    let mut bytes = Vec::new();
    let mut last = None;
    while let Some(part) = export.next().await? {
        bytes.extend(part.bytes);
        last = Some(part.progress);
    }
    let progress = last.unwrap();
    assert_eq!(progress.read, progress.rows);
    Ok(bytes)
}

pub async fn rows(
    table: ExportTable,
    query: &ExportQuery,
    capture: &Arc<Capture>,
) -> Vec<RecordBatch> {
    let bytes = bytes(table, query, RowFormat::Arrow, capture)
        .await
        .unwrap();
    StreamReader::try_new(bytes.as_slice(), None)
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

fn count(batches: &[RecordBatch]) -> u64 {
    batches.iter().map(|batch| batch.num_rows() as u64).sum()
}

pub fn texts(batches: &[RecordBatch], column: &str) -> Vec<Option<String>> {
    let columns = batches
        .iter()
        .map(|batch| batch.column_by_name(column).unwrap().clone());
    columns
        .flat_map(|array| {
            let array = array.as_string::<i32>();
            array
                .iter()
                .map(|text| text.map(str::to_owned))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn sum(batches: &[RecordBatch], column: &str) -> i64 {
    let columns = batches
        .iter()
        .map(|batch| batch.column_by_name(column).unwrap().clone());
    columns
        .map(|array| {
            array
                .as_primitive::<Int64Type>()
                .iter()
                .flatten()
                .sum::<i64>()
        })
        .sum()
}

async fn number(metric: &str, asked: &ExportQuery, filters: &[&str]) -> u64 {
    let mut all = asked.filters.clone();
    all.extend(filters.iter().map(|filter| (*filter).to_owned()));
    let query = Query {
        metrics: vec![metric.to_owned()],
        filters: all,
        range: asked.range.clone(),
        environment: asked.environment,
        now: asked.now,
        ..Query::default()
    };
    let result = engine().run(&query, &lived().capture).await.unwrap();
    // Where no source tells of it there is no value, and no row either.
    result.totals[metric].value.unwrap_or(0.0) as u64
}

fn questions() -> impl Strategy<Value = ExportQuery> {
    let filters = proptest::sample::subsequence(
        vec![
            "channel = web",
            "engaged",
            "outcome in (resolved, escalated)",
            "any message (unmatched)",
            "any step (topic_kind = custom)",
            "user.visit > 1",
            "not (channel = web and user_messages > 2)",
            "judged",
        ],
        0..3,
    );
    let range = prop_oneof![
        Just(RangeSpec::default()),
        Just(RangeSpec {
            last: Some("5d".to_owned()),
            ..RangeSpec::default()
        }),
        Just(RangeSpec {
            from: Some("2026-03-20".to_owned()),
            to: Some("2026-03-26T07:30:00Z".to_owned()),
            last: None,
        }),
    ];
    let environment = prop_oneof![
        Just(EnvironmentChoice::Production),
        Just(EnvironmentChoice::All),
        Just(EnvironmentChoice::Test),
    ];
    (filters, range, environment).prop_map(|(filters, range, environment)| ExportQuery {
        filters: filters.into_iter().map(str::to_owned).collect(),
        range,
        environment,
        now: instant(END),
        ..ExportQuery::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]
    #[test]
    fn an_export_has_as_many_rows_as_the_numbers_say(question in questions()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let capture = &lived().capture;
            let sessions = rows(ExportTable::Sessions, &question, capture).await;
            let wanted = number("sessions", &question, &[]).await;
            prop_assert_eq!(count(&sessions), wanted);
            let different: BTreeSet<_> = texts(&sessions, "session_id").into_iter().collect();
            prop_assert_eq!(different.len() as u64, wanted);

            let said = ["message.role in (user, bot, agent)"];
            let mut messages = question.clone();
            messages.filters.extend(said.map(str::to_owned));
            let found = rows(ExportTable::Messages, &messages, capture).await;
            prop_assert_eq!(count(&found), number("messages", &question, &[]).await);

            let mut steps = question.clone();
            steps.filters.push("step.step_kind = topic".to_owned());
            let found = rows(ExportTable::Steps, &steps, capture).await;
            prop_assert_eq!(count(&found), number("topic_views", &question, &[]).await);

            let conversations = rows(ExportTable::Conversations, &question, capture).await;
            let ids = texts(&conversations, "conversation_id");
            let wanted_ids: BTreeSet<_> = texts(&sessions, "conversation_id").into_iter().collect();
            prop_assert_eq!(ids, wanted_ids.into_iter().collect::<Vec<_>>());
            prop_assert_eq!(sum(&conversations, "session_count") as u64, wanted);
            // Every message that the sessions hold, whoever said it.
            prop_assert_eq!(
                sum(&conversations, "message_count"),
                listed(&conversations)
            );
            Ok(())
        })?;
    }
}

fn listed(conversations: &[RecordBatch]) -> i64 {
    let lists = conversations
        .iter()
        .map(|batch| batch.column_by_name("messages").unwrap().clone());
    lists
        .map(|lists| {
            let lists = lists.as_list::<i32>();
            (0..lists.len())
                .map(|row| i64::from(lists.value_length(row)))
                .sum::<i64>()
        })
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_once_each_with_their_texts() {
    let lived = lived();
    let all = ExportQuery {
        environment: EnvironmentChoice::All,
        now: instant(END),
        ..ExportQuery::default()
    };
    let found = rows(ExportTable::Events, &all, &lived.capture).await;
    let found: BTreeMap<_, _> = texts(&found, "event_id")
        .into_iter()
        .zip(
            texts(&found, "text")
                .into_iter()
                .zip(texts(&found, "survey_comment")),
        )
        .collect();
    let owned = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
    let wanted: BTreeMap<_, _> = lived
        .events
        .iter()
        .map(|event| {
            let texts = (owned(&event.text), owned(&event.survey_comment));
            (Some(event.event_id.to_string()), texts)
        })
        .collect();
    assert_eq!(found.len(), lived.events.len());
    assert_eq!(found, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_chosen_by_their_time_and_by_the_sessions_of_their_conversation() {
    let lived = lived();
    let chosen = ExportQuery {
        filters: vec!["channel = web".to_owned()],
        range: RangeSpec {
            from: Some("2026-03-20".to_owned()),
            to: Some("2026-03-22".to_owned()),
            last: None,
        },
        environment: EnvironmentChoice::All,
        columns: vec!["event_id".to_owned()],
        now: instant(END),
        ..ExportQuery::default()
    };
    let found = rows(ExportTable::Events, &chosen, &lived.capture).await;
    let found: BTreeSet<_> = texts(&found, "event_id").into_iter().flatten().collect();
    let ever = ExportQuery {
        range: RangeSpec::default(),
        columns: vec!["conversation_id".to_owned()],
        ..chosen
    };
    let web = rows(ExportTable::Sessions, &ever, &lived.capture).await;
    let web: BTreeSet<_> = texts(&web, "conversation_id")
        .into_iter()
        .flatten()
        .collect();
    let range = instant("2026-03-20T00:00:00Z")..instant("2026-03-23T00:00:00Z");
    let wanted: BTreeSet<_> = lived
        .events
        .iter()
        .filter(|event| range.contains(&event.time) && web.contains(&*event.conversation_id))
        .map(|event| event.event_id.to_string())
        .collect();
    assert!(!wanted.is_empty());
    assert_eq!(found, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_carry_their_texts_and_facts_of_their_sessions() {
    let lived = lived();
    let question = ExportQuery {
        columns: ["event_id", "text", "session.outcome", "user.visit"]
            .map(str::to_owned)
            .to_vec(),
        environment: EnvironmentChoice::All,
        now: instant(END),
        ..ExportQuery::default()
    };
    let found = rows(ExportTable::Messages, &question, &lived.capture).await;
    let by_id: BTreeMap<&str, &Event> = lived
        .events
        .iter()
        .map(|event| (&*event.event_id, event))
        .collect();
    let ids = texts(&found, "event_id");
    assert!(ids.len() > 1_000);
    for (id, text) in ids.iter().zip(texts(&found, "text")) {
        let event = by_id[id.as_deref().unwrap()];
        assert_eq!(text.as_deref(), event.text.as_deref());
    }
    let outcomes = texts(&found, "session.outcome");
    let resolved = outcomes
        .iter()
        .filter(|outcome| outcome.as_deref() == Some("resolved"));
    let mut only = question.clone();
    only.filters.push("outcome = resolved".to_owned());
    let wanted = count(&rows(ExportTable::Messages, &only, &lived.capture).await);
    assert!(wanted > 0);
    assert_eq!(resolved.count() as u64, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_holds_what_was_said_in_its_order() {
    let lived = lived();
    let question = ExportQuery {
        environment: EnvironmentChoice::All,
        now: instant(END),
        ..ExportQuery::default()
    };
    let found = bytes(
        ExportTable::Conversations,
        &question,
        RowFormat::Jsonl,
        &lived.capture,
    )
    .await
    .unwrap();
    let mut said: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    for event in &lived.events {
        said.entry(&event.conversation_id).or_default().push(event);
    }
    let mut messages = 0;
    for line in std::str::from_utf8(&found).unwrap().lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let events = &said[row["conversation_id"].as_str().unwrap()];
        let empty = Vec::new();
        let found = row["messages"].as_array().unwrap_or(&empty);
        assert_eq!(row["message_count"], found.len());
        let times: Vec<&str> = found
            .iter()
            .map(|message| message["time"].as_str().unwrap())
            .collect();
        assert!(times.is_sorted());
        for message in found {
            let event = events
                .iter()
                .find(|event| message["event_id"] == *event.event_id)
                .unwrap();
            assert_eq!(
                message.get("text").and_then(Value::as_str),
                event.text.as_deref()
            );
        }
        messages += found.len();
    }
    assert!(messages > 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_says_the_same() {
    let lived = lived();
    for table in ExportTable::ALL {
        let question = ExportQuery {
            now: instant(END),
            ..ExportQuery::default()
        };
        let wanted = rows(table, &question, &lived.capture).await;
        let schema = wanted[0].schema();
        let wanted = arrow::compute::concat_batches(&schema, &wanted).unwrap();
        let parquet = bytes(table, &question, RowFormat::Parquet, &lived.capture)
            .await
            .unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(parquet)).unwrap();
        let found: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
        let found = arrow::compute::concat_batches(&found[0].schema(), &found).unwrap();
        assert_eq!(found.columns(), wanted.columns(), "{table}");
        let lines = bytes(table, &question, RowFormat::Jsonl, &lived.capture)
            .await
            .unwrap();
        let lines = String::from_utf8(lines).unwrap();
        assert_eq!(lines.lines().count(), wanted.num_rows(), "{table}");
        for (row, line) in lines.lines().enumerate() {
            let object: Value = serde_json::from_str(line).unwrap();
            for (field, column) in schema.fields().iter().zip(wanted.columns()) {
                let nothing = column.is_null(row)
                    || column
                        .as_map_opt()
                        .is_some_and(|map| map.value_length(row) == 0);
                let found = object.get(field.name());
                assert_eq!(found.is_none(), nothing, "{table} {} {line}", field.name());
            }
        }
        let raw = ExportQuery {
            raw: true,
            ..question
        };
        let csv = bytes(table, &raw, RowFormat::Csv, &lived.capture)
            .await
            .unwrap();
        assert_eq!(csv_rows(&csv).len(), wanted.num_rows() + 1, "{table}");
        for row in csv_rows(&csv) {
            assert_eq!(row.len(), schema.fields().len(), "{table}");
        }
    }
}

/// A second, slow reading of CSV.
fn csv_rows(bytes: &[u8]) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let text = std::str::from_utf8(bytes).unwrap();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            other => cell.push(other),
        }
    }
    rows
}

const TABLE: &str = "
start                | channel | topics        | user | attribute.note
2026-01-05T10:00:00Z | web     | order, refund | =cmd | plain
2026-01-06T10:00:00Z | voice   |               | ann  |
2026-01-07T10:00:00Z | web     | order         | bob  | a,b
";

#[tokio::test]
async fn rows_are_the_same_wherever_they_lie() {
    let mut seen = BTreeSet::new();
    for layout in [Layout::Memory(2), Layout::Files, Layout::Mixed] {
        let held = capture(&sessions(TABLE), layout);
        let capture = Arc::new(held.capture.clone());
        let question = ExportQuery {
            columns: ["user_id", "topics", "attributes", "start_time"]
                .map(str::to_owned)
                .to_vec(),
            ..ExportQuery::default()
        };
        let found = bytes(ExportTable::Sessions, &question, RowFormat::Csv, &capture)
            .await
            .unwrap();
        let text = String::from_utf8(found).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        seen.insert(lines.join("\n"));
    }
    let seen: Vec<String> = seen.into_iter().collect();
    assert_eq!(
        seen,
        [
            "'=cmd,\"[\"\"order\"\",\"\"refund\"\"]\",\"{\"\"note\"\":\"\"plain\"\"}\",2026-01-05T10:00:00.000000Z\n\
          ann,,,2026-01-06T10:00:00.000000Z\n\
          bob,\"[\"\"order\"\"]\",\"{\"\"note\"\":\"\"a,b\"\"}\",2026-01-07T10:00:00.000000Z\n\
          user_id,topics,attributes,start_time"
        ]
    );
}

#[tokio::test]
async fn what_is_wrong_is_told_at_once() {
    let held = capture(&sessions(TABLE), Layout::Memory(2));
    let capture = Arc::new(held.capture.clone());
    let question = ExportQuery {
        columns: ["chanel", "bot", "bot"].map(str::to_owned).to_vec(),
        filters: vec!["outcom = resolved".to_owned()],
        ..ExportQuery::default()
    };
    let found = bytes(ExportTable::Sessions, &question, RowFormat::Csv, &capture).await;
    let Err(QueryError::Invalid(problems)) = found else {
        panic!("{found:?}");
    };
    let told: Vec<_> = problems
        .iter()
        .map(|problem| (problem.field.as_str(), problem.suggestion.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            ("filters[0]", Some("outcome")),
            ("columns[0]", Some("channel")),
            ("columns[2]", None),
        ]
    );
}

#[tokio::test]
async fn nothing_is_a_file_with_columns_and_no_rows() {
    let held = capture(&sessions(TABLE), Layout::Files);
    let capture = Arc::new(held.capture.clone());
    let question = ExportQuery {
        columns: vec!["user_id".to_owned()],
        filters: vec!["channel = sms".to_owned()],
        ..ExportQuery::default()
    };
    for how in RowFormat::ALL {
        let found = bytes(ExportTable::Sessions, &question, how, &capture)
            .await
            .unwrap();
        match how {
            RowFormat::Csv => assert_eq!(found, b"user_id\n"),
            RowFormat::Jsonl => assert_eq!(found, b""),
            RowFormat::Arrow => {
                let mut reader = StreamReader::try_new(found.as_slice(), None).unwrap();
                assert!(reader.next().is_none());
            }
            RowFormat::Parquet => {
                let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(found));
                assert_eq!(reader.unwrap().metadata().file_metadata().num_rows(), 0);
            }
        }
    }
}

#[tokio::test]
async fn an_answer_is_a_table_too() {
    let held = capture(&sessions(TABLE), Layout::Files);
    let query = Query {
        metrics: vec!["sessions".to_owned(), "engagement_rate".to_owned()],
        dimensions: vec!["channel".to_owned()],
        order: vec!["channel".to_owned()],
        now: instant("2026-02-01T00:00:00Z"),
        ..Query::default()
    };
    let result = engine().run(&query, &held.capture).await.unwrap();
    let rows = result.rows().unwrap();
    assert_eq!(rows.num_rows(), result.rows.len());
    let values = rows
        .column_by_name("sessions")
        .unwrap()
        .as_primitive::<Float64Type>();
    let wanted = result.rows.iter().map(|row| row.metrics["sessions"].value);
    assert!(values.iter().eq(wanted));
    let csv = format::encode(RowFormat::Csv, &rows, Options::default()).unwrap();
    let head = String::from_utf8(csv).unwrap();
    let head = head.lines().next().unwrap();
    assert!(head.starts_with("channel,sessions,"), "{head}");
    assert!(head.contains(",engagement_rate_low,"), "{head}");
}
