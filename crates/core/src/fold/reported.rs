//! Of which session a platform's report speaks.

use crate::event::EventView;
use crate::time::SECOND;

/// Platforms report times in whole seconds.
const REPORT_TOLERANCE: i64 = 2 * SECOND;

/// Whether the reported times say that the report speaks of the session that began then; nothing if
/// there are no such times.
pub(super) fn reports_of<E: EventView>(event: &E, start: i64) -> Option<bool> {
    let from = event.reported_start()?;
    let until = event.reported_end().unwrap_or(from);
    let range = from.saturating_sub(REPORT_TOLERANCE)..=until.saturating_add(REPORT_TOLERANCE);
    Some(range.contains(&start))
}
