//! Places of the app that are saved under a name: `/api/v1/views`.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use upshot_metrics::Query;
use upshot_store::{View, ViewContent};
use utoipa::ToSchema;

use crate::facts::instant;
use crate::input::{InPath, Workspace, json};
use crate::openapi::WorkspaceParameters;
use crate::problem::{FieldProblem, Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;

/// The most characters of a title.
pub(crate) const LONGEST_TITLE: usize = 200;
/// The most characters of a description.
pub(crate) const LONGEST_TEXT: usize = 4_000;
/// The most characters of an address.
const LONGEST_ADDRESS: usize = 8_000;
/// The most bytes of a document of the app's own.
const LONGEST_DOCUMENT: usize = 64 << 10;

/// The views of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Views {
    /// They, by name.
    views: Vec<SavedView>,
}

/// A place of the app that is saved under a name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SavedView {
    /// The name.
    #[schema(examples("weekly-resolution"))]
    name: String,
    /// What it is called.
    #[schema(examples("Resolution by week"))]
    title: String,
    /// The address within the app: path and query.
    #[schema(examples("/explore?metrics=resolution_rate&grain=week"))]
    address: String,
    /// The question that it asks, as `/api/v1/query` takes it; null where it asks none of its own.
    #[schema(value_type = Option<Query>)]
    query: Option<Value>,
    /// How the answer is drawn: the app's own.
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    chart: Option<Value>,
    /// What it is for; empty where nothing was said.
    description: String,
    /// When it was first saved.
    #[schema(format = DateTime)]
    created: String,
    /// When it was last saved.
    #[schema(format = DateTime)]
    changed: String,
}

/// A view to save.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewView {
    /// What it is called.
    title: String,
    /// The address within the app: path and query.
    address: String,
    /// The question that it asks, as `/api/v1/query` takes it.
    #[serde(default)]
    #[schema(value_type = Option<Query>)]
    query: Option<Value>,
    /// How the answer is drawn: any object of the app's own.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<String, Value>>)]
    chart: Option<Map<String, Value>>,
    /// What it is for.
    #[serde(default)]
    description: String,
}

impl From<View> for SavedView {
    fn from(view: View) -> Self {
        let ViewContent {
            title,
            address,
            query,
            chart,
            description,
        } = view.content;
        Self {
            name: view.name,
            title,
            address,
            query: document(query),
            chart: document(chart),
            description,
            created: instant(view.created),
            changed: instant(view.changed),
        }
    }
}

/// A document that was kept as text.
pub(crate) fn document(text: Option<String>) -> Option<Value> {
    text.and_then(|text| serde_json::from_str(&text).ok())
}

impl NewView {
    fn checked(self) -> Result<ViewContent, Problem> {
        let mut errors = Vec::new();
        errors.extend(wrong_length("title", &self.title, 1, LONGEST_TITLE));
        errors.extend(wrong_length(
            "description",
            &self.description,
            0,
            LONGEST_TEXT,
        ));
        errors.extend(wrong_address(&self.address));
        errors.extend(self.query.as_ref().and_then(wrong_query));
        let chart = kept("chart", self.chart, &mut errors);
        if !errors.is_empty() {
            return Err(Problem::of_fields(errors));
        }
        Ok(ViewContent {
            title: self.title,
            address: self.address,
            query: self.query.map(|query| query.to_string()),
            chart,
            description: self.description,
        })
    }
}

/// What is wrong with a text of fewer or more characters than it may have.
pub(crate) fn wrong_length(
    field: &str,
    text: &str,
    least: usize,
    most: usize,
) -> Option<FieldProblem> {
    let length = text.chars().count();
    (!(least..=most).contains(&length)).then(|| FieldProblem {
        field: field.to_owned(),
        position: None,
        detail: format!("{length} characters; expected {least} to {most}"),
        suggestion: None,
    })
}

/// An address leads nowhere but into the app: `//host` would be another site.
fn wrong_address(address: &str) -> Option<FieldProblem> {
    let inside = address.starts_with('/')
        && !address.starts_with("//")
        && !address.contains(['\\', '#'])
        && !address
            .chars()
            .any(|letter| letter.is_control() || letter == ' ')
        && address.len() <= LONGEST_ADDRESS;
    (!inside).then(|| FieldProblem {
        field: "address".to_owned(),
        position: None,
        detail: "expected a path of the app and perhaps its query, such as `/explore?grain=week`"
            .to_owned(),
        suggestion: None,
    })
}

fn wrong_query(query: &Value) -> Option<FieldProblem> {
    let error = Query::deserialize(query).err()?;
    Some(FieldProblem {
        field: "query".to_owned(),
        position: None,
        detail: error.to_string(),
        suggestion: None,
    })
}

/// A document of the app's own as it is kept.
pub(crate) fn kept(
    field: &str,
    document: Option<Map<String, Value>>,
    errors: &mut Vec<FieldProblem>,
) -> Option<String> {
    let text = Value::Object(document?).to_string();
    if text.len() > LONGEST_DOCUMENT {
        errors.push(FieldProblem {
            field: field.to_owned(),
            position: None,
            detail: format!("{} bytes; at most {LONGEST_DOCUMENT}", text.len()),
            suggestion: None,
        });
    }
    Some(text)
}

/// List the views
#[utoipa::path(
    get,
    path = "/api/v1/views",
    operation_id = "list_views",
    tag = "views",
    params(WorkspaceParameters),
    responses(
        (status = 200, description = "The views of the workspace, by name", body = Views),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
) -> Result<Json<Views>, Problem> {
    let found = state.store.views(&workspace, None).await?;
    Ok(Json(Views {
        views: found.into_iter().map(Into::into).collect(),
    }))
}

/// Show a view
#[utoipa::path(
    get,
    path = "/api/v1/views/{name}",
    operation_id = "show_view",
    tag = "views",
    params(
        ("name" = String, Path, description = "The view's name", example = "weekly-resolution"),
        WorkspaceParameters,
    ),
    responses(
        (status = 200, description = "The view", body = SavedView),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no view of this name in the workspace", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    InPath(name): InPath<String>,
) -> Result<Json<SavedView>, Problem> {
    let found = state.store.views(&workspace, Some(&name)).await?.pop();
    let found = found.ok_or_else(|| unknown("view", &name))?;
    Ok(Json(found.into()))
}

/// Save a view
///
/// In the place of one that has the name already.
#[utoipa::path(
    put,
    path = "/api/v1/views/{name}",
    operation_id = "set_view",
    tag = "views",
    params(
        ("name" = String, Path, description = "The view's name: 1 to 100 characters", example = "weekly-resolution"),
        WorkspaceParameters,
    ),
    request_body(content = NewView, example = json!({
        "title": "Resolution by week",
        "address": "/explore?metrics=resolution_rate&grain=week",
        "query": { "metrics": ["resolution_rate"], "grain": "week", "range": { "last": "12w" } },
        "chart": { "kind": "line" },
        "description": "for the Monday meeting"
    })),
    responses(
        (status = 200, description = "The view as it is saved", body = SavedView),
        (status = 400, description = "Something of the view is wrong; `errors` says what", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 409, description = "The workspace has as many views as one may have", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    InPath(name): InPath<String>,
    request: Request,
) -> Result<Json<SavedView>, Problem> {
    let content = json::<NewView>(&state, request).await?.checked()?;
    let now = state.now();
    let saved = state
        .store
        .set_view(&workspace, &name, &content, now)
        .await?;
    Ok(Json(saved.into()))
}

/// Remove a view
///
/// It leaves all boards.
#[utoipa::path(
    delete,
    path = "/api/v1/views/{name}",
    operation_id = "remove_view",
    tag = "views",
    params(
        ("name" = String, Path, description = "The view's name", example = "weekly-resolution"),
        WorkspaceParameters,
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no view of this name in the workspace", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    InPath(name): InPath<String>,
) -> Result<StatusCode, Problem> {
    match state.store.remove_view(&workspace, &name).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(unknown("view", &name)),
    }
}

/// What is said of a name that no such thing of the workspace has.
pub(crate) fn unknown(what: &str, name: &str) -> Problem {
    let short: String = name.chars().take(100).collect();
    let detail = format!("there is no {what} `{short}`; `/api/v1/{what}s` lists them");
    Problem::new(ProblemKind::NotFound, detail)
}
