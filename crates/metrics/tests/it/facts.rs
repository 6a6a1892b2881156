//! Sessions from a table of text, and captures of them in memory and files.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use tempfile::TempDir;
use upshot_core::facts::TOPIC_SEPARATOR;
use upshot_core::time::{MINUTE, day_of};
use upshot_core::words::Rule;
use upshot_core::{Attributes, FieldKind, FieldSource, Record, Session};
use upshot_lake::schema::BatchBuilder;
use upshot_lake::{Capture, DataFile, Table, TableCapture};
use upshot_metrics::filter::parse_duration;
use upshot_metrics::time::parse_instant;
use xxhash_rust::xxh3::xxh3_64;

/// 2026-01-05, a Monday, 09:00 UTC: when the first session of a table starts unless it says else.
pub const FIRST_START: i64 = 1_767_603_600_000_000;

/// A row's cells by column.
struct Cells(HashMap<usize, String>, Attributes);

impl FieldSource for Cells {
    fn text(&self, index: usize) -> Option<&str> {
        self.0.get(&index).map(String::as_str)
    }
    fn integer(&self, index: usize) -> Option<i64> {
        let text = self.0.get(&index)?;
        let field = &Session::FIELDS[index];
        if matches!(field.kind, FieldKind::Instant | FieldKind::Time) {
            return Some(instant(text));
        }
        let number = text.parse().ok().or_else(|| parse_duration(text));
        Some(number.unwrap_or_else(|| panic!("`{text}` is no number for {}", field.name)))
    }
    fn real(&self, index: usize) -> Option<f64> {
        self.0.get(&index).map(|text| text.parse().unwrap())
    }
    fn flag(&self, index: usize) -> Option<bool> {
        self.0.get(&index).map(|text| yes(text))
    }
    fn map(&self, _index: usize) -> Attributes {
        self.1.clone()
    }
}

pub fn instant(text: &str) -> i64 {
    parse_instant(text, &TimeZone::UTC).unwrap_or_else(|| panic!("`{text}` is no time"))
}

fn yes(text: &str) -> bool {
    match text {
        "yes" => true,
        "no" => false,
        other => panic!("`{other}` is neither yes nor no"),
    }
}

fn key(text: &str) -> i64 {
    xxh3_64(text.as_bytes()) as i64
}

/// The sessions of a table: a line of column names, then a line a session, cells between `|`.
pub fn sessions(table: &str) -> Vec<Session> {
    let mut lines = table.lines().skip_while(|line| line.trim().is_empty());
    let cells = |line: &str| {
        line.split('|')
            .map(|cell| cell.trim().to_owned())
            .collect::<Vec<_>>()
    };
    let header = cells(lines.next().expect("a line of column names"));
    let mut sessions: Vec<Session> = Vec::new();
    let mut rows: Vec<&str> = lines.collect();
    // The text ends in a line break; an empty line before it is a row whose cells are empty.
    if rows.last().is_some_and(|line| line.is_empty()) {
        rows.pop();
    }
    for line in rows {
        let row: BTreeMap<String, String> = header
            .iter()
            .cloned()
            .zip(cells(line))
            .filter(|(_, cell)| !cell.is_empty())
            .collect();
        let times: usize = row
            .get("sessions")
            .map_or(1, |times| times.parse().unwrap());
        for _ in 0..times {
            let number = sessions.len();
            sessions.push(session(&row, number));
        }
    }
    sessions
}

fn session(row: &BTreeMap<String, String>, number: usize) -> Session {
    let (mut cells, mut attributes) = (HashMap::new(), Attributes::new());
    let (mut user, mut later) = (None, Vec::new());
    for (column, cell) in row {
        let column = match column.as_str() {
            "sessions" => continue,
            "start" => "start_time",
            "conversation" => "conversation_id",
            "topic" => "topic_id",
            "user" => {
                user = Some(cell.clone());
                "user_id"
            }
            "engaged" | "resolved_after" | "accepted" => {
                later.push((column.as_str(), cell.as_str()));
                continue;
            }
            other => other,
        };
        if let Some(name) = column.strip_prefix("attribute.") {
            attributes.insert(name.into(), cell.as_str().into());
            continue;
        }
        let index = Session::field(column).unwrap_or_else(|| panic!("no column `{column}`"));
        let cell = match column {
            "topics" => cell
                .split(',')
                .map(str::trim)
                .collect::<Vec<_>>()
                .join(&TOPIC_SEPARATOR.to_string()),
            _ => cell.clone(),
        };
        cells.insert(index, cell);
    }
    let mut session = Session::read(&Cells(cells, attributes));
    session.session_id = format!("session-{number}").into();
    session.fact_set = Some("default@1/fold1".into());
    if session.start_time == 0 {
        session.start_time = FIRST_START + number as i64 * MINUTE;
    }
    if session.conversation_id.is_empty() {
        session.conversation_id = format!("conversation-{number}").into();
    }
    let user = user.unwrap_or_else(|| session.conversation_id.to_string());
    session.user_key = Some(key(&user));
    session.person_key = Some(key(&user));
    session.end_time = session.start_time + session.duration;
    let outcome = session.outcome.map(|outcome| outcome.to_string());
    if outcome.is_some_and(|outcome| outcome != "none") {
        session.engaged_time = Some(session.start_time);
        session.engaged_rule = Some(Rule::CustomTopic);
    }
    for (column, cell) in later {
        match column {
            "engaged" => {
                session.engaged_time = yes(cell).then_some(session.start_time);
                session.engaged_rule = yes(cell).then_some(Rule::CustomTopic);
            }
            "accepted" => session.accepted_time = yes(cell).then_some(session.start_time),
            _ => session.resolved_time = Some(session.start_time + parse_duration(cell).unwrap()),
        }
    }
    session
}

/// Where the sessions of a capture are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// All in memory, in batches of so many rows.
    Memory(usize),
    /// All in files, one or more a day.
    Files,
    /// Every second session in files, the others in memory; some in files are replaced by memory.
    Mixed,
}

/// A capture, with the folder that holds its files.
pub struct Held {
    pub capture: Capture,
    _folder: TempDir,
}

/// Lays sessions out and captures them.
pub fn capture(sessions: &[Session], layout: Layout) -> Held {
    let folder = TempDir::new().unwrap();
    let mut replaced = HashSet::new();
    let (in_files, in_memory): (Vec<Session>, Vec<Session>) = match layout {
        Layout::Memory(_) => (Vec::new(), sessions.to_vec()),
        Layout::Files => (sessions.to_vec(), Vec::new()),
        Layout::Mixed => {
            let mut files = Vec::new();
            let mut memory = Vec::new();
            for (index, session) in sessions.iter().enumerate() {
                match index % 3 {
                    0 => files.push(session.clone()),
                    1 => memory.push(session.clone()),
                    _ => {
                        // An older state of the same session lies in a file.
                        let mut old = session.clone();
                        old.channel = Some("replaced".into());
                        old.messages += 1_000;
                        files.push(old);
                        memory.push(session.clone());
                        replaced.insert(session.session_id.clone());
                    }
                }
            }
            (files, memory)
        }
    };
    let rows = if let Layout::Memory(rows) = layout {
        rows
    } else {
        2
    };
    let memory = in_memory.chunks(rows.max(1)).map(batch).collect();
    let files = write_files(&in_files, folder.path());
    let sessions = TableCapture {
        table: Table::Sessions,
        files,
        memory,
        replaced: Arc::new(replaced),
    };
    let capture = Capture {
        workspace: "default".to_owned(),
        fact_set: "default@1/fold1".to_owned(),
        snapshot: 7,
        version: 1,
        tables: vec![sessions],
    };
    Held {
        capture,
        _folder: folder,
    }
}

fn batch(sessions: &[Session]) -> arrow::array::RecordBatch {
    let mut builder = BatchBuilder::new(Table::Sessions);
    for session in sessions {
        builder.push(session, day_of(session.start_time), 0);
    }
    builder.finish().unwrap()
}

/// Two files a day, each with row groups of three rows.
fn write_files(sessions: &[Session], folder: &Path) -> Vec<DataFile> {
    let mut by_file: BTreeMap<(i32, usize), Vec<Session>> = BTreeMap::new();
    for (index, session) in sessions.iter().enumerate() {
        by_file
            .entry((day_of(session.start_time), index % 2))
            .or_default()
            .push(session.clone());
    }
    let files = by_file.into_iter().enumerate();
    files
        .map(|(id, ((day, _), rows))| write_file(id, day, &rows, folder))
        .collect()
}

fn write_file(id: usize, day: i32, rows: &[Session], folder: &Path) -> DataFile {
    let path = folder.join(format!("{id}.parquet"));
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(3))
        .set_column_bloom_filter_enabled("session_id".into(), true)
        .build();
    let file = File::create(&path).unwrap();
    let mut writer =
        ArrowWriter::try_new(file, Table::Sessions.schema(), Some(properties)).unwrap();
    writer.write(&batch(rows)).unwrap();
    writer.close().unwrap();
    DataFile {
        id: id as i64,
        bytes: std::fs::metadata(&path).unwrap().len(),
        path,
        day,
        bucket: 0,
        rows: rows.len() as u64,
        footer_bytes: 0,
        fact_set: "default@1/fold1".to_owned(),
    }
}
