//! `upshot import`: one thread reads, unpacks and understands; the others store.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use indicatif::ProgressBar;
use serde::Serialize;
use tokio::sync::mpsc;
use upshot_adapters::{Batch, Format, ImportOptions, Mapping, Reader, Rejected, write_event};
use upshot_core::Event;
use upshot_lake::Settings;
use upshot_text::{Masker, PrivacyMode};

use crate::arguments::{Common, ImportArguments, OutputFormat};
use crate::client::Client;
use crate::failure::{Failure, REJECTED};
use crate::output::{self, number};
use crate::session::{now, open_lake, spinner};
use crate::sources::{Source, expand};

/// Events are handed on in batches of about this many.
const BATCH_EVENTS: usize = 4096;

/// What became of an import. The JSON shape is stable.
#[derive(Debug, Default, Serialize)]
pub struct ImportReport {
    /// Files that were read.
    pub files: usize,
    /// Records that were found.
    pub records: u64,
    /// Events that they gave.
    pub events: u64,
    /// Events that are new.
    pub added: u64,
    /// Events that had been imported before.
    pub repeated: u64,
    /// Records and events that were rejected.
    pub rejected: u64,
    /// The file that holds them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected_file: Option<PathBuf>,
    /// The formats that were recognised.
    pub formats: Vec<String>,
    /// The first rejections.
    pub examples: Vec<Rejection>,
    /// How long it took.
    pub seconds: f64,
}

/// A record that was not taken in.
#[derive(Debug, Clone, Serialize)]
pub struct Rejection {
    /// The file.
    pub file: String,
    /// Which record of the file, from 1.
    pub record: u64,
    /// In which line, from 1, where lines mean something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// At which byte the record begins.
    pub byte: u64,
    /// Which field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// What would help.
    pub cure: String,
    /// The record's own text, cut short. Only in the file of rejected records.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub raw: String,
}

impl From<Rejected> for Rejection {
    fn from(rejected: Rejected) -> Self {
        Self {
            file: rejected.file,
            record: rejected.position.record,
            line: rejected.position.line,
            byte: rejected.position.byte,
            field: rejected.field,
            reason: rejected.reason,
            cure: rejected.cure,
            raw: rejected.raw,
        }
    }
}

/// Where events go.
enum Target {
    Lake(upshot_lake::Lake),
    Server(Client),
}

/// Runs the command.
pub async fn run(common: &Common, arguments: ImportArguments) -> Result<u8, Failure> {
    let read_as = ReadAs {
        format: parse_format(&arguments.format)?,
        mapping: arguments.mapping.as_deref().map(load_mapping).transpose()?,
    };
    let mode =
        PrivacyMode::parse(&arguments.text).map_err(|error| Failure::usage(error.to_string()))?;
    let sources = expand(&arguments.paths)?;
    if arguments.dry_run {
        return crate::dry_run::run(common, sources, read_as, mode).await;
    }
    let target = match &arguments.server {
        Some(url) => Target::Server(Client::new(url, arguments.key.clone())),
        None => Target::Lake(open_lake(common).await?),
    };
    if let Some(name) = &arguments.profile {
        set_profile(common, &target, &read_as, name).await?;
    }
    let started = Instant::now();
    let mut import = Import::new(common, target, mode)?;
    let outcome = import.run(sources, read_as).await;
    let closed = import.close().await;
    let mut report = outcome?;
    closed?;
    report.seconds = started.elapsed().as_secs_f64();
    print(common, &report)?;
    Ok(if report.rejected > 0 { REJECTED } else { 0 })
}

fn parse_format(name: &str) -> Result<Option<Format>, Failure> {
    if name == "auto" {
        return Ok(None);
    }
    Format::parse(name).map(Some).ok_or_else(|| {
        let known: Vec<&str> = Format::ALL.iter().map(|format| format.as_str()).collect();
        Failure::usage(format!(
            "`{name}` is not a format; known are auto, {}",
            known.join(", ")
        ))
    })
}

/// What files are taken for.
#[derive(Debug, Clone)]
pub struct ReadAs {
    /// The format; recognised by content where none is named.
    format: Option<Format>,
    /// The mapping, which goes before any format.
    mapping: Option<Arc<Mapping>>,
}

impl ReadAs {
    /// The name of what was read, for reports.
    pub fn name(&self, format: Option<Format>) -> String {
        match &self.mapping {
            Some(mapping) => format!("mapping {}", mapping.name()),
            None => format.map_or("unknown", Format::as_str).to_owned(),
        }
    }
}

fn load_mapping(path: &Path) -> Result<Arc<Mapping>, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))?;
    Mapping::from_toml(&text).map(Arc::new).map_err(|error| {
        Failure::usage(format!(
            "the mapping {} cannot be used:\n{error}",
            path.display()
        ))
    })
}

async fn set_profile(
    common: &Common,
    target: &Target,
    read_as: &ReadAs,
    name: &str,
) -> Result<(), Failure> {
    let Target::Lake(lake) = target else {
        return Err(Failure::usage(
            "--profile works on the data directory; stop the server first",
        ));
    };
    let text = crate::profiles::valid_text(name)?;
    let mut settings: Settings = (*lake.settings(&common.workspace)).clone();
    let before = settings.fact_set();
    let mapped = read_as.mapping.as_ref().map(|mapping| mapping.name());
    match mapped.or(read_as.format.map(Format::as_str)) {
        Some(source) => settings = settings.with_profile(Some(source), &text)?,
        // Without a format the profile serves whatever comes.
        None => {
            settings = settings.with_profile(None, &text)?;
            for format in Format::ALL {
                settings = settings.with_profile(Some(format.as_str()), &text)?;
            }
        }
    }
    if settings.fact_set() != before {
        lake.set_settings(&common.workspace, settings).await?;
    }
    Ok(())
}

struct Import<'a> {
    common: &'a Common,
    target: Target,
    masker: Masker,
    mode: PrivacyMode,
    report: ImportReport,
    rejected: Option<BufWriter<File>>,
}

/// What the reading thread hands on.
pub enum Message {
    /// Events and rejections.
    Batch(Batch),
    /// A file was read.
    File {
        /// How many records it holds.
        records: u64,
        /// What was read.
        name: String,
    },
    /// A file could not be read.
    Failed(String),
}

/// So many rejections are shown.
pub const EXAMPLES: usize = 5;

/// Reads the sources, one after another, in a thread of its own.
pub fn start_reading(
    sources: Vec<Source>,
    read_as: ReadAs,
    progress: ProgressBar,
) -> (mpsc::Receiver<Message>, tokio::task::JoinHandle<()>) {
    let (sender, receiver) = mpsc::channel(4);
    let received = now();
    let reading = tokio::task::spawn_blocking(move || {
        for source in &sources {
            if read_source(source, &read_as, received, &progress, &sender).is_err() {
                return;
            }
        }
    });
    (receiver, reading)
}

impl<'a> Import<'a> {
    fn new(common: &'a Common, target: Target, mode: PrivacyMode) -> Result<Self, Failure> {
        let masker = match &target {
            Target::Lake(lake) => Masker::new(lake.secret()),
            // The server masks with its own key.
            Target::Server(_) => Masker::new(&[]),
        };
        Ok(Self {
            common,
            target,
            masker,
            mode,
            report: ImportReport::default(),
            rejected: None,
        })
    }

    async fn run(
        &mut self,
        sources: Vec<Source>,
        read_as: ReadAs,
    ) -> Result<ImportReport, Failure> {
        let total: u64 = sources.iter().map(Source::bytes).sum();
        let progress = spinner(self.common, total);
        let (mut receiver, reading) = start_reading(sources, read_as, progress.clone());
        while let Some(message) = receiver.recv().await {
            match message {
                Message::Batch(batch) => self.store(batch).await?,
                Message::File { records, name } => self.note_file(records, name),
                Message::Failed(reason) => return Err(Failure::failed(reason)),
            }
            progress.set_message(format!("{} events", number(self.report.events)));
        }
        reading
            .await
            .map_err(|error| Failure::failed(error.to_string()))?;
        progress.finish_and_clear();
        if let Some(file) = &mut self.rejected {
            file.flush()?;
        }
        Ok(std::mem::take(&mut self.report))
    }

    fn note_file(&mut self, records: u64, name: String) {
        self.report.files += 1;
        self.report.records += records;
        if !self.report.formats.contains(&name) {
            self.report.formats.push(name);
        }
    }

    async fn store(&mut self, mut batch: Batch) -> Result<(), Failure> {
        self.report.events += batch.events.len() as u64;
        for rejected in batch.rejected.drain(..) {
            self.reject(rejected.into())?;
        }
        if batch.events.is_empty() {
            return Ok(());
        }
        let (added, repeated, refused) = match &self.target {
            Target::Lake(lake) => {
                upshot_text::apply_all(self.mode, &self.masker, &mut batch.events);
                let receipt = lake
                    .append_waiting(&self.common.workspace, &batch.events)
                    .await?;
                let refused: Vec<(usize, String)> = receipt
                    .refused
                    .into_iter()
                    .map(|refused| (refused.index, refused.reason))
                    .collect();
                (receipt.added as u64, receipt.repeated as u64, refused)
            }
            Target::Server(client) => client.send(&self.common.workspace, &batch.events).await?,
        };
        self.report.added += added;
        self.report.repeated += repeated;
        for (index, reason) in refused {
            let event = &batch.events[index];
            self.reject(refusal(event, reason))?;
        }
        Ok(())
    }

    fn reject(&mut self, rejection: Rejection) -> Result<(), Failure> {
        self.report.rejected += 1;
        if self.rejected.is_none() {
            let folder = self.common.data.join("rejected");
            std::fs::create_dir_all(&folder)?;
            let path = folder.join(format!("{}.jsonl", now()));
            self.rejected = Some(BufWriter::new(File::create(&path)?));
            self.report.rejected_file = Some(path);
        }
        if let Some(file) = &mut self.rejected {
            // What people wrote is masked here too.
            let mut kept = rejection.clone();
            kept.raw = match self.mode {
                PrivacyMode::Full => kept.raw,
                PrivacyMode::Masked => self.masker.mask(&kept.raw).text,
                PrivacyMode::None => String::new(),
            };
            let line =
                serde_json::to_string(&kept).map_err(|error| Failure::failed(error.to_string()))?;
            writeln!(file, "{line}")?;
        }
        if self.report.examples.len() < EXAMPLES {
            self.report.examples.push(Rejection {
                raw: String::new(),
                ..rejection
            });
        }
        Ok(())
    }

    async fn close(self) -> Result<(), Failure> {
        if let Target::Lake(lake) = self.target {
            let progress = spinner(self.common, 0);
            progress.set_message("writing files");
            lake.close().await?;
            progress.finish_and_clear();
        }
        Ok(())
    }
}

fn refusal(event: &Event, reason: String) -> Rejection {
    Rejection {
        file: event.source.as_deref().unwrap_or_default().to_owned(),
        record: event.source_sequence.unwrap_or_default().unsigned_abs(),
        line: None,
        byte: 0,
        field: None,
        reason: format!("event `{}`: {reason}", event.event_id),
        cure: "correct the event and import it again".to_owned(),
        raw: write_event(event),
    }
}

fn read_source(
    source: &Source,
    read_as: &ReadAs,
    received: i64,
    progress: &ProgressBar,
    sender: &mpsc::Sender<Message>,
) -> Result<(), ()> {
    let options = ImportOptions {
        format: read_as.format,
        mapping: read_as.mapping.clone(),
        file_name: source.name(),
        received_time: received,
        ..ImportOptions::default()
    };
    let mut reader = Reader::new(options);
    let mut batch = Batch::default();
    let hand_on = |batch: &mut Batch| {
        sender
            .blocking_send(Message::Batch(std::mem::take(batch)))
            .map_err(|_| ())
    };
    let result = source
        .open(|bytes| progress.inc(bytes))
        .and_then(|mut input| {
            let mut buffer = vec![0; 256 << 10];
            loop {
                let count = input.read(&mut buffer)?;
                if count == 0 {
                    return Ok(());
                }
                reader.feed(&buffer[..count], &mut batch);
                if batch.events.len() >= BATCH_EVENTS && hand_on(&mut batch).is_err() {
                    return Ok(());
                }
            }
        });
    // What was read before an error is complete as far as it goes, and goes in.
    let summary = reader.finish(&mut batch);
    hand_on(&mut batch)?;
    let message = match result {
        Ok(()) => Message::File {
            records: summary.records,
            name: read_as.name(summary.format),
        },
        Err(error) => Message::Failed(format!(
            "cannot read {}: {error}; what came before is in",
            source.name()
        )),
    };
    sender.blocking_send(message).map_err(|_| ())
}

fn print(common: &Common, report: &ImportReport) -> Result<(), Failure> {
    if common.output == OutputFormat::Json {
        return output::json(report);
    }
    let rows = [
        ("files", number(report.files as u64)),
        ("format", report.formats.join(", ")),
        ("records", number(report.records)),
        ("events", number(report.events)),
        ("new", number(report.added)),
        ("known before", number(report.repeated)),
        ("rejected", number(report.rejected)),
    ];
    output::pairs(common, &rows)?;
    print_examples(&report.examples);
    if let Some(path) = &report.rejected_file {
        eprintln!("all rejected records: {}", path.display());
    }
    Ok(())
}

/// Names rejected records on standard error.
pub fn print_examples(examples: &[Rejection]) {
    for example in examples {
        let line = example
            .line
            .map(|line| format!(", line {line}"))
            .unwrap_or_default();
        let field = example
            .field
            .as_deref()
            .map(|field| format!(", `{field}`"))
            .unwrap_or_default();
        eprintln!(
            "rejected {}, record {}{line}, byte {}{field}: {}; {}",
            example.file, example.record, example.byte, example.reason, example.cure
        );
    }
}
