//! What the course of a session leaves behind for what comes later in it: names that were seen, who
//! waits for what, and where things stand among the facts.

use std::borrow::Cow;

use super::draft::{Draft, message_reference};
use crate::event::EventView;
use crate::facts::TOPIC_SEPARATOR;
use crate::words::HandoverStage;

/// So many names a list holds.
const LIST_NAMES: usize = 256;
/// So many options that were shown, questions that wait and visits that go on are remembered, the
/// last ones.
pub(super) const HELD: usize = 64;
/// So many messages back something may refer.
const LOOK_BACK: usize = 256;

/// Names, each once, in the order of their first appearance.
#[derive(Debug, Default)]
pub(super) struct Names<'e>(Vec<Cow<'e, str>>);

impl<'e> Names<'e> {
    pub fn add(&mut self, name: Option<&'e str>) {
        if let Some(name) = name {
            self.put(Cow::Borrowed(name));
        }
    }

    pub fn put(&mut self, name: Cow<'e, str>) {
        if !name.is_empty() && self.0.len() < LIST_NAMES && !self.0.contains(&name) {
            self.0.push(name);
        }
    }

    /// The names of a JSON array; a text that is none is a name itself.
    pub fn add_json(&mut self, json: Option<&'e str>) {
        let Some(json) = json else {
            return;
        };
        match serde_json::from_str::<Vec<String>>(json) {
            Ok(names) => names.into_iter().for_each(|name| self.put(name.into())),
            Err(_) => self.put(Cow::Borrowed(json)),
        }
    }

    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|known| known == name)
    }

    /// The names as facts hold them; nothing where there are none.
    pub fn joined(&self) -> Option<Box<str>> {
        let mut separator = [0; 4];
        let separator: &str = TOPIC_SEPARATOR.encode_utf8(&mut separator);
        (!self.0.is_empty()).then(|| self.0.join(separator).into())
    }
}

/// What is known of a message beside its facts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Note {
    /// The hash by which feedback finds the message.
    pub reference: u64,
    pub fingerprint: Option<i64>,
    /// The step of the topic visit to which the message belongs.
    pub visit: Option<usize>,
}

/// A question that waits for its answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct OpenQuestion<'e> {
    pub id: Option<&'e str>,
    pub asked: i64,
    pub attempts: i64,
    pub step: usize,
}

/// An option that was shown and may be chosen.
#[derive(Debug, Clone, Copy)]
pub(super) struct ShownOption<'e> {
    /// Its id, or its label where it has none.
    pub name: Option<&'e str>,
    pub shown: i64,
    pub step: usize,
}

/// The part that an agent takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span<'e> {
    pub agent: Option<&'e str>,
    pub skill: Option<&'e str>,
    pub start: i64,
    pub last: i64,
    /// From when the first response is counted.
    pub from: Option<i64>,
    pub first_response: Option<i64>,
    pub response_time_sum: i64,
    pub responses: i64,
    pub messages: i64,
    pub repeated: i64,
    pub step: usize,
}

/// What the course of a session leaves behind.
#[derive(Debug, Default)]
pub(super) struct Trail<'e> {
    pub intents: Names<'e>,
    pub agents: Names<'e>,
    pub skills: Names<'e>,
    pub models: Names<'e>,
    pub tools: Names<'e>,
    pub experiments: Names<'e>,
    pub retrieved: Names<'e>,
    pub cited: Names<'e>,
    pub failed: Names<'e>,

    /// Parallel to the messages.
    pub notes: Vec<Note>,
    pub page: Option<&'e str>,
    /// Whether a search of knowledge has answered the user's last message.
    pub generated: bool,
    /// The position of the user's last message.
    pub user_position: Option<i64>,
    /// The position of the user's last message or click.
    pub act_position: Option<i64>,
    /// Calls that nothing has come of yet.
    pub calls: Vec<usize>,

    /// The visits that may go on: steps, the last one innermost.
    pub visits: Vec<usize>,
    pub questions: Vec<OpenQuestion<'e>>,
    /// The questions that the bot asked.
    pub asked: Names<'e>,
    pub shown: Vec<ShownOption<'e>>,
    /// The message with which options were shown last, and how many.
    pub showing: (Option<i64>, i64),

    pub span: Option<Span<'e>>,
    /// Since when the user waits for a person, and whether in a queue.
    pub waiting: Option<(i64, bool)>,
    /// Whether somebody asked for a person, the platform escalated, or the source says why people came.
    pub asked_for_person: bool,
    pub serving: Option<&'e str>,
}

impl<'e> Trail<'e> {
    /// The waiting is over: how long it was.
    pub fn stop_waiting(&mut self, time: i64) -> Option<i64> {
        let (since, _) = self.waiting.take()?;
        Some(super::draft::since(since, time))
    }
}

/// Adds at the end of a list that holds a bounded number.
pub(super) fn hold<T>(list: &mut Vec<T>, item: T) {
    if list.len() >= HELD {
        list.remove(0);
    }
    list.push(item);
}

impl<'e> Draft<'e> {
    /// The message that the event names, if it is one of the last.
    pub(super) fn named_message<E: EventView>(&self, event: &E) -> Option<usize> {
        let id = event.message_id().or(event.reply_to())?;
        let target = xxhash_rust::xxh3::xxh3_64(id.as_bytes());
        let notes = &self.trail.notes;
        let from = notes.len().saturating_sub(LOOK_BACK);
        let place = notes[from..]
            .iter()
            .rposition(|note| note.reference == target)?;
        Some(from + place)
    }

    /// Keeps what is known of a message beside its facts.
    pub(super) fn note_message<E: EventView>(&mut self, event: &'e E, topic: Option<&str>) {
        let visit = self.last_topic_step.filter(|at| {
            let step = self.steps.get(*at);
            topic.is_some() && step.is_some_and(|step| step.topic_id.as_deref() == topic)
        });
        self.trail.notes.push(Note {
            reference: message_reference(event),
            fingerprint: event.text_fingerprint(),
            visit,
        });
    }

    /// Whether no bot took part in the session: people served it alone.
    pub(super) fn without_bot(&self) -> bool {
        let facts = &self.facts;
        facts.bot_messages == 0
            && facts.topic_visits == 0
            && facts.model_calls == 0
            && facts.generated_questions == 0
            && self.first_intent.is_none()
            && facts.fallbacks == 0
    }

    /// Whether the user came straight to people: no bot took part and nobody asked it for a person.
    pub(super) fn went_straight_to_people(&self, stage: HandoverStage) -> bool {
        let people = matches!(
            stage,
            HandoverStage::Queued
                | HandoverStage::Accepted
                | HandoverStage::Finished
                | HandoverStage::Transferred
                | HandoverStage::AbandonedInQueue
        );
        people && !self.trail.asked_for_person && self.without_bot()
    }
}
