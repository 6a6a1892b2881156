//! What is true of a whole transcript, gathered before its activities are mapped: the platform
//! writes some of it only at the end, and some of it under another id than the one it traces.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use upshot_core::words::{Environment, HandoverTrigger, Role};

use super::activity::{Activity, Kind};
use super::channel;
use super::json;
use super::marker::Marker;
use super::topic;

/// What is true of a whole transcript.
#[derive(Debug, Default)]
pub(super) struct Background<'a> {
    pub(super) environment: Option<Environment>,
    pub(super) locale: Option<&'a str>,
    pub(super) channel: Option<Box<str>>,
    pub(super) user: Option<&'a str>,
    pub(super) bot: Option<Box<str>>,
    /// Why the session was escalated, and in the platform's words.
    pub(super) escalation: Option<(HandoverTrigger, &'a str)>,
    pub(super) has_session_info: bool,
    pub(super) has_csat_response: bool,
    pub(super) has_dialog_tracing: bool,
    /// Schema names of topics by the ids of their components.
    pub(super) schema_names: HashMap<&'a str, &'a str>,
    /// Titles by schema name or id.
    pub(super) titles: HashMap<&'a str, &'a str>,
    /// The directory's ids of people by the ids that the channel gives them.
    people: HashMap<&'a str, &'a str>,
    directory: HashSet<&'a str>,
    user_ids: HashSet<&'a str>,
    bot_ids: HashSet<&'a str>,
}

impl<'a> Background<'a> {
    pub(super) fn gather(bot: Option<&str>, activities: &'a [Activity<'a>]) -> Self {
        let mut this = Self {
            bot: bot.map(Into::into),
            ..Self::default()
        };
        let channels = activities.iter().filter_map(Activity::channel_id);
        this.channel = channels.map(channel::label).next().map(Into::into);
        activities.iter().for_each(|it| this.note_people(it));
        let mut design_mode = None;
        let mut evaluation = false;
        for activity in activities {
            evaluation |= is_evaluation(activity);
            if this.bot.is_none() {
                this.bot = schema_name_in(activity)
                    .and_then(topic::bot_of)
                    .map(Into::into);
            }
            match activity.marker {
                Some(Marker::ConversationInfo) => {
                    design_mode = json::flag(&activity.value, "isDesignMode").or(design_mode);
                    this.locale = json::text(&activity.value, "locale").or(this.locale);
                }
                Some(Marker::SessionInfo) => this.note_session(&activity.value),
                Some(Marker::CsatResponse) => this.has_csat_response = true,
                Some(Marker::DialogTracing) => this.note_nodes(&activity.value),
                Some(Marker::IntentRecognition) => this.note_title(&activity.value),
                Some(Marker::NodeTraceData) => this.note_node(&activity.value),
                _ => {}
            }
        }
        this.user = this.user.map(|user| this.person(user));
        let test_pane = this.channel.as_deref() == Some(channel::TEST_PANE);
        this.environment = environment_of(design_mode, test_pane, evaluation);
        this
    }

    /// Who speaks, where the activity itself leaves it open. The sender's id alone never decides
    /// while both sides use it, as they do in the test pane.
    pub(super) fn role_of(&self, activity: &Activity<'_>) -> Option<Role> {
        if activity.said_role.is_some() {
            return activity.said_role;
        }
        if json::field(&activity.channel_data, "clientActivityID").is_some()
            || json::flag(&activity.channel_data, "postBack") == Some(true)
        {
            return Some(Role::User);
        }
        const BOT_ONLY: [&str; 5] = [
            "replyToId",
            "speak",
            "suggestedActions",
            "inputHint",
            "attachmentLayout",
        ];
        if BOT_ONLY
            .iter()
            .any(|name| json::field(activity.object, name).is_some_and(|it| it != ""))
        {
            return Some(Role::Bot);
        }
        let sender = activity.sender()?;
        match (
            self.user_ids.contains(sender),
            self.bot_ids.contains(sender),
        ) {
            (true, false) => Some(Role::User),
            (false, true) => Some(Role::Bot),
            _ => None,
        }
    }

    /// The topic's schema name where the transcript tells it, else the id itself.
    pub(super) fn schema_name(&self, id: &'a str) -> &'a str {
        self.schema_names.get(id).copied().unwrap_or(id)
    }

    /// One id for a person, whichever of the two an activity gives.
    pub(super) fn person(&self, sender: &'a str) -> &'a str {
        self.people.get(sender).copied().unwrap_or(sender)
    }

    /// Whether this is the id of somebody who signed in to the organisation's directory.
    pub(super) fn is_in_directory(&self, person: &str) -> bool {
        self.directory.contains(person)
    }

    /// Whether an event of another system, not a person, is behind an incoming activity.
    pub(super) fn is_trigger(&self, activity: &Activity<'_>) -> bool {
        self.channel.as_deref() == Some(channel::AUTONOMOUS) || activity.is_trigger()
    }

    fn note_people(&mut self, activity: &Activity<'a>) {
        let Some(sender) = activity.sender() else {
            return;
        };
        if let Some((theirs, directory)) = activity.both_ids() {
            self.people.insert(theirs, directory);
            self.directory.insert(directory);
        }
        match activity.said_role {
            Some(Role::User) if !self.is_trigger(activity) => {
                self.user_ids.insert(sender);
                self.user = self.user.or(Some(sender));
            }
            Some(Role::Bot) => {
                self.bot_ids.insert(sender);
            }
            _ => {}
        }
    }

    fn note_session(&mut self, value: &'a Value) {
        self.has_session_info = true;
        let Some(reason) = json::text(value, "outcomeReason") else {
            return;
        };
        let trigger = match json::plain(reason).as_str() {
            "agenttransferrequestedbyuser" => HandoverTrigger::Direct,
            "agenttransferconfiguredbyauthor" => HandoverTrigger::Configured,
            "agenttransferfromquestionmaxattempts" => HandoverTrigger::MaxAttempts,
            _ => return,
        };
        self.escalation = Some((trigger, reason));
    }

    fn note_nodes(&mut self, value: &'a Value) {
        for action in json::elements(value, "actions") {
            let Some(topic_id) = json::text(action, "topicId") else {
                continue;
            };
            self.has_dialog_tracing = true;
            if let Some(component) = json::text(action, "dialogComponentId") {
                self.schema_names.entry(component).or_insert(topic_id);
            }
        }
    }

    fn note_title(&mut self, value: &'a Value) {
        if let (Some(id), Some(title)) = (json::text(value, "intentId"), intent_title(value)) {
            self.titles.entry(id).or_insert(title);
        }
    }

    fn note_node(&mut self, value: &'a Value) {
        let topic_id =
            json::text(value, "topicId").or_else(|| json::text(value, "topicSchemaName"));
        if let (Some(id), Some(title)) = (topic_id, json::text(value, "topicDisplayName")) {
            self.titles.entry(id).or_insert(title);
        }
    }
}

/// A schema name that an activity tells, which begins with the bot's.
fn schema_name_in<'a>(activity: &'a Activity<'a>) -> Option<&'a str> {
    let value = &activity.value;
    match activity.marker? {
        Marker::DialogTracing => {
            let mut actions = json::elements(value, "actions").iter();
            actions.find_map(|action| json::text(action, "topicId"))
        }
        Marker::NodeTraceData => json::text(value, "topicId"),
        Marker::PlanStepTriggered => json::text(value, "taskDialogId"),
        _ => None,
    }
}

/// Evaluation runs carry both of these keys. So do ordinary turns in the test pane, which is test
/// traffic either way; live channels carry neither.
fn is_evaluation(activity: &Activity<'_>) -> bool {
    let data = &activity.channel_data;
    activity.kind == Kind::Message
        && json::field(data, "testMode").is_some()
        && json::flag(data, "enableDiagnostics") == Some(true)
}

fn environment_of(
    design_mode: Option<bool>,
    test_pane: bool,
    evaluation: bool,
) -> Option<Environment> {
    if design_mode == Some(true) || test_pane || evaluation {
        return Some(Environment::Test);
    }
    design_mode.map(|_| Environment::Production)
}

/// The title of a recognised topic, wherever the version of the platform puts it.
pub(super) fn intent_title(value: &Value) -> Option<&str> {
    json::path(value, &["intentScore", "properties", "Title"])
        .or_else(|| json::path(value, &["intentScore", "Title"]))
        .and_then(json::as_text)
        .or_else(|| {
            ["intentTitle", "intentName", "topIntent", "Title"]
                .into_iter()
                .find_map(|name| json::text(value, name))
        })
}

/// The type of a recognised topic.
pub(super) fn intent_type(value: &Value) -> Option<&str> {
    json::path(value, &["intentScore", "properties", "Type"])
        .or_else(|| json::path(value, &["intentScore", "Type"]))
        .and_then(json::as_text)
        .or_else(|| json::text(value, "intentType"))
}

/// The score of a recognised topic, 0 to 1.
pub(super) fn intent_score(value: &Value) -> Option<f64> {
    let score = json::number(value, "intentScore")
        .or_else(|| json::path(value, &["intentScore", "score"]).and_then(json::as_number))
        .or_else(|| json::number(value, "score"))?;
    (0.0..=1.0).contains(&score).then_some(score)
}
