//! Adapters: they turn the records of a source into [`Event`](upshot_core::Event)s.
//!
//! This crate does no I/O, reads no clock and never fails as a whole: a record that cannot be read
//! becomes a [`Rejected`] with its position, the reason and the cure, and the rest goes in. It never
//! panics, whatever the bytes, and its memory is bounded by the largest record that is allowed.
//!
//! Where to start reading: [`Reader`] takes the bytes of one file or body, recognises encoding and
//! [`Format`], cuts them into records and hands these to the format's module, which writes into an
//! `Output`. Each format has a page under `docs/formats`.

mod botframework;
mod channel;
mod copilot_studio;
mod encoding;
mod fields;
mod format;
mod instant;
mod json;
mod mapping;
mod output;
mod reader;
mod recognise;
mod report;
mod row;
mod split;
mod upshot;

pub use format::Format;
pub use mapping::{Mapping, MappingError, MappingProblem, UnfoundPath};
pub use reader::Reader;
pub use report::{Batch, ImportOptions, Position, Rejected, Summary};
pub use upshot::{parse_events, write_event};
