//! `upshot settings text`: what is kept of what people write; and which mode an import takes.

use clap::Args;
use serde_json::{Value, json};
use upshot_server::text_mode::{NewTextMode, TextMode, TextModeAnswer, text_mode};
use upshot_text::PrivacyMode;

use crate::arguments::{Common, OutputFormat, ServerChoice};
use crate::client::{Client, read};
use crate::erase::confirm;
use crate::failure::Failure;
use crate::output;
use crate::people::note;
use crate::session::{existing_store, now, open_existing, open_lake, open_store};

const PATH: &str = "/api/v1/text-mode";
/// The word that leaves the mode to the server.
const DEFAULT: &str = "default";

/// `upshot settings text`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    upshot settings text\n  \
    upshot settings text none\n  \
    upshot settings text default\n\n\
    masked: personal data is replaced before anything is written; full: everything is kept as people wrote it; none: no \
    text is kept. It holds for what is received from then on; what is stored already stays as it is. docs/privacy.md \
    says what is recognised as personal.")]
pub struct TextArguments {
    /// masked, full or none; default leaves it to the server. Without it the mode is shown
    #[arg(value_name = "MODE")]
    pub mode: Option<String>,
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
            Failure::usage(format!("{error}, or {DEFAULT} to leave it to the server"))
        })?),
    };
    if mode == Some(PrivacyMode::Full) && !arguments.yes {
        let before = current(common, &arguments.server).await?;
        if before.mode != TextMode::Full {
            confirm(
                "Names, addresses, card numbers and passwords will be stored as people write them, for everybody to read \
                 who may read what was said",
            )?;
        }
    }
    let new = NewTextMode {
        mode: mode.map(TextMode::from),
    };
    print(common, &set(common, &arguments.server, new).await?)?;
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
    lake.close().await?;
    found
}

async fn set(
    common: &Common,
    server: &ServerChoice,
    new: NewTextMode,
) -> Result<TextModeAnswer, Failure> {
    if let Some(client) = server.client() {
        let body = json!(new).to_string().into_bytes();
        let put = client.put(PATH, &common.workspace, "application/json", body);
        return read(put.await?);
    }
    // It can be set before anything comes in.
    let lake = open_lake(common).await?;
    let setting = async {
        lake.check_workspace(&common.workspace)?;
        let store = open_store(common).await?;
        let set = async {
            let fallback = PrivacyMode::default();
            let mode = new.mode.map(|mode| PrivacyMode::from(mode).as_str());
            store.set_text_mode(&common.workspace, mode, now()).await?;
            note(common, &store, "text_mode.set", ("", &new.words(fallback))).await?;
            Ok::<_, Failure>(TextModeAnswer::of(&store, &common.workspace, fallback).await?)
        };
        let set = set.await;
        store.close().await;
        set
    };
    let set = setting.await;
    lake.close().await?;
    set
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
    output::pairs(common, &[("text mode", mode), ("set", since)])
}

/// The mode of the data directory's workspace, whose lake is open; nothing where it has set none.
pub async fn of_directory(common: &Common) -> Result<Option<PrivacyMode>, Failure> {
    let Some(store) = existing_store(common).await? else {
        return Ok(None);
    };
    let mode = text_mode(&store, &common.workspace).await;
    store.close().await;
    Ok(mode?)
}

/// The mode of a server's workspace; nothing where the key may not ask for it.
pub async fn of_server(client: &Client, common: &Common) -> Option<PrivacyMode> {
    let answer: Result<Value, Failure> = client.ask("GET", PATH, &common.workspace).await;
    let answer: TextModeAnswer = read(answer.ok()?).ok()?;
    Some(answer.mode.into())
}

/// The mode of an import: what the workspace has set, or less where the command line asks for less. Never more.
pub fn of_import(
    set: Option<PrivacyMode>,
    asked: Option<PrivacyMode>,
) -> Result<PrivacyMode, Failure> {
    match (set, asked) {
        (Some(set), Some(asked)) if asked.keeps_more_than(set) => Err(Failure::usage(format!(
            "--text {asked}: the workspace keeps texts as `{set}`, and an import keeps no more; leave --text out, or change \
             it with `upshot settings text {asked}`"
        ))),
        (set, asked) => Ok(asked.or(set).unwrap_or_default()),
    }
}

/// A mode that the command line names.
pub fn asked(text: Option<&str>) -> Result<Option<PrivacyMode>, Failure> {
    let mode = text.map(PrivacyMode::parse).transpose();
    mode.map_err(|error| Failure::usage(error.to_string()))
}
