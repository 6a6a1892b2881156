//! The description of the interface, made from the code. `openapi.json` at the root of the repository
//! is this, and a test compares.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;
use upshot_metrics::RowFormat;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, SchemaFormat};
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    Content, ObjectBuilder, Ref, RefOr, Required, Response, ResponseBuilder, Schema,
};
use utoipa::{IntoParams, IntoResponses, Modify, OpenApi, ToResponse};

use crate::access::routes::{Need, declared};
use crate::input::WORKSPACE;
use crate::problem::{FieldProblem, INTERNAL, PROBLEM_JSON, Problem, ProblemDetails, ProblemKind};

/// Nobody is signed in and there is no key, or a wrong one.
#[derive(ToResponse)]
#[response(
    description = "The server has a key or an owner, and it is not known who asks",
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
        (name = "workspace", description = "What a workspace has set for itself"),
        (name = "views", description = "Views, boards and annotations of the web app"),
        (name = "segments", description = "Filters that are saved under a name"),
        (name = "fact sets", description = "The rules that turn events into sessions, in use"),
        (name = "registry", description = "What there is to ask for"),
        (name = "people", description = "Who takes part, and what they may do"),
        (name = "health", description = "How the server is"),
    ),
    components(schemas(FieldProblem, upshot_metrics::ExportTable), responses(Unauthorized)),
    security(("key" = []), ("cookie" = [])),
    modifiers(&Ways)
)]
pub(crate) struct Description;

/// The ways to say who asks, as OpenAPI says them.
struct Ways;

impl Modify for Ways {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.description = Some("The server's key, or one of the workspace".to_owned());
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(scheme));
        let cookie = ApiKeyValue::with_description(
            "upshot",
            "What `/api/v1/sign-in` sets; over https its name begins with `__Host-`",
        );
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(cookie));
        components.add_security_scheme("cookie", cookie);
    }
}

/// What workspaces may be called.
const WORKSPACE_NAME: &str = "^[a-z][a-z0-9_]{0,62}$";

/// Which sessions or rows are meant, wherever some are listed or written out.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(
    dead_code,
    reason = "they are read one by one, so that an error names its own"
)]
pub(crate) struct SelectionParameters {
    /// A filter; may be repeated, and all of them must hold
    #[param(example = json!(["channel = web and not engaged"]))]
    filter: Option<Vec<String>>,
    /// The first day or instant
    #[param(example = "2026-03-01")]
    from: Option<String>,
    /// The last day, with it, or instant, without it
    #[param(example = "2026-03-31")]
    to: Option<String>,
    /// Instead: the last stretch of time, such as 24h, 28d, 3mo
    last: Option<String>,
    /// The IANA name of the zone of days; that of the workspace where nothing is said
    time_zone: Option<String>,
    /// production (where nothing is said), test or all
    environment: Option<String>,
    /// Which fact set is read: the name of its profile, or of its facts; the active one where nothing is said
    profile: Option<String>,
}

/// When, and to which bot, something happened that is asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(
    dead_code,
    reason = "they are read one by one, so that an error names its own"
)]
pub(crate) struct HappenedParameters {
    /// The first day or instant
    #[param(example = "2026-03-01")]
    from: Option<String>,
    /// The last day, with it, or instant, without it
    to: Option<String>,
    /// Instead: the last stretch of time, such as 28d
    last: Option<String>,
    /// The IANA name of the zone of days; that of the workspace where nothing is said
    time_zone: Option<String>,
    /// Only what is about this bot, or about all
    bot: Option<String>,
}

/// How a request names its workspace.
pub(crate) struct WorkspaceParameters;

impl IntoParams for WorkspaceParameters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameter = |name: &str, place, description| {
            let name_of_workspace = ObjectBuilder::new()
                .schema_type(Type::String)
                .pattern(Some(WORKSPACE_NAME));
            ParameterBuilder::new()
                .name(name)
                .parameter_in(place)
                .required(Required::False)
                .description(Some(description))
                .schema(Some(name_of_workspace))
                .build()
        };
        vec![
            parameter(
                WORKSPACE.as_str(),
                ParameterIn::Header,
                "The workspace; where nothing is said that of the key, or `main`, or the caller's first",
            ),
            parameter(
                "workspace",
                ParameterIn::Query,
                "The same, for clients that cannot set headers",
            ),
        ]
    }
}

/// In which form an answer is wanted, for clients that cannot set headers.
pub(crate) struct FormatParameter;

impl IntoParams for FormatParameter {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let names = RowFormat::ALL.map(RowFormat::name);
        let formats = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(std::iter::once("json").chain(names)));
        let format = ParameterBuilder::new()
            .name("format")
            .parameter_in(ParameterIn::Query)
            .required(Required::False)
            .description(Some(
                "The whole answer as JSON, or its rows in another format; where nothing is said as `accept` asks",
            ))
            .schema(Some(formats))
            .example(Some("json".into()));
        vec![format.build()]
    }
}

/// What questions are answered with beside their answers.
pub(crate) struct QuestionResponses;

impl IntoResponses for QuestionResponses {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let unchanged = ResponseBuilder::new()
            .description("The client has the answer already: its `if-none-match` names it")
            .build();
        let unauthorized = Ref::from_response_name("Unauthorized");
        let mut responses = BTreeMap::from([
            ("304".to_owned(), RefOr::T(unchanged)),
            ("401".to_owned(), RefOr::Ref(unauthorized)),
        ]);
        for (status, description) in [
            (
                "400",
                "The question is wrong; `errors` names every field with what was perhaps meant",
            ),
            (
                NOT_ACCEPTABLE,
                "The answer is in none of the types that `accept` names",
            ),
            ("415", "The body is of another type or encoding"),
            (
                "422",
                "The answer needs more memory or groups than are allowed",
            ),
            ("504", "The answer took too long"),
        ] {
            responses.insert(status.to_owned(), RefOr::T(refused(description)));
        }
        responses
    }
}

/// Only questions are answered with it.
const NOT_ACCEPTABLE: &str = "406";

fn refused(description: &str) -> Response {
    ResponseBuilder::new()
        .description(description)
        .content(
            PROBLEM_JSON,
            Content::new(Some(Ref::from_schema_name("Problem"))),
        )
        .build()
}

/// Says of an operation what is so of all: a parameter is left out rather than null, and what names a
/// workspace may name none.
fn complete(route: (&str, &str), operation: &mut Operation) {
    permission(route, operation);
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
        names_workspace |= parameter.name == WORKSPACE.as_str();
    }
    if names_workspace {
        let responses = &mut operation.responses.responses;
        let refused = || RefOr::T(refused("The request names no workspace, or two"));
        responses.entry("400".to_owned()).or_insert_with(refused);
    }
    formats(operation);
}

/// What the server answers to the examples of requests: for each operation, by media type. A test asks for them, writes them
/// where it is told to, and sees to it that they are as they are described.
const ANSWERS: &str = include_str!("example_answers.json");

type Examples = BTreeMap<String, BTreeMap<String, serde_json::Value>>;

/// Adds what is answered to the example of a request.
fn examples(operation: &mut Operation, answers: &Examples) {
    let of = operation.operation_id.as_ref();
    let Some(answers) = of.and_then(|id| answers.get(id)) else {
        return;
    };
    let responses = &mut operation.responses.responses;
    let good = responses
        .iter_mut()
        .find(|(status, _)| status.starts_with('2'));
    let Some((_, RefOr::T(good))) = good else {
        return;
    };
    for (media_type, content) in &mut good.content {
        if let RefOr::T(content) = content {
            content.example = answers.get(media_type).cloned();
        }
    }
}

/// Says in which formats rows come: of the answer to a question as of what is exported.
fn formats(operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    let is_answer = responses.contains_key(NOT_ACCEPTABLE);
    let Some(RefOr::T(good)) = responses.get_mut("200") else {
        return;
    };
    for format in RowFormat::ALL {
        let rows = ObjectBuilder::new().schema_type(Type::String);
        let rows = match format.is_text() {
            true => rows,
            false => rows.format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary))),
        };
        let media_type = format.media_type();
        if is_answer || good.content.contains_key(media_type) {
            let rows = Content::new(Some(Schema::Object(rows.build())));
            good.content.insert(media_type.to_owned(), RefOr::T(rows));
        }
    }
}

/// Says which permission an operation needs, and that it may be refused.
fn permission((method, path): (&str, &str), operation: &mut Operation) {
    let need = declared(method, path).map(|declared| declared.need);
    if let Some(Need::May(permission)) = need {
        let word = Extensions::builder().add("x-permission", permission.as_str());
        operation
            .extensions
            .get_or_insert_default()
            .merge(word.build());
    }
    let detail = match need {
        Some(Need::May(_)) => "The caller may not do this here",
        Some(Need::SignIn | Need::Caller) if method != "GET" => {
            "The request comes from a page of another site, or from nobody who may"
        }
        _ => return,
    };
    let responses = &mut operation.responses.responses;
    let refused = RefOr::T(refused(detail));
    responses.entry("403".to_owned()).or_insert(refused);
}

/// Show this description
///
/// What `openapi.json` in the repository says: of the program that answers.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "show_description",
    tag = "registry",
    security(()),
    responses((status = 200, description = "The description, in OpenAPI 3.1", body = Object))
)]
pub(crate) async fn show() -> Result<([(HeaderName, &'static str); 1], &'static str), Problem> {
    static TEXT: LazyLock<Option<String>> = LazyLock::new(|| json().ok());
    let text = TEXT.as_deref();
    let text = text.ok_or_else(|| Problem::new(ProblemKind::Internal, INTERNAL))?;
    Ok(([(CONTENT_TYPE, "application/json")], text))
}

/// The description as it is kept in the repository.
///
/// # Errors
/// When it cannot be written as JSON, which a test rules out.
pub fn json() -> Result<String, serde_json::Error> {
    let (_, mut description) = crate::router::routes().split_for_parts();
    let answers: Examples = serde_json::from_str(ANSWERS)?;
    for (path, item) in &mut description.paths.paths {
        let operations = [
            ("GET", &mut item.get),
            ("PUT", &mut item.put),
            ("POST", &mut item.post),
            ("DELETE", &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                complete((method, path), operation);
                examples(operation, &answers);
            }
        }
    }
    let mut text = description.to_pretty_json()?;
    text.push('\n');
    Ok(text)
}
