//! The rates that the fold makes of it under the profile `default` are those of a decent bot, and
//! those that `docs/demo.md` gives.

use upshot_core::fold::{Carry, Facts, FoldContext, fold, sort_and_deduplicate};
use upshot_core::profile::Profile;
use upshot_core::words::{Environment, HandoverTrigger, Outcome, Word};
use upshot_core::{Event, Session};
use upshot_demo::Story;

use crate::{END, check_share, sample};

fn sessions(profile: &Profile, mut events: Vec<Event>) -> impl Iterator<Item = Session> {
    let context = FoldContext {
        workspace: "demo",
        profile,
        as_of: END,
    };
    let mut facts = Facts::default();
    sort_and_deduplicate(&mut events);
    fold(&context, &Carry::default(), &events, &mut facts);
    facts.sessions.into_iter()
}

#[derive(Default)]
struct Rates {
    sessions: usize,
    engaged: usize,
    resolved: usize,
    escalated: usize,
    abandoned: usize,
    understandable: usize,
    fallbacks: usize,
    csat_offered: usize,
    scores: Vec<f64>,
    responses: i64,
    response_time: i64,
}

impl Rates {
    fn add(&mut self, session: &Session) {
        let outcome = |outcome| usize::from(session.outcome == Some(outcome));
        self.sessions += 1;
        self.engaged += usize::from(session.engaged_time.is_some());
        self.resolved += outcome(Outcome::Resolved);
        self.escalated += outcome(Outcome::Escalated);
        self.abandoned += outcome(Outcome::Abandoned);
        self.understandable += session.understandable_messages as usize;
        self.fallbacks += session.fallbacks as usize;
        self.csat_offered += usize::from(session.csat_offered);
        self.scores.extend(session.csat_score);
        self.responses += session.responses;
        self.response_time += session.response_time_sum;
    }

    fn resolution(&self) -> f64 {
        self.resolved as f64 / self.engaged as f64
    }

    fn response_time(&self) -> i64 {
        self.response_time / self.responses
    }

    fn csat(&self) -> f64 {
        self.scores.iter().sum::<f64>() / self.scores.len() as f64
    }
}

/// What people do without a bot.
#[derive(Default)]
struct ByPeople {
    sessions: usize,
    resolved: usize,
    left: usize,
    with_bot: usize,
}

impl ByPeople {
    fn add(&mut self, session: &Session) {
        let bot = session.bot_messages > 0
            || session.engaged_time.is_some()
            || session.handover_requests > 0
            || session.understandable_messages > 0;
        self.sessions += 1;
        self.resolved += usize::from(session.resolved_time.is_some());
        self.left += usize::from(session.queue_left_time.is_some());
        self.with_bot += usize::from(bot);
    }
}

#[test]
fn the_rates_are_those_of_a_decent_bot() {
    let profile = Profile::built_in("default").unwrap();
    let mut all = Rates::default();
    let mut people = ByPeople::default();
    let (mut broken, mut sound) = (Rates::default(), Rates::default());
    let mut triggers = Vec::new();
    for events in sample(20_000) {
        for session in sessions(&profile, events) {
            if session.open || session.environment != Some(Environment::Production) {
                continue;
            }
            if session.bot.is_none() {
                people.add(&session);
                continue;
            }
            all.add(&session);
            triggers.extend(session.handover_trigger);
            let topic = session.topic_id.as_deref().unwrap_or_default();
            if Story::BROKEN_TOPICS.contains(&topic) {
                match session.bot_version.as_deref() {
                    Some(Story::BAD_VERSION) => broken.add(&session),
                    _ => sound.add(&session),
                }
            }
        }
    }
    check_share("people alone", people.sessions, all.sessions, 0.04..=0.10);
    assert_eq!(people.with_bot, 0, "no bot takes part where there is none");
    check_share(
        "settled by people",
        people.resolved,
        people.sessions,
        0.55..=0.85,
    );
    check_share("left the queue", people.left, people.sessions, 0.01..=0.25);
    check_share("engagement", all.engaged, all.sessions, 0.70..=0.80);
    check_share("resolution", all.resolved, all.engaged, 0.55..=0.65);
    check_share("escalation", all.escalated, all.engaged, 0.15..=0.20);
    check_share("abandon", all.abandoned, all.engaged, 0.20..=0.30);
    check_share("fallback", all.fallbacks, all.understandable, 0.10..=0.14);
    check_share(
        "csat response",
        all.scores.len(),
        all.csat_offered,
        0.17..=0.25,
    );
    assert!((3.8..=4.05).contains(&all.csat()), "{}", all.csat());
    assert!(broken.resolution() < 0.6 * sound.resolution());
    assert!(
        broken.csat() < sound.csat() - 0.4,
        "{} {}",
        broken.csat(),
        sound.csat()
    );
    assert!(broken.response_time() > 3 * sound.response_time() / 2);
    for trigger in HandoverTrigger::ALL {
        assert!(triggers.contains(trigger), "{trigger}");
    }
}

#[test]
fn every_profile_finds_every_outcome() {
    for name in Profile::built_in_names() {
        let profile = Profile::built_in(name).unwrap();
        let mut all = Rates::default();
        for events in sample(2000) {
            sessions(&profile, events).for_each(|session| all.add(&session));
        }
        assert!(all.engaged < all.sessions, "{name}");
        assert!(
            all.resolved > 0 && all.escalated > 0 && all.abandoned > 0,
            "{name}"
        );
    }
}
