//! What a conversation is about, decided before anything is said.
//!
//! A plan depends on the seed and the conversation's number alone, so that a conversation that
//! follows up another can look at that one's plan without making its events.

use upshot_core::time::{DAY, HOUR, MINUTE, SECOND};

use crate::DemoOptions;
use crate::calendar::{Calendar, Occasion};
use crate::catalogue::{BOTS, CARE, SALES, TOPICS, Topic};
use crate::draw::{Draw, Purpose, mix, unit};
use crate::people::{COUNTRIES, Channel, Person};
use crate::story::Story;

/// The share of the author's own trials, and how many people make them.
const TESTERS: usize = 6;
/// Of so many conversations in a row, the last may follow up the one before it.
const FOLLOW_UP_EVERY: u64 = 6;
/// Of so many conversations in a row, one is under way when the history ends.
const LIVE_EVERY: u64 = 2500;

/// Whether the user of this conversation waits for a person, or talks to one, when the history ends.
fn is_live(index: u64) -> bool {
    index % LIVE_EVERY == 18
}

/// All that conversations share.
pub(crate) struct World {
    pub(crate) options: DemoOptions,
    pub(crate) story: Story,
    pub(crate) calendar: Calendar,
}

impl World {
    pub(crate) fn new(options: &DemoOptions) -> Self {
        let story = Story::of(options);
        Self {
            options: *options,
            calendar: Calendar::new(&story),
            story,
        }
    }

    /// When the conversation with this number starts.
    pub(crate) fn start(&self, index: u64) -> i64 {
        follow_up(self, index).map_or_else(|| self.ordinary_start(index), |(start, _)| start)
    }

    fn ordinary_start(&self, index: u64) -> i64 {
        let place = unit(mix(mix(self.options.seed ^ 0x5354_4152_5400) ^ index));
        if is_live(index) {
            let before = 45 * SECOND + (place * 225.0) as i64 * SECOND;
            return self.story.end - before;
        }
        self.calendar.quantile(place)
    }

    /// The version of a bot that is live at this time.
    pub(crate) fn version(&self, bot: usize, time: i64) -> &'static str {
        if bot == CARE && self.story.bad_release.contains(&time) {
            return Story::BAD_VERSION;
        }
        let permille = self.story.permille(time);
        let version = BOTS[bot]
            .versions
            .iter()
            .rev()
            .find(|(from, _)| *from <= permille)
            .map_or(BOTS[bot].versions[0].1, |(_, version)| *version);
        if version == Story::VERSION_BEFORE && time >= self.story.bad_release.end {
            return Story::FIXED_VERSION;
        }
        version
    }

    /// Whether the bad release serves this bot's users at this time.
    pub(crate) fn is_bad(&self, bot: usize, time: i64) -> bool {
        bot == CARE && self.story.bad_release.contains(&time)
    }

    /// How likely a topic helps at this time.
    pub(crate) fn helps(&self, topic: &Topic, time: i64) -> f64 {
        if self.is_bad(topic.bot, time) && topic.broken() {
            topic.helps * 0.45
        } else {
            topic.helps
        }
    }
}

/// How a session goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    /// The widget was opened and nothing said.
    OpenedOnly,
    /// The bot spoke unasked and nobody answered.
    ProactiveIgnored,
    /// Hello, and no more.
    GreetingOnly,
    /// Something that nobody understands, and no more.
    NoiseOnly,
    /// The user wants something.
    Served,
    /// The user wants something and calls people.
    ByPeople,
    /// The user wants nothing but a person, who is there.
    WantsPerson,
}

/// What a conversation is about.
pub(crate) struct Plan {
    pub(crate) index: u64,
    pub(crate) start: i64,
    pub(crate) occasion: Occasion,
    pub(crate) person: Person,
    /// The user cannot be named.
    pub(crate) anonymous: bool,
    pub(crate) test: bool,
    pub(crate) channel: Channel,
    pub(crate) bot: usize,
    pub(crate) topic: usize,
    pub(crate) course: Course,
    /// Whether the topic settles the matter.
    pub(crate) helped: bool,
    /// How many sessions the conversation has.
    pub(crate) sessions: usize,
    /// Position of [`Story::VARIANTS`].
    pub(crate) variant: Option<usize>,
}

impl Plan {
    /// The plan of the conversation with this number.
    pub(crate) fn of(world: &World, index: u64) -> Self {
        match follow_up(world, index) {
            Some((start, earlier)) => following(world, index, start, earlier),
            None => ordinary(world, index),
        }
    }

    /// The same, but the user calls the hotline. People help more often than bots.
    fn by_phone(self, helped: bool) -> Self {
        Self {
            channel: Channel::Phone,
            course: Course::ByPeople,
            helped: helped || self.person.lot(self.index ^ 14) < 0.55,
            anonymous: false,
            sessions: 1,
            variant: None,
            ..self
        }
    }
}

/// When the conversation starts and what it follows up, if it does.
fn follow_up(world: &World, index: u64) -> Option<(i64, Plan)> {
    if index % FOLLOW_UP_EVERY != FOLLOW_UP_EVERY - 1 {
        return None;
    }
    let mut draw = Draw::new(world.options.seed, Purpose::Plan, u64::MAX - index);
    // Most of these are decided here, without looking at the other conversation.
    let luck = draw.unit();
    if luck > 0.85 {
        return None;
    }
    let earlier = ordinary(world, index - 1);
    let known = !earlier.anonymous && !earlier.test && earlier.channel != Channel::Messenger;
    let asked =
        matches!(earlier.course, Course::Served | Course::ByPeople) && earlier.sessions == 1;
    if !known || !asked || luck > if earlier.helped { 0.22 } else { 0.85 } {
        return None;
    }
    let (low, high) = [
        (25 * MINUTE, HOUR),
        (HOUR, DAY),
        (DAY, 3 * DAY),
        (3 * DAY, 7 * DAY),
        (7 * DAY, 14 * DAY),
        (14 * DAY, 30 * DAY),
    ][draw.weighted([0.12, 0.30, 0.24, 0.18, 0.10, 0.06].into_iter())];
    let start = earlier.start + draw.between(low, high);
    (start < world.story.end).then_some((start, earlier))
}

/// Whether somebody calls the hotline instead.
fn calls(world: &World, index: u64, likely: f64) -> bool {
    unit(mix(mix(world.options.seed ^ 0x5048_4f4e_4500) ^ index)) < likely
}

/// The same user with the same matter, once more; those who were not helped at times by telephone.
fn following(world: &World, index: u64, start: i64, earlier: Plan) -> Plan {
    let mut draw = Draw::new(world.options.seed, Purpose::Plan, index);
    let helped = draw.chance(world.helps(&TOPICS[earlier.topic], start) * 0.85);
    if calls(world, index, if earlier.helped { 0.08 } else { 0.3 }) {
        return Plan {
            index,
            start,
            occasion: Occasion::Usual,
            ..earlier.by_phone(helped)
        };
    }
    let channel = match earlier.channel {
        // Who called before writes this time.
        Channel::Phone => Channel::Web,
        channel => channel,
    };
    Plan {
        index,
        start,
        occasion: Occasion::Usual,
        channel,
        course: Course::Served,
        helped,
        sessions: 1,
        variant: variant(world, &earlier.person, start, earlier.bot, channel),
        ..earlier
    }
}

fn ordinary(world: &World, index: u64) -> Plan {
    let seed = world.options.seed;
    let start = world.ordinary_start(index);
    let mut draw = Draw::new(seed, Purpose::Plan, index);
    let test = draw.chance(Story::TEST_SHARE);
    let (country, occasion) = occasion(world, start, &mut draw);
    let person = if test {
        Person::tester(seed, draw.below(TESTERS))
    } else {
        Person::of_country(seed, country, &mut draw)
    };
    let channel = channel(&person, occasion, &mut draw);
    let (bot, topic) = subject(&person, channel, occasion, &mut draw);
    let variant = if test {
        None
    } else {
        variant(world, &person, start, bot, channel)
    };
    let course = course(channel, variant, &mut draw);
    let helped = draw.chance(world.helps(&TOPICS[topic], start));
    let again = match channel {
        Channel::Whatsapp => 0.55,
        Channel::Voice => 0.0,
        _ => 0.05,
    };
    let mut sessions = 1;
    while sessions < 30 && draw.chance(again) {
        sessions += 1;
    }
    let plan = Plan {
        index,
        start,
        occasion,
        anonymous: !test && channel == Channel::Web && draw.chance(0.22),
        person,
        test,
        channel,
        bot,
        topic,
        course,
        helped,
        sessions,
        variant,
    };
    if is_live(index) && !test {
        return Plan {
            course: Course::WantsPerson,
            sessions: 1,
            ..plan
        };
    }
    if !test && occasion != Occasion::Campaign && calls(world, index, 0.06) {
        let helped = plan.helped;
        return plan.by_phone(helped);
    }
    plan
}

/// From where and why somebody writes at this time.
fn occasion(world: &World, time: i64, draw: &mut Draw) -> (usize, Occasion) {
    let traffic: [_; COUNTRIES.len()] =
        std::array::from_fn(|country| world.calendar.traffic(time, country));
    let country = draw.weighted(traffic.iter().map(|traffic| traffic.total()));
    let Some(traffic) = traffic.get(country) else {
        return (0, Occasion::Usual);
    };
    let why = draw.weighted([traffic.usual, traffic.campaign, traffic.outage].into_iter());
    (
        country,
        [Occasion::Usual, Occasion::Campaign, Occasion::Outage][why],
    )
}

fn channel(person: &Person, occasion: Occasion, draw: &mut Draw) -> Channel {
    if occasion == Occasion::Campaign || draw.chance(0.12) {
        Channel::Web
    } else {
        person.channel
    }
}

/// The bot and the topic.
fn subject(
    person: &Person,
    channel: Channel,
    occasion: Occasion,
    draw: &mut Draw,
) -> (usize, usize) {
    let named = |name| TOPICS.iter().position(|topic| topic.id == name);
    match (occasion, named(Story::OUTAGE_TOPIC)) {
        (Occasion::Outage, Some(topic)) => return (CARE, topic),
        (Occasion::Campaign, _) => return (SALES, pick_topic(SALES, draw.unit())),
        _ => {}
    }
    let bot = if channel == Channel::Teams {
        1 + draw.below(2)
    } else {
        draw.weighted(BOTS.iter().map(|bot| bot.weight))
    };
    let place = if draw.chance(0.3) {
        person.habit
    } else {
        draw.unit()
    };
    (bot, pick_topic(bot, place))
}

/// The topic of a bot at this place, from 0 to 1, where each takes as much room as it weighs.
pub(crate) fn pick_topic(bot: usize, place: f64) -> usize {
    let own = || {
        TOPICS
            .iter()
            .enumerate()
            .filter(move |(_, topic)| topic.bot == bot)
    };
    let mut rest = place * own().map(|(_, topic)| topic.weight).sum::<f64>();
    for (position, topic) in own() {
        rest -= topic.weight;
        if rest < 0.0 {
            return position;
        }
    }
    BOTS[bot].offers[0]
}

fn variant(
    world: &World,
    person: &Person,
    time: i64,
    bot: usize,
    channel: Channel,
) -> Option<usize> {
    let takes_part =
        channel == Channel::Web && bot == SALES && world.story.experiment.contains(&time);
    takes_part.then(|| usize::from(person.lot(1) < 0.5))
}

fn course(channel: Channel, variant: Option<usize>, draw: &mut Draw) -> Course {
    let guided = if variant == Some(1) { 0.45 } else { 1.0 };
    // Opened only, proactive ignored, greeting only, noise only.
    let [opened, ignored, greeting, noise] = match channel {
        Channel::Web => [0.06, 0.09, 0.09 * guided, 0.045],
        Channel::Voice | Channel::Phone => [0.03, 0.00, 0.06, 0.06],
        Channel::Whatsapp => [0.00, 0.14, 0.06, 0.03],
        Channel::Teams => [0.05, 0.04, 0.07, 0.03],
        Channel::Messenger => [0.03, 0.08, 0.10, 0.05],
    };
    let served = 1.0 - opened - ignored - greeting - noise;
    let weights = [opened, ignored, greeting, noise, served];
    [
        Course::OpenedOnly,
        Course::ProactiveIgnored,
        Course::GreetingOnly,
        Course::NoiseOnly,
        Course::Served,
    ][draw.weighted(weights.into_iter())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        World::new(&DemoOptions::until(1_761_955_200_000_000))
    }

    #[test]
    fn some_follow_up_with_the_same_matter() {
        let world = world();
        let mut count = 0;
        for index in 0..3000 {
            let Some((start, _)) = follow_up(&world, index) else {
                continue;
            };
            let (earlier, later) = (Plan::of(&world, index - 1), Plan::of(&world, index));
            assert!(start > earlier.start && start < world.story.end);
            assert_eq!(earlier.person.key, later.person.key);
            assert_eq!(earlier.topic, later.topic);
            assert_eq!(later.start, world.start(index));
            count += 1;
        }
        assert!((60..300).contains(&count), "{count}");
    }

    #[test]
    fn versions_follow_the_story() {
        let world = world();
        let bad = world.story.bad_release.clone();
        assert_eq!(world.version(CARE, bad.start - 1), Story::VERSION_BEFORE);
        assert_eq!(world.version(CARE, bad.start), Story::BAD_VERSION);
        assert_eq!(world.version(CARE, bad.end), Story::FIXED_VERSION);
        assert_eq!(world.version(CARE, world.story.end - 1), "3.5.0");
        assert_eq!(world.version(SALES, world.story.begin), "1.4.0");
    }

    #[test]
    fn every_topic_has_its_place() {
        for bot in 0..BOTS.len() {
            let mut seen: Vec<_> = (0..1000)
                .map(|place| pick_topic(bot, f64::from(place) / 1000.0))
                .collect();
            seen.dedup();
            let own = TOPICS.iter().filter(|topic| topic.bot == bot).count();
            assert_eq!(seen.len(), own);
        }
    }
}
