//! From the activities of a transcript to events.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use upshot_core::Event;
use upshot_core::words::{Actor, Environment, EventType, MessageKind, OptionStage, Role};
use xxhash_rust::xxh3::xxh3_64;

use super::activity::{Activity, array_at, at, decoded, text_at};
use super::cards::{Offered, card_text, offered_by};
use super::people::People;
use super::understanding::Recognised;
use super::{Item, feedback, handover, understanding};
use crate::channel;
use crate::output::Output;

/// The source of the events.
const SOURCE: &str = "botframework";
/// Options of earlier messages that a click may still choose.
const REMEMBERED_OPTIONS: usize = 300;

/// Turns the activities of one transcript into events. `name` is the conversation's id where the
/// envelope gives one.
pub(super) fn transcript(items: &[Item<'_>], name: Option<&str>, out: &mut Output<'_>) {
    let mut survey = Survey::new(name, out);
    for item in items {
        if let Ok(value) = serde_json::from_slice::<Value>(item.text) {
            survey.learn(&value);
        }
    }
    for learned in survey.conversations.values_mut() {
        learned.people.settle();
    }
    let mut conversations = HashMap::new();
    for item in items {
        let value = match serde_json::from_slice::<Value>(item.text) {
            Ok(value) => value,
            Err(error) => {
                let reason = format!("the activity is no JSON: {error}");
                reject(item, &reason, out);
                continue;
            }
        };
        if !Activity(&value).is_plausible() {
            reject(
                item,
                "the object is no activity: it has no `type`, or nobody sent it",
                out,
            );
            continue;
        }
        let id = survey.conversation_id(Activity(&value));
        let conversation = conversations
            .entry(id)
            .or_insert_with_key(|id| Conversation::new(id, &survey));
        conversation.activity(&value, out);
    }
}

fn reject(item: &Item<'_>, reason: &str, out: &mut Output<'_>) {
    let cure = "correct the activity, or save the transcript again";
    out.reject(item.position, item.text, None, reason, cure);
}

/// What is learned of a transcript before its events are made.
pub(super) struct Survey {
    /// The envelope's name for the conversation.
    name: Option<String>,
    file: String,
    /// A hash of the first activity: names what has no name of its own.
    first: Option<u64>,
    first_id: Option<String>,
    first_time: Option<i64>,
    conversations: HashMap<String, Learned>,
    /// Where a nested transcript stands in for the conversation, it is read as well.
    recognised: HashMap<String, Recognised>,
}

#[derive(Default)]
struct Learned {
    people: People,
    first_time: Option<i64>,
}

impl Survey {
    fn new(name: Option<&str>, out: &Output<'_>) -> Self {
        let path = &out.options.file_name;
        Self {
            name: name.map(str::to_owned),
            file: path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned(),
            first: None,
            first_id: None,
            first_time: None,
            conversations: HashMap::new(),
            recognised: HashMap::new(),
        }
    }

    fn learn(&mut self, value: &Value) {
        let activity = Activity(value);
        if !activity.is_plausible() {
            return;
        }
        if self.first.is_none() {
            let mut text = value.to_string();
            // Without a time, equal beginnings of different files would be one conversation.
            if activity.time().is_none() {
                text.push_str(&self.file);
            }
            self.first = Some(xxh3_64(text.as_bytes()));
        }
        if self.first_id.is_none() {
            self.first_id = activity
                .conversation()
                .map(|_| self.conversation_id(activity));
        }
        self.first_time = self.first_time.or(activity.time());
        let id = self.conversation_id(activity);
        let learned = self.conversations.entry(id).or_default();
        learned.people.learn(activity);
        learned.first_time = learned.first_time.or(activity.time());
        if let Some(reply) = activity.reply_to() {
            let recognised = understanding::of(activity);
            self.recognised
                .entry(reply.to_owned())
                .or_default()
                .learn(recognised.as_ref());
        }
        for nested in handover::nested_transcript(activity) {
            if let Some(learned) = self.conversations.get_mut(&self.conversation_id(activity)) {
                learned.people.learn(Activity(&nested));
            }
        }
    }

    /// The conversation of an activity: its own, the envelope's, the transcript's first, or one that
    /// the transcript's beginning names.
    fn conversation_id(&self, activity: Activity<'_>) -> String {
        let first = self.first.unwrap_or_default();
        let label = channel::label(activity.text("channelId").unwrap_or_default());
        match activity.conversation() {
            // Scripted conversations are all called `1`.
            Some(id) if !channel::has_global_ids(&label) => format!("{id}-{first:016x}"),
            Some(id) => id.to_owned(),
            None => self
                .name
                .clone()
                .or_else(|| self.first_id.clone())
                .unwrap_or_else(|| format!("transcript-{first:016x}")),
        }
    }
}

/// One conversation while its events are made.
pub(super) struct Conversation<'s> {
    id: String,
    survey: &'s Survey,
    people: Option<&'s People>,
    time: i64,
    sequence: i64,
    started: bool,
    messages: u64,
    channel: Option<String>,
    locale: Option<String>,
    /// Options since the user's last message, and those before.
    offered: Vec<Offered>,
    earlier: Vec<Offered>,
    last_user_message: Option<String>,
    seen_ids: HashSet<(String, String)>,
    unmatched: HashSet<String>,
}

impl<'s> Conversation<'s> {
    fn new(id: &str, survey: &'s Survey) -> Self {
        let learned = survey.conversations.get(id);
        let first_time = learned.and_then(|it| it.first_time).or(survey.first_time);
        Self {
            id: id.to_owned(),
            survey,
            people: learned.map(|it| &it.people),
            time: first_time.unwrap_or_default(),
            sequence: 0,
            started: false,
            messages: 0,
            channel: None,
            locale: None,
            offered: Vec::new(),
            earlier: Vec::new(),
            last_user_message: None,
            seen_ids: HashSet::new(),
            unmatched: HashSet::new(),
        }
    }

    fn activity(&mut self, value: &Value, out: &mut Output<'_>) {
        let activity = Activity(value);
        // What was said before a handover may be known only from the transcript within it.
        if self.messages == 0 {
            for nested in handover::nested_transcript(activity) {
                if Activity(&nested).is_plausible() {
                    self.one(Activity(&nested), out);
                }
            }
        }
        self.one(activity, out);
    }

    fn one(&mut self, activity: Activity<'_>, out: &mut Output<'_>) {
        if self.is_repeat(activity) {
            return;
        }
        self.time = activity.time().unwrap_or(self.time);
        if let Some(channel) = activity.text("channelId") {
            self.channel = Some(channel::label(channel).into_owned());
        }
        if let Some(locale) = activity.text("locale") {
            self.locale = Some(locale.to_owned());
        }
        match activity.kind() {
            "message" => self.message(activity, out),
            "typing" | "delay" | "invokeResponse" => {}
            "conversationUpdate" => self.start(activity, out),
            "endOfConversation" => self.end(activity, out),
            "messageReaction" => feedback::reaction(self, activity, out),
            "invoke" => feedback::invoke(self, activity, out),
            "trace" => self.trace(activity, out),
            "handoff" => handover::handoff(self, activity, out),
            "event" => self.named_event(activity, out),
            _ => self.other(activity, out),
        }
    }

    /// Whether the activity was seen already: sent again, or echoed to the client that sent it.
    fn is_repeat(&mut self, activity: Activity<'_>) -> bool {
        let kind = activity.kind();
        let by_id = activity.id().map(|id| (format!("id {kind}"), id));
        let by_client = activity
            .client_id()
            .map(|id| (format!("client {kind}"), id));
        let mut repeat = false;
        for (kind, id) in [by_id, by_client].into_iter().flatten() {
            repeat |= !self.seen_ids.insert((kind, id.to_owned()));
        }
        repeat
    }

    /// Who acts.
    pub fn role(&self, activity: Activity<'_>) -> Option<Role> {
        match self.people {
            Some(people) => people.role(activity),
            None => activity.from().role(),
        }
    }

    /// An event of this activity with what all events have.
    pub fn event(&mut self, event_type: EventType, activity: Activity<'_>) -> Event {
        self.sequence += 1;
        let role = self.role(activity);
        let mut event = Event::new(event_type, self.time, &self.id);
        event.source = Some(SOURCE.into());
        event.source_sequence = Some(self.sequence);
        event.channel = self.channel.as_deref().map(Into::into);
        event.locale = self.locale.as_deref().map(Into::into);
        let test = self.channel.as_deref().is_some_and(channel::is_test);
        event.environment = test.then_some(Environment::Test);
        if let Some(people) = self.people {
            event.bot = people.bot.as_deref().map(Into::into);
            event.user_id = people.user_of(activity, role).map(Into::into);
        }
        event.authenticated =
            (role == Some(Role::User) && activity.from().has_directory_id()).then_some(true);
        client_of(activity, &mut event);
        event
    }

    /// The id of the message to which an activity refers: the one it replies to, or the user's last.
    pub fn message_of(&self, activity: Activity<'_>) -> Option<Box<str>> {
        activity
            .reply_to()
            .or(self.last_user_message.as_deref())
            .map(Into::into)
    }

    /// Whether an activity answers the user's last message.
    pub fn answers_user(&self, activity: Activity<'_>) -> bool {
        activity.reply_to().is_some() && activity.reply_to() == self.last_user_message.as_deref()
    }

    fn message(&mut self, activity: Activity<'_>, out: &mut Output<'_>) {
        self.messages += 1;
        let role = self.role(activity);
        let mut event = self.event(EventType::Message, activity);
        event.role = role;
        event.message_id = activity.id().map(Into::into);
        event.reply_to = activity.reply_to().map(Into::into);
        let text = message_text(activity, role);
        event.text = text.as_deref().map(Into::into);
        if role == Some(Role::User) {
            self.user_message(activity, event, out);
            return;
        }
        let has_text = activity.text("text").is_some() || activity.text("speak").is_some();
        event.message_kind = Some(match has_text || activity.attachments().is_empty() {
            true => MessageKind::Text,
            false => MessageKind::Attachment,
        });
        out.event(event);
        for option in offered_by(activity) {
            let event = self.option(activity, &option, OptionStage::Shown);
            out.event(event);
            self.offered.push(option);
        }
        understanding::citations(self, activity, out);
        understanding::details(self, activity, out);
        feedback::offered(self, activity, out);
    }

    fn user_message(&mut self, activity: Activity<'_>, mut event: Event, out: &mut Output<'_>) {
        self.last_user_message = activity.id().map(str::to_owned);
        let (clicked, option) = self.click(activity);
        let attached = !activity.attachments().is_empty() && activity.text("text").is_none();
        event.message_kind = Some(match () {
            () if clicked => MessageKind::Option,
            () if attached => MessageKind::Attachment,
            () if self.channel.as_deref() == Some(channel::VOICE) => MessageKind::Voice,
            () => MessageKind::Text,
        });
        if clicked {
            event.must_understand = Some(false);
            if let (None, Some(option)) = (&event.text, &option) {
                event.text = Some(option.title.as_str().into());
            }
        }
        out.event(event);
        if let Some(option) = option {
            let event = self.option(activity, &option, OptionStage::Chosen);
            out.event(event);
        }
        understanding::details(self, activity, out);
        let answered = std::mem::take(&mut self.offered);
        self.earlier.extend(answered);
        let surplus = self.earlier.len().saturating_sub(REMEMBERED_OPTIONS);
        self.earlier.drain(..surplus);
    }

    /// Whether the user clicked instead of writing, and on what, if that is known.
    fn click(&self, activity: Activity<'_>) -> (bool, Option<Offered>) {
        let posted = activity
            .channel_data("postBack")
            .is_some_and(|it| it != &Value::Bool(false));
        let text = activity.text("text");
        let value = activity.value();
        let by_value = value
            .as_deref()
            .and_then(|value| self.chosen(|it, _| it.sends(value)));
        let by_text = text.and_then(|text| self.chosen(|it, recent| it.is_said(text, !recent)));
        let clicked = posted || (text.is_none() && value.is_some());
        let option = by_value.or(by_text);
        (clicked || option.is_some(), option.cloned())
    }

    /// The option that was offered last of those that fit. Quick replies go away with the next
    /// message; cards stay.
    pub fn chosen(&self, fits: impl Fn(&Offered, bool) -> bool) -> Option<&Offered> {
        let stays = |it: &&Offered| it.kind != upshot_core::words::OptionKind::QuickReply;
        let recent = self.offered.iter().rev().find(|it| fits(it, true));
        recent.or_else(|| {
            let mut earlier = self.earlier.iter().rev().filter(stays);
            earlier.find(|it| fits(it, false))
        })
    }

    /// An event of an option, shown or chosen.
    pub fn option(
        &mut self,
        activity: Activity<'_>,
        option: &Offered,
        stage: OptionStage,
    ) -> Event {
        let mut event = self.event(EventType::Option, activity);
        event.role = Some(match stage {
            OptionStage::Chosen => Role::User,
            _ => Role::Bot,
        });
        event.message_id = activity.id().map(Into::into);
        event.option_stage = Some(stage);
        event.option_id = Some(option.id.as_deref().unwrap_or(&option.title).into());
        event.option_kind = Some(option.kind);
        event.option_title = Some(option.title.as_str().into());
        event.option_destination = option.destination.as_deref().map(Into::into);
        event.destination_kind = Some(option.destination_kind);
        event
    }

    fn start(&mut self, activity: Activity<'_>, out: &mut Output<'_>) {
        if !std::mem::replace(&mut self.started, true) {
            let event = self.event(EventType::ConversationStart, activity);
            out.event(event);
        }
    }

    fn end(&mut self, activity: Activity<'_>, out: &mut Output<'_>) {
        let code = activity
            .text("code")
            .or_else(|| text_at(activity.0, &["value", "code"]));
        let mut event = self.event(EventType::ConversationEnd, activity);
        event.actor = match (code, self.role(activity)) {
            (Some("userCancelled"), _) | (_, Some(Role::User)) => Some(Actor::User),
            (Some("botTimedOut"), _) => Some(Actor::Timeout),
            (_, Some(Role::Bot)) => Some(Actor::Bot),
            (_, Some(Role::Agent)) => Some(Actor::Agent),
            _ => None,
        };
        event.outcome_reason = code.map(Into::into);
        out.event(event);
    }

    fn named_event(&mut self, activity: Activity<'_>, out: &mut Output<'_>) {
        let name = activity.text("name").unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "startconversation" | "webchat/join" | "conversationstart" => self.start(activity, out),
            lower if handover::is_handover(lower) => handover::event(self, activity, lower, out),
            _ => self.other(activity, out),
        }
    }

    /// What else was written down: only its name, for its value may be a secret.
    pub fn other(&mut self, activity: Activity<'_>, out: &mut Output<'_>) {
        let mut event = self.event(EventType::Other, activity);
        event.role = self.role(activity);
        let name = activity.text("name").unwrap_or(activity.kind());
        event.attribute_type = Some(name.into());
        event.message_id = activity.reply_to().map(Into::into);
        out.event(event);
    }

    fn trace(&mut self, activity: Activity<'_>, out: &mut Output<'_>) {
        if let Some(seen) = understanding::of(activity) {
            let of_message = activity
                .reply_to()
                .and_then(|it| self.survey.recognised.get(it));
            let understood = of_message.is_some_and(|it| it.matched);
            let report = !understood
                && self
                    .unmatched
                    .insert(activity.reply_to().unwrap_or_default().to_owned());
            understanding::event(self, activity, &seen, report, out);
        } else {
            understanding::other_trace(self, activity, out);
        }
    }
}

/// What a message says: its text without mentions of the bot, else its speech, else its cards.
fn message_text(activity: Activity<'_>, role: Option<Role>) -> Option<String> {
    let Some(text) = activity.text("text") else {
        if role == Some(Role::User) {
            return None;
        }
        return card_text(activity).or_else(|| activity.text("speak").map(str::to_owned));
    };
    let mut text = text.to_owned();
    for entity in array_at(activity.0, &["entities"]) {
        let of_bot = activity.recipient().id().is_some()
            && text_at(entity, &["mentioned", "id"]) == activity.recipient().id();
        if let Some(mention) = text_at(entity, &["text"]).filter(|_| of_bot) {
            text = text.replacen(mention, "", 1).trim().to_owned();
        }
    }
    Some(text)
}

/// What Teams says of the user's client.
fn client_of(activity: Activity<'_>, event: &mut Event) {
    let entities = array_at(activity.0, &["entities"]).iter();
    let client = entities
        .filter(|entity| text_at(entity, &["type"]) == Some("clientInfo"))
        .find_map(|entity| at(entity, &[]));
    let Some(client) = client else { return };
    let country = text_at(client, &["country"]).filter(|it| it.len() == 2);
    event.country = country.map(|it| it.to_ascii_uppercase().into());
    match text_at(client, &["platform"]) {
        Some("Web") => event.browser = Some("web".into()),
        platform => event.operating_system = platform.map(Into::into),
    }
}

/// The inner activities of something that holds a transcript: an array, or an object with one.
pub(super) fn inner_activities(content: &Value) -> Vec<Value> {
    let content = decoded(content);
    let array = match &*content {
        Value::Array(array) => array.as_slice(),
        object => match array_at(object, &["activities"]) {
            [] => array_at(object, &["transcript"]),
            array => array,
        },
    };
    array.to_vec()
}
