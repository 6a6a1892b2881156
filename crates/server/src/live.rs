//! What is going on now: `GET /api/v1/live`.

use axum::Json;
use axum::extract::{RawQuery, State};
use upshot_metrics::{Query, QueryError, QueryResult, tables_needed};

use crate::input::{Workspace, pairs, unknown_parameter};
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails};
use crate::state::ServerState;
use crate::turns::bounded;

/// The parameters of an address.
const PARAMETERS: [&str; 5] = ["by", "filter", "environment", "profile", "workspace"];

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
        ("by" = Option<Vec<String>>, Query, description = "A dimension by which the numbers are cut; may be repeated", example = json!(["skill"])),
        ("filter" = Option<Vec<String>>, Query, description = "A filter; may be repeated, and a session must pass all of them", example = json!(["channel = web"])),
        ("environment" = Option<String>, Query, description = "production (where nothing is said), test or all"),
        ("profile" = Option<String>, Query, description = "Which fact set is read: the name of its profile, or of its facts; the active one where nothing is said"),
    ),
    responses(
        (status = 200, description = "The numbers", body = QueryResult),
        (status = 400, description = "A parameter is wrong; `errors` names it with what was perhaps meant", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 504, description = "The answer took too long", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    RawQuery(parameters): RawQuery,
) -> Result<Json<QueryResult>, Problem> {
    let query = live_query(parameters.as_deref().unwrap_or_default(), state.now())?;
    let work = || async {
        let tables = tables_needed(&query);
        let profile = query.profile.as_deref();
        let capture = state.capture(&workspace, profile, &tables).await?;
        Ok(state.engine.run(&query, &capture).await?)
    };
    bounded(&state, "live", work).await.map(Json)
}

/// What the parameters of an address ask for.
fn live_query(parameters: &str, now: i64) -> Result<Query, Problem> {
    let (mut dimensions, mut filters) = (Vec::new(), Vec::new());
    let mut query = Query::default();
    for (name, value) in pairs(parameters) {
        match name.as_str() {
            "workspace" => {}
            "by" => dimensions.push(value),
            "filter" => filters.push(value),
            "environment" => {
                query.environment = value
                    .parse()
                    .map_err(|problem| Problem::from(QueryError::from(problem)))?;
            }
            "profile" => query.profile = Some(value),
            _ => return Err(unknown_parameter(&name, &PARAMETERS)),
        }
    }
    Ok(Query {
        environment: query.environment,
        profile: query.profile,
        ..Query::live(dimensions, filters, now)
    })
}
