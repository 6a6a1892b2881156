//! Whether the numbers are the platform's own: `GET /api/v1/checks/reported`.

use axum::Json;
use axum::extract::{RawQuery, State};
use upshot_metrics::{ReportedCheck, ReportedQuery};

use crate::input::{Workspace, pairs, unknown_parameter};
use crate::openapi::{SelectionParameters, WorkspaceParameters};
use crate::problem::{Problem, ProblemDetails};
use crate::selection::{SELECTION, Selection};
use crate::state::ServerState;
use crate::turns::bounded;

/// Compare with the platform's own numbers
///
/// What the source reports of sessions beside what the rules find: engagement and each outcome, how many sessions
/// differ, and the filter that lists these. Sources that report nothing have `reported` 0.
#[utoipa::path(
    get,
    path = "/api/v1/checks/reported",
    operation_id = "check_reported",
    tag = "numbers",
    params(
        WorkspaceParameters,
        SelectionParameters,
    ),
    responses(
        (status = 200, description = "Both, side by side", body = ReportedCheck),
        (status = 400, description = "A parameter is wrong; `errors` names it with what was perhaps meant", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 504, description = "The answer took too long", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn reported(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    RawQuery(parameters): RawQuery,
) -> Result<Json<ReportedCheck>, Problem> {
    let mut query = read(parameters.as_deref().unwrap_or_default())?;
    query.now = state.now();
    let work = || async {
        let tables = query.tables_needed();
        let capture = state.capture(&workspace, query.profile.as_deref(), &tables);
        Ok(state.engine.reported(&query, &capture.await?).await?)
    };
    bounded(&state, "reported", work).await.map(Json)
}

fn read(parameters: &str) -> Result<ReportedQuery, Problem> {
    let mut selection = Selection::default();
    for (name, value) in pairs(parameters) {
        if selection.take(&name, value)?.is_some() {
            return Err(unknown_parameter(&name, &SELECTION));
        }
    }
    let Selection {
        filters,
        range,
        time_zone,
        environment,
        profile,
    } = selection;
    Ok(ReportedQuery {
        filters,
        range,
        time_zone,
        environment,
        profile,
        ..ReportedQuery::default()
    })
}
