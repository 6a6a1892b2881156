//! A raw event as it lies in memory, and what it is to the fold.

use upshot_core::EventView;
use upshot_core::words::{
    EventType, HandoverStage, MessageKind, OptionStage, Role, SurveyKind, SurveyStage, TopicKind,
    TopicTrigger,
};

/// A raw event without texts: 32 bytes. Ids are hashes; a channel is its place among the file's.
#[derive(Debug, Clone, Copy, Default)]
pub struct Row {
    /// A hash of the conversation's id.
    pub conversation: u64,
    /// UTC microseconds.
    pub time: i64,
    /// A hash of the user's id.
    pub user: u64,
    /// The tokens of a bot's message.
    pub tokens: i32,
    /// The file's kind of event.
    pub kind: Kind,
    /// 0 for an author's own topic, 1 to 5 for the system's, less for none.
    pub topic_kind: i8,
    /// The channel's place in [`Channels`].
    pub channel: u8,
    /// A rating from 1 to 5.
    pub score: i8,
}

impl Row {
    /// Orders the events of a conversation by time; what else the event says decides between those of
    /// one time, so that the order in which threads read plays no part.
    pub fn order(&self) -> (i64, Kind, i8, u8, i8, i32) {
        (
            self.time,
            self.kind,
            self.topic_kind,
            self.channel,
            self.score,
            self.tokens,
        )
    }
}

/// The kinds of events in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    #[default]
    UserMessage,
    BotMessage,
    Topic,
    Click,
    Feedback,
    Handover,
}

impl Kind {
    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "user_message" => Self::UserMessage,
            "bot_message" => Self::BotMessage,
            "topic" => Self::Topic,
            "click" => Self::Click,
            "feedback" => Self::Feedback,
            "handover" => Self::Handover,
            _ => return None,
        })
    }
}

/// The names of channels.
pub type Channels = Vec<String>;

/// Letters of a hash as text.
pub const LETTERS: usize = 16;

/// A raw event, or the second of the two that it stands for, as the fold sees it.
pub struct FoldEvent<'a> {
    row: &'a Row,
    channels: &'a Channels,
    user: [u8; LETTERS],
    kind: EventType,
}

impl<'a> FoldEvent<'a> {
    /// Adds what a raw event stands for. A bot's message tells the tokens of the call that made it;
    /// who comes to one of the system's topics has acted.
    pub fn push(row: &'a Row, channels: &'a Channels, events: &mut Vec<Self>) {
        let user = letters(row.user);
        let mut add = |kind| {
            events.push(Self {
                row,
                channels,
                user,
                kind,
            });
        };
        match row.kind {
            Kind::UserMessage => add(EventType::Message),
            Kind::BotMessage => {
                add(EventType::Message);
                if row.tokens != 0 {
                    add(EventType::ModelCall);
                }
            }
            Kind::Topic => {
                let kind = topic_kind(row.topic_kind);
                if !matches!(kind, TopicKind::Custom | TopicKind::Escalate) {
                    add(EventType::Other);
                }
                add(EventType::Topic);
            }
            Kind::Click => add(EventType::Option),
            Kind::Feedback => add(EventType::Survey),
            Kind::Handover => add(EventType::Handover),
        }
    }
}

/// The file's number of a topic's kind.
pub fn topic_kind(number: i8) -> TopicKind {
    match number {
        1 => TopicKind::Greeting,
        2 => TopicKind::Goodbye,
        3 => TopicKind::Fallback,
        4 => TopicKind::Escalate,
        5 => TopicKind::EndOfConversation,
        _ => TopicKind::Custom,
    }
}

/// A number as text, a letter for every four bits.
pub fn letters(number: u64) -> [u8; LETTERS] {
    let spread = |half: u64| {
        let pairs = (half | half << 16) & 0x0000_ffff_0000_ffff;
        let bytes = (pairs | pairs << 8) & 0x00ff_00ff_00ff_00ff;
        let nibbles = (bytes | bytes << 4) & 0x0f0f_0f0f_0f0f_0f0f;
        (nibbles | 0x6060_6060_6060_6060).to_le_bytes()
    };
    let mut text = [0; LETTERS];
    text[..8].copy_from_slice(&spread(number & 0xffff_ffff));
    text[8..].copy_from_slice(&spread(number >> 32));
    text
}

impl EventView for FoldEvent<'_> {
    #[inline]
    fn event_type(&self) -> Option<EventType> {
        Some(self.kind)
    }
    #[inline]
    fn time(&self) -> i64 {
        self.row.time
    }
    #[inline]
    fn channel(&self) -> Option<&str> {
        Some(&self.channels[usize::from(self.row.channel)])
    }
    #[inline]
    fn user_id(&self) -> Option<&str> {
        std::str::from_utf8(&self.user).ok()
    }
    #[inline]
    fn role(&self) -> Option<Role> {
        match (self.kind, self.row.kind) {
            (EventType::Message, Kind::BotMessage) => Some(Role::Bot),
            (EventType::Message | EventType::Other, _) => Some(Role::User),
            _ => None,
        }
    }
    #[inline]
    fn message_kind(&self) -> Option<MessageKind> {
        Some(MessageKind::Text)
    }
    #[inline]
    fn proactive(&self) -> Option<bool> {
        Some(true)
    }
    #[inline]
    fn topic_kind(&self) -> Option<TopicKind> {
        (self.kind == EventType::Topic).then(|| topic_kind(self.row.topic_kind))
    }
    #[inline]
    fn topic_trigger(&self) -> Option<TopicTrigger> {
        Some(TopicTrigger::Direct)
    }
    #[inline]
    fn option_stage(&self) -> Option<OptionStage> {
        Some(OptionStage::Chosen)
    }
    #[inline]
    fn handover_stage(&self) -> Option<HandoverStage> {
        Some(HandoverStage::Escalated)
    }
    #[inline]
    fn survey_kind(&self) -> Option<SurveyKind> {
        Some(SurveyKind::Csat)
    }
    #[inline]
    fn survey_stage(&self) -> Option<SurveyStage> {
        Some(SurveyStage::Answered)
    }
    #[inline]
    fn survey_score(&self) -> Option<f64> {
        Some(f64::from(self.row.score))
    }
    #[inline]
    fn tokens_output(&self) -> Option<i64> {
        Some(i64::from(self.row.tokens))
    }
}
