//! The record of who changed what, and who read what was said.

use axum::response::{IntoResponse, Response};
use upshot_core::time::DAY;
use upshot_store::{Deed, Store, StoreError};

use super::caller::Caller;
use crate::input::unescaped;
use crate::problem::Problem;
use crate::state::ServerState;

/// After so long what was done is forgotten.
pub(crate) const KEPT: i64 = 400 * DAY;

/// The most characters of a subject and of a detail.
const LONGEST: usize = 300;

/// What a handler says of what was done, as an extension of its response. Else the subject is the last part of the
/// path, where that is a name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Done {
    /// To what it was done.
    pub subject: String,
    /// What else is to be told.
    pub detail: String,
}

/// Records what was done, if it was. The answer waits until that is on disk.
pub(super) async fn afterwards(
    state: &ServerState,
    caller: &Caller,
    action: &str,
    (route, path): (&str, &str),
    mut response: Response,
) -> Response {
    if !response.status().is_success() {
        return response;
    }
    let done = response.extensions_mut().remove::<Done>();
    let done = done.unwrap_or_else(|| Done {
        subject: last_name(route, path),
        detail: String::new(),
    });
    let deed = Deed {
        time: state.now(),
        who: caller.name(),
        action: action.to_owned(),
        subject: done.subject,
        detail: done.detail,
    };
    match record(&state.store, &caller.workspace, deed).await {
        Ok(()) => response,
        Err(error) => Problem::from(error).into_response(),
    }
}

/// Records what was done in a workspace.
///
/// # Errors
/// When the store cannot be written.
pub async fn record(store: &Store, workspace: &str, mut deed: Deed) -> Result<(), StoreError> {
    for text in [&mut deed.subject, &mut deed.detail] {
        if text.chars().count() > LONGEST {
            *text = text.chars().take(LONGEST).collect();
        }
    }
    let oldest = deed.time - KEPT;
    store.record(workspace, &deed, oldest).await
}

/// The last part of a path whose route has a name there.
fn last_name(route: &str, path: &str) -> String {
    match (route.ends_with('}'), path.rsplit('/').next()) {
        (true, Some(name)) => unescaped(name),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subject_is_the_name_at_the_end() {
        let name = last_name("/api/v1/segments/{name}", "/api/v1/segments/on%20screens");
        assert_eq!(name, "on screens");
        assert_eq!(last_name("/api/v1/prices", "/api/v1/prices"), "");
    }
}
