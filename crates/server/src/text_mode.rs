//! What becomes of what people write in a workspace: `/api/v1/text-mode`.

use axum::extract::{Request, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use upshot_store::{SetTextMode, Store, StoreError};
use upshot_text::PrivacyMode;
use utoipa::ToSchema;

use crate::access::record::Done;
use crate::facts::instant;
use crate::input::{Workspace, json};
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails};
use crate::state::{ServerState, Shared};

/// What is kept of what people write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextMode {
    /// Text, with its personal data replaced by tokens.
    Masked,
    /// Text as it is.
    Full,
    /// No text; everything else is treated as under `masked`.
    None,
}

impl From<PrivacyMode> for TextMode {
    fn from(mode: PrivacyMode) -> Self {
        match mode {
            PrivacyMode::Masked => Self::Masked,
            PrivacyMode::Full => Self::Full,
            PrivacyMode::None => Self::None,
        }
    }
}

impl From<TextMode> for PrivacyMode {
    fn from(mode: TextMode) -> Self {
        match mode {
            TextMode::Masked => Self::Masked,
            TextMode::Full => Self::Full,
            TextMode::None => Self::None,
        }
    }
}

/// What a workspace is to keep of what people write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTextMode {
    /// The mode; null leaves it to the server.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true, examples("masked"))]
    pub mode: Option<TextMode>,
}

impl NewTextMode {
    /// The same in words, for the record of who did what; `fallback` is the server's own mode.
    pub fn words(self, fallback: PrivacyMode) -> String {
        match self.mode {
            Some(mode) => PrivacyMode::from(mode).to_string(),
            None => format!("as the server says: {fallback}"),
        }
    }
}

/// What a workspace keeps of what people write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TextModeAnswer {
    /// The mode that holds for what is received from now on.
    #[schema(examples("masked"))]
    pub mode: TextMode,
    /// Whether the workspace has set it; else it is the server's.
    #[schema(examples(true))]
    pub is_set: bool,
    /// The server's mode, which holds where a workspace has set none.
    #[schema(examples("masked"))]
    pub fallback: TextMode,
    /// When the workspace set it; null where it has set none.
    #[schema(format = DateTime)]
    pub changed: Option<String>,
}

impl TextModeAnswer {
    /// What holds in a workspace, where the server says `fallback`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn of(
        store: &Store,
        workspace: &str,
        fallback: PrivacyMode,
    ) -> Result<Self, StoreError> {
        let set = store.text_mode(workspace).await?;
        let mode = set.as_ref().map(|set| parsed(set, workspace)).transpose()?;
        Ok(Self {
            mode: mode.unwrap_or(fallback).into(),
            is_set: set.is_some(),
            fallback: fallback.into(),
            changed: set.map(|set| instant(set.changed)),
        })
    }
}

fn parsed(set: &SetTextMode, workspace: &str) -> Result<PrivacyMode, StoreError> {
    PrivacyMode::parse(&set.mode).map_err(|error| {
        StoreError::Unreadable(format!(
            "the text mode of workspace `{workspace}` ({error})"
        ))
    })
}

/// The mode that a workspace has set; nothing where it has set none.
///
/// # Errors
/// When the store cannot be read, or holds a mode that this program does not know: then nothing may be taken in.
pub async fn text_mode(store: &Store, workspace: &str) -> Result<Option<PrivacyMode>, StoreError> {
    let set = store.text_mode(workspace).await?;
    set.map(|set| parsed(&set, workspace)).transpose()
}

impl Shared {
    /// What is kept of texts that a workspace receives now.
    pub(crate) async fn text_mode(&self, workspace: &str) -> Result<PrivacyMode, Problem> {
        let set = text_mode(&self.store, workspace).await?;
        Ok(set.unwrap_or(self.options.privacy))
    }
}

/// Show what a workspace keeps of what people write
#[utoipa::path(
    get,
    path = "/api/v1/text-mode",
    operation_id = "show_text_mode",
    tag = "workspace",
    params(WorkspaceParameters),
    responses(
        (status = 200, description = "The mode", body = TextModeAnswer),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn show(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
) -> Result<Json<TextModeAnswer>, Problem> {
    let fallback = state.options.privacy;
    let answer = TextModeAnswer::of(&state.store, &workspace, fallback).await?;
    Ok(Json(answer))
}

/// Say what a workspace keeps of what people write
///
/// It holds for what is received from then on, however it comes in. What is stored already stays as it is: text that
/// was masked cannot be brought back, and text that was kept is not masked later.
#[utoipa::path(
    put,
    path = "/api/v1/text-mode",
    operation_id = "set_text_mode",
    tag = "workspace",
    params(WorkspaceParameters),
    request_body(content = NewTextMode, example = json!({ "mode": "none" })),
    responses(
        (status = 200, description = "The mode from now on", body = TextModeAnswer),
        (status = 400, description = "There is no such mode", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<(Extension<Done>, Json<TextModeAnswer>), Problem> {
    let new: NewTextMode = json(&state, request).await?;
    let mode = new.mode.map(|mode| PrivacyMode::from(mode).as_str());
    let now = state.now();
    state.store.set_text_mode(&workspace, mode, now).await?;
    let fallback = state.options.privacy;
    let done = Done {
        subject: String::new(),
        detail: new.words(fallback),
    };
    let answer = TextModeAnswer::of(&state.store, &workspace, fallback).await?;
    Ok((Extension(done), Json(answer)))
}
