//! What people do with a session: the stages of its handovers and who has it in hand.

use upshot_core::Event;
use upshot_core::words::{Actor, EventType, HandoverStage, HandoverTrigger, Role};

use super::decide::who;
use super::part::{is_message_of, is_users, kind};
use super::told::Told;

impl<'a> Told<'a> {
    /// The events that tell of a stage of a handover.
    pub fn handovers(&self) -> Vec<(usize, &'a Event, HandoverStage)> {
        let events = self.of_type(EventType::Handover).into_iter();
        events
            .filter_map(|(place, event)| Some((place, event, event.handover_stage?)))
            .collect()
    }

    /// The stages, each once: a stage that is repeated without an act of the user in between is one.
    pub fn stages(&self) -> Vec<(usize, &'a Event, HandoverStage)> {
        let mut stages: Vec<(usize, &'a Event, HandoverStage)> = Vec::new();
        for (place, event, stage) in self.handovers() {
            let repeats = stages.last().is_some_and(|(before, first, known)| {
                let mut between = self.given[before + 1..place].iter();
                *known == stage
                    && first.agent_id == event.agent_id
                    && !between.any(|given| is_users(given.event))
            });
            if !repeats {
                stages.push((place, event, stage));
            }
        }
        stages
    }

    /// Where a bot first hands over, if nobody ever says that a person was asked for: it asks.
    pub fn implied_requests(&self) -> Vec<usize> {
        let stages = self.stages();
        let at = |wanted: HandoverStage| {
            let mut stages = stages.iter();
            stages
                .find(|(.., stage)| *stage == wanted)
                .map(|(place, ..)| *place)
        };
        match at(HandoverStage::Requested) {
            Some(_) => Vec::new(),
            None => at(HandoverStage::Escalated).into_iter().collect(),
        }
    }

    /// Whether, after the first so many events, the user waits for a person or talks to one.
    pub fn with_people(&self, count: usize) -> bool {
        let stages = self.stages();
        for place in (0..count).rev() {
            let event = self.given[place].event;
            if is_message_of(event, Role::Agent) {
                return true;
            }
            if kind(event) == EventType::ConversationEnd {
                return false;
            }
            let stage = stages.iter().find(|(known, ..)| *known == place);
            match stage.map(|(_, _, stage)| stage) {
                None | Some(HandoverStage::Requested | HandoverStage::Escalated) => {}
                Some(
                    HandoverStage::Queued | HandoverStage::Accepted | HandoverStage::Transferred,
                ) => return true,
                Some(_) => return false,
            }
        }
        false
    }

    /// The last that was heard of people, or said to them.
    pub fn people_heard(&self) -> Option<i64> {
        let heard = |place: usize| {
            let given = self.given[place];
            let event = given.event;
            kind(event) == EventType::Handover && event.handover_stage.is_some()
                || is_message_of(event, Role::Agent)
                || self.escalates(place).is_some()
                || given.part.happens() && self.with_people(place + 1)
        };
        let last = (0..self.given.len()).rev().find(|place| heard(*place))?;
        Some(self.given[last].event.time)
    }

    /// Whether people have had to do with the session.
    pub fn was_handed_over(&self) -> bool {
        !self.handovers().is_empty()
            || self.escalation().is_some()
            || !self.messages_of(Role::Agent).is_empty()
    }

    /// Whether what people do at this time still belongs to the session.
    pub fn people_not_silent(&self, time: i64) -> bool {
        let heard = self
            .people_heard()
            .map_or(self.end_time(), |heard| heard.max(self.end_time()));
        time - heard <= self.book.length("agent.window")
    }

    /// Whether, in the first so many events, no bot took part: people served the session alone.
    pub fn is_without_bot(&self, count: usize) -> bool {
        let mut so_far = self.clone();
        so_far.given.truncate(count);
        let none = |wanted| so_far.of_type(wanted).is_empty();
        let users = so_far.messages_of(Role::User);
        so_far.messages_of(Role::Bot).is_empty()
            && none(EventType::Topic)
            && none(EventType::ModelCall)
            && none(EventType::Knowledge)
            && so_far.namings().is_empty()
            && !users
                .into_iter()
                .any(|place| so_far.is_unmatched(place, count))
    }

    /// Whether, in the first so many events, somebody asked for a person, or the source says why people
    /// came.
    fn asked_for_person(&self, count: usize) -> bool {
        let stages = self
            .stages()
            .into_iter()
            .filter(|(place, ..)| *place < count);
        stages.into_iter().any(|(_, event, stage)| {
            let asks = matches!(stage, HandoverStage::Requested | HandoverStage::Escalated);
            asks || event.handover_trigger.is_some()
        })
    }

    /// Whether the stage at this place only says that the user came straight to people.
    pub fn went_straight_to_people(&self, place: usize) -> bool {
        let stage = self.given[place].event.handover_stage;
        let people = matches!(
            stage,
            Some(
                HandoverStage::Queued
                    | HandoverStage::Accepted
                    | HandoverStage::Finished
                    | HandoverStage::Transferred
                    | HandoverStage::AbandonedInQueue
            )
        );
        people && !self.asked_for_person(place + 1) && self.is_without_bot(place + 1)
    }

    /// Whether an agent settles by this place what no bot had to do with.
    pub fn is_peoples_own(&self, count: usize) -> bool {
        let agents = self.messages_of(Role::Agent);
        agents.first().is_some_and(|first| *first < count) && self.is_without_bot(count)
    }

    /// When a person was first asked for; never where people served the session alone.
    pub fn first_asked(&self) -> Option<i64> {
        let all = self.given.len();
        let alone = self.is_without_bot(all) && !self.asked_for_person(all);
        self.stages()
            .first()
            .filter(|_| !alone)
            .map(|(_, event, _)| event.time)
    }

    /// When an agent took over.
    pub fn accepted(&self) -> Option<i64> {
        let stages = self.stages();
        let mut stages = stages.iter();
        let accepted = stages.find(|(.., stage)| *stage == HandoverStage::Accepted);
        let accepted = accepted.map(|(place, ..)| *place);
        let spoke = self.messages_of(Role::Agent).first().copied();
        let place = [accepted, spoke].into_iter().flatten().min()?;
        Some(self.given[place].event.time)
    }
}

/// Who asked for a person: the one whom the source names, else whom the trigger tells of.
pub fn requested_by(event: &Event) -> Option<Actor> {
    let asked = matches!(
        event.handover_trigger,
        Some(
            HandoverTrigger::Direct
                | HandoverTrigger::AfterFallback
                | HandoverTrigger::OperatorButton
        )
    );
    let by_trigger = event
        .handover_trigger
        .map(|_| if asked { Actor::User } else { Actor::Bot });
    who(event).or(by_trigger)
}
