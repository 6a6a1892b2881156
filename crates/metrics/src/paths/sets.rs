//! The sets of sessions that conditions on paths and funnels ask for.

use rustc_hash::FxHashSet;
use upshot_lake::Capture;

use super::answer::is_step;
use super::chains::{Chains, sessions_through};
use super::nodes::{Nodes, Reading};
use super::sequencer::{Sink, StepRow, read};
use super::wanted::{SessionFacts, Wanted};
use crate::error::QueryError;
use crate::filter::{FunnelCondition, PathCondition, PatternItem, Place, Predicate, SessionSet};
use crate::pass::Resources;
use crate::query::EnvironmentChoice;
use crate::query::scope::in_range;
use crate::time::Range;

/// What was gathered before, when sessions started, and which traffic is counted.
type Known<'a> = (&'a [(Predicate, SessionSet)], Range, EnvironmentChoice);

/// The sessions that took such a path, of those that started within the range.
pub(crate) async fn with_path(
    resources: &Resources,
    capture: &Capture,
    condition: &PathCondition,
    (known, starts, traffic): Known<'_>,
) -> Result<FxHashSet<u128>, QueryError> {
    let choice = &condition.choice;
    let reading = Reading::of_choice(choice);
    let rows = reading.condition().and(choice.only.with_sets(known));
    let wanted = Wanted {
        subject: choice.subject(),
        selection: in_range("start_time", starts).and(rows),
        reading,
        loops: choice.loops,
        endings: None,
        group: None,
        by_user: false,
        traffic,
    };
    let sink = || Matching {
        condition: condition.clone(),
        found: FxHashSet::default(),
    };
    let all = read(resources, capture, wanted, Default::default(), sink).await?;
    Ok(all.sink.found)
}

/// The sessions that came through such a funnel, of those that started within the range.
pub(crate) async fn through_funnel(
    resources: &Resources,
    capture: &Capture,
    condition: &FunnelCondition,
    (known, starts, traffic): Known<'_>,
) -> Result<FxHashSet<u128>, QueryError> {
    let steps = condition.steps.iter();
    let chains = Chains {
        by_user: condition.by_user,
        within: condition.within,
        steps: steps
            .map(|(subject, step)| (*subject, step.with_sets(known)))
            .collect(),
    };
    let selection = in_range("start_time", starts);
    sessions_through(resources, capture, &chains, (&selection, traffic)).await
}

/// Keeps the sessions whose path fits.
#[derive(Clone)]
struct Matching {
    condition: PathCondition,
    found: FxHashSet<u128>,
}

impl Sink for Matching {
    fn session(
        &mut self,
        session: &SessionFacts,
        steps: &[StepRow],
        nodes: &Nodes,
    ) -> Result<(), QueryError> {
        if fits(&self.condition, steps, nodes) {
            self.found.insert(session.hash);
        }
        Ok(())
    }

    fn absorb(&mut self, other: Self, _: &[u32], _: &[u32]) -> Result<(), QueryError> {
        self.found.extend(other.found);
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.found.capacity() * (size_of::<u128>() + 1)
    }
}

fn fits(condition: &PathCondition, steps: &[StepRow], nodes: &Nodes) -> bool {
    let several = condition.choice.kinds.len() > 1;
    let is = |step: &StepRow, key: &str| is_step(step.node, nodes, several, key);
    let fits_at = |at: &dyn Fn(usize) -> Option<usize>| {
        condition.items.iter().enumerate().all(|(index, item)| {
            let step = at(index).and_then(|place| steps.get(place));
            match item {
                PatternItem::Any => step.is_some(),
                PatternItem::End => step.is_none(),
                PatternItem::Step(key) => step.is_some_and(|step| is(step, key)),
            }
        })
    };
    let first = |key: &str| steps.iter().position(|step| is(step, key));
    match &condition.place {
        Place::Start => fits_at(&Some),
        Place::Last => fits_at(&|index| steps.len().checked_sub(index + 1)),
        Place::From(key) => {
            first(key).is_some_and(|anchor| fits_at(&|index| Some(anchor + 1 + index)))
        }
        Place::Before(key) => {
            first(key).is_some_and(|anchor| fits_at(&|index| anchor.checked_sub(index + 1)))
        }
        Place::Anywhere => (0..steps.len()).any(|begin| fits_at(&|index| Some(begin + index))),
    }
}
