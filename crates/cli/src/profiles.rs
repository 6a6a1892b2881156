//! `upshot profiles`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use upshot_core::profile::{Profile, built_in_text};
use upshot_lake::engine::PreviewOptions;
use upshot_lake::{LakeError, Settings};
use upshot_server::fact_sets::{
    ChangeBegun, ChangeKind, FactSet, FactSets, PreviewResult, Role, SessionCounts,
};

use crate::arguments::{
    Common, OutputFormat, PreviewArguments, ProfileChangeArguments, ProfilesAction,
    ProfilesArguments, RemoveArguments, ServerChoice,
};
use crate::client::{Client, read};
use crate::failure::Failure;
use crate::output::{self, Column, number};
use crate::people::note_alone;
use crate::session::{close, length, open_existing, open_lake, spinner};

const PATH: &str = "/api/v1/fact-sets";

/// The text of a profile that comes with the program, or of a file.
pub fn text(name: &str) -> Result<String, Failure> {
    if let Some(text) = built_in_text(name) {
        return Ok(text.to_owned());
    }
    let path = Path::new(name);
    if path.exists() {
        return std::fs::read_to_string(path)
            .map_err(|error| Failure::failed(format!("cannot read {name}: {error}")));
    }
    Err(Failure::usage(format!(
        "there is no profile `{name}`; known are {}, or name a TOML file",
        Profile::built_in_names().join(", ")
    )))
}

/// The text of a profile that is valid.
pub fn valid_text(name: &str) -> Result<String, Failure> {
    let text = text(name)?;
    Profile::from_toml(&text)
        .map_err(|error| Failure::usage(format!("profile `{name}`: {error}")))?;
    Ok(text)
}

/// Runs the command.
pub async fn run(common: &Common, arguments: ProfilesArguments) -> Result<u8, Failure> {
    match arguments.action {
        Some(ProfilesAction::Preview(preview)) => show_preview(common, preview).await?,
        Some(ProfilesAction::Apply(change)) => apply(common, change, false).await?,
        Some(ProfilesAction::Add(change)) => apply(common, change, true).await?,
        Some(ProfilesAction::Remove(remove)) => take_away(common, remove).await?,
        None => match &arguments.name {
            Some(name) => output::line(text(name)?.trim_end())?,
            None => list(common, &arguments.server).await?,
        },
    }
    Ok(0)
}

async fn post<T: serde::de::DeserializeOwned>(
    common: &Common,
    client: &Client,
    path: &str,
    body: &Value,
) -> Result<T, Failure> {
    let body = body.to_string().into_bytes();
    let answer = client
        .post(path, &common.workspace, "application/json", body)
        .await?;
    read(answer)
}

/// The fact sets of the workspace; none where there is no data yet, or where another process holds it.
async fn fact_sets(common: &Common, server: &ServerChoice) -> Result<Option<FactSets>, Failure> {
    if let Some(client) = server.client() {
        let answer = client.ask("GET", PATH, &common.workspace).await?;
        return read(answer).map(Some);
    }
    if !common.data.join("upshot.json").exists() {
        return Ok(None);
    }
    let lake = match crate::session::try_open(common).await {
        Ok(lake) => lake,
        Err(LakeError::InUse(_)) => {
            output::note(
                common,
                "another process holds the data directory; ask it with --server for what is in use\n",
            );
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let list = lake.fact_sets(&common.workspace);
    close(common, &lake).await?;
    Ok(Some(list.into()))
}

async fn list(common: &Common, server: &ServerChoice) -> Result<(), Failure> {
    let found = fact_sets(common, server).await?;
    let sets = found.as_ref().map_or(&[][..], |found| &found.fact_sets);
    let mut states: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for set in sets {
        for (name, state) in states_of(set) {
            states.entry(name).or_default().push(state);
        }
    }
    let mut rows = Vec::new();
    for name in Profile::built_in_names() {
        let Some(profile) = Profile::built_in(name) else {
            continue;
        };
        rows.push(vec![
            (*name).to_owned(),
            profile.version().to_string(),
            length(profile.timeout(None)),
            states.remove(*name).unwrap_or_default().join(", "),
            first_comment(built_in_text(name).unwrap_or_default()),
        ]);
    }
    for (name, state) in states {
        let version = sets
            .iter()
            .flat_map(|set| &set.profiles)
            .filter(|profile| profile.name == name)
            .map(|profile| profile.version)
            .max();
        rows.push(vec![
            name,
            version.unwrap_or_default().to_string(),
            String::new(),
            state.join(", "),
            "the workspace's own".to_owned(),
        ]);
    }
    if common.output == OutputFormat::Json {
        let list: Vec<_> = rows
            .iter()
            .map(|row| serde_json::json!({"name": row[0], "version": row[1], "timeout": row[2], "state": row[3], "description": row[4]}))
            .collect();
        return output::json(&list);
    }
    let columns = [
        Column::text("profile"),
        Column::number("version"),
        Column::number("time-out"),
        Column::text("in use"),
        Column::text("for"),
    ];
    output::rows(common, &columns, &rows)?;
    for kept in found.iter().flat_map(|found| &found.kept) {
        output::note(
            common,
            &format!(
                "{} sessions are as {} made them: their events are no longer kept",
                number(kept.sessions),
                kept.fact_set
            ),
        );
    }
    output::note(
        common,
        "\n`upshot profiles NAME` shows the rules, each with what it means; docs/profiles.md explains them.",
    );
    Ok(())
}

/// What each profile of a fact set is in use for.
fn states_of(set: &FactSet) -> Vec<(String, String)> {
    let role = match (set.role, &set.building) {
        (Role::Active, _) => "active".to_owned(),
        (Role::Additional, None) => "additional".to_owned(),
        (Role::Additional, Some(_)) => format!("additional, {}", progress(set)),
        (Role::Next, _) => format!("next, {}", progress(set)),
    };
    set.profiles
        .iter()
        .map(|profile| {
            let state = match &profile.source {
                None => role.clone(),
                Some(source) => format!("{role} for {source}"),
            };
            (profile.name.clone(), state)
        })
        .collect()
}

fn progress(set: &FactSet) -> String {
    let Some(building) = &set.building else {
        return "built".to_owned();
    };
    let percent = building.events_done * 100 / building.events.max(1);
    match &building.failure {
        None => format!("{percent} % built"),
        Some(failure) => format!("{percent} % built, {failure}"),
    }
}

async fn apply(
    common: &Common,
    arguments: ProfileChangeArguments,
    additional: bool,
) -> Result<(), Failure> {
    let text = valid_text(&arguments.profile)?;
    if additional && arguments.source.is_some() {
        return Err(Failure::usage(
            "an additional fact set has one profile for everything; leave --source out",
        ));
    }
    let bar = spinner(common, 0);
    let (begun, found) = match arguments.server.client() {
        Some(client) => {
            let body = serde_json::json!({"toml": text, "source": arguments.source, "additional": additional});
            let begun: ChangeBegun = post(common, &client, PATH, &body).await?;
            let found = loop {
                let found: FactSets = read(client.ask("GET", PATH, &common.workspace).await?)?;
                if !still_builds(&found, &bar)? {
                    break found;
                }
                tokio::time::sleep(Duration::from_millis(300)).await;
            };
            (begun, found)
        }
        None => in_place(common, &text, arguments.source.as_deref(), additional, &bar).await?,
    };
    bar.finish_and_clear();
    if common.output == OutputFormat::Json {
        return output::json(&found);
    }
    let sessions = found
        .fact_sets
        .iter()
        .find(|set| set.fact_set == begun.fact_set)
        .map_or(0, |set| set.sessions);
    output::pairs(
        common,
        &[
            ("fact set", begun.fact_set),
            ("sessions", number(sessions)),
            (
                "",
                match (begun.builds, additional) {
                    (false, _) => "nothing to do: it was so already".to_owned(),
                    (true, false) => "built, and in use".to_owned(),
                    (true, true) => "built, and kept up to date beside the active one".to_owned(),
                },
            ),
        ],
    )
}

/// Shows how far it is; says whether something is still being built.
fn still_builds(found: &FactSets, bar: &indicatif::ProgressBar) -> Result<bool, Failure> {
    let Some(set) = found.fact_sets.iter().find(|set| set.building.is_some()) else {
        return Ok(false);
    };
    if let Some(failure) = set.building.as_ref().and_then(|one| one.failure.as_ref()) {
        return Err(Failure::failed(format!(
            "building {} failed: {failure}; it is tried again",
            set.fact_set
        )));
    }
    bar.set_message(format!("{}: {}", set.fact_set, progress(set)));
    Ok(true)
}

async fn in_place(
    common: &Common,
    text: &str,
    source: Option<&str>,
    additional: bool,
    bar: &indicatif::ProgressBar,
) -> Result<(ChangeBegun, FactSets), Failure> {
    let lake = open_lake(common).await?;
    let workspace = &common.workspace;
    let work = async {
        let begun = if additional {
            lake.add_fact_set(workspace, Settings::of_profile(text)?)
                .await?
        } else {
            let settings = lake.settings(workspace).as_ref().clone();
            let settings = settings.with_profile(source, text)?;
            lake.apply_settings(workspace, settings).await?
        };
        note_alone(common, "profile.apply", (&begun.fact_set, "")).await?;
        let built = lake.wait_until_built(workspace);
        tokio::pin!(built);
        loop {
            tokio::select! {
                result = &mut built => {
                    result?;
                    break;
                }
                () = tokio::time::sleep(Duration::from_millis(200)) => {
                    still_builds(&lake.fact_sets(workspace).into(), bar)?;
                }
            }
        }
        Ok::<_, Failure>(begun)
    };
    let begun = work.await;
    let found = lake.fact_sets(workspace).into();
    close(common, &lake).await?;
    let begun = begun?;
    let begun = ChangeBegun {
        fact_set: begun.fact_set,
        builds: begun.builds,
    };
    Ok((begun, found))
}

async fn take_away(common: &Common, arguments: RemoveArguments) -> Result<(), Failure> {
    if let Some(client) = arguments.server.client() {
        // A fact set's name may hold a slash.
        let name = arguments.profile.replace('/', "%2F").replace(';', "%3B");
        let path = format!("{PATH}/{name}");
        client.ask("DELETE", &path, &common.workspace).await?;
    } else {
        let lake = open_existing(common).await?;
        let name = &arguments.profile;
        let removing = async {
            lake.remove_fact_set(&common.workspace, name).await?;
            note_alone(common, "profile.remove", (name, "")).await
        };
        let removed = removing.await;
        close(common, &lake).await?;
        removed?;
    }
    output::note(
        common,
        "its facts are gone; the events and the other fact sets stay",
    );
    Ok(())
}

async fn show_preview(common: &Common, arguments: PreviewArguments) -> Result<(), Failure> {
    let text = valid_text(&arguments.profile)?;
    let bar = spinner(common, 0);
    bar.set_message("folding everything by both");
    let result: Result<PreviewResult, Failure> = match arguments.server.client() {
        Some(client) => {
            let body = serde_json::json!({
                "toml": text, "source": arguments.source, "one_in": arguments.one_in, "limit": arguments.limit,
            });
            post(common, &client, &format!("{PATH}/preview"), &body).await
        }
        None => {
            let lake = open_existing(common).await?;
            let settings = lake.settings(&common.workspace).as_ref().clone();
            let settings = settings.with_profile(arguments.source.as_deref(), &text)?;
            let options = PreviewOptions {
                one_in: arguments.one_in,
                listed: arguments.limit,
            };
            let preview = lake.preview(&common.workspace, settings, options).await;
            close(common, &lake).await?;
            preview.map(PreviewResult::from).map_err(Failure::from)
        }
    };
    bar.finish_and_clear();
    print_preview(common, &result?)
}

fn print_preview(common: &Common, preview: &PreviewResult) -> Result<(), Failure> {
    match common.output {
        OutputFormat::Json => return output::json(preview),
        OutputFormat::Csv => return print_sessions(common, preview),
        _ => {}
    }
    let columns = [
        Column::text(""),
        Column::number(preview.fact_set_before.clone()),
        Column::number(preview.fact_set_after.clone()),
    ];
    let (before, after) = (&preview.before, &preview.after);
    let counted = |name: &str, value: fn(&SessionCounts) -> u64| {
        vec![name.to_owned(), number(value(before)), number(value(after))]
    };
    let share = |name: &str, value: fn(&SessionCounts) -> Option<f64>| {
        let text = |counts| {
            value(counts).map_or_else(|| "–".to_owned(), |share| format!("{:.1} %", share * 100.0))
        };
        vec![name.to_owned(), text(before), text(after)]
    };
    let rows = [
        counted("sessions", |counts| counts.sessions),
        share("engaged", |counts| counts.engagement_rate),
        share("resolved", |counts| counts.resolution_rate),
        share("escalated", |counts| counts.escalation_rate),
        share("abandoned", |counts| counts.abandon_rate),
        counted("open", |counts| counts.open),
    ];
    output::rows(common, &columns, &rows)?;
    let of = match preview.one_in {
        0 | 1 => String::new(),
        one_in => format!(", of one conversation in {one_in}"),
    };
    output::line(&format!(
        "\n{} sessions change, {} are no more, {} are new{of}.",
        number(preview.changed),
        number(preview.gone),
        number(preview.new)
    ))?;
    if preview.sessions.is_empty() {
        return Ok(());
    }
    let fields: Vec<String> = preview
        .fields
        .iter()
        .take(8)
        .map(|field| format!("{} {}", field.field, number(field.sessions)))
        .collect();
    if !fields.is_empty() {
        output::line(&format!("Fields that change: {}.", fields.join(", ")))?;
    }
    output::line("")?;
    print_sessions(common, preview)
}

/// A row a session and field.
fn print_sessions(common: &Common, preview: &PreviewResult) -> Result<(), Failure> {
    let columns = ["session", "start", "change", "field", "before", "after"].map(Column::text);
    let mut rows = Vec::new();
    for session in &preview.sessions {
        let change = match session.change {
            ChangeKind::Changed => "changed",
            ChangeKind::Gone => "gone",
            ChangeKind::New => "new",
        };
        let start = session.start_time.get(..19).unwrap_or_default();
        let head = [session.session_id.as_str(), start, change].map(str::to_owned);
        if session.fields.is_empty() {
            rows.push([head.to_vec(), vec![String::new(); 3]].concat());
        }
        for field in &session.fields {
            let change = [&field.field, &field.before, &field.after].map(Clone::clone);
            rows.push([head.to_vec(), change.to_vec()].concat());
        }
    }
    output::rows(common, &columns, &rows)
}

fn first_comment(text: &str) -> String {
    text.lines()
        .filter_map(|line| line.strip_prefix('#'))
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default()
        .to_owned()
}
