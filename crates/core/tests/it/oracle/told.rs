//! A session as far as it was told: the events that were given to it, and what can be asked of them.
//!
//! Every question is answered from the list of the session's events; `count` limits it to the first
//! so many.

use std::collections::BTreeMap;

use upshot_core::Event;
use upshot_core::words::{Actor, EndReason, Environment, EventType, Role, Rule};

use super::Book;
use super::part::{Part, is_users, kind};
use super::row::{Cell, row_of};

/// Who and where: what holds for a stretch of a conversation.
pub const WHO_AND_WHERE: [&str; 21] = [
    "bot",
    "bot_version",
    "environment",
    "channel",
    "locale",
    "user_id",
    "device",
    "browser",
    "operating_system",
    "country",
    "authenticated",
    "unlinkable",
    "page",
    "referrer",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "experiment",
    "variant",
];

/// What is known of who and where.
pub type Known = BTreeMap<&'static str, Cell>;

/// What one event says of who and where.
pub fn says(event: &Event) -> Known {
    let row = row_of(event);
    let cells = WHO_AND_WHERE
        .iter()
        .filter_map(|name| Some((*name, row.get(name)?.clone())));
    cells.collect()
}

/// What the events say: the first word of each field counts.
pub fn first_said<'a>(events: impl Iterator<Item = &'a Event>) -> Known {
    let mut known = Known::new();
    for event in events {
        for (name, cell) in says(event) {
            known.entry(name).or_insert(cell);
        }
    }
    known
}

/// An event that was given to a session, and as what.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    pub event: &'a Event,
    pub part: Part,
}

/// How a session ended.
#[derive(Debug, Clone)]
pub struct Ending<'a> {
    pub time: i64,
    pub reason: EndReason,
    pub by: Actor,
    pub event: Option<&'a Event>,
    /// How many events the session had by then; later ones only round it off.
    pub after: usize,
}

/// A session.
#[derive(Debug, Clone)]
pub struct Told<'a> {
    pub book: &'a Book,
    /// Its first event.
    pub first: &'a Event,
    /// With which event it began, and by which rule; before that stands what the bot did before
    /// anybody spoke.
    pub begun: Option<(&'a Event, Rule)>,
    pub given: Vec<Given<'a>>,
    pub ending: Option<Ending<'a>>,
    /// What was known before.
    pub inherited: Known,
}

impl<'a> Told<'a> {
    /// A session, or what may become one, that has this event first.
    pub fn new(book: &'a Book, first: &'a Event, inherited: Known) -> Self {
        Self {
            book,
            first,
            begun: None,
            given: Vec::new(),
            ending: None,
            inherited,
        }
    }

    pub fn events(&self) -> impl DoubleEndedIterator<Item = &'a Event> + ExactSizeIterator + '_ {
        self.given.iter().map(|given| given.event)
    }

    /// The events of one type, with their places.
    pub fn of_type(&self, wanted: EventType) -> Vec<(usize, &'a Event)> {
        let events = self.events().enumerate();
        events.filter(|(_, event)| kind(event) == wanted).collect()
    }

    /// Whether the session was still going on at this place.
    pub fn is_live(&self, place: usize) -> bool {
        self.ending
            .as_ref()
            .is_none_or(|ending| place < ending.after)
    }

    /// How many events it had before it was over.
    pub fn course(&self) -> usize {
        self.ending
            .as_ref()
            .map_or(self.given.len(), |ending| ending.after)
    }

    /// Who and where by the first so many events.
    pub fn known(&self, count: usize) -> Known {
        let mut known = first_said(self.events().take(count));
        for (name, cell) in &self.inherited {
            known.entry(name).or_insert_with(|| cell.clone());
        }
        known
    }

    pub fn channel(&self, count: usize) -> Option<&str> {
        let own = self
            .events()
            .take(count)
            .find_map(|event| event.channel.as_deref());
        own.or(match self.inherited.get("channel") {
            Some(Cell::Text(channel)) => Some(channel),
            _ => None,
        })
    }

    pub fn is_trial(&self, count: usize) -> bool {
        let own = self
            .events()
            .take(count)
            .find_map(|event| event.environment);
        match own {
            Some(environment) => environment == Environment::Test,
            None => self.inherited.get("environment") == Some(&Cell::Text("test".into())),
        }
    }

    /// Whether the profile makes no facts of such a session.
    pub fn is_left_out(&self) -> bool {
        self.is_trial(self.given.len()) && self.book.text("session.test_sessions") == "leave_out"
    }

    /// Whether the event at this place moves the session's end: an explicit end that silence or the
    /// platform brings is no activity.
    fn moves(&self, place: usize) -> bool {
        let Given { event, part } = self.given[place];
        let by_platform = matches!(event.actor, Some(Actor::Timeout | Actor::System));
        part.happens() && !(part == Part::End && by_platform)
    }

    /// The last activity.
    pub fn end_time(&self) -> i64 {
        let last = (0..self.course()).rev().find(|place| self.moves(*place));
        last.map_or(self.first.time, |place| self.given[place].event.time)
    }

    /// Until when the session was rounded off after its end: what follows without a silence longer
    /// than the time-out.
    pub fn rounded_until(&self) -> i64 {
        let mut until = self.end_time();
        for place in self.course()..self.given.len() {
            let Given { event, part } = self.given[place];
            let channel = self.channel(place + 1);
            let timeout = self.book.timeout(channel);
            if self.moves(place) && part != Part::Answer && event.time - until <= timeout {
                until = event.time;
            }
        }
        until
    }

    /// The window in which the session was first seen, and whether the source told it; else the page.
    pub fn window(&self) -> Option<(bool, &'a str)> {
        let told = self.events().find_map(|event| event.window_id.as_deref());
        let page = || self.events().find_map(|event| event.page.as_deref());
        told.map(|window| (true, window))
            .or_else(|| Some((false, page()?)))
    }

    /// Whether the session has as many events as one may have.
    pub fn is_full(&self) -> bool {
        self.given.len() as i64 >= self.book.number("session.cap_events")
    }

    /// The places of the messages of users, bots and agents.
    pub fn messages(&self) -> Vec<usize> {
        let spoken = [Some(Role::User), Some(Role::Bot), Some(Role::Agent)];
        let messages = self.of_type(EventType::Message).into_iter();
        messages
            .filter(|(_, event)| spoken.contains(&event.role))
            .map(|(place, _)| place)
            .collect()
    }

    pub fn messages_of(&self, role: Role) -> Vec<usize> {
        let mut messages = self.messages();
        messages.retain(|place| self.given[*place].event.role == Some(role));
        messages
    }

    /// Whether the user had acted by this place.
    pub fn user_acted(&self, place: usize) -> bool {
        self.events().take(place + 1).any(is_users)
    }

    /// Whether a survey was shown and not answered, closed or run out since.
    pub fn survey_is_open(&self) -> bool {
        use upshot_core::words::{SurveyKind, SurveyStage};
        let surveys = self.of_type(EventType::Survey).into_iter();
        let last = surveys
            .rev()
            .find(|(_, event)| event.survey_kind != Some(SurveyKind::Agent));
        last.is_some_and(|(_, event)| {
            matches!(event.survey_stage, None | Some(SurveyStage::Offered))
        })
    }
}
