//! `upshot export`: rows for other programs.

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use upshot_metrics::{ExportQuery, ExportTable, Problem, RowFormat};

use crate::arguments::{Common, Scope, ServerChoice};
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{self, Target};
use crate::query;
use crate::session::{capture, close, engine, instant_or_now, open_existing, spinner};

/// `upshot export`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    upshot export sessions --last 28d --to-file sessions.csv\n  \
    upshot export messages --filter 'outcome = escalated' --columns time,role,text --to-file messages.parquet\n  \
    upshot export conversations --to-file conversations.jsonl\n  \
    upshot export events --format jsonl | jq .event_type\n\n\
    docs/export.md has the columns, and what filters and ranges mean for each table.")]
pub struct ExportArguments {
    /// What a row is: sessions, messages, steps, events or conversations
    #[arg(value_name = "TABLE")]
    pub table: String,
    /// The columns, separated by commas; all where nothing is said
    #[arg(long, value_delimiter = ',', value_name = "NAME,…")]
    pub columns: Vec<String>,
    /// csv, jsonl, parquet or arrow; where nothing is said, as the name of the file ends, else jsonl
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// The file, or - for standard output. It appears when all of it is written
    #[arg(long, default_value = "-", value_name = "FILE")]
    pub to_file: PathBuf,
    /// Leave text in CSV as it is, also where a spreadsheet would take it for a formula
    #[arg(long)]
    pub raw: bool,
    /// Where to ask.
    #[command(flatten)]
    pub server: ServerChoice,
    /// What the rows are about.
    #[command(flatten)]
    pub scope: Scope,
}

/// Runs the command.
pub async fn run(common: &Common, arguments: ExportArguments) -> Result<u8, Failure> {
    let wrong = |problem: Problem| Failure::usage(problem.to_string());
    let table: ExportTable = arguments.table.parse().map_err(wrong)?;
    let format = format(&arguments).map_err(wrong)?;
    let target = Target::open(Some(&arguments.to_file))?;
    target.check(format)?;
    let scope = &arguments.scope;
    let asked = ExportQuery {
        columns: arguments.columns.clone(),
        filters: scope.filters.clone(),
        range: query::range(scope),
        environment: query::environment(scope)?,
        time_zone: scope.timezone.clone(),
        profile: scope.fact_set.clone(),
        format: Some(format),
        raw: arguments.raw,
        now: instant_or_now(scope.now.as_deref())?,
    };
    match arguments.server.client() {
        Some(client) => download(common, client, table, asked, target).await?,
        None => write(common, table, &asked, target).await?,
    }
    Ok(0)
}

/// The format that is said, or that the file's name says.
fn format(arguments: &ExportArguments) -> Result<RowFormat, Problem> {
    if let Some(said) = &arguments.format {
        return said.parse();
    }
    let ending = arguments
        .to_file
        .extension()
        .and_then(|ending| ending.to_str());
    Ok(match ending.map(str::to_ascii_lowercase).as_deref() {
        Some("csv") => RowFormat::Csv,
        Some("parquet") => RowFormat::Parquet,
        Some("arrow" | "arrows") => RowFormat::Arrow,
        _ => RowFormat::Jsonl,
    })
}

/// Writes what the data directory holds.
async fn write(
    common: &Common,
    table: ExportTable,
    asked: &ExportQuery,
    mut target: Target,
) -> Result<(), Failure> {
    let lake = open_existing(common).await?;
    let profile = asked.profile.as_deref();
    let tables = asked.tables_needed(table);
    let capture = capture(common, &lake, profile, &tables).await?;
    let engine = engine()?;
    let bar = rows_bar(common);
    let exporting = async {
        let export = engine.export(table, asked, Arc::new(capture));
        let mut export = export.await.map_err(query::failure)?;
        let mut written = 0;
        while let Some(part) = export.next().await.map_err(query::failure)? {
            bar.set_length(part.progress.rows);
            bar.set_position(part.progress.read);
            written = part.progress.written;
            if !target.write(&part.bytes)? {
                break;
            }
        }
        Ok::<_, Failure>(written)
    };
    let written = exporting.await;
    bar.finish_and_clear();
    close(common, &lake).await?;
    let written = written?;
    let name = target.name();
    target.finish()?;
    output::note(
        common,
        &format!("{} {table} to {name}", output::number(written)),
    );
    Ok(())
}

fn rows_bar(common: &Common) -> ProgressBar {
    let bar = spinner(common, 1);
    let template = "{bar:32} {human_pos}/{human_len} rows {per_sec} {eta} {msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// Writes what a server gives.
async fn download(
    common: &Common,
    client: Client,
    table: ExportTable,
    asked: ExportQuery,
    mut target: Target,
) -> Result<(), Failure> {
    let bar = spinner(common, 0);
    let workspace = common.workspace.clone();
    let shown = bar.clone();
    let writing = move || {
        let body =
            serde_json::to_vec(&asked).map_err(|error| Failure::failed(error.to_string()))?;
        let path = format!("/api/v1/export/{table}");
        let mut rows = client.download(&path, &workspace, &body)?;
        let mut buffer = vec![0; 64 << 10];
        let mut bytes = 0;
        loop {
            let length = rows.read(&mut buffer).map_err(|error| {
                Failure::failed(format!("the export broke off after {bytes} bytes: {error}"))
            })?;
            if length == 0 || !target.write(&buffer[..length])? {
                break;
            }
            bytes += length as u64;
            shown.set_message(format!("{} bytes", output::number(bytes)));
        }
        let name = target.name();
        target.finish()?;
        Ok::<_, Failure>((bytes, name))
    };
    let written = tokio::task::spawn_blocking(writing)
        .await
        .map_err(|error| Failure::failed(error.to_string()))?;
    bar.finish_and_clear();
    let (bytes, name) = written?;
    output::note(
        common,
        &format!("{} bytes of {table} to {name}", output::number(bytes)),
    );
    Ok(())
}
