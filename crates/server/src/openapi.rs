//! The description of the interface, made from the code. `openapi.json` at the root of the repository
//! is this, and a test compares.

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr, ResponseBuilder, Schema};
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
        (name = "segments", description = "Filters that are saved under a name"),
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

/// What workspaces may be called.
const WORKSPACE_NAME: &str = "^[a-z][a-z0-9_]{0,62}$";

/// Says of an operation what is so of all: a parameter is left out rather than null, and what names a
/// workspace may name none.
fn complete(operation: &mut Operation) {
    let mut names_workspace = false;
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else {
            continue;
        };
        let Some(RefOr::T(schema)) = &mut parameter.schema else {
            continue;
        };
        let kind = match schema {
            Schema::Object(object) => &mut object.schema_type,
            Schema::Array(array) => &mut array.schema_type,
            _ => continue,
        };
        if let SchemaType::Array(kinds) = kind {
            kinds.retain(|kind| *kind != Type::Null);
            if let [only] = kinds.as_slice() {
                *kind = SchemaType::Type(only.clone());
            }
        }
        if ["workspace", "x-upshot-workspace"].contains(&parameter.name.as_str())
            && let Schema::Object(object) = schema
        {
            object.pattern = Some(WORKSPACE_NAME.to_owned());
            names_workspace = true;
        }
    }
    if names_workspace {
        let responses = &mut operation.responses.responses;
        let refused = ResponseBuilder::new()
            .description("The request names no workspace, or two")
            .content(
                "application/problem+json",
                Content::new(Some(Ref::from_schema_name("Problem"))),
            );
        let refused = || RefOr::T(refused.build());
        responses.entry("400".to_owned()).or_insert_with(refused);
    }
}

/// The description as it is kept in the repository.
///
/// # Errors
/// When it cannot be written as JSON, which a test rules out.
pub fn json() -> Result<String, serde_json::Error> {
    let (_, mut description) = crate::router::routes().split_for_parts();
    for item in description.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
        ];
        operations.into_iter().flatten().for_each(complete);
    }
    let mut text = description.to_pretty_json()?;
    text.push('\n');
    Ok(text)
}
