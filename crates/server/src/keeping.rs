//! For how long a workspace keeps texts, events and facts: `/api/v1/keeping`.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use upshot_core::time::start_of_day;
use upshot_lake::{Keeping, KeptFrom, Lake, LakeError};
use upshot_store::{Store, StoreError};
use utoipa::ToSchema;

use crate::access::record::Done;
use crate::facts::instant;
use crate::input::{Workspace, json};
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails};
use crate::state::ServerState;

/// For how many days a workspace is to keep things; what is left out, or null, is kept for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewKeeping {
    /// What people wrote; no longer than events.
    #[schema(examples(90), minimum = 1, maximum = 36500)]
    pub texts_days: Option<u32>,
    /// Events; no longer than facts.
    #[schema(examples(365), minimum = 1, maximum = 36500)]
    pub events_days: Option<u32>,
    /// Facts: sessions, messages and steps, of which numbers are made.
    #[schema(examples(1095), minimum = 1, maximum = 36500)]
    pub facts_days: Option<u32>,
}

impl From<NewKeeping> for Keeping {
    fn from(new: NewKeeping) -> Self {
        Self {
            texts: new.texts_days,
            events: new.events_days,
            facts: new.facts_days,
        }
    }
}

impl NewKeeping {
    /// The same in words.
    pub fn words(&self) -> String {
        let all = [
            ("texts", self.texts_days),
            ("events", self.events_days),
            ("facts", self.facts_days),
        ];
        let words = all.map(|(what, days)| match days {
            Some(days) => format!("{what} {days} days"),
            None => format!("{what} for ever"),
        });
        words.join(", ")
    }
}

/// The first UTC days of which there is something; null where nothing went because of its age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FirstDays {
    /// Of what people wrote.
    #[schema(examples("2025-12-10"))]
    pub texts: Option<String>,
    /// Of events.
    #[schema(examples("2025-03-10"))]
    pub events: Option<String>,
    /// Of facts.
    pub facts: Option<String>,
}

impl From<KeptFrom> for FirstDays {
    fn from(from: KeptFrom) -> Self {
        let day = |day: i32| {
            (day != i32::MIN).then(|| instant(start_of_day(day)).chars().take(10).collect())
        };
        Self {
            texts: day(from.texts),
            events: day(from.events),
            facts: day(from.facts),
        }
    }
}

/// For how many days a workspace keeps things; null means for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeepingAnswer {
    /// What people wrote.
    #[schema(examples(90))]
    pub texts_days: Option<u32>,
    /// Events.
    #[schema(examples(365))]
    pub events_days: Option<u32>,
    /// Facts.
    #[schema(examples(1095))]
    pub facts_days: Option<u32>,
    /// Of which days there is something still.
    pub first_days: FirstDays,
}

impl KeepingAnswer {
    /// What holds in a workspace.
    pub fn of(lake: &Lake, workspace: &str) -> Self {
        let (keeping, from) = lake.keeping(workspace);
        Self {
            texts_days: keeping.texts,
            events_days: keeping.events,
            facts_days: keeping.facts,
            first_days: from.into(),
        }
    }
}

/// What would go at once if things were kept for so long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutdatedAnswer {
    /// Events whose texts would go.
    #[schema(examples(12000))]
    pub texts: u64,
    /// Events.
    #[schema(examples(9000))]
    pub events: u64,
    /// Sessions, of all fact sets.
    #[schema(examples(0))]
    pub sessions: u64,
    /// Data files.
    #[schema(examples(120))]
    pub files: u64,
    /// Of which days there would be something still.
    pub first_days: FirstDays,
}

/// What would go at once if a workspace kept things for so long.
///
/// # Errors
/// When that cannot be.
pub fn foresee(lake: &Lake, workspace: &str, new: NewKeeping) -> Result<OutdatedAnswer, LakeError> {
    let outdated = lake.foresee_keeping(workspace, new.into())?;
    Ok(OutdatedAnswer {
        texts: outdated.texts,
        events: outdated.events,
        sessions: outdated.sessions,
        files: outdated.files,
        first_days: outdated.from.into(),
    })
}

/// Whether a workspace ever let sessions go because they were too old.
pub fn has_let_go(lake: &Lake, workspace: &str) -> bool {
    lake.keeping(workspace).1.facts != i32::MIN
}

/// Removes what people say of sessions that a workspace let go; gives how much it was.
///
/// # Errors
/// When the store cannot be written.
pub async fn forget_remarks(
    lake: &Lake,
    store: &Store,
    workspace: &str,
) -> Result<u64, StoreError> {
    if !has_let_go(lake, workspace) {
        return Ok(0);
    }
    // Facts go by the day on which their session began.
    let (_, from) = lake.keeping(workspace);
    let time = start_of_day(from.facts);
    store.forget_sessions_before(workspace, time).await
}

/// So often it is looked whether sessions went.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Removes what people say of sessions, soon after these went.
pub(crate) async fn run(state: ServerState) {
    while !state.is_ending() {
        if let Err(problem) = forget_all(&state).await {
            tracing::warn!(kind = ?problem.kind(), "notes and labels of sessions that went are removed later: something failed");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Removes in all workspaces what people say of sessions that were let go; gives how much it was.
///
/// # Errors
/// When lake or store cannot be read or written.
pub async fn forget_all(state: &ServerState) -> Result<u64, Problem> {
    let mut removed = 0;
    for workspace in state.lake.workspaces().await? {
        removed += forget_remarks(&state.lake, &state.store, &workspace).await?;
    }
    Ok(removed)
}

/// Show for how long a workspace keeps things
#[utoipa::path(
    get,
    path = "/api/v1/keeping",
    operation_id = "show_keeping",
    tag = "workspace",
    params(WorkspaceParameters),
    responses(
        (status = 200, description = "For how many days", body = KeepingAnswer),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn show(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
) -> Json<KeepingAnswer> {
    Json(KeepingAnswer::of(&state.lake, &workspace))
}

/// Say what would go if things were kept for so long
#[utoipa::path(
    post,
    path = "/api/v1/keeping/preview",
    operation_id = "preview_keeping",
    tag = "workspace",
    params(WorkspaceParameters),
    request_body(content = NewKeeping, example = json!({ "texts_days": 90, "events_days": 365 })),
    responses(
        (status = 200, description = "What would go at once; nothing has changed", body = OutdatedAnswer),
        (status = 400, description = "Things cannot be kept for so long", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn preview(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Json<OutdatedAnswer>, Problem> {
    let new: NewKeeping = json(&state, request).await?;
    Ok(Json(foresee(&state.lake, &workspace, new)?))
}

/// Say for how long a workspace keeps things
///
/// All three at once: what is left out is kept for ever. What is older goes within moments, and then day by day. It cannot
/// be undone: ask for the preview first.
#[utoipa::path(
    put,
    path = "/api/v1/keeping",
    operation_id = "set_keeping",
    tag = "workspace",
    params(WorkspaceParameters),
    request_body(content = NewKeeping, example = json!({ "texts_days": 90, "events_days": 365 })),
    responses(
        (status = 200, description = "For how many days from now on", body = KeepingAnswer),
        (status = 400, description = "Things cannot be kept for so long", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<(Extension<Done>, Json<KeepingAnswer>), Problem> {
    let new: NewKeeping = json(&state, request).await?;
    state.lake.set_keeping(&workspace, new.into()).await?;
    let done = Done {
        subject: String::new(),
        detail: new.words(),
    };
    let answer = KeepingAnswer::of(&state.lake, &workspace);
    Ok((Extension(done), Json(answer)))
}
