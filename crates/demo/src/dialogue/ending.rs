//! How matters end: settled or not, with a person, with a survey, or in silence.

use upshot_core::time::MINUTE;
use upshot_core::words::{
    Actor, EventType, HandoverTrigger, Outcome, ResolutionKind, TopicKind, TopicTrigger,
};

use super::{Next, Session};
use crate::catalogue::{BOTS, TOPICS};
use crate::handover::HandoverEnd;
use crate::machine::Seen;
use crate::people::Channel;
use crate::plan::pick_topic;
use crate::stage::{Spot, Stage};

impl Session {
    pub(super) fn settled(&mut self, stage: &mut Stage) -> Next {
        stage.mood += 0.5;
        stage.reach_goal(self.topic);
        match stage.draw.unit() {
            luck if luck < 0.51 => self.end_of_conversation(stage, 0.62, 0.08),
            luck if luck < 0.77 => self.declare(stage),
            luck if luck < 0.89 && self.matters < 3 => {
                self.matters += 1;
                self.thank(stage, 0.3);
                let next = TOPICS[self.topic].next.filter(|_| stage.draw.chance(0.6));
                self.topic = next.unwrap_or_else(|| pick_topic(stage.plan.bot, stage.draw.unit()));
                let likely = stage.world.helps(&TOPICS[self.topic], stage.clock);
                self.helped = stage.draw.chance(likely);
                Next::Ask
            }
            _ => {
                self.thank(stage, 0.3);
                Next::Silence
            }
        }
    }

    pub(super) fn thank(&self, stage: &mut Stage, likely: f64) {
        if !stage.draw.chance(likely) {
            return;
        }
        let text = stage.draw.pick(&stage.phrases.thanks);
        stage.user_says(text, true);
        stage.understand(&Seen::Common("thanks"));
        stage.enter(Spot::System(TopicKind::Thanks), TopicTrigger::Direct);
        let text = stage.phrases.welcome;
        stage.bot_says(text);
    }

    /// The author's flow says that the matter is settled.
    pub(super) fn declare(&mut self, stage: &mut Stage) -> Next {
        self.thank(stage, 0.25);
        if stage.draw.chance(0.12) {
            let text = stage.draw.pick(&stage.phrases.bye);
            stage.user_says(text, true);
            stage.understand(&Seen::Common("goodbye"));
            stage.enter(Spot::System(TopicKind::Goodbye), TopicTrigger::Direct);
            let text = stage.phrases.goodbye;
            stage.bot_says(text);
        }
        if stage.draw.chance(0.4) {
            stage.ask_satisfaction();
        }
        let kind = if stage.draw.chance(0.3) {
            ResolutionKind::Confirmed
        } else {
            ResolutionKind::Implied
        };
        stage.emit(EventType::Outcome, |event| {
            event.outcome = Some(Outcome::Resolved);
            event.resolution_kind = Some(kind);
            event.actor = Some(Actor::Bot);
            event.outcome_reason = Some("task completed".into());
        });
        self.outcome = Some(Outcome::Resolved);
        self.implied = kind == ResolutionKind::Implied;
        Next::Done
    }

    pub(super) fn end_of_conversation(&mut self, stage: &mut Stage, yes: f64, no: f64) -> Next {
        match stage.ask_whether_answered(yes, no) {
            Some(true) => {
                stage.mood += 0.1;
                stage.enter(
                    Spot::System(TopicKind::ConfirmedSuccess),
                    TopicTrigger::Redirect,
                );
                let text = stage.phrases.success;
                stage.bot_says(text);
                self.outcome = Some(Outcome::Resolved);
                if stage.draw.chance(0.8) {
                    stage.ask_satisfaction();
                } else if stage.draw.chance(0.4) {
                    stage.ask_recommendation();
                }
                Next::Done
            }
            Some(false) => {
                stage.mood -= 0.5;
                stage.enter(
                    Spot::System(TopicKind::ConfirmedFailure),
                    TopicTrigger::Redirect,
                );
                let text = stage.phrases.failure;
                stage.bot_says(text);
                match stage.draw.unit() {
                    luck if luck < 0.4 => self.asks_for_person(stage),
                    luck if luck < 0.6 => self.start_over(stage),
                    _ => Next::Silence,
                }
            }
            None => {
                self.outcome = Some(Outcome::Resolved);
                self.implied = true;
                Next::Done
            }
        }
    }

    pub(super) fn unsettled(&mut self, stage: &mut Stage) -> Next {
        stage.mood -= 0.55;
        match stage.draw.unit() {
            luck if luck < 0.36 => self.asks_for_person(stage),
            luck if luck < 0.40 => self.start_over(stage),
            luck if luck < 0.50 && self.matters < 3 => {
                self.matters += 1;
                self.helped = stage.draw.chance(0.5);
                Next::Ask
            }
            luck if luck < 0.62 => self.end_of_conversation(stage, 0.10, 0.50),
            luck if luck < 0.72 => {
                stage.ask_satisfaction();
                Next::Silence
            }
            _ => Next::Silence,
        }
    }

    pub(super) fn start_over(&mut self, stage: &mut Stage) -> Next {
        let text = stage.phrases.start_over;
        stage.user_says(text, true);
        stage.understand(&Seen::Common("start_over"));
        stage.enter(Spot::System(TopicKind::StartOver), TopicTrigger::Direct);
        let text = stage.phrases.started_over;
        stage.bot_says(text);
        self.matters += 1;
        self.helped = stage.draw.chance(0.5);
        Next::Ask
    }

    pub(super) fn asks_for_person(&mut self, stage: &mut Stage) -> Next {
        let text = stage.draw.pick(&stage.phrases.person);
        stage.user_says(text, true);
        stage.understand(&Seen::Common("talk_to_person"));
        Next::Person(HandoverTrigger::Direct)
    }

    pub(super) fn person(&mut self, stage: &mut Stage, trigger: HandoverTrigger) -> Next {
        let end = stage.hand_over(trigger);
        if end == HandoverEnd::TriesBotAgain {
            self.wish = None;
            return Next::Ask;
        }
        self.engaged = true;
        self.outcome = Some(Outcome::Escalated);
        if end == HandoverEnd::Served && stage.draw.chance(0.55) {
            stage.ask_satisfaction();
        }
        if end == HandoverEnd::Served && stage.draw.chance(0.6) {
            stage.conversation_end(Actor::Agent, "finished by agent");
        }
        Next::Done
    }

    pub(super) fn silence(&mut self, stage: &mut Stage) -> Next {
        match stage.channel() {
            Channel::Web if stage.draw.chance(0.15) => {
                stage.user_pause();
                stage.conversation_end(Actor::User, "window closed");
            }
            Channel::Teams if stage.draw.chance(0.6) => {
                stage.wait(31 * MINUTE);
                stage.conversation_end(Actor::Timeout, "inactivity");
            }
            _ => {}
        }
        Next::Done
    }

    /// A call always has an end.
    pub(super) fn hang_up(&self, stage: &mut Stage) {
        if stage.channel().is_spoken() && !stage.ended {
            stage.user_pause();
            stage.conversation_end(Actor::User, "hung up");
        }
    }

    /// The platform writes what it thinks became of the session.
    pub(super) fn report(&self, stage: &mut Stage, began: i64) {
        let by_people = stage.channel() == Channel::Phone;
        if !BOTS[stage.plan.bot].reports || by_people || stage.is_over() {
            return;
        }
        let (outcome, reason) = match (self.engaged, self.outcome) {
            (false, _) => (Outcome::None, "no engagement"),
            (true, Some(Outcome::Resolved)) => (Outcome::Resolved, "resolved"),
            (true, Some(Outcome::Escalated)) => (Outcome::Escalated, "passed to people"),
            (true, _) => (Outcome::Abandoned, "user left"),
        };
        let implied = (outcome == Outcome::Resolved).then_some(self.implied);
        let (ended, engaged, turns) = (stage.clock, self.engaged, stage.turns);
        stage.emit(EventType::Report, |event| {
            event.reported_engaged = Some(engaged);
            event.reported_outcome = Some(outcome);
            event.reported_outcome_reason = Some(reason.into());
            event.reported_implied = implied;
            event.reported_turns = Some(turns);
            event.reported_start = Some(began);
            event.reported_end = Some(ended);
        });
    }
}
