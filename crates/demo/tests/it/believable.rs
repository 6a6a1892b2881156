//! The texture: how many events, who comes back, when people write.

use std::collections::HashMap;

use upshot_core::words::{EventType, MessageKind, Role};

use crate::{END, check_share, sample};

#[test]
fn conversations_have_a_believable_length() {
    let conversations = sample(6000);
    let events: usize = conversations.iter().map(Vec::len).sum();
    let calls = conversations
        .iter()
        .flatten()
        .filter(|event| event.event_type == Some(EventType::ModelCall))
        .count();
    let mean = (events - calls) as f64 / conversations.len() as f64;
    assert!((12.0..=19.0).contains(&mean), "{mean}");
    assert!(conversations.iter().all(|events| events.len() < 1500));
}

#[test]
fn some_users_come_back() {
    let conversations = sample(20_000);
    let mut visits = HashMap::new();
    for events in &conversations {
        if let Some(user) = &events[0].user_id {
            *visits.entry(user).or_insert(0usize) += 1;
        }
    }
    let back = visits.values().filter(|visits| **visits > 1).count();
    check_share("users who come back", back, visits.len(), 0.10..=0.30);
    let anonymous = conversations
        .iter()
        .filter(|events| events[0].user_id.is_none())
        .count();
    check_share("anonymous", anonymous, conversations.len(), 0.08..=0.20);
}

#[test]
fn some_conversations_last_for_months() {
    let conversations = sample(6000);
    let month = 30 * 86_400_000_000_i64;
    let long = conversations
        .iter()
        .filter(|events| events[events.len() - 1].time - events[0].time > month)
        .inspect(|events| assert_eq!(events[0].channel.as_deref(), Some("whatsapp")))
        .count();
    check_share("long conversations", long, conversations.len(), 0.01..=0.08);
}

#[test]
fn hardly_anybody_writes_at_night() {
    let conversations = sample(20_000);
    let mut hours = [0; 24];
    for events in &conversations {
        if events[0].country.as_deref() == Some("DE") {
            // The last days of October 2025 aside, the sample lies in summer time.
            hours[((events[0].time / 3_600_000_000 + 2) % 24) as usize] += 1;
        }
    }
    assert!(hours[10] > 8 * hours[3], "{hours:?}");
}

#[test]
fn every_topic_channel_language_and_country_occurs() {
    let conversations = sample(6000);
    let distinct = |field: fn(&upshot_core::Event) -> Option<&str>| {
        let mut values: Vec<_> = conversations.iter().flatten().filter_map(field).collect();
        values.sort_unstable();
        values.dedup();
        values.len()
    };
    assert_eq!(distinct(|event| event.channel.as_deref()), 5);
    assert_eq!(distinct(|event| event.bot.as_deref()), 3);
    assert_eq!(distinct(|event| event.country.as_deref()), 7);
    assert_eq!(distinct(|event| event.language.as_deref()), 4);
    // 30 custom topics and 12 of the system.
    assert_eq!(distinct(|event| event.topic_id.as_deref()), 42);
    assert_eq!(distinct(|event| event.device.as_deref()), 4);
    assert!(distinct(|event| event.bot_version.as_deref()) >= 12);
}

#[test]
fn options_are_clicked_where_there_are_any() {
    for event in sample(3000).iter().flatten() {
        if event.role == Some(Role::User) && event.event_type == Some(EventType::Message) {
            let voice = event.channel.as_deref() == Some("voice");
            assert_eq!(event.message_kind == Some(MessageKind::Voice), voice);
        }
    }
}

#[test]
fn nobody_comes_from_after_the_end() {
    let newest = sample(3000)
        .iter()
        .flatten()
        .map(|event| event.time)
        .max()
        .unwrap();
    assert!(newest < END && newest > END - 86_400_000_000);
}
