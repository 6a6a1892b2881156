//! Many questions at once: `POST /api/v1/queries`.

use std::collections::BTreeMap;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use upshot_lake::{Capture, Table};
use upshot_metrics::{Query, QueryResult, Question, RowFormat, tables_needed};
use utoipa::ToSchema;

use crate::answers::{Found, Kept, Key, Turn};
use crate::input::{Workspace, json, not_of_shape};
use crate::observe::RequestId;
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;
use crate::turns::{in_turn, leave_to_run, timed};

/// The most queries of one request.
const MOST_QUERIES: usize = 100;

/// Queries that are asked together.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Queries {
    /// The queries.
    #[schema(value_type = Vec<Query>, min_items = 1, max_items = 100)]
    queries: Vec<Value>,
}

/// The answers, in the order of the queries.
#[derive(ToSchema)]
#[allow(
    dead_code,
    reason = "says how answers are written; they are put together from what is kept"
)]
pub(crate) struct QueryAnswers<'a> {
    /// One for each query.
    #[schema(max_items = 100)]
    answers: Vec<QueryAnswer<'a>>,
}

/// The answer to one of the queries, or what is wrong with it.
#[derive(ToSchema)]
#[allow(
    dead_code,
    reason = "says how answers are written; they are put together from what is kept"
)]
pub(crate) struct QueryAnswer<'a> {
    /// The `etag` that the query has by itself.
    etag: Option<String>,
    /// Whether the answer was kept from before.
    kept: Option<bool>,
    /// The answer that the query has by itself.
    answer: Option<QueryResult>,
    /// Why there is none.
    problem: Option<ProblemDetails<'a>>,
}

/// Ask for numbers of many queries
///
/// What a page of numbers asks, in one request: each query is answered as `POST /api/v1/query` answers it alone,
/// in the order of the list, or with its problem. What several of them read is read once. All are about one moment,
/// and together they may take as long as one query.
#[utoipa::path(
    post,
    path = "/api/v1/queries",
    operation_id = "queries",
    tag = "numbers",
    params(WorkspaceParameters),
    request_body(content = Queries, example = json!({
        "queries": [
            { "metrics": ["sessions", "resolution_rate"], "range": { "last": "28d" }, "compare": "previous" },
            { "metrics": ["sessions"], "dimensions": ["channel"], "range": { "last": "28d" } }
        ]
    })),
    responses(
        (status = 200, description = "An answer or a problem for each query, in their order", body = QueryAnswers),
        (status = 304, description = "The client has the answers already: its `if-none-match` names them"),
        (status = 400, description = "The body is no list of queries; `errors` names every field with what was perhaps meant", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 504, description = "The answers took too long", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    Extension(RequestId(request_id)): Extension<RequestId>,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let Queries { queries } = json(&state, request).await?;
    let queries = read(queries, state.now())?;
    let answers = timed(&state, "queries", answered(&state, &workspace, &queries)).await?;
    for (query, _) in queries
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| answer.is_ok())
    {
        state.remember(&workspace, query);
    }
    together(&headers, &answers, &request_id)
}

/// The queries, all with this clock.
fn read(queries: Vec<Value>, now: i64) -> Result<Vec<Query>, Problem> {
    let count = queries.len();
    if !(1..=MOST_QUERIES).contains(&count) {
        let detail = format!("there are {count} queries; send 1 to {MOST_QUERIES}");
        return Err(Problem::field(ProblemKind::InvalidQuery, "queries", detail));
    }
    let mut read = Vec::with_capacity(count);
    for (position, query) in queries.into_iter().enumerate() {
        // Serde would take a list for an object whose members it names in order.
        if !query.is_object() {
            let field = format!("queries[{position}]");
            let detail = "the query is no object; send an object";
            return Err(Problem::field(ProblemKind::InvalidQuery, &field, detail));
        }
        let query: Query = serde_path_to_error::deserialize(query).map_err(|error| {
            let place = error.path().to_string();
            not_of_shape(error.inner(), &place).within(&format!("queries[{position}]."))
        })?;
        read.push(Query { now, ..query });
    }
    Ok(read)
}

/// An answer as it is kept, and whether it was, or what is wrong with the query.
type Answered = Result<(Kept, bool), Problem>;

/// The answers to queries: those that are kept, and new ones, which are computed together.
async fn answered(
    state: &ServerState,
    workspace: &str,
    queries: &[Query],
) -> Result<Vec<Answered>, Problem> {
    let mut by_profile: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (position, query) in queries.iter().enumerate() {
        let alike = by_profile.entry(query.profile.as_deref()).or_default();
        alike.push(position);
    }
    let mut answers: Vec<(usize, Answered)> = Vec::with_capacity(queries.len());
    for (profile, positions) in by_profile {
        let alike: Vec<&Query> = positions
            .iter()
            .map(|position| &queries[*position])
            .collect();
        let found = of_profile(state, workspace, profile, &alike).await;
        answers.extend(positions.into_iter().zip(found));
    }
    answers.sort_unstable_by_key(|(position, _)| *position);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
}

/// The answers to queries about one fact set.
async fn of_profile(
    state: &ServerState,
    workspace: &str,
    profile: Option<&str>,
    queries: &[&Query],
) -> Vec<Answered> {
    let mut tables: Vec<Table> = queries
        .iter()
        .flat_map(|query| tables_needed(query))
        .collect();
    tables.sort_unstable();
    tables.dedup();
    match state.capture(workspace, profile, &tables).await {
        Ok(capture) => of_capture(state, workspace, &capture, queries).await,
        Err(problem) => queries.iter().map(|_| Err(problem.clone())).collect(),
    }
}

async fn of_capture(
    state: &ServerState,
    workspace: &str,
    capture: &Capture,
    queries: &[&Query],
) -> Vec<Answered> {
    // As it is asked alone.
    let kind = (Query::KIND, None::<RowFormat>);
    let key = |query: &&Query| Key::new(kind, workspace, capture, query);
    let keys: Vec<Result<Key, Problem>> = queries.iter().map(key).collect();
    let now = queries.first().map_or(0, |query| query.now);
    // Each that nobody has answered yet, once.
    let mut open: BTreeMap<Key, &Query> = BTreeMap::new();
    let mut found: BTreeMap<Key, Answered> = BTreeMap::new();
    for (key, query) in keys.iter().zip(queries) {
        let Ok(key) = key else { continue };
        match state.answers.get(*key, now) {
            Some(kept) => {
                found.insert(*key, Ok((kept, true)));
            }
            None => {
                open.insert(*key, query);
            }
        }
    }
    compute(state, capture, now, open, &mut found).await;
    let missing = || Problem::new(ProblemKind::Internal, crate::problem::INTERNAL);
    keys.into_iter()
        .map(|key| found.get(&key?).cloned().unwrap_or_else(|| Err(missing())))
        .collect()
}

/// Answers what is open. Others who work on one of them are waited for; whoever waits for several does so in the order
/// of the keys, so that no two wait for each other.
async fn compute(
    state: &ServerState,
    capture: &Capture,
    now: i64,
    mut open: BTreeMap<Key, &Query>,
    found: &mut BTreeMap<Key, Answered>,
) {
    let turns: Vec<Turn> = open.keys().map(|key| state.answers.turn(*key)).collect();
    let mut held = Vec::with_capacity(turns.len());
    for turn in &turns {
        held.push(turn.wait().await);
    }
    open.retain(|key, _| match state.answers.get(*key, now) {
        Some(kept) => {
            found.insert(*key, Ok((kept, true)));
            false
        }
        None => true,
    });
    if open.is_empty() {
        return;
    }
    let together = match leave_to_run(state, 1).await {
        Ok(turn) => turn,
        Err(problem) => {
            let refused = open.into_keys().map(|key| (key, Err(problem.clone())));
            return found.extend(refused);
        }
    };
    let asked: Vec<Query> = open.values().map(|query| (*query).clone()).collect();
    let answers = state.engine.run_all(&asked, capture).await;
    drop(together);
    for ((key, query), answer) in open.into_iter().zip(answers) {
        let answer = match answer.map_err(Problem::from) {
            // What finds no memory beside the others may find it alone.
            Err(problem) if problem.kind() == ProblemKind::QueryTooLarge => {
                let alone = || async { Ok(state.engine.run(query, capture).await?) };
                in_turn(state, alone).await
            }
            answer => answer,
        };
        let kept = answer.and_then(|answer| Kept::new(answer, None, now));
        if let Ok(kept) = &kept {
            state.answers.keep(key, kept);
        }
        found.insert(key, kept.map(|kept| (kept, false)));
    }
}

/// All answers as one. The tag is made of theirs.
fn together(
    headers: &HeaderMap,
    answers: &[Answered],
    request_id: &str,
) -> Result<Response, Problem> {
    let mut body = b"{\"answers\":[".to_vec();
    let mut tags: Vec<Value> = Vec::with_capacity(answers.len());
    let mut all_kept = true;
    for (position, answer) in answers.iter().enumerate() {
        if position > 0 {
            body.push(b',');
        }
        match answer {
            Ok((answer, kept)) => {
                let about = json!({ "etag": answer.tag(), "kept": kept }).to_string();
                body.extend_from_slice(about.trim_end_matches('}').as_bytes());
                body.extend_from_slice(b",\"answer\":");
                body.extend_from_slice(answer.body());
                body.push(b'}');
                tags.push(json!(answer.tag()));
                all_kept &= kept;
            }
            Err(problem) => {
                let told = json!({ "problem": problem.details(request_id) });
                body.extend_from_slice(told.to_string().as_bytes());
                tags.push(json!(problem.details("")));
                all_kept = false;
            }
        }
    }
    body.extend_from_slice(b"]}");
    let whole = Kept::of(body, &serde_json::to_vec(&tags).unwrap_or_default(), 0)?;
    let found = match all_kept {
        true => Found::Kept,
        false => Found::New,
    };
    Ok(whole.response(headers, found))
}
