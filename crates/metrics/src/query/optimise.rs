//! Improves a resolved query. Every step is a function that changes what is done, never what comes
//! out.

use super::resolve::{OrderKey, Resolved};
use crate::query::resolve::GroupSource;

/// All steps, in order.
const STEPS: &[fn(Resolved) -> Resolved] = &[simplify_filter, order_by_default];

/// Applies every step.
pub(crate) fn optimise(resolved: Resolved) -> Resolved {
    STEPS.iter().fold(resolved, |resolved, step| step(resolved))
}

fn simplify_filter(resolved: Resolved) -> Resolved {
    Resolved {
        filter: resolved.filter.simplified(),
        ..resolved
    }
}

/// Without order, rows come by time where there is time, else the largest first metric first.
fn order_by_default(mut resolved: Resolved) -> Resolved {
    if resolved.order.is_empty() {
        let times = resolved.groups.iter().enumerate();
        let times = times.filter(|(_, group)| matches!(group.source, GroupSource::Time(_)));
        resolved.order = times
            .map(|(index, _)| (OrderKey::Dimension(index), false))
            .collect();
        resolved.order.push((OrderKey::Metric(0), true));
    }
    let dimensions = 0..resolved.groups.len();
    resolved
        .order
        .extend(dimensions.map(|index| (OrderKey::Dimension(index), false)));
    resolved
}
