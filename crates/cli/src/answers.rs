//! How every command that asks a question goes: the server is asked where one is named, else the data directory, and the
//! answer is printed for people or given on for programs.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::de::DeserializeOwned;
use serde_json::Value;
use upshot_metrics::explain::Explanation;
use upshot_metrics::{Answer, Question, RowFormat};

use crate::arguments::{Common, OutputFormat, ServerChoice};
use crate::client::read;
use crate::explained;
use crate::failure::Failure;
use crate::output::{self, Target};
use crate::query::failure;
use crate::session::{capture, close, engine, open_existing};

/// Whom to ask, and where the answer goes.
#[derive(Debug, Args)]
pub struct Ask {
    /// Write the answer to this file; with --output csv, json, jsonl, parquet or arrow
    #[arg(long, value_name = "FILE")]
    pub to_file: Option<PathBuf>,
    /// Whom to ask.
    #[command(flatten)]
    pub server: ServerChoice,
}

/// Answers a question: the server where one is named, else the data directory.
pub async fn ask<Q: Question>(
    common: &Common,
    server: &ServerChoice,
    question: &Q,
) -> Result<Q::Answer, Failure>
where
    Q::Answer: DeserializeOwned,
{
    if let Some(client) = server.client() {
        let body = serde_json::to_vec(question);
        let body = body.map_err(|error| Failure::failed(error.to_string()))?;
        let path = format!("/api/v1/{}", Q::KIND);
        let answer: Value = client
            .post(&path, &common.workspace, "application/json", body)
            .await?;
        return read(answer);
    }
    let lake = open_existing(common).await?;
    let (profile, tables) = (question.profile(), question.tables());
    let capture = capture(common, &lake, profile, &tables).await?;
    let found = question.answer(&engine()?, &capture).await;
    close(common, &lake).await?;
    found.map_err(failure)
}

/// Prints an answer, or writes it to a file: for people as they are shown it, for programs whole as JSON, or its rows.
pub fn give<A: Answer>(
    common: &Common,
    answer: &A,
    to: Option<&Path>,
    show: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    if let Some(format) = common.output.row_format() {
        return write(to, Some(format), &answer.encoded(format).map_err(failure)?);
    }
    match (common.output, to) {
        (OutputFormat::Json, None) => output::json(answer),
        (OutputFormat::Json, Some(_)) => {
            let text = serde_json::to_string_pretty(answer);
            let text = text.map_err(|error| Failure::failed(error.to_string()))?;
            write(to, None, format!("{text}\n").as_bytes())
        }
        (_, Some(_)) => Err(Failure::usage(
            "a table is for people; say --output csv, json, jsonl, parquet or arrow with --to-file",
        )),
        (_, None) => show(),
    }
}

fn write(to: Option<&Path>, format: Option<RowFormat>, bytes: &[u8]) -> Result<(), Failure> {
    let mut target = Target::open(to)?;
    if let Some(format) = format {
        target.check(format)?;
    }
    target.write(bytes)?;
    target.finish()
}

/// Shows how an answer came about, where it says so itself.
pub fn explain(
    explanation: Option<&Explanation>,
    (fact_set, snapshot): (&str, i64),
) -> Result<(), Failure> {
    match explanation {
        None => Ok(()),
        Some(told) => {
            let meanings = told.definitions.iter();
            let meanings = meanings.map(|told| format!("{}: {}", told.name, told.text));
            explained::print(meanings, (fact_set, snapshot), told)
        }
    }
}
