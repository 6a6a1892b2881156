//! Keys by which programs ask: `/api/v1/keys`.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use upshot_store::{AccessKey, Store};
use utoipa::ToSchema;

use super::caller::Caller;
use super::links::LinkError;
use super::permission::Scope;
use super::record::Done;
use super::secret::Secret;
use super::sign_in::no_randomness;
use crate::facts::instant;
use crate::input::{InPath, json};
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;

/// The most characters of the name of a key or a share.
const LONGEST_NAME: usize = 100;

/// The keys of a workspace.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Keys {
    /// They, the newest first.
    pub keys: Vec<KnownKey>,
}

/// What is told of a key; never the key.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KnownKey {
    /// The id, with which the key begins after `upshot_`.
    #[schema(examples("5f3a9c015f3a9c01"))]
    pub id: String,
    /// What it is called.
    #[schema(examples("shop"))]
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created: String,
    /// Who made it.
    pub created_by: String,
    /// When it was last used, to the minute; null where it never was.
    #[schema(format = DateTime)]
    pub last_used: Option<String>,
}

/// A key to make.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What it is called: 1 to 100 characters.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
}

/// A key that was made: shown this once.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MadeKey {
    /// The id.
    #[schema(examples("5f3a9c015f3a9c01"))]
    pub id: String,
    /// What it is called.
    #[schema(examples("shop"))]
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The key, to be sent as `Authorization: Bearer KEY`.
    #[schema(examples("upshot_5f3a9c015f3a9c01c0ffee"))]
    pub key: String,
}

impl From<AccessKey> for KnownKey {
    fn from(key: AccessKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            scopes: key
                .scopes
                .iter()
                .filter_map(|word| Scope::parse(word))
                .collect(),
            created: instant(key.created),
            created_by: key.created_by,
            last_used: key.last_used.map(instant),
        }
    }
}

/// Makes a key of a workspace; gives what is shown once.
///
/// # Errors
/// When the system has no random numbers, there are too many keys, or the store cannot be written.
pub async fn make_key(
    store: &Store,
    workspace: &str,
    new: &NewKey,
    created_by: &str,
    now: i64,
) -> Result<MadeKey, LinkError> {
    let secret = Secret::new()?;
    let mut scopes = new.scopes.clone();
    scopes.sort_unstable();
    scopes.dedup();
    let key = AccessKey {
        id: secret.id.clone(),
        hash: secret.hash.clone(),
        workspace: workspace.to_owned(),
        name: new.name.trim().to_owned(),
        scopes: scopes
            .iter()
            .map(|scope| scope.as_str().to_owned())
            .collect(),
        created: now,
        created_by: created_by.to_owned(),
        last_used: None,
    };
    store.add_key(&key).await?;
    Ok(MadeKey {
        key: secret.key(),
        id: key.id,
        name: key.name,
        scopes,
    })
}

/// Refuses what a key or a share cannot be called.
///
/// # Errors
/// When it is empty, too long, or holds control characters.
pub fn check_name(name: &str) -> Result<(), Problem> {
    let name = name.trim();
    let length = name.chars().count();
    match (1..=LONGEST_NAME).contains(&length) && !name.chars().any(char::is_control) {
        true => Ok(()),
        false => Err(Problem::field(
            ProblemKind::BadRequest,
            "name",
            format!("a name has 1 to {LONGEST_NAME} characters, none of them a control character"),
        )),
    }
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Randomness(error) => no_randomness(error),
            LinkError::Store(error) => error.into(),
        }
    }
}

/// List the keys
///
/// By which programs ask. A key opens this workspace and no other.
#[utoipa::path(
    get,
    path = "/api/v1/keys",
    operation_id = "list_keys",
    tag = "people",
    params(WorkspaceParameters),
    responses(
        (status = 200, description = "The keys of the workspace", body = Keys),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    caller: Caller,
) -> Result<Json<Keys>, Problem> {
    let keys = state.store.keys(&caller.workspace).await?;
    Ok(Json(Keys {
        keys: keys.into_iter().map(Into::into).collect(),
    }))
}

/// Make a key
///
/// The key is shown this once: the server keeps its hash.
#[utoipa::path(
    post,
    path = "/api/v1/keys",
    operation_id = "make_key",
    tag = "people",
    params(WorkspaceParameters),
    request_body(content = NewKey, example = json!({ "name": "shop", "scopes": ["ingest"] })),
    responses(
        (status = 201, description = "The key", body = MadeKey),
        (status = 400, description = "The name or a scope cannot be one", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 409, description = "The workspace has as many keys as one may have", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn make(
    State(state): State<ServerState>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let new: NewKey = json(&state, request).await?;
    check_name(&new.name)?;
    if new.scopes.is_empty() {
        let detail = "a key without a scope may do nothing; name ingest, read, export or admin";
        return Err(Problem::field(ProblemKind::BadRequest, "scopes", detail));
    }
    let (workspace, by) = (&caller.workspace, caller.name());
    let made = make_key(&state.store, workspace, &new, &by, state.now()).await?;
    let scopes: Vec<&str> = made.scopes.iter().map(|scope| scope.as_str()).collect();
    let done = Done {
        subject: format!("{} ({})", made.name, made.id),
        detail: scopes.join(", "),
    };
    Ok((StatusCode::CREATED, Extension(done), Json(made)).into_response())
}

/// Revoke a key
#[utoipa::path(
    delete,
    path = "/api/v1/keys/{id}",
    operation_id = "remove_key",
    tag = "people",
    params(
        ("id" = String, Path, description = "The key's id", example = "6e76e76e76e76e76"),
        WorkspaceParameters,
    ),
    responses(
        (status = 204, description = "It opens nothing any more"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no such key in the workspace", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove(
    State(state): State<ServerState>,
    caller: Caller,
    InPath(id): InPath<String>,
) -> Result<Response, Problem> {
    let known = state.store.keys(&caller.workspace).await?;
    match known.into_iter().find(|key| key.id == id) {
        Some(key) if state.store.remove_key(&caller.workspace, &id).await? => {
            let done = Done {
                subject: format!("{} ({id})", key.name),
                detail: String::new(),
            };
            Ok((StatusCode::NO_CONTENT, Extension(done)).into_response())
        }
        _ => {
            let detail = "there is no such key in the workspace; `/api/v1/keys` lists them";
            Err(Problem::new(ProblemKind::NotFound, detail))
        }
    }
}
