//! One machine for many conversations gives the facts of one machine for each, and a session in brief says
//! what the whole one says.

use proptest::prelude::*;
use upshot_core::Event;
use upshot_core::facts::{Message, Session, Step};
use upshot_core::fold::{Brief, Carry, FactSink, Facts, FoldContext, Machine, fold};
use upshot_core::profile::Profile;
use upshot_core::time::{HOUR, MINUTE, SECOND};
use upshot_core::words::{
    EventType, HandoverStage, Outcome, QuestionStage, Role, SurveyStage, TopicKind,
};

/// What happens in a conversation, each after a gap.
fn events(conversation: usize) -> impl Strategy<Value = Vec<Event>> {
    let gaps = prop_oneof![
        8 => 0..10 * MINUTE,
        2 => 25 * MINUTE..3 * HOUR,
        1 => 20 * HOUR..60 * HOUR,
    ];
    let whats = 0..12_u8;
    let windows = 0..3_u8;
    prop::collection::vec((gaps, whats, windows), 0..20).prop_map(move |steps| {
        let mut time = 1_700_000_000 * SECOND;
        let number = |(index, (gap, what, window)): (usize, (i64, u8, u8))| {
            time += gap;
            event(conversation, index, time, what, window)
        };
        steps.into_iter().enumerate().map(number).collect()
    })
}

fn event(conversation: usize, index: usize, time: i64, what: u8, window: u8) -> Event {
    let mut event = Event::new(EventType::Message, time, &format!("c{conversation}"));
    event.event_id = format!("{conversation}-{index}").into();
    event.channel = (window > 0).then(|| "web".into());
    event.user_id = what
        .is_multiple_of(2)
        .then(|| format!("u{}", conversation % 2).into());
    event.window_id = Some(format!("w{window}").into());
    event.attributes = (what == 3)
        .then(|| ("plan".into(), format!("p{index}").into()))
        .into_iter()
        .collect();
    let (kind, role) = match what {
        0 | 1 => (EventType::Message, Some(Role::User)),
        2 | 3 => (EventType::Message, Some(Role::Bot)),
        4 => (EventType::Message, Some(Role::Agent)),
        5 | 6 => (EventType::Topic, None),
        7 => (EventType::Handover, None),
        8 => (EventType::Survey, None),
        9 => (EventType::Outcome, None),
        10 => (EventType::ConversationEnd, None),
        _ => (EventType::Question, None),
    };
    event.event_type = Some(kind);
    event.role = role;
    event.text = role.map(|_| "…".into());
    event.topic_id = (kind == EventType::Topic).then(|| format!("t{index}").into());
    event.topic_kind = (what == 6).then_some(TopicKind::EndOfConversation);
    event.handover_stage = (what == 7).then_some(HandoverStage::Accepted);
    event.survey_stage = (what == 8).then_some(SurveyStage::Answered);
    event.survey_score = (what == 8).then_some(4.0);
    event.outcome = (what == 9).then_some(Outcome::Resolved);
    event.question_stage = (what == 11).then_some(QuestionStage::Asked);
    event
}

/// What a session says in brief, as text, so that nothing has to outlive the events.
#[derive(Default)]
struct Briefly(Vec<String>);

impl FactSink for Briefly {
    fn wants_brief(&self) -> bool {
        true
    }
    fn brief(&mut self, session: Brief<'_>) {
        self.0.push(format!("{session:?}"));
    }
    fn session(&mut self, _: Session) {
        panic!("nobody asked for whole sessions");
    }
    fn message(&mut self, _: Message) {
        panic!("nobody asked for messages");
    }
    fn step(&mut self, _: Step) {
        panic!("nobody asked for steps");
    }
}

/// What the whole fact says of the same.
fn in_brief(session: &Session) -> Brief<'_> {
    Brief {
        conversation_id: &session.conversation_id,
        channel: session.channel.as_deref(),
        environment: session.environment.unwrap(),
        user_key: session.user_key.unwrap(),
        start_time: session.start_time,
        end_time: session.end_time,
        open: session.open,
        engaged: session.engaged_time.zip(session.engaged_rule),
        escalated: session.escalated_time.zip(session.escalated_rule),
        outcome: session.outcome,
        ended: session.ended_time.zip(session.end_reason),
        events: session.events,
        messages: session.messages,
        user_messages: session.user_messages,
        bot_messages: session.bot_messages,
        agent_messages: session.agent_messages,
        tokens_input: session.tokens_input,
        tokens_output: session.tokens_output,
        csat_score: session.csat_score,
    }
}

fn conversations() -> impl Strategy<Value = Vec<Vec<Event>>> {
    (0..4_usize).prop_flat_map(|count| (0..count).map(events).collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn one_machine_folds_many_conversations(conversations in conversations(), profile in 0..3_usize) {
        let name = Profile::built_in_names()[profile];
        let profile = Profile::built_in(name).unwrap();
        let context = FoldContext { workspace: "w", profile: &profile, as_of: 1_700_200_000 * SECOND };
        let carry = Carry::default();
        let mut apart = Facts::default();
        for events in &conversations {
            fold(&context, &carry, events, &mut apart);
        }
        let mut together = Facts::default();
        let mut machine = Machine::new(&context, &carry, &together);
        for events in &conversations {
            for event in events {
                machine.push(event, &mut together);
            }
            machine.next_conversation(context.as_of, &mut together);
        }
        prop_assert_eq!(&together, &apart);
        let mut brief = Briefly::default();
        let mut machine = Machine::new(&context, &carry, &brief);
        for events in &conversations {
            for event in events {
                machine.push(event, &mut brief);
            }
            machine.next_conversation(context.as_of, &mut brief);
        }
        let whole: Vec<String> = apart
            .sessions
            .iter()
            .map(|session| format!("{:?}", in_brief(session)))
            .collect();
        prop_assert_eq!(brief.0, whole);
    }
}
