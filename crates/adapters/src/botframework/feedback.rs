//! What users think of answers, and what they do with cards that are not messages.

use serde_json::Value;
use upshot_core::words::{EventType, FeedbackRating, OptionStage, Role};

use super::activity::{Activity, array_at, at, decoded, text_at};
use super::convert::Conversation;
use crate::output::Output;

/// What a reaction says of the answer.
fn rating(reaction: &str) -> FeedbackRating {
    match reaction.to_ascii_lowercase().as_str() {
        "like" | "heart" | "laugh" | "plusone" | "thumbsup" | "yes" | "positive" => {
            FeedbackRating::Up
        }
        "dislike" | "sad" | "angry" | "minusone" | "thumbsdown" | "no" | "negative" => {
            FeedbackRating::Down
        }
        _ => FeedbackRating::Neutral,
    }
}

/// Reactions to a message. One that is taken back leaves a neutral one.
pub(super) fn reaction(
    conversation: &mut Conversation<'_>,
    activity: Activity<'_>,
    out: &mut Output<'_>,
) {
    let removed = array_at(activity.0, &["reactionsRemoved"])
        .iter()
        .map(|_| FeedbackRating::Neutral);
    let added = array_at(activity.0, &["reactionsAdded"])
        .iter()
        .filter_map(|it| text_at(it, &["type"]))
        .map(rating);
    // What is taken back and replaced at once counts as what replaces it.
    if let Some(rating) = removed.chain(added).last() {
        give(conversation, activity, rating, None, out);
    }
}

fn give(
    conversation: &mut Conversation<'_>,
    activity: Activity<'_>,
    rating: FeedbackRating,
    comment: Option<String>,
    out: &mut Output<'_>,
) {
    let mut event = conversation.event(EventType::Feedback, activity);
    event.role = Some(Role::User);
    event.message_id = activity.reply_to().map(Into::into);
    event.feedback = Some(rating);
    event.feedback_comment = comment.map(Into::into);
    out.event(event);
}

/// An answer that may be rated.
pub(super) fn offered(
    conversation: &mut Conversation<'_>,
    activity: Activity<'_>,
    out: &mut Output<'_>,
) {
    let enabled = activity.channel_data("feedbackLoopEnabled") == Some(&Value::Bool(true))
        || activity
            .channel_data("feedbackLoop")
            .is_some_and(Value::is_object);
    if !enabled {
        return;
    }
    let mut event = conversation.event(EventType::Feedback, activity);
    event.role = Some(Role::Bot);
    event.message_id = activity.id().map(Into::into);
    event.feedback = Some(FeedbackRating::Offered);
    out.event(event);
}

/// Calls of the client: feedback forms, buttons of cards, and what else there is.
pub(super) fn invoke(
    conversation: &mut Conversation<'_>,
    activity: Activity<'_>,
    out: &mut Output<'_>,
) {
    let name = activity.text("name").unwrap_or_default();
    let value = activity.value();
    match (name, value.as_deref()) {
        ("message/submitAction", Some(value)) if submit(conversation, activity, value, out) => {}
        ("adaptiveCard/action", Some(value)) => card_action(conversation, activity, value, out),
        _ => conversation.other(activity, out),
    }
}

/// The feedback form; its parts may be encoded as text, once more each.
fn submit(
    conversation: &mut Conversation<'_>,
    activity: Activity<'_>,
    value: &Value,
    out: &mut Output<'_>,
) -> bool {
    if text_at(value, &["actionName"]) != Some("feedback") {
        return false;
    }
    let Some(given) = at(value, &["actionValue"]) else {
        return false;
    };
    let given = decoded(given);
    let Some(reaction) = text_at(&given, &["reaction"]) else {
        return false;
    };
    let comment = at(&given, &["feedback"]).and_then(|feedback| {
        let feedback = decoded(feedback);
        let text = text_at(&feedback, &["feedbackText"]).or(feedback.as_str());
        text.filter(|text| !text.trim().is_empty())
            .map(str::to_owned)
    });
    give(conversation, activity, rating(reaction), comment, out);
    true
}

fn card_action(
    conversation: &mut Conversation<'_>,
    activity: Activity<'_>,
    value: &Value,
    out: &mut Output<'_>,
) {
    let verb = text_at(value, &["action", "verb"]).unwrap_or_default();
    let data = at(value, &["action", "data"]);
    let option = conversation
        .chosen(|it, _| it.has_verb(verb) && data.is_none_or(|data| it.sends(data)))
        .or_else(|| conversation.chosen(|it, _| it.has_verb(verb)))
        .cloned();
    let Some(option) = option else {
        conversation.other(activity, out);
        return;
    };
    let mut event = conversation.option(activity, &option, OptionStage::Chosen);
    event.message_id = activity.reply_to().or(activity.id()).map(Into::into);
    out.event(event);
}
