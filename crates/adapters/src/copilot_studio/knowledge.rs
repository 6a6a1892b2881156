//! Searches of knowledge and generated answers, and the models and tools that were called.

use serde_json::Value;
use upshot_core::words::{EventType, TopicKind};

use super::activity::Activity;
use super::convert::Converter;
use super::json;
use super::marker::Marker;
use super::options::address;

/// Names of sources as our JSON array.
fn listed(names: &[Box<str>]) -> Option<Box<str>> {
    let mut kept: Vec<&str> = Vec::new();
    for name in names {
        if !kept.contains(&name.as_ref()) && kept.len() < MAXIMUM_SOURCES {
            kept.push(name);
        }
    }
    (!kept.is_empty()).then(|| serde_json::json!(kept).to_string().into())
}

/// Sources that are kept of one search.
const MAXIMUM_SOURCES: usize = 100;

impl<'a> Converter<'a> {
    /// The several traces of one answer become one event.
    pub(super) fn knowledge(&mut self, marker: Marker, activity: &'a Activity<'a>) {
        let value = &activity.value;
        let state = state_of(value);
        let searched = json::flag(value, "isKnowledgeSearched");
        if marker == Marker::KnowledgeTrace && state.is_none() && searched != Some(true) {
            return;
        }
        let position = self.knowledge_event(marker, activity);
        let event = &mut self.events[position];
        if let Some((state, reason)) = state {
            event.knowledge_state = Some(state.into());
            event.finish_reason = Some(reason.into());
        }
        let parts = [
            (&mut event.sources_retrieved, retrieved(value)),
            (&mut event.sources_cited, cited(value)),
            (&mut event.sources_failed, failed(value)),
        ];
        for (field, names) in parts {
            if let Some(names) = listed(&names) {
                *field = Some(names);
            }
        }
        self.model_tokens(activity);
    }

    fn knowledge_event(&mut self, marker: Marker, activity: &'a Activity<'a>) -> usize {
        if let Some((position, seen)) = &mut self.state.knowledge
            && !seen.contains(&marker)
        {
            seen.push(marker);
            return *position;
        }
        let mut event = self.event(EventType::Knowledge, activity);
        event.message_id = json::text(&activity.value, "activityId")
            .map(Into::into)
            .or_else(|| self.understood_message(activity));
        match self.state.topics.last() {
            Some(topic) => {
                event.topic_id = Some(topic.id.clone());
                event.topic_name = Some(topic.name.clone());
                event.topic_kind = Some(topic.kind);
            }
            None => event.topic_kind = Some(TopicKind::GenerativeAnswers),
        }
        let position = self.push(activity, "", event);
        self.state.knowledge = Some((position, vec![marker]));
        position
    }

    /// Calls of the model that the details of an answer count.
    fn model_tokens(&mut self, activity: &'a Activity<'a>) {
        for name in [
            "queryRewritingOpenAIResponse",
            "summarizationOpenAIResponse",
        ] {
            let Some(call) = json::field(&activity.value, name) else {
                continue;
            };
            let input = json::integer(call, "PromptTokens").filter(|it| *it > 0);
            let output = json::integer(call, "CompletionTokens").filter(|it| *it > 0);
            if input.is_none() && output.is_none() {
                continue;
            }
            let mut event = self.event(EventType::ModelCall, activity);
            event.model_operation = Some("chat".into());
            event.tokens_input = input;
            event.tokens_output = output;
            event.finish_reason = json::text(call, "CompletionResponse").map(Into::into);
            event.message_id = self.last_user_message();
            self.push(activity, "call", event);
        }
    }

    /// A prompt of AI Builder.
    pub(super) fn prompt_call(&mut self, activity: &'a Activity<'a>) {
        let value = &activity.value;
        let name = |names: &[&str]| -> Option<Box<str>> {
            names
                .iter()
                .find_map(|name| json::text(value, name))
                .map(Into::into)
        };
        let mut event = self.event(EventType::ModelCall, activity);
        event.model_operation = Some("chat".into());
        event.model = name(&["modelName", "model", "aiModelName"]);
        event.tool = name(&["aiModelId", "modelId", "promptName", "name"]);
        event.tokens_input = json::integer(value, "promptTokens").filter(|it| *it > 0);
        event.tokens_output = json::integer(value, "completionTokens").filter(|it| *it > 0);
        event.message_id = self.last_user_message();
        self.push(activity, "", event);
    }
}

/// Our word for how an answer ended, and the platform's.
fn state_of(value: &Value) -> Option<(&'static str, &str)> {
    let reported = ["completionState", "completion_state", "gptAnswerState"]
        .into_iter()
        .find_map(|name| json::text(value, name))?;
    let state = match json::plain(reported).as_str() {
        "answered" | "completed" | "success" => "answered",
        "nosearchresults" | "novalidsearchresults" | "noresults" => "no_results",
        state if state.contains("error") || state.contains("fail") => "error",
        _ => "not_answered",
    };
    Some((state, reported))
}

fn retrieved(value: &Value) -> Vec<Box<str>> {
    let used = sources(value, &["outputKnowledgeSources"]);
    if !used.is_empty() {
        return used;
    }
    sources(
        value,
        &[
            "searchResults",
            "verifiedSearchResults",
            "filteredResults",
            "fullResults",
        ],
    )
}

fn cited(value: &Value) -> Vec<Box<str>> {
    let mut names = sources(value, &["citedKnowledgeSources", "citations"]);
    let result = json::path(value, &["summarizationOpenAIResponse", "Result"]);
    if let Some(result) = result {
        names.extend(sources(result, &["TextCitations"]));
    }
    names
}

fn failed(value: &Value) -> Vec<Box<str>> {
    sources(value, &["failedKnowledgeSourcesTypes", "searchErrors"])
}

fn sources(value: &Value, lists: &[&str]) -> Vec<Box<str>> {
    let elements = lists.iter().flat_map(|list| json::elements(value, list));
    elements.filter_map(source_name).collect()
}

/// A source's address, else its name: never what was found in it.
fn source_name(source: &Value) -> Option<Box<str>> {
    if let Some(name) = json::as_text(source) {
        return Some(shortened(name));
    }
    [
        "url",
        "uri",
        "link",
        "id",
        "name",
        "title",
        "source",
        "type",
        "errorCode",
        "code",
    ]
    .into_iter()
    .find_map(|name| json::text(source, name))
    .map(shortened)
}

fn shortened(name: &str) -> Box<str> {
    match name.contains("://") {
        true => address(name),
        false => name.into(),
    }
}
