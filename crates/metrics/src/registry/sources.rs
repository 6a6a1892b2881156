//! Sources of knowledge: what a metric asks of them.

use super::kinds::Subject;

/// Which sources a metric is about where it is cut by `knowledge_source`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Sources {
    /// Those that were retrieved.
    #[default]
    Retrieved,
    /// Those that answers cite.
    Cited,
    /// Those that failed.
    Failed,
}

impl Sources {
    /// The column that lists them: of steps their own, of everything else the session's.
    pub(crate) const fn column(self, subject: Subject) -> &'static str {
        match (subject, self) {
            (Subject::Steps, Self::Retrieved) => "step.sources_retrieved",
            (Subject::Steps, Self::Cited) => "step.sources_cited",
            (Subject::Steps, Self::Failed) => "step.sources_failed",
            (_, Self::Retrieved) => "sources_retrieved",
            (_, Self::Cited) => "sources_cited",
            (_, Self::Failed) => "sources_failed",
        }
    }
}
