//! The remarks on the metrics of a pass, with what decides whether they are made.

use super::pass_key::PassKey;
use super::plan::Cells;
use super::resolve::Resolved;
use super::terms::Terms;
use crate::registry::{Made, Remark};

/// A remark with the counters by which it is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlannedRemark {
    pub(crate) remark: &'static Remark,
    /// Counts the rows that fulfil its condition.
    pub(crate) rows: usize,
    /// Counts those that fulfil that of [`Made::WhereOnly`].
    pub(crate) among: Option<usize>,
}

/// The remarks on the metrics of a pass, each once, and the rows of each counted.
pub(super) fn planned_remarks(
    resolved: &Resolved,
    key: PassKey,
    terms: &Terms,
    cells: &mut Cells,
) -> Vec<PlannedRemark> {
    let mut remarks: Vec<PlannedRemark> = Vec::new();
    let own = resolved.metrics.iter().filter(|metric| key.answers(metric));
    let own = own.flat_map(|metric| metric.remarks);
    for remark in own.filter(|remark| remark.subject == key.subject) {
        if remarks.iter().all(|known| known.remark.code != remark.code) {
            let mut counter = |condition| {
                let rows = cells.predicate(terms.condition(condition));
                cells.counter(rows)
            };
            remarks.push(PlannedRemark {
                remark,
                rows: counter(remark.of),
                among: match remark.made {
                    Made::WhereOnly(among) => Some(counter(among)),
                    _ => None,
                },
            });
        }
    }
    remarks
}
