//! Counts the rows behind a number: all of them, and those that each session of a page holds.

use std::collections::HashMap;

use upshot_core::Session;
use upshot_lake::Capture;

use super::{Behind, Contribution};
use crate::assemble::Part;
use crate::engine::Engine;
use crate::error::{Problem, QueryError};
use crate::explain::{PassPurpose, Trace};
use crate::filter::{Predicate, TextSource};
use crate::query::plan::{Cells, Grouping, Plan};
use crate::query::resolve::Resolved;
use crate::run::gather::{Filled, Gathered};
use crate::run::groups::GroupValue;
use crate::time::{Buckets, Grain};

/// What is counted, and of which rows.
pub(super) struct Counting<'a> {
    pub(super) base: &'a Plan,
    pub(super) behind: &'a Behind,
    pub(super) resolved: &'a Resolved,
}

impl Behind {
    /// What rows add up to, where the number is a sum.
    pub(super) fn amount(&self, filled: &Filled) -> Option<f64> {
        filled.sums.first().map(|sum| sum.sum() * self.factor)
    }

    /// How many different keys rows have, where those are counted; anew each day where the number does.
    pub(super) fn distinct(&self, found: &Gathered) -> Option<u64> {
        let keys = |filled: &Filled| filled.sets.get(1).copied();
        match self.days {
            None => keys(&found.totals),
            Some(_) => found.groups.iter().map(|(_, filled)| keys(filled)).sum(),
        }
    }

    /// The days of the range.
    fn by_day(&self, resolved: &Resolved) -> Result<Grouping, Problem> {
        let days = Buckets::new(Grain::Day, self.range, &resolved.calendar)?;
        Ok(Grouping::Buckets(self.pass.time_column(), days))
    }
}

impl Engine {
    /// What each session of a page adds to a number.
    pub(super) async fn contributions(
        &self,
        counting: &Counting<'_>,
        sessions: Vec<Session>,
        capture: &Capture,
        trace: &mut Trace,
    ) -> Result<Vec<Contribution>, QueryError> {
        let ids = sessions.iter().map(|found| found.session_id.clone());
        let each = self.counted(counting, Some(ids.collect()), capture, trace);
        let groups = each.await?.gathered.groups.into_iter();
        let by_session: HashMap<Box<str>, Filled> = groups
            .filter_map(|(key, filled)| match key.into_iter().next() {
                Some(GroupValue::Text(id)) => Some((id, filled)),
                _ => None,
            })
            .collect();
        let contribution = |session: Session| {
            let found = by_session.get(&session.session_id);
            Contribution {
                rows: found.map_or(0, |filled| filled.counters[0]),
                amount: found.and_then(|filled| counting.behind.amount(filled)),
                session,
            }
        };
        Ok(sessions.into_iter().map(contribution).collect())
    }

    /// Counts the rows behind a number: all, or those of some sessions by session.
    pub(super) async fn counted(
        &self,
        counting: &Counting<'_>,
        ids: Option<Vec<Box<str>>>,
        capture: &Capture,
        trace: &mut Trace,
    ) -> Result<Part, QueryError> {
        let behind = counting.behind;
        let mut plan = counting.base.clone();
        let mut cells = Cells::default();
        let all = cells.predicate(Predicate::Constant(true));
        let in_session = cells.predicate(Predicate::Present("session_id"));
        // Equal conditions would share a counter; the positions are told by the order here.
        cells.counters = vec![all, in_session];
        cells.sets.push(("session_id", in_session));
        if let Some(measure) = behind.measure {
            cells.sum(measure, all);
        }
        if let Some(key) = behind.key {
            cells.sets.push((key, all));
        }
        plan.cells = cells;
        let purpose = match &ids {
            None => PassPurpose::Rows,
            Some(_) => PassPurpose::Contributions,
        };
        if ids.is_none() && behind.days.is_some() {
            plan.groupings = vec![behind.by_day(counting.resolved)?];
        }
        if let Some(mut ids) = ids {
            ids.sort_unstable();
            let source = TextSource::Column("session_id");
            plan.groupings = vec![Grouping::Text(source.clone())];
            plan.selection = plan.selection.and(Predicate::TextIn(source, ids));
        }
        self.told_pass(plan, capture, purpose, trace).await
    }
}
