//! Messages, the options that they offer and choose, thumbs, and the opening of a conversation.

use serde_json::Value;
use upshot_core::words::{EventType, FeedbackRating, MessageKind, OptionStage, Role, TopicTrigger};

use super::activity::{Activity, Kind};
use super::channel;
use super::convert::{Converter, UserMessage};
use super::json;
use super::marker::Marker;
use super::options::{self, Offered};
use super::topic::Topic;
use super::understanding::LOOK_AHEAD;

/// Cards that are remembered for a late click.
const REMEMBERED_CARDS: usize = 1_000;

impl<'a> Converter<'a> {
    pub(super) fn message(&mut self, at: usize, activity: &'a Activity<'a>) {
        match self.background.role_of(activity) {
            Some(Role::User) if self.background.is_trigger(activity) => {
                self.start_conversation(activity)
            }
            Some(Role::User) => self.user_message(at, activity),
            Some(Role::Bot) => self.bot_message(at, activity),
            Some(role) => {
                self.plain_message(role, activity);
            }
            None => self.reject(
                activity,
                "from.role",
                "nothing says whether the user or the bot wrote the message",
                "expected 0 or \"bot\", 1 or \"user\" in `from.role`, or a `recipient.role`",
            ),
        }
    }

    fn plain_message(&mut self, role: Role, activity: &Activity<'a>) -> usize {
        let mut event = self.event(EventType::Message, activity);
        event.message_id = activity.id().map(Into::into);
        event.role = Some(role);
        event.message_kind = match event.channel.as_deref() {
            Some(channel::VOICE) => Some(MessageKind::Voice),
            _ => Some(MessageKind::Text),
        };
        event.text = spoken_text(activity);
        event.reply_to = activity.reply_to().map(Into::into);
        self.push(activity, "", event)
    }

    fn user_message(&mut self, at: usize, activity: &'a Activity<'a>) {
        let chosen = self.chosen_option(activity);
        let form = activity.text().is_none() && !activity.value.is_null();
        let posted = json::flag(&activity.channel_data, "postBack") == Some(true);
        let is_option = chosen.is_some() || form || posted;
        let is_attachment = activity.text().is_none() && activity.attachments().next().is_some();
        let position = self.plain_message(Role::User, activity);
        let answers_question = self.state.question.is_some();
        let event = &mut self.events[position];
        if is_option {
            event.message_kind = Some(MessageKind::Option);
        } else if is_attachment {
            event.message_kind = Some(MessageKind::Attachment);
        }
        // Taken back where a trace shows that the bot had to understand an answer after all.
        let said = !is_option && !is_attachment;
        event.must_understand = Some(said && !answers_question && !self.state.transferred);
        let id = event.message_id.clone();
        // A click on the survey is its answer and counted there.
        if is_option && !self.is_survey_answer(at) {
            self.option_chosen(activity, chosen);
        }
        self.begin_turn(UserMessage {
            event: position,
            id,
            is_option,
            unmatched: false,
        });
    }

    fn is_survey_answer(&self, at: usize) -> bool {
        let mut traces = self.turn_after(at).map(|next| next.marker);
        self.state.survey_shown && traces.any(|it| it == Some(Marker::CsatResponse))
    }

    fn begin_turn(&mut self, message: UserMessage) {
        let state = &mut self.state;
        state.user_message = Some(message);
        state.user_seen = true;
        state.ended = false;
        state.survey_shown = false;
        state.next_trigger = TopicTrigger::Direct;
        state.knowledge = None;
        state.left = None;
        state.running_calls.clear();
        if let Some(question) = &mut state.question {
            question.replied = true;
            question.spoken_after_reply = false;
        }
        state.older_cards.append(&mut state.offered);
        let surplus = state.older_cards.len().saturating_sub(REMEMBERED_CARDS);
        state.older_cards.drain(..surplus);
    }

    /// The option that a message of the user chooses: the words of one that the bot just offered, or
    /// what a card's button sends.
    fn chosen_option(&self, activity: &Activity<'_>) -> Option<Offered> {
        let latest = self.state.offered.iter().rev();
        if let Some(text) = activity.text()
            && let Some(option) = latest.clone().find(|it| it.is_chosen_by(text))
        {
            return Some(option.clone());
        }
        let posted = json::flag(&activity.channel_data, "postBack") == Some(true);
        if activity.value.is_null() && !posted {
            return None;
        }
        let mut candidates = latest.chain(self.state.older_cards.iter().rev());
        let chosen = candidates.find(|option| {
            option.sends(&activity.value)
                || activity
                    .text()
                    .is_some_and(|text| option.is_chosen_by(text))
        });
        chosen.cloned()
    }

    fn option_chosen(&mut self, activity: &Activity<'a>, option: Option<Offered>) {
        let mut event = self.event(EventType::Option, activity);
        event.role = Some(Role::User);
        event.option_stage = Some(OptionStage::Chosen);
        event.message_id = activity.id().map(Into::into);
        match option {
            Some(option) => {
                event.option_kind = Some(option.kind);
                event.option_title = Some(option.title);
                event.option_id = option.id;
                event.option_destination = option.destination;
                event.destination_kind = option.destination_kind;
                event.reply_to = option.message;
            }
            // What a form holds is the user's own and is not kept as a title.
            None => event.option_kind = Some(upshot_core::words::OptionKind::Button),
        }
        self.push(activity, "chosen", event);
    }

    fn bot_message(&mut self, at: usize, activity: &'a Activity<'a>) {
        self.enter_topic_of_message(at, activity);
        let position = self.plain_message(Role::Bot, activity);
        let topic = self.state.topics.last().cloned();
        let event = &mut self.events[position];
        // A goodbye after silence answers nobody, but it does not open anything either.
        let farewell = topic.as_ref().is_some_and(Topic::is_farewell);
        let autonomous = event.channel.as_deref() == Some(channel::AUTONOMOUS);
        let asked = self.state.user_seen || self.state.started;
        let answers = activity.reply_to().is_some() && !autonomous;
        let unasked = !asked && !answers && !farewell;
        event.proactive = unasked.then_some(true);
        if event.text.is_none() && activity.attachments().next().is_some() {
            event.message_kind = Some(MessageKind::Attachment);
        }
        if let Some(topic) = topic {
            event.topic_id = Some(topic.id);
            event.topic_name = Some(topic.name);
            event.topic_kind = Some(topic.kind);
        }
        if let Some(question) = &mut self.state.question {
            question.spoken_after_reply |= question.replied;
        }
        self.options_shown(activity);
        self.feedback_offered(activity);
    }

    /// The trace of a node follows what the node said: the topic begins before its first message.
    fn enter_topic_of_message(&mut self, at: usize, activity: &'a Activity<'a>) {
        let upcoming = self.activities[at + 1..].iter().take(LOOK_AHEAD);
        for next in upcoming {
            match next.marker {
                Some(Marker::DialogTracing) => {
                    let action = json::elements(&next.value, "actions").first();
                    let Some(action) = action.filter(|it| is_speaking_node(it)) else {
                        return;
                    };
                    if let Some(topic_id) = json::text(action, "topicId") {
                        self.continue_in_topic(topic_id, activity);
                    }
                    return;
                }
                Some(marker) if marker.is_generative() => {}
                Some(Marker::VariableAssignment) => {}
                None if next.kind == Kind::Message
                    && self.background.role_of(next) == Some(Role::Bot) => {}
                _ => return,
            }
        }
    }

    fn options_shown(&mut self, activity: &'a Activity<'a>) {
        let options = options::offered_by(activity);
        if self.state.survey_shown {
            self.state.offered.extend(options);
            return;
        }
        for option in options {
            let mut event = self.event(EventType::Option, activity);
            event.role = Some(Role::Bot);
            event.option_stage = Some(OptionStage::Shown);
            event.message_id = activity.id().map(Into::into);
            event.option_kind = Some(option.kind);
            event.option_title = Some(option.title.clone());
            event.option_id = option.id.clone();
            event.option_destination = option.destination.clone();
            event.destination_kind = option.destination_kind;
            self.push(activity, "shown", event);
            self.state.offered.push(option);
        }
    }

    fn feedback_offered(&mut self, activity: &'a Activity<'a>) {
        let data = &activity.channel_data;
        let offered = ["feedbackLoop", "pva:gpt-feedback", "feedbackLoopEnabled"]
            .into_iter()
            .filter_map(|name| json::field(data, name))
            .any(|value| json::as_flag(value) != Some(false));
        if offered {
            let mut event = self.event(EventType::Feedback, activity);
            event.role = Some(Role::Bot);
            event.feedback = Some(FeedbackRating::Offered);
            event.message_id = activity.id().map(Into::into);
            self.push(activity, "feedback", event);
        }
    }

    /// Thumbs with what was written beside them, encoded once or twice.
    pub(super) fn submit_action(&mut self, activity: &'a Activity<'a>) {
        let value = &activity.value;
        if json::text(value, "actionName")
            .is_some_and(|name| !name.eq_ignore_ascii_case("feedback"))
        {
            return;
        }
        let Some(action) = json::field(value, "actionValue").map(json::decoded) else {
            return;
        };
        let reaction = json::text(&action, "reaction").unwrap_or_default();
        let Some(rating) = rating_of(reaction) else {
            return self.reject(
                activity,
                "value.actionValue.reaction",
                format!("`{reaction}` is not a reaction"),
                "expected `like` or `dislike`",
            );
        };
        let comment = json::field(&action, "feedback").map(json::decoded);
        let comment = comment.as_deref().and_then(|feedback| {
            json::text(feedback, "feedbackText").or_else(|| json::as_text(feedback))
        });
        self.feedback(activity, rating, comment);
    }

    pub(super) fn reaction(&mut self, activity: &'a Activity<'a>) {
        let added = json::elements(activity.object, "reactionsAdded");
        let removed = json::elements(activity.object, "reactionsRemoved");
        let rating = added
            .iter()
            .filter_map(|it| json::text(it, "type"))
            .find_map(rating_of);
        // A reaction that is taken back leaves neither.
        let taken_back = (!removed.is_empty()).then_some(FeedbackRating::Neutral);
        if let Some(rating) = rating.or(taken_back) {
            self.feedback(activity, rating, None);
        }
    }

    fn feedback(
        &mut self,
        activity: &'a Activity<'a>,
        rating: FeedbackRating,
        comment: Option<&str>,
    ) {
        let mut event = self.event(EventType::Feedback, activity);
        event.role = Some(Role::User);
        event.feedback = Some(rating);
        event.feedback_comment = comment.map(Into::into);
        event.message_id = activity.reply_to().map(Into::into);
        self.push(activity, "", event);
    }

    /// The window was opened, or an event of another system began a run.
    pub(super) fn start_conversation(&mut self, activity: &'a Activity<'a>) {
        let trigger = self.background.is_trigger(activity);
        if self.state.started && !trigger {
            return;
        }
        let mut event = self.event(EventType::ConversationStart, activity);
        event.role = Some(if trigger { Role::System } else { Role::User });
        event.proactive = trigger.then_some(true);
        if trigger {
            event.topic_trigger = Some(TopicTrigger::System);
        }
        self.push(activity, "", event);
        // What the bot says to a trigger is said without being asked by anybody.
        self.state.started = !trigger;
        self.state.next_trigger = TopicTrigger::System;
    }

    pub(super) fn conversation_update(&mut self, activity: &'a Activity<'a>) {
        let joined = !json::elements(activity.object, "membersAdded").is_empty();
        if joined && !self.state.user_seen {
            self.start_conversation(activity);
        }
    }
}

/// Nodes that speak to the user before their trace is written.
fn is_speaking_node(action: &Value) -> bool {
    const SPEAKING: [&str; 8] = [
        "SendActivity",
        "SendMessage",
        "Question",
        "AdaptiveCardPrompt",
        "CSATQuestion",
        "SearchAndSummarizeContent",
        "AnswerQuestionWithAI",
        "OAuthInput",
    ];
    json::text(action, "actionType").is_some_and(|it| SPEAKING.contains(&it))
}

fn rating_of(reaction: &str) -> Option<FeedbackRating> {
    match json::plain(reaction).as_str() {
        "like" | "thumbsup" | "up" | "heart" | "laugh" | "positive" => Some(FeedbackRating::Up),
        "dislike" | "thumbsdown" | "down" | "sad" | "angry" | "negative" => {
            Some(FeedbackRating::Down)
        }
        "surprised" | "neutral" => Some(FeedbackRating::Neutral),
        _ => None,
    }
}

/// The text, or on calls what was spoken. An answer grounded in protected documents is blank.
fn spoken_text(activity: &Activity<'_>) -> Option<Box<str>> {
    if let Some(text) = activity.text() {
        return Some(text.into());
    }
    let speech = without_tags(json::text(activity.object, "speak")?);
    (!speech.is_empty()).then(|| speech.into())
}

/// Speech markup without its tags.
fn without_tags(markup: &str) -> String {
    let mut text = String::with_capacity(markup.len());
    let mut inside = false;
    for letter in markup.chars() {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => text.push(letter),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speech_markup_loses_its_tags() {
        let markup = "<speak xml:lang=\"en-US\"><voice name=\"x\">Good  day</voice></speak>";
        assert_eq!(without_tags(markup), "Good day");
    }
}
