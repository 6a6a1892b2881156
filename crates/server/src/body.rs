//! Bodies of events: received and unpacked within limits.
//!
//! What bodies take in memory is counted against one budget for all requests, so that neither many
//! clients nor a small body that unpacks to a large one can exhaust the server.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH};
use axum::http::{HeaderMap, HeaderValue};
use flate2::read::MultiGzDecoder;
use futures::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::options::Limits;
use crate::problem::{Problem, ProblemKind};

/// The unit in which room for bodies is counted, in bytes.
pub(crate) const BODY_UNIT: usize = 4096;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Identity,
    /// As RFC 1952 says.
    Gzip,
    /// As RFC 8878 says.
    Zstd,
}

impl Packing {
    /// What the headers say.
    ///
    /// # Errors
    /// When they name a packing that is not known, or several.
    pub fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut found = Self::Identity;
        for value in headers.get_all(CONTENT_ENCODING) {
            let text = value.to_str().unwrap_or("?").trim().to_ascii_lowercase();
            let this = match text.as_str() {
                "" | "identity" => Self::Identity,
                "gzip" | "x-gzip" => Self::Gzip,
                "zstd" => Self::Zstd,
                _ => return Err(unknown_packing(&text)),
            };
            if found != Self::Identity && this != Self::Identity {
                return Err(unknown_packing("several"));
            }
            if this != Self::Identity {
                found = this;
            }
        }
        Ok(found)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

fn unknown_packing(found: &str) -> Problem {
    let short: String = found.chars().take(40).collect();
    Problem::new(
        ProblemKind::UnsupportedMediaType,
        format!("the content encoding `{short}` is not known; use gzip, zstd or identity"),
    )
    .with_header(
        ACCEPT_ENCODING,
        HeaderValue::from_static("gzip, zstd, identity"),
    )
}

/// A share of the room for bodies. Given back when dropped.
pub(crate) struct Room {
    all: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Room {
    pub fn new(all: &Arc<Semaphore>) -> Self {
        Self {
            all: all.clone(),
            held: None,
        }
    }

    /// Grows to this many bytes.
    fn grow(&mut self, bytes: usize) -> Result<(), Problem> {
        let wanted = bytes.div_ceil(BODY_UNIT);
        let held = self
            .held
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        let Some(more) = wanted.checked_sub(held).filter(|more| *more > 0) else {
            return Ok(());
        };
        let granted = u32::try_from(more)
            .ok()
            .and_then(|more| self.all.clone().try_acquire_many_owned(more).ok());
        match (granted, &mut self.held) {
            (None, _) => Err(Problem::busy(
                "too many bodies are being received at once; try again in 1 s",
                1,
            )),
            (Some(granted), Some(held)) => {
                held.merge(granted);
                Ok(())
            }
            (Some(granted), held) => {
                *held = Some(granted);
                Ok(())
            }
        }
    }
}

/// Bytes, and the room that they take.
pub(crate) struct Held {
    pub bytes: Vec<u8>,
    room: Room,
}

impl Held {
    fn push(&mut self, part: &[u8]) -> Result<(), Problem> {
        self.bytes.extend_from_slice(part);
        self.room.grow(self.bytes.capacity())
    }
}

/// Receives a body as it is sent.
pub(crate) async fn receive(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    time: Duration,
    room: Room,
) -> Result<Held, Problem> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large(limit, "as it is sent"));
    }
    let mut held = Held {
        bytes: Vec::new(),
        room,
    };
    let mut parts = body.into_data_stream();
    let receiving = async {
        while let Some(part) = parts.next().await {
            let part = part.map_err(|error| {
                Problem::new(
                    ProblemKind::BadRequest,
                    format!("the body broke off: {error}"),
                )
            })?;
            if held.bytes.len() + part.len() > limit {
                return Err(too_large(limit, "as it is sent"));
            }
            held.push(&part)?;
        }
        Ok(held)
    };
    tokio::time::timeout(time, receiving)
        .await
        .unwrap_or_else(|_| {
            Err(Problem::new(
                ProblemKind::RequestTimeout,
                format!(
                    "the body did not arrive within {} s; send less at once",
                    time.as_secs()
                ),
            ))
        })
}

/// Unpacks a body. Blocks.
pub(crate) fn unpack(packing: Packing, packed: Held, limits: &Limits) -> Result<Held, Problem> {
    let mut unpacked = Held {
        bytes: Vec::new(),
        room: Room::new(&packed.room.all),
    };
    let broken = |error: &std::io::Error| {
        Problem::new(
            ProblemKind::BadRequest,
            format!("the body is not {}: {error}", packing.name()),
        )
    };
    match packing {
        Packing::Identity if packed.bytes.len() > limits.unpacked_bytes => {
            return Err(too_large(limits.unpacked_bytes, "unpacked"));
        }
        Packing::Identity => return Ok(packed),
        Packing::Gzip => {
            let source = MultiGzDecoder::new(packed.bytes.as_slice());
            read_all(source, &mut unpacked, limits.unpacked_bytes, broken)?;
        }
        Packing::Zstd => {
            // What a frame may ask the decoder to remember: that of the highest ordinary level.
            const WINDOW_LOG: u32 = 23;
            let mut source = zstd::stream::read::Decoder::with_buffer(packed.bytes.as_slice())
                .map_err(|error| broken(&error))?;
            source
                .window_log_max(WINDOW_LOG)
                .map_err(|error| broken(&error))?;
            read_all(source, &mut unpacked, limits.unpacked_bytes, broken)?;
        }
    }
    Ok(unpacked)
}

fn read_all(
    mut source: impl Read,
    into: &mut Held,
    limit: usize,
    broken: impl Fn(&std::io::Error) -> Problem,
) -> Result<(), Problem> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let length = match source.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(broken(&error)),
        };
        if into.bytes.len() + length > limit {
            return Err(too_large(limit, "unpacked"));
        }
        into.push(&buffer[..length])?;
    }
}

fn too_large(limit: usize, state: &str) -> Problem {
    Problem::new(
        ProblemKind::TooLarge,
        format!("the body is larger than the limit of {limit} bytes {state}; send less at once"),
    )
}
