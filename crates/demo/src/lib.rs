//! Believable conversations, made up: for the demo, for tests and for measuring.
//!
//! The generator tells the story of a service that sells connections, power and accounts, and whose
//! three bots talk to its customers on five channels. What happens in it is fixed by [`Story`]: a
//! release that breaks three topics and its repair, a campaign, an experiment, an outage. The
//! same options give the same bytes on every machine: every draw comes from a seeded, portable
//! generator and no function of the platform's mathematics library is used.
//!
//! This crate does no I/O and reads no clock. It knows nothing of profiles: it says what happened,
//! never what it means.
//!
//! Where to start reading: [`Story`] is what is told, `plan` decides what a conversation is about,
//! `dialogue` lets it happen and `stage` writes the events down. `catalogue` and `texts` hold the
//! topics and the words; `calendar` says when people write and `people` who they are.

mod calendar;
mod catalogue;
mod dialogue;
mod draw;
mod form;
mod goals;
mod handover;
mod machine;
mod options;
mod people;
mod plan;
mod stage;
mod story;
mod survey;
mod texts;

use upshot_core::Event;

pub use story::Story;

use crate::draw::mix;
use crate::plan::{Plan, World};

/// The most days that a history may span; more are taken as so many.
pub const MAXIMUM_DAYS: u32 = 36_500;

/// How many starts are held in memory at once.
const STARTS_AT_ONCE: u64 = 1 << 20;

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DemoOptions {
    /// How many conversations.
    pub conversations: u64,
    /// Another seed gives other conversations of the same kind.
    pub seed: u64,
    /// UTC microseconds since 1970: every event is before this. Taken within the years 1900 to 9999.
    pub end: i64,
    /// How many days before `end` the history begins; at least 1, at most [`MAXIMUM_DAYS`].
    pub days: u32,
}

impl DemoOptions {
    /// 20,000 conversations of the 90 days before `end` (UTC microseconds since 1970), with seed 1.
    pub const fn until(end: i64) -> Self {
        Self {
            conversations: 20_000,
            seed: 1,
            end,
            days: 90,
        }
    }
}

/// The conversations, each with its events in order of time, in the order in which they start.
///
/// A conversation depends on the seed, its number, `end` and `days`, never on how many there are:
/// with more conversations the same ones appear, and others between them. Conversations that are
/// not over at `end` are cut there. About 20 MB are held, however many conversations there are.
pub fn generate(options: &DemoOptions) -> impl Iterator<Item = Vec<Event>> + use<> {
    Conversations {
        world: World::new(options),
        chunk: 0,
        chunks: options.conversations.div_ceil(STARTS_AT_ONCE),
        starts: Vec::new().into_iter(),
    }
}

struct Conversations {
    world: World,
    chunk: u64,
    chunks: u64,
    starts: std::vec::IntoIter<(i64, u64)>,
}

impl Conversations {
    /// The conversations that start in this part of the history, in order of their start.
    fn starts_of_chunk(&self) -> Vec<(i64, u64)> {
        let (from, to) = self.world.story.part(self.chunk, self.chunks);
        let mut starts: Vec<_> = (0..self.world.options.conversations)
            .map(|index| (self.world.start(index), index))
            .filter(|(start, _)| (from..to).contains(start))
            .collect();
        starts.sort_unstable();
        starts
    }
}

impl Iterator for Conversations {
    type Item = Vec<Event>;

    fn next(&mut self) -> Option<Vec<Event>> {
        loop {
            if let Some((_, index)) = self.starts.next() {
                return Some(dialogue::conversation(
                    &self.world,
                    &Plan::of(&self.world, index),
                ));
            }
            if self.chunk == self.chunks {
                return None;
            }
            self.starts = self.starts_of_chunk().into_iter();
            self.chunk += 1;
        }
    }
}

/// The name of a conversation: the same seed with another end gives others, so that a second demo
/// in one workspace never contradicts the first.
fn conversation_id(world: &World, index: u64) -> Box<str> {
    let options = &world.options;
    let history = mix(options.seed ^ mix(options.end as u64 ^ mix(u64::from(options.days))));
    // `mix` is a bijection, so different numbers give different names.
    format!("c{:016x}", mix(history.wrapping_add(index))).into()
}
