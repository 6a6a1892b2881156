//! `upshot settings text`: what is kept of what people write; and which modes an import takes.

use clap::Args;
use serde_json::{Value, json};
use upshot_server::text_mode::{
    NewSourceTextMode, NewTextMode, TextMode, TextModeAnswer, text_modes,
};
use upshot_store::Store;
use upshot_text::{PrivacyMode, PrivacyModes};

use crate::arguments::{Common, OutputFormat, ServerChoice};
use crate::client::{Client, path_part, read};
use crate::erase::confirm;
use crate::failure::Failure;
use crate::output::{self, Column};
use crate::people::note;
use crate::session::{close, existing_store, now, open_existing, open_lake, open_store};

const PATH: &str = "/api/v1/text-mode";
/// The word that leaves the mode to the server.
const DEFAULT: &str = "default";

/// `upshot settings text`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    upshot settings text\n  \
    upshot settings text none\n  \
    upshot settings text default\n  \
    upshot settings text none --source copilot-studio\n\n\
    masked: personal data is replaced before anything is written; full: everything is kept as people wrote it; none: no \
    text is kept. It holds for what is received from then on; what is stored already stays as it is. A source that has a \
    mode of its own keeps to that, whatever the workspace says for all. docs/privacy.md says what is recognised as personal.")]
pub struct TextArguments {
    /// masked, full or none; default leaves it to the server, or of a source to the workspace. Without it the modes are shown
    #[arg(value_name = "MODE")]
    pub mode: Option<String>,
    /// Only what this source sends, as its events name it: copilot-studio, upshot, the name of a mapping
    #[arg(long, value_name = "SOURCE", requires = "mode")]
    pub source: Option<String>,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Where to ask.
    #[command(flatten)]
    pub server: ServerChoice,
}

/// Runs the command.
pub async fn run(common: &Common, arguments: TextArguments) -> Result<u8, Failure> {
    let Some(word) = &arguments.mode else {
        print(common, &current(common, &arguments.server).await?)?;
        return Ok(0);
    };
    let mode = match word.as_str() {
        DEFAULT => None,
        word => Some(PrivacyMode::parse(word).map_err(|error| {
            Failure::usage(format!(
                "{error}, or {DEFAULT} to leave it to the server, or of a source to the workspace"
            ))
        })?),
    };
    let source = arguments.source.as_deref();
    if mode == Some(PrivacyMode::Full) && !arguments.yes {
        let before = current(common, &arguments.server).await?.modes();
        if before.of(source) != PrivacyMode::Full {
            confirm(
                "Names, addresses, card numbers and passwords will be stored as people write them, for everybody to read \
                 who may read what was said",
            )?;
        }
    }
    let mode = mode.map(TextMode::from);
    print(common, &set(common, &arguments.server, source, mode).await?)?;
    Ok(0)
}

async fn current(common: &Common, server: &ServerChoice) -> Result<TextModeAnswer, Failure> {
    if let Some(client) = server.client() {
        return read(client.ask("GET", PATH, &common.workspace).await?);
    }
    let lake = open_existing(common).await?;
    let found = async {
        lake.check_workspace(&common.workspace)?;
        let store = open_store(common).await?;
        let answer = TextModeAnswer::of(&store, &common.workspace, PrivacyMode::default()).await;
        store.close().await;
        Ok::<_, Failure>(answer?)
    };
    let found = found.await;
    close(common, &lake).await?;
    found
}

async fn set(
    common: &Common,
    server: &ServerChoice,
    source: Option<&str>,
    mode: Option<TextMode>,
) -> Result<TextModeAnswer, Failure> {
    if let Some(client) = server.client() {
        let path = match source {
            Some(source) => format!("{PATH}/sources/{}", path_part(source)),
            None => PATH.to_owned(),
        };
        let body = json!({ "mode": mode }).to_string().into_bytes();
        let put = client.put(&path, &common.workspace, "application/json", body);
        return read(put.await?);
    }
    // It can be set before anything comes in.
    let lake = open_lake(common).await?;
    let setting = async {
        lake.check_workspace(&common.workspace)?;
        let store = open_store(common).await?;
        let set = write(common, &store, source, mode).await;
        store.close().await;
        set
    };
    let set = setting.await;
    close(common, &lake).await?;
    set
}

/// Sets it in the store, notes it in the record of who did what, and gives what holds then.
async fn write(
    common: &Common,
    store: &Store,
    source: Option<&str>,
    mode: Option<TextMode>,
) -> Result<TextModeAnswer, Failure> {
    let (workspace, fallback) = (&common.workspace, PrivacyMode::default());
    let name = mode.map(|mode| PrivacyMode::from(mode).as_str());
    match source {
        Some(source) => {
            store
                .set_source_text_mode(workspace, source, name, now())
                .await?;
            let words = NewSourceTextMode { mode }.words();
            note(common, store, "text_mode.set_source", (source, &words)).await?;
        }
        None => {
            store.set_text_mode(workspace, name, now()).await?;
            let words = NewTextMode { mode }.words(fallback);
            note(common, store, "text_mode.set", ("", &words)).await?;
        }
    }
    Ok(TextModeAnswer::of(store, workspace, fallback).await?)
}

fn print(common: &Common, answer: &TextModeAnswer) -> Result<(), Failure> {
    if common.output == OutputFormat::Json {
        return output::json(answer);
    }
    let since = match (&answer.changed, answer.is_set) {
        (Some(changed), true) => format!("by the workspace, {changed}"),
        _ => "nowhere; it is the server's".to_owned(),
    };
    let mode = PrivacyMode::from(answer.mode).to_string();
    output::pairs(common, &[("text mode", mode), ("set", since)])?;
    if answer.sources.is_empty() {
        return Ok(());
    }
    output::line("")?;
    let columns = ["source", "its own text mode", "set"].map(Column::text);
    let rows = answer.sources.iter().map(|own| {
        let mode = PrivacyMode::from(own.mode).to_string();
        vec![own.source.clone(), mode, own.changed.clone()]
    });
    output::rows(common, &columns, &rows.collect::<Vec<_>>())
}

/// The modes of the data directory's workspace, whose lake is open; `fallback` where it has set none for all.
pub async fn of_directory(common: &Common, fallback: PrivacyMode) -> Result<PrivacyModes, Failure> {
    let Some(store) = existing_store(common).await? else {
        return Ok(fallback.into());
    };
    let modes = text_modes(&store, &common.workspace, fallback).await;
    store.close().await;
    Ok(modes?)
}

/// The modes of a server's workspace; nothing where the key may not ask for them.
pub async fn of_server(client: &Client, common: &Common) -> Option<PrivacyModes> {
    let answer: Result<Value, Failure> = client.ask("GET", PATH, &common.workspace).await;
    let answer: TextModeAnswer = read(answer.ok()?).ok()?;
    Some(answer.modes())
}

/// The modes of an import: what the workspace has set, or less where the command line asks for less. Never more.
pub fn of_import(set: PrivacyModes, asked: Option<PrivacyMode>) -> Result<PrivacyModes, Failure> {
    match asked {
        Some(asked) if !set.allow(asked) => Err(Failure::usage(format!(
            "--text {asked}: the workspace keeps texts as `{}`, and an import keeps no more; leave --text out, or change \
             it with `upshot settings text {asked}`",
            set.default
        ))),
        Some(asked) => Ok(set.at_most(asked)),
        None => Ok(set),
    }
}

/// A mode that the command line names.
pub fn asked(text: Option<&str>) -> Result<Option<PrivacyMode>, Failure> {
    let mode = text.map(PrivacyMode::parse).transpose();
    mode.map_err(|error| Failure::usage(error.to_string()))
}
