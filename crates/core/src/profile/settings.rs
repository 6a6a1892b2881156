//! What a profile's file says, word for word.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::duration::Duration;
use crate::words::{HandoverStage, SurveyKind, TopicKind, TopicTrigger};

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub name: String,
    pub version: u32,
    pub session: SessionSettings,
    pub timeout: TimeoutSettings,
    pub engagement: EngagementSettings,
    pub resolution: ResolutionSettings,
    pub escalation: EscalationSettings,
    pub ends: EndSettings,
    pub topic: TopicSettings,
    pub agent: AgentSettings,
    pub survey: SurveySettings,
    pub understanding: UnderstandingSettings,
    pub billing: BillingSettings,
    pub lateness: LatenessSettings,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionSettings {
    pub begins: Vec<Begin>,
    pub goodbye_grace: Duration,
    pub new_window: bool,
    pub cap_length: Duration,
    pub cap_events: u32,
    pub test_sessions: TestSessions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Begin {
    UserAct,
    ProactiveMessage,
    ConversationStart,
    WidgetOpened,
    LateAnswer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TestSessions {
    Keep,
    LeaveOut,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimeoutSettings {
    pub default: Duration,
    pub channels: BTreeMap<String, Duration>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EngagementSettings {
    pub rules: Vec<EngagementRule>,
    pub custom_topic_triggers: Vec<TopicTrigger>,
    pub needs_user_act: bool,
    pub kinds_that_do_not_engage: Vec<TopicKind>,
    pub greeting_intents: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum EngagementRule {
    CustomTopic,
    EscalateTopic,
    Fallback,
    GenerativeAnswer,
    PlanStep,
    AnsweredUserAct,
    UserAct,
    IntentRecognised,
    Handover,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResolutionSettings {
    pub confirmed_by: Vec<ConfirmedBy>,
    pub goals: Vec<String>,
    pub implied_by: Vec<ImpliedBy>,
    pub implied_cancelled_by: Vec<Cancellation>,
    pub engages: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ConfirmedBy {
    ConfirmedSuccessTopic,
    ResolutionSurvey,
    Declared,
}

/// What implies a resolution when the session then ends without another word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImpliedBy {
    EndOfConversation,
    Declared,
    NoActivePlan,
}

/// What takes an implied resolution back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cancellation {
    Denied,
    UserMessage,
    CustomTopic,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EscalationSettings {
    pub topic: bool,
    pub stages: Vec<HandoverStage>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndSettings {
    pub escalated: bool,
    pub resolved: bool,
    pub declared: bool,
    pub conversation_end: bool,
    pub start_over: bool,
    pub surveys: Vec<SurveyKind>,
    pub precedence: [Precedence; 2],
}

/// Which outcome wins where a session has both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Precedence {
    Escalated,
    Resolved,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TopicSettings {
    pub owner: Owner,
    pub owner_triggers: Vec<TopicTrigger>,
}

/// Which topic owns a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Owner {
    #[serde(rename = "last_custom_else_first_system")]
    CustomElseFirstSystem,
    #[serde(rename = "last_custom_else_last_system")]
    CustomElseLastSystem,
    #[serde(rename = "last_direct_custom_else_last_direct_system_else_last")]
    DirectElseLast,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AgentSettings {
    pub window: Duration,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SurveySettings {
    pub csat_minimum: f64,
    pub csat_maximum: f64,
    pub csat_zero_is_valid: bool,
    pub answer_window: Duration,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UnderstandingSettings {
    pub fallback_kinds: Vec<TopicKind>,
    pub generated_answer_understands: bool,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BillingSettings {
    pub silence: Duration,
    pub length: Duration,
    pub turns: u32,
    pub topic_kinds: Vec<TopicKind>,
    pub tools: bool,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LatenessSettings {
    pub grace: Duration,
}
