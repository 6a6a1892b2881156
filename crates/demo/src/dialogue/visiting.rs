//! What happens within a topic.

use upshot_core::words::{Actor, EventType, HandoverTrigger, TopicKind, TopicTrigger};

use super::{Next, Session};
use crate::catalogue::{Shape, TOPICS};
use crate::form::FormEnd;
use crate::machine::Found;
use crate::options::{call, more};
use crate::stage::{Spot, Stage};

impl Session {
    pub(super) fn visit(&mut self, stage: &mut Stage, trigger: TopicTrigger) -> Next {
        self.engaged = true;
        self.misunderstood = 0;
        let topic = &TOPICS[self.topic];
        stage.enter(Spot::Custom(self.topic), trigger);
        if topic.passes_on > 0.0 && stage.draw.chance(topic.passes_on) {
            let trigger = match topic.id {
                "fee_dispute" | "payment_extension" => HandoverTrigger::Policy,
                _ => HandoverTrigger::Configured,
            };
            return Next::Person(trigger);
        }
        match topic.shape {
            Shape::Knowledge => return self.generate(stage),
            Shape::Form(fields) => match stage.fill_form(self.topic, fields) {
                FormEnd::Filled => {}
                FormEnd::Left => return Next::Silence,
                FormEnd::AskedTooOften if stage.draw.chance(0.7) => {
                    return Next::Person(HandoverTrigger::MaxAttempts);
                }
                FormEnd::AskedTooOften => return Next::Unsettled,
            },
            Shape::Answer | Shape::Lookup => {}
        }
        if topic.tool.is_some_and(|tool| !stage.call_tool(tool)) {
            stage.mood -= 0.25;
            let text = stage.phrases.failed;
            stage.bot_says(text);
            return if stage.draw.chance(0.45) {
                Next::Person(HandoverTrigger::ToolFailure)
            } else {
                Next::Unsettled
            };
        }
        self.answer(stage)
    }

    /// The topic's answer, or what little there is.
    pub(super) fn answer(&mut self, stage: &mut Stage) -> Next {
        let shape = TOPICS[self.topic].shape;
        let text = if self.helped || shape == Shape::Answer {
            stage.phrases.topics[self.topic].answer
        } else {
            stage.phrases.not_helped
        };
        stage.bot_says(text);
        self.show_more(stage);
        if stage.draw.chance(0.12) {
            stage.offer_feedback(self.helped);
        }
        if stage.draw.chance(0.15) {
            stage.leave();
        }
        if self.helped {
            Next::Settled
        } else {
            Next::Unsettled
        }
    }

    pub(super) fn generate(&mut self, stage: &mut Stage) -> Next {
        if stage.draw.chance(0.5) {
            stage.enter(
                Spot::System(TopicKind::GenerativeAnswers),
                TopicTrigger::Redirect,
            );
        }
        let likely = if self.helped { 0.97 } else { 0.45 };
        if stage.search_knowledge(likely) == Found::Nothing {
            let text = stage.phrases.no_source;
            stage.bot_says(text);
            return if stage.draw.chance(0.35) {
                Next::Person(HandoverTrigger::MissingKnowledge)
            } else {
                Next::Unsettled
            };
        }
        let text = stage.phrases.topics[self.topic].answer;
        stage.bot_says(text);
        self.judge(stage);
        stage.use_answer(text, self.helped);
        self.show_more(stage);
        stage.offer_feedback(self.helped);
        if self.helped {
            Next::Settled
        } else {
            Next::Unsettled
        }
    }

    /// At times a model judges whether the sources support the answer.
    pub(super) fn judge(&self, stage: &mut Stage) {
        if !stage.draw.chance(0.06) {
            return;
        }
        let supported = stage.draw.chance(if self.helped { 0.96 } else { 0.75 });
        let confidence = stage.draw.between(70, 99) as f64 / 100.0;
        let message = stage.last_bot_message();
        stage.emit(EventType::Label, |event| {
            event.message_id = message;
            event.label = Some("groundedness".into());
            event.label_value = Some(
                if supported {
                    "supported"
                } else {
                    "unsupported"
                }
                .into(),
            );
            event.label_confidence = Some(confidence);
            event.actor = Some(Actor::Judge);
        });
        stage.wait(2_000);
    }

    /// Links, cards and telephone numbers beside an answer.
    pub(super) fn show_more(&self, stage: &mut Stage) {
        if !stage.channel().shows_options() || !stage.draw.chance(0.3) {
            return;
        }
        let link = more(stage, self.topic);
        let call = call(stage);
        let calls = stage.draw.chance(0.3);
        stage.show(std::slice::from_ref(&link));
        if calls {
            stage.show(std::slice::from_ref(&call));
        }
        match stage.draw.unit() {
            luck if luck < 0.35 => stage.choose(&link),
            luck if luck < 0.42 && calls => stage.choose(&call),
            _ => {}
        }
    }
}
