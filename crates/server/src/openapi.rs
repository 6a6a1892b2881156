//! The description of the interface, made from the code. `openapi.json` at the root of the repository
//! is this, and a test compares.

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi, ToResponse};

use crate::problem::{FieldProblem, ProblemDetails};

/// No key, or another one than the server's.
#[derive(ToResponse)]
#[response(
    description = "A key is set and the request does not carry it",
    content_type = "application/problem+json"
)]
#[allow(dead_code, reason = "stands for an answer that the guard makes")]
pub(crate) struct Unauthorized<'a>(#[to_schema] ProblemDetails<'a>);

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Upshot",
        description = "Analytics for conversations: events come in, numbers go out. docs/http.md \
            tells the same in prose.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    servers((url = "http://127.0.0.1:7700", description = "Where a server listens unless told otherwise")),
    tags(
        (name = "events", description = "The way in"),
        (name = "numbers", description = "Questions and their answers"),
        (name = "sessions", description = "The sessions behind the numbers"),
        (name = "export", description = "Rows for other programs"),
        (name = "fact sets", description = "The rules that turn events into sessions, in use"),
        (name = "registry", description = "What there is to ask for"),
        (name = "health", description = "How the server is"),
    ),
    components(schemas(FieldProblem, upshot_metrics::ExportTable), responses(Unauthorized)),
    security(("key" = [])),
    modifiers(&Key)
)]
pub(crate) struct Description;

/// The key as OpenAPI says it.
struct Key;

impl Modify for Key {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.description = Some("The server's key, where one is set".to_owned());
        description
            .components
            .get_or_insert_default()
            .add_security_scheme("key", SecurityScheme::Http(scheme));
    }
}

/// The description as it is kept in the repository.
///
/// # Errors
/// When it cannot be written as JSON, which a test rules out.
pub fn json() -> Result<String, serde_json::Error> {
    let (_, description) = crate::router::routes().split_for_parts();
    let mut text = description.to_pretty_json()?;
    text.push('\n');
    Ok(text)
}
