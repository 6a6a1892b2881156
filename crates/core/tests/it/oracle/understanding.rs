//! What the bot understood of what the user said.

use upshot_core::words::{EventType, MessageKind, Role, TopicKind};

use super::part::{is_message_of, is_users, kind, topic_kind};
use super::told::Told;

impl<'a> Told<'a> {
    /// The last place among the first so many at which the user said or chose something.
    pub fn spoke_before(&self, count: usize) -> Option<usize> {
        (0..count).rev().find(|place| {
            let event = self.given[*place].event;
            let speaks = [EventType::Message, EventType::Option, EventType::Other];
            is_users(event) && speaks.contains(&kind(event))
        })
    }

    /// The kind of topic out of which the bot speaks at this place: its own word, else the topic that
    /// was entered since the user spoke.
    pub fn answers_out_of(&self, place: usize) -> Option<TopicKind> {
        let spoke = self.spoke_before(place + 1).unwrap_or(0);
        let topics = self.of_type(EventType::Topic).into_iter();
        let entered = topics.rev().find(|(at, _)| (spoke..=place).contains(at));
        let event = self.given[place].event;
        event
            .topic_kind
            .or(entered.map(|(_, topic)| topic_kind(topic)))
    }

    /// The user's last message among the first so many events.
    fn last_message(&self, count: usize) -> Option<usize> {
        (0..count)
            .rev()
            .find(|place| is_message_of(self.given[*place].event, Role::User))
    }

    /// The events that gave a name to something that the user said.
    pub fn namings(&self) -> Vec<(usize, &'a str)> {
        let named = self.events().enumerate().filter(|(_, event)| {
            is_message_of(event, Role::User)
                || kind(event) == EventType::Intent && event.unmatched != Some(true)
        });
        named
            .filter_map(|(place, event)| Some((place, event.intent.as_deref()?)))
            .collect()
    }

    /// What the user's last message among the first so many events was taken for.
    pub fn taken_for(&self, count: usize) -> Option<&'a str> {
        let since = self.last_message(count).unwrap_or(0);
        let namings = self.namings().into_iter();
        let last = namings
            .rev()
            .find(|(place, _)| (since..count).contains(place));
        last.map(|(_, intent)| intent)
    }

    /// Whether the bot has to understand the message at this place: free words, said to the bot while
    /// the session goes on.
    pub fn must_understand(&self, place: usize) -> bool {
        let event = self.given[place].event;
        let click = matches!(
            event.message_kind,
            Some(MessageKind::Option | MessageKind::Attachment)
        );
        is_message_of(event, Role::User)
            && self.is_live(place)
            && !self.with_people(place)
            && event.must_understand.unwrap_or(!click)
    }

    /// The same in the end: where people served the session alone no bot had to understand.
    pub fn had_to_understand(&self, place: usize) -> bool {
        self.must_understand(place) && !self.is_peoples_own(self.given.len())
    }

    /// Whether a generated answer comes at this place.
    pub fn generates(&self, place: usize) -> bool {
        let event = self.given[place].event;
        kind(event) == EventType::Knowledge && event.knowledge_state.as_deref() == Some("answered")
    }

    /// Whether the event at this place says that the user was not understood.
    fn says_unmatched(&self, place: usize) -> bool {
        let event = self.given[place].event;
        let said = event.unmatched == Some(true);
        match kind(event) {
            EventType::Message => said && self.messages().contains(&place),
            EventType::Intent => said,
            EventType::Topic => {
                said || self
                    .book
                    .lists("understanding.fallback_kinds", topic_kind(event))
            }
            _ => false,
        }
    }

    /// Whether, by the first so many events, the user's message at this place was not understood: the
    /// last word on it, before the next message, counts.
    pub fn is_unmatched(&self, message: usize, count: usize) -> bool {
        let next = self
            .messages_of(Role::User)
            .into_iter()
            .find(|place| *place > message);
        let until = next.unwrap_or(usize::MAX).min(count);
        let saves = self.book.is("understanding.generated_answer_understands");
        let word = |place: &usize| self.says_unmatched(*place) || saves && self.generates(*place);
        let last = (message..until).rev().find(word);
        self.must_understand(message) && last.is_some_and(|place| self.says_unmatched(place))
    }

    /// Whether what the bot says at this place is a fallback.
    pub fn is_fallback_answer(&self, place: usize) -> bool {
        if self.given[place].event.unmatched == Some(true) {
            return true;
        }
        match self.answers_out_of(place) {
            Some(topic) => self.book.lists("understanding.fallback_kinds", topic),
            None => self
                .last_message(place)
                .is_some_and(|message| self.is_unmatched(message, place)),
        }
    }

    /// The longest run of messages that had to be understood and were not.
    pub fn longest_run_unmatched(&self) -> usize {
        let mut messages = self.messages_of(Role::User);
        messages.retain(|place| self.must_understand(*place));
        let unmatched = messages
            .iter()
            .map(|place| self.is_unmatched(*place, self.given.len()));
        let unmatched: Vec<bool> = unmatched.collect();
        let runs = unmatched.split(|unmatched| !unmatched).map(<[bool]>::len);
        runs.max().unwrap_or(0)
    }
}
