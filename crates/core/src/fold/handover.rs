//! What people do with a session: who asked for them, how long the user waited, and the part that
//! each agent took.

use super::decide::actor;
use super::draft::{Draft, since};
use super::trail::Span;
use crate::event::EventView;
use crate::facts::Step;
use crate::words::{Actor, HandoverKind, HandoverStage, HandoverTrigger, StepKind, VisitEnd};

impl<'e> Draft<'e> {
    pub(super) fn record_handover<E: EventView>(&mut self, event: &'e E) {
        let Some(stage) = event.handover_stage() else {
            return;
        };
        let time = event.time();
        let this = (stage, event.agent_id());
        let repeated = self.handover.last == Some(this) && !self.handover.acted_since;
        self.handover.seen = true;
        self.handover.people_until = time;
        self.complete_handover(event);
        if repeated {
            return;
        }
        self.handover.last = Some(this);
        self.handover.acted_since = false;
        if stage == HandoverStage::Escalated && self.handover.unasked.is_none() {
            self.handover.unasked = Some((self.steps.len(), requested_by(event)));
        }
        self.note_stage(event, stage);
        match stage {
            HandoverStage::Queued | HandoverStage::Accepted | HandoverStage::Transferred => {
                self.handover.people = true;
            }
            HandoverStage::Requested | HandoverStage::Escalated => {}
            _ => self.handover.people = false,
        }
        let waited = self.wait_for_people(event, stage);
        self.step_handover(event, stage, waited);
        self.change_span(event, stage, waited);
        if self.handover.people || self.trail.asked_for_person {
            self.end_visit(VisitEnd::Escalated);
        }
    }

    fn note_stage<E: EventView>(&mut self, event: &'e E, stage: HandoverStage) {
        let time = event.time();
        let facts = &mut self.facts;
        facts.handover_requested_time.get_or_insert(time);
        facts.handover_stage = Some(stage);
        match stage {
            HandoverStage::Requested => facts.handover_requests += 1,
            HandoverStage::Escalated => {
                facts.handover_escalated_time.get_or_insert(time);
            }
            HandoverStage::Queued => {
                facts.queued_time.get_or_insert(time);
            }
            HandoverStage::Accepted => {
                facts.accepted_time.get_or_insert(time);
            }
            HandoverStage::Finished => facts.finished_time = Some(time),
            HandoverStage::Transferred => facts.transfers += 1,
            HandoverStage::AbandonedInQueue => facts.queue_left_time = Some(time),
            HandoverStage::Unavailable => facts.unavailable_time = Some(time),
            HandoverStage::Refused => facts.refused_time = Some(time),
            HandoverStage::Unspecified => {}
        }
        let asks = matches!(stage, HandoverStage::Requested | HandoverStage::Escalated);
        if asks || event.handover_trigger().is_some() {
            self.trail.asked_for_person = true;
        }
    }

    /// A source that tells of handing over, but never of a request, means the first by it: the bot asks as it hands over.
    pub(super) fn imply_request(&mut self) {
        let Some((place, by)) = self.handover.unasked else {
            return;
        };
        if self.facts.handover_requests > 0 {
            return;
        }
        self.facts.handover_requests = 1;
        self.facts.handover_requested_by = by;
        if let Some(escalated) = self.steps.get(place).cloned() {
            let request = Step {
                handover_stage: Some(HandoverStage::Requested),
                requested_by: by,
                waiting_time: None,
                ..escalated
            };
            self.steps.insert(place, request);
        }
    }

    /// Repeats of a stage count once, but may say what the first did not.
    fn complete_handover<E: EventView>(&mut self, event: &'e E) {
        let facts = &mut self.facts;
        facts.handover_trigger = facts.handover_trigger.or(event.handover_trigger());
        facts.handover_kind = facts.handover_kind.or(event.handover_kind());
        facts.context_passed = facts.context_passed.or(event.context_passed());
        if event.handover_stage() == Some(HandoverStage::Requested) {
            facts.handover_requested_by = facts.handover_requested_by.or(requested_by(event));
        }
        let handover = &mut self.handover;
        handover.agent = handover.agent.or(event.agent_id());
        handover.skill = handover.skill.or(event.skill());
        handover.queue = handover.queue.or(event.queue());
        self.trail.agents.add(event.agent_id());
        self.trail.skills.add(event.skill());
        self.handover_reason = self.handover_reason.or(event.handover_reason());
    }

    /// Begins or ends the user's waiting. Gives how long it was when it ends.
    fn wait_for_people<E: EventView>(&mut self, event: &E, stage: HandoverStage) -> Option<i64> {
        let time = event.time();
        let waiting = &mut self.trail.waiting;
        match stage {
            // A ticket is written: nobody waits for an answer at once.
            HandoverStage::Requested if event.handover_kind() == Some(HandoverKind::Ticket) => {}
            HandoverStage::Requested | HandoverStage::Escalated => {
                if self.trail.span.is_none() {
                    waiting.get_or_insert((time, false));
                }
            }
            HandoverStage::Queued if waiting.is_some_and(|(_, queued)| queued) => {}
            HandoverStage::Queued | HandoverStage::Transferred => *waiting = Some((time, true)),
            _ => {
                let waited = self.trail.stop_waiting(time)?;
                self.facts.waiting_time.get_or_insert(waited);
                return Some(waited);
            }
        }
        None
    }

    fn step_handover<E: EventView>(
        &mut self,
        event: &'e E,
        stage: HandoverStage,
        waited: Option<i64>,
    ) {
        if self.brief {
            return;
        }
        let step = Step {
            handover_stage: Some(stage),
            handover_trigger: event.handover_trigger(),
            handover_kind: event.handover_kind(),
            handover_reason: event.handover_reason().map(Into::into),
            requested_by: (stage == HandoverStage::Requested)
                .then(|| requested_by(event))
                .flatten(),
            waiting_time: waited,
            ..self.agent_step(event, StepKind::Handover)
        };
        self.steps.push(step);
    }

    fn agent_step<E: EventView>(&self, event: &'e E, kind: StepKind) -> Step {
        Step {
            agent_id: event.agent_id().map(Into::into),
            skill: event.skill().map(Into::into),
            queue: event.queue().map(Into::into),
            context_passed: event.context_passed(),
            ..self.step(event, kind)
        }
    }

    fn change_span<E: EventView>(
        &mut self,
        event: &'e E,
        stage: HandoverStage,
        waited: Option<i64>,
    ) {
        let time = event.time();
        match stage {
            HandoverStage::Accepted => self.serve(event, Some(time), waited),
            HandoverStage::Finished | HandoverStage::Transferred => {
                self.leave_span(Some((time, stage)));
            }
            HandoverStage::AbandonedInQueue
            | HandoverStage::Unavailable
            | HandoverStage::Refused => self.leave_span(None),
            _ => {}
        }
    }

    /// Whether this agent has taken over. One who was not named before is this one.
    fn is_served_by(&mut self, agent: Option<&'e str>) -> bool {
        let Some(span) = &mut self.trail.span else {
            return false;
        };
        if span.agent.is_none() && agent.is_some() {
            span.agent = agent;
            if let Some(step) = self.steps.get_mut(span.step) {
                step.agent_id = agent.map(Into::into);
            }
        }
        agent.is_none() || span.agent == agent
    }

    /// The agent of this event serves the user from now on, or goes on.
    fn serve<E: EventView>(&mut self, event: &'e E, from: Option<i64>, waited: Option<i64>) {
        if !self.is_served_by(event.agent_id()) {
            self.leave_span(None);
            self.take_over(event, from, waited);
        }
    }

    fn take_over<E: EventView>(&mut self, event: &'e E, from: Option<i64>, waited: Option<i64>) {
        let time = event.time();
        let step = Step {
            waiting_time: waited,
            ..self.agent_step(event, StepKind::Agent)
        };
        self.facts.agent_spans += 1;
        self.trail.span = Some(Span {
            agent: event.agent_id(),
            skill: event.skill(),
            start: time,
            last: time,
            from,
            first_response: None,
            response_time_sum: 0,
            responses: 0,
            messages: 0,
            repeated: 0,
            step: self.steps.len(),
        });
        self.steps.push(step);
    }

    /// The agent's part is over, or the session is handed over as it is.
    pub(super) fn leave_span(&mut self, end: Option<(i64, HandoverStage)>) {
        let Some(span) = self.trail.span.take() else {
            return;
        };
        let until = end.map_or(span.last, |(time, _)| time);
        let duration = since(span.start, until).max(0);
        let facts = &mut self.facts;
        facts.agent_handle_time_sum = facts.agent_handle_time_sum.saturating_add(duration);
        facts.agent_response_time_sum = facts
            .agent_response_time_sum
            .saturating_add(span.response_time_sum);
        facts.agent_responses += span.responses;
        facts.questions_repeated_by_agent += span.repeated;
        if let Some(step) = self.steps.get_mut(span.step) {
            step.duration = Some(duration);
            step.handover_stage = end.map(|(_, stage)| stage);
            step.first_response_time = span.first_response;
            step.response_time_sum = span.response_time_sum;
            step.responses = span.responses;
            step.agent_messages = span.messages;
            step.questions_repeated = span.repeated;
        }
    }

    /// An agent speaks. Gives how long the user's message waited for it.
    pub(super) fn record_agent_message<E: EventView>(&mut self, event: &'e E) -> Option<i64> {
        let time = event.time();
        self.facts.agent_messages += 1;
        self.facts.last_answer_time = Some(time);
        self.facts.accepted_time.get_or_insert(time);
        self.trail.agents.add(event.agent_id());
        self.trail.skills.add(event.skill());
        // What an agent says after finishing rounds off the part that is over.
        let rounds_off = matches!(self.handover.last, Some((HandoverStage::Finished, _)))
            && !self.handover.acted_since;
        self.handover.people = true;
        self.handover.people_until = time;
        self.handover.agent = self.handover.agent.or(event.agent_id());
        self.handover.skill = self.handover.skill.or(event.skill());
        let from = self.trail.waiting.map(|(since, _)| since).or(self.awaiting);
        let waited = self.trail.stop_waiting(time);
        if let Some(waited) = waited {
            self.facts.waiting_time.get_or_insert(waited);
        }
        let answered = self.awaiting.take();
        let response_time = answered.map(|asked| since(asked, time));
        self.facts.exchanges += i64::from(answered.is_some());
        if !rounds_off {
            self.serve(event, from, waited);
        }
        self.add_to_span(time, response_time);
        response_time
    }

    fn add_to_span(&mut self, time: i64, response_time: Option<i64>) {
        let Some(span) = &mut self.trail.span else {
            return;
        };
        span.messages += 1;
        span.last = time;
        if let Some(response_time) = response_time {
            span.responses += 1;
            span.response_time_sum = span.response_time_sum.saturating_add(response_time);
        }
        if let (None, Some(from)) = (span.first_response, span.from) {
            let first = since(from, time);
            span.first_response = Some(first);
            self.facts.agent_first_response_time.get_or_insert(first);
        }
    }

    /// An agent asks: again, if the bot has asked before.
    pub(super) fn note_agent_question<E: EventView>(&mut self, event: &E) {
        let again = event
            .question_id()
            .is_some_and(|id| self.trail.asked.contains(id));
        if let Some(span) = &mut self.trail.span {
            span.last = event.time();
            span.repeated += i64::from(again);
        } else {
            self.facts.questions_repeated_by_agent += i64::from(again);
        }
    }

    /// The people who took over are through with the session.
    pub(super) fn record_conversation_end<E: EventView>(&mut self, event: &'e E) {
        let time = event.time();
        if self.handover.people && self.facts.accepted_time.is_some() {
            self.facts.finished_time.get_or_insert(time);
        }
        self.handover.people = false;
        match actor(event) {
            Some(Actor::Timeout | Actor::System) => self.leave_span(None),
            _ => self.leave_span(Some((time, HandoverStage::Finished))),
        }
        if let Some((_, true)) = self.trail.waiting {
            self.facts.queue_left_time = Some(time);
            let waited = self.trail.stop_waiting(time);
            self.facts.waiting_time = self.facts.waiting_time.or(waited);
        }
        self.trail.waiting = None;
        if actor(event) == Some(Actor::User) {
            self.facts.left_time = Some(time);
        }
        self.outcome_reason = self.outcome_reason.or(event.outcome_reason());
    }
}

/// Who asked for a person: the one whom the source names, else whom the trigger tells of.
fn requested_by<E: EventView>(event: &E) -> Option<Actor> {
    actor(event).or(match event.handover_trigger()? {
        HandoverTrigger::Direct
        | HandoverTrigger::AfterFallback
        | HandoverTrigger::OperatorButton => Some(Actor::User),
        _ => Some(Actor::Bot),
    })
}
