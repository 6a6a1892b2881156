//! `upshot settings`: what a workspace has set for itself.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use upshot_server::settings::{Baseline, BotName, NewSettings, Settings, difference};

use crate::arguments::{Common, OutputFormat, ServerChoice};
use crate::failure::Failure;
use crate::keeping::{self, KeepArguments};
use crate::output;
use crate::people::note;
use crate::session::{close, existing_store, now, open_lake, open_store};
use crate::text_mode::{self, TextArguments};

const PATH: &str = "/api/v1/settings";

/// `upshot settings`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  \
    upshot settings\n  \
    upshot settings set --timezone Europe/Berlin --week-start monday\n  \
    upshot settings set --currency EUR --cost agent_minute=0.9 --cost human_contact=6.5\n  \
    upshot settings set --bot shop='Shop assistant'\n  \
    upshot settings set --ticket-baseline 2025-10-01..2025-12-31\n  \
    upshot settings keep --texts 90 --events 365 --dry-run\n  \
    upshot settings text none\n\n\
    Questions that name no time zone are asked in that of the workspace."
)]
pub struct SettingsArguments {
    /// Where to ask for them.
    #[command(flatten)]
    pub server: ServerChoice,
    /// What to do.
    #[command(subcommand)]
    pub action: Option<SettingsAction>,
}

/// What `upshot settings` does.
#[derive(Debug, Subcommand)]
pub enum SettingsAction {
    /// Change those that are named; the others stay
    Set(SetSettings),
    /// For how long texts, events and facts are kept: show it, or change what is named
    Keep(KeepArguments),
    /// What is kept of what people write: show it, or set it
    Text(TextArguments),
}

/// `upshot settings set`.
#[derive(Debug, Args)]
pub struct SetSettings {
    /// The time zone of days, as Europe/Berlin
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// With which day weeks begin: monday, sunday or saturday
    #[arg(long, value_name = "DAY")]
    pub week_start: Option<String>,
    /// The currency of costs, as EUR
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,
    /// How numbers and dates are written, as de-DE
    #[arg(long, value_name = "LOCALE")]
    pub locale: Option<String>,
    /// What something costs, agent_minute or human_contact; may be repeated. No number uses it yet
    #[arg(long = "cost", value_name = "NAME=AMOUNT")]
    pub costs: Vec<String>,
    /// What a bot is called; may be repeated
    #[arg(long = "bot", value_name = "ID=NAME")]
    pub bots: Vec<String>,
    /// With what ticket_reduction compares: FROM..TO, a share of inquiries as 0.42, or none
    #[arg(long, value_name = "BASELINE")]
    pub ticket_baseline: Option<String>,
    /// Where to set them.
    #[command(flatten)]
    pub server: ServerChoice,
}

/// Runs the command.
pub async fn run(common: &Common, arguments: SettingsArguments) -> Result<u8, Failure> {
    let set = match arguments.action {
        Some(SettingsAction::Set(set)) => set,
        Some(SettingsAction::Keep(keep)) => return keeping::run(common, keep).await,
        Some(SettingsAction::Text(text)) => return text_mode::run(common, text).await,
        None => {
            let settings = current(common, &arguments.server).await?;
            print(common, &settings)?;
            return Ok(0);
        }
    };
    let new = changed(current(common, &set.server).await?.again(), &set)?;
    let settings = give(common, &set.server, new).await?;
    print(common, &settings)?;
    Ok(0)
}

/// The settings with those that the command line names in their place.
fn changed(mut new: NewSettings, set: &SetSettings) -> Result<NewSettings, Failure> {
    let said = |said: &Option<String>, before: Option<String>| said.clone().or(before);
    new.time_zone = said(&set.timezone, new.time_zone);
    new.week_start = said(&set.week_start, new.week_start);
    new.currency = said(&set.currency, new.currency);
    new.locale = said(&set.locale, new.locale);
    for text in &set.costs {
        let (name, amount) = pair(text, "--cost", "agent_minute=0.9")?;
        let amount = amount.parse().map_err(|_| {
            Failure::usage(format!("--cost {text}: `{amount}` is no number, as 0.9 is"))
        })?;
        match name {
            "agent_minute" => new.costs.agent_minute = Some(amount),
            "human_contact" => new.costs.human_contact = Some(amount),
            _ => {
                return Err(Failure::usage(format!(
                    "--cost {text}: there is no cost `{name}`; known are agent_minute and human_contact"
                )));
            }
        }
    }
    for text in &set.bots {
        let (id, name) = pair(text, "--bot", "shop='Shop assistant'")?;
        new.bots.retain(|bot| bot.id != id);
        let (id, name) = (id.to_owned(), name.to_owned());
        new.bots.push(BotName { id, name });
    }
    if let Some(text) = &set.ticket_baseline {
        new.ticket_baseline = baseline(text)?;
    }
    Ok(new)
}

/// A baseline as the command line writes it.
fn baseline(text: &str) -> Result<Baseline, Failure> {
    if text == "none" {
        return Ok(Baseline::default());
    }
    if let Some((from, to)) = text.split_once("..") {
        return Ok(Baseline {
            rate: None,
            from: Some(from.trim().to_owned()),
            to: Some(to.trim().to_owned()),
        });
    }
    let rate = text.parse().map_err(|_| {
        Failure::usage(format!(
            "--ticket-baseline {text}: write 2025-10-01..2025-12-31, a share as 0.42, or none"
        ))
    })?;
    Ok(Baseline {
        rate: Some(rate),
        ..Baseline::default()
    })
}

fn pair<'a>(text: &'a str, option: &str, example: &str) -> Result<(&'a str, &'a str), Failure> {
    let wrong = || Failure::usage(format!("{option} {text}: write {option} {example}"));
    text.split_once('=').ok_or_else(wrong)
}

fn read(answer: Value) -> Result<Settings, Failure> {
    serde_json::from_value(answer)
        .map_err(|error| Failure::failed(format!("the server's answer cannot be read: {error}")))
}

async fn current(common: &Common, server: &ServerChoice) -> Result<Settings, Failure> {
    if let Some(client) = server.client() {
        return read(client.ask("GET", PATH, &common.workspace).await?);
    }
    if !common.data.join("upshot.json").exists() {
        return Ok(Settings::of(None));
    }
    // Whoever reads the store holds the data directory.
    let lake = open_lake(common).await?;
    let found = async {
        let Some(store) = existing_store(common).await? else {
            return Ok(None);
        };
        let found = store.settings(&common.workspace).await;
        store.close().await;
        Ok::<_, Failure>(found?)
    };
    let found = found.await;
    close(common, &lake).await?;
    Ok(Settings::of(found?))
}

async fn give(
    common: &Common,
    server: &ServerChoice,
    new: NewSettings,
) -> Result<Settings, Failure> {
    if let Some(client) = server.client() {
        let body = json!(new).to_string().into_bytes();
        let put = client.put(PATH, &common.workspace, "application/json", body);
        return read(put.await?);
    }
    let settings = new.checked().map_err(|problems| {
        let lines = problems.iter();
        let lines = lines.map(|problem| format!("{}: {}", problem.field, problem.detail));
        Failure::usage(lines.collect::<Vec<_>>().join("\n"))
    })?;
    let lake = open_lake(common).await?;
    let time = now();
    let setting = async {
        lake.check_workspace(&common.workspace)?;
        let store = open_store(common).await?;
        let setting = async {
            let before = Settings::of(store.settings(&common.workspace).await?);
            let workspace = &common.workspace;
            store.set_settings(workspace, &settings, time).await?;
            let after = Settings::of(Some((settings, time)));
            let detail = difference(&before, &after);
            note(common, &store, "settings.set", ("", &detail)).await?;
            Ok::<_, Failure>(after)
        };
        let set = setting.await;
        store.close().await;
        set
    };
    let set = setting.await;
    close(common, &lake).await?;
    set
}

fn print(common: &Common, settings: &Settings) -> Result<(), Failure> {
    if common.output == OutputFormat::Json {
        return output::json(settings);
    }
    let cost = |cost: Option<f64>| match cost {
        Some(cost) => format!("{cost} {}", settings.currency),
        None => "not set".to_owned(),
    };
    let bots = settings.bots.iter();
    let bots: Vec<String> = bots
        .map(|bot| format!("{}: {}", bot.id, bot.name))
        .collect();
    output::pairs(
        common,
        &[
            ("time zone", settings.time_zone.clone()),
            ("weeks begin on", settings.week_start.clone()),
            ("currency", settings.currency.clone()),
            (
                "locale",
                settings
                    .locale
                    .clone()
                    .unwrap_or_else(|| "not set".to_owned()),
            ),
            (
                "cost of an agent's minute (not used yet)",
                cost(settings.costs.agent_minute),
            ),
            (
                "cost of a human contact (not used yet)",
                cost(settings.costs.human_contact),
            ),
            ("bots with names", bots.join(", ")),
            ("baseline of tickets", told(&settings.ticket_baseline)),
        ],
    )
}

/// A baseline in words.
fn told(baseline: &Baseline) -> String {
    match (baseline.rate, &baseline.from, &baseline.to) {
        (Some(rate), ..) => format!("{rate} of inquiries"),
        (_, Some(from), Some(to)) => format!("{from} to {to}"),
        _ => "not set".to_owned(),
    }
}
