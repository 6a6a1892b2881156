//! What becomes of what people write in a workspace, and of what single sources send: `/api/v1/text-mode`.

use axum::extract::{Request, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use upshot_store::{SetTextMode, Store, StoreError};
use upshot_text::{PrivacyMode, PrivacyModes};
use utoipa::ToSchema;

use crate::access::record::Done;
use crate::facts::instant;
use crate::input::{InPath, Workspace, json};
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails, ProblemKind};
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

/// What is to be kept of what one source sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSourceTextMode {
    /// The mode; null leaves it to the workspace.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true, examples("none"))]
    pub mode: Option<TextMode>,
}

impl NewSourceTextMode {
    /// The same in words, for the record of who did what.
    pub fn words(self) -> String {
        match self.mode {
            Some(mode) => PrivacyMode::from(mode).to_string(),
            None => "as the workspace says".to_owned(),
        }
    }
}

/// What a workspace keeps of what people write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TextModeAnswer {
    /// The mode that holds for what is received from now on, of all sources that have none of their own.
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
    /// The sources that have a mode of their own, by name.
    #[serde(default)]
    #[schema(required = true)]
    pub sources: Vec<SourceTextMode>,
}

/// What is kept of what one source sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceTextMode {
    /// The source, as its events name it in `source`.
    #[schema(examples("copilot-studio"))]
    pub source: String,
    /// The mode that holds for it.
    #[schema(examples("none"))]
    pub mode: TextMode,
    /// When it was set.
    #[schema(format = DateTime)]
    pub changed: String,
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
        let set = store.text_modes(workspace).await?;
        let default = set.default.as_ref();
        let mode = default.map(|set| parsed(set, workspace)).transpose()?;
        let sources = set.sources.iter().map(|(source, set)| {
            Ok(SourceTextMode {
                source: source.clone(),
                mode: parsed(set, workspace)?.into(),
                changed: instant(set.changed),
            })
        });
        Ok(Self {
            mode: mode.unwrap_or(fallback).into(),
            is_set: default.is_some(),
            fallback: fallback.into(),
            changed: default.map(|set| instant(set.changed)),
            sources: sources.collect::<Result<_, StoreError>>()?,
        })
    }

    /// The modes that hold.
    pub fn modes(&self) -> PrivacyModes {
        let sources = self.sources.iter();
        PrivacyModes {
            default: self.mode.into(),
            sources: sources
                .map(|own| (own.source.as_str().into(), own.mode.into()))
                .collect(),
        }
    }
}

fn parsed(set: &SetTextMode, workspace: &str) -> Result<PrivacyMode, StoreError> {
    PrivacyMode::parse(&set.mode).map_err(|error| {
        StoreError::Unreadable(format!(
            "the text mode of workspace `{workspace}` ({error})"
        ))
    })
}

/// The modes that hold in a workspace; `fallback` where it has set none for all sources.
///
/// # Errors
/// When the store cannot be read, or holds a mode that this program does not know: then nothing may be taken in.
pub async fn text_modes(
    store: &Store,
    workspace: &str,
    fallback: PrivacyMode,
) -> Result<PrivacyModes, StoreError> {
    let set = store.text_modes(workspace).await?;
    let default = set.default.as_ref();
    let default = default.map(|set| parsed(set, workspace)).transpose()?;
    let sources = set.sources.iter();
    let sources =
        sources.map(|(source, set)| Ok((source.as_str().into(), parsed(set, workspace)?)));
    Ok(PrivacyModes {
        default: default.unwrap_or(fallback),
        sources: sources.collect::<Result<_, StoreError>>()?,
    })
}

/// The most that a request wants kept of its texts, as its parameter `text` says.
pub(crate) fn most_of(value: &str) -> Result<Option<PrivacyMode>, Problem> {
    let mode = PrivacyMode::parse(value);
    mode.map(Some)
        .map_err(|error| Problem::field(ProblemKind::BadRequest, "text", error.to_string()))
}

impl Shared {
    /// What is kept of texts that a workspace receives now, in a request that wants no more kept than `most`.
    pub(crate) async fn text_modes(
        &self,
        workspace: &str,
        most: Option<PrivacyMode>,
    ) -> Result<PrivacyModes, Problem> {
        let modes = text_modes(&self.store, workspace, self.options.privacy).await?;
        Ok(match most {
            Some(most) => modes.at_most(most),
            None => modes,
        })
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
/// It holds for what is received from then on, however it comes in, except from sources that have a mode of their own. What is stored already stays as it is: text that
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

/// Say what a workspace keeps of what one source sends
///
/// It goes before what the workspace says for all, whether it keeps more or less, and holds for what is received from then
/// on. Events belong to the source that they name in `source`; where they name none, to that of their format.
#[utoipa::path(
    put,
    path = "/api/v1/text-mode/sources/{source}",
    operation_id = "set_source_text_mode",
    tag = "workspace",
    params(
        WorkspaceParameters,
        ("source" = String, Path, description = "The source, as events name it", example = "copilot-studio"),
    ),
    request_body(content = NewSourceTextMode, example = json!({ "mode": "none" })),
    responses(
        (status = 200, description = "The modes from now on", body = TextModeAnswer),
        (status = 400, description = "There is no such mode, or no source can have this name", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 409, description = "Too many sources have a mode of their own", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set_source(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    InPath(source): InPath<String>,
    request: Request,
) -> Result<(Extension<Done>, Json<TextModeAnswer>), Problem> {
    let new: NewSourceTextMode = json(&state, request).await?;
    let mode = new.mode.map(|mode| PrivacyMode::from(mode).as_str());
    let now = state.now();
    let setting = state
        .store
        .set_source_text_mode(&workspace, &source, mode, now);
    setting.await?;
    let fallback = state.options.privacy;
    let answer = TextModeAnswer::of(&state.store, &workspace, fallback).await?;
    let done = Done {
        subject: source,
        detail: new.words(),
    };
    Ok((Extension(done), Json(answer)))
}
