//! The steps of a session: topics, questions, options, stages of handovers, calls and errors.

use upshot_core::Event;
use upshot_core::words::{EventType, HandoverStage, QuestionStage, Role, StepKind, SurveyKind};

use super::names::names;
use super::part::{kind, topic_kind};
use super::people::requested_by;
use super::row::Row;
use super::told::Told;
use super::utterances::of_the_session;

/// What is only on steps of one kind.
const PARTICULAR: [&str; 49] = [
    "topic_trigger",
    "previous_topic_id",
    "next_topic_id",
    "duration",
    "question_id",
    "question_name",
    "question_stage",
    "option_id",
    "option_stage",
    "option_kind",
    "option_title",
    "option_destination",
    "destination_kind",
    "handover_stage",
    "handover_trigger",
    "handover_kind",
    "handover_reason",
    "requested_by",
    "queue",
    "context_passed",
    "agent_id",
    "skill",
    "knowledge_state",
    "sources_retrieved",
    "sources_cited",
    "sources_failed",
    "model_provider",
    "model",
    "model_operation",
    "tool",
    "tokens_input",
    "tokens_output",
    "tokens_cached",
    "tokens_cache_write",
    "tokens_reasoning",
    "cost",
    "latency",
    "time_to_first_token",
    "finish_reason",
    "error",
    "user_error",
    "survey_kind",
    "survey_stage",
    "survey_question",
    "survey_score",
    "survey_scale_minimum",
    "survey_scale_maximum",
    "survey_commented",
    "interaction",
];

pub fn steps(told: &Told<'_>, session: &Row) -> Vec<Row> {
    let stages: Vec<usize> = told.stages().iter().map(|(place, ..)| *place).collect();
    let implied = told.implied_requests();
    let mut rows = Vec::new();
    for (place, event) in told.events().enumerate() {
        let step_kind = match kind(event) {
            EventType::Topic => StepKind::Topic,
            EventType::Question => StepKind::Question,
            EventType::Option => StepKind::Option,
            EventType::Handover if stages.contains(&place) => StepKind::Handover,
            EventType::Knowledge => StepKind::Knowledge,
            EventType::ModelCall => StepKind::ModelCall,
            EventType::Error => StepKind::Error,
            EventType::Survey => StepKind::Survey,
            EventType::Interaction if event.interaction.is_some() => StepKind::Interaction,
            _ => continue,
        };
        let mut row = Row::default();
        of_the_session(&mut row, session);
        for name in PARTICULAR {
            row.put(name, None);
        }
        row.text("event_id", Some(&event.event_id));
        row.number("time", Some(event.time));
        row.count("position", place + 1);
        row.word("step_kind", Some(step_kind));
        let (topic, kind) = told.topic_at(place);
        row.text("topic_id", topic);
        row.word("topic_kind", kind);
        row.text("topic_name", told.topic_name_at(place));
        row.word("role", event.role);
        row.text("intent", told.taken_for(place + 1));
        let spoke = told
            .messages_of(Role::User)
            .into_iter()
            .rev()
            .find(|spoke| *spoke <= place);
        row.number("message_position", spoke.map(|spoke| spoke as i64 + 1));
        row.count("questions_asked", 0);
        told.particulars(place, step_kind, &mut row);
        if implied.contains(&place) {
            let mut request = row.clone();
            request.word("handover_stage", Some(HandoverStage::Requested));
            request.word("requested_by", requested_by(event));
            rows.push(request);
        }
        rows.push(row);
    }
    rows
}

/// The cost in US dollars, if it is in them.
pub fn dollars(event: &Event) -> Option<f64> {
    let currency = event.cost_currency.as_deref().unwrap_or("USD");
    event.cost.filter(|_| currency.eq_ignore_ascii_case("usd"))
}

impl<'a> Told<'a> {
    pub fn topic_name_at(&self, place: usize) -> Option<&'a str> {
        let event = self.given[place].event;
        let own = event.topic_id.as_deref();
        match self.active(place) {
            Some(topic) if own.is_none() || own == topic.topic_id.as_deref() => {
                topic.topic_name.as_deref()
            }
            _ => event.topic_name.as_deref(),
        }
    }

    fn particulars(&self, place: usize, step_kind: StepKind, row: &mut Row) {
        let event = self.given[place].event;
        match step_kind {
            StepKind::Topic => self.topic_visit(place, row),
            StepKind::Question => {
                row.text("question_id", event.question_id.as_deref());
                row.text("question_name", event.question_name.as_deref());
                row.word("question_stage", event.question_stage);
            }
            StepKind::Option => {
                row.text("option_id", event.option_id.as_deref());
                row.word("option_stage", event.option_stage);
                row.word("option_kind", event.option_kind);
                row.text("option_title", event.option_title.as_deref());
                row.text("option_destination", event.option_destination.as_deref());
                row.word("destination_kind", event.destination_kind);
            }
            StepKind::Handover => {
                row.word("handover_stage", event.handover_stage);
                row.word("handover_trigger", event.handover_trigger);
                row.word("handover_kind", event.handover_kind);
                row.text("agent_id", event.agent_id.as_deref());
                row.text("skill", event.skill.as_deref());
                row.text("queue", event.queue.as_deref());
                row.flag("context_passed", event.context_passed);
                row.text("handover_reason", event.handover_reason.as_deref());
                let asks = event.handover_stage == Some(HandoverStage::Requested);
                row.word("requested_by", requested_by(event).filter(|_| asks));
            }
            StepKind::Knowledge => {
                row.text(
                    "sources_retrieved",
                    names(event.sources_retrieved.as_deref()).as_deref(),
                );
                row.text(
                    "sources_cited",
                    names(event.sources_cited.as_deref()).as_deref(),
                );
                row.text(
                    "sources_failed",
                    names(event.sources_failed.as_deref()).as_deref(),
                );
                row.text("knowledge_state", event.knowledge_state.as_deref());
                row.number("latency", event.latency);
                row.text("error", event.error.as_deref());
            }
            StepKind::ModelCall => model_call(event, row),
            StepKind::Error => {
                row.text("error", event.error.as_deref());
                row.flag("user_error", event.user_error);
                row.text("tool", event.tool.as_deref());
            }
            StepKind::Survey => survey(event, row),
            StepKind::Interaction => {
                row.word("interaction", event.interaction);
                // It belongs to the message that it names.
                row.0.remove("message_position");
            }
            StepKind::Agent | StepKind::Unspecified => {}
        }
    }

    /// A visit lasts until the next topic, or until the session's end.
    fn topic_visit(&self, place: usize, row: &mut Row) {
        let topics = self.of_type(EventType::Topic);
        let event = self.given[place].event;
        let next = topics.iter().find(|(later, _)| *later > place);
        let left = next.map_or(self.end_time().max(event.time), |(_, next)| next.time);
        let before = topics.iter().rev().find(|(before, _)| *before < place);
        row.word("topic_kind", Some(topic_kind(event)));
        row.word("topic_trigger", event.topic_trigger);
        row.text(
            "previous_topic_id",
            before.and_then(|(_, before)| before.topic_id.as_deref()),
        );
        row.number("duration", Some(left - event.time));
        row.text(
            "next_topic_id",
            next.and_then(|(_, next)| next.topic_id.as_deref()),
        );
        let asked = self
            .of_type(EventType::Question)
            .into_iter()
            .filter(|(at, question)| {
                let until = next.map_or(usize::MAX, |(later, _)| *later);
                (place..until).contains(at) && question.question_stage == Some(QuestionStage::Asked)
            });
        row.count("questions_asked", asked.count());
    }
}

fn survey(event: &Event, row: &mut Row) {
    row.word(
        "survey_kind",
        Some(event.survey_kind.unwrap_or(SurveyKind::Csat)),
    );
    row.word("survey_stage", event.survey_stage);
    row.text("survey_question", event.survey_question.as_deref());
    row.real("survey_score", event.survey_score);
    row.real("survey_scale_minimum", event.survey_scale_minimum);
    row.real("survey_scale_maximum", event.survey_scale_maximum);
    row.flag("survey_commented", Some(event.commented == Some(true)));
    row.text("agent_id", event.agent_id.as_deref());
    row.text("skill", event.skill.as_deref());
}

fn model_call(event: &Event, row: &mut Row) {
    row.number("tokens_cache_write", event.tokens_cache_write);
    row.text("finish_reason", event.finish_reason.as_deref());
    row.flag("user_error", event.user_error);
    row.text("model_provider", event.model_provider.as_deref());
    row.text("model", event.model.as_deref());
    row.text("model_operation", event.model_operation.as_deref());
    row.text("tool", event.tool.as_deref());
    row.number("tokens_input", event.tokens_input);
    row.number("tokens_output", event.tokens_output);
    row.number("tokens_cached", event.tokens_cached);
    row.number("tokens_reasoning", event.tokens_reasoning);
    row.real("cost", dollars(event));
    row.number("latency", event.latency);
    row.number("time_to_first_token", event.time_to_first_token);
    row.text("error", event.error.as_deref());
}
