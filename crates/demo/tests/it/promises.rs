//! What every event and every conversation promises, whatever is told.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use upshot_core::words::{EventType, OptionStage, Role, SurveyStage, Word};
use upshot_core::{Attributes, Event, FieldSink, Record};
use upshot_demo::{DemoOptions, Story};

use crate::{END, events, sample};

/// Which fields are filled, and for vocabularies with which words.
#[derive(Default)]
struct Filled {
    fields: BTreeMap<usize, BTreeSet<String>>,
}

impl Filled {
    fn see(&mut self, index: usize, filled: bool) {
        if filled {
            self.fields.entry(index).or_default();
        }
    }
}

impl FieldSink for Filled {
    fn text(&mut self, index: usize, value: Option<&str>) {
        let Some(value) = value else { return };
        let words = self.fields.entry(index).or_default();
        if Event::FIELDS[index].words.is_some() && !words.contains(value) {
            words.insert(value.to_owned());
        }
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
    fn map(&mut self, index: usize, value: &Attributes) {
        self.see(index, !value.is_empty());
    }
}

#[test]
fn ids_are_unique_and_times_in_order_and_in_range() {
    let story = Story::of(&DemoOptions::until(END));
    let mut ids = HashSet::new();
    let mut names = HashSet::new();
    let mut last_start = story.begin;
    for events in sample(3000) {
        assert!(names.insert(events[0].conversation_id.clone()));
        assert!(events[0].time >= last_start);
        last_start = events[0].time;
        let ordered =
            |a: &Event, b: &Event| a.time <= b.time && a.source_sequence < b.source_sequence;
        assert!(events.is_sorted_by(ordered));
        for event in &events {
            assert!(ids.insert(event.event_id.clone()), "{}", event.event_id);
            assert_eq!(event.conversation_id, events[0].conversation_id);
            assert!((story.begin..story.end).contains(&event.time));
        }
    }
}

#[test]
fn every_field_is_used_and_every_word_that_is_promised() {
    // What the demo leaves out: it gives everything a type of its own; only platforms that plan say
    // that a plan chose the topic; authors declare success alone; and no event is the platform's.
    let left_out = [
        ("event_type", "other"),
        ("topic_trigger", "plan"),
        ("outcome", "none"),
        ("outcome", "escalated"),
        ("outcome", "abandoned"),
        ("actor", "system"),
    ];
    let mut filled = Filled::default();
    for event in events(6000) {
        event.write(&mut filled);
    }
    for (index, field) in Event::FIELDS.iter().enumerate() {
        let used = filled.fields.get(&index);
        // Whoever receives the event says when, and notes what facts need to know of its texts.
        let received = ["received_time", "commented", "text_fingerprint"];
        let promised = !received.contains(&field.name);
        assert_eq!(used.is_some(), promised, "{}", field.name);
        let (Some(words), Some(used)) = (field.words, used) else {
            continue;
        };
        for word in words() {
            let promised = !left_out.contains(&(field.name, word));
            assert_eq!(used.contains(word), promised, "{}: {word}", field.name);
        }
    }
}

#[test]
fn every_event_is_sound() {
    for event in events(3000) {
        check_sound(&event);
        check_numbers(&event);
        check_lists(&event);
    }
}

#[track_caller]
fn check_sound(event: &Event) {
    let event_type = event.event_type.unwrap();
    assert!(EventType::ALL.contains(&event_type));
    let by_people = event.channel.as_deref() == Some("phone");
    assert!(event.bot.is_none() == by_people && event.bot_version.is_none() == by_people);
    assert!(!by_people || event.role != Some(Role::Bot));
    assert!(event.channel.is_some() && event.environment.is_some());
    match event_type {
        EventType::Message => {
            assert!(event.text.as_ref().is_some_and(|text| !text.is_empty()));
            let by_user = event.role.unwrap() == Role::User;
            assert_eq!(event.must_understand.is_some(), by_user);
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
        EventType::Intent => assert!(event.message_id.is_some() && event.unmatched.is_some()),
        _ => {}
    }
}

#[track_caller]
fn check_numbers(event: &Event) {
    let share = |value: Option<f64>| value.is_none_or(|value| (0.0..=1.0).contains(&value));
    assert!(share(event.confidence) && share(event.label_confidence));
    if let Some(score) = event.survey_score {
        let low = event.survey_scale_minimum.unwrap();
        assert!((low..=event.survey_scale_maximum.unwrap()).contains(&score));
    }
    let counts = [
        event.tokens_input,
        event.tokens_output,
        event.tokens_cached,
        event.tokens_cache_write,
        event.tokens_reasoning,
        event.latency,
        event.time_to_first_token,
    ];
    assert!(counts.into_iter().flatten().all(|count| count >= 0));
    assert!(event.tokens_cached <= event.tokens_input);
    assert!(event.time_to_first_token <= event.latency);
    assert!(event.cost.is_none_or(|cost| (0.0..1.0).contains(&cost)));
    assert_eq!(event.value.is_some(), event.currency.is_some());
    assert!(event.value.is_none_or(|value| value > 0.0));
}

#[track_caller]
fn check_lists(event: &Event) {
    let lists = [
        &event.sources_retrieved,
        &event.sources_cited,
        &event.sources_failed,
    ];
    for list in lists.into_iter().flatten() {
        let names: Vec<String> = serde_json::from_str(list).unwrap();
        assert!(!names.is_empty());
    }
    if let Some(candidates) = &event.intent_candidates {
        let candidates: Vec<serde_json::Value> = serde_json::from_str(candidates).unwrap();
        assert!(candidates.len() == 2 && candidates[0]["intent"].is_string());
        let confidence = |place: usize| candidates[place]["confidence"].as_f64().unwrap();
        assert!(confidence(0) > confidence(1));
    }
}

#[test]
fn what_is_chosen_was_shown_and_what_is_answered_was_offered() {
    for events in sample(3000) {
        let mut shown = HashSet::new();
        let mut offered = HashSet::new();
        for event in &events {
            match event.option_stage {
                Some(OptionStage::Shown) => drop(shown.insert(&event.option_id)),
                Some(OptionStage::Chosen) => assert!(shown.contains(&event.option_id), "{event:?}"),
                _ => {}
            }
            match event.survey_stage {
                Some(SurveyStage::Offered) => drop(offered.insert(event.survey_kind)),
                Some(_) => assert!(offered.contains(&event.survey_kind), "{event:?}"),
                None => {}
            }
        }
        assert!(
            events[0].channel.as_deref() != Some("voice") || shown.is_empty(),
            "a call shows nothing"
        );
    }
}
