//! Lists of names, and the moments and numbers that are found by counting.

use upshot_core::Event;
use upshot_core::facts::TOPIC_SEPARATOR;
use upshot_core::words::{
    Actor, EventType, ExposureStage, HandoverStage, QuestionStage, Role, SurveyKind, SurveyStage,
};

use super::decide::who;
use super::part::{is_users, kind};
use super::people::requested_by;
use super::row::Row;
use super::told::Told;

/// Names, each once, in the order of their first appearance.
fn list(names: impl Iterator<Item = String>) -> Option<String> {
    let mut list: Vec<String> = Vec::new();
    for name in names.filter(|name| !name.is_empty()) {
        if !list.contains(&name) {
            list.push(name);
        }
    }
    (!list.is_empty()).then(|| list.join(&TOPIC_SEPARATOR.to_string()))
}

/// The names of a JSON array; a text that is none is a name itself.
fn of_array(json: Option<&str>) -> Vec<String> {
    json.map_or(Vec::new(), |json| {
        serde_json::from_str(json).unwrap_or_else(|_| vec![json.to_owned()])
    })
}

pub fn names(json: Option<&str>) -> Option<String> {
    list(of_array(json).into_iter())
}

impl<'a> Told<'a> {
    fn all<T>(&self, wanted: EventType, ask: impl Fn(&'a Event) -> Option<T>) -> Vec<T> {
        let events = self.of_type(wanted).into_iter();
        events.filter_map(|(_, event)| ask(event)).collect()
    }

    pub fn names(&self, row: &mut Row) {
        let owned = |names: Vec<&str>| list(names.into_iter().map(str::to_owned));
        let intents = self
            .namings()
            .into_iter()
            .map(|(_, intent)| intent)
            .collect();
        row.text("intents", owned(intents).as_deref());
        let models = self.all(EventType::ModelCall, |call| call.model.as_deref());
        row.text("models", owned(models).as_deref());
        let tools = self.all(EventType::ModelCall, |call| call.tool.as_deref());
        row.text("tools", owned(tools).as_deref());
        let serves = |event: &Event| match kind(event) {
            EventType::Handover => event.handover_stage.is_some(),
            EventType::Message => event.role == Some(Role::Agent),
            _ => false,
        };
        let asks = |event: &Event| {
            kind(event) == EventType::Question
                && event.question_stage == Some(QuestionStage::Asked)
                && event.role == Some(Role::Agent)
        };
        let agents = self.events().filter(|event| serves(event) || asks(event));
        let agents = agents
            .filter_map(|event| event.agent_id.as_deref())
            .collect();
        row.text("agents", owned(agents).as_deref());
        let skills = self.events().filter(|event| serves(event));
        let skills = skills.filter_map(|event| event.skill.as_deref()).collect();
        row.text("skills", owned(skills).as_deref());
        let put = self.all(EventType::Experiment, |event| {
            let variant = event.variant.as_deref().unwrap_or_default();
            Some(format!("{}={variant}", event.experiment.as_deref()?))
        });
        row.text("experiments", list(put.into_iter()).as_deref());
        let sources = |ask: fn(&Event) -> Option<&str>| {
            let searches = self.all(EventType::Knowledge, |search| Some(of_array(ask(search))));
            list(searches.into_iter().flatten())
        };
        let retrieved = sources(|search| search.sources_retrieved.as_deref());
        row.text("sources_retrieved", retrieved.as_deref());
        row.text(
            "sources_cited",
            sources(|search| search.sources_cited.as_deref()).as_deref(),
        );
        row.text(
            "sources_failed",
            sources(|search| search.sources_failed.as_deref()).as_deref(),
        );
    }

    pub fn moments(&self, row: &mut Row) {
        let last_topic = self.all(EventType::Topic, Some).pop();
        row.text(
            "last_topic_id",
            last_topic.and_then(|topic| topic.topic_id.as_deref()),
        );
        let last_act = self.events().rev().find(|event| is_users(event));
        row.number("last_user_time", last_act.map(|event| event.time));
        let mut answers = [self.messages_of(Role::Bot), self.messages_of(Role::Agent)].concat();
        answers.sort_unstable();
        let last_answer = answers.last().map(|place| self.given[*place].event.time);
        row.number("last_answer_time", last_answer);
        // The user left, and did nothing afterwards.
        let leaves = |event: &&Event| match kind(event) {
            EventType::Exposure => event.exposure == Some(ExposureStage::Closed),
            EventType::ConversationEnd => who(event) == Some(Actor::User),
            _ => false,
        };
        let last = self
            .events()
            .rev()
            .find(|event| is_users(event) || leaves(event));
        row.number("left_time", last.filter(leaves).map(|event| event.time));
        let stages = self.stages();
        let times = |wanted: HandoverStage| -> Vec<i64> {
            let of_stage = stages.iter().filter(|(.., stage)| *stage == wanted);
            of_stage.map(|(_, event, _)| event.time).collect()
        };
        let escalated = times(HandoverStage::Escalated);
        row.number("handover_escalated_time", escalated.first().copied());
        row.number("unavailable_time", times(HandoverStage::Unavailable).pop());
        row.number("refused_time", times(HandoverStage::Refused).pop());
        let mut requests = self.handovers().into_iter();
        let implied = self.implied_requests();
        let by = requests.find_map(|(place, event, stage)| {
            let asks = stage == HandoverStage::Requested || implied.contains(&place);
            requested_by(event).filter(|_| asks)
        });
        row.word("handover_requested_by", by);
    }

    pub fn numbers(&self, row: &mut Row) {
        let answered = self.all(EventType::Question, |question| {
            (question.question_stage == Some(QuestionStage::Answered)).then_some(())
        });
        row.count("questions_answered", answered.len());
        let put_to_users = self.all(EventType::Survey, Some).into_iter();
        let surveys: Vec<&Event> = put_to_users
            .filter(|survey| survey.survey_kind != Some(SurveyKind::Agent))
            .collect();
        let is_answered = |survey: &&&Event| survey.survey_stage == Some(SurveyStage::Answered);
        let is_offered =
            |survey: &&&Event| matches!(survey.survey_stage, None | Some(SurveyStage::Offered));
        row.count("surveys_offered", surveys.iter().filter(is_offered).count());
        row.count(
            "surveys_answered",
            surveys.iter().filter(is_answered).count(),
        );
        let commented = surveys.iter().filter(is_answered).any(|survey| {
            let csat = survey
                .survey_kind
                .is_none_or(|kind| kind == SurveyKind::Csat);
            csat && survey.commented == Some(true)
        });
        row.flag("csat_commented", Some(commented));
        let comments = self
            .events()
            .filter(|event| event.feedback.is_some() && event.commented == Some(true));
        row.count("feedback_comments", comments.count());
        let calls = self.all(EventType::ModelCall, Some);
        let written = calls
            .iter()
            .filter_map(|call| call.tokens_cache_write)
            .sum();
        row.number("tokens_cache_write", Some(written));
        let (tools, models): (Vec<_>, Vec<_>) =
            calls.into_iter().partition(|call| call.tool.is_some());
        row.count("tool_calls", tools.len());
        let failed = |calls: &[&Event]| calls.iter().filter(|call| call.error.is_some()).count();
        row.count("tool_errors", failed(&tools));
        row.count("model_errors", failed(&models));
    }
}
