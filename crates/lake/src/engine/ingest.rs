//! The way in: one thread takes what waits, leaves out repeats, writes one frame to the log, makes
//! it durable, gives the events to memory and then answers.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use rustc_hash::FxHashMap;
use tokio::sync::oneshot;
use upshot_core::Event;
use upshot_core::event::conversation_hash;
use upshot_core::time::{DAY, day_of};
use xxhash_rust::xxh3::xxh3_128;

use crate::codec::{Decoder, encode, read_bytes, read_text, read_varint, write_varint};
use crate::engine::keeping::{Fate, KeptFrom};
use crate::engine::state::{Incoming, Known};
use crate::engine::{Inner, Lake, check_workspace_name};
use crate::engine::{erased, lookup};
use crate::error::LakeError;
use crate::log::{Log, RecoveredFrame};

/// A frame takes no more waiting requests when it has grown to this.
const FRAME_BYTES: usize = 8 << 20;

/// What became of the events of one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// How many there were.
    pub received: usize,
    /// How many are new and now durable.
    pub added: usize,
    /// How many had been received before.
    pub repeated: usize,
    /// How many are of users or conversations that were erased: they are not stored.
    pub erased: usize,
    /// How many are older than what the workspace keeps: they are not stored.
    pub outdated: usize,
    /// Those that cannot be accepted.
    pub refused: Vec<Refused>,
    /// The log's sequence of the newest; what has this sequence or a lower one is durable.
    pub sequence: u64,
}

/// An event that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its position in the request, from 0.
    pub index: usize,
    /// Its id.
    pub event_id: String,
    /// Why, and what would help.
    pub reason: String,
}

/// What waits for the thread.
pub(crate) enum Command {
    /// Events to take in.
    Append(Request),
    /// Everything up to this sequence is in data files.
    Trim(u64),
    /// Begin another segment of the log once all that came before this is in memory, then do as with `Trim`.
    Turn(u64, oneshot::Sender<Result<(), LakeError>>),
    /// Answer, then end.
    Stop(oneshot::Sender<()>),
}

/// Events to take in.
pub(crate) struct Request {
    pub workspace: Arc<str>,
    pub events: Vec<(usize, Incoming)>,
    pub receipt: Receipt,
    pub reply: oneshot::Sender<Result<Receipt, LakeError>>,
    /// Given back when the events are in memory or refused.
    pub permit: Option<tokio::sync::OwnedSemaphorePermit>,
}

/// Checks events and turns them into the form in which they are logged. Runs on the caller's thread.
pub(crate) fn prepare(
    workspace: &str,
    events: &[Event],
    now: i64,
    kept: KeptFrom,
) -> (Vec<(usize, Incoming)>, Receipt) {
    let mut receipt = Receipt {
        received: events.len(),
        ..Receipt::default()
    };
    let mut incoming = Vec::with_capacity(events.len());
    let mut buffer = Vec::with_capacity(512);
    for (index, event) in events.iter().enumerate() {
        if let Some(reason) = objection(event, now) {
            receipt.refused.push(Refused {
                index,
                event_id: event.event_id.to_string(),
                reason,
            });
            continue;
        }
        buffer.clear();
        match kept.fate(event) {
            Fate::Whole => encode(event, &mut buffer),
            Fate::WithoutTexts => encode(&without_texts(event), &mut buffer),
            Fate::Gone => {
                receipt.outdated += 1;
                continue;
            }
        }
        incoming.push((
            index,
            Incoming {
                time: event.time,
                id_hash: xxh3_128(event.event_id.as_bytes()),
                event_id: event.event_id.clone(),
                user_id: event.user_id.clone(),
                conversation_id: event.conversation_id.clone(),
                conversation: conversation_hash(workspace, &event.conversation_id),
                bytes: buffer.as_slice().into(),
            },
        ));
    }
    (incoming, receipt)
}

fn without_texts(event: &Event) -> Event {
    Event {
        text: None,
        survey_comment: None,
        feedback_comment: None,
        ..event.clone()
    }
}

fn objection(event: &Event, now: i64) -> Option<String> {
    const LONGEST_ID: usize = 512;
    const LONGEST_EVENT: usize = 4 << 20;
    if event.event_id.is_empty() {
        return Some("the event has no id; send `event_id`".to_owned());
    }
    if event.conversation_id.is_empty() {
        return Some("the event has no conversation; send `conversation_id`".to_owned());
    }
    if event.event_id.len() > LONGEST_ID || event.conversation_id.len() > LONGEST_ID {
        return Some(format!(
            "an id is longer than {LONGEST_ID} bytes; send a shorter one"
        ));
    }
    if event.event_type.is_none() {
        return Some("the event has no type; send `event_type`".to_owned());
    }
    if event.time < 0 {
        return Some("the time is before 1970; send UTC, as RFC 3339 or as a Unix time".to_owned());
    }
    if event.time > now + 2 * DAY {
        return Some(
            "the time is more than two days ahead; check the sender's clock and unit".to_owned(),
        );
    }
    let longest = event.text.as_deref().map_or(0, str::len).max(
        event
            .attributes
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum(),
    );
    (longest > LONGEST_EVENT)
        .then(|| format!("the event is larger than {LONGEST_EVENT} bytes; send less text"))
}

/// The thread: ends when told to, or when nobody can send any more.
pub(crate) fn run(inner: &Arc<Inner>, mut log: Log, commands: &Receiver<Command>) {
    while let Ok(first) = commands.recv() {
        let mut requests = Vec::new();
        let mut bytes = 0;
        let mut next = Some(first);
        let mut stop = None;
        let mut turn = None;
        while let Some(command) = next.take() {
            match command {
                Command::Append(request) => {
                    bytes += request
                        .events
                        .iter()
                        .map(|(_, event)| event.bytes.len())
                        .sum::<usize>();
                    requests.push(request);
                }
                Command::Trim(mark) => {
                    if let Err(error) = log.trim(mark) {
                        tracing::warn!(%error, "the log could not be trimmed");
                    }
                }
                Command::Turn(mark, reply) => turn = Some((mark, reply)),
                Command::Stop(reply) => stop = Some(reply),
            }
            if stop.is_none() && turn.is_none() && bytes < FRAME_BYTES {
                next = commands.try_recv().ok();
            }
        }
        take_in(inner, &mut log, requests);
        if let Some((mark, reply)) = turn {
            let turned = log.rotate().and_then(|()| log.trim(mark));
            // Whoever asked may have gone.
            let _ = reply.send(turned);
        }
        if let Some(reply) = stop {
            // Whoever asked may have gone.
            let _ = reply.send(());
            return;
        }
    }
}

fn take_in(inner: &Arc<Inner>, log: &mut Log, mut requests: Vec<Request>) {
    if requests.is_empty() {
        return;
    }
    if let Err(error) = inner.check_durable() {
        answer_all(requests, &error);
        return;
    }
    let mut failed = None;
    if let Err(error) = erased::leave_out(inner, &mut requests) {
        answer_all(requests, &error);
        return;
    }
    if let Err(error) = leave_out_repeats(inner, &mut requests) {
        failed = Some(error.to_string());
    }
    let payload = encode_frame(&requests);
    let mut sequence = log.last_sequence();
    if failed.is_none() && !payload.is_empty() {
        match log.append(&payload) {
            Ok(appended) => sequence = appended,
            Err(error) => {
                inner.counters.note_log(log);
                answer_all(requests, &error);
                return;
            }
        }
    }
    if let Some(reason) = failed {
        answer_all(
            requests,
            &LakeError::Damaged {
                what: "the lake".to_owned(),
                reason,
            },
        );
        return;
    }
    inner.counters.note_log(log);
    give_to_memory(inner, &mut requests, sequence);
    for mut request in requests {
        request.receipt.sequence = sequence;
        request.receipt.refused.sort_by_key(|refused| refused.index);
        drop(request.permit.take());
        // Whoever asked may have gone; the events are in all the same.
        let _ = request.reply.send(Ok(request.receipt));
    }
}

fn answer_all(requests: Vec<Request>, error: &LakeError) {
    for request in requests {
        let copy = match error {
            LakeError::Stopped(reason) => LakeError::Stopped(reason.clone()),
            LakeError::Io {
                action,
                path,
                source,
            } => LakeError::Io {
                action,
                path: path.clone(),
                source: std::io::Error::new(source.kind(), source.to_string()),
            },
            other => LakeError::Stopped(other.to_string()),
        };
        let _ = request.reply.send(Err(copy));
    }
}

fn give_to_memory(inner: &Arc<Inner>, requests: &mut [Request], sequence: u64) {
    let now = inner.now();
    let mut state = inner.lock_state();
    for request in requests.iter_mut() {
        let workspace = state.workspace_or_insert(&request.workspace, &inner.built_in);
        request.receipt.added = request.events.len();
        for (_, event) in request.events.drain(..) {
            workspace.take(event, inner.options.buckets, now);
        }
    }
    state.applied_sequence = sequence;
    let full = state.unflushed_bytes() > inner.options.flush_bytes;
    drop(state);
    inner.counters.events_received(
        requests
            .iter()
            .map(|request| request.receipt.added as u64)
            .sum(),
    );
    if full {
        inner.wake_flush();
    }
}

impl Lake {
    /// What would become of events if they were appended now, as far as what is there says: nothing is taken in.
    ///
    /// # Errors
    /// When files cannot be read.
    pub async fn foresee(&self, workspace: &str, events: &[Event]) -> Result<Receipt, LakeError> {
        check_workspace_name(workspace)?;
        let now = self.inner.now();
        let kept = self.inner.kept_from(workspace, now);
        let (events, receipt) = prepare(workspace, events, now, kept);
        let inner = self.inner.clone();
        let (reply, _) = oneshot::channel();
        let request = Request {
            workspace: workspace.into(),
            events,
            receipt,
            reply,
            permit: None,
        };
        let looking = tokio::task::spawn_blocking(move || {
            let mut requests = [request];
            erased::foresee(&inner, &mut requests);
            leave_out_repeats(&inner, &mut requests)?;
            let [request] = requests;
            Ok(Receipt {
                added: request.events.len(),
                ..request.receipt
            })
        });
        looking
            .await
            .map_err(|error| LakeError::Stopped(error.to_string()))?
    }
}

/// A repeat is the same id with the same time and conversation. The same id with another time or
/// conversation is a conflict. Looks into what waits, into memory, and into the files of the
/// event's day.
pub(crate) fn leave_out_repeats(inner: &Inner, requests: &mut [Request]) -> Result<(), LakeError> {
    let mut seen: FxHashMap<(Arc<str>, u128), Known> = FxHashMap::default();
    {
        let state = inner.lock_state();
        for request in requests.iter_mut() {
            let known = state
                .workspace(&request.workspace)
                .map(|workspace| &workspace.ids);
            let receipt = &mut request.receipt;
            request.events.retain(|(index, event)| {
                let here = Known {
                    time: event.time,
                    conversation: event.conversation,
                };
                let key = (request.workspace.clone(), event.id_hash);
                let before = known
                    .and_then(|ids| ids.get(&event.id_hash).copied())
                    .or_else(|| seen.get(&key).copied());
                judge(receipt, *index, event, here, before) && {
                    seen.insert(key, here);
                    true
                }
            });
        }
    }
    for request in requests.iter_mut() {
        leave_out_filed(
            inner,
            &request.workspace,
            &mut request.events,
            &mut request.receipt,
        )?;
    }
    Ok(())
}

/// Whether the event is new; if not, writes down what it is.
fn judge(
    receipt: &mut Receipt,
    index: usize,
    event: &Incoming,
    here: Known,
    before: Option<Known>,
) -> bool {
    match before {
        None => true,
        Some(known) if known == here => {
            receipt.repeated += 1;
            false
        }
        Some(known) => {
            let what = if known.conversation == here.conversation {
                "another time"
            } else {
                "another conversation"
            };
            receipt.refused.push(Refused {
                index,
                event_id: event.event_id.to_string(),
                reason: format!(
                    "an event of this id exists with {what}; give every event an id of its own"
                ),
            });
            false
        }
    }
}

/// Leaves out the events that files hold.
pub(crate) fn leave_out_filed(
    inner: &Inner,
    workspace: &str,
    events: &mut Vec<(usize, Incoming)>,
    receipt: &mut Receipt,
) -> Result<(), LakeError> {
    let days: HashSet<i32> = events.iter().map(|(_, event)| day_of(event.time)).collect();
    let mut filed = FxHashMap::default();
    for day in days {
        let of_day = |event: &Incoming| day_of(event.time) == day;
        let ids: HashSet<&str> = events
            .iter()
            .filter(|(_, event)| of_day(event))
            .map(|(_, event)| &*event.event_id)
            .collect();
        lookup::filed_events(inner, workspace, day, &ids, &mut filed)?;
    }
    if !filed.is_empty() {
        events.retain(|(index, event)| {
            let here = Known {
                time: event.time,
                conversation: event.conversation,
            };
            judge(
                receipt,
                *index,
                event,
                here,
                filed.get(&event.id_hash).copied(),
            )
        });
    }
    Ok(())
}

/// A frame: for each request the workspace, the number of events, and each event with its length.
fn encode_frame(requests: &[Request]) -> Vec<u8> {
    let mut payload = Vec::new();
    for request in requests.iter().filter(|request| !request.events.is_empty()) {
        write_varint(&mut payload, request.workspace.len() as u64);
        payload.extend_from_slice(request.workspace.as_bytes());
        write_varint(&mut payload, request.events.len() as u64);
        for (_, event) in &request.events {
            write_varint(&mut payload, event.bytes.len() as u64);
            payload.extend_from_slice(&event.bytes);
        }
    }
    payload
}

/// Events by workspace, in the order in which the log has them.
pub(crate) type EventsByWorkspace = Vec<(Arc<str>, Vec<Event>)>;

/// The events of a frame that was found in the log, by workspace.
///
/// # Errors
/// When the frame is not one, although its checksum is right.
pub(crate) fn decode_frame(frame: &RecoveredFrame) -> Result<EventsByWorkspace, LakeError> {
    let decoder = Decoder::from_dictionary(&frame.dictionary)?;
    let mut rest = frame.payload.as_slice();
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let workspace = Arc::from(read_text(&mut rest)?);
        let count = read_varint(&mut rest)?;
        let mut events = Vec::new();
        for _ in 0..count {
            events.push(decoder.decode(read_bytes(&mut rest)?)?);
        }
        parts.push((workspace, events));
    }
    Ok(parts)
}

/// The sending end of the thread's queue.
pub(crate) type Commands = Sender<Command>;
