//! Conversations by chance: believable ones, made of episodes as they happen, and nasty ones, made of
//! events of any kind with any fields, at the instants at which rules change.

use proptest::prelude::*;
use upshot_core::Event;
use upshot_core::time::{DAY, HOUR, MINUTE, SECOND};
use upshot_core::words::{EventType, Role, Word};

use crate::scene::ORIGIN;

/// Silences between events: none, those within a conversation, and those at which rules change.
const SILENCES: [i64; 32] = [
    SECOND,
    0,
    2 * SECOND,
    5 * SECOND,
    40 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE - 1,
    10 * MINUTE,
    10 * MINUTE + 1,
    12 * MINUTE,
    12 * MINUTE + 1,
    15 * MINUTE,
    30 * MINUTE - 1,
    30 * MINUTE,
    30 * MINUTE + 1,
    31 * MINUTE,
    32 * MINUTE,
    32 * MINUTE + 1,
    HOUR,
    HOUR + 1,
    3 * HOUR,
    11 * HOUR,
    23 * HOUR,
    DAY - 1,
    DAY,
    DAY + 1,
    DAY + 2 * MINUTE,
    DAY + 2 * MINUTE + 1,
    26 * HOUR,
    3 * DAY,
];

/// A part of a conversation: after this silence, an episode or a single event, made of this number.
#[derive(Debug, Clone, Copy)]
pub struct Piece {
    silence: usize,
    episode: Option<usize>,
    made_of: u64,
}

impl Piece {
    /// A single event.
    pub fn event(silence: usize, made_of: u64) -> Self {
        Self {
            silence,
            episode: None,
            made_of,
        }
    }

    /// An episode, by its place in the list.
    pub fn episode(silence: usize, place: usize, made_of: u64) -> Self {
        Self {
            silence,
            episode: Some(place),
            made_of,
        }
    }
}

/// A conversation by chance.
pub fn pieces(most: usize) -> impl Strategy<Value = Vec<Piece>> {
    let silence = prop_oneof![3 => 0..8_usize, 2 => 0..SILENCES.len()];
    let episode = prop_oneof![(0..EPISODES.len()).prop_map(Some), Just(None)];
    let piece = (silence, episode, any::<u64>());
    let piece = piece.prop_map(|(silence, episode, made_of)| Piece {
        silence,
        episode,
        made_of,
    });
    prop::collection::vec(piece, 0..most)
}

/// The events of the pieces, in the order in which they happened.
pub fn events(pieces: &[Piece]) -> Vec<Event> {
    let mut writer = Writer {
        time: ORIGIN,
        events: Vec::new(),
    };
    for piece in pieces {
        writer.time += SILENCES[piece.silence];
        let mut chance = Chance(piece.made_of);
        match piece.episode {
            Some(episode) => EPISODES[episode](&mut writer, &mut chance),
            None => writer.anything(&mut chance),
        }
    }
    writer.events
}

/// Choices out of a number: small numbers choose the first.
struct Chance(u64);

impl Chance {
    fn below(&mut self, count: usize) -> usize {
        let chosen = (self.0 % count as u64) as usize;
        self.0 /= count as u64;
        chosen
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn word<W: Word>(&mut self) -> W {
        self.of(W::ALL)
    }

    /// A word of the vocabulary, or none.
    fn maybe<W: Word>(&mut self) -> Option<W> {
        let chosen = self.below(W::ALL.len() + 1);
        W::ALL.get(chosen.wrapping_sub(1)).copied()
    }

    fn text(&mut self, choices: &[&str]) -> Option<Box<str>> {
        let chosen = self.below(choices.len() + 1);
        chosen.checked_sub(1).map(|chosen| choices[chosen].into())
    }

    fn flag(&mut self) -> Option<bool> {
        self.of(&[None, Some(true), Some(false)])
    }
}

struct Writer {
    time: i64,
    events: Vec<Event>,
}

type Episode = fn(&mut Writer, &mut Chance);

const EPISODES: [Episode; 12] = [
    Writer::question,
    Writer::topic,
    Writer::greeting,
    Writer::fallback,
    Writer::success,
    Writer::escalation,
    Writer::people,
    Writer::generated,
    Writer::survey,
    Writer::form,
    Writer::news,
    Writer::report,
];

impl Writer {
    fn put(&mut self, mut event: Event) {
        let number = self.events.len();
        event.event_id = format!("e{number}").into();
        event.source_sequence = Some(number as i64);
        if event.event_type == Some(EventType::Message) && event.message_id.is_none() {
            event.message_id = Some(format!("m{number}").into());
        }
        self.time = event.time;
        self.events.push(event);
    }

    fn event(&self, event_type: EventType) -> Event {
        Event::new(event_type, self.time, "c")
    }

    /// Writes an event of this type, some seconds later.
    fn then(&mut self, seconds: i64, event_type: EventType, fill: impl FnOnce(&mut Event)) {
        self.time += seconds * SECOND;
        let mut event = self.event(event_type);
        fill(&mut event);
        self.put(event);
    }

    fn says(&mut self, seconds: i64, role: Role, fill: impl FnOnce(&mut Event)) {
        self.then(seconds, EventType::Message, |event| {
            event.role = Some(role);
            fill(event);
        });
    }

    fn enters(&mut self, kind: &str, trigger: &str) {
        self.then(1, EventType::Topic, |event| {
            event.topic_id = Some(kind.into());
            event.topic_name = Some(format!("The topic {kind}").into());
            event.topic_kind = Word::parse(kind);
            event.topic_trigger = Word::parse(trigger);
        });
    }

    // Episodes.

    fn question(&mut self, chance: &mut Chance) {
        let channel = chance.text(&["web", "WhatsApp", "voice"]);
        let language = chance.text(&["en", "it"]);
        let kind = chance.maybe();
        let intent = chance.text(&["delivery", "hello", "refund"]);
        let seconds = chance.of(&[2, 0, 9]);
        self.says(0, Role::User, |event| {
            event.channel = channel;
            event.language = language;
            event.message_kind = kind;
            event.intent = intent;
            event.user_id = Some("u1".into());
        });
        let answers = chance.below(3);
        for _ in 0..answers {
            self.says(seconds, Role::Bot, |_| {});
        }
    }

    fn topic(&mut self, chance: &mut Chance) {
        let trigger = chance.of(&["direct", "redirect", "plan", "system"]);
        self.says(0, Role::User, |event| event.bot = Some("helper".into()));
        self.enters("custom", trigger);
        self.says(1, Role::Bot, |_| {});
        if chance.one_in(2) {
            self.then(1, EventType::TopicEnd, |_| {});
        }
    }

    fn greeting(&mut self, chance: &mut Chance) {
        let campaign = chance.text(&["spring", "autumn"]);
        self.then(0, EventType::ConversationStart, |event| {
            event.utm_campaign = campaign
        });
        self.enters("greeting", "system");
        self.says(1, Role::Bot, |_| {});
        if chance.one_in(2) {
            self.says(4, Role::User, |event| event.intent = Some("Hello".into()));
            self.says(1, Role::Bot, |_| {});
        }
    }

    fn fallback(&mut self, chance: &mut Chance) {
        let way = chance.below(4);
        self.says(0, Role::User, |event| {
            event.unmatched = Some(true).filter(|_| way == 1)
        });
        match way {
            0 => self.enters("fallback", "direct"),
            2 => self.then(0, EventType::Intent, |event| event.unmatched = Some(true)),
            _ => {}
        }
        self.says(1, Role::Bot, |event| {
            event.unmatched = Some(true).filter(|_| way == 3)
        });
    }

    fn success(&mut self, chance: &mut Chance) {
        self.enters("end_of_conversation", "redirect");
        self.says(1, Role::Bot, |_| {});
        let score = chance.of(&[1.0, 0.0]);
        let way = chance.below(4);
        if way > 0 {
            self.says(4, Role::User, |_| {});
        }
        if way > 1 {
            self.then(0, EventType::Survey, |event| {
                event.survey_kind = Word::parse("resolution");
                event.survey_stage = Word::parse("answered");
                event.survey_score = Some(score);
            });
        }
        if way > 2 {
            self.enters(
                if score > 0.0 {
                    "confirmed_success"
                } else {
                    "confirmed_failure"
                },
                "redirect",
            );
        }
    }

    fn escalation(&mut self, chance: &mut Chance) {
        let trigger = chance.maybe();
        let topic = chance.one_in(2);
        let stages = chance.below(4);
        self.says(0, Role::User, |_| {});
        if topic {
            self.enters("escalate", "direct");
        }
        for stage in ["requested", "escalated", "escalated", "queued"]
            .iter()
            .take(stages + 1)
        {
            self.then(1, EventType::Handover, |event| {
                event.handover_stage = Word::parse(stage);
                event.handover_trigger = trigger;
                event.handover_reason = Some("asked".into());
            });
        }
        self.says(1, Role::Bot, |_| {});
    }

    fn people(&mut self, chance: &mut Chance) {
        let agent = chance.text(&["anna", "bert"]);
        let accepted = chance.one_in(2);
        if accepted {
            let agent = agent.clone();
            self.then(0, EventType::Handover, |event| {
                event.handover_stage = Word::parse("accepted");
                event.agent_id = agent;
            });
        }
        for _ in 0..=chance.below(3) {
            let agent = agent.clone();
            self.says(5, Role::Agent, |event| event.agent_id = agent);
            self.says(chance.of(&[9, 60, 4_000]), Role::User, |_| {});
        }
        match chance.below(4) {
            1 => self.then(1, EventType::Handover, |event| {
                event.handover_stage = Word::parse("finished");
                event.agent_id = agent;
            }),
            2 => self.then(1, EventType::ConversationEnd, |event| {
                event.actor = Word::parse("agent")
            }),
            _ => {}
        }
    }

    fn generated(&mut self, chance: &mut Chance) {
        let state = chance.of(&["answered", "no_results"]);
        let plan = chance.one_in(2);
        let tool = chance.text(&["search"]);
        self.says(0, Role::User, |_| {});
        if plan {
            self.enters("generative_answers", "plan");
        }
        self.then(0, EventType::Intent, |event| event.unmatched = Some(true));
        self.then(1, EventType::ModelCall, |event| {
            event.model = Some("small".into());
            event.tool = tool;
            event.tokens_input = Some(40);
            event.tokens_output = Some(7);
            event.cost = Some(0.25);
        });
        self.then(1, EventType::Knowledge, |event| {
            event.knowledge_state = Some(state.into())
        });
        self.says(1, Role::Bot, |event| {
            event.feedback = Word::parse("offered")
        });
        if plan {
            self.then(0, EventType::TopicEnd, |_| {});
        }
    }

    fn survey(&mut self, chance: &mut Chance) {
        let kind = chance.of(&["csat", "nps", "resolution"]);
        let score = chance.of(&[5.0, 0.0, 1.0, 11.0]);
        let way = chance.below(6);
        self.then(0, EventType::Survey, |event| {
            event.survey_kind = Word::parse(kind);
            event.survey_stage = Word::parse("offered");
        });
        self.says(0, Role::Bot, |_| {});
        if way > 3 {
            self.says(6, Role::User, |event| {
                event.message_kind = Word::parse("option")
            });
        } else if way > 2 {
            self.then(6, EventType::Option, |event| {
                event.option_stage = Word::parse("chosen")
            });
        }
        if way > 1 {
            self.then(chance.of(&[0, 30, 1_799]), EventType::Survey, |event| {
                event.survey_kind = Word::parse(kind);
                event.survey_stage = Word::parse("answered");
                event.survey_score = Some(score);
            });
        }
    }

    fn form(&mut self, chance: &mut Chance) {
        self.then(0, EventType::Question, |event| {
            event.question_stage = Word::parse("asked")
        });
        self.says(1, Role::Bot, |_| {});
        self.says(5, Role::User, |_| {});
        let stage = chance.of(&["answered", "asked_again", "left"]);
        self.then(0, EventType::Question, |event| {
            event.question_id = Some("size".into());
            event.question_stage = Word::parse(stage);
        });
    }

    fn news(&mut self, chance: &mut Chance) {
        let proactive = chance.flag();
        let environment = chance.maybe().filter(|_| chance.one_in(3));
        self.says(0, Role::Bot, |event| {
            event.proactive = proactive;
            event.environment = environment;
        });
    }

    fn report(&mut self, chance: &mut Chance) {
        let begins: Vec<i64> = self.events.iter().rev().map(|event| event.time).collect();
        let start = begins.get(chance.below(6)).copied().unwrap_or(self.time);
        let timed = chance.below(3);
        let outcome = chance.maybe();
        let ahead = chance.of(&[0, 0, 3]);
        self.then(0, EventType::Report, |event| {
            event.reported_outcome = outcome;
            event.reported_turns = Some(3);
            if timed > 0 {
                event.reported_start = Some(start + ahead * SECOND);
            }
            if timed > 1 {
                event.reported_end = Some(start + MINUTE);
            }
        });
    }

    // Anything.

    fn anything(&mut self, chance: &mut Chance) {
        let event_type = chance.word();
        let mut event = self.event(event_type);
        match event_type {
            EventType::Message => any_message(&mut event, chance),
            EventType::Topic | EventType::TopicEnd => any_topic(&mut event, chance),
            EventType::Intent => {
                event.intent = chance.text(&["refund", "Hi"]);
                event.unmatched = chance.flag();
                event.intent_candidates = chance.text(&["[]"]);
                event.confidence = chance.of(&[None, Some(0.5)]);
            }
            EventType::Question => {
                event.question_stage = chance.maybe();
                event.role = chance.maybe();
            }
            EventType::Option => {
                event.option_stage = chance.maybe();
                event.destination_kind = chance.maybe();
                event.window_id = chance.text(&["w1", "w2"]);
            }
            EventType::Handover => {
                event.handover_stage = chance.maybe();
                event.agent_id = chance.text(&["anna"]);
                event.handover_trigger = chance.maybe();
                event.skill = chance.text(&["billing"]);
                event.handover_kind = chance.maybe();
                event.context_passed = chance.flag();
            }
            EventType::Outcome | EventType::ConversationEnd => {
                event.outcome = chance.maybe();
                event.resolution_kind = chance.maybe();
                event.actor = chance.maybe();
                event.outcome_reason = chance.text(&["done"]);
                event.role = chance.maybe();
            }
            EventType::Survey => {
                event.survey_kind = chance.maybe();
                event.survey_stage = chance.maybe();
                event.survey_score =
                    chance.of(&[None, Some(4.0), Some(0.0), Some(1.0), Some(-1.0)]);
                event.survey_scale_maximum = chance.of(&[None, Some(10.0), Some(3.0)]);
            }
            EventType::ModelCall => {
                event.tool = chance.text(&["search"]);
                event.cost = chance.of(&[None, Some(0.5)]);
                event.cost_currency = chance.text(&["EUR", "usd"]);
            }
            EventType::Interaction => {
                event.interaction = chance.maybe();
                event.message_id = chance.text(&["m1", "m2"]);
            }
            EventType::Conversion => event.goal = chance.text(&["sale", "lead"]),
            EventType::Label => {
                event.label = chance.text(&["groundedness", "hallucination", "tone"]);
                event.label_value = chance.text(&["supported", "Hallucinated", "no", "5"]);
                event.actor = chance.maybe();
                event.message_id = chance.text(&["m1", "m2"]);
            }
            _ => any_other(&mut event, chance),
        }
        any_place(&mut event, chance);
        self.put(event);
    }
}

fn any_message(event: &mut Event, chance: &mut Chance) {
    event.role = chance.maybe();
    event.message_kind = chance.maybe();
    event.unmatched = chance.flag();
    event.must_understand = chance.flag();
    event.topic_id = chance.text(&["custom", "t2"]);
    event.topic_kind = chance.maybe();
    event.proactive = chance.flag();
    event.intent = chance.text(&["refund", "hello"]);
    event.feedback = chance.maybe();
    event.window_id = chance.text(&["w1", "w2", "w3"]);
    event.message_id = chance.text(&["m1", "m2"]);
}

fn any_topic(event: &mut Event, chance: &mut Chance) {
    event.topic_kind = chance.maybe();
    event.topic_trigger = chance.maybe();
    event.topic_id = chance.text(&["custom", "t2"]);
    event.unmatched = chance.flag();
    event.window_id = chance.text(&["w1", "w2"]);
    event.role = chance.maybe();
}

fn any_other(event: &mut Event, chance: &mut Chance) {
    event.feedback = chance.maybe();
    event.reply_to = chance.text(&["m0", "m1", "m2"]);
    event.knowledge_state = chance.text(&["answered"]);
    event.role = chance.maybe();
    event.exposure = chance.maybe();
    event.error = chance.text(&["E1"]);
    event.commented = chance.flag();
    event.experiment = chance.text(&["x"]);
    event.variant = chance.text(&["a", "b"]);
    event.sources_cited = chance.text(&[r#"["one", "two"]"#, "three"]);
    event.reported_engaged = chance.flag();
    event.reported_outcome_reason = chance.text(&["UserExit"]);
}

fn any_place(event: &mut Event, chance: &mut Chance) {
    event.channel = chance.text(&["web", "whatsapp", "sms"]);
    event.user_id = chance.text(&["u1", "u2"]);
    event.environment = chance.maybe().filter(|_| chance.one_in(4));
    event.page = chance.text(&["/a", "/b"]);
    event.authenticated = chance.flag();
    event.device = chance.text(&["mobile"]);
    if chance.one_in(3) {
        event
            .attributes
            .insert("plan".into(), chance.of(&["basic", "gold"]).into());
    }
}

/// So many cases, or as many as `PROPTEST_CASES` asks for.
pub fn cases(usual: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok();
    let asked = asked.and_then(|cases| cases.parse().ok());
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(asked.unwrap_or(usual))
    }
}

/// A time at which one looks, so long after the last event.
pub fn later() -> impl Strategy<Value = i64> {
    prop::sample::select(SILENCES.to_vec())
}
