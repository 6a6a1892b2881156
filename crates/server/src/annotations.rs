//! What happened when, for charts over time: `/api/v1/annotations`.

use axum::Json;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use upshot_metrics::time::{Calendar, parse_instant, resolve_range};
use upshot_metrics::{QueryError, RangeSpec};
use upshot_store::{Annotation, AnnotationContent};
use utoipa::ToSchema;

use crate::access::caller::Caller;
use crate::facts::instant;
use crate::input::{InPath, Workspace, json, pairs, unknown_parameter};
use crate::openapi::{HappenedParameters, WorkspaceParameters};
use crate::problem::{FieldProblem, Problem, ProblemDetails};
use crate::settings::preferences;
use crate::state::ServerState;
use crate::views::{unknown, wrong_length};

/// What happened when.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Annotations {
    /// They, by time.
    annotations: Vec<KeptAnnotation>,
}

/// Of which kind something is that happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AnnotationKind {
    /// A new version of a bot.
    Release,
    /// Something failed.
    Incident,
    /// More people were made to come, or others.
    Campaign,
    /// Anything else.
    #[default]
    Other,
}

impl AnnotationKind {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Release, "release"),
        (Self::Incident, "incident"),
        (Self::Campaign, "campaign"),
        (Self::Other, "other"),
    ];

    fn name(self) -> &'static str {
        let mut all = Self::ALL.into_iter();
        all.find(|(kind, _)| *kind == self)
            .map_or("other", |(_, name)| name)
    }

    fn of(name: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|(_, own)| *own == name)
            .map_or(Self::Other, |(kind, _)| kind)
    }
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeptAnnotation {
    /// By what it is found.
    #[schema(examples("release-2-1"))]
    id: String,
    /// When it happened, or began.
    #[schema(format = DateTime)]
    time: String,
    /// When it was over; null where it did not last.
    #[schema(format = DateTime)]
    end: Option<String>,
    /// What happened.
    #[schema(examples("Version 2.1 is out"))]
    text: String,
    /// Of which kind it is.
    kind: AnnotationKind,
    /// The bot that it is about; null means all.
    bot: Option<String>,
    /// Who said it; null where that is not known.
    author: Option<String>,
    /// When it was first said.
    #[schema(format = DateTime)]
    created: String,
    /// When it was last changed.
    #[schema(format = DateTime)]
    changed: String,
}

impl From<Annotation> for KeptAnnotation {
    fn from(annotation: Annotation) -> Self {
        let content = annotation.content;
        Self {
            id: annotation.id,
            time: instant(content.time),
            end: content.end.map(instant),
            text: content.text,
            kind: AnnotationKind::of(&content.kind),
            bot: content.bot,
            author: annotation.author,
            created: instant(annotation.created),
            changed: instant(annotation.changed),
        }
    }
}

/// Something that happened, to be kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAnnotation {
    /// When it happened, or began: an instant, or a day in the workspace's time zone.
    time: String,
    /// When it was over, where it lasted.
    #[serde(default)]
    end: Option<String>,
    /// What happened: 1 to 1000 characters.
    text: String,
    /// Of which kind it is.
    #[serde(default)]
    kind: AnnotationKind,
    /// The bot that it is about; nothing means all.
    #[serde(default)]
    bot: Option<String>,
}

impl NewAnnotation {
    fn checked(self, zone: &TimeZone) -> Result<AnnotationContent, Problem> {
        let mut errors = Vec::new();
        errors.extend(wrong_length("text", &self.text, 1, 1_000));
        errors.extend(
            self.bot
                .as_ref()
                .and_then(|bot| wrong_length("bot", bot, 1, 200)),
        );
        let mut read = |field: &str, text: &str| {
            let time = parse_instant(text, zone);
            if time.is_none() {
                errors.push(not_a_time(field, text));
            }
            time
        };
        let time = read("time", &self.time);
        let end = self.end.as_deref().map(|end| read("end", end));
        if let (Some(time), Some(Some(end))) = (time, end)
            && end < time
        {
            errors.push(FieldProblem {
                field: "end".to_owned(),
                position: None,
                detail: "it is over before it begins".to_owned(),
                suggestion: None,
            });
        }
        match (time, errors.is_empty()) {
            (Some(time), true) => Ok(AnnotationContent {
                time,
                end: end.flatten(),
                text: self.text,
                kind: self.kind.name().to_owned(),
                bot: self.bot,
            }),
            _ => Err(Problem::of_fields(errors)),
        }
    }
}

fn not_a_time(field: &str, text: &str) -> FieldProblem {
    let short: String = text.chars().take(40).collect();
    FieldProblem {
        field: field.to_owned(),
        position: None,
        detail: format!("`{short}` is no time; write `2026-03-29` or `2026-03-29T10:00:00Z`"),
        suggestion: None,
    }
}

/// When, and to which bot, something happened that is asked for.
#[derive(Debug, Default)]
pub(crate) struct Happened {
    pub range: RangeSpec,
    pub time_zone: Option<String>,
    pub bot: Option<String>,
}

impl Happened {
    /// Reads the parameters of an address; those of the `others` are read elsewhere.
    pub fn read(parameters: Option<&str>, others: &[&'static str]) -> Result<Self, Problem> {
        const PARAMETERS: [&str; 6] = ["from", "to", "last", "time_zone", "bot", "workspace"];
        let mut asked = Self::default();
        for (name, value) in pairs(parameters.unwrap_or_default()) {
            match name.as_str() {
                "workspace" => {}
                other if others.contains(&other) => {}
                "from" => asked.range.from = Some(value),
                "to" => asked.range.to = Some(value),
                "last" => asked.range.last = Some(value),
                "time_zone" => asked.time_zone = Some(value),
                "bot" => asked.bot = Some(value),
                _ => {
                    let known = [&PARAMETERS[..], others].concat();
                    return Err(unknown_parameter(&name, &known));
                }
            }
        }
        Ok(asked)
    }
}

/// List what happened
///
/// The annotations that touch the range, by time.
#[utoipa::path(
    get,
    path = "/api/v1/annotations",
    operation_id = "list_annotations",
    tag = "views",
    params(
        WorkspaceParameters,
        HappenedParameters,
    ),
    responses(
        (status = 200, description = "What happened", body = Annotations),
        (status = 400, description = "A parameter is wrong; `errors` names it", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    RawQuery(parameters): RawQuery,
) -> Result<Json<Annotations>, Problem> {
    let Happened {
        range,
        time_zone,
        bot,
    } = Happened::read(parameters.as_deref(), &[])?;
    let set = preferences(&state.store, &workspace).await?;
    let calendar = Calendar::of(time_zone.as_deref(), None, &set).map_err(QueryError::from)?;
    let range = resolve_range(&range, &calendar, state.now()).map_err(QueryError::from)?;
    let found = state
        .store
        .annotations(&workspace, range.from, range.to)
        .await?;
    let about = |annotation: &Annotation| match (&annotation.content.bot, &bot) {
        (Some(own), Some(asked)) => own == asked,
        _ => true,
    };
    Ok(Json(Annotations {
        annotations: found.into_iter().filter(about).map(Into::into).collect(),
    }))
}

/// Keep what happened
///
/// Under a new id.
#[utoipa::path(
    post,
    path = "/api/v1/annotations",
    operation_id = "add_annotation",
    tag = "views",
    params(WorkspaceParameters),
    request_body(content = NewAnnotation, example = json!({
        "time": "2026-03-05T09:00:00Z",
        "end": "2026-03-05T11:30:00Z",
        "text": "The shop's search was down",
        "kind": "incident",
        "bot": "shop"
    })),
    responses(
        (status = 201, description = "It is kept", body = KeptAnnotation),
        (status = 400, description = "Something is wrong; `errors` says what", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 409, description = "The workspace has as many annotations as one may have", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn add(
    State(state): State<ServerState>,
    caller: Caller,
    request: Request,
) -> Result<(StatusCode, Json<KeptAnnotation>), Problem> {
    let new: NewAnnotation = json(&state, request).await?;
    let kept = keep(&state, &caller, None, new).await?;
    Ok((StatusCode::CREATED, Json(kept)))
}

/// Keep what happened under an id
///
/// In the place of what has the id already.
#[utoipa::path(
    put,
    path = "/api/v1/annotations/{id}",
    operation_id = "set_annotation",
    tag = "views",
    params(
        ("id" = String, Path, description = "The annotation's id: 1 to 100 characters", example = "release-2-1"),
        WorkspaceParameters,
    ),
    request_body(content = NewAnnotation, example = json!({
        "time": "2026-03-04",
        "text": "Version 2.1 is out",
        "kind": "release"
    })),
    responses(
        (status = 200, description = "It is kept", body = KeptAnnotation),
        (status = 400, description = "Something is wrong; `errors` says what", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 409, description = "The workspace has as many annotations as one may have", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set(
    State(state): State<ServerState>,
    caller: Caller,
    InPath(id): InPath<String>,
    request: Request,
) -> Result<Json<KeptAnnotation>, Problem> {
    let new: NewAnnotation = json(&state, request).await?;
    keep(&state, &caller, Some(&id), new).await.map(Json)
}

async fn keep(
    state: &ServerState,
    caller: &Caller,
    id: Option<&str>,
    new: NewAnnotation,
) -> Result<KeptAnnotation, Problem> {
    let workspace = &caller.workspace;
    let set = preferences(&state.store, workspace).await?;
    let calendar = Calendar::of(None, None, &set).map_err(QueryError::from)?;
    let content = new.checked(&calendar.zone)?;
    let (author, now) = (caller.author(), state.now());
    let store = &state.store;
    let kept = store.set_annotation(workspace, id, &content, author.as_deref(), now);
    Ok(kept.await?.into())
}

/// Remove an annotation
#[utoipa::path(
    delete,
    path = "/api/v1/annotations/{id}",
    operation_id = "remove_annotation",
    tag = "views",
    params(
        ("id" = String, Path, description = "The annotation's id", example = "release-2-1"),
        WorkspaceParameters,
    ),
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no annotation of this id in the workspace", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    InPath(id): InPath<String>,
) -> Result<StatusCode, Problem> {
    match state.store.remove_annotation(&workspace, &id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(unknown("annotation", &id)),
    }
}
