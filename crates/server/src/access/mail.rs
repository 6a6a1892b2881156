//! Mail: by which server a workspace sends it, a test, and links for new passwords: `/api/v1/mail`.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use serde::{Deserialize, Serialize};
use upshot_core::time::HOUR;
use upshot_store::people::check_email;
use upshot_store::{MailSettings, Purpose};
use utoipa::ToSchema;

use super::caller::Caller;
use super::links::{new_link, path_of};
use super::record::Done;
use super::secret::new_id;
use super::sign_in::{check_turn, client_address};
use crate::input::json;
use crate::openapi::WorkspaceParameters;
use crate::problem::{Problem, ProblemDetails, ProblemKind};
use crate::state::ServerState;

/// How long a mail server may take for each step.
const PATIENCE: Duration = Duration::from_secs(15);

/// For how long a link for a new password that comes by mail is good.
const LINK_LASTS: i64 = HOUR;

/// How the connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailSecurity {
    /// It begins in the clear and must be encrypted before anything is said: usually port 587.
    #[default]
    Starttls,
    /// It is encrypted from its beginning: usually port 465.
    Tls,
    /// It is not; only for a server on the same machine, or in a network of one's own.
    None,
}

impl MailSecurity {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Starttls => "starttls",
            Self::Tls => "tls",
            Self::None => "none",
        }
    }

    fn parse(word: &str) -> Self {
        let all = [Self::Tls, Self::None];
        let found = all.into_iter().find(|security| security.as_str() == word);
        found.unwrap_or_default()
    }
}

/// By which server a workspace sends mail; never with the password.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Mail {
    /// The server's name; empty where the workspace sends no mail.
    #[schema(examples("smtp.example.org"))]
    pub host: String,
    /// Its port.
    #[schema(examples(587))]
    pub port: u16,
    /// How the connection is protected.
    pub security: MailSecurity,
    /// The name by which one signs in there; empty for none.
    pub username: String,
    /// Whether there is a password.
    pub password_set: bool,
    /// From whom mails come.
    #[schema(examples("Upshot <upshot@example.org>"))]
    pub from: String,
}

/// By which server a workspace is to send mail.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMail {
    /// The server's name; empty to send no mail any more.
    host: String,
    /// Its port.
    #[serde(default = "submission")]
    #[schema(default = 587)]
    port: u16,
    /// How the connection is protected.
    #[serde(default)]
    security: MailSecurity,
    /// The name by which one signs in there; empty for none.
    #[serde(default)]
    username: String,
    /// The password. Where it is left out and server and name stay, it stays too.
    #[serde(default)]
    password: Option<String>,
    /// From whom mails come: an address, perhaps with a name before it.
    #[serde(default)]
    from: String,
}

const fn submission() -> u16 {
    587
}

/// To whom a test goes.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailTest {
    /// The address.
    to: String,
}

/// Whose password is forgotten.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Forgotten {
    /// The address by which one signs in.
    email: String,
}

impl From<Option<MailSettings>> for Mail {
    fn from(settings: Option<MailSettings>) -> Self {
        match settings {
            None => Self {
                host: String::new(),
                port: submission(),
                security: MailSecurity::default(),
                username: String::new(),
                password_set: false,
                from: String::new(),
            },
            Some(settings) => Self {
                security: MailSecurity::parse(&settings.security),
                password_set: !settings.password.is_empty(),
                host: settings.host,
                port: settings.port,
                username: settings.username,
                from: settings.sender,
            },
        }
    }
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MailError {
    /// An address is none.
    #[error("the address cannot be written to: {0}")]
    Address(#[from] lettre::address::AddressError),
    /// The mail cannot be put together.
    #[error("the mail cannot be put together: {0}")]
    Message(#[from] lettre::error::Error),
    /// The system has no random numbers.
    #[error("the system has no random numbers: {0}")]
    Randomness(#[from] getrandom::Error),
    /// The server refused, or is not there.
    #[error("the mail server did not take it: {0}")]
    Server(#[from] lettre::transport::smtp::Error),
}

impl From<MailError> for Problem {
    fn from(error: MailError) -> Self {
        tracing::warn!(%error, "a mail was not sent");
        Self::new(ProblemKind::MailFailed, error.to_string())
    }
}

/// A name for a mail that no other has: who receives mails without one often takes them for unwanted.
fn message_id(sender: &str) -> Result<String, MailError> {
    let sender = sender.parse::<Mailbox>()?;
    Ok(format!("<{}@{}>", new_id()?, sender.email.domain()))
}

/// Sends a mail of plain text.
pub(crate) async fn send(
    settings: &MailSettings,
    to: &str,
    subject: &str,
    text: String,
) -> Result<(), MailError> {
    let message = Message::builder()
        .from(settings.sender.parse::<Mailbox>()?)
        .to(to.parse::<Mailbox>()?)
        .subject(subject)
        .message_id(Some(message_id(&settings.sender)?))
        .header(ContentType::TEXT_PLAIN)
        .body(text)?;
    let host = &settings.host;
    let tls = match MailSecurity::parse(&settings.security) {
        MailSecurity::Starttls => Tls::Required(TlsParameters::new(host.clone())?),
        MailSecurity::Tls => Tls::Wrapper(TlsParameters::new(host.clone())?),
        MailSecurity::None => Tls::None,
    };
    let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host.as_str())
        .port(settings.port)
        .tls(tls)
        .timeout(Some(PATIENCE));
    if !settings.username.is_empty() {
        let (name, password) = (settings.username.clone(), settings.password.clone());
        transport = transport.credentials(Credentials::new(name, password));
    }
    transport.build().send(message).await?;
    Ok(())
}

fn not_set() -> Problem {
    let detail = "the workspace sends no mail; set a mail server first";
    Problem::new(ProblemKind::Conflict, detail)
}

/// Show by which server mail is sent
#[utoipa::path(
    get,
    path = "/api/v1/mail",
    operation_id = "show_mail",
    tag = "people",
    params(WorkspaceParameters),
    responses(
        (status = 200, description = "The mail server", body = Mail),
        (status = 401, response = crate::openapi::Unauthorized),
    )
)]
pub(crate) async fn show(
    State(state): State<ServerState>,
    caller: Caller,
) -> Result<Json<Mail>, Problem> {
    Ok(Json(state.store.mail(&caller.workspace).await?.into()))
}

/// Set by which server mail is sent
///
/// Links for new passwords go that way, so only owners set it.
#[utoipa::path(
    put,
    path = "/api/v1/mail",
    operation_id = "set_mail",
    tag = "people",
    params(WorkspaceParameters),
    request_body(content = NewMail, example = json!({
        "host": "smtp.example.org", "port": 587, "security": "starttls", "username": "upshot",
        "password": "a password of the mail server", "from": "Upshot <upshot@example.org>"
    })),
    responses(
        (status = 200, description = "The mail server as it is set", body = Mail),
        (status = 400, description = "The server or the address cannot be one", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set(
    State(state): State<ServerState>,
    caller: Caller,
    request: Request,
) -> Result<(Extension<Done>, Json<Mail>), Problem> {
    let new: NewMail = json(&state, request).await?;
    let known = state.store.mail(&caller.workspace).await?;
    let settings = checked(new, known)?;
    state
        .store
        .set_mail(&caller.workspace, settings.as_ref())
        .await?;
    let done = Done {
        subject: String::new(),
        detail: match &settings {
            Some(set) => format!("{}:{} ({})", set.host, set.port, set.security),
            None => "none".to_owned(),
        },
    };
    Ok((Extension(done), Json(settings.into())))
}

fn checked(new: NewMail, known: Option<MailSettings>) -> Result<Option<MailSettings>, Problem> {
    let refused = |field: &str, detail: &'static str| {
        Err(Problem::field(ProblemKind::BadRequest, field, detail))
    };
    let host = new.host.trim().to_owned();
    if host.is_empty() {
        return Ok(None);
    }
    if host.len() > 253
        || !host
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'/')
    {
        return refused("host", "this is no name of a server");
    }
    if new.from.parse::<Mailbox>().is_err() {
        return refused(
            "from",
            "this is no address; write one such as Upshot <upshot@example.org>",
        );
    }
    // A password that was entered for one server is not for another to see.
    let kept = known.filter(|known| known.host == host && known.username == new.username);
    let password = match (new.password, kept) {
        (Some(password), _) => password,
        (None, Some(kept)) => kept.password,
        (None, None) => String::new(),
    };
    let is_local = host == "localhost"
        || host
            .parse()
            .is_ok_and(|host: std::net::IpAddr| host.is_loopback());
    if new.security == MailSecurity::None && !new.username.is_empty() && !is_local {
        return refused(
            "security",
            "a password must not be sent in the clear; use starttls or tls",
        );
    }
    Ok(Some(MailSettings {
        host,
        port: new.port,
        security: new.security.as_str().to_owned(),
        username: new.username,
        password,
        sender: new.from,
    }))
}

/// Send a test mail
///
/// The answer comes when the mail server took it, or says why it did not. After a few of them a workspace waits longer and
/// longer for the next.
#[utoipa::path(
    post,
    path = "/api/v1/mail/test",
    operation_id = "test_mail",
    tag = "people",
    params(WorkspaceParameters),
    request_body(content = MailTest, example = json!({ "to": "anna@example.org" })),
    responses(
        (status = 204, description = "The mail server took it"),
        (status = 400, description = "The address is none", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, response = crate::openapi::Unauthorized),
        (status = 409, description = "The workspace sends no mail", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 429, description = "Too many test mails of the workspace; the header `retry-after` says when to try again", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 502, description = "The mail server is not there or refused; `detail` says why", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn test(
    State(state): State<ServerState>,
    caller: Caller,
    request: Request,
) -> Result<StatusCode, Problem> {
    let MailTest { to } = json(&state, request).await?;
    let to = check_email(&to)?;
    let settings = state
        .store
        .mail(&caller.workspace)
        .await?
        .ok_or_else(not_set)?;
    // Whoever may set a mail server could else flood anybody with mails of it.
    check_turn(&state, &format!("test mail of {}", caller.workspace), None).await?;
    let text = format!(
        "This is a test: the workspace `{}` of Upshot can write to you.\n",
        caller.workspace
    );
    send(&settings, &to, "A test from Upshot", text).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ask for a new password
///
/// Where the address has an account in a workspace that sends mail, a link comes by mail that is good for an hour; where
/// it is in several, if all of them send by the same server. The answer is the same in any case.
#[utoipa::path(
    post,
    path = "/api/v1/sign-in/forgotten",
    operation_id = "forgot_password",
    tag = "people",
    security(()),
    request_body(content = Forgotten, example = json!({ "email": "anna@example.org" })),
    responses(
        (status = 202, description = "A mail is on its way, if there is an account"),
        (status = 400, description = "The body is not what is expected", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is of another type or encoding", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries; the header `retry-after` says when to try again", body = ProblemDetails, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn forgotten(
    State(state): State<ServerState>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let address = client_address(&state, &request);
    let Forgotten { email } = json(&state, request).await?;
    let email = check_email(&email).unwrap_or_default();
    // Mails are counted apart from passwords, so that neither holds the other up.
    check_turn(&state, &format!("mail to {email}"), address).await?;
    // Nobody waits for it: how long it takes would tell whether there is an account.
    tokio::spawn(async move {
        if let Err(problem) = write_to(&state, &email).await {
            tracing::warn!(kind = ?problem.kind(), "a link for a new password was not sent");
        }
    });
    Ok(StatusCode::ACCEPTED)
}

async fn write_to(state: &ServerState, email: &str) -> Result<(), Problem> {
    let Some((person, _)) = state.store.person_by_email(email).await? else {
        return Ok(());
    };
    let Some((workspace, settings)) = state.store.mail_of(&person.id).await? else {
        return Ok(());
    };
    let now = state.now();
    let purpose = Purpose::Reset { person: person.id };
    let by = "who forgot the password";
    let (link, secret) = new_link(&workspace, purpose, by, now, Some(now + LINK_LASTS))
        .map_err(super::sign_in::no_randomness)?;
    state.store.add_link(&link).await?;
    let text = format!(
        "Hello {},\n\nwith this link you set a new password for Upshot. It is good for an hour:\n\n{}{}\n\n\
         If you did not ask for it, there is nothing to do: your password stays as it is.\n",
        person.name,
        state.options.public_url(),
        path_of(&link.purpose, &secret)
    );
    Ok(send(&settings, &person.email, "A new password for Upshot", text).await?)
}
