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

/// What a handler says of what was done, as an extension of its response. Else the path says it: the first name in it is
/// the subject.
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
    let done = done.unwrap_or_else(|| named(route, path));
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

/// What a path names: the first name is the subject, what comes behind it the detail.
fn named(route: &str, path: &str) -> Done {
    let parts = route.split('/').zip(path.split('/'));
    let names = parts.filter(|(template, _)| template.starts_with('{'));
    let mut names = names.map(|(_, name)| unescaped(name));
    Done {
        subject: names.next().unwrap_or_default(),
        detail: names.collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subject_is_the_first_name_in_the_path() {
        for (route, path, subject, detail) in [
            (
                "/segments/{name}",
                "/segments/on%20screens",
                "on screens",
                "",
            ),
            ("/sessions/{id}/notes", "/sessions/abc/notes", "abc", ""),
            (
                "/sessions/{id}/labels/{label}",
                "/sessions/abc/labels/a%2Fb",
                "abc",
                "a/b",
            ),
            ("/prices", "/prices", "", ""),
        ] {
            let done = named(route, path);
            assert_eq!(
                (done.subject.as_str(), done.detail.as_str()),
                (subject, detail)
            );
        }
    }
}
