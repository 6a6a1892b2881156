//! The summary by channel, filled session by session.

use rustc_hash::FxHashSet;
use serde_json::{Value, json};
use upshot_core::facts::{Message, Session, Step};
use upshot_core::fold::{Brief, FactSink};
use upshot_core::words::Outcome;

use super::row::Channels;

/// Bits of a user's hash by which users are spread over sets.
const SHARE_BITS: u32 = 6;

/// Into how many shares users are spread, so that threads count them apart.
pub const SHARES: usize = 1 << SHARE_BITS;

const MICROSECONDS: f64 = 1e6;

/// What is counted of the sessions of one channel.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    sessions: u64,
    users: u64,
    engaged: u64,
    escalated: u64,
    resolved: u64,
    messages: i64,
    duration: i64,
    tokens: i64,
    rated: u64,
    ratings: f64,
}

/// The counts of all channels, and who the users were.
pub struct Summary {
    channels: Channels,
    counts: Vec<Counts>,
    /// Channel and user of every session, by share.
    users: Vec<Vec<(u32, i64)>>,
}

impl Summary {
    /// Nothing counted.
    pub fn new() -> Self {
        Self {
            channels: Channels::new(),
            counts: Vec::new(),
            users: vec![Vec::new(); SHARES],
        }
    }

    /// Makes these channels known; those that were known keep their places.
    pub fn know(&mut self, channels: &Channels) {
        self.channels.clone_from(channels);
        self.counts.resize(channels.len(), Counts::default());
    }

    /// Adds what another thread counted.
    pub fn add(&mut self, other: &Self) {
        for (sum, counts) in self.counts.iter_mut().zip(&other.counts) {
            sum.sessions += counts.sessions;
            sum.engaged += counts.engaged;
            sum.escalated += counts.escalated;
            sum.resolved += counts.resolved;
            sum.messages += counts.messages;
            sum.duration += counts.duration;
            sum.tokens += counts.tokens;
            sum.rated += counts.rated;
            sum.ratings += counts.ratings;
        }
    }

    /// The users of a share.
    pub fn share(&self, share: usize) -> &[(u32, i64)] {
        &self.users[share]
    }

    /// Adds how many different users of a share each channel had.
    pub fn add_users(&mut self, users: &[u64]) {
        for (counts, users) in self.counts.iter_mut().zip(users) {
            counts.users += users;
        }
    }

    /// The rows of `sql/fold-*.sql`.
    pub fn rows(&self) -> Value {
        let mut rows: Vec<(&String, &Counts)> = self
            .channels
            .iter()
            .zip(&self.counts)
            .filter(|(_, counts)| counts.sessions > 0)
            .collect();
        rows.sort_unstable_by_key(|(channel, _)| *channel);
        rows.into_iter()
            .map(|(channel, counts)| row(channel, counts))
            .collect()
    }
}

/// How many different users each channel had, of the shares of all threads.
pub fn count_users<'s>(
    channels: usize,
    shares: impl Iterator<Item = &'s [(u32, i64)]>,
) -> Vec<u64> {
    let mut counts = vec![0; channels];
    let mut seen = FxHashSet::default();
    for (channel, user) in shares.flatten() {
        if seen.insert((*channel, *user)) {
            counts[*channel as usize] += 1;
        }
    }
    counts
}

fn row(channel: &str, counts: &Counts) -> Value {
    let share = |part: f64, whole: u64| (whole > 0).then(|| part / whole as f64);
    json!([
        channel,
        counts.sessions,
        counts.users,
        share(counts.engaged as f64, counts.sessions),
        share(counts.escalated as f64, counts.engaged),
        share(counts.resolved as f64, counts.engaged),
        share(counts.messages as f64, counts.sessions),
        share(counts.duration as f64, counts.sessions).map(|mean| mean / MICROSECONDS),
        counts.tokens,
        share(counts.ratings, counts.rated),
    ])
}

impl FactSink for Summary {
    fn wants_brief(&self) -> bool {
        true
    }
    fn brief(&mut self, session: Brief<'_>) {
        let channel = session.channel.unwrap_or_default();
        let Some(place) = self.channels.iter().position(|known| known == channel) else {
            return;
        };
        let user = session.user_key;
        let share = (user as u64 >> (u64::BITS - SHARE_BITS)) as usize;
        self.users[share].push((place as u32, user));
        let counts = &mut self.counts[place];
        counts.sessions += 1;
        counts.engaged += u64::from(session.engaged.is_some());
        counts.escalated += u64::from(session.outcome == Some(Outcome::Escalated));
        counts.resolved += u64::from(session.outcome == Some(Outcome::Resolved));
        counts.messages += session.messages;
        counts.duration += session.end_time - session.start_time;
        counts.tokens += session.tokens_output;
        if let Some(score) = session.csat_score {
            counts.rated += 1;
            counts.ratings += score;
        }
    }
    // Never asked for: `brief` takes them.
    fn session(&mut self, _: Session) {}
    fn message(&mut self, _: Message) {}
    fn step(&mut self, _: Step) {}
}
