//! What an event adds to its session beside messages: topics, options, questions, handovers, surveys
//! and calls, each counted on the session and kept as a step.

use super::draft::{Draft, Topic, Wants, since};
use crate::event::EventView;
use crate::facts::Step;
use crate::profile::Rules;
use crate::words::{HandoverStage, OptionStage, QuestionStage, StepKind, SurveyKind, SurveyStage};

impl<'e> Draft<'e> {
    fn step<E: EventView>(&self, event: &'e E, kind: StepKind) -> Step {
        let own = event.topic_id();
        let topic = match self.active {
            Some(active) if own.is_none() || own == active.id => active,
            _ => Topic {
                id: own,
                name: event.topic_name(),
                kind: event.topic_kind().unwrap_or_default(),
            },
        };
        Step {
            event_id: event.event_id().into(),
            time: event.time(),
            position: self.facts.events,
            step_kind: Some(kind),
            topic_id: topic.id.map(Into::into),
            topic_name: topic.name.map(Into::into),
            topic_kind: event.topic_kind().or(word(topic.kind)),
            ..Step::default()
        }
    }

    pub(super) fn step_topic<E: EventView>(&mut self, event: &'e E, topic: Topic<'e>) {
        let time = event.time();
        if let Some(before) = self.last_topic_step.and_then(|at| self.steps.get_mut(at)) {
            before.duration = Some(since(before.time, time));
        }
        self.last_topic_step = Some(self.steps.len());
        let step = Step {
            topic_kind: Some(topic.kind),
            topic_trigger: event.topic_trigger(),
            previous_topic_id: self.previous_topic.map(Into::into),
            ..self.step(event, StepKind::Topic)
        };
        self.steps.push(step);
    }

    pub(super) fn record_question<E: EventView>(&mut self, event: &'e E, wants: Wants) {
        match event.question_stage() {
            Some(QuestionStage::Asked) => self.facts.questions_asked += 1,
            Some(QuestionStage::AskedAgain) => self.facts.questions_asked_again += 1,
            _ => {}
        }
        self.question_pending = matches!(
            event.question_stage(),
            Some(QuestionStage::Asked | QuestionStage::AskedAgain)
        );
        if wants.steps {
            let step = Step {
                question_id: event.question_id().map(Into::into),
                question_stage: event.question_stage(),
                ..self.step(event, StepKind::Question)
            };
            self.steps.push(step);
        }
    }

    pub(super) fn record_option<E: EventView>(&mut self, event: &'e E, wants: Wants) {
        match event.option_stage() {
            Some(OptionStage::Shown) => self.facts.options_shown += 1,
            Some(OptionStage::Chosen) => self.facts.options_chosen += 1,
            _ => {}
        }
        if wants.steps {
            let step = Step {
                option_id: event.option_id().map(Into::into),
                option_stage: event.option_stage(),
                option_kind: event.option_kind(),
                option_title: event.option_title().map(Into::into),
                option_destination: event.option_destination().map(Into::into),
                destination_kind: event.destination_kind(),
                ..self.step(event, StepKind::Option)
            };
            self.steps.push(step);
        }
    }

    pub(super) fn record_handover<E: EventView>(&mut self, event: &'e E, wants: Wants) {
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
        let facts = &mut self.facts;
        facts.handover_requested_time.get_or_insert(time);
        facts.handover_stage = Some(stage);
        match stage {
            HandoverStage::Requested => facts.handover_requests += 1,
            HandoverStage::Queued => {
                facts.queued_time.get_or_insert(time);
            }
            HandoverStage::Accepted => {
                facts.accepted_time.get_or_insert(time);
            }
            HandoverStage::Finished => facts.finished_time = Some(time),
            HandoverStage::Transferred => facts.transfers += 1,
            _ => {}
        }
        match stage {
            HandoverStage::Queued | HandoverStage::Accepted | HandoverStage::Transferred => {
                self.handover.people = true;
            }
            HandoverStage::Requested | HandoverStage::Escalated => {}
            _ => self.handover.people = false,
        }
        if wants.steps {
            self.step_handover(event, stage);
        }
    }

    /// Repeats of a stage count once, but may say what the first did not.
    fn complete_handover<E: EventView>(&mut self, event: &'e E) {
        let facts = &mut self.facts;
        facts.handover_trigger = facts.handover_trigger.or(event.handover_trigger());
        facts.handover_kind = facts.handover_kind.or(event.handover_kind());
        facts.context_passed = facts.context_passed.or(event.context_passed());
        let handover = &mut self.handover;
        handover.agent = handover.agent.or(event.agent_id());
        handover.skill = handover.skill.or(event.skill());
        handover.queue = handover.queue.or(event.queue());
        self.handover_reason = self.handover_reason.or(event.handover_reason());
    }

    fn step_handover<E: EventView>(&mut self, event: &'e E, stage: HandoverStage) {
        let step = Step {
            handover_stage: Some(stage),
            handover_trigger: event.handover_trigger(),
            handover_kind: event.handover_kind(),
            agent_id: event.agent_id().map(Into::into),
            skill: event.skill().map(Into::into),
            ..self.step(event, StepKind::Handover)
        };
        self.steps.push(step);
    }

    pub(super) fn record_survey<E: EventView>(&mut self, event: &'e E, rules: &Rules) {
        let kind = event.survey_kind().unwrap_or(SurveyKind::Csat);
        if kind == SurveyKind::Agent {
            return;
        }
        let answered = event.survey_stage() == Some(SurveyStage::Answered);
        self.survey_pending = matches!(event.survey_stage(), None | Some(SurveyStage::Offered));
        let facts = &mut self.facts;
        match kind {
            SurveyKind::Csat => {
                facts.csat_offered = true;
                if answered {
                    self.record_csat(event, rules);
                }
            }
            SurveyKind::Nps => {
                facts.nps_offered = true;
                let score = event
                    .survey_score()
                    .filter(|score| (0.0..=10.0).contains(score));
                facts.nps_score = score.or(facts.nps_score);
            }
            _ => {
                facts.resolution_survey_offered = true;
                if answered {
                    facts.resolution_survey_answer = event.survey_score().map(|score| score > 0.0);
                }
            }
        }
    }

    fn record_csat<E: EventView>(&mut self, event: &'e E, rules: &Rules) {
        let Some(score) = event.survey_score() else {
            return;
        };
        let minimum = event.survey_scale_minimum().unwrap_or(rules.csat_minimum);
        let maximum = event.survey_scale_maximum().unwrap_or(rules.csat_maximum);
        let zero = rules.csat_zero_is_valid && score == 0.0;
        if !zero && !(minimum..=maximum).contains(&score) {
            self.facts.csat_invalid += 1;
            return;
        }
        self.facts.csat_score = Some(score);
        self.facts.csat_scale_minimum = Some(minimum);
        self.facts.csat_scale_maximum = Some(maximum);
    }

    pub(super) fn record_model_call<E: EventView>(&mut self, event: &'e E, wants: Wants) {
        let facts = &mut self.facts;
        facts.model_calls += 1;
        add(&mut facts.tokens_input, event.tokens_input());
        add(&mut facts.tokens_output, event.tokens_output());
        add(&mut facts.tokens_cached, event.tokens_cached());
        add(&mut facts.tokens_reasoning, event.tokens_reasoning());
        let cost = dollars(event);
        if let Some(cost) = cost {
            *facts.model_cost.get_or_insert(0.0) += cost;
        }
        self.model = event.model().or(self.model);
        if wants.steps {
            let step = Step {
                model_provider: event.model_provider().map(Into::into),
                model: event.model().map(Into::into),
                model_operation: event.model_operation().map(Into::into),
                tool: event.tool().map(Into::into),
                tokens_input: event.tokens_input(),
                tokens_output: event.tokens_output(),
                tokens_cached: event.tokens_cached(),
                tokens_reasoning: event.tokens_reasoning(),
                cost,
                latency: event.latency(),
                time_to_first_token: event.time_to_first_token(),
                error: event.error().map(Into::into),
                ..self.step(event, StepKind::ModelCall)
            };
            self.steps.push(step);
        }
    }

    pub(super) fn record_knowledge<E: EventView>(
        &mut self,
        event: &'e E,
        rules: &Rules,
        wants: Wants,
    ) {
        self.facts.generated_questions += 1;
        if is_generated_answer(event) {
            self.facts.generated_answers += 1;
            if rules.generated_answer_understands {
                self.unmark_unmatched();
            }
        }
        if wants.steps {
            let step = Step {
                knowledge_state: event.knowledge_state().map(Into::into),
                latency: event.latency(),
                error: event.error().map(Into::into),
                ..self.step(event, StepKind::Knowledge)
            };
            self.steps.push(step);
        }
    }

    pub(super) fn record_error<E: EventView>(&mut self, event: &'e E, wants: Wants) {
        self.facts.errors += 1;
        if wants.steps {
            let step = Step {
                error: event.error().map(Into::into),
                tool: event.tool().map(Into::into),
                ..self.step(event, StepKind::Error)
            };
            self.steps.push(step);
        }
    }

    /// The people who took over are through with the session.
    pub(super) fn record_conversation_end<E: EventView>(&mut self, event: &'e E) {
        if self.handover.people && self.facts.accepted_time.is_some() {
            self.facts.finished_time.get_or_insert(event.time());
        }
        self.handover.people = false;
        self.outcome_reason = self.outcome_reason.or(event.outcome_reason());
    }

    /// What the platform says of the session stands beside what we find, and changes nothing of it.
    pub(super) fn record_report<E: EventView>(&mut self, event: &'e E) {
        let facts = &mut self.facts;
        facts.reported_engaged = event.reported_engaged().or(facts.reported_engaged);
        facts.reported_outcome = event.reported_outcome().or(facts.reported_outcome);
        facts.reported_implied = event.reported_implied().or(facts.reported_implied);
        facts.reported_turns = event.reported_turns().or(facts.reported_turns);
        self.reported_reason = event.reported_outcome_reason().or(self.reported_reason);
    }
}

fn add(sum: &mut i64, value: Option<i64>) {
    *sum = sum.saturating_add(value.unwrap_or(0));
}

/// Whether an answer was generated from knowledge.
pub(super) fn is_generated_answer<E: EventView>(event: &E) -> bool {
    event.knowledge_state() == Some("answered")
}

/// The cost of a call, if the source gives it in US dollars.
fn dollars<E: EventView>(event: &E) -> Option<f64> {
    let currency = event.cost_currency().unwrap_or("USD");
    event
        .cost()
        .filter(|_| currency.eq_ignore_ascii_case("USD"))
}

fn word<W: crate::words::Word>(word: W) -> Option<W> {
    (word != W::default()).then_some(word)
}
