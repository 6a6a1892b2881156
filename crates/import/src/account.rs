//! What a file holds, in numbers and examples.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value};
use upshot_adapters::write_event;
use upshot_core::Event;
use upshot_text::{Masker, PrivacyModes};

use crate::rejection::Rejection;

/// So many events are shown.
pub const FIRST_EVENTS: usize = 10;
/// The most bots that are counted by name.
const MOST_BOTS: usize = 200;

/// What files hold, and what became of it.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// Files that were read.
    pub files: usize,
    /// Records that were found.
    pub records: u64,
    /// Events that they give.
    pub events: u64,
    /// Records and events that are rejected.
    pub rejected: u64,
    /// What was read: formats and mappings.
    pub formats: Vec<String>,
    /// How many events there are of each type.
    pub event_types: BTreeMap<String, u64>,
    /// How many events name each bot.
    pub bots: BTreeMap<String, u64>,
    /// The times of the first and the last event, in UTC microseconds.
    pub times: Option<(i64, i64)>,
    /// The first events, as they are stored.
    pub first_events: Vec<Map<String, Value>>,
    /// The first rejections, without the records' own texts.
    pub examples: Vec<Rejection>,
    /// How many rejections are kept as examples.
    pub most_examples: usize,
    /// Hashes of the conversations' ids.
    conversations: HashSet<u64>,
}

impl Account {
    /// Of nothing yet; so many rejections are kept as examples.
    pub fn new(most_examples: usize) -> Self {
        Self {
            most_examples,
            ..Self::default()
        }
    }

    /// Counts events; the first of them are shown with what the modes leave of their texts.
    pub fn events(&mut self, events: &[Event], modes: &PrivacyModes, masker: &Masker) {
        for event in events {
            self.event(event);
            if self.first_events.len() < FIRST_EVENTS {
                let mut shown = event.clone();
                upshot_text::apply(modes.of_event(event), masker, &mut shown);
                let shown = serde_json::from_str(&write_event(&shown));
                self.first_events.extend(shown);
            }
        }
    }

    fn event(&mut self, event: &Event) {
        self.events += 1;
        let kind = event.event_type.map(|kind| kind.to_string());
        *self
            .event_types
            .entry(kind.unwrap_or_default())
            .or_default() += 1;
        if let Some(bot) = event.bot.as_deref()
            && (self.bots.len() < MOST_BOTS || self.bots.contains_key(bot))
        {
            *self.bots.entry(bot.to_owned()).or_default() += 1;
        }
        let (first, last) = self.times.unwrap_or((event.time, event.time));
        self.times = Some((first.min(event.time), last.max(event.time)));
        let mut hasher = DefaultHasher::new();
        event.conversation_id.hash(&mut hasher);
        self.conversations.insert(hasher.finish());
    }

    /// Counts a rejection, and keeps it where there are few.
    pub fn reject(&mut self, rejection: Rejection) {
        self.rejected += 1;
        if self.examples.len() < self.most_examples {
            self.examples.push(rejection.without_text());
        }
    }

    /// Counts a file that was read.
    pub fn file(&mut self, records: u64, name: String) {
        self.files += 1;
        self.records += records;
        if !self.formats.contains(&name) {
            self.formats.push(name);
        }
    }

    /// How many conversations the events belong to.
    pub fn conversations(&self) -> usize {
        self.conversations.len()
    }
}
