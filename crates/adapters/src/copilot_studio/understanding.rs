//! What the bot understood and which topics ran.

use serde_json::Value;
use upshot_core::words::{EventType, TopicKind, TopicTrigger};

use super::activity::{Activity, Kind};
use super::background::{intent_score, intent_title, intent_type};
use super::convert::Converter;
use super::json;
use super::marker::Marker;
use super::row::is_guid;
use super::topic::Topic;

/// How many activities are looked at ahead: a turn's traces are far fewer.
pub(super) const LOOK_AHEAD: usize = 200;

impl<'a> Converter<'a> {
    /// A topic was recognised in the user's words: the only way of entering one that counts as the
    /// user's own.
    pub(super) fn intent_recognition(&mut self, at: usize, activity: &'a Activity<'a>) {
        let value = &activity.value;
        let id = json::text(value, "intentId");
        let title = intent_title(value);
        let Some(known) = id.or(title) else {
            return self.reject(
                activity,
                "value.intentId",
                "the recognised topic has neither id nor title",
                "expected `intentId`, or a `Title` in `intentScore`",
            );
        };
        let topic_id = self.schema_name_ahead(known, at, None);
        let mut topic = self.topic(topic_id, title);
        if intent_type(value).is_some_and(|it| json::plain(it).contains("system")) {
            topic = topic.of_system();
        }
        let mut event = self.event(EventType::Intent, activity);
        event.message_id = self.understood_message(activity);
        event.intent = Some(title.unwrap_or(&topic.name).into());
        event.confidence = intent_score(value);
        event.intent_candidates = candidates(json::elements(value, "intents"));
        event.topic_id = Some(topic.id.clone());
        event.topic_name = Some(topic.name.clone());
        event.topic_kind = Some(topic.kind);
        self.push(activity, "", event);
        self.understanding_was_needed(false);
        self.leave_question(activity);
        self.state.topics.clear();
        self.enter(topic, TopicTrigger::Direct, activity);
    }

    /// «Did you mean»: several topics matched.
    pub(super) fn intent_candidates(&mut self, activity: &'a Activity<'a>) {
        let mut event = self.event(EventType::Intent, activity);
        event.message_id = self.understood_message(activity);
        event.intent_candidates = candidates(json::elements(&activity.value, "intentCandidates"));
        let topic = self.system_topic("MultipleTopicsMatched");
        event.topic_id = Some(topic.id.clone());
        event.topic_name = Some(topic.name.clone());
        event.topic_kind = Some(topic.kind);
        self.push(activity, "", event);
        self.understanding_was_needed(false);
        self.leave_question(activity);
        self.state.topics.clear();
        self.enter(topic, TopicTrigger::System, activity);
    }

    /// No topic matched. What runs then (a generated answer, then the fallback) is traced by its
    /// nodes; transcripts without node traces get the topic from here.
    pub(super) fn unknown_intent(&mut self, at: usize, activity: &'a Activity<'a>) {
        let mut event = self.event(EventType::Intent, activity);
        event.message_id = self.understood_message(activity);
        event.unmatched = Some(true);
        self.push(activity, "", event);
        self.understanding_was_needed(true);
        self.leave_question(activity);
        self.state.topics.clear();
        self.state.next_trigger = TopicTrigger::Direct;
        let (nodes, generated) = self.rest_of_turn(at);
        if !nodes {
            let name = if generated { "Search" } else { "Fallback" };
            let topic = self.system_topic(name);
            self.enter(topic, TopicTrigger::Direct, activity);
        }
    }

    /// Whether nodes are traced, and whether an answer was generated, before the user speaks again.
    fn rest_of_turn(&self, at: usize) -> (bool, bool) {
        let mut found = (false, false);
        for next in self.turn_after(at) {
            match next.marker {
                Some(Marker::DialogTracing) => found.0 = true,
                Some(Marker::NodeTraceData) if !self.background.has_dialog_tracing => {
                    found.0 |= node_topic(&next.value).is_some();
                }
                Some(marker) => found.1 |= marker.is_generative(),
                None => {}
            }
        }
        found
    }

    /// The activities after this one until the user speaks again.
    pub(super) fn turn_after(
        &self,
        at: usize,
    ) -> impl Iterator<Item = &'a Activity<'a>> + use<'_, 'a> {
        let rest = self.activities[at + 1..].iter().take(LOOK_AHEAD);
        rest.take_while(|next| {
            next.kind != Kind::Message
                || self.background.role_of(next) != Some(upshot_core::words::Role::User)
        })
    }

    pub(super) fn dialog_redirect(&mut self, at: usize, activity: &'a Activity<'a>) {
        let Some(target) = json::text(&activity.value, "targetDialogId") else {
            return self.reject(
                activity,
                "value.targetDialogId",
                "the redirect does not say where to",
                "expected the topic's id or schema name in `targetDialogId`",
            );
        };
        let running = self.state.topics.last().map(|topic| topic.id.clone());
        let target = self.schema_name_ahead(target, at, running.as_deref());
        let topic = self.topic(target, None);
        self.enter(topic, TopicTrigger::Redirect, activity);
    }

    /// The schema name of a topic that is named by its component's id: as the transcript tells it
    /// anywhere, else the topic whose nodes are traced next (unless it is the one that runs already).
    fn schema_name_ahead(&mut self, id: &'a str, at: usize, running: Option<&str>) -> &'a str {
        let known = self.background.schema_name(id);
        if known != id || !is_guid(id) {
            return known;
        }
        let traces = self.turn_after(at);
        let topic_ids = traces
            .take_while(|next| next.marker != Some(Marker::IntentRecognition))
            .filter(|next| next.marker == Some(Marker::DialogTracing))
            .flat_map(|next| json::elements(&next.value, "actions"))
            .filter_map(|action| json::text(action, "topicId"));
        let found = topic_ids
            .into_iter()
            .find(|topic_id| running.is_none_or(|running| running != *topic_id));
        if let Some(schema_name) = found {
            self.background.schema_names.insert(id, schema_name);
            if let Some(title) = self.background.titles.get(id).copied() {
                self.background.titles.entry(schema_name).or_insert(title);
            }
        }
        found.unwrap_or(id)
    }

    /// The topic of this id with the title that the transcript knows.
    pub(super) fn topic(&self, id: &str, title: Option<&str>) -> Topic {
        Topic::new(id, title.or(self.background.titles.get(id).copied()))
    }

    /// The system's topic of this name, as its nodes would name it.
    fn system_topic(&self, name: &str) -> Topic {
        let bot = self.background.bot.as_deref().filter(|bot| !is_guid(bot));
        let id = match bot {
            Some(bot) => format!("{bot}.topic.{name}"),
            None => format!("topic.{name}"),
        };
        self.topic(&id, None)
    }

    /// A node of this topic ran: the topic runs on, is entered, or is returned to.
    pub(super) fn continue_in_topic(&mut self, topic_id: &str, activity: &'a Activity<'a>) {
        let topic = self.topic(topic_id, None);
        match self.state.topics.iter().rposition(|it| it.id == topic.id) {
            Some(position) => {
                while self.state.topics.len() > position + 1 {
                    self.leave(activity);
                }
                self.state.next_trigger = TopicTrigger::Redirect;
            }
            None => {
                let trigger = match topic.is_error_handler() {
                    true => TopicTrigger::System,
                    false => self.state.next_trigger,
                };
                if trigger == TopicTrigger::Direct {
                    self.state.topics.clear();
                }
                self.enter(topic, trigger, activity);
            }
        }
    }

    /// A topic begins.
    pub(super) fn enter(
        &mut self,
        topic: Topic,
        trigger: TopicTrigger,
        activity: &'a Activity<'a>,
    ) {
        let mut event = self.event(EventType::Topic, activity);
        event.topic_id = Some(topic.id.clone());
        event.topic_name = Some(topic.name.clone());
        event.topic_kind = Some(topic.kind);
        event.topic_trigger = Some(trigger);
        if trigger == TopicTrigger::Direct {
            event.message_id = self.last_user_message();
        }
        self.push(activity, "topic", event);
        self.state.topics.push(topic);
        self.state.left = None;
        self.state.next_trigger = TopicTrigger::Redirect;
    }

    /// The running topic ends; the one that called it runs on.
    pub(super) fn leave(&mut self, activity: &'a Activity<'a>) {
        let Some(topic) = self.state.topics.pop() else {
            return;
        };
        let mut event = self.event(EventType::TopicEnd, activity);
        event.topic_id = Some(topic.id);
        event.topic_name = Some(topic.name);
        event.topic_kind = Some(topic.kind);
        self.push(activity, "left", event);
    }

    /// The message of the user that a trace speaks of.
    pub(super) fn understood_message(&self, activity: &Activity<'_>) -> Option<Box<str>> {
        let last = self.last_user_message();
        last.or_else(|| activity.reply_to().map(Into::into))
    }

    pub(super) fn last_user_message(&self) -> Option<Box<str>> {
        self.state.user_message.as_ref()?.id.clone()
    }

    /// The bot tried to understand the last message, so that it was no mere answer to a question.
    fn understanding_was_needed(&mut self, unmatched: bool) {
        let Some(message) = &mut self.state.user_message else {
            return;
        };
        message.unmatched |= unmatched;
        if !message.is_option {
            self.events[message.event].must_understand = Some(true);
        }
    }

    /// Whether the user's last message was not understood.
    pub(super) fn last_message_unmatched(&self) -> bool {
        self.state
            .user_message
            .as_ref()
            .is_some_and(|it| it.unmatched)
    }

    /// The kind of the topic that runs.
    pub(super) fn running_kind(&self) -> Option<TopicKind> {
        self.state.topics.last().map(|topic| topic.kind)
    }
}

/// The topic that a node's trace names.
pub(super) fn node_topic(value: &Value) -> Option<&str> {
    ["topicId", "topicSchemaName", "topicDisplayName"]
        .into_iter()
        .find_map(|name| json::text(value, name))
}

/// Other labels as our JSON array.
fn candidates(intents: &[Value]) -> Option<Box<str>> {
    let listed: Vec<Value> = intents
        .iter()
        .filter_map(|it| {
            let name = intent_title(it).or_else(|| json::text(it, "intentId"))?;
            Some(serde_json::json!({ "intent": name, "confidence": intent_score(it) }))
        })
        .collect();
    (!listed.is_empty()).then(|| Value::Array(listed).to_string().into())
}
