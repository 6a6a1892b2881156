//! Who asks, and in which workspace.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use subtle::ConstantTimeEq;
use upshot_core::time::{DAY, MINUTE};
use upshot_lake::catalog::DEFAULT_WORKSPACE;
use upshot_lake::engine::check_workspace_name;
use upshot_store::{AccessKey, Link, Purpose, Role, SignIn};

use super::cookies::Jar;
use super::permission::{Permissions, Scope};
use super::secret::{KEY_PREFIX, Token, hash};
use crate::input::parameters;
use crate::problem::{INTERNAL, Problem, ProblemKind};
use crate::state::Shared;

/// A sign-in that was not used for so long is over: from Friday evening to Monday morning it is not.
const IDLE: i64 = 3 * DAY;
/// So long after its beginning a sign-in is over in any case.
pub(crate) const LONGEST: i64 = 30 * DAY;
/// How exactly it is noted when something was last used.
const NOTED_EVERY: i64 = MINUTE;

/// Who asks.
#[derive(Debug)]
pub(crate) enum Who {
    /// Anybody who reaches a server of one's own that nobody owns yet.
    Open,
    /// Whoever has the server's own key.
    Operator,
    /// A program with a key of a workspace.
    Key(AccessKey),
    /// Somebody who is signed in, and what they are in which workspace.
    Person(SignIn, Vec<(String, Role)>),
    /// Whoever has the link to a shared view.
    Share(Link),
}

/// Who asks, what about, and what they may do. Only the guard makes one, and only where the route may be used: a
/// handler that has one may answer.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(super) who: Arc<Who>,
    /// The workspace that was granted.
    pub(crate) workspace: String,
    pub(super) role: Option<Role>,
    pub(super) permissions: Permissions,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            tracing::error!("a route is not declared in access/routes.rs, so it answers nobody");
            Problem::new(ProblemKind::Internal, INTERNAL)
        })
    }
}

impl Caller {
    /// Who it is, in words, for the record.
    pub(crate) fn name(&self) -> String {
        match &*self.who {
            Who::Open => "anybody on this machine".to_owned(),
            Who::Operator => "the server's key".to_owned(),
            Who::Key(key) => format!("key {}", key.name),
            Who::Person(sign_in, _) => sign_in.person.email.clone(),
            Who::Share(link) => match &link.purpose {
                Purpose::Share { name, .. } => format!("share {name}"),
                _ => "a link".to_owned(),
            },
        }
    }

    /// Whether it is somebody with the link to a shared view.
    pub(crate) fn is_share(&self) -> bool {
        matches!(&*self.who, Who::Share(_))
    }

    /// Who is named as the author of what is kept; nobody where nobody says who it is.
    pub(crate) fn author(&self) -> Option<String> {
        match &*self.who {
            Who::Open => None,
            _ => Some(self.name()),
        }
    }

    /// The person and the sign-in; a problem where it is no person.
    pub(crate) fn person(&self) -> Result<&SignIn, Problem> {
        match &*self.who {
            Who::Person(sign_in, _) => Ok(sign_in),
            _ => Err(Problem::new(
                ProblemKind::Forbidden,
                "only people have a name and a password; sign in first",
            )),
        }
    }

    /// Binds a workspace: the one that is named, or the caller's own.
    pub(super) fn bind(who: Arc<Who>, named: Option<&str>) -> Result<Self, Problem> {
        if let Some(named) = named {
            check_workspace_name(named)?;
        }
        let own = match &*who {
            Who::Open | Who::Operator => {
                return Ok(Self {
                    workspace: named.unwrap_or(DEFAULT_WORKSPACE).to_owned(),
                    role: None,
                    permissions: Permissions::EVERYTHING,
                    who,
                });
            }
            Who::Person(_, workspaces) => {
                let wanted = named.unwrap_or(DEFAULT_WORKSPACE);
                let found = workspaces.iter().find(|(workspace, _)| workspace == wanted);
                let found = found.or_else(|| workspaces.first().filter(|_| named.is_none()));
                found.map(|(workspace, role)| {
                    (workspace.clone(), Some(*role), Permissions::of_role(*role))
                })
            }
            Who::Key(key) => {
                let scopes: Vec<Scope> = key
                    .scopes
                    .iter()
                    .filter_map(|word| Scope::parse(word))
                    .collect();
                Some((key.workspace.clone(), None, Permissions::of_scopes(&scopes)))
            }
            Who::Share(link) => Some((link.workspace.clone(), None, Permissions::SHARE)),
        };
        match own.filter(|(own, ..)| named.is_none_or(|named| named == own)) {
            Some((workspace, role, permissions)) => Ok(Self {
                who,
                workspace,
                role,
                permissions,
            }),
            // Whether there is one is nobody's business but its members'.
            None => Err(Problem::new(
                ProblemKind::NotFound,
                match named {
                    Some(named) => format!("there is no workspace `{named}` that you may ask"),
                    None => "you are in no workspace; ask for an invitation".to_owned(),
                },
            )),
        }
    }
}

/// The workspace that a request names.
pub(super) fn named_workspace(
    headers: &HeaderMap,
    query: Option<&str>,
) -> Result<Option<String>, Problem> {
    let mut named = Vec::new();
    for value in headers.get_all(crate::input::WORKSPACE) {
        named.push(value.to_str().unwrap_or("?").to_owned());
    }
    named.extend(parameters(query, "workspace"));
    named.dedup();
    match named.len() {
        0 | 1 => Ok(named.pop()),
        _ => Err(Problem::field(
            ProblemKind::BadRequest,
            "workspace",
            "the request names several workspaces; name one",
        )),
    }
}

/// What the request's headers say of who asks.
pub(super) enum Found {
    /// Nothing.
    Nobody,
    /// A key that is none.
    Wrong,
    /// Somebody, by a header that only programs send.
    ByHeader(Who),
    /// Somebody, by a cookie, which browsers send whatever page asks.
    ByCookie(Who),
}

/// Finds out who asks.
pub(super) async fn find(
    state: &Shared,
    headers: &HeaderMap,
    secure: bool,
    named: Option<&str>,
) -> Result<Found, Problem> {
    if headers.contains_key(AUTHORIZATION) {
        return by_key(state, headers).await;
    }
    let person = match Jar::SignIn.read(headers, secure).and_then(Token::read) {
        Some(token) => by_sign_in(state, token).await?,
        None => None,
    };
    let share = match Jar::Share.read(headers, secure).and_then(Token::read) {
        Some(token) => by_share(state, token).await?,
        None => None,
    };
    // Whoever is signed in and opens a share of somebody else's workspace asks by the share there, and only there.
    let shared = share.as_ref().map(|link| link.workspace.as_str());
    let person = person.filter(|(_, workspaces)| {
        named.is_none()
            || named != shared
            || workspaces
                .iter()
                .any(|(workspace, _)| Some(workspace.as_str()) == named)
    });
    Ok(match (person, share) {
        (Some((sign_in, workspaces)), _) => Found::ByCookie(Who::Person(sign_in, workspaces)),
        (None, Some(link)) => Found::ByCookie(Who::Share(link)),
        (None, None) => Found::Nobody,
    })
}

async fn by_key(state: &Shared, headers: &HeaderMap) -> Result<Found, Problem> {
    let Some(sent) = bearer(headers) else {
        return Ok(Found::Wrong);
    };
    if let Some(key) = &state.guard.key_hash
        && bool::from(hash(sent).ct_eq(key))
    {
        return Ok(Found::ByHeader(Who::Operator));
    }
    let Some(token) = sent.strip_prefix(KEY_PREFIX).and_then(Token::read) else {
        return Ok(Found::Wrong);
    };
    let found = state.store.key(token.id).await?;
    let Some(key) = found.filter(|key| token.opens(&key.hash)) else {
        return Ok(Found::Wrong);
    };
    let now = state.now();
    if key.last_used.is_none_or(|used| now - used >= NOTED_EVERY) {
        state.store.key_used(&key.id, now).await?;
    }
    Ok(Found::ByHeader(Who::Key(key)))
}

async fn by_sign_in(
    state: &Shared,
    token: Token<'_>,
) -> Result<Option<(SignIn, Vec<(String, Role)>)>, Problem> {
    let found = state.store.sign_in(token.id).await?;
    let Some(sign_in) = found.filter(|sign_in| token.opens(&sign_in.hash)) else {
        return Ok(None);
    };
    let now = state.now();
    if now - sign_in.seen >= IDLE || now - sign_in.created >= LONGEST {
        return Ok(None);
    }
    if now - sign_in.seen >= NOTED_EVERY {
        state.store.sign_in_seen(&sign_in, now).await?;
    }
    let workspaces = state.store.memberships(&sign_in.person.id).await?;
    Ok(Some((sign_in, workspaces)))
}

async fn by_share(state: &Shared, token: Token<'_>) -> Result<Option<Link>, Problem> {
    let found = state.store.link(token.id).await?;
    Ok(found.filter(|link| {
        matches!(link.purpose, Purpose::Share { .. })
            && token.opens(&link.hash)
            && link.is_good(state.now())
    }))
}

/// The key of a request that sends one.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let value = all.next()?.to_str().ok()?;
    if all.next().is_some() {
        return None;
    }
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}
