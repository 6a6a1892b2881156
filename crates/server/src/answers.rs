//! Answers that are kept, so that a question that was asked before costs nothing.
//!
//! An answer is found by the kind of question, the workspace, what was read (the fact set, the catalog's
//! snapshot and the version of the capture, which every new event changes, the list of prices, what people
//! set) and the whole question. So a new event changes the answer at once. What the clock alone changes (a session is over, old enough to be
//! judged, no longer within the last 28 days) shows after [`FRESH`], as it does in the facts of what memory holds.
//! The definitions are those of the program, and the answers go with it.
//!
//! Equal questions that come while one is being answered wait for its answer. No lock is held while
//! something is read or computed.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;
use sha2::{Digest, Sha256};
use upshot_core::time::SECOND;
use upshot_lake::Capture;
use upshot_metrics::{Answer, RowFormat};

use crate::conditional::{names, tag_of};
use crate::problem::{INTERNAL, Problem, ProblemKind};

/// For so long the clock alone does not change an answer, in microseconds.
pub(crate) const FRESH: i64 = 10 * SECOND;

/// Says whether an answer was kept (RFC 9211).
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// What an entry costs beside the bytes of its answer.
const OVERHEAD: usize = 512;

/// By what an answer is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key([u8; 32]);

impl Key {
    /// Of a question of this kind about what was captured.
    pub fn new(
        kind: impl Serialize,
        workspace: &str,
        capture: &Capture,
        question: &impl Serialize,
    ) -> Result<Self, Problem> {
        let version = (capture.snapshot, capture.version);
        // Other prices are other costs, without any new event.
        let prices = capture.prices.as_ref().map(|list| list.text());
        let parts = (
            kind,
            workspace,
            &capture.fact_set,
            version,
            prices,
            &*capture.preferences,
            question,
        );
        let text = serde_json::to_vec(&parts).map_err(|error| unwritable(&error))?;
        Ok(Self(Sha256::digest(text).into()))
    }
}

/// How an answer was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// It was kept from before.
    Kept,
    /// It was computed, and is kept.
    New,
    /// It was computed, and is not kept: the clock changes it from one second to the next.
    Moving,
}

/// An answer as it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    body: Bytes,
    media_type: &'static str,
    tag: HeaderValue,
    /// What the clock showed when the question was asked.
    asked: i64,
}

impl Kept {
    /// An answer to a question that was asked at this time: its rows in a format, or all of it as JSON. Its tag
    /// does not depend on how long it took.
    pub fn new(
        mut answer: impl Answer,
        format: Option<RowFormat>,
        asked: i64,
    ) -> Result<Self, Problem> {
        let (body, media_type, tag) = match format {
            Some(format) => {
                let body = Bytes::from(answer.encoded(format)?);
                let tag = tag_of(&body);
                (body, format.media_type(), tag)
            }
            None => {
                let body = written(&answer)?;
                answer.forget_effort();
                (body, "application/json", tag_of(&written(&answer)?))
            }
        };
        Ok(Self {
            body,
            media_type,
            tag: as_header(&tag)?,
            asked,
        })
    }

    /// Answers that were put together, tagged by what is told of them.
    pub fn of(body: Vec<u8>, told: &[u8], asked: i64) -> Result<Self, Problem> {
        Ok(Self {
            body: Bytes::from(body),
            media_type: "application/json",
            tag: as_header(&tag_of(told))?,
            asked,
        })
    }

    /// The answer as it is sent.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Its tag.
    pub fn tag(&self) -> &str {
        self.tag.to_str().unwrap_or_default()
    }

    /// The response; without the answer where the client has it already.
    pub fn response(&self, headers: &HeaderMap, found: Found) -> Response {
        let known = headers.get_all(IF_NONE_MATCH).iter();
        let unchanged = known
            .filter_map(|known| known.to_str().ok())
            .any(|known| names(known, self.tag()));
        let mut response = Response::new(match unchanged {
            true => Body::empty(),
            false => Body::from(self.body.clone()),
        });
        let fields = response.headers_mut();
        fields.insert(ETAG, self.tag.clone());
        fields.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        fields.append(VARY, HeaderValue::from_static("accept"));
        fields.insert(
            CACHE_STATUS,
            HeaderValue::from_static(match found {
                Found::Kept => "upshot; hit",
                Found::New => "upshot; fwd=miss",
                Found::Moving => "upshot; fwd=bypass",
            }),
        );
        match unchanged {
            true => *response.status_mut() = StatusCode::NOT_MODIFIED,
            false => {
                fields.insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type));
            }
        }
        response
    }

    fn cost(&self) -> usize {
        self.body.len() + OVERHEAD
    }
}

fn as_header(tag: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(tag).map_err(|_| Problem::new(ProblemKind::Internal, INTERNAL))
}

fn written(answer: &impl Serialize) -> Result<Bytes, Problem> {
    serde_json::to_vec(answer)
        .map(Bytes::from)
        .map_err(|error| unwritable(&error))
}

fn unwritable(error: &serde_json::Error) -> Problem {
    tracing::error!(%error, "an answer cannot be written as JSON");
    Problem::new(ProblemKind::Internal, INTERNAL)
}

/// The answers of a server, at most so many bytes of them: those that were asked for longest ago go.
pub(crate) struct Answers {
    most_bytes: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Each answer with when it was last asked for.
    kept: HashMap<Key, (Kept, u64)>,
    /// The keys, by when they were last asked for.
    by_use: BTreeMap<u64, Key>,
    /// Counts the uses.
    uses: u64,
    bytes: usize,
    /// Held by whoever works on an answer.
    running: HashMap<Key, Arc<tokio::sync::Mutex<()>>>,
}

impl Answers {
    pub fn new(most_bytes: usize) -> Self {
        Self {
            most_bytes,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer of this key, if the clock has not made it old.
    pub fn get(&self, key: Key, now: i64) -> Option<Kept> {
        self.state().get(key, now)
    }

    /// Keeps an answer, and forgets others where there are too many.
    pub fn keep(&self, key: Key, answer: &Kept) {
        if answer.cost() <= self.most_bytes / 4 {
            self.state().keep(key, answer, self.most_bytes);
        }
    }

    /// Forgets all answers.
    pub fn clear(&self) {
        let mut state = self.state();
        state.kept.clear();
        state.by_use.clear();
        state.bytes = 0;
    }

    /// The turn of an answer: whoever holds it works on the answer, others of the same key wait.
    pub fn turn(self: &Arc<Self>, key: Key) -> Turn {
        let mutex = self.state().running.entry(key).or_default().clone();
        Turn {
            answers: self.clone(),
            key,
            mutex: Some(mutex),
        }
    }
}

impl State {
    fn get(&mut self, key: Key, now: i64) -> Option<Kept> {
        let (kept, used) = self.kept.get_mut(&key)?;
        if (now - kept.asked).abs() >= FRESH {
            return None;
        }
        self.uses += 1;
        self.by_use.remove(used);
        self.by_use.insert(self.uses, key);
        *used = self.uses;
        Some(kept.clone())
    }

    fn keep(&mut self, key: Key, answer: &Kept, most_bytes: usize) {
        self.forget(key);
        self.uses += 1;
        self.bytes += answer.cost();
        self.by_use.insert(self.uses, key);
        self.kept.insert(key, (answer.clone(), self.uses));
        while self.bytes > most_bytes
            && let Some((_, oldest)) = self.by_use.first_key_value()
        {
            self.forget(*oldest);
        }
    }

    fn forget(&mut self, key: Key) {
        if let Some((old, used)) = self.kept.remove(&key) {
            self.bytes -= old.cost();
            self.by_use.remove(&used);
        }
    }
}

/// See [`Answers::turn`].
pub(crate) struct Turn {
    answers: Arc<Answers>,
    key: Key,
    mutex: Option<Arc<tokio::sync::Mutex<()>>>,
}

impl Turn {
    /// Waits until nobody else works on the answer.
    pub async fn wait(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        Some(self.mutex.as_ref()?.lock().await)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.answers.state();
        self.mutex = None;
        // The map's own is the last where nobody else waits.
        if let Some(mutex) = state.running.get(&self.key)
            && Arc::strong_count(mutex) == 1
        {
            state.running.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn key(number: u8) -> Key {
        Key([number; 32])
    }

    fn answer(bytes: usize, asked: i64) -> Kept {
        Kept {
            body: Bytes::from(vec![b' '; bytes]),
            media_type: "application/json",
            tag: HeaderValue::from_static("W/\"tag\""),
            asked,
        }
    }

    #[test]
    fn what_was_asked_for_longest_ago_goes_first() {
        let answers = Answers::new(4 * (1_000 + OVERHEAD));
        for number in 0..4 {
            answers.keep(key(number), &answer(1_000, 0));
        }
        assert!(answers.get(key(0), 0).is_some());
        answers.keep(key(4), &answer(1_000, 0));
        let left: Vec<u8> = (0..5)
            .filter(|number| answers.get(key(*number), 0).is_some())
            .collect();
        assert_eq!(left, [0, 2, 3, 4]);
        assert!(answers.state().bytes <= 4 * (1_000 + OVERHEAD));
        assert_eq!(answers.state().by_use.len(), 4);
    }

    #[test]
    fn a_large_answer_drives_nothing_out_and_an_old_one_is_not_given() {
        let answers = Answers::new(10_000);
        answers.keep(key(1), &answer(100, 0));
        answers.keep(key(2), &answer(9_000, 0));
        assert!(answers.get(key(1), FRESH - 1).is_some());
        assert!(answers.get(key(2), 0).is_none());
        assert!(answers.get(key(1), FRESH).is_none());
        answers.keep(key(1), &answer(200, FRESH));
        assert!(answers.get(key(1), FRESH).is_some());
        assert_eq!(answers.state().bytes, 200 + OVERHEAD);
    }

    #[tokio::test]
    async fn a_turn_is_taken_by_one_and_leaves_nothing_behind() {
        let answers = Arc::new(Answers::new(1_000));
        let first = answers.turn(key(1));
        let second = answers.turn(key(1));
        let held = first.wait().await;
        assert!(second.mutex.as_ref().unwrap().try_lock().is_err());
        drop(held);
        assert!(second.wait().await.is_some());
        drop(first);
        assert_eq!(answers.state().running.len(), 1);
        drop(second);
        assert!(answers.state().running.is_empty());
    }
}
