//! What a workspace states as its baseline.

use upshot_lake::{Preferences, TicketBaseline};

use super::resolve::Resolved;
use crate::error::Problem;
use crate::registry::{Kind, Metric};
use crate::time::{Calendar, Range, RangeSpec, resolve_range};

/// With what reductions are measured.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Baseline {
    /// With a rate.
    Rate(f64),
    /// With the rates that are found in a range.
    Range {
        range: Range,
        /// As the workspace states it.
        told: String,
    },
}

impl Baseline {
    /// What the workspace states, if any of the metrics asks for it.
    ///
    /// # Errors
    /// When the range that it states cannot be read.
    pub(crate) fn of(
        metrics: &[&'static Metric],
        preferences: &Preferences,
        now: i64,
    ) -> Result<Option<Self>, Problem> {
        if !metrics.iter().any(|metric| is_reduction(metric)) {
            return Ok(None);
        }
        let (from, to) = match &preferences.ticket_baseline {
            None => return Ok(None),
            Some(TicketBaseline::Rate(rate)) => return Ok(Some(Self::Rate(*rate))),
            Some(TicketBaseline::Range { from, to }) => (from, to),
        };
        let spec = RangeSpec {
            from: Some(from.clone()),
            to: Some(to.clone()),
            last: None,
        };
        // The workspace states it in its own zone, whatever zone the question is asked in.
        let calendar = Calendar::of(None, None, preferences)?;
        let range = resolve_range(&spec, &calendar, now).map_err(|problem| {
            let field = problem.field.replace("range", "ticket_baseline");
            problem.in_field(field)
        })?;
        let told = format!("from {from} to {to}");
        Ok(Some(Self::Range { range, told }))
    }
}

/// Whether the number is one against the baseline.
pub(crate) fn is_reduction(metric: &Metric) -> bool {
    matches!(metric.kind, Kind::Reduction { .. })
}

impl Resolved {
    /// What is asked of the range of the baseline; nothing where none is asked. It is cut by all dimensions but
    /// those of time, whose stretches and positions are measured with the whole of it.
    pub(crate) fn of_baseline(&self) -> Option<(Self, Range)> {
        let Some(Baseline::Range { range, .. }) = self.baseline else {
            return None;
        };
        let mut asked = self.cut_by(&self.beside_time());
        asked.metrics.retain(|metric| is_reduction(metric));
        asked.compare = None;
        asked.compare_filter = None;
        // Nothing is ranked or left out; the positions of metrics are others.
        asked.order.clear();
        asked.having.clear();
        Some((asked, range))
    }
}
