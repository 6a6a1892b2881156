//! Which metrics of a query one pass can answer.

use super::reach::Reach;
use crate::columns::event_time;
use crate::registry::{Clock, Metric, Sources, Subject};

/// The metrics of a query that one pass can answer: those about the same rows, selected by the same
/// clock and standing under the same sources of knowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PassKey {
    pub(crate) subject: Subject,
    pub(crate) clock: Clock,
    pub(crate) reach: Reach,
    pub(crate) sources: Sources,
}

impl PassKey {
    /// The pass over these rows that a metric asks for.
    pub(crate) const fn over((subject, sources): (Subject, Sources), metric: &Metric) -> Self {
        Self {
            subject,
            clock: metric.clock,
            reach: Reach::of(metric.kind),
            sources,
        }
    }

    /// All passes that a metric asks for: one, or one for each side of a quotient.
    pub(crate) fn all(metric: &Metric) -> impl Iterator<Item = Self> + use<'_> {
        metric.sides().map(|side| Self::over(side, metric))
    }

    /// Whether the pass holds the metric, or one of its sides.
    pub(crate) fn answers(self, metric: &Metric) -> bool {
        Self::all(metric).any(|key| key == self)
    }

    /// Whether the rows of the pass are those that the metric is about.
    pub(crate) fn is_about(self, metric: &Metric) -> bool {
        self == Self::over((metric.subject, metric.sources), metric)
    }

    /// The column by which a range selects.
    pub(crate) const fn time_column(self) -> &'static str {
        match self.clock {
            Clock::SessionStart => "start_time",
            Clock::EventTime => event_time(self.subject),
        }
    }

    /// The column that lists the sources of knowledge under which rows stand.
    pub(crate) const fn source_list(self) -> &'static str {
        self.sources.column(self.subject)
    }
}
