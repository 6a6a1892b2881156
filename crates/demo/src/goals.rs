//! Goals that are reached when a topic succeeds: orders, leads, services done.

use upshot_core::words::{Actor, EventType};

use crate::catalogue::{Goal, TOPICS};
use crate::people::COUNTRIES;
use crate::stage::Stage;
use crate::story::Story;

impl Stage<'_> {
    /// The topic succeeded: what it is for may have been reached.
    pub(crate) fn reach_goal(&mut self, topic: usize) {
        match TOPICS[topic].goal {
            Goal::Nothing => {}
            Goal::Service => self.service_done(topic),
            Goal::Lead => self.lead(topic),
            Goal::Order => self.order(),
        }
    }

    fn service_done(&mut self, topic: usize) {
        if !self.draw.chance(0.6) {
            return;
        }
        let reference = format!("S-{}", self.draw.between(1_000_000, 9_999_999));
        self.emit(EventType::Attribute, |event| {
            event.attribute_type = Some("service_activity".into());
            event.goal = Some(TOPICS[topic].id.into());
            event.reference = Some(reference.into());
            event.actor = Some(Actor::BackEnd);
            event.attributes.insert("status".into(), "done".into());
        });
        self.wait(2_000);
    }

    fn lead(&mut self, topic: usize) {
        // Who only asks for a price seldom leaves an address.
        let always = TOPICS[topic].id == "call_back";
        if !always && !self.draw.chance(0.15) {
            return;
        }
        let reference = format!("L-{}", self.draw.between(1_000_000, 9_999_999));
        let quality = self.draw.pick(&["hot", "warm", "warm", "cold"]);
        self.emit(EventType::Attribute, |event| {
            event.attribute_type = Some("lead".into());
            event.goal = Some("lead".into());
            event.reference = Some(reference.as_str().into());
            event.actor = Some(Actor::User);
            event.attributes.insert("quality".into(), quality.into());
        });
        self.wait(2_000);
        self.conversion("lead", &reference, None, Actor::User);
    }

    fn order(&mut self) {
        let mut buys = 0.62;
        if self
            .plan
            .variant
            .is_some_and(|variant| Story::VARIANTS[variant] == "guided")
        {
            buys = 0.80;
        }
        if !self.draw.chance(buys) {
            return;
        }
        let reference = format!("B-{}", self.draw.between(1_000_000, 9_999_999));
        // Yearly value of the contract, in whole hundredths.
        let value = self.draw.around(42_000, 0.7) as f64 / 100.0;
        let currency = COUNTRIES[self.plan.person.country].currency;
        self.emit(EventType::Attribute, |event| {
            event.attribute_type = Some("transaction".into());
            event.goal = Some("order".into());
            event.reference = Some(reference.as_str().into());
            event.actor = Some(Actor::Page);
            event.value = Some(value);
            event.currency = Some(currency.into());
            event.attributes.insert("product".into(), "contract".into());
        });
        self.wait(400_000);
        self.conversion("order", &reference, Some(value), Actor::BackEnd);
        let text = self.phrases.ordered;
        self.bot_says(text);
    }

    fn conversion(&mut self, goal: &str, reference: &str, value: Option<f64>, actor: Actor) {
        let currency = COUNTRIES[self.plan.person.country].currency;
        self.emit(EventType::Conversion, |event| {
            event.goal = Some(goal.into());
            event.reference = Some(reference.into());
            event.value = value;
            event.currency = value.is_some().then(|| currency.into());
            event.actor = Some(actor);
        });
        self.wait(2_000);
    }
}
