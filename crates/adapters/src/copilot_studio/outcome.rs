//! How sessions end: surveys, success, handovers, failures, and what the platform reports.

use std::borrow::Cow;

use serde_json::Value;
use upshot_core::time::SECOND;
use upshot_core::words::{
    Actor, EventType, HandoverKind, HandoverStage, HandoverTrigger, Outcome, ResolutionKind, Role,
    SurveyKind, SurveyStage, TopicKind,
};

use super::activity::{Activity, instant_of};
use super::convert::Converter;
use super::json;
use super::marker::Marker;
use super::nodes::error_code;

impl<'a> Converter<'a> {
    /// What the platform reports of its sessions, wherever in the array it stands: each report goes
    /// behind the last activity of its session.
    pub(super) fn session_reports(&mut self) {
        let activities = self.activities;
        let reports = activities
            .iter()
            .filter(|it| it.marker == Some(Marker::SessionInfo));
        for activity in reports {
            self.session_report(activity);
        }
        if !self.background.has_session_info {
            let infos = activities
                .iter()
                .filter(|it| it.marker == Some(Marker::ConversationInfo));
            for activity in infos {
                self.last_session_report(activity);
            }
        }
    }

    fn session_report(&mut self, activity: &'a Activity<'a>) {
        let value = &activity.value;
        let engaged = match json::text(value, "type").map(json::plain).as_deref() {
            None => None,
            Some("engaged") => Some(true),
            Some("unengaged") => Some(false),
            Some(_) => {
                return self.reject(
                    activity,
                    "value.type",
                    "the reported engagement is not known",
                    "expected `Engaged` or `Unengaged`",
                );
            }
        };
        let Some(outcome) = self.reported_outcome(activity, "outcome") else {
            return;
        };
        let mut event = self.event(EventType::Report, activity);
        event.reported_engaged = engaged;
        event.reported_outcome = outcome;
        event.reported_outcome_reason = json::text(value, "outcomeReason").map(Into::into);
        event.reported_implied = json::flag(value, "impliedSuccess");
        event.reported_turns = json::integer(value, "turnCount").filter(|turns| *turns >= 0);
        event.reported_start = json::field(value, "startTimeUtc").and_then(instant_of);
        event.reported_end = json::field(value, "endTimeUtc").and_then(instant_of);
        event.time = self.last_activity_until(event.reported_end, activity.time);
        if let Some(id) = json::text(value, "lastTriggeredIntentId") {
            let topic = self.topic(self.background.schema_name(id), None);
            event.topic_id = Some(topic.id);
        }
        event.intent = json::text(value, "lastUserIntentId")
            .map(|id| self.background.titles.get(id).copied().unwrap_or(id).into());
        let end = event.time;
        self.push(activity, "", event);
        self.reported_satisfaction(activity, end);
    }

    /// `Ok` is there or not there; nothing at all means that it was rejected.
    fn reported_outcome(
        &mut self,
        activity: &'a Activity<'a>,
        name: &str,
    ) -> Option<Option<Outcome>> {
        let Some(reported) = json::text(&activity.value, name) else {
            return Some(None);
        };
        let outcome = outcome_of(reported);
        if outcome.is_none() {
            self.reject(
                activity,
                &format!("value.{name}"),
                format!("`{reported}` is not an outcome"),
                "expected None, Resolved, HandOff, Escalated or Abandoned",
            );
            return None;
        }
        Some(outcome)
    }

    /// The last activity of a session that is reported to end within this second.
    fn last_activity_until(&self, end: Option<i64>, otherwise: i64) -> i64 {
        let times = self
            .activities
            .iter()
            .filter(|it| it.marker != Some(Marker::SessionInfo))
            .map(|it| it.time);
        let limit = end.map_or(i64::MAX, |end| end.saturating_add(SECOND - 1));
        times
            .filter(|time| *time <= limit)
            .max()
            .unwrap_or(otherwise)
    }

    /// The survey's answer, where only the report has it. Zero stands for «not answered».
    fn reported_satisfaction(&mut self, activity: &'a Activity<'a>, time: i64) {
        let score = json::number(&activity.value, "csatScore").filter(|score| *score > 0.0);
        if let (Some(score), false) = (score, self.background.has_csat_response) {
            let mut event = self.survey(SurveyKind::Csat, activity);
            event.time = time;
            event.survey_stage = Some(SurveyStage::Answered);
            event.survey_score = Some(score);
            event.role = Some(Role::User);
            self.push(activity, "csat", event);
        }
    }

    /// Newer transcripts report the last session's outcome with the conversation.
    fn last_session_report(&mut self, activity: &'a Activity<'a>) {
        let Some(Some(outcome)) = self.reported_outcome(activity, "lastSessionOutcome") else {
            return;
        };
        let mut event = self.event(EventType::Report, activity);
        event.reported_engaged = Some(outcome != Outcome::None);
        event.reported_outcome = Some(outcome);
        event.reported_outcome_reason =
            json::text(&activity.value, "lastSessionOutcomeReason").map(Into::into);
        event.time = self.last_activity_until(None, activity.time);
        self.push(activity, "", event);
    }

    fn survey(&self, kind: SurveyKind, activity: &Activity<'_>) -> upshot_core::Event {
        let mut event = self.event(EventType::Survey, activity);
        let (minimum, maximum) = match kind {
            SurveyKind::Resolution => (0.0, 1.0),
            _ => (1.0, 5.0),
        };
        event.survey_kind = Some(kind);
        event.survey_scale_minimum = Some(minimum);
        event.survey_scale_maximum = Some(maximum);
        event
    }

    pub(super) fn survey_offered(&mut self, marker: Marker, activity: &'a Activity<'a>) {
        let kind = match marker {
            Marker::PrrRequest => SurveyKind::Resolution,
            _ => SurveyKind::Csat,
        };
        self.state.survey_shown |= kind == SurveyKind::Csat;
        let mut event = self.survey(kind, activity);
        event.survey_stage = Some(SurveyStage::Offered);
        event.role = Some(Role::Bot);
        self.push(activity, "", event);
    }

    pub(super) fn survey_answered(&mut self, marker: Marker, activity: &'a Activity<'a>) {
        let answer = ["response", "rating", "score"]
            .into_iter()
            .find_map(|name| json::field(&activity.value, name));
        let yes_or_no = answer.and_then(json::as_flag);
        let number = answer.and_then(json::as_number);
        let (kind, score) = match (marker, yes_or_no, number) {
            (Marker::PrrResponse, Some(yes), _) => {
                (SurveyKind::Resolution, f64::from(u8::from(yes)))
            }
            // Calls answer «did that help» with a number of the satisfaction scale.
            (_, _, Some(number)) => (SurveyKind::Csat, number),
            (Marker::PrrResponse, ..) => {
                return self.unreadable_answer(activity, "`True` or `False`");
            }
            _ => return self.unreadable_answer(activity, "a number from 1 to 5"),
        };
        let mut event = self.survey(kind, activity);
        event.survey_stage = Some(SurveyStage::Answered);
        event.survey_score = Some(score);
        event.role = Some(Role::User);
        event.message_id = self.last_user_message();
        self.push(activity, "", event);
    }

    fn unreadable_answer(&mut self, activity: &'a Activity<'a>, expected: &str) {
        self.reject(
            activity,
            "value.response",
            "the survey's answer cannot be read",
            format!("expected {expected}"),
        );
    }

    /// The flow reached a question one of whose answers leads to Confirmed Success or to the end.
    pub(super) fn implied_success(&mut self, activity: &'a Activity<'a>) {
        let mut event = self.event(EventType::Outcome, activity);
        event.outcome = Some(Outcome::Resolved);
        event.resolution_kind = Some(ResolutionKind::Implied);
        event.actor = Some(Actor::Bot);
        event.outcome_reason = Some("ImpliedSuccess".into());
        self.push(activity, "", event);
    }

    pub(super) fn escalation_requested(&mut self, activity: &'a Activity<'a>) {
        self.handover(HandoverStage::Requested, activity, "");
    }

    pub(super) fn escalated(&mut self, activity: &'a Activity<'a>) {
        self.handover(HandoverStage::Escalated, activity, "");
    }

    /// A stage of a handover. The reason stands only in the session's report; without one it is
    /// read from what led here.
    pub(super) fn handover(
        &mut self,
        stage: HandoverStage,
        activity: &'a Activity<'a>,
        part: &str,
    ) -> usize {
        let mut event = self.event(EventType::Handover, activity);
        event.handover_stage = Some(stage);
        event.handover_kind = Some(HandoverKind::Human);
        match self.background.escalation {
            Some((trigger, reason)) => {
                event.handover_trigger = Some(trigger);
                event.handover_reason = Some(reason.into());
            }
            None => event.handover_trigger = self.guessed_trigger(),
        }
        if let Some(topic) = self.state.topics.last() {
            event.topic_id = Some(topic.id.clone());
            event.topic_name = Some(topic.name.clone());
            event.topic_kind = Some(topic.kind);
        }
        self.push(activity, part, event)
    }

    fn guessed_trigger(&self) -> Option<HandoverTrigger> {
        let message = self.state.user_message.as_ref();
        if self.last_message_unmatched() {
            return Some(HandoverTrigger::AfterFallback);
        }
        match self.running_kind() {
            Some(TopicKind::Escalate) if self.state.topics.len() == 1 => Some(match message {
                Some(message) if message.is_option => HandoverTrigger::OperatorButton,
                _ => HandoverTrigger::Direct,
            }),
            Some(_) if self.state.transfer_actions => Some(HandoverTrigger::Configured),
            _ => None,
        }
    }

    /// `type: handoff`. Without «transfer to agent» it is a skill that returns to its parent.
    pub(super) fn handoff_activity(&mut self, activity: &'a Activity<'a>) {
        let kind = json::text(&activity.value, "type").map(json::plain);
        if kind.as_deref() == Some("transfertoagent") || activity.name() == Some("handoff.initiate")
        {
            self.transferred(activity, None);
        }
    }

    /// The conversation was given to an engagement hub: this, not the escalation, shows that
    /// somebody outside was asked to take it.
    pub(super) fn transferred(&mut self, activity: &'a Activity<'a>, hub: Option<&str>) {
        let value = &activity.value;
        let context = json::field(value, "context").map_or(Cow::Borrowed(&**value), json::decoded);
        let position = self.handover(HandoverStage::Queued, activity, "");
        let event = &mut self.events[position];
        event.queue = hub.map(Into::into);
        event.skill = json::text(&context, "va_Skill")
            .or_else(|| json::text(&context, "Skill"))
            .map(Into::into);
        let passed = context
            .as_object()
            .is_some_and(|members| members.keys().any(|name| name.starts_with("va_")));
        event.context_passed = (passed || has_transcript(activity)).then_some(true);
        for name in KEPT_CONTEXT {
            if let Some(value) = json::field(&context, name).and_then(context_text) {
                event.attributes.insert((*name).into(), value);
            }
        }
        self.state.transferred = true;
    }

    pub(super) fn handoff_status(&mut self, activity: &'a Activity<'a>) {
        let state = json::text(&activity.value, "state").map(json::plain);
        let stage = match state.as_deref() {
            Some("accepted") => HandoverStage::Accepted,
            Some("failed") => HandoverStage::Unavailable,
            Some("completed") => HandoverStage::Finished,
            _ => return,
        };
        self.handover(stage, activity, "");
    }

    pub(super) fn failure(&mut self, activity: &'a Activity<'a>) {
        let value = &activity.value;
        let code = ["errorCode", "ErrorCode", "reasonCode", "code"]
            .into_iter()
            .find_map(|name| json::field(value, name).and_then(json::scalar));
        let code = code.map(|code| error_code(&code));
        let sub_code = json::text(value, "errorSubCode").map(error_code);
        let status = json::integer(value, "HttpStatusCode").map(|status| format!("http_{status}"));
        let mut event = self.event(EventType::Error, activity);
        event.error = match (code, sub_code) {
            (Some(code), Some(sub_code)) => Some(format!("{code}/{sub_code}").into()),
            (code, _) => code.or(status.map(Into::into)).or_else(|| {
                let name = activity.name().or(json::text(activity.object, "valueType"));
                name.map(Into::into)
            }),
        };
        event.user_error = json::flag(value, "isUserError");
        self.push(activity, "", event);
    }

    pub(super) fn end_of_conversation(&mut self, activity: &'a Activity<'a>) {
        self.declared_outcome(&activity.value, activity);
        let code = json::text(&activity.value, "code").or(json::text(activity.object, "code"));
        let actor = match code.map(json::plain).as_deref() {
            Some("usercancelled") => Actor::User,
            Some("bottimedout") => Actor::Timeout,
            Some("channelfailed") => Actor::System,
            _ if activity.said_role == Some(Role::User) => Actor::User,
            _ => Actor::Bot,
        };
        self.conversation_ends(actor, code, activity);
    }

    /// The conversation ends. The node that ends it and the activity that says so are one end.
    pub(super) fn conversation_ends(
        &mut self,
        actor: Actor,
        reason: Option<&str>,
        activity: &'a Activity<'a>,
    ) {
        if std::mem::replace(&mut self.state.ended, true) {
            return;
        }
        let mut event = self.event(EventType::ConversationEnd, activity);
        event.actor = Some(actor);
        event.outcome_reason = reason.map(Into::into);
        self.push(activity, "end", event);
    }
}

/// What of a handover's context is kept: what names no person and quotes nobody. The phrases, the
/// message for the agent and the topics' variables are left out.
const KEPT_CONTEXT: &[&str] = &[
    "va_Scope",
    "va_LastTopic",
    "va_Topics",
    "va_BotName",
    "va_Language",
];

fn context_text(value: &Value) -> Option<Box<str>> {
    match value {
        Value::Array(elements) => {
            let listed: Vec<_> = elements.iter().filter_map(json::scalar).collect();
            (!listed.is_empty()).then(|| listed.join(", ").into())
        }
        value => json::scalar(value).map(|text| text.as_ref().into()),
    }
}

fn has_transcript(activity: &Activity<'_>) -> bool {
    activity
        .attachments()
        .any(|it| json::text(it, "name").is_some_and(|it| it.eq_ignore_ascii_case("transcript")))
}

fn outcome_of(reported: &str) -> Option<Outcome> {
    match json::plain(reported).as_str() {
        "none" | "unengaged" => Some(Outcome::None),
        "resolved" => Some(Outcome::Resolved),
        "handoff" | "escalated" => Some(Outcome::Escalated),
        "abandoned" => Some(Outcome::Abandoned),
        _ => None,
    }
}
