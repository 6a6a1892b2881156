//! Handovers: from the wish for a person to the agent's goodbye, with all that goes wrong between.

use upshot_core::Event;
use upshot_core::time::{MINUTE, SECOND};
use upshot_core::words::{
    Actor, EventType, HandoverKind, HandoverStage, HandoverTrigger, Outcome, QuestionStage,
    ResolutionKind, Role, TopicKind, TopicTrigger,
};

use crate::catalogue::SECOND_SKILL;
use crate::plan::Course;
use crate::stage::{Spot, Stage};
use crate::texts::LANGUAGES;

/// What became of a handover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HandoverEnd {
    /// The bot talked the user out of it.
    TriesBotAgain,
    /// An agent served the user.
    Served,
    /// No agent did.
    NotServed,
}

/// An agent and where they work.
struct Desk {
    agent: String,
    skill: &'static str,
    queue: String,
}

/// How many agents a skill has.
const AGENTS: i64 = 14;
/// From when to when agents are there, in the user's hours.
const OPENING_HOURS: std::ops::Range<usize> = 7..21;

const fn reason(trigger: HandoverTrigger) -> &'static str {
    match trigger {
        HandoverTrigger::Direct => "user asked for a person",
        HandoverTrigger::AfterFallback => "not understood twice",
        HandoverTrigger::OperatorButton => "operator button",
        HandoverTrigger::Configured => "planned by the author",
        HandoverTrigger::MaxAttempts => "question asked three times",
        HandoverTrigger::Policy => "decision reserved to people",
        HandoverTrigger::ToolFailure => "back end failed",
        _ => "no source answers",
    }
}

impl Stage<'_> {
    /// Asks for a person and lets come what comes.
    pub(crate) fn hand_over(&mut self, trigger: HandoverTrigger) -> HandoverEnd {
        let ticket = trigger == HandoverTrigger::Policy && self.draw.chance(0.5);
        let kind = if ticket {
            HandoverKind::Ticket
        } else {
            HandoverKind::Human
        };
        let skill = self.bot().skill;
        self.handover(HandoverStage::Requested, |event| {
            event.handover_trigger = Some(trigger);
            event.handover_kind = Some(kind);
            event.handover_reason = Some(reason(trigger).into());
            event.skill = Some(skill.into());
        });
        let by_user = matches!(
            trigger,
            HandoverTrigger::Direct | HandoverTrigger::OperatorButton
        );
        if by_user && self.draw.chance(0.10) {
            let text = self.phrases.try_first;
            self.bot_says(text);
            return HandoverEnd::TriesBotAgain;
        }
        let entered = if by_user {
            TopicTrigger::Direct
        } else {
            TopicTrigger::Redirect
        };
        self.enter(Spot::System(TopicKind::Escalate), entered);
        let text = self.phrases.passing;
        self.bot_says(text);
        self.handover(HandoverStage::Escalated, |event| {
            event.handover_trigger = Some(trigger);
            event.handover_kind = Some(kind);
        });
        if ticket {
            return self.write_ticket();
        }
        self.wait_for_agent()
    }

    fn handover(&mut self, stage: HandoverStage, fill: impl FnOnce(&mut Event)) {
        self.emit(EventType::Handover, |event| {
            event.handover_stage = Some(stage);
            fill(event);
        });
        self.wait(20_000);
    }

    fn write_ticket(&mut self) -> HandoverEnd {
        self.mood -= 0.1;
        let text = self.phrases.ticket;
        self.bot_says(text);
        let reference = format!("T-{}", self.draw.between(100_000, 999_999));
        self.emit(EventType::Attribute, |event| {
            event.attribute_type = Some("service_activity".into());
            event.goal = Some("ticket".into());
            event.reference = Some(reference.into());
            event.actor = Some(Actor::BackEnd);
            event.attributes.insert("status".into(), "opened".into());
        });
        HandoverEnd::NotServed
    }

    fn desk(&mut self, skill: &'static str) -> Desk {
        let number = self.draw.between(1, AGENTS);
        let language = LANGUAGES[self.plan.person.language];
        Desk {
            agent: format!("agent-{skill}-{number:02}"),
            skill,
            queue: format!("{skill}-{language}"),
        }
    }

    fn wait_for_agent(&mut self) -> HandoverEnd {
        let (hour, _) = self
            .world
            .calendar
            .local(self.clock, self.plan.person.country);
        let awake = self.plan.course == Course::WantsPerson;
        if !awake && !OPENING_HOURS.contains(&hour) && self.draw.chance(0.95) {
            return self.nobody_there();
        }
        if self.draw.chance(0.03) {
            self.mood -= 0.4;
            self.handover(HandoverStage::Refused, |_| {});
            let text = self.phrases.refused;
            self.bot_says(text);
            return HandoverEnd::NotServed;
        }
        self.wait_in_queue()
    }

    /// The user waits until an agent is free, or does not.
    fn wait_in_queue(&mut self) -> HandoverEnd {
        let desk = self.desk(self.bot().skill);
        self.handover(HandoverStage::Queued, |event| {
            event.queue = Some(desk.queue.as_str().into());
            event.skill = Some(desk.skill.into());
        });
        let usual = if self.is_bad() { 200 } else { 70 } * SECOND;
        let waiting = self.draw.around(usual, 1.5).min(25 * MINUTE);
        let patience = self.draw.around(5 * MINUTE, 0.9);
        if waiting > 20 * SECOND {
            let text = self.phrases.queue;
            self.other_says(Role::System, None, text);
        }
        if waiting > patience {
            self.mood -= 0.8;
            self.wait(patience);
            self.handover(HandoverStage::AbandonedInQueue, |event| {
                event.queue = Some(desk.queue.as_str().into());
            });
            return HandoverEnd::NotServed;
        }
        self.wait(waiting);
        self.mood += 0.55 - 0.12 * (waiting / MINUTE) as f64;
        self.be_served(desk);
        HandoverEnd::Served
    }

    /// The user calls the hotline: people serve, and no bot.
    pub(crate) fn call_people(&mut self, wish: &str, helped: bool) {
        self.user_says(wish, false);
        if self.wait_in_queue() == HandoverEnd::Served && !self.is_over() {
            if helped {
                self.emit(EventType::Outcome, |event| {
                    event.outcome = Some(Outcome::Resolved);
                    event.resolution_kind = Some(ResolutionKind::Confirmed);
                    event.actor = Some(Actor::Agent);
                    event.outcome_reason = Some("settled on the telephone".into());
                });
            }
            self.mood += if helped { 0.2 } else { -0.6 };
            self.wait(2_000_000);
            self.ask_caller();
        }
    }

    fn nobody_there(&mut self) -> HandoverEnd {
        self.mood -= 0.4;
        self.handover(HandoverStage::Unavailable, |_| {});
        let text = self.phrases.unavailable;
        self.bot_says(text);
        if !self.draw.chance(0.5) {
            return HandoverEnd::NotServed;
        }
        self.handover(HandoverStage::Requested, |event| {
            event.handover_trigger = Some(HandoverTrigger::Configured);
            event.handover_kind = Some(HandoverKind::Ticket);
            event.handover_reason = Some("outside opening hours".into());
        });
        self.write_ticket()
    }

    fn be_served(&mut self, first: Desk) {
        let context = self.draw.chance(0.85);
        self.accept(&first, context);
        self.talk(&first, context);
        let mut last = first;
        if self.draw.chance(0.08) {
            self.handover(HandoverStage::Transferred, |event| {
                event.agent_id = Some(last.agent.as_str().into());
                event.skill = Some(SECOND_SKILL.into());
            });
            self.mood -= 0.15;
            let waiting = self.draw.around(60 * SECOND, 1.0);
            self.wait(waiting);
            last = self.desk(SECOND_SKILL);
            self.accept(&last, true);
            self.talk(&last, true);
        }
        let pause = self.draw.around(20 * SECOND, 0.8);
        self.wait(pause);
        let text = self.phrases.agent_bye;
        self.other_says(Role::Agent, Some(&last.agent), text);
        self.handover(HandoverStage::Finished, |event| {
            event.agent_id = Some(last.agent.as_str().into());
            event.skill = Some(last.skill.into());
        });
        self.report_service(&last);
        if self.draw.chance(0.3) {
            self.ask_agent(&last.agent, last.skill);
        }
    }

    fn accept(&mut self, desk: &Desk, context: bool) {
        self.handover(HandoverStage::Accepted, |event| {
            event.agent_id = Some(desk.agent.as_str().into());
            event.skill = Some(desk.skill.into());
            event.queue = Some(desk.queue.as_str().into());
            event.context_passed = Some(context);
        });
    }

    fn talk(&mut self, desk: &Desk, context: bool) {
        let pause = self.draw.around(9 * SECOND, 0.8);
        self.wait(pause);
        let hello = self.phrases.agent_hello[usize::from(!context)];
        self.other_says(Role::Agent, Some(&desk.agent), hello);
        self.ask_again(desk, context);
        for _ in 0..self.draw.between(1, 3) {
            let text = self.draw.pick(&self.phrases.to_agent);
            self.user_says(text, false);
            let pause = self.draw.around(28 * SECOND, 0.9);
            self.wait(pause);
            let text = self.draw.pick(&self.phrases.agent);
            self.other_says(Role::Agent, Some(&desk.agent), text);
        }
        if self.channel().shows_options() && self.draw.chance(0.05) {
            let name = self.phrases.attachment;
            self.user_attaches(name);
        }
    }

    /// An agent who was not told what the bot learnt asks for it once more.
    fn ask_again(&mut self, desk: &Desk, context: bool) {
        let likely = if context { 0.06 } else { 0.8 };
        if self.asked.is_empty() || !self.draw.chance(likely) {
            return;
        }
        let place = self.draw.below(self.asked.len());
        let question = self.asked[place].clone();
        self.emit(EventType::Question, |event| {
            event.role = Some(Role::Agent);
            event.agent_id = Some(desk.agent.as_str().into());
            event.skill = Some(desk.skill.into());
            event.question_id = Some(question);
            event.question_stage = Some(QuestionStage::Asked);
        });
        self.mood -= 0.15;
        self.wait(20_000);
    }

    /// The agent writes down what was done.
    fn report_service(&mut self, desk: &Desk) {
        if !self.draw.chance(0.4) {
            return;
        }
        let reference = format!("S-{}", self.draw.between(100_000, 999_999));
        let status = self.draw.pick(&["done", "done", "done", "open"]);
        self.emit(EventType::Attribute, |event| {
            event.attribute_type = Some("service_activity".into());
            event.goal = Some("service_done".into());
            event.reference = Some(reference.into());
            event.actor = Some(Actor::Agent);
            event.agent_id = Some(desk.agent.as_str().into());
            event.skill = Some(desk.skill.into());
            event.attributes.insert("status".into(), status.into());
        });
        self.wait(2_000);
    }
}
