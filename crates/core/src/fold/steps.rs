//! What surveys, calls, interactions and reports add to their session.

use super::draft::Draft;
use super::trail::Names;
use crate::event::EventView;
use crate::facts::Step;
use crate::profile::Rules;
use crate::words::{Interaction, StepKind, SurveyKind, SurveyStage};

impl<'e> Draft<'e> {
    pub(super) fn record_survey<E: EventView>(&mut self, event: &'e E, rules: &Rules) {
        let kind = event.survey_kind().unwrap_or(SurveyKind::Csat);
        self.step_survey(event, kind);
        if kind == SurveyKind::Agent {
            return;
        }
        let answered = event.survey_stage() == Some(SurveyStage::Answered);
        self.survey_pending = matches!(event.survey_stage(), None | Some(SurveyStage::Offered));
        let facts = &mut self.facts;
        facts.surveys_offered += i64::from(self.survey_pending);
        facts.surveys_answered += i64::from(answered);
        match kind {
            SurveyKind::Csat => {
                facts.csat_offered = true;
                if answered {
                    facts.csat_commented |= is_commented(event);
                    self.record_csat(event, rules);
                }
            }
            SurveyKind::Nps => {
                facts.nps_offered = true;
                let score = event
                    .survey_score()
                    .filter(|score| answered && (0.0..=10.0).contains(score));
                facts.nps_score = score.or(facts.nps_score);
            }
            _ => {
                facts.resolution_survey_offered = true;
                let answer = event.survey_score().filter(|_| answered);
                if let Some(score) = answer {
                    facts.resolution_survey_answer = Some(score > 0.0);
                }
            }
        }
    }

    fn step_survey<E: EventView>(&mut self, event: &'e E, kind: SurveyKind) {
        if self.brief {
            return;
        }
        let step = Step {
            survey_kind: Some(kind),
            survey_stage: event.survey_stage(),
            survey_question: event.survey_question().map(Into::into),
            survey_score: event.survey_score(),
            survey_scale_minimum: event.survey_scale_minimum(),
            survey_scale_maximum: event.survey_scale_maximum(),
            survey_commented: Some(is_commented(event)),
            agent_id: event.agent_id().map(Into::into),
            skill: event.skill().map(Into::into),
            ..self.step(event, StepKind::Survey)
        };
        self.steps.push(step);
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

    pub(super) fn record_model_call<E: EventView>(&mut self, event: &'e E) {
        let facts = &mut self.facts;
        facts.model_calls += 1;
        add(&mut facts.tokens_input, event.tokens_input());
        add(&mut facts.tokens_output, event.tokens_output());
        add(&mut facts.tokens_cached, event.tokens_cached());
        add(&mut facts.tokens_cache_write, event.tokens_cache_write());
        add(&mut facts.tokens_reasoning, event.tokens_reasoning());
        if self.brief {
            return;
        }
        let failed = i64::from(event.error().is_some());
        if event.tool().is_some() {
            facts.tool_calls += 1;
            facts.tool_errors += failed;
        } else {
            facts.model_errors += failed;
        }
        let cost = dollars(event);
        if let Some(cost) = cost {
            *facts.model_cost.get_or_insert(0.0) += cost;
        }
        self.model = event.model().or(self.model);
        self.trail.models.add(event.model());
        self.trail.tools.add(event.tool());
        let step = Step {
            model_provider: event.model_provider().map(Into::into),
            model: event.model().map(Into::into),
            model_operation: event.model_operation().map(Into::into),
            tool: event.tool().map(Into::into),
            tokens_input: event.tokens_input(),
            tokens_output: event.tokens_output(),
            tokens_cached: event.tokens_cached(),
            tokens_cache_write: event.tokens_cache_write(),
            tokens_reasoning: event.tokens_reasoning(),
            cost,
            latency: event.latency(),
            time_to_first_token: event.time_to_first_token(),
            finish_reason: event.finish_reason().map(Into::into),
            error: event.error().map(Into::into),
            user_error: event.user_error(),
            ..self.step(event, StepKind::ModelCall)
        };
        self.trail.calls.push(self.steps.len());
        self.steps.push(step);
    }

    pub(super) fn record_knowledge<E: EventView>(&mut self, event: &'e E, rules: &Rules) {
        self.facts.generated_questions += 1;
        if is_generated_answer(event) {
            self.facts.generated_answers += 1;
            self.trail.generated = true;
            if rules.generated_answer_understands {
                self.unmark_unmatched();
            }
        }
        self.trail.retrieved.add_json(event.sources_retrieved());
        self.trail.cited.add_json(event.sources_cited());
        self.trail.failed.add_json(event.sources_failed());
        let step = Step {
            knowledge_state: event.knowledge_state().map(Into::into),
            sources_retrieved: list_of(event.sources_retrieved()),
            sources_cited: list_of(event.sources_cited()),
            sources_failed: list_of(event.sources_failed()),
            latency: event.latency(),
            error: event.error().map(Into::into),
            ..self.step(event, StepKind::Knowledge)
        };
        self.trail.calls.push(self.steps.len());
        self.steps.push(step);
    }

    pub(super) fn record_error<E: EventView>(&mut self, event: &'e E) {
        self.facts.errors += 1;
        let step = Step {
            error: event.error().map(Into::into),
            user_error: event.user_error(),
            tool: event.tool().map(Into::into),
            ..self.step(event, StepKind::Error)
        };
        self.steps.push(step);
    }

    /// What the user did with a message beside answering it.
    pub(super) fn record_interaction<E: EventView>(&mut self, event: &'e E) {
        let Some(interaction) = event.interaction() else {
            return;
        };
        let by_user = matches!(interaction, Interaction::Rephrased | Interaction::Repeated);
        let last = if by_user {
            self.last_message.place
        } else {
            self.last_bot_message
        };
        let place = self.named_message(event).or(last);
        let mut step = Step {
            interaction: Some(interaction),
            ..self.step(event, StepKind::Interaction)
        };
        if let Some(message) = place.and_then(|at| self.messages.get_mut(at)) {
            let (position, mark) = match interaction {
                Interaction::Copied => (&mut step.answer_position, &mut message.copied),
                Interaction::Stopped => (&mut step.answer_position, &mut message.stopped),
                Interaction::Rephrased => (&mut step.message_position, &mut message.rephrased),
                Interaction::Repeated => (&mut step.message_position, &mut message.repeated),
                _ => (&mut step.answer_position, &mut message.regenerated),
            };
            *position = Some(message.position);
            *mark = true;
        }
        self.steps.push(step);
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

/// Whether the user wrote something beside the answer or the thumbs.
pub(super) fn is_commented<E: EventView>(event: &E) -> bool {
    event.commented() == Some(true)
}

/// A JSON array of names as facts hold it.
fn list_of(json: Option<&str>) -> Option<Box<str>> {
    let mut names = Names::default();
    names.add_json(json);
    names.joined()
}
