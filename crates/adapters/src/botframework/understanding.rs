//! What the bot understood: recognisers' traces, answers from knowledge, dialogs, errors.

use std::borrow::Cow;

use serde_json::{Value, json};
use upshot_core::words::{EventType, Role, TopicKind, TopicTrigger};

use super::activity::{Activity, array_at, at, text_at};
use super::convert::Conversation;
use crate::output::Output;

/// Labels beside the first that are kept.
const MAXIMUM_CANDIDATES: usize = 10;

/// What a trace says that was understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Understanding {
    /// A recogniser's labels, the surest first. `None` is the label of what fits none.
    Intents(Vec<(String, Option<f64>)>),
    /// Sources in which answers were found, the surest first, with its score.
    Answers(Vec<String>, Option<f64>),
}

/// What all traces on one message say together.
#[derive(Debug, Default)]
pub(super) struct Recognised {
    /// Whether any of them understood it.
    pub matched: bool,
}

impl Recognised {
    pub fn learn(&mut self, understanding: Option<&Understanding>) {
        self.matched |= match understanding {
            Some(Understanding::Intents(intents)) => {
                intents.first().is_some_and(|(name, _)| is_label(name))
            }
            Some(Understanding::Answers(sources, _)) => !sources.is_empty(),
            None => false,
        };
    }
}

fn is_label(name: &str) -> bool {
    !name.trim().is_empty() && !name.eq_ignore_ascii_case("none")
}

/// What a trace says that was understood; nothing if it is about something else.
pub(super) fn of(activity: Activity<'_>) -> Option<Understanding> {
    if activity.kind() != "trace" {
        return None;
    }
    let value = activity.value()?;
    if let Some(results) = at(&value, &["queryResults"]).and_then(Value::as_array) {
        return Some(answers(results));
    }
    let result = at(&value, &["recognizerResult"]).unwrap_or(&value);
    let named = at(result, &["intents"])?.as_object()?;
    let mut intents = named
        .iter()
        .map(|(name, intent)| (name.clone(), at(intent, &["score"]).and_then(Value::as_f64)))
        .collect::<Vec<_>>();
    let top = [
        &["luisResult", "topScoringIntent", "intent"][..],
        &["luisResult", "prediction", "topIntent"],
        &["cluResult", "prediction", "topIntent"],
    ];
    let top = top.iter().find_map(|path| text_at(&value, path));
    intents.sort_by(|(left, left_score), (right, right_score)| {
        let first = |name: &str| Some(name) != top;
        let score = |score: &Option<f64>| score.unwrap_or(f64::NEG_INFINITY);
        first(left)
            .cmp(&first(right))
            .then(score(right_score).total_cmp(&score(left_score)))
            .then(left.cmp(right))
    });
    Some(Understanding::Intents(intents))
}

fn answers(results: &[Value]) -> Understanding {
    let score = |result: &Value| at(result, &["score"]).and_then(Value::as_f64);
    let found = results.iter().filter(|result| {
        // The service answers «nothing found» with an answer of score 0.
        score(result).is_none_or(|it| it > 0.0) && at(result, &["id"]) != Some(&json!(-1))
    });
    let found = found.collect::<Vec<_>>();
    let sources = found
        .iter()
        .map(|result| text_at(result, &["source"]).unwrap_or("unknown").to_owned());
    Understanding::Answers(
        sources.collect(),
        found.first().and_then(|result| score(result)),
    )
}

/// Writes the event of an understanding. `report` says that the message was not understood and that
/// nothing has said so yet.
pub(super) fn event(
    conversation: &mut Conversation<'_>,
    activity: Activity<'_>,
    understanding: &Understanding,
    report: bool,
    out: &mut Output<'_>,
) {
    match understanding {
        Understanding::Intents(intents) => {
            let top = intents.first();
            let label = top.map(|(name, _)| name.as_str()).filter(|it| is_label(it));
            // One of several recognisers had nothing to say.
            if label.is_none() && !report {
                return;
            }
            let mut event = conversation.event(EventType::Intent, activity);
            event.message_id = conversation.message_of(activity);
            event.intent = label.map(Into::into);
            event.confidence = top.and_then(|(_, score)| *score);
            event.intent_candidates = candidates(intents.get(1..).unwrap_or_default());
            event.unmatched = Some(label.is_none());
            out.event(event);
        }
        Understanding::Answers(sources, score) => {
            let mut event = conversation.event(EventType::Knowledge, activity);
            event.message_id = conversation.message_of(activity);
            event.confidence = *score;
            let found = !sources.is_empty();
            event.knowledge_state = Some(if found { "answered" } else { "no_results" }.into());
            if found {
                event.sources_retrieved = list(sources);
                event.sources_cited = list(&sources[..1]);
            }
            event.unmatched = report.then_some(true).filter(|_| !found);
            out.event(event);
        }
    }
}

fn candidates(others: &[(String, Option<f64>)]) -> Option<Box<str>> {
    if others.is_empty() {
        return None;
    }
    let others = others
        .iter()
        .take(MAXIMUM_CANDIDATES)
        .map(|(intent, score)| json!({"intent": intent, "confidence": score}));
    Some(Value::Array(others.collect()).to_string().into())
}

fn list(names: &[String]) -> Option<Box<str>> {
    let mut kept: Vec<&String> = Vec::new();
    for name in names {
        if !kept.contains(&name) {
            kept.push(name);
        }
    }
    Some(json!(kept).to_string().into())
}

/// Sources that an answer cites, as Teams shows them.
pub(super) fn citations(
    conversation: &mut Conversation<'_>,
    activity: Activity<'_>,
    out: &mut Output<'_>,
) {
    let cited = array_at(activity.0, &["entities"])
        .iter()
        .flat_map(|entity| array_at(entity, &["citation"]))
        .filter_map(|it| text_at(it, &["appearance", "name"]).map(str::to_owned))
        .collect::<Vec<_>>();
    if cited.is_empty() {
        return;
    }
    let mut event = conversation.event(EventType::Knowledge, activity);
    event.message_id = activity.id().map(Into::into);
    event.knowledge_state = Some("answered".into());
    event.sources_cited = list(&cited);
    out.event(event);
}

/// Intents that Power Virtual Agents once wrote beside its messages.
pub(super) fn details(
    conversation: &mut Conversation<'_>,
    activity: Activity<'_>,
    out: &mut Output<'_>,
) {
    let Some(detail) = activity.channel_data("ConversationUnderstandingDetail") else {
        return;
    };
    let ranked = array_at(detail, &["RankedIntents"]);
    let intents = ranked.iter().filter_map(|it| {
        let name = text_at(it, &["IntentId"])?.to_owned();
        Some((name, at(it, &["Score"]).and_then(Value::as_f64)))
    });
    let intents = intents.collect::<Vec<_>>();
    if !intents.is_empty() {
        let understanding = Understanding::Intents(intents);
        event(conversation, activity, &understanding, false, out);
    }
}

/// Traces of dialogs and errors. Others are of use only to whoever debugs the bot.
pub(super) fn other_trace(
    conversation: &mut Conversation<'_>,
    activity: Activity<'_>,
    out: &mut Output<'_>,
) {
    let kind = activity.text("valueType").unwrap_or_default();
    let name = activity.text("name").or(activity.text("label"));
    let name = name.unwrap_or_default();
    if kind.ends_with("schemas/error") || plain(name) == "onturnerror" {
        let mut event = conversation.event(EventType::Error, activity);
        // The message of an error may hold what the user said.
        event.error = Some("turn_error".into());
        event.message_id = conversation.message_of(activity);
        out.event(event);
        return;
    }
    let event_type = match plain(name).as_str() {
        "begindialog"
        | "dialogbegin"
        | "dialogstart"
        | "waterfallstart"
        | "adaptivedialogstart" => EventType::Topic,
        "enddialog"
        | "dialogend"
        | "waterfallcomplete"
        | "adaptivedialogcomplete"
        | "waterfallcancel"
        | "adaptivedialogcancel" => EventType::TopicEnd,
        _ => return,
    };
    let value = activity.value().unwrap_or(Cow::Owned(Value::Null));
    let dialog = ["DialogId", "dialogId", "dialog", "id"]
        .iter()
        .find_map(|key| text_at(&value, &[key]))
        .or(value.as_str());
    let Some(dialog) = dialog.filter(|it| !it.trim().is_empty()) else {
        return;
    };
    let mut event = conversation.event(event_type, activity);
    event.topic_id = Some(dialog.into());
    event.topic_name = Some(dialog.into());
    event.topic_kind = Some(TopicKind::Custom);
    if event_type == EventType::Topic {
        let direct = conversation.answers_user(activity);
        event.topic_trigger = Some(if direct {
            TopicTrigger::Direct
        } else {
            TopicTrigger::Redirect
        });
    }
    event.role = Some(Role::Bot);
    out.event(event);
}

/// Without case and separators.
fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|it| it.to_ascii_lowercase())
        .collect::<String>()
        .trim_end_matches("trace")
        .to_owned()
}
