//! The texture: how many events, who comes back, when people write.

use std::collections::{HashMap, HashSet};

use upshot_core::Event;
use upshot_core::words::{EventType, MessageKind, Role};

use crate::{END, check_share, events, sample};

#[test]
fn conversations_have_a_believable_length() {
    let (mut conversations, mut others) = (0, 0);
    for events in sample(6000) {
        assert!(events.len() < 1500);
        conversations += 1;
        others += events
            .iter()
            .filter(|event| event.event_type != Some(EventType::ModelCall))
            .count();
    }
    let mean = others as f64 / f64::from(conversations);
    assert!((12.0..=19.0).contains(&mean), "{mean}");
}

#[test]
fn some_users_come_back() {
    let mut visits = HashMap::new();
    let (mut anonymous, mut all) = (0, 0);
    for mut events in sample(20_000) {
        all += 1;
        match events.swap_remove(0).user_id {
            Some(user) => *visits.entry(user).or_insert(0) += 1,
            None => anonymous += 1,
        }
    }
    let back = visits.values().filter(|visits| **visits > 1).count();
    check_share("users who come back", back, visits.len(), 0.10..=0.30);
    check_share("anonymous", anonymous, all, 0.08..=0.20);
}

#[test]
fn some_conversations_last_for_months() {
    let month = 30 * 86_400_000_000_i64;
    let mut long = 0;
    for events in sample(6000) {
        if events[events.len() - 1].time - events[0].time > month {
            assert_eq!(events[0].channel.as_deref(), Some("whatsapp"));
            long += 1;
        }
    }
    check_share("long conversations", long, 6000, 0.01..=0.08);
}

#[test]
fn hardly_anybody_writes_at_night() {
    let mut hours = [0; 24];
    for events in sample(20_000) {
        if events[0].country.as_deref() == Some("DE") {
            // The last days of October 2025 aside, the sample lies in summer time.
            hours[((events[0].time / 3_600_000_000 + 2) % 24) as usize] += 1;
        }
    }
    assert!(hours[10] > 8 * hours[3], "{hours:?}");
}

#[test]
fn every_topic_channel_language_and_country_occurs() {
    type Field = fn(Event) -> Option<Box<str>>;
    let fields: [Field; 7] = [
        |event| event.channel,
        |event| event.bot,
        |event| event.country,
        |event| event.language,
        // 30 custom topics and 12 of the system.
        |event| event.topic_id,
        |event| event.device,
        |event| event.bot_version,
    ];
    let found = fields.map(|field| events(6000).filter_map(field).collect::<HashSet<_>>().len());
    assert_eq!(found, [6, 3, 7, 4, 42, 4, 12]);
}

#[test]
fn only_calls_are_spoken() {
    for event in events(3000) {
        if event.role == Some(Role::User) && event.event_type == Some(EventType::Message) {
            let voice = matches!(event.channel.as_deref(), Some("voice" | "phone"));
            assert_eq!(event.message_kind == Some(MessageKind::Voice), voice);
        }
    }
}

#[test]
fn the_history_reaches_its_end() {
    let newest = events(3000).map(|event| event.time).max().unwrap();
    assert!(newest < END && newest > END - 86_400_000_000);
}
