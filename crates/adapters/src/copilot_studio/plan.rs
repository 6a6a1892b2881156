//! Generative orchestration: plans, their steps, other agents, and tools.

use serde_json::Value;
use upshot_core::words::{EventType, TopicKind, TopicTrigger};

use super::activity::Activity;
use super::convert::Converter;
use super::json;
use super::marker::Marker;
use super::nodes::error_code;
use super::topic::{Topic, tool_name};

/// What a step of a plan runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StepKind {
    Topic,
    Agent,
    Knowledge,
    Tool,
}

impl<'a> Converter<'a> {
    pub(super) fn plan_step_triggered(&mut self, at: usize, activity: &'a Activity<'a>) {
        let Some(task) = self.task_of(activity) else {
            return;
        };
        self.state
            .plan_steps
            .insert(step_key(&activity.value, task), at);
        let topic = match step_kind(&activity.value, task) {
            StepKind::Tool => return,
            StepKind::Topic => self.topic(self.background.schema_name(task), None),
            StepKind::Agent => Topic {
                kind: TopicKind::Custom,
                ..self.topic(task, None)
            },
            StepKind::Knowledge => Topic {
                kind: TopicKind::GenerativeAnswers,
                ..self.topic(task, None)
            },
        };
        self.state.topics.clear();
        self.enter(topic, TopicTrigger::Plan, activity);
    }

    pub(super) fn plan_step_finished(&mut self, at: usize, activity: &'a Activity<'a>) {
        let Some(task) = self.task_of(activity) else {
            return;
        };
        let value = &activity.value;
        let begun = self.state.plan_steps.remove(step_key(value, task));
        let begun = begun.map(|at| &self.activities[at]);
        let kind = begun.map_or_else(
            || step_kind(value, task),
            |begun| step_kind(&begun.value, task),
        );
        if kind != StepKind::Tool {
            let running = self.state.topics.iter().rposition(|it| *it.id == *task);
            while running.is_some_and(|position| self.state.topics.len() > position) {
                self.leave(activity);
            }
            return;
        }
        let measured = begun.map(|begun| self.activities[at].time - begun.time);
        let mut event = self.event(EventType::ModelCall, activity);
        event.model_operation = Some("tool".into());
        event.tool = Some(tool_name(task).into());
        event.latency = json::text(value, "executionTime")
            .and_then(duration_of)
            .or(measured);
        let state = json::text(value, "state");
        event.finish_reason = state.map(Into::into);
        event.error = step_error(value, state);
        event.message_id = self.last_user_message();
        self.push(activity, "", event);
    }

    fn task_of(&mut self, activity: &'a Activity<'a>) -> Option<&'a str> {
        let task = json::text(&activity.value, "taskDialogId")
            .or_else(|| json::text(&activity.value, "stepId"));
        if task.is_none() {
            self.reject(
                activity,
                "value.taskDialogId",
                "the step does not say what it runs",
                "expected the topic's, tool's or knowledge source's name in `taskDialogId`",
            );
        }
        task
    }

    /// A step that a filter or rule stopped.
    pub(super) fn plan_step_blocked(&mut self, activity: &'a Activity<'a>) {
        let code = json::path(&activity.value, &["messageBlockedError", "code"])
            .and_then(json::scalar)
            .map(|code| error_code(&code));
        let mut event = self.event(EventType::Error, activity);
        event.error = code.or(Some("plan_step_blocked".into()));
        event.tool = json::text(&activity.value, "taskDialogId").map(|it| tool_name(it).into());
        self.push(activity, "", event);
    }

    pub(super) fn connected_agent_begins(&mut self, activity: &'a Activity<'a>) {
        let Some(agent) = json::text(&activity.value, "botSchemaName") else {
            return self.reject(
                activity,
                "value.botSchemaName",
                "the trace does not name the other agent",
                "expected its schema name in `botSchemaName`",
            );
        };
        if self.state.topics.last().is_some_and(|it| *it.id == *agent) {
            return;
        }
        let planned = json::text(&activity.value, "planStepId").is_some();
        let trigger = match planned {
            true => TopicTrigger::Plan,
            false => TopicTrigger::Redirect,
        };
        let agent = Topic {
            kind: TopicKind::Custom,
            ..self.topic(agent, None)
        };
        self.enter(agent, trigger, activity);
    }

    pub(super) fn connected_agent_ends(&mut self, activity: &'a Activity<'a>) {
        let agent = json::text(&activity.value, "botSchemaName");
        let running = agent.and_then(|agent| {
            let topics = &self.state.topics;
            topics.iter().rposition(|it| *it.id == *agent)
        });
        while running.is_some_and(|position| self.state.topics.len() > position) {
            self.leave(activity);
        }
    }

    /// Tools that are traced by their calls. One event a call: when it ends.
    pub(super) fn tool_call(&mut self, marker: Marker, at: usize, activity: &'a Activity<'a>) {
        let value = &activity.value;
        let name = ["toolName", "name", "tool"]
            .into_iter()
            .find_map(|name| json::text(value, name));
        let Some(tool) = name else {
            return self.reject(
                activity,
                "value.toolName",
                "the trace does not name the tool",
                "expected the tool's name in `toolName`",
            );
        };
        let key = ["toolCallId", "callId", "id"]
            .into_iter()
            .find_map(|name| json::text(value, name))
            .unwrap_or(tool);
        if marker == Marker::ToolCallStarted {
            self.state.plan_steps.insert(key, at);
            return;
        }
        let begun = self.state.plan_steps.remove(key);
        let measured = begun.map(|at| activity.time - self.activities[at].time);
        let mut event = self.event(EventType::ModelCall, activity);
        event.model_operation = Some("tool".into());
        event.tool = Some(tool_name(tool).into());
        event.latency = measured;
        event.message_id = self.last_user_message();
        if marker == Marker::ToolCallFailed {
            event.error = step_error(value, Some("failed"));
        }
        self.push(activity, "", event);
    }
}

fn step_key<'a>(value: &'a Value, task: &'a str) -> &'a str {
    json::text(value, "stepId").unwrap_or(task)
}

/// What a step runs, by its type, else by the name of its task.
fn step_kind(value: &Value, task: &str) -> StepKind {
    let kind = json::text(value, "type")
        .map(json::plain)
        .unwrap_or_default();
    match kind.as_str() {
        "customtopic" | "topic" => return StepKind::Topic,
        "knowledgesource" | "knowledgesearch" => return StepKind::Knowledge,
        "agent" | "childagent" | "connectedagent" => return StepKind::Agent,
        "action" | "llmskill" | "tool" | "flow" | "connector" | "prompt" => return StepKind::Tool,
        _ => {}
    }
    let task = task.to_ascii_lowercase();
    if task.contains(".topic.") {
        StepKind::Topic
    } else if task.contains("universalsearch") || task.contains(".knowledge.") {
        StepKind::Knowledge
    } else if task.contains(".agent.") || task.contains("connectedagent") {
        StepKind::Agent
    } else {
        StepKind::Tool
    }
}

/// The code of a step's failure; nothing for a step that is done.
fn step_error(value: &Value, state: Option<&str>) -> Option<Box<str>> {
    const FAILURES: [&str; 7] = [
        "fail", "error", "cancel", "block", "timeout", "timedout", "reject",
    ];
    let state = state?;
    let plain_state = json::plain(state);
    if !FAILURES.iter().any(|it| plain_state.contains(it)) {
        return None;
    }
    let code = json::path(value, &["error", "code"])
        .or_else(|| json::field(value, "errorCode"))
        .and_then(json::scalar);
    Some(error_code(code.as_deref().unwrap_or(state)))
}

/// `[d.]hh:mm:ss[.fraction]` in microseconds.
fn duration_of(text: &str) -> Option<i64> {
    let mut parts = text.trim().rsplitn(3, ':');
    let seconds: f64 = parts.next()?.parse().ok()?;
    let minutes: f64 = parts.next()?.parse().ok()?;
    let (days, hours) = match parts.next()?.split_once('.') {
        Some((days, hours)) => (days.parse::<f64>().ok()?, hours.parse::<f64>().ok()?),
        None => (0.0, text.split(':').next()?.trim().parse::<f64>().ok()?),
    };
    let total = ((days * 24.0 + hours) * 60.0 + minutes) * 60.0 + seconds;
    let plausible = total.is_finite() && (0.0..1e9).contains(&total);
    plausible.then(|| (total * 1e6).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        assert_eq!(duration_of("00:00:02.25"), Some(2_250_000));
        assert_eq!(duration_of("1.02:03:04"), Some(93_784_000_000));
        assert_eq!(duration_of("soon"), None);
        assert_eq!(duration_of("00:05"), None);
        assert_eq!(duration_of("-1:00:00"), None);
    }
}
