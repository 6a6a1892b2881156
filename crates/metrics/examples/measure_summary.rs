//! Measures the summary by channel over made-up sessions in Parquet files, one file a day.
//!
//! `cargo run --release -p upshot-metrics --example measure_summary -- FOLDER [SESSIONS] [DAYS] [THREADS]`
//! makes the files if the folder has none. Options for the writer follow the lake's.

use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array, MapArray,
    RecordBatch, StringArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::datatypes::DataType;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use upshot_lake::{Capture, DataFile, Table, TableCapture};
use upshot_metrics::{Engine, EngineOptions, Query, RollupOptions};

const FIRST_DAY: i32 = 20_454;
const DAY: i64 = 86_400_000_000;

/// A small generator of numbers that look random.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

fn column(
    name: &str,
    kind: &DataType,
    rows: usize,
    day: i32,
    numbers: &mut Numbers,
    users: u64,
) -> ArrayRef {
    const CHANNELS: [&str; 5] = ["web", "whatsapp", "voice", "teams", "messenger"];
    let labels = |values: &[Option<&'static str>], numbers: &mut Numbers| -> ArrayRef {
        Arc::new(
            (0..rows)
                .map(|_| values[numbers.below(values.len() as u64) as usize])
                .collect::<StringArray>(),
        )
    };
    match (name, kind) {
        ("day", _) => Arc::new(Date32Array::from(vec![day; rows])),
        ("bucket", _) => Arc::new(Int32Array::from(vec![0; rows])),
        ("session_id" | "conversation_id", _) => {
            let mut ids: Vec<String> = (0..rows)
                .map(|_| format!("{:016x}", numbers.next()))
                .collect();
            if name == "conversation_id" {
                ids.sort_unstable();
            }
            Arc::new(StringArray::from(ids))
        }
        ("fact_set", _) => Arc::new(StringArray::from(vec!["default@1/fold1"; rows])),
        ("channel", _) => labels(
            &CHANNELS
                .iter()
                .map(|channel| Some(*channel))
                .collect::<Vec<_>>(),
            numbers,
        ),
        ("environment", _) => labels(&[Some("production")], numbers),
        ("outcome", _) => labels(
            &[
                Some("none"),
                Some("none"),
                Some("resolved"),
                Some("resolved"),
                Some("escalated"),
                Some("abandoned"),
            ],
            numbers,
        ),
        ("resolution_kind", _) => {
            labels(&[Some("confirmed"), Some("implied"), None, None], numbers)
        }
        ("engaged_rule", _) => labels(
            &[Some("custom_topic"), Some("escalate_topic"), None],
            numbers,
        ),
        ("topic_id", _) => Arc::new(
            (0..rows)
                .map(|_| Some(format!("topic_{}", numbers.below(30))))
                .collect::<StringArray>(),
        ),
        ("user_id", _) => Arc::new(
            (0..rows)
                .map(|_| Some(format!("u-{:016x}", numbers.below(users))))
                .collect::<StringArray>(),
        ),
        ("user_key" | "person_key", _) => {
            let key = |user: u64| Numbers(user).next() as i64;
            Arc::new(
                (0..rows)
                    .map(|_| Some(key(numbers.below(users))))
                    .collect::<Int64Array>(),
            )
        }
        ("start_time" | "end_time", _) => {
            let time =
                |numbers: &mut Numbers| i64::from(day) * DAY + numbers.below(DAY as u64) as i64;
            let times: TimestampMicrosecondArray = (0..rows).map(|_| Some(time(numbers))).collect();
            Arc::new(times.with_timezone("UTC"))
        }
        ("engaged_time" | "first_user_time", _) => {
            let times: TimestampMicrosecondArray = (0..rows)
                .map(|_| {
                    (numbers.below(3) > 0)
                        .then(|| i64::from(day) * DAY + numbers.below(DAY as u64) as i64)
                })
                .collect();
            Arc::new(times.with_timezone("UTC"))
        }
        ("duration", _) => Arc::new(
            (0..rows)
                .map(|_| Some(numbers.below(600_000_000) as i64))
                .collect::<Int64Array>(),
        ),
        ("messages" | "user_messages" | "bot_messages" | "exchanges" | "user_acts", _) => Arc::new(
            (0..rows)
                .map(|_| Some(numbers.below(30) as i64))
                .collect::<Int64Array>(),
        ),
        ("tokens_input" | "tokens_output", _) => Arc::new(
            (0..rows)
                .map(|_| Some(numbers.below(5_000) as i64))
                .collect::<Int64Array>(),
        ),
        ("csat_score", _) => Arc::new(
            (0..rows)
                .map(|_| (numbers.below(5) == 0).then(|| 1.0 + numbers.below(5) as f64))
                .collect::<Float64Array>(),
        ),
        ("csat_scale_minimum", _) => Arc::new(Float64Array::from(vec![1.0; rows])),
        ("csat_scale_maximum", _) => Arc::new(Float64Array::from(vec![5.0; rows])),
        (_, DataType::Boolean) => Arc::new(BooleanArray::from(vec![false; rows])),
        (_, DataType::Int64) => Arc::new(Int64Array::from(vec![0; rows])),
        (_, DataType::Map(..)) => {
            let nothing = new_null_array(kind, rows);
            Arc::new(MapArray::from(nothing.to_data()))
        }
        _ => new_null_array(kind, rows),
    }
}

fn make(folder: &Path, sessions: usize, days: usize) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    let schema = Table::Sessions.schema();
    let users = (sessions / 2).max(1) as u64;
    for index in 0..days {
        let rows = sessions / days;
        let day = FIRST_DAY + index as i32;
        let mut numbers = Numbers(index as u64);
        let columns = schema
            .fields()
            .iter()
            .map(|field| {
                column(
                    field.name(),
                    field.data_type(),
                    rows,
                    day,
                    &mut numbers,
                    users,
                )
            })
            .collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .build();
        let file = File::create(folder.join(format!("{day}.parquet")))?;
        let mut writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))?;
        writer.write(&batch)?;
        writer.close()?;
    }
    Ok(())
}

fn capture(folder: &Path, rows: u64) -> Result<Capture, Box<dyn Error>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    let mut files = Vec::new();
    for (id, path) in paths.into_iter().enumerate() {
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        files.push(DataFile {
            id: id as i64,
            day: stem.parse()?,
            bucket: 0,
            rows,
            bytes: std::fs::metadata(&path)?.len(),
            footer_bytes: 0,
            fact_set: "default@1/fold1".to_owned(),
            path,
        });
    }
    let sessions = TableCapture {
        table: Table::Sessions,
        files,
        memory: Vec::new(),
        replaced: Arc::default(),
        replaced_in: Arc::default(),
    };
    Ok(Capture {
        workspace: "default".to_owned(),
        fact_set: "default@1/fold1".to_owned(),
        snapshot: 1,
        version: 1,
        tables: vec![sessions],
        ..Capture::default()
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("name a folder")?);
    let mut number = |default: usize| arguments.next().map_or(Ok(default), |text| text.parse());
    let (sessions, days, threads) = (number(10_000_000)?, number(90)?, number(2)?);
    if !folder.exists() {
        let began = Instant::now();
        make(&folder, sessions, days)?;
        println!(
            "made {sessions} sessions in {:.1} s",
            began.elapsed().as_secs_f64()
        );
    }
    let capture = capture(&folder, (sessions / days) as u64)?;
    let engine = Engine::new(EngineOptions {
        memory_limit_bytes: 2 << 30,
        threads,
        rollups: RollupOptions {
            memory_bytes: 0,
            ..RollupOptions::default()
        },
    })?;
    let summary = "sessions,engagement_rate,resolution_rate,escalation_rate,abandon_rate,messages_per_session,\
                   session_duration,tokens_out,csat_score";
    let cases = [
        ("summary by channel", summary, "channel", None),
        ("summary", summary, "", None),
        ("sessions by channel", "sessions", "channel", None),
        ("with distinct users", "sessions,users", "channel", None),
        (
            "median duration",
            "session_duration_median",
            "channel",
            None,
        ),
        (
            "summary by day",
            summary,
            "",
            Some(upshot_metrics::Grain::Day),
        ),
        ("summary by topic", summary, "topic", None),
    ];
    for (name, metrics, by, grain) in cases {
        let query = Query {
            metrics: metrics.split(',').map(str::to_owned).collect(),
            dimensions: by
                .split(',')
                .filter(|by| !by.is_empty())
                .map(str::to_owned)
                .collect(),
            grain,
            now: i64::from(FIRST_DAY + 1_000) * DAY,
            ..Query::default()
        };
        let mut times = Vec::new();
        for _ in 0..7 {
            let result = engine.run(&query, &capture).await?;
            times.push(result.took_milliseconds);
        }
        let first = times[0];
        times.sort_by(f64::total_cmp);
        println!(
            "{name}: best {:.0} ms, median {:.0} ms, first {first:.0} ms",
            times[0], times[3]
        );
    }
    Ok(())
}
