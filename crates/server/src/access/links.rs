//! Links that carry a secret: what they are for, and what comes of opening them.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use upshot_core::time::{DAY, SECOND};
use upshot_store::links::{Invited, NewPerson};
use upshot_store::people::check_email;
use upshot_store::{Deed, Link, Purpose, Role, Store};
use utoipa::ToSchema;

use super::caller::{Caller, LONGEST, Who};
use super::cookies::Jar;
use super::me::Me;
use super::permission::RoleName;
use super::record::record;
use super::secret::{Secret, Token, new_id};
use super::sign_in::{Client, begin, no_randomness, recognise};
use crate::facts::instant;
use crate::input::json;
use crate::problem::{Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;

/// For how long the link of the first owner, and one for a new password, is good.
pub const DAY_OF_GRACE: i64 = DAY;
/// For how long an invitation is good.
pub const INVITATION: i64 = 7 * DAY;

/// What opens something, as the app's page found it behind the `#` of its address.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkToken {
    /// The part of the link behind `#`.
    token: String,
}

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LinkKind {
    /// The first owner makes their account.
    Owner,
    /// Somebody takes part in a workspace.
    Invitation,
    /// A person sets a new password.
    Reset,
    /// Anybody who has the link looks at numbers.
    Share,
}

/// What is told of a link before it is used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinkSeen {
    /// What it is for.
    kind: LinkKind,
    /// Whose address it was made for; left out where it was made for nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("ben@example.org"))]
    email: Option<String>,
    /// The workspace that it opens.
    #[schema(examples("main"))]
    workspace: String,
    /// What one will be in it; left out where nothing changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<RoleName>,
    /// The path of the app that a shared view has; left out elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    view: Option<String>,
    /// What a shared view is called; left out elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// From when on it opens nothing; null where it is good until it is revoked.
    #[schema(format = DateTime)]
    expires: Option<String>,
}

/// What is needed to use a link.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkUse {
    /// The part of the link behind `#`.
    token: String,
    /// What one is called: of the owner and of an invitation. Who has an account keeps its name.
    name: Option<String>,
    /// The address by which one will sign in: of the owner. An invitation is for the address that it was made for.
    email: Option<String>,
    /// The password from now on, at least 12 characters; for an invitation of who has an account, the one it has.
    password: Option<String>,
}

impl LinkUse {
    fn password(&self) -> Result<&str, Problem> {
        needed("password", self.password.as_deref())
    }
}

fn needed<'a>(field: &str, value: Option<&'a str>) -> Result<&'a str, Problem> {
    value.ok_or_else(|| {
        let detail = format!("`{field}` is needed");
        Problem::field(ProblemKind::BadRequest, field, detail)
    })
}

/// The link of a token that is good.
async fn opened(state: &ServerState, token: &str) -> Result<Link, Problem> {
    let found = match Token::read(token) {
        Some(token) => {
            let link = state.store.link(token.id).await?;
            link.filter(|link| token.opens(&link.hash))
        }
        None => None,
    };
    found
        .filter(|link| link.is_good(state.now()))
        .ok_or_else(used_up)
}

fn used_up() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "the link opens nothing: it was used, revoked or is too old; ask for another",
    )
}

/// See what a link is for
///
/// Nothing is changed: the link may still be used.
#[utoipa::path(
    post,
    path = "/api/v1/links/look",
    operation_id = "look_at_link",
    tag = "people",
    security(()),
    request_body(content = LinkToken, example = json!({
        "token": "5f3a9c015f3a9c01c0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ff"
    })),
    responses(
        (status = 200, description = "What it is for", body = LinkSeen),
        (status = 400, description = "The body is not what is expected", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 404, description = "The link opens nothing: it was used, revoked or is too old", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn look(
    State(state): State<ServerState>,
    request: Request,
) -> Result<Json<LinkSeen>, Problem> {
    let LinkToken { token } = json(&state, request).await?;
    let link = opened(&state, &token).await?;
    let mut seen = LinkSeen {
        kind: LinkKind::Owner,
        email: None,
        workspace: link.workspace,
        role: None,
        view: None,
        name: None,
        expires: link.expires.map(instant),
    };
    match link.purpose {
        Purpose::Owner => seen.role = Some(RoleName::Owner),
        Purpose::Invitation { email, role } => {
            seen.kind = LinkKind::Invitation;
            (seen.email, seen.role) = (Some(email), Some(role.into()));
        }
        Purpose::Reset { person } => {
            seen.kind = LinkKind::Reset;
            let found = state.store.person(&person).await?;
            seen.email = found.map(|(person, _)| person.email);
        }
        Purpose::Share { name, view } => {
            seen.kind = LinkKind::Share;
            (seen.name, seen.view) = (Some(name), Some(view));
        }
    }
    Ok(Json(seen))
}

/// Use a link
///
/// Makes the account, or sets the password, and signs in: the link is used up. A link to a shared view may be used
/// again; it sets a cookie of its own. The answer is what `/api/v1/me` says.
#[utoipa::path(
    post,
    path = "/api/v1/links/accept",
    operation_id = "accept_link",
    tag = "people",
    security(()),
    request_body(content = LinkUse, example = json!({
        "token": "acce97acce97accec0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ff",
        "name": "Ben Example", "password": "staple battery horse"
    })),
    responses(
        (status = 200, description = "Signed in: who it is", body = Me),
        (status = 400, description = "The name, the address or the password cannot be one", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, description = "The address has an account, and this is not its password", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 404, description = "The link opens nothing: it was used, revoked or is too old", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "There is an owner already, or somebody else has the address", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries; the header `retry-after` says when to try again", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn accept(
    State(state): State<ServerState>,
    request: Request,
) -> Result<Response, Problem> {
    let client = Client::of(&state, &request);
    let asked: LinkUse = json(&state, request).await?;
    let link = opened(&state, &asked.token).await?;
    let person = match &link.purpose {
        Purpose::Share { .. } => return share(&state, &client, link, &asked.token).await,
        Purpose::Owner => accept_owner(&state, &link, &asked).await?,
        Purpose::Invitation { email, role } => {
            accept_invitation(&state, &client, &link, (email, *role), &asked).await?
        }
        Purpose::Reset { person } => {
            let hash = state.guard.passwords.hash(asked.password()?).await?;
            let is_done = state.store.accept_reset(&link, person, &hash).await?;
            is_done.then(|| person.clone())
        }
    };
    let Some(person) = person else {
        return Err(used_up());
    };
    accepted(&state, &link, &person).await?;
    begin(&state, &client, &person).await
}

/// Looks through a link to a shared view.
async fn share(
    state: &ServerState,
    client: &Client,
    link: Link,
    token: &str,
) -> Result<Response, Problem> {
    let now = state.now();
    let longest = now + LONGEST;
    let until = link.expires.map_or(longest, |expires| expires.min(longest));
    let caller = Caller::bind(Arc::new(Who::Share(link)), None)?;
    let mut response = Json(Me::of(state, &caller).await?).into_response();
    let fields = response.headers_mut();
    Jar::Share.set(fields, token, (until - now) / SECOND, client.secure);
    Ok(response)
}

/// Gives the id of the first owner; nothing where the link is used up.
async fn accept_owner(
    state: &ServerState,
    link: &Link,
    asked: &LinkUse,
) -> Result<Option<String>, Problem> {
    let email = check_email(needed("email", asked.email.as_deref())?)?;
    let name = needed("name", asked.name.as_deref())?;
    let password = state.guard.passwords.hash(asked.password()?).await?;
    let id = new_id().map_err(no_randomness)?;
    let person = NewPerson {
        id: &id,
        email: &email,
        name,
        password: &password,
    };
    let done = state.store.accept_owner(link, &person, state.now()).await?;
    Ok(done.then_some(id))
}

/// Gives the id of who was invited; nothing where the link is used up.
async fn accept_invitation(
    state: &ServerState,
    client: &Client,
    link: &Link,
    (email, role): (&str, Role),
    asked: &LinkUse,
) -> Result<Option<String>, Problem> {
    let password = asked.password()?;
    let (store, now) = (&state.store, state.now());
    if store.person_by_email(email).await?.is_some() {
        let id = recognise(state, email, password, client.address).await?;
        let known = Invited::Known(&id);
        let done = store.accept_invitation(link, role, known, now).await?;
        return Ok(done.then_some(id));
    }
    let name = needed("name", asked.name.as_deref())?;
    let password = state.guard.passwords.hash(password).await?;
    let id = new_id().map_err(no_randomness)?;
    let person = NewPerson {
        id: &id,
        email,
        name,
        password: &password,
    };
    let new = Invited::New(&person);
    let done = store.accept_invitation(link, role, new, now).await?;
    Ok(done.then_some(id))
}

/// Records that somebody used a link.
async fn accepted(state: &ServerState, link: &Link, person: &str) -> Result<(), Problem> {
    let found = state.store.person(person).await?;
    let email = found.map_or_else(String::new, |(person, _)| person.email);
    let deed = Deed {
        time: state.now(),
        who: email.clone(),
        action: format!("link.{}", link.purpose.kind()),
        subject: email,
        detail: String::new(),
    };
    Ok(record(&state.store, &link.workspace, deed).await?)
}

/// A link as it is kept, with its secret, which is to be shown once.
///
/// # Errors
/// When the system has no random numbers.
pub fn new_link(
    workspace: &str,
    purpose: Purpose,
    created_by: &str,
    now: i64,
    expires: Option<i64>,
) -> Result<(Link, Secret), getrandom::Error> {
    let secret = Secret::new()?;
    let link = Link {
        id: secret.id.clone(),
        hash: secret.hash.clone(),
        workspace: workspace.to_owned(),
        purpose,
        created: now,
        created_by: created_by.to_owned(),
        expires,
    };
    Ok((link, secret))
}

/// The path of the app by which a link's secret is used.
pub fn path_of(purpose: &Purpose, secret: &Secret) -> String {
    let page = match purpose {
        Purpose::Share { .. } => "shared",
        _ => "welcome",
    };
    format!("/{page}#{}", secret.token())
}

/// Why the first owner's link was not made.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The system has no random numbers.
    #[error("the system has no random numbers: {0}")]
    Randomness(#[from] getrandom::Error),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] upshot_store::StoreError),
}

/// Makes the link of the first owner, in the place of one made before; gives its path, or nothing where there is an
/// owner.
///
/// # Errors
/// When the store cannot be written.
pub async fn owner_link(
    store: &Store,
    workspace: &str,
    now: i64,
) -> Result<Option<String>, LinkError> {
    if store.owner_exists().await? {
        return Ok(None);
    }
    let expires = Some(now + DAY_OF_GRACE);
    let (link, secret) = new_link(workspace, Purpose::Owner, "upshot serve", now, expires)?;
    store.add_link(&link).await?;
    Ok(Some(path_of(&link.purpose, &secret)))
}
