//! The sessions of those users who have most of them: what shares of the top are made of.

use std::sync::Arc;

use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use rustc_hash::{FxHashMap, FxHashSet};
use upshot_lake::Capture;

use crate::columns::Columns;
use crate::error::{Problem, ProblemCode, QueryError};
use crate::exists::bytes;
use crate::explain::PassRecord;
use crate::filter::{Predicate, SessionSet, TextSource};
use crate::join::session_hash;
use crate::pass::{Consumer, Resources, Source};
use crate::query::{EnvironmentChoice, Identity};
use crate::registry::Subject;
use crate::rollup::Found;
use crate::run::evaluate::Evaluator;
use crate::run::worker::Shape;

/// How many of so many users are this share of them: at least one.
pub(crate) fn top_of(users: u64, percent: u32) -> u64 {
    users.saturating_mul(u64::from(percent)).div_ceil(100)
}

/// Which users have most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TopUsers {
    percent: u32,
    identity: Identity,
}

/// Their sessions, as long as it is held.
#[derive(Debug)]
pub(crate) struct SessionsOfTop {
    /// Holds of these sessions.
    pub(crate) condition: Predicate,
    /// What was read for it.
    pub(crate) record: PassRecord,
    _reservation: MemoryReservation,
}

impl TopUsers {
    /// Those who are so many percent of all.
    ///
    /// # Errors
    /// When it is no share.
    pub(crate) fn new(percent: u32, identity: Identity) -> Result<Self, Problem> {
        if !(1..=100).contains(&percent) {
            let message = "the users with most sessions are 1 to 100 percent of all";
            return Err(Problem::new(ProblemCode::OutOfRange, "top_users", message));
        }
        Ok(Self { percent, identity })
    }

    /// The sessions that these users have of those that are selected. Of users who have equally many as the last, those
    /// with the smallest keys are among them: how many sessions they have does not depend on it.
    ///
    /// # Errors
    /// When data cannot be read, or memory does not suffice.
    pub(crate) async fn sessions(
        self,
        selection: &Predicate,
        traffic: EnvironmentChoice,
        capture: &Capture,
        resources: &Resources,
    ) -> Result<SessionsOfTop, QueryError> {
        let reservation = MemoryConsumer::new("users").register(resources.context.memory_pool());
        let key = self.identity.key();
        let source = Source::of(Subject::Sessions, capture, traffic)?;
        let columns = Columns::from([key, "session_id"]);
        let shape = Shape::selecting(Subject::Sessions, selection.clone(), columns);
        let counting = || OfUsers {
            key,
            wanted: None,
            counts: FxHashMap::default(),
            sessions: FxHashSet::default(),
            rows: 0,
        };
        let (shares, effort) = source.read(&shape, resources, counting).await?;
        let mut rows_read = 0;
        let mut counts: FxHashMap<u64, u64> = FxHashMap::default();
        // What the threads have found is held until it is put together.
        let found: usize = shares.iter().map(Consumer::bytes).sum();
        for share in shares {
            rows_read += share.rows;
            for (user, sessions) in share.counts {
                *counts.entry(user).or_default() += sessions;
            }
            resources.reserve(&reservation, found + counts.capacity() * BYTES_OF_COUNT)?;
        }
        // Putting them in order takes as much once more.
        resources.reserve(&reservation, 2 * counts.capacity() * BYTES_OF_COUNT)?;
        let top = Arc::new(self.top(counts));
        let held = top.capacity() * size_of::<u64>();
        resources.reserve(&reservation, held)?;
        let gathering = || OfUsers {
            wanted: Some(Arc::clone(&top)),
            ..counting()
        };
        let (shares, _) = source.read(&shape, resources, gathering).await?;
        let mut sessions = FxHashSet::default();
        let found: usize = shares.iter().map(Consumer::bytes).sum();
        for share in shares {
            rows_read += share.rows;
            sessions.extend(share.sessions);
            resources.reserve(&reservation, held + found + bytes(&sessions))?;
        }
        resources.reserve(&reservation, held + bytes(&sessions))?;
        Ok(SessionsOfTop {
            condition: Predicate::InSessions(SessionSet(Arc::new(sessions))),
            record: PassRecord {
                subject: Subject::Sessions,
                selection: selection.to_string(),
                rows_read,
                rows_kept: 0,
                effort,
            },
            _reservation: reservation,
        })
    }

    fn top(self, counts: FxHashMap<u64, u64>) -> FxHashSet<u64> {
        let most = top_of(counts.len() as u64, self.percent) as usize;
        let mut users: Vec<(std::cmp::Reverse<u64>, u64)> = counts
            .into_iter()
            .map(|(user, sessions)| (std::cmp::Reverse(sessions), user))
            .collect();
        users.sort_unstable();
        users.into_iter().take(most).map(|(_, user)| user).collect()
    }
}

/// What a user takes while sessions are counted.
const BYTES_OF_COUNT: usize = size_of::<(u64, u64)>() + 1;

/// Counts the sessions of each user; or gathers those of some.
struct OfUsers {
    key: &'static str,
    wanted: Option<Arc<FxHashSet<u64>>>,
    counts: FxHashMap<u64, u64>,
    sessions: FxHashSet<u128>,
    /// How many rows were read.
    rows: u64,
}

impl Found for OfUsers {}

impl Consumer for OfUsers {
    type Found = Self;

    fn finish(self, _small: bool) -> Result<Self, QueryError> {
        Ok(self)
    }

    fn consume<'a>(
        &mut self,
        shape: &'a Shape,
        evaluator: &mut Evaluator<'a>,
    ) -> Result<(), QueryError> {
        self.rows += evaluator.rows() as u64;
        let selected = shape.selected(evaluator);
        let users = evaluator.keys(self.key);
        let Some(wanted) = &self.wanted else {
            for row in selected.set_indices() {
                *self.counts.entry(users[row]).or_default() += 1;
            }
            return Ok(());
        };
        let source = TextSource::Column("session_id");
        let ids = evaluator.texts(&source);
        for row in selected.set_indices() {
            if wanted.contains(&users[row])
                && let Some(id) = ids.row(row)
            {
                self.sessions.insert(session_hash(id));
            }
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        bytes(&self.sessions) + self.counts.capacity() * BYTES_OF_COUNT
    }
}
