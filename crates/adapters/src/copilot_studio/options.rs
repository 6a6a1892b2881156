//! Options that a bot's message offers: suggested actions and the buttons of its cards.

use serde_json::Value;
use upshot_core::words::{DestinationKind, OptionKind};

use super::activity::Activity;
use super::json;

/// An option that was offered.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Offered {
    pub(super) id: Option<Box<str>>,
    pub(super) kind: OptionKind,
    pub(super) title: Box<str>,
    /// What the user's message holds when the option is chosen, besides the title.
    answers: Vec<Box<str>>,
    /// The text values of the data that a card's button submits.
    data: Vec<Box<str>>,
    /// Where the option leads, for addresses and phone numbers.
    pub(super) destination: Option<Box<str>>,
    pub(super) destination_kind: Option<DestinationKind>,
    /// The message that offered it.
    pub(super) message: Option<Box<str>>,
}

impl Offered {
    /// Whether a message of this text chooses the option.
    pub(super) fn is_chosen_by(&self, text: &str) -> bool {
        let text = text.trim().to_lowercase();
        self.title.trim().to_lowercase() == text
            || self
                .answers
                .iter()
                .any(|answer| answer.trim().to_lowercase() == text)
    }

    /// Whether a submitted value holds all that the option sends. The buttons of one card often
    /// share a part of their data.
    pub(super) fn sends(&self, value: &Value) -> bool {
        let Value::Object(members) = value else {
            return json::scalar(value).is_some_and(|text| self.is_chosen_by(&text));
        };
        let sent: Vec<_> = members.values().filter_map(json::as_text).collect();
        !self.data.is_empty() && self.data.iter().all(|it| sent.contains(&it.as_ref()))
    }
}

/// All options of a message, in its order.
pub(super) fn offered_by(message: &Activity<'_>) -> Vec<Offered> {
    let mut found = Vec::new();
    let suggested = json::path(message.object, &["suggestedActions"]);
    for action in suggested.map_or(&[][..], |it| json::elements(it, "actions")) {
        found.extend(card_action(action, OptionKind::QuickReply));
    }
    for attachment in message.attachments() {
        let content_type = json::text(attachment, "contentType").unwrap_or_default();
        let Some(content) = json::field(attachment, "content") else {
            continue;
        };
        let content = json::decoded(content);
        if content_type.ends_with("card.adaptive") {
            adaptive_actions(&content, &mut found);
        } else {
            for action in json::elements(&content, "buttons") {
                found.extend(card_action(action, OptionKind::Button));
            }
        }
    }
    for option in &mut found {
        option.message = message.id().map(Into::into);
    }
    found
}

/// A button as Bot Framework's cards and suggested actions have it.
fn card_action(action: &Value, kind: OptionKind) -> Option<Offered> {
    let title = json::text(action, "title").or_else(|| json::text(action, "text"))?;
    let value = json::field(action, "value");
    let said = value.and_then(json::scalar);
    let (destination, destination_kind) = match json::text(action, "type").unwrap_or_default() {
        "openUrl" | "downloadFile" | "showImage" | "playVideo" | "playAudio" | "signin" => {
            (said.as_deref().map(address), Some(DestinationKind::Url))
        }
        "call" => (
            said.as_deref().map(Into::into),
            Some(DestinationKind::Phone),
        ),
        _ => (None, Some(DestinationKind::Answer)),
    };
    Some(Offered {
        id: json::text(action, "id").map(Into::into),
        kind,
        title: title.into(),
        answers: answers_of(action, value),
        data: data_of(value),
        destination,
        destination_kind,
        message: None,
    })
}

/// The actions of an adaptive card, wherever they stand in it.
fn adaptive_actions(card: &Value, found: &mut Vec<Offered>) {
    match card {
        Value::Array(elements) => elements.iter().for_each(|it| adaptive_actions(it, found)),
        Value::Object(members) => {
            found.extend(adaptive_action(card));
            members.values().for_each(|it| adaptive_actions(it, found));
        }
        _ => {}
    }
}

fn adaptive_action(action: &Value) -> Option<Offered> {
    let (destination, destination_kind) = match json::text(action, "type")? {
        "Action.Submit" | "Action.Execute" => (None, DestinationKind::Answer),
        "Action.OpenUrl" => (json::text(action, "url").map(address), DestinationKind::Url),
        _ => return None,
    };
    Some(Offered {
        id: json::text(action, "id").map(Into::into),
        kind: OptionKind::Button,
        title: json::text(action, "title")?.into(),
        answers: answers_of(action, json::field(action, "data")),
        data: data_of(json::field(action, "data")),
        destination,
        destination_kind: Some(destination_kind),
        message: None,
    })
}

fn answers_of(action: &Value, value: Option<&Value>) -> Vec<Box<str>> {
    let mut answers: Vec<Box<str>> = ["text", "displayText", "id"]
        .into_iter()
        .filter_map(|name| json::text(action, name))
        .map(Into::into)
        .collect();
    answers.extend(
        value
            .and_then(json::scalar)
            .map(|text| text.as_ref().into()),
    );
    answers
}

fn data_of(value: Option<&Value>) -> Vec<Box<str>> {
    let members = value.and_then(Value::as_object).into_iter().flatten();
    members
        .filter_map(|(_, member)| json::as_text(member))
        .map(Into::into)
        .collect()
}

/// An address without its query and fragment, which may name the user.
pub(super) fn address(url: &str) -> Box<str> {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    url[..end].into()
}
