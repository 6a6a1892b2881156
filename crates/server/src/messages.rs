//! What was said: `GET /api/v1/messages`, the newest messages of which filters hold, with their texts.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::{Extension, Json};
use serde::Serialize;
use upshot_metrics::{MessageQuery, SaidMessage};
use utoipa::ToSchema;

use crate::access::record::Done;
use crate::facts::Facts;
use crate::input::{Workspace, pairs, unknown_parameter};
use crate::openapi::{SelectionParameters, WorkspaceParameters};
use crate::problem::{Problem, ProblemDetails};
use crate::selection::{SELECTION, Selection};
use crate::sessions::{DEFAULT_LIMIT, MessageWithText, limit_of};
use crate::state::ServerState;
use crate::turns::bounded;

/// A page of messages.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessagePage {
    /// The messages, the latest first.
    messages: Vec<MessageWithText>,
    /// Send this as `cursor`, with everything else as it was, for the next page; null on the last.
    next_cursor: Option<String>,
}

/// List messages
///
/// The latest first, with their texts. A filter means what it means in queries of messages (`message.unmatched`,
/// `message.intent = refund`), and may be about the session, too (`channel = web`); the range is about when a message was written.
/// `docs/query.md` has the language of filters.
#[utoipa::path(
    get,
    path = "/api/v1/messages",
    operation_id = "list_messages",
    tag = "sessions",
    params(
        WorkspaceParameters,
        SelectionParameters,
        ("limit" = Option<usize>, Query, description = "How many at most, 1 to 1000; 50 where nothing is said"),
        ("cursor" = Option<String>, Query, description = "Where the list goes on: `next_cursor` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of messages", body = MessagePage),
        (status = 400, description = "A parameter is wrong; `errors` names it with what was perhaps meant", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 504, description = "The answer took too long", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    Workspace(workspace): Workspace,
    RawQuery(parameters): RawQuery,
) -> Result<(Extension<Done>, Json<MessagePage>), Problem> {
    let (mut query, limit) = message_query(parameters.as_deref().unwrap_or_default())?;
    query.now = state.now();
    let work = || async {
        let (profile, tables) = (query.profile.as_deref(), query.tables_needed());
        let capture = Arc::new(state.capture(&workspace, profile, &tables).await?);
        Ok(state.engine.messages(&query, capture).await?)
    };
    let mut messages = bounded(&state, "messages", work).await?;
    let more = messages.len() > limit;
    messages.truncate(limit);
    let done = done(&messages, &query);
    let next_cursor = messages.last().filter(|_| more).map(SaidMessage::cursor);
    let messages = messages.into_iter().map(|said| MessageWithText {
        facts: Facts(said.message),
        text: said.text,
    });
    let page = MessagePage {
        messages: messages.collect(),
        next_cursor,
    };
    Ok((Extension(done), Json(page)))
}

/// What the parameters of an address ask for: one message more than the page holds, so that it is known whether there are more.
fn message_query(parameters: &str) -> Result<(MessageQuery, usize), Problem> {
    let mut query = MessageQuery::default();
    let mut selection = Selection::default();
    let mut limit = DEFAULT_LIMIT;
    for (name, value) in pairs(parameters) {
        let Some(value) = selection.take(&name, value)? else {
            continue;
        };
        match name.as_str() {
            "limit" => limit = limit_of(&value, "messages")?,
            "cursor" => query.cursor = Some(value),
            _ => {
                let known = [&SELECTION[..], &["limit", "cursor"]].concat();
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
    let query = MessageQuery {
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

/// So many sessions have room in the record.
const MOST_NAMED: usize = 8;

/// For the record of who read what: how many messages of how many sessions, which, where they are few, and what was asked for. What
/// filters say may name users, whom nobody takes out of the record.
fn done(messages: &[SaidMessage], query: &MessageQuery) -> Done {
    let sessions = messages.iter();
    let sessions: BTreeSet<&str> = sessions
        .filter_map(|said| said.message.session_id.as_deref())
        .collect();
    let mut detail = format!("{} of {} sessions", messages.len(), sessions.len());
    if sessions.len() <= MOST_NAMED {
        for (place, session) in sessions.iter().enumerate() {
            detail.push_str(if place == 0 { ": " } else { ", " });
            detail.push_str(session);
        }
    } else {
        let range = &query.range;
        let told = [
            ("from", &range.from),
            ("to", &range.to),
            ("last", &range.last),
        ];
        for (name, value) in told {
            detail.extend(value.iter().map(|value| format!("; {name} {value}")));
        }
        if !query.filters.is_empty() {
            detail.push_str(&format!("; filters: {}", query.filters.len()));
        }
        detail.push_str(if query.cursor.is_some() {
            "; a later page"
        } else {
            ""
        });
    }
    Done {
        subject: "messages".to_owned(),
        detail,
    }
}

#[cfg(test)]
mod tests {
    use upshot_core::Message;
    use upshot_metrics::RangeSpec;

    use super::*;

    fn of_sessions(count: usize) -> Vec<SaidMessage> {
        let message = |number| Message {
            session_id: Some(format!("{number:032}").into()),
            ..Message::default()
        };
        let said = |number| SaidMessage {
            message: message(number),
            text: Some("secret".to_owned()),
        };
        (0..count).map(said).collect()
    }

    #[test]
    fn the_record_names_few_sessions_and_says_of_many_what_was_asked() {
        let query = MessageQuery {
            filters: vec!["user_id = anna".to_owned()],
            range: RangeSpec {
                last: Some("28d".to_owned()),
                ..RangeSpec::default()
            },
            ..MessageQuery::default()
        };
        let few = done(&of_sessions(MOST_NAMED), &query).detail;
        assert!(few.starts_with("8 of 8 sessions: 0000"), "{few}");
        assert!(few.ends_with('7'), "{few}");
        // The record cuts what is longer.
        assert!(few.len() <= 300, "{few}");
        let many = done(&of_sessions(MOST_NAMED + 1), &query).detail;
        assert_eq!(many, "9 of 9 sessions; last 28d; filters: 1");
    }
}
