//! What each route needs, and how its use is recorded: the one table of routes.
//!
//! A route that is not here answers nobody: its handler is given no workspace, and a test fails.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::permission::Permission;

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: how the server is, for whoever watches it.
    Nothing,
    /// Nothing but that the request comes from the server's own pages or from a program: the ways to sign in.
    SignIn,
    /// That it is known who asks.
    Caller,
    /// A permission in the workspace that the request is about.
    May(Permission),
}

/// What is declared of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declared {
    /// What it needs.
    pub need: Need,
    /// The action that is recorded when it succeeded; nothing where its use is not recorded.
    pub record: Option<&'static str>,
}

const fn may(permission: Permission) -> Need {
    Need::May(permission)
}

/// Method and path, need, and the action that is recorded, empty where none is.
const ROUTES: &[(&str, Need, &str)] = &[
    ("GET /health/live", Need::Nothing, ""),
    ("GET /health/ready", Need::Nothing, ""),
    ("GET /openapi.json", Need::Nothing, ""),
    ("GET /metrics", may(Permission::Server), ""),
    // Numbers.
    ("POST /api/v1/query", may(Permission::Numbers), ""),
    ("POST /api/v1/queries", may(Permission::Numbers), ""),
    ("POST /api/v1/drivers", may(Permission::Numbers), ""),
    ("POST /api/v1/retention", may(Permission::Numbers), ""),
    ("POST /api/v1/paths", may(Permission::Numbers), ""),
    ("POST /api/v1/flows", may(Permission::Numbers), ""),
    ("POST /api/v1/funnel", may(Permission::Numbers), ""),
    ("POST /api/v1/lift", may(Permission::Numbers), ""),
    ("POST /api/v1/topics", may(Permission::Numbers), ""),
    ("GET /api/v1/live", may(Permission::Numbers), ""),
    ("GET /api/v1/changes", may(Permission::Numbers), ""),
    ("GET /api/v1/metrics", may(Permission::Numbers), ""),
    ("GET /api/v1/metrics/{id}", may(Permission::Numbers), ""),
    ("GET /api/v1/dimensions", may(Permission::Numbers), ""),
    ("GET /api/v1/profiles", may(Permission::Numbers), ""),
    ("GET /api/v1/prices", may(Permission::Numbers), ""),
    ("GET /api/v1/segments", may(Permission::Numbers), ""),
    ("GET /api/v1/segments/{name}", may(Permission::Numbers), ""),
    ("GET /api/v1/fact-sets", may(Permission::Numbers), ""),
    ("GET /api/v1/checks/reported", may(Permission::Numbers), ""),
    ("GET /api/v1/settings", may(Permission::Numbers), ""),
    ("GET /api/v1/demo", may(Permission::Numbers), ""),
    // Sessions and what was said in them.
    ("POST /api/v1/drilldown", may(Permission::Sessions), ""),
    ("GET /api/v1/sessions", may(Permission::Sessions), ""),
    (
        "GET /api/v1/sessions/{id}",
        may(Permission::Text),
        "session.read",
    ),
    (
        "GET /api/v1/messages",
        may(Permission::Text),
        "messages.read",
    ),
    (
        "GET /api/v1/sessions/{id}/under/{profile}",
        may(Permission::Text),
        "session.read",
    ),
    (
        "GET /api/v1/export/{table}",
        may(Permission::Export),
        "rows.export",
    ),
    (
        "POST /api/v1/export/{table}",
        may(Permission::Export),
        "rows.export",
    ),
    ("GET /api/v1/views", may(Permission::Sessions), ""),
    ("GET /api/v1/views/{name}", may(Permission::Sessions), ""),
    ("GET /api/v1/boards", may(Permission::Sessions), ""),
    ("GET /api/v1/boards/{name}", may(Permission::Sessions), ""),
    ("GET /api/v1/annotations", may(Permission::Sessions), ""),
    ("GET /api/v1/releases", may(Permission::Sessions), ""),
    (
        "PUT /api/v1/releases",
        may(Permission::Define),
        "releases.set",
    ),
    ("GET /api/v1/labels", may(Permission::Sessions), ""),
    ("GET /api/v1/sessions/{id}/notes", may(Permission::Text), ""),
    (
        "POST /api/v1/sessions/{id}/notes",
        may(Permission::Notes),
        "note.add",
    ),
    (
        "PUT /api/v1/sessions/{id}/notes/{note}",
        may(Permission::Notes),
        "note.set",
    ),
    (
        "DELETE /api/v1/sessions/{id}/notes/{note}",
        may(Permission::Notes),
        "note.remove",
    ),
    (
        "PUT /api/v1/sessions/{id}/labels/{label}",
        may(Permission::Notes),
        "label.set",
    ),
    (
        "DELETE /api/v1/sessions/{id}/labels/{label}",
        may(Permission::Notes),
        "label.remove",
    ),
    // What comes in.
    ("GET /api/v1/sources", may(Permission::Ingest), ""),
    (
        "POST /api/v1/import",
        may(Permission::Ingest),
        "file.import",
    ),
    ("POST /api/v1/events", may(Permission::Ingest), ""),
    // What people define and set.
    (
        "PUT /api/v1/segments/{name}",
        may(Permission::Define),
        "segment.set",
    ),
    (
        "DELETE /api/v1/segments/{name}",
        may(Permission::Define),
        "segment.remove",
    ),
    (
        "POST /api/v1/fact-sets/preview",
        may(Permission::Sessions),
        "",
    ),
    (
        "POST /api/v1/fact-sets",
        may(Permission::Settings),
        "profile.apply",
    ),
    (
        "DELETE /api/v1/fact-sets/{name}",
        may(Permission::Settings),
        "profile.remove",
    ),
    (
        "PUT /api/v1/prices",
        may(Permission::Settings),
        "prices.set",
    ),
    (
        "PUT /api/v1/settings",
        may(Permission::Settings),
        "settings.set",
    ),
    (
        "DELETE /api/v1/demo",
        may(Permission::Settings),
        "demo.clear",
    ),
    ("GET /api/v1/keeping", may(Permission::Numbers), ""),
    (
        "PUT /api/v1/keeping",
        may(Permission::Settings),
        "keeping.set",
    ),
    (
        "POST /api/v1/keeping/preview",
        may(Permission::Settings),
        "",
    ),
    ("GET /api/v1/text-mode", may(Permission::Numbers), ""),
    (
        "PUT /api/v1/text-mode",
        may(Permission::Settings),
        "text_mode.set",
    ),
    (
        "PUT /api/v1/text-mode/sources/{source}",
        may(Permission::Settings),
        "text_mode.set_source",
    ),
    ("GET /api/v1/erasures", may(Permission::Audit), ""),
    (
        "POST /api/v1/erasures",
        may(Permission::Settings),
        "user.erase",
    ),
    (
        "POST /api/v1/erasures/preview",
        may(Permission::Settings),
        "",
    ),
    (
        "PUT /api/v1/views/{name}",
        may(Permission::Define),
        "view.set",
    ),
    (
        "DELETE /api/v1/views/{name}",
        may(Permission::Define),
        "view.remove",
    ),
    (
        "PUT /api/v1/boards/{name}",
        may(Permission::Define),
        "board.set",
    ),
    (
        "DELETE /api/v1/boards/{name}",
        may(Permission::Define),
        "board.remove",
    ),
    (
        "POST /api/v1/annotations",
        may(Permission::Define),
        "annotation.add",
    ),
    (
        "PUT /api/v1/annotations/{id}",
        may(Permission::Define),
        "annotation.set",
    ),
    (
        "DELETE /api/v1/annotations/{id}",
        may(Permission::Define),
        "annotation.remove",
    ),
    // People.
    ("GET /api/v1/me", Need::Caller, ""),
    ("PUT /api/v1/me", Need::Caller, "me.change"),
    ("POST /api/v1/sign-in", Need::SignIn, ""),
    ("POST /api/v1/sign-in/forgotten", Need::SignIn, ""),
    ("POST /api/v1/sign-out", Need::SignIn, ""),
    ("POST /api/v1/links/look", Need::SignIn, ""),
    ("POST /api/v1/links/accept", Need::SignIn, ""),
    ("GET /api/v1/people", may(Permission::People), ""),
    (
        "PUT /api/v1/people/{id}",
        may(Permission::People),
        "person.role",
    ),
    (
        "DELETE /api/v1/people/{id}",
        may(Permission::People),
        "person.remove",
    ),
    (
        "POST /api/v1/people/{id}/reset",
        may(Permission::People),
        "person.reset",
    ),
    (
        "POST /api/v1/people/invitations",
        may(Permission::People),
        "person.invite",
    ),
    (
        "DELETE /api/v1/people/invitations/{id}",
        may(Permission::People),
        "person.uninvite",
    ),
    ("GET /api/v1/keys", may(Permission::Keys), ""),
    ("POST /api/v1/keys", may(Permission::Keys), "key.make"),
    (
        "DELETE /api/v1/keys/{id}",
        may(Permission::Keys),
        "key.remove",
    ),
    ("GET /api/v1/shares", may(Permission::Shares), ""),
    ("POST /api/v1/shares", may(Permission::Shares), "share.make"),
    (
        "DELETE /api/v1/shares/{id}",
        may(Permission::Shares),
        "share.remove",
    ),
    ("GET /api/v1/mail", may(Permission::Settings), ""),
    // Links for new passwords go that way, also those of owners.
    ("PUT /api/v1/mail", may(Permission::Owners), "mail.set"),
    ("POST /api/v1/mail/test", may(Permission::Settings), ""),
    ("GET /api/v1/audit", may(Permission::Audit), ""),
];

static TABLE: LazyLock<HashMap<&'static str, Declared>> = LazyLock::new(|| {
    let declared = ROUTES.iter().map(|(route, need, action)| {
        let record = (!action.is_empty()).then_some(*action);
        (
            *route,
            Declared {
                need: *need,
                record,
            },
        )
    });
    declared.collect()
});

/// What is declared of a route; HEAD is as GET.
pub fn declared(method: &str, path: &str) -> Option<Declared> {
    let method = if method == "HEAD" { "GET" } else { method };
    TABLE.get(format!("{method} {path}").as_str()).copied()
}

/// All routes that are declared, as `GET /path`.
pub fn all() -> impl Iterator<Item = &'static str> {
    ROUTES.iter().map(|(route, _, _)| *route)
}
