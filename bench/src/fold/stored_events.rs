//! The raw events of the benchmark as the lake stores them: a file a day, sorted by conversation and time.

use std::path::Path;

use serde_json::{Value, json};
use upshot_core::Event;
use upshot_core::time::day_of;
use upshot_core::words::{
    EventType, HandoverStage, MessageKind, OptionStage, Role, SurveyKind, SurveyStage, TopicKind,
    TopicTrigger,
};
use upshot_lake::Table;

use super::read::{Events, RawEvent};
use super::row::{Kind, topic_kind};
use crate::days::{Days, new_catalog};
use crate::failure::Result;

/// Stores the events of a file in the order of arrival in a new data directory.
///
/// # Errors
/// When they cannot be read or written.
pub fn make(file: &Path, directory: &Path) -> Result<Value> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let catalog = new_catalog(directory).await?;
        let events = Events::open(file)?;
        let mut days = Days::default();
        let mut count = 0;
        while let Some(group) = events.next_group() {
            let mut last_day = i32::MIN;
            events.read(group, |batch| {
                batch.each(|raw| {
                    last_day = day_of(raw.time);
                    for event in stored(&raw, count) {
                        days.push(Table::Events, last_day, &event);
                        count += 1;
                    }
                })?;
                days.close_batches()
            })?;
            // The next events are no older: the file is in the order of time.
            days.write(&catalog, "", last_day).await?;
        }
        days.write(&catalog, "", i32::MAX).await?;
        catalog.close().await?;
        Ok(json!({ "rows": count }))
    })
}

/// What a raw event stands for: the same as [`FoldEvent::push`](super::row::FoldEvent::push) says.
fn stored(raw: &RawEvent<'_>, number: u64) -> Vec<Event> {
    let event = |kind, after: u64| {
        let mut event = Event::new(kind, raw.time, raw.conversation_id);
        event.event_id = format!("e{:09x}", number + after).into();
        event.source = Some("bench".into());
        event.source_sequence = Some((number + after) as i64);
        event.channel = Some(raw.channel.into());
        event.user_id = Some(raw.user_id.into());
        event
    };
    let message = |role| Event {
        role: Some(role),
        message_kind: Some(MessageKind::Text),
        proactive: Some(true),
        ..event(EventType::Message, 0)
    };
    match raw.kind {
        Kind::UserMessage => vec![message(Role::User)],
        Kind::BotMessage => {
            let call = Event {
                tokens_output: Some(i64::from(raw.tokens)),
                ..event(EventType::ModelCall, 1)
            };
            let mut events = vec![message(Role::Bot)];
            events.extend((raw.tokens != 0).then_some(call));
            events
        }
        Kind::Topic => {
            let kind = topic_kind(raw.topic_kind);
            let acts = !matches!(kind, TopicKind::Custom | TopicKind::Escalate);
            let act = Event {
                role: Some(Role::User),
                ..event(EventType::Other, 0)
            };
            let topic = Event {
                topic_kind: Some(kind),
                topic_trigger: Some(TopicTrigger::Direct),
                ..event(EventType::Topic, u64::from(acts))
            };
            acts.then_some(act).into_iter().chain([topic]).collect()
        }
        Kind::Click => vec![Event {
            option_stage: Some(OptionStage::Chosen),
            ..event(EventType::Option, 0)
        }],
        Kind::Feedback => vec![Event {
            survey_kind: Some(SurveyKind::Csat),
            survey_stage: Some(SurveyStage::Answered),
            survey_score: Some(f64::from(raw.score)),
            ..event(EventType::Survey, 0)
        }],
        Kind::Handover => vec![Event {
            handover_stage: Some(HandoverStage::Escalated),
            ..event(EventType::Handover, 0)
        }],
    }
}
