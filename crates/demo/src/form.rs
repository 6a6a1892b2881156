//! Forms: questions, answers that do not do, and users who leave.

use upshot_core::words::{EventType, QuestionStage};

use crate::catalogue::{
    AMOUNT, CARD_DIGITS, CUSTOMER_NUMBER, DATE, EMAIL, FIELDS, METER_NUMBER, METER_VALUE,
    ORDER_NUMBER, PHONE, POSTCODE, TOPICS,
};
use crate::people::COUNTRIES;
use crate::stage::Stage;

/// How a form ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FormEnd {
    /// Every question is answered.
    Filled,
    /// The user is gone.
    Left,
    /// A question was asked as often as the author allows.
    AskedTooOften,
}

/// How often a question is put.
const ATTEMPTS: u32 = 3;

impl Stage<'_> {
    /// Puts the questions of a topic's form.
    pub(crate) fn fill_form(&mut self, topic: usize, fields: &[usize]) -> FormEnd {
        for field in fields {
            let end = self.ask_field(topic, *field);
            if end != FormEnd::Filled {
                return end;
            }
        }
        FormEnd::Filled
    }

    fn ask_field(&mut self, topic: usize, field: usize) -> FormEnd {
        // Most people do not know where the number stands.
        let (wrong, leaves) = match field {
            METER_NUMBER => (0.42, 0.24),
            CUSTOMER_NUMBER => (0.12, 0.03),
            EMAIL | PHONE => (0.06, 0.05),
            _ => (0.07, 0.015),
        };
        let question = self.phrases.fields[field];
        self.bot_says(question);
        self.question(topic, field, QuestionStage::Asked);
        for attempt in 1..=ATTEMPTS {
            if self.draw.chance(leaves) {
                return self.leave_form(topic, field);
            }
            if !self.draw.chance(wrong) {
                let answer = self.answer(field);
                self.user_says(&answer, false);
                self.question(topic, field, QuestionStage::Answered);
                return FormEnd::Filled;
            }
            self.mood -= 0.08;
            let answer = self.draw.pick(&self.phrases.no_answer);
            self.user_says(answer, false);
            if self.draw.chance(0.25) {
                self.error("invalid_input", true);
            }
            if attempt < ATTEMPTS {
                let again = self.draw.pick(&self.phrases.again);
                self.bot_says(again);
                self.question(topic, field, QuestionStage::AskedAgain);
            }
        }
        self.question(topic, field, QuestionStage::Left);
        FormEnd::AskedTooOften
    }

    /// Some say that they leave; most are just gone.
    fn leave_form(&mut self, topic: usize, field: usize) -> FormEnd {
        if self.draw.chance(0.35) {
            let bye = self.phrases.bye[1];
            self.user_says(bye, false);
            self.question(topic, field, QuestionStage::Left);
            let goodbye = self.phrases.goodbye;
            self.bot_says(goodbye);
        }
        FormEnd::Left
    }

    fn question(&mut self, topic: usize, field: usize, stage: QuestionStage) {
        let id = format!("{}.{}", TOPICS[topic].id, FIELDS[field]);
        let message = match stage {
            QuestionStage::Answered | QuestionStage::Left => self.last_user_message(),
            _ => self.last_bot_message(),
        };
        if stage == QuestionStage::Asked {
            self.asked.push(id.as_str().into());
        }
        self.emit(EventType::Question, |event| {
            event.message_id = message;
            event.question_id = Some(id.into());
            event.question_name = Some(FIELDS[field].replace('_', " ").into());
            event.question_stage = Some(stage);
        });
        self.wait(2_000);
    }

    /// An answer that does.
    fn answer(&mut self, field: usize) -> String {
        match field {
            CUSTOMER_NUMBER => format!("{}", self.draw.between(10_000_000, 99_999_999)),
            DATE => {
                let (day, month) = (self.draw.between(1, 28), self.draw.between(1, 12));
                format!("{day}.{month}.")
            }
            POSTCODE => format!("{}", self.draw.between(10_000, 99_999)),
            PHONE => COUNTRIES[self.plan.person.country].phone.to_owned(),
            METER_NUMBER => format!(
                "1EXA{}",
                self.draw.between(100_000_000_000, 999_999_999_999)
            ),
            METER_VALUE => format!("{}", self.draw.between(1_200, 98_000)),
            CARD_DIGITS => format!("{:04}", self.draw.between(0, 9_999)),
            AMOUNT => format!("{}", self.draw.between(1, 400) * 5),
            EMAIL => format!("customer{}@example.org", self.draw.between(100, 99_999)),
            ORDER_NUMBER => format!("B-{}", self.draw.between(100_000, 999_999)),
            _ => self.draw.pick(&self.phrases.reasons).to_owned(),
        }
    }
}
