//! Views that are shown together: `/api/v1/boards`.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use upshot_store::{Board, BoardContent};
use utoipa::ToSchema;

use crate::facts::instant;
use crate::input::{InPath, Workspace, json};
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails};
use crate::state::ServerState;
use crate::views::{LONGEST_TEXT, LONGEST_TITLE, document, kept, unknown, wrong_length};

/// The boards of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Boards {
    /// They, by name.
    boards: Vec<SavedBoard>,
}

/// Views that are shown together.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SavedBoard {
    /// The name.
    #[schema(examples("monday"))]
    name: String,
    /// What it is called.
    #[schema(examples("Monday meeting"))]
    title: String,
    /// The names of its views, in order. All of them are there: a view that is removed leaves the board.
    views: Vec<String>,
    /// How they are laid out: the app's own.
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    layout: Option<Value>,
    /// What it is for; empty where nothing was said.
    description: String,
    /// When it was first saved.
    #[schema(format = DateTime)]
    created: String,
    /// When it was last saved.
    #[schema(format = DateTime)]
    changed: String,
}

/// A board to save.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewBoard {
    /// What it is called.
    title: String,
    /// The names of its views, in order; each must be there.
    views: Vec<String>,
    /// How they are laid out: any object of the app's own.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    layout: Option<Map<String, Value>>,
    /// What it is for.
    #[serde(default)]
    description: String,
}

impl From<Board> for SavedBoard {
    fn from(board: Board) -> Self {
        let BoardContent {
            title,
            views,
            layout,
            description,
        } = board.content;
        Self {
            name: board.name,
            title,
            views,
            layout: document(layout),
            description,
            created: instant(board.created),
            changed: instant(board.changed),
        }
    }
}

impl NewBoard {
    fn checked(self) -> Result<BoardContent, Problem> {
        let mut errors = Vec::new();
        errors.extend(wrong_length("title", &self.title, 1, LONGEST_TITLE));
        errors.extend(wrong_length(
            "description",
            &self.description,
            0,
            LONGEST_TEXT,
        ));
        let layout = kept("layout", self.layout, &mut errors);
        if !errors.is_empty() {
            return Err(Problem::of_fields(errors));
        }
        Ok(BoardContent {
            title: self.title,
            views: self.views,
            layout,
            description: self.description,
        })
    }
}

/// List the boards
#[utoipa::path(
    get,
    path = "/api/v1/boards",
    operation_id = "list_boards",
    tag = "views",
    params(WorkspaceParameters),
    responses(
        (status = 200, description = "The boards of the workspace, by name", body = Boards),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
) -> Result<Json<Boards>, Problem> {
    let found = state.store.boards(&workspace, None).await?;
    Ok(Json(Boards {
        boards: found.into_iter().map(Into::into).collect(),
    }))
}

/// Show a board
#[utoipa::path(
    get,
    path = "/api/v1/boards/{name}",
    operation_id = "show_board",
    tag = "views",
    params(
        ("name" = String, Path, description = "The board's name", example = "monday"),
        WorkspaceParameters,
    ),
    responses(
        (status = 200, description = "The board", body = SavedBoard),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no board of this name in the workspace", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    InPath(name): InPath<String>,
) -> Result<Json<SavedBoard>, Problem> {
    let found = state.store.boards(&workspace, Some(&name)).await?.pop();
    let found = found.ok_or_else(|| unknown("board", &name))?;
    Ok(Json(found.into()))
}

/// Save a board
///
/// In the place of one that has the name already.
#[utoipa::path(
    put,
    path = "/api/v1/boards/{name}",
    operation_id = "set_board",
    tag = "views",
    params(
        ("name" = String, Path, description = "The board's name: 1 to 100 characters", example = "monday"),
        WorkspaceParameters,
    ),
    request_body(content = NewBoard, example = json!({
        "title": "Monday meeting",
        "views": ["weekly-resolution"],
        "layout": { "columns": 2 }
    })),
    responses(
        (status = 200, description = "The board as it is saved", body = SavedBoard),
        (status = 400, description = "Something of the board is wrong, or a view is not there; `errors` says what", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 409, description = "There are as many boards, or views on the board, as there may be", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    InPath(name): InPath<String>,
    request: Request,
) -> Result<Json<SavedBoard>, Problem> {
    let content = json::<NewBoard>(&state, request).await?.checked()?;
    let now = state.now();
    let saved = state
        .store
        .set_board(&workspace, &name, &content, now)
        .await?;
    Ok(Json(saved.into()))
}

/// Remove a board
///
/// Its views stay.
#[utoipa::path(
    delete,
    path = "/api/v1/boards/{name}",
    operation_id = "remove_board",
    tag = "views",
    params(
        ("name" = String, Path, description = "The board's name", example = "monday"),
        WorkspaceParameters,
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no board of this name in the workspace", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    InPath(name): InPath<String>,
) -> Result<StatusCode, Problem> {
    match state.store.remove_board(&workspace, &name).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(unknown("board", &name)),
    }
}
