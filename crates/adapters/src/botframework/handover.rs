//! Handing over: to people, and from one bot to another.

use serde_json::Value;
use upshot_core::words::{EventType, HandoverKind, HandoverStage, Role, TopicKind, TopicTrigger};

use super::activity::{Activity, array_at, at, text_at};
use super::convert::{Conversation, inner_activities};
use crate::output::Output;

/// The topic that stands for a skill's return to the bot that called it.
const SKILL_RETURN: &str = "skill_return";

/// Whether an event of this name, in lower case, is about handing over to people.
pub(super) fn is_handover(name: &str) -> bool {
    matches!(name, "handoff.initiate" | "handoff.status") || name.ends_with("handoff")
}

/// An activity of type `handoff`: to a person only if it says so. Bare, it is a skill that returns to
/// its parent bot.
pub(super) fn handoff(
    conversation: &mut Conversation<'_>,
    activity: Activity<'_>,
    out: &mut Output<'_>,
) {
    let value = activity.value();
    let kind = value.as_deref().and_then(|it| text_at(it, &["type"]));
    if kind.is_some_and(|it| it.eq_ignore_ascii_case("transferToAgent")) {
        let value = value.as_deref().unwrap_or(&Value::Null);
        let context = at(value, &["context"]).unwrap_or(value);
        stage(
            conversation,
            activity,
            HandoverStage::Escalated,
            context,
            out,
        );
        return;
    }
    let mut event = conversation.event(EventType::Topic, activity);
    event.role = Some(Role::Bot);
    event.topic_id = Some(SKILL_RETURN.into());
    event.topic_name = Some("Return from a skill".into());
    event.topic_kind = Some(TopicKind::Custom);
    event.topic_trigger = Some(TopicTrigger::Redirect);
    out.event(event);
}

/// An event about handing over.
pub(super) fn event(
    conversation: &mut Conversation<'_>,
    activity: Activity<'_>,
    name: &str,
    out: &mut Output<'_>,
) {
    let value = activity.value();
    let value = value.as_deref().unwrap_or(&Value::Null);
    let reached = match (name, text_at(value, &["state"])) {
        ("handoff.status", Some("accepted")) => HandoverStage::Accepted,
        ("handoff.status", Some("completed")) => HandoverStage::Finished,
        ("handoff.status", Some("failed")) => HandoverStage::Refused,
        ("handoff.status", Some(_) | None) => {
            conversation.other(activity, out);
            return;
        }
        _ => HandoverStage::Escalated,
    };
    stage(conversation, activity, reached, value, out);
}

fn stage(
    conversation: &mut Conversation<'_>,
    activity: Activity<'_>,
    reached: HandoverStage,
    context: &Value,
    out: &mut Output<'_>,
) {
    let any = |names: &[&str]| {
        let mut found = names.iter().filter_map(|name| text_at(context, &[name]));
        found.next().map(Box::<str>::from)
    };
    let mut event = conversation.event(EventType::Handover, activity);
    event.role = conversation.role(activity);
    event.handover_stage = Some(reached);
    event.handover_kind = Some(HandoverKind::Human);
    event.skill = any(&["Skill", "skill", "department"]);
    event.queue = any(&["Queue", "queue"]);
    event.topic_id = any(&["va_LastTopic"]);
    event.bot = event.bot.or_else(|| any(&["va_BotName"]));
    if reached == HandoverStage::Escalated {
        let passed = attachments(activity).any(|it| !inner_activities(it).is_empty());
        event.context_passed = passed.then_some(true);
    }
    out.event(event);
}

fn attachments<'a>(activity: Activity<'a>) -> impl Iterator<Item = &'a Value> {
    array_at(activity.0, &["attachments"])
        .iter()
        .filter_map(|attachment| at(attachment, &["content"]))
}

/// What was said before the handover, where the event carries it.
pub(super) fn nested_transcript(activity: Activity<'_>) -> Vec<Value> {
    let initiates = activity.kind() == "event"
        && activity
            .text("name")
            .is_some_and(|name| name.eq_ignore_ascii_case("handoff.initiate"));
    if !initiates {
        return Vec::new();
    }
    attachments(activity).flat_map(inner_activities).collect()
}
