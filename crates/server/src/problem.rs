//! What goes wrong, as RFC 9457 problem details.
//!
//! A handler returns a [`Problem`]. It travels as an extension of an empty response, and the
//! outermost layer writes it down together with the request's id, so that answers that no handler
//! made (no such path, no such method, a panic) look the same.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use upshot_lake::LakeError;
use upshot_store::StoreError;
use utoipa::ToSchema;

/// The media type of problem details.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What kind of thing went wrong: decides the type, the title and the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// The request is not what the interface expects.
    BadRequest,
    /// The body is not JSON of the expected shape.
    InvalidJson,
    /// The query names something that is not there, or contradicts itself.
    InvalidQuery,
    /// Some records could not be taken in; the others were.
    RejectedRecords,
    /// Nobody is signed in and there is no key, or a wrong one.
    Unauthorized,
    /// The address or the password is wrong.
    SignInRefused,
    /// It is known who asks, and they may not.
    Forbidden,
    /// Too many wrong tries to sign in, or mails.
    TooManyTries,
    /// The request came under a name that is not the server's.
    WrongHost,
    /// There is nothing of this name.
    NotFound,
    /// The path has other methods.
    MethodNotAllowed,
    /// The change cannot be made beside what there is.
    Conflict,
    /// The client took too long to send its request.
    RequestTimeout,
    /// The body is larger than is accepted.
    TooLarge,
    /// The body is of a type or encoding that is not accepted.
    UnsupportedMediaType,
    /// The answer is in none of the types that the client takes.
    NotAcceptable,
    /// The pages of an answer are gone, because the data have changed.
    OutdatedCursor,
    /// The query needs more than queries may take.
    QueryTooLarge,
    /// The server has no room now.
    Busy,
    /// Something failed within the server.
    Internal,
    /// The mail server is not there, or refused.
    MailFailed,
    /// The server accepts nothing now.
    Unavailable,
    /// The answer took too long.
    QueryTimeout,
}

impl ProblemKind {
    /// The type's last part, the title and the status.
    const fn parts(self) -> (&'static str, &'static str, StatusCode) {
        match self {
            Self::BadRequest => ("bad-request", "Bad request", StatusCode::BAD_REQUEST),
            Self::InvalidJson => ("invalid-json", "Invalid JSON", StatusCode::BAD_REQUEST),
            Self::InvalidQuery => ("invalid-query", "Invalid query", StatusCode::BAD_REQUEST),
            Self::RejectedRecords => (
                "rejected-records",
                "Some records were rejected",
                StatusCode::BAD_REQUEST,
            ),
            Self::Unauthorized => (
                "unauthorized",
                "Sign-in or key needed",
                StatusCode::UNAUTHORIZED,
            ),
            Self::SignInRefused => (
                "sign-in-refused",
                "Sign-in refused",
                StatusCode::UNAUTHORIZED,
            ),
            Self::Forbidden => ("forbidden", "Not allowed", StatusCode::FORBIDDEN),
            Self::TooManyTries => (
                "too-many-tries",
                "Too many tries",
                StatusCode::TOO_MANY_REQUESTS,
            ),
            Self::WrongHost => ("wrong-host", "Wrong host", StatusCode::MISDIRECTED_REQUEST),
            Self::NotFound => ("not-found", "Not found", StatusCode::NOT_FOUND),
            Self::MethodNotAllowed => (
                "method-not-allowed",
                "Method not allowed",
                StatusCode::METHOD_NOT_ALLOWED,
            ),
            Self::Conflict => ("conflict", "Conflict", StatusCode::CONFLICT),
            Self::RequestTimeout => (
                "request-timeout",
                "Request took too long",
                StatusCode::REQUEST_TIMEOUT,
            ),
            Self::TooLarge => ("too-large", "Body too large", StatusCode::PAYLOAD_TOO_LARGE),
            Self::UnsupportedMediaType => (
                "unsupported-media-type",
                "Unsupported type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ),
            Self::NotAcceptable => (
                "not-acceptable",
                "Type not available",
                StatusCode::NOT_ACCEPTABLE,
            ),
            Self::OutdatedCursor => ("outdated-cursor", "The data has changed", StatusCode::GONE),
            Self::QueryTooLarge => (
                "query-too-large",
                "Query too large",
                StatusCode::UNPROCESSABLE_ENTITY,
            ),
            Self::Busy => ("busy", "Too much at once", StatusCode::TOO_MANY_REQUESTS),
            Self::Internal => (
                "internal",
                "Internal error",
                StatusCode::INTERNAL_SERVER_ERROR,
            ),
            Self::MailFailed => (
                "mail-failed",
                "The mail was not sent",
                StatusCode::BAD_GATEWAY,
            ),
            Self::Unavailable => (
                "unavailable",
                "Unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
            ),
            Self::QueryTimeout => (
                "query-timeout",
                "Query took too long",
                StatusCode::GATEWAY_TIMEOUT,
            ),
        }
    }

    /// The status.
    pub const fn status(self) -> StatusCode {
        self.parts().2
    }

    /// The kind of an answer that no handler made.
    fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            status if status.is_server_error() => Self::Internal,
            _ => Self::BadRequest,
        }
    }
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldProblem {
    /// The field, such as `metrics[1]` or `filters[0]`.
    #[schema(examples("filters[0]"))]
    pub field: String,
    /// Where in the field's text, in characters from 0; nothing where the whole is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<usize>,
    /// What is wrong and what would do.
    #[schema(examples("there is no field `chanel`"))]
    pub detail: String,
    /// What was perhaps meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("channel"))]
    pub suggestion: Option<String>,
}

/// What went wrong.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: ProblemKind,
    detail: Cow<'static, str>,
    errors: Vec<FieldProblem>,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// How a problem is written down.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDetails<'a> {
    /// What kind of problem it is; does not change between occurrences.
    #[serde(rename = "type")]
    #[schema(examples("urn:upshot:problem:invalid-query"))]
    problem_type: String,
    /// The kind in words.
    #[schema(examples("Invalid query"))]
    title: &'static str,
    /// The status of the answer.
    #[schema(examples(400))]
    status: u16,
    /// What went wrong this time, and what would help.
    #[schema(examples("filters[0]: there is no field `chanel`; did you mean `channel`?"))]
    detail: &'a str,
    /// This occurrence: holds the id under which the server's log knows the request.
    #[schema(examples("urn:upshot:request:5f3a9c01-00000007"))]
    instance: String,
    /// Everything that is wrong with the request, where it is about fields.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldProblem],
    /// What else the kind of problem tells.
    #[serde(flatten)]
    #[schema(ignore)]
    members: &'a Map<String, Value>,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(kind: ProblemKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            members: Map::new(),
            headers: Vec::new(),
        }
    }

    /// A request that is wrong in one field.
    pub fn field(kind: ProblemKind, field: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self::new(kind, format!("{field}: {detail}")).with_errors(vec![FieldProblem {
            field: field.to_owned(),
            position: None,
            detail,
            suggestion: None,
        }])
    }

    /// The same with everything that is wrong with the request's fields.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldProblem>) -> Self {
        self.errors = errors;
        self
    }

    /// The same of a part of the request: its fields are named with where that is.
    #[must_use]
    pub fn within(mut self, place: &str) -> Self {
        for error in &mut self.errors {
            error.field.insert_str(0, place);
        }
        self.detail = format!("{}: {}", place.trim_end_matches('.'), self.detail).into();
        self
    }

    /// The same with what else is to be told.
    #[must_use]
    pub fn with_members(mut self, members: Map<String, Value>) -> Self {
        self.members = members;
        self
    }

    /// The same with a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// What kind it is.
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// No room now; try again after so many seconds.
    pub fn busy(detail: impl Into<Cow<'static, str>>, retry_after_seconds: u32) -> Self {
        Self::retry(ProblemKind::Busy, detail, retry_after_seconds)
    }

    /// Not now; try again after so many seconds.
    pub fn retry(
        kind: ProblemKind,
        detail: impl Into<Cow<'static, str>>,
        after_seconds: u32,
    ) -> Self {
        Self::new(kind, detail).with_header(RETRY_AFTER, HeaderValue::from(after_seconds.max(1)))
    }

    /// How it is written down.
    pub(crate) fn details(&self, request_id: &str) -> ProblemDetails<'_> {
        let (name, title, status) = self.kind.parts();
        ProblemDetails {
            problem_type: format!("urn:upshot:problem:{name}"),
            title,
            status: status.as_u16(),
            detail: &self.detail,
            instance: format!("urn:upshot:request:{request_id}"),
            errors: &self.errors,
            members: &self.members,
        }
    }

    /// The answer to a client.
    pub(crate) fn render(&self, request_id: &str) -> Response {
        let body = serde_json::to_vec(&self.details(request_id)).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.kind.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        response
    }

    /// What an answer that no handler made says.
    pub(crate) fn of_status(status: StatusCode, method: &str, path: &str) -> Self {
        let kind = ProblemKind::of_status(status);
        let detail = match kind {
            ProblemKind::NotFound => {
                format!("there is no `{path}`; docs/http.md lists what there is")
            }
            ProblemKind::MethodNotAllowed => {
                format!("`{path}` does not take {method}; the header `Allow` says what it takes")
            }
            ProblemKind::Internal => INTERNAL.to_owned(),
            _ => status
                .canonical_reason()
                .unwrap_or("bad request")
                .to_lowercase(),
        };
        Self::new(kind, detail)
    }
}

/// What a client learns of a failure within the server; the log says more.
pub(crate) const INTERNAL: &str =
    "the server failed to answer; its log says why, under the id in `instance`";

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<LakeError> for Problem {
    fn from(error: LakeError) -> Self {
        match &error {
            LakeError::Full {
                retry_after_seconds,
            } => Self::busy(error.to_string(), *retry_after_seconds),
            LakeError::WorkspaceName(_) => {
                Self::field(ProblemKind::BadRequest, "workspace", error.to_string())
            }
            LakeError::KeepingRefused(_) => Self::new(ProblemKind::BadRequest, error.to_string()),
            LakeError::UnknownFactSet { .. } | LakeError::FactSetUnfinished(_) => {
                Self::field(ProblemKind::BadRequest, "profile", error.to_string())
            }
            LakeError::FactSetRefused(_)
            | LakeError::ClearingRefused(_)
            | LakeError::ErasureUnfinished(_) => {
                Self::new(ProblemKind::Conflict, error.to_string())
            }
            LakeError::Prices(error) => error.clone().into(),
            LakeError::UnknownWorkspace(_) => Self::new(ProblemKind::NotFound, error.to_string()),
            LakeError::Stopped(_) => {
                // The reason may name files of the server.
                tracing::error!(%error, "the lake accepts nothing more; restart the server");
                Self::new(
                    ProblemKind::Unavailable,
                    "the log has stopped after a failed write; nothing more is accepted until the \
                     server is restarted",
                )
            }
            _ => {
                tracing::error!(%error, "the lake failed");
                Self::new(ProblemKind::Internal, INTERNAL)
            }
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Name { .. } => {
                Self::field(ProblemKind::BadRequest, "name", error.to_string())
            }
            StoreError::UnknownView { position, .. } => {
                let field = format!("views[{position}]");
                Self::field(ProblemKind::BadRequest, &field, error.to_string())
            }
            StoreError::Email(_) => {
                Self::field(ProblemKind::BadRequest, "email", error.to_string())
            }
            StoreError::PersonName => {
                Self::field(ProblemKind::BadRequest, "name", error.to_string())
            }
            StoreError::TooMany(..)
            | StoreError::EmailTaken
            | StoreError::AlreadyMember(_)
            | StoreError::OwnerExists
            | StoreError::LastOwner => Self::new(ProblemKind::Conflict, error.to_string()),
            _ => {
                tracing::error!(%error, "the store failed");
                Self::new(ProblemKind::Internal, INTERNAL)
            }
        }
    }
}
