//! Fact sets: `/api/v1/fact-sets`. Which there are and how far they are built; what other profiles
//! would change; changing them.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use upshot_core::profile::built_in_text;
use upshot_core::time::start_of_day;
use upshot_core::{FieldKind, Record, Session};
use upshot_lake::Settings;
use upshot_lake::catalog::FactSetRole;
use upshot_lake::engine::{Change, Counts, FactSetInfo, FactSetList, Preview, PreviewOptions};
use utoipa::ToSchema;

use crate::access::record::Done;
use crate::facts::instant;
use crate::input::{InPath, Workspace, json};
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;
use crate::turns::bounded;

/// Sessions that a preview lists at most.
const MOST_LISTED: usize = 1000;

/// The fact sets of a workspace.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FactSets {
    /// Those that are kept up to date or being built.
    pub fact_sets: Vec<FactSet>,
    /// What older ones left, because the events are no longer kept; queries of the active one read it.
    pub kept: Vec<Kept>,
}

/// The facts that one choice of profiles makes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FactSet {
    /// The name by which queries ask for it: that of its profile.
    #[schema(examples("default"))]
    pub profile: String,
    /// The name that its facts carry.
    #[schema(examples("default@1/fold2"))]
    pub fact_set: String,
    /// What it is to the workspace.
    pub role: Role,
    /// The set that it is going to replace, while it is being built for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// Which profile serves which source.
    pub profiles: Vec<ProfileOfSource>,
    /// How far it is built; nothing where it is whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub building: Option<Building>,
    /// Whether an older version of the program made it, and another is being built to replace it.
    pub outdated: bool,
    /// Sessions in its files; those that may still go on are not among them.
    pub sessions: u64,
}

/// What a fact set is to its workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Questions that name none read it.
    Active,
    /// It is kept up to date beside the active one.
    Additional,
    /// It is being built, to replace another.
    Next,
}

/// A profile that serves a source.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProfileOfSource {
    /// The source; nothing means all that have no profile of their own.
    pub source: Option<String>,
    /// The profile's name.
    pub name: String,
    /// The profile's version.
    pub version: u32,
}

/// How far a fact set is built.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Building {
    /// Events of which the facts are made.
    pub events_done: u64,
    /// Events in files.
    pub events: u64,
    /// Why it does not go on, where the last step failed; it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// Facts that an older fact set left.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Kept {
    /// The fact set that made them; their rows carry it.
    pub fact_set: String,
    /// How many sessions.
    pub sessions: u64,
    /// The first instant of the UTC day on which the first of them started.
    pub from: String,
    /// The first instant after the UTC day on which the last of them started.
    pub to: String,
}

/// Which profiles are meant.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChosenProfile {
    /// A profile that comes with the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("indigo"))]
    pub profile: Option<String>,
    /// Instead: a profile as TOML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toml: Option<String>,
    /// The source that it serves; nothing means all that have no profile of their own. Not for an
    /// additional set, which has one profile for everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// Which profiles a workspace is given.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FactSetChange {
    /// A profile that comes with the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("indigo"))]
    pub profile: Option<String>,
    /// Instead: a profile as TOML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toml: Option<String>,
    /// The source that it serves; nothing means all that have no profile of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Whether it stands beside the active fact set, instead of changing it.
    pub additional: bool,
}

/// What to preview.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PreviewRequest {
    /// A profile that comes with the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("indigo"))]
    pub profile: Option<String>,
    /// Instead: a profile as TOML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toml: Option<String>,
    /// The source that it would serve; nothing means all that have no profile of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Look at one conversation in so many only; all where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub one_in: Option<u64>,
    /// How many sessions that change are listed at most, up to 1000; 20 where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// What a change of profiles began.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChangeBegun {
    /// The name of the facts that the profiles make.
    pub fact_set: String,
    /// Whether something is being built; otherwise everything was as it was asked for.
    pub builds: bool,
}

/// What other profiles would change.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PreviewResult {
    /// The facts as they are.
    pub fact_set_before: String,
    /// The facts that the other profiles make.
    pub fact_set_after: String,
    /// One conversation in so many was looked at.
    pub one_in: u64,
    /// Events that were folded.
    pub events: u64,
    /// The sessions as they are.
    pub before: SessionCounts,
    /// The sessions by the other profiles.
    pub after: SessionCounts,
    /// Sessions with other facts.
    pub changed: u64,
    /// Sessions that would be no more.
    pub gone: u64,
    /// Sessions that are none now.
    pub new: u64,
    /// How many sessions change each field, most first.
    pub fields: Vec<FieldCount>,
    /// The first of the sessions that change, in order of time.
    pub sessions: Vec<ChangedSession>,
}

/// What became of sessions.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SessionCounts {
    /// Sessions that are over.
    pub sessions: u64,
    /// Of these, engaged ones.
    pub engaged: u64,
    /// Of the engaged, resolved ones.
    pub resolved: u64,
    /// Of the engaged, escalated ones.
    pub escalated: u64,
    /// Of the engaged, abandoned ones.
    pub abandoned: u64,
    /// Sessions that may still go on, which are not counted above.
    pub open: u64,
    /// Engaged sessions by all that are over; null of none.
    pub engagement_rate: Option<f64>,
    /// Resolved sessions by engaged ones.
    pub resolution_rate: Option<f64>,
    /// Escalated sessions by engaged ones.
    pub escalation_rate: Option<f64>,
    /// Abandoned sessions by engaged ones.
    pub abandon_rate: Option<f64>,
}

/// A field that changes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FieldCount {
    /// The field.
    pub field: String,
    /// In how many sessions.
    pub sessions: u64,
}

/// What happens to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It has other facts.
    Changed,
    /// It is no session any more.
    Gone,
    /// It becomes a session.
    New,
}

/// A session that changes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChangedSession {
    /// Its id.
    pub session_id: String,
    /// Its conversation.
    pub conversation_id: String,
    /// When it started.
    pub start_time: String,
    /// What happens to it.
    pub change: ChangeKind,
    /// The fields that change; empty unless it is changed.
    pub fields: Vec<ChangedField>,
}

/// A field of a session that changes, as text.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChangedField {
    /// The field.
    pub field: String,
    /// Its value; `null` for none.
    pub before: String,
    /// Its value by the other profiles.
    pub after: String,
}

impl From<FactSetList> for FactSets {
    fn from(list: FactSetList) -> Self {
        let kept = list.kept.into_iter().map(|kept| Kept {
            fact_set: kept.fact_set,
            sessions: kept.sessions,
            from: instant(start_of_day(kept.first_day)),
            to: instant(start_of_day(kept.last_day.saturating_add(1))),
        });
        Self {
            kept: kept.collect(),
            fact_sets: list.sets.into_iter().map(FactSet::from).collect(),
        }
    }
}

impl From<FactSetInfo> for FactSet {
    fn from(info: FactSetInfo) -> Self {
        let (role, replaces) = match info.role {
            FactSetRole::Active => (Role::Active, None),
            FactSetRole::Next { replaces } => (Role::Next, Some(replaces)),
            FactSetRole::Additional | FactSetRole::Kept => (Role::Additional, None),
        };
        let profiles = info.profiles.into_iter();
        Self {
            profile: info.profile,
            fact_set: info.fact_set,
            role,
            replaces,
            profiles: profiles
                .map(|(source, name, version)| ProfileOfSource {
                    source,
                    name,
                    version,
                })
                .collect(),
            building: info.building.map(|building| Building {
                events_done: building.events_done,
                events: building.events,
                failure: building.failure,
            }),
            outdated: info.outdated,
            sessions: info.sessions,
        }
    }
}

impl From<Counts> for SessionCounts {
    fn from(counts: Counts) -> Self {
        Self {
            engagement_rate: counts.engagement_rate(),
            resolution_rate: counts.resolution_rate(),
            escalation_rate: counts.escalation_rate(),
            abandon_rate: counts.abandon_rate(),
            sessions: counts.sessions,
            engaged: counts.engaged,
            resolved: counts.resolved,
            escalated: counts.escalated,
            abandoned: counts.abandoned,
            open: counts.open,
        }
    }
}

/// The value of a field of sessions as answers have it.
fn shown(field: &str, text: String) -> String {
    let known = Session::FIELDS.iter().find(|known| known.name == field);
    let is_time = matches!(
        known.map(|known| known.kind),
        Some(FieldKind::Instant | FieldKind::Time)
    );
    match text.parse() {
        Ok(time) if is_time => instant(time),
        _ => text,
    }
}

impl From<Preview> for PreviewResult {
    fn from(preview: Preview) -> Self {
        let fields = preview.fields.into_iter();
        let sessions = preview.sessions.into_iter().map(|session| ChangedSession {
            session_id: session.session_id,
            conversation_id: session.conversation_id,
            start_time: instant(session.start_time),
            change: match session.change {
                Change::Changed => ChangeKind::Changed,
                Change::Gone => ChangeKind::Gone,
                Change::New => ChangeKind::New,
            },
            fields: session
                .fields
                .into_iter()
                .map(|field| ChangedField {
                    field: field.field.to_owned(),
                    before: shown(field.field, field.before),
                    after: shown(field.field, field.after),
                })
                .collect(),
        });
        Self {
            fact_set_before: preview.fact_set_before,
            fact_set_after: preview.fact_set_after,
            one_in: preview.one_in,
            events: preview.events,
            before: preview.before.into(),
            after: preview.after.into(),
            changed: preview.changed,
            gone: preview.gone,
            new: preview.new,
            fields: fields
                .map(|(field, sessions)| FieldCount {
                    field: field.to_owned(),
                    sessions,
                })
                .collect(),
            sessions: sessions.collect(),
        }
    }
}

/// List the fact sets
///
/// The facts that each choice of profiles makes of the same events, side by side: what each is to the
/// workspace, and how far it is built. `docs/profiles.md` tells what they are for.
#[utoipa::path(
    get,
    path = "/api/v1/fact-sets",
    operation_id = "list_fact_sets",
    tag = "fact sets",
    params(WorkspaceParameters),
    responses(
        (status = 200, description = "The fact sets", body = FactSets),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
) -> Json<FactSets> {
    Json(state.lake.fact_sets(&workspace).into())
}

/// Preview other profiles
///
/// Folds everything, or a sample, by the profiles in use and by the others, and compares. Nothing is
/// written.
#[utoipa::path(
    post,
    path = "/api/v1/fact-sets/preview",
    operation_id = "preview_fact_set",
    tag = "fact sets",
    params(WorkspaceParameters),
    request_body(content = PreviewRequest, example = json!({ "profile": "indigo", "one_in": 10, "limit": 5 })),
    responses(
        (status = 200, description = "What would change", body = PreviewResult),
        (status = 400, description = "The profile is wrong", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 504, description = "The answer took too long; ask for a sample", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn preview(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Json<PreviewResult>, Problem> {
    let asked: PreviewRequest = json(&state, request).await?;
    let options = PreviewOptions {
        one_in: asked.one_in.unwrap_or(1).max(1),
        listed: asked
            .limit
            .unwrap_or(PreviewOptions::default().listed)
            .min(MOST_LISTED),
    };
    let text = profile_text(asked.profile, asked.toml)?;
    let settings = with_profile(&state, &workspace, asked.source.as_deref(), &text)?;
    let work = || async {
        Ok(state
            .lake
            .preview(&workspace, settings.clone(), options)
            .await?)
    };
    Ok(Json(bounded(&state, "preview", work).await?.into()))
}

/// Apply other profiles, or add a fact set
///
/// The facts are built in the background, from the events, while questions read the old ones; then
/// they take their place in one step. The list of fact sets says how far that is.
#[utoipa::path(
    post,
    path = "/api/v1/fact-sets",
    operation_id = "change_fact_sets",
    tag = "fact sets",
    params(WorkspaceParameters),
    request_body(content = FactSetChange, example = json!({ "profile": "indigo", "additional": true })),
    responses(
        (status = 202, description = "It has begun, or everything is so already", body = ChangeBegun),
        (status = 400, description = "The profile is wrong", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 409, description = "The change cannot be made beside what there is", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn change(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<(StatusCode, Extension<Done>, Json<ChangeBegun>), Problem> {
    let asked: FactSetChange = json(&state, request).await?;
    let text = profile_text(asked.profile, asked.toml)?;
    let begun = if asked.additional {
        if asked.source.is_some() {
            let detail =
                "an additional fact set has one profile for everything; leave `source` out";
            return Err(Problem::field(ProblemKind::BadRequest, "source", detail));
        }
        let settings = Settings::of_profile(&text).map_err(|error| bad_profile(&error))?;
        state.lake.add_fact_set(&workspace, settings).await?
    } else {
        let settings = with_profile(&state, &workspace, asked.source.as_deref(), &text)?;
        state.lake.apply_settings(&workspace, settings).await?
    };
    let begun = ChangeBegun {
        fact_set: begun.fact_set,
        builds: begun.builds,
    };
    let done = Done {
        subject: begun.fact_set.clone(),
        detail: asked.source.unwrap_or_default(),
    };
    Ok((StatusCode::ACCEPTED, Extension(done), Json(begun)))
}

/// Take away a fact set
///
/// An additional one, or one that is being built. Its facts go; the events and the other sets stay.
#[utoipa::path(
    delete,
    path = "/api/v1/fact-sets/{name}",
    operation_id = "remove_fact_set",
    tag = "fact sets",
    params(
        ("name" = String, Path, description = "The name of its profile, or of its facts", example = "indigo"),
        WorkspaceParameters,
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no such fact set", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "It is the active one", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    InPath(name): InPath<String>,
) -> Result<StatusCode, Problem> {
    match state.lake.remove_fact_set(&workspace, &name).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(error @ upshot_lake::LakeError::UnknownFactSet { .. }) => {
            Err(Problem::new(ProblemKind::NotFound, error.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

/// The text of the profile that a request means.
fn profile_text(profile: Option<String>, toml: Option<String>) -> Result<String, Problem> {
    let bad = |field, detail: String| Problem::field(ProblemKind::BadRequest, field, detail);
    match (profile, toml) {
        (None, Some(toml)) => Ok(toml),
        (Some(name), None) => built_in_text(&name).map(str::to_owned).ok_or_else(|| {
            let short: String = name.chars().take(80).collect();
            let detail = format!(
                "there is no profile `{short}`; `/api/v1/profiles` lists them, or send `toml`"
            );
            bad("profile", detail)
        }),
        _ => Err(bad(
            "profile",
            "name a profile in `profile` or send one in `toml`".to_owned(),
        )),
    }
}

fn with_profile(
    state: &ServerState,
    workspace: &str,
    source: Option<&str>,
    text: &str,
) -> Result<Settings, Problem> {
    let settings = state.lake.settings(workspace).as_ref().clone();
    settings
        .with_profile(source, text)
        .map_err(|error| bad_profile(&error))
}

fn bad_profile(error: &upshot_lake::LakeError) -> Problem {
    Problem::field(ProblemKind::BadRequest, "toml", error.to_string())
}
