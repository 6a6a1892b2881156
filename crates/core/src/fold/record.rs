//! What an event adds to its session, whether the session is live or only rounded off.

use super::class::{Class, is_given, is_user_act, topic_kind};
use super::draft::{Draft, LastMessage, Topic, message_reference, since};
use super::steps::is_commented;
use crate::event::EventView;
use crate::facts::Message;
use crate::profile::Rules;
use crate::words::{
    EventType, ExposureStage, FeedbackRating, MessageKind, Role, TopicKind, TopicTrigger,
};

impl<'e> Draft<'e> {
    /// Adds the event.
    pub fn record<E: EventView>(
        &mut self,
        event: &'e E,
        kind: EventType,
        class: Class,
        rules: &Rules,
    ) {
        self.facts.events += 1;
        self.context.complete(event);
        self.trail.page = event.page().or(self.trail.page);
        if rules.new_window {
            self.note_window(event);
        }
        if is_user_act(event, kind) {
            self.record_user_act(event.time(), kind);
        }
        self.record_kind(event, kind, rules);
        if let Some(rating) = event.feedback() {
            self.record_feedback(event, kind, rating);
        }
        if kind == EventType::Label {
            self.record_label(event);
        }
        if let Some(attributes) = event.attributes()
            && !attributes.is_empty()
        {
            self.facts.attributes.extend(attributes.into_owned());
        }
        self.advance(event, kind, class, rules);
    }

    /// Moves the session's end, or the end of what rounds it off.
    fn advance<E: EventView>(&mut self, event: &E, kind: EventType, class: Class, rules: &Rules) {
        let time = event.time();
        if !class.is_activity() {
            return;
        }
        if self.handover.people {
            self.handover.people_until = time;
        }
        if !ends_by_hand(event, kind) {
            return;
        }
        if self.end.is_none() {
            self.facts.end_time = time;
            self.tail_until = time;
        } else if class != Class::Answer
            && since(self.tail_until, time) <= rules.timeout(self.channel())
        {
            self.tail_until = time;
        }
    }

    fn record_user_act(&mut self, time: i64, kind: EventType) {
        self.facts.user_acts += 1;
        self.facts.first_user_time.get_or_insert(time);
        self.facts.last_user_time = Some(time);
        self.facts.left_time = None;
        self.handover.acted_since = true;
        if matches!(
            kind,
            EventType::Message | EventType::Option | EventType::Other
        ) {
            self.act_pending = true;
            self.kind_since_act = None;
        }
    }

    #[inline]
    fn record_kind<E: EventView>(&mut self, event: &'e E, kind: EventType, rules: &Rules) {
        match kind {
            EventType::Message => self.record_message(event, rules),
            EventType::Topic => self.record_topic(event, rules),
            EventType::TopicEnd => self.record_topic_end(event),
            EventType::Intent => self.record_intent(event),
            EventType::Question => self.record_question(event),
            EventType::Option => self.record_option(event),
            EventType::Handover => self.record_handover(event),
            EventType::Survey => self.record_survey(event, rules),
            EventType::ModelCall => self.record_model_call(event),
            EventType::Knowledge => self.record_knowledge(event, rules),
            EventType::Interaction => self.record_interaction(event),
            EventType::Experiment => self.record_experiment(event),
            EventType::Exposure if event.exposure() == Some(ExposureStage::Closed) => {
                self.facts.left_time = Some(event.time());
            }
            EventType::Error => self.record_error(event),
            EventType::ConversationEnd => self.record_conversation_end(event),
            EventType::Outcome if self.outcome_reason.is_none() => {
                self.outcome_reason = event.outcome_reason();
            }
            EventType::Report => self.record_report(event),
            _ => {}
        }
    }

    fn record_message<E: EventView>(&mut self, event: &'e E, rules: &Rules) {
        let role = match event.role() {
            Some(role @ (Role::User | Role::Bot | Role::Agent)) => role,
            _ => return,
        };
        self.facts.messages += 1;
        let place = self.messages.len();
        let mut must = false;
        let mut response_time = None;
        match role {
            Role::User => must = self.record_user_message(event, place),
            Role::Bot => response_time = self.record_bot_message(event, rules, place),
            _ => response_time = self.record_agent_message(event),
        }
        if !self.brief {
            let message = self.message_fact(event, role, must, response_time);
            self.note_message(event, message.topic_id.as_deref());
            self.messages.push(message);
        }
        if event.unmatched() == Some(true) {
            self.mark_unmatched();
        }
        if role == Role::User {
            self.record_understanding(event);
        }
    }

    fn message_fact<E: EventView>(
        &self,
        event: &'e E,
        role: Role,
        must_understand: bool,
        response_time: Option<i64>,
    ) -> Message {
        let own = event.topic_id();
        let (topic_id, topic_name, topic_kind) = match self.active {
            Some(active) if own.is_none() || own == active.id => {
                (active.id, active.name, Some(active.kind))
            }
            _ => (own, event.topic_name(), event.topic_kind()),
        };
        // Whoever has taken over speaks, if the message does not say who.
        let span = self.trail.span.filter(|_| role == Role::Agent);
        let (agent, skill) = span.map_or((None, None), |span| (span.agent, span.skill));
        Message {
            event_id: event.event_id().into(),
            time: event.time(),
            position: self.facts.events,
            role: Some(role),
            message_kind: match role {
                Role::User => Some(kind_of_users(event)),
                _ => event.message_kind(),
            },
            topic_id: topic_id.map(Into::into),
            topic_name: topic_name.map(Into::into),
            topic_kind: event.topic_kind().or(topic_kind),
            language: event.language().map(Into::into),
            page: self.trail.page.map(Into::into),
            generated: role == Role::Bot && self.is_generated(event),
            skill: skill_of(event, role).or(skill).map(Into::into),
            intent: event.intent().map(Into::into),
            confidence: event.confidence(),
            must_understand,
            unmatched: false,
            response_time,
            agent_id: event.agent_id().or(agent).map(Into::into),
            ..Message::default()
        }
    }

    /// Counts a user's message and says whether the bot has to understand it.
    fn record_user_message<E: EventView>(&mut self, event: &'e E, place: usize) -> bool {
        self.trail.user_position = Some(self.facts.events);
        self.trail.act_position = Some(self.facts.events);
        self.trail.generated = false;
        self.trail.calls.clear();
        let facts = &mut self.facts;
        facts.user_messages += 1;
        let spoken = match kind_of_users(event) {
            MessageKind::Option => {
                facts.option_messages += 1;
                false
            }
            MessageKind::Attachment => {
                facts.attachment_messages += 1;
                false
            }
            MessageKind::Voice => {
                facts.voice_messages += 1;
                true
            }
            MessageKind::Text | MessageKind::Unspecified => {
                facts.text_messages += 1;
                true
            }
        };
        let to_the_bot = self.end.is_none() && !self.handover.people;
        let must = to_the_bot && event.must_understand().unwrap_or(spoken);
        if must {
            self.facts.understandable_messages += 1;
            self.run_before = self.run;
            self.run = 0;
            self.longest_before = self.facts.consecutive_fallbacks;
        }
        self.last_message = LastMessage {
            must,
            unmatched: false,
            ambiguous: false,
            intent: None,
            place: Some(place),
        };
        self.awaiting = Some(event.time());
        self.first_message_time.get_or_insert(event.time());
        if self.language.is_none() {
            self.language = event.language();
        }
        must
    }

    fn record_bot_message<E: EventView>(
        &mut self,
        event: &'e E,
        rules: &Rules,
        place: usize,
    ) -> Option<i64> {
        self.facts.bot_messages += 1;
        self.facts.last_answer_time = Some(event.time());
        self.last_bot_message = Some(place);
        for call in self.trail.calls.drain(..) {
            if let Some(step) = self.steps.get_mut(call) {
                step.answer_position = Some(self.facts.events);
            }
        }
        if event.proactive() == Some(true) && self.facts.first_user_time.is_none() {
            self.facts.proactive = true;
        }
        self.facts.last_answer_fallback = self.is_fallback_answer(event, rules);
        let response_time = since(self.awaiting.take()?, event.time());
        self.facts.exchanges += 1;
        self.facts.responses += 1;
        self.facts.response_time_sum = self.facts.response_time_sum.saturating_add(response_time);
        if self.facts.first_response_time.is_none() {
            let first = self.first_message_time.unwrap_or(event.time());
            self.facts.first_response_time = Some(since(first, event.time()));
        }
        Some(response_time)
    }

    /// The kind of topic out of which the bot answers, if it is known.
    pub fn answer_kind<E: EventView>(&self, event: &E) -> Option<TopicKind> {
        event.topic_kind().or(self.kind_since_act)
    }

    fn is_fallback_answer<E: EventView>(&self, event: &E, rules: &Rules) -> bool {
        match self.answer_kind(event) {
            _ if event.unmatched() == Some(true) => true,
            Some(kind) => rules.is_fallback(kind),
            None => self.last_message.must && self.last_message.unmatched,
        }
    }

    fn record_experiment<E: EventView>(&mut self, event: &'e E) {
        let Some(experiment) = event.experiment() else {
            return;
        };
        let variant = event.variant().unwrap_or_default();
        let name = format!("{experiment}={variant}");
        self.trail.experiments.put(name.into());
    }

    fn record_topic<E: EventView>(&mut self, event: &'e E, rules: &Rules) {
        let kind = topic_kind(event);
        let topic = Topic {
            id: event.topic_id(),
            name: event.topic_name(),
            kind,
        };
        self.facts.topic_visits += 1;
        if let Some(id) = topic.id
            && !self.topics.contains(&id)
        {
            self.topics.push(id);
        }
        self.active = Some(topic);
        self.kind_since_act = Some(kind);
        if kind == TopicKind::MultipleTopicsMatched {
            self.facts.multiple_topics_matched = true;
            self.mark_ambiguous();
        }
        if event.topic_trigger() == Some(TopicTrigger::Plan) {
            self.plans += 1;
            self.open_plans += 1;
        }
        if rules.is_fallback(kind) || event.unmatched() == Some(true) {
            self.mark_unmatched();
        }
        if self.end.is_none() {
            self.own(topic, event.topic_trigger(), rules);
        }
        self.step_topic(event, topic);
        self.previous_topic = topic.id;
    }

    fn own(&mut self, topic: Topic<'e>, trigger: Option<TopicTrigger>, rules: &Rules) {
        let owners = &mut self.owners;
        let custom = topic.kind == TopicKind::Custom;
        owners.last = Some(topic);
        if matches!(trigger, None | Some(TopicTrigger::Direct)) {
            if custom {
                owners.last_direct_custom = Some(topic);
            } else {
                owners.last_direct_system = Some(topic);
            }
        }
        if !rules.may_own(trigger) {
            return;
        }
        if custom {
            owners.last_custom = Some(topic);
        } else {
            owners.first_system = owners.first_system.or(Some(topic));
            owners.last_system = Some(topic);
        }
    }

    fn record_topic_end<E: EventView>(&mut self, event: &'e E) {
        let id = event.topic_id();
        self.complete_visit(id);
        if self
            .active
            .is_some_and(|active| id.is_none() || active.id == id)
        {
            self.active = None;
        }
        self.open_plans = self.open_plans.saturating_sub(1);
    }

    /// Thumbs: those on one message count once, the last that were given.
    fn record_feedback<E: EventView>(
        &mut self,
        event: &'e E,
        kind: EventType,
        rating: FeedbackRating,
    ) {
        if !is_given(Some(rating)) {
            if rating == FeedbackRating::Offered {
                *self.facts.feedback_offered.get_or_insert(0) += 1;
            }
        } else {
            self.count_rating(event, kind, rating);
        }
        let commented = is_commented(event);
        self.facts.feedback_comments += i64::from(commented);
        let place = match feedback_target(event, kind) {
            Some(target) => self.place_of(target),
            None => self.last_bot_message,
        };
        if let Some(message) = place.and_then(|place| self.messages.get_mut(place))
            && (is_given(Some(rating)) || message.feedback.is_none())
        {
            message.feedback = Some(rating);
            message.feedback_commented |= commented;
        }
    }

    /// What a judge says of an answer.
    fn record_label<E: EventView>(&mut self, event: &'e E) {
        let Some(grounded) = grounded(event) else {
            return;
        };
        let place = match feedback_target(event, EventType::Label) {
            Some(target) => self.place_of(target),
            None => self.last_bot_message,
        };
        if let Some(message) = place.and_then(|place| self.messages.get_mut(place))
            && message.role == Some(Role::Bot)
        {
            message.grounded = Some(grounded);
            message.grounded_by = event.actor();
        }
    }

    /// The message that has this reference.
    fn place_of(&self, reference: u64) -> Option<usize> {
        let mut notes = self.trail.notes.iter();
        notes.rposition(|note| note.reference == reference)
    }

    fn count_rating<E: EventView>(
        &mut self,
        event: &'e E,
        kind: EventType,
        rating: FeedbackRating,
    ) {
        if let Some(target) = feedback_target(event, kind) {
            if let Some(known) = self.ratings.iter_mut().find(|known| known.0 == target) {
                let before = std::mem::replace(&mut known.1, rating);
                *self.rating_count(before) -= 1;
            } else {
                self.ratings.push((target, rating));
            }
        }
        *self.rating_count(rating) += 1;
    }

    fn rating_count(&mut self, rating: FeedbackRating) -> &mut i64 {
        match rating {
            FeedbackRating::Up => &mut self.facts.feedback_up,
            FeedbackRating::Down => &mut self.facts.feedback_down,
            _ => &mut self.facts.feedback_neutral,
        }
    }
}

/// Whether a label says that an answer's sources support it: the label `groundedness`, or `hallucination` with
/// the opposite meaning, and a value that says yes or no.
fn grounded<E: EventView>(event: &E) -> Option<bool> {
    let value = event.label_value()?;
    let says = |words: &[&str]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
    let label = event.label()?;
    let yes_means = label.eq_ignore_ascii_case("groundedness");
    if !yes_means && !label.eq_ignore_ascii_case("hallucination") {
        return None;
    }
    match () {
        () if says(&["supported", "grounded", "faithful"]) => Some(true),
        () if says(&["unsupported", "ungrounded", "hallucinated"]) => Some(false),
        () if says(&["yes", "true", "1"]) => Some(yes_means),
        () if says(&["no", "false", "0"]) => Some(!yes_means),
        () => None,
    }
}

/// The session before the last of these of one of whose answers a judge says something.
pub(super) fn judged_before<E: EventView>(
    sessions: &[Box<Draft<'_>>],
    event: &E,
    kind: EventType,
    rules: &Rules,
) -> Option<usize> {
    if kind != EventType::Label || grounded(event).is_none() {
        return None;
    }
    let answer = feedback_target(event, kind)?;
    let mut of_sessions = sessions.iter();
    let place = of_sessions.rposition(|draft| draft.place_of(answer).is_some())?;
    let full = sessions[place].facts.events >= rules.cap_events;
    (!full && place + 1 < sessions.len()).then_some(place)
}

/// The skill of the agent who speaks, if the message says so.
fn skill_of<E: EventView>(event: &E, role: Role) -> Option<&str> {
    event.skill().filter(|_| role == Role::Agent)
}

/// The message that is rated: the event itself if it is a message, else the one that it names.
fn feedback_target<E: EventView>(event: &E, kind: EventType) -> Option<u64> {
    if kind == EventType::Message {
        return Some(message_reference(event));
    }
    let id = event.reply_to().or(event.message_id())?;
    Some(xxhash_rust::xxh3::xxh3_64(id.as_bytes()))
}

/// An end that silence or the platform brings is no activity.
fn ends_by_hand<E: EventView>(event: &E, kind: EventType) -> bool {
    use crate::words::Actor;
    kind != EventType::ConversationEnd
        || !matches!(event.actor(), Some(Actor::Timeout | Actor::System))
}

/// The kind of a user's message: typed, where the source does not say.
fn kind_of_users<E: EventView>(event: &E) -> MessageKind {
    match event.message_kind() {
        None | Some(MessageKind::Unspecified) => MessageKind::Text,
        Some(kind) => kind,
    }
}
