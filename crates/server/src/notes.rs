//! What people say of a session, and what they call it: `/api/v1/sessions/{id}/notes` and `…/labels`.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use upshot_lake::Table;
use upshot_store::{Label, Note};
use utoipa::ToSchema;

use crate::access::caller::Caller;
use crate::facts::instant;
use crate::input::{InPath, Workspace, json};
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails, ProblemKind};
use crate::sessions::no_session;
use crate::state::ServerState;
use crate::turns::bounded;
use crate::views::wrong_length;

/// The most characters of a note.
const LONGEST_NOTE: usize = 10_000;

/// What people say of a session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Remarks {
    /// Their notes, the oldest first.
    notes: Vec<KeptNote>,
    /// What they call it, by label.
    labels: Vec<GivenLabel>,
}

/// A note on a session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeptNote {
    /// By what it is found.
    #[schema(examples("first-look"))]
    id: String,
    /// What is said.
    #[schema(examples("The bot did not know about the new tariff"))]
    text: String,
    /// Who said it; null where that is not known.
    author: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    created: String,
}

/// What a session is called.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GivenLabel {
    /// The label.
    #[schema(examples("to discuss"))]
    label: String,
    /// Who called it so; null where that is not known.
    author: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    created: String,
}

impl From<Note> for KeptNote {
    fn from(note: Note) -> Self {
        Self {
            id: note.id,
            text: note.text,
            author: note.author,
            created: instant(note.created),
        }
    }
}

impl From<Label> for GivenLabel {
    fn from(label: Label) -> Self {
        Self {
            label: label.label,
            author: label.author,
            created: instant(label.created),
        }
    }
}

/// A note to keep.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewNote {
    /// What is said: 1 to 10,000 characters.
    text: String,
}

/// The labels of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LabelsInUse {
    /// They, by label.
    labels: Vec<LabelInUse>,
}

/// A label, and how many sessions have it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LabelInUse {
    /// The label.
    #[schema(examples("to discuss"))]
    label: String,
    /// How many sessions have it, of any time.
    #[schema(examples(3))]
    sessions: u64,
}

/// When a session began; refuses ids that no session of the workspace has.
async fn start_of(state: &ServerState, workspace: &str, id: &str) -> Result<i64, Problem> {
    let work = || async {
        let capture = state.capture(workspace, None, &Table::FACTS).await?;
        Ok(state.engine.session(id, &capture).await?)
    };
    let found = bounded(state, "session", work).await?;
    let (session, ..) = found.ok_or_else(|| no_session(id))?;
    Ok(session.start_time)
}

/// Show what people say of a session
#[utoipa::path(
    get,
    path = "/api/v1/sessions/{id}/notes",
    operation_id = "list_notes",
    tag = "sessions",
    params(
        ("id" = String, Path, description = "The session's id", example = "ffa4e26cb8a2ca4f855cbbc487ee46cc"),
        WorkspaceParameters,
    ),
    responses(
        (status = 200, description = "Notes and labels; none where nobody said anything", body = Remarks),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    InPath(id): InPath<String>,
) -> Result<Json<Remarks>, Problem> {
    let notes = state.store.notes(&workspace, &id).await?;
    let labels = state.store.labels_of(&workspace, &id).await?;
    Ok(Json(Remarks {
        notes: notes.into_iter().map(Into::into).collect(),
        labels: labels.into_iter().map(Into::into).collect(),
    }))
}

/// Say something of a session
///
/// Under a new id.
#[utoipa::path(
    post,
    path = "/api/v1/sessions/{id}/notes",
    operation_id = "add_note",
    tag = "sessions",
    params(
        ("id" = String, Path, description = "The session's id", example = "ffa4e26cb8a2ca4f855cbbc487ee46cc"),
        WorkspaceParameters,
    ),
    request_body(content = NewNote, example = json!({ "text": "The bot did not know about the new tariff" })),
    responses(
        (status = 201, description = "It is kept", body = KeptNote),
        (status = 400, description = "The text is empty or too long", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no session of this id in the workspace", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "The session has as many notes as one may have", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn add(
    State(state): State<ServerState>,
    caller: Caller,
    InPath(id): InPath<String>,
    request: Request,
) -> Result<(StatusCode, Json<KeptNote>), Problem> {
    let new: NewNote = json(&state, request).await?;
    let kept = keep(&state, &caller, (&id, None), new).await?;
    Ok((StatusCode::CREATED, Json(kept)))
}

/// Say something of a session, under an id
///
/// In the place of what has the id already.
#[utoipa::path(
    put,
    path = "/api/v1/sessions/{id}/notes/{note}",
    operation_id = "set_note",
    tag = "sessions",
    params(
        ("id" = String, Path, description = "The session's id", example = "ffa4e26cb8a2ca4f855cbbc487ee46cc"),
        ("note" = String, Path, description = "The note's id: 1 to 100 characters", example = "first-look"),
        WorkspaceParameters,
    ),
    request_body(content = NewNote, example = json!({ "text": "The bot knows about the new tariff by now" })),
    responses(
        (status = 200, description = "It is kept", body = KeptNote),
        (status = 400, description = "The text or the id is empty or too long", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no session of this id in the workspace", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "The session has as many notes as one may have", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set(
    State(state): State<ServerState>,
    caller: Caller,
    InPath((id, note)): InPath<(String, String)>,
    request: Request,
) -> Result<Json<KeptNote>, Problem> {
    let new: NewNote = json(&state, request).await?;
    keep(&state, &caller, (&id, Some(&note)), new)
        .await
        .map(Json)
}

async fn keep(
    state: &ServerState,
    caller: &Caller,
    (session, note): (&str, Option<&str>),
    new: NewNote,
) -> Result<KeptNote, Problem> {
    if let Some(wrong) = wrong_length("text", &new.text, 1, LONGEST_NOTE) {
        return Err(Problem::of_fields(vec![wrong]));
    }
    let workspace = &caller.workspace;
    let about = (session, start_of(state, workspace, session).await?);
    let author = caller.author();
    let said = (new.text.as_str(), author.as_deref());
    let kept = state
        .store
        .set_note(workspace, about, note, said, state.now());
    Ok(kept.await?.into())
}

/// Remove a note
#[utoipa::path(
    delete,
    path = "/api/v1/sessions/{id}/notes/{note}",
    operation_id = "remove_note",
    tag = "sessions",
    params(
        ("id" = String, Path, description = "The session's id", example = "ffa4e26cb8a2ca4f855cbbc487ee46cc"),
        ("note" = String, Path, description = "The note's id", example = "first-look"),
        WorkspaceParameters,
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "The session has no note of this id", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    InPath((id, note)): InPath<(String, String)>,
) -> Result<StatusCode, Problem> {
    match state.store.remove_note(&workspace, &id, &note).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(missing("note", &id, &note)),
    }
}

fn missing(what: &str, session: &str, name: &str) -> Problem {
    let short = |text: &str| text.chars().take(100).collect::<String>();
    let detail = format!(
        "the session `{}` has no {what} `{}`; `/api/v1/sessions/…/notes` lists what it has",
        short(session),
        short(name)
    );
    Problem::new(ProblemKind::NotFound, detail)
}

/// Give a session a label
///
/// One that it has already stays as it is. Filters ask for it with `label = "…"`.
#[utoipa::path(
    put,
    path = "/api/v1/sessions/{id}/labels/{label}",
    operation_id = "set_label",
    tag = "sessions",
    params(
        ("id" = String, Path, description = "The session's id", example = "ffa4e26cb8a2ca4f855cbbc487ee46cc"),
        ("label" = String, Path, description = "The label: 1 to 100 characters", example = "discuss"),
        WorkspaceParameters,
    ),
    responses(
        (status = 200, description = "The session has the label", body = GivenLabel),
        (status = 400, description = "The label is empty or too long", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no session of this id in the workspace", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "There are as many labels as there may be", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn give_label(
    State(state): State<ServerState>,
    caller: Caller,
    InPath((id, label)): InPath<(String, String)>,
) -> Result<Json<GivenLabel>, Problem> {
    let workspace = &caller.workspace;
    let about = (id.as_str(), start_of(&state, workspace, &id).await?);
    let (author, now) = (caller.author(), state.now());
    let store = &state.store;
    let given = store.set_label(workspace, about, &label, author.as_deref(), now);
    Ok(Json(given.await?.into()))
}

/// Take a label from a session
#[utoipa::path(
    delete,
    path = "/api/v1/sessions/{id}/labels/{label}",
    operation_id = "remove_label",
    tag = "sessions",
    params(
        ("id" = String, Path, description = "The session's id", example = "ffa4e26cb8a2ca4f855cbbc487ee46cc"),
        ("label" = String, Path, description = "The label", example = "discuss"),
        WorkspaceParameters,
    ),
    responses(
        (status = 204, description = "The session has it no longer"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "The session has no such label", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn take_label(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    InPath((id, label)): InPath<(String, String)>,
) -> Result<StatusCode, Problem> {
    match state.store.remove_label(&workspace, &id, &label).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(missing("label", &id, &label)),
    }
}

/// List the labels in use
#[utoipa::path(
    get,
    path = "/api/v1/labels",
    operation_id = "list_labels",
    tag = "sessions",
    params(WorkspaceParameters),
    responses(
        (status = 200, description = "The labels that sessions of the workspace have", body = LabelsInUse),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn labels(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
) -> Result<Json<LabelsInUse>, Problem> {
    let all = state.store.labels(&workspace).await?;
    let labels = all.sessions.iter().map(|(label, sessions)| LabelInUse {
        label: label.clone(),
        sessions: sessions.len() as u64,
    });
    Ok(Json(LabelsInUse {
        labels: labels.collect(),
    }))
}
