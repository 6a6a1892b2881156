//! What the tests of all formats share.

use std::fmt::Write as _;
use std::path::PathBuf;

use upshot_adapters::{Batch, Format, ImportOptions, Reader, Summary, write_event};
use upshot_core::{Event, Field, FieldKind, FieldSink, Record};

pub const RECEIVED: i64 = 1_767_225_600_000_000;

pub fn options(file_name: &str) -> ImportOptions {
    ImportOptions {
        file_name: file_name.to_owned(),
        received_time: RECEIVED,
        ..ImportOptions::default()
    }
}

pub fn read_with(options: ImportOptions, chunks: &[&[u8]]) -> (Batch, Summary) {
    let mut reader = Reader::new(options);
    let mut batch = Batch::default();
    for chunk in chunks {
        reader.feed(chunk, &mut batch);
    }
    let summary = reader.finish(&mut batch);
    assert_eq!(summary.events, batch.events.len() as u64);
    assert_eq!(summary.rejected, batch.rejected.len() as u64);
    (batch, summary)
}

/// Reads with the format recognised.
pub fn read(bytes: &[u8]) -> (Batch, Summary) {
    read_with(options("file"), &[bytes])
}

pub fn read_as(format: Format, bytes: &[u8]) -> (Batch, Summary) {
    let options = ImportOptions {
        format: Some(format),
        ..options("file")
    };
    read_with(options, &[bytes])
}

pub fn ids(batch: &Batch) -> Vec<&str> {
    batch.events.iter().map(|it| &*it.event_id).collect()
}

pub fn fixture_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

pub fn fixture(name: &str) -> Vec<u8> {
    let path = fixture_path(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All fixtures of a folder, by name.
pub fn fixtures(folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = std::fs::read_dir(fixture_path(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(&path).unwrap())
        })
        .collect::<Vec<_>>();
    files.sort();
    files
}

/// A batch as people read it: events one a line, with what was said only.
pub fn render(batch: &Batch) -> String {
    let mut text = String::new();
    for event in &batch.events {
        let mut line = Line::default();
        event.write(&mut line);
        writeln!(text, "{}", line.0.trim_end()).unwrap();
    }
    for rejected in &batch.rejected {
        writeln!(
            text,
            "rejected record {} line {:?} byte {} field {:?}: {} -> {}",
            rejected.position.record,
            rejected.position.line,
            rejected.position.byte,
            rejected.field,
            rejected.reason,
            rejected.cure
        )
        .unwrap();
    }
    text
}

#[derive(Default)]
struct Line(String);

impl Line {
    fn add(&mut self, index: usize, value: Option<String>) {
        const LEFT_OUT: [&str; 3] = ["event_id", "received_time", "source"];
        let field: &Field = &Event::FIELDS[index];
        match (field.name, value) {
            (_, None) => {}
            (name, _) if LEFT_OUT.contains(&name) => {}
            ("event_type", Some(value)) => self.0.push_str(&format!("{value} ")),
            ("source_sequence", Some(value)) => self.0.push_str(&format!("#{value} ")),
            (name, Some(value)) => self.0.push_str(&format!("{name}={value} ")),
        }
    }
}

impl FieldSink for Line {
    fn text(&mut self, index: usize, value: Option<&str>) {
        let plain = |text: &str| {
            text.chars()
                .all(|it| it.is_alphanumeric() || "-_.:".contains(it))
        };
        let value = value.map(|text| match plain(text) && !text.is_empty() {
            true => text.to_owned(),
            false => format!("{text:?}"),
        });
        self.add(index, value);
    }
    fn integer(&mut self, index: usize, value: Option<i64>) {
        let kind = Event::FIELDS[index].kind;
        let value = value.map(|number| match kind {
            FieldKind::Instant | FieldKind::Time => jiff::Timestamp::from_microsecond(number)
                .unwrap()
                .to_string(),
            _ => number.to_string(),
        });
        self.add(index, value);
    }
    fn real(&mut self, index: usize, value: Option<f64>) {
        self.add(index, value.map(|number| number.to_string()));
    }
    fn flag(&mut self, index: usize, value: Option<bool>) {
        self.add(index, value.map(|flag| flag.to_string()));
    }
    fn map(&mut self, index: usize, value: &upshot_core::Attributes) {
        self.add(index, (!value.is_empty()).then(|| format!("{value:?}")));
    }
}

/// The events as lines of our own JSON.
#[allow(dead_code)]
pub fn lines(events: &[Event]) -> String {
    events
        .iter()
        .map(|event| write_event(event) + "\n")
        .collect()
}

/// A small generator with a fixed seed, for tests that mutate bytes.
pub struct Generator(pub u64);

impl Generator {
    pub fn next(&mut self) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}
