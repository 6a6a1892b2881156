//! One session as other rules would make it: `GET /api/v1/sessions/{id}/under/{profile}`.
//!
//! Nothing is built or kept: the events of its conversation are folded when somebody asks.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use upshot_core::fold::{Carry, FactSink, FoldContext, fold};
use upshot_core::profile::Profile;
use upshot_core::{Event, Message, Session, Step};
use upshot_lake::Table;
use utoipa::ToSchema;

use crate::explain::{Evidence, evidence};
use crate::facts::{Facts, SessionFacts};
use crate::input::{InPath, Workspace, nearest};
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails, ProblemKind};
use crate::sessions::no_session;
use crate::state::ServerState;
use crate::turns::bounded;

/// The sessions that a profile makes of a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnderProfile {
    /// The profile's name.
    #[schema(examples("copilot-studio"))]
    profile: String,
    /// The facts that it makes: its name and version and the fold's.
    #[schema(examples("copilot-studio@1/fold2"))]
    fact_set: String,
    /// The sessions that hold something of the one that was asked for, in the order of time. Other rules may cut
    /// a conversation elsewhere.
    sessions: Vec<SessionUnder>,
}

/// A session under other rules.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionUnder {
    /// Its facts.
    session: SessionFacts,
    /// Which event did what to the session, and by which rule of the profile.
    evidence: Vec<Evidence>,
}

/// Keeps sessions alone.
#[derive(Default)]
struct Sessions(Vec<Session>);

impl FactSink for Sessions {
    fn session(&mut self, session: Session) {
        self.0.push(session);
    }
    fn message(&mut self, _: Message) {}
    fn step(&mut self, _: Step) {}
}

/// Show one session under another profile
///
/// What the rules of a profile that comes with the program make of the session's conversation. Nothing is stored;
/// `/api/v1/fact-sets/preview` says what a profile would change in all.
#[utoipa::path(
    get,
    path = "/api/v1/sessions/{id}/under/{profile}",
    operation_id = "show_session_under_profile",
    tag = "sessions",
    params(
        ("id" = String, Path, description = "The session's id", example = "ffa4e26cb8a2ca4f855cbbc487ee46cc"),
        ("profile" = String, Path, description = "The profile's name", example = "copilot-studio"),
        WorkspaceParameters,
    ),
    responses(
        (status = 200, description = "The sessions", body = UnderProfile),
        (status = 400, description = "A parameter is wrong", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 404, description = "There is no session of this id in the workspace, or no such profile", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 504, description = "The answer took too long", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn under(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    InPath((id, name)): InPath<(String, String)>,
) -> Result<Json<UnderProfile>, Problem> {
    let Some(profile) = Profile::built_in(&name) else {
        return Err(no_profile(&name));
    };
    let work = || async {
        let capture = state.capture(&workspace, None, &Table::FACTS).await?;
        let Some(found) = state.engine.session(&id, &capture).await? else {
            return Ok(None);
        };
        let conversation = &found.0.conversation_id;
        let events = state.lake.conversation(&workspace, conversation).await?;
        Ok(Some((found.0, events)))
    };
    let Some((session, events)) = bounded(&state, "session", work).await? else {
        return Err(no_session(&id));
    };
    let context = FoldContext {
        workspace: &workspace,
        profile: &profile,
        as_of: state.now(),
    };
    Ok(Json(folded(&context, &session, &events)))
}

fn folded(context: &FoldContext<'_>, asked: &Session, events: &[Event]) -> UnderProfile {
    let mut sink = Sessions::default();
    fold(context, &Carry::default(), events, &mut sink);
    let by_id: HashMap<&str, &Event> = events
        .iter()
        .map(|event| (event.event_id.as_ref(), event))
        .collect();
    let overlap = |session: &Session| {
        session.start_time <= asked.end_time && session.end_time >= asked.start_time
    };
    let mut sessions = sink.0;
    sessions.retain(overlap);
    sessions.sort_by_key(|session| session.start_time);
    UnderProfile {
        profile: context.profile.name().to_owned(),
        fact_set: context.profile.fact_set(),
        sessions: sessions
            .into_iter()
            .map(|session| SessionUnder {
                evidence: evidence(&session, &by_id),
                session: Facts(session),
            })
            .collect(),
    }
}

fn no_profile(name: &str) -> Problem {
    let short: String = name.chars().take(80).collect();
    let known = Profile::built_in_names();
    let meant = nearest(name, known.iter().copied());
    let meant = meant.map_or(String::new(), |meant| format!("; did you mean `{meant}`?"));
    Problem::new(
        ProblemKind::NotFound,
        format!(
            "there is no profile `{short}` among {}{meant}",
            known.join(", ")
        ),
    )
}
