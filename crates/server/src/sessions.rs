//! The sessions behind the numbers: `GET /api/v1/sessions` and one of them with its evidence.

use std::collections::{HashMap, HashSet};

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::{Deserialize, Serialize};
use upshot_core::{Event, Session};
use upshot_lake::Table;
use upshot_metrics::sessions::{cursor_after, times_of};
use upshot_metrics::{QueryError, SessionQuery, tables_of_filters};
use utoipa::ToSchema;

use crate::explain::{Evidence, evidence};
use crate::facts::{EventFacts, Facts, MessageFacts, SessionFacts, StepFacts, instant};
use crate::input::{InPath, Workspace, flag, pairs, parameters, unknown_parameter};
use crate::openapi::{SelectionParameters, WorkspaceParameters};
use crate::problem::{Problem, ProblemDetails, ProblemKind};
use crate::selection::{SELECTION, Selection};
use crate::state::ServerState;
use crate::turns::bounded;

/// How many sessions a page holds unless the request says else.
pub(crate) const DEFAULT_LIMIT: usize = 50;
/// How many it may hold.
const MOST: usize = 1000;

/// A page of sessions.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionPage {
    /// The sessions, in the order that was asked for.
    sessions: Vec<SessionFacts>,
    /// Send this as `cursor`, with everything else as it was, for the next page; null on the last.
    next_cursor: Option<String>,
}

impl SessionPage {
    /// The sessions, and where the list goes on.
    pub fn into_sessions(self) -> (Vec<Session>, Option<String>) {
        let sessions = self.sessions.into_iter().map(|Facts(session)| session);
        (sessions.collect(), self.next_cursor)
    }
}

/// A session with all that was said and done in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionDetail {
    /// Its facts.
    session: SessionFacts,
    /// What was said, in order.
    messages: Vec<MessageWithText>,
    /// What else was done, in order.
    steps: Vec<StepFacts>,
    /// What users wrote with a rating or a survey, in order, as the privacy mode left it.
    comments: Vec<Comment>,
    /// Which event did what to the session, and by which rule of the profile.
    evidence: Vec<Evidence>,
    /// Every event of it, in order, where they were asked for and as long as they are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<Vec<EventFacts>>,
}

/// A session with its events, of what is shown of it.
#[derive(Debug, Deserialize)]
pub struct SessionEvents {
    session: SessionFacts,
    #[serde(default)]
    events: Vec<EventFacts>,
}

impl SessionEvents {
    /// The session and its events, in order.
    pub fn into_parts(self) -> (Session, Vec<Event>) {
        let events = self.events.into_iter().map(|Facts(event)| event);
        (self.session.0, events.collect())
    }
}

/// Which events of a conversation belong to a session: those of its messages and steps, and what else happened from its
/// beginning to its end.
pub fn events_of(
    (session, messages, steps): &upshot_metrics::SessionDetail,
    conversation: Vec<Event>,
) -> Vec<Event> {
    let messages = messages.iter().map(|message| &*message.event_id);
    let belongs: HashSet<&str> = messages
        .chain(steps.iter().map(|step| &*step.event_id))
        .collect();
    let end = session.ended_time.unwrap_or(session.end_time);
    let span = session.start_time..=end.max(session.end_time);
    conversation
        .into_iter()
        .filter(|event| belongs.contains(&*event.event_id) || span.contains(&event.time))
        .collect()
}

/// What a user wrote with a rating or a survey.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Comment {
    /// When.
    #[schema(format = DateTime)]
    time: String,
    /// The event that brought it.
    event_id: String,
    /// The message that was rated; nothing where it came with a survey.
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    /// The comment.
    text: String,
}

/// A message with its text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageWithText {
    #[serde(flatten)]
    pub(crate) facts: MessageFacts,
    /// The text, as the privacy mode left it; nothing where it is not kept.
    pub(crate) text: Option<String>,
}

/// List sessions
///
/// The newest first unless `order` says else. `docs/query.md` has the language of filters.
#[utoipa::path(
    get,
    path = "/api/v1/sessions",
    operation_id = "list_sessions",
    tag = "sessions",
    params(
        WorkspaceParameters,
        SelectionParameters,
        ("order" = Option<String>, Query, description = "start_time, duration, messages, user_messages, fallbacks or tokens_output, perhaps followed by asc"),
        ("limit" = Option<usize>, Query, description = "How many at most, 1 to 1000; 50 where nothing is said"),
        ("cursor" = Option<String>, Query, description = "Where the list goes on: `next_cursor` of the page before"),
        ("top_users" = Option<u32>, Query, description = "Only the sessions of so many percent of the users, 1 to 100: those who have most of the sessions that are listed without it"),
        ("identity" = Option<String>, Query, description = "Who counts as one user there: device (where nothing is said) or id"),
    ),
    responses(
        (status = 200, description = "A page of sessions", body = SessionPage),
        (status = 400, description = "A parameter is wrong; `errors` names it with what was perhaps meant", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 504, description = "The answer took too long", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    RawQuery(parameters): RawQuery,
) -> Result<Json<SessionPage>, Problem> {
    let (mut query, limit) = session_query(parameters.as_deref().unwrap_or_default())?;
    query.now = state.now();
    let work = || async {
        let capture = state
            .capture(
                &workspace,
                query.profile.as_deref(),
                &tables_of_filters(&query.filters),
            )
            .await?;
        Ok(state.engine.sessions(&query, &capture).await?)
    };
    let mut sessions = bounded(&state, "sessions", work).await?;
    let more = sessions.len() > limit;
    sessions.truncate(limit);
    let next_cursor = sessions
        .last()
        .filter(|_| more)
        .and_then(|last| cursor_after(&query, last));
    Ok(Json(SessionPage {
        sessions: sessions.into_iter().map(Facts).collect(),
        next_cursor,
    }))
}

/// What the parameters of an address ask for: one session more than the page holds, so that it is
/// known whether there are more.
fn session_query(parameters: &str) -> Result<(SessionQuery, usize), Problem> {
    let mut query = SessionQuery::default();
    let mut selection = Selection::default();
    let mut limit = DEFAULT_LIMIT;
    for (name, value) in pairs(parameters) {
        let Some(value) = selection.take(&name, value)? else {
            continue;
        };
        match name.as_str() {
            "order" => query.order = Some(value),
            "limit" => limit = limit_of(&value, "sessions")?,
            "cursor" => query.cursor = Some(value),
            "top_users" => query.top_users = Some(value.parse().unwrap_or(0)),
            "identity" => query.identity = value.parse().map_err(QueryError::from)?,
            _ => {
                let known = [&SELECTION[..], &PARAMETERS].concat();
                return Err(unknown_parameter(&name, &known));
            }
        }
    }
    let Selection {
        filters,
        range,
        time_zone,
        environment,
        profile,
    } = selection;
    let query = SessionQuery {
        filters,
        range,
        time_zone,
        environment,
        profile,
        limit: Some(limit + 1),
        ..query
    };
    Ok((query, limit))
}

pub(crate) fn limit_of(text: &str, of: &str) -> Result<usize, Problem> {
    // What is no number is no possible size either.
    check_limit(text.parse().unwrap_or(0), "limit", of)
}

/// Refuses a size that a page cannot have.
pub(crate) fn check_limit(limit: usize, field: &str, of: &str) -> Result<usize, Problem> {
    if (1..=MOST).contains(&limit) {
        return Ok(limit);
    }
    let detail = format!("a page holds 1 to {MOST} {of}");
    Err(Problem::field(ProblemKind::InvalidQuery, field, detail))
}

/// What a list is asked with beside what selects.
const PARAMETERS: [&str; 5] = ["order", "limit", "cursor", "top_users", "identity"];

/// Show one session
///
/// Its facts, what was said and done in it, and the evidence: which event made it begin, engaged,
/// escalated, resolved and end, and by which rule.
#[utoipa::path(
    get,
    path = "/api/v1/sessions/{id}",
    operation_id = "show_session",
    tag = "sessions",
    params(
        ("id" = String, Path, description = "The session's id", example = "ffa4e26cb8a2ca4f855cbbc487ee46cc"),
        WorkspaceParameters,
        ("events" = Option<bool>, Query, description = "Whether every event of the session is shown, too", example = true),
    ),
    responses(
        (status = 200, description = "The session", body = SessionDetail),
        (status = 400, description = "A parameter is wrong", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no session of this id in the workspace", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 504, description = "The answer took too long", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn one(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    InPath(id): InPath<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<SessionDetail>, Problem> {
    let wanted = parameters(query.as_deref(), "events").pop();
    let with_events = wanted.map_or(Ok(false), |value| flag("events", &value))?;
    let work = || async {
        let capture = state.capture(&workspace, None, &Table::FACTS).await?;
        let Some(found) = state.engine.session(&id, &capture).await? else {
            return Ok(None);
        };
        let conversation = &found.0.conversation_id;
        let events = state
            .lake
            .conversation_between(&workspace, conversation, times_of(&found))
            .await?;
        Ok(Some((found, events)))
    };
    let Some((found, events)) = bounded(&state, "session", work).await? else {
        return Err(no_session(&id));
    };
    let all = with_events.then(|| {
        let events = events_of(&found, events.clone()).into_iter();
        events.map(Facts).collect()
    });
    Ok(Json(SessionDetail {
        events: all,
        ..detail(found, &events)
    }))
}

/// What is said of an id that no session of the workspace has.
pub(crate) fn no_session(id: &str) -> Problem {
    let short: String = id.chars().take(80).collect();
    let detail = format!("there is no session `{short}`; `/api/v1/sessions` lists them");
    Problem::new(ProblemKind::NotFound, detail)
}

fn detail(found: upshot_metrics::SessionDetail, events: &[Event]) -> SessionDetail {
    let (session, messages, steps) = found;
    let by_id: HashMap<&str, &Event> = events
        .iter()
        .map(|event| (event.event_id.as_ref(), event))
        .collect();
    let messages = messages.into_iter().map(|message| MessageWithText {
        text: by_id
            .get(message.event_id.as_ref())
            .and_then(|event| event.text.as_deref())
            .map(str::to_owned),
        facts: Facts(message),
    });
    SessionDetail {
        messages: messages.collect(),
        steps: steps.into_iter().map(Facts).collect(),
        comments: comments(&session, events),
        evidence: evidence(&session, &by_id),
        session: Facts(session),
        events: None,
    }
}

/// The comments of a session.
fn comments(session: &Session, events: &[Event]) -> Vec<Comment> {
    let within = |event: &&Event| (session.start_time..=session.end_time).contains(&event.time);
    events
        .iter()
        .filter(within)
        .filter_map(|event| {
            let text = event
                .feedback_comment
                .as_deref()
                .or(event.survey_comment.as_deref())?;
            Some(Comment {
                time: instant(event.time),
                event_id: event.event_id.as_ref().to_owned(),
                message_id: event.message_id.as_deref().map(str::to_owned),
                text: text.to_owned(),
            })
        })
        .collect()
}
