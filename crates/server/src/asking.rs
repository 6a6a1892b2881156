//! Every question goes one way: in which form its answer is wanted, the answer that is kept or that others are working on,
//! or else a new one, in its turn and within its time.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::de::DeserializeOwned;
use upshot_metrics::{Answer, Question, RowFormat};

use crate::answers::{Found, Kept, Key};
use crate::input::{json, row_format};
use crate::problem::Problem;
use crate::state::ServerState;
use crate::turns::{in_turn, timed};

/// In which form an answer is wanted.
pub(crate) struct Form {
    /// What the client has already, for example.
    headers: HeaderMap,
    /// How rows are written; nothing where the whole answer is wanted as JSON.
    format: Option<RowFormat>,
}

impl Form {
    /// The form that a request asks for.
    pub fn of(request: &Request) -> Result<Self, Problem> {
        Ok(Self {
            headers: request.headers().clone(),
            format: row_format(request.uri(), request.headers())?,
        })
    }

    /// An answer for which nothing was read.
    pub fn give(&self, answer: impl Answer) -> Result<Response, Problem> {
        let kept = Kept::new(answer, self.format, 0)?;
        Ok(kept.response(&self.headers, Found::Moving))
    }
}

/// Answers the question that is the body of a request.
pub(crate) async fn asked<Q: Question + DeserializeOwned>(
    state: &ServerState,
    workspace: &str,
    request: Request,
) -> Result<Response, Problem> {
    let form = Form::of(&request)?;
    let question: Q = json(state, request).await?;
    answered(state, workspace, &form, question).await
}

/// The answer to a question that is asked now.
pub(crate) async fn answered<Q: Question>(
    state: &ServerState,
    workspace: &str,
    form: &Form,
    question: Q,
) -> Result<Response, Problem> {
    let question = question.asked_at(state.now());
    let answer = timed(
        state,
        Q::KIND,
        found(state, workspace, form.format, &question),
    );
    let (kept, found) = answer.await?;
    state.remember(workspace, &question);
    Ok(kept.response(&form.headers, found))
}

async fn found<Q: Question>(
    state: &ServerState,
    workspace: &str,
    format: Option<RowFormat>,
    question: &Q,
) -> Result<(Kept, Found), Problem> {
    let tables = question.tables();
    let capture = state
        .capture(workspace, question.profile(), &tables)
        .await?;
    let capture = Arc::new(capture);
    let now = question.now();
    let compute = async || {
        let work = || async { Ok(question.answer(&state.engine, &capture).await?) };
        Kept::new(in_turn(state, work).await?, format, now)
    };
    if Q::MOVES {
        return Ok((compute().await?, Found::Moving));
    }
    let key = Key::new((Q::KIND, format), workspace, &capture, question)?;
    if let Some(kept) = state.answers.get(key, now) {
        return Ok((kept, Found::Kept));
    }
    let turn = state.answers.turn(key);
    let _others_wait = turn.wait().await;
    if let Some(kept) = state.answers.get(key, now) {
        return Ok((kept, Found::Kept));
    }
    let kept = compute().await?;
    state.answers.keep(key, &kept);
    Ok((kept, Found::New))
}
