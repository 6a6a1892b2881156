//! Traces of nodes: questions, calls, ends and declared outcomes.

use serde_json::Value;
use upshot_core::words::{
    Actor, EventType, HandoverStage, Outcome, QuestionStage, ResolutionKind, Role, TopicKind,
    TopicTrigger,
};

use super::activity::{Activity, Kind, instant_of};
use super::convert::{Converter, OpenQuestion};
use super::json;
use super::understanding::node_topic;

/// A node that ran, of either kind of trace.
struct Node<'a> {
    id: &'a str,
    kind: String,
    topic_id: Option<&'a str>,
    value: &'a Value,
    /// Whether the trace holds what the node left in its topic's variables.
    has_result: bool,
    latency: Option<i64>,
}

impl<'a> Converter<'a> {
    pub(super) fn dialog_tracing(&mut self, at: usize, activity: &'a Activity<'a>) {
        self.declared_outcome(&activity.value, activity);
        for action in json::elements(&activity.value, "actions") {
            let results = json::path(action, &["variableState", "dialogState"]);
            self.node(
                &Node {
                    id: json::text(action, "actionId").unwrap_or_default(),
                    kind: json::plain(json::text(action, "actionType").unwrap_or_default()),
                    topic_id: json::text(action, "topicId"),
                    value: action,
                    has_result: results
                        .and_then(Value::as_object)
                        .is_some_and(|it| !it.is_empty()),
                    latency: None,
                },
                at,
                activity,
            );
            self.exception(action, activity);
        }
    }

    /// Enhanced transcripts trace each node once more; where the plain traces are there too, only
    /// the titles of the topics are taken.
    pub(super) fn node_trace(&mut self, at: usize, activity: &'a Activity<'a>) {
        if self.background.has_dialog_tracing {
            return;
        }
        let value = &activity.value;
        self.node(
            &Node {
                id: json::text(value, "nodeID").unwrap_or_default(),
                kind: json::plain(json::text(value, "nodeType").unwrap_or_default()),
                topic_id: node_topic(value),
                value,
                has_result: false,
                latency: elapsed(value),
            },
            at,
            activity,
        );
    }

    fn node(&mut self, node: &Node<'a>, at: usize, activity: &'a Activity<'a>) {
        if node.topic_id.is_some() && node.topic_id == self.state.left.as_deref() {
            // The trace of the node that ended the topic, written once more.
            return;
        }
        let question_node = is_question(&node.kind);
        if !question_node || !self.is_open_question(node.id) {
            self.question_passed(node, activity);
        }
        if let Some(topic_id) = node.topic_id {
            self.continue_in_topic(topic_id, activity);
        }
        self.declared_outcome(node.value, activity);
        match node.kind.as_str() {
            _ if question_node => self.question(node, activity),
            "endconversation" if self.is_end_said_later(at) => {}
            "endconversation" => self.conversation_ends(Actor::Bot, None, activity),
            "enddialog" | "canceldialog" => {
                self.leave(activity);
                self.state.left = node.topic_id.map(Into::into);
            }
            "canceldialogs" | "cancelalldialogs" => {
                while !self.state.topics.is_empty() {
                    self.leave(activity);
                }
            }
            kind if kind.starts_with("transferconversation") || kind == "transfertoagent" => {
                self.state.transfer_actions = true;
                self.handover(HandoverStage::Escalated, activity, "transfer");
            }
            kind if is_call(kind) => self.node_call(node, activity),
            _ => {}
        }
    }

    /// The node that ends the conversation is followed by an activity that says so, and perhaps
    /// with which outcome.
    fn is_end_said_later(&self, at: usize) -> bool {
        self.turn_after(at)
            .any(|it| it.kind == Kind::EndOfConversation)
    }

    fn is_open_question(&self, id: &str) -> bool {
        self.state.question.as_ref().is_some_and(|it| *it.id == *id)
    }

    /// A question node is traced when it asks and when it has its answer. Told apart by what the
    /// user and the bot said in between, and by whether the trace holds a value.
    fn question(&mut self, node: &Node<'a>, activity: &'a Activity<'a>) {
        let stage = match &self.state.question {
            Some(open) if *open.id != *node.id => QuestionStage::Asked,
            None => QuestionStage::Asked,
            Some(open) if !open.replied => return,
            Some(_) if node.has_result => QuestionStage::Answered,
            Some(open) if open.spoken_after_reply => QuestionStage::AskedAgain,
            Some(_) => QuestionStage::Answered,
        };
        let Some(topic) = self.state.topics.last().cloned() else {
            return;
        };
        let open = OpenQuestion {
            id: node.id.into(),
            topic,
            replied: false,
            spoken_after_reply: false,
        };
        self.question_event(&open, stage, activity);
        self.state.question = (stage != QuestionStage::Answered).then_some(open);
    }

    /// Another node runs: a question that the user has replied to has its answer.
    fn question_passed(&mut self, node: &Node<'a>, activity: &'a Activity<'a>) {
        let Some(open) = self.state.question.take_if(|open| open.replied) else {
            return;
        };
        let next = node.topic_id.filter(|id| *open.topic.id != **id);
        // After too many attempts the platform itself goes elsewhere.
        let gave_up = next.is_some_and(|id| {
            matches!(
                self.topic(id, None).kind,
                TopicKind::Escalate | TopicKind::Fallback | TopicKind::OtherSystem
            )
        });
        let stage = match gave_up {
            true => QuestionStage::Left,
            false => QuestionStage::Answered,
        };
        self.state.next_trigger = TopicTrigger::Redirect;
        self.question_event(&open, stage, activity);
    }

    /// The user's words led elsewhere.
    pub(super) fn leave_question(&mut self, activity: &'a Activity<'a>) {
        if let Some(open) = self.state.question.take() {
            self.question_event(&open, QuestionStage::Left, activity);
        }
    }

    fn question_event(
        &mut self,
        open: &OpenQuestion,
        stage: QuestionStage,
        activity: &'a Activity<'a>,
    ) {
        let mut event = self.event(EventType::Question, activity);
        event.question_id = Some(open.id.clone());
        event.question_stage = Some(stage);
        event.topic_id = Some(open.topic.id.clone());
        event.topic_name = Some(open.topic.name.clone());
        event.topic_kind = Some(open.topic.kind);
        // The answer itself is a message of the user; this is the bot's word that it did.
        event.role = Some(Role::Bot);
        if stage == QuestionStage::Answered {
            event.message_id = self.last_user_message();
        }
        self.push(activity, "question", event);
    }

    /// A variable was set. The value of a topic's variable is what the user wrote; that it was set
    /// shows that the question has its answer. Of the global variables only flags are kept, for any
    /// text or number may be personal.
    pub(super) fn variable_assignment(&mut self, activity: &'a Activity<'a>) {
        if let Some(open) = self.state.question.take_if(|open| open.replied) {
            self.question_event(&open, QuestionStage::Answered, activity);
        }
        let value = &activity.value;
        let id = json::text(value, "id").unwrap_or_default();
        let name = match id.split_once('.') {
            Some((scope, name)) if scope.eq_ignore_ascii_case("global") => name,
            _ => return,
        };
        let flag = match json::field(value, "newValue") {
            Some(Value::Bool(flag)) => Some(*flag),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Some(true),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        };
        if let Some(flag) = flag {
            let mut event = self.event(EventType::Attribute, activity);
            event.attribute_type = Some("variable".into());
            event.actor = Some(Actor::Bot);
            let text = flag.to_string().into();
            event.attributes.insert(name.into(), text);
            self.push(activity, "", event);
        }
    }

    /// A flow, connector, skill or request that a node calls. It is traced when it begins and when
    /// it comes back: counted once.
    fn node_call(&mut self, node: &Node<'a>, activity: &'a Activity<'a>) {
        if self.state.running_calls.remove(node.id) {
            return;
        }
        self.state.running_calls.insert(node.id);
        let mut event = self.event(EventType::ModelCall, activity);
        event.model_operation = Some("tool".into());
        event.tool = Some(node.id.into());
        event.latency = node.latency;
        event.message_id = self.last_user_message();
        event.error = json::text(node.value, "exception").map(error_code);
        self.push(activity, "call", event);
    }

    fn exception(&mut self, action: &'a Value, activity: &'a Activity<'a>) {
        if let Some(exception) = json::text(action, "exception") {
            let mut event = self.event(EventType::Error, activity);
            event.error = Some(error_code(exception));
            event.tool = json::text(action, "actionId").map(Into::into);
            self.push(activity, "exception", event);
        }
    }

    /// `conversationOutcome`, which authors set on a node.
    pub(super) fn declared_outcome(&mut self, value: &'a Value, activity: &'a Activity<'a>) {
        let Some(declared) = json::text(value, "conversationOutcome") else {
            return;
        };
        let resolution = match json::plain(declared).as_str() {
            "resolvedconfirmed" => ResolutionKind::Confirmed,
            "resolvedimplied" => ResolutionKind::Implied,
            "unresolved" | "none" | "unspecified" => return,
            _ => {
                return self.reject(
                    activity,
                    "value.conversationOutcome",
                    format!("`{declared}` is not an outcome"),
                    "expected `ResolvedConfirmed` or `ResolvedImplied`",
                );
            }
        };
        let mut event = self.event(EventType::Outcome, activity);
        event.outcome = Some(Outcome::Resolved);
        event.resolution_kind = Some(resolution);
        event.actor = Some(Actor::Bot);
        event.outcome_reason = Some(declared.into());
        self.push(activity, "outcome", event);
    }
}

/// Nodes that ask. The satisfaction survey, which has traces of its own, is no form field.
fn is_question(kind: &str) -> bool {
    matches!(kind, "question" | "adaptivecardprompt")
}

/// Nodes that call something outside the dialog.
fn is_call(kind: &str) -> bool {
    kind.starts_with("invoke")
        || kind.starts_with("httprequest")
        || matches!(kind, "flow" | "connector" | "skill")
}

fn elapsed(value: &Value) -> Option<i64> {
    let start = instant_of(json::field(value, "startTime")?)?;
    let end = instant_of(json::field(value, "endTime")?)?;
    (end >= start).then_some(end - start)
}

/// The kind of an exception, without its message, which may hold what people wrote.
pub(super) fn error_code(exception: &str) -> Box<str> {
    let first_line = exception.lines().next().unwrap_or_default();
    let code = first_line.split([':', ' ']).next().unwrap_or_default();
    let end = code.char_indices().nth(80).map_or(code.len(), |(at, _)| at);
    match &code[..end] {
        "" => "exception".into(),
        code => code.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_lose_their_message() {
        assert_eq!(
            &*error_code("System.TimeoutException: Anna waits"),
            "System.TimeoutException"
        );
        assert_eq!(&*error_code(" "), "exception");
    }
}
