//! Erasing users, and the proofs of it: `/api/v1/erasures`.

use axum::extract::{Request, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use upshot_lake::{Erasure, ErasureRequest, Foreseen, Lake, LakeError};
use upshot_store::{Store, StoreError};
use upshot_text::Masker;
use utoipa::ToSchema;

use crate::access::caller::Caller;
use crate::access::record::Done;
use crate::facts::instant;
use crate::input::{Workspace, json};
use crate::openapi::WorkspaceParameters;
use crate::problem::{FieldProblem, INTERNAL, Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;

/// The most users that are erased at once.
const MOST_USERS: usize = 1_000;
/// The most characters of a user's id.
const LONGEST_ID: usize = 512;
/// The most characters of a reason.
const LONGEST_REASON: usize = 300;

/// Who is to be erased.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewErasure {
    /// The users' ids, as they were sent: what was masked is found too.
    #[schema(examples(json!(["u-4711"])))]
    pub user_ids: Vec<String>,
    /// Why, in words that name nobody: they are kept with the proof.
    #[schema(examples("request of 2026-03-09"))]
    #[serde(default)]
    pub reason: Option<String>,
}

impl NewErasure {
    /// Checks them.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn check(&self) -> Result<(), Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let mut wrong = |field: String, detail: String| {
            problems.push(FieldProblem {
                field,
                position: None,
                detail,
                suggestion: None,
            });
        };
        let users = self.user_ids.len();
        if !(1..=MOST_USERS).contains(&users) {
            let detail = format!("{users} ids; expected 1 to {MOST_USERS}");
            wrong("user_ids".to_owned(), detail);
        }
        for (index, id) in self.user_ids.iter().enumerate() {
            if !(1..=LONGEST_ID).contains(&id.chars().count()) {
                let detail = format!("expected 1 to {LONGEST_ID} characters");
                wrong(format!("user_ids[{index}]"), detail);
            }
        }
        let reason = self.reason.as_deref().unwrap_or_default();
        if reason.chars().count() > LONGEST_REASON || reason.chars().any(char::is_control) {
            let detail = format!(
                "expected up to {LONGEST_REASON} characters, none of them a control character"
            );
            wrong("reason".to_owned(), detail);
        }
        match problems.is_empty() {
            true => Ok(()),
            false => Err(problems),
        }
    }

    /// The ids under which events may name the users: as they were sent, and as masking leaves them.
    fn stored_ids(&self, masker: &Masker) -> Vec<String> {
        let ids = self.user_ids.iter();
        let mut all: Vec<String> = ids
            .flat_map(|id| [id.clone(), masker.pseudonym("u_", id)])
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn users(&self) -> u64 {
        let mut ids: Vec<&str> = self.user_ids.iter().map(String::as_str).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.len() as u64
    }
}

/// What erasing users would take away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ForeseenErasure {
    /// How many users were named.
    #[schema(examples(1))]
    pub users: u64,
    /// Conversations in which they took part.
    #[schema(examples(3))]
    pub conversations: u64,
    /// The events of these.
    #[schema(examples(74))]
    pub events: u64,
    /// The sessions of these, in the active fact set.
    #[schema(examples(4))]
    pub sessions: u64,
    /// Data files that would be written anew.
    #[schema(examples(11))]
    pub files: u64,
}

/// The proof of an erasure. It names no user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErasureProof {
    /// Its id.
    #[schema(examples("5f3a9c015f3a9c01"))]
    pub id: String,
    /// How many users were named.
    #[schema(examples(1))]
    pub users: u64,
    /// Who asked.
    #[schema(examples("anna@example.org"))]
    pub by: String,
    /// Why; null where nothing was said.
    #[schema(examples("request of 2026-03-09"))]
    pub reason: Option<String>,
    /// When it was asked for. What came in from then on was kept out.
    #[schema(format = DateTime)]
    pub asked: String,
    /// How many conversations are gone.
    #[schema(examples(3))]
    pub conversations: u64,
    /// How many events.
    #[schema(examples(74))]
    pub events: u64,
    /// How many sessions, in the active fact set.
    #[schema(examples(4))]
    pub sessions: u64,
    /// How many data files held some of it: they were written anew without it, and removed.
    #[schema(examples(11))]
    pub files: u64,
    /// How many files of rejected records were removed.
    #[schema(examples(0))]
    pub rejected_files: u64,
    /// How many notes and labels of the sessions were removed.
    #[schema(examples(1))]
    pub remarks: u64,
    /// Since when no question shows any of it; null where that is not so yet.
    #[schema(format = DateTime)]
    pub removed: Option<String>,
    /// Whether it was looked for afterwards and nothing was found.
    #[schema(examples(true))]
    pub verified: bool,
    /// When all was done; null where something is left to do, which goes on by itself.
    #[schema(format = DateTime)]
    pub finished: Option<String>,
}

impl From<Erasure> for ErasureProof {
    fn from(erasure: Erasure) -> Self {
        Self {
            id: erasure.id,
            users: erasure.users,
            by: erasure.by,
            reason: Some(erasure.reason).filter(|reason| !reason.is_empty()),
            asked: instant(erasure.asked),
            conversations: erasure.conversations,
            events: erasure.events,
            sessions: erasure.sessions,
            files: erasure.files,
            rejected_files: erasure.rejected_files,
            remarks: erasure.remarks,
            removed: erasure.removed.map(instant),
            verified: erasure.verified,
            finished: erasure.finished.map(instant),
        }
    }
}

/// The proofs of all erasures.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Erasures {
    /// The proofs, the newest first.
    pub erasures: Vec<ErasureProof>,
}

/// Where an erasure is made.
pub struct Place<'a> {
    /// The lake.
    pub lake: &'a Lake,
    /// What people keep.
    pub store: &'a Store,
    /// What masks ids.
    pub masker: &'a Masker,
    /// The workspace.
    pub workspace: &'a str,
}

impl Place<'_> {
    /// Erases users from the lake and the store. Everything is gone when this returns.
    ///
    /// # Errors
    /// When either cannot be read or written.
    pub async fn erase<E: From<LakeError> + From<StoreError>>(
        &self,
        new: &NewErasure,
        by: &str,
    ) -> Result<ErasureProof, E> {
        let request = ErasureRequest {
            ids: new.stored_ids(self.masker),
            users: new.users(),
            by: by.to_owned(),
            reason: new.reason.clone().unwrap_or_default(),
        };
        let erased = self.lake.erase(self.workspace, request).await?;
        let settled = settle::<E>(self.lake, self.store, self.workspace).await?;
        let own = settled.into_iter().find(|other| other.id == erased.id);
        Ok(own.unwrap_or(erased).into())
    }

    /// What that would take away.
    ///
    /// # Errors
    /// When the lake cannot be read.
    pub async fn foresee(&self, new: &NewErasure) -> Result<ForeseenErasure, LakeError> {
        let ids = new.stored_ids(self.masker);
        let Foreseen {
            conversations,
            events,
            sessions,
            files,
        } = self.lake.foresee_erasure(self.workspace, &ids).await?;
        Ok(ForeseenErasure {
            users: new.users(),
            conversations,
            events,
            sessions,
            files,
        })
    }
}

/// Removes from the store what is kept of sessions that were erased: also where a crash came between.
///
/// # Errors
/// When lake or store cannot be read or written.
pub async fn settle<E: From<LakeError> + From<StoreError>>(
    lake: &Lake,
    store: &Store,
    workspace: &str,
) -> Result<Vec<Erasure>, E> {
    let mut settled = Vec::new();
    for (erasure, sessions) in lake.unsettled_erasures(workspace).await? {
        let remarks = store.forget_sessions(workspace, &sessions).await?;
        let all_done = lake.settle_erasure(workspace, erasure, remarks).await?;
        settled.push(all_done);
    }
    Ok(settled)
}

/// The proofs of all erasures in a workspace.
///
/// # Errors
/// When lake or store cannot be read or written.
pub async fn proofs<E: From<LakeError> + From<StoreError>>(
    lake: &Lake,
    store: &Store,
    workspace: &str,
) -> Result<Erasures, E> {
    settle::<E>(lake, store, workspace).await?;
    let erasures = lake.erasures(workspace).await?;
    Ok(Erasures {
        erasures: erasures.into_iter().map(Into::into).collect(),
    })
}

/// Does in all workspaces what a crash left to do.
pub(crate) async fn settle_all(state: &ServerState) {
    let settling = async {
        for workspace in state.lake.workspaces().await? {
            settle::<Problem>(&state.lake, &state.store, &workspace).await?;
        }
        Ok::<_, Problem>(())
    };
    if settling.await.is_err() {
        tracing::error!(
            "notes and labels of erased sessions could not be removed; it is tried again at the next start"
        );
    }
}

async fn wished(state: &ServerState, request: Request) -> Result<NewErasure, Problem> {
    let new: NewErasure = json(state, request).await?;
    new.check().map_err(Problem::of_fields)?;
    Ok(new)
}

/// List the proofs of erasures
///
/// When and by whom users were erased, what went, and whether all is done. They name no user.
#[utoipa::path(
    get,
    path = "/api/v1/erasures",
    operation_id = "list_erasures",
    tag = "workspace",
    params(WorkspaceParameters),
    responses(
        (status = 200, description = "The proofs, the newest first", body = Erasures),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
) -> Result<Json<Erasures>, Problem> {
    let proofs = proofs::<Problem>(&state.lake, &state.store, &workspace).await?;
    Ok(Json(proofs))
}

/// Say what erasing users would take away
#[utoipa::path(
    post,
    path = "/api/v1/erasures/preview",
    operation_id = "preview_erasure",
    tag = "workspace",
    params(WorkspaceParameters),
    request_body(content = NewErasure, example = json!({ "user_ids": ["u-4711"] })),
    responses(
        (status = 200, description = "What would go; nothing has changed", body = ForeseenErasure),
        (status = 400, description = "An id cannot be one; `errors` names every one", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn preview(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Json<ForeseenErasure>, Problem> {
    let new = wished(&state, request).await?;
    let place = Place {
        lake: &state.lake,
        store: &state.store,
        masker: &state.masker,
        workspace: &workspace,
    };
    Ok(Json(place.foresee(&new).await?))
}

/// Erase users
///
/// All conversations in which they took part go at once and for good, with everything that was made of them, and do not
/// come back when they are sent again. The answer comes when nothing of them is left. It cannot be undone.
#[utoipa::path(
    post,
    path = "/api/v1/erasures",
    operation_id = "erase_users",
    tag = "workspace",
    params(WorkspaceParameters),
    request_body(content = NewErasure, example = json!({ "user_ids": ["u-4711"], "reason": "request of 2026-03-09" })),
    responses(
        (status = 200, description = "The proof", body = ErasureProof),
        (status = 400, description = "An id cannot be one; `errors` names every one. Nothing was erased", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 409, description = "Something is left to do, which goes on by itself; the list of proofs says when it is done", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "The log has stopped", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn erase_users(
    State(state): State<ServerState>,
    caller: Caller,
    request: Request,
) -> Result<(Extension<Done>, Json<ErasureProof>), Problem> {
    let new = wished(&state, request).await?;
    let (by, workspace) = (caller.name(), caller.workspace.clone());
    // Goes on to its end when the client goes.
    let erasing = tokio::spawn(async move {
        let place = Place {
            lake: &state.lake,
            store: &state.store,
            masker: &state.masker,
            workspace: &workspace,
        };
        // No question that came before is asked ahead once more, and none that came meanwhile afterwards.
        state.ahead.forget(&workspace);
        let erased = place.erase::<Problem>(&new, &by).await;
        // What could not be taken in may name anybody.
        state.rejections.forget(&workspace);
        state.answers.clear();
        state.engine.forget_rollups();
        state.ahead.forget(&workspace);
        erased
    });
    let proof = erasing.await.map_err(|error| {
        tracing::error!(%error, "erasing failed");
        Problem::new(ProblemKind::Internal, INTERNAL)
    })??;
    let done = Done {
        subject: proof.id.clone(),
        detail: format!(
            "{} users, {} conversations, {} events",
            proof.users, proof.conversations, proof.events
        ),
    };
    Ok((Extension(done), Json(proof)))
}
