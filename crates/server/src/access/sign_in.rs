//! Signing in and out.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use upshot_core::time::SECOND;
use upshot_store::people::check_email;
use utoipa::ToSchema;

use super::attempts;
use super::caller::{Caller, LONGEST, Who};
use super::cookies::Jar;
use super::me::Me;
use super::origin;
use super::secret::{Secret, Token};
use crate::input::json;
use crate::problem::{INTERNAL, Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;

/// By what somebody signs in.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    /// The address.
    email: String,
    /// The password.
    password: String,
}

/// Where a request comes from, as far as cookies and delays need it.
#[derive(Clone)]
pub(super) struct Client {
    pub address: Option<IpAddr>,
    pub headers: HeaderMap,
    pub secure: bool,
}

impl Client {
    pub fn of(state: &ServerState, request: &Request) -> Self {
        Self {
            address: client_address(state, request),
            headers: request.headers().clone(),
            secure: origin::is_https(request.headers(), state.options.behind_proxy),
        }
    }
}

/// The address from which a request comes.
pub(super) fn client_address(state: &ServerState, request: &Request) -> Option<IpAddr> {
    let behind_proxy = state.options.behind_proxy;
    origin::address(request.extensions(), request.headers(), behind_proxy)
}

/// Leave to try once what is done under this name: a password of an account, or a mail.
pub(super) async fn check_turn(
    state: &ServerState,
    email: &str,
    address: Option<IpAddr>,
) -> Result<(), Problem> {
    attempts::begin(&state.store, email, address, state.now()).await
}

/// The id of the person of this address and password. Whoever has no account waits as long and is told the same.
pub(super) async fn recognise(
    state: &ServerState,
    email: &str,
    password: &str,
    address: Option<IpAddr>,
) -> Result<String, Problem> {
    let email = check_email(email).unwrap_or_default();
    check_turn(state, &email, address).await?;
    let found = state.store.person_by_email(&email).await?;
    let (person, hash) = found.unzip();
    let is_right = state.guard.passwords.verify(password, hash).await?;
    match person.filter(|_| is_right) {
        Some(person) => {
            attempts::succeeded(&state.store, &email, address).await?;
            Ok(person.id)
        }
        None => {
            tracing::warn!("a sign-in was refused");
            Err(Problem::new(
                ProblemKind::SignInRefused,
                "the address or the password is wrong",
            ))
        }
    }
}

/// Signs a person in: a new cookie, and the end of the sign-in that the browser had. Gives what `/me` says.
pub(super) async fn begin(
    state: &ServerState,
    client: &Client,
    person: &str,
) -> Result<Response, Problem> {
    end(state, &client.headers, client.secure).await?;
    let secret = Secret::new().map_err(no_randomness)?;
    let now = state.now();
    let (id, hash) = (&secret.id, &secret.hash);
    state
        .store
        .add_sign_in(id, hash, person, now, now - LONGEST)
        .await?;
    let signed_in = state.store.sign_in(id).await?;
    let Some(sign_in) = signed_in else {
        return Err(Problem::new(ProblemKind::Internal, INTERNAL));
    };
    let workspaces = state.store.memberships(person).await?;
    let caller = Caller::bind(Arc::new(Who::Person(sign_in, workspaces)), None)?;
    let mut response = Json(Me::of(state, &caller).await?).into_response();
    let fields = response.headers_mut();
    Jar::SignIn.set(fields, &secret.token(), LONGEST / SECOND, client.secure);
    Ok(response)
}

/// Ends the sign-in that the request's cookie holds.
async fn end(state: &ServerState, headers: &HeaderMap, secure: bool) -> Result<(), Problem> {
    if let Some(token) = Jar::SignIn.read(headers, secure).and_then(Token::read)
        && let Some(sign_in) = state.store.sign_in(token.id).await?
        && token.opens(&sign_in.hash)
    {
        state.store.remove_sign_in(&sign_in.id).await?;
    }
    Ok(())
}

pub(super) fn no_randomness(error: getrandom::Error) -> Problem {
    tracing::error!(%error, "the system has no random numbers");
    Problem::new(ProblemKind::Internal, INTERNAL)
}

/// Sign in
///
/// Sets a cookie that scripts cannot read, and gives what `/api/v1/me` says. After some wrong tries for an account or
/// from an address one has to wait, longer each time. Whether there is such an account is never told.
#[utoipa::path(
    post,
    path = "/api/v1/sign-in",
    operation_id = "sign_in",
    tag = "people",
    security(()),
    request_body(content = Credentials, example = json!({
        "email": "anna@example.org", "password": "correct horse battery"
    })),
    responses(
        (status = 200, description = "Signed in: who it is", body = Me),
        (status = 400, description = "The body is not what is expected", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, description = "The address or the password is wrong", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries; the header `retry-after` says when to try again", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sign_in(
    State(state): State<ServerState>,
    request: Request,
) -> Result<Response, Problem> {
    let client = Client::of(&state, &request);
    let Credentials { email, password } = json(&state, request).await?;
    let person = recognise(&state, &email, &password, client.address).await?;
    begin(&state, &client, &person).await
}

/// Sign out
///
/// Ends the sign-in of this browser, also where there is none, and lets go of a shared view.
#[utoipa::path(
    post,
    path = "/api/v1/sign-out",
    operation_id = "sign_out",
    tag = "people",
    security(()),
    responses(
        (status = 204, description = "Signed out"),
    )
)]
pub(crate) async fn sign_out(
    State(state): State<ServerState>,
    request: Request,
) -> Result<Response, Problem> {
    let client = Client::of(&state, &request);
    end(&state, &client.headers, client.secure).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    for jar in [Jar::SignIn, Jar::Share] {
        jar.set(response.headers_mut(), "", 0, client.secure);
    }
    Ok(response)
}
