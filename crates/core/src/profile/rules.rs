//! A profile's settings in the form in which the fold asks for them: sets of words as bits, lists of
//! rules in order, times in microseconds.

use super::settings::{
    Begin, Cancellation, ConfirmedBy, EngagementRule, ImpliedBy, Owner, Precedence, Settings,
    TestSessions,
};
use crate::words::{HandoverStage, Rule, SurveyKind, TopicKind, TopicTrigger};

/// A set of words of one vocabulary. The word that is not said is never in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct WordSet(u32);

impl WordSet {
    fn of(positions: impl Iterator<Item = u32>) -> Self {
        Self(positions.fold(0, |set, position| set | 1 << position))
    }

    #[inline]
    pub(crate) fn has(self, position: u32) -> bool {
        self.0 >> position & 1 == 1
    }
}

/// What the fold asks of a profile.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub begins_with_act: bool,
    pub begins_with_proactive: bool,
    pub begins_with_start: bool,
    pub begins_with_widget: bool,
    pub begins_with_late_answer: bool,
    pub goodbye_grace: i64,
    pub new_window: bool,
    pub cap_length: i64,
    pub cap_events: i64,
    pub keeps_test_sessions: bool,
    default_timeout: i64,
    channel_timeouts: Vec<(Box<str>, i64)>,
    /// No silence up to this one needs a look at the channel.
    pub shortest_timeout: i64,
    pub cut_gap: i64,
    pub engagement: Vec<Rule>,
    custom_topic_triggers: WordSet,
    pub needs_user_act: bool,
    silent_kinds: WordSet,
    greeting_intents: Vec<Box<str>>,
    pub confirmed_by_topic: bool,
    pub confirmed_by_survey: bool,
    pub confirmed_by_declaration: bool,
    goals: Vec<Box<str>>,
    pub implied_by: Vec<ImpliedBy>,
    pub implied_cancelled_by: Vec<Cancellation>,
    pub resolution_engages: bool,
    pub escalate_topic: bool,
    escalating_stages: WordSet,
    pub escalation_ends: bool,
    pub resolution_ends: bool,
    pub declaration_ends: bool,
    pub conversation_end_ends: bool,
    pub start_over_ends: bool,
    ending_surveys: WordSet,
    pub precedence: [Precedence; 2],
    pub owner: Owner,
    owner_triggers: WordSet,
    pub agent_window: i64,
    pub csat_minimum: f64,
    pub csat_maximum: f64,
    pub csat_zero_is_valid: bool,
    pub answer_window: i64,
    fallback_kinds: WordSet,
    pub generated_answer_understands: bool,
    pub billed_silence: i64,
    pub billed_length: i64,
    pub billed_turns: u32,
    billed_kinds: WordSet,
    pub billed_tools: bool,
    pub lateness_grace: i64,
}

impl Rules {
    pub(super) fn new(settings: &Settings) -> Self {
        let begins = |what| settings.session.begins.contains(&what);
        let confirmed = |what| settings.resolution.confirmed_by.contains(&what);
        let channel_timeouts: Vec<(Box<str>, i64)> = settings
            .timeout
            .channels
            .iter()
            .map(|(channel, length)| (channel.as_str().into(), length.0))
            .collect();
        let default_timeout = settings.timeout.default.0;
        let longest_timeout = channel_timeouts
            .iter()
            .map(|(_, length)| *length)
            .fold(default_timeout, i64::max);
        let shortest_timeout = channel_timeouts
            .iter()
            .map(|(_, length)| *length)
            .fold(default_timeout, i64::min);
        let goodbye_grace = settings.session.goodbye_grace.0;
        let cut_gap = (longest_timeout + goodbye_grace)
            .max(settings.agent.window.0)
            .max(settings.survey.answer_window.0)
            .max(settings.billing.silence.0);
        Self {
            begins_with_act: begins(Begin::UserAct),
            begins_with_proactive: begins(Begin::ProactiveMessage),
            begins_with_start: begins(Begin::ConversationStart),
            begins_with_widget: begins(Begin::WidgetOpened),
            begins_with_late_answer: begins(Begin::LateAnswer),
            goodbye_grace,
            new_window: settings.session.new_window,
            cap_length: settings.session.cap_length.0,
            cap_events: i64::from(settings.session.cap_events),
            keeps_test_sessions: settings.session.test_sessions == TestSessions::Keep,
            default_timeout,
            channel_timeouts,
            shortest_timeout,
            cut_gap,
            engagement: settings.engagement.rules.iter().map(engagement).collect(),
            custom_topic_triggers: triggers(&settings.engagement.custom_topic_triggers),
            needs_user_act: settings.engagement.needs_user_act,
            silent_kinds: kinds(&settings.engagement.kinds_that_do_not_engage),
            greeting_intents: boxed(&settings.engagement.greeting_intents),
            confirmed_by_topic: confirmed(ConfirmedBy::ConfirmedSuccessTopic),
            confirmed_by_survey: confirmed(ConfirmedBy::ResolutionSurvey),
            confirmed_by_declaration: confirmed(ConfirmedBy::Declared),
            goals: boxed(&settings.resolution.goals),
            implied_by: settings.resolution.implied_by.clone(),
            implied_cancelled_by: settings.resolution.implied_cancelled_by.clone(),
            resolution_engages: settings.resolution.engages,
            escalate_topic: settings.escalation.topic,
            escalating_stages: WordSet::of(
                settings.escalation.stages.iter().map(|stage| *stage as u32),
            ),
            escalation_ends: settings.ends.escalated,
            resolution_ends: settings.ends.resolved,
            declaration_ends: settings.ends.declared,
            conversation_end_ends: settings.ends.conversation_end,
            start_over_ends: settings.ends.start_over,
            ending_surveys: WordSet::of(settings.ends.surveys.iter().map(|kind| *kind as u32)),
            precedence: settings.ends.precedence,
            owner: settings.topic.owner,
            owner_triggers: triggers(&settings.topic.owner_triggers),
            agent_window: settings.agent.window.0,
            csat_minimum: settings.survey.csat_minimum,
            csat_maximum: settings.survey.csat_maximum,
            csat_zero_is_valid: settings.survey.csat_zero_is_valid,
            answer_window: settings.survey.answer_window.0,
            fallback_kinds: kinds(&settings.understanding.fallback_kinds),
            generated_answer_understands: settings.understanding.generated_answer_understands,
            billed_silence: settings.billing.silence.0,
            billed_length: settings.billing.length.0,
            billed_turns: settings.billing.turns,
            billed_kinds: kinds(&settings.billing.topic_kinds),
            billed_tools: settings.billing.tools,
            lateness_grace: settings.lateness.grace.0,
        }
    }

    /// The channels that have a time-out of their own, with it.
    pub(super) fn channel_timeouts(&self) -> impl Iterator<Item = (&str, i64)> {
        let channels = self.channel_timeouts.iter();
        channels.map(|(channel, timeout)| (&**channel, *timeout))
    }

    /// The time-out of a channel, in microseconds.
    #[inline]
    pub(crate) fn timeout(&self, channel: Option<&str>) -> i64 {
        let Some(channel) = channel else {
            return self.default_timeout;
        };
        self.channel_timeouts
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(channel))
            .map_or(self.default_timeout, |(_, length)| *length)
    }

    /// Whether entering a custom topic in this way engages. Nothing said counts as direct.
    pub(crate) fn custom_topic_engages(&self, trigger: Option<TopicTrigger>) -> bool {
        let trigger = trigger.unwrap_or(TopicTrigger::Direct);
        self.custom_topic_triggers.has(trigger as u32)
    }

    /// Whether a topic entered in this way may own the session. Nothing said counts as direct.
    pub(crate) fn may_own(&self, trigger: Option<TopicTrigger>) -> bool {
        let trigger = trigger.unwrap_or(TopicTrigger::Direct);
        self.owner_triggers.has(trigger as u32)
    }

    /// Whether an answer out of a topic of this kind is no answer.
    pub(crate) fn does_not_engage(&self, kind: TopicKind) -> bool {
        self.silent_kinds.has(kind as u32)
    }

    /// Whether the intent is a greeting.
    pub(crate) fn is_greeting(&self, intent: &str) -> bool {
        let mut greetings = self.greeting_intents.iter();
        greetings.any(|greeting| greeting.eq_ignore_ascii_case(intent))
    }

    /// Whether reaching the goal settles the matter.
    pub(crate) fn goal_resolves(&self, goal: Option<&str>) -> bool {
        let mut goals = self.goals.iter();
        goals.any(|known| known.as_ref() == "*" || goal == Some(known))
    }

    /// Whether this stage of a handover escalates.
    pub(crate) fn escalates(&self, stage: HandoverStage) -> bool {
        self.escalating_stages.has(stage as u32)
    }

    /// Whether an answer to a survey of this kind ends the session.
    pub(crate) fn survey_ends(&self, kind: SurveyKind) -> bool {
        self.ending_surveys.has(kind as u32)
    }

    /// Whether a topic of this kind says that the user was not understood.
    pub(crate) fn is_fallback(&self, kind: TopicKind) -> bool {
        self.fallback_kinds.has(kind as u32)
    }

    /// Whether entering a topic of this kind begins a billed session.
    pub(crate) fn is_billed(&self, kind: TopicKind) -> bool {
        self.billed_kinds.has(kind as u32)
    }
}

fn engagement(rule: &EngagementRule) -> Rule {
    match rule {
        EngagementRule::CustomTopic => Rule::CustomTopic,
        EngagementRule::EscalateTopic => Rule::EscalateTopic,
        EngagementRule::Fallback => Rule::Fallback,
        EngagementRule::GenerativeAnswer => Rule::GenerativeAnswer,
        EngagementRule::PlanStep => Rule::PlanStep,
        EngagementRule::AnsweredUserAct => Rule::AnsweredUserAct,
        EngagementRule::UserAct => Rule::UserAct,
        EngagementRule::IntentRecognised => Rule::IntentRecognised,
        EngagementRule::Handover => Rule::Handover,
    }
}

fn kinds(kinds: &[TopicKind]) -> WordSet {
    WordSet::of(kinds.iter().map(|kind| *kind as u32))
}

fn triggers(triggers: &[TopicTrigger]) -> WordSet {
    WordSet::of(triggers.iter().map(|trigger| *trigger as u32))
}

fn boxed(texts: &[String]) -> Vec<Box<str>> {
    texts.iter().map(|text| text.as_str().into()).collect()
}
