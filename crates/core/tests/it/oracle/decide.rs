//! What came of a session: engagement, resolution, escalation, its end.

use upshot_core::Event;
use upshot_core::words::{
    Actor, EndReason, EventType, HandoverTrigger, Outcome, ResolutionKind, Role, Rule, SurveyKind,
    SurveyStage, TopicKind, TopicTrigger, Word,
};

use super::part::{is_message_of, is_users, kind, topic_kind, trigger};
use super::told::Told;

/// That something holds: the place of the event that shows it, if one does, and the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    pub place: Option<usize>,
    pub rule: Rule,
}

fn enters(event: &Event, topic: TopicKind) -> bool {
    kind(event) == EventType::Topic && topic_kind(event) == topic
}

fn declares(event: &Event) -> Option<Outcome> {
    let says = kind(event) == EventType::Outcome
        && !matches!(event.actor, Some(Actor::Reviewer | Actor::Judge));
    event.outcome.filter(|_| says)
}

/// Who did it, if the event says so.
pub fn who(event: &Event) -> Option<Actor> {
    let speaker = match event.role {
        Some(Role::User) => Some(Actor::User),
        Some(Role::Bot) => Some(Actor::Bot),
        Some(Role::Agent) => Some(Actor::Agent),
        Some(Role::System) => Some(Actor::System),
        _ => None,
    };
    event.actor.or(speaker)
}

impl<'a> Told<'a> {
    /// The places of the events that decide anything: what stands before the beginning and what comes
    /// after the end does not.
    fn deciding(&self) -> std::ops::Range<usize> {
        let begun = self.begun.map(|(event, _)| event.event_id.as_ref());
        let beginning = self
            .events()
            .position(|event| Some(event.event_id.as_ref()) == begun);
        beginning.unwrap_or(usize::MAX).min(self.course())..self.course()
    }

    // Engagement.

    /// By what and where the session became engaged, if it did up to this place.
    fn engaged_by(&self, last: usize) -> Option<Shown> {
        let confirms = |place: usize| {
            let engages = self.book.is("resolution.engages") && !self.is_peoples_own(place + 1);
            self.may_confirm(place).filter(|_| engages)
        };
        let shown = |place: usize| {
            let rule = self
                .engages(place)
                .or(self.escalates(place))
                .or_else(|| confirms(place))?;
            Some(Shown {
                place: Some(place),
                rule,
            })
        };
        self.deciding()
            .filter(|place| *place <= last)
            .find_map(shown)
    }

    pub fn engagement(&self) -> Option<Shown> {
        self.engaged_by(usize::MAX)
    }

    /// The first rule of the profile's list that holds at this place.
    fn engages(&self, place: usize) -> Option<Rule> {
        let event = self.given[place].event;
        let waits = self.book.is("engagement.needs_user_act")
            && !self.user_acted(place)
            && event.topic_trigger != Some(TopicTrigger::Direct);
        if waits {
            return None;
        }
        let rules = self.book.list("engagement.rules");
        let holds = |rule: &&str| self.rule_holds(rule, place);
        rules.into_iter().find(holds).and_then(Rule::parse)
    }

    fn rule_holds(&self, rule: &str, place: usize) -> bool {
        let event = self.given[place].event;
        let of_type = |wanted| kind(event) == wanted;
        match rule {
            "custom_topic" => {
                enters(event, TopicKind::Custom)
                    && self
                        .book
                        .lists("engagement.custom_topic_triggers", trigger(event))
            }
            "escalate_topic" => enters(event, TopicKind::Escalate),
            "fallback" => {
                let understanding = of_type(EventType::Intent) || of_type(EventType::Message);
                enters(event, TopicKind::Fallback) || understanding && event.unmatched == Some(true)
            }
            "generative_answer" => {
                enters(event, TopicKind::GenerativeAnswers) || self.generates(place)
            }
            "plan_step" => {
                let planned = event.topic_trigger == Some(TopicTrigger::Plan);
                let topics = ["custom", "escalate", "fallback", "generative_answers"];
                of_type(EventType::Knowledge)
                    || of_type(EventType::ModelCall) && event.tool.is_some()
                    || of_type(EventType::Topic)
                        && planned
                        && topics.contains(&topic_kind(event).as_str())
            }
            "answered_user_act" => self.answers_user(place),
            "user_act" => is_users(event),
            "intent_recognised" => {
                let recognises = of_type(EventType::Intent) || is_message_of(event, Role::User);
                let silent = "engagement.kinds_that_do_not_engage";
                recognises
                    && event.unmatched != Some(true)
                    && !event
                        .topic_kind
                        .is_some_and(|kind| self.book.lists(silent, kind))
                    && event
                        .intent
                        .as_deref()
                        .is_some_and(|intent| !self.is_greeting(intent))
            }
            "handover" => {
                of_type(EventType::Handover)
                    && event.handover_stage.is_some()
                    && !self.went_straight_to_people(place)
            }
            _ => panic!("rule `{rule}`"),
        }
    }

    fn is_greeting(&self, intent: &str) -> bool {
        self.book
            .has_any_case("engagement.greeting_intents", intent)
    }

    /// Whether the bot answers what the user said or chose with more than a greeting or fallback.
    fn answers_user(&self, place: usize) -> bool {
        let asked = self.spoke_before(place + 1).is_some();
        if !asked
            || !is_message_of(self.given[place].event, Role::Bot)
            || self.is_fallback_answer(place)
        {
            return false;
        }
        match self.answers_out_of(place) {
            Some(topic) => !self
                .book
                .lists("engagement.kinds_that_do_not_engage", topic),
            None => !self
                .taken_for(place + 1)
                .is_some_and(|intent| self.is_greeting(intent)),
        }
    }

    // Escalation.

    /// By which rule the event at this place escalates the session.
    pub fn escalates(&self, place: usize) -> Option<Rule> {
        let event = self.given[place].event;
        if !self.deciding().contains(&place) {
            return None;
        }
        if enters(event, TopicKind::Escalate) && self.book.is("escalation.topic") {
            return Some(Rule::EscalateTopic);
        }
        let stage = event
            .handover_stage
            .filter(|_| kind(event) == EventType::Handover);
        if stage.is_some_and(|stage| self.book.lists("escalation.stages", stage))
            && !self.went_straight_to_people(place)
        {
            return Some(Rule::Handover);
        }
        (declares(event) == Some(Outcome::Escalated)).then_some(Rule::DeclaredByAuthor)
    }

    pub fn escalation(&self) -> Option<Shown> {
        let shown = |place| {
            Some(Shown {
                place: Some(place),
                rule: self.escalates(place)?,
            })
        };
        self.deciding().find_map(shown)
    }

    // Resolution.

    /// By which rule the event at this place would confirm a resolution.
    fn may_confirm(&self, place: usize) -> Option<Rule> {
        let event = self.given[place].event;
        let by = |what: &str| self.book.has("resolution.confirmed_by", what);
        if enters(event, TopicKind::ConfirmedSuccess) && by("confirmed_success_topic") {
            return Some(Rule::ConfirmedSuccessTopic);
        }
        if self
            .answer_to_resolution(event)
            .is_some_and(|score| score > 0.0)
            && by("resolution_survey")
        {
            return Some(Rule::UserConfirmed);
        }
        if declares(event) == Some(Outcome::Resolved)
            && event.resolution_kind != Some(ResolutionKind::Implied)
            && by("declared")
        {
            let by_user = event.actor == Some(Actor::User);
            return Some(if by_user {
                Rule::UserConfirmed
            } else {
                Rule::DeclaredByAuthor
            });
        }
        let goals = self.book.list("resolution.goals");
        let goal = |known: &&str| *known == "*" || event.goal.as_deref() == Some(known);
        let reached = kind(event) == EventType::Conversion && goals.iter().any(goal);
        reached.then_some(Rule::GoalReached)
    }

    /// The answer to «did that answer your question».
    fn answer_to_resolution(&self, event: &Event) -> Option<f64> {
        let answered = kind(event) == EventType::Survey
            && event.survey_kind == Some(SurveyKind::Resolution)
            && event.survey_stage == Some(SurveyStage::Answered);
        event.survey_score.filter(|_| answered)
    }

    fn confirms(&self, place: usize) -> Option<Rule> {
        let rule = self.may_confirm(place)?;
        // What people settle without a bot is resolved and says nothing of the bot.
        let counts = self.engaged_by(place).is_some() || self.is_peoples_own(place + 1);
        counts.then_some(rule)
    }

    fn denies(&self, place: usize) -> bool {
        let event = self.given[place].event;
        enters(event, TopicKind::ConfirmedFailure) || self.answer_to_resolution(event) == Some(0.0)
    }

    /// The first confirmation that nobody denied later.
    fn confirmation(&self) -> Option<Shown> {
        let denied = self.deciding().rev().find(|place| self.denies(*place));
        let shown = |place| {
            Some(Shown {
                place: Some(place),
                rule: self.confirms(place)?,
            })
        };
        self.deciding()
            .filter(|place| denied.is_none_or(|denied| denied < *place))
            .find_map(shown)
    }

    /// By which rule the event at this place implies a resolution if silence follows.
    fn implies(&self, place: usize) -> Option<Rule> {
        let event = self.given[place].event;
        let by = |what: &str| self.book.has("resolution.implied_by", what);
        if enters(event, TopicKind::EndOfConversation) && by("end_of_conversation") {
            return Some(Rule::EndOfConversationTimeout);
        }
        let declared = declares(event) == Some(Outcome::Resolved)
            && event.resolution_kind == Some(ResolutionKind::Implied)
            && by("declared");
        declared.then_some(Rule::ImpliedSuccessTimeout)
    }

    fn takes_back(&self, place: usize) -> bool {
        let event = self.given[place].event;
        let by = |what: &str| self.book.has("resolution.implied_cancelled_by", what);
        is_message_of(event, Role::User) && by("user_message")
            || enters(event, TopicKind::Custom) && by("custom_topic")
            || self.denies(place) && by("denied")
    }

    fn implication(&self) -> Option<Shown> {
        let implied = self
            .deciding()
            .rev()
            .find(|place| self.implies(*place).is_some());
        if let Some(place) = implied
            && !self
                .deciding()
                .any(|later| later > place && self.takes_back(later))
        {
            return Some(Shown {
                place: Some(place),
                rule: self.implies(place)?,
            });
        }
        let no_plan_waits =
            self.book.has("resolution.implied_by", "no_active_plan") && self.plans_are_over();
        no_plan_waits.then_some(Shown {
            place: None,
            rule: Rule::NoActivePlan,
        })
    }

    /// Whether plans ran, all are over, and no question waits for the user.
    fn plans_are_over(&self) -> bool {
        let (mut ran, mut open) = (0, 0_i64);
        for event in self.events().take(self.course()) {
            match kind(event) {
                EventType::Topic if event.topic_trigger == Some(TopicTrigger::Plan) => {
                    ran += 1;
                    open += 1;
                }
                EventType::TopicEnd => open = (open - 1).max(0),
                _ => {}
            }
        }
        let questions = self.of_type(EventType::Question);
        let last = questions
            .iter()
            .rev()
            .find(|(place, _)| self.is_live(*place));
        let waits = last.is_some_and(|(_, event)| {
            let stage = event.question_stage.map_or("", Word::as_str);
            ["asked", "asked_again"].contains(&stage)
        });
        ran > 0 && open == 0 && !waits
    }

    // The end.

    /// The outcome of a session that is over.
    pub fn outcome(&self) -> Option<(Outcome, Option<ResolutionKind>)> {
        self.ending.as_ref()?;
        if self.engagement().is_none() {
            return Some((Outcome::None, None));
        }
        for first in self.book.list("ends.precedence") {
            if first == "escalated" && self.escalation().is_some() {
                return Some((Outcome::Escalated, None));
            }
            if first == "resolved" && self.confirmation().is_some() {
                return Some((Outcome::Resolved, Some(ResolutionKind::Confirmed)));
            }
        }
        Some(match self.implication() {
            Some(_) => (Outcome::Resolved, Some(ResolutionKind::Implied)),
            None => (Outcome::Abandoned, None),
        })
    }

    /// What shows that the session was resolved, and in which way.
    pub fn resolution(&self) -> Option<(Shown, ResolutionKind)> {
        if self.outcome() == Some((Outcome::Resolved, Some(ResolutionKind::Implied))) {
            return Some((self.implication()?, ResolutionKind::Implied));
        }
        Some((self.confirmation()?, ResolutionKind::Confirmed))
    }

    /// Whether the session ends with the event at this place: why, and by whom.
    pub fn ends_with(&self, place: usize) -> Option<(EndReason, Actor)> {
        let event = self.given[place].event;
        if let Some(rule) = self.escalates(place) {
            let key = if rule == Rule::DeclaredByAuthor {
                "ends.declared"
            } else {
                "ends.escalated"
            };
            return self
                .book
                .is(key)
                .then(|| (EndReason::Escalated, escalated_by(event)));
        }
        let resolved = self.confirms(place).filter(|_| {
            let by_user = matches!(kind(event), EventType::Topic | EventType::Survey);
            self.book.is(if by_user {
                "ends.resolved"
            } else {
                "ends.declared"
            })
        });
        if let Some(rule) = resolved {
            let by_user = matches!(rule, Rule::UserConfirmed | Rule::ConfirmedSuccessTopic);
            let by = if by_user {
                Actor::User
            } else {
                who(event).unwrap_or(Actor::Bot)
            };
            return Some((EndReason::Resolved, by));
        }
        if enters(event, TopicKind::StartOver) && self.book.is("ends.start_over") {
            return Some((EndReason::StartOver, Actor::User));
        }
        let survey = event.survey_kind.unwrap_or(SurveyKind::Csat);
        if kind(event) == EventType::Survey
            && event.survey_stage == Some(SurveyStage::Answered)
            && self.book.lists("ends.surveys", survey)
        {
            return Some((EndReason::SurveyAnswered, Actor::User));
        }
        if kind(event) == EventType::ConversationEnd && self.book.is("ends.conversation_end") {
            let by = who(event).unwrap_or(Actor::System);
            let silence = by == Actor::Timeout;
            return Some((
                if silence {
                    EndReason::Timeout
                } else {
                    EndReason::Closed
                },
                by,
            ));
        }
        None
    }
}

/// Who is behind an escalation: who the event names, the user who asked, else the bot.
fn escalated_by(event: &Event) -> Actor {
    let asked = matches!(
        event.handover_trigger,
        Some(
            HandoverTrigger::Direct
                | HandoverTrigger::AfterFallback
                | HandoverTrigger::OperatorButton
        )
    );
    let entered = event.topic_trigger == Some(TopicTrigger::Direct);
    let by_user = asked || entered;
    who(event).unwrap_or(if by_user { Actor::User } else { Actor::Bot })
}
