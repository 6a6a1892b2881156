//! From a draft to the facts: the texts are copied, and what belongs to the whole session is written
//! into its messages and steps.

use super::context::Context;
use super::draft::{Draft, since};
use super::{Brief, FactSink};
use crate::event::{EventView, session_id};
use crate::facts::{Message, Session, Step, TOPIC_SEPARATOR};
use crate::profile::Profile;
use crate::words::{Environment, EscalationKind, HandoverTrigger, Outcome, ResolutionKind};

/// What all facts of a conversation have in common.
#[derive(Clone, Copy)]
pub(super) struct Common<'e> {
    pub workspace: &'e str,
    pub profile: &'e Profile,
    pub conversation_id: &'e str,
}

impl Common<'_> {
    /// Hands a session over with its messages and steps.
    pub fn emit(&self, draft: &mut Draft<'_>, sink: &mut impl FactSink) {
        let context = draft.full_context();
        let rules = self.profile.rules();
        let test = context.environment == Some(Environment::Test);
        if draft.start.is_none() || test && !rules.keeps_test_sessions {
            return;
        }
        if draft.brief {
            return sink.brief(brief(draft, &context, self.conversation_id));
        }
        let until = draft.facts.end_time;
        if let Some(last) = draft.last_topic_step.and_then(|at| draft.steps.get_mut(at)) {
            last.duration = Some(since(last.time, until).max(0));
        }
        draft.look_back(rules);
        let messages = std::mem::take(&mut draft.messages);
        let steps = std::mem::take(&mut draft.steps);
        let session = self.session(draft, &context);
        for message in messages {
            sink.message(self.message(message, &session));
        }
        for step in steps {
            sink.step(self.step(step, &session));
        }
        sink.session(session);
    }

    fn session(&self, draft: &mut Draft<'_>, context: &Context<'_>) -> Session {
        let mut session = std::mem::take(&mut draft.facts);
        session.session_id = session_id(self.workspace, self.conversation_id, draft.first_event);
        session.fact_set = Some(self.profile.fact_set_name().into());
        session.conversation_id = self.conversation_id.into();
        session.duration = since(session.start_time, session.end_time);
        session.open = draft.end.is_none();
        context.write(&mut session);
        // An id that is the conversation's is another one next time.
        session.unlinkable |= context.user_id == Some(self.conversation_id);
        session.user_key = Some(context.user_key(self.conversation_id));
        session.person_key = Some(context.person_key(self.conversation_id));
        session.source = draft.source.map(Into::into);
        session.language = draft.language.map(Into::into);
        if let Some((rule, event)) = draft.start {
            session.start_rule = Some(rule);
            session.start_event = Some(event.into());
        }
        self.write_outcome(draft, &mut session);
        write_end(draft, &mut session);
        self.write_topics(draft, &mut session);
        write_handover(draft, &mut session);
        write_lists(draft, &mut session);
        session.model = draft.model.map(Into::into);
        session.reported_outcome_reason = draft.reported_reason.map(Into::into);
        session
    }

    fn write_outcome(&self, draft: &Draft<'_>, session: &mut Session) {
        if let Some(engaged) = draft.engaged {
            session.engaged_time = Some(engaged.time);
            session.engaged_rule = Some(engaged.rule);
            session.engaged_event = engaged.event.map(Into::into);
        }
        if let Some(escalated) = draft.escalated {
            session.escalated_time = Some(escalated.time);
            session.escalated_rule = Some(escalated.rule);
            session.escalated_event = escalated.event.map(Into::into);
            session.escalation_kind = Some(escalation_kind(session.handover_trigger));
        }
        let outcome = draft.outcome.unzip();
        session.outcome = outcome.0;
        let implied = outcome.0 == Some(Outcome::Resolved)
            && outcome.1.flatten() == Some(ResolutionKind::Implied);
        let resolved = if implied {
            draft.implied
        } else {
            draft.confirmed
        };
        if let Some(resolved) = resolved {
            session.resolved_time = Some(resolved.time);
            session.resolved_rule = Some(resolved.rule);
            session.resolved_event = resolved.event.map(Into::into);
            session.resolution_kind = Some(if implied {
                ResolutionKind::Implied
            } else {
                ResolutionKind::Confirmed
            });
        }
        let reason = match outcome.0 {
            Some(Outcome::Escalated) => draft.handover_reason.or(draft.outcome_reason),
            _ => draft.outcome_reason,
        };
        session.outcome_reason = reason.map(Into::into);
    }

    fn write_topics(&self, draft: &Draft<'_>, session: &mut Session) {
        if let Some(owner) = draft.owner(self.profile.rules()) {
            session.topic_id = owner.id.map(Into::into);
            session.topic_name = owner.name.map(Into::into);
            session.topic_kind = Some(owner.kind);
        }
        if !draft.topics.is_empty() {
            let mut separator = [0; 4];
            let separator = TOPIC_SEPARATOR.encode_utf8(&mut separator);
            session.topics = Some(draft.topics.join(separator).into());
        }
        session.first_intent = draft.first_intent.map(Into::into);
        session.last_intent = draft.last_intent.map(Into::into);
    }

    fn message(&self, message: Message, session: &Session) -> Message {
        Message {
            session_id: Some(session.session_id.clone()),
            session_start: session.start_time,
            bot: session.bot.clone(),
            bot_version: session.bot_version.clone(),
            environment: session.environment,
            channel: session.channel.clone(),
            user_key: session.user_key,
            fact_set: session.fact_set.clone(),
            conversation_id: session.conversation_id.clone(),
            ..message
        }
    }

    fn step(&self, step: Step, session: &Session) -> Step {
        Step {
            session_id: session.session_id.clone(),
            session_start: session.start_time,
            bot: session.bot.clone(),
            bot_version: session.bot_version.clone(),
            environment: session.environment,
            channel: session.channel.clone(),
            user_key: session.user_key,
            fact_set: session.fact_set.clone(),
            conversation_id: session.conversation_id.clone(),
            ..step
        }
    }

    /// The fact of an agent's message that belongs to no session.
    pub fn lone_message<E: EventView>(&self, event: &E, context: &Context<'_>) -> Option<Message> {
        let environment = context.environment_or_production();
        if environment == Environment::Test && !self.profile.keeps_test_sessions() {
            return None;
        }
        Some(Message {
            event_id: event.event_id().into(),
            fact_set: Some(self.profile.fact_set_name().into()),
            conversation_id: self.conversation_id.into(),
            session_start: event.time(),
            time: event.time(),
            position: 1,
            role: event.role(),
            message_kind: event.message_kind(),
            bot: context.bot.map(Into::into),
            bot_version: context.bot_version.map(Into::into),
            environment: Some(environment),
            channel: context.channel.map(Into::into),
            user_key: Some(context.user_key(self.conversation_id)),
            topic_id: event.topic_id().map(Into::into),
            topic_kind: event.topic_kind(),
            agent_id: event.agent_id().map(Into::into),
            skill: event.skill().map(Into::into),
            topic_name: event.topic_name().map(Into::into),
            language: event.language().map(Into::into),
            ..Message::default()
        })
    }
}

fn write_end(draft: &Draft<'_>, session: &mut Session) {
    let Some(end) = draft.end else {
        return;
    };
    session.ended_time = Some(end.time);
    session.end_reason = Some(end.reason);
    session.end_event = end.event.map(Into::into);
    session.closed_by = Some(end.by);
}

fn write_handover(draft: &Draft<'_>, session: &mut Session) {
    let handover = &draft.handover;
    session.agent_id = handover.agent.map(Into::into);
    session.skill = handover.skill.map(Into::into);
    session.queue = handover.queue.map(Into::into);
    session.serving_agent = draft.trail.serving.map(Into::into);
    session.waiting_since = match draft.trail.waiting {
        Some((since, true)) => Some(since),
        _ => None,
    };
    // Whoever waits for a person has asked for one, whether or not the source says so.
    if session.handover_requested_time.is_some() {
        session.handover_requests = session.handover_requests.max(1);
    }
}

fn write_lists(draft: &Draft<'_>, session: &mut Session) {
    let trail = &draft.trail;
    session.intents = trail.intents.joined();
    session.agents = trail.agents.joined();
    session.skills = trail.skills.joined();
    session.models = trail.models.joined();
    session.tools = trail.tools.joined();
    session.experiments = trail.experiments.joined();
    session.sources_retrieved = trail.retrieved.joined();
    session.sources_cited = trail.cited.joined();
    session.sources_failed = trail.failed.joined();
    session.last_topic_id = draft.previous_topic.map(Into::into);
}

fn brief<'d>(draft: &Draft<'d>, context: &Context<'d>, conversation_id: &'d str) -> Brief<'d> {
    let facts = &draft.facts;
    Brief {
        conversation_id,
        channel: context.channel,
        environment: context.environment_or_production(),
        user_key: context.user_key(conversation_id),
        start_time: facts.start_time,
        end_time: facts.end_time,
        open: draft.end.is_none(),
        engaged: draft.engaged.map(|evidence| (evidence.time, evidence.rule)),
        escalated: draft
            .escalated
            .map(|evidence| (evidence.time, evidence.rule)),
        outcome: draft.outcome.map(|(outcome, _)| outcome),
        ended: draft.end.map(|end| (end.time, end.reason)),
        events: facts.events,
        messages: facts.messages,
        user_messages: facts.user_messages,
        bot_messages: facts.bot_messages,
        agent_messages: facts.agent_messages,
        tokens_input: facts.tokens_input,
        tokens_output: facts.tokens_output,
        csat_score: facts.csat_score,
    }
}

/// The platform's three groups of reasons for an escalation.
fn escalation_kind(trigger: Option<HandoverTrigger>) -> EscalationKind {
    match trigger {
        Some(
            HandoverTrigger::Direct
            | HandoverTrigger::AfterFallback
            | HandoverTrigger::OperatorButton,
        ) => EscalationKind::UserRequested,
        Some(HandoverTrigger::Configured | HandoverTrigger::Policy) => {
            EscalationKind::SystemIntended
        }
        Some(
            HandoverTrigger::MaxAttempts
            | HandoverTrigger::ToolFailure
            | HandoverTrigger::MissingKnowledge,
        ) => EscalationKind::SystemUnintended,
        _ => EscalationKind::Unknown,
    }
}
