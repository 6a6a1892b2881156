//! Links to shared views: `/api/v1/shares`. Whoever has one reads numbers of the workspace, and nothing that was said
//! nor who said it.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use upshot_metrics::asks_for_ids;
use upshot_store::{Link, Purpose};
use utoipa::ToSchema;

use super::caller::Caller;
use super::keys::check_name;
use super::links::{new_link, path_of};
use super::people::MadeLink;
use super::record::Done;
use super::sign_in::no_randomness;
use crate::facts::instant;
use crate::input::{InPath, UNIT, json, pairs, unescaped};
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;

/// The most bytes of the path of a view.
const LONGEST_VIEW: usize = 8 << 10;

/// The shared views of a workspace.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Shares {
    /// They, the newest first.
    pub shares: Vec<Share>,
}

/// A shared view; never its link.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Share {
    /// The id.
    #[schema(examples("5f3a9c015f3a9c01"))]
    pub id: String,
    /// What it is called.
    #[schema(examples("for the board"))]
    pub name: String,
    /// The path of the app.
    #[schema(examples("/outcomes?last=28d"))]
    pub view: String,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created: String,
    /// Who made it.
    pub created_by: String,
    /// From when on it opens nothing; null where it is good until it is revoked.
    #[schema(format = DateTime)]
    pub expires: Option<String>,
}

/// A view to share.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShare {
    /// What it is called: 1 to 100 characters.
    pub name: String,
    /// The path of the app, with its parameters.
    pub view: String,
    /// From when on the link opens nothing; it is good until it is revoked where nothing is said.
    #[serde(default)]
    #[schema(format = DateTime)]
    pub expires: Option<String>,
}

impl Share {
    fn of(link: Link) -> Option<Self> {
        let Purpose::Share { name, view } = link.purpose else {
            return None;
        };
        Some(Self {
            id: link.id,
            name,
            view,
            created: instant(link.created),
            created_by: link.created_by,
            expires: link.expires.map(instant),
        })
    }
}

impl NewShare {
    /// Until when it is good.
    fn until(&self, now: i64) -> Result<Option<i64>, Problem> {
        let refused = |detail: &str| {
            let detail = detail.to_owned();
            Problem::field(ProblemKind::BadRequest, "expires", detail)
        };
        let Some(text) = &self.expires else {
            return Ok(None);
        };
        let until = text
            .parse::<Timestamp>()
            .map_err(|_| refused("this is no instant; write one such as 2026-03-31T22:00:00Z"))?;
        match until.as_microsecond() {
            until if until > now => Ok(Some(until)),
            _ => Err(refused("this is over already")),
        }
    }
}

/// Only paths of the app: a link must not lead elsewhere.
fn check_view(view: &str) -> Result<(), Problem> {
    let good = view.starts_with('/')
        && !view.starts_with("//")
        && !view.contains('\\')
        && !view.chars().any(char::is_control)
        && view.len() <= LONGEST_VIEW
        && crate::app::owns(view.split(['?', '#']).next().unwrap_or(view));
    match good {
        true => Ok(()),
        false => Err(Problem::field(
            ProblemKind::BadRequest,
            "view",
            "a view is a path of the app, such as `/outcomes?last=28d`",
        )),
    }
}

/// Refuses a view that whoever has the link could not see: the questions of its page ask for ids, by their filters or those
/// of the views on a board.
async fn check_asks_for_no_ids(
    state: &ServerState,
    workspace: &str,
    view: &str,
) -> Result<(), Problem> {
    let mut names_ids = address_asks_for_ids(view);
    let path = view.split(['?', '#']).next().unwrap_or(view);
    if let Some(board) = path.strip_prefix("/boards/") {
        for board in state
            .store
            .boards(workspace, Some(&unescaped(board)))
            .await?
        {
            for name in board.content.views {
                let shown = state.store.views(workspace, Some(&name)).await?;
                names_ids |= shown
                    .iter()
                    .any(|view| address_asks_for_ids(&view.content.address));
            }
        }
    }
    match names_ids {
        true => Err(Problem::field(
            ProblemKind::BadRequest,
            "view",
            "the view asks for ids of users, conversations, sessions or messages, which no shared view shows; take \
             these filters and dimensions out, and share it then",
        )),
        false => Ok(()),
    }
}

/// Whether a parameter of an address of the app asks for ids, as the guard looks at questions.
fn address_asks_for_ids(address: &str) -> bool {
    let address = address.split('#').next().unwrap_or(address);
    let (_, parameters) = address.split_once('?').unwrap_or_default();
    pairs(parameters)
        .iter()
        .any(|(name, value)| name != UNIT && asks_for_ids(value))
}

/// List the shared views
#[utoipa::path(
    get,
    path = "/api/v1/shares",
    operation_id = "list_shares",
    tag = "people",
    params(WorkspaceParameters),
    responses(
        (status = 200, description = "The shared views of the workspace", body = Shares),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    caller: Caller,
) -> Result<Json<Shares>, Problem> {
    let links = state.store.links(&caller.workspace, "share").await?;
    let now = state.now();
    let links = links.into_iter().filter(|link| link.is_good(now));
    Ok(Json(Shares {
        shares: links.filter_map(Share::of).collect(),
    }))
}

/// Share a view
///
/// Whoever has the link reads numbers of the workspace, without signing in, until it is revoked or over: nothing that was
/// said, no sessions, no ids of users. So no view is shared whose filters or dimensions ask for ids. The link is shown this once.
#[utoipa::path(
    post,
    path = "/api/v1/shares",
    operation_id = "share_view",
    tag = "people",
    params(WorkspaceParameters),
    request_body(content = NewShare, example = json!({
        "name": "for the board", "view": "/outcomes?last=28d", "expires": "2099-12-31T22:00:00Z"
    })),
    responses(
        (status = 201, description = "The link", body = MadeLink),
        (status = 400, description = "The name, the view or the time cannot be one, or the view asks for ids", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 409, description = "The workspace has as many shared views as one may have", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn make(
    State(state): State<ServerState>,
    caller: Caller,
    request: Request,
) -> Result<Response, Problem> {
    let new: NewShare = json(&state, request).await?;
    check_name(&new.name)?;
    check_view(&new.view)?;
    check_asks_for_no_ids(&state, &caller.workspace, &new.view).await?;
    let now = state.now();
    let expires = new.until(now)?;
    let done = Done {
        subject: new.name.trim().to_owned(),
        detail: new.view.clone(),
    };
    let purpose = Purpose::Share {
        name: done.subject.clone(),
        view: new.view,
    };
    let by = caller.name();
    let (link, secret) =
        new_link(&caller.workspace, purpose, &by, now, expires).map_err(no_randomness)?;
    state.store.add_link(&link).await?;
    let made = MadeLink {
        link: path_of(&link.purpose, &secret),
        id: link.id,
    };
    Ok((StatusCode::CREATED, Extension(done), Json(made)).into_response())
}

/// Revoke a shared view
#[utoipa::path(
    delete,
    path = "/api/v1/shares/{id}",
    operation_id = "remove_share",
    tag = "people",
    params(
        ("id" = String, Path, description = "The share's id", example = "54a4e54a4e54a4e5"),
        WorkspaceParameters,
    ),
    responses(
        (status = 204, description = "Its link opens nothing any more"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no such shared view in the workspace", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove(
    State(state): State<ServerState>,
    caller: Caller,
    InPath(id): InPath<String>,
) -> Result<Response, Problem> {
    let links = state.store.links(&caller.workspace, "share").await?;
    let found = links.into_iter().find(|link| link.id == id);
    match found.and_then(Share::of) {
        Some(share)
            if state
                .store
                .remove_link(&caller.workspace, "share", &id)
                .await? =>
        {
            let done = Done {
                subject: share.name,
                detail: share.view,
            };
            Ok((StatusCode::NO_CONTENT, Extension(done)).into_response())
        }
        _ => {
            let detail =
                "there is no such shared view in the workspace; `/api/v1/shares` lists them";
            Err(Problem::new(ProblemKind::NotFound, detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_a_path_of_the_app() {
        for good in ["/", "/outcomes?last=28d&filter=a%20%3D%20b", "/explore#x"] {
            assert!(check_view(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "outcomes",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/api/v1/query",
            "/a\nb",
        ] {
            assert!(check_view(bad).is_err(), "{bad}");
        }
    }
}
