//! The people of a workspace: `/api/v1/people`.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use upshot_store::people::check_email;
use upshot_store::{Link, Member, Purpose, Role, Store, StoreError};
use utoipa::ToSchema;

use super::caller::Caller;
use super::links::{DAY_OF_GRACE, INVITATION, LinkError, new_link, path_of};
use super::permission::{Permission, RoleName};
use super::record::Done;
use crate::facts::instant;
use crate::input::{InPath, json};
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;

/// The people of a workspace.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct People {
    /// Those who take part, by name.
    pub people: Vec<PersonOfWorkspace>,
    /// Those who were invited and have not come yet, the newest first.
    pub invitations: Vec<Invitation>,
}

/// Somebody who takes part.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PersonOfWorkspace {
    /// The id.
    #[schema(examples("5f3a9c015f3a9c01"))]
    pub id: String,
    /// What they are called.
    #[schema(examples("Anna Example"))]
    pub name: String,
    /// The address by which they sign in.
    #[schema(examples("anna@example.org"))]
    pub email: String,
    /// What they are here.
    pub role: RoleName,
    /// When they last asked for something, to the minute; null where they never did.
    #[schema(format = DateTime)]
    pub last_seen: Option<String>,
    /// When they first came.
    #[schema(format = DateTime)]
    pub created: String,
}

/// Somebody who was invited.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Invitation {
    /// The invitation's id.
    #[schema(examples("5f3a9c015f3a9c01"))]
    pub id: String,
    /// The address that it is for.
    #[schema(examples("ben@example.org"))]
    pub email: String,
    /// What they will be.
    pub role: RoleName,
    /// From when on it opens nothing.
    #[schema(format = DateTime)]
    pub expires: Option<String>,
    /// Who made it.
    pub created_by: String,
}

/// What somebody is to be.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    /// What they are to be.
    pub role: RoleName,
}

/// Somebody to invite.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// The address.
    pub email: String,
    /// What they are to be.
    pub role: RoleName,
}

/// A link that was made: shown this once.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MadeLink {
    /// Its id.
    #[schema(examples("5f3a9c015f3a9c01"))]
    pub id: String,
    /// The path to open on this server, with the secret behind `#`.
    #[schema(examples("/welcome#5f3a9c015f3a9c01c0ffee"))]
    pub link: String,
}

impl From<Member> for PersonOfWorkspace {
    fn from(member: Member) -> Self {
        Self {
            id: member.person.id,
            name: member.person.name,
            email: member.person.email,
            role: member.role.into(),
            last_seen: member.person.last_seen.map(instant),
            created: instant(member.person.created),
        }
    }
}

impl Invitation {
    /// What is told of a link that is one.
    pub fn of(link: Link) -> Option<Self> {
        let Purpose::Invitation { email, role } = link.purpose else {
            return None;
        };
        Some(Self {
            id: link.id,
            email,
            role: role.into(),
            expires: link.expires.map(instant),
            created_by: link.created_by,
        })
    }
}

/// List the people
///
/// Who takes part in the workspace, and who was invited.
#[utoipa::path(
    get,
    path = "/api/v1/people",
    operation_id = "list_people",
    tag = "people",
    params(WorkspaceParameters),
    responses(
        (status = 200, description = "The people of the workspace", body = People),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    caller: Caller,
) -> Result<Json<People>, Problem> {
    let members = state.store.members(&caller.workspace).await?;
    let links = state.store.links(&caller.workspace, "invitation").await?;
    let now = state.now();
    let links = links.into_iter().filter(|link| link.is_good(now));
    Ok(Json(People {
        people: members.into_iter().map(Into::into).collect(),
        invitations: links.filter_map(Invitation::of).collect(),
    }))
}

/// Give a person another role
#[utoipa::path(
    put,
    path = "/api/v1/people/{id}",
    operation_id = "set_role",
    tag = "people",
    params(
        ("id" = String, Path, description = "The person's id", example = "b0b0b0b0b0b0b0b0"),
        WorkspaceParameters,
    ),
    request_body(content = NewRole, example = json!({ "role": "analyst" })),
    responses(
        (status = 200, description = "The person as they are now", body = PersonOfWorkspace),
        (status = 400, description = "There is no such role", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no such person in the workspace", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "They are the last owner", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set(
    State(state): State<ServerState>,
    caller: Caller,
    InPath(id): InPath<String>,
    request: Request,
) -> Result<Response, Problem> {
    let role = Role::from(json::<NewRole>(&state, request).await?.role);
    let member = member(&state, &caller, &id).await?;
    may_make(&caller, role)?;
    let workspace = &caller.workspace;
    if !state.store.set_role(workspace, &id, role).await? {
        return Err(nobody());
    }
    let done = Done {
        subject: member.person.email.clone(),
        detail: format!("{} → {role}", member.role),
    };
    let changed = Member { role, ..member };
    Ok((Extension(done), Json(PersonOfWorkspace::from(changed))).into_response())
}

/// Take a person out of the workspace
///
/// Who is in no workspace then has no account any more.
#[utoipa::path(
    delete,
    path = "/api/v1/people/{id}",
    operation_id = "remove_person",
    tag = "people",
    params(
        ("id" = String, Path, description = "The person's id", example = "b0b0b0b0b0b0b0b0"),
        WorkspaceParameters,
    ),
    responses(
        (status = 204, description = "They take part no more"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no such person in the workspace", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "They are the last owner", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove(
    State(state): State<ServerState>,
    caller: Caller,
    InPath(id): InPath<String>,
) -> Result<Response, Problem> {
    let member = member(&state, &caller, &id).await?;
    if !state.store.remove_member(&caller.workspace, &id).await? {
        return Err(nobody());
    }
    let done = Done {
        subject: member.person.email,
        detail: member.role.to_string(),
    };
    Ok((StatusCode::NO_CONTENT, Extension(done)).into_response())
}

/// Invite somebody
///
/// Gives a link that is good for a week and used once. It is shown this once: give it to whom it is for. Inviting
/// somebody again takes the place of the invitation before.
#[utoipa::path(
    post,
    path = "/api/v1/people/invitations",
    operation_id = "invite",
    tag = "people",
    params(WorkspaceParameters),
    request_body(content = NewInvitation, example = json!({ "email": "cleo@example.org", "role": "viewer" })),
    responses(
        (status = 201, description = "The link", body = MadeLink),
        (status = 400, description = "The address is none, or there is no such role", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 409, description = "They take part already, or there are too many invitations", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn invite(
    State(state): State<ServerState>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let new: NewInvitation = json(&state, request).await?;
    let role = Role::from(new.role);
    may_make(&caller, role)?;
    let (by, now) = (caller.name(), state.now());
    let workspace = &caller.workspace;
    let made = make_invitation(&state.store, workspace, &new.email, role, &by, now).await?;
    let done = Done {
        subject: new.email.trim().to_lowercase(),
        detail: role.to_string(),
    };
    Ok((StatusCode::CREATED, Extension(done), Json(made)).into_response())
}

/// Take an invitation back
#[utoipa::path(
    delete,
    path = "/api/v1/people/invitations/{id}",
    operation_id = "remove_invitation",
    tag = "people",
    params(
        ("id" = String, Path, description = "The invitation's id", example = "1417171417171417"),
        WorkspaceParameters,
    ),
    responses(
        (status = 204, description = "It opens nothing any more"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no such invitation in the workspace", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn uninvite(
    State(state): State<ServerState>,
    caller: Caller,
    InPath(id): InPath<String>,
) -> Result<Response, Problem> {
    let all = state.store.links(&caller.workspace, "invitation").await?;
    let found = all.into_iter().find(|link| link.id == id);
    let Some(invitation) = found.and_then(Invitation::of) else {
        return Err(no_invitation());
    };
    may_make(&caller, invitation.role.into())?;
    let removed = state
        .store
        .remove_link(&caller.workspace, "invitation", &id);
    if !removed.await? {
        return Err(no_invitation());
    }
    let done = Done {
        subject: invitation.email,
        detail: String::new(),
    };
    Ok((StatusCode::NO_CONTENT, Extension(done)).into_response())
}

/// Let a person set a new password
///
/// Gives a link that is good for a day and used once. It is shown this once: give it to the person. The password is
/// what it was until the link is used.
#[utoipa::path(
    post,
    path = "/api/v1/people/{id}/reset",
    operation_id = "reset_password",
    tag = "people",
    params(
        ("id" = String, Path, description = "The person's id", example = "b0b0b0b0b0b0b0b0"),
        WorkspaceParameters,
    ),
    responses(
        (status = 201, description = "The link", body = MadeLink),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no such person in the workspace", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "They take part in other workspaces too, so it is not for this one to say", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn reset(
    State(state): State<ServerState>,
    caller: Caller,
    InPath(id): InPath<String>,
) -> Result<Response, Problem> {
    let member = member(&state, &caller, &id).await?;
    let is_elsewhere = state.store.memberships(&id).await?.len() > 1;
    // Else an admin of one workspace could sign in to another as this person.
    if is_elsewhere && !caller.permissions.allow(Permission::Server) {
        let detail = "they take part in other workspaces too: let them ask for a mail, or an operator \
             run `upshot people reset`";
        return Err(Problem::new(ProblemKind::Conflict, detail));
    }
    let done = Done {
        subject: member.person.email,
        detail: String::new(),
    };
    let (by, now) = (caller.name(), state.now());
    let made = make_reset(&state.store, &caller.workspace, &id, &by, now).await?;
    Ok((StatusCode::CREATED, Extension(done), Json(made)).into_response())
}

/// Makes an invitation; gives the link that is shown once.
///
/// # Errors
/// When the address is none, they take part already, or the store cannot be written.
pub async fn make_invitation(
    store: &Store,
    workspace: &str,
    email: &str,
    role: Role,
    by: &str,
    now: i64,
) -> Result<MadeLink, LinkError> {
    let email = check_email(email)?;
    let members = store.members(workspace).await?;
    if members.iter().any(|member| member.person.email == email) {
        return Err(StoreError::AlreadyMember(email).into());
    }
    let purpose = Purpose::Invitation { email, role };
    make(store, workspace, purpose, by, (now, INVITATION)).await
}

/// Makes a link by which a person sets a new password; gives the link that is shown once.
///
/// # Errors
/// When the store cannot be written.
pub async fn make_reset(
    store: &Store,
    workspace: &str,
    person: &str,
    by: &str,
    now: i64,
) -> Result<MadeLink, LinkError> {
    let person = person.to_owned();
    let purpose = Purpose::Reset { person };
    make(store, workspace, purpose, by, (now, DAY_OF_GRACE)).await
}

/// Makes a link that is good for so long from now on.
async fn make(
    store: &Store,
    workspace: &str,
    purpose: Purpose,
    by: &str,
    (now, lasts): (i64, i64),
) -> Result<MadeLink, LinkError> {
    let (link, secret) = new_link(workspace, purpose, by, now, Some(now + lasts))?;
    store.add_link(&link).await?;
    Ok(MadeLink {
        link: path_of(&link.purpose, &secret),
        id: link.id,
    })
}

/// The person of this id, whom the caller may change.
async fn member(state: &ServerState, caller: &Caller, id: &str) -> Result<Member, Problem> {
    let found = state.store.member(&caller.workspace, id).await?;
    let member = found.ok_or_else(nobody)?;
    may_make(caller, member.role)?;
    Ok(member)
}

/// Only who may deal with owners makes, changes or takes out one.
fn may_make(caller: &Caller, role: Role) -> Result<(), Problem> {
    match role != Role::Owner || caller.permissions.allow(Permission::Owners) {
        true => Ok(()),
        false => Err(Problem::new(
            ProblemKind::Forbidden,
            "only an owner makes, changes or takes out owners",
        )),
    }
}

fn nobody() -> Problem {
    let detail = "there is no such person in the workspace; `/api/v1/people` lists them";
    Problem::new(ProblemKind::NotFound, detail)
}

fn no_invitation() -> Problem {
    let detail = "there is no such invitation in the workspace; `/api/v1/people` lists them";
    Problem::new(ProblemKind::NotFound, detail)
}
