//! `upshot segments`: filters that are saved under a name.

use clap::{Args, Subcommand};
use serde_json::json;
use upshot_metrics::check_segment;
use upshot_server::segments::{SavedSegment, Segments};

use crate::arguments::{Common, OutputFormat, ServerChoice};
use crate::client::{path_part, read};
use crate::failure::Failure;
use crate::output::{self, Column};
use crate::people::note;
use crate::query;
use crate::session::{close, existing_store, now, open_existing, open_store};

const PATH: &str = "/api/v1/segments";

/// `upshot segments`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  \
    upshot segments set 'new on the web' 'channel = web and user.first_session'\n  \
    upshot query --metrics sessions,resolution_rate --segment 'new on the web'\n  \
    upshot query --metrics resolution_rate --segment 'new on the web' --segment returning\n  \
    upshot sessions --filter 'segment \"new on the web\" and escalated'\n\n\
    A workspace's segments are its own. A question that names one that was removed fails and says so."
)]
pub struct SegmentsArguments {
    /// Where to ask for them.
    #[command(flatten)]
    pub server: ServerChoice,
    /// What to do.
    #[command(subcommand)]
    pub action: Option<SegmentsAction>,
}

/// What `upshot segments` does.
#[derive(Debug, Subcommand)]
pub enum SegmentsAction {
    /// List all; so does no action at all
    List(ListArguments),
    /// Show one
    Show(NameArguments),
    /// Save a filter under a name, in the place of one that has the name already
    Set(SetArguments),
    /// Remove one
    Remove(NameArguments),
}

/// `upshot segments list`.
#[derive(Debug, Args)]
pub struct ListArguments {
    /// Where to ask for them.
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `upshot segments show` and `remove`.
#[derive(Debug, Args)]
pub struct NameArguments {
    /// The segment's name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Where it is.
    #[command(flatten)]
    pub server: ServerChoice,
}

/// `upshot segments set`.
#[derive(Debug, Args)]
pub struct SetArguments {
    /// The segment's name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The filter, as --filter of `upshot query` takes it
    #[arg(value_name = "EXPRESSION")]
    pub filter: String,
    /// What it is for
    #[arg(long, default_value = "", value_name = "TEXT")]
    pub description: String,
    /// Where to save it.
    #[command(flatten)]
    pub server: ServerChoice,
}

/// Runs the command.
pub async fn run(common: &Common, arguments: SegmentsArguments) -> Result<u8, Failure> {
    match arguments.action {
        None => print(common, &all(common, &arguments.server).await?.segments)?,
        Some(SegmentsAction::List(list)) => {
            print(common, &all(common, &list.server).await?.segments)?;
        }
        Some(SegmentsAction::Show(named)) => {
            let segment = one(common, &named).await?;
            match common.output {
                OutputFormat::Json => output::json(&segment)?,
                _ => print(common, &[segment])?,
            }
        }
        Some(SegmentsAction::Set(set)) => {
            let saved = save(common, &set).await?;
            output::note(common, &format!("saved `{}`: {}", saved.name, saved.filter));
        }
        Some(SegmentsAction::Remove(named)) => {
            remove(common, &named).await?;
            output::note(common, &format!("removed `{}`", named.name));
        }
    }
    Ok(0)
}

async fn all(common: &Common, server: &ServerChoice) -> Result<Segments, Failure> {
    if let Some(client) = server.client() {
        return read(client.ask("GET", PATH, &common.workspace).await?);
    }
    let lake = open_existing(common).await?;
    let found = match existing_store(common).await? {
        None => Vec::new(),
        Some(store) => {
            let found = store.segments(&common.workspace).await;
            store.close().await;
            found?
        }
    };
    close(common, &lake).await?;
    Ok(Segments {
        segments: found.into_iter().map(Into::into).collect(),
    })
}

async fn one(common: &Common, named: &NameArguments) -> Result<SavedSegment, Failure> {
    let all = all(common, &named.server).await?.segments.into_iter();
    let mut found = all.filter(|segment| segment.name == named.name);
    found.next().ok_or_else(|| unknown(common, &named.name))
}

fn unknown(common: &Common, name: &str) -> Failure {
    Failure::failed(format!(
        "there is no segment `{name}` in workspace `{}`; `upshot segments` lists them",
        common.workspace
    ))
}

async fn save(common: &Common, set: &SetArguments) -> Result<SavedSegment, Failure> {
    if let Some(client) = set.server.client() {
        let body = json!({ "filter": set.filter, "description": set.description });
        let path = format!("{PATH}/{}", path_part(&set.name));
        let body = body.to_string().into_bytes();
        let put = client.put(&path, &common.workspace, "application/json", body);
        return read(put.await?);
    }
    let lake = open_existing(common).await?;
    lake.check_workspace(&common.workspace)?;
    let store = open_store(common).await?;
    let saving = async {
        let others = store.filters(&common.workspace).await?;
        check_segment(&set.name, &set.filter, &others)
            .map_err(|problem| query::failure(problem.into()))?;
        let (name, filter, description) = (&set.name, &set.filter, &set.description);
        let saved = store.set_segment(&common.workspace, name, filter, description, now());
        let saved = saved.await?;
        note(common, &store, "segment.set", (name, "")).await?;
        Ok::<_, Failure>(saved)
    };
    let saved = saving.await;
    store.close().await;
    close(common, &lake).await?;
    Ok(saved?.into())
}

async fn remove(common: &Common, named: &NameArguments) -> Result<(), Failure> {
    if let Some(client) = named.server.client() {
        let path = format!("{PATH}/{}", path_part(&named.name));
        client.ask("DELETE", &path, &common.workspace).await?;
        return Ok(());
    }
    let lake = open_existing(common).await?;
    let removed = match existing_store(common).await? {
        None => false,
        Some(store) => {
            let removing = async {
                let name = &named.name;
                let removed = store.remove_segment(&common.workspace, name).await?;
                if removed {
                    note(common, &store, "segment.remove", (name, "")).await?;
                }
                Ok::<_, Failure>(removed)
            };
            let removed = removing.await;
            store.close().await;
            removed?
        }
    };
    close(common, &lake).await?;
    match removed {
        true => Ok(()),
        false => Err(unknown(common, &named.name)),
    }
}

fn print(common: &Common, segments: &[SavedSegment]) -> Result<(), Failure> {
    if common.output == OutputFormat::Json {
        return output::json(&json!({ "segments": segments }));
    }
    let columns = ["segment", "filter", "description", "changed"].map(Column::text);
    let row = |segment: &SavedSegment| {
        vec![
            segment.name.clone(),
            segment.filter.clone(),
            segment.description.clone(),
            segment.changed.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = segments.iter().map(row).collect();
    output::rows(common, &columns, &rows)
}
