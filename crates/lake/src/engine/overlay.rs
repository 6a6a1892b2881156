//! The overlay's facts: each shard's conversations are folded when a query needs them and something
//! changed since.

use std::sync::Arc;

use upshot_core::Event;
use upshot_core::event::{EventView, order_key};
use upshot_core::facts::{Message, Session, Step};
use upshot_core::fold::{Carry, FactSink, FoldContext, fold};
use upshot_core::profile::Profile;
use upshot_core::time::{DAY, day_of};

use crate::codec::Decoder;
use crate::engine::cuts::{Cut, Cuts};
use crate::engine::sets::{FactSet, SetId};
use crate::engine::settings::Settings;
use crate::engine::state::{Conversation, Replaced, Shard, ShardFacts, StoredEvent};
use crate::error::LakeError;
use crate::schema::{BatchBuilder, Table};

/// Facts of a shard that depend on the clock (is a session over?) are good for this long.
const FRESH: i64 = 10 * upshot_core::time::SECOND;

/// Collects facts as batches of the three fact tables.
struct FactBatches {
    builders: [BatchBuilder; 3],
    bucket: i32,
}

impl FactSink for FactBatches {
    fn session(&mut self, session: Session) {
        self.builders[0].push(&session, day_of(session.start_time), self.bucket);
    }
    fn message(&mut self, message: Message) {
        self.builders[1].push(&message, day_of(message.session_start), self.bucket);
    }
    fn step(&mut self, step: Step) {
        self.builders[2].push(&step, day_of(step.session_start), self.bucket);
    }
}

/// Folds the events of one conversation, which come in any order, with the profile of its source;
/// gives that profile, and how many events lie before the cut and are left out. What a silence cuts off
/// leaves nothing behind (see [`Carry`]), so without a cut folding begins anew.
pub(crate) fn fold_conversation<'a>(
    workspace: &str,
    settings: &'a Settings,
    as_of: i64,
    cut: Option<&Cut>,
    events: &mut Vec<Event>,
    sink: &mut impl FactSink,
) -> (&'a Profile, usize) {
    events.sort_by(|left, right| order_key(left).cmp(&order_key(right)));
    events.dedup_by(|next, kept| next.event_id == kept.event_id);
    let before = cut.map_or(0, |cut| {
        events.partition_point(|event| event.time < cut.time)
    });
    let profile = settings.profile(source_of(cut, events));
    let beginning = Carry::default();
    fold(
        &FoldContext {
            workspace,
            profile,
            as_of,
        },
        cut.map_or(&beginning, |cut| &cut.carry),
        &events[before..],
        sink,
    );
    (profile, before)
}

/// The source that chooses the profile: that of the first event, which may lie before the cut.
pub(crate) fn source_of<'a>(cut: Option<&'a Cut>, events: &'a [Event]) -> Option<&'a str> {
    match cut {
        Some(cut) => cut.source.as_deref(),
        None => events.first().and_then(|event| event.source()),
    }
}

/// The events of a conversation, decoded.
pub(crate) fn decode_all(
    decoder: &Decoder,
    stored: &[StoredEvent],
) -> Result<Vec<Event>, LakeError> {
    decode_from(decoder, stored, i64::MIN)
}

/// Those from this time on.
fn decode_from(
    decoder: &Decoder,
    stored: &[StoredEvent],
    from: i64,
) -> Result<Vec<Event>, LakeError> {
    stored
        .iter()
        .filter(|event| event.time >= from)
        .map(|event| decoder.decode(&event.bytes))
        .collect()
}

/// A conversation as a query found it in memory.
#[derive(Debug)]
pub(crate) struct ConversationCopy {
    pub conversation_id: Box<str>,
    pub bucket: i32,
    pub version: u64,
    pub complete: bool,
    pub sessions_known: bool,
    pub events: Arc<Vec<StoredEvent>>,
    pub cuts: Cuts,
    pub replaced: Vec<Replaced>,
}

/// A part of the overlay as a query found it: its facts, or what they are made of.
#[derive(Debug)]
pub(crate) enum ShardCopy {
    /// Nothing changed since these were made.
    Facts(Arc<ShardFacts>),
    /// To be folded.
    Conversations(Vec<ConversationCopy>),
}

/// Copies what has to be folded in this set; the lists of events are shared.
pub(crate) fn copy_shard(shard: &Shard, set: SetId, as_of: i64) -> ShardCopy {
    if let Some(facts) = shard.facts(set)
        && (as_of - facts.as_of).abs() < FRESH
    {
        return ShardCopy::Facts(facts.clone());
    }
    let conversations = shard.conversations.iter();
    ShardCopy::Conversations(
        conversations
            .map(|(id, conversation)| ConversationCopy {
                conversation_id: id.clone(),
                bucket: conversation.bucket,
                version: conversation.version,
                complete: conversation.complete,
                sessions_known: conversation.sessions_known,
                events: conversation.events.clone(),
                cuts: conversation.cuts.clone(),
                replaced: conversation.replaced.clone(),
            })
            .collect(),
    )
}

/// The facts of a shard's conversations in this set as of this time.
pub(crate) fn shard_facts(
    workspace: &str,
    set: &FactSet,
    conversations: &[ConversationCopy],
    as_of: i64,
) -> Result<Arc<ShardFacts>, LakeError> {
    let decoder = Decoder::current();
    let mut sink = FactBatches {
        builders: Table::FACTS.map(BatchBuilder::new),
        bucket: 0,
    };
    let (mut replaced, mut replaced_in) = (Vec::new(), Vec::new());
    let mut folded = 0;
    for conversation in conversations {
        let cut = conversation.cuts.of(set.id).map(|cut| &**cut);
        let from = conversation.cuts.from(set.id);
        let mut events = decode_from(&decoder, &conversation.events, from)?;
        folded += events.len();
        sink.bucket = conversation.bucket;
        fold_conversation(workspace, &set.settings, as_of, cut, &mut events, &mut sink);
        let of_conversation = conversation.replaced.iter();
        for known in of_conversation.filter(|known| known.set == set.id && known.start >= from) {
            replaced.push(known.key.clone());
            replaced_in.push((day_of(known.start), conversation.bucket));
        }
    }
    let [sessions, messages, steps] = &mut sink.builders;
    let batches = [sessions.finish()?, messages.finish()?, steps.finish()?];
    Ok(Arc::new(ShardFacts {
        as_of,
        batches,
        replaced,
        replaced_in,
        folded,
    }))
}

/// The stretches of time around a conversation's events in which other events could hang together
/// with them: each event's time with a cut's silence before and after, joined where they touch.
pub(crate) fn neighbourhoods(conversation: &Conversation, gap: i64) -> Vec<(i64, i64)> {
    stretches_around(conversation.events.iter().map(|event| event.time), gap)
}

/// Each time with a silence before and after, joined where they touch, in order.
pub(crate) fn stretches_around(times: impl Iterator<Item = i64>, gap: i64) -> Vec<(i64, i64)> {
    let mut times: Vec<i64> = times.collect();
    times.sort_unstable();
    let mut stretches: Vec<(i64, i64)> = Vec::new();
    for time in times {
        let (from, to) = (time.saturating_sub(gap), time.saturating_add(gap));
        match stretches.last_mut() {
            Some(last) if last.1 >= from => last.1 = to,
            _ => stretches.push((from, to)),
        }
    }
    stretches
}

/// The UTC days that a stretch of time touches.
pub(crate) fn days_of((from, to): (i64, i64)) -> std::ops::RangeInclusive<i32> {
    // A stretch cannot begin before the first day that Parquet's dates know; times never do.
    day_of(from.max(-DAY))..=day_of(to)
}
