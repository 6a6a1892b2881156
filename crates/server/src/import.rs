//! Files that people drop into the app: `POST /api/v1/import`.
//!
//! The body is passed on as it arrives, part by part, to a thread that unpacks and understands it; what that gives
//! goes to the lake in batches. Each step waits for the next, so that a large file takes little memory.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, Request, State};
use axum::{Extension, Json};
use futures::StreamExt;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use upshot_adapters::{Batch, Mapping};
use upshot_import::{Account, Part, ReadAs, Rejection, Taken, Taker, WINDOW_LOG, read, unpacked};
use upshot_text::PrivacyMode;
use utoipa::ToSchema;

use crate::access::record::Done;
use crate::events::{blocking, unwritten};
use crate::facts::instant;
use crate::input::{Workspace, check_media_type, pairs, unknown_parameter};
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;
use crate::text_mode::{TextMode, most_of};

/// How many imports run at once.
pub(crate) const IMPORTS_AT_ONCE: usize = 2;
/// How many rejected records an answer lists.
const LONGEST_LIST: usize = 100;
/// How many parts wait between two steps.
const WAITING: usize = 4;

const OCTETS: &str = "application/octet-stream";

/// What came of a file, or would come of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Imported {
    /// Whether nothing was stored.
    dry_run: bool,
    /// The file's name, as it was given.
    #[schema(examples("transcripts.csv.gz"))]
    name: String,
    /// The format that was found, or the mapping; `unknown` where the file is none that is read.
    #[schema(examples("copilot-studio"))]
    format: String,
    /// Records that were found.
    records: u64,
    /// Events that they give.
    events: u64,
    /// Conversations to which these belong.
    conversations: u64,
    /// Events that are new. Where it was no dry run they are on disk, and the next question counts them.
    new: u64,
    /// Events that were there before, and change nothing.
    known: u64,
    /// Events of users who were erased, and of their conversations: they are not stored.
    erased: u64,
    /// Events that are older than what the workspace keeps: they are not stored.
    outdated: u64,
    /// Records and events that cannot be taken in.
    rejected: u64,
    /// How many events there are of each type.
    event_types: BTreeMap<String, u64>,
    /// How many events name each bot.
    bots: BTreeMap<String, u64>,
    /// When the first event happened; null where there is none.
    #[schema(format = DateTime)]
    first_time: Option<String>,
    /// When the last event happened.
    #[schema(format = DateTime)]
    last_time: Option<String>,
    /// The first ten events, as they are stored: in the fields that `/api/v1/events` takes.
    #[schema(value_type = Vec<BTreeMap<String, Value>>)]
    first_events: Vec<Map<String, Value>>,
    /// What cannot be taken in; the first 100.
    rejections: Vec<RejectedInFile>,
    /// Paths of the mapping that led to nothing in any record, each with its line and what was perhaps meant.
    warnings: Vec<String>,
    /// The log's position: everything up to it is on disk; null where nothing was stored.
    sequence: Option<u64>,
}

/// A record of a file that cannot be taken in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RejectedInFile {
    /// Which record of the file, from 1.
    record: u64,
    /// The line on which it begins, from 1, where known.
    line: Option<u64>,
    /// The byte at which it begins, from 0.
    byte: u64,
    /// The field that is wrong, where it is one.
    field: Option<String>,
    /// Why it cannot be taken in.
    reason: String,
    /// What to do about it.
    cure: String,
}

impl From<Rejection> for RejectedInFile {
    fn from(rejection: Rejection) -> Self {
        Self {
            record: rejection.record,
            line: rejection.line,
            byte: rejection.byte,
            field: rejection.field,
            reason: rejection.reason,
            cure: rejection.cure,
        }
    }
}

const PARAMETERS: [&str; 6] = ["format", "dry_run", "name", "mapping", "text", "workspace"];

/// What the parameters of an address say.
#[derive(Debug, Clone, Default)]
struct Wanted {
    read_as: ReadAs,
    dry_run: bool,
    name: String,
    /// The most that is to be kept of texts.
    text: Option<PrivacyMode>,
}

impl Wanted {
    fn read(parameters: &str) -> Result<Self, Problem> {
        let mut wanted = Self {
            name: "file".to_owned(),
            ..Self::default()
        };
        for (name, value) in pairs(parameters) {
            match name.as_str() {
                "workspace" => {}
                "format" => wanted.read_as.format = format(&value)?,
                "mapping" => wanted.read_as.mapping = mapping(&value)?,
                "dry_run" => wanted.dry_run = flag("dry_run", &value)?,
                "text" => wanted.text = most_of(&value)?,
                "name" => wanted.name = value.chars().take(300).collect(),
                _ => return Err(unknown_parameter(&name, &PARAMETERS)),
            }
        }
        Ok(wanted)
    }
}

fn format(name: &str) -> Result<Option<upshot_adapters::Format>, Problem> {
    let found = ReadAs::format(name);
    let found =
        found.map_err(|error| Problem::field(ProblemKind::BadRequest, "format", error.to_string()));
    Ok(found?.format)
}

fn mapping(text: &str) -> Result<Option<Arc<Mapping>>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let read = Mapping::from_toml(text);
    let read =
        read.map_err(|error| Problem::field(ProblemKind::BadRequest, "mapping", error.to_string()));
    Ok(Some(Arc::new(read?)))
}

fn flag(name: &str, text: &str) -> Result<bool, Problem> {
    text.parse().map_err(|_| {
        let short: String = text.chars().take(40).collect();
        let detail = format!("`{short}` is neither true nor false");
        Problem::field(ProblemKind::BadRequest, name, detail)
    })
}

/// Take a file in
///
/// The body is the file, as it is or packed with gzip or zstd, which its first bytes tell; its format is recognised
/// by its content where none is named. The answer comes when all of it is on disk, or with `dry_run=true` when all of it was
/// looked at. What cannot be taken in is named with its place; the rest goes in. A file that was imported before
/// adds only what is new.
#[utoipa::path(
    post,
    path = "/api/v1/import",
    operation_id = "import_file",
    tag = "events",
    params(
        WorkspaceParameters,
        ("format" = Option<String>, Query, description = "The format: auto (where nothing is said), upshot, copilot-studio or botframework", example = "auto"),
        ("dry_run" = Option<bool>, Query, description = "Whether nothing is stored: the answer says what would come in", example = true),
        ("name" = Option<String>, Query, description = "The file's name: helps to name conversations whose source does not name them", example = "events.jsonl"),
        ("text" = Option<TextMode>, Query, description = "The most that is to be kept of texts: less than the workspace says for their source, never more", example = "none"),
        ("mapping" = Option<String>, Query, description = "How records become events, as TOML: docs/formats/mapping.md has the language. It goes before `format`"),
    ),
    request_body(
        description = "The file",
        content(
            (String = "application/octet-stream", example = json!("{\"event_type\": \"message\", \"time\": \"2026-03-01T09:30:00Z\", \"conversation_id\": \"c-2\", \"role\": \"user\", \"text\": \"Where is my order?\"}\n")),
        )
    ),
    responses(
        (status = 200, description = "What came of it, or would come of it", body = Imported),
        (status = 400, description = "A parameter is wrong, or the body cannot be unpacked or broke off; what came before is in", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 408, description = "The body stopped arriving", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 429, description = "Two imports run already; the header `retry-after` says when to try again", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "The log cannot be written, or has stopped", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    RawQuery(parameters): RawQuery,
    request: Request,
) -> Result<(Extension<Done>, Json<Imported>), Problem> {
    check_media_type(request.headers(), &[OCTETS])?;
    let wanted = Wanted::read(parameters.as_deref().unwrap_or_default())?;
    let turn = state.import_turns.try_acquire();
    let _turn = turn.map_err(|_| Problem::busy("two imports run already; try again in 5 s", 5))?;
    let (sender, bytes) = mpsc::channel(WAITING);
    let (parts, mut understood) = mpsc::channel(WAITING);
    let reading = start_reading(&state, wanted.clone(), bytes, parts);
    let patience = state.options.limits.body_time;
    let feeding = feed(request.into_body(), patience, sender);
    let taking = take(&state, &workspace, &wanted, &mut understood);
    let (fed, taken, ended) = tokio::join!(feeding, taking, reading);
    // What the body lacked is told before what the reader made of its lack.
    fed?;
    let (account, stored) = taken?;
    ended?;
    let done = Done {
        subject: wanted.name.clone(),
        detail: match wanted.dry_run {
            true => "dry run".to_owned(),
            false => format!("{} new events", stored.added),
        },
    };
    Ok((Extension(done), Json(answer(wanted, account, stored))))
}

fn answer(wanted: Wanted, account: Account, stored: Taken) -> Imported {
    let (first, last) = account.times.unzip();
    let mapping = wanted.read_as.mapping.as_ref();
    let unfound = mapping.map(|mapping| mapping.unfound()).unwrap_or_default();
    Imported {
        dry_run: wanted.dry_run,
        name: wanted.name,
        format: account.formats.join(", "),
        records: account.records,
        events: account.events,
        conversations: account.conversations() as u64,
        new: stored.added,
        known: stored.repeated,
        erased: stored.erased,
        outdated: stored.outdated,
        rejected: account.rejected,
        first_time: first.map(instant),
        last_time: last.map(instant),
        sequence: (!wanted.dry_run).then_some(stored.sequence),
        event_types: account.event_types,
        bots: account.bots,
        first_events: account.first_events,
        warnings: unfound.iter().map(ToString::to_string).collect(),
        rejections: account.examples.into_iter().map(Into::into).collect(),
    }
}

/// Passes the parts of a body on as they arrive; a body that stops arriving is given up.
async fn feed(
    body: Body,
    patience: Duration,
    sender: mpsc::Sender<io::Result<Bytes>>,
) -> Result<(), Problem> {
    let mut parts = body.into_data_stream();
    loop {
        let next = tokio::time::timeout(patience, parts.next()).await;
        let problem = match next {
            Ok(None) => return Ok(()),
            Ok(Some(Ok(part))) => match sender.send(Ok(part)).await {
                Ok(()) => continue,
                // Nobody reads on, and says why.
                Err(_) => return Ok(()),
            },
            Ok(Some(Err(error))) => Problem::new(
                ProblemKind::BadRequest,
                format!("the body broke off: {error}; what came before is in"),
            ),
            Err(_) => Problem::new(
                ProblemKind::RequestTimeout,
                format!(
                    "nothing of the body arrived for {} s; send the file again, what came before is in",
                    patience.as_secs()
                ),
            ),
        };
        let broken = io::Error::new(io::ErrorKind::UnexpectedEof, "the body broke off");
        // The reader ends either way.
        let _ = sender.send(Err(broken)).await;
        return Err(problem);
    }
}

/// Unpacks and understands bytes in a thread of its own.
fn start_reading(
    state: &ServerState,
    wanted: Wanted,
    bytes: mpsc::Receiver<io::Result<Bytes>>,
    parts: mpsc::Sender<Part>,
) -> impl Future<Output = Result<(), Problem>> + use<> {
    let received = state.now();
    blocking(move || {
        let arriving = Arriving {
            parts: bytes,
            now: Bytes::new(),
        };
        let hand_on = |part| parts.blocking_send(part).is_ok();
        let opened = unpacked(arriving, WINDOW_LOG);
        read(opened, &wanted.name, &wanted.read_as, received, hand_on);
    })
}

/// A body that is read as it arrives.
struct Arriving {
    parts: mpsc::Receiver<io::Result<Bytes>>,
    now: Bytes,
}

impl Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.now.is_empty() {
            match self.parts.blocking_recv() {
                None => return Ok(0),
                Some(part) => self.now = part?,
            }
        }
        let count = buffer.len().min(self.now.len());
        buffer[..count].copy_from_slice(&self.now.split_to(count));
        Ok(count)
    }
}

/// Counts what was read, and stores it or says what storing it would do.
async fn take(
    state: &ServerState,
    workspace: &str,
    wanted: &Wanted,
    parts: &mut mpsc::Receiver<Part>,
) -> Result<(Account, Taken), Problem> {
    let mut account = Account::new(LONGEST_LIST);
    let mut all = Taken::default();
    let result = async {
        while let Some(part) = parts.recv().await {
            match part {
                Part::Batch(batch) => {
                    let taker = Taker {
                        lake: &state.lake,
                        workspace,
                        // Asked for each batch: they hold at once when they are set.
                        modes: &state.text_modes(workspace, wanted.text).await?,
                        masker: &state.masker,
                    };
                    let taken = take_batch(&taker, wanted.dry_run, batch, &mut account).await?;
                    all.added += taken.added;
                    all.repeated += taken.repeated;
                    all.erased += taken.erased;
                    all.outdated += taken.outdated;
                    all.sequence = all.sequence.max(taken.sequence);
                }
                Part::File { records, name } => account.file(records, name),
                Part::Failed(reason) => return Err(Problem::new(ProblemKind::BadRequest, reason)),
            }
        }
        Ok(())
    };
    let result = result.await;
    // Lets go whoever still reads.
    parts.close();
    result?;
    Ok((account, all))
}

async fn take_batch(
    taker: &Taker<'_>,
    dry_run: bool,
    mut batch: Batch,
    account: &mut Account,
) -> Result<Taken, Problem> {
    account.events(&batch.events, taker.modes, taker.masker);
    for rejected in std::mem::take(&mut batch.rejected) {
        account.reject(rejected.into());
    }
    if batch.events.is_empty() {
        return Ok(Taken::default());
    }
    let mut taken = match dry_run {
        true => taker.look(&batch).await?,
        false => taker.store(&mut batch).await.map_err(unwritten)?,
    };
    for refused in std::mem::take(&mut taken.refused) {
        account.reject(refused);
    }
    Ok(taken)
}
