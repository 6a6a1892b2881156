//! The sessions behind a number: `POST /api/v1/drilldown`.

use axum::extract::{Request, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use upshot_core::Session;
use upshot_lake::{Capture, Table};
use upshot_metrics::asking::RecordBatch;
use upshot_metrics::drilldown::{Contribution, Page};
use upshot_metrics::export::rows_of_sessions;
use upshot_metrics::registry::Subject;
use upshot_metrics::sessions::cursor_after;
use upshot_metrics::{
    Answer, Cell, DrillDown, Engine, Explanation, Query, QueryError, Question, RangeSpec, Rows,
};
use utoipa::ToSchema;

use crate::asking::{Form, answered};
use crate::facts::{Facts, SessionFacts};
use crate::input::{Workspace, json};
use crate::openapi::{FormatParameter, QuestionResponses, WorkspaceParameters};
use crate::problem::Problem;
use crate::sessions::{DEFAULT_LIMIT, check_limit};
use crate::state::ServerState;

/// Which number of which answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DrillDownQuery {
    /// The question, as `/api/v1/query` took it.
    pub query: Query,
    /// The number.
    pub cell: Cell,
    /// Which page of the sessions; 50 of them where nothing is said, 1000 at most.
    pub page: Page,
}

impl DrillDownQuery {
    /// How many sessions the page holds at most.
    fn limit(&self) -> usize {
        self.page.limit.unwrap_or(DEFAULT_LIMIT)
    }
}

impl Question for DrillDownQuery {
    type Answer = SessionsBehind;
    const KIND: &'static str = "drilldown";

    fn tables(&self) -> Vec<Table> {
        // What segments and the parts of metrics ask for is not known here.
        Table::FACTS.to_vec()
    }

    fn profile(&self) -> Option<&str> {
        self.query.profile.as_deref()
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
    ) -> Result<SessionsBehind, QueryError> {
        let limit = self.limit();
        // One more, so that it is known whether there are more.
        let page = Page {
            limit: Some(limit.saturating_add(1)),
            ..self.page.clone()
        };
        let found = engine.drilldown(&self.query, &self.cell, &page, capture);
        Ok(SessionsBehind::page(found.await?, limit))
    }
}

/// What is behind a number.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionsBehind {
    /// What is counted.
    pub subject: Subject,
    /// How many sessions there are in all.
    pub session_count: u64,
    /// How many rows were counted in all: those of the sessions and those outside any.
    pub row_count: u64,
    /// How many of the rows belong to no session.
    pub rows_without_session: u64,
    /// What all rows add up to, where the number is a sum, in the unit of the metric.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub amount: Option<f64>,
    /// How many different keys the rows have, where those are counted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub distinct: Option<u64>,
    /// Where these are counted anew each day and added up: the number is `distinct` over so many days.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub days: Option<u32>,
    /// A page of the sessions.
    pub sessions: Vec<SessionBehind>,
    /// Send this as `page.cursor`, with everything else as it was, for the next page; null on the last.
    pub next_cursor: Option<String>,
    /// The filters with which `/api/v1/sessions` lists the same sessions.
    pub filters: Vec<String>,
    /// The range with which it does.
    pub range: RangeSpec,
    /// With which `top_users` it does, and the `identity` of the query, where the sessions are those of the users who
    /// have most.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub top_users: Option<u32>,
    /// The rules that made the facts.
    pub fact_set: String,
    /// The catalog's snapshot that was read.
    pub snapshot: i64,
    /// How the answer came about, where the query asked for it with `explain`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub explanation: Option<Explanation>,
}

impl SessionsBehind {
    /// A page of this many sessions, of what was found when one more was asked for.
    pub fn page(mut found: DrillDown, limit: usize) -> Self {
        let more = found.sessions.len() > limit;
        found.sessions.truncate(limit);
        let last = found.sessions.last().filter(|_| more);
        let next_cursor = last.and_then(|last| cursor_after(&found.query, &last.session));
        Self {
            subject: found.subject,
            session_count: found.session_count,
            row_count: found.row_count,
            rows_without_session: found.rows_without_session,
            amount: found.amount,
            distinct: found.distinct,
            days: found.days,
            sessions: found.sessions.into_iter().map(Into::into).collect(),
            next_cursor,
            filters: found.query.filters,
            range: found.query.range,
            top_users: found.query.top_users,
            fact_set: found.fact_set,
            snapshot: found.snapshot,
            explanation: found.explanation,
        }
    }
}

impl Answer for SessionsBehind {
    fn forget_effort(&mut self) {
        if let Some(explanation) = &mut self.explanation {
            explanation.forget_times();
        }
    }

    /// The sessions of the page with all their facts, how many of the counted rows each holds, and what it adds to a sum.
    fn rows(&self) -> Result<RecordBatch, QueryError> {
        let facts = rows_of_sessions(self.sessions.iter().map(SessionBehind::session))?;
        Rows::of(&self.sessions)
            .count(
                "rows",
                "how many of the counted rows the session holds; 1 where sessions are counted",
                |behind| Some(behind.rows),
            )
            .real(
                "amount",
                "what it adds to a sum, in the unit of the metric",
                |behind| behind.amount,
            )
            .beside(&facts)
            .finish()
    }
}

/// A session behind a number.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionBehind {
    /// Its facts.
    session: SessionFacts,
    /// How many of the counted rows it holds; 1 where sessions are counted.
    pub rows: u64,
    /// What it adds to a sum, in the unit of the metric.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub amount: Option<f64>,
}

impl SessionBehind {
    /// Its facts.
    pub fn session(&self) -> &Session {
        &self.session.0
    }
}

impl From<Contribution> for SessionBehind {
    fn from(found: Contribution) -> Self {
        Self {
            session: Facts(found.session),
            rows: found.rows,
            amount: found.amount,
        }
    }
}

/// List the sessions behind a number
///
/// `query` is the question that was asked, `cell` says which number of its answer: the metric, which
/// part of its value, and the values of the row's dimensions. The counts equal the number.
#[utoipa::path(
    post,
    path = "/api/v1/drilldown",
    operation_id = "drilldown",
    tag = "sessions",
    params(WorkspaceParameters, FormatParameter),
    request_body(content = DrillDownQuery, example = json!({
        "query": {
            "metrics": ["sessions", "resolution_rate"],
            "dimensions": ["channel"],
            "range": { "last": "28d" }
        },
        "cell": { "metric": "resolution_rate", "part": "numerator", "dimensions": { "channel": "web" } },
        "page": { "limit": 10 }
    })),
    responses(
        (status = 200, description = "How many there are, and a page of them", body = SessionsBehind),
        QuestionResponses,
    )
)]
pub(crate) async fn post(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    request: Request,
) -> Result<Response, Problem> {
    let form = Form::of(&request)?;
    let question: DrillDownQuery = json(&state, request).await?;
    check_limit(question.limit(), "page.limit", "sessions")?;
    answered(&state, &workspace, &form, question).await
}
