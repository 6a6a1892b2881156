//! What an event decides in a live session: engagement, what resolves or escalates it, its end.

use super::class::topic_kind;
use super::draft::{Draft, End, Evidence};
use super::steps::is_generated_answer;
use crate::event::EventView;
use crate::profile::{Cancellation, ImpliedBy, Owner, Precedence, Rules};
use crate::words::{
    Actor, EndReason, EventType, HandoverTrigger, Outcome, ResolutionKind, Role, Rule, SurveyKind,
    SurveyStage, TopicKind, TopicTrigger,
};

impl<'e> Draft<'e> {
    /// Lets the event decide what it can. The event was recorded before.
    pub fn decide<E: EventView>(&mut self, event: &'e E, kind: EventType, rules: &Rules) {
        if self.engaged.is_none() {
            self.decide_engagement(event, kind, rules);
        }
        let end = match kind {
            EventType::Message => {
                if event.role() == Some(Role::User) {
                    self.cancel(Cancellation::UserMessage, rules);
                }
                None
            }
            EventType::Topic => self.decide_topic(event, rules),
            EventType::Handover => self.decide_handover(event, rules),
            EventType::Outcome => self.decide_outcome(event, rules),
            EventType::Survey => self.decide_survey(event, rules),
            EventType::Conversion if rules.goal_resolves(event.goal()) => {
                self.confirm(event, Rule::GoalReached, rules, rules.declaration_ends)
            }
            EventType::ConversationEnd if rules.conversation_end_ends => Some(closed(event)),
            _ => None,
        };
        if let Some(end) = end {
            self.finish(end, rules);
        }
    }

    fn decide_engagement<E: EventView>(&mut self, event: &'e E, kind: EventType, rules: &Rules) {
        let direct = event.topic_trigger() == Some(TopicTrigger::Direct);
        if rules.needs_user_act && self.facts.first_user_time.is_none() && !direct {
            return;
        }
        let mut list = rules.engagement.iter();
        let rule = list.find(|rule| self.engages(**rule, event, kind, rules));
        if let Some(rule) = rule {
            self.engaged = Some(Evidence::of(event, *rule));
        }
    }

    fn engages<E: EventView>(
        &self,
        rule: Rule,
        event: &'e E,
        kind: EventType,
        rules: &Rules,
    ) -> bool {
        let enters = |topic| kind == EventType::Topic && topic_kind(event) == topic;
        match rule {
            Rule::CustomTopic => {
                enters(TopicKind::Custom) && rules.custom_topic_engages(event.topic_trigger())
            }
            Rule::EscalateTopic => enters(TopicKind::Escalate),
            Rule::Fallback => {
                let understanding = matches!(kind, EventType::Intent | EventType::Message);
                enters(TopicKind::Fallback) || understanding && event.unmatched() == Some(true)
            }
            Rule::GenerativeAnswer => {
                enters(TopicKind::GenerativeAnswers)
                    || kind == EventType::Knowledge && is_generated_answer(event)
            }
            Rule::PlanStep => is_plan_step(event, kind),
            Rule::AnsweredUserAct => kind == EventType::Message && self.is_answer(event, rules),
            Rule::UserAct => super::class::is_user_act(event, kind),
            Rule::IntentRecognised => {
                let said = kind == EventType::Message && event.role() == Some(Role::User);
                (said || kind == EventType::Intent)
                    && event.unmatched() != Some(true)
                    && !event
                        .topic_kind()
                        .is_some_and(|kind| rules.does_not_engage(kind))
                    && event
                        .intent()
                        .is_some_and(|intent| !rules.is_greeting(intent))
            }
            Rule::Handover => {
                let stage = event
                    .handover_stage()
                    .filter(|_| kind == EventType::Handover);
                stage.is_some_and(|stage| !self.went_straight_to_people(stage))
            }
            _ => false,
        }
    }

    /// Whether the bot answers a user's act with more than a greeting or fallback.
    fn is_answer<E: EventView>(&self, event: &'e E, rules: &Rules) -> bool {
        if event.role() != Some(Role::Bot) || !self.act_pending || self.facts.last_answer_fallback {
            return false;
        }
        match self.answer_kind(event) {
            Some(kind) => !rules.does_not_engage(kind),
            None => !self
                .last_message
                .intent
                .is_some_and(|intent| rules.is_greeting(intent)),
        }
    }

    fn decide_topic<E: EventView>(&mut self, event: &'e E, rules: &Rules) -> Option<End<'e>> {
        match topic_kind(event) {
            TopicKind::Custom => {
                self.cancel(Cancellation::CustomTopic, rules);
                None
            }
            TopicKind::Escalate if rules.escalate_topic => {
                self.escalate(event, Rule::EscalateTopic, rules.escalation_ends)
            }
            TopicKind::EndOfConversation => {
                self.imply(
                    event,
                    ImpliedBy::EndOfConversation,
                    Rule::EndOfConversationTimeout,
                    rules,
                );
                None
            }
            TopicKind::ConfirmedSuccess if rules.confirmed_by_topic => self.confirm(
                event,
                Rule::ConfirmedSuccessTopic,
                rules,
                rules.resolution_ends,
            ),
            TopicKind::ConfirmedFailure => {
                self.cancel(Cancellation::Denied, rules);
                None
            }
            TopicKind::StartOver if rules.start_over_ends => {
                Some(end(event, EndReason::StartOver, Actor::User))
            }
            _ => None,
        }
    }

    fn decide_handover<E: EventView>(&mut self, event: &'e E, rules: &Rules) -> Option<End<'e>> {
        let stage = event.handover_stage()?;
        if !rules.escalates(stage) || self.went_straight_to_people(stage) {
            return None;
        }
        self.escalate(event, Rule::Handover, rules.escalation_ends)
    }

    fn decide_outcome<E: EventView>(&mut self, event: &'e E, rules: &Rules) -> Option<End<'e>> {
        if matches!(event.actor(), Some(Actor::Reviewer | Actor::Judge)) {
            return None;
        }
        match event.outcome()? {
            Outcome::Escalated => {
                self.escalate(event, Rule::DeclaredByAuthor, rules.declaration_ends)
            }
            Outcome::Resolved if event.resolution_kind() == Some(ResolutionKind::Implied) => {
                self.imply(
                    event,
                    ImpliedBy::Declared,
                    Rule::ImpliedSuccessTimeout,
                    rules,
                );
                None
            }
            Outcome::Resolved if rules.confirmed_by_declaration => {
                let rule = match event.actor() {
                    Some(Actor::User) => Rule::UserConfirmed,
                    _ => Rule::DeclaredByAuthor,
                };
                self.confirm(event, rule, rules, rules.declaration_ends)
            }
            _ => None,
        }
    }

    fn decide_survey<E: EventView>(&mut self, event: &'e E, rules: &Rules) -> Option<End<'e>> {
        if event.survey_stage() != Some(SurveyStage::Answered) {
            return None;
        }
        let kind = event.survey_kind().unwrap_or(SurveyKind::Csat);
        let mut ending = None;
        if kind == SurveyKind::Resolution {
            match event.survey_score() {
                Some(score) if score > 0.0 && rules.confirmed_by_survey => {
                    ending = self.confirm(event, Rule::UserConfirmed, rules, rules.resolution_ends);
                }
                Some(0.0) => self.cancel(Cancellation::Denied, rules),
                _ => {}
            }
        }
        let survey_ends = rules.survey_ends(kind);
        ending.or_else(|| survey_ends.then(|| end(event, EndReason::SurveyAnswered, Actor::User)))
    }

    fn confirm<E: EventView>(
        &mut self,
        event: &'e E,
        rule: Rule,
        rules: &Rules,
        ends: bool,
    ) -> Option<End<'e>> {
        let evidence = Evidence::of(event, rule);
        // What people settle without a bot says nothing of the bot: it is resolved and unengaged.
        let by_people = self.facts.agent_messages > 0 && self.without_bot();
        if self.engaged.is_none() && !by_people {
            if !rules.resolution_engages {
                return None;
            }
            self.engaged = Some(evidence);
        }
        self.confirmed.get_or_insert(evidence);
        let by = match rule {
            Rule::UserConfirmed | Rule::ConfirmedSuccessTopic => Actor::User,
            _ => actor(event).unwrap_or(Actor::Bot),
        };
        ends.then(|| end(event, EndReason::Resolved, by))
    }

    fn escalate<E: EventView>(&mut self, event: &'e E, rule: Rule, ends: bool) -> Option<End<'e>> {
        let evidence = Evidence::of(event, rule);
        self.engaged.get_or_insert(evidence);
        self.escalated.get_or_insert(evidence);
        self.handover.people_until = event.time();
        let entered = event.topic_trigger() == Some(TopicTrigger::Direct);
        let asked = matches!(
            event.handover_trigger(),
            Some(
                HandoverTrigger::Direct
                    | HandoverTrigger::AfterFallback
                    | HandoverTrigger::OperatorButton
            )
        );
        let by = match actor(event) {
            Some(actor) => actor,
            None if asked || entered => Actor::User,
            None => Actor::Bot,
        };
        ends.then(|| end(event, EndReason::Escalated, by))
    }

    fn imply<E: EventView>(&mut self, event: &'e E, by: ImpliedBy, rule: Rule, rules: &Rules) {
        if rules.implied_by.contains(&by) {
            self.implied = Some(Evidence::of(event, rule));
        }
    }

    /// Takes back what implied a resolution; a denial also what confirmed one.
    fn cancel(&mut self, cancellation: Cancellation, rules: &Rules) {
        if rules.implied_cancelled_by.contains(&cancellation) {
            self.implied = None;
        }
        if cancellation == Cancellation::Denied {
            self.confirmed = None;
        }
    }

    /// Ends the session and says what came of it.
    pub fn finish(&mut self, end: End<'e>, rules: &Rules) {
        if self.end.is_some() {
            return;
        }
        self.end = Some(end);
        self.outcome = Some(self.judge(rules));
    }

    fn judge(&mut self, rules: &Rules) -> (Outcome, Option<ResolutionKind>) {
        if self.engaged.is_none() {
            return (Outcome::None, None);
        }
        for outcome in rules.precedence {
            match outcome {
                Precedence::Escalated if self.escalated.is_some() => {
                    return (Outcome::Escalated, None);
                }
                Precedence::Resolved if self.confirmed.is_some() => {
                    return (Outcome::Resolved, Some(ResolutionKind::Confirmed));
                }
                _ => {}
            }
        }
        let no_plan_waits = self.plans > 0 && self.open_plans == 0 && !self.question_pending;
        if self.implied.is_none()
            && rules.implied_by.contains(&ImpliedBy::NoActivePlan)
            && no_plan_waits
        {
            self.implied = Some(Evidence {
                time: self.facts.end_time,
                rule: Rule::NoActivePlan,
                event: None,
            });
        }
        match self.implied {
            Some(_) => (Outcome::Resolved, Some(ResolutionKind::Implied)),
            None => (Outcome::Abandoned, None),
        }
    }

    /// The topic that owns the session.
    pub fn owner(&self, rules: &Rules) -> Option<super::draft::Topic<'e>> {
        let owners = &self.owners;
        match rules.owner {
            Owner::CustomElseFirstSystem => owners.last_custom.or(owners.first_system),
            Owner::CustomElseLastSystem => owners.last_custom.or(owners.last_system),
            Owner::DirectElseLast => owners
                .last_direct_custom
                .or(owners.last_direct_system)
                .or(owners.last),
        }
    }
}

fn is_plan_step<E: EventView>(event: &E, kind: EventType) -> bool {
    let planned = event.topic_trigger() == Some(TopicTrigger::Plan);
    match kind {
        EventType::Topic => {
            planned
                && matches!(
                    topic_kind(event),
                    TopicKind::Custom
                        | TopicKind::Escalate
                        | TopicKind::Fallback
                        | TopicKind::GenerativeAnswers
                )
        }
        EventType::ModelCall => event.tool().is_some(),
        EventType::Knowledge => true,
        _ => false,
    }
}

/// Who did it, if the event says so.
pub(super) fn actor<E: EventView>(event: &E) -> Option<Actor> {
    event.actor().or(match event.role() {
        Some(Role::User) => Some(Actor::User),
        Some(Role::Bot) => Some(Actor::Bot),
        Some(Role::Agent) => Some(Actor::Agent),
        Some(Role::System) => Some(Actor::System),
        _ => None,
    })
}

fn end<E: EventView>(event: &E, reason: EndReason, by: Actor) -> End<'_> {
    End {
        time: event.time(),
        reason,
        event: Some(event.event_id()),
        by,
    }
}

fn closed<E: EventView>(event: &E) -> End<'_> {
    let by = actor(event).unwrap_or(Actor::System);
    let reason = match by {
        Actor::Timeout => EndReason::Timeout,
        _ => EndReason::Closed,
    };
    end(event, reason, by)
}
