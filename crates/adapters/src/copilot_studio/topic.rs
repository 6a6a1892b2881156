//! Topics: which are the system's, and what they are called.

use upshot_core::words::TopicKind;

use super::json::plain;

/// The platform's own topics by the last part of their schema name or by their title, both in lower
/// case and without punctuation.
const SYSTEM_TOPICS: &[(&str, TopicKind)] = &[
    ("conversationstart", TopicKind::Greeting),
    ("greeting", TopicKind::Greeting),
    ("goodbye", TopicKind::Goodbye),
    ("thankyou", TopicKind::Thanks),
    ("startover", TopicKind::StartOver),
    ("fallback", TopicKind::Fallback),
    ("unknownintent", TopicKind::Fallback),
    ("escalate", TopicKind::Escalate),
    ("endofconversation", TopicKind::EndOfConversation),
    ("confirmedsuccess", TopicKind::ConfirmedSuccess),
    ("confirmedfailure", TopicKind::ConfirmedFailure),
    ("multipletopicsmatched", TopicKind::MultipleTopicsMatched),
    ("didyoumean", TopicKind::MultipleTopicsMatched),
    ("search", TopicKind::GenerativeAnswers),
    ("boosting", TopicKind::GenerativeAnswers),
    ("conversationalboosting", TopicKind::GenerativeAnswers),
    ("boostconversations", TopicKind::GenerativeAnswers),
    ("generativeanswers", TopicKind::GenerativeAnswers),
    ("puniversalsearchtool", TopicKind::GenerativeAnswers),
    ("universalsearchtool", TopicKind::GenerativeAnswers),
    ("onerror", TopicKind::OtherSystem),
    ("signin", TopicKind::OtherSystem),
    ("resetconversation", TopicKind::OtherSystem),
    ("silencedetection", TopicKind::OtherSystem),
    ("speechunrecognized", TopicKind::OtherSystem),
    ("unknowndialpadpress", TopicKind::OtherSystem),
];

/// A topic, as the transcript names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Topic {
    pub(super) id: Box<str>,
    pub(super) name: Box<str>,
    pub(super) kind: TopicKind,
}

impl Topic {
    /// The topic of this id; `title` is the author's name for it, where one is known.
    pub(super) fn new(id: &str, title: Option<&str>) -> Self {
        Self {
            id: id.into(),
            name: title.unwrap_or_else(|| short_name(id)).into(),
            kind: kind_of(id, title),
        }
    }

    /// The same topic, known to be the system's.
    pub(super) fn of_system(mut self) -> Self {
        if self.kind == TopicKind::Custom {
            self.kind = TopicKind::OtherSystem;
        }
        self
    }

    /// Whether the bot takes its leave in it, as it does when the user stays silent.
    pub(super) fn is_farewell(&self) -> bool {
        const NAMES: [&str; 4] = ["goodbye", "inactiv", "timeout", "silence"];
        let name = plain(short_name(&self.id));
        self.kind == TopicKind::Goodbye || NAMES.iter().any(|it| name.contains(it))
    }

    /// Whether the platform runs the topic when something fails.
    pub(super) fn is_error_handler(&self) -> bool {
        plain(short_name(&self.id)) == "onerror"
    }
}

/// `contoso_bot.topic.StoreHours` → `StoreHours`.
pub(super) fn short_name(id: &str) -> &str {
    let after_marker = id.rsplit_once(".topic.").map(|(_, name)| name);
    after_marker.unwrap_or_else(|| match id.rsplit_once('.') {
        Some((_, name)) if !name.is_empty() => name,
        _ => id,
    })
}

/// What stands between the bot's and the part's own name in a schema name.
const SCHEMA_PARTS: [&str; 4] = [".topic.", ".component.", ".action.", ".agent."];

/// `contoso_bot.topic.StoreHours` → `contoso_bot`.
pub(super) fn bot_of(id: &str) -> Option<&str> {
    let (bot, _) = SCHEMA_PARTS.iter().find_map(|part| id.split_once(part))?;
    (!bot.is_empty()).then_some(bot)
}

/// `contoso_bot.component.AddAccount` → `AddAccount`; other names stay as they are.
pub(super) fn tool_name(id: &str) -> &str {
    let split = SCHEMA_PARTS.iter().find_map(|part| id.split_once(part));
    split.map_or(id, |(_, name)| name)
}

fn kind_of(id: &str, title: Option<&str>) -> TopicKind {
    // A schema name is given once and stays; a title says more only where the id says nothing.
    // «Search» is the system's as a schema name only: as a title it is an author's.
    let kind = match title {
        Some(title) if !id.contains(".topic.") => {
            system_kind(title).filter(|_| plain(title) != "search")
        }
        _ => system_kind(short_name(id)),
    };
    kind.unwrap_or(TopicKind::Custom)
}

/// The kind of the system's topic of this name.
pub(super) fn system_kind(name: &str) -> Option<TopicKind> {
    let name = plain(name);
    let found = SYSTEM_TOPICS.iter().find(|(known, _)| *known == name);
    found.map(|(_, kind)| *kind)
}
