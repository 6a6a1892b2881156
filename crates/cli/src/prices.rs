//! `upshot prices`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use upshot_core::prices::PriceList;
use upshot_server::prices::{ModelPrice, Prices};

use crate::arguments::{Common, OutputFormat, ServerChoice};
use crate::failure::Failure;
use crate::output::{self, Column};
use crate::people::note_alone;
use crate::session::{close, open_lake};

const PATH: &str = "/api/v1/prices";

/// `upshot prices`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    upshot prices --toml > prices.toml\n  \
    upshot prices check prices.toml\n  \
    upshot prices set prices.toml\n\n\
    docs/prices.md explains the file.")]
pub struct PricesArguments {
    /// Write the whole list as TOML
    #[arg(long)]
    pub toml: bool,
    /// Where to ask for the list.
    #[command(flatten)]
    pub server: ServerChoice,
    /// What to do.
    #[command(subcommand)]
    pub action: Option<PricesAction>,
}

/// What `upshot prices` does.
#[derive(Debug, Subcommand)]
pub enum PricesAction {
    /// Read a price list and say what is wrong with it; nothing is written
    Check(PriceCheckArguments),
    /// Price by this list from now on, also what was called before
    Set(PriceSetArguments),
}

/// `upshot prices check`.
#[derive(Debug, Args)]
pub struct PriceCheckArguments {
    /// The TOML file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// `upshot prices set`.
#[derive(Debug, Args)]
pub struct PriceSetArguments {
    /// The TOML file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where to set it.
    #[command(flatten)]
    pub server: ServerChoice,
}

/// Runs the command.
pub async fn run(common: &Common, arguments: PricesArguments) -> Result<u8, Failure> {
    match arguments.action {
        None => {
            let prices = current(common, &arguments.server).await?;
            match (common.output, arguments.toml) {
                (_, true) => output::line(prices.toml.trim_end())?,
                (OutputFormat::Json, _) => output::json(&prices)?,
                _ => print(common, &prices)?,
            }
        }
        Some(PricesAction::Check(check)) => {
            let list = read(&check.file)?;
            let prices = Prices::of(&list, false);
            output::line(&format!(
                "{} is valid: {}, version {}",
                check.file.display(),
                match prices.prices.len() {
                    1 => "1 entry".to_owned(),
                    count => format!("{count} entries"),
                },
                prices.version
            ))?;
        }
        Some(PricesAction::Set(set)) => {
            let list = read(&set.file)?;
            let prices = give(common, &set.server, list.text()).await?;
            output::note(
                common,
                &format!(
                    "the workspace `{}` is priced by {} from now on, also what was called before",
                    common.workspace, prices.version
                ),
            );
        }
    }
    Ok(0)
}

/// Reads a list and checks it.
fn read(path: &Path) -> Result<PriceList, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::failed(format!("cannot read {}: {error}", path.display())))?;
    PriceList::from_toml(&text)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

fn answer(answer: Value) -> Result<Prices, Failure> {
    serde_json::from_value(answer)
        .map_err(|error| Failure::failed(format!("the server's answer cannot be read: {error}")))
}

/// The list in use. Where there is no data directory yet, the one that comes with the program.
async fn current(common: &Common, server: &ServerChoice) -> Result<Prices, Failure> {
    if let Some(client) = server.client() {
        return answer(client.ask("GET", PATH, &common.workspace).await?);
    }
    if !common.data.join("upshot.json").exists() {
        return Ok(Prices::of(&PriceList::built_in(), false));
    }
    let lake = crate::session::try_open(common).await?;
    let own = lake.own_prices(&common.workspace);
    close(common, &lake).await?;
    let is_own = own.is_some();
    Ok(Prices::of(&own.unwrap_or_else(PriceList::built_in), is_own))
}

async fn give(common: &Common, server: &ServerChoice, text: &str) -> Result<Prices, Failure> {
    if let Some(client) = server.client() {
        let body = json!({ "toml": text }).to_string().into_bytes();
        let put = client
            .put(PATH, &common.workspace, "application/json", body)
            .await?;
        return answer(put);
    }
    let lake = open_lake(common).await?;
    let setting = async {
        let list = lake.set_prices(&common.workspace, text).await?;
        note_alone(common, "prices.set", ("", list.version())).await?;
        Ok::<_, Failure>(list)
    };
    let list = setting.await;
    close(common, &lake).await?;
    Ok(Prices::of(&*list?, true))
}

fn print(common: &Common, prices: &Prices) -> Result<(), Failure> {
    let columns = [
        Column::text("provider"),
        Column::text("model"),
        Column::text("from"),
        Column::text("to"),
        Column::number("input"),
        Column::number("output"),
        Column::number("cached"),
        Column::number("cache write"),
        Column::number("reasoning"),
    ];
    let rows: Vec<Vec<String>> = prices.prices.iter().flat_map(rows).collect();
    output::rows(common, &columns, &rows)?;
    let whose = match prices.own {
        true => "the workspace's own list",
        false => "the list that comes with the program",
    };
    output::note(
        common,
        &format!(
            "\nUS dollars a million tokens; {whose}, version {}.\n`upshot prices --toml` writes it to be \
             changed, `upshot prices set FILE` gives it back; docs/prices.md explains it.",
            prices.version
        ),
    );
    Ok(())
}

/// A row for each name of a model.
fn rows(price: &ModelPrice) -> Vec<Vec<String>> {
    let provider = match price.providers.is_empty() {
        true => "any".to_owned(),
        false => price.providers.join(", "),
    };
    let day = |day: &Option<String>| day.clone().unwrap_or_default();
    price
        .models
        .iter()
        .map(|model| {
            let rates = [
                price.input,
                price.output,
                price.cached,
                price.cache_write,
                price.reasoning,
            ];
            let mut row = vec![
                provider.clone(),
                model.clone(),
                day(&price.from),
                day(&price.to),
            ];
            row.extend(rates.map(|rate| format!("{rate}")));
            row
        })
        .collect()
}
