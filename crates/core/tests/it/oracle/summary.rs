//! The row of a session: each field is one question to the list of its events.

use upshot_core::Event;
use upshot_core::event::session_id;
use upshot_core::facts::TOPIC_SEPARATOR;
use upshot_core::record::Attributes;
use upshot_core::words::{
    EscalationKind, EventType, FeedbackRating, HandoverStage, HandoverTrigger, MessageKind,
    OptionStage, Outcome, QuestionStage, Role, Rule, SurveyKind, SurveyStage, TopicKind,
    TopicTrigger,
};

use super::course::environment;
use super::decide::Shown;
use super::part::{is_users, kind, kind_of_users, topic_kind, trigger};
use super::row::{Cell, Row};
use super::told::{Told, WHO_AND_WHERE};
use super::visits::dollars;

pub fn session(told: &Told<'_>, workspace: &str, billed: usize) -> Row {
    let mut row = Row::default();
    let conversation = &told.first.conversation_id;
    row.text(
        "session_id",
        Some(&session_id(workspace, conversation, &told.first.event_id)),
    );
    row.text("conversation_id", Some(conversation));
    row.text("source", told.first.source.as_deref());
    row.count("billed_sessions", billed);
    told.who_and_where(&mut row);
    told.span(&mut row);
    told.verdicts(&mut row);
    told.topics(&mut row);
    told.counts(&mut row);
    told.understood(&mut row);
    told.handover(&mut row);
    told.surveys(&mut row);
    told.feedback(&mut row);
    told.models(&mut row);
    told.reported(&mut row);
    told.names(&mut row);
    told.moments(&mut row);
    told.numbers(&mut row);
    row
}

fn evidence(row: &mut Row, names: [&'static str; 3], shown: Option<(i64, Rule, Option<&str>)>) {
    row.number(names[0], shown.map(|(time, ..)| time));
    row.word(names[1], shown.map(|(_, rule, _)| rule));
    row.text(names[2], shown.and_then(|(.., event)| event));
}

impl<'a> Told<'a> {
    fn who_and_where(&self, row: &mut Row) {
        let known = self.known(self.given.len());
        for name in WHO_AND_WHERE {
            row.put(name, known.get(name).cloned());
        }
        row.put("environment", Some(environment(&known)));
        let one_conversations = self.events().any(|event| {
            let user = known.get("user_id");
            user == Some(&Cell::Text(event.conversation_id.to_string()))
        });
        let unlinkable = known.get("unlinkable") == Some(&Cell::Flag(true)) || one_conversations;
        row.flag(
            "unlinkable",
            Some(unlinkable || !known.contains_key("user_id")),
        );
        let users = self.messages_of(Role::User).into_iter();
        let mut languages = users.filter_map(|place| self.given[place].event.language.as_deref());
        row.text("language", languages.next());
    }

    fn span(&self, row: &mut Row) {
        row.number("start_time", Some(self.first.time));
        row.number("end_time", Some(self.end_time()));
        row.number("duration", Some(self.end_time() - self.first.time));
        let ending = self.ending.as_ref();
        row.flag("open", Some(ending.is_none()));
        row.number("ended_time", ending.map(|ending| ending.time));
        row.word("end_reason", ending.map(|ending| ending.reason));
        row.word("closed_by", ending.map(|ending| ending.by));
        let event = ending.and_then(|ending| ending.event);
        row.text("end_event", event.map(|event| event.event_id.as_ref()));
    }

    fn shown(&self, shown: Option<Shown>) -> Option<(i64, Rule, Option<&'a str>)> {
        let Shown { place, rule } = shown?;
        let event = place.map(|place| self.given[place].event);
        let time = event.map_or(self.end_time(), |event| event.time);
        Some((time, rule, event.map(|event| event.event_id.as_ref())))
    }

    fn verdicts(&self, row: &mut Row) {
        let begun = self.begun;
        row.word("start_rule", begun.map(|(_, rule)| rule));
        row.text(
            "start_event",
            begun.map(|(event, _)| event.event_id.as_ref()),
        );
        let first_act = self.events().find(|event| is_users(event));
        row.number("first_user_time", first_act.map(|event| event.time));
        let unasked = (0..self.given.len()).any(|place| {
            let event = self.given[place].event;
            self.messages_of(Role::Bot).contains(&place)
                && event.proactive == Some(true)
                && !self.user_acted(place)
        });
        let proactive = begun.is_some_and(|(_, rule)| rule == Rule::StartProactive);
        row.flag("proactive", Some(proactive || unasked));
        let engaged = self.shown(self.engagement());
        evidence(
            row,
            ["engaged_time", "engaged_rule", "engaged_event"],
            engaged,
        );
        let escalated = self.shown(self.escalation());
        evidence(
            row,
            ["escalated_time", "escalated_rule", "escalated_event"],
            escalated,
        );
        let resolution = self.resolution();
        let resolved = self.shown(resolution.map(|(shown, _)| shown));
        evidence(
            row,
            ["resolved_time", "resolved_rule", "resolved_event"],
            resolved,
        );
        row.word("resolution_kind", resolution.map(|(_, kind)| kind));
        row.word("escalation_kind", escalated.map(|_| self.escalation_kind()));
        let outcome = self.outcome().map(|(outcome, _)| outcome);
        row.word("outcome", outcome);
        let reasons = self.events().filter(|event| {
            [EventType::Outcome, EventType::ConversationEnd].contains(&kind(event))
        });
        let said = reasons
            .filter_map(|event| event.outcome_reason.as_deref())
            .next();
        let of_handover = self.first_of_handover(|event| event.handover_reason.as_deref());
        let escalated = outcome == Some(Outcome::Escalated);
        row.text("outcome_reason", of_handover.filter(|_| escalated).or(said));
    }

    /// The platform's three groups of reasons.
    fn escalation_kind(&self) -> EscalationKind {
        match self.first_of_handover(|event| event.handover_trigger) {
            Some(
                HandoverTrigger::Direct
                | HandoverTrigger::AfterFallback
                | HandoverTrigger::OperatorButton,
            ) => EscalationKind::UserRequested,
            Some(HandoverTrigger::Configured | HandoverTrigger::Policy) => {
                EscalationKind::SystemIntended
            }
            Some(_) => EscalationKind::SystemUnintended,
            None => EscalationKind::Unknown,
        }
    }

    fn first_of_handover<T>(&self, ask: impl Fn(&'a Event) -> Option<T>) -> Option<T> {
        self.handovers()
            .into_iter()
            .find_map(|(_, event, _)| ask(event))
    }

    fn topics(&self, row: &mut Row) {
        let visits = self.of_type(EventType::Topic);
        row.count("topic_visits", visits.len());
        let mut ids: Vec<&str> = Vec::new();
        for id in visits
            .iter()
            .filter_map(|(_, topic)| topic.topic_id.as_deref())
        {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        let joined = ids.join(&TOPIC_SEPARATOR.to_string());
        row.text("topics", Some(joined.as_str()).filter(|_| !ids.is_empty()));
        let owner = self.owner();
        row.text(
            "topic_id",
            owner.and_then(|topic| topic.topic_id.as_deref()),
        );
        row.text(
            "topic_name",
            owner.and_then(|topic| topic.topic_name.as_deref()),
        );
        row.word("topic_kind", owner.map(topic_kind));
        let namings = self.namings();
        row.text("first_intent", namings.first().map(|(_, intent)| *intent));
        row.text("last_intent", namings.last().map(|(_, intent)| *intent));
        let several = |event: &Event| match kind(event) {
            EventType::Topic => topic_kind(event) == TopicKind::MultipleTopicsMatched,
            EventType::Intent => {
                event.unmatched != Some(true)
                    && event.intent.is_none()
                    && event.intent_candidates.is_some()
            }
            _ => false,
        };
        row.flag("multiple_topics_matched", Some(self.events().any(several)));
    }

    /// Topics that are entered after the end do not count.
    fn owner(&self) -> Option<&'a Event> {
        let visits = self.of_type(EventType::Topic).into_iter();
        let all: Vec<&Event> = visits
            .filter(|(place, _)| self.is_live(*place))
            .map(|(_, topic)| topic)
            .collect();
        let is_custom = |topic: &&&Event| topic_kind(topic) == TopicKind::Custom;
        let owner = self.book.text("topic.owner");
        if owner == "last_direct_custom_else_last_direct_system_else_last" {
            let mut direct = all.clone();
            direct.retain(|topic| trigger(topic) == TopicTrigger::Direct);
            let custom = direct.iter().rev().find(is_custom);
            return custom.or(direct.last()).or(all.last()).copied();
        }
        let mut counting = all;
        counting.retain(|topic| self.book.lists("topic.owner_triggers", trigger(topic)));
        let system = match owner {
            "last_custom_else_first_system" => counting.first(),
            "last_custom_else_last_system" => counting.last(),
            _ => panic!("owner `{owner}`"),
        };
        counting.iter().rev().find(is_custom).or(system).copied()
    }

    fn counts(&self, row: &mut Row) {
        row.count("events", self.given.len());
        row.count(
            "user_acts",
            self.events().filter(|event| is_users(event)).count(),
        );
        row.count("messages", self.messages().len());
        row.count("user_messages", self.messages_of(Role::User).len());
        row.count("bot_messages", self.messages_of(Role::Bot).len());
        row.count("agent_messages", self.messages_of(Role::Agent).len());
        let of_kind = |wanted: MessageKind| {
            let users = self.messages_of(Role::User).into_iter();
            users
                .filter(|place| kind_of_users(self.given[*place].event) == wanted)
                .count()
        };
        row.count("text_messages", of_kind(MessageKind::Text));
        row.count("option_messages", of_kind(MessageKind::Option));
        row.count("voice_messages", of_kind(MessageKind::Voice));
        row.count("attachment_messages", of_kind(MessageKind::Attachment));
        row.count("exchanges", self.exchanges().len());
        row.number("first_response_time", self.first_response_time());
        row.number(
            "response_time_sum",
            Some(self.response_times().iter().sum()),
        );
        row.count("responses", self.response_times().len());
        let options = |stage| {
            let options = self.of_type(EventType::Option).into_iter();
            options
                .filter(|(_, option)| option.option_stage == Some(stage))
                .count()
        };
        row.count("options_shown", options(OptionStage::Shown));
        row.count("options_chosen", options(OptionStage::Chosen));
        let questions = |stage| {
            let questions = self.of_type(EventType::Question).into_iter();
            questions
                .filter(|(_, question)| question.question_stage == Some(stage))
                .count()
        };
        row.count("questions_asked", questions(QuestionStage::Asked));
        row.count(
            "questions_asked_again",
            questions(QuestionStage::AskedAgain),
        );
        row.count("errors", self.of_type(EventType::Error).len());
        let mut attributes = Attributes::new();
        for event in self.events() {
            attributes.extend(event.attributes.clone());
        }
        row.put("attributes", Some(Cell::Map(attributes)));
    }

    fn understood(&self, row: &mut Row) {
        let messages = self.messages_of(Role::User);
        let must = messages
            .iter()
            .filter(|place| self.had_to_understand(**place));
        row.count("understandable_messages", must.count());
        let all = self.given.len();
        let unmatched = messages
            .iter()
            .filter(|place| self.is_unmatched(**place, all));
        row.count("fallbacks", unmatched.count());
        row.count("consecutive_fallbacks", self.longest_run_unmatched());
        let last = self.messages_of(Role::Bot).last().copied();
        let fallback = last.is_some_and(|place| self.is_fallback_answer(place));
        row.flag("last_answer_fallback", Some(fallback));
        row.count(
            "generated_questions",
            self.of_type(EventType::Knowledge).len(),
        );
        row.count(
            "generated_answers",
            (0..all).filter(|place| self.generates(*place)).count(),
        );
    }

    fn handover(&self, row: &mut Row) {
        let stages = self.stages();
        let first = |wanted: HandoverStage| {
            let mut stages = stages.iter();
            stages
                .find(|(.., stage)| *stage == wanted)
                .map(|(_, event, _)| event.time)
        };
        let number =
            |wanted: HandoverStage| stages.iter().filter(|(.., stage)| *stage == wanted).count();
        row.number("handover_requested_time", self.first_asked());
        // Whoever waits for a person has asked for one, whether or not the source says so.
        let asked = number(HandoverStage::Requested) + self.implied_requests().len();
        let asked = asked.max(usize::from(self.first_asked().is_some()));
        row.count("handover_requests", asked);
        row.count("transfers", number(HandoverStage::Transferred));
        row.word("handover_stage", stages.last().map(|(.., stage)| *stage));
        row.number("queued_time", first(HandoverStage::Queued));
        row.number("accepted_time", self.accepted());
        row.number("finished_time", self.finished());
        row.word(
            "handover_trigger",
            self.first_of_handover(|event| event.handover_trigger),
        );
        row.word(
            "handover_kind",
            self.first_of_handover(|event| event.handover_kind),
        );
        row.flag(
            "context_passed",
            self.first_of_handover(|event| event.context_passed),
        );
        row.text(
            "queue",
            self.first_of_handover(|event| event.queue.as_deref()),
        );
        let people = |event: &&Event| {
            kind(event) == EventType::Handover && event.handover_stage.is_some()
                || kind(event) == EventType::Message && event.role == Some(Role::Agent)
        };
        let mut agents = self.events().filter(people);
        row.text(
            "agent_id",
            agents.find_map(|event| event.agent_id.as_deref()),
        );
        let mut skills = self.events().filter(people);
        row.text("skill", skills.find_map(|event| event.skill.as_deref()));
    }

    /// When the last agent said so, else when the conversation that an agent had in hand was ended.
    fn finished(&self) -> Option<i64> {
        let stages = self.stages();
        let finished = stages
            .iter()
            .rev()
            .find(|(.., stage)| *stage == HandoverStage::Finished);
        if let Some((_, event, _)) = finished {
            return Some(event.time);
        }
        let ends = self.of_type(EventType::ConversationEnd).into_iter();
        let mut by_agents =
            ends.filter(|(place, _)| self.with_people(*place) && self.accepted_before(*place));
        by_agents.next().map(|(_, end)| end.time)
    }

    fn accepted_before(&self, place: usize) -> bool {
        let mut before = self.clone();
        before.given.truncate(place);
        before.accepted().is_some()
    }

    fn survey_events(&self, wanted: SurveyKind) -> Vec<&'a Event> {
        let surveys = self.of_type(EventType::Survey).into_iter();
        surveys
            .map(|(_, event)| event)
            .filter(|event| event.survey_kind.unwrap_or(SurveyKind::Csat) == wanted)
            .collect()
    }

    fn surveys(&self, row: &mut Row) {
        let answers = |wanted: SurveyKind| {
            let events = self.survey_events(wanted).into_iter();
            let answered = events.filter(|event| event.survey_stage == Some(SurveyStage::Answered));
            let scores = answered.filter_map(|event| Some((event, event.survey_score?)));
            scores.collect::<Vec<_>>()
        };
        let offered = |wanted| Some(!self.survey_events(wanted).is_empty());
        row.flag("csat_offered", offered(SurveyKind::Csat));
        row.flag("nps_offered", offered(SurveyKind::Nps));
        row.flag("resolution_survey_offered", offered(SurveyKind::Resolution));
        let scale = |event: &Event| {
            let lowest = event.survey_scale_minimum;
            let highest = event.survey_scale_maximum;
            (
                lowest.unwrap_or(self.book.real("survey.csat_minimum")),
                highest.unwrap_or(self.book.real("survey.csat_maximum")),
            )
        };
        let counts = |event: &Event, score: f64| {
            let (lowest, highest) = scale(event);
            let zero = score == 0.0 && self.book.is("survey.csat_zero_is_valid");
            zero || lowest <= score && score <= highest
        };
        let all = answers(SurveyKind::Csat);
        let (valid, invalid): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|(event, score)| counts(event, *score));
        row.count("csat_invalid", invalid.len());
        let last = valid.last();
        row.real("csat_score", last.map(|(_, score)| *score));
        row.real("csat_scale_minimum", last.map(|(event, _)| scale(event).0));
        row.real("csat_scale_maximum", last.map(|(event, _)| scale(event).1));
        let mut nps = answers(SurveyKind::Nps);
        nps.retain(|(_, score)| (0.0..=10.0).contains(score));
        row.real("nps_score", nps.last().map(|(_, score)| *score));
        let resolution = answers(SurveyKind::Resolution);
        row.flag(
            "resolution_survey_answer",
            resolution.last().map(|(_, score)| *score > 0.0),
        );
    }

    fn feedback(&self, row: &mut Row) {
        let offered = self.ratings().into_iter();
        let offered = offered
            .filter(|(_, rating, _)| *rating == FeedbackRating::Offered)
            .count();
        row.number(
            "feedback_offered",
            Some(offered as i64).filter(|offered| *offered > 0),
        );
        let ratings = self.counted_ratings();
        let number = |wanted| ratings.iter().filter(|rating| **rating == wanted).count();
        row.count("feedback_up", number(FeedbackRating::Up));
        row.count("feedback_down", number(FeedbackRating::Down));
        row.count("feedback_neutral", number(FeedbackRating::Neutral));
    }

    fn models(&self, row: &mut Row) {
        let calls: Vec<&Event> = self
            .of_type(EventType::ModelCall)
            .into_iter()
            .map(|(_, event)| event)
            .collect();
        let sum = |ask: fn(&Event) -> Option<i64>| {
            Some(calls.iter().filter_map(|call| ask(call)).sum::<i64>())
        };
        row.count("model_calls", calls.len());
        row.number("tokens_input", sum(|call| call.tokens_input));
        row.number("tokens_output", sum(|call| call.tokens_output));
        row.number("tokens_cached", sum(|call| call.tokens_cached));
        row.number("tokens_reasoning", sum(|call| call.tokens_reasoning));
        let costs: Vec<f64> = calls.iter().filter_map(|call| dollars(call)).collect();
        row.real(
            "model_cost",
            Some(costs.iter().sum()).filter(|_| !costs.is_empty()),
        );
        let mut models = calls.iter().filter_map(|call| call.model.as_deref());
        row.text("model", models.next_back());
    }

    fn reported(&self, row: &mut Row) {
        let reports: Vec<&Event> = self
            .of_type(EventType::Report)
            .into_iter()
            .map(|(_, event)| event)
            .collect();
        let mut last = reports.iter().rev();
        row.flag(
            "reported_engaged",
            last.clone().find_map(|report| report.reported_engaged),
        );
        row.word(
            "reported_outcome",
            last.clone().find_map(|report| report.reported_outcome),
        );
        row.flag(
            "reported_implied",
            last.clone().find_map(|report| report.reported_implied),
        );
        row.number(
            "reported_turns",
            last.clone().find_map(|report| report.reported_turns),
        );
        let reason = last.find_map(|report| report.reported_outcome_reason.as_deref());
        row.text("reported_outcome_reason", reason);
    }
}
