//! What the definitions of the registry leave to the query: it stands in braces in their conditions.

use std::borrow::Cow;

use jiff::tz::TimeZone;
use upshot_core::profile::MaturityTimes;
use upshot_core::time::DAY;

use super::Identity;
use crate::filter::{Predicate, definition};
use crate::registry::Maturity;
use crate::time::{Range, format_instant};

/// The window unless a query says another.
pub(crate) const WINDOW: &str = "7d";

/// The window of the buckets of repeat contacts.
const THIRTY_DAYS: i64 = 30 * DAY;

/// What stands in for the names in braces.
///
/// * `{window}`: within which time another session is the same problem come back;
/// * `{from}`: when the range begins;
/// * `{recent}`: since when people may still be at work on a session of which nothing more was heard: as long
///   before the query as the profile's longest time-out;
/// * `{first_time}` and `{first_session}`: the columns of whoever counts as one user.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// The window as the query says it, and in microseconds.
    pub(crate) window: (String, i64),
    pub(crate) identity: Identity,
    /// How old a session must be to be judged by its profile.
    pub(crate) maturity: MaturityTimes,
    from: String,
    recent: String,
}

impl Terms {
    pub(crate) fn new(
        window: (String, i64),
        identity: Identity,
        maturity: MaturityTimes,
        range: Range,
        now: i64,
    ) -> Self {
        // No session starts before 1970: with an open range every user is new.
        let from = range.from.max(0);
        let longest = maturity.longest();
        Self {
            window,
            identity,
            maturity,
            from: format_instant(from, &TimeZone::UTC),
            recent: format_instant(now.saturating_sub(longest).max(0), &TimeZone::UTC),
        }
    }

    /// The text with everything in its place.
    pub(crate) fn fill<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !text.contains('{') {
            return Cow::Borrowed(text);
        }
        let filled = text
            .replace("{window}", &self.window.0)
            .replace("{from}", &self.from)
            .replace("{recent}", &self.recent)
            .replace("{first_time}", self.identity.first_time())
            .replace("{first_session}", self.identity.first_session());
        Cow::Owned(filled)
    }

    /// The condition as a predicate; an empty one is always true.
    pub(crate) fn condition(&self, text: &str) -> Predicate {
        if text.is_empty() {
            Predicate::Constant(true)
        } else {
            definition(&self.fill(text))
        }
    }

    /// The key of a column of keys: of users, that of whoever counts as one.
    pub(crate) const fn key(&self, column: &'static str) -> &'static str {
        match column.as_bytes() {
            b"user_key" => self.identity.key(),
            _ => column,
        }
    }

    /// How long ago a session must have started to be judged; nothing where all are.
    pub(crate) fn age(&self, maturity: Maturity) -> Option<MaturityTimes> {
        match maturity {
            Maturity::None => None,
            Maturity::Timeout => Some(self.maturity.clone()),
            Maturity::Window => Some(self.maturity.at_least(self.window.1)),
            Maturity::ThirtyDays => Some(self.maturity.at_least(THIRTY_DAYS)),
        }
    }
}

impl Default for Terms {
    fn default() -> Self {
        let window = (WINDOW.to_owned(), 7 * DAY);
        let at_once = MaturityTimes::everywhere(0);
        Self::new(window, Identity::default(), at_once, Range::ALL, 0)
    }
}
