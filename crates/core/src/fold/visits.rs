//! Visits of topics, questions and options: each is a step, and what comes of it later is written
//! into the step with which it began.

use super::draft::{Draft, Topic, since};
use super::trail::{OpenQuestion, ShownOption, hold};
use crate::event::EventView;
use crate::facts::Step;
use crate::words::{
    OptionStage, QuestionStage, Role, StepKind, TopicKind, TopicTrigger, VisitEnd, Word,
};

impl<'e> Draft<'e> {
    /// A step of this kind, in the topic that is active or that the event names.
    pub(super) fn step<E: EventView>(&self, event: &'e E, kind: StepKind) -> Step {
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
            role: event.role(),
            message_position: self.trail.user_position,
            intent: self.last_message.intent.map(Into::into),
            ..Step::default()
        }
    }

    pub(super) fn step_topic<E: EventView>(&mut self, event: &'e E, topic: Topic<'e>) {
        if self.brief {
            return;
        }
        let time = event.time();
        let trigger = event.topic_trigger();
        self.end_visit(match (topic.kind, trigger) {
            (TopicKind::Escalate, _) => VisitEnd::Escalated,
            (_, Some(TopicTrigger::Direct)) => VisitEnd::Switched,
            _ => VisitEnd::Redirected,
        });
        if let Some(before) = self.last_topic_step.and_then(|at| self.steps.get_mut(at)) {
            before.duration = Some(since(before.time, time));
            before.next_topic_id = topic.id.map(Into::into);
        }
        self.last_topic_step = Some(self.steps.len());
        hold(&mut self.trail.visits, self.steps.len());
        let step = Step {
            topic_kind: Some(topic.kind),
            topic_trigger: trigger,
            previous_topic_id: self.previous_topic.map(Into::into),
            ..self.step(event, StepKind::Topic)
        };
        self.steps.push(step);
    }

    /// The last visit has ended so, if it has not ended before.
    pub(super) fn end_visit(&mut self, end: VisitEnd) {
        if let Some(step) = self.last_topic_step.and_then(|at| self.steps.get_mut(at)) {
            step.visit_end.get_or_insert(end);
        }
    }

    /// The topic of this id came to its end, and with it what it had gone on to.
    pub(super) fn complete_visit(&mut self, id: Option<&str>) {
        let visits = &mut self.trail.visits;
        let steps = &mut self.steps;
        let named = |at: &usize| {
            let topic = steps.get(*at).map(|step| step.topic_id.as_deref());
            id.is_none() || topic == Some(id)
        };
        let Some(place) = visits.iter().rposition(named) else {
            return;
        };
        let step = visits.get(place).and_then(|at| steps.get_mut(*at));
        if let Some(step) = step
            && step.visit_end != Some(VisitEnd::Escalated)
        {
            step.visit_end = Some(VisitEnd::Completed);
        }
        visits.truncate(place);
    }

    pub(super) fn record_question<E: EventView>(&mut self, event: &'e E) {
        let stage = event.question_stage();
        match stage {
            Some(QuestionStage::Asked) => {
                self.facts.questions_asked += 1;
                if let Some(visit) = self.last_topic_step.and_then(|at| self.steps.get_mut(at)) {
                    visit.questions_asked += 1;
                }
            }
            Some(QuestionStage::AskedAgain) => self.facts.questions_asked_again += 1,
            Some(QuestionStage::Answered) => self.facts.questions_answered += 1,
            _ => {}
        }
        let asks = matches!(
            stage,
            Some(QuestionStage::Asked | QuestionStage::AskedAgain)
        );
        self.question_pending = asks;
        let step = Step {
            question_id: event.question_id().map(Into::into),
            question_name: event.question_name().map(Into::into),
            question_stage: stage,
            ..self.step(event, StepKind::Question)
        };
        let place = self.steps.len();
        self.steps.push(step);
        match stage {
            Some(QuestionStage::Asked) => self.ask(event, place, 1),
            Some(QuestionStage::AskedAgain) => self.ask_again(event, place),
            Some(QuestionStage::Answered | QuestionStage::Left) => self.settle(event, place),
            _ => {}
        }
    }

    fn ask<E: EventView>(&mut self, event: &'e E, step: usize, attempts: i64) {
        if event.role() == Some(Role::Agent) {
            self.trail.agents.add(event.agent_id());
            return self.note_agent_question(event);
        }
        let id = event.question_id();
        self.trail.asked.add(id);
        if let Some(open) = self.take_question(id, false) {
            self.close_question(&open, QuestionStage::Left, None);
        }
        let open = OpenQuestion {
            id,
            asked: event.time(),
            attempts,
            step,
        };
        self.count_attempts(&open);
        hold(&mut self.trail.questions, open);
    }

    fn ask_again<E: EventView>(&mut self, event: &'e E, step: usize) {
        let id = event.question_id();
        match self.take_question(id, true) {
            Some(mut open) => {
                open.attempts += 1;
                self.count_attempts(&open);
                self.trail.questions.push(open);
            }
            // The source does not say when it was asked first.
            None => self.ask(event, step, 2),
        }
    }

    fn count_attempts(&mut self, open: &OpenQuestion<'e>) {
        if let Some(step) = self.steps.get_mut(open.step) {
            step.question_attempts = Some(open.attempts);
        }
    }

    fn settle<E: EventView>(&mut self, event: &'e E, place: usize) {
        let answered = event.question_stage() == Some(QuestionStage::Answered);
        let Some(open) = self.take_question(event.question_id(), true) else {
            self.facts.questions_left += i64::from(!answered);
            return;
        };
        if !answered {
            return self.close_question(&open, QuestionStage::Left, None);
        }
        let time = since(open.asked, event.time());
        self.close_question(&open, QuestionStage::Answered, Some(time));
        if let Some(step) = self.steps.get_mut(place) {
            step.question_attempts = Some(open.attempts);
            step.question_time = Some(time);
        }
    }

    /// The open question of this id; the last one for an event that names none, if that will do.
    fn take_question(&mut self, id: Option<&str>, any: bool) -> Option<OpenQuestion<'e>> {
        let questions = &mut self.trail.questions;
        let wanted = |open: &OpenQuestion<'_>| match id {
            Some(id) => open.id == Some(id),
            None => any,
        };
        let place = questions.iter().rposition(wanted)?;
        Some(questions.remove(place))
    }

    pub(super) fn close_question(
        &mut self,
        open: &OpenQuestion<'e>,
        result: QuestionStage,
        time: Option<i64>,
    ) {
        self.facts.questions_left += i64::from(result == QuestionStage::Left);
        if let Some(step) = self.steps.get_mut(open.step) {
            step.question_result = Some(result);
            step.question_time = time;
        }
    }

    pub(super) fn record_option<E: EventView>(&mut self, event: &'e E) {
        if self.brief {
            return;
        }
        let named = self.named_message(event).filter(|at| {
            let message = self.messages.get(*at);
            message.is_some_and(|message| message.role != Some(Role::User))
        });
        let offering = named.or(self.last_bot_message);
        let offering = offering.and_then(|at| Some(self.messages.get(at)?.position));
        let mut step = Step {
            option_id: event.option_id().map(Into::into),
            option_stage: event.option_stage(),
            option_kind: event.option_kind(),
            option_title: event.option_title().map(Into::into),
            option_destination: event.option_destination().map(Into::into),
            destination_kind: event.destination_kind(),
            option_position: event.option_position(),
            answer_position: offering,
            ..self.step(event, StepKind::Option)
        };
        match event.option_stage() {
            Some(OptionStage::Shown) => self.show(event, &mut step),
            Some(OptionStage::Chosen) => {
                self.facts.options_chosen += 1;
                self.trail.act_position = Some(self.facts.events);
                self.choose(event, &mut step);
            }
            _ => {}
        }
        self.steps.push(step);
    }

    fn show<E: EventView>(&mut self, event: &'e E, step: &mut Step) {
        self.facts.options_shown += 1;
        let showing = &mut self.trail.showing;
        if showing.0 != step.answer_position {
            *showing = (step.answer_position, 0);
        }
        showing.1 += 1;
        step.option_position = step.option_position.or(Some(showing.1));
        step.option_chosen = Some(false);
        let shown = ShownOption {
            name: option_name(event),
            shown: event.time(),
            step: self.steps.len(),
        };
        hold(&mut self.trail.shown, shown);
    }

    /// Which of the options that were shown the choice belongs to: the last of its name.
    fn choose<E: EventView>(&mut self, event: &'e E, step: &mut Step) {
        let name = option_name(event);
        let shown = &mut self.trail.shown;
        let place = shown.iter().rposition(|shown| shown.name == name);
        let Some(shown) = place.map(|place| shown.remove(place)) else {
            return;
        };
        step.option_time = Some(since(shown.shown, event.time()));
        if let Some(offer) = self.steps.get_mut(shown.step) {
            offer.option_chosen = Some(true);
            step.option_position = step.option_position.or(offer.option_position);
            step.answer_position = offer.answer_position;
        }
    }
}

fn option_name<E: EventView>(event: &E) -> Option<&str> {
    event.option_id().or(event.option_title())
}

pub(super) fn word<W: Word>(word: W) -> Option<W> {
    (word != W::default()).then_some(word)
}
