//! `upshot settings keep`: for how long texts, events and facts are kept.

use clap::Args;
use serde_json::json;
use upshot_server::keeping::{FirstDays, KeepingAnswer, NewKeeping, OutdatedAnswer, foresee};

use crate::arguments::{Common, OutputFormat, ServerChoice};
use crate::client::read;
use crate::erase::confirm;
use crate::failure::Failure;
use crate::output::{self, number};
use crate::people::note;
use crate::session::{close, open_existing, open_store};

const PATH: &str = "/api/v1/keeping";

/// `upshot settings keep`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    upshot settings keep\n  \
    upshot settings keep --texts 90 --events 365 --dry-run\n  \
    upshot settings keep --texts forever\n\n\
    What is older goes by whole days in UTC, and cannot be brought back. Texts are kept no longer than events, and \
    events no longer than facts.")]
pub struct KeepArguments {
    /// What people wrote: for so many days, or forever
    #[arg(long, value_name = "DAYS")]
    pub texts: Option<String>,
    /// Events: for so many days, or forever
    #[arg(long, value_name = "DAYS")]
    pub events: Option<String>,
    /// Facts, of which numbers are made: for so many days, or forever
    #[arg(long, value_name = "DAYS")]
    pub facts: Option<String>,
    /// Say what would go; nothing is changed
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Where to ask.
    #[command(flatten)]
    pub server: ServerChoice,
}

/// Runs the command.
pub async fn run(common: &Common, arguments: KeepArguments) -> Result<u8, Failure> {
    let current = current(common, &arguments.server).await?;
    let new = NewKeeping {
        texts_days: said("--texts", arguments.texts.as_deref(), current.texts_days)?,
        events_days: said("--events", arguments.events.as_deref(), current.events_days)?,
        facts_days: said("--facts", arguments.facts.as_deref(), current.facts_days)?,
    };
    let named = [&arguments.texts, &arguments.events, &arguments.facts];
    if named.into_iter().all(Option::is_none) {
        print(common, &current)?;
        return Ok(0);
    }
    if arguments.dry_run || !arguments.yes {
        let outdated = preview(common, &arguments.server, new).await?;
        if arguments.dry_run {
            print_outdated(common, &outdated)?;
            return Ok(0);
        }
        if outdated.files > 0 {
            confirm(&format!(
                "the texts of {} events, {} events and {} sessions will go for good",
                number(outdated.texts),
                number(outdated.events),
                number(outdated.sessions)
            ))?;
        }
    }
    print(common, &set(common, &arguments.server, new).await?)?;
    Ok(0)
}

fn said(option: &str, said: Option<&str>, before: Option<u32>) -> Result<Option<u32>, Failure> {
    match said {
        None => Ok(before),
        Some("forever") => Ok(None),
        Some(days) => days.parse().map(Some).map_err(|_| {
            Failure::usage(format!(
                "{option} {days}: write a number of days, or forever"
            ))
        }),
    }
}

async fn current(common: &Common, server: &ServerChoice) -> Result<KeepingAnswer, Failure> {
    if let Some(client) = server.client() {
        return read(client.ask("GET", PATH, &common.workspace).await?);
    }
    let lake = open_existing(common).await?;
    let checked = lake.check_workspace(&common.workspace);
    let answer = KeepingAnswer::of(&lake, &common.workspace);
    close(common, &lake).await?;
    checked?;
    Ok(answer)
}

async fn preview(
    common: &Common,
    server: &ServerChoice,
    new: NewKeeping,
) -> Result<OutdatedAnswer, Failure> {
    if let Some(client) = server.client() {
        let path = format!("{PATH}/preview");
        let body = json!(new).to_string().into_bytes();
        let asked = client.post(&path, &common.workspace, "application/json", body);
        return read(asked.await?);
    }
    let lake = open_existing(common).await?;
    let foreseen = foresee(&lake, &common.workspace, new);
    close(common, &lake).await?;
    Ok(foreseen?)
}

async fn set(
    common: &Common,
    server: &ServerChoice,
    new: NewKeeping,
) -> Result<KeepingAnswer, Failure> {
    if let Some(client) = server.client() {
        let body = json!(new).to_string().into_bytes();
        let put = client.put(PATH, &common.workspace, "application/json", body);
        return read(put.await?);
    }
    let lake = open_existing(common).await?;
    let setting = async {
        lake.set_keeping(&common.workspace, new.into()).await?;
        let store = open_store(common).await?;
        let noted = async {
            note(common, &store, "keeping.set", ("", &new.words())).await?;
            // Lets go what is too old; what people say of it goes at the end.
            lake.flush().await?;
            lake.tidy().await?;
            Ok::<_, Failure>(())
        };
        let noted = noted.await;
        store.close().await;
        noted
    };
    let set = setting.await;
    close(common, &lake).await?;
    set?;
    Ok(KeepingAnswer::of(&lake, &common.workspace))
}

fn days(days: Option<u32>) -> String {
    days.map_or_else(|| "for ever".to_owned(), |days| format!("{days} days"))
}

fn rows_of(first: &FirstDays) -> [(&'static str, String); 3] {
    let day = |day: &Option<String>| day.clone().unwrap_or_else(|| "all".to_owned());
    [
        ("texts from", day(&first.texts)),
        ("events from", day(&first.events)),
        ("facts from", day(&first.facts)),
    ]
}

fn print(common: &Common, answer: &KeepingAnswer) -> Result<(), Failure> {
    if common.output == OutputFormat::Json {
        return output::json(answer);
    }
    let mut rows = vec![
        ("texts", days(answer.texts_days)),
        ("events", days(answer.events_days)),
        ("facts", days(answer.facts_days)),
    ];
    rows.extend(rows_of(&answer.first_days));
    output::pairs(common, &rows)
}

fn print_outdated(common: &Common, outdated: &OutdatedAnswer) -> Result<(), Failure> {
    if common.output == OutputFormat::Json {
        return output::json(outdated);
    }
    let mut rows = vec![
        ("texts that go", number(outdated.texts)),
        ("events that go", number(outdated.events)),
        ("sessions that go", number(outdated.sessions)),
    ];
    rows.extend(rows_of(&outdated.first_days));
    output::pairs(common, &rows)?;
    output::note(common, "nothing was changed");
    Ok(())
}
