//! `upshot keys`: keys by which programs ask.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use upshot_server::access::keys::{Keys, KnownKey, MadeKey, NewKey, make_key};
use upshot_server::access::permission::Scope;

use crate::arguments::{Common, OutputFormat, ServerChoice};
use crate::client::{path_part, read};
use crate::failure::Failure;
use crate::output::{self, Column};
use crate::people::{COMMAND_LINE, note, with_store};
use crate::session::{now, refuse_nothing};

const PATH: &str = "/api/v1/keys";

/// `upshot keys`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  \
    upshot keys create shop --scope ingest\n  \
    upshot keys create warehouse --scope read --scope export\n  \
    upshot keys remove 5f3a9c015f3a9c01\n\n\
    A key opens its workspace and no other. It is shown once, and sent as `Authorization: Bearer KEY`."
)]
pub struct KeysArguments {
    /// Where to ask for them.
    #[command(flatten)]
    pub server: ServerChoice,
    /// What to do.
    #[command(subcommand)]
    pub action: Option<KeysAction>,
}

/// What `upshot keys` does.
#[derive(Debug, Subcommand)]
pub enum KeysAction {
    /// List all; so does no action at all
    List(ListArguments),
    /// Make one, and show it this once
    Create(CreateArguments),
    /// Revoke one
    Remove(RemoveKeyArguments),
}

/// `upshot keys list`.
#[derive(Debug, Args)]
pub struct ListArguments {
    /// Where to ask for them.
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `upshot keys create`.
#[derive(Debug, Args)]
pub struct CreateArguments {
    /// What it is called
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What it may do; may be repeated
    #[arg(long = "scope", value_enum, required = true)]
    pub scopes: Vec<ScopeChoice>,
    /// Where to make it.
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `upshot keys remove`.
#[derive(Debug, Args)]
pub struct RemoveKeyArguments {
    /// The key's id, as the list has it
    #[arg(value_name = "ID")]
    pub id: String,
    /// Where it is.
    #[command(flatten)]
    pub server: ServerChoice,
}

/// The scopes.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ScopeChoice {
    /// Send events.
    Ingest,
    /// Numbers, and facts of sessions without what was said.
    Read,
    /// Rows and transcripts, with what was said.
    Export,
    /// What an admin may.
    Admin,
}

impl ScopeChoice {
    const fn scope(self) -> Scope {
        match self {
            Self::Ingest => Scope::Ingest,
            Self::Read => Scope::Read,
            Self::Export => Scope::Export,
            Self::Admin => Scope::Admin,
        }
    }
}

/// Runs the command.
pub async fn run(common: &Common, arguments: KeysArguments) -> Result<u8, Failure> {
    match arguments.action {
        None => print(common, &all(common, &arguments.server).await?)?,
        Some(KeysAction::List(list)) => print(common, &all(common, &list.server).await?)?,
        Some(KeysAction::Create(create)) => {
            let made = make(common, &create).await?;
            match common.output {
                OutputFormat::Json => output::json(&made)?,
                _ => output::line(&made.key)?,
            }
        }
        Some(KeysAction::Remove(named)) => {
            remove(common, &named).await?;
            output::note(common, &format!("revoked `{}`", named.id));
        }
    }
    Ok(0)
}

async fn all(common: &Common, server: &ServerChoice) -> Result<Keys, Failure> {
    if let Some(client) = server.client() {
        return read(client.ask("GET", PATH, &common.workspace).await?);
    }
    refuse_nothing(common)?;
    with_store(common, async |store| {
        let keys = store.keys(&common.workspace).await?;
        Ok(Keys {
            keys: keys.into_iter().map(Into::into).collect(),
        })
    })
    .await
}

async fn make(common: &Common, create: &CreateArguments) -> Result<MadeKey, Failure> {
    let new = NewKey {
        name: create.name.clone(),
        scopes: create.scopes.iter().map(|choice| choice.scope()).collect(),
    };
    if let Some(client) = create.server.client() {
        let body = json!(new).to_string().into_bytes();
        let made = client.post(PATH, &common.workspace, "application/json", body);
        return read(made.await?);
    }
    upshot_server::access::keys::check_name(&new.name)
        .map_err(|_| Failure::usage("the name of a key has 1 to 100 characters".to_owned()))?;
    with_store(common, async |store| {
        let workspace = &common.workspace;
        let made = make_key(store, workspace, &new, COMMAND_LINE, now()).await?;
        let words: Vec<&str> = made.scopes.iter().map(|scope| scope.as_str()).collect();
        let subject = format!("{} ({})", made.name, made.id);
        note(common, store, "key.make", (&subject, &words.join(", "))).await?;
        Ok(made)
    })
    .await
}

async fn remove(common: &Common, named: &RemoveKeyArguments) -> Result<(), Failure> {
    if let Some(client) = named.server.client() {
        let path = format!("{PATH}/{}", path_part(&named.id));
        client.ask("DELETE", &path, &common.workspace).await?;
        return Ok(());
    }
    with_store(common, async |store| {
        if !store.remove_key(&common.workspace, &named.id).await? {
            return Err(Failure::failed(format!(
                "there is no key `{}` in workspace `{}`; `upshot keys` lists them",
                named.id, common.workspace
            )));
        }
        note(common, store, "key.remove", (&named.id, "")).await
    })
    .await
}

fn print(common: &Common, keys: &Keys) -> Result<(), Failure> {
    if common.output == OutputFormat::Json {
        return output::json(keys);
    }
    let columns = ["key", "id", "scopes", "made by", "last used"].map(Column::text);
    let row = |key: &KnownKey| {
        let words: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        vec![
            key.name.clone(),
            key.id.clone(),
            words.join(", "),
            key.created_by.clone(),
            key.last_used.clone().unwrap_or_default(),
        ]
    };
    let rows: Vec<Vec<String>> = keys.keys.iter().map(row).collect();
    output::rows(common, &columns, &rows)
}
