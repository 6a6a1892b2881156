//! Measures what needs more than one conversation over made-up sessions in Parquet files, one file a day.
//!
//! `cargo run --release -p upshot-metrics --example measure_people -- FOLDER [SESSIONS] [DAYS] [THREADS]`
//! makes the files if the folder has none: half as many users as sessions, thirty topics.

use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use upshot_lake::{Capture, DataFile, Table, TableCapture};
use upshot_metrics::{Engine, EngineOptions, Query, RangeSpec, RetentionQuery, RollupOptions};

const FIRST_DAY: i32 = 20_454;
const DAY: i64 = 86_400_000_000;

/// A number that looks random, the same for the same row and purpose.
fn random(row: u64, purpose: u64) -> u64 {
    let mut mixed = (row ^ purpose.rotate_left(40)).wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

fn rows(day: i32, first: u64, count: u64, users: u64) -> Result<RecordBatch, Box<dyn Error>> {
    let each = |purpose: u64| (first..first + count).map(move |row| random(row, purpose));
    let person: Vec<i64> = each(1)
        .map(|number| random(number % users, 9) as i64)
        .collect();
    let start: Vec<i64> = each(2)
        .map(|number| i64::from(day) * DAY + (number % DAY as u64) as i64)
        .collect();
    let time = |times: Vec<Option<i64>>| -> ArrayRef {
        Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC"))
    };
    let device = each(3).map(|number| (number % 5 == 0) as i64);
    let user: Int64Array = person
        .iter()
        .zip(device)
        .map(|(person, device)| person ^ device)
        .collect();
    let ids = |purpose| -> ArrayRef {
        Arc::new(
            each(purpose)
                .map(|number| Some(format!("{number:016x}")))
                .collect::<StringArray>(),
        )
    };
    let topics: StringArray = each(4)
        .map(|number| Some(format!("topic_{}", number % 30)))
        .collect();
    let outcomes: StringArray = each(5)
        .map(|number| {
            Some(["none", "resolved", "resolved", "escalated", "abandoned"][number as usize % 5])
        })
        .collect();
    let all = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text; count as usize])) };
    let none = |_| -> ArrayRef { Arc::new(BooleanArray::from(vec![false; count as usize])) };
    let starts: Vec<Option<i64>> = start.iter().map(|time| Some(*time)).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "day",
            Arc::new(Date32Array::from(vec![day; count as usize])),
        ),
        (
            "bucket",
            Arc::new(Int32Array::from(vec![0; count as usize])),
        ),
        ("session_id", ids(6)),
        ("conversation_id", ids(7)),
        ("fact_set", all("default@1/fold1")),
        ("start_time", time(starts.clone())),
        ("first_user_time", time(starts.clone())),
        ("engaged_time", time(starts)),
        ("environment", all("production")),
        ("user_key", Arc::new(user)),
        ("person_key", Arc::new(Int64Array::from(person))),
        ("unlinkable", none(0)),
        ("open", none(1)),
        ("topic_id", Arc::new(topics)),
        ("outcome", Arc::new(outcomes)),
    ];
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| {
            Field::new(
                *name,
                array.data_type().clone(),
                *array.data_type() == DataType::Utf8,
            )
        })
        .collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

fn make(folder: &Path, sessions: u64, days: u64) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    let (per_day, users) = (sessions / days, sessions / 2);
    for index in 0..days {
        let day = FIRST_DAY + i32::try_from(index)?;
        let batch = rows(day, index * per_day, per_day, users)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_column_bloom_filter_enabled("session_id".into(), true)
            .build();
        let file = File::create(folder.join(format!("{day}.parquet")))?;
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties))?;
        writer.write(&batch)?;
        writer.close()?;
    }
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<DataFile>, Box<dyn Error>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    let file = |(id, path): (usize, PathBuf)| -> Result<DataFile, Box<dyn Error>> {
        let name = path
            .file_stem()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let reader = parquet::file::reader::SerializedFileReader::new(File::open(&path)?)?;
        let metadata = parquet::file::reader::FileReader::metadata(&reader);
        Ok(DataFile {
            id: id as i64,
            day: name.parse()?,
            bucket: 0,
            rows: u64::try_from(metadata.file_metadata().num_rows())?,
            bytes: std::fs::metadata(&path)?.len(),
            path,
            footer_bytes: 0,
            fact_set: "default@1/fold1".to_owned(),
        })
    };
    paths.into_iter().enumerate().map(file).collect()
}

fn captured(files: Vec<DataFile>, memory: Vec<RecordBatch>) -> Capture {
    Capture {
        workspace: "main".to_owned(),
        fact_set: "default@1/fold1".to_owned(),
        snapshot: 1,
        version: 1,
        tables: vec![TableCapture {
            table: Table::Sessions,
            files,
            memory,
            replaced: Arc::default(),
            replaced_in: Arc::default(),
        }],
        ..Capture::default()
    }
}

/// Resident memory now and at its highest, in MiB.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        number.unwrap_or(0) / 1024
    };
    format!("{} MiB, at most {} MiB", line("VmRSS:"), line("VmHWM:"))
}

/// What the process has used of processors so far, in milliseconds.
fn processor_milliseconds() -> u64 {
    let statistics = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let mut ticks = statistics.split_whitespace().skip(13);
    ticks
        .next()
        .and_then(|ticks| ticks.parse::<u64>().ok())
        .unwrap_or(0)
        * 10
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize, usual: u64| {
        arguments
            .get(index)
            .map_or(Ok(usual), |text| text.parse::<u64>())
    };
    let folder = PathBuf::from(arguments.first().ok_or("name a folder")?);
    let (sessions, days, threads) = (number(1, 10_000_000)?, number(2, 365)?, number(3, 2)?);
    if !folder.exists() {
        make(&folder, sessions, days)?;
    }
    let all = files(&folder)?;
    let now = i64::from(FIRST_DAY + i32::try_from(days)?) * DAY;
    let engine = Engine::new(EngineOptions {
        memory_limit_bytes: 1 << 30,
        threads: usize::try_from(threads)?,
        rollups: RollupOptions {
            memory_bytes: 0,
            ..RollupOptions::default()
        },
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let ask = |what: &str, metrics: &[&str], last: Option<&str>, capture: &Capture| {
        let query = Query {
            metrics: metrics.iter().map(|id| (*id).to_owned()).collect(),
            range: RangeSpec {
                last: last.map(str::to_owned),
                ..RangeSpec::default()
            },
            now,
            ..Query::default()
        };
        let (began, used) = (Instant::now(), processor_milliseconds());
        let result = runtime.block_on(engine.run(&query, capture))?;
        let values: Vec<String> = metrics
            .iter()
            .map(|id| format!("{id} {:?}", result.totals[*id].value.unwrap_or_default()))
            .collect();
        let took = began.elapsed().as_millis();
        let used = processor_milliseconds() - used;
        println!(
            "{what}: {took} ms, {used} ms of processors; {}; {}",
            values.join(", "),
            memory()
        );
        Ok::<(), Box<dyn Error>>(())
    };
    println!("{} files, {} sessions; {}", all.len(), sessions, memory());
    let without_last = captured(all[..all.len() - 1].to_vec(), Vec::new());
    let users = ["new_users", "returning_users"];
    let plain = ["users"];
    let contacts = ["first_contact_resolution", "durable_resolution_rate"];
    ask(
        "users, 28 days, nothing read yet",
        &plain,
        Some("28d"),
        &without_last,
    )?;
    ask(
        "new users, 28 days, history made",
        &users,
        Some("28d"),
        &without_last,
    )?;
    let full = captured(all.clone(), Vec::new());
    ask("a file more", &users, Some("28d"), &full)?;
    ask("again", &users, Some("28d"), &full)?;
    let day = FIRST_DAY + i32::try_from(days)? - 1;
    let later = captured(all.clone(), vec![rows(day, sessions, 1_000, sessions / 2)?]);
    ask("1,000 sessions more in memory", &users, Some("28d"), &later)?;
    ask("users, 28 days", &plain, Some("28d"), &full)?;
    ask("contacts, 28 days", &contacts, Some("28d"), &full)?;
    ask("users, whole history", &plain, None, &full)?;
    ask("new users, whole history", &users, None, &full)?;
    ask("contacts, whole history", &contacts, None, &full)?;
    let (began, used) = (Instant::now(), processor_milliseconds());
    let retention = RetentionQuery {
        now,
        ..RetentionQuery::default()
    };
    let result = runtime.block_on(engine.retention(&retention, &full))?;
    let (took, used) = (began.elapsed().as_millis(), processor_milliseconds() - used);
    println!(
        "retention by week, whole history: {took} ms, {used} ms of processors; {} cohorts; {}",
        result.cohorts.len(),
        memory()
    );
    Ok(())
}
