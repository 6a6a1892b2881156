//! What is said, message by message, and how long answers took.

use upshot_core::Event;
use upshot_core::words::{EventType, FeedbackRating, Role, TopicKind};

use super::course::environment;
use super::part::{is_given, kind, kind_of_users, topic_kind};
use super::row::Row;
use super::told::{Known, Told};

/// What a session's messages have from their session.
const OF_THE_SESSION: [&str; 5] = [
    "conversation_id",
    "bot",
    "bot_version",
    "environment",
    "channel",
];

pub fn of_the_session(row: &mut Row, session: &Row) {
    for name in OF_THE_SESSION {
        row.put(name, session.get(name).cloned());
    }
    row.put("session_id", session.get("session_id").cloned());
    row.put("session_start", session.get("start_time").cloned());
}

/// The messages of a session.
pub fn messages(told: &Told<'_>, session: &Row) -> Vec<Row> {
    let message = |place| {
        let mut row = Row::default();
        of_the_session(&mut row, session);
        told.message(place, &mut row);
        row
    };
    told.messages().into_iter().map(message).collect()
}

/// What an agent wrote outside any session.
pub fn lone_message(event: &Event, known: &Known) -> Row {
    let mut row = Row::default();
    for name in ["bot", "bot_version", "channel"] {
        row.put(name, known.get(name).cloned());
    }
    row.put("environment", Some(environment(known)));
    row.text("conversation_id", Some(&event.conversation_id));
    row.text("session_id", None);
    row.number("session_start", Some(event.time));
    row.count("position", 1);
    said(event, &mut row);
    row.text("topic_id", event.topic_id.as_deref());
    row.word("topic_kind", event.topic_kind);
    row.text("topic_name", event.topic_name.as_deref());
    row.text("language", event.language.as_deref());
    row.text("skill", event.skill.as_deref());
    row.text("page", None);
    row.flag("generated", Some(false));
    for name in [
        "intent",
        "confidence",
        "response_time",
        "feedback",
        "grounded",
        "grounded_by",
    ] {
        row.put(name, None);
    }
    row.flag("must_understand", Some(false));
    row.flag("unmatched", Some(false));
    row
}

fn said(event: &Event, row: &mut Row) {
    row.text("event_id", Some(&event.event_id));
    row.number("time", Some(event.time));
    row.word("role", event.role);
    let users = event.role == Some(Role::User);
    row.word(
        "message_kind",
        if users {
            Some(kind_of_users(event))
        } else {
            event.message_kind
        },
    );
    row.text("agent_id", event.agent_id.as_deref());
}

/// A user's message and what answered it.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    pub asked: usize,
    pub answered: usize,
}

impl<'a> Told<'a> {
    fn message(&self, place: usize, row: &mut Row) {
        let event = self.given[place].event;
        said(event, row);
        row.count("position", place + 1);
        let (topic, topic_kind) = self.topic_at(place);
        row.text("topic_id", topic);
        row.word("topic_kind", topic_kind);
        self.intent_of(place, row);
        row.text("topic_name", self.topic_name_at(place));
        row.text("language", event.language.as_deref());
        let by_agent = event.role == Some(Role::Agent);
        row.text("skill", event.skill.as_deref().filter(|_| by_agent));
        if by_agent {
            // Whose part it is, where the message does not say, `courses` tells.
            row.0
                .retain(|name, cell| !["agent_id", "skill"].contains(name) || cell.is_some());
        }
        let mut pages = self.events().take(place + 1).rev();
        row.text("page", pages.find_map(|event| event.page.as_deref()));
        let by_model = self.is_generated(place);
        row.flag("generated", Some(event.role == Some(Role::Bot) && by_model));
        row.flag("must_understand", Some(self.had_to_understand(place)));
        row.flag(
            "unmatched",
            Some(self.is_unmatched(place, self.given.len())),
        );
        let exchanges = self.exchanges();
        let answers = exchanges.iter().find(|exchange| exchange.answered == place);
        row.number(
            "response_time",
            answers.map(|exchange| self.took(*exchange)),
        );
        row.word("feedback", self.feedback_on(place));
        let judged = self.judgement_on(place);
        row.flag("grounded", judged.map(|(grounded, _)| grounded));
        row.word("grounded_by", judged.and_then(|(_, event)| event.actor));
    }

    /// Whether the words at this place were generated: the source names a model, they come out of
    /// generated answers, or a search has answered since the user's last message.
    fn is_generated(&self, place: usize) -> bool {
        let asked = self
            .messages_of(Role::User)
            .into_iter()
            .rev()
            .find(|asked| *asked < place);
        let mut since = asked.unwrap_or(0)..place;
        self.given[place].event.model.is_some()
            || self.answers_out_of(place) == Some(TopicKind::GenerativeAnswers)
            || since.any(|between| self.generates(between))
    }

    /// The topic that was entered last before this place and not left.
    pub fn active(&self, place: usize) -> Option<&'a Event> {
        let topics = self.of_type(EventType::Topic).into_iter();
        let (entered, topic) = topics.rev().find(|(at, _)| *at <= place)?;
        let mut left = self.of_type(EventType::TopicEnd).into_iter();
        let is_left = left.any(|(at, end)| {
            let its = end.topic_id.is_none() || end.topic_id == topic.topic_id;
            (entered..=place).contains(&at) && its
        });
        (!is_left).then_some(topic)
    }

    /// The topic of the event at this place: its own word, else the active one.
    pub fn topic_at(&self, place: usize) -> (Option<&'a str>, Option<TopicKind>) {
        let event = self.given[place].event;
        let active = self.active(place);
        match active.filter(|topic| event.topic_id.is_none() || event.topic_id == topic.topic_id) {
            Some(topic) => (
                topic.topic_id.as_deref(),
                event.topic_kind.or(Some(topic_kind(topic))),
            ),
            None => (event.topic_id.as_deref(), event.topic_kind),
        }
    }

    /// The last name that was given to the message before the user's next.
    fn intent_of(&self, place: usize, row: &mut Row) {
        let event = self.given[place].event;
        let next = self
            .messages_of(Role::User)
            .into_iter()
            .find(|next| *next > place);
        let until = next.unwrap_or(self.given.len());
        let mut namings = self.namings();
        namings.retain(|(at, _)| (place..until).contains(at) && event.role == Some(Role::User));
        let named = namings.last().map(|(_, intent)| *intent);
        row.text("intent", named.or(event.intent.as_deref()));
        let sure = namings
            .iter()
            .rev()
            .find_map(|(at, _)| self.given[*at].event.confidence);
        row.real("confidence", sure.or(event.confidence));
    }

    /// The user's messages that something answered. Of several in a row, the last is the one that is
    /// answered.
    pub fn exchanges(&self) -> Vec<Exchange> {
        let messages = self.messages();
        let is_user = |place: usize| self.given[place].event.role == Some(Role::User);
        let pairs = messages
            .windows(2)
            .filter(|pair| is_user(pair[0]) && !is_user(pair[1]));
        pairs
            .map(|pair| Exchange {
                asked: pair[0],
                answered: pair[1],
            })
            .collect()
    }

    fn took(&self, exchange: Exchange) -> i64 {
        self.given[exchange.answered].event.time - self.given[exchange.asked].event.time
    }

    /// How long the bot took to answer, each time.
    pub fn response_times(&self) -> Vec<i64> {
        let by_bot =
            |exchange: &Exchange| self.given[exchange.answered].event.role == Some(Role::Bot);
        let exchanges = self.exchanges().into_iter().filter(by_bot);
        exchanges.map(|exchange| self.took(exchange)).collect()
    }

    /// From the user's first message to the first by which the bot answers.
    pub fn first_response_time(&self) -> Option<i64> {
        let exchanges = self.exchanges().into_iter();
        let mut places = exchanges.map(|exchange| exchange.answered);
        let answer = places.find(|place| self.given[*place].event.role == Some(Role::Bot))?;
        let first = self.messages_of(Role::User)[0];
        Some(self.given[answer].event.time - self.given[first].event.time)
    }

    /// The ratings that were offered or given, each with the message that it names.
    pub fn ratings(&self) -> Vec<(usize, FeedbackRating, Option<&'a str>)> {
        let mut ratings = Vec::new();
        for (place, event) in self.events().enumerate() {
            let Some(rating) = event.feedback else {
                continue;
            };
            let named = match kind(event) {
                EventType::Message => Some(reference(event)),
                _ => event.reply_to.as_deref().or(event.message_id.as_deref()),
            };
            ratings.push((place, rating, named));
        }
        ratings
    }

    /// Ratings that count: those on one message once, the last that was given.
    pub fn counted_ratings(&self) -> Vec<FeedbackRating> {
        let mut given = self.ratings();
        given.retain(|(_, rating, _)| is_given(Some(*rating)));
        let counts = |(place, _, named): &&(usize, FeedbackRating, Option<&str>)| {
            let mut later = given.iter().filter(|(later, ..)| later > place);
            named.is_none() || !later.any(|(.., other)| other == named)
        };
        given
            .iter()
            .filter(counts)
            .map(|(_, rating, _)| *rating)
            .collect()
    }

    /// Whether one of the messages is called so.
    pub fn said(&self, name: &str) -> bool {
        let messages = self.messages();
        messages
            .iter()
            .any(|place| reference(self.given[*place].event) == name)
    }

    /// The last word on whether sources support the answer at this place.
    fn judgement_on(&self, message: usize) -> Option<(bool, &'a Event)> {
        let messages = self.messages();
        let mut judged = self.events().enumerate().filter_map(|(place, event)| {
            let grounded = says_grounded(event)?;
            let named = event.reply_to.as_deref().or(event.message_id.as_deref());
            let mut before = messages.iter().rev().filter(|known| **known <= place);
            let meant = match named {
                Some(named) => before.find(|known| reference(self.given[**known].event) == named),
                None => before.find(|known| self.given[**known].event.role == Some(Role::Bot)),
            };
            (meant == Some(&message)).then_some((grounded, event))
        });
        let by_bot = self.given[message].event.role == Some(Role::Bot);
        judged.next_back().filter(|_| by_bot)
    }

    /// The rating of the message at this place: the last that was given, else that one was offered.
    fn feedback_on(&self, message: usize) -> Option<FeedbackRating> {
        let messages = self.messages();
        let mut ratings = self.ratings();
        ratings.retain(|(place, _, named)| {
            let mut before = messages.iter().rev().filter(|known| *known <= place);
            let meant = match named {
                Some(named) => before.find(|known| reference(self.given[**known].event) == *named),
                None => before.find(|known| self.given[**known].event.role == Some(Role::Bot)),
            };
            meant == Some(&message)
        });
        let given = ratings
            .iter()
            .rev()
            .find(|(_, rating, _)| is_given(Some(*rating)));
        given.or(ratings.first()).map(|(_, rating, _)| *rating)
    }
}

fn reference(event: &Event) -> &str {
    event.message_id.as_deref().unwrap_or(&event.event_id)
}

/// What a label says of an answer's sources, by the table of docs/formats/upshot.md.
pub fn says_grounded(event: &Event) -> Option<bool> {
    if kind(event) != EventType::Label {
        return None;
    }
    let label = event.label.as_deref()?.to_ascii_lowercase();
    let inverted = match &*label {
        "groundedness" => false,
        "hallucination" => true,
        _ => return None,
    };
    match &*event.label_value.as_deref()?.to_ascii_lowercase() {
        "supported" | "grounded" | "faithful" => Some(true),
        "unsupported" | "ungrounded" | "hallucinated" => Some(false),
        "yes" | "true" | "1" => Some(!inverted),
        "no" | "false" | "0" => Some(inverted),
        _ => None,
    }
}
