//! The evidence for what a session's facts say: which event did what, by which rule.

use std::collections::HashMap;

use serde::Serialize;
use upshot_core::words::Word;
use upshot_core::{Event, Session};
use utoipa::ToSchema;

use crate::facts::{EventFacts, Facts, instant};

/// One thing that happened to a session.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Evidence {
    /// What happened.
    what: What,
    /// When.
    #[schema(format = DateTime)]
    time: String,
    /// The rule of the profile by which it happened; for the end, the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("answered_user_act"))]
    rule: Option<&'static str>,
    /// The rule in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    meaning: Option<&'static str>,
    /// The event that did it; none where silence did.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<String>,
    /// That event, as long as events are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<EventFacts>,
}

/// What can happen to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    /// It began.
    Started,
    /// It became engaged.
    Engaged,
    /// It was passed to people.
    Escalated,
    /// It was resolved.
    Resolved,
    /// It ended.
    Ended,
}

/// What happened to a session, in the order of time.
pub(crate) fn evidence(session: &Session, events: &HashMap<&str, &Event>) -> Vec<Evidence> {
    let mut found = Vec::new();
    let mut add = |what,
                   time: Option<i64>,
                   words: Option<(&'static str, &'static str)>,
                   id: &Option<Box<str>>| {
        let Some(time) = time else { return };
        let event = id.as_deref().and_then(|id| events.get(id));
        let entry = Evidence {
            what,
            time: instant(time),
            rule: words.map(|(rule, _)| rule),
            meaning: words.map(|(_, meaning)| meaning),
            event_id: id.as_deref().map(str::to_owned),
            event: event.map(|event| Facts((*event).clone())),
        };
        found.push((time, entry));
    };
    let start = Some(session.start_time);
    add(
        What::Started,
        start,
        session.start_rule.map(said),
        &session.start_event,
    );
    let (time, rule) = (session.engaged_time, session.engaged_rule);
    add(What::Engaged, time, rule.map(said), &session.engaged_event);
    let (time, rule) = (session.escalated_time, session.escalated_rule);
    add(
        What::Escalated,
        time,
        rule.map(said),
        &session.escalated_event,
    );
    let (time, rule) = (session.resolved_time, session.resolved_rule);
    add(
        What::Resolved,
        time,
        rule.map(said),
        &session.resolved_event,
    );
    let (time, reason) = (session.ended_time, session.end_reason);
    add(What::Ended, time, reason.map(said), &session.end_event);
    // Stable: what happened at one time stays in the order above.
    found.sort_by_key(|(time, _)| *time);
    found.into_iter().map(|(_, entry)| entry).collect()
}

fn said(word: impl Word) -> (&'static str, &'static str) {
    (word.as_str(), word.meaning())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;
    use upshot_core::words::{EndReason, Rule};

    #[test]
    fn evidence_is_in_the_order_of_time_and_names_event_and_rule() {
        let session = Session {
            start_time: 1_000_000,
            start_rule: Some(Rule::StartUserAct),
            start_event: Some("e1".into()),
            engaged_time: Some(2_000_000),
            engaged_rule: Some(Rule::CustomTopic),
            engaged_event: Some("e2".into()),
            ended_time: Some(9_000_000),
            end_reason: Some(EndReason::Timeout),
            ..Session::default()
        };
        let first = Event {
            event_id: "e1".into(),
            time: 1_000_000,
            text: Some("hello".into()),
            ..Event::default()
        };
        let events = HashMap::from([("e1", &first)]);
        let shown = serde_json::to_value(evidence(&session, &events)).unwrap();
        let whats: Vec<_> = shown
            .as_array()
            .unwrap()
            .iter()
            .map(|it| &it["what"])
            .collect();
        assert_eq!(whats, ["started", "engaged", "ended"]);
        assert_eq!(shown[0]["event"]["text"], json!("hello"));
        assert_eq!(shown[1]["rule"], json!("custom_topic"));
        assert_eq!(shown[1]["event_id"], json!("e2"));
        assert_eq!(shown[1].get("event"), None, "the event is no longer kept");
        assert_eq!(shown[2]["time"], json!("1970-01-01T00:00:09.000000Z"));
        assert_eq!(shown[2].get("event_id"), None, "silence did it");
    }
}
