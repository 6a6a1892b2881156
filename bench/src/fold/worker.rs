//! What one thread does.

use std::sync::{Mutex, PoisonError};

use upshot_core::fold::{Carry, FoldContext, Machine};
use upshot_core::profile::Profile;

use super::parts::{Conversations, Parts};
use super::read::{Elsewhere, Events};
use super::row::{Channels, FoldEvent, Row};
use super::summary::Summary;
use crate::failure::Result;

/// A row group is shared out over so many parts, as bits: each fits the processor's own memory.
const GROUP_BITS: u32 = 7;

/// What must wait for other row groups is shared out over so many: it may be the whole file.
pub const WAITING_BITS: u32 = 10;

/// Folds at least so many events before the machine's memory is taken up again.
const EVENTS_AT_ONCE: usize = 1024;

/// A thread's own.
pub struct Worker<'p> {
    profile: &'p Profile,
    conversations: Conversations,
    summary: Summary,
    /// The row group that was read last.
    group: Parts,
    /// Events around which other row groups may know more.
    waiting: Parts,
}

impl<'p> Worker<'p> {
    /// One that has done nothing.
    pub fn new(profile: &'p Profile) -> Self {
        Self {
            profile,
            conversations: Conversations::default(),
            summary: Summary::new(),
            group: Parts::new(GROUP_BITS),
            waiting: Parts::new(WAITING_BITS),
        }
    }

    /// What was counted.
    pub fn into_summary(self) -> Summary {
        self.summary
    }

    /// The events that wait for others.
    pub fn take_waiting(&mut self) -> Parts {
        std::mem::replace(&mut self.waiting, Parts::new(WAITING_BITS))
    }

    /// Reads row groups until there are no more. Folds what stands apart from all that other row groups may
    /// hold, and keeps the rest.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(&mut self, events: &Events, channels: &Mutex<Channels>) -> Result<()> {
        while let Some(group) = events.next_group() {
            events.read(group, |batch| batch.share_out(channels, &mut self.group))?;
            let known = channels
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            self.summary.know(&known);
            let elsewhere = events.elsewhere(group, self.profile.cut_gap());
            for part in 0..self.group.count() {
                self.conversations.fill(self.group.pieces(part));
                self.group.clear(part);
                self.fold_apart(&elsewhere, &known);
            }
        }
        Ok(())
    }

    /// Folds what stands apart.
    fn fold_apart(&mut self, elsewhere: &Elsewhere, channels: &Channels) {
        let gap = self.profile.cut_gap();
        let mut gathered = Gathered::default();
        for rows in self.conversations.each() {
            for stretch in rows.chunk_by(|earlier, later| later.time - earlier.time <= gap) {
                let (Some(first), Some(last)) = (stretch.first(), stretch.last()) else {
                    continue;
                };
                if elsewhere.is_apart(first.time, last.time) {
                    gathered.take(stretch, channels);
                    gathered.fold_if_many(self.profile, &mut self.summary);
                } else {
                    stretch.iter().for_each(|row| self.waiting.push(*row));
                }
            }
        }
        gathered.fold(self.profile, &mut self.summary);
    }

    /// Folds one part of what waited, of all threads.
    pub fn fold_waiting(&mut self, waiting: &[Parts], part: usize, channels: &Channels) {
        self.summary.know(channels);
        let pieces = waiting.iter().flat_map(|parts| parts.pieces(part));
        self.conversations.fill(pieces);
        let mut gathered = Gathered::default();
        for rows in self.conversations.each() {
            gathered.take(rows, channels);
            gathered.fold_if_many(self.profile, &mut self.summary);
        }
        gathered.fold(self.profile, &mut self.summary);
    }
}

/// The events of some conversations, one after the other.
#[derive(Default)]
struct Gathered<'c> {
    events: Vec<FoldEvent<'c>>,
    ends: Vec<usize>,
}

impl<'c> Gathered<'c> {
    /// Takes a conversation, or a stretch of one between cuts: to the fold it is the same.
    fn take(&mut self, rows: &'c [Row], channels: &'c Channels) {
        for row in rows {
            FoldEvent::push(row, channels, &mut self.events);
        }
        self.ends.push(self.events.len());
    }

    fn fold_if_many(&mut self, profile: &Profile, summary: &mut Summary) {
        if self.events.len() >= EVENTS_AT_ONCE {
            self.fold(profile, summary);
        }
    }

    /// Folds them and forgets them.
    fn fold(&mut self, profile: &Profile, summary: &mut Summary) {
        let context = FoldContext {
            workspace: "bench",
            profile,
            as_of: i64::MAX,
        };
        let carry = Carry::default();
        let mut machine = Machine::new(&context, &carry, summary);
        let mut start = 0;
        for end in self.ends.drain(..) {
            for event in &self.events[start..end] {
                machine.push(event, summary);
            }
            machine.next_conversation(context.as_of, summary);
            start = end;
        }
        drop(machine);
        self.events.clear();
    }
}
