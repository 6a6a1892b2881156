//! Who I am: `/api/v1/me`.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use upshot_store::{Purpose, Role};
use utoipa::ToSchema;

use super::attempts;
use super::caller::{Caller, Who};
use super::permission::{Permission, RoleName};
use super::record::Done;
use super::sign_in::{check_turn, client_address};
use crate::input::json;
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;

/// How it is known who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// It is not, and need not be: nobody owns the server yet, and only this machine reaches it.
    Open,
    /// By a sign-in.
    Person,
    /// By the server's key, or a key of the workspace.
    Key,
    /// By the link to a shared view.
    Share,
}

/// Who asks, and what they may do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// How it is known who asks.
    mode: Mode,
    /// The person who is signed in; null where it is none.
    person: Option<MePerson>,
    /// The workspace of this answer: the one that was named, or the one that is asked where none is.
    #[schema(examples("main"))]
    workspace: String,
    /// What the person is in it; null where it is none.
    role: Option<RoleName>,
    /// What may be done in it.
    permissions: Vec<Permission>,
    /// The workspaces that may be asked.
    workspaces: Vec<MyWorkspace>,
    /// Whether the server has an owner; where it has none, the link that `upshot serve` prints makes one.
    owner_exists: bool,
    /// Whether the person wants the weekly digest of the workspace; left out where it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<bool>,
    /// Whether the workspace sends mail at all, without which no digest comes; left out where it is no person.
    #[serde(skip_serializing_if = "Option::is_none")]
    sends_mail: Option<bool>,
    /// The shared view; left out where it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    share: Option<MyShare>,
}

/// The person who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MePerson {
    /// The id.
    #[schema(examples("5f3a9c015f3a9c01"))]
    id: String,
    /// What they are called.
    #[schema(examples("Anna Example"))]
    name: String,
    /// The address by which they sign in.
    #[schema(examples("anna@example.org"))]
    email: String,
}

/// A workspace that may be asked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MyWorkspace {
    /// Its name.
    #[schema(examples("main"))]
    workspace: String,
    /// What the person is in it; null where it is none.
    role: Option<RoleName>,
}

/// A shared view.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MyShare {
    /// What it is called.
    name: String,
    /// The path of the app.
    view: String,
}

/// What a person changes of themselves.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MyChange {
    /// The name, where it changes.
    name: Option<String>,
    /// Whether the weekly digest of the workspace comes by mail, where that changes.
    digest: Option<bool>,
    /// The password, where it changes. All other browsers are signed out.
    password: Option<PasswordChange>,
}

/// A change of a password.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    /// The password until now.
    old: String,
    /// The password from now on: at least 12 characters.
    new: String,
}

impl Me {
    /// What is told of a caller.
    pub(super) async fn of(state: &ServerState, caller: &Caller) -> Result<Self, Problem> {
        let mut workspaces = Vec::new();
        let (mut person, mut share) = (None, None);
        let (mut digest, mut sends_mail) = (None, None);
        let mode = match &*caller.who {
            Who::Open | Who::Operator => {
                let known = state.lake.workspaces().await?;
                workspaces.extend(known.into_iter().map(|workspace| (workspace, None)));
                match &*caller.who {
                    Who::Open => Mode::Open,
                    _ => Mode::Key,
                }
            }
            Who::Key(_) => Mode::Key,
            Who::Person(sign_in, memberships) => {
                let roles = memberships.iter().cloned();
                workspaces.extend(roles.map(|(workspace, role)| (workspace, Some(role))));
                let (workspace, id) = (&caller.workspace, &sign_in.person.id);
                let member = state.store.member(workspace, id).await?;
                digest = member.map(|member| member.digest);
                sends_mail = Some(state.store.mail(workspace).await?.is_some());
                person = Some(MePerson {
                    id: sign_in.person.id.clone(),
                    name: sign_in.person.name.clone(),
                    email: sign_in.person.email.clone(),
                });
                Mode::Person
            }
            Who::Share(link) => {
                if let Purpose::Share { name, view } = link.purpose.clone() {
                    share = Some(MyShare { name, view });
                }
                Mode::Share
            }
        };
        if !workspaces.iter().any(|(name, _)| *name == caller.workspace) {
            workspaces.push((caller.workspace.clone(), caller.role));
        }
        let workspace = |(workspace, role): (String, Option<Role>)| MyWorkspace {
            workspace,
            role: role.map(Into::into),
        };
        Ok(Self {
            mode,
            person,
            workspace: caller.workspace.clone(),
            role: caller.role.map(Into::into),
            permissions: caller.permissions.list(),
            workspaces: workspaces.into_iter().map(workspace).collect(),
            owner_exists: state.guard.owner_exists(&state.store).await?,
            digest,
            sends_mail,
            share,
        })
    }
}

/// Say who I am
///
/// How it is known who asks, what they may do in the workspace, and which workspaces there are for them.
#[utoipa::path(
    get,
    path = "/api/v1/me",
    operation_id = "show_me",
    tag = "people",
    params(WorkspaceParameters),
    responses(
        (status = 200, description = "Who asks", body = Me),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn show(
    State(state): State<ServerState>,
    caller: Caller,
) -> Result<Json<Me>, Problem> {
    Ok(Json(Me::of(&state, &caller).await?))
}

/// Change my name, my password or whether I get the digest
///
/// With a new password every other browser is signed out.
#[utoipa::path(
    put,
    path = "/api/v1/me",
    operation_id = "change_me",
    tag = "people",
    request_body(content = MyChange, example = json!({
        "name": "Anna Example",
        "digest": true,
        "password": { "old": "correct horse battery", "new": "battery horse correct" }
    })),
    responses(
        (status = 200, description = "Who asks, as it is now", body = Me),
        (status = 400, description = "The name or the password cannot be one", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, description = "Nobody is signed in, or the old password is wrong", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries; the header `retry-after` says when to try again", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn change(
    State(state): State<ServerState>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let address = client_address(&state, &request);
    let change: MyChange = json(&state, request).await?;
    let sign_in = caller.person()?;
    let id = &sign_in.person.id;
    let mut changed = Vec::new();
    if let Some(PasswordChange { old, new }) = &change.password {
        super::password::check(new)?;
        let email = &sign_in.person.email;
        check_turn(&state, email, address).await?;
        let hash = state.store.person(id).await?.map(|(_, hash)| hash);
        if !state.guard.passwords.verify(old, hash).await? {
            let detail = "the old password is wrong";
            return Err(Problem::field(
                ProblemKind::SignInRefused,
                "password.old",
                detail,
            ));
        }
        attempts::succeeded(&state.store, email, address).await?;
        let hash = state.guard.passwords.hash(new).await?;
        state
            .store
            .set_password(id, &hash, Some(&sign_in.id))
            .await?;
        changed.push("password");
    }
    if let Some(name) = &change.name {
        state.store.rename_person(id, name).await?;
        changed.push("name");
    }
    if let Some(wanted) = change.digest {
        state
            .store
            .set_digest(&caller.workspace, id, wanted)
            .await?;
        changed.push("digest");
    }
    let mut me = Me::of(&state, &caller).await?;
    if let (Some(person), Some(name)) = (&mut me.person, change.name) {
        name.trim().clone_into(&mut person.name);
    }
    let done = Done {
        subject: sign_in.person.email.clone(),
        detail: changed.join(", "),
    };
    Ok((axum::Extension(done), Json(me)).into_response())
}
