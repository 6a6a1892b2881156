//! What runs behind the bot: recognisers, models, tools, knowledge, and their failures.

use upshot_core::words::{Actor, EventType, FeedbackRating, Interaction};

use crate::catalogue::{Mind, Model, SOURCES, TOPICS};
use crate::stage::Stage;
use crate::story::Story;

/// How a recogniser saw a message.
pub(crate) enum Seen {
    /// As this topic.
    Topic(usize),
    /// As something that every bot knows: hello, thanks, a person.
    Common(&'static str),
    /// As something between these.
    Between(usize, usize),
    /// As nothing.
    Nothing,
}

/// What came of a search of knowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Answer,
    Nothing,
}

impl Stage<'_> {
    /// The bot tries to understand the user's last message.
    pub(crate) fn understand(&mut self, seen: &Seen) {
        if matches!(self.bot().mind, Mind::Models(_)) {
            self.think("chat", 1500, 60);
        }
        let (intent, confidence, candidates) = match *seen {
            Seen::Topic(topic) => {
                let confidence = self.share(0.72, 0.26);
                let candidates = self.candidates(topic, confidence);
                (Some(TOPICS[topic].id), confidence, candidates)
            }
            Seen::Common(intent) => (Some(intent), self.share(0.85, 0.14), None),
            Seen::Between(first, second) => {
                let confidence = self.share(0.42, 0.08);
                let other = round(confidence - 0.03);
                let list = candidate_list(&[(first, confidence), (second, other)]);
                (None, confidence, Some(list))
            }
            Seen::Nothing => (None, self.share(0.08, 0.25), None),
        };
        let message = self.last_user_message();
        let unmatched = matches!(seen, Seen::Nothing);
        self.emit(EventType::Intent, |event| {
            event.message_id = message;
            event.intent = intent.map(Into::into);
            event.confidence = Some(confidence);
            event.intent_candidates = candidates.map(Into::into);
            event.unmatched = Some(unmatched);
            event.must_understand = Some(true);
        });
        self.wait(6_000);
    }

    /// A number between `low` and `low + width`, with three digits.
    fn share(&mut self, low: f64, width: f64) -> f64 {
        round(low + width * self.draw.unit())
    }

    fn candidates(&mut self, topic: usize, confidence: f64) -> Option<String> {
        if !self.draw.chance(0.3) {
            return None;
        }
        let bot = TOPICS[topic].bot;
        let other = crate::plan::pick_topic(bot, self.draw.unit());
        let less = round(confidence * (0.2 + 0.5 * self.draw.unit()));
        (other != topic).then(|| candidate_list(&[(topic, confidence), (other, less)]))
    }

    /// A language model is called, again if the first call fails.
    pub(crate) fn think(&mut self, operation: &str, input: i64, output: i64) {
        let fails = if self.is_bad() { 0.03 } else { 0.004 };
        if self.draw.chance(fails) {
            let error = self.draw.pick(&["rate_limited", "timeout", "overloaded"]);
            self.model_call(operation, input, 0, Some(error));
        }
        self.model_call(operation, input, output, None);
    }

    /// The model that the version of the bot calls, if it calls one.
    fn model(&self) -> Option<Model> {
        let Mind::Models(models) = self.bot().mind else {
            return None;
        };
        let version = self.identity.bot_version.as_deref().unwrap_or_default();
        let known = models.iter().rev();
        let called = known.copied().find(|model| model.since <= version);
        called.or_else(|| models.first().copied())
    }

    fn model_call(&mut self, operation: &str, input: i64, output: i64, error: Option<&str>) {
        let Some(model) = self.model() else {
            return;
        };
        let embeds = operation == "embeddings";
        let read = self.draw.around(input, 0.5).max(1);
        let cached = if !embeds && self.draw.chance(0.6) {
            read * self.draw.between(30, 80) / 100
        } else {
            0
        };
        let into_cache = if !embeds && cached == 0 { read / 2 } else { 0 };
        let wrote = self.draw.around(output, 0.7);
        let reasons = model.prices.is_some() && !embeds && error.is_none();
        let reasoning = if reasons && self.draw.chance(0.35) {
            self.draw.around(120, 0.8)
        } else {
            0
        };
        let latency = if embeds {
            self.draw.around(90_000, 0.4)
        } else {
            self.draw.around(350_000, 0.4) + (wrote + reasoning) * 9_000
        };
        // What is read takes its time before the first word comes.
        let first =
            (!embeds && error.is_none()).then(|| (110_000 + read * 60).min(latency * 9 / 10));
        let cost = model.prices.map(|prices| {
            let millionths = (read - cached) as f64 * prices.0
                + cached as f64 * prices.1
                + (wrote + reasoning) as f64 * prices.2;
            millionths.round() / 1_000_000.0
        });
        self.wait(latency);
        let message = self.last_user_message();
        self.emit(EventType::ModelCall, |event| {
            event.message_id = message;
            event.model_provider = Some(model.provider.into());
            event.model = Some(if embeds { model.embeddings } else { model.name }.into());
            event.model_operation = Some(operation.into());
            event.tokens_input = Some(read);
            event.tokens_output = Some(wrote + reasoning);
            event.tokens_cached = Some(cached);
            event.tokens_cache_write = Some(into_cache);
            event.tokens_reasoning = Some(reasoning);
            event.cost = cost;
            event.cost_currency = cost.map(|_| "USD".into());
            event.latency = Some(latency);
            event.time_to_first_token = first;
            event.finish_reason = error.is_none().then(|| "stop".into());
            event.error = error.map(Into::into);
        });
        self.wait(3_000);
    }

    /// A tool is called; no where it failed.
    pub(crate) fn call_tool(&mut self, tool: &str) -> bool {
        let broken = self.is_bad() && Story::BROKEN_TOOLS.contains(&tool);
        let fails = self.draw.chance(if broken { 0.45 } else { 0.025 });
        let latency = if fails {
            self.draw.between(5_000_000, 8_000_000)
        } else {
            self.draw.around(420_000, 0.8)
        };
        let error = if broken { "bad_gateway" } else { "timeout" };
        self.wait(latency);
        let message = self.last_user_message();
        self.emit(EventType::ModelCall, |event| {
            event.message_id = message;
            event.model_operation = Some("tool".into());
            event.tool = Some(tool.into());
            event.latency = Some(latency);
            event.error = fails.then(|| error.into());
        });
        self.wait(3_000);
        if fails {
            self.error(
                if broken {
                    "tool_bad_gateway"
                } else {
                    "tool_timeout"
                },
                false,
            );
        }
        !fails
    }

    /// Something failed.
    pub(crate) fn error(&mut self, code: &str, user_error: bool) {
        self.emit(EventType::Error, |event| {
            event.error = Some(code.into());
            event.user_error = Some(user_error);
        });
        self.wait(2_000);
    }

    /// Knowledge is searched and, where something is found, an answer is generated.
    pub(crate) fn search_knowledge(&mut self, likely: f64) -> Found {
        self.think("embeddings", 30, 0);
        let failing = self.draw.chance(0.06);
        let (state, found) = match self.draw.unit() {
            luck if luck < likely => ("answered", Found::Answer),
            luck if luck < likely + (1.0 - likely) * 0.45 => ("not_answered", Found::Nothing),
            luck if luck < likely + (1.0 - likely) * 0.85 => ("no_results", Found::Nothing),
            _ => ("error", Found::Nothing),
        };
        let first = self.draw.below(4);
        let second = (first + 1 + self.draw.below(3)) % 4;
        let mut retrieved = vec![SOURCES[first], SOURCES[second]];
        if self.draw.chance(0.35) {
            retrieved.push(Story::UNUSED_SOURCE);
        }
        let cited = if self.draw.chance(0.3) { 2 } else { 1 };
        // A source that fails is waited for.
        let slow = if failing || state == "error" {
            2_400_000
        } else {
            0
        };
        let latency = 120_000 + (first * 7 + second * 11) as i64 * 9_000 + slow;
        self.wait(latency);
        let message = self.last_user_message();
        self.emit(EventType::Knowledge, |event| {
            event.message_id = message;
            event.latency = Some(latency);
            event.knowledge_state = Some(state.into());
            if matches!(state, "answered" | "not_answered") {
                event.sources_retrieved = Some(json_list(&retrieved));
            }
            if found == Found::Answer {
                event.sources_cited = Some(json_list(&retrieved[..cited]));
            }
            if failing || state == "error" {
                event.sources_failed = Some(json_list(&[Story::FAILING_SOURCE]));
            }
        });
        self.wait(5_000);
        if found == Found::Answer {
            self.think("chat", 4200, 190);
        }
        found
    }

    /// What the user does with a generated answer beside answering it: some copy it, some do not wait
    /// for its end, and some have it made again.
    pub(crate) fn use_answer(&mut self, text: &str, helped: bool) {
        if !self.channel().shows_options() {
            return;
        }
        let (copied, again) = if helped { (0.11, 0.015) } else { (0.02, 0.09) };
        let interaction = match self.draw.unit() {
            luck if luck < copied => Interaction::Copied,
            luck if luck < copied + 0.025 => Interaction::Stopped,
            luck if luck < copied + 0.025 + again => Interaction::Regenerated,
            _ => return,
        };
        self.user_pause();
        self.interact(interaction);
        if interaction == Interaction::Regenerated {
            self.think("chat", 4200, 190);
            self.bot_says(text);
        }
    }

    /// The bot's last message could be rated, and at times is.
    pub(crate) fn offer_feedback(&mut self, helped: bool) {
        let message = self.last_bot_message();
        self.emit(EventType::Feedback, |event| {
            event.message_id = message;
            event.feedback = Some(FeedbackRating::Offered);
        });
        self.wait(3_000);
        let (up, down) = if helped { (0.10, 0.02) } else { (0.01, 0.14) };
        let rating = match self.draw.unit() {
            luck if luck < up => FeedbackRating::Up,
            luck if luck < up + down => FeedbackRating::Down,
            luck if luck < up + down + 0.01 => FeedbackRating::Neutral,
            _ => return,
        };
        self.user_pause();
        let comment = match rating {
            FeedbackRating::Up if self.draw.chance(0.15) => {
                Some(self.draw.pick(&self.phrases.thumb_up))
            }
            FeedbackRating::Down if self.draw.chance(0.45) => {
                Some(self.draw.pick(&self.phrases.thumb_down))
            }
            _ => None,
        };
        let message = self.last_bot_message();
        self.emit(EventType::Feedback, |event| {
            event.message_id = message;
            event.feedback = Some(rating);
            event.feedback_comment = comment.map(Into::into);
            event.actor = Some(Actor::User);
        });
        self.wait(3_000);
    }
}

fn round(share: f64) -> f64 {
    (share * 1000.0).round() / 1000.0
}

/// A JSON array of names; the names need no escapes.
fn json_list(names: &[&str]) -> Box<str> {
    format!("[\"{}\"]", names.join("\",\"")).into()
}

fn candidate_list(candidates: &[(usize, f64)]) -> String {
    let candidates: Vec<_> = candidates
        .iter()
        .map(|(topic, confidence)| {
            let intent = TOPICS[*topic].id;
            format!("{{\"intent\":\"{intent}\",\"confidence\":{confidence}}}")
        })
        .collect();
    format!("[{}]", candidates.join(","))
}
