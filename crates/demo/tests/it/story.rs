//! What the story tells can be seen by simple counting.

use std::collections::HashMap;

use upshot_core::Event;
use upshot_core::words::{
    Environment, EventType, HandoverStage, OptionStage, QuestionStage, SurveyKind, SurveyStage,
};
use upshot_demo::{DemoOptions, Story};

use crate::{END, check_share, sample};

fn story() -> Story {
    Story::of(&DemoOptions::until(END))
}

fn count(events: &[&Event], holds: impl Fn(&Event) -> bool) -> usize {
    events.iter().filter(|event| holds(event)).count()
}

fn unmatched_share(events: &[&Event]) -> f64 {
    let tried = count(events, |event| event.event_type == Some(EventType::Intent));
    count(events, |event| event.unmatched == Some(true)) as f64 / tried as f64
}

fn escalated_share(events: &[&Event]) -> f64 {
    let topics = count(events, |event| event.event_type == Some(EventType::Topic));
    let escalated = count(events, |event| {
        event.handover_stage == Some(HandoverStage::Escalated)
    });
    escalated as f64 / topics as f64
}

fn csat(events: &[&Event]) -> f64 {
    let scores: Vec<_> = events
        .iter()
        .filter(|event| event.survey_kind == Some(SurveyKind::Csat))
        .filter_map(|event| event.survey_score)
        .collect();
    scores.iter().sum::<f64>() / scores.len() as f64
}

fn tool_error_share(events: &[&Event]) -> f64 {
    let broken = |event: &Event| {
        event
            .tool
            .as_deref()
            .is_some_and(|tool| Story::BROKEN_TOOLS.contains(&tool))
    };
    let failed = count(events, |event| broken(event) && event.error.is_some());
    failed as f64 / count(events, broken) as f64
}

#[test]
fn the_bad_release_shows_and_its_repair_too() {
    let conversations = sample(20_000);
    let of_version = |version: &str| -> Vec<&Event> {
        conversations
            .iter()
            .flatten()
            .filter(|event| event.bot.as_deref() == Some(Story::BAD_BOT))
            .filter(|event| event.bot_version.as_deref() == Some(version))
            .collect()
    };
    let before = of_version(Story::VERSION_BEFORE);
    let bad = of_version(Story::BAD_VERSION);
    let fixed = of_version(Story::FIXED_VERSION);
    assert!(bad.len() > 2000, "{}", bad.len());
    for good in [&before, &fixed] {
        assert!(unmatched_share(&bad) > 1.8 * unmatched_share(good));
        assert!(escalated_share(&bad) > 1.3 * escalated_share(good));
        assert!(
            csat(&bad) + 0.35 < csat(good),
            "{} {}",
            csat(&bad),
            csat(good)
        );
        assert!(tool_error_share(&bad) > 6.0 * tool_error_share(good));
    }
    let window = story().bad_release;
    let first = bad.iter().map(|event| event.time).min().unwrap();
    assert!(window.contains(&first));
}

#[test]
fn three_in_a_hundred_are_trials() {
    let conversations = sample(6000);
    let trials = conversations
        .iter()
        .filter(|events| events[0].environment == Some(Environment::Test))
        .count();
    check_share("trials", trials, conversations.len(), 0.025..=0.035);
    let mixed = conversations.iter().filter(|events| {
        events
            .iter()
            .any(|event| event.environment != events[0].environment)
    });
    assert_eq!(mixed.count(), 0);
}

#[test]
fn people_leave_at_one_question() {
    let conversations = sample(10_000);
    let mut asked = HashMap::new();
    let mut answered = HashMap::new();
    for event in conversations.iter().flatten() {
        let Some(question) = event.question_id.as_deref() else {
            continue;
        };
        match event.question_stage {
            Some(QuestionStage::Asked) => *asked.entry(question).or_insert(0) += 1,
            Some(QuestionStage::Answered) => *answered.entry(question).or_insert(0) += 1,
            _ => {}
        }
    }
    let lost = |question: &str| 1.0 - f64::from(answered[question]) / f64::from(asked[question]);
    let worst = lost(Story::DROPOFF_QUESTION);
    assert!(worst > 0.3, "{worst}");
    for (question, times) in &asked {
        if *question != Story::DROPOFF_QUESTION && *times >= 50 {
            assert!(
                lost(question) < worst / 2.0,
                "{question} {}",
                lost(question)
            );
        }
    }
}

#[test]
fn one_option_is_hardly_ever_chosen() {
    let conversations = sample(10_000);
    let options = |stage| {
        conversations
            .iter()
            .flatten()
            .filter(|event| event.option_id.as_deref() == Some(Story::UNDERUSED_OPTION))
            .filter(|event| event.option_stage == Some(stage))
            .count()
    };
    check_share(
        "newsletter",
        options(OptionStage::Chosen),
        options(OptionStage::Shown),
        0.0001..=0.01,
    );
}

#[test]
fn the_campaign_and_the_experiment_keep_to_their_windows() {
    let story = story();
    let conversations = sample(20_000);
    let (mut campaign, mut variants) = (0, HashMap::<_, i32>::new());
    for events in &conversations {
        let first = &events[0];
        if events
            .iter()
            .any(|event| event.utm_campaign.as_deref() == Some(Story::CAMPAIGN))
        {
            assert!(story.campaign.start - 3_600_000_000 <= first.time);
            assert!(first.time < story.campaign.end + 3_600_000_000);
            assert_eq!(first.bot.as_deref(), Some(Story::CAMPAIGN_BOT));
            campaign += 1;
        }
        for event in events {
            if let Some(variant) = event.variant.as_deref() {
                assert!(story.experiment.contains(&first.time));
                *variants.entry(variant.to_owned()).or_default() += 1;
            }
        }
    }
    assert!((250..1200).contains(&campaign), "{campaign}");
    let [open, guided] = Story::VARIANTS.map(|variant| variants[variant]);
    assert!(
        (open - guided).abs() < (open + guided) / 8,
        "{open} {guided}"
    );
}

#[test]
fn the_outage_makes_people_ask() {
    let story = story();
    let conversations = sample(20_000);
    let asks = |from: i64, to: i64| {
        conversations
            .iter()
            .filter(|events| (from..to).contains(&events[0].time))
            .filter(|events| events[0].country.as_deref() == Some(Story::OUTAGE_COUNTRY))
            .filter(|events| {
                events
                    .iter()
                    .any(|event| event.topic_id.as_deref() == Some(Story::OUTAGE_TOPIC))
            })
            .count()
    };
    let week = 7 * 86_400_000_000;
    let during = asks(story.outage.start, story.outage.end);
    let before = asks(story.outage.start - week, story.outage.end - week);
    assert!(during > 5 * (before + 1), "{during} {before}");
}

#[test]
fn sources_are_used_unused_and_failing_as_told() {
    let conversations = sample(10_000);
    let names = |list: fn(&Event) -> &Option<Box<str>>, name: &str| {
        conversations
            .iter()
            .flatten()
            .filter(|event| {
                list(event)
                    .as_deref()
                    .is_some_and(|list| list.contains(name))
            })
            .count()
    };
    assert!(names(|event| &event.sources_retrieved, Story::UNUSED_SOURCE) > 50);
    assert_eq!(names(|event| &event.sources_cited, Story::UNUSED_SOURCE), 0);
    assert!(names(|event| &event.sources_failed, Story::FAILING_SOURCE) > 10);
}

#[test]
fn one_channel_cannot_be_followed() {
    for events in sample(3000) {
        let unlinkable = events[0].channel.as_deref() == Some(Story::UNLINKABLE_CHANNEL);
        assert!(
            events
                .iter()
                .all(|event| event.unlinkable == unlinkable.then_some(true))
        );
    }
}

#[test]
fn one_in_five_answers_the_survey() {
    let conversations = sample(20_000);
    let surveys = |stage| {
        conversations
            .iter()
            .flatten()
            .filter(|event| event.survey_kind == Some(SurveyKind::Csat))
            .filter(|event| event.survey_stage == Some(stage))
            .count()
    };
    check_share(
        "answers",
        surveys(SurveyStage::Answered),
        surveys(SurveyStage::Offered),
        0.17..=0.25,
    );
    let events: Vec<_> = conversations.iter().flatten().collect();
    let mean = csat(&events);
    assert!((3.75..=4.05).contains(&mean), "{mean}");
}
