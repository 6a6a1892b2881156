//! `upshot import`: one thread reads, unpacks and understands; the others store.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use indicatif::ProgressBar;
use serde::Serialize;
use tokio::sync::mpsc;
use upshot_adapters::{Batch, Format, Mapping};
use upshot_import::{Part, ReadAs, Rejection, Taker, read};
use upshot_lake::Settings;
use upshot_text::{Masker, PrivacyMode, PrivacyModes};

use crate::arguments::{Common, ImportArguments, OutputFormat};
use crate::client::{Client, Sent};
use crate::failure::{Failure, REJECTED};
use crate::output::{self, number};
use crate::session::{close, now, open_lake, spinner};
use crate::sources::{Source, expand};
use crate::text_mode;

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
    /// Events of users who were erased, and of their conversations: they are not stored.
    pub erased: u64,
    /// Events that are older than what the workspace keeps: they are not stored.
    pub outdated: u64,
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

/// Where events go.
enum Target {
    Lake(upshot_lake::Lake),
    Server(Client),
}

impl Target {
    async fn close(self, common: &Common) -> Result<(), Failure> {
        if let Self::Lake(lake) = self {
            let progress = spinner(common, 0);
            progress.set_message("writing files");
            close(common, &lake).await?;
            progress.finish_and_clear();
        }
        Ok(())
    }
}

impl ImportArguments {
    /// The server that was named, if one was.
    fn server_client(&self) -> Option<Client> {
        let url = self.server.as_deref()?;
        Some(Client::new(url, self.key.clone()))
    }
}

/// Runs the command.
pub async fn run(common: &Common, arguments: ImportArguments) -> Result<u8, Failure> {
    let read_as = ReadAs {
        mapping: arguments.mapping.as_deref().map(load_mapping).transpose()?,
        ..ReadAs::format(&arguments.format).map_err(|error| Failure::usage(error.to_string()))?
    };
    let asked = text_mode::asked(arguments.text.as_deref())?;
    let sources = expand(&arguments.paths)?;
    if arguments.dry_run {
        let client = arguments.server_client();
        let modes = crate::dry_run::modes(common, client.as_ref(), asked).await?;
        return crate::dry_run::run(common, sources, read_as, modes).await;
    }
    let target = match arguments.server_client() {
        Some(client) => Target::Server(client),
        None => Target::Lake(open_lake(common).await?),
    };
    let modes = match modes_of(common, &target, asked).await {
        Ok(modes) => modes,
        Err(failure) => {
            target.close(common).await?;
            return Err(failure);
        }
    };
    if let Some(name) = &arguments.profile {
        set_profile(common, &target, &read_as, name).await?;
    }
    let started = Instant::now();
    let mut import = Import::new(common, target, modes, asked)?;
    let outcome = import.run(sources, read_as).await;
    let closed = import.target.close(common).await;
    let mut report = outcome?;
    closed?;
    report.seconds = started.elapsed().as_secs_f64();
    print(common, &report)?;
    Ok(if report.rejected > 0 { REJECTED } else { 0 })
}

/// What is kept of texts: of those that are stored, and of records that are not and go into a file of their own.
async fn modes_of(
    common: &Common,
    target: &Target,
    asked: Option<PrivacyMode>,
) -> Result<PrivacyModes, Failure> {
    match target {
        Target::Lake(_) => {
            let fallback = asked.unwrap_or_default();
            text_mode::of_import(text_mode::of_directory(common, fallback).await?, asked)
        }
        Target::Server(client) => match text_mode::of_server(client, common).await {
            Some(of_server) => text_mode::of_import(of_server, asked),
            // It keeps of events what it says. Of other records nothing is kept here unless somebody asked for it.
            None => Ok(asked.unwrap_or(PrivacyMode::None).into()),
        },
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
    modes: PrivacyModes,
    /// The most that the command line wants kept of texts.
    asked: Option<PrivacyMode>,
    report: ImportReport,
    rejected: Option<BufWriter<File>>,
}

/// So many rejections are shown.
pub const EXAMPLES: usize = 5;

/// Reads the sources, one after another, in a thread of its own.
pub fn start_reading(
    sources: Vec<Source>,
    read_as: ReadAs,
    progress: ProgressBar,
) -> (mpsc::Receiver<Part>, tokio::task::JoinHandle<()>) {
    let (sender, receiver) = mpsc::channel(4);
    let received = now();
    let reading = tokio::task::spawn_blocking(move || {
        for source in &sources {
            let opened = source.open(|bytes| progress.inc(bytes));
            let hand_on = |part| sender.blocking_send(part).is_ok();
            if !read(opened, &source.name(), &read_as, received, hand_on) {
                return;
            }
        }
    });
    (receiver, reading)
}

impl<'a> Import<'a> {
    fn new(
        common: &'a Common,
        target: Target,
        modes: PrivacyModes,
        asked: Option<PrivacyMode>,
    ) -> Result<Self, Failure> {
        let masker = match &target {
            Target::Lake(lake) => Masker::new(lake.secret()),
            // The server masks with its own key.
            Target::Server(_) => Masker::new(&[]),
        };
        Ok(Self {
            common,
            target,
            masker,
            modes,
            asked,
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
                Part::Batch(batch) => self.store(batch).await?,
                Part::File { records, name } => self.note_file(records, name),
                Part::Failed(reason) => return Err(Failure::failed(reason)),
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
        let (sent, refused) = match &self.target {
            Target::Lake(lake) => {
                let taker = Taker {
                    lake,
                    workspace: &self.common.workspace,
                    modes: &self.modes,
                    masker: &self.masker,
                };
                let taken = taker.store(&mut batch).await?;
                let sent = Sent {
                    added: taken.added,
                    repeated: taken.repeated,
                    erased: taken.erased,
                    outdated: taken.outdated,
                    refused: Vec::new(),
                };
                (sent, taken.refused)
            }
            Target::Server(client) => {
                let sent = client
                    .send(&self.common.workspace, self.asked, &batch.events)
                    .await?;
                let refused = sent.refused.iter();
                let refused = refused
                    .map(|(index, reason)| Rejection::refused(&batch.events[*index], reason))
                    .collect();
                (sent, refused)
            }
        };
        self.report.added += sent.added;
        self.report.repeated += sent.repeated;
        self.report.erased += sent.erased;
        self.report.outdated += sent.outdated;
        refused
            .into_iter()
            .try_for_each(|refused| self.reject(refused))
    }

    fn reject(&mut self, rejection: Rejection) -> Result<(), Failure> {
        self.report.rejected += 1;
        if self.rejected.is_none() {
            let folder = self.common.data.join(upshot_lake::REJECTED);
            let folder = folder.join(&self.common.workspace);
            std::fs::create_dir_all(&folder)?;
            let path = folder.join(format!("{}.jsonl", now()));
            self.rejected = Some(BufWriter::new(File::create(&path)?));
            self.report.rejected_file = Some(path);
        }
        if let Some(file) = &mut self.rejected {
            // What people wrote is masked here too. Nobody can tell the source of every bad record.
            let mut kept = rejection.clone();
            kept.raw = match self.modes.strictest() {
                PrivacyMode::Full => kept.raw,
                PrivacyMode::Masked => self.masker.mask(&kept.raw).text,
                PrivacyMode::None => String::new(),
            };
            let line =
                serde_json::to_string(&kept).map_err(|error| Failure::failed(error.to_string()))?;
            writeln!(file, "{line}")?;
        }
        if self.report.examples.len() < EXAMPLES {
            self.report.examples.push(rejection.without_text());
        }
        Ok(())
    }
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
    let mut rows = rows.to_vec();
    if report.erased > 0 {
        rows.push(("of erased users", number(report.erased)));
    }
    if report.outdated > 0 {
        rows.push(("too old to be kept", number(report.outdated)));
    }
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
