//! Conversation transcripts of Power Virtual Agents and Copilot Studio.

use crate::output::{Adapter, Output, Record};
use crate::report::ImportOptions;

/// Reads Dataverse rows and bare contents. A bare array of activities arrives as one record.
pub(crate) struct CopilotStudio;

impl CopilotStudio {
    pub(crate) fn new(_options: &ImportOptions) -> Self {
        Self
    }
}

impl Adapter for CopilotStudio {
    fn record(&mut self, record: &Record<'_>, out: &mut Output<'_>) {
        out.reject(
            record.position,
            record.text,
            None,
            "copilot-studio is not read yet",
            "wait",
        );
    }
    fn finish(&mut self, _out: &mut Output<'_>) {}
}
