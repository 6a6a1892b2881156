//! Bot Framework activities.

use crate::output::{Adapter, Output, Record};
use crate::report::ImportOptions;

/// Reads transcripts and activity sets. A bare array of activities arrives as one record.
pub(crate) struct BotFramework;

impl BotFramework {
    pub(crate) fn new(_options: &ImportOptions) -> Self {
        Self
    }
}

impl Adapter for BotFramework {
    fn record(&mut self, record: &Record<'_>, out: &mut Output<'_>) {
        out.reject(
            record.position,
            record.text,
            None,
            "botframework is not read yet",
            "wait",
        );
    }
    fn finish(&mut self, _out: &mut Output<'_>) {}
}
