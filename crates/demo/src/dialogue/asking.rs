//! How users say what they want, and how the bot understands it or not.

use upshot_core::words::{Actor, EventType, HandoverTrigger, Interaction, TopicKind, TopicTrigger};

use super::{Next, Session};
use crate::catalogue::{CARE, TOPICS};
use crate::machine::Seen;
use crate::options::{newsletter, none_of_these, operator, topic_choice};
use crate::people::Channel;
use crate::plan::pick_topic;
use crate::stage::{Spot, Stage};

impl Session {
    /// The user says what they want, by a click or in their own words.
    pub(super) fn ask(&mut self, stage: &mut Stage) -> Next {
        if let Some(next) = self.click(stage) {
            return next;
        }
        let text = self.wording(stage);
        let repeats = self.misunderstood > 0 && text == stage.last_words;
        stage.user_says(&text, true);
        if self.misunderstood > 0 && stage.draw.chance(0.3) {
            stage.interact(if repeats {
                Interaction::Repeated
            } else {
                Interaction::Rephrased
            });
        }
        if self.wish.is_some() {
            stage.understand(&Seen::Nothing);
            return Next::Misunderstood;
        }
        let bad = stage.is_bad();
        let mut unmatched = if bad { 0.24 } else { 0.065 };
        if stage.channel() == Channel::Voice {
            unmatched += 0.04;
        }
        if self.misunderstood > 0 {
            unmatched *= 2.2;
        }
        if stage.draw.chance(unmatched) {
            stage.understand(&Seen::Nothing);
            return Next::Misunderstood;
        }
        if stage.draw.chance(0.04) {
            let other = pick_topic(stage.plan.bot, stage.draw.unit());
            if other != self.topic {
                stage.understand(&Seen::Between(self.topic, other));
                return Next::DidYouMean(other);
            }
        }
        stage.understand(&Seen::Topic(self.topic));
        self.review(stage);
        Next::Visit(TopicTrigger::Direct)
    }

    /// At times somebody reads the message and says what was meant.
    pub(super) fn review(&self, stage: &mut Stage) {
        if !stage.draw.chance(0.01) {
            return;
        }
        let right = stage.draw.chance(0.92);
        let topic = if right {
            self.topic
        } else {
            pick_topic(stage.plan.bot, stage.draw.unit())
        };
        let message = stage.last_user_message();
        stage.emit(EventType::Label, |event| {
            event.message_id = message;
            event.label = Some("intent".into());
            event.label_value = Some(TOPICS[topic].id.into());
            event.actor = Some(Actor::Reviewer);
        });
    }

    pub(super) fn click(&mut self, stage: &mut Stage) -> Option<Next> {
        let options = std::mem::take(&mut self.options);
        if options.is_empty() || self.misunderstood > 0 || self.wish.is_some() {
            return None;
        }
        if stage.plan.bot == CARE && stage.draw.chance(0.006) {
            let newsletter = newsletter(stage);
            stage.choose(&newsletter);
        }
        let position = options.iter().position(|(_, topic)| *topic == self.topic);
        let position = match position {
            Some(position) if stage.draw.chance(0.7) => position,
            None if stage.draw.chance(0.15) => stage.draw.below(options.len()),
            _ => return None,
        };
        let (choice, topic) = options.get(position)?;
        self.topic = *topic;
        stage.choose(choice);
        Some(Next::Visit(TopicTrigger::Direct))
    }

    pub(super) fn wording(&self, stage: &mut Stage) -> String {
        let phrases = stage.phrases;
        if self.misunderstood > 0 && stage.draw.chance(0.18) {
            // Some say it once more as they said it.
            return stage.last_words.clone();
        }
        let core = match self.wish {
            Some(wish) => stage.draw.pick(&phrases.wishes[wish]),
            None if self.misunderstood > 0 && stage.draw.chance(0.3) => {
                stage.draw.pick(&phrases.rephrase)
            }
            None => stage.draw.pick(&phrases.topics[self.topic].asks),
        };
        let mut text = String::new();
        if stage.draw.chance(0.35) {
            text.push_str(stage.draw.pick(&phrases.openers));
        }
        text.push_str(core);
        if stage.draw.chance(0.3) {
            text.push_str(stage.draw.pick(&phrases.closers));
        }
        text
    }

    pub(super) fn fall_back(&mut self, stage: &mut Stage) {
        self.misunderstood += 1;
        stage.mood -= 0.12;
        stage.enter(Spot::System(TopicKind::Fallback), TopicTrigger::System);
        let text = stage.phrases.fallback[(self.misunderstood - 1).min(1)];
        stage.bot_says(text);
    }

    pub(super) fn not_understood(&mut self, stage: &mut Stage) -> Next {
        self.engaged = true;
        self.fall_back(stage);
        let button = stage.channel().shows_options() && stage.draw.chance(0.5);
        let operator = operator(stage);
        if button {
            stage.show(std::slice::from_ref(&operator));
        }
        let luck = stage.draw.unit();
        if self.misunderstood >= 2 && luck < 0.40 {
            return Next::Person(HandoverTrigger::AfterFallback);
        }
        match luck {
            luck if luck < 0.50 && button => {
                stage.choose(&operator);
                Next::Person(HandoverTrigger::OperatorButton)
            }
            luck if luck < 0.26 => Next::Silence,
            luck if luck < 0.36 => self.asks_for_person(stage),
            _ if self.misunderstood >= 3 => Next::Silence,
            _ => {
                // Who wanted what no bot can do asks for something else, or gives up.
                if self.wish.take().is_some() && stage.draw.chance(0.5) {
                    return Next::Silence;
                }
                Next::Ask
            }
        }
    }

    pub(super) fn did_you_mean(&mut self, stage: &mut Stage, other: usize) -> Next {
        stage.enter(
            Spot::System(TopicKind::MultipleTopicsMatched),
            TopicTrigger::System,
        );
        let text = stage.phrases.did_you_mean;
        stage.bot_says(text);
        let choices = [
            topic_choice(stage, self.topic),
            topic_choice(stage, other),
            none_of_these(stage),
        ];
        if !stage.channel().shows_options() {
            let title = choices[0].title;
            stage.user_says(title, true);
            stage.understand(&Seen::Topic(self.topic));
            return Next::Visit(TopicTrigger::Direct);
        }
        stage.show(&choices);
        match stage.draw.unit() {
            luck if luck < 0.78 => {
                stage.choose(&choices[0]);
                Next::Visit(TopicTrigger::Direct)
            }
            luck if luck < 0.88 => {
                stage.choose(&choices[2]);
                Next::Unsettled
            }
            _ => Next::Silence,
        }
    }
}
