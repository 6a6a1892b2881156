//! How conversations go: a small state machine that is led by a plan and by chance.

mod asking;
mod ending;
mod visiting;

use upshot_core::Event;
use upshot_core::time::{DAY, HOUR, MINUTE};
use upshot_core::words::{ExposureStage, HandoverTrigger, Outcome, TopicKind, TopicTrigger};

use crate::catalogue::{BOTS, CARE, TOPICS, WISHES};
use crate::machine::Seen;
use crate::options::{newsletter, topic_choice};
use crate::people::Channel;
use crate::plan::{Course, Plan, World, pick_topic};
use crate::stage::{Choice, Spot, Stage};

/// No session has more turns; a guard against a dialogue that chance keeps alive.
const TURNS: usize = 24;

/// What a session is about.
struct Session {
    course: Course,
    topic: usize,
    /// What the user wants and the bot cannot do: a position of [`WISHES`].
    wish: Option<usize>,
    helped: bool,
    /// How often in a row the bot did not understand.
    misunderstood: usize,
    /// How many matters were raised.
    matters: usize,
    /// Options that lie before the user.
    options: Vec<(Choice, usize)>,
    engaged: bool,
    outcome: Option<Outcome>,
    /// Whether success is only implied.
    implied: bool,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The user says what they want.
    Ask,
    /// The bot did not understand.
    Misunderstood,
    /// Several topics might be meant.
    DidYouMean(usize),
    /// The topic is entered.
    Visit(TopicTrigger),
    /// The matter is settled.
    Settled,
    /// It is not.
    Unsettled,
    /// A person is asked for.
    Person(HandoverTrigger),
    /// The user falls silent.
    Silence,
    /// There is nothing more.
    Done,
}

/// The events of the conversation with this plan.
pub(crate) fn conversation(world: &World, plan: &Plan) -> Vec<Event> {
    let mut stage = Stage::new(world, plan);
    let mut session = Session::first(&mut stage);
    for number in 0..plan.sessions {
        if number > 0 {
            let gap = if plan.channel == Channel::Whatsapp {
                stage.draw.around(9 * DAY, 1.3).max(25 * HOUR)
            } else {
                stage.draw.between(45 * MINUTE, 5 * HOUR)
            };
            stage.wait(gap);
            session = session.next(&mut stage);
        }
        if stage.is_over() {
            break;
        }
        stage.begin_session(number);
        session.run(&mut stage, number);
    }
    stage.finish()
}

impl Session {
    fn first(stage: &mut Stage) -> Self {
        let plan = stage.plan;
        Self::new(stage, plan.course, plan.topic, plan.helped)
    }

    fn new(stage: &mut Stage, course: Course, topic: usize, helped: bool) -> Self {
        let wishes = stage.draw.chance(0.04);
        Self {
            course,
            topic,
            wish: wishes.then(|| stage.draw.weighted(WISHES.iter().map(|wish| wish.1))),
            helped,
            misunderstood: 0,
            matters: 1,
            options: Vec::new(),
            engaged: false,
            outcome: None,
            implied: false,
        }
    }

    /// The user comes back to the same conversation, with the same matter or another.
    fn next(&self, stage: &mut Stage) -> Self {
        let course = match stage.draw.unit() {
            luck if luck < 0.10 && stage.channel() != Channel::Messenger => {
                Course::ProactiveIgnored
            }
            luck if luck < 0.16 => Course::GreetingOnly,
            luck if luck < 0.20 => Course::NoiseOnly,
            _ => Course::Served,
        };
        let same = if self.helped { 0.1 } else { 0.5 };
        let topic = if stage.draw.chance(same) {
            self.topic
        } else {
            pick_topic(stage.plan.bot, stage.draw.unit())
        };
        let likely = stage.world.helps(&TOPICS[topic], stage.clock);
        let helped = stage.draw.chance(likely);
        Self::new(stage, course, topic, helped)
    }

    fn run(&mut self, stage: &mut Stage, number: usize) {
        let began = stage.clock;
        let mut next = self.open(stage, number);
        for _ in 0..TURNS {
            if next == Next::Done || stage.is_over() {
                break;
            }
            next = match next {
                Next::Ask => self.ask(stage),
                Next::Misunderstood => self.not_understood(stage),
                Next::DidYouMean(other) => self.did_you_mean(stage, other),
                Next::Visit(trigger) => self.visit(stage, trigger),
                Next::Settled => self.settled(stage),
                Next::Unsettled => self.unsettled(stage),
                Next::Person(trigger) => self.person(stage, trigger),
                Next::Silence => self.silence(stage),
                Next::Done => Next::Done,
            };
        }
        self.hang_up(stage);
        self.report(stage, began);
    }

    fn open(&mut self, stage: &mut Stage, number: usize) -> Next {
        if self.course == Course::ByPeople {
            let wish = self.wording(stage);
            stage.call_people(&wish, self.helped);
            return Next::Done;
        }
        let channel = stage.channel();
        let opened = self.course == Course::OpenedOnly;
        if channel == Channel::Web && number == 0 && (opened || stage.draw.chance(0.35)) {
            stage.exposure(ExposureStage::Shown);
            stage.exposure(ExposureStage::Opened);
        }
        if channel != Channel::Whatsapp && number == 0 {
            stage.conversation_start();
        }
        stage.experiment();
        if opened {
            self.greet(stage, TopicTrigger::System);
            if channel == Channel::Web && stage.draw.chance(0.4) {
                stage.wait(4_000_000);
                stage.exposure(ExposureStage::Closed);
            }
            return Next::Done;
        }
        let can_speak_first = matches!(channel, Channel::Web | Channel::Whatsapp);
        let speaks_first = self.course == Course::ProactiveIgnored
            || (self.course == Course::Served && can_speak_first && stage.draw.chance(0.06));
        if speaks_first {
            let text = stage.draw.pick(&stage.phrases.proactive);
            stage.bot_speaks_first(text);
        } else if matches!(channel, Channel::Web | Channel::Voice) && stage.draw.chance(0.6) {
            self.greet(stage, TopicTrigger::System);
        }
        match self.course {
            Course::ProactiveIgnored => Next::Done,
            Course::GreetingOnly => {
                self.say_hello(stage);
                Next::Done
            }
            Course::NoiseOnly => {
                let noise = stage.draw.pick(&stage.phrases.noise);
                stage.user_says(noise, true);
                stage.understand(&Seen::Nothing);
                self.fall_back(stage);
                Next::Done
            }
            Course::WantsPerson => self.asks_for_person(stage),
            _ => {
                if stage.spot().is_none() && stage.draw.chance(0.2) {
                    self.say_hello(stage);
                }
                Next::Ask
            }
        }
    }

    fn say_hello(&mut self, stage: &mut Stage) {
        let hello = stage.draw.pick(&stage.phrases.hello);
        stage.user_says(hello, true);
        stage.understand(&Seen::Common("greeting"));
        self.greet(stage, TopicTrigger::Direct);
    }

    fn greet(&mut self, stage: &mut Stage, trigger: TopicTrigger) {
        stage.enter(Spot::System(TopicKind::Greeting), trigger);
        let guided = stage.plan.variant == Some(1);
        let text = if guided {
            stage.phrases.guided_greeting
        } else {
            stage.phrases.greeting[stage.plan.bot]
        };
        stage.bot_says(text);
        let shows = stage.channel().shows_options() && (guided || stage.draw.chance(0.35));
        if !shows {
            return;
        }
        self.options = BOTS[stage.plan.bot]
            .offers
            .iter()
            .map(|topic| (topic_choice(stage, *topic), *topic))
            .collect();
        let mut shown: Vec<_> = self.options.iter().map(|option| option.0.clone()).collect();
        if stage.plan.bot == CARE {
            shown.push(newsletter(stage));
        }
        stage.show(&shown);
    }
}
