//! What every event and every conversation promises, whatever is told.

use std::collections::HashSet;

use upshot_core::words::{self as words, EventType, Word};
use upshot_core::{Event, FieldKind, FieldSink, Record};
use upshot_demo::Story;

use crate::{END, sample};

/// Collects which values the fields of vocabularies hold.
struct Values {
    index_of: usize,
    found: HashSet<String>,
}

impl FieldSink for Values {
    fn text(&mut self, index: usize, value: Option<&str>) {
        if index == self.index_of
            && let Some(value) = value
        {
            self.found.insert(value.to_owned());
        }
    }
    fn integer(&mut self, _: usize, _: Option<i64>) {}
    fn real(&mut self, _: usize, _: Option<f64>) {}
    fn flag(&mut self, _: usize, _: Option<bool>) {}
    fn map(&mut self, _: usize, _: &upshot_core::Attributes) {}
}

fn values(conversations: &[Vec<Event>], field: &str) -> HashSet<String> {
    let mut values = Values {
        index_of: Event::field(field).unwrap(),
        found: HashSet::new(),
    };
    for event in conversations.iter().flatten() {
        event.write(&mut values);
    }
    values.found
}

#[test]
fn ids_are_unique_and_times_in_order_and_in_range() {
    let story = Story::of(&upshot_demo::DemoOptions::until(END));
    let conversations = sample(3000);
    let mut ids = HashSet::new();
    let mut names = HashSet::new();
    let mut last_start = story.begin;
    for events in &conversations {
        assert!(names.insert(events[0].conversation_id.clone()));
        assert!(events[0].time >= last_start);
        last_start = events[0].time;
        assert!(
            events.is_sorted_by(|a, b| a.time <= b.time && a.source_sequence < b.source_sequence)
        );
        for event in events {
            assert!(ids.insert(event.event_id.clone()), "{}", event.event_id);
            assert_eq!(event.conversation_id, events[0].conversation_id);
            assert!((story.begin..story.end).contains(&event.time));
        }
    }
}

#[test]
fn every_word_that_is_promised_occurs() {
    // What the demo leaves out, and why.
    let left_out: &[(&str, &[&str])] = &[
        // Sources of other platforms have such events; here everything has a type of its own.
        ("event_type", &["other"]),
        // Only model-led platforms say that a plan chose the topic.
        ("topic_trigger", &["plan"]),
        // What an author declares is success; the rest is what the fold finds.
        ("outcome", &["none", "escalated", "abandoned"]),
    ];
    let conversations = sample(6000);
    for field in Event::FIELDS {
        let Some(words) = field.words else { continue };
        let found = values(&conversations, field.name);
        let left_out = left_out
            .iter()
            .find(|(name, _)| *name == field.name)
            .map_or(&[][..], |(_, words)| words);
        for word in words() {
            assert_eq!(
                found.contains(word),
                !left_out.contains(&word) && actor_is_promised(field.name, word),
                "{}: {word}",
                field.name
            );
        }
    }
}

fn actor_is_promised(field: &str, word: &str) -> bool {
    field != "actor" || word != "system"
}

#[test]
fn every_field_is_used_but_those_that_only_others_fill() {
    let conversations = sample(6000);
    let unused: Vec<_> = Event::FIELDS
        .iter()
        .filter(|field| !matches!(field.kind, FieldKind::Map | FieldKind::Count))
        .filter(|field| {
            !conversations
                .iter()
                .flatten()
                .any(|event| holds(event, field.name))
        })
        .map(|field| field.name)
        .collect();
    assert_eq!(unused, ["received_time"]);
}

fn holds(event: &Event, field: &str) -> bool {
    struct Holds {
        index_of: usize,
        found: bool,
    }
    impl Holds {
        fn see(&mut self, index: usize, holds: bool) {
            self.found |= index == self.index_of && holds;
        }
    }
    impl FieldSink for Holds {
        fn text(&mut self, index: usize, value: Option<&str>) {
            self.see(index, value.is_some());
        }
        fn integer(&mut self, index: usize, value: Option<i64>) {
            self.see(index, value.is_some());
        }
        fn real(&mut self, index: usize, value: Option<f64>) {
            self.see(index, value.is_some());
        }
        fn flag(&mut self, index: usize, value: Option<bool>) {
            self.see(index, value.is_some());
        }
        fn map(&mut self, index: usize, value: &upshot_core::Attributes) {
            self.see(index, !value.is_empty());
        }
    }
    let mut holds = Holds {
        index_of: Event::field(field).unwrap(),
        found: false,
    };
    event.write(&mut holds);
    holds.found
}

#[test]
fn every_event_is_sound() {
    for event in sample(3000).iter().flatten() {
        check_sound(event);
    }
}

#[track_caller]
fn check_sound(event: &Event) {
    let event_type = event.event_type.unwrap();
    assert!(EventType::ALL.contains(&event_type));
    assert!(event.bot.is_some() && event.bot_version.is_some());
    assert!(event.channel.is_some() && event.environment.is_some());
    if let Some(confidence) = event.confidence {
        assert!((0.0..=1.0).contains(&confidence));
    }
    if let (Some(score), Some(low), Some(high)) = (
        event.survey_score,
        event.survey_scale_minimum,
        event.survey_scale_maximum,
    ) {
        assert!((low..=high).contains(&score));
    }
    for list in [
        &event.sources_retrieved,
        &event.sources_cited,
        &event.sources_failed,
    ] {
        let Some(list) = list else { continue };
        let names: Vec<String> = serde_json::from_str(list).unwrap();
        assert!(!names.is_empty());
    }
    if let Some(candidates) = &event.intent_candidates {
        let candidates: Vec<serde_json::Value> = serde_json::from_str(candidates).unwrap();
        assert!(candidates[0]["intent"].is_string() && candidates[0]["confidence"].is_f64());
    }
    for count in [
        event.tokens_input,
        event.tokens_output,
        event.tokens_cached,
        event.tokens_cache_write,
        event.tokens_reasoning,
        event.latency,
        event.time_to_first_token,
    ] {
        assert!(count.is_none_or(|count| count >= 0));
    }
    assert!(event.tokens_cached <= event.tokens_input);
    assert!(
        event
            .value
            .is_none_or(|value| value > 0.0 && event.currency.is_some())
    );
    match event_type {
        EventType::Message => {
            let role = event.role.unwrap();
            assert!(event.text.as_ref().is_some_and(|text| !text.is_empty()));
            assert_eq!(event.must_understand.is_some(), role == words::Role::User);
            assert_eq!(event.message_id.as_deref(), Some(&*event.event_id));
        }
        EventType::Topic => assert!(event.topic_id.is_some() && event.topic_kind.is_some()),
        EventType::Question => {
            assert!(event.question_id.is_some() && event.question_stage.is_some())
        }
        EventType::Option => assert!(event.option_id.is_some() && event.option_stage.is_some()),
        EventType::Handover => assert!(event.handover_stage.is_some()),
        EventType::Survey => assert!(event.survey_kind.is_some() && event.survey_stage.is_some()),
        EventType::Feedback => assert!(event.message_id.is_some() && event.feedback.is_some()),
        EventType::Intent => assert!(event.message_id.is_some()),
        _ => {}
    }
}
