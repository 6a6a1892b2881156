//! `verify` finds each kind of damage that is planted in a data directory, and names it. What cannot
//! even be opened says so when it is opened.

use std::fs;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use upshot_core::facts::{Message, Step};
use upshot_core::{Event, Record, Session};
use upshot_lake::schema::{BatchBuilder, BatchReader};
use upshot_lake::{Lake, Table};
use xxhash_rust::xxh3::xxh3_64;

use crate::engine::{Bench, demo_days};

/// What is done to a closed data directory.
enum Damage {
    File(fn(&Path)),
    Catalog(&'static str),
    Sessions(fn(&mut Vec<Session>)),
    Events(fn(&mut Vec<Event>)),
    Messages(fn(&mut Vec<Message>)),
    Steps(fn(&mut Vec<Step>)),
    /// Rows and catalog agree on a bucket that is not that of the conversation.
    Bucket,
    Day,
}

/// The data file of a table with the most bytes.
fn largest(directory: &Path, table: &str) -> PathBuf {
    let entries = fs::read_dir(directory.join("data/main").join(table)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .max_by_key(|path| fs::metadata(path).unwrap().len())
        .unwrap()
}

fn flip(path: &Path, position: usize) {
    let mut content = fs::read(path).unwrap();
    content[position] ^= 4;
    fs::write(path, content).unwrap();
}

async fn execute(directory: &Path, statement: &str) {
    let options = SqliteConnectOptions::new().filename(directory.join("lake.sqlite"));
    let mut connection = options.connect().await.unwrap();
    let result = sqlx::query(AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
        .unwrap();
    assert!(result.rows_affected() > 0, "{statement} changed nothing");
    connection.close().await.unwrap();
}

/// Changes rows of a file, and lets the catalog agree with the new content.
async fn rewrite<T: Record>(
    directory: &Path,
    table: Table,
    bucket_by: i32,
    day_by: i32,
    change: impl FnOnce(&mut Vec<T>),
) {
    let path = largest(directory, table.name());
    let content = bytes::Bytes::from(fs::read(&path).unwrap());
    let batches: Vec<RecordBatch> = ParquetRecordBatchReader::try_new(content, 1 << 20)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut records = Vec::new();
    for batch in &batches {
        let reader = BatchReader::new::<T>(batch).unwrap();
        records.extend((0..reader.len()).map(|row| T::read(&reader.row(row))));
    }
    change(&mut records);
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    let mut parts = name.split('-');
    let date: Vec<&str> = parts.by_ref().take(3).collect();
    let bucket: i32 = parts.next().unwrap().parse().unwrap();
    let date: jiff::civil::Date = date.join("-").parse().unwrap();
    let day = date
        .duration_since(jiff::civil::date(1970, 1, 1))
        .as_hours()
        / 24;
    let day = i32::try_from(day).unwrap();
    let mut builder = BatchBuilder::new(table);
    for record in &records {
        builder.push(record, day + day_by, bucket + bucket_by);
    }
    let batch = builder.finish().unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    let content = writer.into_inner().unwrap();
    fs::write(&path, &content).unwrap();
    let footer = u32::from_le_bytes(content[content.len() - 8..][..4].try_into().unwrap());
    let id = format!("(SELECT data_file_id FROM ducklake_data_file WHERE path = '{name}')");
    execute(
        directory,
        &format!(
            "UPDATE ducklake_data_file SET record_count = {}, file_size_bytes = {}, footer_size = {footer} \
             WHERE data_file_id = {id}",
            records.len(),
            content.len()
        ),
    )
    .await;
    let checksum = xxh3_64(&content).cast_signed();
    let checksum =
        format!("UPDATE upshot_file SET checksum = {checksum} WHERE data_file_id = {id}");
    execute(directory, &checksum).await;
    for (index, value) in [
        (0, day_text(date, day_by)),
        (1, (bucket + bucket_by).to_string()),
    ] {
        let partition = format!(
            "UPDATE ducklake_file_partition_value SET partition_value = '{value}' \
             WHERE data_file_id = {id} AND partition_key_index = {index}"
        );
        execute(directory, &partition).await;
    }
}

fn day_text(date: jiff::civil::Date, by: i32) -> String {
    date.saturating_add(jiff::Span::new().days(by)).to_string()
}

impl Damage {
    async fn plant(&self, directory: &Path) {
        match self {
            Self::File(change) => change(directory),
            Self::Catalog(statement) => execute(directory, statement).await,
            Self::Sessions(change) => rewrite(directory, Table::Sessions, 0, 0, change).await,
            Self::Events(change) => rewrite(directory, Table::Events, 0, 0, change).await,
            Self::Messages(change) => rewrite(directory, Table::Messages, 0, 0, change).await,
            Self::Steps(change) => rewrite(directory, Table::Steps, 0, 0, change).await,
            Self::Bucket => {
                rewrite(directory, Table::Steps, 1, 0, |_: &mut Vec<Step>| {}).await;
            }
            Self::Day => {
                rewrite(directory, Table::Messages, 0, 1, |_: &mut Vec<Message>| {}).await;
            }
        }
    }
}

/// The damage, and what must be found.
const CASES: &[(&str, Damage, &str)] = &[
    (
        "a flipped byte in a data file",
        Damage::File(|directory| flip(&largest(directory, "messages"), 100)),
        "Checksum",
    ),
    (
        "a flipped byte in a data file's footer",
        Damage::File(|directory| {
            let path = largest(directory, "sessions");
            let bytes = fs::metadata(&path).unwrap().len() as usize;
            flip(&path, bytes - 20);
        }),
        "Checksum",
    ),
    (
        "a missing file",
        Damage::File(|directory| fs::remove_file(largest(directory, "texts")).unwrap()),
        "MissingFile",
    ),
    (
        "a file that was cut",
        Damage::File(|directory| {
            let path = largest(directory, "steps");
            let content = fs::read(&path).unwrap();
            fs::write(path, &content[..content.len() / 2]).unwrap();
        }),
        "Size",
    ),
    (
        "a foreign file",
        Damage::File(|directory| {
            fs::write(directory.join("data/main/events/notes.txt"), "mine").unwrap();
        }),
        "Orphan",
    ),
    (
        "a wrong row count in the catalog",
        Damage::Catalog("UPDATE ducklake_data_file SET record_count = record_count + 1"),
        "RowCount",
    ),
    (
        "wrong statistics",
        Damage::Catalog(
            "UPDATE ducklake_file_column_stats SET min_value = 'zzz' WHERE min_value = 'bot' OR min_value = 'user'",
        ),
        "Statistics",
    ),
    (
        "wrong totals of a table",
        Damage::Catalog("UPDATE ducklake_table_stats SET record_count = record_count + 1"),
        "TableStatistics",
    ),
    (
        "a file that belongs to nothing",
        Damage::Catalog("UPDATE ducklake_data_file SET begin_snapshot = 9999"),
        "Snapshot",
    ),
    (
        "a session that was deleted",
        Damage::Sessions(|sessions| drop(sessions.remove(0))),
        "Facts: is missing on day",
    ),
    (
        "a session that stands there twice",
        Damage::Sessions(|sessions| {
            let twice = sessions[0].clone();
            sessions.insert(0, twice);
        }),
        "Duplicate",
    ),
    (
        "a fact that was changed",
        Damage::Sessions(|sessions| sessions[0].end_time += 1),
        "Facts: end_time",
    ),
    (
        "a message that was deleted",
        Damage::Messages(|messages| drop(messages.remove(0))),
        "Facts: messages: ",
    ),
    (
        "a message that was changed",
        Damage::Messages(|messages| messages[0].page = Some("elsewhere".into())),
        "Facts: messages: those in files",
    ),
    (
        "messages of a session that is not there",
        Damage::Messages(|messages| {
            let mut strange = messages[0].clone();
            strange.event_id = "strange".into();
            strange.session_id = Some("strange".into());
            messages.insert(0, strange);
        }),
        "Facts: has messages or steps",
    ),
    (
        "a step that was deleted",
        Damage::Steps(|steps| drop(steps.remove(0))),
        "Facts: steps: ",
    ),
    (
        "a step that was changed",
        Damage::Steps(|steps| steps[0].position += 1000),
        "Facts: steps: those in files",
    ),
    (
        "an event that stands there twice",
        Damage::Events(|events| {
            let twice = events[0].clone();
            events.insert(0, twice);
        }),
        "Duplicate",
    ),
    (
        "an event that was deleted",
        Damage::Events(|events| {
            let conversation = events[0].conversation_id.clone();
            events.retain(|event| event.conversation_id != conversation);
        }),
        "Facts: has no events",
    ),
    (
        "rows that are not in order",
        Damage::Events(|events| events.reverse()),
        "Unsorted",
    ),
    ("rows of another bucket", Damage::Bucket, "Partition"),
    ("rows of another day", Damage::Day, "Partition"),
    (
        "a broken frame of the log",
        Damage::File(|directory| {
            let path = directory
                .join("log")
                .join(upshot_lake::log::segment::name(1));
            let content = fs::read(&path).unwrap();
            let frame = content
                .windows(4)
                .position(|window| window == b"UPFR")
                .unwrap();
            flip(&path, frame + 60);
        }),
        "Open: log segment",
    ),
    (
        "a mark beyond the log",
        Damage::Catalog("UPDATE upshot_mark SET events_mark = 1000, facts_mark = 1000"),
        "Open: the log in",
    ),
    (
        "a data directory without its description",
        Damage::File(|directory| fs::remove_file(directory.join("upshot.json")).unwrap()),
        "Open: the data directory",
    ),
];

/// Everything that is found, with the name of its kind.
async fn findings(bench: &Bench) -> Vec<String> {
    let lake = match Lake::open(bench.options()).await {
        Ok(lake) => lake,
        Err(error) => return vec![format!("Open: {error}")],
    };
    let report = lake.verify(true).await.unwrap();
    lake.close().await.unwrap();
    let problems = report.catalog.problems.iter();
    let problems = problems.map(|problem| format!("{:?}: {problem}", problem.kind));
    let facts = report
        .facts
        .iter()
        .map(|fact| format!("Facts: {}", fact.what));
    problems.chain(facts).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_planted_damage_is_found_by_name() {
    let original = Bench::new(2);
    let lake = original.open().await;
    for part in demo_days(8, 2).chunks(40) {
        lake.append("main", part).await.unwrap();
    }
    lake.flush_and_seal().await.unwrap();
    lake.close().await.unwrap();
    drop(lake);
    let healthy = Bench::new(2);
    let directory = original.folder.path().join("data");
    copy(&directory, &healthy.folder.path().join("data"));
    assert_eq!(findings(&healthy).await, Vec::<String>::new());
    for (name, damage, wanted) in CASES {
        let bench = Bench::new(2);
        let directory = bench.folder.path().join("data");
        copy(&original.folder.path().join("data"), &directory);
        damage.plant(&directory).await;
        let found = findings(&bench).await;
        let is_found = found.iter().any(|finding| finding.starts_with(wanted));
        assert!(is_found, "{name}: {wanted} is not among {found:#?}");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
