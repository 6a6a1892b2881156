//! New versions of bots, for charts over time: `/api/v1/releases`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use upshot_lake::Capture;
use upshot_metrics::{Release, ReleaseQuery};
use utoipa::ToSchema;

use crate::access::record::Done;
use crate::annotations::Happened;
use crate::answers::Answer;
use crate::input::{Workspace, json};
use crate::openapi::{HappenedParameters, WorkspaceParameters};
use crate::problem::{Problem, ProblemDetails};
use crate::query::{Asked, answered};
use crate::state::ServerState;

/// The new versions of a range.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Releases)]
pub(crate) struct ShownReleases {
    /// Whether the workspace shows them; where it does not, none are looked for.
    shown: bool,
    /// They, by day: at most 20, the last of the range.
    releases: Vec<ShownRelease>,
    /// How many versions of the range are not told because there are too many: new ones that came earlier, and all but
    /// the 100 with the most sessions.
    #[schema(examples(0))]
    left_out: usize,
}

/// A new version, as it is shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShownRelease)]
pub(crate) struct ShownRelease {
    #[serde(flatten)]
    release: Release,
    /// What the workspace calls the bot; its id where it has no name, null where the events name no bot.
    #[schema(examples("Shop assistant"))]
    bot_name: Option<String>,
    /// The same in words.
    #[schema(examples("version 2.3 of Shop assistant"))]
    text: String,
}

impl ShownRelease {
    fn new(release: Release, names: &BTreeMap<String, String>) -> Self {
        let bot = release.bot.as_ref();
        let bot_name = bot.map(|bot| names.get(bot).unwrap_or(bot).clone());
        let text = match &bot_name {
            Some(bot) => format!("version {} of {bot}", release.version),
            None => format!("version {}", release.version),
        };
        Self {
            release,
            bot_name,
            text,
        }
    }
}

impl Answer for ShownReleases {
    fn forget_times(&mut self) {}
}

/// Whether new versions of bots are shown on charts over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReleaseSwitch {
    /// Whether they are.
    shown: bool,
}

/// List the new versions of bots
///
/// The first day on which sessions of a version began in production, for the versions whose first day is in the range. A version
/// that was there on its bot's first day is not new. Nobody keeps them: they are what the sessions say.
#[utoipa::path(
    get,
    path = "/api/v1/releases",
    operation_id = "list_releases",
    tag = "views",
    params(
        WorkspaceParameters,
        HappenedParameters,
    ),
    responses(
        (status = 200, description = "The new versions", body = ShownReleases),
        (status = 304, description = "The client has the answer already: its `if-none-match` names it"),
        (status = 400, description = "A parameter is wrong; `errors` names it", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 422, description = "The answer needs more memory or groups than are allowed", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 504, description = "The answer took too long", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    RawQuery(parameters): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = Happened::read(parameters.as_deref())?;
    let query = ReleaseQuery {
        range: asked.range,
        bot: asked.bot,
        time_zone: asked.time_zone,
        now: state.now(),
    };
    if !state.store.releases_shown(&workspace).await? {
        return Ok(Json(ShownReleases::default()).into_response());
    }
    let settings = state.store.settings(&workspace).await?;
    let names = settings.map_or_else(BTreeMap::new, |(settings, _)| settings.bots);
    let asked = Asked {
        kind: "releases",
        format: None,
        workspace: &workspace,
        profile: None,
        tables: query.tables_needed(),
        now: query.now,
        question: &(&query, &names),
    };
    let (engine, query, names) = (&state.engine, &query, &names);
    let work = |capture: Arc<Capture>| async move {
        let found = engine.releases(query, &capture).await?;
        let releases = found.releases.into_iter();
        Ok(ShownReleases {
            shown: true,
            releases: releases
                .map(|release| ShownRelease::new(release, names))
                .collect(),
            left_out: found.left_out,
        })
    };
    answered(&state, &headers, asked, work).await
}

/// Show or hide the new versions of bots
///
/// On the charts of everybody in the workspace.
#[utoipa::path(
    put,
    path = "/api/v1/releases",
    operation_id = "show_releases",
    tag = "views",
    params(WorkspaceParameters),
    request_body(content = ReleaseSwitch, example = json!({ "shown": false })),
    responses(
        (status = 200, description = "Whether they are shown from now on", body = ReleaseSwitch),
        (status = 400, description = "The body says something else", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<(Extension<Done>, Json<ReleaseSwitch>), Problem> {
    let switch: ReleaseSwitch = json(&state, request).await?;
    state.store.show_releases(&workspace, switch.shown).await?;
    let done = Done {
        subject: String::new(),
        detail: match switch.shown {
            true => "shown".to_owned(),
            false => "hidden".to_owned(),
        },
    };
    Ok((Extension(done), Json(switch)))
}
