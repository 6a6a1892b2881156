//! What is only known from what came after: the sequel of a message that was not understood, whether
//! a message says the same again, how visits and questions ended. Found in one pass when the session
//! is handed over.

use super::draft::Draft;
use crate::facts::{Message, Step};
use crate::profile::Rules;
use crate::words::{
    FallbackThen, FeedbackRating, HandoverStage, MessageKind, OptionStage, Outcome, QuestionStage,
    Role, StepKind, TopicKind, VisitEnd,
};

/// What counts in the course of a session when one looks back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// The user's message at this place.
    Message(usize),
    /// A click that is no message.
    Click,
    /// A person is asked for, or takes over without having been asked for.
    Handover,
}

impl Draft<'_> {
    /// Writes into messages, steps and counts what came after them.
    pub(super) fn look_back(&mut self, rules: &Rules) {
        self.trail.serving = self.trail.span.and_then(|span| span.agent);
        self.leave_span(None);
        self.forget_the_bot();
        let marks = marks(&self.messages, &self.steps);
        self.note_last_before_handover(&marks);
        self.count_runs();
        self.tell_sequels(&marks);
        self.find_repetitions(rules);
        self.count_interactions();
        if self.end.is_some() {
            self.find_left_answer();
            self.close_what_is_open();
        }
        self.credit_visits();
        // Last: from here on no place among the steps is known.
        self.imply_request();
    }

    /// Where people served the session alone there was no bot that had to understand and none that
    /// was asked for a person.
    fn forget_the_bot(&mut self) {
        if !self.without_bot() {
            return;
        }
        if !self.trail.asked_for_person {
            self.facts.handover_requested_time = None;
        }
        if self.facts.agent_messages > 0 {
            self.facts.understandable_messages = 0;
            for message in &mut self.messages {
                message.must_understand = false;
            }
        }
    }

    fn note_last_before_handover(&mut self, marks: &[(i64, Mark)]) {
        if !self.trail.asked_for_person && self.without_bot() {
            // The user came straight to people: nothing was left over by a bot.
            return;
        }
        let mut last = None;
        for (_, mark) in marks {
            match *mark {
                Mark::Message(place) => last = Some(place),
                Mark::Click => {}
                Mark::Handover => {
                    if let Some(message) = last.and_then(|place| self.messages.get_mut(place)) {
                        message.last_before_handover = true;
                    }
                }
            }
        }
    }

    fn count_runs(&mut self) {
        let mut run = 0;
        for message in self.messages.iter_mut().filter(|it| it.must_understand) {
            run = if message.unmatched { run + 1 } else { 0 };
            message.fallback_run = run;
        }
    }

    fn tell_sequels(&mut self, marks: &[(i64, Mark)]) {
        for (index, (_, mark)) in marks.iter().enumerate() {
            let Mark::Message(place) = *mark else {
                continue;
            };
            if !self.messages.get(place).is_some_and(|it| it.unmatched) {
                continue;
            }
            let sequel = self.sequel(&marks[index + 1..]);
            self.facts.fallbacks_then_handover += i64::from(sequel == Some(FallbackThen::Handover));
            self.facts.fallback_then_left |= sequel == Some(FallbackThen::Left);
            self.messages[place].fallback_then = sequel;
        }
    }

    /// What came after a message that was not understood; nothing while it may still come.
    fn sequel(&self, after: &[(i64, Mark)]) -> Option<FallbackThen> {
        let acts = after.iter().map(|(_, mark)| mark);
        let until_second_act = acts.clone().scan(0, |acts, mark| {
            *acts += i32::from(*mark != Mark::Handover);
            (*acts < 2).then_some(mark)
        });
        if until_second_act
            .into_iter()
            .any(|mark| *mark == Mark::Handover)
        {
            return Some(FallbackThen::Handover);
        }
        let Some(next) = acts.clone().next() else {
            return self.end.is_some().then_some(FallbackThen::Left);
        };
        let Mark::Message(place) = *next else {
            return Some(FallbackThen::Chosen);
        };
        let next = self.messages.get(place)?;
        Some(match next.message_kind {
            Some(MessageKind::Option) => FallbackThen::Chosen,
            _ if next.unmatched => FallbackThen::NotUnderstood,
            _ => FallbackThen::Answered,
        })
    }

    fn find_repetitions(&mut self, rules: &Rules) {
        let mut before: Option<usize> = None;
        let mut answered = false;
        for place in 0..self.messages.len() {
            match self.messages[place].role {
                Some(Role::User) => {
                    if let Some(before) = before {
                        self.compare(before, place, answered, rules);
                    }
                    before = Some(place);
                    answered = false;
                }
                Some(Role::Bot) => answered = true,
                _ => {}
            }
        }
    }

    /// Whether the user's message at the later place says again what the one before it said.
    fn compare(&mut self, before: usize, place: usize, answered: bool, rules: &Rules) {
        let spoken = |message: &Message| {
            !matches!(
                message.message_kind,
                Some(MessageKind::Option | MessageKind::Attachment)
            )
        };
        let print = |place: usize| {
            self.trail
                .notes
                .get(place)
                .and_then(|note| note.fingerprint)
        };
        let (first, second) = (&self.messages[before], &self.messages[place]);
        let both_spoken = spoken(first) && spoken(second);
        let repeated = both_spoken && print(place).is_some() && print(before) == print(place);
        let understood = first.must_understand && !first.unmatched && second.must_understand;
        let same = second.intent.is_some() && first.intent == second.intent;
        let greets = |intent: &str| rules.is_greeting(intent);
        let meant = same && !second.intent.as_deref().is_some_and(greets);
        let message = &mut self.messages[place];
        message.repeated |= repeated;
        message.rephrased |= !message.repeated && both_spoken && answered && understood && meant;
    }

    fn count_interactions(&mut self) {
        let facts = &mut self.facts;
        for message in &self.messages {
            facts.rephrased_messages += i64::from(message.rephrased);
            facts.repeated_messages += i64::from(message.repeated);
            facts.answers_copied += i64::from(message.copied);
            facts.answers_stopped += i64::from(message.stopped);
            facts.answers_regenerated += i64::from(message.regenerated);
        }
    }

    /// The answer after which the user left an unsettled matter.
    fn find_left_answer(&mut self) {
        let outcome = self.outcome.map(|(outcome, _)| outcome);
        let unsettled = matches!(outcome, Some(Outcome::None | Outcome::Abandoned));
        let last = self
            .last_bot_message
            .and_then(|at| self.messages.get_mut(at));
        if let (Some(message), Some(time)) = (last, self.facts.last_user_time)
            && unsettled
            && self.facts.handover_stage.is_none()
            && time <= message.time
            && self.trail.act_position < Some(message.position)
        {
            message.left_after = true;
        }
    }

    /// The session is over: questions that wait were left, and the last visit has ended.
    fn close_what_is_open(&mut self) {
        for open in std::mem::take(&mut self.trail.questions) {
            self.close_question(&open, QuestionStage::Left, None);
        }
        self.end_visit(match self.outcome {
            Some((Outcome::Resolved, _)) => VisitEnd::Completed,
            Some((Outcome::Escalated, _)) => VisitEnd::Escalated,
            _ => VisitEnd::Abandoned,
        });
    }

    /// Thumbs belong to the visit of the topic that gave the answer.
    fn credit_visits(&mut self) {
        for (message, note) in self.messages.iter().zip(&self.trail.notes) {
            let Some(step) = note.visit.and_then(|at| self.steps.get_mut(at)) else {
                continue;
            };
            match message.feedback {
                Some(FeedbackRating::Up) => step.feedback_up += 1,
                Some(FeedbackRating::Down) => step.feedback_down += 1,
                Some(FeedbackRating::Neutral) => step.feedback_neutral += 1,
                _ => {}
            }
        }
    }
}

/// The user's messages and clicks and the requests for a person, in order, with their positions.
fn marks(messages: &[Message], steps: &[Step]) -> Vec<(i64, Mark)> {
    let spoken = messages.iter().enumerate().filter_map(|(place, message)| {
        (message.role == Some(Role::User)).then_some((message.position, Mark::Message(place)))
    });
    let mut marks: Vec<(i64, Mark)> = spoken.collect();
    let (mut with_people, mut clicked) = (false, 0);
    let told = marks.len();
    for step in steps {
        let mark = match step.step_kind {
            Some(StepKind::Handover) => handover_mark(step.handover_stage, &mut with_people),
            Some(StepKind::Topic) if step.topic_kind == Some(TopicKind::Escalate) => {
                let asked = !with_people;
                with_people = true;
                asked.then_some(Mark::Handover)
            }
            Some(StepKind::Option) if step.option_stage == Some(OptionStage::Chosen) => {
                // The message that the click also was, if it was one, stands just before it.
                let message = step.message_position.and_then(|position| {
                    let at = marks[..told].binary_search_by_key(&position, |mark| mark.0);
                    let Mark::Message(place) = marks.get(at.ok()?)?.1 else {
                        return None;
                    };
                    (place >= clicked).then_some(place)
                });
                let also = message
                    .filter(|place| messages[*place].message_kind == Some(MessageKind::Option));
                clicked = also.map_or(clicked, |place| place + 1);
                also.is_none().then_some(Mark::Click)
            }
            _ => None,
        };
        marks.extend(mark.map(|mark| (step.position, mark)));
    }
    marks.sort_by_key(|(position, _)| *position);
    marks
}

/// A request for a person; a later stage where nobody asked.
fn handover_mark(stage: Option<HandoverStage>, with_people: &mut bool) -> Option<Mark> {
    match stage? {
        HandoverStage::Requested
        | HandoverStage::Escalated
        | HandoverStage::Queued
        | HandoverStage::Accepted => {
            let asked = !*with_people;
            *with_people = true;
            asked.then_some(Mark::Handover)
        }
        HandoverStage::Transferred => None,
        _ => {
            *with_people = false;
            None
        }
    }
}
