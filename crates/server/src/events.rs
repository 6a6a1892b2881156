//! The way in: `POST /api/v1/events`.

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::SemaphorePermit;
use upshot_adapters::{Batch, Format, ImportOptions, Reader};
use upshot_core::Event;
use upshot_lake::{LakeError, Receipt};
use upshot_text::{PrivacyMode, PrivacyModes, apply_all};
use utoipa::ToSchema;

use crate::body::{Held, Packing, Room, receive, unpack};
use crate::input::{Workspace, check_media_type, parameters};
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;
use crate::text_mode::{TextMode, most_of};

/// The media types of bodies of events.
const ACCEPTED: [&str; 4] = [
    "application/json",
    "application/x-ndjson",
    "application/jsonl",
    "application/json-lines",
];

/// How many bytes of a body are read before its events go to the log: bounds what events take in
/// memory, which is several times what they take as text.
const SLICE_BYTES: usize = 512 << 10;

/// How many bytes of bodies are turned into events at once, in all requests together.
pub(crate) const READING_BYTES: usize = 8 * SLICE_BYTES;

/// How many rejected records an answer lists.
const LONGEST_LIST: usize = 10_000;

/// What became of the events of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Accepted {
    /// How many records there were.
    #[schema(examples(3))]
    pub received: u64,
    /// How many are new. They are on disk.
    #[schema(examples(2))]
    pub added: u64,
    /// How many had been received before, and changed nothing.
    #[schema(examples(1))]
    pub repeated: u64,
    /// How many are of users who were erased, or of their conversations. They are not stored.
    #[schema(examples(0))]
    pub erased: u64,
    /// How many are older than what the workspace keeps. They are not stored.
    #[schema(examples(0))]
    pub outdated: u64,
    /// How many could not be taken in.
    #[schema(examples(0))]
    pub rejected_count: u64,
    /// Those that could not be taken in; the first 10,000 of them.
    pub rejected: Vec<RejectedRecord>,
    /// The log's position: everything up to it is on disk.
    #[schema(examples(42))]
    pub sequence: u64,
}

/// A record that could not be taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RejectedRecord {
    /// The record's number in the body, from 1.
    #[schema(examples(3))]
    pub record: u64,
    /// The line on which it begins, from 1, where known.
    #[schema(examples(3))]
    pub line: Option<u64>,
    /// The field that is wrong, where it is one.
    #[schema(examples("event_type"))]
    pub field: Option<String>,
    /// Why it could not be taken in.
    #[schema(examples("`event_type` may not be `mesage`; did you mean `message`?"))]
    pub reason: String,
    /// What to do about it.
    #[schema(examples("use one of message, topic, question"))]
    pub cure: String,
}

/// Problem details; where records were rejected, with the members of what was accepted.
#[derive(Serialize, ToSchema)]
#[allow(
    dead_code,
    reason = "the shape of an answer that is put together from its parts"
)]
pub(crate) struct PartlyAccepted<'a> {
    #[serde(flatten)]
    problem: ProblemDetails<'a>,
    /// How many records there were.
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<u64>,
    /// How many are new. They are on disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    added: Option<u64>,
    /// How many had been received before, and changed nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    repeated: Option<u64>,
    /// How many are of users who were erased, or of their conversations. They are not stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    erased: Option<u64>,
    /// How many are older than what the workspace keeps. They are not stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    outdated: Option<u64>,
    /// How many could not be taken in.
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_count: Option<u64>,
    /// Those that could not be taken in; the first 10,000 of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected: Option<Vec<RejectedRecord>>,
    /// The log's position: everything up to it is on disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u64>,
}

/// Take events in
///
/// One JSON object, an array of them, or JSON Lines; `docs/formats/upshot.md` has the fields. The
/// answer comes when the events are on disk. Sending an event again changes nothing, so a request
/// that was not answered, or with 429, 503 or 504, is simply sent again. With 400 the good records
/// are in; each of the others is named.
#[utoipa::path(
    post,
    path = "/api/v1/events",
    operation_id = "send_events",
    tag = "events",
    params(
        WorkspaceParameters,
        ("text" = Option<TextMode>, Query, description = "The most that is to be kept of texts: less than the workspace says for their source, never more", example = "none"),
        ("content-encoding" = Option<String>, Header, description = "How the body is packed: gzip, zstd or identity", pattern = "^(gzip|zstd|identity)$"),
    ),
    request_body(
        description = "Events",
        content(
            (Value = "application/json", example = json!([{
                "event_type": "message", "time": "2026-03-01T09:30:00Z", "conversation_id": "c-1",
                "role": "user", "text": "Where is my order?", "channel": "web"
            }])),
            (String = "application/x-ndjson", example = json!(
                "{\"event_type\": \"message\", \"time\": \"2026-03-01T09:30:00Z\", \"conversation_id\": \"c-1\", \"role\": \"user\", \"text\": \"Where is my order?\"}\n\
                 {\"event_type\": \"message\", \"time\": \"2026-03-01T09:30:02Z\", \"conversation_id\": \"c-1\", \"role\": \"bot\", \"text\": \"It comes today.\"}\n"
            )),
        )
    ),
    responses(
        (status = 202, description = "The events are on disk", body = Accepted),
        (status = 400, description = "Some records were rejected, the others are on disk; or the body cannot be read at all", body = PartlyAccepted, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 408, description = "The body took too long to arrive", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 413, description = "The body is larger than the limit that is named", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 429, description = "No room now; the header `retry-after` says when to try again", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "The log cannot be written, or has stopped", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    check_media_type(request.headers(), &ACCEPTED)?;
    let most = parameters(query.as_deref(), "text");
    let most = most.first().map_or(Ok(None), |value| most_of(value))?;
    let packing = Packing::of(request.headers())?;
    let limits = state.options.limits.clone();
    let (parts, body) = request.into_parts();
    let room = Room::new(&state.body_room);
    let packed = receive(
        &parts.headers,
        body,
        limits.packed_bytes,
        limits.body_time,
        room,
    )
    .await?;
    if packed.bytes.is_empty() {
        let detail = "the body is empty; send one JSON object, an array or JSON Lines";
        return Err(Problem::new(ProblemKind::BadRequest, detail));
    }
    let body = blocking(move || unpack(packing, packed, &limits)).await??;
    state.telemetry.received_bytes(body.bytes.len());
    let accepted = take_in(&state, &workspace, most, body).await?;
    state.telemetry.events(&accepted);
    state
        .rejections
        .note(&workspace, &accepted.rejected, state.now());
    answer(accepted)
}

fn answer(accepted: Accepted) -> Result<Response, Problem> {
    if accepted.rejected_count == 0 {
        return Ok((StatusCode::ACCEPTED, Json(accepted)).into_response());
    }
    let detail = format!(
        "{} of {} records were rejected, {} were added and {} were known; `rejected` names each",
        accepted.rejected_count, accepted.received, accepted.added, accepted.repeated
    );
    let members = match serde_json::to_value(accepted) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    };
    Err(Problem::new(ProblemKind::RejectedRecords, detail).with_members(members))
}

/// Reads a body slice by slice and gives its events to the lake.
async fn take_in(
    state: &ServerState,
    workspace: &str,
    most: Option<PrivacyMode>,
    body: Held,
) -> Result<Accepted, Problem> {
    let mut reading = Reading::new(body, state.now());
    let mut accepted = Accepted::default();
    let mut first = true;
    while !reading.done {
        let _room = room_to_read(state, reading.next_bytes(), first).await?;
        let reader_state = state.clone();
        // Asked for each slice: it holds at once when it is set.
        let modes = state.text_modes(workspace, most).await?;
        let (next, slice) = blocking(move || {
            let slice = reading.next(&reader_state, &modes);
            (reading, slice)
        })
        .await?;
        reading = next;
        accepted.received += (slice.events.len() + slice.rejected.len()) as u64;
        for rejected in slice.rejected {
            reject(&mut accepted, rejected);
        }
        if slice.events.is_empty() && !(reading.done && first) {
            continue;
        }
        let receipt = append(state, workspace, &slice.events, first).await?;
        first = false;
        count(&mut accepted, &receipt, &slice.records);
    }
    accepted.rejected.sort_by_key(|rejected| rejected.record);
    Ok(accepted)
}

/// Gives events to the lake. A request that was let in is finished: only its beginning is turned
/// away at once when memory is full, the rest waits for files to be written.
async fn append(
    state: &ServerState,
    workspace: &str,
    events: &[Event],
    first: bool,
) -> Result<Receipt, Problem> {
    let began = Instant::now();
    let receipt = if first {
        state.lake.append(workspace, events).await
    } else {
        let waiting = state.lake.append_waiting(workspace, events);
        tokio::time::timeout(state.options.limits.body_time, waiting)
            .await
            .map_err(|_| {
                Problem::busy(
                    "files are written too slowly; send the same again in 10 s",
                    10,
                )
            })?
    };
    let receipt = receipt.map_err(unwritten)?;
    state.telemetry.appended(began.elapsed());
    Ok(receipt)
}

/// A disk that is full or fails is not the client's fault, and may be better later.
pub(crate) fn unwritten(error: LakeError) -> Problem {
    if !matches!(error, LakeError::Io { .. }) {
        return error.into();
    }
    tracing::error!(%error, "events could not be written to the log");
    Problem::new(
        ProblemKind::Unavailable,
        "events could not be written to disk; send the same again later",
    )
}

/// Waits until a slice may be read; the first of a request not for long.
async fn room_to_read(
    state: &ServerState,
    bytes: usize,
    first: bool,
) -> Result<SemaphorePermit<'_>, Problem> {
    const PATIENCE: Duration = Duration::from_secs(2);
    let closed = |_| Problem::new(ProblemKind::Unavailable, "the server is ending");
    let wanted = u32::try_from(bytes.clamp(1, SLICE_BYTES)).unwrap_or(u32::MAX);
    let waiting = state.reading_room.acquire_many(wanted);
    if !first {
        return waiting.await.map_err(closed);
    }
    match tokio::time::timeout(PATIENCE, waiting).await {
        Ok(permit) => permit.map_err(closed),
        Err(_) => Err(Problem::busy(
            "too many events arrive at once; try again in 2 s",
            2,
        )),
    }
}

fn count(accepted: &mut Accepted, receipt: &Receipt, records: &[u64]) {
    accepted.added += receipt.added as u64;
    accepted.repeated += receipt.repeated as u64;
    accepted.erased += receipt.erased as u64;
    accepted.outdated += receipt.outdated as u64;
    accepted.sequence = accepted.sequence.max(receipt.sequence);
    for refused in &receipt.refused {
        let (reason, cure) = refused.reason.split_once("; ").unwrap_or((
            &refused.reason,
            "send the event as docs/formats/upshot.md says",
        ));
        let rejected = RejectedRecord {
            record: records.get(refused.index).copied().unwrap_or_default(),
            line: None,
            field: None,
            reason: reason.to_owned(),
            cure: cure.to_owned(),
        };
        reject(accepted, rejected);
    }
}

fn reject(accepted: &mut Accepted, rejected: RejectedRecord) {
    accepted.rejected_count += 1;
    if accepted.rejected.len() < LONGEST_LIST {
        accepted.rejected.push(rejected);
    }
}

/// A body that is being read.
struct Reading {
    reader: Reader,
    body: Held,
    at: usize,
    /// The number of the next record.
    record: u64,
    done: bool,
}

/// What a slice of a body gave.
struct Slice {
    events: Vec<Event>,
    /// The number of each event's record.
    records: Vec<u64>,
    rejected: Vec<RejectedRecord>,
}

impl Reading {
    fn new(body: Held, received_time: i64) -> Self {
        let reader = Reader::new(ImportOptions {
            format: Some(Format::Upshot),
            received_time,
            ..ImportOptions::default()
        });
        Self {
            reader,
            body,
            at: 0,
            record: 1,
            done: false,
        }
    }

    /// How much the next slice is.
    fn next_bytes(&self) -> usize {
        (self.body.bytes.len() - self.at).min(SLICE_BYTES)
    }

    /// Reads on until there are events or the body ends.
    fn next(&mut self, state: &ServerState, modes: &PrivacyModes) -> Slice {
        let mut batch = Batch::default();
        while batch.events.is_empty() && batch.rejected.len() < LONGEST_LIST && !self.done {
            let end = (self.at + SLICE_BYTES).min(self.body.bytes.len());
            self.reader.feed(&self.body.bytes[self.at..end], &mut batch);
            self.at = end;
            if end == self.body.bytes.len() {
                self.reader.finish(&mut batch);
                self.done = true;
            }
        }
        let records = self.numbers(&batch);
        apply_all(modes, &state.masker, &mut batch.events);
        let rejected = batch.rejected.into_iter().map(|rejected| RejectedRecord {
            record: rejected.position.record,
            line: rejected.position.line,
            field: rejected.field,
            reason: rejected.reason,
            cure: rejected.cure,
        });
        Slice {
            events: batch.events,
            records,
            rejected: rejected.collect(),
        }
    }

    /// The numbers of the events' records: each record is an event or rejected.
    fn numbers(&mut self, batch: &Batch) -> Vec<u64> {
        let mut rejected = batch
            .rejected
            .iter()
            .map(|rejected| rejected.position.record)
            .peekable();
        let mut numbers = Vec::with_capacity(batch.events.len());
        let mut skip = |record: &mut u64| {
            while let Some(number) = rejected.next_if(|number| number <= record) {
                *record += u64::from(number == *record);
            }
        };
        for _ in &batch.events {
            skip(&mut self.record);
            numbers.push(self.record);
            self.record += 1;
        }
        skip(&mut self.record);
        numbers
    }
}

/// Runs what takes long away from the threads that serve requests.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let span = tracing::Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(work))
        .await
        .map_err(|error| {
            tracing::error!(%error, "a task of the request failed");
            Problem::new(ProblemKind::Internal, crate::problem::INTERNAL)
        })
}
