//! What the bot made of the user's messages: intents, what else was considered, and what it did not
//! understand.

use std::borrow::Cow;

use super::draft::Draft;
use crate::event::EventView;
use crate::words::{EventType, TopicKind};

const MESSAGE: Option<EventType> = Some(EventType::Message);

/// An intent that was considered.
#[derive(Debug, serde::Deserialize)]
struct Candidate<'a> {
    #[serde(borrow, default)]
    intent: Option<Cow<'a, str>>,
    #[serde(default)]
    confidence: Option<f64>,
}

/// The candidates, the surest first; none where the list cannot be read.
fn candidates_of(json: &str) -> Vec<Candidate<'_>> {
    let mut candidates: Vec<Candidate<'_>> = serde_json::from_str(json).unwrap_or_default();
    let sureness = |candidate: &Candidate<'_>| candidate.confidence.unwrap_or(f64::NEG_INFINITY);
    candidates.sort_by(|left, right| sureness(right).total_cmp(&sureness(left)));
    candidates
}

impl<'e> Draft<'e> {
    pub(super) fn record_intent<E: EventView>(&mut self, event: &'e E) {
        let unmatched = event.unmatched() == Some(true);
        if unmatched {
            self.mark_unmatched();
        }
        if event.intent().is_none() && !unmatched && event.intent_candidates().is_some() {
            self.facts.multiple_topics_matched = true;
            self.mark_ambiguous();
        }
        self.record_understanding(event);
    }

    /// What the user's last message was taken for, and what else was considered.
    pub(super) fn record_understanding<E: EventView>(&mut self, event: &'e E) {
        let intent = event
            .intent()
            .filter(|_| event.unmatched() != Some(true) || event.event_type() == MESSAGE);
        if let Some(intent) = intent {
            self.name_intent(intent, event.confidence());
        }
        if let Some(candidates) = event.intent_candidates() {
            self.consider(&candidates_of(candidates), intent);
        }
    }

    /// Keeps the best of what was considered and not taken.
    fn consider(&mut self, candidates: &[Candidate<'_>], taken: Option<&str>) {
        let message = self.last_message.place;
        let Some(message) = message.and_then(|at| self.messages.get_mut(at)) else {
            return;
        };
        if taken.is_none()
            && let Some(best) = candidates.first()
        {
            message.considered_intent = best.intent.as_deref().map(Into::into);
            message.confidence = best.confidence.or(message.confidence);
        }
        let second = match taken {
            Some(taken) => candidates
                .iter()
                .find(|candidate| candidate.intent.as_deref() != Some(taken)),
            None => candidates.get(1),
        };
        message.runner_up_intent =
            second.and_then(|second| second.intent.as_deref().map(Into::into));
        message.runner_up_confidence = second.and_then(|second| second.confidence);
        if let (Some(first), Some(second)) = (message.confidence, message.runner_up_confidence) {
            let margin = (first - second).max(0.0);
            let smallest = self.facts.smallest_margin.unwrap_or(f64::INFINITY);
            self.facts.smallest_margin = Some(smallest.min(margin));
        }
    }

    /// Several intents were considered for the user's last message and none was taken.
    pub(super) fn mark_ambiguous(&mut self) {
        let place = self.last_message.place;
        if let Some(message) = place.and_then(|at| self.messages.get_mut(at))
            && !self.last_message.ambiguous
        {
            message.ambiguous = true;
            self.last_message.ambiguous = true;
            self.facts.ambiguous_messages += 1;
        }
    }

    /// Whether the bot's answer was generated.
    pub(super) fn is_generated<E: EventView>(&self, event: &E) -> bool {
        self.trail.generated
            || event.model().is_some()
            || self.answer_kind(event) == Some(TopicKind::GenerativeAnswers)
    }

    /// The user's last message was taken for this.
    fn name_intent(&mut self, intent: &'e str, confidence: Option<f64>) {
        self.trail.intents.add(Some(intent));
        self.first_intent = self.first_intent.or(Some(intent));
        self.last_intent = Some(intent);
        self.last_message.intent = Some(intent);
        if let Some(message) = self
            .last_message
            .place
            .and_then(|at| self.messages.get_mut(at))
        {
            message.intent = Some(intent.into());
            message.confidence = confidence.or(message.confidence);
        }
    }

    /// The bot did not understand the user's last message.
    pub fn mark_unmatched(&mut self) {
        if !self.last_message.must || self.last_message.unmatched {
            return;
        }
        self.last_message.unmatched = true;
        self.facts.fallbacks += 1;
        self.run = self.run_before + 1;
        self.facts.consecutive_fallbacks = self.longest_before.max(self.run);
        self.mark_message(true);
    }

    /// It did after all.
    pub fn unmark_unmatched(&mut self) {
        if !self.last_message.must || !self.last_message.unmatched {
            return;
        }
        self.last_message.unmatched = false;
        self.facts.fallbacks -= 1;
        self.run = 0;
        self.facts.consecutive_fallbacks = self.longest_before;
        self.mark_message(false);
    }

    fn mark_message(&mut self, unmatched: bool) {
        if let Some(message) = self
            .last_message
            .place
            .and_then(|at| self.messages.get_mut(at))
        {
            message.unmatched = unmatched;
        }
    }
}
