//! Who has sent what: `GET /api/v1/sources`.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use upshot_metrics::{
    EnvironmentChoice, Query, QueryResult, RangeSpec, SessionQuery, tables_needed,
};
use utoipa::ToSchema;

use crate::events::RejectedRecord;
use crate::facts::instant;
use crate::input::Workspace;
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails};
use crate::state::ServerState;
use crate::turns::bounded;

/// How many rejected records are remembered for each workspace.
const REMEMBERED: usize = 20;
/// How many workspaces have rejected records remembered.
const WORKSPACES: usize = 1_000;
/// How many of the newest sessions are looked through for the last event of each source.
const NEWEST: usize = 1_000;

/// Who has sent what.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sources {
    /// Each source and bot of which there are sessions, those with the most first.
    sources: Vec<SourceSeen>,
    /// The zone of its days.
    #[schema(examples("Europe/Berlin"))]
    time_zone: String,
    /// Records that were sent to the server since it started and could not be taken in: the last 20, the newest first.
    rejected_lately: Vec<RejectedLately>,
}

/// What a source has sent of a bot.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceSeen {
    /// The source, as `copilot-studio`; null where its events name none.
    #[schema(examples("upshot"))]
    source: Option<String>,
    /// The bot; null where its events name none.
    #[schema(examples("shop"))]
    bot: Option<String>,
    /// Sessions of any time and environment.
    #[schema(examples(1200))]
    sessions: u64,
    /// Sessions that began today.
    #[schema(examples(42))]
    sessions_today: u64,
    /// The day on which the first session began.
    #[schema(examples("2026-01-05"))]
    first_day: String,
    /// The day on which the last session began.
    #[schema(examples("2026-03-10"))]
    last_day: String,
    /// When the last of the newest sessions ended or was last active; null where it is not among the newest 1,000.
    #[schema(format = DateTime)]
    last_event: Option<String>,
}

/// A record that could not be taken in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct RejectedLately {
    /// When it was sent.
    #[schema(format = DateTime)]
    time: String,
    /// The field that is wrong, where it is one.
    field: Option<String>,
    /// Why it could not be taken in.
    reason: String,
    /// What to do about it.
    cure: String,
}

/// The last records of each workspace that could not be taken in.
#[derive(Debug, Default)]
pub(crate) struct Rejections {
    by_workspace: Mutex<HashMap<String, VecDeque<RejectedLately>>>,
}

impl Rejections {
    /// Remembers the last of these.
    pub fn note(&self, workspace: &str, rejected: &[RejectedRecord], now: i64) {
        if rejected.is_empty() {
            return;
        }
        let mut all = self
            .by_workspace
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !all.contains_key(workspace) && all.len() >= WORKSPACES {
            return;
        }
        let own = all.entry(workspace.to_owned()).or_default();
        for record in &rejected[rejected.len().saturating_sub(REMEMBERED)..] {
            own.push_front(RejectedLately {
                time: instant(now),
                field: record.field.clone(),
                reason: record.reason.clone(),
                cure: record.cure.clone(),
            });
        }
        own.truncate(REMEMBERED);
    }

    /// Forgets those of a workspace.
    pub fn forget(&self, workspace: &str) {
        let all = self.by_workspace.lock();
        all.unwrap_or_else(PoisonError::into_inner)
            .remove(workspace);
    }

    fn of(&self, workspace: &str) -> Vec<RejectedLately> {
        let all = self.by_workspace.lock();
        let all = all.unwrap_or_else(PoisonError::into_inner);
        all.get(workspace).into_iter().flatten().cloned().collect()
    }
}

/// Say who has sent what
///
/// Each source and bot with its first and last day, sessions in all and today, and the last records that could not be
/// taken in: where a test event that was sent shows, or why it does not.
#[utoipa::path(
    get,
    path = "/api/v1/sources",
    operation_id = "list_sources",
    tag = "events",
    params(WorkspaceParameters),
    responses(
        (status = 200, description = "Who has sent what", body = Sources),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 504, description = "The answer took too long", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
) -> Result<Json<Sources>, Problem> {
    let by_day = by_day(state.now());
    let newest = SessionQuery {
        environment: EnvironmentChoice::All,
        limit: Some(NEWEST),
        now: state.now(),
        ..SessionQuery::default()
    };
    let work = || async {
        let tables = tables_needed(&by_day);
        let capture = state.capture(&workspace, None, &tables).await?;
        let days = state.engine.run(&by_day, &capture).await?;
        Ok((days, state.engine.sessions(&newest, &capture).await?))
    };
    let (days, newest) = bounded(&state, "sources", work).await?;
    let mut last_events: BTreeMap<Key, i64> = BTreeMap::new();
    for session in newest {
        let key = (
            session.source.as_deref().map(str::to_owned),
            session.bot.as_deref().map(str::to_owned),
        );
        let last = last_events.entry(key).or_insert(session.end_time);
        *last = session.end_time.max(*last);
    }
    let today = state.today(&workspace).await?;
    Ok(Json(Sources {
        sources: seen(&days, &last_events, &today),
        time_zone: days.range.time_zone,
        rejected_lately: state.rejections.of(&workspace),
    }))
}

/// A source and a bot.
type Key = (Option<String>, Option<String>);

/// The sessions of each source and bot, by day.
fn by_day(now: i64) -> Query {
    Query {
        metrics: vec!["sessions".to_owned()],
        dimensions: vec!["source".to_owned(), "bot".to_owned()],
        grain: Some(upshot_metrics::Grain::Day),
        range: RangeSpec::default(),
        environment: EnvironmentChoice::All,
        now,
        ..Query::default()
    }
}

fn seen(days: &QueryResult, last_events: &BTreeMap<Key, i64>, today: &str) -> Vec<SourceSeen> {
    let mut found: BTreeMap<Key, SourceSeen> = BTreeMap::new();
    for row in &days.rows {
        let value = |dimension: &str| row.dimensions.get(dimension).cloned().flatten();
        let count = row.metrics.get("sessions").map_or(0, |value| value.n);
        let (Some(day), true) = (value("day"), count > 0) else {
            continue;
        };
        let key = (value("source"), value("bot"));
        let seen = found.entry(key).or_insert_with_key(|key| SourceSeen {
            source: key.0.clone(),
            bot: key.1.clone(),
            sessions: 0,
            sessions_today: 0,
            first_day: day.clone(),
            last_day: day.clone(),
            last_event: last_events.get(key).copied().map(instant),
        });
        seen.sessions += count;
        if day == today {
            seen.sessions_today += count;
        }
        // Days are written so that their order is that of their text.
        if day < seen.first_day {
            seen.first_day.clone_from(&day);
        }
        if day > seen.last_day {
            seen.last_day = day;
        }
    }
    let mut found: Vec<SourceSeen> = found.into_values().collect();
    found.sort_by_key(|seen| std::cmp::Reverse(seen.sessions));
    found
}
