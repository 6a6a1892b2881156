//! Asks a running server instead of opening the data directory.

use std::time::Duration;

use serde_json::Value;
use upshot_adapters::write_event;
use upshot_core::Event;
use upshot_text::PrivacyMode;

use crate::arguments::ServerChoice;
use crate::failure::Failure;

/// A server and the key to it.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    url: String,
    key: Option<String>,
}

/// What became of events that were sent.
pub struct Sent {
    /// How many are new.
    pub added: u64,
    /// How many had been received before.
    pub repeated: u64,
    /// How many are of users who were erased.
    pub erased: u64,
    /// How many are older than what the workspace keeps.
    pub outdated: u64,
    /// Positions of those that were refused, and why.
    pub refused: Vec<(usize, String)>,
}

impl ServerChoice {
    /// The server that was chosen, if one was.
    pub fn client(&self) -> Option<Client> {
        let url = self.server.as_deref()?;
        Some(Client::new(url, self.key.clone()))
    }
}

impl Client {
    /// For the server at this address.
    pub fn new(url: &str, key: Option<String>) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(300)))
            .build();
        Self {
            agent: config.into(),
            url: url.trim_end_matches('/').to_owned(),
            key,
        }
    }

    /// Sends a document and gives the answer.
    pub async fn post(
        &self,
        path: &str,
        workspace: &str,
        kind: &'static str,
        body: Vec<u8>,
    ) -> Result<Value, Failure> {
        self.give("POST", path, workspace, kind, body).await
    }

    /// Puts a document in the place of another and gives the answer.
    pub async fn put(
        &self,
        path: &str,
        workspace: &str,
        kind: &'static str,
        body: Vec<u8>,
    ) -> Result<Value, Failure> {
        self.give("PUT", path, workspace, kind, body).await
    }

    async fn give(
        &self,
        method: &'static str,
        path: &str,
        workspace: &str,
        kind: &'static str,
        body: Vec<u8>,
    ) -> Result<Value, Failure> {
        let client = self.clone();
        let url = format!("{}{path}", self.url);
        let workspace = workspace.to_owned();
        let sending = move || client.send_with_retries(method, &url, &workspace, kind, &body);
        tokio::task::spawn_blocking(sending)
            .await
            .map_err(|error| Failure::failed(error.to_string()))?
    }

    /// Asks with parameters behind the path; gives the answer.
    pub async fn get(
        &self,
        path: &str,
        workspace: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Value, Failure> {
        let pairs = parameters.iter();
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={}", escaped(value)))
            .collect();
        let address = format!("{path}?{}", pairs.join("&"));
        self.ask("GET", &address, workspace).await
    }

    /// Asks without a body; gives the answer, null where there is none.
    pub async fn ask(
        &self,
        method: &'static str,
        path: &str,
        workspace: &str,
    ) -> Result<Value, Failure> {
        let client = self.clone();
        let url = format!("{}{path}", self.url);
        let workspace = workspace.to_owned();
        tokio::task::spawn_blocking(move || client.ask_once(method, &url, &workspace))
            .await
            .map_err(|error| Failure::failed(error.to_string()))?
    }

    fn ask_once(&self, method: &str, url: &str, workspace: &str) -> Result<Value, Failure> {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(url)
            .header("x-upshot-workspace", workspace);
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let request = request
            .body(())
            .map_err(|error| Failure::failed(format!("{url}: {error}")))?;
        let response = self
            .agent
            .run(request)
            .map_err(|error| Failure::failed(format!("cannot reach {url}: {error}")))?;
        answer_of(url, response)
    }

    /// Sends a document and gives the answer as it comes. What breaks off is told by the reader.
    pub fn download(
        &self,
        path: &str,
        workspace: &str,
        body: &[u8],
    ) -> Result<impl std::io::Read + Send + use<>, Failure> {
        // An export may take as long as it takes.
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent: ureq::Agent = config.build().into();
        let url = format!("{}{path}", self.url);
        let mut request = ureq::http::Request::post(&url)
            .header("content-type", "application/json")
            .header("x-upshot-workspace", workspace);
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let request = request
            .body(body)
            .map_err(|error| Failure::failed(format!("{url}: {error}")))?;
        let response = agent
            .run(request)
            .map_err(|error| Failure::failed(format!("cannot reach {url}: {error}")))?;
        if response.status().as_u16() == 200 {
            return Ok(response.into_body().into_reader());
        }
        let refused = answer_of(&url, response).err();
        Err(refused.unwrap_or_else(|| Failure::failed(format!("{url} gave no rows"))))
    }

    fn send_with_retries(
        &self,
        method: &str,
        url: &str,
        workspace: &str,
        kind: &str,
        body: &[u8],
    ) -> Result<Value, Failure> {
        const TRIES: usize = 30;
        for _ in 0..TRIES {
            let mut request = ureq::http::Request::builder()
                .method(method)
                .uri(url)
                .header("content-type", kind)
                .header("x-upshot-workspace", workspace);
            if let Some(key) = &self.key {
                request = request.header("authorization", format!("Bearer {key}"));
            }
            let request = request
                .body(body)
                .map_err(|error| Failure::failed(format!("{url}: {error}")))?;
            let response = self
                .agent
                .run(request)
                .map_err(|error| Failure::failed(format!("cannot reach {url}: {error}")))?;
            let status = response.status().as_u16();
            if status == 429 {
                let wait = response
                    .headers()
                    .get("retry-after")
                    .and_then(|value| value.to_str().ok()?.parse().ok());
                std::thread::sleep(Duration::from_secs(wait.unwrap_or(1)));
                continue;
            }
            return answer_of(url, response);
        }
        Err(Failure::failed(format!("{url} is busy; try again later")))
    }

    /// Sends events, of whose texts no more than `most` is to be kept; gives what became of them.
    pub async fn send(
        &self,
        workspace: &str,
        most: Option<PrivacyMode>,
        events: &[Event],
    ) -> Result<Sent, Failure> {
        let mut body = String::new();
        for event in events {
            body.push_str(&write_event(event));
            body.push('\n');
        }
        let path = match most {
            Some(most) => format!("/api/v1/events?text={most}"),
            None => "/api/v1/events".to_owned(),
        };
        let answer = self
            .post(&path, workspace, "application/x-ndjson", body.into_bytes())
            .await?;
        let count = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or(0);
        let rejected = answer
            .get("rejected")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let refused = rejected
            .iter()
            .map(|refused| {
                let record = refused.get("record").and_then(Value::as_u64).unwrap_or(1);
                let reason = refused
                    .get("reason")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                (
                    usize::try_from(record.saturating_sub(1)).unwrap_or(0),
                    reason.to_owned(),
                )
            })
            .collect();
        Ok(Sent {
            added: count("added"),
            repeated: count("repeated"),
            erased: count("erased"),
            outdated: count("outdated"),
            refused,
        })
    }
}

/// An answer as what it should be.
pub fn read<T: serde::de::DeserializeOwned>(answer: Value) -> Result<T, Failure> {
    serde_json::from_value(answer)
        .map_err(|error| Failure::failed(format!("the server's answer cannot be read: {error}")))
}

/// A name as a part of a path, with everything that means something in an address escaped.
pub fn path_part(name: &str) -> String {
    let mut part = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                part.push(char::from(byte));
            }
            _ => part.push_str(&format!("%{byte:02X}")),
        }
    }
    part
}

/// The document of an answer; a failure where the answer is one.
fn answer_of(url: &str, mut response: ureq::http::Response<ureq::Body>) -> Result<Value, Failure> {
    let status = response.status().as_u16();
    let text = response
        .body_mut()
        .with_config()
        .limit(1 << 30)
        .read_to_string()
        .map_err(|error| Failure::failed(format!("{url}: {error}")))?;
    let answer: Value = serde_json::from_str(&text).unwrap_or(Value::String(text));
    // A partly good body is answered with 400 and says what went in.
    if status < 300 || (status == 400 && answer.get("rejected").is_some()) {
        return Ok(answer);
    }
    let detail = answer
        .get("detail")
        .and_then(Value::as_str)
        .unwrap_or("no reason was given");
    Err(Failure::failed(format!(
        "{url} answered {status}: {detail}"
    )))
}

/// Text as it may stand in an address.
fn escaped(text: &str) -> String {
    let mut address = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                address.push(char::from(byte));
            }
            other => address.push_str(&format!("%{other:02X}")),
        }
    }
    address
}
