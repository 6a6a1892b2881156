//! Billed sessions: cut by rules of their own, apart from the sessions in whose course they begin.

use crate::event::EventView;
use crate::profile::Rules;
use crate::words::{Environment, EventType, Role};

use super::class::topic_kind;
use super::draft::{Draft, since};

/// The billed session that is running, if any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Billing {
    pub running: Option<Running>,
}

/// A billed session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Running {
    /// When it began.
    pub start: i64,
    /// The last message.
    pub last: i64,
    /// Exchanges so far.
    pub turns: u32,
}

impl Billing {
    /// Takes an event between user and bot, and says whether a billed session begins with it.
    pub fn observe<E: EventView>(&mut self, event: &E, kind: EventType, rules: &Rules) -> bool {
        let (speaks, turn) = match kind {
            EventType::Message => match event.role() {
                Some(Role::User) => (true, true),
                Some(Role::Bot) => (true, false),
                _ => return false,
            },
            EventType::Topic if rules.is_billed(topic_kind(event)) => (false, false),
            EventType::ModelCall if rules.billed_tools && event.tool().is_some() => (false, false),
            _ => return false,
        };
        let time = event.time();
        let running = self
            .running
            .filter(|running| since(running.last, time) <= rules.billed_silence);
        let Some(mut running) = running else {
            // A message alone begins nothing: a greeting is not billed.
            self.running = (!speaks).then_some(Running {
                start: time,
                last: time,
                turns: 1,
            });
            return !speaks;
        };
        if speaks {
            running.turns += u32::from(turn);
            running.last = time;
            let begins = since(running.start, time) > rules.billed_length
                || running.turns > rules.billed_turns;
            if begins {
                running.start = time;
                running.turns = u32::from(turn);
            }
            self.running = Some(running);
            return begins;
        }
        self.running = Some(running);
        false
    }
}

/// Counts the billed session that begins with the event, if one does. Trials are not billed.
pub(super) fn bill<E: EventView>(
    billing: &mut Billing,
    draft: &mut Draft<'_>,
    event: &E,
    kind: EventType,
    rules: &Rules,
) {
    if draft.environment() != Some(Environment::Test) && billing.observe(event, kind, rules) {
        draft.facts.billed_sessions += 1;
    }
}
