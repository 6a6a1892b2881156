//! New versions of bots, for charts over time: `/api/v1/releases`.

use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::response::Response;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use upshot_lake::{Capture, Table};
use upshot_metrics::asking::RecordBatch;
use upshot_metrics::{Answer, Engine, QueryError, Question, Release, ReleaseQuery, Rows};
use utoipa::ToSchema;

use crate::access::record::Done;
use crate::annotations::Happened;
use crate::asking::{Form, answered};
use crate::input::{Workspace, json};
use crate::openapi::{FormatParameter, HappenedParameters, QuestionResponses, WorkspaceParameters};
use crate::problem::{Problem, ProblemDetails};
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
    /// It says nothing of how it came about.
    fn forget_effort(&mut self) {}

    fn rows(&self) -> Result<RecordBatch, QueryError> {
        Rows::of(&self.releases)
            .text(
                "day",
                "the first day on which a session of it began",
                |row| Some(&row.release.day),
            )
            .text(
                "bot",
                "the bot; nothing where its events name none",
                |row| row.release.bot.as_deref(),
            )
            .text("bot_name", "what the workspace calls the bot", |row| {
                row.bot_name.as_deref()
            })
            .text("version", "the version", |row| Some(&row.release.version))
            .count(
                "sessions",
                "how many sessions of it began in the range",
                |row| Some(row.release.sessions),
            )
            .finish()
    }
}

/// Which new versions there are, and what the workspace calls its bots.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReleasesOfBots {
    query: ReleaseQuery,
    #[serde(default)]
    names: BTreeMap<String, String>,
}

impl Question for ReleasesOfBots {
    type Answer = ShownReleases;
    const KIND: &'static str = "releases";

    fn tables(&self) -> Vec<Table> {
        self.query.tables_needed()
    }

    fn profile(&self) -> Option<&str> {
        None
    }

    fn now(&self) -> i64 {
        self.query.now
    }

    fn asked_at(mut self, now: i64) -> Self {
        self.query.now = now;
        self
    }

    async fn answer(
        &self,
        engine: &Engine,
        capture: &Capture,
    ) -> Result<ShownReleases, QueryError> {
        let found = engine.releases(&self.query, capture).await?;
        let releases = found.releases.into_iter();
        Ok(ShownReleases {
            shown: true,
            releases: releases
                .map(|release| ShownRelease::new(release, &self.names))
                .collect(),
            left_out: found.left_out,
        })
    }
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
        FormatParameter,
        HappenedParameters,
    ),
    responses(
        (status = 200, description = "The new versions", body = ShownReleases),
        QuestionResponses,
    )
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Response, Problem> {
    let form = Form::of(&request)?;
    let asked = Happened::read(request.uri().query(), &["format"])?;
    let query = ReleaseQuery {
        range: asked.range,
        bot: asked.bot,
        time_zone: asked.time_zone,
        now: 0,
    };
    if !state.store.releases_shown(&workspace).await? {
        return form.give(ShownReleases::default());
    }
    let settings = state.store.settings(&workspace).await?;
    let names = settings.map_or_else(BTreeMap::new, |(settings, _)| settings.bots);
    let question = ReleasesOfBots { query, names };
    answered(&state, &workspace, &form, question).await
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
