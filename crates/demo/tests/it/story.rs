//! What the story tells can be seen by simple counting.

use std::collections::HashMap;

use upshot_core::Event;
use upshot_core::words::{
    Environment, EventType, OptionStage, QuestionStage, SurveyKind, TopicKind,
};
use upshot_demo::{DemoOptions, Story};

use crate::{END, check_share, events, sample};

fn story() -> Story {
    Story::of(&DemoOptions::until(END))
}

/// What simple counting finds of one version.
#[derive(Default)]
struct Tally {
    events: usize,
    first: Option<i64>,
    last: Option<i64>,
    recognised: [usize; 2],
    escalated: [usize; 2],
    tools: [usize; 2],
    scores: Vec<f64>,
}

impl Tally {
    fn add(&mut self, event: &Event) {
        let count = |pair: &mut [usize; 2], hit: bool| {
            pair[0] += usize::from(hit);
            pair[1] += 1;
        };
        self.events += 1;
        self.first = Some(self.first.unwrap_or(i64::MAX).min(event.time));
        self.last = self.last.max(Some(event.time));
        match event.event_type.unwrap() {
            EventType::Intent => count(&mut self.recognised, event.unmatched == Some(true)),
            EventType::Topic => {
                let escalates = event.topic_kind == Some(TopicKind::Escalate);
                count(&mut self.escalated, escalates);
            }
            EventType::ModelCall => {
                let tool = event.tool.as_deref().unwrap_or_default();
                if Story::BROKEN_TOOLS.contains(&tool) {
                    count(&mut self.tools, event.error.is_some());
                }
            }
            EventType::Survey if event.survey_kind == Some(SurveyKind::Csat) => {
                self.scores.extend(event.survey_score);
            }
            _ => {}
        }
    }

    fn share([part, whole]: [usize; 2]) -> f64 {
        part as f64 / whole as f64
    }

    fn csat(&self) -> f64 {
        self.scores.iter().sum::<f64>() / self.scores.len() as f64
    }
}

#[test]
fn the_bad_release_shows_and_its_repair_too() {
    let mut versions = HashMap::<_, Tally>::new();
    for event in events(20_000) {
        if event.bot.as_deref() == Some(Story::BAD_BOT) {
            let version = event.bot_version.clone().unwrap();
            versions.entry(version).or_default().add(&event);
        }
    }
    let bad = &versions[Story::BAD_VERSION];
    assert!(bad.events > 2000, "{}", bad.events);
    for good in [Story::VERSION_BEFORE, Story::FIXED_VERSION] {
        let good = &versions[good];
        assert!(Tally::share(bad.recognised) > 1.8 * Tally::share(good.recognised));
        assert!(Tally::share(bad.escalated) > 1.3 * Tally::share(good.escalated));
        assert!(Tally::share(bad.tools) > 6.0 * Tally::share(good.tools));
        assert!(
            bad.csat() + 0.3 < good.csat(),
            "{} {}",
            bad.csat(),
            good.csat()
        );
    }
    let window = story().bad_release;
    assert!(window.contains(&bad.first.unwrap()));
    // Sessions that began in the window may end after it.
    assert!(bad.last.unwrap() < window.end + 7_200_000_000);
}

#[test]
fn three_in_a_hundred_are_trials() {
    let (mut trials, mut all) = (0, 0);
    for events in sample(6000) {
        let environment = events[0].environment;
        assert!(events.iter().all(|event| event.environment == environment));
        trials += usize::from(environment == Some(Environment::Test));
        all += 1;
    }
    check_share("trials", trials, all, 0.025..=0.035);
}

#[test]
fn people_leave_at_one_question() {
    let mut asked = HashMap::new();
    let mut answered = HashMap::new();
    for event in events(10_000) {
        let Some(question) = event.question_id else {
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
        if &**question != Story::DROPOFF_QUESTION && *times >= 50 {
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
    let (mut shown, mut chosen) = (0, 0);
    for event in events(20_000) {
        if event.option_id.as_deref() == Some(Story::UNDERUSED_OPTION) {
            assert_eq!(event.bot.as_deref(), Some(Story::UNDERUSED_OPTION_BOT));
            shown += usize::from(event.option_stage == Some(OptionStage::Shown));
            chosen += usize::from(event.option_stage == Some(OptionStage::Chosen));
        }
    }
    check_share("newsletter", chosen, shown, 0.0001..=0.01);
}

#[test]
fn the_campaign_and_the_experiment_keep_to_their_windows() {
    let story = story();
    let (mut campaign, mut variants) = (0, HashMap::<_, i32>::new());
    for events in sample(20_000) {
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
        for event in &events {
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
    let week = 7 * 86_400_000_000;
    let (mut during, mut before) = (0, 0);
    for event in events(20_000) {
        if event.topic_id.as_deref() == Some(Story::OUTAGE_TOPIC)
            && event.country.as_deref() == Some(Story::OUTAGE_COUNTRY)
        {
            during += u32::from(story.outage.contains(&event.time));
            before += u32::from(story.outage.contains(&(event.time + week)));
        }
    }
    assert!(during > 5 * (before + 1), "{during} {before}");
}

#[test]
fn sources_are_used_unused_and_failing_as_told() {
    let (mut retrieved, mut cited, mut failed) = (0, 0, 0);
    let holds = |list: &Option<Box<str>>, name: &str| {
        u32::from(list.as_deref().is_some_and(|list| list.contains(name)))
    };
    for event in events(10_000) {
        retrieved += holds(&event.sources_retrieved, Story::UNUSED_SOURCE);
        cited += holds(&event.sources_cited, Story::UNUSED_SOURCE);
        failed += holds(&event.sources_failed, Story::FAILING_SOURCE);
    }
    assert!(retrieved > 50 && failed > 10, "{retrieved} {failed}");
    assert_eq!(cited, 0);
}

#[test]
fn one_channel_cannot_be_followed() {
    for event in events(3000) {
        let unlinkable = event.channel.as_deref() == Some(Story::UNLINKABLE_CHANNEL);
        assert_eq!(event.unlinkable, unlinkable.then_some(true));
    }
}
