//! Rows for other programs: `GET` and `POST /api/v1/export/{table}`.
//!
//! The answer is sent while it is made; a client that takes it slowly makes the reading wait. When something goes
//! wrong on the way the connection breaks, so that a part is never taken for the whole.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::Response;
use futures::{StreamExt, stream};
use tokio::sync::mpsc::{Sender, channel};
use tokio::sync::{OwnedSemaphorePermit, TryAcquireError};
use upshot_metrics::{Export, ExportQuery, ExportTable, RowFormat};

use crate::access::record::Done;
use crate::input::{InPath, Workspace, flag, json, pairs, row_format, unknown_parameter};
use crate::openapi::{SelectionParameters, WorkspaceParameters};
use crate::problem::{Problem, ProblemDetails, ProblemKind};
use crate::selection::{SELECTION, Selection};
use crate::state::ServerState;
use crate::turns::timed;

/// Export rows
///
/// `sessions`, `messages`, `steps`, `events` or `conversations`, as they were when the export began, in CSV, JSON
/// Lines, Parquet or as an Arrow stream. `docs/export.md` has the columns, and what filters and ranges mean.
#[utoipa::path(
    get,
    path = "/api/v1/export/{table}",
    operation_id = "export",
    tag = "export",
    params(
        ("table" = ExportTable, Path, description = "What a row is", example = "sessions"),
        WorkspaceParameters,
        ("format" = Option<String>, Query, description = "csv, jsonl, parquet or arrow; where nothing is said as `accept` asks, else jsonl", example = "csv"),
        ("columns" = Option<String>, Query, description = "The columns, separated by commas; all where nothing is said", example = "session_id,start_time,channel,outcome"),
        SelectionParameters,
        ("raw" = Option<bool>, Query, description = "Whether CSV has text as it is, also where a spreadsheet would take it for a formula"),
    ),
    responses(
        (status = 200, description = "The rows", content(
            (String = "application/x-ndjson"),
            (String = "text/csv"),
            (Vec<u8> = "application/vnd.apache.parquet"),
            (Vec<u8> = "application/vnd.apache.arrow.stream"),
        )),
        (status = 400, description = "A parameter is wrong; `errors` names it with what was perhaps meant", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no such table", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 406, description = "The rows are in none of the types that `accept` names", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "The filters need more memory than is allowed", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 429, description = "Too many exports are under way", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 504, description = "The export took too long to begin", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    InPath(table): InPath<String>,
    RawQuery(parameters): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let table = table_of(&table)?;
    let query = export_query(parameters.as_deref().unwrap_or_default())?;
    let whole = (request.uri().clone(), request.headers().clone());
    begin(&state, &workspace, table, query, whole).await
}

/// Export rows, asked with a body
///
/// The same for questions that do not fit an address.
#[utoipa::path(
    post,
    path = "/api/v1/export/{table}",
    operation_id = "export_by_body",
    tag = "export",
    params(
        ("table" = ExportTable, Path, description = "What a row is", example = "messages"),
        WorkspaceParameters,
        ("format" = Option<String>, Query, description = "csv, jsonl, parquet or arrow, where the body names none"),
    ),
    request_body(content = ExportQuery, example = json!({
        "columns": ["time", "role", "text", "session.outcome"],
        "filters": ["message.role in (user, bot)"],
        "range": { "last": "28d" },
        "format": "csv"
    })),
    responses(
        (status = 200, description = "The rows", content(
            (String = "application/x-ndjson"),
            (String = "text/csv"),
            (Vec<u8> = "application/vnd.apache.parquet"),
            (Vec<u8> = "application/vnd.apache.arrow.stream"),
        )),
        (status = 400, description = "The question is wrong; `errors` names every field with what was perhaps meant", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no such table", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 406, description = "The rows are in none of the types that `accept` names", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "The filters need more memory than is allowed", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 429, description = "Too many exports are under way", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 504, description = "The export took too long to begin", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    InPath(table): InPath<String>,
    request: Request,
) -> Result<Response, Problem> {
    let table = table_of(&table)?;
    let whole = (request.uri().clone(), request.headers().clone());
    let query: ExportQuery = json(&state, request).await?;
    begin(&state, &workspace, table, query, whole).await
}

fn table_of(name: &str) -> Result<ExportTable, Problem> {
    let short: String = name.chars().take(40).collect();
    short.parse().map_err(|problem: upshot_metrics::Problem| {
        Problem::new(ProblemKind::NotFound, problem.to_string())
    })
}

/// What the parameters of an address ask for.
fn export_query(parameters: &str) -> Result<ExportQuery, Problem> {
    let mut query = ExportQuery::default();
    let mut selection = Selection::default();
    for (name, value) in pairs(parameters) {
        let Some(value) = selection.take(&name, value)? else {
            continue;
        };
        match name.as_str() {
            // Read with the headers.
            "format" => {}
            "columns" => {
                let names = value.split(',').map(str::trim);
                let names = names.filter(|name| !name.is_empty());
                query.columns.extend(names.map(str::to_owned));
            }
            "raw" => query.raw = flag("raw", &value)?,
            _ => {
                let known = [&SELECTION[..], &["columns", "format", "raw"]].concat();
                return Err(unknown_parameter(&name, &known));
            }
        }
    }
    let Selection {
        filters,
        range,
        time_zone,
        environment,
        profile,
    } = selection;
    Ok(ExportQuery {
        filters,
        range,
        time_zone,
        environment,
        profile,
        ..query
    })
}

/// What was asked for, in words, for the record of who read what.
fn words(query: &ExportQuery, format: RowFormat) -> String {
    let range = &query.range;
    let named =
        |name: &str, value: &Option<String>| value.as_ref().map(|value| format!("{name} {value}"));
    let mut words = vec![format.to_string()];
    words.extend(named("from", &range.from));
    words.extend(named("to", &range.to));
    words.extend(named("last", &range.last));
    // What they say may name users, whom nobody takes out of the record.
    match query.filters.len() {
        0 => {}
        1 => words.push("1 filter".to_owned()),
        many => words.push(format!("{many} filters")),
    }
    if !query.columns.is_empty() {
        words.push(format!("columns {}", query.columns.join(", ")));
    }
    words.join("; ")
}

async fn begin(
    state: &ServerState,
    workspace: &str,
    table: ExportTable,
    mut query: ExportQuery,
    (uri, headers): (Uri, HeaderMap),
) -> Result<Response, Problem> {
    let asked = query.format;
    let format = match asked {
        Some(format) => format,
        None => row_format(&uri, &headers)?.unwrap_or_default(),
    };
    query.format = Some(format);
    query.now = state.now();
    let turn = turn(state)?;
    let beginning = async {
        let (profile, tables) = (query.profile.as_deref(), query.tables_needed(table));
        let capture = Arc::new(state.capture(workspace, profile, &tables).await?);
        Ok(state.engine.export(table, &query, capture).await?)
    };
    let export = timed(state, "export", beginning).await?;
    let done = Done {
        subject: table.to_string(),
        detail: words(&query, format),
    };
    let mut response = Response::new(streamed(state, export, turn));
    response.extensions_mut().insert(done);
    let fields = response.headers_mut();
    fields.insert(CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    fields.append(VARY, HeaderValue::from_static("accept"));
    let disposition = format!("attachment; filename=\"{table}.{format}\"");
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        fields.insert(CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// Leave for one more export, until it is dropped.
fn turn(state: &ServerState) -> Result<OwnedSemaphorePermit, Problem> {
    let turn = state.export_turns.clone().try_acquire_owned();
    turn.map_err(|error| match error {
        TryAcquireError::NoPermits => Problem::busy(
            "too many exports are under way; try again when one of them has ended",
            10,
        ),
        TryAcquireError::Closed => Problem::new(ProblemKind::Unavailable, "the server is ending"),
    })
}

/// The parts of an export as a body.
fn streamed(state: &ServerState, export: Export, turn: OwnedSemaphorePermit) -> Body {
    let (sender, receiver) = channel(1);
    let whole = Arc::new(AtomicBool::new(false));
    let (state, said) = (state.clone(), whole.clone());
    tokio::spawn(async move {
        let _turn = turn;
        if forward(&state, export, &sender).await {
            said.store(true, Relaxed);
        }
    });
    let parts = stream::unfold(Some((receiver, whole)), async |state| {
        let (mut receiver, whole) = state?;
        match receiver.recv().await {
            Some(bytes) => Some((Ok(bytes), Some((receiver, whole)))),
            None if whole.load(Relaxed) => None,
            // The connection breaks.
            None => Some((Err(io::Error::other("the export broke off")), None)),
        }
    });
    // What packs the body asks once more after its end.
    Body::from_stream(parts.fuse())
}

/// Gives on the parts of an export; says whether that was all of it.
async fn forward(state: &ServerState, mut export: Export, sender: &Sender<Bytes>) -> bool {
    let patience = state.options.limits.export_patience;
    loop {
        let part = match export.next().await {
            Ok(None) => return true,
            Ok(Some(part)) => part,
            Err(error) => {
                tracing::error!(%error, "an export broke off");
                return false;
            }
        };
        if part.bytes.is_empty() {
            continue;
        }
        let sent: Result<Result<(), _>, _> =
            tokio::time::timeout(patience, sender.send(part.bytes.into())).await;
        match sent {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return false,
            Err(_) => {
                let seconds = patience.as_secs();
                tracing::warn!(seconds, "an export was given up: nobody took it");
                return false;
            }
        }
    }
}
