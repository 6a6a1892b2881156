//! Copilot Studio transcripts.
