//! Who did what: `/api/v1/audit`.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::Caller;
use crate::facts::instant;
use crate::input::{pairs, unknown_parameter};
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;

/// How many entries a page holds unless the request says else.
const DEFAULT_LIMIT: usize = 100;
/// How many it may hold.
const MOST: usize = 1000;

/// A page of what was done.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AuditPage {
    /// What was done, the newest first.
    pub entries: Vec<AuditEntry>,
    /// Send this as `cursor` for the next page; null on the last.
    pub cursor: Option<String>,
}

/// Something that was done.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// When.
    #[schema(format = DateTime)]
    pub time: String,
    /// By whom: an e-mail address, the name of a key or a share, or what else it was.
    #[schema(examples("anna@example.org"))]
    pub who: String,
    /// What.
    #[schema(examples("segment.set"))]
    pub action: String,
    /// To what.
    #[schema(examples("newcomers"))]
    pub subject: String,
    /// What else is to be told of it; empty where nothing is.
    pub detail: String,
}

/// List what was done
///
/// Who changed what in the workspace, and who read what was said: transcripts and exports. What is older than 400 days
/// is forgotten.
#[utoipa::path(
    get,
    path = "/api/v1/audit",
    operation_id = "list_audit",
    tag = "people",
    params(
        WorkspaceParameters,
        ("limit" = Option<usize>, Query, description = "How many a page holds: 100 where nothing is said, 1000 at most", example = 20),
        ("cursor" = Option<String>, Query, description = "Where the list goes on: `cursor` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of what was done", body = AuditPage),
        (status = 400, description = "A parameter is wrong", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    caller: Caller,
    RawQuery(parameters): RawQuery,
) -> Result<Json<AuditPage>, Problem> {
    let (mut limit, mut before) = (DEFAULT_LIMIT, None);
    for (name, value) in pairs(parameters.as_deref().unwrap_or_default()) {
        match name.as_str() {
            "workspace" => {}
            "limit" => limit = number(&name, &value, MOST)?,
            "cursor" => before = Some(number(&name, &value, i64::MAX as usize)? as i64),
            _ => return Err(unknown_parameter(&name, &["limit", "cursor", "workspace"])),
        }
    }
    // One more, so that it is known whether there are more.
    let mut deeds = state
        .store
        .deeds(&caller.workspace, before, limit + 1)
        .await?;
    let more = deeds.len() > limit;
    deeds.truncate(limit);
    let cursor = deeds
        .last()
        .filter(|_| more)
        .map(|(number, _)| number.to_string());
    let entries = deeds.into_iter().map(|(_, deed)| AuditEntry {
        time: instant(deed.time),
        who: deed.who,
        action: deed.action,
        subject: deed.subject,
        detail: deed.detail,
    });
    Ok(Json(AuditPage {
        entries: entries.collect(),
        cursor,
    }))
}

fn number(name: &str, value: &str, most: usize) -> Result<usize, Problem> {
    let number = value
        .parse()
        .ok()
        .filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| {
        let detail = format!("`{name}` is a number from 1 to {most}");
        Problem::field(ProblemKind::InvalidQuery, name, detail)
    })
}
