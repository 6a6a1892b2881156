//! The second fold: what the sessions of one person say of each other.
//!
//! Whether a user is new, how often they came, how long after the last contact and how soon before the
//! next: all that needs more than one conversation is a function of the *set* of a person's sessions. It
//! is made when a question needs it and stored nowhere, so that a late event or an erasure leaves nothing
//! wrong behind, and a day that is over stays as it was when somebody comes back.
//!
//! Only starts are compared. They are known at once and never move with a session's length, so a session
//! is old enough to be judged exactly when the window after its start has passed. Of two sessions that
//! start at the same instant neither is before the other.

use std::collections::HashMap;
use std::num::NonZeroI64;

/// A session, as far as the second fold looks at it. All belong to one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Visit {
    /// When it started, UTC microseconds.
    pub start: i64,
    /// Who counts as one user by default: the person's key with device and browser.
    pub user: u64,
    /// A number for the topic that owns the session; sessions that none owns share one.
    pub topic: u32,
    /// Whether the user acted in it. Without that it is a visit, but no contact: a proactive message
    /// that nobody answers brings nobody back.
    pub contact: bool,
}

/// The first time and which time this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Turn {
    /// When the first session ever started.
    pub first_time: i64,
    /// The number of the visit: 1 plus the sessions that started before.
    pub visit: u32,
}

/// How long between two starts, in microseconds; nothing where there is no other.
pub type Gap = Option<NonZeroI64>;

/// What the person's other sessions say of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Standing {
    /// Among the sessions of the same user, device and browser.
    pub user: Turn,
    /// Among all sessions of the person.
    pub person: Turn,
    /// Since the last contact before.
    pub since_previous: Gap,
    /// Until the first contact after.
    pub until_next: Gap,
    /// Since the last contact on the same topic.
    pub since_previous_same_topic: Gap,
    /// Until the first contact on the same topic.
    pub until_next_same_topic: Gap,
}

impl Standing {
    /// Of a session that is the only one.
    pub const fn alone(start: i64) -> Self {
        let first = Turn {
            first_time: start,
            visit: 1,
        };
        Self {
            user: first,
            person: first,
            since_previous: None,
            until_next: None,
            since_previous_same_topic: None,
            until_next_same_topic: None,
        }
    }

    /// Of one session among those of its person, which come in any order: looks at each once. For the
    /// sessions of somebody who comes all day [`standings`] does it in one go.
    pub fn among(visits: impl IntoIterator<Item = Visit>, of: Visit) -> Self {
        let mut standing = Self::alone(of.start);
        for visit in visits {
            standing.person.note(visit.start, of.start);
            if visit.user == of.user {
                standing.user.note(visit.start, of.start);
            }
            if !visit.contact {
                continue;
            }
            standing.since_previous = gap(visit.start, of.start, standing.since_previous);
            standing.until_next = gap(of.start, visit.start, standing.until_next);
            if visit.topic == of.topic {
                standing.since_previous_same_topic =
                    gap(visit.start, of.start, standing.since_previous_same_topic);
                standing.until_next_same_topic =
                    gap(of.start, visit.start, standing.until_next_same_topic);
            }
        }
        standing
    }
}

impl Turn {
    fn note(&mut self, start: i64, of: i64) {
        self.first_time = self.first_time.min(start);
        self.visit = self.visit.saturating_add(u32::from(start < of));
    }
}

/// The smaller of a gap and what lies between two starts, if the second is later.
fn gap(earlier: i64, later: i64, known: Gap) -> Gap {
    if earlier >= later {
        return known;
    }
    let between = NonZeroI64::new(later.saturating_sub(earlier));
    match (known, between) {
        (Some(known), Some(between)) => Some(known.min(between)),
        (known, between) => known.or(between),
    }
}

/// What the sessions of one person, in any order, say of each other: one standing for each, in the same
/// order. Sorts once and goes once forward and once back.
pub fn standings(visits: &[Visit]) -> Vec<Standing> {
    let mut order: Vec<usize> = (0..visits.len()).collect();
    order.sort_unstable_by_key(|index| visits[*index].start);
    let mut standings: Vec<Standing> = visits
        .iter()
        .map(|visit| Standing::alone(visit.start))
        .collect();
    let mut past = Past::default();
    for together in order.chunk_by(|one, other| visits[*one].start == visits[*other].start) {
        for index in together {
            past.tell(visits[*index], &mut standings[*index]);
        }
        for index in together {
            past.note(visits[*index]);
        }
    }
    let mut next: Option<i64> = None;
    let mut next_on: HashMap<u32, i64> = HashMap::new();
    let together = order.chunk_by(|one, other| visits[*one].start == visits[*other].start);
    for together in together.rev() {
        for index in together {
            let (visit, standing) = (visits[*index], &mut standings[*index]);
            standing.until_next = next.and_then(|next| gap(visit.start, next, None));
            let on_topic = next_on.get(&visit.topic);
            standing.until_next_same_topic =
                on_topic.and_then(|next| gap(visit.start, *next, None));
        }
        for index in together {
            let visit = visits[*index];
            if visit.contact {
                next = Some(visit.start);
                next_on.insert(visit.topic, visit.start);
            }
        }
    }
    standings
}

/// What went before, while going forward through the sessions of a person.
#[derive(Default)]
struct Past {
    person: Option<Turn>,
    users: HashMap<u64, Turn>,
    last: Option<i64>,
    last_on: HashMap<u32, i64>,
}

impl Past {
    fn tell(&self, visit: Visit, standing: &mut Standing) {
        let next = |turn: Turn| Turn {
            visit: turn.visit.saturating_add(1),
            ..turn
        };
        if let Some(turn) = self.person {
            standing.person = next(turn);
        }
        if let Some(turn) = self.users.get(&visit.user) {
            standing.user = next(*turn);
        }
        standing.since_previous = self.last.and_then(|last| gap(last, visit.start, None));
        let on_topic = self.last_on.get(&visit.topic);
        standing.since_previous_same_topic =
            on_topic.and_then(|last| gap(*last, visit.start, None));
    }

    /// `visit` of a turn counts the sessions so far.
    fn note(&mut self, visit: Visit) {
        let none = Turn {
            first_time: visit.start,
            visit: 0,
        };
        for turn in [
            self.person.get_or_insert(none),
            self.users.entry(visit.user).or_insert(none),
        ] {
            turn.visit = turn.visit.saturating_add(1);
        }
        if visit.contact {
            self.last = Some(visit.start);
            self.last_on.insert(visit.topic, visit.start);
        }
    }
}
