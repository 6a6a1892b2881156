//! `upshot erase`: users and all that is known of them, for good.

use std::io::{BufRead, IsTerminal, Write};

use clap::Args;
use serde_json::json;
use upshot_server::erasures::{
    ErasureProof, Erasures, ForeseenErasure, NewErasure, Place, proofs, settle,
};
use upshot_text::Masker;

use crate::arguments::{Common, OutputFormat, ServerChoice};
use crate::client::read;
use crate::failure::Failure;
use crate::output::{self, Column, number};
use crate::people::{COMMAND_LINE, note};
use crate::session::{close, open_existing, open_store};

const PATH: &str = "/api/v1/erasures";

/// `upshot erase`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    upshot erase --user u-4711 --dry-run\n  \
    upshot erase --user u-4711 --user u-4712 --reason 'request of 2026-03-09'\n  \
    upshot erase --list\n\n\
    All conversations in which a user took part go, with everything that was made of them, and do not come back when \
    they are imported again. It cannot be undone, and does not reach backups: docs/privacy.md says what to do about \
    these.")]
pub struct EraseArguments {
    /// A user's id, as it was sent; may be repeated
    #[arg(long = "user", value_name = "ID", required_unless_present = "list")]
    pub users: Vec<String>,
    /// Why, in words that name nobody: they are kept with the proof
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Say what would go; nothing is changed
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Instead: list the proofs of what was erased
    #[arg(long, conflicts_with_all = ["users", "reason", "dry_run", "yes"])]
    pub list: bool,
    /// Where to erase.
    #[command(flatten)]
    pub server: ServerChoice,
}

/// Runs the command.
pub async fn run(common: &Common, arguments: EraseArguments) -> Result<u8, Failure> {
    if arguments.list {
        print_list(common, &list(common, &arguments.server).await?)?;
        return Ok(0);
    }
    let new = NewErasure {
        user_ids: arguments.users.clone(),
        reason: arguments.reason.clone(),
    };
    new.check().map_err(|problems| {
        let lines = problems.iter();
        let lines = lines.map(|problem| format!("{}: {}", problem.field, problem.detail));
        Failure::usage(lines.collect::<Vec<_>>().join("\n"))
    })?;
    if arguments.dry_run {
        let foreseen = foresee(common, &arguments.server, &new).await?;
        print_foreseen(common, &foreseen)?;
        return Ok(0);
    }
    if !arguments.yes {
        let foreseen = foresee(common, &arguments.server, &new).await?;
        confirm(&format!(
            "{} conversations with {} events and {} sessions will go for good",
            number(foreseen.conversations),
            number(foreseen.events),
            number(foreseen.sessions)
        ))?;
    }
    let proof = erase(common, &arguments.server, &new).await?;
    print_proof(common, &proof)?;
    Ok(0)
}

/// Asks whoever sits at the terminal.
pub fn confirm(what_becomes: &str) -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            "nobody can be asked here whether to go on; add --yes",
        ));
    }
    let mut terminal = std::io::stderr();
    write!(terminal, "{what_becomes}. Write yes to go on: ")?;
    terminal.flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    match answer.trim() {
        "yes" => Ok(()),
        _ => Err(Failure::failed("nothing was changed")),
    }
}

/// Opens lake and store, does something with both, and closes them.
async fn with_place<T>(
    common: &Common,
    work: impl AsyncFnOnce(&Place<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let lake = open_existing(common).await?;
    let masker = Masker::new(lake.secret());
    let store = open_store(common).await?;
    let place = Place {
        lake: &lake,
        store: &store,
        masker: &masker,
        workspace: &common.workspace,
    };
    let worked = async {
        lake.check_workspace(&common.workspace)?;
        // What a crash left to do.
        settle::<Failure>(&lake, &store, &common.workspace).await?;
        work(&place).await
    };
    let done = worked.await;
    store.close().await;
    close(common, &lake).await?;
    done
}

fn body(new: &NewErasure) -> Vec<u8> {
    json!(new).to_string().into_bytes()
}

async fn foresee(
    common: &Common,
    server: &ServerChoice,
    new: &NewErasure,
) -> Result<ForeseenErasure, Failure> {
    if let Some(client) = server.client() {
        let path = format!("{PATH}/preview");
        let asked = client.post(&path, &common.workspace, "application/json", body(new));
        return read(asked.await?);
    }
    with_place(common, async |place| Ok(place.foresee(new).await?)).await
}

async fn erase(
    common: &Common,
    server: &ServerChoice,
    new: &NewErasure,
) -> Result<ErasureProof, Failure> {
    if let Some(client) = server.client() {
        let asked = client.post(PATH, &common.workspace, "application/json", body(new));
        return read(asked.await?);
    }
    with_place(common, async |place| {
        let proof = place.erase::<Failure>(new, COMMAND_LINE).await?;
        let detail = format!(
            "{} users, {} conversations, {} events",
            proof.users, proof.conversations, proof.events
        );
        note(common, place.store, "user.erase", (&proof.id, &detail)).await?;
        Ok(proof)
    })
    .await
}

async fn list(common: &Common, server: &ServerChoice) -> Result<Erasures, Failure> {
    if let Some(client) = server.client() {
        return read(client.ask("GET", PATH, &common.workspace).await?);
    }
    with_place(common, async |place| {
        proofs::<Failure>(place.lake, place.store, place.workspace).await
    })
    .await
}

fn print_foreseen(common: &Common, foreseen: &ForeseenErasure) -> Result<(), Failure> {
    if common.output == OutputFormat::Json {
        return output::json(foreseen);
    }
    let rows = [
        ("users", number(foreseen.users)),
        ("conversations", number(foreseen.conversations)),
        ("events", number(foreseen.events)),
        ("sessions", number(foreseen.sessions)),
        ("data files", number(foreseen.files)),
    ];
    output::pairs(common, &rows)?;
    output::note(common, "nothing was erased");
    Ok(())
}

fn print_proof(common: &Common, proof: &ErasureProof) -> Result<(), Failure> {
    if common.output == OutputFormat::Json {
        return output::json(proof);
    }
    let rows = [
        ("erasure", proof.id.clone()),
        ("users", number(proof.users)),
        ("conversations", number(proof.conversations)),
        ("events", number(proof.events)),
        ("sessions", number(proof.sessions)),
        ("data files", number(proof.files)),
        ("files of rejected records", number(proof.rejected_files)),
        ("notes and labels", number(proof.remarks)),
        ("verified", yes_or_no(proof.verified)),
        ("finished", proof.finished.clone().unwrap_or_default()),
    ];
    output::pairs(common, &rows)
}

fn yes_or_no(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

fn print_list(common: &Common, erasures: &Erasures) -> Result<(), Failure> {
    if common.output == OutputFormat::Json {
        return output::json(erasures);
    }
    let columns = [
        Column::text("asked"),
        Column::text("by"),
        Column::number("users"),
        Column::number("conversations"),
        Column::number("events"),
        Column::text("verified"),
        Column::text("finished"),
        Column::text("reason"),
        Column::text("id"),
    ];
    let row = |proof: &ErasureProof| {
        vec![
            proof.asked.clone(),
            proof.by.clone(),
            number(proof.users),
            number(proof.conversations),
            number(proof.events),
            yes_or_no(proof.verified),
            proof.finished.clone().unwrap_or_default(),
            proof.reason.clone().unwrap_or_default(),
            proof.id.clone(),
        ]
    };
    let rows: Vec<Vec<String>> = erasures.erasures.iter().map(row).collect();
    output::rows(common, &columns, &rows)
}
