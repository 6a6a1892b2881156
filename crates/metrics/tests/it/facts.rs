//! Facts from tables of text, and captures of them in memory and files.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use tempfile::TempDir;
use upshot_core::facts::{LIST_FIELDS, TOPIC_SEPARATOR};
use upshot_core::time::{MINUTE, day_of};
use upshot_core::words::Rule;
use upshot_core::{Attributes, Field, FieldKind, FieldSource, Message, Record, Session, Step};
use upshot_lake::capture::lone_message_key;
use upshot_lake::schema::BatchBuilder;
use upshot_lake::{Capture, DataFile, Table, TableCapture};
use upshot_metrics::filter::parse_duration;
use upshot_metrics::time::parse_instant;
use xxhash_rust::xxh3::xxh3_64;

/// 2026-01-05, a Monday, 09:00 UTC: when the first session of a table starts unless it says else.
pub const FIRST_START: i64 = 1_767_603_600_000_000;

/// A row's cells by column.
struct Cells {
    fields: &'static [Field],
    cells: HashMap<usize, String>,
    attributes: Attributes,
}

impl FieldSource for Cells {
    fn text(&self, index: usize) -> Option<&str> {
        self.cells.get(&index).map(String::as_str)
    }
    fn integer(&self, index: usize) -> Option<i64> {
        let text = self.cells.get(&index)?;
        let field = &self.fields[index];
        if matches!(field.kind, FieldKind::Instant | FieldKind::Time) {
            return Some(instant(text));
        }
        let number = text.parse().ok().or_else(|| parse_duration(text));
        Some(number.unwrap_or_else(|| panic!("`{text}` is no number for {}", field.name)))
    }
    fn real(&self, index: usize) -> Option<f64> {
        self.cells.get(&index).map(|text| text.parse().unwrap())
    }
    fn flag(&self, index: usize) -> Option<bool> {
        self.cells.get(&index).map(|text| yes(text))
    }
    fn map(&self, _index: usize) -> Attributes {
        self.attributes.clone()
    }
}

/// Facts of all kinds.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub sessions: Vec<Session>,
    pub messages: Vec<Message>,
    pub steps: Vec<Step>,
}

/// The facts of tables: sessions alone, or `sessions:`, `messages:` and `steps:` each with its table, joined
/// by the column `session`. Sessions that only messages or steps name are plain ones.
pub fn facts(text: &str) -> Facts {
    let mut tables: Vec<(&str, String)> = vec![("sessions", String::new())];
    for line in text.lines() {
        match line.trim().strip_suffix(':') {
            Some(name @ ("sessions" | "messages" | "steps")) => tables.push((name, String::new())),
            _ => {
                let table = &mut tables.last_mut().unwrap().1;
                table.push_str(line);
                table.push('\n');
            }
        }
    }
    let several = tables.len() > 1;
    let mut facts = Facts::default();
    let mut names: Vec<String> = Vec::new();
    for (name, table) in tables {
        if table.trim().is_empty() && (several || name != "sessions") {
            continue;
        }
        // In between, empty lines only divide tables.
        let table = match several {
            true => format!("\n{}\n", table.trim()),
            false => table,
        };
        for row in table_rows(&table) {
            match name {
                "sessions" => add_sessions(&row, &mut facts.sessions, &mut names),
                "messages" => {
                    let of = session_of(&row, &mut facts.sessions, &mut names);
                    facts.messages.push(message(&row, of, facts.messages.len()));
                }
                _ => {
                    let of = session_of(&row, &mut facts.sessions, &mut names);
                    facts
                        .steps
                        .push(step(&row, &of.unwrap(), facts.steps.len()));
                }
            }
        }
    }
    facts
}

/// The session that a row names; nothing where its cell is empty.
fn session_of(
    row: &BTreeMap<String, String>,
    sessions: &mut Vec<Session>,
    names: &mut Vec<String>,
) -> Option<Session> {
    let name = row.get("session")?;
    if !names.contains(name) {
        let plain = BTreeMap::from([("session".to_owned(), name.clone())]);
        add_sessions(&plain, sessions, names);
    }
    let index = names.iter().position(|known| known == name)?;
    Some(sessions[index].clone())
}

/// The cells of a row of messages or steps as a record; `after` is how long after the session's start.
fn record<R: Record>(row: &BTreeMap<String, String>, kind: &str) -> R {
    let mut cells = HashMap::new();
    for (column, cell) in row {
        let column = match column.as_str() {
            "session" | "after" => continue,
            "kind" => format!("{kind}_kind"),
            "topic" | "agent" | "option" | "question" | "previous_topic" => format!("{column}_id"),
            other => other.to_owned(),
        };
        let index = R::field(&column).unwrap_or_else(|| panic!("no column `{column}`"));
        cells.insert(index, cell_of(&column, cell));
    }
    R::read(&Cells {
        fields: R::FIELDS,
        cells,
        attributes: Attributes::new(),
    })
}

/// A cell as its column holds it: the values of a list stand between commas.
fn cell_of(column: &str, cell: &str) -> String {
    match LIST_FIELDS.contains(&column) {
        true => cell
            .split(',')
            .map(str::trim)
            .collect::<Vec<_>>()
            .join(&TOPIC_SEPARATOR.to_string()),
        false => cell.to_owned(),
    }
}

/// When a row happened: as it says itself, so long after its session's start, or some seconds after.
fn time_of(row: &BTreeMap<String, String>, own: i64, start: i64, number: usize) -> i64 {
    if own != 0 {
        return own;
    }
    let after = row.get("after").map(|text| parse_duration(text).unwrap());
    start + after.unwrap_or(number as i64 * 1_000_000)
}

fn message(row: &BTreeMap<String, String>, session: Option<Session>, number: usize) -> Message {
    let own: Message = record(row, "message");
    let start = session
        .as_ref()
        .map_or(FIRST_START, |session| session.start_time);
    let time = time_of(row, own.time, start, number);
    let conversation = format!("conversation-of-message-{number}");
    let mut message = Message {
        event_id: format!("message-{number}").into(),
        fact_set: Some("default@1/fold1".into()),
        conversation_id: conversation.as_str().into(),
        user_key: Some(key(&conversation)),
        session_start: time,
        position: number as i64 + 1,
        time,
        ..own
    };
    if let Some(session) = session {
        message.session_id = Some(session.session_id);
        message.conversation_id = session.conversation_id;
        message.session_start = session.start_time;
        message.bot = session.bot;
        message.bot_version = session.bot_version;
        message.environment = session.environment;
        message.channel = session.channel;
        message.user_key = session.user_key;
    }
    message
}

fn step(row: &BTreeMap<String, String>, session: &Session, number: usize) -> Step {
    let own: Step = record(row, "step");
    Step {
        event_id: format!("step-{number}").into(),
        fact_set: Some("default@1/fold1".into()),
        session_id: session.session_id.clone(),
        conversation_id: session.conversation_id.clone(),
        session_start: session.start_time,
        bot: session.bot.clone(),
        bot_version: session.bot_version.clone(),
        environment: session.environment,
        channel: session.channel.clone(),
        user_key: session.user_key,
        position: number as i64 + 1,
        time: time_of(row, own.time, session.start_time, number),
        ..own
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
    let (mut sessions, mut names) = (Vec::new(), Vec::new());
    for row in table_rows(table) {
        add_sessions(&row, &mut sessions, &mut names);
    }
    sessions
}

/// The rows of a table by column; empty cells are left out.
fn table_rows(table: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines = table.lines().skip_while(|line| line.trim().is_empty());
    let cells = |line: &str| {
        line.split('|')
            .map(|cell| cell.trim().to_owned())
            .collect::<Vec<_>>()
    };
    let header = cells(lines.next().expect("a line of column names"));
    let mut rows: Vec<&str> = lines.collect();
    // The text ends in a line break; an empty line before it is a row whose cells are empty.
    if rows.last().is_some_and(|line| line.is_empty()) {
        rows.pop();
    }
    rows.into_iter()
        .map(|line| {
            header
                .iter()
                .cloned()
                .zip(cells(line))
                .filter(|(_, cell)| !cell.is_empty())
                .collect()
        })
        .collect()
}

/// Adds the sessions of a row, of which there may be several alike.
fn add_sessions(
    row: &BTreeMap<String, String>,
    sessions: &mut Vec<Session>,
    names: &mut Vec<String>,
) {
    let times: usize = row
        .get("sessions")
        .map_or(1, |times| times.parse().unwrap());
    for _ in 0..times {
        let number = sessions.len();
        sessions.push(session(row, number));
        names.push(
            row.get("session")
                .cloned()
                .unwrap_or_else(|| number.to_string()),
        );
    }
}

fn session(row: &BTreeMap<String, String>, number: usize) -> Session {
    let (mut cells, mut attributes) = (HashMap::new(), Attributes::new());
    let (mut user, mut later) = (None, Vec::new());
    for (column, cell) in row {
        let column = match column.as_str() {
            "sessions" | "session" => continue,
            "start" => "start_time",
            "conversation" => "conversation_id",
            "topic" => "topic_id",
            "user" => {
                user = Some(cell.clone());
                "user_id"
            }
            "engaged" | "resolved_after" | "accepted" | "acted" => {
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
        cells.insert(index, cell_of(column, cell));
    }
    let mut session = Session::read(&Cells {
        fields: Session::FIELDS,
        cells,
        attributes,
    });
    session.session_id = format!("session-{number}").into();
    session.fact_set = Some("default@1/fold1".into());
    if session.start_time == 0 {
        session.start_time = FIRST_START + number as i64 * MINUTE;
    }
    if session.conversation_id.is_empty() {
        session.conversation_id = format!("conversation-{number}").into();
    }
    let user = user.unwrap_or_else(|| session.conversation_id.to_string());
    // On another device or browser it is another user.
    let device = [&session.device, &session.browser].map(|part| part.as_deref());
    let on_device = [Some(user.as_str()), device[0], device[1]];
    session.user_key = Some(key(&on_device
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("/")));
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
            "acted" => session.first_user_time = yes(cell).then_some(session.start_time),
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
    let facts = Facts {
        sessions: sessions.to_vec(),
        ..Facts::default()
    };
    capture_all(&facts, layout)
}

/// Where a session and all that belongs to it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Files,
    Memory,
    /// Memory, with an older state of the same session in a file.
    Replaced,
}

/// A row with its day, its bucket and which of several files of these it lies in.
type Laid<R> = (R, i32, i32, usize);

/// The rows of one table.
struct Laying<R> {
    files: Vec<Laid<R>>,
    memory: Vec<Laid<R>>,
    /// In which days and buckets memory replaces rows.
    replaced_in: HashSet<(i32, i32)>,
}

impl<R: Record> Laying<R> {
    fn new() -> Self {
        Self {
            files: Vec::new(),
            memory: Vec::new(),
            replaced_in: HashSet::new(),
        }
    }

    fn add(&mut self, place: Place, row: R, old: impl FnOnce(R) -> R, start: i64, number: usize) {
        let laid = (row, day_of(start), (number % 2) as i32, number / 2 % 2);
        match place {
            Place::Files => self.files.push(laid),
            Place::Memory => self.memory.push(laid),
            Place::Replaced => {
                self.replaced_in.insert((laid.1, laid.2));
                self.files
                    .push((old(laid.0.clone()), laid.1, laid.2, laid.3));
                self.memory.push(laid);
            }
        }
    }

    fn capture(
        self,
        table: Table,
        rows: usize,
        replaced: &Arc<HashSet<Box<str>>>,
        folder: &Path,
    ) -> TableCapture {
        let mut by_file: BTreeMap<(i32, i32, usize), Vec<Laid<R>>> = BTreeMap::new();
        for laid in self.files {
            by_file
                .entry((laid.1, laid.2, laid.3))
                .or_default()
                .push(laid);
        }
        // Many small batches, but not thousands.
        let rows = rows.max(self.memory.len() / 40);
        let files = by_file.values().enumerate();
        TableCapture {
            table,
            files: files
                .map(|(id, rows)| write_file(table, id, rows, folder))
                .collect(),
            memory: self
                .memory
                .chunks(rows.max(1))
                .map(|rows| batch(table, rows))
                .collect(),
            replaced: Arc::clone(replaced),
            replaced_in: replaced_in(self.replaced_in, replaced),
        }
    }
}

/// Where these are replaced, with what tells them from others: finer than it must be, of all of them at each place.
pub fn replaced_in(
    places: impl IntoIterator<Item = (i32, i32)>,
    replaced: &HashSet<Box<str>>,
) -> Arc<HashMap<(i32, i32), u64>> {
    let hash = |key: &str| {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        hasher.finish()
    };
    let keys = replaced.iter().map(AsRef::as_ref);
    let fingerprint = keys.map(hash).fold(0, u64::wrapping_add) | 1;
    let places = places.into_iter().map(|place| (place, fingerprint));
    Arc::new(places.collect())
}

/// Lays facts out and captures them. What belongs to a session lies where it lies; a message outside any
/// session lies anywhere.
pub fn capture_all(facts: &Facts, layout: Layout) -> Held {
    let folder = TempDir::new().unwrap();
    let place = |number: usize| match (layout, number % 3) {
        (Layout::Memory(_), _) => Place::Memory,
        (Layout::Files, _) | (Layout::Mixed, 0) => Place::Files,
        (Layout::Mixed, 1) => Place::Memory,
        (Layout::Mixed, _) => Place::Replaced,
    };
    let mut replaced = HashSet::new();
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let mut sessions = Laying::new();
    for (number, session) in facts.sessions.iter().enumerate() {
        numbers.insert(&session.session_id, number);
        if place(number) == Place::Replaced {
            replaced.insert(session.session_id.clone());
        }
        let old = |mut session: Session| {
            session.channel = Some("replaced".into());
            session.messages += 1_000;
            session
        };
        sessions.add(
            place(number),
            session.clone(),
            old,
            session.start_time,
            number,
        );
    }
    let mut messages = Laying::new();
    for (index, message) in facts.messages.iter().enumerate() {
        let number = message.session_id.as_ref().map(|id| numbers[&**id]);
        let place = match number {
            Some(number) => place(number),
            None => place(index),
        };
        if place == Place::Replaced && message.session_id.is_none() {
            replaced.insert(lone_message_key(&message.event_id).into());
        }
        let old = |mut message: Message| {
            message.channel = Some("replaced".into());
            message.intent = Some("replaced".into());
            message
        };
        let number = number.unwrap_or(index);
        messages.add(place, message.clone(), old, message.session_start, number);
    }
    let mut steps = Laying::new();
    for step in &facts.steps {
        let number = numbers[&*step.session_id];
        let old = |mut step: Step| {
            step.option_title = Some("replaced".into());
            step
        };
        steps.add(place(number), step.clone(), old, step.session_start, number);
    }
    let rows = if let Layout::Memory(rows) = layout {
        rows
    } else {
        2
    };
    let replaced = Arc::new(replaced);
    let tables = vec![
        sessions.capture(Table::Sessions, rows, &replaced, folder.path()),
        messages.capture(Table::Messages, rows, &replaced, folder.path()),
        steps.capture(Table::Steps, rows, &replaced, folder.path()),
    ];
    Held {
        capture: Capture {
            workspace: "default".to_owned(),
            fact_set: "default@1/fold1".to_owned(),
            snapshot: 7,
            version: 1,
            tables,
            ..Capture::default()
        },
        _folder: folder,
    }
}

fn batch<R: Record>(table: Table, rows: &[Laid<R>]) -> arrow::array::RecordBatch {
    let mut builder = BatchBuilder::new(table);
    for (row, day, bucket, _) in rows {
        builder.push(row, *day, *bucket);
    }
    builder.finish().unwrap()
}

/// A file with row groups of three rows.
fn write_file<R: Record>(table: Table, id: usize, rows: &[Laid<R>], folder: &Path) -> DataFile {
    let path = folder.join(format!("{}-{id}.parquet", table.name()));
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(3.max(rows.len() / 10)))
        .set_column_bloom_filter_enabled("session_id".into(), true)
        .build();
    let file = File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(file, table.schema(), Some(properties)).unwrap();
    writer.write(&batch(table, rows)).unwrap();
    writer.close().unwrap();
    DataFile {
        id: id as i64,
        bytes: std::fs::metadata(&path).unwrap().len(),
        path,
        day: rows[0].1,
        bucket: rows[0].2,
        rows: rows.len() as u64,
        footer_bytes: 0,
        fact_set: "default@1/fold1".to_owned(),
    }
}
