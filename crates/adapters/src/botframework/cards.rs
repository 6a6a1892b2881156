//! What a message offers beside its text: suggested actions, cards and their buttons.

use serde_json::Value;
use upshot_core::words::{DestinationKind, OptionKind};

use super::activity::{Activity, array_at, at, text_at};

/// An option that was offered.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Offered {
    pub id: Option<String>,
    pub kind: OptionKind,
    pub title: String,
    pub destination: Option<String>,
    pub destination_kind: DestinationKind,
    /// What the user's message holds if the option is chosen.
    answers: Vec<String>,
    /// What the user's message carries as its value.
    value: Option<Value>,
}

/// Cards within cards are followed this far.
const CARD_DEPTH: u32 = 32;
/// More options of one message than this are not taken down.
const MAXIMUM_OPTIONS: usize = 100;
/// A card's text is cut at this many characters.
const CARD_TEXT: usize = 4_000;

impl Offered {
    /// Whether a message of this text chooses the option; a typed answer is compared without case.
    pub fn is_said(&self, text: &str, exactly: bool) -> bool {
        let text = text.trim();
        let said = |answer: &String| match exactly {
            true => answer.trim() == text,
            false => answer.trim().to_lowercase() == text.to_lowercase(),
        };
        self.destination_kind == DestinationKind::Answer && self.answers.iter().any(said)
    }

    /// Whether a submitted value is this option's: it holds all that the option sends, perhaps
    /// with the answers of a form.
    pub fn sends(&self, value: &Value) -> bool {
        match (&self.value, value) {
            (Some(Value::Object(own)), Value::Object(sent)) => {
                !own.is_empty()
                    && own
                        .iter()
                        .all(|(name, value)| sent.get(name) == Some(value))
            }
            (Some(own), sent) => own == sent,
            (None, sent) => sent.as_str().is_some_and(|text| self.is_said(text, true)),
        }
    }

    /// Whether this is the action of an adaptive card with this verb.
    pub fn has_verb(&self, verb: &str) -> bool {
        self.destination.as_deref() == Some(verb)
    }
}

/// All options that a message offers.
pub(super) fn offered_by(activity: Activity<'_>) -> Vec<Offered> {
    let mut offered = Vec::new();
    for action in array_at(activity.0, &["suggestedActions", "actions"]) {
        offered.extend(card_action(action, OptionKind::QuickReply));
    }
    for attachment in activity.attachments() {
        let Some(content) = at(attachment, &["content"]) else {
            continue;
        };
        let content = super::activity::decoded(content);
        if is_adaptive(attachment) {
            adaptive(&content, CARD_DEPTH, &mut offered);
            continue;
        }
        for action in array_at(&content, &["buttons"]) {
            offered.extend(card_action(action, OptionKind::Button));
        }
        if let Some(tap) = at(&content, &["tap"]) {
            let title = text_at(tap, &["title"]).or(text_at(&content, &["title"]));
            offered.extend(titled(card_action(tap, OptionKind::Card), title));
        }
    }
    let mut kept: Vec<Offered> = Vec::new();
    for option in offered {
        if kept.len() < MAXIMUM_OPTIONS && !option.title.is_empty() && !kept.contains(&option) {
            kept.push(option);
        }
    }
    kept
}

fn is_adaptive(attachment: &Value) -> bool {
    text_at(attachment, &["contentType"]).is_some_and(|it| it.ends_with("card.adaptive"))
}

/// A card that is itself an option is known by its own title.
fn titled(offered: Option<Offered>, title: Option<&str>) -> Option<Offered> {
    offered.map(|mut option| {
        if let Some(title) = title {
            option.title = title.trim().to_owned();
        }
        option
    })
}

/// A suggested action or a button of a hero, thumbnail or similar card.
fn card_action(action: &Value, kind: OptionKind) -> Option<Offered> {
    let value = at(action, &["value"]);
    // A bare text is an action of the simplest kind.
    let title = text_at(action, &["title"])
        .or_else(|| text_at(action, &["text"]))
        .or_else(|| value.and_then(Value::as_str))
        .or_else(|| action.as_str())
        .unwrap_or_default();
    let said = value.and_then(Value::as_str);
    let (destination, destination_kind) = match text_at(action, &["type"]).unwrap_or_default() {
        "openUrl" | "signin" | "downloadFile" | "showImage" | "playAudio" | "playVideo"
        | "openApp" => (said.map(address), DestinationKind::Url),
        "call" => (said.map(str::to_owned), DestinationKind::Phone),
        _ => (said.map(str::to_owned), DestinationKind::Answer),
    };
    let answers = [
        Some(title),
        said,
        text_at(action, &["text"]),
        text_at(action, &["displayText"]),
    ];
    if !action.is_object() && !action.is_string() {
        return None;
    }
    Some(Offered {
        id: text_at(action, &["id"]).map(str::to_owned),
        kind,
        title: title.trim().to_owned(),
        destination,
        destination_kind,
        answers: texts(&answers),
        value: value.cloned(),
    })
}

fn texts(answers: &[Option<&str>]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for answer in answers.iter().flatten().filter(|it| !it.trim().is_empty()) {
        if !kept.iter().any(|it| it == answer) {
            kept.push((*answer).to_owned());
        }
    }
    kept
}

/// An address without query and fragment, which may name the user.
fn address(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    url[..end].to_owned()
}

/// The actions of an adaptive card, wherever they stand in it.
fn adaptive(element: &Value, depth: u32, offered: &mut Vec<Offered>) {
    if depth == 0 || offered.len() > MAXIMUM_OPTIONS {
        return;
    }
    match element {
        Value::Array(elements) => {
            for element in elements {
                adaptive(element, depth - 1, offered);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                match name.as_str() {
                    "selectAction" => {
                        let own = text_at(member, &["title"]).map(str::to_owned);
                        let title = own.or_else(|| first_text(element, CARD_DEPTH));
                        let action = adaptive_action(member, OptionKind::Card);
                        offered.extend(titled(action, title.as_deref()));
                    }
                    "actions" => {
                        let actions = member.as_array().into_iter().flatten();
                        for action in actions {
                            offered.extend(adaptive_action(action, OptionKind::Button));
                            adaptive(action, depth - 1, offered);
                        }
                    }
                    // What an action sends is no part of the card.
                    "data" | "value" => {}
                    _ => adaptive(member, depth - 1, offered),
                }
            }
        }
        _ => {}
    }
}

fn adaptive_action(action: &Value, kind: OptionKind) -> Option<Offered> {
    let data = at(action, &["data"]);
    let said = data
        .and_then(Value::as_str)
        .or_else(|| data.and_then(|data| text_at(data, &["msteams", "value"])))
        .or_else(|| data.and_then(|data| text_at(data, &["msteams", "text"])));
    let (destination, destination_kind) = match text_at(action, &["type"])? {
        "Action.OpenUrl" => (text_at(action, &["url"]).map(address), DestinationKind::Url),
        "Action.Submit" => (said.map(str::to_owned), DestinationKind::Answer),
        "Action.Execute" => (
            text_at(action, &["verb"]).map(str::to_owned),
            DestinationKind::Answer,
        ),
        _ => return None,
    };
    let title = text_at(action, &["title"]).unwrap_or_default();
    Some(Offered {
        id: text_at(action, &["id"]).map(str::to_owned),
        kind,
        title: title.trim().to_owned(),
        destination,
        destination_kind,
        answers: texts(&[Some(title), said]),
        value: data.cloned(),
    })
}

/// The first text within an element of an adaptive card.
fn first_text(element: &Value, depth: u32) -> Option<String> {
    let mut text = String::new();
    adaptive_text(element, depth, &mut text);
    text.lines().next().map(str::to_owned)
}

/// What a message says in its cards, for messages without text.
pub(super) fn card_text(activity: Activity<'_>) -> Option<String> {
    let mut text = String::new();
    for attachment in activity.attachments() {
        let Some(content) = at(attachment, &["content"]) else {
            continue;
        };
        let content = super::activity::decoded(content);
        if is_adaptive(attachment) {
            adaptive_text(&content, CARD_DEPTH, &mut text);
            continue;
        }
        for key in ["title", "subtitle", "text"] {
            if let Some(line) = text_at(&content, &[key]) {
                push_line(line, &mut text);
            }
        }
    }
    (!text.is_empty()).then_some(text)
}

fn push_line(line: &str, text: &mut String) {
    let room = CARD_TEXT.saturating_sub(text.chars().count());
    if room == 0 {
        return;
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.extend(line.trim().chars().take(room));
}

fn adaptive_text(element: &Value, depth: u32, text: &mut String) {
    if depth == 0 || text.len() >= CARD_TEXT * 4 {
        return;
    }
    match element {
        Value::Array(elements) => {
            for element in elements {
                adaptive_text(element, depth - 1, text);
            }
        }
        Value::Object(_) => {
            if matches!(text_at(element, &["type"]), Some("TextBlock" | "TextRun")) {
                push_line(text_at(element, &["text"]).unwrap_or_default(), text);
            }
            // In the order in which a card is shown, not in that of the keys.
            for key in ["body", "items", "columns", "inlines", "rows", "cells"] {
                if let Some(inner) = at(element, &[key]) {
                    adaptive_text(inner, depth - 1, text);
                }
            }
        }
        _ => {}
    }
}
