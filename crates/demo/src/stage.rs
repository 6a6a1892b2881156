//! The stage: it holds the clock and who is there, and writes down what happens as events.

use upshot_core::Event;
use upshot_core::event::order_key;
use upshot_core::words::{
    Actor, DestinationKind, Environment, EventType, ExposureStage, Interaction, MessageKind,
    OptionKind, OptionStage, Role, TopicKind, TopicTrigger,
};

use crate::calendar::Occasion;
use crate::catalogue::{BOTS, Bot, PAGES, REFERRERS, TOPICS};
use crate::draw::{Draw, Purpose};
use crate::people::{COUNTRIES, Channel};
use crate::plan::{Plan, World};
use crate::story::Story;
use crate::texts::{LANGUAGES, Phrases, phrases};

/// A topic, custom or of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spot {
    Custom(usize),
    System(TopicKind),
}

impl Spot {
    fn id_name_kind(self) -> (&'static str, &'static str, TopicKind) {
        match self {
            Self::Custom(topic) => (TOPICS[topic].id, TOPICS[topic].name, TopicKind::Custom),
            Self::System(kind) => {
                let (id, name) = system_topic(kind);
                (id, name, kind)
            }
        }
    }
}

fn system_topic(kind: TopicKind) -> (&'static str, &'static str) {
    match kind {
        TopicKind::Greeting => ("system.greeting", "Greeting"),
        TopicKind::Goodbye => ("system.goodbye", "Goodbye"),
        TopicKind::Thanks => ("system.thanks", "Thanks"),
        TopicKind::StartOver => ("system.start_over", "Start over"),
        TopicKind::Fallback => ("system.fallback", "Fallback"),
        TopicKind::Escalate => ("system.escalate", "Escalate"),
        TopicKind::EndOfConversation => ("system.end_of_conversation", "End of conversation"),
        TopicKind::ConfirmedSuccess => ("system.confirmed_success", "Confirmed success"),
        TopicKind::ConfirmedFailure => ("system.confirmed_failure", "Confirmed failure"),
        TopicKind::MultipleTopicsMatched => ("system.did_you_mean", "Multiple topics matched"),
        TopicKind::GenerativeAnswers => ("system.generative_answers", "Generative answers"),
        _ => ("system.satisfaction_survey", "Satisfaction survey"),
    }
}

/// An option that is shown or chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) id: Box<str>,
    pub(crate) title: &'static str,
    pub(crate) kind: OptionKind,
    pub(crate) destination: Option<(Box<str>, DestinationKind)>,
}

/// Who says hello, what is there and what was said.
pub(crate) struct Stage<'world> {
    pub(crate) world: &'world World,
    pub(crate) plan: &'world Plan,
    pub(crate) draw: Draw,
    pub(crate) phrases: &'static Phrases,
    /// Now, in UTC microseconds.
    pub(crate) clock: i64,
    /// How the user feels about it, about -1 to 1.
    pub(crate) mood: f64,
    /// What every event of the conversation carries.
    pub(crate) identity: Event,
    events: Vec<Event>,
    sequence: i64,
    /// Whether the session's first event, and the user's first message, are still to come.
    landing: (bool, bool),
    last_user: Option<i64>,
    last_bot: Option<i64>,
    /// The questions that the bot asked in this session.
    pub(crate) asked: Vec<Box<str>>,
    /// What the user said last.
    pub(crate) last_words: String,
    /// How many messages the user wrote in this session.
    pub(crate) turns: i64,
    /// Whether somebody ended the conversation in this session.
    pub(crate) ended: bool,
    spot: Option<Spot>,
}

impl<'world> Stage<'world> {
    pub(crate) fn new(world: &'world World, plan: &'world Plan) -> Self {
        let mut draw = Draw::new(world.options.seed, Purpose::Dialogue, plan.index);
        let identity = identity(world, plan, &mut draw);
        Self {
            world,
            plan,
            draw,
            phrases: phrases(plan.person.language),
            clock: plan.start,
            mood: 0.0,
            identity,
            events: Vec::with_capacity(32),
            sequence: 0,
            landing: (true, true),
            last_user: None,
            last_bot: None,
            asked: Vec::new(),
            last_words: String::new(),
            turns: 0,
            ended: false,
            spot: None,
        }
    }

    /// A session begins: a new version of the bot may be live and a new window open.
    pub(crate) fn begin_session(&mut self, number: usize) {
        let version = self.world.version(self.plan.bot, self.clock);
        let by_people = self.plan.channel == Channel::Phone;
        self.identity.bot_version = (!by_people).then(|| version.into());
        let window = self.plan.channel == Channel::Web || self.plan.channel.is_spoken();
        self.identity.window_id =
            window.then(|| format!("{}-w{}", self.identity.conversation_id, number + 1).into());
        // Whom the bad release serves waits for every answer.
        let nuisance = if self.is_bad() { 0.4 } else { 0.0 };
        self.mood = self.plan.person.temper - nuisance;
        self.landing = (true, true);
        self.turns = 0;
        self.ended = false;
        self.asked.clear();
        self.spot = None;
    }

    pub(crate) fn bot(&self) -> &'static Bot {
        &BOTS[self.plan.bot]
    }

    pub(crate) fn channel(&self) -> Channel {
        self.plan.channel
    }

    /// Whether the bad release serves this conversation now.
    pub(crate) fn is_bad(&self) -> bool {
        self.world.is_bad(self.plan.bot, self.clock)
    }

    /// Whether the history is over; what would happen later is not written down.
    pub(crate) fn is_over(&self) -> bool {
        self.clock >= self.world.story.end
    }

    /// The current topic.
    pub(crate) fn spot(&self) -> Option<Spot> {
        self.spot
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, microseconds: i64) {
        self.clock = self.clock.saturating_add(microseconds.max(1000));
    }

    /// The user reads, thinks and types; not before the first words, with which all begins.
    pub(crate) fn user_pause(&mut self) {
        if self.landing.0 {
            return;
        }
        let usual = self.channel().user_pause();
        // Nobody waits longer than that and still answers in the same breath.
        let pause = self.draw.around(usual, 1.1).clamp(1_500_000, usual * 9);
        self.wait(pause);
    }

    fn bot_pause(&mut self) {
        let slow = if self.is_bad() { 4 } else { 1 };
        let usual = self.channel().bot_pause() * slow;
        let pause = self.draw.around(usual, 0.5);
        self.wait(pause);
    }

    /// A blink, so that what belongs together has an order in time.
    fn blink(&mut self) {
        let blink = self.draw.between(4_000, 40_000);
        self.wait(blink);
    }

    /// The id of the event with this position.
    fn id_of(&self, sequence: i64) -> Box<str> {
        format!("{}-{sequence:03}", self.identity.conversation_id).into()
    }

    /// The id of the user's last message.
    pub(crate) fn last_user_message(&self) -> Option<Box<str>> {
        self.last_user.map(|sequence| self.id_of(sequence))
    }

    /// The id of the bot's last message.
    pub(crate) fn last_bot_message(&self) -> Option<Box<str>> {
        self.last_bot.map(|sequence| self.id_of(sequence))
    }

    /// Writes an event down and gives its position.
    pub(crate) fn emit(&mut self, event_type: EventType, fill: impl FnOnce(&mut Event)) -> i64 {
        self.sequence += 1;
        if self.is_over() {
            return self.sequence;
        }
        let mut event = self.identity.clone();
        event.event_type = Some(event_type);
        event.time = self.clock;
        event.event_id = self.id_of(self.sequence);
        event.source_sequence = Some(self.sequence);
        fill(&mut event);
        let first_words = event_type == EventType::Message && event.role == Some(Role::User);
        if self.landing.0 || (self.landing.1 && first_words) {
            self.land(&mut event);
            self.landing = (false, self.landing.1 && !first_words);
        }
        self.events.push(event);
        self.sequence
    }

    /// Adds what is known of where the user comes from.
    fn land(&self, event: &mut Event) {
        let person = &self.plan.person;
        let mut attribute = |name: &str, value: &str| {
            event.attributes.insert(name.into(), value.into());
        };
        attribute("plan", person.plan);
        attribute("region", person.region);
        attribute(
            "customer",
            if person.business {
                "business"
            } else {
                "private"
            },
        );
        if self.channel() != Channel::Web {
            return;
        }
        let pages = PAGES[self.plan.bot];
        let lot = |purpose| person.lot(self.plan.index ^ purpose);
        event.page = Some(pages[(lot(11) * 3.0) as usize].into());
        if self.plan.occasion == Occasion::Campaign {
            event.utm_source = Some("newsletter".into());
            event.utm_medium = Some("email".into());
            event.utm_campaign = Some(Story::CAMPAIGN.into());
            let content = if lot(12) < 0.5 { "header" } else { "footer" };
            event.utm_content = Some(content.into());
            return;
        }
        let come_from = lot(13);
        if come_from < 0.5 {
            event.referrer = Some(REFERRERS[(come_from * 8.0) as usize].into());
        }
        if come_from < 0.08 {
            event.utm_source = Some("search".into());
            event.utm_medium = Some("cpc".into());
            event.utm_campaign = Some("always-on".into());
            event.utm_term = Some(TOPICS[self.plan.topic].name.into());
        }
    }

    /// The widget was shown, opened or closed.
    pub(crate) fn exposure(&mut self, stage: ExposureStage) {
        self.emit(EventType::Exposure, |event| event.exposure = Some(stage));
        let pause = self.draw.between(700_000, 6_000_000);
        self.wait(pause);
    }

    /// The conversation was opened.
    pub(crate) fn conversation_start(&mut self) {
        self.emit(EventType::ConversationStart, |_| {});
        self.blink();
    }

    /// Somebody ends the conversation on purpose.
    pub(crate) fn conversation_end(&mut self, actor: Actor, reason: &str) {
        self.ended = true;
        self.blink();
        self.emit(EventType::ConversationEnd, |event| {
            event.actor = Some(actor);
            event.outcome_reason = Some(reason.into());
        });
    }

    /// The user is put into a variant.
    pub(crate) fn experiment(&mut self) {
        let Some(variant) = self.plan.variant else {
            return;
        };
        self.emit(EventType::Experiment, |event| {
            event.experiment = Some(Story::EXPERIMENT.into());
            event.variant = Some(Story::VARIANTS[variant].into());
        });
        self.blink();
    }

    /// The user says something. The bot has to understand it unless it answers a question or is
    /// said to an agent.
    pub(crate) fn user_says(&mut self, text: &str, must_understand: bool) {
        self.user_pause();
        let kind = if self.channel().is_spoken() {
            MessageKind::Voice
        } else {
            MessageKind::Text
        };
        self.user_message(text, kind, must_understand);
    }

    /// The user sends a file.
    pub(crate) fn user_attaches(&mut self, name: &str) {
        self.user_pause();
        self.user_message(name, MessageKind::Attachment, false);
    }

    fn user_message(&mut self, text: &str, kind: MessageKind, must_understand: bool) {
        let language = LANGUAGES[self.plan.person.language];
        let id = self.id_of(self.sequence + 1);
        // Some look around while they talk to the bot.
        let moves = self.channel() == Channel::Web && self.draw.chance(0.08);
        let page = moves.then(|| PAGES[self.plan.bot][self.draw.below(3)]);
        let sequence = self.emit(EventType::Message, |event| {
            event.message_id = Some(id);
            event.page = page.map(Into::into);
            event.role = Some(Role::User);
            event.message_kind = Some(kind);
            event.text = Some(text.into());
            event.language = Some(language.into());
            event.must_understand = Some(must_understand);
        });
        self.last_user = Some(sequence);
        self.last_words.clear();
        self.last_words.push_str(text);
        self.turns += 1;
        self.blink();
    }

    /// The bot says something.
    pub(crate) fn bot_says(&mut self, text: &str) {
        self.bot_pause();
        self.bot_message(text, false);
    }

    /// The bot speaks without being asked.
    pub(crate) fn bot_speaks_first(&mut self, text: &str) {
        self.bot_message(text, true);
    }

    fn bot_message(&mut self, text: &str, proactive: bool) {
        let language = LANGUAGES[self.plan.person.language];
        let id = self.id_of(self.sequence + 1);
        let reply_to = self.last_user_message();
        let sequence = self.emit(EventType::Message, |event| {
            event.message_id = Some(id);
            event.role = Some(Role::Bot);
            event.message_kind = Some(MessageKind::Text);
            event.text = Some(text.into());
            event.language = Some(language.into());
            event.reply_to = if proactive { None } else { reply_to };
            event.proactive = proactive.then_some(true);
        });
        self.last_bot = Some(sequence);
        self.blink();
    }

    /// An agent or the platform says something.
    pub(crate) fn other_says(&mut self, role: Role, agent: Option<&str>, text: &str) {
        let language = LANGUAGES[self.plan.person.language];
        let id = self.id_of(self.sequence + 1);
        self.emit(EventType::Message, |event| {
            event.message_id = Some(id);
            event.role = Some(role);
            event.message_kind = Some(MessageKind::Text);
            event.text = Some(text.into());
            event.language = Some(language.into());
            event.agent_id = agent.map(Into::into);
        });
        self.blink();
    }

    /// A topic is entered.
    pub(crate) fn enter(&mut self, spot: Spot, trigger: TopicTrigger) {
        let (id, name, kind) = spot.id_name_kind();
        self.spot = Some(spot);
        let message = self.last_user_message();
        self.emit(EventType::Topic, |event| {
            event.topic_id = Some(id.into());
            event.topic_name = Some(name.into());
            event.topic_kind = Some(kind);
            event.topic_trigger = Some(trigger);
            if trigger == TopicTrigger::Direct {
                event.message_id = message;
            }
        });
        self.blink();
    }

    /// The current topic is left.
    pub(crate) fn leave(&mut self) {
        let Some(spot) = self.spot.take() else {
            return;
        };
        let (id, name, kind) = spot.id_name_kind();
        self.emit(EventType::TopicEnd, |event| {
            event.topic_id = Some(id.into());
            event.topic_name = Some(name.into());
            event.topic_kind = Some(kind);
        });
        self.blink();
    }

    /// Options are shown with the bot's last message.
    pub(crate) fn show(&mut self, choices: &[Choice]) {
        let message = self.last_bot_message();
        for (place, choice) in (1..).zip(choices) {
            let place = Some(place);
            self.option(
                choice,
                OptionStage::Shown,
                Role::Bot,
                message.clone(),
                place,
            );
        }
    }

    /// The user chooses an option; an answer or a phone number is also a message of the user's.
    pub(crate) fn choose(&mut self, choice: &Choice) {
        self.user_pause();
        let leads_away = matches!(
            choice.destination,
            Some((_, DestinationKind::Url | DestinationKind::Phone))
        );
        if !leads_away {
            self.user_message(choice.title, MessageKind::Option, false);
        }
        let message = if leads_away {
            self.last_bot_message()
        } else {
            self.last_user_message()
        };
        self.option(choice, OptionStage::Chosen, Role::User, message, None);
    }

    fn option(
        &mut self,
        choice: &Choice,
        stage: OptionStage,
        role: Role,
        message: Option<Box<str>>,
        place: Option<i64>,
    ) {
        self.emit(EventType::Option, |event| {
            event.option_position = place;
            event.message_id = message;
            event.role = Some(role);
            event.option_id = Some(choice.id.clone());
            event.option_stage = Some(stage);
            event.option_kind = Some(choice.kind);
            event.option_title = Some(choice.title.into());
            if let Some((destination, kind)) = &choice.destination {
                event.option_destination = Some(destination.clone());
                event.destination_kind = Some(*kind);
            }
        });
        self.blink();
    }

    /// The user does something with a message beside answering it.
    pub(crate) fn interact(&mut self, interaction: Interaction) {
        let (role, message) = match interaction {
            Interaction::Rephrased | Interaction::Repeated => (None, self.last_user_message()),
            _ => (Some(Role::User), self.last_bot_message()),
        };
        self.emit(EventType::Interaction, |event| {
            event.message_id = message;
            event.role = role;
            event.interaction = Some(interaction);
        });
        self.blink();
    }

    /// The events, in order.
    pub(crate) fn finish(self) -> Vec<Event> {
        debug_assert!(self.events.is_sorted_by(|a, b| order_key(a) < order_key(b)));
        self.events
    }
}

fn identity(world: &World, plan: &Plan, draw: &mut Draw) -> Event {
    let person = &plan.person;
    let conversation_id = crate::conversation_id(world, plan.index);
    let (device, browser, system) = person.device_on(plan.channel, draw);
    let unlinkable = plan.channel.name() == Story::UNLINKABLE_CHANNEL;
    let user_id = match (plan.anonymous, unlinkable, plan.test) {
        (true, _, _) => None,
        (_, true, _) => Some(format!("v{}", &conversation_id[1..])),
        (_, _, true) => Some(format!("tester-{:016x}", person.key)),
        _ => Some(format!("u{:016x}", person.key)),
    };
    let signed_in = !plan.anonymous && draw.chance(person.signs_in);
    Event {
        source: Some("demo".into()),
        bot: (plan.channel != Channel::Phone).then(|| BOTS[plan.bot].id.into()),
        environment: Some(if plan.test {
            Environment::Test
        } else {
            Environment::Production
        }),
        channel: Some(plan.channel.name().into()),
        locale: Some(person.locale.into()),
        user_id: user_id.map(Into::into),
        device: Some(device.into()),
        browser: browser.map(Into::into),
        operating_system: system.map(Into::into),
        country: Some(COUNTRIES[person.country].code.into()),
        authenticated: Some(signed_in || plan.channel == Channel::Teams),
        unlinkable: unlinkable.then_some(true),
        conversation_id,
        ..Event::default()
    }
}
