//! What the engine holds in memory: for each workspace the conversations that are not yet sealed,
//! with all events since their last cut, and the ids of these events.

use std::sync::{Arc, Mutex};

use arrow::array::RecordBatch;
use rustc_hash::{FxHashMap, FxHashSet};
use upshot_core::event::conversation_hash;

use crate::catalog::FileList;
use crate::engine::cuts::Cuts;
use crate::engine::lookup::Found;
use crate::engine::sets::{FactSets, SetId};

/// The overlay is kept in this many parts, so that a new event makes only one of them be folded anew.
pub(crate) const SHARDS: usize = 64;

/// What an entry of the id table and a stored event cost beside the event's own bytes.
pub(crate) const EVENT_OVERHEAD: usize = 120;

/// For so long the facts of a set that nobody asks for stay, in microseconds.
const KEPT: i64 = 10 * upshot_core::time::MINUTE;

/// An event in memory.
#[derive(Debug, Clone)]
pub(crate) struct StoredEvent {
    /// When it happened.
    pub time: i64,
    /// A hash of its id.
    pub id_hash: u128,
    /// The event as [`crate::codec`] writes it.
    pub bytes: Arc<[u8]>,
    /// Whether it is in a data file already.
    pub flushed: bool,
}

/// A conversation that is not sealed.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    /// The bucket of its rows.
    pub bucket: i32,
    /// Its events since the last silence, or since the cut from which every fact set is folded, in
    /// the order of arrival. A query shares the list; whoever changes it meanwhile copies it.
    pub events: Arc<Vec<StoredEvent>>,
    /// From where the facts of each set are made of these events.
    pub cuts: Cuts,
    /// Whether what files hold around these events has been brought in.
    pub complete: bool,
    /// Whether the sessions that files hold of those of its events that are in files were looked
    /// up, in every fact set.
    pub sessions_known: bool,
    /// The sessions in files that the overlay stands in for.
    pub replaced: Vec<Replaced>,
    /// Another one after every change, and never one that a conversation of the workspace had.
    pub version: u64,
}

/// A session in a file, or a message there that belongs to none, that the overlay stands in for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Replaced {
    /// Its fact set.
    pub set: SetId,
    /// The session's id, or the [`lone_message_key`](crate::capture::lone_message_key) of the message.
    pub key: Box<str>,
    /// When the session started, or the message was said.
    pub start: i64,
}

/// The facts of one shard's conversations in one fact set.
#[derive(Debug)]
pub(crate) struct ShardFacts {
    /// For which time they were made.
    pub as_of: i64,
    /// Sessions, messages and steps, each in the schema of its table.
    pub batches: [RecordBatch; 3],
    /// The keys of the sessions and messages in files that these stand in for.
    pub replaced: Vec<Box<str>>,
    /// The days and buckets of the files in which these lie, one for each.
    pub replaced_in: Vec<(i32, i32)>,
    /// How many events were folded.
    pub folded: usize,
}

/// A part of the overlay.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    /// Its conversations by id.
    pub conversations: FxHashMap<Box<str>, Conversation>,
    /// Their facts by fact set, each made when a query asks for it, until something changes.
    facts: FxHashMap<SetId, Arc<ShardFacts>>,
    /// How often something changed.
    changes: u64,
}

impl Shard {
    /// Says that what the facts were made of is no longer what it was.
    pub fn changed(&mut self) {
        self.facts.clear();
        self.changes += 1;
    }

    /// How often something changed: facts made of a copy are of use while this is what it was.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// The facts in this set, if nothing changed since they were made.
    pub fn facts(&self, set: SetId) -> Option<&Arc<ShardFacts>> {
        self.facts.get(&set)
    }

    /// Keeps facts that were made of a copy, unless something changed since the copy was made. Those
    /// of sets that nobody has asked for lately go.
    pub fn keep(&mut self, set: SetId, facts: &Arc<ShardFacts>, changes: u64) {
        self.facts
            .retain(|_, old| (facts.as_of - old.as_of).abs() < KEPT);
        if self.changes == changes {
            self.facts.insert(set, facts.clone());
        }
    }
}

/// Where an event is, by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    /// Its time.
    pub time: i64,
    /// The hash of its conversation.
    pub conversation: u64,
}

/// A workspace's part of the memory.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// Its name.
    pub name: Arc<str>,
    /// The overlay.
    pub shards: Vec<Shard>,
    /// The ids of all events in it.
    pub ids: FxHashMap<u128, Known>,
    /// The facts that are made of the events, each by its own profiles.
    pub sets: Arc<FactSets>,
    /// The files that queries read: those of the commit that memory has settled with.
    pub files: Arc<FileList>,
    /// Events that are in no data file yet.
    pub unflushed_events: usize,
    /// Their bytes.
    pub unflushed_bytes: usize,
    /// Bytes of all events in memory, with what holds them.
    pub memory_bytes: usize,
    /// Grows with every change that an answer could show.
    pub version: u64,
    /// When the oldest event that is in no data file arrived.
    pub oldest_unflushed: Option<i64>,
    /// Held by the query that folds: others wait for its facts instead of making them too.
    pub folding: Arc<Mutex<()>>,
}

/// A new event on its way in.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    /// When it happened.
    pub time: i64,
    /// A hash of its id.
    pub id_hash: u128,
    /// Its id.
    pub event_id: Box<str>,
    /// Its user, if it names one.
    pub user_id: Option<Box<str>>,
    /// Its conversation.
    pub conversation_id: Box<str>,
    /// The hash of its conversation.
    pub conversation: u64,
    /// The event as [`crate::codec`] writes it.
    pub bytes: Arc<[u8]>,
}

impl Workspace {
    /// An empty one.
    pub fn new(name: &str, sets: FactSets) -> Self {
        Self {
            name: name.into(),
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            ids: FxHashMap::default(),
            sets: Arc::new(sets),
            files: Arc::default(),
            unflushed_events: 0,
            unflushed_bytes: 0,
            memory_bytes: 0,
            version: 0,
            oldest_unflushed: None,
            folding: Arc::default(),
        }
    }

    /// The shard of this conversation.
    pub fn shard_of(conversation: u64) -> usize {
        (conversation % SHARDS as u64) as usize
    }

    /// The part of the overlay that holds this conversation.
    pub fn shard_mut(&mut self, conversation_id: &str) -> &mut Shard {
        let shard = Self::shard_of(conversation_hash(&self.name, conversation_id));
        &mut self.shards[shard]
    }

    /// What memory holds of this conversation.
    pub fn conversation(&self, conversation_id: &str) -> Option<&Conversation> {
        let shard = Self::shard_of(conversation_hash(&self.name, conversation_id));
        self.shards[shard].conversations.get(conversation_id)
    }

    /// Takes in an event that is durable in the log and was not here before.
    pub fn take(&mut self, event: Incoming, buckets: u32, now: i64) {
        let cost = event.bytes.len() + EVENT_OVERHEAD;
        self.ids.insert(
            event.id_hash,
            Known {
                time: event.time,
                conversation: event.conversation,
            },
        );
        let shard = &mut self.shards[Self::shard_of(event.conversation)];
        shard.changed();
        let conversation = shard
            .conversations
            .entry(event.conversation_id)
            .or_default();
        conversation.bucket = bucket_of(event.conversation, buckets);
        conversation.complete = false;
        self.version += 1;
        conversation.version = self.version;
        Arc::make_mut(&mut conversation.events).push(StoredEvent {
            time: event.time,
            id_hash: event.id_hash,
            bytes: event.bytes,
            flushed: false,
        });
        self.unflushed_events += 1;
        self.unflushed_bytes += cost;
        self.memory_bytes += cost;
        self.oldest_unflushed.get_or_insert(now);
    }

    /// Takes in what files hold around a conversation of this version; nothing where it has changed.
    pub fn bring_in(&mut self, conversation_id: &str, version: u64, found: Found) {
        let mut cost = 0;
        let shard = self.shard_mut(conversation_id);
        let Some(conversation) = shard.conversations.get_mut(conversation_id) else {
            return;
        };
        if conversation.version != version {
            return;
        }
        let present: FxHashSet<u128> = conversation
            .events
            .iter()
            .map(|event| event.id_hash)
            .collect();
        let events = Arc::make_mut(&mut conversation.events);
        for event in found.events {
            if !present.contains(&event.id_hash) {
                cost += event.bytes.len() + EVENT_OVERHEAD;
                events.push(event);
            }
        }
        conversation.cuts = found.cuts;
        for replaced in found.replaced {
            if !conversation.replaced.contains(&replaced) {
                conversation.replaced.push(replaced);
            }
        }
        conversation.complete = true;
        conversation.sessions_known = true;
        self.memory_bytes += cost;
    }

    /// Says that files hold more around a conversation than was looked up.
    pub fn look_up_again(&mut self, conversation_id: &str) {
        self.version += 1;
        let version = self.version;
        let shard = self.shard_mut(conversation_id);
        let Some(conversation) = shard.conversations.get_mut(conversation_id) else {
            return;
        };
        conversation.complete = false;
        conversation.sessions_known = false;
        conversation.version = version;
        shard.changed();
    }

    /// Forgets what is remembered for a fact set that is no more.
    pub fn forget_set(&mut self, set: SetId) {
        for shard in &mut self.shards {
            shard.changed();
            for conversation in shard.conversations.values_mut() {
                conversation.replaced.retain(|session| session.set != set);
                conversation.cuts.forget_set(set);
            }
        }
    }

    /// Lets a conversation go that is in files with all its facts.
    pub fn release(&mut self, conversation_id: &str) {
        let shard = self.shard_mut(conversation_id);
        shard.changed();
        let Some(conversation) = shard.conversations.remove(conversation_id) else {
            return;
        };
        for event in conversation.events.iter() {
            self.ids.remove(&event.id_hash);
            self.memory_bytes = self
                .memory_bytes
                .saturating_sub(event.bytes.len() + EVENT_OVERHEAD);
        }
        self.version += 1;
    }

    /// How many events are in memory.
    pub fn events(&self) -> usize {
        let conversations = self
            .shards
            .iter()
            .flat_map(|shard| shard.conversations.values());
        conversations
            .map(|conversation| conversation.events.len())
            .sum()
    }

    /// How many conversations are in memory.
    pub fn conversations(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.conversations.len())
            .sum()
    }
}

/// The bucket of a conversation.
pub(crate) fn bucket_of(conversation: u64, buckets: u32) -> i32 {
    // The upper half: the lower bits choose the shard.
    ((conversation >> 32) % u64::from(buckets.max(1))) as i32
}
