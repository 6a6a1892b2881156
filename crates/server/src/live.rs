//! What is going on now: `GET /api/v1/live`.

use axum::extract::{Request, State};
use axum::response::Response;
use upshot_metrics::{LiveQuery, Query, QueryError, QueryResult};

use crate::asking::{Form, answered};
use crate::input::{Workspace, flag, pairs, unknown_parameter};
use crate::openapi::{FormatParameter, QuestionResponses, WorkspaceParameters};
use crate::problem::Problem;
use crate::state::ServerState;

/// The parameters of an address.
const PARAMETERS: [&str; 7] = [
    "by",
    "filter",
    "environment",
    "profile",
    "explain",
    "format",
    "workspace",
];

/// Show what is going on now
///
/// Open sessions, users who wait for a person and how long, agents who serve: the numbers of the family
/// `live`, in the shape of every answer. An event shows as soon as it was acknowledged.
#[utoipa::path(
    get,
    path = "/api/v1/live",
    operation_id = "show_live",
    tag = "numbers",
    params(
        WorkspaceParameters,
        FormatParameter,
        ("by" = Option<Vec<String>>, Query, description = "A dimension by which the numbers are cut; may be repeated", example = json!(["skill"])),
        ("filter" = Option<Vec<String>>, Query, description = "A filter; may be repeated, and a session must pass all of them", example = json!(["channel = web"])),
        ("environment" = Option<String>, Query, description = "production (where nothing is said), test or all"),
        ("profile" = Option<String>, Query, description = "Which fact set is read: the name of its profile, or of its facts; the active one where nothing is said"),
        ("explain" = Option<bool>, Query, description = "Whether the answer says how it came about"),
    ),
    responses(
        (status = 200, description = "The numbers", body = QueryResult),
        QuestionResponses,
    )
)]
pub(crate) async fn show(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Response, Problem> {
    let form = Form::of(&request)?;
    let query = live_query(request.uri().query().unwrap_or_default())?;
    answered(&state, &workspace, &form, LiveQuery(query)).await
}

/// What the parameters of an address ask for.
fn live_query(parameters: &str) -> Result<Query, Problem> {
    let (mut dimensions, mut filters) = (Vec::new(), Vec::new());
    let mut query = Query::default();
    for (name, value) in pairs(parameters) {
        match name.as_str() {
            "workspace" | "format" => {}
            "by" => dimensions.push(value),
            "filter" => filters.push(value),
            "environment" => {
                query.environment = value
                    .parse()
                    .map_err(|problem| Problem::from(QueryError::from(problem)))?;
            }
            "profile" => query.profile = Some(value),
            "explain" => query.explain = flag("explain", &value)?,
            _ => return Err(unknown_parameter(&name, &PARAMETERS)),
        }
    }
    Ok(Query {
        environment: query.environment,
        profile: query.profile,
        explain: query.explain,
        ..Query::live(dimensions, filters, 0)
    })
}
